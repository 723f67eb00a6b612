"""
Reads what ``git diff-tree`` prints. Pure: bytes in, values out.

Formats: https://git-scm.com/docs/diff-format
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from bot.domain import failures
from bot.domain.change import ChangeKind, Hunk
from bot.pipeline.git.errors import GitError

_KINDS = {
    b"A": ChangeKind.ADDED,
    b"D": ChangeKind.DELETED,
    b"M": ChangeKind.MODIFIED,
    b"R": ChangeKind.RENAMED,
    b"C": ChangeKind.COPIED,
    b"T": ChangeKind.TYPE_CHANGED,
}
_HUNK = re.compile(rb"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")
_FILE = re.compile(rb"diff --git a/(\d+) b/(\d+)\n")
_REGULAR = 0o100000
_TYPE = 0o170000


@dataclass(frozen=True, slots=True)
class RawChange:
    """One record of ``--raw -z``."""

    kind: ChangeKind
    old_mode: int
    new_mode: int
    old_blob: str
    """All zeros where there is none."""
    new_blob: str
    old_path: bytes
    new_path: bytes
    """The same as ``old_path`` unless renamed or copied."""

    @property
    def has_old(self) -> bool:
        """Whether the base has this file."""
        return self.kind is not ChangeKind.ADDED

    @property
    def has_new(self) -> bool:
        """Whether the head has this file."""
        return self.kind is not ChangeKind.DELETED

    @property
    def is_regular(self) -> bool:
        """Whether whatever is there of it is a plain file: no symbolic link and no submodule."""
        modes = ([self.old_mode] if self.has_old else []) + ([self.new_mode] if self.has_new else [])
        return all(mode & _TYPE == _REGULAR for mode in modes)


def parse_raw(printed: bytes) -> list[RawChange]:
    """
    Records of ``diff-tree -r --raw -z --no-abbrev``. Raises ``GitError`` when it is not that.

    Fields end with NUL, which no name holds, so a name cannot be taken for a field.
    """
    fields = iter(printed.split(b"\0"))
    changes: list[RawChange] = []
    try:
        for head in fields:
            if not head:
                continue
            old_mode, new_mode, old_blob, new_blob, status = head.removeprefix(b":").split(b" ")
            kind = _KINDS[status[:1]]
            old_path = next(fields)
            new_path = next(fields) if kind in (ChangeKind.RENAMED, ChangeKind.COPIED) else old_path
            changes.append(
                RawChange(
                    kind=kind,
                    old_mode=int(old_mode, 8),
                    new_mode=int(new_mode, 8),
                    old_blob=old_blob.decode("ascii"),
                    new_blob=new_blob.decode("ascii"),
                    old_path=old_path,
                    new_path=new_path,
                )
            )
    except (ValueError, KeyError, StopIteration) as error:
        raise GitError(failures.GIT_UNEXPECTED.format(command="diff-tree")) from error
    return changes


def parse_numstat(printed: bytes) -> dict[int, int]:
    """Lines of each file of ``--numstat -z`` (added plus removed), by its numeric name; binary files are left out."""
    lines: dict[int, int] = {}
    try:
        for record in printed.split(b"\0"):
            if not record:
                continue
            added, removed, name = record.split(b"\t")
            if added != b"-":
                lines[int(name)] = int(added) + int(removed)
    except ValueError as error:
        raise GitError(failures.GIT_UNEXPECTED.format(command="diff-tree")) from error
    return lines


def parse_hunks(stream: BinaryIO, most: int) -> Iterator[tuple[int, tuple[Hunk, ...] | None]]:
    """
    Hunks of each file of ``-p -U0``, by its numeric name; None where git found it binary or there are too many hunks.

    Content cannot be taken for a header, because each hunk says how many lines of content follow.

    :param stream: the patch, read line by line.
    :param most: hunks that one file may have.
    :raises GitError: it is not such a patch, or it ends too early.
    """
    name: int | None = None
    hunks: list[Hunk] = []
    binary = False
    for line in stream:
        started = _FILE.fullmatch(line)
        if started:
            if name is not None:
                yield name, None if binary else tuple(hunks)
            name, hunks, binary = int(started[1]), [], False
            continue
        found = _HUNK.match(line)
        if found:
            old_start, new_start = int(found[1]), int(found[3])
            old_count = 1 if found[2] is None else int(found[2])
            new_count = 1 if found[4] is None else int(found[4])
            _skip(stream, b"-", old_count)
            _skip(stream, b"+", new_count)
            if len(hunks) >= most:
                binary = True
            else:
                hunks.append(Hunk(old_start, old_count, new_start, new_count))
        elif line.startswith(b"Binary files "):
            binary = True
        elif not line.startswith((b"index ", b"--- ", b"+++ ", b"\\")):
            raise GitError(failures.GIT_UNEXPECTED.format(command="diff-tree"))
    if name is not None:
        yield name, None if binary else tuple(hunks)


def _skip(stream: BinaryIO, sign: bytes, count: int) -> None:
    left = count
    while left:
        line = stream.readline()
        if line.startswith(sign):
            left -= 1
        elif not line.startswith(b"\\"):  # "\ No newline at end of file" stands between the two sides
            raise GitError(failures.GIT_UNEXPECTED.format(command="diff-tree"))
