"""The level is what the settings amount to, and what nobody knows never counts as good."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.enforcement import (
    LIMITS,
    NEEDS,
    UNKNOWN,
    Enforcement,
    Facts,
    Grant,
    Keyholder,
    Level,
    Limit,
    Missing,
    Need,
    Protection,
    assess,
    weakened,
)
from bot.domain.protected_branches import covers
from bot.texts import Language, translations

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
BOT, ADA, BOSS = 1, 2, 3
NO_ONE, DEVELOPERS, MAINTAINERS = (Grant(0),), (Grant(30),), (Grant(40),)
LOCKED = Protection("main", push=NO_ONE, merge=MAINTAINERS, force_push=False)
STATUS = Facts(
    bot_id=BOT,
    bot_role=30,
    default_branch="main",
    pipelines_must_succeed=True,
    skipped_suffices=False,
    threads_must_be_resolved=True,
    resolves_outdated_threads=False,
    ignores_branch_pipelines=False,
    forks_allowed=True,
    protections=(),
    keyholders=(Keyholder(ADA, "ada"),),
    checked_at=NOON,
)
BOT_ONLY = replace(STATUS, bot_role=40, protections=(LOCKED,), keyholders=(), break_glass=frozenset({BOSS}))
HOOKED = replace(STATUS, hook_seen_at=NOON - timedelta(hours=1))


def needs(facts: Facts, level: Level) -> set[Need]:
    return {one.need for one in assess(facts).missing_for(level)}


# --- L1 ---------------------------------------------------------------------------------------------------------------


def test_settings_that_block_make_the_first_level() -> None:
    found = assess(STATUS)
    assert found.level is Level.L1
    assert found.holds(Level.L1)
    assert Limit.STATUS in found.limits
    assert Limit.FORK in found.limits


@pytest.mark.parametrize(
    ("field", "bad", "need"),
    [
        ("bot_role", 20, Need.BOT_ROLE),
        ("bot_role", 25, Need.BOT_ROLE),
        ("pipelines_must_succeed", False, Need.PIPELINES),
        ("skipped_suffices", True, Need.SKIPPED),
        ("threads_must_be_resolved", False, Need.THREADS),
        ("resolves_outdated_threads", True, Need.OUTDATED),
        ("ignores_branch_pipelines", True, Need.BRANCH_PIPELINES),
    ],
)
def test_each_setting_is_needed_and_not_knowing_it_is_as_bad(field: str, bad: object, need: Need) -> None:
    for value, unknown in ((bad, False), (None, True)):
        changed: dict[str, Any] = {field: value}
        found = assess(replace(STATUS, **changed))
        assert found.level is Level.L0
        assert found.missing_for(Level.L1) == (Missing(need, unknown=unknown),)
        assert found.limits == (Limit.ADVICE,)


def test_nothing_known_is_no_level_at_all() -> None:
    assert assess(Facts()).level is Level.L0


def test_who_can_push_is_a_way_past_the_first_level() -> None:
    assert Limit.PUSH in assess(STATUS).limits
    assert Limit.PUSH in assess(replace(STATUS, protections=(replace(LOCKED, push=DEVELOPERS),))).limits
    assert Limit.PUSH not in assess(replace(STATUS, protections=(LOCKED,))).limits
    assert Limit.FORK not in assess(replace(STATUS, forks_allowed=False)).limits


# --- L2 ---------------------------------------------------------------------------------------------------------------


def test_a_branch_into_which_only_the_bot_merges_makes_the_second_level() -> None:
    found = assess(BOT_ONLY)
    assert found.level is Level.L2
    assert found.limits == (Limit.BREAK_GLASS, Limit.ADMINISTRATORS)


def test_the_second_level_needs_nothing_of_the_first() -> None:
    assert assess(replace(BOT_ONLY, pipelines_must_succeed=None, threads_must_be_resolved=False)).level is Level.L2


OTHER = Protection("release/*", push=NO_ONE, merge=MAINTAINERS, force_push=False)


@pytest.mark.parametrize(
    ("facts", "need"),
    [
        (replace(BOT_ONLY, protections=()), Need.PROTECTED),
        (replace(BOT_ONLY, protections=(replace(LOCKED, name="mai"),)), Need.PROTECTED),
        (replace(BOT_ONLY, protections=None), Need.RULES_KNOWN),
        (replace(BOT_ONLY, default_branch=None), Need.PROTECTED),
        (replace(BOT_ONLY, protections=(replace(LOCKED, merge=DEVELOPERS),)), Need.ONLY_BOT_MERGES),
        (replace(BOT_ONLY, protections=(replace(LOCKED, merge=(Grant(60), Grant(40))),)), Need.ONLY_BOT_MERGES),
        (replace(BOT_ONLY, protections=(replace(LOCKED, merge=(Grant(None), Grant(40))),)), Need.ONLY_BOT_MERGES),
        (replace(BOT_ONLY, protections=(replace(LOCKED, push=DEVELOPERS),)), Need.NOBODY_PUSHES),
        (replace(BOT_ONLY, protections=(replace(LOCKED, push=(Grant(40, deploy_key_id=5),)),)), Need.NOBODY_PUSHES),
        (replace(BOT_ONLY, protections=(replace(LOCKED, push=(Grant(40, user_id=ADA),)),)), Need.NOBODY_PUSHES),
        (replace(BOT_ONLY, protections=(replace(LOCKED, push=(Grant(40, group_id=9),)),)), Need.NOBODY_PUSHES),
        (replace(BOT_ONLY, protections=(replace(LOCKED, force_push=True),)), Need.NO_FORCE),
        (replace(BOT_ONLY, protections=(LOCKED, replace(LOCKED, name="m*", merge=DEVELOPERS))), Need.ONLY_BOT_MERGES),
        (replace(BOT_ONLY, protections=(LOCKED, replace(OTHER, push=DEVELOPERS))), Need.NOBODY_PUSHES),
        (replace(BOT_ONLY, keyholders=(Keyholder(ADA, "ada"),)), Need.NO_KEYHOLDERS),
        (replace(BOT_ONLY, keyholders=None), Need.PEOPLE_KNOWN),
        (replace(BOT_ONLY, bot_role=30), Need.BOT_MERGES),
        (replace(BOT_ONLY, protections=(replace(LOCKED, merge=NO_ONE),)), Need.BOT_MERGES),
    ],
)
def test_whatever_lets_somebody_else_in_is_said(facts: Facts, need: Need) -> None:
    assert assess(facts).level < Level.L2
    assert need in needs(facts, Level.L2)


@pytest.mark.parametrize(
    "protections",
    [
        (replace(LOCKED, push=MAINTAINERS),),
        (replace(LOCKED, push=()),),
        (replace(LOCKED, name="*"),),
        (replace(LOCKED, name="ma*"), OTHER),
        (replace(LOCKED, merge=(Grant(40, user_id=BOT), Grant(40, user_id=BOSS))),),
    ],
)
def test_whatever_lets_in_nobody_but_bot_and_break_glass_people_will_do(protections: tuple[Protection, ...]) -> None:
    assert assess(replace(BOT_ONLY, protections=protections)).level is Level.L2


def test_single_users_need_no_empty_ranks_of_maintainers() -> None:
    """Premium: the entry names the bot, so other Maintainers cannot merge; that they can change it is said."""
    named = replace(LOCKED, merge=(Grant(0), Grant(40, user_id=BOT)))
    found = assess(replace(BOT_ONLY, protections=(named,), keyholders=(Keyholder(ADA, "ada"),), bot_role=30))
    assert found.level is Level.L2
    assert Limit.SETTINGS in found.limits


def test_many_keyholders_are_not_all_named() -> None:
    crowd = tuple(Keyholder(100 + n, f"user{n:02}") for n in range(30))
    (missing,) = [m for m in assess(replace(BOT_ONLY, keyholders=crowd)).missing if m.need is Need.NO_KEYHOLDERS]
    assert missing.subject == ", ".join(f"user{n:02}" for n in range(10)) + " +20"


# --- L3 ---------------------------------------------------------------------------------------------------------------


def test_a_hook_that_asks_is_the_third_level_whatever_else_is_missing() -> None:
    assert assess(HOOKED).level is Level.L3
    assert assess(replace(Facts(checked_at=NOON), hook_seen_at=NOON)).level is Level.L3


@pytest.mark.parametrize(
    ("facts", "need"),
    [
        (STATUS, Need.HOOK),
        (replace(HOOKED, hook_seen_at=NOON - timedelta(days=31)), Need.HOOK_ASKS),
        (replace(HOOKED, hook_missed_at=NOON), Need.HOOK_SEES_ALL),
        (replace(HOOKED, checked_at=None), Need.HOOK_ASKS),
    ],
)
def test_a_hook_that_is_silent_is_none(facts: Facts, need: Need) -> None:
    assert assess(facts).level is Level.L1
    assert needs(facts, Level.L3) == {need}


def test_a_hook_that_asks_again_is_one_again() -> None:
    assert assess(replace(HOOKED, hook_missed_at=NOON - timedelta(hours=2))).level is Level.L3


# --- for every project ------------------------------------------------------------------------------------------------

_flags = st.none() | st.booleans()
_grants = st.lists(
    st.builds(
        Grant,
        st.sampled_from([None, 0, 20, 30, 40, 50, 60, 99]),
        st.sampled_from([None, None, BOT, ADA, BOSS]),
        st.sampled_from([None, None, None, 9]),
        st.sampled_from([None, None, None, 7]),
    ),
    max_size=3,
).map(tuple)
_facts = st.builds(
    Facts,
    bot_id=st.sampled_from([None, BOT]),
    bot_role=st.sampled_from([None, 10, 20, 30, 40, 50]),
    default_branch=st.sampled_from([None, "main"]),
    pipelines_must_succeed=_flags,
    skipped_suffices=_flags,
    threads_must_be_resolved=_flags,
    resolves_outdated_threads=_flags,
    ignores_branch_pipelines=_flags,
    forks_allowed=_flags,
    protections=st.none()
    | st.lists(
        st.builds(Protection, st.sampled_from(["main", "m*", "release/*"]), _grants, _grants, st.booleans()),
        max_size=3,
    ).map(tuple),
    keyholders=st.none() | st.lists(st.builds(Keyholder, st.just(ADA), st.just("ada")), max_size=1).map(tuple),
    break_glass=st.sampled_from([frozenset(), frozenset({BOSS})]),
    hook_seen_at=st.sampled_from([None, NOON, NOON - timedelta(days=99)]),
    hook_missed_at=st.sampled_from([None, NOON]),
    checked_at=st.sampled_from([None, NOON]),
)
_READ = sorted({field.name for field in fields(Facts)} - {"break_glass", "hook_missed_at"})
_likely = st.sampled_from([STATUS, BOT_ONLY, HOOKED]) | _facts


@given(_likely, st.sampled_from(_READ))
def test_not_knowing_something_never_raises_the_level(facts: Facts, name: str) -> None:
    nothing: dict[str, Any] = {name: None}
    blind = replace(facts, **nothing)
    before, after = assess(facts), assess(blind)
    assert after.level <= before.level
    for level in (Level.L1, Level.L2, Level.L3):
        assert not (after.holds(level) and not before.holds(level))


@given(_likely, st.sampled_from(["main", "m*"]), _grants, _grants)
def test_one_more_rule_never_closes_a_branch_that_another_left_open(
    facts: Facts, name: str, push: tuple[Grant, ...], merge: tuple[Grant, ...]
) -> None:
    """GitLab counts the laxest rule that matches."""
    if facts.protections is None or not any(rule.covers("main") for rule in facts.protections):
        return
    if assess(facts).holds(Level.L2) or not any(
        one.need in (Need.ONLY_BOT_MERGES, Need.NOBODY_PUSHES, Need.NO_FORCE) for one in assess(facts).missing
    ):
        return
    more = replace(facts, protections=(*facts.protections, Protection(name, push, merge, force_push=False)))
    assert not assess(more).holds(Level.L2)


@given(_likely)
def test_what_is_missing_survives_the_store(facts: Facts) -> None:
    for one in assess(facts).missing:
        assert Missing.from_json(one.to_json()) == one


@given(_likely)
def test_a_level_in_force_lacks_nothing_and_what_is_left_open_is_always_said(facts: Facts) -> None:
    found = assess(facts)
    assert found.level is Level.L0 or found.missing_for(found.level) == ()
    assert found.limits


def test_everything_has_words_in_both_languages() -> None:
    chinese = translations(Language.CHINESE).gettext
    assert set(NEEDS) == set(Need)
    assert set(LIMITS) == set(Limit)
    for sentence in (*NEEDS.values(), *LIMITS.values(), UNKNOWN):
        translated = chinese(sentence)
        assert translated != sentence
        for name in ("{branch}", "{people}", "{sentence}"):
            assert (name in translated) == (name in sentence)


def test_it_can_be_read_by_other_programs() -> None:
    document = assess(replace(STATUS, protections=None)).to_json()
    assert document["level"] == 1
    assert document["missing"][0] == {
        "level": 2,
        "need": "rules_known",
        "subject": "",
        "unknown": True,
        "words": "the bot has to see the rules for protected branches, for which it must be a Maintainer "
        "(GitLab does not tell whether it is so)",
    }


# --- patterns of branches ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pattern", "branch", "expected"),
    [
        ("main", "main", True),
        ("main", "Main", False),
        ("main", "main2", False),
        ("ma*", "main", True),
        ("*", "", True),
        ("*", "a/b", True),
        ("release/*", "release/1/2", True),
        ("release/*", "release", False),
        ("*-stable", "1-stable", True),
        ("a*a", "a", False),
        ("a*a", "aa", True),
        ("a*b*c", "a1b2c", True),
        ("a*b*c", "acb", False),
        ("a.c", "abc", False),
        ("**", "x", True),
        ("*a*" * 50, "a" * 49, False),
    ],
)
def test_a_pattern_covers_branches_as_in_gitlab(pattern: str, branch: str, expected: bool) -> None:
    assert covers(pattern, branch) is expected


# --- steps back -------------------------------------------------------------------------------------------------------


def lost(before: Facts, now: Facts, names: tuple[str, ...] = ("main",)) -> list[Need]:
    return [one.need for one in weakened(assess(before), names, assess(now))]


@pytest.mark.parametrize(
    ("before", "now", "expected"),
    [
        (STATUS, STATUS, []),
        (STATUS, BOT_ONLY, []),
        (STATUS, replace(STATUS, skipped_suffices=True), [Need.SKIPPED]),
        (STATUS, replace(STATUS, skipped_suffices=None), [Need.SKIPPED]),
        (BOT_ONLY, replace(BOT_ONLY, protections=()), [Need.PROTECTED]),
        (BOT_ONLY, replace(BOT_ONLY, keyholders=(Keyholder(ADA, "ada"),)), [Need.NO_KEYHOLDERS]),
        (HOOKED, replace(HOOKED, hook_missed_at=NOON), [Need.HOOK_SEES_ALL]),
        (
            replace(BOT_ONLY, keyholders=(Keyholder(ADA, "ada"),)),
            replace(BOT_ONLY, keyholders=(Keyholder(ADA, "ada"), Keyholder(8, "eve"))),
            [],
        ),
    ],
)
def test_what_held_and_holds_no_longer_is_a_step_back(before: Facts, now: Facts, expected: list[Need]) -> None:
    assert lost(before, now) == expected


def test_a_new_lax_rule_is_a_step_back_only_where_the_level_falls_with_it() -> None:
    lax = replace(OTHER, push=DEVELOPERS)
    assert lost(replace(STATUS, protections=(LOCKED,)), replace(STATUS, protections=(LOCKED, lax))) == []
    assert lost(BOT_ONLY, replace(BOT_ONLY, protections=(LOCKED, lax))) == [Need.NOBODY_PUSHES]


def test_an_enforcement_without_missing_holds_everything() -> None:
    assert all(Enforcement(Level.L3).holds(level) for level in Level)
