"""Semgrep with our own rule packs: weaknesses in Python, JavaScript, TypeScript and Java."""

from __future__ import annotations

import hashlib
import importlib.metadata
from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any, ClassVar

from rules import catalog
from scanners import reasons
from scanners.cwe import cwes_of
from scanners.finding import Finding, FindingKind, Fix, Location
from scanners.interface import Gap, GapReason, Scanner, ScannerError, ScannerReport, ScanTarget, Unit
from scanners.normalize import ToolWords, catalogue_digest, finding_of, line_of, unit_names, unit_path
from scanners.report import absent_if_missing, entries, load_object, text_of
from scanners.severity import confidence_of_word, severity_of_word
from scanners.units import decode, reads_otherwise, split_lines, suffix_of

_LANGUAGE_OF_SUFFIX = {
    ".py": "python",
    ".js": "javascript",
    ".jsx": "javascript",
    ".ts": "javascript",
    ".tsx": "javascript",
    ".java": "java",
}
_ENCODED_LANGUAGES = frozenset({".py", ".java"})
_MAX_TARGET_BYTES = 1_000_000
_RULE_SECONDS = 5
_RULES_TIMED_OUT = 3
_OPTIONS = (
    "--experimental",  # the OCaml front end: 0.2 s to start instead of 3 s
    "--json",
    "--metrics=off",
    "--disable-version-check",
    "--no-rewrite-rule-ids",
    "--no-time",
    # Nothing in the scanned code may switch a rule off.
    "--disable-nosem",
    "--novcs",
    "--no-git-ignore",
    "--x-ignore-semgrepignore-files",
    f"--max-target-bytes={_MAX_TARGET_BYTES}",
    f"--timeout={_RULE_SECONDS}",
    f"--timeout-threshold={_RULES_TIMED_OUT}",
)
_PARSE_ERRORS = frozenset(
    {"PartialParsing", "Lexical error", "Syntax error", "Other syntax error", "AST builder error", "Incompatible rule"}
)


class Semgrep(Scanner):
    """Several languages, one process."""

    name: ClassVar[str] = "semgrep"
    kind: ClassVar[FindingKind] = FindingKind.SAST
    niceness: ClassVar[int] = 0
    max_unit_bytes: ClassVar[int | None] = _MAX_TARGET_BYTES

    def __init__(self, pack_of: Callable[[str], Path] = catalog.compiled_pack) -> None:
        """:param pack_of: path of a language's compiled pack (JSON)."""
        self._pack_of = pack_of

    @cached_property
    def _packs(self) -> dict[str, bytes]:
        try:
            return {
                language: self._pack_of(language).read_bytes() for language in sorted(set(_LANGUAGE_OF_SUFFIX.values()))
            }
        except (OSError, KeyError) as error:
            raise ScannerError(reasons.NO_RULE_PACKS.format(scanner=self.name)) from error

    def version(self) -> str:
        """See ``Scanner``."""
        with absent_if_missing("semgrep"):
            return importlib.metadata.version("semgrep")

    def rules_digest(self) -> str:
        """See ``Scanner``."""
        state = hashlib.sha256(repr((_OPTIONS, catalogue_digest())).encode())
        for language, pack in self._packs.items():
            state.update(f"{language}:{len(pack)}:".encode())
            state.update(pack)
        return state.hexdigest()

    def applies_to(self, unit: Unit) -> bool:
        """See ``Scanner``."""
        return suffix_of(unit.name) in _LANGUAGE_OF_SUFFIX

    def inputs(self, target: ScanTarget) -> Mapping[str, bytes]:
        """See ``Scanner``. Only the packs of the languages that are there: reading rules costs time."""
        return {f"{language}.json": self._packs[language] for language in _languages(target)}

    def command(self, target: ScanTarget, report: Path) -> list[str]:
        """See ``Scanner``. A folder and not names: thousands of names take semgrep minutes (its issue 11404)."""
        configurations = [f"--config={target.inputs / language}.json" for language in _languages(target)]
        return ["semgrep", "scan", *_OPTIONS, *configurations, "."]

    def parse(self, raw: bytes, target: ScanTarget) -> ScannerReport:
        """See ``Scanner``."""
        report = load_object(raw, self.name)
        names = unit_names(target)
        gaps: dict[PurePosixPath, Gap] = {}
        for error in entries(report, "errors", self.name):
            gap = _gap(error, names)
            # A scanner error weighs more than a parse error, and the first line is the one to look at.
            if gap.path not in gaps or gap.reason is GapReason.SCANNER_ERROR:
                gaps[gap.path] = gap
        paths = report.get("paths")
        scanned = paths.get("scanned") if isinstance(paths, Mapping) else None
        if not isinstance(scanned, list):
            raise ScannerError(reasons.FILES_NOT_NAMED.format(scanner=self.name))
        seen = {str(name).rsplit("/", 1)[-1] for name in scanned}
        for unit in target.units:
            path = PurePosixPath(unit.name)
            if unit.name not in seen and path not in gaps:
                gaps[path] = Gap(path, GapReason.SCANNER_ERROR, reasons.DID_NOT_READ.format(scanner=self.name))
            if path not in gaps and _disguised(target.root / unit.name):
                gaps[path] = Gap(path, GapReason.PARSE_ERROR, reasons.UNKNOWN_SYNTAX.format(scanner=self.name))
        lines = _Lines(target)
        found = [_finding(entry, names, lines) for entry in entries(report, "results", self.name)]
        return ScannerReport(tuple(finding for finding in found if finding is not None), tuple(gaps.values()))


