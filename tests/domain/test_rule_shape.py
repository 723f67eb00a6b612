"""What a file of an organisation's rules must not look like, and that every complaint says where and how to mend it."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest
import yaml

from bot.domain.rule_shape import (
    MAX_FILE_BYTES,
    read_yaml,
    rules_in,
    shape_problems,
    shared_problem,
    with_defaults,
)
from tests.pipeline.own_rules import RULE

PYTHON = frozenset({"python"})
GOOD: dict[str, Any] = yaml.safe_load(RULE)["rules"][0]


def changed(path: str, value: object) -> dict[str, Any]:
    rule = deepcopy(GOOD)
    *above, last = path.split(".")
    target = rule
    for key in above:
        target = target[key]
    target[last] = value
    return rule


def test_a_good_rule_has_no_problem() -> None:
    assert shape_problems("a.yaml", GOOD, PYTHON) == []


@pytest.mark.parametrize(
    ("path", "value", "field", "said"),
    [
        ("id", "python-raw-ledger", "id", "does not begin with org-"),
        ("id", 7, "id", "does not begin with org-"),
        ("paths", {"include": ["*"]}, "paths", "no such key"),
        ("validators", [], "validators", "no such key"),
        ("join", {}, "join", "no such key"),
        ("mode", "join", "mode", "neither search nor taint"),
        ("languages", "python", "languages", "not a list of names"),
        ("languages", ["python", "generic"], "languages", "generic is not read"),
        ("message", "", "message", "missing"),
        ("message", "x" * 2001, "message", "longer than"),
        ("metadata", "x", "metadata", "missing"),
        ("metadata.title", None, "metadata.title", "missing"),
        ("metadata.severity", "grave", "metadata.severity", "none that we know"),
        ("metadata.mode", "shout", "metadata.mode", "none that we know"),
        ("metadata.cwe", ["CWE-89"], "metadata.cwe", "not a list of numbers"),
        ("metadata.cwe", [True], "metadata.cwe", "not a list of numbers"),
        ("metadata.covered_by", ["python-x"], "metadata.covered_by", "no such key"),
        ("metadata.references", ["http://a.example"], "metadata.references", "https addresses"),
        ("metadata.references", ["https://a.example/<x>"], "metadata.references", "https addresses"),
        ("metadata.message_zh", ["x"], "metadata.message_zh", "not a text"),
        ("pattern", "x" * 4001, "pattern", "longer than"),
        ("pattern-regex", "a" * 501, "pattern-regex", "longer than"),
        ("pattern-regex", "(a+)+$", "pattern-regex", "repeats itself"),
        ("pattern-regex", r"(\w|x*){2,}", "pattern-regex", "repeats itself"),
        ("options", {"since": __import__("datetime").date(2026, 1, 1)}, "since", "neither text nor number"),
        ("patterns", [{"pattern": f"f{n}()"} for n in range(501)], "pattern", "more than 500"),
    ],
)
def test_a_wrong_rule_is_told_with_its_field_and_how_to_mend_it(
    path: str, value: object, field: str, said: str
) -> None:
    problems = shape_problems("python/a/b.yaml", changed(path, value), PYTHON)
    found = [problem for problem in problems if problem.field == field]
    assert found, problems
    assert said in found[0].text
    assert found[0].mend
    assert found[0].file == "python/a/b.yaml"


def test_what_is_nested_without_end_is_refused() -> None:
    node: Any = {"pattern": "x"}
    for _ in range(50):
        node = {"patterns": [node]}
    assert any("nested deeper" in p.text for p in shape_problems("a", changed("patterns", [node]), PYTHON))


def test_a_rule_without_any_pattern_is_refused() -> None:
    rule = {key: value for key, value in GOOD.items() if key != "pattern"}
    assert [p.field for p in shape_problems("a", rule, PYTHON)] == ["pattern"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"a: &x [1]\nb: *x\n", "anchors and aliases"),
        (b"rules: [\n", "not plain YAML"),
        (b"a: 1\na: 2\n", "stands twice"),
        (b"\xff\xfe", "not UTF-8"),
        (b"x: !!python/object/apply:os.system ['true']\n", "not plain YAML"),
        (b"[" * 30_000, "not plain YAML"),
        (b"#" * (MAX_FILE_BYTES + 1), "more than"),
    ],
)
def test_only_plain_yaml_is_read(content: bytes, said: str) -> None:
    document, problem = read_yaml("a.yaml", content)
    assert document is None
    assert problem is not None
    assert said in problem.text


@pytest.mark.parametrize("document", [None, [], {"rules": {}}, {"rules": [], "x": 1}, {"rules": []}, {"rules": [1]}])
def test_a_file_holds_one_rule(document: object) -> None:
    found, problem = rules_in("a.yaml", document)
    assert found == []
    assert problem is not None


def test_shared_lists_do_not_name_each_other() -> None:
    assert shared_problem("s", {"a": [{"pattern": "x"}]}) is None
    assert shared_problem("s", {"a": [{"patterns": [{"shared": "a"}]}]}) is not None
    assert shared_problem("s", {"a": "x"}) is not None
    assert shared_problem("s", []) is not None


def test_a_new_rule_only_watches_and_speaks_english_where_nothing_else_is_written() -> None:
    metadata = with_defaults(GOOD)["metadata"]
    assert metadata["mode"] == "monitor"
    assert metadata["title_zh"] == metadata["title"]
    assert metadata["message_zh"].startswith("（此规则没有中文说明。）The ledger")
    given = with_defaults(changed("metadata.message_zh", "账本"))["metadata"]
    assert given["message_zh"] == "账本"
    assert with_defaults(changed("metadata.mode", "block"))["metadata"]["mode"] == "block"
