"""``mergewarden webhook`` and ``mergewarden projects`` as a person uses them."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.cli.conftest import CommandLine


@pytest.fixture
def receiver() -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}/hook?key=hidden"
    server.shutdown()
    server.server_close()


def test_an_address_is_added_tested_listed_and_disabled(tmp_path: Path, receiver: str) -> None:
    mergewarden = CommandLine(tmp_path, {"OUTGOING_ALLOW_LOCAL": "true"})
    added = mergewarden("webhook", "add", receiver, "--event", "finding.new", "--event", "gate.decided", "--by", "ada")
    assert added.returncode == 0, added.stderr
    assert added.stdout.startswith("whsec_")
    assert "whsec_" not in added.stderr
    tested = mergewarden("webhook", "test", "1")
    assert (tested.returncode, tested.stdout) == (0, "webhook 1 took the message (204)\n")
    assert "webhook.test  delivered" in mergewarden("webhook", "deliveries", "1").stdout
    shown = mergewarden("webhook", "list").stdout
    assert "finding.new, gate.decided" in shown
    assert "hidden" not in shown
    (document,) = json.loads(mergewarden("webhook", "list", "--format", "json").stdout)["webhooks"]
    assert document["last"] == {"event": "webhook.test", "state": "delivered", "status": 204, "problem": None}
    assert mergewarden("webhook", "disable", "1").returncode == 0
    refused = mergewarden("webhook", "test", "1")
    assert refused.returncode == 2
    assert "is disabled" in refused.stderr
    gone = mergewarden("webhook", "delete", "1", "--by", "ada")
    assert (gone.returncode, gone.stdout) == (0, "webhook 1 is deleted, with its messages\n")
    assert "there is no webhook 1" in mergewarden("webhook", "delete", "1").stderr
    assert json.loads(mergewarden("webhook", "list", "--format", "json").stdout)["webhooks"] == []
    log = mergewarden("audit", "export").stdout.splitlines()
    deleted = [entry for entry in map(json.loads, log) if entry.get("action") == "hook.deleted"]
    assert [(entry["actor"], entry["subject"]) for entry in deleted] == [("ada", "webhook 1")]


def test_this_host_is_sent_nothing_by_default(tmp_path: Path, receiver: str) -> None:
    mergewarden = CommandLine(tmp_path)
    assert mergewarden("webhook", "add", receiver).returncode == 0
    tested = mergewarden("webhook", "test", "1")
    assert tested.returncode == 1
    assert "metadata" in tested.stderr
    assert "everything" in mergewarden("webhook", "list").stdout


def test_what_is_wrong_is_said(tmp_path: Path) -> None:
    mergewarden = CommandLine(tmp_path)
    wrong = mergewarden("webhook", "add", "https://ada:pass@a.example")
    assert wrong.returncode != 0
    assert "must not carry a user name" in wrong.stderr
    assert "pass@" not in wrong.stderr
    assert "there is no event" in mergewarden("webhook", "add", "https://a.example", "--event", "x").stderr
    assert "there is no webhook 7" in mergewarden("webhook", "disable", "7").stderr


def test_projects_are_listed_with_what_waits(tmp_path: Path) -> None:
    mergewarden = CommandLine(tmp_path)
    assert "no projects are known" in mergewarden("projects").stdout
    report = tmp_path / "r.sarif"
    result = {
        "ruleId": "r1",
        "level": "error",
        "message": {"text": "bad"},
        "locations": [{"physicalLocation": {"artifactLocation": {"uri": "a.py"}, "region": {"startLine": 1}}}],
    }
    report.write_text(
        json.dumps({"version": "2.1.0", "runs": [{"tool": {"driver": {"name": "lint"}}, "results": [result]}]})
    )
    done = mergewarden("import", str(report), "--project", "shop/backend", "--ref", "main")
    assert done.returncode == 0, done.stderr
    (project,) = json.loads(mergewarden("projects", "--format", "json").stdout)["projects"]
    assert project["path"] == "shop/backend"
    assert "shop/backend" in mergewarden("projects").stdout
    assert "no projects" in mergewarden("projects", "--search", "bank").stdout
