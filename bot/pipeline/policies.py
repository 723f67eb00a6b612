"""
Which policy a scan is judged by: the organisation's, tightened by the project's own file on the target branch.
"""

from __future__ import annotations

from pathlib import PurePosixPath

import structlog

from bot.domain.policy import Policy, PolicyDocument, tighten
from bot.domain.policy_file import MAX_BYTES, PROJECT_FILE, load_project_policy
from bot.errors import ConfigurationError
from bot.pipeline.git import Repository

log = structlog.get_logger(__name__)


def project_policy(document: PolicyDocument, project_path: str, repository: Repository, target: str | None) -> Policy:
    """
    The policy for one project.

    ``target`` is the commit of the *target* branch: what the source branch says about policy never counts. Raises
    ``ConfigurationError`` when the project's file there is wrong, since guessing what it meant could only weaken it.
    """
    organisation = document.for_project(project_path)
    text = _project_file(repository, target) if target is not None else None
    if text is None:
        return organisation
    policy = tighten(organisation, load_project_policy(text))
    for refused in policy.refused:
        log.warning(
            "project policy refused",
            project=project_path,
            setting=refused.setting,
            wanted=refused.wanted,
            kept=refused.kept,
        )
    return policy


def _project_file(repository: Repository, commit: str) -> str | None:
    entries = [e for e in repository.tree(commit, [PurePosixPath(PROJECT_FILE)]) if e.is_file]
    if not entries:
        return None
    content = repository.read_blob(entries[0].blob, MAX_BYTES)
    if content is None:
        raise ConfigurationError(
            f"{PROJECT_FILE} on the target branch is larger than {MAX_BYTES} bytes", "Shorten it, or remove it."
        )
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"{PROJECT_FILE} on the target branch is not UTF-8", "Save it as UTF-8.") from error
