"""Passed, warned, failed, not assessed: what the gate makes of findings and scanner runs."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.gate import evaluate, not_assessed, with_reasons
from bot.domain.policy import IgnoredPath, OnChanged, Policy, PolicyRule, Unread
from bot.domain.verdict import Outcome, Presence, Reason, ReasonCode, Suppressed, TrackedFinding
from scanners.finding import Confidence, FindingKind, Severity
from scanners.interface import Gap, GapReason, ScannerRun, ScannerStatus
from tests.domain.builders import finding, run, tracked

PASSED, WARNED, FAILED, NOT_ASSESSED = Outcome.PASSED, Outcome.WARNED, Outcome.FAILED, Outcome.NOT_ASSESSED
POLICY = Policy(
    block=(PolicyRule("severe", Severity.HIGH, Confidence.MEDIUM),),
    warn=(PolicyRule("medium", Severity.MEDIUM),),
    required_scanners=frozenset({"bandit"}),
)
RUNS = [run("bandit")]


@pytest.mark.parametrize(
    ("severity", "confidence", "expected"),
    [
        (Severity.CRITICAL, Confidence.HIGH, FAILED),
        (Severity.HIGH, Confidence.MEDIUM, FAILED),
        (Severity.HIGH, Confidence.LOW, WARNED),
        (Severity.MEDIUM, Confidence.HIGH, WARNED),
        (Severity.LOW, Confidence.HIGH, PASSED),
    ],
)
def test_new_finding_counts_from_its_threshold_on(
    severity: Severity, confidence: Confidence, expected: Outcome
) -> None:
    found = tracked(finding(severity=severity, confidence=confidence))
    assert evaluate(POLICY, [found], RUNS).outcome is expected


@pytest.mark.parametrize("presence", [Presence.EXISTING, Presence.FIXED])
def test_what_was_there_before_and_what_is_gone_never_counts(presence: Presence) -> None:
    decision = evaluate(POLICY, [tracked(finding(severity=Severity.CRITICAL), presence)], RUNS)
    assert (decision.outcome, decision.violations) == (PASSED, ())


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (PolicyRule("r", kinds=frozenset({FindingKind.SAST})), FAILED),
        (PolicyRule("r", kinds=frozenset({FindingKind.SECRET})), PASSED),
        (PolicyRule("r", paths=("src/",)), FAILED),
        (PolicyRule("r", paths=("lib/", "*.js")), PASSED),
        (PolicyRule("r", exclude_paths=("src/**/*.py",)), PASSED),
        (PolicyRule("r", paths=("src/",), exclude_paths=("tests/",)), FAILED),
        (PolicyRule("r", presences=frozenset({Presence.NEW})), FAILED),
        (PolicyRule("r", presences=frozenset({Presence.CHANGED})), PASSED),
    ],
)
def test_every_condition_of_a_rule_has_to_hold(rule: PolicyRule, expected: Outcome) -> None:
    assert evaluate(Policy(block=(rule,)), [tracked(finding("src/a.py"))], []).outcome is expected


def test_violation_names_the_finding_and_the_rule() -> None:
    decision = evaluate(POLICY, [tracked(finding(fingerprint="f1"))], RUNS)
    (only,) = decision.violations
    assert (only.fingerprint, only.rule, only.blocks) == ("f1", "severe", True)
    assert decision.blocks("f1")
    assert not decision.blocks("f2")
    assert decision.policy_digest == POLICY.digest


# --- changed findings -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("setting", "confirmed", "expected"),
    [
        (OnChanged.BLOCK, (), FAILED),
        (OnChanged.BLOCK, ("other",), FAILED),
        (OnChanged.BLOCK, ("f1",), PASSED),
        (OnChanged.WARN, (), WARNED),
        (OnChanged.WARN, ("f1",), PASSED),
        (OnChanged.IGNORE, (), PASSED),
    ],
)
def test_changed_finding_blocks_until_confirmed(
    setting: OnChanged, confirmed: tuple[str, ...], expected: Outcome
) -> None:
    found = tracked(finding(fingerprint="f1"), Presence.CHANGED)
    decision = evaluate(replace(POLICY, changed=setting), [found], RUNS, confirmed=frozenset(confirmed))
    assert decision.outcome is expected


def test_new_finding_cannot_be_confirmed_away() -> None:
    decision = evaluate(POLICY, [tracked(finding(fingerprint="f1"))], RUNS, confirmed=frozenset({"f1"}))
    assert decision.outcome is FAILED


def test_finding_without_identity_cannot_be_confirmed() -> None:
    decision = evaluate(POLICY, [tracked(finding(), Presence.CHANGED)], RUNS, confirmed=frozenset({""}))
    assert decision.outcome is FAILED


# --- no answer is not a good answer -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (ScannerStatus.COMPLETED, PASSED),
        (ScannerStatus.NOT_APPLICABLE, PASSED),
        (ScannerStatus.FAILED, NOT_ASSESSED),
        (ScannerStatus.TIMED_OUT, NOT_ASSESSED),
        (ScannerStatus.ABSENT, NOT_ASSESSED),
        (ScannerStatus.CANCELLED, NOT_ASSESSED),
    ],
)
def test_gate_is_not_assessed_when_a_required_scanner_gave_no_answer(status: ScannerStatus, expected: Outcome) -> None:
    assert evaluate(POLICY, [], [run("bandit", status)]).outcome is expected


def test_gate_is_not_assessed_when_a_required_scanner_was_not_run_at_all() -> None:
    decision = evaluate(POLICY, [], [run("semgrep")])
    assert decision.outcome is NOT_ASSESSED
    assert [(r.code, r.subject) for r in decision.reasons] == [(ReasonCode.SCANNER_NOT_ASSESSED, "bandit")]


def test_one_of_two_runs_of_a_required_scanner_is_not_enough() -> None:
    assert evaluate(POLICY, [], [run("bandit"), run("bandit", ScannerStatus.FAILED)]).outcome is NOT_ASSESSED


def test_scanner_that_is_not_required_only_warns_and_gives_its_reason() -> None:
    decision = evaluate(POLICY, [], [*RUNS, run("semgrep", ScannerStatus.FAILED, reason="exit status 2")])
    assert decision.outcome is WARNED
    assert decision.reasons == (Reason(ReasonCode.SCANNER_NOT_ASSESSED, "semgrep", "exit status 2"),)


def test_certain_failure_outweighs_what_is_not_known_and_all_reasons_are_listed() -> None:
    gap = Gap(PurePosixPath("big.py"), GapReason.TOO_LARGE)
    runs = [run("bandit", ScannerStatus.TIMED_OUT, reason="60 s"), run("semgrep", ScannerStatus.COMPLETED, gap)]
    decision = evaluate(POLICY, [tracked(finding())], runs)
    assert decision.outcome is FAILED
    assert decision.reasons == (
        Reason(ReasonCode.SCANNER_NOT_ASSESSED, "bandit", "60 s"),
        Reason(ReasonCode.FILE_NOT_READ, "big.py", "too_large"),
    )


@pytest.mark.parametrize(
    ("reason", "policy", "expected"),
    [
        (GapReason.TOO_LARGE, {}, NOT_ASSESSED),
        (GapReason.PARSE_ERROR, {"unread_files": Unread.WARN}, WARNED),
        (GapReason.SCANNER_ERROR, {"unread_files": Unread.IGNORE}, PASSED),
        (GapReason.NOT_PINNED, {}, WARNED),
        (GapReason.NOT_PINNED, {"unpinned": Unread.NOT_ASSESSED, "unread_files": Unread.IGNORE}, NOT_ASSESSED),
        (GapReason.NOT_PINNED, {"unpinned": Unread.IGNORE}, PASSED),
    ],
)
def test_unread_files_and_unpinned_requirements_follow_their_own_settings(
    reason: GapReason, policy: dict[str, Unread], expected: Outcome
) -> None:
    gap = Gap(PurePosixPath("a.py"), reason)
    decision = evaluate(replace(POLICY, **policy), [], [run("bandit", ScannerStatus.COMPLETED, gap)])  # type: ignore[arg-type]
    assert decision.outcome is expected
    assert bool(decision.reasons) is (expected is not PASSED)


def test_file_that_two_scanners_did_not_read_is_named_once() -> None:
    gap = Gap(PurePosixPath("a.py"), GapReason.TOO_LARGE)
    runs = [run("bandit", ScannerStatus.COMPLETED, gap, gap), run("semgrep", ScannerStatus.COMPLETED, gap)]
    assert evaluate(POLICY, [], runs).reasons == (Reason(ReasonCode.FILE_NOT_READ, "a.py", "too_large"),)


def test_scan_that_did_not_happen_is_not_assessed() -> None:
    decision = not_assessed("the repository could not be read", policy_digest="d")
    assert decision.outcome is NOT_ASSESSED
    assert decision.reasons == (Reason(ReasonCode.SCAN_FAILED, detail="the repository could not be read"),)
    assert decision.policy_digest == "d"


IGNORED = Reason(ReasonCode.PROJECT_POLICY_IGNORED, ".mergewarden.yml", "not YAML")
REFUSED = Reason(ReasonCode.PROJECT_POLICY_REFUSED, "block", "wanted none, kept the organisation's 1")


@pytest.mark.parametrize("before", list(Outcome))
def test_a_policy_that_was_ignored_lifts_a_pass_to_a_warning_and_changes_no_other_outcome(before: Outcome) -> None:
    decision = replace(evaluate(POLICY, [], RUNS), outcome=before, reasons=(REFUSED,))
    after = with_reasons(decision, [IGNORED])
    assert after.outcome is (WARNED if before is PASSED else before)
    assert after == replace(decision, outcome=after.outcome, reasons=(REFUSED, IGNORED))


@pytest.mark.parametrize("before", list(Outcome))
def test_a_refused_wish_only_informs(before: Outcome) -> None:
    decision = replace(evaluate(POLICY, [], RUNS), outcome=before)
    assert with_reasons(decision, [REFUSED]) == replace(decision, reasons=(REFUSED,))
    assert with_reasons(decision, []) == decision


def test_ignored_paths_count_neither_for_findings_nor_for_unread_files() -> None:
    policy = replace(POLICY, ignore_paths=(IgnoredPath("samples/", "vulnerable on purpose"),))
    gap = Gap(PurePosixPath("samples/b.py"), GapReason.TOO_LARGE)
    runs = [run("bandit", ScannerStatus.COMPLETED, gap)]
    assert evaluate(policy, [tracked(finding("samples/a.py"))], runs).outcome is PASSED
    assert evaluate(policy, [tracked(finding("src/a.py"))], runs).outcome is FAILED


# --- for every scan ---------------------------------------------------------------------------------------------------

_TRACKED = st.builds(
    TrackedFinding,
    st.builds(
        finding,
        st.sampled_from(["src/a.py", "tests/b.py"]),
        severity=st.sampled_from(Severity),
        confidence=st.sampled_from(Confidence),
        kind=st.sampled_from(FindingKind),
        fingerprint=st.sampled_from(["", "f1", "f2"]),
    ),
    st.sampled_from(Presence),
)
_RUN = st.builds(
    lambda scanner, status, gaps: run(scanner, status, *gaps),
    st.sampled_from(["bandit", "semgrep"]),
    st.sampled_from(ScannerStatus),
    st.lists(st.builds(Gap, st.just(PurePosixPath("a.py")), st.sampled_from(GapReason)), max_size=2),
)
_ORDER = [PASSED, WARNED, NOT_ASSESSED, FAILED]


@given(st.lists(_TRACKED, max_size=6), st.lists(_RUN, max_size=4), _TRACKED)
def test_one_finding_more_never_makes_the_verdict_better(
    items: list[TrackedFinding], runs: list[ScannerRun], more: TrackedFinding
) -> None:
    before, after = evaluate(POLICY, items, runs), evaluate(POLICY, [*items, more], runs)
    assert _ORDER.index(after.outcome) >= _ORDER.index(before.outcome)


@given(st.lists(_TRACKED, max_size=6), st.lists(_RUN, max_size=4))
def test_nothing_passes_without_the_answer_of_every_required_scanner(
    items: list[TrackedFinding], runs: list[ScannerRun]
) -> None:
    outcome = evaluate(POLICY, items, runs).outcome
    answered = [r.assessed for r in runs if r.scanner == "bandit"]
    if not answered or not all(answered):
        assert outcome in (NOT_ASSESSED, FAILED)


def test_a_thousand_findings_are_judged_in_ten_milliseconds() -> None:
    policy = replace(
        POLICY,
        block=(*POLICY.block, PolicyRule("pathwise", Severity.LOW, paths=("src/**/*.py",), exclude_paths=("tests/",))),
        ignore_paths=(IgnoredPath("vendor/", "not ours"),),
    )
    items = [tracked(finding(f"src/{n % 100}/a.py", severity=list(Severity)[n % 5])) for n in range(1000)]
    best = 1.0
    for _ in range(5):
        started = time.process_time()
        evaluate(policy, items, RUNS)
        best = min(best, time.process_time() - started)
    assert best < 0.01


# --- suppressions -----------------------------------------------------------------------------------------------------


def excused(*fingerprints: str) -> dict[str, Suppressed]:
    return {name: Suppressed(name, 7, "why") for name in fingerprints}


def test_a_suppressed_finding_neither_blocks_nor_warns_and_is_listed() -> None:
    found = [
        tracked(finding(fingerprint="high")),
        tracked(finding(fingerprint="medium", severity=Severity.MEDIUM)),
        tracked(finding(fingerprint="other")),
    ]
    decision = evaluate(POLICY, found, RUNS, suppressed=excused("medium", "high"))
    assert [violation.fingerprint for violation in decision.violations] == ["other"]
    assert [one.fingerprint for one in decision.suppressed] == ["high", "medium"]
    assert decision.excused("high") == Suppressed("high", 7, "why")
    assert decision.excused("other") is None
    everything = evaluate(POLICY, found, RUNS, suppressed=excused("medium", "high", "other"))
    assert (everything.outcome, everything.violations) == (PASSED, ())


def test_only_those_are_listed_for_which_the_suppression_makes_a_difference() -> None:
    unseen = finding(fingerprint="info", severity=Severity.INFO)
    talked_about = finding(fingerprint="low", severity=Severity.LOW)
    found = [
        tracked(unseen),
        tracked(talked_about),
        tracked(finding(fingerprint="old"), Presence.EXISTING),
        tracked(finding(fingerprint="gone"), Presence.FIXED),
    ]
    decision = evaluate(POLICY, found, RUNS, suppressed=excused("info", "low", "old", "gone", "never seen"))
    # Nothing objects to it, but it would have had a discussion.
    assert [one.fingerprint for one in decision.suppressed] == ["low"]


def test_a_finding_without_an_identity_is_never_suppressed() -> None:
    decision = evaluate(POLICY, [tracked(finding(fingerprint=""))], RUNS, suppressed={"": Suppressed("", 7, "why")})
    assert (decision.outcome, decision.suppressed) == (FAILED, ())


def test_a_suppression_is_no_answer_to_what_was_not_assessed() -> None:
    decision = evaluate(POLICY, [tracked(finding(fingerprint="a"))], [], suppressed=excused("a"))
    assert decision.outcome is NOT_ASSESSED


@given(st.lists(st.sampled_from(["a", "b", "c", ""]), max_size=6), st.sets(st.sampled_from(["a", "b", "c", ""])))
def test_every_finding_is_a_violation_or_suppressed_and_never_both(marks: list[str], covered: set[str]) -> None:
    found = [tracked(finding(fingerprint=mark)) for mark in marks]
    decision = evaluate(POLICY, found, RUNS, suppressed=excused(*covered))
    objected = {violation.fingerprint for violation in decision.violations}
    listed = {one.fingerprint for one in decision.suppressed}
    assert objected | listed == set(marks)
    assert not objected & listed
    assert listed <= covered - {""}
