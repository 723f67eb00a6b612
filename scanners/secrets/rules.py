"""
Runs our compiled rules over one text.

A rule is only tried where one of its words stands somewhere in the text, and its pattern is compiled at its first use:
most files hold none of them.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from scanners.secrets.checks import CHECKS
from scanners.secrets.values import entropy, is_invented, is_placeholder, reads_as_prose

_HITS_PER_RULE = 1_000
"""More than anybody keeps of a file: whoever cuts it says so."""
_LONG_LINE = 4_000
"""Characters. In longer lines (minified code) only rules of a provider's format look."""


_ASCII_SMALL = {ord(c): c.lower() for c in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"}


class Match(NamedTuple):
    """One value: where it is, by which rule, and how sure that is. The value itself stays here."""

    line: int
    start: int
    """Column in the line, from 0."""
    end: int
    rule: str
    confidence: str


@dataclass(slots=True)
class _Rule:
    """One rule as it was compiled, with its patterns once they were needed."""

    id: str
    words: tuple[str, ...]
    on: tuple[str, ...]
    confidence: str
    source: str
    near: str
    within: int
    check: str
    entropy: float
    files: frozenset[str]
    allow: str
    keeps_examples: bool
    _patterns: dict[str, re.Pattern[str]] = field(default_factory=dict)

    def pattern(self, name: str, source: str, flags: int = 0) -> re.Pattern[str]:
        found = self._patterns.get(name)
        if found is None:
            found = self._patterns[name] = re.compile(source, flags)
        return found


class SecretRules:
    """All of our rules."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._rules = [_rule(raw) for raw in document["rules"]]
        self._words = sorted({word for rule in self._rules for word in rule.words})
        self._examples = frozenset(document["examples"])
        self.confidence_of_detectors: Mapping[str, str] = document["detectors"]
        """What the catalogue thinks of detect-secrets' own detectors, by class name."""

    @classmethod
    def load(cls, path: Path) -> SecretRules:
        """The rules that ``rules.build`` wrote."""
        return cls(json.loads(path.read_text(encoding="utf-8")))

    def ids(self) -> tuple[str, ...]:
        """Of every rule."""
        return tuple(rule.id for rule in self._rules)

    def matches(self, suffix: str, text: str, lines: Sequence[str]) -> Iterator[Match]:
        """
        Every match, rule by rule.

        ``lines`` are those of ``text`` with their ends taken off; ``suffix`` says what kind of file it is.
        """
        lower = text.lower()
        if len(lower) != len(text):
            # A few letters become two in small; then nothing would stand where it did.
            lower = text.translate(_ASCII_SMALL)
        present = {word for word in self._words if word in lower}
        if not present:
            return
        starts = _starts(text)
        lines_of_word: dict[str, list[int]] = {}
        near: dict[str, list[int]] = {}
        for rule in self._rules:
            if (rule.files and suffix not in rule.files) or present.isdisjoint(rule.words):
                continue
            pattern = rule.pattern("pattern", rule.source, re.MULTILINE)
            seen = 0
            for found in self._candidates(rule, pattern, text, lower, starts, lines_of_word):
                start, end = found.span("v" if "v" in found.re.groupindex else 0)
                number = bisect_right(starts, start)
                if not self._holds(rule, text, lines, starts, near, number, start, end, found.end()):
                    continue
                line = lines[number - 1]
                begin = start - starts[number - 1]
                yield Match(number, begin, min(end - starts[number - 1], len(line)), rule.id, rule.confidence)
                seen += 1
                if seen >= _HITS_PER_RULE:
                    break

    @staticmethod
    def _candidates(
        rule: _Rule,
        pattern: re.Pattern[str],
        text: str,
        lower: str,
        starts: Sequence[int],
        lines_of_word: dict[str, list[int]],
    ) -> Iterator[re.Match[str]]:
        """Matches of the pattern: anywhere, or on the lines where one of the rule's words stands."""
        if not rule.on:
            yield from pattern.finditer(text)
            return
        numbers: set[int] = set()
        for word in rule.on:
            known = lines_of_word.get(word)
            if known is None:
                known = lines_of_word[word] = _lines_with(word, lower, starts)
            numbers.update(known)
        for number in sorted(numbers):
            start, end = starts[number - 1], starts[number] if number < len(starts) else len(text)
            if rule.confidence == "high" or end - start <= _LONG_LINE + 2:
                yield from pattern.finditer(text, start, end)

    def _holds(
        self,
        rule: _Rule,
        text: str,
        lines: Sequence[str],
        starts: Sequence[int],
        near: dict[str, list[int]],
        number: int,
        start: int,
        end: int,
        match_end: int,
    ) -> bool:
        value = text[start:end]
        if rule.confidence != "high" and len(lines[number - 1]) > _LONG_LINE:
            return False
        if not rule.keeps_examples and (is_invented(value, self._examples) or is_placeholder(value)):
            return False
        if not rule.keeps_examples and not rule.check and reads_as_prose(value):
            return False
        if rule.allow and rule.pattern("allow", rule.allow).search(value):
            return False
        if rule.entropy and entropy(value) < rule.entropy:
            return False
        if rule.near:
            places = near.get(rule.id)
            if places is None:
                found = rule.pattern("near", rule.near, re.IGNORECASE).finditer(text)
                places = near[rule.id] = [match.start() for match in found]
            first = starts[max(0, number - 1 - rule.within)]
            last = starts[number + rule.within] if number + rule.within < len(starts) else len(text)
            # Not inside the value itself.
            before = bisect_left(places, first) < bisect_left(places, start)
            if not before and not bisect_left(places, end) < bisect_left(places, last):
                return False
        return not rule.check or CHECKS[rule.check](value, text, match_end)


def _starts(text: str) -> list[int]:
    """Where each line begins, as ``scanners.units.split_lines`` counts them."""
    return [0, *(match.end() for match in re.finditer(r"\r\n|\n|\r", text))]


def _lines_with(word: str, lower: str, starts: Sequence[int]) -> list[int]:
    """Numbers of the lines where the word stands, from 1."""
    found: list[int] = []
    at = lower.find(word)
    while at >= 0:
        number = bisect_right(starts, at)
        found.append(number)
        at = lower.find(word, starts[number]) if number < len(starts) else -1
    return found


def _rule(raw: Mapping[str, Any]) -> _Rule:
    return _Rule(
        id=raw["id"],
        words=tuple(raw["words"]),
        on=tuple(raw["on"]),
        confidence=raw["confidence"],
        source=raw["pattern"],
        near=raw["near"],
        within=raw["within"],
        check=raw["check"],
        entropy=raw["entropy"],
        files=frozenset(raw["files"]),
        allow=raw["allow"],
        keeps_examples=raw["keeps_examples"],
    )
