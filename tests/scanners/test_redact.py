"""Secrets are taken out of whatever is shown."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanners.redact import mask_line, mask_literals, mask_values, private_key_lines


@pytest.mark.parametrize(
    ("line", "masked"),
    [
        ('password = "hunter22"', 'password = "***"'),
        ("f('a', \"b\", `c`)", "f('***', \"***\", `***`)"),
        ('x = ""', 'x = ""'),
        (r'x = "a\"b" + y', 'x = "***" + y'),
        ('x = "never closed', 'x = "***'),
        ('x = """triple "quoted" one"""', 'x = """***"""'),
    ],
)
def test_the_inside_of_literals_goes(line: str, masked: str) -> None:
    assert mask_literals(line) == masked


@pytest.mark.parametrize(
    "line",
    [
        "PASSWORD={}",
        "export TOKEN={}",
        "password: {}",
        "  - token: {}  # note",
        "db.password={}",
        "curl https://user:{}@host/",
        "password := {}",
        'key = "{}"',
        "key = '{}",
    ],
)
def test_a_secret_goes_from_a_line_that_holds_one(line: str) -> None:
    assert "s3cr3tValue" not in mask_line(line.format("s3cr3tValue"))


_secret = st.text(string.ascii_letters + string.digits + "+/-_", min_size=4, max_size=40)


@given(st.text(max_size=30), st.text(max_size=30), st.lists(_secret, min_size=1, max_size=4))
def test_known_values_never_stay(before: str, after: str, values: list[str]) -> None:
    text = before + after.join(values) + after
    masked = mask_values(text, values)
    assert not any(value in masked for value in values)


@given(_secret, st.sampled_from(['"', "'", "`"]))
def test_a_quoted_value_never_stays(value: str, quote: str) -> None:
    assert value not in mask_line(f"name = call({quote}{value}{quote})").replace("name", "").replace("call", "")


def test_every_line_of_a_private_key_is_known() -> None:
    lines = ["x", "-----BEGIN RSA PRIVATE " + "KEY-----", "MIIabc", "-----END RSA PRIVATE " + "KEY-----", "y"]
    assert private_key_lines(lines) == {2, 3, 4}
    assert private_key_lines(lines[:3]) == {2, 3}
