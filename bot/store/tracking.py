"""
What is known of the findings of branches and merge requests, and the writing of what a scan or a report adds to it.

Every function takes a number of statements that does not depend on the number of findings.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import PurePosixPath
from typing import Any

from sqlalchemy import Engine, Select, and_, case, delete, exists, func, literal, or_, select, true, union_all, update
from sqlalchemy.orm import Session

from bot.domain import explanations
from bot.domain.known import Whereabouts
from bot.domain.lifecycle import Gone, Remembered, Write
from bot.domain.triage import Judgement, TriageState
from bot.domain.verdict import Presence, TrackedFinding
from bot.store import announcements
from bot.store.bulk import among, bulk_insert, staged
from bot.store.clock import database_time
from bot.store.desk_touch import touch
from bot.store.engine import write_session
from bot.store.findings import finding_of, judgement_of
from bot.store.heads import HeadState
from bot.store.maturity_tables import AbsenceRecord
from bot.store.short_hash import short as _short
from bot.store.short_hash import token_of as token_of
from bot.store.statements import insert_into, table
from bot.store.tables import (
    AttributionRecord,
    CounterRecord,
    FindingRecord,
    MergeRequestRecord,
    PresenceRecord,
    ProjectRecord,
    StreamRecord,
    SuppressionRecord,
    TrackedRefRecord,
)
from bot.store.types import UtcDateTime
from scanners.finding import Attribution, Confidence, Dependency, Finding, Location, Severity
from scanners.fingerprint import VERSION, digest

_REF = table(TrackedRefRecord)
_STREAM = table(StreamRecord)
_FINDING = table(FindingRecord)
_PRESENCE = table(PresenceRecord)
_ATTRIBUTION = table(AttributionRecord)
_COUNTER = table(CounterRecord)
_HEAD = table(MergeRequestRecord)
_PROJECT = table(ProjectRecord)
_SUPPRESSION = table(SuppressionRecord)
_ABSENCE = table(AbsenceRecord)

OWN = "scan"
"""Source of what our own scans say."""


ANEW = ""
"""
Under this name ``StreamRecord.began`` has the moments, with spaces between, at which another branch became the default
one that does not follow from the former: what was seen on it first at such a moment was there before anybody looked.
"""


class Overtaken(Exception):
    """Raised when somebody else wrote to the stream since it was read: read it again."""


@dataclass(frozen=True, slots=True)
class Ref:
    """A branch, or a merge request."""

    project_id: int
    name: str
    """The branch's, or ``!7``."""
    merge_request_iid: int | None = None
    target: str | None = None
    """Branch that the merge request goes into."""
    is_default: bool = False

    @property
    def key(self) -> str:
        """What it is found by; a branch may be named like a merge request."""
        return digest(str(self.project_id), "branch" if self.merge_request_iid is None else "mr", self.name)


@dataclass(frozen=True, slots=True)
class StreamState:
    """What one source said last about a ref. Without ids for one that has never spoken."""

    ref: Ref
    source: str
    ref_id: int | None = None
    stream_id: int | None = None
    revision: int = 0
    commit: str | None = None
    report_digest: str | None = None
    looked_with: Mapping[str, str] = field(default_factory=dict)
    seen_at: datetime | None = None
    scan_id: str | None = None
    began: Mapping[str, str] = field(default_factory=dict)
    """As in ``StreamRecord``."""


@dataclass(frozen=True, slots=True)
class Update:
    """Everything that one scan or report changes in a stream."""

    state: StreamState
    """As it was read."""
    commit: str | None
    at: datetime
    scan_id: str | None
    report_digest: str | None
    looked_with: Mapping[str, str]
    writes: Sequence[Write]
    gone: Collection[Gone]
    light: Sequence[Finding]
    """The findings of the scan or report, with at least what identities are told by."""
    values: Callable[[int], Mapping[str, Any]]
    """One of them by its position, whole: as ``findings.finding_values``."""
    version: str = VERSION
    """Of the findings' hashes."""
    stale: Collection[Gone] = ()
    """As ``bot.domain.lifecycle.Plan.stale``."""
    follows: bool | None = None
    """Where this makes another branch the default one: whether its commit has in its history what the former default
    branch was last seen at. None where nobody can say."""


def content_of(finding: Finding) -> bytes:
    """16 bytes that change whenever anything changes that is shown of the finding or that it is told by."""
    where, about = finding.location, finding.dependency
    shown = (
        finding.kind.value,
        finding.severity.value,
        finding.confidence.value,
        finding.title,
        finding.message,
        finding.snippet,
        finding.remediation,
        str(where.path),
        (where.start_line, where.end_line, where.start_column, where.end_column),
        finding.cwes,
        finding.owasp,
        finding.references,
        finding.match_hash,
        finding.context_hash,
        finding.tool_fingerprints,
        [(a.scanner, a.version, a.rule_id) for a in finding.attributions],
        [(str(r.location.path), r.location.start_line, r.message) for r in finding.related],
        None
        if about is None
        else (about.ecosystem, about.package, about.version, about.advisory_ids, about.fixed_versions),
        None if finding.fix is None else (finding.fix.start_line, finding.fix.replacement),
    )
    return hashlib.blake2b(repr(shown).encode("utf-8", "surrogatepass"), digest_size=16).digest()


def code_keys(finding: Finding) -> tuple[int, ...]:
    """By what a finding may be found again that is on no branch any more; the first is the one that is stored."""
    about = finding.dependency
    if about is not None:
        return (_short(digest("package", about.ecosystem.casefold(), about.package)),)
    codes = [finding.match_hash, *(code for _, code in finding.earlier_hashes)]
    if any(codes):
        return tuple(_short(code) for code in codes if code)
    return (_short(digest("place", str(finding.location.path), finding.scanner, finding.rule_id)),)


