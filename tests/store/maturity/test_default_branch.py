"""What a project's figures make of another default branch: a rename, a switch, a switch back. On both databases."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, select

from bot.domain.known import Whereabouts
from bot.domain.maturity.counters import Tally
from bot.domain.triage import TriageState
from bot.pipeline.tracking import Findings, Look, track
from bot.store import findings as store_findings
from bot.store import tracking
from bot.store.engine import session, write_session
from bot.store.maturity import counting
from bot.store.projects import Project, upsert_projects
from bot.store.statements import table
from bot.store.tables import TrackedRefRecord
from bot.store.tracking import OWN, Ref
from scanners.finding import Finding, Severity
from tests.examples import examples
from tests.store.counting import counted
from tests.store.maturity.story import KINDS, MAIN, SHOP, Story, at, code, day, merge_request, package, secret

TRUNK = Ref(SHOP, "trunk", is_default=True)
"""Another branch, once it is the default one."""
_projects = itertools.count(1000)


@pytest.fixture
def story(engine: Engine) -> Story:
    return Story(engine)


def a_week(story: Story) -> tuple[Finding, ...]:
    """Six days of the main branch, in which everything happens that can; what is there at their end."""
    there: tuple[Finding, ...] = (code("old"), code("fixed", Severity.LOW), code("again"))
    story.sees(at(0), *there)
    story.sees(at(1), code("proposed"), ref=merge_request(7))
    there = (*there, code("escaped"), code("slow"), secret(), package())
    numbers = story.sees(at(2), *there)
    story.judges(at(3), numbers[3], TriageState.CONFIRMED)
    story.sees(at(4), *(one for one in there if one.fingerprint not in ("fixed", "again")))
    left = tuple(one for one in there if one.fingerprint != "fixed")
    story.sees(at(5), *left, code("proposed"))
    return (*left, code("proposed"))


def of_days(story: Story, last: int, now: datetime, project_id: int = SHOP) -> dict[int, Tally]:
    """What happened in the project on each day, without what did not."""
    found = story.counts(0, last, now, stocks=(), project_ids=[project_id])
    return {
        number: {name: value for name, value in found.get((project_id, day(number)), {}).items() if "days." not in name}
        for number in range(last + 1)
    }


def keep(story: Story, last: int, now: datetime) -> set[int]:
    """Count the days anew and write them down, as every night; which ended ones changed."""
    with write_session(story.engine) as writing:
        written = counting.count_days(writing, day(0), day(last), now, stocks=())
        changed = counting.keep_days(writing, written)
    return {(when - day(0)).days for project_id, when in changed if project_id == SHOP}


def whereabouts(story: Story, number: int) -> Whereabouts:
    with session(story.engine) as reading:
        known = store_findings.get(reading, number)
    assert known is not None
    return known.whereabouts


def test_the_week_has_every_figure_that_could_vanish(story: Story) -> None:
    a_week(story)
    sums: dict[str, int] = {}
    for tally in of_days(story, 5, at(5, 23)).values():
        for name, value in tally.items():
            sums[name] = sums.get(name, 0) + value
    for name, value in {
        "escaped": 3,
        "secrets.merged": 1,
        "advisories.matched": 1,
        "reactions": 1,
        "fixed.low": 1,
        "fixed.high": 1,
        "fixed.in_time": 2,
        "reopened": 1,
    }.items():
        assert sums[name] == value, name


def test_a_renamed_default_branch_changes_no_day_that_has_ended(story: Story) -> None:
    there = a_week(story)
    before = of_days(story, 5, at(5, 23))
    keep(story, 5, at(5, 23))
    numbers = story.sees(at(6), *there, ref=TRUNK)
    assert of_days(story, 5, at(6, 23)) == before
    assert keep(story, 6, at(6, 23)) == {6}
    # Nothing happened but the scan: nothing came, nothing went, nothing came back.
    assert story.flows(6) == {"scans": 1, "scans.ended": 1}
    assert {whereabouts(story, number) for number in numbers} == {Whereabouts.DEFAULT_BRANCH}


def test_what_comes_in_with_the_rename_escaped_like_on_any_other_day(story: Story) -> None:
    there = a_week(story)
    story.sees(at(6), *there, code("late"), secret("late"), ref=TRUNK)
    found = story.flows(6)
    assert (found["escaped"], found["secrets.merged"]) == (2, 1)


def test_what_was_open_before_a_rename_is_reacted_to_repaired_and_reopened_after_it(story: Story) -> None:
    there = a_week(story)
    numbers = story.sees(at(6), *there, ref=TRUNK)
    slow = numbers[[one.fingerprint for one in there].index("slow")]
    story.judges(at(7), slow, TriageState.CONFIRMED)
    assert story.flows(7)["reactions"] == 1
    assert story.flows(7)["reaction.seconds"] == 5 * 86_400
    story.sees(at(8), *(one for one in there if one.fingerprint != "slow"), ref=TRUNK)
    assert story.flows(8)["fixed.high"] == 1
    assert story.flows(8)["fixed_seconds.high"] == 6 * 86_400
    # Repaired under the former name: back all the same.
    story.sees(at(9), *there, code("fixed", Severity.LOW), ref=TRUNK)
    assert story.flows(9)["reopened"] == 2
    assert "escaped" not in story.flows(9)
    assert story.flows(4)["fixed.low"] == 1


def test_a_switch_to_a_branch_with_other_contents_repairs_nothing_and_changes_no_day_that_has_ended(
    story: Story,
) -> None:
    a_week(story)
    before = of_days(story, 5, at(5, 23))
    keep(story, 5, at(5, 23))
    numbers = story.sees(at(6), code("escaped"), code("theirs"), ref=TRUNK)
    assert of_days(story, 5, at(6, 23)) == before
    assert keep(story, 6, at(6, 23)) == {6}
    found = story.flows(6)
    assert not any(name.startswith(("fixed", "reopened", "reactions")) for name in found)
    # Nobody said that its history is another one: what is seen there first was seen after it had come in.
    assert found["escaped"] == 1
    # What stays behind is on the other branch, as far as anybody knows.
    with session(story.engine) as reading:
        behind = tracking.numbers_of(reading, MAIN, OWN) - set(numbers)
    assert {whereabouts(story, number) for number in behind} == {Whereabouts.ELSEWHERE}
    assert {whereabouts(story, number) for number in numbers} == {Whereabouts.DEFAULT_BRANCH}


def test_what_a_branch_of_another_history_has_when_it_becomes_the_default_one_was_there_before(story: Story) -> None:
    a_week(story)
    before = of_days(story, 5, at(5, 23))
    (number, *_) = story.sees(at(6), code("theirs"), secret("theirs"), code("old"), ref=TRUNK, follows=False)
    assert of_days(story, 5, at(6, 23)) == before
    assert {"escaped", "secrets.merged"}.isdisjoint(story.flows(6))
    story.sees(at(7), code("theirs"), secret("theirs"), code("old"), code("new"), secret("new"), ref=TRUNK)
    assert (story.flows(7)["escaped"], story.flows(7)["secrets.merged"]) == (2, 1)
    assert {"escaped", "secrets.merged"}.isdisjoint(story.flows(6, at(7, 23)))
    # To look at what nobody is to blame for is no reaction; a fault of the old branch that is still there stays one.
    story.judges(at(8), number, TriageState.CONFIRMED)
    assert "reactions" not in story.flows(8)
    # And the moment is remembered over the next switch.
    story.sees(at(9), code("theirs"), secret("theirs"), ref=Ref(SHOP, "third", is_default=True))
    assert of_days(story, 5, at(9, 23)) == before
    assert "escaped" not in story.flows(6, at(9, 23))


def test_a_switch_there_and_back_leaves_everything_as_it_was(story: Story) -> None:
    there = a_week(story)
    before = of_days(story, 5, at(5, 23))
    story.sees(at(6), code("escaped"), code("theirs"), ref=TRUNK)
    numbers = story.sees(at(7), *there)
    after = of_days(story, 7, at(7, 23))
    assert {number: after[number] for number in before} == before
    assert after[6]["escaped"] == 1
    assert after[7] == {"scans": 1, "scans.ended": 1}
    assert {whereabouts(story, number) for number in numbers} == {Whereabouts.DEFAULT_BRANCH}


def test_what_was_repaired_on_one_branch_is_not_repaired_again_by_the_switch_back(story: Story) -> None:
    story.sees(at(0), code("a"), code("b"), code("c"))
    story.sees(at(1), code("a"), code("b"), code("c"), ref=TRUNK)
    story.sees(at(2), code("c"), ref=TRUNK)
    assert story.flows(2)["fixed.high"] == 2
    # One repair came over to the old branch, the other did not; a third one was made there while nobody looked.
    story.sees(at(3), code("b"))
    assert story.flows(3) == {"scans": 1, "scans.ended": 1, "reopened": 1}
    assert story.flows(2, at(3, 23))["fixed.high"] == 2
    story.sees(at(4))
    assert story.flows(4)["fixed.high"] == 1


def test_what_happened_on_a_branch_before_it_was_the_default_one_is_not_counted_afterwards(story: Story) -> None:
    feature = replace(TRUNK, is_default=False)
    story.sees(at(0), code("a"))
    story.sees(at(1), code("a"), code("b"), code("c"), secret(), ref=feature)
    story.sees(at(2), code("a"), code("c"), secret(), ref=feature)
    story.sees(at(3), code("a"), code("b"), secret(), ref=feature)
    before = of_days(story, 3, at(3, 23))
    assert not any({"escaped", "fixed.high", "reopened", "secrets.merged"} & set(tally) for tally in before.values())
    story.sees(at(4), code("a"), code("b"), secret(), ref=TRUNK)
    assert of_days(story, 3, at(4, 23)) == before
    # A secret came onto the default branch; that somebody knew it does not matter.
    assert story.flows(4) == {"scans": 1, "scans.ended": 1, "secrets.merged": 1}


def test_a_late_scan_of_the_former_default_branch_does_not_cut_its_history_off(story: Story) -> None:
    there = a_week(story)
    before = of_days(story, 5, at(5, 23))
    # GitLab has another default branch by now, and a push to the old one is still in the queue.
    story.sees(at(6, 1), *there, ref=replace(MAIN, is_default=False))
    assert of_days(story, 5, at(6, 2)) == before
    story.sees(at(6, 3), *there, ref=TRUNK)
    story.sees(at(6, 4), ref=replace(MAIN, is_default=False))
    assert of_days(story, 5, at(6, 23)) == before
    assert story.flows(6) == {"scans": 3, "scans.ended": 3}


def test_a_long_scan_that_tells_how_far_it_is_changes_no_figure_either(story: Story) -> None:
    there = a_week(story)
    before = of_days(story, 5, at(5, 23))
    with write_session(story.engine) as writing:
        tracking.set_progress(writing, TRUNK, 1, 9)
    assert of_days(story, 5, at(6, 1)) == before
    story.sees(at(6), *there, ref=TRUNK)
    assert of_days(story, 5, at(6, 23)) == before
    with session(story.engine) as reading:
        refs = table(TrackedRefRecord)
        assert reading.scalars(select(refs.c.name).where(refs.c.is_default)).all() == ["trunk"]


def test_a_report_that_comes_before_our_own_scan_of_the_new_branch_changes_no_figure(story: Story) -> None:
    there = a_week(story)
    theirs = replace(code("theirs"), scanner="CodeQL")
    story.sees(at(5, 13), theirs, source="import:CodeQL", with_=["CodeQL"], record=False)
    before = of_days(story, 5, at(5, 23))
    story.sees(at(6), theirs, ref=TRUNK, source="import:CodeQL", with_=["CodeQL"], record=False)
    assert of_days(story, 5, at(6, 13)) == before
    story.sees(at(6, 14), *there, ref=TRUNK)
    assert of_days(story, 5, at(6, 23)) == before
    assert story.flows(6) == {"scans": 1, "scans.ended": 1}


def test_a_scanner_that_gives_no_answer_about_the_new_branch_repairs_nothing(story: Story) -> None:
    there = a_week(story)
    before = of_days(story, 5, at(5, 23))
    story.sees(at(6), *(one for one in there if one.scanner == "semgrep"), ref=TRUNK, with_=["semgrep"])
    story.sees(at(7), *there, ref=TRUNK)
    after = of_days(story, 7, at(7, 23))
    assert {number: after[number] for number in before} == before
    assert [after[6], after[7]] == [{"scans": 1, "scans.ended": 1}] * 2


def test_the_number_of_statements_of_a_switch_does_not_grow_with_the_findings(story: Story) -> None:
    numbers = []
    for size in (3, 300):
        project = next(_projects)
        many = [code(str(n)) for n in range(size)]
        main, trunk = Ref(project, "main", is_default=True), Ref(project, "trunk", is_default=True)
        story.sees(at(0), *many, ref=main)
        story.sees(at(1), *many[: size // 3], ref=main)
        counts: list[int] = []
        for ref, found in ((trunk, many), (main, many[size // 3 :])):
            with counted(story.engine) as statements:
                story.sees(at(2 + len(counts)), *found, ref=ref, record=False)
            counts.append(len(statements))
        numbers.append(counts)
    assert numbers[0] == numbers[1]


_KNOWN = (code("a"), code("b", Severity.LOW), secret(), package())
_STEPS = st.lists(
    st.one_of(
        st.sets(st.integers(0, len(_KNOWN) - 1)),
        st.sampled_from(["main", "trunk", "third"]),
        st.tuples(st.integers(0, len(_KNOWN) - 1)),
    ),
    max_size=7,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=examples(15))
@given(steps=_STEPS)
def test_for_every_story_another_name_of_the_default_branch_changes_no_figure(
    story: Story, steps: list[set[int] | str | tuple[int]]
) -> None:
    """Told twice: once with the default branch changing, and once in a project where it never does."""
    changing, steady = next(_projects), next(_projects)
    with write_session(story.engine) as writing:
        upsert_projects(writing, [Project(number, f"p/{number}") for number in (changing, steady)])
    name, there, judged = "main", set[int](), set[int]()
    known: dict[int, dict[int, int]] = {changing: {}, steady: {}}
    for number, step in enumerate(steps):
        match step:
            case str():
                name = step
            case set():
                there = step
            case (which,):
                for numbers in known.values():
                    if which in numbers and numbers[which] not in judged:
                        judged.add(numbers[which])
                        story.judges(at(number, 9), numbers[which], TriageState.CONFIRMED)
        for project, branch in ((changing, name), (steady, "main")):
            ref = Ref(project, branch, is_default=True)
            seen = story.sees(at(number), *(_KNOWN[which] for which in sorted(there)), ref=ref)
            known[project].update(zip(sorted(there), seen, strict=True))
    last = len(steps)
    assert of_days(story, last, at(last), changing) == of_days(story, last, at(last), steady)


_SCANS = st.lists(
    st.tuples(
        st.sets(st.integers(0, len(_KNOWN) - 1)),
        st.sampled_from(["main", "trunk", "third"]),
        st.sampled_from(["default", "default", "default", "other"]),
        st.sampled_from([None, False]),
        st.sampled_from([OWN, OWN, "import:CodeQL"]),
        st.sampled_from([tuple(KINDS), tuple(KINDS), ("semgrep",)]),
    ),
    max_size=7,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=examples(15))
@given(scans=_SCANS)
def test_for_every_story_no_scan_changes_a_day_that_has_ended(
    story: Story, scans: list[tuple[set[int], str, str, bool | None, str, tuple[str, ...]]]
) -> None:
    """Whatever is on the branches that are the default one by turns, and whoever looks at them."""
    project = next(_projects)
    with write_session(story.engine) as writing:
        upsert_projects(writing, [Project(project, f"p/{project}")])
    ended: dict[int, Tally] = {}
    for number, (there, name, role, follows, source, scanners) in enumerate(scans):
        found = [_KNOWN[which] for which in sorted(there) if _KNOWN[which].scanner in scanners]
        ref = Ref(project, name, is_default=role == "default")
        story.sees(at(number), *found, ref=ref, source=source, follows=follows, with_=scanners)
        counted_now = of_days(story, number, at(number, 23), project)
        assert {earlier: counted_now[earlier] for earlier in ended} == ended
        ended = counted_now


def test_the_walk_from_look_to_look_needs_no_stream_of_the_former_branch(engine: Engine) -> None:
    """A branch that nobody ever looked at is the default one: there is nothing to take over."""
    story = Story(engine)
    with write_session(engine) as writing:
        tracking.set_progress(writing, MAIN, 1, 9)
    look = Look(TRUNK, OWN, "c" * 40, at(0), looked=lambda *_: True, scan_id="x", looked_with=dict.fromkeys(KINDS, "1"))
    track(engine, None, look, Findings([code("a")]))
    assert "escaped" not in story.flows(0)
