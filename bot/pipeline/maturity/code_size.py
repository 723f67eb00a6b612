"""
How much code the default branch has, and how much of it static scanners read: for coverage and density.

Every content is looked at once, as the scanners would see it: kind and name decide who reads it, as for a scan.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePosixPath

import structlog

from bot.pipeline.git import Mirror, Repository
from bot.pipeline.git.command import BIG_FILE
from bot.pipeline.git.repository import TreeEntry
from bot.services import Services
from bot.store.engine import session, write_session
from bot.store.maturity import collected
from bot.store.maturity.collected import CodeSize, PastGaps
from bot.store.tracking import OWN, Ref, StreamState, stream_state
from scanners.finding import FindingKind
from scanners.interface import Scanner, Unit
from scanners.units import as_utf8, unit_name, unit_suffix

log = structlog.get_logger(__name__)

_MOST_BYTES = 4_000_000_000
"""Of one branch; of a larger one nobody knows how much code it is."""
_MOST_GAPS = 500
"""Runs with gaps that are looked back on."""


@dataclass(frozen=True, slots=True)
class CountedFile:
    """A text file of a tree."""

    path: PurePosixPath
    lines: int
    scanners: frozenset[str]
    """Static scanners that read such files, by name."""


def count_code(services: Services, mirror: Mirror, project_id: int, branch: str, now: datetime) -> str:
    """
    Count the branch as it was read last, where it was read since it was last counted; one word for what became of it.

    ``counted``, ``unchanged``, ``never_read`` or ``too_large``. Raises ``GitError``.
    """
    with session(services.store) as reading:
        state = stream_state(reading, Ref(project_id, branch), OWN)
        known = collected.code_size(reading, project_id)
    if state.commit is None or state.seen_at is None or not mirror.has_commit(state.commit):
        return "never_read"
    if known is not None and known[0].commit == state.commit and known[1] > state.seen_at:
        return "unchanged"
    static = [one for one in services.with_own_rules(services.scanners) if one.kind is FindingKind.SAST]
    files = count_files(mirror, mirror.tree(state.commit), static)
    if files is None:
        log.warning("branch is too large to be counted", project_id=project_id, bytes=_MOST_BYTES)
        return "too_large"
    with session(services.store) as reading:
        past = collected.gaps_of_branch(reading, project_id, branch, state.looked_with, _MOST_GAPS)
    size = sum_up(state.commit, files, state, unread_files(mirror, state.commit, past))
    with write_session(services.store) as writing:
        collected.keep_code_size(writing, project_id, size, now)
    return "counted"


def count_files(
    repository: Repository, entries: Sequence[TreeEntry], static: Sequence[Scanner]
) -> list[CountedFile] | None:
    """
    The text files among the entries with their lines; None where there is too much to read.

    Symbolic links, submodules and binary files are no code, nor is a file of more than ``BIG_FILE`` bytes, which git
    takes for binary. ``static`` are the scanners that are asked what they read.
    """
    plain = [entry for entry in entries if entry.is_file and 0 < entry.size <= BIG_FILE]
    sizes = {entry.blob: entry.size for entry in plain}
    if sum(sizes.values()) > _MOST_BYTES:
        return None
    by_blob: dict[str, list[TreeEntry]] = {}
    for entry in plain:
        by_blob.setdefault(entry.blob, []).append(entry)
    readers: dict[str, frozenset[str]] = {}
    found = []
    for blob, content in repository.read_blobs(sizes):
        for entry in by_blob[blob]:
            suffix = unit_suffix(entry.path, content)
            if suffix is None:
                continue
            if suffix not in readers:
                unit = Unit(unit_name(1, suffix), blob, entry.size)
                readers[suffix] = frozenset(one.name for one in static if one.applies_to(unit))
            found.append(CountedFile(entry.path, _lines(as_utf8(suffix, content)), readers[suffix]))
    return found


def sum_up(
    commit: str, files: Sequence[CountedFile], state: StreamState, unread: Collection[tuple[str, PurePosixPath]] | None
) -> CodeSize:
    """
    The lines of all files. ``unread``: scanner and file of what was left out; None where nobody can tell.

    A file counts as read where every scanner that reads such files gave an answer about it.
    """
    answered = {scanner for scanner, said in state.looked_with.items() if said}

    def was_read(file: CountedFile) -> bool:
        return unread is not None and all(
            scanner in answered and (scanner, file.path) not in unread for scanner in file.scanners
        )

    scannable = [file for file in files if file.scanners]
    return CodeSize(
        commit,
        sum(file.lines for file in files),
        sum(file.lines for file in scannable),
        sum(file.lines for file in scannable if was_read(file)),
    )


def unread_files(repository: Repository, commit: str, past: PastGaps) -> set[tuple[str, PurePosixPath]] | None:
    """
    What was left out and is still as it was then, by scanner and path: a push has only what it changes read anew.

    None where there may be more than we looked at.
    """
    if not past.whole:
        return None
    places = {(gap.commit, gap.path) for gap in past.gaps} | {(commit, gap.path) for gap in past.gaps}
    blobs: Mapping[tuple[str, PurePosixPath], str] = repository.blobs_at(places)

    def is_as_it_was(then: str, path: PurePosixPath) -> bool:
        # What cannot be compared counts as left out.
        before, now = blobs.get((then, path)), blobs.get((commit, path))
        return before is None or now is None or before == now

    return {(gap.scanner, gap.path) for gap in past.gaps if is_as_it_was(gap.commit, gap.path)}


def _lines(content: bytes) -> int:
    """Lines as git counts them: the last one need not end."""
    return content.count(b"\n") + (not content.endswith(b"\n"))
