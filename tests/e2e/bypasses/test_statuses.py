"""Around the commit status and the threads, which is what level 1 has."""

from __future__ import annotations

from bot.domain.enforcement import Level
from bot.domain.incident import IncidentKind
from tests.e2e.bypasses.catalogue import bypass
from tests.e2e.bypasses.scene import Scene
from tests.standin import REPORTER, User

L0, L1, L2, L3 = Level
UNCLEARED = (IncidentKind.MERGED_UNCLEARED,)
OWN_CI = {".gitlab-ci.yml": "test: {script: [true]}\n"}


@bypass("merge through the API", stops=(L1, L2, L3), open_at=(L0,), noticed=UNCLEARED)
def test_merge(scene: Scene) -> None:
    """With the head and without, at once or as soon as it can be. L1 stops it: the pipeline failed."""
    request = scene.judged(scene.bad, "failed")
    scene.merge(request, sha=request.head_sha)
    if request.state == "opened":
        scene.try_to_merge(request, status="discussions_not_resolved")
        scene.merge(request, auto_merge=True)
    scene.ends(scene.on())


@bypass("forged status", stops=(L2, L3), open_at=(L1,), noticed=UNCLEARED)
def test_forged_status(scene: Scene) -> None:
    """Any Developer can post it, and it counts until it is replaced. L2 stops it: nobody but the bot can merge."""
    request = scene.judged(scene.bad, "failed")
    with scene.unheard():
        scene.forge(request, scene.ada)
        scene.resolve_all(request, scene.linus)
    scene.try_to_merge(request)
    scene.ends(scene.on())


@bypass("forged status, a moment later", stops=(L1, L2))
def test_forged_status_is_replaced(scene: Scene) -> None:
    """L1 stops it once GitLab told us of the pipeline that became green, and says who did it."""
    request = scene.judged(scene.bad, "failed")
    scene.forge(request, scene.ada)
    scene.resolve_all(request, scene.ada)
    scene.settle()
    scene.try_to_merge(request, status="discussions_not_resolved")
    scene.ends(scene.on())
    assert scene.state(request) == "failed"
    (forged,) = [one for one in scene.incidents() if one.incident.kind is IncidentKind.FORGED_STATUS]
    assert forged.incident.actor == "ada"


@bypass("forged status that no event tells of", stops=(L1,))
def test_forged_status_is_found_without_an_event(scene: Scene) -> None:
    """L1: the hourly look finds and replaces it."""
    request = scene.judged(scene.bad, "failed")
    with scene.unheard():
        scene.forge(request, scene.linus)
    scene.look()
    with scene.unheard():
        scene.resolve_all(request, scene.ada)
    scene.try_to_merge(request, status="ci_must_pass")
    scene.ends(scene.on())
    assert scene.kinds() == {IncidentKind.FORGED_STATUS}


def resolved(scene: Scene, who: User) -> None:
    """Where threads are all that stops a merge, and where they are not."""
    scene.gitlab.settings(scene.project, only_allow_merge_if_all_discussions_are_resolved=True)
    request = scene.judged(scene.bad, "failed")
    with scene.unheard():
        scene.resolve_all(request, who)
    scene.try_to_merge(request, status="ci_must_pass")
    scene.ends(scene.on())


@bypass("thread resolved by the author", stops=(L1, L2, L3), open_at=(L0,), noticed=UNCLEARED)
def test_thread_resolved_by_the_author(scene: Scene) -> None:
    """L1 stops it: a thread is not the only thing that has to be green."""
    resolved(scene, scene.ada)


@bypass("thread resolved by another Developer", stops=(L1, L2, L3), open_at=(L0,), noticed=UNCLEARED)
def test_thread_resolved_by_another(scene: Scene) -> None:
    """As above."""
    resolved(scene, scene.linus)


@bypass("thread resolved where nothing else counts, a moment later", stops=(L0,))
def test_thread_is_opened_again(scene: Scene) -> None:
    """The bot opens it again and says who resolved it; whether the status counts does not matter."""
    scene.gitlab.settings(scene.project, only_allow_merge_if_all_discussions_are_resolved=True)
    request = scene.judged(scene.bad, "failed")
    scene.resolve_all(request, scene.linus)
    scene.settle()
    scene.try_to_merge(request)
    scene.ends(scene.on())
    (one,) = scene.incidents()
    assert (one.incident.kind, one.incident.actor) == (IncidentKind.THREAD_RESOLVED, "linus")


@bypass("edited CI file", stops=(L2, L3), open_at=(L1,), noticed=UNCLEARED)
def test_edited_ci_file(scene: Scene) -> None:
    """
    The project's own pipeline is whatever the merge request's CI file says: green, and newer than the one with our
    status. It counts until our status is on it too. L2 stops it: nobody but the bot can merge.
    """
    request = scene.judged({**scene.bad, **OWN_CI}, "failed")
    with scene.unheard():
        scene.gitlab.run_pipeline(request, "push", jobs={"test": "success"})
        scene.resolve_all(request, scene.ada)
    scene.try_to_merge(request)
    scene.ends(scene.on())


