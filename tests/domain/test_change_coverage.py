"""What was read of a change."""

from __future__ import annotations

import json
from pathlib import PurePosixPath

from hypothesis import given
from hypothesis import strategies as st

from bot.domain import change_coverage
from bot.domain.change import ChangeKind, FileChange, Hunk
from bot.domain.change_coverage import (
    NO_ANSWER,
    ChangeCoverage,
    Content,
    CoveredFile,
    HeadFile,
    Look,
    covered,
)

APP = PurePosixPath("app.py")


def edited(path: str, *hunks: Hunk) -> FileChange:
    return FileChange(ChangeKind.MODIFIED, PurePosixPath(path), PurePosixPath(path), hunks)


def test_lines_count_where_they_are_new_and_not_where_they_were() -> None:
    change = edited("app.py", Hunk(3, 2, 3, 5), Hunk(20, 4, 22, 0), Hunk(40, 0, 39, 1))
    head = {APP: HeadFile(Content.TEXT, "b" * 40, (Look("semgrep"),))}
    (file,) = covered([change], head).files
    assert (file.lines, file.ranges, file.blob, file.looks) == (6, 2, "b" * 40, (Look("semgrep"),))


def test_a_file_without_a_text_diff_has_no_number_of_lines() -> None:
    change = FileChange(ChangeKind.MODIFIED, APP, APP, (), binary=True)
    (file,) = covered([change], {APP: HeadFile(Content.BINARY, "b" * 40)}).files
    assert (file.lines, file.ranges) == (None, None)


def test_a_deleted_file_is_listed_where_it_was_and_nobody_has_to_read_it() -> None:
    (file,) = covered([FileChange(ChangeKind.DELETED, APP, None)], {}).files
    assert file == CoveredFile(APP, None, ChangeKind.DELETED, Content.GONE)
    assert not file.incomplete


def test_a_renamed_file_says_from_where_an_edited_one_does_not() -> None:
    old = PurePosixPath("old.py")
    renamed = FileChange(ChangeKind.RENAMED, old, APP)
    (file,) = covered([renamed], {APP: HeadFile(Content.TEXT, "b" * 40)}).files
    assert file.previous == old
    (file,) = covered([edited("app.py")], {APP: HeadFile(Content.TEXT, "b" * 40)}).files
    assert file.previous is None


def test_a_file_of_which_nothing_is_known_counts_as_not_read() -> None:
    (file,) = covered([edited("app.py")], {}).files
    assert file.incomplete


def test_what_is_beyond_the_list_is_counted_with_what_was_not_read_of_it() -> None:
    most = change_coverage.MOST_FILES
    changes = [edited(f"{n:05}.py") for n in range(most + 3)]
    looks = (Look("semgrep", (NO_ANSWER,)),)
    head = {
        PurePosixPath(f"{n:05}.py"): HeadFile(Content.TEXT, None, looks if n >= most + 1 else ())
        for n in range(most + 3)
    }
    found = covered(changes, head)
    assert (len(found.files), found.omitted, found.omitted_incomplete) == (most, 3, 2)


def test_long_names_do_not_make_a_long_list() -> None:
    changes = [edited(f"{n:04}{'x' * 60_000}") for n in range(100)]
    found = covered(changes, {})
    assert len(found.files) == change_coverage.MOST_PATH_CHARACTERS // 60_004
    assert len(found.files) + found.omitted == 100


WORDS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8).filter(
    lambda text: "/" not in text and "\0" not in text and text not in (".", "..")
)
LOOKS = st.builds(
    Look, st.sampled_from(["semgrep", "bandit", "x"]), st.lists(st.sampled_from(["too_large", NO_ANSWER])).map(tuple)
)
FILES = st.builds(
    CoveredFile,
    path=WORDS.map(PurePosixPath),
    previous=st.none() | WORDS.map(PurePosixPath),
    kind=st.sampled_from(ChangeKind),
    content=st.sampled_from(Content),
    blob=st.none() | st.just("a" * 40),
    lines=st.none() | st.integers(0, 10**6),
    ranges=st.none() | st.integers(0, 10**6),
    looks=st.lists(LOOKS, max_size=4).map(tuple),
)
COVERAGES = st.builds(
    ChangeCoverage, st.lists(FILES, max_size=5).map(tuple), st.integers(0, 10**6), st.integers(0, 10**6)
)


@given(COVERAGES)
def test_every_coverage_comes_back_from_json(coverage: ChangeCoverage) -> None:
    assert ChangeCoverage.from_json(json.loads(json.dumps(coverage.to_json()))) == coverage
