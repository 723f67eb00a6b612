"""What is counted of a day, told as stories with exact ends: on both databases."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from pathlib import PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine, select, text

from bot.domain.change import ChangeKind
from bot.domain.change_coverage import ChangeCoverage, Content, CoveredFile, Look
from bot.domain.enforcement import Enforcement, Level
from bot.domain.incident import Incident, IncidentKind
from bot.domain.maturity.counters import COUNTERS, FLOWS, SEVERITIES, Tally, over_days
from bot.domain.maturity.period import Period, PeriodKind
from bot.domain.policy import Sla
from bot.domain.suppression import Scope, Suppression
from bot.domain.triage import Justification, TriageState
from bot.domain.verdict import Outcome
from bot.store import enforcement, incidents, licences, suppressions
from bot.store.desk import item_rows
from bot.store.engine import session, write_session
from bot.store.maturity import collected, counting
from bot.store.maturity.collected import CodeSize, ReleaseFact
from bot.store.maturity.flows import INCIDENTS
from bot.store.maturity_tables import (
    AbsenceRecord,
    CodeSizeRecord,
    CollectionRecord,
    MergedLinesRecord,
    MergeFactRecord,
    PipelineFactRecord,
    ProjectDayRecord,
)
from bot.store.projects import Project, upsert_projects
from bot.store.statements import table
from bot.store.tables import StreamRecord
from scanners.finding import Severity
from scanners.imports import PackageLicences
from scanners.interface import ScannerStatus
from tests.store.counting import counted
from tests.store.known import accepted
from tests.store.maturity.story import (
    BANK,
    KINDS,
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


@pytest.fixture
def story(engine: Engine) -> Story:
    return Story(engine)


def period(first: int, last: int) -> Period:
    return Period(PeriodKind.SPAN, day(first), day(last))


# --- Findings ---------------------------------------------------------------------------------------------------------


def test_what_the_first_scan_of_a_branch_sees_did_not_escape(story: Story) -> None:
    story.sees(at(0), code("a"), secret("s"), package())
    assert story.flows(0) == {
        "scans": 1,
        "scans.ended": 1,
        "found.high": 1,
        "found.info": 1,
        "found.critical": 1,
    }


def test_a_finding_that_nobody_saw_before_the_merge_escaped(story: Story) -> None:
    story.sees(at(0), code("a"))
    story.sees(at(1), code("a"), code("b", Severity.LOW), secret(), package())
    found = story.flows(1)
    assert found["escaped"] == 2
    assert found["secrets.merged"] == 1
    assert found["advisories.matched"] == 1
    assert (found["found.low"], found["found.info"], found["found.critical"]) == (1, 1, 1)
    assert "found.before_merge" not in found


def test_what_a_merge_request_showed_first_did_not_escape_although_it_was_merged(story: Story) -> None:
    story.sees(at(0), code("a"))
    story.sees(at(1), code("b"), secret(), ref=merge_request(7))
    assert story.flows(1)["found.before_merge"] == 2
    story.sees(at(2), code("a"), code("b"), secret())
    found = story.flows(2)
    assert "escaped" not in found
    assert not any(name.startswith("found") for name in found)
    # It was known, and came in all the same.
    assert found["secrets.merged"] == 1


def test_what_a_scanner_sees_when_it_is_new_to_the_branch_was_there_before(story: Story) -> None:
    story.sees(at(0), code("a"), with_=["semgrep"])
    story.sees(at(1), code("a"), secret("old"), with_=["semgrep", "detect-secrets"])
    assert "escaped" not in story.flows(1)
    assert "secrets.merged" not in story.flows(1)
    story.sees(at(2), code("a"), secret("old"), secret("new"), with_=["semgrep", "detect-secrets"])
    assert story.flows(2)["escaped"] == 1
    assert story.flows(2)["secrets.merged"] == 1


def test_another_tools_first_report_is_no_escape_either(story: Story) -> None:
    story.sees(at(0), code("a"))
    theirs = replace(code("b"), scanner="CodeQL")
    story.sees(at(1), theirs, source="import:CodeQL", with_=["CodeQL"], record=False)
    assert story.flows(1) == {"found.high": 1}
    story.sees(at(2), theirs, replace(code("c"), scanner="CodeQL"), source="import:CodeQL", with_=["CodeQL"])
    assert story.flows(2)["escaped"] == 1


def test_a_false_positive_is_taken_back_on_the_day_it_was_found(story: Story) -> None:
    story.sees(at(0))
    (number,) = story.sees(at(1), code("a"))
    assert story.flows(1)["escaped"] == 1
    story.judges(at(9), number, TriageState.DISMISSED, Justification.FALSE_POSITIVE)
    assert story.flows(1) == {"scans": 1, "scans.ended": 1}
    assert story.flows(9) == {
        "decided": 1,
        "decided.false_positive": 1,
        # Somebody looked at it, which is what a reaction is.
        "reactions": 1,
        "reaction.seconds": 8 * 86_400,
    }


def test_a_risk_that_is_accepted_was_found_all_the_same(story: Story) -> None:
    story.sees(at(0))
    (number,) = story.sees(at(1), code("a"))
    story.judges(at(2), number, TriageState.DISMISSED, Justification.ACCEPTABLE_RISK)
    assert story.flows(1)["escaped"] == 1
    assert story.flows(2)["decided"] == 1
    assert "decided.false_positive" not in story.flows(2)


@pytest.mark.parametrize(
    ("severity", "days", "kept"),
    [
        (Severity.CRITICAL, 7, "fixed.in_time"),
        (Severity.CRITICAL, 8, "fixed.late"),
        (Severity.HIGH, 30, "fixed.in_time"),
        (Severity.HIGH, 31, "fixed.late"),
        (Severity.INFO, 300, None),
    ],
)
def test_the_last_day_of_the_policy_is_still_in_time(
    story: Story, severity: Severity, days: int, kept: str | None
) -> None:
    story.sees(at(0, 23), code("a", severity))
    story.sees(at(days, 22), code("other"))
    found = story.flows(days)
    assert found[f"fixed.{severity.value}"] == 1
    assert found[f"fixed_seconds.{severity.value}"] == days * 86_400 - 3600
    assert {name for name in found if name in ("fixed.in_time", "fixed.late")} == ({kept} if kept else set())


def test_a_policy_of_fewer_days_makes_the_same_repair_late(story: Story) -> None:
    story.sees(at(0), code("a"))
    story.sees(at(9))
    assert story.flows(9)["fixed.in_time"] == 1
    item_rows.keep_slas(story.engine, {SHOP: Sla(high=5)})
    assert story.flows(9)["fixed.late"] == 1


def test_a_finding_that_comes_back_was_fixed_and_reopened_and_fixed_again(story: Story) -> None:
    story.sees(at(0), code("a"))
    story.sees(at(1))
    story.sees(at(3), code("a"))
    story.sees(at(5))
    assert story.flows(1)["fixed.high"] == 1
    assert story.flows(3)["reopened"] == 1
    assert story.flows(5)["fixed.high"] == 1
    # Coming back is not being found.
    assert not any(name.startswith("found") for name in story.flows(3))
    with session(story.engine) as reading:
        assert [tuple(row)[2:] for row in reading.execute(select(table(AbsenceRecord)))] == [(at(1), at(3))]


def test_going_from_a_merge_request_is_no_repair_of_the_branch(story: Story) -> None:
    story.sees(at(0))
    story.sees(at(1), code("a"), ref=merge_request(7))
    story.sees(at(2), ref=merge_request(7))
    story.sees(at(3), code("a"), ref=merge_request(7))
    assert "fixed.high" not in story.flows(2)
    assert "reopened" not in story.flows(3)


def test_a_secret_that_is_gone_before_the_merge_was_stopped(story: Story) -> None:
    story.sees(at(0))
    for iid in (7, 8):
        story.sees(at(1, 8 + iid / 10), secret(), ref=merge_request(iid))
        story.sees(at(2, 8 + iid / 10), ref=merge_request(iid))
    # It is one secret, whoever showed it.
    assert story.flows(2)["secrets.stopped"] == 1
    assert "secrets.merged" not in story.flows(2)


def test_a_closed_merge_request_stops_no_secret(story: Story) -> None:
    story.sees(at(0))
    story.sees(at(1), secret(), ref=merge_request(7))
    story.closes(at(2), 7)
    assert "secrets.stopped" not in story.flows(2)


def test_a_secret_that_came_in_by_another_way_was_not_stopped(story: Story) -> None:
    story.sees(at(0))
    story.sees(at(1), secret(), ref=merge_request(7))
    story.sees(at(2), ref=merge_request(7))
    story.sees(at(3), secret())
    assert "secrets.stopped" not in story.flows(2)
    assert story.flows(3)["secrets.merged"] == 1


def test_only_the_first_judgement_decides_and_only_the_first_reaction_counts(story: Story) -> None:
    story.sees(at(0))
    (number,) = story.sees(at(1), code("a"))
    story.judges(at(2), number, TriageState.CONFIRMED)
    story.judges(at(3), number, TriageState.DISMISSED, Justification.ACCEPTABLE_RISK)
    story.sees(at(4))
    assert (story.flows(2)["decided"], story.flows(2)["reactions"]) == (1, 1)
    assert story.flows(2)["reaction.seconds"] == 86_400
    assert story.flows(3) == {}
    assert "reactions" not in story.flows(4)


def test_what_goes_before_anybody_judges_is_a_reaction_once(story: Story) -> None:
    story.sees(at(0))
    (number,) = story.sees(at(1), code("a"))
    story.sees(at(2))
    story.sees(at(3), code("a"))
    story.sees(at(4))
    story.judges(at(5), number, TriageState.DISMISSED, Justification.ACCEPTABLE_RISK)
    assert story.flows(2)["reactions"] == 1
    assert "reactions" not in story.flows(4)
    assert "reactions" not in story.flows(5)


def test_the_first_baseline_and_what_merge_requests_showed_ask_for_no_reaction(story: Story) -> None:
    (old,) = story.sees(at(0), code("old"))
    (proposed,) = story.sees(at(1), code("new"), ref=merge_request(7))
    story.sees(at(2), code("old"), code("new"))
    for number in (old, proposed):
        story.judges(at(3), number, TriageState.CONFIRMED)
    assert story.flows(3) == {"decided": 2}


# --- Scans, verdicts, merges ------------------------------------------------------------------------------------------


def test_a_scan_ends_where_every_scanner_answered(story: Story) -> None:
    story.scan("good", at(0), statuses={"pip-audit": ScannerStatus.NOT_APPLICABLE})
    story.scan("slow", at(0), statuses={"semgrep": ScannerStatus.TIMED_OUT})
    story.scan("nobody", at(0), with_=[])
    assert story.flows(0) == {"scans": 3, "scans.ended": 1}


def test_a_verdict_counts_once_for_each_scan(story: Story) -> None:
    scan_id = story.verdict(7, at(0), seconds=90)
    story.decide(scan_id, 7, at(0, 20), because="policy_changed")
    story.decide(scan_id, 7, at(0, 21), because="scan")
    story.verdict(8, at(0, 13), seconds=30, outcome=Outcome.FAILED)
    story.verdict(9, at(0, 14), seconds=60, outcome=Outcome.NOT_ASSESSED, because="failed")
    found = story.flows(0)
    assert {name: value for name, value in found.items() if name.startswith("verdict")} == {
        "verdicts": 3,
        "verdicts.failed": 1,
        "verdicts.not_assessed": 1,
        "verdict.seconds": 180,
    }


def test_a_merge_is_scanned_and_cleared_by_what_was_said_of_its_head_before(story: Story) -> None:
    story.collected(0, at(2))
    story.verdict(1, at(0), head="1" * 40)
    story.verdict(2, at(0), head="2" * 40, outcome=Outcome.FAILED)
    story.verdict(3, at(0), head="3" * 40, outcome=Outcome.NOT_ASSESSED)
    story.verdict(4, at(1, 20), head="4" * 40)
    story.verdict(5, at(0), head="5" * 40)
    merges = [merge(iid, at(0, 8), at(1), head=f"{iid}" * 40) for iid in (1, 2, 3, 4)]
    # The fifth was pushed to once more; of the sixth GitLab says little.
    merges += [merge(5, at(0, 8), at(1), head="e" * 40), replace(merge(6, None, at(1)), head_sha=None)]
    story.gitlab(merges=merges)
    found = story.flows(1, at(2))
    assert found == {
        "scans": 1,
        "scans.ended": 1,
        "verdicts": 1,
        "verdict.seconds": 90,
        "merges": 6,
        "merges.scanned": 2,
        "merges.cleared": 1,
        "merges.timed": 5,
        "merge.seconds": 5 * 28 * 3600,
    }


def test_lines_of_a_merged_request_are_read_where_each_static_scanner_read_the_file(story: Story) -> None:
    def file(name: str, lines: int | None, *looks: Look) -> CoveredFile:
        return CoveredFile(PurePosixPath(name), None, ChangeKind.MODIFIED, Content.TEXT, "b", lines, 1, looks)

    both, secrets = Look("semgrep"), Look("detect-secrets")
    coverage = ChangeCoverage(
        (
            file("a.py", 10, both, Look("bandit"), secrets),
            file("b.py", 5, both, Look("bandit", ("parse_error",)), secrets),
            file("c.md", 70, secrets),
            file("d.png", None, both),
            file("e.py", 3, Look("semgrep", ("no_answer",))),
        )
    )
    story.collected(0, at(2))
    story.verdict(1, at(0, 9), coverage=ChangeCoverage((file("a.py", 999, both),)))
    story.verdict(1, at(0), coverage=coverage, with_=["semgrep", "bandit", "detect-secrets"])
    story.gitlab(merges=[merge(1, at(0), at(1)), merge(2, at(0), at(1))])
    with write_session(story.engine) as writing:
        assert counting.unpack_merged(writing, day(0), day(1)) == 1
        assert counting.unpack_merged(writing, day(0), day(1)) == 0
    found = story.flows(1, at(2))
    assert (found["changed.lines"], found["changed.read_lines"]) == (18, 10)


def test_a_head_that_gitlab_names_later_is_unpacked_again(story: Story) -> None:
    read = CoveredFile(PurePosixPath("a.py"), None, ChangeKind.MODIFIED, Content.TEXT, "b", 4, 1, (Look("semgrep"),))
    story.collected(0, at(2))
    story.verdict(1, at(0, 9), head="1" * 40, coverage=ChangeCoverage((read,)))
    story.verdict(1, at(0), head="2" * 40, coverage=ChangeCoverage((replace(read, lines=6),)))
    for head, lines in (("1" * 40, 4), ("2" * 40, 6)):
        story.gitlab(merges=[merge(1, at(0), at(1), head=head)])
        assert "changed.lines" not in story.flows(1, at(2))
        with write_session(story.engine) as writing:
            assert counting.unpack_merged(writing, day(0), day(1)) == 1
        assert story.flows(1, at(2))["changed.lines"] == lines


# --- GitLab -----------------------------------------------------------------------------------------------------------


def test_pipelines_jobs_and_the_time_until_it_is_green_again(story: Story) -> None:
    story.collected(0, at(4))
    story.gitlab(
        pipelines=[
            pipeline(1, at(0, 10)),
            pipeline(2, at(0, 23), good=False),
            pipeline(3, at(1, 1), good=False, seconds=None),
            pipeline(4, at(1, 2), seconds=200),
            pipeline(5, at(1, 3), good=False),
            pipeline(6, at(1, 3.5)),
            pipeline(7, at(1, 4), good=False),
        ]
    )
    assert story.flows(0, at(4)) == {
        "pipelines": 2,
        "pipelines.ok": 1,
        "pipelines.timed": 2,
        "pipeline.seconds": 600,
        "jobs": 8,
        "jobs.ok": 7,
    }
    found = story.flows(1, at(4))
    assert (found["pipelines"], found["pipelines.ok"]) == (5, 2)
    assert (found["pipelines.timed"], found["pipeline.seconds"]) == (4, 1100)
    # From the first red one, also of the day before, to the next green one; what is still red is no time yet.
    assert (found["red.times"], found["red.seconds"]) == (2, 3 * 3600 + 1800)


def test_releases_and_how_long_merges_waited_for_them(story: Story) -> None:
    story.collected(0, at(4))
    story.gitlab(
        merges=[merge(1, at(0, 1), at(0)), merge(2, None, at(0))],
        releases=[
            ReleaseFact("v1", "1" * 40, at(2), True),
            ReleaseFact("v2", "2" * 40, at(2, 13), None),
            ReleaseFact("v3", "3" * 40, at(2, 14), False),
        ],
    )
    with write_session(story.engine) as writing:
        collected.mark_released(writing, SHOP, {1: at(2), 2: at(2)})
        collected.mark_covered(writing, SHOP, {1: (6, 8)})
    assert story.flows(2, at(4)) == {
        "releases": 3,
        "releases.judged": 2,
        "releases.cleared": 1,
        "release.leads": 2,
        "release.lead_seconds": 4 * 86_400,
    }
    merged = story.flows(0, at(4))
    assert (merged["new_code.lines"], merged["new_code.covered_lines"]) == (8, 6)
    assert (merged["merges.timed"], merged["merge.seconds"]) == (1, 11 * 3600)


def test_what_gitlab_was_not_asked_about_is_unknown_and_what_it_denied_is_none(story: Story) -> None:
    story.scan("s", at(0))
    story.collected(1, at(3), sources=[collected.PIPELINES, collected.MERGES])
    story.collected(2, at(3), sources=[collected.RELEASES])
    story.gitlab(merges=[merge(1, at(0, 1), at(0)), merge(2, at(0, 1), at(3, 1))])
    before, partly, whole, today = (story.tally(number, at(3)) for number in range(4))
    assert "merges" not in before
    assert partly["merges"] == partly["pipelines"] == partly["jobs"] == 0
    assert "releases" not in partly
    assert "days.gitlab" not in partly
    assert whole["releases"] == 0
    assert whole["days.gitlab"] == 1
    # The day is not over: what GitLab says of it may be half of it.
    assert "merges" not in today
    assert "release.leads" not in whole


def test_merges_of_days_before_we_looked_are_not_called_unscanned(story: Story) -> None:
    story.collected(0, at(6))
    story.gitlab(merges=[merge(1, at(0, 1), at(0))])
    story.scan("first", at(2))
    before = story.tally(0, at(6))
    assert before["merges"] == 1
    assert "merges.scanned" not in before
    assert "scans" not in before
    assert "days.store" not in before
    assert story.tally(3, at(6))["merges.scanned"] == 0
    assert story.tally(3, at(6))["scans"] == 0


def test_incidents_and_exceptions(story: Story) -> None:
    story.scan("s", at(0))
    with write_session(story.engine) as writing:
        for place, kind in enumerate(IncidentKind):
            incidents.report(writing, Incident(SHOP, kind, f"{place}"), at(1))
        # The same seen again is the same, on the day of the first time.
        incidents.report(writing, Incident(SHOP, IncidentKind.FORGED_STATUS, "5"), at(2))
        made = [suppressions.create(writing, one) for one in _suppressions()]
        suppressions.approve(writing, replace(made[2], approved_by="bob", approved_at=at(2)))
        suppressions.revoke(writing, replace(made[4], revoked_by="bob", revoked_at=at(2)))
    found = story.tally(1, at(3))
    assert found["incidents.uncleared"] == 2
    assert found["incidents.break_glass"] == 1
    assert found["incidents.tampering"] == 5
    assert found["exceptions.made"] == 2
    assert story.tally(2, at(3))["exceptions.made"] == 1
    now = story.tally(3, at(3))
    assert now["incidents.open"] == len(IncidentKind)
    assert now["exceptions.in_force"] == 2
    assert now["exceptions.waiting"] == 1


def _suppressions() -> list[Suppression]:
    """In force, waiting, approved on the day after, over, revoked, and one for every project."""
    rule = replace(accepted(None, scope=Scope.RULE, created_at=at(1)), scanner="semgrep", rule_id="x")
    return [
        rule,
        replace(rule, needs_approval=True),
        replace(rule, needs_approval=True),
        replace(rule, created_at=at(0), expires_at=at(2)),
        replace(rule, created_at=at(1)),
        replace(rule, project_id=None),
    ]


def test_every_kind_of_incident_counts_as_something() -> None:
    assert set(INCIDENTS) == set(IncidentKind)
    assert set(INCIDENTS.values()) <= set(COUNTERS)


# --- Stocks -----------------------------------------------------------------------------------------------------------


def test_a_project_that_nobody_looked_at_says_nothing_of_its_findings(story: Story) -> None:
    found = story.counts(0, 0, at(0, 23))
    shop, bank = found[SHOP, day(0)], found[BANK, day(0)]
    assert shop["projects"] == 1
    # An empty one is none to look after.
    assert bank["projects"] == 0
    for name in ("projects.ever_scanned", "projects.scanned", "projects.sast", "projects.assessed", "projects.sbom"):
        assert shop[name] == 0
    for name in ("open.critical", "overdue", "undecided", "components", "code.lines", "projects.protected"):
        assert name not in shop
    assert "projects.required_answered" not in shop
    assert "projects.policy_ok" not in shop
    assert shop["days.store"] == 1


def test_findings_are_open_as_the_desk_has_them(story: Story) -> None:
    numbers = story.sees(at(0), code("a"), code("b", Severity.MEDIUM), secret(), package())
    story.sees(at(0, 13), code("a"), code("c"), ref=merge_request(7))
    story.judges(at(1), numbers[1], TriageState.RESOLVED)
    story.judges(at(1), numbers[0], TriageState.CONFIRMED)
    found = story.tally(8, at(8))
    assert {name: found[name] for name in found if name.startswith("open.")} == {
        "open.critical": 1,
        "open.high": 1,
        "open.medium": 0,
        "open.low": 0,
        "open.info": 1,
        "open.secret": 1,
        "open.dependency": 1,
    }
    # The merge request's own one waits as well.
    assert found["undecided"] == 3
    # Critical ones have seven days, and the eighth has begun.
    assert found["overdue"] == 1
    assert story.tally(7, at(7))["overdue"] == 0
    assert found["components.vulnerable"] == 1


def test_a_kind_is_covered_where_each_of_its_scanners_answered(story: Story) -> None:
    story.sees(at(0), with_=["semgrep", "detect-secrets"])
    now = at(1)
    found = story.tally(1, now, kinds=KINDS)
    assert (found["projects.sast"], found["projects.secret"], found["projects.dependency"]) == (1, 1, 0)
    assert found["projects.scanned"] == 1
    assert found["projects.assessed"] == 0
    story.sees(at(1))
    found = story.tally(1, now, kinds=KINDS, required={SHOP: ["semgrep"]}, policy_ok={SHOP: True})
    assert found["projects.assessed"] == found["projects.required_answered"] == found["projects.policy_ok"] == 1
    more = {**KINDS, "bandit": KINDS["semgrep"]}
    assert story.tally(1, now, kinds=more)["projects.sast"] == 0
    assert story.tally(1, now, kinds=KINDS, required={SHOP: ["bandit"]})["projects.assessed"] == 0
    unread = story.tally(1, now, kinds=KINDS, required={}, policy_ok={})
    assert "projects.required_answered" not in unread
    assert unread["projects.policy_ok"] == unread["projects.assessed"] == 0
    late = story.tally(16, at(16), kinds=KINDS)
    assert (late["projects.scanned"], late["projects.assessed"], late["projects.sast"]) == (0, 0, 1)


@pytest.mark.parametrize("removed", sorted(KINDS))
def test_a_scanner_that_is_switched_off_covers_nothing_any_more(story: Story, removed: str) -> None:
    story.sees(at(0))
    before = story.tally(0, kinds=KINDS)
    story.sees(at(1), with_=[name for name in KINDS if name != removed])
    with write_session(story.engine) as writing:
        writing.execute(table(StreamRecord).update().values(looked_with=dict.fromkeys(KINDS, "1.0") | {removed: ""}))
    after = story.tally(1, kinds=KINDS)
    names = [name for name in before if name.startswith("projects.")]
    assert all(after[name] <= before[name] for name in names)
    assert after["projects.assessed"] < before["projects.assessed"]


def test_the_age_of_advisories_and_what_is_not_pinned(story: Story) -> None:
    unpinned = [["requirements.txt", "not_pinned", "sample", 1]]
    assert story.tally(0)["projects.advisories_fresh"] == 0
    story.scan("whole", at(0), files=3, data_date=day(-1))
    assert story.tally(6, at(6))["projects.advisories_fresh"] == 1
    assert story.tally(7, at(7))["projects.advisories_fresh"] == 0
    assert story.tally(0)["projects.pinned"] == 1
    story.scan("push", at(1), files=1, gaps=unpinned)
    assert story.tally(1)["projects.pinned"] == 0
    # A push that touches no requirements says nothing of them.
    story.scan("other", at(2), files=0, statuses={"pip-audit": ScannerStatus.NOT_APPLICABLE})
    assert story.tally(2)["projects.pinned"] == 0
    story.scan("whole again", at(3), files=3, gaps=[["x.py", "parse_error", "", None]])
    assert story.tally(3)["projects.pinned"] == 1
    assert story.tally(20, at(20))["projects.pinned"] == 0


def test_where_nothing_is_depended_on_no_advisory_is_too_old(story: Story) -> None:
    story.scan("s", at(0), statuses={"pip-audit": ScannerStatus.NOT_APPLICABLE})
    found = story.tally(0)
    assert (found["projects.advisories_fresh"], found["projects.pinned"]) == (1, 1)


def test_levels_and_protection_are_known_once_somebody_looked(story: Story) -> None:
    facts = {"protected_names": ["release/*", "ma*"], "default_branch": "main"}
    with write_session(story.engine) as writing:
        enforcement.hook_seen(writing, SHOP, at(0))
    assert story.tally(0)["projects.level_known"] == 0
    assert "projects.level1" not in story.tally(0)
    with write_session(story.engine) as writing:
        enforcement.record(writing, SHOP, Enforcement(Level.L2, ()), facts, at(0))
    found = story.tally(0)
    assert [found[f"projects.level{n}"] for n in (1, 2, 3)] == [1, 1, 0]
    assert found["projects.protected"] == 1
    with write_session(story.engine) as writing:
        enforcement.record(writing, SHOP, Enforcement(Level.L1, ()), {"protected_names": None}, at(0))
    assert "projects.protected" not in story.tally(0)


def test_bills_of_materials_and_licences(story: Story) -> None:
    with write_session(story.engine) as writing:
        said = [PackageLicences("PyPI", "a", "1", ("MIT",)), PackageLicences("PyPI", "b", "1", ())]
        licences.record(writing, SHOP, said)
    found = story.tally(0)
    assert (found["projects.sbom"], found["components"], found["components.licensed"]) == (1, 2, 1)


def test_code_and_unit_tests(story: Story) -> None:
    assert "projects.coverage_known" not in story.tally(0)
    story.collected(0, at(1))
    assert story.tally(0)["projects.coverage_known"] == 0
    story.gitlab(
        pipelines=[
            pipeline(1, at(-100), coverage=99.0),
            pipeline(2, at(0, 1), coverage=61.26),
            pipeline(3, at(0, 2)),
        ]
    )
    with write_session(story.engine) as writing:
        collected.keep_code_size(writing, SHOP, CodeSize("c" * 40, 1000, 900, 450), at(0))
    found = story.tally(0)
    assert (found["projects.coverage_known"], found["coverage.permille"]) == (1, 613)
    assert (found["code.lines"], found["code.scannable_lines"], found["code.read_lines"]) == (1000, 900, 450)
    assert story.tally(95, at(95))["projects.coverage_known"] == 0


# --- Keeping and adding up --------------------------------------------------------------------------------------------


def keep(story: Story, first: int, last: int, now: int, **more: object) -> frozenset[tuple[int, date]]:
    found = story.counts(first, last, at(now, 23), **more)
    with write_session(story.engine) as writing:
        return counting.keep_days(writing, found)


def test_what_is_written_down_already_is_left_alone(story: Story) -> None:
    story.sees(at(0), code("a"))
    assert keep(story, 0, 1, 1) >= {(SHOP, day(0)), (SHOP, day(1)), (BANK, day(1))}
    assert keep(story, 0, 1, 1) == frozenset()
    story.sees(at(1, 10), code("a"), code("b"))
    assert keep(story, 0, 1, 1) == {(SHOP, day(1))}


def test_late_news_change_what_happened_and_leave_how_things_stood(story: Story) -> None:
    story.sees(at(0))
    (number,) = story.sees(at(1), code("a"))
    keep(story, 0, 1, 1)
    story.judges(at(9), number, TriageState.DISMISSED, Justification.FALSE_POSITIVE)
    assert keep(story, 0, 9, 9) >= {(SHOP, day(1)), (SHOP, day(9))}
    with session(story.engine) as reading:
        found = {when: tally for _, when, tally in counting.each_day(reading, period(0, 9), project_ids=[SHOP])}
    assert found[day(1)]["escaped"] == 0
    assert found[day(1)]["open.high"] == 1
    assert "open.high" not in found[day(5)]
    assert found[day(5)]["scans"] == 0


def test_to_a_day_that_was_counted_is_added_what_was_not_known_then(story: Story) -> None:
    story.sees(at(0))
    (number,) = story.sees(at(1), code("a"))
    keep(story, 0, 1, 1)
    with session(story.engine) as reading:
        before = {when: tally for _, when, tally in counting.each_day(reading, period(0, 1), project_ids=[SHOP])}
    story.judges(at(9), number, TriageState.DISMISSED, Justification.FALSE_POSITIVE)
    story.collected(-3, at(9))
    story.gitlab(pipelines=[pipeline(1, at(1, 16))], merges=[merge(1, at(1, 8), at(1, 15))])
    found = {key: tally for key, tally in story.counts(-9, 1, at(9), stocks=()).items() if key[0] == SHOP}
    with counted(story.engine) as sent, write_session(story.engine) as writing:
        assert counting.add_days(writing, found) == {(SHOP, day(n)) for n in range(-3, 2)}
        assert counting.add_days(writing, found) == frozenset()
        assert counting.add_days(writing, {}) == frozenset()
    assert len(sent) == 2
    with session(story.engine) as reading:
        after = {when: tally for _, when, tally in counting.each_day(reading, period(-9, 1), project_ids=[SHOP])}
    assert after.keys() == {day(n) for n in range(-3, 2)}
    assert {name: after[day(1)][name] for name in before[day(1)]} == before[day(1)]
    assert (after[day(1)]["escaped"], after[day(1)]["open.high"]) == (1, 1)
    assert (after[day(1)]["pipelines"], after[day(1)]["merges"], after[day(1)]["merges.scanned"]) == (1, 1, 0)
    assert after[day(1)]["days.gitlab"] == 1
    # Of a day on which nobody had looked it stays unknown what our own store would say.
    assert "merges.scanned" not in after[day(-1)]
    assert "scans" not in after[day(-1)]


@pytest.mark.parametrize("damage", ["{", "[]", "7", '"x"', ""])
def test_counters_that_somebody_damaged_are_written_anew_and_stop_nobody(story: Story, damage: str) -> None:
    story.sees(at(0))
    keep(story, 0, 1, 1)
    story.sees(at(1), code("a"))
    with write_session(story.engine) as writing:
        writing.execute(text("UPDATE project_day SET counters = :damage, stocks = :damage"), {"damage": damage})
    found = story.counts(0, 1, at(9), stocks=())
    with write_session(story.engine) as writing:
        assert counting.add_days(writing, found) == found.keys()
        assert counting.add_days(writing, found) == frozenset()
        writing.execute(text("UPDATE project_day SET counters = :damage, stocks = :damage"), {"damage": damage})
        assert counting.keep_days(writing, found) == found.keys()
    with session(story.engine) as reading:
        after = {when: tally for _, when, tally in counting.each_day(reading, period(0, 1), project_ids=[SHOP])}
    assert (after[day(1)]["scans"], "open.high" in after[day(1)]) == (1, False)


def test_the_first_day_that_was_counted_is_known_although_nothing_was_scanned(story: Story) -> None:
    keep(story, 0, 0, 0)
    found = story.counts(-1, 2, at(2))
    assert [(SHOP, day(n)) in found for n in (-1, 0, 1, 2)] == [False, True, True, True]


def test_a_period_is_the_sum_of_its_days(story: Story) -> None:
    _some_weeks(story)
    with session(story.engine) as reading:
        for first, last in ((0, 11), (3, 8), (5, 5), (10, 11), (-9, 2)):
            span = period(first, last)
            by_project: dict[int, list[dict[str, int]]] = {}
            for number, _, tally in counting.each_day(reading, span):
                by_project.setdefault(number, []).append(tally)
            whole = counting.sums(reading, span)
            whole.pop(counting.ORGANISATION_ID, None)
            by_project.pop(counting.ORGANISATION_ID, None)
            assert whole == {number: over_days(tallies) for number, tallies in by_project.items()}
            assert counting.sums(reading, span, project_ids=[SHOP]) == {
                number: tally for number, tally in whole.items() if number == SHOP
            }
            days = counting.days(reading, span, project_ids=[SHOP])
            assert over_days(days.values()) == whole.get(SHOP, {})


def _some_weeks(story: Story) -> None:
    found: list[str] = []
    story.collected(2, at(10))
    for number in range(0, 12, 3):
        found.append(f"f{number}")
        story.sees(at(number), *(code(name) for name in found[-4:]))
        story.verdict(number + 1, at(number, 14), head=f"{number:040x}")
        story.gitlab(
            merges=[merge(number + 1, at(number, 8), at(number, 15), head=f"{number:040x}")],
            pipelines=[pipeline(number + n, at(number, 16 + n), good=n != 1) for n in range(3)],
        )
        keep(story, number - 2, number, number)
    keep(story, 0, 11, 11)


def test_days_counted_one_by_one_are_those_counted_together(story: Story) -> None:
    _some_weeks(story)
    together = story.counts(0, 11, at(11, 23), stocks=())
    one_by_one: dict[tuple[int, date], Tally] = {}
    for number in range(12):
        one_by_one |= story.counts(number, number, at(11, 23), stocks=())
    assert one_by_one == together
    assert story.counts(0, 11, at(11, 23), stocks=(), project_ids=[SHOP]) == {
        key: tally for key, tally in together.items() if key[0] == SHOP
    }


def test_the_statements_are_as_many_for_many_projects_and_days_as_for_few(story: Story) -> None:
    _some_weeks(story)
    numbers = []
    for projects, days in ((1, 1), (100, 30)):
        with write_session(story.engine) as writing:
            upsert_projects(writing, [Project(100 + n, f"g/{n}", default_branch="main") for n in range(projects)])
        with counted(story.engine) as counting_:
            found = story.counts(11 - days, 11, at(11), stocks={day(10), day(11)})
        with counted(story.engine) as keeping, write_session(story.engine) as writing:
            counting.keep_days(writing, found)
        with counted(story.engine) as more, write_session(story.engine) as writing:
            counting.add_days(writing, found)
        assert len(more) == 1
        with counted(story.engine) as adding, session(story.engine) as reading:
            counting.sums(reading, period(0, 11))
        numbers.append((len(counting_), len(keeping), len(adding)))
    assert numbers[0] == numbers[1]
    assert numbers[0][0] <= 34
    assert numbers[0][2] == 1


def test_a_forgotten_project_leaves_no_counters(story: Story) -> None:
    story.sees(at(0), code("a"))
    keep(story, 0, 0, 0)
    story.collected(0, at(1))
    story.gitlab(merges=[merge(1, at(0), at(0))], pipelines=[pipeline(1, at(0))])
    with write_session(story.engine) as writing:
        collected.keep_code_size(writing, SHOP, CodeSize("c" * 40, 1, 1, 1), at(0))
        collected.forget_project(writing, SHOP)
        counting.forget_project(writing, SHOP)
    with session(story.engine) as reading:
        assert set(reading.scalars(select(table(ProjectDayRecord).c.project_id))) == {BANK}
        for record in (MergeFactRecord, PipelineFactRecord, CodeSizeRecord, CollectionRecord, MergedLinesRecord):
            assert reading.execute(select(table(record))).all() == []


def test_every_flow_says_when_it_is_known() -> None:
    marked = {mark for marks, _ in counting.KNOWN_WITH for mark in marks}
    known = [name for _, names in counting.KNOWN_WITH for name in names]
    assert len(known) == len(set(known))
    assert marked | set(known) | {"days.gitlab", "reports.delivered", "reports.acknowledged"} == FLOWS
    assert {f"found.{one}" for one in SEVERITIES} <= set(known)


@given(
    st.lists(
        st.dictionaries(st.sampled_from(["scans", "merges", "open.high", "projects", "days.store"]), st.integers(0, 9)),
        max_size=8,
    ),
    st.integers(0, 8),
)
def test_sums_of_parts_are_the_sum_of_the_whole(days: list[dict[str, int]], cut: int) -> None:
    assert over_days([over_days(days[:cut]), over_days(days[cut:])]) == over_days(days)


def test_days_begin_and_end_at_midnight_in_utc(story: Story) -> None:
    for name, moment in (
        ("late", at(0, 24) - timedelta(microseconds=1)),
        ("early", at(1, 0)),
        ("last", at(1, 24) - timedelta(seconds=1)),
    ):
        story.scan(name, moment)
    assert [story.flows(n, at(3)).get("scans", 0) for n in range(3)] == [1, 2, 0]


def test_streams_from_before_a_scanners_beginning_was_kept_count_as_looked_at(story: Story) -> None:
    """What nobody knows better of is taken for new: no answer is not a good answer."""
    story.sees(at(0), code("a"))
    with write_session(story.engine) as writing:
        writing.execute(table(StreamRecord).update().values(began=None))
    assert story.flows(0)["escaped"] == 1
