"""
Carries out a comment plan. One step that fails never loses the others.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Protocol, TypeVar

from bot.gitlab.comments import (
    CommentPlan,
    CreateSummary,
    CreateThread,
    DeleteNote,
    EditNote,
    Reply,
    SetResolved,
    Step,
)
from bot.gitlab.errors import GitLabError, Invalid, NotFound, RateLimited, Unauthorized, Unavailable
from bot.gitlab.markers import MarkerKind, marker_of, normalised
from bot.gitlab.model import DiffRefs, Discussion, MergeRequest, Note, Version
from bot.gitlab.positions import LinePosition

T = TypeVar("T")


class ConversationClient(Protocol):
    """The part of ``GitLabClient`` that publishing needs."""

    def versions(self, project_id: int, iid: int) -> list[Version]:
        """Versions of the diff, newest first."""
        ...

    def discussions(self, project_id: int, iid: int) -> list[Discussion]:
        """Every discussion."""
        ...

    def create_discussion(
        self, project_id: int, iid: int, body: str, position: Mapping[str, object] | None = None
    ) -> Discussion:
        """Begin a thread."""
        ...

    def reply(self, project_id: int, iid: int, discussion_id: str, body: str) -> Note:
        """Write into a thread."""
        ...

    def create_note(self, project_id: int, iid: int, body: str) -> Note:
        """Write a plain note."""
        ...

    def edit_note(self, project_id: int, iid: int, note_id: int, body: str) -> Note:
        """Put other words into a note."""
        ...

    def delete_note(self, project_id: int, iid: int, note_id: int) -> None:
        """Remove a note."""
        ...

    def resolve(self, project_id: int, iid: int, discussion_id: str, *, resolved: bool = True) -> Discussion:
        """Resolve a thread or open it again."""
        ...


@dataclass(frozen=True, slots=True)
class Patience:
    """How long publishing may wait for GitLab, in seconds."""

    tries: int = 4
    """Of one step."""
    longest_wait: float = 30.0
    """Of one wait, whatever ``Retry-After`` says."""
    total: float = 120.0
    """Of all waits together; after that each remaining step is tried once."""


@dataclass(frozen=True, slots=True)
class Failure:
    """A step that did not work."""

    what: str
    """Fingerprint key, or ``summary``."""
    error: GitLabError


@dataclass(frozen=True, slots=True)
class PublishResult:
    """What became of a plan; fingerprint keys, or ``summary``."""

    created: tuple[str, ...] = ()
    edited: tuple[str, ...] = ()
    resolved: tuple[str, ...] = ()
    reopened: tuple[str, ...] = ()
    replied: tuple[str, ...] = ()
    deleted: tuple[str, ...] = ()
    failed: tuple[Failure, ...] = ()
    displaced: tuple[str, ...] = ()
    """Created, but not on their line."""
    altered: tuple[str, ...] = ()
    """Stored by GitLab otherwise than we sent it: GitLab took a part of the text for something of its own."""
    stopped: bool = False
    """The merge request moved on, so the rest was left to the newer scan."""

    @property
    def complete(self) -> bool:
        """Whether everything that was planned is there."""
        return not self.failed and not self.stopped


def publish_comments(
    client: ConversationClient,
    request: MergeRequest,
    plan: CommentPlan,
    *,
    still_current: Callable[[], bool] = lambda: True,
    sleep: Callable[[float], None] = time.sleep,
    patience: Patience | None = None,
) -> PublishResult:
    """
    Carry out ``plan`` on ``request``, which carries the diff refs that the plan's positions belong to.

    ``still_current`` is asked before each step; when it says no, the rest is left. Raises nothing of GitLab's: what
    failed is in the result. A dead token ends it, because every other step would fail the same way.
    """
    run = _Run(client, request, plan.bot_id, sleep, patience or Patience())
    for number, step in enumerate(plan.steps):
        if not still_current():
            run.stopped = True
            break
        try:
            run.do(step)
        except Unauthorized as error:
            run.failed += [Failure(_name(left), error) for left in plan.steps[number:]]
            break
        except GitLabError as error:
            run.failed.append(Failure(_name(step), error))
    return run.result()


def _name(step: Step) -> str:
    if isinstance(step, CreateSummary):
        return "summary"
    return step.what if isinstance(step, (EditNote, DeleteNote)) else step.fingerprint


@dataclass
class _Run:
    """One publication under way."""

    client: ConversationClient
    request: MergeRequest
    bot_id: int
    sleep: Callable[[float], None]
    patience: Patience
    waited: float = 0.0
    stopped: bool = False
    failed: list[Failure] = field(default_factory=list)
    done: dict[str, list[str]] = field(default_factory=dict)
    _newest: DiffRefs | None = None

    def result(self) -> PublishResult:
        lists = {kind: tuple(names) for kind, names in self.done.items()}
        return PublishResult(**lists, failed=tuple(self.failed), stopped=self.stopped)

    def do(self, step: Step) -> None:
        where = (self.request.project_id, self.request.iid)
        match step:
            case CreateSummary(body):
                self._once(body, lambda: self.client.create_note(*where, body))
                self._record("created", "summary")
            case CreateThread():
                self._create(step)
                self._record("created", step.fingerprint)
            case EditNote(what, note_id, body):
                stored = self._patiently(lambda: self.client.edit_note(*where, note_id, body))
                self._compare(what, body, stored.body)
                self._record("edited", what)
            case SetResolved(key, discussion_id, resolved):
                self._patiently(lambda: self.client.resolve(*where, discussion_id, resolved=resolved))
                self._record("resolved" if resolved else "reopened", key)
            case Reply(key, discussion_id, body):
                self._once(body, lambda: self.client.reply(*where, discussion_id, body))
                self._record("replied", key)
            case DeleteNote(what, note_id):
                self._delete(note_id)
                self._record("deleted", what)

    def _record(self, kind: str, what: str) -> None:
        self.done.setdefault(kind, []).append(what)

    def _compare(self, what: str, sent: str, stored: str) -> None:
        if normalised(sent) != normalised(stored):
            self._record("altered", what)

    def _delete(self, note_id: int) -> None:
        try:
            self._patiently(lambda: self.client.delete_note(self.request.project_id, self.request.iid, note_id))
        except NotFound:
            # Somebody was faster, or an earlier try worked.
            return

    def _create(self, step: CreateThread) -> None:
        """On the line, else on the file, else on the overview: a finding without a perfect place is still said."""
        refused: GitLabError | None = None
        for position in self._places(step):
            at_line = position is not None and position["position_type"] == "text"
            body = step.body_at_line if at_line else step.body_elsewhere
            try:
                self._once(body, partial(self._post, body, position))
            except (Invalid, Unavailable) as error:
                if position is None or not _about_position(error):
                    raise
                refused = error
                continue
            if not at_line:
                self._record("displaced", step.fingerprint)
            return
        assert refused is not None
        raise refused

    def _post(self, body: str, position: Mapping[str, object] | None) -> Note:
        made = self.client.create_discussion(self.request.project_id, self.request.iid, body, position)
        return made.notes[0]

    def _places(self, step: CreateThread) -> Iterator[Mapping[str, object] | None]:
        refs = self._newest or self.request.diff_refs
        if step.position is not None:
            if refs is not None:
                yield step.position.to_api(refs)
            # Refused, so perhaps the target branch moved and GitLab made a new version. After a push, though, our line
            # numbers would belong to another text.
            newest = self._refetched()
            if newest is not None and newest != refs and newest.head_sha == self.request.sha:
                yield step.position.to_api(newest)
            latest = newest or refs
            if latest is not None and isinstance(step.position, LinePosition):
                yield step.position.file.to_api(latest)
        yield None

    def _refetched(self) -> DiffRefs | None:
        if self._newest is None:
            try:
                versions = self._patiently(lambda: self.client.versions(self.request.project_id, self.request.iid))
            except GitLabError:
                return None
            self._newest = versions[0].refs if versions else None
        return self._newest

    def _once(self, body: str, post: Callable[[], Note]) -> None:
        """
        Post ``body`` exactly once.

        When the answer got lost, the note may still be there: look before posting again.
        """
        stored = self._patiently(post, lost=lambda: self._find(body))
        self._compare(_key(stored, self.bot_id), body, stored.body)

    def _find(self, body: str) -> Note | None:
        for discussion in self.client.discussions(self.request.project_id, self.request.iid):
            for note in discussion.notes:
                if note.author_id == self.bot_id and normalised(note.body) == normalised(body):
                    return note
        return None

    def _patiently(self, call: Callable[[], T], *, lost: Callable[[], T | None] | None = None) -> T:
        """``call``, again where it makes sense. ``lost`` finds what a call without an answer did after all."""
        tries = self.patience.tries
        for attempt in range(1, tries + 1):
            try:
                return call()
            except GitLabError as error:
                # GitLab answers 500 to some broken positions, always.
                allowed = min(tries, 2) if error.status == 500 else tries
                if not error.retryable or attempt >= allowed:
                    raise
                if not self._wait(error, attempt):
                    raise
                if isinstance(error, Unavailable) and lost is not None and (found := lost()) is not None:
                    return found
        raise AssertionError("unreachable")

    def _wait(self, error: GitLabError, attempt: int) -> bool:
        asked = error.retry_after if isinstance(error, RateLimited) else None
        seconds = min(asked if asked is not None else 0.5 * 2.0**attempt, self.patience.longest_wait)
        if self.waited + seconds > self.patience.total:
            return False
        self.waited += seconds
        self.sleep(seconds)
        return True


def _key(note: Note, bot_id: int) -> str:
    marker = marker_of(note, bot_id)
    if marker is None:
        return "unknown"
    return "summary" if marker.kind is MarkerKind.SUMMARY else marker.fingerprint


def _about_position(error: GitLabError) -> bool:
    """Whether another place may be accepted. 500 is what old versions say to a position that confuses them."""
    if isinstance(error, Invalid):
        return bool(error.fields & {"line_code", "position", "noteable", "line_range"}) or "diff" in str(error)
    return error.status == 500
