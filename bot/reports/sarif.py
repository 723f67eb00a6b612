"""
SARIF 2.1.0 (https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html).

One run per scanner, named after the scanner: that is how GitHub, DefectDojo, Azure DevOps and editors keep the streams
of several tools apart, while few of them look a rule up in ``tool.extensions``. Each run says with
``invocations[].executionSuccessful`` whether there was an answer at all.

A weakness that two scanners saw stands in the run of the one whose words are shown; the others are named in
``properties.seenBy``.

What a finding and its rule are in SARIF (``sarif_finding``, ``RunIndex``) is also what exports of a whole project
say.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, timedelta
from typing import Any

from bot.domain.verdict import Presence, ReasonCode, ScanReport, TrackedFinding
from bot.reports.documents import SECURITY_SEVERITY, cwe_url, dump, ended_at, relative_uri, web_references
from bot.reports.json_report import tool_version
from bot.reports.wording import FindingWords, Lookup, Wording, scanners_of, words_in
from bot.texts import Language
from scanners.finding import Confidence, Finding, FindingKind, Location, RelatedLocation, Severity
from scanners.interface import Gap, ScannerRun, ScannerStatus

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
ROOT = "%SRCROOT%"

_SCANNER_PAGES = {
    "bandit": "https://bandit.readthedocs.io/",
    "detect-secrets": "https://github.com/Yelp/detect-secrets",
    "pip-audit": "https://pypi.org/project/pip-audit/",
    "semgrep": "https://semgrep.dev/docs/",
}

_LEVELS = {
    Severity.CRITICAL: "error",
    Severity.HIGH: "error",
    Severity.MEDIUM: "warning",
    Severity.LOW: "note",
    Severity.INFO: "note",
}
_PRECISION = {Confidence.HIGH: "high", Confidence.MEDIUM: "medium", Confidence.LOW: "low"}
_BASELINE = {
    Presence.NEW: "new",
    Presence.EXISTING: "unchanged",
    Presence.CHANGED: "updated",
    Presence.FIXED: "absent",
}
# Identity of MITRE's list within our runs: any fixed name-based UUID does.
_CWE_GUID = str(uuid.uuid5(uuid.NAMESPACE_URL, "https://cwe.mitre.org/"))


def render_sarif(report: ScanReport, language: Language, *, lookup: Lookup | None = None) -> str:
    """The whole report as SARIF text."""
    return dump(sarif_document(report, words_in(language, lookup)))


def sarif_document(report: ScanReport, wording: Wording) -> dict[str, Any]:
    """The report as values that JSON can hold."""
    by_scanner: defaultdict[str, list[TrackedFinding]] = defaultdict(list)
    for tracked in report.with_presence(*Presence):
        by_scanner[tracked.finding.scanner].append(tracked)
    runs = [_run(report, run, by_scanner.pop(run.scanner, []), wording) for run in report.runs]
    # A finding is never lost because its run is missing.
    runs += [_run_without_details(report, name, by_scanner[name], wording) for name in sorted(by_scanner)]
    if not runs or any(reason.code is ReasonCode.SCAN_FAILED for reason in report.decision.reasons):
        runs.append(_whole_scan(report, wording))
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": runs}


def _run(report: ScanReport, run: ScannerRun, tracked: Sequence[TrackedFinding], wording: Wording) -> dict[str, Any]:
    notifications = [_gap(gap, wording) for gap in run.gaps]
    if not run.assessed:
        reason = wording.said(run.reason)
        text = f"{wording.scanner_result(run)} ({reason})" if reason else wording.scanner_result(run)
        notifications.insert(0, {"level": "error", "message": {"text": text}})
    elif run.status is ScannerStatus.NOT_APPLICABLE:
        notifications.insert(0, {"level": "note", "message": {"text": wording.status(run.status)}})
    invocation = {
        "executionSuccessful": run.assessed,
        "startTimeUtc": _timestamp(report),
        "endTimeUtc": _timestamp(report, run.seconds),
        "toolExecutionNotifications": notifications,
    }
    properties = {
        "status": run.status.value,
        "kind": run.kind.value,
        "filesRead": run.files,
        "filesFromCache": run.cached_files,
        "rulesDigest": run.rules_digest,
        "dataDate": run.data_date.isoformat() if run.data_date else None,
    }
    return _document_run(report, run.scanner, run.version, tracked, invocation, properties, wording)


def _run_without_details(
    report: ScanReport, scanner: str, tracked: Sequence[TrackedFinding], wording: Wording
) -> dict[str, Any]:
    versions = [seen.version for t in tracked for seen in t.finding.attributions if seen.scanner == scanner]
    version = next(filter(None, versions), "")
    return _document_run(report, scanner, version, tracked, {"executionSuccessful": True}, {}, wording)


def _whole_scan(report: ScanReport, wording: Wording) -> dict[str, Any]:
    """The run of Mergewarden itself, when no scanner got as far as having one."""
    reasons = [wording.reason(reason) for reason in report.decision.reasons] or [wording.verdict_reason(report)]
    invocation = {
        "executionSuccessful": False,
        "startTimeUtc": _timestamp(report),
        "endTimeUtc": _timestamp(report, report.seconds),
        "toolExecutionNotifications": [{"level": "error", "message": {"text": text}} for text in reasons],
    }
    return _document_run(report, "mergewarden", tool_version(), [], invocation, {}, wording)


@dataclass(slots=True)
class RuleSummary:
    """A rule as its findings describe it."""

    worst: Finding
    """The first of the worst ones, without its code."""
    cwes: set[int] = field(default_factory=set)
    owasp: set[str] = field(default_factory=set)
    confidence: Confidence = Confidence.LOW

    def add(self, finding: Finding) -> None:
        """One more finding of the rule."""
        if finding.severity > self.worst.severity:
            self.worst = _without_code(finding)
        self.cwes.update(finding.cwes)
        self.owasp.update(finding.owasp)
        self.confidence = max(self.confidence, finding.confidence)


class RunIndex:
    """
    What the results of one run refer to by number: its rules and weaknesses, in the order in which they first appear.

    It grows with the number of rules, not of findings.
    """

    def __init__(self) -> None:
        self.rules: dict[str, tuple[int, RuleSummary]] = {}
        self.cwes: dict[int, int] = {}

    def add(self, finding: Finding) -> int:
        """Note the finding's rule and weaknesses; the number of the rule."""
        for number in finding.cwes:
            self.cwes.setdefault(number, len(self.cwes))
        known = self.rules.get(finding.rule_id)
        if known is None:
            known = self.rules[finding.rule_id] = (len(self.rules), RuleSummary(_without_code(finding)))
        known[1].add(finding)
        return known[0]

    def tool(self, scanner: str, version: str, wording: Wording) -> dict[str, Any]:
        """The ``tool`` of the run, with every rule that was added."""
        rules = [_rule(summary, self.cwes, wording) for _, summary in self.rules.values()]
        driver: dict[str, Any] = {"name": scanner, "rules": rules}
        if version:
            driver["version"] = version
        if page := _SCANNER_PAGES.get(scanner):
            driver["informationUri"] = page
        if self.cwes:
            driver["supportedTaxonomies"] = [{"name": "CWE", "index": 0, "guid": _CWE_GUID}]
        return {"driver": driver}

    def taxonomies(self) -> list[dict[str, Any]]:
        """The ``taxonomies`` of the run, empty where no weakness was named."""
        return [_taxonomy(self.cwes)] if self.cwes else []


