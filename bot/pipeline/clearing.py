"""
Grants and withdraws clearances, and finds out with git what ``bot.domain.clearance`` decides about.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cache

import structlog

from bot.domain.clearance import MOST_COMMITS, Clearance, CommitFacts, Proof, Refusal, Ruling, Update
from bot.pipeline.git import CommitNotFound, GitCancelled, GitError, GitTimeout, GitTooOld, Repository
from bot.pipeline.git.history import NewCommits
from bot.pipeline.superseded import Superseded
from bot.services import Services
from bot.store import clearances
from bot.store.engine import session, write_session

log = structlog.get_logger(__name__)

MOST_NEW = 20_000
"""Commits that one move of a branch may bring in all, those of merged branches included, to be looked at."""
_MOST_RUN = 1_000
"""Commits of a merge request that are recognised one by one after a rebase."""


def settle(
    services: Services,
    mirror: Repository,
    *,
    project_id: int,
    iid: int,
    sequence: int,
    target_branch: str,
    base_sha: str | None,
    head_sha: str,
    scan_id: str,
    lets_through: bool,
    at: datetime,
) -> None:
    """
    Make the clearance of a merge request say what its newest verdict says; doing it again changes nothing.

    ``mirror`` has base and head. Where patch ids cannot be found out, the head itself is cleared all the same: then a
    squash or rebase of it is not recognised, and the log says why. ``sequence`` is the job's number: raises
    ``Superseded``, and clears nothing, when it is not the newest any more.
    """
    if not lets_through:
        with write_session(services.store) as writing:
            ended = clearances.deny(writing, project_id, iid, branch=target_branch, head=head_sha, at=at)
        if ended:
            log.info("clearance withdrawn", head=head_sha, because=clearances.VERDICT)
        return
    patch_id, commits = _patches(mirror, base_sha, head_sha)
    granted = clearances.Granted(
        project_id, Clearance(iid, target_branch, head_sha, patch_id, commits), base_sha or "", scan_id, at
    )
    try:
        with write_session(services.store) as writing:
            new = clearances.grant(writing, granted, sequence=sequence)
    except clearances.NotNewest as error:
        raise Superseded from error
    if new:
        log.info("clearance granted", head=head_sha, branch=target_branch)


def withdraw(services: Services, project_id: int, iid: int, because: str) -> None:
    """Nothing of a merge request is cleared any longer. ``because`` is a word such as ``clearances.CLOSED``."""
    with session(services.store) as reading:
        if not clearances.standing(reading, project_id, iid):
            return
    with write_session(services.store) as writing:
        clearances.withdraw(writing, project_id, iid, because, datetime.now(UTC))
    log.info("clearance withdrawn", iid=iid, because=because)


def _patches(mirror: Repository, base: str | None, head: str) -> tuple[str | None, tuple[str, ...]]:
    if base is None:
        return None, ()
    try:
        whole = mirror.patch_id(base, head)
        commits = mirror.plain_commits(base, head)
        if len(commits) > _MOST_RUN:
            return whole, ()
        ids = mirror.patch_ids(commits)
    except GitCancelled:
        raise
    except GitError as error:
        log.warning("squashes and rebases will not be recognised", head=head, error=str(error), hint=error.hint)
        return None, ()
    return whole, tuple(ids[sha] for sha in commits if sha in ids)


# --- What git says of a move ------------------------------------------------------------------------------------------


def facts_of(
    repository: Repository, branch: str, old: str | None, new: str, *, others: Sequence[str] = (), most: int = MOST_NEW
) -> Update:
    """
    The facts about a branch that moves from ``old`` to ``new``; ``old`` need not be an ancestor.

    ``others`` are tips that count as being on the branch already, for a branch that is made. Where more than ``most``
    commits are new, or git cannot cope with what they change, only the tip is looked at. Raises ``CommitNotFound``
    and ``GitError``.
    """
    landed = [*([old] if old is not None else []), *others]
    forward = old is None or repository.is_ancestor(old, new)
    found = repository.commits_between(landed, new, most)
    if found is None:
        return Update(branch, old, new, forward, *_tip_only(repository, old, new))
    spine = found.spine(new, MOST_COMMITS)
    try:
        patches = repository.patch_ids([commit.sha for commit in spine if len(commit.parents) == 1])
    except GitError as error:
        if not _too_much(error):
            raise
        log.warning("only the tip is looked at", branch=branch, head=new, error=str(error))
        return Update(branch, old, new, forward, *_tip_only(repository, old, new))
    commits = {one.sha: CommitFacts(one.sha, one.parents, one.tree, patches.get(one.sha)) for one in spine}
    landed_trees = _landed(found, commits)
    if new not in found.commits:
        landed_trees[new] = repository.commit(new).tree
    return Update(branch, old, new, forward, commits, landed_trees)


def _too_much(error: GitError) -> bool:
    """
    Whether git took too long, had too much to say, or died of it: it will the next time, too.

    A small push can do that to it (a large file of empty lines that comes and goes), and nobody would ever again look
    at a branch past such a commit.
    """
    if isinstance(error, (GitCancelled, GitTooOld)):
        return False
    return isinstance(error, GitTimeout) or not error.retryable


def _landed(found: NewCommits, commits: dict[str, CommitFacts]) -> dict[str, str]:
    parents = {parent for commit in commits.values() for parent in commit.parents}
    return {sha: tree for sha, tree in found.landed.items() if sha in parents}


def _tip_only(repository: Repository, old: str | None, new: str) -> tuple[dict[str, CommitFacts], dict[str, str]]:
    """Of a move that brings too much only the tip is looked at: it may be a cleared head, or the merge of one."""
    tip = repository.commit(new)
    on_it = [parent for parent in tip.parents[:2] if old is not None and repository.is_ancestor(parent, old)]
    return (
        {new: CommitFacts(tip.sha, tip.parents, tip.tree)},
        {parent: repository.commit(parent).tree for parent in on_it},
    )


def prove(repository: Repository, ruling: Ruling) -> tuple[Refusal, ...]:
    """
    Have git confirm what it has to; returns everything that is wrong with the move. Raises ``GitError``.

    A merge with which git cannot cope is not confirmed.
    """

    @cache
    def merged(first: str, second: str) -> str | None:
        try:
            return repository.merged_tree(first, second)
        except CommitNotFound:
            return None
        except GitError as error:
            if not _too_much(error):
                raise
            log.warning("a merge cannot be confirmed", error=str(error))
            return None

    def holds(proof: Proof) -> bool:
        return any(merged(*pair) == proof.tree for pair in proof.pairs)

    return ruling.concluded([proof for proof in ruling.proofs if not holds(proof)])
