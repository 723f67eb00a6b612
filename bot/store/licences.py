"""
Under which licences packages come, as a project's bills of materials say; fed by imports.

What was said once stays said: a later report adds licences and takes none away, so that nobody gets a package past a
rule by bringing another report. Each project has its own: what one says must not judge another's code.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from bot.store.bulk import among
from bot.store.osv import normalised
from bot.store.statements import chunks, insert_into, table
from bot.store.tables import PackageLicenceRecord
from scanners.finding import Dependency

if TYPE_CHECKING:
    # What reads reports is loaded with the first report.
    from scanners.imports.model import PackageLicences

_LICENCE = table(PackageLicenceRecord)

_MOST = 20
"""Licences of one release."""
_LONGEST = (200, 400, 200)
"""Characters of ecosystem, package and version: what the key's columns hold."""

Release = tuple[str, str, str]
"""Ecosystem, normalised name, version."""


def release_of(dependency: Dependency) -> Release:
    """What a dependency's licences are looked up by."""
    return dependency.ecosystem, normalised(dependency.ecosystem, dependency.package), dependency.version


def record(session: Session, project_id: int, said: Sequence[PackageLicences]) -> int:
    """
    Note what a bill of materials says of its packages, also of those without a licence; of how many something new is
    known then.

    What does not fit into the key is left out: no finding can name such a package.
    """
    wanted: dict[Release, tuple[str, ...]] = {}
    for one in said:
        release = one.ecosystem, normalised(one.ecosystem, one.package), one.version
        if all(len(part) <= most for part, most in zip(release, _LONGEST, strict=True)):
            wanted[release] = _joined(wanted.get(release, ()), one.licences)
    known = _known(session, project_id, wanted)
    rows = [
        {
            "project_id": project_id,
            "ecosystem": release[0],
            "package": release[1],
            "version": release[2],
            "licences": list(_joined(known.get(release, ()), licences)),
        }
        for release, licences in sorted(wanted.items())
        if release not in known or set(licences) - set(known[release])
    ]
    for chunk in chunks(rows):
        statement = insert_into(session, _LICENCE).values(chunk)
        session.execute(
            statement.on_conflict_do_update(
                index_elements=["project_id", "ecosystem", "package", "version"],
                set_={"licences": statement.excluded.licences},
            )
        )
    return len(rows)


def licences_of(session: Session, project_id: int, releases: Iterable[Release]) -> Mapping[Release, tuple[str, ...]]:
    """The licences of these releases, by release; those of which none is known are left out. One statement."""
    return {release: licences for release, licences in _known(session, project_id, releases).items() if licences}


def _known(session: Session, project_id: int, releases: Iterable[Release]) -> dict[Release, tuple[str, ...]]:
    wanted = set(releases)
    if not wanted:
        return {}
    rows = session.execute(
        select(_LICENCE.c.ecosystem, _LICENCE.c.package, _LICENCE.c.version, _LICENCE.c.licences).where(
            _LICENCE.c.project_id == project_id, among(session, _LICENCE.c.package, (name for _, name, _ in wanted))
        )
    )
    return {
        (row.ecosystem, row.package, row.version): tuple(row.licences)
        for row in rows
        if (row.ecosystem, row.package, row.version) in wanted
    }


def forget_project(session: Session, project_id: int) -> None:
    """Delete what a project's reports said."""
    session.execute(delete(_LICENCE).where(_LICENCE.c.project_id == project_id))


def _joined(known: Sequence[str], more: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*known, *more)))[:_MOST]
