"""What the page about settings shows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.domain.job_board import ScannerHealth
from bot.errors import Told


@dataclass(frozen=True, slots=True)
class SettingRow:
    """One setting."""

    name: str
    value: str
    """Never a secret: of one it is only said whether it is there."""
    secret: bool
    there: bool
    """Whether it has a value."""
    origin: str
    """Variable, option or file; empty for our own default."""
    expects: str
    """What it is, in English: the words of the error messages."""


@dataclass(frozen=True, slots=True)
class CheckRow:
    """One question about this installation."""

    name: str
    problem: Told
    """Empty while all is well."""


@dataclass(frozen=True, slots=True)
class SettingsPage:
    """The page."""

    version: str
    python: str
    database: str
    """Its kind; never its address."""
    revision: str
    """What is to be migrated, or that it is up to date."""
    up_to_date: bool
    key_id: str
    """Of the key that signs receipts; empty while there is none."""
    key_problem: Told
    checks: tuple[CheckRow, ...]
    workers: int
    settings: tuple[SettingRow, ...]
    scanners: tuple[ScannerHealth, ...]
    scanner_hours: int
    hooks_url: str
    """Empty where outgoing webhooks are not for this reader, or there is no page."""
    now: datetime
