"""
A plausible year of a small organisation, written into a store: what ``make demo`` and tests of trends look at.

Twelve projects in three groups. Some are good, some improve, one slips, one is neglected and was never scanned, and in
one the static scanner is off in summer. Days are made up as counters (``project_day``), from a simulation in which
findings are found, fixed or left lying; what is open in the end is written as real findings, with exceptions,
incidents, attestations, code sizes and enforcement, so that lists agree with figures. The same seed gives the same
rows. Projects have numbers below zero, which GitLab never has: nobody asks it about them.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from enum import Enum
from pathlib import PurePosixPath
from typing import Final

from bot.domain.enforcement import Enforcement, Level
from bot.domain.incident import Incident, IncidentKind
from bot.domain.maturity.attestation import attachment, made
from bot.domain.maturity.counters import SEVERITIES
from bot.domain.maturity.model import Model
from bot.domain.maturity.period import Period, PeriodKind, night, period_of
from bot.domain.maturity.scope import ORGANISATION, Scope
from bot.domain.suppression import Scope as ExceptionScope
from bot.domain.suppression import Suppression
from bot.domain.triage import Justification
from bot.domain.verdict import GateDecision, Outcome, ScanReport, Subject
from bot.model_files import shipped_models
from bot.pipeline.maturity.snapshots import take, take_night
from bot.pipeline.maturity.summaries import make_summary
from bot.pipeline.tracking import Findings, Look, track
from bot.services import Services
from bot.store import decisions, enforcement, incidents, policies, scans, suppressions
from bot.store.bulk import bulk_insert
from bot.store.desk_tables import DailyCountRecord
from bot.store.engine import write_session
from bot.store.maturity import attestations, collected, counting
from bot.store.maturity.collected import CodeSize
from bot.store.projects import Project, upsert_projects
from bot.store.statements import table
from bot.store.tracking import OWN, Ref
from bot.texts import Language
from scanners.finding import Confidence, Dependency, Finding, FindingKind, Location, Severity
from scanners.interface import ScannerRun, ScannerStatus

CAICT: Final = "caict-ydt3763-6"
FIRST_NUMBER: Final = -112
SEED: Final = 2026
_DEADLINES: Final = {"critical": 7, "high": 30, "medium": 90, "low": 180, "info": 365}
"""Days within which the made-up policy wants findings of a severity mended."""
_KINDS: Final = {"semgrep": FindingKind.SAST, "pip-audit": FindingKind.DEPENDENCY, "detect-secrets": FindingKind.SECRET}
_BY_KIND: Final = {kind: name for name, kind in _KINDS.items()}
_OPENED_LOOKS: Final = (120, 40, 0)
"""Days before the end on which the default branch is really looked at."""


class Character(Enum):
    """How a project is looked after."""

    GOOD = "good"
    IMPROVING = "improving"
    SLIPPING = "slipping"
    NEGLECTED = "neglected"
    """Never scanned."""
    SUMMER = "summer"
    """Its static scanner is off from June to August."""


PROJECTS: Final[Mapping[str, Character]] = {
    "retail/shop": Character.IMPROVING,
    "retail/checkout": Character.GOOD,
    "retail/search": Character.SLIPPING,
    "retail/legacy-coupons": Character.NEGLECTED,
    "banking/accounts": Character.GOOD,
    "banking/payments": Character.IMPROVING,
    "banking/cards": Character.SUMMER,
    "banking/reports": Character.IMPROVING,
    "platform/gateway": Character.GOOD,
    "platform/identity": Character.IMPROVING,
    "platform/storage": Character.GOOD,
    "platform/tools": Character.GOOD,
}


@dataclass(frozen=True, slots=True)
class History:
    """What was written."""

    projects: Mapping[int, str]
    """Full paths by number."""
    characters: Mapping[int, Character]
    first: date
    last: date
    months: tuple[Period, ...]
    """Months of which snapshots were taken, the earliest first."""
    report: int
    """Number of the summary of the last month."""
    open: Mapping[int, int]
    """Findings that are open in the end, by project."""


def write_history(
    services: Services,
    today: date,
    *,
    seed: int = SEED,
    nights: int = 12,
    language: Language = Language.ENGLISH,
    models: Sequence[Model] | None = None,
) -> History:
    """
    Write the twelve months up to the one of ``today``, and this one up to the day before; take their snapshots, with
    so many ``nights`` over the year, and make the last month's summary.
    """
    rating = tuple(models) if models is not None else shipped_models()
    months = _months(today)
    lives = simulated(today, seed)
    first, last = months[0].first, today - timedelta(days=1)
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    with write_session(services.store) as writing:
        upsert_projects(writing, [Project(life.number, life.path, default_branch="main") for life in lives])
        for life in lives:
            counting.keep_days(writing, {(life.number, day): tally for day, tally in life.tallies.items()})
    _write_lines(services, lives)
    with write_session(services.store) as writing:
        reports = {day: {"reports.delivered": 3, "reports.acknowledged": 2 + (day.month % 2)} for day in days[::30]}
        counting.keep_days(writing, {(counting.ORGANISATION_ID, day): tally for day, tally in reports.items()})
    _write_words(services, rating, _at(first))
    for life in lives:
        _write_end(services, life, last)
    for month in months:
        take(services, month, rating, _at(month.last + timedelta(days=1), 3))
    for place in range(nights, 0, -1):
        day = last - timedelta(days=place * (len(days) - 90) // (nights + 1))
        take(services, night(day), rating, _at(day + timedelta(days=1), 3))
    now = _at(today, 3)
    take_night(services, now, rating)
    summary = make_summary(services, ORGANISATION, months[-1], language, made_by="history", now=now)
    return History(
        projects={life.number: life.path for life in lives},
        characters={life.number: life.character for life in lives},
        first=first,
        last=last,
        months=months,
        report=summary.id,
        open={life.number: len(life.open) for life in lives},
    )


def simulated(today: date, seed: int) -> list[_Life]:
    """Every project with what happened in it on each day, the same for the same arguments. Writes nothing."""
    first, last = _months(today)[0].first, today - timedelta(days=1)
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    lives = []
    for place, (path, character) in enumerate(PROJECTS.items()):
        life = _Life(FIRST_NUMBER + place, path, character, random.Random(f"{seed} {path}"))
        for number, day in enumerate(days):
            life.tallies[day] = life.lives(day, number / len(days))
        lives.append(life)
    return lives


def _months(today: date) -> tuple[Period, ...]:
    """Twelve months that are over, the earliest first."""
    found = [period_of(PeriodKind.MONTH, today).previous]
    while len(found) < 12:
        found.append(found[-1].previous)
    return tuple(reversed(found))


def _at(day: date, hour: float = 12) -> datetime:
    return datetime.combine(day, time(), UTC) + timedelta(hours=hour)


# --- the simulation ---------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Open:
    """A finding that is not mended yet."""

    severity: str
    kind: FindingKind
    since: date
    number: int

    @property
    def due(self) -> date:
        return self.since + timedelta(days=_DEADLINES[self.severity])


@dataclass(slots=True)
class _Life:
    """A project, day after day."""

    number: int
    path: str
    character: Character
    chance: random.Random
    tallies: dict[date, dict[str, int]] = field(default_factory=dict)
    open: list[_Open] = field(default_factory=list)
    stocks: dict[str, int] = field(default_factory=dict)
    incidents: list[tuple[date, IncidentKind]] = field(default_factory=list)
    exceptions: list[date] = field(default_factory=list)
    _seen: int = 0
    _lines: int = 0
    _merges_since: int = 0

    def __post_init__(self) -> None:
        self._lines = self.chance.randrange(8_000, 60_000)
        if self.character is not Character.NEGLECTED:
            for _ in range(self.chance.randrange(3, 12) if self.character is Character.GOOD else 18):
                self._opens(date(2000, 1, 1), FindingKind.SAST)

    def lives(self, day: date, gone: float) -> dict[str, int]:
        """One day's counters; ``gone`` is how much of the year is over, 0 to 1."""
        for one in self.open:
            # What was there before anybody looked counts from the first day on.
            one.since = max(one.since, day) if one.since.year == 2000 else one.since
        care = self._care(gone)
        tally = self._gitlab(day, care)
        if self.character is Character.NEGLECTED:
            merged = {"merges.scanned": 0, "merges.cleared": 0, "changed.lines": 0, "changed.read_lines": 0}
            self.stocks = {"projects": 1, "projects.ever_scanned": 0, "projects.scanned": 0, "projects.assessed": 0}
            return tally | merged | {"days.store": 1} | self.stocks
        tally |= self._scans(tally["merges"], care)
        tally |= self._findings(day, care, tally["merges"])
        tally |= self._around(day, care)
        self.stocks = self._stands(day, care)
        return tally | {"days.store": 1} | self.stocks

    def _care(self, gone: float) -> float:
        match self.character:
            case Character.GOOD:
                return 0.92
            case Character.IMPROVING:
                return 0.12 + 0.78 * gone
            case Character.SLIPPING:
                return 0.85 - 0.55 * gone
            case Character.SUMMER:
                return 0.75
            case Character.NEGLECTED:
                return 0.0

    def _off(self, day: date) -> bool:
        return self.character is Character.SUMMER and 6 <= day.month <= 8

    def _often(self, share: float, of: int) -> int:
        return sum(self.chance.random() < share for _ in range(of))

    def _gitlab(self, day: date, care: float) -> dict[str, int]:
        chance = self.chance
        merges = 0 if day.weekday() >= 5 else chance.randrange(0, 3 + round(2 * care))
        pipelines = merges + (day.weekday() < 5)
        good = self._often(0.8 + 0.18 * care, pipelines)
        jobs = pipelines * 6
        red = pipelines - good
        released = int(day.weekday() == 3 and chance.random() < 0.4 + 0.6 * care)
        leads, self._merges_since = (self._merges_since + merges, 0) if released else (0, self._merges_since + merges)
        lines = merges * chance.randrange(20, 120)
        self._lines += lines // 4
        return {
            **dict.fromkeys(
                (
                    *("days.gitlab", "days.pipelines", "days.merges", "days.releases", "days.contents"),
                    "days.coverage",
                ),
                1,
            ),
            "merges": merges,
            "merges.timed": merges,
            "merge.seconds": merges * round(3600 * (6 + 40 * (1 - care)) * chance.uniform(0.6, 1.4)),
            "pipelines": pipelines,
            "pipelines.ok": good,
            "pipelines.timed": pipelines,
            "pipeline.seconds": pipelines * round((420 + 300 * (1 - care)) * chance.uniform(0.8, 1.2)),
            "jobs": jobs,
            "jobs.ok": jobs - red,
            "red.times": int(red > 0),
            "red.seconds": int(red > 0) * round(3600 * (1 + 6 * (1 - care)) * chance.uniform(0.5, 1.5)),
            "releases": released,
            "releases.judged": released,
            "releases.cleared": released if chance.random() < 0.5 + 0.5 * care else 0,
            "release.leads": leads,
            "release.lead_seconds": leads * round(86_400 * (2 + 6 * (1 - care))),
            "new_code.lines": lines,
            "new_code.covered_lines": round(lines * (0.45 + 0.45 * care)),
        }

    def _scans(self, merges: int, care: float) -> dict[str, int]:
        scans = merges * 2 + 1
        ended = self._often(0.9 + 0.095 * care, scans)
        verdicts = merges * 2
        unassessed = min(verdicts, scans - ended)
        failed = self._often(0.3 - 0.2 * care, verdicts - unassessed)
        scanned = self._often(0.7 + 0.3 * care, merges)
        changed = scanned * 60
        return {
            "scans": scans,
            "scans.ended": ended,
            "verdicts": verdicts,
            "verdicts.not_assessed": unassessed,
            "verdicts.failed": failed,
            "verdict.seconds": verdicts * self.chance.randrange(25, 140),
            "merges.scanned": scanned,
            "merges.cleared": self._often(0.85 + 0.15 * care, scanned),
            "changed.lines": changed,
            "changed.read_lines": round(changed * (0.8 + 0.18 * care)),
        }

    def _opens(self, day: date, kind: FindingKind) -> _Open:
        severity = self.chance.choices(SEVERITIES, (1, 5, 9, 5, 2))[0]
        self._seen += 1
        one = _Open(severity, kind, day, self._seen)
        self.open.append(one)
        return one

    def _findings(self, day: date, care: float, merges: int) -> dict[str, int]:
        found = dict.fromkeys((f"found.{severity}" for severity in SEVERITIES), 0)
        tally = found | dict.fromkeys(
            (
                *(f"fixed.{severity}" for severity in SEVERITIES),
                *(f"fixed_seconds.{severity}" for severity in SEVERITIES),
                *("found.before_merge", "escaped", "advisories.matched", "fixed.in_time", "fixed.late", "reopened"),
                *("secrets.stopped", "secrets.merged", "decided", "decided.false_positive"),
                *("reactions", "reaction.seconds"),
            ),
            0,
        )
        if not self._off(day):
            for _ in range(self._often(0.22 - 0.1 * care, merges)):
                severity = self.chance.choices(SEVERITIES, (1, 5, 9, 5, 2))[0]
                tally[f"found.{severity}"] += 1
                tally["found.before_merge"] += 1
            for _ in range(self._often(0.12 * (1.15 - care), merges)):
                secret = self.chance.random() < 0.12
                one = self._opens(day, FindingKind.SECRET if secret else FindingKind.SAST)
                tally[f"found.{one.severity}"] += 1
                tally["escaped"] += 1
                tally["secrets.merged"] += secret
            tally["secrets.stopped"] = int(self.chance.random() < 0.02)
        if self.chance.random() < 0.025:
            one = self._opens(day, FindingKind.DEPENDENCY)
            tally[f"found.{one.severity}"] += 1
            tally["advisories.matched"] += 1
        for one in list(self.open):
            haste = {"critical": 4.0, "high": 2.0}.get(one.severity, 1.0)
            if day > one.since and self.chance.random() < 0.011 * care * haste:
                self.open.remove(one)
                tally[f"fixed.{one.severity}"] += 1
                tally[f"fixed_seconds.{one.severity}"] += (day - one.since).days * 86_400
                tally["fixed.in_time" if day <= one.due else "fixed.late"] += 1
                tally["reactions"] += 1
                tally["reaction.seconds"] += min((day - one.since).days, 6) * 86_400
        tally["decided"] = self._often(0.15 * care, 3)
        tally["decided.false_positive"] = self._often(0.2, tally["decided"])
        tally["reopened"] = int(self.chance.random() < 0.004 * (1.2 - care))
        return tally

    def _around(self, day: date, care: float) -> dict[str, int]:
        tally = dict.fromkeys(
            ("incidents.uncleared", "incidents.break_glass", "incidents.tampering", "exceptions.made"), 0
        )
        for name, kind, share in (
            ("incidents.uncleared", IncidentKind.UNCLEARED_COMMIT, 0.02),
            ("incidents.break_glass", IncidentKind.BREAK_GLASS_MERGE, 0.006),
            ("incidents.tampering", IncidentKind.SETTINGS_WEAKENED, 0.003),
        ):
            if self.chance.random() < share * (1.05 - care):
                tally[name] = 1
                self.incidents.append((day, kind))
        if self.chance.random() < 0.012:
            tally["exceptions.made"] = 1
            self.exceptions.append(day)
        return tally

    def _stands(self, day: date, care: float) -> dict[str, int]:
        off = self._off(day)
        level = 3 if care > 0.9 else 2 if care > 0.7 else 1 if care > 0.4 else 0
        scannable = self._lines * 9 // 10
        components = 120
        dependencies = [one for one in self.open if one.kind is FindingKind.DEPENDENCY]
        counts = {f"open.{severity}": sum(one.severity == severity for one in self.open) for severity in SEVERITIES}
        return {
            "projects": 1,
            "projects.ever_scanned": 1,
            "projects.scanned": 1,
            "projects.sast": int(not off),
            "projects.dependency": 1,
            "projects.secret": 1,
            "projects.required_answered": int(not off),
            "projects.assessed": int(not off),
            "projects.advisories_fresh": int(care > 0.35),
            "projects.level_known": 1,
            **{f"projects.level{n}": int(level >= n) for n in (1, 2, 3)},
            "projects.protected": int(level >= 1),
            "projects.sbom": int(care > 0.5),
            "projects.pinned": int(care > 0.6),
            "projects.policy_ok": 1,
            "projects.coverage_known": 1,
            "coverage.permille": round(1000 * (0.4 + 0.45 * care)),
            "code.lines": self._lines,
            "code.scannable_lines": scannable,
            "code.read_lines": 0 if off else round(scannable * (0.75 + 0.22 * care)),
            **counts,
            "open.secret": sum(one.kind is FindingKind.SECRET for one in self.open),
            "open.dependency": len(dependencies),
            "overdue": sum(one.due < day for one in self.open),
            "undecided": round(len(self.open) * (1 - care)),
            "exceptions.in_force": sum((day - one).days <= 90 for one in self.exceptions),
            "exceptions.waiting": 0,
            "incidents.open": sum((day - at).days < 10 for at, _ in self.incidents),
            "components": components,
            "components.licensed": round(components * (0.8 + 0.19 * care)),
            "components.vulnerable": len(dependencies),
        }


