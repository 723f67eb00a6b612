"""
What a compliance summary lists besides its snapshot: exceptions, incidents, advisories, duties, projects.

Each function is one or two statements, however much there is: a list comes with its first rows and with how many there
are. ``Reach`` says of which projects; what is for every project (an exception without one) is in every list.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, case, func, or_, select
from sqlalchemy.orm import Session

from bot.domain.incident import IncidentKind
from bot.domain.known import Whereabouts
from bot.domain.maturity.counters import over_days
from bot.domain.maturity.model import Attest, Model
from bot.domain.maturity.period import Period, PeriodKind
from bot.domain.maturity.scope import Scope, ScopeKind
from bot.domain.maturity.summarising import open_of
from bot.domain.maturity.summary import (
    AdvisoryLine,
    DutyKind,
    DutyLine,
    ExceptionLine,
    IncidentLine,
    Listed,
    ProjectLine,
    Score,
    TrendPoint,
)
from bot.domain.priority import Standing
from bot.domain.suppression import Scope as Cover
from bot.domain.verdict import Outcome
from bot.store.bulk import among
from bot.store.desk_tables import GroupNameRecord, PersonRecord, TriageItemRecord
from bot.store.maturity.snapshots import documents, scope_key, scores_of
from bot.store.maturity_tables import (
    AttestationRecord,
    ProjectDayRecord,
    ReportDeliveryRecord,
    ReportRecord,
    SnapshotRecord,
    SnapshotScoreRecord,
    SubscriptionRecord,
)
from bot.store.statements import table
from bot.store.suppressions import suppression_of
from bot.store.tables import (
    AdvisoryAliasRecord,
    AdvisoryRecord,
    ExploitSourceRecord,
    FindingRecord,
    IncidentRecord,
    ProjectRecord,
    ScanRecord,
    SuppressionRecord,
)
from scanners.finding import FindingKind

_PROJECT = table(ProjectRecord)
_SCAN = table(ScanRecord)
_SUPPRESSION = table(SuppressionRecord)
_INCIDENT = table(IncidentRecord)
_FINDING = table(FindingRecord)
_ITEM = table(TriageItemRecord)
_NAME = table(GroupNameRecord)
_ADVISORY = table(AdvisoryRecord)
_ALIAS = table(AdvisoryAliasRecord)
_EXPLOITS = table(ExploitSourceRecord)
_PERSON = table(PersonRecord)
_DAY = table(ProjectDayRecord)
_SNAPSHOT = table(SnapshotRecord)
_SCORE = table(SnapshotScoreRecord)
_ATTESTATION = table(AttestationRecord)
_DELIVERY = table(ReportDeliveryRecord)
_SUBSCRIPTION = table(SubscriptionRecord)
_REPORT = table(ReportRecord)

MOST: Final = 200
"""Rows of a list that a summary shows."""
MOST_PROJECTS: Final = 5_000
SOON: Final = timedelta(days=30)
"""An attestation that ends within this is to be renewed."""
_STOCK_DAYS = 7
"""So many days back from its end a period's last counters are looked for."""
_MOST_ATTESTATIONS = 20_000

OVERRIDES: Final = (
    IncidentKind.BREAK_GLASS_MERGE,
    IncidentKind.MERGED_AROUND,
    IncidentKind.MERGED_UNCLEARED,
    IncidentKind.FORGED_STATUS,
    IncidentKind.THREAD_RESOLVED,
    IncidentKind.SETTINGS_WEAKENED,
)
UNCLEARED: Final = (IncidentKind.UNCLEARED_COMMIT, IncidentKind.HISTORY_REWRITTEN)


@dataclass(frozen=True, slots=True)
class Reach:
    """Which projects a summary is about."""

    scope: Scope
    paths: Mapping[int, str]
    """Full paths by number."""
    everything: bool
    """Whether these are all projects that there are, so that nothing has to be filtered."""

    def among(self, session: Session, column: Any) -> list[ColumnElement[bool]]:
        """The conditions that keep a query to them."""
        return [] if self.everything else [among(session, column, self.paths)]

    def path(self, project_id: int | None) -> str:
        """A project's full path; its number where it has none any more, nothing for every project."""
        return "" if project_id is None else self.paths.get(project_id) or f"{project_id}"


