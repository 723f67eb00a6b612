"""
Takes in what the scanners of a GitLab pipeline reported, when the pipeline has ended; see ``bot.pipeline.job_files``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import structlog

from bot.domain.intake import Intake, TakeIn
from bot.domain.job import ImportReports
from bot.errors import MergewardenError
from bot.gitlab.errors import Forbidden, NotFound
from bot.gitlab.model import Artifact, MergeRequest, PipelineJob, Project
from bot.pipeline.job_files import JobFiles, NotReadable
from bot.pipeline.projects import remember
from bot.pipeline.throwaway import throwaway_folder
from bot.services import Services
from bot.store import heads, imports
from bot.store.engine import session, write_session

log = structlog.get_logger(__name__)

FOLDER = "reports"
"""Below the data directory; holds nothing for longer than one job."""
REPORT_FILES: Mapping[str, str] = {
    "sast": "gl-sast-report.json",
    "secret_detection": "gl-secret-detection-report.json",
    "dependency_scanning": "gl-dependency-scanning-report.json",
    "cyclonedx": "*.cdx.json",
}
"""
What we take of GitLab's kinds of reports, and how such a file is called in GitLab's own templates.

Container scanning speaks of images, which are no part of a merge request's change.
"""
_MOST_REPORTS = 50
"""Of one pipeline; what is beyond is said in the log."""
_CHUNK = 1024 * 1024
_MERGED = ("merge", "train")
_MERGE_REQUEST_REF = re.compile(r"refs/merge-requests/[0-9]+/(head|merge|train)")


@dataclass(frozen=True, slots=True)
class Target:
    """For what a pipeline's reports count."""

    project_id: int
    ref: str
    iid: int | None
    commit: str
    """What is judged: of a merged result not GitLab's passing merge commit, but the head that went into it."""


@dataclass(frozen=True, slots=True)
class PipelineOutcome:
    """What became of a pipeline's reports; small enough for a check point."""

    word: str
    """``imported``, ``incomplete``, ``not_readable``, ``refused``, ``none``, ``ignored`` or ``superseded``."""
    judge_again: tuple[tuple[int, int], ...] = ()
    """Project and number of the merge requests for which something came in."""


