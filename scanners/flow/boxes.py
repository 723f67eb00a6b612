"""
What is on the heap: containers whose entries are told apart, text builders, and objects of classes in the same file.

All are values; a change makes a new one. Where two values become one, the caller says how: ``Either`` joins two that
may be containers themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from scanners.flow.ir import Literal
from scanners.flow.values import INERT, NOTHING, OUTSIDE, Value, join, mixed, text

Key = tuple[type, Literal | tuple[Literal, ...]]
Either = Callable[[Value, Value], Value]
_MOST_ITEMS = 64


@dataclass(frozen=True, slots=True)
class Row:
    """A list, a tuple, a set, an array or a queue."""

    items: tuple[Value, ...] | None = ()
    """In order; None where they are not told apart."""
    rest: Value | None = None
    """Any of the items, where they are not told apart; None: there is none."""

    def values(self) -> list[Value]:
        """What its items can be."""
        return [*(self.items or ()), *([self.rest] if self.rest is not None else [])]

    def any(self, either: Either) -> Value:
        """Whatever an item can be."""
        return fold(self.values(), either)

    def blurred(self, either: Either, *more: Value) -> Row:
        """The same with these as well, no longer told apart."""
        values = [*self.values(), *more]
        return Row(None, fold(values, either) if values else None)


@dataclass(frozen=True, slots=True)
class Table:
    """A mapping. An entry under a key that is not known may be under any key."""

    entries: Mapping[Key, Value]
    missing: frozenset[Key] = frozenset()
    """Keys whose entries may be there or not."""
    rest: Value | None = None
    """What may stand under any key."""
    keys: Value = INERT
    sections: bool = False
    """Whether keys are pairs of a section and a name, as of a configuration parser."""
    record: bool = False
    """Whether entries are fields, methods are its own, and all keys are texts."""

    def values(self) -> list[Value]:
        """What its entries can be."""
        return [*self.entries.values(), *([self.rest] if self.rest is not None else [])]


@dataclass(frozen=True, slots=True)
class Builder:
    """A text that is put together step by step."""

    text: Value


@dataclass(frozen=True, slots=True)
class View:
    """It shows what is in other containers, whatever that is by then."""

    of: frozenset[int]
    own: Value = INERT
    """What else it shows."""


@dataclass(frozen=True, slots=True)
class Instance:
    """An object of a class of this file; its fields are not followed."""

    of: str


@dataclass(frozen=True, slots=True)
class Lost:
    """Something that others have had in their hands: it can hold anything."""


Box = Row | Table | Builder | View | Instance | Lost
LOST = Lost()


def fold(values: Sequence[Value], either: Either) -> Value:
    """Any of these; nothing where there are none."""
    result: Value | None = None
    for value in values:
        result = value if result is None else either(result, value)
    return NOTHING if result is None else result


def content(box: Box) -> Value:
    """Everything that is in it, as one value; what is in containers inside it not counted."""
    match box:
        case Row():
            return mixed(*box.values())
        case Table():
            return mixed(*box.values(), box.keys)
        case Builder():
            return box.text
        case View():
            return box.own
        case _:
            return OUTSIDE


def inner_boxes(box: Box) -> list[int]:
    """Numbers of the boxes that it holds or shows."""
    match box:
        case Row() | Table():
            return [value.box for value in box.values() if value.box is not None]
        case View():
            return list(box.of)
        case _:
            return []


def joined(left: Box, right: Box, either: Either) -> Box:
    """Either of the two."""
    if left == right:
        return left
    match left, right:
        case Row(), Row():
            if left.items is not None and right.items is not None and len(left.items) == len(right.items):
                return Row(tuple(either(a, b) for a, b in zip(left.items, right.items, strict=True)))
            values = [*left.values(), *right.values()]
            return Row(None, fold(values, either) if values else None)
        case Table(), Table() if (left.sections, left.record) == (right.sections, right.record):
            entries = {
                key: either(left.entries[key], right.entries[key])
                if key in left.entries and key in right.entries
                else left.entries.get(key, right.entries.get(key, NOTHING))
                for key in [*left.entries, *(key for key in right.entries if key not in left.entries)]
            }
            both = [rest for rest in (left.rest, right.rest) if rest is not None]
            missing = left.missing | right.missing | (left.entries.keys() ^ right.entries.keys())
            return replace(
                left,
                entries=entries,
                missing=frozenset(missing),
                rest=fold(both, either) if both else None,
                keys=join(left.keys, right.keys),
            )
        case Builder(), Builder():
            return Builder(either(left.text, right.text))
        case View(), View():
            return View(left.of | right.of, join(left.own, right.own))
        case _:
            for number in (*inner_boxes(left), *inner_boxes(right)):
                either(Value(box=number), OUTSIDE)  # it is reached by ways that are not followed any more
            return LOST


# -- rows


def row_put(row: Row, value: Value, either: Either, at: int | None = None) -> Row:
    """With the value added at the end, or before an index."""
    if row.items is None or len(row.items) >= _MOST_ITEMS:
        return row.blurred(either, value)
    place = len(row.items) if at is None else at
    if not 0 <= place <= len(row.items):
        return row.blurred(either, value)
    items = list(row.items)
    items.insert(place, value)
    return Row(tuple(items))


def row_get(row: Row, index: int | None, either: Either) -> Value:
    """The item at an index; any of them where the index is not known."""
    if row.items is None or index is None:
        return row.any(either)
    try:
        return row.items[index]
    except IndexError:
        return INERT  # the program ends here, or there is nothing


def row_set(row: Row, index: int | None, value: Value, either: Either) -> Row:
    """With another item at an index."""
    if row.items is None or index is None:
        return row.blurred(either, value)
    items = list(row.items)
    try:
        items[index] = value
    except IndexError:
        return row.blurred(either, value)
    return Row(tuple(items))


def row_take(row: Row, index: int | None, either: Either) -> tuple[Row, Value]:
    """Without the item at an index, and that item."""
    if row.items is None or index is None:
        return row.blurred(either), row.any(either)
    items = list(row.items)
    try:
        taken = items.pop(index)
    except IndexError:
        return row, INERT
    return Row(tuple(items)), taken


# -- tables


def table_put(table: Table, key: Value, value: Value, either: Either, section: Value | None = None) -> Table:
    """With an entry; one whose key is not known may be any."""
    keys = join(table.keys, key)
    place = _key(table, key, section)
    if place is None or (len(table.entries) >= _MOST_ITEMS and place not in table.entries):
        rest = value if table.rest is None else either(table.rest, value)
        return replace(table, rest=rest, keys=keys)
    return replace(table, entries={**table.entries, place: value}, missing=table.missing - {place}, keys=keys)


def table_get(table: Table, key: Value, default: Value, either: Either, section: Value | None = None) -> Value:
    """The entry of a key; any of them where the key is not known."""
    place = _key(table, key, section)
    if place is None:
        return fold([*table.values(), default], either)
    found = [table.entries[place]] if place in table.entries else []
    if not found or place in table.missing:
        found.append(default)
    return fold([*found, *([table.rest] if table.rest is not None else [])], either)


def table_drop(table: Table, key: Value) -> Table:
    """Without an entry."""
    place = _key(table, key, None)
    if place is None:
        return replace(table, missing=frozenset(table.entries))
    entries = {k: v for k, v in table.entries.items() if k != place}
    return replace(table, entries=entries, missing=table.missing - {place})


def table_update(table: Table, other: Table, either: Either) -> Table:
    """With all entries of the other one, which take the place of those that are there."""
    entries = dict(table.entries)
    missing = set(table.missing)
    for key, value in other.entries.items():
        if key in other.missing and key in entries:
            entries[key] = either(entries[key], value)
        elif key in other.missing:
            entries[key] = value
            missing.add(key)
        else:
            entries[key] = value
            missing.discard(key)
    both = [rest for rest in (table.rest, other.rest) if rest is not None]
    rest = fold(both, either) if both else None
    return replace(table, entries=entries, missing=frozenset(missing), rest=rest, keys=join(table.keys, other.keys))


def built(builder: Builder, *more: Value) -> Builder:
    """With more text at its end."""
    return Builder(text([builder.text, *more]))


def _key(table: Table, key: Value, section: Value | None) -> Key | None:
    """What an entry is kept under; None where that is not known."""
    only = key.only()
    if only is None:
        return None
    name = only[0]
    if isinstance(name, float) or (isinstance(name, bool) and table.record):
        return None
    if table.record:
        # Whatever is a key of an object is a text, and this one is no entry.
        return None if name is None or isinstance(name, bytes) or name == "__proto__" else (str, str(name))
    if section is not None:
        part = section.only()
        # Names of a configuration are the same in upper and lower case.
        return None if part is None or not isinstance(name, str) else (tuple, (part[0], name.lower()))
    return (int, int(name)) if isinstance(name, bool) else (type(name), name)
