"""``mergewarden projects``: which projects are known, and how many findings wait in each."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from bot.cli.common import open_services
from bot.errors import MergewardenError
from bot.reports.visible import one_line
from bot.store import api_lists, project_overview
from bot.store.engine import session
from bot.store.project_overview import SEVERITIES, Burden

LONGEST_PAGE = 1000


def run_list(*, text: str, limit: int, after: int | None, format: str, config: Path | None) -> int:
    """Print one page, by the projects' numbers. Raises ``MergewardenError`` for wrong use."""
    if not 1 <= limit <= LONGEST_PAGE:
        raise MergewardenError(f"a page has 1 to {LONGEST_PAGE} projects", f"Use --limit {LONGEST_PAGE} and --after.")
    services = open_services(config)
    with session(services.store) as reading:
        rows = api_lists.projects(reading, None, text=text, after=after, limit=limit + 1)
        burdens = project_overview.burdens(reading, frozenset(row.id for row in rows))
    services.close()
    shown, more = rows[:limit], len(rows) > limit
    if format == "json":
        document = {
            "projects": [_document(row, burdens.get(row.id)) for row in shown],
            "next": shown[-1].id if more else None,
        }
        print(json.dumps(document, indent=2, ensure_ascii=True))
        return 0
    if not shown:
        print("no projects are known; a push, a merge request or an import makes one known")
        return 0
    table = Table(box=box.SIMPLE)
    table.add_column("project", overflow="fold")
    for heading in ("number", *(severity.value for severity in SEVERITIES), "undecided", "exploited"):
        table.add_column(heading, justify="right")
    table.add_column("exposure")
    for row in shown:
        burden = burdens.get(row.id, Burden())
        numbers = (row.id, *burden.counts, burden.undecided, burden.exploited)
        # As text: names must not be taken for markup.
        cells = (one_line(row.path, 300), *(str(number) for number in numbers), row.exposure.value)
        table.add_row(*(Text(cell) for cell in cells))
    Console().print(table)
    if more:
        print(f"there are more: --after {shown[-1].id}")
    return 0


def _document(row: api_lists.ProjectLine, burden: Burden | None) -> dict[str, Any]:
    known = burden or Burden()
    return {
        "id": row.id,
        "path": row.path,
        "default_branch": row.default_branch,
        "exposure": row.exposure.value,
        "open": known.total,
        "by_severity": {severity.value: count for severity, count in zip(SEVERITIES, known.counts, strict=True)},
        "undecided": known.undecided,
        "known_exploited": known.exploited,
    }