@bypass("job removed from the CI file", stops=(L1, L2), open_at=(L0,), noticed=(IncidentKind.UNCLEARED_COMMIT,))
def test_job_removed_from_the_ci_file(scene: Scene) -> None:
    """
    Where a CI job is the gate and the bot hears of nothing, whoever edits the CI file is through; only the hourly look
    finds it. L1 stops it: our status comes from outside and is put on every pipeline.
    """
    if scene.level is L0:
        scene.gitlab.settings(scene.project, only_allow_merge_if_pipeline_succeeds=True)
        scene.project.hooks.clear()
    request = scene.open({**scene.bad, **OWN_CI})
    scene.settle()
    scene.gitlab.run_pipeline(request, "push", jobs={"test": "success"})
    scene.settle()
    with scene.unheard():
        scene.resolve_all(request, scene.ada)
    scene.try_to_merge(request, status="ci_must_pass")
    scene.ends(scene.on(), seen_by_looking=True)


def another_pipeline(scene: Scene, kind: str) -> None:
    request = scene.judged(scene.bad, "failed")
    pipeline = scene.gitlab.run_pipeline(request, kind)  # type: ignore[arg-type]
    scene.settle()
    assert scene.gitlab.head_pipeline(request) is pipeline
    with scene.unheard():
        scene.resolve_all(request, scene.ada)
    scene.try_to_merge(request, status="ci_must_pass")
    scene.ends(scene.on())


@bypass("status on another pipeline", stops=(L1, L2))
def test_status_on_another_pipeline(scene: Scene) -> None:
    """A pipeline of the merge request decides, and ours was another. L1 stops it: the new one gets the status too."""
    another_pipeline(scene, "merge_request")


@bypass("status on a pipeline of the merged result", stops=(L1,))
def test_status_on_a_merged_result(scene: Scene) -> None:
    """As above, for a pipeline whose commit is not the head."""
    another_pipeline(scene, "merged_result")


@bypass("same head in two merge requests", stops=(L1, L2, L3), open_at=(L0,), noticed=UNCLEARED)
def test_same_head_in_two_merge_requests(scene: Scene) -> None:
    """
    A status belongs to the commit, and against another target the same commit is clean. L1 stops it: our status is
    green when every open merge request of that head is.
    """
    old = scene.lax_branch()
    scene.push({"more.py": f"more = {scene.number}\n"}, start=old)
    strict = scene.gitlab.open_merge_request(scene.project, scene.branch, author=scene.ada)
    lax = scene.gitlab.open_merge_request(scene.project, scene.branch, author=scene.ada, target_branch=old)
    assert scene.verdict(strict) == scene.verdict(lax) == "failed"
    with scene.unheard():
        scene.resolve_all(strict, scene.ada)
    scene.try_to_merge(strict, status="ci_must_pass")
    scene.ends(scene.on())


@bypass("fork", stops=(L2, L3), open_at=(L1,), noticed=UNCLEARED)
def test_fork(scene: Scene) -> None:
    """
    The pipeline that counts is the fork's own, which its owner made green; he may not push here, but resolve threads,
    for he is the author. L2 stops it: nobody but the bot can merge.
    """
    mallory = scene.stranger()
    scene.gitlab.add_member(scene.project, mallory, REPORTER)
    fork = scene.gitlab.fork(scene.project, f"{mallory.username}/fork", mallory)
    scene.gitlab.push(fork, "feature", scene.bad, author=mallory)
    request = scene.gitlab.open_merge_request(scene.project, "feature", author=mallory, source_project=fork)
    assert scene.verdict(request) == "failed"
    with scene.unheard():
        scene.gitlab.run_pipeline(request, "push")
        scene.resolve_all(request, mallory)
    assert not scene.merge(request, mallory)
    scene.try_to_merge(request)
    scene.ends(scene.on())


@bypass(
    "settings changed by a Maintainer",
    stops=(L2, L3),
    open_at=(L1,),
    noticed=(IncidentKind.MERGED_UNCLEARED, IncidentKind.SETTINGS_WEAKENED),
)
def test_settings_changed(scene: Scene) -> None:
    """L2 stops it: there is no Maintainer but the bot and the break-glass people, who are none here."""
    request = scene.judged(scene.bad, "failed")
    done = scene.call(
        scene.grace,
        "PUT",
        scene.project,
        only_allow_merge_if_pipeline_succeeds=False,
        only_allow_merge_if_all_discussions_are_resolved=False,
    )
    assert done == (scene.level is not L2)
    scene.try_to_merge(request, scene.grace, status="discussions_not_resolved" if scene.level is L2 else "mergeable")
    scene.ends(scene.on(), seen_by_looking=True)


@bypass("status from outside that says skipped", stops=(L1,))
def test_skipped(scene: Scene) -> None:
    """L1 stops it: a pipeline that was skipped does not count as a successful one."""
    request = scene.judged(scene.bad, "failed")
    with scene.unheard():
        scene.forge(request, scene.ada, "skipped")
        scene.resolve_all(request, scene.ada)
    scene.try_to_merge(request, status="ci_must_pass")
    scene.ends(scene.on())


@bypass("(no bypass) what was cleared", open_at=(L1, L2, L3))
def test_what_was_cleared_gets_in(scene: Scene) -> None:
    """No bypass: the gate is not shut for everybody."""
    request = scene.judged(scene.good, "success")
    scene.try_to_merge(request)
    scene.ends(scene.on(text=f"fine = {scene.number}"))
