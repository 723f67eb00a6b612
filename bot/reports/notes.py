"""
The notes on a merge request, and the one line of a commit status.

Every note begins with a line of ours, so that no text of a stranger stands where GitLab looks for a quick action; the
hidden marker is added at the end by ``bot.gitlab``.
"""

from __future__ import annotations

from dataclasses import replace

from bot.domain.enforcement import Level
from bot.domain.explanations import commit_left_in
from bot.domain.maturity.change_effect import ChangeEffect
from bot.domain.verdict import Outcome, Presence, Reason, ReasonCode, ScanReport, TrackedFinding
from bot.reports.enforcement import level_words
from bot.reports.markdown import (
    code_span,
    host_of,
    link,
    plain,
    plain_line,
    prose,
    prose_line,
    quote,
    suggestion_block,
)
from bot.reports.markdown_parts import (
    cwe_links,
    details,
    divider,
    fitting,
    gap_table,
    gaps_of,
    left_out,
    place,
    reference_links,
    row,
    scanner_names,
    scanner_table,
)
from bot.reports.maturity.words import maturity_words
from bot.reports.visible import one_line, shorten, visible
from bot.reports.wording import (
    SEVERITY_SYMBOLS,
    SYMBOLS,
    Lookup,
    Wording,
    counted_presences,
    counting,
    number_of,
    words_in,
)
from bot.texts import Language
from scanners.finding import Finding

LONGEST_SUMMARY = 60_000
"""Characters of a summary note. GitLab takes 1,000,000, but nobody reads them."""
LONGEST_STATUS = 255
"""Characters of a commit status description that GitLab keeps. https://docs.gitlab.com/api/commits/"""

_ROWS_BUDGET = 30_000
_FOLDED_BUDGET = 8_000
_MESSAGE = 3_000
_MOST_REASONS = 10
_REASON = 240


def render_finding_note(
    tracked: TrackedFinding,
    *,
    blocks: bool,
    language: Language,
    suggestion: bool,
    rule_url: str | None = None,
    lookup: Lookup | None = None,
) -> str:
    """
    The note that opens the thread of one finding.

    ``blocks``: whether it keeps the merge request from being merged. ``suggestion``: whether the finding's fix may be
    offered as a one-click change; the note must then stand on the finding's first line. ``rule_url``: a page of ours
    about the rule. ``lookup``: where rule texts come from, by default the rule catalogue.
    """
    wording = words_in(language, lookup)
    finding = tracked.finding
    words = wording.words_of(finding)
    parts = [
        f"#### {_level(finding, wording)} · {prose_line(words.title, 200)}",
        _facts(tracked, wording, blocks=blocks),
        _history(tracked, wording),
        _message(words.message, wording, quoted=words.quoted),
        _remediation(words.remediation, wording),
        (_suggestion(finding) if suggestion else None) or "",
        f"**{wording.t.gettext('How this clears')}**{wording.colon()}{wording.clears(tracked, blocks=blocks)}",
        details(wording.t.gettext("Details"), _finding_details(tracked, wording, rule_url)),
    ]
    return _body(parts)


