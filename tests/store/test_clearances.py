"""Clearances: one in force for each merge request, the others kept for what was cleared in its time."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Engine

from bot.domain.clearance import Clearance
from bot.store import clearances, watched
from bot.store.clearances import Granted, NotNewest
from bot.store.engine import session, write_session
from bot.store.heads import raise_sequence
from tests.store.known import BANK, SHOP
from tests.store.samples import NOON

HEAD, NEXT, BASE = "a" * 40, "b" * 40, "c" * 40
PATCH = "d" * 40
LATER = NOON + timedelta(minutes=5)


def clearance(head: str = HEAD, *, iid: int = 7, branch: str = "main", patch: str | None = PATCH) -> Clearance:
    return Clearance(iid, branch, head, patch, ("1" * 40, "2" * 40))


def grant(
    engine: Engine, one: Clearance | None = None, *, at: datetime = NOON, base: str = BASE, sequence: int = 0
) -> bool:
    with write_session(engine) as writing:
        return clearances.grant(writing, Granted(SHOP, one or clearance(), base, "scan-1", at), sequence=sequence)


def deny(engine: Engine, head: str, *, iid: int = 7, branch: str = "main", at: datetime = LATER) -> int:
    with write_session(engine) as writing:
        return clearances.deny(writing, SHOP, iid, branch=branch, head=head, at=at)


def live(engine: Engine, *heads: str, ever: bool = False, project_id: int = SHOP) -> list[str]:
    with session(engine) as reading:
        found = clearances.matching(reading, project_id, heads=heads or (HEAD, NEXT), patch_ids=(), ever=ever)
    return [one.head for one in found]


def test_a_clearance_comes_back_exactly(engine: Engine) -> None:
    assert grant(engine)
    with session(engine) as reading:
        assert clearances.standing(reading, SHOP, 7) == (clearance(),)
        assert clearances.matching(reading, SHOP, heads=(), patch_ids=[PATCH]) == (clearance(),)
        assert clearances.matching(reading, SHOP, heads=[HEAD], patch_ids=[PATCH]) == (clearance(),)
        assert clearances.matching(reading, SHOP, heads=[NEXT], patch_ids=[NEXT]) == ()
        assert clearances.matching(reading, BANK, heads=[HEAD], patch_ids=[PATCH]) == ()


def test_granted_twice_is_granted_once(engine: Engine) -> None:
    assert grant(engine)
    assert not grant(engine, at=LATER)
    assert live(engine) == [HEAD]


def test_patch_ids_that_become_known_replace_a_clearance_without(engine: Engine) -> None:
    assert grant(engine, clearance(patch=None))
    assert not grant(engine, clearance(patch=None))
    assert grant(engine)
    with session(engine) as reading:
        assert clearances.standing(reading, SHOP, 7) == (clearance(),)


@pytest.mark.parametrize(
    "other", [clearance(NEXT), clearance(branch="stable"), clearance(patch="e" * 40)], ids=["head", "target", "patch"]
)
def test_a_newer_one_of_the_merge_request_supersedes_it(engine: Engine, other: Clearance) -> None:
    grant(engine)
    assert grant(engine, other, at=LATER)
    with session(engine) as reading:
        assert clearances.standing(reading, SHOP, 7) == (other,)
        found = clearances.matching(reading, SHOP, heads=[HEAD, NEXT], patch_ids=(), ever=True)
    assert set(found) == {clearance(), other}


def test_other_merge_requests_keep_theirs(engine: Engine) -> None:
    grant(engine)
    grant(engine, clearance(NEXT, iid=8))
    assert live(engine) == [NEXT, HEAD]
    assert deny(engine, HEAD, iid=8) == 1
    assert live(engine) == [HEAD]


def test_a_verdict_against_the_head_leaves_nothing(engine: Engine) -> None:
    grant(engine)
    assert deny(engine, HEAD) == 1
    assert live(engine) == []
    assert live(engine, ever=True) == []
    assert deny(engine, HEAD) == 0


def test_a_verdict_against_a_newer_head_leaves_the_older_cleared_in_its_time(engine: Engine) -> None:
    grant(engine)
    assert deny(engine, NEXT) == 1
    assert live(engine) == []
    assert live(engine, ever=True) == [HEAD]
    # Unless that one is judged again, and otherwise.
    assert deny(engine, HEAD) == 0
    assert live(engine, ever=True) == []


def test_what_was_withdrawn_can_be_granted_again(engine: Engine) -> None:
    grant(engine)
    deny(engine, HEAD)
    assert grant(engine, at=LATER)
    assert live(engine) == [HEAD]


def test_a_closed_merge_request_has_none(engine: Engine) -> None:
    grant(engine)
    for expected in (1, 0):
        with write_session(engine) as writing:
            assert clearances.withdraw(writing, SHOP, 7, clearances.CLOSED, LATER) == expected
    assert live(engine, ever=True) == []


def test_the_newest_come_first_and_only_recent_ones_are_listed(engine: Engine) -> None:
    grant(engine, clearance("0" * 40, iid=1), at=NOON - timedelta(days=91))
    grant(engine, clearance("1" * 40, iid=2))
    grant(engine, clearance("2" * 40, iid=3, branch="stable"))
    grant(engine, clearance("3" * 40, iid=4))
    with session(engine) as reading:
        everything = clearances.recent(reading, SHOP, branches=None, now=NOON, limit=10)
        of_main = clearances.recent(reading, SHOP, branches=["main"], now=NOON, limit=1)
    assert [one.iid for one in everything] == [4, 3, 2]
    assert [one.iid for one in of_main] == [4]


def test_two_verdicts_at_once_leave_one_clearance(engine: Engine) -> None:
    heads = [f"{number:040x}" for number in range(8)]
    with write_session(engine) as writing:
        raise_sequence(writing, SHOP, 7)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda head: grant(engine, clearance(head), sequence=1), heads))
    with session(engine) as reading:
        assert len(clearances.standing(reading, SHOP, 7)) == 1
    assert len(live(engine, *heads, ever=True)) == 8


def test_a_job_that_is_not_the_newest_any_more_clears_nothing(engine: Engine) -> None:
    with write_session(engine) as writing:
        old = raise_sequence(writing, SHOP, 7).sequence
    assert grant(engine, sequence=old)
    with write_session(engine) as writing:
        clearances.withdraw(writing, SHOP, 7, clearances.REWRITTEN, LATER)
        new = raise_sequence(writing, SHOP, 7).sequence
    with pytest.raises(NotNewest):
        grant(engine, at=LATER, sequence=old)
    assert live(engine, ever=True) == []
    assert grant(engine, at=LATER, sequence=new)
    with pytest.raises(NotNewest):
        grant(engine, clearance(NEXT), sequence=old)
    assert live(engine) == [HEAD]


def test_a_project_that_is_gone_leaves_nothing(engine: Engine) -> None:
    grant(engine)
    with write_session(engine) as writing:
        watched.mark(writing, SHOP, "main", HEAD, NOON)
        clearances.forget_project(writing, SHOP)
        watched.forget_project(writing, SHOP)
    assert live(engine, ever=True) == []
    with session(engine) as reading:
        assert watched.of_project(reading, SHOP) == ()


# --- Watched branches -------------------------------------------------------------------------------------------------


def test_how_far_a_branch_was_looked_at_is_kept(engine: Engine) -> None:
    with session(engine) as reading:
        assert watched.watched(reading, SHOP, "main") is None
    for sha, at in ((HEAD, NOON), (NEXT, LATER), (None, LATER)):
        with write_session(engine) as writing:
            watched.mark(writing, SHOP, "main", sha, at)
            watched.mark(writing, BANK, "main", HEAD, at)
        with session(engine) as reading:
            found = watched.watched(reading, SHOP, "main")
            assert found is not None
            assert (found.branch, found.verified_sha, found.checked_at) == ("main", sha, at)
            assert watched.of_project(reading, SHOP) == (found,)


@pytest.mark.parametrize("branch", ["a/b", "weird\udce9", "x" * 5_000, "中文"])
def test_any_branch_can_be_watched(engine: Engine, branch: str) -> None:
    with write_session(engine) as writing:
        watched.mark(writing, SHOP, branch, HEAD, NOON)
    with session(engine) as reading:
        assert [one.branch for one in watched.of_project(reading, SHOP)] == [branch]
