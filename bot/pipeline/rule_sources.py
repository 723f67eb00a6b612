"""
Follows the source of an organisation's own rules: a GitLab project or a folder of this host.

Each good version is tried on stored code and kept by its digest; it waits until somebody switches it on, unless the
settings say that nobody has to. What is wrong is written down, and what was in force stays in force. The source is
named by the operator and read by us: nothing of a scanned repository can become a rule.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

import structlog
from sqlalchemy.orm import Session

from bot.domain.audit import Act, Action, Word
from bot.domain.job import SyncMergeRequest, SyncReason
from bot.domain.rule_shape import MAX_SAMPLE_BYTES
from bot.domain.rule_version import RuleProblem, RuleVersion, WrongRules
from bot.errors import ConfigurationError, MergewardenError
from bot.pipeline.acts import said
from bot.pipeline.git import branch_ref, branch_refspec
from bot.pipeline.mirrors import mirror_of
from bot.pipeline.rule_reading import Found, files_in, is_wanted, read_version, require_size
from bot.pipeline.rule_simulation import simulate_rules
from bot.pipeline.throwaway import throwaway_folder
from bot.services import Services
from bot.store import audit, heads, rules_versions
from bot.store.engine import session, write_session
from bot.store.locks import only_one
from rules import catalog

log = structlog.get_logger(__name__)

AUTOMATIC = "mergewarden"
"""Who switches on where the settings say that nobody has to."""
_LONGEST_PROBLEM = 2_000
_MOST_LOGGED = 10


@dataclass(frozen=True, slots=True)
class _Look:
    """What is there now."""

    source: str
    seen: str
    """Changes with the files, and with what we check them by."""
    origin: str
    files: Callable[[], list[Found]]


def refresh_rules(services: Services, *, again: bool = False) -> bool:
    """
    Read the source of the organisation's rules, where one is configured; returns whether there is a version that was
    not there before.

    To be called now and then; one process does it at a time, and nothing is done while nothing changed, unless it shall
    be looked at ``again``. Raises nothing that has to do with the source.
    """
    if not services.settings.has_own_rules():
        return False
    with only_one(services.store, "rules") as mine:
        return mine and _refresh(services, datetime.now(UTC), again)


def _refresh(services: Services, now: datetime, again: bool) -> bool:
    with session(services.store) as reading:
        known = rules_versions.state(reading)
    source = _name(services)
    try:
        look = _look(services)
        if not again and known is not None and (known.source, known.seen) == (look.source, look.seen):
            with write_session(services.store) as writing:
                rules_versions.note_seen(writing, source=look.source, seen=look.seen, problem=known.problem, at=now)
            return False
    except WrongRules as error:
        # What is there cannot even be listed: it is looked at again, until it can.
        return _refuse(services, source, "", error, now)
    except MergewardenError as error:
        log.warning("rules not read", source=source, error=str(error).splitlines()[0])
        if not getattr(error, "retryable", False):
            # It is not about the files, so that they are read again when it is mended.
            _note(services, source, "", error, now)
        return False
    try:
        with throwaway_folder(services.settings.data_dir / "scratch") as scratch:
            version = read_version(look.files(), scratch)
    except WrongRules as error:
        return _refuse(services, look.source, look.seen, error, now)
    _take(services, version, look, now)
    return True


def _take(services: Services, version: RuleVersion, look: _Look, now: datetime) -> None:
    present = services.organisation_rules()
    simulation = None
    if present is None or present.digest != version.digest:
        simulation = simulate_rules(services, present, version, at=now)
    automatic = services.settings.rules_switch_on == "automatic"
    with write_session(services.store) as writing:
        rules_versions.keep_version(writing, version, origin=look.origin, at=now, simulation=simulation)
        rules_versions.note_seen(writing, source=look.source, seen=look.seen, waiting=version.digest, at=now)
        if automatic:
            switch_on(services, writing, version.digest, AUTOMATIC, "rules_switch_on is automatic", now)
    log.info("rules read", origin=look.origin, digest=version.digest, rules=len(version.entries), switched_on=automatic)


def switch_on(services: Services, writing: Session, digest: str, actor: str, reason: str, at: datetime) -> bool:
    """
    Put a version in force (none with an empty digest) and have open merge requests judged again, in one commit: a rule
    may do more or less from now on. Whether that changed anything. Raises ``ValueError`` for an unknown digest.
    """
    if not rules_versions.switch_on(writing, digest, actor=actor, reason=reason, at=at):
        return False
    open_ones = heads.open_requests(writing)
    if open_ones:
        # Late: the engine takes a second to load, and a command line may have nothing to submit.
        from bot.pipeline.engine import JobQueue
        from bot.pipeline.submission import submit

        token = f"rules.{uuid.uuid4().hex}"
        queue = JobQueue(services.settings.database().get_secret_value())
        try:
            for project_id, iid in open_ones:
                submit(writing, queue, SyncMergeRequest(project_id, iid, SyncReason.POLICY_CHANGED), token=token)
        finally:
            queue.close()
    details: dict[str, Word] = {"digest": digest, "reason": said(reason), "merge_requests": len(open_ones)}
    audit.append(writing, Act(actor, None, Action.RULES_SWITCHED, "rules", details=details))
    log.info("judged by other rules", digest=digest, merge_requests=len(open_ones))
    return True


def _refuse(services: Services, source: str, seen: str, error: WrongRules, now: datetime) -> bool:
    for problem in error.problems[:_MOST_LOGGED]:
        log.warning("rules: wrong", source=source, problem=str(problem), mend=problem.mend)
    _note(services, source, seen, error, now)
    return False


def _note(services: Services, source: str, seen: str, error: MergewardenError, now: datetime) -> None:
    with write_session(services.store) as writing:
        problem = str(error)[:_LONGEST_PROBLEM]
        rules_versions.note_seen(writing, source=source, seen=seen, problem=problem, at=now)


def _name(services: Services) -> str:
    settings = services.settings
    return settings.rules_project if settings.rules_project is not None else str(settings.rules_folder)


def _look(services: Services) -> _Look:
    """What is there now. Raises ``WrongRules``, ``ConfigurationError``, ``GitError`` and ``GitLabError``."""
    settings = services.settings
    if settings.rules_project is not None:
        return _look_at_project(services, settings.rules_project)
    assert settings.rules_folder is not None
    files = files_in(settings.rules_folder)
    state = hashlib.sha256()
    for file in files:
        state.update(f"{file.path}\0{len(file.content)}\0".encode("utf-8", "surrogateescape"))
        state.update(file.content)
    seen = state.hexdigest()
    name = str(settings.rules_folder)
    return _Look(name, _with_ours(seen), f"{name}@{seen[:12]}", lambda: files)


def _look_at_project(services: Services, wanted: str) -> _Look:
    project = services.gitlab.project(wanted)
    branch = project.default_branch
    if branch is None:
        raise ConfigurationError(f"{wanted} has no default branch", "Commit rules to it.")
    # Whoever may push to it decides what every scan says.
    if not services.gitlab.branch(project.id, branch).protected:
        raise ConfigurationError(
            f"{wanted}: the default branch {branch} is not protected", "Protect it, so that few decide about rules."
        )
    mirror = mirror_of(services, project)
    mirror.fetch([branch_refspec(branch)])
    commit = mirror.resolve(branch_ref(branch))

    def files() -> list[Found]:
        entries = [entry for entry in mirror.tree(commit) if entry.is_file and is_wanted(entry.path)]
        require_size(len(entries), sum(entry.size for entry in entries))
        large = next((entry for entry in entries if entry.size > MAX_SAMPLE_BYTES), None)
        if large is not None:
            text = f"it has more than {MAX_SAMPLE_BYTES} bytes"
            raise WrongRules([RuleProblem(str(large.path), "", "", text, "Shorten it.")])
        contents = dict(mirror.read_blobs({entry.blob: entry.size for entry in entries}))
        return [Found(entry.path, contents[entry.blob]) for entry in entries]

    return _Look(wanted, _with_ours(commit), f"{wanted}@{commit}", files)


def _with_ours(seen: str) -> str:
    """Another release of ours may find wrong what this one found good, and the other way about."""
    return f"{seen} {catalog.digest()[:16]}"
