"""
The report for a terminal: by file, with the flagged code, then the scanners, and the verdict last, where the eye rests.

Colour never carries meaning alone. Nothing from outside is read as markup or as a terminal's control sequence.
"""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import groupby

from rich import box
from rich.cells import cell_len
from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from bot.domain import explanations
from bot.domain.verdict import Outcome, Presence, Reason, ReasonCode, ScanReport, TrackedFinding
from bot.reports.markdown_parts import gaps_of
from bot.reports.sentences import parse
from bot.reports.visible import lines_of, one_line, shorten, shorten_path, visible
from bot.reports.wording import (
    FindingWords,
    Lookup,
    Wording,
    counted_presences,
    counting,
    number_of,
    scanners_of,
    words_in,
)
from bot.texts import Language
from scanners.finding import Finding, Severity
from scanners.redact import MASK

DEFAULT_WIDTH = 100
"""Columns when there is no terminal to ask."""

SEVERITY_STYLES = {
    Severity.CRITICAL: "bold white on red",
    Severity.HIGH: "bold red",
    Severity.MEDIUM: "bold yellow",
    Severity.LOW: "bold cyan",
    Severity.INFO: "bold blue",
}
_OUTCOME_STYLES = {
    Outcome.PASSED: "bold green",
    Outcome.WARNED: "bold yellow",
    Outcome.FAILED: "bold red",
    Outcome.NOT_ASSESSED: "bold magenta",
}
_TAB = 4
_INDENT = 2
_MOST_GAPS = 50
_WIDE = 100
"""Columns from which the table of the scanners has all of its own."""
_NARROW = 60
"""Columns below which it has only scanners and results."""


def render_text(
    report: ScanReport,
    language: Language,
    *,
    width: int = DEFAULT_WIDTH,
    colour: bool = False,
    everything: bool = False,
    explain: bool = False,
    lookup: Lookup | None = None,
) -> str:
    """The report as text of ``width`` columns, see ``print_report``; with ANSI colours only when asked for."""
    out = io.StringIO()
    console = Console(
        file=out,
        width=width,
        force_terminal=colour,
        color_system="standard" if colour else None,
        legacy_windows=False,
    )
    print_report(report, console, language, everything=everything, explain=explain, lookup=lookup)
    # Padding to the right margin is of no use in a file.
    return "\n".join(line.rstrip() for line in out.getvalue().split("\n"))


def print_report(
    report: ScanReport,
    console: Console,
    language: Language,
    *,
    everything: bool = False,
    explain: bool = False,
    lookup: Lookup | None = None,
) -> None:
    """
    Print the report; the console decides on width and colour (none when it is not a terminal).

    :param everything: also findings of severity info one by one; otherwise those that block nothing are only counted.
    :param explain: every finding, also those that were there before, with why it is taken for new, known or fixed.
    """
    wording = words_in(language, lookup)
    for renderable in _report(report, wording, console.width, everything=everything or explain, explain=explain):
        console.print(renderable, markup=False, highlight=False, emoji=False, soft_wrap=False)


def _report(
    report: ScanReport, wording: Wording, width: int, *, everything: bool, explain: bool
) -> Iterator[RenderableType]:
    yield _headline(report, wording)
    yield Text()
    judged = _judged(report)
    counted = [] if everything else [t for t in judged if _is_only_information(t, report)]
    in_full = judged if everything else [t for t in judged if not _is_only_information(t, report)]
    for path, found in groupby(in_full, key=lambda t: t.finding.location.path):
        yield Text(shorten_path(visible(str(path)), 200), style="bold underline")
        for tracked in found:
            yield Padding(_finding(tracked, report, wording, explain=explain), (0, 0, 1, _INDENT))
    if counted:
        yield _information(counted, wording)
        yield Text()
    if explain and report.subject.base_sha is not None:
        existing = report.with_presence(Presence.EXISTING)
        yield from _listed(wording.presence(Presence.EXISTING), existing, wording, explain=True)
    fixed = report.with_presence(Presence.FIXED)
    yield from _listed(wording.t.gettext("Fixed here"), fixed, wording, explain=explain)
    if report.runs:
        yield _scanners(report, wording, width)
        yield Text()
    yield from _gaps(report, wording)
    for reason in report.decision.reasons:
        if not _told_above(reason, report):
            symbol, _word = wording.reason_label(reason)
            yield Text(f"{symbol} {one_line(wording.reason(reason), 300)}", style="magenta")
    if counts := _counts(report, wording):
        yield Text(counts)
    yield Rule(style="dim", characters="─")
    yield Text(wording.verdict(report), style=_OUTCOME_STYLES[report.decision.outcome])
    if report.decision.outcome is not Outcome.PASSED:
        yield Text(wording.what_to_do(report))


