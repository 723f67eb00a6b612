"""
What people do with findings at the desk: the acts, what comes of them, and who may do which. Pure.

``Workflow`` is what pages and API call; ``bot.pipeline.workflow`` carries it out. Every act is one transaction, has an
entry in the audit log, and checks the principal's rights for each project that it touches: callers need not, but may.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Protocol

from bot.domain.incident import KnownIncident
from bot.domain.priority import Exposure
from bot.domain.roles import Permission, Principal
from bot.domain.suppression import Suppression
from bot.domain.triage import Justification, TriageState
from bot.errors import MergewardenError, Told, sentence
from bot.texts import N_

MOST_AT_ONCE = 1_000
"""Findings of one act."""
LONGEST_SNOOZE = timedelta(days=90)
UNDO_WITHIN = timedelta(hours=24)
LONGEST_COMMENT = 4_000
"""Characters."""
LONGEST_VIEW_NAME = 100
LONGEST_VIEW_QUERY = 4_000
MOST_VIEWS = 200
"""Saved views of one person."""


class Fault(Enum):
    """Why an act was not possible; tells a page which status to answer with."""

    NOT_FOUND = "not_found"
    """It does not exist, or the principal does not see it: 404."""
    FORBIDDEN = "forbidden"
    """He sees it and may not do that: 403."""
    CONFLICT = "conflict"
    """It is not as he thinks any more: 409."""
    INVALID = "invalid"
    """What he asked for makes no sense: 422."""
    UNAVAILABLE = "unavailable"
    """GitLab does not answer, or refuses: 502."""


class WorkflowError(MergewardenError):
    """Raised for an act that was not possible; nothing of it was done. ``hint`` says how to mend it."""

    def __init__(self, fault: Fault, message: Told, hint: Told = "") -> None:
        super().__init__(message, hint)
        self.fault = fault


class Result(Enum):
    """What came of an act on one finding."""

    HOLDS = "holds"
    """It is so now."""
    REQUESTED = "requested"
    """It waits for a second person."""
    UNCHANGED = "unchanged"
    """It was so before."""


class Reason(Enum):
    """Why something is only a request."""

    ROLE = "role"
    """Who asks may ask, and not decide."""
    OWN_CODE = "own_code"
    """He wrote the code that it is about."""
    SECOND_PERSON = "second_person"
    """The policy wants a second person."""
    WISH = "wish"
    """He wanted no more."""


@dataclass(frozen=True, slots=True)
class Done:
    """An act on one finding that was possible."""

    finding_id: int
    result: Result
    suppression_id: int | None = None
    """The exception that a dismissal made."""
    why: Reason | None = None
    """Of a request: why it is one."""


@dataclass(frozen=True, slots=True)
class Refused:
    """A finding that the act was not possible for; it is as it was."""

    finding_id: int
    fault: Fault
    reason: Told
    """One line."""
    hint: Told = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of an act on one finding or many."""

    done: tuple[Done, ...] = ()
    """In the order in which they were asked for."""
    refused: tuple[Refused, ...] = ()
    batch: str | None = None
    """What ``undo`` takes it back with, within ``UNDO_WITHIN``; None where there is nothing to take back."""
    judged_again: int = 0
    """Open merge requests whose verdict is made anew because of it."""

    @property
    def changed(self) -> tuple[int, ...]:
        """The findings that are not as they were."""
        return tuple(one.finding_id for one in self.done if one.result is not Result.UNCHANGED)


@dataclass(frozen=True, slots=True)
class Issue:
    """A GitLab issue about a finding."""

    url: str
    title: str
    made: bool
    """Whether it was made just now; False where it was there already."""


@dataclass(frozen=True, slots=True)
class Note:
    """What somebody wrote beneath a finding, or an issue that he made of it."""

    id: int
    finding_id: int
    at: datetime
    actor: str
    text: str
    """Plain text of a stranger; for an issue its title."""
    issue_url: str = ""
    """Empty for a comment."""


@dataclass(frozen=True, slots=True)
class SavedView:
    """A filter of the triage list under a name."""

    id: int
    person_id: int
    name: str
    query: str
    """As in the list's address, after the question mark."""
    shared: bool
    """Whether everybody sees it."""
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Profile:
    """What people said about a project."""

    project_id: int
    exposure: Exposure
    changed_by: str
    changed_at: datetime