def reach(
    session: Session, scope: Scope, sees: Collection[int] | None, serves: Callable[[str], bool] = lambda _: True
) -> Reach:
    """
    The projects of a scope that somebody sees (None for all), of those that we look after. One statement.

    ``serves``: whether we look after the project with this full path.
    """
    rows = session.execute(select(_PROJECT.c.id, _PROJECT.c.path).order_by(_PROJECT.c.id)).all()
    paths = {
        row.id: row.path
        for row in rows
        if scope.covers(row.id, row.path) and serves(row.path) and (sees is None or row.id in sees)
    }
    return Reach(scope, paths, everything=scope.kind is ScopeKind.ORGANISATION and len(paths) == len(rows))


def moments(period: Period) -> tuple[datetime, datetime]:
    """When a period begins, and when it is over (UTC)."""
    first = datetime.combine(period.first, time(), UTC)
    return first, datetime.combine(period.last + timedelta(days=1), time(), UTC)


# --- findings and scans -----------------------------------------------------------------------------------------------


def overdue(session: Session, within: Reach, now: datetime) -> dict[str, int]:
    """Findings on default branches that are late, by severity. One statement."""
    query = select(_ITEM.c.severity, func.count()).where(*_late(session, within, now)).group_by(_ITEM.c.severity)
    return {severity.value: int(number) for severity, number in session.execute(query)}


def tolerated(session: Session, within: Reach, period: Period) -> int:
    """Scans that were *not assessed* and that the policy let through. One statement."""
    first, end = moments(period)
    query = select(func.count()).where(
        _SCAN.c.started_at >= first,
        _SCAN.c.started_at < end,
        _SCAN.c.outcome == Outcome.NOT_ASSESSED,
        _SCAN.c.tolerated,
        *within.among(session, _SCAN.c.project_id),
    )
    return int(session.scalar(query) or 0)


def advisories(session: Session, within: Reach, period: Period, *, most: int = MOST) -> Listed[AdvisoryLine]:
    """What findings about dependencies were about that came in the period, the worst first. Four statements."""
    first, end = moments(period)
    worst = func.max(_FINDING.c.severity)
    lies_open = and_(_ITEM.c.standing != Standing.CLOSED, _ITEM.c.whereabouts == Whereabouts.DEFAULT_BRANCH)
    exploited = func.max(case((_ITEM.c.known_exploited, 1), else_=0))
    findings = func.count()
    rows = session.execute(
        select(
            _FINDING.c.rule_id,
            worst.label("severity"),
            func.count(_FINDING.c.project_id.distinct()).label("projects"),
            findings.label("findings"),
            func.coalesce(func.sum(case((lies_open, 1), else_=0)), 0).label("still_open"),
            exploited.label("exploited"),
            func.min(_ITEM.c.package_key).label("package"),
            func.count().over().label("total"),
        )
        .select_from(_FINDING.outerjoin(_ITEM, _ITEM.c.finding_id == _FINDING.c.id))
        .where(
            _FINDING.c.kind == FindingKind.DEPENDENCY,
            _FINDING.c.first_seen_at >= first,
            _FINDING.c.first_seen_at < end,
            *within.among(session, _FINDING.c.project_id),
        )
        .group_by(_FINDING.c.rule_id)
        .order_by(exploited.desc(), worst.desc(), findings.desc(), _FINDING.c.rule_id)
        .limit(most)
    ).all()
    if not rows:
        return Listed((), 0)
    known = _documents(session, [row.rule_id for row in rows])
    names = session.execute(
        select(_NAME.c.group_key, _NAME.c.second).where(
            _NAME.c.group_kind == "package", among(session, _NAME.c.group_key, {row.package for row in rows} - {None})
        )
    )
    packages = {row.group_key: row.second for row in names}
    listed = session.scalar(select(func.count()).where(_EXPLOITS.c.name == "kev"))
    return Listed(
        tuple(
            AdvisoryLine(
                id=row.rule_id,
                title=": ".join(
                    part for part in (packages.get(row.package, ""), known.get(row.rule_id, ("", None))[0]) if part
                ),
                severity=row.severity.value,
                projects=int(row.projects),
                findings=int(row.findings),
                still_open=int(row.still_open),
                exploited=bool(row.exploited) if listed else None,
                published=known.get(row.rule_id, ("", None))[1],
            )
            for row in rows
        ),
        int(rows[0].total),
    )


