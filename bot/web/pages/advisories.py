"""
Advisories: which are imported and how old, which hit findings here, and what one says.

An advisory is somebody else's text: everything of it is shown as plain text, and only web addresses become links.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from starlette.responses import Response
from starlette.routing import Route

from bot.domain.triage_filter import Filter
from bot.errors import MergewardenError
from bot.reports.documents import web_references
from bot.reports.visible import one_line, shorten, visible
from bot.reports.wording import Wording, words_in
from bot.store import exploits
from bot.store.desk import advisory_reads
from bot.store.desk.advisory_reads import DataAge, FoundAdvisory, Hit
from bot.store.engine import session
from bot.store.exploits import ExploitEdition, ExploitList
from bot.texts import N_
from bot.web.api.problems import Problem
from bot.web.contexts.stock import (
    AdvisoriesPage,
    AdvisoryPage,
    AffectedPackage,
    AffectedProject,
    DataSource,
    FoundRow,
    HitRow,
)
from bot.web.entry import Visit
from bot.web.pages.jobs import link

if TYPE_CHECKING:
    from bot.web.desk import Desk

_SHOWN = 50
_FOUND = 100
_LONGEST_SEARCH = 200
_LONGEST_DETAILS = 8_000
_MOST_PACKAGES = 100
_MOST_REFERENCES = 30
_MOST_RANGES = 20
_OLD_DAYS = 7
"""From this age on data is shown as old where the policy says nothing."""


def routes(desk: Desk) -> Sequence[Route]:
    """``GET /advisories`` and ``/advisories/{id}``."""
    entry = desk.entry
    return (
        Route("/advisories", entry.page(partial(_list, desk)), name="advisories"),
        Route("/advisories/{advisory}", entry.page(partial(_one, desk)), name="advisory"),
    )


def _list(desk: Desk, visit: Visit) -> Response:
    wording, sees = words_in(visit.language), visit.principal.sees
    text = visit.query.get("q", "").strip()[:_LONGEST_SEARCH]
    after = visit.query.get("after", "")[: 2 * _LONGEST_SEARCH]
    hits: tuple[Hit, ...] = ()
    found: tuple[FoundAdvisory, ...] = ()
    following = ""
    with session(desk.services.store) as reading:
        age = advisory_reads.age(reading)
        editions = exploits.sources(reading)
        if text:
            found = advisory_reads.find(reading, text, limit=_FOUND)
        else:
            page = advisory_reads.hits(reading, sees, after=after, limit=_SHOWN)
            hits = page.hits
            following = desk.frame.url("advisories", after=page.next) if page.next else ""
    oldest = _oldest_days(desk)
    context = AdvisoriesPage(
        sources=_sources(age, editions, visit.now, oldest, wording),
        oldest_days=oldest,
        text=text,
        hits=tuple(_hit(desk, one) for one in hits),
        found=tuple(FoundRow(one, desk.frame.url("advisory", advisory=one.id)) for one in found),
        more_found=len(found) >= _FOUND,
        first=desk.frame.url("advisories") if after else "",
        next=following,
    )
    return desk.frame.page(visit, "advisories.html", context, section="advisories")


def _one(desk: Desk, visit: Visit) -> Response:
    name = str(visit.params["advisory"])[:_LONGEST_SEARCH]
    with session(desk.services.store) as reading:
        known = advisory_reads.dossier(reading, name, visit.principal.sees)
    if known is None:
        raise Problem(
            404, N_("there is no such advisory"), N_("It may not be imported: the list says how old the data is.")
        )
    document = known.document
    affected = [one for one in _list_of(document.get("affected")) if isinstance(one, Mapping)]
    packages = tuple(_package(desk, one) for one in affected[:_MOST_PACKAGES])
    query = _triage_query(known.rules)
    context = AdvisoryPage(
        id=one_line(known.id, 128),
        aliases=tuple(one_line(alias, 128) for alias in known.aliases),
        summary=one_line(str(document.get("summary") or ""), 400),
        details=_paragraphs(str(document.get("details") or "")),
        severity=tuple(_severities(document)),
        modified=known.modified,
        published=known.published,
        withdrawn=known.withdrawn,
        fact=known.fact,
        cve=known.cve,
        packages=packages,
        more_packages=max(0, len(affected) - _MOST_PACKAGES),
        references=tuple(_references(document)),
        projects=tuple(
            AffectedProject(
                one_line(path, 300),
                link(desk, "project", project=number),
                count,
                _triage(desk, known.rules, projects=frozenset({number})),
            )
            for number, path, count in known.projects
        ),
        triage_url=f"{link(desk, 'triage')}?{query}" if query and link(desk, "triage") else "",
    )
    return desk.frame.page(visit, "advisory.html", context, section="advisories")


# --- parts ------------------------------------------------------------------------------------------------------------


def _oldest_days(desk: Desk) -> int | None:
    try:
        return desk.services.policy().policy.advisories.oldest_days
    except MergewardenError:
        return None


def _sources(
    age: DataAge,
    editions: Mapping[ExploitList, ExploitEdition],
    now: datetime,
    oldest: int | None,
    wording: Wording,
) -> tuple[DataSource, ...]:
    limit = _OLD_DAYS if oldest is None else oldest

    def source(name: str, day: date | None, entries: int, imported: datetime | None = None) -> DataSource:
        if day is None:
            return DataSource(name, None, wording.t.gettext("not imported"), 0, True)
        days = max(0, (now.date() - day).days)
        said = wording.t.ngettext("{n} day old", "{n} days old", days).format(n=days)
        return DataSource(name, day, said, entries, days > limit, imported)

    made = [source(wording.t.gettext("Advisories"), age.newest, age.documents)]
    for one, name in ((ExploitList.EPSS, "EPSS"), (ExploitList.KEV, "KEV")):
        edition = editions.get(one)
        made.append(
            source(
                name,
                None if edition is None else edition.data_date,
                0 if edition is None else edition.entries,
                None if edition is None else edition.imported_at,
            )
        )
    return tuple(made)


def _hit(desk: Desk, hit: Hit) -> HitRow:
    cve = next((name for name in (hit.name, *hit.aliases) if name.startswith("CVE-")), "")
    url = desk.frame.url("advisory", advisory=hit.advisory_id) if hit.advisory_id else ""
    return HitRow(hit, url, _triage(desk, [(hit.scanner, hit.name)]), cve)


def _triage(desk: Desk, rules: Sequence[tuple[str, str]], projects: frozenset[int] = frozenset()) -> str:
    """Address of the triage list of these rules' findings: of the first one, for a list shows one rule."""
    place, query = link(desk, "triage"), _triage_query(rules, projects)
    return f"{place}?{query}" if place and query else ""


