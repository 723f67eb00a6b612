"""
From a stored scan to what we want to be readable on the merge request. Pure.
"""

from __future__ import annotations

from collections.abc import Sequence

from bot.domain.change import FileChange
from bot.domain.conversation import WantedConversation, WantedThread
from bot.domain.policy import Policy
from bot.domain.suggestion import suggestable
from bot.domain.verdict import Presence, ScanReport, TrackedFinding
from bot.reports.notes import render_finding_note, render_job_failure, render_summary_note
from bot.texts import Language
from scanners.interface import GapReason
from scanners.registry import all_scanners

SUMMARY_ROWS = 100
EVERY_SCANNER = frozenset(scanner.name for scanner in all_scanners(None))


def threads_for(report: ScanReport, policy: Policy) -> tuple[TrackedFinding, ...]:
    """
    The new and changed findings that get a discussion of their own: blocking ones first, worst first, capped.

    Suppressed ones get none; the summary lists them.
    """
    suppressed = {excused.fingerprint for excused in report.decision.suppressed}
    candidates = [
        tracked
        for tracked in report.with_presence(Presence.NEW, Presence.CHANGED)
        if tracked.finding.fingerprint not in suppressed
        and (report.decision.blocks(tracked.finding.fingerprint) or policy.wants_thread(tracked.finding))
    ]
    candidates.sort(key=lambda tracked: not report.decision.blocks(tracked.finding.fingerprint))
    return tuple(candidates[: policy.max_threads])


def conversation(
    report: ScanReport, policy: Policy, changes: Sequence[FileChange], language: Language
) -> WantedConversation:
    """
    Everything that should stand on the merge request after this scan.

    A file in which only a requirement without a version could not be looked up counts as read: its other lines were.

    ``changes`` are those between the merge request's own base and head; a suggestion is offered only on lines that they
    added.
    """
    shown = threads_for(report, policy)
    offered = suggestable(report.tracked, changes)
    threads = tuple(
        WantedThread(
            fingerprint=tracked.finding.fingerprint,
            body=render_finding_note(
                tracked,
                blocks=report.decision.blocks(tracked.finding.fingerprint),
                language=language,
                suggestion=tracked.finding.fingerprint in offered,
            ),
            location=tracked.finding.location,
            blocks=report.decision.blocks(tracked.finding.fingerprint),
            presence=tracked.presence,
            scanners=tuple(sorted({a.scanner for a in tracked.finding.attributions} or {tracked.finding.scanner})),
        )
        for tracked in shown
    )
    return WantedConversation(
        summary=render_summary_note(
            report,
            language=language,
            threads_shown=frozenset(thread.fingerprint for thread in threads),
            max_rows=SUMMARY_ROWS,
        ),
        threads=threads,
        present=frozenset(t.finding.fingerprint for t in report.with_presence(Presence.NEW, Presence.CHANGED)),
        silent_scanners=frozenset(run.scanner for run in report.runs if not run.assessed),
        unread_paths=frozenset(
            str(gap.path) for run in report.runs for gap in run.gaps if gap.reason is not GapReason.NOT_PINNED
        ),
        accepted=frozenset(excused.fingerprint for excused in report.decision.suppressed),
    )


def failure(reason: str, language: Language, head_sha: str | None, job_id: str) -> WantedConversation:
    """The conversation when nobody could judge the head: a summary that says so; threads stay as they are."""
    return WantedConversation(
        summary=render_job_failure(
            reason=reason, language=language, will_retry=True, head_sha=head_sha, reference=job_id
        ),
        threads=(),
        present=frozenset(),
        silent_scanners=EVERY_SCANNER,
        unread_paths=frozenset(),
    )
