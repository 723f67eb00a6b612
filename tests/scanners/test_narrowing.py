"""Patterns that cannot match are left out of the rules, and nothing else is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from rules import compiled_pack
from scanners.adapters.semgrep import Semgrep
from scanners.interface import ScanTarget, Unit
from scanners.narrowing import narrowed, words_of

WORDS = words_of([b"import flask\ndef f():\n    return flask.request.args['x']\n"])


def _taint(**parts: Any) -> dict[str, Any]:
    base = {"pattern-sources": [{"pattern": "request.args"}], "pattern-sinks": [{"pattern": "$X"}]}
    return {"id": "a", "mode": "taint", **base, **parts}


def test_word_that_is_in_no_file_takes_its_pattern_out() -> None:
    rule = _taint(**{"pattern-sanitizers": [{"pattern": "html.escape(...)"}, {"pattern": "flask.f(...)"}]})
    assert narrowed([rule], WORDS) == [{**rule, "pattern-sanitizers": [{"pattern": "flask.f(...)"}]}]


def test_rule_without_any_source_or_sink_left_is_left_out() -> None:
    assert narrowed([_taint(**{"pattern-sources": [{"pattern": "cgi.FieldStorage()"}]})], WORDS) == []
    assert narrowed([_taint(**{"pattern-sinks": [{"pattern": "os.system($X)"}]})], WORDS) == []


@pytest.mark.parametrize(
    ("formula", "left"),
    [
        ({"patterns": [{"pattern": "$X"}, {"pattern-inside": "class C: ..."}]}, None),
        ({"patterns": [{"pattern": "$X"}, {"pattern-not": "os.getcwd()"}]}, {"patterns": [{"pattern": "$X"}]}),
        (
            {"patterns": [{"pattern": "$X"}, {"pattern-not": {"pattern": "os.getcwd()"}}]},
            {"patterns": [{"pattern": "$X"}]},
        ),
        ({"pattern-either": [{"pattern": "os.x"}, {"pattern": "flask.zz"}]}, None),
        (
            {"pattern-either": [{"pattern": "os.f"}, {"pattern": "flask.f"}]},
            {"pattern-either": [{"pattern": "flask.f"}]},
        ),
    ],
)
def test_what_is_left_of_a_formula(formula: dict[str, Any], left: dict[str, Any] | None) -> None:
    expected = [] if left is None else [{"id": "a", **left}]
    assert narrowed([{"id": "a", **formula}], WORDS) == expected


@pytest.mark.parametrize(
    "pattern",
    [
        '$X.args["anything"]',
        "f'{$X} never there'",
        "lambda $...ARGS: ...",
        "0xFF + 1e5",
        "@$APP.$ROUTE(...)",
        "String $S",
    ],
)
def test_strings_metavariables_numbers_and_what_is_implied_need_no_word(pattern: str) -> None:
    assert narrowed([{"id": "a", "pattern": pattern}], WORDS) == [{"id": "a", "pattern": pattern}]


def test_regular_expressions_and_other_languages_stay() -> None:
    rule = {
        "id": "a",
        "patterns": [
            {"pattern-regex": "never"},
            {"metavariable-regex": {"metavariable": "$X", "regex": "never"}},
            {"metavariable-pattern": {"metavariable": "$X", "language": "generic", "pattern": "never"}},
        ],
    }
    assert narrowed([rule], WORDS) == [rule]


@pytest.mark.parametrize("language", ["go", "java", "javascript", "python"])
def test_pack_over_a_file_of_one_framework_is_a_part_of_itself(language: str) -> None:
    rules = json.loads(compiled_pack(language).read_text(encoding="utf-8"))["rules"]
    part = narrowed(rules, WORDS)
    assert len(part) < len(rules)
    assert len(json.dumps(part)) < len(json.dumps(rules)) / 2
    known = {rule["id"]: rule for rule in rules}
    for rule in part:
        assert set(rule) <= set(known[rule["id"]])


def test_scanner_is_given_a_rule_even_where_none_can_match(tmp_path: Path) -> None:
    (tmp_path / "000000.py").write_bytes(b"x\n")
    target = ScanTarget(tmp_path, (Unit("000000.py", "0" * 40, 2),), tmp_path)
    inputs = Semgrep().inputs(target)
    assert len(json.loads(inputs["python.json"])["rules"]) >= 1
