"""Bandit's own JSON: read with our adapter, so that severities and words are those of our own scans."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any, ClassVar

from rules import catalog
from scanners.adapters.bandit import finding_from
from scanners.finding import Finding, FindingKind
from scanners.imports import common
from scanners.imports.common import inner, word
from scanners.imports.document import Place, Reader
from scanners.imports.model import Entry, ImportedTool, ImportLimits, Rejected
from scanners.imports.paths import Paths, Refused
from scanners.interface import ScannerError

_NUMBERED = re.compile(r"(\d+) ?(.*)")


class BanditJson(Reader):
    """``bandit -f json``. The report does not tell the version."""

    name: ClassVar[str] = "bandit"
    results: ClassVar[str] = "results.item"
    places: ClassVar[Mapping[str, Place]] = {
        "": Place(shape="object", required=True),
        "results": Place(shape="list", required=True),
        "results.item": Place(counts=True),
        "results.item.test_id": Place(names_rule=True),
        "errors": Place(shape="list", required=True),
        "errors.item": Place(part=True),
    }

    def __init__(self, limits: ImportLimits, strip_prefix: PurePosixPath | None) -> None:
        super().__init__(limits, strip_prefix)
        self._unread: list[str] = []

    def part(self, prefix: str, value: Any) -> None:
        """See ``Reader``."""
        file = inner(value, "filename")
        self._unread.append(file if isinstance(file, str) else "")

    def tools(self) -> tuple[ImportedTool, ...]:
        """See ``Reader``."""
        return (ImportedTool("bandit", "", "", FindingKind.SAST, True, "", 0, None),)

    def entries(self, values: Iterator[Any]) -> Iterator[Entry]:
        """See ``Reader``."""
        paths = Paths(self.strip_prefix)
        for index, value in enumerate(values):
            try:
                entry = _entry(value, paths)
            except (Refused, ScannerError) as error:
                yield common.rejected(f"results[{index}]", error, 0)
                continue
            if entry is not None:
                yield entry
        for index, file in enumerate(self._unread):
            yield unread(f"errors[{index}]", "bandit", file, paths)


def unread(where: str, tool: str, file: str, paths: Paths) -> Rejected:
    """The entry for a file that a tool says it could not read."""
    try:
        path = paths.of_path(file) if file else None
    except Refused:
        path = None
    return Rejected(where, f"{tool} could not read {word(str(path), 200) if path else 'a file'}", path, 0)


def _entry(value: Any, paths: Paths) -> Entry | None:
    if not isinstance(value, dict):
        raise Refused("is not an object")
    file = value.get("filename")
    if not isinstance(file, str) or not file:
        raise Refused("names no file")
    finding = finding_from(value, paths.of_path(file))
    if finding is None:
        return None
    known = catalog.rule_text("bandit", finding.rule_id, "en") is not None
    secret = common.about_secrets(finding.kind, finding.cwes, finding.rule_id, finding.title)
    return common.imported(
        0, "", common.judged_as(finding, ours=known, secret=secret), finding.location, **_code(value, finding)
    )


def _code(value: Mapping[str, Any], finding: Finding) -> dict[str, Any]:
    """The flagged lines of ``code``, which is a few lines around the flagged ones, each with its number."""
    text = value.get("code")
    where = finding.location
    lines = {}
    for line in text[:50_000].split("\n") if isinstance(text, str) else ():
        if match := _NUMBERED.fullmatch(line):
            lines[match[1]] = match[2]
    wanted = [
        lines.get(str(number)) for number in range(where.start_line, min(where.end_line, where.start_line + 39) + 1)
    ]
    if any(line is None for line in wanted):
        return {}
    return {"code": "\n".join(line or "" for line in wanted), "whole_lines": True}
