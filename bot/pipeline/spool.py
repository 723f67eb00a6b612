"""
The findings of a large report: what identities are told by in memory, everything else in a file of this process.

A report may hold a hundred thousand findings, whole ones of which would take hundreds of megabytes.
"""

from __future__ import annotations

import hashlib
import marshal
import tempfile
from array import array
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath
from types import TracebackType
from typing import Any, TypeVar, cast

from bot.store.finding_rows import flat, unflat
from bot.store.findings import values_of
from scanners.evidence import flagged_code
from scanners.finding import Finding, Location
from scanners.fingerprint import digest, hashed, holds_secret
from scanners.normalize import clean_text
from scanners.redact import mask_line, mask_literals

_SNIPPET_LINES = 6
_SNIPPET_WIDTH = 240

T = TypeVar("T")


class Spool:
    """
    A ``bot.pipeline.tracking.FindingSet`` that is filled one by one. Use it as a context manager.

    Each finding gets its fingerprint here: rule, file and code, and of equal ones the order in the report.
    """

    def __init__(self, folder: Path) -> None:
        """``folder`` is where the file is; it has no name there, and is gone with the process."""
        self._file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115 - closed at the end of the block
        self._offsets = array("Q")
        self._sizes = array("L")
        self._light: list[Finding] = []
        self._contents: list[bytes] = []
        self._identities: list[bytes] = []
        self._shared: dict[object, object] = {}

    def __enter__(self) -> Spool:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _at: TracebackType | None
    ) -> None:
        self._file.close()

    def __len__(self) -> int:
        return len(self._light)

    def add(self, finding: Finding) -> None:
        """Keep one finding."""
        self._offsets.append(0)
        self._sizes.append(0)
        self._light.append(finding)
        self._contents.append(b"")
        self._keep(len(self._light) - 1, finding)

    def complete(self, sources: Iterable[tuple[PurePosixPath, Sequence[str]]]) -> None:
        """
        Take the evidence from the code itself, where it is at hand: files and their lines, in any order.

        Also gives a snippet to findings without one. Every literal is masked, since nobody looked for secrets there.
        """
        by_path: dict[PurePosixPath, list[int]] = {}
        for index, finding in enumerate(self._light):
            if finding.dependency is None:
                by_path.setdefault(finding.location.path, []).append(index)
        for path, lines in sources:
            for index in by_path.get(path, ()):
                where = self._light[index].location
                if where.start_line > len(lines):
                    continue  # a report about another state of the file
                finding = unflat(self._read(index))
                finding = hashed(finding, flagged_code(finding, lines), lines)
                if not finding.snippet:
                    finding = replace(finding, snippet=_snippet(finding, lines))
                self._keep(index, finding)

    @property
    def light(self) -> Sequence[Finding]:
        """See ``FindingSet``."""
        return self._light

    @property
    def contents(self) -> Sequence[bytes]:
        """See ``FindingSet``."""
        return self._contents

    def number_copies(self) -> None:
        """Fingerprint what has been added; to be called once, when all is in."""
        seen: Counter[bytes] = Counter()
        for finding in self._light:
            key = _identity(finding)
            self._identities.append(key + seen[key].to_bytes(4, "big"))
            seen[key] += 1

    def values(self, index: int) -> Mapping[str, Any]:
        """See ``FindingSet``."""
        return values_of({**self._read(index), "fingerprint": digest("import", self._identities[index].hex())})

    def _read(self, index: int) -> dict[str, Any]:
        self._file.seek(self._offsets[index])
        values: dict[str, Any] = marshal.loads(self._file.read(self._sizes[index]))  # noqa: S302 - what we wrote
        return values

    def _keep(self, index: int, finding: Finding) -> None:
        # Version 2 has no references to earlier objects, so that equal findings are equal bytes.
        raw = marshal.dumps(flat(finding), 2)
        self._offsets[index] = self._file.seek(0, 2)
        self._sizes[index] = len(raw)
        self._file.write(raw)
        self._light[index] = self._lighten(finding)
        self._contents[index] = hashlib.blake2b(raw, digest_size=16).digest()

    def _lighten(self, finding: Finding) -> Finding:
        """Without texts; what many findings share is one object."""
        where, share = finding.location, self._share
        return Finding(
            scanner=share(finding.scanner),
            rule_id=share(finding.rule_id),
            kind=finding.kind,
            severity=finding.severity,
            confidence=finding.confidence,
            title="",
            message="",
            location=Location(
                share(where.path), where.start_line, where.end_line, where.start_column, where.end_column
            ),
            cwes=share(finding.cwes),
            dependency=finding.dependency,
            match_hash=finding.match_hash,
            context_hash=finding.context_hash,
            earlier_hashes=finding.earlier_hashes,
            tool_fingerprints=finding.tool_fingerprints,
            attributions=share(finding.attributions),
        )

    def _share(self, value: T) -> T:
        return cast(T, self._shared.setdefault(value, value))


def _identity(finding: Finding) -> bytes:
    about = finding.dependency
    names = (
        (about.ecosystem, about.package, about.advisory_ids[:1])
        if about is not None
        else (finding.kind.value, finding.rule_id, finding.match_hash)
    )
    whole = repr((finding.scanner, str(finding.location.path), names))
    return hashlib.blake2b(whole.encode("utf-8", "surrogatepass"), digest_size=16).digest()


def _snippet(finding: Finding, lines: Sequence[str]) -> str:
    where = finding.location
    mask = mask_line if holds_secret(finding) else mask_literals
    chosen = lines[where.start_line - 1 : min(where.end_line, where.start_line + _SNIPPET_LINES - 1)]
    return "\n".join(clean_text(mask(line).replace("\t", "    "), _SNIPPET_WIDTH).replace("\n", " ") for line in chosen)
