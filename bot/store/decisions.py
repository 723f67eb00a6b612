"""
Decisions, with everything that they followed from: rows are only added, and each can be made again.

A decision follows from the scan (which does not change once it is recorded), the policy (a snapshot, by its digest) and
what is kept here: confirmed and suppressed findings, circumstances and facts as they were then. Nothing of it depends
on what the world says today.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Row, func, select
from sqlalchemy.orm import Session

from bot.domain.circumstances import Context
from bot.domain.gate import evaluate, not_assessed, with_reasons
from bot.domain.policy import Policy
from bot.domain.verdict import (
    Effect,
    GateDecision,
    Outcome,
    Reason,
    ReasonCode,
    ScanReport,
    Suppressed,
    Violation,
)
from bot.errors import MergewardenError
from bot.store.policies import keep_snapshot, snapshot
from bot.store.scans import load_scan
from bot.store.statements import chunks, table
from bot.store.tables import DecisionRecord

_DECISION = table(DecisionRecord)


class NotReplayable(MergewardenError):
    """Raised when a decision cannot be made again: what it followed from is gone, or of another release."""


@dataclass(frozen=True, slots=True)
class DecisionInputs:
    """What a decision followed from besides the scan and the policy."""

    confirmed: frozenset[str] = frozenset()
    """Fingerprints of *changed* findings that somebody confirmed."""
    suppressed: Mapping[str, Suppressed] = field(default_factory=dict)
    """By fingerprint, as ``bot.domain.gate.evaluate`` takes it."""
    context: Context = field(default_factory=Context)
    extra_reasons: tuple[Reason, ...] = ()
    """What was added to the decision afterwards: reasons about the policy, or that the scan did not happen."""


@dataclass(frozen=True, slots=True)
class StoredDecision:
    """One decision as it was made."""

    id: int
    scan_id: str
    project_id: int
    iid: int | None
    at: datetime
    """UTC."""
    because: str
    """``scan``, or the reason for judging again."""
    inputs: DecisionInputs
    decision: GateDecision
    layers: tuple[str, ...]
    """Where the policy's layers came from, the outermost first."""

    @property
    def policy_digest(self) -> str:
        """Of the policy that it was made by."""
        return self.decision.policy_digest


def record_decision(
    session: Session,
    *,
    scan_id: str,
    project_id: int,
    iid: int | None,
    at: datetime,
    because: str,
    policy: Policy,
    inputs: DecisionInputs,
    decision: GateDecision,
) -> int:
    """
    Store a decision and the policy that it was made by; returns the decision's number.

    The scan must be stored. The last decision about a scan is not stored twice: one that is equal to it in all but the
    time gets its number, so that a repeated step does no harm.
    """
    kept = {"inputs": inputs_to_json(inputs), "layers": list(policy.layers)}
    result = decision_to_json(decision)
    last = session.execute(
        select(_DECISION).where(_DECISION.c.scan_id == scan_id).order_by(_NEWEST).limit(1)
    ).one_or_none()
    if last is not None and (last.policy_digest, last.inputs, last.result) == (decision.policy_digest, kept, result):
        return int(last.id)
    keep_snapshot(session, policy, at)
    number = session.execute(
        _DECISION.insert()
        .values(
            scan_id=scan_id,
            project_id=project_id,
            iid=iid,
            at=at,
            because=because,
            outcome=decision.outcome,
            policy_digest=decision.policy_digest,
            inputs=kept,
            result=result,
        )
        .returning(_DECISION.c.id)
    ).scalar_one()
    return int(number)


def last_decision(session: Session, project_id: int, iid: int) -> StoredDecision | None:
    """The newest decision about a merge request, or None."""
    row = session.execute(
        select(_DECISION).where(_DECISION.c.project_id == project_id, _DECISION.c.iid == iid).order_by(_NEWEST).limit(1)
    ).one_or_none()
    return None if row is None else _stored(row)


def decision_about(session: Session, project_id: int, iid: int, scan_id: str) -> StoredDecision | None:
    """The newest decision about a merge request, if it is one about this scan."""
    last = last_decision(session, project_id, iid)
    return last if last is not None and last.scan_id == scan_id else None


def get_decision(session: Session, number: int) -> StoredDecision | None:
    """The decision with this number, or None."""
    row = session.execute(select(_DECISION).where(_DECISION.c.id == number)).one_or_none()
    return None if row is None else _stored(row)


def last_decisions(session: Session, scan_ids: Sequence[str]) -> Mapping[str, StoredDecision]:
    """The newest decision about each of these scans that has one: one statement for a thousand of them."""
    found: dict[str, StoredDecision] = {}
    for chunk in chunks(scan_ids):
        place = func.row_number().over(partition_by=_DECISION.c.scan_id, order_by=_NEWEST).label("place")
        ranked = select(_DECISION, place).where(_DECISION.c.scan_id.in_(chunk)).subquery()
        rows = session.execute(select(ranked).where(ranked.c.place == 1))
        found |= {row.scan_id: _stored(row) for row in rows}
    return found


