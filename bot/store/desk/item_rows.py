"""
The desk's rows (``triage_item``): what they follow from, and how they are kept true.

Whoever changes something says so (``bot.store.desk_touch``); the rows follow before the commit, once for the whole
transaction. What time alone changes follows when ``pass_time`` is called. The number of statements does not depend on
the number of findings, except that ten thousand are taken at once.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Engine, Row, Text, and_, delete, func, literal, or_, select, type_coerce, update
from sqlalchemy.orm import Session

from bot.domain import priority
from bot.domain.known import Whereabouts
from bot.domain.policy import Sla
from bot.domain.priority import Exposure, Factors, Standing
from bot.domain.suppression import Scope, Suppression, Suppressions
from bot.domain.suppression import Standing as Effect
from bot.domain.triage import TriageState
from bot.domain.verdict import Presence, TrackedFinding
from bot.store.bulk import among, bulk_insert, bulk_upsert
from bot.store.clock import database_time
from bot.store.desk import tallies, word_search
from bot.store.desk.tallies import Differences, use_of
from bot.store.desk_tables import ProjectProfileRecord, ProjectSlaRecord, TriageItemRecord
from bot.store.desk_touch import Touched, take
from bot.store.engine import session as reading_session
from bot.store.engine import write_session
from bot.store.exploits import ExploitList
from bot.store.findings import EDITED_AT, finding_of
from bot.store.short_hash import package_key, token_of
from bot.store.statements import insert_into, table
from bot.store.suppressions import suppression_of
from bot.store.tables import (
    AdvisoryAliasRecord,
    AttributionRecord,
    CounterRecord,
    ExploitFactRecord,
    ExploitSourceRecord,
    FindingRecord,
    SuppressionRecord,
)
from scanners.finding import FindingKind

_ITEM = table(TriageItemRecord)
_FINDING = table(FindingRecord)
_PROFILE = table(ProjectProfileRecord)
_SLA = table(ProjectSlaRecord)
_SUPPRESSION = table(SuppressionRecord)
_ATTRIBUTION = table(AttributionRecord)
_ALIAS = table(AdvisoryAliasRecord)
_FACT = table(ExploitFactRecord)
_SOURCE = table(ExploitSourceRecord)
_COUNTER = table(CounterRecord)

AT_ONCE = 10_000
"""Findings that are brought in line together."""
_SCORING = 2
"""Rises when this release computes rows or words differently than the one before: then all are computed again."""
_MARK = "desk"
_LOCKS = 0x6D77_6465_0000_0000
"""Keys of the advisory locks of projects: "mwde" in ASCII, and the project's number."""

_COLUMNS = tuple(_ITEM.c.keys())
_KEPT = ("assignee_id", "claimed_at", "snoozed_until")
"""Columns that people write and nothing else."""
_COMPUTED = tuple(name for name in _COLUMNS if name not in ("finding_id", *_KEPT))


def settle(session: Session) -> int:
    """Bring everything in line that was touched in this transaction; how many rows were written."""
    touched = take(session)
    return 0 if touched is None else _settle(session, touched)


def _settle(session: Session, touched: Touched) -> int:
    now = _now(session)
    written = 0
    done: set[int] = set()
    if touched.findings:
        written += refresh(session, touched.findings, seen=touched.seen, now=now)
        done |= touched.findings
    others: set[int] = set()
    for made in touched.suppressions:
        others |= _covered(session, made)
    if touched.packages:
        others |= set(session.scalars(select(_ITEM.c.finding_id).where(_ITEM.c.package_key.is_not(None))))
    if others - done:
        written += refresh(session, others - done, now=now)
    return written


def refresh(
    session: Session, finding_ids: Collection[int], *, seen: Collection[int] = (), now: datetime | None = None
) -> int:
    """
    Bring the rows of these findings in line, and the sums with them; how many were written. What is the same stays.

    ``seen`` are those of them whose words and rules may be others.
    """
    moment = now or _now(session)
    numbers, fresh = sorted(set(finding_ids)), set(seen)
    written = 0
    for start in range(0, len(numbers), AT_ONCE):
        some = numbers[start : start + AT_ONCE]
        written += _refresh(session, some, [number for number in some if number in fresh], moment)
    return written


