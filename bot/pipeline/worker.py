"""
The life of a worker process: take jobs, say that we live, take over from those who do not, find what was forgotten.
"""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from importlib.metadata import version

import structlog

from bot.pipeline import artifacts
from bot.pipeline.assess import tools_of
from bot.pipeline.engine import JobQueue, Worker, migrate_engine
from bot.pipeline.jobs import Jobs
from bot.pipeline.maturity import coverage
from bot.pipeline.maturity.collecting import collect_every_night
from bot.pipeline.maturity.periodic import submit_deliveries, submit_nightly
from bot.pipeline.memberships import check_accounts
from bot.pipeline.nightly import renew_baselines
from bot.pipeline.outgoing import announce_audit_head, announce_endings, announce_overdue, send_due, sender_of
from bot.pipeline.outside import note_policy_files
from bot.pipeline.reconcile import reconcile
from bot.pipeline.reminders import remind
from bot.pipeline.rounds import (
    check_log,
    check_projects,
    follow_policy,
    judge_after_endings,
    judge_every_night,
    keep_desk,
    visit_merge_queues,
)
from bot.pipeline.rule_sources import refresh_rules
from bot.pipeline.throwaway import sweep
from bot.pipeline.workspace import clear_leftovers
from bot.services import Services
from bot.store import idempotency, outgoing
from bot.store.deliveries import purge_deliveries
from bot.store.desk.item_rows import rebuild
from bot.store.engine import session, write_session
from bot.store.executors import (
    Executor,
    alive_since,
    all_executors,
    beat,
    count_take_over,
    dead_since,
    purge_take_overs,
    remove_executors,
)
from bot.store.locks import only_one
from bot.store.maturity import collected
from bot.store.noise import purge_commented
from bot.store.policies import purge_snapshots
from bot.store.scans import purge_scans
from bot.store.tracking import purge_refs
from bot.store.wishes import purge as purge_wishes

log = structlog.get_logger(__name__)

BEAT_SECONDS = 2.0
SILENT_SECONDS = 8.0
"""A process that was not heard of for so long is taken for dead."""
_HOUSEKEEPING_SECONDS = 3600.0
_POLICY_SECONDS = 60.0
_ROUND_SECONDS = 300.0
_OUTGOING_SECONDS = 5.0
_NIGHTLY_SECONDS = 900.0
"""How often it is asked whether anything is due this night."""
_COLLECT = "collect"
_KEEP_JOBS = timedelta(days=30)
_KEEP_DELIVERIES = timedelta(days=30)
_KEEP_SCANS = timedelta(days=400)
_KEEP_FACTS = timedelta(days=800)
"""What GitLab told, so that the report of a year still has the facts of the year before."""
_KEEP_RESULTS = timedelta(days=90)
_CACHE_BYTES = 2_000_000_000


def prepare_store(services: Services) -> None:
    """Bring the store's and the engine's tables up to date."""
    _ = services.store
    migrate_engine(services.settings.database().get_secret_value())


