"""
Leaves out of semgrep's rules what cannot match, because a word of it is in none of the files.

Semgrep skips a whole rule where a file lacks a word that the rule needs, but within a rule it tries every pattern at
every node. Rules that know many frameworks are mostly about ones that a project does not use; without those patterns
they find exactly the same, several times as fast.

Syntax of rules: https://semgrep.dev/docs/writing-rules/rule-syntax
"""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterable, Mapping
from typing import Any

_WORD = re.compile(rb"[A-Za-z_]\w*")
_WORD_OF_PATTERN = re.compile(r"(?<![\w$])(?<!\$\.\.\.)[A-Za-z_]\w*")
# What stands in quotes may be put together in the file, so it proves nothing.
_STRING = re.compile(r"\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*'|`[^`]*`")
# Words that semgrep reads into code which does not spell them: keywords of forms that it takes for equal, and types
# that it infers.
_IMPLIED_WORDS = """
    function const let var new class extends static public private protected final void return if else for while do
    switch case default break continue try catch finally throw throws func type struct interface map chan go defer range
    select
    package import from require export async await yield of in as is not and or def lambda with try except raise pass
    java lang util String Object int long short byte char boolean float double Integer Long Boolean str string bool any
    true false null nil undefined True False None self this super
"""
_IMPLIED = frozenset(_IMPLIED_WORDS.split()) | frozenset(keyword.kwlist)
_LISTS = ("pattern-sources", "pattern-sinks")
_OPTIONAL_LISTS = ("pattern-sanitizers", "pattern-propagators")
_POSITIVE = ("pattern", "pattern-inside")
_NEGATIVE = ("pattern-not", "pattern-not-inside")


def words_of(contents: Iterable[bytes]) -> frozenset[str]:
    """Every word of ASCII letters, digits and underscores in these contents."""
    found: set[bytes] = set()
    for content in contents:
        found.update(_WORD.findall(content))
    return frozenset(word.decode("ascii", "replace") for word in found)


def narrowed(rules: Iterable[Mapping[str, Any]], words: frozenset[str]) -> list[dict[str, Any]]:
    """
    The rules as far as they can match code that holds these words and no others; they find the same there.

    Of a rule's parts only patterns of code are looked at; regular expressions and other languages' patterns stay.
    """
    return [kept for rule in rules if (kept := _rule(rule, words)) is not None]


def _rule(rule: Mapping[str, Any], words: frozenset[str]) -> dict[str, Any] | None:
    if rule.get("mode") != "taint":
        return _formula(rule, words)
    result = dict(rule)
    for name in _LISTS:
        entries = _entries(rule[name], words)
        if not entries:
            return None
        result[name] = entries
    for name in _OPTIONAL_LISTS:
        if entries := _entries(rule.get(name, ()), words):
            result[name] = entries
        else:
            result.pop(name, None)
    return result


def _entries(entries: Iterable[Mapping[str, Any]], words: frozenset[str]) -> list[dict[str, Any]]:
    return [kept for entry in entries if (kept := _formula(entry, words)) is not None]


def _formula(node: Mapping[str, Any], words: frozenset[str]) -> dict[str, Any] | None:
    """What is left of a formula; None where it cannot match. An empty one asks for nothing."""
    result: dict[str, Any] = {}
    for key, value in node.items():
        if key in _POSITIVE:
            if not _part(value, words):
                return None
            result[key] = value if isinstance(value, str) else _part(value, words)
        elif key in _NEGATIVE:
            # What cannot match excludes nothing.
            if kept := _part(value, words):
                result[key] = kept
        elif key == "pattern-either":
            if not (alternatives := _entries(value, words)):
                return None
            result[key] = alternatives
        elif key == "patterns":
            parts = [_formula(part, words) for part in value]
            if any(part is None for part in parts):
                return None
            result[key] = [part for part in parts if part]
        elif key == "metavariable-pattern" and "language" not in value:
            if (inner := _formula(value, words)) is None:
                return None
            result[key] = inner
        else:
            result[key] = value
    return result


def _part(value: object, words: frozenset[str]) -> object:
    """A pattern, as text or as a formula; None where it cannot match."""
    if isinstance(value, str):
        return value if _possible(value, words) else None
    return _formula(value, words) if isinstance(value, Mapping) else value


def _possible(pattern: str, words: frozenset[str]) -> bool:
    found = _WORD_OF_PATTERN.findall(_STRING.sub('""', pattern))
    return all(word in words or word in _IMPLIED for word in found)
