"""The compiled files are what the rules say, and wrong rules are refused with their name."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from rules import build

RULE = "semgrep/python/debug/debug-mode.yaml"


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of what people write, small enough to be changed by a test."""
    (tmp_path / "semgrep/python").mkdir(parents=True)
    shutil.copy(build.ROOT / "semgrep/python/shared.yaml", tmp_path / "semgrep/python")
    shutil.copytree(build.ROOT / "semgrep/python/debug", tmp_path / "semgrep/python/debug")
    shutil.copytree(build.ROOT / "semgrep/python/sql-injection", tmp_path / "semgrep/python/sql-injection")
    for name in ("bandit.yaml", "secrets.yaml"):
        (tmp_path / name).write_text("{}\n", encoding="utf-8")
    for name in ("owasp.yaml", "suppressions.yaml"):
        shutil.copy(build.ROOT / name, tmp_path)
    return tmp_path


def test_committed_files_are_fresh() -> None:
    """When this fails: ``python -m rules.build``."""
    stale = [path.name for path, text in build.build().items() if path.read_text(encoding="utf-8") != text]
    assert stale == []
    assert build.main(["--check"]) == 0


def test_build_twice_gives_the_same_bytes(copy: Path) -> None:
    assert build.build(copy) == build.build(copy)


def test_shared_lists_are_put_where_they_are_named(copy: Path) -> None:
    rules = {rule.rule_id: rule for rule in build.load_rules(copy)}
    compiled = build.semgrep_rule(rules["python-sql-injection-request"])
    assert "shared" not in str(compiled["pattern-sources"])
    assert len(compiled["pattern-sources"]) > 1
    assert compiled["options"]["taint_assume_safe_numbers"] is True


def _set(section: str | None, key: str, value: object) -> Callable[[dict[str, object]], None]:
    def change(rule: dict[str, object]) -> None:
        target = rule if section is None else rule[section]
        assert isinstance(target, dict)
        target[key] = value

    return change


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (_set(None, "id", "python.debug"), "is not an id"),
        (_set(None, "id", "python-other-name"), "the id is not python-debug-mode"),
        (_set("metadata", "severity", "grave"), "severity is none of"),
        (_set("metadata", "severity", "low"), "do not agree"),
        (_set("metadata", "mode", "shout"), "mode is none of"),
        (_set("metadata", "confidence", "sure"), "confidence"),
        (_set("metadata", "title_zh", ""), "title_zh is missing"),
        (_set("metadata", "cwe", [99999]), "does not place CWE"),
        (_set("metadata", "covered_by", ["no-such-rule"]), "which is no rule"),
        (_set(None, "message", "The call $APP is wrong."), "interpolates"),
        (_set(None, "pattern-either", [{"shared": "nowhere"}]), "no shared list nowhere"),
    ],
)
def test_wrong_rule_is_refused_with_the_reason(
    copy: Path, change: Callable[[dict[str, object]], None], complaint: str
) -> None:
    path = copy / RULE
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    change(document["rules"][0])
    path.write_text(yaml.safe_dump(document, allow_unicode=True), encoding="utf-8")
    with pytest.raises(build.RuleError, match=complaint):
        build.build(copy)


def test_rule_without_a_sample_is_refused(copy: Path) -> None:
    for sample in (copy / RULE).parent.glob("*.py"):
        sample.unlink()
    with pytest.raises(build.RuleError, match="no sample"):
        build.build(copy)


def test_two_rules_of_one_id_are_refused(copy: Path) -> None:
    shutil.copytree(copy / "semgrep/python/debug", copy / "semgrep/python/other")
    with pytest.raises(build.RuleError, match="is taken by"):
        build.build(copy)


def test_broken_yaml_is_refused_with_its_name(copy: Path) -> None:
    (copy / RULE).write_text("rules: [", encoding="utf-8")
    with pytest.raises(build.RuleError, match="debug-mode"):
        build.build(copy)
