"""
What can be said of a value without running the program: which literals it can be, and what of it comes from outside.

A value that came from nowhere but the source text is *inert*: nobody outside chooses it. What came from outside is a
set of *contributions*, each the set of names of functions that it went through, so that a cleaning one
can be recognised.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

from scanners.flow.ir import Char, Dialect, Literal

_MOST_LITERALS = 12
_MOST_CONTRIBUTIONS = 8
_MOST_PASSED = 24
_LONGEST_TEXT = 5_000

Contribution = frozenset[str]
_Typed = tuple[type, Literal]
"""1, 1.0 and True are different literals."""

_UNTOUCHED: Contribution = frozenset()


@dataclass(frozen=True, slots=True)
class Value:
    """Everything that an expression can be."""

    literals: frozenset[_Typed] | None = None
    """All literals that it can be; None where that is not known."""
    outside: frozenset[Contribution] = frozenset()
    box: int | None = None
    """The container or object that it is, by its number on the heap."""
    optional: bool = False
    """Whether it can be nothing at all instead of the box."""

    @property
    def inert(self) -> bool:
        """Whether nothing of it comes from outside (what a container holds not counted)."""
        return not self.outside

    def known(self) -> list[Literal] | None:
        """The literals it can be, or None."""
        return None if self.literals is None else [value for _, value in self.literals]

    def only(self) -> tuple[Literal] | None:
        """The one literal that it is, in a tuple because it may be None."""
        if self.literals is None or len(self.literals) != 1 or self.outside or self.box is not None:
            return None
        ((_, value),) = self.literals
        return (value,)

    def index(self) -> int | None:
        """The one integer that it is."""
        only = self.only()
        return only[0] if only is not None and type(only[0]) is int else None


INERT = Value()
OUTSIDE = Value(outside=frozenset({_UNTOUCHED}))


def literal(value: Literal) -> Value:
    """A value that is this literal."""
    return Value(literals=frozenset({(type(value), value)}))


NOTHING = literal(None)


def one_of(values: Iterable[Literal]) -> Value:
    """A value that is one of these literals; inert where they are too many."""
    typed = frozenset((type(value), value) for value in values)
    return Value(literals=typed) if 0 < len(typed) <= _MOST_LITERALS else INERT


def same_box(left: Value, right: Value) -> Value | None:
    """Either of the two, where they are not two different boxes. A box or nothing is the box: nothing holds nothing."""
    if left.box == right.box:
        return _join(left, right)
    for this, other in ((left, right), (right, left)):
        if this == NOTHING:
            return replace(other, optional=True)
    return None


def _join(left: Value, right: Value) -> Value:
    if left == right:
        return left
    literals = None
    if left.literals is not None and right.literals is not None:
        both = left.literals | right.literals
        literals = both if len(both) <= _MOST_LITERALS else None
    return Value(literals, _few(left.outside | right.outside), left.box, left.optional or right.optional)


def join(left: Value, right: Value) -> Value:
    """Either of two values that are no boxes."""
    return _join(replace(left, box=None), replace(right, box=None))


def mixed(*values: Value) -> Value:
    """Something made of all of these, of unknown content."""
    outside: frozenset[Contribution] = frozenset()
    for value in values:
        outside |= value.outside
    return Value(None, _few(outside))


def passed(names: Iterable[str], *values: Value, fresh: bool) -> Value:
    """
    What a function of these names makes of the values.

    :param fresh: whether it may bring in something of its own from outside.
    """
    outside = mixed(*values).outside | (frozenset({_UNTOUCHED}) if fresh else frozenset())
    return Value(None, _few(frozenset(_short(contribution.union(names)) for contribution in outside)))


def bared(value: Value) -> Value:
    """The same, but nothing that cleaned it counts any more."""
    return Value(value.literals, frozenset({_UNTOUCHED}) if value.outside else frozenset(), value.box, value.optional)


def truth(value: Value) -> bool | None:
    """Whether it counts as true, or None where that depends. A box is the caller's business."""
    known = value.known()
    if known is None or value.box is not None or value.outside:
        return None
    answers = {bool(entry) for entry in known}
    return answers.pop() if len(answers) == 1 else None


