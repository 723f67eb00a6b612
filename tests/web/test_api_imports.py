"""Reports over HTTP: who may hand one in, what arrives, and what is left when it does not."""

from __future__ import annotations

import asyncio
import base64
import gzip
import time
import zlib
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import timedelta
from pathlib import Path, PurePosixPath
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine

from bot.domain.access import Scope
from bot.domain.intake import Intake
from bot.errors import MergewardenError
from bot.pipeline.git import GitTimeout
from bot.store.engine import session, write_session
from bot.store.projects import register_local
from bot.store.tokens import all_tokens
from bot.web.api.problems import Problem
from bot.web.api.upload import UploadLimits, receive
from tests.pipeline.reporting import REFUSED, FakeOutcome
from tests.web.fakes import Site, chunks_of
from tests.web.portal import IMPORTS, NOW, SHOP, Portal


@pytest.fixture
def portal(tmp_path: Path, engine: Engine) -> Iterator[Portal]:
    made = Portal(tmp_path, engine)
    yield made
    assert made.leftovers() == []


# --- what arrives -----------------------------------------------------------------------------------------------------


def test_a_report_is_taken_in_and_said_what_became_of_it(portal: Portal) -> None:
    query = f"ref=main&sha={'A' * 40}&merge_request=7&format=sarif&strip_prefix=/builds/shop"
    answer = portal.post(b"the report", query=query)
    assert answer.status_code == 201
    document = answer.json()
    assert document == {
        "id": document["id"],
        "project": {"id": 412, "path": "shop/backend"},
        "ref": "main",
        "merge_request": 7,
        "commit": "a" * 40,
        "format": "sarif",
        "digest": document["digest"],
        "tools": ["eslint"],
        "repeated": False,
        "counts": {"new": 1, "known": 2, "gone": 0, "rejected": 1},
        "rejected": [{"where": "runs[0].results[3]", "why": "the path leaves the repository"}],
    }
    assert answer.headers["location"] == f"/api/v1/projects/412/imports/{document['id']}"
    (call,) = portal.take_in.calls
    assert (call.content, call.project_id) == (b"the report", 412)
    assert call.intake == Intake("main", "a" * 40, 7, "sarif", PurePosixPath("/builds/shop"))
    assert call.actor == "token 1 (ci)"


def test_the_same_report_again_is_no_new_one(portal: Portal) -> None:
    headers = portal.bearer(Scope.IMPORT)
    assert [portal.post(b"x", **headers).status_code for _ in range(2)] == [201, 200]


@pytest.mark.parametrize(
    "path",
    [
        IMPORTS,
        "/api/v1/projects/shop/backend/imports",
        "/api/v1/projects/Shop%2fBACKEND/imports",
        "/api/v1/projects/412/imports",
    ],
)
def test_a_project_is_named_by_number_or_path_encoded_or_not(portal: Portal, path: str) -> None:
    assert portal.post(path=path).status_code == 201
    assert [call.project_id for call in portal.take_in.calls] == [412]


def test_a_local_project_is_named_by_its_path(portal: Portal) -> None:
    with write_session(portal.engine) as writing:
        made = register_local(writing, "shop/imports")
    assert portal.post(path="/api/v1/projects/shop/imports/imports").status_code == 201
    assert portal.post(b"2", path=f"/api/v1/projects/{made.id}/imports").status_code == 201
    assert [call.project_id for call in portal.take_in.calls] == [made.id] * 2


@pytest.mark.parametrize("content_type", ["application/json", "application/x-www-form-urlencoded", "", "a/b; c=d"])
def test_any_type_of_content_will_do(portal: Portal, content_type: str) -> None:
    """curl --data-binary says that it sends a form."""
    assert portal.post(b"x", Content_Type=content_type).status_code == 201


def test_a_body_in_pieces_without_a_length_arrives_whole(portal: Portal) -> None:
    whole = bytes(range(256)) * 20_000
    assert portal.post(chunks_of(whole, 60_001)).status_code == 201
    assert portal.take_in.calls[0].content == whole


