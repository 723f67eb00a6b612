"""
Path patterns as in ``.gitignore``, matched in time proportional to pattern times path.

A pattern comes from a project and a path from anyone, so neither may be able to stall the gate: libraries that turn a
whole pattern into one regular expression backtrack on patterns such as ``*a*a*a*a*b``. Here each part between slashes
is matched by itself with ``fnmatch``, whose expressions do not backtrack since Python 3.11.

Source of the format: https://git-scm.com/docs/gitignore#_pattern_format. Left out on purpose: ``!``, which policies
write as ``exclude_paths``.
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import PurePosixPath
from typing import Final

from bot.domain import policy_problems

MAX_LENGTH: Final = 300
"""Characters of a pattern."""


class Glob:
    """One compiled pattern."""

    __slots__ = ("_segments", "beginning", "folder", "inside", "name", "whole")

    def __init__(self, pattern: str, *, from_start: bool = False) -> None:
        """
        Compile ``pattern``; with ``from_start`` it always begins at the top, as if it began with a slash.

        Raises ``ValueError`` with what is wrong.
        """
        problem = problem_with(pattern)
        if problem:
            raise ValueError(problem)
        body = pattern.removesuffix("/")
        anchored = from_start or "/" in body
        parts = [part for part in body.split("/") if part]
        # None stands for "**": any number of parts, none included.
        segments = [None if part == "**" else _compile(part) for part in parts]
        if not anchored:
            segments.insert(0, None)
        if parts[-1] == "**":
            segments[-1] = _ANY
        if pattern.endswith("/"):
            # Only a folder matches, so something must be inside.
            segments.append(_ANY)
        # Whatever is inside a matching folder matches.
        segments.append(None)
        self._segments: list[re.Pattern[str] | None] = segments
        # Nearly all patterns are a path without wildcards, or such a path and a name at any depth below it:
        # ``GlobSets`` asks for all of those at once.
        plain = parts[: next((n for n, part in enumerate(parts) if has_wildcards(part)), len(parts))]
        self.folder = tuple(plain) if anchored else ()
        """The parts without wildcards that the pattern begins with, at the top."""
        rest = segments[len(self.folder) :]
        self.inside = rest[-2:] == [_ANY, None]
        """Whether something must be inside of what matches."""
        below = rest[:-2] if self.inside else rest[:-1]
        self.whole = anchored and not below
        """Whether ``folder`` is all that has to match."""
        self.name = below[1] if len(below) == 2 and below[0] is None else None
        """What one part of the path below ``folder`` has to match, where that is all."""
        self.beginning = _beginning(parts[-1]) if self.name not in (None, _ANY) else ""
        """What that part begins with: quicker to ask for."""

    def matches(self, path: PurePosixPath) -> bool:
        """Whether the pattern covers this path (relative to the root of the repository)."""
        parts, segments = path.parts, self._segments
        part = segment = 0
        # On a mismatch the last "**" takes one part more; trying earlier ones again would find nothing new.
        star, retry = -1, 0
        while part < len(parts):
            expected = segments[segment] if segment < len(segments) else _NOTHING
            if expected is None:
                star, retry = segment, part
                segment += 1
            elif expected.match(parts[part]):
                segment += 1
                part += 1
            elif star >= 0:
                retry += 1
                segment, part = star + 1, retry
            else:
                return False
        return all(rest is None for rest in segments[segment:])


class GlobSets:
    """Many lists of patterns, asked at once which of them match a path; each list is one bit of the answer."""

    def __init__(self, lists: Sequence[Iterable[str]]) -> None:
        bits: dict[str, int] = {}
        for number, patterns in enumerate(lists):
            for pattern in patterns:
                bits[pattern] = bits.get(pattern, 0) | 1 << number
        folders: dict[tuple[str, ...], _Folder] = {}
        self._others: list[tuple[Glob, int]] = []
        for pattern, mask in bits.items():
            compiled = glob(pattern)
            if not compiled.whole and compiled.name is None:
                self._others.append((compiled, mask))
                continue
            folder = folders.setdefault(compiled.folder, _Folder())
            if compiled.name is not None:
                names = folder.inner if compiled.inside else folder.names
                names.patterns.append((compiled.beginning, compiled.name, mask))
            elif compiled.inside:
                folder.inside |= mask
            else:
                folder.itself |= mask
        self._folders = sorted(
            (depth, {parts: folder for parts, folder in folders.items() if len(parts) == depth})
            for depth in {len(parts) for parts in folders}
        )

    def matching(self, path: PurePosixPath) -> int:
        """The lists of which a pattern covers this path."""
        found, parts = 0, path.parts
        for depth, folders in self._folders:
            folder = folders.get(parts[:depth])
            if folder is not None:
                found |= folder.itself
                if depth < len(parts):
                    found |= folder.inside
                    for part in parts[depth:] if folder.names.patterns else ():
                        found |= folder.names.matching(part)
                    for part in parts[depth:-1] if folder.inner.patterns else ():
                        found |= folder.inner.matching(part)
        for other, bits in self._others:
            if bits & ~found and other.matches(path):
                found |= bits
        return found


@dataclass(slots=True)
class _Names:
    """Patterns for one part of a path, each with its lists."""

    patterns: list[tuple[str, re.Pattern[str], int]] = field(default_factory=list)
    """What a part has to begin with, what it has to match, and the lists."""
    known: dict[str, int] = field(default_factory=dict)

    def matching(self, part: str) -> int:
        found = self.known.get(part)
        if found is None:
            found = 0
            for beginning, pattern, lists in self.patterns:
                if part.startswith(beginning) and pattern.match(part):
                    found |= lists
            self.known[part] = found
        return found


@dataclass(slots=True)
class _Folder:
    """The lists with patterns that begin with one folder."""

    itself: int = 0
    """Those that mean it, and what is inside."""
    inside: int = 0
    """Those that mean what is inside."""
    names: _Names = field(default_factory=_Names)
    """Those that mean a name at any depth below."""
    inner: _Names = field(default_factory=_Names)
    """Those that mean what is inside a folder of a name at any depth below."""


@lru_cache(maxsize=4096)
def glob(pattern: str, *, from_start: bool = False) -> Glob:
    """The compiled pattern; see ``Glob``."""
    return Glob(pattern, from_start=from_start)


def any_word_matches(patterns: Iterable[str], word: str, *, fold: bool = False) -> bool:
    """
    Whether one of these patterns means the whole word: a name, an id, a branch. ``*`` stands for any characters, a
    slash included. With ``fold`` upper and lower case are alike.
    """
    if fold:
        word = word.casefold()
    return any(word_pattern(pattern, fold=fold).match(word) is not None for pattern in patterns)


@lru_cache(maxsize=4096)
def word_pattern(pattern: str, *, fold: bool = False) -> re.Pattern[str]:
    """One such pattern, compiled. With ``fold`` the word has to be folded (``str.casefold``) before."""
    return _compile(pattern.casefold() if fold else pattern)


def has_wildcards(pattern: str) -> bool:
    """Whether a pattern means more than itself."""
    return _SPECIAL.search(pattern) is not None


def problem_with_word(pattern: str) -> str:
    """What is wrong with a pattern for words, in English; empty when it is fine."""
    if len(pattern) > MAX_LENGTH:
        return policy_problems.PATTERN_LONG.format(count=MAX_LENGTH, size=len(pattern))
    if not pattern.isprintable():
        return policy_problems.PATTERN_CONTROLS
    return "" if pattern.strip() else policy_problems.PATTERN_EMPTY


def problem_with(pattern: str) -> str:
    """What is wrong with a pattern, in English; empty when it is fine."""
    if len(pattern) > MAX_LENGTH:
        return policy_problems.PATTERN_LONG.format(count=MAX_LENGTH, size=len(pattern))
    if pattern.startswith("!"):
        return policy_problems.PATTERN_NEGATED
    if not pattern.isprintable():
        return policy_problems.PATTERN_CONTROLS
    parts = [part for part in pattern.split("/") if part]
    if not parts or not pattern.strip():
        return policy_problems.PATTERN_EMPTY
    if "." in parts or ".." in parts:
        return policy_problems.PATTERN_DOTS
    return ""


@lru_cache(maxsize=4096)
def _compile(part: str) -> re.Pattern[str]:
    """``fnmatch`` knows no backslash and writes ``[^a]`` as ``[!a]``."""
    written = re.sub(r"\\(.)", lambda m: f"[{m[1]}]" if m[1] in "*?[" else m[1], part)
    return re.compile(fnmatch.translate(written.replace("[^", "[!")))


def _beginning(pattern: str) -> str:
    """The characters that a pattern begins with before it means more than itself."""
    special = _SPECIAL.search(pattern)
    return pattern if special is None else pattern[: special.start()]


_SPECIAL = re.compile(r"[*?\[\\]")
_ANY = re.compile(r"(?s:.+)\Z")
_NOTHING = re.compile(r"(?!)")
