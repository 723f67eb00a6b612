"""
Who has looked: only a scanner that read a file again can say that a finding in it is gone.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import PurePosixPath

from bot.domain.evidence import dependency_of, is_package, tokens_of
from scanners.finding import Finding
from scanners.interface import GapReason, ScannerRun


class Coverage:
    """What the scanner runs over the head have read."""

    def __init__(self, runs: Sequence[ScannerRun]) -> None:
        self._answered = {run.scanner for run in runs if run.assessed} - {
            run.scanner for run in runs if not run.assessed
        }
        self._unread: set[tuple[str, PurePosixPath]] = set()
        self._unpinned: defaultdict[tuple[str, PurePosixPath], set[str]] = defaultdict(set)
        for run in runs:
            for gap in run.gaps:
                if gap.reason is GapReason.NOT_PINNED:
                    self._unpinned[run.scanner, gap.path] |= _words(gap.detail) or {_ANY}
                else:
                    self._unread.add((run.scanner, gap.path))

    def looked(self, finding: Finding, path: PurePosixPath | None) -> bool:
        """
        Whether every scanner that saw ``finding`` in the base has looked for it again.

        ``path`` is where its file is now; None when it was deleted, when nobody has to look.
        """
        return all(self.looked_by(scanner, finding, path) for scanner, _ in tokens_of(finding))

    def looked_by(self, scanner: str, finding: Finding, path: PurePosixPath | None) -> bool:
        """Whether this one of them has looked for it again."""
        if path is None:
            return True
        return (
            scanner in self._answered
            and (scanner, path) not in self._unread
            and not self._lost_its_pin(finding, scanner, path)
        )

    def _lost_its_pin(self, finding: Finding, scanner: str, path: PurePosixPath) -> bool:
        """Whether the package is still there without the version that would tell whether it is still vulnerable."""
        if not is_package(finding):
            return False
        wanted: Iterable[str] = (_ANY, _canonical(dependency_of(finding).package))
        return not self._unpinned.get((scanner, path), set()).isdisjoint(wanted)


_ANY = ""
"""Stands for an unpinned requirement of which no name is known."""


def _words(detail: str) -> set[str]:
    return {_canonical(word) for word in re.findall(r"[A-Za-z0-9._-]+", detail)}


def _canonical(name: str) -> str:
    """PEP 503, as far as two spellings of one package need it."""
    return re.sub(r"[-_.]+", "-", name).strip("-").lower()
