"""Decisions: added and never changed, and made again exactly, from what is stored alone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields, replace
from datetime import date, datetime, timedelta
from itertools import count
from pathlib import PurePosixPath
from threading import Event, Thread

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, delete, func, select, text, update
from sqlalchemy.orm import Session

from bot.domain.circumstances import Context, Facts
from bot.domain.gate import evaluate, not_assessed, with_reasons
from bot.domain.policy import (
    AdvisoryRules,
    IgnoredPath,
    InCode,
    OnChanged,
    Policy,
    PolicyRule,
    RuleMode,
    Sla,
    Unread,
    WhenNotAssessed,
)
from bot.domain.verdict import (
    Effect,
    GateDecision,
    Outcome,
    Presence,
    Reason,
    ReasonCode,
    ScanReport,
    Subject,
    Suppressed,
    TrackedFinding,
    Violation,
)
from bot.store.decisions import (
    DecisionInputs,
    NotReplayable,
    decision_from_json,
    decision_to_json,
    get_decision,
    inputs_from_json,
    inputs_to_json,
    last_decision,
    last_decisions,
    policy_of,
    record_decision,
    replay,
)
from bot.store.engine import session, write_session
from bot.store.policies import purge_snapshots, snapshot
from bot.store.scans import purge_scans, record_scan
from bot.store.statements import table
from bot.store.tables import DecisionRecord, PolicySnapshotRecord
from scanners.finding import Confidence, Dependency, Finding, FindingKind, Location, Severity
from scanners.interface import Gap, GapReason, ScannerRun, ScannerStatus
from tests.examples import examples
from tests.store.counting import counted
from tests.store.samples import DEPENDENCY, NOON, REPORT, SAST

PROJECT, IID = 5, 7
DAY = timedelta(days=1)
STRICT = Policy(block=(PolicyRule("severe", severity=Severity.HIGH),), layers=("policy.yml", ".mergewarden.yml@abc"))
_numbers = count(1)


def decided(policy: Policy, report: ScanReport, inputs: DecisionInputs) -> GateDecision:
    decision = evaluate(
        policy,
        report.tracked,
        report.runs,
        confirmed=inputs.confirmed,
        suppressed=inputs.suppressed,
        context=inputs.context,
    )
    return with_reasons(decision, inputs.extra_reasons)


def store(
    opened: Session,
    report: ScanReport = REPORT,
    policy: Policy = STRICT,
    inputs: DecisionInputs | None = None,
    *,
    scan_id: str = "scan-1",
    at: datetime = NOON,
    because: str = "scan",
    decision: GateDecision | None = None,
    iid: int = IID,
) -> int:
    inputs = inputs or DecisionInputs()
    made = decision or decided(policy, report, inputs)
    subject = replace(report.subject, merge_request_iid=iid)
    record_scan(opened, replace(report, subject=subject, decision=made), project_id=PROJECT, scan_id=scan_id)
    return record_decision(
        opened,
        scan_id=scan_id,
        project_id=PROJECT,
        iid=iid,
        at=at,
        because=because,
        policy=policy,
        inputs=inputs,
        decision=made,
    )


def how_many(opened: Session, record: type[DecisionRecord] | type[PolicySnapshotRecord]) -> int:
    return int(opened.execute(select(func.count()).select_from(table(record))).scalar_one())


# --- there and back ---------------------------------------------------------------------------------------------------


def test_a_decision_is_loaded_as_it_was_made(engine: Engine) -> None:
    inputs = DecisionInputs(
        confirmed=frozenset({"f1" * 32}),
        suppressed={"d1" * 32: Suppressed("d1" * 32, 3, "accepted by alice until 2026-12-31")},
        context=Context("main", frozenset({"urgent", "\ud800"}), True, date(2026, 3, 1), {"d1" * 32: Facts(epss=0.3)}),
        extra_reasons=(Reason(ReasonCode.POLICY_NOT_CURRENT, "policy.yml", "policy.yml:1: not YAML"),),
    )
    with write_session(engine) as opened:
        number = store(opened, inputs=inputs, because="decided")
    with session(engine) as opened:
        found = last_decision(opened, PROJECT, IID)
        assert found is not None
        assert found == get_decision(opened, number)
        assert (found.id, found.scan_id, found.because, found.at, found.iid) == (number, "scan-1", "decided", NOON, IID)
        assert found.inputs == inputs
        assert found.decision == decided(STRICT, REPORT, inputs)
        assert found.layers == ("policy.yml", ".mergewarden.yml@abc")
        assert policy_of(opened, found) == STRICT
        assert replay(opened, found) == found.decision


def test_the_last_decision_is_the_one_that_was_added_last_whatever_the_clocks_say(engine: Engine) -> None:
    with write_session(engine) as opened:
        store(opened, at=NOON + DAY, because="older")
        store(opened, scan_id="newest", at=NOON, because="newest")
        store(opened, scan_id="other", at=NOON + 2 * DAY, iid=8)
    with session(engine) as opened:
        found = last_decision(opened, PROJECT, IID)
        assert found is not None
        assert found.because == "newest"
        assert last_decision(opened, PROJECT, 9) is None
        assert last_decision(opened, 6, IID) is None


def test_the_same_decision_again_is_the_one_that_is_there(engine: Engine) -> None:
    """A step may run twice, and a merge request is looked at again far more often than anything changes."""
    changed = DecisionInputs(context=Context(draft=True))
    with write_session(engine) as opened:
        first = store(opened)
        assert store(opened, at=NOON + DAY, because="decided") == first
        second = store(opened, inputs=changed, at=NOON + DAY)
        assert second != first
        # Not the first one again: what is true now has to be the newest.
        assert store(opened, at=NOON + 2 * DAY) not in (first, second)
        assert how_many(opened, DecisionRecord) == 3
        assert how_many(opened, PolicySnapshotRecord) == 1


def test_the_last_decisions_of_many_scans_take_one_statement(engine: Engine) -> None:
    with write_session(engine) as opened:
        for number in range(20):
            store(opened, scan_id=f"scan-{number}", at=NOON)
            store(opened, scan_id=f"scan-{number}", at=NOON + DAY, policy=replace(STRICT, max_threads=number + 30))
    with session(engine) as opened, counted(engine) as statements:
        found = last_decisions(opened, [f"scan-{number}" for number in range(25)])
    assert len(statements) == 1
    assert len(found) == 20
    assert {stored.at for stored in found.values()} == {NOON + DAY}


# --- replay -----------------------------------------------------------------------------------------------------------

_marks = st.sampled_from(["a1" * 32, "b2" * 32, "c3" * 32, ""])
_words = st.text(alphabet=st.characters(codec=None), max_size=8)
_patterns = st.lists(st.sampled_from(["*.py", "/src/", "tests/**"]), max_size=1).map(tuple)
_switch = st.none() | st.booleans()
_rules = st.builds(
    PolicyRule,
    name=_words,
    severity=st.sampled_from(Severity),
    confidence=st.sampled_from(Confidence),
    kinds=st.frozensets(st.sampled_from(FindingKind), min_size=1),
    paths=_patterns,
    exclude_paths=_patterns,
    presences=st.frozensets(st.sampled_from([Presence.NEW, Presence.CHANGED, Presence.EXISTING]), min_size=1),
    cwes=st.frozensets(st.sampled_from([79, 89]), max_size=1),
    rules=st.lists(st.sampled_from(["python.*", "CVE-*"]), max_size=1).map(tuple),
    scanners=st.lists(st.sampled_from(["semgrep", "pip-*"]), max_size=1).map(tuple),
    fix_available=_switch,
    epss=st.none() | st.floats(0, 1),
    kev=_switch,
    licences=st.lists(st.sampled_from(["AGPL-*", "unknown"]), max_size=1).map(tuple),
    overdue=st.booleans(),
    branches=st.lists(st.sampled_from(["main", "release/*"]), max_size=1).map(tuple),
    labels=st.frozensets(st.sampled_from(["urgent", "security"]), max_size=1),
    draft=_switch,
)
_unread = st.sampled_from(Unread)
_days = st.integers(1, 400)
_policies = st.builds(
    Policy,
    block=st.lists(_rules, max_size=2).map(tuple),
    warn=st.lists(_rules, max_size=2).map(tuple),
    monitor=st.lists(_rules, max_size=2).map(tuple),
    rule_modes=st.lists(
        st.builds(
            RuleMode,
            st.sampled_from([Effect.MONITOR, Effect.COMMENT]),
            st.just(("python.*",)),
            st.sampled_from([(), ("semgrep",)]),
            _words,
        ),
        max_size=1,
    ).map(tuple),
    required_scanners=st.frozensets(st.sampled_from(["semgrep", "bandit", "pip-audit"]), max_size=2),
    max_threads=st.integers(1, 100),
    unread_files=_unread,
    unpinned=_unread,
    failed_scanners=_unread,
    missing_facts=_unread,
    not_assessed=st.sampled_from(WhenNotAssessed),
    changed=st.sampled_from(OnChanged),
    in_code=st.sampled_from(InCode),
    ignore_paths=st.lists(st.builds(IgnoredPath, st.just("tests/"), _words), max_size=1).map(tuple),
    advisories=st.builds(AdvisoryRules, st.none() | _days, _unread),
    sla=st.builds(Sla, _days, _days, _days, _days),
)
_places = st.sampled_from(["src/a.py", "tests/b.py", "requirements.txt", "odd\udce9\n.py"])
_findings = st.builds(
    Finding,
    scanner=st.sampled_from(["semgrep", "pip-audit"]),
    rule_id=st.sampled_from(["python.sql", "CVE-2026-1", "x"]),
    kind=st.sampled_from(FindingKind),
    severity=st.sampled_from(Severity),
    confidence=st.sampled_from(Confidence),
    title=_words,
    message=_words,
    location=_places.map(lambda path: Location(PurePosixPath(path))),
    cwes=st.sampled_from([(), (89,), (79, 89)]),
    dependency=st.none() | st.just(Dependency("PyPI", "sample", "1.0", ("CVE-2026-1",), ("1.1",))),
    fingerprint=_marks,
)
_tracked = st.builds(TrackedFinding, _findings, st.sampled_from(Presence))
_gaps = st.builds(Gap, _places.map(PurePosixPath), st.sampled_from(GapReason), _words)
_runs = st.builds(
    ScannerRun,
    st.sampled_from(["semgrep", "bandit", "pip-audit"]),
    st.sampled_from(FindingKind),
    st.just("1"),
    st.sampled_from(ScannerStatus),
    reason=_words,
    gaps=st.lists(_gaps, max_size=2).map(tuple),
    data_date=st.none() | st.dates(),
)
_facts = st.builds(
    Facts,
    epss=st.none() | st.floats(0, 1),
    kev=_switch,
    licences=st.none() | st.lists(st.sampled_from(["MIT", "AGPL-3.0-only OR MIT", "\ud800"]), max_size=2).map(tuple),
    first_seen=st.none() | st.dates(),
)
_contexts = st.builds(
    Context,
    target_branch=st.sampled_from(["", "main", "release/1"]) | _words,
    labels=st.frozensets(st.sampled_from(["Urgent", "other"]) | _words, max_size=2),
    draft=st.booleans(),
    today=st.none() | st.dates(),
    facts=st.dictionaries(_marks, _facts, max_size=3),
)
_inputs = st.builds(
    DecisionInputs,
    confirmed=st.frozensets(_marks, max_size=2),
    suppressed=st.dictionaries(
        _marks, st.builds(Suppressed, _marks, st.none() | st.integers(1, 9), _words), max_size=2
    ),
    context=_contexts,
    extra_reasons=st.lists(
        st.builds(
            Reason,
            st.sampled_from(
                [
                    ReasonCode.POLICY_NOT_CURRENT,
                    ReasonCode.PROJECT_POLICY_IGNORED,
                    ReasonCode.PROJECT_POLICY_REFUSED,
                ]
            ),
            _words,
            _words,
        ),
        max_size=2,
    ).map(tuple),
)
_reports = st.builds(
    lambda tracked, runs: ScanReport(
        Subject("shop/backend", merge_request_iid=IID), tracked, runs, GateDecision(Outcome.PASSED), NOON, 0.0, 0, 0
    ),
    st.lists(_tracked, max_size=5).map(tuple),
    st.lists(_runs, max_size=3, unique_by=lambda run: run.scanner).map(tuple),
)


@settings(max_examples=examples(60), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(_policies, _reports, _inputs)
def test_every_decision_is_made_again_exactly(
    engine: Engine, policy: Policy, report: ScanReport, inputs: DecisionInputs
) -> None:
    scan_id = f"scan-{next(_numbers)}"
    made = decided(policy, report, inputs)
    with write_session(engine) as opened:
        number = store(opened, report, policy, inputs, scan_id=scan_id)
    with session(engine) as opened:
        stored = get_decision(opened, number)
        assert stored is not None
        assert (stored.inputs, stored.decision) == (inputs, made)
        assert snapshot(opened, policy.digest) == policy
        assert replay(opened, stored) == made


@settings(deadline=None)
@given(
    _inputs,
    st.builds(
        GateDecision,
        st.sampled_from(Outcome),
        st.lists(st.builds(Violation, _marks, _words, st.sampled_from(Effect)), max_size=3).map(tuple),
        st.lists(st.builds(Reason, st.sampled_from(ReasonCode), _words, _words), max_size=3).map(tuple),
        _words,
        st.lists(st.builds(Suppressed, _marks, st.none() | st.integers(1, 9), _words), max_size=3).map(tuple),
        st.booleans(),
    ),
)
def test_inputs_and_decisions_survive_as_json(inputs: DecisionInputs, decision: GateDecision) -> None:
    assert inputs_from_json(inputs_to_json(inputs)) == inputs
    assert decision_from_json(decision_to_json(decision), decision.policy_digest) == decision


def test_every_field_of_a_decision_is_stored() -> None:
    """A new field that nobody stores would be lost in silence."""
    assert {f.name for f in fields(GateDecision) if f.init} == {
        *decision_to_json(GateDecision(Outcome.PASSED)),
        "policy_digest",
    }
    assert {f.name for f in fields(DecisionInputs)} == set(inputs_to_json(DecisionInputs()))


def test_a_scan_that_was_given_up_is_replayed_as_that(engine: Engine) -> None:
    failed = Reason(ReasonCode.SCAN_FAILED, detail="git fetch: no answer after 300 s")
    made = not_assessed(failed.detail, policy_digest=STRICT.digest)
    empty = replace(REPORT, tracked=(), runs=())
    with write_session(engine) as opened:
        number = store(opened, empty, inputs=DecisionInputs(extra_reasons=(failed,)), decision=made)
    with session(engine) as opened:
        stored = get_decision(opened, number)
        assert stored is not None
        assert replay(opened, stored) == made


def test_what_the_world_says_today_does_not_matter(engine: Engine) -> None:
    """The same policy and scan decide otherwise once more is known; the earlier decision stays what it was."""
    policy = Policy(block=(PolicyRule("exploited", kev=True),))
    report = replace(REPORT, tracked=(TrackedFinding(DEPENDENCY, Presence.NEW),), runs=())
    mark = DEPENDENCY.fingerprint
    with write_session(engine) as opened:
        before = store(opened, report, policy, DecisionInputs(context=Context(facts={mark: Facts(kev=False)})))
        after = store(opened, report, policy, DecisionInputs(context=Context(facts={mark: Facts(kev=True)})))
    with session(engine) as opened:
        outcomes = []
        for number in (before, after):
            stored = get_decision(opened, number)
            assert stored is not None
            outcomes.append(replay(opened, stored).outcome)
    assert outcomes == [Outcome.PASSED, Outcome.FAILED]


def test_a_decision_that_was_tampered_with_does_not_replay(engine: Engine) -> None:
    with write_session(engine) as opened:
        number = store(opened)
        passed = decision_to_json(GateDecision(Outcome.PASSED))
        records = table(DecisionRecord)
        opened.execute(update(records).where(records.c.id == number).values(result=passed, outcome=Outcome.PASSED))
    with session(engine) as opened:
        stored = get_decision(opened, number)
        assert stored is not None
        assert replay(opened, stored) != stored.decision


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda document: {**document, "version": 99}, "another release"),
        (lambda document: {key: value for key, value in document.items() if key != "sla"}, "another release"),
        (lambda document: {**document, "max_threads": 3}, "its digest is another one"),
    ],
    ids=["format", "setting", "value"],
)
def test_a_snapshot_that_is_not_the_policy_is_said_and_not_used(engine: Engine, change: object, says: str) -> None:
    records = table(PolicySnapshotRecord)
    with write_session(engine) as opened:
        number = store(opened)
        document = opened.execute(select(records.c.document)).scalar_one()
        opened.execute(update(records).values(document=change(document)))  # type: ignore[operator]
    with session(engine) as opened:
        stored = get_decision(opened, number)
        assert stored is not None
        with pytest.raises(NotReplayable, match=says):
            replay(opened, stored)


# --- purging ----------------------------------------------------------------------------------------------------------


def test_decisions_go_with_their_scan_and_snapshots_with_their_last_decision(engine: Engine) -> None:
    other = replace(STRICT, max_threads=3)
    with write_session(engine) as opened:
        store(opened, replace(REPORT, started_at=NOON - 9 * DAY), other, scan_id="old", at=NOON - 9 * DAY)
        store(opened, scan_id="new")
        assert purge_snapshots(opened, before=NOON + DAY) == 0
        assert purge_scans(opened, before=NOON - 5 * DAY) == 1
    with write_session(engine) as opened:
        assert how_many(opened, DecisionRecord) == 1
        assert purge_snapshots(opened, before=NOON - 9 * DAY) == 0
        assert purge_snapshots(opened, before=NOON) == 1
        assert (snapshot(opened, other.digest), snapshot(opened, STRICT.digest)) == (None, STRICT)
        opened.execute(delete(table(PolicySnapshotRecord)))
    with session(engine) as opened:
        stored = last_decision(opened, PROJECT, IID)
        assert stored is not None
        with pytest.raises(NotReplayable, match="is not in the store"):
            replay(opened, stored)


@contextmanager
def in_another_thread(action: object) -> Iterator[Thread]:
    thread = Thread(target=action, daemon=True)  # type: ignore[arg-type]
    thread.start()
    yield thread
    thread.join(20)
    assert not thread.is_alive()


def test_a_snapshot_is_not_purged_while_a_decision_is_written(engine: Engine) -> None:
    with write_session(engine) as opened:
        number = store(opened)
        opened.execute(delete(table(DecisionRecord)))
    assert number
    done = Event()

    def purge() -> None:
        with write_session(engine) as opened:
            purge_snapshots(opened, before=NOON + DAY)
        done.set()

    with write_session(engine) as opened:
        store(opened)
        thread = Thread(target=purge, daemon=True)
        thread.start()
        if engine.dialect.name == "postgresql":
            assert done.wait(20)  # what is in use is skipped, not waited for
    thread.join(20)
    assert done.is_set()
    with session(engine) as opened:
        stored = last_decision(opened, PROJECT, IID)
        assert stored is not None
        assert replay(opened, stored) == stored.decision


def test_two_processes_may_store_the_same_policy_at_once(engine: Engine) -> None:
    if engine.dialect.name == "sqlite":
        pytest.skip("SQLite has one writer at a time")
    finished = Event()

    def other() -> None:
        with write_session(engine) as opened:
            store(opened, scan_id="theirs", iid=8)
        finished.set()

    with write_session(engine) as opened:
        store(opened, scan_id="ours")
        thread = Thread(target=other, daemon=True)
        thread.start()
        opened.execute(text("SELECT pg_sleep(0.2)"))
        assert not finished.is_set()  # it waits for our commit, and then finds the policy there
    thread.join(20)
    assert finished.is_set()
    with session(engine) as opened:
        assert how_many(opened, PolicySnapshotRecord) == 1
        assert how_many(opened, DecisionRecord) == 2


def test_storing_a_decision_takes_few_statements_however_many_findings(engine: Engine) -> None:
    many = tuple(TrackedFinding(replace(SAST, fingerprint=f"{n:064x}"), Presence.NEW) for n in range(300))
    facts = {f"{n:064x}": Facts(epss=0.5) for n in range(300)}
    report = replace(REPORT, tracked=many, runs=REPORT.runs[:1])
    inputs = DecisionInputs(context=Context(facts=facts))
    decision = decided(STRICT, report, inputs)
    with write_session(engine) as opened:
        store(opened, report, inputs=DecisionInputs())
        with counted(engine) as statements:
            record_decision(
                opened,
                scan_id="scan-1",
                project_id=PROJECT,
                iid=IID,
                at=NOON,
                because="sync",
                policy=STRICT,
                inputs=inputs,
                decision=decision,
            )
    assert len(statements) <= 5
