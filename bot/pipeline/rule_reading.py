"""
Reads rules out of a folder that looks like ours: ``<pack>/<weakness>/<name>.yaml`` with samples beside each, and an
optional ``<pack>/shared.yaml``.

Nothing is taken over that fails a check; what is wrong is told as a whole, so that it is mended at once.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path, PurePosixPath
from typing import Any

from bot.domain.rule_shape import (
    MAX_FILE_BYTES,
    MAX_FILES,
    MAX_RULES,
    MAX_SAMPLE_BYTES,
    MAX_SOURCE_BYTES,
    read_yaml,
    rules_in,
    shape_problems,
    shared_problem,
    with_defaults,
)
from bot.domain.rule_version import PREFIX, RuleProblem, RuleVersion, WrongRules
from bot.pipeline.rule_trial import RULE_SECONDS, try_rules
from rules import catalog, plain_yaml
from rules.build import ROOT, Rule, RuleError, checked_entry, read_rule, semgrep_rule
from rules.packs import PACKS

SHARED = "shared.yaml"
_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_MOST_PROBLEMS = 50


@dataclass(frozen=True, slots=True)
class Found:
    """A file of a source: its path from the source's top, and where it can be read."""

    path: PurePosixPath
    content: bytes


def files_in(folder: Path) -> list[Found]:
    """
    The files of a folder on this host that can be rules or samples. Raises ``WrongRules``.

    Links are not followed, and what begins with a dot is left out.
    """
    if not folder.is_dir():
        raise WrongRules([RuleProblem(str(folder), "", "", "there is no such folder", "Check its path.")])
    try:
        return _files_in(folder)
    except OSError as error:
        # A part that cannot be read would be rules that are gone without a word.
        shown = str(error.filename or folder).removeprefix(f"{folder}/")[:200]
        problem = RuleProblem(shown, "", "", f"it cannot be read: {error.strerror}", "Check its owner and its mode.")
        raise WrongRules([problem]) from error


def _files_in(folder: Path) -> list[Found]:
    def fail(error: OSError) -> None:
        raise error

    found: list[Found] = []
    total = 0
    for here, inside, names in os.walk(folder, onerror=fail):
        inside[:] = sorted(name for name in inside if not name.startswith("."))
        for name in sorted(names):
            place = Path(here, name)
            path = PurePosixPath(place.relative_to(folder).as_posix())
            if not is_wanted(path) or place.is_symlink() or not place.is_file():
                continue
            with place.open("rb") as stream:
                content = stream.read(MAX_SAMPLE_BYTES + 1)
            total += len(content)
            found.append(Found(path, content))
            require_size(len(found), total)
    return found


def is_wanted(path: PurePosixPath) -> bool:
    """Whether a file is one of rules: in a pack's folder, or its shared lists."""
    if not path.parts or path.parts[0] not in PACKS or any(part.startswith(".") for part in path.parts):
        return False
    return len(path.parts) == 3 or path == PurePosixPath(path.parts[0], SHARED)


def require_size(count: int, total: int) -> None:
    """Raise ``WrongRules`` where a source is too large to be looked at."""
    if count > MAX_FILES:
        raise WrongRules([RuleProblem("", "", "", f"there are more than {MAX_FILES} files", "Remove some.")])
    if total > MAX_SOURCE_BYTES:
        raise WrongRules(
            [RuleProblem("", "", "", f"the files have more than {MAX_SOURCE_BYTES} bytes", "Shorten them.")]
        )


def read_version(files: list[Found], scratch: Path, *, rule_seconds: float = RULE_SECONDS) -> RuleVersion:
    """
    Check every rule, try it on its samples, and compile it. Raises ``WrongRules`` with everything that is wrong.

    ``scratch`` is a folder that the caller throws away; the files are written there, so that what was tried is what is
    taken over.
    """
    problems = list(_misplaced(files))
    place = scratch / "source"
    for file in files:
        target = place / file.path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(file.content)
    rules, entries = _checked(files, place, problems)
    if not problems and not rules:
        problems.append(
            RuleProblem(
                "", "", "", "there is no rule", "Rules lie in <pack>/<weakness>/<name>.yaml; packs: " + _packs()
            )
        )
    if not problems:
        names = {rule.rule_id: str(rule.path.relative_to(place)) for rule in rules}
        for trial in try_rules(rules, scratch / "trial", rule_seconds=rule_seconds):
            problems += [
                RuleProblem(names[trial.rule_id], trial.rule_id, "", problem, "Run: mergewarden rules test FOLDER")
                for problem in trial.problems
            ]
    if problems:
        raise WrongRules(problems[:_MOST_PROBLEMS])
    packs: dict[str, list[Mapping[str, Any]]] = {}
    for rule in rules:
        packs.setdefault(rule.language, []).append(semgrep_rule(rule))
    return RuleVersion(
        packs={pack: tuple(found) for pack, found in sorted(packs.items())},
        entries=entries,
        samples={
            rule.rule_id: tuple((s.name, s.read_bytes().decode("utf-8", "replace")) for s in rule.samples())
            for rule in rules
        },
        weaknesses={rule.rule_id: rule.path.parent.name for rule in rules},
    )


