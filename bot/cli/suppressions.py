"""``mergewarden suppressions``: exceptions from the gate, by rule and path or by advisory, and which to look at."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

from rich.console import Console

from bot.cli.common import end_of_day, open_services, print_again, project_of, user_name
from bot.domain.audit import Action
from bot.domain.suppression import Scope, Standing, Suppression, requested, review
from bot.domain.triage import Justification
from bot.errors import MergewardenError
from bot.pipeline.acts import suppression_act
from bot.pipeline.decisions import approve_suppression, deciding, revoke_suppression
from bot.reports.finding_list import print_review, print_suppressions, render_review_json, render_suppressions_json
from bot.services import Services
from bot.store import suppressions
from bot.store.engine import session
from bot.store.projects import projects_by_id
from bot.texts import Language


def run_list(*, project: str | None, everything: bool, format: str, language: str | None, config: Path | None) -> int:
    """Print those of a project (and those for every project) or of all; ended ones only with ``everything``."""
    services = open_services(config)
    now = datetime.now(UTC)
    number = project_of(services, project).id if project is not None else None
    with session(services.store) as reading:
        found = suppressions.for_review(reading, number, revoked=everything)
    if not everything:
        found = tuple(s for s in found if s.standing(now) in (Standing.IN_FORCE, Standing.WAITING))
    projects = _paths(services, found)
    if format == "json":
        sys.stdout.buffer.write(render_suppressions_json(found, now).encode())
    else:
        spoken = Language(language) if language else services.policy().policy.language
        print_suppressions(found, projects, Console(), spoken, now=now)
    services.close()
    return 0


def run_add(
    *,
    project: str | None,
    scanner: str | None,
    rule: str | None,
    path: str | None,
    advisory: str | None,
    package: str | None,
    justification: Justification,
    reason: str,
    until: str | None,
    by: str | None,
    config: Path | None,
) -> int:
    """Make one and say whether it is in force. Raises ``MergewardenError`` for wrong use."""
    if (advisory is None) == (rule is None):
        raise MergewardenError(
            "a suppression is about a rule or about an advisory, and this names "
            + ("both" if advisory is not None else "neither"),
            "Give --scanner and --rule (and --path), or --advisory (and --package). "
            "A single finding is dismissed with mergewarden findings decide.",
        )
    if advisory is not None and (scanner or path):
        raise MergewardenError("an advisory has no scanner and no path", "Leave out --scanner and --path.")
    if rule is not None and package:
        raise MergewardenError("a rule has no package", "Leave out --package, or give --advisory.")
    services = open_services(config)
    now = datetime.now(UTC)
    owner = project_of(services, project) if project is not None else None
    policy = services.policy()
    rules = (policy.for_project(owner.path) if owner is not None else policy.policy).suppressions
    with deciding(services) as work:
        made = suppressions.create(
            work.session,
            requested(
                project_id=None if owner is None else owner.id,
                scope=Scope.RULE if advisory is None else Scope.ADVISORY,
                justification=justification,
                reason=reason,
                actor=user_name(by),
                now=now,
                expires_at=end_of_day(until) if until is not None else None,
                rules=rules,
                scanner=scanner or "",
                rule_id=rule or "",
                path=path or "",
                advisory=advisory or "",
                package=package or "",
            ),
        )
        work.concerns(made)
        work.note(
            suppression_act(
                Action.SUPPRESSION_MADE,
                made,
                actor=made.created_by,
                reason=made.reason,
                more={"waits": made.needs_approval},
            )
        )
    print(f"suppression {made.id} is made, until {made.expires_at.date().isoformat()}")
    if made.standing(now) is Standing.WAITING:
        print(f"  it has no effect before a second person approves it: mergewarden suppressions approve {made.id}")
    print_again(work.again)
    services.close()
    return 0


def run_approve(number: int, *, by: str | None, config: Path | None) -> int:
    """A second person's word. Raises ``MergewardenError`` when it is none."""
    services = open_services(config)
    with deciding(services) as work:
        made = approve_suppression(work.session, number, actor=user_name(by), now=datetime.now(UTC))
        work.concerns(made)
        work.note(suppression_act(Action.SUPPRESSION_APPROVED, made, actor=made.approved_by))
    print(f"suppression {number} is approved by {made.approved_by} and in force until {made.expires_at.date()}")
    print_again(work.again)
    services.close()
    return 0


def run_revoke(number: int, *, by: str | None, config: Path | None) -> int:
    """End one. Raises ``MergewardenError`` when it has ended already."""
    services = open_services(config)
    with deciding(services) as work:
        made = revoke_suppression(work.session, number, actor=user_name(by), now=datetime.now(UTC))
        work.concerns(made)
        work.note(suppression_act(Action.SUPPRESSION_REVOKED, made, actor=made.revoked_by))
    print(f"suppression {number} is revoked by {made.revoked_by}; what it covered counts again")
    print_again(work.again)
    services.close()
    return 0


def run_report(*, project: str | None, soon_days: int, format: str, language: str | None, config: Path | None) -> int:
    """Print what somebody should look at; the exit status is 0 whatever that is."""
    services = open_services(config)
    now = datetime.now(UTC)
    policy = services.policy()
    owner = project_of(services, project) if project is not None else None
    rules = (policy.for_project(owner.path) if owner is not None else policy.policy).suppressions
    with session(services.store) as reading:
        found = suppressions.for_review(reading, None if owner is None else owner.id)
    projects = _paths(services, found)
    sorted_out = review(found, now, soon=timedelta(days=soon_days), unused_for=timedelta(days=rules.unused_days))
    if format == "json":
        sys.stdout.buffer.write(render_review_json(sorted_out, now).encode())
    else:
        spoken = Language(language) if language else policy.policy.language
        print_review(sorted_out, projects, Console(), spoken, now=now)
    services.close()
    return 0


def _paths(services: Services, found: Iterable[Suppression]) -> Mapping[int, str]:
    numbers = {made.project_id for made in found if made.project_id is not None}
    with session(services.store) as reading:
        return {number: project.path for number, project in projects_by_id(reading, numbers).items()}
