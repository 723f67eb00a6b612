"""Lists that the API turns pages of: in order, within what one sees, one statement a page."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from sqlalchemy import Engine

from bot.domain.suppression import Scope, Standing
from bot.store import api_lists, findings, heads, scans, suppressions
from bot.store.engine import session, write_session
from bot.store.heads import HeadState
from tests.store.counting import counted
from tests.store.known import BANK, SHOP, accepted, add_many, add_projects
from tests.store.samples import NOON, REPORT

RULE = accepted(scope=Scope.RULE, scanner="bandit", rule_id="B602")


def test_projects_are_found_by_a_part_of_their_path_and_in_order(engine: Engine) -> None:
    with write_session(engine) as writing:
        add_projects(writing)
        assert [one.id for one in api_lists.projects(writing, None, limit=5)] == [SHOP, BANK]
        assert [one.id for one in api_lists.projects(writing, {BANK}, limit=5)] == [BANK]
        assert [one.id for one in api_lists.projects(writing, None, text="BACK", limit=5)] == [SHOP]
        assert api_lists.projects(writing, None, text="%", limit=5) == ()
        assert [one.id for one in api_lists.projects(writing, None, after=SHOP, limit=5)] == [BANK]
        assert api_lists.projects(writing, frozenset(), limit=5) == ()
        assert api_lists.project_paths(writing, [BANK, 99]) == {BANK: "bank/core"}


def test_exceptions_are_told_apart_by_how_they_stand(engine: Engine) -> None:
    with write_session(engine) as writing:
        add_projects(writing)
        holds = suppressions.create(writing, RULE)
        waits = suppressions.create(writing, replace(RULE, needs_approval=True))
        ended = suppressions.create(writing, replace(RULE, expires_at=NOON - timedelta(days=1)))
        revoked = suppressions.create(writing, replace(RULE, revoked_at=NOON, revoked_by="bob"))
        wide = suppressions.create(writing, replace(RULE, project_id=None))

        def listed(standing: Standing | None, sees: set[int] | None = None) -> list[int]:
            found = api_lists.suppressions(writing, sees, now=NOON, standing=standing, limit=9)
            assert standing is None or all(one.standing(NOON) is standing for one in found)
            return [one.id for one in found]

        assert listed(Standing.IN_FORCE) == [wide.id, holds.id]
        assert listed(Standing.WAITING) == [waits.id]
        assert listed(Standing.EXPIRED) == [ended.id]
        assert listed(Standing.REVOKED) == [revoked.id]
        assert listed(None, {SHOP}) == [revoked.id, ended.id, waits.id, holds.id]
        before = api_lists.suppressions(writing, None, now=NOON, before=ended.id, limit=1)
        assert [one.id for one in before] == [waits.id]


def test_scans_are_turned_page_by_page_also_where_two_began_at_one_moment(engine: Engine) -> None:
    with write_session(engine) as writing:
        for number in range(4):
            report = replace(REPORT, started_at=NOON + timedelta(minutes=number // 2))
            scans.record_scan(writing, report, project_id=SHOP, scan_id=f"s{number}")
    seen, after = [], None
    with session(engine) as reading:
        while page := api_lists.scans(reading, SHOP, after=after, limit=1):
            seen.append(page[0].id)
            after = (page[0].started_at, page[0].id)
        whole = api_lists.scan(reading, "s0")
        assert api_lists.scan(reading, "none") is None
    assert seen == ["s3", "s2", "s1", "s0"]
    assert whole is not None
    assert whole[1:] == (REPORT.decision.violations, REPORT.decision.reasons)


def test_merge_requests_come_with_their_last_verdict(engine: Engine) -> None:
    with write_session(engine) as writing:
        scans.record_scan(writing, REPORT, project_id=SHOP, scan_id="s")
        for iid in (7, 8):
            raised = heads.raise_sequence(writing, SHOP, iid, head_sha="a" * 40)
        heads.mark_scanned(writing, SHOP, 8, sequence=raised.sequence, scan_id="s", head_sha="a" * 40, base_sha=None)
        first, second = api_lists.merge_requests(writing, SHOP, state=HeadState.OPENED, limit=5)
        assert (first.iid, first.outcome, second.iid, second.outcome) == (8, REPORT.decision.outcome, 7, None)
        assert api_lists.merge_requests(writing, SHOP, before=8, limit=5) == (second,)
        assert api_lists.merge_requests(writing, SHOP, state=HeadState.MERGED, limit=5) == ()
        assert api_lists.receipts(writing, SHOP, iid=8, after=(NOON, "x"), limit=5) == ()


def test_whole_findings_of_a_portion_take_three_statements(engine: Engine) -> None:
    with write_session(engine) as writing:
        add_projects(writing)
        add_many(writing, 200)
    with session(engine) as reading, counted(engine) as statements:
        found = findings.by_numbers(reading, range(1, 201))
    assert len(statements) == 3
    assert sorted(found) == list(range(1, 201))
    assert found[2].project in ("shop/backend", "bank/core")
