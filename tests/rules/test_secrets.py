"""Every rule about secrets finds its true samples, passes over its false ones, and says what it must."""

from __future__ import annotations

import re
import time
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import yaml

import rules
from rules import build, secret_rules
from scanners.secrets.rules import SecretRules
from scanners.secrets.values import reads_as_prose
from scanners.units import split_lines
from tests.rules.secret_samples import Maker

# The regex parser's own tree; private modules, that type stubs know in one release and not in the next.
_parser: Any = import_module("re._parser")
_constants: Any = import_module("re._constants")

RULES = {rule["id"]: rule for rule in secret_rules.load(build.ROOT / "secrets")}
SAMPLES = [
    (rule_id, kind, number)
    for rule_id, rule in RULES.items()
    for kind in ("true", "false")
    for number in range(len(rule["samples"][kind]))
]
SEEDS = ("first", "second", "third")


@pytest.fixture(scope="module")
def engine() -> SecretRules:
    return SecretRules.load(rules.compiled_secret_rules())


def _found(engine: SecretRules, rule: dict[str, Any], text: str) -> set[str]:
    suffix = rule.get("sample_suffix", ".txt")
    return {match.rule for match in engine.matches(suffix, text, split_lines(text))}


@pytest.mark.parametrize(("rule_id", "kind", "number"), SAMPLES)
def test_rule_finds_its_true_samples_and_passes_over_its_false_ones(
    engine: SecretRules, rule_id: str, kind: str, number: int
) -> None:
    rule = RULES[rule_id]
    for seed in SEEDS:
        text = Maker(f"{seed} {rule_id} {number}").text(rule["samples"][kind][number])
        assert (rule_id in _found(engine, rule, text)) is (kind == "true"), text


@pytest.mark.parametrize(
    "text",
    [
        "glpat-rotation-of-the-keys-now",
        "see docs/glpat-personal-access-note.md",
        "gldt-rotation-of-the-keys-now",
        "glsoat-rotation-of-the-keys",
        "xoxb-slack-token-configuration",
        "hvs.render_template_with_context_data",
        "pscale_oauth_client_configuration_default_value_x",
        "secret_ManagerServiceClientConfigurationProviderAb",
        "HRKU-heroku-application-key-format-is-documented",
        "LTAIConfigurationSet",
        "AKIDSecretIdentifierOfTheTencentClou",
        "ALTAK-access-key-for-baidu-x",
        "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",
        "whsec_WebhookSigningSecretConfigurationClass",
        "sk_live_configurationOfTheStripeKey",
        "nfp_ThisIsTheFormatOfTheNetlifyTokenAndX",
        '"auth": "QWxhZGRpbjpvcGVuIHNlc2FtZQ=="',
    ],
)
def test_names_and_headings_in_the_form_of_a_token_are_none(engine: SecretRules, text: str) -> None:
    assert not list(engine.matches(".txt", text, [text]))


def test_hardly_any_token_reads_as_prose() -> None:
    maker = Maker("prose")
    taken = [maker.text(form) for form in ("{{b64u:20}}", "{{aZ9:24}}", "{{aZ9:40}}", "{{a9:40}}") for _ in range(500)]
    assert sum(map(reads_as_prose, taken)) <= 6


def test_a_match_is_where_the_value_stands(engine: SecretRules) -> None:
    token = Maker("place").text("{{github:ghp}}")
    text = f"a\r\nb = '{token}'\r\n"
    (match,) = engine.matches(".py", text, split_lines(text))
    assert (match.line, match.start, match.end, match.rule) == (2, 5, 5 + len(token), "github-token")


@pytest.mark.parametrize("rule_id", list(RULES))
def test_samples_hold_no_whole_secret(engine: SecretRules, rule_id: str) -> None:
    """What nobody generated yet is nothing that a scanner would stop a push for."""
    for sample in RULES[rule_id]["samples"]["true"]:
        assert "{{" in sample
        assert rule_id not in _found(engine, RULES[rule_id], sample.replace("{{", "").replace("}}", ""))


@pytest.mark.parametrize("rule_id", list(RULES))
def test_every_repetition_has_an_end(rule_id: str) -> None:
    rule = RULES[rule_id]
    for source in filter(None, (secret_rules.pattern_of(rule), rule.get("near"), rule.get("allow"))):
        assert _endless(_parser.parse(source)) == []


def test_an_endless_repetition_would_be_seen() -> None:
    assert _endless(_parser.parse("(?:ab{1,3}|c+)d"))
    assert not _endless(_parser.parse("(?:ab{1,3}|c{1,9})d"))


def _endless(parsed: Any) -> list[str]:
    found: list[str] = []
    stack: list[Any] = [parsed]
    while stack:
        item = stack.pop()
        if isinstance(item, tuple | list | _parser.SubPattern):
            parts = list(item)
            # A character is an int as well, and equal to some operator's.
            if parts and any(parts[0] is repeat for repeat in (_constants.MAX_REPEAT, _constants.MIN_REPEAT)):
                found += ["endless"] if parts[1][1] is _constants.MAXREPEAT else []
            stack += parts
    return found


