"""
Takes in what the scanners of a GitLab pipeline reported, when the pipeline has ended.

NOTE: what a job gives as ``artifacts:reports`` only is not in the archive that the API hands out. A job has to name the
file in ``artifacts:paths`` as well, or nobody but GitLab itself can read it.
https://docs.gitlab.com/ci/yaml/artifacts_reports/
"""

from __future__ import annotations

import fnmatch
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

import structlog

from bot.domain.intake import Intake, TakeIn
from bot.domain.job import ImportReports
from bot.errors import MergewardenError
from bot.gitlab.errors import ArtifactTooLarge, Forbidden, NotFound
from bot.gitlab.model import Artifact, MergeRequest, PipelineJob, Project
from bot.pipeline.projects import remember
from bot.pipeline.throwaway import throwaway_folder
from bot.services import Services
from bot.store import heads, imports
from bot.store.archive import ArchiveLimits, check_directory_size
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
_MOST_MEMBERS = 200_000
"""Files of one archive."""
_MOST_MATCHES = 20
"""Files of one archive that one report artifact may stand for."""
_CHUNK = 1024 * 1024
_SAFE_NAME = re.compile(r"[A-Za-z0-9_.+ @-]{1,200}")
_MERGED = ("merge", "train")
_MERGE_REQUEST_REF = re.compile(r"refs/merge-requests/[0-9]+/(head|merge|train)")


class NotReadable(MergewardenError):
    """Raised for a report that is there and that we cannot get at; ``str`` says why, ``hint`` what the job must do."""


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
    _archives: dict[int, Path | None] = field(default_factory=dict, init=False, repr=False)
    """By job, for those whose whole archive had to be fetched; None where there is none."""

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
            for number, (project_id, job, artifact) in enumerate(wanted):
                inside = folder / f"{number}"
                inside.mkdir()
                try:
                    files = self._fetch(project_id, job, artifact, inside, folder)
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

    # -- the files ----------------------------------------------------------------------------------------------------

    def _fetch(self, project_id: int, job: PipelineJob, artifact: Artifact, inside: Path, folder: Path) -> list[Path]:
        """The report's file or files, below ``inside`` under names of our own."""
        limit = self.services.settings.max_report_bytes
        name = _name_in_archive(artifact)
        place = inside / f"{artifact.file_type}.json"
        if "*" not in name and self._download_file(project_id, job, name, place, limit):
            return [place]
        # It may be in a folder, which the artifact's name does not say.
        archive = self._archive(project_id, job, folder)
        found = [] if archive is None else list(_extract(archive, name, inside, artifact.file_type, limit))
        if not found:
            raise NotReadable(
                f"{name} is not in the archive of the job",
                "Name the file in artifacts:paths too: what is in artifacts:reports only, GitLab does not hand out.",
            )
        return found

    def _download_file(self, project_id: int, job: PipelineJob, name: str, place: Path, limit: int) -> bool:
        """Whether the archive has the file at its top."""
        try:
            with place.open("wb") as file:
                self.services.gitlab.artifact_file(project_id, job.id, name, file, limit=limit)
        except NotFound:
            place.unlink()
            return False
        except Forbidden as error:
            raise NotReadable(str(error), _NO_ACCESS) from error
        except ArtifactTooLarge as error:
            raise NotReadable(str(error), error.hint) from error
        return True

    def _archive(self, project_id: int, job: PipelineJob, folder: Path) -> Path | None:
        if job.id not in self._archives:
            self._archives[job.id] = self._download_archive(project_id, job, folder)
        return self._archives[job.id]

    def _download_archive(self, project_id: int, job: PipelineJob, folder: Path) -> Path | None:
        if all(artifact.file_type != "archive" for artifact in job.artifacts):
            return None
        place = folder / f"archive-{job.id}.zip"
        try:
            with place.open("wb") as file:
                limit = self.services.settings.max_report_bytes
                self.services.gitlab.artifact_archive(project_id, job.id, file, limit=limit)
        except NotFound:
            return None
        except Forbidden as error:
            raise NotReadable(str(error), _NO_ACCESS) from error
        except ArtifactTooLarge as error:
            raise NotReadable(str(error), "Put the report at the top of the archive.") from error
        return place

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


_NO_ACCESS = "artifacts:access of the job must let the bot in (developer, or all), and public must not keep it out."


def _names_vulnerabilities(file: Path) -> bool:
    """Whether the key that a CycloneDX document lists them under stands anywhere in the file."""
    wanted, end = b'"vulnerabilities"', b""
    with file.open("rb") as opened:
        while chunk := opened.read(_CHUNK):
            if wanted in end + chunk:
                return True
            end = chunk[-len(wanted) :]
    return False


def _name_in_archive(artifact: Artifact) -> str:
    """
    How the file is called in the archive: a name without folders, or a pattern where the artifact's own name is of no
    use.
    """
    name = PurePosixPath(artifact.filename.removesuffix(".gz")).name
    return name if _SAFE_NAME.fullmatch(name) and name.strip(". ") else REPORT_FILES[artifact.file_type]


def _extract(archive: Path, pattern: str, inside: Path, kind: str, limit: int) -> Iterator[Path]:
    """
    The members of a stranger's zip whose name, whatever their folder, is the wanted one.

    They are written under names of our own, so what they are called leads nowhere. Raises ``NotReadable``.
    """
    try:
        check_directory_size(archive, ArchiveLimits(documents=_MOST_MEMBERS))
        opened = zipfile.ZipFile(archive)
    except (MergewardenError, *_BROKEN) as error:
        raise NotReadable("the archive of the job is not a zip that can be read") from error
    with opened:
        members = [
            member
            for member in opened.infolist()
            if not member.is_dir() and fnmatch.fnmatchcase(PurePosixPath(member.filename).name, pattern)
        ]
        left = limit
        for number, member in enumerate(members[:_MOST_MATCHES]):
            # The other methods may ask for gigabytes of memory before the first byte comes out.
            if member.flag_bits & 0x1 or member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                raise NotReadable(f"{pattern} is packed in the archive in a way that is not read")
            place = inside / f"{kind}-{number}.json"
            try:
                with opened.open(member) as source, place.open("wb") as into:
                    while chunk := source.read(_CHUNK):
                        left -= len(chunk)
                        if left < 0:
                            raise NotReadable(
                                f"{pattern} in the archive is larger than {limit} bytes",
                                "Raise MERGEWARDEN_MAX_REPORT_BYTES.",
                            )
                        into.write(chunk)
            except _BROKEN as error:
                raise NotReadable(f"{pattern} is damaged in the archive") from error
            yield place


_BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, ValueError, RuntimeError, NotImplementedError, struct.error)
