"""What the pages about advisories and components show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from bot.store.components import Component, ComponentUse
from bot.store.desk.advisory_reads import FoundAdvisory, Hit
from bot.store.exploits import ExploitFact


@dataclass(frozen=True, slots=True)
class DataSource:
    """Something that was imported, and how old it is."""

    name: str
    date: date | None
    """Of the newest entry; None where nothing was imported."""
    age: str
    entries: int
    old: bool
    imported_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class HitRow:
    """An advisory with findings here."""

    hit: Hit
    url: str
    triage_url: str
    cve: str


@dataclass(frozen=True, slots=True)
class FoundRow:
    """A document that a search found."""

    found: FoundAdvisory
    url: str


@dataclass(frozen=True, slots=True)
class AdvisoriesPage:
    """The list."""

    sources: tuple[DataSource, ...]
    oldest_days: int | None
    """How old the data may be by the policy; None for any age."""
    text: str
    """What is searched for; empty for the list of those with findings here."""
    hits: tuple[HitRow, ...]
    found: tuple[FoundRow, ...]
    more_found: bool
    first: str
    next: str


@dataclass(frozen=True, slots=True)
class AffectedPackage:
    """What an advisory says of one package."""

    ecosystem: str
    package: str
    ranges: tuple[str, ...]
    """For people: ``from 1.0 before 2.1``."""
    fixed: tuple[str, ...]
    """Versions that are not vulnerable any more; empty where the advisory names none."""
    versions: int
    """How many versions it names one by one."""
    component_url: str


@dataclass(frozen=True, slots=True)
class AffectedProject:
    """A project with findings of an advisory."""

    path: str
    url: str
    open: int
    triage_url: str


@dataclass(frozen=True, slots=True)
class AdvisoryPage:
    """One advisory."""

    id: str
    aliases: tuple[str, ...]
    summary: str
    details: Sequence[str]
    """Paragraphs of a stranger's text, as plain text."""
    severity: tuple[str, ...]
    """As the advisory gives it: CVSS vectors and words."""
    modified: datetime
    published: datetime | None
    withdrawn: datetime | None
    fact: ExploitFact | None
    cve: str
    packages: tuple[AffectedPackage, ...]
    more_packages: int
    references: tuple[str, ...]
    projects: tuple[AffectedProject, ...]
    triage_url: str
    """Empty where nothing here is hit."""


@dataclass(frozen=True, slots=True)
class ComponentRow:
    """A package."""

    component: Component
    url: str
    triage_url: str
    advisories_url: str


@dataclass(frozen=True, slots=True)
class ComponentsPage:
    """The list of packages."""

    rows: tuple[ComponentRow, ...]
    ecosystems: tuple[str, ...]
    ecosystem: str
    text: str
    first: str
    next: str


@dataclass(frozen=True, slots=True)
class UseRow:
    """A project that has a package."""

    use: ComponentUse
    url: str


@dataclass(frozen=True, slots=True)
class ComponentPage:
    """One package."""

    ecosystem: str
    package: str
    uses: tuple[UseRow, ...]
    triage_url: str
    advisories_url: str
    first: str
    next: str
