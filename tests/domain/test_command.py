"""Commands in notes: what is one, what is not, and what is wrong with what looks like one."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.command import (
    DISMISSALS,
    JUSTIFICATIONS,
    MOST_COMMANDS,
    Command,
    Misread,
    Problem,
    Verb,
    holds_command,
    only_commands,
    parse_commands,
    text_digest,
)
from scanners.normalize import clean_text


def parsed(text: str) -> Command:
    (found,) = parse_commands(text)
    assert isinstance(found, Command), found
    return found


def misread(text: str) -> Misread:
    (found,) = parse_commands(text)
    assert isinstance(found, Misread), found
    return found


def parts(command: Command) -> tuple[Verb, int | None, str]:
    return command.verb, command.finding, command.reason


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("/mw fp #812 the value is a constant", (Verb.FALSE_POSITIVE, 812, "the value is a constant")),
        ("/mw fp 812 a constant", (Verb.FALSE_POSITIVE, 812, "a constant")),
        ("/mw fp a constant", (Verb.FALSE_POSITIVE, None, "a constant")),
        ("/MW FP a Constant", (Verb.FALSE_POSITIVE, None, "a Constant")),
        ("/mw fp: #812: a constant", (Verb.FALSE_POSITIVE, 812, "a constant")),
        ("/mw fp #812, a constant", (Verb.FALSE_POSITIVE, 812, "a constant")),
        ("/mw mitigated 7 behind the firewall", (Verb.MITIGATED, 7, "behind the firewall")),
        ("/mw test 7 only tests", (Verb.TEST, 7, "only tests")),
        ("/mw na 7 not reached", (Verb.NOT_APPLICABLE, 7, "not reached")),
        ("/mw confirm", (Verb.CONFIRM, None, "")),
        ("/mw confirm #812", (Verb.CONFIRM, 812, "")),
        ("/mw confirm #812 I looked", (Verb.CONFIRM, 812, "I looked")),
        ("/mw reopen 812 it is reached", (Verb.REOPEN, 812, "it is reached")),
        ("/mw explain", (Verb.EXPLAIN, None, "")),
        ("/mw explain #812", (Verb.EXPLAIN, 812, "")),
        ("/mw rescan", (Verb.RESCAN, None, "")),
        ("/mw rescan please", (Verb.RESCAN, None, "")),
        ("/mw merge", (Verb.MERGE, None, "")),
        ("/mw merge.", (Verb.MERGE, None, "")),
        ("/mw merge Cancel", (Verb.CANCEL_MERGE, None, "")),
        ("/mw help", (Verb.HELP, None, "")),
        ("/mw", (Verb.HELP, None, "")),
        ("/mw   ", (Verb.HELP, None, "")),
        ("   /mw help", (Verb.HELP, None, "")),
        ("Some words.\n\n/mw help\nMore words.", (Verb.HELP, None, "")),
        ("words\r\n/mw help\r\n", (Verb.HELP, None, "")),
        # Numbers that are none.
        ("/mw fp 3.5 seconds are enough", (Verb.FALSE_POSITIVE, None, "3.5 seconds are enough")),
        ("/mw fp 3rd party code", (Verb.FALSE_POSITIVE, None, "3rd party code")),
        ("/mw fp 2026-01-01 was the day", (Verb.FALSE_POSITIVE, None, "2026-01-01 was the day")),
        ("/mw fp 0 risk", (Verb.FALSE_POSITIVE, None, "0 risk")),
        # Words that begin like an end.
        ("/mw fp for tests only", (Verb.FALSE_POSITIVE, None, "for tests only")),
        ("/mw fp untilted data", (Verb.FALSE_POSITIVE, None, "untilted data")),
        ("/mw reopen until then", (Verb.REOPEN, None, "until then")),
        # What a Chinese input method writes.
        ("／ｍｗ　ｆｐ　＃８１２　这是常量", (Verb.FALSE_POSITIVE, 812, "这是常量")),
        ("/mw fp 812：这是常量。", (Verb.FALSE_POSITIVE, 812, "这是常量。")),
        ("/mw fp #812，这是常量", (Verb.FALSE_POSITIVE, 812, "这是常量")),
        ("/mw fp #812这是常量", (Verb.FALSE_POSITIVE, 812, "这是常量")),
        ("/mw fp 812个常量", (Verb.FALSE_POSITIVE, None, "812个常量")),
        ("/mw：fp：常量，不变", (Verb.FALSE_POSITIVE, None, "常量，不变")),
        ("　/mw　help", (Verb.HELP, None, "")),
    ],
)
def test_a_command_is_read_as_people_write_it(text: str, expected: tuple[Verb, int | None, str]) -> None:
    assert parts(parsed(text)) == expected


@pytest.mark.parametrize(
    ("text", "until", "days", "reason"),
    [
        ("/mw accept #812 until 2027-01-31 because", date(2027, 1, 31), None, "because"),
        ("/mw accept until 2027-1-5, because", date(2027, 1, 5), None, "because"),
        ("/mw accept 812 until：２０２７-０１-３１　因为", date(2027, 1, 31), None, "因为"),
        ("/mw accept for 30d because", None, 30, "because"),
        ("/mw accept 812 for 1 day because", None, 1, "because"),
        ("/mw accept 812 for 30 Days: because", None, 30, "because"),
        ("/mw accept 812 for 30天 因为", None, 30, "因为"),
        ("/mw fp 812 because until 2027-01-31", None, None, "because until 2027-01-31"),
    ],
)
def test_a_dismissal_may_carry_its_end(text: str, until: date | None, days: int | None, reason: str) -> None:
    found = parsed(text)
    assert (found.until, found.days, found.reason) == (until, days, reason)


@pytest.mark.parametrize(
    ("text", "problem", "word", "suggestion"),
    [
        ("/mw fpp x", Problem.UNKNOWN_VERB, "fpp", Verb.FALSE_POSITIVE),
        ("/mw false-positive x", Problem.UNKNOWN_VERB, "false-positive", Verb.FALSE_POSITIVE),
        ("/mw confim", Problem.UNKNOWN_VERB, "confim", Verb.CONFIRM),
        ("/mw approve", Problem.UNKNOWN_VERB, "approve", Verb.CONFIRM),
        ("/mw n/a x", Problem.UNKNOWN_VERB, "n/a", Verb.NOT_APPLICABLE),
        ("/mw 误报 常量", Problem.UNKNOWN_VERB, "误报", Verb.FALSE_POSITIVE),
        ("/mw cancel", Problem.UNKNOWN_VERB, "cancel", Verb.CANCEL_MERGE),
        ("/mw ?", Problem.UNKNOWN_VERB, "?", Verb.HELP),
        ("/mw xyzzy", Problem.UNKNOWN_VERB, "xyzzy", None),
        ("/mw #812", Problem.UNKNOWN_VERB, "#812", None),
        ("/mw fp", Problem.NO_REASON, "", None),
        ("/mw fp #812", Problem.NO_REASON, "", None),
        ("/mw fp 812 until 2027-01-31", Problem.NO_REASON, "", None),
        ("/mw fp \u200b\u2060", Problem.NO_REASON, "", None),
        ("/mw reopen 812", Problem.NO_REASON, "", None),
        (f"/mw fp {'x' * 2001}", Problem.TOO_LONG, "", None),
        (f"/mw fp {'x' * 100_000}", Problem.TOO_LONG, "", None),
        ("/mw fp #0 x", Problem.NOT_A_NUMBER, "#0", None),
        ("/mw fp #812abc x", Problem.NOT_A_NUMBER, "#812abc", None),
        ("/mw fp #1234567890123456789 x", Problem.NOT_A_NUMBER, "#1234567890123456789", None),
        ("/mw fp #-1 x", Problem.NOT_A_NUMBER, "#-1", None),
        ("/mw explain it", Problem.NOT_A_NUMBER, "it", None),
        ("/mw accept until tomorrow x", Problem.NOT_A_DATE, "tomorrow", None),
        ("/mw accept until 2027-02-30 x", Problem.NOT_A_DATE, "2027-02-30", None),
        ("/mw accept until 0000-01-01 x", Problem.NOT_A_DATE, "0000-01-01", None),
        ("/mw accept for 3 reasons", Problem.NOT_A_DATE, "3", None),
        ("/mw accept for 0d x", Problem.NOT_A_DATE, "0d", None),
        ("/mw accept for 999999d x", Problem.NOT_A_DATE, "999999d", None),
        ("/mw merge cancle", Problem.NOT_UNDERSTOOD, "cancle", Verb.CANCEL_MERGE),
        ("/mw merge now", Problem.NOT_UNDERSTOOD, "now", Verb.CANCEL_MERGE),
        ("> quoted\n/mw fp x", Problem.BELOW_QUOTE, "", None),
        (">>>\nquoted\n>>>\n/mw fp x", Problem.BELOW_QUOTE, "", None),
    ],
)
def test_what_looks_like_a_command_and_is_none_says_why(
    text: str, problem: Problem, word: str, suggestion: Verb | None
) -> None:
    found = misread(text)
    assert (found.problem, found.word, found.suggestion) == (problem, word, suggestion)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "mw fp x",
        "Please use /mw fp x",
        "- /mw fp x",
        "1. /mw fp x",
        "`/mw fp x`",
        "/mwx fp x",
        "/mw-fp x",
        "/mw/fp x",
        "//mw fp x",
        "\\/mw fp x",
        "/m w fp x",
        "    /mw fp x",
        "\t/mw fp x",
        "> /mw fp x",
        ">/mw fp x",
        "  > /mw fp x",
        "＞ /mw fp x",
        "> one\n> /mw fp x",
        "```\n/mw fp x\n```",
        "```mw\n/mw fp x",
        "~~~\n/mw fp x\n~~~",
        "````\n```\n/mw fp x\n````",
        "```\n~~~\n/mw fp x\n```",
        "   ```\n/mw fp x\n```",
        ">>>\n/mw fp x\n>>>",
        ">>>\n\n/mw fp x",
        "<!--\n/mw fp x\n-->",
        "words <!-- begin\n/mw fp x\nend -->",
        "<pre>\n/mw fp x\n</pre>",
        "<blockquote>\n\n/mw fp x\n</blockquote>",
    ],
)
def test_what_is_quoted_hidden_or_an_example_is_no_command(text: str) -> None:
    assert parse_commands(text) == ()


@pytest.mark.parametrize("text", ["/mwx", "mw", "/MWs fp x", "see /mw", "/m\nw", "/mw-fp", "    /mw fp x", "\t/mw"])
def test_what_does_not_begin_with_our_word_is_not_worth_reading(text: str) -> None:
    assert not holds_command(text)
    assert not only_commands(text)


@pytest.mark.parametrize(
    "text",
    [
        "```\nx\n```\n/mw help",
        "~~~\nx\n~~~~\n/mw help",
        "``` not a fence ` here\n/mw help",
        "> quoted\n\n/mw help",
        "> quoted\n　\n/mw help",
        ">>>\nx\n>>>\n\n/mw help",
        "<!-- x -->\n/mw help",
        "<!-- a --> b <!-- c\n--> d\n/mw help",
        "<pre>x</pre>\n/mw help",
        "Use `<pre>` here\n/mw help",
        "> a\n```\nx\n```\n/mw help",
    ],
)
def test_what_follows_them_is_one_again(text: str) -> None:
    assert parsed(text).verb is Verb.HELP


def test_a_note_may_hold_ten_and_what_follows_is_said_once() -> None:
    text = "\n".join(["/mw explain #1"] * 30)
    found = parse_commands(text)
    assert len(found) == MOST_COMMANDS + 1
    assert [one for one in found if isinstance(one, Misread)] == [Misread(Problem.TOO_MANY, "/mw explain #1")]


def test_every_dismissal_has_a_justification_of_its_own() -> None:
    assert len(set(JUSTIFICATIONS.values())) == len(DISMISSALS) == 5


@pytest.mark.parametrize(
    ("text", "only"),
    [
        ("/mw fp x", True),
        ("\n/mw fp x\r\n\n  /mw help\n", True),
        ("/mw frobnicate", True),
        ("Thanks!\n/mw fp x", False),
        ("/mw fp x\nBut look at this", False),
        ("", False),
        (" \n", False),
    ],
)
def test_a_note_of_commands_alone_is_no_conversation(text: str, only: bool) -> None:
    assert only_commands(text) is only


def test_a_digest_is_of_the_words_and_not_of_the_line_ends() -> None:
    assert text_digest("a\r\nb\r") == text_digest("\na\nb")
    assert text_digest("a b") != text_digest("a  b")


LINES = st.lists(
    st.one_of(
        st.text(max_size=30),
        st.sampled_from(
            [
                "```",
                "~~~",
                ">>>",
                "> x",
                "<!--",
                "-->",
                "<pre>",
                "</pre>",
                "",
                "    ",
                "/mw",
                "/mw fp #1 x",
                "\r",
                "words",
            ]
        ),
        st.builds("{}mw {} {}".format, st.sampled_from(["/", "／", " /", "\u3000/"]), st.text(max_size=8), st.text()),
    ),
    max_size=12,
)


@given(st.one_of(st.text(), LINES.map("\n".join)))
def test_no_text_at_all_makes_the_parser_fail(text: str) -> None:
    found = parse_commands(text)
    assert len(found) <= MOST_COMMANDS + 1
    assert not found or holds_command(text)
    for one in found:
        if isinstance(one, Command):
            assert one.finding is None or 0 < one.finding < 10**18
            assert one.reason or one.verb not in DISMISSALS | {Verb.REOPEN}
            assert "\n" not in one.reason


@given(st.one_of(st.text(), LINES.map("\n".join)))
def test_nothing_that_is_quoted_or_fenced_is_obeyed(text: str) -> None:
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    assert parse_commands("\n".join(f"> {line}" for line in lines)) == ()
    fence = "`" * (3 + max((line.count("`") for line in lines), default=0))
    assert parse_commands("\n".join([fence, *lines, fence])) == ()
    assert parse_commands("\n".join(f"    {line}" for line in lines)) == ()


@given(st.sampled_from([v for v in Verb if v in DISMISSALS]), st.integers(1, 10**18 - 1), st.text())
def test_reading_what_was_read_again_changes_nothing(verb: Verb, number: int, reason: str) -> None:
    for one in parse_commands(f"/mw {verb.value} #{number} {reason}")[:1]:
        if not isinstance(one, Command):
            continue
        end = f" until {one.until.isoformat()}" if one.until else f" for {one.days}d" if one.days else ""
        again = parsed(f"/mw {one.verb.value} #{one.finding}{end} {one.reason}")
        assert (again.verb, again.finding, again.until or again.days) == (verb, number, one.until or one.days)
        assert again.reason == one.reason


@given(LINES.map("\n".join))
def test_the_order_of_commands_is_that_of_their_lines(text: str) -> None:
    found = [one.line for one in parse_commands(text)]
    lines = [clean_text(line) for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n")]
    remaining = iter(lines)
    assert all(line in remaining for line in found)