class WorkerProcess:
    """One worker process. ``run`` returns when ``stop`` is set."""

    def __init__(self, services: Services, stop: threading.Event) -> None:
        self._services = services
        self._stop = stop
        database = services.settings.database().get_secret_value()
        self._worker = Worker(database, concurrency=services.settings.workers)
        self._queue = JobQueue(database)
        self._executor = Executor(self._worker.executor_id, _place(), os.getpid(), version("mergewarden"))

    def run(self) -> None:
        """Work until told to stop."""
        services = self._services
        clear_leftovers(services.settings.data_dir)
        sweep(services.settings.data_dir / artifacts.FOLDER)
        sweep(services.settings.data_dir / coverage.FOLDER)
        self._beat()
        self._worker.start(Jobs(services, tools_of(services), self._queue))
        log.info("worker started", executor=self._executor.id, jobs_at_once=services.settings.workers)
        # A thread for each rhythm: a slow GitLab must not make us look dead.
        threads = [
            self._every("beat", BEAT_SECONDS, self._beat),
            self._every("take over", BEAT_SECONDS, self._take_over, at_once=True),
            self._every("reconcile", services.settings.reconcile_interval_seconds, self._reconcile, at_once=True),
            self._every("policy", _POLICY_SECONDS, self._policy, at_once=True),
            self._every("rules", _POLICY_SECONDS, self._rules, at_once=True),
            self._every("round", _ROUND_SECONDS, self._round),
            self._every("desk", _ROUND_SECONDS, self._desk, at_once=True),
            self._every("outgoing", _OUTGOING_SECONDS, self._outgoing),
            self._every("housekeeping", _HOUSEKEEPING_SECONDS, self._housekeeping),
            self._every("nightly", _NIGHTLY_SECONDS, self._nightly),
        ]
        self._stop.wait()
        self._worker.stop()
        for thread in threads:
            thread.join(timeout=5)
        self._queue.close()
        with write_session(services.store) as writing:
            remove_executors(writing, [self._executor.id])
        log.info("worker stopped", executor=self._executor.id)

    def _every(
        self, name: str, seconds: float, action: Callable[[], None], *, at_once: bool = False
    ) -> threading.Thread:
        def loop() -> None:
            wait = 0.0 if at_once else seconds
            while not self._stop.wait(wait):
                try:
                    action()
                except Exception as error:
                    # The rhythm goes on whatever happens: a store or GitLab that is away comes back.
                    log.warning("periodic work failed", work=name, error=str(error), kind=type(error).__name__)
                wait = seconds

        thread = threading.Thread(target=loop, name=name, daemon=True)
        thread.start()
        return thread

    def _beat(self) -> None:
        with write_session(self._services.store) as writing:
            beat(writing, self._executor)

    def _take_over(self) -> None:
        store = self._services.store
        with only_one(store, "take-over") as mine:
            if not mine:
                return
            limit = timedelta(seconds=SILENT_SECONDS)
            with session(store) as reading:
                beating = set(alive_since(reading, limit))
                # A process of this host that is gone need not be waited for.
                gone = {
                    seen.executor.id
                    for seen in all_executors(reading)
                    if seen.executor.host == self._executor.host and not _runs(seen.executor.pid)
                }
                dead = gone.union(dead_since(reading, limit))
            self._worker.take_over(sorted(beating - gone), self._count_take_over)
            if dead:
                with write_session(store) as writing:
                    remove_executors(writing, [executor for executor in dead if executor != self._executor.id])

    def _count_take_over(self, job_id: str) -> int:
        with write_session(self._services.store) as writing:
            return count_take_over(writing, job_id)

    def _reconcile(self) -> None:
        with only_one(self._services.store, "reconcile") as mine:
            if mine:
                reconcile(self._services, self._queue)

    def _nightly(self) -> None:
        with only_one(self._services.store, "nightly") as mine:
            if mine:
                services, queue, now = self._services, self._queue, datetime.now(UTC)
                failed = each_on_its_own(
                    "nightly",
                    {
                        "renew baselines": lambda: renew_baselines(services, queue, now),
                        "judge": lambda: judge_every_night(services, queue, now),
                        _COLLECT: lambda: collect_every_night(services, queue, now),
                        "remind": lambda: remind(services, now),
                    },
                )
                all_submitted = _COLLECT not in failed
                each_on_its_own(
                    "nightly", {"count": lambda: submit_nightly(services, queue, now, all_submitted=all_submitted)}
                )

    def _policy(self) -> None:
        follow_policy(self._services, self._queue)
        note_policy_files(self._services)

    def _rules(self) -> None:
        refresh_rules(self._services)

    def _round(self) -> None:
        with only_one(self._services.store, "round") as mine:
            if mine:
                services, queue, now = self._services, self._queue, datetime.now(UTC)
                each_on_its_own(
                    "round",
                    {
                        "check projects": lambda: check_projects(services, queue, now),
                        "visit merge queues": lambda: visit_merge_queues(services, queue, now),
                        "judge after endings": lambda: judge_after_endings(services, queue, now),
                        "announce endings": lambda: announce_endings(services, now),
                        "announce audit head": lambda: announce_audit_head(services, now),
                        "check audit log": lambda: check_log(services, now),
                        "check accounts": lambda: check_accounts(services, now),
                        "submit deliveries": lambda: submit_deliveries(services, queue, now),
                    },
                )

    def _outgoing(self) -> None:
        with only_one(self._services.store, "outgoing") as mine:
            if mine:
                send_due(self._services, sender_of(self._services))

    def _desk(self) -> None:
        with only_one(self._services.store, "desk") as mine:
            if mine:
                # A store of an earlier release has no rows yet; one statement where there is nothing to do.
                rebuilt = rebuild(self._services.store)
                if rebuilt:
                    log.info("desk rebuilt", findings=rebuilt)
                keep_desk(self._services, datetime.now(UTC))
                announce_overdue(self._services, datetime.now(UTC))

    def _housekeeping(self) -> None:
        store, now = self._services.store, datetime.now(UTC)
        with only_one(store, "housekeeping") as mine:
            if not mine:
                return
            while self._worker.purge((now - _KEEP_JOBS).isoformat()) and not self._stop.is_set():
                pass
            for purge, keep in (
                (purge_deliveries, _KEEP_DELIVERIES),
                (purge_scans, _KEEP_SCANS),
                (purge_refs, _KEEP_SCANS),
                (purge_commented, _KEEP_SCANS),
                (purge_snapshots, _KEEP_SCANS),
                (outgoing.purge_deliveries, _KEEP_DELIVERIES),
                (collected.purge, _KEEP_FACTS),
                (idempotency.purge, idempotency.KEEP),
            ):
                removed = 1
                while removed and not self._stop.is_set():
                    with write_session(store) as writing:
                        removed = purge(writing, before=now - keep)
            with write_session(store) as writing:
                purge_take_overs(writing, before=now - _KEEP_JOBS)
                purge_wishes(writing, before=now - _KEEP_SCANS)
            self._services.cache.purge(unused_for=_KEEP_RESULTS, max_bytes=_CACHE_BYTES)


def each_on_its_own(work: str, steps: Mapping[str, Callable[[], object]]) -> frozenset[str]:
    """
    Take steps in their order, by name; one that fails is logged and keeps none of the others from being taken. Returns
    the names of those that failed.
    """
    failed = set()
    for name, step in steps.items():
        try:
            step()
        except Exception as error:
            failed.add(name)
            log.warning("periodic work failed", work=work, step=name, error=str(error), kind=type(error).__name__)
    return frozenset(failed)


def _place() -> str:
    """This host, or rather the table of processes in which our number means something."""
    try:
        namespace = os.stat("/proc/self/ns/pid").st_ino  # noqa: PTH116 - what the link points to
    except OSError:
        namespace = 0
    return f"{socket.gethostname()}#{namespace}"


def _runs(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        pass
    return True
