"""
GitLab's security reports of version 15: SAST, dependency scanning and secret detection.

Schemas: https://gitlab.com/gitlab-org/security-products/security-report-schemas
Paths are relative to the repository root. A secret report carries the secret itself, which is never looked at.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any, ClassVar

from packaging.utils import canonicalize_name

from scanners.cwe import cwes_of
from scanners.finding import Confidence, Dependency, FindingKind, Location, Severity
from scanners.imports import common
from scanners.imports.common import inner, listed, mapped, word
from scanners.imports.document import FirstUse, Place, Reader
from scanners.imports.model import (
    PROJECT,
    Entry,
    ImportedFinding,
    ImportedTool,
    ImportLimits,
    ReportedSuppression,
    ReportError,
    SuppressionKind,
    SuppressionStatus,
)
from scanners.imports.paths import Paths, Refused
from scanners.normalize import ToolWords, clean_text
from scanners.severity import cvss3_base_score, severity_of_score, severity_of_word

_VULNERABILITY = "vulnerabilities.item"
_KINDS = {
    "sast": FindingKind.SAST,
    "secret_detection": FindingKind.SECRET,
    "dependency_scanning": FindingKind.DEPENDENCY,
}
_ADVISORY_TYPES = frozenset(
    {"cve", "ghsa", "osv", "pysec", "gemnasium", "usn", "rhsa", "elsa", "osvdb", "rustsec", "go"}
)
# GitLab's names of package managers, and the files that tell as much where it names none.
_MANAGERS = {
    "pip": "PyPI",
    "pipenv": "PyPI",
    "poetry": "PyPI",
    "setuptools": "PyPI",
    "uv": "PyPI",
    "npm": "npm",
    "yarn": "npm",
    "pnpm": "npm",
    "maven": "Maven",
    "gradle": "Maven",
    "sbt": "Maven",
    "bundler": "RubyGems",
    "composer": "Packagist",
    "go": "Go",
    "nuget": "NuGet",
    "conan": "ConanCenter",
    "cargo": "crates.io",
    "pub": "Pub",
    "swift": "SwiftURL",
}
_FILES = (
    (r"(.*requirements.*\.txt|pipfile(\.lock)?|poetry\.lock|pyproject\.toml|setup\.py|uv\.lock)", "PyPI"),
    (r"(package(-lock)?\.json|npm-shrinkwrap\.json|yarn\.lock|pnpm-lock\.yaml)", "npm"),
    (r"(pom\.xml|.*\.gradle(\.kts)?|gradle\.lockfile|build\.sbt)", "Maven"),
    (r"(gemfile(\.lock)?|gems\.locked)", "RubyGems"),
    (r"composer\.(lock|json)", "Packagist"),
    (r"go\.(sum|mod)", "Go"),
    (r"(packages\.lock\.json|.*\.csproj|packages\.config)", "NuGet"),
    (r"cargo\.(lock|toml)", "crates.io"),
    (r"conan.*", "ConanCenter"),
)


def ecosystem_of_file(path: PurePosixPath) -> str:
    """OSV's ecosystem that a lock or manifest file belongs to; empty when its name does not tell."""
    name = path.name.lower()
    return next((ecosystem for pattern, ecosystem in _FILES if re.fullmatch(pattern, name)), "")


