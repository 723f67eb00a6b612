"""Reports of a pipeline's scanners: which are taken in, for what they count, and what is said of the others."""

from __future__ import annotations

import io
import json
import struct
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.intake import Intake
from bot.domain.job import ImportReports, JobRequest, ScanMergeRequest, ScanReason
from bot.gitlab.dispatch import jobs_for
from bot.gitlab.events import parse_event
from bot.gitlab.model import Artifact
from bot.observability.logs import configure_logging
from bot.pipeline.artifacts import FOLDER, REPORT_FILES, PipelineReports
from bot.pipeline.git import GitTimeout
from bot.pipeline.job_files import name_in_archive
from bot.store.engine import session
from bot.store.projects import get_project
from tests.pipeline.reporting import REFUSED, FakeTakeIn
from tests.pipeline.workshop import Workshop
from tests.standin import JobArtifact, MergeRequest, Pipeline, payloads

REPORT = b'{"version": "15.2.1", "vulnerabilities": []}'
NAMES = {
    "sast": "gl-sast-report.json",
    "secret_detection": "gl-secret-detection-report.json",
    "dependency_scanning": "gl-dependency-scanning-report.json",
}


def report(kind: str = "sast", content: bytes = REPORT, archived_as: str | None = "", name: str = "") -> JobArtifact:
    """A report as GitLab's templates make it; ``archived_as=None`` keeps it out of the archive."""
    filename = name or NAMES[kind]
    return JobArtifact(kind, filename, content, filename if archived_as == "" else archived_as)


@pytest.fixture
def taken(workshop: Workshop) -> Iterator[FakeTakeIn]:
    fake = FakeTakeIn(workshop.services)
    workshop.jobs.take_in = fake
    yield fake
    workshop.jobs.take_in = None
    left = workshop.services.settings.data_dir / FOLDER
    assert not left.exists() or list(left.iterdir()) == []


@contextmanager
def warnings(workshop: Workshop) -> Iterator[list[dict[str, Any]]]:
    """What the log says from level WARNING on, filled at the end of the block."""
    stream, lines = io.StringIO(), list[dict[str, Any]]()
    configure_logging("json", "WARNING", stream=stream)
    try:
        yield lines
    finally:
        configure_logging("json", "CRITICAL", workshop.services.settings.secrets())
        lines += [json.loads(line) for line in stream.getvalue().splitlines()]


def jobs_of(workshop: Workshop, pipeline: Pipeline) -> list[JobRequest]:
    """What the event of a pipeline asks for, as far as reports go."""
    event = parse_event(payloads.pipeline(workshop.gitlab.world, pipeline))
    return [job for job in jobs_for(event, bot_user_id=workshop.user.id) if isinstance(job, ImportReports)]


def ended(workshop: Workshop, pipeline: Pipeline) -> str:
    """The outcome of the job for a pipeline that ended."""
    (job,) = jobs_of(workshop, pipeline)
    return workshop.outcome(workshop.submit(job))


def run(workshop: Workshop, request: MergeRequest, *artifacts: JobArtifact, kind: str = "merge_request") -> Pipeline:
    return workshop.gitlab.run_pipeline(
        request,
        kind,  # type: ignore[arg-type]
        jobs={"scan": "success"},
        artifacts={"scan": artifacts},
    )


def run_on_main(workshop: Workshop, artifacts: Mapping[str, Sequence[JobArtifact]]) -> Pipeline:
    return workshop.gitlab.run_branch_pipeline(
        workshop.project(), "main", jobs=dict.fromkeys(artifacts, "success"), artifacts=artifacts
    )


# --- for what they count ----------------------------------------------------------------------------------------------


def test_reports_of_a_merge_request_pipeline_count_for_it(workshop: Workshop, taken: FakeTakeIn) -> None:
    request = workshop.open({"a.py": "fine\n"})
    pipeline = run(workshop, request, report())
    assert ended(workshop, pipeline) == "imported"
    (call,) = taken.calls
    assert (call.content, call.project_id, call.actor) == (REPORT, request.project.id, f"pipeline {pipeline.id}")
    assert call.intake == Intake("main", request.head_sha, request.iid)


