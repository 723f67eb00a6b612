from __future__ import annotations

import time
from pathlib import Path, PurePosixPath

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.domain.change import ChangeKind, FileChange, Hunk
from bot.pipeline.git import CommitNotFound, CorruptRepository, GitError, Repository
from bot.pipeline.git.repository import DiffAlgorithm
from tests.examples import examples
from tests.pipeline.git.builder import Builder, Content, Executable, Link, Submodule, git

TEXT = "".join(f"line {n}\n" for n in range(1, 41))


def only(changes: tuple[FileChange, ...]) -> FileChange:
    assert len(changes) == 1, changes
    return changes[0]


def change_of(
    builder: Builder,
    repository: Repository,
    before: dict[str | bytes, Content],
    after: dict[str | bytes, Content],
    **options: object,
) -> tuple[FileChange, ...]:
    base = builder.commit(before)
    head = builder.commit(after)
    return repository.changes(base, head, **options)  # type: ignore[arg-type]


def test_edited_file_has_its_hunks(builder: Builder, repository: Repository) -> None:
    edited = TEXT.replace("line 3\n", "line three\nand a half\n").replace("line 30\n", "")
    change = only(change_of(builder, repository, {"a.py": TEXT}, {"a.py": edited}))
    assert change == FileChange(
        ChangeKind.MODIFIED,
        PurePosixPath("a.py"),
        PurePosixPath("a.py"),
        (Hunk(3, 1, 3, 2), Hunk(30, 1, 30, 0)),
    )


def test_renamed_and_edited_file_keeps_its_line_map(builder: Builder, repository: Repository) -> None:
    change = only(change_of(builder, repository, {"old.py": TEXT}, {"old.py": None, "new/name.py": "first\n" + TEXT}))
    assert (change.kind, str(change.old_path), str(change.new_path)) == (ChangeKind.RENAMED, "old.py", "new/name.py")
    assert change.new_line_of(1) == 2


def test_copy_of_an_edited_file_is_a_copy(builder: Builder, repository: Repository) -> None:
    changes = change_of(builder, repository, {"a.py": TEXT}, {"a.py": TEXT + "more\n", "b.py": TEXT + "other\n"})
    copied = next(change for change in changes if change.kind is ChangeKind.COPIED)
    assert (str(copied.old_path), str(copied.new_path), copied.hunks) == ("a.py", "b.py", (Hunk(40, 0, 41, 1),))


def test_added_and_deleted_files_are_one_hunk_each(builder: Builder, repository: Repository) -> None:
    changes = change_of(
        builder, repository, {"gone": "a\nb\n"}, {"gone": None, "new": "x\ny\nz", "empty": "", "nul": b"\0\n\0"}
    )
    by_path = {str(change.new_path or change.old_path): change for change in changes}
    assert by_path["gone"] == FileChange(ChangeKind.DELETED, PurePosixPath("gone"), None, (Hunk(1, 2, 0, 0),))
    assert by_path["new"] == FileChange(ChangeKind.ADDED, None, PurePosixPath("new"), (Hunk(0, 0, 1, 3),))
    assert by_path["empty"].hunks == ()
    assert not by_path["empty"].binary
    assert by_path["nul"].binary


def test_mode_change_and_pure_rename_keep_every_line(builder: Builder, repository: Repository) -> None:
    changes = change_of(
        builder,
        repository,
        {"run.sh": TEXT, "a.py": "x\n" * 30},
        {"run.sh": Executable(TEXT.encode()), "a.py": None, "b.py": "x\n" * 30},
    )
    assert {change.kind for change in changes} == {ChangeKind.MODIFIED, ChangeKind.RENAMED}
    assert all(change.hunks == () and change.new_line_of(7) == 7 for change in changes)


def test_links_and_submodules_have_no_lines(builder: Builder, repository: Repository) -> None:
    changes = change_of(
        builder,
        repository,
        {"file": TEXT, "module": Submodule("1" * 40)},
        {"file": Link(b"/etc/passwd"), "module": Submodule("2" * 40), "link": Link(b"../../etc/passwd")},
    )
    kinds = {str(change.new_path): change.kind for change in changes}
    assert kinds == {
        "file": ChangeKind.TYPE_CHANGED,
        "module": ChangeKind.MODIFIED,
        "link": ChangeKind.ADDED,
    }
    assert all(change.binary and change.hunks == () for change in changes)


