"""
What a snapshot says, how it is hashed, and how it is made again from what it names. Pure.

A snapshot is a *content* and a row that says of what, of which period and in which revision. The content names its
inputs (counters, attestations by digest, models by digest, of a group or the organisation its projects' contents by
digest) and holds what followed from them. It names neither scope nor dates, only how many days and working days there
were: so a project to which nothing happens has the same content night after night, and it is stored once.

    content digest = SHA-256 (hex) of the content as canonical JSON (``bot.domain.audit``)
    snapshot digest = the same of {"scope", "period", "revision", "content", "previous"}

``content`` and ``previous`` are digests, ``previous`` the one of the revision before (empty for the first): no revision
can be changed or put in without a digest that no longer fits. Values of measures are fractions; they are written as
the shortest decimal text that gives the same IEEE 754 double, which is one text on every machine.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import Enum
from functools import cache
from typing import Any, Final, TypeVar

from bot.domain.audit import canonical_json, moment
from bot.domain.maturity.attestation import Attestation, in_force
from bot.domain.maturity.counters import COUNTERS, Tally, over_projects
from bot.domain.maturity.measures import MEASURES
from bot.domain.maturity.model import Model
from bot.domain.maturity.period import Period, PeriodKind
from bot.domain.maturity.scope import Scope, ScopeKind
from bot.domain.maturity.scoring import Answer, Assessment, DemandResult, ItemResult, assess, assess_many
from bot.errors import MergewardenError

FORMAT: Final = 1
"""Of the document. Raise it when a field gets another meaning."""
RULES: Final = 1
"""Of formulas and scoring. Raise it when ``measures`` or ``scoring`` give anything else for the same inputs: a snapshot
of other rules is said to be one, and is not said to be false."""

_DIGEST = re.compile(r"[0-9a-f]{64}", re.ASCII)
_DECIMAL = re.compile(r"-?\d{1,25}(?:\.\d{1,25})?(?:e[+-]\d{1,3})?", re.ASCII)
_NAME = re.compile(r"[a-z][a-z0-9_.]{0,79}", re.ASCII)
_MOST_DAYS = 100_000
"""More than anybody may ask for (``period.LONGEST_DAYS``): earlier releases took what was asked, and that is kept."""
_MOST_PROJECTS = 200_000
_MOST_COUNTERS = 1_000
_LARGEST = 2**53
"""Of a project's counter: a double holds it exactly, and a thousand of them are a number of 64 bits."""


class SnapshotError(MergewardenError):
    """Raised for a content that cannot be read, or that cannot be made again with what is at hand."""


@dataclass(frozen=True, slots=True)
class ModelRef:
    """A model as a content names it."""

    id: str
    version: str
    digest: str


@dataclass(frozen=True, slots=True)
class AttestationRef:
    """An attestation that answered a demand."""

    model_id: str
    demand_id: str
    id: int
    digest: str
    """See ``attestation_digest``."""


@dataclass(frozen=True, slots=True)
class Inputs:
    """All that the results follow from."""

    days: int
    """Of the period."""
    working_days: int
    models: tuple[ModelRef, ...]
    """In the order in which they rate."""
    counters: Mapping[str, int]
    """Sums over the period; of several projects, over them too."""
    shared: Mapping[str, int]
    """The organisation's counters, as far as measures ask for them."""
    attestations: tuple[AttestationRef, ...]
    projects: tuple[tuple[int, str], ...] | None = None
    """Of a group or the organisation: its projects by number, each with the digest of its content. None for one
    project."""

    @property
    def period(self) -> Period:
        """Some days that are as many, with as many working days: formulas depend on nothing else."""
        return _period_like(self.days, self.working_days)


