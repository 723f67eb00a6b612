"""
Which layer of a policy each setting in force comes from: what a page shows to whoever asks why. Pure.

The layers are applied one after the other, as the gate does, and what changes with a layer is that layer's. So what is
shown is what decides, and no second reading of the files.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import Any

from bot.domain.globs import glob
from bot.domain.policy import Policy, PolicyDocument, RefusedSetting, policy_to_json
from bot.domain.policy_layers import GroupFile, LayeredPolicy
from bot.domain.policy_rule import PolicyRule
from bot.domain.policy_tightening import tighten
from bot.domain.verdict import Effect
from bot.errors import ConfigurationError

_LISTS = frozenset({"block", "warn", "monitor", "own_modes", "rule_modes", "ignore_paths"})
"""Settings whose parts have origins of their own, or that are shown elsewhere."""
_NOT_SETTINGS = frozenset({"version"})


@dataclass(frozen=True, slots=True)
class Layer:
    """A policy as it is after one more layer."""

    origin: str
    """Where the layer came from, for people."""
    kind: str
    """``organisation``, ``override``, ``group`` or ``project``."""
    policy: Policy
    refused: tuple[RefusedSetting, ...] = ()
    """What of this layer is not followed."""


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting in force."""

    name: str
    """As in the policy file, parts with a dot between."""
    value: str
    origin: str
    """Of the layer that it comes from."""
    changed: bool
    """Whether it is not the organisation's own any more."""


@dataclass(frozen=True, slots=True)
class RuleInForce:
    """One policy rule in force."""

    effect: Effect
    rule: PolicyRule
    origin: str
    changed: bool


@dataclass(frozen=True, slots=True)
class Affected:
    """For how many projects a part of the policy holds, of those that one sees."""

    projects: int
    examples: tuple[str, ...]
    """Some of their full paths."""


def layers_for(document: PolicyDocument, path: str) -> tuple[Layer, ...]:
    """
    The layers that hold for the project with this full path, without its own file, the outermost first.

    Raises ``ConfigurationError`` as ``document.for_project`` does.
    """
    name = document.policy.layers[0] if document.policy.layers else document.source_name
    found = [Layer(name, "organisation", document.policy)]
    for override in document.projects:
        if override.applies_to(path):
            after = override.settings.over(found[-1].policy)
            found.append(Layer(f"{name}: projects: {override.match}", "override", after))
    for group in _groups_above(document, path):
        before = found[-1].policy
        after = tighten(before, group.settings())
        refused = after.refused[len(before.refused) :]
        found.append(Layer(group.origin, "group", replace(after, layers=(*after.layers, group.origin)), refused))
    return tuple(found)


def settings_of(layers: Sequence[Layer]) -> tuple[Setting, ...]:
    """Every plain setting of the last layer with the layer that it comes from, in the order of the policy file."""
    found: dict[str, Setting] = {}
    for number, layer in enumerate(layers):
        for name, value in _flat(policy_to_json(layer.policy)):
            if name not in found or found[name].value != value:
                found[name] = Setting(name, value, layer.origin, number > 0)
    return tuple(found.values())


def rules_of(layers: Sequence[Layer]) -> tuple[RuleInForce, ...]:
    """Every policy rule of the last layer with the layer that it comes from, the strongest effect first."""
    if not layers:
        return ()
    return tuple(
        RuleInForce(effect, rule, layers[first].origin, first > 0)
        for effect, rules in layers[-1].policy.rulesets()
        for rule in rules
        for first in [_first_with(layers, effect, rule)]
    )


def affected(document: PolicyDocument, paths: Iterable[str]) -> tuple[Mapping[str, Affected], Mapping[str, Affected]]:
    """
    For which of the projects with these full paths each group's file and each override holds.

    By the group's full path, and by the override's pattern; those that hold for none of them are left out. The work
    grows with the projects and not with projects times groups.
    """
    known = sorted(paths, key=str.casefold)
    names = {group.group.casefold(): group.group for group in _groups(document)}
    groups: dict[str, list[str]] = {}
    overrides: dict[str, list[str]] = {}
    patterns = [(one.match, glob(one.match.casefold(), from_start=True)) for one in document.projects]
    for path in known:
        parts = path.casefold().split("/")
        for length in range(1, len(parts)):
            above = "/".join(parts[:length])
            if above in names:
                groups.setdefault(names[above], []).append(path)
        folded = PurePosixPath(path.casefold())
        for match, pattern in patterns:
            if pattern.matches(folded):
                overrides.setdefault(match, []).append(path)
    return _counted(groups), _counted(overrides)


def _counted(found: Mapping[str, Sequence[str]]) -> Mapping[str, Affected]:
    return {name: Affected(len(paths), tuple(paths[:5])) for name, paths in found.items()}


def _groups(document: PolicyDocument) -> tuple[GroupFile, ...]:
    return document.groups if isinstance(document, LayeredPolicy) else ()


def _groups_above(document: PolicyDocument, path: str) -> list[GroupFile]:
    above = [group for group in _groups(document) if group.holds_for(path)]
    return sorted(above, key=lambda group: group.group.count("/"))


def problem_of(group: GroupFile) -> str:
    """Why nothing below the group can be judged, one line; empty while its file can be used."""
    try:
        group.settings()
    except ConfigurationError as error:
        return str(error).splitlines()[0]
    return ""


def _first_with(layers: Sequence[Layer], effect: Effect, rule: PolicyRule) -> int:
    # The first of the layers from which on it is there without a break: an override may take a rule away again.
    first = len(layers) - 1
    while first > 0 and rule in dict(layers[first - 1].policy.rulesets())[effect]:
        first -= 1
    return first


def _flat(document: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    for name, value in document.items():
        if name in _LISTS or name in _NOT_SETTINGS:
            continue
        if isinstance(value, Mapping):
            for part, inner in value.items():
                yield f"{name}.{part}", _word(inner)
        else:
            yield name, _word(value)


def _word(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (list, tuple)):
        return ", ".join(_word(one) for one in value)
    return str(value)
