"""Which suffix stands for a file."""

from __future__ import annotations

from pathlib import PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanners.units import (
    BINARY_PROBE_BYTES,
    as_utf8,
    decode,
    has_lone_cr,
    link_hides_kind,
    reads_otherwise,
    split_lines,
    suffix_of,
    unit_name,
    unit_suffix,
)


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
        ("evil.py", b"x = 1\0", ".py"),
        ("notes", b"x = 1\0", None),
        ("notes.yaml", b"x: 1\0", None),
        ("run.v2", b"#!/usr/bin/env python3\n", ".py"),
        ("run", b"#!/usr/bin/env nodejs\n", ".js"),
        ("run", b"#!/usr/bin/env -i A=b pypy3 -u\n", ".py"),
        ("requirements.lock", b"django==1.0 \\\n    --hash=sha256:00\n", ".requirements.txt"),
        ("requirements/prod/base.txt", b"# base\ndjango [a] == 1.0 ; x > '1'\n-e .\n", ".requirements.txt"),
        ("deps.lst", b"# " + b"x" * BINARY_PROBE_BYTES + b"\ndjango>=0,==1.0\n", ".requirements.txt"),
        ("notes.txt", b"It says:\ndjango==1.0\n", ".txt"),
        ("words.txt", b"django\nflask\n", ".txt"),
        ("app.env", b"TOKEN=abc==1\n", ".env"),
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


@pytest.mark.parametrize(
    ("link", "target", "hides"),
    [
        ("app/plugin.py", "../notes.txt", True),
        ("app/plugin.py", "/etc/passwd", True),
        ("requirements.txt", "deps.lst", True),
        ("app/plugin.py", "other.py", False),
        ("requirements.txt", "requirements/base.txt", False),
        ("requirements/a.txt", "base.txt", False),
        ("README.md", "docs/index.html", False),
        ("latest", "v1/app.py", False),
    ],
)
def test_link_that_gives_a_file_another_kind_is_seen(link: str, target: str, hides: bool) -> None:
    assert link_hides_kind(PurePosixPath(link), target) is hides


@pytest.mark.parametrize(
    ("suffix", "raw", "otherwise"),
    [
        (".py", b"# coding: utf-7\n+AGUAdgBhAGw-(x)\n", True),
        (".py", b"#!/usr/bin/python3\n# vim: set fileencoding=unicode_escape :\n# \\u000aeval(x)\n", True),
        (".py", "# coding: shift_jis\nx = '\u8868'\n".encode("shift_jis"), True),
        (".py", b"# coding: no-such-codec\n", True),
        (".py", "# coding: gbk\nx = '\u4e2d'\n".encode("gbk"), False),
        (".py", "# coding: latin-1\nx = '\xe9'\n".encode("latin-1"), False),
        (".py", b"\xef\xbb\xbf# coding: utf-8\n", False),
        (".py", b"x = 1\n\n# coding: utf-7\n", False),
        (".js", b"# coding: utf-7\n", False),
        (".java", b"// \\u000a Runtime.getRuntime().exec(x);\n", True),
        (".java", b"/* \\uuu002A\\u002f run(); /* */\n", True),
        (".java", b'String a = "\\u0022; run(); String b = \\u0022";\n', True),
        (".java", b'String a = "\\\\u000a \\u001b \\u00e9";\n', False),
    ],
)
def test_code_that_its_language_reads_otherwise_is_seen(suffix: str, raw: bytes, otherwise: bool) -> None:
    assert reads_otherwise(suffix, raw) is otherwise


def test_text_in_utf_16_is_given_to_scanners_as_utf_8() -> None:
    code = "eval(x)\n"
    for name in ("utf-16-le", "utf-16-be"):
        assert as_utf8(".js", ("\ufeff" + code).encode(name)).decode().lstrip("\ufeff") == code


def test_two_bytes_in_front_do_not_hide_a_file_of_settings() -> None:
    assert b"password=1" in as_utf8(".properties", b"\xff\xfe\npassword=1\n")


@pytest.mark.parametrize(
    ("raw", "lone"), [(b"a\r\nb\r\n", False), (b"a\nb", False), (b"a\rb", True), (b"\r\r\n", True)]
)
def test_lone_carriage_return_is_seen(raw: bytes, lone: bool) -> None:
    assert has_lone_cr(raw) is lone
