"""What the commits of a branch put there, as git tells it."""

from __future__ import annotations

import pytest

from bot.pipeline.git import CommitNotFound, Repository
from bot.pipeline.git.history import parse_put_files
from tests.pipeline.git.builder import Builder, Link, Submodule

HEAD = "refs/heads/feature"


def listed(repository: Repository, landed: str, tip: str, **limits: int) -> list[tuple[str, str]]:
    return [(f.commit, str(f.entry.path)) for f in repository.past_files([landed], tip, **limits).files]


def test_every_version_is_there_with_the_commit_that_made_it_oldest_first(
    builder: Builder, repository: Repository
) -> None:
    base = builder.commit({"a.py": "1\n", "same.py": "x\n"})
    first = builder.commit({"a.py": "2\n"}, ref=HEAD, parents=[base])
    second = builder.commit({"b.py": "3\n", "a.py": None}, ref=HEAD)
    third = builder.commit({"b.py": None}, ref=HEAD)
    assert listed(repository, base, third) == [(first, "a.py"), (second, "b.py")]
    assert repository.past_files([base], third).after is None


def test_a_content_that_comes_back_counts_for_the_commit_that_had_it_first(
    builder: Builder, repository: Repository
) -> None:
    base = builder.commit({"a.py": "1\n"})
    first = builder.commit({"a.py": "2\n"}, ref=HEAD, parents=[base])
    builder.commit({"a.py": "3\n"}, ref=HEAD)
    last = builder.commit({"a.py": "2\n"}, ref=HEAD)
    assert listed(repository, base, last)[0][0] == first
    assert len(listed(repository, base, last)) == 2


def test_a_merge_of_the_target_brings_nothing_but_what_it_made_itself(builder: Builder, repository: Repository) -> None:
    base = builder.commit({"a.py": "1\n"})
    own = builder.commit({"own.py": "2\n"}, ref=HEAD, parents=[base])
    target = builder.commit({"theirs.py": "secret of the target\n"})
    # Only a merge that edits adds something: "evil.py" is in neither parent.
    merge = builder.commit({"theirs.py": "secret of the target\n", "evil.py": "4\n"}, ref=HEAD, parents=[own, target])
    assert listed(repository, target, merge) == [(own, "own.py"), (merge, "evil.py")]


def test_links_and_submodules_are_no_files(builder: Builder, repository: Repository) -> None:
    base = builder.commit({"a.py": "1\n"})
    tip = builder.commit({"l": Link(b"a.py"), "s": Submodule(base), "f": "x\n"}, ref=HEAD, parents=[base])
    assert [path for _, path in listed(repository, base, tip)] == ["f"]


def test_odd_names_are_names(builder: Builder, repository: Repository) -> None:
    base = builder.commit({"a": "1\n"})
    tip = builder.commit({b":100644 x\ny": "2\n", b"\xff": "3\n"}, ref=HEAD, parents=[base])
    assert [f.entry.raw_path for f in repository.past_files([base], tip).files] == [b":100644 x\ny", b"\xff"]


def test_limits_cut_between_commits_and_say_after_which(builder: Builder, repository: Repository) -> None:
    base = builder.commit({"a.py": "1\n"})
    commits = [builder.commit({f"{n}.py": f"{n}\n" * 9}, ref=HEAD, parents=[base] if not n else None) for n in range(4)]
    tip = commits[-1]
    assert repository.past_files([base], tip, commits=2).after == commits[1]
    assert len(repository.past_files([base], tip, commits=2).files) == 2
    assert repository.past_files([base], tip, files=3).after == commits[2]
    assert repository.past_files([base], tip, size=20).after == commits[0]
    assert repository.past_files([base], tip, size=1).after == ""
    assert repository.past_files([base], tip, commits=4, files=4).after is None


def test_a_content_that_nobody_reads_does_not_use_the_limit_up(builder: Builder, repository: Repository) -> None:
    base = builder.commit({"a.py": "1\n"})
    builder.commit({"film.bin": "x" * 5_000}, ref=HEAD, parents=[base])
    tip = builder.commit({"b.py": "2\n"}, ref=HEAD)
    assert [path for _, path in listed(repository, base, tip, size=100)] == []
    assert [path for _, path in listed(repository, base, tip, size=100, largest=1_000)] == ["film.bin", "b.py"]


def test_nothing_new_is_nothing(builder: Builder, repository: Repository) -> None:
    base = builder.commit({"a.py": "1\n"})
    assert repository.past_files([base], base).files == ()


def test_an_unknown_commit_is_an_error(builder: Builder, repository: Repository) -> None:
    base = builder.commit({"a.py": "1\n"})
    with pytest.raises(CommitNotFound):
        repository.past_files(["1" * 40], base)


@pytest.mark.parametrize("printed", [b"nonsense\0", b":100644 x\0", b"1" * 40 + b"\0:1 2\0p\0", b":1 2 3 4 A\0p\0"])
def test_what_is_no_answer_of_git_is_refused(printed: bytes) -> None:
    with pytest.raises(ValueError, match=r"diff-tree|invalid"):
        parse_put_files(printed)
