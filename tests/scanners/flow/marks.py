"""Reads sample code in which each call of ``sink`` says whether anything from outside reaches it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from scanners.flow import Place

_SINK = re.compile(r"\bsink\((?P<argument>.*)\)\s*[;})\s]*(?:#|//)\s*(?P<mark>inert|reached)$")


@dataclass(frozen=True, slots=True)
class Mark:
    """One call of ``sink``."""

    place: Place
    inert: bool
    line: str


def marks_of(source: str, cleaners: frozenset[str] = frozenset()) -> list[Mark]:
    """All marked calls, with the place of the argument."""
    found = []
    for number, line in enumerate(source.splitlines(), start=1):
        match = _SINK.search(line)
        if match is not None:
            start, end = match.span("argument")
            place = Place(number, start + 1, number, end + 1, cleaners)
            found.append(Mark(place, match["mark"] == "inert", f"{number}: {line.strip()}"))
    return found
