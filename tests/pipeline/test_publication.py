"""What of a verdict becomes a discussion."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import PurePosixPath

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.conversation import WantedConversation
from bot.domain.policy import Policy, RuleMode, Threshold
from bot.domain.verdict import (
    Effect,
    GateDecision,
    Outcome,
    Presence,
    ScanReport,
    Suppressed,
    TrackedFinding,
    Violation,
)
from bot.pipeline.publication import as_developers_see_it, conversation, threads_for
from bot.texts import Language
from scanners.finding import Confidence, Location, Severity
from scanners.interface import ScannerStatus
from tests.examples import examples
from tests.gitlab.conversation import AUTHOR, BOT, FakeConversation
from tests.reports import samples


def test_a_suppressed_finding_gets_no_thread_and_its_old_one_is_closed() -> None:
    wanted = conversation(samples.SUPPRESSED, Policy(), (), Language.ENGLISH)
    suppressed = {samples.SQL.fingerprint, samples.HOSTILE.fingerprint}
    assert {thread.fingerprint for thread in wanted.threads} == {samples.UNFIXED_DEPENDENCY.fingerprint}
    assert wanted.accepted == suppressed
    # It is still there: its thread must not be told that it is gone.
    assert suppressed <= wanted.present
    assert "called mitigated by alice + bob" in wanted.summary


def test_without_the_suppression_it_gets_its_thread_back() -> None:
    decision = replace(samples.SUPPRESSED.decision, suppressed=())
    shown = threads_for(replace(samples.SUPPRESSED, decision=decision), Policy())
    assert samples.SQL.fingerprint in {tracked.finding.fingerprint for tracked in shown}


# --- the limit of discussions is one for the merge request, not for a push --------------------------------------------


def scan(blocking: Iterable[int] = (), other: Iterable[int] = (), *, silent: bool = False) -> ScanReport:
    """New findings with these numbers; ``silent``: their scanners gave no answer this time."""
    blocking = frozenset(blocking)
    found = [
        replace(samples.SQL, fingerprint=f"f{number}", location=Location(PurePosixPath(f"{number}.py"), 1, 1), fix=None)
        for number in sorted({*blocking, *other})
    ]
    return replace(
        samples.SUPPRESSED,
        tracked=tuple(TrackedFinding(one, Presence.NEW) for one in found),
        runs=tuple(
            replace(
                samples.RICH.runs[0],
                scanner=said.scanner,
                status=ScannerStatus.FAILED if silent else ScannerStatus.COMPLETED,
                findings=(),
                gaps=(),
            )
            for said in samples.SQL.attributions
        ),
        decision=GateDecision(
            Outcome.FAILED, tuple(Violation(f"f{number}", "rule", Effect.BLOCK) for number in sorted(blocking))
        ),
    )


def push(talk: FakeConversation, report: ScanReport, limit: int) -> WantedConversation:
    """What a push with this result makes of the conversation."""
    policy = Policy(max_threads=limit)
    wanted = conversation(report, policy, (), Language.ENGLISH, existing=talk.discussions, bot_id=BOT)
    talk.settle(wanted)
    # Done again it changes nothing.
    again = conversation(report, policy, (), Language.ENGLISH, existing=talk.discussions, bot_id=BOT)
    assert not talk.plan(again)
    return wanted


def open_threads(talk: FakeConversation) -> int:
    return sum(not discussion.resolved for discussion in talk.threads())


def test_threads_of_earlier_pushes_count_against_the_limit() -> None:
    talk = FakeConversation()
    push(talk, scan(other=range(3)), limit=3)
    wanted = push(talk, scan(other=range(3), blocking=range(3, 6)), limit=3)
    assert (len(talk.threads()), open_threads(talk)) == (3, 3)
    # What has no thread is in the summary's table; what has one keeps it, although worse came.
    assert {thread.fingerprint for thread in wanted.threads} == {"f0", "f1", "f2"}
    assert "3.py" in wanted.summary


def test_what_was_mended_makes_room() -> None:
    talk = FakeConversation()
    push(talk, scan(other=range(3)), limit=3)
    push(talk, scan(other=[2], blocking=range(3, 9)), limit=3)
    assert open_threads(talk) == 3
    assert len(talk.threads()) == 5


def test_a_thread_that_people_use_keeps_its_room_when_its_finding_is_gone() -> None:
    talk = FakeConversation()
    push(talk, scan(other=range(2)), limit=2)
    talk.reply(talk.threads()[0].id, AUTHOR, "Why?")
    push(talk, scan(other=range(5, 9)), limit=2)
    assert open_threads(talk) == 2


def test_threads_of_a_scanner_without_an_answer_keep_their_room() -> None:
    talk = FakeConversation()
    push(talk, scan(other=range(2)), limit=2)
    push(talk, scan(other=[5], silent=True), limit=2)
    assert (len(talk.threads()), open_threads(talk)) == (2, 2)


def test_a_thread_that_has_to_be_opened_again_has_its_room_kept() -> None:
    talk = FakeConversation()
    push(talk, scan(blocking=range(2)), limit=2)
    talk.resolve(talk.threads()[0].id, AUTHOR, True)
    push(talk, scan(blocking=range(4)), limit=2)
    assert (len(talk.threads()), open_threads(talk)) == (2, 2)


def test_findings_that_come_back_do_not_open_more_threads_than_the_limit() -> None:
    talk = FakeConversation()
    push(talk, scan(other=range(2)), limit=2)
    push(talk, scan(other=range(2, 4)), limit=2)
    wanted = push(talk, scan(other=range(4)), limit=2)
    assert open_threads(talk) == 2
    assert "0.py" in wanted.summary


def test_what_blocks_and_was_resolved_goes_before_what_is_new() -> None:
    talk = FakeConversation()
    push(talk, scan(blocking=[5]), limit=1)
    talk.resolve(talk.threads()[0].id, AUTHOR, True)
    wanted = push(talk, scan(blocking=[1, 5]), limit=1)
    assert {thread.fingerprint for thread in wanted.threads} == {"f5"}
    assert open_threads(talk) == 1


def test_a_lower_limit_closes_nothing() -> None:
    talk = FakeConversation()
    push(talk, scan(other=range(4)), limit=4)
    push(talk, scan(other=range(5)), limit=2)
    assert open_threads(talk) == 4


PUSHES = st.lists(
    st.tuples(st.frozensets(st.integers(0, 9), max_size=6), st.frozensets(st.integers(0, 9), max_size=6)), max_size=5
)


@settings(deadline=None, max_examples=examples(40))
@given(PUSHES, st.integers(0, 4), st.data())
def test_no_sequence_of_pushes_opens_more_threads_than_the_limit(
    pushes: list[tuple[frozenset[int], frozenset[int]]], limit: int, data: st.DataObject
) -> None:
    talk = FakeConversation()
    for blocking, other in pushes:
        wanted = push(talk, scan(blocking, other), limit)
        assert open_threads(talk) <= limit
        shown = {thread.fingerprint for thread in wanted.threads}
        for number in blocking | other:
            # Nothing is lost: a finding has a thread or a row.
            assert f"f{number}" in shown or f"{number}.py" in wanted.summary
        for discussion in talk.threads():
            what = data.draw(st.sampled_from(["nothing", "nothing", "reply", "resolve"]))
            if what == "reply":
                talk.reply(discussion.id, AUTHOR, "Hm.")
            elif what == "resolve" and not discussion.resolved:
                talk.resolve(discussion.id, AUTHOR, True)


# --- what a policy's rules do -----------------------------------------------------------------------------------------


def told(effect: Effect | None, policy: Policy) -> bool:
    """Whether a finding that nobody would talk about gets a discussion when a rule has this effect on it."""
    report = scan(other=[1])
    violations = () if effect is None else (Violation("f1", "rule", effect),)
    return bool(threads_for(replace(report, decision=GateDecision(Outcome.WARNED, violations)), policy))


def test_what_a_rule_objects_to_always_gets_a_discussion_and_what_is_monitored_none() -> None:
    quiet = Policy(comment=Threshold(Severity.CRITICAL, Confidence.HIGH))
    assert samples.SQL.severity < Severity.CRITICAL
    assert [told(effect, quiet) for effect in (None, *Effect)] == [False, False, True, True]


def test_a_finding_of_a_scanner_rule_on_trial_gets_no_discussion_whatever_its_severity() -> None:
    loud = Policy(comment=Threshold(Severity.INFO, Confidence.LOW))
    trial = replace(loud, rule_modes=(RuleMode(Effect.MONITOR, rules=("*",), reason="new"),))
    assert [told(Effect.MONITOR, policy) for policy in (loud, trial)] == [True, False]


def test_the_summary_does_not_tell_what_only_watches() -> None:
    report = scan(other=[1, 2])
    quiet = Policy(comment=Threshold(Severity.CRITICAL, Confidence.HIGH))
    watched = replace(quiet, rule_modes=(RuleMode(Effect.MONITOR, rules=("*",), reason="new"),))
    assert as_developers_see_it(report, quiet) is report
    assert as_developers_see_it(report, watched).tracked == ()
    kept = replace(report, decision=replace(report.decision, suppressed=(Suppressed("f1", 7, "accepted"),)))
    assert [one.finding.fingerprint for one in as_developers_see_it(kept, watched).tracked] == ["f1"]
    told = [conversation(report, policy, (), Language.ENGLISH) for policy in (quiet, watched)]
    assert ["1.py" in one.summary for one in told] == [True, False]
    # It is still there, for a thread of the time before.
    assert [one.present for one in told] == [frozenset({"f1", "f2"})] * 2