def binary(name: str, left: Value, right: Value, dialect: Dialect, *, written: int = 0) -> Value:
    """
    The value of an operator, exact where both sides are literals.

    :param written: how many of the operands are numbers that are written down, so that their types are certain.
    """
    result = mixed(left, right)
    if name in _COMPARISONS:
        result = INERT  # the answer is one of two words, whatever is compared
    ours, theirs = left.known(), right.known()
    if ours is None or theirs is None or left.outside or right.outside:
        return result
    found: list[Literal] = []
    for a in ours:
        for b in theirs:
            folded = _fold(name, a, b, dialect, written)
            if folded is None:
                return result
            found.append(folded[0])
    return one_of(found)


def unary(name: str, value: Value) -> Value:
    """The value of ``-``, ``+`` or ``~``."""
    known = value.known()
    if value.outside or known is None or not all(type(entry) is int for entry in known):
        return mixed(value)
    signs: dict[str, Callable[[int], int]] = {"-": operator.neg, "+": operator.pos}
    if name not in signs:
        return mixed(value)
    return one_of(signs[name](entry) for entry in known if isinstance(entry, int))


def text(values: Iterable[Value]) -> Value:
    """A text of these parts, exact where each is one literal that is written the same everywhere."""
    parts = list(values)
    result = mixed(*parts)
    if result.outside:
        return result
    written: list[str] = []
    for part in parts:
        only = part.only()
        # Floats, booleans and None are spelt differently by different languages.
        if only is None or isinstance(only[0], bool) or not isinstance(only[0], str | int):
            return result
        written.append(str(only[0]))
    whole = "".join(written)
    return literal(whole) if len(whole) <= _LONGEST_TEXT else result


_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "is": operator.eq,
    "is not": operator.ne,
    "in": lambda a, b: a in b,
    "not in": lambda a, b: a not in b,
}
_ARITHMETIC: dict[str, Callable[[Any, Any], float]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "//": operator.floordiv,
    "&": operator.and_,
    "|": operator.or_,
    "^": operator.xor,
}
_BITS = frozenset("&|^")


def _fold(name: str, left: Literal, right: Literal, dialect: Dialect, written: int) -> tuple[Literal] | None:
    """The result in a tuple, None where we would rather not say."""
    try:
        if name in _COMPARISONS:
            return _compared(name, left, right, dialect, written)
        if isinstance(left, Char) or isinstance(right, Char):
            return None
        if name == "+" and isinstance(left, str) and isinstance(right, str):
            return (left + right,) if len(left) + len(right) <= _LONGEST_TEXT else None
        if name == "+" and dialect.text_of_numbers and (isinstance(left, str) or isinstance(right, str)):
            plain = all(isinstance(side, str) or type(side) is int for side in (left, right))
            return (str(left) + str(right),) if plain else None
        if type(left) is not int or type(right) is not int:
            return None
        if name == "/":
            return _divided(left, right, dialect, written)
        if name == "%":
            return (left % right,) if left >= 0 and right > 0 else None
        if name in _BITS and dialect.small_bits and not (0 <= left < 2**31 and 0 <= right < 2**31):
            return None
        result = _ARITHMETIC[name](left, right)
    except (TypeError, ArithmeticError, KeyError, ValueError):
        return None
    return (result,) if abs(result) < dialect.largest else None


def _divided(left: int, right: int, dialect: Dialect, written: int) -> tuple[Literal] | None:
    if dialect.integer_division and written == 2 and abs(left) < 2**50:
        return (int(left / right),)
    # A variable may be a floating-point number that was given as an integer.
    return (left // right,) if left % right == 0 and not dialect.compares_types else None


def _compared(name: str, left: Literal, right: Literal, dialect: Dialect, written: int) -> tuple[Literal] | None:
    if name in ("is", "is not"):
        if left == right and (type(left) is not type(right) or not isinstance(left, bool | type(None))):
            return None  # equal ones may be one object or two
        return (_COMPARISONS[name](left, right),)
    if not dialect.compares_types and type(left) is not type(right):
        nothing = (left is None) != (right is None) and name in ("==", "!=")
        return (name == "!=",) if nothing else None
    small = written or (isinstance(left, int) and -128 <= left < 128)
    if dialect.identity and name in ("==", "!=") and not small and not isinstance(left, Char | type(None)):
        # Two texts of one content need not be one object, nor two large numbers that are kept in objects.
        return (name == "!=",) if left != right and not isinstance(left, str) else None
    return (_COMPARISONS[name](left, right),)


def _few(outside: frozenset[Contribution]) -> frozenset[Contribution]:
    return outside if len(outside) <= _MOST_CONTRIBUTIONS else frozenset({_UNTOUCHED})


def _short(contribution: Contribution) -> Contribution:
    return contribution if len(contribution) <= _MOST_PASSED else _UNTOUCHED