def _headline(report: ScanReport, wording: Wording) -> Text:
    subject = report.subject
    line = Text("Mergewarden", style="bold")
    line.append(f"  {one_line(subject.project, 80)}", style="default")
    if subject.merge_request_iid is not None:
        line.append(f" !{subject.merge_request_iid}")
    if subject.head_sha:
        base = f"{subject.base_sha[:12]}.." if subject.base_sha else ""
        line.append(f"  {base}{subject.head_sha[:12]}", style="dim")
    files = wording.t.ngettext("{n} file read", "{n} files read", report.files_read).format(n=report.files_read)
    line.append(f"  {files}, {wording.seconds(report.seconds)}", style="dim")
    return line


def _judged(report: ScanReport) -> list[TrackedFinding]:
    """What the change is judged by, or everything when there is nothing to compare with. By place."""
    found = counting(report)
    if report.subject.base_sha is None:
        found = report.with_presence(Presence.NEW, Presence.CHANGED, Presence.EXISTING)
    return sorted(found, key=lambda t: (str(t.finding.location.path), t.finding.location.start_line))


def _is_only_information(tracked: TrackedFinding, report: ScanReport) -> bool:
    finding = tracked.finding
    return finding.severity is Severity.INFO and not report.decision.blocks(finding.fingerprint)


def _information(counted: Sequence[TrackedFinding], wording: Wording) -> Text:
    """How many there are of each rule, the most frequent first."""
    rules = Counter((wording.words_of(t.finding).title, t.finding.rule_id) for t in counted)
    ranked = sorted(rules.items(), key=lambda entry: (-entry[1], entry[0]))
    n = len(counted)
    many = wording.t.ngettext(
        "{n} finding is only counted here, --all shows it", "{n} findings are only counted here, --all shows them", n
    )
    text = Text()
    text.append(f" {wording.severity(Severity.INFO)} ", style=SEVERITY_STYLES[Severity.INFO])
    text.append(f" {many.format(n=n)}{wording.colon()}")
    listed = (f"{count} × {one_line(title, 80)} ({one_line(rule, 80)})" for (title, rule), count in ranked)
    text.append(" · ".join(listed), style="dim")
    return text


def _finding(tracked: TrackedFinding, report: ScanReport, wording: Wording, *, explain: bool) -> RenderableType:
    finding = tracked.finding
    words = wording.words_of(finding)
    parts: list[RenderableType] = [_finding_head(tracked, words, report, wording)]
    if finding.snippet.strip():
        parts.append(Padding(_excerpt(finding), (0, 0, 0, _INDENT)))
    body = Text()
    if words.message.strip():
        message = _flat(words.message)
        if words.quoted:
            body.append(f"{wording.t.gettext('The advisory says')}{wording.colon()}", style="dim")
        body.append(message)
    if words.remediation.strip():
        if body.plain:
            body.append("\n")
        body.append(f"{wording.t.gettext('How to fix')}{wording.colon()}", style="bold green")
        body.append(_flat(words.remediation))
    if body.plain:
        parts.append(Padding(body, (0, 0, 0, _INDENT)))
    if excused := report.decision.excused(finding.fingerprint):
        why = Text(f"{wording.t.gettext('Suppressed')}{wording.colon()}", style="bold green")
        why.append(one_line(wording.said(excused.explanation), 600), style="default")
        parts.append(Padding(why, (0, 0, 0, _INDENT)))
    if explain and (told := _explanation(tracked, wording)):
        parts.append(Padding(told, (0, 0, 0, _INDENT)))
    parts.append(Padding(_small_print(tracked, wording), (0, 0, 0, _INDENT)))
    return Group(*parts)


