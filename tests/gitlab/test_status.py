"""The commit status: on the pipeline that decides, once, and never lost without a word."""

from __future__ import annotations

import pytest

from bot.gitlab.client import GitLabClient
from bot.gitlab.errors import Conflict, Forbidden, Unauthorized, Unavailable
from bot.gitlab.status import StatusResult, publish_status
from tests.gitlab.conftest import NoSleep, Scene
from tests.standin import Fault, MergeRequest, faults


def publish(
    client: GitLabClient, scene: Scene, made: MergeRequest, state: str, no_sleep: NoSleep, description: str = "words"
) -> StatusResult:
    request = client.merge_request(made.project.id, made.iid)
    return publish_status(
        client, request, state, bot_id=scene.bot.id, description=description, target_url="http://x/1", sleep=no_sleep
    )


def test_it_blocks_while_it_runs_and_lets_through_when_it_is_good(
    scene: Scene, client: GitLabClient, no_sleep: NoSleep
) -> None:
    made = scene.open()
    scene.gitlab.settings(scene.project, only_allow_merge_if_pipeline_succeeds=True)
    seen = []
    for state in ("pending", "running", "failed", "running", "success"):
        result = publish(client, scene, made, state, no_sleep)
        assert result.ok
        assert result.changed
        assert result.decides
        seen.append(scene.gitlab.merge_status(made))
    assert seen == ["ci_still_running", "ci_still_running", "ci_must_pass", "ci_still_running", "mergeable"]


@pytest.mark.parametrize("state", ["pending", "running", "success", "failed"])
def test_the_same_again_posts_nothing(scene: Scene, client: GitLabClient, no_sleep: NoSleep, state: str) -> None:
    made = scene.open()
    first = publish(client, scene, made, state, no_sleep)
    scene.gitlab.clear_log()
    again = publish(client, scene, made, state, no_sleep)
    assert again.ok
    assert not again.changed
    assert again.status == first.status
    assert scene.gitlab.writes() == []


def test_new_words_of_a_finished_status_are_posted_and_those_of_an_unfinished_one_cannot_be(
    scene: Scene, client: GitLabClient, no_sleep: NoSleep
) -> None:
    made = scene.open()
    publish(client, scene, made, "running", no_sleep)
    assert not publish(client, scene, made, "running", no_sleep, "other").changed
    assert publish(client, scene, made, "pending", no_sleep).ok
    publish(client, scene, made, "failed", no_sleep)
    changed = publish(client, scene, made, "failed", no_sleep, "other")
    assert changed.status is not None
    assert changed.status.description == "other"


def test_the_same_state_that_was_set_meanwhile_is_a_success(
    scene: Scene, client: GitLabClient, no_sleep: NoSleep
) -> None:
    made = scene.open()
    scene.gitlab.faults.add("POST", "/statuses/", Fault(action="handle_then_reset"))
    result = publish(client, scene, made, "running", no_sleep)
    assert result.ok
    assert len(scene.gitlab.statuses(made, retried=True)) == 1


def test_long_words_are_cut_and_a_strange_address_is_left_out(
    scene: Scene, client: GitLabClient, no_sleep: NoSleep
) -> None:
    made = scene.open()
    request = client.merge_request(made.project.id, made.iid)
    for url in ("javascript:alert(1)", "http://x/" + "y" * 300):
        result = publish_status(
            client, request, "failed", bot_id=scene.bot.id, description="字" * 300 + "\n" + url, target_url=url
        )
        assert result.status is not None
        assert len(result.status.description) == 255
        assert result.status.target_url == ""


def test_a_ci_that_started_before_gets_the_status_into_its_pipeline(
    scene: Scene, client: GitLabClient, no_sleep: NoSleep
) -> None:
    made = scene.open()
    pipeline = scene.gitlab.run_pipeline(made, jobs={"test": "running"})
    result = publish(client, scene, made, "success", no_sleep)
    assert result.status is not None
    assert result.status.pipeline_id == pipeline.id
    assert scene.gitlab.head_pipeline(made) is pipeline


def test_a_ci_that_starts_meanwhile_gets_the_status_too_and_the_first_pipeline_ends(
    scene: Scene, client: GitLabClient, no_sleep: NoSleep
) -> None:
    made = scene.open()
    scene.gitlab.settings(scene.project, only_allow_merge_if_pipeline_succeeds=True)
    publish(client, scene, made, "running", no_sleep)
    first = scene.gitlab.head_pipeline(made)
    request = client.merge_request(made.project.id, made.iid)
    pipeline = scene.gitlab.run_pipeline(made, "merge_request")
    result = publish_status(client, request, "failed", bot_id=scene.bot.id, sleep=no_sleep)
    assert result.status is not None
    assert result.status.pipeline_id == pipeline.id
    assert (pipeline.status, scene.gitlab.merge_status(made)) == ("failed", "ci_must_pass")
    assert first is not None
    assert first.status == "failed"


def test_the_pipeline_of_another_merge_request_with_the_same_commit_is_left_alone(
    scene: Scene, client: GitLabClient, no_sleep: NoSleep
) -> None:
    made = scene.open()
    scene.gitlab.settings(scene.project, only_allow_merge_if_pipeline_succeeds=True)
    scene.gitlab.create_branch(scene.project, "release", "main", by=made.author)
    other = scene.gitlab.open_merge_request(
        scene.project, made.source_branch, author=made.author, target_branch="release"
    )
    for one in (made, other):
        scene.gitlab.run_pipeline(one, "merge_request")
    publish(client, scene, other, "running", no_sleep)
    publish(client, scene, made, "success", no_sleep)
    assert [scene.gitlab.merge_status(one) for one in (made, other)] == ["mergeable", "ci_still_running"]


