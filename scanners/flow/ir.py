"""
The small language that every frontend turns its own into, so that one interpreter serves them all.

What a frontend does not understand becomes ``Opaque`` (an expression whose value could be anything) or raises
``Unsupported`` (a function that is then not judged). Spans are byte offsets into the file, end exclusive.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

Span = tuple[int, int]
NOWHERE: Span = (-1, -1)


class Unsupported(Exception):
    """Raised for code that this language cannot say; nothing is concluded about the function that holds it."""


class Char(str):
    """One character of a language in which it is a number as well, so that adding to it is not concatenation."""

    __slots__ = ()


Literal = str | int | float | bool | bytes | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Expr:
    """Something with a value."""

    span: Span = NOWHERE


@dataclass(frozen=True, slots=True)
class Lit(Expr):
    """A constant that is written down."""

    value: Literal


@dataclass(frozen=True, slots=True)
class Written(Expr):
    """Something that is written down in the source, but not in a form whose exact value is known."""


@dataclass(frozen=True, slots=True)
class Bracketed(Expr):
    """The same value, seen from further outside: in brackets, awaited, cast."""

    inner: Expr


@dataclass(frozen=True, slots=True)
class Name(Expr):
    """A variable."""

    name: str


@dataclass(frozen=True, slots=True)
class Text(Expr):
    """Parts put together into a text, each written as text."""

    parts: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class Binary(Expr):
    """An operator of two operands that are both evaluated; its name is Python's, ``is`` for identity."""

    operator: str
    left: Expr
    right: Expr


@dataclass(frozen=True, slots=True)
class Unary(Expr):
    """``-``, ``+``, ``~`` or ``not``."""

    operator: str
    operand: Expr


@dataclass(frozen=True, slots=True)
class Logical(Expr):
    """``and`` or ``or``: the right side only where the left one does not decide."""

    operator: str
    left: Expr
    right: Expr


@dataclass(frozen=True, slots=True)
class Choose(Expr):
    """A conditional expression."""

    test: Expr
    then: Expr
    otherwise: Expr


@dataclass(frozen=True, slots=True)
class Call(Expr):
    """
    A call by name, of an object's method where there is a receiver, of a constructor where ``new``.

    Where the callee is found through imports, modules, classes or what the language brings along, and not through a
    variable or a definition of this file, ``path`` is its full name: ``urllib.parse.quote``, ``len``.
    """

    name: str
    receiver: Expr | None
    arguments: tuple[Expr, ...]
    keywords: tuple[tuple[str, Expr], ...] = ()
    new: bool = False
    spread: bool = False
    """Whether arguments are taken out of a container, so that which parameter gets what is not known."""
    path: str = ""


@dataclass(frozen=True, slots=True)
class Item(Expr):
    """An element of a container."""

    base: Expr
    key: Expr


@dataclass(frozen=True, slots=True)
class Slice(Expr):
    """A part of a sequence or a text; None where an end is left open."""

    base: Expr
    low: Expr | None
    high: Expr | None


@dataclass(frozen=True, slots=True)
class Field(Expr):
    """An attribute of an object."""

    base: Expr
    name: str


@dataclass(frozen=True, slots=True)
class Listed(Expr):
    """A list, tuple or array that is written down; with ``ordered`` false a set."""

    items: tuple[Expr, ...]
    ordered: bool = True


@dataclass(frozen=True, slots=True)
class Rest(Expr):
    """Among the targets of an assignment: the one that takes whatever the others leave."""

    target: Expr


@dataclass(frozen=True, slots=True)
class Mapped(Expr):
    """A mapping that is written down."""

    pairs: tuple[tuple[Expr, Expr], ...]


@dataclass(frozen=True, slots=True)
class Each(Expr):
    """A comprehension: an element for each item that passes the tests."""

    target: Expr
    iterable: Expr
    tests: tuple[Expr, ...]
    element: Expr


@dataclass(frozen=True, slots=True)
class Let(Expr):
    """An assignment that is an expression; its value is the assigned one."""

    target: Expr
    value: Expr


@dataclass(frozen=True, slots=True)
class Made(Expr):
    """A new value that is made of these and of nothing else, of unknown content; with ``row`` a new container."""

    parts: tuple[Expr, ...]
    row: bool = False


@dataclass(frozen=True, slots=True)
class Asked(Expr):
    """A question about these: the answer is yes or no, or one of a few words of the language."""

    parts: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class Grown(Expr):
    """``value`` added to what ``base`` is: a container is changed in place, of anything else a new value is made."""

    operator: str
    base: Expr
    value: Expr


@dataclass(frozen=True, slots=True)
class Appended(Expr):
    """Go's ``append`` to a slice that the result replaces; with ``spread`` the items of the last part."""

    base: Expr
    items: tuple[Expr, ...]
    spread: bool = False