@dataclass(frozen=True, slots=True)
class Content:
    """What a snapshot says."""

    inputs: Inputs
    figures: Mapping[str, float]
    """Measures by name; one that is not known is absent."""
    results: tuple[Assessment, ...]
    """One per model, in the order of ``inputs.models``."""
    rules: int = RULES

    def result(self, model_id: str) -> Assessment | None:
        """What one model says; None where it was not in force."""
        return next((result for result in self.results if result.model_id == model_id), None)

    def document(self) -> dict[str, Any]:
        """As JSON: whole numbers and texts only."""
        inputs = self.inputs
        document: dict[str, Any] = {
            "format": FORMAT,
            "rules": self.rules,
            "days": inputs.days,
            "working_days": inputs.working_days,
            "models": [{"id": one.id, "version": one.version, "digest": one.digest} for one in inputs.models],
            "counters": dict(inputs.counters),
            "shared": dict(inputs.shared),
            "attestations": [
                {"model": one.model_id, "demand": one.demand_id, "id": one.id, "digest": one.digest}
                for one in inputs.attestations
            ],
            "figures": {name: decimal(value) for name, value in self.figures.items()},
            "results": [_result_out(result) for result in self.results],
        }
        if inputs.projects is not None:
            document["projects"] = [{"id": number, "content": digest} for number, digest in inputs.projects]
        return document


@dataclass(frozen=True, slots=True)
class SnapshotRow:
    """Of what, when, and in which revision."""

    scope: Scope
    period: Period
    revision: int
    """From 1."""
    content: str
    """Digest of the content."""
    previous: str
    """Digest of the revision before; empty for the first."""
    digest: str
    taken_at: datetime | None = None
    """UTC; not part of the digest, so that who takes it twice takes the same."""
    id: int = 0
    """Our number; 0 before it is stored."""

    def computed_digest(self) -> str:
        """What its digest has to be."""
        return row_digest(self.scope, self.period, self.revision, self.content, self.previous)

    def document(self) -> dict[str, Any]:
        """As it is exported."""
        return {
            "scope": {"kind": self.scope.kind.value, "key": self.scope.key},
            "period": _period_out(self.period),
            "revision": self.revision,
            "content": self.content,
            "previous": self.previous,
            "digest": self.digest,
            "taken_at": None if self.taken_at is None else moment(self.taken_at),
        }


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A row with its content."""

    row: SnapshotRow
    content: Content

    @property
    def id(self) -> int:
        """Our number."""
        return self.row.id

    @property
    def scope(self) -> Scope:
        """Of what."""
        return self.row.scope

    @property
    def period(self) -> Period:
        """Of when."""
        return self.row.period


# --- digests ----------------------------------------------------------------------------------------------------------


def digest_of(document: Mapping[str, Any]) -> str:
    """SHA-256 (hex) of a document as canonical JSON. Raises ``TypeError`` for what is not one of ours."""
    return hashlib.sha256(canonical_json(document)).hexdigest()


def content_digest(content: Content) -> str:
    """A content's name."""
    # The same text as canonical JSON, without looking at each value first: what we write ourselves holds no fraction.
    return hashlib.sha256(_encode(content.document()).encode("ascii")).hexdigest()


_encode = json.JSONEncoder(ensure_ascii=True, separators=(",", ":"), sort_keys=True, allow_nan=False).encode


def row_digest(scope: Scope, period: Period, revision: int, content: str, previous: str) -> str:
    """A snapshot's name: what it is about, what it says, and what it follows."""
    return digest_of(
        {
            "scope": {"kind": scope.kind.value, "key": scope.key},
            "period": _period_out(period),
            "revision": revision,
            "content": content,
            "previous": previous,
        }
    )


def next_revision(scope: Scope, period: Period, content: str, before: SnapshotRow | None) -> SnapshotRow | None:
    """The revision that follows ``before``; None where that one says the same already."""
    if before is not None and before.content == content:
        return None
    revision, previous = (1, "") if before is None else (before.revision + 1, before.digest)
    digest = row_digest(scope, period, revision, content, previous)
    return SnapshotRow(scope, period, revision, content, previous, digest)


def attestation_digest(attestation: Attestation, at: datetime) -> str:
    """
    SHA-256 (hex) of what somebody said, as it stood at a moment: a confirmation that came later is not part of it.

    Neither is that it was taken back: one that is named was in force.
    """
    confirmed = attestation.confirmed_at is not None and attestation.confirmed_at <= at
    return digest_of(
        {
            "id": attestation.id,
            "model": attestation.model_id,
            "demand": attestation.demand_id,
            "scope": {"kind": attestation.scope.kind.value, "key": attestation.scope.key},
            "text": attestation.text,
            "file_name": attestation.file_name,
            "file_digest": attestation.file_digest,
            "made_by": attestation.made_by,
            "made_at": moment(attestation.made_at),
            "expires_at": moment(attestation.expires_at),
            "confirmed_by": attestation.confirmed_by if confirmed else "",
            "confirmed_at": moment(attestation.confirmed_at) if confirmed and attestation.confirmed_at else "",
        }
    )


