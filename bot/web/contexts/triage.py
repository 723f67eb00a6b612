"""What the triage list shows. Pure: made from what the store read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from math import ceil
from urllib.parse import parse_qsl, quote, urlencode

from bot.domain.known import Whereabouts
from bot.domain.priority import Exposure, Factor, Part, Standing
from bot.domain.suppression import Scope, Suppression
from bot.domain.triage import Justification
from bot.domain.triage_filter import DEFAULT_STANDINGS, Assignee, Due, Filter, GroupBy, NewSince
from bot.domain.workflow import SavedView
from bot.reports.finding_page import about
from bot.reports.html import Segments, segments
from bot.reports.visible import one_line, shorten_path, visible
from bot.reports.wording import Wording
from bot.store.desk import Facets, Group, Item
from scanners.finding import Confidence, FindingKind, Severity

PATH = "/triage"


@dataclass(frozen=True, slots=True)
class Chip:
    """One factor, in words."""

    text: str
    kind: str = ""
    """Of the colour: empty, ``good``, ``bad``, ``warn``, ``note``, ``accent``."""
    sign: str = ""
    """Name of an icon."""
    title: str = ""


@dataclass(frozen=True, slots=True)
class Request:
    """An exception that waits for a second person."""

    number: int
    who: str
    what: str
    justification: str
    reason: str
    until: str
    about: str
    url: str = ""
    """Of the findings that an exception for a rule or an advisory may be about; empty for one that is about one."""


@dataclass(frozen=True, slots=True)
class Row:
    """One finding."""

    number: int
    url: str
    severity: Severity
    sure: str
    """How sure the rule is."""
    title: Segments
    project: str
    place: str
    rule: str
    chips: tuple[Chip, ...]
    priority: int
    sum: str
    """The parts of the priority, in words."""
    new: bool
    """Whether it came since the last visit."""
    assignee: str
    mine: bool
    snoozed_until: datetime | None
    first_seen_at: datetime
    state: str
    """How it was judged; empty for what was not."""
    request: Request | None = None


@dataclass(frozen=True, slots=True)
class Option:
    """One value of a facet."""

    text: str
    url: str
    count: int | None
    chosen: bool
    id: str
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Facet:
    """One thing to filter by."""

    name: str
    options: tuple[Option, ...]


@dataclass(frozen=True, slots=True)
class Active:
    """A part of the filter that is set, and the list without it."""

    text: str
    url: str


@dataclass(frozen=True, slots=True)
class View:
    """A saved view."""

    id: int
    name: str
    url: str
    shared: bool
    own: bool
    current: bool


@dataclass(frozen=True, slots=True)
class GroupRow:
    """Findings of one rule, package or project."""

    name: str
    detail: str
    url: str
    count: int
    by_severity: tuple[tuple[Severity, int], ...]
    projects: int


@dataclass(frozen=True, slots=True)
class Choice:
    """One entry of a select."""

    value: str
    text: str


@dataclass(frozen=True, slots=True)
class Rights:
    """What the reader may do with findings, in any project."""

    decide: bool
    request: bool
    export: bool
    widely: bool = False

    @property
    def act(self) -> bool:
        """Whether there is anything that he may do."""
        return self.decide or self.request


@dataclass(frozen=True, slots=True)
class TriagePage:
    """The list and what stands beside it."""

    tabs: tuple[tuple[str, str, int | None, bool], ...]
    grouping: tuple[tuple[str, str, int | None, bool], ...]
    facets: tuple[Facet, ...]
    active: tuple[Active, ...]
    text: str
    kept: tuple[tuple[str, str], ...]
    """Of the query, for the search field's form."""
    epss: str
    path_prefix: str
    rows: tuple[Row, ...]
    groups: tuple[GroupRow, ...]
    by: str
    more_groups: bool
    total: int
    exact: bool
    first_url: str
    """Empty on the first page."""
    next_url: str
    here: str
    query: str
    views: tuple[View, ...]
    may_save: bool
    rights: Rights
    people: tuple[Choice, ...]
    justifications: tuple[Choice, ...]
    snoozes: tuple[Choice, ...]
    until: date
    """What a dismissal's end is set to."""
    earliest: date
    latest: date
    export_url: str
    wide_requests: tuple[Request, ...]
    empty: tuple[str, str, str, str]
    """Title, text, address and words of what to do where there is nothing."""
    requests_tab: bool
    snoozed_tab: bool