HOSTILE_NAMES = [
    b"new\nline.py",
    b"tab\tand \"quotes\" 'both'.py",
    b"\xff\xfe not utf-8.py",
    b"-rf",
    b"--output=x",
    b":(glob)**",
    b"a -> b => c",
    b"{old => new}.py",
    b"\xe2\x80\xaetxt.py",
    b" ",
    b"$(touch x)`id`;",
    b"d/" * 200 + b"deep.py",
    b"n" * 3000,
]


@pytest.mark.parametrize("name", HOSTILE_NAMES, ids=[str(n) for n in range(len(HOSTILE_NAMES))])
def test_hostile_names_are_only_names(builder: Builder, repository: Repository, name: bytes) -> None:
    expected = PurePosixPath(name.decode("utf-8", "backslashreplace"))
    base = builder.commit({"plain": "1\n", name: TEXT})
    head = builder.commit({name: TEXT + "more\n"})
    change = only(repository.changes(base, head))
    assert (change.new_path, change.hunks) == (expected, (Hunk(40, 0, 41, 1),))
    assert only(repository.changes(base, head, paths={expected})) == change
    (entry,) = repository.tree(head, [expected])
    assert (entry.path, entry.raw_path, entry.size) == (expected, name, len(TEXT) + 5)


def test_renamed_hostile_names(builder: Builder, repository: Repository) -> None:
    changes = change_of(
        builder, repository, {b"a\n\xff": TEXT}, {b"a\n\xff": None, b'"b\t': TEXT + "x\n", "big": b"\0" * 17_000_000}
    )
    renamed = next(change for change in changes if change.kind is ChangeKind.RENAMED)
    assert (str(renamed.old_path), str(renamed.new_path)) == ("a\n\\xff", '"b\t')


@pytest.mark.parametrize("name", ["..", ".", "a/b"])
def test_names_that_climb_out_of_the_tree_are_made_harmless(
    builder: Builder, repository: Repository, name: str
) -> None:
    blob = git(builder.path, "hash-object", "-w", "--stdin", stdin=b"x\n")
    inner = b"100644 evil\0" + bytes.fromhex(blob)
    sub = git(builder.path, "hash-object", "-w", "-t", "tree", "--stdin", "--literally", stdin=inner)
    outer = b"40000 " + name.encode() + b"\0" + bytes.fromhex(sub)
    tree = git(builder.path, "hash-object", "-w", "-t", "tree", "--stdin", "--literally", stdin=outer)
    empty = git(builder.path, "mktree", stdin=b"")
    (entry,) = repository.tree(tree)
    assert ".." not in entry.path.parts
    assert not entry.path.is_absolute()
    change = only(repository.changes(empty, tree))
    assert change.new_path == entry.path


def test_content_that_looks_like_a_diff_cannot_pass_for_one(builder: Builder, repository: Repository) -> None:
    fake = "diff --git a/00000001 b/00000001\n@@ -1 +1 @@\n--- a/x\n+++ b/x\nBinary files a and b differ\n"
    changes = change_of(
        builder,
        repository,
        {"a": "1\n2\n", "b": "- x\n++ y\n@@ -1,9 +1,9 @@\n"},
        {"a": "1\n" + fake * 3 + "2", "b": "\\ No newline at end of file\n" + fake},
    )
    assert [change.hunks for change in changes] == [(Hunk(2, 1, 2, 16),), (Hunk(1, 3, 1, 6),)]


def test_without_a_common_past_there_is_no_merge_base(builder: Builder, repository: Repository) -> None:
    one = builder.commit({"a": "1"})
    two = builder.commit({"a": "2"})
    side = builder.commit({"b": "3"}, ref="refs/heads/side", parents=[one])
    other = builder.commit({"c": "4"}, ref="refs/heads/other", parents=[])
    assert repository.merge_base(two, side) == one
    assert repository.merge_base(two, other) is None
    with pytest.raises(CommitNotFound):
        repository.merge_base(two, "f" * 40)


