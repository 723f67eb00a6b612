"""
From a stored scan to what we want to be readable on the merge request. Pure.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bot.domain.change import FileChange
from bot.domain.conversation import WantedConversation, WantedThread
from bot.domain.maturity.change_effect import ChangeEffect
from bot.domain.policy import Policy
from bot.domain.suggestion import suggestable
from bot.domain.verdict import Effect, Presence, ScanReport, TrackedFinding
from bot.gitlab.comments import EarlierThreads, earlier_threads
from bot.gitlab.markers import key_of
from bot.gitlab.model import Discussion
from bot.reports.notes import render_finding_note, render_job_failure, render_summary_note
from bot.texts import Language
from scanners.interface import GapReason
from scanners.registry import all_scanners

SUMMARY_ROWS = 100
NO_THREADS = EarlierThreads()
EVERY_SCANNER = frozenset(scanner.name for scanner in all_scanners(None))


def threads_for(report: ScanReport, policy: Policy, earlier: EarlierThreads = NO_THREADS) -> tuple[TrackedFinding, ...]:
    """
    The new and changed findings that get a discussion of their own: blocking ones first, then those that a rule objects
    to, worst first, capped.

    The cap is for the merge request and not for a push: threads of earlier pushes that stay open count against it, and
    so do those that would have to be opened again. Suppressed findings get none; the summary lists them.
    """
    suppressed = {excused.fingerprint for excused in report.decision.suppressed}
    candidates = [
        tracked
        for tracked in report.with_presence(Presence.NEW, Presence.CHANGED)
        if tracked.finding.fingerprint not in suppressed
        and (report.decision.objects_to(tracked.finding.fingerprint) or policy.wants_thread(tracked.finding))
    ]
    candidates.sort(
        key=lambda tracked: (
            not report.decision.blocks(tracked.finding.fingerprint),
            not report.decision.objects_to(tracked.finding.fingerprint),
        )
    )
    keys = {key_of(tracked.finding.fingerprint): tracked for tracked in candidates}
    blocking = {key for key, tracked in keys.items() if report.decision.blocks(tracked.finding.fingerprint)}
    returning = {
        key for key in earlier.known - earlier.open if key in keys and (key in blocking or key in earlier.closed_by_us)
    }
    # What blocks and was resolved all the same goes before what has no thread yet.
    urgent = returning & blocking
    waiting = [key for key in keys if key in urgent]
    waiting += [key for key in keys if key not in earlier.known or key in returning - urgent]
    shown = set(waiting[: max(0, policy.max_threads - len(earlier.open))])
    shown |= earlier.known - returning
    return tuple(tracked for key, tracked in keys.items() if key in shown)


def as_developers_see_it(report: ScanReport, policy: Policy) -> ScanReport:
    """The report without what rules found that only watch: it is recorded, and nobody shall be bothered with it."""
    seen = tuple(
        tracked
        for tracked in report.tracked
        if policy.cap_on(tracked.finding) is not Effect.MONITOR
        or report.decision.excused(tracked.finding.fingerprint) is not None
    )
    return report if len(seen) == len(report.tracked) else replace(report, tracked=seen)


def conversation(
    report: ScanReport,
    policy: Policy,
    changes: Sequence[FileChange],
    language: Language,
    *,
    existing: Sequence[Discussion] = (),
    bot_id: int = 0,
    receipt_id: str | None = None,
    receipt_url: str | None = None,
    enforcement: str | None = None,
    maturity: ChangeEffect | None = None,
    project_url: str | None = None,
) -> WantedConversation:
    """
    Everything that should stand on the merge request after this scan.

    A file in which only a requirement without a version could not be looked up counts as read: its other lines were.

    ``changes`` are those between the merge request's own base and head; a suggestion is offered only on lines that they
    added. ``existing`` is what stands there now; ``bot_id`` tells our own notes. The receipt, ``enforcement``,
    ``maturity`` and ``project_url`` are as ``render_summary_note`` takes them.
    """
    bare = WantedConversation(
        summary="",
        threads=(),
        present=frozenset(t.finding.fingerprint for t in report.with_presence(Presence.NEW, Presence.CHANGED)),
        silent_scanners=frozenset(run.scanner for run in report.runs if not run.assessed),
        unread_paths=frozenset(
            str(gap.path) for run in report.runs for gap in run.gaps if gap.reason is not GapReason.NOT_PINNED
        ),
        accepted=frozenset(excused.fingerprint for excused in report.decision.suppressed),
    )
    shown = threads_for(report, policy, earlier_threads(existing, bot_id, bare))
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
            scanners=tuple(sorted({a.scanner for a in tracked.finding.attributions} or {tracked.finding.scanner})),
        )
        for tracked in shown
    )
    return replace(
        bare,
        summary=render_summary_note(
            as_developers_see_it(report, policy),
            language=language,
            threads_shown=frozenset(thread.fingerprint for thread in threads),
            max_rows=SUMMARY_ROWS,
            receipt_id=receipt_id,
            receipt_url=receipt_url,
            enforcement=enforcement,
            maturity=maturity,
            project_url=project_url,
        ),
        threads=threads,
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
