"""What a change does to its project's score."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.maturity.change_effect import ChangeEffect, Known, OpenFinding, change_effect, moved
from bot.domain.maturity.model import Model
from bot.domain.maturity.period import night
from bot.domain.verdict import Outcome, Presence, Suppressed, TrackedFinding
from bot.model_files import shipped_models
from scanners.finding import Finding, FindingKind, Severity
from tests.domain.maturity.projects import SCANNERS, SHARED, Project
from tests.examples import examples
from tests.reports import samples

NIGHT = night(date(2026, 11, 25))
MODELS: Mapping[str, Model] = {model.id: model for model in shipped_models()}
ENGINEERING, CAICT = MODELS["engineering"], MODELS["caict-ydt3763-6"]
FINE = Project(
    answers=frozenset(SCANNERS),
    required=frozenset({"semgrep"}),
    fresh=frozenset(SCANNERS),
    unpinned=frozenset(),
    found=(),
    scans=(frozenset(),),
    files=((1_000, frozenset()),),
    blocked=(frozenset(),),
    unscanned_merges=0,
    verdict_seconds=(("semgrep", 30),),
    others=(("projects.level_known", 1), ("projects.level1", 1), ("projects.protected", 1), ("projects.policy_ok", 1)),
)


def known(project: Project = FINE, **more: int) -> Known:
    return Known(project.tally() | more, NIGHT, SHARED, {})


def open_there(finding: Finding, number: int = 812) -> OpenFinding:
    """The finding as one that counts on the default branch."""
    return OpenFinding(number, finding.fingerprint, finding.severity, finding.kind)


def effect(*tracked: TrackedFinding, outcome: Outcome = Outcome.PASSED, project: Project = FINE) -> ChangeEffect:
    report = replace(samples.PASSED, tracked=tracked)
    report = replace(report, decision=replace(report.decision, outcome=outcome))
    return change_effect(ENGINEERING, CAICT, known(project), report)


CRITICAL = replace(samples.SQL, severity=Severity.CRITICAL)


def test_a_change_without_findings_leaves_the_score() -> None:
    found = effect()
    assert found.after == found.before
    assert found.before.score is not None


def test_a_change_that_brings_a_critical_finding_lowers_the_score() -> None:
    found = effect(TrackedFinding(CRITICAL, Presence.NEW))
    assert found.before.score is not None
    assert found.after is not None
    assert found.after.score is not None
    assert found.after.score < found.before.score


def test_a_change_that_mends_one_raises_it() -> None:
    burdened = replace(known(FINE, **{"open.critical": 1}), open_findings=[open_there(CRITICAL)])
    report = replace(samples.PASSED, tracked=(TrackedFinding(CRITICAL, Presence.FIXED),))
    found = change_effect(ENGINEERING, CAICT, burdened, report)
    assert found.before.score is not None
    assert found.after is not None
    assert found.after.score is not None
    assert found.after.score > found.before.score


def test_what_was_there_before_changes_nothing() -> None:
    assert effect(TrackedFinding(CRITICAL, Presence.EXISTING)).after == effect().before


def test_a_change_that_nobody_could_judge_has_no_effect_that_is_known() -> None:
    found = effect(TrackedFinding(CRITICAL, Presence.NEW), outcome=Outcome.NOT_ASSESSED)
    assert found.after is None
    assert found.before.score is not None


def test_a_project_that_was_never_scanned_has_no_score_whatever_the_change_does() -> None:
    found = effect(TrackedFinding(CRITICAL, Presence.NEW), project=replace(FINE, ever_scanned=False))
    assert found.before.score is None
    assert found.before.level is None
    assert found.after is not None
    assert found.after.score is None


def test_the_level_comes_from_the_model_with_levels_and_is_said_to_be_inferred() -> None:
    found = effect()
    assert found.inferred
    assert found.before.level is not None
    assert found.before.name.zh in {level.name.zh for level in CAICT.levels}
    alone = change_effect(ENGINEERING, None, known(), samples.PASSED)
    assert (alone.before.level, alone.inferred) == (None, False)
    itself = change_effect(MODELS["dsomm"], CAICT, known(), samples.PASSED)
    assert itself.before.level is not None


ONE_SQL = {samples.SQL.severity.value: 1}
EDITED = TrackedFinding(CRITICAL, Presence.CHANGED, previous=samples.SQL, number=812)


@pytest.mark.parametrize(
    ("tracked", "there", "brings", "removes"),
    [
        (TrackedFinding(samples.SECRET, Presence.NEW), [], {samples.SECRET.severity.value: 1, "secret": 1}, {}),
        (
            TrackedFinding(samples.DEPENDENCY, Presence.FIXED),
            [open_there(samples.DEPENDENCY)],
            {},
            {samples.DEPENDENCY.severity.value: 1, "dependency": 1},
        ),
        (TrackedFinding(samples.DEPENDENCY, Presence.FIXED), [], {}, {}),
        (TrackedFinding(samples.DEPENDENCY, Presence.FIXED), [open_there(samples.SQL)], {}, {}),
        (EDITED, [open_there(samples.SQL)], {"critical": 1}, ONE_SQL),
        (replace(EDITED, number=None), [open_there(samples.SQL)], {"critical": 1}, ONE_SQL),
        (replace(EDITED, previous=None), [open_there(samples.SQL)], {"critical": 1}, ONE_SQL),
        (EDITED, [OpenFinding(812, "moved", Severity.LOW, FindingKind.SAST)], {"critical": 1}, {"low": 1}),
        (EDITED, [], {"critical": 1}, {}),
        (TrackedFinding(CRITICAL, Presence.EXISTING, number=812), [open_there(CRITICAL)], {}, {}),
        (TrackedFinding(CRITICAL, Presence.NEW, number=812), [open_there(CRITICAL)], {"critical": 1}, {}),
    ],
    ids=[
        "a new secret",
        "a mended dependency",
        "a mended one that was dismissed",
        "a mended one that is not known there",
        "an edited line that got worse",
        "an edited line that was known by its name alone",
        "an edited line of another tool's report",
        "as it is counted there, whatever the scan of the change says",
        "an edited line that was dismissed",
        "what was there",
        "what is new takes nothing away",
    ],
)
def test_findings_are_counted_as_open_ones_are(
    tracked: TrackedFinding, there: list[OpenFinding], brings: dict[str, int], removes: dict[str, int]
) -> None:
    assert moved(replace(samples.PASSED, tracked=(tracked,)), there) == (brings, removes)


def test_what_is_mended_and_flagged_again_elsewhere_goes_once() -> None:
    tracked = (EDITED, TrackedFinding(samples.SQL, Presence.FIXED), TrackedFinding(samples.SQL, Presence.FIXED))
    assert moved(replace(samples.PASSED, tracked=tracked), [open_there(samples.SQL)]) == ({"critical": 1}, ONE_SQL)


def test_what_somebody_excepted_does_not_come_in_and_what_only_a_comment_excuses_does() -> None:
    brings, _ = moved(samples.SUPPRESSED)
    by_a_person, in_the_code = samples.SUPPRESSED.decision.suppressed
    assert (by_a_person.suppression_id, in_the_code.suppression_id) == (7, None)
    counted = [
        one.finding.severity.value
        for one in samples.SUPPRESSED.tracked
        if one.presence is Presence.NEW and one.finding.fingerprint != by_a_person.fingerprint
    ]
    assert len(counted) == 2
    assert sum(brings.get(one.value, 0) for one in Severity) == len(counted)


def test_an_exception_that_makes_no_difference_to_the_gate_is_one_all_the_same() -> None:
    report = replace(samples.PASSED, tracked=(TrackedFinding(CRITICAL, Presence.NEW),))
    assert not report.decision.suppressed
    assert moved(report, excepted=[CRITICAL.fingerprint]) == ({}, {})
    burdened = replace(known(), excepted=[CRITICAL.fingerprint])
    found = change_effect(ENGINEERING, CAICT, burdened, report)
    assert found.after == found.before


def test_a_finding_without_an_identity_is_never_excepted() -> None:
    nameless = replace(samples.PASSED, tracked=(TrackedFinding(replace(CRITICAL, fingerprint=""), Presence.NEW),))
    said = replace(nameless, decision=replace(nameless.decision, suppressed=(Suppressed("", 7, "because"),)))
    assert moved(said, excepted=[""]) == ({"critical": 1}, {})


FINDINGS = st.builds(
    lambda severity, kind, name: replace(samples.SQL, severity=severity, kind=kind, fingerprint=name),
    st.sampled_from(Severity),
    st.sampled_from(FindingKind),
    st.sampled_from(["", "a", "b", "c"]),
)
NUMBERS = st.one_of(st.none(), st.integers(1, 4))
TRACKED = st.builds(
    TrackedFinding, FINDINGS, st.sampled_from(Presence), previous=st.one_of(st.none(), FINDINGS), number=NUMBERS
)
OPEN = st.lists(st.builds(lambda finding, number: open_there(finding, number), FINDINGS, st.integers(1, 4)), max_size=4)


@pytest.mark.parametrize("model", [ENGINEERING, CAICT, MODELS["samm"]], ids=lambda model: model.id)
@given(
    tracked=st.lists(TRACKED, max_size=5),
    there=OPEN,
    excepted=st.frozensets(st.sampled_from(["a", "b"])),
    added=FINDINGS,
    number=NUMBERS,
)
@settings(max_examples=examples(50), deadline=None)
def test_one_finding_more_never_raises_what_a_change_makes_of_the_score(
    model: Model,
    tracked: list[TrackedFinding],
    there: list[OpenFinding],
    excepted: frozenset[str],
    added: Finding,
    number: int | None,
) -> None:
    burdened = replace(
        known(FINE, **{"open.critical": 1, "open.high": 2, "open.medium": 3}), open_findings=there, excepted=excepted
    )
    less = replace(samples.PASSED, tracked=tuple(tracked))
    more = replace(less, tracked=(*tracked, TrackedFinding(added, Presence.NEW, number=number)))
    without, with_it = (change_effect(model, CAICT, burdened, report).after for report in (less, more))
    assert without is not None
    assert with_it is not None
    assert (with_it.score or 0) <= (without.score or 0)
    assert (with_it.level or 0) <= (without.level or 0)


@given(tracked=st.lists(TRACKED, max_size=6), there=OPEN)
@settings(max_examples=examples(100), deadline=None)
def test_no_more_goes_than_was_counted(tracked: list[TrackedFinding], there: list[OpenFinding]) -> None:
    _, removes = moved(replace(samples.PASSED, tracked=tuple(tracked)), there)
    assert sum(removes.get(one.value, 0) for one in Severity) <= len({one.number for one in there})
    assert moved(replace(samples.PASSED, tracked=tuple(tracked)))[1] == {}