class GitLab(Reader):
    """One tool, named by ``scan.scanner``; the category is the type of the scan."""

    name: ClassVar[str] = "gitlab"
    results: ClassVar[str] = _VULNERABILITY
    places: ClassVar[Mapping[str, Place]] = {
        "": Place(shape="object", required=True),
        "version": Place(part=True, shape="text", required=True),
        "scan": Place(part=True, shape="object", required=True),
        "vulnerabilities": Place(shape="list", required=True),
        _VULNERABILITY: Place(counts=True),
        f"{_VULNERABILITY}.identifiers": Place(shape="list"),
        f"{_VULNERABILITY}.identifiers.item": Place(),
        f"{_VULNERABILITY}.identifiers.item.value": Place(names_rule=True),
        "remediations": Place(shape="list"),
        "remediations.item": Place(part=True),
        "dependency_files": Place(shape="list"),
        "dependency_files.item": Place(begins=True),
        "dependency_files.item.path": Place(part=True),
        "dependency_files.item.package_manager": Place(part=True),
    }

    def __init__(self, limits: ImportLimits, strip_prefix: PurePosixPath | None) -> None:
        super().__init__(limits, strip_prefix)
        self._scan: dict[str, Any] = {}
        self._summaries: dict[str, str] = {}
        self._managers: dict[str, str] = {}
        self._file: dict[str, str] = {}

    def begin(self, prefix: str) -> None:
        """See ``Reader``."""
        self._file = {}

    def part(self, prefix: str, value: Any) -> None:
        """See ``Reader``."""
        match prefix:
            case "version":
                if not isinstance(value, str) or not re.match(r"15\.", value):
                    raise ReportError(
                        f"GitLab report of version {word(value, 20) or 'unknown'} is not read",
                        "use an analyzer that writes version 15",
                    )
            case "scan":
                self._scan = mapped(value)
            case "remediations.item":
                summary = word(inner(value, "summary"), 500)
                for fix in listed(inner(value, "fixes"))[:100]:
                    name = inner(fix, "id")
                    if isinstance(name, str) and summary:
                        self._summaries[name[:200]] = summary
            case "dependency_files.item.path" | "dependency_files.item.package_manager":
                # In either order.
                self._file[prefix.rpartition(".")[2]] = value if isinstance(value, str) else ""
                if len(self._file) == 2:
                    self._managers[self._file["path"]] = _MANAGERS.get(self._file["package_manager"].lower(), "")

    def finish(self) -> None:
        """See ``Reader``."""
        kind = word(self._scan.get("type"))
        if kind not in _KINDS:
            raise ReportError(
                f"a GitLab report of type {kind or 'unknown'} is not read",
                f"types that are: {', '.join(sorted(_KINDS))}",
            )

    def tools(self) -> tuple[ImportedTool, ...]:
        """See ``Reader``."""
        scan = self._scan
        failed = scan.get("status") != "success"
        name = common.tool_name(inner(scan, "scanner", "name") or inner(scan, "scanner", "id"), "unknown tool")
        version = word(inner(scan, "scanner", "version"), 50)
        category = word(scan.get("type"))
        reason = "the report's scan.status is not success" if failed else ""
        return (ImportedTool(name, version, category, _KINDS[category], not failed, reason, 0, None),)

    def entries(self, values: Iterator[Any]) -> Iterator[Entry]:
        """See ``Reader``."""
        tool = self.tools()[0]
        paths, claims = Paths(self.strip_prefix), FirstUse()
        for index, value in enumerate(values):
            try:
                entry = self._entry(value, tool, paths, claims)
            except Refused as error:
                yield common.rejected(f"vulnerabilities[{index}]", error, 0)
                continue
            if entry is not None:
                yield entry

    def _entry(self, value: Any, tool: ImportedTool, paths: Paths, claims: FirstUse) -> ImportedFinding | None:
        if not isinstance(value, dict):
            raise Refused("is not an object")
        identifiers = [entry for entry in listed(value.get("identifiers"))[:50] if isinstance(entry, dict)]
        ids = _advisory_ids(identifiers) if tool.kind is FindingKind.DEPENDENCY else []
        rule_id = ids[0] if ids else _rule_id(tool.name, identifiers)
        location = _location(mapped(value.get("location")), paths, tool.kind)
        name = "".join(common.strings(value.get("id")))
        if name and not claims.claim(name, f"{rule_id}\0{location.path}"):
            raise Refused(f"id {word(name, 50)} was already used for another rule or file")
        words = _words(value, rule_id, tool.kind, identifiers)
        owasp = common.owasp_of(f"{entry.get('value')} {entry.get('name')}" for entry in identifiers)
        about = None
        if tool.kind is FindingKind.DEPENDENCY:
            about = self._dependency(value, location.path, ids)
            owasp = owasp or common.OUTDATED_OWASP
        rule = common.judged(tool.name, rule_id, tool.kind, words, owasp)
        if rule is None:
            return None
        changes = {}
        solution = value.get("solution")
        remediation = solution if isinstance(solution, str) and solution else self._summaries.get(name[:200], "")
        if remediation and not rule.ours and tool.kind is not FindingKind.SECRET:
            changes["remediation"] = clean_text(common.masked_prose(remediation[:1000]))
        extract = value.get("raw_source_code_extract")
        return common.imported(
            0,
            tool.version,
            rule,
            location,
            code=extract[:20_000] if isinstance(extract, str) and tool.kind is FindingKind.SAST else "",
            about=about,
            fingerprints=common.tool_fingerprints(_fingerprints(value)),
            suppressed=[_flag(entry) for entry in listed(value.get("flags"))[:20] if isinstance(entry, dict)],
            changes=changes,
        )

    def _dependency(self, value: Mapping[str, Any], path: PurePosixPath, ids: list[str]) -> Dependency:
        about = inner(value, "location", "dependency")
        file = inner(value, "location", "file")
        ecosystem = self._managers.get(file, "") if isinstance(file, str) else ""
        name = word(inner(about, "package", "name"), 200)
        if (ecosystem := ecosystem or ecosystem_of_file(path)) == "PyPI":
            name = canonicalize_name(name)
        return common.dependency((ecosystem, name, word(inner(about, "version"))), ids)


