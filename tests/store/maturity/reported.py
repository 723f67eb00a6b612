"""Reports to deliver, without the work of making them."""

from __future__ import annotations

import itertools
from dataclasses import replace

from sqlalchemy import Engine, insert

from bot.domain.maturity.summary import Summary
from bot.store.engine import write_session
from bot.store.maturity import reports
from bot.store.maturity_tables import SnapshotContentRecord, SnapshotRecord
from bot.store.statements import table
from bot.texts import Language
from tests.reports.maturity.summary_samples import OCTOBER, group_summary

_NUMBERS = itertools.count(1)


def report(engine: Engine, language: Language = Language.ENGLISH) -> int:
    """A report of October, another one each time; returns its number."""
    return keep(engine, group_summary(language))


def keep(engine: Engine, summary: Summary) -> int:
    """Write a summary down with a snapshot behind it."""
    number = next(_NUMBERS)
    digest = f"{number:064x}"
    content, snapshot = table(SnapshotContentRecord), table(SnapshotRecord)
    with write_session(engine) as writing:
        writing.execute(insert(content).values(digest=digest, document={}))
        snapshot_id = writing.execute(
            insert(snapshot)
            .values(
                scope_key=digest,
                scope_kind=summary.scope.kind,
                scope=summary.scope.key,
                project_id=summary.scope.project_id,
                period_kind=OCTOBER.kind,
                first_day=OCTOBER.first,
                last_day=OCTOBER.last,
                revision=1,
                content=digest,
                previous="",
                digest=digest,
                taken_at=summary.made_at,
            )
            .returning(snapshot.c.id)
        ).scalar_one()
        mark = replace(summary.snapshot, id=snapshot_id, digest=digest, content=digest)
        return reports.keep(writing, replace(summary, snapshot=mark)).id
