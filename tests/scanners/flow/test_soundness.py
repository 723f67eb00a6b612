"""
Never is a place refuted that the input reaches, for every program of a small Python: the program is run, and its sink
looks whether the input arrived.
"""

from __future__ import annotations

import ast
import contextlib
import sys
import textwrap
from collections.abc import Iterator
from types import FrameType
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from scanners.flow import Place, refuted
from tests.examples import examples
from tests.scanners.flow.marks import marks_of

INPUT = "\x7fevil\x7f"
NAMES = ("a", "b", "c")
LISTS = ("l", "m")

_texts = st.recursive(
    st.one_of(
        st.sampled_from(["'x'", "''", "'yz'", "const", "Box.word"]),
        st.sampled_from([f"str({name})" for name in NAMES]),
    ),
    lambda inner: st.one_of(
        st.tuples(inner, inner).map(lambda t: f"({t[0]} + {t[1]})"),
        inner.map(lambda t: f"f'<{{{t}}}>'" if "'" not in t else f"('%s!' % {t})"),
        st.tuples(
            inner, st.sampled_from(["strip()", "upper()", "strip('x')", "replace('x', a)", "split('x')[0]", "lower()"])
        ).map(lambda t: f"{t[0]}.{t[1]}"),
        st.tuples(inner, inner).map(lambda t: f"({t[0]} if {t[1]} == 'x' else {t[1]})"),
        st.tuples(
            st.sampled_from(["keep", "drop", "box.same", "box.other", "late", "nest", "lambda_", "Box.static"]), inner
        ).map(lambda t: f"{t[0]}({t[1]})"),
        inner.map(lambda t: f"maybe({t}, a)"),
        inner.map(lambda t: f"first([{t}, 'q'])"),
        inner.map(lambda t: f"{{'k': {t}, 'j': 'x'}}['k']"),
        inner.map(lambda t: f"({t}, 'x')[1]"),
        inner.map(lambda t: f"''.join([{t}, 'j'])"),
        inner.map(lambda t: f"''.join(q + {t} for q in l)"),
        inner.map(lambda t: f"(c := {t})"),
        st.tuples(inner, st.sampled_from(["[1:]", "[:1]", "[-1:]", "[0:9]"])).map("".join),
        st.tuples(inner, inner).map(lambda t: f"({t[0]} or {t[1]})"),
        st.tuples(inner, inner).map(lambda t: f"({t[0]} and {t[1]})"),
    ),
    max_leaves=4,
)
_conditions = st.one_of(
    st.sampled_from(["1 > 2", "7 * 6 == 42", "True", "n > 1", "n == 0", "len(l) > 1", "not n", "a == 'x'"]),
    st.sampled_from(["b in ('x', 'y')", "c != 'x'", "l", "n", "a and b", "b or n", "m is l", "b in 'xyz'", "w"]),
    st.sampled_from(["(b := a) == 'x'", "a == 'x' and (a := b)", "l.append(a)", "n > 1 or l.pop()", "d.get('k')"]),
)
_simple = st.one_of(
    st.tuples(st.sampled_from(NAMES), _texts).map(lambda t: f"{t[0]} = {t[1]}"),
    st.tuples(st.sampled_from(NAMES), _texts).map(lambda t: f"{t[0]} += {t[1]}"),
    st.tuples(st.sampled_from(NAMES), st.sampled_from(NAMES), _texts).map(lambda t: f"{t[0]} = {t[1]} = {t[2]}"),
    st.tuples(
        st.sampled_from(LISTS),
        st.sampled_from(["append({})", "insert(0, {})", "extend([{}])", "__iadd__([{}])"]),
        _texts,
    ).map(lambda t: f"{t[0]}.{t[1].format(t[2])}"),
    st.tuples(st.sampled_from(LISTS), _texts).map(lambda t: f"{t[0]} += [{t[1]}]"),
    st.sampled_from(
        ["l = m", "m = l", "l = []", "m = ['x', 'y']", "l = list(m)", "l = l + m", "m.extend(l)", "m.reverse()"]
    ),
    st.sampled_from(
        ["l = sorted(m)", "m = l.copy()", "l = m[:]", "m = ['x'] * 2", "l = 'a,b'.split(',')", "m = list(reversed(l))"]
    ),
    st.sampled_from(
        ["a, b = b, a", "n += 1", "n = 0", "d = {}", "e = d", "d = dict(e)", "del d", "other(l)", "fill(m, a)"]
    ),
    st.sampled_from(["a, *m = l", "*l, b = m", "a, b = l", "(a, b), c = (b, c), a", "l[0], l[-1] = l[-1], a"]),
    st.sampled_from(
        ["w = [l, m]", "w = [l]", "w.append(m)", "w[0].append(a)", "l = w[n % 2]", "w[n % 2] = m", "w = w[:1]"]
    ),
    st.sampled_from(["w = [['x'] for q in m]", "w = {'p': l}", "w['p'].append(a)", "l = w.get('p', m)", "w = None"]),
    st.sampled_from(["add = l.append", "add(a)", "v = d.values()", "v = iter(l)", "m = list(v)", "g = (q for q in l)"]),
    st.sampled_from(
        ["fill_and_fail(l, a)", "at_the_end(m, a)", "swap(l, m)", "share()", "box.put(a)", "b = box.get()"]
    ),
    st.sampled_from(["m = collect(a)", "m = collect('x')", "l = made(m)", "l = passed(m)", "remember(l)", "recall(a)"]),
    st.tuples(st.sampled_from("kj"), _texts).map(lambda t: f"d['{t[0]}'] = {t[1]}"),
    st.sampled_from(
        ["a = d.get('k', 'x')", "b = d.get('j')", "c = d.get(a, 'z')", "d[a] = 'x'", "d[b] = a", "e['k'] = a"]
    ),
    st.sampled_from(
        [
            "d.update(e)",
            "d.update(k=a)",
            "b = d.pop('k', 'x')",
            "c = d.setdefault('k', b)",
            "d[True] = a",
            "b = d.get(1)",
        ]
    ),
    st.sampled_from(
        ["a = l.pop() if l else 'x'", "b = l[0] if l else ''", "c = m[-1] if m else b", "a = l[n % 2:]", "b = m[1:2]"]
    ),
    st.sampled_from(
        ["a = [x for x in l]", "b = [a for x in m if x]", "c = sorted(l)", "l[0:0] = [a]", "a = a if n else b"]
    ),
    st.sampled_from(
        [
            "[l.append(a) for q in m]",
            "[c := q for q in l]",
            "b = {a, 'x'}.pop()",
            "c = [b for b in l]",
            "s = {q for q in l}",
        ]
    ),
    st.sampled_from(
        ["b = l", "both(l, l.append(a))", "b = max(l, m)", "return", "b = str(d)", "b = ('x', a)[n]", "raise_if(n)"]
    ),
)


