"""
GitLab's security report, for ``artifacts:reports:sast``.

All kinds of findings go into this one report, so that a job has one file to name and nothing is left out: GitLab's
secret detection and dependency reports demand facts that a merge request scan does not have (the commit that brought a
secret in, the complete list of dependencies). ``category`` still says which kind each is.

The structure is that of the published schema, https://gitlab.com/gitlab-org/security-products/security-report-schemas.
``scan.status`` is ``failure`` when a scanner gave no answer, with the reason in ``scan.messages``: a report without
findings is otherwise read as a clean bill.

Suppressed findings stay in: the format has no word for them but "likely false positive", which most are not, and GitLab
has its own dismissal. Their description begins with whose exception it is.
"""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Any

from bot.domain.verdict import Outcome, Presence, ReasonCode, ScanReport
from bot.reports.documents import cwe_url, dump, ended_at, web_references
from bot.reports.json_report import tool_version
from bot.reports.markdown import prose
from bot.reports.visible import one_line, shorten, visible
from bot.reports.wording import Lookup, Wording, words_in
from bot.texts import Language
from scanners.finding import Finding, FindingKind, Severity

SCHEMA_VERSION = "15.0.4"
"""Of the 15.0 line, which old and new servers know; a server that has another patch of it takes that one instead."""

_SEVERITIES = {
    Severity.CRITICAL: "Critical",
    Severity.HIGH: "High",
    Severity.MEDIUM: "Medium",
    Severity.LOW: "Low",
    Severity.INFO: "Info",
}
_CATEGORIES = {
    FindingKind.SAST: "sast",
    FindingKind.SECRET: "secret_detection",
    FindingKind.DEPENDENCY: "dependency_scanning",
    # The schema has no word for it, and an act to review that is missing here would be seen by nobody.
    FindingKind.SUPPRESSION: "sast",
}
# Limits of the schema, in characters.
_LONGEST_NAME = 255
_LONGEST_SOLUTION = 7_000
_LONGEST_DESCRIPTION = 20_000
_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "https://gitlab.com/gitlab-org/security-products/security-report-schemas")


def render_gitlab_sast(report: ScanReport, language: Language, *, lookup: Lookup | None = None) -> str:
    """The findings of the head as a GitLab SAST report; GitLab itself compares it with the target branch's."""
    return dump(gitlab_sast_document(report, words_in(language, lookup)))


def gitlab_sast_document(report: ScanReport, wording: Wording) -> dict[str, Any]:
    """The report as values that JSON can hold."""
    head = report.with_presence(Presence.NEW, Presence.CHANGED, Presence.EXISTING)
    assessed = report.decision.outcome is not Outcome.NOT_ASSESSED and all(run.assessed for run in report.runs)
    return {
        "version": SCHEMA_VERSION,
        "scan": gitlab_scan(report.started_at, ended_at(report), _messages(report, wording), assessed=assessed),
        "vulnerabilities": [_vulnerability(tracked.finding, report, wording) for tracked in head],
    }


def gitlab_scan(
    started_at: datetime, ended: datetime, messages: list[dict[str, str]], *, assessed: bool
) -> dict[str, Any]:
    """The ``scan`` of a report: who looked, when, and whether there was an answer."""
    component = {
        "id": "mergewarden",
        "name": "Mergewarden",
        "version": tool_version(),
        "vendor": {"name": "Mergewarden"},
    }
    return {
        "analyzer": component,
        "scanner": component,
        "type": "sast",
        "start_time": _time(started_at),
        "end_time": _time(ended),
        "status": "success" if assessed else "failure",
        "messages": messages,
    }


def _messages(report: ScanReport, wording: Wording) -> list[dict[str, str]]:
    messages = [{"level": "info", "value": one_line(wording.verdict(report))}]
    for run in report.runs:
        if not run.assessed:
            text = f"{run.scanner}: {wording.scanner_result(run)} {wording.said(run.reason)}"
            messages.append({"level": "fatal", "value": one_line(text)})
    named = {run.scanner for run in report.runs if not run.assessed}
    for reason in report.decision.reasons:
        if reason.code is not ReasonCode.SCANNER_NOT_ASSESSED or reason.subject not in named:
            level = "info" if reason.code is ReasonCode.PROJECT_POLICY_REFUSED else "warn"
            messages.append({"level": level, "value": one_line(wording.reason(reason))})
    return messages


