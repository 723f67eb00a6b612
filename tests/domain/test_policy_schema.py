"""The schema that editors use says what the loader says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from bot.domain.policy_file import PolicyError, load_group_policy, load_policy, load_project_policy
from bot.domain.policy_schema import FOLDER, SCHEMAS, schema_text

DOCUMENTATION = Path(__file__).parents[2] / "docs" / "policy.md"
ORGANISATION, PROJECT = (
    Draft202012Validator(json.loads(schema_text(name))) for name in ("policy.schema.json", "project.schema.json")
)
START = "version: 1\n"


@pytest.mark.parametrize("name", sorted(SCHEMAS))
def test_the_schema_beside_the_default_policy_is_the_one_of_this_code(name: str) -> None:
    """Made anew with ``python -m bot.domain.policy_schema``."""
    assert (FOLDER / name).read_text(encoding="utf-8") == schema_text(name)


@pytest.mark.parametrize("name", sorted(SCHEMAS))
def test_the_schema_is_one_and_every_setting_is_described(name: str) -> None:
    schema = json.loads(schema_text(name))
    Draft202012Validator.check_schema(schema)
    assert schema["title"]
    undescribed = [
        f"{section}.{setting}"
        for section, body in [("", schema), *schema["$defs"].items()]
        for setting, about in body["properties"].items()
        if not about.get("description")
    ]
    assert undescribed == []


def loads(text: str) -> bool:
    try:
        load_project_policy(text)
    except PolicyError:
        return False
    return True


@pytest.mark.parametrize(
    ("text", "accepted"),
    [
        ("", True),
        ("changed: block\n", True),
        ("changed:\n", True),
        ("changed: sometimes\n", False),
        ("chnaged: block\n", False),
        ("version: 2\n", False),
        ("language: zh-CN\n", True),
        ("language: fr\n", False),
        ("max_threads: 100\n", True),
        ("max_threads: 101\n", False),
        ("max_threads: '7'\n", False),
        ("block: []\n", True),
        ("block: {}\n", False),
        ("block: [{severity: high}]\n", False),
        ("block: [{name: ''}]\n", False),
        ("block: [{name: '  '}]\n", False),
        ("block: [{name: a, severity: high, confidence: low, kinds: sast, presence: existing}]\n", True),
        ("block: [{name: a, kinds: []}]\n", False),
        ("block: [{name: a, kinds: [sast, dast]}]\n", False),
        ("block: [{name: a, presence: fixed}]\n", False),
        ("block: [{name: a, cwes: [CWE-89, cwe-79, 78]}]\n", True),
        ("block: [{name: a, cwes: 89}]\n", True),
        ("block: [{name: a, cwes: CWE-0}]\n", False),
        ("block: [{name: a, cwes: [SQL]}]\n", False),
        ("block: [{name: a, cwes: true}]\n", False),
        ("block: [{name: a, rules: ['python.*', B602], scanners: 'Semgrep OSS'}]\n", True),
        ("block: [{name: a, rules: [7]}]\n", False),
        ("block: [{name: a, rules: ' '}]\n", False),
        ("block: [{name: a, paths: 'src/', exclude_paths: ['**/x']}]\n", True),
        ("block: [{name: a, paths: '!src'}]\n", False),
        ("block: [{name: a, paths: '/'}]\n", False),
        ("block: [{name: a, paths: 'a/../b'}]\n", False),
        ("block: [{name: a, paths: '..a/b..'}]\n", True),
        ("block: [{name: a, fix_available: true, kev: false, draft: true}]\n", True),
        ("block: [{name: a, kev: sometimes}]\n", False),
        ("block: [{name: a, epss: 0.25}]\n", True),
        ("block: [{name: a, epss: 1}]\n", True),
        ("block: [{name: a, epss: 1.5}]\n", False),
        ("block: [{name: a, epss: -0.5}]\n", False),
        ("block: [{name: a, epss: often}]\n", False),
        ("block: [{name: a, licences: ['AGPL-*', unknown]}]\n", True),
        ("block: [{name: a, overdue: true}]\n", True),
        ("block: [{name: a, overdue: false}]\n", False),
        ("block: [{name: a, branches: [main, 'release/*'], labels: ['security::now']}]\n", True),
        ('block: [{name: a, labels: ["a\\nb"]}]\n', False),
        ("warn: [{name: a, sevrity: high}]\n", False),
        ("monitor: [{name: a}]\n", True),
        ("rule_modes: [{rules: 'B6*', mode: monitor, reason: new}]\n", True),
        ("rule_modes: [{scanners: [bandit], mode: comment, reason: new}]\n", True),
        ("rule_modes: [{rules: 'B6*', mode: block, reason: new}]\n", True),
        ("rule_modes: [{rules: 'B6*', mode: ignore, reason: new}]\n", False),
        ("rule_modes: [{rules: 'B6*', mode: monitor}]\n", False),
        ("rule_modes: [{mode: monitor, reason: new}]\n", False),
        ("required_scanners: [semgrep]\n", True),
        ("required_scanners: semgrep\n", True),
        ("required_scanners: {sast: [semgrep, bandit], secret: detect-secrets}\n", True),
        ("required_scanners: {sats: [semgrep]}\n", False),
        ("required_scanners: [Semgrep!]\n", False),
        ("failed_scanners: not_assessed\nmissing_facts: ignore\nunread_files: warn\nunpinned: warn\n", True),
        ("failed_scanners: block\n", False),
        ("not_assessed: allow\n", True),
        ("not_assessed: warn\n", False),
        ("comment: {severity: info}\n", True),
        ("comment: low\n", False),
        ("in_code_suppressions: honour\n", True),
        ("ignore_paths: [{path: a/, reason: b}]\n", True),
        ("ignore_paths: [{path: a/}]\n", False),
        ("advisories: {oldest_days: 14, when_older: warn}\n", True),
        ("advisories: {oldest_days: 0}\n", False),
        ("sla: {critical: 1, low: 3650}\n", True),
        ("sla: {info: 7}\n", False),
        ("sla: {high: 3651}\n", False),
        ("suppressions: {second_person: always, longest_days: 1, unused_days: 1, remind_days: 0}\n", True),
        ("suppressions: {remind_days: 366}\n", False),
        ("people: {security_group: security/appsec, break_glass: [alice, b.ob]}\n", True),
        ("people: {break_glass: alice}\n", True),
        ("people: {security_group: /security}\n", False),
        ("people: {break_glass: ['@alice']}\n", False),
        ("merge: {label: 'mergewarden::merge', when_clear: true}\n", True),
        ("merge: {when_clear: always}\n", False),
        ("noise: {least_comments: 1, false_positive_percent: 100}\n", True),
        ("noise: {false_positive_percent: 0}\n", False),
        ("projects: []\n", False),
    ],
)
def test_schema_and_loader_agree(text: str, accepted: bool) -> None:
    whole = text if "version" in text else START + text
    assert loads(whole) is accepted
    assert PROJECT.is_valid(yaml.safe_load(whole)) is accepted
    assert ORGANISATION.is_valid({"block": [], "required_scanners": []} | yaml.safe_load(whole)) is (
        accepted or text == "projects: []\n"
    )


@pytest.mark.parametrize("missing", ["version", "block", "required_scanners"])
def test_what_an_organisation_has_to_say_is_required(missing: str) -> None:
    whole: dict[str, Any] = {"version": 1, "block": [], "required_scanners": []}
    del whole[missing]
    assert not ORGANISATION.is_valid(whole)
    with pytest.raises(PolicyError, match=f"{missing}'? is missing"):
        load_policy(yaml.safe_dump(whole), "p.yaml")


@pytest.mark.parametrize(
    ("text", "loaded", "valid"),
    [
        ("block: [{name: a}, {name: a}]\n", False, True),
        ("changed: block\nchanged: warn\n", False, True),
        ("rule_modes: [{rules: [], mode: monitor, reason: a}]\n", False, True),
        ("block: [{name: 1.0}]\n", True, False),
        ("block: [{name: a, epss: '0.5'}]\n", True, False),
        ("max_threads: 7.0\n", False, True),
        ("block: [{name: a, epss: .nan}]\n", False, True),
    ],
    ids=[
        "same name",
        "key twice",
        "mode of nothing",
        "number for a name",
        "number in quotes",
        "7.0 is an integer",
        "not a number",
    ],
)
def test_where_the_schema_cannot_say_what_the_loader_says(text: str, loaded: bool, valid: bool) -> None:
    """If one of these begins to agree, it belongs into the table above."""
    assert loads(START + text) is loaded
    assert PROJECT.is_valid(yaml.safe_load(START + text)) is valid


def examples() -> list[str]:
    text = DOCUMENTATION.read_text(encoding="utf-8")
    return [block.split("```", 1)[0] for block in text.split("```yaml\n")[1:]]


@pytest.mark.parametrize("number", range(len(examples())))
def test_every_example_of_the_documentation_is_valid_and_is_read(number: int) -> None:
    example = examples()[number]
    if "# .mergewarden.yml" in example or "# group" in example:
        assert list(PROJECT.iter_errors(yaml.safe_load(example))) == []
        load_group_policy(example, "docs/policy.md")
    else:
        assert list(ORGANISATION.iter_errors(yaml.safe_load(example))) == []
        load_policy(example, "docs/policy.md")


def test_the_default_policy_is_valid() -> None:
    default = yaml.safe_load((FOLDER / "default.yaml").read_text(encoding="utf-8"))
    assert list(ORGANISATION.iter_errors(default)) == []
