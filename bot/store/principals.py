"""
What somebody may, put together from what is stored: memberships, grants, and a token's scopes.

At most four statements with those that find the session or token itself.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from bot.domain.access import ApiToken, limits_of, operator_roles
from bot.domain.roles import INSTANCE_WIDE, SEES_EVERYTHING, Kind, Permission, Principal, Target, project_roles
from bot.store import memberships, people
from bot.store.people import Person

OLDEST_MEMBERSHIP = timedelta(hours=24)
"""What GitLab has not confirmed for so long counts nothing."""


def of_token(reading: Session, token: ApiToken, now: datetime) -> Principal | None:
    """What a token may, as things are; None for one of somebody who is shut out."""
    if token.person_id is None:
        return _of_operator(reading, token)
    person = people.get_person(reading, token.person_id)
    if person is None or person.disabled_at is not None:
        return None
    return of_person(reading, person, now, token)


def of_person(reading: Session, person: Person, now: datetime, token: ApiToken | None = None) -> Principal:
    """What a person may now, by himself or with a token of his: two statements."""
    grants = [given.grant for given in people.grants_of(reading, [person.id]).get(person.id, ())]
    wide = frozenset(grant.role for grant in grants if grant.target is Target.INSTANCE)
    everything = bool(wide & SEES_EVERYTHING)
    narrowed = token is not None and not token.covers_everything
    paths: dict[int, str] = {}
    levels: dict[int, int] = {}
    from_gitlab = person.gitlab_user_id is not None
    if everything and narrowed:
        paths, from_gitlab = dict(memberships.project_paths(reading)), False
    elif person.gitlab_user_id is not None:
        for one in memberships.projects_of(reading, person.gitlab_user_id, now - OLDEST_MEMBERSHIP):
            paths[one.project_id], levels[one.project_id] = one.path, one.access_level
    elif any(grant.target is not Target.INSTANCE for grant in grants) or (wide and not everything):
        # Whoever sees everything, and has no role of his own anywhere, needs no list of it: not with every request.
        paths = dict(memberships.project_paths(reading))
    if token is not None and narrowed:
        paths = {number: path for number, path in paths.items() if token.covers(path)}
    principal = Principal(
        Kind.SESSION if token is None else Kind.TOKEN,
        person.actor,
        person.id,
        person.gitlab_user_id,
        person.name or person.username,
        wide,
        project_roles(paths.items(), levels, grants, from_gitlab=from_gitlab),
        everything and not narrowed,
    )
    return principal if token is None else replace(principal, limits=_limits(token), token_id=token.id)


def _limits(token: ApiToken) -> frozenset[Permission]:
    # Good for some projects, so good for nothing that concerns all of them.
    limits = limits_of(token.scopes)
    return limits if token.covers_everything else limits - INSTANCE_WIDE


def _of_operator(reading: Session, token: ApiToken) -> Principal:
    roles = operator_roles(token.scopes)
    wide = token.covers_everything
    paths = () if wide else memberships.project_paths(reading)
    return Principal(
        Kind.TOKEN,
        token.actor,
        None,
        None,
        token.name,
        roles if wide else frozenset(),
        {number: roles for number, path in paths if token.covers(path)},
        everything=wide,
        limits=_limits(token),
        token_id=token.id,
    )