def test_the_merge_request_is_judged_again_afterwards(workshop: Workshop, taken: FakeTakeIn) -> None:
    request = workshop.open({"a.py": "flag\n"})
    assert workshop.scan(request) == "failed"
    pipeline = run(workshop, request, report())
    assert ended(workshop, pipeline) == "imported"
    # The new head pipeline has no status of ours before the sync that follows the import.
    workshop.gitlab.wait_for(lambda: any(s.external for s in pipeline.statuses), 10, "the status")


def test_reports_of_a_branch_pipeline_count_for_the_merge_request_with_this_head(
    workshop: Workshop, taken: FakeTakeIn
) -> None:
    request = workshop.open({"a.py": "fine\n"})
    workshop.outcome(
        workshop.submit(ScanMergeRequest(request.project.id, request.iid, request.head_sha, ScanReason.OPENED))
    )
    assert ended(workshop, run(workshop, request, report(), kind="push")) == "imported"
    assert [call.intake.merge_request_iid for call in taken.calls] == [request.iid]


def test_reports_of_a_merged_result_count_for_the_head_that_went_into_it(workshop: Workshop, taken: FakeTakeIn) -> None:
    request = workshop.open({"a.py": "fine\n"})
    pipeline = run(workshop, request, report(), kind="merged_result")
    assert ended(workshop, pipeline) == "imported"
    assert [call.intake.commit for call in taken.calls] == [request.head_sha]
    assert pipeline.sha != request.head_sha


def test_reports_of_the_default_branch_count_for_it(workshop: Workshop, taken: FakeTakeIn) -> None:
    pipeline = run_on_main(workshop, {"scan": [report()]})
    assert ended(workshop, pipeline) == "imported"
    (call,) = taken.calls
    assert call.intake == Intake("main", pipeline.sha)
    with session(workshop.services.store) as reading:
        known = get_project(reading, pipeline.project_id)
    assert known is not None
    assert known.default_branch == "main"


def test_reports_of_another_branch_are_ignored(workshop: Workshop, taken: FakeTakeIn) -> None:
    project = workshop.project()
    workshop.gitlab.commit(project, "release", {"a.py": "x\n"}, author=workshop.ada)
    pipeline = workshop.gitlab.run_branch_pipeline(project, "release", artifacts={"test": [report()]})
    assert ended(workshop, pipeline) == "ignored"
    # Now the project is known, and the same is no job at all.
    again = workshop.gitlab.run_branch_pipeline(project, "release", artifacts={"test": [report()]})
    assert [workshop.submit(job) for job in jobs_of(workshop, again)] == [[]]
    assert taken.calls == []


def test_a_late_report_on_an_older_head_is_not_taken_for_the_newer(workshop: Workshop, taken: FakeTakeIn) -> None:
    request = workshop.open({"a.py": "fine\n"})
    late = {kind: run(workshop, request, report(), kind=kind) for kind in ("merge_request", "merged_result")}
    workshop.gitlab.commit(request.project, "feature", {"a.py": "finer\n"}, author=workshop.ada)
    assert [ended(workshop, pipeline) for pipeline in late.values()] == ["superseded", "superseded"]
    assert taken.calls == []


def test_a_slow_pipeline_of_the_default_branch_does_not_undo_a_newer_one(workshop: Workshop, taken: FakeTakeIn) -> None:
    slow = run_on_main(workshop, {"scan": [report()]})
    project = workshop.gitlab.world.projects[slow.project_id]
    workshop.gitlab.commit(project, "main", {"a.py": "x\n"}, author=workshop.ada)
    quick = workshop.gitlab.run_branch_pipeline(project, "main", artifacts={"test": [report(content=b"{}")]})
    assert ended(workshop, quick) == "imported"
    assert ended(workshop, slow) == "superseded"
    assert [call.content for call in taken.calls] == [b"{}"]


@pytest.mark.parametrize("state", ["closed", "merged"])
def test_reports_of_a_merge_request_that_ended_are_ignored(workshop: Workshop, taken: FakeTakeIn, state: str) -> None:
    request = workshop.open({"a.py": "fine\n"})
    (job,) = jobs_of(workshop, run(workshop, request, report()))
    request.state = state
    assert workshop.outcome(workshop.submit(job)) == "ignored"
    assert taken.calls == []


