"""
Maturity over the API: models, ratings with their evidence, trends, compliance summaries, and who gets which summaries.

Who sees what is decided as on the pages (``bot.web.pages.reports``).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query
from pydantic import Field
from starlette.responses import Response, StreamingResponse

from bot.chats import check_chat
from bot.domain.audit import Act, Action
from bot.domain.maturity.measures import FIGURES, MEASURES
from bot.domain.maturity.model import Model, Probe, Scheme
from bot.domain.maturity.period import PeriodKind, parse_period
from bot.domain.maturity.scope import ORGANISATION, Scope
from bot.domain.maturity.scoring import Answer, Assessment, ItemResult, next_steps
from bot.domain.maturity.subscription import (
    DEFAULT_FORMATS,
    PERIODS,
    Audience,
    Channel,
    ReportDelivery,
    Subscription,
    Wanted,
    parse_quiet,
    subscription_words,
    unserved,
)
from bot.domain.maturity.summary import to_json
from bot.domain.roles import Permission
from bot.reports.maturity.summary_formats import FORMATS, file_name
from bot.reports.maturity.words import measure_title
from bot.reports.visible import one_line
from bot.reports.wording import words_in
from bot.store import audit, projects
from bot.store.engine import session, write_session
from bot.store.maturity import deliveries, evidence, reports, snapshots, subscriptions
from bot.store.maturity.reports import ReportRow
from bot.store.projects import Project
from bot.store.secret_box import SecretBox
from bot.texts import N_, Language
from bot.web.api.attestations import add_attestations
from bot.web.api.desk_api import DeskApi
from bot.web.api.guard import (
    CURSOR,
    LIMIT,
    Caller,
    DeskRoute,
    cursor_text,
    fields_parameter,
    needs,
    number_cursor,
)
from bot.web.api.models import MOST, SCOPE_WORDS, In, NumberInPath, Out, Page, ScopeText
from bot.web.api.problems import Problem
from bot.web.entry import Visit, not_there
from bot.web.maturity_tools import MaturityTools, Standing
from bot.web.pages.reports import (
    Shown,
    made_report,
    refuse_other_sites,
    scope_of,
    scope_word,
    shown,
    whole_groups,
)
from bot.web.pages.subscriptions import send_again

_SELECTED = [Depends(fields_parameter)]
_Project = Annotated[int, Path(ge=-MOST, le=MOST, description="The project's number")]
_Word = Annotated[str, Path(max_length=100)]
_ModelId = Annotated[
    str | None, Query(max_length=64, description="A model's id; that of the settings without it. See /maturity/models.")
]
_MOST_EVIDENCE = 50
_BLOCK = 64 * 1024


# --- what is given ----------------------------------------------------------------------------------------------------


class ModelOut(Out):
    """A maturity model in force."""

    id: str
    version: str
    digest: str = Field(description="SHA-256 of its content")
    title: str
    scheme: Scheme
    source: str
    notice: str
    items: int
    demands: int


class DemandOut(Out):
    """One demand of an item."""

    id: str
    level: int
    text: str
    answer: Answer
    value: float | None = Field(description="What was measured; null for what nobody knows or people attest")
    measure: str | None = Field(description="Null where people attest it")
    attestation: int | None
    projects: dict[str, int] | None = Field(description="Of a group: of how many it is met, unmet and not known")


class ItemLine(Out):
    """How an item is rated."""

    id: str
    title: str
    rating: str | None = Field(description="`2` or, on the way to the next level, `3-`; null for not assessed")
    level: int | None
    credit: int = Field(description="Thousandths")
    known: int = Field(description="Thousandths of its weight that have an answer")
    points: int | None


class StepOut(Out):
    """What would raise the score."""

    item: str
    demand: str
    effort: int = Field(description="1 to 5")
    gain: int = Field(description="Hundredths of a point of the score")
    advice: str


class RatingOut(Out):
    """What a model says of a project or of the organisation."""

    scope: str
    model: str
    version: str
    model_digest: str
    first: date
    last: date
    score: int | None = Field(description="0 to 100; null for not assessed")
    level: int | None
    known: int = Field(description="Thousandths of all weight that have an answer")
    practice: int | None
    outcome: int | None
    snapshot: str | None = Field(description="Digest of the snapshot; null for a rating made just now")
    taken_at: datetime | None
    item_ratings: list[ItemLine]
    next_steps: list[StepOut] = Field(description="The cheapest first")
    figures: dict[str, float | None] = Field(description="By measure; null for what is not known")


class EvidenceOut(Out):
    """One thing behind an answer."""

    kind: str
    what: str
    at: datetime | None
    value: str
    finding: int | None
    merge_request: int | None
    scan: str | None
    incident: int | None


class DemandEvidence(DemandOut):
    """A demand with what is behind its answer."""

    title: str = Field(description="Of what is measured; empty where people attest it")
    counters: dict[str, int | None] = Field(description="What was counted; null where nobody knows")
    evidence: list[EvidenceOut]


class ItemOut(ItemLine):
    """An item with its demands and their evidence."""

    model: str
    demands: list[DemandEvidence]


class PointOut(Out):
    """A night's score."""

    day: date
    score: int | None
    level: int | None
    known: int
    practice: int | None
    outcome: int | None
    revision: int


