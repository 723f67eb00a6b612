"""What a delivery gets for an answer, and what reaches the inbox."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.job import ForgetProject, ScanMergeRequest
from bot.observability.logs import configure_logging
from bot.web.webhook import LARGEST_BODY
from tests.examples import examples
from tests.web.fakes import NOW, SECRET, SIGNING_TOKEN, FakeInbox, Site, body_of, chunks_of, raw_post, sign

TOKEN = {"X-Gitlab-Token": SECRET}


def test_a_delivery_is_accepted_with_its_jobs() -> None:
    site = Site()
    answer = site.post("merge_request_open", {**TOKEN, "Idempotency-Key": "abc-1"})
    assert answer.status_code == 202
    assert answer.json() == {"status": "accepted", "delivery": "abc-1", "jobs": ["job-1"]}
    (delivery,) = site.inbox.accepted.values()
    assert (delivery.key, delivery.event_kind, delivery.delivery_id) == ("id:abc-1", "merge_request", "abc-1")
    assert delivery.received_at.timestamp() == NOW
    assert isinstance(delivery.jobs[0], ScanMergeRequest)
    assert site.count("deliveries_total", event="merge_request", result="accepted") == 1


@pytest.mark.parametrize("headers", [{}, {"X-Gitlab-Token": "wrong"}, {"X-Gitlab-Token": ""}])
def test_a_wrong_or_missing_token_gets_401_and_a_hint(headers: dict[str, str]) -> None:
    site = Site()
    answer = site.post("merge_request_open", headers)
    assert answer.status_code == 401
    assert "MERGEWARDEN_WEBHOOK_SECRET" in answer.json()["hint"]
    assert SECRET not in answer.text
    assert site.inbox.jobs == []
    assert site.count("deliveries_total", event="unknown", result="unauthorized") == 1


def test_a_signed_delivery_is_accepted_and_known_by_its_signed_id() -> None:
    """Whoever replays a signed body can choose the headers that the signature does not cover."""
    site = Site(signing_token=SIGNING_TOKEN)
    raw = json.dumps(body_of("merge_request_open")).encode()
    first = site.post(raw, {**sign(raw, "signed-1"), "Idempotency-Key": "one"})
    again = site.post(raw, {**sign(raw, "signed-1"), "Idempotency-Key": "two"})
    assert (first.status_code, again.status_code) == (202, 200)
    assert list(site.inbox.accepted) == ["id:signed-1"]


def test_an_expired_signature_gets_401() -> None:
    raw = json.dumps(body_of("merge_request_open")).encode()
    answer = Site(signing_token=SIGNING_TOKEN).post(raw, sign(raw, timestamp=int(NOW) - 301))
    assert answer.status_code == 401
    assert "301 seconds old" in answer.json()["error"]


def test_a_signature_covers_the_raw_bytes() -> None:
    raw = json.dumps(body_of("merge_request_open")).encode()
    assert Site(signing_token=SIGNING_TOKEN).post(raw + b"\n", sign(raw)).status_code == 401


@pytest.mark.parametrize("header", ["Idempotency-Key", "webhook-id"])
def test_the_same_id_again_is_a_duplicate(header: str) -> None:
    site = Site()
    first = site.post("merge_request_open", {**TOKEN, header: "same"})
    again = site.post("merge_request_update_push", {**TOKEN, header: "same"})
    assert (first.status_code, again.status_code) == (202, 200)
    assert again.json()["status"] == "duplicate"
    assert len(site.inbox.jobs) == 1
    assert site.count("duplicate_deliveries_total") == 1


def test_without_an_id_the_same_content_again_is_a_duplicate() -> None:
    site = Site()
    assert site.post("merge_request_open", {**TOKEN, "X-Gitlab-Event-UUID": "1"}).status_code == 202
    assert site.post("merge_request_open", {**TOKEN, "X-Gitlab-Event-UUID": "2"}).status_code == 200
    assert site.post("merge_request_update_push").status_code == 202


def test_an_id_cannot_be_taken_for_a_content_hash() -> None:
    site = Site()
    site.post("merge_request_open")
    (key,) = site.inbox.accepted
    assert site.post("merge_request_open", {**TOKEN, "Idempotency-Key": key}).status_code == 202


def test_a_monstrous_id_is_hashed() -> None:
    site = Site()
    site.post("merge_request_open", {**TOKEN, "Idempotency-Key": "x" * 5000})
    (delivery,) = site.inbox.accepted.values()
    assert delivery.key.startswith("sha256:")
    assert len(delivery.key) <= 80
    assert len(delivery.delivery_id) <= 80


@pytest.mark.parametrize(
    "name", ["tag_push", "job", "system_user_create", "resend_cut_short", "merge_request_approved"]
)
def test_events_without_work_get_success_and_do_not_touch_the_inbox(name: str) -> None:
    site = Site(inbox=FakeInbox(failure=RuntimeError("must not be asked")))
    answer = site.post(name)
    assert (answer.status_code, answer.json()["status"]) == (200, "ignored")


def test_an_unknown_event_gets_success() -> None:
    assert Site().post(b'{"object_kind": "teleportation"}').status_code == 200


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"", "not JSON: Expecting value (line 1, column 1)"),
        (b'{"object_kind": ', "line 1, column 17"),
        (b'{"a": NaN}', "a number that cannot be read"),
        (b'{"a": ' + b"9" * 10_000 + b"}", "a number that cannot be read"),
        (b'{"a": "\xff"}', "not UTF-8: byte 7"),
        ('{"object_kind": "push"}'.encode("utf-16"), "not UTF-8: byte 0"),
        (b"\xef\xbb\xbf{}", "not JSON"),
        (b"[" * 200_000, "nested too deeply"),
        (b'{"a":' * 100_000 + b"1" + b"}" * 100_000, "nested too deeply"),
    ],
)
def test_broken_json_gets_400_and_the_place(raw: bytes, said: str) -> None:
    site = Site()
    answer = site.post(raw)
    assert answer.status_code == 400
    assert said in answer.json()["error"]
    assert site.count("deliveries_total", event="unknown", result="malformed") == 1


def test_a_known_event_of_the_wrong_shape_gets_422_and_the_field() -> None:
    body = body_of("merge_request_open")
    del body["object_attributes"]["iid"]
    answer = Site().post(json.dumps(body).encode())
    assert answer.status_code == 422
    assert "object_attributes.iid is missing" in answer.json()["error"]
    assert "custom template" in answer.json()["hint"]


def test_a_body_of_30_mb_gets_413() -> None:
    site = Site()
    answer = site.post(b" " * 30_000_000)
    assert answer.status_code == 413
    assert answer.headers["connection"] == "close"
    assert site.count("deliveries_total", event="unknown", result="too_large") == 1


def test_a_body_of_25_mb_is_read() -> None:
    body = body_of("merge_request_open")
    body["object_attributes"]["description"] = "x" * 25_000_000
    assert Site().post(json.dumps(body).encode()).status_code == 202


def test_a_big_body_without_a_stated_length_is_cut_off_while_reading() -> None:
    app = Site(options={"largest_body": 1000}).app()
    exchange = raw_post(app, [(b"x-gitlab-token", SECRET.encode())], [b" " * 300] * 100)
    assert (exchange.status, exchange.chunks_read) == (413, 4)


def test_a_content_length_that_lies_does_not_help() -> None:
    app = Site(options={"largest_body": 1000}).app()
    headers = [(b"x-gitlab-token", SECRET.encode()), (b"content-length", b"2")]
    assert raw_post(app, headers, [b" " * 300] * 100).status == 413


@pytest.mark.parametrize("length", ["1001", "9" * 400, "99999999999999"])
def test_a_stated_length_above_the_limit_is_refused_unread(length: str) -> None:
    app = Site(options={"largest_body": 1000}).app()
    headers = [(b"x-gitlab-token", SECRET.encode()), (b"content-length", length.encode())]
    exchange = raw_post(app, headers, [b"{}"])
    assert (exchange.status, exchange.chunks_read) == (413, 0)


def test_the_body_of_a_stranger_is_not_even_read() -> None:
    exchange = raw_post(Site().app(), [(b"x-gitlab-token", b"guess")], [b" " * 300] * 100)
    assert (exchange.status, exchange.chunks_read) == (401, 0)


def test_a_chunked_body_is_read() -> None:
    site = Site()
    raw = json.dumps(body_of("merge_request_open")).encode()
    assert site.post(chunks_of(raw, 100), TOKEN).status_code == 202


def test_a_body_that_never_ends_gets_408() -> None:
    app = Site(options={"read_seconds": 0.05}).app()
    exchange = raw_post(app, [(b"x-gitlab-token", SECRET.encode())], [b'{"object_kind"'], stall=True)
    assert exchange.status == 408


def test_a_sender_that_hangs_up_leaves_nothing_behind() -> None:
    site = Site()
    headers = [(b"x-gitlab-token", SECRET.encode())]
    raw_post(site.app(), headers, [])
    assert site.inbox.jobs == []
    assert site.count("deliveries_total", event="unknown", result="aborted") == 1


@pytest.mark.parametrize("failure", [RuntimeError("disk full"), OSError(), TimeoutError()])
def test_a_broken_inbox_gets_503_and_says_nothing_of_its_inside(failure: Exception) -> None:
    site = Site(inbox=FakeInbox(failure=failure))
    answer = site.post("merge_request_open")
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "30"
    assert "disk full" not in answer.text
    assert site.count("deliveries_total", event="merge_request", result="unavailable") == 1


def test_a_slow_inbox_gets_503_before_gitlab_gives_up() -> None:
    site = Site(inbox=FakeInbox(seconds=30), options={"accept_seconds": 0.05})
    assert site.post("merge_request_open").status_code == 503


def test_a_success_is_answered_only_after_the_inbox_has_it() -> None:
    site = Site(inbox=FakeInbox(seconds=0.05))
    assert site.post("merge_request_open").status_code == 202
    assert len(site.inbox.accepted) == 1


def test_projects_that_are_not_served_are_left_alone_but_forgotten_when_deleted() -> None:
    site = Site(options={"serves": lambda path: path.startswith("platform/")})
    assert site.post("merge_request_open").json()["status"] == "ignored"
    assert site.post("system_project_destroy").status_code == 202
    assert site.inbox.jobs == [ForgetProject(412)]


def test_our_own_user_is_asked_for_at_each_delivery() -> None:
    users = iter([None, 87])
    site = Site(options={"bot_user_id": lambda: next(users)})
    assert site.post("merge_request_update_retarget").status_code == 202
    assert site.post("merge_request_update_retarget").json()["status"] == "ignored"


def test_each_delivery_logs_one_line_with_its_ids() -> None:
    stream = io.StringIO()
    configure_logging("json", stream=stream)
    Site().post("merge_request_open", {**TOKEN, "Idempotency-Key": "abc-1"})
    (line,) = [json.loads(text) for text in stream.getvalue().splitlines() if '"webhook delivery"' in text]
    assert line["delivery_id"] == "abc-1"
    assert line["job_ids"] == ["job-1"]
    assert (line["kind"], line["result"], line["level"]) == ("merge_request", "accepted", "info")


def test_a_failure_of_the_inbox_is_logged_with_the_delivery() -> None:
    stream = io.StringIO()
    configure_logging("json", stream=stream)
    site = Site(inbox=FakeInbox(failure=RuntimeError("disk full")))
    site.post("merge_request_open", {**TOKEN, "Idempotency-Key": "abc-1"})
    lines = [json.loads(text) for text in stream.getvalue().splitlines()]
    (failure,) = [line for line in lines if "exception" in line]
    assert failure["delivery_id"] == "abc-1"
    assert "disk full" in failure["exception"]


@settings(max_examples=examples(60), deadline=None)
@given(st.binary(max_size=300) | st.text(max_size=200).map(str.encode))
def test_no_body_whatsoever_makes_the_endpoint_fail(raw: bytes) -> None:
    assert Site().post(raw).status_code in (200, 202, 400, 422)


@settings(max_examples=examples(60), deadline=None)
@given(st.text(st.characters(min_codepoint=33, max_codepoint=255), max_size=200))
def test_no_id_whatsoever_makes_the_endpoint_fail_or_gets_raw_into_the_key(identifier: str) -> None:
    site = Site()
    headers: dict[Any, Any] = {b"X-Gitlab-Token": SECRET.encode(), b"Idempotency-Key": identifier.encode("latin-1")}
    assert site.post("merge_request_open", headers).status_code == 202
    (delivery,) = site.inbox.accepted.values()
    for text in (delivery.key, delivery.delivery_id):
        assert text.isascii()
        assert text.isprintable()
        assert 0 < len(text) <= 80


def test_the_limit_leaves_room_for_what_gitlab_sends() -> None:
    assert LARGEST_BODY > 25 * 1024 * 1024
