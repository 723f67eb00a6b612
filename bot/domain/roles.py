"""
Who may do what at the desk: roles, what each of them permits, and a principal who has some. Pure.

A person's roles in a project come from three places: what he is in GitLab, what an administrator granted him for the
project or one of its groups, and what was granted for the whole instance. ``docs/adr/0010-who-sees-what.md`` says why
a grant alone opens no project to somebody whom GitLab would not show it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from types import MappingProxyType

from bot.errors import Sentence
from bot.texts import N_


class Role(Enum):
    """What somebody is at the desk. None includes another: see ``PERMISSIONS``."""

    VIEWER = "viewer"
    """Reads."""
    DEVELOPER = "developer"
    """Comments, and asks for exceptions that somebody else decides about."""
    TRIAGER = "triager"
    """Decides about findings."""
    SECURITY_LEAD = "security_lead"
    """Decides about everything that concerns findings, exceptions for whole rules and jobs included."""
    AUDITOR = "auditor"
    """Reads everything, the audit log included, and changes nothing."""
    ADMIN = "admin"
    """Keeps people, grants, tokens and settings; sees everything."""


class Permission(Enum):
    """What a role permits. Those marked so are about the instance and not about one project."""

    READ = "read"
    """See a project, its findings, merge requests and scans."""
    EXPORT = "export"
    """Take findings away as a file."""
    COMMENT = "comment"
    """Write beneath a finding."""
    REQUEST = "request"
    """Ask for an exception: it holds when somebody else has approved it."""
    DECIDE = "decide"
    """Judge, snooze, assign and claim findings, approve what others asked for."""
    MAKE_ISSUE = "make_issue"
    """Make a GitLab issue of a finding."""
    SUPPRESS_WIDELY = "suppress_widely"
    """Make exceptions for a rule, a path or an advisory."""
    KEEP_PROJECT = "keep_project"
    """Say how exposed a project is, close its incidents."""
    ATTEST = "attest"
    """Say that a project does what no data proves, confirm what others said, and take it back."""
    ATTEST_WIDELY = "attest_widely"
    """The same for a group (in all of its projects) or for the organisation (granted for the instance)."""
    RETRY = "retry"
    """Start a job again. Of the instance."""
    READ_JOBS = "read_jobs"
    """See queue and failures of all projects. Of the instance."""
    READ_AUDIT = "read_audit"
    """Read and export the audit log. Of the instance."""
    READ_PEOPLE = "read_people"
    """See people, grants, tokens and settings. Of the instance."""
    KEEP_TOKENS = "keep_tokens"
    """Make and revoke one's own API tokens. Of the instance."""
    ADMINISTER = "administer"
    """Change people, grants, everybody's tokens, outgoing webhooks and settings. Of the instance."""

    @property
    def words(self) -> Sentence:
        """What it is called in a sentence."""
        return Sentence(_WORDS[self])


_WORDS: Mapping[Permission, str] = MappingProxyType(
    {
        Permission.READ: N_("read"),
        Permission.EXPORT: N_("export"),
        Permission.COMMENT: N_("comment"),
        Permission.REQUEST: N_("request"),
        Permission.DECIDE: N_("decide"),
        Permission.MAKE_ISSUE: N_("make_issue"),
        Permission.SUPPRESS_WIDELY: N_("suppress_widely"),
        Permission.KEEP_PROJECT: N_("keep_project"),
        Permission.ATTEST: N_("attest"),
        Permission.ATTEST_WIDELY: N_("attest_widely"),
        Permission.RETRY: N_("retry"),
        Permission.READ_JOBS: N_("read_jobs"),
        Permission.READ_AUDIT: N_("read_audit"),
        Permission.READ_PEOPLE: N_("read_people"),
        Permission.KEEP_TOKENS: N_("keep_tokens"),
        Permission.ADMINISTER: N_("administer"),
    }
)
"""The words of the API; another language may say more."""


INSTANCE_WIDE = frozenset(
    {
        Permission.RETRY,
        Permission.READ_JOBS,
        Permission.READ_AUDIT,
        Permission.READ_PEOPLE,
        Permission.KEEP_TOKENS,
        Permission.ADMINISTER,
    }
)
"""Permissions that only a role for the whole instance gives; ``KEEP_TOKENS`` alone comes with any role."""

_VIEWER = frozenset({Permission.READ, Permission.KEEP_TOKENS})
_DEVELOPER = _VIEWER | {Permission.COMMENT, Permission.REQUEST}
_TRIAGER = _DEVELOPER | {Permission.DECIDE, Permission.EXPORT, Permission.MAKE_ISSUE, Permission.ATTEST}
_LEAD = _TRIAGER | {
    Permission.SUPPRESS_WIDELY,
    Permission.KEEP_PROJECT,
    Permission.ATTEST_WIDELY,
    Permission.RETRY,
    Permission.READ_JOBS,
}
_AUDITOR = frozenset(
    {Permission.READ, Permission.EXPORT, Permission.READ_JOBS, Permission.READ_AUDIT, Permission.READ_PEOPLE}
)
PERMISSIONS: Mapping[Role, frozenset[Permission]] = MappingProxyType(
    {
        Role.VIEWER: _VIEWER,
        Role.DEVELOPER: _DEVELOPER,
        Role.TRIAGER: _TRIAGER,
        Role.SECURITY_LEAD: _LEAD,
        Role.AUDITOR: _AUDITOR,
        Role.ADMIN: frozenset(Permission),
    }
)
"""What each role permits."""

