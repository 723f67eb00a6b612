"""The comment plan: every rule that a user ever complained about the lack of."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.conversation import WantedConversation
from bot.gitlab.comments import (
    CreateSummary,
    CreateThread,
    DeleteNote,
    EditNote,
    Reply,
    SetResolved,
    confirmations,
    place_line,
    plan_comments,
)
from bot.gitlab.markers import Marker, MarkerKind, with_marker
from bot.gitlab.model import Discussion
from bot.texts import Language
from tests.examples import examples
from tests.gitlab.conversation import AUTHOR, BOT, REVIEWER, FakeConversation, at_line, thread, wanted
from tests.standin import text


def settled(*, blocks: bool = True) -> tuple[FakeConversation, Discussion]:
    """A conversation with the summary and one thread of ours."""
    talk = FakeConversation()
    talk.settle(wanted(thread(blocks=blocks)))
    return talk, talk.threads()[0]


def test_the_thread_of_an_accepted_finding_is_closed_without_a_word_and_opened_when_the_acceptance_ends() -> None:
    talk, found = settled()
    accepted = replace(wanted(present=["fp1"]), accepted=frozenset({"fp1"}))
    assert talk.settle(accepted).steps == (SetResolved("fp1", found.id, resolved=True),)
    assert not talk.plan(accepted)
    assert talk.settle(wanted(thread())).steps == (SetResolved("fp1", found.id, resolved=False),)


def test_the_thread_of_an_accepted_finding_is_left_to_the_people_who_write_in_it() -> None:
    talk, found = settled()
    talk.reply(found.id, REVIEWER, "Let us accept this.")
    assert not talk.plan(replace(wanted(present=["fp1"]), accepted=frozenset({"fp1"})))


def test_an_empty_conversation_gets_the_summary_and_one_thread_each() -> None:
    talk = FakeConversation()
    plan = talk.settle(wanted(thread("a"), thread("b")))
    assert [type(step) for step in plan.steps] == [CreateSummary, CreateThread, CreateThread]
    assert not talk.plan(wanted(thread("a"), thread("b")))


def test_a_changed_text_is_edited_in_place() -> None:
    talk, found = settled()
    plan = talk.settle(wanted(thread(body="#### Other words"), summary="## New summary"))
    assert [(type(s), s.what) for s in plan.steps if isinstance(s, EditNote)] == [
        (EditNote, "summary"),
        (EditNote, "fp1"),
    ]
    assert talk.threads()[0].id == found.id


def test_a_thread_is_resolved_when_its_finding_is_gone_and_opened_when_it_is_back() -> None:
    talk, found = settled(blocks=False)
    assert talk.settle(wanted()).steps == (SetResolved("fp1", found.id, resolved=True),)
    assert not talk.plan(wanted())
    assert talk.settle(wanted(thread(blocks=False))).steps == (SetResolved("fp1", found.id, resolved=False),)


@pytest.mark.parametrize(
    "want",
    [
        wanted(present=["fp1"]),
        wanted(silent=["semgrep"]),
        wanted(unread=["app.py"]),
    ],
)
def test_a_thread_stays_open_when_we_cannot_know_that_its_finding_is_gone(want: WantedConversation) -> None:
    talk, _ = settled()
    assert not talk.plan(want)


def test_another_silent_scanner_or_unread_file_does_not_keep_a_thread_open() -> None:
    talk, found = settled()
    plan = talk.plan(wanted(silent=["bandit"], unread=["other.py"]))
    assert plan.steps == (SetResolved("fp1", found.id, resolved=True),)


def test_a_thread_in_which_people_wrote_is_told_once_and_left_to_them() -> None:
    talk, found = settled()
    talk.reply(found.id, AUTHOR, "I will fix it")
    (step,) = talk.settle(wanted()).steps
    assert isinstance(step, Reply)
    assert "gone" in step.body
    assert not talk.plan(wanted())
    assert not talk.threads()[0].resolved


@pytest.mark.parametrize(
    ("blocks", "resolver", "reopened"),
    [
        (True, AUTHOR, True),
        (True, REVIEWER, True),
        (True, BOT, True),
        (False, AUTHOR, False),
        (False, REVIEWER, False),
        (False, BOT, True),
    ],
)
def test_a_resolved_thread_is_opened_again_unless_somebody_may_have_meant_it(
    blocks: bool, resolver: int, reopened: bool
) -> None:
    talk, found = settled(blocks=blocks)
    talk.resolve(found.id, resolver)
    plan = talk.plan(wanted(thread(blocks=blocks)))
    assert plan.steps == ((SetResolved("fp1", found.id, resolved=False),) if reopened else ())


def test_a_thread_by_which_somebody_confirmed_a_moment_ago_stays_resolved() -> None:
    talk, found = settled(blocks=True)
    talk.resolve(found.id, REVIEWER)
    want = wanted(thread(blocks=True))
    plan = plan_comments(want, talk.discussions, bot_id=BOT, positions={}, confirmed={"fp1"})
    assert plan.steps == ()


def test_only_somebody_else_than_bot_and_author_confirms() -> None:
    for resolver, confirmed in ((BOT, set()), (AUTHOR, set()), (REVIEWER, {"fp1"})):
        talk, found = settled()
        talk.resolve(found.id, resolver)
        assert set(confirmations(talk.discussions, BOT, AUTHOR)) == confirmed


def test_a_reviewers_reply_in_a_thread_that_the_author_resolved_is_no_confirmation() -> None:
    talk, found = settled()
    talk.resolve(found.id, AUTHOR)
    # GitLab marks the reply as resolved by whoever wrote it.
    talk.reply(found.id, REVIEWER, "hm")
    assert set(confirmations(talk.discussions, BOT, AUTHOR)) == set()


def test_a_confirmation_of_code_that_was_edited_since_does_not_count_where_the_head_is_given() -> None:
    talk, found = settled()
    talk.resolve(found.id, REVIEWER)
    assert set(confirmations(talk.discussions, BOT, AUTHOR, head_sha="h")) == {"fp1"}
    assert not confirmations(talk.discussions, BOT, AUTHOR, head_sha="newer")


def test_a_pasted_marker_fools_nobody() -> None:
    talk = FakeConversation()
    forged = with_marker("All fine", Marker(MarkerKind.FINDING, "fp1", ("semgrep",)))
    fake = talk.add(AUTHOR, forged)
    talk.add(AUTHOR, with_marker("All fine", Marker(MarkerKind.SUMMARY)), individual=True)
    talk.resolve(fake.id, REVIEWER)
    plan = talk.plan(wanted(thread()))
    assert [type(step) for step in plan.steps] == [CreateSummary, CreateThread]
    assert set(confirmations(talk.discussions, BOT, AUTHOR)) == set()


def test_duplicates_after_a_crash_are_removed_and_the_oldest_stays() -> None:
    talk, first = settled()
    body = first.notes[0].body
    second = talk.add(BOT, body, position=first.notes[0].position)
    summary = talk.discussions[0].notes[0].body
    third = talk.add(BOT, summary, individual=True)
    plan = talk.settle(wanted(thread()))
    assert set(plan.steps) == {DeleteNote("fp1", second.notes[0].id), DeleteNote("summary", third.notes[0].id)}
    assert [d.id for d in talk.threads()] == [first.id]


def test_a_duplicate_in_which_people_wrote_is_the_one_that_stays() -> None:
    talk, first = settled()
    second = talk.add(BOT, first.notes[0].body, position=first.notes[0].position)
    talk.reply(second.id, REVIEWER, "please fix")
    talk.settle(wanted(thread()))
    assert [d.id for d in talk.threads()] == [second.id]


def test_a_note_that_somebody_edited_gets_its_words_back() -> None:
    talk, found = settled()
    forged = found.notes[0].body.replace("#### A finding", "#### Nothing to see")
    talk._change(lambda n: n if n.id != found.notes[0].id else type(n)(n.id, n.author_id, "", forged, resolvable=True))
    (step,) = talk.plan(wanted(thread())).steps
    assert isinstance(step, EditNote)
    assert "#### A finding" in step.body


def test_an_empty_summary_never_empties_the_note() -> None:
    talk, _ = settled()
    assert not [s for s in talk.plan(wanted(thread(), summary=" \n")).steps if isinstance(s, EditNote)]


def test_a_thread_off_its_line_says_where_the_finding_is() -> None:
    want = wanted(thread(path="dir/a`b.py", line=7))
    plan = plan_comments(want, [], bot_id=BOT, positions={})
    step = plan.steps[1]
    assert isinstance(step, CreateThread)
    assert step.body_elsewhere.startswith("→ `` dir/a`b.py:7 ``\n\n#### A finding")
    assert step.body_at_line.startswith("#### A finding")


@settings(deadline=None)
@given(st.text(st.characters(codec="utf-8"), min_size=1).filter(lambda p: not p.startswith("/") and ".." not in p))
def test_no_path_gets_out_of_its_code(path: str) -> None:
    line = place_line(thread(path=path).location)
    assert "\n" not in line
    assert text.quick_actions(line)[1] == []
    assert text.mentions(line) == []
    assert text.references(line, "https://gitlab.example.com") == []


def test_the_reply_speaks_the_chosen_language_and_the_plan_is_true_only_with_steps() -> None:
    talk, found = settled()
    talk.reply(found.id, AUTHOR, "hello")
    plan = plan_comments(wanted(), talk.discussions, bot_id=BOT, positions={}, language=Language.CHINESE)
    assert plan
    assert isinstance(plan.steps[0], Reply)


fingerprints = st.sampled_from(["a", "b", "c", "odd --> fp", ""])
threads = st.builds(
    thread,
    fingerprints,
    body=st.sampled_from(["one", "two\n", " three"]),
    blocks=st.booleans(),
    scanners=st.sampled_from([("semgrep",), ("bandit", "semgrep"), ()]),
)
wishes = st.builds(
    lambda ts, silent, unread, summary: wanted(*ts, silent=silent, unread=unread, summary=summary),
    st.lists(threads, max_size=4),
    st.sets(st.sampled_from(["semgrep", "bandit"])),
    st.sets(st.sampled_from(["app.py", "b.py"])),
    st.sampled_from(["S", "S2", ""]),
)
events = st.lists(
    st.tuples(
        st.sampled_from(["resolve", "open", "reply", "note"]), st.sampled_from([AUTHOR, REVIEWER]), st.integers(0, 5)
    ),
    max_size=6,
)


@settings(max_examples=examples(150), deadline=None)
@given(st.lists(st.tuples(wishes, events), min_size=1, max_size=4), st.booleans())
def test_whatever_people_do_a_settled_conversation_needs_nothing_more(
    story: list[tuple[WantedConversation, list[tuple[str, int, int]]]], off_line: bool
) -> None:
    talk = FakeConversation()
    for want, happenings in story:
        talk.settle(want)
        assert not talk.plan(want)
        keys = [t.notes[0].body.rpartition("fp=")[2].split()[0] for t in talk.threads() if t.notes[0].author_id == BOT]
        assert len(keys) == len(set(keys))
        for kind, person, number in happenings:
            found = talk.threads()
            if kind == "note" or not found:
                talk.add(person, "a note", individual=True)
                continue
            chosen = found[number % len(found)].id
            if kind == "reply":
                talk.reply(chosen, person, "a reply")
            else:
                talk.resolve(chosen, person, kind == "resolve")


@settings(max_examples=examples(50), deadline=None)
@given(st.lists(threads, min_size=1, max_size=3), st.data())
def test_a_plan_cut_off_anywhere_is_completed_by_the_next(found: list[object], data: st.DataObject) -> None:
    want = wanted(*found)  # type: ignore[arg-type]
    talk = FakeConversation()
    plan = talk.plan(want)
    cut = data.draw(st.integers(0, len(plan.steps)))
    talk.obey(type(plan)(plan.bot_id, plan.steps[:cut]))
    talk.settle(want)
    assert not talk.plan(want)
    assert len(talk.threads()) == len(at_line(*want.threads).keys())
