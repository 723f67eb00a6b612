"""
Maturity: ``GET /maturity`` for all that somebody sees, ``/projects/{project}/maturity`` for one project, and
``.../maturity/{model}/{item}`` for what is behind an item's rating; ``GET /badges/{project}/{signature}.svg``.

A badge is asked for by browsers that are not signed in: whoever knows its address sees score and level, and nothing
else. The address cannot be guessed: it is signed with the desk's key.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, timedelta
from functools import partial
from typing import TYPE_CHECKING

from markupsafe import Markup
from starlette.responses import Response
from starlette.routing import Route

from bot.domain.maturity.counters import Tally
from bot.domain.maturity.measures import FIGURES, MEASURES
from bot.domain.maturity.model import Attest, Demand, Item, Model, Probe, Scheme
from bot.domain.maturity.period import PeriodKind
from bot.domain.maturity.scope import ORGANISATION, Scope
from bot.domain.maturity.scoring import Answer, Assessment, DemandResult, ItemResult, next_steps
from bot.domain.roles import Permission
from bot.reports.html import segments
from bot.reports.maturity.badge import render_badge
from bot.reports.maturity.words import (
    answer_words,
    level_words,
    limit_words,
    measure_title,
    number_words,
    rating_words,
    target_words,
    value_words,
)
from bot.reports.visible import one_line, shorten_path, visible
from bot.reports.wording import Wording, words_in
from bot.store import projects
from bot.store.desk.finding_reads import Reading
from bot.store.engine import session
from bot.store.maturity import attestations, evidence, snapshots
from bot.texts import N_, Language
from bot.web.api.problems import Problem
from bot.web.charts import Chart, Series, lines, sparkline
from bot.web.contexts.maturity import (
    AreaPart,
    DemandPart,
    EvidenceRow,
    FigureRow,
    ItemPage,
    ItemRow,
    MaturityPage,
    ProjectRow,
    Rating,
    ScoreCard,
    StepRow,
    Tab,
)
from bot.web.entry import Visit, not_there
from bot.web.maturity_tools import MaturityTools, ScoreLine, Standing

if TYPE_CHECKING:
    from bot.web.desk import Desk

_MOST_STEPS = 8
_STEPS_ON_A_CARD = 3
_MOST_PROJECTS = 100
_MOST_EVIDENCE = 20
_TREND = timedelta(days=365)
_BADGE = "badge"


def routes(desk: Desk) -> Sequence[Route]:
    """The pages and the badge; none where there is no pipeline to ask."""
    tools = desk.maturity
    if tools is None:
        return ()
    page = desk.entry.page
    return (
        Route("/maturity", page(partial(_whole, desk, tools)), name="maturity"),
        Route("/projects/{project}/maturity", page(partial(_project, desk, tools)), name="project_maturity"),
        Route(
            "/projects/{project}/maturity/{model}/{item}",
            page(partial(_item, desk, tools)),
            name="project_maturity_item",
        ),
        Route("/maturity/{model}/{item}", page(partial(_whole_item, desk, tools)), name="maturity_item"),
        Route("/badges/{project}/{signature}.svg", desk.entry.open(partial(_badge, desk, tools)), name="badge"),
    )


# --- pages ------------------------------------------------------------------------------------------------------------


def _whole(desk: Desk, tools: MaturityTools, visit: Visit) -> Response:
    wording, principal = words_in(visit.language), visit.principal
    model = _chosen(desk, tools, visit)
    standing = tools.standing(ORGANISATION, "", visit.now) if principal.everything else None
    rows = [line for line in tools.lines(model.id, visit.now) if principal.sees_project(line.project.id)]
    rows.sort(key=_worst_first)
    address = partial(desk.frame.url, "maturity")
    rating = None
    if standing is not None:
        rating = _rating(desk, visit, standing, model.id, ORGANISATION, wording)
    context = MaturityPage(
        heading=wording.t.gettext("Maturity"),
        project_url="",
        rating=rating,
        partial=not principal.everything,
        projects=tuple(_line(desk, line) for line in rows[:_MOST_PROJECTS]),
        more_projects=max(0, len(rows) - _MOST_PROJECTS),
        tabs=_tabs(tools.models(), model.id, address, wording.language),
        badge_url="",
        badge_markdown="",
    )
    return desk.frame.page(visit, "maturity.html", context, section="maturity")


def _project(desk: Desk, tools: MaturityTools, visit: Visit) -> Response:
    project_id = visit.number("project")
    visit.require(Permission.READ, project_id)
    wording = words_in(visit.language)
    with session(desk.services.store) as reading:
        project = projects.get_project(reading, project_id)
    if project is None:
        raise not_there()
    model = _chosen(desk, tools, visit)
    scope = Scope.of_project(project_id)
    standing = tools.standing(scope, project.path, visit.now)
    address = partial(desk.frame.url, "project_maturity", project=project_id)
    badge = badge_path(desk, project_id)
    public = desk.services.settings.public_url
    context = MaturityPage(
        heading=one_line(project.path, 300),
        project_url=desk.frame.url("project", project=project_id),
        rating=_rating(desk, visit, standing, model.id, scope, wording) if standing is not None else None,
        partial=False,
        projects=(),
        more_projects=0,
        tabs=_tabs(tools.models(), model.id, address, wording.language),
        badge_url=badge,
        badge_markdown=(
            f"[![security]({public}{badge})]({public}{address(model=desk.services.settings.maturity_model)})"
            if public and badge
            else ""
        ),
    )
    return desk.frame.page(visit, "maturity.html", context, section="projects")


def _item(desk: Desk, tools: MaturityTools, visit: Visit) -> Response:
    project_id = visit.number("project")
    visit.require(Permission.READ, project_id)
    with session(desk.services.store) as reading:
        project = projects.get_project(reading, project_id)
    if project is None:
        raise not_there()
    return _item_page(desk, tools, visit, Scope.of_project(project_id), project.path)


def _whole_item(desk: Desk, tools: MaturityTools, visit: Visit) -> Response:
    if not visit.principal.everything:
        raise not_there()
    return _item_page(desk, tools, visit, ORGANISATION, "")


def _item_page(desk: Desk, tools: MaturityTools, visit: Visit, scope: Scope, path: str) -> Response:
    wording, language = words_in(visit.language), visit.language
    standing = tools.standing(scope, path, visit.now)
    found = _found(standing, str(visit.params["model"])) if standing is not None else None
    if standing is None or found is None:
        raise not_there()
    model, result = found
    item = next((one for one in model.items if one.id == str(visit.params["item"])), None)
    if item is None:
        raise Problem(404, N_("the model has no such item"), N_("Follow a link from the rating."))
    rated = result.item(item.id)
    inputs = standing.content.inputs
    numbers = {one.attestation_id for one in rated.demands}
    with session(desk.services.store) as reading:
        words = {one.id: one for one in attestations.holding(reading, visit.now) if one.id in numbers}
        rows = {
            demand.id: _evidence(
                desk,
                evidence.evidence_rows(reading, scope.project_id, demand.asks.measure, standing.period, _MOST_EVIDENCE),
            )
            for demand in item.demands
            if isinstance(demand.asks, Probe) and scope.project_id is not None
        }
    parts = []
    for demand, answer in zip(item.demands, rated.demands, strict=True):
        said = words.get(answer.attestation_id or 0)
        attested = ""
        if said is not None:
            attested = wording.t.gettext("{who}, until {day}").format(
                who=one_line(said.made_by, 120), day=said.expires_at.date().isoformat()
            )
        parts.append(
            _demand(
                model,
                demand,
                answer,
                inputs.shared if _is_shared(demand) else inputs.counters,
                attested,
                _attest_url(desk, scope, model, demand),
                rows.get(demand.id, ()),
                wording,
            )
        )
    back = (
        desk.frame.url("project_maturity", project=scope.project_id, model=model.id)
        if scope.project_id is not None
        else desk.frame.url("maturity", model=model.id)
    )
    context = ItemPage(
        heading=one_line(path, 300) or wording.t.gettext("All projects"),
        item=_named(item.id, item.title[language]),
        description=visible(item.description[language])[:2_000],
        rating=rating_words(rated, model, wording),
        notice=one_line(model.notice[language], 600),
        model_title=one_line(model.title[language], 200),
        back_url=back,
        demands=tuple(parts),
    )
    return desk.frame.page(visit, "maturity_item.html", context, section="maturity")


# --- parts of other pages ---------------------------------------------------------------------------------------------


def project_card(desk: Desk, visit: Visit, project_id: int, path: str) -> ScoreCard | None:
    """
    How a project stands by the model of the settings, for its own page; None where there is no pipeline to ask.

    Three statements where there is a snapshot, and at most four without one.
    """
    tools = desk.maturity
    model = _usual(desk)
    if tools is None or model is None:
        return None
    wording, scope = words_in(visit.language), Scope.of_project(project_id)
    standing = tools.standing(scope, path, visit.now)
    found = _found(standing, model.id) if standing is not None else None
    with session(desk.services.store) as reading:
        spark = _spark(reading, visit, scope, model, wording)
    address = partial(desk.frame.url, "project_maturity", project=project_id)
    title, whole = one_line(model.title[visit.language], 80), address(model=model.id)
    if found is None:
        return ScoreCard(title, whole, None, "", None, (), spark)
    rated, result = found

    def url(item_id: str) -> str:
        return desk.frame.url("project_maturity_item", project=project_id, model=rated.id, item=item_id)

    return ScoreCard(
        model=title,
        url=whole,
        score=result.score,
        level=level_words(result.level, rated, wording) if rated.scheme is Scheme.LEVELS else "",
        known=result.known // 10,
        steps=_steps(rated, result, url, wording)[:_STEPS_ON_A_CARD],
        spark=spark,
    )


def scores(
    desk: Desk, reading: Reading, visit: Visit, project_ids: Sequence[int]
) -> tuple[Mapping[int, int | None], ScoreCard | None] | None:
    """
    What the newest snapshots say by the model of the settings: of these projects, by number, and of the organisation
    for whoever sees everything. None where there is no pipeline. Two statements however many projects there are.
    """
    model = _usual(desk)
    if model is None:
        return None
    wording = words_in(visit.language)
    scopes = [ORGANISATION, *(Scope.of_project(number) for number in project_ids)]
    newest = snapshots.newest(reading, scopes, PeriodKind.NIGHT)
    spark = _spark(reading, visit, ORGANISATION, model, wording)
    found = {
        scope.project_id: score.score
        for scope, one in newest.items()
        if scope.project_id is not None and (score := one.scores.get(model.id)) is not None
    }
    if not visit.principal.everything:
        return found, None
    whole = newest.get(ORGANISATION)
    mine = whole.scores.get(model.id) if whole is not None else None
    return found, ScoreCard(
        model=one_line(model.title[visit.language], 80),
        url=desk.frame.url("maturity", model=model.id),
        score=mine.score if mine is not None else None,
        level="",
        known=mine.known // 10 if mine is not None else None,
        steps=(),
        spark=spark,
    )


def _usual(desk: Desk) -> Model | None:
    """The model of the settings, or else the first; None where there is no pipeline."""
    if desk.maturity is None:
        return None
    known = {model.id: model for model in desk.maturity.models()}
    return known.get(desk.services.settings.maturity_model) or next(iter(known.values()), None)


def _spark(reading: Reading, visit: Visit, scope: Scope, model: Model, wording: Wording) -> Markup:
    since = visit.now.astimezone(UTC).date() - _TREND
    points = snapshots.trend(reading, scope, model.id, since, kind=PeriodKind.NIGHT)
    return sparkline([one.score.score for one in points], wording.t.gettext("Score over the last year"), "accent")


# --- the badge --------------------------------------------------------------------------------------------------------


def badge_path(desk: Desk, project_id: int) -> str:
    """The badge's address, without the host; empty where there is no key."""
    if desk.key is None:
        return ""
    return desk.frame.url("badge", project=project_id, signature=desk.key.sign(_BADGE, str(project_id)))


