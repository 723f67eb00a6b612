"""
How projects stand now: what can be counted today only, since most of it is not kept as it was.

Each function is one statement, however many projects there are.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import LargeBinary, and_, case, exists, func, literal, or_, select, type_coerce
from sqlalchemy.orm import Session

from bot.domain.known import Whereabouts
from bot.domain.priority import Standing
from bot.domain.protected_branches import is_protected
from bot.store.coverage_holes import STALE_AFTER
from bot.store.desk_tables import TallyRecord, TriageItemRecord
from bot.store.maturity.collected import PIPELINES
from bot.store.maturity.flows import COLLECTION, INCIDENT, PIPELINE, REF, RUN, SCAN, STREAM, SUPPRESSION, Span
from bot.store.maturity_tables import CodeSizeRecord
from bot.store.statements import table
from bot.store.tables import EnforcementRecord, PackageLicenceRecord, ProjectRecord
from bot.store.tracking import OWN
from bot.store.types import ExactText, unpacked
from scanners.finding import FindingKind, Severity
from scanners.interface import GapReason, ScannerStatus

PROJECT = table(ProjectRecord)
ENFORCEMENT = table(EnforcementRecord)
SIZE = table(CodeSizeRecord)
TALLY = table(TallyRecord)
ITEM = table(TriageItemRecord)
LICENCE = table(PackageLicenceRecord)

FRESH_DAYS: Final = 7
"""So old the newest advisory may be that a dependency scan knew."""
COVERAGE_DAYS: Final = 90
"""So old the newest pipeline may be whose coverage counts."""

_KINDS: Final = {
    "projects.sast": FindingKind.SAST,
    "projects.dependency": FindingKind.DEPENDENCY,
    "projects.secret": FindingKind.SECRET,
}

Stocks = dict[int, dict[str, int]]


@dataclass(frozen=True, slots=True)
class Expected:
    """What is asked of projects by their policies and by what is installed."""

    kinds: Mapping[str, FindingKind]
    """Every scanner that should look, by name."""
    required: Mapping[int, Collection[str]] | None = None
    """By project the scanners that its policy requires; without a project whose policy cannot be read, None where
    nobody asked."""
    policy_ok: Mapping[int, bool] | None = None
    """By project whether its policy can be read; None where nobody asked."""


def count_stocks(session: Session, span: Span, now: datetime, expected: Expected) -> Stocks:
    """Every stock of every project, as it is now. A fixed number of statements."""
    found: Stocks = {}
    looked_at = _projects(session, span, now, expected, found)
    _dependency_scans(session, span, now, found)
    _open(session, span, found, looked_at)
    _deadlines(session, span, now, found, looked_at)
    _vulnerable(session, span, found, looked_at)
    _components(session, span, found)
    _exceptions(session, span, now, found)
    _incidents(session, span, found)
    _unit_coverage(session, span, now, found)
    return found


def _projects(session: Session, span: Span, now: datetime, expected: Expected, found: Stocks) -> set[int]:
    """The projects themselves and who answered; returns those of which the default branch was ever looked at."""
    scanned = exists(select(literal(1)).where(SCAN.c.project_id == PROJECT.c.id))
    imported = exists(select(literal(1)).where(STREAM.c.ref_id == REF.c.id))
    own = STREAM.alias("own")
    query = (
        select(
            PROJECT.c.id,
            PROJECT.c.default_branch,
            case((own.c.id.is_not(None), True), else_=scanned).label("was_scanned"),
            case((own.c.id.is_not(None), True), else_=and_(REF.c.id.is_not(None), imported)).label("looked_at"),
            own.c.seen_at,
            # As text: many projects have the same, and it is long.
            type_coerce(own.c.looked_with, ExactText).label("looked_with"),
            ENFORCEMENT.c.level,
            ENFORCEMENT.c.checked_at.is_not(None).label("level_known"),
            ENFORCEMENT.c.facts,
            SIZE.c.lines,
            SIZE.c.scannable_lines,
            SIZE.c.read_lines,
        )
        .select_from(
            PROJECT.outerjoin(
                REF,
                and_(
                    REF.c.project_id == PROJECT.c.id,
                    REF.c.merge_request_iid.is_(None),
                    REF.c.name == PROJECT.c.default_branch,
                ),
            )
            .outerjoin(own, and_(own.c.ref_id == REF.c.id, own.c.source == OWN))
            .outerjoin(ENFORCEMENT, ENFORCEMENT.c.project_id == PROJECT.c.id)
            .outerjoin(SIZE, SIZE.c.project_id == PROJECT.c.id)
        )
        .where(*span.of(session, PROJECT.c.id))
    )
    looked_at: set[int] = set()
    for row in session.execute(query):
        found[row.id] = _project(row, now, expected)
        if row.looked_at:
            looked_at.add(row.id)
    return looked_at


def _project(row: Any, now: datetime, expected: Expected) -> dict[str, int]:
    answered = _answered(row.looked_with) if row.looked_with is not None else frozenset()
    scanned = row.seen_at is not None and now - row.seen_at <= STALE_AFTER
    kinds = {
        name: bool(names := {one for one, of in expected.kinds.items() if of is kind}) and names <= answered
        for name, kind in _KINDS.items()
    }
    tally = {
        "projects": int(row.default_branch is not None or bool(row.was_scanned)),
        "projects.ever_scanned": int(bool(row.was_scanned)),
        "projects.scanned": int(scanned),
        **{name: int(answers) for name, answers in kinds.items()},
        "projects.level_known": int(bool(row.level_known)),
    }
    assessed = scanned and all(kinds.values())
    if expected.required is not None:
        required = expected.required.get(row.id)
        all_answered = required is not None and row.seen_at is not None and set(required) <= answered
        if required is not None:
            tally["projects.required_answered"] = int(all_answered)
        assessed = assessed and all_answered
    tally["projects.assessed"] = int(assessed)
    if expected.policy_ok is not None:
        tally["projects.policy_ok"] = int(expected.policy_ok.get(row.id, False))
    if row.level_known:
        tally |= {f"projects.level{level}": int(row.level >= level) for level in (1, 2, 3)}
        protected = (row.facts or {}).get("protected_names")
        if isinstance(protected, list) and row.default_branch is not None:
            tally["projects.protected"] = int(is_protected(row.default_branch, map(str, protected)))
    if row.lines is not None:
        tally |= {
            "code.lines": row.lines,
            "code.scannable_lines": row.scannable_lines,
            "code.read_lines": row.read_lines,
        }
    return tally


@lru_cache(maxsize=512)
def _answered(looked_with: str) -> frozenset[str]:
    """Scanners whose last word is an answer: see ``bot.pipeline.branch``."""
    return frozenset(name for name, said in json.loads(looked_with).items() if said)


def _dependency_scans(session: Session, span: Span, now: datetime, found: Stocks) -> None:
    """
    How old the advisories are and whether everything is pinned.

    A scan after a push reads only what was pushed: what is pinned says the fullest one of late, and each that followed.
    """
    query = (
        select(
            SCAN.c.project_id,
            RUN.c.status,
            RUN.c.scanner,
            RUN.c.files,
            RUN.c.data_date,
            # Packed, because only a few have to be looked into.
            type_coerce(RUN.c.gaps, LargeBinary()).label("gaps"),
        )
        .join(RUN, RUN.c.scan_id == SCAN.c.id)
        .join(
            PROJECT,
            and_(PROJECT.c.id == SCAN.c.project_id, PROJECT.c.default_branch == SCAN.c.ref, SCAN.c.iid.is_(None)),
        )
        .where(
            SCAN.c.started_at >= now - STALE_AFTER,
            RUN.c.kind == FindingKind.DEPENDENCY,
            RUN.c.status.in_([ScannerStatus.COMPLETED, ScannerStatus.NOT_APPLICABLE]),
            *span.of(session, SCAN.c.project_id),
        )
        .order_by(SCAN.c.project_id, SCAN.c.started_at, SCAN.c.id)
    )
    runs: dict[tuple[int, str], list[Any]] = {}
    for row in session.execute(query):
        runs.setdefault((row.project_id, row.scanner), []).append(row)
    fresh: dict[int, bool] = {}
    pinned: dict[int, bool] = {}
    for (project_id, _), of_scanner in runs.items():
        fresh[project_id] = fresh.get(project_id, True) and _fresh(of_scanner, now)
        pinned[project_id] = pinned.get(project_id, True) and _pinned(of_scanner)
    for project_id, tally in found.items():
        tally["projects.advisories_fresh"] = int(fresh.get(project_id, False))
        tally["projects.pinned"] = int(pinned.get(project_id, False))


def _fresh(runs: Sequence[Any], now: datetime) -> bool:
    newest = max((run.data_date for run in runs if run.data_date is not None), default=None)
    if newest is None:
        # Where there is nothing to look up, no advisory is too old.
        return all(run.status is ScannerStatus.NOT_APPLICABLE for run in runs)
    return bool(now.astimezone(UTC).date() - newest <= timedelta(days=FRESH_DAYS))


def _pinned(runs: Sequence[Any]) -> bool:
    most = max(run.files for run in runs)
    last = max(place for place, run in enumerate(runs) if run.files == most)
    return not any(_left_out_unpinned(run.gaps) for run in runs[last:])


@lru_cache(maxsize=512)
def _left_out_unpinned(packed: bytes | None) -> bool:
    return packed is not None and any(reason == GapReason.NOT_PINNED.value for _, reason, *_ in unpacked(packed))


def _count(condition: Any, value: Any = 1) -> Any:
    return func.coalesce(func.sum(case((condition, value), else_=0)), 0)


def _open(session: Session, span: Span, found: Stocks, looked_at: Collection[int]) -> None:
    """As ``bot.store.daily_counts`` counts them, so that no page says something else."""
    shipped = and_(TALLY.c.standing != Standing.CLOSED, TALLY.c.whereabouts == Whereabouts.DEFAULT_BRANCH)
    sums = {
        **{f"open.{one.value}": _count(and_(shipped, TALLY.c.severity == one), TALLY.c.count) for one in Severity},
        "open.secret": _count(and_(shipped, TALLY.c.kind == FindingKind.SECRET), TALLY.c.count),
        "open.dependency": _count(and_(shipped, TALLY.c.kind == FindingKind.DEPENDENCY), TALLY.c.count),
        "undecided": _count(TALLY.c.standing.in_([Standing.UNDECIDED, Standing.REQUESTED]), TALLY.c.count),
    }
    for project_id in looked_at:
        found[project_id] |= dict.fromkeys(sums, 0)
    query = select(TALLY.c.project_id, *sums.values()).where(*span.of(session, TALLY.c.project_id))
    for project_id, *counts in session.execute(query.group_by(TALLY.c.project_id)):
        if project_id in looked_at:
            found[project_id] |= dict(zip(sums, map(int, counts), strict=True))


def _deadlines(session: Session, span: Span, now: datetime, found: Stocks, looked_at: Collection[int]) -> None:
    for project_id in looked_at:
        found[project_id]["overdue"] = 0
    query = select(ITEM.c.project_id, func.count()).where(overdue(now), *span.of(session, ITEM.c.project_id))
    for project_id, count in session.execute(query.group_by(ITEM.c.project_id)):
        if project_id in looked_at:
            found[project_id]["overdue"] = count


def overdue(now: datetime) -> Any:
    """SQL condition on a desk's row: open on the default branch, and past its date."""
    return and_(open_on_default(), ITEM.c.due_at <= now)


