"""
``GET /overview``: how all projects stand that somebody sees; ``GET /projects``: the same list, for finding one.

Every number is a sum that the store keeps, so the page takes a fixed number of statements and looks at no finding. A
project that was never scanned has no numbers: its cells say so and are not zeros.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from starlette.responses import Response
from starlette.routing import Route

from bot.domain.enforcement import Level
from bot.domain.incident import IncidentKind
from bot.domain.known import Whereabouts
from bot.domain.priority import Standing
from bot.domain.triage_filter import SOON, Due, Filter
from bot.errors import ConfigurationError, sentence
from bot.reports.enforcement import incident_words, level_words
from bot.reports.visible import one_line
from bot.reports.wording import Wording, words_in
from bot.store import coverage_holes, project_overview
from bot.store.coverage_holes import Hole, ProjectFacts
from bot.store.engine import session
from bot.store.project_overview import SEVERITIES, Burden, DayCount, Deadlines
from bot.texts import N_
from bot.web.api.problems import Problem
from bot.web.charts import Chart, Series, lines, sparkline, stacked, warmth
from bot.web.contexts.overview import KINDS_IN_ORDER, Cell, IncidentLine, OverviewPage, ProjectLine, Tab
from bot.web.entry import Visit
from bot.web.pages.maturity import scores

if TYPE_CHECKING:
    from bot.web.desk import Desk

PAGE = 50
"""Projects on one page."""
ORDERS = ("urgency", "overdue", "path")
TREND_DAYS, TREND_STEP = 91, 7
"""Every seventh day: a line over three months needs no more, and each day is a row for every project."""
OPEN = frozenset(Standing) - {Standing.CLOSED}
"""What sums count as open."""
_MOST_INCIDENTS = 8
_LONGEST_TEXT = 200


@dataclass(frozen=True, slots=True)
class _Standing:
    """What is known of one project."""

    facts: ProjectFacts
    burden: Burden
    deadlines: Deadlines | None
    """None where nobody counted lately."""
    holes: tuple[Hole, ...]
    incidents: int

    @property
    def overdue(self) -> int | None:
        """How many are late; None where nobody knows. What has no findings has none that are late."""
        return self.deadlines.overdue if self.deadlines is not None else None if self.burden.total else 0

    @property
    def due_soon(self) -> int | None:
        """How many soon will be; None where nobody knows."""
        return self.deadlines.due_soon if self.deadlines is not None else None if self.burden.total else 0

    @property
    def urgency(self) -> tuple[int, ...]:
        """Smaller is more urgent."""
        return tuple(-number for number in self.burden.counts)


def routes(desk: Desk) -> Sequence[Route]:
    """Both pages."""

    def overview(visit: Visit) -> Response:
        return desk.frame.page(visit, "overview.html", _page(desk, visit, "overview", whole=True), section="overview")

    def projects(visit: Visit) -> Response:
        return desk.frame.page(visit, "overview.html", _page(desk, visit, "projects", whole=False), section="projects")

    return (
        Route("/overview", desk.entry.page(overview), name="overview"),
        Route("/projects", desk.entry.page(projects), name="projects"),
    )


def hole_words(hole: Hole, wording: Wording) -> str:
    """Why nobody can say how a project stands, as a few words."""
    _ = wording.t.gettext
    return {
        Hole.NEVER_SCANNED: _("never scanned"),
        Hole.NO_BASELINE: _("default branch never scanned"),
        Hole.NO_ANSWER: _("a required scanner gave no answer"),
        Hole.STALE: _("not scanned for {n} days").format(n=coverage_holes.STALE_AFTER.days),
    }[hole]


def severity_series(days: Sequence[DayCount], labels: Sequence[Any], wording: Wording) -> tuple[Series, ...]:
    """A line for each severity; a day that nobody counted is a gap."""
    known = {one.day: one for one in days}
    return tuple(
        Series(
            wording.severity(severity),
            severity.value,
            tuple(known[day].by_severity[severity] if day in known else None for day in labels),
        )
        for severity in SEVERITIES
    )


def _page(desk: Desk, visit: Visit, name: str, *, whole: bool) -> OverviewPage:
    wording = words_in(visit.language)
    order = _one_of(visit, "order", ORDERS) or ("urgency" if whole else "path")
    hole = _one_of(visit, "hole", tuple(hole.value for hole in Hole))
    text = one_line(visit.query.get("q", ""), _LONGEST_TEXT)
    required = _required(desk)
    sees, today = visit.principal.sees, visit.now.astimezone(UTC).date()
    with session(desk.services.store) as reading:
        facts = coverage_holes.project_facts(reading, sees)
        burdens = project_overview.burdens(reading, sees)
        deadlines = project_overview.deadlines(reading, sees, today)
        # Back from the last day that was counted: the first count of a day may be an hour away.
        last = next((one.day for one in deadlines.values()), today)
        days = project_overview.days_back(last, days=TREND_DAYS, step=TREND_STEP)
        incidents = project_overview.open_incidents(reading, sees)
        trend = project_overview.trend(reading, sees, days) if whole else ()
        standings = [
            _Standing(
                one,
                burdens.get(one.id, Burden()),
                deadlines.get(one.id),
                one.holes(visit.now, required),
                sum(incidents.get(one.id, {}).values()),
            )
            for one in facts
        ]
        chosen = [
            one
            for one in standings
            if (not hole or Hole(hole) in one.holes) and (not text or text.casefold() in one.facts.path.casefold())
        ]
        chosen.sort(key=_key(order))
        start = _start(chosen, visit.query.get("after", ""))
        shown = chosen[start : start + PAGE]
        sparks = project_overview.trends_of(reading, [one.facts.id for one in shown], days)
        scored = scores(desk, reading, visit, [one.facts.id for one in shown])
    rated, organisation = scored if scored is not None else ({}, None)
    known = [one for one in standings if one.facts.baseline_at is not None]

    def address(**changed: object) -> str:
        values = {"order": order, "hole": hole, "q": text} | changed
        query = urlencode({key: value for key, value in values.items() if value})
        return desk.frame.url(name) + (f"?{query}" if query else "")

    counted = Counter(found for one in standings for found in one.holes)
    return OverviewPage(
        projects=len(facts),
        shown=len(chosen),
        never_scanned=counted[Hole.NEVER_SCANNED],
        open_findings=sum(one.burden.total for one in known),
        undecided=sum(one.burden.undecided for one in known),
        exploited=sum(one.burden.exploited for one in known),
        overdue=_sum(one.overdue for one in known),
        undecided_url=_everywhere(standings=frozenset({Standing.UNDECIDED})),
        exploited_url=_everywhere(known_exploited=True),
        overdue_url=_everywhere(due=Due.OVERDUE),
        due_soon=_sum(one.due_soon for one in known),
        uncounted=sum(one.overdue is None for one in known),
        open_incidents=sum(one.incidents for one in standings),
        holes=counted,
        lines=tuple(_line(desk, one, sparks.get(one.facts.id, {}), days, rated, wording) for one in shown),
        orders=_orders(wording),
        filters=_filters(hole, standings, counted, address, wording),
        text=text,
        order=order,
        hole=hole,
        first=address() if start else "",
        following=address(after=shown[-1].facts.id) if start + PAGE < len(chosen) else "",
        trend=_trend(trend, days, wording),
        sla=_sla(known, wording),
        levels=_levels(standings, wording),
        coverage=_coverage(standings, wording),
        incidents=_incidents(desk, facts, incidents, wording),
        scored=scored is not None,
        maturity=organisation if whole else None,
        whole=whole,
    )


def _required(desk: Desk) -> frozenset[str] | None:
    """The scanners that the organisation's policy needs an answer of; None where it cannot be read: then all."""
    try:
        return desk.services.policy().policy.required_scanners
    except ConfigurationError:
        return None


