"""
pip-audit's own JSON. It names no file, so that its findings are about the project as a whole.

The report carries no rating: every finding is high, as it is in our own scans where an advisory has none.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from packaging.utils import canonicalize_name

from scanners.adapters.pip_audit import finding_from
from scanners.finding import FindingKind
from scanners.imports import common
from scanners.imports.common import listed, word
from scanners.imports.document import Place, Reader
from scanners.imports.model import PROJECT, Entry, ImportedTool, Rejected
from scanners.interface import ScannerError
from scanners.requirement import Pin


class PipAuditJson(Reader):
    """``pip-audit -f json``. The report does not tell the version."""

    name: ClassVar[str] = "pip-audit"
    results: ClassVar[str] = "dependencies.item"
    places: ClassVar[Mapping[str, Place]] = {
        "": Place(shape="object", required=True),
        "dependencies": Place(shape="list", required=True),
        "dependencies.item": Place(counts=True),
        "dependencies.item.vulns": Place(shape="list"),
        "dependencies.item.vulns.item": Place(counts=True),
        "dependencies.item.vulns.item.id": Place(names_rule=True),
    }

    def tools(self) -> tuple[ImportedTool, ...]:
        """See ``Reader``."""
        return (ImportedTool("pip-audit", "", "", FindingKind.DEPENDENCY, True, "", 0, None),)

    def entries(self, values: Iterator[Any]) -> Iterator[Entry]:
        """See ``Reader``."""
        for index, value in enumerate(values):
            yield from _entries(value, f"dependencies[{index}]")


def _entries(value: Any, where: str) -> Iterator[Entry]:
    if not isinstance(value, dict) or not isinstance(value.get("name"), str):
        yield Rejected(where, "names no package", tool=0)
        return
    name = str(canonicalize_name(word(value["name"], 200)))
    version, found = value.get("version"), value.get("vulns")
    if not isinstance(version, str) or not isinstance(found, list):
        reason = word(value.get("skip_reason"), 200)
        yield Rejected(where, f"{name} was not looked up{': ' + reason if reason else ''}", tool=0)
        return
    for number, vulnerability in enumerate(listed(found)):
        at = f"{where}.vulns[{number}]"
        if not isinstance(vulnerability, dict):
            yield Rejected(at, "is not an object", tool=0)
            continue
        try:
            finding = finding_from(vulnerability, Pin(1, name, word(version)), PROJECT, _no_advisory)
        except ScannerError as error:
            yield common.rejected(at, error, 0)
            continue
        rule = common.judged_as(finding, ours=False, secret=False)
        yield common.imported(0, "", rule, finding.location, about=finding.dependency)


def _no_advisory(_: object) -> Mapping[str, Any]:
    return {}
