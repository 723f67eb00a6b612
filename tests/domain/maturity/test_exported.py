"""A snapshot as a file: whole on its own, and whatever somebody changes in it is named."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.maturity.exported import Export, read_export, verify_export
from bot.domain.maturity.model_file import model_to_json
from bot.domain.maturity.period import night
from bot.domain.maturity.scope import ORGANISATION
from bot.domain.maturity.snapshot import (
    Content,
    Flaw,
    SnapshotError,
    SnapshotRow,
    content_digest,
    group_content,
    next_revision,
    project_content,
)
from tests.domain.maturity import worlds
from tests.domain.maturity.worlds import NIGHT, SCANNED
from tests.examples import examples

SMALL = worlds.model()


def part(scans: int) -> Content:
    return project_content([SMALL], NIGHT, {**SCANNED, "scans": scans}, shared={})


def whole(*scans: int) -> Content:
    return group_content([SMALL], NIGHT, {n: (content_digest(part(n)), part(n)) for n in scans}, shared={})


def rows(*contents: Content) -> tuple[SnapshotRow, ...]:
    found: list[SnapshotRow] = []
    for one in contents:
        row = next_revision(ORGANISATION, NIGHT, content_digest(one), found[-1] if found else None)
        assert row is not None
        found.append(row)
    return tuple(found)


@cache
def export() -> Export:
    """The organisation's third revision."""
    *earlier, row = rows(whole(30), whole(30, 31), whole(31, 32))
    parts = {content_digest(part(n)): part(n).document() for n in (31, 32)}
    return Export(row, tuple(earlier), whole(31, 32).document(), {SMALL.digest: model_to_json(SMALL)}, parts)


def flaws(changed: Export) -> list[Flaw]:
    return [one.flaw for one in verify_export(changed)]


def test_an_export_is_whole_after_its_way_through_a_file() -> None:
    assert verify_export(read_export(json.loads(json.dumps(export().document())))) == ()


def test_without_its_projects_it_says_what_is_missing() -> None:
    assert flaws(replace(export(), projects={})) == [Flaw.MISSING]


def test_another_model_under_its_digest_is_named() -> None:
    other = model_to_json(worlds.model(threshold=0.01))
    assert Flaw.CONTENT_CHANGED in flaws(replace(export(), models={SMALL.digest: other}))
    assert Flaw.UNREADABLE in flaws(replace(export(), models={SMALL.digest: {"format": 1}}))
    assert Flaw.MISSING in flaws(replace(export(), models={}))


def test_a_projects_content_that_was_changed_is_named() -> None:
    digest = content_digest(part(31))
    found = verify_export(replace(export(), projects={**export().projects, digest: part(99).document()}))
    assert [one.flaw for one in found] == [Flaw.CONTENT_CHANGED, Flaw.MISSING]
    assert found[0].text.startswith(f"project's content {digest[:12]}")
    assert Flaw.CONTENT_CHANGED in flaws(replace(export(), projects={**export().projects, digest: 0.5}))


def test_a_chain_that_does_not_hold_is_named() -> None:
    first, second = export().earlier
    assert flaws(replace(export(), earlier=(first,))) == [Flaw.UNLINKED]
    assert flaws(replace(export(), earlier=())) == [Flaw.UNLINKED]
    assert Flaw.UNLINKED in flaws(replace(export(), earlier=(second, first)))
    assert flaws(replace(export(), earlier=(replace(first, content="0" * 64), second))) == [Flaw.CHANGED]
    other = replace(first, period=night(NIGHT.first))
    assert Flaw.UNLINKED in flaws(replace(export(), earlier=(other, second)))


@pytest.mark.parametrize(
    "change",
    [
        {"format": "mergewarden-snapshot/2"},
        {"snapshot": None},
        {"earlier": {}},
        {"earlier": [7]},
        {"content": []},
        {"models": []},
        {"projects": None},
    ],
)
def test_what_is_no_export_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(SnapshotError):
        read_export({**export().document(), **change})


@given(
    place=st.sampled_from(["content", "models", "projects"]),
    rubbish=st.recursive(
        st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5)),
        lambda inner: st.dictionaries(st.text(max_size=9), inner, max_size=3),
        max_leaves=8,
    ),
)
@settings(max_examples=examples(60), deadline=None)
def test_rubbish_in_it_is_refused_or_named(place: str, rubbish: Any) -> None:
    try:
        read = read_export({**export().document(), place: rubbish})
    except SnapshotError:
        return
    assert verify_export(read)
