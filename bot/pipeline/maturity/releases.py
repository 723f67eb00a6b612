"""
Tags and releases, whether their commits were cleared, and which of them was the first to hold a merge.

Every tag counts as a release. One that has a release page was made when that says; an annotated one when it was
tagged; a lightweight one does not know, so it is taken to be as old as its commit.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

from bot.domain import failures
from bot.gitlab.errors import Forbidden, NotFound
from bot.gitlab.model import PAGE
from bot.pipeline.git import CommitNotFound, GitError, Mirror
from bot.pipeline.maturity.cleared import Clearing
from bot.pipeline.maturity.round import Round
from bot.store.engine import session
from bot.store.maturity import collected
from bot.store.maturity.collected import CONTENTS, MERGES, RELEASES, MergeFact, Progress, ReleaseFact

_BACKDATED = timedelta(days=60)
"""A lightweight tag is as old as its commit, which may be that much older than its merge."""
_MOST_WAITING = 5_000
"""Merges of which no release is known that are looked at, the newest."""
_MOST_RELEASES = 5_000
_MOST_COMMITS = 300_000
_MOST_STACKED = 1_000
_JUDGED_AGAIN = timedelta(days=7)
"""For so long it is asked again whether a release was cleared of which nobody could tell."""


def collect_releases(round_: Round) -> bool:
    """Tags and releases, and whether their commits were cleared. Raises ``GitLabError`` and ``GitError``."""
    before = round_.progress(RELEASES)
    since = before.since or round_.first_day
    start = datetime.combine(since, time(), UTC)
    announced = _announced(round_, start)
    found, oldest_read = _tags(round_, start)
    facts: dict[str, tuple[ReleaseFact, datetime]] = {}
    for tag in {*found, *announced}:
        made, release = found.get(tag), announced.get(tag)
        sha = made[0] if made is not None else release[0] if release is not None else None
        at = release[1] if release is not None else made[1] if made is not None else None
        if sha is not None and at is not None and start <= at <= round_.now:
            facts[tag] = ReleaseFact(tag, sha, at, None), made[2] if made is not None else at
    with session(round_.services.store) as reading:
        known = collected.releases_named(reading, round_.project.id, list(facts))
    late = round_.now - _JUDGED_AGAIN
    new = {
        tag: one
        for tag, one in facts.items()
        if tag not in known
        or known[tag].sha != one[0].sha
        # Perhaps the code was not there yet.
        or (known[tag].cleared is None and one[0].released_at > late)
    }
    newest = sorted(new.values(), key=lambda one: (one[0].released_at, one[0].tag), reverse=True)
    verdicts = _cleared(round_, {fact.sha: committed for fact, committed in newest})
    judged = (
        replace(fact, cleared=verdicts.get(fact.sha) if tag in new else known[tag].cleared)
        for tag, (fact, _) in facts.items()
    )
    write = [fact for fact in judged if known.get(fact.tag) != fact]
    if oldest_read is not None:
        # There are more than we read: the day of the oldest one is not whole.
        since = max(since, oldest_read.date() + timedelta(days=1))
    round_.keep(
        RELEASES,
        Progress(None, since, round_.now),
        lambda writing: collected.keep_releases(writing, round_.project.id, write),
    )
    return False


def _announced(round_: Round, start: datetime) -> dict[str, tuple[str | None, datetime]]:
    """Releases that have a page, by tag: commit and time."""
    found: dict[str, tuple[str | None, datetime]] = {}
    for page in range(1, round_.bounds.pages + 1):
        try:
            rows = round_.client.releases(round_.project.id, page=page)
        except (NotFound, Forbidden):
            # Pages can be switched off; the tags tell all the same.
            return found
        found |= {row.tag: (row.sha, row.released_at) for row in rows}
        if len(rows) < PAGE or rows[-1].released_at < start or _are_known(round_, list(found)):
            break
    return found


def _tags(round_: Round, start: datetime) -> tuple[dict[str, tuple[str, datetime, datetime]], datetime | None]:
    """Tags by name: commit, time, and the commit's time; and the oldest time that was read where there are more."""
    found: dict[str, tuple[str, datetime, datetime]] = {}
    oldest: datetime | None = None
    for page in range(1, round_.bounds.pages + 1):
        rows, full = round_.client.tags(round_.project.id, page=page)
        found |= {row.name: (row.sha, row.at, row.committed_at) for row in rows}
        last = rows[-1].at if rows else round_.now
        if not full or last < start or (rows and _are_known(round_, [row.name for row in rows])):
            return found, None
        oldest = last
    return found, oldest


