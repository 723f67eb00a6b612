"""
OpenVEX 0.2.0 (https://github.com/openvex/spec/blob/main/OPENVEX-SPEC.md).

The product of each statement is the project, the package is its subcomponent: that a package does no harm here says
nothing about the package elsewhere. All statements are as of the export, so that of two documents the newer one counts;
who said what and when stands in ``status_notes``.

The document keeps its ``@id``; its version is the time in seconds, which rises with every export.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import Any, BinaryIO

from bot.domain.known import KnownFinding
from bot.domain.triage import Justification, TriageState
from bot.reports.exports.encoding import rfc3339, write_items, write_members
from bot.reports.exports.purl import project_purl
from bot.reports.exports.subject import ExportSubject
from bot.reports.exports.vex import Statement, Status, statements

CONTEXT = "https://openvex.dev/ns/v0.2.0"

_STATUSES = {
    Status.AFFECTED: "affected",
    Status.UNDER_INVESTIGATION: "under_investigation",
    Status.NOT_AFFECTED: "not_affected",
    Status.FIXED: "fixed",
}
_JUSTIFICATIONS = {
    # The scanner was wrong: what it looks for is not in there.
    Justification.FALSE_POSITIVE: "vulnerable_code_not_present",
    Justification.MITIGATING_CONTROL: "inline_mitigations_already_exist",
    Justification.NOT_APPLICABLE: "vulnerable_code_not_in_execute_path",
    # What only tests run is not run in the product.
    Justification.USED_IN_TESTS: "vulnerable_code_not_in_execute_path",
}
_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, CONTEXT)


def write_openvex(stream: BinaryIO, subject: ExportSubject, findings: Iterable[KnownFinding], /) -> int:
    """One document; how many statements it has."""
    product = project_purl(subject.project, subject.project_url)
    identity = uuid.uuid5(_NAMESPACE, product)
    head: list[tuple[str, object]] = [
        ("@context", CONTEXT),
        ("@id", f"urn:uuid:{identity}"),
        ("author", subject.author),
        ("role", "Document Creator"),
        ("timestamp", rfc3339(subject.generated_at)),
        ("version", max(1, int(subject.generated_at.timestamp()))),
        ("tooling", f"mergewarden {subject.tool_version}"),
    ]
    stream.write(b"{\n")
    write_members(stream, head, first=True)
    stream.write(b',\n"statements":')
    count = write_items(stream, (_written(each, product, identity) for each in statements(subject, findings)))
    stream.write(b"\n}\n")
    return count


def _written(statement: Statement, product: str, document: uuid.UUID) -> dict[str, Any]:
    name, *aliases = statement.names
    vulnerability: dict[str, Any] = {"name": name}
    if statement.description:
        vulnerability["description"] = statement.description
    if aliases:
        vulnerability["aliases"] = aliases
    written: dict[str, Any] = {
        "@id": f"urn:uuid:{uuid.uuid5(document, f'{statement.purl} {name}')}",
        "vulnerability": vulnerability,
        "products": [
            {
                "@id": product,
                "identifiers": {"purl": product},
                "subcomponents": [{"@id": statement.purl, "identifiers": {"purl": statement.purl}}],
            }
        ],
        "status": _STATUSES[statement.status],
        "status_notes": statement.notes,
    }
    judgement = statement.judgement
    if statement.status is Status.NOT_AFFECTED:
        assert judgement.justification is not None
        written["justification"] = _JUSTIFICATIONS[judgement.justification]
        if judgement.reason:
            written["impact_statement"] = judgement.reason
    elif statement.status is Status.AFFECTED:
        written["action_statement"] = _action(statement)
        if judgement.at is not None:
            written["action_statement_timestamp"] = rfc3339(judgement.at)
    return written


def _action(statement: Statement) -> str:
    judgement = statement.judgement
    if judgement.state is TriageState.DISMISSED:
        return f"The risk is accepted, nothing will be changed. {judgement.reason}".strip()
    return statement.remediation or "Replace the package or stop using what is vulnerable."