def run_frame(scanner: str) -> dict[str, Any]:
    """What every run says, whatever it found."""
    return {
        # A category per scanner: GitHub refuses two runs of one file that share it.
        "automationDetails": {"id": f"mergewarden/{scanner}/"},
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {ROOT: {"description": {"text": "The root of the repository."}}},
    }


def _without_code(finding: Finding) -> Finding:
    return replace(finding, snippet="", fix=None, related=(), attributions=())


def _document_run(
    report: ScanReport,
    scanner: str,
    version: str,
    tracked: Sequence[TrackedFinding],
    invocation: dict[str, Any],
    properties: dict[str, Any],
    wording: Wording,
) -> dict[str, Any]:
    index = RunIndex()
    for number in sorted({number for t in tracked for number in t.finding.cwes}):
        index.cwes[number] = len(index.cwes)
    for t in sorted(tracked, key=lambda t: t.finding.rule_id):
        index.add(t.finding)
    run: dict[str, Any] = {
        "tool": index.tool(scanner, version, wording),
        **run_frame(scanner),
        "invocations": [invocation],
        "results": [_result(t, report, index, wording) for t in tracked],
        "properties": properties
        | {"producer": f"mergewarden {tool_version()}", "outcome": report.decision.outcome.value},
    }
    if taxonomies := index.taxonomies():
        run["taxonomies"] = taxonomies
    if provenance := _provenance(report):
        run["versionControlProvenance"] = [provenance]
    return run


