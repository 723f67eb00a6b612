"""
What the engine's jobs do: which steps, in which order, what is tried again, and what is said when nothing helped.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

import structlog

from bot.gitlab.errors import NotFound, RateLimited
from bot.observability.logs import bind
from bot.pipeline.assess import Tools
from bot.pipeline.branch import scan_branch
from bot.pipeline.engine import run_step
from bot.pipeline.git import GitCancelled
from bot.pipeline.merge_request import MergeRequestScan, worth_retrying
from bot.pipeline.mirrors import remove_mirror
from bot.pipeline.superseded import Superseded, Watch
from bot.services import Services
from bot.store import heads, projects, scans
from bot.store.engine import session, write_session

log = structlog.get_logger(__name__)

_LONGEST_PAUSE = 60.0
"""Seconds that we wait at most because GitLab asked us to; the step's own back-off comes on top."""

T = TypeVar("T")


@dataclass
class Jobs:
    """The handlers of one worker process; ``bot.pipeline.engine.Handlers`` describes them."""

    services: Services
    tools: Tools
    attempts: int = 6
    pause: float = 1.0
    """Seconds before the second attempt of a step; doubles each time."""
    sleep: Callable[[float], None] = time.sleep
    """How to wait for GitLab; argument in seconds."""

    def scan_merge_request(self, job_id: str, project_id: int, iid: int, sequence: int, reason: str) -> str:
        """Announce, scan, publish."""

        def work(scan: MergeRequestScan) -> str:
            log.info("scan begins", reason=reason)
            try:
                announced = self._step("announce", scan, scan.announce)
                if announced is None:
                    return "not_open"
                scan_id = self._step("scan", scan, partial(scan.scan, announced))
                return self._step("publish", scan, partial(scan.publish, scan_id))
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
        self.services.metrics.jobs.labels("close_merge_request", "done").inc()
        return "closed"

    def scan_branch(self, job_id: str, project_id: int, branch: str, sha: str) -> str:
        """Scan the default branch, so that the baseline of the next merge request costs nothing."""
        with bind(job_id=job_id, project_id=project_id, branch=branch):
            outcome = "failed"
            try:
                outcome = self._plain_step(
                    "scan branch", partial(scan_branch, self.services, self.tools, job_id, project_id, branch, sha)
                )
            finally:
                self.services.metrics.jobs.labels("scan_branch", outcome).inc()
            return outcome

    def forget_project(self, job_id: str, project_id: int) -> str:
        """Drop what we hold of a project that no longer exists."""
        with bind(job_id=job_id, project_id=project_id):
            with write_session(self.services.store) as writing:
                heads.forget_project(writing, project_id)
                scans.forget_project(writing, project_id)
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