# --- what is there in the end -----------------------------------------------------------------------------------------

_TITLES: Final = {
    FindingKind.SAST: ("SQL built from input", "Unsafe YAML loader", "Shell command built from input", "Weak hash"),
    FindingKind.DEPENDENCY: ("Vulnerable release of a package",),
    FindingKind.SECRET: ("Access key in the code",),
}


def _write_end(services: Services, life: _Life, last: date) -> None:
    """The findings that are open, and everything else that is told as it stands."""
    if life.character is Character.NEGLECTED:
        return
    ref = Ref(life.number, "main", is_default=True)
    for back in _OPENED_LOOKS:
        at = _at(last - timedelta(days=back), 22)
        there = tuple(_finding(life, one) for one in life.open if one.since <= at.date())
        scan_id = f"history.{-life.number}.{back}"
        commit = f"{-life.number:08x}{back:032x}"
        look = Look(
            ref,
            OWN,
            commit,
            at,
            looked=lambda *_: True,
            scan_id=scan_id,
            looked_with=dict.fromkeys(_KINDS, "1.0 rules"),
        )
        track(services.store, None, look, Findings(there))
        with write_session(services.store) as writing:
            scans.record_scan(writing, _report(life, commit, at, None), project_id=life.number, scan_id=scan_id)
    _write_verdicts(services, life, last)
    with write_session(services.store) as writing:
        level = max((n for n in (1, 2, 3) if life.stocks[f"projects.level{n}"]), default=0)
        facts = {"protected_names": ["main"] if level else []}
        enforcement.record(writing, life.number, Enforcement(Level(level)), facts, _at(last))
        lines = (life.stocks[f"code.{name}"] for name in ("lines", "scannable_lines", "read_lines"))
        collected.keep_code_size(writing, life.number, CodeSize("c" * 40, *lines), _at(last))
        for place, (day, kind) in enumerate(life.incidents):
            who = ("mallory", "root", "grace")[place % 3]
            incident = Incident(life.number, kind, f"{day:%Y%m%d}{place:032x}", ref="main", actor=who)
            incidents.report(writing, incident, _at(day, 17))
        for place, day in enumerate(life.exceptions):
            suppressions.create(writing, _exception(life, place, day))
    _close_old(services, life, last)


