"""Attestations in the database: read by what they reach, confirmed once, taken back once."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from sqlalchemy import Engine, func, select

from bot.domain.maturity.attestation import Attestation, attachment
from bot.domain.maturity.scope import ORGANISATION, Scope
from bot.store.engine import session, write_session
from bot.store.maturity import attestations
from bot.store.maturity_tables import AttachmentRecord
from bot.store.statements import table
from tests.domain.maturity.worlds import END
from tests.domain.maturity.worlds import attestation as word
from tests.store.counting import counted

FILE = attachment("proof.txt", b"The minutes of the meeting.\n")


def add(engine: Engine, *those: Attestation) -> tuple[Attestation, ...]:
    with write_session(engine) as writing:
        return tuple(attestations.add(writing, one) for one in those)


def test_it_comes_back_as_it_was_said(engine: Engine) -> None:
    said = word(scope=Scope.of_group("Shop/Web"), text="中文\nand \ud800", file_name="a.pdf", file_digest="a" * 64)
    (kept,) = add(engine, said)
    assert kept == replace(said, id=kept.id)
    with session(engine) as reading:
        assert attestations.get(reading, kept.id) == kept
        assert attestations.get(reading, 4711) is None


def test_equal_files_are_one_row_and_go_with_the_last_that_names_them(engine: Engine) -> None:
    with write_session(engine) as writing:
        for number in (5, 6):
            made = word(scope=Scope.of_project(number), file_name=FILE.name, file_digest=FILE.digest)
            attestations.add(writing, made, FILE)
    for number, left in ((5, 1), (6, 0)):
        with session(engine) as reading:
            assert attestations.content_of(reading, FILE.digest) == FILE.content
        with write_session(engine) as writing:
            attestations.forget_project(writing, number)
        with session(engine) as reading:
            assert reading.execute(select(func.count()).select_from(table(AttachmentRecord))).scalar_one() == left


def test_it_is_confirmed_once_and_taken_back_once(engine: Engine) -> None:
    bare = word(confirmed_at=None, confirmed_by="", confirmed_by_id=None)
    one, two = add(engine, bare, bare)
    with write_session(engine) as writing:
        assert attestations.confirm(writing, one.id, by="grace", by_id=2, at=END)
        assert not attestations.confirm(writing, one.id, by="mallory", by_id=9, at=END)
        assert attestations.withdraw(writing, two.id, by="ada", at=END)
        assert not attestations.withdraw(writing, two.id, by="grace", at=END)
        assert not attestations.confirm(writing, two.id, by="grace", by_id=2, at=END)
        assert not attestations.confirm(writing, 4711, by="grace", by_id=2, at=END)
    with session(engine) as reading:
        first, second = attestations.get(reading, one.id), attestations.get(reading, two.id)
    assert first is not None
    assert second is not None
    assert (first.confirmed_by, first.confirmed_by_id, first.confirmed_at) == ("grace", 2, END)
    assert (second.withdrawn_by, second.withdrawn_at, second.confirmed_at) == ("ada", END, None)


def test_what_holds_at_a_moment(engine: Engine) -> None:
    held, *_others, back_later = add(
        engine,
        word(),
        word(expires_at=END),
        word(made_at=END + timedelta(seconds=1)),
        word(withdrawn_at=END, withdrawn_by="ada"),
        word(withdrawn_at=END + timedelta(seconds=1), withdrawn_by="ada"),
    )
    with session(engine) as reading, counted(engine) as seen:
        found = attestations.holding(reading, END)
    assert len(seen) == 1
    assert [one.id for one in found] == [held.id, back_later.id]


def test_it_reaches_a_project_from_its_groups_and_the_organisation(engine: Engine) -> None:
    kept = {
        str(one.scope): one.id
        for one in add(
            engine,
            word(scope=ORGANISATION),
            word(scope=Scope.of_group("Shop")),
            word(scope=Scope.of_group("shop/web")),
            word(scope=Scope.of_group("sho")),
            word(scope=Scope.of_project(5)),
            word(scope=Scope.of_project(55)),
            word(scope=ORGANISATION, of="other"),
        )
    }

    def reaching(scope: Scope, path: str = "") -> set[str]:
        with session(engine) as reading, counted(engine) as seen:
            found = attestations.for_demands(reading, "small", scope, path, END)
        assert len(seen) == 1
        assert found.keys() <= {"a-3-02"}
        numbers = {one.id for one in found.get("a-3-02", ())}
        return {name for name, number in kept.items() if number in numbers}

    every = "organisation"
    del kept[every]
    kept[every] = min(kept.values()) - 1
    assert reaching(Scope.of_project(5), "shop/Web/till") == {every, "group Shop", "group shop/web", "project 5"}
    assert reaching(Scope.of_project(6), "bank/core") == {every}
    assert reaching(Scope.of_group("shop/web")) == {every, "group Shop", "group shop/web"}
    assert reaching(Scope.of_group("shop")) == {every, "group Shop"}
    assert reaching(ORGANISATION) == {every}
    with session(engine) as reading:
        assert attestations.for_demands(reading, "small", ORGANISATION, "", END, demands=["b"]) == {}


def test_a_page_shows_what_the_reader_may_know(engine: Engine) -> None:
    bare: dict[str, Any] = {"confirmed_at": None, "confirmed_by": "", "confirmed_by_id": None}
    one, two, three, four = add(
        engine,
        word(scope=Scope.of_project(5)),
        word(scope=Scope.of_project(6), **bare),
        word(scope=Scope.of_group("shop"), **bare),
        word(scope=Scope.of_group("Shop")),
    )
    with session(engine) as reading:

        def numbers(**wanted: object) -> list[int]:
            return [found.id for found in attestations.page(reading, now=END, **wanted)]  # type: ignore[arg-type]

        assert numbers() == [four.id, three.id, two.id, one.id]
        assert numbers(sees=[5]) == [four.id, three.id, one.id]
        assert numbers(sees=[]) == [four.id, three.id]
        assert numbers(waiting=True) == [three.id, two.id]
        assert numbers(scope=Scope.of_group("SHOP")) == [four.id, three.id]
        assert numbers(limit=1, before=three.id) == [two.id]
        ends = attestations.ending(reading, END, END + timedelta(days=400))
        assert [found.id for found in ends] == [one.id, two.id, three.id, four.id]
        assert attestations.ending(reading, END, END + timedelta(days=1)) == ()
