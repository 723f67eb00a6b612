"""
Gives the findings of a scan or report their numbers, and writes down where they are.

Reads what is known, asks git where lines went, lets ``bot.domain.identity`` and ``bot.domain.lifecycle`` decide, and
writes the result in one transaction. When somebody else wrote meanwhile, it begins again.
"""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import PurePosixPath
from typing import Any, Protocol, TypeVar

import structlog
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from bot.domain.change import ChangeKind, FileChange
from bot.domain.evidence import is_package
from bot.domain.identity import Correlation, Pool, correlate_known, identify
from bot.domain.lifecycle import Observation, Plan, Remembered, Verdict, plan, unknown
from bot.domain.linemap import LineMap
from bot.domain.triage import reopened
from bot.domain.verdict import Presence
from bot.pipeline.git import GitError
from bot.pipeline.git.repository import DiffAlgorithm
from bot.store import tracking, triage
from bot.store.engine import session, write_session
from bot.store.findings import finding_values
from bot.store.tracking import Overtaken, Ref, StreamState, Update, content_of
from scanners.finding import Finding
from scanners.fingerprint import VERSION

log = structlog.get_logger(__name__)

_ATTEMPTS = 5

T = TypeVar("T")


class History(Protocol):
    """What is asked of git; a ``Repository`` answers."""

    def has_commit(self, sha: str) -> bool:
        """Whether the commit is here."""
        ...

    def changes(self, base: str, head: str, *, algorithm: DiffAlgorithm) -> Sequence[FileChange]:
        """What differs between two commits. Raises ``GitError``."""
        ...


class FindingSet(Protocol):
    """The findings of a scan or report."""

    @property
    def light(self) -> Sequence[Finding]:
        """Each with at least what identities are told by."""
        ...

    @property
    def contents(self) -> Sequence[bytes]:
        """For each what changes whenever anything changes that is shown of it; 16 bytes."""
        ...

    def values(self, index: int) -> Mapping[str, Any]:
        """The finding with all its texts, as ``bot.store.findings.finding_values``."""
        ...


