"""
The advisories that a dependency scanner looks up: OSV documents, imported from files, never fetched.

Each document is stored whole or not at all. An import commits in portions, so that it never keeps other writers
waiting, and each portion moves the revision, so that a cached result never outlives the data it was made from.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, delete, func, insert, select
from sqlalchemy.orm import Session

from bot.store.archive import AdvisoryImportError, ArchiveLimits, Entry, open_archive
from bot.store.engine import session, write_session
from bot.store.osv import Advisory, RejectedAdvisoryError, normalised, read_advisory
from bot.store.statements import chunks, insert_into, table
from bot.store.tables import AdvisoryAliasRecord, AdvisoryPackageRecord, AdvisoryRecord, AdvisoryStateRecord

__all__ = ["AdvisoryImportError", "ArchiveLimits", "ImportReport", "StoredAdvisories", "import_archive"]

_ADVISORY = table(AdvisoryRecord)
_PACKAGE = table(AdvisoryPackageRecord)
_ALIAS = table(AdvisoryAliasRecord)
_STATE = table(AdvisoryStateRecord)

_PORTION = 500
_NAMES_AT_ONCE = 10_000


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import did, in documents."""

    new: int
    changed: int
    unchanged: int
    """Equal to what was there, or older than it (then the newer one stays)."""
    withdrawn: int
    """Of the three above, those that say they were withdrawn; they are kept and never matched."""
    rejected: tuple[tuple[str, str], ...]
    """Name in the archive and reason, both safe to print."""


def import_archive(
    engine: Engine,
    path: Path,
    *,
    progress: Callable[[int, int], None] | None = None,
    limits: ArchiveLimits | None = None,
    now: datetime | None = None,
) -> ImportReport:
    """
    Import OSV documents from a zip, a folder or one ``.json`` file.

    ``progress(done, total)`` is called after each portion. What cannot be used is listed in ``rejected`` and the rest
    is stored; importing the same again changes nothing. Documents that an archive lacks stay, since it may be a part.
    Raises ``AdvisoryImportError`` when the file as a whole cannot be read or exceeds ``limits``.
    """
    total, entries = open_archive(path, limits or ArchiveLimits())
    tally = _Tally()
    moment = now or datetime.now(UTC)
    done = 0
    for portion in _portions(entries):
        advisories = list(_readable(portion, tally, moment))
        # Of one id twice in a portion the newer counts, as if they had come one after the other.
        newest: dict[str, Advisory] = {}
        for advisory in advisories:
            known = newest.get(advisory.id)
            if known is None or advisory.modified >= known.modified:
                newest[advisory.id] = advisory
        tally.unchanged += len(advisories) - len(newest)
        tally.withdrawn += sum(advisory.withdrawn is not None for advisory in advisories)
        if newest:
            _store(engine, [newest[name] for name in sorted(newest)], tally)
        done += len(portion)
        if progress is not None:
            progress(done, total)
    return ImportReport(tally.new, tally.changed, tally.unchanged, tally.withdrawn, tuple(tally.rejected))


