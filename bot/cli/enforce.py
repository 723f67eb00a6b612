"""``mergewarden enforce``: how strongly a project's gate holds, and changing GitLab's settings for a level."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bot.cli.common import open_services, project_of, user_name
from bot.domain.audit import Act, Action
from bot.domain.enforcement import Level, Missing
from bot.domain.enforcement_plan import Change, ForbidForce, Plan, Protect, SetSetting, plan_for
from bot.errors import MergewardenError
from bot.gitlab.errors import GitLabError
from bot.pipeline.enforcement import Reading, read_project, store_reading
from bot.pipeline.enforcing import Applied, apply_changes
from bot.reports.enforcement import missing_words, render_enforcement_json, render_enforcement_text
from bot.reports.visible import one_line
from bot.services import Services
from bot.store import audit, enforcement
from bot.store.engine import session, write_session
from bot.texts import Language

NOT_REACHED = 1
NO_ANSWER = 3
_HOOK_HELP = "docs/pre-receive.md says how the hook is installed on the GitLab server"


def run_enforce(
    project: str,
    *,
    level: int | None,
    branches: Sequence[str] = (),
    dry_run: bool = False,
    format: str = "text",
    config: Path | None,
) -> int:
    """
    Show the level of a project, or change its settings for ``level``.

    Returns 0 when the level holds (or only was asked for), 1 when something is left to do, 3 when GitLab gave no
    answer. Raises ``MergewardenError`` for wrong use.
    """
    if level is None and (branches or dry_run):
        raise MergewardenError("--branch and --dry-run are about changes", "Give --level 1 or --level 2 as well.")
    if level == 1 and branches:
        raise MergewardenError("level 1 has nothing to do with branches", "Give --level 2.")
    if level == 3:
        raise MergewardenError("no setting of a project makes level 3", f"{_HOOK_HELP}.")
    services = open_services(config)
    try:
        number = project_of(services, project).id
        if number <= 0:
            raise MergewardenError(f"{project} is no project of GitLab's", "Configure GitLab, or check the path.")
        seen = _read(services, number)
        if level is None:
            _write(_shown(seen, format))
            return 0
        return _change(services, seen, Level(level), branches, dry_run=dry_run, format=format)
    except GitLabError as error:
        print(f"mergewarden: {error}", file=sys.stderr)
        if error.hint:
            print(f"  {error.hint}", file=sys.stderr)
        return NO_ANSWER
    finally:
        services.close()


def _read(services: Services, number: int) -> Reading:
    """What GitLab says now; it is stored, as every look at a project is."""
    with session(services.store) as reading:
        known = enforcement.stored(reading, number)
    seen = read_project(services, number, known=known)
    store_reading(services, seen)
    return seen


def _change(
    services: Services, seen: Reading, level: Level, branches: Sequence[str], *, dry_run: bool, format: str
) -> int:
    plan = plan_for(level, seen.facts, branches)
    applied: tuple[Applied, ...] = ()
    after = seen
    if plan.changes and not dry_run:
        applied = apply_changes(services, seen, plan.changes)
        _log(services, seen, level, applied)
        after = _read(services, seen.project.id)
    left = after.enforcement.missing_for(level)
    if format == "json":
        _write(_document(after, level, plan, applied, left, dry_run=dry_run))
    else:
        _write("".join(f"{line}\n" for line in _lines(seen, level, plan, applied, left, dry_run=dry_run)))
    return NOT_REACHED if left or any(one.problem for one in applied) else 0


def _log(services: Services, seen: Reading, level: Level, applied: Sequence[Applied]) -> None:
    """Each change that was tried, done or not."""
    number, who = seen.project.id, user_name()
    acts = [
        Act(
            who,
            None,
            Action.ENFORCEMENT_APPLIED,
            f"project {number}",
            number,
            {"level": int(level), "change": change_words(one.change), "done": not one.problem},
        )
        for one in applied
    ]
    with write_session(services.store) as writing:
        audit.append_many(writing, acts)


def _lines(
    seen: Reading, level: Level, plan: Plan, applied: Sequence[Applied], left: Sequence[Missing], *, dry_run: bool
) -> list[str]:
    lines = [f"{one_line(seen.project.path, 200)}: level {int(level)}"]
    if dry_run:
        lines += [f"  would {change_words(change)}" for change in plan.changes]
        lines += [f"  people have to see to it that {missing_words(one, Language.ENGLISH)}" for one in plan.by_people]
        return lines if len(lines) > 1 else [*lines, "  holds, nothing to change"]
    for one in applied:
        if one.problem:
            lines.append(f"  could not {change_words(one.change)}: {one_line(one.problem, 300)}")
            if one.hint:
                lines.append(f"    {one_line(one.hint, 300)}")
        else:
            lines.append(f"  done: {change_words(one.change)}")
    lines += [f"  still missing: {missing_words(one, Language.ENGLISH)}" for one in left]
    if not left:
        lines.append(f"  level {int(level)} holds")
    elif applied:
        lines.append("  GitLab does not take what its licence lacks; roles are given and taken by people")
    return lines


def change_words(change: Change) -> str:
    """A change as an English phrase."""
    match change:
        case SetSetting(name, value):
            return f"set {name} to {'true' if value else 'false'}"
        case ForbidForce(name):
            return f"forbid forced pushes to {one_line(name, 200)}"
        case Protect(name, replaces):
            verb = "replace the rule for" if replaces else "protect"
            return f"{verb} {one_line(name, 200)}: nobody pushes, only the bot and break-glass people merge"


def _document(
    seen: Reading,
    level: Level,
    plan: Plan,
    applied: Sequence[Applied],
    left: Sequence[Missing],
    *,
    dry_run: bool,
) -> str:
    problems = {id(one.change): one.problem for one in applied}
    changes: list[dict[str, Any]] = [
        {"change": change_words(change), "done": not dry_run and not problems.get(id(change), "")}
        | ({"problem": problems[id(change)]} if problems.get(id(change)) else {})
        for change in plan.changes
    ]
    return render_enforcement_json(
        seen.project.path,
        seen.enforcement,
        wanted=int(level),
        holds=not left,
        dry_run=dry_run,
        changes=changes,
        left=[missing_words(one, Language.ENGLISH) for one in (plan.by_people if dry_run else left)],
    )


def _shown(seen: Reading, format: str) -> str:
    if format == "json":
        return render_enforcement_json(seen.project.path, seen.enforcement)
    return render_enforcement_text(seen.project.path, seen.enforcement, checked_at=seen.facts.checked_at)


def _write(text: str) -> None:
    sys.stdout.buffer.write(text.encode())
    sys.stdout.buffer.flush()
