"""A log line never shows a secret, and a stranger cannot forge one."""

from __future__ import annotations

import io
import json
import logging
from typing import Any

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from bot.observability.logs import bind, configure_logging
from bot.redaction import HIDDEN, Redactor, escape_controls
from bot.web.entry import without_keys

PASSWORD = "tr0ub4dor&3/x"


def logged(format: str = "json", level: str = "INFO", secrets: tuple[str, ...] = ()) -> io.StringIO:
    stream = io.StringIO()
    configure_logging("json" if format == "json" else "console", level, secrets, stream)
    return stream


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        ("clone with glpat-abcdef1234567890abcd now", "abcdef1234567890abcd"),
        ("glpat-Abc_def.01.0w1abcdefg", "Abc_def"),
        ("glptt-0123456789abcdef0123456789abcdef01234567", "0123456789abcdef"),
        ("gloas-0123456789abcdef", "0123456789abcdef"),
        ("whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=", "AAECAw"),
        ("mwt_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8", "AAECAw"),
        ("Authorization: Bearer abc.def-ghi", "abc.def-ghi"),
        ("{'Authorization': 'Basic dXNlcjpwYXNz'}", "dXNlcjpwYXNz"),
        ("(b'private-token', b's3cr3t-value')", "s3cr3t-value"),
        ("PRIVATE-TOKEN: s3cr3t-value", "s3cr3t-value"),
        ("x-gitlab-token=s3cr3t-value", "s3cr3t-value"),
        ("fetch https://oauth2:s3cr3t-value@gitlab.example.org/a.git failed", "s3cr3t-value"),
        ("postgresql+psycopg://me:s3cr3t-value@db/x", "s3cr3t-value"),
        ("GET /api/v4/user?private_token=s3cr3t-value&page=2", "s3cr3t-value"),
        ('{"access_token": "s3cr3t-value"}', "s3cr3t-value"),
    ],
)
def test_tokens_are_hidden_by_their_shape(text: str, hidden: str) -> None:
    shown = Redactor().text(text)
    assert hidden not in shown
    assert HIDDEN in shown


@pytest.mark.parametrize(
    "text", ["a token of thanks", "glpattern-x", "see https://gitlab.example.org/a@b", "2 secrets"]
)
def test_ordinary_words_stay(text: str) -> None:
    assert Redactor().text(text) == text


@given(st.text(max_size=50), st.text("abcXYZ019-_/+$^*", min_size=6, max_size=40), st.text(max_size=50))
def test_a_configured_secret_never_gets_through(before: str, secret: str, after: str) -> None:
    shown = Redactor([secret]).value({"a": [before + secret + after, (secret, {"k": secret.encode()})], secret: 1})
    rest = json.dumps(shown).replace(HIDDEN, "")
    assert secret not in rest


@given(st.text(max_size=200))
def test_no_text_keeps_a_character_that_acts_on_a_terminal(text: str) -> None:
    shown = escape_controls(text)
    assert not any(ord(c) < 32 or 127 <= ord(c) < 160 or 0xD800 <= ord(c) < 0xE000 for c in shown)
    assert not any(c in shown for c in "\u2028\u2029\u202e\u200b\ufeff")
    shown.encode()


@pytest.mark.parametrize("format", ["json", "console"])
def test_everything_in_an_event_is_redacted(format: str) -> None:
    stream = logged(format, secrets=(PASSWORD,))
    log = structlog.get_logger("x")
    log.info(
        f"start {PASSWORD}",
        url=f"https://u:{PASSWORD}@h/",
        nested={"headers": [("Authorization", f"Bearer {PASSWORD}")], "password": "short"},
        gitlab_token="anything",
        wrapped=SecretStr(PASSWORD),
    )
    text = stream.getvalue()
    assert PASSWORD not in text
    assert "short" not in text
    assert "anything" not in text
    assert HIDDEN in text


@pytest.mark.parametrize("format", ["json", "console"])
def test_exceptions_are_redacted_too(format: str) -> None:
    stream = logged(format, secrets=(PASSWORD,))
    try:
        raise ValueError(f"cannot log in with {PASSWORD} or glpat-abcdef1234567890")
    except ValueError:
        structlog.get_logger("x").exception("failed")
    assert "ValueError" in stream.getvalue()
    assert PASSWORD not in stream.getvalue()
    assert "glpat-abcdef" not in stream.getvalue()


