"""Stand-ins that we wrote, and samples of code with known weaknesses."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from pathlib import Path, PurePosixPath
from typing import ClassVar

from scanners.finding import Confidence, Finding, FindingKind, Location, Severity
from scanners.interface import Gap, GapReason, MalformedReport, ScanFile, Scanner, ScannerReport, ScanTarget, Unit
from scanners.secrets.checks import crc32_base62

# Put together here, so that no scanner of this repository takes them for real.
_BODY = "R4nd0mQ7zL2mX9vB1kT8" + "sW3yH6dN5c"
PLANTED_TOKEN = f"ghp_{_BODY}{crc32_base62(_BODY)}"
PLANTED_PASSWORD = "Tr0ub4dor" + "-9xKq-Zebra"
PLANTED_SECRETS = (PLANTED_TOKEN, PLANTED_PASSWORD)

PYTHON = f"""\
import hashlib
import pickle
import subprocess


def run(command):
    subprocess.call(command, shell=True)  # nosec
    subprocess.call(command, shell=True)  # nosemgrep
    return eval(command)


def digest(data):
    return hashlib.md5(data).hexdigest()


password = "{PLANTED_PASSWORD}"  # pragma: allowlist secret
connect(run("{PLANTED_PASSWORD}"), eval("{PLANTED_TOKEN}"))
eval("{PLANTED_PASSWORD}")
"""
BROKEN_PYTHON = "def broken(:\n    x = = 1\neval(y)\n"
JAVASCRIPT = "function f(x) {\n  return eval(x); // nosemgrep\n}\n"
NOTES = f"token = {PLANTED_TOKEN}\naws = AKIAIOSFODNN7EXAMPLE\npassword = changeme\n"
REQUIREMENTS = "# web\ndjango==3.2.0\nrequests>=2\n-e ./local\nflask @ https://example.com/flask.whl\nhttpx==1.0\n"
SAMPLES = {
    "000000.py": PYTHON.encode(),
    "000001.py": BROKEN_PYTHON.encode(),
    "000002.js": JAVASCRIPT.encode(),
    "000003.txt": NOTES.encode(),
    "000004.requirements.txt": REQUIREMENTS.encode(),
    "000005.requirements.txt": b"django==5.0\n",
    "000006.py": b"x = '\xff\xfe'\neval(x)\n",
}

ADVISORY: dict[str, object] = {
    "id": "PYSEC-2099-1",
    "aliases": ["CVE-2099-0001"],
    "summary": "Django lets everybody in",
    "details": "Don't use it.\nReally.",
    "severity": [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}],
    "references": [{"type": "WEB", "url": "https://example.com/advisory"}],
    "affected": [
        {
            "package": {"ecosystem": "PyPI", "name": "Django"},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "3.2.25"}]}],
        }
    ],
}


class FakeAdvisories:
    """Advisories in memory."""

    def __init__(self, *documents: dict[str, object], revision: str = "r1") -> None:
        self._documents = list(documents)
        self._revision = revision

    def revision(self) -> str:
        return self._revision

    def newest(self) -> date | None:
        return date(2026, 1, 2)

    def advisories_for(self, ecosystem: str, packages: Sequence[str]) -> list[dict[str, object]]:
        return self._documents


class FakeCache:
    """A cache in memory that counts."""

    def __init__(self) -> None:
        self.entries: dict[str, bytes] = {}
        self.hits = 0

    def get_many(self, keys: Sequence[str]) -> Mapping[str, bytes]:
        found = {key: self.entries[key] for key in keys if key in self.entries}
        self.hits += len(found)
        return found

    def put_many(self, entries: Mapping[str, bytes]) -> None:
        self.entries.update(entries)


class FakeScanner(Scanner):
    """
    Runs a small program of ours: it prints the names of the files that it sees, one per line.

    A file whose first line is ``crash`` makes it fail, ``hang`` makes it sleep, and ``flag`` is a finding.
    """

    name: ClassVar[str] = "fake"
    kind: ClassVar[FindingKind] = FindingKind.SAST
    program: ClassVar[str] = """
import os, time
found = []
for name in sorted(os.listdir()):
    word = open(name, encoding='utf-8').read().split('\\n')[0]
    if word == 'crash': os.abort()
    if word == 'hang': time.sleep(60)
    found.append(name + ' ' + word)
print('\\n'.join(found) + '\\nend')
"""

    def __init__(self, version: str = "1", digest: str = "d", suffix: str = ".py") -> None:
        self._version = version
        self._digest = digest
        self._suffix = suffix
        self.parsed: list[int] = []

    def version(self) -> str:
        return self._version

    def rules_digest(self) -> str:
        return self._digest

    def applies_to(self, unit: Unit) -> bool:
        return unit.name.endswith(self._suffix)

    def command(self, target: ScanTarget, report: Path) -> list[str]:
        # The programs need nothing that is installed, and looking for that takes three times as long as they do.
        return [sys.executable, "-I", "-S", "-c", self.program]

    def parse(self, raw: bytes, target: ScanTarget) -> ScannerReport:
        self.parsed.append(len(target.units))
        lines = raw.decode().split("\n")
        if "end" not in lines:
            raise MalformedReport("fake wrote half a report")
        findings = tuple(sast(path=line.split(" ")[0], scanner=self.name) for line in lines if line.endswith(" flag"))
        gaps = tuple(
            Gap(PurePosixPath(line.split(" ")[0]), GapReason.PARSE_ERROR, "odd")
            for line in lines
            if line.endswith(" odd")
        )
        return ScannerReport(findings, gaps)


def sast(
    path: str = "a.py",
    line: int = 1,
    *,
    scanner: str = "semgrep",
    rule_id: str = "made-up-rule",
    cwes: tuple[int, ...] = (89,),
    kind: FindingKind = FindingKind.SAST,
    severity: Severity = Severity.MEDIUM,
    end_line: int | None = None,
) -> Finding:
    """A finding with the given place and cause."""
    return Finding(
        scanner=scanner,
        rule_id=rule_id,
        kind=kind,
        severity=severity,
        confidence=Confidence.MEDIUM,
        title="A title",
        message="A message",
        location=Location(PurePosixPath(path), line, end_line or line),
        cwes=cwes,
    )


def write_units(root: Path, contents: Mapping[str, bytes]) -> tuple[Unit, ...]:
    """Write the units' files and describe them."""
    root.mkdir(parents=True, exist_ok=True)
    units = []
    for name, content in contents.items():
        (root / name).write_bytes(content)
        units.append(Unit(name, hashlib.sha256(content).hexdigest(), len(content)))
    return tuple(units)


def tree_of(units: Sequence[Unit], folder: str = "src") -> list[ScanFile]:
    """A tree that holds each unit once."""
    return [ScanFile(PurePosixPath(folder) / unit.name, unit) for unit in units]


def target_of(root: Path, contents: Mapping[str, bytes], applies: Callable[[Unit], bool]) -> ScanTarget:
    """A target with the units that a scanner reads, and a folder for its inputs."""
    units = tuple(unit for unit in write_units(root / "units", contents) if applies(unit))
    inputs = root / "inputs"
    inputs.mkdir(exist_ok=True)
    return ScanTarget(root / "units", units, inputs)


def write_inputs(scanner: Scanner, target: ScanTarget) -> None:
    """What the runner does before a tool starts."""
    for name, content in scanner.inputs(target).items():
        (target.inputs / name).write_bytes(content)


def as_json(value: object) -> str:
    """Stable text of anything that JSON can say, for golden files."""
    return json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
