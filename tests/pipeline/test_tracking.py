"""Findings keep their numbers over pushes, branches, merges and releases of ours: on both databases."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import PurePosixPath

import pytest
from sqlalchemy import Engine, func, select, text

from bot.domain.change import ChangeKind, FileChange
from bot.domain.identity import Identity
from bot.domain.known import Whereabouts
from bot.domain.lifecycle import Remembered
from bot.domain.triage import Judgement, Justification, TriageState, judge
from bot.domain.verdict import Presence
from bot.pipeline.git import GitError
from bot.pipeline.tracking import AskedOnce, Findings, Look, Tracked, prepare, track, write
from bot.store import findings as store_findings
from bot.store import tracking, triage
from bot.store.engine import session, write_session
from bot.store.statements import table
from bot.store.tables import AttributionRecord, FindingRecord, PresenceRecord, StreamRecord
from bot.store.tracking import OWN, Overtaken, Ref
from scanners.finding import Attribution, Finding, FindingKind
from tests.domain.builders import change, diff, finding, package
from tests.store.counting import counted

PROJECT = 7
MAIN = Ref(PROJECT, "main", is_default=True)
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@dataclass
class FakeHistory:
    """Git, as far as tracking asks it."""

    lost: set[str] = field(default_factory=set)
    broken: bool = False
    asked: int = 0
    _changes: dict[tuple[str, str], tuple[FileChange, ...]] = field(default_factory=dict)

    def between(self, base: str, head: str, *changes: FileChange) -> None:
        self._changes[base, head] = changes

    def has_commit(self, sha: str) -> bool:
        return sha not in self.lost

    def changes(self, base: str, head: str, *, algorithm: str) -> tuple[FileChange, ...]:
        assert algorithm == "histogram"
        self.asked += 1
        if self.broken:
            raise GitError("the mirror is damaged")
        return self._changes[base, head]


@dataclass
class Desk:
    """One store, one history, a clock that moves on."""

    engine: Engine
    history: FakeHistory = field(default_factory=FakeHistory)
    _ticks: itertools.count[int] = field(default_factory=itertools.count)

    def now(self) -> datetime:
        return NOON + timedelta(hours=next(self._ticks))

    def scan(
        self,
        found: Sequence[Finding],
        commit: str,
        ref: Ref = MAIN,
        *,
        source: str = OWN,
        looked: Callable[[str], bool] = lambda scanner: True,
        scope: Iterable[str] | None = None,
        correlate: bool = False,
        version: str = "mw1",
    ) -> Tracked:
        look = Look(
            ref,
            source,
            commit,
            self.now(),
            looked=lambda scanner, _finding, _path: looked(scanner),
            scope=None if scope is None else {PurePosixPath(path) for path in scope},
            correlate=correlate,
            version=version,
        )
        return track(self.engine, self.history, look, Findings(found))

    def judge(self, number: int, state: TriageState, justification: Justification | None = None) -> None:
        with write_session(self.engine) as writing:
            before = tracking.judgements(writing, [number])[number]
            event = judge(
                before,
                state=state,
                justification=justification,
                reason="because",
                actor="ada",
                at=self.now(),
                finding_id=number,
                source="cli",
            )
            triage.record(writing, event)

    def judgement(self, number: int) -> Judgement:
        with session(self.engine) as reading:
            return tracking.judgements(reading, [number])[number]

    def whereabouts(self, number: int) -> Whereabouts:
        with session(self.engine) as reading:
            known = store_findings.get(reading, number)
        assert known is not None
        return known.whereabouts

    def rows(self) -> Mapping[str, list[tuple[object, ...]]]:
        """Everything about findings that is stored."""
        with session(self.engine) as reading:
            return {
                name: [tuple(row) for row in reading.execute(select(kind).order_by(*kind.primary_key.columns))]
                for name, kind in (
                    ("finding", table(FindingRecord)),
                    ("presence", table(PresenceRecord)),
                    ("attribution", table(AttributionRecord)),
                )
            }


@pytest.fixture
def desk(engine: Engine) -> Desk:
    return Desk(engine)


def merge_request(iid: int) -> Ref:
    return Ref(PROJECT, f"!{iid}", iid, "main")


def test_a_finding_keeps_its_number_when_the_lines_above_it_grow(desk: Desk) -> None:
    (number,) = desk.scan([finding(line=57, code="c")], "one").plan.numbers
    desk.history.between("one", "two", change((10, 0, 11, 6)))
    again = desk.scan([finding(line=63, code="c")], "two").plan
    assert again.numbers == (number,)
    assert again.explanations == (f"same as #{number}: line map: was 57, now 63",)


def test_the_same_scan_again_changes_no_row(desk: Desk) -> None:
    found = [finding(line=1, code="a"), finding(line=9, code="b", also=[("semgrep", "x")]), package()]
    desk.scan(found, "one")
    before = desk.rows()
    second = desk.scan(found, "one").plan
    assert second.writes == ()
    assert second.gone == ()
    assert desk.rows() == before


def test_an_edited_line_is_changed_and_says_when(desk: Desk) -> None:
    (number,) = desk.scan([finding(line=5, code="old")], "one").plan.numbers
    desk.history.between("one", "two", change((5, 1, 5, 1)))
    plan = desk.scan([finding(line=5, code="new")], "two").plan
    assert plan.numbers == (number,)
    assert plan.counts["changed"] == 1
    assert plan.changed_at[0] is not None
    # It stays unconfirmed until somebody judges it, however often it is scanned.
    desk.history.between("two", "three")
    assert desk.scan([finding(line=5, code="new")], "three").plan.changed_at == plan.changed_at


def test_a_merge_request_knows_the_numbers_of_its_target(desk: Desk) -> None:
    (known,) = desk.scan([finding(line=5, code="c")], "base").plan.numbers
    desk.history.between("base", "head", change((1, 0, 2, 1)))
    plan = desk.scan([finding(line=6, code="c"), finding(line=2, code="n")], "head", merge_request(3)).plan
    assert plan.numbers[0] == known
    assert plan.numbers[1] != known
    assert plan.counts == {"known": 1, "new": 1, "gone": 0}
    assert desk.whereabouts(known) is Whereabouts.DEFAULT_BRANCH
    assert desk.whereabouts(plan.numbers[1]) is Whereabouts.ELSEWHERE


@pytest.mark.parametrize("way", ["merge", "squash", "rebase", "cherry-pick"])
def test_what_was_decided_on_a_merge_request_follows_the_finding_to_the_branch(desk: Desk, way: str) -> None:
    """However it gets there: the commits differ, the code does not."""
    desk.scan([], "base")
    (number,) = desk.scan([finding(line=5, code="c")], "head", merge_request(3)).plan.numbers
    desk.judge(number, TriageState.DISMISSED, Justification.FALSE_POSITIVE)
    desk.history.between("base", "merged", change((4, 0, 5, 1)))
    if way == "merge":
        desk.history.between("head", "merged")
    else:
        desk.history.lost.add("head")
        desk.history.between("head", "merged", change((1, 0, 1, 2)))
    line = 5 if way == "merge" else 7
    plan = desk.scan([finding(line=line, code="c")], "merged").plan
    assert plan.numbers == (number,)
    assert desk.judgement(number).state is TriageState.DISMISSED
    assert desk.whereabouts(number) is Whereabouts.DEFAULT_BRANCH


def test_an_edit_that_was_confirmed_on_the_merge_request_is_not_asked_about_again_after_the_merge(desk: Desk) -> None:
    (number,) = desk.scan([finding(line=5, code="old")], "base").plan.numbers
    desk.history.between("base", "head", change((5, 1, 5, 1)))
    on_request = desk.scan([finding(line=5, code="new")], "head", merge_request(3)).plan
    edited = on_request.changed_at[0]
    assert edited is not None
    desk.history.between("base", "merged", change((5, 1, 5, 1)))
    desk.history.between("head", "merged")
    merged = desk.scan([finding(line=5, code="new")], "merged").plan
    assert merged.numbers == (number,)
    assert merged.changed_at == (edited,)


def test_an_edit_that_no_merge_request_showed_is_asked_about(desk: Desk) -> None:
    desk.scan([finding(line=5, code="old")], "base")
    desk.history.between("base", "head", change((5, 1, 5, 1)))
    (edited,) = desk.scan([finding(line=5, code="new")], "head", merge_request(3)).plan.changed_at
    desk.history.between("base", "merged", change((5, 1, 5, 1)))
    desk.history.between("head", "merged", change((5, 1, 5, 1)))
    (later,) = desk.scan([finding(line=5, code="newer")], "merged").plan.changed_at
    assert edited is not None
    assert later is not None
    assert later > edited


def test_a_finding_that_returns_is_opened_again_with_its_history(desk: Desk) -> None:
    (number,) = desk.scan([finding(line=5, code="c")], "one").plan.numbers
    desk.judge(number, TriageState.RESOLVED)
    desk.history.between("one", "two", change((5, 1, 4, 0)))
    desk.scan([], "two")
    assert desk.whereabouts(number) is Whereabouts.NOWHERE
    assert desk.judgement(number).state is TriageState.RESOLVED
    desk.history.between("two", "three", change((7, 0, 8, 1)))
    back = desk.scan([finding(line=8, code="c")], "three")
    assert back.plan.numbers == (number,)
    assert back.returned == {number}
    assert desk.judgement(number).state is TriageState.DETECTED
    with session(desk.engine) as reading:
        states = [event.after for event in triage.history(reading, number)]
        (sighting,) = store_findings.sightings(reading, number)
    assert states == [TriageState.RESOLVED, TriageState.DETECTED]
    assert sighting.gone_at is None
    assert "had gone and is back" in sighting.explanation


def test_a_dismissed_finding_that_returns_stays_dismissed(desk: Desk) -> None:
    (number,) = desk.scan([finding(line=5, code="c")], "one").plan.numbers
    desk.judge(number, TriageState.DISMISSED, Justification.USED_IN_TESTS)
    desk.history.between("one", "two", change((5, 1, 4, 0)))
    desk.scan([], "two")
    desk.history.between("two", "three", change((4, 0, 5, 1)))
    assert desk.scan([finding(line=5, code="c")], "three").plan.numbers == (number,)
    assert desk.judgement(number).state is TriageState.DISMISSED


def test_accepting_one_of_two_identical_copies_does_not_accept_the_other(desk: Desk) -> None:
    first, second = desk.scan([finding(line=5, code="c"), finding(line=50, code="c")], "one").plan.numbers
    desk.judge(first, TriageState.DISMISSED, Justification.ACCEPTABLE_RISK)
    # The accepted copy goes; without any line map the nearest one counts.
    desk.history.lost.add("one")
    plan = desk.scan([finding(line=49, code="c")], "two").plan
    assert plan.numbers == (second,)
    assert desk.judgement(second).state is TriageState.DETECTED


def test_a_third_copy_is_new(desk: Desk) -> None:
    known = desk.scan([finding(line=5, code="c"), finding(line=50, code="c")], "one").plan.numbers
    desk.history.lost.add("one")
    plan = desk.scan([finding(line=line, code="c") for line in (5, 50, 70)], "two").plan
    assert plan.numbers[:2] == known
    assert plan.numbers[2] not in known


def test_a_scanner_that_did_not_look_closes_nothing(desk: Desk) -> None:
    (number,) = desk.scan([finding(line=5, code="c", also=[("semgrep", "x")])], "one").plan.numbers
    desk.history.between("one", "two", change((5, 1, 4, 0)))
    desk.scan([], "two", looked=lambda scanner: scanner == "semgrep")
    assert desk.whereabouts(number) is Whereabouts.DEFAULT_BRANCH
    with session(desk.engine) as reading:
        open_ = {w.scanner: w.gone_at is None for w in store_findings.witnesses(reading, number)}
    assert open_ == {"bandit": True, "semgrep": False}
    desk.history.between("two", "three")
    desk.scan([], "three")
    assert desk.whereabouts(number) is Whereabouts.NOWHERE


def secret(line: int) -> Finding:
    """Its value is in no hash."""
    return finding(line=line, code="masked", kind=FindingKind.SECRET, scanner="detect-secrets", rule="Keyword")


def test_a_secret_that_was_put_in_while_nobody_looked_is_not_the_one_that_was_accepted(desk: Desk) -> None:
    request = merge_request(3)
    (number,) = desk.scan([secret(5)], "one", request).plan.numbers
    desk.history.between("one", "two", change((5, 1, 5, 1)))
    desk.scan([], "two", request, looked=lambda scanner: False)
    assert desk.whereabouts(number) is Whereabouts.ELSEWHERE
    desk.history.between("two", "three")
    plan = desk.scan([secret(5)], "three", request).plan
    assert plan.numbers == (number,)
    assert plan.changed_at[0] is not None
    # From then on its lines are known again.
    desk.history.between("three", "four", change((1, 0, 2, 1)))
    again = desk.scan([secret(6)], "four", request).plan
    assert again.explanations == (f"same as #{number}: line map: was 5, now 6",)
    assert again.changed_at == plan.changed_at


def test_a_file_whose_lines_mislead_moves_no_secret_onto_an_accepted_one(desk: Desk) -> None:
    """A carriage return that stands alone lets a scanner count further than git."""
    (number,) = desk.scan([secret(5)], "one").plan.numbers
    desk.history.between("one", "two", change((1, 1, 1, 1), (4, 1, 4, 1)))
    look = Look(merge_request(3), OWN, "two", desk.now(), looked=lambda *_: True, blind={PurePosixPath("app.py")})
    plan = track(desk.engine, desk.history, look, Findings([secret(5)])).plan
    assert plan.numbers == (number,)
    assert plan.changed_at[0] is not None


def test_what_only_the_merge_request_had_is_not_taken_for_the_targets(desk: Desk) -> None:
    request, pools = merge_request(3), []

    def verdict(_index: int, identity: Identity, _before: Remembered | None) -> tuple[Presence, str]:
        pools.append(identity.pool)
        return Presence.NEW, identity.explanation

    desk.scan([finding(line=5, code="c")], "one", request)
    desk.history.between("one", "two", change((5, 1, 5, 1)))
    desk.scan([], "two", request, looked=lambda scanner: False)
    desk.history.between("two", "three")
    look = Look(request, OWN, "three", desk.now(), looked=lambda *_: True, verdict=verdict)
    track(desk.engine, desk.history, look, Findings([finding(line=5, code="c")]))
    assert pools == [2]


def test_where_nobody_looked_and_nothing_was_edited_the_lines_hold(desk: Desk) -> None:
    (number,) = desk.scan([secret(5)], "one").plan.numbers
    desk.history.between("one", "two", change((1, 1, 1, 1), old="other.py", new="other.py"))
    before = desk.rows()
    desk.scan([], "two", looked=lambda scanner: False)
    assert desk.rows() == before
    desk.history.between("two", "three", change((1, 0, 2, 1)))
    plan = desk.scan([secret(6)], "three").plan
    assert (plan.numbers, plan.changed_at) == ((number,), (None,))


def test_a_word_that_nobody_could_check_is_marked_once(desk: Desk) -> None:
    desk.scan([secret(5)], "one")
    desk.history.between("one", "two", change((5, 1, 5, 1)))
    desk.scan([], "two", looked=lambda scanner: False)
    before = desk.rows()
    desk.history.between("two", "three", change((5, 1, 5, 1)))
    assert desk.scan([], "three", looked=lambda scanner: False).plan.stale == ()
    assert desk.rows() == before


def test_an_attribution_that_ends_stays_with_its_dates(desk: Desk) -> None:
    both = finding(line=5, code="c", also=[("semgrep", "x")])
    (number,) = desk.scan([both], "one").plan.numbers
    desk.history.between("one", "two")
    desk.scan([replace(both, attributions=both.attributions[:1])], "two")
    with session(desk.engine) as reading:
        witnesses = {w.scanner: w for w in store_findings.witnesses(reading, number)}
    assert witnesses["bandit"].gone_at is None
    assert witnesses["semgrep"].gone_at is not None
    assert witnesses["semgrep"].last_seen_at == NOON


def test_files_outside_the_scope_are_left_alone(desk: Desk) -> None:
    one, other = desk.scan([finding("a.py", 1, code="a"), finding("b.py", 1, code="b")], "one").plan.numbers
    desk.history.between("one", "two", change((1, 1, 0, 0), old="a.py", new="a.py"))
    desk.scan([], "two", scope=["a.py"])
    assert desk.whereabouts(one) is Whereabouts.NOWHERE
    assert desk.whereabouts(other) is Whereabouts.DEFAULT_BRANCH


def test_a_renamed_file_takes_its_findings_along(desk: Desk) -> None:
    (number,) = desk.scan([finding("old.py", 5, code="c")], "one").plan.numbers
    desk.history.between("one", "two", change(old="old.py", new="new.py", kind=ChangeKind.RENAMED))
    plan = desk.scan([finding("new.py", 5, code="c")], "two").plan
    assert plan.numbers == (number,)
    assert plan.explanations == (f"same as #{number}: line map: was 5 of old.py, now 5",)


def test_code_that_went_to_another_file_keeps_its_number_and_has_to_be_confirmed(desk: Desk) -> None:
    moved = replace(finding("a.py", 5, code="c"), context_hash="between")
    (number,) = desk.scan([moved], "one").plan.numbers
    desk.history.between(
        "one", "two", change((5, 1, 4, 0), old="a.py", new="a.py"), change((8, 0, 9, 1), old="b.py", new="b.py")
    )
    plan = desk.scan([replace(finding("b.py", 9, code="c"), context_hash="between")], "two").plan
    assert plan.numbers == (number,)
    assert plan.changed_at[0] is not None


def test_without_git_evidence_decides(desk: Desk) -> None:
    (number,) = desk.scan([replace(finding(line=5, code="c"), context_hash="k")], "one").plan.numbers
    desk.history.broken = True
    plan = desk.scan([replace(finding(line=40, code="c"), context_hash="k")], "two").plan
    assert plan.numbers == (number,)
    assert plan.explanations == (f"same as #{number}: same code between the same lines: was 5, now 40",)


def test_a_new_fingerprint_version_keeps_every_number_and_decision(desk: Desk) -> None:
    """The old hash of the present code is known, so it need not stand where it stood."""
    (number,) = desk.scan([finding(line=5, code="old-recipe")], "one", version="mw0").plan.numbers
    desk.judge(number, TriageState.DISMISSED, Justification.FALSE_POSITIVE)
    desk.history.lost.add("one")
    present = replace(finding(line=90, code="new-recipe"), earlier_hashes=(("mw0", "old-recipe"),))
    assert desk.scan([present], "two", version="mw1").plan.numbers == (number,)
    with session(desk.engine) as reading:
        stored = reading.execute(select(table(FindingRecord))).mappings().one()
    assert (stored["fingerprint_version"], stored["match_hash"]) == ("mw1", "new-recipe")
    assert desk.judgement(number).state is TriageState.DISMISSED
    # And from then on by the new hash alone.
    desk.history.lost.add("two")
    assert desk.scan([finding(line=7, code="new-recipe")], "three").plan.numbers == (number,)


def test_two_sources_that_see_one_weakness_are_one_finding_and_say_why(desk: Desk) -> None:
    (number,) = desk.scan([finding(line=5, code="c", cwes=(89,))], "one").plan.numbers
    other = replace(
        finding(line=5, rule="py/sql-injection", scanner="CodeQL", cwes=(89,)),
        attributions=(Attribution("CodeQL", "2", "py/sql-injection"),),
    )
    plan = desk.scan([other], "one", source="import:CodeQL", correlate=True).plan
    assert plan.numbers == (number,)
    with session(desk.engine) as reading:
        witnesses = {w.scanner: w for w in store_findings.witnesses(reading, number)}
        known = store_findings.get(reading, number)
    assert witnesses["CodeQL"].explanation == (
        f"same as #{number}: bandit reports a related weakness (CWE-89) on lines that overlap: 5"
    )
    # The words of the first stay, and it is there for as long as one of them sees it.
    assert known is not None
    assert known.finding.rule_id == "B602"
    desk.history.between("one", "two")
    desk.scan([], "two")
    assert desk.whereabouts(number) is Whereabouts.DEFAULT_BRANCH
    desk.scan([], "two", source="import:CodeQL", correlate=True)
    assert desk.whereabouts(number) is Whereabouts.NOWHERE


def test_our_own_scan_joins_what_a_report_told_first(desk: Desk) -> None:
    theirs = finding(line=5, rule="py/sql-injection", scanner="CodeQL", cwes=(89,))
    (number,) = desk.scan([theirs], "one", source="import:CodeQL", correlate=True).plan.numbers
    assert desk.scan([finding(line=5, code="c", cwes=(89,))], "one", correlate=True).plan.numbers == (number,)


def test_another_source_is_asked_about_lines_as_they_are_now(desk: Desk) -> None:
    """Our scan looked at an older commit: what it saw on line 5 then is not what stands there now."""
    (number,) = desk.scan([finding(line=5, code="c", cwes=(89,))], "one").plan.numbers
    desk.history.between("one", "two", change((1, 0, 2, 10)))
    theirs = [finding(line=line, rule="py/sql-injection", scanner="CodeQL", cwes=(89,)) for line in (5, 15)]
    plan = desk.scan(theirs, "two", source="import:CodeQL", correlate=True).plan
    assert plan.numbers[0] != number
    assert plan.numbers[1] == number


@pytest.mark.parametrize("why", ["edited", "no git"])
def test_another_source_that_may_mean_other_code_is_not_asked(desk: Desk, why: str) -> None:
    (number,) = desk.scan([finding(line=5, code="c", cwes=(89,))], "one").plan.numbers
    desk.history.between("one", "two", change((5, 1, 5, 1)))
    desk.history.broken = why == "no git"
    theirs = finding(line=5, rule="py/sql-injection", scanner="CodeQL", cwes=(89,))
    assert desk.scan([theirs], "two", source="import:CodeQL", correlate=True).plan.numbers != (number,)


def test_what_is_left_on_the_former_default_branch_is_not_on_the_default_branch(desk: Desk) -> None:
    (number,) = desk.scan([finding(line=5, code="c")], "one").plan.numbers
    desk.scan([], "two", Ref(PROJECT, "trunk", is_default=True))
    assert desk.whereabouts(number) is Whereabouts.ELSEWHERE


def test_one_advisory_by_another_name_is_one_finding(desk: Desk) -> None:
    (number,) = desk.scan([package(advisory="GHSA-1", aliases=("CVE-2026-1",))], "one").plan.numbers
    other = replace(package(advisory="CVE-2026-1"), scanner="gemnasium")
    plan = desk.scan([other], "one", source="import:gemnasium", correlate=True).plan
    assert plan.numbers == (number,)


def test_two_writers_at_once_give_one_number(desk: Desk) -> None:
    look = Look(MAIN, OWN, "one", NOON, looked=lambda *_: True)
    with session(desk.engine) as reading:
        state = tracking.stream_state(reading, MAIN, OWN)
    track(desk.engine, None, look, Findings([finding(code="c")]))
    late = tracking.Update(state, "one", NOON, None, None, {}, (), (), (), lambda index: {})
    with pytest.raises(Overtaken), write_session(desk.engine) as writing:
        tracking.write(writing, late)
    with session(desk.engine) as reading:
        assert reading.scalar(select(func.count()).select_from(table(StreamRecord))) == 1


def test_numbers_are_never_given_out_twice(desk: Desk) -> None:
    first = desk.scan([finding(code="c")], "one").plan.numbers
    with write_session(desk.engine) as writing:
        tracking.forget_project(writing, PROJECT)
    assert desk.scan([finding(code="c")], "one").plan.numbers[0] > first[0]


def test_a_closed_merge_request_takes_nothing_along_that_stands_elsewhere(desk: Desk) -> None:
    (known,) = desk.scan([finding(line=5, code="c")], "base").plan.numbers
    desk.history.between("base", "head")
    numbers = desk.scan([finding(line=5, code="c"), finding(line=8, code="d")], "head", merge_request(3)).plan.numbers
    with write_session(desk.engine) as writing:
        tracking.close_ref(writing, merge_request(3), desk.now())
    assert desk.whereabouts(known) is Whereabouts.DEFAULT_BRANCH
    assert desk.whereabouts(numbers[1]) is Whereabouts.NOWHERE


def test_who_closes_a_merge_request_while_its_finding_comes_onto_the_branch_sees_it_there(desk: Desk) -> None:
    desk.scan([], "one")
    request = merge_request(3)
    code = finding(code="c")
    (number,) = desk.scan([code], "head", request).plan.numbers
    desk.history.lost.update({"one", "head"})
    look = Look(MAIN, OWN, "two", desk.now(), looked=lambda *_: True)
    prepared = prepare(desk.engine, desk.history, look, Findings([code]))
    assert prepared.plan.numbers == (number,)

    def close() -> None:
        with write_session(desk.engine) as writing:
            tracking.close_ref(writing, request, desk.now())

    closing = threading.Thread(target=close)
    with write_session(desk.engine) as writing:
        write(writing, prepared)
        closing.start()
        until_one_waits(desk.engine)
        assert closing.is_alive()
    closing.join(20)
    assert desk.whereabouts(number) is Whereabouts.DEFAULT_BRANCH


def until_one_waits(engine: Engine) -> None:
    """For somebody else's transaction. On SQLite whoever writes waits from the first, so a moment is enough there."""
    if engine.dialect.name == "sqlite":
        time.sleep(0.05)
        return
    here = "datname = current_database() AND wait_event_type = 'Lock'"
    waiting = text(f"SELECT count(*) FROM pg_stat_activity WHERE {here}")
    deadline = time.monotonic() + 10
    with engine.connect() as watching:
        while not watching.scalar(waiting):
            watching.rollback()  # the view is read once in a transaction
            assert time.monotonic() < deadline, "nobody waits"
            time.sleep(0.01)