def refresh_project(session: Session, project_id: int, *, now: datetime | None = None) -> int:
    """The same for every finding of a project."""
    numbers = session.scalars(select(_FINDING.c.id).where(_FINDING.c.project_id == project_id)).all()
    return refresh(session, numbers, now=now)


def forget_project(session: Session, project_id: int) -> None:
    """Drop everything about a project; call it while its findings are there."""
    numbers = session.scalars(select(_FINDING.c.id).where(_FINDING.c.project_id == project_id)).all()
    word_search.forget(session, numbers)
    session.execute(delete(_ITEM).where(_ITEM.c.project_id == project_id))
    tallies.forget_projects(session, [project_id])


# --- what people do ---------------------------------------------------------------------------------------------------


def assign(session: Session, finding_ids: Collection[int], person_id: int | None, *, at: datetime) -> frozenset[int]:
    """Whose these findings are from now on; None for nobody. Returns those that were somebody else's before."""
    return _take(session, finding_ids, person_id, at, _ITEM.c.assignee_id.is_distinct_from(person_id))


def claim(session: Session, finding_ids: Collection[int], person_id: int, *, at: datetime) -> frozenset[int]:
    """Take findings that nobody has; returns those that were got. Of several who try at once one gets each."""
    return _take(session, finding_ids, person_id, at, _ITEM.c.assignee_id.is_(None))


def snooze(
    session: Session, finding_ids: Collection[int], until: datetime | None, *, now: datetime | None = None
) -> frozenset[int]:
    """Put findings aside until a moment; None brings them back. Returns those that were put aside otherwise before."""
    # Before its rows, as everybody does who brings them in line.
    _lock(session, sorted(set(finding_ids)))
    changed = session.scalars(
        update(_ITEM)
        .where(among(session, _ITEM.c.finding_id, finding_ids), _ITEM.c.snoozed_until.is_distinct_from(until))
        .values(snoozed_until=until)
        .returning(_ITEM.c.finding_id)
    ).all()
    if changed:
        refresh(session, changed, now=now)
    return frozenset(changed)


def _take(
    session: Session, finding_ids: Collection[int], person_id: int | None, at: datetime, condition: Any
) -> frozenset[int]:
    changed = session.scalars(
        update(_ITEM)
        .where(among(session, _ITEM.c.finding_id, finding_ids), condition)
        .values(assignee_id=person_id, claimed_at=None if person_id is None else at)
        .returning(_ITEM.c.finding_id)
    )
    return frozenset(changed)


# --- what time and releases do ----------------------------------------------------------------------------------------


def pass_time(store: Engine) -> int:
    """
    Bring those rows in line that time alone has changed: days left, ends of snoozing and of exceptions. In several
    transactions, none of them long; how many rows were written.
    """
    written = 0
    while True:
        with write_session(store) as writing:
            now = _now(writing)
            due = writing.scalars(
                select(_ITEM.c.finding_id).where(_ITEM.c.changes_at <= now).order_by(_ITEM.c.changes_at).limit(2_000)
            ).all()
            if due:
                written += refresh(writing, due, now=now)
        if len(due) < 2_000:
            return written


