"""
Says in the reader's language what was put down in English: explanations, scanners' reasons, and failures.

Each of these sentences was made from a template. Here the template is found again, so that its translation can be
filled with the same values. What fits no template (a line of git's, a sentence of an older release) stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache, lru_cache
from string import Formatter

from bot.domain import clearance, explanations, failures, merge_texts, policy_problems, suppression_texts
from scanners import reasons

LONGEST = 2_000
"""Characters. A longer sentence is none of ours."""
_DEPTH = 5
"""How many sentences may be put into each other."""

TEMPLATES: tuple[str, ...] = (
    *explanations.ALL,
    *reasons.ALL,
    *failures.ALL,
    *policy_problems.ALL,
    *suppression_texts.ALL,
    *merge_texts.ALL,
    *clearance.ALL,
)
"""Every sentence that has a translation; the first that fits counts."""

NESTED: Mapping[str, Sequence[str]] = {
    "sentence": TEMPLATES,
    "problem": policy_problems.PROBLEMS,
    "what": policy_problems.WORDS,
    "value": policy_problems.VALUES,
    "wanted": failures.PHRASES,
    "kept": failures.PHRASES,
}
"""Fields that hold what was made from one of these templates."""

_WORD = r"[A-Za-z0-9][A-Za-z0-9_.+-]{0,79}"
_NUMBER = r"[0-9]{1,20}"
_LINES = r"[0-9]{1,20}(?:-[0-9]{1,20})?"
FIELDS: Mapping[str, str] = {
    "scanner": _WORD,
    "key": _WORD,
    "word": _WORD,
    "kind": _WORD,
    "signal": r"(?:signal )?[A-Za-z0-9]{1,40}",
    "command": _WORD,
    "what": r"[a-z ]{1,60}",
    "thing": r"[a-z ]{1,60}",
    "value": r"(?:'[^\n]{0,300}?'|nothing|yes|no|a list|settings)",
    "where": r"[^\n:]{1,400}?",
    "file": r"[^\n]{1,400}?",
    "version": _WORD,
    "was": _LINES,
    "now": _LINES,
    "lines": _LINES,
    "line": _NUMBER,
    "count": _NUMBER,
    "size": _NUMBER,
    "status": _NUMBER,
    "seconds": r"[0-9][0-9.e+-]{0,19}",
    "commit": r"[0-9a-f]{7,64}",
    "merged": r"[0-9a-f]{7,64}",
    "date": r"[0-9]{4}-[0-9]{2}-[0-9]{2}",
}
"""What may stand in a field, by its name. No two of them can share a text in more than one way."""
_ANYTHING = r"[^\n]{1,1000}?"
"""What may stand in any other field. ``MOST_OPEN`` of them keep the work of matching quadratic."""
MOST_OPEN = 2


@lru_cache(maxsize=4_096)
def parse(sentence: str, templates: tuple[str, ...] = TEMPLATES) -> tuple[str, Mapping[str, str]] | None:
    """The template that the sentence was made from and what stands in its fields; None when there is none."""
    if len(sentence) > LONGEST:
        return None
    for template in templates:
        found = _pattern(template).fullmatch(sentence)
        if found is not None:
            return template, found.groupdict()
    return None


def translate(sentence: str, into: Callable[[str], str]) -> str:
    """
    The sentence in the language of ``into``, a ``gettext``.

    What fits no template stays as it is, and so does everything in English.
    """
    return _translate(sentence, into, TEMPLATES, _DEPTH)


def _translate(sentence: str, into: Callable[[str], str], templates: Sequence[str], depth: int) -> str:
    found = parse(sentence, tuple(templates)) if depth else None
    if found is None:
        return sentence
    template, fields = found
    return into(template).format(
        **{
            name: _translate(value, into, NESTED[name], depth - 1) if name in NESTED else value
            for name, value in fields.items()
        }
    )


def fields_of(template: str) -> list[str]:
    """Names of a template's fields, in their order, each as often as it stands there."""
    return [name for _, name, _, _ in Formatter().parse(template) if name is not None]


@cache
def _pattern(template: str) -> re.Pattern[str]:
    """The whole template as an expression; a field that stands there twice must hold the same text twice."""
    parts: list[str] = []
    seen: set[str] = set()
    for literal, name, _, _ in Formatter().parse(template):
        parts.append(re.escape(literal))
        if name is not None:
            parts.append(f"(?P={name})" if name in seen else f"(?P<{name}>{FIELDS.get(name, _ANYTHING)})")
            seen.add(name)
    return re.compile("".join(parts))
