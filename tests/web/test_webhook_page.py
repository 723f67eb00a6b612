"""The pages about outgoing webhooks: for administrators, with a secret that is shown once."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import Engine

from bot.domain.roles import Role
from bot.observability.metrics import Metrics
from bot.services import Services
from bot.settings import Settings
from bot.store import audit, outgoing
from bot.store.engine import session
from bot.texts import Language
from bot.web.desk import Desk
from bot.web.frame import Frame
from bot.web.pages import webhooks
from tests.web.visitors import CSRF, ORIGIN, cookies, fake_entry, person

FORM: dict[str, Any] = {
    "url": "https://hooks.example/in?key=k1",
    "event": ["finding.new", "gate.decided"],
    "projects": "shop/*",
}


@dataclass
class Stage:
    folder: Path
    engine: Engine
    language: Language = Language.ENGLISH
    app: FastAPI = field(default_factory=FastAPI)

    def __post_init__(self) -> None:
        services = Services(Settings(data_dir=self.folder), Metrics())
        services.store = self.engine
        frame = Frame()
        entry = fake_entry(
            language=self.language,
            admin=person(Role.ADMIN),
            auditor=person(Role.AUDITOR),
            lead=person(Role.SECURITY_LEAD),
        )
        desk = Desk(services, entry, frame, cast(Any, None), cast(Any, None))
        made = webhooks.routes(desk)
        frame.know(made)
        self.app.router.routes.extend(made)

    def request(self, method: str, path: str, who: str = "admin", **more: Any) -> httpx.Response:
        async def send() -> httpx.Response:
            transport = httpx.ASGITransport(app=self.app)
            async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
                return await client.request(method, path, headers={**cookies(who), **ORIGIN}, **more)

        return asyncio.run(send())

    def get(self, path: str, who: str = "admin") -> httpx.Response:
        return self.request("GET", path, who)

    def post(self, path: str, who: str = "admin", **form: Any) -> httpx.Response:
        return self.request("POST", path, who, data={"csrf": CSRF, **form})


@pytest.fixture
def stage(tmp_path: Path, engine: Engine) -> Stage:
    return Stage(tmp_path, engine)


def test_only_an_administrator_sees_and_changes_them(stage: Stage) -> None:
    for who in ("auditor", "lead"):
        assert stage.get("/webhooks", who).status_code == 403
        assert stage.post("/webhooks", who, **FORM).status_code == 403
    assert stage.request("POST", "/webhooks", data=FORM).status_code == 403
    assert stage.get("/webhooks").status_code == 200


def test_a_secret_is_shown_once_and_the_key_in_the_address_never(stage: Stage) -> None:
    made = stage.post("/webhooks", **FORM)
    assert made.status_code == 200
    assert "whsec_" in made.text
    for path in ("/webhooks", "/webhooks/1"):
        page = stage.get(path)
        assert page.status_code == 200
        assert "whsec_" not in page.text
        assert "key=k1" not in page.text
        assert "https://hooks.example/in" in page.text
    with session(stage.engine) as reading:
        (entry,) = audit.stream(reading)
    assert (entry.action, entry.details["url"]) == ("hook.made", "https://hooks.example/in")


def test_what_is_wrong_is_said_on_the_page(stage: Stage) -> None:
    refused = stage.post("/webhooks", url="file:///etc/passwd", event=["finding.new"], projects="**")
    assert refused.status_code == 422
    assert "has to begin with https" in refused.text
    assert stage.post("/webhooks", url="https://a.example", projects="**").status_code == 422
    assert stage.post("/webhooks", url="https://a.example", event=["x"], projects="**").status_code == 422


def test_it_is_tested_disabled_and_enabled_and_a_message_is_sent_again(stage: Stage) -> None:
    stage.post("/webhooks", **FORM)
    assert stage.post("/webhooks/1/test").status_code == 303
    assert "webhook.test" in stage.get("/webhooks/1").text
    with session(stage.engine) as reading:
        (waiting,) = outgoing.deliveries(reading)
    assert stage.post(f"/webhooks/deliveries/{waiting.id}/again").status_code == 303
    assert stage.post("/webhooks/1/disable").status_code == 303
    assert "disabled" in stage.get("/webhooks").text
    assert stage.post("/webhooks/1/test").status_code == 422
    assert stage.post("/webhooks/1/enable").status_code == 303
    assert stage.get("/webhooks/2").status_code == 404
    assert stage.post("/webhooks/deliveries/999/again").status_code == 404


def test_it_is_deleted_with_its_messages_and_the_audit_log_says_so(stage: Stage) -> None:
    stage.post("/webhooks", **FORM)
    stage.post("/webhooks/1/test")
    assert 'action="/webhooks/1/delete"' in stage.get("/webhooks/1").text
    assert stage.post("/webhooks/1/delete", "lead").status_code == 403
    gone = stage.post("/webhooks/1/delete")
    assert (gone.status_code, gone.headers["location"]) == (303, "/webhooks")
    assert stage.get("/webhooks/1").status_code == 404
    assert stage.post("/webhooks/1/delete").status_code == 404
    with session(stage.engine) as reading:
        assert outgoing.deliveries(reading) == ()
        last = list(audit.stream(reading))[-1]
    assert (last.action, last.subject) == ("hook.deleted", "webhook 1")
    assert last.details["url"] == "https://hooks.example/in"


def test_what_is_wrong_is_said_in_chinese(stage: Stage) -> None:
    chinese = Stage(stage.folder, stage.engine, language=Language.CHINESE)
    refused = chinese.post("/webhooks", url="file:///etc/passwd", event=["finding.new"], projects="**")
    assert "地址必须以 https:// 或 http:// 加主机名开头。例如 https://hooks.example.com/mergewarden。" in refused.text
    assert (
        "项目模式不可用"
        in chinese.post("/webhooks", url="https://a.example", event=["finding.new"], projects="!x").text
    )