def _documents(session: Session, names: Sequence[str]) -> dict[str, tuple[str, datetime | None]]:
    """Summary and publication by the advisory's id or other name; its own id goes before."""
    own = select(_ADVISORY.c.id.label("name"), _ADVISORY.c.id, _ADVISORY.c.summary, _ADVISORY.c.published)
    other = (
        select(_ALIAS.c.alias.label("name"), _ADVISORY.c.id, _ADVISORY.c.summary, _ADVISORY.c.published)
        .join(_ADVISORY, _ADVISORY.c.id == _ALIAS.c.advisory_id)
        .where(among(session, _ALIAS.c.alias, names))
    )
    found: dict[str, tuple[str, datetime | None]] = {}
    rows = session.execute(own.where(among(session, _ADVISORY.c.id, names)).union_all(other)).all()
    for row in sorted(rows, key=lambda row: (row.id != row.name, row.id)):
        found.setdefault(row.name, (row.summary, row.published))
    return found


# --- exceptions and incidents -----------------------------------------------------------------------------------------


def exceptions(
    session: Session, within: Reach, period: Period, now: datetime, *, most: int = MOST
) -> Listed[ExceptionLine]:
    """
    Suppressions that were in force, or waited for somebody, at some moment of the period; those that end first before
    the others. One statement.
    """
    first, end = moments(period)
    concerned = within.among(session, _SUPPRESSION.c.project_id)
    rows = (
        session.execute(
            select(_SUPPRESSION, func.count().over().label("total"))
            .where(
                _SUPPRESSION.c.created_at < end,
                _SUPPRESSION.c.expires_at > first,
                or_(_SUPPRESSION.c.revoked_at.is_(None), _SUPPRESSION.c.revoked_at > first),
                *([or_(_SUPPRESSION.c.project_id.is_(None), *concerned)] if concerned else []),
            )
            .order_by(_SUPPRESSION.c.expires_at, _SUPPRESSION.c.id)
            .limit(most)
        )
        .mappings()
        .all()
    )
    found = []
    for row in rows:
        made = suppression_of(row)
        found.append(
            ExceptionLine(
                id=made.id,
                project=within.path(made.project_id),
                what=_covered(made.scope, row),
                justification=made.justification.value,
                standing=made.standing(now).value,
                reason=made.reason,
                made_by=made.created_by,
                made_at=made.created_at,
                needs_approval=made.needs_approval,
                approved_by=made.approved_by,
                approved_at=made.approved_at,
                expires_at=made.expires_at,
                revoked_by=made.revoked_by,
                revoked_at=made.revoked_at,
            )
        )
    return Listed(tuple(found), int(rows[0]["total"]) if rows else 0)


def _covered(cover: Cover, row: Mapping[Any, Any]) -> str:
    match cover:
        case Cover.FINDING:
            return f"#{row['finding_id']}"
        case Cover.RULE:
            return " ".join(part for part in (row["scanner"], row["rule_id"], row["path"]) if part)
        case Cover.ADVISORY:
            return " ".join(part for part in (row["advisory"], row["package"]) if part)


def incidents(
    session: Session, within: Reach, period: Period, kinds: Collection[IncidentKind], *, most: int = MOST
) -> Listed[IncidentLine]:
    """What of these kinds happened in the period, what nobody has closed before the rest. One statement."""
    first, end = moments(period)
    rows = session.execute(
        select(_INCIDENT, func.count().over().label("total"))
        .where(
            _INCIDENT.c.kind.in_(kinds),
            _INCIDENT.c.first_at < end,
            _INCIDENT.c.last_at >= first,
            *within.among(session, _INCIDENT.c.project_id),
        )
        .order_by(_INCIDENT.c.closed_at.is_not(None), _INCIDENT.c.last_at.desc(), _INCIDENT.c.id.desc())
        .limit(most)
    ).all()
    return Listed(
        tuple(
            IncidentLine(
                id=row.id,
                kind=row.kind.value,
                project=within.path(row.project_id),
                iid=row.iid,
                ref=row.ref,
                sha=row.sha or "",
                actor=row.actor,
                first_at=row.first_at,
                last_at=row.last_at,
                count=row._mapping["count"],
                closed_at=row.closed_at,
                closed_by=row.closed_by,
                closed_reason=row.closed_reason,
            )
            for row in rows
        ),
        int(rows[0].total) if rows else 0,
    )


