"""``mergewarden advisories``: fill and look at the offline advisory store."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from bot.cli.common import open_services
from bot.errors import MergewardenError
from bot.reports.visible import one_line
from bot.store.advisories import import_archive

_MOST_REJECTED = 20


def run_import(source: Path, config: Path | None) -> int:
    """Import, report what happened, and return the exit status: 1 when something was rejected."""
    if not source.exists():
        raise MergewardenError(f"{source} does not exist", "Give an OSV archive (zip), a folder, or a JSON file.")
    services = open_services(config)
    errors = Console(stderr=True)
    with Progress(
        TextColumn("importing"),
        BarColumn(),
        MofNCompleteColumn(),
        console=errors,
        transient=True,
        disable=not errors.is_terminal,
    ) as progress:
        task = progress.add_task("advisories", total=None)
        report = import_archive(
            services.store, source, progress=lambda done, total: progress.update(task, completed=done, total=total)
        )
    print(
        f"{report.new} new, {report.changed} changed, {report.unchanged} unchanged, {report.withdrawn} withdrawn, "
        f"{len(report.rejected)} rejected"
    )
    for name, why in report.rejected[:_MOST_REJECTED]:
        print(f"  rejected {one_line(name, 100)}: {one_line(why, 200)}", file=sys.stderr)
    if len(report.rejected) > _MOST_REJECTED:
        print(f"  ... and {len(report.rejected) - _MOST_REJECTED} more", file=sys.stderr)
    services.close()
    return 1 if report.rejected else 0


def run_status(config: Path | None) -> int:
    """Print count and age; exit status 1 when there are none."""
    services = open_services(config)
    count, newest = services.advisories.count(), services.advisories.newest()
    services.close()
    if newest is None:
        print("no advisories imported; run: mergewarden advisories import FILE.zip")
        return 1
    age = (datetime.now(UTC).date() - newest).days
    print(f"{count} advisories, the newest of {newest.isoformat()} ({age} days ago)")
    return 0
