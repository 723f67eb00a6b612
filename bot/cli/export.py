"""``mergewarden export``: the known findings of a project, in a format that other programs read."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path

from rich.console import Console

from bot.cli.common import open_services, project_of, user_name
from bot.cli.output import drop_output, written_whole
from bot.domain.audit import Act, Action, Word
from bot.domain.known import KnownFinding, Whereabouts
from bot.errors import MergewardenError
from bot.reports.exports.registry import exporter
from bot.reports.exports.subject import Exporter, ExportSubject
from bot.reports.json_report import tool_version
from bot.store import audit
from bot.store.engine import session, write_session
from bot.store.findings import stream_findings
from bot.texts import Language

_ORDER = (Whereabouts.DEFAULT_BRANCH, Whereabouts.ELSEWHERE, Whereabouts.NOWHERE)
_BROKEN_PIPE = 141
"""As a shell has it for a program that ``SIGPIPE`` ended."""


def run_export(
    *,
    project: str,
    format: str,
    output: Path | None,
    everything: bool,
    language: str | None,
    author: str,
    config: Path | None,
) -> int:
    """Write one document and return the exit status. Raises ``MergewardenError`` for wrong use."""
    chosen = exporter(format)
    if output is None and chosen.binary and sys.stdout.isatty():
        raise MergewardenError(f"{format} is not for a terminal", f"Write it to a file: -o findings{chosen.suffix}")
    services = open_services(config)
    try:
        known = project_of(services, project)
        subject = ExportSubject(
            project=known.path,
            project_url=known.web_url,
            generated_at=datetime.now(UTC),
            tool_version=tool_version(),
            language=Language(language) if language else Language.ENGLISH,
            author=author,
        )
        with write_session(services.store) as writing:
            details: dict[str, Word] = {"format": format, "everything": everything}
            audit.append(writing, Act(user_name(), None, Action.EXPORTED, f"project {known.id}", known.id, details))
        with session(services.store) as reading:
            findings = chain.from_iterable(
                stream_findings(reading, project_id=known.id, whereabouts=where)
                for where in (_ORDER if everything else _ORDER[:2])
            )
            return _write(chosen, subject, findings, output)
    finally:
        services.close()


def _write(chosen: Exporter, subject: ExportSubject, findings: Iterator[KnownFinding], output: Path | None) -> int:
    if output is not None:
        with written_whole(output) as stream:
            count = chosen.write(stream, subject, findings)
        rows = "1 row" if count == 1 else f"{count} rows"
        Console(stderr=True).print(f"{output} written, {rows}", highlight=False, markup=False)
        return 0
    try:
        chosen.write(sys.stdout.buffer, subject, findings)
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        # Whoever reads has seen enough.
        drop_output()
        return _BROKEN_PIPE
    return 0