class ReportLine(Out):
    """A compliance summary without its content."""

    id: int
    scope: str
    period: str
    first: date
    last: date
    language: Language
    digest: str = Field(description="SHA-256 of the document as canonical JSON")
    made_by: str
    made_at: datetime

    @classmethod
    def of(cls, row: ReportRow) -> ReportLine:
        """From the store's."""
        return cls(**_report(row))


class ReportOut(ReportLine):
    """A compliance summary."""

    document: dict[str, Any] = Field(description="As docs/compliance.md has it")


class SubscriptionOut(Out):
    """Who gets which summaries. The target of a chat is a password: only its kind is shown."""

    id: int
    name: str
    channel: Channel
    target: str
    audience: Audience
    scope: str
    served: bool = Field(
        description="False: nothing of this scope is served any more, so no summary comes. Was its group renamed?"
    )
    periods: list[PeriodKind]
    formats: list[str]
    language: Language
    time_zone: str
    quiet: str | None
    acknowledge: bool
    created_by: str
    created_at: datetime
    disabled_at: datetime | None

    @classmethod
    def of(cls, one: Subscription, *, served: bool) -> SubscriptionOut:
        """From the store's."""
        return cls(
            id=one.id,
            name=one.name,
            channel=one.channel,
            target=one.shown_target,
            audience=one.audience,
            scope=scope_word(one.scope),
            served=served,
            periods=list(one.periods),
            formats=list(one.formats),
            language=one.language,
            time_zone=one.time_zone,
            quiet=str(one.quiet) if one.quiet is not None else None,
            acknowledge=one.acknowledge,
            created_by=one.created_by,
            created_at=one.created_at,
            disabled_at=one.disabled_at,
        )


class ReportDeliveryOut(Out):
    """A summary on its way to somebody."""

    id: int
    subscription: int
    report: int
    created_at: datetime
    next_at: datetime | None = Field(description="When it is tried again; null for one that arrived or was given up")
    attempts: int
    done_at: datetime | None
    sent: bool
    problem: str | None
    where: str | None
    acknowledged_by: str | None
    acknowledged_at: datetime | None

    @classmethod
    def of(cls, one: ReportDelivery, language: Language) -> ReportDeliveryOut:
        """From the store's."""
        return cls(
            id=one.id,
            subscription=one.subscription_id,
            report=one.report_id,
            created_at=one.created_at,
            next_at=one.next_at if one.done_at is None else None,
            attempts=one.attempts,
            done_at=one.done_at,
            sent=one.sent,
            problem=words_in(language).said(one.problem) if one.problem else None,
            where=one.where or None,
            acknowledged_by=one.acknowledged_by or None,
            acknowledged_at=one.acknowledged_at,
        )


# --- what is taken ----------------------------------------------------------------------------------------------------


class ReportIn(In):
    """Which summary to make."""

    scope: ScopeText
    period: str = Field(max_length=60, description="2026, 2026-Q3, 2026-09, 2026-W38, or 2026-09-01..2026-09-17")
    language: Language = Language.ENGLISH


class SubscriptionIn(In):
    """Who is to get which summaries."""

    name: str = Field(min_length=1, max_length=200)
    channel: Channel
    target: str = Field(min_length=1, max_length=3_000)
    audience: Audience = Audience.MANAGEMENT
    scope: ScopeText
    periods: list[PeriodKind] = Field(min_length=1, max_length=len(PERIODS))
    formats: list[str] = Field(default_factory=list, max_length=10)
    language: Language = Language.ENGLISH
    time_zone: str = Field(default="UTC", max_length=60)
    quiet: str = Field(default="", max_length=20, description="Hours in which nothing is sent: 22:00-08:00")
    acknowledge: bool = False


