"""
The finding's page: everything that is known about one finding, as HTML, as text for a terminal, and as JSON.

What people judge, where the last scans see it, and who sees it stand apart, because none of them follows from another.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from textwrap import dedent
from typing import Any

from rich import box
from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from bot.domain.known import Dossier, Sighting, Witness
from bot.domain.suppression import Scope, Suppression
from bot.domain.triage import SYSTEM, TriageEvent
from bot.domain.verdict import Presence
from bot.reports.documents import cwe_url, dump, json_time, moment, web_references
from bot.reports.html import Segments, rendered, segments
from bot.reports.json_report import finding_document, tool_version
from bot.reports.text import DEFAULT_WIDTH, SEVERITY_STYLES
from bot.reports.visible import lines_of, one_line, shorten, shorten_path, visible
from bot.reports.wording import Lookup, Wording, words_in
from bot.texts import Language
from scanners.finding import Location

SCHEMA_VERSION = "1.0"
"""Of the JSON; a new field raises the minor, anything that could break a reader the major."""

_LONGEST = 5_000
_MOST_ROWS = 500


@dataclass(frozen=True, slots=True)
class EventRow:
    """One thing that somebody said."""

    when: str
    who: str
    what: str
    reason: str
    suppression: str
    """``suppression 7``; empty for none."""


@dataclass(frozen=True, slots=True)
class SightingRow:
    """One branch or merge request."""

    ref: str
    presence: str
    place: str
    explanation: str
    commit: str
    first_seen: str
    edited: str
    gone: str


@dataclass(frozen=True, slots=True)
class WitnessRow:
    """One scanner on one branch or merge request."""

    ref: str
    source: str
    scanner: str
    version: str
    rule: str
    first_seen: str
    last_seen: str
    gone: bool
    explanation: str


@dataclass(frozen=True, slots=True)
class SuppressionRow:
    """One exception."""

    number: int
    standing: str
    justification: str
    reason: str
    who: str
    until: str
    about: str


@dataclass(frozen=True, slots=True)
class FindingPage:
    """What the page shows; every value is text that the template escapes."""

    number: str
    project: str
    level: str
    severity: str
    title: Segments
    place: str
    facts: tuple[tuple[str, str], ...]
    """Name, empty where the value says it, and value."""
    cwes: tuple[tuple[int, str], ...]
    state: str
    state_class: str
    judged: str
    """Who said so, when and why; empty while nobody did."""
    whereabouts: str
    seen: bool
    suppressed: str
    """Whose exception is in force, why and until when; empty for none."""
    lines: tuple[tuple[int, str], ...]
    message: Segments
    quoted: bool
    remediation: Segments
    references: tuple[str, ...]
    history: tuple[EventRow, ...]
    sightings: tuple[SightingRow, ...]
    witnesses: tuple[WitnessRow, ...]
    suppressions: tuple[SuppressionRow, ...]


def finding_page(dossier: Dossier, wording: Wording, now: datetime) -> FindingPage:
    """The page's content in one language; ``now`` decides which suppressions are in force."""
    known, finding = dossier.known, dossier.known.finding
    words = wording.words_of(finding)
    first = finding.location.start_line
    lines = [shorten(visible(line), 500) for line in lines_of(dedent(finding.snippet))[:40]] if finding.snippet else []
    _ = wording.t.gettext
    facts = [
        ("", wording.confidence_phrase(finding.confidence)),
        (_("Kind"), wording.kind(finding.kind)),
        (_("Rule"), one_line(f"{finding.scanner} {finding.rule_id}", 200)),
        (_("First seen"), moment(known.first_seen_at)),
        ("OWASP", wording.joined([one_line(category, 40) for category in finding.owasp])),
        (_("Advisories"), wording.joined([one_line(name, 60) for name in wording.advisories(finding)])),
        (_("Fingerprint"), one_line(finding.fingerprint[:16])),
    ]
    suppressions = list(dossier.suppressions)
    if dossier.match is not None and dossier.match.suppression not in suppressions:
        suppressions.append(dossier.match.suppression)
    return FindingPage(
        number=f"#{known.id}",
        project=one_line(known.project, 200) or str(known.project_id),
        level=finding.severity.value,
        severity=wording.severity(finding.severity),
        title=segments(one_line(words.title, 300)),
        place=_place(finding.location),
        facts=tuple((name, value) for name, value in facts if value),
        cwes=tuple((number, cwe_url(number)) for number in finding.cwes),
        state=wording.state(known.judgement.state),
        state_class=known.judgement.state.value,
        judged=_judged(dossier, wording),
        whereabouts=wording.whereabouts(known.whereabouts),
        seen=any(sighting.gone_at is None for sighting in dossier.sightings),
        suppressed=one_line(wording.said(dossier.match.explanation), 600) if dossier.match else "",
        lines=tuple((first + offset, line) for offset, line in enumerate(lines)),
        message=segments(shorten(visible(words.message).strip(), _LONGEST)),
        quoted=words.quoted,
        remediation=segments(shorten(visible(words.remediation).strip(), _LONGEST)),
        references=tuple(visible(url) for url in web_references(finding.references)[:12]),
        # The newest matter, and nobody reads more.
        history=tuple(_event(event, wording) for event in dossier.history[-_MOST_ROWS:]),
        sightings=tuple(_sighting(seen, known.id, wording) for seen in dossier.sightings[:_MOST_ROWS]),
        witnesses=tuple(_witness(said, wording) for said in dossier.witnesses[:_MOST_ROWS]),
        suppressions=tuple(suppression_row(made, wording, now) for made in suppressions[-_MOST_ROWS:]),
    )


