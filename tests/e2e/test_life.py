"""A merge request's life: forks, pipelines, drafts, other targets, force pushes, and its end."""

from __future__ import annotations

import pytest

from tests.e2e.samples import CLEAN, SAFE_LOAD, UNSAFE_LOAD
from tests.e2e.stage import Stage
from tests.standin import DEVELOPER


def test_fork(stage: Stage) -> None:
    story = stage.story("life/upstream")
    stranger = story.gitlab.create_user("stranger")
    fork = story.gitlab.fork(story.project, f"{stranger.username}/fork", stranger)
    story.gitlab.commit(fork, "feature", {"load.py": UNSAFE_LOAD}, author=stranger)
    request = story.gitlab.open_merge_request(story.project, "feature", author=stranger, source_project=fork)
    assert story.verdict(request).state == "failed"
    assert story.places(request) == [("load.py", None, 5)]
    story.gitlab.commit(fork, "feature", {"load.py": SAFE_LOAD}, author=stranger)
    assert story.verdict(request).state == "success"
    assert story.threads(request, resolved=False) == []


@pytest.mark.parametrize("kind", ["push", "merge_request", "merged_result"])
def test_status_reaches_the_pipeline_that_decides(stage: Stage, kind: str) -> None:
    """The project's own CI begins after the verdict."""
    story = stage.story("life/pipelines")
    request = story.judged({"load.py": UNSAFE_LOAD})
    pipeline = story.gitlab.run_pipeline(request, kind)  # type: ignore[arg-type]
    story.gitlab.wait_for(lambda: any(s.external for s in pipeline.statuses), 30, "our status on the new pipeline")
    stage.settle()
    assert story.gitlab.head_pipeline(request) is pipeline
    assert [s.state for s in pipeline.statuses if s.external and not s.retried] == ["failed"]
    assert story.gitlab.merge_status(request) == "ci_must_pass"
    assert len(stage.log(request, "scan begins")) == 1


def test_status_goes_to_a_pipeline_that_is_there_already(stage: Stage) -> None:
    story = stage.story("life/pipeline")
    story.gitlab.lose_deliveries()
    request = story.open({"load.py": UNSAFE_LOAD})
    pipeline = story.gitlab.run_pipeline(request, "merged_result")
    story.gitlab.lose_deliveries(False)
    story.gitlab.set_draft(request, True)
    story.gitlab.set_draft(request, False)
    assert story.verdict(request).state == "failed"
    assert [s.state for s in pipeline.statuses if s.external and not s.retried] == ["failed"]


def test_other_target_is_judged_anew(stage: Stage) -> None:
    story = stage.story("life/target")
    story.gitlab.commit(story.project, "old", {"load.py": UNSAFE_LOAD}, author=stage.ada)
    story.gitlab.commit(story.project, "feature", {"README.md": "Hello.\n"}, author=stage.ada, start="old")
    request = story.gitlab.open_merge_request(story.project, "feature", author=stage.ada, target_branch="old")
    assert story.verdict(request).state == "success"
    story.gitlab.retarget(request, "main")
    assert story.verdict(request, "failed").state == "failed"
    assert story.places(request) == [("load.py", None, 5)]


def test_force_push_to_clean_history_turns_green(stage: Stage) -> None:
    story = stage.story("life/force")
    request = story.judged({"load.py": UNSAFE_LOAD})
    story.gitlab.commit(story.project, "feature", {"README.md": "Anew.\n"}, author=stage.ada, start="main")
    assert story.verdict(request).state == "success"
    assert story.threads(request, resolved=False) == []


def test_push_while_a_scan_runs_ends_with_the_verdict_on_the_new_head(stage: Stage) -> None:
    story = stage.story("life/quick")
    request = story.open({"load.py": UNSAFE_LOAD, "other.py": UNSAFE_LOAD})
    old = request.head_sha
    story.gitlab.wait_for_status(request, "running")
    story.push({"load.py": SAFE_LOAD, "other.py": SAFE_LOAD})
    assert story.verdict(request).state == "success"
    assert story.threads(request) == []
    assert [e["outcome"] for e in stage.log(request, "job ended")] == ["superseded", "passed"]
    left = [s.state for p in story.project.pipelines if p.sha == old for s in p.statuses if s.name == "mergewarden"]
    assert "success" not in left


def test_many_pushes_in_a_row_scan_the_last(stage: Stage) -> None:
    story = stage.story("life/rush")
    request = story.open({"load.py": UNSAFE_LOAD})
    for number in range(6):
        story.push({"load.py": UNSAFE_LOAD, "n.txt": f"{number}\n"})
    story.push({"load.py": SAFE_LOAD})
    assert story.verdict(request).state == "success"
    stage.settle()
    ended = [str(e["outcome"]) for e in stage.log(request, "job ended")]
    # Older jobs may end after the newest one, without a word on the merge request.
    assert ended.count("passed") == 1
    assert set(ended) <= {"passed", "failed", "superseded"}
    assert len(stage.log(request, "scanned")) <= 3
    running = 0
    for entry in stage.log(request):
        running += {"scan begins": 1, "job ended": -1}.get(str(entry["event"]), 0)
        assert running <= 1
    assert story.threads(request, resolved=False) == []
    assert len(story.summaries(request)) == 1


def test_closed_and_merged_requests_are_left_alone_and_reopened_ones_are_not(stage: Stage) -> None:
    story = stage.story("life/closed")
    request = story.judged({"load.py": UNSAFE_LOAD})
    story.gitlab.close(request)
    stage.settle()
    story.gitlab.clear_log()
    story.push({"load.py": SAFE_LOAD})
    stage.settle()
    assert story.gitlab.writes() == []
    story.gitlab.reopen(request)
    assert story.verdict(request).state == "success"
    story.gitlab.merge(request, by=stage.grace)
    stage.settle()
    assert stage.log(request, "merge request ended")[-1]["merged"] is True


def test_gitlab_that_is_late_with_refs_and_diff(stage: Stage) -> None:
    story = stage.story("life/late")
    story.gitlab.world.prepare_delay = 0.5
    story.gitlab.world.ref_delay = 1.5
    request = story.judged({"load.py": UNSAFE_LOAD})
    assert story.places(request) == [("load.py", None, 5)]


def test_renamed_project(stage: Stage) -> None:
    story = stage.story("life/before")
    request = story.judged({"load.py": UNSAFE_LOAD})
    story.gitlab.rename(story.project, "life/after")
    story.mend(request, {"load.py": SAFE_LOAD})


def test_merge_requests_go_before_branch_scans(stage: Stage) -> None:
    """A push to the default branch brings a scan of everything, and a merge request does not wait for it."""
    story = stage.story("life/busy")
    everything = {f"m{n}.py": CLEAN + f"# {n}\n" for n in range(150)}
    story.gitlab.commit(story.project, "main", everything, author=stage.grace)
    request = story.open({"load.py": UNSAFE_LOAD})
    story.gitlab.wait_for_status(request, "failed")
    ended = [e["event"] for e in stage.log() if e.get("project_id") == story.project.id]
    assert "branch scanned" not in ended
    stage.settle(120)


def test_bot_without_rights_says_so_and_does_not_pass(stage: Stage) -> None:
    story = stage.story("life/guest")
    story.gitlab.add_member(story.project, stage.user, 10)
    request = story.open({"load.py": UNSAFE_LOAD})
    stage.settle()
    assert story.state(request) == "none"
    story.gitlab.add_member(story.project, stage.user, DEVELOPER)
    story.mend(request, {"README.md": "Hello.\n"}, "failed")
