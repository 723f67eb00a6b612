"""
Takes secrets out of text before anybody can store or show it.

Two sources of knowledge: what a secret scanner found (exact values), and weaknesses about secrets (all literals).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

MASK = "***"

# Quoted text on one line, with escapes; a quote that is never closed hides the rest of the line.
_LITERAL = re.compile(r"""(?P<quote>"{3}|'{3}|["'`])(?P<body>(?:\\.|(?!(?P=quote)).)*)(?P<end>(?P=quote)|$)""")
# key = value, key: value, key => value, export KEY=value, without quotes. Everything behind the sign goes.
_ASSIGNED = re.compile(r"""^(?P<head>[^=:\n]{1,200}?(?:=>|:=|[:=])[ \t]*)(?P<value>[^"'`\s*(\[{][^\n]*)$""")
_USER_INFO = re.compile(r"(://[^\s:/@]{0,200}:)[^\s@/]{1,400}(@)")
_TOKEN = re.compile(r"(?=[A-Za-z0-9+/_=-]*\d)(?=[A-Za-z0-9+/_=-]*[A-Za-z])[A-Za-z0-9+/_=-]{16,}")
_PEM_BEGIN = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY")
_PEM_END = re.compile(r"-----END [A-Z ]*PRIVATE KEY")
_SHORTEST_SECRET = 4


def mask_literals(text: str) -> str:
    """``text`` with the inside of every quoted literal replaced; line by line."""
    return "\n".join(
        _LITERAL.sub(lambda m: f"{m['quote']}{MASK if m['body'] else ''}{m['end']}", line) for line in text.split("\n")
    )


def mask_line(line: str) -> str:
    """A line that is known to hold a secret: literals, unquoted values, passwords in URLs and long tokens all go."""
    line = mask_literals(line)
    line = _USER_INFO.sub(rf"\1{MASK}\2", line)
    line = _ASSIGNED.sub(rf"\g<head>{MASK}", line)
    return _TOKEN.sub(MASK, line)


def mask_values(text: str, values: Iterable[str]) -> str:
    """``text`` without any of these exact values, longest first so that no rest of one shows."""
    for value in sorted((v for v in values if len(v) >= _SHORTEST_SECRET), key=len, reverse=True):
        text = text.replace(value, MASK)
    return text


def private_key_lines(lines: Sequence[str]) -> set[int]:
    """Numbers (from 1) of the lines of private keys in PEM form; to the end of the file when one is cut off."""
    inside = False
    found: set[int] = set()
    for number, line in enumerate(lines, start=1):
        if not inside and _PEM_BEGIN.search(line):
            inside = True
        if inside:
            found.add(number)
        if inside and _PEM_END.search(line):
            inside = False
    return found
