"""
Attestations: what people say of a demand that no data proves, for how long, and who confirmed it. Pure.

A file may come with it. What kind it is follows from its first bytes and from nothing that anybody says of it, and only
kinds that no browser runs are taken.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from bot.domain.maturity.model import Attest, Demand
from bot.domain.maturity.scope import Scope
from bot.errors import MergewardenError, sentence
from bot.redaction import Redactor
from bot.texts import N_

LARGEST_FILE: Final = 5 * 1024 * 1024
"""Bytes of an attachment."""
LONGEST_TEXT: Final = 4_000
"""Characters of what somebody attests."""
LONGEST_NAME: Final = 120
MOST_OPEN: Final = 20
"""Attestations for one demand and scope that are neither over nor taken back."""
MOST_BYTES: Final = 100 * 1024 * 1024
"""Of the files that came for one scope within ``BYTES_COUNT_FOR``. They are kept, whatever becomes of the attestation:
snapshots and evidence packs name them."""
BYTES_COUNT_FOR: Final = timedelta(days=365)
_SHORTEST_TEXT: Final = 10
_REDACTOR: Final = Redactor()


class AttestationError(MergewardenError):
    """Raised for an attestation that cannot be made, confirmed or taken back."""


@dataclass(frozen=True, slots=True)
class Attestation:
    """Somebody's word, as it is kept. It is never changed: it is confirmed, taken back, or made anew."""

    id: int
    model_id: str
    demand_id: str
    scope: Scope
    text: str
    """What he says, plain text."""
    file_name: str
    """Of the attachment; empty for none."""
    file_type: str
    file_digest: str
    """SHA-256 (hex) of the attachment; empty for none."""
    made_by: str
    made_by_id: int | None
    made_at: datetime
    expires_at: datetime
    confirmed_by: str
    """Empty while nobody has."""
    confirmed_by_id: int | None
    confirmed_at: datetime | None
    withdrawn_by: str
    withdrawn_at: datetime | None

    def holds(self, asks: Attest, now: datetime) -> bool:
        """Whether it answers its demand at a moment: made, confirmed where asked for, neither over nor withdrawn."""
        if self.made_at > now or self.expires_at <= now:
            return False
        if self.withdrawn_at is not None and self.withdrawn_at <= now:
            return False
        return not asks.second_person or (self.confirmed_at is not None and self.confirmed_at <= now)


def in_force(
    attestations: Iterable[Attestation], demands: Iterable[Demand], project_id: int, project_path: str, now: datetime
) -> dict[str, int]:
    """
    Demands that somebody's word answers for a project to the number of that attestation.

    Of several the one that holds longest. Those for its groups and for the organisation reach the project.
    """
    asked = {demand.id: demand.asks for demand in demands if isinstance(demand.asks, Attest)}
    found: dict[str, Attestation] = {}
    for one in attestations:
        asks = asked.get(one.demand_id)
        if asks is None or not one.scope.covers(project_id, project_path) or not one.holds(asks, now):
            continue
        best = found.get(one.demand_id)
        if best is None or (one.expires_at, one.id) > (best.expires_at, best.id):
            found[one.demand_id] = one
    return {demand_id: one.id for demand_id, one in found.items()}


# --- making and confirming --------------------------------------------------------------------------------------------


def cleaned_text(text: str) -> str:
    """
    What somebody attests, without what cannot be seen and without what looks like a secret; lines are kept.

    Raises ``AttestationError`` for one that says nothing or is too long.
    """
    # Counted before it is cleaned: a text of any length must not cost any amount of work.
    if len(text) > 2 * LONGEST_TEXT:
        raise _too_long(len(text))
    lines = (_SPACES.sub(" ", _seen(line.replace("\t", " "))).strip() for line in text.splitlines())
    found = _REDACTOR.text(_GAPS.sub("\n\n", "\n".join(lines)).strip())
    if len(found) > LONGEST_TEXT:
        raise _too_long(len(found))
    if len(found) < _SHORTEST_TEXT:
        raise AttestationError(
            N_("an attestation says what is done, and how one can see it"), N_("Write a sentence or two.")
        )
    return found


def made(
    demand: Demand,
    *,
    model_id: str,
    scope: Scope,
    text: str,
    actor: str,
    person_id: int,
    now: datetime,
    expires_at: datetime | None = None,
    attachment: Attachment | None = None,
) -> Attestation:
    """
    A new attestation, without a number. ``expires_at`` None for as long as the model allows.

    Raises ``AttestationError`` for a demand that asks the data, and for an end that is past or too late.
    """
    if not isinstance(demand.asks, Attest):
        raise AttestationError(
            sentence(N_("demand {demand} is answered by data, nobody can attest it"), demand=demand.id),
            N_("What would answer it is told beside it."),
        )
    latest = now + timedelta(days=demand.asks.valid_days)
    end = latest if expires_at is None else expires_at
    if end <= now:
        raise AttestationError(N_("it would be over before it begins"), N_("Name a later day."))
    if end > latest:
        raise AttestationError(
            sentence(N_("it may hold for {days} days at most"), days=demand.asks.valid_days),
            sentence(N_("Name a day until {day}."), day=latest.date().isoformat()),
        )
    return Attestation(
        id=0,
        model_id=model_id,
        demand_id=demand.id,
        scope=scope,
        text=cleaned_text(text),
        file_name=attachment.name if attachment is not None else "",
        file_type=attachment.type if attachment is not None else "",
        file_digest=attachment.digest if attachment is not None else "",
        made_by=actor,
        made_by_id=person_id,
        made_at=now,
        expires_at=end,
        confirmed_by="",
        confirmed_by_id=None,
        confirmed_at=None,
        withdrawn_by="",
        withdrawn_at=None,
    )


