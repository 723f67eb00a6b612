"""
Whether the commit of a release was cleared, by the same decision as the pre-receive hook's and the reconciler's.

The question is about the commit itself: as what it came onto its branch. What else came around the gate is an incident
of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import structlog

from bot.domain.clearance import Clearance, Ruling, decide
from bot.pipeline.clearing import facts_of, prove
from bot.pipeline.git import CommitNotFound, GitCancelled, GitError, Mirror
from bot.services import Services
from bot.store import clearances
from bot.store.engine import session
from bot.store.maturity import collected

log = structlog.get_logger(__name__)

_RECENT = 500
_MOST_BRANCHES = 5
_MOST_EMPTY = 10
"""Commits on top of each other that change nothing, such as those that only carry a version's message."""
_EMPTY_ONES = 5
"""In a run of commits, that are no part of it."""


@dataclass(frozen=True, slots=True)
class Clearing:
    """The question about some commits of one project."""

    services: Services
    project_id: int
    branch: str
    """The default branch."""
    now: datetime
    most: int
    """Commits about which git is asked; of the others nothing is known."""

    def of(
        self,
        commits: Mapping[str, datetime],
        mirror: Callable[[], Mirror | None],
        have: Callable[[Mirror, Sequence[str]], bool],
    ) -> dict[str, bool | None]:
        """
        By commit whether it was cleared; None where nobody can tell, as before the bot judged the project's changes.

        ``commits`` are given with the time that they themselves claim. ``have`` gets commits into the mirror and says
        whether all are there. Raises ``GitError``.
        """
        with session(self.services.store) as reading:
            since = collected.judges_since(reading, self.project_id)
            merged = collected.merges_of_commits(reading, self.project_id, commits)
            refused = collected.uncleared(reading, self.project_id, commits)
            named = clearances.matching(reading, self.project_id, heads=set(commits), patch_ids=(), ever=True)
        heads = {one.head for one in named}
        found: dict[str, bool | None] = {}
        left = self.most
        for sha, claimed in commits.items():
            if sha in refused:
                found[sha] = False
            elif sha in heads:
                found[sha] = True
            elif since is None or merged.get(sha, claimed) < since or not left or (git := mirror()) is None:
                found[sha] = None
            else:
                left -= 1
                found[sha] = self._asked(git, sha, have) if have(git, [sha]) else None
        return found

    def _asked(self, mirror: Mirror, sha: str, have: Callable[[Mirror, Sequence[str]], bool]) -> bool | None:
        try:
            return self._by_git(mirror, sha, have)
        except GitError as error:
            if error.retryable or isinstance(error, GitCancelled):
                raise
            # It will not cope with it the next time either, and the other releases must not wait for it.
            log.warning("release cannot be judged", sha=sha, reason=str(error))
            return None

    def _by_git(self, mirror: Mirror, sha: str, have: Callable[[Mirror, Sequence[str]], bool]) -> bool | None:
        commit = mirror.commit(sha)
        for _ in range(_MOST_EMPTY):
            if len(commit.parents) != 1 or mirror.commit(commit.parents[0]).tree != commit.tree:
                break
            # It changes nothing, so it is as good as what it stands on.
            commit = mirror.commit(commit.parents[0])
        if not commit.parents:
            return None
        step = facts_of(mirror, self.branch, commit.parents[0], commit.sha)
        patch = step.commits[commit.sha].patch_id if commit.sha in step.commits else None
        known = self._known(commit.sha, commit.parents, patch)
        branches = list(dict.fromkeys([self.branch, *(one.branch for one in known)]))[:_MOST_BRANCHES]
        # A cleared run of commits is recognised as a whole, so it has to lie above where the look begins.
        longest = max((len(one.commits) for one in known if patch and one.commits[-1:] == (patch,)), default=0)
        steps = [step]
        if longest > 1 and (below := _below(mirror, commit.sha, longest + _EMPTY_ONES)) is not None:
            steps.append(facts_of(mirror, self.branch, below, commit.sha))
        for one in steps:
            for branch in branches:
                ruling = decide(replace(one, branch=branch, fast_forward=True), known)
                if any(refusal.sha == commit.sha for refusal in ruling.refusals):
                    continue
                proofs = tuple(proof for proof in ruling.proofs if proof.otherwise.sha == commit.sha)
                have(mirror, sorted({head for proof in proofs for head in proof.heads}))
                if not prove(mirror, Ruling((), proofs)):
                    return True
        return False

    def _known(self, sha: str, parents: Sequence[str], patch: str | None) -> list[Clearance]:
        with session(self.services.store) as reading:
            named = clearances.matching(
                reading,
                self.project_id,
                heads={sha, *parents},
                patch_ids={patch} if patch is not None else set(),
                ever=True,
            )
            recent = clearances.recent(
                reading, self.project_id, branches=[self.branch], now=self.now, limit=_RECENT, ever=True
            )
        return list(dict.fromkeys([*named, *recent]))


def _below(mirror: Mirror, sha: str, steps: int) -> str | None:
    """The commit so many first parents below, or the lowest that there is."""
    for count in (steps, steps - _EMPTY_ONES):
        try:
            return mirror.resolve(f"{sha}~{count}")
        except CommitNotFound:
            continue
    return None
