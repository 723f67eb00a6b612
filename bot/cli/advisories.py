"""
``mergewarden advisories``: fill and look at what is kept offline about vulnerabilities: OSV advisories, and the lists
that say how likely a vulnerability is exploited (EPSS) and which are known to be (KEV).
"""

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
from bot.store.engine import session, write_session
from bot.store.exploits import ExploitImportError, ExploitList, import_epss, import_kev, recognise, sources

_MOST_REJECTED = 20
_LISTS = {ExploitList.EPSS: "EPSS scores", ExploitList.KEV: "known exploited vulnerabilities (KEV)"}


def run_import(source: Path, config: Path | None) -> int:
    """
    Import whatever the file is, by its content; report what happened, and return the exit status: 1 when something was
    rejected.
    """
    if not source.exists():
        raise MergewardenError(
            f"{source} does not exist",
            "Give an OSV archive (zip), a folder, a JSON file, FIRST's epss_scores-*.csv.gz or CISA's KEV catalogue.",
        )
    kind = recognise(source)
    if kind is not None:
        return _import_list(source, kind, config)
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


def _import_list(source: Path, kind: ExploitList, config: Path | None) -> int:
    services = open_services(config)
    take = import_epss if kind is ExploitList.EPSS else import_kev
    try:
        with source.open("rb") as opened, write_session(services.store) as writing:
            done = take(writing, opened)
    except ExploitImportError as error:
        raise ExploitImportError(f"{one_line(source.name, 100)}: {error}", error.hint) from error
    except OSError as error:
        raise MergewardenError(f"{source} cannot be read: {error.strerror or error}") from error
    finally:
        services.close()
    print(f"{done.entries} {_LISTS[kind]} of {done.data_date.isoformat()}, {done.rejected} rejected")
    if not done.stored:
        print("  a newer edition is there already; nothing was changed", file=sys.stderr)
    return 1 if done.rejected else 0


def run_status(config: Path | None) -> int:
    """Print what there is and how old it is; exit status 1 when there are no advisories."""
    services = open_services(config)
    count, newest = services.advisories.count(), services.advisories.newest()
    with session(services.store) as reading:
        editions = sources(reading)
    services.close()
    today = datetime.now(UTC).date()
    if newest is None:
        print("no advisories imported; run: mergewarden advisories import FILE.zip")
    else:
        age = (today - newest).days
        print(f"{count} advisories, the newest of {newest.isoformat()} ({age} days ago)")
    for kind, name in _LISTS.items():
        edition = editions.get(kind)
        if edition is None:
            print(f"no {name} imported")
        else:
            age = (today - edition.data_date).days
            print(f"{edition.entries} {name} of {edition.data_date.isoformat()} ({age} days ago)")
    return 1 if newest is None else 0
