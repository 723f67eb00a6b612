"""
Issues receipts: made of the stored scan and decision, signed, and kept.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import PurePosixPath

import structlog

from bot.domain.change import ChangeKind
from bot.domain.receipt import (
    Envelope,
    InvalidReceipt,
    Receipt,
    ReceiptFile,
    UnreadableReceipt,
    id_of,
    path_text,
    read_statement,
    receipt_of,
    same_but_for_the_time,
    statement_bytes,
)
from bot.domain.verdict import ScanReport
from bot.pipeline.git import Repository
from bot.pipeline.signing import signer
from bot.reports.json_report import tool_version
from bot.reports.visible import one_line
from bot.services import Services
from bot.settings import Settings
from bot.store import receipts
from bot.store.engine import session, write_session
from bot.store.receipts import StoredReceipt

log = structlog.get_logger(__name__)


def issue(
    services: Services,
    report: ScanReport,
    *,
    project_id: int,
    scan_id: str,
    at: datetime,
    decision_id: int | None = None,
    confirmed: frozenset[str] = frozenset(),
    enforcement: str | None = None,
) -> str:
    """
    The id of the receipt of this scan and its decision, which is signed and kept.

    ``at`` is when it was decided. Where the last receipt of the merge request says the same but for that, it stands.
    Raises ``SigningKeyError``, and ``ValueError`` for a scan of something without a commit.
    """
    receipt = receipt_of(
        report,
        project_id=project_id,
        scan_id=scan_id,
        at=at,
        version=tool_version(),
        decision_id=decision_id,
        confirmed=confirmed,
        enforcement=enforcement,
    )
    with session(services.store) as reading:
        last = receipts.latest(reading, project_id, receipt.merge_request)
    if last is not None and _says_the_same(last, receipt):
        return last.id
    payload = statement_bytes(receipt)
    envelope = signer(services.settings).sign(payload)
    made = StoredReceipt(id_of(payload), project_id, receipt.merge_request, scan_id, envelope.to_json(), at)
    with write_session(services.store) as writing:
        receipts.record(writing, made)
    return made.id


def receipt_url(settings: Settings, receipt_id: str) -> str | None:
    """The address of a receipt's page; None where nobody said under which address people reach us."""
    return f"{settings.public_url}/receipts/{receipt_id}.html" if settings.public_url is not None else None


def receipt_in(stored: StoredReceipt) -> Receipt:
    """What a stored receipt says. Raises ``InvalidReceipt`` and ``UnreadableReceipt`` when its row was damaged."""
    return read_statement(Envelope.from_json(stored.envelope).payload)


def _says_the_same(stored: StoredReceipt, receipt: Receipt) -> bool:
    try:
        return same_but_for_the_time(receipt_in(stored), receipt)
    except (InvalidReceipt, UnreadableReceipt):
        return False  # of an older release, or damaged: a new one is due


def differences(repository: Repository, receipt: Receipt) -> tuple[str, ...]:
    """
    Where a receipt says something else about the change than a repository: English, one line each; empty for nowhere.

    Names and contents of files are compared, not how a rename is told from a new file: releases of git differ in that.
    Raises ``GitError`` where the repository lacks one of the two commits.
    """
    change = receipt.change
    if receipt.base is None or not change.listed:
        return ("the receipt does not list the files of the change",)
    found = repository.changes(receipt.base, receipt.head, algorithm="histogram")
    actual = {path_text(path) for one in found for path in _places(one.kind, one.old_path, one.new_path)}
    stated = {path for file in change.files for path in _stated(file)}
    problems = [
        f"{_shown(path)} is in the receipt, and the change does not touch it" for path in sorted(stated - actual)
    ]
    missing = sorted(actual - stated)
    # What is left out of the list was counted, and a rename is two names.
    if len(missing) > 2 * change.omitted:
        problems += [f"{_shown(path)} is in the change, and not in the receipt" for path in missing]
    if len(change.files) + change.omitted != change.files_changed:
        problems.append(f"the receipt speaks of {change.files_changed} files, and lists or leaves out another number")
    present = [one.new_path for one in found if one.new_path is not None and path_text(one.new_path) in stated]
    blobs = {path_text(entry.path): entry.blob for entry in repository.tree(receipt.head, present)}
    problems += [
        f"{_shown(file.path)} has another content in the commit than in the receipt"
        for file in change.files
        if file.path in actual and file.blob != blobs.get(file.path)
    ]
    return tuple(problems)


def _stated(file: ReceiptFile) -> tuple[str, ...]:
    if file.change is ChangeKind.RENAMED and file.previous_path is not None:
        return file.path, file.previous_path
    return (file.path,)


def _places(kind: ChangeKind, old: PurePosixPath | None, new: PurePosixPath | None) -> Iterator[PurePosixPath]:
    """The paths at which something is another than before."""
    if new is not None:
        yield new
    if old is not None and (new is None or kind is ChangeKind.RENAMED):
        yield old


def _shown(path: str) -> str:
    return repr(one_line(path, 200))
