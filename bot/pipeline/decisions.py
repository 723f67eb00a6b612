"""
What a person decides about a finding or a suppression, checked and kept in one transaction.

Callers open the write session; nothing here talks to GitLab. After a decision the open merge requests that it concerns
are judged again: see ``judge_again``.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy.orm import Session

from bot.domain import suppression as rules_of
from bot.domain.job import SyncMergeRequest, SyncReason
from bot.domain.known import Dossier, edited_at
from bot.domain.policy import SuppressionRules
from bot.domain.suppression import Scope, Standing, Suppression, SuppressionError, Suppressions
from bot.domain.triage import Justification, TriageError, TriageEvent, TriageState, judge
from bot.domain.verdict import Presence, TrackedFinding
from bot.services import Services
from bot.store import affected, findings, heads, suppressions, triage
from bot.store.engine import write_session

if TYPE_CHECKING:
    from bot.pipeline.engine import JobQueue


@dataclass(frozen=True, slots=True)
class Decided:
    """What came of a decision about a finding."""

    event: TriageEvent
    suppression: Suppression | None = None
    """What a dismissal made; it may wait for a second person."""
    revoked: tuple[Suppression, ...] = ()
    """What an earlier dismissal had made."""


def decide(
    session: Session,
    finding_id: int,
    *,
    state: TriageState,
    justification: Justification | None = None,
    reason: str,
    actor: str,
    now: datetime,
    rules: SuppressionRules,
    expires_at: datetime | None = None,
    source: str = "cli",
    on: str | None = None,
    needs_approval: bool | None = None,
    again: bool = False,
) -> Decided:
    """
    Judge a finding. A dismissal makes a suppression for it, and whatever follows a dismissal revokes that one.

    ``on`` is a branch or merge request (``!7``): then the word is about the code as it stands there, and an earlier
    word about other code of the finding holds on; otherwise it is about the finding as lists show it. ``rules`` are the
    policy's for the finding's project; ``needs_approval`` is for callers who know better than the rules alone whether a
    second person is needed, because they know who the first is; then a request ends other requests only, and nothing
    that is in force. ``again``: the same may be said again, for the caller
    has seen that it is not so yet. Raises ``TriageError`` and ``SuppressionError``.
    """
    # The lock comes first: what is read after it holds until the end.
    before = findings.judgement_for_update(session, finding_id)
    known = findings.get(session, finding_id)
    if before is None or known is None:
        raise TriageError(f"there is no finding #{finding_id}", "mergewarden findings list shows which there are.")
    living = [
        made
        for made in suppressions.of_finding(session, finding_id)
        if made.standing(now) in (Standing.WAITING, Standing.IN_FORCE)
    ]
    code = known.finding.match_hash
    sightings = findings.sightings(session, finding_id)
    edited = edited_at(known, sightings)
    if on is not None:
        there = findings.code_on(session, finding_id, on)
        if there is None:
            raise TriageError(f"finding #{finding_id} is not on {on}", "mergewarden findings show says where it is.")
        code = there
        edited = next((seen.changed_at for seen in sightings if seen.ref == on and seen.gone_at is None), None)
        if state is TriageState.DISMISSED:
            living = [made for made in living if made.code == code]
    if needs_approval:
        # Who can only ask takes nothing away that somebody decided.
        living = [made for made in living if made.standing(now) is Standing.WAITING]
    event = judge(
        before,
        state=state,
        justification=justification,
        reason=reason,
        actor=actor,
        at=now,
        finding_id=finding_id,
        source=source,
        # What came of the earlier dismissal is over, so the same may be said again.
        renewal=again or (state is TriageState.DISMISSED and not living),
    )
    made = None
    if state is TriageState.DISMISSED and justification is not None:
        made = rules_of.requested(
            project_id=known.project_id,
            scope=Scope.FINDING,
            justification=justification,
            reason=event.reason,
            actor=event.actor,
            now=now,
            expires_at=expires_at,
            rules=rules,
            severity=known.finding.severity,
            finding_id=finding_id,
            code=code,
            code_edited_at=edited,
            needs_approval=needs_approval,
        )
    elif expires_at is not None:
        raise TriageError(f"calling a finding {state.value} has no end", "A date is for dismissing it.")
    revoked = tuple(rules_of.revoke(old, actor=event.actor, now=now) for old in living)
    for old in revoked:
        suppressions.revoke(session, old)
    if made is not None:
        made = suppressions.create(session, made)
        event = replace(event, suppression_id=made.id)
    triage.record(session, event)
    return Decided(event, made, revoked)


def approve_suppression(session: Session, suppression_id: int, *, actor: str, now: datetime) -> Suppression:
    """A second person's word for a suppression. Raises ``SuppressionError``."""
    approved = rules_of.approve(_suppression(session, suppression_id), actor=actor, now=now)
    if not suppressions.approve(session, approved):
        raise _changed_meanwhile(suppression_id)
    return approved


