"""
The hook as it is installed: real pushes into a real repository, and a bot that answers or does not.

What the stand-in for GitLab does with it (merges in the browser, commits of the API) is in ``test_on_gitlab.py``.
"""

from __future__ import annotations

import ast
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from bot.domain.enforcement import Enforcement, Level
from bot.domain.hook_wire import clearance_list, sign_list
from bot.domain.protected_branches import is_protected
from bot.pipeline.git.history import PATCH_OPTIONS
from bot.reports.hook_words import offline_texts
from bot.store import clearances, projects
from bot.store.enforcement import record, stored
from bot.store.engine import session, write_session
from bot.store.heads import raise_sequence
from bot.texts import Language
from tests.deploy.gate import NOON, PATH, PROJECT, SCRIPT, SECRET, Gate, load_script

Scene = Callable[[Gate], None]


def feature(gate: Gate, *, cleared: bool = True, iid: int = 7) -> str:
    """A merge request of two commits on the branch ``feature``."""
    gate.branch("feature")
    gate.commit({"new.py": "x = 1\n"}, "one")
    head = gate.commit({"app.py": "".join(f"line {n}\n" for n in range(29)) + "last\n"}, "two")
    if cleared:
        gate.settle(iid, head)
    return head


def moved_on(gate: Gate) -> None:
    """Meanwhile something else is on the target branch."""
    gate.branch("elsewhere")
    head = gate.commit({"other.py": "y = 2\n", "app.py": "first\n" + "".join(f"line {n}\n" for n in range(1, 30))})
    gate.back_door("main", head)


# --- What is let through ----------------------------------------------------------------------------------------------


def fast_forward(gate: Gate) -> None:
    feature(gate)


def merge_commit(gate: Gate) -> None:
    feature(gate)
    moved_on(gate)
    gate.branch("main")
    gate.run("merge", "--quiet", "--no-ff", "--no-edit", "feature")


def merge_commit_of_one_that_could_be_forwarded(gate: Gate) -> None:
    feature(gate)
    gate.branch("main")
    gate.run("merge", "--quiet", "--no-ff", "--no-edit", "feature")


def squash(gate: Gate) -> None:
    feature(gate)
    moved_on(gate)
    gate.branch("main")
    gate.run("merge", "--quiet", "--squash", "feature")
    gate.run("commit", "--quiet", "-m", "squashed")


def squash_and_merge(gate: Gate) -> None:
    """As GitLab's merge method "merge commit" with squashing: a merge whose second parent is the squash commit."""
    feature(gate)
    moved_on(gate)
    gate.branch("squashed")
    gate.run("merge", "--quiet", "--squash", "feature")
    gate.run("commit", "--quiet", "-m", "squashed")
    gate.branch("main")
    gate.run("merge", "--quiet", "--no-ff", "--no-edit", "squashed")


def squash_made_before_the_branch_moved_on(gate: Gate) -> None:
    feature(gate)
    gate.branch("squashed")
    gate.run("merge", "--quiet", "--squash", "feature")
    gate.run("commit", "--quiet", "-m", "squashed")
    moved_on(gate)
    gate.branch("main")
    gate.run("merge", "--quiet", "--no-ff", "--no-edit", "squashed")


def rebase(gate: Gate) -> None:
    feature(gate)
    moved_on(gate)
    gate.run("checkout", "--quiet", "feature")
    gate.run("fetch", "--quiet", "origin")
    gate.run("rebase", "--quiet", "origin/main")


def rebase_of_one_with_merges_and_empty_commits(gate: Gate) -> None:
    gate.branch("feature")
    gate.commit({"new.py": "x = 1\n"})
    moved_on(gate)
    gate.run("checkout", "--quiet", "feature")
    gate.run("fetch", "--quiet", "origin")
    gate.run("merge", "--quiet", "--no-edit", "origin/main")
    gate.commit({}, "nothing at all")
    gate.settle(7, gate.commit({"more.py": "z = 3\n"}))
    gate.run("rebase", "--quiet", "origin/main")


def two_merge_requests_at_once(gate: Gate) -> None:
    squash(gate)
    gate.run("checkout", "--quiet", "-B", "second", "origin/main")
    gate.settle(8, gate.commit({"second.py": "1\n"}))
    gate.run("checkout", "--quiet", "main")
    gate.run("merge", "--quiet", "--no-ff", "--no-edit", "second")


def empty_commit_on_top(gate: Gate) -> None:
    feature(gate)
    gate.commit({}, "nothing at all")


