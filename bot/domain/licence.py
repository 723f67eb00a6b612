"""
Whether a licence is one of those that somebody objects to. Where the user may choose, the best choice counts.

Source of the format: https://spdx.github.io/spdx-spec/v2.3/SPDX-license-expressions/
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final, TypeVar

MAX_LENGTH: Final = 1_000
"""Characters of an expression. A longer one is taken for the worst that its words can mean."""

_TOKEN = re.compile(r"[()]|[^\s()]+")
_BINDS: Final = {"OR": 1, "AND": 2, "WITH": 3}


B = TypeVar("B", bool, int)


def objectionable(expression: str, bad: Callable[[str], B]) -> B:
    """
    Whether every way to use what is under this licence needs one that is ``bad``.

    ``A OR B`` is bad when both are, ``A AND B`` when either is. An exception (``WITH``) leaves its licence what it is,
    unless the pattern names both. What is no expression, such as a licence's full name, is asked for as a whole and
    word by word, and bad when any of them is.

    ``bad`` may say yes or no, or answer many questions at once with one bit for each; so does the answer.
    """
    text = " ".join(expression[: MAX_LENGTH + 1].split())
    words = _TOKEN.findall(text)
    value = _value(words, bad) if len(text) <= MAX_LENGTH else None
    if value is not None:
        return value
    answer = bad(text)
    for word in words:
        answer |= bad(word)
    return answer


def _value(words: list[str], bad: Callable[[str], B]) -> B | None:
    """The expression's value by precedence climbing over two stacks; None when it is not well formed."""
    values: list[tuple[str, B]] = []
    waiting: list[str] = []

    def reduce() -> bool:
        if len(values) < 2:
            return False
        (right, second), (left, first) = values.pop(), values.pop()
        operator = waiting.pop()
        if operator == "WITH":
            both = f"{left} WITH {right}"
            values.append((both, first | bad(both)))
        else:
            values.append(("", first & second if operator == "OR" else first | second))
        return True

    operand_next = True
    for word in words:
        operator = word.upper()
        if operand_next:
            if word == "(":
                waiting.append(word)
            elif word == ")" or operator in _BINDS:
                return None
            else:
                values.append((word, bad(word)))
                operand_next = False
        elif word == ")":
            while waiting and waiting[-1] != "(":
                if not reduce():
                    return None
            if not waiting:
                return None
            waiting.pop()
        elif operator in _BINDS:
            while waiting and _BINDS.get(waiting[-1], 0) >= _BINDS[operator]:
                if not reduce():
                    return None
            waiting.append(operator)
            operand_next = True
        else:
            return None
    while waiting:
        if waiting[-1] == "(" or not reduce():
            return None
    return values[0][1] if len(values) == 1 and not operand_next else None
