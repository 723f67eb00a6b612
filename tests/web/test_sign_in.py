"""Signing in with a provider and with a password: who gets in, and what an attacker gets."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from limits import parse
from sqlalchemy import Engine, text

from bot.domain.roles import Role
from bot.store import people
from bot.store.engine import session, write_session
from bot.web.entry import SESSION_COOKIE
from bot.web.keys import DeskKey
from bot.web.pages.sign_in import FORM_COOKIE, PENDING_COOKIE
from bot.web.signin import Pending
from tests.web.gatehouse import NOW, PASSWORD, SHOP, Gatehouse


@pytest.fixture
def house(engine: Engine, tmp_path: Path) -> Gatehouse:
    return Gatehouse(engine, tmp_path)


def audit(house: Gatehouse) -> list[tuple[str, str, str]]:
    with session(house.engine) as reading:
        rows = reading.execute(text("SELECT action, actor, subject FROM audit_entry ORDER BY sequence")).all()
    return [(row.action, row.actor, row.subject) for row in rows]


# --- with a provider --------------------------------------------------------------------------------------------------


def test_a_stranger_is_sent_to_the_sign_in_page_and_afterwards_where_he_wanted_to_go(house: Gatehouse) -> None:
    house.list_members(SHOP.id, {7: 30})
    browser = house.browser()
    sent = browser.get("/see?q=a%26b")
    assert (sent.status_code, sent.headers["location"]) == (303, "/sign-in?next=%2Fsee%3Fq%3Da%2526b")
    page = browser.get(sent.headers["location"])
    link = re.search(r'href="(/sign-in/provider[^"]*)"', page.text)
    assert link
    begun = browser.get(link[1].replace("&amp;", "&"))
    back = house.provider.authorize(begun.headers["location"])
    done = browser.get(back.removeprefix("https://desk.example"))
    assert (done.status_code, done.headers["location"]) == (303, "/see?q=a%26b")
    assert browser.get("/see").text == "ada: [412]"
    assert audit(house) == [("person.signed_in", "ada", "person 1")]


def test_the_session_cookie_is_for_this_host_over_https_and_no_script(house: Gatehouse) -> None:
    response = house.browser().sign_in()
    (line,) = [line for line in response.headers.get_list("set-cookie") if line.startswith(f"{SESSION_COOKIE}=")]
    attributes = {part.strip().lower() for part in line.split(";")[1:]}
    assert {"secure", "httponly", "samesite=lax", "path=/"} == attributes
    assert SESSION_COOKIE.startswith("__Host-")


def test_what_the_browser_keeps_meanwhile_is_gone_afterwards(house: Gatehouse) -> None:
    browser = house.admitted()
    assert PENDING_COOKIE not in browser.cookies


def test_gitlabs_subject_is_the_number_of_its_user(house: Gatehouse) -> None:
    house.admitted()
    assert house.person("ada").gitlab_user_id == 7


def test_the_subject_of_another_provider_is_no_user_of_gitlab(engine: Engine, tmp_path: Path) -> None:
    house = Gatehouse(engine, tmp_path, is_gitlab=False)
    house.list_members(SHOP.id, {7: 50})
    browser = house.admitted()
    assert house.person("ada").gitlab_user_id is None
    assert browser.get("/see").status_code == 403
    house.grant(house.person("ada"), Role.TRIAGER, group="shop")
    assert browser.get("/see").text == "ada (other sign-in, person 1): [412, 600]"


def test_a_name_that_gitlab_gave_to_somebody_else_opens_nothing_of_the_former_owner(house: Gatehouse) -> None:
    house.admitted()
    house.grant(house.person("ada"), Role.ADMIN)
    house.provider.people = {"7": {"preferred_username": "ada-old"}, "8": {"preferred_username": "ada"}}
    house.list_members(SHOP.id, {8: 20})
    assert house.admitted("8").get("/see").text == "ada: [412]"


def test_names_are_taken_from_the_user_information_where_the_token_has_none(house: Gatehouse) -> None:
    house.provider.names_in_token = False
    house.admitted()
    assert house.person("ada").name == "Ada"


def test_hostile_names_are_shown_as_text(house: Gatehouse) -> None:
    house.provider.people["7"] = {"preferred_username": "<b>a\r\nSet-Cookie: x=1", "name": "\u202eevil<script>"}
    browser = house.admitted()
    page = browser.get("/me").text
    assert "<b>" not in page
    assert "<script>" not in page.partition("</head>")[2]
    assert "\u202e" not in page


BREAKS: dict[str, dict[str, Any]] = {
    "another issuer": {"claims": {"iss": "https://evil.example"}},
    "no issuer": {"claims": {"iss": None}},
    "another audience": {"claims": {"aud": "another-application"}},
    "several audiences": {"claims": {"aud": ["the-application", "another-application"], "azp": "the-application"}},
    "no audience": {"claims": {"aud": None}},
    "another authorised party": {"claims": {"azp": "another-application"}},
    "expired": {"claims": {"exp": int((NOW - timedelta(minutes=5)).timestamp())}},
    "no end": {"claims": {"exp": None}},
    "end is no number": {"claims": {"exp": "never"}},
    "not valid yet": {"claims": {"nbf": int((NOW + timedelta(hours=1)).timestamp())}},
    "issued in the future": {"claims": {"iat": int((NOW + timedelta(hours=1)).timestamp())}},
    "no nonce": {"claims": {"nonce": None}},
    "another nonce": {"claims": {"nonce": "of-another-sign-in"}},
    "no subject": {"claims": {"sub": None}},
    "subject is no text": {"claims": {"sub": 7}},
    "subject is no user number": {"claims": {"sub": "ada"}},
    "access token of another": {"claims": {"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"}},
    "not signed": {"forge": "none"},
    "signed with the secret": {"forge": "hs256"},
    "signed by a stranger": {"forge": "stranger"},
}


@pytest.mark.parametrize("name", BREAKS)
def test_an_identity_token_that_does_not_hold_lets_nobody_in(house: Gatehouse, name: str) -> None:
    for attribute, value in BREAKS[name].items():
        setattr(house.provider, attribute, value)
    browser = house.browser()
    response = browser.sign_in()
    assert response.status_code == 403
    assert browser.session == ""
    assert [action for action, _, _ in audit(house)] == ["person.sign_in_refused"]
    with session(house.engine) as reading:
        assert people.everybody(reading) == ()


def test_a_provider_that_changed_its_key_is_believed_after_a_minute(house: Gatehouse) -> None:
    house.admitted()
    house.provider.new_key()
    house.later(minutes=2)
    house.admitted()


def test_a_stranger_cannot_have_the_keys_read_over_and_over(house: Gatehouse) -> None:
    house.provider.forge = "stranger"
    for _ in range(3):
        house.browser().sign_in()
    assert house.provider.asked.count("/oauth/discovery/keys") == 1


def test_the_state_belongs_to_the_browser_that_began(house: Gatehouse) -> None:
    """Login CSRF: the attacker's own code in the victim's browser."""
    attacker, victim = house.browser(), house.browser()
    back = attacker.begin()
    assert victim.get(back).status_code == 403
    victim.begin()
    assert victim.get(back).status_code == 403
    assert victim.session == ""


def test_an_answer_is_good_once(house: Gatehouse) -> None:
    browser = house.browser()
    back = browser.begin()
    pending = browser.cookies[PENDING_COOKIE]
    assert browser.get(back).status_code == 303
    thief = house.browser()
    thief.cookies[PENDING_COOKIE] = pending
    assert thief.get(back).status_code == 403
    assert thief.session == ""


def test_a_code_without_its_verifier_is_worth_nothing(house: Gatehouse) -> None:
    browser = house.browser()
    back = browser.begin()
    pending = Pending.opened(browser.cookies[PENDING_COOKIE], house.doorman.key, house.now)
    assert pending is not None
    other = Pending(pending.state, pending.nonce, "x" * 64, "/", pending.begun_at)
    browser.cookies[PENDING_COOKIE] = other.sealed(house.doorman.key)
    assert browser.get(back).status_code == 403


def test_a_sign_in_has_to_be_finished_within_ten_minutes(house: Gatehouse) -> None:
    browser = house.browser()
    back = browser.begin()
    house.later(minutes=11)
    assert browser.get(back).status_code == 403


@pytest.mark.parametrize("cookie", ["", "x", "x.y", "W10.W10", "🦊.🦊"])
def test_a_cookie_that_we_did_not_write_begins_nothing(house: Gatehouse, cookie: str) -> None:
    assert Pending.opened(cookie, house.doorman.key, NOW) is None


def test_a_cookie_of_another_installation_begins_nothing() -> None:
    sealed = Pending.begin("/", NOW).sealed(DeskKey(b"a" * 32))
    assert Pending.opened(sealed, DeskKey(b"b" * 32), NOW) is None
    assert Pending.opened(sealed, DeskKey(b"a" * 32), NOW) is not None


@pytest.mark.parametrize(
    "elsewhere",
    [
        "//evil.example",
        "https://evil.example/",
        "/\\evil.example",
        "\\\\evil.example",
        "/\t/evil.example",
        "javascript:alert(1)",
        "/sign-in?next=/sign-in",
        "/see\r\nSet-Cookie: a=b",
        "see",
        "",
        "/%0d%0a\u2028",
    ],
)
def test_nobody_is_sent_elsewhere_after_signing_in(house: Gatehouse, elsewhere: str) -> None:
    response = house.browser().sign_in(elsewhere)
    assert (response.status_code, response.headers["location"]) == (303, "/")
    house.local()
    assert house.browser().type_password("root", PASSWORD, elsewhere).headers["location"] == "/"


def test_another_provider_cannot_answer_in_the_name_of_ours(house: Gatehouse) -> None:
    browser = house.browser()
    assert browser.get(browser.begin() + "&iss=https%3A%2F%2Fevil.example").status_code == 403


def test_what_the_provider_refuses_is_told(house: Gatehouse) -> None:
    browser = house.browser()
    back = browser.begin()
    state = re.search(r"state=([^&]+)", back)
    assert state
    response = browser.get(f"/sign-in/callback?error=access_denied&state={state[1]}")
    assert response.status_code == 403
    assert "access_denied" in response.text


def test_the_desk_works_while_the_provider_is_away(house: Gatehouse) -> None:
    signed_in = house.admitted()
    house.local()
    house.provider.away = True
    house.later(hours=2)
    assert signed_in.get("/me").status_code == 200
    response = house.browser().get("/sign-in/provider")
    assert response.status_code == 503
    assert "does not answer" in response.text
    assert response.headers["retry-after"] == "30"
    assert house.with_password().get("/see").status_code == 200


def test_a_provider_that_calls_itself_otherwise_is_not_asked(house: Gatehouse) -> None:
    house.provider.metadata = {"issuer": "https://evil.example"}
    assert house.browser().get("/sign-in/provider").status_code == 503


@pytest.mark.parametrize("place", ["http://gitlab.example.org/oauth/token", "ftp://x", "", "file:///etc/passwd"])
def test_a_provider_whose_addresses_can_be_read_on_the_way_is_not_asked(house: Gatehouse, place: str) -> None:
    house.provider.metadata = {"token_endpoint": place}
    assert house.browser().get("/sign-in/provider").status_code == 503


def test_whoever_is_shut_out_does_not_come_in_by_the_provider(house: Gatehouse) -> None:
    browser = house.admitted()
    with write_session(house.engine) as writing:
        people.set_disabled(writing, house.person("ada").id, house.now)
    assert browser.get("/see").status_code == 303
    assert house.browser().sign_in().status_code == 403


def test_signing_in_over_plain_http_is_refused_and_said(house: Gatehouse) -> None:
    house.local()
    browser = house.browser()
    browser.scheme_host = "http://desk.internal"
    page = browser.get("/sign-in")
    assert "needs https" in page.text
    assert "<form" not in page.text.partition("</h1>")[2]
    assert browser.get("/sign-in/provider").status_code == 403
    local = house.browser()
    local.scheme_host = "http://localhost"
    assert "needs https" not in local.get("/sign-in").text


# --- with a password --------------------------------------------------------------------------------------------------


def test_a_local_administrator_signs_in_with_his_password(house: Gatehouse) -> None:
    house.local()
    browser = house.with_password("ROOT ")
    assert browser.get("/see").text == "root (local, person 1): all"
    assert audit(house)[-1] == ("person.signed_in", "root (local, person 1)", "person 1")


@pytest.mark.parametrize("name", ["root", "nobody", "", "root\x00", "'; --"])
def test_a_wrong_name_and_a_wrong_password_get_the_same_answer(house: Gatehouse, name: str) -> None:
    house.local()
    browser = house.browser()
    response = browser.type_password(name, "a wrong password!")
    assert response.status_code == 403
    assert "The name or the password is wrong." in response.text
    assert browser.session == ""


def test_what_was_typed_for_a_name_does_not_get_into_the_audit_log(house: Gatehouse) -> None:
    house.local()
    house.browser().type_password(PASSWORD, "x")
    with session(house.engine) as reading:
        row = reading.execute(text("SELECT * FROM audit_entry")).one()
    assert "horse" not in json.dumps(list(row), default=str)


def test_a_provider_may_call_somebody_like_a_local_administrator(house: Gatehouse) -> None:
    house.local("ada")
    browser = house.admitted()
    assert browser.get("/see").status_code == 403
    assert house.with_password("ada").get("/see").text.startswith("ada (local")


def test_too_many_wrong_passwords_for_a_name_have_to_wait(house: Gatehouse) -> None:
    house.local()
    for number in range(3):
        assert house.browser(f"192.0.2.{number}").type_password("root", "wrong wrong wrong").status_code == 403
    response = house.browser("192.0.2.99").type_password("root", PASSWORD)
    assert response.status_code == 429
    assert 0 < int(response.headers["retry-after"]) <= 900
    house.local("eve")
    assert house.with_password("eve").session


def test_too_many_attempts_from_one_network_have_to_wait(house: Gatehouse) -> None:
    house.local()
    house.throttle.per_address = parse("3 per 5 minutes")
    statuses = [
        house.browser(f"2001:db8::{number:x}").type_password(f"name{number}", "wrong").status_code
        for number in range(1, 6)
    ]
    assert statuses == [403] * 3 + [429] * 2


def test_a_form_of_another_browser_signs_nobody_in(house: Gatehouse) -> None:
    """Login CSRF with a password."""
    house.local()
    attacker, victim = house.browser(), house.browser()
    page = attacker.get("/sign-in")
    csrf = re.search(r'name="csrf" value="([^"]+)"', page.text)
    assert csrf
    form = {"name": "root", "password": PASSWORD}
    assert victim.post("/sign-in", form, csrf=csrf[1]).status_code == 403
    victim.get("/sign-in")
    assert victim.post("/sign-in", form, csrf=csrf[1]).status_code == 403
    assert victim.session == ""
    assert attacker.post("/sign-in", form, csrf=csrf[1], Origin="https://evil.example").status_code == 403
    assert attacker.post("/sign-in", form, csrf=csrf[1], Sec_Fetch_Site="cross-site").status_code == 403
    assert attacker.post("/sign-in", form, csrf=csrf[1]).status_code == 303
    assert FORM_COOKIE not in attacker.cookies


def test_a_session_that_was_planted_before_is_not_taken_over(house: Gatehouse) -> None:
    """Session fixation."""
    house.local()
    attacker = house.with_password()
    victim = house.browser()
    victim.cookies[SESSION_COOKIE] = attacker.session
    planted = victim.session
    victim.sign_in()
    assert victim.session != planted
    assert victim.get("/me").status_code == 200
    assert attacker.get("/see").status_code == 303


def test_without_anybody_the_page_says_how_to_begin(house: Gatehouse) -> None:
    house.oidc = None
    assert "mergewarden admin create" in house.browser().get("/sign-in").text
    assert house.browser().get("/sign-in/provider").status_code == 404


def test_the_sign_in_page_has_no_script_of_its_own_and_may_not_be_framed(house: Gatehouse) -> None:
    response = house.browser().get("/sign-in")
    policy = response.headers["content-security-policy"]
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert response.headers["cache-control"] == "no-store"
    assert " style=" not in response.text
    assert not re.search(r"<script(?![^>]* src=)", response.text)


def test_the_time_of_a_sign_in_is_kept(house: Gatehouse) -> None:
    house.admitted()
    assert house.person("ada").signed_in_at == NOW.astimezone(UTC) == datetime(2026, 3, 1, 12, tzinfo=UTC)