def test_a_pipeline_of_a_project_that_is_gone(workshop: Workshop, taken: FakeTakeIn) -> None:
    assert workshop.outcome(workshop.submit(ImportReports(99_999, 1, "a" * 40, "main", 7, "0" * 16))) == "gone"


# --- once, and again --------------------------------------------------------------------------------------------------


def test_the_same_end_of_a_pipeline_is_one_job(workshop: Workshop, taken: FakeTakeIn) -> None:
    pipeline = run_on_main(workshop, {"scan": [report()]})
    (job,) = jobs_of(workshop, pipeline)
    assert workshop.submit(job) == workshop.submit(job)
    assert workshop.outcome(workshop.submit(job)) == "imported"
    assert len(taken.calls) == 1


def test_a_job_that_was_retried_brings_its_new_report(workshop: Workshop, taken: FakeTakeIn) -> None:
    pipeline = run_on_main(workshop, {"scan": [report(content=b"first")]})
    assert ended(workshop, pipeline) == "imported"
    (old,) = pipeline.statuses
    new = type(old)(workshop.gitlab.world.next_id(), "scan", old.sha, old.ref, old.author, "failed", external=False)
    new.artifacts = (report(content=b"second"),)
    old.retried = True
    pipeline.statuses.append(new)
    assert ended(workshop, pipeline) == "imported"
    assert [call.content for call in taken.calls] == [b"first", b"second"]


def test_children_are_read_and_pipelines_of_other_projects_are_not(workshop: Workshop, taken: FakeTakeIn) -> None:
    parent = run_on_main(workshop, {"build": []})
    project = workshop.gitlab.world.projects[parent.project_id]
    child = workshop.gitlab.run_branch_pipeline(
        project, "main", artifacts={"test": [report(content=b"child")]}, parent=parent
    )
    workshop.gitlab.run_branch_pipeline(
        workshop.project(), "main", artifacts={"test": [report(content=b"stranger")]}, parent=parent
    )
    # The child ends first, and the parent's lower number does not make it old.
    assert [ended(workshop, child), ended(workshop, parent)] == ["imported", "imported"]
    assert [call.content for call in taken.calls] == [b"child", b"child"]


# --- which, and how they are got --------------------------------------------------------------------------------------


def test_every_kind_that_we_know_is_taken_and_no_other(workshop: Workshop, taken: FakeTakeIn) -> None:
    others = [JobArtifact(kind, f"{kind}.json", b"?", f"{kind}.json") for kind in ("container_scanning", "junit")]
    kinds = [report(kind, kind.encode()) for kind in NAMES]
    sbom = report("cyclonedx", b'{"vulnerabilities": []}', name="gl-sbom.cdx.json")
    pipeline = run_on_main(workshop, {"one": [*kinds[:2], *others], "two": [kinds[2], sbom]})
    assert ended(workshop, pipeline) == "imported"
    assert {call.content.decode() for call in taken.calls} == {*NAMES, '{"vulnerabilities": []}'}


def test_a_pipeline_without_reports_is_nothing_to_do(workshop: Workshop, taken: FakeTakeIn) -> None:
    assert ended(workshop, run_on_main(workshop, {"test": [JobArtifact("archive", "a", b"a", "a")]})) == "none"


def test_a_compressed_artifact_is_called_without_its_suffix_in_the_archive(
    workshop: Workshop, taken: FakeTakeIn
) -> None:
    bill = b'{"vulnerabilities": []}'
    packed = report("cyclonedx", bill, archived_as="gl-sbom-pypi.cdx.json", name="gl-sbom-pypi.cdx.json.gz")
    assert ended(workshop, run_on_main(workshop, {"scan": [packed]})) == "imported"


def test_a_report_in_a_folder_is_found(workshop: Workshop, taken: FakeTakeIn) -> None:
    pipeline = run_on_main(workshop, {"scan": [report(archived_as="out/reports/gl-sast-report.json")]})
    assert ended(workshop, pipeline) == "imported"
    assert [call.content for call in taken.calls] == [REPORT]


