"""
What the merge bot does next for a merge request that somebody asked it to merge. Pure.

It merges only what the last stored verdict lets through, and only if that verdict is one on exactly this head and
this target branch: a verdict on an earlier push, or for another target, says nothing. Nor does one whose clearance was
withdrawn.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from bot.domain import merge_texts

LONGEST_WAIT = timedelta(days=7)
"""After that somebody has to ask again."""
LONGEST_HOLD = timedelta(hours=1)
"""So long others wait for one that is being rebased: each merge before it would mean another rebase."""
MOST_ATTEMPTS = 10
"""Merges and rebases of one wish."""


class WishState(Enum):
    """Where a wish to merge stands."""

    WAITING = "waiting"
    """Asked for; something has to happen first, such as a verdict."""
    REBASING = "rebasing"
    """GitLab was asked to rebase; the new head needs a verdict."""
    MERGED = "merged"
    REFUSED = "refused"
    """Cannot be merged as it is; has to be asked for anew."""
    CANCELLED = "cancelled"
    """Taken back, or the merge request was closed."""

    @property
    def is_open(self) -> bool:
        """Whether there is still something to do."""
        return self in (WishState.WAITING, WishState.REBASING)


class Asked(Enum):
    """How a wish came about."""

    COMMAND = "command"
    LABEL = "label"
    """``Wish.asked_by`` is the label's name; the wish lasts as long as the label."""
    POLICY = "policy"


@dataclass(frozen=True, slots=True)
class Wish:
    """That somebody asked the merge bot to merge."""

    id: int
    project_id: int
    iid: int
    target_branch: str
    """Into which it was asked for: a wish for one branch is none for another."""
    state: WishState
    asked_by: str
    asked_by_id: int | None
    asked_how: Asked
    asked_at: datetime
    """UTC."""
    updated_at: datetime
    reason: str = ""
    """What it waits for, or why it was refused: English, one line; see ``bot.domain.merge_texts``."""
    attempts: int = 0
    merged_sha: str | None = None

    @property
    def is_open(self) -> bool:
        """Whether there is still something to do."""
        return self.state.is_open


@dataclass(frozen=True, slots=True)
class Seen:
    """A merge request as GitLab shows it now."""

    state: str
    sha: str | None
    target_branch: str
    draft: bool = False
    labels: frozenset[str] = frozenset()
    status: str = ""
    """``detailed_merge_status``; empty where GitLab is too old to have it."""
    has_conflicts: bool = False
    rebase_in_progress: bool = False
    merge_error: str = ""
    """Cleaned."""
    merged_sha: str | None = None


@dataclass(frozen=True, slots=True)
class LastVerdict:
    """What the gate last said about a merge request."""

    head_sha: str | None
    target_branch: str
    lets_through: bool
    cleared: bool = False
    """Whether its head is still cleared for its target: what it said may have been withdrawn since."""
    draft: bool = False
    """Whether it was one on a draft, which a policy may judge more mildly."""

    def is_about(self, seen: Seen) -> bool:
        """Whether it is a verdict on the merge request as it is now."""
        same = (self.head_sha, self.target_branch) == (seen.sha, seen.target_branch)
        return self.head_sha is not None and same and (seen.draft or not self.draft)


@dataclass(frozen=True, slots=True)
class Merge:
    """Merge it, if this is still its head."""

    sha: str


@dataclass(frozen=True, slots=True)
class Rebase:
    """Have it rebased."""


@dataclass(frozen=True, slots=True)
class Wait:
    """Something has to happen first."""

    reason: str
    passing: bool = False
    """It settles by itself, so nobody has to be told."""
    soon: bool = False
    """In a moment, even."""
    holds: bool = False
    """It is next, and others must wait for it."""


@dataclass(frozen=True, slots=True)
class Refuse:
    """It has to be asked for again when ``reason`` is mended."""

    reason: str


@dataclass(frozen=True, slots=True)
class Cancel:
    """Nobody wants it any more, or not like this."""

    reason: str
    silent: bool = False
    """Whoever is concerned knows."""


@dataclass(frozen=True, slots=True)
class Done:
    """It is merged."""

    sha: str | None


Step = Merge | Rebase | Wait | Refuse | Cancel | Done

