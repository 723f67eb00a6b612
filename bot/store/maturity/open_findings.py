"""
Which findings count as open on a project's default branch: what a change that mends one of them takes away.
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import select, union_all
from sqlalchemy.orm import Session

from bot.domain.maturity.change_effect import OpenFinding
from bot.store.bulk import among
from bot.store.desk_tables import TriageItemRecord
from bot.store.maturity.stocks import open_on_default
from bot.store.statements import table
from bot.store.tables import FindingRecord
from bot.store.tracking import code_keys
from scanners.finding import Finding

_FINDING = table(FindingRecord)
_ITEM = table(TriageItemRecord)


def open_among(
    session: Session, project_id: int, numbers: Iterable[int], findings: Iterable[Finding]
) -> tuple[OpenFinding, ...]:
    """
    Those that are open on the project's default branch, of the findings with these numbers and of those that are as
    ``findings`` there; by number. One statement, none where nothing is asked.

    Severity and kind are those by which ``bot.store.maturity.stocks`` counts them.
    """
    # One without an identity could be any of those that have none either.
    ids, wanted = set(numbers), [finding for finding in findings if finding.fingerprint]
    keys = {key for finding in wanted for key in code_keys(finding)}
    if not ids and not keys:
        return ()
    columns = (_FINDING.c.id, _FINDING.c.fingerprint, _ITEM.c.severity, _ITEM.c.kind)
    mine = (_FINDING.c.project_id == project_id, open_on_default())
    joined = select(*columns).join(_ITEM, _ITEM.c.finding_id == _FINDING.c.id).where(*mine)
    # Apart, as each has an index of its own.
    query = union_all(
        joined.where(among(session, _FINDING.c.id, ids)), joined.where(among(session, _FINDING.c.code_key, keys))
    )
    names = {finding.fingerprint for finding in wanted}
    found = {
        number: OpenFinding(number, fingerprint, severity, kind)
        for number, fingerprint, severity, kind in session.execute(query)
        if number in ids or fingerprint in names
    }
    return tuple(found[number] for number in sorted(found))
