"""
Finds what asks a scanner to look away in a folder of units: ``python -m scanners.offline.suppressions FOLDER``.

Writes to standard output, as JSON, where each marker or entry stands, which tool it is for, how far it reaches, and
which rules it names. It imports the standard library only, since it runs beside the real scanners on every change.
"""

from __future__ import annotations

import json
import sys
from bisect import bisect_right
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from scanners.offline.comments import line_spans, syntax_of
from scanners.offline.ignore_files import READERS
from scanners.offline.markers import PROJECT, find
from scanners.units import decode, mark_of

MOST = 400
"""Suppressions of one file that are told one by one; the rest is one more, over all of their lines."""

_WIDE = "-wide"


class Suppression(NamedTuple):
    """Something that silences a tool, from ``start`` to ``end`` (exclusive)."""

    rule: str
    tool: str
    start: int
    end: int
    reach: str
    ids: tuple[str, ...] | None
    """The rules or advisories that it names; None for all, or where they cannot be told."""


def suppressions(name: str, text: str) -> list[Suppression]:
    """All of a unit's, ordered by place."""
    mark, suffix = mark_of(name)
    found: list[Suppression] = []
    reader = READERS.get(mark)
    if reader is not None:
        for entry in reader(text):
            rule = f"ignore-file-{entry.tool}{_WIDE if entry.wide else ''}"
            found.append(Suppression(rule, entry.tool, entry.start, entry.end, PROJECT, entry.ids))
    syntax = syntax_of(suffix)
    if syntax is not None:
        found += (Suppression(*marker) for marker in find(text, suffix, syntax))
    return sorted(found, key=lambda s: (s.start, s.rule, s.end))


def report(name: str, raw: bytes) -> Iterator[dict[str, object]]:
    """A unit's suppressions as the adapter reads them; lines and columns count from 1."""
    text = decode(raw)
    found = suppressions(name, text)
    if not found:
        return
    starts = [start for start, _ in line_spans(text)]

    def place(offset: int) -> tuple[int, int]:
        line = bisect_right(starts, offset)
        return line, offset - starts[line - 1] + 1

    for item in found[:MOST]:
        (line, column), (end_line, end_column) = place(item.start), place(item.end)
        yield {
            "unit": name,
            "rule": item.rule,
            "tool": item.tool,
            "reach": item.reach,
            "ids": item.ids,
            "line": line,
            "column": column,
            "end_line": end_line,
            "end_column": end_column,
        }
    if rest := found[MOST:]:
        yield {
            "unit": name,
            "rule": "many-suppressions",
            "line": place(rest[0].start)[0],
            "end_line": place(max(item.end for item in rest) - 1)[0],
        }


def main(folder: Path) -> None:
    """Read every file of ``folder`` and write the report to standard output."""
    scanned: list[str] = []
    results: list[dict[str, object]] = []
    errors: list[dict[str, str]] = []
    for path in sorted(folder.iterdir()):
        try:
            results += report(path.name, path.read_bytes())
        except Exception:
            errors.append({"unit": path.name})
            continue
        scanned.append(path.name)
    json.dump({"scanned": scanned, "results": results, "errors": errors}, sys.stdout)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