# --- duties -----------------------------------------------------------------------------------------------------------


def duties(
    session: Session, within: Reach, models: Collection[Model], now: datetime, *, most: int = MOST
) -> Listed[DutyLine]:
    """What people still have to do: what waits for a second person first, then what is late. Five statements."""
    found = [
        *_waiting_exceptions(session, within, now, most),
        *_attestations(session, within, models, now, most),
        *_late_owners(session, within, now, most),
        *_open_incidents(session, within, most),
        *_unacknowledged(session, within, most),
    ]
    rows = [line for line, _ in found]
    return Listed(tuple(rows[:most]), len(rows) + sum(more for _, more in found))


_Found = tuple[DutyLine, int]
"""A line, and on the last of its kind how many more there are."""


def _counted(lines: Sequence[DutyLine], total: int) -> list[_Found]:
    return [(line, total - len(lines) if n == len(lines) - 1 else 0) for n, line in enumerate(lines)]


def _waiting_exceptions(session: Session, within: Reach, now: datetime, most: int) -> list[_Found]:
    concerned = within.among(session, _SUPPRESSION.c.project_id)
    rows = (
        session.execute(
            select(_SUPPRESSION, func.count().over().label("total"))
            .where(
                _SUPPRESSION.c.needs_approval,
                _SUPPRESSION.c.approved_at.is_(None),
                _SUPPRESSION.c.revoked_at.is_(None),
                _SUPPRESSION.c.expires_at > now,
                *([or_(_SUPPRESSION.c.project_id.is_(None), *concerned)] if concerned else []),
            )
            .order_by(_SUPPRESSION.c.created_at, _SUPPRESSION.c.id)
            .limit(most)
        )
        .mappings()
        .all()
    )
    lines = []
    for row in rows:
        made = suppression_of(row)
        where = within.path(made.project_id)
        what = f"{made.id}: {_covered(made.scope, row)}"
        lines.append(DutyLine(DutyKind.EXCEPTION, made.created_by, what, where, made.created_at, made.expires_at, 1))
    return _counted(lines, int(rows[0]["total"]) if rows else 0)


def _attestations(session: Session, within: Reach, models: Collection[Model], now: datetime, most: int) -> list[_Found]:
    """To confirm, and to renew because they end soon or ended; of each demand and scope the newest word counts."""
    asks = {
        (model.id, demand.id): demand.asks
        for model in models
        for _, demand in model.demands
        if isinstance(demand.asks, Attest)
    }
    rows = session.execute(
        select(_ATTESTATION)
        .where(_ATTESTATION.c.withdrawn_at.is_(None), _ATTESTATION.c.made_at <= now)
        .order_by(_ATTESTATION.c.expires_at.desc(), _ATTESTATION.c.id.desc())
        .limit(_MOST_ATTESTATIONS)
    ).all()
    newest: dict[tuple[str, str, str], Any] = {}
    for row in rows:
        newest.setdefault((row.model_id, row.demand_id, f"{row.scope_kind.value} {row.scope}"), row)
    lines = []
    for row in newest.values():
        demand = asks.get((row.model_id, row.demand_id))
        if demand is None or not _within(within, row.scope_kind, row.scope):
            continue
        where = within.paths.get(int(row.scope), row.scope) if row.scope_kind is ScopeKind.PROJECT else row.scope
        what = f"{row.model_id} {row.demand_id}"
        if row.expires_at <= now + SOON:
            lines.append(DutyLine(DutyKind.RENEW, row.made_by, what, where, row.made_at, row.expires_at, 1))
        elif demand.second_person and row.confirmed_at is None:
            lines.append(DutyLine(DutyKind.CONFIRM, row.made_by, what, where, row.made_at, row.expires_at, 1))
    lines.sort(key=lambda line: (line.kind is DutyKind.RENEW, line.until, line.what, line.where))
    return _counted(lines[:most], len(lines))


def _within(within: Reach, kind: ScopeKind, key: str) -> bool:
    """Whether something about another scope concerns this one: what lies in it, and not what lies above."""
    match within.scope.kind:
        case ScopeKind.ORGANISATION:
            # Somebody who does not see everything is told of his projects alone.
            return within.everything or (kind is ScopeKind.PROJECT and int(key) in within.paths)
        case ScopeKind.GROUP if kind is ScopeKind.GROUP:
            mine, other = within.scope.key.casefold(), key.casefold()
            return other == mine or other.startswith(f"{mine}/")
        case _:
            return kind is ScopeKind.PROJECT and int(key) in within.paths


