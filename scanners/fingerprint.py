"""
Which finding is which: hashes of the flagged code and of a finding within one tree.

No line number and no word of a tool goes in, so that neither a line above nor a new release of a tool changes an
identity. Fields are length-prefixed: "ab" and "c" are not "a" and "bc".
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from scanners.cwe import SECRETS
from scanners.finding import Finding, FindingKind
from scanners.redact import mask_line, mask_literals

_SPACE = re.compile(r"\s+")
_NEIGHBOURS = 2
"""Lines with anything on them, before and after the flagged ones, that go into the context."""
_CONTEXT_LINES = 40


def _fold_space(code: str) -> str:
    return _SPACE.sub(" ", code).strip()


@dataclass(frozen=True, slots=True)
class Recipe:
    """How code becomes a hash. A change of it is a new recipe with a new version, and the old one stays in the list."""

    version: str
    """Goes into every hash."""
    fold: Callable[[str], str] = _fold_space
    """Code, secrets already taken out, to what is hashed."""

    def code_hash(self, finding: Finding, code: str) -> str:
        """Hash of the flagged code, with secrets taken out where the code is one."""
        if finding.kind is FindingKind.SECRET:
            code = "\n".join(mask_line(line) for line in code.split("\n"))
        elif holds_secret(finding):
            code = mask_literals(code)
        return digest(self.version, self.fold(code))

    def context_hash(self, finding: Finding, lines: Sequence[str]) -> str:
        """
        Hash of the flagged lines of a file and their nearest neighbours; empty when the file has no such lines.

        Every literal is taken out, since a neighbour may hold a secret that nobody flagged.
        """
        first, last = finding.location.start_line, min(finding.location.end_line, len(lines))
        if first > len(lines):
            return ""
        flagged = lines[first - 1 : min(last, first + _CONTEXT_LINES - 1)]
        before = _nearest(reversed(lines[max(0, first - 1 - _CONTEXT_LINES) : first - 1]))
        after = _nearest(lines[last : last + _CONTEXT_LINES])
        text = "\n".join(
            mask_line(line) if finding.kind is FindingKind.SECRET else mask_literals(line) for line in flagged
        )
        around = [self.fold(mask_literals(line)) for line in (*reversed(before), *after)]
        return digest(self.version, "context", str(len(before)), self.fold(text), *around)


def _nearest(lines: Iterable[str]) -> list[str]:
    found: list[str] = []
    for line in lines:
        if len(found) == _NEIGHBOURS:
            break
        if line.strip():
            found.append(line)
    return found


RECIPES: tuple[Recipe, ...] = (Recipe("mw1"),)
"""Oldest first; the last one counts, the others recognise what an older release stored."""

VERSION = RECIPES[-1].version
"""Version of the fingerprints that this release makes."""


def digest(*fields: str) -> str:
    """SHA-256 (hex) of the fields, each prefixed with its length in bytes."""
    state = hashlib.sha256()
    for text in fields:
        raw = text.encode("utf-8", "surrogatepass")
        state.update(len(raw).to_bytes(8, "big"))
        state.update(raw)
    return state.hexdigest()


def holds_secret(finding: Finding) -> bool:
    """Whether the flagged code is itself a secret."""
    return finding.kind is FindingKind.SECRET or not SECRETS.isdisjoint(finding.cwes)


def match_hash(finding: Finding, code: str) -> str:
    """Hash of the flagged code by the present recipe, see ``Recipe.code_hash``."""
    return RECIPES[-1].code_hash(finding, code)


def hashed(finding: Finding, code: str, lines: Sequence[str], recipes: Sequence[Recipe] = RECIPES) -> Finding:
    """
    The finding with the hashes that tell it again: by the last of the recipes and, for older findings, by the others.

    ``code`` is what was flagged, ``lines`` are those of the whole file.
    """
    *earlier, present = recipes
    return replace(
        finding,
        match_hash=present.code_hash(finding, code),
        context_hash=present.context_hash(finding, lines),
        earlier_hashes=tuple((recipe.version, recipe.code_hash(finding, code)) for recipe in earlier),
    )


def fingerprinted(findings: Iterable[Finding], version: str = VERSION) -> tuple[Finding, ...]:
    """
    The findings of one scanner in one tree, each with its fingerprint, ordered by place.

    ``version`` is that of the recipe by which they were hashed. Identical code that one rule flags twice in a file is
    told apart by its order there.
    """
    seen: Counter[tuple[str, ...]] = Counter()
    done = []
    for finding in sorted(findings, key=_place):
        path = str(finding.location.path)
        if finding.dependency is not None:
            about = finding.dependency
            identity = (path, about.ecosystem, about.package, about.advisory_ids[0] if about.advisory_ids else "")
        else:
            identity = (finding.kind.value, finding.rule_id, path, finding.match_hash)
        index = seen[identity]
        seen[identity] += 1
        done.append(replace(finding, fingerprint=digest(version, *identity, str(index))))
    return tuple(done)


def _place(finding: Finding) -> tuple[str, int, int, str, str]:
    where = finding.location
    return (str(where.path), where.start_line, where.start_column or 0, finding.rule_id, finding.match_hash)
