"""What GitLab tells is collected once, from where it was left, and what it does not tell stays unknown."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select

from bot.gitlab.errors import NotFound, RateLimited, Unavailable
from bot.pipeline.maturity.round import Bounds
from bot.store.engine import session
from bot.store.maturity.collected import (
    CONTENTS,
    MERGES,
    PIPELINES,
    RELEASES,
    release_key,
    releases_named,
)
from bot.store.maturity_tables import MergeFactRecord, PipelineFactRecord, ReleaseFactRecord
from bot.store.statements import table
from tests.pipeline.maturity.stage import NOW, Stage, ago
from tests.standin import rate_limited

FIRST_DAY = date(2026, 8, 28)


def rows(
    stage: Stage, record: type[PipelineFactRecord | MergeFactRecord | ReleaseFactRecord]
) -> list[dict[str, object]]:
    one = table(record)
    query = select(one).where(one.c.project_id == stage.project.id).order_by(*one.primary_key.columns)
    with session(stage.services.store) as reading:
        return [dict(row) for row in reading.execute(query).mappings()]


def pipelines(stage: Stage) -> dict[int, dict[str, object]]:
    return {int(str(row["pipeline_id"])): row for row in rows(stage, PipelineFactRecord)}


def merges(stage: Stage) -> dict[int, dict[str, object]]:
    return {int(str(row["iid"])): row for row in rows(stage, MergeFactRecord)}


# --- Pipelines --------------------------------------------------------------------------------------------------------


def test_a_pipeline_is_kept_with_how_it_went(stage: Stage) -> None:
    jobs = {"build": "success", "test": "failed", "deploy": "manual", "later": "skipped", "half": "canceled"}
    made = stage.gitlab.past_pipeline(stage.project, at=ago(days=3), seconds=130, jobs=jobs, coverage=61.25)
    assert stage.collect() == "complete"
    assert pipelines(stage) == {
        made.id: {
            "project_id": stage.project.id,
            "pipeline_id": made.id,
            "sha": made.sha,
            "successful": False,
            "created_at": ago(days=3),
            "finished_at": ago(days=3) + timedelta(seconds=130),
            "seconds": 130,
            "coverage": 61.25,
            "jobs": 3,
            "jobs_ok": 1,
        }
    }
    assert stage.progress(PIPELINES).since == FIRST_DAY
    assert stage.progress(PIPELINES).collected_at == NOW


@pytest.mark.parametrize("state", ["running", "pending", "canceled", "skipped"])
def test_a_pipeline_that_came_to_nothing_is_no_fact(stage: Stage, state: str) -> None:
    stage.gitlab.past_pipeline(stage.project, at=ago(days=1), jobs={"test": state})
    assert stage.collect() == "complete"
    assert pipelines(stage) == {}


def test_other_branches_and_children_are_left_out(stage: Stage) -> None:
    stage.gitlab.commit(stage.project, "other", {"x": "x"}, announce=False)
    stage.gitlab.past_pipeline(stage.project, at=ago(days=1), branch="other")
    parent = stage.gitlab.past_pipeline(stage.project, at=ago(days=1))
    child = stage.gitlab.run_branch_pipeline(stage.project, "main", parent=parent)
    child.updated_at = ago(hours=1)
    stage.collect()
    assert list(pipelines(stage)) == [parent.id]


def test_a_red_pipeline_that_is_tried_again_is_unknown_until_it_ended(stage: Stage) -> None:
    made = stage.gitlab.past_pipeline(stage.project, at=ago(days=1), jobs={"test": "failed"})
    stage.collect()
    assert pipelines(stage)[made.id]["successful"] is False
    made.statuses[0].state, made.updated_at = "running", ago(hours=2)
    stage.collect(NOW + timedelta(minutes=1))
    assert pipelines(stage) == {}
    made.statuses[0].state, made.updated_at = "success", ago(hours=1)
    made.finished_at = ago(hours=1)
    stage.collect(NOW + timedelta(minutes=2))
    assert pipelines(stage)[made.id]["successful"] is True
    assert pipelines(stage)[made.id]["finished_at"] == ago(hours=1)


def test_a_second_round_asks_for_nothing_but_news(stage: Stage) -> None:
    for number in range(5):
        stage.gitlab.past_pipeline(stage.project, at=ago(days=5 - number))
    stage.gitlab.past_merge(
        stage.project, {"a.py": "a\n"}, author=stage.ada, opened_at=ago(days=2), merged_at=ago(days=1)
    )
    stage.gitlab.tag(stage.project, "v1", message="One", at=ago(hours=5))
    stage.collect()
    lists = ["", "/pipelines", "/merge_requests", "/releases", "/repository/tags"]
    assert stage.asked(NOW + timedelta(days=1)) == lists
    made = stage.gitlab.past_pipeline(stage.project, at=NOW + timedelta(hours=25))
    news = [f"/pipelines/{made.id}", f"/pipelines/{made.id}/jobs"]
    assert stage.asked(NOW + timedelta(days=2)) == [*lists[:2], *news, *lists[2:]]


def test_a_round_does_so_much_and_the_next_goes_on(stage: Stage) -> None:
    made = [stage.gitlab.past_pipeline(stage.project, at=ago(hours=100 - number)) for number in range(7)]
    few = Bounds(details=3)
    assert stage.collect(bounds=few) == "more"
    assert list(pipelines(stage)) == [one.id for one in made[:3]]
    # Known is what was read, and not what lies ahead.
    assert stage.progress(PIPELINES).collected_at == made[2].updated_at
    assert stage.progress(PIPELINES).knows(date(2026, 11, 20))
    assert not stage.progress(PIPELINES).knows(date(2026, 11, 25))
    assert stage.collect_all(bounds=few) == ["more", "complete"]
    assert list(pipelines(stage)) == [one.id for one in made]
    assert stage.progress(PIPELINES).knows(date(2026, 11, 25))


def test_what_was_read_before_a_failure_is_kept(stage: Stage) -> None:
    made = [stage.gitlab.past_pipeline(stage.project, at=ago(hours=100 - number)) for number in range(4)]
    stage.gitlab.faults.add("GET", rf"/pipelines/{made[2].id}/jobs", status=502, body="", times=100)
    with pytest.raises(Unavailable):
        stage.collect()
    assert list(pipelines(stage)) == [one.id for one in made[:2]]
    assert "502" in stage.progress(PIPELINES).problem
    # What did answer was collected all the same.
    assert stage.progress(RELEASES).collected_at == NOW
    stage.gitlab.faults.clear()
    asked = stage.asked()
    assert [path for path in asked if path.startswith("/pipelines/")] == [
        path for one in made[2:] for path in (f"/pipelines/{one.id}", f"/pipelines/{one.id}/jobs")
    ]
    assert list(pipelines(stage)) == [one.id for one in made]
    assert stage.progress(PIPELINES).problem == ""


def test_a_rate_limit_ends_the_round_at_once(stage: Stage) -> None:
    stage.gitlab.faults.add("GET", r"/pipelines$", rate_limited(30))
    with pytest.raises(RateLimited):
        stage.collect()
    assert not [record for record in stage.gitlab.request_log if record.path.endswith("/merge_requests")]


def test_a_pipeline_that_is_gone_meanwhile_holds_nothing_up(stage: Stage) -> None:
    gone = stage.gitlab.past_pipeline(stage.project, at=ago(days=2))
    made = stage.gitlab.past_pipeline(stage.project, at=ago(days=1))
    stage.gitlab.faults.add("GET", rf"/pipelines/{gone.id}$", status=404, body='{"message":"404 Not found"}', times=9)
    assert stage.collect() == "complete"
    assert list(pipelines(stage)) == [made.id]


def test_without_ci_the_days_stay_unknown_and_the_rest_is_collected(stage: Stage) -> None:
    stage.project.ci_enabled = False
    stage.gitlab.past_merge(
        stage.project, {"a.py": "a\n"}, author=stage.ada, opened_at=ago(days=2), merged_at=ago(days=1)
    )
    assert stage.collect() == "problems"
    assert "403" in stage.progress(PIPELINES).problem
    assert stage.progress(PIPELINES).since is None
    assert not stage.progress(PIPELINES).knows(date(2026, 11, 1))
    assert list(merges(stage)) == [1]
    stage.project.ci_enabled = True
    assert stage.collect() == "complete"
    assert stage.progress(PIPELINES).problem == ""


def test_a_project_that_is_gone_is_said(stage: Stage) -> None:
    del stage.gitlab.world.projects[stage.project.id]
    with pytest.raises(NotFound):
        stage.collect()


def test_a_project_without_a_branch_has_nothing_to_collect(stage: Stage) -> None:
    stage.project.default_branch = ""
    assert stage.asked() == [""]
    assert stage.progress(PIPELINES).collected_at is None


def test_a_stored_place_that_means_nothing_begins_anew(stage: Stage) -> None:
    from bot.store.engine import write_session
    from bot.store.maturity.collected import keep_progress

    made = stage.gitlab.past_pipeline(stage.project, at=ago(days=2))
    stage.collect()
    for cursor in (
        "rubbish",
        7,
        {"after": "x"},
        {"after": "2026-01-01T00:00:00"},
        {"after": NOW.isoformat(), "seen": 3},
    ):
        with write_session(stage.services.store) as writing:
            keep_progress(writing, stage.project.id, PIPELINES, replace(stage.progress(PIPELINES), cursor=cursor))
        assert stage.collect() == "complete"
        assert list(pipelines(stage)) == [made.id]


def test_two_at_once_come_to_the_same(stage: Stage) -> None:
    for number in range(6):
        stage.gitlab.past_pipeline(stage.project, at=ago(hours=50 - number))
        stage.gitlab.past_merge(
            stage.project,
            {f"{number}.py": "a\n"},
            author=stage.ada,
            opened_at=ago(days=2),
            merged_at=ago(hours=40 - number),
        )
    stage.gitlab.tag(stage.project, "v1", message="One", at=ago(hours=5))
    stage.scanned()
    _ = stage.services.store
    with ThreadPoolExecutor(2) as pool:
        words = [future.result() for future in [pool.submit(stage.collect) for _ in range(2)]]
    assert words == ["complete", "complete"]
    assert len(pipelines(stage)) == 6
    assert [row["released_at"] for row in merges(stage).values()] == [ago(hours=5)] * 6
    assert stage.asked() == ["", "/pipelines", "/merge_requests", "/releases", "/repository/tags"]


# --- Merges -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("way", ["merge", "squash", "ff"])
def test_a_merge_is_kept_with_the_commit_that_it_became(stage: Stage, way: str) -> None:
    made = stage.gitlab.past_merge(
        stage.project,
        {"a.py": "a\n"},
        author=stage.ada,
        opened_at=ago(days=4),
        merged_at=ago(days=1),
        way=way,  # type: ignore[arg-type] # one of its words
    )
    stage.collect()
    row = merges(stage)[1]
    assert (row["opened_at"], row["merged_at"], row["head_sha"]) == (ago(days=4), ago(days=1), made.head_sha)
    assert row["merge_sha"] == stage.project.repository.head("main")
    assert (row["released_at"], row["covered_lines"], row["coverable_lines"]) == (None, None, None)


def test_open_closed_and_old_merge_requests_are_no_merges(stage: Stage) -> None:
    old = stage.gitlab.past_merge(
        stage.project, {"a.py": "a\n"}, author=stage.ada, opened_at=ago(days=190), merged_at=ago(days=180)
    )
    # Somebody wrote into it yesterday.
    old.updated_at = ago(days=1)
    stage.gitlab.commit(stage.project, "feature", {"b.py": "b\n"}, announce=False)
    stage.gitlab.open_merge_request(stage.project, "feature", author=stage.ada)
    assert stage.collect() == "complete"
    assert merges(stage) == {}


def test_times_that_cannot_be_are_not_believed(stage: Stage) -> None:
    """A project that was imported brings whatever its file says."""
    ahead, opened_late = (
        stage.gitlab.past_merge(
            stage.project, {f"{n}.py": "a\n"}, author=stage.ada, opened_at=ago(days=2), merged_at=ago(days=1)
        )
        for n in range(2)
    )
    ahead.merged_at = ahead.updated_at = datetime(2099, 1, 1, tzinfo=UTC)
    opened_late.created_at = ago(hours=1)
    stage.collect()
    assert {iid: row["opened_at"] for iid, row in merges(stage).items()} == {opened_late.iid: None}
    # And nothing after it is lost.
    stage.gitlab.past_merge(
        stage.project, {"c.py": "a\n"}, author=stage.ada, opened_at=ago(days=2), merged_at=NOW + timedelta(hours=1)
    )
    stage.collect(NOW + timedelta(hours=2))
    assert len(merges(stage)) == 2


def test_what_is_merged_while_a_round_runs_is_kept_by_the_next(stage: Stage) -> None:
    """Pipelines are read first, which takes minutes in a large project; by then the list holds what came in since."""
    stage.gitlab.past_merge(
        stage.project, {"a.py": "a\n"}, author=stage.ada, opened_at=ago(days=2), merged_at=ago(hours=1)
    )
    made = stage.gitlab.past_merge(
        stage.project, {"b.py": "a\n"}, author=stage.ada, opened_at=ago(days=2), merged_at=NOW + timedelta(seconds=30)
    )
    # GitLab notes when it was merged a moment after the merge request changed.
    assert made.merged_at is not None
    made.updated_at = made.merged_at - timedelta(milliseconds=40)
    assert stage.collect() == "complete"
    assert list(merges(stage)) == [1]
    assert stage.collect(NOW + timedelta(days=1)) == "complete"
    assert list(merges(stage)) == [1, 2]
    assert "/merge_requests" in stage.asked(NOW + timedelta(days=2))


@pytest.mark.parametrize("shown", [-0.02, 0.02])
def test_a_merge_at_the_moment_at_which_a_round_begins_is_not_lost(stage: Stage, shown: float) -> None:
    made = stage.gitlab.past_merge(
        stage.project,
        {"a.py": "a\n"},
        author=stage.ada,
        opened_at=ago(days=2),
        merged_at=NOW + timedelta(milliseconds=10),
    )
    made.updated_at = NOW + timedelta(seconds=shown)
    stage.collect()
    assert merges(stage) == {}
    stage.collect(NOW + timedelta(days=1))
    assert list(merges(stage)) == [1]


def test_what_ends_or_is_released_while_a_round_runs_is_kept(stage: Stage) -> None:
    made = stage.gitlab.past_pipeline(stage.project, at=NOW + timedelta(seconds=30), seconds=60)
    stage.gitlab.tag(stage.project, "v1", message="One", at=NOW + timedelta(seconds=30))
    stage.collect()
    stage.collect(NOW + timedelta(days=1))
    assert list(pipelines(stage)) == [made.id]
    with session(stage.services.store) as reading:
        assert list(releases_named(reading, stage.project.id, ["v1"])) == ["v1"]


# --- Releases ---------------------------------------------------------------------------------------------------------


def test_a_release_holds_what_was_merged_before_it_and_not_after(stage: Stage) -> None:
    at = {1: 20, 2: 15, 3: 10, 4: 5}
    for number, days in at.items():
        stage.gitlab.past_merge(
            stage.project, {f"{number}.py": "a\n"}, author=stage.ada, opened_at=ago(days=30), merged_at=ago(days=days)
        )
        if number == 2:
            stage.gitlab.tag(stage.project, "v1", message="One", at=ago(days=12))
        if number == 3:
            stage.gitlab.tag(stage.project, "v2", message="Two", at=ago(days=8))
    stage.scanned()
    assert stage.collect() == "complete"
    released = {iid: row["released_at"] for iid, row in merges(stage).items()}
    assert released == {1: ago(days=12), 2: ago(days=12), 3: ago(days=8), 4: None}
    # The last one comes with a release later.
    stage.gitlab.tag(stage.project, "v3", message="Three", at=ago(hours=1))
    stage.collect(NOW + timedelta(minutes=5))
    assert merges(stage)[4]["released_at"] == ago(hours=1)
    assert merges(stage)[1]["released_at"] == ago(days=12)


@pytest.mark.parametrize("way", ["merge", "squash", "ff"])
def test_every_way_of_merging_is_found_in_a_release(stage: Stage, way: str) -> None:
    stage.gitlab.past_merge(
        stage.project,
        {"a.py": "a\n"},
        author=stage.ada,
        opened_at=ago(days=9),
        merged_at=ago(days=3),
        way=way,  # type: ignore[arg-type] # one of its words
    )
    # A lightweight tag is as old as its commit, which may be older than the merge.
    stage.gitlab.tag(stage.project, "v1")
    stage.scanned()
    stage.collect()
    assert merges(stage)[1]["released_at"] == ago(days=3)


def test_a_release_from_a_branch_of_its_own_holds_what_it_took_along(stage: Stage) -> None:
    stage.gitlab.past_merge(
        stage.project, {"a.py": "a\n"}, author=stage.ada, opened_at=ago(days=9), merged_at=ago(days=8)
    )
    stage.gitlab.past_commit(stage.project, {"version": "1\n"}, at=ago(days=7), author=stage.ada, branch="release")
    stage.gitlab.tag(stage.project, "v1", "release", message="One", at=ago(days=6))
    stage.gitlab.past_merge(
        stage.project, {"b.py": "b\n"}, author=stage.ada, opened_at=ago(days=9), merged_at=ago(days=5)
    )
    stage.scanned()
    stage.collect()
    assert [row["released_at"] for row in merges(stage).values()] == [ago(days=6), None]


def test_without_the_code_nobody_knows_what_a_release_holds(stage: Stage) -> None:
    stage.gitlab.past_merge(
        stage.project, {"a.py": "a\n"}, author=stage.ada, opened_at=ago(days=9), merged_at=ago(days=8)
    )
    stage.gitlab.tag(stage.project, "v1", message="One", at=ago(days=6))
    stage.collect()
    assert merges(stage)[1]["released_at"] is None
    assert not stage.progress(CONTENTS).knows(date(2026, 11, 20))
    stage.scanned()
    stage.collect()
    assert merges(stage)[1]["released_at"] == ago(days=6)
    assert stage.progress(CONTENTS).knows(date(2026, 11, 20))


def test_without_releases_it_is_known_that_nothing_was_released(stage: Stage) -> None:
    stage.gitlab.past_merge(
        stage.project, {"a.py": "a\n"}, author=stage.ada, opened_at=ago(days=9), merged_at=ago(days=8)
    )
    stage.collect()
    assert stage.progress(CONTENTS).knows(FIRST_DAY)
    assert stage.progress(CONTENTS).knows(date(2026, 11, 25))
    assert not stage.progress(CONTENTS).knows(date(2026, 11, 26))


def test_what_releases_hold_is_known_no_longer_than_they_are(stage: Stage) -> None:
    stage.collect(ago(days=3))
    stage.gitlab.faults.add("GET", "/repository/tags", status=403, body={"message": "403 Forbidden"}, times=9)
    assert stage.collect() == "problems"
    assert stage.progress(CONTENTS).collected_at == ago(days=3)


def test_a_merge_request_that_came_in_with_another_is_in_its_release(stage: Stage) -> None:
    """One upon the other, fast-forward: GitLab takes both for merged."""
    first = stage.gitlab.past_merge(
        stage.project, {"a.py": "a\n"}, author=stage.ada, opened_at=ago(days=9), merged_at=ago(days=3), way="ff"
    )
    second = stage.gitlab.past_merge(
        stage.project, {"b.py": "b\n"}, author=stage.ada, opened_at=ago(days=9), merged_at=ago(days=3), way="ff"
    )
    first.merged_at = second.merged_at = ago(days=3)
    first.merged_at += timedelta(seconds=2)
    stage.gitlab.tag(stage.project, "v1", message="One", at=ago(days=1))
    stage.scanned()
    stage.collect()
    assert [row["released_at"] for row in merges(stage).values()] == [ago(days=1)] * 2


def test_a_page_says_when_a_tag_was_released_and_the_future_is_not_over(stage: Stage) -> None:
    stage.gitlab.tag(stage.project, "v1", message="One", at=ago(days=6))
    stage.gitlab.release(stage.project, "v1", at=ago(days=2))
    stage.gitlab.tag(stage.project, "v2", message="Two", at=ago(days=1))
    stage.gitlab.release(stage.project, "v2", at=NOW + timedelta(days=3))
    stage.collect()
    found = {row["tag"]: row["released_at"] for row in rows(stage, ReleaseFactRecord)}
    assert found == {"v1": ago(days=2)}
    stage.collect(NOW + timedelta(days=4))
    assert {row["tag"]: row["released_at"] for row in rows(stage, ReleaseFactRecord)}["v2"] == NOW + timedelta(days=3)


def test_tags_tell_where_release_pages_are_switched_off(stage: Stage) -> None:
    stage.project.releases_enabled = False
    stage.gitlab.tag(stage.project, "v1", message="One", at=ago(days=6))
    assert stage.collect() == "complete"
    assert [row["tag"] for row in rows(stage, ReleaseFactRecord)] == ["v1"]


def test_tags_from_before_are_left_out(stage: Stage) -> None:
    stage.gitlab.tag(stage.project, "v0")
    stage.collect()
    assert rows(stage, ReleaseFactRecord) == []
    assert stage.progress(RELEASES).knows(FIRST_DAY)


def test_a_tag_that_moves_is_another_commit_and_still_one_release(stage: Stage) -> None:
    stage.gitlab.tag(stage.project, "v1", message="One", at=ago(days=6))
    stage.collect()
    moved = stage.commit({"b": "b"}, days=5)
    stage.gitlab.tag(stage.project, "v1", message="One again", at=ago(days=4))
    stage.collect()
    (row,) = rows(stage, ReleaseFactRecord)
    assert (row["sha"], row["released_at"]) == (moved, ago(days=4))
    assert row["key"] == release_key(stage.project.id, "v1")


def test_more_tags_than_are_read_leave_the_first_days_unknown(stage: Stage) -> None:
    for number in range(120):
        stage.gitlab.tag(stage.project, f"v{number}", message="x", at=ago(hours=12 * (120 - number)))
    stage.collect(bounds=Bounds(pages=1))
    with session(stage.services.store) as reading:
        assert len(releases_named(reading, stage.project.id, [f"v{n}" for n in range(120)])) == 100
    oldest = ago(hours=12 * 100).date()
    assert stage.progress(RELEASES).since == oldest + timedelta(days=1)
    assert not stage.progress(RELEASES).knows(oldest)


def test_tags_of_anything_and_of_any_time_hide_no_release(stage: Stage) -> None:
    repository = stage.project.repository
    tree = repository.text("rev-parse", "main^{tree}")
    repository.git("update-ref", "refs/tags/tree", tree)
    repository.git("update-ref", "refs/tags/blob", repository.text("rev-parse", "main:README.md"))
    stage.gitlab.tag(stage.project, "ahead", message="x", at=datetime(2099, 1, 1, tzinfo=UTC))
    stage.gitlab.tag(stage.project, "long-ago", message="x", at=datetime(1971, 1, 1, tzinfo=UTC))
    stage.gitlab.tag(stage.project, "v1", message="x", at=ago(days=1))
    assert stage.collect() == "complete"
    assert [row["tag"] for row in rows(stage, ReleaseFactRecord)] == ["v1"]


def test_days_end_at_midnight_in_utc(stage: Stage) -> None:
    stage.collect(datetime(2026, 11, 26, 23, 30, tzinfo=UTC))
    assert stage.progress(MERGES).knows(date(2026, 11, 25))
    assert not stage.progress(MERGES).knows(date(2026, 11, 26))
    assert not stage.progress(MERGES).knows(FIRST_DAY - timedelta(days=1))
