"""
Runs a function without its inputs, and says for each expression what it could be.

Branches whose condition is decided by literals are followed one way only; loops until nothing changes; calls of
functions of the same file are followed a few levels deep. Anything that is not understood may be anything, so an answer
"inert" holds for every run of the program, as far as the code of this file decides it.

A run is built up in layers: ``expressions``, ``calls``, and the statements here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from scanners.flow.boxes import Instance
from scanners.flow.calls import Calls, Definitions
from scanners.flow.ir import (
    Assign,
    Break,
    Call,
    Case,
    Continue,
    Do,
    For,
    Forget,
    Function,
    If,
    Lit,
    Name,
    Raise,
    Return,
    Span,
    Stmt,
    Switch,
    Try,
    Unsupported,
    While,
)
from scanners.flow.state import Frame, State, all_of, either, merged, widen
from scanners.flow.values import NOTHING, OUTSIDE, Value, one_of

MOST_STEPS = 60_000
_MOST_ROUNDS = 24
_WIDEN_AFTER = 4


@dataclass(frozen=True, slots=True)
class Seen:
    """What was found out about one function."""

    values: dict[Span, Value]
    """What each expression that can be reached may be, its containers' content included."""
    steps: int
    """How much work that was."""


def run(definitions: Definitions, function: Function, most_steps: int = MOST_STEPS) -> Seen | None:
    """Run one function of a file with unknown arguments. None when it is too large or too deep to be judged."""
    allowed = min(most_steps, MOST_STEPS)
    machine = _Machine(definitions, allowed)
    try:
        machine.root(function)
    except (Unsupported, RecursionError):
        return None
    return Seen(machine.values, allowed - machine.steps_left)


