"""
The hidden line that makes a note ours.

It stands at the end of a note, where GitLab shows nothing of it. Anybody can copy one, so it counts only in a note
whose author is the bot; see ``marker_of``.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from enum import Enum

from bot.gitlab.model import Note


class MarkerKind(Enum):
    """What a note of ours is for."""

    FINDING = "finding"
    SUMMARY = "summary"
    FIXED = "fixed"
    """The reply to a thread in which people wrote, that its finding is gone."""
    ANSWER = "answer"
    """The answer to a command; its ``fingerprint`` names the note with the command."""
    REMINDER = "reminder"
    """That exceptions end soon; its ``fingerprint`` names them."""
    MERGE = "merge"
    """What the merge bot waits for or refused; its ``fingerprint`` is the word of the wish's state."""


@dataclass(frozen=True, slots=True)
class Marker:
    """What the hidden line says."""

    kind: MarkerKind
    fingerprint: str = ""
    scanners: tuple[str, ...] = ()
    path_digest: str = ""
    """Digest of the finding's path: the path itself is a stranger's text."""
    body_digest: str = ""
    """Digest of the visible text when we wrote it; differs from the text's own when somebody edited the note."""


_WORD = re.compile(r"[A-Za-z0-9_.:+-]{1,128}")
_LINE = re.compile(
    r"<!-- mergewarden:v1 kind=(?P<kind>[a-z]+)"
    r"(?: fp=(?P<fp>[A-Za-z0-9_.:+-]{1,128}))?"
    r"(?: scanners=(?P<scanners>[A-Za-z0-9_.:+,-]{1,600}))?"
    r"(?: at=(?P<at>[0-9a-f]{16}))?"
    r" d=(?P<d>[0-9a-f]{16}) -->"
)
_ANY = re.compile(r"<!--\s*mergewarden:", re.IGNORECASE)


def key_of(fingerprint: str) -> str:
    """A fingerprint as it stands in a marker: itself where it is a plain word, else its digest."""
    plain = _WORD.fullmatch(fingerprint) is not None and "--" not in fingerprint
    return fingerprint if plain else "x" + _digest(fingerprint)


def path_digest(path: str) -> str:
    """Digest of a path, which may hold any bytes (as surrogates)."""
    return _digest(path)


def text_digest(text: str) -> str:
    """Digest of a note's visible text; line ends and white space at line ends do not count."""
    return _digest(normalised(text))


def normalised(text: str) -> str:
    """A text as far as it matters whether two are equal."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return "\n".join(line.rstrip() for line in lines).strip()


def with_marker(text: str, marker: Marker) -> str:
    """
    A note's body: the text, then the hidden line on a line of its own, with the text's digest filled in.

    Bodies come escaped; should one still hold something that looks like a marker, it is broken here.
    """
    visible = _ANY.sub("&lt;!-- mergewarden;", text).rstrip()
    parts = [f"<!-- mergewarden:v1 kind={marker.kind.value}"]
    if marker.fingerprint:
        parts.append(f"fp={key_of(marker.fingerprint)}")
    if names := [name for name in marker.scanners if _WORD.fullmatch(name) and "--" not in name]:
        parts.append(f"scanners={','.join(names)}")
    if marker.path_digest:
        parts.append(f"at={marker.path_digest}")
    parts.append(f"d={text_digest(visible)} -->")
    # An HTML comment ends a block only after a blank line: without one it would join a list or a table.
    return f"{visible}\n\n{' '.join(parts)}"


def parse(body: str) -> tuple[str, Marker | None]:
    """
    The visible text and the marker of a body; the marker is None unless the last line is exactly one.

    More than one marker in a body means that something is wrong with it: then there is none.
    """
    stripped = body.replace("\r\n", "\n").rstrip()
    text, _, last = stripped.rpartition("\n")
    match = _LINE.fullmatch(last.strip())
    if match is None or len(_ANY.findall(stripped)) != 1:
        return body, None
    try:
        kind = MarkerKind(match["kind"])
    except ValueError:
        return body, None
    if kind is not MarkerKind.SUMMARY and not match["fp"]:
        return body, None
    names = tuple(name for name in (match["scanners"] or "").split(",") if name)
    return text.rstrip(), Marker(kind, match["fp"] or "", names, match["at"] or "", match["d"])


def marker_of(note: Note, bot_id: int) -> Marker | None:
    """The marker of a note, if the note is the bot's own."""
    if note.system or note.author_id != bot_id:
        return None
    return parse(note.body)[1]


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]
