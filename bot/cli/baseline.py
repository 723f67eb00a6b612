"""``mergewarden baseline``: what is known of default branches, and how far a first reading has come."""

from __future__ import annotations

import json
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from bot.cli.common import open_services, project_of
from bot.pipeline.branch import answers_depend_on, stale
from bot.reports.visible import one_line
from bot.store import tracking
from bot.store.engine import session
from bot.store.tracking import Baseline


def run_baseline(*, project: str | None, format: str, config: Path | None) -> int:
    """Print one line for each project. Raises ``MergewardenError`` for an unknown one."""
    services = open_services(config)
    chosen = project_of(services, project).id if project is not None else None
    with session(services.store) as reading:
        known = [b for b in tracking.baselines(reading) if chosen in (None, b.project_id)]
    looks_with = answers_depend_on(services.with_own_rules(services.scanners))
    lines = [(baseline, _outdated(baseline, looks_with)) for baseline in known]
    if format == "json":
        print(json.dumps([_plain(baseline, outdated) for baseline, outdated in lines], ensure_ascii=False, indent=2))
    else:
        _print(lines)
    services.close()
    return 0


def _outdated(baseline: Baseline, looks_with: dict[str, str]) -> list[str]:
    """Scanners that would say something else today, or gave no answer."""
    if baseline.project_id < 0 or baseline.state.stream_id is None:
        return []
    return sorted(stale(baseline.state.looked_with, looks_with))


def _plain(baseline: Baseline, outdated: list[str]) -> dict[str, object]:
    state, progress = baseline.state, baseline.progress
    return {
        "project": baseline.project,
        "branch": state.ref.name,
        "commit": state.commit,
        "seen_at": state.seen_at.isoformat() if state.seen_at is not None else None,
        "outdated_scanners": outdated,
        "progress": None if progress is None else {"files": progress[0], "of": progress[1]},
    }


def _print(lines: list[tuple[Baseline, list[str]]]) -> None:
    if not lines:
        print("no project with a default branch is known yet; a push or merge request makes it known")
        return
    table = Table(box=None, pad_edge=False)
    for heading in ("project", "branch", "commit", "last looked at (UTC)", ""):
        table.add_column(heading, overflow="fold")
    for baseline, outdated in lines:
        state = baseline.state
        # What comes from GitLab is text and never markup of our own.
        table.add_row(
            Text(one_line(baseline.project, 200)),
            Text(one_line(state.ref.name, 100)),
            Text((state.commit or "")[:12]),
            Text(state.seen_at.strftime("%Y-%m-%d %H:%M") if state.seen_at is not None else "never"),
            Text(_remark(baseline, outdated)),
        )
    Console().print(table)


def _remark(baseline: Baseline, outdated: list[str]) -> str:
    if baseline.progress is not None:
        done, total = baseline.progress
        return f"being read: {done} of {total} files"
    if outdated:
        return f"to be read again tonight: {', '.join(outdated)}"
    return ""
