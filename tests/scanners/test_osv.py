"""Which versions an advisory is about."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.version import Version

from scanners.osv import affects, fixed_versions, packages_of


def advisory(*events: dict[str, str], versions: tuple[str, ...] = (), **more: Any) -> dict[str, Any]:
    affected = {
        "package": {"ecosystem": "PyPI", "name": "Some.Package"},
        "ranges": [{"type": "ECOSYSTEM", "events": list(events)}] if events else [],
        "versions": list(versions),
    }
    return {"id": "X", "affected": [affected], **more}


@pytest.mark.parametrize(
    ("events", "version", "hit"),
    [
        ([{"introduced": "0"}, {"fixed": "2.0"}], "1.9", True),
        ([{"introduced": "0"}, {"fixed": "2.0"}], "2.0", False),
        ([{"introduced": "0"}, {"fixed": "2.0"}], "2.0rc1", True),
        ([{"introduced": "0"}, {"fixed": "2.0"}], "0.dev0", True),
        ([{"introduced": "1.5"}, {"fixed": "2.0"}], "1.4", False),
        ([{"introduced": "1.5"}], "99", True),
        ([{"introduced": "0"}, {"last_affected": "2.0"}], "2.0", True),
        ([{"introduced": "0"}, {"last_affected": "2.0"}], "2.0.1", False),
        # Two lines of development in one range, in any order.
        ([{"fixed": "3.1"}, {"introduced": "3.0"}, {"fixed": "2.5"}, {"introduced": "2.0"}], "2.7", False),
        ([{"fixed": "3.1"}, {"introduced": "3.0"}, {"fixed": "2.5"}, {"introduced": "2.0"}], "3.0.9", True),
        ([{"introduced": "0"}, {"limit": "1.0"}], "1.0", False),
        ([{"introduced": "0"}, {"fixed": "nonsense"}], "1.0", True),
    ],
)
def test_a_range_names_the_versions_between_its_events(events: list[dict[str, str]], version: str, hit: bool) -> None:
    assert affects(advisory(*events), "some-package", version) is hit


@pytest.mark.parametrize(("version", "hit"), [("1.0", True), ("1.0.0", True), ("1.1", False), ("legacy", True)])
def test_a_list_of_versions_names_them_however_they_are_written(version: str, hit: bool) -> None:
    assert affects(advisory(versions=("1.0", "legacy")), "some-package", version) is hit


def test_a_withdrawn_advisory_names_nothing() -> None:
    assert not affects(advisory({"introduced": "0"}, withdrawn="2024-01-01T00:00:00Z"), "some-package", "1")


def test_another_package_or_ecosystem_is_not_meant() -> None:
    other = advisory({"introduced": "0"})
    assert not affects(other, "other", "1")
    other["affected"][0]["package"]["ecosystem"] = "npm"
    assert not affects(other, "some-package", "1")


def test_the_fixed_versions_are_those_above() -> None:
    both = advisory(
        {"introduced": "0"}, {"fixed": "1.2"}, {"introduced": "2.0"}, {"fixed": "2.0.10"}, {"fixed": "2.0.9"}
    )
    assert fixed_versions(both, "some-package", "2.0") == ("2.0.9", "2.0.10")
    assert packages_of(both) == {"some-package"}


_numbers = st.integers(0, 30)


@given(_numbers, _numbers, _numbers)
def test_a_simple_range_agrees_with_comparison(introduced: int, fixed: int, version: int) -> None:
    events = advisory({"introduced": str(introduced)}, {"fixed": str(fixed)})
    if introduced < fixed:
        hit = Version(str(introduced)) <= Version(str(version)) < Version(str(fixed))
        assert affects(events, "some-package", str(version)) is hit


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["package", "ranges", "events", "name", "ecosystem", "type", "versions"]), inner, max_size=3
        )
    ),
    max_leaves=8,
)


@given(_json, st.text(max_size=8))
def test_no_document_breaks_the_matching(affected: object, version: str) -> None:
    document = {"affected": affected if isinstance(affected, list) else [affected]}
    assert affects(document, "some-package", version) in (True, False)
    assert isinstance(packages_of(document), frozenset)
    assert fixed_versions(document, "some-package", version) is not None
