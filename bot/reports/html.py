"""
The whole report as one HTML file that needs nothing else: no script, no font, no picture, no connection.

Every value is escaped by Jinja; the page's own policy lets nothing but its one style sheet take effect, so that even a
mistake here could not run anything.
"""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass, replace
from functools import cache
from textwrap import dedent
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from bot.domain.explanations import commit_left_in
from bot.domain.verdict import Presence, ScanReport, TrackedFinding
from bot.reports.documents import cwe_url, readable_time, scalar_text, web_references
from bot.reports.json_report import tool_version
from bot.reports.markdown import host_of, safe_url
from bot.reports.markdown_parts import blob_url, gaps_of
from bot.reports.visible import lines_of, one_line, shorten, shorten_path, visible
from bot.reports.wording import SYMBOLS, Lookup, Wording, counted_presences, number_of, scanners_of, words_in
from bot.texts import Language
from scanners.finding import Severity

Segments = list[tuple[str, str]]
"""Pieces of a text: (``text`` or ``code``, what it says)."""

SHEETS = ("report.css",)
"""The style sheets that every page has."""
_CODE = re.compile(r"`([^`\n]+)`")
_LONGEST = 5_000


@dataclass(frozen=True, slots=True)
class FindingCard:
    """What the page shows of a finding; every value is text that the template escapes."""

    level: str
    severity: str
    title: Segments
    blocks: bool
    suppressed: str
    """Whose exception keeps it from counting, why and until when; empty for none."""
    edited: bool
    number: str
    place: str
    url: str
    confidence: str
    cwes: list[tuple[int, str]]
    owasp: list[str]
    advisories: list[str]
    seen_by: list[str]
    lines: list[tuple[int, str]]
    message: Segments
    quoted: bool
    remediation: Segments
    references: list[str]


@dataclass(frozen=True, slots=True)
class Section:
    """The findings of one presence, worst first."""

    anchor: str
    title: str
    count: int
    folded: bool
    findings: list[FindingCard]


def render_html(report: ScanReport, language: Language, *, lookup: Lookup | None = None) -> str:
    """The whole report as an HTML page."""
    wording = words_in(language, lookup)
    return rendered(
        "report.html",
        wording,
        started_at=readable_time(report),
        duration=wording.seconds(report.seconds),
        sections=_sections(report, wording),
        **_top(report, wording),
        **_tables(report, wording),
    )


def rendered(template: str, wording: Wording, *, sheets: tuple[str, ...] = SHEETS, **values: Any) -> str:
    """A page from the template of this name in one language, with these style sheets; it needs nothing else."""
    page = (
        environment()
        .get_template(template)
        .render(
            _=wording.t.gettext,
            language=wording.language.value,
            colon=wording.colon(),
            version=tool_version(),
            **styled(sheets),
            **values,
        )
    )
    return scalar_text(page)