def end_of(period: Period) -> datetime:
    """The moment at which a period is over: what people attested has to hold then."""
    return datetime.combine(period.last + timedelta(days=1), time(), UTC)


def decimal(value: float) -> str:
    """A value as a content writes it. Raises ``ValueError`` for what is no number."""
    if not math.isfinite(value):
        raise ValueError(f"{value} is no value of a measure")
    return repr(float(value))


# --- making -----------------------------------------------------------------------------------------------------------


@cache
def shared_names() -> frozenset[str]:
    """Counters of the organisation that measures of a single project ask for."""
    names = {name for measure in MEASURES.values() if measure.shared for name in measure.uses}
    if any(measure.shared and measure.relies_on_scans for measure in MEASURES.values()):
        names.add("projects.assessed")
    return frozenset(names)


def project_content(
    models: Sequence[Model],
    period: Period,
    tally: Tally,
    *,
    shared: Tally,
    attested: Sequence[AttestationRef] = (),
) -> Content:
    """
    What there is to say of a project.

    ``tally``: its counters over the period. ``shared``: the organisation's, of which only what measures ask for is
    kept. ``attested``: what answers a demand of one of the models.
    """
    inputs = Inputs(
        days=period.days,
        working_days=period.working_days,
        models=tuple(ModelRef(model.id, model.version, model.digest) for model in models),
        counters=_ordered(tally),
        shared=_ordered({name: value for name, value in shared.items() if name in shared_names()}),
        attestations=tuple(sorted(attested, key=lambda one: (one.model_id, one.demand_id))),
    )
    return _project_result(inputs, models)


def group_content(
    models: Sequence[Model],
    period: Period,
    projects: Mapping[int, tuple[str, Content]],
    *,
    shared: Tally,
    attested: Sequence[AttestationRef] = (),
) -> Content:
    """
    What there is to say of a group or the organisation. ``projects``: number to digest and content.

    Raises ``ValueError`` for a project that was rated by other models.
    """
    inputs = Inputs(
        days=period.days,
        working_days=period.working_days,
        models=tuple(ModelRef(model.id, model.version, model.digest) for model in models),
        counters=_ordered(over_projects(content.inputs.counters for _, content in projects.values())),
        shared=_ordered({name: value for name, value in shared.items() if name in shared_names()}),
        attestations=tuple(sorted(attested, key=lambda one: (one.model_id, one.demand_id))),
        projects=tuple((number, projects[number][0]) for number in sorted(projects)),
    )
    return _group_result(inputs, models, [projects[number][1] for number in sorted(projects)])


def recompute(content: Content, models: Mapping[str, Model], projects: Mapping[str, Content] | None = None) -> Content:
    """
    The same again from the inputs that it names: with the same rules, ``content_digest`` is the same.

    ``models`` by digest. ``projects``: of a group or the organisation, its projects' contents by digest; they are taken
    as they are, so check each of them too. Raises ``SnapshotError`` where something is missing, or other rules made it.
    """
    inputs = content.inputs
    if content.rules != RULES:
        raise SnapshotError(
            f"it was made by version {content.rules} of the formulas, and this program has version {RULES}",
            "Use a release of Mergewarden that has the same.",
        )
    rating = []
    for named in inputs.models:
        model = models.get(named.digest)
        if model is None:
            raise SnapshotError(
                f"model {named.id} {named.version} ({named.digest[:12]}) is missing",
                "It is kept in the database, and in exported snapshots.",
            )
        rating.append(model)
    if inputs.projects is None:
        return _project_result(inputs, rating)
    missing = [number for number, digest in inputs.projects if digest not in (projects or {})]
    if missing:
        raise SnapshotError(
            f"the contents of {len(missing)} of its {len(inputs.projects)} projects are missing, "
            f"the first is project {missing[0]}",
            "Export it with them, or check it where the database is.",
        )
    assert projects is not None
    parts = [projects[digest] for _, digest in inputs.projects]
    summed = _ordered(over_projects(part.inputs.counters for part in parts))
    if summed != inputs.counters:
        raise SnapshotError("its counters are not the sum of its projects'", "Somebody changed one of the two.")
    return _group_result(inputs, rating, parts)


