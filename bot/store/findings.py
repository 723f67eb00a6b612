"""
Findings beyond one scan: as rows and back, as a list, and one by one with everything that is known about it.

A list is read in the order of an index and never sorted, however many findings there are.
"""

from __future__ import annotations

import heapq
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice
from pathlib import PurePosixPath
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, literal, or_, select, tuple_
from sqlalchemy.orm import Session

from bot.domain.known import KnownFinding, Sighting, Whereabouts, Witness
from bot.domain.suppression import Scope, Suppression, Suppressions
from bot.domain.triage import Judgement
from bot.domain.verdict import Presence, TrackedFinding
from bot.errors import MergewardenError
from bot.store.clock import database_time
from bot.store.finding_rows import flat, unflat
from bot.store.projects import get_project
from bot.store.statements import table
from bot.store.suppressions import in_force, suppression_of
from bot.store.tables import (
    AttributionRecord,
    FindingRecord,
    PresenceRecord,
    ProjectRecord,
    StreamRecord,
    SuppressionRecord,
    TrackedRefRecord,
)
from scanners.finding import Confidence, Finding, FindingKind, Location, Severity
from scanners.fingerprint import VERSION

LONGEST_PAGE = 1000
"""Findings on one page."""

_CHUNK = 500
"""Rows that a stream holds at once."""

_FINDING = table(FindingRecord)
_PRESENCE = table(PresenceRecord)
_PROJECT = table(ProjectRecord)
_REF = table(TrackedRefRecord)
_STREAM = table(StreamRecord)
_ATTRIBUTION = table(AttributionRecord)
_SUPPRESSION = table(SuppressionRecord)


@dataclass(frozen=True, slots=True)
class Cursor:
    """The last finding of a page: where the next one goes on. Its text is what a person or a link hands back."""

    severity: Severity
    confidence: Confidence
    id: int

    def __str__(self) -> str:
        return f"{self.severity.value}-{self.confidence.value}-{self.id}"

    @classmethod
    def parse(cls, text: str) -> Cursor:
        """The inverse of ``str``. Raises ``MergewardenError`` for any other text."""
        try:
            severity, confidence, number = text.split("-")
            if not re.fullmatch("[0-9]{1,18}", number, re.ASCII):
                raise ValueError(number)
            return cls(Severity(severity), Confidence(confidence), int(number))
        except ValueError:
            raise MergewardenError(
                "this is not the end of a page", "Take it as it was printed, for example --after high-medium-812."
            ) from None


@dataclass(frozen=True, slots=True)
class FindingPage:
    """Part of a list."""

    findings: tuple[KnownFinding, ...]
    """Worst first: by severity, confidence, and the newest number."""
    next: Cursor | None
    """None on the last page."""


# --- rows -------------------------------------------------------------------------------------------------------------

_ENUMS: Mapping[str, type[Any]] = {"kind": FindingKind, "severity": Severity, "confidence": Confidence}
_WORDS = {name: {member.value: member for member in enum} for name, enum in _ENUMS.items()}
_EMPTY = flat(Finding("", "", FindingKind.SAST, Severity.INFO, Confidence.LOW, "", "", Location(PurePosixPath("x"))))
_DETAILS = {name: value for name, value in _EMPTY.items() if name not in _FINDING.c}
_COLUMNS = tuple(name for name in _EMPTY if name in _FINDING.c and name not in _ENUMS)


def finding_values(finding: Finding) -> dict[str, Any]:
    """
    What a row of ``FindingRecord`` says about the finding itself: every column but ``id``, ``project_id``,
    ``whereabouts``, ``first_seen_at`` and those of the judgement.
    """
    return values_of(flat(finding))


def values_of(values: Mapping[str, Any]) -> dict[str, Any]:
    """The same for a finding that is ``finding_rows.flat`` already."""
    row: dict[str, Any] = {name: values[name] for name in _COLUMNS}
    for name, words in _WORDS.items():
        row[name] = words[values[name]]
    row["fingerprint_version"] = VERSION
    # Most findings lack most of these.
    row["details"] = {name: values[name] for name, empty in _DETAILS.items() if values[name] != empty}
    return row


def finding_of(row: Mapping[Any, Any]) -> Finding:
    """The inverse of ``finding_values``."""
    values = {name: row[name] for name in _COLUMNS}
    values |= {name: row[name].value for name in _ENUMS}
    return unflat({**_DETAILS, **row["details"], **values})


