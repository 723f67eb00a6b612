"""
Runs rules over their own samples with Semgrep's own test runner, as isolated as a scan: no network, a clean
environment, limits.

A rule passes when every marked line of its samples is found, no other line is, there is at least one case of both
kinds, and the answer comes in time.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.domain.rule_sample import cases, read_sample
from bot.pipeline.throwaway import throwaway_folder
from rules.build import Rule, semgrep_rule
from scanners.process import MEBIBYTE, Completed, run

RULE_SECONDS = 10.0
"""For one rule over its own samples, the start of semgrep included: it takes well below one."""
START_SECONDS = 30.0
"""For all rules together, before any is counted."""
_MEMORY_BYTES = 2048 * MEBIBYTE
_REPORT_BYTES = 32 * MEBIBYTE
_MOST_REPEATS = 20
_MOST_LINES = 10
_YAML = frozenset({".yaml", ".yml"})
_INVALID = re.compile(r"invalid configuration found in (?:\./)?(\S+?)\.yaml")


@dataclass(frozen=True, slots=True)
class Trial:
    """How one rule did."""

    rule_id: str
    true_cases: int
    false_cases: int
    problems: tuple[str, ...] = ()
    """Empty where it passed. One line each, with the sample's name and no code."""

    @property
    def passed(self) -> bool:
        """Whether nothing is wrong."""
        return not self.problems


def try_rules(
    rules: Sequence[Rule],
    scratch: Path | None,
    *,
    rule_seconds: float = RULE_SECONDS,
    start_seconds: float = START_SECONDS,
) -> tuple[Trial, ...]:
    """Run all rules over their samples; one result each, in their order. Raises ``OSError`` without semgrep."""
    with throwaway_folder(scratch) as folder:
        bench = _Bench(folder, rule_seconds, start_seconds)
        for rule in rules:
            bench.place(rule)
        bench.run([rule.rule_id for rule in rules])
        return tuple(bench.trial(rule) for rule in rules)


class _Bench:
    def __init__(self, folder: Path, rule_seconds: float, start_seconds: float) -> None:
        self._folder = folder
        self._start_seconds = start_seconds
        self._seconds = rule_seconds
        self._names: dict[str, dict[str, Path]] = {}
        """By rule its samples: name in the folder, and where it is from."""
        self._answers: dict[str, Mapping[str, Any]] = {}
        self._problems: dict[str, str] = {}

    def place(self, rule: Rule) -> None:
        home = self._folder / rule.rule_id
        home.mkdir()
        # JSON is YAML, and read faster.
        (home / f"{rule.rule_id}.yaml").write_text(json.dumps({"rules": [semgrep_rule(rule)]}), encoding="utf-8")
        names = self._names[rule.rule_id] = {}
        for number, sample in enumerate(rule.samples()):
            # A YAML file is taken for rules unless it says that it is a test.
            test = ".test" if sample.suffix in _YAML else ""
            name = f"{rule.rule_id}.{number}{test}{sample.suffix}"
            (home / name).write_bytes(sample.read_bytes())
            names[name] = sample

    def run(self, ids: Sequence[str]) -> None:
        """All together, and one by one where that ends badly: then it is known which of them is to blame."""
        left = list(ids)
        for _ in range(_MOST_REPEATS):
            if not left:
                return
            done = self._start(left, self._start_seconds + self._seconds / 10 * len(left))
            if self._took(done, left):
                return
            # Semgrep gives up at the first rule that it cannot read.
            named = set(_INVALID.findall(done.stderr_tail.replace(f"{self._folder}/", "")))
            broken = [one for one in left if f"{one}/{one}" in named]
            if not broken:
                break
            self._problems |= dict.fromkeys(broken, "semgrep cannot read the rule: a pattern or a key of it is wrong")
            left = [one for one in left if one not in broken]
        for one in left:
            done = self._start([one], self._seconds)
            if self._took(done, [one]):
                continue
            if done.timed_out:
                self._problems[one] = f"it takes longer than {self._seconds:g} seconds over its own samples"
            elif _INVALID.search(done.stderr_tail):
                self._problems[one] = "semgrep cannot read the rule: a pattern or a key of it is wrong"
            else:
                self._problems[one] = f"semgrep gave no answer (exit status {done.exit_code})"

    def trial(self, rule: Rule) -> Trial:
        name = rule.rule_id
        read = [
            read_sample(sample.name, sample.read_bytes().decode("utf-8", "replace"), name) for sample in rule.samples()
        ]
        true, false = cases(read)
        problems = [self._problems[name]] if name in self._problems else list(self._wrong_lines(name))
        if not read:
            problems.append("there is no sample beside it")
        elif not true:
            problems.append(f"no sample has a true case: a line after a comment with ruleid: {name}")
        if read and not false:
            problems.append(f"no sample has a false case: a line after a comment with ok: {name}")
        return Trial(name, true, false, tuple(problems))

    def _start(self, ids: Sequence[str], seconds: float) -> Completed:
        place = "." if len(ids) == len(self._names) else ""
        if not place:
            # The runner takes one folder.
            place = "chosen"
            chosen = self._folder / place
            if chosen.exists():
                for link in chosen.iterdir():
                    link.unlink()
            chosen.mkdir(exist_ok=True)
            for one in ids:
                for file in (self._folder / one).iterdir():
                    (chosen / file.name).hardlink_to(file)
        return run(
            ["semgrep", "test", "--json", place],
            cwd=self._folder,
            timeout=seconds,
            env={"SEMGREP_SEND_METRICS": "off", "SEMGREP_ENABLE_VERSION_CHECK": "0"},
            stdout_limit=_REPORT_BYTES,
            memory_bytes=_MEMORY_BYTES,
        )

    def _took(self, done: Completed, ids: Sequence[str]) -> bool:
        """Whether the run gave an answer, which is then remembered."""
        if not done.ended_by_itself:
            return False
        try:
            report = json.loads(done.stdout)
            results = report["results"]
        except (ValueError, LookupError, TypeError):
            return False
        for name, result in results.items():
            rule_id = name.rpartition("/")[2].removesuffix(".yaml")
            if rule_id in ids:
                self._answers[rule_id] = result
        return True

    def _wrong_lines(self, rule_id: str) -> list[str]:
        answer = self._answers.get(rule_id)
        if answer is None:
            return ["semgrep's test runner did not try it"]
        problems: list[str] = []
        seen: set[str] = set()
        for check in answer.get("checks", {}).values():
            if check.get("errors"):
                problems.append("semgrep reports an error on a sample: is it valid code of the rule's language?")
            for place, lines in check.get("matches", {}).items():
                name = place.rpartition("/")[2]
                seen.add(name)
                shown = self._names[rule_id][name].name if name in self._names[rule_id] else name
                expected, reported = set(lines["expected_lines"]), set(lines["reported_lines"])
                for word, wrong in (("misses line", expected - reported), ("flags line", reported - expected)):
                    if wrong:
                        numbers = ", ".join(map(str, sorted(wrong)[:_MOST_LINES]))
                        problems.append(f"{word} {numbers} of {shown}")
        unread = sorted(self._names[rule_id].keys() - seen)
        problems += [f"semgrep's test runner did not read {self._names[rule_id][name].name}" for name in unread]
        return problems
