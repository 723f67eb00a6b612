"""
The one way in for reports of other tools, whoever brings them: the command line, the API, or a GitLab pipeline.

Findings of a merge request count in its verdict, so the merge request is judged again after each import for it.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bot.domain.intake import Intake, ReportRefused, TakenIn, WrongIntake
from bot.domain.job import SyncMergeRequest, SyncReason
from bot.gitlab.errors import NotFound
from bot.pipeline.engine import JobQueue
from bot.pipeline.importing import ImportTarget, import_report
from bot.pipeline.submission import submit
from bot.services import Services
from bot.store import heads
from bot.store.engine import session, write_session
from scanners.imports import ReportError


@dataclass(frozen=True, slots=True)
class ReportIntake:
    """
    Takes reports in for one process; a ``bot.domain.intake.TakeIn``.

    ``queue`` is asked for when a merge request has to be judged again; None where whoever calls sees to that.
    """

    services: Services
    queue: Callable[[], JobQueue] | None = None

    def __call__(self, path: Path, project_id: int, intake: Intake, *, actor: str) -> TakenIn:
        """As ``TakeIn``: all of the report or nothing. Raises ``ReportRefused`` and ``MergewardenError``."""
        target = ImportTarget(
            project_id=project_id,
            ref=intake.ref or self._target_branch(project_id, intake),
            merge_request_iid=intake.merge_request_iid,
            commit=intake.commit,
        )
        try:
            outcome = import_report(
                self.services, path, target, actor=actor, format=intake.format, strip_prefix=intake.strip_prefix
            )
        except ReportError as error:
            # Callers need not load the readers to know their error.
            raise ReportRefused(error.message, error.hint) from error
        if intake.merge_request_iid is not None and project_id > 0 and self.queue is not None:
            self._judge_again(project_id, intake.merge_request_iid, self.queue)
        return outcome

    def _target_branch(self, project_id: int, intake: Intake) -> str:
        iid = intake.merge_request_iid
        assert iid is not None, "checked by intake_of"
        with session(self.services.store) as reading:
            head = heads.get_head(reading, project_id, iid)
        if head is not None and head.target_branch:
            return head.target_branch
        if project_id > 0 and self.services.settings.gitlab_token is not None:
            try:
                return self.services.gitlab.merge_request(project_id, iid).target_branch
            except NotFound as error:
                raise WrongIntake("merge_request", f"there is no merge request !{iid}", error.hint) from error
        raise WrongIntake("ref", f"the target branch of !{iid} is not known", "Name it as the ref.")

    def _judge_again(self, project_id: int, iid: int, queue: Callable[[], JobQueue]) -> None:
        with session(self.services.store) as reading:
            known = heads.current_sequence(reading, project_id, iid) > 0
        if known:
            job = SyncMergeRequest(project_id, iid, SyncReason.REPORTS_ARRIVED)
            with write_session(self.services.store) as writing:
                submit(writing, queue(), job, token=f"import.{uuid.uuid4().hex}")
