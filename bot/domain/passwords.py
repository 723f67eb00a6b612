"""
Passwords of local administrators: which are good enough, and how they are kept. Argon2id with the parameters of RFC
9106 for machines that have other things to do (64 MiB, 3 passes).
"""

from __future__ import annotations

import itertools
import re
import threading

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from bot.errors import MergewardenError

SHORTEST = 12
LONGEST = 200
_FEWEST_DISTINCT = 6
_COMMON = frozenset(
    [
        "password",
        "passwort",
        "kennwort",
        "administrator",
        "admin",
        "mergewarden",
        "gitlab",
        "letmein",
        "welcome",
        "changeme",
        "qwertz",
        "qwerty",
        "asdfgh",
        "123456",
        "abcdef",
        "iloveyou",
        "secret",
        "default",
        "monkey",
        "dragon",
    ]
)
# Each hash takes 64 MiB: many at once would take the memory of everything else.
_TURNS = threading.BoundedSemaphore(2)


class WeakPassword(MergewardenError):
    """Raised for a password that is too easy to guess."""


def check_password(password: str, name: str) -> None:
    """Raise ``WeakPassword`` that says what is wrong with it."""
    hint = "Five or more words that nobody would put together make a good one."
    if not SHORTEST <= len(password) <= LONGEST:
        raise WeakPassword(f"a password has {SHORTEST} to {LONGEST} characters", hint)
    folded = password.casefold()
    if len(set(folded)) < _FEWEST_DISTINCT:
        raise WeakPassword(f"a password has at least {_FEWEST_DISTINCT} different characters", hint)
    if len(name) > 2 and name.casefold() in folded:
        raise WeakPassword("the password has the name in it", hint)
    # What is left when digits and signs around are taken away is what people took.
    core = re.sub(r"[^a-z]+", "", folded)
    if core in _COMMON or (not core and re.fullmatch(r"[0-9]+", folded)):
        raise WeakPassword("everybody tries this password first", hint)
    for word in _COMMON:
        if word in folded and len(folded.replace(word, "")) < SHORTEST // 2:
            raise WeakPassword("everybody tries this password first", hint)
    steps = {ord(b) - ord(a) for a, b in itertools.pairwise(folded)}
    if len(steps) == 1:
        raise WeakPassword("the password is a row of characters in order", hint)


class Passwords:
    """Keeps passwords as hashes. ``hasher`` is for tests, where it may be quick."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher()
        self._nobodys = ""

    def hash(self, password: str) -> str:
        """What is kept of it."""
        with _TURNS:
            return self._hasher.hash(password)

    def is_right(self, kept: str, password: str) -> bool:
        """
        Whether it is the one whose hash was kept.

        With an empty ``kept``, for somebody whom there is not, it takes as long and is False.
        """
        with _TURNS:
            if not kept and not self._nobodys:
                self._nobodys = self._hasher.hash("the password of nobody")
            try:
                return self._hasher.verify(kept or self._nobodys, password[:LONGEST]) and bool(kept)
            except (VerificationError, InvalidHashError):
                return False

    def is_outdated(self, kept: str) -> bool:
        """Whether it was hashed with other parameters than today's."""
        return self._hasher.check_needs_rehash(kept)
