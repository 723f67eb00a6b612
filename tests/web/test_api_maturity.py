"""Maturity over the API: the same as on the pages, for the same people."""

from __future__ import annotations

from base64 import b64encode
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine

from bot.domain.audit import Action
from bot.domain.maturity.attestation import MOST_OPEN
from bot.store.engine import write_session
from bot.store.projects import Project, upsert_projects
from bot.web.api.rates import Limits
from tests.pipeline.desk_stage import NOW
from tests.store.known import SHOP
from tests.web.api_stage import ApiStage, ids
from tests.web.maturity_stage import CAICT, SECRET, TARGET, Filled, asked_of_people, fill, last_month

_, DEMAND, _ASKS = asked_of_people(second_person=True)
WORD = {"model": CAICT, "demand": DEMAND.id, "scope": f"project:{SHOP}", "text": "Ada answers for it."}
SUBSCRIPTION = {
    "name": "Weekly",
    "channel": "chat",
    "target": TARGET,
    "audience": "security",
    "scope": "organisation",
    "periods": ["week"],
}


@pytest.fixture
def api(engine: Engine, tmp_path: Path) -> ApiStage:
    return ApiStage(engine, tmp_path, count=1)


@pytest.fixture
def filled(api: ApiStage) -> Filled:
    return fill(api.stage.services, NOW, nights=2)


def test_models_say_which_they_are(api: ApiStage) -> None:
    models = {one["id"]: one for one in api.get("/maturity/models").json()["items"]}
    assert {CAICT, "engineering"} <= set(models)
    assert models[CAICT]["items"] == 17


def test_what_was_never_counted_has_no_rating(api: ApiStage) -> None:
    answer = api.get(f"/projects/{SHOP}/maturity")
    assert answer.status_code == 404
    assert answer.json()["detail"] == "nothing was counted yet"


def test_a_rating_its_items_and_their_evidence(api: ApiStage, filled: Filled) -> None:
    rating = api.get(f"/projects/{SHOP}/maturity").json()
    assert rating["model"] == "engineering"
    assert 0 < rating["score"] <= 100
    assert None in rating["figures"].values(), "what is not known is null"
    assert all(one["gain"] > 0 and one["advice"] for one in rating["next_steps"])
    assert {one["rating"] for one in rating["item_ratings"]} == {None}, "this model has no levels"
    item = api.get(f"/projects/{SHOP}/maturity/items/gate").json()
    assert {one["answer"] for one in item["demands"]} <= {"met", "unmet", "unknown"}
    assert api.get(f"/projects/{SHOP}/maturity/items/none").status_code == 404
    assert api.get(f"/projects/{SHOP}/maturity", params={"model": "none"}).status_code == 404
    trend = api.get(f"/projects/{SHOP}/maturity/trend").json()["items"]
    assert len(trend) == 2
    assert trend[-1]["score"] == rating["score"]


def test_a_rating_has_an_etag_and_gives_the_fields_that_are_asked_for(api: ApiStage, filled: Filled) -> None:
    answer = api.get(f"/projects/{SHOP}/maturity?fields=score,level")
    assert set(answer.json()) == {"score", "level"}
    again = api.get(f"/projects/{SHOP}/maturity?fields=score,level", headers={"If-None-Match": answer.headers["etag"]})
    assert again.status_code == 304


def test_what_somebody_does_not_see_is_not_there(api: ApiStage, filled: Filled) -> None:
    for path in ("", "/items/gate", "/trend"):
        assert api.get(f"/projects/{SHOP}/maturity{path}", by="stranger").status_code == 404
    assert api.get("/maturity").status_code == 404
    assert api.get("/maturity", by="auditor").status_code == 200
    assert ids(api.get("/reports", by="stranger")) == []
    assert filled.report not in ids(api.get("/reports"))
    assert {filled.report_of_shop, filled.report_of_group} <= set(ids(api.get("/reports")))
    assert api.get(f"/reports/{filled.report}").status_code == 404
    assert ids(api.get("/attestations", by="stranger")) == []
    assert api.post(f"/attestations/{filled.asked}/confirmation", by="stranger").status_code == 404


def test_summaries_come_in_pages(api: ApiStage, filled: Filled) -> None:
    first = api.get("/reports", by="auditor", params={"limit": 3})
    assert len(ids(first)) == 3
    assert len(ids(api.get(first.json()["next"], by="auditor"))) == 1


def test_a_summary_is_made_once_read_and_taken_away(api: ApiStage, filled: Filled) -> None:
    wanted = {"scope": f"project:{SHOP}", "period": last_month(NOW).label, "language": "zh-CN"}
    made = api.post("/reports", wanted, headers={"Idempotency-Key": "one"})
    assert made.status_code == 201
    assert api.post("/reports", wanted, headers={"Idempotency-Key": "one"}).headers["idempotency-replayed"] == "true"
    number = made.json()["id"]
    whole = api.get(f"/reports/{number}").json()
    assert whole["digest"] == made.json()["digest"]
    assert whole["document"]
    answer = api.get(f"/reports/{number}/files/csv")
    assert answer.headers["content-type"].startswith("text/csv")
    assert answer.content
    exported = [one for one in api.stage.log() if one.action == Action.EXPORTED.value]
    assert [one.details for one in exported] == [{"format": "csv", "language": "zh-CN", "by": "api"}]
    assert api.get(f"/reports/{number}/files/exe").status_code == 404


