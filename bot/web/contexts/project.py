"""What the page of a project shows. Texts of strangers are cleaned; the template escapes them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from bot.domain.enforcement import Level
from bot.domain.priority import Exposure
from bot.domain.verdict import Outcome
from bot.reports.finding_page import SuppressionRow
from bot.web.charts import Chart
from bot.web.contexts.maturity import ScoreCard
from scanners.finding import Severity


@dataclass(frozen=True, slots=True)
class Gate:
    """How strongly the gate holds, and what more would take."""

    level: Level | None
    """None while nobody has looked at the settings."""
    words: str
    limits: tuple[str, ...]
    """What the level in force leaves open."""
    next_level: Level | None
    """None at the highest, and where the level is not known."""
    missing: tuple[str, ...]
    """What the next level lacks."""
    later: tuple[tuple[str, tuple[str, ...]], ...]
    """What levels above that lack, by their name."""
    checked_at: datetime | None
    hook_seen_at: datetime | None


@dataclass(frozen=True, slots=True)
class RequestLine:
    """One open merge request."""

    iid: int
    url: str
    outcome: Outcome | None
    """None where no verdict was ever given."""
    words: str
    remark: str
    """Why the verdict is not the last word; empty where it is."""
    may_merge: bool
    target: str
    commit: str
    judged_at: datetime | None


@dataclass(frozen=True, slots=True)
class SeverityLine:
    """Findings of one severity."""

    severity: Severity
    open: int
    undecided: int
    requested: int
    confirmed: int
    snoozed: int
    elsewhere: int
    url: str
    """The open ones in the triage list; empty where there are none."""


@dataclass(frozen=True, slots=True)
class GroupLine:
    """Open findings of one rule or package."""

    title: str
    name: str
    """Rule or package as scanners name it."""
    worst: Severity
    count: int
    url: str
    licences: str
    """Of a package, where a bill of materials named any."""


@dataclass(frozen=True, slots=True)
class ComponentLine:
    """A release of a package."""

    ecosystem: str
    package: str
    version: str
    licences: str


@dataclass(frozen=True, slots=True)
class RunLine:
    """One scanner within a scan."""

    scanner: str
    version: str
    assessed: bool
    required: bool
    result: str
    reason: str
    files: int
    seconds: str
    data_date: date | None
    gaps: int | None
    """How many files it left out; None where that was not counted, and there are some."""


@dataclass(frozen=True, slots=True)
class GapLine:
    """Something that a scanner should have read and did not."""

    scanner: str
    place: str
    reason: str
    detail: str


@dataclass(frozen=True, slots=True)
class IncidentRow:
    """One open incident."""

    id: int
    severity: Severity
    what: str
    who: str
    where: str
    at: datetime
    times: int


@dataclass(frozen=True, slots=True)
class WishLine:
    """One merge request that waits for the merge bot, or did."""

    iid: int
    url: str
    who: str
    at: datetime
    why: str
    state: str


@dataclass(frozen=True, slots=True)
class ProjectPage:
    """All of it."""

    id: int
    path: str
    web_url: str
    """In GitLab; empty for a local project."""
    default_branch: str
    gate: Gate
    requests: tuple[RequestLine, ...]
    more_requests: int
    open_requests: int
    may_merge: int
    """Of those that are shown."""
    wishes: tuple[WishLine, ...]
    severities: tuple[SeverityLine, ...]
    open_findings: int | None
    """None while the default branch was never scanned."""
    undecided: int | None
    overdue: int | None
    trend: Chart
    rules: tuple[GroupLine, ...]
    packages: tuple[GroupLine, ...]
    components: tuple[ComponentLine, ...]
    more_components: int
    baseline_at: datetime | None
    baseline_commit: str
    holes: tuple[str, ...]
    unanswered: tuple[str, ...]
    """Scanners that gave no answer about the default branch."""
    scan_at: datetime | None
    """Of the last scan of the default branch; None where there is none (any more)."""
    scan_files: int
    runs: tuple[RunLine, ...]
    gaps: tuple[GapLine, ...]
    more_gaps: int
    incidents: tuple[IncidentRow, ...]
    open_incidents: int
    exceptions: tuple[SuppressionRow, ...]
    more_exceptions: int
    waiting: tuple[SuppressionRow, ...]
    settings: tuple[tuple[str, str], ...]
    layers: tuple[str, ...]
    settings_problem: str
    """Why the policy cannot be read; empty where it can."""
    exposure: Exposure
    exposure_words: str
    exposures: tuple[tuple[str, str], ...]
    """Word and what it means, for the form; empty for somebody who may not say."""
    exposure_by: str
    exposure_at: datetime | None
    triage_url: str
    maturity: ScoreCard | None
    """None where there is no pipeline to ask."""
