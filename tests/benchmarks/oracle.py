"""
What ``git blame`` says about findings: a second opinion that shares nothing with our line map.

Blame follows each line on its own, through renamed files and, with ``-M``, to another place of its file, and uses git's
default diff where we use the histogram one. It knows lines and no findings, so it gives three answers only.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import PurePosixPath

from bot.pipeline.git.command import Git
from bot.pipeline.git.paths import decode_path, encode_path
from scanners.finding import Finding, FindingKind

_HEADER = re.compile(rb"([0-9a-f]{40,64}) (\d+) (\d+)(?: \d+)?")


class Opinion(Enum):
    """What became of a finding's lines."""

    KEPT = "kept"
    """All of them were there before, and the same rule flagged them."""
    WRITTEN = "written"
    """The change wrote at least one of them."""
    FLAGGED_NOW = "flagged now"
    """All of them were there before, but the rule did not flag them."""
    COPIED = "copied"
    """Several findings say that they come from the same lines: one of them stayed, and blame does not say which."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a line stood in the base."""

    path: PurePosixPath
    line: int


@dataclass(frozen=True, slots=True)
class Opinions:
    """The second opinion on one change."""

    of: dict[int, Opinion]
    """By the number of the finding in the head's list; those that are not known by lines are absent."""
    edited: int
    """Findings on lines that the change wrote, and for which the same rule lost one in the same file."""


def origins(git: Git, base: str, head: str, path: PurePosixPath) -> list[Origin | None]:
    """
    Where each line of a file of ``head`` stood in ``base``, its first parent; None for a line that the change wrote.

    Empty when the file's name is one that we cannot hand to git. Raises ``bot.pipeline.git.GitError``.
    """
    name = encode_path(path)
    if name is None:
        return []
    printed = git.run(
        "blame", "--line-porcelain", "--first-parent", "-M", "--encoding=none", f"{base}..{head}", "--", name,
        config={"core.quotePath": "false"},
    ).stdout  # fmt: skip
    return _parse(printed, head)


def _parse(printed: bytes, head: str) -> list[Origin | None]:
    """Format: https://git-scm.com/docs/git-blame#_the_porcelain_format; content begins with a tab."""
    found: list[Origin | None] = []
    commit, line, name = "", 0, b""
    for text in printed.split(b"\n"):
        if text.startswith(b"\t"):
            found.append(None if commit == head else Origin(decode_path(name), line))
        elif text.startswith(b"filename "):
            name = text.removeprefix(b"filename ")
        elif header := _HEADER.fullmatch(text):
            commit, line = header[1].decode("ascii"), int(header[2])
    return found


def opinions(git: Git, base: str, head: str, before: Sequence[Finding], after: Sequence[Finding]) -> Opinions:
    """Judge the findings of the head against those of the base. Raises ``bot.pipeline.git.GitError``."""
    files = {
        path: origins(git, base, head, path) for path in sorted({f.location.path for f in after if _known_by_lines(f)})
    }
    flagged: dict[Origin, list[int]] = {}
    for number, finding in enumerate(before):
        for line in range(finding.location.start_line, finding.location.end_line + 1):
            flagged.setdefault(Origin(finding.location.path, line), []).append(number)

    of: dict[int, Opinion] = {}
    kept: set[int] = set()
    written: Counter[tuple[PurePosixPath, str]] = Counter()
    claims: dict[tuple[Origin, str], list[int]] = {}
    for number, finding in enumerate(after):
        where = finding.location
        lines = files.get(where.path, [])[where.start_line - 1 : where.end_line]
        if not lines or not _known_by_lines(finding):
            continue
        if None in lines:
            of[number] = Opinion.WRITTEN
            source = _source(files[where.path]) or where.path
            written[source, finding.rule_id] += 1
            continue
        same = [
            old
            for origin in lines
            if origin is not None
            for old in flagged.get(origin, ())
            if not rules_of(before[old]).isdisjoint(rules_of(finding))
        ]
        of[number] = Opinion.KEPT if same else Opinion.FLAGGED_NOW
        kept.update(same)
        if same and lines[0] is not None:
            claims.setdefault((lines[0], finding.rule_id), []).append(number)
    there = Counter((Origin(f.location.path, f.location.start_line), f.rule_id) for f in before)
    for claim, numbers in claims.items():
        if len(numbers) > max(1, there[claim]):
            of.update(dict.fromkeys(numbers, Opinion.COPIED))
    lost = Counter((old.location.path, old.rule_id) for number, old in enumerate(before) if number not in kept)
    return Opinions(of, sum((written & lost).values()))


def _source(lines: Iterable[Origin | None]) -> PurePosixPath | None:
    """The file of the base that most lines come from."""
    paths = Counter(line.path for line in lines if line is not None)
    return paths.most_common(1)[0][0] if paths else None


def _known_by_lines(finding: Finding) -> bool:
    # A package is the same in whichever line it is pinned.
    return finding.kind is not FindingKind.DEPENDENCY


def rules_of(finding: Finding) -> set[tuple[str, str]]:
    """Scanner and rule of everybody who saw it: which of them speaks may change from one commit to the next."""
    return {(finding.scanner, finding.rule_id), *((a.scanner, a.rule_id) for a in finding.attributions)}