def fork_merge(gate: Gate) -> None:
    """The target branch was merged into the cleared head: the same content by the other way round."""
    feature(gate)
    moved_on(gate)
    gate.run("checkout", "--quiet", "feature")
    gate.run("fetch", "--quiet", "origin")
    gate.run("merge", "--quiet", "--no-edit", "origin/main")


def binary_modes_and_links(gate: Gate) -> None:
    gate.branch("feature")
    (gate.work / "run").write_text("#!/bin/sh\n")
    (gate.work / "run").chmod(0o755)
    (gate.work / "link").symlink_to("run")
    gate.settle(7, gate.commit({"data.bin": bytes(range(256)) * 64, "nul.py": b"x = 1\0y\n", "empty": ""}))
    moved_on(gate)
    gate.branch("main")
    gate.run("merge", "--quiet", "--squash", "feature")
    gate.run("commit", "--quiet", "-m", "squashed")


LET_THROUGH = [
    fast_forward,
    merge_commit,
    merge_commit_of_one_that_could_be_forwarded,
    squash,
    squash_and_merge,
    squash_made_before_the_branch_moved_on,
    rebase,
    rebase_of_one_with_merges_and_empty_commits,
    two_merge_requests_at_once,
    empty_commit_on_top,
    fork_merge,
    binary_modes_and_links,
]


# --- What is refused --------------------------------------------------------------------------------------------------


def direct_push(gate: Gate) -> None:
    feature(gate, cleared=False)


def late_push(gate: Gate) -> None:
    """One more commit after the verdict."""
    feature(gate)
    gate.commit({"evil.py": "import os\n"})


def content_smuggled_into_a_merge(gate: Gate) -> None:
    merge_commit(gate)
    (gate.work / "evil.py").write_text("import os\n")
    gate.run("add", "--all")
    gate.run("commit", "--quiet", "--amend", "--no-edit")


def merge_that_drops_what_was_there(gate: Gate) -> None:
    feature(gate)
    moved_on(gate)
    gate.branch("main")
    gate.run("merge", "--quiet", "--no-ff", "--no-edit", "-s", "ours", "feature")


def merge_of_part_of_a_merge_request(gate: Gate) -> None:
    feature(gate)
    gate.branch("main")
    gate.run("merge", "--quiet", "--no-ff", "--no-edit", "feature~1")


def squash_with_something_added(gate: Gate) -> None:
    squash(gate)
    (gate.work / "evil.py").write_text("import os\n")
    gate.run("add", "--all")
    gate.run("commit", "--quiet", "--amend", "--no-edit")


def squash_with_other_white_space(gate: Gate) -> None:
    gate.branch("feature")
    gate.settle(7, gate.commit({"new.py": "if a:\n    b()\n    c()\n"}))
    gate.branch("main")
    gate.commit({"new.py": "if a:\n    b()\nc()\n"})


def squash_and_merge_of_an_altered_squash(gate: Gate) -> None:
    feature(gate)
    gate.branch("squashed")
    gate.run("merge", "--quiet", "--squash", "feature")
    (gate.work / "evil.py").write_text("import os\n")
    gate.run("add", "--all")
    gate.run("commit", "--quiet", "-m", "squashed")
    gate.branch("main")
    gate.run("merge", "--quiet", "--no-ff", "--no-edit", "squashed")


def same_patch_elsewhere_in_the_file(gate: Gate) -> None:
    """A patch id does not know where a change is: the same lines, put where they mean something else."""
    body = "def a():\n    check()\n    run()\n\n\ndef b():\n    check()\n    run()\n"
    gate.branch("start")
    gate.back_door("main", gate.commit({"twin.py": body}))
    gate.branch("feature")
    first = body.replace("    check()\n", "", 1)
    gate.settle(7, gate.commit({"twin.py": first}))
    gate.branch("main")
    head, _, tail = body.rpartition("    check()\n")
    gate.commit({"twin.py": head + tail})


def same_lines_after_a_nul(gate: Gate) -> None:
    """git's patch ids read a line up to its first NUL only."""
    gate.branch("feature")
    gate.settle(7, gate.commit({"nul.js": b"x = 1 //\0 fine\n"}))
    gate.branch("main")
    gate.commit({"nul.js": b"x = 1 //\0 evil\n"})


def other_content_of_a_binary_file(gate: Gate) -> None:
    gate.branch("feature")
    gate.settle(7, gate.commit({"tool.bin": bytes(range(256)) * 8}))
    gate.branch("main")
    gate.commit({"tool.bin": bytes(reversed(range(256))) * 8})


