"""
How often a rule's comments turned out to be false: which findings had a discussion, and what people said of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import String, and_, case, cast, delete, exists, func, literal, or_, select
from sqlalchemy.orm import Session

from bot.domain.noise import RuleNoise
from bot.domain.triage import Justification, TriageState
from bot.domain.verdict import TrackedFinding
from bot.store.clock import database_time
from bot.store.statements import chunks, insert_into, table
from bot.store.tables import CommentedFindingRecord, FindingRecord, SuppressionRecord

_COMMENTED = table(CommentedFindingRecord)
_FINDING = table(FindingRecord)
_SUPPRESSION = table(SuppressionRecord)


def note_commented(session: Session, project_id: int, iid: int, threads: Sequence[TrackedFinding]) -> None:
    """Remember that these findings have a discussion on a merge request; said again, it changes nothing."""
    rows = {item.finding.fingerprint: item for item in threads}
    # Sorted, so that two writers lock rows in one order.
    for chunk in chunks([rows[fingerprint] for fingerprint in sorted(rows)]):
        statement = insert_into(session, _COMMENTED).values(
            [
                {
                    "project_id": project_id,
                    "iid": iid,
                    "fingerprint": item.finding.fingerprint,
                    "finding_id": item.number,
                    "scanner": item.finding.scanner,
                    "rule_id": item.finding.rule_id,
                    "at": database_time(),
                }
                for item in chunk
            ]
        )
        session.execute(statement.on_conflict_do_nothing())


def by_rule(session: Session, *, since: datetime, project_id: int | None = None) -> Mapping[int, tuple[RuleNoise, ...]]:
    """
    For each project (or the one) the rules that had a comment since then. One statement.

    A finding counts once in its project, on however many merge requests it was commented on. It counts as false while
    it is dismissed as false, by a second person as well where one is needed.
    """
    # A finding without a number is told by its fingerprint; a number never looks like one.
    which = func.coalesce(cast(_COMMENTED.c.finding_id, String), _COMMENTED.c.fingerprint)
    chosen = [_COMMENTED.c.at >= since]
    if project_id is not None:
        chosen.append(_COMMENTED.c.project_id == project_id)
    commented = (
        select(
            _COMMENTED.c.project_id,
            _COMMENTED.c.scanner,
            _COMMENTED.c.rule_id,
            which.label("which"),
            func.max(_COMMENTED.c.finding_id).label("finding_id"),
        )
        .where(*chosen)
        .group_by(_COMMENTED.c.project_id, _COMMENTED.c.scanner, _COMMENTED.c.rule_id, which)
        .subquery()
    )
    # A judgement is written down when it is asked for, and stays when its exception is revoked. Only an exception that
    # counts, or counted until it ended, says that nobody objected.
    undisputed = exists(
        select(literal(1)).where(
            _SUPPRESSION.c.finding_id == _FINDING.c.id,
            _SUPPRESSION.c.justification == Justification.FALSE_POSITIVE,
            _SUPPRESSION.c.revoked_at.is_(None),
            or_(~_SUPPRESSION.c.needs_approval, _SUPPRESSION.c.approved_at.is_not(None)),
        )
    )
    is_false = and_(
        _FINDING.c.state == TriageState.DISMISSED,
        _FINDING.c.justification == Justification.FALSE_POSITIVE,
        undisputed,
    )
    rows = session.execute(
        select(
            commented.c.project_id,
            commented.c.scanner,
            commented.c.rule_id,
            func.count().label("comments"),
            func.sum(case((is_false, 1), else_=0)).label("false_positives"),
        )
        .select_from(commented.outerjoin(_FINDING, _FINDING.c.id == commented.c.finding_id))
        .group_by(commented.c.project_id, commented.c.scanner, commented.c.rule_id)
        .order_by(commented.c.project_id)
    )
    found: dict[int, list[RuleNoise]] = {}
    for row in rows:
        noise = RuleNoise(row.scanner, row.rule_id, int(row.comments), int(row.false_positives))
        found.setdefault(row.project_id, []).append(noise)
    return {number: tuple(sorted(rules, key=RuleNoise.order)) for number, rules in found.items()}


def purge_commented(session: Session, *, before: datetime, limit: int = 1000) -> int:
    """Forget up to ``limit`` comments from before this moment; how many. Repeat until 0."""
    old = (
        select(_COMMENTED.c.project_id, _COMMENTED.c.iid, _COMMENTED.c.fingerprint)
        .where(_COMMENTED.c.at < before)
        .order_by(_COMMENTED.c.at)
        .limit(limit)
        .subquery()
    )
    same = and_(
        old.c.project_id == _COMMENTED.c.project_id,
        old.c.iid == _COMMENTED.c.iid,
        old.c.fingerprint == _COMMENTED.c.fingerprint,
    )
    removed = session.execute(
        delete(_COMMENTED).where(exists(select(literal(1)).select_from(old).where(same))).returning(_COMMENTED.c.iid)
    )
    return len(removed.all())


def forget_project(session: Session, project_id: int) -> None:
    """Delete what is known of a project that is gone."""
    session.execute(delete(_COMMENTED).where(_COMMENTED.c.project_id == project_id))
