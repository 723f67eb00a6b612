"""The application around the webhook: what is served, and with which headers."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from bot.web.app import SECURITY_HEADERS, UVICORN_OPTIONS
from tests.web.fakes import Site

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("path", ["/docs", "/redoc", "/openapi.json", "/", "/webhooks/gitlab/"])
def test_nothing_else_is_served(path: str) -> None:
    assert Site().request("GET", path).status_code in (404, 307)


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "HEAD"])
def test_the_webhook_takes_post_only(method: str) -> None:
    assert Site().request(method, "/webhooks/gitlab").status_code == 405


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics", "/webhooks/gitlab", "/nowhere"])
def test_every_answer_carries_the_security_headers(path: str) -> None:
    answer = Site().request("GET", path)
    assert {name: answer.headers.get(name) for name in SECURITY_HEADERS} == dict(SECURITY_HEADERS)


def test_the_server_does_not_say_what_it_is() -> None:
    assert UVICORN_OPTIONS["server_header"] is False
    assert "server" not in Site().request("GET", "/healthz").headers


def test_the_web_process_starts_without_what_reads_reports_and_draws_pages() -> None:
    """They are imported with the first report or page: a bot that only answers webhooks stays small and quick."""
    late = ("ijson", "pyarrow", "cyclonedx", "jinja2", "scanners.imports", "bot.pipeline.importing", "gitlab")
    code = f"import sys, bot.cli.web_process; print([name for name in {late!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.strip() == "[]"
