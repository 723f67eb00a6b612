"""Why a finding does not count: the exception in force, whoever made it and whatever it is about."""

from __future__ import annotations

from bot.domain.known import KnownFinding
from bot.domain.triage import Judgement, TriageState


def exception_of(known: KnownFinding) -> Judgement | None:
    """
    The exception that is in force for the finding, as a dismissal; None where nothing is known but that there is one.

    A person's dismissal counts only as long as the suppression that it made is in force.
    """
    if not known.suppressed:
        return None
    made = known.suppression
    if made is None:
        return known.judgement if known.judgement.state is TriageState.DISMISSED else None
    # Both persons, where there are two.
    actor = " + ".join(filter(None, (made.created_by, made.approved_by)))
    return Judgement(TriageState.DISMISSED, made.justification, made.reason, actor, made.approved_at or made.created_at)


def excuse_of(known: KnownFinding) -> str:
    """Why the finding does not count, in English with the ids of our own words; empty where it does."""
    if not known.suppressed:
        return ""
    exception = exception_of(known)
    return "suppressed" if exception is None else dismissal_of(exception)


def dismissal_of(judgement: Judgement) -> str:
    """A dismissal with its justification and reason."""
    word = f"dismissed as {judgement.justification.value}" if judgement.justification else "dismissed"
    return f"{word}: {judgement.reason}" if judgement.reason else word
