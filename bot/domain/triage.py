"""
What people judge about a finding, and how one judgement follows another.

A triage state is a person's word. Whether the last scan sees the finding is another matter (``bot.domain.known``), and
neither ever changes the other, with one exception: a finding that was called resolved and is seen again is open again.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from types import MappingProxyType

from bot.errors import MergewardenError, Sentence, sentence
from bot.texts import N_
from scanners.normalize import clean_text

LONGEST_REASON = 2_000
"""Characters."""
LONGEST_ACTOR = 200
"""Characters."""


class TriageState(Enum):
    """Where a judgement stands."""

    DETECTED = "detected"
    """Nobody has judged it yet."""
    CONFIRMED = "confirmed"
    """It is true and has to be mended."""
    DISMISSED = "dismissed"
    """It need not be mended, for one of the reasons in ``Justification``."""
    RESOLVED = "resolved"
    """Somebody says that it is mended."""

    @property
    def words(self) -> Sentence:
        """What it is called in a sentence."""
        return Sentence(_STATES[self])


_STATES: Mapping[TriageState, str] = MappingProxyType(
    {
        TriageState.DETECTED: N_("detected"),
        TriageState.CONFIRMED: N_("confirmed"),
        TriageState.DISMISSED: N_("dismissed"),
        TriageState.RESOLVED: N_("resolved"),
    }
)


class Justification(Enum):
    """Why a finding is dismissed. The words are those of GitLab's vulnerability report."""

    ACCEPTABLE_RISK = "acceptable_risk"
    FALSE_POSITIVE = "false_positive"
    MITIGATING_CONTROL = "mitigating_control"
    USED_IN_TESTS = "used_in_tests"
    NOT_APPLICABLE = "not_applicable"


SYSTEM = "mergewarden"
"""The actor of events that no person caused."""


class TriageError(MergewardenError):
    """Raised for a judgement that cannot follow from the present one, or that lacks what it needs."""


