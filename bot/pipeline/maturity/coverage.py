"""
How many of a merge's changed lines tests ran: the change by git, the rest by a Cobertura report of its pipeline.

The pipeline of the commit that it became on the default branch is asked first, then the last one of the merge request.
A job has to name the report in ``artifacts:paths`` too, see ``bot.pipeline.job_files``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path, PurePosixPath
from typing import Any

import structlog
from sqlalchemy.orm import Session

from bot.gitlab.errors import Forbidden, NotFound
from bot.gitlab.model import Artifact, PipelineJob
from bot.pipeline.git import GitCancelled, GitError, Mirror
from bot.pipeline.job_files import JobFiles, NotReadable
from bot.pipeline.maturity.cobertura import LineHits, NotCobertura, Resolve, read_cobertura, resolver
from bot.pipeline.maturity.round import Round
from bot.pipeline.throwaway import throwaway_folder
from bot.store.engine import session
from bot.store.maturity import collected
from bot.store.maturity.collected import COVERAGE, MERGES, MergeFact

log = structlog.get_logger(__name__)

FOLDER = "coverage"
"""Below the data directory; holds nothing for longer than one round."""
_SETTLED = timedelta(hours=1)
"""So long after a merge its pipeline has probably ended."""
_ARTIFACTS_LAST = timedelta(days=30)
"""GitLab keeps artifacts for so long, unless somebody says otherwise."""
_MOST_CHANGED_LINES = 200_000
_MOST_REPORTS = 10
_COVERAGE_BYTES = 256_000_000
_COBERTURA = "cobertura"
_COBERTURA_FILE = "*cobertura*.xml"


def collect_coverage(round_: Round) -> bool:
    """
    How much of what was merged tests ran; whether there is more. Raises ``GitLabError`` and ``GitError``.

    Known of the days whose merges were all looked at, whether or not there was a report.
    """
    mirror, merged = round_.mirror_if_there(), round_.progress(MERGES)
    if mirror is None or merged.collected_at is None:
        # Nobody can say yet what changed: they are looked at when somebody can.
        return False
    before = round_.progress(COVERAGE)
    first_day = max(round_.first_day, (round_.now - _ARTIFACTS_LAST).date())
    since = before.since or first_day
    until = min(round_.now - _SETTLED, merged.collected_at)
    after = _place(before.cursor, datetime.combine(first_day, time(), UTC))
    with session(round_.services.store) as reading:
        merges = collected.merged_between(reading, round_.project.id, after, until, round_.bounds.coverage)
    reached = replace(before, since=since, problem="")
    for merge in merges:
        try:
            lines = _lines_run(round_, mirror, merge)
        except GitError as error:
            if error.retryable or isinstance(error, GitCancelled):
                raise
            # It will the next time, too, and the others must not wait for it.
            log.warning("coverage not known", iid=merge.iid, reason=str(error))
            lines = None

        def write(writing: Session, iid: int = merge.iid, lines: tuple[int, int] | None = lines) -> None:
            if lines is not None:
                collected.mark_covered(writing, round_.project.id, {iid: lines})

        cursor = {"merged": merge.merged_at.isoformat(), "iid": merge.iid}
        reached = replace(reached, cursor=cursor, collected_at=merge.merged_at)
        round_.keep(COVERAGE, reached, write)
    more = len(merges) == round_.bounds.coverage
    if not more:
        round_.keep(COVERAGE, replace(reached, collected_at=until))
    return more


def _lines_run(round_: Round, mirror: Mirror, merge: MergeFact) -> tuple[int, int] | None:
    """Changed lines that tests ran, of those that could be run; None where no report can be read."""
    for pipeline_id, base, head in _pipelines_with_change(round_, merge, mirror):
        try:
            jobs = round_.client.pipeline_jobs(round_.project.id, pipeline_id)
        except (NotFound, Forbidden):
            continue
        reports = [(job, artifact) for job in jobs for artifact in job.artifacts if artifact.file_type == _COBERTURA][
            :_MOST_REPORTS
        ]
        if reports:
            found = _read_reports(round_, mirror, base, head, reports)
            if found is not None:
                return found
    return None


def _pipelines_with_change(round_: Round, merge: MergeFact, mirror: Mirror) -> Iterator[tuple[int, str, str]]:
    """Pipelines that may have reports, with the two commits between which the change lies, as the pipeline saw it."""
    if merge.merge_sha is not None and merge.merge_sha != merge.head_sha and round_.have(mirror, [merge.merge_sha]):
        parents = mirror.commit(merge.merge_sha).parents
        with session(round_.services.store) as reading:
            pipelines = collected.pipelines_of_commit(reading, round_.project.id, merge.merge_sha)
        for pipeline_id in pipelines[:2]:
            if parents:
                yield pipeline_id, parents[0], merge.merge_sha
    try:
        request = round_.client.merge_request(round_.project.id, merge.iid)
    except (NotFound, Forbidden):
        return
    pipeline, refs = request.head_pipeline, request.diff_refs
    if (
        pipeline is not None
        and refs is not None
        # Of a merged result the lines are others, and a fork's pipelines are another project's.
        and pipeline.sha == refs.head_sha
        and pipeline.project_id in (None, round_.project.id)
        and round_.have(mirror, [refs.base_sha, refs.head_sha])
    ):
        yield pipeline.id, refs.base_sha, refs.head_sha


def _read_reports(
    round_: Round, mirror: Mirror, base: str, head: str, reports: Sequence[tuple[PipelineJob, Artifact]]
) -> tuple[int, int] | None:
    wanted = _changed_lines(mirror, base, head)
    if wanted is None:
        return None
    resolve = resolver(frozenset(entry.path for entry in mirror.tree(head) if entry.is_file))
    total = LineHits()
    read = 0
    with throwaway_folder(round_.services.settings.data_dir / FOLDER) as folder:
        limit = min(_COVERAGE_BYTES, round_.services.settings.max_report_bytes)
        files = JobFiles(round_.client, folder, limit)
        for number, (job, artifact) in enumerate(reports):
            inside = folder / f"{number}"
            inside.mkdir()
            try:
                for place in files.fetch(round_.project.id, job, artifact, inside, _COBERTURA_FILE):
                    _read_one(place, resolve, wanted, total)
                    read += 1
            except (NotReadable, NotCobertura) as error:
                log.warning("coverage report not read", job=job.name, reason=str(error), hint=error.hint)
    return total.counts() if read else None


def _place(cursor: Any, otherwise: datetime) -> tuple[datetime, int]:
    try:
        moment, iid = datetime.fromisoformat(cursor["merged"]), int(cursor["iid"])
        if moment.tzinfo is None:
            raise ValueError("a moment without its zone")
    except (KeyError, TypeError, ValueError):
        return otherwise, 0
    return moment, iid


def _changed_lines(mirror: Mirror, base: str, head: str) -> dict[PurePosixPath, set[int]] | None:
    """Lines that a change adds or edits, by path; None where they are too many."""
    changes = mirror.changes(base, head, algorithm="histogram")
    if sum(hunk.new_count for change in changes for hunk in change.hunks) > _MOST_CHANGED_LINES:
        return None
    return {
        change.new_path: {
            line for hunk in change.hunks for line in range(hunk.new_start, hunk.new_start + hunk.new_count)
        }
        for change in changes
        if change.new_path is not None and not change.binary
    }


def _read_one(place: Path, resolve: Resolve, wanted: Mapping[PurePosixPath, set[int]], total: LineHits) -> None:
    """One report into the sum; nothing of one that breaks off."""
    found = LineHits()
    try:
        read_cobertura(place, resolve, wanted, found)
    finally:
        place.unlink(missing_ok=True)
    for path, lines in found.files.items():
        for line, ran in lines.items():
            total.note(path, line, ran)
