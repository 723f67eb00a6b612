"""The compliance summary as a document: exact both ways, honest about what is not known."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.maturity.measures import FIGURES
from bot.domain.maturity.scope import Scope
from bot.domain.maturity.snapshot import project_content
from bot.domain.maturity.summarising import compose, leading_model, model_part, open_of, worst_first
from bot.domain.maturity.summary import (
    LimitKind,
    ProjectLine,
    RedItem,
    RedKind,
    Score,
    Summary,
    SummaryError,
    canonical,
    digest_of,
    from_json,
    to_json,
)
from bot.texts import Language
from tests.examples import examples
from tests.reports.maturity import summary_samples as samples

GROUP = samples.group_summary(Language.CHINESE)
UNKNOWN = samples.unknown_summary(Language.ENGLISH)
HOSTILE = samples.hostile_summary(Language.ENGLISH)
ALL = (GROUP, HOSTILE, UNKNOWN)


@pytest.mark.parametrize("summary", ALL, ids=["group", "hostile", "unknown"])
def test_a_document_comes_back_as_it_was(summary: Summary) -> None:
    read = from_json(json.loads(canonical(to_json(summary))))
    assert read == summary
    assert read.digest == summary.digest


def test_the_digest_is_that_of_the_document_and_changes_with_every_part_of_it() -> None:
    assert GROUP.digest == digest_of(to_json(GROUP))
    assert GROUP.digest == samples.group_summary(Language.CHINESE).digest
    others = {
        replace(GROUP, organisation="x").digest,
        replace(GROUP, red=GROUP.red[1:]).digest,
        replace(GROUP, made_at=GROUP.made_at.replace(minute=1)).digest,
    }
    assert len(others | {GROUP.digest}) == 4


@given(st.text(max_size=30), st.floats(allow_nan=False, allow_infinity=False), st.integers(-(2**60), 2**60))
@settings(max_examples=examples(60), deadline=None)
def test_any_text_and_number_survives(text: str, value: float, number: int) -> None:
    red = RedItem(RedKind.TARGET_MISSED, text.encode("utf-8", "replace").decode(), None, value, None, number)
    assert from_json(json.loads(canonical(to_json(replace(UNKNOWN, red=(red,)))))).red == (red,)


def test_half_a_character_is_written_as_one_that_is_missing() -> None:
    broken = replace(UNKNOWN, made_by="a\udcff")
    read = from_json(json.loads(canonical(to_json(broken))))
    assert read.made_by == "a\ufffd"
    assert read.digest == broken.digest


def test_a_number_that_is_too_large_is_refused() -> None:
    document = to_json(GROUP)
    document["red"] = [document["red"][0] | {"value": 10**400}]
    with pytest.raises(SummaryError, match=r"red\[0\]\.value has to be a number"):
        from_json(document)


def test_a_number_that_is_none_cannot_be_written() -> None:
    with pytest.raises(ValueError, match="no number"):
        to_json(replace(UNKNOWN, red=(RedItem(RedKind.OVERDUE, value=float("nan")),)))


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"schema": "2.0"}, "schema '2.0'"),
        ({"period": {"kind": "month", "first": "2026-10-31", "last": "2026-10-01"}}, "summary.period cannot end|end"),
        ({"projects_of": "4"}, r"summary\.projects_of has to be of type int"),
        ({"projects_of": True}, r"summary\.projects_of"),
        ({"made_at": "2026-11-02T06:15:00"}, r"summary\.made_at has to name its time zone"),
        ({"language": "de"}, r"summary\.language cannot be 'de'"),
        ({"models": {}}, r"summary\.models has to be a list"),
        ({"duties": {"rows": [], "total": -1}}, r"summary\.duties\.total is less"),
        ({"red": [{"kind": "overdue"}]}, r"summary\.red\[0\] has other fields"),
        ({"more": 1}, "summary has other fields than it should: more"),
    ],
)
def test_what_is_no_summary_is_refused_with_its_place(change: dict[str, Any], where: str) -> None:
    with pytest.raises(SummaryError, match=where):
        from_json(to_json(UNKNOWN) | change)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
_DOCUMENT = json.loads(canonical(to_json(GROUP)))


@given(st.data(), JSON)
@settings(max_examples=examples(150), deadline=None)
def test_rubbish_raises_nothing_but_a_summary_error(data: st.DataObject, rubbish: Any) -> None:
    document = json.loads(canonical(_DOCUMENT))
    place: Any = document
    for _ in range(6):
        keys = sorted(place) if isinstance(place, dict) else list(range(len(place)))
        key = data.draw(st.sampled_from(keys))
        inner = place[key]
        if not isinstance(inner, dict | list) or not inner or data.draw(st.booleans()):
            place[key] = rubbish
            break
        place = inner
    try:
        read = from_json(document)
    except SummaryError:
        return
    assert from_json(to_json(read)) == read


def test_what_is_not_known_is_never_a_good_number() -> None:
    assert UNKNOWN.projects_assessed is None
    assert all(model.score is None and model.level is None for model in UNKNOWN.models)
    assert all(figure.value is None and figure.reaches is None for figure in UNKNOWN.figures)
    assert all(line.found is None and line.open is None and line.overdue is None for line in UNKNOWN.severities)
    assert UNKNOWN.tolerated is None
    assert UNKNOWN.trend[-1].critical is None
    assert [item.kind for item in UNKNOWN.red] == [RedKind.UNKNOWN]


def test_no_open_finding_is_only_said_where_somebody_looked() -> None:
    assert open_of({"open.critical": 0}, "critical") is None
    assert open_of({"open.critical": 0, "projects.assessed": 1}, "critical") == 0
    # What is there is there, whoever else did not look.
    assert open_of({"open.critical": 2}, "critical") == 2
    assert open_of({"projects.assessed": 1}, "critical") is None


def test_every_figure_is_there_with_its_counters_and_the_last_period() -> None:
    assert [line.name for line in GROUP.figures] == [measure.name for measure in FIGURES]
    by_name = {line.name: line for line in GROUP.figures}
    coverage = by_name["static_coverage_existing"]
    assert coverage.value == pytest.approx(31_800 / 40_100)
    assert coverage.reaches is True
    assert coverage.before == coverage.value
    assert {used.name: used.value for used in coverage.uses}["code.read_lines"] == 3 * 31_800
    assert by_name["pipeline_duration"].reaches is False
    # GitLab was asked on fewer days than our own store was counted.
    assert by_name["pipeline_duration"].days_known == 88
    assert coverage.days_known == coverage.days_of == 124


def test_what_fell_and_what_missed_its_target_is_red() -> None:
    kinds = [item.kind for item in GROUP.red]
    assert kinds == sorted(kinds, key=list(RedKind).index), "the most serious first"
    assert {item.subject for item in GROUP.red if item.kind is RedKind.TARGET_MISSED} == {
        figure.name for figure in GROUP.figures if figure.reaches is False
    }
    fallen = next(item for item in GROUP.red if item.kind is RedKind.SCORE_FELL)
    assert (fallen.subject, fallen.before, fallen.value) == ("engineering", 87.0, 50.0)


def test_a_fallen_level_is_red_also_when_it_is_not_known_any_more() -> None:
    tally = dict(samples.GOOD)
    now = project_content((samples.LEVELS,), samples.OCTOBER, {**tally, "projects.sast": 0}, shared={})
    gone = project_content((samples.LEVELS,), samples.OCTOBER, {"projects": 1}, shared={})
    before = project_content((samples.LEVELS,), samples.OCTOBER, tally, shared={})
    for content in (now, gone):
        part = model_part(samples.LEVELS, content.results[0], before.results[0])
        toolchain = next(item for item in part.items if item.id == "6.2")
        assert toolchain.level_before == 3
        assert toolchain.level in (1, None)
    assert part.score is None
    assert part.score_before is not None


def test_another_version_of_a_model_is_not_compared_and_said() -> None:
    other = replace(samples.LEVELS, digest="c3" * 32)
    now = project_content((other,), samples.OCTOBER, samples.GOOD, shared={})
    before = project_content((samples.LEVELS,), samples.OCTOBER.previous, samples.GOOD, shared={})
    scope = Scope.of_project(5)
    empty = samples.no_lists(projects_of=1)
    summary = compose(
        samples.making(scope, "a/b", Language.ENGLISH),
        samples.snapshot(now, scope, samples.OCTOBER, 2),
        samples.snapshot(before, scope, samples.OCTOBER.previous, 1),
        {other.digest: other},
        (),
        empty,
    )
    assert summary.models[0].before is False
    assert summary.models[0].score_before is None
    assert (LimitKind.OTHER_MODEL, samples.LEVELS.id) in [(limit.kind, limit.subject) for limit in summary.limits]


def test_what_was_left_out_is_said() -> None:
    limits = {(limit.kind, limit.subject): limit for limit in GROUP.limits}
    assert (limits[LimitKind.LIST_CUT, "exceptions"].number, limits[LimitKind.LIST_CUT, "exceptions"].of) == (3, 57)
    assert (limits[LimitKind.GITLAB_DAYS, ""].number, limits[LimitKind.GITLAB_DAYS, ""].of) == (88, 124)
    assert (LimitKind.NO_PREVIOUS, "") in {(limit.kind, limit.subject) for limit in UNKNOWN.limits}


def test_a_project_that_nobody_knows_stands_before_the_worst_known_one() -> None:
    assert leading_model(GROUP.models) == "engineering"
    assert GROUP.projects.rows[0].path == "shop/archive"
    scores = [{one.model_id: one.score for one in line.scores}["engineering"] for line in GROUP.projects.rows[1:]]
    assert scores == sorted(score for score in scores if score is not None)


@given(
    st.lists(st.tuples(st.none() | st.integers(0, 100), st.none() | st.integers(0, 9), st.text(max_size=4)), max_size=8)
)
def test_the_order_of_projects_does_not_depend_on_how_they_came(rows: list[tuple[int | None, int | None, str]]) -> None:
    lines = [
        ProjectLine(n, path, (Score("engineering", score, None),), (), critical, None, None, assessed=True)
        for n, (score, critical, path) in enumerate(rows)
    ]
    assert worst_first(lines, GROUP.models) == worst_first(reversed(lines), GROUP.models)
