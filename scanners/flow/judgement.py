"""Takes back findings at places that nothing from outside reaches."""

from __future__ import annotations

import dataclasses
import hashlib
import re
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

from scanners.flow import calls, golang, interpreter, java, javascript, python
from scanners.flow.ir import NOWHERE, Expr, Function, Program, Span, Unsupported

_READERS: dict[str, Callable[[bytes], Program]] = {
    ".py": python.read,
    ".java": java.read,
    ".go": golang.read,
    **{suffix: javascript.reader(suffix) for suffix in (".js", ".jsx", ".ts", ".tsx")},
}
LANGUAGES: frozenset[str] = frozenset(_READERS)
"""Suffixes of the files that can be judged."""
_MOST_BYTES = 120_000
_MOST_STEPS = 200_000
"""For all functions of one file: far more than honest code with findings takes."""


@cache
def digest() -> str:
    """SHA-256 (hex) over this package: its answers are part of what is found and cached."""
    state = hashlib.sha256()
    for path in sorted(Path(__file__).parent.glob("*.py")):
        state.update(path.read_bytes())
    return state.hexdigest()


@dataclass(frozen=True, slots=True)
class Place:
    """Where a finding says that something from outside arrives. Lines and columns count from 1, columns in bytes."""

    start_line: int
    start_column: int
    end_line: int
    end_column: int
    cleaners: frozenset[str] = frozenset()
    """
    Functions after which a value can do no harm here, as they are written (``escape``, ``new Regex``) or by their full
    name (``html.escape``). A ``*`` is one name, in front it is any object.
    """
    flows: bool = True
    """Whether the finding is about a value that arrives; otherwise only unreachable code takes it back."""


def refuted(suffix: str, source: bytes, places: Sequence[Place]) -> list[bool]:
    """
    For each place, whether it is proven that nothing from outside arrives there, or that it is never reached.

    Never raises: what cannot be judged is not refuted.

    :param suffix: of the file, with its dot; one of ``LANGUAGES``.
    """
    none = [False] * len(places)
    if suffix not in _READERS or not places or len(source) > _MOST_BYTES:
        return none
    try:
        program = _READERS[suffix](source)
    except (Unsupported, RecursionError):
        return none
    starts = _line_starts(source)
    innermost = _Innermost(program.functions)
    definitions = calls.Definitions(program)
    judged: dict[int, _Judged | None] = {}
    steps_left = _MOST_STEPS
    answers = list(none)
    for number, place in enumerate(places):
        span = _span(place, starts, len(source))
        function = None if span is None else innermost.at(span)
        if function is None or span is None or function.span in program.unreadable:
            continue
        if id(function) not in judged:
            seen = interpreter.run(definitions, function, steps_left) if steps_left > 0 else None
            steps_left -= interpreter.MOST_STEPS if seen is None else seen.steps
            judged[id(function)] = None if seen is None else _Judged(seen, sorted(set(_spans(function.body))))
        found = judged[id(function)]
        answers[number] = found is not None and found.refutes(place, span)
    return answers


@dataclass(frozen=True, slots=True)
class _Judged:
    """One function: what was seen, and where there is anything to be seen."""

    seen: interpreter.Seen
    spans: list[Span]
    """All expressions that the frontend understood, in order."""

    def refutes(self, place: Place, span: Span) -> bool:
        value = self.seen.values.get(span)
        if value is None:
            within = self._within(span)
            # It is never reached when there is something in it and nothing of that was seen.
            return bool(within) and not any(other in self.seen.values for other in within)
        return place.flows and all(
            any(_is_cleaned_by(cleaner, name) for cleaner in place.cleaners for name in contribution)
            for contribution in value.outside
        )

    def _within(self, span: Span) -> list[Span]:
        first = bisect_left(self.spans, (span[0], 0))
        last = bisect_left(self.spans, (span[1], 0))
        return [other for other in self.spans[first:last] if other[1] <= span[1]]


def _is_cleaned_by(cleaner: str, name: str) -> bool:
    return cleaner == name or ("*" in cleaner and _pattern(cleaner).fullmatch(name) is not None)


@lru_cache(maxsize=500)
def _pattern(cleaner: str) -> re.Pattern[str]:
    new, front, rest = re.fullmatch(r"(new )?(\*\.)?(.*)", cleaner, re.DOTALL).groups()  # type: ignore[union-attr]
    inner = re.escape(rest).replace(r"\*", r"\w+")
    return re.compile((new or "") + (r".+\." if front else "") + inner)


class _Innermost:
    """Finds the smallest function around a place."""

    def __init__(self, functions: Sequence[Function]) -> None:
        # Functions do not overlap unless one is in the other, so the last one to begin that holds the place is it.
        self._functions = sorted(functions, key=lambda function: (function.span[0], -function.span[1]))
        self._starts = [function.span[0] for function in self._functions]
        self._around: list[int | None] = []
        open_ones: list[int] = []
        for number, function in enumerate(self._functions):
            while open_ones and self._functions[open_ones[-1]].span[1] < function.span[1]:
                open_ones.pop()
            self._around.append(open_ones[-1] if open_ones else None)
            open_ones.append(number)

    def at(self, span: Span) -> Function | None:
        """The function that holds this place, and no smaller one does."""
        number: int | None = bisect_left(self._starts, span[0] + 1) - 1
        while number is not None and number >= 0:
            function = self._functions[number]
            if function.span[0] <= span[0] and span[1] <= function.span[1]:
                return function
            number = self._around[number]
        return None


def _spans(node: object) -> Iterator[Span]:
    """Places of all expressions below."""
    waiting = [node]
    while waiting:
        current = waiting.pop()
        if isinstance(current, list | tuple):
            waiting.extend(current)
        elif dataclasses.is_dataclass(current) and not isinstance(current, type):
            if isinstance(current, Expr) and current.span != NOWHERE:
                yield current.span
            waiting.extend(
                getattr(current, field.name) for field in dataclasses.fields(current) if field.name != "span"
            )


def _line_starts(source: bytes) -> list[int]:
    starts = [0]
    for line in source.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    return starts


def _span(place: Place, starts: Sequence[int], size: int) -> Span | None:
    if not (0 < place.start_line < len(starts) and 0 < place.end_line < len(starts)):
        return None
    start = starts[place.start_line - 1] + place.start_column - 1
    end = starts[place.end_line - 1] + place.end_column - 1
    return (start, end) if 0 <= start < end <= size else None
