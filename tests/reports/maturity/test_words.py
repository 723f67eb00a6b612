"""Ratings and figures in words: numbers as the language writes them, none too good, and strangers' text made tame."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.maturity.measures import MEASURES, Unit
from bot.domain.maturity.model import Area, Demand, DemandKind, Item, LevelName, Model, Probe, Scheme, Text
from bot.domain.maturity.period import Period, PeriodKind, night, period_of
from bot.domain.maturity.scope import ORGANISATION, Scope
from bot.domain.maturity.scoring import Answer, ItemResult
from bot.reports.maturity.words import (
    answer_words,
    level_words,
    measure_title,
    period_words,
    rating_words,
    scope_words,
    score_words,
    target_words,
    value_words,
)
from bot.reports.wording import Wording
from bot.texts import Language

EN, ZH = Wording(Language.ENGLISH), Wording(Language.CHINESE)


@pytest.mark.parametrize(
    ("value", "unit", "english", "chinese"),
    [
        (None, Unit.SHARE, "not known", "未知"),
        (float("nan"), Unit.COUNT, "not known", "未知"),
        (float("inf"), Unit.SECONDS, "not known", "未知"),
        (0.61, Unit.SHARE, "61 %", "61 %"),
        (0.6149, Unit.SHARE, "61.5 %", "61.5 %"),
        (1.0, Unit.SHARE, "100 %", "100 %"),
        (0.0, Unit.SHARE, "0 %", "0 %"),
        (0.42, Unit.PER_KLOC, "0.42", "0.42"),
        (6.543, Unit.PER_DAY, "6.54", "6.54"),
        (0.001, Unit.PER_WEEK, "< 0.01", "< 0.01"),
        (1234.0, Unit.COUNT, "1,234", "1,234"),
        (0.0, Unit.COUNT, "0", "0"),
        (446_400.0, Unit.SECONDS, "5 d 4 h", "5 天 4 小时"),
        (480.0, Unit.SECONDS, "8 min", "8 分"),
        (485.0, Unit.SECONDS, "8 min 5 s", "8 分 5 秒"),
        (42.4, Unit.SECONDS, "42 s", "42 秒"),
        (0.42, Unit.SECONDS, "0.4 s", "0.4 秒"),
        (0.0, Unit.SECONDS, "0 s", "0 秒"),
        (3_599.9, Unit.SECONDS, "1 h", "1 小时"),
        (86_399.0, Unit.SECONDS, "1 d", "1 天"),
        (200_000_000.0, Unit.SECONDS, "2,314 d 20 h", "2,314 天 20 小时"),
    ],
)
def test_a_figure_is_written_with_its_unit(value: float | None, unit: Unit, english: str, chinese: str) -> None:
    assert value_words(value, unit, EN) == english
    assert value_words(value, unit, ZH) == chinese


@given(st.floats(min_value=0, max_value=1, exclude_min=True, exclude_max=True))
def test_only_a_whole_share_is_all_and_only_none_is_nothing(share: float) -> None:
    assert value_words(share, Unit.SHARE, EN) not in ("0 %", "100 %")


@given(st.floats(min_value=0, allow_nan=False, allow_infinity=False, max_value=1e12), st.sampled_from(Unit))
def test_every_figure_can_be_written(value: float, unit: Unit) -> None:
    for wording in (EN, ZH):
        words = value_words(value, unit, wording)
        assert words
        assert "60 s" not in words.split(" min ")[-1]
        assert "60 min" not in words


@pytest.mark.parametrize(
    ("measure", "words"),
    [
        ("static_coverage_existing", "≥ 60 %"),
        ("unit_coverage_existing", "> 60 %"),
        ("pipeline_duration", "< 8 min"),
        ("red_fix_time", "< 30 min"),
        ("escape_rate", "0 %"),
        ("defect_density", "≤ 0.5"),
        ("delivery_cycle", "≤ 5 d 17 h"),
        ("open_high", ""),
    ],
)
def test_a_target_says_which_way_is_good(measure: str, words: str) -> None:
    assert target_words(MEASURES[measure], EN) == words


@pytest.mark.parametrize("name", sorted(MEASURES))
def test_every_figure_has_a_title_in_both_languages(name: str) -> None:
    assert measure_title(MEASURES[name], EN) == MEASURES[name].title
    assert measure_title(MEASURES[name], ZH) != MEASURES[name].title


def model(scheme: Scheme, *levels: int) -> Model:
    none = Text("", "")
    demands = tuple(
        Demand(f"a-{level}", level, DemandKind.PRACTICE, none, none, Probe("sast", 1.0)) for level in levels
    )
    return Model(
        id="m",
        version="1",
        title=none,
        notice=none,
        source="",
        scheme=scheme,
        levels=(
            LevelName(1, Text("Initial", "初始级"), none),
            LevelName(2, Text("Found\u202eation\n", "基础级"), none),
        ),
        areas=(Area("x", none, (Item("a", none, none, demands),)),),
        digest="",
    )


def result(level: int | None, *, on_the_way: bool = False, points: int | None = None) -> ItemResult:
    return ItemResult("a", level, on_the_way, 0, 0, points, ())


def test_a_level_is_written_with_its_name_and_one_that_is_not_whole_with_a_minus() -> None:
    levels = model(Scheme.LEVELS, 1, 2)
    assert rating_words(result(1), levels, EN) == "1 Initial"
    assert rating_words(result(1), levels, ZH) == "1 初始级"
    assert rating_words(result(1, on_the_way=True), levels, EN) == "2-"
    assert rating_words(result(0), levels, ZH) == "0"
    assert level_words(1, levels, ZH) == "1 初始级"


def test_what_is_not_assessed_never_gets_a_number() -> None:
    for scheme in Scheme:
        assert rating_words(result(None), model(scheme, 1), EN) == "not assessed"
        assert rating_words(result(None), model(scheme, 1), ZH) == "未评估"
    assert score_words(None, EN) == "not assessed"
    assert score_words(None, ZH) == "未评估"
    assert level_words(None, model(Scheme.LEVELS, 1), ZH) == "未评估"
    assert score_words(0, EN) == "0"


def test_answers_and_points_are_written_with_what_can_be_reached_and_rounded_down() -> None:
    assert rating_words(result(None, points=1750), model(Scheme.ANSWERS, 1, 1, 2, 3), EN) == "1.75 / 3"
    assert rating_words(result(None, points=1999), model(Scheme.ANSWERS, 1, 2), ZH) == "1.99 / 2"
    assert rating_words(result(None, points=999), model(Scheme.POINTS, 1), EN) == "99 / 100"


def test_answers_have_words() -> None:
    assert [answer_words(answer, EN) for answer in Answer] == ["met", "not met", "not known"]
    assert [answer_words(answer, ZH) for answer in Answer] == ["已达到", "未达到", "未知"]


DAY = date(2026, 9, 17)


@pytest.mark.parametrize(
    ("period", "english", "chinese"),
    [
        (period_of(PeriodKind.YEAR, DAY), "year 2026", "2026 年"),
        (period_of(PeriodKind.QUARTER, DAY), "quarter 3 of 2026", "2026 年第 3 季度"),
        (period_of(PeriodKind.MONTH, DAY), "September 2026", "2026 年 9 月"),
        (
            period_of(PeriodKind.WEEK, DAY),
            "week 38 of 2026 (2026-09-14 to 2026-09-20)",
            "2026 年第 38 周（2026-09-14 至 2026-09-20）",
        ),
        (night(DAY), "90 days up to 2026-09-17", "截至 2026-09-17 的 90 天"),
        (Period(PeriodKind.SPAN, date(2026, 9, 1), DAY), "2026-09-01 to 2026-09-17", "2026-09-01 至 2026-09-17"),
    ],
)
def test_periods_are_named_as_people_do(period: Period, english: str, chinese: str) -> None:
    assert period_words(period, EN) == english
    assert period_words(period, ZH) == chinese


def test_a_scope_is_named_by_its_path() -> None:
    assert scope_words(Scope.of_project(7), "shop/api", EN) == "project shop/api"
    assert scope_words(Scope.of_project(7), "", EN) == "project 7"
    assert scope_words(Scope.of_group("shop/core"), "", ZH) == "群组 shop/core"
    assert scope_words(ORGANISATION, "", EN) == "the whole organisation"
    assert scope_words(ORGANISATION, "", ZH) == "整个组织"


def test_text_of_strangers_is_made_visible_and_short() -> None:
    hostile = "shop/\u202eapi\x1b[2J\n" + "x" * 5_000
    words = scope_words(Scope.of_project(7), hostile, EN)
    assert "{U+202E}" in words
    assert "{U+001B}" in words
    assert "\n" not in words
    assert len(words) < 250
    assert rating_words(result(2), model(Scheme.LEVELS, 1, 2), EN) == "2 Found{U+202E}ation"
