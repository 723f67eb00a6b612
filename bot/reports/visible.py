"""
Text of strangers, made honest: what cannot be seen is spelt out, what breaks lines breaks them in one way.

Bidirectional controls can make code read differently from what a compiler sees (CVE-2021-42574, "Trojan Source"),
escape sequences can rewrite a terminal, and invisible letters can hide a difference. Each is shown as ``{U+202E}``.
"""

from __future__ import annotations

import re
import unicodedata

ELLIPSIS = "…"

_LINE_BREAKS = re.compile("\r\n|[\r\n\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029]")

# Letters and marks that leave nothing on the screen although Unicode does not call them format characters.
_BLANK = frozenset(
    {0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x2800, 0x3164, 0xFFA0}
    | set(range(0x180B, 0x1810))
    | set(range(0xFE00, 0xFE10))
    | set(range(0xE0000, 0xE0FFF))
)
# Control, format, surrogate, private use, unassigned. https://www.unicode.org/reports/tr44/#General_Category_Values
_HIDDEN_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})
_EMOJI_STYLE = "\ufe0f"
_PRINTABLE_ASCII = re.compile(r"[\t\n -~]*")


def lines_of(text: str) -> list[str]:
    """The lines of a text, whichever of the Unicode line ends it uses; at least one."""
    return _LINE_BREAKS.split(text)


def visible(text: str) -> str:
    """
    The text with ``\\n`` as its only line end, tabs kept, and every character that cannot be seen spelt ``{U+XXXX}``.

    Doing it twice changes nothing.
    """
    if _PRINTABLE_ASCII.fullmatch(text):
        return text
    shown: list[str] = []
    previous = ""
    for char in _LINE_BREAKS.sub("\n", text):
        shown.append(_shown(char, previous))
        previous = char
    return "".join(shown)


def one_line(text: str, limit: int | None = None) -> str:
    """The visible text on one line, at most ``limit`` characters; every run of white space is one space."""
    return shorten(" ".join(visible(text).split()), limit)


def shorten(text: str, limit: int | None) -> str:
    """The text, or its first ``limit - 1`` characters and an ellipsis."""
    if limit is None or len(text) <= limit:
        return text
    return text[: max(0, limit - 1)] + ELLIPSIS


def shorten_path(path: str, limit: int) -> str:
    """A path of at most ``limit`` characters that keeps its start and, more of it, its end, where the file name is."""
    if len(path) <= limit:
        return path
    start = max(0, limit // 4)
    return path[:start] + ELLIPSIS + path[len(path) - (limit - start - 1) :]


def _shown(char: str, previous: str) -> str:
    if char in "\n\t":
        return char
    if char == _EMOJI_STYLE and previous and unicodedata.category(previous) in ("So", "Sm"):
        return char
    if ord(char) in _BLANK or unicodedata.category(char) in _HIDDEN_CATEGORIES:
        return f"{{U+{ord(char):04X}}}"
    return char
