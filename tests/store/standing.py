"""Projects with all that the overview shows of them, written as the sums that the store keeps."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import insert
from sqlalchemy.orm import Session

from bot.domain.enforcement import Enforcement, Level, Missing, Need
from bot.domain.incident import Incident, IncidentKind
from bot.domain.known import Whereabouts
from bot.domain.priority import Standing
from bot.domain.verdict import Outcome
from bot.store import enforcement, incidents
from bot.store.desk_tables import DailyCountRecord, GroupNameRecord, RuleTallyRecord, TallyRecord, TriageItemRecord
from bot.store.projects import Project, upsert_projects
from bot.store.statements import insert_into, table
from bot.store.tables import ScannerRunRecord, ScanRecord, StreamRecord, TrackedRefRecord
from bot.store.tracking import OWN, Ref
from scanners.finding import Confidence, FindingKind, Severity
from scanners.interface import ScannerStatus
from tests.store.samples import NOON

TODAY = NOON.date()
GOOD = {"semgrep": "1.182 rules", "osv": "2 data"}


def add_project(session: Session, number: int, path: str, *, branch: str | None = "main") -> None:
    upsert_projects(session, [Project(number, path, f"https://gitlab.example.com/{path}", "", branch)])


def add_baseline(
    session: Session,
    number: int,
    *,
    at: datetime = NOON,
    looked_with: Mapping[str, str] | None = None,
    outcome: Outcome | None = Outcome.PASSED,
    branch: str = "main",
) -> str:
    """That the default branch was read; the id of the scan that did."""
    scan_id = f"branch-{number}"
    ref = Ref(number, branch, is_default=True)
    ref_id = session.execute(
        insert(table(TrackedRefRecord))
        .values(project_id=number, key=ref.key, name=branch, is_default=True, updated_at=at)
        .returning(table(TrackedRefRecord).c.id)
    ).scalar_one()
    session.execute(
        insert(table(StreamRecord)).values(
            ref_id=ref_id,
            key=f"{number:064d}",
            source=OWN,
            commit_sha="c" * 40,
            scan_id=scan_id,
            looked_with=GOOD if looked_with is None else looked_with,
            revision=1,
            seen_at=at,
        )
    )
    if outcome is not None:
        add_scan(session, scan_id, number, at=at, outcome=outcome, ref=branch)
    return scan_id


def add_scan(
    session: Session,
    scan_id: str,
    project_id: int,
    *,
    iid: int | None = None,
    at: datetime = NOON,
    outcome: Outcome = Outcome.PASSED,
    ref: str = "main",
) -> None:
    session.execute(
        insert(table(ScanRecord)).values(
            id=scan_id,
            project_id=project_id,
            iid=iid,
            project="p",
            project_url="",
            ref=ref,
            head_sha="c" * 40,
            outcome=outcome,
            policy_digest="d" * 64,
            started_at=at,
            recorded_at=at,
            seconds=3.5,
            files_changed=12,
            files_read=10,
            error="",
            violations=[],
            reasons=[],
            tolerated=False,
        )
    )


def add_run(session: Session, scan_id: str, position: int, scanner: str, **values: Any) -> None:
    usual: dict[str, Any] = {
        "kind": FindingKind.SAST,
        "version": "1.0",
        "status": ScannerStatus.COMPLETED,
        "reason": "",
        "files": 10,
        "cached_files": 0,
        "seconds": 1.5,
        "rules_digest": "",
        "data_date": None,
        "gaps": None,
        "findings": None,
    }
    session.execute(
        insert(table(ScannerRunRecord)).values(scan_id=scan_id, position=position, scanner=scanner, **(usual | values))
    )


def add_tally(
    session: Session,
    project_id: int,
    severity: Severity,
    count: int,
    *,
    standing: Standing = Standing.UNDECIDED,
    whereabouts: Whereabouts = Whereabouts.DEFAULT_BRANCH,
    known_exploited: bool = False,
) -> None:
    session.execute(
        insert(table(TallyRecord)).values(
            project_id=project_id,
            standing=standing,
            severity=severity,
            confidence=Confidence.HIGH,
            kind=FindingKind.SAST,
            whereabouts=whereabouts,
            known_exploited=known_exploited,
            fix_available=False,
            count=count,
        )
    )


def add_group(
    session: Session,
    project_id: int,
    key: int,
    names: tuple[str, str],
    severity: Severity,
    count: int,
    *,
    kind: str = "rule",
    standing: Standing = Standing.UNDECIDED,
) -> None:
    session.execute(
        insert(table(RuleTallyRecord)).values(
            project_id=project_id, group_kind=kind, group_key=key, standing=standing, severity=severity, count=count
        )
    )
    named = insert_into(session, table(GroupNameRecord)).values(
        group_kind=kind, group_key=key, first=names[0], second=names[1]
    )
    session.execute(named.on_conflict_do_nothing())


def add_day(
    session: Session, project_id: int, day: date = TODAY, *, overdue: int = 0, due_soon: int | None = 0, **counts: int
) -> None:
    usual = dict.fromkeys(("critical", "high", "medium", "low", "info", "undecided"), 0)
    session.execute(
        insert(table(DailyCountRecord)).values(
            project_id=project_id, day=day, overdue=overdue, due_soon=due_soon, **(usual | counts)
        )
    )


def add_item(session: Session, finding_id: int, project_id: int, *, due_at: datetime) -> None:
    session.execute(
        insert(table(TriageItemRecord)).values(
            finding_id=finding_id,
            project_id=project_id,
            standing=Standing.UNDECIDED,
            priority=1,
            severity=Severity.HIGH,
            confidence=Confidence.HIGH,
            kind=FindingKind.SAST,
            whereabouts=Whereabouts.DEFAULT_BRANCH,
            rule_key=1,
            known_exploited=False,
            fix_available=False,
            first_seen_at=NOON,
            due_at=due_at,
            rules=[],
            use=0,
        )
    )


def add_level(session: Session, project_id: int, level: Level) -> None:
    missing = () if level is Level.L3 else (Missing(Need.PROTECTED, "main"), Missing(Need.HOOK))
    enforcement.record(session, project_id, Enforcement(level, missing), {}, NOON)


def add_incident(
    session: Session, project_id: int, subject: str = "a", kind: IncidentKind = IncidentKind.FORGED_STATUS
) -> None:
    incidents.report(session, Incident(project_id, kind, subject, actor="mallory"), NOON)


def ago(days: int) -> datetime:
    return NOON - timedelta(days=days)