def _triage_query(rules: Sequence[tuple[str, str]], projects: frozenset[int] = frozenset()) -> str:
    return Filter(standings=frozenset(), rule=rules[0], projects=projects).to_query() if rules else ""


def _list_of(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _package(desk: Desk, said: Mapping[str, Any]) -> AffectedPackage:
    named = said.get("package")
    package: Mapping[str, Any] = named if isinstance(named, Mapping) else {}
    ecosystem, name = str(package.get("ecosystem", "")), str(package.get("name", ""))
    ranges: list[str] = []
    fixed: list[str] = []
    for one in _list_of(said.get("ranges")):
        events = _list_of(one.get("events") if isinstance(one, Mapping) else None)
        ranges += _ranges(events)
        if isinstance(one, Mapping) and one.get("type") != "GIT":
            fixed += [str(event["fixed"]) for event in events if isinstance(event, Mapping) and "fixed" in event]
    url = link(desk, "component", ecosystem=ecosystem, package=name) if ecosystem and name else ""
    return AffectedPackage(
        one_line(ecosystem, 100),
        one_line(name, 200),
        tuple(one_line(text, 120) for text in ranges[:_MOST_RANGES]),
        tuple(one_line(text, 60) for text in dict.fromkeys(fixed))[:_MOST_RANGES],
        len(_list_of(said.get("versions"))),
        url,
    )


def _ranges(events: Sequence[Any]) -> Iterator[str]:
    # https://ossf.github.io/osv-schema/#affectedrangesevents-fields
    begin = ""
    for event in events:
        if not isinstance(event, Mapping):
            continue
        if "introduced" in event:
            if begin:
                yield f"≥ {begin}"
            begin = str(event["introduced"])
        elif "fixed" in event:
            yield f"≥ {begin or '0'}, < {event['fixed']}"
            begin = ""
        elif "last_affected" in event:
            yield f"≥ {begin or '0'}, ≤ {event['last_affected']}"
            begin = ""
    if begin:
        yield f"≥ {begin}"


def _severities(document: Mapping[str, Any]) -> Iterator[str]:
    for one in _list_of(document.get("severity"))[:5]:
        if isinstance(one, Mapping):
            yield one_line(f"{one.get('type', '')} {one.get('score', '')}".strip(), 200)
    specific = document.get("database_specific")
    if isinstance(specific, Mapping) and isinstance(specific.get("severity"), str):
        yield one_line(specific["severity"], 40)


def _paragraphs(text: str) -> tuple[str, ...]:
    shown = shorten(visible(text), _LONGEST_DETAILS)
    return tuple(part.strip() for part in re.split(r"\n\s*\n", shown) if part.strip())


def _references(document: Mapping[str, Any]) -> list[str]:
    urls = [str(one.get("url", "")) for one in _list_of(document.get("references")) if isinstance(one, Mapping)]
    return [visible(url) for url in web_references(tuple(dict.fromkeys(urls)))[:_MOST_REFERENCES]]
