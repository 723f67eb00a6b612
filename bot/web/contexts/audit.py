"""What the page about the audit log shows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Fact:
    """One detail of an entry."""

    name: str
    value: str
    """One line, at most a few hundred characters."""


@dataclass(frozen=True, slots=True)
class AuditRow:
    """One entry."""

    sequence: int
    at: datetime
    actor: str
    action: str
    """In the reader's language."""
    word: str
    """As the log has it, for filters."""
    subject: str
    subject_url: str
    """Empty where there is no page of it."""
    project: str
    """Full path; empty for what is about no project."""
    project_id: int | None
    address: str
    facts: tuple[Fact, ...]
    digest: str


@dataclass(frozen=True, slots=True)
class CheckRow:
    """What the last check of the whole log found."""

    at: datetime
    sequence: int
    """Up to which entry."""
    behind: int
    """Entries that came since."""
    broken: int
    first_break: str


@dataclass(frozen=True, slots=True)
class Choice:
    """One value of a filter."""

    value: str
    label: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class AuditPage:
    """The page."""

    rows: tuple[AuditRow, ...]
    actor: str
    actions: tuple[Choice, ...]
    project: str
    since: str
    until: str
    problem: str
    """What is wrong with the filter; empty for nothing."""
    filtered: bool
    head_sequence: int
    head_digest: str
    check: CheckRow | None
    """None while nobody checked."""
    everything: str
    """Address of the page without a filter."""
    first: str
    next: str
    """Addresses of pages; empty for none."""
