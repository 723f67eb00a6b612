"""
Versions of the organisation's own rules: which is in force, which waits, who switched what on and when.

Versions are kept for as long as the store, so that findings of old ones keep their words.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from bot.domain.rule_version import KnownVersion, RuleSimulation, RuleSourceState, RuleSwitch, RuleVersion
from bot.store.statements import insert_into, table
from bot.store.tables import RuleSourceRecord, RuleSwitchRecord, RuleVersionRecord

_VERSION = table(RuleVersionRecord)
_SOURCE = table(RuleSourceRecord)
_SWITCH = table(RuleSwitchRecord)
_NAME = "organisation"
_MOST_SWITCHES = 50
_MOST_WORDS = 200
"""Versions whose words are looked up. Findings of older ones keep the English words that are stored with them."""


def state(session: Session) -> RuleSourceState | None:
    """What is known of the source; None where none was ever read."""
    row = session.execute(select(_SOURCE).where(_SOURCE.c.name == _NAME)).one_or_none()
    if row is None:
        return None
    return RuleSourceState(row.source, row.seen, row.active, row.waiting, row.problem, row.read_at)


def active_digest(session: Session) -> str:
    """Digest of the version in force; empty for none."""
    found = session.execute(select(_SOURCE.c.active).where(_SOURCE.c.name == _NAME)).scalar_one_or_none()
    return found or ""


def keep_version(
    session: Session, version: RuleVersion, *, origin: str, at: datetime, simulation: RuleSimulation | None = None
) -> None:
    """Store a version; one that is there gets the newer simulation."""
    values = {
        "digest": version.digest,
        "origin": origin,
        "read_at": at,
        "entries": dict(version.entries),
        "document": version.to_json(),
        "simulation": None if simulation is None else simulation.to_json(),
    }
    statement = insert_into(session, _VERSION).values(**values)
    if simulation is None:
        session.execute(statement.on_conflict_do_nothing())
    else:
        session.execute(
            statement.on_conflict_do_update(
                index_elements=["digest"], set_={"simulation": statement.excluded.simulation}
            )
        )


def load_version(session: Session, digest: str) -> RuleVersion | None:
    """The version with this digest."""
    document = session.execute(select(_VERSION.c.document).where(_VERSION.c.digest == digest)).scalar_one_or_none()
    return None if document is None else RuleVersion.from_json(document)


def known_versions(session: Session) -> tuple[KnownVersion, ...]:
    """Every version, the newest first."""
    rows = session.execute(
        select(
            _VERSION.c.digest, _VERSION.c.origin, _VERSION.c.read_at, _VERSION.c.entries, _VERSION.c.simulation
        ).order_by(_VERSION.c.read_at.desc(), _VERSION.c.digest)
    )
    return tuple(_known(row) for row in rows)


def known_version(session: Session, digest: str) -> KnownVersion | None:
    """One version without its rules."""
    row = session.execute(
        select(
            _VERSION.c.digest, _VERSION.c.origin, _VERSION.c.read_at, _VERSION.c.entries, _VERSION.c.simulation
        ).where(_VERSION.c.digest == digest)
    ).one_or_none()
    return None if row is None else _known(row)


def digests_like(session: Session, beginning: str) -> tuple[str, ...]:
    """Digests that begin so, at most two: people write the first twelve digits."""
    if not beginning or not set(beginning) <= set("0123456789abcdef"):
        return ()
    chosen = select(_VERSION.c.digest).where(_VERSION.c.digest.startswith(beginning)).limit(2)
    return tuple(session.execute(chosen).scalars())


def all_entries(session: Session) -> Mapping[str, Mapping[str, Any]]:
    """
    By rule id the words of every rule that the organisation ever had; of several, those of the version in force, else
    of the newest.
    """
    active = active_digest(session)
    newest = select(_VERSION.c.digest, _VERSION.c.entries).order_by(_VERSION.c.read_at.desc(), _VERSION.c.digest)
    found: dict[str, Mapping[str, Any]] = {}
    ours: Mapping[str, Mapping[str, Any]] = {}
    for row in reversed(session.execute(newest.limit(_MOST_WORDS)).all()):
        found |= row.entries
    if active:
        # It may be older than all of those.
        chosen = select(_VERSION.c.entries).where(_VERSION.c.digest == active)
        ours = session.execute(chosen).scalar_one_or_none() or {}
    return {**found, **ours}


def note_seen(
    session: Session, *, source: str, seen: str, waiting: str | None = None, problem: str = "", at: datetime
) -> None:
    """
    Note what is there now. ``waiting`` is the digest of what was read, None where it could not be used: then what was
    in force and what waited stay as they are.
    """
    known = state(session)
    values: dict[str, Any] = {"source": source, "seen": seen, "problem": problem, "read_at": at}
    if known is None:
        first = {"name": _NAME, "active": "", "waiting": waiting or "", **values}
        session.execute(insert_into(session, _SOURCE).values(**first).on_conflict_do_nothing())
        return
    if waiting is not None:
        values["waiting"] = "" if waiting == known.active else waiting
    session.execute(update(_SOURCE).where(_SOURCE.c.name == _NAME).values(**values))


def switch_on(session: Session, digest: str, *, actor: str, reason: str, at: datetime) -> bool:
    """
    Put a version in force (none with an empty digest), and write down who did; whether that changed anything.

    Raises ``ValueError`` for a digest that is not stored.
    """
    if digest and session.execute(select(_VERSION.c.digest).where(_VERSION.c.digest == digest)).one_or_none() is None:
        raise ValueError("there is no such version")
    row = session.execute(select(_SOURCE).where(_SOURCE.c.name == _NAME).with_for_update()).one_or_none()
    if row is None:
        raise ValueError("no source was ever read")
    if row.active == digest:
        return False
    waiting = "" if row.waiting == digest else row.waiting
    session.execute(update(_SOURCE).where(_SOURCE.c.name == _NAME).values(active=digest, waiting=waiting))
    session.execute(
        insert(_SWITCH).values(before=row.active, after=digest, actor=actor[:200], reason=reason[:500], at=at)
    )
    return True


def switches(session: Session) -> tuple[RuleSwitch, ...]:
    """The last times that another version came into force, the newest first."""
    rows = session.execute(select(_SWITCH).order_by(_SWITCH.c.id.desc()).limit(_MOST_SWITCHES))
    return tuple(RuleSwitch(row.before, row.after, row.actor, row.reason, row.at) for row in rows)


def _known(row: Any) -> KnownVersion:
    simulation = None if row.simulation is None else RuleSimulation.from_json(row.simulation)
    return KnownVersion(row.digest, row.origin, row.read_at, len(row.entries), simulation)
