"""
What GitLab told of projects for the figures: pipelines, merges, releases, how much code there is, and how far each was
collected.

Facts are written set by set and may be written again: the same fact twice is one row, and what was found out about it
besides (a merge's release, its covered lines) stays.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import PurePosixPath
from typing import Any, TypeAlias

from sqlalchemy import Row, and_, bindparam, delete, func, or_, select, tuple_, update
from sqlalchemy.orm import Session

from bot.domain.incident import IncidentKind
from bot.store.bulk import among, bulk_upsert
from bot.store.maturity_tables import (
    CodeSizeRecord,
    CollectionRecord,
    MergeFactRecord,
    PipelineFactRecord,
    ReleaseFactRecord,
)
from bot.store.statements import chunks, insert_into, table
from bot.store.tables import IncidentRecord, ScannerRunRecord, ScanRecord
from scanners.finding import FindingKind
from scanners.interface import ScannerStatus

PIPELINES, MERGES, RELEASES = "pipelines", "merge_requests", "releases"
"""The sources whose days are known or not: see ``Progress``."""
CONTENTS = "contents"
"""Which merges the releases hold."""
COVERAGE = "coverage"
"""Which changed lines tests ran."""
CODE_SIZE = "code_size"
_COUNTED = "counted"
"""Not a source: the row in which counting notes what of the sources it has counted."""
SOURCES = (PIPELINES, MERGES, RELEASES, CONTENTS, COVERAGE, CODE_SIZE)

_PIPELINE = table(PipelineFactRecord)
_MERGE = table(MergeFactRecord)
_RELEASE = table(ReleaseFactRecord)
_COLLECTION = table(CollectionRecord)
_SIZE = table(CodeSizeRecord)
_INCIDENT = table(IncidentRecord)
_SCAN = table(ScanRecord)
_RUN = table(ScannerRunRecord)

_UNCLEARED = (IncidentKind.UNCLEARED_COMMIT, IncidentKind.MERGED_UNCLEARED)
_LONGEST_PROBLEM = 1000


@dataclass(frozen=True, slots=True)
class PipelineFact:
    """A finished pipeline on the default branch."""

    pipeline_id: int
    sha: str
    successful: bool
    created_at: datetime
    finished_at: datetime
    seconds: int | None
    """How long it ran; None where GitLab does not say."""
    coverage: float | None
    """Per cent."""
    jobs: int
    """That ended, without skipped and manual ones."""
    jobs_ok: int


@dataclass(frozen=True, slots=True)
class MergeFact:
    """A merge request that came into the default branch."""

    iid: int
    opened_at: datetime | None
    merged_at: datetime
    head_sha: str | None
    merge_sha: str | None
    """The commit that it became on the branch."""


@dataclass(frozen=True, slots=True)
class ReleaseFact:
    """A tag or release."""

    tag: str
    sha: str
    released_at: datetime
    cleared: bool | None
    """None where nobody can tell."""


Extent: TypeAlias = tuple[date, date]
"""Days of which everything is known: the first one, and the first one after them."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far something of a project was collected."""

    cursor: Any = None
    """Where to go on; the collector's own words."""
    since: date | None = None
    """The first day of which everything is known; None while nothing is."""
    collected_at: datetime | None = None
    """Up to when everything is known; None while nothing is."""
    problem: str = ""
    """Why it did not work the last time, in English; empty while all is well."""

    @property
    def extent(self) -> Extent | None:
        """The days of which everything is known: they were over when the source was last read to its end."""
        if self.since is None or self.collected_at is None or self.since >= self.collected_at.date():
            return None
        return self.since, self.collected_at.date()

    def knows(self, day: date) -> bool:
        """Whether everything of this day is known."""
        known = self.extent
        return known is not None and known[0] <= day < known[1]


@dataclass(frozen=True, slots=True)
class CodeSize:
    """How much code a default branch has."""

    commit: str
    lines: int
    scannable_lines: int
    """Of files that some static scanner reads."""
    read_lines: int
    """Of those, of files that every such scanner read."""