class DeliversIn(In):
    """Whether it delivers."""

    enabled: bool


# --- routes -----------------------------------------------------------------------------------------------------------


def maturity_router(api: DeskApi, tools: MaturityTools) -> APIRouter:
    """Models, ratings and trends; compliance summaries; attestations; subscriptions."""
    router = APIRouter(route_class=DeskRoute)
    _ratings(router, api, tools)
    _reports(router, api, tools)
    add_attestations(router, api, tools)
    _subscriptions(router, api)
    return router


def _ratings(router: APIRouter, api: DeskApi, tools: MaturityTools) -> None:
    tags: list[Any] = ["Maturity"]

    def project_of(caller: Visit, number: int) -> Project:
        caller.require(Permission.READ, number)
        with session(api.services.store) as reading:
            found = projects.get_project(reading, number)
        if found is None:
            raise not_there()
        return found

    def rated(scope: Scope, path: str, model: str | None, caller: Visit) -> tuple[Standing, Model, Assessment]:
        wanted = _model(api, tools, model)
        standing = tools.standing(scope, path, caller.now)
        result = standing.content.result(wanted.id) if standing is not None else None
        if standing is None or result is None or result.model_digest not in standing.models:
            raise Problem(
                404, N_("nothing was counted yet"), N_("Each night the day is counted and a snapshot is taken.")
            )
        return standing, standing.models[result.model_digest], result

    @router.get("/maturity/models", tags=tags, dependencies=_SELECTED, **needs(Permission.READ))
    def list_models(caller: Caller) -> Page[ModelOut]:
        """The models in force."""
        language = caller.language
        return Page(
            items=[
                ModelOut(
                    id=one.id,
                    version=one.version,
                    digest=one.digest,
                    title=one.title[language],
                    scheme=one.scheme,
                    source=one.source,
                    notice=one.notice[language],
                    items=len(tuple(one.items)),
                    demands=len(tuple(one.demands)),
                )
                for one in tools.models()
            ]
        )

    @router.get("/maturity", tags=tags, dependencies=_SELECTED, **needs(Permission.READ))
    def rate_everything(caller: Caller, model: _ModelId = None) -> RatingOut:
        """The organisation's rating, for those who see every project."""
        if not caller.principal.everything:
            raise not_there()
        return _rating(ORGANISATION, *rated(ORGANISATION, "", model, caller), caller.language)

    @router.get("/projects/{project}/maturity", tags=tags, dependencies=_SELECTED, **needs(Permission.READ))
    def rate_project(caller: Caller, project: _Project, model: _ModelId = None) -> RatingOut:
        """A project's rating."""
        known, scope = project_of(caller, project), Scope.of_project(project)
        return _rating(scope, *rated(scope, known.path, model, caller), caller.language)

    @router.get(
        "/projects/{project}/maturity/items/{item}", tags=tags, dependencies=_SELECTED, **needs(Permission.READ)
    )
    def rate_item(caller: Caller, project: _Project, item: _Word, model: _ModelId = None) -> ItemOut:
        """An item's demands, and what is behind their answers."""
        known, scope = project_of(caller, project), Scope.of_project(project)
        standing, rating, result = rated(scope, known.path, model, caller)
        if item not in {one.id for one in rating.items}:
            raise Problem(404, N_("the model has no such item"), N_("Follow a link from the rating."))
        return _item(api, standing, rating, result.item(item), project, caller.language)

    @router.get("/projects/{project}/maturity/trend", tags=tags, dependencies=_SELECTED, **needs(Permission.READ))
    def project_trend(
        caller: Caller, project: _Project, model: _ModelId = None, days: Annotated[int, Query(ge=1, le=1_100)] = 365
    ) -> Page[PointOut]:
        """A project's score night by night, the earliest first."""
        project_of(caller, project)
        wanted = _model(api, tools, model)
        since = caller.now.astimezone(UTC).date() - timedelta(days=days)
        with session(api.services.store) as reading:
            points = snapshots.trend(reading, Scope.of_project(project), wanted.id, since, kind=PeriodKind.NIGHT)
        return Page(
            items=[
                PointOut(
                    day=one.period.last,
                    score=one.score.score,
                    level=one.score.level,
                    known=one.score.known,
                    practice=one.score.practice,
                    outcome=one.score.outcome,
                    revision=one.revision,
                )
                for one in points
            ]
        )


