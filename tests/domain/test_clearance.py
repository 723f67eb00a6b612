"""What is cleared: by head, by merge, by squash, by rebase, and never by anything that only looks like it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from fnmatch import fnmatchcase
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.clearance import (
    MOST_HEADS,
    Clearance,
    CommitFacts,
    Refusal,
    Ruling,
    Update,
    Why,
    decide,
)
from bot.domain.protected_branches import is_protected
from tests.deploy.gate import load_script

HOOK = load_script()
TEXTS = {
    name: f"{name} {{commit}} {{branch}}" if name in ("not_cleared", "altered") else f"{name} {{branch}}"
    for name in ("head", "not_cleared", "altered", "rewritten", "todo")
}


def name(letter: str) -> str:
    """A commit's id that can be read."""
    return (letter.encode().hex() * 40)[:40]


OLD, TIP, HEAD, OTHER = name("o"), name("t"), name("h"), name("x")


def commit(sha: str, *parents: str, tree: str | None = None, patch: str | None = None) -> CommitFacts:
    return CommitFacts(sha, parents, tree or f"tree of {sha}", patch)


def update(*commits: CommitFacts, new: str = TIP, landed: tuple[str, ...] = (OLD,), **fields: Any) -> Update:
    facts: dict[str, Any] = {"old": OLD, "commits": {c.sha: c for c in commits}}
    return Update("main", new=new, landed={sha: f"tree of {sha}" for sha in landed}, **{**facts, **fields})


def cleared(head: str = HEAD, *commits: str, patch: str | None = "p", branch: str = "main", iid: int = 7) -> Clearance:
    return Clearance(iid, branch, head, patch, commits)


def why(ruling: Ruling) -> list[Why]:
    return [refusal.why for refusal in ruling.refusals]


def proved(ruling: Ruling) -> list[tuple[str, str, tuple[str, ...]]]:
    return [(proof.tree, proof.onto, proof.heads) for proof in ruling.proofs]


# --- Each way in ------------------------------------------------------------------------------------------------------


def test_a_cleared_head_brings_everything_below_it() -> None:
    commits = (commit(TIP, name("b")), commit(name("b"), OLD))
    assert decide(update(*commits), [cleared(TIP)]) == Ruling()


def test_a_cleared_head_on_the_way_covers_what_is_below_and_not_what_is_above() -> None:
    ruling = decide(update(commit(TIP, HEAD), commit(HEAD, name("b")), commit(name("b"), OLD)), [cleared()])
    assert [(r.why, r.sha) for r in ruling.refusals] == [(Why.NOT_CLEARED, TIP)]


def test_a_merge_has_to_be_proved() -> None:
    ruling = decide(update(commit(TIP, OLD, HEAD)), [cleared()])
    assert why(ruling) == []
    assert proved(ruling) == [(f"tree of {TIP}", OLD, (HEAD,))]


def test_a_merge_of_what_is_on_the_branch_has_to_be_proved_as_well() -> None:
    ruling = decide(update(commit(TIP, OLD, OTHER), landed=(OLD, OTHER)), [])
    assert proved(ruling) == [(f"tree of {TIP}", OLD, (OTHER,))]


def test_a_merge_of_anything_else_is_refused_and_names_it() -> None:
    ruling = decide(update(commit(TIP, OLD, OTHER), commit(OTHER, OLD, patch="q")), [cleared()])
    assert ruling.refusals == (Refusal(Why.MERGE_OF_UNCLEARED, TIP, "main", OTHER),)


def test_a_squash_has_to_be_proved_against_the_head_that_was_judged() -> None:
    ruling = decide(update(commit(TIP, OLD, patch="p")), [cleared(), cleared(OTHER, iid=8)])
    assert proved(ruling) == [(f"tree of {TIP}", OLD, (HEAD, OTHER))]
    assert ruling.proofs[0].otherwise == Refusal(Why.CHANGE_ALTERED, TIP, "main", iid=7)


