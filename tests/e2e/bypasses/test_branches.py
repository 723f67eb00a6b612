"""Past the merge request: straight onto a protected branch."""

from __future__ import annotations

from bot.domain.enforcement import Level
from bot.domain.incident import IncidentKind
from tests.e2e.bypasses.catalogue import bypass
from tests.e2e.bypasses.scene import Scene
from tests.standin import MAINTAINER, User

L0, L1, L2, L3 = Level
UNCLEARED = (IncidentKind.UNCLEARED_COMMIT,)
REFUSED_BY_HOOK = "GL-HOOK-ERR: What to do"


@bypass("direct push", stops=(L2, L3), open_at=(L1,), noticed=UNCLEARED)
def test_direct_push(scene: Scene) -> None:
    """L2 stops it: nobody pushes. Where Maintainers do, L3 stops it and says what to do instead."""
    clone = scene.clone(scene.grace)
    clone.commit(scene.bad)
    pushed = clone.push("HEAD:refs/heads/main")
    assert (REFUSED_BY_HOOK in pushed.output) == (scene.level is L3)
    scene.ends(scene.on())


@bypass("commit through the API or the web editor", stops=(L2, L3), open_at=(L1,), noticed=UNCLEARED)
def test_commit_through_the_api(scene: Scene) -> None:
    """As a push; the hook runs for it too."""
    action = {"action": "create", "file_path": f"x{scene.file}", "content": scene.bad[scene.file]}
    answer = scene.ask(
        scene.grace,
        "POST",
        scene.project,
        "/repository/commits",
        branch="main",
        commit_message="Quick fix",
        actions=[action],
    )
    assert ("was not cleared for main" in answer.text) == (scene.level is L3)
    scene.ends(scene.on())


@bypass("push while the bot is away", stops=(L2, L3), open_at=(L1,), noticed=UNCLEARED)
def test_push_while_the_bot_is_away(scene: Scene) -> None:
    """
    L3 stops it, although the hook gets no answer: what is not on the list that the bot signed is not cleared.
    """
    if scene.level is L3:
        scene.install_hook("http://127.0.0.1:9")
    clone = scene.clone(scene.grace)
    clone.commit(scene.bad)
    pushed = clone.push("HEAD:refs/heads/main")
    assert ("does not answer" in pushed.output) == (scene.level is L3), pushed.output
    scene.ends(scene.on())


@bypass("force push", stops=(L2, L3), open_at=(L1,), noticed=(IncidentKind.HISTORY_REWRITTEN,))
def test_force_push(scene: Scene) -> None:
    """Of the protected branch, to history that never had what was there. L2 stops it: nobody pushes."""
    scene.bench.settle()
    if scene.level is not L2:
        scene.protect("main", allow_force_push=True)
    clone = scene.clone(scene.grace)
    clone.text("checkout", "--quiet", "--orphan", "other")
    clone.commit(scene.bad)
    clone.push("--force", "HEAD:refs/heads/main")
    scene.ends(scene.on())


@bypass("cherry-pick from a branch that nobody judged", stops=(L2, L3), open_at=(L1,), noticed=UNCLEARED)
def test_cherry_pick(scene: Scene) -> None:
    """The button makes a commit on the branch, as a push does."""
    sha = scene.push({f"x{scene.file}": scene.bad[scene.file]}, f"topic{scene.number}", start="main")
    place = f"/repository/commits/{sha}/cherry_pick"
    assert scene.call(scene.grace, "POST", scene.project, place, branch="main") == (scene.level is L1)
    scene.ends(scene.on())


@bypass("cherry-pick to another protected branch", stops=(L2, L3), open_at=(L1,), noticed=UNCLEARED)
def test_cherry_pick_to_another_protected_branch(scene: Scene) -> None:
    """What was cleared for main was not cleared for a release: there it may mean something else."""
    release = f"release/{scene.number}"
    scene.gitlab.commit(scene.project, release, {"release.txt": "1\n"})
    request = scene.judged(scene.good, "success")
    scene.bench.settle()
    place = f"/repository/commits/{request.head_sha}/cherry_pick"
    assert scene.call(scene.grace, "POST", scene.project, place, branch=release) == (scene.level is L1)
    scene.ends(scene.on(release, f"fine = {scene.number}"))


def make_branch(scene: Scene, who: User, branch: str, ref: str) -> bool:
    return scene.call(who, "POST", scene.project, "/repository/branches", branch=branch, ref=ref)


