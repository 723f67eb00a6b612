"""
Findings as flat JSON values and back, exactly.

The keys are the column names of ``ScanFindingRecord``; severity, confidence and kind are their words.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any

from bot.domain.verdict import TrackedFinding
from scanners.finding import (
    Attribution,
    Confidence,
    Dependency,
    Finding,
    FindingKind,
    Fix,
    Location,
    Reach,
    RelatedLocation,
    Severity,
    Silences,
)

_ENUMS = {"severity": Severity, "confidence": Confidence, "kind": FindingKind}


def flat(finding: Finding) -> dict[str, Any]:
    """The finding as flat JSON values."""
    place, fix, dependency = finding.location, finding.fix, finding.dependency
    return {
        "fingerprint": finding.fingerprint,
        "match_hash": finding.match_hash,
        "scanner": finding.scanner,
        "rule_id": finding.rule_id,
        "kind": finding.kind.value,
        "severity": finding.severity.value,
        "confidence": finding.confidence.value,
        "path": str(place.path),
        "start_line": place.start_line,
        "end_line": place.end_line,
        "start_column": place.start_column,
        "end_column": place.end_column,
        "title": finding.title,
        "message": finding.message,
        "snippet": finding.snippet,
        "remediation": finding.remediation,
        "cwes": list(finding.cwes),
        "owasp": list(finding.owasp),
        "references": list(finding.references),
        "attributions": [[a.scanner, a.version, a.rule_id] for a in finding.attributions],
        "context_hash": finding.context_hash,
        "earlier_hashes": [list(pair) for pair in finding.earlier_hashes] or None,
        "tool_fingerprints": list(finding.tool_fingerprints) or None,
        "related": [[*_place(r.location), r.message] for r in finding.related] or None,
        "silences": None if finding.silences is None else _asked(finding.silences),
        "fix": None if fix is None else [fix.start_line, fix.end_line, fix.replacement],
        "dependency": None
        if dependency is None
        else {
            "ecosystem": dependency.ecosystem,
            "package": dependency.package,
            "version": dependency.version,
            "advisory_ids": list(dependency.advisory_ids),
            "fixed_versions": list(dependency.fixed_versions),
        },
    }


FIELDS = frozenset(
    flat(Finding("", "", FindingKind.SAST, Severity.INFO, Confidence.LOW, "", "", Location(PurePosixPath("x"))))
)
"""Names of the flat values."""


def unflat(values: Mapping[str, Any]) -> Finding:
    """The inverse of ``flat``. Raises ``ValueError`` or ``KeyError`` for values that ``flat`` never makes."""
    fix, dependency = values["fix"], values["dependency"]
    return Finding(
        scanner=values["scanner"],
        rule_id=values["rule_id"],
        kind=FindingKind(values["kind"]),
        severity=Severity(values["severity"]),
        confidence=Confidence(values["confidence"]),
        title=values["title"],
        message=values["message"],
        location=Location(
            PurePosixPath(values["path"]),
            values["start_line"],
            values["end_line"],
            values["start_column"],
            values["end_column"],
        ),
        cwes=tuple(values["cwes"]),
        owasp=tuple(values["owasp"]),
        snippet=values["snippet"],
        remediation=values["remediation"],
        references=tuple(values["references"]),
        fix=None if fix is None else Fix(*fix),
        dependency=None
        if dependency is None
        else Dependency(
            dependency["ecosystem"],
            dependency["package"],
            dependency["version"],
            tuple(dependency["advisory_ids"]),
            tuple(dependency["fixed_versions"]),
        ),
        match_hash=values["match_hash"],
        fingerprint=values["fingerprint"],
        attributions=tuple(Attribution(*attribution) for attribution in values["attributions"]),
        # Values that an older release wrote lack what came later.
        context_hash=values.get("context_hash") or "",
        earlier_hashes=tuple((version, code) for version, code in values.get("earlier_hashes") or ()),
        tool_fingerprints=tuple(values.get("tool_fingerprints") or ()),
        related=tuple(
            RelatedLocation(Location(PurePosixPath(path), *place), message)
            for path, *place, message in values.get("related") or ()
        ),
        silences=_unasked(values.get("silences")),
    )


def _asked(silences: Silences) -> list[Any]:
    ids = silences.rule_ids
    return [silences.tool, silences.reach.value, None if ids is None else list(ids)]


def _unasked(value: list[Any] | None) -> Silences | None:
    if value is None:
        return None
    tool, reach, ids = value
    return Silences(tool, Reach(reach), None if ids is None else tuple(ids))


def _place(location: Location) -> tuple[str, int, int, int | None, int | None]:
    return (
        str(location.path),
        location.start_line,
        location.end_line,
        location.start_column,
        location.end_column,
    )


def tracked_row(tracked: TrackedFinding) -> dict[str, Any]:
    """Column values of a tracked finding, without scan id, position and place."""
    values = flat(tracked.finding)
    previous = None
    if tracked.previous is not None:
        # Most findings exist unchanged but for their line, so only what differs is kept.
        previous = {name: value for name, value in flat(tracked.previous).items() if value != values[name]}
    return {
        **values,
        **{name: enum(values[name]) for name, enum in _ENUMS.items()},
        "presence": tracked.presence,
        "explanation": tracked.explanation,
        "previous": previous,
        "finding_id": tracked.number,
    }


def tracked_finding(row: Mapping[Any, Any]) -> TrackedFinding:
    """The inverse of ``tracked_row``."""
    values = {name: row[name] for name in FIELDS}
    values |= {name: row[name].value for name in _ENUMS}
    previous = row["previous"]
    return TrackedFinding(
        finding=unflat(values),
        presence=row["presence"],
        previous=None if previous is None else unflat({**values, **previous}),
        explanation=row["explanation"],
        number=row["finding_id"],
    )
