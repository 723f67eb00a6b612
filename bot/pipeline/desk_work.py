"""
What the acts of the desk have in common: the transaction, who is asked what he may, and what everybody is told.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

import structlog
from sqlalchemy.orm import Session

from bot.domain.policy import PolicyDocument, SuppressionRules
from bot.domain.roles import INSTANCE_WIDE, PERMISSIONS, Kind, Permission, Principal
from bot.domain.suppression import Standing, Suppression, SuppressionError
from bot.domain.triage import TriageError, TriageEvent, TriageState
from bot.domain.workflow import Fault, Refused, WorkflowError
from bot.errors import ConfigurationError, sentence
from bot.pipeline.decisions import judge_again
from bot.services import Services
from bot.store import judging
from bot.store.engine import write_session
from bot.store.judging import Step, Subject
from bot.texts import N_

if TYPE_CHECKING:
    from bot.pipeline.engine import JobQueue

NOT_THERE = N_("there is no such finding")
NOT_THERE_HINT = N_("It may be gone, or it is in a project that you do not see.")

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Tools:
    """What every act works with."""

    services: Services
    queue: Callable[[], JobQueue]
    now: Callable[[], datetime]


@dataclass(slots=True)
class Work:
    """One act's transaction."""

    session: Session
    now: datetime
    _queue: Callable[[], JobQueue]
    _policy: Callable[[], PolicyDocument]
    _rules: dict[str, SuppressionRules | ConfigurationError] = field(default_factory=dict)

    def rules_for(self, project: str) -> SuppressionRules:
        """The policy's, for a project by its path. Raises ``ConfigurationError`` where its policy cannot be read."""
        if project not in self._rules:
            try:
                self._rules[project] = self._policy().for_project(project).suppressions
            except ConfigurationError as error:
                self._rules[project] = error
        found = self._rules[project]
        if isinstance(found, ConfigurationError):
            raise found
        return found

    def policy(self) -> PolicyDocument:
        """The whole of it. Raises ``ConfigurationError``."""
        return self._policy()

    def judge_again(self, finding_ids: Collection[int] = (), about: Iterable[tuple[int, int]] = ()) -> int:
        """Have open merge requests judged again that have any of the findings, and those that are named; how many."""
        places = {*judging.merge_requests_with(self.session, finding_ids), *about}
        return judge_again(self.session, self._queue, sorted(places), token=f"decided.{uuid.uuid4().hex}")


@contextmanager
def working(tools: Tools, *, with_policy: bool = False) -> Iterator[Work]:
    """
    A transaction for one act; nothing is kept when the block raises.

    ``with_policy``: whether the act asks for the policy, which is read before. What is wrong with a word or an
    exception comes out as ``WorkflowError``.
    """
    read = _policy_of(tools.services) if with_policy else None

    def policy() -> PolicyDocument:
        assert read is not None
        if isinstance(read, ConfigurationError):
            raise read
        return read

    try:
        with write_session(tools.services.store) as writing:
            yield Work(writing, tools.now(), tools.queue, policy)
    except (TriageError, SuppressionError) as error:
        raise WorkflowError(Fault.INVALID, error.told, error.told_hint) from error


def _policy_of(services: Services) -> PolicyDocument | ConfigurationError:
    # Not within the transaction: reading it may read files.
    try:
        return services.policy()
    except ConfigurationError as error:
        return error


def unreadable(error: ConfigurationError, subject: str) -> WorkflowError:
    """
    What people are told when the configuration keeps an act from being done: ``subject`` and no more.

    The error itself names files and settings of the server. It is for whoever runs it, so it goes into the log.
    """
    log.warning("the configuration keeps an act from being done", error=str(error), hint=error.hint)
    return WorkflowError(Fault.UNAVAILABLE, subject, N_("Tell whoever runs Mergewarden: its log says more."))


POLICY_UNREADABLE = N_("the policy cannot be read at the moment")
NO_GITLAB = N_("Mergewarden is not connected to GitLab")


def source_of(principal: Principal) -> str:
    """Where it was said, as events keep it."""
    return "web" if principal.kind is Kind.SESSION else "api"


def may_everywhere(principal: Principal, permission: Permission) -> bool:
    """Whether he may do something to all projects at once, those to come included."""
    if principal.limits is not None and permission not in principal.limits:
        return False
    if permission in INSTANCE_WIDE:
        return principal.may(permission)
    return any(permission in PERMISSIONS[role] for role in principal.instance_roles)


def not_there(finding_id: int) -> Refused:
    """For a finding that there is not, or that he must not know of."""
    return Refused(finding_id, Fault.NOT_FOUND, NOT_THERE, NOT_THERE_HINT)


def may_not(finding_id: int, permission: Permission) -> Refused:
    """For what somebody may not do to a finding that he sees."""
    return Refused(
        finding_id,
        Fault.FORBIDDEN,
        sentence(N_("your roles in this project do not include: {permission}"), permission=permission.words),
        N_("An administrator can grant a role that does."),
    )


def forbidden(permission: Permission) -> WorkflowError:
    """For what somebody may not do at all."""
    return WorkflowError(
        Fault.FORBIDDEN,
        sentence(N_("your roles do not include: {permission}"), permission=permission.words),
        N_("An administrator can grant a role that does."),
    )


def obstacle(principal: Principal, permission: Permission, number: int, subject: Subject | None) -> Refused | None:
    """Why an act on this finding is not possible as far as rights go; None when it is."""
    if subject is None or not principal.sees_project(subject.project_id):
        return not_there(number)
    if not principal.may(permission, subject.project_id):
        return may_not(number, permission)
    return None


def living(made: Suppression, now: datetime) -> bool:
    """Whether it waits or is in force."""
    return made.standing(now) in (Standing.WAITING, Standing.IN_FORCE)


def put_back(subject: Subject, step: Step, *, actor: str, now: datetime, reason: str, source: str) -> TriageEvent:
    """The event by which what held before ``step`` holds again."""
    after = step.event.before
    earlier = step.earlier.judgement if step.earlier is not None else None
    justification = earlier.justification if earlier is not None and after is TriageState.DISMISSED else None
    return TriageEvent(
        finding_id=subject.id,
        at=now,
        actor=actor,
        before=subject.judgement.state,
        after=after,
        justification=justification,
        reason=reason,
        source=source,
    )
