"""Around the moment: what is merged is not what was judged, or not as it was judged."""

from __future__ import annotations

from bot.domain.enforcement import Level
from bot.domain.incident import IncidentKind
from tests.e2e.bypasses.catalogue import bypass
from tests.e2e.bypasses.scene import Scene
from tests.standin import MergeRequest

L0, L1, L2, L3 = Level
UNCLEARED = (IncidentKind.MERGED_UNCLEARED,)


@bypass("late push", stops=(L1, L2, L3), open_at=(L0,), noticed=UNCLEARED)
def test_late_push(scene: Scene) -> None:
    """After the green light and before the merge. L1 stops it: the new head has no pipeline that succeeded."""
    request = scene.judged(scene.good, "success")
    with scene.unheard():
        scene.push(scene.bad)
    scene.try_to_merge(request, status="ci_must_pass")
    scene.ends(scene.on())


@bypass("late push with a quick pipeline of its own", stops=(L2, L3), open_at=(L1,), noticed=UNCLEARED)
def test_late_push_with_a_pipeline(scene: Scene) -> None:
    """The project's own CI is green before our status is there. L2 stops it: the bot merges what it judged."""
    request = scene.judged(scene.good, "success")
    with scene.unheard():
        scene.push(scene.bad)
        scene.gitlab.run_pipeline(request, "push")
    scene.try_to_merge(request)
    scene.ends(scene.on())


@bypass("push during the scan", stops=(L1, L2), open_at=(L0,), noticed=UNCLEARED)
def test_push_during_the_scan(scene: Scene) -> None:
    """The verdict that comes is one on the head of before. L1 stops it: a status belongs to its commit."""
    request = scene.open(scene.good)
    scene.gitlab.wait_for_status(request, ("running", "success"))
    scene.push(scene.bad)
    if scene.merge(request):
        assert scene.level is L0
    scene.settle()
    if request.state == "opened":
        scene.resolve_all(request, scene.ada)
        scene.settle()
        scene.try_to_merge(request, status="discussions_not_resolved")
    scene.ends(scene.on())


@bypass("merge for an older head", stops=(L0,))
def test_merge_for_an_older_head(scene: Scene) -> None:
    """GitLab compares the head that the API call names, whatever the project's settings."""
    request = scene.judged(scene.good, "success")
    judged = request.head_sha
    scene.push(scene.bad)
    assert not scene.merge(request, sha=judged)
    scene.ends(scene.on())


def retargeted(scene: Scene) -> tuple[MergeRequest, str]:
    """A merge request that is red for main and green for a branch that has the bad line already."""
    old = scene.lax_branch()
    scene.push({"more.py": f"more = {scene.number}\n"}, start=old)
    request = scene.gitlab.open_merge_request(scene.project, scene.branch, author=scene.ada)
    assert scene.verdict(request) == "failed"
    assert scene.call(scene.ada, "PUT", request, target_branch=old)
    assert scene.verdict(request) == "success"
    return request, old


@bypass("retarget to a laxer branch and back", stops=(L2, L3), open_at=(L1,), noticed=UNCLEARED)
def test_retarget(scene: Scene) -> None:
    """
    A status belongs to the commit, whatever the target. It is put right a moment later, and counts until then. L2 stops
    it: a verdict for another target is none.
    """
    request, _ = retargeted(scene)
    with scene.unheard():
        assert scene.call(scene.ada, "PUT", request, target_branch="main")
        scene.resolve_all(request, scene.ada)
    scene.try_to_merge(request)
    scene.ends(scene.on())


@bypass("retarget, a moment later", stops=(L1,))
def test_retarget_a_moment_later(scene: Scene) -> None:
    """L1 stops it once the bot heard of it."""
    request, _ = retargeted(scene)
    assert scene.call(scene.ada, "PUT", request, target_branch="main")
    assert scene.verdict(request) == "failed"
    scene.try_to_merge(request, status="discussions_not_resolved")
    scene.ends(scene.on())


@bypass(
    "force push back to a commit that was green for another target", stops=(L2, L3), open_at=(L1,), noticed=UNCLEARED
)
def test_force_push_to_an_old_green_commit(scene: Scene) -> None:
    """Its status is still there. L2 stops it: the bot has no verdict on this commit for this target."""
    request, _ = retargeted(scene)
    green = request.head_sha
    mine = scene.clone(scene.ada)
    scene.gitlab.close(request)
    scene.push(scene.good, start="main")
    strict = scene.gitlab.open_merge_request(scene.project, scene.branch, author=scene.ada)
    assert scene.verdict(strict) == "success"
    with scene.unheard():
        pushed = mine.push("--force", f"{green}:refs/heads/{scene.branch}")
        assert pushed.ok, pushed.output
        scene.resolve_all(strict, scene.ada)
    scene.try_to_merge(strict)
    scene.ends(scene.on())