class Findings:
    """A few findings, in memory; a ``FindingSet``."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        self.light: Sequence[Finding] = findings
        self.contents: Sequence[bytes] = [content_of(finding) for finding in findings]

    def values(self, index: int) -> Mapping[str, Any]:
        """See ``FindingSet``."""
        return finding_values(self.light[index])


@dataclass(frozen=True, slots=True)
class Look:
    """Who looked where, for one source and one ref."""

    ref: Ref
    source: str
    commit: str | None
    """What was looked at; None when a report does not say."""
    at: datetime
    """UTC."""
    looked: Callable[[str, Finding, PurePosixPath | None], bool]
    """Whether a scanner looked for this finding again, whose file is now called so (None for a deleted one)."""
    scope: Collection[PurePosixPath] | None = None
    """Old names of the files that were looked at; None for all."""
    scan_id: str | None = None
    report_digest: str | None = None
    looked_with: Mapping[str, str] = field(default_factory=dict)
    version: str = VERSION
    """Of the hashes."""
    verdict: Verdict | None = None
    """For a merge request: what its delta says of each finding."""
    old_paths: Collection[PurePosixPath] = ()
    """Further names under which the target branch may know the findings."""
    blind: Collection[PurePosixPath] = ()
    """Files in which a scanner's line need not be git's: nothing is told there by line."""
    correlate: bool = False
    """Whether the findings of other sources on the ref may be the same weaknesses."""


@dataclass(frozen=True, slots=True)
class Tracked:
    """What tracking found out and wrote."""

    plan: Plan
    returned: frozenset[int]
    """Numbers of findings that had gone from the ref and are back."""
    first_look: bool
    """Whether the source had never spoken about the ref before."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """What is to be written about one source and one ref."""

    look: Look
    state: StreamState
    findings: FindingSet
    plan: Plan


def track(store: Engine, history: History | None, look: Look, findings: FindingSet) -> Tracked:
    """
    Number the findings and write what changed, in one transaction of its own.

    ``history`` answers where lines went; without one, or without the commits, evidence decides. Raises what the
    database raises; a second call with the same arguments changes nothing.
    """

    def attempt() -> Tracked:
        prepared = prepare(store, history, look, findings)
        if _says_the_same(prepared):
            returned: frozenset[int] = frozenset()
        else:
            with write_session(store) as writing:
                returned = write(writing, prepared)
        return Tracked(prepared.plan, returned, prepared.state.stream_id is None)

    return unless_overtaken(attempt)


def unless_overtaken(attempt: Callable[[], T]) -> T:
    """Prepare and write, again from the beginning when somebody else wrote in between."""
    for _ in range(_ATTEMPTS - 1):
        try:
            return attempt()
        except Overtaken:
            log.info("overtaken")
    return attempt()


def prepare(store: Engine, history: History | None, look: Look, findings: FindingSet) -> Prepared:
    """Read what is known and decide what is to be written; only numbers are taken already."""
    current = findings.light

    def since_commit(commit: str | None) -> Sequence[FileChange] | None:
        return _without_lines(changes_between(history, commit, look.commit), look.blind)

    with session(store) as reading:
        state = tracking.stream_state(reading, look.ref, look.source)
        remembered = tracking.known_in_stream(reading, state, look.scope)
        pools, known = [], [remembered]
        target = _target(reading, look) if look.ref.target is not None else None
        if target is not None:
            there = tracking.known_in_stream(reading, target, {f.location.path for f in current} | set(look.old_paths))
            known.append(there)
        others = tracking.known_on_ref(reading, state, {f.location.path for f in current}) if look.correlate else []
    since = since_commit(state.commit) if remembered else None
    pools.append(Pool(_findings(remembered), since))
    # Empty where nobody has spoken about the target: the position tells who found it.
    there = known[1] if target is not None else {}
    pools.append(Pool(_findings(there), since_commit(target.commit) if target is not None and there else None))
    # Where a scanner did not look again, its lines are not those of the stream's commit, and git's map is not theirs.
    pools += [Pool(unread) for there in known if (unread := _findings(there, with_lines=False))]

    identities = list(identify(current, pools))
    left = [index for index, identity in enumerate(identities) if identity.number is None]
    settled: dict[int, datetime | None] = {}
    with session(store) as reading:
        merged = []
        if look.ref.merge_request_iid is None:
            wanted = [i for i in range(len(current)) if identities[i].presence is not Presence.EXISTING]
            if wanted and state.stream_id is not None:
                paths = {current[i].location.path for i in wanted}
                merged = tracking.known_on_merge_requests(reading, look.ref, look.source, paths)
        keys = {key for index in left for key in tracking.code_keys(current[index])}
        anywhere = tracking.known_by_code(reading, look.ref.project_id, keys) if left else {}
    taken = {identity.number for identity in identities if identity.number is not None}
    for commit, there in merged:
        changes = since_commit(commit)
        wanted = [i for i, identity in enumerate(identities) if identity.presence is not Presence.EXISTING]
        found = identify([current[i] for i in wanted], [Pool(_findings(there), changes)])
        known.append(there)
        for index, identity in zip(wanted, found, strict=True):
            if identity.number is None:
                continue
            if identities[index].number is None and identity.number not in taken:
                identities[index] = identity
                taken.add(identity.number)
            elif identity.number == identities[index].number and identity.presence is Presence.EXISTING:
                settled.setdefault(identity.number, there[identity.number].changed_at)
    left = [index for index, identity in enumerate(identities) if identity.number is None]
    if left and anywhere:
        pool = Pool({n: r.finding for n, r in anywhere.items() if n not in taken}, by_code_only=True)
        for index, identity in zip(left, identify([current[i] for i in left], [pool]), strict=True):
            identities[index] = identity
            if identity.number is not None:
                taken.add(identity.number)
        known.append(anywhere)
    correlations: dict[int, Correlation] = {}
    for looked_at, there in others:
        left = [i for i, identity in enumerate(identities) if identity.number is None and i not in correlations]
        if not left:
            break
        free = {number: item.finding for number, item in there.items() if number not in taken}
        if looked_at is not None and look.commit is not None:
            free = _where_they_went(free, since_commit(looked_at))
        same = correlate_known([current[i] for i in left], free)
        correlations |= {left[position]: correlation for position, correlation in same.items()}
        taken |= {correlation.number for correlation in same.values()}
        known.append(there)

    destinations = _Destinations(since)
    observation = Observation(
        findings=current,
        contents=findings.contents,
        identities=identities,
        correlations=correlations,
        remembered=remembered,
        elsewhere=ChainMap(*reversed(known[1:])),
        looked=lambda scanner, finding: look.looked(scanner, finding, destinations.of(finding.location.path)),
        version=look.version,
        touched=destinations.touched,
        settled=settled,
        verdict=look.verdict,
    )
    count = unknown(identities, correlations)
    first = tracking.reserve_numbers(store, count) if count else 0
    decided = plan(observation, at=look.at, first_number=first)
    return Prepared(look, state, findings, decided)


def write(writing: Session, prepared: Prepared) -> frozenset[int]:
    """
    Write it, in the caller's transaction; returns the numbers of findings that had gone from the ref and are back.

    Raises ``Overtaken`` when somebody else wrote since it was prepared: the transaction must then end.
    """
    look, decided = prepared.look, prepared.plan
    change = Update(
        state=prepared.state,
        commit=look.commit,
        at=look.at,
        scan_id=look.scan_id,
        report_digest=look.report_digest,
        looked_with=look.looked_with,
        writes=decided.writes,
        gone=decided.gone,
        stale=decided.stale,
        light=prepared.findings.light,
        values=prepared.findings.values,
        version=look.version,
    )
    returned = tracking.write(writing, change)
    if returned:
        _reopen(writing, look, decided, returned)
    return returned


def _says_the_same(prepared: Prepared) -> bool:
    look, state = prepared.look, prepared.state
    return (
        not prepared.plan.writes
        and not prepared.plan.gone
        and not prepared.plan.stale
        and state.stream_id is not None
        and (state.commit, state.report_digest, state.scan_id) == (look.commit, look.report_digest, look.scan_id)
        and dict(state.looked_with) == dict(look.looked_with)
    )


def _reopen(writing: Session, look: Look, decided: Plan, returned: frozenset[int]) -> None:
    """Who called a finding resolved was wrong, when it is back; every other judgement stands."""
    told = dict(zip(decided.numbers, decided.explanations, strict=True))
    events = (
        reopened(judgement, look.at, number, told[number])
        for number, judgement in tracking.judgements(writing, returned).items()
    )
    triage.record_many(writing, [event for event in events if event is not None])


def _target(reading: Session, look: Look) -> StreamState | None:
    """What the source said about the branch that the merge request goes into."""
    assert look.ref.target is not None
    state = tracking.stream_state(reading, Ref(look.ref.project_id, look.ref.target), look.source)
    return state if state.stream_id is not None else None


def _findings(remembered: Mapping[int, Remembered], *, with_lines: bool = True) -> dict[int, Finding]:
    """Those whose lines are those of the stream's commit, or the others."""
    return {number: item.finding for number, item in remembered.items() if bool(item.content) is with_lines}