class _Machine(Calls):
    """One run: the part that deals with statements."""

    def root(self, function: Function) -> None:
        """Run a function with arguments that could be anything."""
        frame = Frame(function)
        state = State(dict.fromkeys(function.foreign, OUTSIDE))
        for parameter in function.parameters:
            state.names[parameter.name] = OUTSIDE
        if function.receiver:
            state.names[function.receiver] = self.new(frame, function, Instance(function.owner), state)
        self.block(function.body, state, frame)

    def block(self, body: Sequence[Stmt], state: State | None, frame: Frame) -> State | None:
        """Run statements. None: what comes after them is not reached."""
        for statement in body:
            if state is None:
                return None
            self.note(state, frame)
            state = self._statement(statement, state, frame)
        if state is not None:
            self.note(state, frame)
        return state

    def _statement(self, statement: Stmt, state: State, frame: Frame) -> State | None:
        self.step()
        match statement:
            case Assign(target=target, value=value):
                self.assign(target, self.eval(value, state, frame), state, frame)
                return state
            case Do(value=value):
                self.eval(value, state, frame)
                return None if isinstance(value, Call) and self.ends(value, state) else state
            case If():
                return self._if(statement, state, frame)
            case While() | For():
                return self._loop(statement, state, frame)
            case Switch():
                return self._switch(statement, state, frame)
            case Return(value=value):
                result = self.eval(value, state, frame) if value is not None else NOTHING
                self.note(state, frame)
                frame.leave(result, state)
                return None
            case Break():
                frame.breaks.append(state)
                return None
            case Continue():
                frame.continues.append(state)
                return None
            case Raise(value=value):
                if value is not None:
                    self.eval(value, state, frame)
                self.note(state, frame)
                return None
            case Try():
                return self._try(statement, state, frame)
            case Forget(names=names):
                for name in names:
                    state.names[name] = OUTSIDE
                return state
        raise Unsupported(type(statement).__name__)

    def _if(self, statement: If, state: State, frame: Frame) -> State | None:
        answer = self.truth(self.eval(statement.test, state, frame), state)
        after: State | None = None
        if answer is not False:
            inside = self.copy(state) if answer is None else state
            self.learn(statement.test, inside, frame, holds=True)
            after = self.block(statement.then, inside, frame)
        if answer is not True:
            self.learn(statement.test, state, frame, holds=False)
            after = either(after, self.block(statement.otherwise, state, frame))
        return after

    def _loop(self, loop: While | For, state: State, frame: Frame) -> State | None:
        outer = frame.breaks, frame.continues
        iterable = self.eval(loop.iterable, state, frame) if isinstance(loop, For) else None
        leaving: State | None = None
        entry: State | None = state
        for rounds in range(_MOST_ROUNDS):
            assert entry is not None
            inside = self.copy(entry)
            frame.breaks, frame.continues = [], []
            free = isinstance(loop, While) and loop.first_free and rounds == 0
            if isinstance(loop, For):
                assert iterable is not None
                leaving = either(leaving, self.copy(inside))
                self.assign(loop.target, self.items(iterable, inside), inside, frame)
            elif not free:
                answer = self.truth(self.eval(loop.test, inside, frame), inside)
                if answer is not True:
                    out = self.copy(inside)
                    self.learn(loop.test, out, frame, holds=False)
                    leaving = either(leaving, out)
                if answer is False:
                    break
                self.learn(loop.test, inside, frame, holds=True)
            after = self.block(loop.body, inside, frame)
            for skipped in frame.continues:
                after = either(after, skipped)
            if after is not None and isinstance(loop, While):
                after = self.block(loop.update, after, frame)
            for broken in frame.breaks:
                leaving = either(leaving, broken)
            if after is None:
                break
            following = merged(entry, after)
            if rounds >= _WIDEN_AFTER:
                widen(entry, following)
            if not free and following.names == entry.names and following.heap == entry.heap:
                break
            entry = following
        else:
            raise Unsupported("a loop that does not settle")
        frame.breaks, frame.continues = outer
        # Python's else runs where no break did; to run it in any case adds what could not be, and hides nothing.
        if leaving is not None and loop.otherwise:
            leaving = either(self.copy(leaving), self.block(loop.otherwise, leaving, frame))
        return leaving

    def _switch(self, switch: Switch, state: State, frame: Frame) -> State | None:
        subject = self.eval(switch.subject, state, frame)
        known = subject.known() if subject.box is None and not subject.outside else None
        breaks = frame.breaks
        if switch.falls_through:
            frame.breaks = []
        labels: list[list[object] | None] = []
        for case in switch.cases:
            values = [self.eval(label, state, frame).only() for label in case.labels]
            labels.append(None if any(v is None for v in values) else [v[0] for v in values if v is not None])
        if not _comparable(known, labels):
            known = None
        entered = _entered(switch.cases, labels, known)
        after: State | None = None
        running: State | None = None
        for case, enters in zip(switch.cases, entered, strict=True):
            start = self.copy(state) if enters else None
            if start is not None:
                self._learn_label(switch, case, subject, start, frame)
            running = self.block(case.body, either(running, start), frame)
            if not switch.falls_through:
                after, running = either(after, running), None
        after = either(after, running)
        if not _exhausted(switch.cases, labels, known):
            after = either(after, self.copy(state))
        if switch.falls_through:
            for broken in frame.breaks:
                after = either(after, broken)
            frame.breaks = breaks
        return after

    def _learn_label(self, switch: Switch, case: Case, subject: Value, state: State, frame: Frame) -> None:
        name = switch.subject.name if isinstance(switch.subject, Name) else ""
        if subject.box is not None or name not in state.names or name in frame.function.volatile:
            return
        alone = [label.value for label in case.labels if isinstance(label, Lit)]
        if alone and len(alone) == len(case.labels) and not case.guarded and not case.default:
            state.names[name] = one_of(alone)

    def _try(self, statement: Try, state: State, frame: Frame) -> State | None:
        if not statement.last:
            return self._handled(statement, state, frame)
        # ``finally`` runs on every way out, and may change what is there or where it leads.
        breaks, continues = frame.breaks, frame.continues
        returned, ended = frame.returned, frame.ended
        frame.breaks, frame.continues, frame.returned, frame.ended = [], [], None, None
        thrown: list[State] = [self.copy(state)]
        frame.tries.append(thrown)
        after = self._handled(statement, state, frame)
        frame.tries.pop()
        ways = (frame.breaks, frame.continues, frame.ended, frame.returned)
        frame.breaks, frame.continues, frame.returned, frame.ended = breaks, continues, returned, ended
        for inner, outer in ((ways[0], frame.breaks), (ways[1], frame.continues)):
            last = self.block(statement.last, all_of(inner), frame)
            if last is not None:
                outer.append(last)
        if ways[2] is not None and ways[3] is not None:
            last = self.block(statement.last, ways[2], frame)
            if last is not None:
                frame.leave(ways[3], last)
        self.block(statement.last, all_of(thrown), frame)
        return self.block(statement.last, after, frame)

    def _handled(self, statement: Try, state: State, frame: Frame) -> State | None:
        """A ``try`` without its ``finally``."""
        if not statement.handlers:
            return self.block(statement.otherwise, self.block(statement.body, state, frame), frame)
        thrown: list[State] = [self.copy(state)]
        frame.tries.append(thrown)
        after = self.block(statement.body, state, frame)
        frame.tries.pop()
        after = self.block(statement.otherwise, after, frame)
        for handler in statement.handlers:
            start = all_of(thrown)
            after = either(after, self.block(handler, None if start is None else self.copy(start), frame))
        return after


def _same(value: object, label: object) -> bool:
    return type(value) is type(label) and value == label


def _comparable(known: Sequence[object] | None, labels: Sequence[list[object] | None]) -> bool:
    """Whether the values and the labels are all of one kind: languages differ about the rest."""
    found = [*(known or ()), *(label for group in labels for label in group or ())]
    return len({type(value) for value in found}) <= 1


def _entered(
    cases: Sequence[Case], labels: Sequence[list[object] | None], known: Sequence[object] | None
) -> list[bool]:
    """Which cases a subject of these literals can jump to; all of them where it is not known."""
    if known is None or any(group is None for group in labels):
        return [True] * len(cases)
    entered = [False] * len(cases)
    for value in known:
        matched = False
        for index, (case, group) in enumerate(zip(cases, labels, strict=True)):
            if any(_same(value, label) for label in group or ()):
                entered[index] = True
                matched = not case.guarded
                if matched:
                    break
            elif case.default and case.guarded:
                entered[index] = True  # a pattern that could match anything
        if not matched:
            for index, case in enumerate(cases):
                entered[index] = entered[index] or case.default
    return entered


def _exhausted(cases: Sequence[Case], labels: Sequence[list[object] | None], known: Sequence[object] | None) -> bool:
    """Whether one of the cases is certain to be entered."""
    if any(case.default and not case.guarded for case in cases):
        return True
    if known is None or any(case.guarded for case in cases) or any(group is None for group in labels):
        return False
    return all(any(_same(value, label) for group in labels for label in group or ()) for value in known)