@pytest.mark.parametrize("coding", ["gzip", "x-gzip", "GZIP"])
def test_a_packed_body_is_unpacked(portal: Portal, coding: str) -> None:
    whole = b'{"runs": []}' * 300_000
    assert portal.post(gzip.compress(whole, mtime=0), Content_Encoding=coding).status_code == 201
    assert portal.take_in.calls[0].content == whole


def test_a_body_of_several_packed_members_is_one_file(portal: Portal) -> None:
    packed = gzip.compress(b"one ", mtime=0) + gzip.compress(b"", mtime=0) + gzip.compress(b"two", mtime=0)
    assert portal.post(chunks_of(packed, 7), Content_Encoding="gzip").status_code == 201
    assert portal.take_in.calls[0].content == b"one two"


def test_a_packed_file_that_says_nothing_of_it_is_left_to_the_reader(portal: Portal) -> None:
    packed = gzip.compress(b"x", mtime=0)
    assert portal.post(packed).status_code == 201
    assert portal.take_in.calls[0].content == packed


# --- who may ----------------------------------------------------------------------------------------------------------

Maker = Callable[[Portal], dict[str, str]]
BOTH = (Scope.IMPORT, Scope.READ)
STRANGERS: dict[str, Maker] = {
    "nothing": lambda _: {"X": "y"},
    "empty": lambda _: {"Authorization": ""},
    "no scheme": lambda p: {"Authorization": p.token()},
    "another scheme": lambda p: {"Authorization": f"Token {p.token()}"},
    "not a token": lambda _: {"Authorization": "Bearer letmein"},
    "unknown": lambda _: {"Authorization": "Bearer mwt_" + "A" * 43},
    "one of GitLab's headers": lambda p: {"PRIVATE-TOKEN": p.token()},
    "a job's header": lambda p: {"JOB-TOKEN": p.token()},
    "basic": lambda p: {"Authorization": "Basic " + base64.b64encode(f"x:{p.token()}".encode()).decode()},
    "expired": lambda p: _expired(p),
    "revoked": lambda p: p.bearer(*BOTH, revoked=True),
    "monstrous": lambda _: {"Authorization": "Bearer mwt_" + "A" * 100_000},
}


def _expired(portal: Portal) -> dict[str, str]:
    made = portal.bearer(*BOTH, days=1)
    portal.now = NOW + timedelta(days=1)
    return made


@pytest.mark.parametrize("name", STRANGERS)
@pytest.mark.parametrize("project", ["shop%2Fbackend", "412", "no%2Fsuch", "99999"])
def test_strangers_learn_nothing(portal: Portal, name: str, project: str) -> None:
    headers = STRANGERS[name](portal)
    path = f"/api/v1/projects/{project}/imports"
    answers = [
        portal.request("POST", f"{path}?ref=main", content=b"x", headers=headers),
        portal.request("POST", path, content=b"x", headers=headers),
        portal.request("GET", path, headers=headers),
        portal.request("GET", f"{path}/1", headers=headers),
    ]
    assert [answer.status_code for answer in answers] == [401] * 4
    assert {answer.text for answer in answers} == {answers[0].text}
    assert answers[0].headers["www-authenticate"].startswith("Bearer")
    assert "mergewarden token create" in answers[0].json()["hint"]
    assert portal.take_in.calls == []


@pytest.mark.parametrize(
    ("scopes", "post", "read"),
    [((Scope.IMPORT,), 201, 403), ((Scope.READ,), 403, 200), (BOTH, 201, 200)],
)
def test_a_scope_opens_what_it_says(portal: Portal, scopes: tuple[Scope, ...], post: int, read: int) -> None:
    headers = portal.bearer(*scopes)
    assert portal.post(**headers).status_code == post
    assert portal.get(IMPORTS, **headers).status_code == read
    if 403 in (post, read):
        refused = portal.post(**headers) if post == 403 else portal.get(IMPORTS, **headers)
        assert "lacks the scope" in refused.json()["detail"]


