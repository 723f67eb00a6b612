"""
Never is a place refuted that the input reaches, for every program of a small Python: the program is run, and its sink
looks whether the input arrived.
"""

from __future__ import annotations

import textwrap
from contextlib import suppress

from hypothesis import given, settings
from hypothesis import strategies as st

from scanners.flow import refuted
from tests.scanners.flow.marks import marks_of

INPUT = "\x7fevil\x7f"
NAMES = ("a", "b", "c")
LISTS = ("l", "m")

_literals = st.sampled_from(["'x'", "'y'", "''", "1", "0", "2"])
_texts = st.recursive(
    st.one_of(st.sampled_from(["'x'", "''", "'yz'"]), st.sampled_from([f"str({name})" for name in NAMES])),
    lambda inner: st.one_of(
        st.tuples(inner, inner).map(lambda t: f"({t[0]} + {t[1]})"),
        inner.map(lambda t: f"f'<{{{t}}}>'" if "'" not in t else f"('%s!' % {t})"),
        inner.map(lambda t: f"{t}.strip()"),
        st.tuples(inner, inner).map(lambda t: f"({t[0]} if {t[1]} == 'x' else {t[1]})"),
        inner.map(lambda t: f"keep({t})"),
        inner.map(lambda t: f"drop({t})"),
        inner.map(lambda t: f"maybe({t}, a)"),
        inner.map(lambda t: f"first([{t}, 'q'])"),
        inner.map(lambda t: f"{{'k': {t}, 'j': 'x'}}['k']"),
        inner.map(lambda t: f"({t}, 'x')[1]"),
        inner.map(lambda t: f"''.join([{t}, 'j'])"),
        st.tuples(inner, inner).map(lambda t: f"({t[0]} or {t[1]})"),
    ),
    max_leaves=4,
)
_conditions = st.one_of(
    st.sampled_from(["1 > 2", "7 * 6 == 42", "True", "n > 1", "n == 0", "len(l) > 1", "not n", "a == 'x'"]),
    st.sampled_from(["b in ('x', 'y')", "c != 'x'", "l", "n", "a and b", "b or n"]),
)
_simple = st.one_of(
    st.tuples(st.sampled_from(NAMES), _texts).map(lambda t: f"{t[0]} = {t[1]}"),
    st.tuples(st.sampled_from(NAMES), _texts).map(lambda t: f"{t[0]} += {t[1]}"),
    st.tuples(st.sampled_from(LISTS), _texts).map(lambda t: f"{t[0]}.append({t[1]})"),
    st.tuples(st.sampled_from(LISTS), _texts).map(lambda t: f"{t[0]}.insert(0, {t[1]})"),
    st.sampled_from(
        ["l = m", "m = l", "l = []", "m = ['x', 'y']", "l = list(m)", "l = l + m", "m.extend(l)", "m.reverse()"]
    ),
    st.sampled_from(
        ["a, b = b, a", "n += 1", "n = 0", "d = {}", "e = d", "d = dict(e)", "del d", "other(l)", "fill(m, a)"]
    ),
    st.tuples(st.sampled_from("kj"), _texts).map(lambda t: f"d['{t[0]}'] = {t[1]}"),
    st.sampled_from(
        ["a = d.get('k', 'x')", "b = d.get('j')", "c = d.get(a, 'z')", "d[a] = 'x'", "d[b] = a", "e['k'] = a"]
    ),
    st.sampled_from(
        ["a = l.pop() if l else 'x'", "b = l[0] if l else ''", "c = m[-1] if m else b", "a = l[n % 2:]", "b = m[1:2]"]
    ),
    st.sampled_from(
        ["a = [x for x in l]", "b = [a for x in m if x]", "c = sorted(l)", "l[0:0] = [a]", "a = a if n else b"]
    ),
)


def _indented(body: str) -> str:
    return textwrap.indent(body, "    ")


