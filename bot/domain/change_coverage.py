"""
What was read of a change: which of its files each scanner read, and where one did not.

A scanner is said to have read a file only where it gave an answer about all of it. Whatever it left out is listed with
the reason, so that nobody has to take silence for a look.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import islice
from pathlib import PurePosixPath
from typing import Any, Final

from bot.domain.change import ChangeKind, FileChange

MOST_FILES: Final = 5_000
"""Files of one change that are listed; the others are counted."""
MOST_PATH_CHARACTERS: Final = 2_000_000
"""Of all listed paths together: a stranger chooses how long they are."""
NO_ANSWER: Final = "no_answer"
"""Why a scanner did not read a file, beside the values of ``GapReason``: it gave no answer at all."""


class Content(Enum):
    """What a file holds in the head, as far as that matters for who can read it."""

    TEXT = "text"
    BINARY = "binary"
    """No scanner reads it, and nobody is expected to."""
    LINK = "link"
    """A symbolic link; its target is a file of its own."""
    SUBMODULE = "submodule"
    UNREAD = "unread"
    """Its content was not taken out of git, because of a limit; ``CoveredFile.looks`` says which."""
    GONE = "gone"
    """The change deletes it."""


@dataclass(frozen=True, slots=True)
class Look:
    """One scanner that was to read a file."""

    scanner: str
    left_out: tuple[str, ...] = ()
    """Why it did not read all of it: values of ``GapReason`` or ``NO_ANSWER``, sorted; empty when it did."""


@dataclass(frozen=True, slots=True)
class CoveredFile:
    """One file of a change."""

    path: PurePosixPath
    """In the head; in the base for one that is gone."""
    previous: PurePosixPath | None
    """Where it was renamed or copied from."""
    kind: ChangeKind
    content: Content
    blob: str | None = None
    """Git's id of the content in the head."""
    lines: int | None = None
    """Lines that the change adds or edits; None where git makes no text diff."""
    ranges: int | None = None
    """In how many places."""
    looks: tuple[Look, ...] = ()
    """The scanners that read such files, in their order; none where no scanner does."""

    @property
    def incomplete(self) -> bool:
        """Whether somebody who should have read it did not read all of it, or nobody can tell."""
        return self.content is Content.UNREAD or any(look.left_out for look in self.looks)


@dataclass(frozen=True, slots=True)
class HeadFile:
    """What is known of a file in the head besides how it changed."""

    content: Content
    blob: str | None
    looks: tuple[Look, ...] = ()


@dataclass(frozen=True, slots=True)
class ChangeCoverage:
    """What was read of a change."""

    files: tuple[CoveredFile, ...]
    """In git's order, at most ``MOST_FILES``."""
    omitted: int = 0
    """How many more files the change has."""
    omitted_incomplete: int = 0
    """How many of those somebody did not read as he should have."""

    def to_json(self) -> dict[str, Any]:
        """As plain values, equal for equal coverages, and short: a file names its scanners by their position."""
        names = sorted({look.scanner for file in self.files for look in file.looks})
        places = {name: place for place, name in enumerate(names)}
        return {
            "scanners": names,
            "files": [
                [
                    str(file.path),
                    str(file.previous) if file.previous is not None else None,
                    file.kind.value,
                    file.content.value,
                    file.blob,
                    file.lines,
                    file.ranges,
                    [[places[look.scanner], *look.left_out] for look in file.looks],
                ]
                for file in self.files
            ],
            "omitted": self.omitted,
            "omitted_incomplete": self.omitted_incomplete,
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> ChangeCoverage:
        """What ``to_json`` gave. Raises ``KeyError``, ``ValueError`` or ``TypeError`` for anything else."""
        names = values["scanners"]
        # Thousands of files are read by the same scanners.
        known: dict[tuple[tuple[Any, ...], ...], tuple[Look, ...]] = {}

        def looks_of(rows: Sequence[Sequence[Any]]) -> tuple[Look, ...]:
            key = tuple(tuple(row) for row in rows)
            if key not in known:
                known[key] = tuple(Look(names[place], tuple(left_out)) for place, *left_out in rows)
            return known[key]

        return cls(
            tuple(
                CoveredFile(
                    path=PurePosixPath(path),
                    previous=PurePosixPath(previous) if previous is not None else None,
                    kind=ChangeKind(kind),
                    content=Content(content),
                    blob=blob,
                    lines=lines,
                    ranges=ranges,
                    looks=looks_of(looks),
                )
                for path, previous, kind, content, blob, lines, ranges, looks in values["files"]
            ),
            int(values["omitted"]),
            int(values["omitted_incomplete"]),
        )


def covered(changes: Sequence[FileChange], head: Mapping[PurePosixPath, HeadFile]) -> ChangeCoverage:
    """
    The coverage of a change. ``head`` has every changed file that is in the head, by its path there.

    The lists end at ``MOST_FILES`` and ``MOST_PATH_CHARACTERS``; what is beyond is counted.
    """
    files: list[CoveredFile] = []
    room = MOST_PATH_CHARACTERS
    for change in changes:
        file = _covered(change, head)
        room -= len(str(file.path)) + len(str(file.previous or ""))
        if len(files) == MOST_FILES or room < 0:
            break
        files.append(file)
    rest = [_covered(change, head) for change in islice(changes, len(files), None)]
    return ChangeCoverage(tuple(files), len(rest), sum(file.incomplete for file in rest))


def _covered(change: FileChange, head: Mapping[PurePosixPath, HeadFile]) -> CoveredFile:
    path = change.new_path if change.new_path is not None else change.old_path
    assert path is not None, "a change has a path on one side"
    previous = change.old_path if change.kind in (ChangeKind.RENAMED, ChangeKind.COPIED) else None
    if change.new_path is None:
        return CoveredFile(path, previous, change.kind, Content.GONE)
    found = head.get(path)
    if found is None:
        # Nothing is known of it, which is not the same as that there was nothing to read.
        found = HeadFile(Content.UNREAD, None)
    lines = None if change.binary else sum(hunk.new_count for hunk in change.hunks)
    ranges = None if change.binary else sum(1 for hunk in change.hunks if hunk.new_count)
    return CoveredFile(path, previous, change.kind, found.content, found.blob, lines, ranges, found.looks)