def _write_lines(services: Services, lives: Sequence[_Life]) -> None:
    """How each project stood at the end of each day, as the desk keeps it for its own lines."""
    rows = [
        {
            "project_id": life.number,
            "day": day,
            **{severity: tally[f"open.{severity}"] for severity in SEVERITIES},
            "undecided": tally["undecided"],
            "overdue": tally["overdue"],
            "due_soon": None,
        }
        for life in lives
        for day, tally in life.tallies.items()
        if "open.high" in tally
    ]
    with write_session(services.store) as writing:
        bulk_insert(writing, table(DailyCountRecord), rows)


def _finding(life: _Life, one: _Open) -> Finding:
    title = _TITLES[one.kind][one.number % len(_TITLES[one.kind])]
    package = f"package-{one.number % 40}"
    found = Finding(
        scanner=_BY_KIND[one.kind],
        rule_id=f"history.{title.split()[0].lower()}",
        kind=one.kind,
        severity=Severity(one.severity),
        confidence=Confidence.HIGH,
        title=title,
        message=f"{title}.",
        location=Location(PurePosixPath(f"src/module_{one.number}.py"), 10, 12),
        match_hash=f"{-life.number}.{one.number}",
        fingerprint=f"{-life.number}.{one.number}",
    )
    if one.kind is FindingKind.DEPENDENCY:
        place = Location(PurePosixPath("requirements.txt"), one.number, one.number)
        names = (f"PYSEC-2099-{one.number}",)
        about = Dependency("PyPI", package, f"1.{one.number}", names, ("2.0",))
        return replace(found, location=place, dependency=about, rule_id=names[0])
    return found


