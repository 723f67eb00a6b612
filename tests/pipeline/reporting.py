"""A stand-in for the import itself: notes what it was given, and stores what the pipeline's job asks about."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from bot.domain.intake import Intake, ReportRefused
from bot.services import Services
from bot.store import imports
from bot.store.engine import write_session
from scanners.imports.model import Rejected

REFUSED = b"not a report"


@dataclass(frozen=True)
class FakeOutcome:
    """What the import says that it did."""

    import_id: int = 1
    format: str = "sarif"
    digest: str = "ab" * 32
    tools: tuple[str, ...] = ("eslint",)
    counts: Mapping[str, int] = field(default_factory=lambda: {"new": 1, "known": 2, "gone": 0, "rejected": 1})
    rejected: tuple[Rejected, ...] = (Rejected("runs[0].results[3]", "the path leaves the repository"),)
    repeated: bool = False


@dataclass(frozen=True)
class Taken:
    """One call."""

    content: bytes
    project_id: int
    intake: Intake
    actor: str


@dataclass
class FakeTakeIn:
    """Refuses ``REFUSED``, raises ``failure`` once where there is one, and takes everything else."""

    services: Services
    calls: list[Taken] = field(default_factory=list)
    failure: Exception | None = None

    def __call__(self, path: Path, project_id: int, intake: Intake, *, actor: str) -> FakeOutcome:
        content = path.read_bytes()
        if content == REFUSED:
            raise ReportRefused(f"{path.name}, line 1: it is no report", "Give a report.")
        if self.failure is not None:
            failure, self.failure = self.failure, None
            raise failure
        digest = hashlib.sha256(content).hexdigest()
        place = (project_id, intake.ref, intake.merge_request_iid)
        with write_session(self.services.store) as writing:
            before = imports.last_identical(writing, *place, digest)
            number = imports.record(
                writing,
                project_id=project_id,
                ref=intake.ref,
                merge_request_iid=intake.merge_request_iid,
                commit=intake.commit,
                format="sarif",
                digest=digest,
                tools=["eslint"],
                actor=actor,
                counts={"new": 1},
            )
        self.calls.append(Taken(content, project_id, intake, actor))
        return FakeOutcome(number, digest=digest, repeated=before is not None)
