"""What calls do: of functions of the same file, which are entered, of those that we know, and of all others."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from functools import partial

from scanners.flow import containers, library
from scanners.flow.boxes import Instance, Row, View
from scanners.flow.expressions import Expressions
from scanners.flow.ir import Bracketed, Call, Expr, Field, Function, Lit, Name, Parameter, Program, Stmt
from scanners.flow.state import Frame, State
from scanners.flow.values import INERT, NOTHING, OUTSIDE, Value, bared, literal, mixed, passed

_DEEPEST_CALL = 5


class Definitions:
    """The functions of a file by their names."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.named: dict[tuple[str, str], list[Function]] = {}
        """By class and name."""
        for function in program.functions:
            self.named.setdefault((function.owner, function.name), []).append(function)
        self.overridden = _overridden(program)
        """Methods that a class of the same file has its own version of, by the class that they are first in."""


class Calls(Expressions):
    """The part of a run that deals with calls."""

    def __init__(self, definitions: Definitions, most_steps: int) -> None:
        super().__init__(definitions.program, most_steps)
        self._definitions = definitions

    @abstractmethod
    def block(self, body: Sequence[Stmt], state: State | None, frame: Frame) -> State | None:
        """Run statements. None: what comes after them is not reached."""

    def call(self, call: Call, state: State, frame: Frame) -> Value:
        """What a call gives."""
        receiver = self.eval(call.receiver, state, frame) if call.receiver is not None else None
        space = self._is_space(call, state)
        arguments = [self.eval(argument, state, frame) for argument in call.arguments]
        keywords = {name: self.eval(value, state, frame) for name, value in call.keywords}
        # It is called with what containers hold after all arguments were evaluated.
        for expression, value in zip(call.arguments, arguments, strict=True):
            if value.box is not None:
                self.see(expression, value, state, frame)
        self.note(state, frame)
        result = self._called(call, None if space else receiver, arguments, keywords, state, frame)
        self.note(state, frame)
        return result

    def ends(self, call: Call, state: State) -> bool:
        """Whether the call does not come back."""
        return call.path in library.ENDS and self._is_space(call, state)

    def _is_space(self, call: Call, state: State) -> bool:
        """Whether the callee is found through modules and classes, which hold nothing."""
        first = _first_name(call)
        if first is None or first in state.names:
            return False
        return bool(call.path) or (isinstance(call.receiver, Name) and first in self._program.classes)

    def _called(
        self,
        call: Call,
        receiver: Value | None,
        arguments: Sequence[Value],
        keywords: Mapping[str, Value],
        state: State,
        frame: Frame,
    ) -> Value:
        values = [*arguments, *keywords.values()]
        path = call.path if self._is_space(call, state) else ""
        use = containers.Use(
            call.name,
            arguments,
            keywords,
            state,
            self._dialect,
            make=partial(self.new, frame, call, state=state),
            items=partial(self.items, state=state),
            key=partial(self.key, state=state),
        )
        if path and not call.spread:
            made = containers.constructed(path, use)
            if made is not None:
                return made
        if self._makes_instance(call, state):
            for value in values:
                state.lose(value)
            return self.new(frame, call, Instance(call.name), state)
        if receiver is not None and receiver.box is not None and not call.spread:
            done = containers.method(receiver, use)
            if done is not None:
                return done
        target = self._target(call, receiver, state, frame)
        if target is not None:
            return self._enter(call, target, receiver, arguments, keywords, state, frame)
        known = self._known(call, path, receiver, arguments, keywords, state, frame)
        if known is not None:
            return known
        if path in library.HAVOC or call.path in library.HAVOC:
            state.surrender()
        subjects = [receiver] if receiver is not None else []
        given = [*subjects, *values]
        result = passed(self._names(call, path, state), *map(state.deep, given), fresh=True)
        for value in given:
            state.lose(value)
        return result

    def _known(
        self,
        call: Call,
        path: str,
        receiver: Value | None,
        arguments: Sequence[Value],
        keywords: Mapping[str, Value],
        state: State,
        frame: Frame,
    ) -> Value | None:
        """A function, or a method of a text, that brings in nothing of its own and changes nothing."""
        values = [*arguments, *keywords.values()]
        names = self._names(call, path, state)
        if path in library.VIEWS and not keywords:
            shown = frozenset(value.box for value in values if value.box is not None)
            return self.new(frame, call, View(shown, mixed(*values)), state)
        if path in library.ROWS_FROM:
            found = [self.items(value, state) for value in values]
            found = [bared(value) for value in found] if path in library.CUTS else found
            return self.new(frame, call, Row().blurred(state.either, *found), state)
        if path in library.TEXTS or path in library.TEXTS_OR_ERRORS:
            box = state.box(arguments[0]) if path == "len" and len(arguments) == 1 else None
            if isinstance(box, Row) and box.items is not None:
                return literal(len(box.items))
            deep = [state.deep(value) for value in values]
            undone = call.name in library.UNDOES or path in library.CUTS
            result = passed(names, *(map(bared, deep) if undone else deep), fresh=False)
            if path in library.TEXTS_OR_ERRORS:
                return self.new(frame, call, Row((result, INERT)), state)
            return result
        if receiver is None or receiver.box is not None or path:
            return None
        if not keywords and not call.spread:
            exact = self._exact(call.name, receiver, arguments)
            if exact is not None:
                return exact
        return self._text_method(call, receiver, values, names, state, frame)

    def _text_method(
        self, call: Call, receiver: Value, values: Sequence[Value], names: frozenset[str], state: State, frame: Frame
    ) -> Value | None:
        row = call.name in library.ROW_METHODS
        if not row and call.name not in library.TEXT_METHODS:
            return None
        if not receiver.inert:
            # It may be something else than a text, that keeps or changes what it is given.
            for value in values:
                state.lose(value)
        cut = call.name in library.UNDOES or call.name in library.CUTS
        cut = cut or (call.name in ("strip", "trim") and bool(values))
        subject = bared(receiver) if cut else receiver
        result = passed(names, subject, *(state.deep(value) for value in values), fresh=False)
        return self.new(frame, call, Row(None, result), state) if row else result

    def _exact(self, name: str, receiver: Value, arguments: Sequence[Value]) -> Value | None:
        """A method of a literal with literals."""
        subject, known = receiver.only(), [argument.only() for argument in arguments]
        if subject is None or any(value is None for value in known):
            return None
        given = tuple(value[0] for value in known if value is not None)
        found = library.exact(name, subject[0], given, self._dialect)
        return None if found is None else literal(found[0])

    def _names(self, call: Call, path: str, state: State) -> frozenset[str]:
        """How a cleaner may call this: as it is written and by its full name; by none where it is of this file."""
        if call.receiver is None and not path:
            return frozenset()
        new = "new " if call.new else ""
        return frozenset({new + _spelled(call, state), *((new + path,) if path else ())})

    # -- functions of this file

    def _makes_instance(self, call: Call, state: State) -> bool:
        named = call.name in self._program.classes and call.name not in self._program.unsure
        return named and not call.path and call.name not in state.names and (call.new or call.receiver is None)

    def _target(self, call: Call, receiver: Value | None, state: State, frame: Frame) -> Function | None:
        """The function of this file that is called, where there is no doubt."""
        if call.new or call.path or call.name in self._program.unsure:
            return None
        if call.receiver is None:
            if call.name in state.names:
                return None
            owner = frame.function.owner if self._dialect.own_methods else ""
        elif receiver is not None:
            box = state.box(receiver)
            if not isinstance(box, Instance):
                return None
            owner = box.of
        elif isinstance(call.receiver, Name) and call.receiver.name in self._program.classes:
            owner = call.receiver.name
        else:
            return None
        if owner in self._program.unsure or (owner, call.name) in self._definitions.overridden:
            return None
        found = self._definitions.named.get((owner, call.name), [])
        if self._dialect.overloads:
            given = len(call.arguments)
            found = [function for function in found if _takes(function, given)]
        if len(found) != 1 or found[0].opaque:
            return None
        if self._dialect.any_arguments or _takes(found[0], len(call.arguments) + len(call.keywords)):
            return found[0]
        return None

    def _enter(
        self,
        call: Call,
        target: Function,
        receiver: Value | None,
        arguments: Sequence[Value],
        keywords: Mapping[str, Value],
        state: State,
        frame: Frame,
    ) -> Value:
        itself = receiver
        if target.receiver and itself is None and self._dialect.own_methods:
            itself = state.names.get(frame.function.receiver, OUTSIDE)
        lost = frame.depth >= _DEEPEST_CALL or call.spread or id(target) in frame.site
        if lost or (target.receiver and itself is None):
            for value in (*arguments, *keywords.values()):
                state.lose(value)
            return OUTSIDE
        inner = Frame(target, frame.depth + 1, (*frame.site, id(target), id(call)), (frame, state))
        started = State(heap=state.heap, several=state.several)
        if target.receiver:
            self.bind(target.receiver, itself or OUTSIDE, started, inner)
        self._pass(target.parameters, arguments, keywords, started, inner)
        last = self.block(target.body, started, inner)
        if last is not None:
            inner.leave(NOTHING, last)
        if inner.ended is None or inner.returned is None:
            state.heap = started.heap
            return INERT  # it never comes back
        state.heap = inner.ended.heap
        return inner.returned

    def _pass(
        self,
        parameters: Sequence[Parameter],
        arguments: Sequence[Value],
        keywords: Mapping[str, Value],
        started: State,
        inner: Frame,
    ) -> None:
        left, named = list(arguments), dict(keywords)
        for parameter in parameters:
            # A default that is no literal is made once, and keeps what was done to it.
            usual = literal(parameter.default.value) if isinstance(parameter.default, Lit) else OUTSIDE
            if parameter.rest:
                rest = [*left, *named.values()]
                value = INERT if all(started.deep(item).inert for item in rest) else OUTSIDE
                for item in rest:
                    started.lose(item)
                # It is a container that the function may fill.
                value = self.new(inner, parameter, Row(None, value), started)
                left = []
            elif left:
                value = left.pop(0)
                if self._dialect.any_arguments and parameter.default is not None:
                    value = started.either(value, usual)
            elif parameter.name in named:
                value = named.pop(parameter.name)
            elif parameter.default is not None:
                value = usual
            else:
                value = INERT if self._dialect.any_arguments else OUTSIDE
            self.bind(parameter.name, value, started, inner)


