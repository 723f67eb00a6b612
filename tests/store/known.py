"""Rows of findings beyond one scan, written one by one: what a writer of whole scans writes in bulk."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import PurePosixPath

from sqlalchemy import insert
from sqlalchemy.orm import Session

from bot.domain.known import Whereabouts
from bot.domain.suppression import Scope, Suppression
from bot.domain.triage import Justification, TriageState
from bot.domain.verdict import Presence
from bot.store.desk_touch import touch
from bot.store.findings import finding_values
from bot.store.projects import Project, upsert_projects
from bot.store.statements import table
from bot.store.tables import AttributionRecord, FindingRecord, PresenceRecord, StreamRecord, TrackedRefRecord
from bot.store.tracking import token_of
from scanners.finding import Confidence, Finding, Location, Severity
from tests.store.samples import NOON, SAST

SHOP, BANK = 5, 6
"""Projects ``shop/backend`` and ``bank/core``."""
MAIN, FEATURE = 1, 2
"""Refs of the shop: its default branch, and merge request 7."""
FIRST = NOON - timedelta(days=30)


def add_projects(session: Session) -> None:
    upsert_projects(session, [Project(SHOP, "shop/backend"), Project(BANK, "bank/core")])


def add_finding(
    session: Session,
    number: int,
    finding: Finding = SAST,
    *,
    project_id: int = SHOP,
    whereabouts: Whereabouts = Whereabouts.DEFAULT_BRANCH,
) -> None:
    session.execute(insert(table(FindingRecord)), [finding_row(number, finding, project_id, whereabouts)])
    touch(session, [number], seen=True)


def finding_row(number: int, finding: Finding, project_id: int, whereabouts: Whereabouts) -> dict[str, object]:
    return {
        "id": number,
        "project_id": project_id,
        "whereabouts": whereabouts,
        "state": TriageState.DETECTED,
        "justification": None,
        "judged_reason": "",
        "judged_by": "",
        "judged_at": None,
        "first_seen_at": FIRST,
        "code_key": 0,
        **finding_values(finding),
    }


def add_many(session: Session, count: int, *, first: int = 1) -> None:
    """Findings of both projects in every place, of every severity and confidence, in no order."""
    severities, confidences, places = list(Severity), list(Confidence), list(Whereabouts)
    rows = [
        finding_row(
            first + n,
            replace(
                SAST,
                severity=severities[n * 7 % 5],
                confidence=confidences[n * 5 % 3],
                location=Location(PurePosixPath(f"src/{n % 97}.py"), n + 1, n + 1),
                fingerprint=f"{n:064x}",
            ),
            (SHOP, BANK)[n % 2],
            places[n * 11 % 3],
        )
        for n in range(count)
    ]
    session.execute(insert(table(FindingRecord)), rows)
    touch(session, range(first, first + count), seen=True)


def add_refs(session: Session) -> None:
    """``main`` and ``!7``, each with a stream of our own scans; the branch also with one of an imported tool."""
    session.execute(
        insert(table(TrackedRefRecord)),
        [
            {"id": number, "project_id": SHOP, "key": f"r{number}", "name": name, "merge_request_iid": iid}
            | {"target": target, "is_default": number == MAIN, "updated_at": NOON}
            for number, name, iid, target in ((FEATURE, "!7", 7, "main"), (MAIN, "main", None, None))
        ],
    )
    session.execute(
        insert(table(StreamRecord)),
        [
            {"id": number, "ref_id": ref, "key": f"s{number}", "source": source, "commit_sha": commit * 40}
            | {"looked_with": {}, "revision": 1, "seen_at": NOON}
            for number, ref, source, commit in (
                (1, MAIN, "scan", "a"),
                (2, FEATURE, "scan", "b"),
                (3, MAIN, "import:CodeQL", "c"),
            )
        ],
    )


def add_presence(
    session: Session,
    number: int,
    ref: int = MAIN,
    *,
    presence: Presence = Presence.EXISTING,
    explanation: str = "line map: was 57, now 63",
    gone_at: datetime | None = None,
    changed_at: datetime | None = None,
) -> None:
    session.execute(
        insert(table(PresenceRecord)).values(
            ref_id=ref,
            finding_id=number,
            presence=presence,
            explanation=explanation,
            first_seen_at=FIRST,
            gone_at=gone_at,
            changed_at=changed_at,
        )
    )


def add_word(
    session: Session,
    number: int,
    stream: int,
    *,
    place: int = 0,
    scanner: str = "semgrep",
    rule_id: str = "python.sql-injection",
    path: str = "app.py",
    line: int = 63,
    last_seen_at: datetime | None = None,
    gone_at: datetime | None = None,
    explanation: str = "",
) -> None:
    session.execute(
        insert(table(AttributionRecord)).values(
            stream_id=stream,
            finding_id=number,
            token=token_of(scanner, rule_id),
            place=place,
            scanner=scanner,
            rule_id=rule_id,
            version="1.0",
            path=path,
            start_line=line,
            end_line=line,
            fingerprint_version="mw1",
            match_hash="",
            context_hash="",
            content=b"",
            explanation=explanation,
            first_seen_at=FIRST,
            last_seen_at=last_seen_at,
            gone_at=gone_at,
        )
    )


def accepted(
    number: int | None = 1,
    *,
    scope: Scope = Scope.FINDING,
    project_id: int | None = SHOP,
    created_at: datetime | None = None,
    expires_at: datetime | None = None,
    code: str = SAST.match_hash,
    **more: object,
) -> Suppression:
    """A suppression that is in force whatever the clock of the database says."""
    made = Suppression(
        id=0,
        project_id=project_id,
        scope=scope,
        justification=Justification.ACCEPTABLE_RISK,
        reason="behind the firewall",
        created_by="alice",
        created_at=created_at or NOON,
        expires_at=expires_at or datetime(2999, 1, 1, tzinfo=NOON.tzinfo),
        finding_id=number if scope is Scope.FINDING else None,
        code=code if scope is Scope.FINDING else "",
    )
    return replace(made, **more)  # type: ignore[arg-type]
