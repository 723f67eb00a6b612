"""
CycloneDX JSON 1.4 to 1.6 with vulnerabilities: findings about components, VEX statements from ``analysis``, and the
components' licences.

https://cyclonedx.org/docs/1.6/json/#vulnerabilities, https://cyclonedx.org/docs/1.6/json/#components_items_licenses
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, ClassVar

from scanners.cwe import cwes_of
from scanners.finding import Confidence, FindingKind, Location, Severity
from scanners.imports import common
from scanners.imports.common import inner, listed, mapped, word
from scanners.imports.document import Place, Reader
from scanners.imports.model import (
    PROJECT,
    Entry,
    ImportedTool,
    ImportLimits,
    PackageLicences,
    Rejected,
    ReportError,
    Statement,
    VexStatus,
)
from scanners.imports.paths import Paths, Refused
from scanners.imports.vex import moment, packages
from scanners.normalize import ToolWords, clean_text
from scanners.severity import cvss3_base_score, severity_of_score, severity_of_word

_VULNERABILITY = "vulnerabilities.item"
_VERSIONS = ("1.4", "1.5", "1.6")
_MOST_PACKAGES = 50_000
_MOST_LICENCES = 20
"""Of one package."""
_STATUS = {
    "resolved": VexStatus.FIXED,
    "resolved_with_pedigree": VexStatus.FIXED,
    "exploitable": VexStatus.AFFECTED,
    "in_triage": VexStatus.UNDER_INVESTIGATION,
    "false_positive": VexStatus.NOT_AFFECTED,
    "not_affected": VexStatus.NOT_AFFECTED,
}


@dataclass(frozen=True, slots=True)
class _Component:
    purl: str
    parts: tuple[str, str, str]
    """Ecosystem, name, version."""
    file: str
    """Where the component was found, as the report says it; empty where it does not."""


class CycloneDx(Reader):
    """One tool, from ``metadata.tools``; a bill of materials without vulnerabilities is refused."""

    name: ClassVar[str] = "cyclonedx"
    results: ClassVar[str] = _VULNERABILITY
    places: ClassVar[Mapping[str, Place]] = {
        "": Place(shape="object", required=True),
        "bomFormat": Place(part=True, shape="text", required=True),
        "specVersion": Place(part=True, shape="text", required=True),
        "metadata.timestamp": Place(part=True),
        "metadata.tools": Place(part=True),
        "metadata.component": Place(part=True),
        "metadata.authors": Place(part=True),
        "components": Place(shape="list"),
        "components.item": Place(part=True),
        "vulnerabilities": Place(
            shape="list",
            required=True,
            missing="a list of components alone says nothing: let the tool look for vulnerabilities as well",
        ),
        _VULNERABILITY: Place(counts=True),
        f"{_VULNERABILITY}.affects": Place(shape="list"),
        f"{_VULNERABILITY}.affects.item": Place(counts=True),
        f"{_VULNERABILITY}.id": Place(names_rule=True),
    }

    def __init__(self, limits: ImportLimits, strip_prefix: PurePosixPath | None) -> None:
        super().__init__(limits, strip_prefix)
        self._components: dict[str, _Component] = {}
        self._licences: dict[tuple[str, str, str], tuple[str, ...]] = {}
        self._tool = ("", "")
        self._author = ""
        self._subject = ""
        self._at: Any = None

    def part(self, prefix: str, value: Any) -> None:
        """See ``Reader``."""
        match prefix:
            case "bomFormat":
                if value != "CycloneDX":
                    raise ReportError("is not a CycloneDX document (bomFormat)")
            case "specVersion":
                if value not in _VERSIONS:
                    raise ReportError(
                        f"CycloneDX version {word(value, 20)} is not read", f"versions that are: {', '.join(_VERSIONS)}"
                    )
            case "metadata.timestamp":
                self._at = moment(value)
            case "metadata.tools":
                # A list of tools up to 1.4, an object with components since 1.5.
                tools = value if isinstance(value, list) else listed(inner(value, "components"))
                self._tool = (word(inner(tools, 0, "name")), word(inner(tools, 0, "version"), 50))
            case "metadata.authors":
                self._author = word(inner(value, 0, "name") or inner(value, 0, "email"), 200)
            case "metadata.component":
                self._subject = word(inner(value, "name"), 200)
                self._keep(value)
            case "components.item":
                self._keep(value)

    def _keep(self, component: Any) -> None:
        """Remember a component and those inside it; the first pass has bounded how deep they lie."""
        waiting = [component]
        while waiting:
            value = mapped(waiting.pop())
            waiting.extend(listed(value.get("components")))
            purl = "".join(common.strings(value.get("purl"))[:1])
            self._keep_licences(purl, value.get("licenses"))
            reference = value.get("bom-ref")
            if not isinstance(reference, str):
                continue
            name = "/".join(text for text in (word(value.get("group")), word(value.get("name"), 200)) if text)
            parts = common.dependency_of(purl) or ("", name, word(value.get("version")))
            file = inner(value, "evidence", "occurrences", 0, "location")
            self._components[reference] = _Component(purl[:1000], parts, file if isinstance(file, str) else "")

    def _keep_licences(self, purl: str, licenses: Any) -> None:
        parts = common.dependency_of(purl)
        if parts is None or not all(parts) or len(self._licences) >= _MOST_PACKAGES:
            return
        named = [
            word(inner(entry, "expression") or inner(entry, "license", "id") or inner(entry, "license", "name"), 300)
            for entry in listed(licenses)[:_MOST_LICENCES]
        ]
        licences = dict.fromkeys((*self._licences.get(parts, ()), *filter(None, named)))
        # Also one without any: that nobody knows its licence is worth knowing.
        self._licences[parts] = tuple(licences)[:_MOST_LICENCES]

    def tools(self) -> tuple[ImportedTool, ...]:
        """See ``Reader``. The category is the component that the bill of materials is about."""
        name = common.tool_name(self._tool[0], "CycloneDX")
        return (ImportedTool(name, self._tool[1], self._subject, FindingKind.DEPENDENCY, True, "", 0, None),)

    def entries(self, values: Iterator[Any]) -> Iterator[Entry]:
        """
        See ``Reader``. The licences of packages, a finding for each component that is affected, and a statement where
        there is an analysis.
        """
        for (ecosystem, package, version), licences in self._licences.items():
            yield PackageLicences(ecosystem, package, version, licences)
        paths = Paths(self.strip_prefix)
        tool = self.tools()[0]
        for index, value in enumerate(values):
            where = f"vulnerabilities[{index}]"
            try:
                yield from self._entries(value, where, tool, paths)
            except Refused as error:
                yield common.rejected(where, error, 0)

    def _entries(self, value: Any, where: str, tool: ImportedTool, paths: Paths) -> Iterator[Entry]:
        ids = [word(inner(value, "id"))]
        ids += [word(inner(reference, "id")) for reference in listed(inner(value, "references"))[:20]]
        ids = [text for text in dict.fromkeys(ids) if text]
        if not ids:
            raise Refused("has no id")
        affected = []
        for number, entry in enumerate(listed(inner(value, "affects"))):
            component = self._component(inner(entry, "ref"))
            if component is None:
                yield Rejected(f"{where}.affects[{number}]", "names no component of this document", tool=0)
            else:
                affected.append((number, entry, component))
        statement = self._statement(value, ids, [component.purl for _, _, component in affected])
        if statement is not None:
            yield statement
        if not affected and not listed(inner(value, "affects")):
            raise Refused("says of no component that it is affected")
        for number, entry, component in affected:
            try:
                finding = _finding(value, ids, entry, component, tool, paths)
            except Refused as error:
                yield common.rejected(f"{where}.affects[{number}]", error, 0)
                continue
            if finding is not None:
                yield finding

    def _component(self, reference: Any) -> _Component | None:
        if not isinstance(reference, str):
            return None
        # A BOM-Link (urn:cdx:SERIAL/VERSION#REF) ends with the reference in the other document, which may be this one.
        short = reference.partition("#")[2] if reference.startswith("urn:cdx:") else reference
        found = self._components.get(reference) or self._components.get(short)
        if found is None and (parts := common.dependency_of(short)) is not None:
            return _Component(short[:1000], parts, "")
        return found

    def _statement(self, value: Any, ids: list[str], purls: list[str]) -> Statement | None:
        analysis = mapped(inner(value, "analysis"))
        state = analysis.get("state")
        status = _STATUS.get(state) if isinstance(state, str) else None
        products = packages(list(purls))
        if status is None or not products:
            return None
        at = moment(analysis.get("lastUpdated")) or moment(analysis.get("firstIssued")) or self._at
        text = clean_text(analysis.get("detail"))
        return Statement(tuple(ids), products, status, word(analysis.get("justification")), text, self._author, at)


def _finding(
    value: Any, ids: list[str], entry: Any, component: _Component, tool: ImportedTool, paths: Paths
) -> Entry | None:
    ecosystem, name, version = component.parts
    version = version or word(next((inner(v, "version") for v in listed(inner(entry, "versions"))), ""))
    about = common.dependency((ecosystem, name, version), ids)
    description = inner(value, "description")
    words = ToolWords(
        title=f"{name} {version} is vulnerable: {common.first_line(description) or ids[0]}",
        message="\n".join(t for t in (description, inner(value, "detail")) if isinstance(t, str) and t)
        or f"{ids[0]} affects {name} {version}.",
        severity=_severity(listed(inner(value, "ratings"))),
        confidence=Confidence.HIGH,
        cwes=cwes_of(listed(inner(value, "cwes"))[:50]) or (common.OUTDATED_COMPONENT,),
        references=tuple(common.strings([inner(a, "url") for a in listed(inner(value, "advisories"))[:20]]))
        + tuple(common.strings([inner(value, "source", "url")])),
        remediation=clean_text(inner(value, "recommendation")),
    )
    rule = common.judged(tool.name, ids[0], FindingKind.DEPENDENCY, words, common.OUTDATED_OWASP)
    if rule is None:
        return None
    location = Location(paths.of_path(component.file) if component.file else PROJECT)
    return common.imported(0, tool.version, rule, location, about=about)


def _severity(ratings: list[Any]) -> Severity:
    """The worst rating: a word, else a score, else a vector; without any, high: unrated is not harmless."""
    found = []
    for rating in ratings[:50]:
        text, score, vector = (inner(rating, key) for key in ("severity", "score", "vector"))
        if isinstance(text, str) and text in ("critical", "high", "medium", "low", "info", "none"):
            found.append(severity_of_word(text))
            continue
        number = common.score_of(score)
        if number is None and isinstance(vector, str):
            number = cvss3_base_score(vector)
        if number is not None:
            found.append(severity_of_score(number))
    return max(found) if found else Severity.HIGH