# --- words ------------------------------------------------------------------------------------------------------------


def title_of(item: Item, wording: Wording) -> str:
    """The title in the reader's language: the catalogue's where it knows the rule. Never empty."""
    if item.package is not None:
        return wording.t.gettext("Known vulnerability in {package} {version}").format(
            package=item.package[1], version=item.package[2]
        )
    known = wording.lookup(item.scanner, item.rule_id, wording.language.value)
    candidates = (known.title if known else "", item.title, item.rule_id, wording.kind(item.kind))
    return next(title for title in candidates if one_line(title))


def standing_word(standing: Standing, wording: Wording) -> str:
    """What a finding waits for."""
    _ = wording.t.gettext
    return {
        Standing.CLOSED: _("Closed"),
        Standing.SNOOZED: _("Snoozed"),
        Standing.CONFIRMED: _("To be mended"),
        Standing.UNDECIDED: _("To decide"),
        Standing.REQUESTED: _("Second person"),
    }[standing]


def exposure_word(exposure: Exposure, wording: Wording) -> str:
    """Who can reach a project."""
    _ = wording.t.gettext
    return {
        Exposure.UNKNOWN: _("exposure not known"),
        Exposure.INTERNAL: _("internal only"),
        Exposure.PARTNERS: _("reachable by partners"),
        Exposure.INTERNET: _("on the internet"),
    }[exposure]


def factor_word(factor: Factor, wording: Wording) -> str:
    """The name of what makes a finding urgent."""
    _ = wording.t.gettext
    return {
        Factor.SEVERITY: _("severity"),
        Factor.KNOWN_EXPLOITED: _("known to be exploited"),
        Factor.EPSS: _("EPSS (chance of an attack)"),
        Factor.EXPOSURE: _("exposure of the project"),
        Factor.CONFIDENCE: _("confidence"),
        Factor.TIME_LEFT: _("time left"),
        Factor.WHEREABOUTS: _("where it is"),
        Factor.FIX: _("fix"),
    }[factor]


def part_word(part: Part, wording: Wording) -> str:
    """What is known about one factor."""
    _ = wording.t.gettext
    match part.factor:
        case Factor.SEVERITY:
            return wording.severity(Severity(part.word))
        case Factor.CONFIDENCE:
            return wording.confidence_phrase(Confidence(part.word))
        case Factor.WHEREABOUTS:
            return wording.whereabouts(Whereabouts(part.word))
        case Factor.EXPOSURE:
            return exposure_word(Exposure(part.word), wording)
        case _:
            return {
                "listed": _("exploited"),
                "not_listed": _("not known to be exploited"),
                "unknown": _("not known"),
                "very_likely": _("very likely (50% or more)"),
                "likely": _("likely (10% or more)"),
                "possible": _("possible (1% or more)"),
                "unlikely": _("unlikely (below 1%)"),
                "overdue": _("overdue"),
                "within_2_days": _("within 2 days"),
                "within_7_days": _("within 7 days"),
                "within_30_days": _("within 30 days"),
                "later": _("later"),
                "no_limit": _("no time limit"),
                "available": _("available"),
                "none_known": _("none known"),
            }.get(part.word, part.word)


def sum_of(parts: Iterable[Part], wording: Wording) -> str:
    """The parts of a priority on one line."""
    colon = wording.colon()
    return wording.joined(
        [f"{factor_word(p.factor, wording)}{colon}{part_word(p, wording)} (+{p.points})" for p in parts]
    )


def time_left(due_at: datetime, now: datetime, wording: Wording) -> Chip:
    """How long there is until the policy wants a finding mended."""
    t, days = wording.t, (due_at - now) / timedelta(days=1)
    title = t.gettext("The policy wants it mended by {day}.").format(day=due_at.date().isoformat())
    if days < 0:
        n = ceil(-days)
        text = t.ngettext("{n} day overdue", "{n} days overdue", n).format(n=n)
        return Chip(text, "bad", "clock", title)
    n = ceil(days)
    text = t.ngettext("{n} day left", "{n} days left", n).format(n=n)
    return Chip(text, "warn" if days <= 7 else "", "clock", title)