def _indented(body: str) -> str:
    return textwrap.indent(body, "    ")


def _twice(body: str) -> str:
    return textwrap.indent(body, "        ")


def _compound(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    block = st.lists(inner, min_size=1, max_size=4).map("\n".join)
    leaving = st.sampled_from(["", "", "\nbreak", "\ncontinue", "\nif n > 2: break"])
    otherwise = block.map(lambda b: f"\nelse:\n{_indented(b)}")
    return st.one_of(
        st.tuples(_conditions, block).map(lambda t: f"if {t[0]}:\n{_indented(t[1])}"),
        st.tuples(_conditions, block, block).map(lambda t: f"if {t[0]}:\n{_indented(t[1])}\nelse:\n{_indented(t[2])}"),
        st.tuples(
            st.sampled_from(["x1", "a", "l"]),
            st.sampled_from(["list(l)", "[l, m]", "d", "list(d.values())", "m[:3]", "l", "'xy'", "[(b, c)]"]),
            block,
            leaving,
        ).map(lambda t: f"for {t[0]} in limited({t[1]}):\n{_indented(t[2] + t[3])}"),
        st.tuples(block, leaving).map(lambda t: f"k = 0\nwhile k < 3:\n    k += 1\n{_indented(t[0] + t[1])}"),
        st.tuples(block, leaving, otherwise).map(
            lambda t: f"k = 0\nwhile k < 3:\n    k += 1\n{_indented(t[0] + t[1])}{t[2]}"
        ),
        st.tuples(block, block).map(
            lambda t: f"try:\n{_indented(t[0] + chr(10) + 'fail(n)')}\nexcept ValueError:\n{_indented(t[1])}"
        ),
        st.tuples(block, block, block).map(
            lambda t: f"try:\n{_indented(t[0])}\nexcept Exception:\n{_indented(t[1])}\nfinally:\n{_indented(t[2])}"
        ),
        st.tuples(block, block, leaving).map(
            lambda t: f"for x2 in range(2):\n    try:\n{_twice(t[0] + t[2])}\n    finally:\n{_twice(t[1])}"
        ),
        block.map(lambda b: f"with suppress(Exception):\n{_indented(b)}"),
        block.map(lambda b: f"def inner():\n    nonlocal c\n{_indented(b)}\n    c = a\ninner()"),
        st.tuples(block, block).map(
            lambda t: f"match a:\n    case 'x':\n{_twice(t[0])}\n    case 'y' | 'z':\n{_twice(t[1])}"
        ),
        st.tuples(block, block).map(
            lambda t: f"match l:\n    case [b, *m] if n:\n{_twice(t[0])}\n    case _:\n{_twice(t[1])}"
        ),
    )


_statements = st.recursive(_simple, _compound, max_leaves=8)
_programs = st.lists(_statements, min_size=1, max_size=7).map("\n".join)

HELPERS = """\
const = 'w'
kept = []
def keep(v):
    w = v
    return w
def drop(v):
    return 'const'
def maybe(v, w):
    if w == 'x':
        return v
    return 'm'
def first(items):
    for item in items:
        return item
def fill(items, value):
    items.append(value)
def fill_and_fail(items, value):
    items.append(value)
    fail(value)
    items.clear()
def at_the_end(items, value):
    try:
        return 'x'
    finally:
        items.append(value)
def swap(one, two):
    one[:], two[:] = list(two), list(one)
def collect(v, seen=[]):
    seen.append(v)
    return seen
def made(items):
    if len(items) > 1:
        return items
    return ['x']
def passed(items):
    return items
def remember(items):
    kept.append(items)
def recall(value):
    for items in kept:
        items.append(value)
def late(v):
    return 'x'
def late(v):
    return v
def nest(v):
    def deeper():
        return v
    return deeper()
lambda_ = lambda v: v
class Box:
    word = 'w'
    def __init__(self):
        self.held = 'x'
    def same(self, v):
        return v
    def other(self, v):
        return 'x'
    def put(self, v):
        self.held = v
    def get(self):
        return self.held
    @staticmethod
    def static(v):
        return 's'
class Special(Box):
    def other(self, v):
        return v
"""
SINKS = ("a", "b", "c", "l", "m", "d", "w")


def _program(body: str) -> str:
    sinks = "\n".join(f"    sink({name})  # reached" for name in SINKS)
    start = (
        "    a = given\n    b = 'x'\n    c = ''\n    n = 0\n    l = ['x']\n    m = []\n    d = {'j': 'x'}\n    e = d\n"
        "    w = []\n    v = []\n    g = []\n    box = Special() if given == 'z' else Box()\n"
        "    def share():\n        l.append(a)"
    )
    return f"{HELPERS}def f(given):\n{start}\n{_indented(body)}\n{sinks}\n"


class _TooLong(BaseException):
    """Raised to end a program that would not end by itself."""


def _reached(source: str) -> tuple[set[str], set[int]]:
    """Lines of sinks that the input arrived at, over inputs of several forms, and all lines that were run."""
    found: set[str] = set()
    run: set[int] = set()
    lines = source.splitlines()

    def note(frame: FrameType, event: str, argument: object) -> Any:
        if frame.f_code.co_filename != "<program>":
            return None
        if event == "line":
            run.add(frame.f_lineno)
            steps.append(None)
            if len(steps) > 5000:
                raise _TooLong
        return note

    for given_value in (INPUT, INPUT + "x", "x"):
        steps: list[None] = []

        def sink(value: object) -> None:
            if INPUT in str(value) or "\\x7fevil" in repr(value):
                number = sys._getframe(1).f_lineno
                found.add(f"{number}: {lines[number - 1].strip()}")

        def fail(number: object) -> None:
            if number:
                raise ValueError

        def other(items: object, added: str = given_value) -> None:
            if isinstance(items, list):
                items.append(added)

        def limited(items: Any) -> Iterator[Any]:
            for number, item in enumerate(items):
                if number > 4:
                    return
                yield item

        scope: dict[str, object] = {
            "sink": sink,
            "fail": fail,
            "raise_if": fail,
            "other": other,
            "both": lambda *_: None,
            "limited": limited,
            "suppress": contextlib.suppress,
        }
        exec(compile(source, "<program>", "exec"), scope)  # our own text
        function = scope["f"]
        assert callable(function)
        before = sys.gettrace()
        sys.settrace(note)
        try:
            with contextlib.suppress(Exception, _TooLong):
                function(given_value)
        finally:
            sys.settrace(before)
    return found, run


def _places(source: str, lines: set[int]) -> list[Place]:
    """Targets, values and calls of statements on these lines."""
    found = []
    for node in ast.walk(ast.parse(source)):
        parts: list[ast.expr] = []
        if isinstance(node, ast.Assign):
            parts = [*node.targets, node.value]
        elif isinstance(node, ast.Expr):
            parts = [node.value]
        for part in parts:
            if part.lineno in lines and part.end_lineno is not None and part.end_col_offset is not None:
                place = (part.lineno, part.col_offset + 1, part.end_lineno, part.end_col_offset + 1)
                found.append(Place(*place, flows=False))
    return found


@settings(max_examples=examples(100), deadline=None)
@given(_programs)
def test_what_the_input_reaches_is_never_refuted(body: str) -> None:
    source = _program(body)
    marks = marks_of(source)
    answers = refuted(".py", source.encode(), [mark.place for mark in marks])
    refuted_lines = {mark.line for mark, answer in zip(marks, answers, strict=True) if answer}
    reached, run = _reached(source)
    assert refuted_lines & reached == set()
    places = _places(source, run)
    dead = [place for place, answer in zip(places, refuted(".py", source.encode(), places), strict=True) if answer]
    assert dead == []


def test_the_property_would_notice_a_wrong_answer() -> None:
    source = _program("b = a\nc = 'k'")
    marks = marks_of(source)
    reached, run = _reached(source)
    assert {line.split("(")[1][0] for line in reached} >= {"a", "b"}
    answers = refuted(".py", source.encode(), [mark.place for mark in marks])
    assert answers == [False, False, True, False, True, True, True]
    assert len(_places(source, run)) > 10
