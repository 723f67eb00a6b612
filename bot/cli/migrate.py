"""``mergewarden migrate``: bring the store's tables up to date."""

from __future__ import annotations

from pathlib import Path

from bot.cli.common import open_services
from bot.pipeline.engine import migrate_engine
from bot.store.engine import open_engine, require_reachable
from bot.store.migrate import migrate


def run_migrate(config: Path | None) -> int:
    """Apply what is missing, say what that was, and return 0."""
    services = open_services(config)
    database = services.settings.database().get_secret_value()
    engine = open_engine(database)
    require_reachable(engine)
    applied = migrate(engine)
    migrate_engine(database)
    engine.dispose()
    for title in applied:
        print(f"applied {title}")
    print("the store is up to date")
    return 0