@pytest.mark.parametrize("format", ["json", "console"])
def test_a_branch_name_cannot_forge_a_line(format: str) -> None:
    stream = logged(format)
    hostile = 'x\n{"event": "all clear", "level": "info"}\r\x1b[2K\u2028\u202e'
    structlog.get_logger("x").info("push", branch=hostile, **{"k\ney": 1})
    text = stream.getvalue()
    assert len(text.splitlines()) == 1
    assert "\x1b[2K" not in text
    assert "\u202e" not in text


def test_a_message_of_an_exception_cannot_begin_a_line() -> None:
    stream = logged("console")
    try:
        raise ValueError("bad\n2026-01-01 [info] all clear")
    except ValueError:
        structlog.get_logger("x").exception("failed")
    assert not any(line.startswith("2026-01-01") for line in stream.getvalue().splitlines())


@pytest.mark.parametrize("name", ["uvicorn", "uvicorn.error", "dbos", "sqlalchemy.engine", "bot.anything"])
def test_libraries_log_through_the_same_net(name: str) -> None:
    stream = logged(secrets=(PASSWORD,))
    logging.getLogger(name).warning("url %s\nnext", f"https://u:{PASSWORD}@h")
    (line,) = stream.getvalue().splitlines()
    event = json.loads(line)
    assert event["logger"] == name
    assert event["level"] == "warning"
    assert PASSWORD not in line
    assert "\\nnext" in event["event"]


def test_the_engine_does_not_tell_its_migrations_nor_advise_against_our_default() -> None:
    stream = logged()
    logging.getLogger("dbos").info("The SQLite system database is for development and testing.")
    logging.getLogger("dbos").warning("a real one")
    assert [json.loads(line)["event"] for line in stream.getvalue().splitlines()] == ["a real one"]


def test_a_logger_that_comes_with_handlers_does_not_print_twice_or_elsewhere() -> None:
    other = io.StringIO()
    logging.getLogger("dbos").addHandler(logging.StreamHandler(other))
    stream = logged()
    logging.getLogger("dbos").warning("hello")
    assert other.getvalue() == ""
    assert len(stream.getvalue().splitlines()) == 1


def test_bound_facts_are_on_every_line_of_the_block_and_on_no_other() -> None:
    stream = logged()
    log = structlog.get_logger("x")
    with bind(job_id="mr:412!27", delivery_id="d-1"):
        log.info("inside")
        logging.getLogger("library").info("inside too")
    log.info("outside")
    lines: list[dict[str, Any]] = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert [line.get("job_id") for line in lines] == ["mr:412!27", "mr:412!27", None]


def test_the_level_is_respected() -> None:
    stream = logged(level="WARNING")
    structlog.get_logger("x").info("quiet")
    logging.getLogger("y").info("quiet")
    assert stream.getvalue() == ""


@pytest.mark.parametrize("level", ["DEBUG", "INFO", "ERROR"])
@pytest.mark.parametrize("name", ["apprise", "apprise.plugins.slack"])
def test_a_library_that_tells_passwords_tells_nothing_whatever_the_level(level: str, name: str) -> None:
    stream = logged(level=level)
    logger = logging.getLogger(name)
    if name != "apprise":
        logger.setLevel(logging.DEBUG)
    for weight in (logging.DEBUG, logging.WARNING, logging.CRITICAL):
        logger.log(weight, "an invalid token (%s) was specified", PASSWORD)
    assert stream.getvalue() == ""


def test_times_are_utc_and_iso() -> None:
    stream = logged()
    structlog.get_logger("x").info("now")
    assert json.loads(stream.getvalue())["timestamp"].endswith("Z")


def test_deep_and_wide_values_are_cut() -> None:
    deep: Any = "end"
    for _ in range(50):
        deep = [deep]
    redactor = Redactor()
    assert "[too deep]" in json.dumps(redactor.value(deep))
    assert len(str(redactor.value({str(n): n for n in range(10_000)}))) < 2_000
    assert len(redactor.text("x" * 100_000)) < 20_000


def test_the_log_names_no_link_that_lets_somebody_in() -> None:
    assert without_keys("/acknowledge/abc123", {"code": "abc123"}) == "/acknowledge/..."
    assert without_keys("/badges/7/abc123.svg", {"project": 7, "signature": "abc123"}) == "/badges/7/....svg"
    assert without_keys("/projects/7", {"number": 7}) == "/projects/7"
