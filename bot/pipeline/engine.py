"""
The job engine behind an interface of our own: DBOS Transact on the store's own database.

Everything that knows DBOS is in this module, and it uses DBOS's public API only, so that another engine could take its
place. What the rest of the bot may rely on:

- ``JobQueue.submit`` puts a job into the caller's transaction: head, delivery and job are one commit.
- Jobs of one merge request run one at a time (a queue partition per merge request).
- Steps are check-pointed: a job that was killed goes on from its last finished step, so each step is idempotent.
- A job whose process is gone is taken over by another (``Worker.take_over``).
"""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol, TypeVar

import structlog
from dbos import DBOS, DBOSClient, DBOSConfig, EnqueueOptions, WorkflowStatus

from bot.domain.job import JOB_KINDS
from bot.domain.job_board import MOST_COUNTED, JobState, SeenJob
from bot.store.engine import lacks_table
from bot.store.statements import chunks

log = structlog.get_logger(__name__)

APPLICATION = "mergewarden"

JOBS_VERSION = "3"
"""Raise this when the order or meaning of steps changes; jobs of an older version are carried over from their start."""

MERGE_REQUESTS = "merge-requests"
BRANCHES = "branches"
CONVERSATIONS = "conversations"
"""What people wait for: commands, merges. No scan runs there, so nobody waits for one."""
PERIODIC = "periodic"
"""What is done for the whole organisation: it takes minutes, and nobody waits behind it."""
_QUEUES = (MERGE_REQUESTS, BRANCHES, CONVERSATIONS, PERIODIC)
QUEUES = _QUEUES
"""Every queue, for those who show them."""

MAX_TAKE_OVERS = 5
"""A job that took its process down so many times is poisoned: it is ended and reported instead of tried for ever."""

_POLL_SECONDS = {MERGE_REQUESTS: 0.1, BRANCHES: 0.5, CONVERSATIONS: 0.1, PERIODIC: 1.0}

T = TypeVar("T")


class Handlers(Protocol):
    """What the jobs do. Every call gets the job's id first; arguments are ids and short words, never reports."""

    def scan_merge_request(self, job_id: str, project_id: int, iid: int, sequence: int, reason: str) -> str:
        """Scan and publish; returns the outcome's word."""
        ...

    def sync_merge_request(self, job_id: str, project_id: int, iid: int, sequence: int, reason: str) -> str:
        """Bring the merge request in line with its last scan."""
        ...

    def close_merge_request(self, job_id: str, project_id: int, iid: int, merged: bool) -> str:
        """Note that the merge request ended."""
        ...

    def scan_branch(self, job_id: str, project_id: int, branch: str, sha: str) -> str:
        """Scan a default branch."""
        ...

    def import_reports(
        self, job_id: str, project_id: int, pipeline_id: int, sha: str, ref: str, iid: int, ending: str
    ) -> str:
        """Take in the reports of a pipeline; ``iid`` is 0 where it is not one of a merge request."""
        ...

    def handle_note(self, job_id: str, project_id: int, iid: int, note_id: int, digest: str) -> str:
        """Carry out the command in a note and answer it."""
        ...

    def run_merge_queue(self, job_id: str, project_id: int, branch: str) -> str:
        """Merge what can be merged of what the merge bot was asked for."""
        ...

    def verify_branch(self, job_id: str, project_id: int, branch: str, created: bool) -> str:
        """Find what came onto a protected branch without having been cleared."""
        ...

    def check_project(self, job_id: str, project_id: int) -> str:
        """Find out how strongly the project's gate is enforced."""
        ...

    def collect_project(self, job_id: str, project_id: int, number: int) -> str:
        """Collect from GitLab what the figures are made of; ``number`` counts the rounds of a night."""
        ...

    def forget_project(self, job_id: str, project_id: int) -> str:
        """Drop everything about a project."""
        ...

    def run_periodic(self, job_id: str, task: str, slot: str) -> str:
        """Do something for the whole organisation."""
        ...

    def poisoned(self, job_id: str, name: str, arguments: Sequence[Any]) -> None:
        """A job was given up after ``MAX_TAKE_OVERS``; make that visible."""
        ...


_handlers: Handlers | None = None


def _running() -> Handlers:
    if _handlers is None:
        raise RuntimeError("jobs ran before Worker.start()")
    return _handlers


def _job_id() -> str:
    job_id = DBOS.workflow_id
    assert job_id is not None
    return job_id