def _badge(desk: Desk, tools: MaturityTools, visit: Visit) -> Response:
    number = visit.number("project")
    if desk.key is None or not desk.key.is_signed(_BADGE, str(number), str(visit.params["signature"])):
        raise not_there()
    with session(desk.services.store) as reading:
        project = projects.get_project(reading, number)
    if project is None:
        raise not_there()
    language = desk.services.settings.language
    standing = tools.standing(Scope.of_project(project.id), project.path, visit.now)
    model_id = desk.services.settings.maturity_model
    found = _found(standing, model_id) if standing is not None else None
    svg = render_badge(found[1] if found is not None else None, words_in(language))
    # GitLab's and browsers' caches keep badges for long otherwise.
    headers = {"cache-control": "public, max-age=600", "content-security-policy": "default-src 'none'"}
    return Response(svg, media_type="image/svg+xml", headers=headers)


# --- parts ------------------------------------------------------------------------------------------------------------


def _chosen(desk: Desk, tools: MaturityTools, visit: Visit) -> Model:
    known = {model.id: model for model in tools.models()}
    wanted = visit.query.get("model", "")
    if wanted and wanted not in known:
        raise Problem(404, N_("there is no such maturity model"), N_("Follow a link from the rating."))
    usual = known.get(desk.services.settings.maturity_model) or next(iter(known.values()))
    return known[wanted] if wanted else usual