def _project_result(inputs: Inputs, models: Sequence[Model]) -> Content:
    results = tuple(
        assess(
            model,
            inputs.counters,
            inputs.period,
            attested={one.demand_id: one.id for one in inputs.attestations if one.model_id == model.id},
            shared=inputs.shared,
        )
        for model in models
    )
    return Content(inputs, _figures(inputs), results)


def _group_result(inputs: Inputs, models: Sequence[Model], parts: Sequence[Content]) -> Content:
    # An empty project has nothing that could be looked at.
    counted = [part for part in parts if part.inputs.counters.get("projects") != 0]
    results = []
    for model in models:
        mine = []
        for part in counted:
            found = next((one for one in part.results if one.model_digest == model.digest), None)
            if found is None:
                raise ValueError(f"a project was not rated by {model.id} {model.version}")
            mine.append(found)
        attested = {one.demand_id: one.id for one in inputs.attestations if one.model_id == model.id}
        results.append(assess_many(model, mine, attested=attested))
    return Content(inputs, _figures(inputs), tuple(results))


def _figures(inputs: Inputs) -> dict[str, float]:
    period, found = inputs.period, {}
    for name, measure in MEASURES.items():
        value = measure.value(inputs.shared if measure.shared else inputs.counters, period)
        if value is not None:
            found[name] = value
    return found


@cache
def _period_like(days: int, working_days: int) -> Period:
    monday = date(2001, 1, 1)
    for shift in range(7):
        first = monday + timedelta(days=shift)
        found = Period(PeriodKind.SPAN, first, first + timedelta(days=days - 1))
        if found.working_days == working_days:
            return found
    raise SnapshotError(f"no {days} days have {working_days} working days", "Somebody changed it.")


def is_readable(tally: Mapping[str, object]) -> bool:
    """Whether what was stored as counters is such, and a content with their sums can be read again."""
    return len(tally) <= _MOST_COUNTERS and all(
        type(value) is int
        and -_LARGEST <= value <= _LARGEST
        and (name in COUNTERS or _NAME.fullmatch(name) is not None)
        for name, value in tally.items()
    )


def _ordered(tally: Tally) -> dict[str, int]:
    return {name: tally[name] for name in sorted(tally)}


def groups_of(paths: Mapping[int, str]) -> dict[Scope, tuple[int, ...]]:
    """
    Every group that these projects (number to full path) belong to, with the numbers of all projects below it.

    Paths that differ in upper and lower case only are one group, called as its first project is.
    """
    names: dict[str, str] = {}
    members: dict[str, list[int]] = {}
    for number, path in sorted(paths.items()):
        parts = path.split("/")[:-1]
        for depth in range(1, len(parts) + 1):
            name = "/".join(parts[:depth])
            names.setdefault(name.casefold(), name)
            members.setdefault(name.casefold(), []).append(number)
    return {Scope.of_group(names[key]): tuple(members[key]) for key in sorted(members) if names[key].strip("/")}


def attested_for(
    models: Sequence[Model], attestations: Sequence[Attestation], scope: Scope, path: str, at: datetime
) -> tuple[AttestationRef, ...]:
    """
    What people's word answers in each model at a moment: for a project (``path`` is its full path), or for all of a
    group or of the organisation.
    """
    found: list[AttestationRef] = []
    number = scope.project_id
    for model in models:
        mine = [one for one in attestations if one.model_id == model.id]
        if not mine:
            continue
        demands = [demand for _, demand in model.demands]
        if number is None:
            # What covers all of it covers whatever may be in it. No project has a path like this.
            mine = [one for one in mine if one.scope.kind is not ScopeKind.PROJECT]
            valid = in_force(mine, demands, 0, f"{scope.key}/-" if scope.key else "", at)
        else:
            valid = in_force(mine, demands, number, path, at)
        by_number = {one.id: one for one in mine}
        found += [
            AttestationRef(model.id, demand, n, attestation_digest(by_number[n], at)) for demand, n in valid.items()
        ]
    return tuple(found)


# --- checking ---------------------------------------------------------------------------------------------------------


