"""
Says in time that an exception from the gate ends: where it was asked for, or else in an issue that only members see.

Each is said once. A reminder is remembered after GitLab took it, and one whose answer got lost is found again by its
marker.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from bot.domain.suppression import Suppression
from bot.gitlab.errors import GitLabError, NotFound
from bot.gitlab.markers import Marker, MarkerKind, marker_of, parse, with_marker
from bot.gitlab.model import Discussion, Note
from bot.reports.answers import Ending, reminder_title, render_reminder
from bot.reports.wording import words_in
from bot.services import Services
from bot.store import findings, requests
from bot.store.engine import session, write_session
from bot.store.projects import Project, projects_by_id
from bot.store.requests import ExceptionRequest
from bot.texts import Language

log = structlog.get_logger(__name__)

LONGEST_AHEAD = timedelta(days=365)
"""The most that a policy's ``remind_days`` can be."""
_LONGEST_KEY = 120
"""Characters of a marker's word: so many numbers of suppressions have room in it."""
_AT_ONCE = 200
"""Reminders of one run; the next run sends the others. What GitLab refused does not count, or it would keep the others
waiting for good."""
_PATIENCE = 20
"""Refusals of one run after which a project (an archived one, maybe) has to wait for the next."""


@dataclass(frozen=True, slots=True)
class _Due:
    """An exception of which people are to be told, and where."""

    ending: Ending
    project: Project
    language: Language
    asked: ExceptionRequest | None

    @property
    def number(self) -> int:
        return self.ending.suppression.id


def remind(services: Services, now: datetime) -> int:
    """
    Tell people of the exceptions that end within the days that their project's policy names; returns of how many.

    Only from the configured hour (UTC) on. Where GitLab refuses, the next run tries again.
    """
    if now.hour < services.settings.nightly_hour:
        return 0
    told = 0
    without_thread: dict[int, list[_Due]] = {}
    refused: Counter[int] = Counter()
    for due in _due(services, now):
        if told >= _AT_ONCE:
            break
        if refused[due.project.id] >= _PATIENCE:
            continue
        try:
            where = _say_in_thread(services, due) if due.asked is not None else None
        except GitLabError as error:
            log.warning("reminder not sent", suppression=due.number, error=str(error))
            refused[due.project.id] += 1
            continue
        if where is None:
            without_thread.setdefault(due.project.id, []).append(due)
        else:
            _remember(services, [due], now, where)
            told += 1
    for waiting in without_thread.values():
        if told >= _AT_ONCE:
            break
        try:
            told += _say_in_issues(services, waiting[: _AT_ONCE - told], now)
        except GitLabError as error:
            # A project without issues answers 403 or 404, each time.
            log.warning("reminder not sent", project=waiting[0].project.path, error=str(error))
    if told:
        log.info("people were reminded of exceptions that end", count=told)
    return told


def _due(services: Services, now: datetime) -> list[_Due]:
    with session(services.store) as reading:
        soon = requests.due_reminders(reading, now + LONGEST_AHEAD)
        owners = projects_by_id(reading, {made.project_id for made in soon if made.project_id is not None})
        asked = requests.requests_of(reading, [made.id for made in soon])
    if not soon:
        return []
    document, found = services.policy(), []
    for made in soon:
        project = owners.get(made.project_id or 0)
        if project is None or not services.settings.serves(project.path):
            continue
        policy = document.for_project(project.path)
        ahead = timedelta(days=policy.suppressions.remind_days)
        if made.expires_at - now <= ahead and policy.suppressions.remind_days > 0:
            ending = Ending(made, _title(services, made, policy.language))
            found.append(_Due(ending, project, policy.language, asked.get(made.id)))
    return found


def _title(services: Services, made: Suppression, language: Language) -> str:
    if made.finding_id is None:
        return ""
    with session(services.store) as reading:
        known = findings.get(reading, made.finding_id)
    return "" if known is None else words_in(language).words_of(known.finding).title


def _say_in_thread(services: Services, due: _Due) -> str | None:
    """Where it was said, now or by an earlier run; None where the discussion is gone. Raises ``GitLabError``."""
    assert due.asked is not None
    where = (due.asked.project_id, due.asked.iid)
    try:
        discussions = services.gitlab.discussions(*where)
    except NotFound:
        return None
    marker = Marker(MarkerKind.REMINDER, _key([due]))
    note = _reminder_note(discussions, services.bot_user.id, marker)
    thread = next((one for one in discussions if one.id == due.asked.discussion_id), None)
    if note is None and thread is not None:
        body = with_marker(render_reminder([due.ending], due.language), marker)
        if thread.individual:
            # A reply would make a thread of it, which somebody had to resolve before the merge.
            note = services.gitlab.create_note(*where, body)
        else:
            note = services.gitlab.reply(*where, thread.id, body)
    return None if note is None else f"{due.project.web_url}/-/merge_requests/{due.asked.iid}#note_{note.id}"


def _reminder_note(discussions: Sequence[Discussion], bot_id: int, marker: Marker) -> Note | None:
    for discussion in discussions:
        for note in discussion.notes:
            found = marker_of(note, bot_id)
            if found is not None and (found.kind, found.fingerprint) == (marker.kind, marker.fingerprint):
                return note
    return None


def _say_in_issues(services: Services, waiting: Sequence[_Due], now: datetime) -> int:
    """In as few issues as markers have room for; how many were told of. Raises ``GitLabError``."""
    project = waiting[0].project
    said = _said_in_issues(services, project.id)
    for due in waiting:
        if due.number in said:
            _remember(services, [due], now, said[due.number])
    told = sum(due.number in said for due in waiting)
    for batch in _batches([due for due in waiting if due.number not in said]):
        language = batch[0].language
        first = min(due.ending.suppression.expires_at for due in batch).date()
        text = render_reminder([due.ending for due in batch], language)
        issue = services.gitlab.create_issue(
            project.id,
            reminder_title(language, len(batch), first),
            with_marker(text, Marker(MarkerKind.REMINDER, _key(batch))),
            confidential=True,
        )
        _remember(services, batch, now, issue.url)
        told += len(batch)
    return told


def _said_in_issues(services: Services, project_id: int) -> dict[int, str]:
    """Suppressions that an issue of ours speaks of, with its address."""
    bot_id = services.bot_user.id
    found: dict[int, str] = {}
    for issue in services.gitlab.issues_by(project_id, bot_id):
        marker = parse(issue.description)[1]
        if marker is not None and marker.kind is MarkerKind.REMINDER and issue.author_id == bot_id:
            found.update((int(word), issue.url) for word in marker.fingerprint.split(".") if word.isdecimal())
    return found


def _batches(waiting: Sequence[_Due]) -> Iterator[list[_Due]]:
    batch: list[_Due] = []
    for due in sorted(waiting, key=lambda due: (due.ending.suppression.expires_at, due.number)):
        if batch and len(_key([*batch, due])) > _LONGEST_KEY:
            yield batch
            batch = []
        batch.append(due)
    if batch:
        yield batch


def _key(batch: Sequence[_Due]) -> str:
    return "s." + ".".join(str(due.number) for due in batch)


def _remember(services: Services, batch: Sequence[_Due], now: datetime, where: str) -> None:
    with write_session(services.store) as writing:
        for due in batch:
            requests.add_reminder(writing, due.number, now, where)
