"""New, existing, changed, fixed: what a change did to each finding."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain import delta
from bot.domain.change import ChangeKind, FileChange
from bot.domain.verdict import Presence, TrackedFinding
from scanners.finding import Finding, FindingKind, Severity
from scanners.interface import Gap, GapReason, ScannerRun, ScannerStatus
from tests.domain.builders import change, diff, finding, package, run
from tests.sentences import explained


def compare(
    base: Sequence[Finding], head: Sequence[Finding], changes: Sequence[FileChange], *, runs: Sequence[ScannerRun] = ()
) -> tuple[TrackedFinding, ...]:
    """As ``delta.compare``; whatever a test compares, the explanations can be translated."""
    return explained(delta.compare(base, head, changes, runs=runs))


def all_new(head: Sequence[Finding]) -> tuple[TrackedFinding, ...]:
    """As ``delta.all_new``, likewise."""
    return explained(delta.all_new(head))


NEW, EXISTING, CHANGED, FIXED = Presence.NEW, Presence.EXISTING, Presence.CHANGED, Presence.FIXED


def presences(tracked: Sequence[TrackedFinding]) -> list[tuple[Presence, int]]:
    return [(item.presence, item.finding.location.start_line) for item in tracked]


# --- the line map -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("base", "head", "hunk", "expected"),
    [
        pytest.param((57, 57), (63, 63), (10, 0, 11, 6), EXISTING, id="lines put in above"),
        pytest.param((57, 57), (52, 52), (10, 5, 9, 0), EXISTING, id="lines taken out above"),
        pytest.param((57, 57), (57, 57), (90, 3, 90, 9), EXISTING, id="edited below"),
        pytest.param((57, 57), (57, 57), (56, 1, 56, 1), EXISTING, id="line above edited"),
        pytest.param((57, 57), (57, 57), (57, 1, 57, 1), CHANGED, id="flagged line edited"),
        pytest.param((57, 57), (60, 60), (57, 1, 57, 5), CHANGED, id="flagged line spread over several"),
        pytest.param((57, 59), (57, 60), (58, 0, 59, 1), CHANGED, id="line put into a statement"),
        pytest.param((57, 59), (57, 58), (58, 1, 57, 0), CHANGED, id="line taken out of a statement"),
        pytest.param((57, 59), (57, 60), (59, 0, 60, 1), CHANGED, id="statement grew at its end"),
        pytest.param((57, 59), (57, 60), (56, 0, 57, 1), CHANGED, id="statement grew at its beginning"),
        pytest.param((57, 60), (57, 59), (60, 1, 59, 0), CHANGED, id="statement lost its last line"),
        pytest.param((57, 60), (57, 59), (57, 1, 56, 0), CHANGED, id="statement lost its first line"),
        pytest.param((57, 59), (57, 59), (58, 1, 58, 1), CHANGED, id="middle of a statement edited"),
    ],
)
def test_finding_is_followed_to_where_git_says_its_lines_went(
    base: tuple[int, int], head: tuple[int, int], hunk: tuple[int, int, int, int], expected: Presence
) -> None:
    before, after = finding("app.py", *base, code="x"), finding("app.py", *head, code="y")
    assert compare([before], [after], [change(hunk)]) == (
        TrackedFinding(after, expected, before, compare([before], [after], [change(hunk)])[0].explanation),
    )


def test_explanation_says_where_the_finding_was_and_is() -> None:
    renamed = change((10, 0, 11, 6), old="old.py", new="app.py", kind=ChangeKind.RENAMED)
    assert compare([finding(line=57)], [finding(line=63)], [change((10, 0, 11, 6))])[0].explanation == (
        "line map: was 57, now 63"
    )
    assert compare([finding("old.py", 57)], [finding(line=63)], [renamed])[0].explanation == (
        "line map: was 57 of old.py, now 63"
    )


def test_finding_on_an_added_line_is_new() -> None:
    made = compare([], [finding(line=5)], [change((4, 0, 5, 1))])
    assert presences(made) == [(NEW, 5)]


def test_finding_on_an_unedited_line_that_is_flagged_only_now_is_new() -> None:
    """A tainted source was added elsewhere."""
    made = compare([], [finding(line=50)], [change((4, 0, 5, 1))])
    assert presences(made) == [(NEW, 50)]
    assert "flagged only now" in made[0].explanation


def test_finding_that_is_gone_is_fixed() -> None:
    made = compare([finding(line=5), finding(line=50)], [], [change((5, 1, 4, 0))])
    assert presences(made) == [(FIXED, 5), (FIXED, 50)]
    assert "edited or removed" in made[0].explanation
    assert "no longer flagged" in made[1].explanation


def test_finding_of_another_rule_on_the_same_line_is_new() -> None:
    made = compare([finding(line=5, rule="B602")], [finding(line=5, rule="B101")], [change((90, 1, 90, 1))])
    assert presences(made) == [(NEW, 5), (FIXED, 5)]


def test_edited_finding_of_another_rule_is_new() -> None:
    made = compare([finding(line=5, rule="B602")], [finding(line=5, rule="B101")], [change((5, 1, 5, 1))])
    assert presences(made) == [(NEW, 5), (FIXED, 5)]


def test_finding_that_appears_in_another_hunk_than_it_went_from_is_new() -> None:
    made = compare([finding(line=5, code="a")], [finding(line=50, code="b")], [change((5, 1, 4, 0), (51, 0, 50, 1))])
    assert presences(made) == [(NEW, 50), (FIXED, 5)]


def test_code_that_moved_within_its_file_is_neither_new_nor_simply_kept() -> None:
    made = compare([finding(line=5, code="a")], [finding(line=50, code="a")], [change((5, 1, 4, 0), (51, 0, 50, 1))])
    assert presences(made) == [(CHANGED, 50)]
    assert "moved" in made[0].explanation


def test_code_that_moved_and_was_doubled_is_new() -> None:
    base = [finding(line=5, code="a")]
    head = [finding(line=50, code="a"), finding(line=60, code="a")]
    made = compare(base, head, [change((5, 1, 4, 0), (51, 0, 50, 1), (60, 0, 60, 1))])
    assert presences(made) == [(NEW, 50), (NEW, 60), (FIXED, 5)]


def test_two_findings_on_one_unedited_line_are_told_apart_by_their_columns() -> None:
    base = [finding(line=5, columns=(1, 9))]
    head = [finding(line=5, columns=(1, 9)), finding(line=5, columns=(20, 29))]
    made = compare(base, head, [change((90, 1, 90, 1))])
    assert [(item.presence, item.finding.location.start_column) for item in made] == [(EXISTING, 1), (NEW, 20)]


# --- copies -----------------------------------------------------------------------------------------------------------


def test_one_copy_more_in_edited_lines_is_new_and_the_nearest_is_kept_apart() -> None:
    base = [finding(line=10, code="a"), finding(line=20, code="a")]
    head = [finding(line=n, code="a") for n in (10, 20, 30)]
    made = compare(base, head, [change((1, 40, 1, 40))])
    assert presences(made) == [(CHANGED, 10), (CHANGED, 20), (NEW, 30)]


def test_a_copy_of_an_existing_finding_on_a_new_line_is_new() -> None:
    made = compare(
        [finding(line=10, code="a")], [finding(line=10, code="a"), finding(line=11, code="a")], [change((10, 0, 11, 1))]
    )
    assert presences(made) == [(EXISTING, 10), (NEW, 11)]


def test_findings_that_appear_twice_are_merged_with_the_worst_judgement_and_every_word() -> None:
    mild = finding(line=5, severity=Severity.LOW, also=[("semgrep", "r1")])
    severe = finding(line=5, severity=Severity.CRITICAL, also=[("semgrep", "r2")])
    (only,) = compare([], [mild, severe, mild], [change((4, 0, 5, 1))])
    assert only.finding.severity is Severity.CRITICAL
    assert {a.rule_id for a in only.finding.attributions} == {"B602", "r1", "r2"}


# --- who describes it -------------------------------------------------------------------------------------------------


def test_finding_stays_when_another_of_its_scanners_describes_it_now() -> None:
    before = finding(line=5, end=7, scanner="semgrep", rule="r", also=[("bandit", "B602")])
    for after in (finding(line=5, end=7), finding(line=5), finding(line=7)):
        made = compare([before], [after], [change((90, 1, 90, 1))])
        assert [item.presence for item in made] == [EXISTING]


def test_related_weakness_by_another_scanner_on_the_same_unedited_lines_is_the_same() -> None:
    before = finding(line=5, scanner="semgrep", rule="r", cwes=(78,))
    assert [t.presence for t in compare([before], [finding(line=5, cwes=(77,))], [change((90, 1, 90, 1))])] == [
        EXISTING
    ]
    assert [t.presence for t in compare([before], [finding(line=5, cwes=(79,))], [change((90, 1, 90, 1))])] == [
        NEW,
        FIXED,
    ]


def test_related_weakness_of_the_same_scanner_by_another_rule_is_new() -> None:
    before, after = finding(line=5, rule="B602", cwes=(78,)), finding(line=5, rule="B605", cwes=(78,))
    assert [t.presence for t in compare([before], [after], [change((90, 1, 90, 1))])] == [NEW, FIXED]


# --- whole files ------------------------------------------------------------------------------------------------------


def test_file_that_only_moved_keeps_its_findings() -> None:
    moved = change(old="a.py", new="b/c.py", kind=ChangeKind.RENAMED)
    made = compare([finding("a.py", 5)], [finding("b/c.py", 5)], [moved])
    assert presences(made) == [(EXISTING, 5)]


def test_two_files_that_swapped_names_keep_their_findings() -> None:
    swap = [
        change(old="a.py", new="b.py", kind=ChangeKind.RENAMED),
        change(old="b.py", new="a.py", kind=ChangeKind.RENAMED),
    ]
    made = compare([finding("a.py", 1), finding("b.py", 2)], [finding("b.py", 1), finding("a.py", 2)], swap)
    assert [(t.presence, str(t.previous and t.previous.location.path)) for t in made] == [
        (EXISTING, "b.py"),
        (EXISTING, "a.py"),
    ]


def test_copy_of_a_file_has_new_findings_that_say_where_they_come_from() -> None:
    copied = change(old="a.py", new="b.py", kind=ChangeKind.COPIED)
    (only,) = compare([finding("a.py", 5)], [finding("b.py", 5)], [copied])
    assert only.presence is NEW
    assert "copied from a.py, where line 5 has the same finding" in only.explanation


def test_copy_has_new_findings_even_where_its_source_keeps_them() -> None:
    copied = change((1, 0, 2, 3), old="a.py", new="b.py", kind=ChangeKind.COPIED)
    edited = change((9, 1, 9, 1), old="a.py", new="a.py")
    base = [finding("a.py", 5, code="x")]
    made = compare(base, [finding("a.py", 5, code="x"), finding("b.py", 8, code="x")], [copied, edited])
    assert [(str(t.finding.location.path), t.presence) for t in made] == [("a.py", EXISTING), ("b.py", NEW)]
    assert "copied from a.py, where line 5 has the same finding" in made[1].explanation


@pytest.mark.parametrize("names", [("b.py", "c.py"), ("c.py", "b.py")])
def test_of_several_files_made_of_one_that_is_gone_the_least_edited_continues_it(names: tuple[str, str]) -> None:
    """Git calls the last one by name the renamed one and the others copies."""
    intact, edited = names
    first, last = sorted(names)
    hunks = {intact: [(1, 0, 2, 1)], edited: [(1, 0, 2, 9)]}
    changes = [
        change(*hunks[first], old="a.py", new=first, kind=ChangeKind.COPIED),
        change(*hunks[last], old="a.py", new=last, kind=ChangeKind.RENAMED),
    ]
    made = compare([finding("a.py", 5)], [finding(intact, 6), finding(edited, 14)], changes)
    assert {str(t.finding.location.path): t.presence for t in made} == {intact: EXISTING, edited: NEW}


def test_file_without_a_line_map_does_not_continue_one_that_another_file_continues() -> None:
    changes = [
        change(old="a.py", new="b.py", kind=ChangeKind.COPIED, binary=True),
        change((1, 5, 1, 5), old="a.py", new="c.py", kind=ChangeKind.RENAMED),
    ]
    made = compare([finding("a.py", 9)], [finding("b.py", 9), finding("c.py", 9)], changes)
    assert {str(t.finding.location.path): t.presence for t in made} == {"b.py": NEW, "c.py": EXISTING}


def test_source_of_a_copy_that_nobody_scanned_again_is_not_called_fixed() -> None:
    assert compare([finding("a.py", 5)], [], [change(old="a.py", new="b.py", kind=ChangeKind.COPIED)]) == ()


def test_file_in_the_place_of_one_that_moved_away_has_new_findings() -> None:
    changes = [
        change(old="a.py", new="b.py", kind=ChangeKind.RENAMED),
        change((0, 0, 1, 9), old=None, new="a.py", kind=ChangeKind.ADDED),
    ]
    made = compare([finding("a.py", 5)], [finding("a.py", 5), finding("b.py", 5)], changes)
    assert [(str(t.finding.location.path), t.presence) for t in made] == [("a.py", NEW), ("b.py", EXISTING)]


def test_deleted_file_fixes_its_findings() -> None:
    made = compare([finding(line=5)], [], [change((1, 9, 0, 0), new=None, kind=ChangeKind.DELETED)])
    assert presences(made) == [(FIXED, 5)]
    assert "deleted" in made[0].explanation


def test_file_of_another_type_keeps_nothing() -> None:
    made = compare([finding(line=5)], [finding(line=5)], [change(kind=ChangeKind.TYPE_CHANGED)])
    assert [t.presence for t in made] == [NEW, FIXED]


def test_other_line_ends_in_the_whole_file_make_every_finding_changed() -> None:
    base = [finding(line=n, code=f"c{n}") for n in (3, 30, 60)]
    made = compare(base, list(base), [change((1, 99, 1, 99))])
    assert [(t.presence, t.previous) for t in made] == [(CHANGED, before) for before in base]


def test_file_that_no_change_names_is_unedited() -> None:
    made = compare([finding("else.py", 5)], [finding("else.py", 5), finding("else.py", 6)], [])
    assert presences(made) == [(EXISTING, 5), (NEW, 6)]


def test_hostile_file_names_stay_on_one_line() -> None:
    moved = change(old="a\n/approve\n.py", new="b.py", kind=ChangeKind.RENAMED)
    (only,) = compare([finding("a\n/approve\n.py", 5)], [finding("b.py", 5)], [moved])
    assert "\n" not in only.explanation


# --- no line map ------------------------------------------------------------------------------------------------------

BINARY = [change(binary=True)]


def test_without_a_line_map_the_same_code_is_the_same_finding() -> None:
    made = compare([finding(line=5, code="a")], [finding(line=50, code="a")], BINARY)
    assert presences(made) == [(EXISTING, 50)]


@pytest.mark.parametrize(("before", "after"), [("a", "b"), ("", "")])
def test_without_a_line_map_other_code_or_none_is_new(before: str, after: str) -> None:
    made = compare([finding(line=5, code=before)], [finding(line=5, code=after)], BINARY)
    assert [t.presence for t in made] == [NEW, FIXED]


def test_without_a_line_map_a_copy_too_many_makes_all_new() -> None:
    made = compare([finding(line=5, code="a")], [finding(line=5, code="a"), finding(line=9, code="a")], BINARY)
    assert presences(made) == [(NEW, 5), (NEW, 9), (FIXED, 5)]


@pytest.mark.parametrize("made_by", [{"kind": FindingKind.SECRET}, {"cwes": (798,)}])
def test_without_a_line_map_a_secret_may_be_another(made_by: dict[str, object]) -> None:
    secret = finding(line=5, code="hash without the secret", **made_by)  # type: ignore[arg-type]
    assert [t.presence for t in compare([secret], [secret], BINARY)] == [CHANGED]


# --- dependencies -----------------------------------------------------------------------------------------------------

PINS = change((1, 9, 1, 9), old="requirements.txt", new="requirements.txt")


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        pytest.param(package(line=7), [EXISTING], id="other line"),
        pytest.param(package(version="2.1"), [CHANGED], id="other version, same advisory"),
        pytest.param(package(advisory="CVE-9", aliases=("GHSA-1",)), [EXISTING], id="advisory by its alias"),
        pytest.param(package(advisory="ghsa-1"), [EXISTING], id="advisory in small letters"),
        pytest.param(package(advisory="GHSA-2"), [NEW, FIXED], id="other advisory"),
        pytest.param(package(name="flask"), [NEW, FIXED], id="other package"),
        pytest.param(package(ecosystem="npm"), [NEW, FIXED], id="other ecosystem"),
    ],
)
def test_dependency_is_known_by_package_version_and_advisory(after: Finding, expected: list[Presence]) -> None:
    assert [t.presence for t in compare([package()], [after], [PINS])] == expected


def test_dependency_follows_its_manifest() -> None:
    moved = change((1, 9, 1, 9), old="requirements.txt", new="deps/base.txt", kind=ChangeKind.RENAMED)
    (only,) = compare([package()], [package(path="deps/base.txt", line=3)], [moved])
    assert (only.presence, only.explanation) == (
        EXISTING,
        "requests 2.0 is the version in the base, was 1 of requirements.txt",
    )


def test_dependency_in_a_manifest_without_line_map_is_known_all_the_same() -> None:
    blind = change(old="requirements.txt", new="requirements.txt", binary=True)
    assert [t.presence for t in compare([package()], [package(line=3)], [blind])] == [EXISTING]


# --- who has looked ---------------------------------------------------------------------------------------------------

APP = PurePosixPath("app.py")


@pytest.mark.parametrize(
    ("runs", "fixed"),
    [
        pytest.param([run("bandit")], True, id="looked"),
        pytest.param([run("semgrep")], False, id="was not run"),
        pytest.param([run("bandit", ScannerStatus.TIMED_OUT)], False, id="timed out"),
        pytest.param([run("bandit", ScannerStatus.NOT_APPLICABLE)], True, id="nothing to read"),
        pytest.param(
            [run("bandit", ScannerStatus.COMPLETED, Gap(APP, GapReason.TOO_LARGE))], False, id="did not read the file"
        ),
        pytest.param(
            [run("bandit", ScannerStatus.COMPLETED, Gap(PurePosixPath("b.py"), GapReason.TOO_LARGE))],
            True,
            id="did not read another file",
        ),
    ],
)
def test_only_a_scanner_that_looked_can_say_that_a_finding_is_gone(runs: list[ScannerRun], fixed: bool) -> None:
    made = compare([finding(line=5)], [], [change((5, 1, 4, 0))], runs=runs)
    assert bool(made) is fixed


def test_every_scanner_that_saw_a_finding_has_to_look_again() -> None:
    seen_twice = finding(line=5, also=[("semgrep", "r")])
    runs = [run("bandit"), run("semgrep", ScannerStatus.FAILED)]
    assert compare([seen_twice], [], [change((5, 1, 4, 0))], runs=runs) == ()


def test_deleted_file_needs_nobody_to_look() -> None:
    gone = change((1, 9, 0, 0), new=None, kind=ChangeKind.DELETED)
    assert presences(compare([finding(line=5)], [], [gone], runs=[run("semgrep")])) == [(FIXED, 5)]


@pytest.mark.parametrize(("detail", "fixed"), [("Requests", False), ("flask", True), ("", False)])
def test_dependency_that_lost_its_pin_is_not_called_fixed(detail: str, fixed: bool) -> None:
    gap = Gap(PurePosixPath("requirements.txt"), GapReason.NOT_PINNED, detail, 1)
    made = compare([package()], [], [PINS], runs=[run("pip-audit", ScannerStatus.COMPLETED, gap)])
    assert bool(made) is fixed


# --- whole tree -------------------------------------------------------------------------------------------------------


def test_whole_tree_without_base_counts_everything_as_new_once() -> None:
    made = all_new([finding(line=9), finding(line=5), finding(line=9)])
    assert presences(made) == [(NEW, 5), (NEW, 9)]


# --- for every change -------------------------------------------------------------------------------------------------

_OPERATION = st.tuples(st.sampled_from(["insert", "remove"]), st.integers(0, 10_000))


def _flagged(lines: Sequence[str], path: str = "app.py") -> list[Finding]:
    """A scanner that flags every line with BAD in it, and hashes what it flagged."""
    return [finding(path, n, code=line) for n, line in enumerate(lines, 1) if "BAD" in line]


_FILES = st.lists(st.sampled_from(["fine", "BAD"]), max_size=20).map(
    lambda kinds: [f"{kind} {number}" for number, kind in enumerate(kinds)]
)
"""Every line is another, so that there is only one right line map."""


@given(_FILES, st.lists(_OPERATION, max_size=15))
def test_inserting_and_removing_other_lines_keeps_every_finding(lines: list[str], edits: list[tuple[str, int]]) -> None:
    after = list(lines)
    for number, (what, where) in enumerate(edits):
        place = where % (len(after) + 1)
        if what == "insert":
            after.insert(place, f"fine and new {number}")
        elif place < len(after) and "BAD" not in after[place]:
            del after[place]
    made = compare(_flagged(lines), _flagged(after), [diff(lines, after)])
    assert {t.presence for t in made} <= {EXISTING}
    assert all(t.previous is not None and t.previous.match_hash == t.finding.match_hash for t in made)


@given(st.lists(st.sampled_from(["fine 1", "fine 2", "BAD 1", "BAD 2"]), max_size=20), st.data())
def test_moving_lines_about_never_makes_anything_new(lines: list[str], data: st.DataObject) -> None:
    after = data.draw(st.permutations(lines))
    made = compare(_flagged(lines), _flagged(after), [diff(lines, after)])
    assert {t.presence for t in made} <= {EXISTING, CHANGED}


@given(_FILES, st.sets(st.integers(0, 19)), st.integers(0, 5))
def test_editing_a_flagged_line_never_leaves_it_as_it_was(lines: list[str], edited: set[int], above: int) -> None:
    after = [f"{line} edited" if number in edited else line for number, line in enumerate(lines)]
    after = [f"fine and new {n}" for n in range(above)] + after
    made = compare(_flagged(lines), _flagged(after), [diff(lines, after)])
    for item in made:
        was_edited = item.finding.match_hash.endswith("edited")
        assert (item.presence is not EXISTING) if was_edited else (item.presence is EXISTING)


_SHAPES = st.builds(
    finding,
    st.sampled_from(["a.py", "b.py", "c.py"]),
    st.integers(1, 12),
    st.none(),
    rule=st.sampled_from(["r1", "r2"]),
    scanner=st.sampled_from(["bandit", "semgrep"]),
    columns=st.sampled_from([None, (1, 5), (7, 9)]),
    code=st.sampled_from(["", "x", "y"]),
    cwes=st.sampled_from([(), (78,), (77,)]),
    also=st.sampled_from([[], [("semgrep", "r1")], [("bandit", "r2")]]),
) | st.builds(
    package,
    st.sampled_from(["requests", "flask"]),
    st.sampled_from(["1", "2"]),
    st.integers(1, 12),
    advisory=st.sampled_from(["A", "B"]),
    aliases=st.sampled_from([(), ("A",), ("B", "C")]),
    path=st.sampled_from(["a.py", "b.py"]),
)
_LINES = st.lists(st.sampled_from("abcd"), max_size=12)


_MOVES: list[list[tuple[str | None, str | None]]] = [
    [("a.py", "a.py"), ("b.py", "b.py")],
    [("a.py", "b.py"), ("b.py", "a.py")],
    [("a.py", "c.py"), (None, "a.py")],
    [("a.py", None), ("b.py", "b.py")],
    [],
]


@st.composite
def _changes(draw: st.DrawFn) -> list[FileChange]:
    changes = []
    for old, new in draw(st.sampled_from(_MOVES)):
        text = diff(draw(_LINES), draw(_LINES))
        kind = ChangeKind.ADDED if old is None else ChangeKind.DELETED if new is None else ChangeKind.MODIFIED
        if old and new and old != new:
            kind = draw(st.sampled_from([ChangeKind.RENAMED, ChangeKind.COPIED]))
        elif old and new:
            kind = draw(st.sampled_from([ChangeKind.MODIFIED, ChangeKind.TYPE_CHANGED]))
        hunks = [(h.old_start, h.old_count, h.new_start, h.new_count) for h in text.hunks]
        changes.append(change(*hunks, old=old, new=new, kind=kind, binary=draw(st.booleans())))
    return changes


def _same_one(item: Finding) -> tuple[object, ...]:
    about = item.dependency
    version = (about.package, about.version) if about else ()
    return (item.location, item.kind, item.scanner, item.rule_id, item.match_hash, version)


@given(st.lists(_SHAPES, max_size=12), st.lists(_SHAPES, max_size=12), _changes(), st.randoms(use_true_random=False))
def test_every_finding_of_the_head_appears_once_and_order_does_not_matter(
    base: list[Finding], head: list[Finding], changes: list[FileChange], shuffler: random.Random
) -> None:
    made = compare(base, head, changes)
    assert Counter(_same_one(t.finding) for t in made if t.presence is not FIXED) == Counter(
        {_same_one(item) for item in head}
    )
    used = [_same_one(t.previous) for t in made if t.previous is not None]
    used += [_same_one(t.finding) for t in made if t.presence is FIXED]
    assert max(Counter(used).values(), default=1) == 1
    assert set(used) <= {_same_one(item) for item in base}
    assert all((t.previous is not None) == (t.presence in (EXISTING, CHANGED)) for t in made)
    assert all(t.explanation and "\n" not in t.explanation for t in made)
    shuffler.shuffle(base)
    shuffler.shuffle(head)
    shuffler.shuffle(changes)
    assert compare(base, head, changes) == made


# --- very many --------------------------------------------------------------------------------------------------------


def test_ten_thousand_findings_of_one_rule_in_a_rewritten_file_take_seconds_and_say_that_they_were_hurried() -> None:
    count = 10_000
    base = [finding(line=n, code="same") for n in range(1, count + 1)]
    head = [finding(line=n, code="same") for n in range(1, count + 2)]
    started = time.process_time()
    made = compare(base, head, [change((1, count, 1, count + 1))])
    assert time.process_time() - started < 10
    assert Counter(t.presence for t in made) == {CHANGED: count, NEW: 1}
    assert "taken in order" in made[0].explanation


def test_one_endless_line_with_many_findings_is_matched_exactly() -> None:
    """A minified file: only the columns tell its findings apart."""
    base = [finding(line=1, columns=(n * 10, n * 10 + 5)) for n in range(1, 3001)]
    made = compare(base, [*base, finding(line=1, columns=(5, 7))], [change((5, 1, 5, 1))])
    assert Counter(t.presence for t in made) == {EXISTING: 3000, NEW: 1}