@bypass("branch renamed to a protected name", stops=(L2, L3), open_at=(L1,), noticed=UNCLEARED)
def test_renamed_branch(scene: Scene) -> None:
    """
    Commits are pushed to a branch that nobody protects, which then gets a protected name. L2 stops it: nobody may make
    such a branch. L3: what a new protected branch has and no other has was not cleared.
    """
    release = f"release/{scene.number}"
    scene.push(scene.bad, f"topic{scene.number}", start="main")
    assert make_branch(scene, scene.grace, release, f"topic{scene.number}") == (scene.level is L1)
    scene.settle()
    scene.ends(scene.project.repository.head(release) is not None and scene.on(release))


@bypass(
    "protected branch deleted and made anew", stops=(L2, L3), open_at=(L1,), noticed=(IncidentKind.HISTORY_REWRITTEN,)
)
def test_branch_deleted_and_made_anew(scene: Scene) -> None:
    """L2 stops it: only a Maintainer may delete it, and there is none."""
    release = f"release/{scene.number}"
    scene.gitlab.commit(scene.project, release, {"release.txt": "1\n"})
    scene.bench.settle()
    scene.push(scene.bad, f"topic{scene.number}", start="main")
    gone = scene.call(scene.grace, "DELETE", scene.project, f"/repository/branches/release%2F{scene.number}")
    assert gone == (scene.level is not L2)
    assert make_branch(scene, scene.grace, release, f"topic{scene.number}") == (scene.level is L1)
    scene.settle()
    scene.ends(scene.project.repository.head(release) is not None and scene.on(release))


@bypass("branch named like a merge request", stops=(L1,))
def test_branch_named_like_a_merge_request(scene: Scene) -> None:
    """A branch may be called !1. Its findings are its own, and what is known of the merge request is not of it."""
    green = scene.judged(scene.good, "success")
    name = f"!{green.iid}"
    scene.push(scene.bad, name, start="main")
    red = scene.gitlab.open_merge_request(scene.project, name, author=scene.ada)
    into = scene.gitlab.open_merge_request(scene.project, scene.branch, author=scene.ada, target_branch=name)
    assert scene.verdict(red) == "failed"
    assert (scene.verdict(green), scene.verdict(into)) == ("success", "success")
    with scene.unheard():
        scene.resolve_all(red, scene.ada)
    scene.try_to_merge(red, status="ci_must_pass")
    scene.ends(scene.on())


@bypass(
    "protection taken away by a Maintainer", stops=(L2, L3), open_at=(L1,), noticed=(IncidentKind.UNCLEARED_COMMIT,)
)
def test_protection_taken_away(scene: Scene) -> None:
    """L2 stops it: there is no Maintainer. L3: the default branch needs no rule to be guarded."""
    done = scene.call(scene.grace, "DELETE", scene.project, "/protected_branches/main")
    assert done == (scene.level is not L2)
    clone = scene.clone(scene.linus)
    clone.commit(scene.bad)
    assert clone.push("HEAD:refs/heads/main").ok == (scene.level is L1)
    scene.ends(scene.on())


@bypass("merge by a break-glass person", stops=(L3,), open_at=(L2,), noticed=(IncidentKind.BREAK_GLASS_MERGE,))
def test_break_glass(scene: Scene) -> None:
    """Level 2 is meant to let it through and to say so. L3 does not know break-glass people."""
    scene.gitlab.add_member(scene.project, scene.grace, MAINTAINER)
    request = scene.judged(scene.bad, "failed")
    with scene.unheard():
        scene.forge(request, scene.grace)
        scene.resolve_all(request, scene.grace)
    assert scene.merge(request, scene.grace) == (scene.level is L2)
    scene.ends(scene.on())


@bypass("merge by an administrator of GitLab", stops=(L3,), open_at=(L2,), noticed=(IncidentKind.MERGED_AROUND,))
def test_administrator(scene: Scene) -> None:
    """He has every right there is without being a member. L3 knows no administrators."""
    root = scene.gitlab.create_user(f"root{scene.number}", admin=True)
    request = scene.judged(scene.bad, "failed")
    with scene.unheard():
        scene.forge(request, root)
        scene.resolve_all(request, root)
    assert scene.merge(request, root) == (scene.level is L2)
    scene.ends(scene.on())
