"""
Attestations: what people say of a demand that no data proves, for how long, and who confirmed it. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from bot.domain.maturity.model import Attest, Demand
from bot.domain.maturity.scope import Scope


@dataclass(frozen=True, slots=True)
class Attestation:
    """Somebody's word, as it is kept. It is never changed: it is confirmed, taken back, or made anew."""

    id: int
    model_id: str
    demand_id: str
    scope: Scope
    text: str
    """What he says, plain text."""
    file_name: str
    """Of the attachment; empty for none."""
    file_type: str
    file_digest: str
    """SHA-256 (hex) of the attachment; empty for none."""
    made_by: str
    made_by_id: int | None
    made_at: datetime
    expires_at: datetime
    confirmed_by: str
    """Empty while nobody has."""
    confirmed_by_id: int | None
    confirmed_at: datetime | None
    withdrawn_by: str
    withdrawn_at: datetime | None

    def holds(self, asks: Attest, now: datetime) -> bool:
        """Whether it answers its demand at a moment: made, confirmed where asked for, neither over nor withdrawn."""
        if self.made_at > now or self.expires_at <= now:
            return False
        if self.withdrawn_at is not None and self.withdrawn_at <= now:
            return False
        return not asks.second_person or (self.confirmed_at is not None and self.confirmed_at <= now)


def in_force(
    attestations: Iterable[Attestation], demands: Iterable[Demand], project_id: int, project_path: str, now: datetime
) -> dict[str, int]:
    """
    Demands that somebody's word answers for a project to the number of that attestation.

    Of several the one that holds longest. Those for its groups and for the organisation reach the project.
    """
    asked = {demand.id: demand.asks for demand in demands if isinstance(demand.asks, Attest)}
    found: dict[str, Attestation] = {}
    for one in attestations:
        asks = asked.get(one.demand_id)
        if asks is None or not one.scope.covers(project_id, project_path) or not one.holds(asks, now):
            continue
        best = found.get(one.demand_id)
        if best is None or (one.expires_at, one.id) > (best.expires_at, best.id):
            found[one.demand_id] = one
    return {demand_id: one.id for demand_id, one in found.items()}
