"""
Lists of findings and of suppressions, for a terminal and as JSON.

What strangers wrote is shown on one line, without anything that a terminal would obey.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime

from rich import box
from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from bot.domain.known import KnownFinding
from bot.domain.suppression import Suppression, SuppressionReview
from bot.reports.documents import dump
from bot.reports.finding_page import about, suppression_document
from bot.reports.json_report import finding_document
from bot.reports.text import SEVERITY_STYLES
from bot.reports.visible import one_line, shorten_path, visible
from bot.reports.wording import Lookup, Wording, words_in
from bot.texts import Language

SCHEMA_VERSION = "1.0"
"""Of the JSON lists; a new field raises the minor, anything that could break a reader the major."""


def print_findings(
    findings: Sequence[KnownFinding],
    console: Console,
    language: Language,
    *,
    with_project: bool,
    lookup: Lookup | None = None,
) -> None:
    """One row for each; the console decides on width and colour."""
    wording = words_in(language, lookup)
    _ = wording.t.gettext
    if not findings:
        console.print(_("no findings"), markup=False, highlight=False)
        return
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    table.add_column(_("Number"), justify="right", no_wrap=True)
    for header in (_("Severity"), _("State"), _("Finding"), _("Where")):
        table.add_column(header, overflow="fold")
    if with_project:
        table.add_column(_("Project"), overflow="fold")
    for known in findings:
        cells = [
            Text(f"#{known.id}"),
            Text(wording.severity(known.finding.severity), style=SEVERITY_STYLES[known.finding.severity]),
            Text("\n".join(_states(known, wording))),
            Text(one_line(wording.words_of(known.finding).title, 120)),
            Text(f"{shorten_path(visible(str(known.finding.location.path)), 120)}:{known.finding.location.start_line}"),
        ]
        if with_project:
            cells.append(Text(one_line(known.project, 120) or str(known.project_id)))
        table.add_row(*cells)
    console.print(table, markup=False, highlight=False, emoji=False)


def render_findings_json(
    findings: Sequence[KnownFinding], language: Language, *, next_cursor: str | None, lookup: Lookup | None = None
) -> str:
    """``findings`` (see the scan report) with number, project, whereabouts and judgement, and where to go on."""
    wording = words_in(language, lookup)
    return dump(
        {
            "schema_version": SCHEMA_VERSION,
            "language": language.value,
            "findings": [
                {
                    "number": known.id,
                    "project": {"id": known.project_id, "path": known.project},
                    "whereabouts": known.whereabouts.value,
                    "state": known.judgement.state.value,
                    "justification": known.judgement.justification.value if known.judgement.justification else None,
                    "suppressed": known.suppressed,
                    "first_seen_at": known.first_seen_at.astimezone(UTC).isoformat(timespec="seconds"),
                    **finding_document(known.finding, wording),
                }
                for known in findings
            ],
            "next": next_cursor,
        }
    )


def print_suppressions(
    suppressions: Sequence[Suppression],
    projects: Mapping[int, str],
    console: Console,
    language: Language,
    *,
    now: datetime,
) -> None:
    """One row for each; ``projects`` has full paths by number."""
    wording = words_in(language)
    if not suppressions:
        console.print(wording.t.gettext("no suppressions"), markup=False, highlight=False)
        return
    console.print(_table(suppressions, projects, wording, now), markup=False, highlight=False, emoji=False)


def print_review(
    review: SuppressionReview, projects: Mapping[int, str], console: Console, language: Language, *, now: datetime
) -> None:
    """What waits, ends soon, has ended, and what nothing falls under: a section for each, also for the empty ones."""
    wording = words_in(language)
    for part in _review(review, projects, wording, now):
        console.print(part, markup=False, highlight=False, emoji=False)


def render_suppressions_json(suppressions: Iterable[Suppression], now: datetime) -> str:
    """``suppressions``: a list of objects, see ``suppression_document``."""
    return dump(
        {
            "schema_version": SCHEMA_VERSION,
            "suppressions": [suppression_document(made, now) for made in suppressions],
        }
    )


def render_review_json(review: SuppressionReview, now: datetime) -> str:
    """The same lists as in the text, by the names ``waiting``, ``expiring``, ``expired`` and ``unused``."""
    lists = {
        "waiting": review.waiting,
        "expiring": review.expiring,
        "expired": review.expired,
        "unused": review.unused,
    }
    documents = {name: [suppression_document(made, now) for made in found] for name, found in lists.items()}
    return dump({"schema_version": SCHEMA_VERSION, **documents})


def _states(known: KnownFinding, wording: Wording) -> Iterator[str]:
    yield wording.state(known.judgement.state)
    if known.suppressed:
        yield wording.t.gettext("suppressed")
    yield wording.whereabouts(known.whereabouts)


def _review(
    review: SuppressionReview, projects: Mapping[int, str], wording: Wording, now: datetime
) -> Iterator[RenderableType]:
    _ = wording.t.gettext
    for title, found in (
        (_("Waiting for a second person"), review.waiting),
        (_("Ending soon"), review.expiring),
        (_("Ended"), review.expired),
        (_("Nothing falls under them"), review.unused),
    ):
        yield Text(f"{title} ({len(found)})", style="bold")
        if found:
            yield _table(found, projects, wording, now)
        yield Text()


def _table(suppressions: Sequence[Suppression], projects: Mapping[int, str], wording: Wording, now: datetime) -> Table:
    _ = wording.t.gettext
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    table.add_column(_("Number"), justify="right", no_wrap=True)
    for header in (_("Standing"), _("What it covers"), _("Project"), _("Who"), _("Until"), _("Last used"), _("Why")):
        table.add_column(header, overflow="fold")
    for made in suppressions:
        project = _("every project") if made.project_id is None else projects.get(made.project_id, str(made.project_id))
        cells = [
            str(made.id),
            wording.standing(made.standing(now)),
            about(made),
            one_line(project, 120),
            " + ".join(one_line(name, 200) for name in (made.created_by, made.approved_by) if name),
            made.expires_at.astimezone(UTC).date().isoformat(),
            _("never") if made.last_used_at is None else made.last_used_at.astimezone(UTC).date().isoformat(),
            f"{wording.justification(made.justification)}{wording.colon()}{one_line(made.reason, 400)}",
        ]
        table.add_row(*(Text(cell) for cell in cells))
    return table
