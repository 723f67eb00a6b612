"""
Attestations: ``GET /attestations`` lists them, ``/attestations/new`` is the form for one demand; confirming, taking
back, and the file that came with one. Who may do what is decided by the pipeline, who sees what by the store, not here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, time, timedelta
from functools import partial
from typing import TYPE_CHECKING

from starlette.datastructures import UploadFile
from starlette.responses import Response
from starlette.routing import Route

from bot.domain.maturity.attestation import LARGEST_FILE, Attachment, Attestation, AttestationError, attachment
from bot.domain.maturity.model import Attest, Demand, Model
from bot.domain.maturity.scope import Scope, ScopeKind
from bot.domain.roles import Permission, Principal
from bot.domain.workflow import Fault, WorkflowError
from bot.errors import MergewardenError, Told, clause, sentence
from bot.reports.maturity.words import scope_words
from bot.reports.visible import one_line, visible
from bot.reports.wording import Wording, words_in
from bot.services import Services
from bot.store import projects
from bot.store.engine import session
from bot.store.maturity import attestations
from bot.texts import N_
from bot.web.api.guard import who as counted_as
from bot.web.api.problems import Problem
from bot.web.contexts.reports import AttestationLine, AttestationsPage, AttestPage
from bot.web.entry import Visit, not_there
from bot.web.frame import Message
from bot.web.maturity_tools import MaturityTools

if TYPE_CHECKING:
    from bot.web.desk import Desk

_SHOWN = 50
_STATUS = {
    Fault.NOT_FOUND: 404,
    Fault.FORBIDDEN: 403,
    Fault.CONFLICT: 409,
    Fault.INVALID: 422,
    Fault.UNAVAILABLE: 502,
}


def routes(desk: Desk) -> Sequence[Route]:
    """The pages and what is done on them; none where there is no pipeline."""
    tools = desk.maturity
    if tools is None:
        return ()
    page, action, may = desk.entry.page, desk.entry.action, Permission.ATTEST
    make = action(partial(_make, desk, tools), permission=may, largest_file=LARGEST_FILE)
    confirm = action(partial(_confirm, desk, tools), permission=may)
    withdraw = action(partial(_withdraw, desk, tools), permission=may)
    return (
        Route("/attestations", page(partial(_list, desk, tools)), methods=["GET"], name="attestations"),
        Route("/attestations", make, methods=["POST"]),
        Route("/attestations/new", page(partial(_form, desk, tools), permission=may), name="attest"),
        Route("/attestations/{number:int}/file", page(partial(_file, desk)), name="attestation_file"),
        Route("/attestations/{number:int}/confirm", confirm, methods=["POST"]),
        Route("/attestations/{number:int}/withdraw", withdraw, methods=["POST"]),
    )


def _list(desk: Desk, tools: MaturityTools, visit: Visit) -> Response:
    text = visit.query.get("before", "")
    before = int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else None
    wording, principal = words_in(visit.language), visit.principal
    with session(desk.services.store) as reading:
        seen = attestations.seen_by(reading, principal)
        found = attestations.page(reading, seen=seen, now=visit.now, before=before, limit=_SHOWN + 1)
        numbers = {one.scope.project_id for one in found if one.scope.project_id is not None}
        paths = {number: one.path for number, one in projects.projects_by_id(reading, numbers).items()}
    demands = {(model.id, demand.id): (model, demand) for model in tools.models() for _, demand in model.demands}
    context = AttestationsPage(
        lines=tuple(_line(desk, visit, one, paths, demands, wording) for one in found[:_SHOWN]),
        next=desk.frame.url("attestations", before=found[_SHOWN - 1].id) if len(found) > _SHOWN else "",
    )
    return desk.frame.page(visit, "attestations.html", context, section="maturity")


def _form(desk: Desk, tools: MaturityTools, visit: Visit) -> Response:
    query = visit.query
    return _shown(desk, tools, visit, query.get("model", ""), query.get("demand", ""), _scope(query))


def _shown(
    desk: Desk,
    tools: MaturityTools,
    visit: Visit,
    model_id: str,
    demand_id: str,
    scope: Scope,
    *,
    problem: Told = "",
    status: int = 200,
) -> Response:
    model, demand, asks = _asked(tools, model_id, demand_id)
    wording, language = words_in(visit.language), visit.language
    path = scope.key
    if scope.project_id is not None:
        visit.require(Permission.ATTEST, scope.project_id)
        with session(desk.services.store) as reading:
            project = projects.get_project(reading, scope.project_id)
        if project is None:
            raise not_there()
        path = project.path
        back = desk.frame.url("project_maturity", project=project.id, model=model.id)
    else:
        back = desk.frame.url("maturity", model=model.id)
    until = visit.now.date() + timedelta(days=asks.valid_days)
    context = AttestPage(
        demand=one_line(demand.text[language], 600),
        asked=demand.id,
        model=one_line(model.title[language], 200),
        model_id=model.id,
        demand_id=demand.id,
        kind=scope.kind.value,
        scope=scope.key,
        scope_words=scope_words(scope, path, wording),
        most_days=asks.valid_days,
        second_person=asks.second_person,
        text=str(visit.form.get("text", ""))[:10_000],
        until=str(visit.form.get("until", ""))[:10] or until.isoformat(),
        problem=problem,
        back_url=back,
    )
    return desk.frame.page(visit, "attest.html", context, status=status, section="maturity")


def _make(desk: Desk, tools: MaturityTools, visit: Visit) -> Response:
    # As in the API: what is handed in is kept for good.
    desk.rates.take("export", counted_as(visit.principal))
    form = visit.form
    model_id, demand_id = str(form.get("model", ""))[:200], str(form.get("demand", ""))[:200]
    scope = _scope({name: str(form.get(name, "")) for name in ("kind", "scope")})
    principal = acting(desk.services, visit, scope)
    try:
        expires_at = _day(str(form.get("until", "")))
        _, _, asks = _asked(tools, model_id, demand_id)
        if expires_at is not None and expires_at.date() == (visit.now + timedelta(days=asks.valid_days)).date():
            # The last day that there is ends with the hour of the act, and not at midnight.
            expires_at = None
        tools.attest(
            principal,
            scope,
            model_id,
            demand_id,
            str(form.get("text", "")),
            expires_at,
            _attached(form.get("file")),
            visit.address,
        )
    except WorkflowError as error:
        if error.fault is not Fault.INVALID:
            raise Problem(_STATUS[error.fault], error.told, error.told_hint) from error
        return _refused(desk, tools, visit, model_id, demand_id, scope, error)
    except AttestationError as error:
        return _refused(desk, tools, visit, model_id, demand_id, scope, error)
    return desk.frame.back(visit, "/attestations", Message(N_("It is written down.")))


def _refused(
    desk: Desk,
    tools: MaturityTools,
    visit: Visit,
    model_id: str,
    demand_id: str,
    scope: Scope,
    error: MergewardenError,
) -> Response:
    problem = sentence(N_("{a}. {b}"), a=clause(error.told), b=clause(error.told_hint))
    return _shown(desk, tools, visit, model_id, demand_id, scope, problem=problem, status=422)


def _confirm(desk: Desk, tools: MaturityTools, visit: Visit) -> Response:
    return _act(desk, visit, tools.confirm, N_("It is confirmed."))


def _withdraw(desk: Desk, tools: MaturityTools, visit: Visit) -> Response:
    reason = str(visit.form.get("reason", ""))[:2_000]

    def withdraw(principal: Principal, number: int, address: str) -> object:
        return tools.withdraw(principal, number, reason, address)

    return _act(desk, visit, withdraw, N_("It is taken back."))


def _act(desk: Desk, visit: Visit, act: Callable[[Principal, int, str], object], said: str) -> Response:
    known = told(desk.services, visit, number := visit.number("number"))
    principal = acting(desk.services, visit, known.scope, own=known.made_by_id == visit.principal.person_id)
    try:
        act(principal, number, visit.address)
    except WorkflowError as error:
        raise Problem(_STATUS[error.fault], error.told, error.told_hint) from error
    return desk.frame.back(visit, "/attestations", Message(said))


def _file(desk: Desk, visit: Visit) -> Response:
    return saved(desk.services, told(desk.services, visit, visit.number("number")))


# --- what the API does as well ----------------------------------------------------------------------------------------


def told(services: Services, visit: Visit, number: int) -> Attestation:
    """One by its number that the reader may know of. Raises ``Problem`` 404."""
    with session(services.store) as reading:
        known = attestations.get(reading, number, seen=attestations.seen_by(reading, visit.principal))
    if known is None:
        raise not_there()
    return known


def acting(services: Services, visit: Visit, scope: Scope, *, own: bool = False) -> Principal:
    """
    Who acts for a scope, as GitLab knows him now in all of it. Raises ``Problem`` 503 when it does not answer.

    For the organisation a role of the instance permits it, about which GitLab knows nothing. Where he may not act in
    some project of a group by what is known already, nobody is asked, as that may be thousands: the pipeline refuses.
    ``own``: whether it is his own that he takes back, for which he only has to see some of it.
    """
    if scope.project_id is not None:
        return visit.confirmed((scope.project_id,))
    if scope.kind is ScopeKind.ORGANISATION:
        return visit.confirmed(())
    with session(services.store) as reading:
        below = [one.id for one in projects.all_projects(reading) if scope.covers(one.id, one.path)]
    if own or all(visit.principal.may(Permission.ATTEST_WIDELY, number) for number in below):
        return visit.confirmed(below)
    return visit.principal


def saved(services: Services, known: Attestation) -> Response:
    """A stranger's file: it is saved and never shown as a page of ours. Raises ``Problem`` 404 where there is none."""
    with session(services.store) as reading:
        content = attestations.content_of(reading, known.file_digest)
    if content is None:
        raise not_there()
    name = "".join(
        letter if letter.isascii() and (letter.isalnum() or letter in "._-") else "_" for letter in known.file_name
    )
    headers = {
        "content-disposition": f'attachment; filename="{name[:100]}"',
        "content-security-policy": "default-src 'none'; sandbox",
        "x-content-type-options": "nosniff",
        "cache-control": "no-store",
    }
    return Response(content, media_type=known.file_type, headers=headers)


