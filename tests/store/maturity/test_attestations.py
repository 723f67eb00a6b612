"""Attestations in the database: read by what they reach, confirmed once, taken back once."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from sqlalchemy import Engine, func, select

from bot.domain.maturity.attestation import Attestation, attachment
from bot.domain.maturity.scope import ORGANISATION, Scope
from bot.domain.roles import Principal, Role
from bot.store.engine import session, write_session
from bot.store.maturity import attestations
from bot.store.maturity_tables import AttachmentRecord
from bot.store.projects import Project, upsert_projects
from bot.store.statements import table
from tests.domain.maturity.worlds import END
from tests.domain.maturity.worlds import attestation as word
from tests.pipeline.desk_stage import person
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


def test_a_page_shows_what_is_asked_for(engine: Engine) -> None:
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
        assert numbers(waiting=True) == [three.id, two.id]
        assert numbers(scope=Scope.of_group("SHOP")) == [four.id, three.id]
        assert numbers(limit=1, before=three.id) == [two.id]
        ends = attestations.ending(reading, END, END + timedelta(days=400))
        assert [found.id for found in ends] == [one.id, two.id, three.id, four.id]
        assert attestations.ending(reading, END, END + timedelta(days=1)) == ()


def test_one_is_for_those_who_see_what_it_answers_for(engine: Engine) -> None:
    scopes = (
        ORGANISATION,
        *(Scope.of_group(path) for path in ("Shop", "shop/WEB", "sho", "bank", "bank_", "gone")),
        *(Scope.of_project(number) for number in (5, 6)),
    )
    kept = {str(one.scope): one.id for one in add(engine, *(word(scope=scope) for scope in scopes))}
    with write_session(engine) as writing:
        upsert_projects(writing, [Project(5, "shop/Web/till"), Project(6, "Bank/core"), Project(7, "shop/api")])

    def seen(who: Principal) -> set[str]:
        with session(engine) as reading, counted(engine) as made:
            condition = attestations.seen_by(reading, who)
            listed = {str(one.scope) for one in attestations.page(reading, seen=condition, now=END)}
        assert len(made) <= 2
        with session(engine) as reading:
            one_by_one = {name for name, number in kept.items() if attestations.get(reading, number, seen=condition)}
        assert listed == one_by_one, "page and file agree"
        return listed

    assert seen(person("a", Role.VIEWER, projects=(5,))) == {"group Shop", "group shop/WEB", "project 5"}
    assert seen(person("b", Role.TRIAGER, projects=(6,))) == {"group bank", "project 6"}
    assert seen(person("c", Role.VIEWER, projects=(7,))) == {"group Shop"}
    assert seen(person("d", Role.VIEWER, projects=())) == set()
    wide: dict[str, Any] = {"instance_roles": frozenset({Role.SECURITY_LEAD})}
    assert seen(person("e", projects=(6,), **wide)) == {"organisation", "group bank", "project 6"}
    viewer: dict[str, Any] = {"instance_roles": frozenset({Role.VIEWER})}
    assert seen(person("f", projects=(6,), **viewer)) == {"group bank", "project 6"}
    assert seen(person("g", projects=(), everything=True)) == kept.keys()


def test_room_counts_what_stands_for_the_demand_and_each_file_of_the_scope_once(engine: Engine) -> None:
    mine, wider = Scope.of_group("shop"), Scope.of_group("shop/web")
    old, day = END - timedelta(days=400), timedelta(days=1)
    other = attachment("other.txt", b"Another one.\n")
    named: dict[str, Any] = {"file_name": FILE.name, "file_digest": FILE.digest}
    with write_session(engine) as writing:
        for one, file in (
            (word(scope=Scope.of_group("Shop"), **named), FILE),
            (word(scope=mine, withdrawn_at=END - day, withdrawn_by="ada", **named), FILE),
            (word(scope=mine, expires_at=END, file_digest=other.digest), other),
            (word(scope=mine, of="another model"), None),
            (word(scope=wider, file_digest=(third := attachment("3.txt", b"A third.")).digest), third),
            (word(scope=mine, made_at=old, file_digest=(fourth := attachment("4.txt", b"Of old.")).digest), fourth),
        ):
            attestations.add(writing, one, file)
        new = replace(word(scope=mine), made_at=END)
        with counted(engine) as made:
            found = attestations.room(writing, new, END - timedelta(days=365))
        assert found == (2, len(FILE.content) + len(other.content))
        assert len(made) == 1
        again = replace(new, file_digest=FILE.digest)
        assert attestations.room(writing, again, END - timedelta(days=365)) == (2, len(other.content))
