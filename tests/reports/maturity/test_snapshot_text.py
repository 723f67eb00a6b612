"""Snapshots in a terminal: named by path, never a number where nothing was assessed, nobody's text with effects."""

from __future__ import annotations

from dataclasses import replace

from bot.domain.maturity.scope import ORGANISATION, Scope
from bot.domain.maturity.snapshot import (
    AttestationRef,
    Snapshot,
    SnapshotRow,
    content_digest,
    group_content,
    next_revision,
    project_content,
)
from bot.reports.maturity.snapshot_text import render_list, render_snapshot, render_wrong, score_words
from tests.domain.maturity import worlds
from tests.domain.maturity.worlds import END, NIGHT, SCANNED

SMALL = worlds.model()
WORD = AttestationRef("small", "a-3-02", 7, "d" * 64)
CONTENT = project_content([SMALL], NIGHT, SCANNED, shared={}, attested=[WORD])


def row(scope: Scope, number: int = 7) -> SnapshotRow:
    made = next_revision(scope, NIGHT, content_digest(CONTENT), None)
    assert made is not None
    return replace(made, id=number, taken_at=END)


def test_a_list_names_projects_by_their_path() -> None:
    listed = render_list(
        [
            (row(ORGANISATION), {"small": score_words(61, 900), "other": score_words(None, 0)}),
            (row(Scope.of_project(5), 12), {}),
            (row(Scope.of_project(6), 13), {}),
            (row(Scope.of_group("shop/web"), 14), {}),
        ],
        {5: "shop/till\x1b[31m"},
    )
    lines = [line.split("  ") for line in listed.splitlines()]
    assert [line.strip() for line in lines[1] if line][:4] == ["7", "organisation", "night 2026-11-25", "1"]
    assert listed.splitlines()[1].endswith("other not assessed, small 61 of 100 (90 % known)")
    assert "\x1b" not in listed
    assert "project 6" in listed
    assert "shop/web/" in listed
    assert render_list([], {}) == "there are no snapshots\n"


def test_one_says_what_it_follows_from_and_what_follows() -> None:
    text = render_snapshot(Snapshot(row(Scope.of_project(5)), CONTENT), {5: "shop/till"})
    head, *rest = text.splitlines()
    assert head == "shop/till, night 2026-11-25 (2026-08-28 to 2026-11-25), revision 1"
    assert "  previous  none: it is the first revision" in rest
    assert "  taken     2026-11-26 00:00 UTC" in rest
    assert f"  inputs    {len(SCANNED)} counters, 1 attestations" in rest
    assert f"small 1 ({SMALL.digest[:12]})" in rest
    assert any(line.startswith("  a          3-   credit ") for line in rest), text
    assert any(line.split() == ["static_coverage_existing", "0.714286", "share"] for line in rest)
    group = group_content([SMALL], NIGHT, {5: (content_digest(CONTENT), CONTENT)}, shared={})
    assert "  projects  1" in render_snapshot(Snapshot(row(ORGANISATION), group), {}).splitlines()


def test_what_is_wrong_begins_with_the_snapshot() -> None:
    found = render_wrong([(row(Scope.of_project(5)), "its content\nis gone")], {5: "shop/till"})
    assert found == "7 shop/till night 2026-11-25 revision 1: its content is gone\n"
