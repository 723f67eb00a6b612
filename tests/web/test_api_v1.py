"""The desk's API: what goes for every call, whatever it is about."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from bot.store import audit
from bot.store.engine import open_engine, session
from bot.web.api.rates import Limits
from tests.store.counting import counted
from tests.web.api_stage import ApiStage, ids


@pytest.fixture(scope="module")
def shared(migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiStage]:
    """For tests that change nothing."""
    folder = tmp_path_factory.mktemp("api")
    shutil.copyfile(migrated_sqlite, folder / "api.db")
    engine = open_engine(f"sqlite:///{folder / 'api.db'}")
    yield ApiStage(engine, folder, count=5)
    engine.dispose()


@pytest.fixture
def api(engine: Engine, tmp_path: Path) -> ApiStage:
    return ApiStage(engine, tmp_path)


CONFIRM: dict[str, Any] = {"state": "confirmed", "reason": "it is true"}


# --- who may ----------------------------------------------------------------------------------------------------------


def test_a_stranger_learns_nothing_not_even_from_wrong_input(shared: ApiStage) -> None:
    for path in ("/findings", "/findings/1", "/findings/none", "/people?limit=x", "/openapi.json", "/me"):
        answer = shared.get(path, by=None)
        assert answer.status_code == 401
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.headers["www-authenticate"].startswith("Bearer")


def test_what_one_may_not_do_is_403_and_what_one_does_not_see_is_404(shared: ApiStage) -> None:
    assert shared.get("/people", by="ada").status_code == 403
    assert shared.get("/audit", by="lead").status_code == 403
    assert shared.get("/findings/1", by="stranger").status_code == 404
    assert shared.get("/findings/9999").status_code == 404
    assert shared.get("/projects/6").status_code == 404
    assert shared.get("/projects/6", by="stranger").json()["path"] == "bank/core"
    assert shared.post("/findings/1/decision", CONFIRM, by="stranger").status_code == 404
    assert shared.post("/findings/1/decision", CONFIRM, by="viewer").status_code == 403
    assert shared.post("/findings/1/decision", CONFIRM, by="reader").status_code == 403
    assert shared.get("/findings/1", by="reader").status_code == 200


def test_a_browser_writes_with_the_token_of_its_page_only(api: ApiStage) -> None:
    path = "/findings/1/decision"
    assert api.post(path, CONFIRM, by=None, headers=api.session("ada", csrf=False)).status_code == 403
    foreign = api.session("ada") | {"Origin": "http://evil", "Sec-Fetch-Site": "cross-site"}
    assert api.post(path, CONFIRM, by=None, headers=foreign).status_code == 403
    assert api.post(path, CONFIRM, by=None, headers=api.session("ada")).status_code == 200
    assert api.get("/me", by=None, headers=api.session("ada")).json()["actor"] == "ada"


def test_gitlab_is_asked_anew_before_a_change(api: ApiStage) -> None:
    api.post("/findings/1/decision", CONFIRM)
    assert api.doorman.confirmed == [5]
    api.doorman.left = {5}
    assert api.post("/findings/2/decision", CONFIRM).status_code == 404
    api.doorman.gitlab_is_away = True
    assert api.post("/findings/2/decision", CONFIRM).status_code == 503


# --- refusals ---------------------------------------------------------------------------------------------------------


def test_every_refusal_is_a_problem(shared: ApiStage) -> None:
    for method, path, status in (
        ("GET", "/nowhere", 404),
        ("GET", "/api/v2/findings", 404),
        ("GET", "/api", 404),
        ("DELETE", "/findings", 405),
        ("GET", "/findings?severity=awful", 422),
        ("GET", "/findings?what=1", 422),
        ("GET", "/findings?limit=0", 422),
        ("GET", "/findings?cursor=x", 422),
        ("GET", "/findings/x", 422),
        ("POST", "/claims", 422),
        ("GET", "/scans/a%00b", 422),
        ("GET", "/projects?q=%00", 422),
    ):
        answer = shared.request(method, path)
        assert answer.status_code == status, path
        document = answer.json()
        assert answer.headers["content-type"] == "application/problem+json"
        assert (document["status"], document["type"]) == (status, "about:blank")
        assert document["detail"]


def test_input_with_a_strange_name_is_refused_and_every_fault_is_named(shared: ApiStage) -> None:
    answer = shared.post("/findings/1/decision", {"state": "gone", "secret_thing": "hunter2"})
    assert answer.status_code == 422
    assert {error["name"] for error in answer.json()["errors"]} == {"state", "secret_thing"}
    assert "hunter2" not in answer.text


def test_what_is_too_large_is_not_read(shared: ApiStage) -> None:
    assert shared.request("POST", "/claims", content=b"[" + b"1," * 600_000).status_code == 413


# --- lists ------------------------------------------------------------------------------------------------------------


def test_a_list_is_turned_page_by_page_to_its_end(shared: ApiStage) -> None:
    found, path = [], "/findings?limit=2&standing=any"
    pages = 0
    while path:
        answer = shared.get(path)
        found += ids(answer)
        following = answer.json()["next"]
        assert answer.headers.get("link") == (f'<{following}>; rel="next"' if following else None)
        path, pages = following, pages + 1
    assert sorted(found) == [1, 2, 3, 4, 5]
    assert pages == 3


def test_every_other_list_is_turned_as_well(shared: ApiStage) -> None:
    assert ids(shared.get("/projects?limit=1", by="lead")) == [5]
    following = shared.get("/projects?limit=1", by="lead").json()["next"]
    assert ids(shared.get(following, by="lead")) == [6]
    first = shared.get("/people?limit=3", by="admin")
    assert ids(shared.get(first.json()["next"], by="admin"))[0] == ids(first)[-1] + 1


def test_fields_are_chosen_and_unknown_ones_named(shared: ApiStage) -> None:
    assert shared.get("/findings?fields=id,severity&limit=1").json()["items"][0].keys() == {"id", "severity"}
    assert shared.get("/findings/1?fields=id,path").json() == {
        "id": 1,
        "path": shared.get("/findings/1").json()["path"],
    }
    answer = shared.get("/findings?fields=id,password")
    assert (answer.status_code, answer.json()["field"]) == (422, "fields")
    assert shared.get("/findings?fields=%27").status_code == 422


def test_the_number_of_statements_does_not_grow_with_the_page(shared: ApiStage) -> None:
    with counted(shared.engine) as few:
        shared.get("/findings?limit=1&standing=any")
    with counted(shared.engine) as all_of_them:
        shared.get("/findings?limit=200&standing=any")
    assert len(few) == len(all_of_them)


# --- the same again ---------------------------------------------------------------------------------------------------


def test_what_one_has_is_not_sent_again(shared: ApiStage) -> None:
    for path in ("/findings", "/findings/1", "/projects", "/me"):
        first = shared.get(path)
        again = shared.get(path, headers={"If-None-Match": f'"other", {first.headers["etag"]}'})
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == first.headers["etag"]
        assert shared.get(path, headers={"If-None-Match": '"other"'}).status_code == 200


def test_a_decision_about_what_changed_meanwhile_is_refused(api: ApiStage) -> None:
    tag = api.get("/findings/1").headers["etag"]
    assert api.post("/findings/1/decision", CONFIRM, headers={"If-Match": tag}).status_code == 200
    late = api.post("/findings/1/decision", {**CONFIRM, "reason": "me too"}, by="grace", headers={"If-Match": tag})
    assert late.status_code == 412
    assert api.get("/findings/1").json()["judgement"]["by"] == "ada"
    assert api.get("/findings/1").headers["etag"] != tag


def test_a_request_that_is_sent_twice_is_carried_out_once(api: ApiStage) -> None:
    key = {"Idempotency-Key": "one-comment"}
    first = api.post("/findings/1/comments", {"text": "look here"}, headers=key)
    again = api.post("/findings/1/comments", {"text": "look here"}, headers=key)
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json() == first.json()
    assert again.headers["idempotency-replayed"] == "true"
    assert "idempotency-replayed" not in first.headers
    assert len(api.get("/findings/1/notes").json()["items"]) == 1
    assert api.post("/findings/1/comments", {"text": "something else"}, headers=key).status_code == 422
    # Somebody else's key is another one.
    assert api.post("/findings/1/comments", {"text": "something else"}, headers=key, by="grace").status_code == 201
    assert api.post("/findings/1/comments", {"text": "x"}, headers={"Idempotency-Key": "a b"}).status_code == 400


def test_a_refusal_is_remembered_and_what_was_only_too_early_is_not(api: ApiStage) -> None:
    key = {"Idempotency-Key": "k"}
    assert api.post("/findings/9999/comments", {"text": "x"}, headers=key).status_code == 404
    assert "idempotency-replayed" in api.post("/findings/9999/comments", {"text": "x"}, headers=key).headers
    other = {"Idempotency-Key": "early"}
    api.doorman.gitlab_is_away = True
    assert api.post("/findings/1/comments", {"text": "x"}, headers=other).status_code == 503
    api.doorman.gitlab_is_away = False
    assert api.post("/findings/1/comments", {"text": "x"}, headers=other).status_code == 201


def test_a_secret_is_shown_once_also_to_who_sends_twice(api: ApiStage) -> None:
    key = {"Idempotency-Key": "hook"}
    body = {"url": "https://hooks.example", "events": ["finding.new"]}
    first = api.post("/webhooks", body, by="admin", headers=key)
    assert first.json()["secret"].startswith("whsec_")
    again = api.post("/webhooks", body, by="admin", headers=key)
    assert again.status_code == 409
    assert "whsec_" not in again.text
    assert len(api.get("/webhooks", by="admin").json()["items"]) == 1
    raw = b"".join(file.read_bytes() for file in api.folder.glob("web.db*"))
    assert first.json()["secret"].encode() not in raw


def test_who_asks_too_often_is_told_when_to_come_again(engine: Engine, tmp_path: Path) -> None:
    api = ApiStage(engine, tmp_path, limits=Limits(reads=3, writes=1, exports=1))
    answers = [api.get("/me") for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert answers[0].headers["ratelimit-policy"] == '"read";q=3;w=60'
    assert answers[0].headers["ratelimit"].startswith('"read";r=2;t=')
    assert int(answers[3].headers["retry-after"]) >= 1
    assert api.get("/me", by="grace").status_code == 200
    assert [api.post("/claims", {"findings": [n]}).status_code for n in (1, 2)] == [200, 429]


# --- export -----------------------------------------------------------------------------------------------------------


def test_findings_are_taken_away_by_those_who_may_and_that_is_written_down(api: ApiStage) -> None:
    assert api.get("/findings/export", by="viewer").status_code == 403
    assert api.get("/findings/export", by="reader").status_code == 403
    answer = api.get("/findings/export?format=ndjson&severity=high&severity=medium&standing=any", by="ada")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("application/x-ndjson")
    assert 'filename="findings-' in answer.headers["content-disposition"]
    lines = answer.text.splitlines()
    assert len(lines) == api.get("/findings/facets?severity=high&severity=medium&standing=any").json()["total"]
    with session(api.engine) as reading:
        (entry,) = audit.stream(reading)
    assert (entry.action, entry.actor, entry.details["format"]) == ("export.made", "ada", "ndjson")


def test_a_table_has_one_heading_and_a_sarif_file_is_whole(api: ApiStage) -> None:
    table = api.get("/findings/export?format=csv&standing=any", by="admin").content.decode("utf-8-sig").splitlines()
    assert table[0].startswith("schema,exported_at,project_id")
    assert len(table) >= 1 + 4
    assert sum(line.startswith("schema,") for line in table) == 1
    whole = api.get("/findings/export?format=sarif&standing=any", by="admin").json()
    assert sum(len(run["results"]) for run in whole["runs"]) == 4
    assert api.get("/findings/export?format=xls", by="admin").status_code == 422


def test_of_projects_that_one_may_only_read_nothing_is_taken_away(api: ApiStage) -> None:
    from dataclasses import replace

    from bot.domain.roles import Role
    from tests.pipeline.desk_stage import ADA

    roles = {5: frozenset({Role.TRIAGER}), 6: frozenset({Role.VIEWER})}
    api.doorman.tokens["both"] = replace(ADA, project_roles=roles)
    assert 1001 in ids(api.get("/findings?standing=any", by="both"))
    assert "bank/core" not in api.get("/findings/export?standing=any", by="both").text