def mode_changed(gate: Gate) -> None:
    gate.branch("feature")
    gate.settle(7, gate.commit({"run": "#!/bin/sh\n"}))
    gate.branch("main")
    (gate.work / "run").write_text("#!/bin/sh\n")
    (gate.work / "run").chmod(0o755)
    gate.commit({})


def submodule_moved(gate: Gate) -> None:
    for number, branch in enumerate(("feature", "main")):
        gate.branch(branch)
        gate.run("update-index", "--add", "--cacheinfo", f"160000,{str(number + 1) * 40},lib")
        gate.run("commit", "--quiet", "-m", "submodule")
        if branch == "feature":
            gate.settle(7, gate.run("rev-parse", "HEAD"))


def part_of_a_rebase(gate: Gate) -> None:
    rebase(gate)
    gate.run("reset", "--quiet", "--hard", "HEAD~1")


def rebase_in_another_order(gate: Gate) -> None:
    feature(gate)
    moved_on(gate)
    gate.branch("main")
    gate.run("cherry-pick", "feature")
    gate.run("cherry-pick", "feature~1")


def cherry_pick_of_what_was_cleared_for_another_branch(gate: Gate) -> None:
    gate.back_door("stable", gate.bare_head())
    gate.branch("feature")
    head = gate.commit({"new.py": "x = 1\n"})
    gate.settle(7, head, branch="stable")
    gate.branch("main")
    gate.run("cherry-pick", head)


def head_cleared_for_another_branch(gate: Gate) -> None:
    gate.back_door("stable", gate.bare_head())
    gate.branch("feature")
    gate.settle(7, gate.commit({"new.py": "x = 1\n"}), branch="stable")


def revert(gate: Gate) -> None:
    feature(gate)
    gate.back_door("main", gate.run("rev-parse", "feature"))
    gate.branch("main")
    gate.run("revert", "--no-edit", "HEAD")


def force_push_back_to_a_cleared_head(gate: Gate) -> None:
    head = feature(gate)
    gate.back_door("main", head)
    gate.branch("more")
    gate.back_door("main", gate.commit({"more.py": "1\n"}))
    gate.run("checkout", "--quiet", "-B", "main", head)


def octopus(gate: Gate) -> None:
    for iid in (7, 8):
        gate.branch(f"feature{iid}")
        gate.settle(iid, gate.commit({f"{iid}.py": "1\n"}))
    moved_on(gate)
    gate.branch("main")
    gate.run("merge", "--quiet", "--no-ff", "--no-edit", "feature7", "feature8")


def unrelated_history(gate: Gate) -> None:
    feature(gate)
    gate.branch("main")
    gate.run("checkout", "--quiet", "--orphan", "orphan")
    gate.commit({"evil.py": "1\n"}, "root")
    gate.branch("main")
    gate.run("merge", "--quiet", "--no-edit", "--allow-unrelated-histories", "orphan")


def withdrawn(gate: Gate) -> None:
    head = feature(gate)
    gate.settle(7, head, lets_through=False)


def superseded(gate: Gate) -> None:
    head = feature(gate)
    gate.settle(7, gate.commit({"next.py": "1\n"}))
    gate.run("reset", "--quiet", "--hard", head)


def uncleared_below_what_is_cleared(gate: Gate) -> None:
    """A cleared change on top of one that nobody judged."""
    feature(gate)
    gate.branch("main")
    gate.commit({"evil.py": "import os\n"})
    gate.run("merge", "--quiet", "--squash", "feature")
    gate.run("commit", "--quiet", "-m", "squashed")


REFUSED = [
    direct_push,
    late_push,
    content_smuggled_into_a_merge,
    merge_that_drops_what_was_there,
    merge_of_part_of_a_merge_request,
    squash_with_something_added,
    squash_with_other_white_space,
    squash_and_merge_of_an_altered_squash,
    same_patch_elsewhere_in_the_file,
    same_lines_after_a_nul,
    other_content_of_a_binary_file,
    mode_changed,
    submodule_moved,
    part_of_a_rebase,
    rebase_in_another_order,
    cherry_pick_of_what_was_cleared_for_another_branch,
    head_cleared_for_another_branch,
    revert,
    force_push_back_to_a_cleared_head,
    octopus,
    unrelated_history,
    withdrawn,
    superseded,
    uncleared_below_what_is_cleared,
]