@DBOS.workflow(name="scan_merge_request")
def _scan_merge_request(project_id: int, iid: int, sequence: int, reason: str) -> str:
    return _running().scan_merge_request(_job_id(), project_id, iid, sequence, reason)


@DBOS.workflow(name="sync_merge_request")
def _sync_merge_request(project_id: int, iid: int, sequence: int, reason: str) -> str:
    return _running().sync_merge_request(_job_id(), project_id, iid, sequence, reason)


@DBOS.workflow(name="close_merge_request")
def _close_merge_request(project_id: int, iid: int, merged: bool) -> str:
    return _running().close_merge_request(_job_id(), project_id, iid, merged)


@DBOS.workflow(name="scan_branch")
def _scan_branch(project_id: int, branch: str, sha: str) -> str:
    return _running().scan_branch(_job_id(), project_id, branch, sha)


@DBOS.workflow(name="import_reports")
def _import_reports(project_id: int, pipeline_id: int, sha: str, ref: str, iid: int, ending: str) -> str:
    return _running().import_reports(_job_id(), project_id, pipeline_id, sha, ref, iid, ending)


@DBOS.workflow(name="handle_note")
def _handle_note(project_id: int, iid: int, note_id: int, digest: str) -> str:
    return _running().handle_note(_job_id(), project_id, iid, note_id, digest)


@DBOS.workflow(name="run_merge_queue")
def _run_merge_queue(project_id: int, branch: str) -> str:
    return _running().run_merge_queue(_job_id(), project_id, branch)


@DBOS.workflow(name="verify_branch")
def _verify_branch(project_id: int, branch: str, created: bool) -> str:
    return _running().verify_branch(_job_id(), project_id, branch, created)


@DBOS.workflow(name="check_project")
def _check_project(project_id: int) -> str:
    return _running().check_project(_job_id(), project_id)


@DBOS.workflow(name="collect_project")
def _collect_project(project_id: int, number: int) -> str:
    return _running().collect_project(_job_id(), project_id, number)


@DBOS.workflow(name="forget_project")
def _forget_project(project_id: int) -> str:
    return _running().forget_project(_job_id(), project_id)


@DBOS.workflow(name="run_periodic")
def _run_periodic(task: str, slot: str) -> str:
    return _running().run_periodic(_job_id(), task, slot)


def run_step(
    name: str,
    function: Callable[[], T],
    *,
    retryable: Callable[[BaseException], bool] = lambda _: False,
    attempts: int = 6,
    interval_seconds: float = 1.0,
) -> T:
    """
    Run ``function`` as a check-pointed step of the current job and return its (small, picklable) result.

    It is repeated with doubling pauses while it raises something ``retryable``. Whatever it raises last is raised here.
    """
    last: list[BaseException] = []

    def remembered() -> T:
        try:
            return function()
        except BaseException as error:
            last[:] = [error]
            raise

    try:
        return DBOS.run_step(
            {
                "name": name,
                "retries_allowed": True,
                "max_attempts": attempts,
                "interval_seconds": interval_seconds,
                "backoff_rate": 2.0,
                "should_retry": retryable,
            },
            remembered,
        )
    except Exception as error:
        # The engine wraps what went wrong after the last attempt; callers decide by the original.
        if last and last[0] is not error:
            raise last[0] from error
        raise


@dataclass(frozen=True, slots=True)
class Job:
    """A job to submit."""

    id: str
    """Chosen by the caller; submitting the same id twice is submitting once."""
    name: str
    arguments: tuple[int | str | bool, ...]
    queue: str
    partition: str
    """Jobs of one partition run one at a time, in the order of their submission."""


def migrate_engine(database_url: str) -> None:
    """Create or update the engine's own tables in the store's database."""
    DBOS.migrate(_engine_url(database_url))