@dataclass(frozen=True, slots=True)
class PastGap:
    """A file that a scanner did not read when a commit of a branch was scanned."""

    scanner: str
    commit: str
    path: PurePosixPath


@dataclass(frozen=True, slots=True)
class PastGaps:
    """What static scanners left out of a branch."""

    gaps: tuple[PastGap, ...]
    whole: bool = True
    """Whether these are all: there may be more than are read."""


# --- Facts ------------------------------------------------------------------------------------------------------------


def keep_pipelines(session: Session, project_id: int, facts: Sequence[PipelineFact]) -> None:
    """Insert, or bring up to date; one statement per thousand."""
    newest = {fact.pipeline_id: fact for fact in facts}
    names = ("sha", "successful", "created_at", "finished_at", "seconds", "coverage", "jobs", "jobs_ok")
    for chunk in chunks([newest[number] for number in sorted(newest)]):
        statement = insert_into(session, _PIPELINE).values(
            [
                {
                    "project_id": project_id,
                    "pipeline_id": fact.pipeline_id,
                    **{name: getattr(fact, name) for name in names},
                }
                for fact in chunk
            ]
        )
        new = statement.excluded
        session.execute(
            statement.on_conflict_do_update(
                index_elements=["project_id", "pipeline_id"], set_={name: new[name] for name in names}
            )
        )


def forget_pipelines(session: Session, project_id: int, pipeline_ids: Collection[int]) -> None:
    """Delete facts of pipelines that run again or turned out to be none; one statement."""
    if pipeline_ids:
        session.execute(
            delete(_PIPELINE).where(
                _PIPELINE.c.project_id == project_id, among(session, _PIPELINE.c.pipeline_id, pipeline_ids)
            )
        )


def keep_merges(session: Session, project_id: int, facts: Sequence[MergeFact]) -> None:
    """Insert, or bring up to date, without what was found out about their release and lines; one per thousand."""
    newest = {fact.iid: fact for fact in facts}
    names = ("opened_at", "merged_at", "head_sha", "merge_sha")
    for chunk in chunks([newest[number] for number in sorted(newest)]):
        statement = insert_into(session, _MERGE).values(
            [
                {"project_id": project_id, "iid": fact.iid, **{name: getattr(fact, name) for name in names}}
                for fact in chunk
            ]
        )
        new = statement.excluded
        session.execute(
            statement.on_conflict_do_update(
                index_elements=["project_id", "iid"], set_={name: new[name] for name in names}
            )
        )


def keep_releases(session: Session, project_id: int, facts: Sequence[ReleaseFact]) -> None:
    """Insert, or bring up to date; one statement per thousand."""
    newest = {release_key(project_id, fact.tag): fact for fact in facts}
    names = ("tag", "sha", "released_at", "cleared")
    for chunk in chunks(sorted(newest)):
        statement = insert_into(session, _RELEASE).values(
            [
                {"key": key, "project_id": project_id, **{name: getattr(newest[key], name) for name in names}}
                for key in chunk
            ]
        )
        new = statement.excluded
        session.execute(
            statement.on_conflict_do_update(index_elements=["key"], set_={name: new[name] for name in names})
        )


def release_key(project_id: int, tag: str) -> str:
    """The key of a tag's row."""
    return hashlib.sha256(f"{project_id}\0{tag}".encode("utf-8", "surrogatepass")).hexdigest()


def releases_named(session: Session, project_id: int, tags: Collection[str]) -> dict[str, ReleaseFact]:
    """Those of the tags that are known. One statement."""
    keys = [release_key(project_id, tag) for tag in tags]
    rows = session.execute(select(_RELEASE).where(among(session, _RELEASE.c.key, keys))) if keys else ()
    return {row.tag: _release(row) for row in rows}


def releases_from(session: Session, project_id: int, moment: datetime, limit: int) -> tuple[ReleaseFact, ...]:
    """The releases from a moment on, the earliest first, at most ``limit``."""
    query = (
        select(_RELEASE)
        .where(_RELEASE.c.project_id == project_id, _RELEASE.c.released_at >= moment)
        .order_by(_RELEASE.c.released_at, _RELEASE.c.key)
        .limit(limit)
    )
    return tuple(_release(row) for row in session.execute(query))