def render_finding_html(dossier: Dossier, language: Language, *, now: datetime, lookup: Lookup | None = None) -> str:
    """The finding's page: one file that needs nothing else, as the report's."""
    wording = words_in(language, lookup)
    return rendered("finding.html", wording, printed_at=moment(now), page=finding_page(dossier, wording, now))


def render_finding_text(
    dossier: Dossier, language: Language, *, now: datetime, width: int = DEFAULT_WIDTH, lookup: Lookup | None = None
) -> str:
    """The same as text of ``width`` columns, without colours."""
    out = io.StringIO()
    console = Console(file=out, width=width, force_terminal=False, color_system=None, legacy_windows=False)
    print_finding(dossier, console, language, now=now, lookup=lookup)
    return "\n".join(line.rstrip() for line in out.getvalue().split("\n"))


def print_finding(
    dossier: Dossier, console: Console, language: Language, *, now: datetime, lookup: Lookup | None = None
) -> None:
    """Print it; the console decides on width and colour."""
    wording = words_in(language, lookup)
    for renderable in _text(finding_page(dossier, wording, now), dossier, wording):
        console.print(renderable, markup=False, highlight=False, emoji=False, soft_wrap=False)


def render_finding_json(dossier: Dossier, language: Language, *, now: datetime, lookup: Lookup | None = None) -> str:
    """
    The same as JSON: ``finding`` (as in the scan report, with ``number``), ``project``, ``whereabouts``, ``judgement``,
    ``first_seen_at``, ``suppressed`` (null, or by which and why), ``history``, ``sightings``, ``witnesses`` and
    ``suppressions``. Times are RFC 3339 in UTC; the words are the enum values.
    """
    wording = words_in(language, lookup)
    known = dossier.known
    return dump(
        {
            "schema_version": SCHEMA_VERSION,
            "tool": {"name": "mergewarden", "version": tool_version()},
            "language": language.value,
            "project": {"id": known.project_id, "path": known.project},
            "finding": {"number": known.id, **finding_document(known.finding, wording)},
            "whereabouts": known.whereabouts.value,
            "first_seen_at": json_time(known.first_seen_at),
            "judgement": {
                "state": known.judgement.state.value,
                "justification": known.judgement.justification.value if known.judgement.justification else None,
                "reason": known.judgement.reason,
                "actor": known.judgement.actor,
                "at": json_time(known.judgement.at),
            },
            "suppressed": {
                "suppression_id": dossier.match.suppression.id,
                "explanation": dossier.match.explanation,
            }
            if dossier.match
            else None,
            "history": [_event_document(event) for event in dossier.history],
            "sightings": [_sighting_document(seen) for seen in dossier.sightings],
            "witnesses": [_witness_document(said) for said in dossier.witnesses],
            "suppressions": [suppression_document(made, now) for made in dossier.suppressions],
        }
    )


