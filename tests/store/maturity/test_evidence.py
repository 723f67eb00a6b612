"""What is behind each figure: the rows that were counted, on both databases."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Engine, insert

from bot.domain.enforcement import Enforcement, Level, Missing, Need
from bot.domain.incident import Incident, IncidentKind
from bot.domain.maturity.measures import MEASURES
from bot.domain.maturity.period import Period, PeriodKind
from bot.domain.maturity.scope import ScopeKind
from bot.domain.suppression import Scope
from bot.domain.triage import Justification, TriageState
from bot.domain.verdict import Outcome
from bot.store import enforcement, incidents, licences, suppressions
from bot.store.engine import session, write_session
from bot.store.maturity import collected, counting
from bot.store.maturity.collected import CodeSize, ReleaseFact
from bot.store.maturity.evidence import EvidenceRow, evidence_rows
from bot.store.maturity_tables import (
    MergedLinesRecord,
    ReportDeliveryRecord,
    ReportRecord,
    SnapshotContentRecord,
    SnapshotRecord,
    SubscriptionRecord,
)
from bot.store.statements import table
from scanners.finding import Severity
from scanners.imports import PackageLicences
from tests.store.counting import counted
from tests.store.known import accepted
from tests.store.maturity.story import (
    SHOP,
    Story,
    at,
    code,
    day,
    merge,
    merge_request,
    package,
    pipeline,
    secret,
)

PERIOD = Period(PeriodKind.SPAN, day(0), day(29))


@pytest.fixture
def story(engine: Engine) -> Story:
    """Of everything that is counted, something."""
    story = Story(engine)
    story.sees(at(0), code("old"), package())
    story.sees(at(1), code("proposed"), secret("stopped"), ref=merge_request(1))
    story.verdict(1, at(1, 13), seconds=60, head="1" * 40)
    story.verdict(2, at(1, 14), seconds=300, head="2" * 40, outcome=Outcome.FAILED)
    numbers = story.sees(
        at(2), code("old"), package(), code("escaped", Severity.CRITICAL), code("false", Severity.LOW), secret("in")
    )
    story.judges(at(3), numbers[3], TriageState.DISMISSED, Justification.FALSE_POSITIVE)
    story.judges(at(3), numbers[0], TriageState.CONFIRMED)
    # The old one goes and comes back, the package goes for good.
    story.sees(at(5), code("escaped", Severity.CRITICAL), secret("in"))
    story.sees(at(6), code("old"), code("escaped", Severity.CRITICAL), secret("in"))
    story.sees(at(7), code("old"), code("medium", Severity.MEDIUM), secret("in"))
    story.scan("broken", at(8), with_=[])
    story.gitlab(
        merges=[merge(1, at(1, 8), at(2), head="1" * 40), merge(2, at(1, 9), at(2, 15), head="2" * 40)],
        pipelines=[pipeline(1, at(2), good=False, coverage=50.04), pipeline(2, at(2, 13), seconds=900)],
        releases=[ReleaseFact("v1", "e" * 40, at(4), False), ReleaseFact("v2", "f" * 40, at(3), None)],
    )
    with write_session(engine) as writing:
        collected.mark_released(writing, SHOP, {1: at(4)})
        collected.mark_covered(writing, SHOP, {1: (6, 8)})
        collected.keep_code_size(writing, SHOP, CodeSize("c" * 40, 1000, 900, 450), at(1))
        lines = {"project_id": SHOP, "iid": 1, "head_sha": "1" * 40, "lines": 40, "read_lines": 30}
        writing.execute(insert(table(MergedLinesRecord)).values(lines))
        missing = (Missing(Need.PROTECTED, "main"),)
        facts = {"protected_names": ["release/*"]}
        enforcement.record(writing, SHOP, Enforcement(Level.L1, missing), facts, at(1))
        said = [PackageLicences("PyPI", "a", "1", ("MIT",)), PackageLicences("PyPI", "b", "1", ())]
        licences.record(writing, SHOP, said)
        for kind in (IncidentKind.MERGED_UNCLEARED, IncidentKind.BREAK_GLASS_MERGE, IncidentKind.FORGED_STATUS):
            incidents.report(writing, Incident(SHOP, kind, "s", actor="mallory"), at(9))
        rule = replace(accepted(None, scope=Scope.RULE, created_at=at(1)), scanner="semgrep", rule_id="x")
        suppressions.create(writing, rule)
    _deliver(story)
    return story


def _deliver(story: Story) -> None:
    with write_session(story.engine) as writing:
        writing.execute(insert(table(SnapshotContentRecord)).values(digest="c" * 64, document={}))
        span = {"scope_kind": ScopeKind.ORGANISATION, "scope": "", "period_kind": PeriodKind.MONTH}
        span |= {"first_day": day(-30), "last_day": day(-1)}
        taken = {"scope_key": "k", "revision": 1, "content": "c" * 64, "previous": "", "digest": "d" * 64}
        writing.execute(insert(table(SnapshotRecord)).values(id=1, taken_at=at(0), **span, **taken))
        made = {"key": "r", "snapshot_id": 1, "language": "en", "document": {}, "digest": "d" * 64, "made_by": "ada"}
        writing.execute(insert(table(ReportRecord)).values(id=1, made_at=at(0), **span, **made))
        for number in (1, 2):
            whom: dict[str, object] = {
                "name": "n",
                "channel": "email",
                "target": b"",
                "shown_target": "",
                "role": "audit",
            }
            whom |= {"scope_kind": ScopeKind.ORGANISATION, "scope": "", "periods": [], "formats": [], "language": "en"}
            whom |= {"time_zone": "UTC", "acknowledge": True, "created_by": "ada", "created_at": at(0)}
            writing.execute(insert(table(SubscriptionRecord)).values(id=number, **whom))
            sent = {"report_id": 1, "created_at": at(0), "next_at": at(0), "claimed_by": "", "attempts": 1}
            sent |= {"done_at": at(1), "sent": True, "problem": "", "where": "", "acknowledged_by": ""}
            writing.execute(
                insert(table(ReportDeliveryRecord)).values(
                    subscription_id=number,
                    acknowledgement=f"{number}",
                    acknowledged_at=at(2) if number == 1 else None,
                    **sent,
                )
            )


def told(story: Story, measure: str, **more: int) -> list[tuple[str, str]]:
    """What the rows say and contribute; findings by their file."""
    with session(story.engine) as reading:
        rows = evidence_rows(reading, SHOP, measure, PERIOD, **more)
    return [(_short(row), row.value) for row in rows]


def _short(row: EvidenceRow) -> str:
    return row.what.rpartition("(")[2].partition(".")[0] if row.kind == "finding" else row.what


EXPECTED: Mapping[str, list[tuple[str, str]]] = {
    "static_coverage_existing": [("c" * 12, "450 / 900")],
    "static_coverage_new": [("!1", "10")],
    "unit_coverage_existing": [("#1", "50.0 %")],
    "unit_coverage_new": [("!1", "2")],
    "automation_success": [("#1", "1"), ("#2", "0")],
    "pipeline_duration": [("#2", "900 s"), ("#1", "300 s")],
    "integrations_per_day": [("!2", "2"), ("!1", "1")],
    "red_fix_time": [("2026-03-04T12:00+00:00 - 2026-03-04T13:00+00:00", "3600 s")],
    "defect_density": [("old", "high"), ("medium", "medium")],
    "escape_rate": [("medium", "medium"), ("escaped", "critical"), ("in", "info")],
    "escapes": [("medium", "medium"), ("escaped", "critical"), ("in", "info")],
    "delivery_cycle": [("!1", "172800 s")],
    "release_lead": [("!1", "172800 s")],
    "merge_time": [("!2", f"{30 * 3600} s"), ("!1", f"{28 * 3600} s")],
    "release_frequency": [("v1 " + "e" * 12, "not cleared"), ("v2 " + "f" * 12, "unknown")],
    "releases_cleared": [("v1 " + "e" * 12, "not cleared"), ("v2 " + "f" * 12, "unknown")],
    "mttr_critical": [("requirements", f"{5 * 86_400} s"), ("escaped", f"{5 * 86_400} s")],
    "mttr_high": [("old", f"{5 * 86_400} s")],
    "mttr_medium": [],
    "mttr_low": [],
    "sla_hit_rate": [],
    "overdue": [],
    "reopen_rate": [("old", "high")],
    "false_positive_rate": [("false", "false_positive"), ("old", "confirmed")],
    "time_to_verdict": [("!2 failed", "300 s"), ("!1 passed", "60 s")],
    "reaction_time": [("escaped", f"{5 * 86_400} s"), ("false", f"{86_400} s")],
    "sast": [("semgrep 1.0", "completed")],
    "secret_scan": [("detect-secrets 1.0", "completed")],
    "dependency_scan": [("pip-audit 1.0", "completed")],
    "enforced_l2": [("level", "L1"), ("protected main", "missing")],
    "protected": [("main", "not protected")],
    "licences_known": [("PyPI b 1", "unknown"), ("PyPI a 1", "MIT")],
    "merges_scanned": [("!2", "scanned"), ("!1", "scanned")],
    "merges_cleared": [("!2", "not cleared"), ("!1", "cleared")],
    "reports_delivered": [("2026-01", "not acknowledged"), ("2026-01", "acknowledged")],
    "open_critical": [],
    "open_high": [("old", "high")],
    "open_medium": [("medium", "medium")],
    "open_secrets": [("in", "info")],
    "undecided": [("proposed", "undecided"), ("stopped", "undecided"), ("in", "undecided"), ("medium", "undecided")],
    "vulnerable_components": [],
    "secrets_merged": [("in", "info")],
    "uncleared": [("merged_uncleared mallory", "open")],
    "break_glass": [("break_glass_merge mallory", "open")],
    "tampering": [("forged_status mallory", "open")],
    "exceptions": [("rule semgrep x alice", "2999-01-01")],
}


def test_each_figure_is_shown_by_what_was_counted(story: Story) -> None:
    assert {measure: told(story, measure) for measure in EXPECTED} == EXPECTED


def test_scans_that_did_not_end_come_first(story: Story) -> None:
    scans = told(story, "scan_success")
    assert scans[0] == ("main", "not ended")
    assert {value for _, value in scans[1:]} == {"ended"}


def test_every_figure_has_an_answer_of_few_statements_and_rows(story: Story) -> None:
    for measure in MEASURES:
        with counted(story.engine) as statements:
            assert len(told(story, measure, limit=1)) <= 1
        assert len(statements) <= 2, measure
        with session(story.engine) as reading:
            assert evidence_rows(reading, 999, measure, PERIOD) == () or MEASURES[measure].shared


def test_the_rows_behind_a_figure_are_as_many_as_were_counted(story: Story) -> None:
    story.collected(0, at(31))
    with session(story.engine) as reading:
        days = counting.count_days(reading, day(0), day(29), at(29, 23), stocks=()).items()
    for measure, counter in (
        ("escapes", "escaped"),
        ("secrets_merged", "secrets.merged"),
        ("mttr_critical", "fixed.critical"),
        ("reopen_rate", "reopened"),
        ("false_positive_rate", "decided"),
        ("reaction_time", "reactions"),
        ("time_to_verdict", "verdicts"),
        ("scan_success", "scans"),
        ("integrations_per_day", "merges"),
        ("release_frequency", "releases"),
        ("red_fix_time", "red.times"),
        ("automation_success", "pipelines"),
        ("uncleared", "incidents.uncleared"),
    ):
        total = sum(tally.get(counter, 0) for (number, _), tally in days if number == SHOP)
        assert total == len(told(story, measure)), measure
        assert total


def test_rows_name_what_they_are_about(story: Story) -> None:
    with session(story.engine) as reading:
        (finding,) = evidence_rows(reading, SHOP, "open_secrets", PERIOD)
        merged = evidence_rows(reading, SHOP, "merge_time", PERIOD)[0]
        (incident,) = evidence_rows(reading, SHOP, "tampering", PERIOD)
    assert finding.finding_id is not None
    assert finding.what.startswith(f"#{finding.finding_id} key")
    assert finding.at == at(2)
    assert (merged.project_id, merged.iid, merged.at) == (SHOP, 2, at(2, 15))
    assert incident.incident_id is not None
    assert incident.at is not None
    assert incident.at - at(9) == timedelta(0)


def test_a_figure_that_there_is_not_is_an_error(story: Story) -> None:
    with session(story.engine) as reading, pytest.raises(KeyError):
        evidence_rows(reading, SHOP, "beauty", PERIOD)
