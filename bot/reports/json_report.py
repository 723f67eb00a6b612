"""
Our own JSON report: everything a scan said, in names that stay.

``schema_version`` is ``MAJOR.MINOR``: a new field raises the minor, anything that could break a reader the major. The
words (severity, status, presence, outcome ...) are the enum values of ``scanners.finding``, ``scanners.interface`` and
``bot.domain.verdict``. Field by field:

- ``schema_version``, ``tool`` (``name``, ``version``), ``language`` of the rule texts
- ``subject``: ``project``, ``project_url``, ``merge_request_iid``, ``ref``, ``base_sha``, ``head_sha`` (null: unknown)
- ``started_at`` (RFC 3339, UTC), ``seconds``, ``files_changed``, ``files_read``
- ``decision``: ``outcome``, ``policy_digest``, ``violations`` (``fingerprint``, ``rule``, ``blocks``), ``reasons``
  (``code``, ``subject``, ``detail``), ``suppressed`` (``fingerprint``, ``suppression_id``, null for one in the code,
  ``explanation``; since 1.1), ``lets_through`` (since 1.2: the outcome, and whether the policy tolerates that nobody
  could judge), ``monitored`` (since 1.2: ``fingerprint`` and ``rule`` of what a rule on trial would have said)
- ``counts``: findings by presence and, of those in the head, by severity
- ``scanners``: one entry per run, with ``gaps`` (files not read); ``assessed`` false means no answer, not a clean one
- ``findings``: worst first; ``blocks`` tells whether it keeps the change from being merged; since 1.1 ``number`` is
  that of the finding in the store (null where it has none), ``suppressed`` whether only a suppression keeps it from
  counting
"""

from __future__ import annotations

from datetime import UTC
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from bot.domain.verdict import Effect, Presence, ScanReport, TrackedFinding
from bot.reports.documents import dump
from bot.reports.wording import Lookup, Wording, words_in
from bot.texts import Language
from scanners.finding import Finding, Severity
from scanners.interface import ScannerRun

SCHEMA_VERSION = "1.2"


def tool_version() -> str:
    """Version of Mergewarden itself; ``0`` when it runs from a tree that is not installed."""
    try:
        return version("mergewarden")
    except PackageNotFoundError:
        return "0"


def render_json(report: ScanReport, language: Language, *, lookup: Lookup | None = None) -> str:
    """The whole report as JSON text."""
    return dump(json_document(report, words_in(language, lookup)))


def json_document(report: ScanReport, wording: Wording) -> dict[str, Any]:
    """The report as values that JSON can hold."""
    subject, decision = report.subject, report.decision
    head = report.with_presence(Presence.NEW, Presence.CHANGED, Presence.EXISTING)
    return {
        "schema_version": SCHEMA_VERSION,
        "tool": {"name": "mergewarden", "version": tool_version()},
        "language": wording.language.value,
        "subject": {
            "project": subject.project,
            "project_url": subject.project_url,
            "merge_request_iid": subject.merge_request_iid,
            "ref": subject.ref,
            "base_sha": subject.base_sha,
            "head_sha": subject.head_sha,
        },
        "started_at": report.started_at.astimezone(UTC).isoformat(timespec="seconds"),
        "seconds": round(report.seconds, 3),
        "files_changed": report.files_changed,
        "files_read": report.files_read,
        "decision": {
            "outcome": decision.outcome.value,
            "policy_digest": decision.policy_digest,
            "violations": [
                {"fingerprint": v.fingerprint, "rule": v.rule, "blocks": v.blocks}
                for v in decision.violations
                if v.effect is not Effect.MONITOR
            ],
            "monitored": [
                {"fingerprint": v.fingerprint, "rule": v.rule}
                for v in decision.violations
                if v.effect is Effect.MONITOR
            ],
            "lets_through": decision.lets_through,
            "reasons": [{"code": r.code.value, "subject": r.subject, "detail": r.detail} for r in decision.reasons],
            "suppressed": [
                {"fingerprint": s.fingerprint, "suppression_id": s.suppression_id, "explanation": s.explanation}
                for s in decision.suppressed
            ],
        },
        "counts": {
            "by_presence": {p.value: len(report.with_presence(p)) for p in Presence},
            "by_severity": {s.value: sum(t.finding.severity is s for t in head) for s in Severity},
        },
        "scanners": [_run(run) for run in report.runs],
        "findings": [_finding(tracked, report, wording) for tracked in report.with_presence(*Presence)],
    }


