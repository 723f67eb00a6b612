"""
What a scanner found, as frozen values that every other module shares.

Nothing here reads a file or starts a process. Values refuse nonsense when they are built, so that no later layer has
to check again.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from functools import total_ordering
from pathlib import PurePosixPath

from pydantic import TypeAdapter


@total_ordering
class _Ranked(Enum):
    """An enum whose members are ordered as they are written, and whose value is the word seen in JSON."""

    @property
    def rank(self) -> int:
        """Position among the members, 0 for the lowest."""
        return list(type(self)).index(self)

    def __lt__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        assert isinstance(other, _Ranked)
        return self.rank < other.rank


class Severity(_Ranked):
    """How bad a finding is when it is true."""

    INFO = "info"
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


class Confidence(_Ranked):
    """How likely a finding is true."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


class FindingKind(Enum):
    """Which sort of analysis a finding comes from."""

    SAST = "sast"
    DEPENDENCY = "dependency"
    SECRET = "secret"  # noqa: S105 - a kind of finding
    SUPPRESSION = "suppression"
    """A comment or file that asks a scanner to look away: an act to review, not a weakness."""


@dataclass(frozen=True, slots=True)
class Location:
    """Where a finding is. Lines and columns count from 1; the end is inclusive for lines."""

    path: PurePosixPath
    """Relative to the repository root (or, before binding, the unit's neutral file name)."""
    start_line: int = 1
    end_line: int = 1
    start_column: int | None = None
    end_column: int | None = None

    def __post_init__(self) -> None:
        if self.path.is_absolute() or ".." in self.path.parts:
            raise ValueError(f"path leaves the repository: {self.path}")
        if self.start_line < 1 or self.end_line < self.start_line:
            raise ValueError(f"lines {self.start_line} to {self.end_line} are not a range that counts from 1")


@dataclass(frozen=True, slots=True)
class Dependency:
    """The package a dependency finding is about."""

    ecosystem: str
    """OSV's name of the ecosystem, for example ``PyPI``."""
    package: str
    """Normalised name (PEP 503 for PyPI)."""
    version: str
    advisory_ids: tuple[str, ...]
    """The advisory's id first, then its aliases (CVE, GHSA, PYSEC ...)."""
    fixed_versions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Fix:
    """A replacement for whole lines that is certain enough to be offered as a suggestion."""

    start_line: int
    end_line: int
    replacement: str
    """New text of these lines, without a final newline."""


@dataclass(frozen=True, slots=True)
class RelatedLocation:
    """Another place that a scanner names to explain a finding, for example where tainted data comes from."""

    location: Location
    message: str = ""
    """One line, cleaned; empty where the scanner says nothing."""


class Reach(Enum):
    """How much of the code a suppression is about."""

    LINE = "line"
    NEXT_LINE = "next_line"
    DECLARATION = "declaration"
    """The class, function or resource that it stands at."""
    FILE = "file"
    PROJECT = "project"
    """Whatever its tool reads: an ignore file."""


@dataclass(frozen=True, slots=True)
class Silences:
    """What a suppression asks for."""

    tool: str
    """The scanner that is asked to look away; often none of ours."""
    reach: Reach
    rule_ids: tuple[str, ...] | None = None
    """The rules or advisories that it names. None: it names none and means all. Empty: no name of it can be read."""


@dataclass(frozen=True, slots=True)
class Attribution:
    """One scanner's word for a finding. A finding that two tools see has two."""

    scanner: str
    version: str
    rule_id: str


@dataclass(frozen=True, slots=True)
class Finding:
    """One weakness at one place, whoever saw it."""

    scanner: str
    """Name of the scanner whose words are shown; the others are in ``attributions``."""
    rule_id: str
    """The scanner's own id of the rule, for dependencies the advisory id."""
    kind: FindingKind
    severity: Severity
    confidence: Confidence
    title: str
    """One line, English. Other languages come from the rule catalogue by ``rule_id``."""
    message: str
    """What is wrong and why it matters, English."""
    location: Location
    cwes: tuple[int, ...] = ()
    owasp: tuple[str, ...] = ()
    """OWASP Top 10 categories such as ``A03:2021``."""
    snippet: str = ""
    """The flagged lines, secrets already redacted, at most a few lines."""
    remediation: str = ""
    references: tuple[str, ...] = ()
    fix: Fix | None = None
    dependency: Dependency | None = None
    match_hash: str = ""
    """Hash of the flagged code with white space folded and secrets taken out; set by ``scanners.fingerprint``."""
    fingerprint: str = ""
    """Stable identity within one tree, independent of line numbers; set by ``scanners.fingerprint``."""
    attributions: tuple[Attribution, ...] = field(default=())
    context_hash: str = ""
    """Hash of the flagged lines with their neighbours, secrets taken out: tells identical copies apart. Empty where the
    lines are not known."""
    earlier_hashes: tuple[tuple[str, str], ...] = ()
    """``match_hash`` by earlier recipes as (version, hash), so that findings stored by an older release are known
    again."""
    tool_fingerprints: tuple[str, ...] = ()
    """What the scanner itself says a finding's identity is, each hashed together with its name; sorted."""
    related: tuple[RelatedLocation, ...] = ()
    silences: Silences | None = None
    """Only for ``FindingKind.SUPPRESSION``."""


finding_adapter: TypeAdapter[Finding] = TypeAdapter(Finding)
findings_adapter: TypeAdapter[tuple[Finding, ...]] = TypeAdapter(tuple[Finding, ...])
"""JSON in and out: ``dump_json(value)`` and ``validate_json(raw)``; raises ``pydantic.ValidationError`` on nonsense."""