@pytest.mark.parametrize(
    ("pattern", "project", "status"),
    [
        ("shop/*", "shop%2Fbackend", 201),
        ("shop/*", "412", 201),
        ("shop/*", "other%2Fsecret", 403),
        ("shop/*", "other%2Fno-such", 403),
        ("shop/*", "500", 403),
        ("shop/*", "501", 403),
        ("shop/*", "shop%2Fno-such", 404),
        ("**", "other%2Fsecret", 201),
        ("**", "501", 404),
        ("**", "no%2Fsuch", 404),
        ("**", "99999999999999999999999", 404),
        ("**", "-1", 404),
    ],
)
def test_a_token_opens_the_projects_of_its_pattern(portal: Portal, pattern: str, project: str, status: int) -> None:
    headers = portal.bearer(*BOTH, project=pattern)
    path = f"/api/v1/projects/{project}/imports"
    assert portal.post(path=path, **headers).status_code == status
    assert portal.get(path, **headers).status_code == (200 if status == 201 else status)


def test_what_a_token_may_not_see_and_what_is_not_there_look_alike(portal: Portal) -> None:
    headers = portal.bearer(*BOTH)
    for one, other in (("other%2Fsecret", "other%2Fno-such"), ("500", "501")):
        texts = [portal.get(f"/api/v1/projects/{name}/imports", **headers).text for name in (one, other)]
        assert texts[0] == texts[1]


def test_a_project_that_is_not_served_takes_nothing(tmp_path: Path, engine: Engine) -> None:
    portal = Portal(tmp_path, engine, settings={"projects": ("other/*",)})
    answer = portal.post()
    assert (answer.status_code, "MERGEWARDEN_PROJECTS" in answer.text) == (404, True)


def test_the_day_of_use_is_noted_without_being_in_the_way(portal: Portal) -> None:
    headers = portal.bearer(Scope.IMPORT)
    portal.post(b"1", **headers)
    portal.post(b"2", **headers)
    with session(portal.engine) as reading:
        (token,) = all_tokens(reading)
    assert token.last_used_at == NOW.replace(hour=0)


def test_a_token_never_gets_into_an_answer_or_the_log(portal: Portal, capsys: pytest.CaptureFixture[str]) -> None:
    token = portal.token(Scope.READ)
    answer = portal.post(Authorization=f"Bearer {token}")
    shown = answer.text + str(answer.headers) + "".join(capsys.readouterr())
    assert token.removeprefix("mwt_") not in shown
    assert "api request" in shown


# --- what is refused --------------------------------------------------------------------------------------------------


def test_a_report_that_is_refused_says_where_and_how_to_mend_it(portal: Portal) -> None:
    answer = portal.post(REFUSED)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json() == {
        "type": "about:blank",
        "title": answer.json()["title"],
        "status": 422,
        "detail": "report, line 1: it is no report",
        "hint": "Give a report.",
    }


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("", "ref"),
        ("ref=main&ref=other", "ref"),
        ("ref=main&sha=abc", "sha"),
        ("ref=main&merge_request=x", "merge_request"),
        ("ref=main&fromat=sarif", "fromat"),
        ("ref=main&token=mwt_x", "token"),
    ],
)
def test_a_wrong_parameter_is_named(portal: Portal, query: str, field: str) -> None:
    answer = portal.post(query=query)
    assert (answer.status_code, answer.json()["field"]) == (400, field)
    assert portal.take_in.calls == []


@pytest.mark.parametrize(
    ("headers", "said"),
    [
        ({"Content-Encoding": "br"}, "gzip"),
        ({"Content-Encoding": "gzip, gzip"}, "gzip"),
        ({"Content-Type": "multipart/form-data; boundary=x"}, "--data-binary"),
    ],
)
def test_a_body_in_a_form_that_is_not_read_gets_415(portal: Portal, headers: dict[str, str], said: str) -> None:
    answer = portal.post(b"x", **headers)
    assert (answer.status_code, said in answer.json()["hint"]) == (415, True)


