"""
Carries out the commands in notes, and answers them.

A note is obeyed once and as it was written: what it brings about and the row that remembers it are one transaction, and
whatever comes after that (the answer, the reaction) is done again until GitLab has it. Who may do what is decided by
``bot.domain.authority``; nothing is decided where GitLab does not say who somebody is.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import structlog

from bot.domain.authority import Person
from bot.domain.command import ABOUT_FINDINGS, Command, Misread, Result, Verb, parse_commands, text_digest
from bot.domain.job import HandleNote
from bot.domain.policy import Policy
from bot.errors import ConfigurationError
from bot.gitlab.errors import GitLabError
from bot.gitlab.markers import Marker, MarkerKind, marker_of, with_marker
from bot.gitlab.model import Discussion, MergeRequest, Note, Project
from bot.pipeline.decisions import judge_again
from bot.pipeline.engine import JobQueue
from bot.pipeline.failing import explain
from bot.pipeline.git import GitError, branch_ref, branch_refspec
from bot.pipeline.mirrors import mirror_of
from bot.pipeline.people import CannotTell, person_of
from bot.pipeline.policies import project_policy
from bot.pipeline.submission import submit
from bot.pipeline.turn import Place, Reply, Turn
from bot.reports.answers import Said, answers_in, compose
from bot.services import Services
from bot.store import audit, commands
from bot.store.commands import HandledNote
from bot.store.engine import session, write_session

log = structlog.get_logger(__name__)

REACTIONS = {
    Result.DONE: "thumbsup",
    Result.UNCHANGED: "thumbsup",
    Result.REQUESTED: "eyes",
    Result.MISREAD: "warning",
    Result.EDITED: "warning",
    Result.REFUSED: "no_entry_sign",
}
"""Emoji by GitLab's names. An answer that was asked for needs none, and a stranger gets none."""
_RANKS = {result: rank for rank, result in enumerate(Result)}
_NO_SUCH_TEXT = "0" * 64
"""Digest of no text at all."""


def handle_note(services: Services, queue: JobQueue, project_id: int, iid: int, note_id: int, digest: str) -> str:
    """
    Carry out the commands of a note whose text had this ``digest`` when it was announced; returns what came of them.

    Doing it twice is doing it once. Raises ``GitLabError`` and ``GitError``; what has been decided by then is kept, and
    the next attempt answers it.
    """
    with session(services.store) as reading:
        handled = commands.get(reading, project_id, note_id)
    if handled is not None and handled.answered:
        return handled.result.value
    request = services.gitlab.merge_request(project_id, iid)
    discussions = services.gitlab.discussions(project_id, iid)
    place = _place_of(discussions, note_id)
    if handled is None:
        if place is None:
            log.info("note is gone", note_id=note_id)
            return "gone"
        if place.note.system or place.note.internal or place.note.author_id == services.bot_user.id:
            return "not_for_us"
        handled = _Note(services, queue, request, place).carry_out(digest)
        if handled is None:
            return "no_command"
    _answer(services, handled, discussions, place)
    return handled.result.value


def missed_commands(
    discussions: Iterable[Discussion],
    known_notes: Collection[int],
    bot_id: int,
    since: datetime,
    *,
    project_id: int,
    iid: int,
) -> tuple[HandleNote, ...]:
    """
    Notes with commands that no delivery announced: GitLab does not deliver a webhook again that failed. Pure.

    ``known_notes`` are those that were answered (``bot.store.commands.known_notes``); what is older than ``since`` is
    nobody's wish any more. A note that was changed since it was written is not obeyed, and whoever wrote it is told so.
    """
    return tuple(
        HandleNote(project_id, iid, note.id, text_digest(note.body) if _untouched(note) else _NO_SUCH_TEXT)
        for discussion in discussions
        for note in discussion.notes
        if not note.system
        and not note.internal
        and note.author_id not in (bot_id, 0)
        and note.id not in known_notes
        and note.created_at is not None
        and note.created_at >= since
        and parse_commands(note.body)
    )


def _untouched(note: Note) -> bool:
    return note.updated_at is None or note.updated_at == note.created_at


# --- where a note stands ----------------------------------------------------------------------------------------------


def _place_of(discussions: Iterable[Discussion], note_id: int) -> Place | None:
    for discussion in discussions:
        for note in discussion.notes:
            if note.id == note_id:
                return Place(discussion, note)
    return None


# --- one note ---------------------------------------------------------------------------------------------------------