def test_a_squash_and_merge_has_to_be_proved_twice() -> None:
    squash = commit(OTHER, OLD, patch="p")
    ruling = decide(update(commit(TIP, OLD, OTHER), squash), [cleared()])
    assert why(ruling) == []
    assert proved(ruling) == [(squash.tree, OLD, (HEAD,)), (f"tree of {TIP}", OLD, (OTHER,))]


def test_a_squash_that_stands_on_something_uncleared_is_no_second_parent() -> None:
    commits = (commit(TIP, OLD, OTHER), commit(OTHER, name("e"), patch="p"))
    assert why(decide(update(*commits), [cleared()])) == [Why.MERGE_OF_UNCLEARED]


def run(*patches: str, sha: str = "abcdefg") -> tuple[CommitFacts, ...]:
    """A line of commits above OLD, the last of which is the tip."""
    ids = [name(letter) for letter in sha[: len(patches) - 1]] + [TIP]
    return tuple(commit(one, below, patch=patch) for one, below, patch in zip(ids, [OLD, *ids], patches, strict=False))


def test_a_rebase_is_all_the_commits_in_their_order() -> None:
    ruling = decide(update(*run("1", "2", "3")), [cleared(HEAD, "1", "2", "3")])
    assert why(ruling) == []
    assert proved(ruling) == [(f"tree of {TIP}", OLD, (HEAD,))]


@pytest.mark.parametrize("patches", ["12", "23", "132", "0123", "1203", "3", "1233", "1234"])
def test_anything_but_all_of_them_in_order_is_no_rebase(patches: str) -> None:
    assert Why.NOT_CLEARED in why(decide(update(*run(*patches)), [cleared(HEAD, "1", "2", "3")]))


def test_of_several_rebases_the_longest_counts() -> None:
    ruling = decide(update(*run("1", "2", "3")), [cleared(OTHER, "2", "3", iid=8), cleared(HEAD, "1", "2", "3")])
    assert proved(ruling) == [(f"tree of {TIP}", OLD, (HEAD,))]


def test_two_rebases_on_top_of_each_other_are_two() -> None:
    ruling = decide(update(*run("1", "2", "3", "4")), [cleared(HEAD, "1", "2"), cleared(OTHER, "3", "4", iid=8)])
    assert why(ruling) == []
    assert [proof[2] for proof in proved(ruling)] == [(OTHER,), (HEAD,)]


def test_an_empty_commit_brings_nothing() -> None:
    empty = commit(TIP, OLD, tree=f"tree of {OLD}")
    assert decide(update(empty), []) == Ruling()
    # Also in the middle of a rebase.
    middle = commit(name("m"), name("a"), tree=f"tree of {name('a')}")
    commits = (commit(name("a"), OLD, patch="1"), middle, commit(TIP, name("m"), patch="2"))
    assert why(decide(update(*commits), [cleared(HEAD, "1", "2")])) == []


def test_a_commit_without_a_patch_id_that_changes_something_is_not_empty() -> None:
    """Its patch id could not be found out, or git thinks nothing of it: the trees are what counts."""
    assert why(decide(update(commit(TIP, OLD)), [cleared(patch=None)])) == [Why.NOT_CLEARED]


@pytest.mark.parametrize("parents", [(OLD, HEAD, HEAD), (OLD, HEAD, OTHER, OLD)])
def test_more_than_two_parents_are_never_cleared(parents: tuple[str, ...]) -> None:
    assert why(decide(update(commit(TIP, *parents)), [cleared()])) == [Why.OCTOPUS]


def test_history_without_a_beginning_on_the_branch_is_refused() -> None:
    assert why(decide(update(commit(TIP)), [cleared()])) == [Why.NOT_CLEARED]


# --- Which branch, which push -----------------------------------------------------------------------------------------


def test_a_clearance_is_for_one_branch() -> None:
    assert why(decide(update(commit(TIP, OLD, patch="p")), [cleared(TIP, branch="stable")])) == [Why.NOT_CLEARED]


