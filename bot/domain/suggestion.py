"""
Decides which findings may carry a suggestion block: a fix that a developer can apply with one click.

A suggestion replaces whole lines, so it is offered only where it cannot take anything else along.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Sequence
from pathlib import PurePosixPath

from bot.domain.change import ChangeKind, FileChange
from bot.domain.verdict import Presence, TrackedFinding
from scanners.finding import Confidence, Finding

_OPEN = frozenset({Presence.NEW, Presence.CHANGED})

MAX_LINES = 100
"""GitLab's limit above and below the line of the comment.
https://docs.gitlab.com/user/project/merge_requests/reviews/suggestions/#multi-line-suggestions"""


def suggestable(
    tracked: Sequence[TrackedFinding],
    changes: Sequence[FileChange],
    *,
    confidence: Confidence = Confidence.MEDIUM,
) -> frozenset[str]:
    """
    Fingerprints of the new and changed findings whose fix may be offered.

    The rule is at least this confident, the fix touches the flagged lines, all lines that it replaces were added or
    edited by the change, and no other new or changed finding touches them. A fingerprint that two findings share is
    left out.
    """
    files = {change.new_path: change for change in changes if change.new_path is not None}
    open_findings = [item.finding for item in tracked if item.presence in _OPEN]
    spans: defaultdict[PurePosixPath, list[tuple[int, int]]] = defaultdict(list)
    fingerprints: defaultdict[str, int] = defaultdict(int)
    for finding in open_findings:
        spans[finding.location.path].append(_span(finding))
        fingerprints[finding.fingerprint] += 1
    starts = {path: sorted(start for start, _ in ranges) for path, ranges in spans.items()}
    ends = {path: sorted(end for _, end in ranges) for path, ranges in spans.items()}

    chosen = set()
    for finding in open_findings:
        path, fix = finding.location.path, finding.fix
        if fix is None or finding.confidence < confidence or fingerprints[finding.fingerprint] > 1:
            continue
        touching = bisect_right(starts[path], fix.end_line) - bisect_left(ends[path], fix.start_line)
        if touching == 1 and _fits(finding) and _all_new(files.get(path), fix.start_line, fix.end_line):
            chosen.add(finding.fingerprint)
    return frozenset(chosen - {""})


def _fits(finding: Finding) -> bool:
    """Whether the fix is well formed, not too long, and about the flagged lines."""
    fix, where = finding.fix, finding.location
    return (
        fix is not None
        and 1 <= fix.start_line <= fix.end_line
        and fix.end_line - fix.start_line < MAX_LINES
        and fix.start_line <= where.end_line
        and where.start_line <= fix.end_line
    )


def _span(finding: Finding) -> tuple[int, int]:
    """Every line that the finding or its fix touches."""
    where, fix = finding.location, finding.fix
    if fix is None:
        return where.start_line, where.end_line
    return min(where.start_line, fix.start_line), max(where.end_line, fix.end_line)


def _all_new(change: FileChange | None, start: int, end: int) -> bool:
    if change is None or change.binary:
        return False
    if change.kind is ChangeKind.ADDED:
        return True
    return any(
        hunk.new_start <= start and end < hunk.new_start + hunk.new_count for hunk in change.hunks if hunk.new_count
    )
