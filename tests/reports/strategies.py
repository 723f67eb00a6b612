"""Whole reports whose every text a stranger wrote."""

from __future__ import annotations

from dataclasses import replace
from pathlib import PurePosixPath

from hypothesis import strategies as st

from bot.domain.verdict import (
    Effect,
    GateDecision,
    Outcome,
    Presence,
    Reason,
    ReasonCode,
    ScanReport,
    Suppressed,
    TrackedFinding,
    Violation,
)
from scanners.finding import Attribution, Confidence, Dependency, Finding, FindingKind, Fix, Location, Severity
from scanners.interface import Gap, GapReason, ScannerRun, ScannerStatus
from tests.reports.hostile import nasty
from tests.reports.samples import RICH

paths = (
    nasty.map(lambda text: text.replace("\x00", "").lstrip("/") or "x")
    .filter(lambda text: ".." not in PurePosixPath(text).parts)
    .map(PurePosixPath)
)
"""Repository paths as git can hold them."""


@st.composite
def locations(draw: st.DrawFn) -> Location:
    start = draw(st.integers(1, 9))
    column = st.none() | st.integers(-1, 20)
    return Location(draw(paths), start, start + draw(st.integers(0, 2)), draw(column), draw(column))


@st.composite
def findings(draw: st.DrawFn) -> Finding:
    place = draw(locations())
    return Finding(
        scanner=draw(st.sampled_from(["bandit", "semgrep"]) | nasty),
        rule_id=draw(st.sampled_from(["r1", "r2"]) | nasty),
        kind=draw(st.sampled_from(FindingKind)),
        severity=draw(st.sampled_from(Severity)),
        confidence=draw(st.sampled_from(Confidence)),
        title=draw(nasty),
        message=draw(nasty),
        location=place,
        cwes=tuple(draw(st.lists(st.integers(1, 1400), max_size=2, unique=True))),
        owasp=tuple(draw(st.lists(nasty, max_size=1))),
        snippet=draw(nasty),
        remediation=draw(nasty),
        references=tuple(draw(st.lists(nasty | st.just("https://osv.dev/x"), max_size=2))),
        fix=draw(st.none() | st.builds(Fix, st.just(place.start_line), st.just(place.end_line), nasty)),
        dependency=draw(st.none() | st.builds(Dependency, nasty, nasty, nasty, st.tuples(nasty), st.tuples(nasty))),
        fingerprint=draw(st.sampled_from(["", "ab" * 32, "cd" * 32])),
        attributions=tuple(draw(st.lists(st.builds(Attribution, nasty, nasty, nasty), max_size=2))),
    )


gaps = st.builds(Gap, path=paths, reason=st.sampled_from(GapReason), detail=nasty, line=st.none() | st.integers(-1, 9))
runs = st.builds(
    ScannerRun,
    scanner=st.sampled_from(["bandit", "semgrep"]) | nasty,
    kind=st.sampled_from(FindingKind),
    version=nasty,
    status=st.sampled_from(ScannerStatus),
    reason=nasty,
    gaps=st.lists(gaps, max_size=2).map(tuple),
    files=st.integers(0, 9),
    seconds=st.floats(0, 200),
)
decisions = st.builds(
    GateDecision,
    outcome=st.sampled_from(Outcome),
    violations=st.lists(
        st.builds(Violation, st.sampled_from(["ab" * 32, "cd" * 32]), nasty, st.sampled_from(Effect)), max_size=2
    ).map(tuple),
    reasons=st.lists(st.builds(Reason, st.sampled_from(ReasonCode), nasty, nasty), max_size=2).map(tuple),
    policy_digest=nasty,
    suppressed=st.lists(
        st.builds(Suppressed, st.sampled_from(["ab" * 32, "cd" * 32]), st.none() | st.integers(1, 9), nasty), max_size=2
    ).map(tuple),
)


@st.composite
def reports(draw: st.DrawFn) -> ScanReport:
    """Any report at all, also one that our own code would not put together."""
    tracked = st.builds(
        TrackedFinding, findings(), st.sampled_from(Presence), st.none(), nasty, st.none() | st.just(812)
    )
    subject = replace(
        RICH.subject,
        project=draw(nasty),
        ref=draw(nasty),
        project_url=draw(st.sampled_from(["", "https://gitlab.example/a/b"])),
        base_sha=draw(st.none() | st.just("1" * 40)),
        head_sha=draw(st.none() | st.just("2f" * 20)),
    )
    return replace(
        RICH,
        subject=subject,
        tracked=tuple(draw(st.lists(tracked, max_size=3))),
        runs=tuple(draw(st.lists(runs, max_size=2))),
        decision=draw(decisions),
    )
