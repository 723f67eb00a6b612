"""What people attest: said so that it can be read, by one person and confirmed by another, with files of few kinds."""

from __future__ import annotations

import unicodedata
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.maturity.attestation import (
    FILE_TYPES,
    LARGEST_FILE,
    LONGEST_TEXT,
    MOST_BYTES,
    MOST_OPEN,
    Attestation,
    AttestationError,
    attachment,
    cleaned_text,
    made,
    must_be_confirmable,
    must_have_room,
)
from bot.domain.maturity.model import Attest, Demand, Probe
from bot.domain.maturity.scope import ORGANISATION
from tests.domain.maturity import worlds
from tests.domain.maturity.worlds import END

ASKED = worlds.demand("a-3-02", Attest(valid_days=30))
PDF, PNG, JPEG = b"%PDF-1.7\n...", b"\x89PNG\r\n\x1a\n...", b"\xff\xd8\xff\xe0..."


def said(demand: Demand = ASKED, **more: object) -> Attestation:
    values = {"model_id": "small", "scope": ORGANISATION, "text": "We do it so.", "actor": "ada", "person_id": 1}
    return made(demand, **{**values, "now": END, **more})  # type: ignore[arg-type]


def test_it_holds_for_as_long_as_the_model_allows_and_no_longer() -> None:
    assert said().expires_at == END + timedelta(days=30)
    assert said(expires_at=END + timedelta(days=3)).expires_at == END + timedelta(days=3)
    with pytest.raises(AttestationError, match="30 days at most"):
        said(expires_at=END + timedelta(days=31))
    with pytest.raises(AttestationError, match="over before it begins"):
        said(expires_at=END)


def test_what_data_answers_nobody_attests() -> None:
    with pytest.raises(AttestationError, match="answered by data"):
        said(worlds.demand("a", Probe("scan_success", 1.0)))


def test_nobody_confirms_his_own() -> None:
    bare = said()
    must_be_confirmable(bare, actor="grace", person_id=2, now=END)
    with pytest.raises(AttestationError, match="is yours"):
        must_be_confirmable(bare, actor="somebody else", person_id=1, now=END)
    with pytest.raises(AttestationError, match="is yours"):
        must_be_confirmable(bare, actor="Ada", person_id=9, now=END)
    for change, words in (
        ({"withdrawn_at": END}, "taken back"),
        ({"expires_at": END}, "is over"),
        ({"confirmed_at": END, "confirmed_by": "grace"}, "confirmed by grace already"),
    ):
        with pytest.raises(AttestationError, match=words):
            must_be_confirmable(replace(bare, **change), actor="eve", person_id=3, now=END)


def test_a_text_is_kept_without_what_nobody_sees_and_without_secrets() -> None:
    text = "  We\u202e meet\x00 each\t\tweek.  \r\n\n\n\n\nThe token is glpat-abcdefghijklmnopqrst.\u200b "
    assert cleaned_text(text) == "We meet each week.\n\nThe token is [redacted]"


@pytest.mark.parametrize("text", ["", " \n ", "ok", "\u200b" * 50, "x" * (LONGEST_TEXT + 1), "x" * 10**6])
def test_a_text_that_says_nothing_or_too_much_is_refused(text: str) -> None:
    with pytest.raises(AttestationError):
        cleaned_text(text)


@given(st.text(max_size=300))
def test_whatever_is_written_is_cleaned_or_refused(text: str) -> None:
    try:
        cleaned = cleaned_text(text)
    except AttestationError:
        return
    assert 10 <= len(cleaned) <= LONGEST_TEXT
    assert not {unicodedata.category(character) for character in cleaned if character != "\n"} & {
        "Cc",
        "Cf",
        "Cs",
        "Co",
    }


@pytest.mark.parametrize(
    ("name", "content", "kind", "shown"),
    [
        ("minutes.pdf", PDF, "application/pdf", "minutes.pdf"),
        ("minutes.exe", PDF, "application/pdf", "minutes.exe.pdf"),
        ("C:\\Users\\ada\\板书.PNG", PNG, "image/png", "板书.png"),
        ("../../etc/passwd", b"root and so on", "text/plain", "passwd.txt"),
        ("photo.JPEG", JPEG, "image/jpeg", "photo.jpeg"),
        ("a\u202efdp.txt", b"plain", "text/plain", "afdp.txt"),
        ("", b"plain", "text/plain", "attachment.txt"),
        ('x";rm -rf.csv', "说明,1\n".encode(), "text/plain", "x__rm -rf.csv"),
        ("n" * 500, PNG, "image/png", "n" * 115 + ".png"),
    ],
)
def test_a_file_is_what_its_first_bytes_say(name: str, content: bytes, kind: str, shown: str) -> None:
    found = attachment(name, content)
    assert (found.type, found.name) == (kind, shown)
    assert found.type in FILE_TYPES


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"PK\x03\x04 word/document.xml",
        b"<!DOCTYPE html><script>alert(1)</script>",
        b"\xef\xbb\xbf  <svg xmlns='...'>",
        b"<?xml version='1.0'?>",
        b"\x7fELF",
        b"text\x00text",
        b"\xff\xfe\x00",
        b"escape \x1b[31m",
        b"password=hunter2hunter2",
        b"x" * 15_990 + b"glpat-abcdefghijklmnopqrst" + b"y" * 20_000,
        PDF + b"x" * LARGEST_FILE,
    ],
)
def test_a_file_that_a_browser_might_run_or_that_holds_a_secret_is_refused(content: bytes) -> None:
    with pytest.raises(AttestationError):
        attachment("a.txt", content)


@given(st.text(max_size=60), st.binary(max_size=200))
def test_whatever_is_sent_is_of_a_known_kind_or_refused(name: str, content: bytes) -> None:
    try:
        found = attachment(name, content)
    except AttestationError:
        return
    assert found.type in FILE_TYPES
    assert not set(found.name) & set('/\\"\n\r\x00')
    assert 0 < len(found.name) <= 120


def test_there_is_room_up_to_the_limits_and_no_further() -> None:
    file = attachment("a.txt", b"ten bytes.")
    must_have_room(MOST_OPEN - 1, MOST_BYTES - 10, file)
    must_have_room(0, 10 * MOST_BYTES, None)
    with pytest.raises(AttestationError, match=f"there are {MOST_OPEN} attestations"):
        must_have_room(MOST_OPEN, 0, None)
    with pytest.raises(AttestationError, match="may have 100 MB"):
        must_have_room(0, MOST_BYTES - 9, file)
