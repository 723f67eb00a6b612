"""Reports of other tools and the running bot: by API, and out of a pipeline."""

from __future__ import annotations

import base64
import gzip
import json
import urllib.error
import urllib.request
from typing import Any

from tests.cli.test_import import sarif
from tests.e2e.samples import CLEAN
from tests.e2e.stage import Stage, Story
from tests.standin import JobArtifact

SAST = json.dumps(
    {
        "version": "15.2.1",
        "scan": {
            "analyzer": {"id": "semgrep", "name": "Semgrep", "version": "6.1", "vendor": {"name": "GitLab"}},
            "scanner": {"id": "some_sast", "name": "Some SAST", "version": "1.2", "vendor": {"name": "Somebody"}},
            "type": "sast",
            "start_time": "2026-03-01T10:00:00",
            "end_time": "2026-03-01T10:01:00",
            "status": "success",
        },
        "vulnerabilities": [
            {
                "id": "f0cc1f2a-3b1f-5f0c-9c37-0a7f2c2e1d10",
                "name": "Use of a weak hash",
                "description": "MD5 is broken.",
                "severity": "High",
                "location": {"file": "shop/orders.py", "start_line": 9, "end_line": 9},
                "identifiers": [{"type": "some_rule", "name": "weak-hash", "value": "weak-hash"}],
            }
        ],
    }
).encode()


def token_for(stage: Stage, *scopes: str, project: str) -> str:
    options = [part for scope in scopes for part in ("--scope", scope)]
    done = stage.bot.run("token", "create", "e2e", *options, "--project", project)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def call(
    stage: Stage, path: str, authorization: str, body: bytes | None = None, **headers: str
) -> tuple[int, dict[str, str], bytes]:
    request = urllib.request.Request(f"{stage.bot.url}{path}", body, {"Authorization": authorization, **headers})
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, dict(answer.headers.items()), answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, dict(error.headers.items()), error.read()


def imports_of(stage: Stage, story: Story, token: str) -> list[dict[str, Any]]:
    status, _, body = call(stage, f"/api/v1/projects/{story.project.id}/imports", f"Bearer {token}")
    assert status == 200, body
    rows: list[dict[str, Any]] = json.loads(body)["imports"]
    return rows


def test_a_report_handed_in_by_api_is_found_again_on_its_findings_page(stage: Stage) -> None:
    story = stage.story("reports/api")
    token = token_for(stage, "import", "read", project="reports/*")
    path = story.project.path.replace("/", "%2F")
    packed = gzip.compress(sarif(("shop/orders.py", 3)).encode())
    url = f"/api/v1/projects/{path}/imports?ref=main"
    status, headers, body = call(stage, url, f"Bearer {token}", packed, **{"Content-Encoding": "gzip"})
    assert status == 201, body
    assert json.loads(body)["counts"]["new"] == 1
    assert call(stage, url, f"Bearer {token}", packed, **{"Content-Encoding": "gzip"})[0] == 200
    assert call(stage, url, "Bearer nonsense", packed)[0] == 401
    assert call(stage, headers["location"], f"Bearer {token}")[0] == 200
    assert len(imports_of(stage, story, token)) == 1

    listed = stage.bot.run("findings", "list", "--project", story.project.path, "--format", "json")
    assert listed.returncode == 0, listed.stderr
    (number,) = {row["number"] for row in json.loads(listed.stdout)["findings"]}
    password = "Basic " + base64.b64encode(f"ada:{token}".encode()).decode()
    status, headers, body = call(stage, f"/projects/{story.project.id}/findings/{number}", password)
    page = body.decode()
    assert (status, headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert f"#{number}" in page
    allowed = headers["content-security-policy"]
    assert "default-src 'none'; script-src 'self'; style-src 'self'" in allowed
    assert "unsafe" not in allowed
    other = stage.story("elsewhere/api")
    assert call(stage, f"/projects/{other.project.id}/findings/{number}", password)[0] == 404


def test_reports_of_a_pipeline_come_in_by_themselves(stage: Stage) -> None:
    story = stage.story("reports/pipeline")
    token = token_for(stage, "read", project="reports/*")
    request = story.judged({"shop/orders.py": CLEAN + "\n# more\n"}, "success")
    report = JobArtifact("sast", "gl-sast-report.json", SAST, "gl-sast-report.json")
    pipeline = story.gitlab.run_pipeline(
        request, "merge_request", jobs={"some-sast": "success"}, artifacts={"some-sast": [report]}
    )
    stage.settle()
    (row,) = imports_of(stage, story, token)
    assert (row["by"], row["merge_request"], row["commit"]) == (
        f"pipeline {pipeline.id}",
        request.iid,
        request.head_sha,
    )
    assert row["counts"]["new"] == 1
    (ended,) = [
        line
        for line in stage.log(event="job ended")
        if line.get("pipeline_id") == pipeline.id and line.get("outcome") == "imported"
    ]
    assert str(ended["job_id"]).startswith(f"reports:{story.project.id}:{pipeline.id}:")
    story.harmless()


def test_a_report_that_gitlab_does_not_hand_out_is_said_in_the_log(stage: Stage) -> None:
    story = stage.story("reports/hidden")
    request = story.judged({"shop/orders.py": CLEAN + "\n# more\n"}, "success")
    hidden = JobArtifact("sast", "gl-sast-report.json", SAST)
    story.gitlab.run_pipeline(request, "merge_request", jobs={"sast": "success"}, artifacts={"sast": [hidden]})
    stage.settle()
    (line,) = [line for line in stage.log(event="report not readable") if line.get("project_id") == story.project.id]
    assert "artifacts:paths" in str(line["hint"])
