"""
A verdict on a merge request, with everything that it follows from.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.domain.circumstances import Context
from bot.domain.gate import evaluate, with_reasons
from bot.domain.policy import Policy
from bot.domain.verdict import GateDecision, Presence, Reason, TrackedFinding
from bot.pipeline.judging import note_used, suppressed_in
from bot.pipeline.merging import merged
from bot.services import Services
from bot.store import confirmations, tracking
from bot.store.confirmations import Confirmation
from bot.store.decisions import DecisionInputs
from bot.store.engine import session
from bot.store.facts import facts_of
from bot.store.tracking import Ref
from scanners.interface import ScannerRun


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What the merge request itself says, as GitLab shows it."""

    labels: frozenset[str]
    draft: bool


@dataclass(frozen=True, slots=True)
class Judged:
    """A verdict, and what it is about."""

    tracked: tuple[TrackedFinding, ...]
    runs: tuple[ScannerRun, ...]
    decision: GateDecision
    policy: Policy
    inputs: DecisionInputs


@dataclass(frozen=True, slots=True)
class Judge:
    """Judges one merge request."""

    services: Services
    project_id: int
    ref: Ref
    policy: Policy
    reasons: tuple[Reason, ...]
    """What of the policy's layers does not count."""
    circumstances: Circumstances

    def judge(
        self,
        own: Sequence[TrackedFinding],
        own_runs: Sequence[ScannerRun],
        head_sha: str,
        confirmed_in_threads: Callable[[Sequence[TrackedFinding]], frozenset[str]],
        now: datetime,
    ) -> Judged:
        """
        The verdict on what our scan and other tools' reports about the same commit say.

        ``confirmed_in_threads`` knows of which *changed* findings somebody resolved the thread who may: fingerprints.
        """
        services, policy = self.services, self.policy
        with session(services.store) as reading:
            reports = tracking.said_by_others(reading, self.ref)
            edited = tracking.edited_on(reading, self.ref)
            said = confirmations.confirmed_on(reading, self.project_id, self.ref.merge_request_iid or 0)
            tracked, runs = merged(own, own_runs, reports, head_sha)
            facts = facts_of(reading, tracked, project_id=self.project_id)
        suppressed = suppressed_in(services.store, self.project_id, policy, tracked, edited, now)
        note_used(services.store, suppressed, now)
        inputs = DecisionInputs(
            confirmed=confirmed_in_threads(tracked) | _confirmed(tracked, said, edited),
            suppressed=suppressed,
            context=Context(
                target_branch=self.ref.target or "",
                labels=self.circumstances.labels,
                draft=self.circumstances.draft,
                today=now.date(),
                facts=facts,
            ),
            extra_reasons=self.reasons,
        )
        decision = evaluate(
            policy, tracked, runs, confirmed=inputs.confirmed, suppressed=suppressed, context=inputs.context
        )
        return Judged(tracked, runs, with_reasons(decision, self.reasons), policy, inputs)


def _confirmed(
    tracked: Sequence[TrackedFinding], said: Mapping[int, Confirmation], edited: Mapping[int, datetime | None]
) -> frozenset[str]:
    """Fingerprints of the *changed* findings of which somebody said that they may stay as they are now."""
    found = set()
    for item in tracked if said else ():
        word = said.get(item.number) if item.number is not None else None
        if word is None or item.number is None or item.presence is not Presence.CHANGED:
            continue
        if word.fits(item.finding.match_hash, edited.get(item.number)):
            found.add(item.finding.fingerprint)
    return frozenset(found)
