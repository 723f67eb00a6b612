"""What the overview over all projects shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from markupsafe import Markup

from bot.domain.enforcement import Level
from bot.domain.incident import IncidentKind
from bot.store.coverage_holes import Hole
from bot.web.charts import Chart
from bot.web.contexts.maturity import ScoreCard
from scanners.finding import Severity


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of the heat map."""

    severity: Severity
    count: int | None
    """None where the default branch was never scanned: nobody knows."""
    warmth: int
    """0 for none to 4 for many."""
    url: str
    """The findings themselves; empty where there are none."""


@dataclass(frozen=True, slots=True)
class ProjectLine:
    """One project."""

    id: int
    path: str
    url: str
    cells: tuple[Cell, ...]
    undecided: int | None
    overdue: int | None
    """None where nobody has counted lately."""
    overdue_url: str
    level: Level | None
    """None while nobody has looked at its settings."""
    level_title: str
    baseline_at: datetime | None
    holes: tuple[str, ...]
    """In words."""
    incidents: int
    score: int | None
    """From 0 to 100 by its newest snapshot; None for not assessed."""
    score_url: str
    spark: Markup
    """Its open findings over time; empty where too little is known."""


Tab = tuple[str, str, int | None, bool]
"""Text, address, count or None, and whether it is this one: as ``ui.tabs`` takes it."""


@dataclass(frozen=True, slots=True)
class IncidentLine:
    """A project that something happened in."""

    path: str
    url: str
    words: tuple[tuple[str, int], ...]
    """What, and how often."""
    total: int


@dataclass(frozen=True, slots=True)
class OverviewPage:
    """All of it."""

    projects: int
    """That the reader sees."""
    shown: int
    """That the list has under this filter, on all its pages."""
    never_scanned: int
    open_findings: int
    undecided: int
    exploited: int
    overdue: int | None
    undecided_url: str
    exploited_url: str
    overdue_url: str
    """Of all projects together: the triage list with the findings that the figure counts."""
    due_soon: int | None
    uncounted: int
    """Scanned projects whose overdue findings nobody has counted lately."""
    open_incidents: int
    holes: Mapping[Hole, int]
    lines: tuple[ProjectLine, ...]
    orders: tuple[tuple[str, str], ...]
    """Word and what it is called."""
    filters: tuple[Tab, ...]
    text: str
    """What paths are searched for."""
    order: str
    hole: str
    first: str
    """Address of the first page; empty on it."""
    following: str
    trend: Chart
    sla: Chart
    levels: Chart
    coverage: Chart
    incidents: tuple[IncidentLine, ...]
    scored: bool
    """Whether there are scores to show."""
    maturity: ScoreCard | None
    """Of the organisation; None for whoever does not see everything."""
    whole: bool
    """Whether figures and charts stand above the list."""


KINDS_IN_ORDER = tuple(IncidentKind)
"""As incidents of several kinds are listed."""