def test_crosswise_merge_cannot_bring_back_what_the_target_removed(builder: Builder, repository: Repository) -> None:
    """Both sides merged the same two commits: against the one that still had the weakness nothing would be new."""
    start = builder.commit({"a.py": "eval(x)\n"})
    weak = builder.commit({"b.py": "1\n"}, parents=[start])
    mended = builder.commit({"a.py": "x\n"}, ref="refs/heads/mend", parents=[start])
    target = builder.commit({"a.py": "x\n", "b.py": "1\n"}, ref="refs/heads/t", parents=[weak, mended])
    evil = builder.commit({"a.py": "eval(x)\n", "b.py": "1\n"}, ref="refs/heads/e", parents=[weak, mended])
    base = repository.merge_base(target, evil)
    assert base is not None
    assert [str(change.new_path) for change in repository.changes(base, evil)] == ["a.py"]
    assert base == target


@pytest.mark.parametrize("ref", ["--all", "nope", "", "main\nmain", "HEAD:a", "main^{tree}:"])
def test_what_is_no_commit_is_refused(builder: Builder, repository: Repository, ref: str) -> None:
    builder.commit({"a": "1"})
    with pytest.raises(CommitNotFound):
        repository.resolve(ref)


def test_revisions_are_resolved(builder: Builder, repository: Repository) -> None:
    one = builder.commit({"a": "1"})
    two = builder.commit({"a": "2"})
    assert [repository.resolve(ref) for ref in ("main", "main~1", two, two[:10])] == [two, one, two, two]
    assert repository.has_commit(one)
    assert not repository.has_commit("0" * 40)
    assert not repository.has_commit("main")


def test_only_asked_paths_get_lines_and_the_others_do_not_pretend(builder: Builder, repository: Repository) -> None:
    base = builder.commit({"a": TEXT, "b": TEXT})
    head = builder.commit({"a": TEXT + "x\n", "b": TEXT + "x\n"})
    a, b = repository.changes(base, head, paths=[PurePosixPath("a")])
    assert a.hunks
    assert b.binary
    assert b.new_line_of(1) is None


def test_myers_and_histogram_are_both_there(builder: Builder, repository: Repository) -> None:
    # The example of git's own tests (t4033): patience-like algorithms anchor on unique lines.
    before = "void f()\n{\n    x += 1\n}\n\nvoid g()\n{\n    x += 2\n}\n"
    after = "void g()\n{\n    x += 2\n}\n\nvoid f()\n{\n    x += 1\n    y = 3\n}\n"
    base = builder.commit({"a": before})
    head = builder.commit({"a": after})
    algorithms: tuple[DiffAlgorithm, ...] = ("histogram", "myers")
    for algorithm in algorithms:
        change = only(repository.changes(base, head, algorithm=algorithm))
        check_line_map(before.encode(), after.encode(), change)


def test_large_files_are_not_compared_for_renames(builder: Builder, repository: Repository) -> None:
    big = b"x = 1 #\n" * 2**17
    changes = change_of(
        builder,
        repository,
        {"old.py": builder.huge_blob(big, 20), "a.py": TEXT},
        {"old.py": None, "new.py": builder.huge_blob(big, 21), "a.py": None, "b.py": TEXT + "x\n"},
    )
    assert {(change.kind, change.binary) for change in changes} == {
        (ChangeKind.RENAMED, False),
        (ChangeKind.DELETED, True),
        (ChangeKind.ADDED, True),
    }


def test_trees_that_unfold_to_billions_of_files_are_an_error(builder: Builder, repository: Repository) -> None:
    sha = git(builder.path, "hash-object", "-w", "--stdin", stdin=b"x\n")
    what = "100644 blob"
    for _ in range(10):
        tree = "".join(f"{what} {sha}\tf{n}\n" for n in range(10))
        sha, what = git(builder.path, "mktree", stdin=tree.encode()), "040000 tree"
    empty = git(builder.path, "mktree", stdin=b"")
    with pytest.raises(GitError):
        repository.tree(sha)
    with pytest.raises(GitError):
        repository.changes(empty, sha)
    deep = PurePosixPath("/".join(["f3"] * 10))
    assert [entry.path for entry in repository.tree(sha, [deep])] == [deep]


def test_missing_blob_is_damage_and_not_an_empty_file(builder: Builder, repository: Repository) -> None:
    tree = git(builder.path, "mktree", "--missing", stdin=b"100644 blob " + b"a" * 40 + b"\tx\n")
    empty = git(builder.path, "mktree", stdin=b"")
    with pytest.raises(CorruptRepository):
        repository.tree(tree)
    with pytest.raises(CorruptRepository):
        repository.changes(empty, tree)
    with pytest.raises(CorruptRepository):
        repository.read_blob("a" * 40, 10)


