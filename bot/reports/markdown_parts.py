"""Tables, folded sections and links that the Markdown documents share. Everything that comes out is safe Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from urllib.parse import quote as percent_encode

from bot.domain.verdict import Subject
from bot.reports.markdown import JOINER, REFERENCE_HOSTS, code_span, host_of, link, plain_line
from bot.reports.visible import shorten_path, visible
from bot.reports.wording import Wording, scanners_of
from scanners.finding import Finding, Location
from scanners.interface import Gap, ScannerRun

PATH_LENGTH = 160
TEXT_LENGTH = 200


def table(headers: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table of safe cells; empty when it has no rows. GitLab needs an empty line before it."""
    lines = [_row(row) for row in rows]
    if not lines:
        return ""
    return "\n".join([_row(headers), _row(["---"] * len(headers)), *lines])


def details(summary: str, body: str) -> str:
    """
    A folded section. ``summary`` is our own text without markup.

    The empty lines are needed: GitLab reads Markdown within HTML only after one.
    https://docs.gitlab.com/user/markdown/#collapsible-section
    """
    return f"<details>\n<summary>{summary}</summary>\n\n{body}\n\n</details>"


def fitting(lines: Sequence[str], budget: int) -> list[str]:
    """The first lines that together, with their line ends, have at most ``budget`` characters."""
    kept: list[str] = []
    for line in lines:
        budget -= len(line) + 1
        if budget < 0:
            break
        kept.append(line)
    return kept


def place(location: Location, subject: Subject, *, in_table: bool = False) -> str:
    """Path and line as code, linked to the file in the head commit when we know where that is."""
    path = shorten_path(visible(str(location.path)), PATH_LENGTH)
    label = code_span(f"{path}:{location.start_line}", None, in_table=in_table)
    url = blob_url(location, subject)
    return link(label, url, host_of(subject.project_url)) if url else label


def blob_url(location: Location, subject: Subject) -> str:
    """Page of these lines on GitLab; empty outside GitLab."""
    if not subject.project_url or not subject.head_sha or not subject.head_sha.isalnum():
        return ""
    path = percent_encode(str(location.path).encode("utf-8", "surrogateescape"), safe="/")
    lines = f"L{location.start_line}" + (f"-{location.end_line}" if location.end_line > location.start_line else "")
    return f"{subject.project_url.rstrip('/')}/-/blob/{subject.head_sha}/{path}#{lines}"


def cwe_links(finding: Finding) -> list[str]:
    """Each CWE of the finding, linked to MITRE's page about it."""
    return [link(f"CWE-{number}", f"https://cwe.mitre.org/data/definitions/{number}.html") for number in finding.cwes]


def reference_links(finding: Finding, most: int = 8) -> list[str]:
    """What to read; a page on a host that we do not know is shown as code and not linked."""
    return [_reference(url) for url in finding.references[:most]]


def scanner_names(finding: Finding) -> str:
    """All scanners that saw the finding."""
    return ", ".join(plain_line(name, 60) for name in scanners_of(finding))


def scanner_table(runs: Sequence[ScannerRun], wording: Wording) -> str:
    """What each scanner did; one that gave no answer stands out in bold, with its reason."""
    _ = wording.t.gettext
    headers = [_("Scanner"), _("Result"), _("Files read"), _("From cache"), _("Time"), _("Advisories up to")]
    return table(headers, (_scanner_row(run, wording) for run in runs))


def gap_table(gaps: Sequence[Gap], wording: Wording, budget: int = 12_000) -> str:
    """Files that were not read and why, as many as fit, and how many did not."""
    _ = wording.t.gettext
    rows = [_row(_gap_row(gap, wording)) for gap in gaps]
    kept = fitting(rows, budget)
    shown = "\n".join([_row([_("File"), _("Why"), _("Detail")]), _row(["---"] * 3), *kept])
    return "\n\n".join(part for part in [shown, left_out(len(rows) - len(kept), wording)] if part)


def left_out(n: int, wording: Wording, url: str | None = None) -> str:
    """How many rows a table does not show, with a link to where they are; empty for none."""
    if n <= 0:
        return ""
    text = wording.t.ngettext("{n} more row is not shown.", "{n} more rows are not shown.", n).format(n=n)
    full = link(wording.t.gettext("Full report"), url, host_of(url)) if url and host_of(url) else ""
    return f"*{text}*" + (f" {full}" if full else "")


def gaps_of(runs: Sequence[ScannerRun]) -> list[Gap]:
    """Every gap once, by path; two scanners that stumble over the same file in the same way are one line."""
    unique = {(str(gap.path), gap.line or 0, gap.reason.value, gap.detail): gap for run in runs for gap in run.gaps}
    return [unique[key] for key in sorted(unique)]


def row(cells: Sequence[str]) -> str:
    """One line of a table."""
    return _row(cells)


def divider(columns: int) -> str:
    """The line between a table's head and its body."""
    return _row(["---"] * columns)


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell or JOINER for cell in cells) + " |"


def _reference(url: str) -> str:
    label = code_span(url, TEXT_LENGTH)
    return link(label, url, REFERENCE_HOSTS)


def _scanner_row(run: ScannerRun, wording: Wording) -> list[str]:
    result = wording.scanner_result(run)
    if not run.assessed:
        reason = plain_line(wording.said(run.reason), TEXT_LENGTH)
        result = f"**{result}**" + (f" ({reason})" if reason else "")
    elif run.gaps:
        n = len(run.gaps)
        result = wording.clauses([result, wording.t.ngettext("{n} gap", "{n} gaps", n).format(n=n)])
    return [
        f"{plain_line(run.scanner, 60)} {code_span(run.version, 40, in_table=True)}".rstrip(),
        result,
        str(run.files),
        str(run.cached_files),
        wording.run_time(run),
        run.data_date.isoformat() if run.data_date else "",
    ]


def _gap_row(gap: Gap, wording: Wording) -> list[str]:
    path = shorten_path(visible(str(gap.path)), PATH_LENGTH)
    where = f"{path}:{gap.line}" if gap.line else path
    return [
        code_span(where, None, in_table=True),
        wording.gap(gap.reason),
        plain_line(wording.said(gap.detail), TEXT_LENGTH),
    ]