def open_on_default() -> Any:
    """SQL condition on a desk's row: on the default branch, neither dismissed nor mended."""
    return and_(ITEM.c.standing != Standing.CLOSED, ITEM.c.whereabouts == Whereabouts.DEFAULT_BRANCH)


def _vulnerable(session: Session, span: Span, found: Stocks, looked_at: Collection[int]) -> None:
    for project_id in looked_at:
        found[project_id]["components.vulnerable"] = 0
    query = select(ITEM.c.project_id, func.count(ITEM.c.package_key.distinct())).where(
        open_on_default(), ITEM.c.package_key.is_not(None), *span.of(session, ITEM.c.project_id)
    )
    for project_id, count in session.execute(query.group_by(ITEM.c.project_id)):
        if project_id in looked_at:
            found[project_id]["components.vulnerable"] = count


def _components(session: Session, span: Span, found: Stocks) -> None:
    licensed = type_coerce(LICENCE.c.licences, ExactText) != "[]"
    query = select(LICENCE.c.project_id, func.count(), _count(licensed)).where(*span.of(session, LICENCE.c.project_id))
    for tally in found.values():
        tally["projects.sbom"] = 0
    for project_id, components, known in session.execute(query.group_by(LICENCE.c.project_id)):
        if project_id in found:
            found[project_id] |= {
                "projects.sbom": 1,
                "components": int(components),
                "components.licensed": int(known),
            }