@pytest.mark.parametrize(("shared", "first"), [(False, "success"), (True, "running")])
def test_a_branch_that_others_may_wait_for_is_left_alone(
    scene: Scene, client: GitLabClient, no_sleep: NoSleep, shared: bool, first: str
) -> None:
    made = scene.open()
    publish(client, scene, made, "running", no_sleep)
    branch = scene.gitlab.head_pipeline(made)
    scene.gitlab.run_pipeline(made, "merge_request")
    request = client.merge_request(made.project.id, made.iid)
    assert publish_status(client, request, "success", bot_id=scene.bot.id, shared=shared, sleep=no_sleep).ok
    assert branch is not None
    assert branch.status == first


def test_a_merged_results_pipeline_gets_it_on_its_own_commit(
    scene: Scene, client: GitLabClient, no_sleep: NoSleep
) -> None:
    made = scene.open()
    pipeline = scene.gitlab.run_pipeline(made, "merged_result")
    result = publish(client, scene, made, "failed", no_sleep)
    assert result.status is not None
    assert (result.status.sha, result.status.pipeline_id) == (pipeline.sha, pipeline.id)
    assert result.status.sha != made.head_sha
    assert pipeline.status == "failed"
    assert not publish(client, scene, made, "failed", no_sleep).changed


def test_a_fork_gets_a_status_that_says_that_it_does_not_decide(
    scene: Scene, client: GitLabClient, no_sleep: NoSleep
) -> None:
    eve = scene.gitlab.create_user("eve")
    fork = scene.gitlab.fork(scene.project, "eve/shop", eve)
    scene.gitlab.commit(fork, "patch", {"x.py": "1\n"}, author=eve)
    made = scene.gitlab.open_merge_request(scene.project, "patch", author=eve, source_project=fork)
    scene.gitlab.run_pipeline(made, "push")
    result = publish(client, scene, made, "failed", no_sleep)
    assert result.ok
    assert not result.decides
    assert "fork" in result.hint
    assert result.status is not None
    assert result.status.ref == made.head_ref
    scene.gitlab.run_pipeline(made, "merge_request")
    decided = publish(client, scene, made, "failed", no_sleep)
    assert decided.decides
    head = scene.gitlab.head_pipeline(made)
    assert head is not None
    assert head.status == "failed"


def test_somebody_elses_status_of_our_name_is_answered_with_ours(
    scene: Scene, client: GitLabClient, no_sleep: NoSleep
) -> None:
    made = scene.open()
    publish(client, scene, made, "failed", no_sleep)
    scene.gitlab.world.post_status(
        scene.project, scene.ada, made.head_sha, {"state": "success", "name": "mergewarden", "description": "words"}
    )
    head = scene.gitlab.head_pipeline(made)
    assert head is not None
    assert head.status == "success"
    assert publish(client, scene, made, "failed", no_sleep).changed
    assert head.status == "failed"


def test_locks_limits_and_outages_are_waited_for(scene: Scene, client: GitLabClient, no_sleep: NoSleep) -> None:
    made = scene.open()
    scene.gitlab.faults.add("POST", "/statuses/", faults.LOCKED, faults.rate_limited(3600), faults.BAD_GATEWAY)
    assert publish(client, scene, made, "running", no_sleep).ok
    assert no_sleep.slept == [0.5, 30.0, 2.0]
    scene.gitlab.faults.add("POST", "/statuses/", faults.LOCKED, times=9)
    assert isinstance(publish(client, scene, made, "failed", no_sleep).error, Conflict)


@pytest.mark.parametrize(
    ("fault", "hint"),
    [
        (faults.FORBIDDEN, "Developer"),
        (faults.INSUFFICIENT_SCOPE, "scope api"),
        (faults.NOT_FOUND, "pushed over"),
        (faults.TOO_MANY_JOBS, "limit"),
        (faults.UNAUTHORIZED, "token"),
    ],
)
def test_a_refusal_is_a_value_with_a_hint(
    scene: Scene, client: GitLabClient, no_sleep: NoSleep, fault: faults.Response, hint: str
) -> None:
    made = scene.open()
    scene.gitlab.faults.add("POST", "/statuses/", fault)
    result = publish(client, scene, made, "failed", no_sleep)
    assert not result.ok
    assert result.status is None
    assert hint in result.hint


def test_a_protected_source_branch_is_named(scene: Scene, client: GitLabClient, no_sleep: NoSleep) -> None:
    made = scene.open()
    scene.gitlab.protect(scene.project, "feature")
    result = publish(client, scene, made, "failed", no_sleep)
    assert isinstance(result.error, Forbidden)
    assert "'feature' is protected" in result.hint


def test_reading_can_fail_too(scene: Scene, client: GitLabClient, no_sleep: NoSleep) -> None:
    made = scene.open()
    request = client.merge_request(made.project.id, made.iid)
    scene.gitlab.faults.add("GET", "/statuses", faults.SERVER_ERROR, times=99)
    result = publish_status(client, request, "failed", bot_id=scene.bot.id, sleep=no_sleep)
    assert isinstance(result.error, Unavailable)
    scene.gitlab.faults.clear()
    scene.gitlab.revoke(scene.token)
    result = publish_status(client, request, "failed", bot_id=scene.bot.id, sleep=no_sleep)
    assert isinstance(result.error, Unauthorized)


def test_a_state_that_gitlab_does_not_have_is_our_own_mistake(
    scene: Scene, client: GitLabClient, no_sleep: NoSleep
) -> None:
    made = scene.open()
    with pytest.raises(ValueError, match="neutral"):
        publish(client, scene, made, "neutral", no_sleep)