@pytest.mark.parametrize("scene", [*LET_THROUGH, *REFUSED], ids=lambda scene: scene.__name__)
def test_what_was_cleared_comes_in_and_nothing_else(gate: Gate, scene: Scene) -> None:
    """Asked, and by the list alone, which may let less through but never more."""
    scene(gate)
    before = gate.bare_head()
    force = scene is force_push_back_to_a_cleared_head
    with gate.bot():
        assert gate.push("HEAD:refs/heads/unprotected").ok
    alone = gate.push("HEAD:main", force=force)
    # Without the bot a rebase is not recognised: the list has no patch ids of single commits.
    expected = scene in LET_THROUGH and scene not in (rebase, rebase_of_one_with_merges_and_empty_commits)
    assert alone.ok is expected, alone.output
    assert (gate.bare_head() != before) is expected
    if not expected:
        assert any("does not answer" in line for line in alone.told)

    gate.back_door("main", before)
    with gate.bot():
        asked = gate.push("HEAD:main", force=force)
    assert asked.ok is (scene in LET_THROUGH), asked.output
    assert gate.bare_head() == (gate.run("rev-parse", "HEAD") if scene in LET_THROUGH else before)
    if scene in REFUSED:
        assert len(asked.told) >= 3, asked.output
        assert "main" in asked.told[0]


# --- What it says -----------------------------------------------------------------------------------------------------


def test_a_refusal_says_which_merge_request_it_is_and_what_to_do(gate: Gate) -> None:
    head = feature(gate, cleared=False)
    with write_session(gate.engine) as writing:
        raise_sequence(writing, PROJECT, 7, head_sha=head, target_branch="main")
    with gate.bot():
        told = gate.push("HEAD:main").told
    first, second = head[:12], gate.run("rev-parse", "HEAD~1")[:12]
    assert told == [
        "Mergewarden does not let this push into main: not everything in it was cleared.",
        f"commit {first} was not cleared for main",
        f"commit {second} was not cleared for main",
        "It is the head of merge request !7, of which no verdict lets it through: "
        "https://gitlab.example.com/shop/backend/-/merge_requests/7",
        "What to do: open a merge request into main, wait for the verdict that lets it through, and merge it there.",
    ]


def test_it_speaks_the_projects_language(gate: Gate) -> None:
    gate.language = Language.CHINESE
    direct_push(gate)
    with gate.bot():
        told = gate.push("HEAD:main").told
    assert told[0] == "Mergewarden 不允许此次推送进入 main：其中并非所有内容都已放行。"
    assert told[-1].startswith("处理方法：")
    # Without the bot as well.
    told = gate.push("HEAD:main").told
    assert told[0] == "Mergewarden 不允许此次推送进入 main：其中并非所有内容都已放行。"
    assert told[-1].startswith("Mergewarden 没有应答")


def test_a_hundred_reasons_are_not_all_told(gate: Gate) -> None:
    gate.branch("feature")
    for number in range(12):
        gate.commit({"x.py": f"{number}\n"})
    with gate.bot():
        told = gate.push("HEAD:main").told
    assert sum("was not cleared" in line for line in told) == 5
    assert "... and 7 more." in told


def test_nothing_secret_is_told(gate: Gate) -> None:
    direct_push(gate)
    outputs = []
    with gate.bot():
        outputs.append(gate.push("HEAD:main").output)
    outputs.append(gate.push("HEAD:main").output)
    gate.configure(url="http://127.0.0.1:1", cache_folder=None)
    outputs.append(gate.push("HEAD:main").output)
    (gate.hook.parent / "secret").write_text("short")
    outputs.append(gate.push("HEAD:main").output)
    assert all("GL-HOOK-ERR" in output for output in outputs)
    assert not any(SECRET in output for output in outputs)


# --- Which refs -------------------------------------------------------------------------------------------------------


def test_other_branches_and_tags_are_let_through_without_a_question(gate: Gate) -> None:
    direct_push(gate)
    with gate.bot():
        assert gate.push("HEAD:refs/heads/feature").ok
        asked = list(gate.requests)
        assert gate.push("HEAD:refs/tags/v1").ok
        assert gate.push("HEAD:refs/heads/another").ok
        assert gate.push(":refs/heads/another").ok
    assert asked == ["GET /hook/clearances"] == gate.requests
    # And while the bot is away nobody waits for it.
    for number in range(3):
        assert gate.push(f"HEAD:refs/heads/away{number}").ok


