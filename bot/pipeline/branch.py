"""
Keeps the baseline: what is known of the findings of a branch, above all of the default branch.

Everything is read when the branch is seen for the first time, only what a push changed after that, and what new
advisories or rules may judge otherwise when they came. Contents that were read before, on whatever branch, come from
the cache.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import PurePosixPath
from time import monotonic

import structlog

from bot.domain.change import FileChange
from bot.domain.circumstances import Context
from bot.domain.coverage import Coverage
from bot.domain.gate import evaluate, with_reasons
from bot.domain.lifecycle import Plan
from bot.domain.verdict import Presence, ScanReport, Subject, TrackedFinding
from bot.pipeline.assess import Tools, read_files
from bot.pipeline.git import GitError, Mirror, branch_ref, branch_refspec
from bot.pipeline.git.repository import TreeEntry
from bot.pipeline.judging import note_used, suppressed_in
from bot.pipeline.mirrors import mirror_of
from bot.pipeline.policies import policy_blob, project_policy
from bot.pipeline.projects import remember
from bot.pipeline.tracking import AskedOnce, Findings, History, Look, Tracked, track
from bot.services import Services
from bot.store import projects, scans, tracking
from bot.store.engine import session, write_session
from bot.store.facts import facts_of
from bot.store.tracking import OWN, FormerDefault, Ref, StreamState
from scanners.finding import Finding, FindingKind
from scanners.interface import Scanner, ScannerAbsent, ScannerError, ScannerRun
from scanners.runner import merge_findings, would_read

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Job:
    """What there is to read."""

    entries: Sequence[TreeEntry]
    scanners: Sequence[Scanner]
    """Those that are to read it; the others' word stands."""
    changes: Sequence[FileChange] | None
    """What a push changed; None when the whole tree is read."""
    why: str
    """``first``, ``push``, ``nothing``, or ``renewed``: scanners or their data are not what they were."""


def scan_branch(
    services: Services,
    tools: Tools,
    job_id: str,
    project_id: int,
    branch: str,
    sha: str | None,
    *,
    on_policy: Callable[[], None] = lambda: None,
) -> str:
    """
    Bring what is known of ``branch`` up to date; returns what became of it, one word.

    ``sha`` is the head that was announced, and when it is the head no more, nothing is done: a later push brings its
    own job. Without it the head of now is looked at. ``on_policy`` is called when the project's own policy on the
    branch is another one than at the last look. Raises ``GitError`` and ``GitLabError``.
    """
    started_at, started = datetime.now(UTC), monotonic()
    project = services.gitlab.project(project_id)
    mirror = mirror_of(services, project)
    mirror.fetch([branch_refspec(branch)])
    head = mirror.resolve(branch_ref(branch))
    if sha is not None and head != sha:
        return "superseded"
    with write_session(services.store) as writing:
        remember(writing, project)
    ref = Ref(project.id, branch, is_default=branch == project.default_branch)
    with session(services.store) as reading:
        state = tracking.stream_state(reading, ref, OWN)
        # A process that ended between tracking and recording leaves no record: then everything is told again.
        half_done = state.scan_id == job_id and scans.get_scan(reading, job_id) is None
        former = tracking.former_default(reading, ref)
    seen = state.commit if state.commit is not None and mirror.has_commit(state.commit) else None
    if seen is not None and policy_blob(mirror, seen) != policy_blob(mirror, head):
        on_policy()
    looks_with = answers_depend_on(tools.scanners)
    history = AskedOnce(mirror)
    job = _what_to_read(mirror, history, state, head, tools.scanners, looks_with)
    if (half_done or former is not None) and job.why == "nothing":
        job = _Job(mirror.tree(head), tools.scanners, None, "renewed")
    if job.why == "nothing":
        with write_session(services.store) as writing:
            tracking.close_merged(writing, project.id, branch, started_at)
        return "unchanged"

    progress = _Progress(services, ref)
    try:
        runs = read_files(mirror, job.entries, tools=tools, scanners=job.scanners, progress=progress)
        found = merge_findings(runs)
        follows = None if former is None else _follows(mirror, former, head)
        tracked = _track(services, history, state, ref, head, job, runs, found, looks_with, job_id, started_at, follows)
    finally:
        progress.end()
    told = _told(found, tracked.plan)
    report = _report(services, mirror, project_id, ref, head, job, runs, told, tracked.plan, started_at, started)
    with write_session(services.store) as writing:
        scans.record_scan(writing, report, project_id=project_id, scan_id=job_id)
        # Only now, so that what came with them was recognised as theirs.
        tracking.close_merged(writing, project.id, branch, started_at)
    mirror.maintain()
    log.info(
        "branch scanned",
        why=job.why,
        files=len(job.entries),
        findings=len(report.tracked),
        seconds=round(report.seconds, 3),
        **tracked.plan.counts,
    )
    return "done"


def answers_depend_on(scanners: Sequence[Scanner]) -> dict[str, str]:
    """For each scanner what its answer depends on besides the code: version, rules, data. Empty for one not there."""
    known = {}
    for scanner in scanners:
        try:
            known[scanner.name] = f"{scanner.version()} {scanner.rules_digest()}"
        except (ScannerAbsent, ScannerError):
            known[scanner.name] = ""
    return known


def stale(looked_with: Mapping[str, str], looks_with: Mapping[str, str]) -> set[str]:
    """The scanners that would not say today what they said then; all when nobody has looked yet."""
    return {name for name, now in looks_with.items() if looked_with.get(name) != now}


