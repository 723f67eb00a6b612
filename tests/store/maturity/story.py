"""What happens in a project, told day by day: written by the same code that writes it in earnest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import PurePosixPath
from typing import Any

from sqlalchemy import Engine, insert

from bot.domain.change_coverage import ChangeCoverage
from bot.domain.maturity.counters import Tally
from bot.domain.suppression import Scope, Suppression
from bot.domain.triage import Justification, TriageState, judge
from bot.domain.verdict import Outcome
from bot.pipeline.tracking import Findings, Look, track
from bot.store import tracking, triage
from bot.store.engine import session, write_session
from bot.store.maturity import collected, counting
from bot.store.maturity.collected import MergeFact, PipelineFact, Progress, ReleaseFact
from bot.store.projects import Project, upsert_projects
from bot.store.statements import table
from bot.store.tables import ClearanceRecord, DecisionRecord, ScanRecord
from bot.store.tracking import OWN, Ref
from scanners.finding import Finding, FindingKind, Location, Severity
from scanners.interface import ScannerStatus
from tests.store.samples import DEPENDENCY, SAST, SECRET
from tests.store.standing import add_run

SHOP, BANK = 5, 6
FIRST = date(2026, 3, 2)
"""A Monday."""
MAIN = Ref(SHOP, "main", is_default=True)
KINDS = {"semgrep": FindingKind.SAST, "pip-audit": FindingKind.DEPENDENCY, "detect-secrets": FindingKind.SECRET}
SOURCES = (collected.PIPELINES, collected.MERGES, collected.RELEASES, collected.CONTENTS, collected.COVERAGE)


def at(day: int, hour: float = 12) -> datetime:
    """A moment on the day that is so many days after the first."""
    return datetime(FIRST.year, FIRST.month, FIRST.day, tzinfo=UTC) + timedelta(days=day, hours=hour)


def day(number: int) -> date:
    return FIRST + timedelta(days=number)


def code(name: str = "a", severity: Severity = Severity.HIGH) -> Finding:
    """A finding of semgrep in a file of this name."""
    return replace(_placed(SAST, f"{name}.py", name), severity=severity)


def secret(name: str = "key") -> Finding:
    return _placed(SECRET, f"{name}.txt", name)


def package() -> Finding:
    return replace(DEPENDENCY, attributions=())


def _placed(finding: Finding, path: str, name: str) -> Finding:
    place = Location(PurePosixPath(path), 10, 12)
    return replace(finding, location=place, match_hash=name, fingerprint=name, attributions=())


def merge_request(iid: int) -> Ref:
    return Ref(SHOP, f"!{iid}", iid, "main")


def exception(**about: object) -> Suppression:
    """An exception for a finding of the first project, in force whenever the test runs; with what is said otherwise."""
    made = Suppression(
        id=0,
        project_id=SHOP,
        scope=Scope.FINDING,
        justification=Justification.ACCEPTABLE_RISK,
        reason="because",
        created_by="ada",
        created_at=at(1),
        # By the database's clock, which is that of today.
        expires_at=at(36_500),
    )
    return replace(made, **about)  # type: ignore[arg-type]


@dataclass
class Story:
    """One store, and what is told of it."""

    engine: Engine

    def __post_init__(self) -> None:
        with write_session(self.engine) as writing:
            upsert_projects(
                writing,
                [Project(SHOP, "shop/backend", default_branch="main"), Project(BANK, "bank/core")],
            )

    def sees(
        self,
        moment: datetime,
        *found: Finding,
        ref: Ref = MAIN,
        with_: Sequence[str] = tuple(KINDS),
        source: str = OWN,
        record: bool = True,
        follows: bool | None = None,
    ) -> tuple[int, ...]:
        """A scan of the whole tree by these scanners; returns the findings' numbers."""
        scan_id = f"{ref.project_id}.{ref.name}.{moment.isoformat()}"
        look = Look(
            ref,
            source,
            f"{moment:%m%d%H%M}" * 5,
            moment,
            looked=lambda scanner, _finding, _path: scanner in with_,
            scan_id=scan_id,
            looked_with=dict.fromkeys(with_, "1.0 rules"),
            follows=follows,
        )
        numbers = track(self.engine, None, look, Findings(found)).plan.numbers
        if record:
            self.scan(scan_id, moment, ref=ref, with_=with_)
        return numbers

    def scan(
        self,
        scan_id: str,
        moment: datetime,
        *,
        ref: Ref = MAIN,
        with_: Sequence[str] = tuple(KINDS),
        outcome: Outcome = Outcome.PASSED,
        head: str = "c" * 40,
        coverage: ChangeCoverage | None = None,
        statuses: Mapping[str, ScannerStatus] | None = None,
        **run: Any,
    ) -> None:
        """That a scan took place, without what it saw."""
        with write_session(self.engine) as writing:
            writing.execute(
                insert(table(ScanRecord)).values(
                    id=scan_id,
                    project_id=ref.project_id,
                    iid=ref.merge_request_iid,
                    project="p",
                    project_url="",
                    ref=ref.name,
                    head_sha=head,
                    outcome=outcome,
                    policy_digest="d" * 64,
                    started_at=moment,
                    recorded_at=moment,
                    seconds=3.5,
                    files_changed=1,
                    files_read=1,
                    error="",
                    violations=[],
                    reasons=[],
                    tolerated=False,
                    coverage=None if coverage is None else coverage.to_json(),
                )
            )
            for place, name in enumerate(with_):
                status = (statuses or {}).get(name, ScannerStatus.COMPLETED)
                kind = KINDS.get(name, FindingKind.SAST)
                mine = run if kind is FindingKind.DEPENDENCY else {}
                add_run(writing, scan_id, place, name, kind=kind, status=status, **mine)

    def verdict(
        self,
        iid: int,
        moment: datetime,
        *,
        seconds: int = 90,
        head: str = "b" * 40,
        outcome: Outcome = Outcome.PASSED,
        because: str = "scan",
        **scan: Any,
    ) -> str:
        """A scan of a merge request with its verdict, and the clearance that follows from it."""
        scan_id = f"mr.{iid}.{moment.isoformat()}"
        decided = moment + timedelta(seconds=seconds)
        self.scan(scan_id, moment, ref=merge_request(iid), outcome=outcome, head=head, **scan)
        self.decide(scan_id, iid, decided, outcome=outcome, because=because)
        if outcome in (Outcome.PASSED, Outcome.WARNED):
            with write_session(self.engine) as writing:
                writing.execute(
                    insert(table(ClearanceRecord)).values(
                        project_id=SHOP,
                        iid=iid,
                        target_branch="main",
                        head_sha=head,
                        base_sha="a" * 40,
                        commits=[],
                        scan_id=scan_id,
                        granted_at=decided,
                        withdrawn_because="",
                    )
                )
        return scan_id

    def decide(
        self, scan_id: str, iid: int, moment: datetime, *, outcome: Outcome = Outcome.PASSED, because: str = "scan"
    ) -> None:
        with write_session(self.engine) as writing:
            writing.execute(
                insert(table(DecisionRecord)).values(
                    scan_id=scan_id,
                    project_id=SHOP,
                    iid=iid,
                    at=moment,
                    because=because,
                    outcome=outcome,
                    policy_digest="d" * 64,
                    inputs={},
                    result={},
                )
            )

    def judges(
        self, moment: datetime, number: int, state: TriageState, justification: Justification | None = None
    ) -> None:
        with write_session(self.engine) as writing:
            event = judge(
                tracking.judgements(writing, [number])[number],
                state=state,
                justification=justification,
                reason="because",
                actor="ada",
                at=moment,
                finding_id=number,
                source="cli",
            )
            triage.record(writing, event)

    def closes(self, moment: datetime, iid: int) -> None:
        """The merge request is closed or merged: nothing stands on it any more."""
        with write_session(self.engine) as writing:
            tracking.close_ref(writing, merge_request(iid), moment)

    def gitlab(
        self,
        *,
        pipelines: Sequence[PipelineFact] = (),
        merges: Sequence[MergeFact] = (),
        releases: Sequence[ReleaseFact] = (),
    ) -> None:
        with write_session(self.engine) as writing:
            collected.keep_pipelines(writing, SHOP, pipelines)
            collected.keep_merges(writing, SHOP, merges)
            collected.keep_releases(writing, SHOP, releases)

    def collected(self, since: int, until: datetime, sources: Sequence[str] = SOURCES) -> None:
        """What GitLab says is known from a day on, up to a moment."""
        with write_session(self.engine) as writing:
            for source in sources:
                collected.keep_progress(writing, SHOP, source, Progress(None, day(since), until))

    def counts(self, first: int, last: int, now: datetime, **more: Any) -> dict[tuple[int, date], Tally]:
        with session(self.engine) as reading:
            return counting.count_days(reading, day(first), day(last), now, **more)

    def tally(self, number: int, now: datetime | None = None, **more: Any) -> dict[str, int]:
        """The shop's counters of one day, with every 0 that is known."""
        moment = now if now is not None else at(number, 23)
        found = self.counts(number, number, moment, **more)
        return counting.filled(found.get((SHOP, day(number)), {}))

    def flows(self, number: int, now: datetime | None = None) -> dict[str, int]:
        """What happened in the shop on a day, without what did not, and without how much is known."""
        found = self.counts(number, number, now or at(number, 23), stocks=()).get((SHOP, day(number)), {})
        return {name: value for name, value in found.items() if not name.startswith("days.")}


def pipeline(number: int, moment: datetime, *, good: bool = True, **more: Any) -> PipelineFact:
    usual: dict[str, Any] = {"seconds": 300, "coverage": None, "jobs": 4, "jobs_ok": 4 if good else 3}
    return PipelineFact(number, "c" * 40, good, moment - timedelta(minutes=6), moment, **(usual | more))


def merge(iid: int, opened: datetime | None, merged: datetime, *, head: str = "b" * 40) -> MergeFact:
    return MergeFact(iid, opened, merged, head, f"{iid:040x}")