class JobQueue:
    """The submitting side: needs no worker in this process."""

    def __init__(self, database_url: str) -> None:
        self._client = DBOSClient(system_database_url=_engine_url(database_url), application_name=APPLICATION)

    def submit(self, connection: Any, job: Job) -> None:
        """Put a job into the transaction of ``connection``, a SQLAlchemy session or connection on the same database."""
        options: EnqueueOptions = {
            "workflow_name": job.name,
            "queue_name": job.queue,
            "workflow_id": job.id,
            "queue_partition_key": job.partition,
            "app_version": JOBS_VERSION,
        }
        self._client.enqueue_in_transaction(connection, options, *job.arguments)

    def depth(self) -> dict[str, int]:
        """Jobs that wait or run, by queue."""
        counts = dict.fromkeys(_QUEUES, 0)
        for status in self._listed(
            status=["ENQUEUED", "PENDING"], queue_name=list(_QUEUES), load_input=False, load_output=False
        ):
            counts[status.queue_name or MERGE_REQUESTS] += 1
        return counts

    def seen(self, states: Collection[JobState], limit: int = MOST_COUNTED, *, prefix: str = "") -> tuple[SeenJob, ...]:
        """
        Jobs in these states: those that are not over by their age, the oldest first; else the newest first.

        At most ``limit``, and only those whose id begins with ``prefix``. One statement. Nothing is changed, and
        results are not read.
        """
        words = [word for state in sorted(states, key=lambda one: one.value) for word in _WORDS[state]]
        if not words:
            return ()
        over = not {JobState.WAITING, JobState.RUNNING} & set(states)
        rows = self._listed(
            status=words,
            limit=limit,
            sort_desc=over,
            load_input=True,
            load_output=JobState.FAILED in states,
            workflow_id_prefix=prefix or None,
        )
        return tuple(_seen(row) for row in rows)

    def find(self, job_id: str) -> tuple[SeenJob, tuple[Any, ...]] | None:
        """A job of ours with its arguments; None where there is none, or none any more. One statement."""
        rows = self._listed(workflow_ids=[job_id], limit=1, load_input=True, load_output=False)
        if not rows or rows[0].name not in _WORKFLOWS:
            return None
        return _seen(rows[0]), tuple(rows[0].input["args"]) if rows[0].input else ()

    def under_way(self, job_ids: Collection[str]) -> frozenset[str]:
        """Those of these jobs that wait or run. A statement for every few hundred of them."""
        words = [word for state in (JobState.WAITING, JobState.RUNNING) for word in _WORDS[state]]
        return frozenset(
            row.workflow_id
            for chunk in chunks(sorted(job_ids))
            for row in self._listed(workflow_ids=list(chunk), status=words, load_input=False, load_output=False)
        )

    def _listed(self, **wanted: Any) -> list[WorkflowStatus]:
        try:
            return self._client.list_workflows(**wanted)
        except Exception as error:
            # A worker makes the engine's tables. Before the first one ran there is no job.
            if lacks_table(error):
                return []
            raise

    def close(self) -> None:
        """Give the database connections back."""
        self._client.destroy()


