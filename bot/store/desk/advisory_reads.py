"""
What the pages about advisories ask the store: which of them hit findings here, and what is known of one.

An advisory hits where a scanner's rule has its id or one of its other names: dependency scanners call their rules so.
Each function is a fixed number of statements. ``sees`` are the projects that the reader sees by number; None for all.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, cast

from sqlalchemy import ColumnElement, Select, String, and_, func, or_, select, type_coerce, union
from sqlalchemy.orm import Session

from bot.domain.priority import Standing
from bot.store import exploits
from bot.store.bulk import among
from bot.store.desk_tables import GroupNameRecord, RuleTallyRecord
from bot.store.exploits import ExploitFact
from bot.store.osv import normalised
from bot.store.statements import table
from bot.store.tables import (
    AdvisoryAliasRecord,
    AdvisoryPackageRecord,
    AdvisoryRecord,
    AdvisoryStateRecord,
    ExploitFactRecord,
    ProjectRecord,
)
from scanners.finding import Severity

_ADVISORY = table(AdvisoryRecord)
_PACKAGE = table(AdvisoryPackageRecord)
_ALIAS = table(AdvisoryAliasRecord)
_STATE = table(AdvisoryStateRecord)
_FACT = table(ExploitFactRecord)
_NAME = table(GroupNameRecord)
_TALLY = table(RuleTallyRecord)
_PROJECT = table(ProjectRecord)

_RULE = "rule"
_PREFIXES = ("CVE-", "GHSA-", "PYSEC-", "OSV-", "RUSTSEC-", "GO-", "MAL-", "DSA-", "DLA-", "USN-", "RHSA-")
"""How ids of advisories begin, for those that were not imported. https://ossf.github.io/osv-schema/#id-modified-fields"""
_MOST_FOUND = 100


@dataclass(frozen=True, slots=True)
class DataAge:
    """Which advisories there are, and how old the newest is."""

    documents: int
    newest: date | None
    """None where there is none."""


@dataclass(frozen=True, slots=True)
class Hit:
    """An advisory by the name that findings here have it by."""

    name: str
    """Rule id of the findings."""
    scanner: str
    advisory_id: str
    """Of the document; empty for one that was not imported."""
    summary: str
    aliases: tuple[str, ...]
    open: int
    projects: int
    worst: Severity
    fact: ExploitFact | None
    """What EPSS and KEV say of its CVE; None where neither knows it or it has none."""


@dataclass(frozen=True, slots=True)
class HitPage:
    """A part of the list."""

    hits: tuple[Hit, ...]
    next: str
    """What the next page begins after; empty on the last."""


@dataclass(frozen=True, slots=True)
class FoundAdvisory:
    """A document that a search found."""

    id: str
    summary: str
    modified: datetime
    withdrawn: datetime | None
    aliases: tuple[str, ...]
    fact: ExploitFact | None


@dataclass(frozen=True, slots=True)
class AdvisoryDossier:
    """One document, and where it matters here."""

    id: str
    document: Mapping[str, Any]
    """As it was imported: a stranger's."""
    modified: datetime
    published: datetime | None
    withdrawn: datetime | None
    aliases: tuple[str, ...]
    fact: ExploitFact | None
    cve: str
    """What the fact is about; empty without a CVE."""
    projects: tuple[tuple[int, str, int], ...]
    """Number, path and open findings of projects that have any, the most first; at most 100."""
    rules: tuple[tuple[str, str], ...]
    """Scanner and rule of those findings."""


def age(session: Session) -> DataAge:
    """How many documents there are and when the newest was modified. One statement."""
    newest = select(func.max(_ADVISORY.c.modified)).scalar_subquery()
    documents = select(func.max(_STATE.c.documents)).scalar_subquery()
    row = session.execute(select(documents.label("documents"), newest.label("newest"))).one()
    return DataAge(int(row.documents or 0), None if row.newest is None else row.newest.date())