def judgement_of(row: Mapping[Any, Any]) -> Judgement:
    """What people said last."""
    return Judgement(row["state"], row["justification"], row["judged_reason"], row["judged_by"], row["judged_at"])


def known_finding(row: Mapping[Any, Any], project: str = "", *, suppressed: bool = False) -> KnownFinding:
    """A whole row of ``FindingRecord``; ``project`` is the project's full path."""
    return KnownFinding(
        id=row["id"],
        project_id=row["project_id"],
        project=project,
        finding=finding_of(row),
        whereabouts=row["whereabouts"],
        judgement=judgement_of(row),
        first_seen_at=row["first_seen_at"],
        suppressed=suppressed,
    )


# --- lists ------------------------------------------------------------------------------------------------------------


def page(
    session: Session,
    *,
    project_id: int | None = None,
    whereabouts: Whereabouts | None = None,
    after: Cursor | None = None,
    limit: int = 100,
) -> FindingPage:
    """
    Part of the findings of all projects or one, worst first.

    ``whereabouts`` None means everywhere, also what no scan sees any more. ``after`` is where the page before ended.
    Takes the same number of statements whatever there is. ``limit`` is at most ``LONGEST_PAGE``.
    """
    wanted = max(1, min(limit, LONGEST_PAGE))
    # The index begins with the whereabouts, so each has a list of its own in the right order. It has all that is needed
    # to merge them; whole rows are read of those only that are shown.
    lists = [
        [Cursor(*row) for row in session.execute(list_query(project_id, where, after, _ORDER).limit(wanted + 1))]
        for where in _places(whereabouts)
    ]
    places = list(islice(heapq.merge(*lists, key=_badness, reverse=True), wanted + 1))
    shown = [place.id for place in places[:wanted]]
    rows = session.execute(select(_FINDING).where(_FINDING.c.id.in_(shown))).mappings()
    by_number = {row["id"]: row for row in rows}
    return FindingPage(
        # What was deleted at this moment is left out.
        _complete(session, [by_number[number] for number in shown if number in by_number]),
        places[wanted - 1] if len(places) > wanted else None,
    )


def get(session: Session, finding_id: int) -> KnownFinding | None:
    """The finding with this number, or None. Three statements."""
    rows = session.execute(select(_FINDING).where(_FINDING.c.id == finding_id)).mappings().all()
    return next(iter(_complete(session, rows)), None)


def by_numbers(session: Session, numbers: Collection[int]) -> Mapping[int, KnownFinding]:
    """Those of the findings that there are, whole. Three statements, for up to a thousand."""
    rows = session.execute(select(_FINDING).where(_FINDING.c.id.in_(sorted(numbers)))).mappings().all()
    return {known.id: known for known in _complete(session, rows)}


def judgement_for_update(session: Session, finding_id: int) -> Judgement | None:
    """What holds of a finding; nobody else may judge it until the transaction ends. None where there is none."""
    query = select(_FINDING).where(_FINDING.c.id == finding_id).with_for_update()
    row = session.execute(query).mappings().one_or_none()
    return None if row is None else judgement_of(row)


def count(session: Session, *, project_id: int | None = None, whereabouts: Whereabouts | None = None) -> int:
    """How many there are. Reads as many index entries, so not for every page."""
    query = select(func.count()).select_from(_FINDING).where(*_conditions(project_id, whereabouts))
    return session.scalar(query) or 0


def stream_findings(
    session: Session, *, project_id: int, whereabouts: Whereabouts | None = None
) -> Iterator[KnownFinding]:
    """
    All findings of a project, those on the default branch first, each list worst first; only a few hundred are in
    memory at once. The session must stay open meanwhile, and be used for nothing else.
    """
    project = get_project(session, project_id)
    path = "" if project is None else project.path
    marks = _Marks.of_project(session, project_id)
    for where in reversed(_places(whereabouts)):
        rows = session.execute(
            list_query(project_id, where, None, _FINDING.c),
            execution_options={"yield_per": _CHUNK, "stream_results": True},
        )
        for row in rows.mappings():
            known = known_finding(row, path)
            yield marks.marked(known)


def code_on(session: Session, finding_id: int, ref: str) -> str | None:
    """``match_hash`` of the finding as it stands on a branch or merge request (``!7``); None where it is not."""
    return session.execute(
        select(_ATTRIBUTION.c.match_hash)
        .join(_STREAM, _STREAM.c.id == _ATTRIBUTION.c.stream_id)
        .join(_REF, _REF.c.id == _STREAM.c.ref_id)
        .where(_ATTRIBUTION.c.finding_id == finding_id, _ATTRIBUTION.c.gone_at.is_(None), _REF.c.name == ref)
        .order_by(_STREAM.c.seen_at.desc(), _ATTRIBUTION.c.place)
        .limit(1)
    ).scalar_one_or_none()


