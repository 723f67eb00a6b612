"""
GitLab's Code Quality report, which the free tier shows on the merge request.

A JSON list of ``description``, ``check_name``, ``fingerprint``, ``severity`` and ``location``; GitLab compares the
fingerprints of source and target branch. https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format

The format has no place for "the scan did not work", and an empty list reads as a clean bill. So each scanner without an
answer, and each file that was not read, is an entry of its own.

Suppressed findings stay in as mere information, with whose exception it is in the description: the format has no word
for them, and what is left out would be read as mended.

Of a change (a scan with a base) the report has what the change brings: only the changed files were read, and GitLab,
which compares with the target branch's report, would call everything else mended. The report to compare it with is
that of the target branch against itself, which is empty; see ``docs/ci-template.yml``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

from bot.domain.verdict import Outcome, Presence, ReasonCode, ScanReport, TrackedFinding
from bot.reports.documents import dump
from bot.reports.markdown_parts import gaps_of
from bot.reports.visible import one_line, visible
from bot.reports.wording import Lookup, Wording, words_in
from bot.texts import Language
from scanners.finding import Finding, Severity

_SEVERITIES = {
    Severity.CRITICAL: "blocker",
    Severity.HIGH: "critical",
    Severity.MEDIUM: "major",
    Severity.LOW: "minor",
    Severity.INFO: "info",
}
_LONGEST_DESCRIPTION = 500


def render_code_quality(report: ScanReport, language: Language, *, lookup: Lookup | None = None) -> str:
    """The findings of the head, or those that a change brings, as a Code Quality report."""
    return dump(code_quality_document(report, words_in(language, lookup)))


def code_quality_document(report: ScanReport, wording: Wording) -> list[dict[str, Any]]:
    """The report as values that JSON can hold. Fingerprints are unique, as GitLab needs them."""
    presences = [Presence.NEW, Presence.CHANGED]
    if report.subject.base_sha is None:
        presences.append(Presence.EXISTING)
    head = report.with_presence(*presences)
    entries = [*_unanswered(report, wording), *(_finding(tracked, report, wording) for tracked in head)]
    seen: dict[str, int] = {}
    for entry in entries:
        fingerprint = entry["fingerprint"]
        seen[fingerprint] = seen.get(fingerprint, 0) + 1
        if seen[fingerprint] > 1:
            entry["fingerprint"] = distinct_fingerprint(fingerprint, seen[fingerprint])
    return entries


def code_quality_entry(finding: Finding, wording: Wording, *, excuse: str = "") -> dict[str, Any]:
    """
    One finding as an entry of the report.

    :param excuse: why it does not count, in half a sentence; empty where it does.
    """
    words = wording.words_of(finding)
    place = finding.location
    identity = finding.fingerprint or _hash(f"{finding.scanner}|{finding.rule_id}|{place.path}|{place.start_line}")
    title, severity = words.title or finding.rule_id, _SEVERITIES[finding.severity]
    if excuse:
        title, severity = f"{title} ({excuse})", _SEVERITIES[Severity.INFO]
    return _entry(
        title,
        f"{finding.scanner}/{finding.rule_id}",
        identity,
        severity,
        str(place.path),
        place.start_line,
        place.end_line,
    )


def distinct_fingerprint(fingerprint: str, number: int) -> str:
    """The fingerprint of another entry that would have the same one."""
    return _hash(f"{fingerprint}#{number}")


def _finding(tracked: TrackedFinding, report: ScanReport, wording: Wording) -> dict[str, Any]:
    excuse = ""
    if excused := report.decision.excused(tracked.finding.fingerprint):
        excuse = f"{wording.t.gettext('suppressed')}{wording.colon()}{wording.said(excused.explanation)}"
    return code_quality_entry(tracked.finding, wording, excuse=excuse)


def _unanswered(report: ScanReport, wording: Wording) -> Iterator[dict[str, Any]]:
    outcome = wording.outcome(Outcome.NOT_ASSESSED)
    for run in report.runs:
        if not run.assessed:
            text = f"{outcome}{wording.colon()}{run.scanner} {wording.status(run.status)} {wording.said(run.reason)}"
            yield _entry(text, "mergewarden/not-assessed", _hash(f"not-assessed|{run.scanner}"), "critical", ".", 1, 1)
    named = {run.scanner for run in report.runs}
    for reason in report.decision.reasons:
        if reason.code is ReasonCode.FILE_NOT_READ:
            continue
        if reason.code is ReasonCode.SCANNER_NOT_ASSESSED and reason.subject in named:
            continue
        if reason.code is ReasonCode.PROJECT_POLICY_REFUSED:
            continue
        if reason.code in (ReasonCode.PROJECT_POLICY_IGNORED, ReasonCode.POLICY_NOT_CURRENT):
            text, identity = wording.reason(reason), _hash(f"policy|{reason.subject}")
            yield _entry(text, "mergewarden/policy", identity, "major", ".", 1, 1)
            continue
        text = f"{outcome}{wording.colon()}{wording.reason(reason)}"
        identity = _hash(f"not-assessed|{reason.code.value}|{reason.subject}")
        yield _entry(text, "mergewarden/not-assessed", identity, "critical", ".", 1, 1)
    for gap in gaps_of(report.runs):
        text = f"{wording.t.gettext('Not read')}{wording.colon()}{wording.gap(gap.reason)} {wording.said(gap.detail)}"
        identity = _hash(f"not-read|{gap.path}|{gap.reason.value}|{gap.detail}")
        line = gap.line if gap.line and gap.line >= 1 else 1
        yield _entry(text, "mergewarden/not-read", identity, "info", str(gap.path), line, line)


def _entry(
    description: str, check: str, fingerprint: str, severity: str, path: str, begin: int, end: int
) -> dict[str, Any]:
    return {
        "description": one_line(description, _LONGEST_DESCRIPTION),
        "check_name": one_line(check, 255),
        "fingerprint": fingerprint,
        "severity": severity,
        "location": {"path": visible(path), "lines": {"begin": begin, "end": end}},
    }


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()