def _reports(router: APIRouter, api: DeskApi, tools: MaturityTools) -> None:
    tags: list[Any] = ["Compliance summaries"]
    store = api.services

    def stored(caller: Visit, number: int) -> Shown:
        with session(store.store) as reading:
            return shown(reading, caller.principal, number)

    @router.get("/reports", tags=tags, dependencies=_SELECTED, **needs(Permission.READ))
    def list_reports(
        caller: Caller,
        scope: Annotated[str | None, Query(max_length=600, description=SCOPE_WORDS)] = None,
        limit: LIMIT = 50,
        cursor: CURSOR = None,
    ) -> Page[ReportLine]:
        """Summaries that were made, the newest first."""
        before = number_cursor(cursor)
        wanted = scope_of(scope) if scope else None
        with session(store.store) as reading:
            known = projects.all_projects(reading)
            rows = reports.page(
                reading,
                sees=caller.principal.sees,
                groups=whole_groups(caller.principal, known),
                scope=wanted,
                before=before,
                limit=limit + 1,
            )
        return Page(
            items=[ReportLine.of(row) for row in rows[:limit]],
            next=cursor_text(rows[limit - 1].id) if len(rows) > limit else None,
        )

    @router.get("/reports/{report}", tags=tags, dependencies=_SELECTED, **needs(Permission.READ))
    def one_report(caller: Caller, report: NumberInPath) -> ReportOut:
        """One of them, whole."""
        found = stored(caller, report).report
        return ReportOut(**_report(found.row), document=to_json(found.summary))

    @router.post("/reports", tags=tags, status_code=201, **needs(Permission.EXPORT, counts_as="export"))
    def make_report(caller: Caller, wanted: ReportIn) -> ReportLine:
        """Make a summary of a period that is over; of the same snapshot there is one in each language."""
        scope = scope_of(wanted.scope)
        try:
            period = parse_period(wanted.period)
        except ValueError:
            raise Problem(
                422,
                N_("this is no period"),
                N_("Write 2026, 2026-Q3, 2026-09, 2026-W38, or two days with .. between."),
                field="period",
            ) from None
        return ReportLine.of(made_report(store, tools, caller, scope, period, wanted.language).row)

    @router.get(
        "/reports/{report}/files/{format}",
        tags=tags,
        response_class=StreamingResponse,
        responses={
            200: {
                "description": "The file",
                "content": {
                    one.media_type.partition(";")[0]: {"schema": {"type": "string", "format": "binary"}}
                    for one in FORMATS.values()
                },
            }
        },
        **needs(Permission.EXPORT, counts_as="export"),
    )
    def report_file(
        caller: Caller, report: NumberInPath, format: _Word, language: Annotated[Language | None, Query()] = None
    ) -> StreamingResponse:
        """A summary as a file: pdf, html, md, csv, xlsx or json."""
        one = stored(caller, report)
        found = one.report
        chosen = FORMATS.get(format)
        if chosen is None:
            raise not_there()
        if not one.exports:
            raise Problem(403, N_("your role does not let you take this away"), N_("Ask an administrator for a role."))
        refuse_other_sites(caller)
        spoken = language or found.row.language
        drawn = tools.drawn(found.summary, spoken, chosen)
        details = {"format": chosen.name, "language": spoken.value, "by": "api"}
        with write_session(store.store) as writing:
            audit.append(writing, _act(caller, Action.EXPORTED, f"report {report}", found.row.scope, details))
        return StreamingResponse(
            _blocks(drawn),
            media_type=chosen.media_type,
            headers={
                "Content-Disposition": f'attachment; filename="{file_name(found.summary, spoken, chosen)}"',
                "Content-Length": str(len(drawn)),
                "X-Accel-Buffering": "no",
            },
        )