SEES_EVERYTHING = frozenset({Role.AUDITOR, Role.ADMIN})
"""Roles that, granted for the whole instance, show every project, also those that GitLab would not show."""

# 25 is Security Manager. Guests and planners do not see a private project's code, so they see no findings either.
# https://docs.gitlab.com/api/members/#roles
_OF_GITLAB: Mapping[int, Role] = MappingProxyType(
    {20: Role.VIEWER, 25: Role.TRIAGER, 30: Role.DEVELOPER, 40: Role.TRIAGER, 50: Role.TRIAGER}
)


def role_of_level(access_level: int) -> Role | None:
    """The role that comes with an access level in GitLab; None where it shows no code."""
    return _OF_GITLAB.get(access_level)


class Target(Enum):
    """What a role is granted for."""

    INSTANCE = "instance"
    GROUP = "group"
    """A group with all that is below it, by its full path."""
    PROJECT = "project"
    """A project by its full path."""


@dataclass(frozen=True, slots=True)
class Grant:
    """A role that an administrator gave somebody."""

    role: Role
    target: Target
    path: str = ""
    """Full path of group or project; empty for the instance."""

    def covers(self, project_path: str) -> bool:
        """Whether it is for this project. Upper and lower case are alike, as in GitLab's paths."""
        path, mine = project_path.casefold(), self.path.casefold()
        if self.target is Target.INSTANCE:
            return True
        return path == mine if self.target is Target.PROJECT else path.startswith(f"{mine}/")


class Kind(Enum):
    """How somebody came in."""

    SESSION = "session"
    """A person with a browser."""
    TOKEN = "token"  # noqa: S105 - a word
    """A program with an API token."""


@dataclass(frozen=True, slots=True)
class Principal:
    """Somebody who asks for something, and all that decides about it. Made anew for each request."""

    kind: Kind
    actor: str
    """How records name him: a user name, or ``token 7 (shop-ci)``."""
    person_id: int | None
    """Our number of the person; None for a token that belongs to nobody."""
    gitlab_user_id: int | None
    """GitLab's number of the person; None for people whom GitLab does not know."""
    name: str = ""
    """As people call him."""
    instance_roles: frozenset[Role] = frozenset()
    project_roles: Mapping[int, frozenset[Role]] = field(default_factory=dict)
    """Roles by project number; those of the instance are not repeated. Only projects that he may see."""
    everything: bool = False
    """Whether he sees every project, those included that ``project_roles`` does not name."""
    limits: frozenset[Permission] | None = None
    """What a token's scopes allow at most; None for people."""
    token_id: int | None = None

    @property
    def sees(self) -> frozenset[int] | None:
        """The projects that he sees, by number; None for all."""
        return None if self.everything else frozenset(self.project_roles)

    def sees_project(self, project_id: int) -> bool:
        """Whether he sees this project at all."""
        return self.everything or project_id in self.project_roles

    def may(self, permission: Permission, project_id: int | None = None) -> bool:
        """
        Whether he may do this, to this project or to the instance.

        Without a project a permission that is about projects is granted when he has it in any: for offering a page.
        """
        if self.limits is not None and permission not in self.limits:
            return False
        if project_id is not None and permission not in INSTANCE_WIDE and not self.sees_project(project_id):
            return False
        roles = set(self.instance_roles)
        if permission is Permission.KEEP_TOKENS or (permission not in INSTANCE_WIDE and project_id is None):
            roles.update(role for some in self.project_roles.values() for role in some)
        elif project_id is not None and permission not in INSTANCE_WIDE:
            roles |= self.project_roles.get(project_id, frozenset())
        return any(permission in PERMISSIONS[role] for role in roles)


def project_roles(
    projects: Iterable[tuple[int, str]], levels: Mapping[int, int], grants: Iterable[Grant], *, from_gitlab: bool
) -> dict[int, frozenset[Role]]:
    """
    Somebody's roles by project.

    ``projects`` are all that there are, by number and full path. ``levels`` are his access levels in GitLab by project,
    only those that are confirmed and not too old. ``from_gitlab``: whether GitLab knows him; then a grant adds to what
    GitLab shows and opens nothing else. Whoever GitLab does not know sees what he is granted.
    """
    given = tuple(grants)
    narrow = [grant for grant in given if grant.target is not Target.INSTANCE]
    wide = frozenset(grant.role for grant in given if grant.target is Target.INSTANCE)
    found: dict[int, frozenset[Role]] = {}
    for number, path in projects:
        own = role_of_level(levels[number]) if number in levels else None
        if own is None and from_gitlab:
            continue
        roles = {grant.role for grant in narrow if grant.covers(path)} | ({own} if own is not None else set())
        if roles or wide:
            found[number] = frozenset(roles)
    return found
