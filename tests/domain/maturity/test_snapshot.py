"""Snapshots as values: the same inputs give the same hash, and whatever is changed is named."""

from __future__ import annotations

import copy
import hashlib
import json
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.maturity.counters import COUNTERS
from bot.domain.maturity.measures import MEASURES
from bot.domain.maturity.model import Model
from bot.domain.maturity.period import LONGEST_DAYS, Period, PeriodKind, night
from bot.domain.maturity.scope import ORGANISATION, Scope
from bot.domain.maturity.snapshot import (
    RULES,
    AttestationRef,
    Content,
    Flaw,
    SnapshotError,
    SnapshotRow,
    attestation_digest,
    attested_for,
    check_content,
    content_digest,
    digest_of,
    end_of,
    group_content,
    groups_of,
    is_readable,
    next_revision,
    project_content,
    read_content,
    read_row,
    recompute,
    verify,
)
from tests.domain.maturity import worlds
from tests.domain.maturity.worlds import END, NIGHT, SCANNED
from tests.examples import examples

SMALL = worlds.model()
BY_DIGEST = {SMALL.digest: SMALL}
WORD = AttestationRef("small", "a-3-02", 7, "d" * 64)


def content(**more: int) -> Content:
    return project_content([SMALL], NIGHT, {**SCANNED, **more}, shared={"reports.delivered": 3}, attested=[WORD])


def through_json(one: Content) -> Content:
    return read_content(json.loads(json.dumps(one.document())))


def row_of(one: Content, scope: Scope, before: SnapshotRow | None = None, period: Period = NIGHT) -> SnapshotRow:
    row = next_revision(scope, period, content_digest(one), before)
    assert row is not None
    return row


@given(model=worlds.models(), other=worlds.models("other"), tally=worlds.tallies(), period=worlds.periods())
@settings(max_examples=examples(60), deadline=None)
def test_a_project_is_made_again_with_the_same_hash(
    model: Model, other: Model, tally: dict[str, int], period: Period
) -> None:
    attested = [AttestationRef("drawn", demand.id, 5, "e" * 64) for _, demand in list(model.demands)[::2]]
    made = project_content([model, other], period, tally, shared=tally, attested=attested)
    read = through_json(made)
    assert read == made
    again = recompute(read, {model.digest: model, other.digest: other})
    assert content_digest(again) == content_digest(made) == digest_of(made.document())
    assert check_content(made.document(), {model.digest: model, other.digest: other}) == ()


@given(model=worlds.models(), tallies=st.lists(worlds.tallies(), max_size=4), period=worlds.periods())
@settings(max_examples=examples(60), deadline=None)
def test_a_group_is_made_again_from_its_projects(model: Model, tallies: list[dict[str, int]], period: Period) -> None:
    parts = {}
    for number, tally in enumerate(tallies):
        one = project_content([model], period, tally, shared={})
        parts[number] = (content_digest(one), one)
    made = group_content([model], period, parts, shared={})
    again = recompute(
        through_json(made), {model.digest: model}, {digest: through_json(one) for digest, one in parts.values()}
    )
    assert content_digest(again) == content_digest(made)


@given(tally=worlds.tallies(), period=worlds.periods())
@settings(deadline=None)
def test_figures_depend_on_how_many_days_there_were_and_not_on_which(tally: dict[str, int], period: Period) -> None:
    one = project_content([], period, tally, shared=tally)
    assert (one.inputs.period.days, one.inputs.period.working_days) == (period.days, period.working_days)
    values = {name: measure.value(tally, period) for name, measure in MEASURES.items() if not measure.shared}
    assert {name: one.figures.get(name) for name in values} == values


VALUES = st.one_of(st.integers(), st.integers(0, 10), st.floats(), st.text(max_size=3), st.none(), st.booleans())
NAMES = st.one_of(
    st.sampled_from(sorted(COUNTERS)), st.from_regex(r"[a-zA-Z_.]{1,4}", fullmatch=True), st.text(max_size=3)
)