def unreleased(session: Session, project_id: int, limit: int) -> tuple[MergeFact, ...]:
    """Merges of which no release is known that holds them, the newest first, at most ``limit``."""
    query = (
        select(_MERGE)
        .where(_MERGE.c.project_id == project_id, _MERGE.c.released_at.is_(None), _MERGE.c.merge_sha.is_not(None))
        .order_by(_MERGE.c.merged_at.desc(), _MERGE.c.iid.desc())
        .limit(limit)
    )
    return tuple(_merge(row) for row in session.execute(query))


def merged_between(
    session: Session, project_id: int, after: tuple[datetime, int], before: datetime, limit: int
) -> tuple[MergeFact, ...]:
    """Merges after a moment and number and before another moment, the earliest first, at most ``limit``."""
    moment, iid = after
    query = (
        select(_MERGE)
        .where(
            _MERGE.c.project_id == project_id,
            or_(_MERGE.c.merged_at > moment, and_(_MERGE.c.merged_at == moment, _MERGE.c.iid > iid)),
            _MERGE.c.merged_at < before,
        )
        .order_by(_MERGE.c.merged_at, _MERGE.c.iid)
        .limit(limit)
    )
    return tuple(_merge(row) for row in session.execute(query))


def merges_of_commits(session: Session, project_id: int, commits: Collection[str]) -> dict[str, datetime]:
    """When those of the commits came in that a merge request became on the branch. One statement."""
    if not commits:
        return {}
    query = select(_MERGE.c.merge_sha, _MERGE.c.merged_at).where(
        _MERGE.c.project_id == project_id, among(session, _MERGE.c.merge_sha, commits)
    )
    return {row.merge_sha: row.merged_at for row in session.execute(query)}


def pipelines_of_commit(session: Session, project_id: int, sha: str) -> tuple[int, ...]:
    """Pipelines of one commit, the newest first."""
    query = select(_PIPELINE.c.pipeline_id).where(_PIPELINE.c.project_id == project_id, _PIPELINE.c.sha == sha)
    return tuple(session.scalars(query.order_by(_PIPELINE.c.pipeline_id.desc())))


def mark_released(session: Session, project_id: int, released: Mapping[int, datetime]) -> None:
    """Note by their numbers when merges came into their first release. One statement with many sets of values."""
    if released:
        statement = (
            update(_MERGE)
            .where(_MERGE.c.project_id == bindparam("of_project"), _MERGE.c.iid == bindparam("of_iid"))
            .values(released_at=bindparam("moment"))
        )
        rows = [{"of_project": project_id, "of_iid": iid, "moment": moment} for iid, moment in sorted(released.items())]
        session.connection().execute(statement, rows)


def mark_covered(session: Session, project_id: int, lines: Mapping[int, tuple[int, int]]) -> None:
    """Note by their numbers how many of merges' changed lines tests ran, of how many that could be run."""
    if lines:
        statement = (
            update(_MERGE)
            .where(_MERGE.c.project_id == bindparam("of_project"), _MERGE.c.iid == bindparam("of_iid"))
            .values(covered_lines=bindparam("covered"), coverable_lines=bindparam("coverable"))
        )
        rows = [
            {"of_project": project_id, "of_iid": iid, "covered": covered, "coverable": coverable}
            for iid, (covered, coverable) in sorted(lines.items())
        ]
        session.connection().execute(statement, rows)


# --- How far ----------------------------------------------------------------------------------------------------------


def progress(session: Session, project_id: int) -> dict[str, Progress]:
    """How far each source of a project was collected; what never was is left out. One statement."""
    query = select(_COLLECTION).where(_COLLECTION.c.project_id == project_id, _COLLECTION.c.source != _COUNTED)
    return {row.source: _progress(row) for row in session.execute(query)}


