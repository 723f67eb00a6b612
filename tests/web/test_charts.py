"""Charts: they never draw what nobody knows, and say in words and numbers what they draw."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

import pytest

from bot.web.charts import Series, lines, sparkline, stacked, warmth

DAYS = ("d1", "d2", "d3", "d4")


def points_of(svg: str) -> list[str]:
    return re.findall(r'points="([^"]*)"', svg)


def test_a_line_has_a_gap_where_nobody_knows() -> None:
    chart = lines("c", "Title", "Words", DAYS, [Series("High", "high", (0, 4, None, 2))], when="Day")
    first, second = points_of(chart.svg)
    assert first == "0.0,300.0 333.3,0.0"
    assert second.split()[0].endswith(",150.0"), "one value alone is a stroke at its height"
    assert chart.rows == (("d4", "2"), ("d3", "?"), ("d2", "4"), ("d1", "0"))
    assert chart.columns == ("Day", "High")


def test_the_axis_begins_at_zero_and_ends_at_a_round_number() -> None:
    ends = [
        lines("c", "t", "d", ("a",), [Series("s", "low", (value,))], when="w").high
        for value in (0, 3, 5, 17, 321, 999, 1001)
    ]
    assert ends == ["4", "4", "5", "20", "400", "1000", "2000"]


def test_series_differ_by_more_than_colour() -> None:
    series = [Series(name, "high", (1, 2)) for name in "abcdef"]
    chart = lines("c", "t", "d", ("x", "y"), series, when="w")
    drawn = re.findall(r"<polyline[^>]*>", chart.svg)
    assert len({re.sub(r'points="[^"]*"', "", line) for line in drawn}) == len(series)


def test_a_chart_is_sound_svg_with_title_and_description_whatever_they_hold() -> None:
    evil = '</title><script>alert(1)</script>&"'
    chart = lines("c", evil, evil, DAYS, [Series(evil, "low", (1, 2, 3, 4))], when="w")
    root = ET.fromstring(chart.svg)
    assert [element.text for element in root[:2]] == [evil, evil]
    assert root.get("aria-labelledby") == "c-title c-desc"
    assert "style=" not in chart.svg
    assert "<script>" not in sparkline([1, 2], evil)


def test_a_thin_part_of_a_bar_can_still_be_seen() -> None:
    chart = stacked("b", "t", "d", [("a", "bad", 1), ("b", "good", 99_999), ("c", "low", 0)], what="w", number="n")
    widths = [float(width) for width in re.findall(r'width="([0-9.]+)%"', chart.svg)]
    assert widths[0] == 1.0
    assert sum(widths) == pytest.approx(100)
    assert [key.value for key in chart.keys] == ["1", "99999", "0"]


def test_a_chart_of_nothing_says_that_it_is_empty() -> None:
    assert lines("c", "t", "d", DAYS, [Series("s", "low", (None,) * 4)], when="w").empty
    assert stacked("b", "t", "d", [("a", "bad", 0)], what="w", number="n").empty
    assert sparkline([None, 5, None], "t") == ""


def test_a_style_that_is_no_word_is_a_mistake_of_ours() -> None:
    with pytest.raises(ValueError, match="not a word"):
        stacked("b", "t", "d", [("a", 'x" onload="', 1)], what="w", number="n")
    with pytest.raises(ValueError, match="one value for each label"):
        lines("c", "t", "d", DAYS, [Series("s", "low", (1,))], when="w")


def test_more_findings_are_never_cooler() -> None:
    assert [warmth(number) for number in (0, 1, 3, 10, 30, 1000)] == [0, 1, 2, 3, 4, 4]
