"""Whether a release's commit was cleared, as the hook and the reconciler would say."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from bot.domain.clearance import Clearance
from bot.domain.incident import Incident, IncidentKind
from bot.pipeline.clearing import settle
from bot.pipeline.git import commit_refspec
from bot.store import clearances, incidents, scans
from bot.store.engine import session, write_session
from bot.store.maturity.collected import releases_named
from tests.pipeline.maturity.stage import NOW, Stage, ago
from tests.standin import MergeRequest
from tests.store.samples import REPORT


def judged(stage: Stage, at: datetime) -> None:
    """The bot scanned a first merge request then."""
    report = replace(REPORT, started_at=at)
    with write_session(stage.services.store) as writing:
        scans.record_scan(writing, report, project_id=stage.project.id, scan_id=f"scan-{stage.project.id}")


def cleared(stage: Stage, request: MergeRequest) -> None:
    mirror = stage.scanned()
    mirror.fetch([commit_refspec(request.head_sha)])
    settle(
        stage.services,
        mirror,
        project_id=stage.project.id,
        iid=request.iid,
        sequence=0,
        target_branch="main",
        base_sha=request.version.base_sha,
        head_sha=request.head_sha,
        scan_id="scan",
        lets_through=True,
        at=ago(days=2),
    )


def merged(stage: Stage, way: str = "merge", name: str = "a.py") -> MergeRequest:
    return stage.gitlab.past_merge(
        stage.project,
        {name: "a\n"},
        author=stage.ada,
        opened_at=ago(days=4),
        merged_at=ago(days=3),
        way=way,  # type: ignore[arg-type] # one of its words
    )


def verdict(stage: Stage, tag: str = "v1", ref: str = "main") -> bool | None:
    stage.gitlab.tag(stage.project, tag, ref, message="One", at=ago(days=1))
    stage.collect()
    with session(stage.services.store) as reading:
        return releases_named(reading, stage.project.id, [tag])[tag].cleared


@pytest.mark.parametrize("way", ["merge", "squash", "ff"])
def test_a_release_of_a_cleared_merge_is_cleared(stage: Stage, way: str) -> None:
    judged(stage, ago(days=30))
    request = merged(stage, way)
    cleared(stage, request)
    assert verdict(stage) is True


@pytest.mark.parametrize("way", ["merge", "squash", "ff"])
def test_a_release_of_a_merge_that_nobody_cleared_is_not(stage: Stage, way: str) -> None:
    judged(stage, ago(days=30))
    merged(stage, way)
    stage.scanned()
    assert verdict(stage) is False


def test_a_release_of_a_direct_push_is_not_cleared(stage: Stage) -> None:
    judged(stage, ago(days=30))
    stage.commit({"a.py": "a\n"}, days=2)
    stage.scanned()
    assert verdict(stage) is False


def test_a_merge_that_holds_more_than_the_merge_is_not_cleared(stage: Stage) -> None:
    judged(stage, ago(days=30))
    stage.gitlab.commit(stage.project, "feature", {"a.py": "a\n"}, announce=False)
    request = stage.gitlab.open_merge_request(stage.project, "feature", author=stage.ada)
    cleared(stage, request)
    repository = stage.project.repository
    before = repository.head("main") or ""
    tree = repository.tree_with(request.head_sha, {"evil.py": "x\n"})
    repository.set_ref("refs/heads/main", repository.commit_tree(tree, [before, request.head_sha], "Merge"))
    stage.scanned()
    assert verdict(stage) is False


def test_an_empty_commit_is_as_good_as_what_it_stands_on(stage: Stage) -> None:
    judged(stage, ago(days=30))
    request = merged(stage)
    cleared(stage, request)
    stage.commit({}, days=2)
    stage.scanned()
    assert verdict(stage) is True


def test_an_incident_is_not_undone_by_a_later_clearance(stage: Stage) -> None:
    judged(stage, ago(days=30))
    request = merged(stage)
    cleared(stage, request)
    sha = stage.project.repository.head("main")
    with write_session(stage.services.store) as writing:
        incident = Incident(stage.project.id, IncidentKind.MERGED_UNCLEARED, f"!{request.iid}", ref="main", sha=sha)
        incidents.report(writing, incident, ago(days=3))
    assert verdict(stage) is False


def test_before_the_bot_judged_nobody_can_tell(stage: Stage) -> None:
    merged(stage)
    stage.scanned()
    assert verdict(stage, "v1") is None
    judged(stage, ago(days=1))
    assert verdict(stage, "v2") is None


def test_without_the_code_nobody_can_tell_until_it_is_there(stage: Stage) -> None:
    judged(stage, ago(days=30))
    merged(stage)
    assert verdict(stage) is None
    stage.scanned()
    assert verdict(stage) is False


def test_a_rebased_run_of_commits_is_recognised_as_a_whole(stage: Stage) -> None:
    judged(stage, ago(days=30))
    stage.gitlab.commit(stage.project, "feature", {"a.py": "a\n"}, announce=False)
    stage.gitlab.commit(stage.project, "feature", {"b.py": "b\n"}, announce=False)
    stage.gitlab.commit(stage.project, "feature", {"c.py": "c\n"}, announce=False)
    request = stage.gitlab.open_merge_request(stage.project, "feature", author=stage.ada)
    cleared(stage, request)
    stage.commit({"other.py": "x\n"}, days=2)
    for name in "abc":
        stage.commit({f"{name}.py": f"{name}\n"}, days=1)
    stage.scanned()
    assert verdict(stage) is True
    # A part of the run is not what was cleared.
    assert verdict(stage, "v2", stage.project.repository.text("rev-parse", "main~1")) is False


def test_a_cleared_head_of_another_branch_is_cleared(stage: Stage) -> None:
    judged(stage, ago(days=30))
    sha = stage.gitlab.past_commit(
        stage.project, {"x": "x"}, at=NOW - timedelta(days=2), author=stage.ada, branch="release"
    )
    with write_session(stage.services.store) as writing:
        granted = clearances.Granted(stage.project.id, Clearance(9, "release", sha, None), "", "scan", ago(days=2))
        clearances.grant(writing, granted, sequence=0)
    stage.scanned()
    assert verdict(stage, "v1", "release") is True
