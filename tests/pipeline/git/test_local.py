from __future__ import annotations

import os
import stat
from pathlib import Path, PurePosixPath

import pytest

from bot.domain.change import ChangeKind
from bot.pipeline.git import CommitNotFound, GitError, LocalSource
from bot.pipeline.workspace import materialise
from tests.pipeline.git.builder import Builder, Link, git


@pytest.fixture
def work(tmp_path: Path) -> Path:
    """A work tree with one commit."""
    folder = tmp_path / "work"
    folder.mkdir()
    git(folder, "init", "--quiet", "--initial-branch=main")
    (folder / "src").mkdir()
    (folder / "src/a.py").write_text("one\ntwo\nthree\n")
    (folder / "run.sh").write_text("echo\n")
    (folder / "run.sh").chmod(0o755)
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "-m", "first")
    return folder


def paths_of(source: LocalSource, tree: str) -> list[str]:
    return [str(entry.path) for entry in source.tree(tree)]


def test_clean_work_tree_is_the_tree_of_its_commit(work: Path) -> None:
    with LocalSource.open(work) as source:
        assert source.is_git
        assert source.snapshot() == git(work, "rev-parse", "HEAD^{tree}")
        assert source.unread == ()


def test_snapshot_is_what_is_on_disk(work: Path) -> None:
    (work / ".gitignore").write_text("ignored\n*.log\n")
    (work / "ignored").write_text("x")
    (work / 'src/new\n"name').write_text("new\n")
    (work / "src/a.py").write_text("one\ntwo and a half\nthree\n")
    (work / "run.sh").unlink()
    (work / "forced.log").write_text("tracked although ignored\n")
    git(work, "add", "-f", "forced.log")
    os.mkfifo(work / "pipe")
    with LocalSource.open(work) as source:
        tree = source.snapshot()
        assert paths_of(source, tree) == [".gitignore", "forced.log", "src/a.py", 'src/new\n"name']
        changes = source.changes(source.resolve("HEAD"), tree)
    kinds = {str(change.new_path or change.old_path): change.kind for change in changes}
    assert kinds["src/a.py"] is ChangeKind.MODIFIED
    assert kinds["run.sh"] is ChangeKind.DELETED


def test_snapshot_agrees_with_git_itself(work: Path) -> None:
    for name in ("b", "b.c", "b/c", "b0", "z/y/x/w", "z/y.x"):
        place = work / "tree" / (name if name != "b" else "b-")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(name)
    (work / "link").symlink_to("/etc/passwd")
    with LocalSource.open(work) as source:
        mine = source.snapshot()
    git(work, "add", ".")
    assert mine == git(work, "write-tree")


def test_user_repository_is_not_written_to(work: Path) -> None:
    (work / "new").write_text("x" * 100)
    before = {place: place.lstat().st_mtime_ns for place in sorted(work.rglob("*"))}
    with LocalSource.open(work) as source:
        source.changes(source.resolve("HEAD"), source.snapshot())
    assert {place: place.lstat().st_mtime_ns for place in sorted(work.rglob("*"))} == before


