"""
``python -m tests.rules.trial PACK [WEAKNESS]``: compile a pack, run it over its own samples, say what differs.

For whoever writes a rule: seconds instead of the whole test. Nothing is written.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from rules import build, semgrep_rule_id
from tests.rules.semgrep_runs import expected_lines, place_samples, semgrep


def main(pack: str, weakness: str | None = None) -> int:
    """Print the differences; returns 1 when there are any."""
    try:
        everything = [rule for rule in build.load_rules() if rule.language == pack]
    except build.RuleError as error:
        print(error)
        return 1
    rules = [rule for rule in everything if weakness in (None, rule.path.parent.name)]
    with TemporaryDirectory(prefix="mergewarden-") as place:
        folder = Path(place)
        placed = place_samples(rules, folder)
        (folder / "pack.json").write_text(json.dumps({"rules": [build.semgrep_rule(rule) for rule in everything]}))
        options = ("--experimental", "--json", "--metrics=off", "--disable-version-check", "--no-git-ignore")
        done = semgrep(["scan", *options, "--config", "pack.json", "src"], folder)
    try:
        report = json.loads(done.stdout)
    except ValueError:
        print(done.stderr[-3000:])
        return 1
    wrong = 0
    for complaint in report["errors"]:
        wrong += 1
        name = Path(complaint.get("path", "")).name
        print("error", placed[name][1] if name in placed else "", json.dumps(complaint)[:600])
    for name, (rule, sample) in placed.items():
        hits = [r for r in report["results"] if Path(r["path"]).name == name]
        found = {r["start"]["line"] for r in hits if semgrep_rule_id(r["check_id"]) == rule.rule_id}
        wanted = expected_lines(sample, rule.rule_id)
        for line in sorted(found ^ wanted):
            wrong += 1
            print(f"{sample}:{line}: {'missed' if line in wanted else 'false alarm'} {rule.rule_id}")
        lines = sample.read_text(encoding="utf-8").splitlines()
        for r in hits:
            line, other = r["start"]["line"], semgrep_rule_id(r["check_id"])
            if other != rule.rule_id and line > 1 and f"ok: {rule.rule_id}" in lines[line - 2]:
                wrong += 1
                print(f"{sample}:{line}: {other} fires on a clean line of {rule.rule_id}")
    print(f"{pack}: {len(rules)} rules, {len(placed)} samples, {wrong} wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:3]))
