"""
A receipt for people: what the desk's page shows, and the same as text for a terminal. The signed document is JSON.

What a receipt says is shown and never believed: paths, names and versions are strangers' texts.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from rich import box
from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from bot.domain.change import ChangeKind
from bot.domain.change_coverage import NO_ANSWER, Content
from bot.domain.receipt import Receipt, ReceiptFile, ReceiptReason, ReceiptScanner
from bot.domain.verdict import Effect, Presence, Reason, ReasonCode
from bot.reports.visible import one_line, shorten_path, visible
from bot.reports.wording import Wording, words_in
from bot.texts import Language

_MOST_FILES = 1_000
_MOST_ROWS = 200


@dataclass(frozen=True, slots=True)
class ScannerRow:
    """One scanner or imported report."""

    name: str
    version: str
    result: str
    assessed: bool
    reason: str
    files: str
    findings: str
    data_date: str
    rules: str


@dataclass(frozen=True, slots=True)
class FileRow:
    """One file of the change."""

    path: str
    change: str
    lines: str
    read_by: str
    gaps: str


@dataclass(frozen=True, slots=True)
class ReceiptPage:
    """What the page shows; every value is text that the template escapes."""

    id: str
    subject: str
    outcome: str
    outcome_class: str
    consequence: str
    facts: tuple[tuple[str, str], ...]
    """Name and value."""
    counts: tuple[tuple[str, str], ...]
    reasons: tuple[str, ...]
    scanners: tuple[ScannerRow, ...]
    reports: tuple[ScannerRow, ...]
    excused: tuple[tuple[str, str], ...]
    """Finding, and whose exception."""
    excused_more: str
    files_head: str
    files: tuple[FileRow, ...]
    files_more: str


def receipt_page(receipt: Receipt, receipt_id: str, key_id: str, wording: Wording) -> ReceiptPage:
    """The page's content in one language. ``key_id`` is whose signature it has, as its envelope says."""
    _ = wording.t.gettext
    decision, change = receipt.decision, receipt.change
    number = f"!{receipt.merge_request}" if receipt.merge_request is not None else ""
    facts = (
        (_("Commit"), receipt.head),
        (_("Compared with"), receipt.base or ""),
        (_("Target branch"), one_line(receipt.target_branch, 200)),
        (_("Decided"), one_line(decision.at, 40)),
        (_("Policy"), one_line(decision.policy_digest, 80)),
        (_("How this is enforced"), one_line(receipt.enforcement or "", 40) or _("unknown")),
        (_("Key"), one_line(key_id, 80)),
        ("Mergewarden", one_line(receipt.mergewarden, 40)),
    )
    effects = {Effect.BLOCK: _("Blocks"), Effect.COMMENT: _("Warns"), Effect.MONITOR: _("Only watched")}
    counts = [(wording.presence(p), str(decision.findings.get(p.value, 0))) for p in Presence]
    counts += [(word, str(decision.violations.get(effect.value, 0))) for effect, word in effects.items()]
    files = sorted(change.files, key=lambda file: not _incomplete(file))
    left = len(change.files) - min(len(change.files), _MOST_FILES) + change.omitted
    excused = [
        (
            f"#{one.finding}" if one.finding is not None else one_line(one.fingerprint[:16]),
            _("suppression {number}").format(number=one.suppression)
            if one.suppression is not None
            else _("a comment in the code"),
        )
        for one in decision.suppressed
    ]
    excused_left = len(excused) - min(len(excused), _MOST_ROWS) + decision.suppressed_omitted
    return ReceiptPage(
        id=receipt_id,
        subject=f"{one_line(receipt.project.path, 200)}{number}",
        outcome=wording.outcome(decision.outcome),
        outcome_class=decision.outcome.value,
        consequence=_consequence(receipt, wording),
        facts=tuple((name, value) for name, value in facts if value),
        counts=tuple(counts),
        reasons=tuple(line for reason in decision.reasons for line in _reasons(reason, wording))[:_MOST_ROWS],
        scanners=tuple(_scanner(row, wording) for row in receipt.scanners[:_MOST_ROWS]),
        reports=tuple(_scanner(row, wording) for row in receipt.reports[:_MOST_ROWS]),
        excused=tuple(excused[:_MOST_ROWS]),
        excused_more=_more(excused_left, wording),
        files_head=_files_head(receipt, wording),
        files=tuple(_file(file, wording) for file in files[:_MOST_FILES]),
        files_more=_more(left, wording),
    )


def print_receipt(receipt: Receipt, receipt_id: str, key_id: str, console: Console, language: Language) -> None:
    """Print what the page shows; the console decides on width and colour."""
    wording = words_in(language)
    for renderable in _text(receipt_page(receipt, receipt_id, key_id, wording), wording):
        console.print(renderable, markup=False, highlight=False, emoji=False, soft_wrap=False)


def _consequence(receipt: Receipt, wording: Wording) -> str:
    _ = wording.t.gettext
    if not receipt.decision.lets_through:
        return _("It does not let the merge request through.")
    if receipt.decision.tolerated:
        return _("It lets the merge request through, because the policy tolerates that nobody could judge.")
    return _("It lets the merge request through.")