def _one_of(visit: Visit, name: str, words: Sequence[str]) -> str:
    word = visit.query.get(name, "")
    if word and word not in words:
        raise Problem(
            422,
            sentence(N_("{name} is one of: {names}"), name=name, names=", ".join(words)),
            N_("Leave it out for the usual."),
            field=name,
        )
    return word


def _key(order: str) -> Callable[[_Standing], tuple[Any, ...]]:
    def by_path(one: _Standing) -> tuple[Any, ...]:
        return (one.facts.path.casefold(), one.facts.id)

    def by_urgency(one: _Standing) -> tuple[Any, ...]:
        return (*one.urgency, *by_path(one))

    def by_overdue(one: _Standing) -> tuple[Any, ...]:
        # Those that nobody counted come first among the rest: nothing says that they are well.
        return (-(one.overdue or 0), one.overdue is not None, *by_urgency(one))

    return {"path": by_path, "urgency": by_urgency, "overdue": by_overdue}[order]


def _start(chosen: Sequence[_Standing], after: str) -> int:
    """Where a page begins: behind the project of this number; at the beginning where it is not in the list any more."""
    if not after:
        return 0
    place = next((place for place, one in enumerate(chosen) if str(one.facts.id) == after), None)
    return 0 if place is None else place + 1


def _line(
    desk: Desk,
    one: _Standing,
    spark: Mapping[Any, int],
    days: Sequence[Any],
    rated: Mapping[int, int | None],
    wording: Wording,
) -> ProjectLine:
    _ = wording.t.gettext
    facts = one.facts
    assessed = facts.baseline_at is not None
    values = [spark.get(day) for day in days]
    title = _("open findings of {path} over 13 weeks, now {n}").format(
        path=one_line(facts.path, 200), n=one.burden.total
    )
    level = facts.level
    return ProjectLine(
        id=facts.id,
        path=one_line(facts.path, 200),
        url=desk.frame.url("project", project=facts.id),
        cells=tuple(
            Cell(
                severity,
                number if assessed else None,
                warmth(number),
                triage_url(facts.id, severities=frozenset({severity})) if number else "",
            )
            for severity, number in zip(SEVERITIES, one.burden.counts, strict=True)
        ),
        undecided=one.burden.undecided if assessed else None,
        overdue=one.overdue if assessed else None,
        overdue_url=triage_url(facts.id, due=Due.OVERDUE) if one.overdue else "",
        level=level,
        level_title=level_words(level, wording.language) if level is not None else _("nobody has looked at it yet"),
        baseline_at=facts.baseline_at,
        holes=tuple(hole_words(hole, wording) for hole in one.holes),
        incidents=one.incidents,
        score=rated.get(facts.id),
        score_url=desk.frame.url("project_maturity", project=facts.id) if rated else "",
        spark=sparkline(values, title),
    )


