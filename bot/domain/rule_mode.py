"""
What the scanners' rules may do by the word of whoever wrote them: ``monitor``, ``comment`` or ``block``.

The words become part of the policy that a change is judged by, so that a decision is made again from the policy that
was stored with it, whatever the rules say by then. The policy's own ``rule_modes`` go first.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from bot.domain.policy import OwnMode, PolicyDocument
from bot.domain.verdict import Effect

SUPPRESSIONS = "suppressions"
"""Comments that silence a scanner: no policy rule means them unless it names them, so that their mode has no say."""

Modes = Mapping[str, Mapping[str, str]]
"""By scanner and rule id the mode's word."""


def own_modes(known: Modes) -> tuple[OwnMode, ...]:
    """The caps that follow from the rules' modes, in a fixed order; ``block`` caps nothing."""
    return tuple(
        OwnMode(effect, scanner, named)
        for scanner in sorted(known)
        if scanner != SUPPRESSIONS
        for effect in (Effect.MONITOR, Effect.COMMENT)
        if (named := frozenset(rule for rule, mode in known[scanner].items() if mode == effect.value))
    )


def with_own_modes(document: PolicyDocument, modes: Iterable[OwnMode]) -> PolicyDocument:
    """The policy with what the rules say of themselves, for every project."""
    return replace(document, policy=replace(document.policy, own_modes=tuple(modes)))
