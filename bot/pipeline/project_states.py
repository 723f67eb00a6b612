"""
Puts together how a project stands with the gate, from the store alone.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from bot.domain.project_state import ProjectState
from bot.domain.suppression import Standing
from bot.services import Services
from bot.store import enforcement, incidents, overview, projects, suppressions, tracking, wishes
from bot.store.engine import session
from bot.store.tracking import OWN, Ref

MOST_ROWS = 100
"""Of each list."""
_SOON = timedelta(days=14)


def project_state(services: Services, project_id: int, now: datetime) -> ProjectState | None:
    """What is known of a project; None for one that we do not know. A fixed number of statements."""
    with session(services.store) as reading:
        project = projects.get_project(reading, project_id)
        if project is None:
            return None
        known = enforcement.stored(reading, project_id)
        branch = project.default_branch
        baseline = tracking.stream_state(reading, Ref(project_id, branch), OWN) if branch is not None else None
        exceptions = suppressions.all_for(reading, project_id)
        standing = [(made, made.standing(now)) for made in exceptions]
        return ProjectState(
            project_id=project_id,
            path=project.path,
            url=project.web_url,
            default_branch=branch,
            enforcement=known.enforcement if known is not None and known.checked_at is not None else None,
            checked_at=known.checked_at if known is not None else None,
            hook_seen_at=known.hook_seen_at if known is not None else None,
            baseline_commit=baseline.commit if baseline is not None else None,
            baseline_at=baseline.seen_at if baseline is not None else None,
            merge_requests=overview.open_merge_requests(reading, project_id, limit=MOST_ROWS),
            open_merge_requests=overview.count_open(reading, project_id),
            incidents=incidents.page(reading, project_id=project_id, limit=MOST_ROWS),
            open_incidents=sum(incidents.open_counts(reading, project_id).values()),
            wishes=wishes.open_wishes(reading, project_id, limit=MOST_ROWS),
            waiting=tuple(made for made, where in standing if where is Standing.WAITING)[:MOST_ROWS],
            ending=tuple(
                made for made, where in standing if where is Standing.IN_FORCE and made.expires_at - now < _SOON
            )[:MOST_ROWS],
        )