@given(tally=st.dictionaries(NAMES, VALUES, max_size=4))
@settings(max_examples=examples(200), deadline=None)
def test_counters_that_count_as_readable_are_read_back_and_others_are_none(tally: dict[str, Any]) -> None:
    if not is_readable(tally):
        assert not all(type(value) is int and abs(value) <= 2**53 and name in COUNTERS for name, value in tally.items())
        return
    made = project_content([SMALL], NIGHT, tally, shared={})
    assert through_json(made) == made


def test_as_many_damaged_numbers_as_there_are_projects_add_up_to_one_that_is_read() -> None:
    assert is_readable({"scans": 2**53, "merges": -(2**53)})
    assert not is_readable({"scans": 2**53 + 1})
    assert not is_readable({f"n{n}": 0 for n in range(1_001)})
    one = content(**{"merge.seconds": 2**53})
    whole = group_content([SMALL], NIGHT, {n: (content_digest(one), one) for n in range(1_000)}, shared={})
    assert through_json(whole) == whole


def test_more_days_than_anybody_may_ask_for_are_read_as_they_were_taken() -> None:
    long = Period(PeriodKind.SPAN, date(2015, 1, 1), date(2026, 11, 2))
    made = project_content([SMALL], long, SCANNED, shared={})
    assert through_json(made).inputs.period.days == long.days > LONGEST_DAYS
    document = made.document()
    for days in (0, 100_001, 10**9):
        with pytest.raises(SnapshotError, match="days has to be a whole number"):
            read_content({**document, "days": days})


def test_a_project_to_which_nothing_happens_has_one_content_for_several_nights() -> None:
    digests = {content_digest(project_content([SMALL], night(day), SCANNED, shared={})) for day in _days(28)}
    # 90 days have 64 or 65 working days, as they begin.
    assert len(digests) == 2


def test_the_digest_is_what_the_documentation_says() -> None:
    document = content().document()
    text = json.dumps(document, sort_keys=True, separators=(",", ":"))
    assert content_digest(content()) == hashlib.sha256(text.encode()).hexdigest()
    assert document["figures"]["static_coverage_existing"] == "0.7142857142857143"


def test_only_what_measures_ask_for_is_kept_of_the_organisation() -> None:
    one = project_content([SMALL], NIGHT, SCANNED, shared={"reports.delivered": 3, "merges": 7})
    assert one.inputs.shared == {"reports.delivered": 3}


def test_an_empty_project_lowers_nobodys_share_and_one_that_nobody_scanned_does() -> None:
    good = project_content([worlds.model(threshold=0.1)], NIGHT, SCANNED, shared={})
    empty = project_content([worlds.model(threshold=0.1)], NIGHT, {"projects": 0}, shared={})
    unseen = project_content([worlds.model(threshold=0.1)], NIGHT, {"projects": 1}, shared={})

    def met(*parts: Content) -> tuple[int | None, int | None]:
        named = {number: (content_digest(one), one) for number, one in enumerate(parts)}
        result = group_content([worlds.model(threshold=0.1)], NIGHT, named, shared={}).results[0]
        first = result.items[0].demands[0]
        return first.met, first.of

    assert met(good, empty) == (1, 1)
    assert met(good, unseen) == (1, 2)


def test_a_revision_follows_only_where_something_else_is_said() -> None:
    first = row_of(content(), Scope.of_project(5))
    assert next_revision(first.scope, NIGHT, first.content, first) is None
    second = row_of(content(scans=31), Scope.of_project(5), first)
    assert (second.revision, second.previous) == (2, first.digest)
    assert (first.revision, first.previous) == (1, "")
    assert second.computed_digest() == second.digest


def test_what_was_kept_is_whole() -> None:
    first = row_of(content(), Scope.of_project(5))
    second = row_of(content(scans=31), Scope.of_project(5), first)
    assert verify(first, content().document(), BY_DIGEST) == ()
    assert verify(second, content(scans=31).document(), BY_DIGEST, before=first) == ()


def test_a_row_that_was_changed_is_named() -> None:
    row = row_of(content(), Scope.of_project(5))
    for changed in (
        replace(row, scope=Scope.of_project(6)),
        replace(row, period=night(date(2026, 11, 1))),
        replace(row, digest="0" * 64),
    ):
        assert [one.flaw for one in verify(changed, content().document(), BY_DIGEST)] == [Flaw.CHANGED]


