"""Positions: a table for the shapes, and a property that holds them against git and the stand-in's strict check."""

from __future__ import annotations

import tempfile
from pathlib import Path, PurePosixPath

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.domain.change import ChangeKind, FileChange, Hunk
from bot.gitlab.model import DiffRefs
from bot.gitlab.positions import FilePosition, LinePosition, position_for
from scanners.finding import Location
from tests.standin import diffs
from tests.standin.repository import Repository

A, B = PurePosixPath("a.py"), PurePosixPath("b.py")
EDIT = (Hunk(10, 1, 10, 3),)


@pytest.mark.parametrize(
    ("change", "path", "line", "expected"),
    [
        (FileChange(ChangeKind.ADDED, None, A, (Hunk(0, 0, 1, 9),)), A, 4, LinePosition("a.py", "a.py", None, 4)),
        (FileChange(ChangeKind.MODIFIED, A, A, EDIT), A, 11, LinePosition("a.py", "a.py", None, 11)),
        (FileChange(ChangeKind.MODIFIED, A, A, EDIT), A, 9, LinePosition("a.py", "a.py", 9, 9)),
        (FileChange(ChangeKind.MODIFIED, A, A, EDIT), A, 400, LinePosition("a.py", "a.py", 398, 400)),
        (FileChange(ChangeKind.RENAMED, A, B, EDIT), B, 13, LinePosition("a.py", "b.py", 11, 13)),
        (FileChange(ChangeKind.COPIED, A, B, EDIT), B, 2, LinePosition("b.py", "b.py", None, 2)),
        (FileChange(ChangeKind.RENAMED, A, B), B, 2, FilePosition("a.py", "b.py")),
        (FileChange(ChangeKind.MODIFIED, A, A, (), binary=True), A, 1, FilePosition("a.py", "a.py")),
        (FileChange(ChangeKind.TYPE_CHANGED, A, A, EDIT), A, 1, FilePosition("a.py", "a.py")),
        (FileChange(ChangeKind.DELETED, A, None, (Hunk(1, 9, 0, 0),)), A, 1, None),
        (FileChange(ChangeKind.MODIFIED, A, A, EDIT), B, 1, None),
        (FileChange(ChangeKind.ADDED, None, PurePosixPath("\udcff.py")), PurePosixPath("\udcff.py"), 1, None),
        (None, A, 1, None),
    ],
)
def test_where_a_comment_can_stand(
    change: FileChange | None, path: PurePosixPath, line: int, expected: LinePosition | FilePosition | None
) -> None:
    assert position_for(change, Location(path, line, line)) == expected


def test_an_added_line_is_sent_without_an_old_number() -> None:
    refs = DiffRefs("b", "s", "h")
    assert LinePosition("a", "a", None, 3).to_api(refs) == {
        "base_sha": "b",
        "start_sha": "s",
        "head_sha": "h",
        "position_type": "text",
        "old_path": "a",
        "new_path": "a",
        "new_line": 3,
    }
    assert LinePosition("a", "a", 2, 3).to_api(refs)["old_line"] == 2


lines = st.lists(st.sampled_from(["a", "b", "c", "d", "", "}"]), min_size=1, max_size=40)


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(old=lines, new=lines)
def test_every_line_of_a_modified_file_gets_a_pair_that_gitlab_accepts(old: list[str], new: list[str]) -> None:
    if old == new:
        return
    with tempfile.TemporaryDirectory() as folder:
        repository = Repository.create(Path(folder) / "r.git", "main")
        base = repository.commit("main", {"a.py": "\n".join(old) + "\n"}, "one", "ada")
        head = repository.commit("main", {"a.py": "\n".join(new) + "\n"}, "two", "ada")
        _, ranges = diffs.shown_pairs(repository.git("diff", "-U0", base, head))
        change = FileChange(ChangeKind.MODIFIED, A, A, tuple(Hunk(*r) for r in ranges))
        for line in range(1, len(new) + 1, 3):
            position = position_for(change, Location(A, line, line))
            assert isinstance(position, LinePosition)
            assert diffs.valid_line(repository, base, head, position.to_api(DiffRefs(base, base, head)))
