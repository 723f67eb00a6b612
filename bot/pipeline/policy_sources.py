"""
Keeps the store's copy of the policy project up to date: all files of one good commit, or those that were there.

Web, commands and workers read the copy, so that a policy does not depend on who can reach GitLab at the moment. A new
version is taken over as a whole or not at all, because half of a change could be weaker than what was before and after.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime

import structlog
from sqlalchemy.orm import Session

from bot.domain import policy_problems as say
from bot.domain.audit import Act, Action
from bot.domain.policy_file import MAX_BYTES
from bot.domain.policy_layers import (
    POLICY_FILE,
    FoundFile,
    LayerError,
    read_group,
    read_organisation,
    sort_out,
    text_of,
)
from bot.domain.triage import SYSTEM
from bot.errors import ConfigurationError, MergewardenError
from bot.gitlab.model import Project
from bot.pipeline.git import Mirror, branch_ref, branch_refspec
from bot.pipeline.mirrors import mirror_of
from bot.services import Services
from bot.store import audit, policies
from bot.store.engine import session, write_session
from bot.store.locks import only_one
from bot.store.policies import FILE, GROUP, ORGANISATION, StoredText

log = structlog.get_logger(__name__)

_MOST_LOGGED = 10


class _WrongFile(Exception):
    """A file of the policy project is wrong: its name in the store, and the error."""

    def __init__(self, name: str, error: ConfigurationError) -> None:
        super().__init__(str(error))
        self.name = name
        self.error = error


def is_policy_project(services: Services, project: Project) -> bool:
    """Whether this is the project that the organisation's policy is in."""
    wanted = services.settings.policy_project
    return wanted is not None and project.path.casefold() == wanted.casefold()


def refresh_policies(services: Services, then: Callable[[Session], None] = lambda _writing: None) -> bool:
    """
    Read the policy project, where one is configured; returns whether the policy in force became another one.

    To be called now and then, and after a push to it; one process does it at a time, and nothing is done for the others
    or when the commit is the one that was read. What is wrong with the project, or with a file of it, is written down
    and becomes part of decisions (``ReasonCode.POLICY_NOT_CURRENT``). Raises nothing that has to do with the project.

    ``then`` is called in the transaction that puts the policy in force: what follows from another policy is written
    down with it or not at all.
    """
    wanted = services.settings.policy_project
    if wanted is None:
        return False
    with only_one(services.store, "policies") as mine:
        return mine and _refresh(services, wanted, datetime.now(UTC), then)


def _refresh(services: Services, wanted: str, now: datetime, then: Callable[[Session], None]) -> bool:
    known = _known(services, wanted)
    try:
        project = services.gitlab.project(wanted)
        if project.default_branch is None:
            raise ConfigurationError(say.NO_BRANCH.format(file=wanted), f"Commit a {POLICY_FILE}.")
        mirror = mirror_of(services, project)
        mirror.fetch([branch_refspec(project.default_branch)])
        commit = mirror.resolve(branch_ref(project.default_branch))
        if known is not None and known.commit == commit:
            with write_session(services.store) as writing:
                policies.confirm_texts(writing, now)
            return False
        if _known_as_wrong(services, commit):
            return False
        texts = _texts(mirror, commit)
    except _WrongFile as wrong:
        services.refused_policy = (commit, wrong.name, _first_line(wrong.error))
        for line in str(wrong).splitlines()[:_MOST_LOGGED]:
            log.error("policy project: wrong file", project=wanted, problem=line)
        _note(services, wanted, wrong.name, wrong.error, now)
        return False
    except MergewardenError as error:
        log.warning("policy project not read", project=wanted, error=_first_line(error))
        if not getattr(error, "retryable", False):
            _note(services, wanted, ORGANISATION, error, now)
        # Otherwise its age tells, once that is more than an update of GitLab takes.
        return False
    with write_session(services.store) as writing:
        policies.replace_texts(writing, texts, project=wanted, commit=commit, at=now)
        then(writing)
        details = {"before": known.commit if known is not None else None, "after": commit, "groups": len(texts) - 1}
        audit.append(writing, Act(SYSTEM, None, Action.POLICY_CHANGED, f"policy project {wanted}", details=details))
    log.info("policy project read", project=wanted, commit=commit, groups=len(texts) - 1)
    return True


def _known_as_wrong(services: Services, commit: str) -> bool:
    """Whether this process found the commit wrong before, and the store still says so."""
    known = services.refused_policy
    if known is None or known[0] != commit:
        return False
    with session(services.store) as reading:
        return any((commit, row.name, row.problem) == known for row in policies.policy_state(reading))


def _first_line(error: MergewardenError) -> str:
    return str(error).splitlines()[0]


def _known(services: Services, wanted: str) -> StoredText | None:
    """The organisation's text that is in force; None where there is none, or one of another project."""
    with session(services.store) as reading:
        rows = policies.policy_state(reading)
    return next((r for r in rows if r.name == ORGANISATION and r.text and r.project == wanted), None)


def _note(services: Services, wanted: str, name: str, error: MergewardenError, now: datetime) -> None:
    with write_session(services.store) as writing:
        policies.note_problem(writing, name, _first_line(error), project=wanted, at=now)


def _texts(mirror: Mirror, commit: str) -> Mapping[str, str]:
    """Every policy of the commit by its name in the store, each found good. Raises ``_WrongFile`` and ``GitError``."""
    entries = {entry.path: entry for entry in mirror.tree(commit)}
    try:
        found = sort_out(FoundFile(entry.path, entry.size, entry.is_file) for entry in entries.values())
        if "" not in found:
            raise LayerError(POLICY_FILE, say.FILE_ABSENT.format(file=POLICY_FILE), "Put it at the top of the project.")
    except LayerError as error:
        raise _WrongFile(ORGANISATION if error.file == POLICY_FILE else FILE + error.file, error) from error
    blobs = {entries[file.path].blob: file.size for file in found.values()}
    contents = dict(mirror.read_blobs(blobs))
    texts: dict[str, str] = {}
    for group, file in found.items():
        name = GROUP + group if group else ORGANISATION
        shown = policies.file_of(name)
        try:
            text = text_of(contents[entries[file.path].blob][:MAX_BYTES], shown)
            if group:
                read_group(text, shown)
            else:
                read_organisation(text, shown)
        except ConfigurationError as error:
            raise _WrongFile(name, error) from error
        texts[name] = text
    return texts
