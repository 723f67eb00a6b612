"""What is said to people: a template and what stands in it, so that it can be said in any language."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bot.errors import MergewardenError, Sentence, clause, sentence, translated

CHINESE = {"{who} may not: {right}": "{who}不可：{right}", "decide": "裁决", "wrong": "错误"}


def into_chinese(text: str) -> str:
    return CHINESE.get(text, text)


def test_a_sentence_is_said_in_english_and_in_another_language() -> None:
    told = sentence("{who} may not: {right}", who="ada", right=Sentence("decide"))
    assert str(told) == "ada may not: decide"
    assert translated(told, into_chinese) == "ada不可：裁决"


def test_what_stands_in_a_sentence_is_not_translated_unless_it_is_one() -> None:
    told = sentence("{who} may not: {right}", who="decide", right=7)
    assert translated(told, into_chinese) == "decide不可：7"


def test_an_error_is_english_for_programs_and_kept_for_whoever_shows_it() -> None:
    error = MergewardenError(sentence("{who} may not: {right}", who="ada", right="x"), "wrong")
    assert (str(error), error.hint) == ("ada may not: x", "wrong")
    assert translated(error.told, into_chinese) == "ada不可：x"
    assert translated(error.told_hint, into_chinese) == "错误"


def test_nothing_said_is_nothing_in_every_language() -> None:
    # A catalogue answers the empty text with its own head.
    assert translated("", lambda _: "Content-Type: text/plain") == ""


@given(st.text())
def test_a_strangers_text_is_shown_as_it_is_whatever_braces_it_has(text: str) -> None:
    assert str(clause(text)) == text
    assert str(sentence("{who} may not: {right}", who=text, right=clause(text))) == f"{text} may not: {text}"
