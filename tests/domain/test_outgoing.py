"""Outgoing webhooks: a signature that others check, pauses that end, and addresses that nothing is sent to."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from pydantic import SecretStr

from bot.domain.outgoing import (
    GIVEN_UP_AFTER,
    EventType,
    Hook,
    HookError,
    check_hook,
    check_url,
    encoded,
    message,
    new_secret,
    next_attempt,
    refused_address,
    signature,
    signed_headers,
)
from bot.gitlab.signature import verify

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
SECRET = new_secret(lambda count: bytes(range(count)))


def hook(projects: str = "**", *, disabled: bool = False) -> Hook:
    events = frozenset({EventType.FINDING_NEW})
    return Hook(1, "https://a.example", events, projects, "ada", NOON, NOON if disabled else None)


def test_what_is_signed_is_what_our_own_inbox_takes() -> None:
    body = encoded(message(EventType.FINDING_NEW, NOON, {"title": "注入"}))
    headers = signed_headers(SECRET, "msg_1", NOON, body)
    proof = verify(
        headers,
        body,
        secret=None,
        signing_token=SecretStr(SECRET),
        require_signature=True,
        now=NOON.timestamp(),
        max_age=300,
    )
    assert proof.signed_id == "msg_1"


def test_the_signature_is_that_of_the_specification() -> None:
    # The example of https://github.com/standard-webhooks/standard-webhooks
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    assert (
        signature(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')
        == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    )


def test_attempts_get_rarer_and_end_within_three_days() -> None:
    moment, attempts = NOON, 0
    pauses = []
    while (again := next_attempt(NOON, attempts := attempts + 1, moment)) is not None:
        pauses.append(again - moment)
        moment = again
    assert pauses[0] == timedelta(seconds=5)
    assert pauses == sorted(pauses)
    assert 8 <= attempts <= 14
    assert moment - NOON <= GIVEN_UP_AFTER


@pytest.mark.parametrize(
    ("projects", "path", "wants"),
    [
        ("**", "shop/backend", True),
        ("shop/*", "Shop/Backend", True),
        ("shop/*", "other/secret", False),
        ("**", None, True),
        ("shop/*", None, False),
    ],
)
def test_a_pattern_says_of_which_projects_an_address_hears(projects: str, path: str | None, wants: bool) -> None:
    assert hook(projects).wants(EventType.FINDING_NEW, path) is wants


def test_a_disabled_address_and_another_event_are_not_told() -> None:
    assert not hook(disabled=True).wants(EventType.FINDING_NEW, "shop/backend")
    assert not hook().wants(EventType.GATE_DECIDED, "shop/backend")


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "169.254.169.254",
        "fe80::1%eth0",
        "::1",
        "0.0.0.0",
        "::ffff:169.254.169.254",
        "64:ff9b::a9fe:a9fe",
        "2002:a9fe:a9fe::",
        "fd00:ec2::254",
        "100.100.100.200",
        "224.0.0.1",
        "255.255.255.255",
        "nonsense",
    ],
)
def test_nothing_is_sent_to_this_host_or_a_metadata_service(address: str) -> None:
    assert refused_address(address)


@pytest.mark.parametrize("address", ["10.0.0.5", "192.168.1.9", "93.184.216.34", "2001:db8::1", "fd12::7"])
def test_private_networks_are_where_receivers_are(address: str) -> None:
    assert not refused_address(address)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "ftp://a.example",
        "file:///etc/passwd",
        "https://",
        "https://ada:secret@a.example",
        "https://a.example/ x",
        "https://a.example#here",
        "https://a.example:port",
        "https://[",
        "https://bücher.example",
        "https://a.example/" + "x" * 2000,
    ],
)
def test_what_is_no_address_is_refused_and_not_repeated(url: str) -> None:
    with pytest.raises(HookError) as caught:
        check_url(url)
    assert "secret" not in str(caught.value) + caught.value.hint


def test_a_webhook_needs_an_event_and_a_pattern() -> None:
    with pytest.raises(HookError):
        check_hook("https://a.example", [], "**")
    with pytest.raises(HookError):
        check_hook("https://a.example", [EventType.TEST], "**")
    with pytest.raises(HookError):
        check_hook("https://a.example", [EventType.FINDING_NEW], "")
    check_hook("https://a.example", [EventType.FINDING_NEW], "shop/*")
