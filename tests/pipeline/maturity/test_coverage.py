"""How many of a merge's changed lines tests ran, by the reports of its pipelines."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.pipeline.maturity.round import Bounds
from bot.store.maturity.collected import COVERAGE
from tests.pipeline.maturity.stage import NOW, Stage, ago
from tests.pipeline.maturity.test_collecting import merges
from tests.standin import JobArtifact, MergeRequest

BEFORE = "one\ntwo\nthree\nfour\n"
AFTER = "one\nTWO\nthree\nFOUR\nfive\nsix\n"
"""Changes the lines 2, 4, 5 and 6."""


def report(lines: dict[int, int], name: str = "app.py") -> bytes:
    inner = "".join(f'<line number="{number}" hits="{hits}"/>' for number, hits in lines.items())
    return (
        f"<coverage><sources><source>/builds/acme/shop/src</source></sources><packages><package><classes>"
        f'<class filename="{name}"><lines>{inner}</lines></class></classes></package></packages></coverage>'
    ).encode()


def artifact(content: bytes, archived_as: str | None = "cobertura-coverage.xml") -> JobArtifact:
    return JobArtifact("cobertura", "cobertura-coverage.xml", content, archived_as)


FULL = {1: 1, 2: 1, 3: 0, 4: 0, 5: 3}
"""Speaks of three changed lines, of which two ran."""


def merged(stage: Stage, way: str = "merge") -> MergeRequest:
    stage.commit({"src/app.py": BEFORE}, days=20)
    made = stage.gitlab.past_merge(
        stage.project,
        {"src/app.py": AFTER},
        author=stage.ada,
        opened_at=ago(days=3),
        merged_at=ago(days=2),
        way=way,  # type: ignore[arg-type] # one of its words
    )
    stage.scanned()
    return made


def counted(stage: Stage, iid: int = 1) -> tuple[object, object]:
    stage.collect()
    row = merges(stage)[iid]
    return row["covered_lines"], row["coverable_lines"]


@pytest.mark.parametrize("way", ["merge", "squash"])
def test_the_report_of_the_merges_own_pipeline_counts(stage: Stage, way: str) -> None:
    merged(stage, way)
    stage.gitlab.past_pipeline(stage.project, at=ago(days=2), artifacts={"test": [artifact(report(FULL))]})
    assert counted(stage) == (2, 3)


@pytest.mark.parametrize("way", ["merge", "squash", "ff"])
def test_else_that_of_the_merge_requests_last_pipeline(stage: Stage, way: str) -> None:
    request = merged(stage, way)
    stage.gitlab.run_pipeline(request, artifacts={"test": [artifact(report(FULL))]})
    assert counted(stage) == (2, 3)


def test_reports_of_several_jobs_add_up(stage: Stage) -> None:
    merged(stage)
    stage.gitlab.past_pipeline(
        stage.project,
        at=ago(days=2),
        jobs={"unit": "success", "more": "success"},
        artifacts={
            "unit": [artifact(report({2: 1, 4: 0}))],
            "more": [artifact(report({4: 1, 6: 0}), "deep/cobertura-coverage.xml")],
        },
    )
    assert counted(stage) == (2, 3)


def test_a_report_about_other_files_says_that_nothing_could_be_run(stage: Stage) -> None:
    merged(stage)
    other = artifact(report(FULL, "other.py"))
    stage.gitlab.past_pipeline(stage.project, at=ago(days=2), artifacts={"test": [other]})
    assert counted(stage) == (0, 0)


@pytest.mark.parametrize(
    "given",
    [
        artifact(report(FULL), None),
        artifact(b"<!DOCTYPE x [<!ENTITY a 'b'>]><coverage/>"),
        artifact(b"rubbish"),
        JobArtifact("junit", "junit.xml", b"<x/>", "junit.xml"),
    ],
    ids=["not in the archive", "hostile", "rubbish", "none"],
)
def test_without_a_report_that_can_be_read_nothing_is_known(stage: Stage, given: JobArtifact) -> None:
    merged(stage)
    stage.gitlab.past_pipeline(stage.project, at=ago(days=2), artifacts={"test": [given]})
    assert counted(stage) == (None, None)
    assert stage.progress(COVERAGE).problem == ""


def test_a_job_that_lets_nobody_in_is_no_reason_to_stop(stage: Stage) -> None:
    merged(stage)
    made = stage.gitlab.past_pipeline(stage.project, at=ago(days=2), artifacts={"test": [artifact(report(FULL))]})
    made.statuses[0].artifacts_access = "none"
    assert counted(stage) == (None, None)


def test_a_merge_is_looked_at_once_and_not_too_early(stage: Stage) -> None:
    merged(stage)
    stage.gitlab.past_merge(
        stage.project, {"src/app.py": "x\n"}, author=stage.ada, opened_at=ago(days=1), merged_at=ago(minutes=30)
    )
    stage.collect()
    assert stage.progress(COVERAGE).cursor == {"merged": ago(days=2).isoformat(), "iid": 1}
    asked = stage.asked(NOW + timedelta(minutes=1))
    assert not [path for path in asked if path.startswith("/merge_requests/")]
    assert "/merge_requests/2" in stage.asked(NOW + timedelta(hours=3))


def test_days_are_known_whose_merges_were_looked_at(stage: Stage) -> None:
    stage.commit({"src/app.py": BEFORE}, days=20)
    for days in (6, 5, 4):
        stage.gitlab.past_merge(
            stage.project, {f"{days}.py": "x\n"}, author=stage.ada, opened_at=ago(days=8), merged_at=ago(days=days)
        )
    stage.collect()
    # Without the code nobody knows what changed.
    assert not stage.progress(COVERAGE).knows(ago(days=6).date())
    stage.scanned()
    stage.collect(bounds=Bounds(coverage=2))
    assert stage.progress(COVERAGE).knows(ago(days=6).date())
    assert not stage.progress(COVERAGE).knows(ago(days=5).date())
    stage.collect(bounds=Bounds(coverage=2))
    assert stage.progress(COVERAGE).knows(ago(days=1).date())
    assert stage.progress(COVERAGE).knows(ago(days=30).date())
    assert not stage.progress(COVERAGE).knows(ago(days=31).date())


def test_a_round_looks_at_so_many(stage: Stage) -> None:
    stage.commit({"src/app.py": BEFORE}, days=20)
    for number in range(3):
        stage.gitlab.past_merge(
            stage.project, {f"{number}.py": "x\n"}, author=stage.ada, opened_at=ago(days=3), merged_at=ago(days=2)
        )
    stage.scanned()
    assert stage.collect(bounds=Bounds(coverage=2)) == "more"
    assert stage.progress(COVERAGE).cursor["iid"] == 2
    assert stage.collect(bounds=Bounds(coverage=2)) == "complete"
    assert stage.progress(COVERAGE).cursor["iid"] == 3


def test_the_lines_of_a_merged_result_are_others_and_do_not_count(stage: Stage) -> None:
    request = merged(stage)
    made = stage.gitlab.run_pipeline(request, artifacts={"test": [artifact(report(FULL))]})
    made.sha, made.source_sha, made.source = "c" * 40, request.head_sha, "merge_request_event"
    made.merge_request_iid = request.iid
    assert counted(stage) == (None, None)