def replay(session: Session, stored: StoredDecision) -> GateDecision:
    """
    The decision made again, today, from what is stored. Equal to ``stored.decision`` unless this release judges
    otherwise than the one that made it.

    Raises ``NotReplayable``.
    """
    report = load_scan(session, stored.scan_id)
    if report is None:
        raise NotReplayable(f"scan {stored.scan_id} is not in the store any more", "Scans are kept for 400 days.")
    policy = policy_of(session, stored)
    return judge(policy, report, stored.inputs)


def policy_of(session: Session, stored: StoredDecision) -> Policy:
    """The policy that a decision was made by. Raises ``NotReplayable``."""
    try:
        policy = snapshot(session, stored.policy_digest)
    except ValueError as error:
        raise NotReplayable(
            f"policy {stored.policy_digest[:12]} was stored by another release: {error}",
            "Replay it with the release that made the decision.",
        ) from error
    if policy is None:
        raise NotReplayable(f"policy {stored.policy_digest[:12]} is not in the store")
    return policy


def judge(policy: Policy, report: ScanReport, inputs: DecisionInputs) -> GateDecision:
    """The verdict of a policy on a stored scan, from what was known when it was judged."""
    failed = next((reason for reason in inputs.extra_reasons if reason.code is ReasonCode.SCAN_FAILED), None)
    if failed is not None:
        others = [reason for reason in inputs.extra_reasons if reason is not failed]
        return with_reasons(not_assessed(failed.detail, policy_digest=policy.digest), others)
    decision = evaluate(
        policy,
        report.tracked,
        report.runs,
        confirmed=inputs.confirmed,
        suppressed=inputs.suppressed,
        context=inputs.context,
    )
    return with_reasons(decision, inputs.extra_reasons)


# --- as JSON ----------------------------------------------------------------------------------------------------------


def inputs_to_json(inputs: DecisionInputs) -> dict[str, Any]:
    """The inputs as plain values; ``inputs_from_json`` is its inverse."""
    return {
        "confirmed": sorted(inputs.confirmed),
        "suppressed": [
            [mark, item.fingerprint, item.suppression_id, item.explanation]
            for mark, item in sorted(inputs.suppressed.items())
        ],
        "context": inputs.context.to_json(),
        "extra_reasons": _reasons_to_json(inputs.extra_reasons),
    }


def inputs_from_json(values: Mapping[str, Any]) -> DecisionInputs:
    """The inputs that ``inputs_to_json`` gave."""
    return DecisionInputs(
        confirmed=frozenset(values["confirmed"]),
        suppressed={
            mark: Suppressed(fingerprint, number, explanation)
            for mark, fingerprint, number, explanation in values["suppressed"]
        },
        context=Context.from_json(values["context"]),
        extra_reasons=_reasons_from_json(values["extra_reasons"]),
    )


def decision_to_json(decision: GateDecision) -> dict[str, Any]:
    """The decision as plain values, without the policy's digest; ``decision_from_json`` is its inverse."""
    return {
        "outcome": decision.outcome.value,
        "tolerated": decision.tolerated,
        "violations": [[v.fingerprint, v.rule, v.effect.value] for v in decision.violations],
        "reasons": _reasons_to_json(decision.reasons),
        "suppressed": [[s.fingerprint, s.suppression_id, s.explanation] for s in decision.suppressed],
    }


def decision_from_json(values: Mapping[str, Any], policy_digest: str) -> GateDecision:
    """The decision that ``decision_to_json`` gave."""
    return GateDecision(
        outcome=Outcome(values["outcome"]),
        violations=tuple(Violation(mark, rule, Effect(word)) for mark, rule, word in values["violations"]),
        reasons=_reasons_from_json(values["reasons"]),
        policy_digest=policy_digest,
        suppressed=tuple(Suppressed(*item) for item in values["suppressed"]),
        tolerated=values["tolerated"],
    )


def _reasons_to_json(reasons: Sequence[Reason]) -> list[list[str]]:
    return [[reason.code.value, reason.subject, reason.detail] for reason in reasons]


def _reasons_from_json(values: Sequence[Sequence[str]]) -> tuple[Reason, ...]:
    return tuple(Reason(ReasonCode(code), subject, detail) for code, subject, detail in values)


# Rows are added one after the other, and the clocks of two hosts need not agree.
_NEWEST = _DECISION.c.id.desc()


def _stored(row: Row[Any]) -> StoredDecision:
    return StoredDecision(
        id=row.id,
        scan_id=row.scan_id,
        project_id=row.project_id,
        iid=row.iid,
        at=row.at,
        because=row.because,
        inputs=inputs_from_json(row.inputs["inputs"]),
        decision=decision_from_json(row.result, row.policy_digest),
        layers=tuple(row.inputs["layers"]),
    )