def _compound(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    block = st.lists(inner, min_size=1, max_size=4).map("\n".join)
    leaving = st.sampled_from(["", "", "\nbreak", "\ncontinue", "\nif n > 2: break"])
    return st.one_of(
        st.tuples(_conditions, block).map(lambda t: f"if {t[0]}:\n{_indented(t[1])}"),
        st.tuples(_conditions, block, block).map(lambda t: f"if {t[0]}:\n{_indented(t[1])}\nelse:\n{_indented(t[2])}"),
        st.tuples(st.sampled_from(["x1", "a"]), block, leaving).map(
            lambda t: f"for {t[0]} in list(l):\n{_indented(t[1] + t[2])}"
        ),
        st.tuples(block, leaving).map(lambda t: f"k = 0\nwhile k < 3:\n    k += 1\n{_indented(t[0] + t[1])}"),
        st.tuples(block, block).map(
            lambda t: f"try:\n{_indented(t[0] + chr(10) + 'fail(n)')}\nexcept ValueError:\n{_indented(t[1])}"
        ),
        st.tuples(block, block, block).map(
            lambda t: f"try:\n{_indented(t[0])}\nexcept ValueError:\n{_indented(t[1])}\nfinally:\n{_indented(t[2])}"
        ),
        st.tuples(block, block).map(
            lambda t: (
                f"match a:\n    case 'x':\n{_indented(_indented(t[0]))}\n"
                f"    case 'y' | 'z':\n{_indented(_indented(t[1]))}"
            )
        ),
    )


_statements = st.recursive(_simple, _compound, max_leaves=8)
_programs = st.lists(_statements, min_size=1, max_size=7).map("\n".join)

HELPERS = """\
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
"""
SINKS = ("a", "b", "c", "l", "m", "d")


def _program(body: str) -> str:
    sinks = "\n".join(f"    sink({name})  # reached" for name in SINKS)
    start = (
        "    a = given\n    b = 'x'\n    c = ''\n    n = 0\n    l = ['x']\n    m = []\n    d = {'j': 'x'}\n    e = d"
    )
    return f"{HELPERS}def f(given):\n{start}\n{_indented(body)}\n{sinks}\n"


def _reached(source: str) -> set[str]:
    """Lines of sinks that the input arrived at, over inputs of several forms."""
    found: set[str] = set()
    lines = source.splitlines()
    for given_value in (INPUT, INPUT + "x"):
        arrived: list[object] = []

        def sink(value: object, arrived: list[object] = arrived) -> None:
            arrived.append(INPUT in str(value) or "\\x7fevil" in repr(value))

        def fail(number: object) -> None:
            if number:
                raise ValueError

        def other(items: object, added: str = given_value) -> None:
            if isinstance(items, list):
                items.append(added)

        scope: dict[str, object] = {"sink": sink, "fail": fail, "other": other}
        exec(source, scope)  # our own text
        function = scope["f"]
        assert callable(function)
        with suppress(LookupError, TypeError, NameError, ValueError, AttributeError):
            function(given_value)
        places = [f"{n}: {line.strip()}" for n, line in enumerate(lines, start=1) if "# reached" in line]
        found |= {place for place, yes in zip(places, arrived, strict=False) if yes}
    return found


@settings(max_examples=200, deadline=None)
@given(_programs)
def test_what_the_input_reaches_is_never_refuted(body: str) -> None:
    source = _program(body)
    marks = marks_of(source)
    answers = refuted(".py", source.encode(), [mark.place for mark in marks])
    refuted_lines = {mark.line for mark, answer in zip(marks, answers, strict=True) if answer}
    assert refuted_lines & _reached(source) == set()


def test_the_property_would_notice_a_wrong_answer() -> None:
    source = _program("b = a\nc = 'k'")
    marks = marks_of(source)
    assert {line.split("(")[1][0] for line in _reached(source)} >= {"a", "b"}
    answers = refuted(".py", source.encode(), [mark.place for mark in marks])
    assert answers == [False, False, True, True, True, True]