@cache
def environment() -> Environment:
    """Where the pages' templates come from; whatever they are given is escaped."""
    return Environment(
        loader=PackageLoader("bot.reports", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


@cache
def style_sheet(sheets: tuple[str, ...] = SHEETS) -> str:
    """These style sheets, one after the other."""
    pages = environment()
    assert pages.loader is not None
    return "".join(pages.loader.get_source(pages, sheet)[0] for sheet in sheets)


def styled(sheets: tuple[str, ...] = SHEETS) -> dict[str, Any]:
    """What a page needs for its style: the sheets, and their hash for the page's own policy."""
    style = style_sheet(sheets)
    return {
        "style": Markup(style),  # noqa: S704 - our own style sheets, without a single value from outside
        "style_hash": base64.b64encode(hashlib.sha256(style.encode()).digest()).decode(),
    }


def _top(report: ScanReport, wording: Wording) -> dict[str, Any]:
    subject = report.subject
    _ = wording.t.gettext
    presences = counted_presences(report)
    head = report.with_presence(Presence.NEW, Presence.CHANGED, Presence.EXISTING)
    judged = [t for t in head if t.presence is not Presence.EXISTING or subject.base_sha is None]
    counts = [(wording.presence(p), len(report.with_presence(p))) for p in presences]
    if report.decision.suppressed:
        counts.append((_("Suppressed"), len(report.decision.suppressed)))
    if presences:
        counts += [
            (wording.severity_phrase(severity), sum(t.finding.severity is severity for t in judged))
            for severity in (Severity.CRITICAL, Severity.HIGH)
        ]
    facts = [
        (_("Branch"), one_line(subject.ref, 200)),
        (_("Compared with"), (subject.base_sha or "")[:12]),
        (_("Commit"), (subject.head_sha or "")[:12]),
        (_("Files read"), str(report.files_read)),
        (_("Policy"), one_line(report.decision.policy_digest)[:12]),
    ]
    return {
        "subject": {"project": one_line(subject.project, 200), "iid": subject.merge_request_iid},
        "outcome": wording.outcome(report.decision.outcome),
        "outcome_class": report.decision.outcome.value,
        "symbol": SYMBOLS[report.decision.outcome],
        "verdict_reason": wording.sentence(wording.verdict_reason(report)),
        "what_to_do": wording.what_to_do(report),
        "reasons": [one_line(wording.reason(reason), 400) for reason in report.decision.reasons[:200]],
        "counts": counts,
        "facts": [(name, value) for name, value in facts if value],
    }


def _tables(report: ScanReport, wording: Wording) -> dict[str, Any]:
    return {
        "scanners": [
            {
                "name": one_line(run.scanner, 60),
                "version": one_line(run.version, 60),
                "assessed": run.assessed,
                "result": wording.scanner_result(run),
                "reason": one_line(wording.said(run.reason), 300),
                "files": run.files,
                "cached_files": run.cached_files,
                "seconds": wording.run_time(run),
                "data_date": run.data_date.isoformat() if run.data_date else "",
            }
            for run in report.runs
        ],
        "gaps": [
            {
                "place": shorten_path(visible(str(gap.path)), 300) + (f":{gap.line}" if gap.line else ""),
                "reason": wording.gap(gap.reason),
                "detail": one_line(wording.said(gap.detail), 300),
            }
            for gap in gaps_of(report.runs)
        ],
    }


def _sections(report: ScanReport, wording: Wording) -> list[Section]:
    sections: list[Section] = []
    for presence in (Presence.NEW, Presence.CHANGED, Presence.EXISTING, Presence.FIXED):
        found = report.with_presence(presence)
        if not found:
            continue
        judged = presence in (Presence.NEW, Presence.CHANGED) or (
            presence is Presence.EXISTING
            and (
                report.subject.base_sha is None
                or any(report.decision.objects_to(tracked.finding.fingerprint) for tracked in found)
            )
        )
        cards = [_card(tracked, report, wording) for tracked in found]
        sections.append(
            Section(presence.value, wording.presence(presence), len(cards), folded=not judged, findings=cards)
        )
    return sections


def _card(tracked: TrackedFinding, report: ScanReport, wording: Wording) -> FindingCard:
    finding = tracked.finding
    words = wording.words_of(finding)
    # What is only in the history is on no page of the head.
    commit = commit_left_in(tracked.explanation) or report.subject.head_sha
    url = blob_url(finding.location, replace(report.subject, head_sha=commit))
    first = finding.location.start_line
    lines = [shorten(visible(line), 500) for line in lines_of(dedent(finding.snippet))[:20]] if finding.snippet else []
    excused = report.decision.excused(finding.fingerprint) if tracked.presence is not Presence.FIXED else None
    return FindingCard(
        level=finding.severity.value,
        severity=wording.severity(finding.severity),
        title=segments(one_line(words.title, 300)),
        blocks=tracked.presence is not Presence.FIXED and report.decision.blocks(finding.fingerprint),
        suppressed=one_line(wording.said(excused.explanation), 600) if excused else "",
        edited=tracked.presence is Presence.CHANGED,
        number=number_of(tracked),
        place=f"{shorten_path(visible(str(finding.location.path)), 300)}:{first}",
        url=url if safe_url(url, host_of(report.subject.project_url)) else "",
        confidence=wording.confidence_phrase(finding.confidence),
        cwes=[(number, cwe_url(number)) for number in finding.cwes],
        owasp=[one_line(category, 40) for category in finding.owasp],
        advisories=[one_line(advisory, 60) for advisory in wording.advisories(finding)],
        seen_by=_seen_by(tracked),
        lines=[(first + offset, line) for offset, line in enumerate(lines)],
        message=segments(shorten(visible(words.message).strip(), _LONGEST)),
        quoted=words.quoted,
        remediation=segments(shorten(visible(words.remediation).strip(), _LONGEST)),
        references=[visible(url) for url in web_references(finding.references)[:12]],
    )


def _seen_by(tracked: TrackedFinding) -> list[str]:
    finding = tracked.finding
    if not finding.attributions:
        return [one_line(f"{name}: {finding.rule_id}", 160) for name in scanners_of(finding)]
    return [one_line(f"{seen.scanner}: {seen.rule_id}", 160) for seen in finding.attributions]


def segments(text: str) -> Segments:
    """What stands between backticks apart from the rest."""
    return [("code" if index % 2 else "text", part) for index, part in enumerate(_CODE.split(text)) if part]
