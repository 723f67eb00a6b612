"""
What happened around the gate and not through it: an incident, for the security team to look at.

An incident says who did what, where and when, as far as GitLab tells. The same thing seen again is the same incident,
so the triage list grows with what happens and not with how often we look.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from types import MappingProxyType

from bot.domain.triage import cleaned_actor, cleaned_reason
from bot.errors import MergewardenError, sentence
from bot.texts import N_
from scanners.finding import Severity


class IncidentKind(Enum):
    """What happened."""

    UNCLEARED_COMMIT = "uncleared_commit"
    """A commit is on a protected branch that no verdict covers."""
    HISTORY_REWRITTEN = "history_rewritten"
    """A protected branch was pushed to by force: what was on it before is no longer."""
    BREAK_GLASS_MERGE = "break_glass_merge"
    """One of the people who may do so merged around the merge bot."""
    MERGED_AROUND = "merged_around"
    """Somebody who is not one of those people merged around the merge bot."""
    MERGED_UNCLEARED = "merged_uncleared"
    """A merge request was merged although its last verdict, or the lack of one, did not let it through."""
    FORGED_STATUS = "forged_status"
    """Somebody else posted a commit status of our name."""
    THREAD_RESOLVED = "thread_resolved"
    """Somebody resolved the thread of a finding that blocks, without the right to."""
    SETTINGS_WEAKENED = "settings_weakened"
    """The project's settings enforce less than they did."""


_SEVERITIES: Mapping[IncidentKind, Severity] = MappingProxyType(
    {
        IncidentKind.UNCLEARED_COMMIT: Severity.HIGH,
        IncidentKind.HISTORY_REWRITTEN: Severity.HIGH,
        IncidentKind.BREAK_GLASS_MERGE: Severity.MEDIUM,
        IncidentKind.MERGED_AROUND: Severity.HIGH,
        IncidentKind.MERGED_UNCLEARED: Severity.HIGH,
        IncidentKind.FORGED_STATUS: Severity.HIGH,
        IncidentKind.THREAD_RESOLVED: Severity.LOW,
        IncidentKind.SETTINGS_WEAKENED: Severity.MEDIUM,
    }
)


class IncidentError(MergewardenError):
    """Raised for an incident that may not be closed like this."""


@dataclass(frozen=True, slots=True)
class Incident:
    """One thing that happened, as it is written down."""

    project_id: int
    kind: IncidentKind
    subject: str
    """What it is about, so that it is known again: a commit, a status, a thread. At most 200 plain characters."""
    merge_request_iid: int | None = None
    ref: str = ""
    sha: str | None = None
    actor: str = ""
    """User name, as GitLab or git has it; empty where nobody knows."""
    details: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """Words to show with it; a stranger's text, cleaned when it is shown."""

    @property
    def severity(self) -> Severity:
        """How much it matters."""
        return _SEVERITIES[self.kind]

    @property
    def key(self) -> str:
        """SHA-256 (hex) of what makes it this incident and no other."""
        text = "\0".join((str(self.project_id), self.kind.value, self.subject))
        return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


@dataclass(frozen=True, slots=True)
class KnownIncident:
    """An incident as the store has it."""

    id: int
    incident: Incident
    first_at: datetime
    """UTC."""
    last_at: datetime
    count: int
    """How often it was seen to happen."""
    project: str = ""
    """Full path."""
    closed_at: datetime | None = None
    closed_by: str = ""
    closed_reason: str = ""

    @property
    def is_open(self) -> bool:
        """Whether somebody still has to look at it."""
        return self.closed_at is None


def closing(known: KnownIncident, *, actor: str, reason: str) -> tuple[str, str]:
    """
    Who closes it and why, cleaned. Raises ``IncidentError`` when it is closed or no reason is given, ``TriageError``
    for a name or reason that cannot be used.
    """
    if not known.is_open:
        raise IncidentError(
            sentence(N_("incident {number} was closed by {closed_by}"), number=known.id, closed_by=known.closed_by),
            N_("Nothing was changed."),
        )
    who, why = cleaned_actor(actor), cleaned_reason(reason)
    if not why:
        raise IncidentError(
            sentence(N_("closing incident {number} needs a reason"), number=known.id), N_("Say what was found out.")
        )
    return who, why
