"""
Which findings of a scan do not count, because of an exception that is in force or, where the policy honours those, of
one in the code.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import Engine

from bot.domain import explanations, in_code
from bot.domain.policy import InCode, Policy
from bot.domain.suppression import Suppressions
from bot.domain.verdict import Presence, Suppressed, TrackedFinding
from bot.store import suppressions
from bot.store.engine import session, write_session


def suppressed_in(
    store: Engine,
    project_id: int | None,
    policy: Policy,
    tracked: Sequence[TrackedFinding],
    edited: Mapping[int, datetime | None],
    now: datetime,
) -> dict[str, Suppressed]:
    """
    The findings that do not count, by fingerprint.

    ``edited`` says by number when flagged lines were last edited. ``project_id`` is None for a folder that the store
    does not know, where only exceptions in the code can be.
    """
    found = honoured(tracked) if policy.in_code is InCode.HONOUR else dict[str, Suppressed]()
    present = [item for item in tracked if item.presence is not Presence.FIXED]
    if project_id is not None:
        with session(store) as reading:
            known = Suppressions(suppressions.all_for(reading, project_id, live=True), now)
        for item in present:
            match = known.match(item, changed_at=edited.get(item.number) if item.number is not None else None)
            if match is not None:
                found[item.finding.fingerprint] = match.suppressed(item.finding.fingerprint)
    return found


def honoured(tracked: Sequence[TrackedFinding]) -> dict[str, Suppressed]:
    """The findings that a comment in the code excuses, by fingerprint."""
    found: dict[str, Suppressed] = {}
    present = (item.finding for item in tracked if item.presence is not Presence.FIXED)
    for fingerprint, asked in in_code.silenced(present).items():
        why = explanations.IN_CODE.format(line=asked.location.start_line, key=asked.rule_id)
        found[fingerprint] = Suppressed(fingerprint, None, why)
    return found


def note_used(store: Engine, suppressed: Mapping[str, Suppressed], now: datetime) -> None:
    """
    Remember which exceptions covered a finding, for the report of unused ones; seldom writes.

    Also where the finding is an old one, which would not have counted anyway: an exception for it is not a useless one.
    """
    used = {item.suppression_id for item in suppressed.values() if item.suppression_id is not None}
    if not used:
        return
    with session(store) as reading:
        idle = suppressions.used_before(reading, used, now)
    if idle:
        with write_session(store) as writing:
            suppressions.mark_used(writing, idle, now)