def _report(life: _Life, commit: str, at: datetime, iid: int | None, digest: str = "") -> ScanReport:
    runs = tuple(
        ScannerRun(
            name,
            kind,
            "1.0",
            ScannerStatus.COMPLETED,
            files=120,
            seconds=2.5,
            data_date=at.date() - timedelta(days=1) if kind is FindingKind.DEPENDENCY else None,
        )
        for name, kind in _KINDS.items()
    )
    address = f"https://gitlab.example.com/{life.path}"
    branch = "main" if iid is None else f"change-{iid}"
    subject = Subject(life.path, address, iid, branch, "a" * 40 if iid is not None else None, commit)
    return ScanReport(subject, (), runs, GateDecision(Outcome.PASSED, policy_digest=digest), at, 9.5, 4, 4)


def _write_verdicts(services: Services, life: _Life, last: date) -> None:
    """Two merge requests of each of the last three months, so that policies and decisions can be shown."""
    policy = services.policy().for_project(life.path)
    for place in range(6):
        iid = 100 + place
        at = _at(last - timedelta(days=12 + place * 15), 10)
        commit = f"{-life.number:08x}{iid:032x}"
        report = _report(life, commit, at, iid, policy.digest)
        with write_session(services.store) as writing:
            scans.record_scan(writing, report, project_id=life.number, scan_id=f"history.{-life.number}.mr{iid}")
            policies.keep_snapshot(writing, policy, at)
            decisions.record_decision(
                writing,
                scan_id=f"history.{-life.number}.mr{iid}",
                project_id=life.number,
                iid=iid,
                at=at + timedelta(seconds=80),
                because="scan",
                policy=policy,
                inputs=decisions.DecisionInputs(),
                decision=report.decision,
            )


