"""
What the pages about jobs, rules and settings read from the pipeline, which the web does not know.

``bot.cli.web_process`` fills it; every callable may ask the store, so it runs in a thread.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.domain.job_board import JobState, SeenJob
from bot.domain.rule_card import RuleDossier, RuleShelf
from bot.texts import Language
from bot.web.health import ReadinessCheck

Sees = frozenset[int] | None
"""The projects that may be seen, by number; None for all."""


@dataclass(frozen=True, slots=True)
class Operations:
    """The callables."""

    jobs: Callable[[Collection[JobState]], Sequence[SeenJob]]
    """Jobs in these states, at most ``job_board.MOST_COUNTED``: see ``JobQueue.seen``."""
    queues: tuple[str, ...]
    """Names of all queues."""
    silent: timedelta
    """A process that was not heard of for so long is taken for dead."""
    shelf: Callable[[Language, datetime, Sees], RuleShelf]
    dossier: Callable[[str, str | None, Language, datetime, Sees], RuleDossier | None]
    """By rule id and, where it is named, scanner."""
    checks: Sequence[ReadinessCheck] = ()
    """What ``/readyz`` asks."""
    signing_key: Callable[[], str | None] = lambda: None
    """Id of the key that signs receipts; None while none was made. Raises ``MergewardenError``."""