# --- reading ----------------------------------------------------------------------------------------------------------


def stream_state(session: Session, ref: Ref, source: str) -> StreamState:
    """What the source said last about the ref. One query."""
    row = session.execute(
        select(_REF.c.id.label("ref"), *_STREAM.c)
        .select_from(_REF.outerjoin(_STREAM, and_(_STREAM.c.ref_id == _REF.c.id, _STREAM.c.source == source)))
        .where(_REF.c.key == ref.key)
    ).one_or_none()
    if row is None:
        return StreamState(ref, source)
    if row.id is None:
        return StreamState(ref, source, row.ref)
    return StreamState(
        ref,
        source,
        row.ref,
        row.id,
        row.revision,
        row.commit_sha,
        row.report_digest,
        row.looked_with or {},
        row.seen_at,
        row.scan_id,
        row.began or {},
    )


@dataclass(frozen=True, slots=True)
class FormerDefault:
    """The branch that is still taken for the default one, as nothing is known of the other yet."""

    name: str
    commit: str | None
    """What our own scan looked at last; None where none did."""


def former_default(session: Session, ref: Ref) -> FormerDefault | None:
    """
    The branch instead of which ``ref`` becomes the default one with the next word about it; None where it is not the
    default branch, or is known to be. One query.
    """
    if not ref.is_default:
        return None
    row = session.execute(
        select(_REF.c.name, _STREAM.c.commit_sha)
        .select_from(_REF.outerjoin(_STREAM, and_(_STREAM.c.ref_id == _REF.c.id, _STREAM.c.source == OWN)))
        .where(_REF.c.project_id == ref.project_id, _REF.c.is_default, _REF.c.key != ref.key)
        .order_by(_REF.c.id.desc())
        .limit(1)
    ).one_or_none()
    return None if row is None else FormerDefault(row.name, row.commit_sha)


@dataclass(frozen=True, slots=True)
class Baseline:
    """What is known of a project's default branch."""

    project_id: int
    project: str
    """Full path."""
    state: StreamState
    progress: tuple[int, int] | None
    """Files read and files in all, of a scan that is under way."""


def baselines(session: Session) -> tuple[Baseline, ...]:
    """The default branch of every project that has one, looked at or not, by the project's path. One query."""
    joined = _PROJECT.outerjoin(
        _REF,
        and_(
            _REF.c.project_id == _PROJECT.c.id,
            _REF.c.merge_request_iid.is_(None),
            _REF.c.name == _PROJECT.c.default_branch,
        ),
    ).outerjoin(_STREAM, and_(_STREAM.c.ref_id == _REF.c.id, _STREAM.c.source == OWN))
    rows = session.execute(
        select(
            _PROJECT.c.id.label("project_id"),
            _PROJECT.c.path,
            _PROJECT.c.default_branch,
            _REF.c.id.label("ref_id"),
            _REF.c.progress_done,
            _REF.c.progress_total,
            *_STREAM.c,
        )
        .select_from(joined)
        .where(_PROJECT.c.default_branch.is_not(None))
        .order_by(_PROJECT.c.path, _PROJECT.c.id)
    ).mappings()
    return tuple(
        Baseline(
            row["project_id"],
            row["path"],
            StreamState(
                Ref(row["project_id"], row["default_branch"], is_default=True),
                OWN,
                row["ref_id"],
                row["id"],
                row["revision"] or 0,
                row["commit_sha"],
                row["report_digest"],
                row["looked_with"] or {},
                row["seen_at"],
                row["scan_id"],
            ),
            None if row["progress_total"] is None else (row["progress_done"] or 0, row["progress_total"]),
        )
        for row in rows
    )


def known_in_stream(
    session: Session, state: StreamState, paths: Collection[PurePosixPath] | None = None
) -> dict[int, Remembered]:
    """What the source sees on the ref, by number; with ``paths`` only in these files. At most three statements."""
    if state.stream_id is None:
        return {}
    return _remembered(session, _ATTRIBUTION.c.stream_id == state.stream_id, paths)


def known_on_ref(
    session: Session, state: StreamState, paths: Collection[PurePosixPath] | None = None
) -> list[tuple[str | None, dict[int, Remembered]]]:
    """What the other sources see on the ref, by number, each with the commit that it looked at."""
    if state.ref_id is None:
        return []
    streams = select(_STREAM.c.id).where(_STREAM.c.ref_id == state.ref_id, _STREAM.c.source != state.source)
    found: dict[int, dict[int, Remembered]] = {}
    for stream_id, item in _rows_of(session, _ATTRIBUTION.c.stream_id.in_(streams), paths):
        if item.content:
            found.setdefault(stream_id, {})[item.number] = item
    if not found:
        return []
    commits = session.execute(select(_STREAM.c.id, _STREAM.c.commit_sha).where(_STREAM.c.id.in_(list(found)))).all()
    return [(row.commit_sha, found[row.id]) for row in sorted(commits, key=lambda row: int(row.id))]