def triage_url(project_id: int, **conditions: Hashable) -> str:
    """The triage list of a project: what is open on its default branch, under further parts of a ``Filter``."""
    return f"/triage?{_query(tuple(sorted(conditions.items())))}&project={project_id}"


def _everywhere(**conditions: Hashable) -> str:
    """The same over all projects."""
    return f"/triage?{_query(tuple(sorted(conditions.items())))}"


@lru_cache(maxsize=64)
def _query(conditions: tuple[tuple[str, Any], ...]) -> str:
    wanted: dict[str, Any] = {"standings": OPEN, "whereabouts": frozenset({Whereabouts.DEFAULT_BRANCH})}
    return Filter(**(wanted | dict(conditions))).to_query()


def _orders(wording: Wording) -> tuple[tuple[str, str], ...]:
    _ = wording.t.gettext
    names = {"urgency": _("Worst first"), "overdue": _("Most overdue"), "path": _("By path")}
    return tuple((word, names[word]) for word in ORDERS)


def _filters(
    hole: str,
    standings: Sequence[_Standing],
    counted: Mapping[Hole, int],
    address: Callable[..., str],
    wording: Wording,
) -> tuple[Tab, ...]:
    _ = wording.t.gettext
    names = {
        Hole.NEVER_SCANNED: _("Never scanned"),
        Hole.NO_BASELINE: _("No baseline"),
        Hole.NO_ANSWER: _("No answer"),
        Hole.STALE: _("Stale"),
    }
    every: Tab = (_("All projects"), address(hole=""), len(standings), not hole)
    return (
        every,
        *(
            (names[one], address(hole=one.value), counted[one], one.value == hole)
            for one in Hole
            if counted[one] or one.value == hole
        ),
    )


