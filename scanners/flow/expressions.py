"""What an expression can be, and what evaluating it does to variables and containers."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

from scanners.flow import library
from scanners.flow.boxes import (
    Box,
    Builder,
    Instance,
    Lost,
    Row,
    Table,
    View,
    joined,
    row_get,
    row_set,
    table_get,
    table_put,
)
from scanners.flow.ir import (
    Appended,
    Asked,
    Binary,
    Bracketed,
    Call,
    Char,
    Choose,
    Each,
    Expr,
    Field,
    Function,
    Grown,
    Item,
    Let,
    Listed,
    Lit,
    Logical,
    Made,
    Mapped,
    Name,
    Opaque,
    Program,
    Rest,
    Slice,
    Span,
    Text,
    Unary,
    Unsupported,
    Written,
)
from scanners.flow.state import Frame, State, merged
from scanners.flow.values import (
    INERT,
    OUTSIDE,
    Value,
    bared,
    binary,
    join,
    literal,
    mixed,
    one_of,
    text,
    truth,
    unary,
)

_MOST_PASSES = 12
_STATE_SHARE = 8
"""So many variables are copied in the time of one step."""
_COMPARED = {"==": True, "is": True, "in": True, "!=": False, "not in": False, "is not": False}


class Expressions(ABC):
    """The part of a run that evaluates expressions and assigns to targets."""

    def __init__(self, program: Program, most_steps: int) -> None:
        self._program = program
        self._dialect = program.dialect
        self._steps_left = most_steps
        self._sites: dict[tuple[tuple[int, ...], int], int] = {}
        self._constants: dict[tuple[str, str], Value] = {}
        self.values: dict[Span, Value] = {}
        """What was found out, by place."""

    @property
    def steps_left(self) -> int:
        """Of those that were allowed."""
        return max(self._steps_left, 0)

    @abstractmethod
    def call(self, call: Call, state: State, frame: Frame) -> Value:
        """What a call gives."""

    # -- bookkeeping

    def step(self, weight: int = 1) -> None:
        """Raises ``Unsupported`` when it has been enough."""
        self._steps_left -= weight
        if self._steps_left < 0:
            raise Unsupported("too large")

    def copy(self, state: State) -> State:
        """Another state that changes on its own."""
        self.step(1 + state.size() // _STATE_SHARE)
        return state.copy()

    def see(self, expression: Expr, value: Value, state: State, frame: Frame) -> None:
        """Write down what an expression was found to be."""
        if frame.depth == 0 and expression.span[0] >= 0:
            deep = state.deep(value)
            before = self.values.get(expression.span)
            self.values[expression.span] = deep if before is None else join(before, deep)

    def note(self, state: State, frame: Frame) -> None:
        """An exception may leave from here, to any ``try`` around."""
        here: Frame | None = frame
        while here is not None:
            for states in here.tries:
                states.append(self.copy(state))
                if len(states) > 8:
                    whole = states[0]
                    for other in states[1:]:
                        whole = merged(whole, other)
                    states[:] = [whole]
            if here.caller is None:
                return
            here, outer = here.caller
            state = State(outer.names, state.heap, state.several)

    def new(self, frame: Frame, origin: object, box: Box, state: State) -> Value:
        """A new container. One place in the source has one number, which may come to stand for several containers."""
        number = self._sites.setdefault((frame.site, id(origin)), len(self._sites))
        if number in state.heap and (frame.depth or state.holders(number)):
            state.several.add(number)
            state.heap[number] = joined(state.heap[number], box, state.either)
        else:
            state.heap[number] = box
        return Value(box=number)

    # -- expressions

    def eval(self, expression: Expr, state: State, frame: Frame) -> Value:
        """What it can be at this point. Changes the state by what evaluating it does."""
        self.step()
        value = self._value(expression, state, frame)
        self.see(expression, value, state, frame)
        return value

    def _value(self, expression: Expr, state: State, frame: Frame) -> Value:
        match expression:
            case Lit(value=value):
                return literal(value)
            case Written():
                return INERT
            case Bracketed(inner=inner):
                return self.eval(inner, state, frame)
            case Name(name=name):
                return self._name(name, state, frame)
            case Text(parts=parts):
                return text([state.deep(self.eval(part, state, frame)) for part in parts])
            case Binary():
                return self._binary(expression, state, frame)
            case Unary(operator="not", operand=operand):
                answer = self.truth(self.eval(operand, state, frame), state)
                return INERT if answer is None else literal(not answer)
            case Unary(operator=operator, operand=operand):
                return unary(operator, state.deep(self.eval(operand, state, frame)))
            case Logical():
                return self._logical(expression, state, frame)
            case Choose():
                return self._choose(expression, state, frame)
            case Call():
                return self.call(expression, state, frame)
            case Item(base=base, key=key):
                container = self.eval(base, state, frame)
                return self._item(container, self.eval(key, state, frame), state)
            case Slice():
                return self._slice(expression, state, frame)
            case Field(base=base, name=name):
                return self._field(base, name, state, frame)
            case Listed(items=items, ordered=ordered):
                row = Row(tuple(self.eval(item, state, frame) for item in items))
                return self.new(frame, expression, row if ordered else row.blurred(state.either), state)
            case Mapped(pairs=pairs):
                table = Table({}, record=self._dialect.records)
                for key, entry in pairs:
                    name_of = self.key(self.eval(key, state, frame), state)
                    table = table_put(table, name_of, self.eval(entry, state, frame), state.either)
                return self.new(frame, expression, table, state)
            case Each():
                return self._each(expression, state, frame)
            case Let(target=target, value=assigned):
                result = self.eval(assigned, state, frame)
                self.assign(target, result, state, frame)
                self.note(state, frame)
                return result
            case Made(parts=parts, row=row):
                values = [self.eval(part, state, frame) for part in parts]
                return self.made(values, expression, state, frame) if row else mixed(*map(state.deep, values))
            case Asked(parts=parts):
                for part in parts:
                    self.eval(part, state, frame)
                return INERT
            case Grown():
                return self._grown(expression, state, frame)
            case Appended():
                return self._appended(expression, state, frame)
            case Opaque(parts=parts):
                for part in parts:
                    state.lose(self.eval(part, state, frame))
                return OUTSIDE
        raise Unsupported(type(expression).__name__)

    def made(self, values: Sequence[Value], origin: object, state: State, frame: Frame) -> Value:
        """A new container of whatever can be taken out of these."""
        found = [self.items(value, state) for value in values]
        return self.new(frame, origin, Row().blurred(state.either, *found) if found else Row(None), state)

    def _name(self, name: str, state: State, frame: Frame) -> Value:
        if name in state.names:
            return state.names[name]
        return self._constant("", name, frame) or OUTSIDE

    def _constant(self, owner: str, name: str, frame: Frame) -> Value | None:
        expression = self._program.constants.get((owner, name))
        if expression is None:
            return None
        if (owner, name) not in self._constants:
            self._constants[owner, name] = OUTSIDE  # for one that is defined by itself
            alone = Function("", owner, (), (), (-1, -1))
            inner = Frame(alone, frame.depth + 1, (*frame.site, id(expression)))
            found = self.eval(expression, State(), inner)
            self._constants[owner, name] = found if found.literals is not None and found.box is None else OUTSIDE
        return self._constants[owner, name]

    def _binary(self, expression: Binary, state: State, frame: Frame) -> Value:
        operator = expression.operator
        ours, theirs = self.eval(expression.left, state, frame), self.eval(expression.right, state, frame)
        return self._operated(operator, ours, theirs, expression, state, frame)

    def _operated(
        self, operator: str, ours: Value, theirs: Value, origin: Binary | Grown, state: State, frame: Frame
    ) -> Value:
        left, right = (origin.left, origin.right) if isinstance(origin, Binary) else (origin.base, origin.value)
        written = _is_number(left) + _is_number(right)
        result = binary(operator, state.deep(ours), state.deep(theirs), self._dialect, written=written)
        if (ours.box is None and theirs.box is None) or not self._dialect.joins_rows or operator in _ASKING:
            return result
        rows = state.box(ours), state.box(theirs)
        if operator == "+" and isinstance(rows[0], Row) and isinstance(rows[1], Row):
            first, second = rows[0].items, rows[1].items
            if first is not None and second is not None:
                return self.new(frame, origin, Row(first + second), state)
            return self.new(frame, origin, rows[0].blurred(state.either, *rows[1].values()), state)
        return self.made([ours, theirs], origin, state, frame)

    def _logical(self, expression: Logical, state: State, frame: Frame) -> Value:
        first = self.eval(expression.left, state, frame)
        answer = self.truth(first, state)
        if answer is (expression.operator == "or"):
            return first
        if answer is not None:
            return self.eval(expression.right, state, frame)
        other = self.copy(state)
        self.learn(expression.left, other, frame, holds=expression.operator == "and")
        second = self.eval(expression.right, other, frame)
        _become(state, merged(state, other))
        return state.either(first, second)

    def _choose(self, expression: Choose, state: State, frame: Frame) -> Value:
        answer = self.truth(self.eval(expression.test, state, frame), state)
        if answer is not None:
            self.learn(expression.test, state, frame, holds=answer)
            return self.eval(expression.then if answer else expression.otherwise, state, frame)
        other = self.copy(state)
        self.learn(expression.test, state, frame, holds=True)
        self.learn(expression.test, other, frame, holds=False)
        first, second = self.eval(expression.then, state, frame), self.eval(expression.otherwise, other, frame)
        _become(state, merged(state, other))
        return state.either(first, second)

    def _item(self, container: Value, key: Value, state: State) -> Value:
        match state.box(container):
            case Row() as row:
                return row_get(row, self._index(row, key), state.either)
            case Table(sections=False) as table:
                return table_get(table, key, INERT, state.either)
            case None:
                return self._character(container, key)
            case View() | Builder():
                return state.summary(container)
        state.lose(container)
        return OUTSIDE

    def _index(self, row: Row, key: Value) -> int | None:
        index = key.index()
        if index is not None and index < 0:
            return index if self._dialect.negative_indexes else None
        return index

    def _character(self, container: Value, key: Value) -> Value:
        subject, index = container.only(), key.index()
        if subject is None or not isinstance(subject[0], str) or index is None:
            return bared(mixed(container))
        if index >= len(subject[0]) or (index < 0 and not self._dialect.negative_indexes) or index < -len(subject[0]):
            return INERT
        found = subject[0][index]
        return literal(Char(found) if self._dialect.characters else found)

    def _slice(self, expression: Slice, state: State, frame: Frame) -> Value:
        container = self.eval(expression.base, state, frame)
        written = (expression.low, expression.high)
        ends = [None if end is None else self.eval(end, state, frame).index() for end in written]
        exact = all(end is None or known is not None for end, known in zip(written, ends, strict=True))
        exact = exact and (self._dialect.negative_indexes or all(end is None or end >= 0 for end in ends))
        cut = slice(ends[0], ends[1])
        box = state.box(container)
        if isinstance(box, Row) and not self._dialect.shared_slices:
            if box.items is not None and exact:
                return self.new(frame, expression, Row(box.items[cut]), state)
            return self.new(frame, expression, box.blurred(state.either), state)
        if box is not None:
            state.lose(container)
            return OUTSIDE
        subject = container.only()
        if exact and subject is not None and isinstance(subject[0], str):
            return literal(subject[0][cut])
        return bared(mixed(container))

    def _field(self, base: Expr, name: str, state: State, frame: Frame) -> Value:
        container = self.eval(base, state, frame)
        if isinstance(base, Name):
            owner = base.name
            if owner == frame.function.receiver or (owner == "this" and self._dialect.own_methods):
                owner = frame.function.owner
            if base.name not in state.names or isinstance(state.box(container), Instance):
                constant = self._constant(owner, name, frame) if owner else None
                if constant is not None:
                    return constant
        box = state.box(container)
        if name == "length" and isinstance(box, Row):
            return literal(len(box.items)) if box.items is not None else INERT
        if isinstance(box, Table) and box.record:
            return table_get(box, literal(name), INERT, state.either)
        # A method that is taken from an object can be called later.
        state.lose(container)
        return OUTSIDE

    def _each(self, each: Each, state: State, frame: Frame) -> Value:
        source = self.eval(each.iterable, state, frame)
        item = INERT
        for _ in range(_MOST_PASSES):
            inside = self.copy(state)
            self.assign(each.target, self.items(source, inside), inside, frame)
            for test in each.tests:
                self.eval(test, inside, frame)
                self.learn(test, inside, frame, holds=True)
            item = self.eval(each.element, inside, frame)
            if item.box is not None:
                inside.lose(item)  # there are as many of them as rounds
                item = OUTSIDE
            item = mixed(item) if item.literals is None else item
            if not self._carried(state, inside, _names_in(each.target)):
                return self.new(frame, each, Row(None, item), state)
        raise Unsupported("a comprehension that does not settle")

    def _carried(self, state: State, inside: State, local: frozenset[str]) -> bool:
        """Whether a round changed what the next one, or the code after it, can see. What it changed can be anything."""
        changed = False
        for name, value in inside.names.items():
            if name not in local and state.names.get(name) != value and state.names.get(name) != OUTSIDE:
                # A test may have taught something about a variable; that is no change, but it costs little.
                state.names[name] = OUTSIDE
                changed = True
        for number, box in inside.heap.items():
            before = state.heap.get(number)
            if before is None:
                state.heap[number] = box
                state.lose(Value(box=number))
            elif before != box and not isinstance(before, Lost):
                state.lose(Value(box=number))
                changed = True
        return changed

    def _grown(self, grown: Grown, state: State, frame: Frame) -> Value:
        base, value = self.eval(grown.base, state, frame), self.eval(grown.value, state, frame)
        box = state.box(base)
        if box is None:
            return self._operated(grown.operator, base, value, grown, state, frame)
        other = state.box(value)
        if isinstance(box, Row) and grown.operator == "+":
            if box.items is not None and isinstance(other, Row) and other.items is not None:
                state.change(base, Row(box.items + other.items))
            else:
                state.change(base, box.blurred(state.either, self.items(value, state)))
            return base
        if isinstance(box, Row):
            state.change(base, box.blurred(state.either, self.items(value, state)))
            return base
        state.lose(base)
        state.lose(value)
        return OUTSIDE

    def _appended(self, appended: Appended, state: State, frame: Frame) -> Value:
        base = self.eval(appended.base, state, frame)
        items = [self.eval(item, state, frame) for item in appended.items]
        box = state.box(base)
        # Where others see the same slice, its next item may be written over by either of them.
        alone = base.box is not None and frame.depth == 0 and state.holders(base.box) <= 1
        if not isinstance(box, Row) or not alone:
            for value in (base, *items):
                state.lose(value)
            return OUTSIDE
        last = state.box(items[-1]) if appended.spread and items else None
        if appended.spread and isinstance(last, Row) and last.items is not None and box.items is not None:
            state.change(base, Row((*box.items, *items[:-1], *last.items)))
        elif appended.spread or box.items is None:
            more = [*items[:-1], self.items(items[-1], state)] if appended.spread else items
            state.change(base, box.blurred(state.either, *more))
        else:
            state.change(base, Row((*box.items, *items)))
        return base

    # -- what is asked of values

    def items(self, value: Value, state: State) -> Value:
        """Any item of what is iterated over."""
        match state.box(value):
            case Row() as row:
                return row.any(state.either)
            case Table(sections=False) as table if self._dialect.keys_iterated:
                return Value(None, table.keys.outside)
            case Table(sections=False) | View() | Builder():
                return state.summary(value)
            case None:
                return bared(mixed(value))
        state.lose(value)
        return OUTSIDE

    def key(self, value: Value, state: State) -> Value:
        """What is used as a key. A container that is one can be got at through the mapping."""
        if value.box is None:
            return value
        deep = state.deep(value)
        state.lose(value)
        return deep

    def truth(self, value: Value, state: State) -> bool | None:
        """Whether it counts as true, where that is certain."""
        box = state.box(value)
        if isinstance(box, Row) and not value.optional and self._dialect.empty_is_false and box.items is not None:
            return bool(box.items)
        return None if box is not None else truth(value)

    def learn(self, test: Expr, state: State, frame: Frame, *, holds: bool) -> None:
        """A variable that was compared with literals is one of them where the comparison holds."""
        match test:
            case Bracketed(inner=inner):
                self.learn(inner, state, frame, holds=holds)
            case Unary(operator="not", operand=inner):
                self.learn(inner, state, frame, holds=not holds)
            case Logical(operator=operator, left=left, right=right):
                if (operator == "and") == holds and not _assigns(right):
                    self.learn(left, state, frame, holds=holds)
                if (operator == "and") == holds:
                    self.learn(right, state, frame, holds=holds)
            case Binary(operator=operator, left=Name(name=name), right=right):
                if _COMPARED.get(operator) is not holds or not self._can_learn(name, state, frame):
                    return
                among = right.items if isinstance(right, Listed) else ()
                items = among if "in" in operator.split() else (right,)
                literals = [item.value for item in items if isinstance(item, Lit)]
                if len(literals) == len(items) and literals:
                    state.names[name] = one_of(literals)
            case Call(name="equals" | "equalsIgnoreCase", receiver=receiver, arguments=(argument,)) if holds:
                for this, other in ((receiver, argument), (argument, receiver)):
                    if not (isinstance(this, Lit) and isinstance(other, Name) and self._dialect.identity):
                        continue
                    if self._can_learn(other.name, state, frame):
                        state.names[other.name] = literal(this.value) if test.name == "equals" else INERT

    def _can_learn(self, name: str, state: State, frame: Frame) -> bool:
        known = state.names.get(name)
        return known is not None and known.box is None and name not in frame.function.volatile

    # -- assignments

    def assign(self, target: Expr, value: Value, state: State, frame: Frame) -> None:
        """Put a value into a variable, an element, a field, or take it apart."""
        match target:
            case Name(name=name):
                self.bind(name, value, state, frame)
                self.see(target, value, state, frame)
            case Listed(items=targets):
                self._take_apart(targets, value, state, frame)
            case Rest(target=inner):
                self.assign(inner, self.made([value], target, state, frame), state, frame)
            case Item(base=base, key=key):
                container = self.eval(base, state, frame)
                self._put(container, self.eval(key, state, frame), value, state)
            case Field(base=base, name=name):
                container = self.eval(base, state, frame)
                box = state.box(container)
                if isinstance(box, Table) and box.record and name != "__proto__":
                    state.change(container, table_put(box, literal(name), value, state.either))
                else:
                    state.lose(container)
                    state.lose(value)
            case Slice(base=base, low=low, high=high):
                state.lose(self.eval(base, state, frame))
                for end in (low, high):
                    if end is not None:
                        self.eval(end, state, frame)
                state.lose(value)
            case _:
                state.lose(self.eval(target, state, frame))
                state.lose(value)

    def bind(self, name: str, value: Value, state: State, frame: Frame) -> None:
        """A variable holds a value from here on."""
        if name in frame.function.shared or name in frame.function.volatile:
            state.lose(value)
        state.names[name] = OUTSIDE if name in frame.function.volatile else value

    def _take_apart(self, targets: Sequence[Expr], value: Value, state: State, frame: Frame) -> None:
        box = state.box(value)
        items = box.items if isinstance(box, Row) else None
        rest = [index for index, part in enumerate(targets) if isinstance(part, Rest)]
        found: list[Value]
        if items is not None and not rest and len(items) == len(targets):
            found = list(items)
        elif items is not None and len(rest) == 1 and len(items) >= len(targets) - 1:
            before, after = rest[0], len(targets) - rest[0] - 1
            middle = items[before : len(items) - after]
            taken = self.new(frame, targets[before], Row(middle), state)
            found = [*items[:before], taken, *items[len(items) - after :]]
        else:
            found = [
                self.made([value], part, state, frame) if isinstance(part, Rest) else self.items(value, state)
                for part in targets
            ]
        for part, item in zip(targets, found, strict=True):
            self.assign(part.target if isinstance(part, Rest) else part, item, state, frame)

    def _put(self, container: Value, key: Value, value: Value, state: State) -> None:
        box = state.box(container)
        if isinstance(box, Row):
            state.change(container, row_set(box, self._index(box, key), value, state.either))
        elif isinstance(box, Table) and not box.sections and key.only() != ("__proto__",):
            state.change(container, table_put(box, self.key(key, state), value, state.either))
        else:
            state.lose(container)
            state.lose(value)


_ASKING = frozenset({"==", "!=", "<", "<=", ">", ">=", "is", "is not", "in", "not in"})


def _become(state: State, other: State) -> None:
    state.names, state.heap = other.names, other.heap


def _is_number(expression: Expr) -> bool:
    """Whether it is a number that is written down, or calculated from such."""
    match expression:
        case Lit(value=value):
            return type(value) is int
        case Bracketed(inner=inner) | Unary(operator="-" | "+", operand=inner):
            return _is_number(inner)
        case Binary(operator="+" | "-" | "*" | "/" | "%", left=left, right=right):
            return _is_number(left) and _is_number(right)
    return False


def _assigns(expression: Expr) -> bool:
    """Whether evaluating it may change a variable."""
    waiting: list[object] = [expression]
    while waiting:
        part = waiting.pop()
        match part:
            case Let() | Opaque():
                return True
            case Call(path=path) if path in library.HAVOC:
                return True
            case Expr():
                waiting += [getattr(part, name) for name in part.__slots__]
            case tuple():
                waiting += part
    return False


def _names_in(target: Expr) -> frozenset[str]:
    match target:
        case Name(name=name):
            return frozenset({name})
        case Listed(items=items):
            return frozenset().union(*(_names_in(item) for item in items))
        case Rest(target=inner):
            return _names_in(inner)
    return frozenset()
