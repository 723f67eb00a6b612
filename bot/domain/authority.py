"""
Who may do what in a merge request's conversation. Pure.

Four rules hold whatever a policy says: whoever wrote the code approves nothing of it; whoever asked for an exception
does not confirm it; whoever may not push to the project decides nothing about it; and nobody lets a bot speak for him.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from bot.domain.command import DISMISSALS, Verb
from bot.domain.policy import SuppressionRules
from scanners.finding import Severity

DEVELOPER, MAINTAINER, OWNER = 30, 40, 50
_WRITERS = frozenset({DEVELOPER, MAINTAINER, OWNER})
# Sets and not a comparison: between the roles of old there are others, such as Security Manager with 25.
# https://docs.gitlab.com/api/members/#roles
_KEEPERS = frozenset({MAINTAINER, OWNER})


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody as GitLab knows him, seen from one merge request."""

    user_id: int
    """GitLab's number: names are given up and taken by others."""
    username: str
    access_level: int | None
    """Role in the project, inherited ones included; None for people who are no members, administrators too."""
    active: bool
    """False for blocked people, and where the membership waits or has ended."""
    in_security_group: bool | None
    """Whether he is in the group that the policy names; None where it names none."""
    is_author: bool
    """Of the merge request."""
    is_contributor: bool
    """Whether code of the merge request is his, as far as anybody knows."""
    is_bot: bool = False
    """Whether it is no person. Whoever makes an access token speaks through it, also the author of the code."""

    @property
    def is_member(self) -> bool:
        """Whether he is one of the project's people, in whatever role."""
        return self.active and self.access_level is not None

    @property
    def may_write(self) -> bool:
        """Whether he has at least the role Developer."""
        return self.active and self.access_level in _WRITERS

    @property
    def is_trusted(self) -> bool:
        """Whether he decides about exceptions: in the security group, or where there is none a Maintainer or Owner."""
        if not self.may_write:
            return False
        return self.access_level in _KEEPERS if self.in_security_group is None else self.in_security_group

    @property
    def wrote_it(self) -> bool:
        """Whether he would judge his own work."""
        return self.is_author or self.is_contributor


class Answer(Enum):
    """What a command is worth that a person gave."""

    IGNORE = "ignore"
    """Not even an answer: a stranger does not make the bot write."""
    REFUSE = "refuse"
    REQUEST = "request"
    """It waits for a second person."""
    ALLOW = "allow"
    """It holds at once."""


class Why(Enum):
    """What an answer rests on."""

    STRANGER = "stranger"
    BELOW_DEVELOPER = "below_developer"
    OWN_CODE = "own_code"
    """He wrote the code, or opened the merge request."""
    OWN_REQUEST = "own_request"
    """He would confirm what he asked for himself."""
    BOT = "bot"
    """It is no person."""
    SECOND_PERSON = "second_person"
    """The policy asks for one."""
    ALLOWED = "allowed"


@dataclass(frozen=True, slots=True)
class Ruling:
    """What a person's command is worth, and why."""

    answer: Answer
    why: Why

    @property
    def allowed(self) -> bool:
        """Whether it holds at once."""
        return self.answer is Answer.ALLOW


@dataclass(frozen=True, slots=True)
class Request:
    """An exception that waits for a second person."""

    asked_by: str
    """User name."""
    asked_by_id: int | None
    """GitLab's number; None where it was not asked for on GitLab."""

    def is_by(self, person: Person) -> bool:
        """Whether this person asked for it, under whatever name."""
        return self.asked_by_id == person.user_id or self.asked_by.casefold() == person.username.casefold()


def ruling(
    person: Person,
    verb: Verb,
    rules: SuppressionRules,
    *,
    severity: Severity | None = None,
    request: Request | None = None,
) -> Ruling:
    """
    What ``verb`` is worth from this person. ``rules`` are the policy's.

    ``severity`` is that of the finding it is about; None, where there is none, is taken for the worst. ``request`` is
    what waits for a second person, for ``confirm`` and ``reopen``.

    - Strangers are not answered; members below Developer may ask for help and explanations.
    - A word that a finding need not be mended holds at once from the people whom the policy trusts, and from a
      Developer where the policy asks for no second person; from whoever wrote the code, and from a bot, it is always a
      request.
    - Who could say it himself at once may confirm it, unless he is the one who asked for it.
    - Taking a word back is for the same people, and for whoever asked for what still waits.
    """
    if not person.is_member:
        return Ruling(Answer.IGNORE, Why.STRANGER)
    if verb in (Verb.HELP, Verb.EXPLAIN):
        return Ruling(Answer.ALLOW, Why.ALLOWED)
    if not person.may_write:
        return Ruling(Answer.REFUSE, Why.BELOW_DEVELOPER)
    if verb in (Verb.RESCAN, Verb.MERGE, Verb.CANCEL_MERGE):
        return Ruling(Answer.ALLOW, Why.ALLOWED)
    own = request is not None and request.is_by(person)
    if verb is Verb.REOPEN and own:
        return Ruling(Answer.ALLOW, Why.ALLOWED)
    obstacle = _obstacle(person, rules, severity)
    if verb in DISMISSALS:
        return Ruling(Answer.ALLOW, Why.ALLOWED) if obstacle is None else Ruling(Answer.REQUEST, obstacle)
    if obstacle is None and verb is Verb.CONFIRM and own:
        obstacle = Why.OWN_REQUEST
    return Ruling(Answer.ALLOW, Why.ALLOWED) if obstacle is None else Ruling(Answer.REFUSE, obstacle)


def _obstacle(person: Person, rules: SuppressionRules, severity: Severity | None) -> Why | None:
    """Why his word about a finding does not hold by itself; None when it does."""
    if person.wrote_it:
        return Why.OWN_CODE
    if person.is_bot:
        return Why.BOT
    if person.is_trusted or not rules.second_person.wanted_for(severity):
        return None
    return Why.SECOND_PERSON
