"""
What everybody has in common who says how things stand: what is said of projects and groups at a moment, and how a
snapshot of that is kept and told.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from bot.domain.audit import Word
from bot.domain.maturity.attestation import Attestation
from bot.domain.maturity.counters import Tally
from bot.domain.maturity.model import Model
from bot.domain.maturity.period import Period
from bot.domain.maturity.scope import Scope
from bot.domain.maturity.snapshot import (
    Content,
    SnapshotError,
    SnapshotRow,
    attested_for,
    group_content,
    project_content,
)
from bot.services import Services
from bot.store.engine import write_session
from bot.store.maturity import models, snapshots
from bot.store.maturity.snapshots import Taken

_BATCH: Final = 250
"""Snapshots in one transaction: on SQLite nobody else writes meanwhile."""


@dataclass(frozen=True, slots=True)
class Rating:
    """How everything is rated that nobody rated before."""

    models: Sequence[Model]
    period: Period
    at: datetime
    """The moment of which it is said."""
    shared: Tally
    """What is on the organisation's own account."""
    words: Sequence[Attestation]
    """Those that hold at that moment."""

    def project(self, number: int, path: str, tally: Tally) -> Taken:
        """What there is to say of a project; ``path`` is its full path."""
        scope = Scope.of_project(number)
        attested = attested_for(self.models, self.words, scope, path, self.at)
        return Taken.of(scope, project_content(self.models, self.period, tally, shared=self.shared, attested=attested))

    def group(self, scope: Scope, parts: Mapping[int, Taken]) -> Taken:
        """What there is to say of a group or the organisation that consists of these projects."""
        attested = attested_for(self.models, self.words, scope, "", self.at)
        contents = {number: (one.digest, one.content) for number, one in parts.items()}
        return Taken.of(scope, group_content(self.models, self.period, contents, shared=self.shared, attested=attested))


def keep_in_batches(services: Services, period: Period, taken: Sequence[Taken], now: datetime) -> Iterator[SnapshotRow]:
    """Write snapshots, some in each transaction; those that said something new."""
    for start in range(0, len(taken), _BATCH):
        with write_session(services.store) as writing:
            rows = snapshots.keep(writing, period, taken[start : start + _BATCH], now)
        yield from rows


def note_added(services: Services, period: Period, added: Sequence[SnapshotRow]) -> int:
    """Count them among the metrics; how many are revisions after the first."""
    revised = sum(row.revision > 1 for row in added)
    services.metrics.snapshots.labels(period.kind.value, "first").inc(len(added) - revised)
    services.metrics.snapshots.labels(period.kind.value, "revision").inc(revised)
    return revised


def told(row: SnapshotRow, content: Content) -> dict[str, Word]:
    """What the audit log says of a snapshot."""
    return {
        "period": row.period.kind.value,
        "first": row.period.first.isoformat(),
        "last": row.period.last.isoformat(),
        "revision": row.revision,
        "digest": row.digest,
        "projects": 1 if content.inputs.projects is None else len(content.inputs.projects),
        "models": {one.id: one.version for one in content.inputs.models},
    }


def models_behind(reading: Session, content: Content) -> tuple[Model, ...]:
    """The models that a content was rated with. Raises ``SnapshotError`` where one of them is not there any more."""
    kept = models.models_of(reading, {one.digest for one in content.inputs.models})
    missing = [one for one in content.inputs.models if one.digest not in kept]
    if missing:
        raise SnapshotError(
            f"model {missing[0].id} {missing[0].version}, which a snapshot was made with, is not in the database",
            "mergewarden snapshots verify says which snapshots that concerns.",
        )
    return tuple(kept[one.digest] for one in content.inputs.models)
