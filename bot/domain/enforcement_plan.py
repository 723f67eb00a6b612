"""
What has to be changed in GitLab so that a project reaches a level of enforcement. Pure.

Only what is missing is changed. What GitLab cannot be told through its API, people have to do.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from bot.domain.enforcement import KEYHOLDERS, Facts, Level, Missing, Need, assess, strangers_may

_SETTINGS: Mapping[Need, tuple[str, bool]] = MappingProxyType(
    {
        Need.PIPELINES: ("only_allow_merge_if_pipeline_succeeds", True),
        Need.SKIPPED: ("allow_merge_on_skipped_pipeline", False),
        Need.THREADS: ("only_allow_merge_if_all_discussions_are_resolved", True),
        Need.OUTDATED: ("resolve_outdated_diff_discussions", False),
        Need.BRANCH_PIPELINES: ("ci_skip_branch_pipelines_for_mrs", False),
    }
)
"""GitLab's names and the values that the first level needs. https://docs.gitlab.com/api/projects/#edit-a-project"""


@dataclass(frozen=True, slots=True)
class SetSetting:
    """Change a setting of the project."""

    name: str
    value: bool


@dataclass(frozen=True, slots=True)
class ForbidForce:
    """Switch forced pushes off in a rule that is otherwise good."""

    name: str


@dataclass(frozen=True, slots=True)
class Protect:
    """Let nobody push to the branches of this name or pattern, and only the bot and break-glass people merge."""

    name: str
    replaces: bool
    """Whether there is a rule of this name, which has to go first."""


Change = SetSetting | ForbidForce | Protect


@dataclass(frozen=True, slots=True)
class Plan:
    """What to do for a level."""

    level: Level
    changes: tuple[Change, ...]
    by_people: tuple[Missing, ...]
    """What no change of ours mends."""


def plan_for(level: Level, facts: Facts, branches: Iterable[str] = ()) -> Plan:
    """
    How to reach ``level``, of which there are two that settings can make: L1 and L2. ``ValueError`` for another.

    ``branches``: names or patterns to protect besides the default branch.
    """
    missing = assess(facts).missing_for(level)
    if level is Level.L1:
        changes: list[Change] = [SetSetting(*_SETTINGS[one.need]) for one in missing if one.need in _SETTINGS]
        return Plan(level, tuple(changes), tuple(one for one in missing if one.need not in _SETTINGS))
    if level is not Level.L2:
        raise ValueError("settings make only the levels 1 and 2")
    return Plan(level, tuple(_protections(facts, branches)), tuple(_left(facts, missing)))


def _protections(facts: Facts, branches: Iterable[str]) -> Iterable[Change]:
    if facts.protections is None:
        return
    for rule in facts.protections:
        if strangers_may(rule.merge, facts) or strangers_may(rule.push, facts):
            yield Protect(rule.name, replaces=True)
        elif rule.force_push:
            yield ForbidForce(rule.name)
    wanted = dict.fromkeys([*([facts.default_branch] if facts.default_branch else []), *branches])
    for name in wanted:
        if not any(rule.covers(name) for rule in facts.protections):
            yield Protect(name, replaces=False)


def _left(facts: Facts, missing: Iterable[Missing]) -> Iterable[Missing]:
    """What new rules do not mend: roles of people, and of the bot, and what the bot may not see."""
    lasting = {Need.NO_KEYHOLDERS, Need.RULES_KNOWN, Need.PEOPLE_KNOWN}
    if facts.bot_role not in KEYHOLDERS:
        lasting.add(Need.BOT_MERGES)
    return (one for one in missing if one.need in lasting)