def _subscriptions(router: APIRouter, api: DeskApi) -> None:
    tags: list[Any] = ["Subscriptions"]
    store, may = api.services, Permission.ADMINISTER

    def lines(of: Sequence[Project], *known: Subscription) -> list[SubscriptionOut]:
        idle = unserved(known, {one.id: one.path for one in of if store.settings.serves(one.path)})
        return [SubscriptionOut.of(one, served=one.id not in idle) for one in known]

    @router.get("/subscriptions", tags=tags, dependencies=_SELECTED, **needs(may))
    def list_subscriptions() -> Page[SubscriptionOut]:
        """Who gets which summaries."""
        with session(store.store) as reading:
            return Page(items=lines(projects.all_projects(reading), *subscriptions.every(reading)))

    @router.post("/subscriptions", tags=tags, status_code=201, **needs(may))
    def subscribe(caller: Caller, said: SubscriptionIn) -> SubscriptionOut:
        """Deliver summaries to somebody, beginning with the next period that ends."""
        if said.acknowledge and store.settings.public_url is None:
            raise Problem(422, N_("nobody could acknowledge: no public address is set"), N_("Set public_url."))
        wanted = Wanted(
            name=said.name,
            channel=said.channel,
            target=said.target,
            audience=said.audience,
            scope=scope_of(said.scope),
            periods=tuple(said.periods),
            formats=tuple(said.formats) or DEFAULT_FORMATS[said.audience],
            language=said.language,
            time_zone=said.time_zone,
            quiet=parse_quiet(said.quiet),
            acknowledge=said.acknowledge,
        )
        check_chat(wanted, allow_local=store.settings.outgoing_allow_local)
        with write_session(store.store) as writing:
            made = subscriptions.add(
                writing,
                SecretBox(store.settings.data_dir),
                wanted,
                created_by=caller.principal.actor,
                created_by_id=caller.principal.person_id,
                now=caller.now,
            )
            audit.append(writing, _told(caller, Action.SUBSCRIPTION_MADE, made))
            return lines(projects.all_projects(writing), made)[0]

    @router.patch("/subscriptions/{subscription}", tags=tags, **needs(may))
    def enable(caller: Caller, subscription: NumberInPath, wanted: DeliversIn) -> SubscriptionOut:
        """Deliver, or nothing more."""
        with write_session(store.store) as writing:
            before = subscriptions.get(writing, subscription)
            if before is None:
                raise not_there()
            made = subscriptions.set_enabled(writing, subscription, wanted.enabled, caller.now)
            if (before.disabled_at is None) != wanted.enabled:
                audit.append(writing, _told(caller, Action.SUBSCRIPTION_CHANGED, made, enabled=wanted.enabled))
            return lines(projects.all_projects(writing), made)[0]

    @router.delete("/subscriptions/{subscription}", tags=tags, status_code=204, **needs(may))
    def forget(caller: Caller, subscription: NumberInPath) -> Response:
        """Forget it, with its deliveries."""
        with write_session(store.store) as writing:
            if subscriptions.get(writing, subscription) is None:
                raise not_there()
            audit.append(
                writing, _told(caller, Action.SUBSCRIPTION_DELETED, subscriptions.forget(writing, subscription))
            )
        return Response(status_code=204)

    @router.get("/report-deliveries", tags=tags, dependencies=_SELECTED, **needs(may))
    def list_deliveries(
        caller: Caller,
        subscription: Annotated[int | None, Query(ge=1, le=MOST)] = None,
        report: Annotated[int | None, Query(ge=1, le=MOST)] = None,
        limit: LIMIT = 50,
        cursor: CURSOR = None,
    ) -> Page[ReportDeliveryOut]:
        """What became of summaries that were to be delivered, the newest first."""
        before = number_cursor(cursor)
        with session(store.store) as reading:
            rows = deliveries.page(
                reading, subscription_id=subscription, report_id=report, before=before, limit=limit + 1
            )
        return Page(
            items=[ReportDeliveryOut.of(row, caller.language) for row in rows[:limit]],
            next=cursor_text(rows[limit - 1].id) if len(rows) > limit else None,
        )

    @router.post("/report-deliveries/{delivery}/redelivery", tags=tags, status_code=204, **needs(may))
    def redeliver(caller: Caller, delivery: NumberInPath) -> Response:
        """Send one once more that was given up."""
        send_again(store, caller, delivery)
        return Response(status_code=204)


# --- parts ------------------------------------------------------------------------------------------------------------


def _model(api: DeskApi, tools: MaturityTools, wanted: str | None) -> Model:
    known = {model.id: model for model in tools.models()}
    found = known.get(wanted or api.services.settings.maturity_model)
    if found is None and not wanted:
        found = next(iter(known.values()), None)
    if found is None:
        raise Problem(404, N_("there is no such maturity model"), N_("See /maturity/models."), field="model")
    return found


