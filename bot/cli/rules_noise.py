"""``mergewarden rules noise``: which rules people call false, and what to write into the policy because of it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from bot.cli.common import days_of, open_services, project_of
from bot.domain.noise import RuleNoise, is_demoted, rule_modes_yaml, to_demote, together
from bot.domain.policy import NoiseRules, Policy
from bot.reports.visible import one_line
from bot.store import noise, projects
from bot.store.engine import session

_MOST_ROWS = 50


def run_noise(*, project: str | None, since: str, format: str, config: Path | None) -> int:
    """Print the rates and the proposal. Raises ``MergewardenError`` for wrong use."""
    days = days_of(since)
    services = open_services(config)
    chosen = project_of(services, project) if project is not None else None
    with session(services.store) as reading:
        found = noise.by_rule(
            reading,
            since=datetime.now(UTC) - timedelta(days=days),
            project_id=chosen.id if chosen is not None else None,
        )
        names = {one.id: one.path for one in projects.projects_by_id(reading, found.keys()).values()}
    document = services.policy()
    policy = document.for_project(chosen.path) if chosen is not None else document.policy
    services.close()
    whole = together(found.values())
    proposed = [rule for rule in to_demote(whole, policy.noise) if not is_demoted(rule, policy)]
    if format == "json":
        print(json.dumps(_document(days, found, names, whole, proposed, policy), indent=2))
    else:
        _print(days, found, names, whole, proposed, policy, one_project=chosen is not None)
    return 0


def _print(
    days: int,
    found: Mapping[int, Sequence[RuleNoise]],
    names: Mapping[int, str],
    whole: Sequence[RuleNoise],
    proposed: Sequence[RuleNoise],
    policy: Policy,
    *,
    one_project: bool,
) -> None:
    if not whole:
        print(f"no finding had a discussion in the last {days} days")
        return
    console = Console()
    print(f"findings with a discussion in the last {days} days, and how many of them were called false\n")
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for heading in ("scanner", "rule"):
        table.add_column(heading, overflow="fold")
    for heading in ("findings", "false", "rate", "surely"):
        table.add_column(heading, justify="right")
    table.add_column("", overflow="fold")
    for rule in whole[:_MOST_ROWS]:
        mark = "demote" if rule in proposed else "watched only" if is_demoted(rule, policy) else ""
        table.add_row(*_cells(rule), Text(mark))
    console.print(table)
    if len(whole) > _MOST_ROWS:
        print(f"and {len(whole) - _MOST_ROWS} more rules; --format json has all")
    if not one_project:
        _print_projects(console, found, names, proposed)
    print(f"\n{_rule_text(policy.noise)}")
    if not proposed:
        print("none is to be demoted")
        return
    print("proposed for the policy, so that these rules only watch:\n")
    print(rule_modes_yaml(proposed), end="")


def _print_projects(
    console: Console, found: Mapping[int, Sequence[RuleNoise]], names: Mapping[int, str], proposed: Sequence[RuleNoise]
) -> None:
    """Where the noise of the proposed rules comes from: one project may be to blame and not the rule."""
    wanted = {(rule.scanner, rule.rule_id) for rule in proposed}
    rows = [
        (names.get(number, str(number)), rule)
        for number, rules in found.items()
        for rule in rules
        if (rule.scanner, rule.rule_id) in wanted
    ]
    if not rows:
        return
    rows.sort(key=lambda row: (row[1].scanner, row[1].rule_id, row[1].order(), row[0]))
    print("\nthe rules to demote, by project\n")
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for heading in ("project", "scanner", "rule"):
        table.add_column(heading, overflow="fold")
    for heading in ("findings", "false", "rate", "surely"):
        table.add_column(heading, justify="right")
    for name, rule in rows[:_MOST_ROWS]:
        table.add_row(Text(one_line(name, 200)), *_cells(rule))
    console.print(table)
    if len(rows) > _MOST_ROWS:
        print(f"and {len(rows) - _MOST_ROWS} more; --format json has all")


def _cells(rule: RuleNoise) -> tuple[Text, ...]:
    # As text: names must not be taken for markup.
    return (
        Text(one_line(rule.scanner, 80)),
        Text(one_line(rule.rule_id, 200)),
        Text(str(rule.comments)),
        Text(str(rule.false_positives)),
        Text(f"{100 * rule.rate:.0f} %"),
        Text(f"{100 * rule.at_least:.0f} %"),
    )


def _rule_text(limits: NoiseRules) -> str:
    return (
        f"to be demoted is a rule with at least {limits.least_comments} findings, of which surely "
        f"{limits.false_positive_percent} % or more are false"
    )


def _document(
    days: int,
    found: Mapping[int, Sequence[RuleNoise]],
    names: Mapping[int, str],
    whole: Sequence[RuleNoise],
    proposed: Sequence[RuleNoise],
    policy: Policy,
) -> dict[str, Any]:
    return {
        "days": days,
        "least_comments": policy.noise.least_comments,
        "false_positive_percent": policy.noise.false_positive_percent,
        "rules": [_values(rule) | {"demoted": is_demoted(rule, policy)} for rule in whole],
        "projects": [
            {"id": number, "path": names.get(number), "rules": [_values(rule) for rule in rules]}
            for number, rules in found.items()
        ],
        "proposed": [_values(rule) for rule in proposed],
        "snippet": rule_modes_yaml(proposed),
    }


def _values(rule: RuleNoise) -> dict[str, Any]:
    return {
        "scanner": rule.scanner,
        "rule_id": rule.rule_id,
        "findings": rule.comments,
        "false": rule.false_positives,
        "rate": round(rule.rate, 4),
        "surely": round(rule.at_least, 4),
    }
