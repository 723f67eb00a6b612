"""Made-up projects whose counters follow from what happened in them, so that one thing can be added or taken away."""

from __future__ import annotations

from dataclasses import dataclass, replace

from hypothesis import strategies as st

from bot.domain.maturity.counters import SEVERITIES

KINDS = {
    "semgrep": "sast",
    "bandit": "sast",
    "pip-audit": "dependency",
    "osv": "dependency",
    "detect-secrets": "secret",
}
"""Every scanner that there is, and what it looks for."""
SCANNERS = tuple(KINDS)


@dataclass(frozen=True, slots=True)
class Found:
    """A finding, and what became of it."""

    scanner: str
    severity: str
    escaped: bool
    fixed_after: int | None
    """Seconds; None while it is open."""
    late: bool
    judged: bool
    false_positive: bool
    reopened: bool
    stopped: bool
    """Whether it never came onto the default branch."""

    @property
    def counted(self) -> bool:
        """A false positive counts nowhere but among decisions."""
        return not (self.judged and self.false_positive)

    @property
    def open(self) -> bool:
        return self.counted and not self.stopped and self.fixed_after is None


@dataclass(frozen=True, slots=True)
class Project:
    """What happened in a project."""

    answers: frozenset[str]
    """Scanners that answered about the default branch."""
    required: frozenset[str]
    fresh: frozenset[str]
    """Scanners with fresh advisories."""
    unpinned: frozenset[str]
    """Scanners that left something out because it was not pinned."""
    found: tuple[Found, ...]
    scans: tuple[frozenset[str], ...]
    """Of each scan the scanners that failed in it."""
    files: tuple[tuple[int, frozenset[str]], ...]
    """Lines of each file, and which static scanners could not read it."""
    blocked: tuple[frozenset[str], ...]
    """Of each merged request the scanners whose findings stood in its way."""
    unscanned_merges: int
    verdict_seconds: tuple[tuple[str, int], ...]
    """How long each scanner takes."""
    others: tuple[tuple[str, int], ...]
    """Counters that no scanner has to do with."""
    ever_scanned: bool = True

    def without(self, scanner: str) -> Project:
        """The same with a scanner that was never there: it answers nothing, finds nothing, blocks nothing, fails
        nothing, requires nothing and takes no time."""
        gone = frozenset({scanner})
        return replace(
            self,
            answers=self.answers - gone,
            required=self.required - gone,
            fresh=self.fresh - gone,
            unpinned=self.unpinned - gone,
            found=tuple(one for one in self.found if one.scanner != scanner),
            scans=tuple(failed - gone for failed in self.scans),
            files=tuple((lines, unread - gone) for lines, unread in self.files),
            blocked=tuple(blocking - gone for blocking in self.blocked),
            verdict_seconds=tuple(one for one in self.verdict_seconds if one[0] != scanner),
        )

    def tally(self) -> dict[str, int]:
        """Its counters."""
        of_kind = {kind: {name for name in SCANNERS if KINDS[name] == kind} for kind in set(KINDS.values())}
        answered = {kind: int(names <= self.answers) for kind, names in of_kind.items()}
        required = int(self.required <= self.answers)
        assessed = int(self.ever_scanned and required and all(answered.values()))
        looked_up = of_kind["dependency"] & self.answers
        counts = {
            "projects": 1,
            "projects.ever_scanned": int(self.ever_scanned),
            "projects.scanned": int(self.ever_scanned and bool(self.answers)),
            **{f"projects.{kind}": answer for kind, answer in answered.items()},
            "projects.required_answered": required,
            "projects.assessed": assessed,
            "projects.advisories_fresh": int(looked_up <= self.fresh),
            "projects.sbom": 1,
            "projects.pinned": int(not self.unpinned),
            "code.lines": sum(lines for lines, _ in self.files),
            "code.scannable_lines": sum(lines for lines, _ in self.files),
            "code.read_lines": sum(lines for lines, unread in self.files if not unread),
            "changed.lines": 100 + len(self.files),
            "changed.read_lines": 100 + sum(not unread for _, unread in self.files),
            "scans": len(self.scans),
            "scans.ended": sum(not failed for failed in self.scans),
            "verdicts": len(self.blocked),
            "verdicts.failed": sum(bool(one) for one in self.blocked),
            "verdict.seconds": len(self.blocked) * sum(seconds for _, seconds in self.verdict_seconds),
            "merges": len(self.blocked) + self.unscanned_merges,
            "merges.scanned": len(self.blocked),
            "merges.cleared": sum(not one for one in self.blocked),
            "releases.judged": len(self.blocked),
            "releases.cleared": sum(not one for one in self.blocked),
            "incidents.uncleared": sum(bool(one) for one in self.blocked) + self.unscanned_merges,
            "incidents.break_glass": sum(bool(one) for one in self.blocked),
            "incidents.open": sum(bool(one) for one in self.blocked),
            "exceptions.in_force": sum(one.judged for one in self.found),
            **self._of_findings(),
        }
        return dict(self.others) | counts

    def _of_findings(self) -> dict[str, int]:
        counted = [one for one in self.found if one.counted]
        still = [one for one in counted if one.open]
        fixed = [one for one in counted if one.fixed_after is not None and not one.stopped]
        secret = [one for one in counted if KINDS[one.scanner] == "secret"]
        packages = [one for one in still if KINDS[one.scanner] == "dependency"]
        reacted = [one for one in counted if one.escaped and (one.judged or one.fixed_after is not None)]
        counts = {
            "open.secret": sum(KINDS[one.scanner] == "secret" for one in still),
            "open.dependency": len(packages),
            "overdue": sum(one.late for one in still),
            "undecided": sum(not one.judged for one in still),
            "components": 10 + len(packages),
            "components.licensed": 9,
            "components.vulnerable": len(packages),
            "found.before_merge": sum(not one.escaped for one in counted),
            "escaped": sum(one.escaped for one in counted),
            "advisories.matched": sum(one.escaped for one in packages),
            "fixed.in_time": sum(not one.late for one in fixed),
            "fixed.late": sum(one.late for one in fixed),
            "reopened": sum(one.reopened for one in fixed),
            "secrets.stopped": sum(one.stopped for one in secret),
            "secrets.merged": sum(not one.stopped for one in secret),
            "decided": sum(one.judged for one in self.found),
            "decided.false_positive": sum(one.judged and one.false_positive for one in self.found),
            "reactions": len(reacted),
            "reaction.seconds": sum(one.fixed_after or 3_600 for one in reacted),
        }
        for severity in SEVERITIES:
            counts[f"open.{severity}"] = sum(one.severity == severity for one in still)
            counts[f"found.{severity}"] = sum(one.severity == severity for one in counted)
            mended = [one for one in fixed if one.severity == severity]
            counts[f"fixed.{severity}"] = len(mended)
            counts[f"fixed_seconds.{severity}"] = sum(one.fixed_after or 0 for one in mended)
        return counts


