"""Heads, projects and deliveries: what a webhook writes."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Engine

from bot.store import heads
from bot.store.deliveries import (
    StoredDelivery,
    finish_deliveries,
    get_delivery,
    purge_deliveries,
    record_deliveries,
)
from bot.store.engine import session, write_session
from bot.store.heads import (
    HeadState,
    MergeRequestHead,
    Raised,
    close_head,
    current_sequence,
    get_head,
    heads_of,
    mark_scanned,
    open_heads_at,
    open_requests,
    raise_sequence,
)
from bot.store.projects import (
    Project,
    all_projects,
    forget_project,
    get_project,
    projects_by_id,
    upsert_projects,
)
from tests.store.counting import counted
from tests.store.samples import NOON

A, B = "a" * 40, "b" * 40


def head_of(engine: Engine, project_id: int, iid: int) -> MergeRequestHead:
    with session(engine) as opened:
        found = get_head(opened, project_id, iid)
    assert found is not None
    return found


def test_raising_the_sequence_names_the_job_that_it_supersedes(engine: Engine) -> None:
    with write_session(engine) as opened:
        assert current_sequence(opened, 1, 2) == 0
        assert raise_sequence(opened, 1, 2, workflow_id="w1") == Raised(1, None)
        assert raise_sequence(opened, 1, 2, workflow_id="w2") == Raised(2, "w1")
        assert raise_sequence(opened, 1, 3, workflow_id="x1") == Raised(1, None)
        assert current_sequence(opened, 1, 2) == 2


def test_raising_the_sequence_is_one_statement(engine: Engine) -> None:
    with counted(engine) as statements, write_session(engine) as opened:
        raise_sequence(opened, 1, 2, workflow_id="w1", head_sha=A)
    assert len(statements) == 1


def test_two_who_raise_at_once_get_different_numbers(engine: Engine) -> None:
    raised: list[Raised] = []

    def work(name: int) -> None:
        for turn in range(10):
            with write_session(engine) as opened:
                raised.append(raise_sequence(opened, 1, 2, workflow_id=f"{name}-{turn}"))

    threads = [threading.Thread(target=work, args=(n,)) for n in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(r.sequence for r in raised) == list(range(1, 31))
    # Each job but the last is superseded by exactly one other.
    assert len({r.previous_workflow_id for r in raised}) == 30


def test_what_an_event_does_not_name_stays(engine: Engine) -> None:
    with write_session(engine) as opened:
        raise_sequence(opened, 1, 2, workflow_id="w1", head_sha=A, target_branch="main")
        raise_sequence(opened, 1, 2, workflow_id="w2")
    head = head_of(engine, 1, 2)
    assert (head.sequence, head.workflow_id, head.head_sha, head.target_branch) == (2, "w2", A, "main")
    assert head.state is HeadState.OPENED


def test_a_superseded_job_cannot_mark_its_scan_as_the_last(engine: Engine) -> None:
    with write_session(engine) as opened:
        old = raise_sequence(opened, 1, 2, workflow_id="w1", head_sha=A)
        new = raise_sequence(opened, 1, 2, workflow_id="w2", head_sha=B)
        assert not mark_scanned(opened, 1, 2, sequence=old.sequence, scan_id="s1", head_sha=A, base_sha=None)
        assert mark_scanned(
            opened, 1, 2, sequence=new.sequence, scan_id="s2", head_sha=B, base_sha=A, target_branch="main"
        )
    head = head_of(engine, 1, 2)
    assert (head.last_scan_id, head.scanned_head, head.scanned_base, head.target_branch) == ("s2", B, A, "main")


def test_closing_supersedes_the_running_job_and_a_new_push_opens_again(engine: Engine) -> None:
    with write_session(engine) as opened:
        assert close_head(opened, 1, 2, HeadState.MERGED) is None
        raise_sequence(opened, 1, 2, workflow_id="w1")
        assert close_head(opened, 1, 2, HeadState.CLOSED) == Raised(2, "w1")
    assert head_of(engine, 1, 2).state is HeadState.CLOSED
    with write_session(engine) as opened:
        assert raise_sequence(opened, 1, 2, workflow_id="w2") == Raised(3, None)
    assert head_of(engine, 1, 2).state is HeadState.OPENED


def test_open_merge_requests_are_found_by_their_head(engine: Engine) -> None:
    with write_session(engine) as opened:
        raise_sequence(opened, 1, 2, head_sha=A)
        raise_sequence(opened, 9, 1, head_sha=A)
        raise_sequence(opened, 1, 3, head_sha=B)
        raise_sequence(opened, 1, 4, head_sha=A)
        close_head(opened, 1, 4, HeadState.MERGED)
    with session(engine) as opened:
        assert [(h.project_id, h.iid) for h in open_heads_at(opened, A)] == [(1, 2), (9, 1)]


def test_what_is_not_judged_yet_is_open_as_well_and_may_go_anywhere(engine: Engine) -> None:
    with write_session(engine) as opened:
        raised = raise_sequence(opened, 1, 2, target_branch="main")
        mark_scanned(opened, 1, 2, sequence=raised.sequence, scan_id="s", head_sha=A, base_sha=None)
        raise_sequence(opened, 1, 3)
        raise_sequence(opened, 1, 4, target_branch="release")
        raise_sequence(opened, 1, 5, target_branch="main")
        close_head(opened, 1, 5, HeadState.CLOSED)
        raise_sequence(opened, 9, 1)
    with session(engine) as opened:
        assert open_requests(opened) == ((1, 2), (1, 3), (1, 4), (9, 1))
        assert open_requests(opened, project_id=1, target_branch="main") == ((1, 2), (1, 3))
        assert open_requests(opened, project_id=1, target_branch="release") == ((1, 3), (1, 4))


def test_heads_of_many_projects_are_one_query(engine: Engine) -> None:
    with write_session(engine) as opened:
        for project_id, iid in [(1, 1), (1, 2), (2, 1), (3, 1)]:
            raise_sequence(opened, project_id, iid)
    with counted(engine) as statements, session(engine) as opened:
        found = heads_of(opened, [1, 2, 99])
    assert set(found) == {(1, 1), (1, 2), (2, 1)}
    assert found[1, 2].iid == 2
    assert len(statements) == 1
    with session(engine) as opened:
        assert heads_of(opened, []) == {}


def test_forgetting_a_project_gives_the_jobs_to_cancel(engine: Engine) -> None:
    with write_session(engine) as opened:
        raise_sequence(opened, 1, 1, workflow_id="w1")
        raise_sequence(opened, 1, 2)
        raise_sequence(opened, 2, 1, workflow_id="w2")
        assert heads.forget_project(opened, 1) == ("w1",)
        assert set(heads_of(opened, [1, 2])) == {(2, 1)}


def test_projects_are_inserted_and_brought_up_to_date_in_one_statement(engine: Engine) -> None:
    first = [Project(n, f"group/{n}", f"https://h/{n}", f"https://h/{n}.git", "main") for n in range(1, 51)]
    renamed = replace(first[0], path="moved/1", default_branch=None)
    with write_session(engine) as opened:
        upsert_projects(opened, first)
    with counted(engine) as statements, write_session(engine) as opened:
        upsert_projects(opened, [first[0], *first[1:3], renamed])
    assert len(statements) == 1
    with session(engine) as opened:
        assert get_project(opened, 1) == renamed
        assert get_project(opened, 51) is None
        assert projects_by_id(opened, [1, 2, 99]) == {1: renamed, 2: first[1]}
        assert all_projects(opened) == (renamed, *first[1:])
    with write_session(engine) as opened:
        assert forget_project(opened, 1)
        assert not forget_project(opened, 1)


def test_the_largest_id_that_the_domain_allows_is_stored(engine: Engine) -> None:
    largest = 2**63 - 1
    with write_session(engine) as opened:
        upsert_projects(opened, [Project(largest, "x/y")])
        assert raise_sequence(opened, largest, largest) == Raised(1, None)
    assert head_of(engine, largest, largest).iid == largest


def delivery(key: str, **values: object) -> StoredDelivery:
    return replace(StoredDelivery(key, NOON, "merge_request", 1, 2), **values)  # type: ignore[arg-type]


def test_only_deliveries_that_were_not_there_are_new(engine: Engine) -> None:
    with write_session(engine) as opened:
        assert record_deliveries(opened, [delivery("a"), delivery("b")]) == {"a", "b"}
        assert record_deliveries(opened, [delivery("b", event="push"), delivery("c")]) == {"c"}
        assert record_deliveries(opened, []) == set()
        assert get_delivery(opened, "b") == delivery("b")
        assert get_delivery(opened, "d") is None


def test_many_deliveries_are_one_statement_and_a_key_counts_once(engine: Engine) -> None:
    batch = [delivery(f"k{n % 40}", iid=n) for n in range(64)]
    with counted(engine) as statements, write_session(engine) as opened:
        new = record_deliveries(opened, batch)
    assert len(statements) == 1
    assert new == {f"k{n}" for n in range(40)}
    with session(engine) as opened:
        first = get_delivery(opened, "k3")
    assert first == batch[3]


def test_results_are_written_in_one_statement(engine: Engine) -> None:
    batch = [delivery(f"k{n}") for n in range(20)]
    done = [replace(d, job_id=f"job-{d.key}", result="accepted") for d in batch]
    with write_session(engine) as opened:
        record_deliveries(opened, batch)
    with counted(engine) as statements, write_session(engine) as opened:
        finish_deliveries(opened, done)
    assert len(statements) == 1
    with session(engine) as opened:
        assert [get_delivery(opened, d.key) for d in batch] == done


@pytest.mark.parametrize(
    "key", ["", "x" * 8192, "nul\x00", "caf\xe9", "\udce9", "line\nbreak", "sha256:" + "0" * 64, "x" * 200]
)
def test_any_key_a_stranger_sends_is_stored_and_recognised(engine: Engine, key: str) -> None:
    with write_session(engine) as opened:
        assert record_deliveries(opened, [delivery(key), delivery("other")]) == {key, "other"}
        assert record_deliveries(opened, [delivery(key)]) == set()
        assert get_delivery(opened, key) == delivery(key)


def test_a_digest_sent_as_a_key_is_not_the_key_that_it_digests(engine: Engine) -> None:
    long = "x" * 8192
    with write_session(engine) as opened:
        record_deliveries(opened, [delivery(long)])
        stored = opened.connection().exec_driver_sql("SELECT key FROM delivery").scalar_one()
        assert record_deliveries(opened, [delivery(stored)]) == {stored}


def test_two_processes_with_the_same_deliveries_share_them_out(engine: Engine) -> None:
    keys = [f"k{n}" for n in range(200)]
    won: list[set[str]] = []

    def work(order: list[str]) -> None:
        for start in range(0, len(order), 20):
            with write_session(engine) as opened:
                won.append(record_deliveries(opened, [delivery(key) for key in order[start : start + 20]]))

    threads = [threading.Thread(target=work, args=(order,)) for order in (keys, keys[::-1])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(key for keys_won in won for key in keys_won) == sorted(keys)


def test_old_deliveries_are_purged_in_portions(engine: Engine) -> None:
    with write_session(engine) as opened:
        record_deliveries(
            opened, [delivery(f"old{n}", received_at=NOON - timedelta(days=30)) for n in range(5)] + [delivery("new")]
        )
    before = NOON - timedelta(days=7)
    counts = []
    for _ in range(3):
        with write_session(engine) as opened:
            counts.append(purge_deliveries(opened, before=before, limit=3))
    assert counts == [3, 2, 0]
    with session(engine) as opened:
        assert get_delivery(opened, "new") is not None
