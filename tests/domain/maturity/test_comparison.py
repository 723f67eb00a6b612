"""Two snapshots side by side: what is said to have changed did, and what is said of nobody is not called zero."""

from __future__ import annotations

from hypothesis import given, settings

from bot.domain.maturity.comparison import compare
from bot.domain.maturity.model import Model
from bot.domain.maturity.snapshot import AttestationRef, Content, content_digest, group_content, project_content
from tests.domain.maturity import worlds
from tests.domain.maturity.worlds import NIGHT, SCANNED
from tests.examples import examples

SMALL = worlds.model()
WORD = AttestationRef("small", "a-3-02", 7, "d" * 64)


def content(model: Model = SMALL, *attested: AttestationRef, **more: int) -> Content:
    return project_content([model], NIGHT, {**SCANNED, **more}, shared={}, attested=attested)


def test_what_was_gained_and_lost_is_named() -> None:
    good = content(SMALL, WORD, **{"scans.ended": 30})
    bad = content(SMALL, **{"code.read_lines": 0, "scans.ended": 30})
    (model,) = compare(bad, good).models
    assert (model.gained, model.lost) == (("a-2-01", "a-3-02"), ())
    assert model.levels == (("a", "1", "3"),)
    assert model.change is not None
    assert model.change > 0
    (back,) = compare(good, bad).models
    assert (back.lost, back.change) == (("a-2-01", "a-3-02"), -model.change)
    assert ("static_coverage_existing", 0.0, 5 / 7) in compare(bad, good).figures


def test_not_assessed_is_no_zero_and_another_model_is_said_to_be_one() -> None:
    unseen = project_content([SMALL], NIGHT, {"projects": 1}, shared={})
    (model,) = compare(unseen, content()).models
    assert (model.before, model.change, model.same_model) == (None, None, True)
    (first,) = compare(None, content()).models
    assert (first.before, first.change, first.same_model) == (None, None, False)
    (other,) = compare(content(worlds.model(version="2")), content()).models
    assert not other.same_model
    gone, new = compare(content(worlds.model("old")), content()).models[::-1]
    assert (gone.model_id, gone.after, new.before) == ("old", None, None)


def test_who_joined_and_who_left_is_named() -> None:
    part = (content_digest(content()), content())
    before = group_content([SMALL], NIGHT, {1: part, 2: part}, shared={})
    after = group_content([SMALL], NIGHT, {2: part, 3: part}, shared={})
    found = compare(before, after)
    assert (found.joined, found.left) == ((3,), (1,))
    assert compare(None, after).joined == (2, 3)


@given(model=worlds.models(), tally=worlds.tallies())
@settings(max_examples=examples(30), deadline=None)
def test_nothing_differs_from_itself(model: Model, tally: dict[str, int]) -> None:
    one = project_content([model], NIGHT, tally, shared={})
    found = compare(one, one)
    assert (found.figures, found.joined, found.left) == ((), (), ())
    assert all(
        not (change.levels or change.gained or change.lost) and change.change in (0, None) for change in found.models
    )
