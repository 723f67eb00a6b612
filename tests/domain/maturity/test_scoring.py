"""How ratings come about, case by case."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from bot.domain.maturity.model import Attest, Demand, DemandKind, Item, Model, Probe, Scheme
from bot.domain.maturity.scoring import Answer, Assessment, assess, assess_many, next_steps
from tests.domain.maturity.worlds import NIGHT, SCANNED, WORD, sealed

SAST, SECRET = Probe("sast", 1.0), Probe("secret_scan", 1.0)
HIGH = Probe("open_high", 0.0, steps=((5.0, 0.25), (2.0, 0.5)))


def asks(name: str, what: Probe | Attest, level: int = 1, **more: object) -> Demand:
    made = Demand(name, level, DemandKind.PRACTICE, WORD, WORD, what)
    return replace(made, **more)  # type: ignore[arg-type]


def model(*demands: Demand, scheme: Scheme = Scheme.LEVELS) -> Model:
    return sealed((Item("a", WORD, WORD, demands),), scheme=scheme)


def rate(
    rated: Model, tally: Mapping[str, int] | None = None, *, attested: Mapping[str, int] | None = None, **more: int
) -> Assessment:
    return assess(rated, {**SCANNED, **(tally or {}), **more}, NIGHT, attested=attested)


def with_(**values: int) -> dict[str, int]:
    return {name.replace("__", "."): value for name, value in values.items()}


# --- answers ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("high", "answer", "credit"),
    [
        (0, Answer.MET, 1000),
        (1, Answer.UNMET, 500),
        (2, Answer.UNMET, 500),
        (5, Answer.UNMET, 250),
        (6, Answer.UNMET, 0),
    ],
)
def test_a_step_on_the_way_is_worth_its_part(high: int, answer: Answer, credit: int) -> None:
    (found,) = rate(model(asks("x", HIGH)), {"open.high": high}).items[0].demands
    assert (found.answer, found.credit, found.value) == (answer, credit, high)


def test_the_threshold_itself_is_enough_unless_it_is_strict() -> None:
    tally = {"coverage.permille": 600, "projects.coverage_known": 1}
    exactly = Probe("unit_coverage_existing", 0.6)
    assert rate(model(asks("x", exactly)), tally).score == 100
    assert rate(model(asks("x", replace(exactly, strict=True))), tally).score == 0


def test_what_is_not_known_counts_like_what_is_not_met_and_lowers_what_is_known() -> None:
    rated = rate(model(asks("x", SAST), asks("y", Probe("automation_success", 0.9))))
    assert rated.score == 50
    assert rated.known == 500
    assert [one.answer for one in rated.items[0].demands] == [Answer.MET, Answer.UNKNOWN]


def test_a_figure_counts_only_where_its_scanners_answered() -> None:
    findings, lines = model(asks("x", HIGH)), model(asks("x", Probe("static_coverage_existing", 0.1)))
    assert rate(findings, {"open.high": 0}).score == 100
    assert rate(findings, {"open.high": 0, "projects.assessed": 0}).score is None
    assert rate(lines).score == 100
    assert rate(lines, {"projects.sast": 0}).score is None
    assert rate(lines, {"projects.secret": 0, "projects.assessed": 0}).score == 100


def test_people_answer_by_their_attestations_only() -> None:
    rated = model(asks("x", Attest()))
    assert rate(rated).items[0].demands[0].answer is Answer.UNKNOWN
    found = rate(rated, attested={"x": 7}).items[0].demands[0]
    assert (found.answer, found.attestation_id, found.value) == (Answer.MET, 7, None)
    assert rate(model(asks("x", SAST)), {"projects.sast": 0}, attested={"x": 7}).score == 0


def test_a_figure_of_the_organisation_comes_from_its_counters() -> None:
    rated = model(asks("x", Probe("reports_delivered", 2.0)))
    own = dict(SCANNED) | {"reports.delivered": 9}
    assert assess(rated, own, NIGHT, shared={}).score is None
    assert assess(rated, own, NIGHT, shared={"reports.delivered": 2}).score == 100


# --- levels -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("met", "level", "rating"),
    [
        ("", 1, "1"),
        ("2a", 1, "2-"),
        ("2a 2b", 2, "2"),
        ("2a 2b 3", 3, "3"),
        ("3", 1, "1"),
        ("2a 3", 1, "2-"),
        ("2a 2b 4", 2, "2"),
        ("2a 2b 3 4", 4, "4"),
    ],
)
def test_a_level_is_whole_only_when_all_below_it_is(met: str, level: int, rating: str) -> None:
    demands = [asks(name, Attest(), int(name[0])) for name in ("2a", "2b", "3", "4")]
    rated = rate(model(asks("known", Probe("sast", 1.0), 2), *demands), attested=dict.fromkeys(met.split(), 1))
    # "known" is met at level 2, so that the item is known at all; it makes "2-" of what would be "1".
    expected = "2-" if rating == "1" else rating
    assert (rated.items[0].level, rated.items[0].rating) == (level, expected)


def test_a_level_of_which_nothing_is_asked_is_not_given() -> None:
    gap = model(asks("x", SAST, 2), asks("y", HIGH, 4))
    assert rate(gap, {"open.high": 3}).items[0].level == 2
    assert rate(gap, {"open.high": 0}).items[0].level == 4


def test_where_a_model_asks_for_level_1_it_is_not_for_nothing() -> None:
    rated = model(asks("x", SAST, 1), asks("y", SECRET, 1))
    both, one, none = (
        rate(rated, tally) for tally in ({}, {"projects.sast": 0}, with_(projects__sast=0, projects__secret=0))
    )
    assert (both.items[0].level, both.items[0].rating) == (1, "1")
    assert (one.items[0].level, one.items[0].rating) == (0, "1-")
    assert (none.items[0].level, none.items[0].rating) == (0, "0")


def test_the_level_of_all_is_the_lowest_of_what_data_speaks_of() -> None:
    items = (
        Item("a", WORD, WORD, (asks("a-3", SAST, 2),)),
        Item("b", WORD, WORD, (asks("b-2", Probe("automation_success", 0.9), 2),)),
        Item("c", WORD, WORD, (asks("c-2", Attest(), 2),)),
    )
    # Nothing is known of b, so it is at the bottom; c is for people alone and does not count.
    assert rate(sealed(items)).level == 1
    assert rate(sealed(items), {"jobs": 10, "jobs.ok": 10}).level == 2
    assert rate(sealed(items[:1])).level == 2


def test_an_attestation_that_ends_never_raises_the_level_of_all() -> None:
    items = (
        Item("a", WORD, WORD, (asks("a-3", SAST, 3),)),
        Item("c", WORD, WORD, (asks("c-2", Attest(), 2), asks("c-3", Attest(), 3))),
    )
    valid, ended = rate(sealed(items), attested={"c-2": 1}), rate(sealed(items))
    assert valid.level is not None
    assert ended.level is not None
    assert ended.level <= valid.level


# --- answers and points -----------------------------------------------------------------------------------------------


def test_answers_add_up_over_levels_by_their_weights() -> None:
    demands = (asks("x", SAST, 1), asks("y", HIGH, 2), asks("z", SECRET, 2, weight=3))
    found = rate(model(*demands, scheme=Scheme.ANSWERS), {"open.high": 2}).items[0]
    assert found.points == 1000 + (500 + 3 * 1000) // 4
    assert (found.level, found.rating) == (None, None)


def test_points_are_credit_by_weight() -> None:
    demands = (asks("x", SAST, weight=3), asks("y", HIGH))
    found = rate(model(*demands, scheme=Scheme.POINTS), {"open.high": 9})
    assert (found.items[0].points, found.items[0].credit, found.score, found.level) == (750, 750, 75, None)


def test_numbers_are_rounded_down() -> None:
    demands = (asks("x", SAST, weight=2), asks("y", HIGH))
    assert rate(model(*demands), {"open.high": 9}).score == 66


def test_practice_and_outcome_are_numbers_of_their_own() -> None:
    demands = (asks("x", SAST), asks("y", HIGH, kind=DemandKind.OUTCOME))
    found = rate(model(*demands), {"open.high": 9})
    assert (found.score, found.practice, found.outcome) == (50, 100, 0)
    unknown = rate(model(*demands), {"projects.assessed": 0})
    assert (unknown.practice, unknown.outcome) == (100, None)


# --- groups -----------------------------------------------------------------------------------------------------------

GROUP = model(asks("x", SAST, 2, share=0.5), asks("y", HIGH, 2, share=0.8))


def project(**more: int) -> Assessment:
    return rate(GROUP, with_(**more))


def test_a_group_meets_a_demand_when_enough_of_its_projects_do() -> None:
    good, bad = project(open__high=0), project(open__high=9, projects__sast=0, projects__assessed=0)
    found = assess_many(GROUP, [good, bad])
    x, y = found.items[0].demands
    assert (x.answer, x.met, x.of, x.unknown, x.credit) == (Answer.MET, 1, 2, 0, 1000)
    assert (y.answer, y.met, y.of, y.unknown, y.credit) == (Answer.UNMET, 1, 2, 1, 500)
    assert found.known == 750


@pytest.mark.parametrize(("met", "of"), [(4, 5), (8, 10), (79, 99)])
def test_a_share_is_reached_exactly(met: int, of: int) -> None:
    good, bad = project(open__high=0), project(open__high=9)
    y = assess_many(GROUP, [good] * met + [bad] * (of - met)).items[0].demands[1]
    assert (y.answer is Answer.MET) == (met * 10 >= of * 8)


def test_a_project_that_was_never_scanned_counts_against_its_group() -> None:
    good = project(open__high=0)
    unseen = rate(GROUP, with_(projects__ever_scanned=0, open__high=0))
    assert assess_many(GROUP, [good]).score == 100
    found = assess_many(GROUP, [good, unseen, unseen])
    assert [(one.met, one.of, one.unknown) for one in found.items[0].demands] == [(1, 3, 2), (1, 3, 2)]
    assert found.score == 33
    assert found.known == 333


def test_one_known_project_of_thousands_is_known_all_the_same() -> None:
    unseen = rate(GROUP, with_(projects__ever_scanned=0))
    found = assess_many(GROUP, [project(open__high=0), *[unseen] * 2_000])
    assert (found.score, found.known) == (0, 0)


def test_a_group_of_nothing_is_not_assessed() -> None:
    found = assess_many(GROUP, [])
    assert (found.score, found.level, found.items[0].level) == (None, None, None)


def test_people_can_answer_for_a_whole_group() -> None:
    people = model(asks("p", Attest(), 2), asks("x", SAST, 2))
    found = assess_many(people, [rate(people), rate(people)], attested={"p": 3})
    assert found.items[0].level == 2
    assert found.items[0].demands[0].attestation_id == 3


def test_projects_rated_by_another_version_are_refused() -> None:
    other = replace(project(), model_digest="0" * 64)
    with pytest.raises(ValueError, match="another version"):
        assess_many(GROUP, [other])


# --- what raises it next ----------------------------------------------------------------------------------------------


def test_the_cheapest_comes_first_then_what_is_worth_more() -> None:
    demands = (
        asks("dear", SAST, effort=5, weight=9),
        asks("cheap and small", SECRET, effort=1),
        asks("cheap and large", HIGH, effort=1, weight=3),
        asks("met", Probe("scanned", 1.0)),
    )
    rated = model(*demands)
    found = next_steps(rated, rate(rated, with_(projects__sast=0, projects__secret=0, open__high=2)))
    assert [step.demand_id for step in found] == ["cheap and large", "cheap and small", "dear"]
    # Half of the three is there already: 1.5 of 14 weights.
    assert [step.gain for step in found] == [1071, 714, 6428]


def test_results_of_an_item_are_found_by_its_id() -> None:
    found = project()
    assert found.item("a") is found.items[0]
    with pytest.raises(KeyError):
        found.item("b")
