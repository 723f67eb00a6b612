"""docs/enforcement.md says what this suite shows, bypass by bypass and level by level."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re

import tests.e2e.bypasses
from tests.e2e.bypasses.catalogue import Bypass, claim_of
from tests.e2e.bypasses.quick_bot import ROOT

HEAD = ("way past the gate", "stopped by", "gets through at", "what tells of it there")


def claims() -> list[Bypass]:
    """Of every test of the suite."""
    found = []
    for module in pkgutil.iter_modules(tests.e2e.bypasses.__path__, "tests.e2e.bypasses."):
        for _, test in inspect.getmembers(importlib.import_module(module.name), inspect.isfunction):
            claim = claim_of(test)
            if claim is not None:
                found.append(claim)
    return found


def table() -> list[tuple[str, ...]]:
    """The rows of the table in the documentation."""
    text = (ROOT / "docs" / "enforcement.md").read_text(encoding="utf-8")
    rows = [tuple(cell.strip() for cell in line.strip("|").split("|")) for line in text.splitlines() if "|" in line]
    begin = rows.index(HEAD)
    found = []
    for row in rows[begin + 2 :]:
        if len(row) != len(HEAD):
            break
        found.append(row)
    return found


def test_each_bypass_is_claimed_once() -> None:
    names = [claim.name for claim in claims()]
    assert len(names) == len(set(names)) > 40
    assert all(re.fullmatch(r"[^|`]+", name) for name in names)


def test_the_documentation_names_the_same_bypasses_and_levels() -> None:
    assert sorted(table()) == sorted(claim.row for claim in claims() if claim.is_bypass)