def _what_to_read(
    mirror: Mirror,
    history: History,
    state: StreamState,
    head: str,
    scanners: Sequence[Scanner],
    looks_with: dict[str, str],
) -> _Job:
    outdated = stale(state.looked_with, looks_with)
    if state.commit is None or not mirror.has_commit(state.commit):
        # After a history that was rewritten and thrown away, too, everything is read; the evidence keeps identities.
        why = "first" if state.commit is None else "renewed"
        return _Job(mirror.tree(head), scanners, None, why)
    if not outdated:
        if state.commit == head:
            return _Job((), scanners, (), "nothing")
        changes = history.changes(state.commit, head, algorithm="histogram")
        paths = [change.new_path for change in changes if change.new_path is not None]
        return _Job(mirror.tree(head, paths), scanners, changes, "push")
    chosen = [scanner for scanner in scanners if scanner.name in outdated]
    if state.commit == head and all(scanner.kind is FindingKind.DEPENDENCY for scanner in chosen):
        # New advisories come every day, and judge few files. Other scanners see the same weaknesses as each other, and
        # their words belong together: they look at once.
        entries = [e for e in mirror.tree(head) if e.is_file and any(would_read(s, e.path) for s in chosen)]
        return _Job(entries, chosen, None, "renewed")
    return _Job(mirror.tree(head), scanners, None, "renewed")


def _follows(mirror: Mirror, former: FormerDefault, head: str) -> bool | None:
    """Whether what was seen of the former default branch is in the history of the head; None where nobody can say."""
    try:
        follows = None if former.commit is None else mirror.is_ancestor(former.commit, head)
    except GitError as error:
        log.warning("not known whether the branch follows from the former one", former=former.name, error=str(error))
        return None
    log.info("another default branch", former=former.name, follows=follows)
    return follows


def _track(
    services: Services,
    history: History,
    state: StreamState,
    ref: Ref,
    head: str,
    job: _Job,
    runs: Sequence[ScannerRun],
    found: Sequence[Finding],
    looks_with: dict[str, str],
    job_id: str,
    at: datetime,
    follows: bool | None,
) -> Tracked:
    coverage = Coverage(runs)
    there: Collection[PurePosixPath] | None = None if job.changes is not None else {e.path for e in job.entries}
    whole_tree = job.changes is None and len(job.scanners) == len(services.scanners)

    def looked(scanner: str, finding: Finding, path: PurePosixPath | None) -> bool:
        if path is not None and there is not None and path not in there and whole_tree:
            path = None  # the file is gone
        return coverage.looked_by(scanner, finding, path)

    asked = {scanner.name for scanner in job.scanners}
    answered = {run.scanner for run in runs if run.assessed}
    return track(
        services.store,
        history,
        Look(
            ref,
            OWN,
            head,
            at,
            looked=looked,
            scope=None if job.changes is None else {c.old_path for c in job.changes if c.old_path is not None},
            scan_id=job_id,
            correlate=True,
            follows=follows,
            # A scanner that gave no answer is asked again with the next push, about everything.
            looked_with={
                **{name: was for name, was in state.looked_with.items() if name not in asked},
                **{name: now if name in answered else "" for name, now in looks_with.items() if name in asked},
            },
        ),
        Findings(found),
    )


def _report(
    services: Services,
    mirror: Mirror,
    project_id: int,
    ref: Ref,
    head: str,
    job: _Job,
    runs: tuple[ScannerRun, ...],
    found: tuple[TrackedFinding, ...],
    plan: Plan,
    started_at: datetime,
    started: float,
) -> ScanReport:
    with session(services.store) as reading:
        project = projects.get_project(reading, project_id)
        facts = facts_of(reading, found, project_id=project_id)
    assert project is not None
    context = Context(target_branch=ref.name, today=started_at.date(), facts=facts)
    policy, reasons = project_policy(services.policy(), project.path, mirror, head)
    edited = dict(zip(plan.numbers, plan.changed_at, strict=True))
    suppressed = suppressed_in(services.store, project_id, policy, found, edited, started_at)
    note_used(services.store, suppressed, started_at)
    return ScanReport(
        subject=Subject(project.path, project.web_url, None, ref.name, None, head),
        tracked=found,
        runs=runs,
        decision=with_reasons(evaluate(policy, found, runs, suppressed=suppressed, context=context), reasons),
        started_at=started_at,
        seconds=monotonic() - started,
        files_changed=len(job.entries),
        files_read=max((run.files for run in runs), default=0),
    )


def _told(findings: Sequence[Finding], plan: Plan) -> tuple[TrackedFinding, ...]:
    """The findings with their numbers and what was found out about them."""
    said = {write.index: write.presence for write in plan.writes}
    return tuple(
        TrackedFinding(
            finding,
            said.get(index, Presence.EXISTING),
            explanation=plan.explanations[index],
            number=plan.numbers[index],
        )
        for index, finding in enumerate(findings)
    )


class _Progress:
    """Writes down how far a long scan has come, for whoever asks; short ones leave no trace."""

    def __init__(self, services: Services, ref: Ref) -> None:
        self._services = services
        self._ref = ref
        self._told = False

    def __call__(self, done: int, total: int) -> None:
        log.info("branch is being scanned", branch=self._ref.name, files=done, of=total)
        if done < total or self._told:
            self._told = True
            with write_session(self._services.store) as writing:
                tracking.set_progress(writing, self._ref, done, total)

    def end(self) -> None:
        """It is over, however it ended."""
        if self._told:
            with write_session(self._services.store) as writing:
                tracking.set_progress(writing, self._ref, None, None)