def rebuild(store: Engine, *, again: bool = False) -> int:
    """
    Make the rows of a store that has none yet, or whose rows an older release computed otherwise; how many findings
    were looked at. One statement where nothing is to be done. In several transactions: others work meanwhile, and a
    process that dies is taken over from where it was.

    ``again``: whatever is there.
    """
    with reading_session(store) as reading:
        mark = reading.scalar(select(_COUNTER.c.value).where(_COUNTER.c.name == _MARK))
    if mark == _SCORING and not again:
        return 0
    looked_at, last = 0, 0
    while True:
        with write_session(store) as writing:
            some = writing.scalars(
                select(_FINDING.c.id).where(_FINDING.c.id > last).order_by(_FINDING.c.id).limit(AT_ONCE)
            ).all()
            if some:
                refresh(writing, some, seen=some)
                looked_at, last = looked_at + len(some), some[-1]
            else:
                statement = insert_into(writing, _COUNTER).values(name=_MARK, value=_SCORING)
                writing.execute(statement.on_conflict_do_update(index_elements=["name"], set_={"value": _SCORING}))
                return looked_at


def keep_slas(store: Engine, slas: Mapping[int, Sla]) -> int:
    """
    Note in how many days each project's findings should be gone, as its policy says now, and bring the rows of those
    in line whose policy became another one; how many projects.
    """
    with reading_session(store) as reading:
        known = {row.project_id: Sla(*row[1:]) for row in reading.execute(select(_SLA))}
    changed = [number for number, sla in slas.items() if known.get(number, Sla()) != sla]
    for number in sorted(changed):
        sla = slas[number]
        days = {"critical": sla.critical, "high": sla.high, "medium": sla.medium, "low": sla.low}
        with write_session(store) as writing:
            statement = insert_into(writing, _SLA).values(project_id=number, **days)
            writing.execute(statement.on_conflict_do_update(index_elements=["project_id"], set_=days))
            refresh_project(writing, number)
    return len(changed)


# --- computing --------------------------------------------------------------------------------------------------------

_READ = (
    "id",
    "project_id",
    "whereabouts",
    "severity",
    "confidence",
    "state",
    "justification",
    "first_seen_at",
    "kind",
    "scanner",
    "rule_id",
    "dependency",
)


def _refresh(session: Session, numbers: Sequence[int], seen: Sequence[int], now: datetime) -> int:
    _lock(session, numbers)
    rows: Sequence[Any] = session.execute(
        select(
            *(_FINDING.c[name] for name in _READ),
            _PROFILE.c.exposure,
            _SLA.c.critical,
            _SLA.c.high,
            _SLA.c.medium,
            _SLA.c.low,
        )
        .select_from(
            _FINDING.outerjoin(_PROFILE, _PROFILE.c.project_id == _FINDING.c.project_id).outerjoin(
                _SLA, _SLA.c.project_id == _FINDING.c.project_id
            )
        )
        .where(among(session, _FINDING.c.id, numbers))
    ).all()
    # Apart from the findings: of a first scan there are none, and a row has many columns.
    before = {
        row["finding_id"]: row
        for row in session.execute(select(_ITEM).where(among(session, _ITEM.c.finding_id, numbers))).mappings()
    }
    # A row that was never made lacks its rules as well.
    fresh = {row[0] for row in rows if row[0] not in before} | set(seen)
    if not rows:
        return 0
    exceptions = _exceptions(session, rows, now)
    facts = _facts(session, rows)
    witnesses = _witnesses(session, fresh)
    made: list[dict[str, Any]] = []
    changed: list[dict[str, Any]] = []
    woken: list[int] = []
    sums = Differences()
    alike: dict[tuple[Any, ...], tuple[dict[str, Any], int]] = {}
    rules: dict[int, tuple[str, str]] = {}
    packages: dict[int, tuple[str, str]] = {}
    known: dict[_Given, Mapping[str, Any]] = {}
    for row in rows:
        # By position: there may be ten thousand rows, and names cost more than values.
        number, project, where, severity, confidence, state, why, first_seen, kind, *more = row
        scanner, rule_id, about, exposure, *days = more
        old = before.get(number)
        rule_key = token_of(scanner, rule_id)
        if old is None or number in fresh:
            others = witnesses.get(number, {})
            rules |= others
            rules[rule_key] = (scanner, rule_id)
            listed = sorted({rule_key, *others})
        else:
            listed = old["rules"]
        key, fix = None, False
        if about is not None:
            key = package_key(about["ecosystem"], about["package"])
            packages[key] = (about["ecosystem"], about["package"])
            fix = bool(about["fixed_versions"])
        snoozed_until = None if old is None else old["snoozed_until"]
        if (
            old is not None
            and snoozed_until is not None
            and (old["severity"], old["confidence"], old["whereabouts"]) != (severity, confidence, where)
        ):
            # It was put aside as it was, and it is not so any more.
            snoozed_until = None
            woken.append(number)
        given = (
            (severity, confidence, kind, where, state, why, first_seen, fix, exposure, tuple(days)),
            facts.get(number, (False, None)),
            exceptions.get(number),
            snoozed_until,
        )
        # Most findings of a scan or report are alike in all of that.
        follows = known.get(given)
        if follows is None:
            follows = known[given] = _follows(given, now)
        new = {
            "finding_id": number,
            "project_id": project,
            "rule_key": rule_key,
            "package_key": key,
            "assignee_id": None if old is None else old["assignee_id"],
            "claimed_at": None if old is None else old["claimed_at"],
            "snoozed_until": snoozed_until,
            "rules": listed,
            **follows,
        }
        if old is None:
            made.append(new)
            same = (project, rule_key, key, id(follows), *listed)
            alike[same] = (new, alike[same][1] + 1 if same in alike else 1)
        elif any(new[name] != old[name] for name in _COMPUTED):
            changed.append(new)
            sums.add(old, -1)
            sums.add(new)
    for new, count in alike.values():
        sums.add(new, count)
    if woken:
        session.execute(update(_ITEM).where(among(session, _ITEM.c.finding_id, woken)).values(snoozed_until=None))
    if made:
        # Nobody else makes them: we hold the lock of their projects.
        bulk_insert(session, _ITEM, made)
    if changed:
        bulk_upsert(session, _ITEM, changed, lambda made: {name: made.excluded[name] for name in _COMPUTED})
    if made or changed:
        sums.write(session)
    if fresh:
        tallies.keep_names(session, tallies.RULE, rules)
        tallies.keep_names(session, tallies.PACKAGE, packages)
        word_search.index(session, sorted(fresh))
    return len(made) + len(changed)