def known_on_merge_requests(
    session: Session, ref: Ref, source: str, paths: Collection[PurePosixPath], limit: int = 20
) -> list[tuple[str, dict[int, Remembered]]]:
    """
    What the source saw on merge requests into the branch ``ref`` in these files, with the commit of their last scan.

    Of the ``limit`` that were scanned last.
    """
    streams = session.execute(
        select(_STREAM.c.id, _STREAM.c.ref_id, _STREAM.c.commit_sha)
        .join(_REF, _REF.c.id == _STREAM.c.ref_id)
        .where(
            _REF.c.project_id == ref.project_id,
            _REF.c.merge_request_iid.is_not(None),
            _REF.c.target == ref.name,
            _STREAM.c.source == source,
            _STREAM.c.commit_sha.is_not(None),
        )
        .order_by(_STREAM.c.seen_at.desc(), _STREAM.c.id.desc())
        .limit(limit)
    ).all()
    if not streams:
        return []
    found: dict[int, dict[int, Remembered]] = {row.id: {} for row in streams}
    where = _ATTRIBUTION.c.stream_id.in_(list(found))
    for stream_id, item in _rows_of(session, where, paths):
        if item.content:
            found[stream_id][item.number] = item
    return [(row.commit_sha, found[row.id]) for row in streams if found[row.id]]


@dataclass(frozen=True, slots=True)
class Said:
    """What a source other than our own scans says about a merge request."""

    state: StreamState
    findings: tuple[TrackedFinding, ...]
    """Whole, with numbers and the source's own attributions."""


def said_by_others(session: Session, ref: Ref) -> tuple[Said, ...]:
    """What was imported for a ref, by source; two statements."""
    streams = session.execute(
        select(_STREAM)
        .join(_REF, _REF.c.id == _STREAM.c.ref_id)
        .where(_REF.c.key == ref.key, _STREAM.c.source != OWN)
        .order_by(_STREAM.c.source)
    ).all()
    if not streams:
        return ()
    rows = session.execute(
        select(
            *_FINDING.c,
            _ATTRIBUTION.c.stream_id,
            _ATTRIBUTION.c.scanner.label("by"),
            _ATTRIBUTION.c.version.label("by_version"),
            _ATTRIBUTION.c.rule_id.label("by_rule"),
            _ATTRIBUTION.c.path.label("there_path"),
            _ATTRIBUTION.c.start_line.label("there_start"),
            _ATTRIBUTION.c.end_line.label("there_end"),
            _ATTRIBUTION.c.start_column.label("there_start_column"),
            _ATTRIBUTION.c.end_column.label("there_end_column"),
            _ATTRIBUTION.c.match_hash.label("there_code"),
            _PRESENCE.c.presence,
            _PRESENCE.c.explanation,
        )
        .join(_ATTRIBUTION, _ATTRIBUTION.c.finding_id == _FINDING.c.id)
        .join(_STREAM, _STREAM.c.id == _ATTRIBUTION.c.stream_id)
        .join(_PRESENCE, and_(_PRESENCE.c.ref_id == _STREAM.c.ref_id, _PRESENCE.c.finding_id == _FINDING.c.id))
        .where(_ATTRIBUTION.c.stream_id.in_([row.id for row in streams]), _ATTRIBUTION.c.gone_at.is_(None))
        .order_by(_ATTRIBUTION.c.stream_id, _FINDING.c.id, _ATTRIBUTION.c.place)
    ).mappings()
    found: dict[int, dict[int, TrackedFinding]] = {row.id: {} for row in streams}
    for row in rows:
        by = Attribution(row["by"], row["by_version"], row["by_rule"])
        before = found[row["stream_id"]].get(row["id"])
        if before is None:
            # Where and as which code this source sees it: the row has it as the default branch does.
            place = Location(
                PurePosixPath(row["there_path"]),
                row["there_start"],
                row["there_end"],
                row["there_start_column"],
                row["there_end_column"],
            )
            finding = replace(finding_of(row), location=place, match_hash=row["there_code"], attributions=(by,))
        else:
            finding = replace(before.finding, attributions=(*before.finding.attributions, by))
        found[row["stream_id"]][row["id"]] = TrackedFinding(
            finding, row["presence"], explanation=row["explanation"], number=row["id"]
        )
    return tuple(
        Said(
            StreamState(
                ref,
                row.source,
                row.ref_id,
                row.id,
                row.revision,
                row.commit_sha,
                row.report_digest,
                row.looked_with or {},
                row.seen_at,
                row.scan_id,
            ),
            tuple(found[row.id].values()),
        )
        for row in streams
    )


def edited_on(session: Session, ref: Ref) -> dict[int, datetime | None]:
    """For each finding that is on the ref, when its lines were last edited there."""
    rows = session.execute(
        select(_PRESENCE.c.finding_id, _PRESENCE.c.changed_at)
        .join(_REF, _REF.c.id == _PRESENCE.c.ref_id)
        .where(_REF.c.key == ref.key, _PRESENCE.c.gone_at.is_(None))
    )
    return {row.finding_id: row.changed_at for row in rows}


def numbers_of(session: Session, ref: Ref, source: str) -> frozenset[int]:
    """The findings that a source sees on the ref."""
    return frozenset(
        session.scalars(
            select(_ATTRIBUTION.c.finding_id)
            .join(_STREAM, _STREAM.c.id == _ATTRIBUTION.c.stream_id)
            .join(_REF, _REF.c.id == _STREAM.c.ref_id)
            .where(_REF.c.key == ref.key, _STREAM.c.source == source, _ATTRIBUTION.c.gone_at.is_(None))
        )
    )


def known_by_code(session: Session, project_id: int, keys: Collection[int]) -> dict[int, Remembered]:
    """Findings of the project, wherever they are or were, that share one of these ``code_keys``."""
    if not keys:
        return {}
    rows = session.execute(
        select(_FINDING).where(_FINDING.c.project_id == project_id, among(session, _FINDING.c.code_key, keys))
    ).mappings()
    return {
        row["id"]: Remembered(
            row["id"],
            replace(finding_of(row), title="", message="", snippet="", attributions=()),
            b"",
            row["fingerprint_version"],
            row["whereabouts"],
            row["state"],
        )
        for row in rows
    }