class AlreadySo(TriageError):
    """Raised for a judgement that says what holds already."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """The state that a finding is in, and whose word it is."""

    state: TriageState = TriageState.DETECTED
    justification: Justification | None = None
    """For ``DISMISSED`` only."""
    reason: str = ""
    actor: str = ""
    """Empty while nobody has judged."""
    at: datetime | None = None
    """UTC."""


@dataclass(frozen=True, slots=True)
class TriageEvent:
    """One change of a judgement; never altered once it is written."""

    finding_id: int
    at: datetime
    """UTC."""
    actor: str
    before: TriageState
    after: TriageState
    justification: Justification | None
    reason: str
    source: str = ""
    """Where it was said: ``cli``, ``api``, ``import``, ``merge_request`` or ``scan``."""
    suppression_id: int | None = None
    """The suppression that a dismissal made."""
    batch: str | None = None
    """What was decided together and is taken back together; None where nothing is taken back."""

    @property
    def judgement(self) -> Judgement:
        """What holds after it."""
        return Judgement(self.after, self.justification, self.reason, self.actor, self.at)


def judge(
    before: Judgement,
    *,
    state: TriageState,
    justification: Justification | None,
    reason: str,
    actor: str,
    at: datetime,
    finding_id: int,
    source: str,
    suppression_id: int | None = None,
    renewal: bool = False,
) -> TriageEvent:
    """
    A person's next word about a finding, after ``before``.

    A dismissal needs a justification and a reason, and whatever takes a word back or says that a finding is mended
    needs a reason. ``renewal``: whether the same may be said again, because what it brought about has ended. Raises
    ``TriageError``.
    """
    said, who = cleaned_reason(reason), cleaned_actor(actor)
    if state is TriageState.DISMISSED and justification is None:
        raise TriageError(
            sentence(N_("dismissing finding #{number} needs a justification"), number=finding_id),
            sentence(N_("Give one of: {names}."), names=", ".join(word.value for word in Justification)),
        )
    if state is not TriageState.DISMISSED and justification is not None:
        raise TriageError(
            sentence(N_("a justification is for dismissing a finding, not for calling it {state}"), state=state.words),
            N_("Leave it out, or set the state to dismissed."),
        )
    if not said and state is not TriageState.CONFIRMED:
        raise TriageError(
            sentence(N_("calling finding #{number} {state} needs a reason"), number=finding_id, state=state.words),
            N_("Say why: in a year, somebody will ask."),
        )
    same = before.state is state and before.justification is justification
    if same and (state is TriageState.DETECTED or before.reason == said) and not renewal:
        raise AlreadySo(
            sentence(
                N_("finding #{number} is {state} already, for the same reason"),
                number=finding_id,
                state=state.words,
            )
            if said and state is not TriageState.DETECTED
            else sentence(N_("finding #{number} is {state} already"), number=finding_id, state=state.words),
            N_("Nothing was changed."),
        )
    return TriageEvent(
        finding_id=finding_id,
        at=_with_zone(at),
        actor=who,
        before=before.state,
        after=state,
        justification=justification,
        reason=said,
        source=source,
        suppression_id=suppression_id,
    )


def reopened(before: Judgement, at: datetime, finding_id: int, explanation: str) -> TriageEvent | None:
    """
    What follows when a scan sees a finding (again): one that was called resolved is open again, any other word stands.

    ``explanation`` says why it is taken for the same. None when nothing follows.
    """
    if before.state is not TriageState.RESOLVED:
        return None
    return TriageEvent(
        finding_id=finding_id,
        at=_with_zone(at),
        actor=SYSTEM,
        before=TriageState.RESOLVED,
        after=TriageState.DETECTED,
        justification=None,
        reason=explanation,
        source="scan",
    )


_SPACES = re.compile(r"\s+")


def cleaned_reason(text: str) -> str:
    """
    A person's reason as one line, without what cannot be seen; may be empty. Raises ``TriageError`` for one that is too
    long to be read.
    """
    # Counted before it is cleaned: a text of any length must not cost any amount of work.
    if len(text) > 4 * LONGEST_REASON:
        raise TriageError(
            sentence(
                N_("a reason may have {most} characters, this has {count}"),
                most=LONGEST_REASON,
                count=len(text),
            ),
            _SHORTEN,
        )
    line = _SPACES.sub(" ", clean_text(text, len(text))).strip()
    if len(line) > LONGEST_REASON:
        raise TriageError(
            sentence(
                N_("a reason may have {most} characters, this has {count}"),
                most=LONGEST_REASON,
                count=len(line),
            ),
            _SHORTEN,
        )
    return line


def cleaned_actor(name: str) -> str:
    """Who speaks, as one line. Raises ``TriageError`` for nobody, for a name that is too long, and for our own."""
    line = _SPACES.sub(" ", clean_text(name[: 4 * LONGEST_ACTOR], 4 * LONGEST_ACTOR)).strip()
    if not line:
        raise TriageError(N_("it is not known who decides"), N_("Give a name."))
    if len(line) > LONGEST_ACTOR:
        raise TriageError(
            sentence(N_("a name may have {most} characters"), most=LONGEST_ACTOR),
            N_("Give a user name."),
        )
    if same_person(line, SYSTEM):
        raise TriageError(
            sentence(N_("{name} is the name of the program itself"), name=repr(SYSTEM)),
            N_("Give the name of the person who decides."),
        )
    return line


def same_person(one: str, other: str) -> bool:
    """Whether two names mean one person: GitLab's user names are alike in upper and lower case."""
    return one.strip().casefold() == other.strip().casefold()


_SHORTEN = N_("Give the gist, and a link to the rest.")


def _with_zone(at: datetime) -> datetime:
    if at.tzinfo is None:
        raise ValueError("a time without its zone says nothing")
    return at