def chips_of(item: Item, now: datetime, wording: Wording) -> tuple[Chip, ...]:
    """Every factor but severity and confidence, which have a place of their own; the unknown shows as such."""
    _ = wording.t.gettext
    chips: list[Chip] = []
    if item.known_exploited:
        chips.append(Chip("KEV", "bad", "fire", _("Attackers use it: it is in CISA's catalogue.")))
    elif item.known_exploited is None and item.package is not None:
        chips.append(Chip("KEV ?", "", "fire", _("Nobody can say whether attackers use it.")))
    if item.epss is not None:
        percent = f"{item.epss * 100:.1f}" if item.epss < 0.1 else f"{item.epss * 100:.0f}"
        kind = "bad" if item.epss >= 0.5 else "warn" if item.epss >= 0.1 else ""
        chips.append(
            Chip(f"EPSS {percent}%", kind, "chart", _("How probable an attack within 30 days is, by FIRST's model."))
        )
    if item.due_at is not None:
        chips.append(time_left(item.due_at, now, wording))
    if item.exposure is Exposure.INTERNET:
        chips.append(Chip(exposure_word(item.exposure, wording), "warn", "globe", _("Who can reach the project.")))
    elif item.exposure is not Exposure.UNKNOWN:
        chips.append(Chip(exposure_word(item.exposure, wording), "", "globe", _("Who can reach the project.")))
    if item.fix_available:
        chips.append(Chip(_("fix available"), "good", "wrench", _("A version without it is known, or a rewrite.")))
    if item.whereabouts is Whereabouts.DEFAULT_BRANCH:
        chips.append(Chip(_("default branch"), "", "branch", _("It is on the default branch.")))
    elif item.whereabouts is Whereabouts.ELSEWHERE:
        chips.append(Chip(_("not merged"), "", "branch", _("It is on another branch or merge request.")))
    else:
        chips.append(Chip(_("no longer seen"), "good", "branch", _("The last scans do not see it.")))
    return tuple(chips)


def place_of(item: Item) -> str:
    """Path and line, on one line."""
    return f"{shorten_path(visible(str(item.path)), 120)}:{item.start_line}"


def request_of(made: Suppression, wording: Wording) -> Request:
    """An exception that waits, in words."""
    return Request(
        number=made.id,
        who=one_line(made.created_by, 80),
        what=wording.justification(made.justification),
        justification=made.justification.value,
        reason=one_line(wording.said(made.reason), 400),
        until=made.expires_at.date().isoformat(),
        about=about(made),
        url="" if made.scope is Scope.FINDING else address(_may_cover(made)),
    )


def _may_cover(made: Suppression) -> Filter:
    """The open findings that an exception may be about: all of its rule, or all in which its advisory occurs."""
    return Filter(
        standings=_OPEN,
        projects=frozenset() if made.project_id is None else frozenset({made.project_id}),
        rule=(made.scanner, made.rule_id) if made.scope is Scope.RULE else None,
        text=" ".join(word for word in (made.advisory, made.package) if word) if made.scope is Scope.ADVISORY else "",
    )


_OPEN = frozenset(standing for standing in Standing if standing is not Standing.CLOSED)


# --- the page ---------------------------------------------------------------------------------------------------------


def address(wanted: Filter, by: str = "", after: str = "") -> str:
    """The list's address for this filter."""
    query = wanted.to_query()
    more = urlencode([(key, value) for key, value in (("by", by), ("after", after)) if value])
    both = "&".join(part for part in (query, more) if part)
    return f"{PATH}?{both}" if both else PATH


def finding_url(project_id: int, number: int, query: str = "") -> str:
    """A finding's page; ``query`` is that of the list that one comes from."""
    path = f"/projects/{project_id}/findings/{number}"
    return f"{path}?list={quote(query, safe='')}" if query else path


@dataclass(frozen=True, slots=True)
class Listed:
    """What the store said about the list."""

    items: Sequence[Item] = ()
    groups: Sequence[Group] = ()
    more_groups: bool = False
    following: str = ""
    """Where the next page goes on; empty for the last."""
    facets: Facets | None = None
    waiting: Mapping[int, Suppression] | None = None
    wide: Sequence[Suppression] = ()
    views: Sequence[SavedView] = ()
    people: Sequence[tuple[str, str]] = ()
    last_visit_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """What the reader asked for, and who he is."""

    wanted: Filter
    by: GroupBy | None
    after: str
    query: str
    """As it came, without what is not the list's."""
    person_id: int | None
    rights: Rights
    now: datetime
    longest_days: int = 365


