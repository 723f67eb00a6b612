"""The models that come with Mergewarden keep to what is known of them, and to the rules for an honest score."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from bot.domain.maturity.counters import COUNTERS
from bot.domain.maturity.measures import MEASURES
from bot.domain.maturity.model import Attest, DemandKind, Model, Probe, Scheme
from bot.domain.maturity.model_file import NOT_FOR_SCORES
from bot.model_files import shipped_models

MODELS = {model.id: model for model in shipped_models()}
CAICT, ENGINEERING = MODELS["caict-ydt3763-6"], MODELS["engineering"]
every_model = pytest.mark.parametrize("model", MODELS.values(), ids=lambda model: model.id)

CEILINGS = {
    "6.1": 1, "6.2": 4, "6.3": 1, "6.4": 3, "6.5": 2, "6.6": 4, "7.1": 1, "7.2": 1, "7.3": 4,
    "8.1": 3, "8.2": 4, "8.3": 4, "8.4": 2, "9.1": 2, "9.2": 1, "9.3": 2, "9.4": 2,
}  # fmt: skip
"""Of each item of part 6 the level that data alone can prove; 1 where nothing can."""


def test_there_are_four() -> None:
    assert sorted(MODELS) == ["caict-ydt3763-6", "dsomm", "engineering", "samm"]
    assert {model.scheme for model in MODELS.values()} == set(Scheme)


def test_caict_has_the_17_items_with_their_ceilings_and_the_five_levels() -> None:
    assert {item.id: item.ceiling for item in CAICT.items} == CEILINGS
    assert [level.name.zh for level in CAICT.levels] == ["初始级", "基础级", "全面级", "优秀级", "卓越级"]
    assert [area.id for area in CAICT.areas] == ["6", "7", "8", "9"]


def test_caict_asks_data_up_to_the_ceiling_and_people_at_every_level_above() -> None:
    for item in CAICT.items:
        assert item.ceiling is not None
        data = {demand.level for demand in item.demands if isinstance(demand.asks, Probe)}
        people = {demand.level for demand in item.demands if isinstance(demand.asks, Attest)}
        assert data == set(range(2, item.ceiling + 1)), item.id
        assert people >= set(range(item.ceiling + 1, 6)), item.id
        assert all(re.fullmatch(re.escape(item.id) + r"-[2-5]-\d\d", demand.id) for demand in item.demands)
        assert item.evidence.startswith("安全及风险管理-"), item.id
        assert item.evidence.endswith(f"-{item.title.zh}"), item.id
        assert all(demand.asks.second_person for demand in item.demands if isinstance(demand.asks, Attest))


def test_caict_says_that_it_is_an_inference_and_no_official_rating() -> None:
    assert "inference" in CAICT.notice.en
    assert "no official rating" in CAICT.notice.en
    assert "推断" in CAICT.notice.zh
    assert "并非官方评级" in CAICT.notice.zh


def test_caict_wants_a_wider_scope_at_each_level() -> None:
    shares = {level: {d.share for _, d in CAICT.demands if d.level == level} for level in range(2, 6)}
    assert shares[2] == {0.3}
    assert max(shares[3]) == 0.8
    assert max(shares[4]) == 0.95


def test_the_engineering_score_is_half_practice_and_half_outcome() -> None:
    weights: Counter[DemandKind] = Counter()
    for item in ENGINEERING.items:
        kinds = {demand.kind for demand in item.demands}
        assert len(kinds) == 1, item.id
        weights[kinds.pop()] += item.weight
    assert weights[DemandKind.PRACTICE] == weights[DemandKind.OUTCOME] == 50


@every_model
def test_other_models_than_caict_ask_data_alone(model: Model) -> None:
    if model is not CAICT:
        assert all(isinstance(demand.asks, Probe) for _, demand in model.demands)


@every_model
def test_the_kind_of_a_demand_is_that_of_its_figure(model: Model) -> None:
    for _, demand in model.demands:
        if isinstance(demand.asks, Probe):
            expected = DemandKind.OUTCOME if MEASURES[demand.asks.measure].outcome else DemandKind.PRACTICE
            assert demand.kind is expected, demand.id


@every_model
def test_texts_are_in_both_languages(model: Model) -> None:
    for text in (
        model.title,
        model.notice,
        *(text for level in model.levels for text in (level.name, level.gloss)),
        *(area.title for area in model.areas),
        *(text for item in model.items for text in (item.title, item.description)),
        *(text for _, demand in model.demands for text in (demand.text, demand.advice)),
    ):
        assert re.search(r"[\u4e00-\u9fff]", text.zh), text
        assert not re.search(r"[\u4e00-\u9fff]", text.en), text
        assert not re.search(r"[\u4e00-\u9fff][,;:?!]", text.zh), text


@every_model
def test_a_higher_level_never_asks_for_less_of_the_same_figure(model: Model) -> None:
    for item in model.items:
        asked: dict[str, tuple[int, float, float]] = {}
        for demand in sorted(item.demands, key=lambda one: one.level):
            if not isinstance(demand.asks, Probe):
                continue
            higher = MEASURES[demand.asks.measure].better.value == "higher"
            reach = demand.asks.threshold if higher else -demand.asks.threshold
            _, before, share = asked.get(demand.asks.measure, (0, float("-inf"), 0.0))
            assert (reach, demand.share) >= (before, share), demand.id
            asked[demand.asks.measure] = (demand.level, reach, demand.share)


def test_figures_that_cannot_be_asked_for_exist() -> None:
    assert set(NOT_FOR_SCORES) <= set(MEASURES)


@pytest.mark.parametrize("name", sorted(MEASURES))
def test_a_figure_is_made_of_counters_that_there_are(name: str) -> None:
    measure = MEASURES[name]
    assert set(measure.uses) <= set(COUNTERS)
    assert measure.counts_with in ("", *COUNTERS)
    # Whatever means nothing without an answer of all scanners does not count without the scanners behind it.
    assert not measure.relies_on_scans or measure.counts_with