class Flaw(Enum):
    """What is wrong with a snapshot."""

    CHANGED = "changed"
    """Its own digest does not fit what it says of itself."""
    CONTENT_CHANGED = "content_changed"
    """Its content is another one than it names."""
    UNLINKED = "unlinked"
    """It does not follow the revision before it."""
    OTHER_RESULT = "other_result"
    """Its inputs give other results than it says."""
    MISSING = "missing"
    """Something that it names is not there."""
    NOT_RECOMPUTED = "not_recomputed"
    """It may be as it was, but this program cannot make it again."""
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class Defect:
    """One thing that is wrong."""

    flaw: Flaw
    text: str
    """English, one line."""


def verify(
    row: SnapshotRow,
    document: Mapping[str, Any],
    models: Mapping[str, Model],
    projects: Mapping[str, Content] | None = None,
    *,
    before: SnapshotRow | None = None,
    whole_chain: bool = True,
    known: dict[str, tuple[Defect, ...]] | None = None,
) -> tuple[Defect, ...]:
    """
    All that is wrong with a snapshot; nothing for one that gives its hash.

    ``document`` is its content as it was stored. ``before`` is the revision before it; where it is not at hand, say so
    with ``whole_chain``. ``models`` and ``projects`` as for ``recompute``. ``known``: what ``check_content`` found in
    contents, by digest, for those who check many snapshots that share them; it is added to.
    """
    found: list[Defect] = []
    if row.computed_digest() != row.digest:
        found.append(Defect(Flaw.CHANGED, "its digest does not fit what it says"))
    if whole_chain:
        found += _linked(row, before)
    try:
        digest = digest_of(document)
    except (TypeError, ValueError, RecursionError):
        return (*found, Defect(Flaw.CONTENT_CHANGED, "its content holds what no content of ours ever did"))
    if digest != row.content:
        found.append(Defect(Flaw.CONTENT_CHANGED, f"its content has digest {digest[:12]} and not {row.content[:12]}"))
    checked = known.get(digest) if known is not None else None
    if checked is None:
        checked = check_content(document, models, projects)
        if known is not None:
            known[digest] = checked
    found += checked
    try:
        content = read_content(document)
    except SnapshotError:
        return tuple(found)
    period = row.period
    if (content.inputs.days, content.inputs.working_days) != (period.days, period.working_days):
        found.append(Defect(Flaw.CONTENT_CHANGED, "its content is about another number of days"))
    if (content.inputs.projects is None) != (row.scope.kind is ScopeKind.PROJECT):
        found.append(Defect(Flaw.CONTENT_CHANGED, f"its content is not about a {row.scope.kind.value}"))
    return tuple(found)


def check_content(
    document: Mapping[str, Any], models: Mapping[str, Model], projects: Mapping[str, Content] | None = None
) -> tuple[Defect, ...]:
    """Whether a content's inputs give its results: all that is wrong."""
    try:
        content = read_content(document)
    except SnapshotError as error:
        return (Defect(Flaw.UNREADABLE, str(error).splitlines()[0]),)
    try:
        again = recompute(content, models, projects)
    except SnapshotError as error:
        flaw = Flaw.MISSING if content.rules == RULES else Flaw.NOT_RECOMPUTED
        return (Defect(flaw, str(error).splitlines()[0]),)
    except (ValueError, KeyError) as error:
        return (Defect(Flaw.OTHER_RESULT, f"it cannot be made again: {error}"),)
    if again.document() == document:
        return ()
    differing = [one.model_id for one in again.results if content.result(one.model_id) != one]
    where = f"model {', '.join(differing)} rates otherwise" if differing else "its figures are others"
    return (Defect(Flaw.OTHER_RESULT, f"its inputs give another result: {where}"),)


def _linked(row: SnapshotRow, before: SnapshotRow | None) -> list[Defect]:
    if before is None:
        if row.revision == 1 and not row.previous:
            return []
        return [Defect(Flaw.UNLINKED, f"revision {row.revision - 1}, which it follows, is not there")]
    if before.revision + 1 != row.revision or before.digest != row.previous:
        return [Defect(Flaw.UNLINKED, f"it does not follow revision {before.revision} as that one is here")]
    return []


# --- documents --------------------------------------------------------------------------------------------------------


def _period_out(period: Period) -> dict[str, Any]:
    return {"kind": period.kind.value, "first": period.first.isoformat(), "last": period.last.isoformat()}


