"""
Packages over all projects: where each is used, in which versions, under which licences, and what is open about it.

What bills of materials say (``package_licence``) and what findings are about (``group_tally``) are looked at together,
for a package that is vulnerable is worth a row although nobody sent a bill of materials. Each function is a fixed
number of statements. ``sees`` are the projects that the reader sees by number; None for all.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    String,
    and_,
    cast,
    exists,
    func,
    literal,
    or_,
    select,
    type_coerce,
    union,
)
from sqlalchemy.orm import Session

from bot.domain.priority import Standing
from bot.store.bulk import among
from bot.store.desk_tables import GroupNameRecord, RuleTallyRecord
from bot.store.osv import normalised
from bot.store.statements import table
from bot.store.tables import PackageLicenceRecord, ProjectRecord
from scanners.finding import Severity

_LICENCE = table(PackageLicenceRecord)
_NAME = table(GroupNameRecord)
_TALLY = table(RuleTallyRecord)
_PROJECT = table(ProjectRecord)

_PACKAGE = "package"
_MOST_VERSIONS = 200
"""Versions and licences of one page's packages that are told apart for each package."""

_FEW = 20
"""Projects of which all packages are read for one page."""

Package = tuple[str, str]
"""Ecosystem and name."""


@dataclass(frozen=True, slots=True)
class Component:
    """One package over the projects that one sees."""

    ecosystem: str
    package: str
    projects: int
    """That have it by a bill of materials; 0 where only findings name it."""
    versions: tuple[str, ...]
    """As the bills of materials have them; empty where none does."""
    licences: tuple[str, ...]
    open: int
    """Findings about it that are not closed."""
    worst: Severity | None
    """Of those; None where there is none."""
    affected: int
    """Projects with such a finding."""


@dataclass(frozen=True, slots=True)
class ComponentPage:
    """A part of the list, by ecosystem and name."""

    components: tuple[Component, ...]
    next: Package | None
    """What the next page begins after; None on the last."""


@dataclass(frozen=True, slots=True)
class ComponentUse:
    """One project that has a package."""

    project_id: int
    path: str
    versions: tuple[str, ...]
    licences: tuple[str, ...]
    open: int


def ecosystems(session: Session) -> tuple[str, ...]:
    """Every ecosystem that some bill of materials named. One statement, which jumps from one to the next."""
    first = select(func.min(_LICENCE.c.ecosystem).label("name")).cte("each", recursive=True)
    following = select(func.min(_LICENCE.c.ecosystem)).where(_LICENCE.c.ecosystem > first.c.name).scalar_subquery()
    each = first.union_all(select(following).where(first.c.name.is_not(None)))
    return tuple(name for name in session.scalars(select(each.c.name)) if name is not None)


def page(
    session: Session,
    sees: Collection[int] | None,
    *,
    ecosystem: str = "",
    text: str = "",
    after: Package | None = None,
    limit: int = 50,
) -> ComponentPage:
    """
    Packages in the order of ecosystem and name. Four statements.

    ``text`` is a part of the name, upper and lower case alike. ``after`` is ``next`` of the page before.
    """
    names = [
        (row.ecosystem, row.package) for row in session.execute(_names(session, sees, ecosystem, text, after, limit))
    ]
    shown, more = names[:limit], len(names) > limit
    projects = _projects(session, sees, shown)
    words = _words(session, sees, shown)
    findings = _findings(session, sees, shown)
    return ComponentPage(
        tuple(
            Component(
                ecosystem=name[0],
                package=name[1],
                projects=projects.get(name, 0),
                versions=words.get(name, ((), ()))[0],
                licences=words.get(name, ((), ()))[1],
                open=findings.get(name, (0, None, 0))[0],
                worst=findings.get(name, (0, None, 0))[1],
                affected=findings.get(name, (0, None, 0))[2],
            )
            for name in shown
        ),
        shown[-1] if more else None,
    )