def test_every_bill_of_materials_of_a_job_is_found(workshop: Workshop, taken: FakeTakeIn) -> None:
    bills = {name: f'{{"name": "{name}", "vulnerabilities": []}}'.encode() for name in ("npm", "pypi")}
    kept = [JobArtifact("archive", "x", bill, f"{name}/gl-sbom-{name}.cdx.json") for name, bill in bills.items()]
    pipeline = run_on_main(workshop, {"scan": [report("cyclonedx", archived_as=None, name="*"), *kept]})
    assert ended(workshop, pipeline) == "imported"
    assert [call.content for call in taken.calls] == [*bills.values()]


@pytest.mark.parametrize("before", [0, 2**20 - 10, 2**20 - 1, 2**20, 3 * 2**20])
def test_a_bill_of_materials_without_vulnerabilities_is_nothing_to_import(
    workshop: Workshop, taken: FakeTakeIn, before: int
) -> None:
    """GitLab's own dependency scanning leaves one in every pipeline."""
    plain = report("cyclonedx", b" " * before + b'{"components": []}', name="gl-sbom.cdx.json")
    full = report("cyclonedx", b" " * before + b'{"vulnerabilities": []}', name="gl-sbom.cdx.json")
    assert ended(workshop, run_on_main(workshop, {"scan": [plain]})) == "none"
    assert taken.calls == []
    assert ended(workshop, run_on_main(workshop, {"scan": [full]})) == "imported"


@pytest.mark.parametrize("kept", [(), (JobArtifact("archive", "x", b"x", "other.json"),)])
def test_a_report_that_is_only_a_report_is_said_to_be_out_of_reach(
    workshop: Workshop, taken: FakeTakeIn, kept: tuple[JobArtifact, ...]
) -> None:
    pipeline = run_on_main(workshop, {"semgrep-sast": [report(archived_as=None), *kept]})
    with warnings(workshop) as lines:
        assert read(workshop, taken, pipeline) == "not_readable"
    (line,) = [line for line in lines if line["event"] == "report not readable"]
    assert (line["job"], line["report"], line["level"]) == ("semgrep-sast", "sast", "warning")
    assert "gl-sast-report.json is not in the archive" in line["reason"]
    assert "artifacts:paths" in line["hint"]
    assert taken.calls == []


def read(workshop: Workshop, taken: FakeTakeIn, pipeline: Pipeline) -> str:
    """The outcome of the job's one step, in this thread so that its log can be seen."""
    (job,) = jobs_of(workshop, pipeline)
    assert isinstance(job, ImportReports)
    return PipelineReports(workshop.services, taken, job).run().word


def test_a_job_that_keeps_the_bot_out_is_said(workshop: Workshop, taken: FakeTakeIn) -> None:
    pipeline = run_on_main(workshop, {"scan": [report()]})
    pipeline.statuses[0].artifacts_access = "none"
    with warnings(workshop) as lines:
        assert read(workshop, taken, pipeline) == "not_readable"
    assert "artifacts:access" in next(line["hint"] for line in lines if line["event"] == "report not readable")


def test_one_bad_report_does_not_keep_the_others_out(workshop: Workshop, taken: FakeTakeIn) -> None:
    pipeline = run_on_main(
        workshop,
        {"a": [report(content=REFUSED)], "b": [report(archived_as=None)], "c": [report(content=b"good")]},
    )
    with warnings(workshop) as lines:
        assert read(workshop, taken, pipeline) == "incomplete"
    assert [call.content for call in taken.calls] == [b"good"]
    refused = next(line for line in lines if line["event"] == "report refused")
    assert (refused["job"], "line 1: it is no report" in refused["reason"]) == ("a", True)


def test_a_report_that_is_refused_is_told_from_one_that_is_out_of_reach(workshop: Workshop, taken: FakeTakeIn) -> None:
    assert ended(workshop, run_on_main(workshop, {"scan": [report(content=REFUSED)]})) == "refused"


def test_a_store_that_is_busy_is_asked_again(workshop: Workshop, taken: FakeTakeIn) -> None:
    taken.failure = GitTimeout("git fetch: no answer after 5 s")
    assert ended(workshop, run_on_main(workshop, {"scan": [report()]})) == "imported"
    assert len(taken.calls) == 1


def test_gitlab_that_hiccups_is_asked_again(workshop: Workshop, taken: FakeTakeIn) -> None:
    pipeline = run_on_main(workshop, {"scan": [report()]})
    workshop.gitlab.faults.add("GET", r"/artifacts/", status=502, body="", times=4)
    assert ended(workshop, pipeline) == "imported"