def in_force(now: datetime) -> Any:
    """SQL condition on a suppression: it has an effect at this moment."""
    return and_(_stands(now), or_(~SUPPRESSION.c.needs_approval, SUPPRESSION.c.approved_at.is_not(None)))


def waiting(now: datetime) -> Any:
    """SQL condition on a suppression: it waits for a second person."""
    return and_(_stands(now), SUPPRESSION.c.needs_approval, SUPPRESSION.c.approved_at.is_(None))


def _stands(now: datetime) -> Any:
    return and_(SUPPRESSION.c.revoked_at.is_(None), SUPPRESSION.c.expires_at > now)


def _exceptions(session: Session, span: Span, now: datetime, found: Stocks) -> None:
    for tally in found.values():
        tally |= {"exceptions.in_force": 0, "exceptions.waiting": 0}
    query = select(SUPPRESSION.c.project_id, _count(in_force(now)), _count(waiting(now))).where(
        SUPPRESSION.c.project_id.is_not(None), *span.of(session, SUPPRESSION.c.project_id)
    )
    for project_id, forces, waits in session.execute(query.group_by(SUPPRESSION.c.project_id)):
        if project_id in found:
            found[project_id] |= {"exceptions.in_force": int(forces), "exceptions.waiting": int(waits)}


def _incidents(session: Session, span: Span, found: Stocks) -> None:
    for tally in found.values():
        tally["incidents.open"] = 0
    query = select(INCIDENT.c.project_id, func.count()).where(
        INCIDENT.c.closed_at.is_(None), *span.of(session, INCIDENT.c.project_id)
    )
    for project_id, count in session.execute(query.group_by(INCIDENT.c.project_id)):
        if project_id in found:
            found[project_id]["incidents.open"] = count


