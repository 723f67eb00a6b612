"""The whole report as one Markdown document, for a file, a wiki page or an issue. As safe as the notes."""

from __future__ import annotations

from itertools import groupby
from textwrap import dedent

from bot.domain.verdict import Presence, ScanReport, TrackedFinding
from bot.reports.documents import readable_time
from bot.reports.markdown import code_block, code_span, plain_line, prose, prose_line, quote
from bot.reports.markdown_parts import (
    cwe_links,
    gap_table,
    gaps_of,
    place,
    reference_links,
    scanner_names,
    scanner_table,
    table,
)
from bot.reports.wording import SEVERITY_SYMBOLS, Lookup, Wording, counted_presences, number_of, words_in
from bot.texts import Language

_LANGUAGES = {
    ".py": "python",
    ".js": "javascript",
    ".jsx": "javascript",
    ".ts": "typescript",
    ".tsx": "typescript",
    ".java": "java",
    ".go": "go",
    ".rb": "ruby",
    ".php": "php",
    ".yaml": "yaml",
    ".yml": "yaml",
    ".html": "html",
    ".sh": "sh",
    ".sql": "sql",
    ".xml": "xml",
}
"""Words for a code fence by file suffix; all of them plain highlighting."""


def render_markdown(report: ScanReport, language: Language, *, lookup: Lookup | None = None) -> str:
    """The whole report as Markdown text with a final newline."""
    wording = words_in(language, lookup)
    _ = wording.t.gettext
    gaps = gaps_of(report.runs)
    parts = [
        f"# {_('Security report')}{wording.colon()}{plain_line(report.subject.project, 200)}",
        f"## {plain_line(wording.verdict(report))}",
        wording.what_to_do(report),
        *(f"- {plain_line(wording.reason(reason), 400)}" for reason in report.decision.reasons[:200]),
        _subject(report, wording),
        *_sections(report, wording),
        f"## {_('Scanners')}\n\n{scanner_table(report.runs, wording)}" if report.runs else "",
        f"## {_('Not read')} ({len(gaps)})\n\n{gap_table(gaps, wording, 1_000_000)}" if gaps else "",
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _subject(report: ScanReport, wording: Wording) -> str:
    subject = report.subject
    _ = wording.t.gettext
    facts = [
        (_("Merge request"), code_span(f"!{subject.merge_request_iid}") if subject.merge_request_iid else ""),
        (_("Branch"), code_span(subject.ref, 200, in_table=True)),
        (_("Compared with"), code_span(subject.base_sha or "")),
        (_("Commit"), code_span(subject.head_sha or "")),
        (_("Started"), readable_time(report)),
        (_("Time"), wording.seconds(report.seconds)),
        (_("Files read"), str(report.files_read)),
        (_("Policy"), code_span(report.decision.policy_digest, 80, in_table=True)),
        *(
            (wording.presence(presence), str(len(report.with_presence(presence))))
            for presence in counted_presences(report)
        ),
        (_("Suppressed"), str(len(report.decision.suppressed)) if report.decision.suppressed else ""),
    ]
    return table([_("Fact"), _("Value")], ([name, value] for name, value in facts if value))


def _sections(report: ScanReport, wording: Wording) -> list[str]:
    sections: list[str] = []
    for presence in (Presence.NEW, Presence.CHANGED, Presence.EXISTING, Presence.FIXED):
        found = report.with_presence(presence)
        if not found:
            continue
        sections.append(f"## {wording.presence(presence)} ({len(found)})")
        for severity, group in groupby(found, key=lambda tracked: tracked.finding.severity):
            sections += [
                _finding(tracked, f"{SEVERITY_SYMBOLS[severity]} {wording.severity(severity)}", report, wording)
                for tracked in group
            ]
    return sections


def _finding(tracked: TrackedFinding, severity: str, report: ScanReport, wording: Wording) -> str:
    finding = tracked.finding
    words = wording.words_of(finding)
    _ = wording.t.gettext
    facts = [
        place(finding.location, report.subject),
        wording.confidence_phrase(finding.confidence),
        *cwe_links(finding),
        *(plain_line(category, 40) for category in finding.owasp),
        *(code_span(advisory, 60) for advisory in wording.advisories(finding)),
        f"{scanner_names(finding)} {code_span(finding.rule_id, 120)}",
        *([code_span(number_of(tracked))] if tracked.number is not None else []),
    ]
    if tracked.presence is not Presence.FIXED and report.decision.blocks(finding.fingerprint):
        facts.insert(0, f"**{_('blocks')}**")
    excused = report.decision.excused(finding.fingerprint) if tracked.presence is not Presence.FIXED else None
    message = words.message
    if message and words.quoted:
        message = f"{_('The advisory says')}{wording.colon().rstrip()}\n\n{quote(message)}"
    else:
        message = prose(message)
    parts = [
        f"### {severity} · {prose_line(words.title, 200)}",
        " · ".join(facts),
        f"**{_('Suppressed')}**{wording.colon()}{plain_line(wording.said(excused.explanation), 600)}"
        if excused
        else "",
        code_block(dedent(finding.snippet), _LANGUAGES.get(finding.location.path.suffix.lower(), ""))
        if finding.snippet
        else "",
        message,
        f"**{_('How to fix')}**{wording.colon()}{prose(words.remediation)}" if words.remediation.strip() else "",
        f"{_('To read')}{wording.colon()}{wording.joined(reference_links(finding))}" if finding.references else "",
    ]
    return "\n\n".join(part for part in parts if part)
