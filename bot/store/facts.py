"""
What other sources know about the findings of a scan, for rules that ask for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.domain.circumstances import UNKNOWN, Facts
from bot.domain.verdict import Presence, TrackedFinding
from bot.store import exploits, licences
from bot.store.bulk import among
from bot.store.exploits import ExploitFact, ExploitList
from bot.store.statements import table
from bot.store.tables import FindingRecord
from scanners.finding import Dependency

_FINDING = table(FindingRecord)


def facts_of(
    session: Session, tracked: Iterable[TrackedFinding], *, project_id: int | None = None
) -> Mapping[str, Facts]:
    """
    Facts by fingerprint; findings of which nothing is known, fixed ones, and those without an identity are left out.

    Licences are those that the project's own reports named, so without ``project_id`` none are known. A vulnerability
    that a list leaves out is not on it; one without a CVE id cannot be looked up, so that nothing is known of it. At
    most four statements, however many findings there are.
    """
    found = [item for item in tracked if item.presence is not Presence.FIXED and item.finding.fingerprint]
    packages = {item.finding.fingerprint: item.finding.dependency for item in found if item.finding.dependency}
    editions = exploits.sources(session) if packages else {}
    listed = exploits.facts_for(session, {cve for package in packages.values() for cve in _cves(package)})
    named: Mapping[licences.Release, tuple[str, ...]] = {}
    if project_id is not None:
        releases = [licences.release_of(package) for package in packages.values()]
        named = licences.licences_of(session, project_id, releases)
    numbers = {item.number for item in found if item.number is not None}
    seen: dict[int, date] = {}
    if numbers:
        rows = session.execute(
            select(_FINDING.c.id, _FINDING.c.first_seen_at).where(among(session, _FINDING.c.id, numbers))
        )
        seen = {row.id: row.first_seen_at.date() for row in rows}
    facts: dict[str, Facts] = {}
    for item in found:
        package = packages.get(item.finding.fingerprint)
        epss, kev = _exploits(package, editions.keys(), listed) if package is not None else (None, None)
        known = Facts(
            epss=epss,
            kev=kev,
            licences=named.get(licences.release_of(package)) if package is not None else None,
            first_seen=seen.get(item.number) if item.number is not None else None,
        )
        if known != UNKNOWN:
            facts[item.finding.fingerprint] = known
    return facts


def _exploits(
    package: Dependency, editions: Iterable[ExploitList], listed: Mapping[str, ExploitFact]
) -> tuple[float | None, bool | None]:
    """The worst that the lists say under any of the vulnerability's CVE ids."""
    cves = _cves(package)
    said = [listed[cve] for cve in cves if cve in listed]
    epss = max((one.epss for one in said if one.epss is not None), default=None)
    kev = any(one.kev_added is not None for one in said) if cves and ExploitList.KEV in editions else None
    return epss, kev


def _cves(package: Dependency) -> list[str]:
    return [name.upper() for name in package.advisory_ids if name[:4].upper() == "CVE-"]