def _overridden(program: Program) -> set[tuple[str, str]]:
    found: set[tuple[str, str]] = set()
    names: dict[str, set[str]] = {}
    for function in program.functions:
        names.setdefault(function.owner, set()).add(function.name)
    for child in program.bases:
        waiting, seen = list(program.bases[child]), {child}
        while waiting:
            ancestor = waiting.pop()
            if ancestor in seen:
                continue
            seen.add(ancestor)
            found |= {(ancestor, name) for name in names.get(child, ())}
            waiting += program.bases.get(ancestor, ())
    return found


def _takes(function: Function, given: int) -> bool:
    if any(parameter.rest for parameter in function.parameters):
        return True
    needed = sum(parameter.default is None for parameter in function.parameters)
    return needed <= given <= len(function.parameters)


def _first_name(call: Call) -> str | None:
    """The name with which the callee begins, where it is made of names alone."""
    part: Expr | None = call.receiver
    if part is None:
        return call.name
    while True:
        match part:
            case Name(name=name):
                return name
            case Field(base=base) | Bracketed(inner=base):
                part = base
            case _:
                return None


def _spelled(call: Call, state: State) -> str:
    """The callee as it is written, with ``?`` for what is no name, or the name of a variable here."""
    parts = [call.name]
    part = call.receiver
    while part is not None:
        match part:
            case Bracketed(inner=inner):
                part = inner
            case Name(name=name) if "#" not in name and name not in state.names:
                parts.append(name)
                part = None
            case Field(base=base, name=name):
                parts.append(name)
                part = base
            case Call(name=name, receiver=base, arguments=(), new=new):
                parts.append(f"new {name}()" if new else f"{name}()")
                part = base
            case _:
                parts.append("?")
                part = None
    return ".".join(reversed(parts))