def test_a_revision_without_the_one_before_is_named() -> None:
    first = row_of(content(), Scope.of_project(5))
    second = row_of(content(scans=31), Scope.of_project(5), first)
    document = content(scans=31).document()
    assert [one.flaw for one in verify(second, document, BY_DIGEST)] == [Flaw.UNLINKED]
    assert verify(second, document, BY_DIGEST, whole_chain=False) == ()
    other = row_of(content(scans=29), Scope.of_project(5))
    assert [one.flaw for one in verify(second, document, BY_DIGEST, before=other)] == [Flaw.UNLINKED]


def _points(document: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    if isinstance(document, dict):
        return [point for name, value in document.items() for point in _points(value, (*path, name))]
    if isinstance(document, list):
        return [point for n, value in enumerate(document) for point in _points(value, (*path, n))]
    return [path]


def _changed(document: dict[str, Any], path: tuple[Any, ...]) -> dict[str, Any]:
    changed = copy.deepcopy(document)
    place = changed
    for step in path[:-1]:
        place = place[step]
    value = place[path[-1]]
    place[path[-1]] = value + 1 if type(value) is int else (not value if isinstance(value, bool) else f"{value}9")
    return changed


def test_wherever_a_content_is_changed_it_shows() -> None:
    row, document = row_of(content(), Scope.of_project(5)), content().document()
    points = _points(document)
    assert len(points) > 60
    for path in points:
        flaws = {one.flaw for one in verify(row, _changed(document, path), BY_DIGEST)}
        assert Flaw.CONTENT_CHANGED in flaws, path


def test_a_result_that_was_changed_with_its_digests_does_not_follow_from_its_inputs() -> None:
    better = content()
    result = replace(better.results[0], score=99)
    forged = replace(better, results=(result,))
    row = row_of(forged, Scope.of_project(5))
    found = verify(row, forged.document(), BY_DIGEST)
    assert [one.flaw for one in found] == [Flaw.OTHER_RESULT]
    assert "model small rates otherwise" in found[0].text
    figures = replace(better, figures={**better.figures, "scan_success": 1.0})
    found = verify(row_of(figures, Scope.of_project(5)), figures.document(), BY_DIGEST)
    assert [one.text for one in found] == ["its inputs give another result: its figures are others"]


def test_more_than_a_content_holds_is_named() -> None:
    document = {**content().document(), "more": 1}
    assert Flaw.OTHER_RESULT in {one.flaw for one in check_content(document, BY_DIGEST)}


def test_a_content_about_something_else_is_named() -> None:
    project, group = content(), group_content([SMALL], NIGHT, {5: ("a" * 64, content())}, shared={})
    row = row_of(project, ORGANISATION)
    assert Flaw.CONTENT_CHANGED in {one.flaw for one in verify(row, project.document(), BY_DIGEST)}
    row = row_of(group, Scope.of_project(5))
    assert Flaw.CONTENT_CHANGED in {one.flaw for one in verify(row, group.document(), BY_DIGEST, {"a" * 64: project})}
    row = row_of(project, Scope.of_project(5), period=Period(PeriodKind.SPAN, NIGHT.last, NIGHT.last))
    assert Flaw.CONTENT_CHANGED in {one.flaw for one in verify(row, project.document(), BY_DIGEST)}


def test_what_is_missing_is_said_and_never_taken_for_whole() -> None:
    one = content()
    with pytest.raises(SnapshotError, match="model small 1"):
        recompute(one, {})
    assert [found.flaw for found in check_content(one.document(), {})] == [Flaw.MISSING]
    group = group_content([SMALL], NIGHT, {5: (content_digest(one), one), 6: ("a" * 64, one)}, shared={})
    with pytest.raises(SnapshotError, match="1 of its 2 projects are missing, the first is project 6"):
        recompute(group, BY_DIGEST, {content_digest(one): one})
    other = replace(one, rules=RULES + 1)
    assert [found.flaw for found in check_content(other.document(), BY_DIGEST)] == [Flaw.NOT_RECOMPUTED]


def test_a_group_whose_counters_are_not_the_sum_of_its_projects_is_named() -> None:
    one = content()
    group = group_content([SMALL], NIGHT, {5: (content_digest(one), one)}, shared={})
    assert check_content(group.document(), BY_DIGEST, {content_digest(one): one}) == ()
    found = check_content(group.document(), BY_DIGEST, {content_digest(one): content(scans=90)})
    assert "sum" in found[0].text


@pytest.mark.parametrize(
    "change",
    [
        {"format": 2},
        {"format": None},
        {"days": 0},
        {"days": True},
        {"days": 90.0},
        {"working_days": 90},
        {"counters": []},
        {"counters": {"scans": "1"}},
        {"counters": {"Scans\x00": 1}},
        {"shared": {"scans": 2**80}},
        {"figures": {"scan_success": 0.5}},
        {"figures": {"scan_success": "nan"}},
        {"figures": {"scan_success": "1e999"}},
        {"results": {}},
        {"results": [{"items": "x"}]},
        {"models": [{"id": "a", "version": "", "digest": "a" * 64}]},
        {"models": [{"id": "a", "version": "1", "digest": "A" * 64}]},
        {"attestations": [7]},
        {"projects": [{"id": "5", "content": "a" * 64}]},
        {"projects": None},
    ],
)
def test_a_document_that_is_no_content_is_refused_with_its_place(change: dict[str, Any]) -> None:
    with pytest.raises(SnapshotError) as caught:
        read_content({**content().document(), **change})
    assert str(caught.value)
    assert caught.value.hint


@given(
    st.recursive(
        st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5)),
        lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=9), inner, max_size=3)),
        max_leaves=10,
    )
)
@settings(max_examples=examples(100), deadline=None)
def test_rubbish_is_refused_and_nothing_else_happens(document: Any) -> None:
    for read in (read_content, read_row):
        with pytest.raises(SnapshotError):
            read(document)


