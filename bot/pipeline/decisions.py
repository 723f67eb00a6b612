"""
What a person decides about a finding or a suppression, checked and kept in one transaction.

Callers open the write session; nothing here talks to GitLab. After a decision the open merge requests that it concerns
are judged again: see ``judge_again``.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy.orm import Session

from bot.domain import suppression as rules_of
from bot.domain.audit import Act
from bot.domain.job import SyncMergeRequest, SyncReason
from bot.domain.known import Dossier, edited_at
from bot.domain.policy import SuppressionRules
from bot.domain.suppression import Scope, Standing, Suppression, SuppressionError, Suppressions
from bot.domain.triage import Justification, TriageError, TriageEvent, TriageState, judge
from bot.domain.verdict import Presence, TrackedFinding
from bot.errors import sentence
from bot.services import Services
from bot.store import affected, audit, findings, heads, judging, suppressions, triage
from bot.store.engine import write_session
from bot.texts import N_

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
    subject = judging.subjects_for_update(session, [finding_id]).get(finding_id)
    if subject is None:
        raise TriageError(
            sentence(N_("there is no finding #{number}"), number=finding_id),
            N_("mergewarden findings list shows which there are."),
        )
    if on is not None:
        there = findings.code_on(session, finding_id, on)
        if there is None:
            raise TriageError(
                sentence(N_("finding #{number} is not on {on}"), number=finding_id, on=on),
                N_("mergewarden findings show says where it is."),
            )
        sightings = findings.sightings(session, finding_id)
        edited = next((seen.changed_at for seen in sightings if seen.ref == on and seen.gone_at is None), None)
        subject = replace(subject, code=there, edited_at=edited)
    decided = word_about(
        subject,
        state=state,
        justification=justification,
        reason=reason,
        actor=actor,
        now=now,
        rules=rules,
        expires_at=expires_at,
        source=source,
        this_code_only=on is not None,
        needs_approval=needs_approval,
        again=again,
    )
    return keep(session, [decided], now)[0]


def word_about(
    subject: judging.Subject,
    *,
    state: TriageState,
    justification: Justification | None,
    reason: str,
    actor: str,
    now: datetime,
    rules: SuppressionRules,
    expires_at: datetime | None,
    source: str,
    this_code_only: bool = False,
    needs_approval: bool | None = None,
    again: bool = False,
    batch: str | None = None,
) -> Decided:
    """
    What a person's word about a finding comes to, by the rules; nothing is written: see ``decide`` and ``keep``.

    ``this_code_only``: a dismissal leaves exceptions for other code of the finding alone. Raises ``TriageError`` and
    ``SuppressionError``.
    """
    living = living_of(subject, now)
    if this_code_only and state is TriageState.DISMISSED:
        living = tuple(made for made in living if made.code == subject.code)
    if needs_approval:
        # Who can only ask takes nothing away that somebody decided.
        living = tuple(made for made in living if made.standing(now) is Standing.WAITING)
    event = judge(
        subject.judgement,
        state=state,
        justification=justification,
        reason=reason,
        actor=actor,
        at=now,
        finding_id=subject.id,
        source=source,
        # What came of the earlier dismissal is over, so the same may be said again.
        renewal=again or (state is TriageState.DISMISSED and not living),
    )
    made = None
    if state is TriageState.DISMISSED and justification is not None:
        made = rules_of.requested(
            project_id=subject.project_id,
            scope=Scope.FINDING,
            justification=justification,
            reason=event.reason,
            actor=event.actor,
            now=now,
            expires_at=expires_at,
            rules=rules,
            severity=subject.severity,
            finding_id=subject.id,
            code=subject.code,
            code_edited_at=subject.edited_at,
            needs_approval=needs_approval,
        )
    elif expires_at is not None:
        raise TriageError(
            sentence(N_("calling a finding {state} has no end"), state=state.words), N_("A date is for dismissing it.")
        )
    revoked = tuple(rules_of.revoke(old, actor=event.actor, now=now) for old in living)
    return Decided(replace(event, batch=batch), made, revoked)


def living_of(subject: judging.Subject, now: datetime) -> tuple[Suppression, ...]:
    """The finding's own exceptions that wait or are in force."""
    return tuple(made for made in subject.own if made.standing(now) in (Standing.WAITING, Standing.IN_FORCE))


def keep(session: Session, decided: Sequence[Decided], now: datetime) -> tuple[Decided, ...]:
    """
    Write what was decided at this moment, at most one word for each finding; what comes back has its numbers.

    A fixed number of statements, however many there are.
    """
    ended: dict[str, list[int]] = {}
    for one in decided:
        ended.setdefault(one.event.actor, []).extend(old.id for old in one.revoked)
    for actor, numbers in ended.items():
        judging.revoke_many(session, numbers, actor=actor, at=now)
    made = judging.create_many(session, [one.suppression for one in decided if one.suppression is not None])
    by_finding = {new.finding_id: new for new in made}
    kept = []
    for one in decided:
        new = by_finding.get(one.event.finding_id) if one.suppression is not None else None
        event = one.event if new is None else replace(one.event, suppression_id=new.id)
        kept.append(Decided(event, new, one.revoked))
    triage.record_many(session, [one.event for one in kept])
    return tuple(kept)


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
        self._acts: list[Act] = []

    def concerns(self, about: int | Suppression) -> None:
        """Say what was decided about: a finding by its number, or a suppression."""
        self._about.append(about)

    def note(self, act: Act) -> None:
        """Say what goes into the audit log, which is written last."""
        self._acts.append(act)

    def write_log(self) -> None:
        """Append what was noted."""
        audit.append_many(self.session, self._acts)

    def affected(self) -> tuple[tuple[int, int], ...]:
        """Every open merge request that it concerns."""
        return tuple(sorted({p for about in self._about for p in affected_merge_requests(self.session, about)}))


@contextmanager
def deciding(services: Services) -> Iterator[Deciding]:
    """
    For commands: decide in this, say what it ``concerns``, and ``note`` it. Decisions, jobs and the audit log are one
    transaction. Nothing is kept when the block raises.
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
            work.write_log()
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
            sentence(N_("there is no suppression {number}"), number=suppression_id),
            N_("mergewarden suppressions list shows which there are."),
        )
    return found


def _changed_meanwhile(suppression_id: int) -> SuppressionError:
    return SuppressionError(
        sentence(N_("suppression {number} was changed by somebody else meanwhile"), number=suppression_id),
        N_("Look at it again."),
    )
