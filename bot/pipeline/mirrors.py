"""Where the mirrors of this host are, and how they are reached."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from bot.gitlab.model import Project
from bot.pipeline.git import Credential, Mirror
from bot.services import Services

_FOLDER = "mirrors"
_SCRATCH = "scratch"


def folder_of(services: Services, project_id: int) -> Path:
    """Where the mirror of a project is, or would be: named by its number, since paths change."""
    return services.settings.data_dir / _FOLDER / f"{project_id}"


def mirror_of(services: Services, project: Project, cancelled: Callable[[], bool] | None = None) -> Mirror:
    """The mirror of a project. Nothing is touched until it is used."""
    access = services.settings.require_gitlab()
    return Mirror(
        folder_of(services, project.id),
        project.clone_url,
        # Any user name does. https://docs.gitlab.com/user/profile/personal_access_tokens/#clone-repository-using-personal-access-token
        Credential("oauth2", access.token),
        scratch_root=services.settings.data_dir / _SCRATCH,
        ca_file=access.ca_file,
        cancelled=cancelled,
    )


def remove_mirror(services: Services, project_id: int) -> None:
    """Delete the mirror of a project that no longer exists."""
    shutil.rmtree(folder_of(services, project_id), ignore_errors=True)
