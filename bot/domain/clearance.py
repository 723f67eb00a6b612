"""
Decides whether what somebody brings onto a protected branch was cleared. Pure; the reasons are in ADR 0007.

A clearance is the word of a verdict: this head may go into this branch. A push is held against them commit by commit,
from its tip down to what is on the branch already. What git has to say is handed in as facts, and what only git can
confirm (that a merge is the merge and nothing else) is handed out as proofs to be done. So the bot can decide without
the repository, the hook can confirm without the store, and the reconciler does both.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from types import MappingProxyType

from bot.texts import N_
from scanners.normalize import clean_text

MOST_COMMITS = 2_000
"""Commits of a push, along first parents, that are looked at one by one."""
MOST_HEADS = 20
"""Cleared heads that one commit is held against."""
SHORT = 12
"""Digits of a commit's id in a sentence."""
_LONGEST_NAME = 200


@dataclass(frozen=True, slots=True)
class Clearance:
    """A head that a verdict let into a branch."""

    iid: int
    branch: str
    head: str
    patch_id: str | None
    """Of the whole change; None for an empty one, or one whose patch id could not be found out."""
    commits: tuple[str, ...] = ()
    """Patch ids of its commits, oldest first; without merges and empty ones."""


@dataclass(frozen=True, slots=True)
class CommitFacts:
    """What git says of one commit."""

    sha: str
    parents: tuple[str, ...]
    tree: str
    patch_id: str | None = None
    """Of a commit with one parent; None for merges, and for a commit that changes nothing."""


@dataclass(frozen=True, slots=True)
class Update:
    """A branch moves. Ids are full and in lower case."""

    branch: str
    old: str | None
    """None when the branch is made by this."""
    new: str | None
    """None when the branch is deleted by this."""
    fast_forward: bool = True
    """Whether the new tip has the old one among its ancestors; of no meaning where one of them is missing."""
    commits: Mapping[str, CommitFacts] = field(default_factory=lambda: MappingProxyType({}))
    """
    Those that are not on the branch yet: the tip, its ancestors along first parents, and the other parents of these.

    A branch that is made counts as having what other protected branches have.
    """
    landed: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """Parents of the former that are on the branch already, with their trees; the tip itself, if it is."""
    beginning: bool = False
    """Whether the repository had no branch at all before."""


class Why(Enum):
    """Why something is refused."""

    REWRITTEN = "rewritten"
    NOT_CLEARED = "not_cleared"
    MERGE_OF_UNCLEARED = "merge_of_uncleared"
    MERGE_ALTERED = "merge_altered"
    CHANGE_ALTERED = "change_altered"
    OCTOPUS = "octopus"
    UNSEEN = "unseen"


REWRITTEN = N_("the push would take away commits that are on {text}, and a protected branch only grows")
NOT_CLEARED = N_("commit {commit} was not cleared for {text}")
MERGE_OF_UNCLEARED = N_("commit {commit} merges {merged}, which was not cleared for {text}")
MERGE_ALTERED = N_("commit {commit} is more than the merge of {merged}: something was changed in the merge itself")
CHANGE_ALTERED = N_("commit {commit} looks like the cleared merge request !{count} and is not what merging it gives")
OCTOPUS = N_("commit {commit} merges several lines of history at once, which is never cleared")
UNSEEN = N_("commit {commit} and what is below it were not looked at: the push brings too much at once")

