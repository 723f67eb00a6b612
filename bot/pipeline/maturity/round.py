"""
What the parts of one round of collecting share: the project, how far each source was read, and its mirror.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

import structlog
from sqlalchemy.orm import Session

from bot.errors import MergewardenError
from bot.gitlab.model import Project
from bot.pipeline.git import Mirror, RefNotFound, branch_refspec, commit_refspec
from bot.pipeline.maturity.changes import Changes
from bot.pipeline.mirrors import folder_of, mirror_of
from bot.services import Services
from bot.store.engine import session, write_session
from bot.store.maturity import collected
from bot.store.maturity.collected import Progress

if TYPE_CHECKING:
    from bot.gitlab.client import GitLabClient

log = structlog.get_logger(__name__)

_MOST_FETCHED = 500
_MOST_FETCHED_ALONE = 50


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much one round asks for at most."""

    pages: int = 10
    """Of each list."""
    details: int = 100
    """Pipelines of which jobs and duration are asked for: two requests each, or a few more for hundreds of jobs."""
    judged: int = 50
    """Releases of which git is asked whether they were cleared."""
    coverage: int = 10
    """Merges whose coverage reports are looked for."""


BOUNDS = Bounds()


@dataclass
class Round:
    """One round of collecting one project."""

    services: Services
    client: GitLabClient
    project: Project
    branch: str
    now: datetime
    bounds: Bounds
    known: dict[str, Progress] = field(default_factory=dict)
    _mirror: Mirror | None = None
    _fetched: bool = False
    """Whether the branch was fetched in this round."""

    def __post_init__(self) -> None:
        with session(self.services.store) as reading:
            self.known = collected.progress(reading, self.project.id)

    @property
    def start(self) -> datetime:
        """Where a first round begins."""
        return datetime.combine(self.first_day, time(), UTC)

    @property
    def first_day(self) -> date:
        """The first day that a first round knows everything of."""
        return self.now.date() - timedelta(days=self.services.settings.maturity_history_days)

    def progress(self, source: str) -> Progress:
        """How far a source was read; empty for one that never was."""
        return self.known.get(source, Progress())

    def note_problem(self, source: str, error: MergewardenError) -> None:
        """A source could not be read, or not to its end; what was read stays."""
        text = str(error).splitlines()[0] if str(error) else type(error).__name__
        log.warning("not collected", project_id=self.project.id, source=source, reason=text, hint=error.hint)
        with write_session(self.services.store) as writing:
            collected.keep_problem(writing, self.project.id, source, text)

    def well_again(self, source: str) -> None:
        """What was wrong is not any more."""
        if self.progress(source).problem:
            self.keep(source, replace(self.progress(source), problem=""))

    def keep(self, source: str, reached: Progress, write: Callable[[Session], None] = lambda _: None) -> None:
        """What was read and how far that is, in one transaction."""
        with write_session(self.services.store) as writing:
            write(writing)
            collected.keep_progress(writing, self.project.id, source, reached)
        self.known[source] = reached

    def reached(self, source: str, changes: Changes[Any]) -> Progress:
        """How far a list was read: to its end now, or to the last row that was dealt with."""
        before = self.progress(source)
        known_until = self.now if changes.complete else changes.after
        return Progress(
            changes.cursor(),
            before.since or self.first_day,
            max(known_until, before.collected_at or known_until),
        )

    # -- git ----------------------------------------------------------------------------------------------------------

    def mirror_if_there(self) -> Mirror | None:
        """The mirror, once a scan has made it: whole histories are not fetched for the sake of figures."""
        if self._mirror is None and folder_of(self.services, self.project.id).is_dir():
            self._mirror = mirror_of(self.services, self.project)
        return self._mirror

    def have(self, mirror: Mirror, commits: Sequence[str]) -> bool:
        """Get commits that are not here; whether all are. What GitLab has not any more stays away."""
        missing = _missing(mirror, commits)
        if missing and not self._fetched:
            # Most of them came onto the branch.
            self._fetched = True
            _fetch(mirror, [branch_refspec(self.branch)])
            missing = _missing(mirror, missing)
        if not missing:
            return True
        missing = missing[:_MOST_FETCHED]
        if not _fetch(mirror, [commit_refspec(sha) for sha in missing]):
            for sha in missing[:_MOST_FETCHED_ALONE]:
                _fetch(mirror, [commit_refspec(sha)])
        return not _missing(mirror, commits)


def _missing(mirror: Mirror, commits: Sequence[str]) -> list[str]:
    here = mirror.those_here(commits)
    return [sha for sha in dict.fromkeys(commits) if sha not in here]


def _fetch(mirror: Mirror, refspecs: Sequence[str]) -> bool:
    try:
        mirror.fetch(refspecs)
    except RefNotFound:
        return False
    return True
