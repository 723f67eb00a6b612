"""
Pipelines that ended on the default branch, and merge requests that came into it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, time

from sqlalchemy.orm import Session

from bot.gitlab.errors import NotFound
from bot.gitlab.model import MergeRequest, Pipeline
from bot.pipeline.maturity.changes import Changes
from bot.pipeline.maturity.round import Round
from bot.store.maturity import collected
from bot.store.maturity.collected import MERGES, PIPELINES, MergeFact, PipelineFact

_ENDED = frozenset({"success", "failed"})
"""What a pipeline or job came to. One that was cancelled or skipped says nothing of how it would have ended."""
_RAN = frozenset({"success", "failed", "canceled"})
"""Jobs that ended."""


def collect_pipelines(round_: Round) -> bool:
    """Pipelines that ended on the default branch; whether there is more. Raises ``GitLabError``."""
    changes: Changes[Pipeline] = Changes.from_cursor(
        lambda row: row.id, round_.progress(PIPELINES).cursor, round_.start, round_.now
    )
    left = round_.bounds.details

    def ask(after: datetime, page: int) -> list[Pipeline]:
        return round_.client.branch_pipelines(round_.project.id, round_.branch, updated_after=after, page=page)

    for rows in changes.pages(ask, round_.bounds.pages):
        facts: list[PipelineFact] = []
        gone: list[int] = []
        spent = False
        try:
            for row in rows:
                fact = None
                # A child is a part of its parent, which is listed too.
                if row.status in _ENDED and row.source != "parent_pipeline":
                    if not left:
                        spent = True
                        break
                    left -= 1
                    fact = _pipeline(round_, row)
                if fact is None:
                    gone.append(row.id)
                else:
                    facts.append(fact)
                changes.done(row)
        finally:
            _keep_pipelines(round_, changes, facts, gone)
        if spent:
            return True
    if changes.complete:
        round_.keep(PIPELINES, round_.reached(PIPELINES, changes))
    return not changes.complete


def _keep_pipelines(
    round_: Round, changes: Changes[Pipeline], facts: Sequence[PipelineFact], gone: Sequence[int]
) -> None:
    def write(writing: Session) -> None:
        collected.keep_pipelines(writing, round_.project.id, facts)
        # One that ended runs again, or somebody cancelled it: what it came to is not known any more.
        collected.forget_pipelines(writing, round_.project.id, gone)

    round_.keep(PIPELINES, round_.reached(PIPELINES, changes), write)


def _pipeline(round_: Round, row: Pipeline) -> PipelineFact | None:
    """None for one that is gone, runs again, or is a tag's."""
    try:
        found = round_.client.pipeline(round_.project.id, row.id)
        if found.status not in _ENDED or found.tag:
            return None
        jobs = round_.client.pipeline_jobs(round_.project.id, row.id)
    except NotFound:
        return None
    ended = [job for job in jobs if job.status in _RAN]
    return PipelineFact(
        found.id,
        found.sha,
        found.status == "success",
        found.created_at,
        # It did end, and a failure must not be lost because nobody noted when.
        found.finished_at or found.updated_at,
        found.seconds,
        found.coverage,
        len(ended),
        sum(job.status == "success" for job in ended),
    )


def collect_merges(round_: Round) -> bool:
    """Merge requests that came into the default branch; whether there is more. Raises ``GitLabError``."""
    changes: Changes[MergeRequest] = Changes.from_cursor(
        lambda row: row.iid, round_.progress(MERGES).cursor, round_.start, round_.now
    )
    since = datetime.combine(round_.progress(MERGES).since or round_.first_day, time(), UTC)

    def ask(after: datetime, page: int) -> list[MergeRequest]:
        return round_.client.merged_requests(round_.project.id, round_.branch, updated_after=after, page=page)

    for rows in changes.pages(ask, round_.bounds.pages):
        facts = []
        for row in rows:
            if row.merged_at is not None and row.merged_at > round_.now and changes.comes_again(row):
                # It came in while we read. This round says what was until it began, so the next one has it.
                continue
            # Not an old one that somebody wrote into, whose time is not collected, nor one that claims to come.
            if row.merged_at is not None and since <= row.merged_at <= round_.now:
                facts.append(_merge(row, row.merged_at))
            changes.done(row)

        def write(writing: Session, facts: Sequence[MergeFact] = tuple(facts)) -> None:
            collected.keep_merges(writing, round_.project.id, facts)

        round_.keep(MERGES, round_.reached(MERGES, changes), write)
    if changes.complete:
        round_.keep(MERGES, round_.reached(MERGES, changes))
    return not changes.complete


def _merge(row: MergeRequest, merged_at: datetime) -> MergeFact:
    # What was imported may claim anything.
    opened = row.created_at if row.created_at is not None and row.created_at <= merged_at else None
    # Of a fast-forward without a squash the head itself came in.
    return MergeFact(row.iid, opened, merged_at, row.sha, row.merge_commit_sha or row.squash_commit_sha or row.sha)