def _rule(summary: RuleSummary, cwes: Mapping[int, int], wording: Wording) -> dict[str, Any]:
    """One rule, described by its findings; its level is that of the worst of them."""
    worst = summary.worst
    words = wording.words_of(worst)
    numbers = sorted(summary.cwes)
    tags = ["security", worst.kind.value, *(f"external/cwe/cwe-{number:03d}" for number in numbers)]
    tags += sorted(f"external/owasp/{category}" for category in summary.owasp)
    help_text = "\n\n".join(part for part in [words.message, words.remediation] if part) or words.title
    rule: dict[str, Any] = {
        "id": worst.rule_id,
        "shortDescription": {"text": words.title or worst.rule_id},
        "fullDescription": {"text": words.message or words.title or worst.rule_id},
        "help": {"text": help_text or worst.rule_id},
        "defaultConfiguration": {"level": _LEVELS[worst.severity]},
        "properties": {
            "tags": tags,
            "precision": _PRECISION[summary.confidence],
            "security-severity": SECURITY_SEVERITY[worst.severity],
        },
    }
    references = web_references(worst.references) or [cwe_url(number) for number in numbers[:1]]
    if references:
        rule["helpUri"] = references[0]
    if numbers:
        rule["relationships"] = [
            {"target": _taxon_reference(number, cwes), "kinds": ["superset"]} for number in numbers
        ]
    return rule


def _result(tracked: TrackedFinding, report: ScanReport, index: RunIndex, wording: Wording) -> dict[str, Any]:
    finding = tracked.finding
    gone = tracked.presence is Presence.FIXED
    result = sarif_finding(finding, wording.words_of(finding), index, gone=gone)
    result["properties"] |= {
        "presence": tracked.presence.value,
        "blocks": not gone and report.decision.blocks(finding.fingerprint),
    }
    if tracked.number is not None:
        result["properties"]["number"] = tracked.number
    if report.subject.base_sha is not None:
        result["baselineState"] = _BASELINE[tracked.presence]
    excused = None if gone else report.decision.excused(finding.fingerprint)
    if excused is not None:
        # Section 3.27.23: a consumer that honours it does not count the result. Section 3.35 has the words.
        result["suppressions"] = [
            {
                "kind": "inSource" if excused.suppression_id is None else "external",
                "status": "accepted",
                "justification": wording.said(excused.explanation),
            }
        ]
    return result


def sarif_finding(finding: Finding, words: FindingWords, index: RunIndex, *, gone: bool = False) -> dict[str, Any]:
    """
    A finding as a SARIF result, without what only a scan or only a project knows of it.

    Its rule and weaknesses must be in the index. ``gone``: it is not there any more.
    """
    result: dict[str, Any] = {
        "ruleId": finding.rule_id,
        "ruleIndex": index.rules[finding.rule_id][0],
        # A reader that knows nothing of baselines must not take a fixed finding for an open one. Section 3.27.9
        "kind": "pass" if gone else "fail",
        "level": "none" if gone else _LEVELS[finding.severity],
        "message": {"text": _message(finding, words.title, words.message)},
        "locations": [{"physicalLocation": _physical(finding)}],
        "properties": {
            "severity": finding.severity.value,
            "confidence": finding.confidence.value,
            "kind": finding.kind.value,
            "security-severity": SECURITY_SEVERITY[finding.severity],
            "seenBy": scanners_of(finding),
        },
    }
    if finding.fingerprint:
        result["partialFingerprints"] = {
            "mergewarden/v1": finding.fingerprint,
            # GitHub follows an alert by this name; its own action writes 16 hexadecimal digits and a counter.
            "primaryLocationLineHash": f"{finding.fingerprint[:16]}:1",
        }
    if finding.related:
        result["relatedLocations"] = [_related(place, number) for number, place in enumerate(finding.related)]
    if finding.cwes:
        result["taxa"] = [_taxon_reference(number, index.cwes) for number in finding.cwes]
    if finding.dependency is not None:
        result["properties"]["dependency"] = {
            "ecosystem": finding.dependency.ecosystem,
            "package": finding.dependency.package,
            "version": finding.dependency.version,
            "advisories": list(finding.dependency.advisory_ids),
            "fixedVersions": list(finding.dependency.fixed_versions),
        }
    if finding.fix is not None and not gone:
        result["fixes"] = [_fix(finding, words.remediation)]
    return result


