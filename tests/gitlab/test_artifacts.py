"""Jobs and their files: listed, downloaded to a file, and never more than was asked for."""

from __future__ import annotations

import io
import socketserver
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from pydantic import SecretStr

from bot.errors import MergewardenError
from bot.gitlab.client import GitLabClient
from bot.gitlab.errors import ArtifactTooLarge, Forbidden, Invalid, NotFound, Unavailable
from tests.gitlab.conftest import NoSleep, Scene
from tests.standin import JobArtifact, Pipeline

REPORT = b'{"version": "15.2.1", "vulnerabilities": []}'
READABLE = JobArtifact("sast", "gl-sast-report.json", REPORT, "gl-sast-report.json")
HIDDEN = JobArtifact("sast", "gl-sast-report.json", REPORT)


def run(scene: Scene, *artifacts: JobArtifact, parent: Pipeline | None = None) -> Pipeline:
    return scene.gitlab.run_branch_pipeline(
        scene.project, "main", jobs={"sast": "success"}, artifacts={"sast": artifacts}, parent=parent
    )


def test_jobs_name_their_reports_and_whether_there_is_an_archive(scene: Scene, client: GitLabClient) -> None:
    (job,) = client.pipeline_jobs(scene.project.id, run(scene, READABLE).id)
    assert (job.name, job.status) == ("sast", "success")
    assert [(a.file_type, a.filename) for a in job.artifacts] == [
        ("archive", "artifacts.zip"),
        ("sast", "gl-sast-report.json"),
    ]
    (job,) = client.pipeline_jobs(scene.project.id, run(scene, HIDDEN).id)
    assert [a.file_type for a in job.artifacts] == ["sast"]


def test_a_job_that_was_retried_is_listed_once(scene: Scene, client: GitLabClient) -> None:
    pipeline = run(scene, READABLE)
    pipeline.statuses[0].retried = True
    assert client.pipeline_jobs(scene.project.id, pipeline.id) == []


def test_statuses_from_outside_are_no_jobs(scene: Scene, client: GitLabClient) -> None:
    pipeline = run(scene, READABLE)
    client.set_status(scene.project.id, pipeline.sha, "success", name="mergewarden", pipeline_id=pipeline.id)
    assert len(client.pipeline_jobs(scene.project.id, pipeline.id)) == 1


def test_every_page_of_jobs_is_read(scene: Scene, client: GitLabClient) -> None:
    jobs = {f"job-{number}": "success" for number in range(101)}
    pipeline = scene.gitlab.run_branch_pipeline(scene.project, "main", jobs=jobs)
    assert len(client.pipeline_jobs(scene.project.id, pipeline.id)) == 101


def test_children_are_found_through_their_bridges(scene: Scene, client: GitLabClient) -> None:
    parent = run(scene)
    child = run(scene, READABLE, parent=parent)
    assert [p.id for p in client.downstream_pipelines(scene.project.id, parent.id)] == [child.id]
    assert client.downstream_pipelines(scene.project.id, child.id) == []


def job_of(scene: Scene, *artifacts: JobArtifact) -> int:
    return run(scene, *artifacts).statuses[0].id


def test_a_file_that_the_job_keeps_is_written_as_it_is(scene: Scene, client: GitLabClient) -> None:
    odd = JobArtifact("archive", "x", b"odd", "folder/a b#c?d%.json")
    job = job_of(scene, READABLE, odd)
    for path, content in (("gl-sast-report.json", REPORT), ("folder/a b#c?d%.json", b"odd")):
        into = io.BytesIO()
        assert client.artifact_file(scene.project.id, job, path, into, limit=1000) == len(content)
        assert into.getvalue() == content


def test_a_report_that_is_in_no_archive_is_not_found(scene: Scene, client: GitLabClient) -> None:
    with pytest.raises(NotFound):
        client.artifact_file(scene.project.id, job_of(scene, HIDDEN), "gl-sast-report.json", io.BytesIO(), limit=1000)


def test_a_job_that_lets_nobody_in_is_forbidden(scene: Scene, client: GitLabClient) -> None:
    pipeline = run(scene, READABLE)
    pipeline.statuses[0].artifacts_access = "none"
    with pytest.raises(Forbidden):
        client.artifact_file(scene.project.id, pipeline.statuses[0].id, "gl-sast-report.json", io.BytesIO(), limit=1000)


