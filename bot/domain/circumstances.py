"""
What the gate goes by besides the findings themselves: the merge request's circumstances, and facts about findings that
change without the code.

Both are stored with a decision, so that it can be made again from what was known then.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known about a finding from other sources. None means that nobody could say."""

    epss: float | None = None
    """How likely the vulnerability is exploited within 30 days, 0 to 1; the worst of its CVE ids."""
    kev: bool | None = None
    """Whether it is known to be exploited (CISA's catalogue)."""
    licences: tuple[str, ...] | None = None
    """The package's licences, as SPDX ids or expressions; all of them hold. Empty where its author names none."""
    first_seen: date | None = None
    """When the finding was seen first in its project."""

    def to_json(self) -> dict[str, Any]:
        """As plain values; what is not known is left out."""
        values: dict[str, Any] = {}
        if self.epss is not None:
            values["epss"] = self.epss
        if self.kev is not None:
            values["kev"] = self.kev
        if self.licences is not None:
            values["licences"] = list(self.licences)
        if self.first_seen is not None:
            values["first_seen"] = self.first_seen.isoformat()
        return values

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Facts:
        """The facts that ``to_json`` gave. Raises ``ValueError`` or ``TypeError`` for anything else."""
        epss, kev, licences, first_seen = (values.get(key) for key in ("epss", "kev", "licences", "first_seen"))
        if kev is not None and not isinstance(kev, bool):
            raise TypeError("kev is true or false")
        return cls(
            None if epss is None else float(epss),
            kev,
            None if licences is None else tuple(str(licence) for licence in licences),
            None if first_seen is None else date.fromisoformat(first_seen),
        )


UNKNOWN = Facts()
"""Of a finding nobody could say anything."""


@dataclass(frozen=True, slots=True)
class Context:
    """The circumstances under which a change is judged."""

    target_branch: str = ""
    """Empty where nobody said: rules for some branches then hold."""
    labels: frozenset[str] = frozenset()
    draft: bool = False
    today: date | None = None
    """None where nobody said: then nothing is recent enough."""
    facts: Mapping[str, Facts] = field(default_factory=dict)
    """By the finding's fingerprint."""

    def to_json(self) -> dict[str, Any]:
        """As plain values, equal for equal contexts."""
        return {
            "target_branch": self.target_branch,
            "labels": sorted(self.labels),
            "draft": self.draft,
            "today": None if self.today is None else self.today.isoformat(),
            "facts": {mark: self.facts[mark].to_json() for mark in sorted(self.facts)},
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Context:
        """The context that ``to_json`` gave. Raises ``KeyError``, ``ValueError`` or ``TypeError`` for anything else."""
        today = values["today"]
        return cls(
            target_branch=str(values["target_branch"]),
            labels=frozenset(str(label) for label in values["labels"]),
            draft=bool(values["draft"]),
            today=None if today is None else date.fromisoformat(today),
            facts={str(mark): Facts.from_json(facts) for mark, facts in values["facts"].items()},
        )