# --- parts ------------------------------------------------------------------------------------------------------------


def _asked(tools: MaturityTools, model_id: str, demand_id: str) -> tuple[Model, Demand, Attest]:
    for model in tools.models():
        for _, demand in model.demands:
            if model.id == model_id and demand.id == demand_id and isinstance(demand.asks, Attest):
                return model, demand, demand.asks
    raise Problem(404, N_("there is nothing to attest here"), N_("Follow a link from the rating."))


def _scope(values: Mapping[str, str]) -> Scope:
    try:
        return Scope(ScopeKind(values.get("kind", "")), values.get("scope", "").strip("/")[:600])
    except ValueError:
        raise Problem(404, N_("this is no project or group"), N_("Follow a link from the rating.")) from None


def _day(text: str) -> datetime | None:
    """The end of the day that was entered; None for none. Raises ``AttestationError``."""
    if not text.strip():
        return None
    try:
        return datetime.combine(datetime.fromisoformat(text.strip()[:10]).date(), time(23, 59, 59), UTC)
    except ValueError:
        raise AttestationError(N_("this is no day"), N_("Write it as in 2026-12-31.")) from None


def _attached(sent: object) -> Attachment | None:
    if not isinstance(sent, UploadFile) or not sent.filename:
        return None
    return attachment(sent.filename, sent.file.read(LARGEST_FILE + 1))


