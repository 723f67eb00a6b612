"""What the page of a merge request shows. Texts of strangers are cleaned; the template escapes them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.domain.verdict import Outcome, Presence
from bot.web.contexts.project import GapLine, RunLine, WishLine
from scanners.finding import Confidence, Severity


@dataclass(frozen=True, slots=True)
class ScanRow:
    """One scan in the list."""

    id: str
    url: str
    chosen: bool
    outcome: Outcome
    words: str
    commit: str
    started_at: datetime
    seconds: str
    counts: tuple[tuple[str, int], ...]
    """Presence in words, and how many findings have it."""
    receipt_url: str
    """Of the newest receipt about it; empty for none."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a scan."""

    name: str
    at: datetime | None
    """None where that was not kept."""
    took: str
    """Since the step before, or what it took itself; empty where nobody knows."""


@dataclass(frozen=True, slots=True)
class FindingLine:
    """One finding of a scan."""

    number: int | None
    url: str
    """Its own page; empty for one without a number."""
    title: str
    severity: Severity
    confidence: Confidence
    place: str
    rule: str
    blocks: bool
    suppressed: bool


@dataclass(frozen=True, slots=True)
class PresenceGroup:
    """Findings of one presence."""

    presence: Presence
    words: str
    total: int
    """In the whole scan."""
    findings: tuple[FindingLine, ...]
    """On this page."""


@dataclass(frozen=True, slots=True)
class DecisionLine:
    """One decision."""

    id: int
    at: datetime
    because: str
    outcome: Outcome
    words: str
    policy: str
    commit: str


@dataclass(frozen=True, slots=True)
class CommandLine:
    """What somebody told the bot."""

    actor: str
    verb: str
    result: str
    at: datetime
    url: str
    """The note in GitLab; empty where GitLab's address is not known."""


@dataclass(frozen=True, slots=True)
class ClearanceLine:
    """That a head might go into the branch."""

    commit: str
    granted_at: datetime
    withdrawn_at: datetime | None
    why: str


@dataclass(frozen=True, slots=True)
class CoverageFacts:
    """What was read of the change."""

    files: int
    incomplete: int
    unread: tuple[tuple[str, str], ...]
    """Path and why, of files that somebody should have read and did not."""
    more: int


@dataclass(frozen=True, slots=True)
class MergeRequestPage:
    """All of it."""

    project_id: int
    project: str
    project_url: str
    iid: int
    web_url: str
    state: str
    is_open: bool
    target: str
    head: str
    outcome: Outcome | None
    """Of the newest scan; None where there was none."""
    verdict: str
    remark: str
    what_it_rests_on: tuple[str, ...]
    """Reasons beyond single findings."""
    rules: tuple[tuple[str, int, bool], ...]
    """Policy rules that matched, on how many findings, and whether they block."""
    scans: tuple[ScanRow, ...]
    more_scans: bool
    chosen: ScanRow | None
    error: str
    steps: tuple[Step, ...]
    runs: tuple[RunLine, ...]
    gaps: tuple[GapLine, ...]
    more_gaps: int
    coverage: CoverageFacts | None
    groups: tuple[PresenceGroup, ...]
    suppressed: int
    findings_first: str
    findings_next: str
    findings_shown: str
    receipts: tuple[tuple[str, str, datetime], ...]
    """Address, short id and when it was issued, of the chosen scan."""
    decisions: tuple[DecisionLine, ...]
    commands: tuple[CommandLine, ...]
    wishes: tuple[WishLine, ...]
    clearances: tuple[ClearanceLine, ...]