def revoke_suppression(session: Session, suppression_id: int, *, actor: str, now: datetime) -> Suppression:
    """End a suppression before its time; what people judged about its finding stays. Raises ``SuppressionError``."""
    revoked = rules_of.revoke(_suppression(session, suppression_id), actor=actor, now=now)
    if not suppressions.revoke(session, revoked):
        raise _changed_meanwhile(suppression_id)
    return revoked


def affected_merge_requests(session: Session, about: int | Suppression) -> tuple[tuple[int, int], ...]:
    """Project and number of each open merge request that a decision about a finding or suppression concerns."""
    if isinstance(about, Suppression):
        return affected.with_suppression(session, about)
    return affected.with_finding(session, about)


def judge_again(
    session: Session, queue: Callable[[], JobQueue], merge_requests: Iterable[tuple[int, int]], *, token: str
) -> int:
    """
    Have merge requests judged again because a person decided something, in the transaction of the decision.

    ``queue`` is asked for when there is something to submit, ``token`` makes the jobs' ids unique. Returns how many
    there are.
    """
    known = [place for place in merge_requests if heads.current_sequence(session, *place) > 0]
    if not known:
        return 0
    # Late: the engine takes a second to load, and most decisions on a command line concern no open merge request.
    from bot.pipeline.submission import submit

    for project_id, iid in known:
        submit(session, queue(), SyncMergeRequest(project_id, iid, SyncReason.DECIDED), token=token)
    return len(known)


class Deciding:
    """A write session in which a person decides."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.again = 0
        """How many merge requests are judged again; known at the end."""
        self._about: list[int | Suppression] = []

    def concerns(self, about: int | Suppression) -> None:
        """Say what was decided about: a finding by its number, or a suppression."""
        self._about.append(about)

    def affected(self) -> tuple[tuple[int, int], ...]:
        """Every open merge request that it concerns."""
        return tuple(sorted({p for about in self._about for p in affected_merge_requests(self.session, about)}))


@contextmanager
def deciding(services: Services) -> Iterator[Deciding]:
    """
    For commands: decide in this, and say what it ``concerns``. Decisions and jobs are one transaction.

    Nothing is kept when the block raises.
    """
    opened: list[JobQueue] = []

    def queue() -> JobQueue:
        if not opened:
            from bot.pipeline.engine import JobQueue

            opened.append(JobQueue(services.settings.database().get_secret_value()))
        return opened[0]

    try:
        with write_session(services.store) as writing:
            work = Deciding(writing)
            yield work
            work.again = judge_again(writing, queue, work.affected(), token=f"decided.{uuid.uuid4().hex}")
    finally:
        for made in opened:
            made.close()


def dossier(session: Session, finding_id: int, now: datetime) -> Dossier | None:
    """Everything that is known about a finding, or None; a fixed number of statements."""
    known = findings.get(session, finding_id)
    if known is None:
        return None
    sightings = findings.sightings(session, finding_id)
    match = Suppressions(suppressions.all_for(session, known.project_id, live=True), now).match(
        TrackedFinding(known.finding, Presence.EXISTING, number=finding_id), changed_at=edited_at(known, sightings)
    )
    return Dossier(
        known=known,
        history=triage.history(session, finding_id),
        sightings=sightings,
        witnesses=findings.witnesses(session, finding_id),
        suppressions=suppressions.of_finding(session, finding_id),
        match=match,
    )


def _suppression(session: Session, suppression_id: int) -> Suppression:
    found = suppressions.get(session, suppression_id, for_update=True)
    if found is None:
        raise SuppressionError(
            f"there is no suppression {suppression_id}", "mergewarden suppressions list shows which there are."
        )
    return found


def _changed_meanwhile(suppression_id: int) -> SuppressionError:
    return SuppressionError(f"suppression {suppression_id} was changed by somebody else meanwhile", "Look at it again.")