def users(
    session: Session, package: Package, sees: Collection[int] | None, *, after: int | None = None, limit: int = 100
) -> tuple[tuple[ComponentUse, ...], int | None]:
    """
    The projects that have a package, by number, and what the next part begins after. Three statements.

    Those that only findings name are among them.
    """
    has = exists().where(_LICENCE.c.project_id == _PROJECT.c.id, *_is(package))
    named = exists().where(
        _TALLY.c.project_id == _PROJECT.c.id,
        _TALLY.c.group_kind == _PACKAGE,
        _TALLY.c.group_key.in_(_keys([package])),
        _TALLY.c.count > 0,
    )
    query = select(_PROJECT.c.id, _PROJECT.c.path).where(or_(has, named), *_seen(session, _PROJECT.c.id, sees))
    if after is not None:
        query = query.where(_PROJECT.c.id > after)
    found = session.execute(query.order_by(_PROJECT.c.id).limit(limit + 1)).all()
    ids = [row.id for row in found[:limit]]
    said: dict[int, tuple[list[str], list[str]]] = {}
    for row in session.execute(
        select(_LICENCE.c.project_id, _LICENCE.c.version, _LICENCE.c.licences)
        .where(among(session, _LICENCE.c.project_id, ids), *_is(package))
        .order_by(_LICENCE.c.project_id, _LICENCE.c.version)
    ):
        versions, licences = said.setdefault(row.project_id, ([], []))
        versions.append(row.version)
        licences += row.licences
    counts = {
        number: int(count)
        for number, count in session.execute(
            select(_TALLY.c.project_id, func.sum(_TALLY.c.count))
            .where(
                among(session, _TALLY.c.project_id, ids),
                _TALLY.c.group_kind == _PACKAGE,
                _TALLY.c.group_key.in_(_keys([package])),
                _TALLY.c.standing != Standing.CLOSED,
            )
            .group_by(_TALLY.c.project_id)
        )
    }
    return (
        tuple(
            ComponentUse(
                row.id,
                row.path,
                tuple(dict.fromkeys(said.get(row.id, ((), ()))[0])),
                tuple(dict.fromkeys(said.get(row.id, ((), ()))[1])),
                counts.get(row.id, 0),
            )
            for row in found[:limit]
        ),
        ids[-1] if len(found) > limit else None,
    )


# --- the names --------------------------------------------------------------------------------------------------------


def _names(
    session: Session,
    sees: Collection[int] | None,
    ecosystem: str,
    text: str,
    after: Package | None,
    limit: int,
) -> Select[Any]:
    # Of a few projects all rows are read and sorted; of many the names are gone through until the page is full.
    few = _seen if sees is not None and len(sees) <= _FEW else _filtered
    said = select(_LICENCE.c.ecosystem, _LICENCE.c.package).where(
        *_wanted(_LICENCE.c.ecosystem, _LICENCE.c.package, ecosystem, text, after),
        *few(session, _LICENCE.c.project_id, sees),
    )
    first, second = type_coerce(_NAME.c.first, String), type_coerce(_NAME.c.second, String)
    somewhere = exists().where(
        _TALLY.c.group_kind == _PACKAGE,
        _TALLY.c.group_key == _NAME.c.group_key,
        _TALLY.c.standing != Standing.CLOSED,
        _TALLY.c.count > 0,
        *_filtered(session, _TALLY.c.project_id, sees),
    )
    found = select(first.label("ecosystem"), second.label("package")).where(
        _NAME.c.group_kind == _PACKAGE, *_wanted(first, second, ecosystem, text, after), somewhere
    )
    # Each side is cut off by itself, so that neither is read to its end for one page.
    parts = [
        select(part.subquery())
        for part in (
            said.distinct().order_by(_LICENCE.c.ecosystem, _LICENCE.c.package).limit(limit + 1),
            found.order_by(first, second).limit(limit + 1),
        )
    ]
    both = union(*parts).subquery()
    return select(both.c.ecosystem, both.c.package).order_by(both.c.ecosystem, both.c.package).limit(limit + 1)


def _wanted(
    ecosystem_of: ColumnElement[str], package_of: ColumnElement[str], ecosystem: str, text: str, after: Package | None
) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if ecosystem:
        conditions.append(ecosystem_of == ecosystem)
    if text:
        conditions.append(func.lower(package_of).contains(text.lower(), autoescape=True))
    if after is not None:
        conditions.append(ecosystem_of >= after[0])
        conditions.append(or_(ecosystem_of > after[0], package_of > after[1]))
    return conditions


# --- what is known of them --------------------------------------------------------------------------------------------


def _projects(session: Session, sees: Collection[int] | None, names: Sequence[Package]) -> Mapping[Package, int]:
    rows = session.execute(
        select(_LICENCE.c.ecosystem, _LICENCE.c.package, func.count(_LICENCE.c.project_id.distinct()))
        .where(_among(session, names), *_filtered(session, _LICENCE.c.project_id, sees))
        .group_by(_LICENCE.c.ecosystem, _LICENCE.c.package)
    )
    return {(ecosystem, package): int(count) for ecosystem, package, count in rows}


