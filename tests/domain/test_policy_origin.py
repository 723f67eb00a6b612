"""Each setting in force comes from the last layer that changed it, and what is shown is what decides."""

from __future__ import annotations

from pathlib import PurePosixPath

import pytest

from bot.domain.policy import PolicyDocument
from bot.domain.policy_layers import GroupFile, LayeredPolicy, read_organisation
from bot.domain.policy_origin import affected, layers_for, problem_of, rules_of, settings_of
from bot.domain.verdict import Effect
from bot.errors import ConfigurationError

ORGANISATION = """\
version: 1
required_scanners: [semgrep]
block:
  - name: severe
    severity: high
sla:
  critical: 3
projects:
  - match: shop/**
    max_threads: 5
"""
GROUP = """\
version: 1
block:
  - name: our own
    severity: medium
sla:
  critical: 9
required_scanners: [bandit]
"""


def document(*groups: tuple[str, str]) -> PolicyDocument:
    top = read_organisation(ORGANISATION, "policy.yml")
    files = tuple(GroupFile(name, f"groups/{name}.yml", f"p@c:groups/{name}.yml", text) for name, text in groups)
    return LayeredPolicy(top.source_name, top.policy, top.projects, files)


def test_what_is_shown_is_what_decides() -> None:
    layered = document(("shop", GROUP))
    layers = layers_for(layered, "shop/backend")
    assert [layer.kind for layer in layers] == ["organisation", "override", "group"]
    assert layers[-1].policy.digest == layered.for_project("shop/backend").digest
    assert layers_for(layered, "bank/core")[-1].policy.digest == layered.for_project("bank/core").digest


def test_a_setting_comes_from_the_layer_that_changed_it() -> None:
    settings = {one.name: one for one in settings_of(layers_for(document(("shop", GROUP)), "shop/backend"))}
    assert (settings["max_threads"].value, settings["max_threads"].changed) == ("5", True)
    assert settings["max_threads"].origin.endswith("projects: shop/**")
    # The group's wish would weaken it, so that it is the organisation's still.
    assert (settings["sla.critical"].value, settings["sla.critical"].changed) == ("3", False)
    assert settings["required_scanners"].origin == "p@c:groups/shop.yml"
    assert "block" not in settings


def test_what_a_group_wanted_in_vain_is_said() -> None:
    layers = layers_for(document(("shop", GROUP)), "shop/backend")
    assert [one.setting for one in layers[-1].refused] == ["sla.critical"]


def test_a_rule_comes_from_the_layer_that_brought_it() -> None:
    rules = rules_of(layers_for(document(("shop", GROUP)), "shop/backend"))
    assert [(one.rule.name, one.effect, one.changed) for one in rules if one.effect is Effect.BLOCK] == [
        ("severe", Effect.BLOCK, False),
        ("our own", Effect.BLOCK, True),
    ]


def test_a_groups_file_holds_for_what_is_below_it_alone() -> None:
    groups, overrides = affected(document(("shop", GROUP), ("bank", GROUP)), ["Shop/backend", "shop/a/b", "shopping/x"])
    assert {name: one.projects for name, one in groups.items()} == {"shop": 2}
    assert {match: one.projects for match, one in overrides.items()} == {"shop/**": 2}
    assert groups["shop"].examples == ("shop/a/b", "Shop/backend")


def test_a_wrong_file_of_a_group_is_a_problem_and_no_mild_policy() -> None:
    layered = document(("shop", "version: 1\nblock: 7\n"))
    with pytest.raises(ConfigurationError):
        layers_for(layered, "shop/backend")
    assert isinstance(layered, LayeredPolicy)
    assert problem_of(layered.groups[0])
    assert layers_for(layered, str(PurePosixPath("bank/core")))
