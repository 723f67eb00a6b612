"""The hook's door: only who knows the secret is answered, about anything, and only within a few minutes."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr
from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError

from bot.domain.clearance import MOST_COMMITS, Clearance
from bot.domain.enforcement import Enforcement, Level
from bot.domain.hook_wire import (
    LIST_SECONDS,
    WrongQuestion,
    canonical,
    read_question,
    sign_answer,
    sign_list,
    sign_question,
)
from bot.pipeline.hook_desk import HookDesk, LanguageOf
from bot.store import clearances, projects
from bot.store.clearances import Granted
from bot.store.enforcement import record, stored
from bot.store.engine import session, write_session
from bot.store.heads import raise_sequence
from bot.texts import Language
from bot.web.hook import HookDependencies, add_hook
from tests.store.samples import NOON

SECRET = "a-secret-that-hook-and-bot-share-0123"
KEY = SECRET.encode()
NOW = 1_772_440_000.0
OLD, TIP, HEAD = "0d" * 20, "7e" * 20, "4b" * 20
ASK, LIST = "/hook/pre-receive", "/hook/clearances"


@dataclass
class Desk:
    """The routes on a store, and a hook that signs what it sends."""

    engine: Engine
    now: float = NOW
    served: bool = True
    refuse_unknown: bool = False
    language: Language = Language.ENGLISH
    broken: Exception | None = None
    answers: list[httpx.Response] = field(default_factory=list)

    def __post_init__(self) -> None:
        with write_session(self.engine) as writing:
            projects.upsert_projects(
                writing, [projects.Project(412, "shop/backend", "https://gitlab.example.com/shop/backend", "", "main")]
            )

    def store(self) -> Engine:
        if self.broken is not None:
            raise self.broken
        return self.engine

    def app(self) -> FastAPI:
        app = FastAPI()
        add_hook(
            app,
            HookDependencies(
                SecretStr(SECRET),
                HookDesk(
                    store=self.store,
                    serves=lambda path: self.served,
                    refuse_unknown=self.refuse_unknown,
                    language=lambda path: self.language,
                ),
                lambda: self.now,
            ),
        )
        return app

    def send(
        self, method: str, target: str, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> httpx.Response:
        async def request() -> httpx.Response:
            transport = httpx.ASGITransport(app=self.app(), raise_app_exceptions=False)
            async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
                return await client.request(method, target, content=body, headers=headers)

        return asyncio.run(request())

    def signed(
        self, method: str, target: str, body: bytes = b"", *, at: float | None = None, key: bytes = KEY
    ) -> httpx.Response:
        stamp = str(int(self.now if at is None else at))
        signature = sign_question(key, stamp, method, target, body)
        headers = {"X-Mergewarden-Time": stamp, "X-Mergewarden-Signature": signature}
        response = self.send(method, target, body, headers)
        if key == KEY and "x-mergewarden-signature" in response.headers:
            expected = sign_answer(KEY, signature, response.status_code, response.content)
            assert response.headers["x-mergewarden-signature"] == expected
        return response

    def ask(self, document: Any) -> httpx.Response:
        return self.signed("POST", ASK, json.dumps(document).encode())

    def list(self, project: str = "412", path: str = "shop/backend") -> dict[str, Any]:
        response = self.signed("GET", f"{LIST}?project={project}&path={path}")
        assert response.status_code == 200, response.text
        envelope = response.json()
        assert envelope["signature"] == sign_list(KEY, envelope["list"])
        document: dict[str, Any] = json.loads(envelope["list"])
        assert envelope["list"] == canonical(document)
        return document

    def grant(self, one: Clearance) -> None:
        with write_session(self.engine) as writing:
            clearances.grant(writing, Granted(412, one, OLD, "scan", NOON), sequence=0)

    def protect(self, *names: str) -> None:
        with write_session(self.engine) as writing:
            record(writing, 412, Enforcement(Level.L0, (), ()), {"protected_names": list(names)}, NOON)


@pytest.fixture
def desk(engine: Engine) -> Desk:
    return Desk(engine)


def question(*commits: dict[str, Any], **fields: Any) -> dict[str, Any]:
    update = {
        "branch": "main",
        "old": OLD,
        "new": TIP,
        "fast_forward": True,
        "beginning": False,
        "commits": list(commits) or [commit()],
        "landed": {OLD: "aa" * 20},
    }
    changed = {name: fields.pop(name) for name in list(fields) if name in update}
    return {
        "version": 1,
        "project_id": 412,
        "project_path": "shop/backend",
        "default_branch": "main",
        "user": "ada",
        "protocol": "http",
        "updates": [{**update, **changed}],
        **fields,
    }


def commit(sha: str = TIP, *parents: str, tree: str = "bb" * 20, patch_id: str | None = None) -> dict[str, Any]:
    return {"sha": sha, "parents": list(parents or (OLD,)), "tree": tree, "patch_id": patch_id}


# --- Who may ask ------------------------------------------------------------------------------------------------------


def test_nobody_is_answered_without_the_secret(desk: Desk) -> None:
    body = json.dumps(question()).encode()
    assert desk.send("POST", ASK, body).status_code == 401
    assert desk.send("GET", f"{LIST}?project=412&path=shop/backend").status_code == 401
    assert desk.signed("POST", ASK, body, key=b"another secret").status_code == 401
    with session(desk.engine) as reading:
        assert stored(reading, 412) is None


@pytest.mark.parametrize("age", [-301, 301, 10_000_000])
def test_an_old_question_is_not_answered(desk: Desk, age: int) -> None:
    response = desk.signed("POST", ASK, json.dumps(question()).encode(), at=NOW - age)
    assert response.status_code == 401
    assert "clock" in response.json()["hint"]


@pytest.mark.parametrize("age", [-299, 299])
def test_clocks_may_differ_a_little(desk: Desk, age: int) -> None:
    assert desk.signed("POST", ASK, json.dumps(question()).encode(), at=NOW - age).status_code == 200


@pytest.mark.parametrize("stamp", ["", "now", "-5", "1e9", "9" * 40, "１７７２４４００００"])
def test_a_time_that_is_none_is_refused(desk: Desk, stamp: str) -> None:
    headers = {"X-Mergewarden-Time": stamp, "X-Mergewarden-Signature": "0" * 64}
    raw = {name: value.encode() for name, value in headers.items()}
    assert desk.send("POST", ASK, b"{}", raw).status_code == 401  # type: ignore[arg-type]


def test_a_signature_is_for_one_question(desk: Desk) -> None:
    body = json.dumps(question()).encode()
    stamp = str(int(NOW))
    headers = {"X-Mergewarden-Time": stamp, "X-Mergewarden-Signature": sign_question(KEY, stamp, "POST", ASK, body)}
    assert desk.send("POST", ASK, body, headers).status_code == 200
    assert desk.send("POST", ASK, body + b" ", headers).status_code == 401
    assert desk.send("POST", f"{ASK}?x=1", body, headers).status_code == 401
    assert desk.send("POST", ASK, body, {**headers, "X-Mergewarden-Time": str(int(NOW) + 1)}).status_code == 401
    assert desk.send("GET", f"{LIST}?project=412&path=", b"", headers).status_code == 401


# --- What is asked ----------------------------------------------------------------------------------------------------


def test_what_is_not_cleared_is_refused_in_words(desk: Desk) -> None:
    (told,) = desk.ask(question()).json()["updates"]
    assert told["branch"] == "main"
    assert told["refused"] == [f"commit {TIP[:12]} was not cleared for main"]
    assert told["todo"][0].endswith("/shop/backend/-/merge_requests/new?merge_request%5Btarget_branch%5D=main")
    assert told["proofs"] == []


def test_what_is_cleared_is_answered_with_nothing_to_say(desk: Desk) -> None:
    desk.grant(Clearance(7, "main", TIP, None))
    (told,) = desk.ask(question()).json()["updates"]
    assert (told["refused"], told["proofs"]) == ([], [])


def test_a_merge_comes_back_to_be_proved(desk: Desk) -> None:
    desk.grant(Clearance(7, "main", HEAD, None))
    (told,) = desk.ask(question(commit(TIP, OLD, HEAD))).json()["updates"]
    assert told["refused"] == []
    assert [(p["tree"], p["onto"], p["heads"]) for p in told["proofs"]] == [("bb" * 20, OLD, [HEAD])]
    assert "changed in the merge itself" in told["proofs"][0]["line"]


def test_a_rebase_is_found_by_its_commits(desk: Desk) -> None:
    patches = tuple(digit * 40 for digit in "123")
    desk.grant(Clearance(7, "main", HEAD, "9" * 40, patches))
    a, b = "0a" * 20, "0b" * 20
    rebased = (
        commit(TIP, b, tree="f3" * 20, patch_id=patches[2]),
        commit(b, a, tree="f2" * 20, patch_id=patches[1]),
        commit(a, OLD, tree="f1" * 20, patch_id=patches[0]),
    )
    desk.now = NOON.timestamp()
    (told,) = desk.ask(question(*rebased)).json()["updates"]
    assert told["refused"] == []
    assert [(p["onto"], p["heads"]) for p in told["proofs"]] == [(OLD, [HEAD])]


def test_a_merge_request_without_a_verdict_is_named(desk: Desk) -> None:
    with write_session(desk.engine) as writing:
        raise_sequence(writing, 412, 7, head_sha=TIP, target_branch="main")
        raise_sequence(writing, 412, 8, head_sha=TIP, target_branch="stable")
        raise_sequence(writing, 413, 9, head_sha=TIP, target_branch="main")
    (told,) = desk.ask(question()).json()["updates"]
    assert told["todo"][:2] == [
        "It is the head of merge request !7, of which no verdict lets it through: "
        "https://gitlab.example.com/shop/backend/-/merge_requests/7",
        "It is the head of merge request !8, which is into stable: "
        "https://gitlab.example.com/shop/backend/-/merge_requests/8",
    ]


def test_only_protected_branches_are_judged(desk: Desk) -> None:
    desk.protect("release/*")
    for branch, judged in (("release/1", True), ("main", True), ("feature", False)):
        assert len(desk.ask(question(branch=branch)).json()["updates"]) == judged
    assert len(desk.ask(question(branch="trunk", default_branch="trunk")).json()["updates"]) == 1


@pytest.mark.parametrize("how", ["unknown", "not_served"])
def test_projects_that_are_not_ours_are_as_configured(desk: Desk, how: str) -> None:
    asked = question(project_id=999 if how == "unknown" else 412)
    desk.served = how == "unknown"
    assert desk.ask(asked).json()["updates"] == []
    assert desk.list("999" if how == "unknown" else "412")["served"] is False
    desk.refuse_unknown = True
    assert desk.ask(asked).json()["updates"][0]["refused"]
    assert desk.list("999" if how == "unknown" else "412")["served"] is True
    with session(desk.engine) as reading:
        assert stored(reading, 999) is None


def test_it_is_noted_that_the_hook_asked(desk: Desk) -> None:
    desk.ask(question())
    with session(desk.engine) as reading:
        known = stored(reading, 412)
    assert known is not None
    assert known.hook_seen_at is not None
    assert known.hook_seen_at.timestamp() == NOW


def test_the_projects_language_is_spoken(desk: Desk) -> None:
    desk.language = Language.CHINESE
    (told,) = desk.ask(question()).json()["updates"]
    assert told["head"].startswith("Mergewarden 不允许")
    assert desk.list()["texts"]["todo"].startswith("处理方法")


def test_a_store_that_is_away_is_said_so(desk: Desk) -> None:
    desk.broken = OperationalError("SELECT", {}, Exception("gone"))
    response = desk.ask(question())
    assert response.status_code == 503
    desk.broken = RuntimeError("a secret detail")
    response = desk.ask(question())
    assert response.status_code == 500
    assert "secret detail" not in response.text


# --- The list ---------------------------------------------------------------------------------------------------------


def test_the_list_holds_what_the_hook_needs(desk: Desk) -> None:
    desk.now = NOON.timestamp()
    desk.protect("main", "release/*")
    desk.grant(Clearance(7, "main", HEAD, "9" * 40, ("1" * 40, "2" * 40)))
    desk.grant(Clearance(8, "release/1", TIP, None))
    document = desk.list()
    assert document["project_id"] == 412
    assert document["protected"] == ["main", "release/*"]
    assert document["expires_at"] - document["issued_at"] == LIST_SECONDS
    assert document["clearances"] == [
        {"branch": "release/1", "head": TIP, "patch_id": None},
        {"branch": "main", "head": HEAD, "patch_id": "9" * 40},
    ]


@pytest.mark.parametrize("query", ["", "project=", "project=0", "project=-3", "project=x", f"project={'9' * 30}"])
def test_a_list_of_nothing_is_a_wrong_question(desk: Desk, query: str) -> None:
    assert desk.signed("GET", f"{LIST}?{query}" if query else LIST).status_code == 400


# --- Wrong questions --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "wrong",
    [
        {"version": 2},
        {"version": "1"},
        {"project_id": 0},
        {"project_id": -412},
        {"project_id": 2**70},
        {"updates": None},
        {"updates": [{}]},
        {"extra": 1},
        {"branch": ""},
        {"branch": "x" * 1001},
        {"old": "HEAD"},
        {"new": "a" * 41},
        {"new": "A" * 40},
        {"old": OLD + "\n"},
        {"fast_forward": 1},
        {"commits": [commit("main")]},
        {"commits": [{**commit(), "more": 1}]},
        {"landed": {OLD: "main"}},
        {"landed": {"x": OLD}},
    ],
    ids=str,
)
def test_a_wrong_question_is_refused_with_its_place(desk: Desk, wrong: dict[str, Any]) -> None:
    response = desk.ask({**question(), **wrong} if set(wrong) - set(question()["updates"][0]) else question(**wrong))
    assert response.status_code == 422
    assert response.json()["error"]


def test_a_question_is_bounded(desk: Desk) -> None:
    many = [commit(f"{number:040x}") for number in range(2 * MOST_COMMITS + 1)]
    assert desk.ask(question(*many)).status_code == 422
    assert desk.signed("POST", ASK, b"[" * 9_000_000).status_code == 413
    assert desk.signed("POST", ASK, b"[" * 100_000).status_code == 422
    asked = question()
    asked["updates"] *= 101
    assert desk.ask(asked).status_code == 422


def test_the_largest_question_is_answered(desk: Desk) -> None:
    line = [f"{number:040x}" for number in range(MOST_COMMITS)]
    commits = [commit(sha, below, patch_id=sha) for sha, below in zip(line, [*line[1:], OLD], strict=True)]
    for number, one in enumerate(commits):
        one["tree"] = f"{number:040x}"
    (told,) = desk.ask(question(*commits, new=line[0])).json()["updates"]
    assert len(told["refused"]) == 6


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_no_rubbish_is_a_question(raw: bytes) -> None:
    with pytest.raises(WrongQuestion):
        read_question(raw)


# --- Language ---------------------------------------------------------------------------------------------------------


def test_the_language_is_asked_once_in_a_while_and_never_stops_an_answer() -> None:
    asked: list[str] = []

    def ask(path: str) -> Language:
        asked.append(path)
        if path == "broken":
            raise RuntimeError("no policy")
        return Language.CHINESE

    language = LanguageOf(ask, Language.ENGLISH)
    assert [language("a"), language("a"), language("broken"), language("broken")] == [
        Language.CHINESE,
        Language.CHINESE,
        Language.ENGLISH,
        Language.ENGLISH,
    ]
    assert asked == ["a", "broken"]