def render_summary_note(
    report: ScanReport,
    *,
    language: Language,
    threads_shown: frozenset[str],
    max_rows: int,
    detail_url: str | None = None,
    enforcement: str | None = None,
    receipt_id: str | None = None,
    receipt_url: str | None = None,
    maturity: ChangeEffect | None = None,
    project_url: str | None = None,
    lookup: Lookup | None = None,
) -> str:
    """
    The one summary of a merge request: at most ``LONGEST_SUMMARY`` characters.

    ``threads_shown``: fingerprints of the findings that have a thread of their own; the other new and changed ones are
    listed here, at most ``max_rows`` of them. ``detail_url``: page of ours with everything. ``enforcement``: how the
    verdict is enforced, ``L0`` to ``L3`` or a sentence of the operator's.
    ``receipt_id``: the receipt of this verdict; empty where none could be signed, None to say nothing of it.
    ``receipt_url``: its page. ``maturity``: what the change does to the project's score; None to say nothing of it.
    ``project_url``: the project's page of ours.
    """
    wording = words_in(language, lookup)
    before = [
        f"### {plain_line(wording.verdict(report))}",
        f"**{wording.t.gettext('What to do')}**{wording.colon()}{wording.what_to_do(report)}",
        _reasons(report.decision.reasons, wording),
        _counts(report, wording),
        _maturity(maturity, project_url, wording),
    ]
    after = [
        _folded_suppressed(report, wording),
        _folded_findings(report, wording, Presence.FIXED, wording.t.gettext("Fixed here")),
        _folded_findings(report, wording, Presence.EXISTING, wording.t.gettext("Existing before, not judged here")),
        _folded_scanners(report, wording),
        _folded_gaps(report, wording),
        _footer(report, wording, detail_url, enforcement, _receipt(receipt_id, receipt_url, wording)),
    ]
    # The table takes what the rest leaves. Some characters are kept for its head and the line below it.
    budget = LONGEST_SUMMARY - len(_body([*before, *after])) - 600 - 2 * len(detail_url or "")
    listed = _findings_table(report, wording, threads_shown, max_rows, detail_url, min(budget, _ROWS_BUDGET))
    return _body([*before, listed, *after])


def render_job_failure(
    *, reason: str, language: Language, will_retry: bool, head_sha: str | None = None, reference: str = ""
) -> str:
    """
    The summary when no scan could be done at all.

    ``reason``: one line, safe to show, English. ``will_retry``: whether another attempt is already planned.
    ``reference``: our job id, by which an operator finds the log.
    """
    wording = words_in(language)
    _ = wording.t.gettext
    next_step = (
        _("Another attempt follows by itself.")
        if will_retry
        else _(
            "No further attempt is planned. The next push scans again; if it fails again, ask whoever runs Mergewarden."
        )
    )
    facts = [
        f"{_('Commit')}{wording.colon()}{code_span(head_sha[:12])}" if head_sha else "",
        f"{_('Reference for the operator')}{wording.colon()}{code_span(reference, 80)}" if reference else "",
    ]
    parts = [
        f"### {SYMBOLS[Outcome.NOT_ASSESSED]} {wording.outcome(Outcome.NOT_ASSESSED)}{wording.colon()}"
        f"{_('the scan could not be done')}",
        f"**{_('Why')}**{wording.colon()}{plain_line(wording.said(reason), 500) or _('no reason was recorded')}",
        f"**{_('What happens next')}**{wording.colon()}{next_step}",
        _("No answer is not a good answer, so this does not count as passed."),
        " · ".join(fact for fact in facts if fact),
    ]
    return _body(parts)


def status_description(report: ScanReport, language: Language) -> str:
    """The verdict for a commit status: one line without markup, at most ``LONGEST_STATUS`` characters."""
    wording = words_in(language)
    outcome = report.decision.outcome
    text = f"{wording.outcome(outcome)}{wording.colon()}{wording.verdict_reason(report)}"
    return one_line(text, LONGEST_STATUS)


def running_description(language: Language) -> str:
    """The commit status while the scan is under way."""
    return words_in(language).t.gettext("Scanning")


def failure_description(language: Language, *, reason: str = "") -> str:
    """The commit status when no scan could be done at all; ``reason`` as for ``render_job_failure``."""
    wording = words_in(language)
    text = f"{wording.outcome(Outcome.NOT_ASSESSED)}{wording.colon()}{wording.t.gettext('the scan could not be done')}"
    return one_line(f"{text} ({wording.said(reason)})" if reason else text, LONGEST_STATUS)


def _body(parts: list[str]) -> str:
    return "\n\n".join(part for part in parts if part)


def _level(finding: Finding, wording: Wording) -> str:
    return f"{SEVERITY_SYMBOLS[finding.severity]} {wording.severity(finding.severity)}"


