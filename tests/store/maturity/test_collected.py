"""Facts from GitLab: written in sets, written again without harm, and found again exactly."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import PurePosixPath

import pytest
from sqlalchemy import Engine, select, text, update

from bot.domain.incident import Incident, IncidentKind
from bot.store import incidents, scans
from bot.store.engine import session, write_session
from bot.store.maturity import collected
from bot.store.maturity.collected import (
    MERGES,
    PIPELINES,
    RELEASES,
    CodeSize,
    MergeFact,
    PastGap,
    PipelineFact,
    Progress,
    ReleaseFact,
)
from bot.store.maturity_tables import CollectionRecord, MergeFactRecord, PipelineFactRecord
from bot.store.statements import table
from scanners.finding import FindingKind
from scanners.interface import Gap, GapReason, ScannerRun, ScannerStatus
from tests.store.counting import counted
from tests.store.known import BANK, SHOP
from tests.store.samples import NOON, REPORT

SHA = "a" * 40
ON_BRANCH = replace(REPORT.subject, merge_request_iid=None)


def pipeline(number: int, successful: bool = True) -> PipelineFact:
    return PipelineFact(number, SHA, successful, NOON, NOON + timedelta(minutes=number % 60), None, 12.5, 3, 2)


def merge(iid: int, at: datetime = NOON, sha: str | None = SHA) -> MergeFact:
    return MergeFact(iid, None, at, "b" * 40, sha)


def release(tag: str, at: datetime = NOON) -> ReleaseFact:
    return ReleaseFact(tag, SHA, at, None)


def rows(engine: Engine, record: type[PipelineFactRecord | MergeFactRecord]) -> list[dict[str, object]]:
    one = table(record)
    with session(engine) as reading:
        return [dict(row) for row in reading.execute(select(one).order_by(*one.primary_key.columns)).mappings()]


def test_a_pipeline_comes_back_and_the_newest_word_counts(engine: Engine) -> None:
    with write_session(engine) as writing:
        collected.keep_pipelines(writing, SHOP, [pipeline(1, successful=False), pipeline(2), pipeline(1)])
        collected.keep_pipelines(writing, BANK, [pipeline(1)])
        collected.keep_pipelines(writing, SHOP, [])
    found = rows(engine, PipelineFactRecord)
    assert {(row["project_id"], row["pipeline_id"]) for row in found} == {(SHOP, 1), (SHOP, 2), (BANK, 1)}
    assert all(row["successful"] for row in found)
    with write_session(engine) as writing:
        collected.forget_pipelines(writing, SHOP, [1, 99])
        collected.forget_pipelines(writing, SHOP, [])
    assert {(row["project_id"], row["pipeline_id"]) for row in rows(engine, PipelineFactRecord)} == {
        (SHOP, 2),
        (BANK, 1),
    }
    with session(engine) as reading:
        assert collected.pipelines_of_commit(reading, SHOP, SHA) == (2,)
        assert collected.pipelines_of_commit(reading, SHOP, "f" * 40) == ()


def test_a_merge_that_is_told_again_keeps_what_was_found_out(engine: Engine) -> None:
    with write_session(engine) as writing:
        collected.keep_merges(writing, SHOP, [merge(7), merge(8)])
        collected.mark_released(writing, SHOP, {7: NOON + timedelta(days=1), 99: NOON})
        collected.mark_covered(writing, SHOP, {7: (3, 4)})
        collected.keep_merges(writing, SHOP, [replace(merge(7), opened_at=NOON - timedelta(days=2))])
    seven, eight = rows(engine, MergeFactRecord)
    assert (seven["released_at"], seven["covered_lines"], seven["coverable_lines"]) == (NOON + timedelta(days=1), 3, 4)
    assert seven["opened_at"] == NOON - timedelta(days=2)
    assert (eight["released_at"], eight["covered_lines"]) == (None, None)
    with session(engine) as reading:
        assert [one.iid for one in collected.unreleased(reading, SHOP, 10)] == [8]
        assert collected.merges_of_commits(reading, SHOP, [SHA, "c" * 40]) == {SHA: NOON}
        assert collected.merges_of_commits(reading, SHOP, []) == {}


def test_merges_are_read_in_their_order_from_a_place_on(engine: Engine) -> None:
    with write_session(engine) as writing:
        collected.keep_merges(writing, SHOP, [merge(n, NOON + timedelta(hours=n // 2)) for n in range(1, 9)])

    def after(moment: datetime, iid: int, limit: int = 10) -> list[int]:
        with session(engine) as reading:
            found = collected.merged_between(reading, SHOP, (moment, iid), NOON + timedelta(hours=4), limit)
        return [one.iid for one in found]

    assert after(NOON, 0) == [1, 2, 3, 4, 5, 6, 7]
    assert after(NOON + timedelta(hours=1), 2) == [3, 4, 5, 6, 7]
    assert after(NOON + timedelta(hours=1), 3, limit=2) == [4, 5]


def test_a_release_comes_back_whatever_its_tag_is_called(engine: Engine) -> None:
    tags = ["v1", "v1 ", "V1", "发布/1.0", "x\x00y", "a" * 3000, "'; DROP TABLE"]
    with write_session(engine) as writing:
        collected.keep_releases(writing, SHOP, [release(tag) for tag in tags])
        collected.keep_releases(writing, SHOP, [replace(release("v1"), cleared=True)])
    with session(engine) as reading:
        found = collected.releases_named(reading, SHOP, [*tags, "other"])
        assert set(found) == set(tags)
        assert found["v1"].cleared is True
        assert found["V1"].cleared is None
        assert collected.releases_named(reading, BANK, tags) == {}
        assert collected.releases_named(reading, SHOP, []) == {}
        assert len(collected.releases_from(reading, SHOP, NOON, 3)) == 3
        assert collected.releases_from(reading, SHOP, NOON + timedelta(seconds=1), 3) == ()


def test_a_thousand_facts_are_a_few_statements(engine: Engine) -> None:
    with write_session(engine) as writing, counted(engine) as statements:
        collected.keep_pipelines(writing, SHOP, [pipeline(n) for n in range(1, 1001)])
        collected.keep_merges(writing, SHOP, [merge(n) for n in range(1, 1001)])
        collected.keep_releases(writing, SHOP, [release(f"v{n}") for n in range(1000)])
        collected.mark_released(writing, SHOP, dict.fromkeys(range(1, 1001), NOON))
        collected.mark_covered(writing, SHOP, dict.fromkeys(range(1, 1001), (1, 2)))
        collected.forget_pipelines(writing, SHOP, range(1, 1001))
    assert len(statements) == 6
    with session(engine) as reading, counted(engine) as statements:
        collected.progress_of(reading, None)
        collected.progress_of(reading, range(1, 2000))
        collected.releases_named(reading, SHOP, [f"v{n}" for n in range(1000)])
        collected.merges_of_commits(reading, SHOP, [f"{n:040x}" for n in range(1000)])
    assert len(statements) == 4


def test_progress_is_kept_and_a_problem_leaves_it_as_it_was(engine: Engine) -> None:
    reached = Progress({"after": "x", "seen": {"1": "y"}}, date(2026, 1, 1), NOON)
    with write_session(engine) as writing:
        collected.keep_problem(writing, SHOP, MERGES, "GitLab said no")
        collected.keep_progress(writing, SHOP, PIPELINES, reached)
        collected.keep_problem(writing, SHOP, PIPELINES, "x" * 5000)
    with session(engine) as reading:
        known = collected.progress(reading, SHOP)
        assert known[MERGES] == Progress(problem="GitLab said no")
        assert known[PIPELINES] == replace(reached, problem="x" * 1000)
        assert collected.progress(reading, BANK) == {}
        assert collected.progress_of(reading, [SHOP, BANK]) == {SHOP: known}
        assert collected.progress_of(reading, [BANK]) == {}
    with write_session(engine) as writing:
        collected.keep_progress(writing, SHOP, PIPELINES, reached)
    with session(engine) as reading:
        assert collected.progress(reading, SHOP)[PIPELINES] == reached


@pytest.mark.parametrize(
    ("since", "until", "knows"),
    [
        (date(2026, 2, 27), NOON, True),
        (date(2026, 2, 28), NOON, True),
        (date(2026, 3, 1), NOON, False),
        (date(2026, 2, 1), NOON - timedelta(days=1), False),
        (None, NOON, False),
        (date(2026, 2, 1), None, False),
    ],
)
def test_a_day_is_known_when_it_was_over_at_the_last_look(
    since: date | None, until: datetime | None, knows: bool
) -> None:
    assert Progress(None, since, until).knows(date(2026, 2, 28)) is knows


def test_what_is_known_and_what_of_it_was_counted_are_two_things(engine: Engine) -> None:
    known = Progress({"after": "x"}, date(2026, 1, 5), NOON)
    with write_session(engine) as writing:
        collected.keep_progress(writing, SHOP, PIPELINES, known)
        collected.keep_progress(writing, SHOP, MERGES, Progress(None, NOON.date(), NOON))
        collected.keep_problem(writing, BANK, RELEASES, "403")
    extents = {SHOP: {PIPELINES: (date(2026, 1, 5), NOON.date())}}
    with session(engine) as reading:
        assert collected.extents_of(reading) == extents
        assert collected.counted_extents(reading) == {}
    for told in (extents, {SHOP: {}, BANK: extents[SHOP]}):
        with write_session(engine) as writing:
            collected.keep_counted_extents(writing, told)
            collected.keep_counted_extents(writing, {})
        with session(engine) as reading:
            assert collected.counted_extents(reading) == told
            # It is no source, and says nothing of how far one was read.
            assert collected.extents_of(reading) == extents
            assert collected.progress(reading, SHOP).keys() == {PIPELINES, MERGES}
            assert collected.progress_of(reading, None)[BANK].keys() == {RELEASES}
    with write_session(engine) as writing:
        collected.forget_project(writing, SHOP)
    with session(engine) as reading:
        assert collected.counted_extents(reading) == {BANK: extents[SHOP]}
    for damage in (7, ["x"], {PIPELINES: "x"}, {PIPELINES: ["x", "y"]}, {PIPELINES: [1, 2]}):
        with write_session(engine) as writing:
            writing.execute(update(table(CollectionRecord)).where(text("source = 'counted'")).values(cursor=damage))
        with session(engine) as reading:
            assert collected.counted_extents(reading) == {}


def test_the_size_of_code_comes_back(engine: Engine) -> None:
    size = CodeSize(SHA, 3_000_000_000, 2_000, 1_000)
    with write_session(engine) as writing:
        collected.keep_code_size(writing, SHOP, replace(size, lines=1), NOON)
        collected.keep_code_size(writing, SHOP, size, NOON)
    with session(engine) as reading:
        assert collected.code_size(reading, SHOP) == (size, NOON)
        assert collected.code_size(reading, BANK) is None


def test_gaps_of_what_a_scanner_is_now_are_found(engine: Engine) -> None:
    gap = Gap(PurePosixPath("x.py"), GapReason.PARSE_ERROR)
    run = ScannerRun("s", FindingKind.SAST, "1", ScannerStatus.COMPLETED, gaps=(gap,), rules_digest="d")
    runs = {
        "now": (run,),
        "older rules": (replace(run, rules_digest="old"),),
        "no answer": (replace(run, status=ScannerStatus.FAILED),),
        "another kind": (replace(run, kind=FindingKind.SECRET),),
        "no gaps": (replace(run, gaps=()),),
    }
    with write_session(engine) as writing:
        for number, (name, given) in enumerate(runs.items()):
            subject = replace(
                REPORT.subject, merge_request_iid=None, ref="main", base_sha=None, head_sha=f"{number}" * 40
            )
            scans.record_scan(writing, replace(REPORT, subject=subject, runs=given), project_id=SHOP, scan_id=name)
        other = replace(ON_BRANCH, ref="other")
        scans.record_scan(writing, replace(REPORT, subject=other, runs=(run,)), project_id=SHOP, scan_id="other")
        scans.record_scan(writing, replace(REPORT, runs=(run,)), project_id=SHOP, scan_id="merge request")
    with session(engine) as reading, counted(engine) as statements:
        found = collected.gaps_of_branch(reading, SHOP, "main", {"s": "1 d"}, 10)
        assert found.gaps == (PastGap("s", "0" * 40, PurePosixPath("x.py")),)
        assert found.whole
        assert len(statements) == 1
        assert not collected.gaps_of_branch(reading, SHOP, "main", {"s": "1 d"}, 1).whole


def test_what_tells_whether_a_release_was_cleared(engine: Engine) -> None:
    with session(engine) as reading:
        assert collected.judges_since(reading, SHOP) is None
    with write_session(engine) as writing:
        branch = replace(
            REPORT, subject=replace(REPORT.subject, merge_request_iid=None), started_at=NOON - timedelta(days=9)
        )
        scans.record_scan(writing, branch, project_id=SHOP, scan_id="branch")
        scans.record_scan(writing, REPORT, project_id=SHOP, scan_id="second")
        earlier = replace(REPORT, started_at=NOON - timedelta(days=1))
        scans.record_scan(writing, earlier, project_id=SHOP, scan_id="first")
        for kind, sha in (
            (IncidentKind.UNCLEARED_COMMIT, "a" * 40),
            (IncidentKind.MERGED_UNCLEARED, "b" * 40),
            (IncidentKind.HISTORY_REWRITTEN, "c" * 40),
        ):
            incidents.report(writing, Incident(SHOP, kind, sha, sha=sha), NOON)
    with session(engine) as reading:
        assert collected.judges_since(reading, SHOP) == NOON - timedelta(days=1)
        asked = ["a" * 40, "b" * 40, "c" * 40]
        assert collected.uncleared(reading, SHOP, asked) == {"a" * 40, "b" * 40}
        assert collected.uncleared(reading, SHOP, []) == frozenset()
        assert collected.uncleared(reading, BANK, asked) == frozenset()


def test_a_forgotten_project_leaves_nothing(engine: Engine) -> None:
    with write_session(engine) as writing:
        for project in (SHOP, BANK):
            collected.keep_pipelines(writing, project, [pipeline(1)])
            collected.keep_merges(writing, project, [merge(1)])
            collected.keep_releases(writing, project, [release("v1")])
            collected.keep_progress(writing, project, PIPELINES, Progress())
            collected.keep_code_size(writing, project, CodeSize(SHA, 1, 1, 1), NOON)
        collected.forget_project(writing, SHOP)
    with session(engine) as reading:
        assert collected.progress_of(reading, None).keys() == {BANK}
        assert collected.code_size(reading, SHOP) is None
        assert collected.releases_named(reading, SHOP, ["v1"]) == {}
        assert len(collected.unreleased(reading, BANK, 5)) == 1
        assert collected.unreleased(reading, SHOP, 5) == ()


def test_old_facts_are_deleted_a_few_at_a_time(engine: Engine) -> None:
    with write_session(engine) as writing:
        collected.keep_pipelines(writing, SHOP, [pipeline(n) for n in range(1, 6)])
        collected.keep_merges(writing, SHOP, [merge(n, NOON + timedelta(days=n)) for n in range(1, 6)])
        collected.keep_releases(writing, SHOP, [release(f"v{n}", NOON + timedelta(days=n)) for n in range(1, 6)])
    counts = []
    for _ in range(4):
        with write_session(engine) as writing, counted(engine) as statements:
            counts.append(collected.purge(writing, before=NOON + timedelta(days=3), limit=2))
        assert len(statements) == 3
    assert counts == [6, 2, 1, 0]
    with session(engine) as reading:
        assert [one.iid for one in collected.unreleased(reading, SHOP, 9)] == [5, 4, 3]
        assert [one.tag for one in collected.releases_from(reading, SHOP, NOON, 9)] == ["v3", "v4", "v5"]
