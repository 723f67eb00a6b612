"""
Changes GitLab's settings so that a project reaches a level of enforcement. Each change stands for itself: one that
GitLab does not take never stops the others.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

import structlog

from bot.domain.enforcement import MAINTAINERS, NOBODY
from bot.domain.enforcement_plan import Change, ForbidForce, Protect, SetSetting
from bot.errors import MergewardenError
from bot.gitlab.client import GitLabClient
from bot.gitlab.errors import Conflict, GitLabError, NotFound
from bot.gitlab.model import ProtectedBranch
from bot.pipeline.enforcement import Reading
from bot.services import Services

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Applied:
    """What became of a change."""

    change: Change
    problem: str = ""
    """Why GitLab did not take it, one line; empty when it did."""
    hint: str = ""
    """How to mend that."""


def apply_changes(services: Services, seen: Reading, changes: Sequence[Change]) -> tuple[Applied, ...]:
    """Carry the changes out. What GitLab made of them has to be read again: it ignores what it does not know."""
    run = _Run(services.gitlab, seen)
    return tuple(run.apply(change) for change in changes)


@dataclass
class _Run:
    gitlab: GitLabClient
    seen: Reading
    names_people: bool = True
    """Whether rules can name people, as far as we have seen."""

    def apply(self, change: Change) -> Applied:
        number = self.seen.project.id
        try:
            match change:
                case SetSetting(name, value):
                    self.gitlab.update_project(number, {name: value})
                case ForbidForce(name):
                    self.gitlab.forbid_force_push(number, name)
                case Protect(name, replaces):
                    self._protect(name, replaces)
        except GitLabError as error:
            log.warning("setting not changed", project_id=number, error=str(error))
            return Applied(change, str(error), error.hint)
        except MergewardenError as error:
            return Applied(change, str(error), error.hint)
        return Applied(change)

    def _protect(self, name: str, replaces: bool) -> None:
        """
        Make the rule; an old one of its name is replaced, as Free cannot change who may push and merge in a rule.

        Meanwhile another rule covers the same branches, so that they are never without one. Should we be stopped in
        between, that one stays, which is as strict.
        """
        if not replaces:
            self._make(name)
            return
        cover = self._cover(name)
        number = self.seen.project.id
        with suppress(NotFound):
            self.gitlab.unprotect_branch(number, name)
        with suppress(Conflict):  # somebody made one meanwhile: it is read again, and told
            self._make(name)
        with suppress(NotFound):
            self.gitlab.unprotect_branch(number, cover)

    def _cover(self, name: str) -> str:
        """A strict rule for the branches of ``name``, and a few more; its own name."""
        for stars in ("*", "**", "***"):
            try:
                self._make(name + stars)
            except Conflict:
                continue
            return name + stars
        raise MergewardenError(
            f"the rule for {name!r} cannot be replaced without leaving the branch open for a moment",
            f"Remove one of the rules {name}*, {name}** and {name}***, then run this again.",
        )

    def _make(self, name: str) -> ProtectedBranch:
        """
        Nobody pushes; Maintainers merge where the bot and break-glass people are the only ones.

        Otherwise these people are named, which needs Premium: a GitLab without it leaves them out, and then the role
        has to do.
        """
        number, facts = self.seen.project.id, self.seen.facts
        if facts.keyholders and facts.bot_id is not None and self.names_people:
            users = [facts.bot_id, *sorted(facts.break_glass)]
            made = self.gitlab.protect_branch(number, name, push_level=NOBODY, merge_level=NOBODY, merge_users=users)
            if {entry.user_id for entry in made.merge} >= set(users):
                return made
            self.names_people = False
            self.gitlab.unprotect_branch(number, name)
        return self.gitlab.protect_branch(number, name, push_level=NOBODY, merge_level=MAINTAINERS)