def hits(session: Session, sees: Collection[int] | None, *, after: str = "", limit: int = 50) -> HitPage:
    """
    Advisories with findings that are not closed, by scanner: those known to be exploited, then the severest, then those
    of the most projects. Five statements at most.

    ``after`` is ``next`` of the page before; one that has no findings any more gives the first page.
    """
    name = type_coerce(_NAME.c.second, String)
    known = or_(
        *(name.startswith(prefix) for prefix in _PREFIXES),
        name.in_(select(_ADVISORY.c.id)),
        name.in_(select(_ALIAS.c.alias)),
    )
    # Summed up by the keys before anything is looked up by name: in the order of an index that holds all of it.
    sums = (
        select(
            _TALLY.c.group_key,
            func.sum(_TALLY.c.count).label("open"),
            func.count(_TALLY.c.project_id.distinct()).label("projects"),
            type_coerce(func.max(_TALLY.c.severity), _TALLY.c.severity.type).label("worst"),
        )
        .where(_TALLY.c.group_kind == _RULE, *_open(session, sees))
        .group_by(_TALLY.c.group_key)
        .subquery()
    )
    rows = session.execute(
        select(name.label("name"), _NAME.c.first, sums.c.open, sums.c.projects, sums.c.worst)
        .join(sums, sums.c.group_key == _NAME.c.group_key)
        .where(_NAME.c.group_kind == _RULE, known)
    ).all()
    listed = _exploited(session, {row.name for row in rows})
    # A few thousand names at most: they are put in order here, so that no index has to know of the two lists.
    ranked = sorted(rows, key=lambda row: (row.name not in listed, -row.worst.rank, -row.projects, row.name, row.first))
    places = [f"{row.first}\n{row.name}" for row in ranked]
    begin = places.index(after) + 1 if after in places else 0
    shown = ranked[begin : begin + limit]
    names = [row.name for row in shown]
    documents = _documents(session, names)
    aliases = _aliases(session, [found.id for found in documents.values()])
    facts = exploits.facts_for(session, {cve for row in shown for cve in _cves(row.name, documents, aliases)})
    return HitPage(
        tuple(
            Hit(
                name=row.name,
                scanner=row.first,
                advisory_id=documents[row.name].id if row.name in documents else "",
                summary=documents[row.name].summary if row.name in documents else "",
                aliases=aliases.get(documents[row.name].id, ()) if row.name in documents else (),
                open=int(row.open),
                projects=int(row.projects),
                worst=row.worst,
                fact=_worst_fact(_cves(row.name, documents, aliases), facts)[1],
            )
            for row in shown
        ),
        places[begin + limit - 1] if begin + limit < len(ranked) else "",
    )


def find(session: Session, text: str, *, limit: int = _MOST_FOUND) -> tuple[FoundAdvisory, ...]:
    """
    Documents by id, other name (a CVE, upper and lower case alike) or exact name of a package. Three statements.

    The newest first; those that were withdrawn come last.
    """
    given = text.strip()
    spellings = list(dict.fromkeys((given, given.upper(), _ghsa(given))))
    by_name = union(
        select(_ADVISORY.c.id).where(_ADVISORY.c.id.in_(spellings)),
        select(_ALIAS.c.advisory_id).where(_ALIAS.c.alias.in_(spellings)),
        _of_package(given),
    ).subquery()
    rows = session.execute(
        select(_ADVISORY.c.id, _ADVISORY.c.summary, _ADVISORY.c.modified, _ADVISORY.c.withdrawn)
        .where(_ADVISORY.c.id.in_(select(by_name.c[0])))
        .order_by(_ADVISORY.c.withdrawn.is_not(None), _ADVISORY.c.modified.desc(), _ADVISORY.c.id)
        .limit(limit)
    ).all()
    aliases = _aliases(session, [row.id for row in rows])
    cves = {row.id: _only_cves((row.id, *aliases.get(row.id, ()))) for row in rows}
    facts = exploits.facts_for(session, {cve for found in cves.values() for cve in found})
    return tuple(
        FoundAdvisory(
            row.id,
            row.summary,
            row.modified,
            row.withdrawn,
            aliases.get(row.id, ()),
            _worst_fact(cves[row.id], facts)[1],
        )
        for row in rows
    )


def dossier(session: Session, name: str, sees: Collection[int] | None) -> AdvisoryDossier | None:
    """The document with this id or other name, and where it matters here; None for none. Five statements."""
    spellings = list(dict.fromkeys((name, name.upper(), _ghsa(name))))
    mine = select(_ALIAS.c.advisory_id).where(_ALIAS.c.alias.in_(spellings))
    row = session.execute(
        select(_ADVISORY)
        .where(or_(_ADVISORY.c.id.in_(spellings), _ADVISORY.c.id.in_(mine)))
        # Its own id goes before somebody else's other name.
        .order_by(_ADVISORY.c.id.in_(spellings).desc(), _ADVISORY.c.withdrawn.is_not(None), _ADVISORY.c.id)
        .limit(1)
    ).one_or_none()
    if row is None:
        return None
    aliases = _aliases(session, [row.id]).get(row.id, ())
    cves = _only_cves((row.id, *aliases))
    cve, fact = _worst_fact(cves, exploits.facts_for(session, cves))
    here = [
        _NAME.c.group_kind == _RULE,
        among(session, _NAME.c.second, {row.id, *aliases}),
        *_open(session, sees),
    ]
    joined = and_(_TALLY.c.group_kind == _NAME.c.group_kind, _TALLY.c.group_key == _NAME.c.group_key)
    count = func.sum(_TALLY.c.count)
    projects = session.execute(
        select(_TALLY.c.project_id, _PROJECT.c.path, count)
        .select_from(_NAME.join(_TALLY, joined).outerjoin(_PROJECT, _PROJECT.c.id == _TALLY.c.project_id))
        .where(*here)
        .group_by(_TALLY.c.project_id, _PROJECT.c.path)
        .order_by(count.desc(), _TALLY.c.project_id)
        .limit(_MOST_FOUND)
    )
    rules = session.execute(
        select(_NAME.c.first, _NAME.c.second).join(_TALLY, joined).where(*here).distinct().limit(_MOST_FOUND)
    )
    return AdvisoryDossier(
        id=row.id,
        document=row.document,
        modified=row.modified,
        published=row.published,
        withdrawn=row.withdrawn,
        aliases=aliases,
        fact=fact,
        cve=cve,
        projects=tuple((number, path or f"{number}", int(open_)) for number, path, open_ in projects),
        rules=tuple(sorted((first, second) for first, second in rules)),
    )


