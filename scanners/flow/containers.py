"""What constructors and methods of well-known containers do."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from scanners.flow import library
from scanners.flow.boxes import (
    Box,
    Builder,
    Row,
    Table,
    View,
    built,
    row_get,
    row_put,
    row_set,
    row_take,
    table_drop,
    table_get,
    table_put,
    table_update,
)
from scanners.flow.ir import Dialect
from scanners.flow.state import State
from scanners.flow.values import INERT, NOTHING, OUTSIDE, Value, bared, literal, mixed

_ADD_LAST = frozenset({"append", "add", "addLast", "offer", "addElement", "offerLast"})
_ADD_FIRST = frozenset({"addFirst", "appendleft", "offerFirst", "unshift"})
_GET_FIRST = frozenset({"getFirst", "firstElement", "element", "first"})
_GET_LAST = frozenset({"getLast", "lastElement", "last"})
_TAKE_FIRST = frozenset({"popleft", "removeFirst", "poll", "pollFirst", "shift"})
_TAKE_LAST = frozenset({"removeLast", "pollLast"})
_ASK_ROW = frozenset(
    {"size", "contains", "indexOf", "isEmpty", "count", "index", "includes", "lastIndexOf", "containsAll", "has"}
)
_ASK_TABLE = frozenset({"containsKey", "containsValue", "contains", "has", "isEmpty", "size", "__contains__"})
_COPY = frozenset({"copy", "clone", "toArray"})


@dataclass(frozen=True, slots=True)
class Use:
    """A constructor or a method of a container is called."""

    name: str
    arguments: Sequence[Value]
    keywords: Mapping[str, Value]
    state: State
    dialect: Dialect
    make: Callable[[Box], Value]
    """Gives a new container; at most one for each call."""
    items: Callable[[Value], Value]
    """Gives any item of what is iterated over."""
    key: Callable[[Value], Value]
    """Gives what serves as a key."""

    @property
    def count(self) -> int:
        """How many arguments stand in order."""
        return len(self.arguments)

    def index(self, place: int = 0) -> int | None:
        """The argument as a certain index."""
        index = self.arguments[place].index()
        return None if index is not None and index < 0 and not self.dialect.negative_indexes else index


def constructed(path: str, use: Use) -> Value | None:
    """A new container; None where the constructor is not known."""
    if path in library.LISTS or path in library.BAGS:
        row = _new_row(path, use)
        if row is not None and path in library.BAGS:
            row = row.blurred(use.state.either)
        return None if row is None else use.make(row)
    if path in library.LISTS_OF_ARGUMENTS or path in library.BAGS_OF_ARGUMENTS:
        return _of_arguments(path, use)
    if path in library.TABLES:
        table = _new_table(use)
        return None if table is None else use.make(table)
    if path in library.EMPTY_TABLES and not use.count:
        return use.make(Table({}))
    if path in library.SECTIONED and not use.count and not use.keywords:
        return use.make(Table({}, sections=True))
    if path in library.BUILDERS and use.count <= 1 and not use.keywords:
        return use.make(Builder(_first_text(use)))
    return None


def _new_row(path: str, use: Use) -> Row | None:
    if use.keywords:
        return None
    if path == "Array":
        # One argument may be a length, and then what stands in it is nothing.
        return Row(tuple(use.arguments)) if use.count != 1 else Row().blurred(use.state.either, *use.arguments, INERT)
    if not use.count:
        return Row()
    if use.count > 1:
        return None
    source = use.arguments[0]
    known = source.known()
    if source.box is None and known and all(type(value) is int for value in known):
        return Row()  # a capacity
    box = use.state.box(source)
    return box if isinstance(box, Row) else Row().blurred(use.state.either, use.items(source))


def _of_arguments(path: str, use: Use) -> Value:
    state = use.state
    if use.count == 1 and use.arguments[0].box is not None:
        # An array gives its items, anything else is an item.
        box = state.box(use.arguments[0])
        if path == "java.util.Arrays.asList" or not isinstance(box, Row):
            state.lose(use.arguments[0])
            return OUTSIDE
        return use.make(box.blurred(state.either))
    row = Row(tuple(use.arguments))
    return use.make(row if path in library.LISTS_OF_ARGUMENTS else row.blurred(state.either))


def _new_table(use: Use) -> Table | None:
    table = Table({})
    if use.count > 1:
        if not all(_is_capacity(argument) for argument in use.arguments):
            return None
    elif use.count and not _is_capacity(use.arguments[0]):
        box = use.state.box(use.arguments[0])
        if isinstance(box, Table) and not box.sections and not box.record:
            table = box
        else:
            found = use.state.summary(use.items(use.arguments[0]))
            table = Table({}, rest=found, keys=found)
    for name, value in use.keywords.items():
        table = table_put(table, literal(name), value, use.state.either)
    return table


def _is_capacity(value: Value) -> bool:
    known = value.known()
    return value.box is None and bool(known) and all(isinstance(entry, int | float) for entry in known or ())


def _first_text(use: Use) -> Value:
    if not use.count or _is_capacity(use.arguments[0]):
        return literal("")
    return use.state.deep(use.arguments[0])


def method(receiver: Value, use: Use) -> Value | None:
    """A method of a container that we know; None where it is for others to say."""
    box = use.state.box(receiver)
    match box:
        case Row() if not use.keywords:
            return _row_method(box, receiver, use)
        case Table(sections=True) if not use.keywords:
            return _configuration_method(box, receiver, use)
        case Table(sections=False, record=False) if not use.keywords or use.name == "update":
            return _table_method(box, receiver, use)
        case Builder() if not use.keywords:
            return _builder_method(box, receiver, use)
        case View() if not use.keywords and not use.count:
            return _view_method(receiver, use)
    return None


# -- texts and views


def _builder_method(builder: Builder, receiver: Value, use: Use) -> Value | None:
    parts = [use.state.deep(argument) for argument in use.arguments]
    match use.name:
        case "append" | "write" if parts:
            use.state.change(receiver, built(builder, *parts) if len(parts) == 1 else _mingled(builder, parts))
            return receiver
        case "insert" | "replace":
            use.state.change(receiver, Builder(bared(mixed(builder.text, *parts))))
            return receiver
        case "reverse" | "setLength" | "deleteCharAt" | "delete":
            use.state.change(receiver, Builder(bared(mixed(builder.text))))
            return receiver
        case "toString" | "getvalue":
            return builder.text
        case "length" | "isEmpty" | "indexOf":
            return INERT
        case "substring" | "charAt":
            return bared(mixed(builder.text))
    return None


def _mingled(builder: Builder, parts: Sequence[Value]) -> Builder:
    return Builder(mixed(builder.text, *parts))


def _view_method(receiver: Value, use: Use) -> Value | None:
    match use.name:
        case "next" | "nextElement":
            return use.state.summary(receiver)
        case "hasNext" | "hasMoreElements" | "size" | "isEmpty":
            return INERT
        case "iterator":
            return receiver
    return None


# -- rows


def _row_method(row: Row, receiver: Value, use: Use) -> Value | None:
    name, count = use.name, use.count
    added = _row_growth(row, receiver, use)
    if added is not None:
        return added
    if count == 1 and name in ("get", "elementAt"):
        return row_get(row, use.index(), use.state.either)
    if count == 0 and name in _GET_FIRST:
        return row_get(row, 0, use.state.either)
    if count == 0 and name in _GET_LAST:
        return row_get(row, -1, use.state.either)
    if name in ("remove", "pop") or name in _TAKE_FIRST or name in _TAKE_LAST:
        return _take(row, receiver, use)
    if name in _ASK_ROW:
        return INERT
    if count == 0 and name in ("length", "len"):
        return literal(len(row.items)) if row.items is not None else INERT
    if name in ("join", "toString"):
        return mixed(use.state.deep(receiver), *map(use.state.deep, use.arguments))
    if name in _COPY and all(use.state.box(argument) == Row() for argument in use.arguments):
        return use.make(row)
    if name == "slice":
        return use.make(row.blurred(use.state.either))
    if name == "concat":
        return use.make(row.blurred(use.state.either, *use.arguments, *map(use.items, use.arguments)))
    if name in ("iterator", "stream", "keys", "values", "entries") and count == 0:
        return _view_of(receiver, use)
    if name in ("sort", "reverse"):
        use.state.change(receiver, row.blurred(use.state.either))
        return receiver if use.dialect.chains else INERT
    return None


def _row_growth(row: Row, receiver: Value, use: Use) -> Value | None:
    """Methods after which something more, or something else, is in it."""
    name, count, either = use.name, use.count, use.state.either
    result = receiver if use.dialect.chains else INERT
    if count == 1 and (name in _ADD_LAST or name == "push"):
        last = name != "push" or use.dialect.pops_last
        new = row_put(row, use.arguments[0], either) if last else row.blurred(either, use.arguments[0])
        use.state.change(receiver, new)
        return result
    if count == 1 and name in _ADD_FIRST:
        use.state.change(receiver, row_put(row, use.arguments[0], either, 0))
        return result
    if count == 2 and name in ("insert", "add"):
        index = use.index()
        known = index is not None and index >= 0
        new = row_put(row, use.arguments[1], either, index) if known else row.blurred(either, use.arguments[1])
        use.state.change(receiver, new)
        return INERT
    if count == 2 and name == "set":
        before = row_get(row, use.index(), either)
        use.state.change(receiver, row_set(row, use.index(), use.arguments[1], either))
        return before
    if count == 1 and name in ("extend", "addAll"):
        other = use.state.box(use.arguments[0])
        if isinstance(other, Row) and row.items is not None and other.items is not None:
            use.state.change(receiver, Row(row.items + other.items))
        else:
            use.state.change(receiver, row.blurred(either, use.items(use.arguments[0])))
        return INERT
    if count == 0 and name == "clear":
        use.state.change(receiver, Row())
        return INERT
    return None


def _take(row: Row, receiver: Value, use: Use) -> Value | None:
    name, either = use.name, use.state.either
    if use.count == 0:
        if name in ("pop", "remove") and not (name == "pop" and use.dialect.pops_last):
            # Which end it is depends on the class.
            use.state.change(receiver, row.blurred(either))
            return row.any(either)
        left, taken = row_take(row, 0 if name in _TAKE_FIRST else -1, either)
        use.state.change(receiver, left)
        return taken
    if use.count != 1 or name not in ("pop", "remove"):
        return None
    if name == "pop" or (use.dialect.removes_by_index and use.index() is not None):
        left, taken = row_take(row, use.index(), either)
        use.state.change(receiver, left)
        return taken
    use.state.change(receiver, row.blurred(either))
    return INERT


def _view_of(receiver: Value, use: Use) -> Value:
    assert receiver.box is not None
    return use.make(View(frozenset({receiver.box})))


# -- mappings


def _configuration_method(table: Table, receiver: Value, use: Use) -> Value | None:
    either = use.state.either
    if use.name == "add_section" and use.count == 1:
        return INERT
    if use.name == "set" and use.count == 3:
        section, name, value = use.arguments
        use.state.change(receiver, table_put(table, name, value, either, section))
        return INERT
    if use.name == "get" and use.count == 2:
        found = table_get(table, use.arguments[1], OUTSIDE, either, use.arguments[0])
        known = found.known()
        plain = known is not None and not any(char in str(value) for value in known for char in "%$")
        # A value may name others, and what is missing may have a default.
        return found if plain and found.inert else mixed(use.state.deep(receiver), found)
    return None


def _table_method(table: Table, receiver: Value, use: Use) -> Value | None:
    name, count, either = use.name, use.count, use.state.either
    changed = _table_change(table, receiver, use)
    if changed is not None:
        return changed
    if count in (1, 2) and name in ("get", "getOrDefault", "getProperty", "__getitem__"):
        return table_get(table, use.arguments[0], use.arguments[1] if count == 2 else NOTHING, either)
    if name in _ASK_TABLE:
        return INERT
    if count == 0 and name in ("keys", "keySet", "values", "items", "elements", "entries"):
        return _view_of(receiver, use)
    if count == 0 and name in ("copy", "clone"):
        return use.make(table)
    if count == 0 and name == "toString":
        return mixed(use.state.deep(receiver))
    return None


def _table_change(table: Table, receiver: Value, use: Use) -> Value | None:
    """Methods after which other entries are in it."""
    name, count, either = use.name, use.count, use.state.either
    if count == 2 and name in ("put", "setProperty", "set", "__setitem__"):
        before = table_get(table, use.arguments[0], NOTHING, either) if use.dialect.replaced else INERT
        use.state.change(receiver, table_put(table, use.key(use.arguments[0]), use.arguments[1], either))
        return receiver if use.dialect.chains else before
    if count == 2 and name in ("setdefault", "putIfAbsent"):
        kept = table_get(table, use.arguments[0], use.arguments[1], either)
        both = either(kept, use.arguments[1])
        use.state.change(receiver, table_put(table, use.key(use.arguments[0]), both, either))
        return both
    if (count == 1 and name in ("remove", "pop")) or (count == 2 and name == "pop"):
        found = table_get(table, use.arguments[0], use.arguments[1] if count == 2 else NOTHING, either)
        use.state.change(receiver, table_drop(table, use.arguments[0]))
        return found
    if name in ("putAll", "update") and count <= 1:
        added = table
        other = use.state.box(use.arguments[0]) if count else None
        if isinstance(other, Table) and not other.sections and not other.record:
            added = table_update(added, other, either)
        elif count:
            found = use.state.summary(use.items(use.arguments[0]))
            added = table_update(added, Table({}, rest=found, keys=found), either)
        for key, value in use.keywords.items():
            added = table_put(added, literal(key), value, either)
        use.state.change(receiver, added)
        return INERT
    if name == "clear" and count == 0:
        use.state.change(receiver, Table({}, sections=table.sections, record=table.record))
        return INERT
    return None