def judgements(session: Session, numbers: Collection[int]) -> dict[int, Judgement]:
    """What people judged about these findings."""
    rows = session.execute(select(_FINDING).where(among(session, _FINDING.c.id, numbers))).mappings()
    return {row["id"]: judgement_of(row) for row in rows}


def _remembered(session: Session, streams: Any, paths: Collection[PurePosixPath] | None) -> dict[int, Remembered]:
    return {item.number: item for _, item in _rows_of(session, streams, paths)}


def _rows_of(
    session: Session, streams: Any, paths: Collection[PurePosixPath] | None
) -> Iterable[tuple[int, Remembered]]:
    query = _attributions(streams)
    if paths is not None:
        query = query.where(among(session, _ATTRIBUTION.c.path, (str(path) for path in paths)))
    # In portions: a large project has a hundred thousand rows.
    return _joined(session.execute(query, execution_options={"yield_per": 5_000}))


def _attributions(streams: Any) -> Select[Any]:
    return (
        select(
            _ATTRIBUTION.c.stream_id,
            _ATTRIBUTION.c.finding_id,
            _ATTRIBUTION.c.scanner,
            _ATTRIBUTION.c.version,
            _ATTRIBUTION.c.rule_id,
            _ATTRIBUTION.c.path,
            _ATTRIBUTION.c.start_line,
            _ATTRIBUTION.c.end_line,
            _ATTRIBUTION.c.start_column,
            _ATTRIBUTION.c.end_column,
            _ATTRIBUTION.c.match_hash,
            _ATTRIBUTION.c.context_hash,
            _ATTRIBUTION.c.tool_fingerprints,
            _ATTRIBUTION.c.content,
            _ATTRIBUTION.c.fingerprint_version,
            _FINDING.c.kind,
            _FINDING.c.whereabouts,
            _FINDING.c.state,
            _FINDING.c.cwes,
            _FINDING.c.dependency,
            _PRESENCE.c.presence,
            _PRESENCE.c.changed_at,
        )
        .join(_FINDING, _FINDING.c.id == _ATTRIBUTION.c.finding_id)
        .join(_STREAM, _STREAM.c.id == _ATTRIBUTION.c.stream_id)
        .outerjoin(
            _PRESENCE, and_(_PRESENCE.c.ref_id == _STREAM.c.ref_id, _PRESENCE.c.finding_id == _ATTRIBUTION.c.finding_id)
        )
        .where(streams, _ATTRIBUTION.c.gone_at.is_(None))
        .order_by(
            _ATTRIBUTION.c.stream_id,
            _ATTRIBUTION.c.finding_id,
            # Whose lines are those of the stream's commit comes first.
            _ATTRIBUTION.c.content == b"",
            _ATTRIBUTION.c.place,
            _ATTRIBUTION.c.token,
        )
    )


def _joined(rows: Iterable[Any]) -> Iterable[tuple[int, Remembered]]:
    """The rows of one finding in one stream stand together; the first has the scanner whose words are shown."""
    share: dict[Any, Any] = {}
    waiting: tuple[int, Remembered] | None = None
    for row in rows:
        # By position: there may be a hundred thousand rows, and names cost more than values.
        stream_id, number, scanner, version, rule_id, path, *more = row
        by = share.setdefault((scanner, version, rule_id), Attribution(scanner, version, rule_id))
        if waiting is not None and (waiting[0], waiting[1].number) == (stream_id, number):
            before = waiting[1].finding
            finding = replace(before, attributions=(*before.attributions, by))
            waiting = (stream_id, replace(waiting[1], finding=finding))
            continue
        if waiting is not None:
            yield waiting
        start, end, start_column, end_column, code, context, prints, content, hashed_by, *more = more
        kind, whereabouts, state, cwes, about, presence, changed_at = more
        place = share.get(path) or share.setdefault(path, PurePosixPath(path))
        kinds = tuple(cwes)
        finding = Finding(
            scanner=by.scanner,
            rule_id=by.rule_id,
            kind=kind,
            severity=Severity.INFO,
            confidence=Confidence.LOW,
            title="",
            message="",
            location=Location(place, start, end, start_column, end_column),
            cwes=share.setdefault(kinds, kinds),
            dependency=_dependency(about),
            match_hash=code,
            context_hash=context,
            tool_fingerprints=tuple(prints or ()),
            attributions=share.setdefault((by,), (by,)),
        )
        waiting = (stream_id, Remembered(number, finding, content, hashed_by, whereabouts, state, presence, changed_at))
    if waiting is not None:
        yield waiting


def _dependency(about: Mapping[str, Any] | None) -> Dependency | None:
    if about is None:
        return None
    return Dependency(
        about["ecosystem"],
        about["package"],
        about["version"],
        tuple(about["advisory_ids"]),
        tuple(about["fixed_versions"]),
    )


# --- writing ----------------------------------------------------------------------------------------------------------


def reserve_numbers(engine: Engine, count: int) -> int:
    """The first of ``count`` numbers for findings, which nobody else will get; in a transaction of its own."""
    with write_session(engine) as session:
        statement = insert_into(session, _COUNTER).values(name="finding", value=count)
        last = session.execute(
            statement.on_conflict_do_update(
                index_elements=["name"], set_={"value": _COUNTER.c.value + count}
            ).returning(_COUNTER.c.value)
        ).scalar_one()
    return int(last) - count + 1


