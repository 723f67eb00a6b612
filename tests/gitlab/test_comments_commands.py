"""Commands and our answers do not make a thread one that people use."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.domain.conversation import WantedConversation
from bot.gitlab.comments import DeleteNote, Reply, SetResolved
from bot.gitlab.markers import Marker, MarkerKind, key_of, parse, with_marker
from tests.gitlab.conversation import AUTHOR, BOT, REVIEWER, FakeConversation, thread, wanted

ANSWER = with_marker("Waits for a second person.", Marker(MarkerKind.ANSWER, "note.7"))


def accepted(fingerprint: str = "fp1") -> WantedConversation:
    return replace(wanted(present=[fingerprint]), accepted=frozenset({fingerprint}))


def commanded(*texts: str) -> FakeConversation:
    talk = FakeConversation()
    talk.settle(wanted(thread()))
    for text in texts:
        talk.reply(talk.threads()[0].id, AUTHOR, text)
    talk.reply(talk.threads()[0].id, BOT, ANSWER)
    talk.reply(talk.threads()[0].id, REVIEWER, "/mw confirm")
    return talk


@pytest.mark.parametrize("want", [accepted(), wanted()], ids=["accepted", "gone"])
def test_a_thread_of_commands_is_closed_without_a_word(want: WantedConversation) -> None:
    talk = commanded("/mw fp a constant", "\n/mw frobnicate\n")
    steps = [step for step in talk.plan(want).steps if not isinstance(step, DeleteNote)]
    assert [type(step) for step in steps if isinstance(step, (SetResolved, Reply))] == [SetResolved]
    talk.settle(want)
    assert talk.threads()[0].resolved
    assert not talk.plan(want)


def test_words_beside_a_command_are_words() -> None:
    talk = commanded("I do not think so.\n/mw fp a constant")
    talk.settle(accepted())
    assert not talk.threads()[0].resolved
    plan = talk.plan(wanted())
    assert [type(step) for step in plan.steps] == [Reply]


def test_a_copied_marker_is_a_persons_word() -> None:
    talk = commanded(ANSWER)
    talk.settle(accepted())
    assert not talk.threads()[0].resolved


def test_a_second_thread_with_a_command_in_it_is_kept_and_nothing_of_a_person_is_deleted() -> None:
    talk = FakeConversation()
    talk.settle(wanted(thread()))
    first = talk.threads()[0]
    copy = talk.add(BOT, first.notes[0].body)
    talk.reply(copy.id, AUTHOR, "/mw fp a constant")
    plan = talk.plan(wanted(thread()))
    assert [step.note_id for step in plan.steps if isinstance(step, DeleteNote)] == [first.notes[0].id]
    talk.reply(first.id, REVIEWER, "/mw explain")
    assert not talk.plan(wanted(thread()))


@pytest.mark.parametrize("kind", [MarkerKind.ANSWER, MarkerKind.REMINDER])
def test_a_marker_of_an_answer_is_read_as_it_was_written(kind: MarkerKind) -> None:
    text, marker = parse(with_marker("words", Marker(kind, "s.1.22.333")))
    assert (text, marker and (marker.kind, marker.fingerprint)) == ("words", (kind, "s.1.22.333"))
    assert parse(with_marker("words", Marker(kind)))[1] is None
    assert key_of("s.1.22.333") == "s.1.22.333"
