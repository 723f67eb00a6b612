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
from functools import lru_cache
from pathlib import PurePosixPath
from typing import Final

from bot.domain import policy_problems

MAX_LENGTH: Final = 300
"""Characters of a pattern."""


class Glob:
    """One compiled pattern."""

    __slots__ = ("_segments",)

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


@lru_cache(maxsize=4096)
def glob(pattern: str, *, from_start: bool = False) -> Glob:
    """The compiled pattern; see ``Glob``."""
    return Glob(pattern, from_start=from_start)


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


def _compile(part: str) -> re.Pattern[str]:
    """``fnmatch`` knows no backslash and writes ``[^a]`` as ``[!a]``."""
    written = re.sub(r"\\(.)", lambda m: f"[{m[1]}]" if m[1] in "*?[" else m[1], part)
    return re.compile(fnmatch.translate(written.replace("[^", "[!")))


_ANY = re.compile(r"(?s:.+)\Z")
_NOTHING = re.compile(r"(?!)")
