"""
Records real reports and their golden readings: ``python -m tests.scanners.record``.

Run it after a tool's new release, and read the difference.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from pydantic import TypeAdapter

from scanners.interface import Scanner, ScannerReport
from scanners.process import run
from scanners.registry import all_scanners
from tests.scanners.fakes import ADVISORY, SAMPLES, FakeAdvisories, as_json, target_of, write_inputs

REPORTS = Path(__file__).parent.parent / "assets" / "reports"
_report_adapter: TypeAdapter[ScannerReport] = TypeAdapter(ScannerReport)


def scanners() -> tuple[Scanner, ...]:
    """The real adapters, over one advisory of ours."""
    return all_scanners(FakeAdvisories(ADVISORY))


def reading(scanner: Scanner, raw: bytes, folder: Path) -> str:
    """The golden text: what the adapter makes of a report over the samples."""
    target = target_of(folder, SAMPLES, scanner.applies_to)
    write_inputs(scanner, target)
    return as_json(_report_adapter.dump_python(scanner.parse(raw, target), mode="json"))


def main() -> None:
    """Run every tool over its samples, and write the report and the reading."""
    for scanner in scanners():
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            target = target_of(folder, SAMPLES, scanner.applies_to)
            for path in target.root.iterdir():
                if path.name not in {unit.name for unit in target.units}:
                    path.unlink()
            write_inputs(scanner, target)
            completed = run(scanner.command(target, folder / "report"), cwd=target.root, timeout=60)
            assert completed.exit_code in scanner.ok_exit_codes, completed
            place = REPORTS / scanner.name
            shutil.rmtree(place, ignore_errors=True)
            place.mkdir(parents=True)
            (place / "report.json").write_bytes(completed.stdout)
            (place / "reading.json").write_text(reading(scanner, completed.stdout, folder / "again"), encoding="utf-8")


if __name__ == "__main__":
    main()