def newest_coverage(now: datetime) -> Any:
    """SQL expression on a project: the number of its newest pipeline with a coverage of late; NULL for none."""
    newest = PIPELINE.alias("newest")
    return (
        select(newest.c.pipeline_id)
        .where(
            newest.c.project_id == PROJECT.c.id,
            newest.c.coverage.is_not(None),
            newest.c.finished_at >= now - timedelta(days=COVERAGE_DAYS),
        )
        # GitLab counts them up, and by number an index has them.
        .order_by(newest.c.pipeline_id.desc())
        .limit(1)
        .scalar_subquery()
    )


def _unit_coverage(session: Session, span: Span, now: datetime, found: Stocks) -> None:
    asked = exists().where(
        COLLECTION.c.project_id == PROJECT.c.id, COLLECTION.c.source == PIPELINES, COLLECTION.c.since.is_not(None)
    )
    query = (
        select(PROJECT.c.id, PIPELINE.c.coverage)
        .select_from(PROJECT)
        .outerjoin(
            PIPELINE, and_(PIPELINE.c.project_id == PROJECT.c.id, PIPELINE.c.pipeline_id == newest_coverage(now))
        )
        .where(asked, *span.of(session, PROJECT.c.id))
    )
    for project_id, coverage in session.execute(query):
        if (tally := found.get(project_id)) is None:
            continue
        tally["projects.coverage_known"] = int(coverage is not None)
        if coverage is not None:
            tally["coverage.permille"] = min(1000, max(0, round(coverage * 10)))
