"""What the desk's pages about maturity do with the pipeline."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial

from bot.domain.maturity.attestation import Attachment, Attestation
from bot.domain.maturity.period import Period
from bot.domain.maturity.scope import Scope
from bot.domain.roles import Principal
from bot.model_files import models_in_force
from bot.pipeline.desk_work import Tools
from bot.pipeline.engine import JobQueue
from bot.pipeline.maturity.attesting import attest, confirm, withdraw
from bot.pipeline.maturity.standing import score_lines, standing_of
from bot.pipeline.maturity.summaries import draw, make_summary
from bot.services import Services
from bot.store.maturity.reports import StoredReport
from bot.texts import Language
from bot.web.maturity_tools import MaturityTools


def maturity_tools(services: Services, queue: JobQueue) -> MaturityTools:
    """The callables, on what is stored."""
    tools = Tools(services, lambda: queue, lambda: datetime.now(UTC))
    return MaturityTools(
        standing=partial(standing_of, services),
        lines=partial(score_lines, services),
        models=lambda: models_in_force(services.settings.maturity_folder),
        make=partial(_make, services),
        draw=draw,
        attest=partial(_attest, tools),
        confirm=lambda principal, number, address: confirm(tools, principal, number, address=address),
        withdraw=lambda principal, number, reason, address: withdraw(
            tools, principal, number, reason=reason, address=address
        ),
    )


def _attest(
    tools: Tools,
    principal: Principal,
    scope: Scope,
    model_id: str,
    demand_id: str,
    text: str,
    expires_at: datetime | None,
    attachment: Attachment | None,
    address: str,
) -> Attestation:
    return attest(
        tools,
        principal,
        scope=scope,
        model_id=model_id,
        demand_id=demand_id,
        text=text,
        expires_at=expires_at,
        attachment=attachment,
        address=address,
    )


def _make(
    services: Services,
    scope: Scope,
    period: Period,
    language: Language,
    principal: Principal,
    address: str,
    now: datetime,
) -> StoredReport:
    return make_summary(
        services,
        scope,
        period,
        language,
        made_by=principal.actor,
        now=now,
        person_id=principal.person_id,
        address=address,
    )