class StoredAdvisories:
    """``scanners.interface.AdvisorySource`` over what was imported."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def revision(self) -> str:
        """Digest of all documents: equal wherever the same ones are stored. Empty when there are none."""
        with session(self._engine) as opened:
            row = opened.execute(select(_STATE)).one_or_none()
        return "" if row is None or row.documents == 0 else str(row.total)

    def newest(self) -> date | None:
        """Date on which the newest document was last modified."""
        with session(self._engine) as opened:
            moment: datetime | None = opened.scalar(select(func.max(_ADVISORY.c.modified)))
        return None if moment is None else moment.date()

    def count(self) -> int:
        """How many documents there are."""
        with session(self._engine) as opened:
            return int(opened.scalar(select(func.coalesce(func.max(_STATE.c.documents), 0))) or 0)

    def advisories_for(self, ecosystem: str, packages: Sequence[str]) -> list[dict[str, object]]:
        """
        OSV documents that name any of these packages, each once, by id, without withdrawn ones.

        One query (per 10,000 names).
        """
        names = sorted({normalised(ecosystem, package) for package in packages})
        found: dict[str, dict[str, object]] = {}
        for chunk in chunks(names, _NAMES_AT_ONCE):
            ids = select(_PACKAGE.c.advisory_id).where(_PACKAGE.c.ecosystem == ecosystem, _PACKAGE.c.package.in_(chunk))
            with session(self._engine) as opened:
                rows = opened.execute(
                    select(_ADVISORY.c.id, _ADVISORY.c.document).where(
                        _ADVISORY.c.id.in_(ids), _ADVISORY.c.withdrawn.is_(None)
                    )
                )
                found |= {row.id: row.document for row in rows}
        return [found[name] for name in sorted(found)]


@dataclass(slots=True)
class _Tally:
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    withdrawn: int = 0
    rejected: list[tuple[str, str]] = field(default_factory=list)


def _portions(entries: Iterator[Entry]) -> Iterator[list[Entry]]:
    portion: list[Entry] = []
    size = 0
    for entry in entries:
        portion.append(entry)
        size += len(entry.raw)
        # By bytes as well, so that large documents do not add up in memory.
        if len(portion) == _PORTION or size > 32 * 1024 * 1024:
            yield portion
            portion, size = [], 0
    if portion:
        yield portion


def _readable(portion: list[Entry], tally: _Tally, now: datetime) -> Iterator[Advisory]:
    for entry in portion:
        if entry.refused:
            tally.rejected.append((entry.name, entry.refused))
            continue
        try:
            yield read_advisory(entry.raw, now=now)
        except RejectedAdvisoryError as error:
            tally.rejected.append((entry.name, str(error)))


def _store(engine: Engine, advisories: list[Advisory], tally: _Tally) -> None:
    with write_session(engine) as opened:
        total, documents = _lock_state(opened)
        stored = {
            row.id: row
            for row in opened.execute(
                select(_ADVISORY.c.id, _ADVISORY.c.digest, _ADVISORY.c.modified).where(
                    _ADVISORY.c.id.in_([advisory.id for advisory in advisories])
                )
            )
        }
        new = [advisory for advisory in advisories if advisory.id not in stored]
        changed = [
            advisory
            for advisory in advisories
            if advisory.id in stored
            and bytes(stored[advisory.id].digest) != advisory.digest
            and advisory.modified >= stored[advisory.id].modified
        ]
        if new or changed:
            replaced = [advisory.id for advisory in changed]
            for dependent in (_PACKAGE, _ALIAS):
                opened.execute(delete(dependent).where(dependent.c.advisory_id.in_(replaced)))
            opened.execute(delete(_ADVISORY).where(_ADVISORY.c.id.in_(replaced)))
            _insert(opened, new + changed)
            total -= sum(int.from_bytes(bytes(stored[name].digest), "big") for name in replaced)
            total += sum(int.from_bytes(advisory.digest, "big") for advisory in new + changed)
            opened.execute(_STATE.update().values(total=f"{total % 2**256:064x}", documents=documents + len(new)))
    tally.new += len(new)
    tally.changed += len(changed)
    tally.unchanged += len(advisories) - len(new) - len(changed)


def _lock_state(opened: Session) -> tuple[int, int]:
    """Make importers take turns; the sum of all digests and the number of documents."""
    empty = insert_into(opened, _STATE).values(id=1, total="0" * 64, documents=0)
    opened.execute(empty.on_conflict_do_nothing(index_elements=["id"]))
    row = opened.execute(select(_STATE).where(_STATE.c.id == 1).with_for_update()).one()
    return int(row.total, 16), row.documents


def _insert(opened: Session, advisories: list[Advisory]) -> None:
    connection = opened.connection()
    rows: list[dict[str, Any]] = [
        {
            "id": advisory.id,
            "digest": advisory.digest,
            "modified": advisory.modified,
            "published": advisory.published,
            "withdrawn": advisory.withdrawn,
            "summary": advisory.summary,
            "document": advisory.document,
        }
        for advisory in advisories
    ]
    connection.execute(insert(_ADVISORY), rows)
    packages = [
        {"ecosystem": ecosystem, "package": package, "advisory_id": advisory.id}
        for advisory in advisories
        for ecosystem, package in advisory.packages
    ]
    aliases = [{"alias": alias, "advisory_id": advisory.id} for advisory in advisories for alias in advisory.aliases]
    if packages:
        connection.execute(insert(_PACKAGE), packages)
    if aliases:
        connection.execute(insert(_ALIAS), aliases)
