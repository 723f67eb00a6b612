"""Versions of an organisation's rules: kept, put in force, and remembered with whoever did it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, insert

from bot.domain.rule_version import RuleOutcome, RuleSimulation, RuleVersion
from bot.store import rules_versions as store
from bot.store.engine import session, write_session
from bot.store.statements import table
from bot.store.tables import RuleVersionRecord
from tests.store.samples import NOON

LATER = NOON + timedelta(hours=1)


def version(title: str, *rules: str) -> RuleVersion:
    entries: dict[str, Any] = {rule: {"mode": "monitor", "title": title} for rule in rules}
    return RuleVersion(
        {"python": tuple({"id": rule} for rule in rules)},
        entries,
        dict.fromkeys(rules, (("a.py", "x"),)),
        dict.fromkeys(rules, "billing"),
    )


FIRST, SECOND = version("first", "org-a", "org-gone"), version("second", "org-a")
TRIED = RuleSimulation(SECOND.digest, FIRST.digest, NOON, 1, 9, 0.5, 0.5, (RuleOutcome("org-gone", removed=3),))


def keep(engine: Engine, one: RuleVersion, at: Any = NOON, simulation: RuleSimulation | None = None) -> None:
    with write_session(engine) as writing:
        store.keep_version(writing, one, origin="security/rules@1f", at=at, simulation=simulation)
        store.note_seen(writing, source="security/rules", seen="1f", waiting=one.digest, at=at)


def switch(engine: Engine, digest: str, at: Any = NOON) -> bool:
    with write_session(engine) as writing:
        return store.switch_on(writing, digest, actor="alice", reason="tried", at=at)


def test_a_new_version_waits_and_nothing_is_in_force(engine: Engine) -> None:
    keep(engine, FIRST)
    with session(engine) as reading:
        state = store.state(reading)
        assert state is not None
        assert (state.active, state.waiting, store.active_digest(reading)) == ("", FIRST.digest, "")
        assert store.load_version(reading, FIRST.digest) == FIRST
        assert store.load_version(reading, "0" * 64) is None


def test_who_switched_on_what_is_remembered(engine: Engine) -> None:
    keep(engine, FIRST)
    assert switch(engine, FIRST.digest)
    assert not switch(engine, FIRST.digest)
    keep(engine, SECOND, LATER)
    assert switch(engine, SECOND.digest, LATER)
    assert switch(engine, "", LATER)
    with session(engine) as reading:
        assert store.active_digest(reading) == ""
        assert [(one.before, one.after, one.actor) for one in store.switches(reading)] == [
            (SECOND.digest, "", "alice"),
            (FIRST.digest, SECOND.digest, "alice"),
            ("", FIRST.digest, "alice"),
        ]


def test_what_is_switched_on_waits_no_longer(engine: Engine) -> None:
    keep(engine, FIRST)
    switch(engine, FIRST.digest)
    with session(engine) as reading:
        state = store.state(reading)
    assert state is not None
    assert (state.active, state.waiting) == (FIRST.digest, "")


def test_what_is_read_again_while_in_force_does_not_wait(engine: Engine) -> None:
    keep(engine, FIRST)
    switch(engine, FIRST.digest)
    keep(engine, SECOND)
    keep(engine, FIRST, LATER)
    with session(engine) as reading:
        state = store.state(reading)
    assert state is not None
    assert (state.active, state.waiting) == (FIRST.digest, "")


def test_a_problem_leaves_everything_else_as_it_was(engine: Engine) -> None:
    keep(engine, FIRST)
    switch(engine, FIRST.digest)
    keep(engine, SECOND)
    with write_session(engine) as writing:
        store.note_seen(writing, source="security/rules", seen="2f", problem="a.yaml: broken", at=LATER)
    with session(engine) as reading:
        state = store.state(reading)
    assert state is not None
    assert (state.active, state.waiting, state.problem) == (FIRST.digest, SECOND.digest, "a.yaml: broken")
    assert (state.seen, state.read_at) == ("2f", LATER)


def test_a_problem_may_be_the_first_thing_that_is_known(engine: Engine) -> None:
    with write_session(engine) as writing:
        store.note_seen(writing, source="security/rules", seen="", problem="gone", at=NOON)
    with session(engine) as reading:
        state = store.state(reading)
    assert state is not None
    assert (state.active, state.waiting, state.problem) == ("", "", "gone")


def test_an_unknown_version_is_not_switched_on(engine: Engine) -> None:
    with pytest.raises(ValueError, match="no such version"):
        switch(engine, FIRST.digest)
    with pytest.raises(ValueError, match="no source"):
        switch(engine, "")
    keep(engine, FIRST)
    with pytest.raises(ValueError, match="no such version"):
        switch(engine, "0" * 64)


def test_words_of_old_versions_stay_and_those_in_force_go_first(engine: Engine) -> None:
    keep(engine, FIRST)
    switch(engine, FIRST.digest)
    keep(engine, SECOND, LATER)
    with session(engine) as reading:
        words = store.all_entries(reading)
    assert {rule: entry["title"] for rule, entry in words.items()} == {"org-a": "first", "org-gone": "first"}
    switch(engine, SECOND.digest, LATER)
    with session(engine) as reading:
        words = store.all_entries(reading)
    assert {rule: entry["title"] for rule, entry in words.items()} == {"org-a": "second", "org-gone": "first"}


def test_the_version_in_force_has_its_words_however_many_are_newer(engine: Engine) -> None:
    keep(engine, FIRST)
    switch(engine, FIRST.digest)
    keep(engine, SECOND, LATER)
    with write_session(engine) as writing:
        document: dict[str, object] = {"entries": {}, "document": {}, "simulation": None, "origin": ""}
        rows = [{"digest": f"{n:064}", "read_at": LATER + timedelta(n), **document} for n in range(250)]
        writing.execute(insert(table(RuleVersionRecord)), rows)
    with session(engine) as reading:
        assert store.all_entries(reading)["org-a"]["title"] == "first"


def test_a_version_keeps_its_newest_simulation(engine: Engine) -> None:
    keep(engine, SECOND)
    keep(engine, SECOND, LATER, TRIED)
    keep(engine, SECOND, LATER)
    newer = replace(TRIED, files=10)
    keep(engine, SECOND, LATER, newer)
    with session(engine) as reading:
        known = store.known_version(reading, SECOND.digest)
        (listed,) = store.known_versions(reading)
    assert known == listed
    assert known is not None
    assert (known.simulation, known.rules, known.read_at) == (newer, 1, NOON)


def test_digests_are_found_by_how_they_begin(engine: Engine) -> None:
    keep(engine, FIRST)
    keep(engine, SECOND)
    with session(engine) as reading:
        assert store.digests_like(reading, FIRST.digest[:12]) == (FIRST.digest,)
        assert store.digests_like(reading, "%") == ()
        assert store.digests_like(reading, "") == ()