def dependencies(session: Session, project_id: int) -> tuple[KnownFinding, ...]:
    """The project's findings about packages that are seen anywhere."""
    rows = session.execute(
        select(_FINDING).where(
            *_conditions(project_id, None),
            _FINDING.c.kind == FindingKind.DEPENDENCY,
            _FINDING.c.whereabouts != Whereabouts.NOWHERE,
        )
    )
    return _complete(session, rows.mappings().all())


def list_query(
    project_id: int | None, whereabouts: Whereabouts, after: Cursor | None, columns: Iterable[ColumnElement[Any]]
) -> Select[Any]:
    """These of one list, read backwards from ``ix_finding_worst`` or ``ix_finding_worst_of_project``."""
    query = select(*columns).where(*_conditions(project_id, whereabouts))
    if after is not None:
        place = (after.severity, after.confidence, after.id)
        bound = [literal(value, column.type) for value, column in zip(place, _ORDER, strict=True)]
        query = query.where(tuple_(*_ORDER) < tuple_(*bound))
    return query.order_by(*(column.desc() for column in _ORDER))


_ORDER = (_FINDING.c.severity, _FINDING.c.confidence, _FINDING.c.id)


def _conditions(project_id: int | None, whereabouts: Whereabouts | None) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if project_id is not None:
        conditions.append(_FINDING.c.project_id == project_id)
    if whereabouts is not None:
        conditions.append(_FINDING.c.whereabouts == whereabouts)
    return conditions


def _places(whereabouts: Whereabouts | None) -> list[Whereabouts]:
    return list(Whereabouts) if whereabouts is None else [whereabouts]


def _badness(place: Cursor) -> tuple[int, int, int]:
    return place.severity.rank, place.confidence.rank, place.id


def _complete(session: Session, rows: Sequence[Mapping[Any, Any]]) -> tuple[KnownFinding, ...]:
    """With the names of their projects, and marked where a suppression is in force: two statements."""
    owners = {row["project_id"] for row in rows}
    named = session.execute(select(_PROJECT.c.id, _PROJECT.c.path).where(_PROJECT.c.id.in_(owners)))
    paths = {row[0]: row[1] for row in named}
    found = [known_finding(row, paths.get(row["project_id"], "")) for row in rows]
    marks = _Marks.of_findings(session, found)
    return tuple(marks.marked(known) for known in found)


# --- suppressions -----------------------------------------------------------------------------------------------------

EDITED_AT = (
    select(_PRESENCE.c.changed_at)
    .join(_REF, _REF.c.id == _PRESENCE.c.ref_id)
    .where(_PRESENCE.c.finding_id == _SUPPRESSION.c.finding_id)
    # What a list shows is the finding of the default branch, where it is there.
    .order_by(
        _PRESENCE.c.gone_at.is_(None).desc(), _REF.c.is_default.desc(), _PRESENCE.c.changed_at.desc().nulls_last()
    )
    .limit(1)
    .correlate(_SUPPRESSION)
    .scalar_subquery()
)


class _Marks:
    """Which findings a suppression is in force for, by the database's clock."""

    def __init__(self, rows: Sequence[Mapping[Any, Any]]) -> None:
        self._edited = {row["finding_id"]: row["edited_at"] for row in rows}
        self._now: datetime | None = rows[0]["now"] if rows else None
        self._own: dict[int | None, list[Suppression]] = {}
        for row in rows:
            self._own.setdefault(row["project_id"], []).append(suppression_of(row))
        self._by_project: dict[int, Suppressions] = {}

    @classmethod
    def of_findings(cls, session: Session, found: Sequence[KnownFinding]) -> _Marks:
        """For these findings; one statement."""
        return cls._read(
            session,
            or_(
                _SUPPRESSION.c.finding_id.in_([known.id for known in found]),
                and_(
                    _SUPPRESSION.c.scope != Scope.FINDING,
                    or_(
                        _SUPPRESSION.c.project_id.is_(None),
                        _SUPPRESSION.c.project_id.in_(sorted({known.project_id for known in found})),
                    ),
                ),
            ),
        )

    @classmethod
    def of_project(cls, session: Session, project_id: int) -> _Marks:
        """For every finding of a project; one statement."""
        return cls._read(session, or_(_SUPPRESSION.c.project_id.is_(None), _SUPPRESSION.c.project_id == project_id))

    @classmethod
    def _read(cls, session: Session, condition: ColumnElement[bool]) -> _Marks:
        query = select(_SUPPRESSION, EDITED_AT.label("edited_at"), database_time().label("now"))
        return cls(session.execute(query.where(in_force(), condition)).mappings().all())

    def marked(self, known: KnownFinding) -> KnownFinding:
        """The finding with the suppression that is in force for it, if any."""
        if self._now is None:
            return known
        suppressions = self._by_project.get(known.project_id)
        if suppressions is None:
            items = [*self._own.get(None, ()), *self._own.get(known.project_id, ())]
            suppressions = self._by_project[known.project_id] = Suppressions(items, self._now)
        tracked = TrackedFinding(known.finding, Presence.EXISTING, number=known.id)
        match = suppressions.match(tracked, changed_at=self._edited.get(known.id))
        return known if match is None else replace(known, suppressed=True, suppression=match.suppression)