def _found(standing: Standing, model_id: str) -> tuple[Model, Assessment] | None:
    result = standing.content.result(model_id)
    model = standing.models.get(result.model_digest) if result is not None else None
    return (model, result) if model is not None and result is not None else None


def _tabs(models: Sequence[Model], current: str, address: partial[str], language: Language) -> tuple[Tab, ...]:
    return tuple(
        Tab(one_line(model.title[language], 80), address(model=model.id), model.id == current) for model in models
    )


def _rating(
    desk: Desk, visit: Visit, standing: Standing, model_id: str, scope: Scope, wording: Wording
) -> Rating | None:
    found = _found(standing, model_id)
    if found is None:
        return None
    model, result = found
    language = wording.language
    route = "maturity_item" if scope.project_id is None else "project_maturity_item"
    place = {} if scope.project_id is None else {"project": scope.project_id}

    def url(item_id: str) -> str:
        return desk.frame.url(route, **place, model=model.id, item=item_id)

    steps = _steps(model, result, url, wording)
    address = partial(desk.frame.url, "maturity" if scope.project_id is None else "project_maturity", **place)
    models = [standing.models[one.digest] for one in standing.content.inputs.models if one.digest in standing.models]
    return Rating(
        tabs=_tabs(models, model.id, address, language),
        title=one_line(model.title[language], 200),
        notice=one_line(model.notice[language], 600),
        source=one_line(model.source, 300),
        version=one_line(model.version, 40),
        has_levels=model.scheme is Scheme.LEVELS,
        score=result.score,
        level=level_words(result.level, model, wording),
        known=result.known // 10,
        practice=result.practice,
        outcome=result.outcome,
        areas=tuple(
            AreaPart(
                _named(area.id, area.title[language]),
                tuple(_item_row(item, result.item(item.id), model, url(item.id), wording) for item in area.items),
            )
            for area in model.areas
        ),
        steps=steps[:_MOST_STEPS],
        more_steps=max(0, len(steps) - _MOST_STEPS),
        figures=_figures(standing.content.figures, wording),
        trend=_trend(desk, visit, scope, model, wording),
        days=standing.content.inputs.days,
        taken_at=standing.snapshot.taken_at if standing.snapshot is not None else None,
        digest=standing.snapshot.digest if standing.snapshot is not None else "",
    )