def write(session: Session, change: Update) -> frozenset[int]:
    """
    Write what a scan or report says; returns the numbers of findings that had gone from the ref and are back.

    Raises ``Overtaken`` (and the caller's transaction must end) when the stream was written to since it was read.
    """
    ref_id, stream_id, former = _enter(session, change)
    fresh = [w for w in change.writes if w.is_new]
    others = [w for w in change.writes if not w.is_new]
    returned: frozenset[int] = frozenset()
    if fresh:
        _insert(session, change, fresh, ref_id, stream_id)
        ref = change.state.ref
        announcements.findings_new(
            session, ref.project_id, ref.name, [w.number for w in fresh], lambda at: change.values(fresh[at].index)
        )
    if others:
        returned = _alter(session, change, others, ref_id, stream_id)
    if change.gone:
        _leave(session, change, ref_id, stream_id)
    if change.stale:
        _lose_lines(session, change, stream_id)
    if former is not None:
        # Last, when what the branch has is written down.
        _inherit(session, change, former, ref_id)
    touch(session, (w.number for w in change.writes), seen=True)
    touch(session, (w.number for w in change.gone))
    return returned


def set_progress(session: Session, ref: Ref, done: int | None, total: int | None) -> None:
    """Note how far a long scan of a branch has come; None and None when it has ended."""
    # The default branch is whichever was until something is known of the new one.
    _enter_ref(session, replace(ref, is_default=False))
    session.execute(
        update(_REF)
        .where(_REF.c.key == ref.key)
        .values(progress_done=done, progress_total=total, updated_at=database_time())
    )


def close_ref(session: Session, ref: Ref, at: datetime) -> None:
    """
    Nothing stands on the ref any more: its merge request was closed or merged.

    What the last scans saw there stays known, as the branch that it was merged into is compared with it.
    """
    _close(session, select(_REF.c.id).where(_REF.c.key == ref.key), at)


def close_merged(session: Session, project_id: int, branch: str, at: datetime) -> None:
    """As ``close_ref``, for every merge request that was merged into the branch."""
    merged = (
        select(_REF.c.id)
        .join(_HEAD, and_(_HEAD.c.project_id == _REF.c.project_id, _HEAD.c.iid == _REF.c.merge_request_iid))
        .where(_REF.c.project_id == project_id, _REF.c.target == branch, _HEAD.c.state == HeadState.MERGED.value)
    )
    _close(session, merged, at)


def _close(session: Session, refs: Select[Any], at: datetime) -> None:
    closed = session.scalars(
        update(_PRESENCE)
        .values(gone_at=at, presence=Presence.FIXED)
        .where(_PRESENCE.c.ref_id.in_(refs), _PRESENCE.c.gone_at.is_(None))
        .returning(_PRESENCE.c.finding_id)
    ).all()
    if closed:
        with staged(session, [_PRESENCE.c.finding_id], ({"finding_id": number} for number in closed)) as affected:
            _place_again(session, select(affected.c.finding_id))
        touch(session, closed)


def purge_refs(session: Session, *, before: datetime, limit: int = 100) -> int:
    """
    Delete up to ``limit`` merge requests on which nothing is present and that were last written to before this moment,
    with who saw what there; how many. Repeat until 0. Findings and judgements stay.
    """
    present = exists().where(_PRESENCE.c.ref_id == _REF.c.id, _PRESENCE.c.gone_at.is_(None))
    old = (
        select(_REF.c.id)
        .where(_REF.c.merge_request_iid.is_not(None), _REF.c.updated_at < before, ~present)
        .order_by(_REF.c.updated_at)
        .limit(limit)
    )
    refs = session.scalars(old).all()
    if not refs:
        return 0
    # Who saw them there goes as well, which is what rules are counted by.
    streams = select(_STREAM.c.id).where(_STREAM.c.ref_id.in_(refs))
    seen = select(_ATTRIBUTION.c.finding_id).where(_ATTRIBUTION.c.stream_id.in_(streams)).distinct()
    touch(session, session.scalars(seen), seen=True)
    return len(session.execute(delete(_REF).where(_REF.c.id.in_(refs)).returning(_REF.c.id)).all())


def forget_project(session: Session, project_id: int) -> None:
    """Drop everything that is known of a project's findings, judgements and suppressions included."""
    # Late: the desk's rows follow from what is written here.
    from bot.store.desk import item_rows

    item_rows.forget_project(session, project_id)
    session.execute(delete(_REF).where(_REF.c.project_id == project_id))
    session.execute(delete(_FINDING).where(_FINDING.c.project_id == project_id))
    session.execute(delete(_SUPPRESSION).where(_SUPPRESSION.c.project_id == project_id))


def _enter_ref(session: Session, ref: Ref) -> tuple[int, int | None]:
    """Id of the ref, and of the branch instead of which it is the default one from now on; None for none."""
    former: Sequence[int] = ()
    if ref.is_default:
        # It may have been another one, or have had another name.
        former = session.scalars(
            update(_REF)
            .values(is_default=False)
            .where(_REF.c.project_id == ref.project_id, _REF.c.is_default, _REF.c.key != ref.key)
            .returning(_REF.c.id)
        ).all()
    statement = insert_into(session, _REF).values(
        project_id=ref.project_id,
        key=ref.key,
        name=ref.name,
        merge_request_iid=ref.merge_request_iid,
        target=ref.target,
        is_default=ref.is_default,
        updated_at=database_time(),
    )
    # It stays the default branch until another one takes its place, also where GitLab has another one by now.
    is_default = True if ref.is_default else _REF.c.is_default
    ref_id = int(
        session.execute(
            statement.on_conflict_do_update(
                index_elements=["key"],
                set_={"target": ref.target, "is_default": is_default, "updated_at": database_time()},
            ).returning(_REF.c.id)
        ).scalar_one()
    )
    if former:
        present = and_(_PRESENCE.c.ref_id.in_([*former, ref_id]), _PRESENCE.c.gone_at.is_(None))
        there = select(_PRESENCE.c.finding_id).where(present)
        _place_again(session, there)
        touch(session, session.scalars(there))
    return ref_id, max(former, default=None)


