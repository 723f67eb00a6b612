"""
A maturity model as values: areas, items and what each level of an item demands. Files are read by ``model_file``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from bot.texts import Language


@dataclass(frozen=True, slots=True)
class Text:
    """The same in both languages."""

    en: str
    zh: str

    def __getitem__(self, language: Language) -> str:
        return self.zh if language is Language.CHINESE else self.en


class Scheme(Enum):
    """How an item is rated from its demands."""

    LEVELS = "levels"
    """The highest level of which, and below which, every demand is met (CAICT, DSOMM)."""
    ANSWERS = "answers"
    """The sum over levels of the mean credit of each level's demands (SAMM: 0 to 3)."""
    POINTS = "points"
    """Weighted credit, 0 to 100, without levels."""


class DemandKind(Enum):
    """Whether a demand is about what is done or about what comes of it."""

    PRACTICE = "practice"
    OUTCOME = "outcome"


@dataclass(frozen=True, slots=True)
class Probe:
    """A question to the data: a measure and a threshold."""

    measure: str
    """Name in ``bot.domain.maturity.measures.MEASURES``."""
    threshold: float
    """On the good side of it, itself included, the demand is met."""
    strict: bool = False
    """Whether the threshold itself is not enough."""
    steps: tuple[tuple[float, float], ...] = ()
    """Partial credit: (threshold, credit above 0 and below 1), the easiest first; none for all or nothing."""


@dataclass(frozen=True, slots=True)
class Attest:
    """A question to people: somebody attests, a second person confirms, and it expires."""

    valid_days: int = 365
    second_person: bool = True


@dataclass(frozen=True, slots=True)
class Demand:
    """One thing that a level of an item asks for."""

    id: str
    """Unique in the model: ``8.3-3-01``."""
    level: int
    """1 to the model's highest; 1 in a model without levels."""
    kind: DemandKind
    text: Text
    """What is asked."""
    advice: Text
    """What to do about it, for those who do not meet it."""
    asks: Probe | Attest
    weight: int = 1
    effort: int = 3
    """What it costs to meet it, 1 (a click) to 5 (months)."""
    share: float = 1.0
    """In a group or organisation it is met when it is met by so many of its projects, 0 to 1."""


@dataclass(frozen=True, slots=True)
class Item:
    """What gets a rating."""

    id: str
    title: Text
    description: Text
    demands: tuple[Demand, ...]
    weight: int = 1
    ceiling: int | None = None
    """The highest level that data alone can prove; above it only attestations count. None for all levels."""
    evidence: str = ""
    """Start of the names of its evidence files (``域-子域-项``); empty for the item's number and title."""


@dataclass(frozen=True, slots=True)
class Area:
    """Items that belong together."""

    id: str
    title: Text
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class LevelName:
    """How a level is called."""

    number: int
    name: Text
    gloss: Text


@dataclass(frozen=True, slots=True)
class Model:
    """A maturity model."""

    id: str
    """Lower-case letters, digits and hyphens."""
    version: str
    title: Text
    notice: Text
    """What has to be said wherever a rating of it is shown, such as that it is our inference; may be empty."""
    source: str
    """Where it comes from."""
    scheme: Scheme
    levels: tuple[LevelName, ...]
    """Lowest first; empty for a model without levels."""
    areas: tuple[Area, ...]
    digest: str
    """SHA-256 (hex) of what it says: see ``model_file``."""

    @property
    def items(self) -> Iterator[Item]:
        """All of them, in order."""
        return (item for area in self.areas for item in area.items)

    @property
    def demands(self) -> Iterator[tuple[Item, Demand]]:
        """All of them with their items, in order."""
        return ((item, demand) for item in self.items for demand in item.demands)

    @property
    def highest(self) -> int:
        """The highest level; 1 in a model without."""
        return max((level.number for level in self.levels), default=1)