def progress_of(session: Session, project_ids: Collection[int] | None) -> dict[int, dict[str, Progress]]:
    """The same for many projects (None for all). One statement."""
    query = select(_COLLECTION).where(_COLLECTION.c.source != _COUNTED)
    if project_ids is not None:
        query = query.where(among(session, _COLLECTION.c.project_id, project_ids))
    found: dict[int, dict[str, Progress]] = {}
    for row in session.execute(query):
        found.setdefault(row.project_id, {})[row.source] = _progress(row)
    return found


def keep_progress(session: Session, project_id: int, source: str, reached: Progress) -> None:
    """Write down how far a source was collected."""
    values = {
        "cursor": reached.cursor,
        "since": reached.since,
        "collected_at": reached.collected_at,
        "problem": reached.problem[:_LONGEST_PROBLEM],
    }
    statement = insert_into(session, _COLLECTION).values(project_id=project_id, source=source, **values)
    new = statement.excluded
    session.execute(
        statement.on_conflict_do_update(
            index_elements=["project_id", "source"], set_={name: new[name] for name in values}
        )
    )


def keep_problem(session: Session, project_id: int, source: str, problem: str) -> None:
    """Write down why a source could not be collected; how far it was stays."""
    statement = insert_into(session, _COLLECTION).values(
        project_id=project_id, source=source, problem=problem[:_LONGEST_PROBLEM]
    )
    session.execute(
        statement.on_conflict_do_update(
            index_elements=["project_id", "source"], set_={"problem": statement.excluded.problem}
        )
    )


def extents_of(session: Session) -> dict[int, dict[str, Extent]]:
    """By project and source the days of which everything is known; sources of which nothing is are left out. One
    statement."""
    query = select(
        _COLLECTION.c.project_id, _COLLECTION.c.source, _COLLECTION.c.since, _COLLECTION.c.collected_at
    ).where(_COLLECTION.c.source != _COUNTED)
    found: dict[int, dict[str, Extent]] = {}
    for project_id, source, since, collected_at in session.execute(query):
        known = Progress(None, since, collected_at).extent
        if known is not None:
            found.setdefault(project_id, {})[source] = known
    return found


def counted_extents(session: Session) -> dict[int, dict[str, Extent]]:
    """What ``keep_counted_extents`` wrote down, without what cannot be read: that is counted again. One statement."""
    query = select(_COLLECTION.c.project_id, _COLLECTION.c.cursor).where(_COLLECTION.c.source == _COUNTED)
    found: dict[int, dict[str, Extent]] = {}
    for project_id, told in session.execute(query):
        with suppress(ValueError, TypeError, AttributeError):
            found[project_id] = {
                source: (date.fromisoformat(since), date.fromisoformat(until))
                for source, (since, until) in told.items()
            }
    return found


def keep_counted_extents(session: Session, extents: Mapping[int, Mapping[str, Extent]]) -> None:
    """Write down by project which days of its sources are counted, in the transaction that did it. One statement."""
    rows = [
        {
            "project_id": project_id,
            "source": _COUNTED,
            "cursor": {source: [day.isoformat() for day in extents[project_id][source]] for source in sorted(known)},
            "since": None,
            "collected_at": None,
            "problem": "",
        }
        for project_id, known in sorted(extents.items())
    ]
    if rows:
        bulk_upsert(session, _COLLECTION, rows, lambda statement: {"cursor": statement.excluded["cursor"]})


# --- Code -------------------------------------------------------------------------------------------------------------


def code_size(session: Session, project_id: int) -> tuple[CodeSize, datetime] | None:
    """How much code a project has and when that was counted; None while nobody has counted."""
    row = session.execute(select(_SIZE).where(_SIZE.c.project_id == project_id)).one_or_none()
    if row is None:
        return None
    return CodeSize(row.commit_sha, row.lines, row.scannable_lines, row.read_lines), row.counted_at


