"""
A rule's sample as people read it: which lines the rule has to find, and which it has to leave alone.

Semgrep's marks are comments on the line before. https://semgrep.dev/docs/writing-rules/testing-rules
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum

_MARK = re.compile(r"(?P<kind>ruleid|ok|todoruleid|todook):(?P<ids>[\w\s,.-]+)")


class Case(Enum):
    """What a sample says about a line."""

    TRUE = "true"
    """The rule has to find it."""
    FALSE = "false"
    """The rule has to leave it alone."""
    LATER = "later"
    """The rule is known not to do right here yet."""
    NONE = ""
    """Nothing."""


_KINDS = {"ruleid": Case.TRUE, "ok": Case.FALSE, "todoruleid": Case.LATER, "todook": Case.LATER}


@dataclass(frozen=True, slots=True)
class SampleLine:
    """One line of code, without the marks."""

    number: int
    """In the file."""
    text: str
    case: Case


@dataclass(frozen=True, slots=True)
class Sample:
    """One sample file."""

    name: str
    lines: tuple[SampleLine, ...]

    def count(self, case: Case) -> int:
        """How many lines are such a case."""
        return sum(line.case is case for line in self.lines)


def read_sample(name: str, text: str, rule_id: str) -> Sample:
    """What the sample says about this rule; lines that are only marks, for whichever rule, are left out."""
    return Sample(name, tuple(_lines(text, rule_id)))


def cases(samples: Iterable[Sample]) -> tuple[int, int]:
    """How many true and how many false cases there are together."""
    known = tuple(samples)
    return sum(one.count(Case.TRUE) for one in known), sum(one.count(Case.FALSE) for one in known)


def _lines(text: str, rule_id: str) -> Iterator[SampleLine]:
    case = Case.NONE
    for number, line in enumerate(text.splitlines(), start=1):
        mark = _MARK.search(line)
        if mark is None:
            yield SampleLine(number, line, case)
            case = Case.NONE
            continue
        # Two rules may say something about the same line, one mark below the other.
        if rule_id in {word for word in re.split(r"[\s,]+", mark["ids"]) if word}:
            case = _KINDS[mark["kind"]]
