"""What variables and containers hold at one point, and how the states of several ways become one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from scanners.flow.boxes import LOST, Box, Builder, Instance, Lost, Row, Table, View, content, inner_boxes, joined
from scanners.flow.ir import Function
from scanners.flow.values import OUTSIDE, Value, mixed, same_box


@dataclass(slots=True)
class State:
    """Variables by name, and the heap: containers by number."""

    names: dict[str, Value] = field(default_factory=dict)
    heap: dict[int, Box] = field(default_factory=dict)
    several: set[int] = field(default_factory=set)
    """Numbers that stand for more than one container; all states of a run know the same."""

    def copy(self) -> State:
        """Another one that changes on its own."""
        return State(dict(self.names), dict(self.heap), self.several)

    def box(self, value: Value) -> Box | None:
        """The container that a value is."""
        return None if value.box is None else self.heap.get(value.box, LOST)

    def change(self, value: Value, box: Box) -> None:
        """The container that a value is, is this from now on. What others have their hands on stays lost."""
        assert value.box is not None
        before = self.heap.get(value.box, LOST)
        if isinstance(before, Lost):
            return
        if value.box in self.several:
            box = joined(before, box, self.either)
        if not isinstance(self.heap.get(value.box), Lost):
            self.heap[value.box] = box

    def deep(self, value: Value) -> Value:
        """The value and whatever is in its containers, as one value without a box."""
        if value.box is None:
            return value
        seen: set[int] = set()
        waiting = [value.box]
        parts = [value]
        while waiting:
            number = waiting.pop()
            if number in seen:
                continue
            seen.add(number)
            box = self.heap.get(number, LOST)
            parts.append(content(box))
            waiting += inner_boxes(box)
        return mixed(*parts)

    def lose(self, value: Value) -> None:
        """Others have it: from here on it, and all that it holds, can be anything."""
        waiting = [value.box]
        while waiting:
            number = waiting.pop()
            if number is None or isinstance(box := self.heap.get(number, LOST), Lost | Instance):
                continue
            waiting += inner_boxes(box)
            self.heap[number] = LOST

    def surrender(self) -> None:
        """Others can get at everything."""
        for name in self.names:
            self.names[name] = OUTSIDE
        for number in self.heap:
            self.heap[number] = LOST

    def either(self, left: Value, right: Value) -> Value:
        """Either of the two, whatever they are. Which of two containers it is cannot be said, so both are lost."""
        found = same_box(left, right)
        if found is None:
            self.lose(left)
            self.lose(right)
        return found or OUTSIDE

    def summary(self, value: Value) -> Value:
        """What is in a container, as one value. Containers inside it can then be reached by ways that we do not see."""
        box = self.box(value)
        if box is None:
            return mixed(value)
        holding = [self.heap.get(number, LOST) for number in box.of] if isinstance(box, View) else [box]
        for other in holding:
            for number in inner_boxes(other):
                self.lose(Value(box=number))
        return self.deep(value)

    def holders(self, number: int) -> int:
        """How many variables and containers hold this one."""
        return sum(value.box == number for value in self.names.values()) + sum(
            inner_boxes(box).count(number) for box in self.heap.values()
        )

    def size(self) -> int:
        """How much there is to copy."""
        return len(self.names) + len(self.heap)


@dataclass(slots=True)
class Frame:
    """One call: where it comes from, and where it may leave to."""

    function: Function
    depth: int = 0
    site: tuple[int, ...] = ()
    caller: tuple[Frame, State] | None = None
    returned: Value | None = None
    ended: State | None = None
    breaks: list[State] = field(default_factory=list)
    continues: list[State] = field(default_factory=list)
    tries: list[list[State]] = field(default_factory=list)
    """Of each ``try`` that is being run: states in which its body may be left by an exception."""

    def leave(self, value: Value, state: State) -> None:
        """The call ends with this value."""
        if self.returned is None or self.ended is None:
            self.returned, self.ended = value, state
        else:
            both = merged(self.ended, state)
            self.returned = both.either(self.returned, value)
            self.ended = both


def either(left: State | None, right: State | None) -> State | None:
    """The state after one of two ways; None is a way that does not come here."""
    if left is None or right is None:
        return left or right
    return merged(left, right)


def merged(left: State, right: State) -> State:
    """The state after one of two ways."""
    result = State(heap={**right.heap, **left.heap}, several=left.several)
    lost: list[Value] = []

    def one(a: Value, b: Value) -> Value:
        found = same_box(a, b)
        if found is None:
            lost.extend((a, b))
        return found or OUTSIDE

    for number in left.heap.keys() & right.heap.keys():
        result.heap[number] = joined(left.heap[number], right.heap[number], one)
    for name in left.names.keys() | right.names.keys():
        ours, theirs = left.names.get(name), right.names.get(name)
        # A name that only one side knows is not used where the other side comes from.
        result.names[name] = one(ours, theirs) if ours and theirs else (ours or theirs or OUTSIDE)
    for value in lost:
        result.lose(value)
    return result


def all_of(states: Iterable[State]) -> State | None:
    """The state after one of these ways."""
    result: State | None = None
    for state in states:
        result = either(result, state)
    return result


def widen(before: State, after: State) -> None:
    """What still changes after several rounds is not counted out to its end."""
    for name, value in after.names.items():
        if before.names.get(name) != value:
            after.names[name] = replace(value, literals=None)
    for number, box in after.heap.items():
        if before.heap.get(number) == box:
            continue
        if isinstance(box, Row):
            rest = box.blurred(after.either).rest
            after.change(Value(box=number), Row(None, None if rest is None else replace(rest, literals=None)))
        elif isinstance(box, Builder):
            after.heap[number] = Builder(mixed(box.text))
        elif isinstance(box, Table):
            entries = {key: replace(value, literals=None) for key, value in box.entries.items()}
            rest = replace(box.rest, literals=None) if box.rest is not None else None
            after.heap[number] = replace(box, entries=entries, rest=rest, keys=mixed(box.keys))