@bypass("closed, pushed to, and opened again", stops=(L1, L2, L3), open_at=(L0,), noticed=UNCLEARED)
def test_closed_and_opened_again(scene: Scene) -> None:
    """What was green when it was closed is another commit when it is opened. L1 stops it: that one has no status."""
    request = scene.judged(scene.good, "success")
    assert scene.call(scene.ada, "PUT", request, state_event="close")
    scene.push(scene.bad)
    scene.settle()
    with scene.unheard():
        assert scene.call(scene.ada, "PUT", request, state_event="reopen")
    scene.try_to_merge(request, status="ci_must_pass")
    scene.ends(scene.on())


@bypass("suggestion applied", stops=(L1, L2, L3), open_at=(L0,), noticed=UNCLEARED)
def test_suggestion_applied(scene: Scene) -> None:
    """A suggestion becomes a commit at the press of a button. L1 stops it: it is a new head, to be judged anew."""
    request = scene.judged(scene.good, "success")
    refs = request.version
    position = {
        "position_type": "text",
        "base_sha": refs.base_sha,
        "start_sha": refs.start_sha,
        "head_sha": refs.head_sha,
        "old_path": scene.file,
        "new_path": scene.file,
        "new_line": 1,
    }
    body = f"Better:\n\n```suggestion:-0+0\n{scene.evil}\n```\n"
    answer = scene.ask(scene.linus, "POST", request, "/discussions", body=body, position=position)
    assert answer.is_success, answer.text
    (suggestion,) = answer.json()["notes"][0]["suggestions"]
    with scene.unheard():
        assert scene.call(scene.ada, "PUT", f"/suggestions/{suggestion['id']}/apply")
        scene.gitlab.wait_for(lambda: request.head_sha != refs.head_sha)
        scene.resolve(request, answer.json()["id"])
    scene.try_to_merge(request, status="ci_must_pass")
    scene.ends(scene.on())


@bypass("rebase", stops=(L1, L2, L3), open_at=(L0,), noticed=UNCLEARED)
def test_rebase(scene: Scene) -> None:
    """
    The button makes a new head. L1 stops it: a new head is judged anew, and what is bad stays so.
    """
    request = scene.judged(scene.bad, "failed")
    scene.bring({f"other{scene.number}.py": "other = 1\n"})
    scene.gitlab.settings(scene.project, merge_method="rebase_merge")
    before = request.head_sha
    assert scene.call(scene.ada, "PUT", request, "/rebase")
    scene.gitlab.wait_for(lambda: request.head_sha != before and not request.rebase_in_progress)
    scene.settle()
    with scene.unheard():
        scene.resolve_all(request, scene.ada)
    scene.try_to_merge(request, status="ci_must_pass")
    scene.gitlab.settings(scene.project, merge_method="merge")
    scene.ends(scene.on())


@bypass("draft made ready", stops=(L2, L3), open_at=(L1,), noticed=UNCLEARED)
def test_draft(scene: Scene) -> None:
    """
    The policy judges drafts more mildly, and the status is still green when it is one no longer. L2 stops it: a verdict
    on a draft lets nothing in.
    """
    evil = f"flag drafty{scene.number}"
    request = scene.judged({scene.file: f"{evil}\n"}, "success", draft=True)
    with scene.unheard():
        assert scene.call(scene.ada, "PUT", request, title="Ready")
        scene.resolve_all(request, scene.ada)
    scene.try_to_merge(request)
    scene.ends(scene.on(text=evil))


@bypass("label that a rule asks for, taken away", open_at=(L1, L2, L3))
def test_label(scene: Scene) -> None:
    """
    Nothing stops it and nobody is told: a policy whose rule holds only with a label leaves it to those who label, and
    every Developer does. Rules should go by branch and path.
    """
    evil = f"flag labelled{scene.number}"
    request = scene.open({scene.file: f"{evil}\n"})
    assert scene.call(scene.ada, "PUT", request, add_labels="payments")
    assert scene.verdict(request) == "failed"
    assert scene.call(scene.ada, "PUT", request, remove_labels="payments")
    assert scene.verdict(request) == "success"
    scene.resolve_all(request, scene.ada)
    scene.settle()
    scene.try_to_merge(request)
    scene.ends(scene.on(text=evil))


@bypass("verdict older than the policy", stops=(L1, L2, L3), open_at=(L0,), noticed=UNCLEARED)
def test_policy_tightened(scene: Scene) -> None:
    """
    The project's own policy became stricter after the green light. L1 stops it: open merge requests are judged again
    when the policy on their target branch changes.
    """
    evil = f"flag lax{scene.number}"
    request = scene.judged({scene.file: f"{evil}\n"}, "success")
    scene.resolve_all(request, scene.ada)
    scene.bring({".mergewarden.yml": "version: 1\nblock: [{name: not this, rules: [lax*]}]\n"})
    scene.bench.settle()
    with scene.unheard():
        scene.resolve_all(request, scene.ada)
    scene.try_to_merge(request, status="ci_must_pass")
    scene.ends(scene.on(text=evil))