def _related(place: RelatedLocation, number: int) -> dict[str, Any]:
    where = place.location
    location: dict[str, Any] = {
        "id": number,
        "physicalLocation": {
            "artifactLocation": {"uri": relative_uri(where.path), "uriBaseId": ROOT},
            "region": {"startLine": where.start_line, "endLine": where.end_line, **_columns(where)},
        },
    }
    if place.message:
        location["message"] = {"text": place.message}
    return location


def _message(finding: Finding, title: str, message: str) -> str:
    if finding.kind is FindingKind.DEPENDENCY and finding.dependency:
        return f"{title}: {', '.join(finding.dependency.advisory_ids) or finding.rule_id}"
    return message or title or finding.rule_id


def _physical(finding: Finding) -> dict[str, Any]:
    place = finding.location
    region: dict[str, Any] = {"startLine": place.start_line, "endLine": place.end_line}
    columns = _columns(place)
    physical: dict[str, Any] = {
        "artifactLocation": {"uri": relative_uri(place.path), "uriBaseId": ROOT},
        "region": region | columns,
    }
    if finding.snippet:
        # The snippet holds whole lines. It belongs to the region only when the region does, too. Section 3.29.5
        snippet = {"snippet": {"text": finding.snippet}}
        if columns:
            physical["contextRegion"] = region | snippet
        else:
            physical["region"] = region | snippet
    return physical


def _columns(place: Location) -> dict[str, int]:
    """The columns, when they make a region that is not empty; the end column is the one after the last character."""
    if place.start_column is None or place.start_column < 1:
        return {}
    if place.end_column is None:
        return {"startColumn": place.start_column}
    if place.end_line == place.start_line and place.end_column <= place.start_column:
        return {"startColumn": place.start_column}
    return {"startColumn": place.start_column, "endColumn": place.end_column} if place.end_column >= 1 else {}


def _fix(finding: Finding, description: str) -> dict[str, Any]:
    fix = finding.fix
    assert fix is not None
    return {
        "description": {"text": description or finding.title},
        "artifactChanges": [
            {
                "artifactLocation": {"uri": relative_uri(finding.location.path), "uriBaseId": ROOT},
                "replacements": [
                    {
                        "deletedRegion": {"startLine": fix.start_line, "endLine": fix.end_line},
                        "insertedContent": {"text": fix.replacement},
                    }
                ],
            }
        ],
    }


def _taxon_reference(number: int, cwes: Mapping[int, int]) -> dict[str, Any]:
    # "CWE-89" and not "89": DefectDojo looks for the prefix here.
    return {
        "id": f"CWE-{number}",
        "index": cwes[number],
        "toolComponent": {"name": "CWE", "index": 0, "guid": _CWE_GUID},
    }


def _taxonomy(cwes: Mapping[int, int]) -> dict[str, Any]:
    return {
        "name": "CWE",
        "guid": _CWE_GUID,
        "organization": "MITRE",
        "shortDescription": {"text": "The MITRE Common Weakness Enumeration"},
        "informationUri": "https://cwe.mitre.org/",
        "isComprehensive": False,
        "taxa": [{"id": f"CWE-{number}", "helpUri": cwe_url(number)} for number in cwes],
    }


def _gap(gap: Gap, wording: Wording) -> dict[str, Any]:
    physical: dict[str, Any] = {"artifactLocation": {"uri": relative_uri(gap.path), "uriBaseId": ROOT}}
    if gap.line is not None and gap.line >= 1:
        physical["region"] = {"startLine": gap.line}
    text = wording.gap(gap.reason) + (f" ({wording.said(gap.detail)})" if gap.detail else "")
    return {"level": "warning", "message": {"text": text}, "locations": [{"physicalLocation": physical}]}


def _provenance(report: ScanReport) -> dict[str, Any]:
    subject = report.subject
    if not subject.project_url:
        return {}
    provenance: dict[str, Any] = {"repositoryUri": subject.project_url, "mappedTo": {"uriBaseId": ROOT}}
    if subject.head_sha:
        provenance["revisionId"] = subject.head_sha
    if subject.ref:
        provenance["branch"] = subject.ref
    return provenance


def _timestamp(report: ScanReport, seconds: float = 0.0) -> str:
    moment = min(report.started_at.astimezone(UTC) + timedelta(seconds=max(0.0, seconds)), ended_at(report))
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
