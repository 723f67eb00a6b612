"""Findings beyond one scan: exact rows, lists that are never sorted, and all that is known about one."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from bot.domain.known import KnownFinding, Sighting, Whereabouts, Witness
from bot.domain.suppression import Scope
from bot.domain.triage import Judgement
from bot.domain.verdict import Presence
from bot.errors import MergewardenError
from bot.store import findings, suppressions
from bot.store.engine import session, write_session
from bot.store.findings import Cursor, finding_of, finding_values
from bot.store.statements import table
from bot.store.tables import FindingRecord
from scanners.finding import Confidence, Dependency, Finding, FindingKind, Fix, Location, RelatedLocation, Severity
from tests.store.counting import counted
from tests.store.known import (
    BANK,
    FEATURE,
    FIRST,
    SHOP,
    accepted,
    add_finding,
    add_many,
    add_presence,
    add_projects,
    add_refs,
    add_word,
)
from tests.store.samples import DEPENDENCY, NOON, SAST, SECRET


def everything(opened: Session, **filters: object) -> list[KnownFinding]:
    """Page by page, from the first to the last."""
    found: list[KnownFinding] = []
    after = None
    while True:
        page = findings.page(opened, after=after, **filters)  # type: ignore[arg-type]
        found += page.findings
        after = page.next
        if after is None:
            return found


def worst_first(found: list[KnownFinding]) -> list[int]:
    order = sorted(found, key=lambda k: (k.finding.severity, k.finding.confidence, k.id), reverse=True)
    return [known.id for known in order]


# --- rows -------------------------------------------------------------------------------------------------------------

_text = st.text(alphabet=st.characters(codec=None), max_size=20)
_segment = st.text(alphabet=st.characters(codec=None, exclude_characters="/\x00"), min_size=1, max_size=8)
_path = st.lists(_segment.filter(lambda part: part not in (".", "..")), min_size=1, max_size=4).map(
    lambda parts: PurePosixPath("/".join(parts))
)
_line = st.integers(1, 2**40)
_location = st.builds(
    lambda path, first, more, columns: Location(path, first, first + more, *columns),
    _path,
    _line,
    st.integers(0, 5),
    st.tuples(st.none() | _line, st.none() | _line),
)
_findings = st.builds(
    Finding,
    scanner=_text,
    rule_id=_text,
    kind=st.sampled_from(FindingKind),
    severity=st.sampled_from(Severity),
    confidence=st.sampled_from(Confidence),
    title=_text,
    message=_text,
    location=_location,
    cwes=st.lists(st.integers(0, 2000), max_size=3).map(tuple),
    owasp=st.lists(_text, max_size=2).map(tuple),
    snippet=_text,
    remediation=_text,
    references=st.lists(_text, max_size=2).map(tuple),
    fix=st.none() | st.builds(Fix, _line, _line, _text),
    dependency=st.none()
    | st.builds(Dependency, _text, _text, _text, st.lists(_text, max_size=2).map(tuple), st.just(())),
    match_hash=_text,
    fingerprint=_text,
    context_hash=_text,
    earlier_hashes=st.lists(st.tuples(_text, _text), max_size=2).map(tuple),
    tool_fingerprints=st.lists(_text, max_size=2).map(tuple),
    related=st.lists(st.builds(RelatedLocation, _location, _text), max_size=2).map(tuple),
)


@given(_findings)
def test_every_finding_comes_back_exactly(finding: Finding) -> None:
    assert finding_of(finding_values(finding)) == finding


@pytest.mark.parametrize("finding", [SAST, DEPENDENCY, SECRET], ids=["sast", "dependency", "secret"])
def test_a_stored_finding_comes_back_exactly(engine: Engine, finding: Finding) -> None:
    with write_session(engine) as opened:
        add_projects(opened)
        add_finding(opened, 812, finding, whereabouts=Whereabouts.ELSEWHERE)
    with session(engine) as opened:
        assert findings.get(opened, 812) == KnownFinding(
            812, SHOP, "shop/backend", finding, Whereabouts.ELSEWHERE, Judgement(), FIRST
        )
        assert findings.get(opened, 813) is None


def test_what_a_finding_lacks_takes_no_room() -> None:
    assert finding_values(replace(SECRET, message="", snippet=""))["details"] == {}


def test_a_hundred_thousand_findings_become_rows_in_two_seconds() -> None:
    """The best of a few tenths, and in time of this process, since others work on the same machine."""

    def seconds() -> float:
        started = time.process_time()
        for _ in range(10_000):
            finding_values(SAST)
        return time.process_time() - started

    assert min(seconds() for _ in range(5)) < 0.2


# --- lists ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("limit", [7, 100])
@pytest.mark.parametrize("project_id", [None, SHOP])
@pytest.mark.parametrize("whereabouts", [None, *Whereabouts])
def test_pages_show_every_finding_once_worst_first(
    engine: Engine, limit: int, project_id: int | None, whereabouts: Whereabouts | None
) -> None:
    with write_session(engine) as opened:
        add_projects(opened)
        add_many(opened, 250)
    with session(engine) as opened:
        found = everything(opened, project_id=project_id, whereabouts=whereabouts, limit=limit)
        assert [known.id for known in found] == worst_first(found)
        assert len(found) == len({known.id for known in found})
        assert len(found) == findings.count(opened, project_id=project_id, whereabouts=whereabouts)
        assert {known.project_id for known in found} == ({SHOP, BANK} if project_id is None else {project_id})
        assert {known.whereabouts for known in found} == (set(Whereabouts) if whereabouts is None else {whereabouts})


def test_a_page_that_ends_with_the_list_has_no_next(engine: Engine) -> None:
    with write_session(engine) as opened:
        add_many(opened, 30)
    with session(engine) as opened:
        assert findings.page(opened, limit=30).next is None
        assert findings.page(opened, limit=29).next is not None
        assert findings.page(opened, limit=10**9).next is None
        assert len(findings.page(opened, limit=0).findings) == 1
        assert findings.page(opened, project_id=99) == findings.FindingPage((), None)


def test_the_number_of_statements_does_not_depend_on_the_number_of_findings(engine: Engine) -> None:
    def statements(limit: int) -> int:
        with counted(engine) as seen, session(engine) as opened:
            assert len(findings.page(opened, limit=limit).findings) == limit
        return len(seen)

    with write_session(engine) as opened:
        add_projects(opened)
        add_many(opened, 1000)
        for number in range(1, 1000, 3):
            suppressions.create(opened, accepted(number))
        for n in range(50):
            suppressions.create(opened, accepted(scope=Scope.RULE, scanner="x", rule_id=f"r{n}"))
    assert statements(2) == statements(1000) == 6
    with counted(engine) as seen, session(engine) as opened:
        assert len(list(findings.stream_findings(opened, project_id=SHOP))) == 500
    assert len(seen) == 5


@pytest.mark.parametrize("after", [None, Cursor(Severity.HIGH, Confidence.MEDIUM, 4000)], ids=["first", "deep"])
@pytest.mark.parametrize(
    ("project_id", "index"), [(None, "ix_finding_worst"), (SHOP, "ix_finding_worst_of_project")], ids=["all", "one"]
)
def test_a_page_is_read_from_an_index_and_never_sorted(
    engine: Engine, project_id: int | None, index: str, after: Cursor | None
) -> None:
    """Sorting by severity at a million rows is what makes such pages take seconds."""
    with write_session(engine) as opened:
        add_many(opened, 5000)
        opened.execute(text("ANALYZE"))
    with session(engine) as opened:
        for whereabouts in Whereabouts:
            plan = plan_of(opened, project_id, whereabouts, after)
            assert f"{index} " in plan.replace("\n", " ") + " ", plan
            assert "sort" not in plan.lower(), plan
            assert "temp b-tree" not in plan.lower(), plan
            assert "seq scan" not in plan.lower(), plan


def plan_of(opened: Session, project_id: int | None, whereabouts: Whereabouts, after: Cursor | None) -> str:
    columns = (table(FindingRecord).c[name] for name in ("severity", "confidence", "id"))
    query = findings.list_query(project_id, whereabouts, after, columns).limit(101)
    dialect = opened.get_bind().dialect
    sql = str(query.compile(dialect=dialect, compile_kwargs={"literal_binds": True}))
    prefix = "EXPLAIN QUERY PLAN" if dialect.name == "sqlite" else "EXPLAIN"
    return "\n".join(str(row[-1]) for row in opened.connection().exec_driver_sql(f"{prefix} {sql}"))


def test_a_cursor_is_read_as_it_was_printed() -> None:
    cursor = Cursor(Severity.CRITICAL, Confidence.LOW, 2**53)
    assert Cursor.parse(str(cursor)) == cursor


@pytest.mark.parametrize("rubbish", ["", "high", "high-medium", "high-medium-", "high-medium-1-2", "worst-medium-1"])
@pytest.mark.parametrize("more", ["", "-x", "-١", "-" + "9" * 400])
def test_any_other_text_is_no_cursor(rubbish: str, more: str) -> None:
    with pytest.raises(MergewardenError, match="not the end of a page"):
        Cursor.parse(rubbish + more)


def test_a_stream_has_every_finding_of_a_project(engine: Engine) -> None:
    with write_session(engine) as opened:
        add_projects(opened)
        add_many(opened, 1500)
        suppressions.create(opened, accepted(1))
    with session(engine) as opened:
        found = list(findings.stream_findings(opened, project_id=SHOP))
        assert sorted(known.id for known in found) == list(range(1, 1500, 2))
        assert {known.project for known in found} == {"shop/backend"}
        assert [known.id for known in found if known.suppressed] == [1]
        places = [known.whereabouts for known in found]
        assert places == sorted(places, key=list(Whereabouts).index, reverse=True)
        gone = list(findings.stream_findings(opened, project_id=SHOP, whereabouts=Whereabouts.NOWHERE))
        assert gone == [known for known in found if known.whereabouts is Whereabouts.NOWHERE]


# --- suppressions in lists --------------------------------------------------------------------------------------------


def marked(opened: Session) -> set[int]:
    listed = {known.id for known in findings.page(opened).findings if known.suppressed}
    for project_id in (SHOP, BANK):
        streamed = {known.id for known in findings.stream_findings(opened, project_id=project_id) if known.suppressed}
        assert streamed == {number for number in listed if (number >= 50) == (project_id == BANK)}
    return listed


@pytest.fixture
def shop(engine: Engine) -> Engine:
    """Findings 1 to 3 of the shop, and the same three of the bank as 51 to 53."""
    with write_session(engine) as opened:
        add_projects(opened)
        add_refs(opened)
        for offset, project_id in ((0, SHOP), (50, BANK)):
            for number, finding in ((1, SAST), (2, DEPENDENCY), (3, SECRET)):
                add_finding(opened, offset + number, finding, project_id=project_id)
    return engine


def test_suppressions_mark_what_they_cover_and_nothing_else(shop: Engine) -> None:
    with write_session(shop) as opened:
        assert marked(opened) == set()
        suppressions.create(opened, accepted(1))
        assert marked(opened) == {1}
        suppressions.create(opened, accepted(scope=Scope.RULE, scanner="detect-secrets", rule_id="AWS", path="*.txt"))
        assert marked(opened) == {1, 3}
        suppressions.create(opened, accepted(scope=Scope.ADVISORY, project_id=None, advisory="cve-2099-1"))
        assert marked(opened) == {1, 2, 3, 52}


@pytest.mark.parametrize(
    "change",
    [
        {"expires_at": NOON - timedelta(days=1)},
        {"needs_approval": True},
        {"revoked_at": NOON, "revoked_by": "bob"},
        {"code": "other"},
    ],
    ids=["expired", "waiting", "revoked", "other code"],
)
def test_what_is_not_in_force_marks_nothing(shop: Engine, change: dict[str, object]) -> None:
    with write_session(shop) as opened:
        suppressions.create(opened, replace(accepted(1), **change))  # type: ignore[arg-type]
        assert marked(opened) == set()


def test_an_edit_after_the_judgement_takes_the_mark_away_where_the_finding_is_shown(shop: Engine) -> None:
    with write_session(shop) as opened:
        suppressions.create(opened, accepted(1, created_at=NOON))
        add_presence(opened, 1, FEATURE, changed_at=NOON + timedelta(days=1))
        add_presence(opened, 1, changed_at=NOON - timedelta(days=1))
        assert marked(opened) == {1}, "edited on a merge request, not on the default branch"
        opened.execute(text("UPDATE presence SET gone_at = first_seen_at WHERE ref_id = 1"))
        assert marked(opened) == set()


# --- one finding ------------------------------------------------------------------------------------------------------


def test_sightings_say_where_it_is_and_was(shop: Engine) -> None:
    gone, edited = NOON - timedelta(days=2), NOON - timedelta(days=3)
    with write_session(shop) as opened:
        add_presence(opened, 1, FEATURE, presence=Presence.FIXED, explanation="file deleted: was 9", gone_at=gone)
        add_presence(opened, 1, changed_at=edited)
        add_word(opened, 1, 1, line=63)
        add_word(opened, 1, 3, line=62, scanner="CodeQL")
        add_word(opened, 1, 2, path="b.py", line=9, gone_at=gone, last_seen_at=gone)
    with session(shop) as opened, counted(shop) as seen:
        found = findings.sightings(opened, 1)
    assert len(seen) == 2
    here, there = Location(PurePosixPath("app.py"), 63, 63), Location(PurePosixPath("b.py"), 9, 9)
    assert found == (
        Sighting("main", Presence.EXISTING, here, "line map: was 57, now 63", "a" * 40, FIRST, None, edited),
        Sighting("!7", Presence.FIXED, there, "file deleted: was 9", "b" * 40, FIRST, gone, None),
    )


def test_a_sighting_without_a_witness_is_where_the_finding_is(shop: Engine) -> None:
    with write_session(shop) as opened:
        add_presence(opened, 1)
        (found,) = findings.sightings(opened, 1)
    assert (found.location, found.commit) == (SAST.location, None)


def test_witnesses_say_who_saw_it_and_until_when(shop: Engine) -> None:
    before = NOON - timedelta(days=2)
    why = "CodeQL reports a related weakness (CWE-89) on lines that overlap: 63"
    with write_session(shop) as opened:
        add_word(opened, 1, 3, scanner="CodeQL", rule_id="py/sql-injection", explanation=why)
        add_word(opened, 1, 1, place=1, scanner="bandit", rule_id="B608", last_seen_at=before, gone_at=NOON)
        add_word(opened, 1, 1)
    with session(shop) as opened, counted(shop) as seen:
        found = findings.witnesses(opened, 1)
    assert len(seen) == 1
    assert found == (
        Witness("main", "scan", "semgrep", "1.0", "python.sql-injection", FIRST, NOON, None),
        Witness("main", "scan", "bandit", "1.0", "B608", FIRST, before, NOON),
        Witness("main", "import:CodeQL", "CodeQL", "1.0", "py/sql-injection", FIRST, NOON, None, why),
    )


def test_moments_keep_their_zone(shop: Engine) -> None:
    with write_session(shop) as opened:
        add_presence(opened, 1)
        (found,) = findings.sightings(opened, 1)
    assert isinstance(found.first_seen_at, datetime)
    assert found.first_seen_at.utcoffset() == timedelta(0)