def _inherit(session: Session, change: Update, former: int, ref_id: int) -> None:
    """
    The branch is the default one from now on: what happened on the former one happened on the default branch.

    First and last sights, absences and the scanners' first answers come over; what is present where does not change.
    What the former branch has and this one was not seen to have is gone from the default branch, but nobody repaired
    it: it keeps its presence. What happened here before is not the default branch's history. Statements as many as
    streams, however many findings there are.
    """
    at = literal(change.at, UtcDateTime())
    _inherit_beginnings(session, change, former, ref_id)
    there, here = _PRESENCE.alias("former_presence"), _PRESENCE.alias("present")
    session.execute(delete(_ABSENCE).where(_ABSENCE.c.ref_id == ref_id))
    was_away = select(literal(ref_id), _ABSENCE.c.finding_id, _ABSENCE.c.gone_at, _ABSENCE.c.back_at).where(
        _ABSENCE.c.ref_id == former
    )
    is_back = (
        select(literal(ref_id), there.c.finding_id, there.c.gone_at, at)
        .join(here, and_(here.c.ref_id == ref_id, here.c.finding_id == there.c.finding_id, here.c.gone_at.is_(None)))
        .where(there.c.ref_id == former, there.c.gone_at.is_not(None), there.c.presence == Presence.FIXED)
    )
    columns = ["ref_id", "finding_id", "gone_at", "back_at"]
    session.execute(insert_into(session, _ABSENCE).from_select(columns, union_all(was_away, is_back)))
    session.execute(delete(_PRESENCE).where(_PRESENCE.c.ref_id == ref_id, _PRESENCE.c.gone_at.is_not(None)))
    first_seen = select(there.c.first_seen_at).where(
        there.c.ref_id == former, there.c.finding_id == _PRESENCE.c.finding_id
    )
    first_seen_at = func.coalesce(first_seen.scalar_subquery(), at)
    session.execute(
        update(_PRESENCE)
        .values(first_seen_at=first_seen_at)
        .where(_PRESENCE.c.ref_id == ref_id, _PRESENCE.c.first_seen_at != first_seen_at)
    )
    left = select(
        literal(ref_id),
        there.c.finding_id,
        there.c.presence,
        there.c.explanation,
        there.c.first_seen_at,
        func.coalesce(there.c.gone_at, at),
        there.c.changed_at,
    ).where(
        there.c.ref_id == former,
        ~exists().where(here.c.ref_id == ref_id, here.c.finding_id == there.c.finding_id),
    )
    names = ["ref_id", "finding_id", "presence", "explanation", "first_seen_at", "gone_at", "changed_at"]
    session.execute(insert_into(session, _PRESENCE).from_select(names, left))


def _inherit_beginnings(session: Session, change: Update, former: int, ref_id: int) -> None:
    """What a scanner said here before it was asked about the default branch was there at its first look at that."""
    now = change.at.astimezone(UTC).isoformat()
    rows = session.execute(
        select(_STREAM.c.id, _STREAM.c.ref_id, _STREAM.c.began).where(_STREAM.c.ref_id.in_([former, ref_id]))
    ).all()
    line: dict[str, str] = {}
    for row in rows:
        if row.ref_id == former:
            for scanner, began in (row.began or {}).items():
                line[scanner] = min(began, line.get(scanner, began))
    if change.follows is False:
        line[ANEW] = f"{line.get(ANEW, '')} {now}".strip()
    for row in rows:
        if row.ref_id == ref_id:
            mine = {scanner for scanner in row.began or {} if scanner != ANEW}
            session.execute(
                update(_STREAM).values(began={**dict.fromkeys(mine, now), **line}).where(_STREAM.c.id == row.id)
            )


def _enter(session: Session, change: Update) -> tuple[int, int, int | None]:
    """
    Ids of ref and stream, with the stream's row written and, until the transaction ends, ours alone; and of the branch
    that was the default one until now, if another was.
    """
    state = change.state
    ref_id, former = _enter_ref(session, state.ref)
    values = {
        "commit_sha": change.commit,
        "scan_id": change.scan_id,
        "report_digest": change.report_digest,
        "looked_with": dict(change.looked_with),
        "began": _began(change),
        "seen_at": change.at,
    }
    if state.stream_id is None:
        statement = insert_into(session, _STREAM).values(
            ref_id=ref_id, key=digest(state.ref.key, state.source), source=state.source, revision=1, **values
        )
        stream_id = session.execute(
            statement.on_conflict_do_nothing(index_elements=["key"]).returning(_STREAM.c.id)
        ).scalar_one_or_none()
    else:
        stream_id = session.execute(
            update(_STREAM)
            .where(_STREAM.c.id == state.stream_id, _STREAM.c.revision == state.revision)
            .values(revision=state.revision + 1, **values)
            .returning(_STREAM.c.id)
        ).scalar_one_or_none()
    if stream_id is None:
        raise Overtaken
    return ref_id, int(stream_id), former


