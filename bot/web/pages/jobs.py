"""
Scanner runs and jobs: what waits and runs, what failed and why, who works, how the scanners did.

Who may see the jobs of the instance sees all; everybody else those of his projects, and no process.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from starlette.responses import Response
from starlette.routing import Route

from bot.domain.job_board import MOST_COUNTED, JobState, SeenJob, looks, visible_jobs
from bot.domain.roles import Permission
from bot.domain.workflow import Fault, WorkflowError
from bot.errors import MergewardenError, sentence
from bot.redaction import Redactor
from bot.reports.visible import one_line
from bot.reports.wording import Wording, words_in
from bot.store.desk import job_reads
from bot.store.engine import session
from bot.store.projects import projects_by_id
from bot.texts import N_
from bot.web.api.problems import Problem
from bot.web.contexts.jobs import (
    TABS,
    DeliveryRow,
    FailedScanRow,
    JobRow,
    JobsPage,
    QueueRow,
    ScannerRow,
)
from bot.web.contexts.spans import since, span
from bot.web.entry import Visit
from bot.web.frame import Message

if TYPE_CHECKING:
    from bot.web.desk import Desk

_SHOWN = 50
_DAYS = 14
"""How far back failed scans are shown."""
_HOURS = 24
"""How far back scanners are looked at."""
_LATE_SECONDS = 900.0
"""So long a merge request may wait before the page says that it is late."""
_MOST_DELIVERIES = 100
_LONGEST_ID = 400

_LABELS = {
    "queue": N_("Queue"),
    "failures": N_("Failures"),
    "scanners": N_("Scanners"),
    "deliveries": N_("Deliveries"),
}
_KINDS = {
    "scan_merge_request": N_("Scan a merge request"),
    "sync_merge_request": N_("Bring a merge request in line"),
    "close_merge_request": N_("Close a merge request"),
    "scan_branch": N_("Scan a branch"),
    "import_reports": N_("Import reports"),
    "handle_note": N_("Answer a command"),
    "run_merge_queue": N_("Merge what is clear"),
    "verify_branch": N_("Check a protected branch"),
    "check_project": N_("Check the enforcement"),
    "collect_project": N_("Collect figures"),
    "forget_project": N_("Forget a project"),
    "run_periodic": N_("Count, take snapshots, send reports"),
}
_QUEUES = {
    "merge-requests": N_("Merge requests"),
    "branches": N_("Branches"),
    "conversations": N_("Commands and merges"),
    "periodic": N_("Work for the whole organisation"),
}
_STATUS = {
    Fault.NOT_FOUND: 404,
    Fault.FORBIDDEN: 403,
    Fault.CONFLICT: 409,
    Fault.INVALID: 422,
    Fault.UNAVAILABLE: 502,
}


def routes(desk: Desk) -> Sequence[Route]:
    """``GET /jobs`` and ``POST /jobs/retry``."""
    entry = desk.entry
    return (
        Route("/jobs", entry.page(partial(_shown, desk)), name="jobs"),
        Route(
            "/jobs/retry",
            entry.action(partial(_retried, desk), permission=Permission.RETRY),
            methods=["POST"],
            name="job_retry",
        ),
    )


def _shown(desk: Desk, visit: Visit) -> Response:
    tab = visit.query.get("tab", TABS[0])
    if tab not in TABS:
        raise Problem(
            400,
            N_("there is no such part of the page"),
            sentence(N_("There are {names}."), names=", ".join(TABS)),
            field="tab",
        )
    wording = words_in(visit.language)
    every = visit.principal.may(Permission.READ_JOBS)
    tabs = tuple(
        (
            wording.marked(_LABELS[name]),
            desk.frame.url("jobs", tab=None if name == TABS[0] else name),
            None,
            name == tab,
        )
        for name in TABS
    )
    empty = partial(JobsPage, tab=tab, tabs=tabs, all_projects=every)
    made = {"queue": _queue, "failures": _failures, "scanners": _scanners, "deliveries": _deliveries}[tab]
    return desk.frame.page(visit, "jobs.html", made(desk, visit, wording, every, empty), section="jobs")


def _retried(desk: Desk, visit: Visit) -> Response:
    visit.require(Permission.RETRY)
    job_id = str(visit.form.get("job", ""))
    if not 0 < len(job_id) <= _LONGEST_ID:
        raise Problem(422, N_("no job was named"), N_("Use the button beside a job."), field="job")
    try:
        desk.workflow.retry_job(visit.principal, job_id, address=visit.address)
    except WorkflowError as error:
        raise Problem(_STATUS[error.fault], error.told, error.told_hint) from error
    return desk.frame.back(visit, desk.frame.url("jobs", tab="failures"), Message(N_("The job is started again.")))


# --- the parts --------------------------------------------------------------------------------------------------------


def _queue(desk: Desk, visit: Visit, wording: Wording, every: bool, empty: partial[JobsPage]) -> JobsPage:
    operations = desk.operations
    found = tuple(operations.jobs({JobState.WAITING, JobState.RUNNING})) if operations is not None else ()
    jobs = visible_jobs(found, visit.principal.sees, every)
    running = [job for job in jobs if job.state is JobState.RUNNING]
    waiting = [job for job in jobs if job.state is JobState.WAITING]
    shown = (*running[:_SHOWN], *waiting[:_SHOWN])
    with session(desk.services.store) as reading:
        workers = job_reads.workers(reading, operations.silent) if every and operations is not None else ()
        names = {number: one.path for number, one in projects_by_id(reading, _projects_of(shown)).items()}
    row = partial(_row, desk, visit, wording, names)
    oldest = min((job.created_at for job in waiting), default=None)
    late = oldest is not None and (visit.now - oldest).total_seconds() > _LATE_SECONDS
    return empty(
        known=operations is not None,
        more=len(found) >= MOST_COUNTED,
        queues=tuple(
            QueueRow(
                name=wording.marked(_QUEUES[look.name]) if look.name in _QUEUES else look.name,
                waiting=look.waiting,
                running=look.running,
                oldest=since(look.oldest_at, visit.now, wording),
                late=look.oldest_at is not None and (visit.now - look.oldest_at).total_seconds() > _LATE_SECONDS,
            )
            for look in looks(jobs, operations.queues if operations is not None else (), more=False)
        ),
        waiting=len(waiting),
        running=len(running),
        oldest=since(oldest, visit.now, wording) if oldest is not None else "",
        late=late,
        workers=workers,
        alive=sum(worker.alive for worker in workers),
        now_running=tuple(row(job) for job in running[:_SHOWN]),
        next=tuple(row(job) for job in waiting[:_SHOWN]),
    )


def _failures(desk: Desk, visit: Visit, wording: Wording, every: bool, empty: partial[JobsPage]) -> JobsPage:
    operations, sees = desk.operations, visit.principal.sees
    found: tuple[SeenJob, ...] = ()
    if operations is not None:
        found = (*operations.jobs({JobState.FAILED}), *operations.jobs({JobState.GIVEN_UP}))
    # One that another took the place of did not fail.
    jobs = [job for job in visible_jobs(found, sees, every) if not job.carried_over]
    failed = [job for job in jobs if job.state is JobState.FAILED][:_SHOWN]
    given_up = [job for job in jobs if job.state is JobState.GIVEN_UP][:_SHOWN]
    with session(desk.services.store) as reading:
        scans = job_reads.failed_scans(
            reading, None if every else sees, since=visit.now - timedelta(days=_DAYS), limit=_SHOWN
        )
        counts = job_reads.take_overs(reading, [job.id for job in (*failed, *given_up)])
        names = {
            number: one.path for number, one in projects_by_id(reading, _projects_of((*failed, *given_up))).items()
        }
    hide = Redactor(desk.services.settings.secrets()).text
    row = partial(_row, desk, visit, wording, names, counts=counts, hide=hide)
    return empty(
        known=operations is not None,
        more=len(found) >= MOST_COUNTED,
        failed=tuple(row(job) for job in failed),
        given_up=tuple(row(job) for job in given_up),
        scans=tuple(
            FailedScanRow(
                scan,
                one_line(f"{scan.project}!{scan.iid}" if scan.iid is not None else f"{scan.project} {scan.ref}", 200),
                _address(desk, visit, scan.project_id, scan.iid),
                one_line(hide(wording.said(scan.error)), 400),
            )
            for scan in scans
        ),
        days=_DAYS,
        may_retry=visit.principal.may(Permission.RETRY),
    )


def _scanners(desk: Desk, visit: Visit, wording: Wording, every: bool, empty: partial[JobsPage]) -> JobsPage:
    sees = None if every else visit.principal.sees
    with session(desk.services.store) as reading:
        found = job_reads.scanner_health(reading, sees, since=visit.now - timedelta(hours=_HOURS))
    try:
        oldest = desk.services.policy().policy.advisories.oldest_days
    except MergewardenError:
        # The page about policies says what is wrong with it.
        oldest = None
    hide = Redactor(desk.services.settings.secrets()).text
    rows = []
    for health in found:
        age = None if health.oldest_data is None else (visit.now.date() - health.oldest_data).days
        rows.append(
            ScannerRow(
                health=health,
                median=span(health.median_seconds, wording),
                p95=span(health.p95_seconds, wording),
                data_age="" if age is None else wording.t.ngettext("{n} day", "{n} days", age).format(n=age),
                data_old=age is not None and oldest is not None and age > oldest,
                failure=one_line(hide(health.last_failure), 300),
            )
        )
    return empty(scanners=tuple(rows), oldest_days=oldest, hours=_HOURS)


def _deliveries(desk: Desk, visit: Visit, _: Wording, every: bool, empty: partial[JobsPage]) -> JobsPage:
    with session(desk.services.store) as reading:
        found = job_reads.deliveries(reading, None if every else visit.principal.sees, limit=_MOST_DELIVERIES)
        numbers = {one.project_id for one in found if one.project_id is not None}
        names = {number: one.path for number, one in projects_by_id(reading, numbers).items()}
    return empty(
        deliveries=tuple(
            DeliveryRow(
                one,
                _subject(one.project_id, one.iid, names),
                _address(desk, visit, one.project_id, one.iid),
            )
            for one in found
        )
    )


# --- rows -------------------------------------------------------------------------------------------------------------


def _row(
    desk: Desk,
    visit: Visit,
    wording: Wording,
    names: Mapping[int, str],
    job: SeenJob,
    *,
    counts: Mapping[str, int] | None = None,
    hide: Callable[[str], str] | None = None,
) -> JobRow:
    begun = job.started_at if job.state is not JobState.WAITING and job.started_at is not None else job.created_at
    end = job.ended_at or visit.now
    return JobRow(
        id=job.id,
        kind=wording.marked(_KINDS[job.kind]) if job.kind in _KINDS else one_line(job.kind, 60),
        subject=_subject(job.project_id, job.iid, names),
        subject_url=_address(desk, visit, job.project_id, job.iid),
        at=job.created_at,
        waited=span((end - begun).total_seconds(), wording),
        attempts=job.attempts,
        error=one_line(job.error if hide is None else hide(job.error), 400),
        executor=one_line(job.executor, 12),
        take_overs=(counts or {}).get(job.id, 0),
    )


def _projects_of(jobs: Iterable[SeenJob]) -> set[int]:
    return {job.project_id for job in jobs if job.project_id is not None}


def _subject(project_id: int | None, iid: int | None, names: Mapping[int, str]) -> str:
    if project_id is None:
        return ""
    name = names.get(project_id, f"#{project_id}")
    return one_line(f"{name}!{iid}" if iid is not None else name, 200)


def _address(desk: Desk, visit: Visit, project_id: int | None, iid: int | None) -> str:
    """Of the page about it; empty where there is none, or the reader does not see it."""
    if project_id is None or not visit.principal.sees_project(project_id):
        return ""
    name, parameters = (
        ("merge_request", {"project": project_id, "iid": iid})
        if iid is not None
        else (
            "project",
            {"project": project_id},
        )
    )
    return link(desk, name, **parameters) or link(desk, "project", project=project_id)


def link(desk: Desk, name: str, **parameters: object) -> str:
    """The address of a page; empty where this desk has no such page."""
    try:
        return desk.frame.url(name, **parameters)
    except KeyError:
        return ""
