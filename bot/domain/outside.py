"""
What is changed outside of us, by whoever runs the installation: settings, and policies in files. Pure.

The audit log tells of such a change at the first look afterwards, and not who made it: that is for the host to say.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Seen:
    """One thing as it is now."""

    name: str
    value: str
    """In words that anybody may read; never a secret."""
    first: str = ""
    """What it is taken to have been before the first look."""


@dataclass(frozen=True, slots=True)
class OutsideChange:
    """One thing that is not as it was; empty where it is, or was, not there."""

    name: str
    before: str
    after: str


def changes(noted: Mapping[str, str], seen: Sequence[Seen]) -> tuple[OutsideChange, ...]:
    """
    What differs from what was ``noted`` by name at the last look, in the order in which it was seen.

    What was noted and is not seen any more comes last, by name.
    """
    now = {one.name for one in seen}
    both = [(one.name, noted.get(one.name, one.first), one.value) for one in seen]
    both += [(name, noted[name], "") for name in sorted(noted.keys() - now)]
    return tuple(OutsideChange(name, old, new) for name, old, new in both if old != new)