def _line(
    desk: Desk,
    visit: Visit,
    one: Attestation,
    paths: Mapping[int, str],
    demands: Mapping[tuple[str, str], tuple[Model, Demand]],
    wording: Wording,
) -> AttestationLine:
    _ = wording.t.gettext
    known = demands.get((one.model_id, one.demand_id))
    number = one.scope.project_id
    standing, kind = _standing(one, known[1] if known is not None else None, visit.now, wording)
    principal = visit.principal
    may = principal.may(Permission.ATTEST, number) if number is not None else principal.may(Permission.ATTEST_WIDELY)
    open_ = one.withdrawn_at is None and one.expires_at > visit.now
    mine = one.made_by_id is not None and one.made_by_id == principal.person_id
    return AttestationLine(
        id=one.id,
        demand=one_line(known[1].text[wording.language], 300) if known is not None else one_line(one.demand_id, 100),
        model=one_line(known[0].title[wording.language], 120) if known is not None else one_line(one.model_id, 100),
        scope=scope_words(
            one.scope, paths.get(number, one.scope.key) if number is not None else one.scope.key, wording
        ),
        text=visible(one.text)[:4_000],
        file_url=desk.frame.url("attestation_file", number=one.id) if one.file_digest else "",
        file_name=one_line(one.file_name, 120),
        made=_("{who}, {day}").format(who=one_line(one.made_by, 120), day=one.made_at.date().isoformat()),
        until=one.expires_at.date().isoformat(),
        standing=standing,
        kind=kind,
        may_confirm=may and open_ and one.confirmed_at is None and not mine,
        may_withdraw=open_ and (mine or may),
    )


def _standing(one: Attestation, demand: Demand | None, now: datetime, wording: Wording) -> tuple[str, str]:
    _ = wording.t.gettext
    if one.withdrawn_at is not None:
        return _("taken back by {who}").format(who=one_line(one.withdrawn_by, 120)), ""
    if one.expires_at <= now:
        return _("over"), "bad"
    if one.confirmed_at is not None:
        return _("confirmed by {who}").format(who=one_line(one.confirmed_by, 120)), "good"
    if demand is not None and isinstance(demand.asks, Attest) and not demand.asks.second_person:
        return _("holds"), "good"
    return _("waits for a second person"), "warn"
