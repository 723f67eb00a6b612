"""
What the engine's jobs do: which steps, in which order, what is tried again, and what is said when nothing helped.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any, TypeVar

import structlog

from bot.domain.intake import TakeIn
from bot.domain.job import ImportReports, ScanBranch, SyncMergeRequest, SyncReason
from bot.gitlab.errors import NotFound, RateLimited
from bot.observability.logs import bind
from bot.pipeline.artifacts import PipelineReports
from bot.pipeline.assess import Tools
from bot.pipeline.branch import scan_branch
from bot.pipeline.engine import JobQueue, run_step
from bot.pipeline.git import GitCancelled
from bot.pipeline.merge_request import MergeRequestScan, worth_retrying
from bot.pipeline.mirrors import remove_mirror
from bot.pipeline.submission import submit
from bot.pipeline.superseded import Superseded, Watch
from bot.services import Services
from bot.store import heads, imports, projects, scans, tracking
from bot.store.engine import session, write_session
from bot.store.tracking import OWN, Ref

log = structlog.get_logger(__name__)

_LONGEST_PAUSE = 60.0
"""Seconds that we wait at most because GitLab asked us to; the step's own back-off comes on top."""

T = TypeVar("T")


@dataclass
class Jobs:
    """The handlers of one worker process; ``bot.pipeline.engine.Handlers`` describes them."""

    services: Services
    tools: Tools
    queue: JobQueue
    """For jobs that lead to others."""
    attempts: int = 6
    pause: float = 1.0
    """Seconds before the second attempt of a step; doubles each time."""
    sleep: Callable[[float], None] = time.sleep
    """How to wait for GitLab; argument in seconds."""
    take_in: TakeIn | None = None
    """Takes reports of other tools in; None for ``bot.pipeline.intake``."""

    def scan_merge_request(self, job_id: str, project_id: int, iid: int, sequence: int, reason: str) -> str:
        """Announce, scan, publish."""

        def work(scan: MergeRequestScan) -> str:
            log.info("scan begins", reason=reason)
            try:
                announced = self._step("announce", scan, scan.announce)
                if announced is None:
                    return "not_open"
                scan_id = self._step("scan", scan, partial(scan.scan, announced))
                outcome = self._step("publish", scan, partial(scan.publish, scan_id))
                self._plain_step("first baseline", partial(self._first_baseline, project_id))
                return outcome
            except (Superseded, NotFound):
                raise
            except Exception as error:
                scan.watch.check()
                return self._step("give up", scan, partial(scan.give_up, error))

        return self._merge_request("scan_merge_request", job_id, project_id, iid, sequence, work)

    def sync_merge_request(self, job_id: str, project_id: int, iid: int, sequence: int, reason: str) -> str:
        """Bring the merge request in line with its last scan."""

        def work(scan: MergeRequestScan) -> str:
            log.info("sync begins", reason=reason)
            return self._step("sync", scan, scan.sync)

        return self._merge_request("sync_merge_request", job_id, project_id, iid, sequence, work)

    def close_merge_request(self, job_id: str, project_id: int, iid: int, merged: bool) -> str:
        """Nothing runs for it any more: its number was raised when this job was submitted."""
        with bind(job_id=job_id):
            log.info("merge request ended", project_id=project_id, iid=iid, merged=merged)
            self._plain_step("close", partial(self._close, job_id, project_id, iid, merged))
        self.services.metrics.jobs.labels("close_merge_request", "done").inc()
        return "closed"

    def scan_branch(self, job_id: str, project_id: int, branch: str, sha: str) -> str:
        """Bring what is known of a branch up to date; without ``sha`` whatever its head is."""
        with bind(job_id=job_id, project_id=project_id, branch=branch):
            outcome = "failed"
            try:
                outcome = self._plain_step(
                    "scan branch",
                    partial(scan_branch, self.services, self.tools, job_id, project_id, branch, sha or None),
                )
            finally:
                self.services.metrics.jobs.labels("scan_branch", outcome).inc()
            return outcome

    def import_reports(
        self, job_id: str, project_id: int, pipeline_id: int, sha: str, ref: str, iid: int, ending: str
    ) -> str:
        """Take in the reports of a pipeline, and have the merge requests that they are about judged again."""
        request = ImportReports(project_id, pipeline_id, sha, ref, iid or None, ending)
        outcome = "error"
        with bind(job_id=job_id, project_id=project_id, pipeline_id=pipeline_id):
            try:
                take_in = self._take_in()
                found = self._plain_step(
                    "import reports", lambda: PipelineReports(self.services, take_in, request).run()
                )
                # Also after a repetition: the first time may have ended between the import and this.
                self._plain_step("judge again", partial(self._judge_again, job_id, found.judge_again))
                outcome = found.word
            except NotFound as error:
                log.info("what the pipeline is about is gone", error=str(error))
                outcome = "gone"
            finally:
                self.services.metrics.jobs.labels("import_reports", outcome).inc()
            log.info("job ended", outcome=outcome)
        return outcome

    def forget_project(self, job_id: str, project_id: int) -> str:
        """Drop what we hold of a project that no longer exists."""
        with bind(job_id=job_id, project_id=project_id):
            with write_session(self.services.store) as writing:
                heads.forget_project(writing, project_id)
                scans.forget_project(writing, project_id)
                imports.forget_project(writing, project_id)
                tracking.forget_project(writing, project_id)
                projects.forget_project(writing, project_id)
            remove_mirror(self.services, project_id)
            log.info("project forgotten")
        self.services.metrics.jobs.labels("forget_project", "done").inc()
        return "forgotten"

    def poisoned(self, job_id: str, name: str, arguments: Sequence[Any]) -> None:
        """Say on the merge request that its job was given up; nothing else can be done for it."""
        if name != "scan_merge_request":
            return
        project_id, iid, sequence, _ = arguments
        error = RuntimeError("the scan ended its process several times")
        try:
            self._merge_request("poisoned", job_id, project_id, iid, sequence, lambda scan: scan.give_up(error))
        except Exception as again:
            log.error("given up in silence", job_id=job_id, exc_info=again)

    # -- parts --------------------------------------------------------------------------------------------------------

    def _merge_request(
        self,
        kind: str,
        job_id: str,
        project_id: int,
        iid: int,
        sequence: int,
        work: Callable[[MergeRequestScan], str],
    ) -> str:
        """Do ``work`` for a merge request for as long as nothing newer is to be done for it."""

        def is_current() -> bool:
            with session(self.services.store) as reading:
                return heads.current_sequence(reading, project_id, iid) == sequence

        outcome = "error"
        with bind(job_id=job_id, project_id=project_id, iid=iid):
            try:
                with Watch(is_current) as watch:
                    outcome = work(
                        MergeRequestScan(
                            self.services, self.tools, watch, job_id, project_id, iid, sequence, sleep=self.sleep
                        )
                    )
            except Superseded:
                outcome = "superseded"
            except NotFound as error:
                log.info("merge request is gone", error=str(error))
                outcome = "gone"
            finally:
                self.services.metrics.jobs.labels(kind, outcome).inc()
            log.info("job ended", outcome=outcome)
        return outcome

    def _close(self, job_id: str, project_id: int, iid: int, merged: bool) -> None:
        """What stood on the merge request stands there no more; on its target it is looked for first."""
        with session(self.services.store) as reading:
            head = heads.get_head(reading, project_id, iid)
            project = projects.get_project(reading, project_id)
        target = head.target_branch if head is not None else None
        with write_session(self.services.store) as writing:
            if merged and project is not None and target is not None and target == project.default_branch:
                submit(writing, self.queue, ScanBranch(project_id, target, None), token=job_id)
            else:
                tracking.close_ref(writing, Ref(project_id, f"!{iid}", iid, target), datetime.now(UTC))

    def _first_baseline(self, project_id: int) -> None:
        """Have the default branch read where nobody has: once a day at most, should it fail."""
        with session(self.services.store) as reading:
            project = projects.get_project(reading, project_id)
            if project is None or project.default_branch is None:
                return
            known = tracking.stream_state(reading, Ref(project_id, project.default_branch), OWN)
        if known.stream_id is None:
            with write_session(self.services.store) as writing:
                job = ScanBranch(project_id, project.default_branch, None)
                submit(writing, self.queue, job, token=f"first.{datetime.now(UTC).date().isoformat()}")

    def _take_in(self) -> TakeIn:
        if self.take_in is None:
            # Late, because the readers of reports cost memory that a bot without reports need not spend.
            from bot.pipeline.intake import ReportIntake

            self.take_in = ReportIntake(self.services)
        return self.take_in

    def _judge_again(self, job_id: str, merge_requests: Sequence[tuple[int, int]]) -> None:
        with write_session(self.services.store) as writing:
            for project_id, iid in merge_requests:
                job = SyncMergeRequest(project_id, iid, SyncReason.REPORTS_ARRIVED)
                submit(writing, self.queue, job, token=job_id)

    def _step(self, name: str, scan: MergeRequestScan, function: Callable[[], T]) -> T:
        def attempt() -> T:
            scan.watch.check()
            try:
                return function()
            except GitCancelled as error:
                raise Superseded from error

        def retryable(error: BaseException) -> bool:
            return worth_retrying(error) and not scan.watch.cancelled()

        return self._plain_step(name, attempt, retryable)

    def _plain_step(
        self, name: str, function: Callable[[], T], retryable: Callable[[BaseException], bool] = worth_retrying
    ) -> T:
        def attempt() -> T:
            with self.services.metrics.time_step(name):
                try:
                    return function()
                except RateLimited as error:
                    self.sleep(min(error.retry_after or 0.0, _LONGEST_PAUSE))
                    raise

        return run_step(name, attempt, retryable=retryable, attempts=self.attempts, interval_seconds=self.pause)
