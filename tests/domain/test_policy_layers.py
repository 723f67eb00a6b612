"""Organisation, groups, project: which file is whose, in which order they apply, and that none can loosen."""

from __future__ import annotations

import time
from pathlib import PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.policy import Policy, PolicyDocument, PolicyRule, Unread
from bot.domain.policy_file import MAX_BYTES
from bot.domain.policy_layers import (
    MOST_GROUP_BYTES,
    MOST_GROUPS,
    FoundFile,
    GroupFile,
    LayeredPolicy,
    LayerError,
    read_organisation,
    sort_out,
    text_of,
)
from bot.domain.verdict import Reason, ReasonCode
from bot.errors import ConfigurationError
from scanners.finding import Severity

ORGANISATION = """\
version: 1
block: [{name: severe, severity: high}]
required_scanners: [semgrep]
unread_files: warn
projects:
  - match: "shop/sandbox"
    block: []
"""
SHOP = "version: 1\nblock: [{name: shop, severity: medium}]\nunread_files: not_assessed\n"
BACKEND = "version: 1\nblock: [{name: backend, severity: low}]\nunread_files: ignore\nrequired_scanners: [bandit]\n"


def file(path: str, size: int = 10, is_file: bool = True) -> FoundFile:
    return FoundFile(PurePosixPath(path), size, is_file)


def group(path: str, text: str, problem: str = "") -> GroupFile:
    return GroupFile(path, f"groups/{path}.yml", f"security/policies@abc:groups/{path}.yml", text, problem)


def layered(*groups: GroupFile, standing: tuple[Reason, ...] = ()) -> LayeredPolicy:
    document = read_organisation(ORGANISATION, "policy.yml")
    return LayeredPolicy("policy.yml", document.policy, document.projects, groups, standing)


def names(policy: Policy) -> list[str]:
    return [rule.name for rule in policy.block]


# --- whose file it is -------------------------------------------------------------------------------------------------


def test_the_organisations_file_and_groups_files_are_told_by_their_place() -> None:
    found = sort_out(
        [
            file("policy.yml"),
            file("groups/shop.yml"),
            file("groups/shop/back-end_2.x.yml"),
            file("groups/README.md"),
            file("groups/.gitkeep"),
            file("README.md"),
            file(".gitlab-ci.yml"),
            file("docs/policy.yml"),
            file("link", is_file=False),
        ]
    )
    assert {name: str(one.path) for name, one in found.items()} == {
        "": "policy.yml",
        "shop": "groups/shop.yml",
        "shop/back-end_2.x": "groups/shop/back-end_2.x.yml",
    }


@pytest.mark.parametrize(
    ("found", "says"),
    [
        (file("groups/shop.yaml"), "groups/shop.yaml does not end in .yml"),
        (file("groups/shop.YML"), "groups/shop.YML does not end in .yml"),
        (file("groups/shop.yml", is_file=False), "groups/shop.yml is a link or a submodule"),
        (file("groups/shop", is_file=False), "groups/shop is a link or a submodule"),
        (file("policy.yml", is_file=False), "policy.yml is a link or a submodule"),
        (file("groups"), "groups is no folder"),
        (file("groups", is_file=False), "groups is no folder"),
        (file("policy.yml", MAX_BYTES + 1), f"policy.yml is larger than {MAX_BYTES} bytes"),
        (file("groups/shop.yml", MAX_BYTES + 1), f"groups/shop.yml is larger than {MAX_BYTES} bytes"),
        (file("groups/a b.yml"), "is not named after the full path of a group"),
        (file("groups/-a.yml"), "is not named after the full path of a group"),
        (file("groups/shop\n/x.yml"), "groups/shop?/x.yml is not named after"),
        (file("groups/\udce9.yml"), "groups/?.yml is not named after"),
        (file("groups/\u202eshop.yml"), "groups/?shop.yml is not named after"),
        (file("groups/" + "a/" * 20 + "b.yml"), "is not named after the full path of a group"),
        (file("groups/" + "a" * 256 + ".yml"), "is not named after the full path of a group"),
    ],
)
def test_what_somebody_may_have_meant_for_a_policy_is_never_passed_over(found: FoundFile, says: str) -> None:
    with pytest.raises(LayerError) as caught:
        sort_out([file("policy.yml"), found] if str(found.path) != "policy.yml" else [found])
    assert says in str(caught.value)
    assert caught.value.hint
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 400


def test_two_files_for_one_group_are_refused() -> None:
    with pytest.raises(LayerError, match=r"groups/Shop\.yml and groups/shop\.yml are about the same group"):
        sort_out([file("groups/shop.yml"), file("groups/Shop.yml")])


