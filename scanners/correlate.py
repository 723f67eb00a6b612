"""
One weakness that several tools, or several rules of one tool, see is one finding with several attributions.

Nothing that a tool said is lost.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from pathlib import PurePosixPath

from rules import catalog
from scanners.cwe import SECRETS, related
from scanners.finding import Attribution, Finding, FindingKind

# Whose words are shown. A secret scanner knows best what a secret is; our own rules come before a tool's.
_ORDER = ("detect-secrets", "semgrep", "bandit", "pip-audit")


def correlate(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """
    Merge findings about one weakness at one place; the order of the input does not matter.

    The first tool of a fixed order gives the words, the place and the identity, and of one tool's rules the most
    severe; severity and confidence are the highest that any of them gave. Between tools related CWEs and a shared line
    are enough. Two rules of one tool, which knows them apart, have to name the same CWE for overlapping code.
    """
    by_path: dict[PurePosixPath, list[Finding]] = defaultdict(list)
    for finding in findings:
        by_path[finding.location.path].append(finding)
    merged: list[Finding] = []
    for path in sorted(by_path, key=str):
        merged.extend(_correlate_file(sorted(by_path[path], key=_rank)))
    return tuple(sorted(merged, key=_place))


def _correlate_file(findings: list[Finding]) -> list[Finding]:
    kept: list[Finding] = []
    for finding in findings:
        rivals = [index for index, other in enumerate(kept) if _same_weakness(other, finding)]
        if not rivals:
            kept.append(finding)
            continue
        best = min(rivals, key=lambda index: (_distance(kept[index], finding), _place(kept[index])))
        kept[best] = _merge(kept[best], finding)
    return kept


def _same_weakness(left: Finding, right: Finding) -> bool:
    # A suppression is no weakness: it stands beside the one that it excuses.
    if not {left.kind, right.kind}.isdisjoint((FindingKind.DEPENDENCY, FindingKind.SUPPRESSION)):
        return False
    if left.scanner == right.scanner:
        return left.kind is FindingKind.SAST and left.rule_id != right.rule_id and _same_code(left, right)
    if left.location.start_line > right.location.end_line or right.location.start_line > left.location.end_line:
        return False
    if FindingKind.SECRET in (left.kind, right.kind):
        other = right if left.kind is FindingKind.SECRET else left
        return not SECRETS.isdisjoint(other.cwes)
    return related(left.cwes, right.cwes) or _covers(left, right) or _covers(right, left)


def _same_code(left: Finding, right: Finding) -> bool:
    if set(left.cwes).isdisjoint(right.cwes):
        return False
    return _start(left) <= _end(right) and _start(right) <= _end(left)


def _start(finding: Finding) -> tuple[int, int]:
    return finding.location.start_line, finding.location.start_column or 0


def _end(finding: Finding) -> tuple[int, float]:
    column = finding.location.end_column
    return finding.location.end_line, float("inf") if column is None else column


def _covers(better: Finding, other: Finding) -> bool:
    info = catalog.rule_info(other.scanner, other.rule_id)
    return better.scanner == "semgrep" and info is not None and better.rule_id in info.covered_by


def _merge(kept: Finding, other: Finding) -> Finding:
    return replace(
        kept,
        severity=max(kept.severity, other.severity),
        confidence=max(kept.confidence, other.confidence),
        cwes=kept.cwes or other.cwes,
        owasp=kept.owasp or other.owasp,
        references=tuple(dict.fromkeys((*kept.references, *other.references))),
        fix=kept.fix or other.fix,
        attributions=_union(kept.attributions, other.attributions),
    )


def _union(left: tuple[Attribution, ...], right: tuple[Attribution, ...]) -> tuple[Attribution, ...]:
    return left + tuple(entry for entry in right if entry not in left)


def _distance(left: Finding, right: Finding) -> int:
    return abs(left.location.start_line - right.location.start_line)


def _rank(finding: Finding) -> tuple[int, int, tuple[str, int, int, str, str]]:
    order = _ORDER.index(finding.scanner) if finding.scanner in _ORDER else len(_ORDER)
    return order, -finding.severity.rank, _place(finding)


def _place(finding: Finding) -> tuple[str, int, int, str, str]:
    where = finding.location
    return str(where.path), where.start_line, where.start_column or 0, finding.rule_id, finding.fingerprint