def _files_head(receipt: Receipt, wording: Wording) -> str:
    change = receipt.change
    _, ngettext = wording.t.gettext, wording.t.ngettext
    if not change.listed:
        return _("It is not recorded which files were read.")
    n = change.files_changed
    parts = [ngettext("{n} file changed", "{n} files changed", n).format(n=n)]
    n = change.files_read
    parts.append(ngettext("{n} file read", "{n} files read", n).format(n=n))
    n = sum(_incomplete(file) for file in change.files) + change.omitted_incomplete
    if n:
        parts.append(ngettext("{n} file not read in full", "{n} files not read in full", n).format(n=n))
    n = sum(file.content is Content.TEXT and not file.read_by and not file.gaps for file in change.files)
    if n:
        parts.append(ngettext("{n} file that no scanner reads", "{n} files that no scanner reads", n).format(n=n))
    return wording.joined(parts)


def _reasons(reason: ReceiptReason, wording: Wording) -> Iterator[str]:
    try:
        code = ReasonCode(reason.code)
    except ValueError:
        yield one_line(reason.code, 100)
        return
    if code is ReasonCode.FILE_NOT_READ:
        n = reason.count
        words = wording.t.ngettext("{n} file could not be read", "{n} files could not be read", n).format(n=n)
        yield wording.sentence(words)
        return
    for subject in reason.subjects or ("",):
        yield one_line(wording.reason(Reason(code, subject)), 400)


def _scanner(row: ReceiptScanner, wording: Wording) -> ScannerRow:
    return ScannerRow(
        name=one_line(row.name, 80),
        version=one_line(row.version, 60),
        result=wording.status(row.status),
        assessed=row.assessed,
        reason=one_line(wording.said(row.reason or ""), 300),
        files=str(row.files),
        findings=str(row.findings),
        data_date=row.data_date.isoformat() if row.data_date is not None else "",
        rules=one_line(row.rules_digest or "")[:12],
    )


def _incomplete(file: ReceiptFile) -> bool:
    return bool(file.gaps) or file.content is Content.UNREAD


def _file(file: ReceiptFile, wording: Wording) -> FileRow:
    _ = wording.t.gettext
    change = {
        ChangeKind.ADDED: _("added"),
        ChangeKind.DELETED: _("deleted"),
        ChangeKind.MODIFIED: _("edited"),
        ChangeKind.RENAMED: _("renamed"),
        ChangeKind.COPIED: _("copied"),
        ChangeKind.TYPE_CHANGED: _("another type"),
    }[file.change]
    content = {
        Content.TEXT: "",
        Content.BINARY: _("binary"),
        Content.LINK: _("symbolic link"),
        Content.SUBMODULE: _("submodule"),
        Content.UNREAD: _("not read"),
        Content.GONE: "",
    }[file.content]
    gaps = [
        f"{one_line(gap.scanner, 80)} ({wording.joined([_gap(reason, wording) for reason in gap.reasons])})"
        for gap in file.gaps
    ]
    nobody = _("no scanner reads such files") if file.content is Content.TEXT and not gaps else ""
    return FileRow(
        path=shorten_path(visible(file.path).replace("\n", "{U+000A}"), 300),
        change=wording.joined([word for word in (change, content) if word]),
        lines=str(file.lines) if file.lines is not None else "",
        read_by=wording.joined([one_line(name, 80) for name in file.read_by]) or nobody,
        gaps=wording.joined(gaps),
    )


def _gap(reason: str, wording: Wording) -> str:
    return wording.t.gettext("no answer") if reason == NO_ANSWER else one_line(wording.gap(reason), 60)


def _more(n: int, wording: Wording) -> str:
    return (
        wording.t.ngettext("{n} more row is not shown.", "{n} more rows are not shown.", n).format(n=n) if n > 0 else ""
    )


def _text(page: ReceiptPage, wording: Wording) -> Iterator[RenderableType]:
    _ = wording.t.gettext
    yield Text(f"{_('Receipt')} {page.id}", style="bold")
    yield Text(page.subject)
    yield Text(f"{page.outcome}{wording.colon()}{page.consequence}", style="bold")
    yield Text()
    yield _pairs(page.facts)
    yield Text()
    yield Text(" · ".join(f"{name} {value}" for name, value in page.counts))
    for line in page.reasons:
        yield Text(f"- {line}")
    for title, rows in ((_("What the scanners did"), page.scanners), (_("Reports of other tools"), page.reports)):
        if rows:
            headers = [_("Scanner"), _("Result"), _("Files"), _("Findings"), _("Advisories up to"), _("Rules")]
            yield _section(
                title,
                headers,
                [
                    [
                        f"{row.name} {row.version}".strip(),
                        _joined(row.result, row.reason),
                        row.files,
                        row.findings,
                        row.data_date,
                        row.rules,
                    ]
                    for row in rows
                ],
            )
    if page.excused:
        yield _section(_("Suppressed"), [_("Finding"), _("Why")], [list(row) for row in page.excused])
        if page.excused_more:
            yield Text(page.excused_more)
    yield Padding(Text(f"{_('Files of the change')}{wording.colon()}{page.files_head}", style="bold"), (1, 0, 0, 0))
    if page.files:
        headers = [_("File"), _("Change"), _("Lines"), _("Read by"), _("Not read")]
        yield _table(headers, [[row.path, row.change, row.lines, row.read_by, row.gaps] for row in page.files])
        if page.files_more:
            yield Text(page.files_more)


def _joined(*parts: str) -> str:
    return "\n".join(part for part in parts if part)


def _pairs(pairs: tuple[tuple[str, str], ...]) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), show_header=False)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in pairs:
        table.add_row(Text(name), Text(value))
    return table


def _section(title: str, headers: list[str], rows: list[list[str]]) -> RenderableType:
    return Padding(Group(Text(title, style="bold"), _table(headers, rows)), (1, 0, 0, 0))


def _table(headers: list[str], rows: list[list[str]]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for header in headers:
        table.add_column(header, overflow="fold")
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    return table
