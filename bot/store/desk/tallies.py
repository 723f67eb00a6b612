"""
Sums over the desk's rows, kept true by differences: how many findings are alike, by project, rule and package.

Whoever changes rows tells what they were and what they are, and holds the project's lock meanwhile.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Table, delete, select
from sqlalchemy.orm import Session

from bot.domain.known import Whereabouts
from bot.domain.triage import Justification, TriageState
from bot.store.bulk import among, bulk_upsert
from bot.store.desk_tables import GroupNameRecord, RuleTallyRecord, RuleUseRecord, TallyRecord
from bot.store.statements import table

_TALLY = table(TallyRecord)
_GROUP = table(RuleTallyRecord)
_NAME = table(GroupNameRecord)
_USE = table(RuleUseRecord)

RULE, PACKAGE = "rule", "package"
"""Kinds of groups."""

TALLIED = ("standing", "severity", "confidence", "kind", "whereabouts", "known_exploited", "fix_available")
"""What ``tally`` counts by besides the project."""

_OPEN, _CONFIRMED, _FALSE, _OTHERWISE = 1, 2, 4, 8


def use_of(whereabouts: Whereabouts, state: TriageState, justification: Justification | None) -> int:
    """How a finding counts in ``rule_use``, as one number."""
    use = 0 if whereabouts is Whereabouts.NOWHERE else _OPEN
    if state is TriageState.CONFIRMED:
        return use | _CONFIRMED
    if state is TriageState.DISMISSED:
        return use | (_FALSE if justification is Justification.FALSE_POSITIVE else _OTHERWISE)
    return use


class Differences:
    """What is added to the sums, and taken from them."""

    def __init__(self) -> None:
        self._tally: Counter[tuple[Any, ...]] = Counter()
        self._groups: Counter[tuple[Any, ...]] = Counter()
        self._uses: Counter[tuple[int, int, int]] = Counter()

    def add(self, row: Mapping[Any, Any], count: int = 1) -> None:
        """A row of ``triage_item`` that is there now (so many alike), or with -1 one that was there before."""
        project = row["project_id"]
        self._tally[project, *(row[name] for name in TALLIED)] += count
        standing, severity = row["standing"], row["severity"]
        self._groups[project, RULE, row["rule_key"], standing, severity] += count
        if row["package_key"] is not None:
            self._groups[project, PACKAGE, row["package_key"], standing, severity] += count
        use = row["use"]
        for rule in row["rules"]:
            self._uses[project, rule, use] += count

    def write(self, session: Session) -> None:
        """Bring the sums in line: five statements at most, fewer where nothing differs."""
        tally = [
            {"project_id": key[0], **dict(zip(TALLIED, key[1:], strict=True)), "count": number}
            for key, number in self._tally.items()
            if number
        ]
        groups = [
            {"project_id": p, "group_kind": kind, "group_key": group, "standing": st, "severity": se, "count": number}
            for (p, kind, group, st, se), number in self._groups.items()
            if number
        ]
        uses: dict[tuple[int, int], dict[str, int]] = {}
        for (project, rule, use), number in self._uses.items():
            if number:
                row = uses.setdefault((project, rule), dict.fromkeys(_USE.c.keys(), 0))
                row["project_id"], row["rule_key"] = project, rule
                row["findings"] += number
                row["open"] += number * bool(use & _OPEN)
                row["confirmed"] += number * bool(use & _CONFIRMED)
                row["false_positives"] += number * bool(use & _FALSE)
                row["otherwise_dismissed"] += number * bool(use & _OTHERWISE)
        changed = [row for row in uses.values() if any(row[name] for name in _COUNTED)]
        _add(session, _TALLY, tally, ("count",))
        _add(session, _GROUP, groups, ("count",))
        _add(session, _USE, changed, _COUNTED)
        for target, rows, count in ((_TALLY, tally, "count"), (_GROUP, groups, "count"), (_USE, changed, "findings")):
            losers = {row["project_id"] for row in rows if row[count] < 0}
            if losers:
                empty = among(session, target.c.project_id, losers)
                session.execute(delete(target).where(empty, target.c[count] == 0))


_COUNTED = ("findings", "open", "confirmed", "false_positives", "otherwise_dismissed")


def _add(session: Session, target: Table, rows: list[dict[str, Any]], counted: tuple[str, ...]) -> None:
    if not rows:
        return
    bulk_upsert(session, target, rows, lambda made: {name: target.c[name] + made.excluded[name] for name in counted})


def keep_names(session: Session, kind: str, names: Mapping[int, tuple[str, str]]) -> None:
    """What short hashes of rules or packages stand for."""
    if not names:
        return
    known = set(
        session.scalars(
            select(_NAME.c.group_key).where(_NAME.c.group_kind == kind, among(session, _NAME.c.group_key, names))
        )
    )
    # Nearly always all of them.
    names = {key: name for key, name in names.items() if key not in known}
    if names:
        rows = [{"group_kind": kind, "group_key": n, "first": f, "second": s} for n, (f, s) in sorted(names.items())]
        bulk_upsert(session, _NAME, rows, lambda made: {"first": made.excluded.first})


def forget_projects(session: Session, project_ids: Iterable[int]) -> None:
    """Drop all sums of these projects."""
    wanted = list(project_ids)
    for target in (_TALLY, _GROUP, _USE):
        session.execute(delete(target).where(among(session, target.c.project_id, wanted)))
