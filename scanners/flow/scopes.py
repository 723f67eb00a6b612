"""
Which variable a name means, in languages whose blocks have variables of their own.

The interpreter knows one set of variables per function, so every variable of a function gets a name that no other
one in the file has. What stands at the top of the file keeps its name, and so does what is declared nowhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass(eq=False, slots=True)
class _Function:
    """One function: its blocks, the outermost first, and what functions inside it do with its variables."""

    blocks: list[dict[str, _Variable]] = field(default_factory=lambda: [{}])
    shared: set[str] = field(default_factory=set)
    volatile: set[str] = field(default_factory=set)


@dataclass(eq=False, slots=True)
class _Variable:
    name: str
    function: _Function


class Scopes:
    """The functions of a file that are being read, the file itself first."""

    def __init__(self) -> None:
        self._functions = [_Function()]
        self._visible: dict[str, list[_Variable]] = {}
        """What each name can mean here, the innermost last."""
        self._number = 0

    @property
    def at_top(self) -> bool:
        """Whether no function is being read."""
        return len(self._functions) == 1

    @contextmanager
    def function(self) -> Iterator[None]:
        """A function within the present one."""
        self._functions.append(_Function())
        try:
            yield
        finally:
            for block in reversed(self._functions.pop().blocks):
                self._leave(block)

    @contextmanager
    def block(self) -> Iterator[None]:
        """A block within the present one."""
        blocks = self._functions[-1].blocks
        blocks.append({})
        try:
            yield
        finally:
            self._leave(blocks.pop())

    def _leave(self, block: dict[str, _Variable]) -> None:
        for name, variable in block.items():
            self._visible[name].remove(variable)

    @property
    def shared(self) -> frozenset[str]:
        """Variables of the present function that functions inside it have named so far."""
        return frozenset(self._functions[-1].shared)

    @property
    def volatile(self) -> frozenset[str]:
        """Variables of the present function that functions inside it have assigned to so far."""
        return frozenset(self._functions[-1].volatile)

    def declare(self, name: str, *, outermost: bool = False) -> str:
        """A variable of the present block; returns the name that nobody else in the file has."""
        function = self._functions[-1]
        block = function.blocks[0 if outermost else -1]
        if name not in block:
            self._number += 1
            plain = self.at_top and block is function.blocks[0]
            block[name] = _Variable(name if plain else f"{name}#{self._number}", function)
            visible = self._visible.setdefault(name, [])
            # Blocks inside this one may have declared the same name already.
            inner = sum(name in other for other in function.blocks[1:]) if outermost else 0
            visible.insert(len(visible) - inner, block[name])
        return block[name].name

    def _meant(self, name: str) -> _Variable | None:
        found = self._visible.get(name)
        return found[-1] if found else None

    def find(self, name: str) -> str:
        """The variable that a name means here; the name itself for one of the file, or of nobody."""
        variable = self._meant(name)
        if variable is None:
            return name
        if variable.function is not self._functions[-1]:
            variable.function.shared.add(variable.name)
        return variable.name

    def is_declared(self, name: str) -> bool:
        """Whether the file, or a function around here, declares it."""
        return self._meant(name) is not None

    def is_own(self, name: str) -> bool:
        """Whether it is a variable of the function that is being read."""
        variable = self._meant(name)
        return variable is not None and variable.function is self._functions[-1]

    def assigned(self, name: str) -> str | None:
        """The variable of this function that is assigned to; None for somebody else's, which is noted there."""
        variable = self._meant(name)
        if variable is None:
            return None
        if variable.function is self._functions[-1]:
            return variable.name
        variable.function.shared.add(variable.name)
        variable.function.volatile.add(variable.name)
        return None

    def surrendered(self, names: Iterable[str]) -> None:
        """All of these could be assigned to at any time, by something that is not understood."""
        for name in names:
            for variable in self._visible.get(name, ()):
                variable.function.volatile.add(variable.name)

    def surrender_outer(self) -> None:
        """Something in the present function can get at every variable of the functions around it."""
        for function in self._functions[:-1]:
            for block in function.blocks:
                function.volatile.update(variable.name for variable in block.values())
