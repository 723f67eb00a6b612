"""
Gitleaks' JSON and TruffleHog's JSON lines (version 3).

Both reports carry the secrets themselves. Only where a secret is, and of which rule, is taken out; of gitleaks' match
the assignment with its value masked.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any, ClassVar

from scanners.finding import Confidence, FindingKind, Location, Severity
from scanners.imports import common
from scanners.imports.common import inner, mapped, word
from scanners.imports.document import FirstUse, LineReader, Place, Reader
from scanners.imports.model import Entry, ImportedTool, ImportLimits, Rejected
from scanners.imports.paths import Paths, Refused
from scanners.normalize import ToolWords
from scanners.redact import MASK


class Gitleaks(Reader):
    """``gitleaks ... --report-format json``. The report does not tell the version."""

    name: ClassVar[str] = "gitleaks"
    results: ClassVar[str] = "item"
    places: ClassVar[Mapping[str, Place]] = {
        "": Place(shape="list", required=True),
        "item": Place(counts=True),
        "item.RuleID": Place(names_rule=True),
    }

    def tools(self) -> tuple[ImportedTool, ...]:
        """See ``Reader``."""
        return (ImportedTool("gitleaks", "", "", FindingKind.SECRET, True, "", 0, None),)

    def entries(self, values: Iterator[Any]) -> Iterator[Entry]:
        """See ``Reader``."""
        paths, claims = Paths(self.strip_prefix), FirstUse()
        for index, value in enumerate(values):
            try:
                entry = _leak(value, paths, claims)
            except Refused as error:
                yield common.rejected(f"[{index}]", error, 0)
                continue
            if entry is not None:
                yield entry


def _leak(value: Any, paths: Paths, claims: FirstUse) -> Entry | None:
    if not isinstance(value, dict):
        raise Refused("is not an object")
    file = value.get("File")
    if not isinstance(file, str) or not file:
        raise Refused("names no file")
    rule_id = common.our_rule_id("gitleaks", value.get("RuleID"))
    path = paths.of_path(file)
    location = Location(
        path,
        *common.span(value.get("StartLine"), value.get("EndLine")),
        common.column(value.get("StartColumn")),
        common.column(value.get("EndColumn")),
    )
    fingerprint = value.get("Fingerprint")
    if isinstance(fingerprint, str) and not claims.claim(fingerprint, f"{rule_id}\0{path}"):
        raise Refused("its Fingerprint was already used for another rule or file")
    secret, match = value.get("Secret"), value.get("Match")
    code = ""
    # Where the secret is not in its own match, as it was decoded, nobody knows what of the match is secret.
    if isinstance(secret, str) and secret and isinstance(match, str) and secret in match:
        code = "\n".join(line for line in match.replace(secret, MASK).split("\n")[:40] if len(line) <= 1000)
    # The description is the rule's, and nevertheless the secret's own text is taken out of it.
    description = _without(value.get("Description"), secret)
    rule = _rule("gitleaks", rule_id, description, Severity.HIGH, Confidence.MEDIUM)
    if rule is None:
        return None
    # Without a commit it is file, rule and line, and would be the same for any other secret on that line.
    names = [("gitleaks/Fingerprint", fingerprint)] if value.get("Commit") else []
    return common.imported(0, "", rule, location, code=code, fingerprints=common.tool_fingerprints(names))


class TruffleHog(LineReader):
    """
    ``trufflehog ... --json``: one object per line.

    TruffleHog writes nothing when it finds nothing, and nothing when it fails. It is an answer when there is a finding,
    or its log line "finished scanning" (it logs to standard error: ``--json > report.json 2>&1``).
    """

    name: ClassVar[str] = "trufflehog"

    def __init__(self, limits: ImportLimits, strip_prefix: PurePosixPath | None) -> None:
        super().__init__(limits, strip_prefix)
        self._finished = self._failed = self._found = False
        self._version = ""

    def meet(self, value: Mapping[str, Any]) -> str | None:
        """See ``LineReader``."""
        if _is_log(value):
            self._finished = self._finished or value.get("msg") == "finished scanning"
            self._failed = self._failed or word(value.get("level")).lower() in ("error", "fatal", "panic")
            self._version = self._version or word(value.get("trufflehog_version"), 50)
            return None
        self._found = True
        return word(value.get("DetectorName"), 200)

    def tools(self) -> tuple[ImportedTool, ...]:
        """See ``Reader``."""
        reason = ""
        if self._failed:
            reason = "TruffleHog logged an error"
        elif not self._finished and not self._found:
            reason = "the report is empty, as it is when TruffleHog fails; write its log into it too (2>&1)"
        return (ImportedTool("trufflehog", self._version, "", FindingKind.SECRET, not reason, reason, 0, None),)

    def entries(self, values: Iterator[Any]) -> Iterator[Entry]:
        """See ``Reader``."""
        paths = Paths(self.strip_prefix)
        for number, value in values:
            if _is_log(value):
                continue
            try:
                entry = _hog(value, paths, self._version)
            except Refused as error:
                yield Rejected(f"line {number}", word(str(error), 300), tool=0)
                continue
            if entry is not None:
                yield entry


def _is_log(value: Mapping[str, Any]) -> bool:
    return "DetectorName" not in value and "SourceMetadata" not in value and "level" in value


def _hog(value: Mapping[str, Any], paths: Paths, version: str) -> Entry | None:
    sources = mapped(inner(value, "SourceMetadata", "Data"))
    source = next((entry for entry in sources.values() if isinstance(entry, dict)), {})
    file = source.get("file")
    if not isinstance(file, str) or not file:
        raise Refused("names no file")
    rule_id = common.our_rule_id("trufflehog", value.get("DetectorName"))
    path = paths.of_path(file)
    # A source that knows no line leaves it out or writes 0.
    line = source.get("line") or 1
    location = Location(path, *common.span(line, None))
    verified = value.get("Verified") is True
    description = word(value.get("DetectorDescription"), 500)
    for key in ("Raw", "RawV2", "Redacted"):
        description = _without(description, value.get(key))
    severity, confidence = (Severity.CRITICAL, Confidence.HIGH) if verified else (Severity.MEDIUM, Confidence.LOW)
    rule = _rule("trufflehog", rule_id, description, severity, confidence)
    return common.imported(0, version, rule, location) if rule is not None else None


def _rule(
    tool: str, rule_id: str, description: str, severity: Severity, confidence: Confidence
) -> common.Judged | None:
    title = rule_id if tool == "gitleaks" else f"{rule_id} secret"
    words = ToolWords(
        title=title,
        message=description or title,
        severity=severity,
        confidence=confidence,
        cwes=(common.HARD_CODED_CREDENTIALS,),
        remediation=common.REVOKE,
    )
    return common.judged(tool, rule_id, FindingKind.SECRET, words)


def _without(text: Any, secret: Any) -> str:
    cleaned = word(text, 500)
    return cleaned.replace(secret, MASK) if isinstance(secret, str) and secret else cleaned
