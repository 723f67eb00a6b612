"""
The compliance summary as one value: all that every format is drawn from. Pure.

It holds facts and no sentences, so that it can be drawn in any language and format, today or years later. What is not
known is None and is drawn as such. It says itself what it left out (``limits``) and what its numbers were
counted from.

``to_json`` and ``from_json`` are each other's inverse. The digest is SHA-256 (hex) over the document as JSON with
sorted keys, without white space, in ASCII, and with fractions as the shortest decimal text that gives the same double
(RFC 8259, as Python's ``json`` writes it): the same document has the same digest everywhere.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
import sys
import types
from dataclasses import dataclass, fields, is_dataclass
from datetime import UTC, date, datetime
from enum import Enum
from functools import cache
from typing import Any, Final, Generic, TypeVar, Union, get_args, get_origin, get_type_hints

from bot.domain.maturity.model import Scheme, Text
from bot.domain.maturity.period import Period
from bot.domain.maturity.scope import Scope
from bot.errors import MergewardenError
from bot.texts import Language

SCHEMA: Final = "1.0"
"""Of the document. A new field raises the minor, anything that could break a reader the major."""

T = TypeVar("T")
_LARGEST = sys.float_info.max
_SURROGATE = re.compile("[\ud800-\udfff]")


class SummaryError(MergewardenError):
    """Raised for a document that is no summary of ours."""


@dataclass(frozen=True, slots=True)
class Listed(Generic[T]):
    """The first of a list, and how many there are."""

    rows: tuple[T, ...]
    total: int

    @property
    def more(self) -> int:
        """How many are not shown."""
        return self.total - len(self.rows)


@dataclass(frozen=True, slots=True)
class SnapshotMark:
    """The snapshot that the numbers are from."""

    id: int
    digest: str
    content: str
    """Digest of what it says."""
    revision: int
    taken_at: datetime | None


@dataclass(frozen=True, slots=True)
class LevelLine:
    """A level of a model."""

    number: int
    name: Text


@dataclass(frozen=True, slots=True)
class ItemLine:
    """How one item of a model is rated."""

    id: str
    area: Text
    title: Text
    rating: str | None
    """``2``, or ``3-`` on the way to 3; None for not assessed and in a model without levels."""
    level: int | None
    points: int | None
    """Thousandths of a level's worth in a model of answers."""
    credit: int
    """Thousandths."""
    known: int
    """Thousandths of it that have an answer."""
    ceiling: int | None
    """The highest level that data alone can prove."""
    met: int
    unmet: int
    unknown: int
    attested: int
    """Demands that somebody's word answers."""
    compared: bool
    """Whether the same model rated it in the last period."""
    rating_before: str | None
    level_before: int | None
    credit_before: int | None


@dataclass(frozen=True, slots=True)
class ModelPart:
    """What one model says."""

    id: str
    version: str
    digest: str
    title: Text
    notice: Text
    source: str
    scheme: Scheme
    levels: tuple[LevelLine, ...]
    score: int | None
    """0 to 100."""
    known: int
    """Thousandths of all weight that have an answer."""
    practice: int | None
    outcome: int | None
    level: int | None
    before: bool
    """Whether the last period was rated by this very model, so that the two can be compared."""
    score_before: int | None
    level_before: int | None
    items: tuple[ItemLine, ...]


@dataclass(frozen=True, slots=True)
class Score:
    """A model's result in short."""

    model_id: str
    score: int | None
    level: int | None


@dataclass(frozen=True, slots=True)
class TrendPoint:
    """How things stood at the end of a period."""

    label: str
    """Of the period: ``2026-09``."""
    last: date
    scores: tuple[Score, ...]
    critical: int | None
    """Open findings."""
    high: int | None
    medium: int | None
    low: int | None
    overdue: int | None


class RedKind(Enum):
    """What somebody has to look at, the most serious first."""

    UNCLEARED = "uncleared"
    """Commits on protected branches that no verdict let through."""
    BREAK_GLASS = "break_glass"
    TAMPERING = "tampering"
    CRITICAL_OPEN = "critical_open"
    OVERDUE = "overdue"
    NOT_ASSESSED = "not_assessed"
    """Projects that nobody can say anything about."""
    LEVEL_FELL = "level_fell"
    """A model's or an item's level is lower than in the last period."""
    SCORE_FELL = "score_fell"
    TARGET_MISSED = "target_missed"
    UNKNOWN = "unknown"
    """Figures that are not known."""


