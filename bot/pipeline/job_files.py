"""
Gets single files out of what a job of a GitLab pipeline left behind.

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
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from bot.errors import MergewardenError
from bot.gitlab.errors import ArtifactTooLarge, Forbidden, NotFound
from bot.gitlab.model import Artifact, PipelineJob
from bot.store.archive import ArchiveLimits, check_directory_size

if TYPE_CHECKING:
    from bot.gitlab.client import GitLabClient

_MOST_MEMBERS = 200_000
"""Files of one archive."""
_MOST_MATCHES = 20
"""Files of one archive that one report artifact may stand for."""
_CHUNK = 1024 * 1024
_SAFE_NAME = re.compile(r"[A-Za-z0-9_.+ @-]{1,200}")
_NO_ACCESS = "artifacts:access of the job must let the bot in (developer, or all), and public must not keep it out."
_BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, ValueError, RuntimeError, NotImplementedError, struct.error)


class NotReadable(MergewardenError):
    """Raised for a report that is there and that we cannot get at; ``str`` says why, ``hint`` what the job must do."""


@dataclass
class JobFiles:
    """The files of some jobs. An archive that has to be fetched as a whole is fetched once."""

    gitlab: GitLabClient
    folder: Path
    """Where they go; the caller's, who removes it."""
    limit: int
    """Bytes of one file or archive."""
    _archives: dict[int, Path | None] = field(default_factory=dict, init=False, repr=False)
    """By job, for those whose whole archive had to be fetched; None where there is none."""

    def fetch(self, project_id: int, job: PipelineJob, artifact: Artifact, inside: Path, pattern: str) -> list[Path]:
        """
        The artifact's file or files, below the folder ``inside`` under names of our own.

        ``pattern`` is how such a file is called where the artifact's own name is of no use. Raises ``NotReadable`` and
        ``GitLabError``.
        """
        name = name_in_archive(artifact, pattern)
        place = inside / f"{artifact.file_type}{PurePosixPath(pattern).suffix}"
        if "*" not in name and self._download_file(project_id, job, name, place):
            return [place]
        # It may be in a folder, which the artifact's name does not say.
        archive = self._archive(project_id, job)
        found = [] if archive is None else list(_extract(archive, name, place, self.limit))
        if not found:
            raise NotReadable(
                f"{name} is not in the archive of the job",
                "Name the file in artifacts:paths too: what is in artifacts:reports only, GitLab does not hand out.",
            )
        return found

    def _download_file(self, project_id: int, job: PipelineJob, name: str, place: Path) -> bool:
        """Whether the archive has the file at its top."""
        try:
            with place.open("wb") as file:
                self.gitlab.artifact_file(project_id, job.id, name, file, limit=self.limit)
        except NotFound:
            place.unlink()
            return False
        except Forbidden as error:
            raise NotReadable(str(error), _NO_ACCESS) from error
        except ArtifactTooLarge as error:
            raise NotReadable(str(error), error.hint) from error
        return True

    def _archive(self, project_id: int, job: PipelineJob) -> Path | None:
        if job.id not in self._archives:
            self._archives[job.id] = self._download_archive(project_id, job)
        return self._archives[job.id]

    def _download_archive(self, project_id: int, job: PipelineJob) -> Path | None:
        if all(artifact.file_type != "archive" for artifact in job.artifacts):
            return None
        place = self.folder / f"archive-{job.id}.zip"
        try:
            with place.open("wb") as file:
                self.gitlab.artifact_archive(project_id, job.id, file, limit=self.limit)
        except NotFound:
            return None
        except Forbidden as error:
            raise NotReadable(str(error), _NO_ACCESS) from error
        except ArtifactTooLarge as error:
            raise NotReadable(str(error), "Put the report at the top of the archive.") from error
        return place


def name_in_archive(artifact: Artifact, pattern: str) -> str:
    """
    How the file is called in the archive: a name without folders, or the pattern where the artifact's own name is of no
    use.
    """
    name = PurePosixPath(artifact.filename.removesuffix(".gz")).name
    return name if _SAFE_NAME.fullmatch(name) and name.strip(". ") else pattern


def _extract(archive: Path, pattern: str, like: Path, limit: int) -> Iterator[Path]:
    """
    The members of a stranger's zip whose name, whatever their folder, is the wanted one.

    They are written beside ``like`` under names of our own, so what they are called leads nowhere. Raises
    ``NotReadable``.
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
            place = like.with_stem(f"{like.stem}-{number}")
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
