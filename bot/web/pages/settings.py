"""
Settings: every setting in force with its origin, how the installation stands, and never a secret.

Settings come from the environment and a file, so nothing is changed here.
"""

from __future__ import annotations

import platform
from collections.abc import Iterable, Sequence
from datetime import timedelta
from functools import partial
from importlib.metadata import version
from typing import TYPE_CHECKING

import structlog
from starlette.responses import Response
from starlette.routing import Route

from bot.domain.roles import Permission
from bot.errors import MergewardenError, Told
from bot.redaction import Redactor
from bot.reports.visible import one_line
from bot.settings import SECRET_FIELDS, Settings, word_of
from bot.store.desk import job_reads
from bot.store.engine import session
from bot.store.migrate import pending_migrations
from bot.web.contexts.settings import CheckRow, SettingRow, SettingsPage
from bot.web.entry import Visit
from bot.web.health import failed_with
from bot.web.pages.jobs import link

if TYPE_CHECKING:
    from bot.web.desk import Desk

log = structlog.get_logger("mergewarden.desk")

_HOURS = 24
_LONGEST = 400


def routes(desk: Desk) -> Sequence[Route]:
    """``GET /settings``."""
    shown = desk.entry.page(partial(_shown, desk), permission=Permission.READ_PEOPLE)
    return (Route("/settings", shown, name="settings"),)


def _shown(desk: Desk, visit: Visit) -> Response:
    services, operations = desk.services, desk.operations
    visit.require(Permission.READ_PEOPLE)
    with session(services.store) as reading:
        scanners = job_reads.scanner_health(reading, None, since=visit.now - timedelta(hours=_HOURS))
        workers = () if operations is None else job_reads.workers(reading, operations.silent)
    key_id = ""
    key_problem: Told = ""
    try:
        key_id = (operations.signing_key() if operations is not None else None) or ""
    except MergewardenError as error:
        key_problem = error.told
    missing = len(pending_migrations(services.store))
    context = SettingsPage(
        version=version("mergewarden"),
        python=platform.python_version(),
        database={"sqlite": "SQLite", "postgresql": "PostgreSQL"}.get(services.store.dialect.name, "?"),
        revision=str(missing),
        up_to_date=missing == 0,
        key_id=key_id,
        key_problem=key_problem,
        checks=tuple(_checks(desk)),
        workers=sum(worker.alive for worker in workers),
        settings=tuple(setting_rows(services.settings)),
        scanners=scanners,
        scanner_hours=_HOURS,
        hooks_url=link(desk, "webhooks") if visit.principal.may(Permission.ADMINISTER) else "",
        now=visit.now,
    )
    return desk.frame.page(visit, "settings.html", context, section="settings")


def setting_rows(settings: Settings) -> Iterable[SettingRow]:
    """Every setting in the order of their definition, without a secret's value."""
    hide = Redactor(settings.secrets()).text
    for name, info in Settings.model_fields.items():
        value = getattr(settings, name)
        secret = name in SECRET_FIELDS
        yield SettingRow(
            name=name,
            value="" if secret else one_line(hide(word_of(value)), _LONGEST),
            secret=secret,
            there=value is not None and value != (),
            origin=one_line(settings.origin(name), _LONGEST),
            expects=info.description or "",
        )


def _checks(desk: Desk) -> Iterable[CheckRow]:
    for check in () if desk.operations is None else desk.operations.checks:
        try:
            problem: Told = check.check() or ""
        except Exception as error:
            # As for /readyz: what a check raises may hold anything.
            log.warning("check failed", check=check.name, exc_info=error)
            problem = failed_with(error)
        yield CheckRow(check.name, problem)
