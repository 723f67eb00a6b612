"""The simple ways to tell whether a finding is new, as most tools have them: what we are compared with."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Callable, Hashable, Mapping, Sequence
from pathlib import PurePosixPath

from scanners.finding import Finding

Texts = Mapping[PurePosixPath, Sequence[str]]
"""Lines of the files that have findings."""
Identity = Callable[[Sequence[Finding], Texts], list[Hashable]]

_AHEAD = 100
_SPACE = re.compile(r"\s+")


def by_line(findings: Sequence[Finding], _texts: Texts) -> list[Hashable]:
    """Path, rule and line number."""
    return [(f.location.path, f.scanner, f.rule_id, f.location.start_line) for f in findings]


def by_characters_ahead(findings: Sequence[Finding], texts: Texts) -> list[Hashable]:
    """Path, rule, the next 100 characters from the beginning of the line (white space left out), and their number."""
    return _numbered([(f.location.path, f.scanner, f.rule_id, _ahead(f, texts)) for f in findings])


def by_code(findings: Sequence[Finding], _texts: Texts) -> list[Hashable]:
    """Path, rule, the flagged code (white space folded), and its number among equals."""
    return _numbered([(f.location.path, f.scanner, f.rule_id, f.match_hash) for f in findings])


IDENTITIES: Mapping[str, Identity] = {
    "path, rule, line": by_line,
    "path, rule, next 100 characters, index": by_characters_ahead,
    "path, rule, flagged code, index": by_code,
}


def known(
    identity: Identity, before: Sequence[Finding], old: Texts, after: Sequence[Finding], new: Texts
) -> list[bool]:
    """For each finding of the head whether the base has it, by that identity."""
    there = set(identity(before, old))
    return [key in there for key in identity(after, new)]


def _ahead(finding: Finding, texts: Texts) -> str:
    text = ""
    for line in texts[finding.location.path][finding.location.start_line - 1 :]:
        text += _SPACE.sub("", line)
        if len(text) >= _AHEAD:
            break
    return hashlib.sha256(text[:_AHEAD].encode("utf-8", "surrogatepass")).hexdigest()


def _numbered(keys: Sequence[Hashable]) -> list[Hashable]:
    seen: Counter[Hashable] = Counter()
    numbered: list[Hashable] = []
    for key in keys:
        numbered.append((key, seen[key]))
        seen[key] += 1
    return numbered
