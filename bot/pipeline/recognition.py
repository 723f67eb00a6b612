"""
For a scan on a developer's or CI's machine: which of the findings that the store knows are these? Nothing is written.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Engine

from bot.domain import explanations
from bot.domain.identity import Pool, identify
from bot.domain.verdict import Presence, TrackedFinding
from bot.pipeline.tracking import History, changes_between
from bot.store import projects, tracking
from bot.store.engine import session
from bot.store.tracking import OWN, Ref


def recognise(
    store: Engine, history: History | None, project_path: str, tracked: Sequence[TrackedFinding], head: str
) -> tuple[int | None, tuple[TrackedFinding, ...], dict[int, datetime | None]]:
    """
    The project's number (None when the store does not know it), the findings with theirs, and when each was edited.

    Compared with the default branch as the bot, and tools whose reports were imported, saw it last. ``head`` is the
    commit or tree that was scanned.
    """
    with session(store) as reading:
        project = projects.find_by_path(reading, project_path)
        if project is None or project.default_branch is None:
            return (None if project is None else project.id), tuple(tracked), {}
        state = tracking.stream_state(reading, Ref(project.id, project.default_branch), OWN)
        seen = [(state.commit, tracking.known_in_stream(reading, state)), *tracking.known_on_ref(reading, state)]
    known = {number: item for _, there in reversed(seen) for number, item in there.items()}
    if not known:
        return project.id, tuple(tracked), {}
    pools = [
        Pool({n: item.finding for n, item in there.items()}, changes_between(history, commit, head))
        for commit, there in seen
    ]
    present = [index for index, item in enumerate(tracked) if item.presence is not Presence.FIXED]
    found = list(tracked)
    for index, identity in zip(present, identify([tracked[i].finding for i in present], pools), strict=True):
        if identity.number is None:
            continue
        item = tracked[index]
        # In a scan of everything there is no base, and what the store knows is all that can be said.
        if item.presence is Presence.NEW:
            why = identity.explanation
        else:
            why = explanations.SAME_AS.format(count=identity.number, sentence=item.explanation)
        found[index] = replace(item, number=identity.number, explanation=why)
    edited = {number: item.changed_at for number, item in known.items()}
    return project.id, tuple(found), edited
