"""The policy project's texts: one good commit as a whole, and what is wrong with the present one beside it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import Engine

from bot.store.engine import session, write_session
from bot.store.policies import (
    FILE,
    GROUP,
    ORGANISATION,
    StoredText,
    confirm_texts,
    file_of,
    note_problem,
    policy_state,
    policy_texts,
    replace_texts,
)
from tests.store.counting import counted
from tests.store.samples import NOON

HOUR = timedelta(hours=1)
PROJECT = "security/policies"
TEXTS = {ORGANISATION: "version: 1\n", f"{GROUP}shop": "version: 1\n# shop\x00\ud800\n", f"{GROUP}bank/cards": "x"}


def filled(engine: Engine, commit: str = "a" * 40) -> None:
    with write_session(engine) as opened:
        replace_texts(opened, TEXTS, project=PROJECT, commit=commit, at=NOON)


def stored(engine: Engine) -> tuple[StoredText, ...]:
    with session(engine) as opened:
        return policy_texts(opened)


def test_texts_come_back_exactly_the_organisations_first(engine: Engine) -> None:
    filled(engine)
    rows = stored(engine)
    assert [row.name for row in rows] == [ORGANISATION, f"{GROUP}bank/cards", f"{GROUP}shop"]
    assert {row.name: row.text for row in rows} == TEXTS
    assert {(row.project, row.commit, row.read_at, row.problem) for row in rows} == {(PROJECT, "a" * 40, NOON, "")}
    assert rows[1].origin == f"{PROJECT}@{'a' * 40}:groups/bank/cards.yml"


def test_a_new_commit_takes_the_place_of_all_files(engine: Engine) -> None:
    filled(engine)
    with write_session(engine) as opened:
        replace_texts(opened, {ORGANISATION: "new"}, project=PROJECT, commit="b" * 40, at=NOON + HOUR)
    assert [(row.name, row.text) for row in stored(engine)] == [(ORGANISATION, "new")]


def test_a_problem_leaves_the_texts_and_is_found_without_reading_them(engine: Engine) -> None:
    filled(engine)
    with write_session(engine) as opened:
        assert note_problem(opened, f"{GROUP}shop", "line 3 is wrong", project=PROJECT, at=NOON + HOUR)
        assert not note_problem(opened, f"{GROUP}shop", "line 3 is wrong", project=PROJECT, at=NOON + 2 * HOUR)
    assert {row.name: row.text for row in stored(engine)} == TEXTS
    with session(engine) as opened, counted(engine) as statements:
        state = policy_state(opened)
    assert len(statements) == 1
    assert {row.name: row.problem for row in state} == {ORGANISATION: "", f"{GROUP}shop": "line 3 is wrong"}
    assert next(row for row in state if row.problem).file == "groups/shop.yml"


def test_one_problem_at_a_time_and_none_when_all_is_well_again(engine: Engine) -> None:
    filled(engine)
    with write_session(engine) as opened:
        note_problem(opened, f"{FILE}groups/Shop.yaml", "it does not end in .yml", project=PROJECT, at=NOON)
        note_problem(opened, ORGANISATION, "line 1 is wrong", project=PROJECT, at=NOON + HOUR)
    rows = {row.name: row.problem for row in stored(engine)}
    assert rows == {**dict.fromkeys(TEXTS, ""), ORGANISATION: "line 1 is wrong"}
    with write_session(engine) as opened:
        note_problem(opened, f"{GROUP}new", "line 2 is wrong", project=PROJECT, at=NOON + HOUR)
        confirm_texts(opened, NOON + 3 * HOUR)
    after = stored(engine)
    assert {row.name: row.problem for row in after} == dict.fromkeys(TEXTS, "")
    assert after[0].read_at == NOON + 3 * HOUR


def test_a_problem_before_there_ever_was_a_good_text_is_kept_without_one(engine: Engine) -> None:
    with write_session(engine) as opened:
        note_problem(opened, ORGANISATION, "there is no policy.yml in it", project=PROJECT, at=NOON)
    (row,) = stored(engine)
    assert (row.text, row.commit, row.problem) == ("", "", "there is no policy.yml in it")
    filled(engine)
    assert {row.name: row.text for row in stored(engine)} == TEXTS


def test_texts_of_another_policy_project_go(engine: Engine) -> None:
    filled(engine)
    with write_session(engine) as opened:
        note_problem(opened, ORGANISATION, "404", project="security/other", at=NOON)
    assert [(row.project, row.text, row.problem) for row in stored(engine)] == [("security/other", "", "404")]


@pytest.mark.parametrize(
    ("name", "file"),
    [
        (ORGANISATION, "policy.yml"),
        (f"{GROUP}shop/backend", "groups/shop/backend.yml"),
        (f"{FILE}groups/Shop.yaml", "groups/Shop.yaml"),
    ],
)
def test_the_path_of_a_file_follows_from_its_name(name: str, file: str) -> None:
    assert file_of(name) == file
