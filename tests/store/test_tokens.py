"""API tokens: what is kept of them, who gets in, and when nobody does any more."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine, text

from bot.domain.access import EVERY_PROJECT, ApiToken, Scope, TokenError, looks_like_token, new_token, token_digest
from bot.store.engine import session, write_session
from bot.store.tokens import all_tokens, create_token, find_token, mark_used, revoke_token, used_today
from tests.store.counting import counted

NOW = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)
DAY = timedelta(days=1)


def make(
    engine: Engine,
    *scopes: Scope,
    name: str = "ci",
    project: str = EVERY_PROJECT,
    lifetime: timedelta = 90 * DAY,
) -> tuple[str, ApiToken]:
    with write_session(engine) as writing:
        return create_token(
            writing,
            name=name,
            scopes=scopes or (Scope.IMPORT,),
            project=project,
            lifetime=lifetime,
            created_by="ada",
            now=NOW,
        )


def find(engine: Engine, token: str, now: datetime = NOW) -> ApiToken | None:
    with session(engine) as reading:
        return find_token(reading, token, now)


def test_a_token_is_found_as_it_was_made(engine: Engine) -> None:
    token, made = make(engine, Scope.IMPORT, Scope.READ, project="shop/*")
    assert find(engine, token) == made
    assert (made.scopes, made.project, made.created_by) == (frozenset({Scope.IMPORT, Scope.READ}), "shop/*", "ada")
    assert (made.created_at, made.expires_at, made.last_used_at) == (NOW, NOW + 90 * DAY, None)


def test_the_token_itself_is_nowhere_in_the_store(engine: Engine) -> None:
    token, _ = make(engine)
    with session(engine) as reading:
        (row,) = reading.execute(text("SELECT * FROM api_token")).all()
    shown = repr(tuple(row))
    assert token not in shown
    assert token.removeprefix("mwt_") not in shown
    assert token_digest(token) in [bytes(value) for value in row if isinstance(value, (bytes, memoryview))]


def test_tokens_are_long_random_and_made_of_letters_that_travel_anywhere() -> None:
    assert new_token(lambda size: bytes(range(size))) == "mwt_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"
    assert new_token(lambda size: b"\xff" * size) == "mwt_" + "_" * 42 + "8"


@pytest.mark.parametrize(
    "wrong",
    ["", "mwt_", "mwt_" + "A" * 43, "MWT_" + "A" * 43, "mwt_" + "A" * 44, "mwt_" + "A" * 42 + "\n", "x' OR '1'='1"],
)
def test_what_is_no_token_opens_nothing(engine: Engine, wrong: str) -> None:
    make(engine)
    assert find(engine, wrong) is None


@given(st.text(max_size=80))
def test_only_what_has_the_form_is_looked_up(anything: str) -> None:
    assert looks_like_token(anything) is False


def test_a_token_with_one_letter_changed_is_no_token(engine: Engine) -> None:
    token, _ = make(engine)
    other = "A" if token[-2] != "A" else "B"
    assert find(engine, token[:-2] + other + token[-1]) is None
    assert find(engine, token.lower()) is None


def test_a_token_opens_until_the_moment_it_expires(engine: Engine) -> None:
    token, made = make(engine, lifetime=DAY)
    assert find(engine, token, made.expires_at - timedelta(microseconds=1)) == made
    assert find(engine, token, made.expires_at) is None
    assert find(engine, token, made.expires_at + 1000 * DAY) is None


def test_a_revoked_token_opens_nothing_from_then_on(engine: Engine) -> None:
    token, made = make(engine)
    other, _ = make(engine)
    with write_session(engine) as writing:
        revoked = revoke_token(writing, made.id, NOW + DAY)
        again = revoke_token(writing, made.id, NOW + 5 * DAY)
    assert revoked is not None
    assert revoked.revoked_at == NOW + DAY
    assert again == revoked
    assert find(engine, token) is None
    assert find(engine, other) is not None


def test_a_token_that_there_is_not_cannot_be_revoked(engine: Engine) -> None:
    with write_session(engine) as writing:
        assert revoke_token(writing, 12, NOW) is None


def test_looking_a_token_up_is_one_query_however_many_there_are(engine: Engine) -> None:
    token = [make(engine)[0] for _ in range(20)][7]
    with session(engine) as reading, counted(engine) as queries:
        assert find_token(reading, token, NOW) is not None
    assert len(queries) == 1
    with session(engine) as reading, counted(engine) as queries:
        assert find_token(reading, "no token", NOW) is None
    assert len(queries) == 0


def test_the_day_of_the_last_use_is_kept_and_no_more(engine: Engine) -> None:
    token, made = make(engine)
    assert not used_today(made, NOW)
    with write_session(engine) as writing:
        mark_used(writing, made.id, NOW)
    found = find(engine, token)
    assert found is not None
    assert found.last_used_at == datetime(2026, 3, 1, tzinfo=UTC)
    assert used_today(found, NOW + timedelta(hours=11))
    assert not used_today(found, NOW + timedelta(hours=12))


def test_a_later_day_replaces_an_earlier_one_and_never_the_other_way(engine: Engine) -> None:
    token, made = make(engine)
    for moment in (NOW, NOW + 2 * DAY, NOW + DAY):
        with write_session(engine) as writing:
            mark_used(writing, made.id, moment)
    found = find(engine, token)
    assert found is not None
    assert found.last_used_at == datetime(2026, 3, 3, tzinfo=UTC)


def test_the_list_has_all_of_them_oldest_first(engine: Engine) -> None:
    names = ["one", "two", "three"]
    made = [make(engine, name=name)[1] for name in names]
    with write_session(engine) as writing:
        revoke_token(writing, made[0].id, NOW)
    with session(engine) as reading:
        assert [token.name for token in all_tokens(reading)] == names


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"name": " "}, "needs a name"),
        ({"name": "a\nb"}, "needs a name"),
        ({"name": "x" * 101}, "needs a name"),
        ({"lifetime": timedelta(0)}, "1 to 400 days"),
        ({"lifetime": timedelta(days=400, seconds=1)}, "1 to 400 days"),
        ({"project": ""}, "pattern of projects"),
        ({"project": "!shop/*"}, "pattern of projects"),
        ({"project": "../x"}, "pattern of projects"),
    ],
)
def test_a_token_that_makes_no_sense_is_not_made(engine: Engine, change: dict[str, object], said: str) -> None:
    with pytest.raises(TokenError, match=said) as caught:
        make(engine, **change)  # type: ignore[arg-type]
    assert caught.value.hint
    with session(engine) as reading:
        assert all_tokens(reading) == ()


def test_a_token_without_a_scope_is_not_made(engine: Engine) -> None:
    with write_session(engine) as writing, pytest.raises(TokenError, match="scope"):
        create_token(writing, name="x", scopes=(), lifetime=DAY, created_by="ada", now=NOW)


def test_a_scope_of_a_later_release_opens_nothing(engine: Engine) -> None:
    token, _ = make(engine, Scope.READ)
    with write_session(engine) as writing:
        writing.execute(text("""UPDATE api_token SET scopes = '["fly", "read"]'"""))
    found = find(engine, token)
    assert found is not None
    assert found.scopes == {Scope.READ}


@pytest.mark.parametrize(
    ("pattern", "covered", "not_covered"),
    [
        ("**", ["shop/backend", "a/b/c", "x/y"], []),
        ("shop/*", ["shop/backend", "SHOP/Backend", "shop/team/tool"], ["shopping/x", "other/shop/x"]),
        ("shop/backend", ["shop/backend", "Shop/Backend"], ["shop/backend2", "shop", "x/shop/backend"]),
        ("*/tools", ["shop/tools"], ["shop/team/tools"]),
        ("shop/**/tools", ["shop/tools", "shop/a/b/tools"], ["tools/shop"]),
    ],
)
def test_patterns_mean_what_they_mean_in_the_policy(
    engine: Engine, pattern: str, covered: list[str], not_covered: list[str]
) -> None:
    _, made = make(engine, project=pattern)
    assert [path for path in covered if not made.covers(path)] == []
    assert [path for path in not_covered if made.covers(path)] == []
