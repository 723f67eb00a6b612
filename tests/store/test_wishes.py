"""Wishes to merge: one open one for a merge request, in the order of asking."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

from sqlalchemy import Engine

from bot.domain.clearance import Clearance
from bot.domain.merging import Asked, LastVerdict, Wish, WishState
from bot.domain.verdict import GateDecision, Outcome, ScanReport, Subject
from bot.store import clearances, heads, scans, wishes
from bot.store.clearances import Granted
from bot.store.engine import session, write_session
from tests.store.known import BANK, SHOP
from tests.store.samples import NOON

MINUTE = timedelta(minutes=1)


def ask(
    engine: Engine,
    iid: int = 7,
    *,
    project: int = SHOP,
    branch: str = "main",
    how: Asked = Asked.COMMAND,
    by: str = "ada",
    at: datetime = NOON,
) -> Wish:
    with write_session(engine) as writing:
        return wishes.ask(
            writing,
            project_id=project,
            iid=iid,
            target_branch=branch,
            asked_by=by,
            asked_by_id=5,
            how=how,
            at=at,
        )


def settle(engine: Engine, wish: Wish, state: WishState, reason: str = "", at: datetime = NOON + MINUTE) -> bool:
    with write_session(engine) as writing:
        return wishes.settle(writing, wish.id, state, at=at, reason=reason, merged_sha="a" * 40)


def queue(engine: Engine, branch: str | None = "main") -> list[int]:
    with session(engine) as reading:
        return [wish.iid for wish in wishes.open_wishes(reading, SHOP, branch)]


def test_asking_twice_is_asking_once(engine: Engine) -> None:
    first = ask(engine)
    assert ask(engine, by="grace", at=NOON + MINUTE) == first
    assert first.asked_how is Asked.COMMAND
    assert first.is_open


def test_those_who_ask_at_once_make_one_wish(engine: Engine) -> None:
    with write_session(engine) as writing:
        heads.raise_sequence(writing, SHOP, 7)
    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(lambda _: ask(engine).id, range(8)))
    assert len(set(made)) == 1


def test_a_wish_for_another_target_is_another_wish(engine: Engine) -> None:
    old, new = ask(engine), ask(engine, branch="release \udce9")
    assert old.id != new.id
    assert queue(engine) == []
    assert queue(engine, "release \udce9") == [7]


def test_a_persons_word_takes_the_place_of_a_label_and_not_the_other_way_round(engine: Engine) -> None:
    label = ask(engine, how=Asked.LABEL, by="merge me")
    person = ask(engine, at=NOON + MINUTE)
    assert (person.id, person.asked_how, person.asked_by) == (label.id, Asked.COMMAND, "ada")
    assert ask(engine, how=Asked.POLICY, by="") == person


def test_the_queue_is_in_the_order_of_asking(engine: Engine) -> None:
    for iid, minutes in ((9, 2), (3, 1), (5, 3)):
        ask(engine, iid, at=NOON + minutes * MINUTE)
    ask(engine, 4, branch="release")
    ask(engine, 3, project=BANK)
    assert queue(engine) == [3, 9, 5]
    assert queue(engine, None) == [4, 3, 9, 5]
    with session(engine) as reading:
        assert wishes.branches_with_wishes(reading) == tuple(
            sorted([(SHOP, "main"), (SHOP, "release"), (BANK, "main")])
        )


def test_what_is_over_stays_as_it_is(engine: Engine) -> None:
    wish = ask(engine)
    assert settle(engine, wish, WishState.WAITING, "it is a draft")
    assert not settle(engine, wish, WishState.WAITING, "it is a draft")
    assert settle(engine, wish, WishState.MERGED)
    assert not settle(engine, wish, WishState.REFUSED, "late")
    with session(engine) as reading:
        found = wishes.get(reading, wish.id)
    assert found is not None
    assert (found.state, found.reason, found.merged_sha) == (WishState.MERGED, "", "a" * 40)
    with write_session(engine) as writing:
        assert not wishes.count_attempt(writing, wish.id, WishState.REBASING, NOON)
    assert ask(engine).id != wish.id


def test_attempts_are_counted(engine: Engine) -> None:
    wish = ask(engine)
    with write_session(engine) as writing:
        assert wishes.count_attempt(writing, wish.id, WishState.REBASING, NOON + MINUTE)
    with session(engine) as reading:
        found = wishes.get(reading, wish.id)
    assert found is not None
    assert (found.attempts, found.state, found.updated_at) == (1, WishState.REBASING, NOON + MINUTE)


def test_the_end_of_a_merge_request_ends_its_wishes(engine: Engine) -> None:
    ask(engine)
    with write_session(engine) as writing:
        assert wishes.end_wishes(writing, SHOP, 7, WishState.CANCELLED, at=NOON, reason="closed") == 1
        assert wishes.end_wishes(writing, SHOP, 7, WishState.CANCELLED, at=NOON) == 0
    assert queue(engine) == []


def test_old_wishes_that_are_over_are_removed_and_open_ones_never(engine: Engine) -> None:
    done, open_ = ask(engine, 1), ask(engine, 2)
    settle(engine, done, WishState.REFUSED, "no")
    with write_session(engine) as writing:
        assert wishes.purge(writing, before=NOON) == 0
        assert wishes.purge(writing, before=NOON + timedelta(days=30)) == 1
    with session(engine) as reading:
        assert wishes.get(reading, done.id) is None
        assert wishes.get(reading, open_.id) == open_


def test_the_last_verdict_is_the_one_that_was_published(engine: Engine) -> None:
    decision = GateDecision(Outcome.NOT_ASSESSED, tolerated=True)
    subject = Subject("shop/backend", ref="main", merge_request_iid=7, head_sha="b" * 40)
    made = ScanReport(subject, (), (), decision, NOON, 1.0, 0, 0)
    with session(engine) as reading:
        assert wishes.last_verdict(reading, SHOP, 7) is None
    with write_session(engine) as writing:
        raised = heads.raise_sequence(writing, SHOP, 7)
        scans.record_scan(writing, made, project_id=SHOP, scan_id="s1")
    with session(engine) as reading:
        assert wishes.last_verdict(reading, SHOP, 7) is None
    with write_session(engine) as writing:
        heads.mark_scanned(writing, SHOP, 7, sequence=raised.sequence, scan_id="s1", head_sha="b" * 40, base_sha=None)
    with session(engine) as reading:
        found = wishes.last_verdict(reading, SHOP, 7)
    assert found == LastVerdict("b" * 40, "main", lets_through=True)
    with write_session(engine) as writing:
        scans.record_decision(writing, "s1", GateDecision(Outcome.FAILED))
    with session(engine) as reading:
        found = wishes.last_verdict(reading, SHOP, 7)
    assert found == LastVerdict("b" * 40, "main", lets_through=False)


def test_a_verdict_is_cleared_as_long_as_a_clearance_for_its_head_and_target_stands(engine: Engine) -> None:
    head, other = "b" * 40, "c" * 40
    subject = Subject("shop/backend", ref="main", merge_request_iid=7, head_sha=head)
    made = ScanReport(subject, (), (), GateDecision(Outcome.PASSED), NOON, 1.0, 0, 0)
    with write_session(engine) as writing:
        sequence = heads.raise_sequence(writing, SHOP, 7).sequence
        scans.record_scan(writing, made, project_id=SHOP, scan_id="s1")
        heads.mark_scanned(writing, SHOP, 7, sequence=sequence, scan_id="s1", head_sha=head, base_sha=None)

    def cleared(*granted: Clearance) -> bool:
        with write_session(engine) as writing:
            clearances.withdraw(writing, SHOP, 7, clearances.REWRITTEN, NOON)
            for one in granted:
                clearances.grant(writing, Granted(SHOP, one, other, "s1", NOON), sequence=sequence)
        with session(engine) as reading:
            found = wishes.last_verdict(reading, SHOP, 7)
        assert found is not None
        assert found.lets_through
        return found.cleared

    assert not cleared()
    assert not cleared(Clearance(7, "main", other, None))
    assert not cleared(Clearance(7, "release", head, None))
    assert cleared(Clearance(7, "main", head, None))


def test_a_project_is_forgotten(engine: Engine) -> None:
    ask(engine)
    ask(engine, project=BANK)
    with write_session(engine) as writing:
        wishes.forget_project(writing, SHOP)
    with session(engine) as reading:
        assert wishes.branches_with_wishes(reading) == ((BANK, "main"),)