_Given = tuple[Any, ...]
"""What a row follows from but for the names in it."""


def _follows(given: _Given, now: datetime) -> Mapping[str, Any]:
    """The columns of a row that findings which are alike in this have alike."""
    (severity, confidence, kind, where, state, why, first_seen, fix, exposure, days), facts, exception, asleep = given
    exploited, epss = facts
    sla = Sla() if days[0] is None else Sla(*days)
    exception = exception or _Exception()
    snoozed = asleep is not None and asleep > now
    standing = priority.standing_of(
        state=state,
        whereabouts=where,
        suppressed=exception.in_force,
        requested=exception.requested,
        snoozed=snoozed,
    )
    due = priority.due_at(first_seen, severity, sla)
    lies_open = standing is not Standing.CLOSED
    ends = [exception.until, asleep if snoozed else None]
    if lies_open:
        ends.append(priority.next_change(due, now))
    settled = where is Whereabouts.NOWHERE or state is TriageState.RESOLVED
    return {
        "standing": standing,
        "priority": priority.score(
            Factors(
                severity=severity,
                confidence=confidence,
                whereabouts=where,
                known_exploited=exploited,
                epss=epss,
                fix_available=fix,
                exposure=exposure or Exposure.UNKNOWN,
                due_at=due,
                # What waits for nothing does not become more urgent.
                now=now if lies_open else None,
            )
        ),
        "severity": severity,
        "confidence": confidence,
        "kind": kind,
        "whereabouts": where,
        "known_exploited": exploited,
        "epss": epss,
        "fix_available": fix,
        "first_seen_at": first_seen,
        "due_at": due,
        "changes_at": None if settled else min((end for end in ends if end is not None), default=None),
        "use": use_of(where, state, why),
    }


