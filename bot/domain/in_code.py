"""
Which findings a comment in the code asks us to pass over, for a policy that honours such comments.

A comment silences what its own tool would let it silence, and no more: ``# nosec B602`` bandit's findings of B602 that
have its line among theirs, a ``nosemgrep`` what begins on its line or, when it has that line to itself, on the next.
Ignore files silence nothing here: the policy's own ``ignore_paths`` and people's suppressions are for that.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import PurePosixPath

from scanners.finding import Attribution, Finding, FindingKind, Reach, Silences

_EVERY_LINE = frozenset({"bandit"})
"""Scanners for which a comment on any line of a finding counts; for the others it has to be the first."""


def silenced(findings: Iterable[Finding]) -> Mapping[str, Finding]:
    """
    The findings of one tree that a comment silences: the fingerprint of each, and the suppression that does.

    A weakness that several scanners saw is silenced when the comment is for one of them: whoever wrote it has judged
    this code. Of several suppressions the first in the file counts. A finding without a fingerprint is never silenced,
    and neither is a suppression.
    """
    weaknesses: list[Finding] = []
    files: dict[PurePosixPath, _File] = defaultdict(_File)
    for finding in sorted(findings, key=_place):
        if finding.kind is not FindingKind.SUPPRESSION:
            weaknesses.append(finding)
        elif finding.silences is not None:
            files[finding.location.path].add(finding, finding.silences)
    found: dict[str, Finding] = {}
    for finding in weaknesses:
        file = files.get(finding.location.path)
        suppression = file.first_for(finding) if file is not None else None
        if suppression is not None and finding.fingerprint:
            found[finding.fingerprint] = suppression
    return found


class _File:
    """The suppressions of one file, added in the order of their places."""

    def __init__(self) -> None:
        self._lines: list[int] = []
        """Which line each of the next is about; in their order."""
        self._on_lines: list[tuple[Finding, Silences]] = []
        self._whole: list[tuple[Finding, Silences]] = []

    def add(self, suppression: Finding, silences: Silences) -> None:
        if silences.reach is Reach.FILE:
            self._whole.append((suppression, silences))
        # A declaration is nothing that one of our scanners knows, and an ignore file does not stand in the code.
        elif silences.reach in (Reach.LINE, Reach.NEXT_LINE):
            after = silences.reach is Reach.NEXT_LINE
            line = suppression.location.end_line + 1 if after else suppression.location.start_line
            index = bisect_right(self._lines, line)
            self._lines.insert(index, line)
            self._on_lines.insert(index, (suppression, silences))

    def first_for(self, finding: Finding) -> Finding | None:
        first, last = finding.location.start_line, finding.location.end_line
        near = range(bisect_left(self._lines, first), bisect_right(self._lines, last))
        for index in near:
            suppression, silences = self._on_lines[index]
            if _covers(silences, finding, begins=self._lines[index] == first):
                return suppression
        return next((s for s, silences in self._whole if _covers(silences, finding, begins=True)), None)


def _covers(silences: Silences, finding: Finding, *, begins: bool) -> bool:
    return any(
        attribution.scanner == silences.tool
        and (begins or attribution.scanner in _EVERY_LINE)
        and (silences.rule_ids is None or any(_names(name, attribution.rule_id) for name in silences.rule_ids))
        for attribution in _attributions(finding)
    )


def _attributions(finding: Finding) -> Iterator[Attribution]:
    yield from finding.attributions
    if not finding.attributions:
        yield Attribution(finding.scanner, "", finding.rule_id)


def _names(name: str, rule_id: str) -> bool:
    """Whether a name means this rule; semgrep's are often written with the path of their pack, or without it."""
    return name == rule_id or name.rpartition(".")[2] == rule_id or name == rule_id.rpartition(".")[2]


def _place(finding: Finding) -> tuple[str, int, int, str, str]:
    where = finding.location
    return str(where.path), where.start_line, where.start_column or 0, finding.rule_id, finding.fingerprint