@dataclass
class _Note:
    """The work on one note."""

    services: Services
    queue: JobQueue
    request: MergeRequest
    place: Place

    def carry_out(self, digest: str) -> HandledNote | None:
        """Decide and remember, in one transaction; None where the note holds no command."""
        note, now = self.place.note, datetime.now(UTC)
        asked = parse_commands(note.body)
        as_announced = text_digest(note.body) == digest
        if as_announced and not asked:
            return None
        project = self.services.gitlab.project(self.request.project_id)
        wrong = ""
        try:
            policy = self._policy(project)
        except ConfigurationError as error:
            # Whoever runs Mergewarden has to mend it; waiting for that would leave the writer without an answer.
            policy, wrong = Policy(language=self.services.settings.language), explain(error)
        answers = answers_in(policy.language)
        person, hidden = self._person(policy, asked)
        turn = Turn(self.services, self.request, self.place, policy, answers, person, hidden, now)
        with write_session(self.services.store) as writing:
            handled = HandledNote(
                project_id=self.request.project_id,
                iid=self.request.iid,
                note_id=note.id,
                discussion_id=self.place.discussion.id,
                actor_id=note.author_id,
                actor=note.author_username,
                verb="",
                result=Result.IGNORED,
                answer="",
                answered=False,
                at=now,
            )
            # First of all, so that whoever does the same at this moment waits here, and then finds it done.
            if not commands.record(writing, handled):
                done = commands.get(writing, self.request.project_id, note.id)
                assert done is not None
                return done
            if as_announced and not wrong:
                replies = [turn.do(writing, command) for command in asked]
            elif not person.is_member:
                asked, replies = (), [Reply(Result.IGNORED)]
            elif wrong:
                asked, replies = (), [Reply(Result.REFUSED, answers.not_possible(wrong))]
            else:
                asked, replies = (), [Reply(Result.EDITED, answers.edited())]
            lines = [one.line for one in asked] or [note.body.strip().partition("\n")[0]]
            handled = replace(
                handled,
                verb=_verb(asked),
                result=max((reply.result for reply in replies), key=_RANKS.__getitem__),
                answer=compose(
                    [Said(line, reply.text) for line, reply in zip(lines, replies, strict=True)],
                    alone=self.place.discussion.individual,
                ),
            )
            commands.conclude(
                writing,
                handled.project_id,
                handled.note_id,
                verb=handled.verb,
                result=handled.result,
                answer=handled.answer,
            )
            judge_again(writing, lambda: self.queue, sorted(turn.affected), token=f"note.{note.id}")
            for number, job in enumerate(turn.jobs):
                submit(writing, self.queue, job, token=f"note.{note.id}.{number}")
            audit.append_many(writing, turn.acts)
        log.info("command", verb=handled.verb, result=handled.result.value, note_id=note.id, actor_id=note.author_id)
        return handled

    def _person(self, policy: Policy, asked: Sequence[Command | Misread]) -> tuple[Person, CannotTell | None]:
        """Who wrote it, and why that is not known as far as the security group goes."""
        group = policy.people.security_group
        # Whoever only asks for help need not be looked up in groups.
        decides = any(isinstance(one, Command) and one.verb in ABOUT_FINDINGS - {Verb.EXPLAIN} for one in asked)
        note, hidden = self.place.note, None
        try:
            person = person_of(
                self.services,
                self.request,
                note.author_id,
                note.author_username,
                security_group=group if decides else None,
            )
        except CannotTell as error:
            hidden = error
            person = person_of(self.services, self.request, note.author_id, note.author_username, security_group=None)
        return person, hidden

    def _policy(self, project: Project) -> Policy:
        """The policy as the last verdict used it: that of the target branch as it was last fetched."""
        mirror = mirror_of(self.services, project)
        ref = branch_ref(self.request.target_branch)
        try:
            target = mirror.resolve(ref)
        except GitError:
            # Another host scanned it, or nobody has.
            mirror.fetch([branch_refspec(self.request.target_branch)])
            target = mirror.resolve(ref)
        return project_policy(self.services.policy(), project.path, mirror, target)[0]


def _verb(asked: Sequence[Command | Misread]) -> str:
    words = [one.verb.value if one.verb is not None else "unknown" for one in asked]
    if not words:
        return "none"
    return words[0] if len(words) == 1 else f"{words[0]} +{len(words) - 1}"


# --- the answer -------------------------------------------------------------------------------------------------------


def _answer(services: Services, handled: HandledNote, discussions: Sequence[Discussion], place: Place | None) -> None:
    """Have GitLab show what came of a note: words where there are some, else a reaction; once, however often tried."""
    bot_id = services.bot_user.id
    where = (handled.project_id, handled.iid)
    marker = Marker(MarkerKind.ANSWER, f"note.{handled.note_id}")
    try:
        if handled.answer and place is not None and not _is_answered(discussions, bot_id, marker):
            body = with_marker(handled.answer, marker)
            if place.discussion.individual:
                # A reply would make a thread of it, which somebody had to resolve before the merge.
                services.gitlab.create_note(*where, body)
            else:
                services.gitlab.reply(*where, place.discussion.id, body)
        if place is not None and handled.result in REACTIONS:
            services.gitlab.award(*where, handled.note_id, REACTIONS[handled.result])
    except GitLabError as error:
        if error.retryable:
            raise
        # The conversation is locked, or the note was deleted at this moment: what was decided holds all the same.
        log.warning("command is not answered", note_id=handled.note_id, error=str(error))
    with write_session(services.store) as writing:
        commands.mark_answered(writing, handled.project_id, handled.note_id)


def _is_answered(discussions: Iterable[Discussion], bot_id: int, marker: Marker) -> bool:
    """Whether an earlier attempt's answer is there, which may have come through although GitLab did not say so."""
    found = (marker_of(note, bot_id) for discussion in discussions for note in discussion.notes)
    return any(one is not None and (one.kind, one.fingerprint) == (marker.kind, marker.fingerprint) for one in found)
