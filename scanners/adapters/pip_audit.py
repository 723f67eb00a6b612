"""pip-audit: known vulnerabilities of pinned Python packages, looked up in the advisories that were imported here."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path, PurePosixPath
from typing import Any, ClassVar

from packaging.utils import canonicalize_name

from scanners import osv, reasons
from scanners.cwe import cwes_of
from scanners.finding import Confidence, Dependency, Finding, FindingKind, Location, Severity
from scanners.interface import (
    AdvisorySource,
    Gap,
    GapReason,
    MalformedReport,
    Scanner,
    ScannerAbsent,
    ScannerReport,
    ScanTarget,
    Unit,
)
from scanners.normalize import ToolWords, clean_text, finding_of, web_addresses
from scanners.report import absent_if_missing, entries, load_object, text_of
from scanners.requirement import Pin, Requirements, read_requirements
from scanners.severity import cvss3_base_score, severity_of_score, severity_of_word
from scanners.units import REQUIREMENTS

_OUTDATED_COMPONENT = 1395  # CWE-1395: dependency on a vulnerable third-party component
_OWASP = ("A06:2021", "A03:2025")
_ADVISORIES_FILE = "advisories.json"
_DEFAULT = Severity.HIGH  # an advisory without a rating is not a harmless one


class PipAudit(Scanner):
    """Requirements files. Exit code 1 means that there are findings."""

    name: ClassVar[str] = "pip-audit"
    kind: ClassVar[FindingKind] = FindingKind.DEPENDENCY

    def __init__(self, advisories: AdvisorySource | None) -> None:
        self._advisories = advisories

    def version(self) -> str:
        """See ``Scanner``."""
        with absent_if_missing("pip-audit"):
            return importlib.metadata.version("pip-audit")

    def rules_digest(self) -> str:
        """See ``Scanner``."""
        return hashlib.sha256(f"1:{self._source().revision()}".encode()).hexdigest()

    def applies_to(self, unit: Unit) -> bool:
        """See ``Scanner``."""
        return unit.name.endswith(REQUIREMENTS)

    def inputs(self, target: ScanTarget) -> Mapping[str, bytes]:
        """
        See ``Scanner``: the advisories of the packages that are asked for, and the union of all pins.

        pip-audit refuses a package with two versions, and base and head are full of them, so that each further version
        goes into a further file (``requirements.1.txt`` ...).
        """
        pins = {(pin.name, pin.version) for read in self._read(target).values() for pin in read.pins}
        versions = defaultdict(list)
        for name, version in sorted(pins):
            versions[name].append(version)
        layers: list[list[str]] = []
        for name, wanted in versions.items():
            for number, version in enumerate(wanted):
                if number == len(layers):
                    layers.append([])
                layers[number].append(f"{name}=={version}\n")
        advisories = self._source().advisories_for(osv.ECOSYSTEM, sorted(versions)) if versions else []
        files = {f"requirements.{number}.txt": "".join(layer).encode() for number, layer in enumerate(layers)}
        return {_ADVISORIES_FILE: json.dumps(advisories).encode(), **files}

    def command(self, target: ScanTarget, report: Path) -> list[str]:
        """See ``Scanner``."""
        return [sys.executable, "-m", "scanners.offline.pip_audit", str(target.inputs)]

    def parse(self, raw: bytes, target: ScanTarget) -> ScannerReport:
        """See ``Scanner``."""
        report = load_object(raw, self.name)
        answered: set[tuple[str, str]] = set()
        vulnerable: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
        for entry in entries(report, "dependencies", self.name):
            name, version = entry.get("name"), entry.get("version")
            if not isinstance(name, str) or not isinstance(version, str):
                raise MalformedReport(reasons.NO_NAME_OR_VERSION.format(scanner=self.name))
            key = (str(canonicalize_name(name)), version)
            answered.add(key)
            vulnerable[key] = entries(entry, "vulns", self.name)

        known = _Advisories(target)
        findings: list[Finding] = []
        gaps: list[Gap] = []
        for unit_name, read in self._read(target).items():
            path = PurePosixPath(unit_name)
            gaps.extend(_gaps(path, read))
            for pin in read.pins:
                if (pin.name, pin.version) not in answered:
                    raise MalformedReport(reasons.PACKAGE_LEFT_OUT.format(scanner=self.name))
                said = vulnerable[pin.name, pin.version]
                findings.extend(finding_from(vulnerability, pin, path, known.of) for vulnerability in said)
        return ScannerReport(tuple(findings), tuple(gaps))

    def data_date(self) -> date | None:
        """Date of the newest advisory that is looked at."""
        return self._source().newest()

    def _source(self) -> AdvisorySource:
        if self._advisories is None or not self._advisories.revision():
            raise ScannerAbsent(reasons.NO_ADVISORIES)
        return self._advisories

    @staticmethod
    def _read(target: ScanTarget) -> dict[str, Requirements]:
        found = {}
        for unit in target.units:
            try:
                raw = (target.root / unit.name).read_bytes()
            except OSError as error:
                raise MalformedReport(reasons.FILE_WENT_AWAY) from error
            found[unit.name] = read_requirements(raw, target.inputs)
        return found


def _gaps(path: PurePosixPath, read: Requirements) -> Iterable[Gap]:
    for entry in read.unpinned:
        yield Gap(path, GapReason.NOT_PINNED, clean_text(entry.name, 100) or reasons.NO_EXACT_VERSION, entry.line)
    for line in read.invalid_lines:
        yield Gap(path, GapReason.PARSE_ERROR, reasons.NOT_A_REQUIREMENT, line)


class _Advisories:
    """The OSV documents that the child was given, by any of their ids."""

    def __init__(self, target: ScanTarget) -> None:
        self._by_id: dict[str, Mapping[str, Any]] = {}
        try:
            documents = json.loads((target.inputs / _ADVISORIES_FILE).read_bytes())
        except (OSError, ValueError):
            documents = []
        for document in documents:
            for word in [*(document.get("aliases") or ()), document.get("id")]:
                if isinstance(word, str):
                    self._by_id[word] = document

    def of(self, words: Iterable[str]) -> Mapping[str, Any]:
        return next((self._by_id[word] for word in words if word in self._by_id), {})


def finding_from(
    vulnerability: Mapping[str, Any],
    pin: Pin,
    path: PurePosixPath,
    advisory_of: Callable[[Iterable[str]], Mapping[str, Any]],
) -> Finding:
    """
    One entry of ``vulns`` as a finding in this file. Raises ``MalformedReport`` when it has no id.

    :param advisory_of: the advisory that has any of these ids, or nothing.
    """
    aliases = vulnerability.get("aliases")
    ids = [text_of(vulnerability.get("id"), 100)]
    ids += [text_of(alias, 100) for alias in aliases] if isinstance(aliases, list) else []
    ids = list(dict.fromkeys(word for word in ids if word))
    if not ids:
        raise MalformedReport(reasons.NO_ADVISORY_ID.format(scanner=PipAudit.name))
    advisory = advisory_of(ids)
    fixed = osv.fixed_versions(advisory, pin.name, pin.version) or _fixed(vulnerability.get("fix_versions"))
    summary = text_of(advisory.get("summary"), 200).replace("\n", " ")
    details = text_of(advisory.get("details")) or text_of(vulnerability.get("description"))
    references = advisory.get("references")
    words = ToolWords(
        title=f"{pin.name} {pin.version} is vulnerable: {summary or ids[0]}",
        message=details or summary or f"{ids[0]} affects {pin.name} {pin.version}.",
        severity=_severity(advisory),
        confidence=Confidence.HIGH,
        cwes=_cwes(advisory) or (_OUTDATED_COMPONENT,),
        references=_references(references if isinstance(references, list) else []),
        remediation=f"Upgrade {pin.name} to {fixed[0]} or later." if fixed else "",
    )
    finding = finding_of("pip-audit", ids[0], FindingKind.DEPENDENCY, Location(path, pin.line, pin.line), words)
    assert finding is not None, "the catalogue has no entries for advisories"
    return replace(
        finding,
        owasp=finding.owasp or _OWASP,
        dependency=Dependency(osv.ECOSYSTEM, pin.name, pin.version, tuple(ids), tuple(fixed)),
    )


def _fixed(versions: object) -> tuple[str, ...]:
    return tuple(text_of(version, 50) for version in versions) if isinstance(versions, list) else ()


def _severity(advisory: Mapping[str, Any]) -> Severity:
    """The worst CVSS v3 vector, else the data base's own word, else high."""
    affected = [entry for entry in advisory.get("affected") or () if isinstance(entry, Mapping)]
    vectors = [rating for holder in (advisory, *affected) for rating in holder.get("severity") or ()]
    scores = [
        score
        for rating in vectors
        if isinstance(rating, Mapping) and isinstance(rating.get("score"), str)
        if (score := cvss3_base_score(rating["score"])) is not None
    ]
    if scores:
        return severity_of_score(max(scores))
    for holder in (advisory, *affected):
        specific = holder.get("database_specific")
        if isinstance(specific, Mapping) and isinstance(specific.get("severity"), str):
            return severity_of_word(specific["severity"], _DEFAULT)
    return _DEFAULT


def _cwes(advisory: Mapping[str, Any]) -> tuple[int, ...]:
    specific = advisory.get("database_specific")
    words = specific.get("cwe_ids") if isinstance(specific, Mapping) else None
    return cwes_of(words) if isinstance(words, list) else ()


def _references(references: list[object]) -> tuple[str, ...]:
    return web_addresses([entry.get("url") for entry in references if isinstance(entry, Mapping)])
