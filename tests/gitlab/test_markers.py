"""The hidden line: what goes in comes out, and nothing else passes for one."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.gitlab.markers import Marker, MarkerKind, key_of, marker_of, parse, path_digest, text_digest, with_marker
from bot.gitlab.model import Note

FINDING = Marker(MarkerKind.FINDING, "abc123", ("bandit", "semgrep"), path_digest("app.py"))


def test_a_marker_stands_at_the_end_and_says_what_it_was_given() -> None:
    body = with_marker("Hello", FINDING)
    assert body.startswith("Hello\n\n<!-- mergewarden:v1 kind=finding fp=abc123 scanners=bandit,semgrep at=")
    text, marker = parse(body)
    assert text == "Hello"
    assert marker is not None
    assert (marker.kind, marker.fingerprint, marker.scanners) == (MarkerKind.FINDING, "abc123", ("bandit", "semgrep"))
    assert marker.body_digest == text_digest("Hello")


@settings(deadline=None)
@given(st.text(max_size=300), st.text(max_size=40))
def test_any_text_and_any_fingerprint_come_back(text: str, fingerprint: str) -> None:
    key = key_of(fingerprint)
    _, marker = parse(with_marker(text, Marker(MarkerKind.FINDING, key)))
    assert marker is not None
    assert marker.fingerprint == key == key_of(key)


@pytest.mark.parametrize(
    "body",
    [
        "<!-- mergewarden:v1 kind=finding fp=abc d=0123456789abcdef --> more",
        "<!-- mergewarden:v1 kind=finding d=0123456789abcdef -->",
        "<!-- mergewarden:v1 kind=nonsense fp=a d=0123456789abcdef -->",
        "<!-- mergewarden:v2 kind=finding fp=abc d=0123456789abcdef -->",
        "<!-- mergewarden:v1 kind=finding fp=a b d=0123456789abcdef -->",
        with_marker("x", FINDING) + "\ntail",
        with_marker("x", FINDING) + "\n" + with_marker("y", FINDING),
        "",
    ],
)
def test_what_is_not_exactly_one_marker_at_the_end_is_none(body: str) -> None:
    assert parse(body)[1] is None


def test_a_marker_inside_the_text_is_broken_so_that_the_real_one_counts() -> None:
    inner = "<!-- mergewarden:v1 kind=finding fp=evil d=0123456789abcdef -->"
    body = with_marker(f"quoted {inner}", FINDING)
    marker = parse(body)[1]
    assert marker is not None
    assert marker.fingerprint == "abc123"


def test_a_marker_counts_only_in_the_bots_own_note() -> None:
    body = with_marker("x", FINDING)
    assert marker_of(Note(1, 7, "warden", body), 7) is not None
    assert marker_of(Note(1, 8, "eve", body), 7) is None
    assert marker_of(Note(1, 7, "warden", body, system=True), 7) is None
