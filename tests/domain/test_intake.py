"""What is asked of whoever brings a report."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.intake import Intake, WrongIntake, intake_of

SHA = "0123456789abcdef" * 2 + "01234567"


def intake(**given_: Any) -> Intake:
    nothing: dict[str, Any] = dict.fromkeys(("ref", "sha", "merge_request", "format", "strip_prefix"))
    return intake_of(**(nothing | given_))


@pytest.mark.parametrize(
    ("given_", "expected"),
    [
        ({"ref": "main"}, Intake("main")),
        ({"ref": "refs/heads/release/1.0"}, Intake("release/1.0")),
        ({"ref": "main", "sha": SHA.upper()}, Intake("main", SHA)),
        ({"ref": "main", "sha": "ab" * 32}, Intake("main", "ab" * 32)),
        ({"ref": "main", "merge_request": "7"}, Intake("main", None, 7)),
        ({"merge_request": 7}, Intake("", None, 7)),
        ({"ref": "main", "sha": "", "merge_request": "", "format": "", "strip_prefix": ""}, Intake("main")),
        ({"ref": "main", "format": "sarif"}, Intake("main", format="sarif")),
        ({"ref": "main", "strip_prefix": "/builds/x/"}, Intake("main", strip_prefix=PurePosixPath("/builds/x"))),
    ],
)
def test_what_is_said_is_understood(given_: dict[str, Any], expected: Intake) -> None:
    assert intake(**given_) == expected


@pytest.mark.parametrize(
    ("field", "given_"),
    [
        ("ref", {}),
        ("ref", {"ref": "", "merge_request": ""}),
        ("ref", {"ref": "a\nb"}),
        ("ref", {"ref": " main"}),
        ("ref", {"ref": "x" * 1001}),
        ("ref", {"ref": "refs/tags/v1"}),
        ("ref", {"ref": "refs/merge-requests/7/head"}),
        ("sha", {"ref": "main", "sha": "abc123"}),
        ("sha", {"ref": "main", "sha": "HEAD"}),
        ("merge_request", {"ref": "main", "merge_request": "0"}),
        ("merge_request", {"ref": "main", "merge_request": "!7"}),
        ("merge_request", {"ref": "main", "merge_request": "7.0"}),
        ("merge_request", {"ref": "main", "merge_request": "٧"}),
        ("merge_request", {"ref": "main", "merge_request": "9" * 400}),
        ("merge_request", {"ref": "main", "merge_request": -7}),
        ("merge_request", {"ref": "main", "merge_request": str(2**63)}),
        ("format", {"ref": "main", "format": "x" * 41}),
        ("strip_prefix", {"ref": "main", "strip_prefix": "a\0b"}),
        ("strip_prefix", {"ref": "main", "strip_prefix": "x" * 4097}),
    ],
)
def test_what_cannot_be_is_refused_by_its_name(field: str, given_: dict[str, Any]) -> None:
    with pytest.raises(WrongIntake) as caught:
        intake(**given_)
    assert caught.value.field == field
    assert caught.value.hint


@given(st.fixed_dictionaries(dict.fromkeys(("ref", "sha", "merge_request", "format", "strip_prefix"), st.text())))
def test_any_texts_are_understood_or_refused(given_: dict[str, str]) -> None:
    try:
        found = intake_of(**given_)
    except WrongIntake:
        return
    assert found.ref or found.merge_request_iid
    assert found.ref.isprintable()