# --- parts ------------------------------------------------------------------------------------------------------------


def _exploited(session: Session, names: Collection[str]) -> frozenset[str]:
    """Those of the names that KEV lists, by themselves or by a CVE of their document."""
    own = select(_FACT.c.cve).where(among(session, _FACT.c.cve, names), _FACT.c.kev_added.is_not(None))
    through = (
        select(_ALIAS.c.advisory_id)
        # From the names to the list, which is the way with fewer steps; SQLite would go through both for each other.
        .join(_FACT, _FACT.c.cve == func.coalesce(_ALIAS.c.alias, ""))
        .where(among(session, _ALIAS.c.advisory_id, names), _FACT.c.kev_added.is_not(None))
    )
    return frozenset(session.scalars(own.union(through)))


def _of_package(name: str) -> Select[Any]:
    # The index begins with the ecosystem, of which there are some dozens: this jumps from one to the next.
    first = select(func.min(_PACKAGE.c.ecosystem).label("name")).cte("each", recursive=True)
    following = select(func.min(_PACKAGE.c.ecosystem)).where(_PACKAGE.c.ecosystem > first.c.name).scalar_subquery()
    each = first.union_all(select(following).where(first.c.name.is_not(None)))
    names = list(dict.fromkeys((name, normalised("PyPI", name))))
    return select(_PACKAGE.c.advisory_id).where(
        _PACKAGE.c.ecosystem.in_(select(each.c.name).where(each.c.name.is_not(None))), _PACKAGE.c.package.in_(names)
    )


def _documents(session: Session, names: Sequence[str]) -> Mapping[str, Any]:
    """Documents by the names that were asked for; its own id goes before an other name."""
    own = select(_ADVISORY.c.id.label("name"), _ADVISORY.c.id, _ADVISORY.c.summary).where(
        among(session, _ADVISORY.c.id, names)
    )
    other = (
        select(_ALIAS.c.alias.label("name"), _ADVISORY.c.id, _ADVISORY.c.summary)
        .join(_ADVISORY, _ADVISORY.c.id == _ALIAS.c.advisory_id)
        .where(among(session, _ALIAS.c.alias, names), _ADVISORY.c.withdrawn.is_(None))
    )
    found: dict[str, Any] = {}
    for row in session.execute(own.union_all(other)):
        if row.name not in found or row.id == row.name:
            found[row.name] = row
    return found


def _aliases(session: Session, ids: Sequence[str]) -> Mapping[str, tuple[str, ...]]:
    rows = session.execute(
        select(_ALIAS.c.advisory_id, _ALIAS.c.alias)
        .where(among(session, _ALIAS.c.advisory_id, ids))
        .order_by(_ALIAS.c.advisory_id, _ALIAS.c.alias)
    )
    found: dict[str, list[str]] = {}
    for advisory, alias in rows:
        found.setdefault(advisory, []).append(alias)
    return {advisory: tuple(alias for alias in names if alias != advisory) for advisory, names in found.items()}


def _cves(name: str, documents: Mapping[str, Any], aliases: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    document = documents.get(name)
    return _only_cves((name, *((document.id, *aliases.get(document.id, ())) if document is not None else ())))


def _only_cves(names: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name.upper() for name in names if name.upper().startswith("CVE-")))


def _worst_fact(cves: Sequence[str], facts: Mapping[str, ExploitFact]) -> tuple[str, ExploitFact | None]:
    known = [cve for cve in cves if cve in facts]
    if not known:
        return (cves[0] if cves else ""), None
    worst = max(known, key=lambda cve: (facts[cve].kev_added is not None, facts[cve].epss or 0.0))
    return worst, facts[worst]


def _ghsa(text: str) -> str:
    """GitHub writes its ids in lower case behind the prefix."""
    return f"GHSA-{text[5:].lower()}" if text[:5].upper() == "GHSA-" else text


def _open(session: Session, sees: Collection[int] | None) -> list[ColumnElement[bool]]:
    # Plus nothing, so that an index that begins with the project is not used: those that hold the sums are smaller.
    seen = [] if sees is None else [among(session, cast(Any, _TALLY.c.project_id + 0), sees)]
    return [_TALLY.c.standing != Standing.CLOSED, _TALLY.c.count > 0, *seen]
