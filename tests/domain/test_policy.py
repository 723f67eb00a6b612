"""A project may make the organisation's policy stricter, never weaker."""

from __future__ import annotations

from dataclasses import replace
from pathlib import PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.gate import evaluate
from bot.domain.policy import (
    IgnoredPath,
    InCode,
    OnChanged,
    PartialPolicy,
    PartialSuppressionRules,
    Policy,
    PolicyDocument,
    PolicyRule,
    ProjectOverride,
    SecondPerson,
    SuppressionRules,
    Threshold,
    Unread,
    tighten,
)
from bot.domain.verdict import Outcome, Presence, TrackedFinding
from bot.texts import Language
from scanners.finding import Confidence, FindingKind, Severity
from scanners.interface import Gap, GapReason, ScannerRun, ScannerStatus
from tests.domain.builders import finding, run

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
        suppressions=PartialSuppressionRules(SecondPerson.ALWAYS, 30, 10),
    )
    result = tighten(ORGANISATION, wish)
    assert result == wish.over(ORGANISATION)
    assert result.refused == ()


def test_a_project_may_have_comments_in_the_code_shown_where_the_organisation_honours_them() -> None:
    result = tighten(replace(ORGANISATION, in_code=InCode.HONOUR), PartialPolicy(in_code=InCode.SHOW))
    assert result.in_code is InCode.SHOW
    assert result.refused == ()


@pytest.mark.parametrize(
    ("wish", "setting"),
    [
        (PartialPolicy(block=()), "block"),
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
    result = tighten(ORGANISATION, wish)
    assert [refused.setting for refused in result.refused] == [setting]
    assert SEVERE in result.block
    assert result.required_scanners >= ORGANISATION.required_scanners
    assert result.ignore_paths == ()
    assert result.comment.severity <= ORGANISATION.comment.severity
    assert result.max_threads >= ORGANISATION.max_threads


_RULES = st.lists(
    st.builds(
        PolicyRule,
        st.sampled_from(["severe", "own"]),
        st.sampled_from(Severity),
        st.sampled_from(Confidence),
        st.sampled_from([frozenset(FindingKind), frozenset({FindingKind.SECRET})]),
        st.sampled_from([(), ("src/",)]),
        st.sampled_from([(), ("*.py",)]),
    ),
    max_size=2,
).map(tuple)
_NOTHING: st.SearchStrategy[None] = st.none()
_WISHES = st.builds(
    PartialPolicy,
    _NOTHING | _RULES,
    _NOTHING | _RULES,
    _NOTHING | st.frozensets(st.sampled_from(["bandit", "semgrep"])),
    unread_files=_NOTHING | st.sampled_from(Unread),
    unpinned=_NOTHING | st.sampled_from(Unread),
    changed=_NOTHING | st.sampled_from(OnChanged),
    in_code=_NOTHING | st.sampled_from(InCode),
    ignore_paths=_NOTHING | st.just((IgnoredPath("src/", "r"),)),
)
_ITEMS = st.lists(
    st.builds(
        TrackedFinding,
        st.builds(
            finding,
            st.sampled_from(["src/a.py", "b.js"]),
            severity=st.sampled_from(Severity),
            confidence=st.sampled_from(Confidence),
            kind=st.sampled_from(FindingKind),
        ),
        st.sampled_from(Presence),
    ),
    max_size=4,
)
_RUNS = st.lists(
    st.builds(
        lambda scanner, status, reason: run(scanner, status, Gap(PurePosixPath("src/a.py"), reason)),
        st.sampled_from(["bandit", "semgrep"]),
        st.sampled_from(ScannerStatus),
        st.sampled_from(GapReason),
    ),
    max_size=2,
)
_ORDER = [Outcome.PASSED, Outcome.WARNED, Outcome.NOT_ASSESSED, Outcome.FAILED]


@given(_WISHES, _ITEMS, _RUNS)
def test_no_file_of_a_project_makes_any_verdict_better(
    wish: PartialPolicy, items: list[TrackedFinding], runs: list[ScannerRun]
) -> None:
    before = evaluate(ORGANISATION, items, runs).outcome
    after = evaluate(tighten(ORGANISATION, wish), items, runs).outcome
    assert _ORDER.index(after) >= _ORDER.index(before)


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


def test_ignored_path_says_why() -> None:
    policy = replace(ORGANISATION, ignore_paths=(IgnoredPath("samples/", "vulnerable on purpose"),))
    assert policy.ignored_because(PurePosixPath("samples/a.py")) == "vulnerable on purpose"
    assert policy.ignored_because(PurePosixPath("src/a.py")) is None
