"""
Who a person is, seen from a merge request: asked of GitLab, by number, at the moment when it matters.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

from sqlalchemy.orm import Session

from bot.domain.authority import Person
from bot.errors import MergewardenError
from bot.gitlab.errors import Forbidden, NotFound, Unauthorized
from bot.gitlab.model import Commit, Member, MergeRequest, Profile
from bot.pipeline.decisions import affected_merge_requests
from bot.services import Services
from bot.store import contributors
from bot.store.engine import session

# https://docs.gitlab.com/user/profile/#use-an-automatically-generated-private-commit-email
_PRIVATE_ADDRESS = re.compile(r"([0-9]{1,18})-[^@]*@users\.noreply\.[^@]+", re.ASCII)
# Members of the security group below Reporter only look at its issues. 25 is Security Manager.
_SECURITY_ROLES = frozenset({20, 25, 30, 40, 50})


class CannotTell(MergewardenError):
    """
    Raised when GitLab does not let the bot see what decides whether a person may do something.

    Asking again does not help; the operator has to do something. ``group`` is the full path of the group.
    """

    def __init__(self, message: str, hint: str, *, group: str) -> None:
        super().__init__(message, hint)
        self.group = group


def person_of(
    services: Services, request: MergeRequest, user_id: int, username: str, *, security_group: str | None
) -> Person:
    """
    Who ``user_id`` is to ``request``. ``security_group`` is the full path of the policy's, or None.

    ``username`` is what GitLab calls him now. Raises ``CannotTell`` where the bot must not see the security group, and
    other ``GitLabError`` where GitLab does not answer: what is not known is never guessed.
    """
    member = services.gitlab.member(request.project_id, user_id)
    writes = member is not None and member.active
    known = user_id == request.author_id or user_id in _contributors(services, request)
    # Nobody is asked about people who may do nothing here: a stranger makes no work. Nor where it makes no difference.
    profile = services.gitlab.profile(user_id) if writes and not known else None
    return Person(
        user_id=user_id,
        username=username,
        access_level=member.access_level if member is not None else None,
        active=member is not None and member.active,
        in_security_group=_in_group(services, security_group, user_id) if writes and security_group else None,
        is_author=request.author_id == user_id,
        is_contributor=writes
        and (profile is None or wrote(profile, services.gitlab.commits(request.project_id, request.iid))),
        is_bot=profile is not None and profile.bot,
    )


def seen_from_finding(reading: Session, person: Person, finding: int) -> Person:
    """
    The same person for a word about one finding, by its number.

    What holds for a finding holds on every merge request that has it: a second one, opened by a friend from the same
    branch, makes nobody a stranger to his code.
    """
    wrote = person.is_contributor or any(
        person.user_id in contributors.contributors(reading, *place)
        for place in affected_merge_requests(reading, finding)
    )
    return replace(person, is_contributor=wrote)


def wrote(profile: Profile, commits: Iterable[Commit]) -> bool:
    """
    Whether a commit names this person as its author or committer. Pure.

    By address or name, upper and lower case alike. Anybody can write any name into a commit, so that a match makes
    somebody a contributor, and no match proves nothing.
    """
    names = {_folded(profile.name), _folded(profile.username)} - {""}
    addresses = {_folded(profile.public_email)} - {""}
    for commit in commits:
        if {_folded(commit.author_name), _folded(commit.committer_name)} & names:
            return True
        for address in (_folded(commit.author_email), _folded(commit.committer_email)):
            private = _PRIVATE_ADDRESS.fullmatch(address)
            if address in addresses or (private is not None and int(private[1]) == profile.id):
                return True
    return False


def _contributors(services: Services, request: MergeRequest) -> frozenset[int]:
    with session(services.store) as reading:
        return contributors.contributors(reading, request.project_id, request.iid)


def _in_group(services: Services, group: str, user_id: int) -> bool:
    try:
        member = services.gitlab.group_member(group, user_id)
    except (NotFound, Forbidden, Unauthorized) as error:
        raise CannotTell(
            f"the members of the group {group} cannot be seen: {error}",
            "Check people.security_group in the policy, and make the bot a member of that group.",
            group=group,
        ) from error
    return _counts(member)


def _counts(member: Member | None) -> bool:
    return member is not None and member.active and member.access_level in _SECURITY_ROLES


def _folded(text: str) -> str:
    return " ".join(text.split()).casefold()
