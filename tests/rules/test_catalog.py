"""The catalogue answers for every rule of every scanner, in both languages."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from bandit.core.extension_loader import MANAGER
from detect_secrets.core.plugins.util import get_mapping_from_secret_type_to_class

import rules
from rules import build, plain_yaml, secret_rules

SCANNERS = ("semgrep", "bandit", "detect-secrets")
EVERY_RULE = [(scanner, rule_id) for scanner in SCANNERS for rule_id in rules.rule_ids(scanner)]
PLUGINS: dict[str, type] = get_mapping_from_secret_type_to_class()
SECRET_TYPES = {kind: plugin.__name__ for kind, plugin in PLUGINS.items()}


def _bandit_tests() -> set[str]:
    listed = {entry["id"] for entries in MANAGER.blacklist.values() for entry in entries}
    return set(MANAGER.plugins_by_id) | listed


@pytest.mark.parametrize(("scanner", "rule_id"), EVERY_RULE)
def test_every_rule_has_words_in_both_languages_and_a_judgement(scanner: str, rule_id: str) -> None:
    english = rules.rule_text(scanner, rule_id, "en")
    chinese = rules.rule_text(scanner, rule_id, "zh-CN")
    info = rules.rule_info(scanner, rule_id)
    assert english is not None
    assert chinese is not None
    assert info is not None
    for text in (english.title, english.message, english.remediation):
        assert text
        assert "\n" not in text
        assert not re.search(r"[\u4e00-\u9fff]", text)
    for text in (chinese.title, chinese.message, chinese.remediation):
        assert re.search(r"[\u4e00-\u9fff]", text)
        assert "\n" not in text
    assert len(english.title) <= 80
    assert info.cwes
    assert info.severity in build.SEVERITIES
    assert info.confidence in build.CONFIDENCES
    assert info.mode in build.MODES
    assert all(re.fullmatch(r"A(0[1-9]|10):(2021|2025)", category) for category in info.owasp)
    assert f"https://cwe.mitre.org/data/definitions/{info.cwes[0]}.html" in info.references


@pytest.mark.parametrize("rule_id", rules.rule_ids("suppressions"))
def test_every_suppression_has_words_in_both_languages_and_no_weakness(rule_id: str) -> None:
    english = rules.rule_text("suppressions", rule_id, "en")
    chinese = rules.rule_text("suppressions", rule_id, "zh-CN")
    info = rules.rule_info("suppressions", rule_id)
    assert english is not None
    assert chinese is not None
    assert info is not None
    for text in (english.title, english.message, english.remediation):
        assert text
        assert not re.search(r"[\n{}\u4e00-\u9fff]", text)
    for text in (chinese.title, chinese.message, chinese.remediation):
        assert re.search(r"[\u4e00-\u9fff]", text)
        assert not re.search(r"[\n{}]", text)
    assert len(english.title) <= 80
    assert (info.cwes, info.owasp) == ((), ())
    assert (info.severity, info.confidence, info.mode) in (("low", "high", "comment"), ("medium", "high", "comment"))


@pytest.mark.parametrize("rule_id", rules.rule_ids("suppressions"))
def test_what_leaves_more_than_one_place_unseen_is_worse(rule_id: str) -> None:
    info = rules.rule_info("suppressions", rule_id)
    assert info is not None
    wide = rule_id.endswith(("-all", "-file", "-wide")) or rule_id == "many-suppressions"
    assert info.severity == ("medium" if wide else "low")


def test_bandits_tests_are_known_by_name_too() -> None:
    for entries in MANAGER.blacklist.values():
        for entry in entries:
            assert _id_of(entry["name"]) == entry["id"]
    for rule_id, plugin in MANAGER.plugins_by_id.items():
        assert _id_of(plugin.name) == rule_id


def _id_of(name: str) -> str | None:
    info = rules.rule_info("bandit", name)
    return info.rule_id if info is not None else None


def test_catalogue_knows_every_test_of_the_installed_bandit_and_no_other() -> None:
    assert set(rules.rule_ids("bandit")) == _bandit_tests()


def test_catalogue_knows_our_rules_and_every_detector_of_the_installed_detect_secrets_and_no_other() -> None:
    ours = {rule["id"] for rule in secret_rules.load(build.ROOT / "secrets")}
    assert set(rules.rule_ids("detect-secrets")) == ours | set(SECRET_TYPES.values())


@pytest.mark.parametrize(("kind", "plugin"), sorted(SECRET_TYPES.items()))
def test_detectors_are_known_by_secret_type_too(kind: str, plugin: str) -> None:
    found = rules.rule_info("detect-secrets", kind)
    assert found is not None
    assert found.rule_id == plugin
    assert rules.rule_text("detect-secrets", kind, "en") == rules.rule_text("detect-secrets", plugin, "en")


@pytest.mark.parametrize("rule_id", ["B101", "B311", "B403", "B404", "B405", "B603", "B607"])
def test_bandits_noise_is_information_only(rule_id: str) -> None:
    info = rules.rule_info("bandit", rule_id)
    assert info is not None
    assert (info.severity, info.confidence, info.mode) == ("info", "low", "monitor")


@pytest.mark.parametrize(
    ("rule_id", "confidence", "mode", "enabled"),
    [
        ("aws-access-key-id", "high", "block", True),
        ("github-token", "high", "block", True),
        ("alibaba-cloud-access-key-secret", "medium", "comment", True),
        ("hard-coded-password", "medium", "comment", True),
        ("AWSKeyDetector", "low", "monitor", True),
        ("KeywordDetector", "low", "monitor", True),
        ("Base64HighEntropyString", "low", "monitor", True),
        ("HexHighEntropyString", "low", "monitor", True),
        ("IPPublicDetector", "low", "monitor", False),
    ],
)
def test_secrets_are_trusted_by_how_sure_their_form_is(rule_id: str, confidence: str, mode: str, enabled: bool) -> None:
    info = rules.rule_info("detect-secrets", rule_id)
    assert info is not None
    assert (info.confidence, info.mode, info.enabled, info.cwes) == (confidence, mode, enabled, (798,))


@pytest.mark.parametrize(
    ("scanner", "rule_id", "language"),
    [
        ("semgrep", "no-such-rule", "en"),
        ("nobody", "B101", "en"),
        ("pip-audit", "PYSEC-1", "en"),
        ("bandit", "B101", "fr"),
    ],
)
def test_unknown_rules_and_languages_have_no_text(scanner: str, rule_id: str, language: str) -> None:
    assert rules.rule_text(scanner, rule_id, language) is None


def test_unknown_rule_has_no_judgement() -> None:
    assert rules.rule_info("bandit", "B999") is None


@pytest.mark.parametrize(
    "check_id",
    [
        "python-sql-injection-request",
        "rules.compiled.python-sql-injection-request",
        "a.b.c.python-sql-injection-request",
    ],
)
def test_path_before_a_rule_id_is_taken_off(check_id: str) -> None:
    assert rules.semgrep_rule_id(check_id) == "python-sql-injection-request"


def test_packs_exist_for_the_languages_and_for_no_other() -> None:
    assert {"go", "java", "javascript", "python"} < set(rules.languages())
    assert all(rules.compiled_pack(language).is_file() for language in rules.languages())
    with pytest.raises(KeyError):
        rules.compiled_pack("../../etc/passwd")


def test_digest_is_a_sha256_and_stays_the_same() -> None:
    assert re.fullmatch(r"[0-9a-f]{64}", rules.digest())
    assert rules.digest() == rules.digest()


def test_every_rule_that_blocks_is_sure_and_grave() -> None:
    for scanner, rule_id in EVERY_RULE:
        info = rules.rule_info(scanner, rule_id)
        assert info is not None
        if info.mode == "block":
            assert info.confidence == "high", rule_id
            assert info.severity in ("high", "critical"), rule_id


def test_what_people_write_is_plain_yaml() -> None:
    # Samples of the YAML packs are what strangers write.
    for path in sorted(path for path in Path(build.ROOT).rglob("*.yaml") if "." not in path.stem):
        assert plain_yaml.load(path.read_text(encoding="utf-8")) is not None