def _where_they_went(known: Mapping[int, Finding], changes: Sequence[FileChange] | None) -> dict[int, Finding]:
    """Those that nobody edited, as they stand after the changes; packages wherever git cannot be asked, too."""
    by_old = {c.old_path: c for c in changes or () if c.kind is not ChangeKind.COPIED}
    lines = {path: LineMap(change.hunks) for path, change in by_old.items()}
    found = {}
    for number, finding in known.items():
        where = finding.location
        change = by_old.get(where.path)
        if is_package(finding) or (changes is not None and change is None):
            found[number] = finding
        elif change is not None and change.new_path is not None and not change.binary:
            extent = lines[where.path].of_base(where.start_line, where.end_line)
            if not extent.edited and extent.survivors is not None:
                start, end = extent.survivors
                place = replace(where, path=change.new_path, start_line=start, end_line=end)
                found[number] = replace(finding, location=place)
    return found


def changes_between(history: History | None, old: str | None, new: str | None) -> Sequence[FileChange] | None:
    """What git says happened between two commits; None where it cannot be asked."""
    if old is None or new is None:
        return None
    if old == new:
        return ()
    if history is None:
        return None
    try:
        if not (history.has_commit(old) and history.has_commit(new)):
            return None
        return history.changes(old, new, algorithm="histogram")
    except GitError as error:
        # A history that cannot be compared (a damaged mirror, a limit) still leaves the evidence.
        log.warning("no line map", old=old, new=new, error=str(error))
        return None


def _without_lines(
    changes: Sequence[FileChange] | None, blind: Collection[PurePosixPath]
) -> Sequence[FileChange] | None:
    if changes is None or not blind:
        return changes
    return tuple(replace(c, hunks=(), binary=True) if c.new_path in blind else c for c in changes)


class _Destinations:
    """Where files went, by what git says."""

    def __init__(self, changes: Sequence[FileChange] | None) -> None:
        self._known = changes is not None
        self._moved = {
            change.old_path: change.new_path
            for change in changes or ()
            if change.old_path is not None and change.kind is not ChangeKind.COPIED
        }

    def of(self, path: PurePosixPath) -> PurePosixPath | None:
        """What the file is called now; None when it was deleted."""
        return self._moved.get(path, path)

    def touched(self, path: PurePosixPath) -> bool:
        """Whether the file is another than it was, or nobody knows."""
        return not self._known or path in self._moved
