"""
What is written into the audit log of a decision: the same words, whoever decided it and wherever.

Free text is kept without what looks like a secret, and short: the whole of it is with the decision itself.
"""

from __future__ import annotations

from collections.abc import Mapping

from bot.domain.audit import Act, Action, Word
from bot.domain.suppression import Scope, Suppression
from bot.pipeline.decisions import Decided
from bot.redaction import Redactor
from bot.reports.visible import one_line

_LONGEST_REASON = 300
_REDACTOR = Redactor()


def said(text: str) -> str:
    """A person's words as the log keeps them."""
    return one_line(_REDACTOR.text(text), _LONGEST_REASON)


def decided_act(
    decided: Decided, project_id: int, *, person_id: int | None = None, address: str = "", where: str = ""
) -> Act:
    """A word about a finding. ``where`` is the merge request that it was said on."""
    event = decided.event
    details: dict[str, Word] = {
        "before": event.before.value,
        "after": event.after.value,
        "reason": said(event.reason),
        "source": event.source,
    }
    if event.justification is not None:
        details["justification"] = event.justification.value
    if decided.suppression is not None:
        details |= exception_words(decided.suppression)
    if decided.revoked:
        details["revoked"] = [old.id for old in decided.revoked]
    if event.batch is not None:
        details["batch"] = event.batch
    if where:
        details["where"] = where
    return Act(event.actor, person_id, Action.FINDING_DECIDED, finding(event.finding_id), project_id, details, address)


def suppression_act(
    action: Action,
    made: Suppression,
    *,
    actor: str,
    person_id: int | None = None,
    address: str = "",
    reason: str = "",
    more: Mapping[str, Word] | None = None,
) -> Act:
    """Something that was done to an exception."""
    details: dict[str, Word] = {"scope": made.scope.value, **exception_words(made)}
    del details["suppression"]
    match made.scope:
        case Scope.FINDING:
            details["finding"] = made.finding_id
        case Scope.RULE:
            details |= {"scanner": made.scanner, "rule": made.rule_id, "path": made.path}
        case Scope.ADVISORY:
            details |= {"advisory": made.advisory, "package": made.package}
    details["justification"] = made.justification.value
    details["asked_by"] = made.created_by
    if reason:
        details["reason"] = said(reason)
    return Act(
        actor, person_id, action, f"suppression {made.id}", made.project_id, {**details, **(more or {})}, address
    )


def exception_words(made: Suppression) -> dict[str, Word]:
    """Number, end and standing of an exception that was made."""
    return {
        "suppression": made.id,
        "until": made.expires_at.date().isoformat(),
        "waits": made.needs_approval and made.approved_at is None,
    }


def finding(number: int) -> str:
    """How the log names a finding."""
    return f"finding {number}"