def test_what_was_rewritten_is_refused_even_when_cleared() -> None:
    assert why(decide(update(commit(TIP, OLD), fast_forward=False), [cleared(TIP)])) == [Why.REWRITTEN]


def test_a_deletion_brings_nothing() -> None:
    assert decide(replace(update(), new=None), []) == Ruling()


def test_a_new_branch_may_hold_what_is_on_another_protected_one() -> None:
    assert decide(update(old=None, new=OLD), []) == Ruling()
    assert why(decide(update(commit(TIP, OLD), old=None), [])) == [Why.NOT_CLEARED]


def test_a_beginning_is_let_through_and_nothing_after_it() -> None:
    assert decide(update(commit(TIP), old=None, beginning=True), []) == Ruling()
    assert why(decide(update(commit(TIP, OLD), beginning=True), [])) == [Why.NOT_CLEARED]


def test_what_was_not_looked_at_is_refused() -> None:
    ruling = decide(update(commit(TIP, name("b"))), [])
    assert why(ruling) == [Why.NOT_CLEARED, Why.UNSEEN]


def test_a_commit_is_held_against_a_bounded_number_of_heads() -> None:
    many = [cleared(f"{number:040x}", iid=number) for number in range(100)]
    ruling = decide(update(commit(TIP, OLD, patch="p")), many)
    assert len(ruling.proofs[0].heads) == MOST_HEADS


def test_a_proof_that_fails_is_a_refusal() -> None:
    ruling = decide(update(commit(TIP, OLD, HEAD)), [cleared()])
    assert ruling.concluded([]) == ()
    assert [r.why for r in ruling.concluded(ruling.proofs)] == [Why.MERGE_ALTERED]


def test_a_sentence_is_clean_whatever_the_branch_is_called() -> None:
    sentence = Refusal(Why.NOT_CLEARED, TIP, "a\u202eb\n/close" + "x" * 500).sentence
    assert "\u202e" not in sentence
    assert "\n" not in sentence
    assert len(sentence) < 300


# --- Protected branches -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pattern", "branch", "expected"),
    [
        ("main", "main", True),
        ("main", "Main", False),
        ("main", "main2", False),
        ("*", "anything/at/all", True),
        ("release/*", "release/1.0", True),
        ("release/*", "release/1/2", True),
        ("release/*", "release/", True),
        ("release/*", "release", False),
        ("*-stable", "a/1-stable", True),
        ("*-stable", "1-stable-2", False),
        ("a*b*c", "abc", True),
        ("a*b*c", "a1b2c", True),
        ("a*b*c", "acb", False),
        ("a*a", "a", False),
        ("v?", "v1", False),
        ("[ab]", "a", False),
        ("a.c", "abc", False),
    ],
)
def test_patterns_are_gitlabs(pattern: str, branch: str, expected: bool) -> None:
    assert is_protected(branch, [pattern]) is expected
    assert HOOK.covers(pattern, branch) is expected


_text = st.text(st.sampled_from("ab/*.-"), max_size=8)


@given(_text, st.text(st.sampled_from("ab/.-\n"), max_size=12))
def test_hook_and_bot_agree_which_branches_are_protected(pattern: str, branch: str) -> None:
    expected = fnmatchcase(branch, pattern)
    assert is_protected(branch, [pattern]) is expected
    assert HOOK.covers(pattern, branch) is expected


def test_a_hostile_pattern_keeps_nobody_waiting() -> None:
    assert not is_protected("a" * 2_000, ["*a" * 500 + "b"])


# --- For every history ------------------------------------------------------------------------------------------------

_PATCHES = ("p", "q", "r", None)
_SHAS = tuple(name(letter) for letter in "abcdefgh")


