"""A group or project may make the policy above it stricter, never weaker."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import pairwise
from pathlib import PurePosixPath

import pytest
from hypothesis import given

from bot.domain.circumstances import Context
from bot.domain.gate import evaluate
from bot.domain.policy import (
    AdvisoryRules,
    IgnoredPath,
    InCode,
    MergeRules,
    NoiseRules,
    OnChanged,
    OwnMode,
    PartialAdvisoryRules,
    PartialMergeRules,
    PartialNoiseRules,
    PartialPeople,
    PartialPolicy,
    PartialSla,
    PartialSuppressionRules,
    People,
    Policy,
    PolicyDocument,
    PolicyRule,
    ProjectOverride,
    RuleMode,
    SecondPerson,
    Sla,
    SuppressionRules,
    Threshold,
    Unread,
    WhenNotAssessed,
    policy_from_json,
    policy_to_json,
)
from bot.domain.policy_tightening import tighten
from bot.domain.verdict import Effect, Outcome, TrackedFinding
from bot.texts import Language
from scanners.finding import Confidence, Severity
from scanners.interface import ScannerRun
from tests.domain.builders import finding
from tests.domain.policies import CONTEXTS, ITEMS, POLICIES, SCANNER_RUNS, WISHES

SEVERE = PolicyRule("severe", Severity.HIGH)
ORGANISATION = Policy(
    block=(SEVERE,),
    required_scanners=frozenset({"bandit"}),
    unread_files=Unread.WARN,
    changed=OnChanged.WARN,
    comment=Threshold(Severity.MEDIUM, Confidence.MEDIUM),
    suppressions=SuppressionRules(SecondPerson.HIGH, longest_days=180, unused_days=90),
)


def test_rules_and_required_scanners_of_a_project_are_added() -> None:
    own = PolicyRule("own", Severity.LOW)
    result = tighten(
        ORGANISATION, PartialPolicy(block=(own, SEVERE), warn=(own,), required_scanners=frozenset({"semgrep"}))
    )
    assert (result.block, result.warn) == ((SEVERE, own), (own,))
    assert result.required_scanners == {"bandit", "semgrep"}
    assert result.refused == ()


def test_stricter_settings_of_a_project_hold_and_its_language_is_free() -> None:
    wish = PartialPolicy(
        unread_files=Unread.NOT_ASSESSED,
        unpinned=Unread.NOT_ASSESSED,
        changed=OnChanged.BLOCK,
        comment=Threshold(Severity.LOW, Confidence.LOW),
        max_threads=50,
        language=Language.CHINESE,
        suppressions=PartialSuppressionRules(SecondPerson.ALWAYS, 30, 10, 30),
        monitor=(PolicyRule("on trial"),),
        failed_scanners=Unread.NOT_ASSESSED,
        missing_facts=Unread.NOT_ASSESSED,
        not_assessed=WhenNotAssessed.BLOCK,
        advisories=PartialAdvisoryRules(14, Unread.WARN),
        sla=PartialSla(1, 2, 3, 4),
        people=PartialPeople(security_group="security/appsec"),
        merge=PartialMergeRules(label="merge me"),
        noise=PartialNoiseRules(5, 90),
    )
    result = tighten(ORGANISATION, wish)
    assert result == wish.over(ORGANISATION)
    assert result.refused == ()


def test_people_who_may_merge_past_the_gate_can_be_left_out_and_no_others_named() -> None:
    organisation = replace(ORGANISATION, people=People(None, frozenset({"alice", "bob"})))
    result = tighten(organisation, PartialPolicy(people=PartialPeople(break_glass=frozenset({"bob"}))))
    assert (result.people.break_glass, result.refused) == (frozenset({"bob"}), ())
    nobody = tighten(ORGANISATION, PartialPolicy(people=PartialPeople(break_glass=frozenset({"eve"}))))
    assert nobody.people.break_glass == frozenset()
    assert [(one.wanted, one.kept) for one in nobody.refused] == [("eve", "none")]


def test_a_project_can_keep_the_bot_from_merging_by_itself() -> None:
    organisation = replace(ORGANISATION, merge=MergeRules(when_clear=True))
    result = tighten(organisation, PartialPolicy(merge=PartialMergeRules(when_clear=False)))
    assert (result.merge.when_clear, result.refused) == (False, ())


def test_where_nobody_limits_the_age_of_advisories_a_project_can() -> None:
    result = tighten(ORGANISATION, PartialPolicy(advisories=PartialAdvisoryRules(90, Unread.WARN)))
    assert (result.advisories, result.refused) == (AdvisoryRules(90, Unread.WARN), ())


def test_a_project_may_have_comments_in_the_code_shown_where_the_organisation_honours_them() -> None:
    result = tighten(replace(ORGANISATION, in_code=InCode.HONOUR), PartialPolicy(in_code=InCode.SHOW))
    assert result.in_code is InCode.SHOW
    assert result.refused == ()


def test_a_project_may_lift_a_rules_own_mode_and_not_the_organisations_word() -> None:
    own = (OwnMode(Effect.MONITOR, "bandit", frozenset({"B602"})),)
    lift = PartialPolicy(rule_modes=(RuleMode(Effect.BLOCK, ("*",), reason="everything counts here"),))
    stricter = tighten(replace(ORGANISATION, own_modes=own), lift)
    assert (stricter.cap_on(finding()), stricter.refused) == (Effect.BLOCK, ())
    assert tighten(stricter, lift).rule_modes == stricter.rule_modes
    word = (RuleMode(Effect.COMMENT, ("B602",), reason="four in ten are false"),)
    held = tighten(replace(ORGANISATION, own_modes=own, rule_modes=word), lift)
    assert held.cap_on(finding()) is Effect.COMMENT


@pytest.mark.parametrize(
    ("wish", "setting"),
    [
        (PartialPolicy(block=()), "block"),
        (PartialPolicy(rule_modes=(RuleMode(Effect.MONITOR, ("B6*",), reason="noisy"),)), "rule_modes"),
        (PartialPolicy(not_assessed=WhenNotAssessed.ALLOW), "not_assessed"),
        (PartialPolicy(failed_scanners=Unread.IGNORE), "failed_scanners"),
        (PartialPolicy(missing_facts=Unread.IGNORE), "missing_facts"),
        (PartialPolicy(advisories=PartialAdvisoryRules(oldest_days=31)), "advisories.oldest_days"),
        (PartialPolicy(advisories=PartialAdvisoryRules(when_older=Unread.WARN)), "advisories.when_older"),
        (PartialPolicy(sla=PartialSla(high=31)), "sla.high"),
        (PartialPolicy(people=PartialPeople(security_group="friends")), "people.security_group"),
        (PartialPolicy(people=PartialPeople(break_glass=frozenset({"alice", "eve"}))), "people.break_glass"),
        (PartialPolicy(merge=PartialMergeRules(label="mine")), "merge.label"),
        (PartialPolicy(merge=PartialMergeRules(when_clear=True)), "merge.when_clear"),
        (PartialPolicy(suppressions=PartialSuppressionRules(remind_days=0)), "suppressions.remind_days"),
        (PartialPolicy(block=(PolicyRule("severe", Severity.CRITICAL),)), "block"),
        (PartialPolicy(required_scanners=frozenset()), "required_scanners"),
        (PartialPolicy(unread_files=Unread.IGNORE), "unread_files"),
        (PartialPolicy(unpinned=Unread.IGNORE), "unpinned"),
        (PartialPolicy(changed=OnChanged.IGNORE), "changed"),
        (PartialPolicy(comment=Threshold(Severity.HIGH, Confidence.LOW)), "comment"),
        (PartialPolicy(max_threads=1), "max_threads"),
        (PartialPolicy(ignore_paths=(IgnoredPath("src/", "too many"),)), "ignore_paths"),
        (
            PartialPolicy(suppressions=PartialSuppressionRules(second_person=SecondPerson.CRITICAL)),
            "suppressions.second_person",
        ),
        (PartialPolicy(in_code=InCode.HONOUR), "in_code_suppressions"),
        (PartialPolicy(suppressions=PartialSuppressionRules(longest_days=200)), "suppressions.longest_days"),
        (PartialPolicy(suppressions=PartialSuppressionRules(unused_days=100)), "suppressions.unused_days"),
    ],
)
def test_wish_that_would_weaken_the_policy_is_refused_and_said(wish: PartialPolicy, setting: str) -> None:
    organisation = replace(
        ORGANISATION,
        advisories=AdvisoryRules(30),
        people=People("security/appsec", frozenset({"alice", "bob"})),
        merge=MergeRules("mergewarden::merge"),
    )
    result = tighten(organisation, wish)
    assert [refused.setting for refused in result.refused] == [setting]
    assert SEVERE in result.block
    assert result.required_scanners >= ORGANISATION.required_scanners
    assert result.ignore_paths == ()
    assert result.comment.severity <= ORGANISATION.comment.severity
    assert result.max_threads >= ORGANISATION.max_threads


_ORDER = [Outcome.PASSED, Outcome.WARNED, Outcome.NOT_ASSESSED, Outcome.FAILED]


@given(POLICIES, WISHES, WISHES, ITEMS, SCANNER_RUNS, CONTEXTS)
def test_no_file_below_makes_any_verdict_better(
    above: Policy,
    group: PartialPolicy,
    project: PartialPolicy,
    items: list[TrackedFinding],
    runs: list[ScannerRun],
    context: Context,
) -> None:
    layers = [above, tighten(above, group), tighten(tighten(above, group), project)]
    verdicts = [evaluate(policy, items, runs, context=context) for policy in layers]
    for before, after in pairwise(verdicts):
        assert _ORDER.index(after.outcome) >= _ORDER.index(before.outcome)
        assert before.lets_through or not after.lets_through
        assert {v.fingerprint for v in before.violations if v.blocks} <= {
            v.fingerprint for v in after.violations if v.blocks
        }


@given(POLICIES, WISHES)
def test_tightening_twice_is_tightening_once(above: Policy, wish: PartialPolicy) -> None:
    once = tighten(above, wish)
    assert tighten(once, wish) == once
    assert tighten(above, PartialPolicy()) == above


@given(POLICIES, WISHES)
def test_nobody_below_names_people_who_may_more(above: Policy, wish: PartialPolicy) -> None:
    below = tighten(above, wish)
    assert below.people.break_glass <= above.people.break_glass
    assert above.people.security_group in (None, below.people.security_group)
    assert above.merge.when_clear or not below.merge.when_clear


@given(POLICIES)
def test_a_policy_comes_back_whole_from_its_snapshot(policy: Policy) -> None:
    written = json.dumps(policy_to_json(policy), sort_keys=True)
    read = policy_from_json(json.loads(written))
    assert read == policy
    assert read.digest == policy.digest
    assert json.dumps(policy_to_json(read), sort_keys=True) == written


@given(POLICIES, POLICIES)
def test_policies_have_the_same_digest_when_they_are_equal_and_only_then(one: Policy, other: Policy) -> None:
    assert (one.digest == other.digest) is (one == other)


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"version": 1}, id="another format"),
        pytest.param({"version": None}, id="no format"),
        pytest.param({"block": None}, id="no rules"),
        pytest.param({"block": [{"name": "a", "severity": "awful"}]}, id="no such severity"),
        pytest.param({"changed": "sometimes"}, id="no such word"),
        pytest.param({"more": 1}, id="a setting of a later release"),
    ],
)
def test_a_snapshot_that_is_not_one_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"polic|validation"):
        policy_from_json(policy_to_json(ORGANISATION) | changes)


def test_a_snapshot_without_a_setting_is_refused_and_not_filled_up() -> None:
    written = policy_to_json(ORGANISATION)
    del written["unread_files"]
    with pytest.raises(ValueError, match="not the settings"):
        policy_from_json(written)


def test_digest_tells_policies_apart_and_nothing_else() -> None:
    assert Policy().digest == Policy().digest
    assert replace(ORGANISATION, required_scanners=frozenset({"b", "a"})).digest == (
        replace(ORGANISATION, required_scanners=frozenset({"a", "b"})).digest
    )
    others = [
        replace(ORGANISATION, block=()),
        replace(ORGANISATION, warn=(SEVERE,)),
        replace(ORGANISATION, required_scanners=frozenset()),
        replace(ORGANISATION, language=Language.CHINESE),
        replace(ORGANISATION, comment=Threshold()),
        replace(ORGANISATION, max_threads=1),
        replace(ORGANISATION, unread_files=Unread.IGNORE),
        replace(ORGANISATION, unpinned=Unread.IGNORE),
        replace(ORGANISATION, changed=OnChanged.IGNORE),
        replace(ORGANISATION, ignore_paths=(IgnoredPath("a", "b"),)),
        replace(ORGANISATION, in_code=InCode.HONOUR),
        replace(ORGANISATION, suppressions=SuppressionRules()),
        replace(ORGANISATION, suppressions=SuppressionRules(longest_days=1)),
        replace(ORGANISATION, suppressions=SuppressionRules(unused_days=1)),
        replace(ORGANISATION, suppressions=SuppressionRules(SecondPerson.ALWAYS)),
        replace(ORGANISATION, suppressions=SuppressionRules(remind_days=1)),
        replace(ORGANISATION, monitor=(SEVERE,)),
        replace(ORGANISATION, rule_modes=(RuleMode(Effect.MONITOR, ("B6*",)),)),
        replace(ORGANISATION, failed_scanners=Unread.IGNORE),
        replace(ORGANISATION, missing_facts=Unread.IGNORE),
        replace(ORGANISATION, not_assessed=WhenNotAssessed.ALLOW),
        replace(ORGANISATION, advisories=AdvisoryRules(14)),
        replace(ORGANISATION, sla=Sla(critical=1)),
        replace(ORGANISATION, people=People("a")),
        replace(ORGANISATION, merge=MergeRules("a")),
        replace(ORGANISATION, noise=NoiseRules(1)),
        ORGANISATION,
    ]
    assert len({policy.digest for policy in others}) == len(others)
    assert tighten(ORGANISATION, PartialPolicy(block=())).digest == ORGANISATION.digest


@pytest.mark.parametrize(
    ("path", "threads", "unpinned"),
    [
        ("shop/web", 20, Unread.WARN),
        ("payments/api", 50, Unread.WARN),
        ("Payments/Deep/API", 50, Unread.WARN),
        ("payments/legacy/old", 50, Unread.IGNORE),
        ("tools/payments", 20, Unread.WARN),
    ],
)
def test_overrides_hold_for_the_projects_they_name_in_the_order_of_the_file(
    path: str, threads: int, unpinned: Unread
) -> None:
    document = PolicyDocument(
        "p.yaml",
        ORGANISATION,
        (
            ProjectOverride("payments/**", PartialPolicy(max_threads=50)),
            ProjectOverride("payments/legacy/*", PartialPolicy(unpinned=Unread.IGNORE)),
        ),
    )
    policy = document.for_project(path)
    assert (policy.max_threads, policy.unpinned) == (threads, unpinned)
    assert policy.block == ORGANISATION.block


@pytest.mark.parametrize(
    ("severity", "confidence", "path", "wanted"),
    [
        (Severity.MEDIUM, Confidence.MEDIUM, "a.py", True),
        (Severity.LOW, Confidence.HIGH, "a.py", False),
        (Severity.HIGH, Confidence.LOW, "a.py", False),
        (Severity.HIGH, Confidence.HIGH, "samples/a.py", False),
    ],
)
def test_finding_gets_a_discussion_from_the_threshold_on(
    severity: Severity, confidence: Confidence, path: str, wanted: bool
) -> None:
    policy = replace(ORGANISATION, ignore_paths=(IgnoredPath("samples/", "vulnerable on purpose"),))
    assert policy.wants_thread(finding(path, severity=severity, confidence=confidence)) is wanted


@pytest.mark.parametrize(
    ("modes", "also", "expected"),
    [
        ((), [], Effect.BLOCK),
        ((RuleMode(Effect.MONITOR, ("b6*",)),), [], Effect.MONITOR),
        ((RuleMode(Effect.COMMENT, scanners=("Bandit",)),), [], Effect.COMMENT),
        ((RuleMode(Effect.COMMENT, ("B6*",)), RuleMode(Effect.MONITOR, ("B602",))), [], Effect.MONITOR),
        ((RuleMode(Effect.MONITOR, ("B602",), ("semgrep",)),), [], Effect.BLOCK),
        ((RuleMode(Effect.MONITOR, ("B602",)),), [("semgrep", "python.x")], Effect.BLOCK),
        (
            (RuleMode(Effect.MONITOR, ("B602",)), RuleMode(Effect.COMMENT, ("python.*",))),
            [("semgrep", "python.x")],
            Effect.COMMENT,
        ),
    ],
    ids=["none", "rule", "scanner", "lowest", "other scanner", "another saw it too", "highest of those who saw it"],
)
def test_a_mode_caps_what_all_who_saw_the_finding_may_do(
    modes: tuple[RuleMode, ...], also: list[tuple[str, str]], expected: Effect
) -> None:
    policy = Policy(rule_modes=modes)
    found = finding(severity=Severity.CRITICAL, also=also)
    assert policy.cap_on(found) is expected
    assert policy.wants_thread(found) is (expected is not Effect.MONITOR)


@pytest.mark.parametrize("mode", list(Effect))
def test_a_mode_about_everything_is_refused(mode: Effect) -> None:
    with pytest.raises(ValueError, match="cap"):
        RuleMode(mode)


WATCHED = OwnMode(Effect.MONITOR, "bandit", frozenset({"B602"}))
COMMENTED = OwnMode(Effect.COMMENT, "bandit", frozenset({"B602", "B603"}))


@pytest.mark.parametrize(
    ("own", "modes", "also", "expected"),
    [
        ((WATCHED,), (), [], Effect.MONITOR),
        ((COMMENTED,), (), [], Effect.COMMENT),
        ((replace(WATCHED, scanner="semgrep"),), (), [], Effect.BLOCK),
        ((replace(WATCHED, rules=frozenset({"B60*"})),), (), [], Effect.BLOCK),
        ((WATCHED,), (), [("semgrep", "python.x")], Effect.BLOCK),
        (
            (WATCHED, OwnMode(Effect.COMMENT, "semgrep", frozenset({"python.x"}))),
            (),
            [("semgrep", "python.x")],
            Effect.COMMENT,
        ),
        ((WATCHED,), (RuleMode(Effect.BLOCK, ("B602",)),), [], Effect.BLOCK),
        ((WATCHED,), (RuleMode(Effect.COMMENT, ("B6*",)),), [], Effect.COMMENT),
        ((WATCHED,), (RuleMode(Effect.COMMENT, ("B7*",)),), [], Effect.MONITOR),
        ((COMMENTED,), (RuleMode(Effect.MONITOR, ("B602",)),), [], Effect.MONITOR),
        ((), (RuleMode(Effect.BLOCK, ("B602",)), RuleMode(Effect.COMMENT, ("B6*",))), [], Effect.COMMENT),
    ],
    ids=[
        "watched",
        "commented",
        "another scanner's rule",
        "ids are no patterns",
        "another saw it too",
        "highest of those who saw it",
        "lifted by the policy",
        "raised by the policy",
        "the policy speaks of others",
        "lowered by the policy",
        "lowest of what the policy says",
    ],
)
def test_the_policy_has_the_last_word_on_a_rules_own_mode(
    own: tuple[OwnMode, ...], modes: tuple[RuleMode, ...], also: list[tuple[str, str]], expected: Effect
) -> None:
    policy = Policy(rule_modes=modes, own_modes=own)
    found = finding(severity=Severity.CRITICAL, also=also)
    assert policy.cap_on(found) is expected
    assert policy.wants_thread(found) is (expected is not Effect.MONITOR)


def test_a_policy_without_modes_of_rules_is_the_one_that_it_was_before_there_were_any() -> None:
    written = policy_to_json(ORGANISATION)
    assert "own_modes" not in written
    assert policy_from_json(written) == ORGANISATION
    capped = replace(ORGANISATION, own_modes=(WATCHED,))
    assert policy_from_json(json.loads(json.dumps(policy_to_json(capped)))) == capped
    assert capped.digest != ORGANISATION.digest


def test_ignored_path_says_why() -> None:
    policy = replace(ORGANISATION, ignore_paths=(IgnoredPath("samples/", "vulnerable on purpose"),))
    assert policy.ignored_because(PurePosixPath("samples/a.py")) == "vulnerable on purpose"
    assert policy.ignored_because(PurePosixPath("src/a.py")) is None


def test_a_project_does_not_say_who_confirms_what_its_people_ask_for() -> None:
    wish = PartialPolicy(people=PartialPeople(security_group="friends/of-mine"))
    assert tighten(Policy(), wish).people.security_group == "friends/of-mine", "a group's file is the organisation's"
    result = tighten(Policy(), wish, by_project=True)
    assert result.people.security_group is None
    assert [one.setting for one in result.refused] == ["people.security_group"]