HOSTILE = [
    "password" * 4_000,
    "password=" + "a" * 40_000,
    "password" + " " * 40_000 + "=",
    "secret_key_" * 3_000 + "= 'aliyun huawei baidu qiniu'",
    "postgres://" * 4_000,
    "postgres://" + "a:" * 20_000 + "@",
    "jdbc:mysql://" + "?password" * 5_000,
    "server=a;" * 5_000,
    "eyJ" * 15_000,
    "eyJ" + "a." * 20_000,
    "xoxb-" + "1-" * 20_000,
    "-----BEGIN RSA PRIVATE " + "KEY-----" + "\n" * 40_000,
    "amap baidu_map " * 3_000,
    "M" * 22 + ".a" * 20_000,
    "--" + "a-" * 20_000 + "password",
    "mysql " * 7_000,
    "curl curl " * 4_000,
    "ghp_" * 10_000,
    ("-----BEGIN RSA PRIVATE " + "KEY-----\n") * 10_000,
    "-----BEGIN PGP PRIVATE " + "KEY BLOCK-----A" * 20_000,
    "# aliyun\n" + "secret = 'q8Kd73jLsPz0vNcX5bRtYw2mHg6fEa'\n" * 20_000,
    "kind: Secret\n" + " a: AAAAAAAA\n" * 4_000,
    "create user " * 3_500,
]


@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_makes_the_rules_slow(engine: SecretRules, text: str) -> None:
    started = time.process_time()
    list(engine.matches(".yaml", text, split_lines(text)))
    assert time.process_time() - started < 3.0


@pytest.mark.parametrize("rule_id", list(RULES))
def test_what_blocks_has_a_format_of_its_own_or_a_check(rule_id: str) -> None:
    """Words nearby, and randomness, are never enough to block."""
    rule = RULES[rule_id]
    if rule["mode"] == "block":
        assert rule["confidence"] == "high"
        assert "near" not in rule or "check" in rule
        assert "assigned" not in rule or rule["assigned"]["value"].startswith("MII")
    if rule["confidence"] != "high":
        assert rule["mode"] != "block"


def test_every_rule_of_ours_is_in_the_catalogue_with_its_words() -> None:
    for rule_id, rule in RULES.items():
        info = rules.rule_info("detect-secrets", rule_id)
        english = rules.rule_text("detect-secrets", rule_id, "en")
        assert info is not None
        assert english is not None
        assert (info.confidence, info.mode) == (rule["confidence"], rule["mode"])
        assert "history" in english.remediation


def _broken(**changes: Any) -> dict[str, Any]:
    rule = {
        "id": "acme-token",
        "name": "an Acme token",
        "name_zh": "Acme 令牌",
        "can": "act",
        "can_zh": "操作",
        "pattern": "acme_[a-f0-9]{32}",
        "words": ["acme_"],
        "severity": "high",
        "confidence": "high",
        "mode": "block",
        "samples": {"true": ["acme_{{hex:32}}"], "false": ["acme_"]},
    }
    rule.update(changes)
    return {key: value for key, value in rule.items() if value is not None}


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"id": "Acme"}, "is not an id"),
        ({"colour": "red"}, "unknown fields"),
        ({"name_zh": None}, "name_zh is missing"),
        ({"can": " "}, "can is missing"),
        ({"pattern": "acme_("}, "acme-token"),
        ({"pattern": None}, "either pattern or assigned"),
        ({"words": ["Acme_"]}, "small letters"),
        ({"words": []}, "words have to be there"),
        ({"samples": {"true": ["acme_{{hex:32}}"]}}, "samples of both kinds"),
        ({"title": "An Acme token"}, "go together"),
        ({"mode": None}, "are needed"),
    ],
)
def test_wrong_rule_is_refused_with_its_name(tmp_path: Path, changes: dict[str, Any], complaint: str) -> None:
    (tmp_path / "acme.yaml").write_text(yaml.safe_dump({"rules": [_broken(**changes)]}), encoding="utf-8")
    with pytest.raises(secret_rules.SecretRuleError, match=complaint):
        secret_rules.load(tmp_path)


def test_two_rules_of_one_id_are_refused(tmp_path: Path) -> None:
    (tmp_path / "acme.yaml").write_text(yaml.safe_dump({"rules": [_broken(), _broken()]}), encoding="utf-8")
    with pytest.raises(secret_rules.SecretRuleError, match="is taken"):
        secret_rules.load(tmp_path)


def test_digests_of_examples_are_digests() -> None:
    assert all(re.fullmatch("[0-9a-f]{64}", digest) for digest in secret_rules.examples(build.ROOT / "secrets"))