def _languages(target: ScanTarget) -> list[str]:
    return sorted({_LANGUAGE_OF_SUFFIX[suffix_of(unit.name)] for unit in target.units})


def _disguised(place: Path) -> bool:
    """Whether the file's language reads other code in it than semgrep, which reads bytes as UTF-8."""
    suffix = suffix_of(place.name)
    try:
        return suffix in _ENCODED_LANGUAGES and reads_otherwise(suffix, place.read_bytes())
    except OSError:
        return False  # nothing that could hide anything


class _Lines:
    """Lines of the units, read when a finding needs them."""

    def __init__(self, target: ScanTarget) -> None:
        self._root = target.root
        self._known: dict[str, list[str]] = {}

    def of(self, path: PurePosixPath) -> list[str]:
        name = str(path)
        if name not in self._known:
            try:
                self._known[name] = split_lines(decode((self._root / name).read_bytes()))
            except OSError:
                self._known[name] = []
        return self._known[name]


def _gap(error: Mapping[str, Any], names: frozenset[str]) -> Gap:
    kind = error.get("type")
    word = kind[0] if isinstance(kind, list) and kind else kind
    if not isinstance(error.get("path"), str):
        # Without a file it is about the rules or the engine, so that nothing can be trusted.
        told = text_of(word, 80) or "unknown"
        raise ScannerError(reasons.REPORTED_ERROR.format(scanner=Semgrep.name, text=told))
    path = unit_path(error["path"], names)
    # Semgrep's message quotes the code, so it is only understood and never passed on.
    if word in _PARSE_ERRORS:
        spans = error.get("spans")
        try:
            line = line_of(spans[0]["start"]["line"]) if spans else None
        except (ScannerError, LookupError, TypeError):
            line = None
        return Gap(path, GapReason.PARSE_ERROR, reasons.UNKNOWN_SYNTAX.format(scanner=Semgrep.name), line)
    told = text_of(word, 80)
    template = reasons.FAILED_WITH if told else reasons.FAILED_ON_FILE
    return Gap(path, GapReason.SCANNER_ERROR, template.format(scanner=Semgrep.name, text=told))


def _finding(entry: Mapping[str, Any], names: frozenset[str], lines: _Lines) -> Finding | None:
    path = unit_path(entry.get("path"), names)
    location = location_from(entry, path)
    rule_id = catalog.semgrep_rule_id(text_of(entry.get("check_id"), 200)) or "unknown"
    replacement = _object(entry.get("extra")).get("fix")
    fix = _fix(replacement, location, lines.of(path)) if isinstance(replacement, str) else None
    return finding_of("semgrep", rule_id, FindingKind.SAST, location, words_from(entry, rule_id), fix)


def location_from(entry: Mapping[str, Any], path: PurePosixPath) -> Location:
    """Where an entry of ``results`` is in this file. Raises ``MalformedReport`` when it has no line."""
    start, end = _object(entry.get("start")), _object(entry.get("end"))
    first = line_of(start.get("line"))
    return Location(
        path,
        first,
        max(first, line_of(end.get("line"), first)),
        line_of(start.get("col"), 1),
        line_of(end.get("col"), 1),
    )


def words_from(entry: Mapping[str, Any], rule_id: str) -> ToolWords:
    """What semgrep says of a rule in an entry of ``results``."""
    extra = _object(entry.get("extra"))
    metadata = _object(extra.get("metadata"))
    cwe = metadata.get("cwe")
    return ToolWords(
        title=rule_id.replace("-", " ").capitalize(),
        # Semgrep puts code into a rule's message, so the message of a rule that we do not know is not used.
        message="",
        severity=severity_of_word(extra.get("severity")),
        confidence=confidence_of_word(metadata.get("confidence")),
        cwes=cwes_of(cwe if isinstance(cwe, list) else [cwe]),
    )


def _fix(replacement: str, location: Location, lines: list[str]) -> Fix | None:
    """Semgrep replaces a range of characters; a suggestion replaces whole lines."""
    if location.end_line > len(lines) or len(replacement) > 2000:
        return None
    # Semgrep counts columns in bytes of UTF-8 on some versions and characters on others: certain only where both agree.
    touched = lines[location.start_line - 1 : location.end_line]
    if not all(line.isascii() for line in touched):
        return None
    head = touched[0][: (location.start_column or 1) - 1]
    tail = touched[-1][(location.end_column or 1) - 1 :]
    return Fix(location.start_line, location.end_line, f"{head}{replacement}{tail}")


def _object(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