def suppression_document(made: Suppression, now: datetime) -> dict[str, Any]:
    """A suppression as values that JSON can hold."""
    return {
        "id": made.id,
        "standing": made.standing(now).value,
        "project_id": made.project_id,
        "scope": made.scope.value,
        "finding": made.finding_id,
        "scanner": made.scanner,
        "rule_id": made.rule_id,
        "path": made.path,
        "advisory": made.advisory,
        "package": made.package,
        "justification": made.justification.value,
        "reason": made.reason,
        "created_by": made.created_by,
        "created_at": json_time(made.created_at),
        "expires_at": json_time(made.expires_at),
        "needs_approval": made.needs_approval,
        "approved_by": made.approved_by or None,
        "approved_at": json_time(made.approved_at),
        "revoked_by": made.revoked_by or None,
        "revoked_at": json_time(made.revoked_at),
        "last_used_at": json_time(made.last_used_at),
    }


def about(made: Suppression) -> str:
    """What a suppression covers, on one line."""
    match made.scope:
        case Scope.FINDING:
            text = f"#{made.finding_id}"
        case Scope.RULE:
            text = f"{made.scanner} {made.rule_id}" + (f" {made.path}" if made.path else "")
        case Scope.ADVISORY:
            text = made.advisory + (f" {made.package}" if made.package else "")
    return one_line(text, 300)


def _judged(dossier: Dossier, wording: Wording) -> str:
    judgement = dossier.known.judgement
    if judgement.at is None:
        return ""
    parts = [_who(judgement.actor), moment(judgement.at)]
    if judgement.justification is not None:
        parts.insert(0, wording.justification(judgement.justification))
    said = wording.joined(parts)
    reason = one_line(wording.said(judgement.reason), 2_000)
    return f"{said}{wording.colon()}{reason}" if reason else said


def _event(event: TriageEvent, wording: Wording) -> EventRow:
    what = wording.state(event.after)
    if event.justification is not None:
        what = f"{what} ({wording.justification(event.justification)})"
    number = event.suppression_id
    return EventRow(
        when=moment(event.at),
        who=_who(event.actor),
        what=what,
        reason=one_line(wording.said(event.reason), 2_000),
        suppression=wording.t.gettext("suppression {number}").format(number=number) if number is not None else "",
    )


def _sighting(seen: Sighting, number: int, wording: Wording) -> SightingRow:
    explanation = wording.said(seen.explanation)
    if explanation and seen.presence in (Presence.EXISTING, Presence.CHANGED):
        explanation = wording.t.gettext("same as {finding}: {explanation}").format(
            finding=f"#{number}", explanation=explanation
        )
    return SightingRow(
        ref=one_line(seen.ref, 200),
        presence=wording.presence(seen.presence),
        place=_place(seen.location),
        explanation=one_line(explanation, 600),
        commit=one_line(seen.commit or "")[:12],
        first_seen=_day(seen.first_seen_at),
        edited=_day(seen.changed_at),
        gone=_day(seen.gone_at),
    )


def _witness(said: Witness, wording: Wording) -> WitnessRow:
    return WitnessRow(
        ref=one_line(said.ref, 200),
        source=one_line(said.source, 200),
        scanner=one_line(said.scanner, 80),
        version=one_line(said.version, 60),
        rule=one_line(said.rule_id, 200),
        first_seen=_day(said.first_seen_at),
        last_seen=_day(said.last_seen_at),
        gone=said.gone_at is not None,
        explanation=one_line(wording.said(said.explanation), 600),
    )


def suppression_row(made: Suppression, wording: Wording, now: datetime) -> SuppressionRow:
    """An exception as pages list it; ``now`` decides where it stands."""
    return SuppressionRow(
        number=made.id,
        standing=wording.standing(made.standing(now)),
        justification=wording.justification(made.justification),
        reason=one_line(made.reason, 2_000),
        who=" + ".join(one_line(name, 200) for name in (made.created_by, made.approved_by) if name),
        until=_day(made.expires_at),
        about=about(made),
    )


def _who(actor: str) -> str:
    return "Mergewarden" if actor == SYSTEM else one_line(actor, 200)


def _place(location: Location) -> str:
    return f"{shorten_path(visible(str(location.path)), 300)}:{location.start_line}"


def _day(at: datetime | None) -> str:
    return at.astimezone(UTC).date().isoformat() if at is not None else ""


# --- JSON -------------------------------------------------------------------------------------------------------------


