"""What is stored of a project's enforcement: parts that do not disturb each other, and a hook that is heard of."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from sqlalchemy import Engine

from bot.domain.enforcement import Enforcement, Level, Limit, Missing, Need
from bot.store import enforcement
from bot.store.enforcement import StoredEnforcement
from bot.store.engine import session, write_session
from tests.store.known import BANK, SHOP
from tests.store.samples import NOON

SEEN = Enforcement(Level.L1, (Missing(Need.PROTECTED, "trunk \udce9"), Missing(Need.HOOK)), (Limit.STATUS, Limit.FORK))


def known(engine: Engine, project: int = SHOP) -> StoredEnforcement | None:
    with session(engine) as reading:
        return enforcement.stored(reading, project)


def test_what_was_recorded_comes_back(engine: Engine) -> None:
    assert known(engine) is None
    with write_session(engine) as writing:
        assert enforcement.record(writing, SHOP, SEEN, {"protected_names": ["trunk", "r/*"]}, NOON) is None
    found = known(engine)
    assert found is not None
    assert (found.enforcement, found.level, found.checked_at) == (SEEN, Level.L1, NOON)
    assert found.protected_names == ("trunk", "r/*")
    assert found.hook_seen_at is None
    assert known(engine, BANK) is None


def test_recording_again_tells_what_stood_there_and_keeps_other_parts(engine: Engine) -> None:
    with write_session(engine) as writing:
        enforcement.remember(writing, SHOP, "licence", {"checks": False})
        enforcement.record(writing, SHOP, SEEN, {"protected_names": None}, NOON)
    with write_session(engine) as writing:
        before = enforcement.record(writing, SHOP, Enforcement(Level.L0), {"default_branch": "main"}, NOON)
    assert before is not None
    assert before.enforcement == SEEN
    found = known(engine)
    assert found is not None
    assert found.facts["licence"] == {"checks": False}
    assert found.facts["default_branch"] == "main"
    assert found.protected_names is None
    assert found.enforcement == Enforcement(Level.L0)


def test_a_hook_is_heard_of_before_anybody_looked_and_never_goes_back(engine: Engine) -> None:
    for moment in (NOON, NOON + timedelta(minutes=5), NOON - timedelta(days=1)):
        with write_session(engine) as writing:
            enforcement.hook_seen(writing, SHOP, moment)
    found = known(engine)
    assert found is not None
    assert (found.hook_seen_at, found.checked_at, found.level) == (NOON + timedelta(minutes=5), None, Level.L0)
    with write_session(engine) as writing:
        enforcement.record(writing, SHOP, SEEN, {}, NOON)
    after = known(engine)
    assert after is not None
    assert after.hook_seen_at == NOON + timedelta(minutes=5)


def test_two_that_write_different_parts_at_once_lose_neither(engine: Engine) -> None:
    def write(part: str) -> None:
        with write_session(engine) as writing:
            enforcement.remember(writing, SHOP, part, {"by": part})

    names = [f"part{n}" for n in range(8)]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write, names))
    found = known(engine)
    assert found is not None
    assert set(found.facts) == set(names)


def test_what_another_release_wrote_is_passed_over(engine: Engine) -> None:
    with write_session(engine) as writing:
        enforcement.record(writing, SHOP, SEEN, {"limits": ["nonsense"]}, NOON)
        enforcement.remember(writing, SHOP, "limits", {})
    found = known(engine)
    assert found is not None
    assert found.enforcement.limits == ()


def test_a_project_is_forgotten(engine: Engine) -> None:
    with write_session(engine) as writing:
        enforcement.record(writing, SHOP, SEEN, {}, NOON)
        enforcement.hook_seen(writing, BANK, NOON)
        enforcement.forget_project(writing, SHOP)
    assert known(engine) is None
    with session(engine) as reading:
        assert [one.project_id for one in enforcement.every(reading)] == [BANK]
