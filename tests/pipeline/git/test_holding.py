"""Which commit is in which release, and what is where in a commit, each with one process."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

import pytest

from bot.pipeline.git import CommitNotFound, Mirror, Repository
from tests.pipeline.git.builder import Builder


def test_the_first_tip_in_the_given_order_holds_a_commit(builder: Builder, repository: Repository) -> None:
    base = builder.commit({"a": "0"})
    one = builder.commit({"a": "1"})
    side = builder.commit({"b": "1"}, ref="refs/heads/side", parents=[one])
    two = builder.commit({"a": "2"})
    merge = builder.commit({"c": "1"}, parents=[two, side])
    after = builder.commit({"d": "1"})
    commits = [base, one, side, two, merge, after]
    assert repository.first_to_hold([one, two, merge], commits) == {
        base: one,
        one: one,
        two: two,
        side: merge,
        merge: merge,
    }
    # Another order is another answer: what was released later is not the first.
    assert repository.first_to_hold([merge, one], [one, two]) == {one: merge, two: merge}
    assert repository.first_to_hold([two, merge], commits, landed=[one]) == {two: two, side: merge, merge: merge}
    assert repository.first_to_hold([], commits) == {}
    assert repository.first_to_hold([merge], ["f" * 40, "rubbish"]) == {}


def test_too_much_history_is_not_read(builder: Builder, repository: Repository) -> None:
    shas = [builder.commit({"a": str(number)}) for number in range(6)]
    assert repository.first_to_hold([shas[-1]], shas, most=5) is None
    assert repository.first_to_hold([shas[-1]], shas, landed=[shas[0]], most=5) is not None


@pytest.mark.parametrize("missing", ["0" * 40, "f" * 40])
def test_a_tip_that_is_not_here_is_said(builder: Builder, repository: Repository, missing: str) -> None:
    there = builder.commit({"a": "1"})
    with pytest.raises(CommitNotFound):
        repository.first_to_hold([there, missing], [there])
    with pytest.raises(CommitNotFound):
        repository.first_to_hold([there], [there], landed=[missing])


def test_those_that_are_here_are_named(builder: Builder, repository: Repository, tmp_path: Path) -> None:
    one, two = builder.commit({"a": "1"}), builder.commit({"a": "2"})
    assert repository.those_here([one, two, "f" * 40, "main", "-x", ""]) == {one, two}
    assert repository.those_here([]) == frozenset()
    blob = repository.tree(one)[0].blob
    assert repository.those_here([blob]) == frozenset()
    assert Mirror(tmp_path / "none", "https://gitlab.example.com/x.git").those_here([one]) == frozenset()


def test_contents_are_found_by_commit_and_path(builder: Builder, repository: Repository) -> None:
    one = builder.commit({"a.py": "1", "dir/中文 name.py": "x"})
    two = builder.commit({"a.py": "2"})
    a, odd = PurePosixPath("a.py"), PurePosixPath("dir/中文 name.py")
    found = repository.blobs_at(
        [
            (one, a),
            (two, a),
            (one, odd),
            (two, odd),
            (one, PurePosixPath("none.py")),
            (one, PurePosixPath("new\nline")),
            (one, PurePosixPath("back\\x00slash")),
            (one, PurePosixPath("lone\ud800")),
            ("f" * 40, a),
            ("main", a),
        ]
    )
    assert set(found) == {(one, a), (two, a), (one, odd), (two, odd)}
    assert found[one, a] != found[two, a]
    assert found[one, odd] == found[two, odd]
    assert repository.blobs_at([]) == {}