def triage_page(asked: Asked, listed: Listed, wording: Wording) -> TriagePage:
    """The page's content in one language."""
    wanted, by = asked.wanted, asked.by.value if asked.by is not None else ""
    _ = wording.t.gettext
    assert listed.facets is not None
    today = asked.now.date()
    latest = today + timedelta(days=max(asked.longest_days, 1))
    return TriagePage(
        tabs=_tabs(wanted, listed.facets, by, wording),
        grouping=_grouping(wanted, asked.by, wording),
        facets=_facets(wanted, listed.facets, by, wording),
        active=_active(wanted, by, wording),
        text=wanted.text,
        kept=tuple(parse_qsl(wanted.without("q").to_query())) + ((("by", by),) if by else ()),
        epss="" if wanted.epss_least is None else f"{wanted.epss_least:g}",
        path_prefix=wanted.group,
        rows=tuple(_row(item, asked, listed, wording) for item in listed.items),
        groups=tuple(_group(group, asked, wording) for group in listed.groups),
        by=by,
        more_groups=listed.more_groups,
        total=listed.facets.total,
        exact=listed.facets.exact,
        first_url=address(wanted, by) if asked.after else "",
        next_url=address(wanted, by, listed.following) if listed.following else "",
        here=address(wanted, by, asked.after),
        query=wanted.to_query(),
        views=tuple(_view(view, asked) for view in listed.views),
        may_save=asked.person_id is not None,
        rights=asked.rights,
        people=tuple(Choice(value, name) for value, name in listed.people),
        justifications=tuple(Choice(one.value, wording.justification(one)) for one in Justification),
        snoozes=snoozes(wording),
        until=min(today + timedelta(days=90), latest),
        earliest=today + timedelta(days=1),
        latest=latest,
        export_url=_export(wanted) if asked.rights.export else "",
        wide_requests=tuple(request_of(made, wording) for made in listed.wide),
        empty=_empty(wanted, by, wording),
        requests_tab=wanted.standings == {Standing.REQUESTED},
        snoozed_tab=wanted.standings == {Standing.SNOOZED},
    )


def _export(wanted: Filter) -> str:
    return "/api/v1/findings/export?" + urlencode([("format", "csv"), *parse_qsl(wanted.to_query())])


def snoozes(wording: Wording) -> tuple[Choice, ...]:
    """For how long a finding can be put aside."""
    t = wording.t
    return tuple(Choice(str(n), t.ngettext("{n} day", "{n} days", n).format(n=n)) for n in (1, 3, 7, 14, 30, 90))


def _row(item: Item, asked: Asked, listed: Listed, wording: Wording) -> Row:
    waiting = (listed.waiting or {}).get(item.finding_id)
    query = address(asked.wanted, "", asked.after).partition("?")[2] or "all"
    state = "" if item.standing in DEFAULT_STANDINGS else standing_word(item.standing, wording)
    return Row(
        number=item.finding_id,
        url=finding_url(item.project_id, item.finding_id, query),
        severity=item.severity,
        sure=wording.confidence_phrase(item.confidence),
        title=segments(one_line(title_of(item, wording), 200)),
        project=one_line(item.project, 120) or str(item.project_id),
        place=place_of(item),
        rule=one_line(f"{item.scanner}: {item.rule_id}", 120),
        chips=chips_of(item, asked.now, wording),
        priority=item.priority,
        sum=sum_of(item.factors, wording),
        new=listed.last_visit_at is not None and item.first_seen_at > listed.last_visit_at,
        assignee=one_line(item.assignee, 60),
        mine=item.assignee_id is not None and item.assignee_id == asked.person_id,
        snoozed_until=item.snoozed_until if item.standing is Standing.SNOOZED else None,
        first_seen_at=item.first_seen_at,
        state=state,
        request=request_of(waiting, wording) if waiting is not None else None,
    )


def _group(group: Group, asked: Asked, wording: Wording) -> GroupRow:
    assert asked.by is not None
    known = wording.lookup(group.first, group.second, wording.language.value) if asked.by is GroupBy.RULE else None
    name = one_line(group.second, 160) or one_line(group.key, 160)
    return GroupRow(
        name=one_line(known.title, 160) if known is not None else name,
        detail=one_line(f"{group.first}: {group.second}" if known is not None else group.first, 160),
        url=address(asked.wanted.toggled(asked.by.value, group.key)),
        count=group.count,
        by_severity=tuple((one, group.by_severity[one]) for one in _WORST if group.by_severity.get(one)),
        projects=group.projects,
    )