@dataclass(frozen=True, slots=True)
class Opaque(Expr):
    """Anything else: could be any value; its parts are evaluated, and what they hold is out of our hands."""

    parts: tuple[Expr, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Stmt:
    """Something that is done."""

    span: Span = NOWHERE


@dataclass(frozen=True, slots=True)
class Assign(Stmt):
    """A value put into a variable, an element, a field, or several at once (a ``Listed`` of targets)."""

    target: Expr
    value: Expr


@dataclass(frozen=True, slots=True)
class Do(Stmt):
    """An expression evaluated for what it does."""

    value: Expr


@dataclass(frozen=True, slots=True)
class If(Stmt):
    """A branch."""

    test: Expr
    then: Sequence[Stmt]
    otherwise: Sequence[Stmt] = ()


@dataclass(frozen=True, slots=True)
class While(Stmt):
    """A loop with a test before each round (after it, where ``first_free``), an update, and Python's ``else``."""

    test: Expr
    body: Sequence[Stmt]
    update: Sequence[Stmt] = ()
    otherwise: Sequence[Stmt] = ()
    first_free: bool = False


@dataclass(frozen=True, slots=True)
class For(Stmt):
    """A loop over the items of something."""

    target: Expr
    iterable: Expr
    body: Sequence[Stmt]
    otherwise: Sequence[Stmt] = ()


@dataclass(frozen=True, slots=True)
class Case:
    """One branch of a ``Switch``: its labels (none: the default), a guard, and what is done."""

    labels: tuple[Expr, ...]
    body: Sequence[Stmt]
    default: bool = False
    guarded: bool = False
    """Whether more than the labels decides, so that it may be passed over."""


@dataclass(frozen=True, slots=True)
class Switch(Stmt):
    """A choice by value; with ``falls_through`` a case runs on into the next one, and ``break`` ends it."""

    subject: Expr
    cases: Sequence[Case]
    falls_through: bool = False


@dataclass(frozen=True, slots=True)
class Return(Stmt):
    """The function ends with this value."""

    value: Expr | None


@dataclass(frozen=True, slots=True)
class Break(Stmt):
    """The innermost loop (or switch that falls through) ends."""


@dataclass(frozen=True, slots=True)
class Continue(Stmt):
    """The innermost loop goes on to its next round."""


@dataclass(frozen=True, slots=True)
class Raise(Stmt):
    """Nothing after this is reached."""

    value: Expr | None = None


@dataclass(frozen=True, slots=True)
class Try(Stmt):
    """``handlers`` run from anywhere within ``body``; ``last`` runs in any case."""

    body: Sequence[Stmt]
    handlers: Sequence[Sequence[Stmt]]
    otherwise: Sequence[Stmt] = ()
    last: Sequence[Stmt] = ()


@dataclass(frozen=True, slots=True)
class Forget(Stmt):
    """These variables could be anything from here on: nested definitions, deletions, what a pattern binds."""

    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter; ``default`` where it has one."""

    name: str
    default: Expr | None = None
    rest: bool = False
    """Whether it takes all the arguments that are left, so that its value is not known."""


@dataclass(frozen=True, slots=True)
class Function:
    """A function or method."""

    name: str
    owner: str
    """The class that it belongs to; empty outside of classes."""
    parameters: tuple[Parameter, ...]
    """Without the object itself."""
    body: Sequence[Stmt]
    span: Span
    receiver: str = ""
    """The variable that is the object itself: ``self``, ``this``; empty where there is none."""
    opaque: bool = False
    """Whether a call gives something else than what is returned: generators, decorated and asynchronous ones."""
    foreign: frozenset[str] = frozenset()
    """Variables of the functions around it."""
    shared: frozenset[str] = frozenset()
    """Variables that functions inside it can see: what such a container holds may change at any time."""
    volatile: frozenset[str] = frozenset()
    """Variables that others assign to, at any time."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """In what languages differ."""

    largest: int
    """Above this an integer is not what it seems: it wraps round, or is not exact any more."""
    integer_division: bool = False
    """Whether ``/`` of two integers cuts the rest off, towards zero."""
    identity: bool = False
    """Whether ``==`` asks whether two texts, or two numbers in objects, are one object."""
    compares_types: bool = False
    """Whether 1, 1.0 and True are equal; otherwise nothing is said of operands of different kinds."""
    small_bits: bool = False
    """Whether ``&`` and the like work on 32 bits."""
    text_of_numbers: bool = False
    """Whether text ``+`` number is text."""
    characters: bool = False
    """Whether a character of a text is a number as well."""
    negative_indexes: bool = False
    """Whether ``[-1]`` is the last item."""
    joins_rows: bool = False
    """Whether ``+`` of lists is a list; otherwise it is text or nothing."""
    empty_is_false: bool = False
    """Whether an empty container counts as false."""
    own_methods: bool = False
    """Whether a call without a receiver is one of a method of the same class."""
    overloads: bool = False
    """Whether functions of one name are told apart by the number of their parameters."""
    any_arguments: bool = False
    """Whether a call may have more or fewer arguments than the function has parameters."""
    removes_by_index: bool = False
    """Whether ``remove(1)`` of a list is about the index."""
    pops_last: bool = False
    """Whether ``pop()`` of a list takes its last item, and ``push`` adds there."""
    chains: bool = False
    """Whether adding to a container gives the container."""
    replaced: bool = False
    """Whether putting something into a mapping gives what was there before."""
    keys_iterated: bool = False
    """Whether iterating over a mapping gives its keys."""
    records: bool = False
    """Whether fields of what is written as a mapping are its entries, whose keys are texts."""
    shared_slices: bool = False
    """Whether a slice of a list is a view of it, and growing it may write into others."""


@dataclass(slots=True)
class Program:
    """One file."""

    dialect: Dialect

    functions: list[Function] = field(default_factory=list)
    """All of them, outer before inner; the file's own statements are the function of empty name."""
    constants: dict[tuple[str, str], Expr] = field(default_factory=dict)
    """What never changes, by class and name: final fields and such."""
    classes: set[str] = field(default_factory=set)
    bases: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """What a class of this file inherits from."""
    unsure: set[str] = field(default_factory=set)
    """Names of functions, methods and classes that something else may stand for."""
    unreadable: set[Span] = field(default_factory=set)
    """Functions that hold what this language cannot say."""
