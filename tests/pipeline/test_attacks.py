"""What somebody who may push, and means harm, tries against the gate."""

from __future__ import annotations

import pytest

from bot.domain.job import CloseMergeRequest, ScanMergeRequest, ScanReason
from tests.pipeline.workshop import Workshop
from tests.standin import MergeRequest

FLAGGED = {"a.py": "flag\n"}


def _pair(workshop: Workshop) -> tuple[MergeRequest, MergeRequest]:
    """Two merge requests of one commit: to main, where its weakness is new, and to a branch that has it already."""
    project = workshop.project()
    workshop.gitlab.commit(project, "decoy", FLAGGED, author=workshop.ada)
    workshop.gitlab.commit(project, "feature", {"b.py": "fine\n"}, author=workshop.ada, start="decoy")
    real = workshop.gitlab.open_merge_request(project, "feature", author=workshop.ada)
    decoy = workshop.gitlab.open_merge_request(project, "feature", author=workshop.ada, target_branch="decoy")
    return real, decoy


@pytest.mark.parametrize("decoy_first", [False, True])
def test_merge_request_to_a_decoy_branch_does_not_turn_its_twin_green(workshop: Workshop, decoy_first: bool) -> None:
    real, decoy = _pair(workshop)
    for request in (decoy, real) if decoy_first else (real, decoy):
        assert workshop.scan(request) == ("failed" if request is real else "passed")
    assert workshop.state(real) == "failed"
    workshop.sync(decoy)
    assert workshop.state(real) == "failed"


def test_merge_request_to_a_decoy_branch_is_not_green_while_its_twin_is_unread(workshop: Workshop) -> None:
    real, decoy = _pair(workshop)
    workshop.gitlab.faults.add("GET", r"/info/refs$", status=403, times=1000)
    assert workshop.scan(real) == "not_assessed"
    workshop.gitlab.faults.clear()
    assert workshop.scan(decoy) == "passed"
    assert workshop.state(real) == "failed"


def test_twin_turns_green_when_the_one_that_failed_is_closed(workshop: Workshop) -> None:
    real, decoy = _pair(workshop)
    assert workshop.scan(real) == "failed"
    assert workshop.scan(decoy) == "passed"
    workshop.gitlab.close(real)
    for job in workshop.submit(CloseMergeRequest(real.project.id, real.iid, merged=False)):
        workshop.outcome([job])
    assert workshop.state(decoy) == "success"


def test_twins_that_are_both_clean_are_green(workshop: Workshop) -> None:
    project = workshop.project()
    workshop.gitlab.commit(project, "other", {"c.py": "c\n"}, author=workshop.ada)
    workshop.gitlab.commit(project, "feature", {"b.py": "fine\n"}, author=workshop.ada)
    one = workshop.gitlab.open_merge_request(project, "feature", author=workshop.ada)
    two = workshop.gitlab.open_merge_request(project, "feature", author=workshop.ada, target_branch="other")
    jobs = [
        workshop.submit(ScanMergeRequest(request.project.id, request.iid, request.head_sha, ScanReason.OPENED))
        for request in (one, two)
    ]
    assert [workshop.outcome(job) for job in jobs] == ["passed", "passed"]
    assert workshop.state(one) == "success"