def must_have_room(standing: int, kept: int, sent: Attachment | None) -> None:
    """
    Raise ``AttestationError`` where one more is too much.

    ``standing``: how many there are for its demand and scope that are neither over nor taken back. ``kept``: bytes of
    the other files that came for its scope within ``BYTES_COUNT_FOR``; equal files count once.
    """
    if standing >= MOST_OPEN:
        raise AttestationError(
            sentence(N_("there are {count} attestations for this demand already"), count=standing),
            N_("Take back those that nobody needs."),
        )
    if sent is not None and kept + len(sent.content) > MOST_BYTES:
        raise AttestationError(
            sentence(
                N_("the files of a year may have {most} MB, for each project, group or the organisation"),
                most=MOST_BYTES // 1024 // 1024,
            ),
            N_("Send a smaller file, or say in the text where it is to be found."),
        )


def must_be_confirmable(attestation: Attestation, *, actor: str, person_id: int, now: datetime) -> None:
    """Raise ``AttestationError`` where this person cannot confirm it: it is his own, over, or was confirmed already."""
    if attestation.withdrawn_at is not None:
        raise AttestationError(N_("this attestation was taken back"), N_("Have it made anew."))
    if attestation.expires_at <= now:
        raise AttestationError(N_("this attestation is over"), N_("Have it made anew."))
    if attestation.confirmed_at is not None:
        raise AttestationError(
            sentence(N_("this attestation was confirmed by {who} already"), who=attestation.confirmed_by)
        )
    if attestation.made_by_id == person_id or attestation.made_by.casefold() == actor.casefold():
        raise AttestationError(N_("this attestation is yours"), N_("Another person has to confirm it."))


def _seen(text: str) -> str:
    return "".join(character for character in text if unicodedata.category(character) not in _UNSEEN)


def _too_long(count: int) -> AttestationError:
    return AttestationError(
        sentence(N_("an attestation may have {most} characters, this has {count}"), most=LONGEST_TEXT, count=count),
        N_("Put what is longer into a file."),
    )


# --- files ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file whose kind is known."""

    name: str
    """Of the file alone, ending as its kind does."""
    type: str
    """One of ``FILE_TYPES``."""
    digest: str
    """SHA-256 (hex)."""
    content: bytes


FILE_TYPES: Final = {
    "application/pdf": ".pdf",
    "image/png": ".png",
    "image/jpeg": ".jpg",
    "text/plain": ".txt",
}
"""What is taken, with the ending that a file is given. No office files (they hold programs), no HTML, no SVG."""

_BEGINNINGS: Final = (
    (b"%PDF-1.", "application/pdf"),
    (b"%PDF-2.", "application/pdf"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
)
_ENDINGS: Final = {
    "application/pdf": (".pdf",),
    "image/png": (".png",),
    "image/jpeg": (".jpg", ".jpeg"),
    "text/plain": (".txt", ".md", ".csv", ".log"),
}
_MARKUP: Final = re.compile(r"\s*<(?:!doctype|html|svg|\?xml|script|head|body)\b", re.IGNORECASE)
_WINDOW: Final = 16_000
"""Characters that are searched at once for secrets; the redactor cuts what is longer."""
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f]")
_SPACES: Final = re.compile(r"[ \t\u00a0]+")
_GAPS: Final = re.compile(r"\n{3,}")
# Control, format (bidirectional overrides, zero-width), surrogate and private characters.
_UNSEEN: Final = frozenset({"Cc", "Cf", "Cs", "Co"})


def attachment(name: str, content: bytes) -> Attachment:
    """
    A file that somebody sent. Raises ``AttestationError`` for one that is empty, too large, or of no kind that is
    taken; for plain text also where it looks like it holds a secret.
    """
    if not content:
        raise AttestationError(N_("the file is empty"), N_("Choose another."))
    if len(content) > LARGEST_FILE:
        raise AttestationError(
            sentence(N_("a file may have {most} MB"), most=LARGEST_FILE // 1024 // 1024), N_("Send a smaller one.")
        )
    kind = next((kind for beginning, kind in _BEGINNINGS if content.startswith(beginning)), None)
    if kind is None:
        kind = _text_kind(content)
    if kind is None:
        raise AttestationError(
            N_("this is no PDF, PNG, JPEG or plain text (UTF-8)"),
            N_("Print office files to PDF, and take pictures as PNG."),
        )
    return Attachment(_file_name(name, kind), kind, hashlib.sha256(content).hexdigest(), content)


def _text_kind(content: bytes) -> str | None:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return None
    if _MARKUP.match(text[:2_000]):
        return None
    if _CONTROL.search(text):
        return None
    for start in range(0, len(text), _WINDOW // 2):
        # Two windows overlap: what is cut by one is whole in the next.
        window = text[start : start + _WINDOW]
        if _REDACTOR.text(window) != window:
            raise AttestationError(N_("the file seems to hold a password or a token"), N_("Take it out first."))
    return "text/plain"


def _file_name(name: str, kind: str) -> str:
    bare = re.split(r"[/\\]", _seen(name[:1_000]))[-1]
    bare = re.sub(r"[^\w .()+-]", "_", bare).strip(" .") or "attachment"
    stem, dot, ending = bare.rpartition(".")
    if not dot or f".{ending.lower()}" not in _ENDINGS[kind]:
        stem, ending = bare, FILE_TYPES[kind][1:]
    return f"{stem.strip(' .')[: LONGEST_NAME - 5] or 'attachment'}.{ending.lower()}"