class Worker:
    """The working side: at most one per process."""

    def __init__(self, database_url: str, *, executor_id: str | None = None, concurrency: int = 2) -> None:
        # Two processes with one executor id would run steps twice, so the id is new at each start.
        self.executor_id = executor_id or f"{uuid.uuid4()}"
        self._url = _engine_url(database_url)
        self._concurrency = concurrency
        self._lock = threading.Lock()

    def start(self, handlers: Handlers) -> None:
        """Begin to take jobs."""
        global _handlers
        _handlers = handlers
        config: DBOSConfig = {
            "name": APPLICATION,
            "system_database_url": self._url,
            "application_version": JOBS_VERSION,
            "executor_id": self.executor_id,
            "enable_otlp": False,
            "run_migrations": False,
            "use_listen_notify": False,
            "log_level": "WARNING",
        }
        DBOS(config=config)
        DBOS.launch()
        DBOS.register_queue(
            MERGE_REQUESTS,
            worker_concurrency=self._concurrency,
            partition_concurrency=1,
            polling_interval_sec=_POLL_SECONDS[MERGE_REQUESTS],
            on_conflict="always_update",
        )
        DBOS.register_queue(
            CONVERSATIONS,
            worker_concurrency=self._concurrency,
            partition_concurrency=1,
            polling_interval_sec=_POLL_SECONDS[CONVERSATIONS],
            on_conflict="always_update",
        )
        # A queue of its own, because priorities do not order across partitions: bulk work never delays a merge request.
        DBOS.register_queue(
            BRANCHES,
            worker_concurrency=1,
            partition_concurrency=1,
            polling_interval_sec=_POLL_SECONDS[BRANCHES],
            on_conflict="always_update",
        )
        # Two at once: what is sent does not wait until everything is counted.
        DBOS.register_queue(
            PERIODIC,
            worker_concurrency=2,
            partition_concurrency=1,
            polling_interval_sec=_POLL_SECONDS[PERIODIC],
            on_conflict="always_update",
        )

    def stop(self) -> None:
        """Stop taking jobs; a running one is taken over later."""
        DBOS.destroy(workflow_completion_timeout_sec=0)

    def take_over(self, alive: Sequence[str], count_take_over: Callable[[str], int]) -> int:
        """
        Put jobs whose process is gone back into their queue, and carry jobs of another version over.

        ``alive`` are the executor ids that still beat; ``count_take_over(job_id)`` counts durably and returns how
        often this job was taken over so far. Returns how many jobs were put back. Call it from one process at a time.
        """
        living = {*alive, self.executor_id}
        moved = 0
        with self._lock:
            for status in DBOS.list_workflows(status=["PENDING", "ENQUEUED"], load_output=False):
                if status.queue_name not in _QUEUES and status.name not in _WORKFLOWS:
                    continue
                queue = status.queue_name if status.queue_name in _QUEUES else MERGE_REQUESTS
                if status.app_version not in (JOBS_VERSION, None):
                    DBOS.cancel_workflow(status.workflow_id)
                    DBOS.fork_workflow(
                        status.workflow_id,
                        1,
                        application_version=JOBS_VERSION,
                        queue_name=queue,
                        queue_partition_key=status.queue_partition_key,
                    )
                    moved += 1
                elif status.status == "PENDING" and status.executor_id not in living:
                    if count_take_over(status.workflow_id) > MAX_TAKE_OVERS:
                        log.error("job given up", job_id=status.workflow_id, take_overs=MAX_TAKE_OVERS)
                        DBOS.cancel_workflow(status.workflow_id)
                        arguments = status.input["args"] if status.input else ()
                        _running().poisoned(status.workflow_id, status.name, arguments)
                        continue
                    DBOS.resume_workflow(status.workflow_id, queue_name=queue)
                    log.info("job taken over", job_id=status.workflow_id, from_executor=status.executor_id)
                    moved += 1
        return moved

    def purge(self, completed_before: str, limit: int = 1000) -> int:
        """Delete finished jobs that ended before this ISO 8601 time; returns how many."""
        old = DBOS.list_workflows(
            status=["SUCCESS", "ERROR", "CANCELLED"],
            completed_before=completed_before,
            limit=limit,
            load_input=False,
            load_output=False,
        )
        if old:
            DBOS.delete_workflows([status.workflow_id for status in old])
        return len(old)


_WORKFLOWS = frozenset(JOB_KINDS)

_WORDS = {
    JobState.WAITING: ("ENQUEUED", "DELAYED"),
    JobState.RUNNING: ("PENDING",),
    JobState.FAILED: ("ERROR",),
    JobState.GIVEN_UP: ("CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED"),
    JobState.DONE: ("SUCCESS",),
}
_STATES = {word: state for state, words in _WORDS.items() for word in words}
_OF_MERGE_REQUESTS = frozenset({"scan_merge_request", "sync_merge_request", "close_merge_request", "handle_note"})
_LONGEST_ERROR = 500


def _seen(status: WorkflowStatus) -> SeenJob:
    arguments = tuple(status.input["args"]) if status.input else ()
    numbers = [value if type(value) is int else None for value in (*arguments[:2], None, None)]
    return SeenJob(
        id=status.workflow_id,
        kind=status.name,
        state=_STATES[status.status],
        queue=status.queue_name or "",
        # Every job about a project has it first.
        project_id=numbers[0] if status.name in _WORKFLOWS else None,
        iid=numbers[1] if status.name in _OF_MERGE_REQUESTS else None,
        created_at=_moment(status.created_at) or datetime.fromtimestamp(0, UTC),
        started_at=_moment(status.dequeued_at),
        ended_at=_moment(status.completed_at),
        executor=status.executor_id or "",
        attempts=status.recovery_attempts or 0,
        error=_said(status.error),
        carried_over=bool(status.was_forked_from),
    )


def _moment(milliseconds: int | None) -> datetime | None:
    return None if milliseconds is None else datetime.fromtimestamp(milliseconds / 1000, UTC)


def _said(error: object) -> str:
    if error is None:
        return ""
    text = str(error).strip()
    first = text.splitlines()[0] if text else ""
    return f"{type(error).__name__}: {first}"[:_LONGEST_ERROR] if isinstance(error, BaseException) else first


def _engine_url(database_url: str) -> str:
    # The engine wants SQLAlchemy's plain names; our own URLs may carry the driver.
    return database_url.replace("postgresql+psycopg://", "postgresql://", 1)
