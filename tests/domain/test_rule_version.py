"""A version is told by its digest, and two versions by what differs."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from bot.domain.rule_version import RuleDifference, RuleOutcome, RuleSimulation, RuleVersion, difference


def version(**patterns: str) -> RuleVersion:
    rules = tuple({"id": f"org-python-{name}", "pattern": pattern} for name, pattern in patterns.items())
    entries: dict[str, Any] = {f"org-python-{name}": {"mode": "monitor"} for name in patterns}
    samples = {f"org-python-{name}": (("a.py", "x"),) for name in patterns}
    return RuleVersion({"python": rules}, entries, samples, dict.fromkeys(entries, "billing"))


def test_a_version_is_the_same_after_it_was_stored() -> None:
    one = version(a="x", b="y")
    again = RuleVersion.from_json(json.loads(json.dumps(one.to_json())))
    assert again == one
    assert again.digest == one.digest


def test_another_word_makes_another_version() -> None:
    one = version(a="x")
    told = replace(one, entries={"org-python-a": {"mode": "block"}})
    assert one.digest != version(a="y").digest
    assert one.digest != told.digest
    assert difference(one, told) == RuleDifference((), (), ())


def test_rules_that_come_change_and_go_are_named() -> None:
    assert difference(version(a="x", b="y"), version(b="z", c="x")) == RuleDifference(
        ("org-python-c",), ("org-python-b",), ("org-python-a",)
    )
    assert difference(None, version(a="x")) == RuleDifference(("org-python-a",), (), ())


def test_only_chosen_rules_are_compiled_and_no_empty_file_is() -> None:
    one = version(a="x", b="y")
    chosen = json.loads(one.compiled(["org-python-b"])["python"])
    assert [rule["id"] for rule in chosen["rules"]] == ["org-python-b"]
    assert one.compiled([]) == {}


def test_a_simulation_is_the_same_after_it_was_stored() -> None:
    outcome = RuleOutcome("org-python-a", 2, 1, 7, ("shop/web",), 1, ("+ shop/web a.py:3",))
    done = RuleSimulation(
        "d" * 64, "", datetime(2026, 3, 1, tzinfo=UTC), 1, 40, 1.5, 0.25, (outcome,), ("bank/core: none",), 2
    )
    assert RuleSimulation.from_json(json.loads(json.dumps(done.to_json()))) == done