def test_the_token_does_not_follow_a_redirect_to_another_host(scene: Scene, client: GitLabClient) -> None:
    job = job_of(scene, READABLE)
    scene.gitlab.world.artifacts_elsewhere = True
    scene.gitlab.clear_log()
    into = io.BytesIO()
    client.artifact_file(scene.project.id, job, "gl-sast-report.json", into, limit=1000)
    assert into.getvalue() == REPORT
    assert [(r.status, r.user) for r in scene.gitlab.request_log] == [(302, "warden"), (200, None)]


@pytest.mark.parametrize("over", [0, 1])
def test_the_limit_is_exact(scene: Scene, client: GitLabClient, over: int) -> None:
    job = job_of(scene, JobArtifact("sast", "r.json", b"x" * (200_000 + over), "r.json"))
    if not over:
        assert client.artifact_file(scene.project.id, job, "r.json", io.BytesIO(), limit=200_000) == 200_000
        return
    with pytest.raises(ArtifactTooLarge, match="larger than 200000 bytes") as caught:
        client.artifact_file(scene.project.id, job, "r.json", io.BytesIO(), limit=200_000)
    assert "MERGEWARDEN_MAX_REPORT_BYTES" in caught.value.hint


def test_a_failed_attempt_leaves_nothing_in_the_file(scene: Scene, client: GitLabClient, no_sleep: NoSleep) -> None:
    job = job_of(scene, READABLE)
    scene.gitlab.faults.add("GET", r"/artifacts/", status=502, body="garbage", times=2)
    into = io.BytesIO()
    assert client.artifact_file(scene.project.id, job, "gl-sast-report.json", into, limit=1000) == len(REPORT)
    assert into.getvalue() == REPORT
    assert len(no_sleep.slept) == 2


def test_the_whole_archive_can_be_had(scene: Scene, client: GitLabClient) -> None:
    into = io.BytesIO()
    client.artifact_archive(scene.project.id, job_of(scene, READABLE), into, limit=10_000)
    assert zipfile.ZipFile(into).read("gl-sast-report.json") == REPORT


@pytest.mark.parametrize("path", ["../../../user", "a/../b", "/etc", "a//b", "", ".", "a/."])
def test_no_path_leads_out_of_the_archive(scene: Scene, client: GitLabClient, path: str) -> None:
    job = job_of(scene, READABLE)
    scene.gitlab.clear_log()
    with pytest.raises(Invalid):
        client.artifact_file(scene.project.id, job, path, io.BytesIO(), limit=1000)
    assert scene.gitlab.request_log == []


def test_a_disk_that_is_full_is_no_failure_of_the_network(scene: Scene, client: GitLabClient) -> None:
    class Full(io.BytesIO):
        def write(self, _data: object, /) -> int:
            raise OSError(28, "No space left on device")

    with pytest.raises(MergewardenError, match="No space left") as caught:
        client.artifact_file(scene.project.id, job_of(scene, READABLE), "gl-sast-report.json", Full(), limit=1000)
    assert not isinstance(caught.value, Unavailable)


# --- servers that misbehave -------------------------------------------------------------------------------------------


@contextmanager
def serving(*answer: bytes) -> Iterator[str]:
    """A server that sends these bytes to whoever connects, piece by piece, and hangs up."""

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            self.request.recv(65536)
            for piece in answer:
                self.request.sendall(piece)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc",
    ],
)
def test_a_file_that_is_cut_off_is_no_file(answer: bytes) -> None:
    with serving(answer) as url:
        client = GitLabClient(url, SecretStr("x"), timeout=2, read_retries=0)
        with pytest.raises(Unavailable):
            client.artifact_file(1, 1, "r.json", io.BytesIO(), limit=1000)


def test_a_file_that_trickles_for_ever_is_given_up() -> None:
    ticks = iter(range(0, 100_000, 400))
    with serving(b"HTTP/1.1 200 OK\r\nContent-Length: 200000\r\n\r\n", *[b"x" * 50_000] * 4) as url:
        client = GitLabClient(url, SecretStr("x"), timeout=2, read_retries=0, clock=lambda: float(next(ticks)))
        with pytest.raises(Unavailable, match="in time"):
            client.artifact_file(1, 1, "r.json", io.BytesIO(), limit=1_000_000)
