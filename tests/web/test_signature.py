"""A delivery is believed exactly when it carries the proof that was configured."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from bot.errors import ConfigurationError
from bot.gitlab.signature import Proof, Unverified, Verified, verify
from tests.web.fakes import NOW, SECRET, SIGNING_TOKEN, sign

RAW = b'{"object_kind":"push"}'


def check(
    headers: dict[str, str],
    raw: bytes = RAW,
    *,
    secret: str | None = None,
    signing_token: str | None = None,
    require_signature: bool = False,
    now: float = NOW,
) -> Verified:
    return verify(
        headers,
        raw,
        secret=SecretStr(secret) if secret else None,
        signing_token=SecretStr(signing_token) if signing_token else None,
        require_signature=require_signature,
        now=now,
        max_age=300,
    )


def test_the_published_vector_is_verified() -> None:
    headers = {
        "webhook-id": "f5e5f430-f57b-4e6e-9fac-d9128cd7232f",
        "webhook-timestamp": "1744578123",
        "webhook-signature": "v1,qO0mK/QkPuCSH4sV+46Sbe0IHEagbnzF57rrlq+/SX8=",
    }
    token = "whsec_" + base64.b64encode(bytes(range(32))).decode()
    assert check(headers, signing_token=token, now=1744578123) == Verified(Proof.SIGNATURE, headers["webhook-id"])


def test_the_right_token_is_enough_without_a_signature() -> None:
    assert check({"X-Gitlab-Token": SECRET}, secret=SECRET) == Verified(Proof.SECRET_TOKEN)


def test_header_names_are_read_in_any_case() -> None:
    assert check({"x-gItLaB-tOkEn": SECRET}, secret=SECRET).proof is Proof.SECRET_TOKEN


@pytest.mark.parametrize("token", ["", SECRET + "x", SECRET[:-1], SECRET.upper(), " " + SECRET, "pässword", "密碼"])
def test_a_wrong_token_is_refused(token: str) -> None:
    with pytest.raises(Unverified, match="X-Gitlab-Token is not the configured one"):
        check({"X-Gitlab-Token": token}, secret=SECRET)


def test_a_missing_token_is_refused_with_advice() -> None:
    with pytest.raises(Unverified, match="carries no X-Gitlab-Token") as caught:
        check({}, secret=SECRET)
    assert "secret token of the webhook" in caught.value.hint


def test_no_configuration_means_that_nothing_is_believed() -> None:
    with pytest.raises(ConfigurationError, match="no delivery can be trusted"):
        check({"X-Gitlab-Token": ""})


def test_white_space_in_the_body_matters() -> None:
    headers = sign(b'{"a": 1}')
    assert check(headers, b'{"a": 1}', signing_token=SIGNING_TOKEN).proof is Proof.SIGNATURE
    with pytest.raises(Unverified, match="does not fit this body"):
        check(headers, b'{"a":1}', signing_token=SIGNING_TOKEN)


@pytest.mark.parametrize("age", [-300, -1, 0, 1, 299, 300])
def test_a_timestamp_within_the_window_is_accepted(age: int) -> None:
    assert check(sign(RAW, timestamp=int(NOW) - age), signing_token=SIGNING_TOKEN).signed_id == "d-1"


@pytest.mark.parametrize(("age", "words"), [(301, "301 seconds old"), (-301, "301 seconds in the future")])
def test_a_timestamp_outside_the_window_is_refused(age: int, words: str) -> None:
    with pytest.raises(Unverified, match=words):
        check(sign(RAW, timestamp=int(NOW) - age), signing_token=SIGNING_TOKEN)


@pytest.mark.parametrize("timestamp", ["", "now", "-5", "1e9", "1772440000.5", "９９", "1" * 5000, " 1772440000"])
def test_a_timestamp_that_is_no_number_is_refused(timestamp: str) -> None:
    with pytest.raises(Unverified, match="webhook-timestamp in seconds"):
        check({**sign(RAW), "webhook-timestamp": timestamp}, signing_token=SIGNING_TOKEN)


def test_a_signature_without_an_id_is_refused() -> None:
    headers = sign(RAW, delivery_id="")
    with pytest.raises(Unverified, match="needs webhook-id"):
        check(headers, signing_token=SIGNING_TOKEN)


@pytest.mark.parametrize("changed", ["webhook-id", "webhook-timestamp"])
def test_id_and_time_are_part_of_what_is_signed(changed: str) -> None:
    headers = {**sign(RAW), changed: str(int(NOW) + 1)}
    with pytest.raises(Unverified, match="does not fit"):
        check(headers, signing_token=SIGNING_TOKEN)


def test_one_right_signature_among_several_is_enough() -> None:
    right = sign(RAW)
    old = sign(RAW, key=bytes(32))["webhook-signature"]
    headers = {**right, "webhook-signature": f"v1a,abc {old} {right['webhook-signature']} "}
    assert check(headers, signing_token=SIGNING_TOKEN).proof is Proof.SIGNATURE


@pytest.mark.parametrize(
    "listed", ["", "v1", "v1,", "v1,AAAA", "v2,{mac}", "{mac}", "V1,{mac}", "v1,{mac}x", "v1, {mac}"]
)
def test_a_list_without_the_right_signature_is_refused(listed: str) -> None:
    headers = sign(RAW)
    mac = headers["webhook-signature"].removeprefix("v1,")
    with pytest.raises(Unverified):
        check({**headers, "webhook-signature": listed.format(mac=mac)}, signing_token=SIGNING_TOKEN)


def test_a_wrong_signature_is_not_made_up_for_by_the_right_token() -> None:
    headers = {**sign(b"another body"), "X-Gitlab-Token": SECRET}
    with pytest.raises(Unverified, match="does not fit"):
        check(headers, secret=SECRET, signing_token=SIGNING_TOKEN)


def test_a_signature_that_nobody_can_check_is_refused_despite_the_right_token() -> None:
    with pytest.raises(Unverified, match="no signing token is configured"):
        check({**sign(RAW), "X-Gitlab-Token": SECRET}, secret=SECRET)


def test_an_unsigned_delivery_is_accepted_by_token_during_a_migration() -> None:
    headers = {"X-Gitlab-Token": SECRET}
    assert check(headers, secret=SECRET, signing_token=SIGNING_TOKEN).proof is Proof.SECRET_TOKEN


@pytest.mark.parametrize("secret", [SECRET, None])
def test_an_unsigned_delivery_is_refused_when_signatures_are_demanded(secret: str | None) -> None:
    with pytest.raises(Unverified, match="no webhook-signature"):
        check({"X-Gitlab-Token": SECRET}, secret=secret, signing_token=SIGNING_TOKEN, require_signature=True)


def test_an_unsigned_delivery_is_refused_when_there_is_only_a_signing_token() -> None:
    with pytest.raises(Unverified, match="no webhook-signature"):
        check({"X-Gitlab-Token": SIGNING_TOKEN}, signing_token=SIGNING_TOKEN)


@given(st.binary(max_size=200), st.binary(min_size=1, max_size=200), st.integers(0, 10_000))
def test_every_change_to_a_signed_body_is_noticed(raw: bytes, extra: bytes, place: int) -> None:
    headers = sign(raw)
    at = place % (len(raw) + 1)
    with pytest.raises(Unverified):
        check(headers, raw[:at] + extra + raw[at:], signing_token=SIGNING_TOKEN)


@given(
    st.dictionaries(
        st.sampled_from(["webhook-id", "webhook-timestamp", "webhook-signature", "x-gitlab-token", "other"]), st.text()
    )
)
def test_no_headers_of_a_stranger_are_believed_or_crash(headers: dict[str, str]) -> None:
    with pytest.raises(Unverified):
        check(headers, secret=SECRET, signing_token=SIGNING_TOKEN)


def test_no_refusal_shows_a_secret() -> None:
    attempts: list[dict[str, str]] = [{}, {"X-Gitlab-Token": "no"}, {**sign(b"x")}, {**sign(RAW, timestamp=1)}]
    for headers in attempts:
        with pytest.raises(Unverified) as caught:
            check(headers, secret=SECRET, signing_token=SIGNING_TOKEN)
        for text in (str(caught.value), caught.value.hint):
            assert SECRET not in text
            assert SIGNING_TOKEN not in text
