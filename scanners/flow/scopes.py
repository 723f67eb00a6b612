"""
Which variable a name means, in languages whose blocks have variables of their own.

The interpreter knows one set of variables per function, so every variable of a function gets a name that no other
one in the file has. What stands at the top of the file keeps its name, and so does what is declared nowhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager


class _Function:
    """The blocks of one function, the outermost first, and what functions inside it do with its variables."""

    def __init__(self) -> None:
        self.blocks: list[dict[str, str]] = [{}]
        self.shared: set[str] = set()
        self.volatile: set[str] = set()


class Scopes:
    """The functions of a file that are being read, the file itself first."""

    def __init__(self) -> None:
        self._functions = [_Function()]
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
            self._functions.pop()

    @contextmanager
    def block(self) -> Iterator[None]:
        """A block within the present one."""
        blocks = self._functions[-1].blocks
        blocks.append({})
        try:
            yield
        finally:
            blocks.pop()

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
            block[name] = name if plain else f"{name}#{self._number}"
        return block[name]

    def find(self, name: str) -> str:
        """The variable that a name means here; the name itself for one of the file, or of nobody."""
        for function in reversed(self._functions):
            for block in reversed(function.blocks):
                if name in block:
                    if function is not self._functions[-1]:
                        function.shared.add(block[name])
                    return block[name]
        return name

    def is_declared(self, name: str) -> bool:
        """Whether the file, or a function around here, declares it."""
        return any(name in block for function in self._functions for block in function.blocks)

    def is_own(self, name: str) -> bool:
        """Whether it is a variable of the function that is being read."""
        return any(name in block for block in self._functions[-1].blocks)

    def assigned(self, name: str) -> str | None:
        """The variable of this function that is assigned to; None for somebody else's, which is noted there."""
        unique = self.find(name)
        if self.is_own(name):
            return unique
        for function in reversed(self._functions[:-1]):
            if any(name in block for block in function.blocks):
                function.volatile.add(unique)
                break
        return None

    def surrendered(self, names: Iterable[str]) -> None:
        """All of these could be assigned to at any time, by something that is not understood."""
        for name in names:
            for function in self._functions:
                for block in function.blocks:
                    if name in block:
                        function.volatile.add(block[name])

    def surrender_outer(self) -> None:
        """Something in the present function can get at every variable of the functions around it."""
        for function in self._functions[:-1]:
            for block in function.blocks:
                function.volatile |= set(block.values())
