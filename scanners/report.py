"""What all adapters need to read a report that may be anything."""

from __future__ import annotations

import importlib.metadata
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from scanners import reasons
from scanners.interface import MalformedReport, ScannerAbsent
from scanners.normalize import clean_text

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


@contextmanager
def absent_if_missing(scanner: str) -> Iterator[None]:
    """Turns a package that is not installed into ``ScannerAbsent``."""
    try:
        yield
    except importlib.metadata.PackageNotFoundError as error:
        raise ScannerAbsent(reasons.NOT_INSTALLED.format(scanner=scanner)) from error