@pytest.mark.parametrize(
    ("wanted", "status"),
    [
        ({"scope": "galaxy", "period": "2026"}, 422),
        ({"scope": "organisation", "period": "soon"}, 422),
        ({"scope": "organisation", "period": "2026-01"}, 404),
        ({"scope": "project:404", "period": "2026-01"}, 404),
    ],
)
def test_a_summary_that_cannot_be_made(api: ApiStage, wanted: dict[str, str], status: int) -> None:
    assert api.post("/reports", wanted).status_code == status


def test_whoever_may_only_look_makes_and_takes_away_nothing(api: ApiStage, filled: Filled) -> None:
    wanted = {"scope": f"project:{SHOP}", "period": "2026-01"}
    assert api.post("/reports", wanted, by="viewer").status_code == 403
    assert api.get(f"/reports/{filled.report_of_shop}/files/json", by="viewer").status_code == 403
    assert api.post("/attestations", WORD, by="viewer").status_code == 403


def test_one_attests_and_another_confirms(api: ApiStage) -> None:
    made = api.post("/attestations", WORD)
    assert made.status_code == 201
    number = made.json()["id"]
    api.stage.clock[0] = datetime.now(UTC)
    assert ids(api.get("/attestations", params={"waiting": "true"})) == [number]
    assert api.post(f"/attestations/{number}/confirmation").status_code == 403, "nobody confirms his own"
    assert api.post(f"/attestations/{number}/confirmation", by="grace").json()["confirmed_by"] == "grace"
    assert api.post(f"/attestations/{number}/withdrawal", {"reason": "no more"}).json()["withdrawn_by"] == "ada"
    assert api.post(f"/attestations/{number}/withdrawal", {}).status_code == 409
    assert api.post("/attestations", WORD | {"demand": "none"}).status_code == 404


def test_a_file_is_handed_in_and_taken_out_again(api: ApiStage) -> None:
    content = b"%PDF-1.7\n" + bytes(1_500_000)
    file = {"name": "../sent by <ada>.pdf", "content": b64encode(content).decode()}
    made = api.post("/attestations", WORD | {"file": file})
    assert made.status_code == 201, made.text
    assert made.json()["file"] == "sent by _ada_.pdf"
    number = made.json()["id"]
    given = api.get(f"/attestations/{number}/file", by="viewer")
    assert given.content == content
    assert given.headers["content-type"] == "application/pdf"
    assert given.headers["content-disposition"] == 'attachment; filename="sent_by__ada_.pdf"'
    assert api.get(f"/attestations/{number}/file", by="stranger").status_code == 404
    assert api.get(f"/attestations/{number + 1}/file").status_code == 404


@pytest.mark.parametrize(
    ("content", "status"),
    [
        ("%%%", 422),
        (b64encode(b"<html>").decode(), 422),
        (b64encode(b"%PDF" + bytes(5 * 1024 * 1024)).decode(), 422),
        ("A" * (8 * 1024 * 1024), 413),
    ],
    ids=["no base64", "no kind that is taken", "too large", "a body without end"],
)
def test_a_file_that_cannot_be_taken_is_refused(api: ApiStage, content: str, status: int) -> None:
    answer = api.post("/attestations", WORD | {"file": {"name": "x.pdf", "content": content}})
    assert answer.status_code == status, answer.text
    assert ids(api.get("/attestations")) == []


def test_other_bodies_stay_small(api: ApiStage) -> None:
    assert api.post("/attestations/1/withdrawal", {"reason": "x" * 1_100_000}).status_code == 413


def test_subscriptions_are_for_administrators_and_keep_the_secret_of_a_chat(api: ApiStage, filled: Filled) -> None:
    assert api.get("/subscriptions").status_code == 403
    assert api.post("/subscriptions", SUBSCRIPTION).status_code == 403
    made = api.post("/subscriptions", SUBSCRIPTION, by="admin")
    assert made.status_code == 201, made.text
    number = made.json()["id"]
    listed = api.get("/subscriptions", by="admin")
    assert number in ids(listed)
    assert SECRET not in made.text + listed.text
    assert made.json()["served"] is True
    chats = ({"target": f"{TARGET}-x"}, {"target": f"{TARGET}?redirect=yes"}, {"target": f"ntfy://[::1]/{SECRET}"})
    for wrong in ({"scope": "galaxy"}, {"quiet": "never"}, {"time_zone": "Mars"}, {"acknowledge": True}, *chats):
        answer = api.post("/subscriptions", SUBSCRIPTION | wrong, by="admin")
        assert answer.status_code == 422, wrong
        assert SECRET not in answer.text
    path = f"/subscriptions/{number}"
    assert api.request("PATCH", path, by="admin", json={"enabled": False}).json()["disabled_at"]
    renamed = api.post("/subscriptions", SUBSCRIPTION | {"scope": "group:no-such-group"}, by="admin").json()
    assert renamed["served"] is False, "a group without projects: nothing comes of it"
    served = {one["id"]: one["served"] for one in api.get("/subscriptions", by="admin").json()["items"]}
    assert (served[number], served[renamed["id"]]) == (True, False)
    assert api.request("PATCH", f"/subscriptions/{renamed['id']}", by="admin", json={"enabled": True}).json() == renamed
    assert api.request("DELETE", path, by="admin").status_code == 204
    assert api.request("DELETE", path, by="admin").status_code == 404