def _words(
    session: Session, sees: Collection[int] | None, names: Sequence[Package]
) -> Mapping[Package, tuple[tuple[str, ...], tuple[str, ...]]]:
    """Versions and licences of each, the most used version first."""
    licences = cast(_LICENCE.c.licences, String)
    kinds = (
        select(
            _LICENCE.c.ecosystem,
            _LICENCE.c.package,
            _LICENCE.c.version,
            licences.label("licences"),
            func.count().label("used"),
        )
        .where(_among(session, names), *_filtered(session, _LICENCE.c.project_id, sees))
        .group_by(_LICENCE.c.ecosystem, _LICENCE.c.package, _LICENCE.c.version, licences)
        .subquery()
    )
    place = (
        func.row_number()
        .over(partition_by=(kinds.c.ecosystem, kinds.c.package), order_by=(kinds.c.used.desc(), kinds.c.version))
        .label("place")
    )
    ranked = select(kinds, place).subquery()
    found: dict[Package, tuple[list[str], list[str]]] = {}
    for row in session.execute(select(ranked).where(ranked.c.place <= _MOST_VERSIONS).order_by(ranked.c.place)):
        versions, said = found.setdefault((row.ecosystem, row.package), ([], []))
        versions.append(row.version)
        said += json.loads(row.licences)
    return {
        name: (tuple(dict.fromkeys(versions)), tuple(sorted(set(said)))) for name, (versions, said) in found.items()
    }


def _findings(
    session: Session, sees: Collection[int] | None, names: Sequence[Package]
) -> Mapping[Package, tuple[int, Severity | None, int]]:
    """Open findings, the worst severity, and projects with any, of each that has some."""
    keys = select(_NAME.c.group_key).where(
        _NAME.c.group_kind == _PACKAGE, among(session, _NAME.c.second, {name for _, name in names})
    )
    rows = session.execute(
        select(
            _NAME.c.first,
            _NAME.c.second,
            func.sum(_TALLY.c.count).label("open"),
            type_coerce(func.max(_TALLY.c.severity), _TALLY.c.severity.type).label("worst"),
            func.count(_TALLY.c.project_id.distinct()).label("projects"),
        )
        .join(_TALLY, and_(_TALLY.c.group_kind == _NAME.c.group_kind, _TALLY.c.group_key == _NAME.c.group_key))
        .where(
            _NAME.c.group_kind == _PACKAGE,
            among(session, _NAME.c.second, {name for _, name in names}),
            _TALLY.c.group_key.in_(keys),
            _TALLY.c.standing != Standing.CLOSED,
            _TALLY.c.count > 0,
            *_filtered(session, _TALLY.c.project_id, sees),
        )
        .group_by(_NAME.c.first, _NAME.c.second)
    )
    return {(row.first, row.second): (int(row.open), row.worst, int(row.projects)) for row in rows}


def _among(session: Session, names: Sequence[Package]) -> ColumnElement[bool]:
    # By the ecosystem as well, because the index begins with it; rows of another pair are few and fall out later.
    return and_(
        among(session, _LICENCE.c.ecosystem, {ecosystem for ecosystem, _ in names}),
        among(session, _LICENCE.c.package, {package for _, package in names}),
    )


def _keys(names: Sequence[Package]) -> Select[Any]:
    return select(_NAME.c.group_key).where(
        _NAME.c.group_kind == _PACKAGE,
        or_(
            *(and_(_NAME.c.first == ecosystem, _NAME.c.second == package) for ecosystem, package in names),
            literal(False),
        ),
    )


def _is(package: Package) -> list[ColumnElement[bool]]:
    return [_LICENCE.c.ecosystem == package[0], _LICENCE.c.package == normalised(*package)]


def _seen(session: Session, column: Any, sees: Collection[int] | None) -> list[ColumnElement[bool]]:
    return [] if sees is None else [among(session, column, sees)]


def _filtered(session: Session, column: Any, sees: Collection[int] | None) -> list[ColumnElement[bool]]:
    """The same where the names say which rows are read: an index that begins with the project must not be used."""
    return [] if sees is None else [among(session, column + 0, sees)]