def _lock(session: Session, numbers: Sequence[int]) -> None:
    """Nobody else changes rows or sums of these findings' projects until the transaction ends."""
    if session.get_bind().dialect.name != "postgresql":
        return  # SQLite's writer holds the only lock that there is
    projects = (
        select(_FINDING.c.project_id)
        .where(among(session, _FINDING.c.id, numbers))
        .distinct()
        # So that two who want several never wait for each other in a circle.
        .order_by(_FINDING.c.project_id)
        .subquery()
    )
    session.execute(select(func.pg_advisory_xact_lock(literal(_LOCKS) + projects.c.project_id))).all()


@dataclass(frozen=True, slots=True)
class _Exception:
    """What exceptions mean for a finding."""

    in_force: bool = False
    requested: bool = False
    until: datetime | None = None


def _exceptions(session: Session, rows: Sequence[Row[Any]], now: datetime) -> dict[int, _Exception]:
    """By finding, for those that an exception covers or that one was asked for. Two statements at most."""
    found = session.execute(
        select(_SUPPRESSION, EDITED_AT.label("edited_at")).where(
            _SUPPRESSION.c.revoked_at.is_(None),
            _SUPPRESSION.c.expires_at > now,
            or_(
                among(session, _SUPPRESSION.c.finding_id, [row.id for row in rows]),
                and_(
                    _SUPPRESSION.c.scope != Scope.FINDING,
                    or_(
                        _SUPPRESSION.c.project_id.is_(None),
                        among(session, _SUPPRESSION.c.project_id, {row.project_id for row in rows}),
                    ),
                ),
            ),
        )
    ).mappings()
    edited: dict[int, datetime | None] = {}
    live: dict[int | None, list[Suppression]] = {}
    waiting: dict[int | None, list[Suppression]] = {}
    own: set[int] = set()
    by_rule: set[tuple[str, str]] = set()
    by_advisory = False
    for row in found:
        made = suppression_of(row)
        if made.scope is Scope.FINDING and made.finding_id is not None:
            edited[made.finding_id] = row["edited_at"]
            own.add(made.finding_id)
        standing = made.standing(now)
        if standing is Effect.IN_FORCE:
            live.setdefault(made.project_id, []).append(made)
            by_advisory = by_advisory or made.scope is Scope.ADVISORY
            if made.scope is Scope.RULE:
                by_rule.add((made.scanner, made.rule_id))
        elif standing is Effect.WAITING and made.scope is Scope.FINDING:
            # As if it were approved already: whether it would cover the code as it is now.
            waiting.setdefault(made.project_id, []).append(replace(made, needs_approval=False))
    # Whole findings are read of those only that an exception may be about.
    candidates = [
        row.id
        for row in rows
        if row.id in own
        or (row.scanner, row.rule_id) in by_rule
        or (by_advisory and row.kind is FindingKind.DEPENDENCY)
    ]
    if not candidates:
        return {}
    answers: dict[int, _Exception] = {}
    sets: dict[int, tuple[Suppressions, Suppressions]] = {}
    whole = session.execute(select(_FINDING).where(among(session, _FINDING.c.id, candidates))).mappings()
    for row in whole:
        project = row["project_id"]
        if project not in sets:
            mine = [*live.get(None, ()), *live.get(project, ())]
            sets[project] = Suppressions(mine, now), Suppressions(waiting.get(project, ()), now)
        tracked = TrackedFinding(finding_of(row), Presence.EXISTING, number=row["id"])
        matches = [one.match(tracked, changed_at=edited.get(row["id"])) for one in sets[project]]
        ends = [match.suppression.expires_at for match in matches if match is not None]
        if ends:
            answers[row["id"]] = _Exception(matches[0] is not None, matches[1] is not None, min(ends))
    return answers


