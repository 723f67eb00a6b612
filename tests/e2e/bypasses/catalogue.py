"""
What a test of this suite claims: a way around the gate, which levels stop it, and what becomes of it below them.

A test runs once for each level that its claim names. The claims stand in docs/enforcement.md as a table, which
``test_table.py`` holds against them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import pytest

from bot.domain.enforcement import Level
from bot.domain.incident import IncidentKind

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Bypass:
    """One way around the gate."""

    name: str
    """As in the table of docs/enforcement.md."""
    stops: tuple[Level, ...]
    """
    Levels of which each by itself stops it, the lowest first. L0 is what needs nothing of the project, because the bot
    alone decides it. Empty: nothing stops it.
    """
    open_at: tuple[Level, ...] = ()
    """Levels at which it gets through."""
    noticed: frozenset[IncidentKind] = frozenset()
    """Incidents that tell of it where it got through; empty where nobody is told."""

    def __post_init__(self) -> None:
        if set(self.stops) & set(self.open_at) or not self.stops + self.open_at:
            raise ValueError(f"{self.name}: each level either stops it or does not")

    @property
    def is_bypass(self) -> bool:
        """Whether it is one at all: some tests show that what is cleared gets in."""
        return not self.name.startswith("(")

    @property
    def row(self) -> tuple[str, str, str, str]:
        """As the table has it: the bypass, who stops it, where it gets through, and what tells of it there."""
        told = ", ".join(sorted(f"`{kind.value}`" for kind in self.noticed))
        return self.name, _names(self.stops), _names(self.open_at), told or "-"


def _names(levels: tuple[Level, ...]) -> str:
    return ", ".join(level.name for level in levels) or "-"


def bypass(
    name: str,
    *,
    stops: tuple[Level, ...] = (),
    open_at: tuple[Level, ...] = (),
    noticed: tuple[IncidentKind, ...] = (),
) -> Callable[[F], F]:
    """Make a test a claim about a bypass; its fixture ``scene`` is a project at each of the levels in turn."""
    claim = Bypass(name, stops, open_at, frozenset(noticed))

    def claimed(test: F) -> F:
        test.bypass = claim  # type: ignore[attr-defined]
        levels = [*open_at, *stops]
        marked: F = pytest.mark.parametrize("level", levels, ids=[level.name for level in levels])(test)
        return marked

    return claimed


def claim_of(test: Callable[..., Any]) -> Bypass | None:
    """What a test claims; None for a test that is about something else."""
    found = getattr(test, "bypass", None)
    return found if isinstance(found, Bypass) else None