def keep_code_size(session: Session, project_id: int, size: CodeSize, at: datetime) -> None:
    """Write down how much code a project has."""
    values = {
        "commit_sha": size.commit,
        "lines": size.lines,
        "scannable_lines": size.scannable_lines,
        "read_lines": size.read_lines,
        "counted_at": at,
    }
    statement = insert_into(session, _SIZE).values(project_id=project_id, **values)
    new = statement.excluded
    session.execute(
        statement.on_conflict_do_update(index_elements=["project_id"], set_={name: new[name] for name in values})
    )


def gaps_of_branch(
    session: Session, project_id: int, branch: str, looked_with: Mapping[str, str], limit: int
) -> PastGaps:
    """
    What static scanners left out in scans of a branch, as they are now; the newest scans first.

    ``looked_with`` says by scanner with which version and rules it looked last (see ``bot.pipeline.branch``): what it
    said with others it was asked again. Looks at ``limit`` runs with gaps at most. One statement.
    """
    query = (
        select(_SCAN.c.head_sha, _RUN.c.scanner, _RUN.c.version, _RUN.c.rules_digest, _RUN.c.gaps)
        .join(_RUN, _RUN.c.scan_id == _SCAN.c.id)
        .where(
            _SCAN.c.project_id == project_id,
            _SCAN.c.iid.is_(None),
            _SCAN.c.ref == branch,
            _RUN.c.kind == FindingKind.SAST,
            _RUN.c.status == ScannerStatus.COMPLETED,
            _RUN.c.gaps.is_not(None),
        )
        .order_by(_SCAN.c.started_at.desc(), _SCAN.c.id)
        .limit(limit + 1)
    )
    rows = session.execute(query).all()
    found = tuple(
        PastGap(row.scanner, row.head_sha, PurePosixPath(gap[0]))
        for row in rows[:limit]
        if row.head_sha is not None and looked_with.get(row.scanner) == f"{row.version} {row.rules_digest}"
        for gap in row.gaps
    )
    return PastGaps(found, len(rows) <= limit)


# --- What was cleared -------------------------------------------------------------------------------------------------


def judges_since(session: Session, project_id: int) -> datetime | None:
    """When the project's first merge request was scanned that we know of; None for never."""
    query = select(func.min(_SCAN.c.started_at)).where(_SCAN.c.project_id == project_id, _SCAN.c.iid.is_not(None))
    found: datetime | None = session.scalars(query).one()
    return found


def uncleared(session: Session, project_id: int, commits: Collection[str]) -> frozenset[str]:
    """Those of the commits that are an incident because nobody cleared them. One statement."""
    if not commits:
        return frozenset()
    query = select(_INCIDENT.c.sha).where(
        _INCIDENT.c.project_id == project_id, _INCIDENT.c.kind.in_(_UNCLEARED), among(session, _INCIDENT.c.sha, commits)
    )
    return frozenset(session.scalars(query))


def purge(session: Session, *, before: datetime, limit: int = 5_000) -> int:
    """Delete facts of what happened before a moment, at most ``limit`` of each kind; returns how many."""
    removed = 0
    for one, moment in (
        (_PIPELINE, _PIPELINE.c.finished_at),
        (_MERGE, _MERGE.c.merged_at),
        (_RELEASE, _RELEASE.c.released_at),
    ):
        keys = list(one.primary_key.columns)
        old = select(*keys).where(moment < before).order_by(moment).limit(limit)
        ended = session.execute(delete(one).where(tuple_(*keys).in_(old)).returning(keys[-1]))
        removed += len(ended.all())
    return removed


def forget_project(session: Session, project_id: int) -> None:
    """Delete what was collected of a project that is gone."""
    for one in (_PIPELINE, _MERGE, _RELEASE, _COLLECTION, _SIZE):
        session.execute(delete(one).where(one.c.project_id == project_id))


def _merge(row: Row[Any]) -> MergeFact:
    return MergeFact(row.iid, row.opened_at, row.merged_at, row.head_sha, row.merge_sha)


def _release(row: Row[Any]) -> ReleaseFact:
    return ReleaseFact(row.tag, row.sha, row.released_at, row.cleared)


def _progress(row: Row[Any]) -> Progress:
    return Progress(row.cursor, row.since, row.collected_at, row.problem)