def _facts(session: Session, rows: Sequence[Row[Any]]) -> dict[int, tuple[bool, float | None]]:
    """By finding whether it is known to be exploited, and how likely it is. Two statements at most."""
    named: dict[int, set[str]] = {}
    unnamed: dict[int, list[str]] = {}
    for row in rows:
        if row.dependency is None:
            continue
        names = row.dependency["advisory_ids"]
        cves = {name.upper() for name in names if name[:4].upper() == "CVE-"}
        if cves:
            named[row.id] = cves
        else:
            unnamed[row.id] = [*names, row.rule_id]
    if unnamed:
        # GitHub's and the ecosystems' own names: the advisories that were imported know what CVE they are.
        asked = {name for names in unnamed.values() for name in names}
        aliases: dict[str, set[str]] = {}
        query = select(_ALIAS.c.advisory_id, _ALIAS.c.alias).where(
            among(session, _ALIAS.c.advisory_id, asked), _ALIAS.c.alias.like("CVE-%")
        )
        for advisory, alias in session.execute(query):
            aliases.setdefault(advisory, set()).add(alias)
        for number, names in unnamed.items():
            cves = {cve for name in names for cve in aliases.get(name, ())}
            if cves:
                named[number] = cves
    if not named:
        return {}
    wanted = {cve for cves in named.values() for cve in cves}
    listed = {
        cve: (kev_added is not None, epss)
        for cve, epss, kev_added in session.execute(
            select(_FACT.c.cve, _FACT.c.epss, _FACT.c.kev_added).where(among(session, _FACT.c.cve, wanted))
        )
    }
    answers: dict[int, tuple[bool, float | None]] = {}
    for number, cves in named.items():
        said = [listed[cve] for cve in cves if cve in listed]
        if said:
            shares = [epss for _, epss in said if epss is not None]
            answers[number] = any(kev for kev, _ in said), max(shares, default=None)
    return answers


def _witnesses(session: Session, numbers: Collection[int]) -> dict[int, dict[int, tuple[str, str]]]:
    """By finding the rules that saw it."""
    if not numbers:
        return {}
    found: dict[int, dict[int, tuple[str, str]]] = {}
    columns = (_ATTRIBUTION.c.finding_id, _ATTRIBUTION.c.token, _ATTRIBUTION.c.scanner, _ATTRIBUTION.c.rule_id)
    for number, token, scanner, rule_id in session.execute(
        select(*columns).where(among(session, _ATTRIBUTION.c.finding_id, numbers))
    ):
        found.setdefault(number, {})[token] = (scanner, rule_id)
    return found


def _covered(session: Session, made: Suppression) -> set[int]:
    """Findings that an exception for a rule or an advisory may be about."""
    mine = [] if made.project_id is None else [_FINDING.c.project_id == made.project_id]
    if made.scope is Scope.RULE:
        query = select(_ITEM.c.finding_id).where(_ITEM.c.rule_key == token_of(made.scanner, made.rule_id))
        if made.project_id is not None:
            query = query.where(_ITEM.c.project_id == made.project_id)
        return set(session.scalars(query))
    name = made.advisory.lower()
    pattern = '%"' + name.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + '"%'
    return set(
        session.scalars(
            select(_FINDING.c.id).where(
                *mine,
                _FINDING.c.kind == FindingKind.DEPENDENCY,
                or_(
                    func.lower(type_coerce(_FINDING.c.dependency, Text)).like(pattern, escape="\\"),
                    func.lower(type_coerce(_FINDING.c.rule_id, Text)) == name,
                ),
            )
        )
    )


def kev_known(session: Session) -> bool:
    """Whether the list of known exploited vulnerabilities was ever imported."""
    name = ExploitList.KEV.value
    return session.scalar(select(_SOURCE.c.name).where(_SOURCE.c.name == name)) is not None


def _now(session: Session) -> datetime:
    now = session.scalar(select(database_time()))
    assert isinstance(now, datetime)
    return now


__all__ = [
    "AT_ONCE",
    "assign",
    "claim",
    "forget_project",
    "keep_slas",
    "kev_known",
    "pass_time",
    "rebuild",
    "refresh",
    "refresh_project",
    "settle",
    "snooze",
]
