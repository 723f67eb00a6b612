"""
One version of an organisation's own rules: compiled, with their words and samples, told by its digest.

A version is never changed. What is wrong with a source is told as ``RuleProblem``: file, rule, field, and how to mend
it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from bot.errors import MergewardenError

PREFIX: Final = "org-"
"""Begins the id of every rule of an organisation; none of ours begins so."""


@dataclass(frozen=True, slots=True)
class RuleProblem:
    """What is wrong with an organisation's rules."""

    file: str
    """From the source's top."""
    rule: str
    """Its id; empty where it is about the file."""
    field: str
    """Empty where it is about the whole rule."""
    text: str
    mend: str = ""

    def __post_init__(self) -> None:
        # A file's name may hold bytes that no encoding carries, and the store takes text.
        for name in ("file", "rule", "field", "text", "mend"):
            value = getattr(self, name).encode("utf-8", "replace").decode("utf-8")
            object.__setattr__(self, name, value)

    def __str__(self) -> str:
        where = ": ".join(part for part in (self.file, self.rule, self.field) if part)
        return f"{where}: {self.text}" if where else self.text


class WrongRules(MergewardenError):
    """Raised for a source that cannot be used, with everything that is wrong with it."""

    def __init__(self, problems: Sequence[RuleProblem]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems), problems[0].mend if problems else "")
        self.problems = tuple(problems)