def _run(run: ScannerRun) -> dict[str, Any]:
    return {
        "name": run.scanner,
        "kind": run.kind.value,
        "version": run.version,
        "status": run.status.value,
        "assessed": run.assessed,
        "reason": run.reason,
        "findings": len(run.findings),
        "files": run.files,
        "cached_files": run.cached_files,
        "seconds": round(run.seconds, 3),
        "rules_digest": run.rules_digest,
        "data_date": run.data_date.isoformat() if run.data_date else None,
        "gaps": [
            {"path": str(gap.path), "line": gap.line, "reason": gap.reason.value, "detail": gap.detail}
            for gap in run.gaps
        ],
    }


def _finding(tracked: TrackedFinding, report: ScanReport, wording: Wording) -> dict[str, Any]:
    fingerprint, gone = tracked.finding.fingerprint, tracked.presence is Presence.FIXED
    return {
        "number": tracked.number,
        "presence": tracked.presence.value,
        "blocks": not gone and report.decision.blocks(fingerprint),
        "suppressed": not gone and report.decision.excused(fingerprint) is not None,
        "explanation": tracked.explanation,
        "previous_location": _location(tracked.previous) if tracked.previous else None,
        **finding_document(tracked.finding, wording),
    }


def finding_document(finding: Finding, wording: Wording) -> dict[str, Any]:
    """A finding as values that JSON can hold, without what only a scan knows of it."""
    words = wording.words_of(finding)
    return {
        "fingerprint": finding.fingerprint,
        "scanner": finding.scanner,
        "rule_id": finding.rule_id,
        "kind": finding.kind.value,
        "severity": finding.severity.value,
        "confidence": finding.confidence.value,
        "title": words.title,
        "message": words.message,
        "remediation": words.remediation,
        "location": _location(finding),
        "cwes": list(finding.cwes),
        "owasp": list(finding.owasp),
        "snippet": finding.snippet,
        "references": list(finding.references),
        "dependency": _dependency(finding),
        "fix": (
            {
                "start_line": finding.fix.start_line,
                "end_line": finding.fix.end_line,
                "replacement": finding.fix.replacement,
            }
            if finding.fix
            else None
        ),
        "seen_by": [
            {"scanner": seen.scanner, "version": seen.version, "rule_id": seen.rule_id} for seen in finding.attributions
        ],
        **_silences(finding),
    }


def _silences(finding: Finding) -> dict[str, Any]:
    """What a suppression asks for; other findings have no such key."""
    silences = finding.silences
    if silences is None:
        return {}
    ids = None if silences.rule_ids is None else list(silences.rule_ids)
    return {"silences": {"tool": silences.tool, "reach": silences.reach.value, "rule_ids": ids}}


def _location(finding: Finding) -> dict[str, Any]:
    place = finding.location
    return {
        "path": str(place.path),
        "start_line": place.start_line,
        "end_line": place.end_line,
        "start_column": place.start_column,
        "end_column": place.end_column,
    }


def _dependency(finding: Finding) -> dict[str, Any] | None:
    dependency = finding.dependency
    if dependency is None:
        return None
    return {
        "ecosystem": dependency.ecosystem,
        "package": dependency.package,
        "version": dependency.version,
        "advisory_ids": list(dependency.advisory_ids),
        "fixed_versions": list(dependency.fixed_versions),
    }
