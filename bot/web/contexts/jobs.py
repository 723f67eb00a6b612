"""What the page about scanner runs and jobs shows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.domain.job_board import FailedScan, ScannerHealth, SeenDelivery, SeenWorker

TABS = ("queue", "failures", "scanners", "deliveries")


@dataclass(frozen=True, slots=True)
class JobRow:
    """One job in a list."""

    id: str
    kind: str
    """In the reader's language."""
    subject: str
    """Project and merge request, one line."""
    subject_url: str
    at: datetime
    """When it was put into its queue."""
    waited: str
    """How long it has waited or run, or took."""
    attempts: int
    error: str
    executor: str
    take_overs: int = 0


@dataclass(frozen=True, slots=True)
class QueueRow:
    """One queue."""

    name: str
    """In the reader's language."""
    waiting: int
    running: int
    oldest: str
    late: bool
    """Whether the oldest waits longer than anybody should."""


@dataclass(frozen=True, slots=True)
class DeliveryRow:
    """One webhook delivery."""

    delivery: SeenDelivery
    subject: str
    subject_url: str


@dataclass(frozen=True, slots=True)
class ScannerRow:
    """One scanner."""

    health: ScannerHealth
    median: str
    p95: str
    data_age: str
    """Empty for a scanner without dated data."""
    data_old: bool
    """Older than the policy allows."""
    failure: str
    """The newest, one line."""


@dataclass(frozen=True, slots=True)
class FailedScanRow:
    """One scan that did not happen."""

    scan: FailedScan
    subject: str
    subject_url: str
    error: str


@dataclass(frozen=True, slots=True)
class JobsPage:
    """The page."""

    tab: str
    tabs: tuple[tuple[str, str, int | None, bool], ...]
    """Label, address, count, whether it is this one."""
    all_projects: bool
    """Whether the reader sees every job."""
    known: bool = True
    """False where no engine can be asked."""
    more: bool = False
    """Whether there are more jobs than were looked at."""
    queues: tuple[QueueRow, ...] = ()
    waiting: int = 0
    running: int = 0
    oldest: str = ""
    late: bool = False
    workers: tuple[SeenWorker, ...] = ()
    alive: int = 0
    now_running: tuple[JobRow, ...] = ()
    next: tuple[JobRow, ...] = ()
    failed: tuple[JobRow, ...] = ()
    given_up: tuple[JobRow, ...] = ()
    scans: tuple[FailedScanRow, ...] = ()
    days: int = 0
    may_retry: bool = False
    scanners: tuple[ScannerRow, ...] = ()
    oldest_days: int | None = None
    """How old data may be by the policy; None for any age."""
    hours: int = 0
    deliveries: tuple[DeliveryRow, ...] = ()
