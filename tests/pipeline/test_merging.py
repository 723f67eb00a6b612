"""One verdict over what our own scan found and what other tools reported."""

from __future__ import annotations

from dataclasses import replace

from bot.domain.verdict import Presence, TrackedFinding
from bot.pipeline.merging import merged
from bot.store.tracking import Ref, Said, StreamState
from tests.domain.builders import finding


def test_a_copy_does_not_answer_to_the_name_of_the_finding_that_was_accepted() -> None:
    """
    The accepted finding is shown as its own branch has it: the first of its kind in the file. Here the new one is.
    """
    copy = finding(line=5, code="c", fingerprint="first in its file")
    old = TrackedFinding(replace(copy), Presence.EXISTING, number=1)
    new = TrackedFinding(replace(copy), Presence.NEW, number=2)
    state = StreamState(Ref(7, "!3", 3, "main"), "import:CodeQL", commit="head")
    tracked, _ = merged((), (), [Said(state, (old, new))], "head")
    assert [item.number for item in tracked] == [1, 2]
    names = [item.finding.fingerprint for item in tracked]
    assert names[0] == "first in its file"
    assert names[1] != names[0]
    assert merged((), (), [Said(state, (old, new))], "head")[0] == tracked
