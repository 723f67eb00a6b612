"""
CycloneDX 1.6 VEX as JSON (https://cyclonedx.org/capabilities/vex/): the project, its packages with vulnerabilities, and
what the project says about each of those.

Each piece is made and checked by the CycloneDX library, and written before the next one is made: the library can only
hold a whole document. The components come after the vulnerabilities, which JSON allows.

A package's reference is its package URL, so that other documents about the same project can be matched.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any, BinaryIO

from cyclonedx.model import ExternalReference, ExternalReferenceType, Property, XsUri
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.model.impact_analysis import (
    ImpactAnalysisJustification,
    ImpactAnalysisResponse,
    ImpactAnalysisState,
)
from cyclonedx.model.vulnerability import (
    BomTarget,
    Vulnerability,
    VulnerabilityAdvisory,
    VulnerabilityAnalysis,
    VulnerabilityRating,
    VulnerabilityReference,
    VulnerabilityScoreSource,
    VulnerabilitySeverity,
    VulnerabilitySource,
)
from cyclonedx.output.json import JsonV1Dot6
from cyclonedx.schema.schema import SchemaVersion1Dot6
from packageurl import PackageURL

from bot.domain.known import KnownFinding
from bot.domain.triage import Justification, TriageState
from bot.reports.documents import web_references
from bot.reports.exports.encoding import rfc3339, write_items, write_members
from bot.reports.exports.purl import project_purl
from bot.reports.exports.subject import ExportSubject
from bot.reports.exports.vex import Statement, Status, statements
from bot.reports.visible import one_line
from scanners.finding import Severity

_SEVERITIES = {
    Severity.CRITICAL: VulnerabilitySeverity.CRITICAL,
    Severity.HIGH: VulnerabilitySeverity.HIGH,
    Severity.MEDIUM: VulnerabilitySeverity.MEDIUM,
    Severity.LOW: VulnerabilitySeverity.LOW,
    Severity.INFO: VulnerabilitySeverity.INFO,
}
_JUSTIFICATIONS = {
    Justification.MITIGATING_CONTROL: ImpactAnalysisJustification.PROTECTED_BY_MITIGATING_CONTROL,
    Justification.NOT_APPLICABLE: ImpactAnalysisJustification.CODE_NOT_REACHABLE,
    Justification.USED_IN_TESTS: ImpactAnalysisJustification.REQUIRES_ENVIRONMENT,
}
# The same for many, and never changed.
_RATINGS = {
    severity: VulnerabilityRating(
        source=VulnerabilitySource(name="Mergewarden"), severity=word, method=VulnerabilityScoreSource.OTHER
    )
    for severity, word in _SEVERITIES.items()
}
_SOURCES = {
    "CVE": ("NVD", "https://nvd.nist.gov/vuln/detail/"),
    "GHSA": ("GitHub Advisories", "https://github.com/advisories/"),
}
_OTHER_SOURCE = ("OSV", "https://osv.dev/vulnerability/")
_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "https://cyclonedx.org/schema/bom-1.6.schema.json")


def write_cyclonedx_vex(stream: BinaryIO, subject: ExportSubject, findings: Iterable[KnownFinding], /) -> int:
    """One document; how many vulnerabilities it has."""
    packages: dict[str, tuple[str, str]] = {}
    stream.write(b"{\n")
    write_members(stream, _head(subject).items(), first=True)
    stream.write(b',\n"vulnerabilities":')
    count = write_items(stream, _vulnerabilities(subject, findings, packages))
    stream.write(b',\n"components":')
    write_items(stream, (_package(purl, *named) for purl, named in packages.items()))
    stream.write(b"\n}\n")
    return count


def _head(subject: ExportSubject) -> dict[str, Any]:
    """Everything but components and vulnerabilities, as the library writes it."""
    purl = project_purl(subject.project, subject.project_url)
    bom = Bom(serial_number=uuid.uuid5(_NAMESPACE, f"{purl} {rfc3339(subject.generated_at)}"))
    bom.metadata.timestamp = subject.generated_at
    bom.metadata.tools.components.add(
        Component(type=ComponentType.APPLICATION, name="mergewarden", version=subject.tool_version)
    )
    addresses = web_references((subject.project_url,))
    bom.metadata.component = Component(
        type=ComponentType.APPLICATION,
        name=one_line(subject.project) or "unknown",
        bom_ref=purl,
        purl=PackageURL.from_string(purl),
        external_references=[ExternalReference(type=ExternalReferenceType.VCS, url=XsUri(url)) for url in addresses],
    )
    head: dict[str, Any] = json.loads(JsonV1Dot6(bom).output_as_string())
    return head


def _vulnerabilities(
    subject: ExportSubject, findings: Iterable[KnownFinding], packages: dict[str, tuple[str, str]]
) -> Iterator[bytes]:
    for statement in statements(subject, findings):
        packages.setdefault(statement.purl, (statement.package, statement.version))
        yield _json(_vulnerability(statement))


def _package(purl: str, name: str, version: str) -> bytes:
    return _json(
        Component(
            type=ComponentType.LIBRARY,
            name=name or "unknown",
            version=version or None,
            bom_ref=purl,
            purl=PackageURL.from_string(purl),
        )
    )


def _vulnerability(statement: Statement) -> Vulnerability:
    name, *aliases = statement.names
    return Vulnerability(
        bom_ref=f"{name} {statement.purl}",
        id=name,
        source=_source(name),
        references=[VulnerabilityReference(id=alias, source=_source(alias)) for alias in aliases],
        ratings=[_RATINGS[statement.severity]],
        cwes=statement.cwes,
        description=statement.description or None,
        recommendation=statement.remediation or None,
        advisories=[VulnerabilityAdvisory(url=XsUri(url)) for url in statement.references],
        analysis=_analysis(statement),
        affects=[BomTarget(ref=statement.purl)],
        properties=[Property(name="mergewarden:finding", value=str(number)) for number in statement.numbers],
    )


def _analysis(statement: Statement) -> VulnerabilityAnalysis:
    judgement = statement.judgement
    detail = ". ".join(part for part in (statement.notes, judgement.reason) if part)
    justification: ImpactAnalysisJustification | None = None
    responses: list[ImpactAnalysisResponse] = []
    match statement.status:
        case Status.FIXED:
            state = ImpactAnalysisState.RESOLVED
        case Status.UNDER_INVESTIGATION:
            state = ImpactAnalysisState.IN_TRIAGE
        case Status.AFFECTED:
            state = ImpactAnalysisState.EXPLOITABLE
            accepted = judgement.state is TriageState.DISMISSED
            if accepted:
                responses = [ImpactAnalysisResponse.WILL_NOT_FIX]
            elif statement.fixed:
                responses = [ImpactAnalysisResponse.UPDATE]
        case Status.NOT_AFFECTED:
            false = judgement.justification is Justification.FALSE_POSITIVE
            state = ImpactAnalysisState.FALSE_POSITIVE if false else ImpactAnalysisState.NOT_AFFECTED
            justification = _JUSTIFICATIONS.get(judgement.justification) if judgement.justification else None
    return VulnerabilityAnalysis(
        state=state,
        justification=justification,
        responses=responses,
        detail=detail,
        last_updated=judgement.at,
    )


@lru_cache(maxsize=10_000)
def _source(name: str) -> VulnerabilitySource:
    source, address = _SOURCES.get(name.partition("-")[0].upper(), _OTHER_SOURCE)
    url = web_references((address + name,))
    return VulnerabilitySource(name=source, url=XsUri(url[0]) if url else None)


def _json(piece: Any) -> bytes:
    # The library escapes whatever is not ASCII.
    text: str = piece.as_json(view_=SchemaVersion1Dot6)
    return text.encode()
