"""What the pages about maturity show."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from markupsafe import Markup

from bot.reports.html import Segments
from bot.web.charts import Chart


@dataclass(frozen=True, slots=True)
class Tab:
    """One of the models."""

    title: str
    url: str
    current: bool


@dataclass(frozen=True, slots=True)
class ItemRow:
    """One item of the model."""

    title: str
    """With its number."""
    rating: str
    """``2``, ``3-``, or that it is not assessed."""
    level: int | None
    credit: int
    """Per cent."""
    known: int
    """Per cent of its answers."""
    met: int
    unmet: int
    unknown: int
    only_people: bool
    """Whether data answers nothing of it."""
    url: str


@dataclass(frozen=True, slots=True)
class AreaPart:
    """Items that belong together."""

    title: str
    items: tuple[ItemRow, ...]


@dataclass(frozen=True, slots=True)
class StepRow:
    """What would raise the score."""

    effort: int
    """1 to 5."""
    gain: str
    text: Segments
    item: str
    url: str


@dataclass(frozen=True, slots=True)
class FigureRow:
    """A figure beside its target."""

    title: str
    value: str
    known: bool
    target: str
    reaches: bool | None
    published: str


@dataclass(frozen=True, slots=True)
class ProjectRow:
    """A project in the list, the worst first."""

    path: str
    url: str
    score: int | None
    level: int | None
    known: int
    """Per cent."""
    day: date | None
    counted: bool


@dataclass(frozen=True, slots=True)
class Rating:
    """What one model says of something."""

    tabs: tuple[Tab, ...]
    title: str
    notice: str
    source: str
    version: str
    has_levels: bool
    score: int | None
    level: str
    """In words."""
    known: int
    """Per cent."""
    practice: int | None
    outcome: int | None
    areas: tuple[AreaPart, ...]
    steps: tuple[StepRow, ...]
    more_steps: int
    figures: tuple[FigureRow, ...]
    trend: Chart
    days: int
    """How many days it looks back on."""
    taken_at: datetime | None
    """When it was written down; None where it was made just now."""
    digest: str
    """Of the snapshot; empty where there is none."""


@dataclass(frozen=True, slots=True)
class MaturityPage:
    """Everything that somebody sees, or one project."""

    heading: str
    project_url: str
    """Of the project's own page; empty for the organisation."""
    rating: Rating | None
    """None where nothing was ever counted, or where the reader does not see everything."""
    partial: bool
    """Whether the reader sees only some projects, so that there is no rating of all of them."""
    projects: tuple[ProjectRow, ...]
    more_projects: int
    tabs: tuple[Tab, ...]
    """Of the list, where there is no rating."""
    badge_url: str
    badge_markdown: str


@dataclass(frozen=True, slots=True)
class ScoreCard:
    """How something stands in a few words, for pages about something else."""

    model: str
    """Its title."""
    url: str
    """The whole rating."""
    score: int | None
    """None for not assessed."""
    level: str
    """In words; empty for a model without levels, and where only the score is shown."""
    known: int | None
    """Per cent of the answers; None where nothing was ever counted."""
    steps: tuple[StepRow, ...]
    spark: Markup
    """The score over time; empty where too little is known."""


@dataclass(frozen=True, slots=True)
class EvidenceRow:
    """One thing behind an answer."""

    what: str
    when: datetime | None
    value: str
    url: str


@dataclass(frozen=True, slots=True)
class DemandPart:
    """One demand with its answer and what is behind it."""

    id: str
    anchor: str
    level: int | None
    text: str
    answer: str
    """``met``, ``unmet`` or ``unknown``."""
    answer_words: str
    asks: str
    value: str
    counters: tuple[tuple[str, str], ...]
    """What was counted, and how much; ``?`` where nobody knows."""
    group: str
    """Of a group: by how many projects it is met."""
    advice: Segments
    attestation: str
    """Who attested it, and until when; empty for none."""
    attest_url: str
    """Where somebody can attest it; empty where data answers it."""
    evidence: tuple[EvidenceRow, ...]


@dataclass(frozen=True, slots=True)
class ItemPage:
    """One item of a model."""

    heading: str
    item: str
    description: str
    rating: str
    notice: str
    model_title: str
    back_url: str
    demands: tuple[DemandPart, ...]