def _trend(trend: Sequence[DayCount], days: Sequence[Any], wording: Wording) -> Chart:
    _ = wording.t.gettext
    now, then = (trend[-1], trend[0]) if trend else (None, None)
    description = (
        _("{now} open findings on {last}, {then} on {first}.").format(
            now=now.total, last=now.day.isoformat(), then=then.total, first=then.day.isoformat()
        )
        if now is not None and then is not None
        else _("Nobody has counted yet.")
    )
    return lines(
        "trend",
        _("Open findings on default branches"),
        description,
        [day.isoformat() for day in days],
        severity_series(trend, days, wording),
        when=_("Day"),
    )


def _sum(numbers: Iterable[int | None]) -> int | None:
    """The sum of those that are known; None where none is."""
    known = [number for number in numbers if number is not None]
    return sum(known) if known else None


def _sla(known: Sequence[_Standing], wording: Wording) -> Chart:
    _ = wording.t.gettext
    counted = [one for one in known if one.deadlines is not None]
    late, soon = sum(one.overdue or 0 for one in counted), sum(one.due_soon or 0 for one in counted)
    rest = max(0, sum(one.burden.total for one in counted) - late - soon)
    unknown = sum(one.burden.total for one in known if one.deadlines is None)
    parts = [
        (_("Overdue"), "bad", late),
        (_("Due within {n} days").format(n=SOON.days), "warn", soon),
        (_("Later, or without a date"), "good", rest),
    ]
    if unknown:
        parts.append((_("Not counted lately"), "unknown", unknown))
    return stacked(
        "sla",
        _("Deadlines"),
        wording.joined([f"{name}{wording.colon()}{number}" for name, _style, number in parts]),
        parts,
        what=_("Deadline"),
        number=_("Findings"),
    )


def _levels(standings: Sequence[_Standing], wording: Wording) -> Chart:
    _ = wording.t.gettext
    counted = Counter(one.facts.level for one in standings)
    parts = [(level.name, f"level{int(level)}", counted[level]) for level in reversed(Level)]
    parts.append((_("Not looked at"), "unknown", counted[None]))
    return stacked(
        "levels",
        _("How strongly gates hold"),
        wording.joined([f"{name}{wording.colon()}{number}" for name, _style, number in parts]),
        parts,
        what=_("Level"),
        number=_("Projects"),
    )


def _coverage(standings: Sequence[_Standing], wording: Wording) -> Chart:
    """Each project once, by its worst hole."""
    _ = wording.t.gettext
    counted = Counter(one.holes[0] if one.holes else None for one in standings)
    empty = sum(not one.facts.was_scanned and one.facts.default_branch is None for one in standings)
    styles = {Hole.NEVER_SCANNED: "bad", Hole.NO_BASELINE: "high", Hole.NO_ANSWER: "warn", Hole.STALE: "low"}
    parts = [(_("Covered"), "good", counted[None] - empty)]
    parts += [(hole_words(hole, wording), styles[hole], counted[hole]) for hole in Hole]
    if empty:
        parts.append((_("Empty project"), "unknown", empty))
    return stacked(
        "coverage",
        _("Who is looked at"),
        wording.joined([f"{name}{wording.colon()}{number}" for name, _style, number in parts if number]),
        parts,
        what=_("Coverage"),
        number=_("Projects"),
    )


def _incidents(
    desk: Desk,
    facts: Sequence[ProjectFacts],
    incidents: Mapping[int, Mapping[IncidentKind, int]],
    wording: Wording,
) -> tuple[IncidentLine, ...]:
    paths = {one.id: one.path for one in facts}
    order = {kind: place for place, kind in enumerate(KINDS_IN_ORDER)}
    # An incident of a project that is gone from the list has no path; it is counted nowhere.
    mine = [(paths[number], number, kinds) for number, kinds in incidents.items() if number in paths]
    mine.sort(key=lambda item: (-sum(item[2].values()), item[0].casefold()))
    return tuple(
        IncidentLine(
            one_line(path, 200),
            desk.frame.url("project", project=number) + "#incidents",
            tuple(
                (incident_words(kind, wording.language), count)
                for kind, count in sorted(kinds.items(), key=lambda item: order[item[0]])
            ),
            sum(kinds.values()),
        )
        for path, number, kinds in mine[:_MOST_INCIDENTS]
    )
