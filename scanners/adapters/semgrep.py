"""Semgrep with our own rule packs: weaknesses in code, and in the files that build and run it."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path, PurePosixPath
from typing import Any, ClassVar

from rules import catalog
from rules.packs import PACKS, PACKS_OF_SUFFIX
from scanners import flow, reasons
from scanners.cwe import cwes_of
from scanners.finding import Finding, FindingKind, Fix, Location
from scanners.interface import Gap, GapReason, Scanner, ScannerError, ScannerReport, ScanTarget, Unit
from scanners.narrowing import narrowed, words_of
from scanners.normalize import ToolWords, catalogue_digest, finding_of, line_of, unit_names, unit_path
from scanners.report import absent_if_missing, entries, load_object, not_named, text_of
from scanners.severity import confidence_of_word, severity_of_word
from scanners.units import decode, has_lone_cr, reads_otherwise, split_lines, suffix_of

_ENCODED_LANGUAGES = frozenset({".py", ".java"})
_MAX_TARGET_BYTES = 1_000_000
# Weaknesses that are about what is written in the source: algorithms, keys, settings, names of files.
_WRITTEN_IN_THE_SOURCE = frozenset({259, 321, 326, 327, 328, 329, 330, 337, 338, 346, 377, 379, 798, 916, 942})
_WHOLE_CALL = re.compile(r"((?:new )?(?:[$\w]+(?:\(\))?\.)*\w+)\(\.\.\.\)")
_METAVARIABLE = re.compile(r"\$\w+")
_READ_ONCE = ("_packs", "_rules", "_cleaners")
_NARROWED = frozenset({"go", "java", "javascript", "python"})
_NARROWING_BYTES = 4_000_000
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


@dataclass(frozen=True, slots=True)
class ExtraPacks:
    """Compiled rules that are not ours, by the name of the pack that they belong to."""

    digest: str
    """Over everything that decides what they find and how it is judged."""
    packs: Mapping[str, bytes]


class Semgrep(Scanner):
    """Several languages, one process."""

    name: ClassVar[str] = "semgrep"
    kind: ClassVar[FindingKind] = FindingKind.SAST
    niceness: ClassVar[int] = 0
    max_unit_bytes: ClassVar[int | None] = _MAX_TARGET_BYTES

    def __init__(
        self,
        pack_of: Callable[[str], Path] = catalog.compiled_pack,
        extra: ExtraPacks | None = None,
        *,
        packs: Sequence[str] = PACKS,
    ) -> None:
        """
        :param pack_of: path of a language's compiled pack (JSON).
        :param extra: an organisation's rules, loaded beside ours.
        :param packs: those of ours that are loaded.
        """
        self._pack_of = pack_of
        self._extra = extra
        self._names = tuple(packs)

    def with_extra(self, extra: ExtraPacks | None) -> Semgrep:
        """The same scanner with these rules beside ours, and with no others."""
        if extra == self._extra:
            return self
        made = Semgrep(self._pack_of, extra, packs=self._names)
        # Ours are read and understood once, however often the organisation's change.
        made.__dict__.update({name: self.__dict__[name] for name in _READ_ONCE if name in self.__dict__})
        return made

    @cached_property
    def _packs(self) -> dict[str, bytes]:
        try:
            return {language: self._pack_of(language).read_bytes() for language in self._names}
        except (OSError, KeyError) as error:
            raise ScannerError(reasons.NO_RULE_PACKS.format(scanner=self.name)) from error

    @cached_property
    def _rules(self) -> dict[str, list[dict[str, Any]]]:
        """Our packs as values, by name."""
        return {language: json.loads(pack)["rules"] for language, pack in self._packs.items()}

    def version(self) -> str:
        """See ``Scanner``."""
        with absent_if_missing("semgrep"):
            return importlib.metadata.version("semgrep")

    def rules_digest(self) -> str:
        """See ``Scanner``."""
        state = hashlib.sha256(repr((_OPTIONS, catalogue_digest(), flow.digest())).encode())
        for language, pack in self._packs.items():
            state.update(f"{language}:{len(pack)}:".encode())
            state.update(pack)
        if self._extra is not None:
            state.update(f"extra:{self._extra.digest}".encode())
        return state.hexdigest()

    def applies_to(self, unit: Unit) -> bool:
        """See ``Scanner``."""
        return any(self._is_read(pack) for pack in PACKS_OF_SUFFIX.get(suffix_of(unit.name), ()))

    def inputs(self, target: ScanTarget) -> Mapping[str, bytes]:
        """See ``Scanner``. Only the packs of the languages that are there, and of those what can match."""
        return {name: content() for name, content in self._configurations(target)}

    def _matching(self, target: ScanTarget, language: str) -> bytes:
        """Our pack of a language, as far as it can match the target's files."""
        units = [unit for unit in target.units if language in PACKS_OF_SUFFIX[suffix_of(unit.name)]]
        # Many files use everything, and semgrep skips what a file does not.
        if language not in _NARROWED or sum(unit.size for unit in units) > _NARROWING_BYTES:
            return self._packs[language]
        rules = self._rules[language]
        # Semgrep wants a rule, also where none can match.
        return json.dumps(
            {"rules": narrowed(rules, words_of(_content(target, unit.name) for unit in units)) or rules[:1]}
        ).encode()

    def command(self, target: ScanTarget, report: Path) -> list[str]:
        """See ``Scanner``. A folder and not names: thousands of names take semgrep minutes (its issue 11404)."""
        configurations = [f"--config={target.inputs / name}" for name, _ in self._configurations(target)]
        return ["semgrep", "scan", *_OPTIONS, *configurations, "."]

    def _is_read(self, pack: str) -> bool:
        return pack in self._names or (self._extra is not None and pack in self._extra.packs)

    def _configurations(self, target: ScanTarget) -> Iterator[tuple[str, Callable[[], bytes]]]:
        """Names of the files with rules for what is there, each with what makes its content."""
        for language in _languages(target):
            if language in self._names:
                yield f"{language}.json", partial(self._matching, target, language)
            if self._extra is not None and language in self._extra.packs:
                yield f"extra-{language}.json", partial(self._extra.packs.__getitem__, language)

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
        gaps |= not_named(target, seen, gaps, self.name)
        for unit in target.units:
            path = PurePosixPath(unit.name)
            if path in gaps or suffix_of(unit.name) not in _ENCODED_LANGUAGES:
                continue
            if _disguised(unit.name, _content(target, unit.name)):
                gaps[path] = Gap(path, GapReason.PARSE_ERROR, reasons.UNKNOWN_SYNTAX.format(scanner=self.name))
        lines = _Lines(target)
        results = self._standing(entries(report, "results", self.name), target, names)
        found = [_finding(entry, names, lines) for entry in results]
        return ScannerReport(tuple(finding for finding in found if finding is not None), tuple(gaps.values()))

    def _standing(
        self, results: Iterable[Mapping[str, Any]], target: ScanTarget, names: frozenset[str]
    ) -> list[Mapping[str, Any]]:
        """The results without those at places that nothing from outside can reach."""
        kept: list[Mapping[str, Any]] = []
        by_unit: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
        for entry in results:
            name = str(unit_path(entry.get("path"), names))
            (by_unit[name] if suffix_of(name) in flow.LANGUAGES else kept).append(entry)
        for name, found in by_unit.items():
            source = _content(target, name)
            places = [self._place(entry, PurePosixPath(name)) for entry in found]
            # Columns are certain only where bytes and characters are the same, lines where everybody counts them alike.
            usable = source.isascii() and not has_lone_cr(source) and not _disguised(name, source)
            answers = flow.refuted(suffix_of(name), source, places) if usable else [False] * len(found)
            kept += [entry for entry, wrong in zip(found, answers, strict=True) if not wrong]
        return kept

    def _place(self, entry: Mapping[str, Any], path: PurePosixPath) -> flow.Place:
        where = location_from(entry, path)
        cleaners = self._cleaners.get(catalog.semgrep_rule_id(text_of(entry.get("check_id"), 200)))
        return flow.Place(
            where.start_line,
            where.start_column or 1,
            where.end_line,
            where.end_column or 1,
            cleaners or frozenset(),
            flows=cleaners is not None,
        )

    @cached_property
    def _cleaners(self) -> Mapping[str, frozenset[str]]:
        """Rules that follow data, each with the functions whose results it trusts."""
        cleaners: dict[str, frozenset[str]] = {}
        for rules in self._rules.values():
            for rule in rules:
                if rule.get("mode") == "taint" and _is_about_outside(rule["id"]):
                    cleaners[rule["id"]] = frozenset(_trusted(rule.get("pattern-sanitizers", ())))
        return cleaners


