"""
Who may do what to which branch.

lib/gitlab/user_access.rb, lib/gitlab/checks/branch_check.rb, app/models/concerns/protected_ref_access.rb. A weakness to
know: whoever may push to a protected branch may also merge into it, and the other way round for merge requests.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from tests.standin.model import ADMIN, DEVELOPER, MAINTAINER, NO_ONE, Group, Project, Protection, User
from tests.standin.repository import ZERO, Repository

if TYPE_CHECKING:
    from tests.standin.world import World

PUSH = "You are not allowed to push code to protected branches on this project."
MERGE = "You are not allowed to merge code into protected branches on this project."
FORCE = "You are not allowed to force push code to a protected branch on this project."
CREATE = "You are not allowed to create protected branches on this project."
CREATE_ON_WEB = "You can only create protected branches using the web interface and API."
DELETE = (
    "You are not allowed to delete protected branches from this project. "
    "Only a project maintainer or owner can delete a protected branch."
)
DELETE_ON_WEB = "You can only delete protected branches using the web interface."
DELETE_DEFAULT = "The default branch of a project cannot be deleted."
NO_PUSH = "You are not allowed to push code to this project."


def levels(world: World, place: Project | Group) -> dict[int, int]:
    """User id to level for everybody who is a member, whether direct, through a group or through a shared group."""
    found: dict[int, int] = {}

    def add(members: dict[int, int], highest: int = ADMIN) -> None:
        for number, level in members.items():
            found[number] = max(found.get(number, 0), min(level, highest))

    for group in ancestors(world, place):
        add(group.members)
    add(place.members)
    if isinstance(place, Project):
        for number, highest in place.shared_with.items():
            add(levels(world, world.groups[number]), highest)
    return found


def ancestors(world: World, place: Project | Group) -> Iterator[Group]:
    for group in world.groups.values():
        if place.path.startswith(group.path + "/"):
            yield group


def details(world: World, place: Project | Group, user_id: int) -> dict[str, object]:
    """What is known of a membership beside its level: ``expires_at``, ``membership_state``."""
    for where in (place, *ancestors(world, place)):
        if user_id in where.members:
            return dict(where.member_details.get(user_id, {}))
    return {}


def rules(project: Project, branch: str) -> list[Protection]:
    """The protections that match; of several the most permissive decides."""
    return [p for name, p in project.protected.items() if name == branch or ("*" in name and _wild(name, branch))]


def _wild(name: str, branch: str) -> bool:
    return re.fullmatch(".*".join(re.escape(part) for part in name.split("*")), branch) is not None


def can_push(world: World, project: Project, user: User, branch: str) -> bool:
    return _allowed(world, project, user, branch, push=True)


def can_merge(world: World, project: Project, user: User, branch: str) -> bool:
    return _allowed(world, project, user, branch, push=False)


def can_update(world: World, project: Project, user: User, branch: str) -> bool:
    """Whether a merge request into ``branch`` may be merged by ``user``: either right is enough."""
    return can_push(world, project, user, branch) or can_merge(world, project, user, branch)


def _allowed(world: World, project: Project, user: User, branch: str, *, push: bool) -> bool:
    level = world.access_level(project, user)
    if level < DEVELOPER:
        return False
    matching = rules(project, branch)
    if not matching:
        return True
    for rule in matching:
        least, users = (rule.push, rule.push_users) if push else (rule.merge, rule.merge_users)
        if user.id in users or (least != NO_ONE and level >= least):
            return True
    return False


def refusal(
    world: World, project: Project, user: User, change: tuple[str, str, str], *, web: bool, merging: bool = False
) -> str | None:
    """
    Why GitLab itself does not accept ``(old, new, ref)``, or None.

    Whether it is a forced push is another question, which needs the new objects: ``forbids_force``.
    """
    old, new, ref = change
    if not ref.startswith("refs/heads/"):
        return None
    branch = ref.removeprefix("refs/heads/")
    if new == ZERO and branch == project.default_branch:
        return DELETE_DEFAULT
    if world.access_level(project, user) < DEVELOPER:
        return NO_PUSH
    if not rules(project, branch):
        return None
    if new == ZERO:
        if world.access_level(project, user) < MAINTAINER:
            return DELETE
        return None if web else DELETE_ON_WEB
    if old == ZERO and project.repository.branches():
        if not can_update(world, project, user, branch):
            return CREATE
        return None if web else CREATE_ON_WEB
    if merging:
        return None if can_update(world, project, user, branch) else MERGE
    return None if can_push(world, project, user, branch) else PUSH


def forbids_force(project: Project, ref: str) -> bool:
    """Whether history of this ref may only grow."""
    matching = rules(project, ref.removeprefix("refs/heads/")) if ref.startswith("refs/heads/") else []
    return bool(matching) and not any(p.allow_force_push for p in matching)


def forced(repository: Repository, old: str, new: str) -> bool:
    return ZERO not in (old, new) and not repository.contains(old, new)