def _result_out(result: Assessment) -> dict[str, Any]:
    return {
        "model": result.model_id,
        "version": result.model_version,
        "digest": result.model_digest,
        "score": result.score,
        "known": result.known,
        "practice": result.practice,
        "outcome": result.outcome,
        "level": result.level,
        "items": [
            {
                "id": item.item_id,
                "level": item.level,
                "on_the_way": item.on_the_way,
                "credit": item.credit,
                "known": item.known,
                "points": item.points,
                "demands": [_demand_out(demand) for demand in item.demands],
            }
            for item in result.items
        ],
    }


def _demand_out(demand: DemandResult) -> dict[str, Any]:
    # They are most of a content: what is not there is left out.
    found: dict[str, Any] = {"id": demand.demand_id, "answer": demand.answer.value, "credit": demand.credit}
    if demand.value is not None:
        found["value"] = decimal(demand.value)
    if demand.attestation_id is not None:
        found["attestation"] = demand.attestation_id
    if demand.of is not None:
        found |= {"met": demand.met, "of": demand.of, "unknown": demand.unknown}
    return found


def read_content(document: object) -> Content:
    """A content from its document, whoever wrote it. Raises ``SnapshotError`` that says where it is wrong."""
    try:
        return _content_in(_record(document, "content"))
    except _Wrong as wrong:
        raise wrong.told() from None


def read_row(document: object) -> SnapshotRow:
    """A row from its document, whoever wrote it. Raises ``SnapshotError``."""
    try:
        return _row_in(_record(document, "snapshot"))
    except _Wrong as wrong:
        raise wrong.told() from None


def _content_in(top: Mapping[str, Any]) -> Content:
    if top.get("format") != FORMAT:
        raise _Wrong("format", f"has to be {FORMAT}: a newer release may read it")
    inputs = Inputs(
        days=_number(top, "days", least=1, most=_MOST_DAYS),
        working_days=_number(top, "working_days", most=_MOST_DAYS),
        models=_each(
            top,
            "models",
            lambda one: ModelRef(_text(one, "id"), _text(one, "version"), _digest(one, "digest")),
            most=100,
        ),
        counters=_tally(top, "counters"),
        shared=_tally(top, "shared"),
        attestations=_each(
            top,
            "attestations",
            lambda one: AttestationRef(
                _text(one, "model"), _text(one, "demand"), _number(one, "id"), _digest(one, "digest")
            ),
            most=10_000,
        ),
        projects=_each(
            top,
            "projects",
            lambda one: (_number(one, "id", least=-(2**63)), _digest(one, "content")),
            most=_MOST_PROJECTS,
        )
        if "projects" in top
        else None,
    )
    figures = _record(top.get("figures"), "figures")
    content = Content(
        inputs=inputs,
        figures={_name(name, "figures"): _decimal(figures, name) for name in figures},
        results=_each(top, "results", _result_in, most=100),
        rules=_number(top, "rules", least=1),
    )
    _ = inputs.period
    return content


def _result_in(one: Mapping[str, Any]) -> Assessment:
    return Assessment(
        model_id=_text(one, "model"),
        model_version=_text(one, "version"),
        model_digest=_digest(one, "digest"),
        score=_maybe(one, "score"),
        known=_number(one, "known"),
        practice=_maybe(one, "practice"),
        outcome=_maybe(one, "outcome"),
        level=_maybe(one, "level"),
        items=_each(one, "items", _item_in, most=1_000),
    )


def _item_in(one: Mapping[str, Any]) -> ItemResult:
    on_the_way = one.get("on_the_way")
    if not isinstance(on_the_way, bool):
        raise _Wrong("on_the_way", "has to be true or false")
    return ItemResult(
        item_id=_text(one, "id"),
        level=_maybe(one, "level"),
        on_the_way=on_the_way,
        credit=_number(one, "credit"),
        known=_number(one, "known"),
        points=_maybe(one, "points"),
        demands=_each(one, "demands", _demand_in, most=1_000),
    )


_ANSWERS: Final = {answer.value: answer for answer in Answer}