def test_a_pattern_protects_every_branch_that_it_covers(gate: Gate) -> None:
    protect(gate, "main", "release/*")
    gate.back_door("release/1.0", gate.bare_head())
    direct_push(gate)
    with gate.bot():
        assert not gate.push("HEAD:release/1.0").ok
        assert gate.push("HEAD:releases").ok


def test_a_protected_branch_may_be_made_of_what_is_on_another(gate: Gate) -> None:
    protect(gate, "main", "release/*")
    gate.branch("feature")
    with gate.bot():
        assert gate.push("HEAD:refs/heads/release/1.0").ok
        gate.commit({"evil.py": "1\n"})
        assert not gate.push("HEAD:refs/heads/release/2.0").ok
        # On a branch that is not protected it is in the repository, and still not cleared.
        assert gate.push("HEAD:refs/heads/feature").ok
        assert not gate.push("HEAD:refs/heads/release/2.0").ok


def test_a_protected_branch_that_is_deleted_brings_nothing_in(gate: Gate) -> None:
    protect(gate, "main", "release/*")
    gate.back_door("release/1.0", gate.bare_head())
    with gate.bot():
        assert gate.push(":release/1.0").ok


def test_one_refused_branch_refuses_the_whole_push(gate: Gate) -> None:
    direct_push(gate)
    with gate.bot():
        assert not gate.push("HEAD:refs/heads/fine", "HEAD:main").ok
    assert "fine" not in gate.run("branch", "--list", at=gate.bare)


def test_the_first_branch_of_an_empty_repository_needs_no_clearance(gate: Gate) -> None:
    gate.run("update-ref", "-d", "refs/heads/main", at=gate.bare)
    with gate.bot():
        assert gate.push("main:main").ok
        gate.commit({"evil.py": "1\n"})
        assert not gate.push("main:main").ok


def test_a_branch_made_again_elsewhere_is_refused(gate: Gate) -> None:
    """Deleted and pushed anew is as good as a force push."""
    direct_push(gate)
    gate.back_door("keep", gate.bare_head())
    gate.run("update-ref", "-d", "refs/heads/main", at=gate.bare)
    with gate.bot():
        assert not gate.push("HEAD:main").ok


@pytest.mark.parametrize("name", ["a\u2028b", "a\x85b", "中文/x", "a\u202eb", "{commit}{branch}", "a'b\"c"])
def test_a_branch_may_have_any_name(gate: Gate, name: str) -> None:
    """Also one that a careless reader would take for two lines."""
    protect(gate, "main", name)
    gate.back_door(name, gate.bare_head())
    gate.branch("feature")
    head = gate.commit({"new.py": "1\n"})
    with gate.bot():
        refused = gate.push(f"HEAD:refs/heads/{name}")
        gate.settle(7, head, branch=name)
        assert gate.push(f"HEAD:refs/heads/{name}").ok
    assert not refused.ok
    assert refused.told[0].startswith("Mergewarden does not let this push into")
    assert not set("\u2028\x85\u202e") & set(refused.output.split("\nTo ")[0])


def test_wikis_and_snippets_are_none_of_ours(gate: Gate) -> None:
    direct_push(gate)
    for name in ("wiki-412", "project-412-wiki", "snippet-3", "group-9-wiki", "design-412"):
        gate.environment["GL_REPOSITORY"] = name
        assert gate.push("HEAD:main").ok
        gate.commit({name: "1\n"})
    assert gate.requests == []


def test_a_project_that_is_not_served_is_let_through_unless_configured(gate: Gate) -> None:
    direct_push(gate)
    gate.serves = ()
    gate.refuse_unknown = True
    with gate.bot():
        assert not gate.push("HEAD:main").ok
    gate.refuse_unknown = False
    (gate.folder / "cache" / f"{PROJECT}.json").unlink()
    with gate.bot():
        assert gate.push("HEAD:main").ok
    with session(gate.engine) as reading:
        assert stored(reading, PROJECT) is None


def test_a_project_that_was_not_known_a_moment_ago_is_guarded_at_once(gate: Gate) -> None:
    """The list that says so is not believed for a minute, or the first merge request could be merged unseen."""
    gate.serves = ()
    with gate.bot():
        direct_push(gate)
        assert gate.push("HEAD:main").ok
        gate.serves = (PATH,)
        gate.commit({"more.py": "1\n"})
        assert not gate.push("HEAD:main").ok


