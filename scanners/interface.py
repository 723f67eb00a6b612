"""
The contract between a scanner's adapter and whoever runs it.

Files of a repository never reach a scanner under their own names: each blob is written once, as a *unit* with a
neutral name such as ``000012.py``. So a hostile file name, an ignore file or a tool's configuration in the repository
has nothing to act on, and a result depends on nothing but the scanner, its rules and the blob.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import Enum
from pathlib import Path, PurePosixPath
from typing import ClassVar, Protocol

from scanners.finding import Finding, FindingKind


class ScannerError(Exception):
    """Raised when a scanner gave no trustworthy answer. The text is safe to show to a developer."""


class MalformedReport(ScannerError):
    """Raised when a scanner's report cannot be read as what the scanner promises to write."""


class ScannerAbsent(ScannerError):
    """Raised when a scanner, or data that it cannot work without, is not installed."""


class ScannerStatus(Enum):
    """How a scanner run ended. Only ``COMPLETED`` is an answer."""

    COMPLETED = "completed"
    FAILED = "failed"
    TIMED_OUT = "timed_out"
    ABSENT = "absent"
    CANCELLED = "cancelled"
    NOT_APPLICABLE = "not_applicable"
    """There was nothing that this scanner reads: neither good nor bad."""


@dataclass(frozen=True, slots=True)
class Unit:
    """One blob as a file in the scan folder."""

    name: str
    """Neutral file name, for example ``000012.py``; the suffix tells the language."""
    blob: str
    """Git object id of the content (hex), or another content hash outside git."""
    size: int
    """Bytes."""


@dataclass(frozen=True, slots=True)
class ScanFile:
    """A file of a tree and the unit that holds its content."""

    path: PurePosixPath
    unit: Unit | None
    """None where the content was not read; then ``unread`` says why."""
    unread: str | None = None
    """A ``GapReason`` value."""


class GapReason(Enum):
    """Why a file was not read by a scanner that should have read it."""

    TOO_LARGE = "too_large"
    TOO_MANY_FILES = "too_many_files"
    PARSE_ERROR = "parse_error"
    SCANNER_ERROR = "scanner_error"
    NOT_PINNED = "not_pinned"
    """A requirement without an exact version cannot be matched with advisories."""
    UNSUPPORTED = "unsupported"


@dataclass(frozen=True, slots=True)
class Gap:
    """A file (or a line of it) that a scanner should have read and did not."""

    path: PurePosixPath
    reason: GapReason
    detail: str = ""
    """Short, already cleaned text; may name a package or a line."""
    line: int | None = None


@dataclass(frozen=True, slots=True)
class ScanTarget:
    """What one process of a scanner is to read."""

    root: Path
    """Folder that holds the units (flat) and nothing else."""
    units: tuple[Unit, ...]
    inputs: Path
    """Folder that holds the adapter's own input files (rules, configuration, advisories); never in ``root``."""


@dataclass(frozen=True, slots=True)
class ScannerReport:
    """What an adapter read out of a tool's report; paths are unit names."""

    findings: tuple[Finding, ...]
    gaps: tuple[Gap, ...] = ()


@dataclass(frozen=True, slots=True)
class ScannerRun:
    """One scanner over one tree, whatever happened; paths are repository paths."""

    scanner: str
    kind: FindingKind
    version: str
    status: ScannerStatus
    reason: str = ""
    """Why it is not ``COMPLETED``: one line, English, safe to show."""
    findings: tuple[Finding, ...] = ()
    gaps: tuple[Gap, ...] = ()
    files: int = 0
    """Files of the tree that this scanner read (from the cache or afresh)."""
    cached_files: int = 0
    seconds: float = 0.0
    """Wall time of the tool's own process, 0 when everything came from the cache."""
    rules_digest: str = ""
    data_date: date | None = None
    """Newest advisory in the data that a dependency scanner used."""

    @property
    def assessed(self) -> bool:
        """Whether there is an answer: completed, or nothing to answer."""
        return self.status in (ScannerStatus.COMPLETED, ScannerStatus.NOT_APPLICABLE)


class AdvisorySource(Protocol):
    """Where a dependency scanner looks advisories up; the store implements it."""

    def revision(self) -> str:
        """Digest that changes whenever the advisories do; empty when there are none at all."""
        ...

    def newest(self) -> date | None:
        """Date of the newest advisory."""
        ...

    def advisories_for(self, ecosystem: str, packages: Sequence[str]) -> list[dict[str, object]]:
        """OSV documents (as parsed JSON) that name any of these normalised package names."""
        ...


class ResultCache(Protocol):
    """Keeps what a scanner said about a blob. Keys are opaque strings; values are opaque bytes."""

    def get_many(self, keys: Sequence[str]) -> Mapping[str, bytes]:
        """The entries that are there, by key."""
        ...

    def put_many(self, entries: Mapping[str, bytes]) -> None:
        """Keep these; a key that is there already keeps its value."""
        ...


class Scanner(ABC):
    """One tool. Pure: no process is started and no file is written here; ``scanners.runner`` does that."""

    name: ClassVar[str]
    kind: ClassVar[FindingKind]
    ok_exit_codes: ClassVar[frozenset[int]] = frozenset({0})
    niceness: ClassVar[int] = 5
    """How far its process gives way to the other scanners: least for the slowest, which everybody waits for."""
    max_unit_bytes: ClassVar[int | None] = None
    """Units above this are not given to the tool and become a ``TOO_LARGE`` gap; None: no limit of its own."""

    @abstractmethod
    def version(self) -> str:
        """Version of the installed tool. Raises ``ScannerAbsent`` when it is not there."""

    @abstractmethod
    def rules_digest(self) -> str:
        """Digest of rules, configuration and data: part of the cache key. Raises ``ScannerAbsent``."""

    def data_date(self) -> date | None:
        """Date of the newest entry in the data that the tool looks things up in; None when it needs none."""
        return None

    @abstractmethod
    def applies_to(self, unit: Unit) -> bool:
        """Whether this tool reads such a unit."""

    def inputs(self, target: ScanTarget) -> Mapping[str, bytes]:
        """Files to write into ``target.inputs`` before the tool starts, by name."""
        return {}

    @abstractmethod
    def command(self, target: ScanTarget, report: Path) -> list[str]:
        """Argument list; the tool writes its report to ``report``, or to standard output when it ignores that path."""

    @abstractmethod
    def parse(self, raw: bytes, target: ScanTarget) -> ScannerReport:
        """Read the tool's report. Raises ``ScannerError`` and nothing else, whatever the bytes are."""