def _began(change: Update) -> dict[str, str]:
    """When each scanner first spoke about the ref: what it said then was there before anybody looked."""
    speaks = {name for name, answer in change.looked_with.items() if answer}
    speaks |= {finding.scanner for finding in change.light}
    return {**dict.fromkeys(speaks, change.at.astimezone(UTC).isoformat()), **change.state.began}


def _insert(session: Session, change: Update, fresh: Sequence[Write], ref_id: int, stream_id: int) -> None:
    ref = change.state.ref
    whereabouts = Whereabouts.DEFAULT_BRANCH if ref.is_default else Whereabouts.ELSEWHERE
    judgement = {
        "state": TriageState.DETECTED,
        "justification": None,
        "judged_reason": "",
        "judged_by": "",
        "judged_at": None,
    }

    def rows() -> Iterable[dict[str, Any]]:
        for item in fresh:
            yield {
                **change.values(item.index),
                **judgement,
                "id": item.number,
                "project_id": ref.project_id,
                "whereabouts": whereabouts,
                "first_seen_at": change.at,
                "fingerprint_version": change.version,
                "code_key": code_keys(change.light[item.index])[0],
            }

    bulk_insert(session, _FINDING, rows())
    bulk_insert(session, _PRESENCE, (_presence_row(change, item, ref_id) for item in fresh))
    bulk_insert(session, _ATTRIBUTION, (row for item in fresh for row in _attribution_rows(change, item, stream_id)))


def _presence_row(change: Update, item: Write, ref_id: int) -> dict[str, Any]:
    return {
        "ref_id": ref_id,
        "finding_id": item.number,
        "presence": item.presence,
        "explanation": item.explanation,
        "first_seen_at": change.at,
        "gone_at": None,
        "changed_at": item.changed_at,
    }


def _attribution_rows(change: Update, item: Write, stream_id: int) -> Iterable[dict[str, Any]]:
    finding = change.light[item.index]
    where = finding.location
    said: dict[tuple[str, str], Attribution] = {
        (finding.scanner, finding.rule_id): Attribution(finding.scanner, "", finding.rule_id)
    }
    for attribution in finding.attributions:
        said[attribution.scanner, attribution.rule_id] = attribution
    for place, attribution in enumerate(said.values()):
        yield {
            "stream_id": stream_id,
            "finding_id": item.number,
            "token": token_of(attribution.scanner, attribution.rule_id),
            "place": place,
            "scanner": attribution.scanner,
            "rule_id": attribution.rule_id,
            "version": attribution.version,
            "path": str(where.path),
            "start_line": where.start_line,
            "end_line": where.end_line,
            "start_column": where.start_column,
            "end_column": where.end_column,
            "fingerprint_version": change.version,
            "match_hash": finding.match_hash,
            "context_hash": finding.context_hash,
            "tool_fingerprints": list(finding.tool_fingerprints) or None,
            "content": item.content,
            "explanation": item.correlated,
            "first_seen_at": change.at,
            "last_seen_at": None,
            "gone_at": None,
        }


def _alter(session: Session, change: Update, others: Sequence[Write], ref_id: int, stream_id: int) -> frozenset[int]:
    """Findings that are known, though perhaps not on this ref or by this source."""
    ref = change.state.ref
    # -- the finding itself: as the default branch has it, where it is there
    shown = [column for column in _FINDING.c if column.name in _SHOWN]

    def rows() -> Iterable[dict[str, Any]]:
        for item in others:
            yield {
                **change.values(item.index),
                "id": item.number,
                "fingerprint_version": change.version,
                "code_key": code_keys(change.light[item.index])[0],
            }

    # What stayed behind on another branch when this one became the default branch had not gone.
    repaired = _PRESENCE.c.presence == Presence.FIXED
    with staged(session, [_FINDING.c.id, *shown], rows()) as new:
        # A correlated finding of another source keeps the words of the first.
        ours = [item.number for item in others if not item.correlated]
        mine = true() if ref.is_default else _FINDING.c.whereabouts != Whereabouts.DEFAULT_BRANCH
        if ours:
            session.execute(
                update(_FINDING)
                .values({column.name: new.c[column.name] for column in shown})
                .where(_FINDING.c.id == new.c.id, mine, _not_correlated(new, others))
            )
        returned = frozenset(
            session.scalars(
                select(new.c.id)
                .join(_FINDING, _FINDING.c.id == new.c.id)
                .outerjoin(_PRESENCE, and_(_PRESENCE.c.ref_id == ref_id, _PRESENCE.c.finding_id == new.c.id))
                .where(
                    or_(
                        and_(_PRESENCE.c.gone_at.is_not(None), repaired),
                        and_(
                            or_(_PRESENCE.c.ref_id.is_(None), _PRESENCE.c.gone_at.is_not(None)),
                            _FINDING.c.whereabouts == Whereabouts.NOWHERE,
                        ),
                    )
                )
            )
        )
    if returned:
        # The row itself forgets that it was ever gone.
        away = select(
            _PRESENCE.c.ref_id, _PRESENCE.c.finding_id, _PRESENCE.c.gone_at, literal(change.at, UtcDateTime())
        ).where(
            _PRESENCE.c.ref_id == ref_id,
            _PRESENCE.c.gone_at.is_not(None),
            repaired,
            among(session, _PRESENCE.c.finding_id, returned),
        )
        absences = insert_into(session, _ABSENCE).from_select(["ref_id", "finding_id", "gone_at", "back_at"], away)
        session.execute(absences.on_conflict_do_nothing())
    presences = (
        _presence_row(
            change, replace(item, explanation=_back(item.explanation)) if item.number in returned else item, ref_id
        )
        for item in others
    )
    with staged(session, list(_PRESENCE.c), presences) as new:
        statement = insert_into(session, _PRESENCE).from_select(list(new.c.keys()), select(new).where(true()))
        taken = statement.excluded
        session.execute(
            statement.on_conflict_do_update(
                index_elements=["ref_id", "finding_id"],
                set_={
                    "presence": taken.presence,
                    "explanation": taken.explanation,
                    "gone_at": None,
                    "changed_at": func.coalesce(taken.changed_at, _PRESENCE.c.changed_at),
                },
            )
        )
        _place_again(session, select(new.c.finding_id))
    attributions = (row for item in others for row in _attribution_rows(change, item, stream_id))
    with staged(session, list(_ATTRIBUTION.c), attributions) as new:
        statement = insert_into(session, _ATTRIBUTION).from_select(list(new.c.keys()), select(new).where(true()))
        session.execute(
            statement.on_conflict_do_update(
                index_elements=["stream_id", "finding_id", "token"],
                set_={
                    name: statement.excluded[name]
                    for name in new.c.keys()  # noqa: SIM118 - a collection of columns
                    if name not in ("stream_id", "finding_id", "token", "first_seen_at")
                },
            )
        )
    return returned