def test_that_a_project_was_not_known_is_not_believed_for_ever(gate: Gate) -> None:
    gate.serves = ()
    with gate.bot():
        direct_push(gate)
        assert gate.push("HEAD:main").ok
    gate.commit({"more.py": "1\n"})
    gate.port = 1
    gate.configure()
    assert gate.push("HEAD:main").ok
    place = gate.folder / "cache" / f"{PROJECT}.json"
    place.write_text(json.dumps(old_list()))
    gate.commit({"again.py": "1\n"})
    assert not gate.push("HEAD:main").ok


def old_list() -> dict[str, str]:
    """The bot's list of two hours ago, when it did not know the project."""
    text = clearance_list(
        project_id=PROJECT,
        served=False,
        protected=(),
        clearances=(),
        texts=offline_texts(Language.ENGLISH),
        issued_at=int(time.time()) - 7200,
    )
    return {"list": text, "signature": sign_list(SECRET.encode(), text)}


def test_what_the_bot_does_not_know_as_protected_is_not_held_up(gate: Gate) -> None:
    """The hook's list may be older than the rule's end; the bot's word counts."""
    protect(gate, "main", "old")
    gate.back_door("old", gate.bare_head())
    direct_push(gate)
    with gate.bot():
        assert not gate.push("HEAD:old").ok
        protect(gate, "main")
        assert gate.push("HEAD:old").ok


# --- When something is not there --------------------------------------------------------------------------------------


def test_without_bot_and_list_nothing_is_let_through(gate: Gate) -> None:
    fast_forward(gate)
    pushed = gate.push("HEAD:main")
    assert not pushed.ok
    assert "does not answer" in pushed.told[0]
    assert "没有应答" in pushed.told[0]


def test_without_bot_and_list_all_is_let_through_where_configured(gate: Gate) -> None:
    direct_push(gate)
    gate.configure(when_unreachable="allow")
    pushed = gate.push("HEAD:main")
    assert pushed.ok
    assert "does not answer" in pushed.output


def test_a_list_that_is_too_old_clears_nothing_and_still_says_what_is_protected(gate: Gate) -> None:
    fast_forward(gate)
    gate.clock_shift = 299.0 - 4000.0
    age(gate, 3601)
    pushed = gate.push("HEAD:main")
    assert not pushed.ok
    assert pushed.told == [pushed.told[0]]
    assert "does not answer" in pushed.told[0]
    assert gate.push("HEAD:refs/heads/unprotected").ok


def test_a_list_that_somebody_changed_is_not_believed(gate: Gate) -> None:
    direct_push(gate)
    with gate.bot():
        assert not gate.push("HEAD:main").ok
    place = gate.folder / "cache" / f"{PROJECT}.json"
    envelope = json.loads(place.read_text())
    document = json.loads(envelope["list"])
    document["clearances"] = [{"branch": "main", "head": gate.run("rev-parse", "HEAD"), "patch_id": None}]
    place.write_text(json.dumps({**envelope, "list": json.dumps(document)}))
    assert not gate.push("HEAD:main").ok
    for rubbish in ("", "[]", "{", '{"list": 3}', '{"list": "{}", "signature": null}'):
        place.write_text(rubbish)
        assert not gate.push("HEAD:main").ok


def test_the_list_of_another_project_is_not_believed(gate: Gate) -> None:
    fast_forward(gate)
    with gate.bot():
        assert gate.push("HEAD:refs/heads/unprotected").ok
    folder = gate.folder / "cache"
    (folder / f"{PROJECT}.json").rename(folder / "413.json")
    (folder / f"{PROJECT}.json.asked").rename(folder / "413.json.asked")
    gate.environment["GL_REPOSITORY"] = "project-413"
    assert not gate.push("HEAD:main").ok


def test_an_answer_that_is_not_the_bots_is_not_believed(gate: Gate) -> None:
    direct_push(gate)
    body = b'{"version": 1, "updates": []}'
    for signature in (b"", b"X-Mergewarden-Signature: " + b"0" * 64 + b"\r\n"):
        answer = b"HTTP/1.1 200 OK\r\n%sContent-Length: %d\r\n\r\n%s" % (signature, len(body), body)
        with socket.create_server(("127.0.0.1", 0)) as server:
            gate.configure(url=f"http://127.0.0.1:{server.getsockname()[1]}", cache_folder=None)
            child = subprocess.Popen(
                [sys.executable, "-c", _SERVER, answer.hex()], stdin=server.fileno(), stdout=subprocess.PIPE
            )
            try:
                pushed = gate.push("HEAD:main")
            finally:
                child.kill()
                child.wait()
        assert not pushed.ok
        assert "not signed" in pushed.told[0]


