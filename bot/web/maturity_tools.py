"""
What the pages about maturity, attestations and summaries do with the pipeline, which the web does not know.

``bot.cli.desk_maturity`` fills it; every callable may ask the store, so it runs in a thread.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Protocol

from bot.domain.maturity.attestation import Attachment, Attestation
from bot.domain.maturity.model import Model
from bot.domain.maturity.period import Period
from bot.domain.maturity.scope import Scope
from bot.domain.maturity.snapshot import Content, SnapshotRow
from bot.domain.maturity.summary import Summary
from bot.domain.roles import Principal
from bot.reports.maturity.summary_formats import Format
from bot.store.maturity.reports import StoredReport
from bot.store.projects import Project
from bot.texts import Language
from bot.web.turns import Turns


class Standing(Protocol):
    """A rating with all that it follows from."""

    @property
    def period(self) -> Period:
        """Over which days."""
        ...

    @property
    def content(self) -> Content:
        """Counters, figures, results."""
        ...

    @property
    def models(self) -> Mapping[str, Model]:
        """Those that rated, by digest."""
        ...

    @property
    def snapshot(self) -> SnapshotRow | None:
        """Where it was written down; None where it was made just now."""
        ...


class ScoreLine(Protocol):
    """One project in a list of scores."""

    @property
    def project(self) -> Project:
        """Which."""
        ...

    @property
    def counted(self) -> bool:
        """Whether anything of it was ever counted."""
        ...

    @property
    def score(self) -> int | None:
        """0 to 100; None for not assessed."""
        ...

    @property
    def level(self) -> int | None:
        """None for not assessed."""
        ...

    @property
    def known(self) -> int:
        """Thousandths of the answers."""
        ...

    @property
    def day(self) -> date | None:
        """Of the snapshot; None where it was rated just now."""
        ...


@dataclass(frozen=True, slots=True)
class MaturityTools:
    """The callables."""

    standing: Callable[[Scope, str, datetime], Standing | None]
    """How something stands, by its kind, name and path; None where nothing of it was ever counted."""
    lines: Callable[[str, datetime], Sequence[ScoreLine]]
    """How every project stands by a model's id, by path."""
    models: Callable[[], tuple[Model, ...]]
    """Those in force."""
    make: Callable[[Scope, Period, Language, Principal, str, datetime], StoredReport]
    """The summary of a period in a language, made by a principal at an address now, or before. Raises
    ``MergewardenError``."""
    draw: Callable[[Summary, Language, Format], bytes]
    """A summary in a format. Raises ``MergewardenError``."""
    attest: Callable[[Principal, Scope, str, str, str, datetime | None, Attachment | None, str], Attestation]
    """Principal, scope, model, demand, text, end, file, address. Raises ``WorkflowError``."""
    confirm: Callable[[Principal, int, str], Attestation]
    """Principal, number, address. Raises ``WorkflowError``."""
    withdraw: Callable[[Principal, int, str, str], Attestation]
    """Principal, number, reason, address. Raises ``WorkflowError``."""
    making: Turns = field(default_factory=Turns)
    """Whoever makes a summary may have everybody's snapshots taken: pages and the API take turns."""
    drawing: Turns = field(default_factory=Turns)
    """A PDF is set in a process that may take gigabytes."""

    def drawn(self, summary: Summary, language: Language, format: Format) -> bytes:
        """``draw``, a PDF when it is its turn. Raises ``Problem`` 503 too."""
        if format.name != "pdf":
            return self.draw(summary, language, format)
        with self.drawing.turn():
            return self.draw(summary, language, format)