def test_groups_are_limited_in_number_and_size() -> None:
    many = [file(f"groups/g{n}.yml") for n in range(MOST_GROUPS)]
    assert len(sort_out([file("policy.yml"), *many])) == MOST_GROUPS + 1
    with pytest.raises(LayerError, match=f"more than {MOST_GROUPS} groups have files"):
        sort_out(file(f"groups/g{n}.yml") for n in range(10_000))
    large = [file(f"groups/g{n}.yml", MAX_BYTES) for n in range(MOST_GROUP_BYTES // MAX_BYTES)]
    assert len(sort_out(large)) == len(large)
    with pytest.raises(LayerError, match="bytes together"):
        sort_out([*large, file("groups/one-more.yml", 1)])


def test_a_million_other_files_take_little_time() -> None:
    started = time.perf_counter()
    sort_out(file(f"src/{n}.yml") for n in range(100_000))
    assert time.perf_counter() - started < 5


@given(st.text(max_size=30), st.booleans())
def test_no_name_raises_anything_else(name: str, is_file: bool) -> None:
    try:
        found = sort_out([file(f"groups/{name}", is_file=is_file)])
    except LayerError as error:
        assert str(error).isprintable()  # noqa: PT017 - only where it is raised
    else:
        assert all(".." not in group.split("/") for group in found)


def test_a_text_that_is_not_utf_8_is_refused_with_its_name() -> None:
    with pytest.raises(LayerError, match=r"groups/shop\.yml is not UTF-8"):
        text_of(b"\xff\xfe", "groups/shop.yml")


# --- in which order ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("project", "expected"),
    [
        ("bank/core", ["severe"]),
        ("shop/web", ["severe", "shop"]),
        ("SHOP/Web", ["severe", "shop"]),
        ("shop/backend/api", ["severe", "shop", "backend"]),
        ("shop/backend", ["severe", "shop"]),
        ("shopping/backend", ["severe"]),
        ("other/shop/backend/api", ["severe"]),
        ("shop/sandbox", ["shop"]),
        ("shop", ["severe"]),
    ],
)
def test_a_groups_file_holds_for_every_project_below_it(project: str, expected: list[str]) -> None:
    document = layered(group("shop/backend", BACKEND), group("shop", SHOP))
    assert names(document.for_project(project)) == expected


def test_layers_apply_from_the_outermost_and_say_where_they_are_from() -> None:
    policy = layered(group("shop/backend", BACKEND), group("shop", SHOP)).for_project("shop/backend/api")
    assert policy.layers == (
        "security/policies@abc:groups/shop.yml",
        "security/policies@abc:groups/shop/backend.yml",
    )
    assert policy.unread_files is Unread.NOT_ASSESSED
    assert policy.required_scanners == {"semgrep", "bandit"}


def test_what_a_group_may_not_loosen_is_said_with_its_file() -> None:
    document = layered(group("shop", SHOP), group("shop/backend", BACKEND))
    assert document.reasons_for("shop/web") == ()
    assert document.reasons_for("shop/backend/api") == (
        Reason(
            ReasonCode.PROJECT_POLICY_REFUSED,
            "groups/shop/backend.yml: unread_files",
            "wanted ignore, kept not_assessed",
        ),
    )


def test_where_the_layers_come_from_does_not_make_another_policy() -> None:
    shop = layered(group("shop", SHOP)).for_project("shop/web")
    elsewhere = layered(GroupFile("shop", "groups/shop.yml", "/etc/shop.yml", SHOP)).for_project("shop/web")
    assert shop.digest == elsewhere.digest
    assert shop == elsewhere


@pytest.mark.parametrize("wrong", [group("shop", "version: 1\nblok: []\n"), group("shop", "", "cannot be read")])
def test_a_wrong_group_file_stops_what_is_below_it_and_nothing_else(wrong: GroupFile) -> None:
    document = layered(wrong)
    assert names(document.for_project("bank/core")) == ["severe"]
    for ask in (document.for_project, document.reasons_for):
        with pytest.raises(ConfigurationError) as caught:
            ask("shop/web")
        assert caught.value.hint


def test_what_stands_against_the_policy_is_said_of_every_project() -> None:
    old = Reason(ReasonCode.POLICY_NOT_CURRENT, "policy.yml", "policy.yml:1: not YAML: odd")
    document = layered(group("shop/backend", BACKEND), group("shop", SHOP), standing=(old,))
    assert document.reasons_for("bank/core") == (old,)
    assert document.reasons_for("shop/backend/api")[0] == old


def test_groups_go_under_another_organisations_policy() -> None:
    other = PolicyDocument("new.yml", Policy(block=(PolicyRule("new", severity=Severity.LOW),)))
    assert names(layered(group("shop", SHOP)).under(other).for_project("shop/web")) == ["new", "shop"]
