"""
Which policy a scan is judged by: the organisation's, tightened by the project's own file on the target branch.
"""

from __future__ import annotations

from pathlib import PurePosixPath

import structlog

from bot.domain import failures, policy_problems
from bot.domain.policy import Policy, PolicyDocument, RefusedSetting, tighten
from bot.domain.policy_file import MAX_BYTES, PROJECT_FILE, load_project_policy
from bot.domain.verdict import Reason, ReasonCode
from bot.errors import ConfigurationError
from bot.pipeline.git import Repository

log = structlog.get_logger(__name__)


def project_policy(
    document: PolicyDocument, project_path: str, repository: Repository, target: str | None
) -> tuple[Policy, tuple[Reason, ...]]:
    """
    The policy for one project, and what of the project's own file does not count, for the decision.

    ``target`` is the commit of the *target* branch: what the source branch says about policy never counts. A file that
    is wrong there leaves the organisation's policy as it is: guessing what it meant could only weaken it, and without a
    verdict nobody could merge what mends it. Raises ``GitError``.
    """
    organisation = document.for_project(project_path)
    try:
        text = _project_file(repository, target) if target is not None else None
        if text is None:
            return organisation, ()
        policy = tighten(organisation, load_project_policy(text))
    except ConfigurationError as error:
        first_line = str(error).splitlines()[0]
        log.warning("project policy ignored", project=project_path, error=first_line)
        return organisation, (Reason(ReasonCode.PROJECT_POLICY_IGNORED, PROJECT_FILE, first_line),)
    for refused in policy.refused:
        log.warning(
            "project policy refused",
            project=project_path,
            setting=refused.setting,
            wanted=refused.wanted,
            kept=refused.kept,
        )
    return policy, tuple(_refusal(refused) for refused in policy.refused)


def _refusal(refused: RefusedSetting) -> Reason:
    detail = failures.SETTING_REFUSED.format(wanted=refused.wanted, kept=refused.kept)
    return Reason(ReasonCode.PROJECT_POLICY_REFUSED, refused.setting, detail)


def _project_file(repository: Repository, commit: str) -> str | None:
    entries = [e for e in repository.tree(commit, [PurePosixPath(PROJECT_FILE)]) if e.is_file]
    if not entries:
        return None
    content = repository.read_blob(entries[0].blob, MAX_BYTES)
    if content is None:
        raise ConfigurationError(
            policy_problems.TOO_LARGE.format(file=PROJECT_FILE, count=MAX_BYTES), "Shorten it, or remove it."
        )
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ConfigurationError(policy_problems.NOT_UTF_8.format(file=PROJECT_FILE), "Save it as UTF-8.") from error