def test_a_report_that_is_too_large_is_said(workshop: Workshop, taken: FakeTakeIn) -> None:
    pipeline = run_on_main(workshop, {"scan": [report(content=b"x" * 5000)]})
    settings = workshop.services.settings
    workshop.services.settings = settings.model_copy(update={"max_report_bytes": 4999})
    try:
        with warnings(workshop) as lines:
            assert read(workshop, taken, pipeline) == "not_readable"
    finally:
        workshop.services.settings = settings
    assert "larger than 4999 bytes" in next(line["reason"] for line in lines if line["event"] == "report not readable")


# --- archives of strangers --------------------------------------------------------------------------------------------


def zipped(members: Mapping[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", method) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return made.getvalue()


def of_archive(workshop: Workshop, taken: FakeTakeIn, archive: bytes) -> tuple[str, str]:
    """Outcome, and the reason that the log gives, for a job with this archive."""
    pipeline = run_on_main(workshop, {"scan": [report(archived_as=None)]})
    pipeline.statuses[0].archive = archive
    with warnings(workshop) as lines:
        word = read(workshop, taken, pipeline)
    return word, next((line["reason"] for line in lines if line["event"] == "report not readable"), "")


@pytest.mark.parametrize("folder", ["../..", "/etc", "a/../.."])
def test_the_name_of_a_member_leads_nowhere(workshop: Workshop, taken: FakeTakeIn, folder: str) -> None:
    assert of_archive(workshop, taken, zipped({f"{folder}/gl-sast-report.json": REPORT})) == ("imported", "")
    assert [call.content for call in taken.calls] == [REPORT]
    assert list(workshop.folder.glob("**/gl-sast-report.json")) == []


def test_a_member_that_unpacks_to_too_much_is_refused(workshop: Workshop, taken: FakeTakeIn) -> None:
    settings = workshop.services.settings
    workshop.services.settings = settings.model_copy(update={"max_report_bytes": 1_000_000})
    try:
        said = of_archive(workshop, taken, zipped({"x/gl-sast-report.json": b" " * 1_000_001}))
        assert said == ("not_readable", "gl-sast-report.json in the archive is larger than 1000000 bytes")
        exact = of_archive(workshop, taken, zipped({"x/gl-sast-report.json": b" " * 1_000_000}))
        assert exact == ("imported", "")
    finally:
        workshop.services.settings = settings


@pytest.mark.parametrize(
    ("archive", "said"),
    [
        (b"", "not a zip"),
        (b"PK\x05\x06" + bytes(18), "not in the archive"),
        (b"<html>sign in</html>", "not a zip"),
        (zipped({"x/gl-sast-report.json": REPORT})[:-30], "not a zip"),
        (zipped({"x/gl-sast-report.json": REPORT}, zipfile.ZIP_LZMA), "in a way that is not read"),
        (b"PK\x05\x06" + struct.pack("<4H2LH", 0, 0, 1, 1, 2**32 - 2, 0, 0), "not a zip"),
    ],
)
def test_an_archive_that_is_none_is_said(workshop: Workshop, taken: FakeTakeIn, archive: bytes, said: str) -> None:
    word, reason = of_archive(workshop, taken, archive)
    assert (word, said in reason) == ("not_readable", True), reason
    assert taken.calls == []


def test_a_damaged_member_is_said(workshop: Workshop, taken: FakeTakeIn) -> None:
    whole = zipped({"x/gl-sast-report.json": REPORT * 50})
    packed = zlib.compressobj(wbits=-15)
    stream = packed.compress(REPORT * 50) + packed.flush()
    at = whole.index(stream[:20])
    word, reason = of_archive(workshop, taken, whole[: at + 5] + b"\xff\xff\xff" + whole[at + 8 :])
    assert (word, reason) == ("not_readable", "gl-sast-report.json is damaged in the archive")


@given(st.text(max_size=50), st.sampled_from(["sast", "cyclonedx"]))
def test_no_name_of_an_artifact_becomes_a_path(name: str, kind: str) -> None:
    found = name_in_archive(Artifact(kind, name, 1), REPORT_FILES[kind])
    assert "/" not in found
    assert found not in ("", ".", "..")
    assert found.isprintable()
    assert found.isascii()