_SERVER = """
import socket, sys
server = socket.socket(fileno=0)
while True:
    client, _ = server.accept()
    client.recv(1 << 20)
    client.sendall(bytes.fromhex(sys.argv[1]))
    client.close()
"""


def test_a_bot_that_does_not_answer_in_time_is_not_waited_for(gate: Gate) -> None:
    direct_push(gate)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        gate.configure(url=f"http://127.0.0.1:{silent.getsockname()[1]}", timeout=0.3)
        started = time.monotonic()
        pushed = gate.push("HEAD:main")
    assert not pushed.ok
    # Once, and not for the list and the question each.
    assert time.monotonic() - started < 3


def test_clocks_that_differ_too_much_are_named(gate: Gate) -> None:
    direct_push(gate)
    gate.clock_shift = 400.0
    with gate.bot():
        pushed = gate.push("HEAD:main")
    assert not pushed.ok
    assert "HTTP 401" in pushed.told[0]


@pytest.mark.parametrize(
    "settings",
    [
        {"url": "gitlab.example.com"},
        {"url": "http://user:password@bot.example.com"},
        {"url": 3},
        {"when_unreachable": "perhaps"},
        {"when_unreachabel": "allow"},
        {"timeout": 0},
        {"timeout": "soon"},
        {"timeout": 3600},
        {"secret_file": None},
        {"secret_file": "/nowhere/secret"},
        {"git": "/nowhere/git"},
    ],
    ids=str,
)
def test_wrong_settings_refuse_everything(gate: Gate, settings: dict[str, object]) -> None:
    direct_push(gate)
    with gate.bot():
        gate.configure(**settings)
        pushed = gate.push("HEAD:main")
    assert not pushed.ok
    assert "does not work" in pushed.told[0]


@pytest.mark.parametrize("text", ["", "{", "[]", '"x"', "null"])
def test_settings_that_are_no_settings_refuse_everything(gate: Gate, text: str) -> None:
    direct_push(gate)
    (gate.hook.parent / "mergewarden-hook.json").write_text(text)
    pushed = gate.push("HEAD:main")
    assert not pushed.ok
    assert "does not work" in pushed.told[0]


def test_without_gitaly_it_does_not_work(gate: Gate) -> None:
    del gate.environment["GL_REPOSITORY"]
    assert "does not work" in gate.push("main:refs/heads/any").told[0]


# --- What the repository's owner cannot do ----------------------------------------------------------------------------


def test_replaced_and_grafted_history_deceives_nobody(gate: Gate) -> None:
    head = feature(gate)
    gate.branch("evil")
    evil = gate.commit({"evil.py": "1\n"})
    gate.run("push", "--quiet", str(gate.bare), f"{evil}:refs/heads/evil", f"{head}:refs/heads/feature")
    gate.run("update-ref", f"refs/replace/{evil}", head, at=gate.bare)
    (gate.bare / "info").mkdir(exist_ok=True)
    (gate.bare / "info" / "grafts").write_text(f"{evil} {head}\n")
    with gate.bot():
        assert not gate.push(f"{evil}:main").ok


def test_attributes_and_settings_of_the_repository_deceive_nobody(gate: Gate) -> None:
    gate.run("config", "diff.hide.textconv", "true", at=gate.bare)
    gate.run("config", "diff.external", "true", at=gate.bare)
    gate.run("config", "diff.noprefix", "true", at=gate.bare)
    gate.run("config", "merge.take.driver", "true", at=gate.bare)
    (gate.bare / "info").mkdir(exist_ok=True)
    (gate.bare / "info" / "attributes").write_text("*.py diff=hide -text\n*.bin diff=hide\n")
    squash(gate)
    with gate.bot():
        assert gate.push("HEAD:main").ok
        squash_with_more = gate.commit({"evil.py": "1\n"})
        assert not gate.push(f"{squash_with_more}:main").ok


def test_nothing_is_written_among_the_repositorys_objects(gate: Gate) -> None:
    merge_commit(gate)
    gate.run("push", "--quiet", str(gate.bare), "HEAD:refs/heads/there")
    before = sorted(path for path in (gate.bare / "objects").rglob("*") if path.is_file())
    with gate.bot():
        assert gate.push("HEAD:main").ok
    assert sorted(path for path in (gate.bare / "objects").rglob("*") if path.is_file()) == before


# --- Around it --------------------------------------------------------------------------------------------------------


