"""``mergewarden incidents``: what happened around the gate, and closing what was looked into."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from pathlib import Path

from bot.cli.common import open_services, project_of, user_name
from bot.domain.audit import Act, Action
from bot.domain.incident import KnownIncident, closing
from bot.errors import MergewardenError
from bot.pipeline.acts import said
from bot.reports.enforcement import (
    incident_to_json,
    render_incident_text,
    render_incidents_json,
    render_incidents_text,
)
from bot.services import Services
from bot.store import audit, incidents
from bot.store.engine import session, write_session

LONGEST_PAGE = 1000


def run_list(
    *, project: str | None, everything: bool, limit: int, before: int | None, format: str, config: Path | None
) -> int:
    """Print one page, the newest first; closed ones only with ``everything``. Raises ``MergewardenError``."""
    if not 1 <= limit <= LONGEST_PAGE:
        raise MergewardenError(f"a page has 1 to {LONGEST_PAGE} incidents", f"Use --limit {LONGEST_PAGE} and --before.")
    services = open_services(config)
    number = project_of(services, project).id if project is not None else None
    with session(services.store) as reading:
        found = incidents.page(reading, project_id=number, open_only=not everything, before=before, limit=limit)
    if format == "json":
        _write(render_incidents_json(found))
    else:
        _write(render_incidents_text(found))
        if len(found) == limit:
            _write(f"\nthere may be more: --before {found[-1].id}\n")
    services.close()
    return 0


def run_show(incident: int, *, format: str, config: Path | None) -> int:
    """Print everything about one. Raises ``MergewardenError`` for an unknown one."""
    services = open_services(config)
    with session(services.store) as reading:
        found = incidents.get(reading, incident)
    services.close()
    if found is None:
        raise _unknown(incident)
    if format == "json":
        _write(json.dumps(incident_to_json(found), indent=2, ensure_ascii=False) + "\n")
    else:
        _write(render_incident_text(found))
    return 0


def run_close(incident: int, *, reason: str, by: str | None, config: Path | None) -> int:
    """Take one off the list. Raises ``MergewardenError`` when it is unknown, closed already, or no reason is given."""
    services = open_services(config)
    closed = _close(services, incident, reason=reason, by=user_name(by))
    services.close()
    print(f"incident {incident} is closed by {closed}; it comes back to the list should it happen again")
    return 0


def _close(services: Services, number: int, *, reason: str, by: str) -> str:
    with write_session(services.store) as writing:
        known: KnownIncident | None = incidents.get(writing, number, for_update=True)
        if known is None:
            raise _unknown(number)
        who, why = closing(known, actor=by, reason=reason)
        incidents.close(writing, number, actor=who, reason=why, at=datetime.now(UTC))
        incident = known.incident
        details = {"kind": incident.kind.value, "reason": said(why)}
        act = Act(who, None, Action.INCIDENT_CLOSED, f"incident {number}", incident.project_id, details)
        audit.append(writing, act)
    return who


def _unknown(number: int) -> MergewardenError:
    return MergewardenError(f"there is no incident {number}", "mergewarden incidents list shows which there are.")


def _write(text: str) -> None:
    sys.stdout.buffer.write(text.encode())
    sys.stdout.buffer.flush()
