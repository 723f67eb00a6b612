"""Any policy, wish, finding and circumstances, as Hypothesis strategies; small on purpose, so that they often meet."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from pathlib import PurePosixPath

from hypothesis import strategies as st

from bot.domain.circumstances import Context, Facts
from bot.domain.policy import (
    AdvisoryRules,
    IgnoredPath,
    InCode,
    MergeRules,
    NoiseRules,
    OnChanged,
    OwnMode,
    PartialAdvisoryRules,
    PartialMergeRules,
    PartialNoiseRules,
    PartialPeople,
    PartialPolicy,
    PartialSla,
    PartialSuppressionRules,
    People,
    Policy,
    PolicyRule,
    RuleMode,
    SecondPerson,
    Sla,
    SuppressionRules,
    Threshold,
    Unread,
    WhenNotAssessed,
)
from bot.domain.verdict import Effect, Presence, TrackedFinding
from bot.texts import Language
from scanners.finding import Confidence, Finding, FindingKind, Fix, Severity
from scanners.interface import Gap, GapReason, ScannerRun, ScannerStatus
from tests.domain.builders import finding, package, run

TODAY = date(2026, 3, 1)

NOTHING: st.SearchStrategy[None] = st.none()


def _few(*values: str) -> st.SearchStrategy[tuple[str, ...]]:
    return st.just(()) | st.lists(st.sampled_from(values), max_size=2, unique=True).map(tuple)


RULES = st.builds(
    PolicyRule,
    name=st.sampled_from(["severe", "own", "third"]),
    severity=st.sampled_from(Severity),
    confidence=st.sampled_from(Confidence),
    kinds=st.sampled_from(
        [frozenset(FindingKind), frozenset({FindingKind.SECRET}), frozenset({FindingKind.DEPENDENCY})]
    ),
    paths=_few("src/", "*.py"),
    exclude_paths=_few("*.js", "src/a*"),
    presences=st.frozensets(st.sampled_from([Presence.NEW, Presence.CHANGED, Presence.EXISTING]), min_size=1),
    cwes=st.just(frozenset()) | st.frozensets(st.sampled_from([78, 89]), min_size=1),
    rules=_few("B6*", "python.*", "CVE-2021-*"),
    scanners=_few("bandit", "SEM*"),
    fix_available=NOTHING | st.booleans(),
    epss=NOTHING | st.sampled_from([0.0, 0.1, 0.5]),
    kev=NOTHING | st.booleans(),
    licences=_few("AGPL-*", "unknown", "mit"),
    overdue=st.booleans(),
    branches=_few("main", "release/*"),
    labels=st.frozensets(st.sampled_from(["payments", "urgent"]), max_size=1),
    draft=NOTHING | st.booleans(),
)
"""Rules with every condition."""
SIMPLE_RULES = st.builds(
    PolicyRule,
    name=st.sampled_from(["severe", "own"]),
    severity=st.sampled_from(Severity),
    presences=st.sampled_from([frozenset(Presence) - {Presence.FIXED}, frozenset({Presence.NEW})]),
    epss=NOTHING | st.sampled_from([0.1]),
    overdue=st.booleans(),
)
"""Rules that match often."""
RULESETS = st.lists(RULES | SIMPLE_RULES, max_size=3).map(tuple)
MODES = st.lists(
    st.builds(
        RuleMode,
        st.sampled_from(Effect),
        st.sampled_from([("B6*",), ("CVE-*", "X")]),
        _few("bandit", "semgrep"),
        st.just("on trial"),
    ),
    max_size=2,
).map(tuple)
OWN_MODES = st.lists(
    st.builds(
        OwnMode,
        st.sampled_from([Effect.MONITOR, Effect.COMMENT]),
        st.sampled_from(["bandit", "semgrep", "pip-audit"]),
        st.frozensets(st.sampled_from(["B602", "B603", "X", "CVE-2021-1"]), min_size=1),
    ),
    max_size=2,
).map(tuple)
SCANNERS = st.frozensets(st.sampled_from(["bandit", "semgrep"]))
IGNORED = st.lists(st.sampled_from([IgnoredPath("src/", "r"), IgnoredPath("b.js", "s")]), max_size=1).map(tuple)
DAYS = st.integers(1, 400)

POLICIES = st.builds(
    Policy,
    block=RULESETS,
    warn=RULESETS,
    monitor=RULESETS,
    rule_modes=MODES,
    own_modes=OWN_MODES,
    required_scanners=SCANNERS,
    language=st.sampled_from(Language),
    comment=st.builds(Threshold, st.sampled_from(Severity), st.sampled_from(Confidence)),
    max_threads=st.integers(1, 100),
    unread_files=st.sampled_from(Unread),
    unpinned=st.sampled_from(Unread),
    failed_scanners=st.sampled_from(Unread),
    missing_facts=st.sampled_from(Unread),
    not_assessed=st.sampled_from(WhenNotAssessed),
    changed=st.sampled_from(OnChanged),
    in_code=st.sampled_from(InCode),
    ignore_paths=IGNORED,
    advisories=st.builds(AdvisoryRules, NOTHING | DAYS, st.sampled_from(Unread)),
    sla=st.builds(Sla, DAYS, DAYS, DAYS, DAYS),
    suppressions=st.builds(SuppressionRules, st.sampled_from(SecondPerson), DAYS, DAYS, st.integers(0, 365)),
    people=st.builds(
        People, NOTHING | st.sampled_from(["security", "a/b"]), st.frozensets(st.sampled_from(["alice", "bob"]))
    ),
    merge=st.builds(MergeRules, NOTHING | st.sampled_from(["go", "merge::me"]), st.booleans()),
    noise=st.builds(NoiseRules, st.integers(1, 50), st.integers(1, 100)),
)
WISHES = st.builds(
    PartialPolicy,
    block=NOTHING | RULESETS,
    warn=NOTHING | RULESETS,
    monitor=NOTHING | RULESETS,
    rule_modes=NOTHING | MODES,
    required_scanners=NOTHING | SCANNERS,
    language=NOTHING | st.sampled_from(Language),
    comment=NOTHING | st.builds(Threshold, st.sampled_from(Severity), st.sampled_from(Confidence)),
    max_threads=NOTHING | st.integers(1, 100),
    unread_files=NOTHING | st.sampled_from(Unread),
    unpinned=NOTHING | st.sampled_from(Unread),
    failed_scanners=NOTHING | st.sampled_from(Unread),
    missing_facts=NOTHING | st.sampled_from(Unread),
    not_assessed=NOTHING | st.sampled_from(WhenNotAssessed),
    changed=NOTHING | st.sampled_from(OnChanged),
    in_code=NOTHING | st.sampled_from(InCode),
    ignore_paths=NOTHING | IGNORED,
    advisories=NOTHING | st.builds(PartialAdvisoryRules, NOTHING | DAYS, NOTHING | st.sampled_from(Unread)),
    sla=NOTHING | st.builds(PartialSla, NOTHING | DAYS, NOTHING | DAYS, NOTHING | DAYS, NOTHING | DAYS),
    suppressions=NOTHING
    | st.builds(
        PartialSuppressionRules,
        NOTHING | st.sampled_from(SecondPerson),
        NOTHING | DAYS,
        NOTHING | DAYS,
        NOTHING | st.integers(0, 365),
    ),
    people=NOTHING
    | st.builds(
        PartialPeople,
        NOTHING | st.sampled_from(["security", "a/b"]),
        NOTHING | st.frozensets(st.sampled_from(["alice", "bob", "eve"])),
    ),
    merge=NOTHING | st.builds(PartialMergeRules, NOTHING | st.sampled_from(["go", "other"]), NOTHING | st.booleans()),
    noise=NOTHING | st.builds(PartialNoiseRules, NOTHING | st.integers(1, 50), NOTHING | st.integers(1, 100)),
)


def _package(mark: str, path: str, severity: Severity, ids: tuple[str, ...], fixed: tuple[str, ...]) -> Finding:
    found = package(advisory="GHSA-1", aliases=ids, path=path)
    assert found.dependency is not None
    return replace(
        found, severity=severity, fingerprint=mark, dependency=replace(found.dependency, fixed_versions=fixed)
    )


MARKS = st.sampled_from(["", "f1", "f2", "f3"])
PATHS = st.sampled_from(["src/a.py", "src/b/c.py", "b.js"])
FINDINGS = st.builds(
    finding,
    PATHS,
    rule=st.sampled_from(["B602", "python.lang.x"]),
    scanner=st.sampled_from(["bandit", "semgrep"]),
    severity=st.sampled_from(Severity),
    confidence=st.sampled_from(Confidence),
    kind=st.sampled_from([FindingKind.SAST, FindingKind.SECRET, FindingKind.SUPPRESSION]),
    cwes=st.sampled_from([(), (89,), (78, 22)]),
    also=st.sampled_from([(), [("semgrep", "python.y")]]),
    fix=NOTHING | st.just(Fix(1, 1, "x")),
    fingerprint=MARKS,
) | st.builds(
    _package,
    MARKS,
    PATHS,
    st.sampled_from(Severity),
    st.sampled_from([(), ("CVE-2021-1",)]),
    st.sampled_from([(), ("2.1",)]),
)
ITEMS = st.lists(st.builds(TrackedFinding, FINDINGS, st.sampled_from(Presence)), max_size=4)
FACTS = st.builds(
    Facts,
    NOTHING | st.sampled_from([0.0, 0.05, 0.1, 0.7, 1.0]),
    NOTHING | st.booleans(),
    NOTHING | st.sampled_from([(), ("MIT",), ("AGPL-3.0-only OR MIT",), ("AGPL-3.0-only", "MIT")]),
    NOTHING | st.sampled_from([TODAY, TODAY - timedelta(days=20), TODAY - timedelta(days=500)]),
)
CONTEXTS = st.builds(
    Context,
    st.sampled_from(["", "main", "release/1/x", "feature"]),
    st.frozensets(st.sampled_from(["Payments", "urgent", "x"]), max_size=2),
    st.booleans(),
    NOTHING | st.just(TODAY),
    st.dictionaries(st.sampled_from(["f1", "f2", "f3"]), FACTS),
)
SCANNER_RUNS = st.lists(
    st.builds(
        lambda scanner, status, reason, kind, age: _dated(
            run(scanner, status, Gap(PurePosixPath("src/a.py"), reason), kind=kind), age
        ),
        st.sampled_from(["bandit", "semgrep"]),
        st.sampled_from(ScannerStatus),
        st.sampled_from(GapReason),
        st.sampled_from([FindingKind.SAST, FindingKind.DEPENDENCY]),
        NOTHING | st.integers(0, 500),
    ),
    max_size=2,
)


def _dated(scanner_run: ScannerRun, age: int | None) -> ScannerRun:
    return replace(scanner_run, data_date=None if age is None else TODAY - timedelta(days=age))
