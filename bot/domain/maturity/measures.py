"""
Figures: formulas over counters, with their units and, for the published ones, their targets. Pure.

What assessed firms published of their continuous-delivery assessments (level 3) are the targets of the table; they are
examples of what was good enough there, not demands of the standard.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from types import MappingProxyType
from typing import Final

from bot.domain.maturity.counters import SEVERITIES, Tally
from bot.domain.maturity.period import Period
from bot.texts import N_


class Unit(Enum):
    """What a value counts."""

    SHARE = "share"
    """0 to 1."""
    SECONDS = "seconds"
    COUNT = "count"
    PER_DAY = "per_day"
    """Per project and working day."""
    PER_WEEK = "per_week"
    """Per project and week."""
    PER_KLOC = "per_kloc"
    """Per thousand lines."""


class Better(Enum):
    """Which way is good."""

    HIGHER = "higher"
    LOWER = "lower"


@dataclass(frozen=True, slots=True)
class Target:
    """What a value is held against."""

    value: float
    strict: bool = False
    """Whether the value itself is not enough (``more than``, ``less than``)."""
    published: str = ""
    """What firms published, as they wrote it: digits and signs only."""


Formula = Callable[[Tally, Period], float | None]


@dataclass(frozen=True, slots=True)
class Measure:
    """A named figure."""

    name: str
    """As models call it."""
    title: str
    """English, translatable."""
    unit: Unit
    better: Better
    uses: tuple[str, ...]
    """Counters that it is made of: its evidence."""
    formula: Formula = field(repr=False)
    """The value; None where it is not known."""
    outcome: bool = False
    """Whether it is about what is open or happened and not about what is switched on."""
    relies_on_scans: bool = False
    """Whether it means anything only where all scanners answered: what nobody looked for is not absent."""
    shared: bool = False
    """Whether it is about the organisation and the same for each of its projects."""
    target: Target | None = None
    counts_with: str = ""
    """
    Counter of projects that a project has to be among for the figure to count in a score: of those whose scanners
    answered. Otherwise a scanner that is switched off could raise a score: it finds nothing, fails nothing and takes no
    time. Empty for what does not hang on scanners.
    """

    def value(self, tally: Tally, period: Period) -> float | None:
        """What the counters give, None for not known."""
        if self.relies_on_scans and not tally.get("projects.assessed"):
            return None
        return self.formula(tally, period)

    def reaches(self, value: float | None) -> bool | None:
        """Whether a value reaches the target; None where there is none or nothing is known."""
        if value is None or self.target is None:
            return None
        return holds(value, self.target.value, self.better, strict=self.target.strict)


def holds(value: float, limit: float, better: Better, *, strict: bool = False) -> bool:
    """Whether a value is on the good side of a limit, the limit itself included unless ``strict``."""
    if value == limit:
        return not strict
    return (value > limit) == (better is Better.HIGHER)


# --- Forms of formulas ------------------------------------------------------------------------------------------------


def _sum(tally: Tally, names: tuple[str, ...]) -> int | None:
    """None where one of them is not known."""
    values = [tally.get(name) for name in names]
    return None if None in values else sum(value for value in values if value is not None)


def _ratio(tally: Tally, above: tuple[str, ...], below: tuple[str, ...]) -> float | None:
    upper, lower = _sum(tally, above), _sum(tally, below)
    return None if upper is None or not lower else upper / lower


def _share(above: str, *below: str) -> tuple[tuple[str, ...], Formula]:
    return (above, *below), lambda tally, _: _ratio(tally, (above,), below)


def _count(*names: str) -> tuple[tuple[str, ...], Formula]:
    def formula(tally: Tally, _: Period) -> float | None:
        found = _sum(tally, names)
        return None if found is None else float(found)

    return names, formula


def _per_kloc(*names: str) -> tuple[tuple[str, ...], Formula]:
    def formula(tally: Tally, _: Period) -> float | None:
        found = _ratio(tally, names, ("code.lines",))
        return None if found is None else found * 1000

    return (*names, "code.lines"), formula


def _per_days(name: str, known_days: str, days: Callable[[Period], float]) -> tuple[tuple[str, ...], Formula]:
    def formula(tally: Tally, period: Period) -> float | None:
        # A project-day that nobody asked GitLab about is not a day without merges: it counts on neither side.
        happened, known = tally.get(name), tally.get(known_days)
        if happened is None or not known or not days(period):
            return None
        return happened / (known / period.days * days(period))

    return (name, known_days), formula


def _delivery(tally: Tally, _: Period) -> float | None:
    merged = _ratio(tally, ("merge.seconds",), ("merges.timed",))
    released = _ratio(tally, ("release.lead_seconds",), ("release.leads",))
    return None if merged is None or released is None else merged + released


_FOUND: Final = tuple(f"found.{severity}" for severity in SEVERITIES)
_FIXED: Final = tuple(f"fixed.{severity}" for severity in SEVERITIES)
_SHARE, _SECONDS, _COUNT = Unit.SHARE, Unit.SECONDS, Unit.COUNT
_HIGH, _LOW = Better.HIGHER, Better.LOWER


def _measure(
    name: str,
    title: str,
    unit: Unit,
    better: Better,
    form: tuple[tuple[str, ...], Formula],
    *,
    outcome: bool = False,
    relies_on_scans: bool = False,
    shared: bool = False,
    target: Target | None = None,
) -> Measure:
    uses, formula = form
    return Measure(
        name, title, unit, better, uses, formula, outcome, relies_on_scans, shared, target, _counts_with(uses)
    )


_OF_STATIC_SCANS: Final = frozenset({"code.read_lines", "changed.read_lines"})
_OF_DEPENDENCY_SCANS: Final = frozenset(
    {
        "projects.advisories_fresh",
        "projects.sbom",
        "projects.pinned",
        "components",
        "components.licensed",
        "components.vulnerable",
        "open.dependency",
        "advisories.matched",
    }
)
_OF_SECRET_SCANS: Final = frozenset({"open.secret", "secrets.stopped", "secrets.merged"})
_OF_NO_SCAN: Final = frozenset(
    {
        "projects",
        "projects.ever_scanned",
        "projects.scanned",
        "projects.sast",
        "projects.dependency",
        "projects.secret",
        "projects.level_known",
        "projects.level1",
        "projects.level2",
        "projects.level3",
        "projects.protected",
        "projects.policy_ok",
        "projects.coverage_known",
        "coverage.permille",
        "code.lines",
        "code.scannable_lines",
        "changed.lines",
        "merges",
        "merges.timed",
        "merge.seconds",
        "pipelines",
        "pipelines.ok",
        "pipelines.timed",
        "pipeline.seconds",
        "jobs",
        "jobs.ok",
        "red.times",
        "red.seconds",
        "releases",
        "releases.judged",
        "release.leads",
        "release.lead_seconds",
        "new_code.lines",
        "new_code.covered_lines",
        "reports.delivered",
        "reports.acknowledged",
        "days.store",
        "days.gitlab",
        "days.pipelines",
        "days.merges",
        "days.releases",
        "days.contents",
        "days.coverage",
    }
)


def _counts_with(uses: tuple[str, ...]) -> str:
    """
    What scanners have to have answered: those that the counters come from; what is not listed comes from all of them,
    as do findings, verdicts, and whatever follows from verdicts.
    """
    left = set(uses) - _OF_NO_SCAN
    if not left:
        return ""
    for counters, needed in (
        (_OF_STATIC_SCANS, "projects.sast"),
        (_OF_DEPENDENCY_SCANS, "projects.dependency"),
        (_OF_SECRET_SCANS, "projects.secret"),
    ):
        if left <= counters:
            return needed
    return "projects.assessed"


_PUBLISHED: Final = (
    _measure(
        "static_coverage_existing",
        N_("Static scan coverage, existing code"),
        _SHARE,
        _HIGH,
        _share("code.read_lines", "code.scannable_lines"),
        target=Target(0.6, published="> 50 %, ≥ 60 %"),
    ),
    _measure(
        "static_coverage_new",
        N_("Static scan coverage, new code"),
        _SHARE,
        _HIGH,
        _share("changed.read_lines", "changed.lines"),
        target=Target(0.8, published="> 70 %, ≥ 80 %"),
    ),
    _measure(
        "scan_success",
        N_("Scans that ended with every answer"),
        _SHARE,
        _HIGH,
        _share("scans.ended", "scans"),
        target=Target(1.0, published="100 %"),
    ),
    _measure(
        "unit_coverage_existing",
        N_("Unit-test coverage, existing code"),
        _SHARE,
        _HIGH,
        (
            ("coverage.permille", "projects.coverage_known"),
            lambda tally, _: (
                None
                if (found := _ratio(tally, ("coverage.permille",), ("projects.coverage_known",))) is None
                else found / 1000
            ),
        ),
        target=Target(0.6, strict=True, published="> 60 %, 75 %, 84.39 %"),
    ),
    _measure(
        "unit_coverage_new",
        N_("Unit-test coverage, new code"),
        _SHARE,
        _HIGH,
        _share("new_code.covered_lines", "new_code.lines"),
        target=Target(0.75, published="> 60 %, 75 %, 84.39 %"),
    ),
    _measure(
        "automation_success",
        N_("Jobs on the default branch that succeeded"),
        _SHARE,
        _HIGH,
        _share("jobs.ok", "jobs"),
        target=Target(0.99, strict=True, published="> 99 %, 100 %"),
    ),
    _measure(
        "pipeline_duration",
        N_("Duration of a pipeline on the default branch"),
        _SECONDS,
        _LOW,
        _share("pipeline.seconds", "pipelines.timed"),
        target=Target(480, strict=True, published="< 8 min"),
    ),
    _measure(
        "integrations_per_day",
        N_("Merges into the default branch per working day"),
        Unit.PER_DAY,
        _HIGH,
        _per_days("merges", "days.merges", lambda period: period.working_days),
        target=Target(1.86, published="1.86, 6.54"),
    ),
    _measure(
        "red_fix_time",
        N_("Time from a red pipeline to a green one"),
        _SECONDS,
        _LOW,
        _share("red.seconds", "red.times"),
        outcome=True,
        target=Target(1800, strict=True, published="< 30 min"),
    ),
    _measure(
        "defect_density",
        N_("Open findings per thousand lines"),
        Unit.PER_KLOC,
        _LOW,
        _per_kloc("open.critical", "open.high", "open.medium", "open.low"),
        outcome=True,
        relies_on_scans=True,
        target=Target(0.5, published="0.5 → 0"),
    ),
    _measure(
        "escape_rate",
        N_("Findings first seen after the merge, of all found"),
        _SHARE,
        _LOW,
        _share("escaped", *_FOUND),
        outcome=True,
        relies_on_scans=True,
        target=Target(0.0, published="0"),
    ),
    _measure(
        "delivery_cycle",
        N_("From an opened merge request to the release that holds it"),
        _SECONDS,
        _LOW,
        (("merge.seconds", "merges.timed", "release.lead_seconds", "release.leads"), _delivery),
        outcome=True,
        target=Target(492_480, published="5.7 d, 7 d"),
    ),
    _measure(
        "release_frequency",
        N_("Releases per week"),
        Unit.PER_WEEK,
        _HIGH,
        _per_days("releases", "days.releases", lambda period: period.days / 7),
        target=Target(1.0, published="1 / week, 4 / month"),
    ),
)

_OURS: Final = (
    *(
        _measure(
            f"mttr_{severity}",
            title,
            _SECONDS,
            _LOW,
            _share(f"fixed_seconds.{severity}", f"fixed.{severity}"),
            outcome=True,
        )
        for severity, title in (
            ("critical", N_("Mean time to fix, critical")),
            ("high", N_("Mean time to fix, high")),
            ("medium", N_("Mean time to fix, medium")),
            ("low", N_("Mean time to fix, low")),
        )
    ),
    _measure(
        "sla_hit_rate",
        N_("Findings fixed in time"),
        _SHARE,
        _HIGH,
        _share("fixed.in_time", "fixed.in_time", "fixed.late", "overdue"),
        outcome=True,
        relies_on_scans=True,
    ),
    _measure(
        "reopen_rate", N_("Fixed findings that came back"), _SHARE, _LOW, _share("reopened", *_FIXED), outcome=True
    ),
    _measure(
        "false_positive_rate",
        N_("Judged findings that were false positives"),
        _SHARE,
        _LOW,
        _share("decided.false_positive", "decided"),
        outcome=True,
    ),
    _measure("time_to_verdict", N_("Time to the verdict"), _SECONDS, _LOW, _share("verdict.seconds", "verdicts")),
    _measure("merge_time", N_("From opened to merged"), _SECONDS, _LOW, _share("merge.seconds", "merges.timed")),
    _measure(
        "release_lead",
        N_("From merged to released"),
        _SECONDS,
        _LOW,
        _share("release.lead_seconds", "release.leads"),
    ),
    _measure(
        "reaction_time",
        N_("Time to react to a finding after the merge"),
        _SECONDS,
        _LOW,
        _share("reaction.seconds", "reactions"),
        outcome=True,
    ),
)

_PRACTICES: Final = (
    _measure("scanned", N_("Default branch scanned lately"), _SHARE, _HIGH, _share("projects.scanned", "projects")),
    _measure("sast", N_("Static scanners answered"), _SHARE, _HIGH, _share("projects.sast", "projects")),
    _measure(
        "dependency_scan", N_("Dependency scanners answered"), _SHARE, _HIGH, _share("projects.dependency", "projects")
    ),
    _measure("secret_scan", N_("Secret scanners answered"), _SHARE, _HIGH, _share("projects.secret", "projects")),
    _measure(
        "required_scanners",
        N_("Required scanners answered"),
        _SHARE,
        _HIGH,
        _share("projects.required_answered", "projects"),
    ),
    _measure(
        "advisories_fresh",
        N_("Advisories at most a week old"),
        _SHARE,
        _HIGH,
        _share("projects.advisories_fresh", "projects"),
    ),
    _measure(
        "enforced_l1",
        N_("Commit status and threads enforced (L1)"),
        _SHARE,
        _HIGH,
        _share("projects.level1", "projects.level_known"),
    ),
    _measure(
        "enforced_l2",
        N_("Only the merge bot merges (L2)"),
        _SHARE,
        _HIGH,
        _share("projects.level2", "projects.level_known"),
    ),
    _measure(
        "enforced_l3",
        N_("The server refuses what was not cleared (L3)"),
        _SHARE,
        _HIGH,
        _share("projects.level3", "projects.level_known"),
    ),
    _measure(
        "protected",
        N_("Default branch protected"),
        _SHARE,
        _HIGH,
        _share("projects.protected", "projects.level_known"),
    ),
    _measure("policy_ok", N_("Gate policy in force"), _SHARE, _HIGH, _share("projects.policy_ok", "projects")),
    _measure("sbom", N_("Bill of materials known"), _SHARE, _HIGH, _share("projects.sbom", "projects")),
    _measure("pinned", N_("Dependencies pinned"), _SHARE, _HIGH, _share("projects.pinned", "projects.dependency")),
    _measure(
        "licences_known",
        N_("Components with a known licence"),
        _SHARE,
        _HIGH,
        _share("components.licensed", "components"),
    ),
    _measure("merges_scanned", N_("Merged requests with a verdict"), _SHARE, _HIGH, _share("merges.scanned", "merges")),
    _measure(
        "merges_cleared",
        N_("Merged requests that a verdict let through"),
        _SHARE,
        _HIGH,
        _share("merges.cleared", "merges"),
    ),
    _measure(
        "releases_cleared",
        N_("Releases whose commit was cleared"),
        _SHARE,
        _HIGH,
        _share("releases.cleared", "releases.judged"),
    ),
    _measure(
        "reports_acknowledged",
        N_("Reports that were acknowledged"),
        _SHARE,
        _HIGH,
        _share("reports.acknowledged", "reports.delivered"),
        shared=True,
    ),
    _measure("reports_delivered", N_("Reports delivered"), _COUNT, _HIGH, _count("reports.delivered"), shared=True),
)

_OUTCOMES: Final = (
    *(
        _measure(name, title, _COUNT, _LOW, _count(counter), outcome=True, relies_on_scans=True)
        for name, title, counter in (
            ("open_critical", N_("Open critical findings"), "open.critical"),
            ("open_high", N_("Open high findings"), "open.high"),
            ("open_medium", N_("Open medium findings"), "open.medium"),
            ("open_secrets", N_("Open secrets"), "open.secret"),
            ("overdue", N_("Overdue findings"), "overdue"),
            ("undecided", N_("Findings that nobody has judged"), "undecided"),
            ("vulnerable_components", N_("Vulnerable components"), "components.vulnerable"),
            ("escapes", N_("Findings first seen after the merge"), "escaped"),
            ("secrets_merged", N_("Secrets that came onto the default branch"), "secrets.merged"),
        )
    ),
    *(
        _measure(name, title, _COUNT, _LOW, _count(counter), outcome=True)
        for name, title, counter in (
            ("uncleared", N_("Commits that came around the gate"), "incidents.uncleared"),
            ("break_glass", N_("Break-glass merges"), "incidents.break_glass"),
            ("tampering", N_("Attempts to tamper with the gate"), "incidents.tampering"),
            ("open_incidents", N_("Open incidents"), "incidents.open"),
            ("exceptions", N_("Exceptions in force"), "exceptions.in_force"),
        )
    ),
)

MEASURES: Final[Mapping[str, Measure]] = MappingProxyType(
    {measure.name: measure for measure in (*_PUBLISHED, *_OURS, *_PRACTICES, *_OUTCOMES)}
)
"""Every figure by the name that models use."""
PUBLISHED: Final = _PUBLISHED
"""Those that assessed firms published, in the order of the table."""
FIGURES: Final = (*_PUBLISHED, *_OURS)
"""What the table of figures shows: the published ones, then ours."""