TEMPLATES: Mapping[Why, str] = MappingProxyType(
    {
        Why.REWRITTEN: REWRITTEN,
        Why.NOT_CLEARED: NOT_CLEARED,
        Why.MERGE_OF_UNCLEARED: MERGE_OF_UNCLEARED,
        Why.MERGE_ALTERED: MERGE_ALTERED,
        Why.CHANGE_ALTERED: CHANGE_ALTERED,
        Why.OCTOPUS: OCTOPUS,
        Why.UNSEEN: UNSEEN,
    }
)
"""The sentence of each reason."""
ALL = tuple(TEMPLATES.values())
"""Every template, for ``bot.reports.sentences``."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """One reason not to let a push through."""

    why: Why
    sha: str
    branch: str
    merged: str = ""
    """The other parent, where it is about a merge."""
    iid: int | None = None
    """The merge request that it looks like."""

    @property
    def sentence(self) -> str:
        """In English; ``bot.reports.sentences`` translates it."""
        return TEMPLATES[self.why].format(
            commit=self.sha[:SHORT],
            merged=self.merged[:SHORT],
            text=" ".join(clean_text(self.branch).split())[:_LONGEST_NAME],
            count=self.iid,
        )


@dataclass(frozen=True, slots=True)
class Proof:
    """What git has to confirm: the tree is what an automatic merge of ``onto`` and one of the heads gives."""

    tree: str
    onto: str
    heads: tuple[str, ...]
    otherwise: Refusal
    """What is wrong where git does not."""

    @property
    def pairs(self) -> Iterator[tuple[str, str]]:
        """The merges to try, in this order; one that gives the tree is enough."""
        return ((self.onto, head) for head in self.heads)


@dataclass(frozen=True, slots=True)
class Ruling:
    """What was decided: it may come in when nothing is refused and every proof holds."""

    refusals: tuple[Refusal, ...] = ()
    proofs: tuple[Proof, ...] = ()

    def concluded(self, failed: Collection[Proof]) -> tuple[Refusal, ...]:
        """Everything that is wrong once git was asked; empty when the push is cleared."""
        return (*self.refusals, *(proof.otherwise for proof in self.proofs if proof in failed))


def decide(update: Update, clearances: Iterable[Clearance]) -> Ruling:
    """
    Whether a protected branch may move like this.

    ``clearances`` are those in force; of other branches' none counts.
    """
    if update.new is None:
        # Nothing comes in. Whether a protected branch may be deleted is GitLab's own rule.
        return Ruling()
    if update.old is not None and not update.fast_forward:
        return Ruling((Refusal(Why.REWRITTEN, update.new, update.branch),))
    if update.old is None and update.beginning:
        # Somebody has to be able to begin. From here on the branch only grows.
        return Ruling()
    return _Walk(update, [one for one in clearances if one.branch == update.branch]).ruling()


class _Walk:
    """From the tip down to what is known, each commit once."""

    def __init__(self, update: Update, clearances: Sequence[Clearance]) -> None:
        self._update = update
        self._cleared = {one.head for one in clearances}
        self._changes: dict[str, list[Clearance]] = {}
        self._runs: dict[str, list[Clearance]] = {}
        for one in clearances:
            if one.patch_id is not None:
                self._changes.setdefault(one.patch_id, []).append(one)
            if len(one.commits) > 1:
                self._runs.setdefault(one.commits[-1], []).append(one)
        self._refusals: list[Refusal] = []
        self._proofs: list[Proof] = []

    def ruling(self) -> Ruling:
        sha: str | None = self._update.new
        seen: set[str] = set()
        while sha is not None and sha not in seen and not self._is_known(sha):
            seen.add(sha)
            commit = self._update.commits.get(sha)
            if commit is None:
                self._refuse(Why.UNSEEN, sha)
                break
            sha = self._below(commit)
        return Ruling(tuple(self._refusals), tuple(self._proofs))

    def _below(self, commit: CommitFacts) -> str | None:
        """Judge one commit; returns where to go on, None at the bottom of history."""
        if len(commit.parents) == 1:
            return self._single(commit)
        if len(commit.parents) == 2:
            self._merge(commit)
        else:
            self._refuse(Why.OCTOPUS if commit.parents else Why.NOT_CLEARED, commit.sha)
        return commit.parents[0] if commit.parents else None

    def _single(self, commit: CommitFacts) -> str:
        parent = commit.parents[0]
        if self._tree(parent) == commit.tree:
            # It changes nothing, so there is nothing that a verdict could have been about.
            return parent
        base, like = self._rebased(commit)
        if not like:
            base, like = parent, self._changes.get(commit.patch_id or "", [])
        if like:
            self._prove(commit, base, like)
        else:
            self._refuse(Why.NOT_CLEARED, commit.sha)
        return base

    def _rebased(self, commit: CommitFacts) -> tuple[str, list[Clearance]]:
        """The longest run of commits up to here that are one cleared merge request's, all of them and in order."""
        found: dict[int, tuple[str, list[Clearance]]] = {}
        for clearance in self._runs.get(commit.patch_id or "", ()):
            base = self._bottom(commit, clearance.commits)
            if base is not None:
                found.setdefault(len(clearance.commits), (base, []))[1].append(clearance)
        return found[max(found)] if found else (commit.sha, [])

    def _bottom(self, commit: CommitFacts, patches: Sequence[str]) -> str | None:
        """The commit below the run; None when the commits are not these."""
        current: CommitFacts | None = commit
        below = commit.sha
        for patch in reversed(patches):
            # Empty commits are no part of a run, neither here nor there.
            while current is not None and len(current.parents) == 1 and self._tree(current.parents[0]) == current.tree:
                below = current.parents[0]
                current = self._update.commits.get(below)
            if current is None or len(current.parents) != 1 or current.patch_id != patch:
                return None
            below = current.parents[0]
            current = self._update.commits.get(below)
        return below

    def _merge(self, commit: CommitFacts) -> None:
        first, second = commit.parents
        if not self._is_known(second) and not self._is_squash(second):
            self._refuse(Why.MERGE_OF_UNCLEARED, commit.sha, second)
            return
        otherwise = Refusal(Why.MERGE_ALTERED, commit.sha, self._update.branch, second)
        self._proofs.append(Proof(commit.tree, first, (second,), otherwise))

    def _is_squash(self, sha: str) -> bool:
        """Whether it is one commit on top of the branch that is the whole of a cleared change; proofs are added."""
        commit = self._update.commits.get(sha)
        if commit is None or len(commit.parents) != 1 or not self._is_known(commit.parents[0]):
            return False
        like = self._changes.get(commit.patch_id or "", [])
        if like:
            self._prove(commit, commit.parents[0], like)
        return bool(like)

    def _prove(self, commit: CommitFacts, base: str, like: Sequence[Clearance]) -> None:
        heads = tuple(dict.fromkeys(one.head for one in like))[:MOST_HEADS]
        otherwise = Refusal(Why.CHANGE_ALTERED, commit.sha, self._update.branch, iid=like[0].iid)
        self._proofs.append(Proof(commit.tree, base, heads, otherwise))

    def _is_known(self, sha: str) -> bool:
        return sha in self._cleared or sha in self._update.landed

    def _tree(self, sha: str) -> str | None:
        commit = self._update.commits.get(sha)
        return commit.tree if commit is not None else self._update.landed.get(sha)

    def _refuse(self, why: Why, sha: str, merged: str = "") -> None:
        self._refusals.append(Refusal(why, sha, self._update.branch, merged))