@dataclass(frozen=True, slots=True)
class RuleVersion:
    """Rules that passed every check."""

    packs: Mapping[str, tuple[Mapping[str, Any], ...]]
    """By pack its rules, as semgrep loads them."""
    entries: Mapping[str, Mapping[str, Any]]
    """By rule id what the catalogue says, as in ``rules/catalog.json``."""
    samples: Mapping[str, tuple[tuple[str, str], ...]]
    """By rule id name and text of each sample."""
    weaknesses: Mapping[str, str]
    """By rule id the folder's name."""
    digest: str = field(init=False)

    def __post_init__(self) -> None:
        told = [self.packs, self.entries, self.samples, self.weaknesses]
        text = json.dumps(told, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
        object.__setattr__(self, "digest", hashlib.sha256(text.encode("ascii")).hexdigest())

    def pack_of(self, rule_id: str) -> str:
        """The pack that a rule of this version is in."""
        return next(pack for pack, rules in self.packs.items() if any(rule["id"] == rule_id for rule in rules))

    def rules(self) -> Mapping[str, tuple[str, Mapping[str, Any]]]:
        """By rule id pack and rule."""
        return {rule["id"]: (pack, rule) for pack, rules in self.packs.items() for rule in rules}

    def modes(self) -> dict[str, str]:
        """By rule id the mode's word."""
        return {rule_id: str(entry["mode"]) for rule_id, entry in self.entries.items()}

    def compiled(self, only: Iterable[str] | None = None) -> dict[str, bytes]:
        """By pack the file that semgrep loads; with ``only``, of these rules."""
        wanted = None if only is None else set(only)
        files = {}
        for pack, rules in sorted(self.packs.items()):
            chosen = [rule for rule in rules if wanted is None or rule["id"] in wanted]
            if chosen:
                files[pack] = json.dumps({"rules": chosen}, sort_keys=True, ensure_ascii=False).encode()
        return files

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "packs": {pack: list(rules) for pack, rules in self.packs.items()},
            "entries": dict(self.entries),
            "samples": {rule: [list(pair) for pair in pairs] for rule, pairs in self.samples.items()},
            "weaknesses": dict(self.weaknesses),
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> RuleVersion:
        """The inverse of ``to_json``."""
        return cls(
            packs={pack: tuple(rules) for pack, rules in values["packs"].items()},
            entries=values["entries"],
            samples={rule: tuple((n, t) for n, t in pairs) for rule, pairs in values["samples"].items()},
            weaknesses=values["weaknesses"],
        )


@dataclass(frozen=True, slots=True)
class RuleDifference:
    """Which rules a new version brings, changes and takes away; sorted ids."""

    added: tuple[str, ...]
    changed: tuple[str, ...]
    """Those that semgrep reads otherwise; another text changes no finding."""
    removed: tuple[str, ...]


def difference(present: RuleVersion | None, proposed: RuleVersion) -> RuleDifference:
    """What a proposed version would change."""
    before = {} if present is None else present.rules()
    after = proposed.rules()
    return RuleDifference(
        added=tuple(sorted(after.keys() - before.keys())),
        changed=tuple(sorted(rule for rule in after.keys() & before.keys() if after[rule] != before[rule])),
        removed=tuple(sorted(before.keys() - after.keys())),
    )


@dataclass(frozen=True, slots=True)
class RuleOutcome:
    """What would become of one rule's findings in the code that was looked at."""

    rule_id: str
    added: int = 0
    removed: int = 0
    kept: int = 0
    projects: tuple[str, ...] = ()
    """Full paths of those where something changes; a few of them."""
    project_count: int = 0
    examples: tuple[str, ...] = ()
    """``+`` or ``-``, project, path and line; no code."""


@dataclass(frozen=True, slots=True)
class RuleSimulation:
    """What a version would add and remove, had it been in force."""

    digest: str
    """Of the proposed version."""
    against: str
    """Of the one that was in force; empty for none."""
    at: datetime
    projects: int
    files: int
    seconds: float
    """That the proposed rules took."""
    seconds_before: float
    """That those took which are changed or go."""
    outcomes: tuple[RuleOutcome, ...]
    left_out: tuple[str, ...] = ()
    """Projects that could not be looked at, and why; ``project: why``."""
    not_answered: int = 0
    """Files that semgrep gave no answer about."""

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "digest": self.digest,
            "against": self.against,
            "at": self.at.isoformat(),
            "projects": self.projects,
            "files": self.files,
            "seconds": round(self.seconds, 3),
            "seconds_before": round(self.seconds_before, 3),
            "outcomes": [
                {
                    "rule": one.rule_id,
                    "added": one.added,
                    "removed": one.removed,
                    "kept": one.kept,
                    "projects": list(one.projects),
                    "project_count": one.project_count,
                    "examples": list(one.examples),
                }
                for one in self.outcomes
            ],
            "left_out": list(self.left_out),
            "not_answered": self.not_answered,
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> RuleSimulation:
        """The inverse of ``to_json``."""
        return cls(
            digest=values["digest"],
            against=values["against"],
            at=datetime.fromisoformat(values["at"]),
            projects=values["projects"],
            files=values["files"],
            seconds=values["seconds"],
            seconds_before=values["seconds_before"],
            outcomes=tuple(
                RuleOutcome(
                    one["rule"],
                    one["added"],
                    one["removed"],
                    one["kept"],
                    tuple(one["projects"]),
                    one["project_count"],
                    tuple(one["examples"]),
                )
                for one in values["outcomes"]
            ),
            left_out=tuple(values["left_out"]),
            not_answered=values["not_answered"],
        )


@dataclass(frozen=True, slots=True)
class RuleSourceState:
    """What is known of the source of an organisation's rules."""

    source: str
    seen: str
    active: str
    """Digest; empty for none. So with ``waiting``."""
    waiting: str
    problem: str
    read_at: datetime


@dataclass(frozen=True, slots=True)
class KnownVersion:
    """A version without its rules."""

    digest: str
    origin: str
    read_at: datetime
    rules: int
    simulation: RuleSimulation | None


@dataclass(frozen=True, slots=True)
class RuleSwitch:
    """Another version came into force."""

    before: str
    after: str
    actor: str
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True)
class OwnRules:
    """How the organisation's own rules stand."""

    state: RuleSourceState
    active: KnownVersion | None
    waiting: KnownVersion | None
    switches: tuple[RuleSwitch, ...]