def _advisory_ids(identifiers: list[dict[str, Any]]) -> list[str]:
    """Ids of known vulnerabilities, those that everybody knows (CVE, GHSA ...) before a data base's own."""
    known, other = [], []
    for identifier in identifiers:
        value = word(identifier.get("value"))
        if common.is_advisory(value):
            known.append(value)
        elif value and word(identifier.get("type")).lower() in _ADVISORY_TYPES:
            other.append(value)
    return known + other


def _rule_id(tool: str, identifiers: list[dict[str, Any]]) -> str:
    """The first identifier: the schema's primary one."""
    if not identifiers:
        raise Refused("has no identifiers")
    first = identifiers[0]
    value = word(first.get("value"), 200)
    return common.our_rule_id(tool, f"CWE-{value}" if first.get("type") == "cwe" and value.isdigit() else value)


def _location(value: Mapping[str, Any], paths: Paths, kind: FindingKind) -> Location:
    file = value.get("file")
    if file is None or file == "":
        if kind is FindingKind.SECRET:
            raise Refused("location names no file")
        return Location(PROJECT)
    if not isinstance(file, str):
        raise Refused("location.file is not a text")
    path = paths.of_path(file)
    if value.get("start_line") is None and value.get("end_line") is None:
        return Location(path)
    return Location(path, *common.span(value.get("start_line"), value.get("end_line")))


def _words(value: Mapping[str, Any], rule_id: str, kind: FindingKind, identifiers: list[dict[str, Any]]) -> ToolWords:
    cwes = cwes_of(word(entry.get("value")) for entry in identifiers if word(entry.get("type")).lower() == "cwe")
    name = word(value.get("name"), 300)
    description = value.get("description")
    if kind is FindingKind.SECRET:
        # The name of the rule, as its identifier has it: name and description of a result may quote the secret.
        name, description = word(identifiers[0].get("name"), 120), ""
        cwes = cwes or (common.HARD_CODED_CREDENTIALS,)
    elif kind is FindingKind.DEPENDENCY:
        cwes = cwes or (common.OUTDATED_COMPONENT,)
    elif common.about_secrets(kind, cwes, rule_id, name):
        name, description = word(identifiers[0].get("name"), 120), ""
    return ToolWords(
        title=name or rule_id,
        message=description if isinstance(description, str) and description else name,
        severity=_severity(value),
        confidence=_confidence(value),
        cwes=cwes,
        references=tuple(
            address
            for entry in [*listed(value.get("links"))[:20], *identifiers]
            if isinstance(address := inner(entry, "url"), str)
        ),
        remediation=common.REVOKE if kind is FindingKind.SECRET else "",
    )


def _severity(value: Mapping[str, Any]) -> Severity:
    text = value.get("severity")
    if isinstance(text, str) and text.lower() in ("info", "low", "medium", "high", "critical"):
        return severity_of_word(text)
    vectors = [inner(entry, "vector") for entry in listed(value.get("cvss_vectors"))[:10]]
    scores = [s for v in vectors if isinstance(v, str) and (s := cvss3_base_score(v)) is not None]
    return severity_of_score(max(scores)) if scores else Severity.MEDIUM


def _confidence(value: Mapping[str, Any]) -> Confidence:
    likely_false = any(inner(flag, "type") == "flagged-as-likely-false-positive" for flag in listed(value.get("flags")))
    return Confidence.LOW if likely_false else Confidence.MEDIUM


def _fingerprints(value: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    yield "gitlab/id", value.get("id")
    for item in listed(inner(value, "tracking", "items"))[:10]:
        for signature in listed(inner(item, "signatures"))[:10]:
            yield f"gitlab/{word(inner(signature, 'algorithm'))}", inner(signature, "value")


def _flag(value: Mapping[str, Any]) -> ReportedSuppression:
    """A flag (``flagged-as-likely-false-positive``): a tool's doubt, which nobody has accepted yet."""
    text = common.masked_prose(f"{word(value.get('origin'))}: {word(value.get('description'), 300)}")
    return ReportedSuppression(SuppressionKind.EXTERNAL, SuppressionStatus.UNDER_REVIEW, word(text, 500))