_SOON = frozenset({"checking", "unchecked", "preparing", "approvals_syncing"})
_MERGEABLE = frozenset({"mergeable", ""})


def next_step(
    wish: Wish, seen: Seen, verdict: LastVerdict | None, *, rebases: bool, holder: int | None, now: datetime
) -> Step:
    """
    What to do for an open wish.

    ``rebases``: whether the project merges only what stands upon its target's newest commit. ``holder``: the number of
    the merge request that is being rebased and was asked for before this one, None where there is none.
    """
    ended = _ended(wish, seen, now)
    if ended is not None:
        return ended
    if seen.state == "locked":
        return Wait(merge_texts.MERGING, passing=True, soon=True)
    rebased = wish.state is WishState.REBASING
    holds = rebases and rebased and now - wish.updated_at <= LONGEST_HOLD
    if seen.rebase_in_progress:
        return Wait(merge_texts.REBASING, passing=True, holds=holds)
    if seen.has_conflicts or seen.status == "conflict":
        return refusal(wish, merge_texts.CONFLICT)
    if verdict is None or not verdict.is_about(seen):
        return Wait(merge_texts.REBASING if rebased else merge_texts.NO_VERDICT, passing=True, holds=holds)
    if not verdict.lets_through:
        return Wait(merge_texts.NOT_CLEAR)
    if seen.draft or seen.status == "draft_status":
        return Wait(merge_texts.DRAFT)
    if not verdict.cleared:
        # The history of the target became another one, say, and the new verdict is not there yet.
        return Wait(merge_texts.REBASING if rebased else merge_texts.NO_VERDICT, passing=True, holds=holds)
    return _by_status(wish, seen, rebases=rebases, holder=holder, holds=holds)


def refusal(wish: Wish, reason: str) -> Step:
    """
    What follows when it cannot be merged as it is.

    A label or a policy goes on asking, so their wishes wait; otherwise each event would make a new one.
    """
    return Refuse(reason) if wish.asked_how is Asked.COMMAND else Wait(reason)


def _ended(wish: Wish, seen: Seen, now: datetime) -> Step | None:
    if seen.state == "merged":
        return Done(seen.merged_sha)
    if seen.state not in ("opened", "locked"):
        return Cancel(merge_texts.CLOSED, silent=True)
    if seen.target_branch != wish.target_branch:
        return Cancel(merge_texts.RETARGETED)
    if wish.asked_how is Asked.LABEL and wish.asked_by not in seen.labels:
        return Cancel(merge_texts.LABEL_GONE, silent=True)
    if now - wish.asked_at > LONGEST_WAIT:
        return Cancel(merge_texts.EXPIRED.format(count=LONGEST_WAIT.days), silent=wish.asked_how is Asked.POLICY)
    return None


def _by_status(wish: Wish, seen: Seen, *, rebases: bool, holder: int | None, holds: bool) -> Step:
    status = seen.status
    if status in _SOON:
        return Wait(merge_texts.CHECKING, passing=True, soon=True, holds=holds)
    if status == "discussions_not_resolved":
        return Wait(merge_texts.THREADS)
    if status == "ci_still_running":
        return Wait(merge_texts.PIPELINE_RUNS, passing=True, holds=holds)
    if status == "ci_must_pass":
        return Wait(merge_texts.PIPELINE)
    to_rebase = status == "need_rebase" and rebases
    if not to_rebase and status not in _MERGEABLE:
        # Also what GitLab will call a new check of a later version: nobody knows whether it may be passed over.
        return Wait(merge_texts.STATUS.format(word=_word(status)))
    if to_rebase and wish.state is WishState.REBASING and seen.merge_error:
        return refusal(wish, merge_texts.NOT_REBASED.format(text=seen.merge_error))
    if wish.attempts >= MOST_ATTEMPTS:
        return refusal(wish, merge_texts.TOO_OFTEN.format(count=wish.attempts))
    if rebases and holder is not None:
        return Wait(merge_texts.BEHIND.format(count=holder), passing=True)
    if to_rebase:
        return Rebase()
    assert seen.sha is not None, "a verdict is about it"
    return Merge(seen.sha)


def _word(status: str) -> str:
    return "".join(char for char in status if char.isascii() and (char.isalnum() or char == "_"))[:60] or "unknown"
