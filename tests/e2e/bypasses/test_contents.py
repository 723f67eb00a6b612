"""Something that was cleared, and a little more or less: what is brought in is not what was judged."""

from __future__ import annotations

from bot.domain.enforcement import Level
from bot.domain.incident import IncidentKind
from tests.e2e.bypasses.catalogue import bypass
from tests.e2e.bypasses.scene import Scene
from tests.standin.clone import Clone

L0, L1, L2, L3 = Level
UNCLEARED = (IncidentKind.UNCLEARED_COMMIT,)


def cleared(scene: Scene, *more: dict[str, str], files: dict[str, str] | None = None) -> Clone:
    """A clone of grace's on main, and a merge request that the gate lets through, with ``more`` commits."""
    scene.push(files or scene.good, start="main")
    for change in more:
        scene.push(change)
    request = scene.gitlab.open_merge_request(scene.project, scene.branch, author=scene.ada)
    # At level 2 it does not matter what was cleared: nobody pushes.
    assert scene.level is L2 or scene.verdict(request) == "success"
    clone = scene.clone(scene.grace)
    clone.text("fetch", "--quiet", "origin")
    return clone


def write(clone: Clone, name: str, text: str) -> None:
    (clone.folder / name).write_text(text)
    clone.text("add", "--all")


@bypass("merge commit with smuggled content", stops=(L2, L3), open_at=(L1,), noticed=UNCLEARED)
def test_merge_commit_with_more(scene: Scene) -> None:
    """Its second parent is cleared, and its tree is not what merging gives. L2 stops it: nobody pushes."""
    clone = cleared(scene)
    clone.text("merge", "--no-ff", "--no-commit", f"origin/{scene.branch}")
    write(clone, f"x{scene.file}", f"{scene.evil}\n")
    clone.text("commit", "--quiet", "-m", "Merge")
    clone.push("HEAD:refs/heads/main")
    scene.ends(scene.on())


@bypass("squash with more in it", stops=(L2, L3), open_at=(L1,), noticed=UNCLEARED)
def test_squash_with_more(scene: Scene) -> None:
    """The message and the files are those of the cleared change, and one line more."""
    clone = cleared(scene)
    clone.text("merge", "--squash", f"origin/{scene.branch}")
    write(clone, scene.file, f"fine = {scene.number}\n{scene.evil}\n")
    clone.text("commit", "--quiet", "-m", "Change")
    clone.push("HEAD:refs/heads/main")
    scene.ends(scene.on())


@bypass("squash that differs in white space only", stops=(L2, L3), open_at=(L1,), noticed=UNCLEARED)
def test_squash_with_other_white_space(scene: Scene) -> None:
    """In Python white space is code; most ways of comparing patches ignore it. L3 compares them to the letter."""
    guarded = f"if allowed:\n    check()\n    open_door({scene.number})\n"
    clone = cleared(scene, files={scene.file: guarded})
    clone.text("merge", "--squash", f"origin/{scene.branch}")
    write(clone, scene.file, guarded.replace("    open_door", "open_door"))
    clone.text("commit", "--quiet", "-m", "Change")
    clone.push("HEAD:refs/heads/main")
    scene.ends(scene.on(text=f"open_door({scene.number})"))


@bypass("rebase with a commit left out", stops=(L2, L3), open_at=(L1,), noticed=UNCLEARED)
def test_rebase_with_a_commit_left_out(scene: Scene) -> None:
    """The first commit opens something that the second locks again: what was judged is both."""
    clone = cleared(scene, {f"lock{scene.file}": "locked = 1\n"})
    # Something else came in meanwhile, so that it is no fast forward to a commit of the merge request.
    scene.bring({f"other{scene.file}": "other = 1\n"})
    clone.text("pull", "--quiet", "--rebase", "origin", "main")
    clone.text("cherry-pick", f"origin/{scene.branch}~1")
    clone.push("HEAD:refs/heads/main")
    scene.ends(scene.on(text=f"fine = {scene.number}"))


@bypass("part of the cleared commits", stops=(L2, L3), open_at=(L1,), noticed=UNCLEARED)
def test_part_of_the_commits(scene: Scene) -> None:
    """A fast forward to a commit on the way to the cleared head."""
    clone = cleared(scene, {f"lock{scene.file}": "locked = 1\n"})
    clone.push(f"origin/{scene.branch}~1:refs/heads/main")
    scene.ends(scene.on(text=f"fine = {scene.number}"))


@bypass("reverted and pushed again", stops=(L2, L3), open_at=(L1,), noticed=UNCLEARED)
def test_reverted_and_pushed_again(scene: Scene) -> None:
    """
    It was merged, somebody found out why it must not stay, and here it is again. L2 stops it: nobody pushes. L3: a
    clearance is used up by the merge.
    """
    scene.bring(scene.good)
    scene.bring({scene.file: None})
    clone = scene.clone(scene.grace)
    clone.commit(scene.good)
    clone.push("HEAD:refs/heads/main")
    scene.ends(scene.on(text=f"fine = {scene.number}"))


@bypass(
    "cleared head pushed after the merge request was closed",
    stops=(L2, L3),
    open_at=(L1,),
    noticed=(IncidentKind.MERGED_UNCLEARED,),
)
def test_pushed_after_it_was_closed(scene: Scene) -> None:
    """Whoever closed it had a reason."""
    clone = cleared(scene)
    for request in scene.gitlab.merge_requests(scene.project):
        if request.source_branch == scene.branch:
            assert scene.call(scene.linus, "PUT", request, state_event="close")
    scene.settle()
    clone.push(f"origin/{scene.branch}:refs/heads/main")
    scene.ends(scene.on(text=f"fine = {scene.number}"))


def landed(scene: Scene, method: str, *, squash: bool) -> None:
    """No bypass: what GitLab makes of a cleared merge request gets in."""
    scene.gitlab.settings(scene.project, merge_method=method, squash_option="default_off")
    scene.push(scene.good, start="main")
    scene.push({f"more{scene.file}": "more = 1\n"})
    request = scene.gitlab.open_merge_request(scene.project, scene.branch, author=scene.ada)
    assert scene.verdict(request) == "success"
    assert scene.merge(request, squash=squash), request.merge_error
    scene.ends(scene.on(text=f"fine = {scene.number}"))


@bypass("(no bypass) a cleared merge commit", open_at=(L3,))
def test_merge_commit_gets_in(scene: Scene) -> None:
    """L3 lets in what GitLab makes of what was cleared."""
    landed(scene, "merge", squash=False)


@bypass("(no bypass) a cleared squash", open_at=(L3,))
def test_squash_gets_in(scene: Scene) -> None:
    """As above, of two commits made one."""
    landed(scene, "merge", squash=True)
