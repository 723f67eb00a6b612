"""``mergewarden snapshots``: which there are, what one says, and whether every one gives its hash."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import Any

from bot.cli.common import open_services, project_of
from bot.cli.output import written_whole
from bot.domain.maturity.exported import LARGEST_FILE, Export, read_export, verify_export
from bot.domain.maturity.period import PeriodKind
from bot.domain.maturity.scope import ORGANISATION, Scope
from bot.domain.maturity.snapshot import Snapshot, SnapshotError, SnapshotRow, read_content
from bot.errors import MergewardenError
from bot.pipeline.maturity.verifying import Checked, verify_stored
from bot.reports.maturity.snapshot_text import render_list, render_snapshot, render_wrong, score_words
from bot.reports.visible import one_line
from bot.services import Services
from bot.store.engine import session
from bot.store.maturity import models, snapshots
from bot.store.maturity.snapshots import Wanted
from bot.store.projects import projects_by_id

WHOLE, BROKEN = 0, 1
LONGEST_PAGE = 1_000


def run_list(
    *,
    project: str | None,
    group: str | None,
    organisation: bool,
    period: str | None,
    since: str | None,
    until: str | None,
    limit: int,
    before: int | None,
    format: str,
    config: Path | None,
) -> int:
    """Print one page, the newest first. Raises ``MergewardenError`` for wrong use."""
    if not 1 <= limit <= LONGEST_PAGE:
        raise MergewardenError(f"a page has 1 to {LONGEST_PAGE} snapshots", f"Use --limit {LONGEST_PAGE} and --before.")
    services = open_services(config)
    wanted = _wanted(services, project, group, organisation=organisation, period=period, since=since, until=until)
    with session(services.store) as reading:
        found = snapshots.page(reading, wanted, limit=limit, before=before)
    names = _names(services, [row for row, _ in found])
    services.close()
    if format == "json":
        listed = [
            {
                "number": row.id,
                **row.document(),
                "path": names.get(row.scope.project_id) if row.scope.project_id is not None else None,
                "scores": {
                    name: {
                        "score": one.score,
                        "known": one.known,
                        "practice": one.practice,
                        "outcome": one.outcome,
                        "level": one.level,
                    }
                    for name, one in scores.items()
                },
            }
            for row, scores in found
        ]
        _write(json.dumps(listed, indent=2, ensure_ascii=False) + "\n")
        return 0
    said = [(row, {name: score_words(one.score, one.known) for name, one in scores.items()}) for row, scores in found]
    _write(render_list(said, names))
    if len(found) == limit:
        _write(f"\nthere may be more: --before {found[-1][0].id}\n")
    return 0


def run_show(snapshot: str, *, format: str, alone: bool, output: Path | None, config: Path | None) -> int:
    """
    Print one, or write it with all that it takes to check it elsewhere. ``alone``: without the contents of its
    projects. Raises ``MergewardenError`` for an unknown one.
    """
    services = open_services(config)
    with session(services.store) as reading:
        row = _named(reading, snapshot)
        if format == "json":
            document = _export(reading, row, alone=alone).document()
        else:
            found = snapshots.get(reading, row.id)
    names = _names(services, [row])
    services.close()
    if format == "json":
        text = json.dumps(document, ensure_ascii=True, sort_keys=False, separators=(",", ":")) + "\n"
    else:
        assert found is not None
        text = render_snapshot(Snapshot(row, found.content), names)
    if output is None:
        _write(text)
    else:
        with written_whole(output) as stream:
            stream.write(text.encode())
    return 0


def run_verify(
    file: Path | None,
    *,
    project: str | None,
    group: str | None,
    organisation: bool,
    period: str | None,
    since: str | None,
    until: str | None,
    config: Path | None,
) -> int:
    """
    Make the stored snapshots, or an exported one, again. Returns 0 where all give their hash, and ``BROKEN`` after
    naming every one that does not. Raises ``MergewardenError`` for what cannot be read at all.
    """
    if file is not None:
        return _verify_file(file)
    services = open_services(config)
    wanted = _wanted(services, project, group, organisation=organisation, period=period, since=since, until=until)
    checked = verify_stored(services.store, wanted)
    names = _names(services, [one.row for one in checked.found])
    services.close()
    return _say(checked, names)


def _say(checked: Checked, names: Mapping[int, str]) -> int:
    _write(render_wrong(((one.row, one.defect.text) for one in checked.found), names))
    if checked.wrong > len(checked.found):
        _write(f"and {checked.wrong - len(checked.found)} more\n")
    if checked.wrong:
        _write(f"broken: {checked.count} snapshots were made again, {checked.wrong} things are wrong\n")
        return BROKEN
    _write(f"whole: {checked.count} snapshots were made again, and all of them give their hash\n")
    return WHOLE


def _verify_file(file: Path) -> int:
    try:
        if file.stat().st_size > LARGEST_FILE:
            raise SnapshotError(f"{file} has more than {LARGEST_FILE // 1024 // 1024} MB", "It is no export of ours.")
        export = read_export(json.loads(file.read_bytes()))
    except OSError as error:
        raise SnapshotError(f"{file} cannot be read: {error.strerror or error}", "Name an exported file.") from error
    except (ValueError, RecursionError) as error:
        raise SnapshotError(f"{file} is not JSON", "Make it with mergewarden snapshots show --format json.") from error
    found = verify_export(export)
    _write(render_wrong(((export.row, defect.text) for defect in found), {}))
    if found:
        _write(f"broken: {len(found)} things are wrong\n")
        return BROKEN
    count = len(export.projects)
    also = f", as do the contents of its {count} project{'s' if count > 1 else ''}" if count else ""
    _write(f"whole: the snapshot {export.row.digest} gives its hash{also}\n")
    _write(
        "  whether it is the one that was taken, the audit log says: snapshots.taken names the organisation's digest\n"
    )
    return WHOLE


def _export(reading: Any, row: SnapshotRow, *, alone: bool) -> Export:
    earlier = tuple(one for one in snapshots.revisions(reading, row.scope, row.period) if one.revision < row.revision)
    content = snapshots.documents(reading, [row.content]).get(row.content)
    if content is None:
        raise SnapshotError(f"the content {row.content[:12]} is not there", "Restore the table snapshot_content.")
    used, parts = set(), {}
    # Whatever it holds, it is taken away as it is: whoever checks it says what is wrong with it.
    with suppress(SnapshotError):
        inputs = read_content(content).inputs
        used = {one.digest for one in inputs.models}
        if not alone:
            parts = snapshots.documents(reading, {digest for _, digest in inputs.projects or ()})
    return Export(row, earlier, content, models.documents_of(reading, used), parts)


def _named(reading: Any, name: str) -> SnapshotRow:
    """A snapshot by its number, or by the first digits of its digest."""
    text = name.strip().casefold()
    if text.isascii() and text.isdecimal() and len(text) <= 18:
        found = snapshots.get_row(reading, int(text))
        if found is not None:
            return found
    if 6 <= len(text) <= 64 and all(character in "0123456789abcdef" for character in text):
        several = snapshots.find(reading, text)
        if len(several) > 1:
            raise MergewardenError(f"several snapshots begin with {text}", "Write more digits.")
        if several:
            return several[0]
    raise MergewardenError(
        f"there is no snapshot {one_line(name, 70)}",
        "Name it by its number, or by six digits of its digest or more; mergewarden snapshots list shows both.",
    )


def _wanted(
    services: Services,
    project: str | None,
    group: str | None,
    *,
    organisation: bool,
    period: str | None,
    since: str | None,
    until: str | None,
) -> Wanted:
    if sum((project is not None, group is not None, organisation)) > 1:
        raise MergewardenError("a snapshot is of a project, of a group, or of the organisation", "Name one of them.")
    scope = None
    if project is not None:
        scope = Scope.of_project(project_of(services, project).id)
    elif group is not None:
        if not group.strip("/"):
            raise MergewardenError("a group has a name", "For example --group shop/web.")
        scope = Scope.of_group(group)
    elif organisation:
        scope = ORGANISATION
    try:
        kind = None if period is None else PeriodKind(period)
    except ValueError:
        words = ", ".join(one.value for one in PeriodKind)
        raise MergewardenError(
            f"{one_line(period or '', 40)!r} is no kind of period", f"Use one of: {words}."
        ) from None
    return Wanted(scope, kind, _day(since), _day(until))


def _day(text: str | None) -> date | None:
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise MergewardenError(f"{one_line(text, 40)!r} is not a date", "Write it as 2026-12-31.") from None


def _names(services: Services, rows: Iterable[SnapshotRow]) -> dict[int, str]:
    numbers = {row.scope.project_id for row in rows if row.scope.project_id is not None}
    with session(services.store) as reading:
        return {number: one.path for number, one in projects_by_id(reading, numbers).items()}


def _write(text: str) -> None:
    sys.stdout.buffer.write(text.encode("utf-8", "backslashreplace"))
    sys.stdout.buffer.flush()