@dataclass(frozen=True, slots=True)
class RedItem:
    """One such thing."""

    kind: RedKind
    subject: str = ""
    """A measure's name, or a model's and an item's ids, separated by a space."""
    title: Text | None = None
    """Of the model or item."""
    value: float | None = None
    before: float | None = None
    """The last period's."""
    of: int | None = None


@dataclass(frozen=True, slots=True)
class Used:
    """A counter behind a figure; None where nobody counted."""

    name: str
    value: int | None


@dataclass(frozen=True, slots=True)
class FigureLine:
    """A figure of ``bot.domain.maturity.measures.FIGURES``."""

    name: str
    value: float | None
    before: float | None
    reaches: bool | None
    """Whether the target is reached; None where there is none or nothing is known."""
    uses: tuple[Used, ...]
    days_known: int | None
    """Project-days for which its sources were read; None where nobody counted the days."""
    days_of: int
    """Project-days of the period."""


@dataclass(frozen=True, slots=True)
class SeverityLine:
    """Findings of one severity on the default branches."""

    severity: str
    found: int | None
    """Seen for the first time in the period, wherever."""
    fixed: int | None
    """That left the default branch in the period."""
    open: int | None
    """At the end of the period."""
    overdue: int | None
    """When the document was made; None where nobody looked."""
    found_before: int | None
    fixed_before: int | None
    open_before: int | None


@dataclass(frozen=True, slots=True)
class ExceptionLine:
    """A suppression that was in force, or asked for, at some moment of the period."""

    id: int
    project: str
    """Empty for one that is for every project."""
    what: str
    justification: str
    """Word of ``bot.domain.triage.Justification``."""
    standing: str
    """Word of ``bot.domain.suppression.Standing`` when the document was made."""
    reason: str
    made_by: str
    made_at: datetime
    needs_approval: bool
    approved_by: str
    approved_at: datetime | None
    expires_at: datetime
    revoked_by: str
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True)
class IncidentLine:
    """What happened around the gate."""

    id: int
    kind: str
    """Word of ``bot.domain.incident.IncidentKind``."""
    project: str
    iid: int | None
    ref: str
    sha: str
    actor: str
    first_at: datetime
    last_at: datetime
    count: int
    closed_at: datetime | None
    closed_by: str
    closed_reason: str


@dataclass(frozen=True, slots=True)
class HoleLine:
    """A project of which nobody can say how it stands."""

    project: str
    holes: tuple[str, ...]
    """Words of ``bot.store.coverage_holes.Hole``, the worst first."""
    read_at: datetime | None
    """When its default branch was last read; None for never."""
    unanswered: tuple[str, ...]
    """Scanners that gave no answer."""


@dataclass(frozen=True, slots=True)
class AdvisoryLine:
    """An advisory that findings of the period are about."""

    id: str
    title: str
    """What the advisory says of itself, in its own English; may be empty."""
    severity: str
    """The worst of its findings."""
    projects: int
    findings: int
    still_open: int
    exploited: bool | None
    """Whether KEV lists it; None where no such list was imported."""
    published: datetime | None


class DutyKind(Enum):
    """What somebody still has to do."""

    EXCEPTION = "exception"
    """Approve, or not, an exception that waits for a second person."""
    CONFIRM = "confirm"
    """Confirm, or not, somebody's attestation."""
    RENEW = "renew"
    """Attest anew: it ended, or ends soon."""
    OVERDUE = "overdue"
    """Mend findings that are late."""
    INCIDENT = "incident"
    """Look into incidents that nobody has closed."""
    ACKNOWLEDGE = "acknowledge"
    """Say that a report was read."""


@dataclass(frozen=True, slots=True)
class DutyLine:
    """One such thing."""

    kind: DutyKind
    who: str
    """Whose it is, or for an exception or attestation who asked; empty where nobody took it."""
    what: str
    where: str
    """Project or group; empty for the organisation or several."""
    since: datetime | None
    until: datetime | None
    count: int