@pytest.mark.parametrize(
    ("failure", "status"),
    [
        (GitTimeout("git fetch: no answer"), 503),
        (MergewardenError("the policy forbids it", "Ask."), 422),
        (RuntimeError("secret detail"), 500),
    ],
)
def test_what_goes_wrong_inside_is_told_apart(portal: Portal, failure: Exception, status: int) -> None:
    portal.take_in.failure = failure
    answer = portal.post()
    assert answer.status_code == status
    assert "secret detail" not in answer.text
    assert ("retry-after" in answer.headers) == (status == 503)
    # And the one place for an import is free again.
    assert portal.post().status_code == 201


def test_gitlab_that_does_not_answer_is_no_missing_project(tmp_path: Path, engine: Engine) -> None:
    settings = {"gitlab_url": "http://127.0.0.1:9", "gitlab_token": "x" * 20}
    portal = Portal(tmp_path, engine, settings=settings)
    assert portal.post(path="/api/v1/projects/shop%2Fnew/imports").status_code == 503


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH"])
def test_nothing_can_be_changed_or_deleted(portal: Portal, method: str) -> None:
    assert portal.request(method, IMPORTS, headers=portal.bearer()).status_code == 405


# --- size, time and hostility -----------------------------------------------------------------------------------------


@pytest.fixture
def small(tmp_path: Path, engine: Engine) -> Iterator[Portal]:
    """Takes 1,000 bytes."""
    made = Portal(tmp_path, engine, UploadLimits(1000))
    yield made
    assert made.leftovers() == []


@pytest.mark.parametrize(("size", "status"), [(1000, 201), (1001, 413)])
def test_the_limit_is_exact(small: Portal, size: int, status: int) -> None:
    assert small.post(b" " * size).status_code == status
    assert small.post(chunks_of(b"x" * size, 300)).status_code == status
    assert small.post(gzip.compress(b"y" * size, mtime=0), Content_Encoding="gzip").status_code == status


def test_a_body_that_is_too_large_is_not_read_to_its_end(small: Portal) -> None:
    headers = {"authorization": small.bearer(Scope.IMPORT)["Authorization"]}
    assert small.raw_post([b"x" * 300] * 100, headers) == (413, 4)
    assert small.raw_post([b"x" * 300] * 100, {**headers, "content-length": "1001"}) == (413, 0)
    assert small.raw_post([b"x" * 300] * 100, {**headers, "content-length": "9" * 400}) == (413, 0)


def test_the_body_of_a_stranger_is_not_even_read(small: Portal) -> None:
    assert small.raw_post([b"x"] * 100, {"authorization": "Bearer guess"}) == (401, 0)


def test_a_bomb_is_defused_long_before_the_limit(tmp_path: Path, engine: Engine) -> None:
    portal = Portal(tmp_path, engine, UploadLimits(10**12))
    packer = zlib.compressobj(9, wbits=31)
    bomb = b"".join(packer.compress(bytes(1_000_000)) for _ in range(200)) + packer.flush()
    assert len(bomb) < 300_000
    answer = portal.post(bomb, Content_Encoding="gzip")
    assert (answer.status_code, "unpacked" in answer.json()["detail"]) == (413, True)
    assert (portal.leftovers(), portal.take_in.calls) == ([], [])


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (gzip.compress(b"x" * 100, mtime=0)[:-9], "cut off"),
        (gzip.compress(b"x" * 100, mtime=0)[:12], "cut off"),
        (b"", "cut off"),
        (b"{}", "no gzip stream"),
        (gzip.compress(b"x", mtime=0)[:-8] + bytes(8), "damaged"),
        (gzip.compress(b"x", mtime=0) + b"garbage", "damaged"),
        (zlib.compress(b"x"), "no gzip stream"),
    ],
)
def test_a_packed_body_that_is_broken_gets_400(portal: Portal, body: bytes, said: str) -> None:
    answer = portal.post(body, Content_Encoding="gzip")
    assert (answer.status_code, said in answer.json()["detail"]) == (400, True), answer.text
    assert portal.take_in.calls == []


