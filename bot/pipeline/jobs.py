"""
What the engine's jobs do: which steps, in which order, what is tried again, and what is said when nothing helped.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from typing import Any, TypeVar

import structlog

from bot.domain.audit import Act, Action
from bot.domain.intake import TakeIn
from bot.domain.job import (
    CloseMergeRequest,
    ImportReports,
    JobRequest,
    RunMergeQueue,
    ScanBranch,
    ScanMergeRequest,
    ScanReason,
    SyncMergeRequest,
    SyncReason,
    VerifyBranch,
)
from bot.domain.triage import SYSTEM
from bot.errors import ConfigurationError
from bot.gitlab.errors import GitLabError, NotFound, RateLimited
from bot.observability.logs import bind
from bot.pipeline.artifacts import PipelineReports
from bot.pipeline.assess import Tools
from bot.pipeline.branch import scan_branch
from bot.pipeline.clearing import withdraw
from bot.pipeline.enforcement import check_project
from bot.pipeline.engine import JobQueue, run_step
from bot.pipeline.failing import worth_retrying
from bot.pipeline.git import GitCancelled
from bot.pipeline.maturity.collecting import collect, collect_on
from bot.pipeline.maturity.periodic import run_task, submit_following
from bot.pipeline.merge_queue import close_wishes, run_merge_queue
from bot.pipeline.merge_request import MergeRequestScan
from bot.pipeline.mirrors import remove_mirror
from bot.pipeline.notes import handle_note
from bot.pipeline.policy_sources import is_policy_project
from bot.pipeline.protected import verify_branch
from bot.pipeline.rounds import follow_policy
from bot.pipeline.submission import submit
from bot.pipeline.superseded import Superseded, Watch
from bot.pipeline.tampering import note_merge
from bot.services import Services
from bot.store import (
    audit,
    clearances,
    commands,
    confirmations,
    contributors,
    enforcement,
    heads,
    imports,
    incidents,
    licences,
    memberships,
    noise,
    projects,
    receipts,
    scans,
    tracking,
    watched,
    wishes,
)
from bot.store.engine import session, write_session
from bot.store.maturity import attestations, collected, counting, snapshots
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

    def _tools(self) -> Tools:
        """The tools with the organisation's rules of now: somebody may have switched on others since we started."""
        return replace(self.tools, scanners=self.services.with_own_rules(self.tools.scanners))

    def scan_merge_request(self, job_id: str, project_id: int, iid: int, sequence: int, reason: str) -> str:
        """Announce, scan, publish."""

        def work(scan: MergeRequestScan) -> str:
            log.info("scan begins", reason=reason)
            try:
                announced = self._step("announce", scan, scan.announce)
                if announced is None:
                    return "not_open"
                self._plain_step("first check", partial(self._first_check, job_id, project_id))
                scan_id = self._step("scan", scan, partial(scan.scan, announced))
                outcome = self._step("publish", scan, partial(scan.publish, scan_id))
                self._plain_step("follow up", partial(self._follow_up, job_id, scan))
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
            outcome = self._step("sync", scan, partial(scan.sync, reason))
            self._plain_step("follow up", partial(self._follow_up, job_id, scan))
            return outcome

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
                self._plain_step("follow policy", partial(self._follow_policy, project_id))
                outcome = self._plain_step(
                    "scan branch",
                    partial(
                        scan_branch,
                        self.services,
                        self._tools(),
                        job_id,
                        project_id,
                        branch,
                        sha or None,
                        on_policy=partial(self._judge_by_policy, job_id, project_id, branch),
                    ),
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

    def handle_note(self, job_id: str, project_id: int, iid: int, note_id: int, digest: str) -> str:
        """Carry out the command in a note, answer it, and have the merge request judged again."""
        return self._about_project(
            "handle_note",
            job_id,
            project_id,
            lambda: handle_note(self.services, self.queue, project_id, iid, note_id, digest),
        )

    def run_merge_queue(self, job_id: str, project_id: int, branch: str) -> str:
        """Merge what can be merged of what the merge bot was asked for."""
        return self._about_project(
            "run_merge_queue",
            job_id,
            project_id,
            lambda: run_merge_queue(self.services, self.queue, job_id, project_id, branch),
        )

    def verify_branch(self, job_id: str, project_id: int, branch: str, created: bool) -> str:
        """Raise an incident for each commit on a protected branch that was never cleared."""
        rewritten = partial(self._scan_again, project_id, branch)
        return self._about_project(
            "verify_branch",
            job_id,
            project_id,
            lambda: verify_branch(self.services, project_id, branch, created=created, on_rewritten=rewritten),
        )

    def check_project(self, job_id: str, project_id: int) -> str:
        """Find out how strongly the project's gate is enforced, and note what was done around it."""
        return self._about_project(
            "check_project",
            job_id,
            project_id,
            lambda: check_project(self.services, self.queue, job_id, project_id),
        )

    def collect_project(self, job_id: str, project_id: int, number: int) -> str:
        """Collect what the figures are made of; what is left is collected by a job of its own."""
        outcome = self._about_project(
            "collect_project",
            job_id,
            project_id,
            lambda: collect(self.services, self.services.gitlab, project_id, datetime.now(UTC)),
        )
        if outcome == "more":
            self._plain_step("collect on", lambda: collect_on(self.services, self.queue, job_id, project_id, number))
        return outcome

    def forget_project(self, job_id: str, project_id: int) -> str:
        """Drop what we hold of a project that no longer exists."""
        with bind(job_id=job_id, project_id=project_id):
            with write_session(self.services.store) as writing:
                known = projects.get_project(writing, project_id)
                heads.forget_project(writing, project_id)
                scans.forget_project(writing, project_id)
                imports.forget_project(writing, project_id)
                licences.forget_project(writing, project_id)
                tracking.forget_project(writing, project_id)
                noise.forget_project(writing, project_id)
                memberships.forget_members(writing, project_id)
                receipts.forget_project(writing, project_id)
                clearances.forget_project(writing, project_id)
                watched.forget_project(writing, project_id)
                incidents.forget_project(writing, project_id)
                enforcement.forget_project(writing, project_id)
                wishes.forget_project(writing, project_id)
                contributors.forget_project(writing, project_id)
                confirmations.forget_project(writing, project_id)
                commands.forget_project(writing, project_id)
                collected.forget_project(writing, project_id)
                counting.forget_project(writing, project_id)
                projects.forget_project(writing, project_id)
                # After the project itself: the database keeps its snapshots until it is gone.
                attestations.forget_project(writing, project_id)
                snapshots.forget_project(writing, project_id)
                if known is not None:
                    details = {"path": known.path}
                    act = Act(SYSTEM, None, Action.PROJECT_FORGOTTEN, f"project {project_id}", project_id, details)
                    audit.append(writing, act)
            remove_mirror(self.services, project_id)
            log.info("project forgotten")
        self.services.metrics.jobs.labels("forget_project", "done").inc()
        return "forgotten"

    def run_periodic(self, job_id: str, task: str, slot: str) -> str:
        """Do something for the whole organisation, and submit what follows it."""
        outcome = "error"
        with bind(job_id=job_id, task=task):
            try:
                outcome = self._plain_step(task, lambda: run_task(self.services, task, datetime.now(UTC)))
                self._plain_step("what follows", lambda: submit_following(self.services, self.queue, task, slot))
            finally:
                self.services.metrics.jobs.labels("run_periodic", outcome if outcome == "error" else task).inc()
            log.info("job ended", outcome=outcome)
        return outcome

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

    def _about_project(self, kind: str, job_id: str, project_id: int, work: Callable[[], str]) -> str:
        """One step that may run twice; the project may be gone meanwhile."""
        outcome = "error"
        with bind(job_id=job_id, project_id=project_id):
            try:
                outcome = self._plain_step(kind.replace("_", " "), work)
            except NotFound as error:
                log.info("what the job is about is gone", error=str(error))
                outcome = "gone"
            finally:
                self.services.metrics.jobs.labels(kind, outcome).inc()
            log.info("job ended", outcome=outcome)
        return outcome

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
            scan: MergeRequestScan | None = None
            try:
                with Watch(is_current) as watch:
                    scan = MergeRequestScan(
                        self.services, self._tools(), watch, job_id, project_id, iid, sequence, sleep=self.sleep
                    )
                    outcome = work(scan)
            except Superseded:
                outcome = "superseded"
            except NotFound as error:
                log.info("merge request is gone", error=str(error))
                outcome = "gone"
            except Exception:
                self._plain_step("leave unfinished", partial(self._leave_unfinished, project_id, iid, sequence))
                raise
            finally:
                self.services.metrics.jobs.labels(kind, outcome).inc()
            if scan is not None and scan.ended is not None:
                self._plain_step("note the end", partial(self._note_end, job_id, scan, scan.ended == "merged"))
            log.info("job ended", outcome=outcome)
        return outcome

    def _leave_unfinished(self, project_id: int, iid: int, sequence: int) -> None:
        """
        What was shown and cleared may not hold any more, and nobody could say so: nothing is cleared, and the
        reconciler finds a merge request without a verdict as soon as GitLab answers again.
        """
        with write_session(self.services.store) as writing:
            if heads.mark_unfinished(writing, project_id, iid, sequence=sequence):
                clearances.withdraw(writing, project_id, iid, clearances.VERDICT, datetime.now(UTC))

    def _note_end(self, job_id: str, scan: MergeRequestScan, merged: bool) -> None:
        """
        It ended, and the event that says so is late or got lost: GitLab does not repeat one. What was cleared would
        stay cleared, and nobody would look at how it was merged.
        """
        with write_session(self.services.store) as writing:
            known = heads.get_head(writing, scan.project_id, scan.iid)
            if known is not None and known.state is heads.HeadState.OPENED and known.sequence == scan.sequence:
                job = CloseMergeRequest(scan.project_id, scan.iid, merged)
                submit(writing, self.queue, job, token=job_id)

    def _follow_up(self, job_id: str, scan: MergeRequestScan) -> None:
        """What publishing a verdict leads to. After a crash between the two, the reconciler finds what was left out."""
        due: list[JobRequest] = list(scan.unheard)
        if scan.merge_due and scan.target_branch:
            due.append(RunMergeQueue(scan.project_id, scan.target_branch))
        if due:
            with write_session(self.services.store) as writing:
                for job in due:
                    submit(writing, self.queue, job, token=job_id)

    def _close(self, job_id: str, project_id: int, iid: int, merged: bool) -> None:
        """What stood on the merge request stands there no more; on its target it is looked for first."""
        if merged:
            note_merge(self.services, project_id, iid)
        with session(self.services.store) as reading:
            head = heads.get_head(reading, project_id, iid)
            project = projects.get_project(reading, project_id)
        target = head.target_branch if head is not None else None
        withdraw(self.services, project_id, iid, clearances.MERGED if merged else clearances.CLOSED)
        with write_session(self.services.store) as writing:
            close_wishes(writing, project_id, iid, merged=merged)
            if merged and target is not None:
                # What came in is looked at on its branch, and whoever waits for the branch may go on.
                submit(writing, self.queue, VerifyBranch(project_id, target), token=job_id)
                submit(writing, self.queue, RunMergeQueue(project_id, target), token=job_id)
            if merged and project is not None and target is not None and target == project.default_branch:
                submit(writing, self.queue, ScanBranch(project_id, target, None), token=job_id)
            else:
                tracking.close_ref(writing, Ref(project_id, f"!{iid}", iid, target), datetime.now(UTC))

    def _first_check(self, job_id: str, project_id: int) -> None:
        """Find out how strongly the gate of a new project holds, so that its first verdict can say it."""
        with session(self.services.store) as reading:
            known = enforcement.stored(reading, project_id)
        if known is not None and known.checked_at is not None:
            return
        try:
            check_project(self.services, self.queue, job_id, project_id)
        except (GitLabError, ConfigurationError) as error:
            # The verdict does not wait for it; the periodic check tries again.
            log.warning("the project could not be checked", project_id=project_id, error=str(error))

    def _follow_policy(self, project_id: int) -> None:
        """A push to the policy project counts at once."""
        services = self.services
        if services.settings.policy_project is not None and is_policy_project(
            services, services.gitlab.project(project_id)
        ):
            follow_policy(services, self.queue)

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

    def _judge_by_policy(self, job_id: str, project_id: int, branch: str) -> None:
        """The project's own policy on a branch is another one: what wants into the branch is judged by it."""
        with write_session(self.services.store) as writing:
            for _, iid in heads.open_requests(writing, project_id=project_id, target_branch=branch):
                job = SyncMergeRequest(project_id, iid, SyncReason.POLICY_CHANGED)
                submit(writing, self.queue, job, token=job_id)

    def _scan_again(self, project_id: int, branch: str) -> None:
        """
        The history of a branch is another one, so what wants into it may bring more than was judged.

        In one transaction with the clearances' end. A repeated step scans again: an id that is known would end the
        newest job of the merge request and begin none.
        """
        with write_session(self.services.store) as writing:
            for _, iid in heads.open_requests(writing, project_id=project_id, target_branch=branch):
                clearances.withdraw(writing, project_id, iid, clearances.REWRITTEN, datetime.now(UTC))
                job = ScanMergeRequest(project_id, iid, None, ScanReason.REQUESTED)
                submit(writing, self.queue, job, token=f"rewritten.{uuid.uuid4().hex}")

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