def test_the_bot_learns_that_the_hook_is_there(gate: Gate) -> None:
    with gate.bot():
        gate.branch("feature")
        assert gate.push("HEAD:refs/heads/feature").ok
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            with session(gate.engine) as reading:
                known = stored(reading, PROJECT)
            if known is not None:
                break
            time.sleep(0.01)
    assert known is not None
    assert known.hook_seen_at is not None


def test_it_can_be_tried_after_setting_it_up(gate: Gate) -> None:
    with gate.bot():
        code, output = check(gate)
        assert (code, output.strip()) == (0, f"all is well: {gate.hook.parent / 'mergewarden-hook.json'}")
        (gate.hook.parent / "secret").chmod(0o644)
        gate.configure(cache_folder=None)
        code, output = check(gate)
    assert code == 1
    assert "can be read by others" in output
    assert "cache_folder" in output
    code, output = check(gate)
    assert code == 1
    assert "does not answer" in output


def test_a_pattern_of_many_stars_keeps_nobody_waiting() -> None:
    """Whoever may protect branches writes the pattern, and the server's processor works it out."""
    asked = "from tests.deploy.gate import load_script; print(load_script().covers('*a' * 25 + '*b', 'a' * 250))"
    done = subprocess.run([sys.executable, "-c", asked], capture_output=True, timeout=20, check=True)
    assert done.stdout == b"False\n"


@pytest.mark.parametrize("pattern", ["main", "*", "**", "a*", "*a", "a*a", "*a*b*", "a*b*a", "a.c", "rel/*/x", "a\n*"])
def test_hook_and_bot_protect_the_same_branches(pattern: str) -> None:
    names = ["main", "a", "aa", "ab", "aba", "abba", "abc", "rel/1/x", "rel//x", "a\nb", "mainly", ""]
    assert [load_script().covers(pattern, name) for name in names] == [is_protected(name, [pattern]) for name in names]


def test_trying_the_hook_does_not_count_as_its_being_at_work(gate: Gate) -> None:
    with write_session(gate.engine) as writing:
        projects.upsert_projects(writing, [projects.Project(1, "shop/first", "https://x", "https://x.git", "main")])
    with gate.bot():
        assert check(gate)[0] == 0
    with session(gate.engine) as reading:
        assert stored(reading, 1) is None


def check(gate: Gate) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, str(gate.hook), "--check"], capture_output=True, env={"PATH": os.environ["PATH"]}, check=False
    )
    return done.returncode, done.stdout.decode()


def test_the_script_is_small_and_needs_nothing_but_an_old_python() -> None:
    source = SCRIPT.read_text("utf-8")
    tree = ast.parse(source, feature_version=(3, 6))
    imported = {
        name.split(".")[0]
        for node in ast.walk(tree)
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }
    assert imported <= sys.stdlib_module_names
    assert not any("capture_output" in line or "removeprefix" in line for line in source.splitlines())
    assert SCRIPT.stat().st_mode & 0o111
    assert len(source.splitlines()) < 450


def test_the_example_of_the_settings_is_one(gate: Gate) -> None:
    example = json.loads((SCRIPT.parent / "mergewarden-hook.example.json").read_text())
    with gate.bot():
        example |= {"url": f"http://127.0.0.1:{gate.port}", "secret_file": str(gate.hook.parent / "secret")}
        gate.configure(**{**example, "cache_folder": str(gate.folder / "cache")})
        assert check(gate)[0] == 0


def test_hook_and_bot_print_changes_alike() -> None:
    assert tuple(load_script().PATCH_OPTIONS) == PATCH_OPTIONS


def protect(gate: Gate, *names: str) -> None:
    """What the check of the project would have read from GitLab."""
    with write_session(gate.engine) as writing:
        record(writing, PROJECT, Enforcement(Level.L0, (), ()), {"protected_names": list(names)}, NOON)
    cached = gate.folder / "cache" / f"{PROJECT}.json"
    if len(names) > 1:
        cached.unlink(missing_ok=True)


def age(gate: Gate, seconds: int) -> None:
    """Give the hook a list that was made so many seconds ago."""
    with session(gate.engine) as reading:
        found = clearances.recent(reading, PROJECT, branches=None, now=datetime.now(UTC), limit=10)
    text = clearance_list(
        project_id=PROJECT,
        served=True,
        protected=["main"],
        clearances=found,
        texts=offline_texts(Language.ENGLISH),
        issued_at=int(time.time()) - seconds,
    )
    folder = gate.folder / "cache"
    folder.mkdir(exist_ok=True)
    (folder / f"{PROJECT}.json").write_text(json.dumps({"list": text, "signature": sign_list(SECRET.encode(), text)}))
