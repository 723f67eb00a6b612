"""
VEX statements: OpenVEX 0.2.0, and what CycloneDX's ``analysis`` says.

https://github.com/openvex/spec/blob/main/OPENVEX-SPEC.md
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import PurePosixPath
from typing import Any, ClassVar

from scanners.imports import common
from scanners.imports.common import inner, listed, word
from scanners.imports.document import Place, Reader
from scanners.imports.model import Entry, ImportedTool, ImportLimits, ReportError, Statement, VexStatus
from scanners.imports.paths import Refused
from scanners.normalize import clean_text

_CONTEXTS = frozenset({"https://openvex.dev/ns", "https://openvex.dev/ns/v0.2.0"})
_JUSTIFICATIONS = frozenset(
    {
        "component_not_present",
        "vulnerable_code_not_present",
        "vulnerable_code_not_in_execute_path",
        "vulnerable_code_cannot_be_controlled_by_adversary",
        "inline_mitigations_already_exist",
    }
)
_PRODUCTS_LIMIT = 1000


def moment(value: Any) -> datetime | None:
    """A time in UTC out of RFC 3339 text; None for anything else and for a time without a zone."""
    if not isinstance(value, str) or len(value) > 40:
        return None
    try:
        return datetime.fromisoformat(value).astimezone(UTC) if _has_zone(value) else None
    except (ValueError, OverflowError):
        return None


def _has_zone(value: str) -> bool:
    return datetime.fromisoformat(value).tzinfo is not None


class OpenVex(Reader):
    """Statements only: no tool speaks and nothing is a finding."""

    name: ClassVar[str] = "openvex"
    results: ClassVar[str] = "statements.item"
    places: ClassVar[Mapping[str, Place]] = {
        "": Place(shape="object", required=True),
        "@context": Place(part=True, shape="text", required=True),
        "author": Place(part=True, shape="text", required=True),
        "timestamp": Place(part=True, shape="text"),
        "statements": Place(shape="list", required=True),
        "statements.item": Place(counts=True),
    }

    def __init__(self, limits: ImportLimits, strip_prefix: PurePosixPath | None) -> None:
        super().__init__(limits, strip_prefix)
        self._author = ""
        self._at: datetime | None = None

    def part(self, prefix: str, value: Any) -> None:
        """See ``Reader``."""
        if prefix == "@context" and value not in _CONTEXTS:
            raise ReportError(f"OpenVEX context {word(value, 60)} is not read", "write OpenVEX 0.2.0")
        if prefix == "author":
            self._author = word(value, 200)
        elif prefix == "timestamp":
            self._at = moment(value)

    def tools(self) -> tuple[ImportedTool, ...]:
        """See ``Reader``."""
        return ()

    def entries(self, values: Iterator[Any]) -> Iterator[Entry]:
        """See ``Reader``."""
        for index, value in enumerate(values):
            try:
                yield self._statement(value)
            except Refused as error:
                yield common.rejected(f"statements[{index}]", error)

    def _statement(self, value: Any) -> Statement:
        vulnerability = inner(value, "vulnerability")
        ids = [word(inner(vulnerability, "name"))]
        ids += [word(alias) for alias in listed(inner(vulnerability, "aliases"))[:20]]
        ids = [text for text in dict.fromkeys(ids) if text]
        if not ids:
            raise Refused("names no vulnerability")
        try:
            status = VexStatus(inner(value, "status"))
        except ValueError:
            raise Refused("has no status that OpenVEX knows") from None
        justification = word(inner(value, "justification"))
        if justification and justification not in _JUSTIFICATIONS:
            raise Refused("has a justification that OpenVEX does not know")
        texts = [inner(value, key) for key in ("impact_statement", "action_statement", "status_notes")]
        if status is VexStatus.NOT_AFFECTED and not justification and not texts[0]:
            raise Refused("says not_affected without a justification or an impact_statement")
        products = _products(listed(inner(value, "products")))
        if not products:
            raise Refused("names no product by package URL")
        at = moment(inner(value, "last_updated")) or moment(inner(value, "timestamp")) or self._at
        text = clean_text("\n".join(t for t in texts if isinstance(t, str) and t))
        return Statement(tuple(ids), products, status, justification, text, self._author, at)


def _products(products: list[Any]) -> tuple[str, ...]:
    """Package URLs of the vulnerable packages: the subcomponents where there are some, else the product itself."""
    found = []
    for product in products[:_PRODUCTS_LIMIT]:
        parts = listed(inner(product, "subcomponents"))[:_PRODUCTS_LIMIT] or [product]
        found += [inner(part, "identifiers", "purl") or inner(part, "@id") for part in parts]
    return packages(found)


def packages(values: list[Any]) -> tuple[str, ...]:
    """Those of the values that are package URLs, cleaned, without repetition."""
    found = [text for text in values if isinstance(text, str) and common.dependency_of(text) is not None]
    return tuple(dict.fromkeys(word(text, 1000) for text in found))[:_PRODUCTS_LIMIT]
