"""
``GET /projects/{project}``: one project with its gate, findings, scanners, components and settings;
``POST /projects/{project}/exposure``: who can reach what it runs.

A project that the reader does not see is not there, and so is one that nobody knows: the answers are the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC
from typing import TYPE_CHECKING, Any

from starlette.responses import Response
from starlette.routing import Route

from bot.domain.enforcement import Enforcement, Level
from bot.domain.incident import KnownIncident
from bot.domain.merging import Wish, WishState
from bot.domain.policy import Policy, SecondPerson
from bot.domain.priority import Exposure
from bot.domain.project_state import OpenMergeRequest
from bot.domain.roles import Permission
from bot.domain.suppression import Standing, Suppression
from bot.domain.workflow import Fault, WorkflowError
from bot.errors import ConfigurationError, sentence
from bot.reports.enforcement import incident_words, level_words, limit_words, missing_words
from bot.reports.finding_page import suppression_row
from bot.reports.markdown import host_of, safe_url
from bot.reports.visible import one_line, shorten_path, visible
from bot.reports.wording import Wording, words_in
from bot.store import coverage_holes, enforcement, incidents, overview, project_overview, projects, suppressions, wishes
from bot.store.enforcement import StoredEnforcement
from bot.store.engine import session
from bot.store.osv import normalised
from bot.store.project_overview import Component, GroupRow, Run, SeverityRow
from bot.texts import N_
from bot.web.api.problems import Problem
from bot.web.charts import Chart, lines
from bot.web.contexts.project import (
    ComponentLine,
    GapLine,
    Gate,
    GroupLine,
    IncidentRow,
    ProjectPage,
    RequestLine,
    RunLine,
    SeverityLine,
    WishLine,
)
from bot.web.entry import Visit, not_there
from bot.web.frame import Message
from bot.web.pages.maturity import project_card
from bot.web.pages.overview import TREND_DAYS, hole_words, severity_series, triage_url
from bot.web.pages.triage import field_of, tried
from scanners.finding import Severity
from scanners.interface import Gap, ScannerStatus

if TYPE_CHECKING:
    from bot.web.desk import Desk

MOST_REQUESTS = 50
MOST_GROUPS = 12
MOST_COMPONENTS = 50
MOST_INCIDENTS = 20
MOST_EXCEPTIONS = 20
MOST_GAPS = 30
_STATUS = {
    Fault.NOT_FOUND: 404,
    Fault.FORBIDDEN: 403,
    Fault.CONFLICT: 409,
    Fault.INVALID: 422,
    Fault.UNAVAILABLE: 502,
}


def routes(desk: Desk) -> Sequence[Route]:
    """The page, and its forms."""

    def shown(visit: Visit) -> Response:
        project_id = visit.number("project")
        visit.require(Permission.READ, project_id)
        return desk.frame.page(visit, "project.html", _page(desk, visit, project_id), section="projects")

    def expose(visit: Visit) -> Response:
        project_id = visit.number("project")
        principal = visit.require(Permission.KEEP_PROJECT, project_id)
        word = str(visit.form.get("exposure", ""))
        if word not in (known.value for known in Exposure):
            words = ", ".join(known.value for known in Exposure)
            raise Problem(
                422, N_("this is no exposure"), sentence(N_("There are: {names}."), names=words), field="exposure"
            )
        try:
            desk.workflow.set_exposure(principal, project_id, Exposure(word), address=visit.address)
        except WorkflowError as error:
            raise Problem(_STATUS[error.fault], error.told, error.told_hint) from error
        said = Message(N_("The exposure is noted. Priorities of the project's findings follow it."))
        return desk.frame.back(visit, desk.frame.url("project", project=project_id) + "#exposure", said)

    def close(visit: Visit) -> Response:
        project_id, number = visit.number("project"), visit.number("incident")
        principal = visit.require(Permission.KEEP_PROJECT, project_id)
        with session(desk.services.store) as reading:
            known = incidents.get(reading, number)
        if known is None or known.incident.project_id != project_id:
            raise not_there()

        def run() -> Message:
            reason = field_of(visit, "reason", 8_000)
            desk.workflow.close_incident(principal, number, reason=reason, address=visit.address)
            return Message(N_("The incident is closed. It comes back to the list should it happen again."))

        return tried(desk, visit, desk.frame.url("project", project=project_id) + "#incidents", run)

    return (
        Route("/projects/{project}", desk.entry.page(shown), name="project"),
        Route(
            "/projects/{project}/incidents/{incident}/close",
            desk.entry.action(close, permission=Permission.KEEP_PROJECT),
            methods=["POST"],
            name="close_incident",
        ),
        Route(
            "/projects/{project}/exposure",
            desk.entry.action(expose, permission=Permission.KEEP_PROJECT),
            methods=["POST"],
            name="project_exposure",
        ),
    )


def exposure_words(exposure: Exposure, wording: Wording) -> str:
    """Who can reach what a project runs."""
    _ = wording.t.gettext
    return {
        Exposure.UNKNOWN: _("Nobody has said"),
        Exposure.INTERNAL: _("Only people inside"),
        Exposure.PARTNERS: _("Partners and customers who sign in"),
        Exposure.INTERNET: _("Anybody on the internet"),
    }[exposure]


def run_line(run: Run, required: bool, gaps: int | None, wording: Wording) -> RunLine:
    """One scanner of a scan, in words. ``gaps``: how many files it left out, where they were counted."""
    return RunLine(
        scanner=one_line(run.scanner, 60),
        version=one_line(run.version, 60),
        assessed=run.assessed,
        required=required,
        result=wording.status(run.status),
        reason="" if run.status is ScannerStatus.COMPLETED else one_line(wording.said(run.reason), 300),
        files=run.files,
        seconds=wording.seconds(run.seconds) if run.seconds > 0 else "",
        data_date=run.data_date,
        gaps=gaps if gaps is not None else (None if run.has_gaps else 0),
    )


def gap_lines(gaps: Mapping[str, Sequence[Gap]], wording: Wording, *, most: int) -> tuple[tuple[GapLine, ...], int]:
    """What scanners left out, at most so many; and how many more there are."""
    every = [(scanner, gap) for scanner, some in gaps.items() for gap in some]
    shown = tuple(
        GapLine(
            scanner=one_line(scanner, 60),
            place=shorten_path(visible(str(gap.path)), 200) + (f":{gap.line}" if gap.line else ""),
            reason=wording.gap(gap.reason),
            detail=one_line(wording.said(gap.detail), 300),
        )
        for scanner, gap in every[:most]
    )
    return shown, len(every) - len(shown)


def wish_line(desk: Desk, wish: Wish, wording: Wording) -> WishLine:
    """A wish to merge, in words."""
    _ = wording.t.gettext
    states = {
        WishState.WAITING: _("waits"),
        WishState.REBASING: _("is being rebased"),
        WishState.MERGED: _("merged"),
        WishState.REFUSED: _("refused"),
        WishState.CANCELLED: _("taken back"),
    }
    return WishLine(
        iid=wish.iid,
        url=desk.frame.url("merge_request", project=wish.project_id, iid=wish.iid),
        who=one_line(wish.asked_by, 120),
        at=wish.asked_at,
        why=one_line(wording.said(wish.reason), 400),
        state=states[wish.state],
    )


def verdict_words(one: OpenMergeRequest, wording: Wording) -> tuple[str, str]:
    """The verdict in words, and why it is not the last word (empty where it is)."""
    _ = wording.t.gettext
    if one.outcome is None:
        return _("No verdict yet"), ""
    if not one.is_current:
        return wording.outcome(one.outcome), _("about an earlier commit")
    return wording.outcome(one.outcome), _("let through by the policy") if one.tolerated else ""


def _page(desk: Desk, visit: Visit, project_id: int) -> ProjectPage:
    wording, now = words_in(visit.language), visit.now
    today = now.astimezone(UTC).date()
    sees = frozenset({project_id})
    with session(desk.services.store) as reading:
        project = projects.get_project(reading, project_id)
        if project is None:
            raise not_there()
        facts = coverage_holes.project_facts(reading, sees)[0]
        gate = enforcement.stored(reading, project_id)
        # Asked for even where there is none, so that the number of statements is always the same.
        scan = project_overview.last_scan(reading, facts.scan_id or "")
        requests = overview.open_merge_requests(reading, project_id, limit=MOST_REQUESTS)
        open_requests = overview.count_open(reading, project_id)
        happened = incidents.page(reading, project_id=project_id, limit=MOST_INCIDENTS)
        open_incidents = sum(incidents.open_counts(reading, project_id).values())
        waiting_to_merge = wishes.open_wishes(reading, project_id, limit=MOST_REQUESTS)
        exceptions = suppressions.for_review(reading, project_id)
        severities = project_overview.by_severity(reading, project_id)
        rules = project_overview.groups(reading, project_id, "rule", limit=MOST_GROUPS)
        packages = project_overview.groups(reading, project_id, "package", limit=MOST_GROUPS)
        components, all_components = project_overview.components(reading, project_id, limit=MOST_COMPONENTS)
        licences = project_overview.licences_of_packages(
            reading, project_id, [(one.first, normalised(one.first, one.second)) for one in packages]
        )
        deadlines = project_overview.deadlines(reading, sees, today).get(project_id)
        last = deadlines.day if deadlines is not None else today
        days = project_overview.days_back(last, days=TREND_DAYS, step=1)
        trend = project_overview.trend(reading, sees, days)
        profile = project_overview.profile(reading, project_id)
    policy, problem = _policy(desk, project.path)
    required = policy.required_scanners if policy is not None else None
    assessed = facts.baseline_at is not None
    standing = [(made, made.standing(now)) for made in exceptions]
    in_force = [made for made, where in standing if where is Standing.IN_FORCE]
    gaps, more_gaps = gap_lines(scan.gaps if scan is not None else {}, wording, most=MOST_GAPS)
    host = host_of(desk.services.settings.gitlab_url or "")
    keeps = visit.principal.may(Permission.KEEP_PROJECT, project_id)
    return ProjectPage(
        id=project_id,
        path=one_line(project.path, 300),
        web_url=project.web_url if safe_url(project.web_url, host) else "",
        default_branch=one_line(project.default_branch or "", 200),
        gate=_gate(gate, wording),
        requests=tuple(_request(desk, project_id, one, wording) for one in requests),
        more_requests=max(0, open_requests - len(requests)),
        open_requests=open_requests,
        may_merge=sum(one.may_merge for one in requests),
        wishes=tuple(wish_line(desk, one, wording) for one in waiting_to_merge),
        severities=tuple(_severity(project_id, one) for one in severities),
        open_findings=sum(one.open for one in severities) if assessed else None,
        undecided=sum(one.undecided for one in severities) if assessed else None,
        overdue=_overdue(deadlines, severities) if assessed else None,
        trend=_trend(trend, days, wording),
        rules=tuple(_rule(project_id, one, wording) for one in rules),
        packages=tuple(_package(project_id, one, licences, wording) for one in packages),
        components=tuple(_component(one, wording) for one in components),
        more_components=all_components - len(components),
        baseline_at=facts.baseline_at,
        baseline_commit=(facts.commit or "")[:12],
        holes=tuple(hole_words(hole, wording) for hole in facts.holes(now, required)),
        unanswered=tuple(one_line(name, 60) for name in facts.unanswered),
        scan_at=scan.started_at if scan is not None else None,
        scan_files=scan.files if scan is not None else 0,
        runs=tuple(
            run_line(
                run, required is not None and run.scanner in required, len(scan.gaps.get(run.scanner, ())), wording
            )
            for run in scan.runs
        )
        if scan is not None
        else (),
        gaps=gaps,
        more_gaps=more_gaps,
        incidents=tuple(_incident(one, wording) for one in happened),
        open_incidents=open_incidents,
        exceptions=tuple(suppression_row(made, wording, now) for made in _ending_first(in_force)[:MOST_EXCEPTIONS]),
        more_exceptions=max(0, len(in_force) - MOST_EXCEPTIONS),
        waiting=tuple(suppression_row(made, wording, now) for made, where in standing if where is Standing.WAITING)[
            :MOST_EXCEPTIONS
        ],
        settings=_settings(policy, wording) if policy is not None else (),
        layers=tuple(one_line(layer, 200) for layer in policy.layers) if policy is not None else (),
        settings_problem=one_line(problem, 400),
        exposure=profile.exposure,
        exposure_words=exposure_words(profile.exposure, wording),
        exposures=tuple((one.value, exposure_words(one, wording)) for one in Exposure) if keeps else (),
        exposure_by=one_line(profile.changed_by, 120),
        exposure_at=profile.changed_at,
        triage_url=triage_url(project_id),
        maturity=project_card(desk, visit, project_id, project.path),
    )


def _overdue(counted: project_overview.Deadlines | None, rows: Sequence[SeverityRow]) -> int | None:
    """How many are late; None where nobody knows. What has no findings has none that are late."""
    if counted is not None:
        return counted.overdue
    return None if any(row.open for row in rows) else 0


def _policy(desk: Desk, path: str) -> tuple[Policy | None, str]:
    """The organisation's and groups' policy for a project, or why it cannot be read."""
    try:
        return desk.services.policy().for_project(path), ""
    except ConfigurationError as error:
        return None, str(error)


def _gate(known: StoredEnforcement | None, wording: Wording) -> Gate:
    _ = wording.t.gettext
    hook = known.hook_seen_at if known is not None else None
    if known is None or known.checked_at is None:
        words = _("nobody has looked at the project's settings yet")
        return Gate(None, wording.sentence(words), (), None, (), (), None, hook)
    found: Enforcement = known.enforcement
    language = wording.language
    above = [level for level in Level if level > found.level]
    missing = {level: tuple(missing_words(one, language) for one in found.missing_for(level)) for level in above}
    return Gate(
        level=found.level,
        words=wording.sentence(level_words(found.level, language)),
        limits=tuple(limit_words(limit, language) for limit in found.limits),
        next_level=above[0] if above else None,
        missing=missing[above[0]] if above else (),
        later=tuple((level.name, missing[level]) for level in above[1:] if missing[level]),
        checked_at=known.checked_at,
        hook_seen_at=hook,
    )


def _request(desk: Desk, project_id: int, one: OpenMergeRequest, wording: Wording) -> RequestLine:
    words, remark = verdict_words(one, wording)
    return RequestLine(
        iid=one.iid,
        url=desk.frame.url("merge_request", project=project_id, iid=one.iid),
        outcome=one.outcome,
        words=words,
        remark=remark,
        may_merge=one.may_merge,
        target=one_line(one.target_branch, 120),
        commit=(one.head_sha or "")[:12],
        judged_at=one.judged_at,
    )


def _severity(project_id: int, row: SeverityRow) -> SeverityLine:
    return SeverityLine(
        severity=row.severity,
        open=row.open,
        undecided=row.undecided,
        requested=row.requested,
        confirmed=row.confirmed,
        snoozed=row.snoozed,
        elsewhere=row.elsewhere,
        url=triage_url(project_id, severities=frozenset({row.severity})) if row.open else "",
    )


def _trend(trend: Sequence[project_overview.DayCount], days: Sequence[Any], wording: Wording) -> Chart:
    _ = wording.t.gettext
    now, then = (trend[-1], trend[0]) if trend else (None, None)
    description = _("Nobody has counted yet.")
    if now is not None and then is not None:
        description = _("{now} open findings on {last}, {then} on {first}.").format(
            now=now.total, last=now.day.isoformat(), then=then.total, first=then.day.isoformat()
        )
    return lines(
        "trend",
        _("Open findings on the default branch"),
        description,
        [day.isoformat() for day in days],
        severity_series(trend, days, wording),
        when=_("Day"),
    )


def _rule(project_id: int, row: GroupRow, wording: Wording) -> GroupLine:
    texts = wording.lookup(row.first, row.second, wording.language.value)
    name = one_line(f"{row.first} {row.second}", 200)
    return GroupLine(
        title=one_line(texts.title, 200) if texts is not None else name,
        name=name,
        worst=row.worst,
        count=row.count,
        url=triage_url(project_id, rule=(row.first, row.second), whereabouts=frozenset()),
        licences="",
    )


def _package(
    project_id: int, row: GroupRow, licences: Mapping[tuple[str, str], Sequence[str]], wording: Wording
) -> GroupLine:
    said = licences.get((row.first, normalised(row.first, row.second)), ())
    return GroupLine(
        title=one_line(row.second, 200),
        name=one_line(row.first, 60),
        worst=row.worst,
        count=row.count,
        url=triage_url(project_id, package=(row.first, row.second), whereabouts=frozenset()),
        licences=wording.joined([one_line(one, 80) for one in said[:4]]),
    )


def _component(one: Component, wording: Wording) -> ComponentLine:
    return ComponentLine(
        ecosystem=one_line(one.ecosystem, 60),
        package=one_line(one.package, 200),
        version=one_line(one.version, 80),
        licences=wording.joined([one_line(licence, 80) for licence in one.licences[:6]]),
    )


def _incident(known: KnownIncident, wording: Wording) -> IncidentRow:
    incident = known.incident
    where = [f"!{incident.merge_request_iid}"] if incident.merge_request_iid is not None else []
    where += [one_line(incident.ref, 120)] if incident.ref else []
    where += [incident.sha[:12]] if incident.sha else []
    return IncidentRow(
        id=known.id,
        severity=incident.severity,
        what=incident_words(incident.kind, wording.language),
        who=one_line(incident.actor, 120),
        where=" ".join(where),
        at=known.last_at,
        times=known.count,
    )


def _ending_first(made: Sequence[Suppression]) -> list[Suppression]:
    return sorted(made, key=lambda one: (one.expires_at, one.id))


def _settings(policy: Policy, wording: Wording) -> tuple[tuple[str, str], ...]:
    """What people ask about most; the rest is on the page about policies."""
    _ = wording.t.gettext
    sla, rules = policy.sla, policy.suppressions
    required = wording.joined(sorted(policy.required_scanners)) or _("none")
    longest = wording.t.ngettext("{n} day", "{n} days", rules.longest_days).format(n=rules.longest_days)
    days = [
        f"{wording.severity(severity)}{wording.colon()}{sla.days(severity)}"
        for severity in project_overview.SEVERITIES
        if sla.days(severity) is not None
    ]
    match rules.second_person:
        case SecondPerson.NEVER:
            second = _("for none")
        case SecondPerson.ALWAYS:
            second = _("for every one")
        case some:
            second = _("from {severity} on").format(severity=wording.severity(Severity(some.value)))
    return (
        (_("Rules that block"), str(len(policy.block))),
        (_("Rules that warn"), str(len(policy.warn))),
        (_("Required scanners"), required),
        (_("When nobody could judge"), _("block") if policy.not_assessed.value == "block" else _("let through")),
        (_("Days to mend"), wording.joined(days)),
        (_("Second person for exceptions"), second),
        (_("Longest exception"), longest),
        (_("Merged by the bot"), _label(policy, wording)),
    )


def _label(policy: Policy, wording: Wording) -> str:
    _ = wording.t.gettext
    if policy.merge.when_clear:
        return _("whatever is clear")
    if policy.merge.label:
        return _("with the label {label}").format(label=one_line(policy.merge.label, 80))
    return _("when somebody asks")
