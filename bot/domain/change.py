"""
What changed between two trees, and where each old line went.

Values only: ``bot.pipeline.git`` fills them from ``git diff -M --histogram``.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from pathlib import PurePosixPath


class ChangeKind(Enum):
    """How a file differs, in git's words."""

    ADDED = "added"
    DELETED = "deleted"
    MODIFIED = "modified"
    RENAMED = "renamed"
    COPIED = "copied"
    TYPE_CHANGED = "type_changed"


@dataclass(frozen=True, slots=True)
class Hunk:
    """
    One hunk of a diff made with no context lines.

    As in git's ``@@ -old_start,old_count +new_start,new_count @@``: lines count from 1, and where a count is 0 the
    start is the line *after which* the other side's lines stand.
    """

    old_start: int
    old_count: int
    new_start: int
    new_count: int


@dataclass(frozen=True, slots=True)
class FileChange:
    """One file that differs between base and head."""

    kind: ChangeKind
    old_path: PurePosixPath | None
    """None for an added file."""
    new_path: PurePosixPath | None
    """None for a deleted file."""
    hunks: tuple[Hunk, ...] = ()
    """In order, without overlap. Empty for pure renames, mode changes and binary files."""
    binary: bool = False
    """True when git made no text diff, so that nothing is known about lines."""

    def new_line_of(self, old_line: int) -> int | None:
        """Where ``old_line`` of the base stands in the head; None when it was edited or removed."""
        if self.new_path is None or self.old_path is None or self.binary:
            return None
        shift = 0
        for hunk in self.hunks:
            first = hunk.old_start if hunk.old_count else hunk.old_start + 1
            if old_line < first:
                break
            if old_line < first + hunk.old_count:
                return None
            shift += hunk.new_count - hunk.old_count
        return old_line + shift

    def old_line_of(self, new_line: int) -> int | None:
        """Where ``new_line`` of the head stood in the base; None when it was added or edited."""
        if self.new_path is None or self.old_path is None or self.binary:
            return None
        shift = 0
        for hunk in self.hunks:
            first = hunk.new_start if hunk.new_count else hunk.new_start + 1
            if new_line < first:
                break
            if new_line < first + hunk.new_count:
                return None
            shift += hunk.old_count - hunk.new_count
        return new_line + shift