def _late_owners(session: Session, within: Reach, now: datetime, most: int) -> list[_Found]:
    count = func.count()
    rows = session.execute(
        select(
            _PERSON.c.username,
            _PERSON.c.name,
            count.label("findings"),
            func.count(_ITEM.c.project_id.distinct()).label("projects"),
            func.min(_ITEM.c.project_id).label("project"),
            func.min(_ITEM.c.due_at).label("due_at"),
            func.count().over().label("total"),
        )
        .select_from(_ITEM.outerjoin(_PERSON, _PERSON.c.id == _ITEM.c.assignee_id))
        .where(*_late(session, within, now))
        .group_by(_ITEM.c.assignee_id, _PERSON.c.username, _PERSON.c.name)
        .order_by(count.desc(), func.min(_ITEM.c.due_at), _PERSON.c.username)
        .limit(most)
    ).all()
    lines = [
        DutyLine(
            DutyKind.OVERDUE,
            _person(row.username, row.name),
            "",
            within.path(row.project) if row.projects == 1 else "",
            row.due_at,
            None,
            int(row.findings),
        )
        for row in rows
    ]
    return _counted(lines, int(rows[0].total) if rows else 0)


def _person(username: str | None, name: str | None) -> str:
    if not username:
        return ""
    return f"{name} ({username})" if name and name != username else username


def _open_incidents(session: Session, within: Reach, most: int) -> list[_Found]:
    count = func.count()
    rows = session.execute(
        select(
            _INCIDENT.c.project_id,
            count.label("incidents"),
            func.min(_INCIDENT.c.first_at).label("first_at"),
            func.count().over().label("total"),
        )
        .where(_INCIDENT.c.closed_at.is_(None), *within.among(session, _INCIDENT.c.project_id))
        .group_by(_INCIDENT.c.project_id)
        .order_by(count.desc(), _INCIDENT.c.project_id)
        .limit(most)
    ).all()
    lines = [
        DutyLine(DutyKind.INCIDENT, "", "", within.path(row.project_id), row.first_at, None, int(row.incidents))
        for row in rows
    ]
    return _counted(lines, int(rows[0].total) if rows else 0)


def _unacknowledged(session: Session, within: Reach, most: int) -> list[_Found]:
    rows = session.execute(
        select(
            _SUBSCRIPTION.c.name,
            _REPORT.c.id,
            _REPORT.c.scope_kind,
            _REPORT.c.scope,
            _DELIVERY.c.done_at,
        )
        .select_from(
            _DELIVERY.join(_REPORT, _REPORT.c.id == _DELIVERY.c.report_id).join(
                _SUBSCRIPTION, _SUBSCRIPTION.c.id == _DELIVERY.c.subscription_id
            )
        )
        .where(_DELIVERY.c.sent, _DELIVERY.c.acknowledgement != "", _DELIVERY.c.acknowledged_at.is_(None))
        .order_by(_DELIVERY.c.done_at, _DELIVERY.c.id)
    ).all()
    lines = [
        DutyLine(
            DutyKind.ACKNOWLEDGE,
            row.name,
            f"{row.id}",
            within.path(int(row.scope)) if row.scope_kind is ScopeKind.PROJECT else row.scope,
            row.done_at,
            None,
            1,
        )
        for row in rows
        if _within(within, row.scope_kind, row.scope)
    ]
    return _counted(lines[:most], len(lines))


def _late(session: Session, within: Reach, now: datetime) -> list[ColumnElement[bool]]:
    return [
        _ITEM.c.standing != Standing.CLOSED,
        _ITEM.c.whereabouts == Whereabouts.DEFAULT_BRANCH,
        _ITEM.c.due_at <= now,
        *within.among(session, _ITEM.c.project_id),
    ]


# --- snapshots of others ----------------------------------------------------------------------------------------------


