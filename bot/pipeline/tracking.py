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
from bot.domain.identity import Correlation, Identity, Pool, correlate_known, identify
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


class AskedOnce:
    """A ``History`` that asks git once for each pair of commits: who reads a branch asks twice for the same."""

    def __init__(self, history: History) -> None:
        self._history = history
        self._answers: dict[tuple[str, str, DiffAlgorithm], Sequence[FileChange]] = {}

    def has_commit(self, sha: str) -> bool:
        """See ``History``."""
        return self._history.has_commit(sha)

    def changes(self, base: str, head: str, *, algorithm: DiffAlgorithm) -> Sequence[FileChange]:
        """See ``History``."""
        asked = (base, head, algorithm)
        if asked not in self._answers:
            self._answers[asked] = self._history.changes(base, head, algorithm=algorithm)
        return self._answers[asked]


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
    follows: bool | None = None
    """As ``bot.store.tracking.Update.follows``."""


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
    recognition = _Recognition(store, history, look, findings.light)
    recognition.by_streams()
    recognition.by_merge_requests()
    recognition.by_code_anywhere()
    recognition.by_other_sources()
    observation = recognition.observation(findings.contents)
    count = unknown(observation.identities, observation.correlations)
    first = tracking.reserve_numbers(store, count) if count else 0
    return Prepared(look, recognition.state, findings, plan(observation, at=look.at, first_number=first))


class _Recognition:
    """
    Finds out which known findings the current ones are, one pool after the other: the nearest first.

    A number that is taken is not given again, and what a nearer pool said is not doubted by a farther one.
    """

    def __init__(self, store: Engine, history: History | None, look: Look, current: Sequence[Finding]) -> None:
        self._store, self._history, self._look, self._current = store, history, look, current
        here = {finding.location.path for finding in current}
        with session(store) as reading:
            self.state = tracking.stream_state(reading, look.ref, look.source)
            self._remembered = tracking.known_in_stream(reading, self.state, look.scope)
            self._target = _target(reading, look) if look.ref.target is not None else None
            # Empty where nobody has spoken about the target: the position tells who found it.
            self._in_target: dict[int, Remembered] = {}
            if self._target is not None:
                self._in_target = tracking.known_in_stream(reading, self._target, here | set(look.old_paths))
            self._others = tracking.known_on_ref(reading, self.state, here) if look.correlate else []
        self._since = self._since_commit(self.state.commit) if self._remembered else None
        self._elsewhere: list[dict[int, Remembered]] = [self._in_target] if self._target is not None else []
        self._identities: list[Identity] = []
        self._correlations: dict[int, Correlation] = {}
        self._settled: dict[int, datetime | None] = {}
        self._taken: set[int | None] = set()

    def by_streams(self) -> None:
        """By what the source said last about this ref and about its target."""
        pools = [Pool(_findings(self._remembered), self._since)]
        target = self._target
        since = self._since_commit(target.commit) if target is not None and self._in_target else None
        pools.append(Pool(_findings(self._in_target), since))
        # Where a scanner did not look again, its lines are not those of the stream's commit, and git's map is not
        # theirs.
        for there in (self._remembered, self._in_target):
            if unread := _findings(there, with_lines=False):
                pools.append(Pool(unread))
        self._identities = list(identify(self._current, pools))
        self._taken = {identity.number for identity in self._identities if identity.number is not None}

    def by_merge_requests(self) -> None:
        """On a branch: by what the merge requests had that came into it, whose judgements come with them."""
        look = self._look
        if look.ref.merge_request_iid is not None or self.state.stream_id is None or not self._not_existing():
            return
        paths = {self._current[index].location.path for index in self._not_existing()}
        with session(self._store) as reading:
            merged = tracking.known_on_merge_requests(reading, look.ref, look.source, paths)
        for commit, there in merged:
            wanted = self._not_existing()
            pool = Pool(_findings(there), self._since_commit(commit))
            found = identify([self._current[index] for index in wanted], [pool])
            self._elsewhere.append(there)
            for index, identity in zip(wanted, found, strict=True):
                if identity.number is None:
                    continue
                if self._identities[index].number is None and identity.number not in self._taken:
                    self._identities[index] = identity
                    self._taken.add(identity.number)
                elif identity.number == self._identities[index].number and identity.presence is Presence.EXISTING:
                    self._settled.setdefault(identity.number, there[identity.number].changed_at)

    def by_code_anywhere(self) -> None:
        """By the same code anywhere in the project."""
        left = self._without_number()
        if not left:
            return
        keys = {key for index in left for key in tracking.code_keys(self._current[index])}
        with session(self._store) as reading:
            anywhere = tracking.known_by_code(reading, self._look.ref.project_id, keys)
        if not anywhere:
            return
        free = {number: item.finding for number, item in anywhere.items() if number not in self._taken}
        found = identify([self._current[index] for index in left], [Pool(free, by_code_only=True)])
        for index, identity in zip(left, found, strict=True):
            self._identities[index] = identity
            if identity.number is not None:
                self._taken.add(identity.number)
        self._elsewhere.append(anywhere)

    def by_other_sources(self) -> None:
        """By what other sources say about the ref: the same weakness in other words."""
        for looked_at, there in self._others:
            left = [index for index in self._without_number() if index not in self._correlations]
            if not left:
                return
            free = {number: item.finding for number, item in there.items() if number not in self._taken}
            if looked_at is not None and self._look.commit is not None:
                free = _where_they_went(free, self._since_commit(looked_at))
            same = correlate_known([self._current[index] for index in left], free)
            self._correlations |= {left[position]: correlation for position, correlation in same.items()}
            self._taken |= {correlation.number for correlation in same.values()}
            self._elsewhere.append(there)

    def observation(self, contents: Sequence[bytes]) -> Observation:
        """All of it, for ``bot.domain.lifecycle`` to decide."""
        look, destinations = self._look, _Destinations(self._since)
        return Observation(
            findings=self._current,
            contents=contents,
            identities=self._identities,
            correlations=self._correlations,
            remembered=self._remembered,
            elsewhere=ChainMap(*reversed(self._elsewhere)),
            looked=lambda scanner, finding: look.looked(scanner, finding, destinations.of(finding.location.path)),
            version=look.version,
            touched=destinations.touched,
            settled=self._settled,
            verdict=look.verdict,
        )

    def _without_number(self) -> list[int]:
        return [index for index, identity in enumerate(self._identities) if identity.number is None]

    def _not_existing(self) -> list[int]:
        return [index for index, identity in enumerate(self._identities) if identity.presence is not Presence.EXISTING]

    def _since_commit(self, commit: str | None) -> Sequence[FileChange] | None:
        changes = changes_between(self._history, commit, self._look.commit)
        return _without_lines(changes, self._look.blind)


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
        follows=look.follows,
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
