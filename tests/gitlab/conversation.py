"""A conversation in memory that obeys a plan, and wanted conversations to plan for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import PurePosixPath

from bot.domain.conversation import WantedConversation, WantedThread
from bot.gitlab.comments import (
    CommentPlan,
    CreateSummary,
    CreateThread,
    DeleteNote,
    EditNote,
    Reply,
    SetResolved,
    plan_comments,
)
from bot.gitlab.model import DiffRefs, Discussion, Note, Position
from bot.gitlab.positions import LinePosition
from scanners.finding import Location

BOT, AUTHOR, REVIEWER = 1, 2, 3
REFS = DiffRefs("b", "s", "h")


def thread(
    fingerprint: str = "fp1",
    *,
    body: str = "#### A finding",
    path: str = "app.py",
    line: int = 30,
    blocks: bool = True,
    scanners: tuple[str, ...] = ("semgrep",),
) -> WantedThread:
    return WantedThread(fingerprint, body, Location(PurePosixPath(path), line, line), blocks, scanners)


def wanted(
    *threads: WantedThread,
    summary: str = "## Summary",
    present: Iterable[str] = (),
    silent: Iterable[str] = (),
    unread: Iterable[str] = (),
) -> WantedConversation:
    every = frozenset(t.fingerprint for t in threads) | frozenset(present)
    return WantedConversation(summary, threads, every, frozenset(silent), frozenset(unread))


def at_line(*threads: WantedThread) -> dict[str, LinePosition]:
    return {
        t.fingerprint: LinePosition(str(t.location.path), str(t.location.path), None, t.location.start_line)
        for t in threads
    }


class FakeConversation:
    """Discussions that change as GitLab would change them."""

    def __init__(self) -> None:
        self.discussions: list[Discussion] = []
        self._next = 100

    def _number(self) -> int:
        self._next += 1
        return self._next

    def plan(self, want: WantedConversation) -> CommentPlan:
        return plan_comments(want, self.discussions, bot_id=BOT, positions=at_line(*want.threads))

    def settle(self, want: WantedConversation) -> CommentPlan:
        """Plan and obey; returns what was planned."""
        plan = self.plan(want)
        self.obey(plan)
        return plan

    def obey(self, plan: CommentPlan) -> None:
        for step in plan.steps:
            match step:
                case CreateSummary(body):
                    self.add(BOT, body, individual=True)
                case CreateThread(_, position, line_body, other_body):
                    if isinstance(position, LinePosition):
                        place = Position("text", REFS, position.old_path, position.new_path, None, position.new_line)
                        self.add(BOT, line_body, position=place)
                    else:
                        self.add(BOT, other_body)
                case EditNote(_, note_id, body):
                    self._change(lambda n, i=note_id, b=body: replace(n, body=b) if n.id == i else n)
                case SetResolved(_, discussion_id, resolved):
                    self.resolve(discussion_id, BOT, resolved)
                case Reply(_, discussion_id, body):
                    self.reply(discussion_id, BOT, body)
                case DeleteNote(_, note_id):
                    kept = [replace(d, notes=tuple(n for n in d.notes if n.id != note_id)) for d in self.discussions]
                    self.discussions = [d for d in kept if d.notes]

    def add(
        self,
        author: int,
        body: str,
        *,
        individual: bool = False,
        position: Position | None = None,
        system: bool = False,
    ) -> Discussion:
        number = self._number()
        note = Note(number, author, f"u{author}", body, system, not individual and not system, position=position)
        made = Discussion(f"d{number}", individual or system, (note,))
        self.discussions.append(made)
        return made

    def reply(self, discussion_id: str, author: int, body: str) -> None:
        self.discussions = [
            replace(
                d,
                notes=(
                    *d.notes,
                    Note(
                        self._number(),
                        author,
                        f"u{author}",
                        body,
                        resolvable=True,
                        resolved=d.resolved,
                        resolved_by=author if d.resolved else None,
                    ),
                ),
            )
            if d.id == discussion_id
            else d
            for d in self.discussions
        ]

    def resolve(self, discussion_id: str, by: int, resolved: bool = True) -> None:
        self.discussions = [
            replace(
                d,
                notes=tuple(
                    replace(n, resolved=resolved, resolved_by=(n.resolved_by or by) if resolved else None)
                    if n.resolvable
                    else n
                    for n in d.notes
                ),
            )
            if d.id == discussion_id
            else d
            for d in self.discussions
        ]

    def _change(self, change: object) -> None:
        assert callable(change)
        self.discussions = [replace(d, notes=tuple(change(n) for n in d.notes)) for d in self.discussions]

    def threads(self) -> Sequence[Discussion]:
        return [d for d in self.discussions if d.resolvable]