def _finding_head(tracked: TrackedFinding, words: FindingWords, report: ScanReport, wording: Wording) -> Text:
    finding = tracked.finding
    place = finding.location
    column = f":{place.start_column}" if place.start_column else ""
    head = Text()
    head.append(f"{place.start_line}{column}", style="dim")
    head.append("  ")
    head.append(f" {wording.severity(finding.severity)} ", style=SEVERITY_STYLES[finding.severity])
    head.append(f" {one_line(words.title, 200)}", style="bold")
    if tracked.number is not None:
        head.append(f"  {number_of(tracked)}", style="dim")
    if report.decision.blocks(finding.fingerprint):
        head.append(f"  [{wording.t.gettext('blocks')}]", style="bold red")
    elif report.decision.excused(finding.fingerprint):
        head.append(f"  [{wording.t.gettext('suppressed')}]", style="green")
    if tracked.presence is Presence.CHANGED:
        head.append(f"  [{wording.t.gettext('edited, still flagged')}]", style="yellow")
    elif tracked.presence is Presence.EXISTING:
        head.append(f"  [{wording.presence(tracked.presence)}]", style="dim")
    return head


def _small_print(tracked: TrackedFinding, wording: Wording) -> Text:
    finding = tracked.finding
    facts = [
        wording.confidence_phrase(finding.confidence),
        *(f"CWE-{number}" for number in finding.cwes),
        *(one_line(category, 20) for category in finding.owasp),
        *(one_line(advisory, 40) for advisory in wording.advisories(finding)[:4]),
        f"{', '.join(one_line(name, 40) for name in scanners_of(finding))}: {one_line(finding.rule_id, 80)}",
    ]
    return Text(" · ".join(facts), style="dim")


def _excerpt(finding: Finding) -> Text:
    """The flagged lines with their numbers, and what is meant underlined when the columns are known."""
    first = finding.location.start_line
    lines = [visible(line).expandtabs(_TAB) for line in lines_of(finding.snippet)[:12]]
    while lines and not lines[-1].strip():
        lines.pop()
    # The indentation that all share says nothing, and a terminal is narrow.
    shared = min((len(line) - len(line.lstrip()) for line in lines if line.strip()), default=0)
    gutter = len(str(first + len(lines)))
    text = Text(no_wrap=True, overflow="ellipsis")
    for offset, line in enumerate(lines):
        if offset:
            text.append("\n")
        text.append(f"{first + offset:>{gutter}} │ ", style="dim")
        text.append(shorten(line[shared:], 400))
    mark = _underline(finding, lines_of(finding.snippet)[0]) if len(lines) == 1 else None
    if mark:
        blank, width = mark
        text.append(f"\n{' ' * gutter} │ ", style="dim")
        text.append(" " * (blank - shared) + "^" * width, style=SEVERITY_STYLES[finding.severity])
    return text


def _underline(finding: Finding, line: str) -> tuple[int, int] | None:
    """Terminal cells before the flagged part and within it; the whole line when the columns do not fit it."""
    shown = visible(line).expandtabs(_TAB)
    whole = (len(shown) - len(shown.lstrip()), cell_len(shown.strip()))
    place = finding.location
    if not whole[1] or whole[1] > 300:
        return None
    start, end = place.start_column, place.end_column
    if start is None or end is None or place.end_line != place.start_line or not 1 <= start < end <= len(line) + 1:
        return whole
    if MASK in line:  # what was taken out had another length
        return whole
    before = cell_len(visible(line[: start - 1]).expandtabs(_TAB))
    upto = cell_len(visible(line[: end - 1]).expandtabs(_TAB))
    begin = max(before, whole[0])
    return begin, max(1, upto - begin)


def _listed(
    heading: str, found: Sequence[TrackedFinding], wording: Wording, *, explain: bool
) -> Iterator[RenderableType]:
    """A heading and one line for each; nothing where there are none."""
    if not found:
        return
    yield Text(heading, style="bold")
    for tracked in found:
        yield Padding(_one_line_finding(tracked, wording), (0, 0, 0, _INDENT))
        if explain and (told := _explanation(tracked, wording)):
            yield Padding(told, (0, 0, 0, 2 * _INDENT))
    yield Text()


def _explanation(tracked: TrackedFinding, wording: Wording) -> Text | None:
    """Why it is what it is taken for, and as which of the findings that we know; None where nobody said so."""
    sentence = tracked.explanation
    known = parse(sentence, (explanations.SAME_AS,)) is not None
    if sentence and tracked.number is not None and not known:
        sentence = explanations.SAME_AS.format(count=tracked.number, sentence=sentence)
    return Text(f"↳ {one_line(wording.said(sentence), 400)}", style="dim") if sentence else None