def _facts(tracked: TrackedFinding, wording: Wording, *, blocks: bool) -> str:
    finding = tracked.finding
    _ = wording.t.gettext
    facts = [
        f"**{_('Blocks the merge')}**" if blocks else _("Does not block"),
        wording.confidence_phrase(finding.confidence),
    ]
    if tracked.presence is Presence.CHANGED:
        facts.insert(0, f"**{_('Edited, still flagged')}**")
    if finding.dependency:
        facts.append(code_span(f"{finding.dependency.package} {finding.dependency.version}", 120))
    facts += cwe_links(finding)
    facts += [f"OWASP {plain_line(category, 40)}" for category in finding.owasp]
    return " · ".join(facts)


def _history(tracked: TrackedFinding, wording: Wording) -> str:
    """What is only in an earlier commit says so, before anybody looks for it in the head."""
    commit = commit_left_in(tracked.explanation)
    if not commit:
        return ""
    return f"**{_with_commit(wording.sentence(wording.said(tracked.explanation)), commit)}**"


def _with_commit(sentence: str, commit: str, *, in_table: bool = False) -> str:
    """A sentence that names a commit, in a form that can be copied."""
    before, _, after = sentence.partition(commit)
    shown = [plain_line(before, 200), code_span(commit, in_table=in_table), plain_line(after, 300)]
    # A space stood on either side, except before a comma.
    return " ".join(part for part in shown if part).replace("` ,", "`,")


def _message(message: str, wording: Wording, *, quoted: bool) -> str:
    if not message.strip():
        return ""
    if not quoted:
        return prose(message, _MESSAGE)
    return f"{wording.t.gettext('The advisory says')}{wording.colon().rstrip()}\n\n{quote(message, _MESSAGE)}"


def _remediation(remediation: str, wording: Wording) -> str:
    if not remediation.strip():
        return ""
    # A paragraph of its own: some remediations are lists of steps.
    return f"**{wording.t.gettext('How to fix')}**{wording.colon()}{prose(remediation, _MESSAGE)}"


def _suggestion(finding: Finding) -> str | None:
    if finding.fix is None:
        return None
    line = finding.location.start_line
    return suggestion_block(finding.fix.replacement, line - finding.fix.start_line, finding.fix.end_line - line)


def _finding_details(tracked: TrackedFinding, wording: Wording, rule_url: str | None) -> str:
    finding = tracked.finding
    _ = wording.t.gettext
    seen_by = [
        f"{plain_line(seen.scanner, 60)} {code_span(seen.version, 40)} ({code_span(seen.rule_id, 120)})"
        for seen in finding.attributions
    ] or [f"{plain_line(finding.scanner, 60)} ({code_span(finding.rule_id, 120)})"]
    rule_page = link(_("About this rule"), rule_url, host_of(rule_url)) if rule_url and host_of(rule_url) else ""
    facts: list[tuple[str, list[str]]] = [
        (_("Where"), [code_span(f"{visible(str(finding.location.path))}:{finding.location.start_line}", 300)]),
        (_("Seen by"), seen_by),
        (_("Advisories"), [code_span(advisory, 60) for advisory in wording.advisories(finding)]),
        (_("Why this state"), [plain_line(wording.said(tracked.explanation), 200)] if tracked.explanation else []),
        (_("To read"), ([rule_page] if rule_page else []) + reference_links(finding)),
        (_("Number"), [code_span(number_of(tracked))] if tracked.number is not None else []),
        (_("Fingerprint"), [code_span(finding.fingerprint[:16])] if finding.fingerprint else []),
    ]
    return "\n".join(f"- {name}{wording.colon()}{wording.joined(values)}" for name, values in facts if values)


def _reasons(reasons: tuple[Reason, ...], wording: Wording) -> str:
    """Scanners without an answer, a scan that did not happen, a policy that does not count; files have a table."""
    worth_saying = [reason for reason in reasons if reason.code is not ReasonCode.FILE_NOT_READ]
    labels = [wording.reason_label(reason) for reason in worth_saying[:_MOST_REASONS]]
    lines = [
        f"- {symbol} **{word}**{wording.colon()}{plain_line(wording.reason(reason), _REASON)}"
        for (symbol, word), reason in zip(labels, worth_saying, strict=False)
    ]
    if len(worth_saying) > _MOST_REASONS:
        lines.append(f"- {left_out(len(worth_saying) - _MOST_REASONS, wording)}")
    return "\n".join(lines)


