"""What pages of the desk read from the pipeline: jobs, rules, checks and the signing key."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import datetime, timedelta

from bot.domain.job_board import JobState, SeenJob
from bot.domain.rule_card import RuleDossier, RuleShelf
from bot.pipeline.engine import QUEUES
from bot.pipeline.worker import SILENT_SECONDS
from bot.services import Services
from bot.texts import Language
from bot.web.health import ReadinessCheck
from bot.web.operations import Operations, Sees


def desk_operations(
    services: Services,
    jobs: Callable[[Collection[JobState]], Sequence[SeenJob]],
    checks: Sequence[ReadinessCheck] = (),
) -> Operations:
    """The callables on what is stored; ``jobs`` is ``JobQueue.seen``, ``checks`` are those of ``/readyz``."""

    # What reads rules is imported when it is first used: a bot that only answers webhooks is small.
    def shelf(language: Language, now: datetime, sees: Sees) -> RuleShelf:
        from bot.pipeline.rule_desk import desk_shelf

        return desk_shelf(services, language, now, sees)

    def dossier(rule_id: str, scanner: str | None, language: Language, now: datetime, sees: Sees) -> RuleDossier | None:
        from bot.pipeline.rule_desk import desk_dossier

        return desk_dossier(services, rule_id, scanner, language, now, sees)

    def signing_key() -> str | None:
        from bot.pipeline.signing import existing_signer

        signer = existing_signer(services.settings)
        return None if signer is None else signer.public.id

    return Operations(
        jobs=jobs,
        queues=QUEUES,
        silent=timedelta(seconds=SILENT_SECONDS),
        shelf=shelf,
        dossier=dossier,
        checks=tuple(checks),
        signing_key=signing_key,
    )
