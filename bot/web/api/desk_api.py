"""What the desk's API works with."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from bot.domain.job_board import JobState, SeenJob
from bot.domain.known import Dossier
from bot.domain.workflow import Workflow
from bot.services import Services
from bot.store.desk.finding_reads import Reading
from bot.web.api.rates import Limits, RateLimits
from bot.web.entry import Entry
from bot.web.maturity_tools import MaturityTools


class ListJobs(Protocol):
    """The newest jobs of some states; ``bot.pipeline.engine.JobQueue.seen``."""

    def __call__(self, states: Sequence[JobState], limit: int) -> Sequence[SeenJob]:
        """See there."""
        ...


@dataclass(frozen=True, slots=True)
class DeskApi:
    """Everything that asks the store runs in a thread."""

    services: Services
    entry: Entry
    workflow: Workflow
    dossier: Callable[[Reading, int, datetime], Dossier | None]
    """Everything about a finding: ``bot.pipeline.decisions.dossier``, which the web does not know."""
    jobs: ListJobs | None = None
    """None where there is no engine; then there are no routes about jobs."""
    maturity: MaturityTools | None = None
    """None where there is no pipeline to ask; then there are no routes about maturity."""
    rates: RateLimits = field(default_factory=lambda: RateLimits(Limits()))
    """Counts calls, those of the older routes included."""