# --- one finding ------------------------------------------------------------------------------------------------------

_REFS_IN_ORDER = (_REF.c.is_default.desc(), _REF.c.merge_request_iid.nulls_first(), _REF.c.id)


def sightings(session: Session, finding_id: int) -> tuple[Sighting, ...]:
    """Where it is or was: the default branch, the other branches, the merge requests. Two statements."""
    places: dict[int, Mapping[Any, Any]] = {}
    words = session.execute(
        select(_ATTRIBUTION, _STREAM.c.ref_id, _STREAM.c.commit_sha, _STREAM.c.source, _STREAM.c.seen_at)
        .join(_STREAM, _STREAM.c.id == _ATTRIBUTION.c.stream_id)
        .where(_ATTRIBUTION.c.finding_id == finding_id)
        # The last one of a ref counts: who still sees it before who no longer does, our own scan, the shown words.
        .order_by(
            _ATTRIBUTION.c.gone_at.is_(None),
            (_STREAM.c.source == "scan"),
            _STREAM.c.seen_at,
            _ATTRIBUTION.c.place.desc(),
        )
    )
    for word in words.mappings():
        places[word["ref_id"]] = word
    query = (
        select(_PRESENCE, _REF.c.name, _FINDING.c.path, _FINDING.c.start_line, _FINDING.c.end_line)
        .add_columns(_FINDING.c.start_column, _FINDING.c.end_column)
        .join(_REF, _REF.c.id == _PRESENCE.c.ref_id)
        .join(_FINDING, _FINDING.c.id == _PRESENCE.c.finding_id)
        .where(_PRESENCE.c.finding_id == finding_id)
        .order_by(*_REFS_IN_ORDER)
    )
    return tuple(
        Sighting(
            ref=row["name"],
            presence=row["presence"],
            location=_location(places.get(row["ref_id"], row)),
            explanation=row["explanation"],
            commit=places[row["ref_id"]]["commit_sha"] if row["ref_id"] in places else None,
            first_seen_at=row["first_seen_at"],
            gone_at=row["gone_at"],
            changed_at=row["changed_at"],
        )
        for row in session.execute(query).mappings()
    )


def witnesses(session: Session, finding_id: int) -> tuple[Witness, ...]:
    """Who sees it or saw it, the default branch first and the shown words before the others. One statement."""
    query = (
        select(_ATTRIBUTION, _STREAM.c.source, _STREAM.c.seen_at, _REF.c.name)
        .join(_STREAM, _STREAM.c.id == _ATTRIBUTION.c.stream_id)
        .join(_REF, _REF.c.id == _STREAM.c.ref_id)
        .where(_ATTRIBUTION.c.finding_id == finding_id)
        .order_by(*_REFS_IN_ORDER, _STREAM.c.id, _ATTRIBUTION.c.place)
    )
    return tuple(
        Witness(
            ref=row["name"],
            source=row["source"],
            scanner=row["scanner"],
            version=row["version"],
            rule_id=row["rule_id"],
            first_seen_at=row["first_seen_at"],
            # While it is seen, only the stream is written and not each of its rows.
            last_seen_at=row["last_seen_at"] or row["seen_at"],
            gone_at=row["gone_at"],
            explanation=row["explanation"],
        )
        for row in session.execute(query).mappings()
    )


def _location(row: Mapping[Any, Any]) -> Location:
    return Location(
        PurePosixPath(row["path"]), row["start_line"], row["end_line"], row["start_column"], row["end_column"]
    )
