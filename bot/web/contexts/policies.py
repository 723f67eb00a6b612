"""What the pages about policies show."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.store.desk.policy_reads import UsedPolicy


@dataclass(frozen=True, slots=True)
class PolicyFileRow:
    """A file of the policy."""

    scope: str
    """For which projects: the organisation, or a group."""
    file: str
    origin: str
    commit: str
    """Short; empty for a file that is in no repository."""
    projects: int | None
    """That one sees and that it holds for; None where nobody counted."""
    problem: str
    """Why what is there now is not used; empty while all is well."""


@dataclass(frozen=True, slots=True)
class OverrideRow:
    """Settings that hold for some projects only."""

    match: str
    settings: str
    projects: int
    examples: str


@dataclass(frozen=True, slots=True)
class RuleRow:
    """A policy rule."""

    effect: str
    """``block``, ``comment`` or ``monitor``."""
    effect_word: str
    name: str
    conditions: str
    origin: str = ""
    changed: bool = False


@dataclass(frozen=True, slots=True)
class SettingRow:
    """A setting in force."""

    name: str
    value: str
    origin: str = ""
    changed: bool = False


@dataclass(frozen=True, slots=True)
class UsedRow:
    """A policy that decisions refer to."""

    used: UsedPolicy
    current: bool
    """Whether it is the organisation's as it is now."""


@dataclass(frozen=True, slots=True)
class PoliciesPage:
    """The organisation's policy."""

    problem: str
    """Why there is none that can be used; empty while there is one."""
    hint: str = ""
    source: str = ""
    """Where it comes from, for people."""
    digest: str = ""
    read_at: datetime | None = None
    """When the policy project was last read well; None for files, which are read each time."""
    warnings: tuple[tuple[str, str], ...] = ()
    """File and what is wrong with it."""
    files: tuple[PolicyFileRow, ...] = ()
    overrides: tuple[OverrideRow, ...] = ()
    rules: tuple[RuleRow, ...] = ()
    settings: tuple[SettingRow, ...] = ()
    used: tuple[UsedRow, ...] = ()
    used_days: int = 0
    not_found: str = ""
    """A project that was asked for and is not there, or not for this reader."""


@dataclass(frozen=True, slots=True)
class LayerRow:
    """One layer of a project's policy."""

    kind: str
    """In the reader's language."""
    origin: str
    refused: tuple[str, ...]
    """What of it is not followed, because it would weaken what is above."""


@dataclass(frozen=True, slots=True)
class ProjectPolicyPage:
    """The policy of one project."""

    project: str
    project_url: str
    problem: str = ""
    """Why nothing can be judged; empty while it can."""
    hint: str = ""
    digest: str = ""
    layers: tuple[LayerRow, ...] = ()
    rules: tuple[RuleRow, ...] = ()
    settings: tuple[SettingRow, ...] = ()
    warnings: tuple[tuple[str, str], ...] = ()
    decided_at: datetime | None = None
    """When the last decision was made; None where there is none."""
    decided_about: str = ""
    decided_url: str = ""
    decided_outcome: str = ""
    decided_outcome_class: str = ""
    decided_digest: str = ""
    same: bool = True
    """Whether the last decision was made by what is shown."""
    from_decision: bool = False
    """Whether the project's own file is part of what is shown: as the last decision had it."""
