"""An organisation's packs are loaded beside ours, where their language is present, and make another scanner."""

from __future__ import annotations

from pathlib import Path

from scanners.adapters.semgrep import ExtraPacks, Semgrep
from scanners.interface import Unit
from tests.scanners.fakes import target_of

EXTRA = ExtraPacks("d1", {"python": b'{"rules": []}', "java": b'{"rules": [1]}'})
UNITS = {"000000.py": b"", "000001.ts": b""}


def test_extra_packs_are_loaded_only_where_their_language_is_present(tmp_path: Path) -> None:
    scanner = Semgrep(extra=EXTRA)
    target = target_of(tmp_path, UNITS, scanner.applies_to)
    inputs = scanner.inputs(target)
    assert set(inputs) == {"python.json", "extra-python.json", "javascript.json"}
    assert inputs["extra-python.json"] == EXTRA.packs["python"]
    configured = {word.rpartition("/")[2] for word in scanner.command(target, tmp_path) if word.startswith("--config=")}
    assert configured == set(inputs)


def test_extra_packs_can_be_run_without_ours(tmp_path: Path) -> None:
    scanner = Semgrep(extra=EXTRA, packs=())
    target = target_of(tmp_path, UNITS, scanner.applies_to)
    assert [unit.name for unit in target.units] == ["000000.py"]
    assert set(scanner.inputs(target)) == {"extra-python.json"}
    assert not scanner.applies_to(Unit("000001.ts", "", 1))


def test_other_rules_are_another_answer() -> None:
    plain = Semgrep()
    extended = plain.with_extra(EXTRA)
    digests = [scanner.rules_digest() for scanner in (plain, extended, plain.with_extra(ExtraPacks("d2", EXTRA.packs)))]
    assert len(set(digests)) == 3
    assert extended.with_extra(EXTRA) is extended
    assert extended.with_extra(None).rules_digest() == plain.rules_digest()
