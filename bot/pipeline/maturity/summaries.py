"""
Makes compliance summaries: the document of a period from its snapshot and the store's lists, kept for good; and draws
them in any format.

Who asks twice, or at the same time as somebody else, gets the same document: its key names the snapshot, and rows are
only added. Another document follows from another revision of the snapshot.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import structlog
from sqlalchemy.orm import Session

from bot.domain.audit import Act, Action, Word
from bot.domain.maturity.period import Period, PeriodKind
from bot.domain.maturity.scope import Scope, ScopeKind
from bot.domain.maturity.snapshot import Snapshot
from bot.domain.maturity.summarising import Lists, Making, compose
from bot.domain.maturity.summary import HoleLine, Listed, ProjectLine, Summary
from bot.errors import ConfigurationError, MergewardenError, Told, sentence
from bot.model_files import models_in_force
from bot.pipeline.maturity.snapshots import take
from bot.pipeline.maturity.spans import Asker, take_span
from bot.reports.json_report import tool_version
from bot.reports.maturity.summary_formats import Format
from bot.services import Services
from bot.store import audit, coverage_holes
from bot.store.engine import session, write_session
from bot.store.maturity import counting, models, reports, snapshots, summary_reads
from bot.store.maturity.reports import StoredReport
from bot.store.maturity.summary_reads import Reach
from bot.texts import N_, Language
from scanners.process import MEBIBYTE, run

log = structlog.get_logger(__name__)

_POINTS: Final = {
    PeriodKind.NIGHT: 30,
    PeriodKind.WEEK: 12,
    PeriodKind.MONTH: 11,
    PeriodKind.QUARTER: 7,
    PeriodKind.YEAR: 4,
    PeriodKind.SPAN: 11,
}
"""Periods before this one that lines over time show."""
_PDF_SECONDS: Final = 120.0
_PDF_MEMORY: Final = 3 * 1024 * MEBIBYTE
_PDF_LARGEST: Final = 256 * MEBIBYTE


class SummaryMissing(MergewardenError):
    """Raised where there is nothing that a summary could be made from."""


def make_summary(
    services: Services,
    scope: Scope,
    period: Period,
    language: Language,
    *,
    made_by: str,
    now: datetime,
    person_id: int | None = None,
    address: str = "",
) -> StoredReport:
    """
    The summary of a period, made now or, of the same snapshot in the same language, before.

    A period that is over and has no snapshot yet gets one, and days of one's own choice get another revision of theirs
    where they were counted anew. ``made_by``: a person's name, or what made it; with ``person_id`` and ``address`` the
    audit log names him so. Raises ``SummaryMissing`` where there is no snapshot and none can be taken.
    """
    asker = Asker(made_by, person_id, address)
    snapshot = _snapshot(services, scope, period, now, asker)
    key = reports.report_key(scope, period, snapshot.row.digest, language)
    with session(services.store) as reading:
        known = reports.by_key(reading, key)
        if known is not None:
            return known
        summary = _composed(services, reading, snapshot, language, made_by, now)
    with write_session(services.store) as writing:
        kept = reports.keep(writing, summary)
        # Else somebody was faster, and it is his.
        if kept.summary is summary:
            audit.append(writing, _act(asker, kept, summary))
    log.info("summary made", scope=str(scope), period=period.label, language=language.value, report=kept.id)
    return kept


def draw(summary: Summary, language: Language, format: Format, *, seconds: float = _PDF_SECONDS) -> bytes:
    """
    The document in a format. Raises ``MergewardenError`` where it cannot be drawn, or its PDF takes more ``seconds``.

    The PDF is set in a process of its own, without the network and with limits: typesetting takes memory that it does
    not give back, and nothing that a stranger wrote into the document is worth more than that process.
    """
    if format.name != "pdf":
        return format.render(summary, language)
    # Whoever draws no PDF does not load what sets it.
    from bot.reports.maturity.summary_pdf import pdf_words

    done = run(
        [sys.executable, "-m", "bot.reports.maturity.typesetting"],
        cwd=Path("/"),
        timeout=seconds,
        stdin=pdf_words(summary, language),
        stdout_limit=_PDF_LARGEST,
        memory_bytes=_PDF_MEMORY,
    )
    if done.exit_code or not done.ended_by_itself or not done.stdout.startswith(b"%PDF-"):
        log.error("no PDF", exit_code=done.exit_code, timed_out=done.timed_out, said=done.stderr_tail[-500:])
        why: Told = N_("the PDF could not be set: the process took too long")
        if not done.timed_out:
            why = sentence(N_("the PDF could not be set: the process ended with {code}"), code=done.exit_code)
        raise MergewardenError(why, N_("The log says more; try another format."))
    return done.stdout


# --- what it is made from ---------------------------------------------------------------------------------------------


def _snapshot(services: Services, scope: Scope, period: Period, now: datetime, asker: Asker) -> Snapshot:
    with session(services.store) as reading:
        found = snapshots.of_period(reading, scope, period)
    if found is not None and period.kind is not PeriodKind.SPAN:
        return found
    yesterday = now.astimezone(UTC).date() - timedelta(days=1)
    if period.last > yesterday:
        raise SummaryMissing(
            sentence(N_("{period} is not over, so it has no snapshot yet"), period=period.label),
            sentence(N_("For the days so far, ask for {period}."), period=f"{period.first}..{yesterday}")
            if period.first <= yesterday
            else N_("Ask when it is over."),
        )
    with session(services.store) as reading:
        counted = period.last < yesterday or counting.counted_on(reading, yesterday + timedelta(days=1))
    if not counted:
        # What was counted last night lacks most of the day, and a snapshot of that would stand as the first revision.
        raise SummaryMissing(
            sentence(N_("{day} is still to be counted"), day=str(yesterday)),
            sentence(
                N_("That is done each night from {hour} UTC on, once GitLab was asked what happened. Ask after that."),
                hour=f"{services.settings.nightly_hour:02}:00",
            ),
        )
    _take(services, scope, period, now, asker)
    with session(services.store) as reading:
        found = snapshots.of_period(reading, scope, period)
    if found is None:
        raise SummaryMissing(
            sentence(
                N_("there is no snapshot of {scope} for {period}, and nothing of it was counted"),
                scope=str(scope),
                period=period.label,
            ),
            N_("Days are counted each night since Mergewarden was installed. Check the name and the period."),
        )
    return found


def _take(services: Services, scope: Scope, period: Period, now: datetime, asker: Asker) -> None:
    """
    For everybody only what a night would have taken at a period's end, and of days of one's own choice nothing but what
    was asked for. Raises ``SummaryMissing`` for days that nobody counted.
    """
    with session(services.store) as reading:
        since = counting.first_counted(reading)
    if since is None:
        raise SummaryMissing(
            N_("nothing was counted yet"), N_("Each night the day is counted and a snapshot is taken.")
        )
    span, told = period.kind is PeriodKind.SPAN, {"since": str(since), "period": period.label}
    if period.last < since:
        raise SummaryMissing(
            sentence(N_("days are counted since {since}, and {period} was over before that"), **told),
            N_("Ask for a period that ends later."),
        )
    if span and period.first < since:
        raise SummaryMissing(
            sentence(N_("days are counted since {since}, and {period} begins before that"), **told),
            sentence(N_("Ask for {period}."), period=f"{since}..{period.last}"),
        )
    if period.kind is PeriodKind.NIGHT:
        raise SummaryMissing(
            sentence(N_("no snapshot was taken in the night after {day}"), day=str(period.last)),
            N_("Ask for two days with .. between, or for a week, month, quarter or year."),
        )
    rating = models_in_force(services.settings.maturity_folder)
    if not span:
        take(services, period, rating, now)
        return
    # What it is compared with comes first: it may not be there, and then nothing is compared.
    for one in (period.previous, period):
        if one.first >= since:
            take_span(services, scope, one, rating, asker, now)


def _composed(
    services: Services, reading: Session, snapshot: Snapshot, language: Language, made_by: str, now: datetime
) -> Summary:
    scope, period = snapshot.scope, snapshot.period
    within = summary_reads.reach(reading, scope, None, services.settings.serves)
    before = snapshots.of_period(reading, scope, period.previous)
    named = {one.digest for one in snapshot.content.inputs.models}
    rated = models.models_of(reading, named)
    host = urlsplit(services.settings.gitlab_url or "").hostname or ""
    making = Making(
        scope=scope,
        path=within.paths.get(scope.project_id, "") if scope.project_id is not None else scope.key,
        organisation=host,
        period=period,
        language=language,
        made_by=made_by,
        made_at=now.astimezone(UTC).replace(microsecond=0),
        tool=tool_version(),
    )
    projects: Listed[ProjectLine] = Listed((), 0)
    if scope.kind is not ScopeKind.PROJECT:
        model_ids = [one.id for one in snapshot.content.inputs.models]
        projects = summary_reads.projects(reading, within, period, model_ids, making.made_at.date())
    lists = Lists(
        overdue=summary_reads.overdue(reading, within, making.made_at),
        tolerated=summary_reads.tolerated(reading, within, period),
        exceptions=summary_reads.exceptions(reading, within, period, making.made_at),
        overrides=summary_reads.incidents(reading, within, period, summary_reads.OVERRIDES),
        uncleared=summary_reads.incidents(reading, within, period, summary_reads.UNCLEARED),
        holes=_holes(services, reading, within, making.made_at),
        advisories=summary_reads.advisories(reading, within, period),
        duties=summary_reads.duties(reading, within, rated.values(), making.made_at),
        projects=projects,
        projects_of=len(within.paths),
    )
    trend = summary_reads.trend(reading, scope, period, most=_POINTS[period.kind])
    return compose(making, snapshot, before, rated, trend, lists)


def _act(asker: Asker, kept: StoredReport, summary: Summary) -> Act:
    details: dict[str, Word] = {
        "scope": str(summary.scope),
        "period": summary.period.label,
        "language": summary.language.value,
        "digest": kept.row.digest,
        "snapshot": summary.snapshot.digest,
    }
    return asker.act(Action.REPORT_MADE, f"report {kept.id}", summary.scope, details)


def _holes(services: Services, reading: Session, within: Reach, now: datetime) -> Listed[HoleLine]:
    try:
        required = services.policy().policy.required_scanners
    except ConfigurationError:
        # Nobody knows which answers can be done without: then none can.
        required = None
    facts = coverage_holes.project_facts(reading, None if within.everything else frozenset(within.paths))
    found = coverage_holes.holes_of(facts, now, required)
    rows = tuple(
        HoleLine(
            project=one.path,
            holes=tuple(hole.value for hole in holes),
            read_at=one.baseline_at,
            unanswered=one.unanswered,
        )
        for one, holes in found[: summary_reads.MOST]
    )
    return Listed(rows, len(found))
