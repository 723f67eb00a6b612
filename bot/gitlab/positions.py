"""
Where a comment can stand on a merge request's diff. Pure.

GitLab compares the pair (old line, new line) with its own diff: an added line has only the new number, an unchanged one
has both, also outside the hunks of a modified file. https://docs.gitlab.com/api/discussions/
"""

from __future__ import annotations

from dataclasses import dataclass

from bot.domain.change import ChangeKind, FileChange
from bot.gitlab.model import DiffRefs
from scanners.finding import Location


@dataclass(frozen=True, slots=True)
class LinePosition:
    """A line of the head. ``old_line`` is None for an added line."""

    old_path: str
    new_path: str
    old_line: int | None
    new_line: int

    def to_api(self, refs: DiffRefs) -> dict[str, object]:
        """The ``position`` of a request."""
        position = {**_shas(refs), "position_type": "text", "old_path": self.old_path, "new_path": self.new_path}
        if self.old_line is not None:
            position["old_line"] = self.old_line
        return {**position, "new_line": self.new_line}

    @property
    def file(self) -> FilePosition:
        """The same file as a whole."""
        return FilePosition(self.old_path, self.new_path)


@dataclass(frozen=True, slots=True)
class FilePosition:
    """A file that the merge request changes (GitLab 16.4 and later)."""

    old_path: str
    new_path: str

    def to_api(self, refs: DiffRefs) -> dict[str, object]:
        """The ``position`` of a request."""
        return {**_shas(refs), "position_type": "file", "old_path": self.old_path, "new_path": self.new_path}


def position_for(change: FileChange | None, location: Location) -> LinePosition | FilePosition | None:
    """
    Where a thread about ``location`` (in the head) can stand; None where only the overview is left.

    ``change`` is the file's change between the merge request's ``base_sha`` and ``head_sha``, made by git with its
    default algorithm, because GitLab's diff is; None for a file that the merge request does not touch. The line is the
    first one of the location.
    """
    if change is None or change.new_path is None or change.new_path != location.path:
        return None
    new_path = str(change.new_path)
    # GitLab looks for renames but not for copies: to it, a copy is a new file.
    is_new = change.old_path is None or change.kind in (ChangeKind.ADDED, ChangeKind.COPIED)
    old_path = new_path if is_new else str(change.old_path)
    if not (_is_utf8(new_path) and _is_utf8(old_path)):
        return None
    # Without hunks there is no line in GitLab's diff that a comment could be put on.
    if change.binary or change.kind is ChangeKind.TYPE_CHANGED or (not change.hunks and not is_new):
        return FilePosition(old_path, new_path)
    line = location.start_line
    return LinePosition(old_path, new_path, None if is_new else change.old_line_of(line), line)


def _shas(refs: DiffRefs) -> dict[str, object]:
    return {"base_sha": refs.base_sha, "start_sha": refs.start_sha, "head_sha": refs.head_sha}


def _is_utf8(path: str) -> bool:
    # Bytes of a name that are not UTF-8 are surrogates here, and JSON has no way to say them.
    try:
        path.encode()
    except UnicodeEncodeError:
        return False
    return True
