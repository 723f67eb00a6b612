"""The tuning of the secret scanner."""

from __future__ import annotations

import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scanners.offline.detect_secrets import Detector
from scanners.secrets.values import is_placeholder
from tests.examples import examples
from tests.rules.secret_samples import Maker
from tests.scanners.fakes import PLANTED_PASSWORD, PLANTED_TOKEN


@pytest.fixture(scope="module")
def detector() -> Detector:
    return Detector()


@pytest.mark.parametrize(
    "value",
    [
        "changeme",
        "change-me-123",
        "your_api_key_here",
        "<your-token>",
        "${TOKEN}",
        "$TOKEN",
        "{{ vault.token }}",
        "%(password)s",
        "xxxxxxxxxxxx",
        "********",
        "example.com",
        "test-password",
        "os.environ['X']",
        "process.env.TOKEN",
        "abc",
    ],
)
def test_what_says_that_it_is_no_secret_is_none(value: str) -> None:
    assert is_placeholder(value)


@pytest.mark.parametrize("value", [PLANTED_PASSWORD, PLANTED_TOKEN, "S3cure!horse", "test8839201", "kv7Tq2mZ"])
def test_what_looks_like_a_secret_is_no_placeholder(value: str) -> None:
    assert not is_placeholder(value)


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("0.py", f'password = "{PLANTED_PASSWORD}"'),
        ("0.py", f'password = "{PLANTED_PASSWORD}"  # pragma: allowlist secret'),
        ("0.py", f'# pragma: allowlist nextline secret\npassword = "{PLANTED_PASSWORD}"'),
        ("0.env", f"PASSWORD={PLANTED_PASSWORD}"),
        ("0.yaml", f"password: {PLANTED_PASSWORD}"),
        ("0.yaml", f"a: 1\n# password: '{PLANTED_PASSWORD}'"),
        ("0.yaml", f"a: [\npassword: '{PLANTED_PASSWORD}'"),
        ("0.js", f"const apiKey = '{PLANTED_PASSWORD}';"),
        ("0.txt", f"see {PLANTED_TOKEN}"),
        ("0.lock", f"see {PLANTED_TOKEN}"),
        ("0.txt", "x" * 9_000 + f" {PLANTED_TOKEN} " + "y" * 9_000),
        ("0.txt", f"https://user:{PLANTED_PASSWORD}@db.internal/x"),
        ("0.txt", "-----BEGIN RSA PRIVATE " + "KEY-----"),
    ],
)
def test_a_secret_is_found(detector: Detector, name: str, line: str) -> None:
    assert list(detector.scan(name, line.encode()))


def test_a_stray_byte_hides_nothing(detector: Detector) -> None:
    raw = b"caf\xe9\n" + f'password = "{PLANTED_PASSWORD}"\n'.encode()
    assert [hit.line for hit in detector.scan("0.py", raw)] == [2]
    assert [hit.line for hit in detector.scan("0.py", f'password = "{PLANTED_PASSWORD}"'.encode("utf-16"))] == [1]


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("0.py", 'password = "changeme"'),
        ("0.py", "password = os.environ['PASSWORD']"),
        ("0.py", 'password = get_secret("database")'),
        ("0.yaml", "password: ${DB_PASSWORD}"),
        ("0.env", "PASSWORD="),
        ("0.txt", "https://user:secret@example.com/"),
        ("0.txt", "AKIAIOSFODNN7EXAMPLE"),
        ("0.lock", '"integrity": "sha512-9f8a7b6c5d4e3f2a1b0c9d8e7f6a5b4c3d2e1f0a"'),
        ("0.py", 'uid = "123e4567-e89b-12d3-a456-426614174000"'),
    ],
)
def test_an_example_is_not_found(detector: Detector, name: str, line: str) -> None:
    assert list(detector.scan(name, line.encode())) == []


def test_the_place_covers_the_whole_token(detector: Detector) -> None:
    line = f'ghp = call("{PLANTED_TOKEN}")'
    (hit,) = detector.scan("0.py", line.encode())
    assert line[hit.start : hit.end] == PLANTED_TOKEN


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=examples(60))
@given(st.binary(max_size=400), st.sampled_from(["0.py", "0.yaml", "0.ini", "0.env", "0.txt"]))
def test_no_file_breaks_the_search(detector: Detector, raw: bytes, name: str) -> None:
    for hit in detector.scan(name, raw):
        assert hit.line >= 1
        assert hit.start < hit.end or hit.start == -1


def test_a_line_of_tokens_without_a_gap_is_read_in_time(detector: Detector) -> None:
    """Each was stretched to the line's ends once, which took longer than a scan may."""
    maker = Maker("row")
    line = "".join(maker.text("{{github:ghp}}-") for _ in range(8_000))
    started = time.process_time()
    hits = list(detector.scan("0.js", line.encode()))
    assert 0 < len(hits) <= 1_000
    assert time.process_time() - started < 20


def test_example_host_elsewhere_on_the_line_excuses_no_password(detector: Detector) -> None:
    word = "Kj8sdf" + "7Hq2"
    line = f'u = "https://bob:{word}@db.corp.internal.net/x"  # like bob@example.com'
    assert [hit.rule for hit in detector.scan("000001.py", line.encode())] == ["url-password"]
