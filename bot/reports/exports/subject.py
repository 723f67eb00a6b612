"""What an export is about, and what a writer of one format is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO, Protocol

from bot.domain.known import KnownFinding
from bot.reports.wording import Lookup, Wording, words_in
from bot.texts import Language


@dataclass(frozen=True, slots=True)
class ExportSubject:
    """One project at one moment."""

    project: str
    """Full path."""
    project_url: str
    """Its page; empty where it has none."""
    generated_at: datetime
    """With time zone."""
    tool_version: str
    language: Language = Language.ENGLISH
    """Of titles, messages and remediation, where the rule catalogue has them. Ids and words of enums are English."""
    author: str = "Mergewarden"
    """Whose word a VEX document is: a person or an organisation."""
    lookup: Lookup | None = None
    """Instead of the rule catalogue."""

    def __post_init__(self) -> None:
        if self.generated_at.tzinfo is None:
            raise ValueError("a time without its zone says nothing")

    def wording(self) -> Wording:
        """The words of its language."""
        return words_in(self.language, self.lookup)


class Write(Protocol):
    """
    Writes findings to a stream as they come and holds few of them at once; how many rows it wrote.

    The stream is neither closed nor sought. Whatever the findings raise goes through.
    """

    def __call__(self, stream: BinaryIO, subject: ExportSubject, findings: Iterable[KnownFinding], /) -> int:
        """One whole document."""
        ...


@dataclass(frozen=True, slots=True)
class Exporter:
    """One format."""

    write: Write
    summary: str
    """Half a sentence for a list of formats."""
    media_type: str
    suffix: str
    """What files of the format are called."""
    binary: bool = False
    """Whether a terminal should be spared it."""
