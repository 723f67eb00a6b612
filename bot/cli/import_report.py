"""``mergewarden import``: takes reports of other tools in, file by file, and says what became of each."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.cli.common import open_services, user_name
from bot.domain.intake import Intake, ReportRefused, TakenIn, intake_of
from bot.pipeline.engine import JobQueue
from bot.pipeline.intake import ReportIntake
from bot.pipeline.projects import project_named
from bot.reports.visible import one_line
from bot.services import Services
from bot.store.engine import session
from bot.store.projects import Project, find_by_path

REFUSED = 2
"""Exit status when a file was refused, as for other wrong input."""
_ALWAYS = ("new", "known", "changed", "returned", "gone", "rejected")
_MOST_SHOWN = 10


@dataclass(frozen=True, slots=True)
class _Refusal:
    file: Path
    reason: str
    hint: str


def run_import(
    files: Sequence[Path],
    *,
    project: str,
    ref: str | None,
    sha: str | None,
    merge_request: int | None,
    format: str | None,
    strip_prefix: str | None,
    output: str,
    by: str | None,
    config: Path | None,
) -> int:
    """
    Import each file, all of it or nothing, and return the exit status: 0, or 2 when any was refused.

    Raises ``MergewardenError`` when it is not clear where the files belong, or the store does not answer.
    """
    intake = intake_of(ref=ref, sha=sha, merge_request=merge_request, format=format, strip_prefix=strip_prefix)
    services = open_services(config)
    queue: list[JobQueue] = []

    def submit_to() -> JobQueue:
        if not queue:
            queue.append(JobQueue(services.settings.database().get_secret_value()))
        return queue[0]

    try:
        place = _project(services, project)
        take_in = ReportIntake(services, submit_to)
        done: list[tuple[Path, TakenIn]] = []
        refused: list[_Refusal] = []
        for file in files:
            try:
                outcome = take_in(file, place.id, intake, actor=user_name(by))
            except ReportRefused as error:
                refused.append(_Refusal(file, str(error), error.hint))
                if output == "text":
                    _print_refusal(refused[-1])
                continue
            done.append((file, outcome))
            if output == "text":
                _print_outcome(file, outcome)
        if output == "json":
            print(json.dumps(_document(place, intake, done, refused), indent=2))
        elif len(files) > 1:
            print(f"{len(done)} of {len(files)} files imported for {place.path}")
    finally:
        for opened in queue:
            opened.close()
        services.close()
    return REFUSED if refused else 0


def _project(services: Services, name: str) -> Project:
    with session(services.store) as reading:
        known = find_by_path(reading, name)
    found = project_named(services, name, register=True)
    if known is None and found.id < 0:
        print(f"{found.path} is new here, and no GitLab is configured: it is kept under this path", file=sys.stderr)
    return found


def _print_outcome(file: Path, outcome: TakenIn) -> None:
    name, tools = one_line(str(file), 200), ", ".join(one_line(tool, 100) for tool in outcome.tools[:_MOST_SHOWN])
    print(f"{name}: {outcome.format}" + (f", from {tools}" if tools else ""))
    if outcome.repeated:
        print(f"  the same as import {outcome.import_id}, and nothing came in since: nothing changed")
        return
    print(f"  {_counts(outcome.counts)}")
    for rejected in outcome.rejected[:_MOST_SHOWN]:
        print(f"  rejected {one_line(rejected.where, 100)}: {one_line(rejected.why, 300)}")
    more = outcome.counts.get("rejected", 0) - min(len(outcome.rejected), _MOST_SHOWN)
    if more > 0:
        print(f"  ... and {more} more rejected")


def _counts(counts: Mapping[str, int]) -> str:
    shown = [*_ALWAYS, *sorted(word for word, count in counts.items() if word not in _ALWAYS and count)]
    return ", ".join(f"{counts.get(word, 0)} {word}" for word in shown)


def _print_refusal(refusal: _Refusal) -> None:
    # The reason names the file where it can, by the last part of its path.
    name, reason = one_line(str(refusal.file), 200), one_line(refusal.reason, 500)
    reason = reason.removeprefix(f"{one_line(refusal.file.name, 200)}: ")
    print(f"mergewarden: refused, nothing of it is stored: {name}: {reason}", file=sys.stderr)
    if refusal.hint:
        print(f"  {one_line(refusal.hint, 500)}", file=sys.stderr)


def _document(
    project: Project, intake: Intake, done: Sequence[tuple[Path, TakenIn]], refused: Sequence[_Refusal]
) -> dict[str, Any]:
    return {
        "project": {"id": project.id, "path": project.path},
        "ref": intake.ref or None,
        "merge_request": intake.merge_request_iid,
        "commit": intake.commit,
        "imports": [
            {
                "file": str(file),
                "id": outcome.import_id,
                "format": outcome.format,
                "digest": outcome.digest,
                "tools": list(outcome.tools),
                "repeated": outcome.repeated,
                "counts": dict(outcome.counts),
                "rejected": [{"where": one.where, "why": one.why} for one in outcome.rejected],
            }
            for file, outcome in done
        ],
        "refused": [{"file": str(one.file), "reason": one.reason, "hint": one.hint} for one in refused],
    }
