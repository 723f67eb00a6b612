"""
Asks GitLab anew before something is changed, whoever asks for the change: pages and API share one ``Workflow``.

``docs/adr/0010-who-sees-what.md``: what a list of members says may be an hour old, which is enough for reading only.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.domain.incident import KnownIncident
from bot.domain.priority import Exposure
from bot.domain.roles import Principal
from bot.domain.suppression import Suppression
from bot.domain.triage import Justification, TriageState
from bot.domain.workflow import Issue, Note, Outcome, Profile, SavedView, Workflow
from bot.services import Services
from bot.store import incidents, judging, suppressions
from bot.store.desk import finding_reads
from bot.store.engine import session


@dataclass(frozen=True, slots=True)
class ConfirmedWorkflow:
    """A ``Workflow`` whose principals are, in the projects at hand, what GitLab says at that moment."""

    inner: Workflow
    services: Services
    confirm: Callable[[Principal, Iterable[int]], Principal]
    """``Doorman.confirm``; raises ``Problem`` 503 where GitLab does not answer."""

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
        return self.inner.decide(
            self._about(principal, finding_ids),
            finding_ids,
            state=state,
            justification=justification,
            reason=reason,
            expires_at=expires_at,
            request=request,
            still=still,
            address=address,
        )

    def undo(self, principal: Principal, batch: str, *, address: str = "") -> Outcome:
        """See ``Workflow``."""
        with session(self.services.store) as reading:
            findings = judging.batch_findings(reading, batch)
        return self.inner.undo(self._about(principal, findings), batch, address=address)

    def claim(self, principal: Principal, finding_ids: Sequence[int], *, address: str = "") -> Outcome:
        """See ``Workflow``."""
        return self.inner.claim(self._about(principal, finding_ids), finding_ids, address=address)

    def assign(
        self, principal: Principal, finding_ids: Sequence[int], person_id: int | None, *, address: str = ""
    ) -> Outcome:
        """See ``Workflow``."""
        return self.inner.assign(self._about(principal, finding_ids), finding_ids, person_id, address=address)

    def snooze(
        self, principal: Principal, finding_ids: Sequence[int], until: datetime | None, *, address: str = ""
    ) -> Outcome:
        """See ``Workflow``."""
        return self.inner.snooze(self._about(principal, finding_ids), finding_ids, until, address=address)

    def comment(self, principal: Principal, finding_id: int, text: str, *, address: str = "") -> Note:
        """See ``Workflow``."""
        return self.inner.comment(self._about(principal, (finding_id,)), finding_id, text, address=address)

    def make_issue(self, principal: Principal, finding_id: int, *, address: str = "") -> Issue:
        """See ``Workflow``."""
        return self.inner.make_issue(self._about(principal, (finding_id,)), finding_id, address=address)

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
        return self.inner.suppress(
            principal if project_id is None else self.confirm(principal, (project_id,)),
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
        return self.inner.approve(
            self._about_exception(principal, suppression_id), suppression_id, reason=reason, address=address
        )

    def refuse(self, principal: Principal, suppression_id: int, *, reason: str, address: str = "") -> Suppression:
        """See ``Workflow``."""
        return self.inner.refuse(
            self._about_exception(principal, suppression_id), suppression_id, reason=reason, address=address
        )

    def revoke(self, principal: Principal, suppression_id: int, *, reason: str, address: str = "") -> Suppression:
        """See ``Workflow``."""
        return self.inner.revoke(
            self._about_exception(principal, suppression_id), suppression_id, reason=reason, address=address
        )

    def retry_job(self, principal: Principal, job_id: str, *, address: str = "") -> str:
        """See ``Workflow``. A role of the instance permits it, about which GitLab knows nothing."""
        return self.inner.retry_job(principal, job_id, address=address)

    def set_exposure(self, principal: Principal, project_id: int, exposure: Exposure, *, address: str = "") -> Profile:
        """See ``Workflow``."""
        return self.inner.set_exposure(self.confirm(principal, (project_id,)), project_id, exposure, address=address)

    def close_incident(
        self, principal: Principal, incident_id: int, *, reason: str, address: str = ""
    ) -> KnownIncident:
        """See ``Workflow``."""
        with session(self.services.store) as reading:
            known = incidents.get(reading, incident_id)
        now = principal if known is None else self.confirm(principal, (known.incident.project_id,))
        return self.inner.close_incident(now, incident_id, reason=reason, address=address)

    def views(self, principal: Principal) -> tuple[SavedView, ...]:
        """See ``Workflow``."""
        return self.inner.views(principal)

    def save_view(
        self, principal: Principal, name: str, query: str, *, shared: bool = False, address: str = ""
    ) -> SavedView:
        """See ``Workflow``."""
        return self.inner.save_view(principal, name, query, shared=shared, address=address)

    def delete_view(self, principal: Principal, view_id: int, *, address: str = "") -> None:
        """See ``Workflow``."""
        self.inner.delete_view(principal, view_id, address=address)

    # -- parts --------------------------------------------------------------------------------------------------------

    def _about(self, principal: Principal, finding_ids: Collection[int]) -> Principal:
        with session(self.services.store) as reading:
            projects = finding_reads.projects_of(reading, finding_ids)
        return self.confirm(principal, set(projects.values()))

    def _about_exception(self, principal: Principal, suppression_id: int) -> Principal:
        with session(self.services.store) as reading:
            found = suppressions.get(reading, suppression_id)
        # One for all projects needs a role of the instance, about which GitLab knows nothing.
        if found is None or found.project_id is None:
            return principal
        return self.confirm(principal, (found.project_id,))
