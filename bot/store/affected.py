"""
Which open merge requests have to be judged again when a person decided something.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, and_, select
from sqlalchemy.orm import Session

from bot.domain.suppression import Scope, Suppression
from bot.store.heads import HeadState
from bot.store.statements import table
from bot.store.tables import (
    AttributionRecord,
    FindingRecord,
    MergeRequestRecord,
    PresenceRecord,
    StreamRecord,
    TrackedRefRecord,
)
from scanners.finding import FindingKind

_FINDING = table(FindingRecord)
_PRESENCE = table(PresenceRecord)
_REF = table(TrackedRefRecord)
_HEAD = table(MergeRequestRecord)
_ATTRIBUTION = table(AttributionRecord)
_STREAM = table(StreamRecord)

MergeRequests = tuple[tuple[int, int], ...]
"""Project and number of each, in this order."""


def with_finding(session: Session, finding_id: int) -> MergeRequests:
    """Open merge requests on which a finding is."""
    query = _open(
        select(_HEAD.c.project_id, _HEAD.c.iid)
        .join_from(_PRESENCE, _REF, _REF.c.id == _PRESENCE.c.ref_id)
        .where(_PRESENCE.c.finding_id == finding_id, _PRESENCE.c.gone_at.is_(None))
    )
    return _sorted(session, query)


def with_suppression(session: Session, suppression: Suppression) -> MergeRequests:
    """
    Open merge requests on which something is that the suppression may cover.

    Those of a suppression by rule whatever its path: to judge one too many changes nothing.
    """
    match suppression.scope:
        case Scope.FINDING:
            return () if suppression.finding_id is None else with_finding(session, suppression.finding_id)
        case Scope.RULE:
            query = (
                select(_HEAD.c.project_id, _HEAD.c.iid)
                .join_from(_ATTRIBUTION, _STREAM, _STREAM.c.id == _ATTRIBUTION.c.stream_id)
                .join(_REF, _REF.c.id == _STREAM.c.ref_id)
                .where(
                    _ATTRIBUTION.c.scanner == suppression.scanner,
                    _ATTRIBUTION.c.rule_id == suppression.rule_id,
                    _ATTRIBUTION.c.gone_at.is_(None),
                )
            )
            return _sorted(session, _open(query, suppression.project_id))
        case Scope.ADVISORY:
            return _with_advisory(session, suppression)


def _with_advisory(session: Session, suppression: Suppression) -> MergeRequests:
    query = (
        select(_HEAD.c.project_id, _HEAD.c.iid, _FINDING.c.rule_id, _FINDING.c.dependency)
        .join_from(_PRESENCE, _REF, _REF.c.id == _PRESENCE.c.ref_id)
        .join(_FINDING, _FINDING.c.id == _PRESENCE.c.finding_id)
        .where(_PRESENCE.c.gone_at.is_(None), _FINDING.c.kind == FindingKind.DEPENDENCY)
    )
    wanted = suppression.advisory.casefold()
    return tuple(
        sorted(
            {
                (row.project_id, row.iid)
                for row in session.execute(_open(query, suppression.project_id))
                if wanted in {name.casefold() for name in (row.rule_id, *_names(row.dependency))}
            }
        )
    )


def _names(dependency: Any) -> list[str]:
    names = dependency.get("advisory_ids", ()) if isinstance(dependency, dict) else ()
    return [name for name in names if isinstance(name, str)]


def _open(query: Select[Any], project_id: int | None = None) -> Select[Any]:
    limited = query.join(
        _HEAD, and_(_HEAD.c.project_id == _REF.c.project_id, _HEAD.c.iid == _REF.c.merge_request_iid)
    ).where(_HEAD.c.state == HeadState.OPENED.value)
    return limited if project_id is None else limited.where(_HEAD.c.project_id == project_id)


def _sorted(session: Session, query: Select[Any]) -> MergeRequests:
    return tuple(sorted({(row.project_id, row.iid) for row in session.execute(query)}))
