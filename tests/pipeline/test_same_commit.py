"""Merge requests of one commit share its status: it is green when every one of them is, as they are now."""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import SecretStr

from bot.domain.job import ScanMergeRequest, ScanReason
from bot.gitlab.client import GitLabClient
from bot.gitlab.model import CommitStatus
from bot.pipeline.assess import tools_of
from bot.pipeline.merge_request import MergeRequestScan
from bot.pipeline.superseded import Watch
from bot.store import heads
from bot.store.engine import write_session
from tests.pipeline.workshop import Workshop
from tests.standin import MergeRequest


@pytest.fixture
def two(workshop: Workshop) -> tuple[MergeRequest, MergeRequest]:
    """Two of one clean commit, from a branch of their own each."""
    project = workshop.project()
    for branch in ("release", "strict"):
        workshop.gitlab.push(project, branch, {f"{branch}.py": "fine\n"}, author=workshop.ada)
    workshop.gitlab.commit(project, "one", {"a.py": "fine\n"}, author=workshop.ada)
    workshop.gitlab.create_branch(project, "two", "one", by=workshop.ada)
    one = workshop.gitlab.open_merge_request(project, "one", author=workshop.ada)
    two = workshop.gitlab.open_merge_request(project, "two", author=workshop.ada, target_branch="release")
    assert one.head_sha == two.head_sha
    return one, two


def begun(workshop: Workshop, request: MergeRequest) -> int:
    """The number of a job that is now the newest of a merge request."""
    with write_session(workshop.services.store) as writing:
        return heads.raise_sequence(
            writing, request.project.id, request.iid, workflow_id=f"{datetime.now(UTC)}", head_sha=request.head_sha
        ).sequence


def test_who_waits_for_one_that_moved_on_waits_no_longer(
    workshop: Workshop, two: tuple[MergeRequest, MergeRequest]
) -> None:
    one, other = two
    begun(workshop, other)
    assert workshop.scan(one) == "passed"
    assert workshop.state(one) == "running", "the other one is not judged yet"
    workshop.gitlab.push(one.project, "two", {"more.py": "fine\n"}, author=workshop.ada)
    job = ScanMergeRequest(one.project.id, other.iid, other.head_sha, ScanReason.PUSHED)
    assert workshop.outcome(workshop.submit(job)[:1]) == "passed"
    workshop.settle()
    assert (workshop.state(one), workshop.state(other)) == ("success", "success")


def test_a_verdict_on_the_target_of_before_is_none(workshop: Workshop, two: tuple[MergeRequest, MergeRequest]) -> None:
    one, other = two
    for request in two:
        assert workshop.scan(request) == "passed"
    workshop.settle()
    assert workshop.state(one) == "success"
    workshop.gitlab.retarget(other, "strict")
    with Watch(lambda: True) as watch:
        number = begun(workshop, other)
        tools = tools_of(workshop.services)
        MergeRequestScan(workshop.services, tools, watch, "x", one.project.id, other.iid, number).announce()
    assert workshop.sync(one) == "passed"
    assert workshop.state(other) == "running"


class Interrupted(GitLabClient):
    """As soon as a status is posted, and before anything else comes of it, another job does all of its work."""

    meanwhile: Callable[[], object] = staticmethod(lambda: None)

    def set_status(self, *arguments: Any, **more: Any) -> CommitStatus:
        posted = super().set_status(*arguments, **more)
        work, self.meanwhile = self.meanwhile, lambda: None
        work()
        return posted


def test_a_scan_that_is_given_up_is_red_whoever_went_by_the_verdict_before(
    workshop: Workshop, two: tuple[MergeRequest, MergeRequest]
) -> None:
    one, other = two
    for request in two:
        assert workshop.scan(request) == "passed"
    workshop.settle()
    services = copy(workshop.services)
    token = SecretStr(workshop.gitlab.create_token(workshop.user))
    services.gitlab = client = Interrupted(workshop.gitlab.url, token, timeout=2.0)
    client.meanwhile = lambda: workshop.sync(one)
    with Watch(lambda: True) as watch:
        number = begun(workshop, other)
        job = MergeRequestScan(services, tools_of(services), watch, "y", one.project.id, other.iid, number)
        assert job.give_up(RuntimeError("out of memory")) == "not_assessed"
    assert workshop.state(one) == "failed"
    assert workshop.sync(one) == "passed"
    assert workshop.state(one) == "failed"