OTHERS = (
    "projects.level_known",
    "projects.level1",
    "projects.level2",
    "projects.level3",
    "projects.protected",
    "projects.policy_ok",
    "projects.coverage_known",
)


def findings() -> st.SearchStrategy[Found]:
    return st.builds(
        Found,
        scanner=st.sampled_from(SCANNERS),
        severity=st.sampled_from(SEVERITIES),
        escaped=st.booleans(),
        fixed_after=st.none() | st.integers(1, 10_000_000),
        late=st.booleans(),
        judged=st.booleans(),
        false_positive=st.booleans(),
        reopened=st.booleans(),
        stopped=st.booleans(),
    )


def open_findings() -> st.SearchStrategy[Found]:
    """Findings that are there and open, judged or not."""
    return findings().map(
        lambda one: replace(one, fixed_after=None, false_positive=False, reopened=False, stopped=False)
    )


def some(of: tuple[str, ...] = SCANNERS) -> st.SearchStrategy[frozenset[str]]:
    # Mostly nobody, so that most projects are fine.
    return st.just(frozenset[str]()) | st.frozensets(st.sampled_from(of))


def _others() -> st.SearchStrategy[tuple[tuple[str, int], ...]]:
    switches = st.tuples(*(st.tuples(st.just(name), st.integers(0, 1)) for name in OTHERS))
    amounts = st.tuples(
        st.tuples(st.just("coverage.permille"), st.integers(0, 1000)),
        st.tuples(st.just("jobs"), st.just(1000)),
        st.tuples(st.just("jobs.ok"), st.integers(900, 1000)),
        st.tuples(st.just("red.times"), st.integers(0, 3)),
        st.tuples(st.just("red.seconds"), st.integers(0, 9_000)),
        st.tuples(st.just("days.gitlab"), st.just(90)),
        st.tuples(st.just("days.merges"), st.just(90)),
        st.tuples(st.just("days.releases"), st.just(90)),
        st.tuples(st.just("days.store"), st.just(90)),
        st.tuples(st.just("incidents.tampering"), st.integers(0, 1)),
    )
    return st.tuples(switches, amounts).map(lambda both: (*both[0], *both[1]))


def projects() -> st.SearchStrategy[Project]:
    """Projects that were scanned, most of them by everything."""
    return st.builds(
        Project,
        answers=st.just(frozenset(SCANNERS)) | st.frozensets(st.sampled_from(SCANNERS)),
        required=some(),
        fresh=st.just(frozenset(SCANNERS)) | some(),
        unpinned=some(("pip-audit", "osv")),
        found=st.lists(findings(), max_size=6).map(tuple),
        scans=st.lists(some(), max_size=4).map(tuple),
        files=st.lists(st.tuples(st.integers(1, 5_000), some(("semgrep", "bandit"))), max_size=4).map(tuple),
        blocked=st.lists(some(), max_size=4).map(tuple),
        unscanned_merges=st.integers(0, 2),
        verdict_seconds=st.tuples(*(st.tuples(st.just(name), st.integers(1, 2_000)) for name in SCANNERS)),
        others=_others(),
    )


SHARED = {"reports.delivered": 4, "reports.acknowledged": 3}
"""The organisation's counters."""
