"""Runs the installed semgrep over our samples, with both of its front ends."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rules import compiled_pack, languages, semgrep_rule_id
from rules.build import Rule

SEMGREP = Path(sys.executable).with_name("semgrep")
EXPECTED = re.compile(r"\bruleid: ([\w-]+)")


@dataclass(frozen=True, order=True)
class Hit:
    """One result: the unit, the rule, the lines, and the replacement where the rule has one."""

    unit: str
    rule_id: str
    start: int
    end: int
    fix: str


def semgrep(arguments: Sequence[str], folder: Path) -> subprocess.CompletedProcess[str]:
    """Run semgrep in ``folder`` with a home of its own, so that nothing of the user's is read or written."""
    home = folder / "home"
    home.mkdir(exist_ok=True)
    return subprocess.run(
        [str(SEMGREP), *arguments],
        cwd=folder,
        env={
            "PATH": f"{SEMGREP.parent}{os.pathsep}{os.defpath}",
            "HOME": str(home),
            "SEMGREP_SEND_METRICS": "off",
            "SEMGREP_ENABLE_VERSION_CHECK": "0",
            "LC_ALL": "C.UTF-8",
        },
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def place_samples(rules: Sequence[Rule], folder: Path) -> dict[str, tuple[Rule, Path]]:
    """Copy every sample into ``folder/src`` under a neutral name; returns what each name stands for."""
    source = folder / "src"
    source.mkdir()
    placed: dict[str, tuple[Rule, Path]] = {}
    for rule in rules:
        for sample in rule.samples():
            name = f"{len(placed):06d}{sample.suffix}"
            (source / name).write_bytes(sample.read_bytes())
            placed[name] = (rule, sample)
    return placed


def scan(folder: Path, *engine: str) -> tuple[set[Hit], list[dict[str, Any]]]:
    """Scan ``folder/src`` with all compiled packs; returns the results and semgrep's own errors."""
    configurations = [word for language in languages() for word in ("--config", str(compiled_pack(language)))]
    # One process: each further one understands all rules anew, and the tests keep every core busy as it is.
    options = ("--json", "--metrics=off", "--disable-version-check", "--no-git-ignore", "--jobs=1")
    done = semgrep(["scan", *engine, *options, *configurations, "src"], folder)
    report = json.loads(done.stdout)
    hits = {
        Hit(
            Path(result["path"]).name,
            semgrep_rule_id(result["check_id"]),
            result["start"]["line"],
            result["end"]["line"],
            result["extra"].get("fix") or "",
        )
        for result in report["results"]
    }
    return hits, report["errors"]


def expected_lines(sample: Path, rule_id: str) -> set[int]:
    """Lines that a sample says the rule must flag: the ones after its ``ruleid`` marks."""
    lines = sample.read_text(encoding="utf-8").splitlines()
    marks = ((number, EXPECTED.search(line)) for number, line in enumerate(lines, start=1))
    return {number + 1 for number, mark in marks if mark is not None and mark[1] == rule_id}