def _misplaced(files: list[Found]) -> Iterator[RuleProblem]:
    for file in files:
        shown = str(file.path)[:200]
        for part in file.path.parts[1:-1]:
            if not _NAME.fullmatch(part):
                yield RuleProblem(shown, "", "", "the folder's name is not small letters and hyphens", "Rename it.")
        if len(file.content) > MAX_SAMPLE_BYTES:
            yield RuleProblem(shown, "", "", f"it has more than {MAX_SAMPLE_BYTES} bytes", "Shorten it.")
        if _is_rule_file(file.path) and not _NAME.fullmatch(file.path.stem):
            yield RuleProblem(shown, "", "", "the file's name is not small letters and hyphens", "Rename it.")
        elif not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}", file.path.name):
            yield RuleProblem(shown, "", "", "the file's name is not of letters, digits and . _ -", "Rename it.")


def _is_rule_file(path: PurePosixPath) -> bool:
    return len(path.parts) == 3 and path.suffix == ".yaml" and "." not in path.stem


def _checked(
    files: list[Found], place: Path, problems: list[RuleProblem]
) -> tuple[list[Rule], dict[str, Mapping[str, Any]]]:
    rules: list[Rule] = []
    entries: dict[str, Mapping[str, Any]] = {}
    shared = {pack: _shared_of(pack, files, problems) for pack in sorted({file.path.parts[0] for file in files})}
    for file in files:
        if not _is_rule_file(file.path) or len(file.content) > MAX_FILE_BYTES:
            if _is_rule_file(file.path):
                problems.append(
                    RuleProblem(str(file.path), "", "", f"it has more than {MAX_FILE_BYTES} bytes", "Divide it.")
                )
            continue
        shown, pack = str(file.path)[:200], file.path.parts[0]
        document, problem = read_yaml(shown, file.content)
        found, frame = ([], problem) if problem is not None else rules_in(shown, document)
        if frame is not None:
            problems.append(frame)
        for raw in found:
            wrong = shape_problems(shown, raw, languages_of(pack))
            if wrong:
                problems += wrong
                continue
            try:
                rule = read_rule(with_defaults(raw), place / file.path, pack, shared[pack], PREFIX)
                entry = checked_entry(rule)
                wrong = shape_problems(shown, {**rule.body}, languages_of(pack))
            except RuleError as error:
                text = str(error).replace(f"{place}/", "").removeprefix(f"{shown}: ")
                text = text.removeprefix(f"{raw.get('id')}: ")
                problems.append(RuleProblem(shown, str(raw.get("id", ""))[:100], "", text[:300], "See docs/rules.md."))
                continue
            problems += wrong
            if rule.rule_id in entries:
                problems.append(
                    RuleProblem(shown, rule.rule_id, "id", "another rule has it", "Rename one of the files.")
                )
            rules.append(rule)
            entries[rule.rule_id] = entry
    if len(rules) > MAX_RULES:
        problems.append(RuleProblem("", "", "", f"there are more than {MAX_RULES} rules", "Remove some."))
    return rules, entries


def _shared_of(pack: str, files: list[Found], problems: list[RuleProblem]) -> dict[str, list[Any]]:
    """Our lists of the pack, and the organisation's beside them, which cannot replace one of ours."""
    lists = dict(our_lists(pack))
    for file in files:
        if file.path != PurePosixPath(pack, SHARED):
            continue
        document, problem = read_yaml(str(file.path), file.content)
        problem = problem or shared_problem(str(file.path), document)
        if problem is not None:
            problems.append(problem)
            continue
        for name, items in document.items():
            if name in lists:
                problems.append(RuleProblem(str(file.path), "", name, "a list of ours has that name", "Rename yours."))
            lists[name] = items
    return lists


@cache
def our_lists(pack: str) -> dict[str, list[Any]]:
    """The shared lists of a pack of ours."""
    place = ROOT / "semgrep" / pack / SHARED
    if not place.is_file():
        return {}
    document: dict[str, list[Any]] = plain_yaml.load(place.read_text(encoding="utf-8"))
    return document


@cache
def languages_of(pack: str) -> frozenset[str]:
    """The languages, in semgrep's words, that our own rules of a pack are written for."""
    compiled = json.loads(catalog.compiled_pack(pack).read_bytes())
    return frozenset(language for rule in compiled["rules"] for language in rule["languages"])


def _packs() -> str:
    return ", ".join(PACKS)