@dataclass(frozen=True, slots=True)
class ProjectLine:
    """A project of a group or the organisation."""

    id: int
    path: str
    scores: tuple[Score, ...]
    """In the order of the summary's models; empty where the project was not rated."""
    scores_before: tuple[Score, ...]
    critical: int | None
    high: int | None
    overdue: int | None
    assessed: bool
    """Whether all scanners that count answered."""


class LimitKind(Enum):
    """What a reader has to know about what the document does not say."""

    PERIOD_NOT_OVER = "period_not_over"
    NO_PREVIOUS = "no_previous"
    OTHER_MODEL = "other_model"
    """Another version of the model rated the last period."""
    STORE_DAYS = "store_days"
    """Days of which our own store was not counted."""
    GITLAB_DAYS = "gitlab_days"
    """Days of which GitLab was not asked."""
    FIGURES_UNKNOWN = "figures_unknown"
    PROJECTS_NOT_ASSESSED = "projects_not_assessed"
    LIST_CUT = "list_cut"
    AS_OF = "as_of"
    """Lists of what is open tell how things stood when the document was made."""
    HOLIDAYS = "holidays"
    """Working days are Mondays to Fridays."""


@dataclass(frozen=True, slots=True)
class Limit:
    """One such thing."""

    kind: LimitKind
    subject: str = ""
    """A model's id, or the name of a list as the document has it."""
    number: int = 0
    of: int = 0


@dataclass(frozen=True, slots=True)
class Summary:
    """The document."""

    scope: Scope
    path: str
    """The project's or group's full path; empty for the organisation."""
    organisation: str
    """Whose it is: the GitLab server by name; empty where that is not known."""
    period: Period
    language: Language
    """In which it is drawn unless somebody asks for another."""
    made_by: str
    made_at: datetime
    """UTC. Also the moment of lists that tell how things stand."""
    tool: str
    """Version of Mergewarden."""
    snapshot: SnapshotMark
    snapshot_before: SnapshotMark | None
    projects_of: int
    """How many projects the scope has."""
    projects_assessed: int | None
    models: tuple[ModelPart, ...]
    trend: tuple[TrendPoint, ...]
    """The oldest first, this period last."""
    red: tuple[RedItem, ...]
    figures: tuple[FigureLine, ...]
    severities: tuple[SeverityLine, ...]
    """The worst first."""
    scans: int | None
    """Scans that began in the period; None where nobody counted."""
    days_counted: int
    """Project-days of the period for which our own store was counted; with 0 an empty list says nothing."""
    tolerated: int | None
    """Scans of the period that were *not assessed* and that the policy let through; None where nobody counted."""
    exceptions: Listed[ExceptionLine]
    overrides: Listed[IncidentLine]
    """Merges past the gate, break-glass, and attempts to tamper with it."""
    uncleared: Listed[IncidentLine]
    """Commits on protected branches that no verdict covers, and rewritten histories."""
    holes: Listed[HoleLine]
    advisories: Listed[AdvisoryLine]
    duties: Listed[DutyLine]
    projects: Listed[ProjectLine]
    """The worst first; empty for a single project."""
    limits: tuple[Limit, ...]

    @property
    def digest(self) -> str:
        """SHA-256 (hex) of the document: see the module."""
        return digest_of(to_json(self))


LISTS: Final = ("exceptions", "overrides", "uncleared", "holes", "advisories", "duties", "projects")
"""The lists that may be cut."""


def canonical(document: object) -> bytes:
    """A JSON document as the one text that stands for it. Raises ``ValueError`` for numbers that are none."""
    text = json.dumps(document, ensure_ascii=True, separators=(",", ":"), sort_keys=True, allow_nan=False)
    return text.encode("ascii")


def digest_of(document: object) -> str:
    """SHA-256 (hex) of a document as canonical JSON."""
    return hashlib.sha256(canonical(document)).hexdigest()


def to_json(summary: Summary) -> dict[str, Any]:
    """The document as JSON values, with the number of its schema."""
    found = _out(summary)
    assert isinstance(found, dict)
    return {"schema": SCHEMA, **found}


