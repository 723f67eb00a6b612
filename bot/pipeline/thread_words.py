"""
Whose resolving of a thread is a second person's word that a *changed* finding may stay as it is.

It is worth what ``/mw confirm`` from the same person at the same moment would be: a click must not do what a command
may not.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import structlog

from bot.domain.authority import Person, ruling
from bot.domain.command import Verb
from bot.domain.policy import Policy
from bot.domain.verdict import Presence, TrackedFinding
from bot.gitlab.markers import key_of
from bot.gitlab.model import MergeRequest, Note
from bot.pipeline.people import CannotTell, person_of, seen_from_finding
from bot.services import Services
from bot.store import commands, tracking
from bot.store.engine import session
from bot.store.tracking import Ref

log = structlog.get_logger(__name__)


def confirmed_by(
    services: Services,
    request: MergeRequest,
    ref: Ref,
    policy: Policy,
    tracked: Iterable[TrackedFinding],
    resolved: Mapping[str, Note],
) -> frozenset[str]:
    """
    Fingerprints of the *changed* findings of which somebody who may said so by resolving their thread.

    ``resolved`` has by key the note of each thread that somebody else than bot and author resolved, see
    ``bot.gitlab.comments.confirmations``. What was resolved before the code as it is now was shown does not count.
    Raises ``GitLabError`` where GitLab does not answer.
    """
    changed = [
        item for item in tracked if item.presence is Presence.CHANGED and key_of(item.finding.fingerprint) in resolved
    ]
    if not changed:
        return frozenset()
    with session(services.store) as reading:
        edited = tracking.edited_on(reading, ref)
    people: dict[int, Person | None] = {}
    found = set()
    for item in changed:
        note = resolved[key_of(item.finding.fingerprint)]
        assert note.resolved_by is not None
        if note.resolved_by not in people:
            people[note.resolved_by] = _person(services, request, policy, note.resolved_by, note.resolved_by_username)
        person = people[note.resolved_by]
        if person is None:
            continue
        with session(services.store) as reading:
            if item.number is not None:
                person = seen_from_finding(reading, person, item.number)
                since = edited.get(item.number)
                shown = commands.shown_since(reading, request.project_id, request.iid, since) if since else None
                if since is not None and (shown is None or note.resolved_at is None or note.resolved_at < shown):
                    continue
        if ruling(person, Verb.CONFIRM, policy.suppressions, severity=item.finding.severity).allowed:
            found.add(item.finding.fingerprint)
    return frozenset(found)


def _person(services: Services, request: MergeRequest, policy: Policy, user_id: int, username: str) -> Person | None:
    try:
        return person_of(services, request, user_id, username, security_group=policy.people.security_group)
    except CannotTell as error:
        log.warning("resolved threads confirm nothing", reason=str(error), hint=error.hint)
        return None
