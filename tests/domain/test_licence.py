"""A licence expression is bad where no choice that it leaves is good."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.globs import any_word_matches
from bot.domain.licence import MAX_LENGTH, objectionable


def bad(name: str) -> bool:
    return any_word_matches(("GPL-*", "AGPL-*", "*Affero*", "X WITH Y*"), name, fold=True)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("MIT", False),
        ("GPL-3.0-only", True),
        ("gpl-2.0+", True),
        ("LGPL-2.1-only", False),
        ("MIT OR GPL-3.0-only", False),
        ("GPL-2.0-only OR AGPL-3.0-only", True),
        ("MIT AND GPL-3.0-only", True),
        ("MIT AND BSD-3-Clause", False),
        ("MIT OR BSD-3-Clause AND GPL-3.0-only", False),
        ("(MIT OR BSD-3-Clause) AND GPL-3.0-only", True),
        ("(MIT or (GPL-2.0-only and Apache-2.0))", False),
        ("GPL-2.0-only WITH Classpath-exception-2.0", True),
        ("MIT OR GPL-2.0-only WITH Classpath-exception-2.0", False),
        ("X WITH Y-exception", True),
        ("X WITH Z-exception", False),
        # No expressions: whatever of it is bad counts.
        ("GNU Affero General Public License v3", True),
        ("The MIT License", False),
        ("MIT or GPL-3.0-only at your choice", True),
        ("MIT OR", False),
        ("OR GPL-3.0-only", True),
        ("(MIT OR GPL-3.0-only", True),
        ("MIT) AND (BSD", False),
        ("()", False),
        ("", False),
    ],
)
def test_where_there_is_a_choice_the_best_one_counts(expression: str, expected: bool) -> None:
    assert objectionable(expression, bad) is expected


_names = st.sampled_from(["MIT", "GPL-3.0-only", "BSD-3-Clause", "AGPL-3.0-only"])
_trees = st.recursive(
    _names.map(lambda name: (name, bad(name))),
    lambda inner: st.tuples(inner, st.sampled_from(["AND", "OR"]), inner).map(
        lambda part: (
            f"({part[0][0]} {part[1]} {part[2][0]})",
            part[0][1] or part[2][1] if part[1] == "AND" else part[0][1] and part[2][1],
        )
    ),
    max_leaves=12,
)


@given(_trees)
def test_every_expression_has_the_value_of_its_parts(tree: tuple[str, bool]) -> None:
    expression, expected = tree
    assert objectionable(expression, bad) is expected


@given(st.text(st.sampled_from("() ANDORWITHgplmit-3.0\n\x00"), max_size=80))
def test_no_text_raises(text: str) -> None:
    assert objectionable(text, lambda _: False) is False


@pytest.mark.parametrize("text", ["(" * 50_000, "MIT OR " * 20_000, "x" * 200_000, "(MIT) " * 9_000])
def test_a_hostile_text_takes_no_time(text: str) -> None:
    started = time.process_time()
    objectionable(text, bad)
    assert time.process_time() - started < 0.5


def test_of_what_is_too_long_no_choice_is_believed() -> None:
    long = "MIT OR " * (MAX_LENGTH // 7) + "GPL-3.0-only OR MIT"
    assert objectionable("GPL-3.0-only OR " + long, bad) is True