def _are_known(round_: Round, tags: Sequence[str]) -> bool:
    with session(round_.services.store) as reading:
        return len(collected.releases_named(reading, round_.project.id, tags)) == len(set(tags))


def _cleared(round_: Round, commits: Mapping[str, datetime]) -> dict[str, bool | None]:
    if not commits:
        return {}
    clearing = Clearing(round_.services, round_.project.id, round_.branch, round_.now, round_.bounds.judged)
    return clearing.of(commits, round_.mirror_if_there, round_.have)


def collect_contents(round_: Round) -> bool:
    """
    Which release was the first to hold each merge, as git knows it. Raises ``GitError``.

    Known of the days of which releases and merges are known; of none before a scan fetched the code, unless there is
    nothing to ask git about.
    """
    merges, made = round_.progress(MERGES), round_.progress(RELEASES)
    if merges.since is None or merges.collected_at is None or made.since is None or made.collected_at is None:
        return False
    reached = Progress(None, max(merges.since, made.since), min(merges.collected_at, made.collected_at))
    with session(round_.services.store) as reading:
        waiting = collected.unreleased(reading, round_.project.id, _MOST_WAITING)
        first = min((merge.merged_at for merge in waiting), default=round_.now)
        releases = collected.releases_from(reading, round_.project.id, first - _BACKDATED, _MOST_RELEASES)
    held: dict[int, datetime] = {}
    if waiting and releases and round_.progress(CONTENTS).cursor != _mark(waiting, releases):
        mirror = round_.mirror_if_there()
        if mirror is None:
            return False
        held = _held(round_, mirror, waiting, releases)
    left = [merge for merge in waiting if merge.iid not in held]
    round_.keep(
        CONTENTS,
        replace(reached, cursor=_mark(left, releases)),
        lambda writing: collected.mark_released(writing, round_.project.id, held),
    )
    return False


def _held(
    round_: Round, mirror: Mirror, waiting: Sequence[MergeFact], releases: Sequence[ReleaseFact]
) -> dict[int, datetime]:
    """By number of the merge when the first release with it was made."""
    round_.have(mirror, [*(one.sha for one in releases), *(one.merge_sha for one in waiting if one.merge_sha)])
    known = mirror.those_here([*(one.sha for one in releases), *(one.merge_sha or "" for one in waiting)])
    here = [one for one in waiting if one.merge_sha in known]
    made: dict[str, datetime] = {}
    for release in releases:
        if release.sha in known:
            # The earliest come first, and a commit may be released twice.
            made.setdefault(release.sha, release.released_at)
    if not here or not made:
        return {}
    earliest = min(here, key=lambda one: one.merged_at)
    found = mirror.first_to_hold(
        list(made),
        {one.merge_sha for one in here if one.merge_sha},
        landed=_before(mirror, earliest),
        most=_MOST_COMMITS,
    )
    if found is None:
        raise GitError(failures.GIT_HISTORY.format(command="rev-list", count=_MOST_COMMITS))
    return {
        one.iid: max(made[found[one.merge_sha]], one.merged_at)
        for one in here
        if one.merge_sha is not None and one.merge_sha in found
    }


def _before(mirror: Mirror, earliest: MergeFact) -> tuple[str, ...]:
    """A commit that holds none of the merges, so that history before it need not be read; empty for none."""
    assert earliest.merge_sha is not None
    if earliest.merge_sha != earliest.head_sha:
        return mirror.commit(earliest.merge_sha).parents[:1]
    # A fast-forward may bring the commits of others along, one upon the other.
    try:
        return (mirror.resolve(f"{earliest.merge_sha}~{_MOST_STACKED}"),)
    except CommitNotFound:
        return ()


def _mark(waiting: Sequence[MergeFact], releases: Sequence[ReleaseFact]) -> str:
    """The same for the same merges and releases."""
    told = [(one.iid, one.merge_sha) for one in waiting], [(one.tag, one.sha) for one in releases]
    return hashlib.sha256(repr(told).encode("utf-8", "backslashreplace")).hexdigest()
