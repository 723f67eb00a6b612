"""Passed, warned, failed, not assessed: what the gate makes of findings and scanner runs."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import date, timedelta
from pathlib import PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.circumstances import Context, Facts
from bot.domain.gate import MOST_MONITORED, evaluate, not_assessed, with_reasons
from bot.domain.policy import (
    AdvisoryRules,
    IgnoredPath,
    OnChanged,
    OwnMode,
    Policy,
    PolicyRule,
    RuleMode,
    Threshold,
    Unread,
    WhenNotAssessed,
)
from bot.domain.rule_index import RuleIndex
from bot.domain.verdict import (
    Effect,
    GateDecision,
    Outcome,
    Presence,
    Reason,
    ReasonCode,
    Suppressed,
    TrackedFinding,
    Violation,
)
from scanners.finding import Confidence, FindingKind, Severity
from scanners.interface import Gap, GapReason, ScannerRun, ScannerStatus
from tests.benchmarks.gate import thousand_findings
from tests.domain import naive_gate
from tests.domain.builders import finding, package, run, tracked

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


# --- what a rule does -------------------------------------------------------------------------------------------------

BLOCKS, WARNS, WATCHES = PolicyRule("b"), PolicyRule("w"), PolicyRule("m")


@pytest.mark.parametrize(
    ("policy", "expected", "outcome"),
    [
        (Policy(block=(BLOCKS,)), [("b", Effect.BLOCK)], FAILED),
        (Policy(warn=(WARNS,)), [("w", Effect.COMMENT)], WARNED),
        (Policy(monitor=(WATCHES,)), [("m", Effect.MONITOR)], PASSED),
        (
            Policy(block=(BLOCKS, replace(BLOCKS, name="b2")), warn=(WARNS,), monitor=(WATCHES,)),
            [("b", Effect.BLOCK), ("m", Effect.MONITOR)],
            FAILED,
        ),
        (Policy(warn=(WARNS,), monitor=(WATCHES,)), [("w", Effect.COMMENT), ("m", Effect.MONITOR)], WARNED),
    ],
    ids=["block", "warn", "monitor", "the first of the strongest, and what is monitored", "warn and monitor"],
)
def test_the_strongest_rule_counts_and_what_is_monitored_is_listed_besides(
    policy: Policy, expected: list[tuple[str, Effect]], outcome: Outcome
) -> None:
    decision = evaluate(policy, [tracked(finding(fingerprint="f"))], [])
    assert [(violation.rule, violation.effect) for violation in decision.violations] == expected
    assert decision.outcome is outcome
    assert decision.effect_on("f") is expected[0][1]
    assert decision.objects_to("f") is (outcome is not PASSED)
    assert decision.effect_on("other") is None


CAPPED = Policy(block=(BLOCKS,), warn=(WARNS,))


@pytest.mark.parametrize(
    ("mode", "changed", "expected", "outcome"),
    [
        (Effect.COMMENT, OnChanged.BLOCK, [("b", Effect.COMMENT)], WARNED),
        (Effect.MONITOR, OnChanged.BLOCK, [("b", Effect.MONITOR), ("w", Effect.MONITOR)], PASSED),
        (Effect.MONITOR, OnChanged.WARN, [("b", Effect.MONITOR), ("w", Effect.MONITOR)], PASSED),
    ],
)
@pytest.mark.parametrize("presence", [Presence.NEW, Presence.CHANGED])
def test_findings_of_a_rule_on_trial_do_no_more_than_its_mode(
    mode: Effect,
    changed: OnChanged,
    expected: list[tuple[str, Effect]],
    outcome: Outcome,
    presence: Presence,
) -> None:
    policy = replace(CAPPED, rule_modes=(RuleMode(mode, ("B602",), reason="new"),), changed=changed)
    decision = evaluate(policy, [tracked(finding(fingerprint="f"), presence)], [])
    assert [(violation.rule, violation.effect) for violation in decision.violations] == expected
    assert decision.outcome is outcome
    other = evaluate(policy, [tracked(finding(rule="B101"))], [])
    assert other.outcome is FAILED


@pytest.mark.parametrize(
    ("own", "expected", "outcome"),
    [
        (Effect.MONITOR, [("b", Effect.MONITOR), ("w", Effect.MONITOR)], PASSED),
        (Effect.COMMENT, [("b", Effect.COMMENT)], WARNED),
    ],
)
def test_a_finding_does_no_more_than_the_mode_that_its_rule_brings_along(
    own: Effect, expected: list[tuple[str, Effect]], outcome: Outcome
) -> None:
    policy = replace(CAPPED, own_modes=(OwnMode(own, "bandit", frozenset({"B602"})),))
    decision = evaluate(policy, [tracked(finding(fingerprint="f"))], [])
    assert [(violation.rule, violation.effect) for violation in decision.violations][: len(expected)] == expected
    assert decision.outcome is outcome
    assert evaluate(policy, [tracked(finding(rule="B101"))], []).outcome is FAILED
    lifted = replace(policy, rule_modes=(RuleMode(Effect.BLOCK, ("B602",), reason="we are sure of it"),))
    assert evaluate(lifted, [tracked(finding())], []).outcome is FAILED


def test_what_is_monitored_of_one_finding_is_bounded() -> None:
    policy = Policy(block=(BLOCKS,), monitor=tuple(PolicyRule(f"m{number}") for number in range(100)))
    decision = evaluate(policy, [tracked(finding())], [])
    assert [violation.rule for violation in decision.violations][:2] == ["b", "m0"]
    assert len(decision.violations) == 1 + MOST_MONITORED


def test_what_was_there_before_counts_for_a_rule_that_names_it() -> None:
    policy = Policy(block=(PolicyRule("old", presences=frozenset({Presence.EXISTING})),))
    assert evaluate(policy, [tracked(finding(), Presence.EXISTING)], []).outcome is FAILED
    assert evaluate(policy, [tracked(finding(), Presence.NEW)], []).outcome is PASSED
    excuse = evaluate(policy, [tracked(finding(fingerprint="a"), Presence.EXISTING)], [], suppressed=excused("a"))
    assert (excuse.outcome, [one.fingerprint for one in excuse.suppressed]) == (PASSED, ["a"])


def test_what_is_only_monitored_needs_no_suppression() -> None:
    """But where it would have had a discussion the suppression makes a difference."""
    policy = Policy(monitor=(WATCHES,), comment=Threshold(Severity.HIGH))
    quiet = tracked(finding(fingerprint="low", severity=Severity.LOW))
    loud = tracked(finding(fingerprint="high"))
    decision = evaluate(policy, [quiet, loud], [], suppressed=excused("low", "high"))
    assert decision.violations == ()
    assert [one.fingerprint for one in decision.suppressed] == ["high"]


def test_the_worst_of_a_findings_violations_is_its_effect() -> None:
    decision = GateDecision(
        FAILED,
        (Violation("a", "m", Effect.MONITOR), Violation("a", "b", Effect.BLOCK), Violation("a", "w", Effect.COMMENT)),
    )
    assert decision.effect_on("a") is Effect.BLOCK
    assert replace(decision, violations=()).effect_on("a") is None


# --- facts ------------------------------------------------------------------------------------------------------------

EXPLOITED = PolicyRule("exploited", kev=True)
VULNERABLE = replace(package(), fingerprint="v")


@pytest.mark.parametrize(
    ("policy", "facts", "expected"),
    [
        (Policy(block=(EXPLOITED,)), Facts(kev=True), FAILED),
        (Policy(block=(EXPLOITED,)), Facts(kev=False), PASSED),
        (Policy(block=(EXPLOITED,)), None, WARNED),
        (Policy(block=(EXPLOITED,), missing_facts=Unread.NOT_ASSESSED), None, NOT_ASSESSED),
        (Policy(block=(EXPLOITED,), missing_facts=Unread.IGNORE), None, PASSED),
        # A rule that could only have warned does no more by what is missing.
        (Policy(warn=(EXPLOITED,), missing_facts=Unread.NOT_ASSESSED), None, WARNED),
        (Policy(monitor=(EXPLOITED,), missing_facts=Unread.NOT_ASSESSED), None, PASSED),
        (
            Policy(
                block=(EXPLOITED,),
                missing_facts=Unread.NOT_ASSESSED,
                rule_modes=(RuleMode(Effect.MONITOR, scanners=("pip-audit",)),),
            ),
            None,
            PASSED,
        ),
    ],
    ids=["as asked", "not as asked", "unknown", "strict", "lax", "warn", "monitor", "capped"],
)
def test_a_fact_that_nobody_knows_is_said_and_has_the_consequence_that_the_policy_sets(
    policy: Policy, facts: Facts | None, expected: Outcome
) -> None:
    context = Context(facts={} if facts is None else {"v": facts})
    decision = evaluate(policy, [tracked(VULNERABLE)], [], context=context)
    assert decision.outcome is expected
    missing = [(reason.code, reason.subject) for reason in decision.reasons]
    said = facts is None and expected in (WARNED, NOT_ASSESSED)
    assert missing == ([(ReasonCode.FACTS_MISSING, "kev")] if said else [])


def test_missing_facts_are_counted_over_findings() -> None:
    found = [tracked(replace(VULNERABLE, fingerprint=mark)) for mark in "abc"]
    policy = Policy(block=(PolicyRule("x", kev=True, epss=0.1), EXPLOITED))
    decision = evaluate(policy, found, [], context=Context(facts={"a": Facts(kev=False)}))
    assert [(reason.subject, reason.detail) for reason in decision.reasons] == [
        ("epss", "rules of the policy ask for it, and it is not known of 2 findings"),
        ("kev", "rules of the policy ask for it, and it is not known of 2 findings"),
    ]


@pytest.mark.parametrize("how", ["suppressed", "confirmed", "ignored path", "fixed", "not asked"])
def test_of_what_does_not_count_nothing_is_missing(how: str) -> None:
    policy = Policy(block=(EXPLOITED,), ignore_paths=(IgnoredPath("lib/", "theirs"),))
    item = tracked(VULNERABLE)
    if how == "confirmed":
        item = tracked(VULNERABLE, Presence.CHANGED)
    elif how == "ignored path":
        item = tracked(replace(package(path="lib/requirements.txt"), fingerprint="v"))
    elif how == "fixed":
        item = tracked(VULNERABLE, Presence.FIXED)
    elif how == "not asked":
        item = tracked(finding(fingerprint="v"))
    decision = evaluate(
        policy,
        [item],
        [],
        confirmed=frozenset({"v"}),
        suppressed=excused("v") if how == "suppressed" else {},
    )
    assert (decision.outcome, decision.reasons) == (PASSED, ())


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


@pytest.mark.parametrize(
    ("setting", "expected"), [(Unread.NOT_ASSESSED, NOT_ASSESSED), (Unread.WARN, WARNED), (Unread.IGNORE, PASSED)]
)
def test_what_a_scanner_that_is_not_required_means_without_an_answer(setting: Unread, expected: Outcome) -> None:
    runs = [*RUNS, run("semgrep", ScannerStatus.FAILED)]
    decision = evaluate(replace(POLICY, failed_scanners=setting), [], runs)
    assert decision.outcome is expected
    assert bool(decision.reasons) is (expected is not PASSED)
    # Of one that is required the setting does not speak.
    without = evaluate(replace(POLICY, failed_scanners=setting), [], [run("bandit", ScannerStatus.FAILED)])
    assert without.outcome is NOT_ASSESSED


@pytest.mark.parametrize(("setting", "tolerated"), [(WhenNotAssessed.BLOCK, False), (WhenNotAssessed.ALLOW, True)])
def test_a_policy_may_let_through_what_nobody_could_judge_and_it_stays_not_assessed(
    setting: WhenNotAssessed, tolerated: bool
) -> None:
    policy = replace(POLICY, not_assessed=setting)
    decision = evaluate(policy, [], [])
    assert (decision.outcome, decision.tolerated, decision.lets_through) == (NOT_ASSESSED, tolerated, tolerated)
    failed = evaluate(policy, [tracked(finding())], [])
    assert (failed.outcome, failed.tolerated, failed.lets_through) == (FAILED, False, False)
    passed = evaluate(policy, [], RUNS)
    assert (passed.outcome, passed.tolerated, passed.lets_through) == (PASSED, False, True)
    assert evaluate(policy, [tracked(finding(severity=Severity.MEDIUM))], RUNS).lets_through


def test_a_scan_that_did_not_happen_is_never_tolerated() -> None:
    assert not not_assessed("no such commit").lets_through


TODAY = date(2026, 3, 1)


def advised(age: int | None, status: ScannerStatus = ScannerStatus.COMPLETED) -> ScannerRun:
    day = None if age is None else TODAY - timedelta(days=age)
    return replace(run("pip-audit", status, kind=FindingKind.DEPENDENCY), data_date=day)


@pytest.mark.parametrize(
    ("scanner_run", "detail"),
    [
        (advised(14), None),
        (advised(15), "its newest advisory is of 2026-02-14 and 15 days old; the policy allows 14"),
        (advised(None), "nobody knows how old its advisories are; the policy allows 14 days"),
        (advised(99, ScannerStatus.NOT_APPLICABLE), None),
        (replace(run("semgrep"), data_date=None), None),
    ],
    ids=["young", "old", "undated", "nothing to look up", "no advisories"],
)
@pytest.mark.parametrize(
    ("setting", "expected"), [(Unread.NOT_ASSESSED, NOT_ASSESSED), (Unread.WARN, WARNED), (Unread.IGNORE, PASSED)]
)
def test_old_advisories_have_the_consequence_that_the_policy_sets(
    scanner_run: ScannerRun, detail: str | None, setting: Unread, expected: Outcome
) -> None:
    policy = Policy(advisories=AdvisoryRules(14, setting))
    decision = evaluate(policy, [], [scanner_run], context=Context(today=TODAY))
    assert decision.outcome is (expected if detail else PASSED)
    said = [Reason(ReasonCode.ADVISORIES_OLD, "pip-audit", detail)] if detail and expected is not PASSED else []
    assert list(decision.reasons) == said


def test_without_a_limit_advisories_may_be_of_any_age_and_without_a_date_none_is_young() -> None:
    assert evaluate(Policy(), [], [advised(None)]).outcome is PASSED
    assert evaluate(Policy(advisories=AdvisoryRules(14)), [], [advised(0)]).outcome is NOT_ASSESSED


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


def test_a_thousand_findings_are_judged_in_milliseconds() -> None:
    """
    With thirty rules that ask for everything. The promise is ten milliseconds, which ``tests/benchmarks/gate.py``
    measures; here other tests may keep the machine busy.
    """
    policy, items, context = thousand_findings()
    assert len(items) == 1_000
    assert len(policy.block + policy.warn + policy.monitor) == 30
    best = 1.0
    for _ in range(7):
        started = time.process_time()
        decision = evaluate(policy, items, RUNS, context=context)
        best = min(best, time.process_time() - started)
    assert decision.violations
    assert best < 0.03


def test_the_findings_of_the_benchmark_are_judged_as_the_rules_say() -> None:
    policy, items, context = thousand_findings()
    index = RuleIndex(policy, context)
    found = [index.match(one.finding, one.presence, context.facts[one.finding.fingerprint]) for one in items]
    assert found == [
        naive_gate.match(policy, context, one.finding, one.presence, context.facts[one.finding.fingerprint])
        for one in items
    ]
    assert 300 < sum(match is not None for match in found) < 900


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
