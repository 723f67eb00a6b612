"""Pipelines, merges, tags and releases: one page at a time, in GitLab's shapes, and nothing of what cannot be."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.gitlab import decode
from bot.gitlab.client import GitLabClient
from bot.gitlab.errors import Forbidden, Unavailable
from bot.gitlab.model import Tag
from tests.gitlab.conftest import Scene

NOW = datetime(2026, 11, 26, 3, 0, tzinfo=UTC)
SHA = "0ec9e58fdfca6cdd6652c083c9edb53abc0bad52"

# The fields and formats of API_Entities_Ci_Pipeline.
PIPELINE: dict[str, Any] = {
    "id": 46,
    "iid": 11,
    "project_id": 1,
    "sha": SHA,
    "ref": "main",
    "status": "success",
    "source": "push",
    "created_at": "2016-08-11T11:28:34.085Z",
    "updated_at": "2016-08-11T11:32:35.169+02:00",
    "before_sha": "a91957a858320c0e17f3a0eca7cfacbff50ea29a",
    "tag": False,
    "yaml_errors": None,
    "user": {"id": 1, "username": "root"},
    "started_at": None,
    "finished_at": "2016-08-11T11:32:35.145Z",
    "committed_at": None,
    "duration": 127,
    "queued_duration": 63,
    "coverage": 98.29,
    "detailed_status": {"text": "passed"},
    "name": "Build pipeline",
}
COMMIT = {
    "id": SHA,
    "created_at": "2017-07-26T11:08:53.000+02:00",
    "committed_date": "2012-05-28T04:42:42-07:00",
    "parent_ids": [],
}
TAG: dict[str, Any] = {
    "commit": COMMIT,
    "release": {"tag_name": "1.0.0", "description": "Wow"},
    "name": "v1.0.0",
    "target": SHA,
    "message": None,
    "protected": True,
    "created_at": None,
}
RELEASE: dict[str, Any] = {
    "tag_name": "v0.2",
    "name": "Awesome",
    "created_at": "2019-01-03T01:56:19.539Z",
    "released_at": "2019-01-04T01:56:19.539Z",
    "upcoming_release": False,
    "commit": COMMIT,
}


def test_a_pipeline_is_read_as_gitlab_writes_it() -> None:
    found = decode.ended_pipeline(PIPELINE)
    assert (found.id, found.sha, found.ref, found.status, found.source, found.tag) == (
        46,
        SHA,
        "main",
        "success",
        "push",
        False,
    )
    assert found.updated_at == datetime(2016, 8, 11, 9, 32, 35, 169000, UTC)
    assert found.finished_at == datetime(2016, 8, 11, 11, 32, 35, 145000, UTC)
    assert (found.seconds, found.coverage) == (127, 98.29)


@pytest.mark.parametrize(
    ("coverage", "known"),
    [
        *(("30.0", 30.0), (0, 0.0), (100, 100.0), (None, None), ("", None), ("many", None), (101, None), (-1, None)),
        *((float("nan"), None), (float("inf"), None), (True, None), ([], None), ("1e999", None)),
    ],
)
def test_coverage_is_a_share_or_unknown(coverage: object, known: float | None) -> None:
    assert decode.ended_pipeline({**PIPELINE, "coverage": coverage}).coverage == known


@pytest.mark.parametrize(
    ("duration", "known"), [(None, None), (0, 0), (1.6, 2), ("90", 90), (-5, None), (10**12, None), ("x", None)]
)
def test_a_duration_is_some_seconds_or_unknown(duration: object, known: int | None) -> None:
    assert decode.ended_pipeline({**PIPELINE, "duration": duration}).seconds == known


@pytest.mark.parametrize(
    "wrong",
    [
        {"sha": "main"},
        {"sha": SHA.upper()},
        {"sha": None},
        {"id": "46"},
        {"created_at": None},
        {"created_at": "yesterday"},
        {"updated_at": 7},
        {"finished_at": "0001-01-01T00:00:00+14:00"},
    ],
    ids=str,
)
def test_a_pipeline_that_cannot_be_is_no_answer(wrong: dict[str, object]) -> None:
    with pytest.raises(Unavailable):
        decode.ended_pipeline({**PIPELINE, **wrong})


def test_a_lightweight_tag_is_as_old_as_its_commit_and_an_annotated_one_knows() -> None:
    committed = datetime(2012, 5, 28, 11, 42, 42, tzinfo=UTC)
    assert decode.tag(TAG) == Tag("v1.0.0", SHA, committed, committed)
    annotated = {**TAG, "created_at": "2017-07-26T11:08:53.000+02:00", "target": "f" * 40, "message": "One"}
    assert decode.tag(annotated) == Tag("v1.0.0", SHA, datetime(2017, 7, 26, 9, 8, 53, tzinfo=UTC), committed)


@pytest.mark.parametrize(
    "odd",
    [
        {"commit": None},  # of a file or tree
        {"commit": {"id": SHA}},
        {"commit": {**COMMIT, "committed_date": "292277026596-12-04T15:30:07.000Z"}},
        {"commit": {**COMMIT, "committed_date": "0001-01-01T00:00:00+14:00"}},
        {"created_at": "-4712-01-01T00:00:00Z"},
    ],
    ids=str,
)
def test_a_tag_that_somebody_made_odd_is_left_out(odd: dict[str, object]) -> None:
    assert decode.tag({**TAG, **odd}) is None


def test_a_tag_that_is_none_is_no_answer() -> None:
    for wrong in ({"commit": {**COMMIT, "id": "x"}}, {"commit": 7}):
        with pytest.raises(Unavailable):
            decode.tag({**TAG, **wrong})


def test_a_release_names_its_commit_to_those_who_may_see_the_code() -> None:
    found = decode.release(RELEASE)
    assert (found.tag, found.sha) == ("v0.2", SHA)
    assert found.released_at == datetime(2019, 1, 4, 1, 56, 19, 539000, UTC)
    assert decode.release({**RELEASE, "commit": None}).sha is None
    assert decode.release({**RELEASE, "released_at": None}).released_at.day == 3


def test_pipelines_of_a_branch_come_by_their_last_change(scene: Scene, client: GitLabClient) -> None:
    made = [scene.gitlab.past_pipeline(scene.project, at=NOW - timedelta(days=day)) for day in (1, 5, 3)]
    scene.gitlab.commit(scene.project, "other", {"x": "x"}, announce=False)
    scene.gitlab.past_pipeline(scene.project, at=NOW, branch="other")

    def since(moment: datetime) -> list[int]:
        return [one.id for one in client.branch_pipelines(scene.project.id, "main", updated_after=moment)]

    assert since(NOW - timedelta(days=9)) == [made[1].id, made[2].id, made[0].id]
    assert since(NOW - timedelta(days=4)) == [made[2].id, made[0].id]
    (first, *_) = client.branch_pipelines(scene.project.id, "main", updated_after=NOW - timedelta(days=9))
    assert first.updated_at == made[1].updated_at
    assert client.branch_pipelines(scene.project.id, "main", updated_after=NOW - timedelta(days=9), page=2) == []


def test_a_branch_may_be_called_anything(scene: Scene, client: GitLabClient) -> None:
    name = "a&b=c/发布 ?#"
    scene.gitlab.commit(scene.project, "x", {"x": "x"}, announce=False)
    made = scene.gitlab.past_pipeline(scene.project, at=NOW, branch="x")
    made.ref = name
    assert [p.id for p in client.branch_pipelines(scene.project.id, name, updated_after=NOW - timedelta(1))] == [
        made.id
    ]


def test_one_pipeline_says_how_it_went(scene: Scene, client: GitLabClient) -> None:
    made = scene.gitlab.past_pipeline(scene.project, at=NOW, seconds=75, coverage=81.5)
    found = client.pipeline(scene.project.id, made.id)
    assert (found.status, found.seconds, found.coverage) == ("success", 75, 81.5)
    assert (found.created_at, found.finished_at) == (NOW, NOW + timedelta(seconds=75))


def test_without_ci_pipelines_are_forbidden(scene: Scene, client: GitLabClient) -> None:
    scene.project.ci_enabled = False
    with pytest.raises(Forbidden):
        client.branch_pipelines(scene.project.id, "main", updated_after=NOW)


def test_merged_requests_are_those_of_the_branch(scene: Scene, client: GitLabClient) -> None:
    made = scene.gitlab.past_merge(
        scene.project,
        {"a.py": "a\n"},
        author=scene.ada,
        opened_at=NOW - timedelta(days=3),
        merged_at=NOW - timedelta(days=1),
    )
    scene.open()
    (found,) = client.merged_requests(scene.project.id, "main", updated_after=NOW - timedelta(days=9))
    assert (found.iid, found.created_at, found.merged_at) == (made.iid, made.created_at, made.merged_at)
    assert (found.sha, found.merge_commit_sha) == (made.head_sha, scene.project.repository.head("main"))
    assert client.merged_requests(scene.project.id, "release", updated_after=NOW - timedelta(days=9)) == []
    assert client.merged_requests(scene.project.id, "main", updated_after=NOW) == []


def test_tags_come_by_page_the_newest_first(scene: Scene, client: GitLabClient) -> None:
    for number in range(105):
        scene.gitlab.tag(scene.project, f"v{number}", message="x", at=NOW - timedelta(hours=number))
    pages = [client.tags(scene.project.id, page=page) for page in (1, 2)]
    assert [tag.name for page, _ in pages for tag in page] == [f"v{number}" for number in range(105)]
    assert [(len(page), full) for page, full in pages] == [(100, True), (5, False)]
    assert pages[0][0][3].at == NOW - timedelta(hours=3)


def test_releases_come_with_their_commit(scene: Scene, client: GitLabClient) -> None:
    scene.gitlab.tag(scene.project, "v1")
    scene.gitlab.release(scene.project, "v1", at=NOW)
    (found,) = client.releases(scene.project.id)
    assert (found.tag, found.sha, found.released_at) == ("v1", scene.project.repository.head("main"), NOW)


def test_a_list_that_is_none_is_no_answer(scene: Scene, client: GitLabClient) -> None:
    scene.gitlab.faults.add("GET", "/tags", status=200, body={"message": "hello"}, times=5)
    with pytest.raises(Unavailable):
        client.tags(scene.project.id)