def test_an_old_merge_request_is_dropped_and_its_finding_stays(desk: Desk) -> None:
    (number,) = desk.scan([finding(code="c")], "head", merge_request(3)).plan.numbers
    later = datetime.now(UTC) + timedelta(days=1)
    with write_session(desk.engine) as writing:
        assert tracking.purge_refs(writing, before=later) == 0
        tracking.close_ref(writing, merge_request(3), desk.now())
        assert tracking.purge_refs(writing, before=NOON) == 0
        assert tracking.purge_refs(writing, before=later) == 1
    assert desk.whereabouts(number) is Whereabouts.NOWHERE


def test_the_number_of_statements_does_not_grow_with_the_findings(desk: Desk) -> None:
    def many(count: int, shift: int) -> list[Finding]:
        return [finding(f"{n % 7}.py", n + 1 + shift, code=f"c{n}") for n in range(count)]

    counts = []
    for project, size in ((100, 3), (101, 600)):
        ref = Ref(project, "main", is_default=True)
        desk.history.lost.update({"a", "b", "c"})
        numbers = []
        for commit, found in (("a", many(size, 0)), ("b", many(size, 1)), ("c", many(size // 3, 1))):
            with counted(desk.engine) as statements:
                desk.scan(found, commit, ref)
            numbers.append(len(statements))
        counts.append(numbers)
    assert counts[0] == counts[1]


def test_moved_lines_of_a_whole_file_are_followed(desk: Desk) -> None:
    old = [f"line {n}" for n in range(40)]
    new = ["import os", *old[:20], "", *old[20:]]
    found = [finding(line=n, code=f"c{n}") for n in (3, 19, 30)]
    numbers = desk.scan(found, "one").plan.numbers
    desk.history.between("one", "two", diff(old, new))
    moved = [finding(line=n + 1 + (n > 20), code=f"c{n}") for n in (3, 19, 30)]
    assert desk.scan(moved, "two").plan.numbers == numbers


def test_git_is_asked_once_for_what_two_want_to_know() -> None:
    git = FakeHistory(lost={"c"})
    git.between("a", "b", change((1, 1, 1, 1)))
    once = AskedOnce(git)
    first = once.changes("a", "b", algorithm="histogram")
    assert once.changes("a", "b", algorithm="histogram") is first
    assert git.asked == 1
    assert once.has_commit("a")
    assert not once.has_commit("c")
