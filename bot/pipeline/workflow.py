"""
The acts of the desk, carried out: see ``bot.domain.workflow.Workflow``.

Each act is one transaction of the store with its entry in the audit log. What follows from it is told in the same
transaction: open merge requests are judged again, lists and sums follow, outgoing webhooks are announced.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from bot.domain.incident import KnownIncident
from bot.domain.priority import Exposure
from bot.domain.roles import Principal
from bot.domain.suppression import Suppression
from bot.domain.triage import Justification, TriageState
from bot.domain.workflow import Issue, Note, Outcome, Profile, SavedView
from bot.pipeline import desk_care, desk_decisions, desk_exceptions, desk_issues
from bot.pipeline.desk_work import Tools
from bot.services import Services

if TYPE_CHECKING:
    from bot.domain.workflow import Workflow
    from bot.pipeline.engine import JobQueue


class DeskWorkflow:
    """``Workflow`` on the store, with GitLab where an act needs it. Thread-safe, as far as ``services`` are."""

    def __init__(
        self, services: Services, queue: Callable[[], JobQueue], now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        """``queue`` is asked for when there is a job to submit."""
        self._tools = Tools(services, queue, now)

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
        """See ``Workflow``."""
        now = self._tools.now()
        wish = desk_decisions.checked_wish(state, justification, reason, expires_at, request, now)
        return desk_decisions.decide(self._tools, principal, finding_ids, wish=wish, still=still, address=address)

    def undo(self, principal: Principal, batch: str, *, address: str = "") -> Outcome:
        """See ``Workflow``."""
        return desk_decisions.undo(self._tools, principal, batch, address=address)

    def claim(self, principal: Principal, finding_ids: Sequence[int], *, address: str = "") -> Outcome:
        """See ``Workflow``."""
        return desk_care.claim(self._tools, principal, finding_ids, address=address)

    def assign(
        self, principal: Principal, finding_ids: Sequence[int], person_id: int | None, *, address: str = ""
    ) -> Outcome:
        """See ``Workflow``."""
        return desk_care.assign(self._tools, principal, finding_ids, person_id, address=address)

    def snooze(
        self, principal: Principal, finding_ids: Sequence[int], until: datetime | None, *, address: str = ""
    ) -> Outcome:
        """See ``Workflow``."""
        return desk_care.snooze(self._tools, principal, finding_ids, until, address=address)

    def comment(self, principal: Principal, finding_id: int, text: str, *, address: str = "") -> Note:
        """See ``Workflow``."""
        return desk_care.comment(self._tools, principal, finding_id, text, address=address)

    def make_issue(self, principal: Principal, finding_id: int, *, address: str = "") -> Issue:
        """See ``Workflow``."""
        return desk_issues.make_issue(self._tools, principal, finding_id, address=address)

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
        """See ``Workflow``."""
        return desk_exceptions.suppress(
            self._tools,
            principal,
            project_id=project_id,
            scanner=scanner,
            rule_id=rule_id,
            path=path,
            advisory=advisory,
            package=package,
            justification=justification,
            reason=reason,
            expires_at=expires_at,
            address=address,
        )

    def approve(self, principal: Principal, suppression_id: int, *, reason: str = "", address: str = "") -> Suppression:
        """See ``Workflow``."""
        return desk_exceptions.approve(self._tools, principal, suppression_id, reason=reason, address=address)

    def refuse(self, principal: Principal, suppression_id: int, *, reason: str, address: str = "") -> Suppression:
        """See ``Workflow``."""
        return desk_exceptions.refuse(self._tools, principal, suppression_id, reason=reason, address=address)

    def revoke(self, principal: Principal, suppression_id: int, *, reason: str, address: str = "") -> Suppression:
        """See ``Workflow``."""
        return desk_exceptions.revoke(self._tools, principal, suppression_id, reason=reason, address=address)

    def retry_job(self, principal: Principal, job_id: str, *, address: str = "") -> str:
        """See ``Workflow``."""
        return desk_care.retry_job(self._tools, principal, job_id, address=address)

    def set_exposure(self, principal: Principal, project_id: int, exposure: Exposure, *, address: str = "") -> Profile:
        """See ``Workflow``."""
        return desk_care.set_exposure(self._tools, principal, project_id, exposure, address=address)

    def close_incident(
        self, principal: Principal, incident_id: int, *, reason: str, address: str = ""
    ) -> KnownIncident:
        """See ``Workflow``."""
        return desk_care.close_incident(self._tools, principal, incident_id, reason=reason, address=address)

    def views(self, principal: Principal) -> tuple[SavedView, ...]:
        """See ``Workflow``."""
        return desk_care.views(self._tools, principal)

    def save_view(
        self, principal: Principal, name: str, query: str, *, shared: bool = False, address: str = ""
    ) -> SavedView:
        """See ``Workflow``."""
        return desk_care.save_view(self._tools, principal, name, query, shared=shared, address=address)

    def delete_view(self, principal: Principal, view_id: int, *, address: str = "") -> None:
        """See ``Workflow``."""
        desk_care.delete_view(self._tools, principal, view_id, address=address)


def workflow(services: Services, queue: Callable[[], JobQueue]) -> Workflow:
    """The acts for pages and API."""
    return DeskWorkflow(services, queue)