def _vulnerability(finding: Finding, report: ScanReport, wording: Wording) -> dict[str, Any]:
    excuse = ""
    if excused := report.decision.excused(finding.fingerprint):
        excuse = f"{wording.t.gettext('Suppressed')}{wording.colon()}{wording.said(excused.explanation)}"
    return gitlab_vulnerability(finding, wording, excuse=excuse)


def gitlab_vulnerability(finding: Finding, wording: Wording, *, excuse: str = "") -> dict[str, Any]:
    """
    One finding as a ``vulnerability`` of the report.

    :param excuse: why it does not count; the description begins with it.
    """
    words = wording.words_of(finding)
    place = finding.location
    description = words.message or words.title
    if excuse:
        description = f"{excuse}\n\n{description}"
    vulnerability: dict[str, Any] = {
        "id": _identity(finding),
        "category": _CATEGORIES[finding.kind],
        "name": one_line(words.title or finding.rule_id, _LONGEST_NAME),
        # GitLab shows this as Markdown.
        "description": shorten(prose(description), _LONGEST_DESCRIPTION),
        "severity": _SEVERITIES[finding.severity],
        "identifiers": _identifiers(finding),
        "location": {"file": visible(str(place.path)), "start_line": place.start_line, "end_line": place.end_line},
    }
    if words.remediation:
        vulnerability["solution"] = shorten(visible(words.remediation), _LONGEST_SOLUTION)
    if links := [{"url": url} for url in web_references(finding.references)]:
        vulnerability["links"] = links
    if finding.snippet:
        vulnerability["raw_source_code_extract"] = visible(finding.snippet)
    if finding.fingerprint:
        vulnerability["tracking"] = {
            "type": "source",
            "items": [
                {
                    "file": visible(str(place.path)),
                    "start_line": place.start_line,
                    "end_line": place.end_line,
                    "signatures": [{"algorithm": "scope_offset", "value": finding.fingerprint}],
                }
            ],
        }
    return vulnerability


def distinct_id(known: str, number: int) -> str:
    """The id of another finding that would have the same one."""
    return str(uuid.uuid5(_NAMESPACE, f"{known}#{number}"))


def _identity(finding: Finding) -> str:
    """The same finding has the same id in every scan."""
    identity = finding.fingerprint or f"{finding.scanner}|{finding.rule_id}|{finding.location}"
    return str(uuid.uuid5(_NAMESPACE, identity.encode("utf-8", "replace").decode()))


def _identifiers(finding: Finding) -> list[dict[str, str]]:
    """The primary one first: the advisory of a dependency, else the scanner's rule. Never empty."""
    identifiers = [_identifier(a.split("-", 1)[0].lower(), a) for a in (_advisories(finding))]
    seen = [(s.scanner, s.rule_id) for s in finding.attributions] or [(finding.scanner, finding.rule_id)]
    for scanner, rule in seen:
        entry = _identifier(f"{scanner}_rule_id", rule, f"{scanner} {rule}")
        # A dependency scanner's rule is the advisory that stands there already.
        if entry["value"] not in {known["value"] for known in identifiers}:
            identifiers.append(entry)
    for number in finding.cwes:
        identifiers.append(_identifier("cwe", str(number), f"CWE-{number}") | {"url": cwe_url(number)})
    identifiers += [_identifier("owasp", category) for category in finding.owasp]
    return identifiers


def _advisories(finding: Finding) -> tuple[str, ...]:
    return finding.dependency.advisory_ids if finding.dependency else ()


def _identifier(kind: str, value: str, name: str = "") -> dict[str, str]:
    known = one_line(value) or "unknown"
    return {"type": one_line(kind) or "unknown", "name": one_line(name) or known, "value": known}


def _time(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")