def _trusted(sanitizers: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """Functions that sanitize whatever they are given, of patterns such as ``html.escape(...)``; ``*`` for any name."""
    for sanitizer in sanitizers:
        if set(sanitizer) == {"pattern-either"}:
            yield from _trusted(sanitizer["pattern-either"])
        elif set(sanitizer) == {"pattern"} and (found := _WHOLE_CALL.fullmatch(sanitizer["pattern"].strip())):
            yield _METAVARIABLE.sub("*", found[1])


def _is_about_outside(rule_id: str) -> bool:
    info = catalog.rule_info(Semgrep.name, rule_id)
    return info is not None and _WRITTEN_IN_THE_SOURCE.isdisjoint(info.cwes)


def _languages(target: ScanTarget) -> list[str]:
    return sorted({pack for unit in target.units for pack in PACKS_OF_SUFFIX[suffix_of(unit.name)]})


def _content(target: ScanTarget, name: str) -> bytes:
    """A unit's bytes; none where it cannot be read, which could hide nothing."""
    try:
        return (target.root / name).read_bytes()
    except OSError:
        return b""


def _disguised(name: str, content: bytes) -> bool:
    """Whether the file's language reads other code in it than semgrep, which reads bytes as UTF-8."""
    suffix = suffix_of(name)
    return suffix in _ENCODED_LANGUAGES and reads_otherwise(suffix, content)


class _Lines:
    """Lines of the units, read when a finding needs them."""

    def __init__(self, target: ScanTarget) -> None:
        self._target = target
        self._known: dict[str, list[str]] = {}

    def of(self, path: PurePosixPath) -> list[str]:
        name = str(path)
        if name not in self._known:
            self._known[name] = split_lines(decode(_content(self._target, name)))
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
