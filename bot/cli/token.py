"""``mergewarden token``: who may use the API."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from bot.cli.common import open_services, user_name
from bot.domain.access import ApiToken, Scope, TokenError
from bot.domain.audit import Act, Action, Word
from bot.reports.visible import one_line
from bot.store import audit
from bot.store.engine import session, write_session
from bot.store.tokens import all_tokens, create_token, get_token, revoke_token


def run_create(
    name: str, *, scopes: Sequence[str], project: str, days: int, by: str | None, config: Path | None
) -> int:
    """Make a token and print it, alone on standard output, for the only time. Raises ``TokenError``."""
    services = open_services(config)
    with write_session(services.store) as writing:
        text, made = create_token(
            writing,
            name=name,
            scopes=[Scope(word) for word in scopes],
            lifetime=timedelta(days=days),
            created_by=user_name(by),
            now=datetime.now(UTC),
            project=project,
        )
        words_of = sorted(scope.value for scope in made.scopes)
        details: dict[str, Word] = {"name": made.name, "scopes": words_of, "projects": made.project}
        audit.append(writing, Act(made.created_by, None, Action.TOKEN_MADE, f"token {made.id}", details=details))
    services.close()
    words = " and ".join(sorted(scope.value for scope in made.scopes))
    print(
        f"token {made.id} ({one_line(made.name)}) is good for {words} in {one_line(made.project)}, "
        f"until {made.expires_at.date()}. It is shown this once:",
        file=sys.stderr,
    )
    print(text)
    return 0


def run_list(*, format: str, everything: bool, config: Path | None) -> int:
    """Print the tokens that open something; with ``everything`` those that expired or were revoked as well."""
    services = open_services(config)
    now = datetime.now(UTC)
    with session(services.store) as reading:
        found = [token for token in all_tokens(reading) if everything or token.is_valid(now)]
    services.close()
    if format == "json":
        print(json.dumps({"tokens": [_document(token, now) for token in found]}, indent=2))
        return 0
    if not found:
        print("no tokens; make one: mergewarden token create NAME --scope import")
        return 0
    table = Table(box=box.SIMPLE)
    for heading in ("token", "name", "good for", "projects", "by", "until", "last used", ""):
        table.add_column(heading, overflow="fold")
    for token in found:
        cells = (
            str(token.id),
            one_line(token.name),
            ", ".join(sorted(scope.value for scope in token.scopes)),
            one_line(token.project),
            one_line(token.created_by, 100),
            str(token.expires_at.date()),
            str(token.last_used_at.date()) if token.last_used_at else "never",
            _standing(token, now) if not token.is_valid(now) else "",
        )
        # As text: names must not be taken for markup.
        table.add_row(*(Text(cell) for cell in cells))
    Console().print(table)
    return 0


def run_revoke(number: int, config: Path | None) -> int:
    """Make a token useless at once. Raises ``TokenError`` when there is none of this number."""
    services = open_services(config)
    with write_session(services.store) as writing:
        known = get_token(writing, number)
        revoked = revoke_token(writing, number, datetime.now(UTC))
        if known is not None and known.revoked_at is None:
            act = Act(user_name(), None, Action.TOKEN_REVOKED, f"token {number}", details={"name": known.name})
            audit.append(writing, act)
    services.close()
    if revoked is None or revoked.revoked_at is None:
        raise TokenError(f"there is no token {number}", "Look at: mergewarden token list")
    print(f"token {number} ({one_line(revoked.name)}) is revoked since {revoked.revoked_at:%Y-%m-%d %H:%M} UTC")
    return 0


def _standing(token: ApiToken, now: datetime) -> str:
    if token.revoked_at is not None:
        return "revoked"
    return "valid" if token.is_valid(now) else "expired"


def _document(token: ApiToken, now: datetime) -> dict[str, Any]:
    return {
        "id": token.id,
        "name": token.name,
        "scopes": sorted(scope.value for scope in token.scopes),
        "project": token.project,
        "standing": _standing(token, now),
        "created_by": token.created_by,
        "created_at": _time(token.created_at),
        "expires_at": _time(token.expires_at),
        "last_used_on": str(token.last_used_at.date()) if token.last_used_at else None,
        "revoked_at": _time(token.revoked_at),
    }


def _time(moment: datetime | None) -> str | None:
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z") if moment is not None else None
