"""Patterns mean what they mean in ``.gitignore``, and nobody can stall them."""

from __future__ import annotations

import time
from pathlib import PurePosixPath

import pathspec
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from bot.domain.globs import MAX_LENGTH, Glob, GlobSets, any_word_matches, problem_with, problem_with_word


@pytest.mark.parametrize(
    ("pattern", "path", "expected"),
    [
        ("*.py", "a.py", True),
        ("*.py", "deep/down/a.py", True),
        ("*.py", "a.pyc", False),
        ("/*.py", "deep/a.py", False),
        ("tests", "tests/a.py", True),
        ("tests", "src/tests/a.py", True),
        ("tests/", "tests/a.py", True),
        ("tests/", "src/tests", False),
        ("/tests/", "src/tests/a.py", False),
        ("src/**", "src/a/b.py", True),
        ("src/**", "src", False),
        ("src/*.py", "src/a/b.py", False),
        ("src/**/b.py", "src/b.py", True),
        ("src/**/b.py", "src/x/y/b.py", True),
        ("src/**/", "src/a", False),
        ("src/**/", "src/a/b.py", True),
        ("**/b", "x/b/c", True),
        ("a?c", "abc", True),
        ("a?c", "a/c", False),
        ("[^a]b", "ab", False),
        ("[!a]b", "cb", True),
        (r"\*.py", "a.py", False),
        (r"\*.py", "*.py", True),
        ("a**b", "axxb", True),
        ("a", "line\nbreak/a", True),
        ("*.py", "\udcff.py", True),
    ],
)
def test_pattern_covers_a_path(pattern: str, path: str, expected: bool) -> None:
    assert Glob(pattern).matches(PurePosixPath(path)) is expected


def test_pattern_from_the_start_begins_at_the_top() -> None:
    assert Glob("payments", from_start=True).matches(PurePosixPath("payments/api"))
    assert not Glob("payments", from_start=True).matches(PurePosixPath("tools/payments"))


@pytest.mark.parametrize("pattern", ["", " ", "/", "!a", "a\nb", "../a", "a/./b", "x" * (MAX_LENGTH + 1)])
def test_a_pattern_that_cannot_be_meant_is_refused_with_a_reason(pattern: str) -> None:
    assert problem_with(pattern)
    with pytest.raises(ValueError, match=r"\w+"):
        Glob(pattern)


_PART = st.text("ab*", min_size=1, max_size=3).filter(lambda part: part != "***")


@given(
    st.lists(_PART, min_size=1, max_size=4),
    st.sampled_from(["", "/"]),
    st.sampled_from(["", "/"]),
    st.lists(st.text("ab", min_size=1, max_size=3), min_size=1, max_size=5),
)
def test_every_pattern_agrees_with_a_library_that_is_known_to_be_right(
    parts: list[str], before: str, after: str, path: list[str]
) -> None:
    # There the library takes a file for a folder; git does not.
    assume(parts[-1] != "**" or not after)
    pattern = before + "/".join(parts) + after
    expected = pathspec.GitIgnoreSpec.from_lines([pattern]).match_file("/".join(path))
    assert Glob(pattern).matches(PurePosixPath(*path)) is expected


@pytest.mark.parametrize(
    ("pattern", "path"),
    [
        ("*a" * 100 + "b", "a" * 4000),
        ("/".join(["**", "a"] * 40) + "/b", "/".join("a" * 2000)),
    ],
)
def test_no_pattern_stalls_the_gate(pattern: str, path: str) -> None:
    started = time.process_time()
    assert not Glob(pattern).matches(PurePosixPath(path))
    assert time.process_time() - started < 1


_PATTERNS = st.builds(
    lambda before, parts, after: before + "/".join(parts) + after,
    st.sampled_from(["", "/"]),
    st.lists(_PART | st.just("**"), min_size=1, max_size=4),
    st.sampled_from(["", "/"]),
)


@given(
    st.lists(st.lists(_PATTERNS, max_size=3), max_size=5),
    st.lists(st.lists(st.text("ab", min_size=1, max_size=3), min_size=1, max_size=5), min_size=1, max_size=4),
)
def test_many_patterns_at_once_say_what_each_of_them_says(lists: list[list[str]], paths: list[list[str]]) -> None:
    sets = GlobSets(lists)
    for parts in paths * 2:
        path = PurePosixPath(*parts)
        expected = [any(Glob(pattern).matches(path) for pattern in patterns) for patterns in lists]
        assert sets.matching(path) == sum(1 << number for number, matches in enumerate(expected) if matches)


@pytest.mark.parametrize(
    ("pattern", "word", "fold", "expected"),
    [
        ("main", "main", False, True),
        ("main", "main2", False, False),
        ("main", "Main", False, False),
        ("main", "Main", True, True),
        ("release/*", "release/1/x", False, True),
        ("*", "", False, True),
        ("B6??", "b602", True, True),
        ("[bB]602", "B602", False, True),
        (r"a\*", "a*", False, True),
        (r"a\*", "ab", False, False),
    ],
)
def test_a_pattern_for_words_means_the_whole_word(pattern: str, word: str, fold: bool, expected: bool) -> None:
    assert any_word_matches((pattern,), word, fold=fold) is expected


@pytest.mark.parametrize("pattern", ["", "  ", "a\nb", "x" * (MAX_LENGTH + 1)])
def test_a_pattern_for_words_that_cannot_be_meant_is_refused(pattern: str) -> None:
    assert problem_with_word(pattern)


def test_no_pattern_for_words_stalls_the_gate() -> None:
    started = time.process_time()
    assert not any_word_matches(("*a" * 140 + "b",), "a" * 4000)
    assert time.process_time() - started < 1
