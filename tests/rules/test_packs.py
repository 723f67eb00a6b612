"""The semgrep packs find what their samples say, on both engines, and nothing else."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from rules import compiled_pack, languages
from rules.build import Rule, load_rules, semgrep_rule
from tests.rules.semgrep_runs import expected_lines, place_samples, scan, semgrep

RULES = load_rules()
IDS = [rule.rule_id for rule in RULES]


class Scanned:
    """What both front ends of semgrep said about all samples; made once, because starting semgrep is slow."""

    def __init__(self, folder: Path) -> None:
        self.placed = place_samples(RULES, folder)
        self.fast, self.fast_errors = scan(folder, "--experimental")
        self.default, self.default_errors = scan(folder)


@pytest.fixture(scope="module")
def scanned(tmp_path_factory: pytest.TempPathFactory) -> Scanned:
    return Scanned(tmp_path_factory.mktemp("packs"))


def test_both_engines_read_every_rule_and_every_sample_without_an_error(scanned: Scanned) -> None:
    assert scanned.fast_errors == []
    assert scanned.default_errors == []


def test_experimental_engine_finds_exactly_what_the_default_engine_finds(scanned: Scanned) -> None:
    """The scanner uses the experimental front end, because it starts in a fraction of the time."""
    assert scanned.fast
    assert scanned.fast ^ scanned.default == set()


@pytest.mark.parametrize("rule", RULES, ids=IDS)
def test_rule_flags_the_marked_lines_of_its_samples_and_no_others(rule: Rule, scanned: Scanned) -> None:
    for name, (owner, sample) in scanned.placed.items():
        if owner is rule:
            found = {hit.start for hit in scanned.fast if hit.unit == name and hit.rule_id == rule.rule_id}
            assert found == expected_lines(sample, rule.rule_id), sample.name


def test_rules_do_not_fire_on_the_clean_lines_of_each_other(scanned: Scanned) -> None:
    """A line marked ``ok`` for one rule and marked by no rule at all is clean code, whatever rule looks at it."""
    surprises: set[tuple[str, int, str]] = set()
    for name, (rule, sample) in scanned.placed.items():
        lines = sample.read_text(encoding="utf-8").splitlines()
        for hit in scanned.fast:
            above = lines[hit.start - 2] if hit.unit == name and hit.start > 1 else ""
            if hit.rule_id != rule.rule_id and f"ok: {rule.rule_id}" in above:
                surprises.add((sample.name, hit.start, hit.rule_id))
    assert surprises == set()


@pytest.mark.parametrize("rule", RULES, ids=IDS)
def test_rule_has_samples_with_true_and_with_false_cases(rule: Rule) -> None:
    text = "".join(sample.read_text(encoding="utf-8") for sample in rule.samples())
    assert re.search(rf"\bruleid: {rule.rule_id}$", text, re.MULTILINE) or f"ruleid: {rule.rule_id} " in text
    assert f" ok: {rule.rule_id}" in text


@pytest.mark.parametrize("rule", RULES, ids=IDS)
def test_rule_says_in_both_languages_what_is_wrong_and_what_is_safe(rule: Rule) -> None:
    metadata = rule.body["metadata"]
    assert metadata["cwe"]
    assert all(isinstance(cwe, int) for cwe in metadata["cwe"])
    assert all(address.startswith("https://") for address in metadata["references"])
    for name in ("title_zh", "message_zh", "remediation_zh"):
        assert re.search(r"[\u4e00-\u9fff]", metadata[name]), name
    for text in (metadata["title"], metadata["remediation"], rule.body["message"]):
        assert not re.search(r"[\u4e00-\u9fff]", text)


@pytest.mark.parametrize("rule", [r for r in RULES if r.body["metadata"]["mode"] == "block"], ids=lambda r: r.rule_id)
def test_only_sure_and_grave_rules_block(rule: Rule) -> None:
    metadata = rule.body["metadata"]
    assert (metadata["confidence"], metadata["severity"] in ("high", "critical")) == ("high", True)


FOLLOWED = [r for r in RULES if r.rule_id.endswith("-request") and r.body["languages"] != ["regex"]]


@pytest.mark.parametrize("rule", FOLLOWED, ids=lambda r: r.rule_id)
def test_rules_about_requests_follow_the_data(rule: Rule) -> None:
    assert rule.body["mode"] == "taint"


@pytest.mark.parametrize("language", languages())
def test_compiled_pack_holds_no_texts(language: str) -> None:
    pack: dict[str, Any] = json.loads(compiled_pack(language).read_text(encoding="utf-8"))
    for rule in pack["rules"]:
        assert rule["message"] == rule["id"]
        assert "metadata" not in rule


def test_fixes_of_both_engines_keep_the_argument(scanned: Scanned) -> None:
    fixes = {hit.fix for hit in scanned.fast if hit.rule_id == "python-yaml-unsafe-load"}
    assert "yaml.safe_load(handle)" in fixes
    assert all(fix.startswith("yaml.safe_load(") for fix in fixes)


def test_semgreps_own_test_runner_passes_over_all_packs(tmp_path: Path) -> None:
    """With the shared lists put in, every rule and its sample are an ordinary semgrep test."""
    for rule in RULES:
        folder = tmp_path / rule.language
        folder.mkdir(exist_ok=True)
        document = yaml.safe_dump({"rules": [semgrep_rule(rule)]}, allow_unicode=True)
        (folder / f"{rule.rule_id}.yaml").write_text(document, encoding="utf-8")
        for sample in rule.samples():
            name = rule.rule_id + sample.name.removeprefix(rule.path.stem)
            (folder / name).write_bytes(sample.read_bytes())
    for language in languages():
        done = semgrep(["test", "--json", language], tmp_path)
        report = json.loads(done.stdout)
        tested = {check for result in report["results"].values() for check in result["checks"]}
        assert done.returncode == 0, done.stderr
        assert report["config_with_errors"] == []
        assert {identifier.rpartition(".")[2] for identifier in tested} == {
            rule.rule_id for rule in RULES if rule.language == language
        }
        assert all(c["passed"] for r in report["results"].values() for c in r["checks"].values())
