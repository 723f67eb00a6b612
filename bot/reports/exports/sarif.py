"""
A project's findings as SARIF 2.1.0 (https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html).

One run per scanner as in the report of a scan, and the same words for each finding. Beyond those:

- ``suppressions`` for what is suppressed or dismissed, and an empty list for everything else, which says that nothing
  suppresses it (section 3.27.23); a dismissal that waits for a second person or has ended is ``underReview``, which
  readers count as not suppressed;
- ``correlationGuid`` is the same in every export, ``guid`` is of this one; ``properties.number`` is ours;
- ``provenance.firstDetectionTimeUtc``;
- a finding that no scan sees any more has the kind ``pass``.

No ``invocations``: nothing was scanned for an export, so nothing is said about how a scan went.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, BinaryIO

from bot.domain.known import KnownFinding, Whereabouts
from bot.domain.triage import TriageState
from bot.reports.documents import web_references
from bot.reports.exports.encoding import encoded, rfc3339, write_members
from bot.reports.exports.judged import dismissal_of, excuse_of
from bot.reports.exports.spool import Spool
from bot.reports.exports.subject import ExportSubject
from bot.reports.sarif import ROOT, SCHEMA, RunIndex, run_frame, sarif_finding
from bot.reports.wording import Wording

_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "https://docs.oasis-open.org/sarif/sarif/v2.1.0/")


@dataclass(slots=True)
class _Run:
    index: RunIndex = field(default_factory=RunIndex)
    versions: set[str] = field(default_factory=set)
    results: int = 0


def write_sarif(stream: BinaryIO, subject: ExportSubject, findings: Iterable[KnownFinding], /) -> int:
    """One log file."""
    wording = subject.wording()
    runs: dict[str, _Run] = {}
    count = 0
    with Spool() as spool:
        for known in findings:
            scanner = known.finding.scanner
            run = runs.setdefault(scanner, _Run())
            _note_version(run, known)
            run.index.add(known.finding)
            piece = encoded(_result(known, subject, run.index, wording))
            spool.add(scanner, (b",\n" if run.results else b"\n") + piece)
            run.results += 1
            count += 1
        stream.write(b"{\n")
        write_members(stream, [("$schema", SCHEMA), ("version", "2.1.0")], first=True)
        stream.write(b',\n"runs":[')
        # Without any run, a reader could not tell who found nothing.
        for number, name in enumerate(sorted(runs) or ["mergewarden"]):
            run = runs.get(name) or _Run(versions={subject.tool_version})
            stream.write(b",\n{\n" if number else b"\n{\n")
            version = next(iter(run.versions)) if len(run.versions) == 1 else ""
            write_members(stream, _members(name, version, run, subject, wording), first=True)
            stream.write(b',\n"results":[')
            for piece in spool.pieces(name):
                stream.write(piece)
            stream.write(b"\n]\n}")
        stream.write(b"\n]\n}\n")
    return count


def _note_version(run: _Run, known: KnownFinding) -> None:
    # More than one of them cannot be told in a run, so that two are as good as many.
    if len(run.versions) < 2:
        scanner = known.finding.scanner
        run.versions |= {
            seen.version for seen in known.finding.attributions if seen.scanner == scanner and seen.version
        }


def _members(
    scanner: str, version: str, run: _Run, subject: ExportSubject, wording: Wording
) -> list[tuple[str, object]]:
    members: list[tuple[str, object]] = [("tool", run.index.tool(scanner, version, wording))]
    members += run_frame(scanner).items()
    if taxonomies := run.index.taxonomies():
        members.append(("taxonomies", taxonomies))
    if web_references((subject.project_url,)):
        provenance = {"repositoryUri": subject.project_url, "mappedTo": {"uriBaseId": ROOT}}
        members.append(("versionControlProvenance", [provenance]))
    properties = {
        "producer": f"mergewarden {subject.tool_version}",
        "project": subject.project,
        "exportedAt": rfc3339(subject.generated_at),
    }
    members.append(("properties", properties))
    return members


def _result(known: KnownFinding, subject: ExportSubject, index: RunIndex, wording: Wording) -> dict[str, Any]:
    gone = known.whereabouts is Whereabouts.NOWHERE
    result = sarif_finding(known.finding, wording.words_of(known.finding), index, gone=gone)
    lasting = uuid.uuid5(_NAMESPACE, _plain(f"{subject.project_url or subject.project}#{known.id}"))
    judgement = known.judgement
    result |= {
        "guid": str(uuid.uuid5(lasting, rfc3339(subject.generated_at))),
        "correlationGuid": str(lasting),
        "provenance": {"firstDetectionTimeUtc": rfc3339(known.first_seen_at)},
        "suppressions": _suppressions(known),
    }
    result["properties"] |= {
        "number": known.id,
        "whereabouts": known.whereabouts.value,
        "state": judgement.state.value,
        "justification": judgement.justification.value if judgement.justification else None,
        "reason": judgement.reason,
        "judgedBy": judgement.actor,
        "judgedAt": rfc3339(judgement.at) if judgement.at else None,
        "suppressed": known.suppressed,
    }
    return result


def _suppressions(known: KnownFinding) -> list[dict[str, Any]]:
    if excuse := excuse_of(known):
        return [{"kind": "external", "status": "accepted", "justification": excuse}]
    if known.judgement.state is TriageState.DISMISSED:
        return [{"kind": "external", "status": "underReview", "justification": dismissal_of(known.judgement)}]
    return []


def _plain(text: str) -> str:
    return text.encode("utf-8", "replace").decode()
