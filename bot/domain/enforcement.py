"""
How strongly a project's gate is enforced, from what GitLab says about the project. Pure.

Each level has requirements of its own, and the level in force is the highest whose requirements all hold: where only
the merge bot can merge, it does not matter what the commit status stops. What nobody could read never counts as good.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, IntEnum
from types import MappingProxyType
from typing import Any

from bot.domain.protected_branches import covers
from bot.texts import N_

NOBODY, DEVELOPERS, MAINTAINERS, ADMINISTRATORS = 0, 30, 40, 60
"""Roles of entries in protected branches. https://docs.gitlab.com/api/protected_branches/#valid-access-levels"""
_ROLES = frozenset({30, 40, 50})
KEYHOLDERS = frozenset({40, 50})
"""Roles that can change a project's settings, and fit an entry for Maintainers."""

HOOK_SILENCE = timedelta(days=30)
"""A hook that did not ask for so long may be gone, even where nothing came in."""
_SHOWN_PEOPLE = 10


class Level(IntEnum):
    """How a verdict is enforced."""

    L0 = 0
    """Comments and reports."""
    L1 = 1
    """Commit status and threads, restored when somebody tampers with them."""
    L2 = 2
    """Only the merge bot merges."""
    L3 = 3
    """The server refuses what was not cleared."""


class Need(Enum):
    """What a level asks for."""

    BOT_ROLE = "bot_role"
    PIPELINES = "pipelines"
    SKIPPED = "skipped"
    THREADS = "threads"
    OUTDATED = "outdated"
    BRANCH_PIPELINES = "branch_pipelines"
    RULES_KNOWN = "rules_known"
    """Which branches are protected, and for whom."""
    PEOPLE_KNOWN = "people_known"
    PROTECTED = "protected"
    """``subject`` is the branch, as in the next four."""
    BOT_MERGES = "bot_merges"
    ONLY_BOT_MERGES = "only_bot_merges"
    NOBODY_PUSHES = "nobody_pushes"
    NO_FORCE = "no_force"
    NO_KEYHOLDERS = "no_keyholders"
    """``subject`` names those who are too many."""
    HOOK = "hook"
    HOOK_ASKS = "hook_asks"
    HOOK_SEES_ALL = "hook_sees_all"


_LEVELS: Mapping[Need, Level] = MappingProxyType(
    {
        Need.BOT_ROLE: Level.L1,
        Need.PIPELINES: Level.L1,
        Need.SKIPPED: Level.L1,
        Need.THREADS: Level.L1,
        Need.OUTDATED: Level.L1,
        Need.BRANCH_PIPELINES: Level.L1,
        Need.RULES_KNOWN: Level.L2,
        Need.PEOPLE_KNOWN: Level.L2,
        Need.PROTECTED: Level.L2,
        Need.BOT_MERGES: Level.L2,
        Need.ONLY_BOT_MERGES: Level.L2,
        Need.NOBODY_PUSHES: Level.L2,
        Need.NO_FORCE: Level.L2,
        Need.NO_KEYHOLDERS: Level.L2,
        Need.HOOK: Level.L3,
        Need.HOOK_ASKS: Level.L3,
        Need.HOOK_SEES_ALL: Level.L3,
    }
)

ABOUT_BRANCHES = frozenset({Need.PROTECTED, Need.BOT_MERGES, Need.ONLY_BOT_MERGES, Need.NOBODY_PUSHES, Need.NO_FORCE})
"""Their ``subject`` is a branch, or a pattern of branches."""

