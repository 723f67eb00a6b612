"""What a change does to its project's score."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date

import pytest

from bot.domain.maturity.change_effect import ChangeEffect, Known, change_effect, moved
from bot.domain.maturity.model import Model
from bot.domain.maturity.period import night
from bot.domain.verdict import Outcome, Presence, TrackedFinding
from bot.model_files import shipped_models
from scanners.finding import Severity
from tests.domain.maturity.projects import SCANNERS, SHARED, Project
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
    burdened = known(FINE, **{"open.critical": 1})
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


@pytest.mark.parametrize(
    ("tracked", "brings", "removes"),
    [
        (TrackedFinding(samples.SECRET, Presence.NEW), {samples.SECRET.severity.value: 1, "secret": 1}, {}),
        (
            TrackedFinding(samples.DEPENDENCY, Presence.FIXED),
            {},
            {samples.DEPENDENCY.severity.value: 1, "dependency": 1},
        ),
        (
            TrackedFinding(CRITICAL, Presence.CHANGED, previous=samples.SQL),
            {"critical": 1},
            {samples.SQL.severity.value: 1},
        ),
        (TrackedFinding(CRITICAL, Presence.EXISTING), {}, {}),
    ],
    ids=["a new secret", "a mended dependency", "an edited line that got worse", "what was there"],
)
def test_findings_are_counted_as_open_ones_are(
    tracked: TrackedFinding, brings: dict[str, int], removes: dict[str, int]
) -> None:
    assert moved(replace(samples.PASSED, tracked=(tracked,))) == (brings, removes)


def test_what_is_excused_does_not_come_in() -> None:
    excused = samples.SUPPRESSED
    marks = {one.fingerprint for one in excused.decision.suppressed}
    assert marks
    only = replace(excused, tracked=tuple(t for t in excused.tracked if t.finding.fingerprint in marks))
    assert moved(only)[0] == {}