def _event_document(event: TriageEvent) -> dict[str, Any]:
    return {
        "at": json_time(event.at),
        "actor": event.actor,
        "before": event.before.value,
        "after": event.after.value,
        "justification": event.justification.value if event.justification else None,
        "reason": event.reason,
        "source": event.source,
        "suppression_id": event.suppression_id,
    }


def _sighting_document(seen: Sighting) -> dict[str, Any]:
    return {
        "ref": seen.ref,
        "presence": seen.presence.value,
        "path": str(seen.location.path),
        "start_line": seen.location.start_line,
        "end_line": seen.location.end_line,
        "explanation": seen.explanation,
        "commit": seen.commit,
        "first_seen_at": json_time(seen.first_seen_at),
        "changed_at": json_time(seen.changed_at),
        "gone_at": json_time(seen.gone_at),
    }


def _witness_document(said: Witness) -> dict[str, Any]:
    return {
        "ref": said.ref,
        "source": said.source,
        "scanner": said.scanner,
        "version": said.version,
        "rule_id": said.rule_id,
        "first_seen_at": json_time(said.first_seen_at),
        "last_seen_at": json_time(said.last_seen_at),
        "gone_at": json_time(said.gone_at),
        "explanation": said.explanation,
    }


# --- text -------------------------------------------------------------------------------------------------------------


def _text(page: FindingPage, dossier: Dossier, wording: Wording) -> Iterator[RenderableType]:
    _ = wording.t.gettext
    head = Text(page.number, style="bold")
    head.append(f"  {page.severity} ", style=SEVERITY_STYLES[dossier.known.finding.severity])
    head.append(f" {_plain(page.title)}", style="bold")
    yield head
    yield Text(f"{page.project}  {page.place}", style="dim")
    yield Text()
    state = Text(page.state, style="bold")
    state.append(f"{wording.colon()}{page.judged}" if page.judged else "", style="default")
    yield state
    yield Text(f"{_('Seen')}{wording.colon()}{page.whereabouts}")
    if page.suppressed:
        yield Text(f"{_('Suppressed')}{wording.colon()}{page.suppressed}", style="green")
    facts = [f"{name}{wording.colon()}{value}" if name else value for name, value in page.facts]
    facts += [f"CWE-{number}" for number, _url in page.cwes]
    yield Text(" · ".join(facts), style="dim")
    if page.lines:
        yield Padding(Text("\n".join(f"{number:>5} │ {line}" for number, line in page.lines)), (1, 0, 0, 2))
    for title, text in (("", page.message), (_("How to fix"), page.remediation)):
        if text:
            yield Padding(Text((f"{title}{wording.colon()}" if title else "") + _plain(text)), (1, 0, 0, 2))
    if page.history:
        rows = [[row.when, row.who, row.what, _joined(row.reason, row.suppression)] for row in page.history]
        yield _section(_("What people said"), [_("When"), _("Who"), _("State"), _("Why")], rows)
    if page.suppressions:
        rows = [
            [
                str(row.number),
                row.standing,
                row.who,
                row.until,
                _joined(row.about, f"{row.justification}: {row.reason}"),
            ]
            for row in page.suppressions
        ]
        yield _section(_("Suppressions"), [_("Number"), _("Standing"), _("Who"), _("Until"), _("Why")], rows)
    if page.sightings:
        rows = [
            [row.ref, row.presence if not row.gone else f"{row.presence}\n{row.gone}", row.place, row.explanation]
            for row in page.sightings
        ]
        yield _section(_("Where it is"), [_("Branch"), _("Last scan"), _("Where"), _("Why this state")], rows)
    if page.witnesses:
        rows = [
            [row.ref, f"{row.scanner} {row.version}", row.rule, f"{row.first_seen}\n{row.last_seen}", _voice(row, _)]
            for row in page.witnesses
        ]
        headers = [_("Branch"), _("Scanner"), _("Rule"), _("First and last seen"), _("Source")]
        yield _section(_("Who sees it"), headers, rows)


def _voice(row: WitnessRow, _: Any) -> str:
    return _joined(row.source, row.explanation, _("no longer") if row.gone else "")


def _joined(*parts: str) -> str:
    return "\n".join(part for part in parts if part)


def _section(title: str, headers: list[str], rows: list[list[str]]) -> RenderableType:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for header in headers:
        table.add_column(header, overflow="fold")
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    return Padding(Group(Text(title, style="bold"), table), (1, 0, 0, 0))


def _plain(text: Segments) -> str:
    return "".join(part for _, part in text)
