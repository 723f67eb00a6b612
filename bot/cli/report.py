"""``mergewarden report``: compliance summaries, made, listed and taken away."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from bot.cli.common import open_services, project_of, user_name
from bot.cli.output import drop_output, written_whole
from bot.domain.audit import Act, Action, Word
from bot.domain.maturity.period import PeriodKind, parse_period
from bot.domain.maturity.scope import ORGANISATION, Scope
from bot.errors import MergewardenError
from bot.pipeline.maturity.summaries import draw, make_summary
from bot.reports.documents import dump, json_time, moment
from bot.reports.maturity.summary_formats import Format, file_name, format_of
from bot.reports.visible import one_line
from bot.services import Services
from bot.store import audit
from bot.store.engine import session, write_session
from bot.store.maturity import reports
from bot.store.maturity.reports import ReportRow, StoredReport
from bot.store.projects import projects_by_id
from bot.texts import Language

LONGEST_PAGE = 1000


def run_make(
    *,
    project: str | None,
    group: str | None,
    period: str,
    language: str | None,
    formats: str,
    output: Path,
    by: str | None,
    config: Path | None,
) -> int:
    """Make a summary and write it in each format into a folder. Raises ``MergewardenError``."""
    if project is not None and group is not None:
        raise MergewardenError("a summary is about one project, or about one group", "Give --project or --group.")
    chosen = [format_of(word) for word in formats.split(",")]
    try:
        wanted = parse_period(period)
    except ValueError as error:
        raise MergewardenError(str(error), "For example --period 2026-10.") from None
    services = open_services(config)
    try:
        spoken = Language(language) if language else services.settings.language
        if project is not None:
            scope = Scope.of_project(project_of(services, project).id)
        else:
            scope = ORGANISATION if group is None else Scope.of_group(group)
        made = make_summary(services, scope, wanted, spoken, made_by=user_name(by), now=datetime.now(UTC))
        print(f"report {made.id}: {made.row.scope}, {wanted.label}, digest {made.row.digest}")
        _write_all(services, made, spoken, chosen, output)
    finally:
        services.close()
    return 0


def run_list(*, period: str | None, limit: int, before: int | None, format: str, config: Path | None) -> int:
    """Print one page, the newest first. Raises ``MergewardenError``."""
    if not 1 <= limit <= LONGEST_PAGE:
        raise MergewardenError(f"a page has 1 to {LONGEST_PAGE} reports", f"Use --limit {LONGEST_PAGE} and --before.")
    kinds = {kind.value: kind for kind in PeriodKind}
    if period is not None and period not in kinds:
        raise MergewardenError(f"there are no reports of every {period[:40]!r}", f"Choose from {', '.join(kinds)}.")
    services = open_services(config)
    try:
        with session(services.store) as reading:
            found = reports.page(reading, kind=kinds.get(period or ""), before=before, limit=limit)
            numbers = {row.scope.project_id for row in found} - {None}
            paths = {n: one.path for n, one in projects_by_id(reading, [n for n in numbers if n is not None]).items()}
    finally:
        services.close()
    if format == "json":
        _print(dump({"reports": [_document(row) for row in found]}).encode())
        return 0
    for row in found:
        print(_line(row, paths.get(row.scope.project_id or 0, "")))
    if not found:
        print("no reports")
    elif len(found) == limit:
        print(f"\nthere may be more: --before {found[-1].id}")
    return 0


def run_show(report: int, *, format: str, language: str | None, output: Path | None, config: Path | None) -> int:
    """Print one in a format, or write it to a file. Raises ``MergewardenError`` for an unknown one."""
    chosen = format_of(format)
    if output is None and chosen.binary and sys.stdout.isatty():
        raise MergewardenError(f"{chosen.name} is not for a terminal", f"Write it to a file: -o report{chosen.suffix}")
    services = open_services(config)
    try:
        with session(services.store) as reading:
            found = reports.get(reading, report)
        if found is None:
            raise MergewardenError(f"there is no report {report}", "mergewarden report list shows which there are.")
        spoken = Language(language) if language else found.row.language
        drawn = draw(found.summary, spoken, chosen)
        _note(services, found, [chosen])
    finally:
        services.close()
    if output is None:
        return _print(drawn)
    with written_whole(output) as stream:
        stream.write(drawn)
    print(f"{output} written")
    return 0


def _write_all(
    services: Services, made: StoredReport, language: Language, formats: Sequence[Format], output: Path
) -> None:
    try:
        output.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise MergewardenError(
            f"{output} cannot be made: {error.strerror}", "Choose another folder with --output."
        ) from error
    for format in formats:
        place = output / file_name(made.summary, language, format)
        with written_whole(place) as stream:
            stream.write(draw(made.summary, language, format))
        print(f"{place} written")
    _note(services, made, formats)


def _note(services: Services, report: StoredReport, formats: Sequence[Format]) -> None:
    """What was taken away stands in the audit log."""
    details: dict[str, Word] = {"format": ",".join(one.name for one in formats), "digest": report.row.digest}
    with write_session(services.store) as writing:
        act = Act(user_name(), None, Action.EXPORTED, f"report {report.id}", report.row.scope.project_id, details)
        audit.append(writing, act)


def _line(row: ReportRow, path: str) -> str:
    about = f"project {one_line(path, 120)}" if path else one_line(str(row.scope), 140)
    return (
        f"{row.id:>6}  {row.period.label:<22}  {row.language.value:<5}  {moment(row.made_at)}  {about}  "
        f"by {one_line(row.made_by, 80)}"
    )


def _document(row: ReportRow) -> dict[str, object]:
    return {
        "id": row.id,
        "scope": {"kind": row.scope.kind.value, "key": row.scope.key},
        "period": {
            "kind": row.period.kind.value,
            "first": row.period.first.isoformat(),
            "last": row.period.last.isoformat(),
            "label": row.period.label,
        },
        "language": row.language.value,
        "snapshot": row.snapshot_id,
        "digest": row.digest,
        "made_by": row.made_by,
        "made_at": json_time(row.made_at),
    }


def _print(content: bytes) -> int:
    try:
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        # Whoever reads has seen enough.
        drop_output()
        return 141
    return 0
