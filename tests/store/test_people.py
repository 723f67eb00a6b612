"""People, grants, sessions and memberships: what is kept, and what two who come at once do to each other."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine

from bot.domain.roles import Grant, Role, Target
from bot.store import memberships, people, sessions
from bot.store.engine import session, write_session
from bot.store.people import LOCAL, Person, PersonError
from bot.store.projects import Project, upsert_projects
from bot.store.sessions import BrowserSession
from tests.store.counting import counted

NOW = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
GITLAB = "https://gitlab.example.org"


def ada(
    engine: Engine, *, issuer: str = GITLAB, subject: str = "7", username: str = "ada", now: datetime = NOW
) -> Person:
    with write_session(engine) as writing:
        return people.signed_in(
            writing, issuer=issuer, subject=subject, username=username, name="Ada", gitlab_user_id=7, now=now
        )


def test_a_person_is_who_the_provider_says_whatever_he_is_called(engine: Engine) -> None:
    first, again = ada(engine), ada(engine, username="countess", now=NOW + DAY)
    assert again.id == first.id
    assert (again.username, again.created_at, again.signed_in_at) == ("countess", NOW, NOW + DAY)
    assert ada(engine, subject="8", username="countess").id != first.id
    assert ada(engine, issuer="https://other.example").id != first.id


def test_no_issuer_and_subject_look_like_another_pair(engine: Engine) -> None:
    pairs = [("a", "bc"), ("ab", "c"), ("abc", ""), ("", "abc"), ("1:a", "b"), ("1", ":ab")]
    assert len({people.person_key(*pair) for pair in pairs}) == len(pairs)


def test_two_browsers_that_sign_in_at_once_are_one_person(engine: Engine) -> None:
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: ada(engine).id, range(8)))
    assert len(set(found)) == 1


def test_whoever_is_shut_out_stays_so_when_he_signs_in_again(engine: Engine) -> None:
    person = ada(engine)
    with write_session(engine) as writing:
        people.set_disabled(writing, person.id, NOW)
    assert ada(engine, now=NOW + DAY).disabled_at == NOW


def test_a_local_administrator_has_a_name_of_his_own(engine: Engine) -> None:
    with write_session(engine) as writing:
        made = people.create_local(writing, " Root ", "hash", NOW)
    assert (made.username, made.is_local, made.issuer) == ("root", True, LOCAL)
    assert made.actor == f"root (local, person {made.id})"
    with write_session(engine) as writing, pytest.raises(PersonError, match="already"):
        people.create_local(writing, "ROOT", "hash", NOW)
    for wrong in ("", "a b", "ä", "x" * 65, "../x", "-a"):
        with write_session(engine) as writing, pytest.raises(PersonError):
            people.create_local(writing, wrong, "hash", NOW)


def test_somebody_of_the_provider_is_no_local_administrator(engine: Engine) -> None:
    person = ada(engine, username="root")
    with session(engine) as reading:
        assert people.find_local(reading, "root") is None
    with write_session(engine) as writing:
        people.set_password(writing, person.id, "hash")
    with session(engine) as reading:
        assert people.find_local(reading, "root") is None


def test_a_user_name_alone_is_always_gitlabs(engine: Engine) -> None:
    assert ada(engine).actor == "ada"
    with write_session(engine) as writing:
        other = people.signed_in(
            writing, issuer="https://other", subject="7", username="ada", name="", gitlab_user_id=None, now=NOW
        )
    assert other.actor == f"ada (other sign-in, person {other.id})"


def test_people_are_found_by_name_and_in_pages(engine: Engine) -> None:
    for number in range(5):
        ada(engine, subject=str(number), username=f"user_{number}")
    with session(engine) as reading:
        assert [person.username for person in people.find_people(reading, text="R_3")] == ["user_3"]
        assert people.find_people(reading, text="%") == ()
        first = people.find_people(reading, limit=2)
        rest = people.find_people(reading, after=first[-1].id)
    assert len(first) + len(rest) == 5


def test_a_name_that_several_have_has_to_be_told_by_number(engine: Engine) -> None:
    first, second = ada(engine), ada(engine, issuer="https://other.example")
    with session(engine) as reading:
        with pytest.raises(PersonError, match="several"):
            people.meant(reading, "ADA")
        assert people.meant(reading, f"#{second.id}").id == second.id
        for wrong in ("#0", "#x", "nobody", "#" + "9" * 30):
            with pytest.raises(PersonError, match="no person"):
                people.meant(reading, wrong)
    assert first.id != second.id


def test_a_grant_is_given_once_and_stays_on_record_when_it_is_revoked(engine: Engine) -> None:
    person = ada(engine)
    grant = Grant(Role.TRIAGER, Target.GROUP, "shop")
    with write_session(engine) as writing:
        given = people.give(writing, person.id, grant, by="root", now=NOW)
        same = people.give(writing, person.id, Grant(Role.TRIAGER, Target.GROUP, "Shop"), by="eve", now=NOW + DAY)
        assert same.id == given.id
        assert people.take(writing, given.id, by="root", now=NOW + DAY) is not None
        assert people.take(writing, given.id, by="eve", now=NOW + 2 * DAY) is None
    with session(engine) as reading:
        assert people.grants_of(reading, [person.id]) == {}
    with write_session(engine) as writing:
        assert people.give(writing, person.id, grant, by="root", now=NOW).id != given.id
        with pytest.raises(PersonError):
            people.give(writing, 10**9, grant, by="root", now=NOW)


# --- sessions ---------------------------------------------------------------------------------------------------------


def signed_in(engine: Engine, token: str = "t", *, family: str = "f", now: datetime = NOW) -> Person:
    person = ada(engine, now=now)
    with write_session(engine) as writing:
        sessions.start(writing, token, person.id, family=family, now=now, lifetime=DAY, user_agent="x" * 1000)
    return person


def found(engine: Engine, token: str) -> BrowserSession:
    with session(engine) as reading:
        one = sessions.find(reading, token)
    assert one is not None
    return one


def test_a_session_is_found_with_its_person_in_one_statement(engine: Engine) -> None:
    person = signed_in(engine)
    with session(engine) as reading, counted(engine) as statements:
        one = sessions.find(reading, "t")
    assert one is not None
    assert (one.person.id, one.expires_at, len(one.user_agent)) == (person.id, NOW + DAY, 300)
    assert len(statements) == 1


def test_a_token_that_is_replaced_twice_has_one_successor(engine: Engine) -> None:
    signed_in(engine)
    old = found(engine, "t")

    def replace(_: int) -> None:
        with write_session(engine) as writing:
            sessions.replace(writing, old, "t2", NOW + MINUTE)

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(replace, range(3)))
    new = found(engine, "t2")
    assert (new.family, new.created_at, new.expires_at) == (old.family, old.created_at, old.expires_at)
    assert found(engine, "t").successor == new.digest


def test_an_old_token_ends_when_the_new_one_is_used(engine: Engine) -> None:
    signed_in(engine)
    old = found(engine, "t")
    with write_session(engine) as writing:
        sessions.replace(writing, old, "t2", NOW)
    assert not found(engine, "t").is_replayed(NOW + HOUR)
    new = found(engine, "t2")
    assert new.needs_note(NOW)
    with write_session(engine) as writing:
        sessions.note(writing, new, NOW)
    assert not found(engine, "t").is_replayed(NOW + MINUTE)
    assert found(engine, "t").is_replayed(NOW + MINUTE * 1.1)
    assert not found(engine, "t2").needs_note(NOW)


def test_what_was_signed_out_meanwhile_is_not_replaced(engine: Engine) -> None:
    signed_in(engine)
    old = found(engine, "t")
    with write_session(engine) as writing:
        sessions.end(writing, old.family)
        sessions.replace(writing, old, "t2", NOW)
    with session(engine) as reading:
        assert sessions.find(reading, "t2") is None


def test_ending_one_sign_in_ends_all_its_tokens_and_no_other(engine: Engine) -> None:
    person = signed_in(engine, "a", family="one")
    signed_in(engine, "b", family="two")
    with write_session(engine) as writing:
        sessions.replace(writing, found(engine, "a"), "a2", NOW)
    with session(engine) as reading:
        assert [one.family for one in sessions.sign_ins(reading, person.id, NOW, HOUR)] == ["two", "one"]
    with write_session(engine) as writing:
        assert sessions.end(writing, "one") == 2
        assert sessions.end_all(writing, person.id, but="two") == 0
        assert sessions.end_all(writing, person.id) == 1


def test_ended_sessions_are_swept_out_by_the_next_sign_in(engine: Engine) -> None:
    signed_in(engine, "a", family="one")
    signed_in(engine, "b", family="two", now=NOW + DAY)
    with session(engine) as reading:
        assert sessions.find(reading, "a") is None
        assert sessions.find(reading, "b") is not None


# --- memberships ------------------------------------------------------------------------------------------------------


def test_a_list_of_members_replaces_the_one_before(engine: Engine) -> None:
    with write_session(engine) as writing:
        upsert_projects(writing, [Project(1, "shop/a"), Project(2, "shop/b")])
        memberships.set_members(writing, 1, {7: 30, 8: 40}, NOW)
        memberships.set_members(writing, 2, {7: 20}, NOW)
        memberships.set_members(writing, 1, {8: 50, 9: 20}, NOW + HOUR)
    with session(engine) as reading:
        assert [one.project_id for one in memberships.projects_of(reading, 7, NOW - DAY)] == [2]
        assert [one.access_level for one in memberships.projects_of(reading, 8, NOW - DAY)] == [50]
        assert memberships.projects_of(reading, 8, NOW + HOUR) == ()
        assert memberships.checked(reading, [1, 2, 3]) == {1: NOW + HOUR, 2: NOW}


def test_what_gitlab_says_about_one_person_is_kept(engine: Engine) -> None:
    with write_session(engine) as writing:
        upsert_projects(writing, [Project(1, "shop/a")])
        memberships.set_members(writing, 1, {7: 30}, NOW)
        memberships.set_member(writing, 1, 7, 40)
        memberships.set_member(writing, 1, 8, 20)
        memberships.set_member(writing, 1, 8, None)
    with session(engine) as reading:
        assert [one.access_level for one in memberships.projects_of(reading, 7, NOW - DAY)] == [40]
        assert memberships.projects_of(reading, 8, NOW - DAY) == ()


def test_a_project_with_many_members_takes_few_statements(engine: Engine) -> None:
    with write_session(engine) as writing, counted(engine) as statements:
        memberships.set_members(writing, 1, dict.fromkeys(range(1, 2_501), 30), NOW)
    assert len(statements) == 5