def _counts(report: ScanReport, wording: Wording) -> str:
    counts = [f"**{wording.presence(p)}** {len(report.with_presence(p))}" for p in counted_presences(report)]
    if report.decision.suppressed:
        counts.append(f"**{wording.t.gettext('Suppressed')}** {len(report.decision.suppressed)}")
    return " · ".join(counts)


def _maturity(effect: ChangeEffect | None, url: str | None, wording: Wording) -> str:
    """The project's score and level, and what the change does to them, on one line."""
    if effect is None:
        return ""
    title = plain(wording.t.gettext("Maturity"))
    head = link(title, url, host_of(url)) if url and host_of(url) else title
    return f"**{head}**{wording.colon()}{plain_line(maturity_words(effect, wording))}"


def _findings_table(
    report: ScanReport,
    wording: Wording,
    threads_shown: frozenset[str],
    max_rows: int,
    url: str | None,
    budget: int,
) -> str:
    """Blocking findings first, so that the cap never hides what keeps the merge request from being merged."""
    elsewhere = threads_shown | {excused.fingerprint for excused in report.decision.suppressed}
    listed = [tracked for tracked in counting(report) if tracked.finding.fingerprint not in elsewhere]
    if not listed:
        return ""
    listed.sort(key=lambda tracked: not report.decision.blocks(tracked.finding.fingerprint))
    _ = wording.t.gettext
    headers = [_("Severity"), _("Finding"), _("Where"), _("Scanners"), _("Blocks")]
    rows = fitting([_finding_row(tracked, report, wording) for tracked in listed[: max(0, max_rows)]], budget)
    if any(tracked.presence is Presence.EXISTING for tracked in listed):
        title = _("Findings that count and have no thread of their own") if threads_shown else _("Findings that count")
    else:
        title = (
            _("New and changed findings that have no thread of their own")
            if threads_shown
            else _("New and changed findings")
        )
    shown = "\n".join([row(headers), divider(len(headers)), *rows]) if rows else ""
    return _body([f"**{title}** ({len(listed)})", shown, left_out(len(listed) - len(rows), wording, url)])


def _finding_row(tracked: TrackedFinding, report: ScanReport, wording: Wording) -> str:
    finding = tracked.finding
    _ = wording.t.gettext
    title = _numbered(prose_line(wording.words_of(finding).title, 160, in_table=True), tracked)
    if tracked.presence is Presence.CHANGED:
        title += f" ({_('edited, still flagged')})"
    elif tracked.presence is Presence.EXISTING:
        title += f" ({wording.presence(tracked.presence)})"
    subject = report.subject
    if commit := commit_left_in(tracked.explanation):
        title += f" ({_with_commit(wording.said(tracked.explanation), commit, in_table=True)})"
        subject = replace(subject, head_sha=commit)
    return row(
        [
            _level(finding, wording),
            title,
            place(finding.location, subject, in_table=True),
            scanner_names(finding),
            f"**{_('yes')}**" if report.decision.blocks(finding.fingerprint) else _("no"),
        ]
    )


def _folded_suppressed(report: ScanReport, wording: Wording) -> str:
    """Every finding that does not count because of somebody's exception, with whose, why and until when."""
    excused = {one.fingerprint: one for one in report.decision.suppressed}
    found = [
        t
        for t in report.with_presence(Presence.NEW, Presence.CHANGED, Presence.EXISTING)
        if t.finding.fingerprint in excused
    ]
    if not found:
        return ""
    _ = wording.t.gettext
    rows = [
        row(
            [
                _level(t.finding, wording),
                _numbered(prose_line(wording.words_of(t.finding).title, 160, in_table=True), t),
                place(t.finding.location, report.subject, in_table=True),
                plain_line(wording.said(excused[t.finding.fingerprint].explanation), _REASON),
            ]
        )
        for t in found[:200]
    ]
    kept = fitting(rows, _FOLDED_BUDGET)
    shown = "\n".join([row([_("Severity"), _("Finding"), _("Where"), _("Why it does not count")]), divider(4), *kept])
    title = f"{_('Suppressed')} ({len(found)})"
    return details(title, _body([shown, left_out(len(found) - len(kept), wording)]))