@dataclass
class PipelineReports:
    """One job for one pipeline. Doing it twice does no harm: the same report again changes nothing."""

    services: Services
    take_in: TakeIn
    request: ImportReports

    def run(self) -> PipelineOutcome:
        """Find, fetch and import. Raises ``GitLabError`` when GitLab cannot be asked."""
        targets, word = self._targets()
        if not targets:
            return PipelineOutcome(word)
        try:
            wanted = self._wanted()
        except (NotFound, Forbidden) as error:
            log.warning("pipeline not readable", reason=str(error), hint="The bot must be a member of the project.")
            return PipelineOutcome("not_readable")
        if not wanted:
            return PipelineOutcome("none")
        taken = unread = refused = 0
        with throwaway_folder(self.services.settings.data_dir / FOLDER) as folder:
            kept = JobFiles(self.services.gitlab, folder, self.services.settings.max_report_bytes)
            for number, (project_id, job, artifact) in enumerate(wanted):
                inside = folder / f"{number}"
                inside.mkdir()
                try:
                    files = kept.fetch(project_id, job, artifact, inside, REPORT_FILES[artifact.file_type])
                except NotReadable as error:
                    unread += 1
                    log.warning(
                        "report not readable",
                        job=job.name,
                        report=artifact.file_type,
                        reason=str(error),
                        hint=error.hint,
                    )
                    continue
                for file in files:
                    if artifact.file_type == "cyclonedx" and not _names_vulnerabilities(file):
                        # What GitLab's own dependency scanning leaves in every pipeline: packages, and no findings.
                        log.info("bill of materials without vulnerabilities", job=job.name)
                    elif self._import(file, job, artifact, targets):
                        taken += 1
                    else:
                        refused += 1
                    file.unlink()
        merge_requests = tuple((t.project_id, t.iid) for t in targets if t.iid is not None)
        if not taken:
            return PipelineOutcome("not_readable" if unread else "refused" if refused else "none")
        return PipelineOutcome("incomplete" if unread or refused else "imported", merge_requests)

    # -- what for -----------------------------------------------------------------------------------------------------

    def _targets(self) -> tuple[list[Target], str]:
        """What the reports count for; a word for the outcome when that is nothing."""
        request = self.request
        if request.iid is not None:
            found = self.services.gitlab.merge_request(request.project_id, request.iid)
            if not found.is_open:
                return [], "ignored"
            self._know(self.services.gitlab.project(request.project_id))
            targets = [self._of_merge_request(found)] if self._is_current(found) else []
            return self._not_older(targets)
        targets = []
        with session(self.services.store) as reading:
            at_head = heads.open_heads_at(reading, request.sha)
        for head in at_head:
            try:
                found = self.services.gitlab.merge_request(head.project_id, head.iid)
            except NotFound:
                continue
            if found.is_open and found.sha == request.sha:
                targets.append(self._of_merge_request(found))
        try:
            project = self.services.gitlab.project(request.project_id)
        except NotFound:
            # A fork that the bot may not see, and whose merge request it may know all the same.
            return self._not_older(targets) if targets else ([], "ignored")
        self._know(project)
        if request.ref == project.default_branch:
            targets.append(Target(project.id, request.ref, None, request.sha))
        return self._not_older(targets) if targets else ([], "ignored")

    def _is_current(self, found: MergeRequest) -> bool:
        """Whether the pipeline is about the merge request as it is: a late report must not hide a newer one."""
        kind = _MERGE_REQUEST_REF.fullmatch(self.request.ref)
        if kind is not None and kind[1] in _MERGED:
            # The commit is one of GitLab's own, made for the test, so it is the head pipeline that tells.
            return found.head_pipeline is not None and found.head_pipeline.sha == self.request.sha
        return found.sha == self.request.sha

    def _not_older(self, targets: Sequence[Target]) -> tuple[list[Target], str]:
        left = []
        with session(self.services.store) as reading:
            for target in targets:
                last = imports.last_of_pipeline(reading, target.project_id, target.ref, target.iid)
                newer = last is not None and last.pipeline is not None and last.pipeline > self.request.pipeline_id
                # A parent pipeline has a lower number than its children, and is about the same commit.
                if not newer or last is None or last.commit == target.commit:
                    left.append(target)
        return left, "superseded"

    def _of_merge_request(self, found: MergeRequest) -> Target:
        return Target(found.project_id, found.target_branch, found.iid, found.sha or self.request.sha)

    def _know(self, project: Project) -> None:
        with write_session(self.services.store) as writing:
            remember(writing, project)

    # -- which reports ------------------------------------------------------------------------------------------------

    def _wanted(self) -> list[tuple[int, PipelineJob, Artifact]]:
        """Project, job and artifact of each report of the pipeline and its children, one level down."""
        gitlab, request = self.services.gitlab, self.request
        pipelines = [request.pipeline_id]
        for child in gitlab.downstream_pipelines(request.project_id, request.pipeline_id):
            # A pipeline of another project is about other code.
            if child.project_id in (None, request.project_id):
                pipelines.append(child.id)
        found = [
            (request.project_id, job, artifact)
            for pipeline in pipelines
            for job in gitlab.pipeline_jobs(request.project_id, pipeline)
            for artifact in job.artifacts
            if artifact.file_type in REPORT_FILES
        ]
        if len(found) > _MOST_REPORTS:
            log.warning("pipeline with too many reports", reports=len(found), taken=_MOST_REPORTS)
        return found[:_MOST_REPORTS]

    def _import(self, file: Path, job: PipelineJob, artifact: Artifact, targets: Sequence[Target]) -> bool:
        for target in targets:
            intake = Intake(target.ref, target.commit, target.iid)
            actor = f"{imports.PIPELINE}{self.request.pipeline_id}"
            try:
                outcome = self.take_in(file, target.project_id, intake, actor=actor)
            except MergewardenError as error:
                if getattr(error, "retryable", False):
                    raise
                # One bad report must not keep the others out.
                log.warning(
                    "report refused", job=job.name, report=artifact.file_type, reason=str(error), hint=error.hint
                )
                return False
            log.info(
                "report imported",
                job=job.name,
                report=artifact.file_type,
                iid=target.iid,
                tools=list(outcome.tools),
                repeated=outcome.repeated,
                **outcome.counts,
            )
        return True


def _names_vulnerabilities(file: Path) -> bool:
    """Whether the key that a CycloneDX document lists them under stands anywhere in the file."""
    wanted, end = b'"vulnerabilities"', b""
    with file.open("rb") as opened:
        while chunk := opened.read(_CHUNK):
            if wanted in end + chunk:
                return True
            end = chunk[-len(wanted) :]
    return False
