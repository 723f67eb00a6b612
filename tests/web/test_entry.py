"""Sessions, rights and forms: what a request may, and what somebody gets who forges one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from sqlalchemy import Engine, text
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from bot.domain.access import Scope
from bot.domain.roles import Permission, Role
from bot.store import people, sessions
from bot.store.engine import session, write_session
from bot.store.tokens import create_token
from bot.web.entry import MAX_BODY, SESSION_COOKIE, Credentials, Visit
from bot.web.keys import desk_key, key_place
from tests.store.counting import counted
from tests.web.gatehouse import OTHER, SHOP, THIRD, Gatehouse
from tests.web.visitors import CSRF, ORIGIN, cookies, fake_entry, person


@pytest.fixture
def house(engine: Engine, tmp_path: Path) -> Gatehouse:
    return Gatehouse(engine, tmp_path)


def token(
    house: Gatehouse, *scopes: Scope, of: str | None = None, project: str = "**", days: int = 90
) -> dict[str, str]:
    person_id = house.person(of).id if of else None
    with write_session(house.engine) as writing:
        made, _ = create_token(
            writing,
            name="ci",
            scopes=scopes,
            lifetime=timedelta(days=days),
            created_by="test",
            now=house.now,
            project=project,
            person_id=person_id,
        )
    return {"Authorization": f"Bearer {made}"}


def rows(house: Gatehouse) -> int:
    with session(house.engine) as reading:
        return int(reading.execute(text("SELECT count(*) FROM web_session")).scalar_one())


# --- sessions ---------------------------------------------------------------------------------------------------------


def test_the_store_has_no_cookie_in_it(house: Gatehouse) -> None:
    browser = house.admitted()
    secret, _, signature = browser.session.partition(".")
    assert len(secret) == 43
    with session(house.engine) as reading:
        (row,) = reading.execute(text("SELECT * FROM web_session")).all()
    shown = repr(tuple(row))
    assert secret not in shown
    assert signature not in shown


FORGERIES: dict[str, Callable[[str], str]] = {
    "nothing": lambda good: "",
    "no signature": lambda good: good.partition(".")[0],
    "empty signature": lambda good: good.partition(".")[0] + ".",
    "another token": lambda good: "A" * 43 + "." + good.partition(".")[2],
    "a letter changed": lambda good: good[:-1] + ("A" if good[-1] != "A" else "B"),
    "its digest": lambda good: sessions.digest_of(good.partition(".")[0]).hex(),
    "twice": lambda good: f"{good}.{good}",
    "very long": lambda good: "A" * 4000,
    "no ascii": lambda good: "ü" * 43 + ".x",
    "sql": lambda good: "' OR 1=1 --.x",
}


@pytest.mark.parametrize("name", FORGERIES)
def test_a_forged_cookie_opens_nothing(house: Gatehouse, name: str) -> None:
    good = house.admitted().session
    assert house.doorman.visitor(Credentials(session=FORGERIES[name](good)), house.now) is None
    assert house.doorman.visitor(Credentials(session=good), house.now) is not None


def test_a_session_ends_when_nobody_comes_for_eight_hours(house: Gatehouse) -> None:
    house.list_members(SHOP.id, {7: 30})
    browser = house.admitted()
    house.later(hours=7, minutes=59)
    assert browser.get("/see").status_code == 200
    house.later(hours=8)
    assert browser.get("/see").status_code == 303


def test_a_session_ends_after_a_day_however_busy_it_is(house: Gatehouse) -> None:
    house.local()
    browser = house.with_password()
    for _ in range(5):
        house.later(hours=4, minutes=45)
        assert browser.get("/see").status_code == 200
    house.later(minutes=16)
    assert browser.get("/see").status_code == 303


def test_the_cookie_changes_every_quarter_of_an_hour(house: Gatehouse) -> None:
    house.local()
    browser = house.with_password()
    first = browser.session
    house.later(minutes=14)
    browser.get("/see")
    assert browser.session == first
    house.later(minutes=2)
    browser.get("/see")
    assert browser.session != first
    assert browser.get("/see").status_code == 200


def test_requests_that_were_under_way_get_the_same_new_cookie(house: Gatehouse) -> None:
    house.local()
    browser = house.with_password()
    old = browser.session
    house.later(minutes=16)
    visits = [house.doorman.visitor(Credentials(session=old), house.now) for _ in range(3)]
    assert len({visit.cookie for visit in visits if visit is not None}) == 1
    assert len(visits) == 3
    assert rows(house) == 2


def test_an_answer_that_got_lost_costs_nobody_his_session(house: Gatehouse) -> None:
    house.local()
    browser = house.with_password()
    old = browser.session
    house.later(minutes=16)
    browser.get("/see")
    browser.cookies[SESSION_COOKIE] = old
    house.later(hours=2)
    assert browser.get("/see").status_code == 200
    assert browser.session != old


def test_an_old_cookie_works_for_a_minute_and_then_ends_the_whole_sign_in(house: Gatehouse) -> None:
    house.local()
    browser = house.with_password()
    thief = house.browser()
    thief.cookies[SESSION_COOKIE] = old = browser.session
    house.later(minutes=16)
    browser.get("/see")
    browser.get("/see")
    house.later(seconds=50)
    assert thief.get("/see").status_code == 200
    thief.cookies[SESSION_COOKIE] = old
    house.later(seconds=20)
    assert thief.get("/see").status_code == 303
    assert browser.get("/see").status_code == 303
    with session(house.engine) as reading:
        last = reading.execute(text("SELECT action FROM audit_entry ORDER BY sequence DESC LIMIT 1")).scalar_one()
    assert last == "person.sessions_ended"


def test_signing_out_ends_the_session_and_not_only_the_cookie(house: Gatehouse) -> None:
    house.local()
    browser = house.with_password()
    other = house.with_password()
    kept = dict(browser.cookies)
    assert browser.post("/sign-out").headers["location"] == "/sign-in"
    assert browser.session == ""
    browser.cookies = kept
    assert browser.get("/see").status_code == 303
    assert other.get("/see").status_code == 200


def test_signing_out_everywhere_ends_all(house: Gatehouse) -> None:
    house.local()
    one, two = house.with_password(), house.with_password()
    one.post("/sign-out", {"everywhere": "1"})
    assert two.get("/see").status_code == 303
    assert rows(house) == 0


def test_one_ends_ones_other_sign_ins_and_nobody_elses(house: Gatehouse) -> None:
    house.local("root")
    house.local("eve")
    mine, other, eve = house.with_password(), house.with_password(), house.with_password("eve")
    family = house.doorman.family(eve.session)
    mine.post("/me/sign-ins", {"family": family})
    assert eve.get("/see").status_code == 200
    mine.post("/me/sign-ins")
    assert other.get("/see").status_code == 303
    assert mine.get("/see").status_code == 200


def test_whoever_is_shut_out_is_out_at_once(house: Gatehouse) -> None:
    house.local()
    house.local("eve")
    admin, eve = house.with_password(), house.with_password("eve")
    bearer = token(house, Scope.READ, of="eve")
    assert eve.send("GET", "/api/see", headers=bearer).status_code == 200
    number = house.person("eve").id
    assert admin.post(f"/people/{number}/disable").status_code == 303
    assert eve.get("/see").status_code == 303
    assert eve.send("GET", "/api/see", headers=bearer).status_code == 401
    assert house.browser().type_password("eve", "correct horse battery staple").status_code == 403
    admin.post(f"/people/{number}/enable")
    assert eve.get("/see").status_code == 303
    assert eve.send("GET", "/api/see", headers=bearer).status_code == 200


def test_a_page_that_was_loaded_before_the_cookie_changed_can_still_be_sent(house: Gatehouse) -> None:
    house.local()
    browser = house.with_password()
    csrf = browser.csrf()
    house.later(minutes=40)
    browser.get("/see")
    house.later(minutes=40)
    browser.get("/see")
    assert browser.post("/projects/412/change", csrf=csrf).text == "changed"


def test_a_visit_begins_anew_after_half_an_hour(house: Gatehouse) -> None:
    house.local()
    browser = house.with_password()
    browser.get("/see")
    left = house.now
    house.later(hours=3)
    browser.get("/see")
    house.later(minutes=5)
    browser.get("/see")
    assert house.person("root").last_visit_at == left


# --- rights -----------------------------------------------------------------------------------------------------------


def test_a_person_sees_what_gitlab_shows_him(house: Gatehouse) -> None:
    house.list_members(SHOP.id, {7: 30})
    house.list_members(OTHER.id, {7: 10, 8: 50})
    assert house.admitted().get("/see").text == "ada: [412]"


def test_a_membership_that_nobody_confirmed_for_a_day_counts_nothing(house: Gatehouse) -> None:
    house.list_members(SHOP.id, {7: 30}, house.now - timedelta(hours=25))
    house.list_members(THIRD.id, {7: 30}, house.now - timedelta(hours=23))
    assert house.admitted().get("/see").text == "ada: [600]"


def test_a_grant_opens_no_project_that_gitlab_does_not_show(house: Gatehouse) -> None:
    house.list_members(SHOP.id, {7: 20})
    browser = house.admitted()
    house.grant(house.person("ada"), Role.SECURITY_LEAD, project="other/secret")
    house.grant(house.person("ada"), Role.TRIAGER, group="shop")
    assert browser.get("/see").text == "ada: [412]"
    assert browser.post("/projects/412/change").text == "changed"
    assert browser.post("/projects/500/change").status_code == 404


def test_a_stranger_may_nothing_and_is_told_nothing(house: Gatehouse) -> None:
    stranger = house.browser()
    assert stranger.get("/see").status_code == 303
    assert stranger.get("/api/see").status_code == 401
    assert stranger.post("/projects/412/change", csrf="x").status_code == 303
    assert stranger.post("/api/projects/412/change", csrf="x").status_code == 401
    fragment = stranger.get("/see", HX_Request="true")
    assert (fragment.status_code, fragment.headers["hx-redirect"]) == (401, "/sign-in")
    assert house.changes == []


@pytest.mark.parametrize("path", ["/projects/500/change", "/projects/9999/change", "/projects/x/change"])
def test_a_project_that_one_does_not_see_is_as_good_as_none(house: Gatehouse, path: str) -> None:
    house.list_members(SHOP.id, {7: 40})
    response = house.admitted().post(path)
    assert response.status_code == 404


def test_somebody_who_only_reads_changes_nothing(house: Gatehouse) -> None:
    house.list_members(SHOP.id, {7: 20})
    assert house.admitted().post("/projects/412/change").status_code == 403
    house.list_members(THIRD.id, {7: 40})
    assert house.admitted().post("/projects/412/change").status_code == 403
    assert house.changes == []


def test_gitlab_is_asked_before_a_change_when_its_answer_is_not_fresh(house: Gatehouse) -> None:
    house.list_members(SHOP.id, {7: 40})
    browser = house.admitted()
    assert browser.post("/projects/412/change").text == "changed"
    assert house.asked == []
    house.later(minutes=6)
    assert browser.post("/projects/412/change").text == "changed"
    assert browser.post("/projects/412/change").text == "changed"
    assert house.asked == [(412, 7)]


def test_whoever_left_a_project_changes_nothing_in_it(house: Gatehouse) -> None:
    house.list_members(SHOP.id, {7: 40})
    browser = house.admitted()
    house.later(minutes=6)
    house.members.clear()
    assert browser.get("/see").text == "ada: [412]"
    assert browser.post("/projects/412/change").status_code == 404
    assert browser.get("/see").status_code == 403
    assert house.changes == []


def test_whoever_was_put_down_to_reporter_changes_nothing(house: Gatehouse) -> None:
    house.list_members(SHOP.id, {7: 40})
    browser = house.admitted()
    house.later(minutes=6)
    house.members[412, 7] = 20
    assert browser.post("/projects/412/change").status_code == 403
    assert browser.get("/see").text == "ada: [412]"


def test_while_gitlab_is_away_one_reads_and_changes_nothing(house: Gatehouse) -> None:
    house.list_members(SHOP.id, {7: 40})
    browser = house.admitted()
    house.later(minutes=6)
    house.gitlab_is_away = True
    assert browser.get("/see").status_code == 200
    response = browser.post("/projects/412/change")
    assert response.status_code == 503
    assert "GitLab could not be asked" in response.text
    assert response.headers["retry-after"] == "30"
    assert house.changes == []


def test_nobody_asks_gitlab_about_people_whom_it_does_not_know(house: Gatehouse) -> None:
    house.local()
    house.gitlab_is_away = True
    assert house.with_password().post("/projects/412/change").text == "changed"


@pytest.mark.parametrize("who", ["gitlab", "granted", "local", "token", "operator", "narrow", "narrow admin"])
def test_a_principal_takes_four_statements_at_most(house: Gatehouse, who: str) -> None:
    house.list_members(SHOP.id, {7: 40})
    house.list_members(THIRD.id, {7: 40})
    browser = house.admitted()
    if who in ("granted", "token", "narrow admin"):
        house.grant(house.person("ada"), Role.SECURITY_LEAD, Role.ADMIN if who == "narrow admin" else Role.TRIAGER)
        house.grant(house.person("ada"), Role.TRIAGER, group="shop")
    credentials = Credentials(session=browser.session)
    if who == "local":
        house.local()
        credentials = Credentials(session=house.with_password().session)
    if who in ("token", "operator", "narrow", "narrow admin"):
        made = token(house, Scope.READ, of=None if who == "operator" else "ada", project="shop/*")
        credentials = Credentials(token=made["Authorization"].removeprefix("Bearer "))
    house.doorman.visitor(credentials, house.now)
    with counted(house.engine) as statements:
        visitor = house.doorman.visitor(credentials, house.now)
    assert visitor is not None
    assert len(statements) <= 4


# --- tokens -----------------------------------------------------------------------------------------------------------


def test_a_token_of_a_person_may_at_most_what_he_may_at_that_moment(house: Gatehouse) -> None:
    house.list_members(SHOP.id, {7: 40})
    house.admitted()
    bearer = token(house, Scope.READ, Scope.DECIDE, of="ada")
    program = house.browser()
    assert program.send("GET", "/api/see", headers=bearer).text == "ada: [412]"
    assert program.send("POST", "/api/projects/412/change", headers=bearer).text == "changed"
    house.list_members(SHOP.id, {7: 20})
    assert program.send("POST", "/api/projects/412/change", headers=bearer).status_code == 403
    house.list_members(SHOP.id, {})
    assert program.send("GET", "/api/see", headers=bearer).status_code == 403


def test_a_token_does_only_what_its_scopes_say(house: Gatehouse) -> None:
    house.local()
    program = house.browser()
    reads = token(house, Scope.READ, of="root")
    assert program.send("GET", "/api/see", headers=reads).text == "root (local, person 1): all"
    assert program.send("POST", "/api/projects/412/change", headers=reads).status_code == 403
    imports = token(house, Scope.IMPORT, of="root")
    assert program.send("GET", "/api/see", headers=imports).status_code == 403


def test_a_pattern_holds_for_tokens_of_people_too(house: Gatehouse) -> None:
    house.local()
    bearer = token(house, Scope.READ, Scope.DECIDE, Scope.ADMIN, of="root", project="shop/*")
    program = house.browser()
    assert program.send("GET", "/api/see", headers=bearer).text.endswith("[412, 600]")
    assert program.send("POST", "/api/projects/500/change", headers=bearer).status_code == 404
    assert program.send("GET", "/people", headers=bearer).status_code == 403


def test_an_operators_token_reads_its_pattern_as_before(house: Gatehouse) -> None:
    program = house.browser()
    assert program.send("GET", "/api/see", headers=token(house, Scope.READ, project="shop/*")).text.endswith(
        "[412, 600]"
    )
    wide = token(house, Scope.READ)
    assert program.send("GET", "/api/see", headers=wide).text.endswith("all")
    for path in ("/people", "/tokens", "/me"):
        assert program.send("GET", path, headers=wide).status_code in (403, 404), path


def test_a_token_that_expired_or_is_none_opens_nothing(house: Gatehouse) -> None:
    house.local()
    bearer = token(house, Scope.READ, of="root", days=1)
    house.later(days=2)
    program = house.browser()
    assert program.send("GET", "/api/see", headers=bearer).status_code == 401
    assert program.send("GET", "/see", headers={"Authorization": "Bearer mwt_x"}).headers["www-authenticate"]


def test_a_token_cannot_send_forms_nor_make_tokens(house: Gatehouse) -> None:
    house.local()
    bearer = token(house, Scope.ADMIN, Scope.DECIDE, of="root")
    program = house.browser()
    assert program.post("/projects/412/change", csrf="", Authorization=bearer["Authorization"]).status_code == 303
    form = {"name": "x", "scope": "read", "project": "**", "days": "1"}
    assert program.post("/tokens", form, Authorization=bearer["Authorization"]).status_code == 303
    assert house.changes == []


def test_a_bad_token_beside_a_good_session_is_refused(house: Gatehouse) -> None:
    """Otherwise a cookie would help out where a program shows a token that was revoked."""
    house.local()
    browser = house.with_password()
    assert browser.send("GET", "/api/see", headers={"Authorization": "Bearer mwt_" + "A" * 43}).status_code == 401


# --- forms ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example", "Sec_Fetch_Site": "cross-site"},
        {"Origin": "https://evil.example", "Sec_Fetch_Site": "same-origin"},
        {"Origin": "https://desk.example", "Sec_Fetch_Site": "cross-site"},
        {"Origin": "https://other.desk.example", "Sec_Fetch_Site": "same-site"},
        {"Origin": "https://evil.example", "Sec_Fetch_Site": ""},
        {"Origin": "null", "Sec_Fetch_Site": ""},
        {"Origin": "null", "Sec_Fetch_Site": "cross-site"},
        {"Origin": "", "Sec_Fetch_Site": "none"},
        {"Origin": "", "Sec_Fetch_Site": ""},
        {"Origin": "https://desk.example.evil.example", "Sec_Fetch_Site": ""},
    ],
)
def test_a_form_from_another_site_changes_nothing_even_with_the_right_token(
    house: Gatehouse, headers: dict[str, str]
) -> None:
    house.local()
    browser = house.with_password()
    assert browser.post("/projects/412/change", None, csrf=None, **headers).status_code == 403
    assert house.changes == []


def test_a_form_without_the_right_token_changes_nothing(house: Gatehouse) -> None:
    house.local()
    house.local("eve")
    browser, eve = house.with_password(), house.with_password("eve")
    for csrf in ("", "x", eve.csrf(), browser.csrf()[:-1], browser.session, "ü"):
        assert browser.post("/projects/412/change", csrf=csrf).status_code == 403
    assert house.changes == []
    csrf = browser.csrf()
    assert browser.post("/projects/412/change", csrf="", X_CSRF_Token=csrf).text == "changed"


def test_a_session_writes_to_the_api_only_with_the_header(house: Gatehouse) -> None:
    house.local()
    browser = house.with_password()
    csrf = browser.csrf()
    assert browser.post("/api/projects/412/change").status_code == 403
    assert browser.post("/api/projects/412/change", X_CSRF_Token=csrf, Origin="https://evil.example").status_code == 403
    assert browser.post("/api/projects/412/change", X_CSRF_Token=csrf).text == "changed"


def test_a_form_that_is_too_large_or_no_form_is_refused(house: Gatehouse) -> None:
    house.local()
    browser = house.with_password()
    csrf = browser.csrf()
    headers = {"Origin": "https://desk.example", "Sec-Fetch-Site": "same-origin"}
    form = {**headers, "Content-Type": "application/x-www-form-urlencoded"}
    large = f"csrf={csrf}&x=".encode() + b"a" * MAX_BODY
    assert browser.send("POST", "/projects/412/change", content=large, headers=form).status_code == 413
    many = f"csrf={csrf}&".encode() + b"a=1&" * 3000
    assert browser.send("POST", "/projects/412/change", content=many, headers=form).status_code == 400
    json = {**headers, "Content-Type": "application/json"}
    assert browser.send("POST", "/projects/412/change", content=b"{}", headers=json).status_code == 415
    parts = {**headers, "Content-Type": "multipart/form-data; boundary=x"}
    broken = b"--y\r\nnonsense"
    assert browser.send("POST", "/projects/412/change", content=broken, headers=parts).status_code in (400, 403)
    assert house.changes == []


def test_a_path_cannot_put_a_header_into_the_answer(house: Gatehouse) -> None:
    response = house.browser().get("/see?x=%0d%0aSet-Cookie:%20evil=1")
    assert response.headers.get_list("set-cookie") == []
    assert "\n" not in response.headers["location"]


# --- people and tokens as pages ---------------------------------------------------------------------------------------


def test_a_token_is_made_on_the_page_and_shown_once(house: Gatehouse) -> None:
    house.list_members(SHOP.id, {7: 40})
    browser = house.admitted()
    form = {"name": "shop-ci", "scope": ["read", "decide"], "project": "shop/*", "days": "30"}
    made = browser.post("/tokens", form)
    assert made.status_code == 200
    found = made.text.partition('value="mwt_')[2].partition('"')[0]
    assert len(found) == 43
    assert "mwt_" not in browser.get("/tokens").text
    program = house.browser()
    bearer = {"Authorization": f"Bearer mwt_{found}"}
    assert program.send("POST", "/api/projects/412/change", headers=bearer).text == "changed"
    assert "2026-03-01" in browser.get("/tokens").text
    assert browser.post("/tokens/1/revoke").status_code == 303
    assert program.send("GET", "/api/see", headers=bearer).status_code == 401


def test_nobody_makes_a_token_for_more_than_he_may(house: Gatehouse) -> None:
    house.list_members(SHOP.id, {7: 20})
    browser = house.admitted()
    for scope in ("decide", "export", "admin", "import", "everything"):
        form: dict[str, object] = {"name": "x", "scope": scope, "project": "**", "days": "1"}
        assert browser.post("/tokens", form).status_code == 422, scope
    wrongs: list[dict[str, object]] = [
        {"name": ""},
        {"days": "0"},
        {"days": "401"},
        {"days": "x"},
        {"project": "!shop"},
        {"scope": []},
    ]
    for wrong in wrongs:
        form = {"name": "x", "scope": "read", "project": "**", "days": "1", **wrong}
        assert browser.post("/tokens", form).status_code == 422, wrong


def test_a_token_of_somebody_else_cannot_be_seen_or_revoked(house: Gatehouse) -> None:
    house.list_members(SHOP.id, {7: 40, 8: 40})
    house.provider.people["8"] = {"preferred_username": "eve"}
    ada, eve = house.admitted("7"), house.admitted("8")
    bearer = token(house, Scope.READ, of="ada")
    assert "ci" not in eve.get("/tokens").text.partition("<main")[2].partition("Make a token")[0]
    assert eve.post("/tokens/1/revoke").status_code == 404
    assert ada.send("GET", "/api/see", headers=bearer).status_code == 200
    house.local()
    assert house.with_password().post("/tokens/1/revoke").status_code == 303
    assert ada.send("GET", "/api/see", headers=bearer).status_code == 401


def test_an_administrator_grants_and_revokes_and_it_counts_at_once(house: Gatehouse) -> None:
    house.local()
    admin, ada = house.with_password(), house.admitted()
    number = house.person("ada").id
    assert ada.get("/see").status_code == 403
    assert admin.post(f"/people/{number}/grants", {"role": "auditor", "target": "instance"}).status_code == 303
    assert ada.get("/see").text == "ada: all"
    with session(house.engine) as reading:
        (given,) = people.grants_of(reading, [number])[number]
    assert admin.post(f"/people/{number}/grants/{given.id}/revoke").status_code == 303
    assert ada.get("/see").status_code == 403
    with session(house.engine) as reading:
        actions = reading.execute(text("SELECT action FROM audit_entry ORDER BY sequence")).scalars().all()
    assert actions[-2:] == ["grant.given", "grant.revoked"]


@pytest.mark.parametrize(
    "form",
    [
        {"role": "god", "target": "instance"},
        {"role": "viewer", "target": "galaxy"},
        {"role": "viewer", "target": "instance", "path": "shop"},
        {"role": "viewer", "target": "group", "path": ""},
        {"role": "viewer", "target": "group", "path": "shop/*"},
        {"role": "viewer", "target": "project", "path": "shop"},
        {"role": "admin", "target": "group", "path": "shop"},
        {"role": "auditor", "target": "project", "path": "shop/backend"},
    ],
)
def test_a_grant_that_cannot_be_says_why(house: Gatehouse, form: dict[str, str]) -> None:
    house.local()
    assert house.with_password().post("/people/1/grants", form).status_code == 422


def test_an_administrator_cannot_lock_himself_out(house: Gatehouse) -> None:
    root = house.local()
    admin = house.with_password()
    assert admin.post(f"/people/{root.id}/disable").status_code == 422
    assert admin.post(f"/people/{root.id}/grants/1/revoke").status_code == 422
    assert admin.get("/people").status_code == 200


def test_an_auditor_reads_people_and_changes_none(house: Gatehouse) -> None:
    house.local("eve", Role.AUDITOR)
    house.local("root")
    auditor = house.with_password("eve")
    page = auditor.get("/people")
    assert page.status_code == 200
    assert "/grants" not in page.text
    for path in ("/people/2/disable", "/people/2/enable", "/people/2/grants", "/people/2/grants/1/revoke"):
        assert auditor.post(path).status_code == 403, path
    assert auditor.post("/projects/412/change").status_code == 403


@pytest.mark.parametrize("path", ["/people", "/people/1/disable"])
def test_people_are_for_administrators_and_auditors(house: Gatehouse, path: str) -> None:
    house.list_members(SHOP.id, {7: 50})
    browser = house.admitted()
    answer = browser.get(path) if path == "/people" else browser.post(path)
    assert answer.status_code == 403


def test_a_language_is_kept_for_the_person(house: Gatehouse) -> None:
    house.local()
    browser = house.with_password()
    assert browser.post("/me/language", {"language": "zh-CN"}).status_code == 303
    assert 'lang="zh-CN"' in house.with_password().get("/me").text.partition("<head>")[0]
    assert browser.post("/me/language", {"language": "xx"}).status_code == 422
    browser.post("/me/language", {"language": ""})
    assert house.person("root").language == ""


# --- the key ----------------------------------------------------------------------------------------------------------


def test_the_key_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    first = desk_key(tmp_path)
    assert key_place(tmp_path).stat().st_mode & 0o777 == 0o600
    assert desk_key(tmp_path).sign("a", "b") == first.sign("a", "b")
    assert first.sign("a", "b") != first.sign("b", "b")
    assert "_key" not in repr(first)


# --- the seam for pages -----------------------------------------------------------------------------------------------


def test_pages_are_tested_with_visitors_of_their_own() -> None:
    entry = fake_entry(person(Role.TRIAGER, projects={412: Role.TRIAGER}), eve=person(projects={412: Role.VIEWER}))

    def page(visit: Visit) -> Response:
        return PlainTextResponse(f"{visit.principal.actor} {visit.number('project')} {visit.csrf}")

    def act(visit: Visit) -> Response:
        visit.require(Permission.DECIDE, visit.number("project"))
        return PlainTextResponse("done")

    app = Starlette(
        routes=[
            Route("/p/{project}", entry.page(page)),
            Route("/p/{project}", entry.action(act, permission=Permission.DECIDE), methods=["POST"]),
        ]
    )

    async def ask(method: str, who: str) -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://test") as client:
            data = {"csrf": CSRF} if method == "POST" else None
            return await client.request(method, "/p/412", headers={**ORIGIN, **cookies(who)}, data=data)

    assert asyncio.run(ask("GET", "me")).text == f"ada 412 {CSRF}"
    assert asyncio.run(ask("POST", "me")).text == "done"
    assert asyncio.run(ask("POST", "eve")).status_code == 403
    assert asyncio.run(ask("GET", "nobody")).status_code == 303


def test_a_principal_is_not_changed_by_what_gitlab_said() -> None:
    before = person(projects={412: Role.TRIAGER}, gitlab_user_id=7)
    assert replace(before) == before
