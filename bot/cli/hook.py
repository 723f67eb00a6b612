"""``mergewarden hook``: what the pre-receive hook on GitLab's server needs, and what it would be told."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bot.cli.common import open_services, project_of
from bot.domain.protected_branches import protected_names
from bot.errors import ConfigurationError
from bot.reports.visible import one_line
from bot.services import Services
from bot.store import clearances
from bot.store.enforcement import stored
from bot.store.engine import session

_MOST_SHOWN = 1_000


def run_config(*, timeout: int, when_unreachable: str, config: Path | None) -> int:
    """
    Print the hook's settings file. The secret is not in it: it goes into a file of its own.

    Raises ``ConfigurationError`` where the hook could not reach us, or we would not answer it.
    """
    settings = open_services(config).settings
    if settings.hook_secret is None:
        raise ConfigurationError(
            "MERGEWARDEN_HOOK_SECRET is not set, so no hook is answered", "Make one: openssl rand -hex 32"
        )
    if settings.public_url is None:
        raise ConfigurationError(
            "MERGEWARDEN_PUBLIC_URL is not set, so nobody knows where the hook shall ask",
            "For example MERGEWARDEN_PUBLIC_URL=https://mergewarden.example.com",
        )
    document = {
        "url": settings.public_url,
        "secret_file": "/etc/mergewarden/hook.secret",
        "timeout": timeout,
        "when_unreachable": when_unreachable,
        "cache_folder": "/var/opt/gitlab/mergewarden-hook",
    }
    print(json.dumps(document, indent=2))
    return 0


def run_show(project: str, *, format: str, config: Path | None) -> int:
    """Print what the hook is told about a project: protected branches, clearances, and when it asked last."""
    services = open_services(config)
    try:
        document = _document(services, project)
    finally:
        services.close()
    if format == "json":
        print(json.dumps(document, indent=2))
        return 0
    seen = document["hook_seen_at"] or "never"
    print(f"{one_line(document['project'])}: the hook asked last {seen}")
    print(f"protected: {', '.join(one_line(name) for name in document['protected']) or 'nothing that we know of'}")
    for one in document["clearances"]:
        print(f"!{one['merge_request']} into {one_line(one['branch'])}: {one['head']}")
    if not document["clearances"]:
        print("nothing is cleared")
    return 0


def _document(services: Services, name: str) -> dict[str, Any]:
    project = project_of(services, name)
    with session(services.store) as reading:
        known = stored(reading, project.id)
        found = clearances.recent(reading, project.id, branches=None, now=datetime.now(UTC), limit=_MOST_SHOWN)
    protected = protected_names(known.protected_names if known is not None else None, project.default_branch)
    seen = known.hook_seen_at if known is not None else None
    return {
        "project": project.path,
        "hook_seen_at": seen.isoformat(timespec="seconds").replace("+00:00", "Z") if seen is not None else None,
        "protected": list(protected),
        "clearances": [{"merge_request": one.iid, "branch": one.branch, "head": one.head} for one in found],
    }