def trend(session: Session, scope: Scope, period: Period, *, most: int) -> tuple[TrendPoint, ...]:
    """
    The ``most`` periods before this one as their newest snapshots say, the oldest first; for a span the months that
    ended before its end. Three statements.
    """
    kind = PeriodKind.MONTH if period.kind is PeriodKind.SPAN else period.kind
    newest = (
        select(
            _SNAPSHOT,
            func.row_number()
            .over(partition_by=(_SNAPSHOT.c.first_day, _SNAPSHOT.c.last_day), order_by=_SNAPSHOT.c.revision.desc())
            .label("place"),
        )
        .where(
            _SNAPSHOT.c.scope_key == scope_key(scope),
            _SNAPSHOT.c.period_kind == kind,
            _SNAPSHOT.c.last_day < period.last,
        )
        .subquery()
    )
    rows = session.execute(
        select(newest).where(newest.c.place == 1).order_by(newest.c.last_day.desc()).limit(most)
    ).all()
    scores = scores_of(session, [row.id for row in rows])
    contents = documents(session, {row.content for row in rows})
    points = []
    for row in reversed(rows):
        document = contents.get(row.content)
        tally = dict(document["counters"]) if isinstance(document, Mapping) else {}
        points.append(
            TrendPoint(
                label=Period(row.period_kind, row.first_day, row.last_day).label,
                last=row.last_day,
                scores=tuple(
                    Score(one.model_id, one.score, one.level)
                    for one in sorted(scores.get(row.id, {}).values(), key=lambda one: one.model_id)
                ),
                critical=open_of(tally, "critical"),
                high=open_of(tally, "high"),
                medium=open_of(tally, "medium"),
                low=open_of(tally, "low"),
                overdue=tally.get("overdue"),
            )
        )
    return tuple(points)


def projects(
    session: Session, within: Reach, period: Period, model_ids: Sequence[str], today: date
) -> Listed[ProjectLine]:
    """Every project with its scores of this period and the last, and what is open. Three statements."""
    now = _scores(session, within, period, model_ids)
    before = _scores(session, within, period.previous, model_ids)
    end = min(period.last, today)
    days = session.execute(
        select(_DAY.c.project_id, _DAY.c.stocks)
        .where(
            _DAY.c.day > end - timedelta(days=_STOCK_DAYS),
            _DAY.c.day <= end,
            _DAY.c.stocks.is_not(None),
            *within.among(session, _DAY.c.project_id),
        )
        .order_by(_DAY.c.day)
    )
    tallies: dict[int, list[Mapping[str, int]]] = {}
    for row in days:
        tallies.setdefault(row.project_id, []).append(row.stocks)
    lines = []
    for number, path in within.paths.items():
        tally = over_days(tallies.get(number, ()))
        if tally.get("projects") == 0:
            continue
        lines.append(
            ProjectLine(
                id=number,
                path=path,
                scores=now.get(number, ()),
                scores_before=before.get(number, ()),
                critical=open_of(tally, "critical"),
                high=open_of(tally, "high"),
                overdue=tally.get("overdue"),
                assessed=bool(tally.get("projects.assessed")),
            )
        )
    return Listed(tuple(lines), len(lines))


def _scores(session: Session, within: Reach, period: Period, model_ids: Sequence[str]) -> dict[int, tuple[Score, ...]]:
    rows = session.execute(
        select(_SNAPSHOT.c.project_id, _SNAPSHOT.c.revision, _SCORE.c.model_id, _SCORE.c.score, _SCORE.c.level)
        .join(_SCORE, _SCORE.c.snapshot_id == _SNAPSHOT.c.id)
        .where(
            _SNAPSHOT.c.scope_kind == ScopeKind.PROJECT,
            _SNAPSHOT.c.period_kind == period.kind,
            _SNAPSHOT.c.first_day == period.first,
            _SNAPSHOT.c.last_day == period.last,
            *within.among(session, _SNAPSHOT.c.project_id),
        )
        .order_by(_SNAPSHOT.c.project_id, _SNAPSHOT.c.revision)
    )
    found: dict[int, tuple[int, dict[str, Score]]] = {}
    for row in rows:
        revision, scores = found.get(row.project_id, (0, {}))
        if row.revision > revision:
            revision, scores = row.revision, {}
            found[row.project_id] = (revision, scores)
        scores[row.model_id] = Score(row.model_id, row.score, row.level)
    return {
        number: tuple(scores[name] for name in model_ids if name in scores) for number, (_, scores) in found.items()
    }
