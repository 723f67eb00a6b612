"""
The commit status: on the pipeline that decides, in words that fit, and only when something differs.

A merge is blocked through the merge request's *head pipeline*, so a status elsewhere is only a remark. Rules after
https://docs.gitlab.com/api/commits/#set-commit-pipeline-status and GitLab's source: the same state twice is refused, a
finished status that is posted again becomes a new record.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Protocol, TypeVar

from bot.gitlab.errors import Conflict, Forbidden, GitLabError, Invalid, NotFound, RateLimited, Unavailable
from bot.gitlab.model import CommitStatus, MergeRequest

_T = TypeVar("_T")

LONGEST_TEXT = 255
"""Characters that GitLab takes as description or target URL; longer ones are refused."""
_REQUEST_REF = re.compile(r"refs/merge-requests/(\d{1,18})/")
"""What a pipeline of a merge request runs on."""
FINAL = frozenset({"success", "failed", "canceled", "skipped"})
STATES = FINAL | {"pending", "running"}


class StatusClient(Protocol):
    """The part of ``GitLabClient`` that a status needs."""

    def merge_request(self, project_id: int, iid: int) -> MergeRequest:
        """One merge request."""
        ...

    def statuses(
        self, project_id: int, sha: str, *, name: str | None = None, pipeline_id: int | None = None
    ) -> list[CommitStatus]:
        """Statuses of a commit that still count, oldest first."""
        ...

    def set_status(
        self,
        project_id: int,
        sha: str,
        state: str,
        *,
        name: str,
        ref: str | None = None,
        pipeline_id: int | None = None,
        description: str | None = None,
        target_url: str | None = None,
    ) -> CommitStatus:
        """Post a status."""
        ...


@dataclass(frozen=True, slots=True)
class StatusResult:
    """What became of a status."""

    status: CommitStatus | None
    """As GitLab has it; None when it could not be set."""
    changed: bool = False
    """Whether anything was posted."""
    decides: bool = True
    """Whether the status counts for the merge; False for forks whose pipeline does not run in the target project."""
    error: GitLabError | None = None
    hint: str = ""
    """How to mend it, or what a status that does not decide means."""

    @property
    def ok(self) -> bool:
        """Whether GitLab shows the wanted state."""
        return self.error is None and self.status is not None


@dataclass(frozen=True, slots=True)
class _Target:
    """Where a status goes."""

    sha: str
    ref: str
    pipeline_id: int | None


def publish_status(
    client: StatusClient,
    request: MergeRequest,
    state: str,
    *,
    bot_id: int,
    name: str = "mergewarden",
    description: str = "",
    target_url: str | None = None,
    shared: bool = False,
    sleep: Callable[[float], None] = time.sleep,
    longest_wait: float = 30.0,
) -> StatusResult:
    """
    Make the status of ``request.sha`` say ``state``. ``request`` is the state that was scanned, as read from GitLab.

    Posts nothing when GitLab already says it. Afterwards the merge request is read again: when its head pipeline turns
    out to be another one, because the project's own CI began meanwhile, the status is posted there too. ``shared``:
    other open merge requests have the same commit, and their pipelines are left alone. Failures of GitLab are a value,
    never an exception; ``ValueError`` for a state that GitLab does not have.
    """
    if state not in STATES:
        raise ValueError(f"GitLab has no commit status {state!r}")
    if request.sha is None:
        missing = Invalid(f"merge request {request.iid} has no head commit yet")
        return StatusResult(None, error=missing, hint="Try again when GitLab has prepared it.")
    poster = _Poster(client, request, state, bot_id, name, _shortened(description), _address(target_url), sleep)
    poster.longest_wait, poster.shared = longest_wait, shared
    target = _target(request)
    try:
        status, changed = poster.post(target)
        later = poster.again(lambda: client.merge_request(request.project_id, request.iid))
        if later.sha == request.sha:
            better = _target(later)
            if better.pipeline_id is not None and better.pipeline_id != status.pipeline_id:
                status, changed = poster.post(better)[0], True
        else:
            later = request
        changed = poster.finish_elsewhere(status) or changed
    except GitLabError as error:
        return StatusResult(None, error=error, hint=_hint(error, request))
    decides, hint = _decides(later)
    return StatusResult(status, changed, decides, hint=hint)


def _target(request: MergeRequest) -> _Target:
    """The head pipeline where there is one in the target project, else the commit."""
    assert request.sha is not None
    head = request.head_pipeline
    ours = head is not None and head.project_id in (None, request.project_id)
    if head is not None and ours:
        # The commit of a merged results pipeline is a temporary merge: its sha is not the merge request's.
        merged_result = head.source == "merge_request_event" and head.ref.endswith("/merge")
        if head.sha == request.sha or merged_result:
            return _Target(head.sha, head.ref, head.id)
    # The head of a fork is on no branch of the target project, so GitLab has to be told where to find it.
    return _Target(request.sha, request.head_ref if request.is_fork else request.source_branch, None)


def _decides(request: MergeRequest) -> tuple[bool, str]:
    head = request.head_pipeline
    if not request.is_fork or (head is not None and head.source == "merge_request_event"):
        return True, ""
    return False, (
        "The merge request comes from a fork, whose pipeline is not in this project: the status informs, but does not "
        "block. Run merge request pipelines in the target project, or demand that all threads are resolved."
    )


@dataclass
class _Poster:
    client: StatusClient
    request: MergeRequest
    state: str
    bot_id: int
    name: str
    description: str
    target_url: str | None
    sleep: Callable[[float], None]
    longest_wait: float = 30.0
    shared: bool = False
    tries: int = 4

    def post(self, target: _Target) -> tuple[CommitStatus, bool]:
        """The status on ``target``, and whether it had to be posted."""
        stored = self._stored(target)
        if stored is not None and self._suffices(stored):
            return stored, False
        try:
            return self.again(lambda: self._set(target)), True
        except Invalid as error:
            # The state was there already, for example because the answer to an earlier try got lost.
            stored = self._stored(target)
            if "Cannot transition status" in str(error) and stored is not None and stored.state == self.state:
                return stored, False
            raise
        except NotFound:
            if target.pipeline_id is None:
                raise
            # The pipeline is gone or was never of this commit: GitLab finds or makes one.
            return self.again(lambda: self._set(_Target(target.sha, target.ref, None))), True

    def finish_elsewhere(self, posted: CommitStatus) -> bool:
        """
        End what an earlier call left unfinished on another pipeline of the same commit; whether there was such a thing.

        It happens when the project's CI begins after us: the first pipeline would look busy for ever. A pipeline of
        another merge request is none of ours to end, and one of a branch is not while others may wait for it.
        """
        if self.state not in FINAL or self.request.sha is None:
            return False
        sha = self.request.sha
        found = self.again(lambda: self.client.statuses(self.request.project_id, sha, name=self.name))
        left = [
            status
            for status in found
            if status.author_id == self.bot_id
            and status.state not in FINAL
            and status.pipeline_id not in (None, posted.pipeline_id)
            and self._ours(status)
        ]
        for status in left:
            target = _Target(status.sha, status.ref, status.pipeline_id)
            self.again(partial(self._set, target))
        return bool(left)

    def _ours(self, status: CommitStatus) -> bool:
        of_merge_request = _REQUEST_REF.match(status.ref or "")
        return not self.shared if of_merge_request is None else int(of_merge_request[1]) == self.request.iid

    def again(self, call: Callable[[], _T]) -> _T:
        """``call``, a few times where waiting may help."""
        for attempt in range(1, self.tries + 1):
            try:
                return call()
            except (Conflict, RateLimited, Unavailable) as error:
                if attempt == self.tries:
                    raise
                asked = error.retry_after if isinstance(error, RateLimited) else None
                self.sleep(min(asked if asked is not None else 0.5 * 2.0 ** (attempt - 1), self.longest_wait))
        raise AssertionError("unreachable")

    def _stored(self, target: _Target) -> CommitStatus | None:
        """
        Our status on the pipeline that counts, where it is the newest of its name.

        Another user's newer status of the same name hides ours, and is answered with a new one.
        """
        found = self.again(lambda: self.client.statuses(self.request.project_id, target.sha, name=self.name))
        if target.pipeline_id is not None:
            found = [s for s in found if s.pipeline_id in (None, target.pipeline_id)]
        newest = found[-1] if found else None
        return newest if newest is not None and newest.author_id == self.bot_id else None

    def _suffices(self, stored: CommitStatus) -> bool:
        if self.state not in FINAL:
            # The words of an unfinished status cannot be changed, and "running" already says more than "pending".
            return stored.state == self.state or (stored.state, self.state) == ("running", "pending")
        return (stored.state, stored.description, stored.target_url) == (
            self.state,
            self.description,
            self.target_url or "",
        )

    def _set(self, target: _Target) -> CommitStatus:
        return self.client.set_status(
            self.request.project_id,
            target.sha,
            self.state,
            name=self.name,
            ref=target.ref,
            pipeline_id=target.pipeline_id,
            description=self.description or None,
            target_url=self.target_url,
        )


def _shortened(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= LONGEST_TEXT else flat[: LONGEST_TEXT - 1] + "…"


def _address(url: str | None) -> str | None:
    """An address that GitLab takes; a longer or stranger one is left out rather than losing the status."""
    usable = url is not None and len(url) <= LONGEST_TEXT and url.startswith(("http://", "https://"))
    return url if usable else None


def _hint(error: GitLabError, request: MergeRequest) -> str:
    if isinstance(error, Forbidden) and not error.scope:
        return (
            "The bot needs the role Developer. When the source branch "
            f"{request.source_branch!r} is protected, the bot must also be allowed to push or merge there."
        )
    if isinstance(error, NotFound):
        return "GitLab does not know the commit on any branch: it may have been pushed over meanwhile."
    if error.status == 422:
        return "The pipeline has as many jobs as the instance's plan limits allow: raise the limit."
    return error.hint