def test_symbolic_links_are_never_followed(work: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.py").write_text("password")
    (work / "passwd").symlink_to("/etc/passwd")
    (work / "dir").symlink_to(outside)
    (work / "src/a.py").unlink()
    (work / "src").rmdir()
    (work / "src").symlink_to(outside)
    (outside / "a.py").write_text("not yours")
    units = tmp_path / "units"
    units.mkdir()
    with LocalSource.open(work) as source:
        entries = source.tree(source.snapshot())
        links = {str(entry.path) for entry in entries if not entry.is_file}
        assert links == {"passwd", "dir", "src"}
        assert [str(entry.path) for entry in entries if entry.is_file] == ["run.sh"]
        result = materialise(source, {"head": entries}, units)
    assert [str(file.path) for file in result.files["head"]] == ["run.sh"]
    assert [place.read_text() for place in units.iterdir()] == ["echo\n"]


def test_plain_folder_gives_everything_but_git_folders(tmp_path: Path) -> None:
    folder = tmp_path / "plain"
    (folder / "sub/.git").mkdir(parents=True)
    (folder / "sub/.git/config").write_text("x")
    (folder / ".gitignore").write_text("*\n")
    (folder / "sub/a.py").write_text("1")
    (folder / os.fsdecode(b"\xff.py")).write_text("2")
    (folder / "passwd").symlink_to("/etc/passwd")
    with LocalSource.open(folder) as source:
        assert not source.is_git
        entries = source.tree(source.snapshot())
        assert [(str(e.path), e.is_file) for e in entries] == [
            (".gitignore", True),
            ("passwd", False),
            ("sub/a.py", True),
            ("\\xff.py", True),
        ]
        with pytest.raises(CommitNotFound):
            source.resolve("HEAD")


def test_empty_folder_is_an_empty_tree(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with LocalSource.open(tmp_path / "empty") as source:
        assert source.tree(source.snapshot()) == []


def test_deep_folders_are_no_problem(tmp_path: Path) -> None:
    deep = tmp_path / "plain" / "/".join("d" * 400)
    deep.mkdir(parents=True)
    (deep / "a.py").write_text("1")
    with LocalSource.open(tmp_path / "plain") as source:
        assert len(source.tree(source.snapshot())) == 1


def test_bare_repository_is_read(builder: Builder) -> None:
    first = builder.commit({"a": "1"})
    second = builder.commit({"b": Link(b"a")})
    with LocalSource.open(builder.path) as source:
        assert (source.has_work_tree, source.resolve("main"), source.resolve("HEAD~1")) == (False, second, first)
        assert paths_of(source, source.snapshot()) == ["a", "b"]


@pytest.mark.parametrize("packed", [False, True])
def test_names_are_found_wherever_git_keeps_them(work: Path, packed: bool) -> None:
    head = git(work, "rev-parse", "HEAD")
    git(work, "tag", "-a", "-m", "x", "v1")
    git(work, "update-ref", "refs/remotes/origin/feature/x", head)
    git(work, "symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/feature/x")
    if packed:
        git(work, "pack-refs", "--all")
    with LocalSource.open(work) as source:
        for ref in ("HEAD", "main", "v1", "origin/feature/x", "origin", head[:12], "main^0"):
            assert source.resolve(ref) == head


def test_linked_work_tree_and_folder_inside_it(work: Path, tmp_path: Path) -> None:
    git(work, "worktree", "add", "--quiet", "-b", "side", str(tmp_path / "linked"))
    linked = tmp_path / "linked"
    (linked / "src/b.py").write_text("b\n")
    with LocalSource.open(linked / "src") as source:
        assert (source.root, source.prefix) == (linked, PurePosixPath("src"))
        assert source.resolve("HEAD") == git(work, "rev-parse", "side")
        assert paths_of(source, source.snapshot()) == ["run.sh", "src/a.py", "src/b.py"]


def test_shallow_clone_has_a_past_that_ends(builder: Builder, tmp_path: Path) -> None:
    for number in range(4):
        builder.commit({"a": f"{number}\n"})
    git(tmp_path, "clone", "--quiet", "--depth=2", f"file://{builder.path}", "shallow")
    with LocalSource.open(tmp_path / "shallow") as source:
        head, before = source.resolve("HEAD"), source.resolve("HEAD~1")
        assert source.merge_base(head, before) == before
        with pytest.raises(CommitNotFound):
            source.resolve("HEAD~2")


def test_sha256_repository_is_read(tmp_path: Path) -> None:
    builder = Builder(tmp_path / "r.git", object_format="sha256")
    head = builder.commit({"a": "1"})
    git(tmp_path, "clone", "--quiet", str(builder.path), "clone")
    (tmp_path / "clone/a").write_text("2")
    with LocalSource.open(tmp_path / "clone") as source:
        assert source.resolve("HEAD") == head
        assert [change.kind for change in source.changes(head, source.snapshot())] == [ChangeKind.MODIFIED]


def test_sparse_checkout_deletes_nothing(work: Path) -> None:
    git(work, "sparse-checkout", "set", "--cone", "other")
    assert not (work / "src").exists()
    with LocalSource.open(work) as source:
        assert source.changes(source.resolve("HEAD"), source.snapshot()) == ()


def test_submodule_and_nested_repository_are_not_entered(work: Path, builder: Builder) -> None:
    builder.commit({"inner.py": "1"})
    git(work, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(builder.path), "module")
    git(work, "commit", "--quiet", "-m", "module")
    git(work, "clone", "--quiet", str(builder.path), "nested")
    with LocalSource.open(work) as source:
        tree = source.snapshot()
        assert tree == git(work, "rev-parse", "HEAD^{tree}")
        module = next(entry for entry in source.tree(tree) if entry.path.name == "module")
        assert (stat.S_IFMT(module.mode), module.is_file) == (0o160000, False)


def test_hostile_repository_runs_nothing(work: Path, tmp_path: Path) -> None:
    """Everything that git would run for its owner is set; git itself proves that the trap works."""
    trap = tmp_path / "trap.sh"
    sprung = tmp_path / "sprung"
    trap.write_text(f'#!/bin/sh\necho "$0 $*" >> {sprung}\ncat\n')
    trap.chmod(0o755)
    for hook in ("post-index-change", "reference-transaction", "post-checkout", "pre-auto-gc", "fsmonitor-watchman"):
        (work / ".git/hooks").mkdir(exist_ok=True)
        (work / ".git/hooks" / hook).write_bytes(trap.read_bytes())
        (work / ".git/hooks" / hook).chmod(0o755)
    (tmp_path / "included").write_text(f"[diff]\n\texternal = {trap}\n")
    (work / ".git/config").write_text(
        (work / ".git/config").read_text()
        + f"[core]\n\tfsmonitor = {trap}\n\tpager = {trap}\n\tsshCommand = {trap}\n\talternateRefsCommand = {trap}\n"
        + f'[filter "x"]\n\tclean = {trap}\n\tsmudge = {trap}\n\tprocess = {trap}\n\trequired = true\n'
        + f'[diff "x"]\n\ttextconv = {trap}\n\tcommand = {trap}\n[include]\n\tpath = {tmp_path / "included"}\n'
        + "[extensions]\n\tpartialClone = evil\n"
        + f'[remote "evil"]\n\turl = ext::{trap}\n\tpromisor = true\n[protocol "ext"]\n\tallow = always\n'
        + f"[credential]\n\thelper = !{trap}\n[uploadpack]\n\tpackObjectsHook = {trap}\n"
        + f"[alias]\n\tls-files = !{trap}\n\tdiff-tree = !{trap}\n"
    )
    (work / ".gitattributes").write_text("* filter=x diff=x merge=x text working-tree-encoding=UTF-16\n")
    (work / ".git/info").mkdir(exist_ok=True)
    (work / ".git/info/attributes").write_text("* filter=x diff=x -text binary\n")
    (work / "src/a.py").write_text("one\nTWO\nthree\n")
    units = tmp_path / "units"
    units.mkdir()
    with LocalSource.open(work) as source:
        head = source.resolve("HEAD")
        tree = source.snapshot()
        changes = source.changes(head, tree)
        materialise(source, {"head": source.tree(tree), "base": source.tree(head)}, units)
        assert not source.has_commit("f" * 40)
        assert source.merge_base(head, head) == head
    assert not sprung.exists()
    assert [len(change.hunks) for change in changes if str(change.new_path) == "src/a.py"] == [1]
    assert "TWO" in "".join(place.read_text() for place in units.iterdir())
    git(work, "-c", "filter.x.process=", "-c", "filter.x.required=false", "status")
    assert sprung.exists()


@pytest.mark.parametrize(
    "line",
    [
        "{sha} refs/heads/../../x",
        "{sha} refs/heads/a b",
        "{sha} not/a/ref",
        "garbage",
        "{sha} refs/heads/x.lock",
        "^{sha}",
    ],
)
def test_malformed_names_do_no_harm(work: Path, line: str) -> None:
    head = git(work, "rev-parse", "HEAD")
    (work / ".git/packed-refs").write_text(line.format(sha=head) + f"\n{head} refs/heads/fine\n")
    (work / ".git/refs/heads/link").symlink_to("/etc/passwd")
    with LocalSource.open(work) as source:
        assert source.resolve("fine") == head


def test_replaced_objects_are_not_believed(work: Path) -> None:
    head = git(work, "rev-parse", "HEAD:src/a.py")
    other = git(work, "hash-object", "-w", "--stdin", stdin=b"harmless\n")
    git(work, "replace", head, other)
    with LocalSource.open(work) as source:
        (entry,) = source.tree(source.resolve("HEAD"), [PurePosixPath("src/a.py")])
        assert source.read_blob(entry.blob, 100) == b"one\ntwo\nthree\n"


def test_index_that_lies_about_a_file_does_not_hide_it(work: Path) -> None:
    git(work, "update-index", "--assume-unchanged", "src/a.py")
    (work / "src/a.py").write_text("evil\n")
    with LocalSource.open(work) as source:
        assert len(source.changes(source.resolve("HEAD"), source.snapshot())) == 1


@pytest.mark.parametrize("content", ["gitdir: /nowhere\n", "rubbish", ""])
def test_broken_git_file_is_an_error_that_says_so(tmp_path: Path, content: str) -> None:
    (tmp_path / "x").mkdir()
    (tmp_path / "x/.git").write_text(content)
    with pytest.raises(GitError, match=r"\.git"), LocalSource.open(tmp_path / "x"):
        pass


def test_missing_folder_is_an_error_that_says_so(tmp_path: Path) -> None:
    with pytest.raises(GitError, match="not a folder"), LocalSource.open(tmp_path / "nowhere"):
        pass


def test_large_local_file_is_listed_and_left_where_it_is(work: Path, tmp_path: Path) -> None:
    with (work / "big.png").open("wb") as file:
        file.truncate(20_000_000)
    with (work / "large.py").open("wb") as file:
        file.write(b"x = 1\n" * 4_000_000)
    units = tmp_path / "units"
    units.mkdir()
    with LocalSource.open(work, scratch_root=tmp_path / "scratch") as source:
        tree = source.snapshot()
        changes = {str(change.new_path): change for change in source.changes(source.resolve("HEAD"), tree)}
        assert changes["big.png"].binary
        result = materialise(source, {"head": source.tree(tree)}, units)
        used = sum(place.stat().st_size for place in (tmp_path / "scratch").rglob("*") if place.is_file())
        assert used < 1_000_000
    assert [(str(f.path), f.unread) for f in result.files["head"] if f.unit is None] == [("large.py", "too_large")]