@st.composite
def _histories(draw: st.DrawFn) -> tuple[Update, list[Clearance]]:
    """Small histories with few names, so that everything happens to be like everything else now and then."""
    count = draw(st.integers(1, 6))
    landed = (OLD, OTHER)
    commits = []
    for index in range(count):
        below = [*landed, *_SHAS[:index], "f" * 40]
        parents = draw(st.lists(st.sampled_from(below), min_size=0, max_size=3))
        tree = draw(st.sampled_from([f"tree of {sha}" for sha in (*landed, *_SHAS[: index + 1])]))
        patch = draw(st.sampled_from(_PATCHES)) if len(parents) == 1 else None
        commits.append(commit(_SHAS[index], *parents, tree=tree, patch=patch))
    clearances = draw(
        st.lists(
            st.builds(
                Clearance,
                st.integers(1, 3),
                st.sampled_from(("main", "stable")),
                st.sampled_from((*_SHAS, HEAD)),
                st.sampled_from(_PATCHES),
                st.lists(st.sampled_from(("p", "q")), max_size=3).map(tuple),
            ),
            max_size=4,
        )
    )
    fields: dict[str, Any] = {
        "old": draw(st.sampled_from((OLD, OLD, OLD, None))),
        "fast_forward": draw(st.sampled_from((True, True, True, False))),
        "beginning": draw(st.sampled_from((False, False, False, True))),
    }
    fields["fast_forward"] = fields["fast_forward"] or fields["old"] is None
    fields["beginning"] = fields["beginning"] and fields["old"] is None
    return update(*commits, new=_SHAS[count - 1], landed=landed, **fields), clearances


def document(move: Update) -> dict[str, Any]:
    """As the hook has it."""
    return {
        "branch": move.branch,
        "old": move.old,
        "new": move.new,
        "fast_forward": move.fast_forward,
        "beginning": move.beginning,
        "commits": [
            {"sha": c.sha, "parents": list(c.parents), "tree": c.tree, "patch_id": c.patch_id}
            for c in move.commits.values()
        ],
        "landed": dict(move.landed),
    }


def listed(clearances: list[Clearance]) -> list[Mapping[str, Any]]:
    return [{"branch": one.branch, "head": one.head, "patch_id": one.patch_id} for one in clearances]


@given(_histories())
def test_the_hook_alone_never_lets_through_what_the_bot_would_not(history: tuple[Update, list[Clearance]]) -> None:
    """Whatever git says about the merges: what the hook wants proved is all that the bot wants proved, or more."""
    move, clearances = history
    alone = HOOK.decide(document(move), listed(clearances), TEXTS)
    asked = decide(move, clearances)
    if not alone["refused"]:
        assert not asked.refusals
        # Rebases aside, which the hook does not know, both ask git the same.
        if not any(len(one.commits) > 1 for one in clearances):
            mine = {(proof["tree"], proof["onto"], tuple(proof["heads"])) for proof in alone["proofs"]}
            assert mine == set(proved(asked))


@given(_histories())
def test_without_rebases_hook_and_bot_agree(history: tuple[Update, list[Clearance]]) -> None:
    move, clearances = history
    plain = [replace(one, commits=()) for one in clearances]
    assert bool(HOOK.decide(document(move), listed(plain), TEXTS)["refused"]) is bool(decide(move, plain).refusals)


@given(_histories())
def test_fewer_clearances_never_let_more_through(history: tuple[Update, list[Clearance]]) -> None:
    move, clearances = history
    if not decide(move, clearances[1:]).refusals:
        assert not decide(move, clearances).refusals


@given(_histories())
def test_every_commit_that_comes_in_is_named_by_something(history: tuple[Update, list[Clearance]]) -> None:
    """A tip that is let through without a proof is a cleared head, on the branch, or changes nothing above that."""
    move, clearances = history
    ruling = decide(move, clearances)
    if ruling.refusals or ruling.proofs or move.beginning or move.new is None:
        return
    heads = {one.head for one in clearances if one.branch == "main"}
    sha: str = move.new
    while sha not in heads and sha not in move.landed:
        (parent,) = move.commits[sha].parents
        below = move.commits[parent].tree if parent in move.commits else move.landed.get(parent)
        assert move.commits[sha].tree == below
        sha = parent
