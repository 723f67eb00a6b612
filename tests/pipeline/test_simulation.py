"""What a policy would have done: exact, in bounded memory, and honest about what it cannot know."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from bot.domain.circumstances import Context, Facts
from bot.domain.gate import evaluate, not_assessed, with_reasons
from bot.domain.policy import InCode, Policy, PolicyDocument, PolicyRule, ProjectOverride, WhenNotAssessed
from bot.domain.policy_file import load_project_policy
from bot.domain.policy_layers import GroupFile, LayeredPolicy
from bot.domain.policy_trial import Cause, ProjectOutcome
from bot.domain.verdict import (
    GateDecision,
    Outcome,
    Presence,
    Reason,
    ReasonCode,
    ScanReport,
    Subject,
    Suppressed,
    TrackedFinding,
)
from bot.pipeline import simulation
from bot.pipeline.simulation import MOST_SHOWN, simulate
from bot.store.decisions import DecisionInputs, record_decision
from bot.store.engine import open_engine, write_session
from bot.store.heads import HeadState, close_head, mark_scanned, raise_sequence
from bot.store.projects import Project, upsert_projects
from bot.store.scans import ScanPlace, record_scan
from scanners.finding import Finding, FindingKind, Reach, Severity, Silences
from scanners.interface import ScannerStatus
from tests.domain.builders import finding, run
from tests.examples import examples
from tests.store.counting import counted
from tests.store.samples import NOON

DAY = timedelta(days=1)
SHOP, BANK = 5, 6
NOTHING = Policy()
SEVERE = Policy(block=(PolicyRule("severe", severity=Severity.HIGH),))
HIGH, LOW = finding("a.py", 3, fingerprint="a" * 64), finding("b.py", 4, severity=Severity.LOW, fingerprint="b" * 64)


def document(policy: Policy, *projects: ProjectOverride) -> PolicyDocument:
    return PolicyDocument("new.yml", policy, projects)


def stored(
    opened: Session,
    *findings: Finding,
    scan_id: str,
    policy: Policy = NOTHING,
    iid: int = 7,
    project_id: int = SHOP,
    at: datetime = NOON,
    presence: Presence = Presence.NEW,
    runs: Sequence[object] = (),
    inputs: DecisionInputs | None = None,
    with_decision: bool = True,
    decision: GateDecision | None = None,
) -> ScanReport:
    known = inputs or DecisionInputs()
    tracked = tuple(TrackedFinding(item, presence) for item in findings)
    made = decision or with_reasons(
        evaluate(
            policy,
            tracked,
            runs,  # type: ignore[arg-type]
            confirmed=known.confirmed,
            suppressed=known.suppressed,
            context=known.context,
        ),
        known.extra_reasons,
    )
    path = {SHOP: "shop/backend", BANK: "bank/core"}[project_id]
    report = ScanReport(Subject(path, "", iid, "main", "1" * 40, "2" * 40), tracked, tuple(runs), made, at, 1.0, 1, 1)  # type: ignore[arg-type]
    assert record_scan(opened, report, project_id=project_id, scan_id=scan_id)
    if with_decision:
        record_decision(
            opened,
            scan_id=scan_id,
            project_id=project_id,
            iid=iid,
            at=at,
            because="scan",
            policy=policy,
            inputs=known,
            decision=made,
        )
    return report


@pytest.fixture
def shop(engine: Engine) -> Engine:
    with write_session(engine) as opened:
        upsert_projects(opened, [Project(SHOP, "shop/backend"), Project(BANK, "bank/core")])
    return engine


def outcomes(
    engine: Engine, policy: Policy | PolicyDocument, present: PolicyDocument | None = None, **more: object
) -> list[ProjectOutcome]:
    wanted = policy if isinstance(policy, PolicyDocument) else document(policy)
    values: dict[str, object] = {"since": NOON - 30 * DAY, **more}
    return list(simulate(engine, wanted, present or document(NOTHING), **values))  # type: ignore[arg-type]


def only(engine: Engine, policy: Policy | PolicyDocument, present: PolicyDocument | None = None) -> ProjectOutcome:
    (outcome,) = outcomes(engine, policy, present)
    return outcome


# --- verdicts ---------------------------------------------------------------------------------------------------------


def test_what_would_have_been_blocked_is_counted_with_its_cause(shop: Engine) -> None:
    with write_session(shop) as opened:
        stored(opened, HIGH, LOW, scan_id="1", iid=7)
        stored(opened, LOW, scan_id="2", iid=8)
    assert only(shop, SEVERE) == ProjectOutcome(
        project_id=SHOP,
        project="shop/backend",
        scans=2,
        merge_requests=2,
        before={Outcome.PASSED: 2},
        after={Outcome.FAILED: 1, Outcome.PASSED: 1},
        newly_blocked=1,
        blocked_merge_requests=(7,),
        blocking=(Cause("severe", "bandit: B602", 1, "!7 a.py:3"),),
    )


def test_what_would_be_let_through_is_counted_with_what_stopped_it(shop: Engine) -> None:
    with write_session(shop) as opened:
        stored(opened, HIGH, scan_id="1", policy=SEVERE)
    found = only(shop, NOTHING, document(SEVERE))
    assert (found.newly_let_through, found.newly_blocked) == (1, 0)
    assert found.releasing == (Cause("severe", "bandit: B602", 1, "!7 a.py:3"),)


def test_the_policy_in_force_makes_no_difference(shop: Engine) -> None:
    with write_session(shop) as opened:
        stored(opened, HIGH, LOW, scan_id="1", policy=SEVERE)
        stored(opened, LOW, scan_id="2", policy=SEVERE, iid=8)
    found = only(shop, SEVERE, document(SEVERE))
    assert (found.before, found.newly_blocked, found.newly_let_through) == (found.after, 0, 0)
    assert (found.other_policy, found.without_decision) == (0, 0)


def test_a_rule_on_trial_shows_what_it_would_have_seen(shop: Engine) -> None:
    with write_session(shop) as opened:
        stored(opened, HIGH, LOW, scan_id="1")
    found = only(shop, Policy(monitor=(PolicyRule("on trial", severity=Severity.HIGH),)))
    assert found.monitored == (Cause("on trial", "bandit: B602", 1, "!7 a.py:3"),)
    assert (found.before, found.newly_blocked) == (found.after, 0)


def test_a_finding_counts_once_in_a_merge_request_however_often_it_was_scanned(shop: Engine) -> None:
    with write_session(shop) as opened:
        for number in range(4):
            stored(opened, HIGH, scan_id=f"{number}", at=NOON + number * DAY)
        stored(opened, HIGH, scan_id="other", iid=8)
    found = only(shop, SEVERE)
    assert (found.scans, found.merge_requests, found.newly_blocked) == (5, 2, 5)
    assert [cause.count for cause in found.blocking] == [2]


def test_a_merge_request_that_is_blocked_no_more_by_its_newest_scan_is_not_listed(shop: Engine) -> None:
    with write_session(shop) as opened:
        stored(opened, HIGH, scan_id="1")
        stored(opened, scan_id="2", at=NOON + DAY)
    found = only(shop, SEVERE)
    assert (found.newly_blocked, found.blocked_merge_requests) == (1, ())


def test_few_causes_and_merge_requests_are_named_the_most_frequent_first(shop: Engine) -> None:
    with write_session(shop) as opened:
        for iid in range(1, 15):
            rules = [finding(rule=f"R{n:02}", fingerprint=f"{n:064}") for n in range(iid)]
            stored(opened, *rules, scan_id=f"{iid}", iid=iid)
    found = only(shop, SEVERE)
    assert len(found.blocking) == len(found.blocked_merge_requests) == MOST_SHOWN
    assert [cause.count for cause in found.blocking] == sorted((cause.count for cause in found.blocking), reverse=True)
    assert found.blocking[0] == Cause("severe", "bandit: R00", 14, "!1 app.py:1")


@pytest.mark.parametrize("status", [ScannerStatus.FAILED, ScannerStatus.TIMED_OUT])
def test_a_scanner_that_is_asked_for_and_gave_no_answer_is_a_cause(shop: Engine, status: ScannerStatus) -> None:
    with write_session(shop) as opened:
        stored(opened, scan_id="1", runs=[run("semgrep", status, reason="took too long")])
    found = only(shop, Policy(required_scanners=frozenset({"semgrep"})))
    assert found.after == {Outcome.NOT_ASSESSED: 1}
    assert found.blocking == (Cause("scanner_not_assessed", "semgrep", 1, "!7"),)
    tolerant = only(shop, Policy(required_scanners=frozenset({"semgrep"}), not_assessed=WhenNotAssessed.ALLOW))
    assert (tolerant.after, tolerant.newly_blocked) == ({Outcome.NOT_ASSESSED: 1}, 0)


def test_a_scan_that_was_given_up_stays_not_assessed(shop: Engine) -> None:
    failed = Reason(ReasonCode.SCAN_FAILED, detail="git is not installed")
    with write_session(shop) as opened:
        made = not_assessed(failed.detail)
        stored(opened, scan_id="1", decision=made, with_decision=False)
        inputs = DecisionInputs(extra_reasons=(failed,))
        stored(opened, scan_id="2", decision=made, inputs=inputs, iid=8)
    found = only(shop, NOTHING)
    assert found.after == found.before == {Outcome.NOT_ASSESSED: 2}


# --- what was known then ----------------------------------------------------------------------------------------------


def test_exceptions_confirmations_and_facts_are_those_of_then(shop: Engine) -> None:
    excused = DecisionInputs(suppressed={"a" * 64: Suppressed("a" * 64, 3, "accepted")})
    confirmed = DecisionInputs(confirmed=frozenset({"a" * 64}))
    exploited = DecisionInputs(context=Context("main", facts={"a" * 64: Facts(kev=True)}, today=date(2026, 3, 1)))
    package = replace(HIGH, kind=FindingKind.DEPENDENCY)
    with write_session(shop) as opened:
        stored(opened, HIGH, scan_id="1", iid=1, inputs=excused)
        stored(opened, HIGH, scan_id="2", iid=2, inputs=confirmed, presence=Presence.CHANGED)
        stored(opened, package, scan_id="3", iid=3, inputs=exploited)
        stored(opened, HIGH, scan_id="4", iid=4)
    assert only(shop, SEVERE).blocked_merge_requests == (3, 4)
    assert only(shop, Policy(block=(PolicyRule("exploited", kev=True),))).blocked_merge_requests == (3,)


def test_what_a_comment_in_the_code_excuses_is_for_the_new_policy_to_say(shop: Engine) -> None:
    asked = finding("a.py", 3, rule="nosec", scanner="suppressions", kind=FindingKind.SUPPRESSION, fingerprint="c" * 64)
    asked = replace(asked, severity=Severity.LOW, silences=Silences("bandit", Reach.LINE, None))
    honouring = replace(SEVERE, in_code=InCode.HONOUR)
    by_comment = DecisionInputs(suppressed={"a" * 64: Suppressed("a" * 64, None, "the code itself asks")})
    with write_session(shop) as opened:
        stored(opened, HIGH, asked, scan_id="1", iid=1, policy=honouring, inputs=by_comment)
        stored(opened, HIGH, asked, scan_id="2", iid=2, policy=SEVERE)
    (shown,) = outcomes(shop, SEVERE)
    assert (shown.newly_blocked, shown.blocked_merge_requests) == (1, (1,))
    (honoured,) = outcomes(shop, honouring)
    assert (honoured.newly_let_through, honoured.after) == (1, {Outcome.PASSED: 2})


def test_scans_without_a_decision_are_judged_by_what_the_scan_says_and_counted(shop: Engine) -> None:
    with write_session(shop) as opened:
        stored(opened, HIGH, scan_id="1", with_decision=False)
        excused = (Suppressed("a" * 64, 3, "accepted"),)
        made = GateDecision(Outcome.PASSED, policy_digest=SEVERE.digest, suppressed=excused)
        stored(opened, HIGH, scan_id="2", iid=8, with_decision=False, decision=made)
    found = only(shop, SEVERE)
    assert (found.without_decision, found.blocked_merge_requests) == (2, (7,))


def test_what_was_said_of_the_old_policy_is_not_said_of_the_new(shop: Engine) -> None:
    inputs = DecisionInputs(
        extra_reasons=(
            Reason(ReasonCode.POLICY_NOT_CURRENT, "policy.yml", "x"),
            Reason(ReasonCode.PROJECT_POLICY_REFUSED, "block", "x"),
        )
    )
    ignored = DecisionInputs(extra_reasons=(Reason(ReasonCode.PROJECT_POLICY_IGNORED, ".mergewarden.yml", "x"),))
    with write_session(shop) as opened:
        stored(opened, scan_id="1", inputs=inputs)
        stored(opened, scan_id="2", inputs=ignored, iid=8)
    found = only(shop, SEVERE)
    assert (found.before, found.after) == ({Outcome.WARNED: 2}, {Outcome.PASSED: 1, Outcome.WARNED: 1})


# --- layers and projects ----------------------------------------------------------------------------------------------


def test_groups_of_now_and_overrides_of_the_new_file_count(shop: Engine) -> None:
    with write_session(shop) as opened:
        stored(opened, LOW, scan_id="1")
        stored(opened, LOW, scan_id="2", project_id=BANK)
    groups = GroupFile("shop", "groups/shop.yml", "x", "version: 1\nblock: [{name: all}]\n")
    present = LayeredPolicy("old.yml", NOTHING, (), (groups,))
    override = ProjectOverride("bank/**", load_project_policy("version: 1\nwarn: [{name: look}]\n"))
    shop_outcome, bank_outcome = outcomes(shop, document(SEVERE, override), present)
    assert (shop_outcome.blocking[0].rule, shop_outcome.newly_blocked) == ("all", 1)
    assert bank_outcome.after == {Outcome.WARNED: 1}


def test_a_project_below_a_wrong_group_file_is_named_and_the_others_are_judged(shop: Engine) -> None:
    with write_session(shop) as opened:
        stored(opened, HIGH, scan_id="1")
        stored(opened, HIGH, scan_id="2", project_id=BANK)
    groups = GroupFile("shop", "groups/shop.yml", "x", "version: 1\nblok: []\n")
    shop_outcome, bank_outcome = outcomes(shop, SEVERE, LayeredPolicy("old.yml", NOTHING, (), (groups,)))
    assert shop_outcome.unjudged.startswith("groups/shop.yml:2: 'blok' is not a setting")
    assert (shop_outcome.scans, bank_outcome.newly_blocked) == (0, 1)


def test_a_policy_then_that_is_not_the_one_of_now_is_counted(shop: Engine) -> None:
    with write_session(shop) as opened:
        stored(opened, HIGH, scan_id="1", policy=SEVERE)
        stored(opened, HIGH, scan_id="2", policy=NOTHING, iid=8)
    assert only(shop, NOTHING, document(SEVERE)).other_policy == 1


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("shop/**", [SHOP]),
        ("SHOP/*", [SHOP]),
        ("bank/core", [BANK]),
        ("*/core", [BANK]),
        ("**", [SHOP, BANK]),
        ("x", []),
    ],
)
def test_projects_are_chosen_by_pattern(shop: Engine, pattern: str, expected: list[int]) -> None:
    with write_session(shop) as opened:
        stored(opened, scan_id="1")
        stored(opened, scan_id="2", project_id=BANK)
    assert [outcome.project_id for outcome in outcomes(shop, NOTHING, pattern=pattern)] == expected


def test_old_scans_count_only_as_the_last_of_an_open_merge_request(shop: Engine) -> None:
    old = NOON - 90 * DAY
    with write_session(shop) as opened:
        for iid in (1, 2, 3):
            stored(opened, HIGH, scan_id=f"before-{iid}", iid=iid, at=old - DAY)
            stored(opened, HIGH, scan_id=f"last-{iid}", iid=iid, at=old)
        for iid in (1, 2):
            raised = raise_sequence(opened, SHOP, iid, head_sha="2" * 40)
            mark_scanned(
                opened, SHOP, iid, sequence=raised.sequence, scan_id=f"last-{iid}", head_sha="2" * 40, base_sha=None
            )
        close_head(opened, SHOP, 2, HeadState.MERGED)
    assert only(shop, SEVERE).blocked_merge_requests == (1,)
    assert only(shop, SEVERE).scans == 1


def test_branches_are_left_out(shop: Engine) -> None:
    subject = Subject("shop/backend", "", None, "main", None, "2" * 40)
    report = ScanReport(subject, (), (), GateDecision(Outcome.PASSED), NOON, 1.0, 1, 1)
    with write_session(shop) as opened:
        record_scan(opened, report, project_id=SHOP, scan_id="branch")
    assert outcomes(shop, SEVERE) == []


# --- at scale ---------------------------------------------------------------------------------------------------------


def test_the_number_of_queries_depends_on_batches_and_not_on_scans(shop: Engine) -> None:
    with write_session(shop) as opened:
        for number in range(30):
            stored(opened, HIGH, LOW, scan_id=f"{number:03}", iid=number + 1, at=NOON)
    with counted(shop) as few:
        whole = outcomes(shop, SEVERE)
    with counted(shop) as many:
        split = outcomes(shop, SEVERE, batch_findings=10)
    assert whole == split
    # Projects and two pages of places; then scans, findings, runs and decisions for each batch.
    assert len(few) == 3 + 4
    assert len(many) == 3 + 4 * 6


def test_a_batch_never_holds_more_findings_than_allowed_unless_one_scan_does() -> None:
    places = [ScanPlace(SHOP, n, NOON, f"{n}", size, is_last=True) for n, size in enumerate((3, 9, 1, 1, 8, 0, 20, 1))]
    batches = list(simulation._batches(places, 10))
    assert [place for batch in batches for place in batch] == places
    assert all(len(batch) == 1 or sum(place.findings for place in batch) <= 10 for batch in batches)


_policies = st.builds(
    Policy,
    block=st.lists(st.builds(PolicyRule, st.just("b"), st.sampled_from(Severity)), max_size=1).map(tuple),
    warn=st.lists(st.builds(PolicyRule, st.just("w"), st.sampled_from(Severity)), max_size=1).map(tuple),
    not_assessed=st.sampled_from(WhenNotAssessed),
    required_scanners=st.frozensets(st.sampled_from(["semgrep"])),
)
_scans = st.lists(
    st.tuples(
        st.integers(1, 3),
        st.lists(
            st.builds(finding, severity=st.sampled_from(Severity), fingerprint=st.sampled_from(["a", "b"])), max_size=2
        ),
    ),
    max_size=6,
)


@settings(max_examples=examples(25), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(_policies, _policies, _scans, st.integers(1, 4))
def test_figures_always_add_up(
    tmp_path_factory: pytest.TempPathFactory,
    migrated_sqlite: object,
    then: Policy,
    now: Policy,
    made: list[tuple[int, list[Finding]]],
    batch: int,
) -> None:
    place = tmp_path_factory.mktemp("simulated") / "store.db"
    shutil.copyfile(str(migrated_sqlite), place)
    engine = open_engine(f"sqlite:///{place}")
    blocked = released = 0
    with write_session(engine) as opened:
        for number, (iid, findings) in enumerate(made):
            report = stored(opened, *findings, scan_id=f"{number}", iid=iid, policy=then, at=NOON + number * DAY)
            before, after = report.decision, evaluate(now, report.tracked, ())
            blocked += before.lets_through and not after.lets_through
            released += after.lets_through and not before.lets_through
    found = outcomes(engine, now, document(then), batch_findings=batch)
    engine.dispose()
    if not made:
        assert found == []
        return
    (outcome,) = found
    assert outcome.scans == len(made) == sum(outcome.before.values()) == sum(outcome.after.values())
    assert outcome.merge_requests == len({iid for iid, _ in made})
    assert (outcome.newly_blocked, outcome.newly_let_through) == (blocked, released)
    assert bool(outcome.blocking) == bool(blocked)
    assert bool(outcome.releasing) == bool(released)
