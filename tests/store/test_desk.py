"""The desk's rows: true after whatever happens, and read with few statements."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import PurePosixPath
from typing import Any

import pytest
from sqlalchemy import Engine, insert, select, update
from sqlalchemy.orm import Session

from bot.domain.known import Whereabouts
from bot.domain.policy import Sla
from bot.domain.priority import Exposure, Standing
from bot.domain.suppression import Scope
from bot.domain.triage import Justification, TriageEvent, TriageState
from bot.domain.triage_filter import Assignee, Due, Filter, GroupBy
from bot.store import desk, suppressions, triage
from bot.store.desk import item_rows, word_search
from bot.store.desk.tallies import TALLIED, Differences
from bot.store.desk_tables import (
    PersonRecord,
    ProjectProfileRecord,
    RuleTallyRecord,
    RuleUseRecord,
    TallyRecord,
    TriageItemRecord,
)
from bot.store.desk_touch import touch, touch_packages
from bot.store.engine import session, write_session
from bot.store.statements import table
from bot.store.tables import ExploitFactRecord, ExploitSourceRecord, FindingRecord, SuppressionRecord
from bot.store.tracking import forget_project
from scanners.finding import Location, Severity
from tests.store.counting import counted
from tests.store.known import BANK, FIRST, SHOP, accepted, add_finding, add_many, add_projects
from tests.store.samples import DEPENDENCY, SAST, SECRET

ANY = Filter(standings=frozenset())
NOW = FIRST + timedelta(days=1)
_ITEM = table(TriageItemRecord)


def event(number: int, state: TriageState, justification: Justification | None = None) -> TriageEvent:
    return TriageEvent(number, NOW, "alice", TriageState.DETECTED, state, justification, "because", "test")


def items(opened: Session, wanted: Filter = ANY, **more: Any) -> list[desk.Item]:
    return list(desk.page(opened, wanted, more.pop("sees", None), now=more.pop("now", NOW), **more).items)


def standings(opened: Session) -> dict[int, Standing]:
    return {item.finding_id: item.standing for item in items(opened)}


def person(opened: Session, number: int, name: str) -> None:
    opened.execute(
        insert(table(PersonRecord)).values(
            id=number,
            key=str(number),
            issuer="local",
            subject=name,
            username=name,
            name=name.title(),
            gitlab_user_id=None,
            password="",
            language="",
            created_at=NOW,
        )
    )


@pytest.fixture
def shop(engine: Engine) -> Engine:
    """A weakness in the shop, a vulnerable package in the bank, and a secret."""
    with write_session(engine) as opened:
        add_projects(opened)
        add_finding(opened, 1)
        add_finding(opened, 2, DEPENDENCY, project_id=BANK)
        add_finding(opened, 3, SECRET)
        touch(opened, [1, 2, 3], seen=True)
    return engine


def test_what_nobody_judged_waits_the_most_urgent_first(shop: Engine) -> None:
    with session(shop) as opened:
        found = items(opened, Filter())
    assert [item.finding_id for item in found] == [2, 1, 3]
    assert {item.standing for item in found} == {Standing.UNDECIDED}
    first = found[0]
    assert (first.project, first.title, first.package) == (
        "bank/core",
        "sample 1.0 is vulnerable",
        ("PyPI", "sample", "1.0"),
    )
    assert first.fix_available


def test_the_row_of_a_list_says_all_that_is_shown(shop: Engine) -> None:
    with session(shop) as opened:
        item = desk.one(opened, 1, None, now=NOW)
        assert item is not None
        assert desk.one(opened, 1, frozenset({SHOP}), now=NOW) == item
        assert desk.one(opened, 1, frozenset({BANK}), now=NOW) is None
        assert desk.one(opened, 99, None, now=NOW) is None
    assert (item.path, item.start_line, item.scanner) == (SAST.location.path, 10, "semgrep")
    assert item.due_at == datetime(2026, 3, 2, tzinfo=UTC) + timedelta(days=0)
    assert item.known_exploited is None


def test_the_factors_add_up_to_the_priority(shop: Engine) -> None:
    with session(shop) as opened:
        now = datetime.now(UTC)
        for item in items(opened, now=now):
            assert sum(part.points for part in item.factors) == item.priority


def test_decisions_and_exceptions_move_a_finding_in_the_same_transaction(shop: Engine) -> None:
    with write_session(shop) as opened:
        triage.record(opened, event(1, TriageState.CONFIRMED))
        made = suppressions.create(opened, replace(accepted(2, code=""), project_id=BANK, needs_approval=True))
        triage.record(opened, event(2, TriageState.DISMISSED, Justification.ACCEPTABLE_RISK))
        triage.record(opened, event(3, TriageState.RESOLVED))
    with session(shop) as opened:
        assert standings(opened) == {1: Standing.CONFIRMED, 2: Standing.REQUESTED, 3: Standing.CLOSED}
    with write_session(shop) as opened:
        suppressions.approve(opened, replace(made, approved_by="bob", approved_at=NOW))
    with session(shop) as opened:
        assert standings(opened)[2] is Standing.CLOSED
    with write_session(shop) as opened:
        suppressions.revoke(opened, replace(made, revoked_by="bob", revoked_at=NOW))
    with session(shop) as opened:
        assert standings(opened)[2] is Standing.UNDECIDED


def test_what_is_rolled_back_moves_nothing(shop: Engine) -> None:
    def fail() -> None:
        with write_session(shop) as opened:
            triage.record(opened, event(1, TriageState.CONFIRMED))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    with session(shop) as opened:
        assert standings(opened)[1] is Standing.UNDECIDED


def test_an_exception_for_a_rule_or_an_advisory_covers_what_it_is_about(shop: Engine) -> None:
    with write_session(shop) as opened:
        suppressions.create(
            opened, accepted(scope=Scope.RULE, project_id=None, scanner="detect-secrets", rule_id="AWS", path="*.txt")
        )
        suppressions.create(opened, accepted(scope=Scope.ADVISORY, project_id=BANK, advisory="cve-2099-1"))
    with session(shop) as opened:
        assert standings(opened) == {1: Standing.UNDECIDED, 2: Standing.CLOSED, 3: Standing.CLOSED}


def test_the_end_of_an_exception_and_of_a_days_count_comes_with_time(shop: Engine) -> None:
    soon = datetime.now(UTC) + timedelta(hours=1)
    with write_session(shop) as opened:
        suppressions.create(opened, accepted(1, expires_at=soon, created_at=NOW))
        desk.snooze(opened, [3], soon)
    with session(shop) as opened:
        assert (standings(opened)[1], standings(opened)[3]) == (Standing.CLOSED, Standing.SNOOZED)
    assert desk.pass_time(shop) == 0
    # As if the hour had passed.
    with write_session(shop) as opened:
        made, over = table(SuppressionRecord), soon - timedelta(hours=2)
        opened.execute(update(made).values(expires_at=over))
        opened.execute(update(_ITEM).where(_ITEM.c.snoozed_until == soon).values(snoozed_until=over))
        opened.execute(update(_ITEM).where(_ITEM.c.changes_at == soon).values(changes_at=over))
    assert desk.pass_time(shop) == 2
    assert desk.pass_time(shop) == 0
    with session(shop) as opened:
        assert set(standings(opened).values()) == {Standing.UNDECIDED}
    assert_sums_are_true(shop)


def test_exploits_that_become_known_raise_the_priority(shop: Engine) -> None:
    with session(shop) as opened:
        before = items(opened, ANY)[0]
    with write_session(shop) as opened:
        opened.execute(
            insert(table(ExploitFactRecord)).values(cve="CVE-2099-1", epss=0.6, percentile=0.99, kev_added=NOW.date())
        )
        opened.execute(
            insert(table(ExploitSourceRecord)).values(name="kev", data_date=NOW.date(), entries=1, imported_at=NOW)
        )
        touch_packages(opened)
    with session(shop) as opened:
        after = items(opened, Filter(known_exploited=True, epss_least=0.5))[0]
    assert (before.finding_id, after.finding_id) == (2, 2)
    assert after.priority == before.priority + 450
    assert after.known_exploited


def test_exposure_and_policy_of_a_project_count(shop: Engine) -> None:
    with session(shop) as opened:
        before = {item.finding_id: item for item in items(opened)}
    with write_session(shop) as opened:
        opened.execute(
            insert(table(ProjectProfileRecord)).values(
                project_id=SHOP, exposure=Exposure.INTERNET, changed_by="alice", changed_at=NOW
            )
        )
        desk.refresh_project(opened, SHOP)
    assert item_rows.keep_slas(shop, {SHOP: Sla(), BANK: Sla(critical=1)}) == 1
    assert item_rows.keep_slas(shop, {SHOP: Sla(), BANK: Sla(critical=1)}) == 0
    with session(shop) as opened:
        after = {item.finding_id: item for item in items(opened)}
    assert after[1].priority == before[1].priority + 80
    assert before[2].due_at is not None
    assert after[2].due_at == before[2].due_at - timedelta(days=6)


def test_of_several_who_claim_one_gets_it(shop: Engine) -> None:
    with write_session(shop) as opened:
        person(opened, 7, "alice")
        person(opened, 8, "bob")
        assert desk.claim(opened, [1, 2], 7, at=NOW) == {1, 2}
        assert desk.claim(opened, [2, 3], 8, at=NOW) == {3}
        assert desk.assign(opened, [1], None, at=NOW) == {1}
        # What is computed anew keeps what people wrote.
        desk.refresh(opened, [1, 2, 3])
    with session(shop) as opened:
        assert [item.finding_id for item in items(opened, replace(ANY, assignee=7))] == [2]
        assert [item.assignee for item in items(opened, replace(ANY, assignee=8))] == ["Bob"]
        assert [item.finding_id for item in items(opened, replace(ANY, assignee=Assignee.NOBODY))] == [1]
        assert items(opened, replace(ANY, assignee=Assignee.ME)) == []


def test_nobody_is_shown_what_he_may_not_see(shop: Engine) -> None:
    with session(shop) as opened:
        for sees, numbers in ((frozenset({SHOP}), {1, 3}), (frozenset({SHOP, BANK}), {1, 2, 3}), (frozenset(), set())):
            assert {item.finding_id for item in items(opened, sees=sees)} == numbers
            assert desk.facets(opened, ANY, sees, now=NOW).total == len(numbers)
            counts = [group.count for group in desk.groups(opened, ANY, sees, by=GroupBy.PROJECT, now=NOW).groups]
            assert sum(counts) == len(numbers)
        mine = frozenset({SHOP})
        assert items(opened, replace(ANY, projects=frozenset({BANK})), sees=mine) == []
        assert items(opened, replace(ANY, group="bank"), sees=mine) == []
        assert desk.facets(opened, replace(ANY, group="bank"), mine, now=NOW).total == 0


FILTERS = [
    ANY,
    Filter(),
    replace(ANY, severities=frozenset({Severity.HIGH, Severity.CRITICAL})),
    replace(ANY, whereabouts=frozenset({Whereabouts.DEFAULT_BRANCH})),
    replace(ANY, fix_available=True),
    replace(ANY, known_exploited=False),
    replace(ANY, group="Shop"),
    replace(ANY, projects=frozenset({BANK})),
    replace(ANY, rule=("semgrep", "python.sql-injection")),
    replace(ANY, package=("pypi", "sample")),
    replace(ANY, due=Due.OVERDUE),
    replace(ANY, due=Due.SOON),
    replace(ANY, new_since=FIRST),
    replace(ANY, text="sql"),
    replace(ANY, text="sql", severities=frozenset({Severity.LOW})),
]


def test_every_page_of_a_list_is_a_part_of_it_and_the_counts_are_of_it(engine: Engine) -> None:
    with write_session(engine) as opened:
        add_projects(opened)
        add_many(opened, 40)
        add_finding(opened, 100, DEPENDENCY, project_id=BANK)
        touch(opened, [*range(1, 41), 100], seen=True)
    with session(engine) as opened:
        assert len(items(opened, limit=200)) == 41
        for wanted in FILTERS:
            check_list(opened, wanted)


def check_list(opened: Session, wanted: Filter) -> None:
    whole = items(opened, wanted, limit=200)
    assert whole or wanted.due is not None, f"{wanted} shows nothing, so that nothing is tested"
    assert whole == sorted(whole, key=lambda item: (-item.priority, -item.finding_id))
    paged: list[desk.Item] = []
    part = desk.page(opened, wanted, None, now=NOW, limit=7)
    paged += part.items
    while part.next is not None:
        part = desk.page(opened, wanted, None, now=NOW, after=desk.Place.parse(str(part.next)), limit=7)
        paged += part.items
    assert paged == whole
    counts = desk.facets(opened, wanted, None, now=NOW)
    assert counts.total == len(whole)
    assert counts.exact
    if not wanted.severities:
        assert counts.severity == Counter(item.severity for item in whole)
    by_rule = desk.groups(opened, wanted, None, by=GroupBy.RULE, now=NOW)
    assert {group.key: group.count for group in by_rule.groups} == Counter(
        f"{item.scanner}:{item.rule_id}" for item in whole
    )
    by_project = desk.groups(opened, wanted, None, by=GroupBy.PROJECT, now=NOW)
    assert {group.second: group.count for group in by_project.groups} == Counter(item.project for item in whole)
    by_package = desk.groups(opened, wanted, None, by=GroupBy.PACKAGE, now=NOW)
    assert sum(group.count for group in by_package.groups) == sum(item.package is not None for item in whole)


def test_statements_do_not_depend_on_the_number_of_findings(shop: Engine) -> None:
    def numbers(wanted: Filter) -> list[int]:
        found = []
        with session(shop) as opened:
            for ask in (
                partial(desk.page, opened, wanted, None, now=NOW),
                partial(desk.facets, opened, wanted, None, now=NOW),
                partial(desk.groups, opened, wanted, None, by=GroupBy.RULE, now=NOW),
            ):
                with counted(shop) as statements:
                    ask()
                found.append(len(statements))
        return found

    few = [numbers(wanted) for wanted in FILTERS]
    with write_session(shop) as opened:
        add_many(opened, 60, first=100)
        touch(opened, range(100, 160), seen=True)
    for wanted, before in zip(FILTERS, few, strict=True):
        by_path = 1 if wanted.group else 0
        rows = 0 if wanted.due is Due.OVERDUE else 1  # nothing is overdue then
        assert numbers(wanted) == [1 + rows + by_path, 1 + by_path, 1 + by_path]
        assert before[1:] == [1 + by_path, 1 + by_path]


def test_a_decision_about_a_hundred_takes_as_many_statements_as_one_about_two(engine: Engine) -> None:
    with write_session(engine) as opened:
        add_projects(opened)
        add_many(opened, 150)
        touch(opened, range(1, 151), seen=True)

    def decided(numbers: range) -> int:
        with counted(engine) as statements, write_session(engine) as opened:
            triage.record_many(opened, [event(n, TriageState.CONFIRMED) for n in numbers])
        return len(statements)

    assert decided(range(3, 120)) <= decided(range(120, 122)) <= 15
    assert_sums_are_true(engine)


def test_a_project_that_is_forgotten_leaves_nothing(shop: Engine) -> None:
    with write_session(shop) as opened:
        forget_project(opened, SHOP)
    with session(shop) as opened:
        assert [item.finding_id for item in items(opened)] == [2]
        assert items(opened, replace(ANY, text="python")) == []
    assert_sums_are_true(shop)


def test_a_store_from_before_gets_its_rows_once(engine: Engine) -> None:
    with write_session(engine) as opened:
        add_projects(opened)
        add_many(opened, 30)
    with write_session(engine) as opened:
        # As an older release left it.
        for record in (TriageItemRecord, TallyRecord, RuleTallyRecord, RuleUseRecord):
            opened.execute(table(record).delete())
    assert desk.rebuild(engine) == 30
    with counted(engine) as statements:
        assert desk.rebuild(engine) == 0
    assert len(statements) == 1
    with session(engine) as opened:
        assert len(items(opened, limit=200)) == 30
    assert_sums_are_true(engine)


def test_a_changed_title_is_found_and_the_old_one_is_not(shop: Engine) -> None:
    with write_session(shop) as opened:
        opened.execute(
            update(table(FindingRecord)).where(table(FindingRecord).c.id == 1).values(title="Shell from input")
        )
        touch(opened, [1], seen=True)
    with session(shop) as opened:
        assert [item.finding_id for item in items(opened, replace(ANY, text="shell"))] == [1]
        assert items(opened, replace(ANY, text="built")) == []


FOUND = [
    ("sql", {1}),
    ("SQL inj", {1}),
    ("python.sql-injection", {1}),
    ("cve-2099-1", {2}),
    ("PYSEC-2099", {2}),
    ("sample", {2}),
    ("requirements.txt", {2}),
    ("aws", {3}),
    ("中", {1}),
    ("中文", {1}),
    ("src/na", {1}),
    ("nothing like it", set()),
    ("sql nowhere", set()),
]


def test_words_are_found_by_their_beginning(shop: Engine) -> None:
    with session(shop) as opened:
        found = {text: {item.finding_id for item in items(opened, replace(ANY, text=text))} for text, _ in FOUND}
    assert found == dict(FOUND)


def test_words_are_found_the_same_however_many_rows_are_asked_for_them(shop: Engine) -> None:
    with session(shop) as opened:
        for text, numbers in FOUND:
            for asked in (1, 5, 12):
                found = desk.page(opened, replace(ANY, text=text), None, now=NOW, asked=asked)
                assert {item.finding_id for item in found.items} == numbers


def test_a_list_with_words_is_the_same_whichever_way_it_is_read(engine: Engine) -> None:
    with write_session(engine) as opened:
        add_projects(opened)
        for number in range(1, 61):
            finding = replace(SAST, title=f"Number {number}", severity=list(Severity)[number % 5])
            add_finding(opened, number, finding, project_id=BANK if number % 7 == 0 else SHOP)
        touch(opened, range(1, 61), seen=True)
        triage.record_many(opened, [event(n, TriageState.CONFIRMED) for n in range(10, 30)])
    searched = [
        replace(ANY, text="number"),
        replace(ANY, text="number 1"),
        replace(ANY, text="1"),
        Filter(text="number 5"),
        replace(ANY, text="number", severities=frozenset({Severity.LOW})),
        replace(ANY, text="number 7", projects=frozenset({BANK})),
        replace(ANY, text="number 4", group="shop"),
    ]
    with session(engine) as opened:
        for wanted in searched:
            ways = [read(opened, wanted, asked) for asked in (None, 1, 10, 50)]
            assert ways[0]
            assert ways[0] == sorted(ways[0], key=lambda place: (-place.priority, -place.finding_id))
            assert all(way == ways[0] for way in ways)
            assert desk.facets(opened, wanted, None, now=NOW).total == len(ways[0])
            mine = read(opened, wanted, 10, sees=frozenset({BANK}))
            assert [place for place in ways[0] if place.finding_id % 7 == 0] == mine


def read(opened: Session, wanted: Filter, asked: int | None, sees: frozenset[int] | None = None) -> list[desk.Place]:
    """A whole list, five at a time."""
    part = desk.page(opened, wanted, sees, now=NOW, limit=5, asked=asked)
    places = [item.place for item in part.items]
    while part.next is not None:
        part = desk.page(opened, wanted, sees, now=NOW, after=part.next, limit=5, asked=asked)
        places += [item.place for item in part.items]
    return places


def test_a_page_of_found_words_takes_four_statements_at_most(engine: Engine) -> None:
    with write_session(engine) as opened:
        add_projects(opened)
        add_many(opened, 80)
        touch(opened, range(1, 81), seen=True)
    with session(engine) as opened:
        for asked in (1, 10, 40, None):
            with counted(engine) as statements:
                assert len(desk.page(opened, replace(ANY, text="sql"), None, now=NOW, limit=4, asked=asked).items) == 4
            assert len(statements) <= 4
        assert len(statements) == 2


def test_no_query_can_ask_for_a_project_by_its_word(shop: Engine) -> None:
    with session(shop) as opened:
        for text in (f"\u00b6{BANK}", f"sample \u00b6{BANK}"):
            assert word_search.wanted_words(text)[-1] == str(BANK)
            assert items(opened, replace(ANY, text=text)) == []


HOSTILE = [
    '"',
    "'",
    "\\",
    "a' OR 1=1 --",
    '" OR words:*',
    "NEAR(a b)",
    "^a",
    "a:*",
    "!a & (b | c",
    "<->",
    "()",
    "%_%",
    "AND",
    "OR",
    "NOT",
    "*",
    "-",
    "\x00",
    "\ud800",
    "a\u0301é ß ﬁ ½ ٣ Ⅷ",
    "😀",
    "ก็ ไทย",
    "x" * 200,
    ":wanted_words",
]


def test_no_search_text_is_a_fault(shop: Engine) -> None:
    with session(shop) as opened:
        for text in HOSTILE:
            wanted = replace(ANY, text=text)
            desk.page(opened, wanted, None, now=NOW)
            desk.facets(opened, wanted, None, now=NOW)
            desk.groups(opened, wanted, None, by=GroupBy.PACKAGE, now=NOW)


def test_awkward_names_are_kept_and_grouped(engine: Engine) -> None:
    odd = replace(
        SAST, rule_id="a:b\x00'\"\ud800", location=Location(PurePosixPath("x/" + "y" * 3000), 1, 1), title="\ud800" * 9
    )
    with write_session(engine) as opened:
        add_projects(opened)
        add_finding(opened, 1, odd)
        touch(opened, [1], seen=True)
    with session(engine) as opened:
        (group,) = desk.groups(opened, ANY, None, by=GroupBy.RULE, now=NOW).groups
        assert (group.first, group.second) == ("semgrep", odd.rule_id)
        assert len(items(opened, replace(ANY, rule=("semgrep", odd.rule_id)))) == 1


def assert_sums_are_true(engine: Engine) -> None:
    """Every sum says what a fresh count says."""
    with session(engine) as opened:
        tally: Counter[tuple[Any, ...]] = Counter()
        groups: Counter[tuple[Any, ...]] = Counter()
        uses: Counter[tuple[int, int]] = Counter()
        for row in opened.execute(select(_ITEM)).mappings():
            tally[row["project_id"], *(row[name] for name in TALLIED)] += 1
            groups[row["project_id"], "rule", row["rule_key"], row["standing"], row["severity"]] += 1
            if row["package_key"] is not None:
                groups[row["project_id"], "package", row["package_key"], row["standing"], row["severity"]] += 1
            for rule in row["rules"]:
                uses[row["project_id"], rule] += 1
        stored = {tuple(row[:-1]): row[-1] for row in opened.execute(select(table(TallyRecord)))}
        assert stored == dict(tally)
        stored = {tuple(row[:-1]): row[-1] for row in opened.execute(select(table(RuleTallyRecord)))}
        assert stored == dict(groups)
        stored = {(row.project_id, row.rule_key): row.findings for row in opened.execute(select(table(RuleUseRecord)))}
        assert stored == dict(uses)


def test_nothing_is_written_where_nothing_differs(shop: Engine) -> None:
    with write_session(shop) as opened:
        assert desk.refresh(opened, [1, 2, 3]) == 0
        with counted(shop) as statements:
            Differences().write(opened)
        assert statements == []
