"""
Takes secrets, and what could forge a log line, out of anything that is about to be shown.

Two nets: the shapes that tokens have, and the very values that this process was configured with.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from enum import Enum

HIDDEN = "[redacted]"
_LONGEST_TEXT = 16_384
_DEEPEST = 6
_MOST_ITEMS = 100
_SHORTEST_SECRET = 6

# GitLab's own prefixes: https://docs.gitlab.com/security/tokens/#token-prefixes, whsec_ of Standard Webhooks, our mwt_.
_TOKENS = re.compile(
    r"(?:gl(?:pat|ptt|oas|dt|rt|rtr|cbt|ft|imt|agent|soat|ffct)-[A-Za-z0-9_.=\-]{6,}"
    r"|whsec_[A-Za-z0-9+/=_\-]{6,}|mwt_[A-Za-z0-9_\-]{6,})"
)
_HEADERS = re.compile(
    r"""(?ix)
    (\b(?:proxy-)?authorization|private-token|job-token|x-gitlab-token|deploy-token|set-cookie|\bcookie)
    (["']?\s{0,4}[:=,]\s{0,4}(?:b(?=["']))?["']?)
    (?:(?:bearer|basic|token|digest)\s+)?
    [^\s"',;}\])]+
    """
)
_USERINFO = re.compile(r"(?i)\b([a-z][a-z0-9+.\-]{0,30}://)[^\s/@\"'<>]{1,512}@")
_PARAMETERS = re.compile(
    r"""(?ix)
    \b((?:private|access|job|refresh)_token|client_secret|password|secret|token)
    (=|["']\s{0,4}:\s{0,4}["'])
    [^\s&"']+
    """
)
_SENSITIVE_KEYS = re.compile(
    r"(?i)^(?:.*[_-])?(?:authorization|password|passwd|secret|token|private_key|cookie|api_?key)$"
)


def escape_controls(text: str, keep: str = "") -> str:
    r"""
    The text on one line and without effects in a terminal.

    Control, format (bidirectional overrides, zero-width), separator and surrogate characters become ``\n``, ``\x1b``,
    ``\u202e`` and so on, except those in ``keep``.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        character if character in keep or unicodedata.category(character) not in _UNSAFE else _escaped(character)
        for character in text
    )


_UNSAFE = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})


def _escaped(character: str) -> str:
    # ASCII only, so that a terminal never sees the character itself; surrogates are encoded as they are.
    return character.encode("unicode_escape", "surrogatepass").decode("ascii")


class Redactor:
    """Hides tokens by shape and the given secrets by value."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        # Very short values would blank out ordinary words; settings refuse such secrets anyway.
        values = sorted({s for s in secrets if len(s) >= _SHORTEST_SECRET}, key=len, reverse=True)
        self._values = re.compile("|".join(map(re.escape, values))) if values else None

    def text(self, text: str) -> str:
        """The text without secrets, cut to 16,384 characters."""
        # The known values go first: cutting or masking by shape could leave half of one.
        if self._values is not None:
            text = self._values.sub(HIDDEN, text)
        if len(text) > _LONGEST_TEXT:
            text = text[:_LONGEST_TEXT] + " [cut]"
        text = _HEADERS.sub(rf"\1\2{HIDDEN}", text)
        text = _TOKENS.sub(HIDDEN, text)
        text = _USERINFO.sub(rf"\1{HIDDEN}@", text)
        return _PARAMETERS.sub(rf"\1\2{HIDDEN}", text)

    def value(self, value: object, depth: int = 0) -> object:
        """Any value as something a log can hold: texts are redacted and escaped, containers are walked."""
        if value is None or isinstance(value, (bool, int, float)):
            return value
        if isinstance(value, Enum):
            return self.value(value.value, depth)
        if isinstance(value, (bytes, bytearray)):
            value = bytes(value).decode("utf-8", "backslashreplace")
        if isinstance(value, str):
            return escape_controls(self.text(value))
        if depth >= _DEEPEST:
            return "[too deep]"
        if isinstance(value, Mapping):
            pairs = list(value.items())[:_MOST_ITEMS]
            return {escape_controls(self.text(str(key))): self.field(str(key), item, depth + 1) for key, item in pairs}
        if isinstance(value, (list, tuple, set, frozenset)):
            return [self.value(item, depth + 1) for item in list(value)[:_MOST_ITEMS]]
        return escape_controls(self.text(str(value)))

    def field(self, name: str, value: object, depth: int = 0) -> object:
        """A value under a name: hidden altogether where the name says that it is a secret."""
        if _SENSITIVE_KEYS.match(name) and value is not None and not isinstance(value, bool):
            return HIDDEN
        return self.value(value, depth)