def test_an_upload_that_is_cut_off_leaves_nothing_behind(portal: Portal) -> None:
    headers = {"authorization": portal.bearer(Scope.IMPORT)["Authorization"]}
    status, read = portal.raw_post([b"x" * 700_000] * 3, headers)
    assert (status, read) == (400, 3)
    assert portal.take_in.calls == []
    assert portal.post().status_code == 201


def test_an_upload_that_stalls_gets_408(tmp_path: Path, engine: Engine) -> None:
    portal = Portal(tmp_path, engine, UploadLimits(1000, idle_seconds=0.05))

    async def stalling() -> AsyncIterator[bytes]:
        yield b"{"
        await asyncio.sleep(30)

    assert portal.post(stalling()).status_code == 408
    assert (portal.leftovers(), portal.take_in.calls) == ([], [])


class Trickle:
    """One byte at a time, for as long as somebody reads; each takes a second of the clock."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    async def stream(self) -> AsyncIterator[bytes]:
        while True:
            self.now += 1
            yield b"x"


def test_an_upload_that_trickles_does_not_hold_its_place_for_ever(tmp_path: Path) -> None:
    body = Trickle()
    with pytest.raises(Problem) as caught:
        asyncio.run(receive(body, tmp_path / "f", UploadLimits(10**9), packed=False, clock=body))
    assert caught.value.status == 408
    assert body.now == 61


class Pieces:
    """A body in these pieces."""

    def __init__(self, pieces: list[bytes]) -> None:
        self._pieces = pieces

    async def stream(self) -> AsyncIterator[bytes]:
        for piece in self._pieces:
            yield piece


@given(st.binary(max_size=5000), st.integers(1, 2000), st.booleans(), st.integers(0, 9))
def test_whatever_the_pieces_the_file_is_the_same(
    tmp_path_factory: pytest.TempPathFactory, whole: bytes, size: int, packed: bool, level: int
) -> None:
    place = tmp_path_factory.getbasetemp() / "pieces"
    sent = gzip.compress(whole * 50, level, mtime=0) if packed else whole * 50
    pieces = [sent[start : start + size] for start in range(0, len(sent), size)]
    written = asyncio.run(receive(Pieces(pieces), place, UploadLimits(10**6), packed=packed))
    assert place.read_bytes() == whole * 50
    assert written == len(whole) * 50


@pytest.mark.parametrize("extra", [-1, 0, 1])
def test_an_end_on_the_edge_of_a_block_is_an_end(tmp_path: Path, extra: int) -> None:
    whole = bytes(3 * 1024 * 1024 + extra)
    written = asyncio.run(
        receive(Pieces([gzip.compress(whole, mtime=0)]), tmp_path / "f", UploadLimits(10**8), packed=True)
    )
    assert written == len(whole)


def test_a_data_directory_that_is_of_no_use_gets_503(tmp_path: Path, engine: Engine) -> None:
    portal = Portal(tmp_path, engine)
    (tmp_path / "uploads").write_text("a file where the folder should be")
    answer = portal.post()
    assert answer.status_code == 503
    assert str(tmp_path) not in answer.text


# --- one at a time ----------------------------------------------------------------------------------------------------


def test_only_one_import_runs_and_the_others_are_told_to_come_back(portal: Portal) -> None:
    slow = portal.importer = Slow(0.5)
    headers = portal.bearer(Scope.IMPORT)

    def one(client: httpx.AsyncClient) -> Any:
        return client.post(f"{IMPORTS}?ref=main", content=b"x", headers=headers)

    answers = portal.together(one, one, one)
    assert sorted(answer.status_code for answer in answers) == [201, 429, 429]
    refused = next(answer for answer in answers if answer.status_code == 429)
    assert int(refused.headers["retry-after"]) > 0
    assert slow.calls == 1


class Slow:
    """An import that takes its time."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.calls = 0

    def __call__(self, path: Path, project_id: int, intake: Intake, *, actor: str) -> FakeOutcome:
        self.calls += 1
        time.sleep(self.seconds)
        return FakeOutcome()


