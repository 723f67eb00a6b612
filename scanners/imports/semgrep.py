"""Semgrep's own JSON. Results of our own rules get our words; of other rules, theirs, without the code they quote."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any, ClassVar

from scanners.adapters.semgrep import location_from, words_from
from scanners.finding import FindingKind
from scanners.imports import common
from scanners.imports.bandit import unread
from scanners.imports.common import inner, mapped, word
from scanners.imports.document import FirstUse, Place, Reader
from scanners.imports.model import (
    Entry,
    ImportedTool,
    ImportLimits,
    ReportedSuppression,
    SuppressionKind,
    SuppressionStatus,
)
from scanners.imports.paths import Paths, Refused
from scanners.interface import ScannerError
from scanners.normalize import web_addresses


class SemgrepJson(Reader):
    """``semgrep scan --json``."""

    name: ClassVar[str] = "semgrep"
    results: ClassVar[str] = "results.item"
    places: ClassVar[Mapping[str, Place]] = {
        "": Place(shape="object", required=True),
        "version": Place(part=True),
        "results": Place(shape="list", required=True),
        "results.item": Place(counts=True),
        "results.item.check_id": Place(names_rule=True),
        "errors": Place(shape="list", required=True),
        "errors.item": Place(part=True),
    }

    def __init__(self, limits: ImportLimits, strip_prefix: PurePosixPath | None) -> None:
        super().__init__(limits, strip_prefix)
        self._version = ""
        self._unread: list[str] = []
        self._failed = False

    def part(self, prefix: str, value: Any) -> None:
        """See ``Reader``."""
        if prefix == "version":
            self._version = word(value, 50)
        elif isinstance(inner(value, "path"), str):
            self._unread.append(value["path"])
        elif inner(value, "level") != "warn":
            # Without a file it is about the rules or the engine, so that nothing can be trusted.
            self._failed = True

    def tools(self) -> tuple[ImportedTool, ...]:
        """See ``Reader``."""
        reason = "semgrep reports an error that is about no single file" if self._failed else ""
        return (ImportedTool("semgrep", self._version, "", FindingKind.SAST, not reason, reason, 0, None),)

    def entries(self, values: Iterator[Any]) -> Iterator[Entry]:
        """See ``Reader``."""
        paths, claims = Paths(self.strip_prefix), FirstUse()
        for index, value in enumerate(values):
            try:
                entry = self._entry(value, paths, claims)
            except (Refused, ScannerError) as error:
                yield common.rejected(f"results[{index}]", error, 0)
                continue
            if entry is not None:
                yield entry
        for index, file in enumerate(self._unread):
            yield unread(f"errors[{index}]", "semgrep", file, paths)

    def _entry(self, value: Any, paths: Paths, claims: FirstUse) -> Entry | None:
        if not isinstance(value, dict):
            raise Refused("is not an object")
        file = value.get("path")
        if not isinstance(file, str) or not file:
            raise Refused("names no file")
        rule_id = common.our_rule_id("semgrep", value.get("check_id"))
        location = location_from(value, paths.of_path(file))
        extra = mapped(value.get("extra"))
        fingerprint = "".join(common.strings(extra.get("fingerprint")))
        if fingerprint not in ("", common.NOT_LOGGED_IN) and not claims.claim(
            fingerprint, f"{rule_id}\0{location.path}"
        ):
            raise Refused(f"fingerprint {word(fingerprint, 50)} was already used for another rule or file")
        owasp = common.owasp_of(common.strings(inner(extra, "metadata", "owasp")))
        words = words_from(value, rule_id.rpartition(".")[2])  # the last part of an id is its name, the others a path
        rule = common.judged("semgrep", rule_id, FindingKind.SAST, words, owasp)
        if rule is None:
            return None
        lines, message = extra.get("lines"), extra.get("message")
        code = lines[:20_000] if isinstance(lines, str) and lines != common.NOT_LOGGED_IN else ""
        references = common.strings(inner(extra, "metadata", "references"))
        nosem = ReportedSuppression(SuppressionKind.IN_SOURCE, SuppressionStatus.ACCEPTED, "nosemgrep comment")
        return common.imported(
            0,
            self._version,
            rule,
            location,
            message=message if isinstance(message, str) else "",
            code=code,
            whole_lines=True,
            fingerprints=common.tool_fingerprints([("matchBasedId/v1", fingerprint)]),
            suppressed=[nosem] if extra.get("is_ignored") is True else [],
            changes={} if rule.ours else {"references": web_addresses(references)},
        )