def _one_line_finding(tracked: TrackedFinding, wording: Wording) -> Text:
    finding = tracked.finding
    symbol = "✔" if tracked.presence is Presence.FIXED else "·"
    path = shorten_path(visible(str(finding.location.path)), 80)
    title = one_line(wording.words_of(finding).title, 100)
    line = Text(f"{symbol} ", style="green" if tracked.presence is Presence.FIXED else "dim")
    line.append(f"{wording.severity(finding.severity)}  {title}  ", style="default")
    line.append(f"{path}:{finding.location.start_line}", style="dim")
    return line


def _scanners(report: ScanReport, wording: Wording, width: int) -> Table:
    """Where there is no room for all columns, the date goes into the result, and what matters least goes altogether."""
    _ = wording.t.gettext
    wide, narrow = width >= _WIDE, width < _NARROW
    dated = wide and any(run.data_date for run in report.runs)
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    table.add_column(_("Scanner"), no_wrap=not narrow, overflow="fold")
    # Rich takes a line that ends in a space for too long where characters are two cells wide; folding loses nothing.
    table.add_column(_("Result"), min_width=20, overflow="fold")
    if not narrow:
        table.add_column(_("Files read"), justify="right", no_wrap=True)
    if wide:
        table.add_column(_("From cache"), justify="right", no_wrap=True)
    if not narrow:
        table.add_column(_("Time"), justify="right", no_wrap=True)
    if dated:
        table.add_column(_("Advisories up to"), min_width=len("2026-05-03"), overflow="fold")
    for run in report.runs:
        result = Text(wording.scanner_result(run), style="" if run.assessed else "bold magenta")
        if run.reason:
            result.append(f" ({one_line(wording.said(run.reason), 200)})")
        date = run.data_date.isoformat() if run.data_date else ""
        if date and not dated:
            result.append(f"\n{_('Advisories up to')} {date}", style="dim")
        cells: list[Text | str] = [Text(one_line(f"{run.scanner} {run.version}", 60)), result]
        if not narrow:
            cells.append(str(run.files))
        if wide:
            cells.append(str(run.cached_files))
        if not narrow:
            cells.append(wording.run_time(run))
        if dated:
            cells.append(date)
        table.add_row(*cells)
    return table


def _gaps(report: ScanReport, wording: Wording) -> Iterator[RenderableType]:
    gaps = gaps_of(report.runs)
    if not gaps:
        return
    yield Text(f"{wording.t.gettext('Not read')} ({len(gaps)})", style="bold")
    for gap in gaps[:_MOST_GAPS]:
        where = shorten_path(visible(str(gap.path)), 100) + (f":{gap.line}" if gap.line else "")
        detail = f" ({one_line(wording.said(gap.detail), 120)})" if gap.detail else ""
        yield Padding(Text(f"{where}{wording.colon()}{wording.gap(gap.reason)}{detail}"), (0, 0, 0, _INDENT))
    if len(gaps) > _MOST_GAPS:
        n = len(gaps) - _MOST_GAPS
        more = wording.t.ngettext("{n} more row is not shown.", "{n} more rows are not shown.", n).format(n=n)
        yield Padding(Text(more, style="dim"), (0, 0, 0, _INDENT))
    yield Text()


def _told_above(reason: Reason, report: ScanReport) -> bool:
    """Whether the table of the scanners or the list of unread files says it already."""
    if reason.code is ReasonCode.SCANNER_NOT_ASSESSED:
        return any(reason.subject == run.scanner for run in report.runs)
    if reason.code is ReasonCode.FILE_NOT_READ:
        return any(reason.subject == str(gap.path) for run in report.runs for gap in run.gaps)
    return False


def _counts(report: ScanReport, wording: Wording) -> str:
    counts = [f"{wording.presence(p)} {len(report.with_presence(p))}" for p in counted_presences(report)]
    if report.decision.suppressed:
        counts.append(f"{wording.t.gettext('Suppressed')} {len(report.decision.suppressed)}")
    return " · ".join(counts)


def _flat(text: str) -> str:
    """Paragraphs kept, the line breaks within them not: the terminal wraps at its own width."""
    paragraphs = [" ".join(part.split()) for part in shorten(visible(text), 3_000).split("\n\n")]
    return "\n".join(part for part in paragraphs if part)
