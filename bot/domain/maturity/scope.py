"""What a score, a snapshot, a report or an attestation is about."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class ScopeKind(Enum):
    """How much of the world."""

    PROJECT = "project"
    GROUP = "group"
    """A GitLab group with everything below it."""
    ORGANISATION = "organisation"
    """All projects that we look after."""


@dataclass(frozen=True, slots=True)
class Scope:
    """One project, one group, or everything."""

    kind: ScopeKind
    key: str = ""
    """The project's number or the group's full path; empty for the organisation."""

    def __post_init__(self) -> None:
        if self.kind is ScopeKind.PROJECT and not self.key.lstrip("-").isdecimal():
            raise ValueError(f"a project is named by its number, not by {self.key!r}")
        if (self.kind is ScopeKind.ORGANISATION) != (not self.key):
            raise ValueError("a group or project needs a name, the organisation has none")

    @classmethod
    def of_project(cls, project_id: int) -> Scope:
        """One project by GitLab's number."""
        return cls(ScopeKind.PROJECT, str(project_id))

    @classmethod
    def of_group(cls, path: str) -> Scope:
        """A group by its full path."""
        return cls(ScopeKind.GROUP, path.strip("/"))

    @property
    def project_id(self) -> int | None:
        """GitLab's number; None for what is not one project."""
        return int(self.key) if self.kind is ScopeKind.PROJECT else None

    def covers(self, project_id: int, project_path: str) -> bool:
        """Whether the project belongs to it. Upper and lower case are alike, as in GitLab's paths."""
        if self.kind is ScopeKind.PROJECT:
            return self.key == str(project_id)
        return self.kind is ScopeKind.ORGANISATION or project_path.casefold().startswith(f"{self.key.casefold()}/")

    def __str__(self) -> str:
        return f"{self.kind.value} {self.key}".strip()


ORGANISATION = Scope(ScopeKind.ORGANISATION)