def _demand_in(one: Mapping[str, Any]) -> DemandResult:
    answer = one.get("answer")
    if not isinstance(answer, str) or answer not in _ANSWERS:
        raise _Wrong("answer", f"has to be one of {', '.join(_ANSWERS)}")
    return DemandResult(
        demand_id=_text(one, "id"),
        answer=_ANSWERS[answer],
        credit=_number(one, "credit"),
        value=_decimal(one, "value") if "value" in one else None,
        attestation_id=_maybe(one, "attestation"),
        met=_maybe(one, "met"),
        of=_maybe(one, "of"),
        unknown=_maybe(one, "unknown"),
    )


def _row_in(top: Mapping[str, Any]) -> SnapshotRow:
    scope, period = _record(top.get("scope"), "scope"), _record(top.get("period"), "period")
    taken = None if top.get("taken_at") is None else _text(top, "taken_at")
    try:
        about = Scope(ScopeKind(scope.get("kind")), _text(scope, "key", least=0))
        days = Period(
            PeriodKind(period.get("kind")),
            date.fromisoformat(_text(period, "first")),
            date.fromisoformat(_text(period, "last")),
        )
        taken_at = None if taken is None else datetime.fromisoformat(taken)
    except ValueError as error:
        raise _Wrong("snapshot", f"does not say what it is about: {str(error)[:200]}") from None
    if taken_at is not None and taken_at.tzinfo is None:
        raise _Wrong("taken_at", "has to name its zone")
    return SnapshotRow(
        scope=about,
        period=days,
        revision=_number(top, "revision", least=1),
        content=_digest(top, "content"),
        previous=_digest(top, "previous") if top.get("previous") != "" else "",
        digest=_digest(top, "digest"),
        taken_at=taken_at,
    )


class _Wrong(Exception):
    """Something is not as it has to be. Where, is only put together once that is so: a night reads thousands."""

    def __init__(self, at: str, what: str) -> None:
        super().__init__(at, what)
        self.at, self.what = at, what

    def told(self) -> SnapshotError:
        return SnapshotError(f"{self.at} {self.what}", "It is no snapshot of ours, or it was changed.")


T = TypeVar("T")


def _record(value: object, at: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise _Wrong(at, "has to be an object")
    return value


def _each(one: Mapping[str, Any], name: str, make: Callable[[Mapping[str, Any]], T], *, most: int) -> tuple[T, ...]:
    listed = one.get(name)
    if not isinstance(listed, list) or len(listed) > most:
        raise _Wrong(name, f"has to be a list of at most {most}")
    made: list[T] = []
    for n, value in enumerate(listed):
        try:
            made.append(make(_record(value, "")))
        except _Wrong as wrong:
            raise _Wrong(f"{name}[{n}].{wrong.at}".rstrip("."), wrong.what) from None
    return tuple(made)


def _text(one: Mapping[str, Any], name: str, *, least: int = 1) -> str:
    value = one.get(name)
    if not isinstance(value, str) or not least <= len(value) <= 2_000:
        raise _Wrong(name, "has to be a text")
    return value


def _digest(one: Mapping[str, Any], name: str) -> str:
    value = one.get(name)
    if not isinstance(value, str) or not _DIGEST.fullmatch(value):
        raise _Wrong(name, "has to be 64 hexadecimal digits")
    return value


def _number(one: Mapping[str, Any], name: str, *, least: int = 0, most: int = 2**63 - 1) -> int:
    value = one.get(name)
    if type(value) is not int or not least <= value <= most:
        raise _Wrong(name, "has to be a whole number")
    return value


def _maybe(one: Mapping[str, Any], name: str) -> int | None:
    return None if one.get(name) is None else _number(one, name)


def _decimal(one: Mapping[str, Any], name: str) -> float:
    value = one.get(name)
    if not isinstance(value, str) or not _DECIMAL.fullmatch(value):
        raise _Wrong(name, "has to be a decimal number in quotes")
    number = float(value)
    if not math.isfinite(number):
        raise _Wrong(name, "is too large")
    return number


def _name(name: object, at: str) -> str:
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise _Wrong(at, "has to hold values by name")
    return name


def _tally(one: Mapping[str, Any], at: str) -> Mapping[str, int]:
    # Not only the counters of today: what an earlier release counted stays readable.
    found = _record(one.get(at), at)
    if len(found) > _MOST_COUNTERS:
        raise _Wrong(at, f"has to hold at most {_MOST_COUNTERS} counters")
    return {_name(name, at): _number(found, name, least=-(2**63)) for name in found}
