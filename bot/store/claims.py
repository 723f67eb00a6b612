"""
Who has which finding, and what is put aside: what the acts of the desk ask before they change it.

Written is it by ``bot.store.desk``, which keeps lists and sums true.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.domain.priority import Standing
from bot.domain.triage import TriageState
from bot.store.bulk import among
from bot.store.desk_tables import TriageItemRecord
from bot.store.statements import table
from bot.store.tables import FindingRecord

_ITEM = table(TriageItemRecord)
_FINDING = table(FindingRecord)


@dataclass(frozen=True, slots=True)
class Held:
    """A finding as far as work on it goes."""

    finding_id: int
    project_id: int
    state: TriageState
    standing: Standing | None
    """None where no list has it."""
    assignee_id: int | None
    snoozed_until: datetime | None


def held(session: Session, finding_ids: Collection[int]) -> dict[int, Held]:
    """These findings by number, those that there are. One statement."""
    if not finding_ids:
        return {}
    query = (
        select(
            _FINDING.c.id,
            _FINDING.c.project_id,
            _FINDING.c.state,
            _ITEM.c.standing,
            _ITEM.c.assignee_id,
            _ITEM.c.snoozed_until,
        )
        .join_from(_FINDING, _ITEM, _ITEM.c.finding_id == _FINDING.c.id, isouter=True)
        .where(among(session, _FINDING.c.id, finding_ids))
    )
    return {
        row.id: Held(row.id, row.project_id, row.state, row.standing, row.assignee_id, row.snoozed_until)
        for row in session.execute(query)
    }
