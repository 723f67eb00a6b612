"""``mergewarden findings``: the list, one finding with everything that is known about it, and judging it."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console

from bot.cli.common import end_of_day, open_services, print_again, project_of, user_name
from bot.domain.known import Dossier, Whereabouts
from bot.domain.suppression import Standing
from bot.domain.triage import Justification, TriageState
from bot.errors import MergewardenError
from bot.pipeline.acts import decided_act
from bot.pipeline.decisions import decide, deciding, dossier
from bot.reports.finding_list import print_findings, render_findings_json
from bot.reports.finding_page import print_finding, render_finding_html, render_finding_json, render_finding_text
from bot.services import Services
from bot.store.engine import session
from bot.store.findings import LONGEST_PAGE, Cursor, get, page
from bot.texts import Language


def run_list(
    *,
    project: str | None,
    where: Whereabouts | None,
    limit: int,
    after: str | None,
    format: str,
    language: str | None,
    config: Path | None,
) -> int:
    """Print one page; ``where`` None for everywhere. Raises ``MergewardenError`` for wrong use."""
    cursor = Cursor.parse(after) if after is not None else None
    if not 1 <= limit <= LONGEST_PAGE:
        raise MergewardenError(f"a page has 1 to {LONGEST_PAGE} findings", f"Use --limit {LONGEST_PAGE} and --after.")
    services = open_services(config)
    number = project_of(services, project).id if project is not None else None
    with session(services.store) as reading:
        found = page(reading, project_id=number, whereabouts=where, after=cursor, limit=limit)
    spoken = _language(services, language)
    following = str(found.next) if found.next is not None else None
    if format == "json":
        _write(render_findings_json(found.findings, spoken, next_cursor=following), None)
    else:
        print_findings(found.findings, Console(), spoken, with_project=project is None)
        if following is not None:
            print(f"\nthere are more: --after {following}")
    services.close()
    return 0


def run_show(finding: str, *, format: str, output: Path | None, language: str | None, config: Path | None) -> int:
    """Print everything about one finding. Raises ``MergewardenError`` for an unknown one."""
    number = number_of_finding(finding)
    services = open_services(config)
    now = datetime.now(UTC)
    with session(services.store) as reading:
        found = dossier(reading, number, now)
    if found is None:
        raise MergewardenError(f"there is no finding #{number}", "mergewarden findings list shows which there are.")
    _show(found, format, output, _language(services, language), now)
    services.close()
    return 0


def run_decide(
    finding: str,
    *,
    state: TriageState,
    justification: Justification | None,
    reason: str,
    until: str | None,
    by: str | None,
    on: str | None = None,
    config: Path | None,
) -> int:
    """Judge one finding and say what follows. Raises ``MergewardenError`` when that is not possible."""
    number = number_of_finding(finding)
    services = open_services(config)
    ends = end_of_day(until) if until is not None else None
    now = datetime.now(UTC)
    with session(services.store) as reading:
        known = get(reading, number)
    if known is None:
        raise MergewardenError(f"there is no finding #{number}", "mergewarden findings list shows which there are.")
    rules = services.policy().for_project(known.project).suppressions
    with deciding(services) as work:
        decided = decide(
            work.session,
            number,
            state=state,
            justification=justification,
            reason=reason,
            actor=user_name(by),
            now=now,
            rules=rules,
            expires_at=ends,
            on=on,
        )
        work.concerns(number)
        work.note(decided_act(decided, known.project_id, where=on or ""))
    print(f"#{number} is {state.value} now; it was {decided.event.before.value}")
    for old in decided.revoked:
        print(f"suppression {old.id} is revoked")
    if (made := decided.suppression) is not None:
        print(f"suppression {made.id} is made, until {made.expires_at.date().isoformat()}")
        if made.standing(now) is Standing.WAITING:
            print(f"  it has no effect before a second person approves it: mergewarden suppressions approve {made.id}")
    print_again(work.again)
    services.close()
    return 0


def number_of_finding(text: str) -> int:
    """``812`` or ``#812``. Raises ``MergewardenError`` for any other text."""
    digits = text.strip().removeprefix("#")
    if not digits.isascii() or not digits.isdigit() or len(digits) > 18:
        raise MergewardenError(f"{text!r} is not the number of a finding", "Write it as 812.")
    return int(digits)


def _show(found: Dossier, format: str, output: Path | None, language: Language, now: datetime) -> None:
    if format == "html":
        _write(render_finding_html(found, language, now=now), output)
    elif format == "json":
        _write(render_finding_json(found, language, now=now), output)
    elif output is not None:
        _write(render_finding_text(found, language, now=now), output)
    else:
        print_finding(found, Console(), language, now=now)


def _write(text: str, output: Path | None) -> None:
    if output is None:
        sys.stdout.buffer.write(text.encode())
        return
    try:
        output.write_text(text, encoding="utf-8")
    except OSError as error:
        raise MergewardenError(f"{output} cannot be written: {error.strerror}", "Choose another --output.") from error


def _language(services: Services, given: str | None) -> Language:
    return Language(given) if given else services.policy().policy.language
