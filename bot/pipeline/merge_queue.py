"""
The merge bot: merges what was asked for, when the gate lets it through, one merge request at a time for each branch.

The engine runs one job at a time for a project and branch. A job that was killed after GitLab merged, and before that
was written down, sees at its repetition that the merge request is merged.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

import structlog
from sqlalchemy.orm import Session

from bot.domain import merge_texts
from bot.domain.job import RunMergeQueue, SyncMergeRequest, SyncReason
from bot.domain.merging import (
    LONGEST_WAIT,
    Asked,
    Cancel,
    Done,
    Merge,
    Rebase,
    Refuse,
    Seen,
    Step,
    Wait,
    Wish,
    WishState,
    next_step,
    refusal,
)
from bot.domain.policy import Policy
from bot.gitlab.errors import Conflict, Forbidden, GitLabError, Invalid, NotFound, Unauthorized
from bot.gitlab.markers import Marker, MarkerKind, marker_of, normalised, with_marker
from bot.gitlab.model import MergeRequest, Note, Project
from bot.pipeline.engine import JobQueue
from bot.pipeline.submission import submit, token_after
from bot.reports.merge_answers import render_merge_note
from bot.services import Services
from bot.store import wishes
from bot.store.engine import session, write_session
from scanners.normalize import clean_text

log = structlog.get_logger(__name__)

_MOST_WISHES = 1000
"""Of one branch that one run looks at; those that wait for the gate cost GitLab nothing."""
_PAUSES = (0.2, 0.4, 0.8)
"""Seconds to wait for what GitLab does in the background, such as finding out whether there are conflicts."""
_MOST_REPETITIONS = 5
_LONGEST_WORDS = 300
_REBASING = frozenset({"rebase_merge", "ff"})


def ask_to_merge(
    writing: Session, *, project_id: int, iid: int, target_branch: str, asked_by: str, asked_by_id: int
) -> Wish:
    """
    Remember that a person wants a merge request merged, and return the open wish. Whoever calls submits a
    ``RunMergeQueue`` for the target branch in the same transaction.

    Whether the person may ask is decided before; whether it may be merged, by the verdict at that time.
    """
    return wishes.ask(
        writing,
        project_id=project_id,
        iid=iid,
        target_branch=target_branch,
        asked_by=asked_by,
        asked_by_id=asked_by_id,
        how=Asked.COMMAND,
        at=datetime.now(UTC),
    )


def take_back(writing: Session, *, project_id: int, iid: int, by: str) -> bool:
    """Take every open wish of a merge request back; whether there was one."""
    reason = merge_texts.TAKEN_BACK.format(text=_words(by))
    return wishes.end_wishes(writing, project_id, iid, WishState.CANCELLED, at=datetime.now(UTC), reason=reason) > 0


def close_wishes(writing: Session, project_id: int, iid: int, *, merged: bool) -> None:
    """A merge request ended: nobody waits for it any more."""
    state = WishState.MERGED if merged else WishState.CANCELLED
    reason = "" if merged else merge_texts.CLOSED
    wishes.end_wishes(writing, project_id, iid, state, at=datetime.now(UTC), reason=reason)


def after_verdict(services: Services, request: MergeRequest, policy: Policy, lets_through: bool) -> bool:
    """
    Make the wishes that the policy or its label asks for, and drop those that they ask for no more.

    Call it when a verdict was published; whether a ``RunMergeQueue`` for the target branch is due.
    """
    label = policy.merge.label
    by_label = label is not None and label in request.labels
    by_policy = policy.merge.when_clear and lets_through and not request.draft
    with session(services.store) as reading:
        known = wishes.open_wish(reading, request.project_id, request.iid)
    if known is None and not by_label and not by_policy:
        return False
    with write_session(services.store) as writing:
        known = wishes.open_wish(writing, request.project_id, request.iid)
        now = datetime.now(UTC)
        if known is not None and known.asked_how is Asked.LABEL and not (by_label and known.asked_by == label):
            wishes.settle(writing, known.id, WishState.CANCELLED, at=now, reason=merge_texts.LABEL_GONE)
            known = None
        if known is not None and known.asked_how is Asked.POLICY and not policy.merge.when_clear:
            wishes.settle(writing, known.id, WishState.CANCELLED, at=now, reason=merge_texts.POLICY_CHANGED)
            known = None
        if known is None and (by_label or by_policy):
            known = wishes.ask(
                writing,
                project_id=request.project_id,
                iid=request.iid,
                target_branch=request.target_branch,
                asked_by=label if by_label and label is not None else "",
                asked_by_id=None,
                how=Asked.LABEL if by_label else Asked.POLICY,
                at=now,
            )
    return known is not None


def run_merge_queue(
    services: Services,
    queue: JobQueue,
    job_id: str,
    project_id: int,
    branch: str,
    *,
    sleep: Callable[[float], None] = time.sleep,
) -> str:
    """
    Look at every wish for a branch, in the order in which they were asked for, and merge what can be merged.

    One that cannot be read or merged does not stop the others; what went wrong with GitLab is raised at the end, so
    that the step is tried again. Returns ``merged``, ``waiting`` or ``nothing``.
    """
    with session(services.store) as reading:
        found = wishes.open_wishes(reading, project_id, branch, limit=_MOST_WISHES)
    if not found:
        return "nothing"
    run = _Run(services, services.gitlab.project(project_id), sleep)
    for wish in found:
        run.see_to(wish)
    if run.to_judge:
        with write_session(services.store) as writing:
            for iid in sorted(run.to_judge):
                job = SyncMergeRequest(project_id, iid, SyncReason.CIRCUMSTANCES)
                submit(writing, queue, job, token=token_after(job_id))
    if run.failed:
        raise run.failed[0]
    if run.unsettled:
        _look_again(services, queue, job_id, RunMergeQueue(project_id, branch))
    return "merged" if run.merged else "waiting"


def _look_again(services: Services, queue: JobQueue, job_id: str, job: RunMergeQueue) -> None:
    """Have another run begin after this one, a few times; after that the periodic one has to do."""
    _, _, number = job_id.rpartition(".again")
    times = int(number) if number.isdigit() and number != job_id else 0
    if times < _MOST_REPETITIONS:
        token = f"{token_after(job_id)}.again{times + 1}"
        with write_session(services.store) as writing:
            submit(writing, queue, job, token=token)


@dataclass
class _Run:
    """One look at a queue."""

    services: Services
    project: Project
    sleep: Callable[[float], None]
    holder: int | None = None
    """The merge request that is being rebased, and for which those behind it wait."""
    merged: int = 0
    unsettled: bool = False
    """Whether GitLab was still finding out about one when we stopped asking."""
    failed: list[GitLabError] = field(default_factory=list)
    to_judge: set[int] = field(default_factory=set)
    """Merge requests whose last verdict was one on a draft that they are no longer."""

    @property
    def rebases(self) -> bool:
        return self.project.merge_method in _REBASING

    def see_to(self, wish: Wish) -> None:
        """All that can be done for a wish now."""
        try:
            self._see_to(wish)
        except NotFound:
            self._settle(wish, WishState.CANCELLED, merge_texts.GONE)
        except GitLabError as error:
            log.warning("merge request left for later", iid=wish.iid, error=str(error))
            self.failed.append(error)

    def _see_to(self, wish: Wish) -> None:
        if self._known_to_wait(wish):
            return
        for pause in (*_PAUSES, None):
            step = self._do(wish, self._next(wish))
            settles_soon = isinstance(step, Wait) and step.soon
            if step is not None and not (settles_soon and pause is not None):
                self.unsettled = self.unsettled or settles_soon
                self._conclude(wish, step)
                return
            if pause is None:
                self.unsettled = True
                return
            self.sleep(pause)
            with session(self.services.store) as reading:
                again = wishes.get(reading, wish.id)
            if again is None or not again.is_open:
                return
            wish = again

    def _known_to_wait(self, wish: Wish) -> bool:
        """Whether GitLab need not be asked: without a verdict that lets it through nothing can have changed for it."""
        with session(self.services.store) as reading:
            verdict = wishes.last_verdict(reading, wish.project_id, wish.iid)
        refused = verdict is not None and not verdict.lets_through
        waits = (refused and wish.reason == merge_texts.NOT_CLEAR) or (
            verdict is None and wish.reason == merge_texts.NO_VERDICT
        )
        return waits and datetime.now(UTC) - wish.asked_at <= LONGEST_WAIT

    def _next(self, wish: Wish) -> Step:
        request = self._read(wish)
        with session(self.services.store) as reading:
            verdict = wishes.last_verdict(reading, wish.project_id, wish.iid)
        now = datetime.now(UTC)
        if verdict is not None and verdict.draft and not request.draft and request.state == "opened":
            # Made ready: the event may have got lost, and nothing else would have it judged as what it is now.
            self.to_judge.add(wish.iid)
        return next_step(wish, _seen(request), verdict, rebases=self.rebases, holder=self.holder, now=now)

    def _do(self, wish: Wish, step: Step) -> Step | None:
        """Carry a step out, and return what came of it; None when it has to be looked at again."""
        match step:
            case Merge(sha):
                return self._merge(wish, sha)
            case Rebase():
                return self._rebase(wish)
            case _:
                return step

    def _merge(self, wish: Wish, sha: str) -> Step | None:
        if not self._count(wish, wish.state):
            return Cancel(wish.reason, silent=True)
        log.info("merging", iid=wish.iid, sha=sha)
        try:
            merged = self.services.gitlab.merge(wish.project_id, wish.iid, sha=sha)
        except Conflict:
            return None  # The head has moved.
        except (Unauthorized, Forbidden):
            # The token is good: the merge request could be read with it.
            return refusal(wish, merge_texts.NO_RIGHT)
        except Invalid as error:
            return self._refused(wish, sha, error)
        self.merged += 1
        return Done(merged.merge_commit_sha or merged.squash_commit_sha or merged.sha)

    def _refused(self, wish: Wish, sha: str, error: Invalid) -> Step | None:
        """GitLab did not merge although nothing seemed to be in the way: look again, and pass on what it says."""
        step = self._next(wish)
        if step != Merge(sha):
            return None if isinstance(step, (Merge, Rebase)) else step
        said = _words(self._read(wish).merge_error) or _words(str(error))
        return refusal(wish, merge_texts.REFUSED.format(text=said))

    def _rebase(self, wish: Wish) -> Step:
        if not self._count(wish, WishState.REBASING):
            return Cancel(wish.reason, silent=True)
        log.info("rebasing", iid=wish.iid)
        try:
            self.services.gitlab.rebase(wish.project_id, wish.iid)
        except Conflict:
            pass  # It is under way already.
        except (Unauthorized, Forbidden):
            return refusal(wish, merge_texts.NO_PUSH)
        except Invalid as error:
            return refusal(wish, merge_texts.NOT_REBASED.format(text=_words(str(error))))
        return Wait(merge_texts.REBASING, passing=True, soon=True, holds=True)

    def _conclude(self, wish: Wish, step: Step) -> None:
        match step:
            case Done(sha):
                self._tell(wish, WishState.MERGED, "")
                self._settle(wish, WishState.MERGED, "", merged_sha=sha)
            case Refuse(reason):
                self._tell(wish, WishState.REFUSED, reason)
                self._settle(wish, WishState.REFUSED, reason)
            case Cancel(reason, silent):
                if not silent:
                    self._tell(wish, WishState.CANCELLED, reason)
                self._settle(wish, WishState.CANCELLED, reason)
            case Wait(reason, passing, _, holds):
                if not passing:
                    self._tell(wish, WishState.WAITING, reason)
                if holds:
                    self.holder = wish.iid
                self._settle(wish, WishState.REBASING if holds else WishState.WAITING, reason)

    def _read(self, wish: Wish) -> MergeRequest:
        return self.services.gitlab.merge_request(wish.project_id, wish.iid, with_rebase=True)

    def _count(self, wish: Wish, state: WishState) -> bool:
        with write_session(self.services.store) as writing:
            return wishes.count_attempt(writing, wish.id, state, datetime.now(UTC))

    def _settle(self, wish: Wish, state: WishState, reason: str, *, merged_sha: str | None = None) -> None:
        with write_session(self.services.store) as writing:
            wishes.settle(writing, wish.id, state, at=datetime.now(UTC), reason=reason, merged_sha=merged_sha)

    # -- telling people ------------------------------------------------------------------------------------------------

    def _tell(self, wish: Wish, state: WishState, reason: str) -> None:
        """
        Say it on the merge request, once: the last note that says so stands.

        Before it is written down, because a repeated step finds the note, and not what was never said. A note that
        cannot be sent does not keep anybody from merging.
        """
        if wish.asked_how is Asked.POLICY or (wish.state, wish.reason) == (state, reason):
            return
        if state is WishState.MERGED and not wish.reason:
            return  # Nobody was told that it waits, and GitLab says that it is merged.
        language = self.services.policy().for_project(self.project.path).language
        body = with_marker(render_merge_note(state, reason, language), Marker(MarkerKind.MERGE, state.value))
        try:
            last = self._last_note(wish)
            if last is not None and normalised(last.body) == normalised(body):
                return
            waiting = last is not None and _state_of(last, self.services.bot_user.id) is WishState.WAITING
            if last is not None and waiting and state in (WishState.WAITING, WishState.MERGED):
                self.services.gitlab.edit_note(wish.project_id, wish.iid, last.id, body)
            elif state is not WishState.MERGED:
                self.services.gitlab.create_note(wish.project_id, wish.iid, body)
        except GitLabError as error:
            log.warning("merge bot could not say it", iid=wish.iid, error=str(error))

    def _last_note(self, wish: Wish) -> Note | None:
        bot = self.services.bot_user.id
        found = [
            note
            for discussion in self.services.gitlab.discussions(wish.project_id, wish.iid)
            for note in discussion.notes
            if _state_of(note, bot) is not None
        ]
        return max(found, key=lambda note: note.id, default=None)


def _state_of(note: Note, bot_id: int) -> WishState | None:
    """The state that a note of the merge bot tells of; None for any other note."""
    marker = marker_of(note, bot_id)
    if marker is None or marker.kind is not MarkerKind.MERGE:
        return None
    return next((state for state in WishState if state.value == marker.fingerprint), None)


def _seen(request: MergeRequest) -> Seen:
    return Seen(
        state=request.state,
        sha=request.sha,
        target_branch=request.target_branch,
        draft=request.draft,
        labels=frozenset(request.labels),
        status=request.detailed_merge_status,
        has_conflicts=request.has_conflicts,
        rebase_in_progress=request.rebase_in_progress,
        merge_error=_words(request.merge_error),
        merged_sha=request.merge_commit_sha or request.squash_commit_sha or request.sha,
    )


def _words(text: str) -> str:
    """Somebody else's words on one line."""
    return " ".join(clean_text(text.replace("<br>", " "), _LONGEST_WORDS).split())
