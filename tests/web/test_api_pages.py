"""A finding's page in a browser, which asks its user for a token as the password."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest
from sqlalchemy import Engine

from bot.domain.access import Scope
from tests.web.portal import POLICY, Portal

PAGE = "<!doctype html><p>#812</p>"


@pytest.fixture
def portal(tmp_path: Path, engine: Engine) -> Portal:
    return Portal(tmp_path, engine, pages={(412, 812): PAGE})


def basic(password: str, user: str = "anybody") -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}


def test_a_browser_is_asked_for_a_password_and_gets_the_page(portal: Portal) -> None:
    asked = portal.get("/projects/412/findings/812", X="y")
    assert asked.status_code == 401
    assert asked.headers["www-authenticate"] == 'Basic realm="Mergewarden", charset="UTF-8"'
    for user in ("", "ada", "ü"):
        answer = portal.get("/projects/412/findings/812", **basic(portal.token(Scope.READ), user))
        assert (answer.status_code, answer.text) == (200, PAGE)
        assert answer.headers["content-type"] == "text/html; charset=utf-8"


def test_the_page_runs_no_script_and_is_kept_nowhere(portal: Portal) -> None:
    headers = portal.get("/projects/412/findings/812", **basic(portal.token(Scope.READ))).headers
    assert headers["content-security-policy"] == POLICY
    assert headers["cache-control"] == "no-store"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"


@pytest.mark.parametrize(
    "header",
    [
        "Basic",
        "Basic !!!",
        "Basic " + base64.b64encode(b"no colon").decode(),
        "Basic " + base64.b64encode(b"\xff\xfe:x").decode(),
        "Basic " + base64.b64encode(b"a:").decode(),
        "Digest x",
    ],
)
def test_a_header_that_is_none_opens_nothing(portal: Portal, header: str) -> None:
    assert portal.get("/projects/412/findings/812", Authorization=header).status_code == 401


def test_a_bearer_token_is_no_password(portal: Portal) -> None:
    assert portal.get("/projects/412/findings/812", **portal.bearer(Scope.READ)).status_code == 401


@pytest.mark.parametrize(
    ("path", "arguments", "status"),
    [
        ("/projects/412/findings/812", {"project": "other/*"}, 403),
        ("/projects/412/findings/812", {"days": 1}, 401),
        ("/projects/412/findings/812", {"revoked": True}, 401),
        ("/projects/412/findings/813", {}, 404),
        ("/projects/500/findings/812", {"project": "**"}, 404),
        ("/projects/501/findings/812", {"project": "**"}, 404),
        ("/projects/501/findings/812", {}, 403),
        ("/projects/x/findings/812", {}, 404),
        ("/projects/412/findings/" + "9" * 40, {}, 404),
    ],
)
def test_only_the_right_token_opens_the_right_page(
    portal: Portal, path: str, arguments: dict[str, object], status: int
) -> None:
    token = portal.token(Scope.READ, **arguments)  # type: ignore[arg-type]
    if arguments.get("days") == 1:
        portal.now = portal.now.replace(day=20)
    answer = portal.get(path, **basic(token))
    assert answer.status_code == status
    assert "#812" not in answer.text


def test_a_token_that_only_imports_opens_no_page(portal: Portal) -> None:
    assert portal.get("/projects/412/findings/812", **basic(portal.token(Scope.IMPORT))).status_code == 403
