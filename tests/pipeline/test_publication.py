"""What of a verdict becomes a discussion."""

from __future__ import annotations

from dataclasses import replace

from bot.domain.policy import Policy
from bot.pipeline.publication import conversation, threads_for
from bot.texts import Language
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