NEEDS: Mapping[Need, str] = MappingProxyType(
    {
        Need.BOT_ROLE: N_("the bot has to be at least a Developer of the project"),
        Need.PIPELINES: N_("a merge has to need a successful pipeline"),
        Need.SKIPPED: N_("a skipped pipeline must not count as a successful one"),
        Need.THREADS: N_("a merge has to need that all threads are resolved"),
        Need.OUTDATED: N_("GitLab must not resolve threads by itself when their lines are edited"),
        Need.BRANCH_PIPELINES: N_("pipelines of branches have to count for merge requests"),
        Need.RULES_KNOWN: N_("the bot has to see the rules for protected branches, for which it must be a Maintainer"),
        Need.PEOPLE_KNOWN: N_("the bot has to see who the members of the project are"),
        Need.PROTECTED: N_("{branch} has to be a protected branch"),
        Need.BOT_MERGES: N_("the bot has to be allowed to merge into {branch}"),
        Need.ONLY_BOT_MERGES: N_("only the bot and break-glass people may be allowed to merge into {branch}"),
        Need.NOBODY_PUSHES: N_("only the bot and break-glass people may be allowed to push to {branch}"),
        Need.NO_FORCE: N_("forced pushes to {branch} have to be forbidden"),
        Need.NO_KEYHOLDERS: N_(
            "nobody but the bot and break-glass people may be a Maintainer or Owner, and these are: {people}"
        ),
        Need.HOOK: N_("the pre-receive hook has to be on the GitLab server; it never asked about this project"),
        Need.HOOK_ASKS: N_("the pre-receive hook has not asked about this project for a long time"),
        Need.HOOK_SEES_ALL: N_("the default branch has moved and the pre-receive hook did not ask: it may be gone"),
    }
)
"""English sentences, to be filled with the need's subject; see ``Missing.words``."""
UNKNOWN = N_("{sentence} (GitLab does not tell whether it is so)")


class Limit(Enum):
    """A way past the gate that a level leaves open."""

    ADVICE = "advice"
    STATUS = "status"
    THREAD = "thread"
    PUSH = "push"
    FORK = "fork"
    SETTINGS = "settings"
    BREAK_GLASS = "break_glass"
    ADMINISTRATORS = "administrators"
    SERVER = "server"


LIMITS: Mapping[Limit, str] = MappingProxyType(
    {
        Limit.ADVICE: N_("nothing keeps anybody from merging"),
        Limit.STATUS: N_(
            "any Developer can post a commit status of our name: it is replaced and recorded, "
            "but a merge in between counts"
        ),
        Limit.THREAD: N_(
            "any Developer, and the author, can resolve a thread: it is opened again and recorded, "
            "but a merge in between counts"
        ),
        Limit.PUSH: N_("whoever may push to a branch needs no merge request"),
        Limit.FORK: N_(
            "the pipeline of a merge request from a fork does not carry our status: only open threads stop it"
        ),
        Limit.SETTINGS: N_("Maintainers can change these settings; it is noticed within an hour and recorded"),
        Limit.BREAK_GLASS: N_("break-glass people can merge past the bot; it is recorded and reported"),
        Limit.ADMINISTRATORS: N_("administrators of GitLab can give themselves any right; what they merge is reported"),
        Limit.SERVER: N_("whoever can write files on the GitLab server can remove the hook; what comes in is reported"),
    }
)


@dataclass(frozen=True, slots=True)
class Grant:
    """One entry of who may push to a protected branch, or merge into it."""

    role: int | None
    """The lowest role that may; None, or anything, where the entry names somebody."""
    user_id: int | None = None
    group_id: int | None = None
    deploy_key_id: int | None = None

    @property
    def by_role(self) -> bool:
        """Whether everybody of a role is meant."""
        return self.user_id is None and self.group_id is None and self.deploy_key_id is None


@dataclass(frozen=True, slots=True)
class Protection:
    """A rule for the branches of a name or pattern. Of several that match a branch, the laxest counts."""

    name: str
    push: tuple[Grant, ...]
    merge: tuple[Grant, ...]
    force_push: bool

    def covers(self, branch: str) -> bool:
        """Whether the rule is about this branch."""
        return covers(self.name, branch)


@dataclass(frozen=True, slots=True)
class Keyholder:
    """A member who can change settings, and is neither the bot nor one of the break-glass people."""

    user_id: int
    username: str


@dataclass(frozen=True, slots=True)
class Facts:
    """What was read about a project. None is always: nobody knows; but for the hook, which we know of ourselves."""

    bot_id: int | None = None
    bot_role: int | None = None
    default_branch: str | None = None
    pipelines_must_succeed: bool | None = None
    skipped_suffices: bool | None = None
    threads_must_be_resolved: bool | None = None
    resolves_outdated_threads: bool | None = None
    ignores_branch_pipelines: bool | None = None
    forks_allowed: bool | None = None
    protections: tuple[Protection, ...] | None = None
    keyholders: tuple[Keyholder, ...] | None = None
    break_glass: frozenset[int] = frozenset()
    """Users whom the policy lets merge past the bot, as far as they are members."""
    hook_seen_at: datetime | None = None
    """When the pre-receive hook last asked about the project."""
    hook_missed_at: datetime | None = None
    """When the default branch was last seen to have moved without that it asked."""
    checked_at: datetime | None = None
    """When all this was read."""