def test_blob_above_the_limit_is_not_read(builder: Builder, repository: Repository) -> None:
    head = builder.commit({"a": "12345"})
    (entry,) = repository.tree(head)
    assert repository.read_blob(entry.blob, 5) == b"12345"
    assert repository.read_blob(entry.blob, 4) is None


def test_hundred_thousand_changed_files_take_seconds(builder: Builder, repository: Repository) -> None:
    def hundred_folders(content: str) -> str:
        """A tree with a thousand files in each; the folders are the same, which git does not mind and makes quickly."""
        files: dict[str | bytes, Content] = {f"f{n}.py": content.format(n=n) for n in range(1000)}
        folder = git(builder.path, "rev-parse", f"{builder.commit(files, parents=[])}^{{tree}}")
        return git(builder.path, "mktree", stdin="".join(f"040000 tree {folder}\td{n}\n" for n in range(100)).encode())

    base, head = hundred_folders("a\nb{n}\nc\n"), hundred_folders("a\nx{n}\ny\nc\n")
    started = time.monotonic()
    changes = repository.changes(base, head)
    seconds = time.monotonic() - started
    assert len(changes) == 100_000
    assert all(change.hunks == (Hunk(2, 1, 2, 2),) for change in changes)
    assert seconds < 60  # 5 on an idle machine; what grows with the square would take an hour


# -- for every pair of texts ------------------------------------------------------------------------------------------


def lines_of(text: bytes) -> list[bytes]:
    """Lines as git counts them: only a newline ends one, and a last one without is a different line."""
    *whole, last = text.split(b"\n")
    return [*whole, last + b"<eof>"] if last else whole


def check_line_map(before: bytes, after: bytes, change: FileChange) -> None:
    old = [*lines_of(before)] if before else []
    new = [*lines_of(after)] if after else []
    in_old_hunk = {n for h in change.hunks for n in range(h.old_start, h.old_start + h.old_count)}
    in_new_hunk = {n for h in change.hunks for n in range(h.new_start, h.new_start + h.new_count)}
    reached = set()
    for number, text in enumerate(old, start=1):
        place = change.new_line_of(number)
        assert (place is None) == (number in in_old_hunk)
        if place is not None:
            assert new[place - 1] == text
            assert change.old_line_of(place) == number
            reached.add(place)
    assert reached == set(range(1, len(new) + 1)) - in_new_hunk
    rebuilt: list[bytes] = []
    taken = 0
    for hunk in change.hunks:
        start = hunk.old_start - 1 if hunk.old_count else hunk.old_start
        rebuilt += old[taken:start]
        first = hunk.new_start - 1 if hunk.new_count else hunk.new_start
        assert len(rebuilt) == first
        rebuilt += new[first : first + hunk.new_count]
        taken = start + hunk.old_count
    assert rebuilt + old[taken:] == new


LINE = st.sampled_from(
    [b"a", b"b", b"", b"\r", b"-x", b"+x", b"@@ -1 +1 @@", b"\\ No newline", b"\x0c\xff", b"diff --git"]
)
FILE = st.builds(
    lambda lines, end: b"\n".join(lines) + (b"\n" if end and lines else b""), st.lists(LINE, max_size=12), st.booleans()
)


@settings(max_examples=examples(25), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(pairs=st.lists(st.tuples(FILE, FILE), min_size=1, max_size=40), myers=st.booleans())
def test_for_every_pair_of_texts_the_line_map_is_true(
    builder: Builder, repository: Repository, pairs: list[tuple[bytes, bytes]], myers: bool
) -> None:
    base = builder.commit({f"f{n}": old for n, (old, _) in enumerate(pairs)}, parents=[])
    head = builder.commit({f"f{n}": new for n, (_, new) in enumerate(pairs)}, parents=[base])
    changes = repository.changes(base, head, algorithm="myers" if myers else "histogram")
    assert {str(change.new_path) for change in changes} == {f"f{n}" for n, (old, new) in enumerate(pairs) if old != new}
    for change in changes:
        before, after = pairs[int(str(change.new_path)[1:])]
        assert change.kind is ChangeKind.MODIFIED
        check_line_map(before, after, change)


def test_scratch_folders_are_gone_afterwards(builder: Builder, repository: Repository, tmp_path: Path) -> None:
    change_of(builder, repository, {"a": "1\n"}, {"a": "2\n"})
    assert list((tmp_path / "scratch").iterdir()) == []