def from_json(document: object) -> Summary:
    """
    The summary of a document. Raises ``SummaryError`` that says what is wrong, and where.

    Fields that we do not know are refused: what is not understood must not be drawn and signed.
    """
    if not isinstance(document, dict):
        raise SummaryError("a summary is a JSON object", "Hand in what `mergewarden report show --format json` wrote.")
    schema = document.get("schema")
    if not isinstance(schema, str) or schema.partition(".")[0] != SCHEMA.partition(".")[0]:
        raise SummaryError(
            f"a summary of schema {str(schema)[:40]!r} cannot be read here",
            f"This program reads schema {SCHEMA}; use the release that wrote it.",
        )
    found = _in(Summary, {name: value for name, value in document.items() if name != "schema"}, "summary")
    assert isinstance(found, Summary)
    return found


# --- values to JSON and back ------------------------------------------------------------------------------------------


def _out(value: Any) -> Any:
    if isinstance(value, str) and not isinstance(value, Enum):
        # A name that was no UTF-8: half a character cannot be written, and the digest has to be that of what is.
        return value if value.isascii() else _SURROGATE.sub("\ufffd", value)
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, tuple):
        return [_out(one) for one in value]
    if is_dataclass(value):
        return {field.name: _out(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"{value} is no number that a document can hold")
    return value


@cache
def _hints(kind: Any) -> dict[str, Any]:
    return get_type_hints(kind)


def _in(kind: Any, value: Any, at: str) -> Any:
    origin = get_origin(kind)
    if origin in (Union, types.UnionType):
        return _in_union(kind, value, at)
    if origin is tuple:
        if not isinstance(value, list):
            raise _wrong(at, "has to be a list")
        inner = get_args(kind)[0]
        return tuple(_in(inner, one, f"{at}[{n}]") for n, one in enumerate(value))
    if origin is Listed:
        return _in_listed(get_args(kind)[0], value, at)
    if isinstance(kind, type) and is_dataclass(kind):
        return _in_record(kind, value, at)
    return _in_plain(kind, value, at)


def _in_union(kind: Any, value: Any, at: str) -> Any:
    if value is None:
        return None
    (inner,) = (one for one in get_args(kind) if one is not types.NoneType)
    return _in(inner, value, at)


def _in_listed(inner: Any, value: Any, at: str) -> Listed[Any]:
    if not isinstance(value, dict) or set(value) != {"rows", "total"}:
        raise _wrong(at, "has to be an object with rows and total")
    rows = _in(tuple[inner, ...], value["rows"], f"{at}.rows")
    total = _in_plain(int, value["total"], f"{at}.total")
    if total < len(rows):
        raise _wrong(f"{at}.total", "is less than the rows that there are")
    return Listed(rows, total)


def _in_record(kind: Any, value: Any, at: str) -> Any:
    if not isinstance(value, dict):
        raise _wrong(at, "has to be an object")
    hints = _hints(kind)
    names = {field.name for field in fields(kind)}
    if set(value) != names:
        odd = ", ".join(sorted(str(name)[:60] for name in set(value) ^ names)[:5])
        raise _wrong(at, f"has other fields than it should: {odd}")
    try:
        return kind(**{name: _in(hints[name], value[name], f"{at}.{name}") for name in names})
    except ValueError as error:
        raise _wrong(at, str(error)[:200]) from None


def _in_plain(kind: Any, value: Any, at: str) -> Any:
    if kind is float:
        if type(value) not in (int, float) or not -_LARGEST <= value <= _LARGEST:
            raise _wrong(at, "has to be a number")
        return float(value)
    if kind in (str, int, bool):
        if type(value) is not kind:
            raise _wrong(at, f"has to be of type {kind.__name__}")
        return value
    if not isinstance(value, str):
        raise _wrong(at, "has to be a text")
    try:
        if kind is datetime:
            found = datetime.fromisoformat(value)
            if found.tzinfo is None:
                raise _wrong(at, "has to name its time zone")
            return found
        return date.fromisoformat(value) if kind is date else kind(value)
    except ValueError:
        raise _wrong(at, f"cannot be {value[:60]!r}") from None


def _wrong(at: str, what: str) -> SummaryError:
    return SummaryError(f"{at} {what}", "It is no summary of ours, or it was changed.")