def _steps(model: Model, result: Assessment, url: Callable[[str], str], wording: Wording) -> tuple[StepRow, ...]:
    """What would raise the score, the cheapest first."""
    language = wording.language
    texts = {demand.id: (item, demand) for item, demand in model.demands}
    return tuple(
        StepRow(
            step.effort,
            f"+{number_words(step.gain / 100, wording, 2)}",
            segments(one_line(texts[step.demand_id][1].advice[language], 300)),
            _named(step.item_id, texts[step.demand_id][0].title[language]),
            f"{url(step.item_id)}#{_anchor(step.demand_id)}",
        )
        for step in next_steps(model, result)
    )


def _item_row(item: Item, result: ItemResult, model: Model, url: str, wording: Wording) -> ItemRow:
    answers = [one.answer for one in result.demands]
    return ItemRow(
        title=_named(item.id, item.title[wording.language]),
        rating=rating_words(result, model, wording),
        level=result.level,
        credit=result.credit // 10,
        known=result.known // 10,
        met=answers.count(Answer.MET),
        unmet=answers.count(Answer.UNMET),
        unknown=answers.count(Answer.UNKNOWN),
        only_people=all(isinstance(demand.asks, Attest) for demand in item.demands),
        url=url,
    )


def _figures(figures: Mapping[str, float], wording: Wording) -> tuple[FigureRow, ...]:
    rows = []
    for measure in FIGURES:
        value = figures.get(measure.name)
        rows.append(
            FigureRow(
                title=measure_title(measure, wording),
                value=value_words(value, measure.unit, wording),
                known=value is not None,
                target=target_words(measure, wording),
                reaches=measure.reaches(value),
                published=measure.target.published if measure.target is not None else "",
            )
        )
    return tuple(rows)


