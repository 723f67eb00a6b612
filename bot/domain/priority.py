"""
What comes first: how urgent a finding is, why, and what it waits for. Pure.

Points are added up, so that everybody can check the sum; each factor has its own bound. What weighs how much:

* **Known to be exploited** outweighs every other factor but the severity: of all vulnerabilities only a few in a
  hundred are ever attacked, and CISA's catalogue lists those that are, to be mended first.
  https://www.cisa.gov/known-exploited-vulnerabilities-catalog
* **Severity** is what an attack does, as the scanner or advisory says (for advisories from CVSS). CVSS itself says that
  its base score is no risk: what follows adjusts it. https://www.first.org/cvss/v4-0/user-guide
* **EPSS** is the probability that a vulnerability is attacked within 30 days. Most have less than 1 %, so that the
  steps are 1, 10 and 50 %. https://www.first.org/epss/user-guide
* **Exposure** of the project stands for CVSS's environmental metrics: who can reach it at all. SSVC decides by
  exploitation and exposure first as well. https://www.cisa.gov/ssvc
* **Confidence**: what is probably false can wait.
* **Time left** until the policy wants it mended, **where** it is (what is on the default branch is shipped), and
  whether there is **a fix**: the same work gains more.

What is not known gives the points of neither good nor bad, and the part says that it is not known.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import TYPE_CHECKING

from scanners.finding import Confidence, Severity

if TYPE_CHECKING:
    from bot.domain.policy import Sla

from bot.domain.known import Whereabouts
from bot.domain.triage import TriageState


class Exposure(Enum):
    """Who can reach what a project runs. In order: its position is stored."""

    UNKNOWN = "unknown"
    INTERNAL = "internal"
    PARTNERS = "partners"
    INTERNET = "internet"


class Standing(Enum):
    """What a finding waits for. In order: its position is stored."""

    CLOSED = "closed"
    """Nothing: it is seen nowhere any more, is called resolved, was dismissed, or a suppression covers it."""
    SNOOZED = "snoozed"
    """The end of the time for which somebody put it aside."""
    CONFIRMED = "confirmed"
    """To be mended: somebody judged that it is true."""
    UNDECIDED = "undecided"
    """A decision."""
    REQUESTED = "requested"
    """A second person: somebody asked for an exception."""


@dataclass(frozen=True, slots=True)
class Factors:
    """What the priority follows from."""

    severity: Severity
    confidence: Confidence
    whereabouts: Whereabouts
    known_exploited: bool | None = None
    """None where nobody could say, or where it is about no vulnerability with a CVE id."""
    epss: float | None = None
    """0 to 1; None likewise."""
    fix_available: bool = False
    exposure: Exposure = Exposure.UNKNOWN
    due_at: datetime | None = None
    """When the policy wants it mended; None for never."""
    now: datetime | None = None
    """The moment that ``due_at`` is compared with; None leaves the time out."""


class Factor(Enum):
    """One of the things that make a finding urgent."""

    SEVERITY = "severity"
    KNOWN_EXPLOITED = "known_exploited"
    EPSS = "epss"
    EXPOSURE = "exposure"
    CONFIDENCE = "confidence"
    TIME_LEFT = "time_left"
    WHEREABOUTS = "whereabouts"
    FIX = "fix"


@dataclass(frozen=True, slots=True)
class Part:
    """What one factor adds."""

    factor: Factor
    points: int
    word: str
    """A key and no text, for example ``high``, ``listed``, ``overdue`` or ``unknown``: pages translate it."""


_SEVERITY = {
    Severity.CRITICAL: 400,
    Severity.HIGH: 280,
    Severity.MEDIUM: 160,
    Severity.LOW: 60,
    Severity.INFO: 0,
}
_LISTED = 300
_EPSS = ((0.5, 150, "very_likely"), (0.1, 90, "likely"), (0.01, 30, "possible"), (0.0, 0, "unlikely"))
_EXPOSURE = {Exposure.INTERNET: 120, Exposure.PARTNERS: 60, Exposure.UNKNOWN: 40, Exposure.INTERNAL: 0}
_CONFIDENCE = {Confidence.HIGH: 80, Confidence.MEDIUM: 40, Confidence.LOW: 0}
_WHEREABOUTS = {Whereabouts.DEFAULT_BRANCH: 60, Whereabouts.ELSEWHERE: 20, Whereabouts.NOWHERE: 0}
_FIX = 30
_TIME_LEFT = (
    (timedelta(0), 100, "overdue"),
    (timedelta(days=2), 70, "within_2_days"),
    (timedelta(days=7), 40, "within_7_days"),
    (timedelta(days=30), 15, "within_30_days"),
)
LARGEST_SCORE = 400 + _LISTED + 150 + 120 + 80 + 60 + _FIX + 100
"""Points of a finding about which everything is as bad as can be."""


def score(factors: Factors) -> int:
    """How urgent it is; more is more urgent, 0 at least. The sum of what ``explain`` lists."""
    points = _SEVERITY[factors.severity] + _CONFIDENCE[factors.confidence] + _WHEREABOUTS[factors.whereabouts]
    points += _EXPOSURE[factors.exposure] + _epss(factors.epss)[0] + _time_left(factors.due_at, factors.now)[0]
    return points + _LISTED * bool(factors.known_exploited) + _FIX * factors.fix_available


def explain(factors: Factors) -> tuple[Part, ...]:
    """What each factor adds, in the order of ``Factor``; those that add nothing are there as well."""
    exploited = factors.known_exploited
    left, due = _time_left(factors.due_at, factors.now)
    likely, how = _epss(factors.epss)
    return (
        Part(Factor.SEVERITY, _SEVERITY[factors.severity], factors.severity.value),
        Part(
            Factor.KNOWN_EXPLOITED,
            _LISTED if exploited else 0,
            "unknown" if exploited is None else "listed" if exploited else "not_listed",
        ),
        Part(Factor.EPSS, likely, how),
        Part(Factor.EXPOSURE, _EXPOSURE[factors.exposure], factors.exposure.value),
        Part(Factor.CONFIDENCE, _CONFIDENCE[factors.confidence], factors.confidence.value),
        Part(Factor.TIME_LEFT, left, due),
        Part(Factor.WHEREABOUTS, _WHEREABOUTS[factors.whereabouts], factors.whereabouts.value),
        Part(Factor.FIX, _FIX if factors.fix_available else 0, "available" if factors.fix_available else "none_known"),
    )


def due_at(first_seen_at: datetime, severity: Severity, sla: Sla) -> datetime | None:
    """
    When the policy wants a finding mended: the end of its last day, as the gate counts; None for never.

    A finding is overdue to the gate when more than ``sla.days`` days lie between the day on which it was first seen and
    today (``bot.domain.rule_index``), so the moment is the beginning of the day after.
    """
    days = sla.days(severity)
    if days is None:
        return None
    midnight = first_seen_at.replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight + timedelta(days=days + 1)


def next_change(due: datetime | None, now: datetime) -> datetime | None:
    """When the time left gives other points the next time; None for never."""
    if due is None:
        return None
    moments = [due - left for left, _, _ in _TIME_LEFT]
    return min((moment for moment in moments if moment > now), default=None)


def standing_of(
    *,
    state: TriageState,
    whereabouts: Whereabouts,
    suppressed: bool,
    requested: bool,
    changed: bool = False,
    snoozed: bool = False,
) -> Standing:
    """
    What a finding waits for.

    ``suppressed``: whether an exception is in force for it; ``requested``: whether one waits for a second person;
    ``changed``: whether its lines were edited after it was judged, so that a dismissal says nothing of the code as it
    is now; ``snoozed``: whether somebody put it aside for a time that has not ended.

    A dismissal whose exception has ended, or never came into force, waits for a decision again.
    """
    if whereabouts is Whereabouts.NOWHERE or state is TriageState.RESOLVED:
        return Standing.CLOSED
    if suppressed:
        return Standing.CLOSED
    if requested and not changed:
        return Standing.REQUESTED
    if snoozed:
        return Standing.SNOOZED
    return Standing.CONFIRMED if state is TriageState.CONFIRMED else Standing.UNDECIDED


def _epss(share: float | None) -> tuple[int, str]:
    if share is None:
        return 0, "unknown"
    return next((points, word) for least, points, word in _EPSS if share >= least)


def _time_left(due: datetime | None, now: datetime | None) -> tuple[int, str]:
    if due is None or now is None:
        return 0, "no_limit"
    left = due - now
    return next(((points, word) for most, points, word in _TIME_LEFT if left <= most), (0, "later"))
