"""
Policies: as they were applied (snapshots, for replaying decisions), and the last good texts of a policy project.

The texts of a policy project are replaced all at once, by those of one commit. While what is there now is wrong or out
of reach, they stay, and the row of the file concerned says what the matter is.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, delete, exists, insert, or_, select, update
from sqlalchemy.orm import Session

from bot.domain.policy import Policy, policy_from_json, policy_to_json
from bot.domain.policy_layers import GROUPS, POLICY_FILE
from bot.store.bulk import among
from bot.store.statements import insert_into, table
from bot.store.tables import DecisionRecord, PolicySnapshotRecord, PolicySourceRecord

_SNAPSHOT = table(PolicySnapshotRecord)
_SOURCE = table(PolicySourceRecord)
_DECISION = table(DecisionRecord)

ORGANISATION = "organisation"
GROUP = "group:"
"""Begins the name of a group's file; its full path follows."""
FILE = "file:"
"""Begins the name of a file with a problem that is no policy; its path follows."""


# --- snapshots --------------------------------------------------------------------------------------------------------


def keep_snapshot(session: Session, policy: Policy, at: datetime) -> str:
    """
    Store a policy where it is not stored yet; returns its digest.

    Until the end of the transaction nobody purges it, so that a decision can be written that refers to it.
    """
    digest = policy.digest
    locked = select(_SNAPSHOT.c.digest).where(_SNAPSHOT.c.digest == digest).with_for_update(read=True, key_share=True)
    while session.execute(locked).one_or_none() is None:
        values = {"digest": digest, "document": policy_to_json(policy), "first_used_at": at}
        session.execute(insert_into(session, _SNAPSHOT).values(**values).on_conflict_do_nothing())
    return digest


def snapshot(session: Session, digest: str) -> Policy | None:
    """The policy with this digest, or None. Raises ``ValueError`` when it is not one that this release reads."""
    document = session.execute(select(_SNAPSHOT.c.document).where(_SNAPSHOT.c.digest == digest)).scalar_one_or_none()
    if document is None:
        return None
    policy = policy_from_json(document)
    if policy.digest != digest:
        raise ValueError("its digest is another one")
    return policy


def purge_snapshots(session: Session, *, before: datetime, limit: int = 100) -> int:
    """Delete up to ``limit`` snapshots from before this moment that no decision refers to; how many. Repeat until 0."""
    unused = ~exists().where(_DECISION.c.policy_digest == _SNAPSHOT.c.digest)
    idle = (
        select(_SNAPSHOT.c.digest)
        .where(_SNAPSHOT.c.first_used_at < before, unused)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    found = session.execute(idle).scalars().all()
    if not found:
        return 0
    # A second look, now that nobody else can write a decision that refers to them: what was written before is seen.
    gone = delete(_SNAPSHOT).where(among(session, _SNAPSHOT.c.digest, found), unused).returning(_SNAPSHOT.c.digest)
    return len(session.execute(gone).all())


# --- the policy project -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class StoredText:
    """A file of the policy project."""

    name: str
    """``ORGANISATION``, ``GROUP`` and the group's full path, or ``FILE`` and a path."""
    text: str
    """The last good one; empty where there never was one."""
    project: str
    """Full path of the policy project, as it was configured when this was read."""
    commit: str
    """From which the text is; empty with an empty text."""
    read_at: datetime
    """When it was last seen that this is what is there."""
    problem: str
    """Why what is there now is not used; empty while all is well."""

    @property
    def file(self) -> str:
        """Its path in the policy project."""
        return file_of(self.name)

    @property
    def origin(self) -> str:
        """Where the text is from, for people."""
        return f"{self.project}@{self.commit}:{self.file}"


def file_of(name: str) -> str:
    """The path of a file by its name in the store."""
    if name.startswith(FILE):
        return name.removeprefix(FILE)
    return POLICY_FILE if name == ORGANISATION else f"{GROUPS}/{name.removeprefix(GROUP)}.yml"


def policy_state(session: Session) -> tuple[StoredText, ...]:
    """The organisation's row and those of files with a problem: little, for finding out whether anything is new."""
    # The texts of groups are long; whoever asks knows them already, mostly.
    rows = session.execute(select(_SOURCE).where(or_(_SOURCE.c.name == ORGANISATION, _SOURCE.c.problem != "")))
    return tuple(_text(row) for row in rows)


def policy_texts(session: Session) -> tuple[StoredText, ...]:
    """Every row, the organisation's first, then groups by their path."""
    rows = [_text(row) for row in session.execute(select(_SOURCE))]
    return tuple(sorted(rows, key=lambda row: (row.name != ORGANISATION, row.name)))


def replace_texts(session: Session, texts: Mapping[str, str], *, project: str, commit: str, at: datetime) -> None:
    """Put the texts (by name) of one commit in the place of all that are there."""
    session.execute(delete(_SOURCE))
    origin = f"{project}@{commit}"
    session.execute(
        insert(_SOURCE),
        [
            {"key": _key(name), "name": name, "text": text, "origin": origin, "read_at": at, "problem": ""}
            for name, text in sorted(texts.items())
        ],
    )


def confirm_texts(session: Session, at: datetime) -> None:
    """Note that the texts are still those that are there."""
    session.execute(delete(_SOURCE).where(_SOURCE.c.text == ""))
    session.execute(update(_SOURCE).values(problem=""))
    session.execute(update(_SOURCE).where(_SOURCE.c.name == ORGANISATION).values(read_at=at))


def note_problem(session: Session, name: str, problem: str, *, project: str, at: datetime) -> bool:
    """
    Note why what is there now is not used, at the file that it is about; the texts stay as they are.

    Texts of another project than ``project`` are of no use to anybody, and go. Returns whether that was not known yet.
    """
    rows = policy_texts(session)
    if any(row.project != project for row in rows):
        session.execute(delete(_SOURCE))
        rows = ()
    if any((row.name, row.problem) == (name, problem) for row in rows):
        return False
    session.execute(delete(_SOURCE).where(_SOURCE.c.text == ""))
    session.execute(update(_SOURCE).values(problem=""))
    if any(row.name == name and row.text for row in rows):
        session.execute(update(_SOURCE).where(_SOURCE.c.name == name).values(problem=problem))
    else:
        values = {"name": name, "text": "", "origin": f"{project}@", "read_at": at, "problem": problem}
        session.execute(insert(_SOURCE).values(key=_key(name), **values))
    return True


def _key(name: str) -> str:
    return hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()


def _text(row: Row[Any]) -> StoredText:
    project, _, commit = row.origin.partition("@")
    return StoredText(row.name, row.text, project, commit, row.read_at, row.problem)
