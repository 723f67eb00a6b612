"""
Checks stored snapshots: every one is made again from what it names, and every one that does not give its hash is named.

Period by period, so that no more than one night of all projects is in memory at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine

from bot.domain.maturity.model import Model
from bot.domain.maturity.snapshot import (
    Content,
    Defect,
    Flaw,
    SnapshotError,
    SnapshotRow,
    check_content,
    digest_of,
    read_content,
    verify,
)
from bot.store.engine import session
from bot.store.maturity import models, snapshots
from bot.store.maturity.snapshots import Score, Wanted

MOST_NAMED = 1_000
"""So many are named; all are counted."""


@dataclass(frozen=True, slots=True)
class Found:
    """One thing that is wrong with a snapshot."""

    row: SnapshotRow
    defect: Defect


@dataclass(frozen=True, slots=True)
class Checked:
    """What a check found."""

    count: int
    """Snapshots that were looked at."""
    found: tuple[Found, ...]
    """At most ``MOST_NAMED``."""
    wrong: int
    """How many there are."""


def verify_stored(engine: Engine, wanted: Wanted | None = None) -> Checked:
    """Check the snapshots that a list is about; all of them without one."""
    wanted = wanted or Wanted()
    count, wrong = 0, 0
    found: list[Found] = []
    known: dict[str, tuple[Defect, ...]] = {}
    with session(engine) as reading:
        rating = models.models_of(reading)
        for period in snapshots.periods(reading, wanted):
            rows = snapshots.rows_of(reading, period, wanted.scope)
            scores = snapshots.scores_of(reading, [row.id for row in rows])
            documents = snapshots.documents(reading, {row.content for row in rows})
            parts, broken = _parts(documents)
            named = {digest for part in parts.values() for _, digest in part.inputs.projects or ()}
            documents |= snapshots.documents(reading, named - documents.keys())
            more, worse = _parts({digest: documents[digest] for digest in named & documents.keys() - parts.keys()})
            parts |= more
            broken |= worse
            for row, defect in _checked(rows, documents, rating, parts, scores, known, broken):
                wrong += 1
                if len(found) < MOST_NAMED:
                    found.append(Found(row, defect))
            count += len(rows)
    return Checked(count, tuple(found), wrong)


def _parts(documents: Mapping[str, Any]) -> tuple[dict[str, Content], set[str]]:
    """Contents that can be read and are what their digest says; and the digests of those that are not."""
    parts, broken = {}, set()
    for digest, document in documents.items():
        try:
            if digest_of(document) != digest:
                broken.add(digest)
            else:
                parts[digest] = read_content(document)
        except (SnapshotError, TypeError, ValueError, RecursionError):
            broken.add(digest)
    return parts, broken


def _checked(
    rows: tuple[SnapshotRow, ...],
    documents: Mapping[str, Any],
    rating: Mapping[str, Model],
    parts: Mapping[str, Content],
    scores: Mapping[int, Mapping[str, Score]],
    known: dict[str, tuple[Defect, ...]],
    broken: set[str],
) -> Iterator[tuple[SnapshotRow, Defect]]:
    before: SnapshotRow | None = None
    for row in rows:
        if before is not None and before.scope != row.scope:
            before = None
        document = documents.get(row.content)
        if document is None:
            yield row, Defect(Flaw.MISSING, f"its content {row.content[:12]} is not there")
        else:
            for defect in verify(row, document, rating, parts, before=before, known=known):
                yield row, defect
            if row.content in parts:
                yield from ((row, defect) for defect in _scores(parts[row.content], scores.get(row.id, {})))
            if row.content not in broken:
                yield from ((row, defect) for defect in _members(parts[row.content], rating, documents, parts, known))
        before = row


def _members(
    content: Content,
    rating: Mapping[str, Model],
    documents: Mapping[str, Any],
    parts: Mapping[str, Content],
    known: dict[str, tuple[Defect, ...]],
) -> Iterator[Defect]:
    """Of a group, its projects' contents: they are what its own result was made of."""
    wrong = []
    for number, digest in content.inputs.projects or ():
        if digest in parts:
            if digest not in known:
                known[digest] = check_content(documents[digest], rating, parts)
            if known[digest]:
                wrong.append(number)
    if wrong:
        yield Defect(Flaw.OTHER_RESULT, f"{len(wrong)} of its projects do not give their hash, as project {wrong[0]}")


def _scores(content: Content, scores: Mapping[str, Score]) -> Iterator[Defect]:
    said = {
        one.model_id: Score(one.model_id, one.score, one.known, one.practice, one.outcome, one.level)
        for one in content.results
    }
    if said != dict(scores):
        yield Defect(Flaw.CHANGED, "the scores that lists show are not those of its content")
