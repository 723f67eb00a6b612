"""
suppressions: comments and ignore files that ask a scanner to look away. Ours never do; a person should know anyway.

The tool is our own, ``scanners.offline.suppressions``. It reads hostile text, so it runs walled in like the others, and
what it says of the text (the rules that a marker names) is only believed as far as it has the form of an id.
"""

from __future__ import annotations

import hashlib
import re
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

from rules import catalog
from scanners import reasons
from scanners.finding import Confidence, Finding, FindingKind, Location, Reach, Severity, Silences
from scanners.interface import MalformedReport, Scanner, ScannerReport, ScanTarget, Unit
from scanners.normalize import ToolWords, catalogue_digest, finding_of, line_of, unit_names, unit_path
from scanners.offline.comments import syntax_of
from scanners.offline.ignore_files import READERS
from scanners.report import entries, gaps_of_child, load_object
from scanners.units import mark_of

_OFFLINE = Path(__file__).parent.parent / "offline"
_CHILD = ("suppressions.py", "comments.py", "markers.py", "ignore_files.py")
_RULE = re.compile(r"[a-z][a-z0-9-]{1,60}")
_ID = re.compile(r"[A-Za-z0-9_@](?:[\w@.:*-]|/(?!/)){0,99}", re.ASCII)
_MOST_IDS = 20
_ONE_OF_MANY = "many-suppressions"


class Suppressions(Scanner):
    """Every file in which a comment can be told from prose, and every ignore file that we know."""

    name: ClassVar[str] = "suppressions"
    kind: ClassVar[FindingKind] = FindingKind.SUPPRESSION
    niceness: ClassVar[int] = 10

    def version(self) -> str:
        """See ``Scanner``. It is part of us; what it finds is told apart by ``rules_digest``."""
        return "1.0"

    def rules_digest(self) -> str:
        """See ``Scanner``. The child is the list of markers."""
        state = hashlib.sha256(catalogue_digest().encode())
        for name in _CHILD:
            state.update((_OFFLINE / name).read_bytes())
        return state.hexdigest()

    def applies_to(self, unit: Unit) -> bool:
        """See ``Scanner``."""
        mark, suffix = mark_of(unit.name)
        return mark in READERS or syntax_of(suffix) is not None

    def command(self, target: ScanTarget, report: Path) -> list[str]:
        """See ``Scanner``. ``-S``: the standard library is enough, and site-packages cost a fifth of the start."""
        return [sys.executable, "-S", "-m", "scanners.offline.suppressions", "."]

    def parse(self, raw: bytes, target: ScanTarget) -> ScannerReport:
        """See ``Scanner``."""
        report = load_object(raw, self.name)
        names = unit_names(target)
        found = [_finding(entry, names) for entry in entries(report, "results", self.name)]
        gaps = gaps_of_child(report, target, self.name)
        return ScannerReport(tuple(finding for finding in found if finding is not None), tuple(gaps.values()))


def _finding(entry: Mapping[str, Any], names: frozenset[str]) -> Finding | None:
    line, rule = line_of(entry.get("line")), _word(entry.get("rule"))
    silences = None if rule == _ONE_OF_MANY else _silences(entry)
    location = Location(
        unit_path(entry.get("unit"), names),
        line,
        max(line, line_of(entry.get("end_line"))),
        None if silences is None else line_of(entry.get("column")),
        None if silences is None else line_of(entry.get("end_column")),
    )
    if silences is not None and silences.reach is not Reach.PROJECT:
        shape = "-file" if silences.reach is Reach.FILE else "-all" if silences.rule_ids is None else ""
        # A marker that can name no rules has one shape only.
        rule += shape if catalog.rule_info(Suppressions.name, rule + shape) is not None else ""
    # The catalogue knows all rules of the child; for one that it does not, the tool's name has to do.
    words = ToolWords(
        title=f"Suppression for {silences.tool}" if silences else "Suppressions",
        message="",
        severity=Severity.MEDIUM,
        confidence=Confidence.HIGH,
    )
    finding = finding_of("suppressions", rule, FindingKind.SUPPRESSION, location, words)
    return None if finding is None else replace(finding, silences=silences)


def _silences(entry: Mapping[str, Any]) -> Silences:
    tool, ids = _word(entry.get("tool")), entry.get("ids")
    try:
        reach = Reach(entry.get("reach"))
    except ValueError as error:
        raise _malformed() from error
    if ids is None:
        return Silences(tool, reach)
    if not isinstance(ids, list):
        raise _malformed()
    known = [word for word in ids if isinstance(word, str) and _ID.fullmatch(word)]
    if tool == "bandit":
        # Bandit takes no notice of a word that is none of its tests, and without any that is, it means all.
        infos = [catalog.rule_info("bandit", word) for word in known]
        known = [info.rule_id for info in infos if info is not None]
        if not known:
            return Silences(tool, reach)
    return Silences(tool, reach, tuple(dict.fromkeys(known))[:_MOST_IDS])


def _word(value: object) -> str:
    if isinstance(value, str) and _RULE.fullmatch(value):
        return value
    raise _malformed()


def _malformed() -> MalformedReport:
    return MalformedReport(reasons.NO_LIST.format(scanner=Suppressions.name, key="results"))
