"""Code as people write it: what is refuted, and what is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from scanners.flow import LANGUAGES, Place, refuted
from tests.scanners.flow.marks import marks_of

# What is JavaScript is JSX, TypeScript and TSX as well; each of them has a grammar of its own.
ALSO_READ_AS = {".js": (".jsx", ".ts", ".tsx")}
SAMPLES = [
    (path, suffix)
    for path in sorted((Path(__file__).parents[2] / "assets" / "flow").iterdir())
    for suffix in (path.suffix, *ALSO_READ_AS.get(path.suffix, ()))
]
CLEANERS = frozenset({"escape", "html.escape", "*.encoder().escape"})


@pytest.mark.parametrize(("sample", "suffix"), SAMPLES, ids=lambda part: part if isinstance(part, str) else part.name)
def test_only_what_is_written_in_the_source_is_refuted(sample: Path, suffix: str) -> None:
    source = sample.read_text(encoding="utf-8")
    marks = marks_of(source, CLEANERS)
    answers = refuted(suffix, source.encode(), [mark.place for mark in marks])
    assert len(marks) > 20
    assert [mark.line for mark, answer in zip(marks, answers, strict=True) if answer] == [
        mark.line for mark in marks if mark.inert
    ]


def test_there_is_a_sample_for_every_language() -> None:
    assert {suffix for _, suffix in SAMPLES} == LANGUAGES


def _judge(source: str, suffix: str = ".py") -> list[bool]:
    marks = marks_of(source, CLEANERS)
    assert marks
    return refuted(suffix, source.encode(), [mark.place for mark in marks])


def test_cleaning_counts_only_for_what_went_through_it() -> None:
    source = "import html\ndef f(a, b):\n    c = html.escape(a)\n    sink(c)  # inert\n    sink(c + b)  # reached\n"
    assert _judge(source) == [True, False]


def test_function_that_assigns_a_variable_of_its_surroundings_is_not_judged() -> None:
    source = (
        "def f(request):\n    b = 'x'\n    def inner():\n        nonlocal b\n        b = request.x\n"
        "    inner()\n    sink(b)  # reached\n"
    )
    assert _judge(source) == [False]


def test_container_that_a_closure_can_change_is_not_judged() -> None:
    source = (
        "def f(request):\n    b = ['x']\n    def inner():\n        b.append(request.x)\n"
        "    inner()\n    sink(b)  # reached\n"
    )
    assert _judge(source) == [False]


def test_place_that_is_no_expression_is_refuted_only_where_it_is_never_reached() -> None:
    source = b"def f(a):\n    g(a)\n    return 1\n    h(a)\n"
    places = [Place(2, 5, 2, 9, flows=False), Place(4, 5, 4, 9, flows=False), Place(3, 1, 3, 3)]
    assert refuted(".py", source, places) == [False, True, False]


@pytest.mark.parametrize("suffix", sorted(LANGUAGES))
@pytest.mark.parametrize(
    "source",
    [b"", b"\x00\xff\xfe", b"def f(:\n  if\n", b"class A { void f( { ", b"(" * 3000, b"if x:\n" * 500, b"a = " * 2000],
    ids=["empty", "bytes", "broken python", "broken java", "brackets", "ifs", "assignments"],
)
def test_rubbish_is_never_refuted_and_never_raises(suffix: str, source: bytes) -> None:
    places = [Place(1, 1, 1, 2), Place(7, 9, 7, 12), Place(2, 1, 1, 1)]
    assert refuted(suffix, source, places) == [False, False, False]


def test_other_languages_are_not_judged() -> None:
    assert refuted(".php", b"<?php sink('a'); ?>", [Place(1, 12, 1, 15)]) == [False]


def test_function_too_large_to_be_judged_keeps_its_findings() -> None:
    body = "".join(f"    a{n} = b{n}(a{n - 1}, [x for x in c{n}])\n" for n in range(1, 9000))
    assert _judge(f"def f(a0):\n{body}    sink('x')  # inert\n") == [False]