@dataclass(frozen=True, slots=True)
class Missing:
    """Something that a level needs and does not have."""

    need: Need
    subject: str = ""
    """A branch or names of people: a stranger's text, to be cleaned where it is shown."""
    unknown: bool = False
    """Whether nobody could see if it is so."""

    @property
    def level(self) -> Level:
        """The level that it stands in the way of."""
        return _LEVELS[self.need]

    @property
    def words(self) -> str:
        """An English sentence without its full stop."""
        sentence = NEEDS[self.need].format(branch=self.subject, people=self.subject)
        return UNKNOWN.format(sentence=sentence) if self.unknown else sentence

    def to_json(self) -> dict[str, Any]:
        """As plain JSON values; ``from_json`` is its inverse."""
        return {"need": self.need.value, "subject": self.subject, "unknown": self.unknown}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Missing:
        """What ``to_json`` wrote. Raises ``ValueError`` or ``KeyError`` for anything else."""
        return cls(Need(value["need"]), str(value["subject"]), value["unknown"] is True)


@dataclass(frozen=True, slots=True)
class Enforcement:
    """How strongly the gate holds, what more would take, and what is left open."""

    level: Level
    missing: tuple[Missing, ...] = ()
    """What any level lacks, the lowest level first."""
    limits: tuple[Limit, ...] = ()
    """What the level in force does not stop."""

    def holds(self, level: Level) -> bool:
        """Whether everything that this level needs is there; independent of other levels."""
        return not self.missing_for(level)

    def missing_for(self, level: Level) -> tuple[Missing, ...]:
        """What this level lacks."""
        return tuple(one for one in self.missing if one.level is level)

    def to_json(self) -> dict[str, Any]:
        """As plain JSON values, for reports and scores."""
        return {
            "level": int(self.level),
            "missing": [
                {"level": int(one.level), "need": one.need.value, "subject": one.subject, "unknown": one.unknown}
                | {"words": one.words}
                for one in self.missing
            ],
            "limits": [{"limit": one.value, "words": LIMITS[one]} for one in self.limits],
        }


def assess(facts: Facts) -> Enforcement:
    """How strongly the gate of a project with these facts holds."""
    missing = (*_for_status(facts), *_for_merge_bot(facts), *_for_hook(facts))
    lacking = {one.level for one in missing}
    level = max((level for level in Level if level not in lacking), default=Level.L0)
    return Enforcement(level, missing, _limits(level, facts))


def weakened(before: Enforcement, names_before: Iterable[str], now: Enforcement) -> tuple[Missing, ...]:
    """
    What held in ``before`` and holds no longer. ``names_before``: branches that there was a rule for, and the default.

    A new rule that is lax is no step back unless the level falls with it: without it the branch was open to everybody.
    """
    known = set(names_before)
    gone = {(one.need, one.subject if one.need in ABOUT_BRANCHES else "") for one in before.missing}
    found = []
    for one in now.missing:
        if (one.need, one.subject if one.need in ABOUT_BRANCHES else "") in gone:
            continue
        if one.need in ABOUT_BRANCHES and one.subject not in known and not before.holds(one.level):
            continue
        found.append(one)
    return tuple(found)


def strangers_may(grants: Iterable[Grant], facts: Facts) -> bool:
    """
    Whether somebody may by these entries who is neither the bot nor one of the break-glass people.

    An entry for Maintainers is for nobody else as long as there are no others, which ``Need.NO_KEYHOLDERS`` asks.
    """
    return any(not _ours(grant, facts) for grant in grants)


def bot_may_merge(facts: Facts) -> bool:
    """Whether the bot can merge into the default branch, by either right: GitLab merges for whoever may push, too."""
    if facts.protections is None or facts.default_branch is None or facts.bot_role not in _ROLES:
        return False
    rules = [rule for rule in facts.protections if rule.covers(facts.default_branch)]
    if not rules:
        return True
    return any(_admits_bot(grant, facts) for rule in rules for grant in (*rule.merge, *rule.push))


def _admits_bot(grant: Grant, facts: Facts) -> bool:
    if grant.user_id is not None:
        return grant.user_id == facts.bot_id
    role = facts.bot_role
    return grant.by_role and grant.role in _ROLES and role in _ROLES and role >= grant.role


