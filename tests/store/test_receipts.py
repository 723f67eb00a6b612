"""Signed receipts in the store."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from sqlalchemy import Engine

from bot.store import receipts
from bot.store.engine import session, write_session
from bot.store.receipts import StoredReceipt
from tests.store.samples import NOON

ONE = StoredReceipt("a" * 64, 5, 7, "mr.5.7.1", {"payload": "e30=", "payloadType": "x", "signatures": []}, NOON)


def keep(engine: Engine, *rows: StoredReceipt) -> list[bool]:
    with write_session(engine) as writing:
        return [receipts.record(writing, row) for row in rows]


def test_a_receipt_comes_back_as_it_was_and_is_kept_once(engine: Engine) -> None:
    assert keep(engine, ONE) == [True]
    assert keep(engine, replace(ONE, scan_id="other")) == [False]
    with session(engine) as reading:
        assert receipts.get(reading, ONE.id) == ONE
        assert receipts.get(reading, "b" * 64) is None


def test_the_latest_of_a_merge_request_is_the_one_issued_last(engine: Engine) -> None:
    later = replace(ONE, id="0" * 64, issued_at=NOON + timedelta(seconds=1))
    keep(engine, later, ONE, replace(ONE, id="c" * 64, merge_request_iid=8), replace(ONE, id="d" * 64, project_id=6))
    with session(engine) as reading:
        assert receipts.latest(reading, 5, 7) == later
        assert receipts.latest(reading, 5, None) is None


def test_a_project_that_is_gone_takes_its_receipts_along(engine: Engine) -> None:
    keep(engine, ONE, replace(ONE, id="d" * 64, project_id=6))
    with write_session(engine) as writing:
        receipts.forget_project(writing, 5)
    with session(engine) as reading:
        assert receipts.get(reading, ONE.id) is None
        assert receipts.get(reading, "d" * 64) is not None