def _rating(scope: Scope, standing: Standing, model: Model, result: Assessment, language: Language) -> RatingOut:
    advice = {demand.id: demand.advice[language] for _, demand in model.demands}
    taken = standing.snapshot
    return RatingOut(
        scope=scope_word(scope),
        model=model.id,
        version=model.version,
        model_digest=model.digest,
        first=standing.period.first,
        last=standing.period.last,
        score=result.score,
        level=result.level,
        known=result.known,
        practice=result.practice,
        outcome=result.outcome,
        snapshot=taken.digest if taken is not None else None,
        taken_at=taken.taken_at if taken is not None else None,
        item_ratings=[ItemLine(**_line(model, result.item(item.id), language)) for item in model.items],
        next_steps=[
            StepOut(
                item=one.item_id, demand=one.demand_id, effort=one.effort, gain=one.gain, advice=advice[one.demand_id]
            )
            for one in next_steps(model, result)
        ],
        figures={measure.name: standing.content.figures.get(measure.name) for measure in FIGURES},
    )


def _line(model: Model, rated: ItemResult, language: Language) -> dict[str, Any]:
    item = next(one for one in model.items if one.id == rated.item_id)
    return {
        "id": item.id,
        "title": item.title[language],
        "rating": rated.rating,
        "level": rated.level,
        "credit": rated.credit,
        "known": rated.known,
        "points": rated.points,
    }


def _item(
    api: DeskApi, standing: Standing, model: Model, rated: ItemResult, project: int, language: Language
) -> ItemOut:
    item = next(one for one in model.items if one.id == rated.item_id)
    inputs, wording = standing.content.inputs, words_in(language)
    with session(api.services.store) as reading:
        rows = {
            demand.id: evidence.evidence_rows(reading, project, demand.asks.measure, standing.period, _MOST_EVIDENCE)
            for demand in item.demands
            if isinstance(demand.asks, Probe)
        }
    demands = []
    for demand, answer in zip(item.demands, rated.demands, strict=True):
        measure = MEASURES[demand.asks.measure] if isinstance(demand.asks, Probe) else None
        tally = inputs.shared if measure is not None and measure.shared else inputs.counters
        demands.append(
            DemandEvidence(
                id=demand.id,
                level=demand.level,
                text=demand.text[language],
                answer=answer.answer,
                value=answer.value,
                measure=measure.name if measure is not None else None,
                attestation=answer.attestation_id,
                projects=None
                if answer.of is None
                else {"of": answer.of, "met": answer.met or 0, "unknown": answer.unknown or 0},
                title=measure_title(measure, wording) if measure is not None else "",
                counters={name: tally.get(name) for name in (measure.uses if measure is not None else ())},
                evidence=[
                    EvidenceOut(
                        kind=one.kind,
                        what=one_line(one.what, 400),
                        at=one.at,
                        value=one_line(one.value, 100),
                        finding=one.finding_id,
                        merge_request=one.iid,
                        scan=one.scan_id,
                        incident=one.incident_id,
                    )
                    for one in rows.get(demand.id, ())
                ],
            )
        )
    return ItemOut(**_line(model, rated, language), model=model.id, demands=demands)


def _report(row: ReportRow) -> dict[str, Any]:
    return {
        "id": row.id,
        "scope": scope_word(row.scope),
        "period": row.period.label,
        "first": row.period.first,
        "last": row.period.last,
        "language": row.language,
        "digest": row.digest,
        "made_by": row.made_by,
        "made_at": row.made_at,
    }


def _blocks(content: bytes) -> Iterator[bytes]:
    for start in range(0, len(content), _BLOCK):
        yield content[start : start + _BLOCK]


def _told(caller: Visit, action: Action, one: Subscription, **more: bool) -> Act:
    return _act(caller, action, f"subscription {one.id}", one.scope, {**subscription_words(one), **more})


def _act(caller: Visit, action: Action, subject: str, scope: Scope, details: Any) -> Act:
    principal = caller.principal
    # A subscription is the organisation's, whatever it is about: so the pages write it down as well.
    project = scope.project_id if action is Action.EXPORTED else None
    return Act(principal.actor, principal.person_id, action, subject, project, details, caller.address)
