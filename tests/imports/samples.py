"""Reports made for one test: written to a file and read."""

from __future__ import annotations

import json
from pathlib import Path, PurePosixPath
from typing import Any

from scanners.imports import (
    Entry,
    ImportedFinding,
    ImportLimits,
    OpenedReport,
    PackageLicences,
    Rejected,
    open_report,
)


def opened(folder: Path, document: Any, *, prefix: str | None = None, **options: Any) -> OpenedReport:
    """A document (or bytes) as a report."""
    path = folder / "report"
    path.write_bytes(document if isinstance(document, bytes) else json.dumps(document).encode())
    return open_report(path, strip_prefix=PurePosixPath(prefix) if prefix else None, **options)


def entries(folder: Path, document: Any, **options: Any) -> list[Entry]:
    """All that a document says."""
    return list(opened(folder, document, **options).entries())


def one(folder: Path, document: Any, **options: Any) -> ImportedFinding:
    """The one finding of a document, whatever packages it names."""
    (entry,) = [e for e in entries(folder, document, **options) if not isinstance(e, PackageLicences)]
    assert isinstance(entry, ImportedFinding), entry
    return entry


def why(folder: Path, document: Any, **options: Any) -> str:
    """Why the one result of a document is rejected."""
    (entry,) = entries(folder, document, **options)
    assert isinstance(entry, Rejected), entry
    return entry.why


def sarif(*results: Any, name: str = "Tool", rules: Any = (), **run: Any) -> dict[str, Any]:
    """A log with one run."""
    driver = {"name": name, "rules": list(rules)}
    return {"version": "2.1.0", "runs": [{"tool": {"driver": driver}, "results": list(results), **run}]}


def result(uri: str = "src/a.py", line: Any = 3, *, base: str = "", **more: Any) -> dict[str, Any]:
    """A SARIF result."""
    artifact = {"uri": uri, **({"uriBaseId": base} if base else {})}
    location = {"physicalLocation": {"artifactLocation": artifact, "region": {"startLine": line}}}
    return {"ruleId": "R1", "message": {"text": "Something is wrong."}, "locations": [location], **more}


SMALL = ImportLimits(
    max_bytes=200_000, max_depth=20, max_findings=50, max_per_rule=30, max_rules=40, max_value_bytes=100_000
)