def _ours(grant: Grant, facts: Facts) -> bool:
    if grant.user_id is not None:
        return grant.user_id == facts.bot_id or grant.user_id in facts.break_glass
    return grant.by_role and grant.role in (NOBODY, *KEYHOLDERS)


def _for_status(facts: Facts) -> Iterable[Missing]:
    if facts.bot_role not in _ROLES:
        yield Missing(Need.BOT_ROLE, unknown=facts.bot_role is None)
    wanted = (
        (Need.PIPELINES, facts.pipelines_must_succeed, True),
        (Need.SKIPPED, facts.skipped_suffices, False),
        (Need.THREADS, facts.threads_must_be_resolved, True),
        (Need.OUTDATED, facts.resolves_outdated_threads, False),
        (Need.BRANCH_PIPELINES, facts.ignores_branch_pipelines, False),
    )
    for need, value, good in wanted:
        if value is not good:
            yield Missing(need, unknown=value is None)


def _for_merge_bot(facts: Facts) -> Iterable[Missing]:
    if facts.protections is None:
        yield Missing(Need.RULES_KNOWN, unknown=True)
    elif facts.default_branch is None or not any(rule.covers(facts.default_branch) for rule in facts.protections):
        yield Missing(Need.PROTECTED, facts.default_branch or "", unknown=facts.default_branch is None)
    if not bot_may_merge(facts):
        unknown = facts.protections is None or facts.bot_role is None or facts.default_branch is None
        yield Missing(Need.BOT_MERGES, facts.default_branch or "", unknown=unknown)
    # Every rule, so that no branch that two of them match can be open to others by the laxer one.
    for rule in facts.protections or ():
        if strangers_may(rule.merge, facts):
            yield Missing(Need.ONLY_BOT_MERGES, rule.name)
        if strangers_may(rule.push, facts):
            yield Missing(Need.NOBODY_PUSHES, rule.name)
        if rule.force_push:
            yield Missing(Need.NO_FORCE, rule.name)
    if facts.keyholders is None:
        yield Missing(Need.PEOPLE_KNOWN, unknown=True)
    elif facts.keyholders and _relies_on_roles(facts.protections or ()):
        yield Missing(Need.NO_KEYHOLDERS, _names(facts.keyholders))


def _relies_on_roles(rules: Iterable[Protection]) -> bool:
    entries = [grant for rule in rules for grant in (*rule.merge, *rule.push)]
    return not entries or any(grant.by_role and grant.role != NOBODY for grant in entries)


def _names(people: tuple[Keyholder, ...]) -> str:
    names = sorted(person.username or f"#{person.user_id}" for person in people)
    more = len(names) - _SHOWN_PEOPLE
    return ", ".join(names[:_SHOWN_PEOPLE]) + (f" +{more}" if more > 0 else "")


def _for_hook(facts: Facts) -> Iterable[Missing]:
    seen, now = facts.hook_seen_at, facts.checked_at
    if seen is None:
        yield Missing(Need.HOOK)
    elif now is None or now - seen > HOOK_SILENCE:
        yield Missing(Need.HOOK_ASKS, unknown=now is None)
    elif facts.hook_missed_at is not None and facts.hook_missed_at >= seen:
        yield Missing(Need.HOOK_SEES_ALL)


def _limits(level: Level, facts: Facts) -> tuple[Limit, ...]:
    if level is Level.L0:
        return (Limit.ADVICE,)
    if level is Level.L3:
        return (Limit.SERVER,)
    if level is Level.L2:
        others = (Limit.SETTINGS,) if facts.keyholders else ()
        people = (Limit.BREAK_GLASS,) if facts.break_glass else ()
        return (*others, *people, Limit.ADMINISTRATORS)
    found = [Limit.STATUS, Limit.THREAD]
    if _somebody_pushes(facts):
        found.append(Limit.PUSH)
    if facts.forks_allowed is not False:
        found.append(Limit.FORK)
    return (*found, Limit.SETTINGS, Limit.ADMINISTRATORS)


def _somebody_pushes(facts: Facts) -> bool:
    branch = facts.default_branch
    if facts.protections is None or branch is None:
        return True
    rules = [rule for rule in facts.protections if rule.covers(branch)]
    return not rules or any(grant.role != NOBODY or not grant.by_role for rule in rules for grant in rule.push)
