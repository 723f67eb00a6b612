"""Scans: stored whole, loaded exactly, purged with care, and quick."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine, func, select, text
from sqlalchemy.orm import Session

from bot.domain.verdict import (
    Effect,
    GateDecision,
    Outcome,
    Presence,
    Reason,
    ReasonCode,
    ScanReport,
    Subject,
    TrackedFinding,
    Violation,
)
from bot.store.engine import session, write_session
from bot.store.finding_rows import flat, unflat
from bot.store.heads import mark_scanned, raise_sequence
from bot.store.scans import (
    ScanPlace,
    forget_project,
    get_scan,
    latest_scan,
    load_scan,
    load_scans,
    merge_request_scans,
    page_of_findings,
    purge_scans,
    record_decision,
    record_scan,
)
from bot.store.statements import table
from bot.store.tables import ScanFindingRecord, ScannerRunRecord
from scanners.finding import (
    Attribution,
    Confidence,
    Dependency,
    Finding,
    FindingKind,
    Fix,
    Location,
    Reach,
    Severity,
    Silences,
)
from tests.store.counting import counted
from tests.store.samples import NOON, REPORT, SAST

EMPTY = ScanReport(
    Subject("folder"), (), (), GateDecision(Outcome.PASSED), started_at=NOON, seconds=0.0, files_changed=0, files_read=0
)


def record(engine: Engine, report: ScanReport, scan_id: str = "scan-1", project_id: int = 5) -> bool:
    with write_session(engine) as opened:
        return record_scan(opened, report, project_id=project_id, scan_id=scan_id)


def merge_request_scan(iid: int | None, started_at: datetime, ref: str = "feature") -> ScanReport:
    subject = replace(REPORT.subject, merge_request_iid=iid, ref=ref)
    return replace(REPORT, subject=subject, started_at=started_at)


def many(count: int) -> ScanReport:
    severities, confidences = list(Severity), list(Confidence)
    findings = (
        replace(
            SAST,
            severity=severities[n * 7 % 5],
            confidence=confidences[n * 5 % 3],
            location=Location(PurePosixPath(f"src/{n % 97}.py"), n + 1, n + 1),
            fingerprint=f"{n:064x}",
        )
        for n in range(count)
    )
    return replace(REPORT, tracked=tuple(TrackedFinding(f, Presence.NEW) for f in findings), runs=REPORT.runs[:1])


@pytest.mark.parametrize("report", [REPORT, EMPTY], ids=["rich", "empty"])
def test_what_is_loaded_equals_what_was_recorded(engine: Engine, report: ScanReport) -> None:
    assert record(engine, report)
    with session(engine) as opened:
        assert load_scan(opened, "scan-1") == report


def test_an_unknown_scan_is_none(engine: Engine) -> None:
    with session(engine) as opened:
        assert load_scan(opened, "never") is None
        assert get_scan(opened, "never") is None
        assert latest_scan(opened, 5, 7) is None


def test_recording_the_same_scan_again_changes_nothing(engine: Engine) -> None:
    assert record(engine, REPORT)
    changed = replace(REPORT, tracked=(), seconds=99.0, decision=GateDecision(Outcome.PASSED))
    assert not record(engine, changed)
    with session(engine) as opened:
        assert load_scan(opened, "scan-1") == REPORT
        assert opened.scalar(select(func.count()).select_from(table(ScanFindingRecord))) == len(REPORT.tracked)


def test_a_scan_that_cannot_be_stored_whole_is_not_stored_at_all(engine: Engine) -> None:
    broken = replace(REPORT, tracked=(*REPORT.tracked, TrackedFinding(replace(SAST, title=object()), Presence.NEW)))  # type: ignore[arg-type]
    with pytest.raises(Exception, match=r"(?i)object"):
        record(engine, broken)
    with session(engine) as opened:
        assert load_scan(opened, "scan-1") is None
        assert opened.scalar(select(func.count()).select_from(table(ScannerRunRecord))) == 0
    assert record(engine, REPORT)


def test_the_number_of_statements_does_not_depend_on_the_number_of_findings(engine: Engine) -> None:
    with counted(engine) as few:
        record(engine, many(3), "few")
    with counted(engine) as lots:
        record(engine, many(2000), "lots")
    # PostgreSQL's driver and SQLite's both take many parameter sets with one statement.
    assert len(few) == len(lots) == 4
    with counted(engine) as read, session(engine) as opened:
        loaded = load_scan(opened, "lots")
    assert len(read) == 3
    assert loaded == many(2000)


def test_pages_show_the_worst_first_whatever_order_the_report_had(engine: Engine) -> None:
    report = many(250)
    record(engine, report)
    expected = report.with_presence(*Presence)
    with session(engine) as opened:
        assert page_of_findings(opened, "scan-1", limit=100) == expected[:100]
        assert page_of_findings(opened, "scan-1", first=200, limit=100) == expected[200:]


def test_equal_findings_of_one_report_have_places_of_their_own(engine: Engine) -> None:
    record(engine, REPORT)
    with session(engine) as opened:
        places = opened.scalars(select(table(ScanFindingRecord).c.place)).all()
        assert sorted(places) == [0, 1, 2, 3, 4]
        assert page_of_findings(opened, "scan-1") == REPORT.with_presence(*Presence)


def test_the_first_page_is_read_from_an_index_and_never_sorted(engine: Engine) -> None:
    """Sorting by severity at a million rows is what makes such pages take seconds."""
    record(engine, many(5000))
    with write_session(engine) as opened:
        opened.execute(text("ANALYZE"))
    with session(engine) as opened:
        query = (
            select(table(ScanFindingRecord))
            .where(table(ScanFindingRecord).c.scan_id == "scan-1", table(ScanFindingRecord).c.place >= 0)
            .order_by(table(ScanFindingRecord).c.place)
            .limit(100)
        )
        plan = _plan(opened, query)
        assert "ix_scan_finding_" in plan
        assert "sort" not in plan.lower()
        assert "temp b-tree" not in plan.lower()


def test_latest_scan_is_the_one_that_started_last(engine: Engine) -> None:
    record(engine, merge_request_scan(7, NOON), "late")
    record(engine, merge_request_scan(7, NOON - timedelta(hours=1)), "early")
    record(engine, merge_request_scan(8, NOON + timedelta(hours=1)), "other")
    record(engine, merge_request_scan(None, NOON, "main"), "main")
    record(engine, merge_request_scan(None, NOON + timedelta(hours=1), "dev"), "dev")
    with session(engine) as opened:
        latest = latest_scan(opened, 5, 7)
        assert latest is not None
        assert latest == get_scan(opened, "late")
        assert (latest.outcome, latest.started_at, latest.head_sha) == (Outcome.NOT_ASSESSED, NOON, "b" * 40)
        for ref, expected in (("main", "main"), (None, "dev")):
            branch = latest_scan(opened, 5, None, ref=ref)
            assert branch is not None
            assert branch.id == expected
        assert latest_scan(opened, 6, 7) is None


def test_a_failed_scan_says_why(engine: Engine) -> None:
    decision = GateDecision(Outcome.NOT_ASSESSED, reasons=(Reason(ReasonCode.SCAN_FAILED, detail="no such commit"),))
    record(engine, replace(EMPTY, decision=decision))
    with session(engine) as opened:
        stored = get_scan(opened, "scan-1")
    assert stored is not None
    assert stored.error == "no such commit"


def test_purge_keeps_the_latest_of_each_merge_request_and_branch(engine: Engine) -> None:
    for day in range(5):
        moment = NOON - timedelta(days=day)
        record(engine, merge_request_scan(7, moment), f"mr7-{day}")
        record(engine, merge_request_scan(None, moment, "main"), f"main-{day}")
        record(engine, merge_request_scan(None, moment, "dev"), f"dev-{day}")
    record(engine, merge_request_scan(8, NOON - timedelta(days=90)), "mr8-only")
    with write_session(engine) as opened:
        raised = raise_sequence(opened, 5, 7)
        mark_scanned(opened, 5, 7, sequence=raised.sequence, scan_id="mr7-3", head_sha="a" * 40, base_sha=None)
    removed = 0
    while True:
        with write_session(engine) as opened:
            count = purge_scans(opened, before=NOON + timedelta(days=1), limit=4)
        removed += count
        if not count:
            break
    assert removed == 11
    with session(engine) as opened:
        kept = {name for (name,) in opened.execute(text("SELECT id FROM scan"))}
        assert kept == {"mr7-0", "mr7-3", "main-0", "dev-0", "mr8-only"}
        assert load_scan(opened, "mr7-3") is not None
        owners = {name for (name,) in opened.execute(text("SELECT DISTINCT scan_id FROM scan_finding"))}
        assert owners == kept


def test_purge_leaves_what_is_recent(engine: Engine) -> None:
    record(engine, merge_request_scan(7, NOON), "new")
    record(engine, merge_request_scan(7, NOON - timedelta(days=1)), "old")
    with write_session(engine) as opened:
        assert purge_scans(opened, before=NOON - timedelta(days=1)) == 0
        assert purge_scans(opened, before=NOON - timedelta(hours=23)) == 1


def test_a_forgotten_project_leaves_no_scan(engine: Engine) -> None:
    record(engine, REPORT, "ours", project_id=5)
    record(engine, REPORT, "theirs", project_id=6)
    with write_session(engine) as opened:
        assert forget_project(opened, 5) == 1
    with session(engine) as opened:
        assert load_scan(opened, "ours") is None
        assert load_scan(opened, "theirs") == REPORT


@pytest.mark.parametrize("limit", [1, 2, 3, 200])
def test_scans_of_merge_requests_are_paged_through_without_loss_or_repetition(engine: Engine, limit: int) -> None:
    expected = []
    for project_id in (5, 6):
        for iid in (1, 2):
            for number in range(3):
                # Two of them began at the same moment.
                report = merge_request_scan(iid, NOON + timedelta(microseconds=number // 2))
                record(engine, report, f"{project_id}-{iid}-{number}", project_id)
                expected.append(f"{project_id}-{iid}-{number}")
    record(engine, merge_request_scan(None, NOON), "branch")
    found: list[ScanPlace] = []
    with session(engine) as opened:
        while page := merge_request_scans(opened, since=NOON, after=found[-1] if found else None, limit=limit):
            found += page
        assert [place.id for place in found] == expected
        assert {place.findings for place in found} == {len(REPORT.tracked)}
        some = merge_request_scans(opened, since=NOON + timedelta(microseconds=1), project_ids={6})
        assert [place.id for place in some] == ["6-1-2", "6-2-2"]
        assert merge_request_scans(opened, since=NOON, project_ids=set()) == ()


def test_many_scans_are_loaded_in_three_queries(engine: Engine) -> None:
    for number in range(5):
        record(engine, REPORT if number % 2 else EMPTY, f"scan-{number}")
    with session(engine) as opened, counted(engine) as statements:
        found = load_scans(opened, [f"scan-{number}" for number in range(9)])
    assert len(statements) == 3
    assert found == {f"scan-{number}": REPORT if number % 2 else EMPTY for number in range(5)}


def test_a_path_of_4096_bytes_is_stored(engine: Engine) -> None:
    path = PurePosixPath("/".join(f"{n:0250d}" for n in range(17)))
    finding = replace(SAST, location=Location(path))
    report = replace(REPORT, tracked=(TrackedFinding(finding, Presence.NEW),))
    record(engine, report)
    with session(engine) as opened:
        assert load_scan(opened, "scan-1") == report


_text = st.text(alphabet=st.characters(codec=None), max_size=20)
_segment = st.text(alphabet=st.characters(codec=None, exclude_characters="/\x00"), min_size=1, max_size=8)
_line = st.integers(1, 10**9)
_findings = st.builds(
    Finding,
    scanner=_text,
    rule_id=_text,
    kind=st.sampled_from(FindingKind),
    severity=st.sampled_from(Severity),
    confidence=st.sampled_from(Confidence),
    title=_text,
    message=_text,
    location=st.builds(
        lambda parts, line, more, column: Location(PurePosixPath(*parts), line, line + more, column, column),
        st.lists(_segment.filter(lambda part: part != ".."), min_size=1, max_size=3),
        _line,
        st.integers(0, 9),
        st.none() | _line,
    ),
    cwes=st.lists(st.integers(1, 2000), max_size=3).map(tuple),
    owasp=st.lists(_text, max_size=2).map(tuple),
    snippet=_text,
    remediation=_text,
    references=st.lists(_text, max_size=2).map(tuple),
    fix=st.none() | st.builds(Fix, _line, _line, _text),
    dependency=st.none()
    | st.builds(
        Dependency, _text, _text, _text, st.lists(_text, max_size=2).map(tuple), st.lists(_text, max_size=2).map(tuple)
    ),
    match_hash=_text,
    fingerprint=_text,
    attributions=st.lists(st.builds(Attribution, _text, _text, _text), max_size=2).map(tuple),
    silences=st.none()
    | st.builds(Silences, _text, st.sampled_from(Reach), st.none() | st.lists(_text, max_size=2).map(tuple)),
)


@given(_findings)
def test_every_finding_survives_as_flat_json(finding: Finding) -> None:
    assert unflat(json.loads(json.dumps(flat(finding)))) == finding


def _plan(opened: Session, query: object) -> str:
    connection = opened.connection()
    compiled = query.compile(connection.engine, compile_kwargs={"literal_binds": True})  # type: ignore[attr-defined]
    prefix = "EXPLAIN QUERY PLAN" if connection.dialect.name == "sqlite" else "EXPLAIN"
    return "\n".join(str(tuple(row)) for row in connection.exec_driver_sql(f"{prefix} {compiled}"))


def test_what_is_monitored_and_what_is_tolerated_comes_back(engine: Engine) -> None:
    decision = GateDecision(
        Outcome.NOT_ASSESSED,
        tuple(Violation(f"{effect.value}", "rule", effect) for effect in Effect),
        tolerated=True,
    )
    record(engine, replace(REPORT, decision=decision))
    with session(engine) as opened:
        loaded = load_scan(opened, "scan-1")
    assert loaded is not None
    assert loaded.decision == decision
    assert loaded.decision.lets_through
    with write_session(engine) as opened:
        record_decision(opened, "scan-1", replace(decision, tolerated=False))
    with session(engine) as opened:
        again = load_scan(opened, "scan-1")
    assert again is not None
    assert not again.decision.lets_through
