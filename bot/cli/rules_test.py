"""``mergewarden rules test``: rules over their own samples, and whether they say all that they have to."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

import yaml

from bot.domain.rule_sample import cases, read_sample
from bot.domain.rule_version import RuleProblem, WrongRules
from bot.errors import MergewardenError
from bot.pipeline.rule_reading import Found, files_in, is_wanted, our_lists, read_version
from bot.pipeline.rule_trial import Trial, try_rules
from bot.pipeline.throwaway import throwaway_folder
from bot.reports.documents import dump
from bot.reports.visible import one_line
from rules import plain_yaml
from rules.build import ROOT, Rule, RuleError, checked_entry, read_rule, rule_files
from rules.packs import PACKS

WRONG = 1


def run_test(path: Path | None, *, format: str) -> int:
    """
    Test our packs, or the rules in a folder or file that looks like them. Returns 0, and 1 when something is wrong.

    Raises ``MergewardenError`` for a path that is no folder or file of rules.
    """
    ours = (ROOT / "semgrep").resolve()
    if path is None or path.resolve().is_relative_to(ours):
        return _test_ours(None if path is None else path.resolve(), format)
    return _test_theirs(path, format)


def _test_ours(path: Path | None, format: str) -> int:
    problems: list[RuleProblem] = []
    rules: list[Rule] = []
    for pack in PACKS:
        for file in rule_files(ROOT / "semgrep" / pack):
            shown = str(file.relative_to(ROOT.parent))
            try:
                document = plain_yaml.load(file.read_text(encoding="utf-8"))
                found = [read_rule(raw, file, pack, our_lists(pack)) for raw in document["rules"]]
                found = [rule for rule in found if path is None or _within(rule, path)]
                for rule in found:
                    checked_entry(rule)
            except RuleError as error:
                text = one_line(str(error).removeprefix(f"{file}: "), 300)
                problems.append(RuleProblem(shown, "", "", text, "docs/rules.md says what a rule must have."))
            except (yaml.YAMLError, UnicodeDecodeError, LookupError, TypeError, AttributeError):
                problems.append(RuleProblem(shown, "", "", "it is no file of rules", "Write: rules: [{id: ...}]"))
            else:
                rules += found
    if not rules and not problems:
        raise MergewardenError(f"there is no rule in {path}", "Name a pack, a weakness or a rule's file.")
    return _tell(try_rules(rules, None) if rules else (), problems, format)


def _within(rule: Rule, path: Path) -> bool:
    place = rule.path.resolve()
    return place.is_relative_to(path) or path in [sample.resolve() for sample in rule.samples()]


def _test_theirs(path: Path, format: str) -> int:
    found = _files_of(path)
    with throwaway_folder(None) as scratch:
        try:
            version = read_version(found, scratch)
        except WrongRules as error:
            return _tell((), error.problems, format)
    trials = [
        Trial(rule, *cases(read_sample(name, text, rule) for name, text in version.samples[rule]))
        for rule in sorted(version.entries)
    ]
    return _tell(trials, (), format)


def _files_of(path: Path) -> list[Found]:
    """The files of a source, a pack, a weakness or a rule. Raises ``MergewardenError``."""
    place = path.resolve()
    if not place.exists():
        raise MergewardenError(f"there is no {path}", "Name a folder of rules, or a rule's file.")
    pack = next((folder for folder in (place, *place.parents) if folder.name in PACKS), None)
    top = place if pack is None or any((place / name).is_dir() for name in PACKS) else pack.parent
    if not top.is_dir():
        raise MergewardenError(
            f"{path} is not in the folder of a pack", f"Rules lie in <pack>/<weakness>/<name>.yaml: {', '.join(PACKS)}."
        )
    chosen = PurePosixPath(place.relative_to(top).as_posix())
    if place.is_dir():
        return [f for f in files_in(top) if f.path.is_relative_to(chosen) or len(f.path.parts) == 2]
    if not is_wanted(chosen):
        raise MergewardenError(f"{path} is no file of rules", "It is <pack>/<weakness>/<name>.yaml.")
    stem = chosen.name.split(".")[0]
    return [
        file
        for file in files_in(top)
        if len(file.path.parts) == 2 or (file.path.parent == chosen.parent and file.path.name.split(".")[0] == stem)
    ]


def _tell(trials: Sequence[Trial], problems: Sequence[RuleProblem], format: str) -> int:
    failed = [trial for trial in trials if not trial.passed]
    if format == "json":
        document = {
            "rules": [
                {
                    "id": trial.rule_id,
                    "passed": trial.passed,
                    "true_cases": trial.true_cases,
                    "false_cases": trial.false_cases,
                    "problems": list(trial.problems),
                }
                for trial in trials
            ],
            "problems": [
                {"file": one.file, "rule": one.rule, "field": one.field, "problem": one.text, "mend": one.mend}
                for one in problems
            ],
        }
        print(dump(document), end="")
        return WRONG if failed or problems else 0
    for trial in failed:
        for problem in trial.problems:
            print(f"{trial.rule_id}: {one_line(problem, 300)}", file=sys.stderr)
    for one in problems:
        print(one_line(str(one), 500), file=sys.stderr)
        if one.mend:
            print(f"  {one_line(one.mend, 500)}", file=sys.stderr)
    if problems:
        print(f"{len(problems)} thing{'' if len(problems) == 1 else 's'} to mend")
    true, false = sum(trial.true_cases for trial in trials), sum(trial.false_cases for trial in trials)
    print(f"{len(trials)} rules tried over {true} true and {false} false cases; {len(failed)} failed")
    return WRONG if failed or problems else 0