def _trend(desk: Desk, visit: Visit, scope: Scope, model: Model, wording: Wording) -> Chart:
    _ = wording.t.gettext
    since = visit.now.astimezone(UTC).date() - _TREND
    with session(desk.services.store) as reading:
        points = snapshots.trend(reading, scope, model.id, since, kind=PeriodKind.NIGHT)
    names = (
        (_("Score"), "accent", [one.score.score for one in points]),
        (_("What is done"), "good", [one.score.practice for one in points]),
        (_("What comes of it"), "high", [one.score.outcome for one in points]),
    )
    return lines(
        "maturity-trend",
        _("Score over the last year"),
        _("Score from 0 to 100 by day, with its two parts. A gap is a day that was not assessed."),
        [one.period.last.isoformat() for one in points],
        [Series(name, style, tuple(values)) for name, style, values in names],
        when=_("Day"),
    )


def _demand(
    model: Model,
    demand: Demand,
    answer: DemandResult,
    tally: Tally,
    attested: str,
    attest_url: str,
    rows: tuple[EvidenceRow, ...],
    wording: Wording,
) -> DemandPart:
    _ = wording.t.gettext
    language = wording.language
    value = ""
    counters: tuple[tuple[str, str], ...] = ()
    if isinstance(demand.asks, Probe):
        measure = MEASURES[demand.asks.measure]
        limit = limit_words(demand.asks.threshold, measure.unit, measure.better, wording, strict=demand.asks.strict)
        asks = f"{measure_title(measure, wording)} {limit}"
        if answer.of is None:
            value = value_words(answer.value, measure.unit, wording)
        counters = tuple(
            (name, "?" if name not in tally else number_words(tally[name], wording)) for name in measure.uses
        )
    else:
        asks = _("An attestation, for {n} days at most").format(n=demand.asks.valid_days)
    group = ""
    if answer.of is not None:
        group = _("met by {met} of {of} projects, not known of {unknown}").format(
            met=answer.met, of=answer.of, unknown=answer.unknown
        )
    return DemandPart(
        id=demand.id,
        anchor=_anchor(demand.id),
        level=demand.level if model.levels else None,
        text=one_line(demand.text[language], 600),
        answer=answer.answer.value,
        answer_words=answer_words(answer.answer, wording),
        asks=asks,
        value=value,
        counters=counters,
        group=group,
        advice=segments("" if answer.answer is Answer.MET else one_line(demand.advice[language], 600)),
        attestation=attested,
        attest_url=attest_url,
        evidence=rows,
    )


def _evidence(desk: Desk, rows: Sequence[evidence.EvidenceRow]) -> tuple[EvidenceRow, ...]:
    return tuple(
        EvidenceRow(
            what=one_line(row.what, 240),
            when=row.at,
            value=one_line(row.value, 80),
            url=_evidence_url(desk, row),
        )
        for row in rows
    )


def _evidence_url(desk: Desk, row: evidence.EvidenceRow) -> str:
    if row.project_id is None:
        return ""
    if row.finding_id is not None:
        return desk.frame.url("finding", project=row.project_id, number=row.finding_id)
    if row.iid is not None:
        return desk.frame.url("merge_request", project=row.project_id, iid=row.iid)
    return ""


def _attest_url(desk: Desk, scope: Scope, model: Model, demand: Demand) -> str:
    if not isinstance(demand.asks, Attest):
        return ""
    try:
        return desk.frame.url("attest", model=model.id, demand=demand.id, kind=scope.kind.value, scope=scope.key)
    except KeyError:
        return ""


def _is_shared(demand: Demand) -> bool:
    return isinstance(demand.asks, Probe) and MEASURES[demand.asks.measure].shared


def _line(desk: Desk, line: ScoreLine) -> ProjectRow:
    return ProjectRow(
        path=shorten_path(visible(line.project.path), 200),
        url=desk.frame.url("project_maturity", project=line.project.id),
        score=line.score,
        level=line.level,
        known=line.known // 10,
        day=line.day,
        counted=line.counted,
    )


def _named(number: str, title: str) -> str:
    """A title with its number; a model's own word for it says nothing more than the title."""
    return one_line(f"{number} {title}" if any(letter.isdigit() for letter in number) else title, 200)


def _worst_first(line: ScoreLine) -> tuple[bool, int, str]:
    """What nobody looked at comes before what is bad."""
    return line.score is not None, line.score or 0, line.project.path.casefold()


def _anchor(demand_id: str) -> str:
    return "".join(letter if letter.isalnum() else "-" for letter in demand_id)
