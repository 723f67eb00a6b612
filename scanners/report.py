"""What all adapters need to read a report that may be anything."""

from __future__ import annotations

import importlib.metadata
import json
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import PurePosixPath
from typing import Any

from scanners import reasons
from scanners.interface import Gap, GapReason, MalformedReport, ScannerAbsent, ScanTarget
from scanners.normalize import clean_text, unit_names, unit_path

REPORT_LIMIT = 64 * 1024 * 1024
"""Bytes. A larger report is not read."""


def load_object(raw: bytes, scanner: str) -> dict[str, Any]:
    """The report as a JSON object. Raises ``MalformedReport`` for everything else."""
    if not raw.strip():
        raise MalformedReport(reasons.EMPTY_REPORT.format(scanner=scanner))
    if len(raw) > REPORT_LIMIT:
        raise MalformedReport(reasons.LARGE_REPORT.format(scanner=scanner, count=REPORT_LIMIT // 2**20))
    try:
        # Semgrep repeats bytes of the scanned file that are no UTF-8.
        document = json.loads(raw.decode("utf-8", "replace"))
    # RecursionError: a report of a million brackets.
    except (ValueError, RecursionError) as error:
        raise MalformedReport(reasons.NOT_JSON.format(scanner=scanner)) from error
    if not isinstance(document, dict):
        raise MalformedReport(reasons.NOT_AN_OBJECT.format(scanner=scanner))
    return document


def entries(document: Mapping[str, Any], key: str, scanner: str) -> list[Mapping[str, Any]]:
    """The list of objects under ``key``. Raises ``MalformedReport`` when there is none."""
    found = document.get(key)
    if not isinstance(found, list) or not all(isinstance(entry, dict) for entry in found):
        raise MalformedReport(reasons.NO_LIST.format(scanner=scanner, key=key))
    return found


def text_of(value: object, limit: int = 2000) -> str:
    """Cleaned text, or nothing when it is no text."""
    return clean_text(value, limit)


def not_named(
    target: ScanTarget, seen: Collection[str], told: Collection[PurePosixPath], scanner: str
) -> dict[PurePosixPath, Gap]:
    """A gap for each unit that the tool neither says to have read (``seen``) nor complains about (``told``)."""
    return {
        PurePosixPath(unit.name): _gap(PurePosixPath(unit.name), reasons.DID_NOT_READ, scanner)
        for unit in target.units
        if unit.name not in seen and PurePosixPath(unit.name) not in told
    }


def gaps_of_child(report: Mapping[str, Any], target: ScanTarget, scanner: str) -> dict[PurePosixPath, Gap]:
    """
    What a child of ours left out: its ``errors``, and whatever is not in the list ``scanned``.

    Raises ``MalformedReport`` where one of them is missing.
    """
    names = unit_names(target)
    failed = (unit_path(entry.get("unit"), names) for entry in entries(report, "errors", scanner))
    gaps = {path: _gap(path, reasons.FAILED_ON_FILE, scanner) for path in failed}
    scanned = report.get("scanned")
    if not isinstance(scanned, list):
        raise MalformedReport(reasons.FILES_NOT_NAMED.format(scanner=scanner))
    return gaps | not_named(target, {str(name) for name in scanned}, gaps, scanner)


def _gap(path: PurePosixPath, reason: str, scanner: str) -> Gap:
    return Gap(path, GapReason.SCANNER_ERROR, reason.format(scanner=scanner))


@contextmanager
def absent_if_missing(scanner: str) -> Iterator[None]:
    """Turns a package that is not installed into ``ScannerAbsent``."""
    try:
        yield
    except importlib.metadata.PackageNotFoundError as error:
        raise ScannerAbsent(reasons.NOT_INSTALLED.format(scanner=scanner)) from error
