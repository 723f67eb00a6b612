"""
What an evidence pack takes from the store beside snapshots, attestations and evidence rows: the policies that were in
force, and the audit log of a period.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import LargeBinary, func, or_, select, type_coerce
from sqlalchemy.orm import Session

from bot.domain.audit import Entry, Head
from bot.store.audit import entry_of_row
from bot.store.bulk import among
from bot.store.desk_tables import AuditEntryRecord
from bot.store.maturity.models import readable
from bot.store.statements import table
from bot.store.tables import DecisionRecord, PolicySnapshotRecord, ScanRecord

_DECISION = table(DecisionRecord)
_SCAN = table(ScanRecord)
_POLICY = table(PolicySnapshotRecord)
_ENTRY = table(AuditEntryRecord)

OF_EVERYBODY = ("policy", "rules", "snapshots")
"""Beginnings of actions about no project that concern each of them."""


@dataclass(frozen=True, slots=True)
class PolicyInForce:
    """A policy that scans and decisions of a time followed."""

    digest: str
    first_at: datetime
    """Its first use within the time."""
    last_at: datetime
    scans: int
    decisions: int
    kept: bool
    """Whether its text is still there."""


def policies_in_force(
    session: Session, since: datetime, until: datetime, projects: Collection[int] | None
) -> tuple[PolicyInForce, ...]:
    """
    The policies of the scans and decisions of a time (its end is not part of it), by digest; ``projects`` None for all.
    Three statements.
    """
    used: dict[str, list[Any]] = {}
    for place, moment, query in (
        (2, _SCAN.c.started_at, _SCAN),
        (3, _DECISION.c.at, _DECISION),
    ):
        columns = (query.c.policy_digest, func.min(moment), func.max(moment), func.count())
        within = [moment >= since, moment < until, query.c.policy_digest != ""]
        if projects is not None:
            within.append(among(session, query.c.project_id, projects))
        for digest, first, last, count in session.execute(select(*columns).where(*within).group_by(columns[0])):
            known = used.setdefault(digest, [first, last, 0, 0])
            known[0], known[1] = min(known[0], first), max(known[1], last)
            known[place] = int(count)
    there = set(session.execute(select(_POLICY.c.digest).where(among(session, _POLICY.c.digest, used))).scalars())
    return tuple(
        PolicyInForce(digest, first, last, scans, decisions, digest in there)
        for digest, (first, last, scans, decisions) in sorted(used.items())
    )


def policy_document(session: Session, digest: str) -> Any:
    """A policy as it was stored; an empty object where that cannot be read, None where there is none. One statement."""
    packed = type_coerce(_POLICY.c.document, LargeBinary)
    found = session.execute(select(packed).where(_POLICY.c.digest == digest)).scalar_one_or_none()
    return None if found is None else readable(found)


def head_at(session: Session, until: datetime) -> Head:
    """The last entry of the audit log before a moment. One statement."""
    query = select(_ENTRY.c.sequence, _ENTRY.c.digest).where(_ENTRY.c.at < until)
    row = session.execute(query.order_by(_ENTRY.c.sequence.desc()).limit(1)).one_or_none()
    return Head() if row is None else Head(row.sequence, row.digest)


def entries_about(session: Session, since: datetime, until: datetime, projects: Collection[int]) -> Iterator[Entry]:
    """
    Entries of a time about these projects, and those about no project whose action concerns each of them, by number; a
    thousand in memory at once. The session is used for nothing else meanwhile.
    """
    common = [_ENTRY.c.action.startswith(f"{word}.", autoescape=True) for word in OF_EVERYBODY]
    about = or_(among(session, _ENTRY.c.project_id, projects), _ENTRY.c.project_id.is_(None) & or_(*common))
    query = select(_ENTRY).where(_ENTRY.c.at >= since, _ENTRY.c.at < until, about).order_by(_ENTRY.c.sequence)
    rows = session.execute(query, execution_options={"yield_per": 1_000, "stream_results": True})
    for row in rows.mappings():
        yield entry_of_row(row)