def _numbered(title: str, tracked: TrackedFinding) -> str:
    # As code, because GitLab makes a link to an issue of it anywhere else.
    return f"{title} {code_span(number_of(tracked))}" if tracked.number is not None else title


def _folded_findings(report: ScanReport, wording: Wording, presence: Presence, title: str) -> str:
    found = [
        tracked
        for tracked in report.with_presence(presence)
        # What a rule objects to although it was there before stands above, among what counts.
        if presence is not Presence.EXISTING or not report.decision.objects_to(tracked.finding.fingerprint)
    ]
    if not found:
        return ""
    _ = wording.t.gettext
    rows = [
        row(
            [
                _level(t.finding, wording),
                _numbered(prose_line(wording.words_of(t.finding).title, 160, in_table=True), t),
                code_span(
                    f"{visible(str(t.finding.location.path))}:{t.finding.location.start_line}", 160, in_table=True
                ),
            ]
        )
        for t in found[:200]
    ]
    kept = fitting(rows, _FOLDED_BUDGET)
    shown = "\n".join([row([_("Severity"), _("Finding"), _("Where")]), divider(3), *kept])
    return details(f"{title} ({len(found)})", _body([shown, left_out(len(found) - len(kept), wording)]))


def _folded_scanners(report: ScanReport, wording: Wording) -> str:
    # A hundred is far more than there are; the cap keeps the promise of a longest note whatever the report holds.
    shown = scanner_table(report.runs[:12], wording)
    rest = left_out(len(report.runs) - 12, wording)
    return details(wording.t.gettext("What the scanners did"), _body([shown, rest])) if shown else ""


def _folded_gaps(report: ScanReport, wording: Wording) -> str:
    gaps = gaps_of(report.runs)
    if not gaps:
        return ""
    title = f"{wording.t.gettext('Not read')} ({len(gaps)})"
    return details(title, gap_table(gaps, wording, _FOLDED_BUDGET))


def _receipt(receipt_id: str | None, url: str | None, wording: Wording) -> str:
    _ = wording.t.gettext
    if receipt_id is None:
        return ""
    if not receipt_id:
        return _("no receipt: it could not be signed")
    if url and host_of(url):
        return link(_("Signed receipt"), url, host_of(url))
    return f"{_('Signed receipt')}{wording.colon()}{code_span(receipt_id, 80)}"


def _footer(report: ScanReport, wording: Wording, url: str | None, enforcement: str | None, receipt: str) -> str:
    subject = report.subject
    _ = wording.t.gettext
    commits = ""
    if subject.head_sha:
        base = f"{subject.base_sha[:12]}..." if subject.base_sha else ""
        commits = code_span(f"{base}{subject.head_sha[:12]}")
    facts = [
        commits,
        wording.t.ngettext("{n} file changed", "{n} files changed", report.files_changed).format(n=report.files_changed)
        if subject.base_sha
        else "",
        wording.t.ngettext("{n} file read", "{n} files read", report.files_read).format(n=report.files_read),
        wording.seconds(report.seconds),
        link(_("Full report"), url, host_of(url)) if url and host_of(url) else "",
        receipt,
    ]
    line = " · ".join(fact for fact in facts if fact)
    return _body([line, _enforcement(enforcement, wording)])


def _enforcement(enforcement: str | None, wording: Wording) -> str:
    if not enforcement:
        return ""
    known = {level.name: level_words(level, wording.language) for level in Level}
    said = known.get(enforcement) or plain(shorten(enforcement, 300))
    return f"{wording.t.gettext('How this is enforced')}{wording.colon()}{said}"
