"""
Which policy a scan is judged by: the organisation's and its groups', tightened by the project's own file on the target
branch.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import PurePosixPath

import structlog

from bot.domain import policy_problems
from bot.domain.policy import Policy, PolicyDocument
from bot.domain.policy_file import MAX_BYTES, PROJECT_FILE, load_project_policy
from bot.domain.policy_layers import refusal
from bot.domain.policy_tightening import tighten
from bot.domain.verdict import Reason, ReasonCode
from bot.errors import ConfigurationError
from bot.pipeline.git import Repository

log = structlog.get_logger(__name__)


def project_policy(
    document: PolicyDocument, project_path: str, repository: Repository, target: str | None
) -> tuple[Policy, tuple[Reason, ...]]:
    """
    The policy for one project, and what of its layers does not count, for the decision.

    ``target`` is the commit of the *target* branch: what the source branch says about policy never counts. A file that
    is wrong there leaves the organisation's policy as it is: guessing what it meant could only weaken it, and without a
    verdict nobody could merge what mends it. Raises ``GitError``, and ``ConfigurationError`` when the file of a group
    above the project is wrong.
    """
    above, reasons = document.for_project(project_path), document.reasons_for(project_path)
    try:
        text = _project_file(repository, target) if target is not None else None
        if text is None:
            return above, reasons
        policy = tighten(above, load_project_policy(text), by_project=True)
    except ConfigurationError as error:
        first_line = str(error).splitlines()[0]
        log.warning("project policy ignored", project=project_path, error=first_line)
        return above, (*reasons, Reason(ReasonCode.PROJECT_POLICY_IGNORED, PROJECT_FILE, first_line))
    policy = replace(policy, layers=(*policy.layers, f"{PROJECT_FILE}@{target}"))
    refused = policy.refused[len(above.refused) :]
    for one in refused:
        log.warning(
            "project policy refused",
            project=project_path,
            setting=one.setting,
            wanted=one.wanted,
            kept=one.kept,
        )
    return policy, (*reasons, *(refusal(one) for one in refused))


def policy_blob(repository: Repository, commit: str) -> str | None:
    """Which content the project's own policy file has at a commit, as git's object id; None where there is none."""
    entries = [e for e in repository.tree(commit, [PurePosixPath(PROJECT_FILE)]) if e.is_file]
    return entries[0].blob if entries else None


def _project_file(repository: Repository, commit: str) -> str | None:
    blob = policy_blob(repository, commit)
    if blob is None:
        return None
    content = repository.read_blob(blob, MAX_BYTES)
    if content is None:
        raise ConfigurationError(
            policy_problems.TOO_LARGE.format(file=PROJECT_FILE, count=MAX_BYTES), "Shorten it, or remove it."
        )
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ConfigurationError(policy_problems.NOT_UTF_8.format(file=PROJECT_FILE), "Save it as UTF-8.") from error
