"""
Which branches GitLab's rules protect. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable


def protected_names(known: Iterable[str] | None, *defaults: str | None) -> tuple[str, ...]:
    """
    Names and patterns of protected branches: those that are known, and default branches.

    What is not known to be protected is not held up; that a default branch is, goes without saying.
    """
    return tuple(dict.fromkeys([*(known or ()), *(name for name in defaults if name)]))


def is_protected(branch: str, patterns: Iterable[str]) -> bool:
    """Whether one of these rules is about the branch."""
    return any(covers(pattern, branch) for pattern in patterns)


def covers(pattern: str, branch: str) -> bool:
    """
    Whether a rule of this name is about the branch.

    ``*`` stands for any text, slashes and nothing at all included; everything else is compared letter by letter.
    https://docs.gitlab.com/user/project/repository/branches/protected/#use-wildcard-rules
    """
    first, *others = pattern.split("*")
    if not others:
        return pattern == branch
    *middle, last = others
    if len(branch) < len(first) + len(last) or not branch.startswith(first) or not branch.endswith(last):
        return False
    # Each part at its earliest place: a regular expression could take very long over a pattern of many stars.
    at, end = len(first), len(branch) - len(last)
    for part in middle:
        found = branch.find(part, at, end)
        if found < 0:
            return False
        at = found + len(part)
    return True