def _view(view: SavedView, asked: Asked) -> View:
    return View(
        id=view.id,
        name=one_line(view.name, 80),
        url=f"{PATH}?{view.query}" if view.query else PATH,
        shared=view.shared,
        own=view.person_id == asked.person_id,
        current=view.query == asked.wanted.to_query(),
    )


_WORST = (Severity.CRITICAL, Severity.HIGH, Severity.MEDIUM, Severity.LOW, Severity.INFO)


def _tabs(wanted: Filter, facets: Facets, by: str, wording: Wording) -> tuple[tuple[str, str, int | None, bool], ...]:
    _ = wording.t.gettext
    rest = [pair for pair in parse_qsl(wanted.to_query()) if pair[0] != "standing"]
    tabs: list[tuple[str, str, int | None, bool]] = []
    for text, standings, words in (
        (_("Needs a decision"), DEFAULT_STANDINGS, ()),
        (_("Second person"), frozenset({Standing.REQUESTED}), ("requested",)),
        (_("To be mended"), frozenset({Standing.CONFIRMED}), ("confirmed",)),
        (_("Snoozed"), frozenset({Standing.SNOOZED}), ("snoozed",)),
        (_("All"), frozenset[Standing](), ("any",)),
    ):
        counted = standings or frozenset(Standing)
        query = urlencode([*(("standing", word) for word in words), *rest, *([("by", by)] if by else [])])
        count = sum(facets.standing.get(one, 0) for one in counted)
        tabs.append((text, f"{PATH}?{query}" if query else PATH, count, wanted.standings == standings))
    return tuple(tabs)


def _grouping(wanted: Filter, by: GroupBy | None, wording: Wording) -> tuple[tuple[str, str, int | None, bool], ...]:
    _ = wording.t.gettext
    return (
        (_("List"), address(wanted), None, by is None),
        (_("By rule"), address(wanted, "rule"), None, by is GroupBy.RULE),
        (_("By package"), address(wanted, "package"), None, by is GroupBy.PACKAGE),
        (_("By project"), address(wanted, "project"), None, by is GroupBy.PROJECT),
    )


_Value = tuple[str, str, int | None, bool]
"""Of a facet: its word in a query, its text, how many, and whether it is chosen."""


def _facets(wanted: Filter, facets: Facets, by: str, wording: Wording) -> tuple[Facet, ...]:
    _ = wording.t.gettext
    kev, fix, mine = wanted.known_exploited, wanted.fix_available, wanted.assignee
    severities = [
        (one.value, wording.severity(one), facets.severity.get(one, 0), one in wanted.severities) for one in _WORST
    ]
    kinds = [(one.value, wording.kind(one), facets.kind.get(one, 0), one in wanted.kinds) for one in FindingKind]
    confidences = [
        (one.value, wording.confidence_phrase(one), facets.confidence.get(one, 0), one in wanted.confidences)
        for one in (Confidence.HIGH, Confidence.MEDIUM, Confidence.LOW)
    ]
    places = [
        (one.value, wording.whereabouts(one), facets.whereabouts.get(one, 0), one in wanted.whereabouts)
        for one in (Whereabouts.DEFAULT_BRANCH, Whereabouts.ELSEWHERE, Whereabouts.NOWHERE)
    ]
    attacked = [
        ("yes", _("known to be exploited"), facets.known_exploited.get(True, 0), kev is True),
        ("no", _("not known"), facets.known_exploited.get(False, 0), kev is False),
    ]
    mended = [
        ("yes", _("fix available"), facets.fix_available.get(True, 0), fix is True),
        ("no", _("no fix known"), facets.fix_available.get(False, 0), fix is False),
    ]
    likely: list[_Value] = [
        ("0.1", _("EPSS 10% or more"), None, wanted.epss_least == 0.1),
        ("0.5", _("EPSS 50% or more"), None, wanted.epss_least == 0.5),
    ]
    due: list[_Value] = [
        ("overdue", _("overdue"), None, wanted.due is Due.OVERDUE),
        ("soon", _("within 7 days"), None, wanted.due is Due.SOON),
    ]
    whose: list[_Value] = [
        ("me", _("assigned to me"), None, mine is Assignee.ME),
        ("nobody", _("assigned to nobody"), None, mine is Assignee.NOBODY),
    ]
    new: list[_Value] = [("last_visit", _("new since my last visit"), None, wanted.new_since is NewSince.LAST_VISIT)]

    def options(key: str, values: Sequence[_Value], *, marks: bool = False) -> tuple[Option, ...]:
        return tuple(
            Option(
                text=text,
                url=address(wanted.toggled(key, value), by),
                count=count,
                chosen=chosen,
                id=f"f-{key}-{value}",
                kind=value if marks else "",
            )
            for value, text, count, chosen in values
            if count is None or count or chosen
        )

    found = (
        Facet(_("Mine"), options("assignee", whose) + options("new", new)),
        Facet(_("Severity"), options("severity", severities, marks=True)),
        Facet(_("Exploited"), options("kev", attacked) + options("epss", likely)),
        Facet(_("Time left"), options("due", due)),
        Facet(_("Kind"), options("kind", kinds)),
        Facet(_("Confidence"), options("confidence", confidences)),
        Facet(_("Where"), options("where", places)),
        Facet(_("Fix"), options("fix", mended)),
    )
    return tuple(facet for facet in found if facet.options)