def _exception(life: _Life, place: int, day: date) -> Suppression:
    return Suppression(
        id=0,
        project_id=life.number,
        scope=ExceptionScope.RULE,
        justification=Justification.ACCEPTABLE_RISK,
        reason="The module is replaced in the next quarter.",
        created_by="ada",
        created_at=_at(day, 15),
        expires_at=_at(day + timedelta(days=90), 15),
        scanner="semgrep",
        rule_id=f"history.weak.{place}",
        needs_approval=True,
        approved_by="grace",
        approved_at=_at(day, 16),
    )


def _close_old(services: Services, life: _Life, last: date) -> None:
    """Incidents are looked into within ten days."""
    with write_session(services.store) as writing:
        for one in incidents.page(writing, project_id=life.number, limit=200):
            if (last - one.first_at.date()).days >= 10:
                closed = one.first_at + timedelta(days=9)
                incidents.close(writing, one.id, actor="grace", reason="Talked to the author.", at=closed)


def _write_words(services: Services, rating: Sequence[Model], at: datetime) -> None:
    """What people attest of CAICT's first levels, each confirmed by a second person; one with a file."""
    model = next((one for one in rating if one.id == CAICT), None)
    if model is None:
        return
    with write_session(services.store) as writing:
        for demand_id, scope, with_file in _WORDS:
            demand = next(demand for _, demand in model.demands if demand.id == demand_id)
            file = attachment("training.txt", b"Who was trained, and when.\nada 2026-01-12\n") if with_file else None
            # Made anew in the middle of the year: they hold for a year.
            for days in (0, 180):
                moment = at + timedelta(days=days)
                word = made(
                    demand,
                    model_id=CAICT,
                    scope=scope,
                    text=f"We do it so, see the handbook of the security team ({demand_id}).",
                    actor="ada",
                    person_id=1,
                    now=moment,
                    attachment=file,
                )
                kept = attestations.add(writing, word, file)
                attestations.confirm(writing, kept.id, by="grace", by_id=2, at=moment + timedelta(days=1))


_WORDS: Final = (
    ("6.1-2-01", ORGANISATION, True),
    ("7.1-2-01", ORGANISATION, False),
    ("8.1-4-01", Scope.of_group("banking"), False),
)


def days_of(history: History) -> Iterator[date]:
    """Every day that was written."""
    for number in range((history.last - history.first).days + 1):
        yield history.first + timedelta(days=number)
