"""What holds for every score of the shipped models, whatever projects are like."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from bot.domain.maturity.counters import after_merge, over_projects
from bot.domain.maturity.model import Attest, Model, Probe
from bot.domain.maturity.period import night
from bot.domain.maturity.scoring import Answer, Assessment, assess, assess_many, next_steps
from bot.model_files import shipped_models
from tests.domain.maturity.projects import SCANNERS, SHARED, Found, Project, open_findings, projects
from tests.domain.maturity.worlds import models, tallies
from tests.examples import examples

NIGHT = night(date(2026, 11, 25))
shipped = pytest.mark.parametrize("model", shipped_models(), ids=lambda model: model.id)
# Not shrunk: a project has so many parts that this takes minutes, and the item that failed says enough.
EXAMPLES = settings(max_examples=examples(25), deadline=None, phases=(Phase.explicit, Phase.reuse, Phase.generate))


def rated(model: Model, project: Project) -> Assessment:
    attested = {demand.id: 1 for _, demand in model.demands if isinstance(demand.asks, Attest)}
    return assess(model, project.tally(), NIGHT, attested=attested, shared=SHARED)


def group(model: Model, several: Sequence[Project]) -> Assessment:
    return assess_many(model, [rated(model, project) for project in several])


def assert_not_better(after: Assessment, before: Assessment) -> None:
    """No number of it is higher; what is not assessed is the least there is."""
    assert (after.score or 0) <= (before.score or 0)
    assert (after.level or 0) <= (before.level or 0)
    for name in ("practice", "outcome"):
        assert (getattr(after, name) or 0) <= (getattr(before, name) or 0), name
    for worse, better in zip(after.items, before.items, strict=True):
        assert (worse.level or 0) <= (better.level or 0), worse.item_id
        assert (worse.points or 0) <= (better.points or 0), worse.item_id
        assert worse.credit <= better.credit, worse.item_id


@shipped
@given(project=projects(), finding=open_findings())
@EXAMPLES
def test_a_finding_more_never_raises_a_score(model: Model, project: Project, finding: Found) -> None:
    more = replace(project, found=(*project.found, finding))
    assert_not_better(rated(model, more), rated(model, project))


@shipped
@given(project=projects(), scanner=st.sampled_from(SCANNERS))
@EXAMPLES
def test_a_scanner_less_never_raises_a_score(model: Model, project: Project, scanner: str) -> None:
    assert_not_better(rated(model, project.without(scanner)), rated(model, project))


@shipped
@given(several=st.lists(projects(), min_size=1, max_size=4), finding=open_findings(), scanner=st.sampled_from(SCANNERS))
@EXAMPLES
def test_neither_raises_the_score_of_a_group(
    model: Model, several: list[Project], finding: Found, scanner: str
) -> None:
    before = group(model, several)
    first, *rest = several
    assert_not_better(group(model, [replace(first, found=(*first.found, finding)), *rest]), before)
    assert_not_better(group(model, [first.without(scanner), *rest]), before)


@shipped
@given(several=st.lists(projects(), min_size=1, max_size=3), more=projects())
@EXAMPLES
def test_a_project_that_nobody_scans_never_raises_the_score_of_its_group(
    model: Model, several: list[Project], more: Project
) -> None:
    unseen = replace(more, ever_scanned=False)
    assert_not_better(group(model, [*several, unseen]), group(model, several))


@shipped
@given(project=projects())
@EXAMPLES
def test_what_was_never_scanned_has_no_number(model: Model, project: Project) -> None:
    result = rated(model, replace(project, ever_scanned=False))
    assert (result.score, result.level, result.practice, result.outcome) == (None, None, None, None)
    assert all(item.level is None and item.points is None and item.rating is None for item in result.items)
    whole = assess_many(model, [result, result])
    assert (whole.score, whole.level) == (None, None)
    assert all(item.level is None and item.points is None for item in whole.items)


@given(model=models(), tally=tallies(), name=st.integers(0, 200))
@EXAMPLES
def test_what_becomes_unknown_never_raises_a_score(model: Model, tally: dict[str, int], name: int) -> None:
    """For any model: a counter that decides whether figures count is taken away."""
    gates = ["projects.assessed", "projects.sast", "projects.dependency", "projects.secret"]
    gate = gates[name % len(gates)]
    less = {key: value for key, value in tally.items() if key != gate}
    used = {demand.asks.measure for _, demand in model.demands if isinstance(demand.asks, Probe)}
    if used & {"sast", "dependency_scan", "secret_scan", "pinned"}:
        return  # These ask for the counter itself.
    assert_not_better(assess(model, less, NIGHT), assess(model, tally, NIGHT))


@given(model=models(), tally=tallies())
@EXAMPLES
def test_numbers_stay_on_their_scales(model: Model, tally: dict[str, int]) -> None:
    one = assess(model, tally, NIGHT)
    for result in (one, assess_many(model, [one, one]), assess_many(model, [])):
        assert result.score is None or 0 <= result.score <= 100
        assert 0 <= result.known <= 1000
        for item in result.items:
            assert 0 <= item.credit <= 1000
            assert 0 <= item.known <= 1000
            assert item.level is None or 0 <= item.level <= model.highest
            assert item.points is None or 0 <= item.points <= 1000 * model.highest
            assert not item.on_the_way or (item.level is not None and item.level < model.highest)
            for demand in item.demands:
                assert (demand.credit == 1000) == (demand.answer is Answer.MET)
                assert demand.answer is not Answer.UNKNOWN or demand.credit == 0


@given(model=models(), tally=tallies())
@EXAMPLES
def test_one_project_is_rated_like_a_group_of_it_alone(model: Model, tally: dict[str, int]) -> None:
    alone = assess(model, tally, NIGHT)
    whole = assess_many(model, [alone])
    assert (whole.score, whole.level) == (alone.score, alone.level)
    assert [item.rating for item in whole.items] == [item.rating for item in alone.items]


@given(model=models(), several=st.lists(tallies(), max_size=4), seed=st.randoms(use_true_random=False))
@EXAMPLES
def test_the_order_of_projects_does_not_matter(model: Model, several: list[dict[str, int]], seed: object) -> None:
    rated_ones = [assess(model, tally, NIGHT) for tally in several]
    mixed = list(rated_ones)
    seed.shuffle(mixed)  # type: ignore[attr-defined]
    assert assess_many(model, mixed) == assess_many(model, rated_ones)
    assert over_projects(reversed(several)) == over_projects(several)


@shipped
@given(project=projects())
@EXAMPLES
def test_what_raises_a_score_next_does_so(model: Model, project: Project) -> None:
    before = rated(model, project)
    steps = next_steps(model, before)
    met = {demand.demand_id for item in before.items for demand in item.demands if demand.answer is Answer.MET}
    assert {step.demand_id for step in steps} == {demand.id for _, demand in model.demands} - met
    assert list(steps) == sorted(steps, key=lambda step: (step.effort, -step.gain))
    assert all(0 <= step.gain <= 10_000 for step in steps)
    # All of them together make it whole, but for what rounding down took away from each.
    assert sum(step.gain for step in steps) + 100 * (before.score or 0) <= 10_000 + 100


@given(
    tally=tallies(),
    brings=st.dictionaries(st.sampled_from(["critical", "high", "low"]), st.integers(0, 5)),
    removes=st.dictionaries(st.sampled_from(["critical", "high", "low"]), st.integers(0, 5)),
)
@EXAMPLES
def test_a_merge_changes_only_what_is_known_and_never_below_nothing(
    tally: dict[str, int], brings: dict[str, int], removes: dict[str, int]
) -> None:
    after = after_merge(tally, brings=brings, removes=removes)
    assert set(after) == set(tally)
    assert all(after[name] == tally[name] for name in tally if not name.startswith("open."))
    assert all(value >= 0 for name, value in after.items() if tally[name] >= 0)
