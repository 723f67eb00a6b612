"""
Puts what other tools reported for a merge request beside what our own scan found, so that one verdict covers both.

A report counts when it is about the very commit that is judged; what a tool said about an earlier push says nothing
about this one.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from bot.domain.verdict import TrackedFinding
from bot.store.tracking import Said
from scanners.finding import Finding, FindingKind
from scanners.fingerprint import digest
from scanners.interface import ScannerRun, ScannerStatus

IMPORTED = "-import"
"""Ends the name under which an imported tool stands among the scanners of a scan, and in a policy."""
_NOT_A_NAME = re.compile(r"[^A-Za-z0-9_.+-]+")


def merged(
    tracked: Sequence[TrackedFinding], runs: Sequence[ScannerRun], reports: Sequence[Said], head: str | None
) -> tuple[tuple[TrackedFinding, ...], tuple[ScannerRun, ...]]:
    """
    The findings and runs of our own scan with those of the reports about ``head``.

    A weakness that both see is one finding with the words of our scan and everybody's attributions.
    """
    findings = list(tracked)
    names = {item.finding.fingerprint for item in findings}
    places = {item.number: index for index, item in enumerate(findings) if item.number is not None}
    added: list[ScannerRun] = []
    for said in reports:
        if said.state.commit != head:
            continue
        for item in said.findings:
            assert item.number is not None, "whatever was imported has one"
            index = places.get(item.number)
            if index is None:
                if item.finding.fingerprint in names:
                    # A copy is counted otherwise here than on its own branch, and must not answer to another's name.
                    name = digest("import", item.finding.fingerprint, str(item.number))
                    findings.append(replace(item, finding=replace(item.finding, fingerprint=name)))
                else:
                    findings.append(item)
                names.add(findings[-1].finding.fingerprint)
                places[item.number] = len(findings) - 1
            else:
                findings[index] = replace(findings[index], finding=_seen_by_both(findings[index].finding, item.finding))
        added.append(_run(said))
    return tuple(findings), (*runs, *added)


def own_part(
    tracked: Sequence[TrackedFinding], runs: Sequence[ScannerRun], own: frozenset[int]
) -> tuple[tuple[TrackedFinding, ...], tuple[ScannerRun, ...]]:
    """What our own scan found, out of what ``merged`` made; ``own`` are the numbers that it saw."""
    ours = tuple(run for run in runs if not run.scanner.endswith(IMPORTED))
    names = {run.scanner for run in ours}
    kept = []
    for item in tracked:
        if item.number is not None and item.number not in own:
            continue
        said = tuple(a for a in item.finding.attributions if a.scanner in names)
        kept.append(replace(item, finding=replace(item.finding, attributions=said)))
    return tuple(kept), ours


def _seen_by_both(ours: Finding, theirs: Finding) -> Finding:
    more = tuple(a for a in theirs.attributions if a not in ours.attributions)
    return replace(
        ours,
        severity=max(ours.severity, theirs.severity),
        confidence=max(ours.confidence, theirs.confidence),
        attributions=(*ours.attributions, *more),
    )


def _run(said: Said) -> ScannerRun:
    looked = said.state.looked_with
    failed = looked.get("failed", "")
    name = _NOT_A_NAME.sub("-", said.state.source.partition(":")[2]).strip("-.+_")[:70] or "report"
    return ScannerRun(
        scanner=f"{name}{IMPORTED}",
        kind=FindingKind(looked.get("kind", FindingKind.SAST.value)),
        version=looked.get("version", ""),
        status=ScannerStatus.FAILED if failed else ScannerStatus.COMPLETED,
        reason=failed,
        findings=tuple(item.finding for item in said.findings),
    )