def _active(wanted: Filter, by: str, wording: Wording) -> tuple[Active, ...]:
    _ = wording.t.gettext
    colon = wording.colon()
    found: list[Active] = []
    for key, value in parse_qsl(wanted.to_query()):
        if key == "standing":
            continue
        name, text = key, value
        match key:
            case "severity":
                name, text = _("Severity"), wording.severity(Severity(value))
            case "confidence":
                name, text = "", wording.confidence_phrase(Confidence(value))
            case "kind":
                name, text = _("Kind"), wording.kind(FindingKind(value))
            case "where":
                name, text = "", wording.whereabouts(Whereabouts(value))
            case "project":
                name, text = _("Project"), value
            case "kev":
                name, text = "", _("known to be exploited") if value == "yes" else _("not known to be exploited")
            case "fix":
                name, text = "", _("fix available") if value == "yes" else _("no fix known")
            case "epss":
                name, text = "", f"EPSS ≥ {float(value) * 100:g}%"
            case "due":
                name, text = "", _("overdue") if value == "overdue" else _("within 7 days")
            case "group":
                name = _("Path")
            case "rule":
                name = _("Rule")
            case "package":
                name = _("Package")
            case "assignee":
                name, text = _("Assigned to"), {"me": _("me"), "nobody": _("nobody")}.get(value, value)
            case "new":
                name, text = _("New since"), _("my last visit") if value == "last_visit" else value
            case "q":
                name = _("Search")
        several = key in ("severity", "confidence", "kind", "where", "project")
        url = address(wanted.toggled(key, value) if several else wanted.without(key), by)
        found.append(Active(one_line(f"{name}{colon}{text}" if name else text, 160), url))
    return tuple(found)


def _empty(wanted: Filter, by: str, wording: Wording) -> tuple[str, str, str, str]:
    _ = wording.t.gettext
    if any(key != "standing" for key in wanted.active):
        kept = Filter(standings=wanted.standings)
        return (
            _("Nothing fits this filter"),
            _("Take a part of the filter away, or look at all findings."),
            address(kept, by),
            _("Clear the filter"),
        )
    if wanted.standings == {Standing.REQUESTED}:
        return (
            _("Nothing waits for a second person"),
            _("Here come the exceptions that somebody asked for and that somebody else has to approve."),
            PATH,
            _("To what waits for a decision"),
        )
    if wanted.standings == {Standing.SNOOZED}:
        return (
            _("Nothing is snoozed"),
            _("A finding that is snoozed leaves the list until the day that you choose."),
            PATH,
            _("To what waits for a decision"),
        )
    if wanted.standings == DEFAULT_STANDINGS:
        return (
            _("Nothing waits for a decision"),
            _("New findings come here by themselves after each scan. Confirmed ones have a list of their own."),
            f"{PATH}?standing=confirmed",
            _("To what has to be mended"),
        )
    return (_("There are no findings"), _("After the first scan of a project they are here."), PATH, _("Reload"))