def _back(explanation: str) -> str:
    return explanations.REOPENED.format(sentence=explanation)


_SHOWN = frozenset(
    {
        "severity",
        "confidence",
        "kind",
        "scanner",
        "rule_id",
        "path",
        "start_line",
        "end_line",
        "start_column",
        "end_column",
        "title",
        "fingerprint",
        "fingerprint_version",
        "match_hash",
        "context_hash",
        "code_key",
        "cwes",
        "dependency",
        "details",
    }
)


def _not_correlated(new: Any, others: Sequence[Write]) -> Any:
    numbers = [item.number for item in others if item.correlated]
    return new.c.id.not_in(numbers) if numbers else true()


def _leave(session: Session, change: Update, ref_id: int, stream_id: int) -> None:
    """Close what was looked for and not seen; a finding leaves the ref when nobody sees it there any more."""
    rows = ({"finding_id": item.number, "token": token_of(item.scanner, item.rule_id)} for item in change.gone)
    with staged(session, [_ATTRIBUTION.c.finding_id, _ATTRIBUTION.c.token], rows) as gone:
        session.execute(
            update(_ATTRIBUTION)
            .values(gone_at=change.at, last_seen_at=change.state.seen_at)
            .where(
                _ATTRIBUTION.c.stream_id == stream_id,
                _ATTRIBUTION.c.finding_id == gone.c.finding_id,
                _ATTRIBUTION.c.token == gone.c.token,
                _ATTRIBUTION.c.gone_at.is_(None),
            )
        )
        still = exists().where(
            _ATTRIBUTION.c.finding_id == _PRESENCE.c.finding_id,
            _ATTRIBUTION.c.gone_at.is_(None),
            _ATTRIBUTION.c.stream_id == _STREAM.c.id,
            _STREAM.c.ref_id == ref_id,
        )
        session.execute(
            update(_PRESENCE)
            .values(gone_at=change.at, presence=Presence.FIXED)
            .where(
                _PRESENCE.c.ref_id == ref_id,
                _PRESENCE.c.gone_at.is_(None),
                _PRESENCE.c.finding_id.in_(select(gone.c.finding_id)),
                ~still,
            )
        )
        _place_again(session, select(gone.c.finding_id))


def _lose_lines(session: Session, change: Update, stream_id: int) -> None:
    """Mark whose lines are not those of the stream's commit any more, until they are reported again."""
    rows = ({"finding_id": item.number, "token": token_of(item.scanner, item.rule_id)} for item in change.stale)
    with staged(session, [_ATTRIBUTION.c.finding_id, _ATTRIBUTION.c.token], rows) as stale:
        session.execute(
            update(_ATTRIBUTION)
            .values(content=b"")
            .where(
                _ATTRIBUTION.c.stream_id == stream_id,
                _ATTRIBUTION.c.finding_id == stale.c.finding_id,
                _ATTRIBUTION.c.token == stale.c.token,
            )
        )


def _place_again(session: Session, numbers: Select[Any]) -> None:
    """Bring ``whereabouts`` of these findings in line with where they are present."""
    if session.get_bind().dialect.name == "postgresql":
        # A statement there sees what was committed when it began: one that waits for a row goes on with subqueries of
        # before. So whoever changes the same findings is waited for first. As an UPDATE without a key locks, not more:
        # a new presence locks its finding's key, and two who hold that would wait for each other.
        mine = select(_FINDING.c.id).where(_FINDING.c.id.in_(numbers)).order_by(_FINDING.c.id)
        session.execute(select(func.count()).select_from(mine.with_for_update(key_share=True).subquery()))

    def present(*more: Any) -> Any:
        return exists().where(
            _PRESENCE.c.finding_id == _FINDING.c.id,
            _PRESENCE.c.gone_at.is_(None),
            _PRESENCE.c.ref_id == _REF.c.id,
            *more,
        )

    def where(value: Whereabouts) -> Any:
        return literal(value, type_=_FINDING.c.whereabouts.type)

    now = case(
        (present(_REF.c.is_default), where(Whereabouts.DEFAULT_BRANCH)),
        (present(), where(Whereabouts.ELSEWHERE)),
        else_=where(Whereabouts.NOWHERE),
    )
    session.execute(
        update(_FINDING).values(whereabouts=now).where(_FINDING.c.id.in_(numbers), _FINDING.c.whereabouts != now)
    )
