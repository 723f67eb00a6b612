"""
Compliance summaries: ``GET /reports`` lists them, ``POST /reports`` makes one, ``/reports/{id}`` is one with its files.

A summary of a project is for those who see the project, one of a group for those who see all of it and whatever else it
tells of, one of the organisation for those who see everything. Taking a file away is an export: it asks for that right,
is written down, and counts together with the exports of the API, as does making one.
``/acknowledge/{code}`` is for whoever got the code with a message; only its button acknowledges, so that nothing that
follows links does.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from starlette.responses import Response
from starlette.routing import Route

from bot.domain.audit import Act, Action
from bot.domain.maturity.period import Period, PeriodKind, last_ended, parse_period
from bot.domain.maturity.scope import ORGANISATION, Scope, ScopeKind
from bot.domain.maturity.subscription import ReportDelivery, Subscription
from bot.domain.roles import Permission, Principal
from bot.errors import MergewardenError, Told, clause, sentence
from bot.reports.maturity.summary_formats import FORMATS, file_name
from bot.reports.maturity.summary_view import Tone
from bot.reports.maturity.summary_words import view_of
from bot.reports.maturity.words import period_words, scope_words
from bot.reports.visible import one_line
from bot.reports.wording import Wording, words_in
from bot.services import Services
from bot.store import audit, projects
from bot.store.desk.finding_reads import Reading
from bot.store.engine import session, write_session
from bot.store.maturity import deliveries, reports, subscriptions
from bot.store.maturity.reports import ReportRow, StoredReport
from bot.store.projects import Project
from bot.texts import N_, Language
from bot.web.api.guard import who as counted_as
from bot.web.api.problems import Problem
from bot.web.contexts.reports import AcknowledgePage, Choice, DeliveryLine, ReportLine, ReportPage, ReportsPage
from bot.web.entry import Visit, not_there
from bot.web.frame import Message
from bot.web.maturity_tools import MaturityTools

if TYPE_CHECKING:
    from bot.web.desk import Desk

_SHOWN = 50
_LANGUAGES = {Language.ENGLISH: "English", Language.CHINESE: "简体中文"}
_CODE = re.compile(r"[A-Za-z0-9_-]{20,100}", re.ASCII)
_ACKNOWLEDGE = "acknowledge"


def routes(desk: Desk) -> Sequence[Route]:
    """The pages; none where there is no pipeline to make summaries with."""
    tools = desk.maturity
    if tools is None:
        return ()
    page, entry = desk.entry.page, desk.entry
    return (
        Route("/reports", page(partial(_list, desk)), methods=["GET"], name="reports"),
        Route("/reports", entry.action(partial(_make, desk, tools), permission=Permission.EXPORT), methods=["POST"]),
        Route("/reports/{number:int}", page(partial(_one, desk)), name="report"),
        Route("/reports/{number:int}/document", page(partial(_document, desk, tools)), name="report_document"),
        Route("/reports/{number:int}/files/{format}", page(partial(_file, desk, tools)), name="report_file"),
        Route("/acknowledge/{code}", entry.open(partial(_asked, desk)), methods=["GET"], name="acknowledge"),
        Route("/acknowledge/{code}", entry.open(partial(_acknowledged, desk), writes=True), methods=["POST"]),
    )


# --- who sees what ----------------------------------------------------------------------------------------------------


def whole_groups(principal: Principal, known: Iterable[Project]) -> frozenset[str]:
    """Full paths of the groups of which somebody sees every project; upper and lower case are alike."""
    seen: dict[str, tuple[str, bool]] = {}
    for project in known:
        parts = project.path.split("/")[:-1]
        for end in range(1, len(parts) + 1):
            group = "/".join(parts[:end])
            name, whole = seen.get(group.casefold(), (group, True))
            seen[group.casefold()] = (name, whole and principal.sees_project(project.id))
    return frozenset(name for name, whole in seen.values() if whole)


def may_see(
    principal: Principal, scope: Scope, known: Iterable[Project], told_of: Collection[int] | None = None
) -> bool:
    """
    Whether somebody may see what is said about a scope.

    ``told_of``: of a document that was made, the projects that one of a group tells of (``reports.members``); he has to
    see each of them, wherever it is today. None where it is only about to be made.
    """
    if principal.everything:
        return True
    if scope.project_id is not None:
        return principal.sees_project(scope.project_id)
    if scope.kind is ScopeKind.ORGANISATION:
        return False
    if scope.key.casefold() not in {group.casefold() for group in whole_groups(principal, known)}:
        return False
    # Of a document without any nobody knows what it tells of.
    return told_of is None or (bool(told_of) and all(principal.sees_project(number) for number in told_of))


def may_export(
    principal: Principal, scope: Scope, known: Sequence[Project], told_of: Collection[int] | None = None
) -> bool:
    """Whether somebody may take away what is said about a scope; ``told_of`` as for ``may_see``."""
    if not may_see(principal, scope, known, told_of):
        return False
    within = {one.id for one in known if scope.covers(one.id, one.path)}
    return all(principal.may(Permission.EXPORT, number) for number in within.union(told_of or ()))


@dataclass(frozen=True, slots=True)
class Shown:
    """A document that was made, for somebody who may see it."""

    report: StoredReport
    exports: bool
    """Whether he may take it away."""
    known: Sequence[Project]
    """Every project there is."""


def shown(reading: Reading, principal: Principal, number: int) -> Shown:
    """A document by its number: for its page, its files and the API. Raises ``Problem`` 404. Three statements."""
    stored = reports.get(reading, number)
    known = projects.all_projects(reading)
    told_of = reports.members(reading, number)
    if stored is None or not may_see(principal, stored.row.scope, known, told_of):
        raise not_there()
    return Shown(stored, may_export(principal, stored.row.scope, known, told_of), known)


def made_report(
    services: Services, tools: MaturityTools, visit: Visit, scope: Scope, period: Period, language: Language
) -> StoredReport:
    """
    Make a summary for somebody who may take it away: for its page and the API. Raises ``Problem``, and what the tool
    raises.
    """
    with session(services.store) as reading:
        known = projects.all_projects(reading)
    within = [one.id for one in known if scope.covers(one.id, one.path)]
    principal = visit.confirmed(within[:1] if scope.project_id is not None else ())
    if not may_see(principal, scope, known) or (scope.project_id is not None and not within):
        raise not_there()
    if not may_export(principal, scope, known):
        raise Problem(403, N_("your role does not let you take this away"), N_("Ask an administrator for a role."))
    with tools.making.turn():
        made = tools.make(scope, period, language, principal, visit.address, visit.now)
    with session(services.store) as reading:
        # A group's may tell of a project that has left it: then it is made, and not for him.
        shown(reading, principal, made.id)
    return made


def refuse_other_sites(visit: Visit) -> None:
    """
    Raise ``Problem`` 403 where a page of another site has a browser take a file away: what is taken is written down.

    Old browsers and programs do not say which page it was. https://www.w3.org/TR/fetch-metadata/
    """
    if visit.headers.get("sec-fetch-site", "") == "cross-site":
        raise Problem(
            403, N_("the link came from another site"), N_("Open the summary's page here and take the file from there.")
        )


# --- pages ------------------------------------------------------------------------------------------------------------


def _list(desk: Desk, visit: Visit) -> Response:
    return desk.frame.page(visit, "reports.html", _context(desk, visit), section="reports")


def _context(desk: Desk, visit: Visit, *, problem: Told = "", period: str = "", chosen: str = "") -> ReportsPage:
    principal, wording = visit.principal, words_in(visit.language)
    text = visit.query.get("before", "")
    before = int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else None
    with session(desk.services.store) as reading:
        known = projects.all_projects(reading)
        rows = reports.page(
            reading,
            sees=principal.sees,
            groups=whole_groups(principal, known),
            before=before,
            limit=_SHOWN + 1,
        )
    paths = {one.id: one.path for one in known}
    scopes = _scopes(principal, known, chosen, wording)
    return ReportsPage(
        reports=tuple(_line(desk, row, paths, wording) for row in rows[:_SHOWN]),
        next=desk.frame.url("reports", before=rows[_SHOWN - 1].id) if len(rows) > _SHOWN else "",
        may_make=bool(scopes) and principal.may(Permission.EXPORT),
        scopes=scopes,
        languages=_languages(visit.language),
        period=period or last_ended(PeriodKind.MONTH, visit.now.date()).label,
        problem=problem,
        subscriptions_url=_url(desk, "subscriptions") if principal.may(Permission.ADMINISTER) else "",
    )


def _make(desk: Desk, tools: MaturityTools, visit: Visit) -> Response:
    desk.rates.take("export", counted_as(visit.principal))
    period_text = str(visit.form.get("period", ""))[:60]
    chosen = str(visit.form.get("scope", ""))[:600]
    try:
        scope = scope_of(chosen)
        try:
            period = parse_period(period_text)
        except ValueError as error:
            raise MergewardenError(
                N_("this is no period"), N_("Write 2026, 2026-Q3, 2026-09, 2026-W38, or two days with .. between.")
            ) from error
        language = _language(str(visit.form.get("language", "")), visit.language)
        made = made_report(desk.services, tools, visit, scope, period, language)
    except Problem:
        # Also one of our errors, and what it says has a page of its own.
        raise
    except MergewardenError as error:
        problem = sentence(N_("{a}. {b}"), a=clause(error.told), b=clause(error.told_hint))
        context = _context(desk, visit, problem=problem, period=period_text, chosen=chosen)
        return desk.frame.page(visit, "reports.html", context, status=422, section="reports")
    return desk.frame.back(visit, desk.frame.url("report", number=made.id), Message(N_("The summary is made.")))


def _one(desk: Desk, visit: Visit) -> Response:
    found = _found(desk, visit)
    stored, known, exports = found.report, found.known, found.exports
    wording = words_in(visit.language)
    scope, period = stored.row.scope, stored.row.period
    view = view_of(stored.summary, wording)
    with session(desk.services.store) as reading:
        same = reports.page(
            reading,
            sees=visit.principal.sees,
            groups=whole_groups(visit.principal, known),
            scope=scope,
            kind=period.kind,
            limit=_SHOWN,
        )
        rows = deliveries.page(reading, report_id=stored.id) if visit.principal.may(Permission.READ_PEOPLE) else ()
        told = {one.id: one for one in subscriptions.every(reading)} if rows else {}
    administers = visit.principal.may(Permission.ADMINISTER)
    paths = {one.id: one.path for one in known}
    url = partial(desk.frame.url, "report_file", number=stored.id)
    tones = {Tone.GOOD: "good", Tone.BAD: "bad", Tone.UNKNOWN: "warn", Tone.PLAIN: ""}
    context = ReportPage(
        id=stored.id,
        title=view.title,
        subtitle=view.subtitle,
        facts=view.facts,
        notices=view.notices,
        tiles=tuple((one.label, one.value, one.detail, tones[one.tone]) for one in view.management.tiles),
        bullets_title=view.management.bullets_title,
        bullets=view.management.bullets,
        document_url=desk.frame.url("report_document", number=stored.id),
        files=tuple((one.name.upper(), url(format=one.name)) for one in FORMATS.values()) if exports else (),
        revisions=tuple(
            _line(desk, row, paths, wording) for row in same if row.period == period and row.id != stored.id
        ),
        deliveries=tuple(
            delivery_line(one, told.get(one.subscription_id), wording, may_repeat=administers) for one in rows
        ),
    )
    return desk.frame.page(visit, "report.html", context, section="reports")


def _document(desk: Desk, tools: MaturityTools, visit: Visit) -> Response:
    stored = _found(desk, visit).report
    drawn = tools.draw(stored.summary, _language(visit.query.get("language", ""), visit.language), FORMATS["html"])
    # The document stands for itself: it brings its style along, and nothing in it may run or be asked for.
    policy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'none'; base-uri 'none'"
    headers = {"content-security-policy": f"{policy}; form-action 'none'", "cache-control": "no-store"}
    return Response(drawn, media_type="text/html; charset=utf-8", headers=headers)


def _file(desk: Desk, tools: MaturityTools, visit: Visit) -> Response:
    found = _found(desk, visit)
    stored = found.report
    format = FORMATS.get(str(visit.params["format"]))
    if format is None:
        raise not_there()
    if not found.exports:
        raise Problem(403, N_("your role does not let you take this away"), N_("Ask an administrator for a role."))
    refuse_other_sites(visit)
    desk.rates.take("export", counted_as(visit.principal))
    language = _language(visit.query.get("language", ""), stored.row.language)
    drawn = tools.drawn(stored.summary, language, format)
    principal = visit.principal
    with write_session(desk.services.store) as writing:
        audit.append(
            writing,
            Act(
                principal.actor,
                principal.person_id,
                Action.EXPORTED,
                f"report {stored.id}",
                project_id=stored.row.scope.project_id,
                details={"format": format.name, "language": language.value},
                address=visit.address,
            ),
        )
    name = file_name(stored.summary, language, format)
    headers = {
        "content-disposition": f'attachment; filename="{name}"',
        "cache-control": "no-store",
        "content-security-policy": "default-src 'none'; sandbox",
    }
    return Response(drawn, media_type=format.media_type, headers=headers)


# --- acknowledging ----------------------------------------------------------------------------------------------------


def _asked(desk: Desk, visit: Visit) -> Response:
    code, rows = _by_code(desk, visit)
    wording = words_in(visit.language)
    named = []
    with session(desk.services.store) as reading:
        for one in rows:
            report = reports.get(reading, one.report_id)
            if report is not None:
                view = view_of(report.summary, wording)
                named.append(f"{view.title} – {view.subtitle}")
    said = next((one for one in rows if one.acknowledged_at is not None), None)
    context = AcknowledgePage(
        reports=tuple(named),
        done=one_line(said.acknowledged_by, 120) if said is not None else "",
        code=code,
        who=visit.principal.actor,
        token=desk.key.sign(_ACKNOWLEDGE, code) if desk.key is not None else "",
    )
    assert visit.request is not None
    return desk.frame.stranger_page(visit.request, "acknowledge.html", context, visit.language)


def _acknowledged(desk: Desk, visit: Visit) -> Response:
    code, rows = _by_code(desk, visit)
    if desk.key is None or not desk.key.is_signed(_ACKNOWLEDGE, code, str(visit.form.get("token", ""))):
        raise Problem(403, N_("the form is not from a page of ours"), N_("Load the page again and repeat it."))
    with write_session(desk.services.store) as writing:
        told = subscriptions.get(writing, rows[0].subscription_id)
        # Whoever is not signed in is known by the address that the code was sent to, and by nothing else.
        who = visit.principal.actor or (f"{told.name} ({told.shown_target})" if told is not None else "")
        count = deliveries.acknowledge(writing, code, one_line(who, 200), visit.now)
        if count:
            audit.append(
                writing,
                Act(
                    one_line(who, 200),
                    visit.principal.person_id,
                    Action.REPORT_ACKNOWLEDGED,
                    f"subscription {rows[0].subscription_id}",
                    details={"reports": [one.report_id for one in rows]},
                    address=visit.address,
                ),
            )
    return _asked(desk, visit)


def _by_code(desk: Desk, visit: Visit) -> tuple[str, tuple[ReportDelivery, ...]]:
    code = str(visit.params["code"])
    rows: tuple[ReportDelivery, ...] = ()
    if _CODE.fullmatch(code):
        with session(desk.services.store) as reading:
            rows = deliveries.by_code(reading, code)
    if not rows:
        raise Problem(404, N_("there is nothing to acknowledge here"), N_("A newer message may have a newer link."))
    return code, rows


# --- parts ------------------------------------------------------------------------------------------------------------


def scope_of(text: str) -> Scope:
    """A scope from ``organisation``, ``group:shop/web`` or ``project:42``. Raises ``MergewardenError``."""
    kind, _, name = text.partition(":")
    try:
        return Scope(ScopeKind(kind), name.strip("/"))
    except ValueError:
        raise MergewardenError(N_("this is no project or group"), N_("Choose one of the list.")) from None


def scope_word(scope: Scope) -> str:
    """The inverse of ``scope_of``."""
    return f"{scope.kind.value}:{scope.key}" if scope.key else scope.kind.value


def _scopes(principal: Principal, known: Sequence[Project], chosen: str, wording: Wording) -> tuple[Choice, ...]:
    found = [ORGANISATION] if principal.everything else []
    found += [Scope.of_group(group) for group in sorted(whole_groups(principal, known))]
    found += [Scope.of_project(one.id) for one in known if principal.sees_project(one.id)]
    paths = {one.id: one.path for one in known}
    return tuple(
        Choice(scope_word(one), scope_words(one, _path(one, paths), wording), scope_word(one) == chosen)
        for one in found
    )


def _path(scope: Scope, paths: dict[int, str]) -> str:
    return scope.key if scope.project_id is None else paths.get(scope.project_id, scope.key)


def _line(desk: Desk, row: ReportRow, paths: dict[int, str], wording: Wording) -> ReportLine:
    return ReportLine(
        id=row.id,
        url=desk.frame.url("report", number=row.id),
        scope=scope_words(row.scope, _path(row.scope, paths), wording),
        period=period_words(row.period, wording),
        language=_LANGUAGES[row.language],
        made_by=one_line(row.made_by, 120),
        made_at=row.made_at,
    )


def delivery_line(
    one: ReportDelivery, told: Subscription | None, wording: Wording, *, may_repeat: bool
) -> DeliveryLine:
    """A delivery in words. ``may_repeat``: whether the reader may send it again."""
    _ = wording.t.gettext
    if one.sent:
        state, kind = _("arrived"), "good"
    elif one.done_at is not None:
        state, kind = _("given up"), "bad"
    else:
        state, kind = _("waits"), "warn" if one.attempts else ""
    acknowledged = ""
    if one.acknowledged_at is not None:
        acknowledged = _("read by {who}").format(who=one_line(one.acknowledged_by, 120))
    elif one.sent and one.asks:
        acknowledged = _("not yet acknowledged")
    return DeliveryLine(
        id=one.id,
        target=one_line(told.shown_target, 120) if told is not None else "",
        subscription=one_line(told.name, 100) if told is not None else "",
        at=one.done_at or one.created_at,
        state=state,
        kind=kind,
        problem=one_line(wording.said(one.problem), 300) if one.problem else "",
        acknowledged=acknowledged,
        where=one.where if one.where.startswith(("https://", "http://")) else "",
        may_repeat=may_repeat and one.done_at is not None and not one.sent,
    )


def _found(desk: Desk, visit: Visit) -> Shown:
    with session(desk.services.store) as reading:
        return shown(reading, visit.principal, visit.number("number"))


def _languages(chosen: Language) -> tuple[Choice, ...]:
    return tuple(Choice(one.value, label, one is chosen) for one, label in _LANGUAGES.items())


def _language(word: str, otherwise: Language) -> Language:
    return next((one for one in Language if one.value == word), otherwise)


def _url(desk: Desk, name: str) -> str:
    try:
        return desk.frame.url(name)
    except KeyError:
        return ""