def test_others_are_answered_while_an_import_runs(portal: Portal) -> None:
    portal.importer = Slow(1.0)
    headers, ended = portal.bearer(), dict[str, float]()

    async def post(client: httpx.AsyncClient) -> httpx.Response:
        answer = await client.post(f"{IMPORTS}?ref=main", content=b"x", headers=headers)
        ended["import"] = time.monotonic()
        return answer

    async def health(client: httpx.AsyncClient) -> httpx.Response:
        await asyncio.sleep(0.2)
        answer = await client.get("/healthz")
        ended["health"] = time.monotonic()
        return answer

    assert [answer.status_code for answer in portal.together(post, health)] == [201, 200]
    assert ended["health"] < ended["import"]


# --- looking back -----------------------------------------------------------------------------------------------------


def test_imports_are_listed_newest_first_page_by_page(portal: Portal) -> None:
    made = [portal.post(f"report {n}".encode()).json()["id"] for n in range(5)]
    first = portal.get(f"{IMPORTS}?limit=3").json()
    assert [one["id"] for one in first["imports"]] == made[:1:-1]
    rest = portal.get(first["next"]).json()
    assert [one["id"] for one in rest["imports"]] == made[1::-1]
    assert rest["next"] is None
    assert rest["imports"][0]["project"] == {"id": SHOP.id, "path": SHOP.path}
    assert rest["imports"][0]["by"].startswith("token ")


def test_one_import_is_shown_to_those_who_may_see_its_project(portal: Portal) -> None:
    location = portal.post(b"x").headers["location"]
    shown = portal.get(location)
    assert shown.status_code == 200
    assert shown.json()["counts"] == {"new": 1}
    elsewhere = location.replace("/412/", "/500/")
    assert portal.get(elsewhere, **portal.bearer(Scope.READ, project="**")).status_code == 404
    assert portal.get(location.rsplit("/", 1)[0] + "/999").status_code == 404
    assert portal.get(location.rsplit("/", 1)[0] + "/" + "9" * 30).status_code == 404


@pytest.mark.parametrize("query", ["limit=0", "limit=101", "limit=x", "before=-1", "before=" + "9" * 30])
def test_a_page_that_cannot_be_is_refused(portal: Portal, query: str) -> None:
    answer = portal.get(f"{IMPORTS}?{query}")
    assert (answer.status_code, answer.json()["field"]) == (400, query.partition("=")[0])


def test_an_application_without_the_api_has_no_such_route() -> None:
    assert Site().request("POST", IMPORTS).status_code == 404


def test_imports_have_etags_and_fields_and_are_counted(portal: Portal) -> None:
    handed_in = portal.post()
    assert handed_in.headers["ratelimit-policy"] == '"write";q=120;w=60'
    number = handed_in.json()["id"]
    token = portal.bearer(Scope.READ)
    for path in (IMPORTS, f"{IMPORTS}/{number}"):
        first = portal.get(path, **token)
        assert (first.status_code, first.headers["ratelimit-policy"]) == (200, '"read";q=600;w=60')
        same = portal.get(path, **token, **{"If-None-Match": first.headers["etag"]})
        assert (same.status_code, same.content) == (304, b"")
        assert portal.get(f"{path}?fields=id,secret", **token).status_code == 422
    chosen = portal.get(f"{IMPORTS}?fields=id,tools", **token).json()
    assert [set(row) for row in chosen["imports"]] == [{"id", "tools"}]
    assert "next" in chosen
    assert set(portal.get(f"{IMPORTS}/{number}?fields=digest", **token).json()) == {"digest"}