class Workflow(Protocol):
    """
    The acts. ``address`` is where the request came from, for the audit log.

    Acts on many findings report those that were not possible in ``Outcome.refused`` and do the others; a finding of a
    project that the principal does not see is refused like one that does not exist. They raise ``WorkflowError`` for
    what is wrong with the act as a whole (no finding, more than ``MOST_AT_ONCE``, no reason, an end in the past).
    """

    def decide(
        self,
        principal: Principal,
        finding_ids: Sequence[int],
        *,
        state: TriageState,
        justification: Justification | None = None,
        reason: str = "",
        expires_at: datetime | None = None,
        request: bool = False,
        still: Callable[[object], None] | None = None,
        address: str = "",
    ) -> Outcome:
        """
        Judge findings. ``request``: only ask, whatever the principal could do. A dismissal needs an end.

        ``still`` is called with the store's session when nobody else can judge them any more, and before anything is
        written: what it raises keeps the act from being done.
        """
        ...

    def undo(self, principal: Principal, batch: str, *, address: str = "") -> Outcome:
        """Take back what the principal decided together, where it is still the last word."""
        ...

    def claim(self, principal: Principal, finding_ids: Sequence[int], *, address: str = "") -> Outcome:
        """Take findings that nobody has. Of several who do that at once one wins; the others are refused (CONFLICT)."""
        ...

    def assign(
        self, principal: Principal, finding_ids: Sequence[int], person_id: int | None, *, address: str = ""
    ) -> Outcome:
        """Give findings to a person who sees their project, or with None to nobody."""
        ...

    def snooze(
        self, principal: Principal, finding_ids: Sequence[int], until: datetime | None, *, address: str = ""
    ) -> Outcome:
        """Leave findings out of the list until then, at most ``LONGEST_SNOOZE``; None wakes them."""
        ...

    def comment(self, principal: Principal, finding_id: int, text: str, *, address: str = "") -> Note:
        """Write beneath a finding: plain text, at most ``LONGEST_COMMENT``."""
        ...

    def make_issue(self, principal: Principal, finding_id: int, *, address: str = "") -> Issue:
        """Make a confidential issue of a finding in its GitLab project; the one that is there, where there is one."""
        ...

    def suppress(
        self,
        principal: Principal,
        *,
        project_id: int | None,
        scanner: str = "",
        rule_id: str = "",
        path: str = "",
        advisory: str = "",
        package: str = "",
        justification: Justification,
        reason: str,
        expires_at: datetime | None,
        address: str = "",
    ) -> Suppression:
        """Make an exception for a rule or an advisory (``SUPPRESS_WIDELY``), in one project or with None in all."""
        ...

    def approve(self, principal: Principal, suppression_id: int, *, reason: str = "", address: str = "") -> Suppression:
        """A second person's word for an exception that waits for one."""
        ...

    def refuse(self, principal: Principal, suppression_id: int, *, reason: str, address: str = "") -> Suppression:
        """A second person's word against it: it ends, and what it would have dismissed is open again."""
        ...

    def revoke(self, principal: Principal, suppression_id: int, *, reason: str, address: str = "") -> Suppression:
        """End an exception before its time. Who asked for one may take his own back while it waits."""
        ...

    def retry_job(self, principal: Principal, job_id: str, *, address: str = "") -> str:
        """Start a job that failed once more; returns the new job's id."""
        ...

    def set_exposure(self, principal: Principal, project_id: int, exposure: Exposure, *, address: str = "") -> Profile:
        """Say who can reach what a project runs."""
        ...

    def close_incident(
        self, principal: Principal, incident_id: int, *, reason: str, address: str = ""
    ) -> KnownIncident:
        """Take an incident off the list (``KEEP_PROJECT``); it comes back should it happen again."""
        ...

    def views(self, principal: Principal) -> tuple[SavedView, ...]:
        """The principal's saved views and those that others share, by name."""
        ...

    def save_view(
        self, principal: Principal, name: str, query: str, *, shared: bool = False, address: str = ""
    ) -> SavedView:
        """Keep a filter under a name; one of the same name of his own is replaced."""
        ...

    def delete_view(self, principal: Principal, view_id: int, *, address: str = "") -> None:
        """Forget a view of his own; an admin may forget anybody's that is shared."""
        ...


# --- who may do what --------------------------------------------------------------------------------------------------


class Weight(Enum):
    """What a principal's word about an exception is worth."""

    NONE = "none"
    REQUEST = "request"
    """It waits for a second person."""
    HOLDS = "holds"
    """It holds at once."""


@dataclass(frozen=True, slots=True)
class Ruling:
    """What a word is worth, and why no more."""

    weight: Weight
    why: Reason | None = None


def weigh(
    principal: Principal, project_id: int, *, wrote_it: bool, second_person: bool, only_request: bool = False
) -> Ruling:
    """
    What the principal's word is worth that a finding of the project need not be mended.

    ``wrote_it``: whether code of an open merge request that has the finding is his. ``second_person``: whether the
    policy wants one for it. Who may only ask can only ask; who may decide decides, unless he wrote it or the policy
    wants a second person: that is another than himself, whatever his role. It is never a token's owner either, for a
    token speaks for him.
    """
    if principal.may(Permission.DECIDE, project_id):
        if wrote_it:
            return Ruling(Weight.REQUEST, Reason.OWN_CODE)
        if second_person:
            return Ruling(Weight.REQUEST, Reason.SECOND_PERSON)
        return Ruling(Weight.REQUEST, Reason.WISH) if only_request else Ruling(Weight.HOLDS)
    if principal.may(Permission.REQUEST, project_id):
        return Ruling(Weight.REQUEST, Reason.ROLE)
    return Ruling(Weight.NONE)


def wanted(ids: Collection[int]) -> tuple[int, ...]:
    """The findings of an act, each once, in the order given. Raises ``WorkflowError`` for none and for too many."""
    unique = tuple(dict.fromkeys(ids))
    if not unique:
        raise WorkflowError(Fault.INVALID, N_("no finding was named"), N_("Choose at least one."))
    if len(unique) > MOST_AT_ONCE:
        raise WorkflowError(
            Fault.INVALID,
            sentence(N_("{count} findings are too many at once"), count=len(unique)),
            sentence(N_("Choose at most {most}, and then the next ones."), most=MOST_AT_ONCE),
        )
    return unique
