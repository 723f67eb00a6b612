"""Which suffix stands for a file."""

from __future__ import annotations

from pathlib import PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanners.units import BINARY_PROBE_BYTES, decode, split_lines, suffix_of, unit_name, unit_suffix


@pytest.mark.parametrize(
    ("path", "content", "suffix"),
    [
        ("src/app.py", b"", ".py"),
        ("src/APP.PY", b"", ".py"),
        ("gui.pyw", b"", ".py"),
        ("web/app.mjs", b"", ".js"),
        ("web/app.tsx", b"", ".tsx"),
        ("web/types.cts", b"", ".ts"),
        ("Main.java", b"", ".java"),
        ("ci.yml", b"", ".yaml"),
        ("Dockerfile", b"", ".dockerfile"),
        ("deploy/Dockerfile.prod", b"", ".dockerfile"),
        (".env", b"", ".env"),
        (".env.production", b"", ".env"),
        ("requirements.txt", b"", ".requirements.txt"),
        ("requirements-dev.txt", b"", ".requirements.txt"),
        ("dev-requirements.txt", b"", ".requirements.txt"),
        ("requirements/base.txt", b"", ".requirements.txt"),
        ("constraints.txt", b"", ".requirements.txt"),
        ("my_requirements_notes.md", b"", ".txt"),
        ("package-lock.json", b"", ".lock"),
        ("poetry.lock", b"", ".lock"),
        ("go.sum", b"", ".lock"),
        ("manage", b"#!/usr/bin/env python3\n", ".py"),
        ("manage", b"#!/usr/bin/python3.11 -u\n", ".py"),
        ("run", b"#!/usr/bin/env -S node --flag\n", ".js"),
        ("run", b"#!/bin/bash\n", ".sh"),
        ("run", b"#!/opt/pythonic/tool\n", ".txt"),
        ("README.md", b"text", ".txt"),
        ("no-suffix", b"text", ".txt"),
        ("odd\nname \xff.py", b"", ".py"),
        ("image.png", b"\x89PNG\r\n\x1a\n\0\0", None),
        ("evil.py", b"x = 1\0", None),
        ("utf16.py", "x = 1".encode("utf-16"), ".py"),
        ("late.py", b"x" * BINARY_PROBE_BYTES + b"\0", ".py"),
    ],
)
def test_a_file_gets_the_suffix_of_its_kind(path: str, content: bytes, suffix: str | None) -> None:
    assert unit_suffix(PurePosixPath(path), content) == suffix


@given(st.text(min_size=1), st.binary(max_size=200))
def test_every_suffix_is_neutral(name: str, content: bytes) -> None:
    suffix = unit_suffix(PurePosixPath(name), content)
    if suffix is not None:
        assert suffix.startswith(".")
        assert suffix.replace(".", "").isascii()
        assert suffix.replace(".", "").isalnum()
        assert suffix_of(unit_name(12, suffix)) == suffix


@given(st.binary(max_size=300))
def test_every_content_can_be_read_as_text(content: bytes) -> None:
    assert isinstance(decode(content), str)


def test_a_form_feed_does_not_end_a_line() -> None:
    assert split_lines("a\x0cb\u2028c\r\nd\re\nf") == ["a\x0cb\u2028c", "d", "e", "f"]