def test_a_row_comes_back_from_json_as_it_was() -> None:
    row = replace(row_of(content(), Scope.of_group("shop/web")), taken_at=END)
    assert read_row(json.loads(json.dumps(row.document()))) == row


def test_what_people_say_after_the_period_changes_nothing_of_it() -> None:
    before = worlds.attestation(confirmed_at=None, confirmed_by="", confirmed_by_id=None)
    later = replace(before, confirmed_at=END + timedelta(days=1), confirmed_by="grace", withdrawn_at=END + timedelta(2))
    assert attestation_digest(before, END) == attestation_digest(later, END)
    assert attestation_digest(before, END + timedelta(days=3)) != attestation_digest(later, END + timedelta(days=3))


def test_an_attestation_reaches_what_it_covers() -> None:
    every, group, one = (
        worlds.attestation(1),
        worlds.attestation(2, scope=Scope.of_group("Shop/Web")),
        worlds.attestation(3, scope=Scope.of_project(5)),
    )

    def answers(scope: Scope, path: str, *those: Any) -> list[int]:
        return [found.id for found in attested_for([SMALL], those, scope, path, END)]

    assert answers(Scope.of_project(5), "shop/web/till", one) == [3]
    assert answers(Scope.of_project(6), "shop/web/till", one) == []
    assert answers(Scope.of_project(6), "shop/web/till", group) == [2]
    assert answers(Scope.of_group("shop/web"), "", group, one) == [2]
    assert answers(Scope.of_group("shop/web/api"), "", group) == [2]
    assert answers(Scope.of_group("shop"), "", group) == []
    assert answers(ORGANISATION, "", group, one) == []
    assert answers(ORGANISATION, "", every) == [1]
    assert answers(Scope.of_project(6), "a/b", every) == [1]
    assert answers(Scope.of_project(6), "a/b", replace(every, model_id="other")) == []


def test_groups_are_the_namespaces_of_projects_whatever_their_case() -> None:
    found = groups_of({1: "shop/web/till", 2: "Shop/api", 3: "bank/core", 4: "alone"})
    assert {str(scope): members for scope, members in found.items()} == {
        "group bank": (3,),
        "group shop": (1, 2),
        "group shop/web": (1,),
    }


def test_a_night_is_over_when_the_next_day_begins() -> None:
    assert end_of(NIGHT) == END


def _days(count: int) -> list[date]:
    return [worlds.DAY - timedelta(days=n) for n in range(count)]