def test_what_was_given_up_is_sent_once_more(api: ApiStage, filled: Filled) -> None:
    rows = {one["subscription"]: one for one in api.get("/report-deliveries", by="admin").json()["items"]}
    assert rows[filled.mail]["sent"]
    assert rows[filled.chat]["problem"].startswith("the chat answered 400")
    assert SECRET not in str(rows)
    again = f"/report-deliveries/{rows[filled.chat]['id']}/redelivery"
    assert api.post(again, by="admin").status_code == 204
    assert api.post(again, by="admin").status_code == 404


def test_an_earlier_summary_of_a_group_stays_hidden_with_a_project_that_left_it(api: ApiStage) -> None:
    with write_session(api.engine) as writing:
        upsert_projects(writing, [Project(77, "Shop/secret")])
    number = fill(api.stage.services, NOW, nights=1).report_of_group
    with write_session(api.engine) as writing:
        upsert_projects(writing, [Project(77, "hr/secret")])
    assert number not in ids(api.get("/reports"))
    assert ids(api.get("/reports", params={"scope": "group:shop"})) == []
    assert api.get(f"/reports/{number}").status_code == 404
    assert api.get(f"/reports/{number}/files/json").status_code == 404
    assert api.post("/reports", {"scope": "group:shop", "period": last_month(NOW).label}).status_code == 404
    assert api.get(f"/reports/{number}", by="auditor").status_code == 200


def test_the_word_for_a_group_or_the_organisation_is_hidden_with_what_it_answers_for(api: ApiStage) -> None:
    file = {"name": "minutes.txt", "content": b64encode(b"Minutes of the bank").decode()}
    numbers: dict[str, int] = {}
    for scope in ("group:bank", "organisation"):
        made = api.post("/attestations", WORD | {"scope": scope, "file": file}, by="lead")
        assert made.status_code == 201, made.text
        numbers[scope] = made.json()["id"]
    every = set(numbers)
    for who, scopes in {"ada": set(), "stranger": {"group:bank"}, "lead": every, "auditor": every}.items():
        assert set(ids(api.get("/attestations", by=who))) == {numbers[scope] for scope in scopes}, who
        for scope, number in numbers.items():
            listed = ids(api.get("/attestations", by=who, params={"scope": scope}))
            status = api.get(f"/attestations/{number}/file", by=who).status_code
            assert (listed, status) == (([number], 200) if scope in scopes else ([], 404)), (who, scope)
    for number in numbers.values():
        for act in ("confirmation", "withdrawal"):
            assert api.post(f"/attestations/{number}/{act}", {}, by="ada").status_code == 404


def test_gitlab_is_asked_about_a_group_before_one_acts_for_it(api: ApiStage) -> None:
    wide = WORD | {"scope": "group:shop"}
    number = api.post("/attestations", wide, by="lead").json()["id"]
    assert api.doorman.confirmed == [SHOP]
    api.doorman.left.add(SHOP)
    assert api.post("/attestations", wide, by="lead").status_code == 404
    for act in ("confirmation", "withdrawal"):
        assert api.post(f"/attestations/{number}/{act}", {}, by="lead").status_code == 404
    assert api.doorman.confirmed == [SHOP] * 4
    assert api.get("/attestations", by="lead").json()["items"][0]["withdrawn_at"] is None


def test_attesting_counts_as_an_export(engine: Engine, tmp_path: Path) -> None:
    api = ApiStage(engine, tmp_path, count=1, limits=Limits(exports=2))
    assert [api.post("/attestations", WORD).status_code for _ in range(3)] == [201, 201, 429]
    assert api.post("/attestations/1/withdrawal", {}).status_code == 200, "what is taken back is no upload"


def test_there_are_so_many_for_one_demand_and_no_more(engine: Engine, tmp_path: Path) -> None:
    api = ApiStage(engine, tmp_path, count=1, limits=Limits(exports=100))
    assert {api.post("/attestations", WORD).status_code for _ in range(MOST_OPEN)} == {201}
    answer = api.post("/attestations", WORD)
    assert answer.status_code == 422
    assert "attestations for this demand already" in answer.json()["detail"]
