"""Requirements files."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scanners.requirement import Pin, read_requirements
from tests.examples import examples


@pytest.mark.parametrize(
    ("line", "pin"),
    [
        ("Django==3.2", ("django", "3.2")),
        ("zope.interface == 5.0", ("zope-interface", "5.0")),
        ("a[b]==1.0 ; python_version < '3'", ("a", "1.0")),
        ("a===1.0", ("a", "1.0")),
        ("a==1.0 --hash=sha256:00 \\\n  --hash=sha256:11", ("a", "1.0")),
        ("a==1.0  # why", ("a", "1.0")),
        ("a==1.*", None),
        ("a>=1", None),
        ("a", None),
        ("a==1.0,==1.1", None),
        ("-e .", None),
        ("a @ https://example.com/a.whl", None),
        ("git+https://example.com/a.git#egg=a", None),
    ],
)
def test_only_an_exact_version_is_a_pin(line: str, pin: tuple[str, str] | None, tmp_path: Path) -> None:
    read = read_requirements(f"# first\n\n{line}\n".encode(), tmp_path)
    if pin is None:
        assert read.pins == ()
        assert [entry.line for entry in read.unpinned] == [3]
    else:
        assert read.pins == (Pin(3, *pin),)
        assert read.unpinned == ()


def test_what_pip_cannot_read_is_said_and_the_rest_is_kept(tmp_path: Path) -> None:
    read = read_requirements(b"??\ndjango==1.0\n", tmp_path)
    assert read.invalid_lines == (1,)
    assert read.pins == (Pin(2, "django", "1.0"),)


def test_includes_options_and_variables_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "other.txt").write_text("evil==6.6.6\n")
    read = read_requirements(b"-r other.txt\n--index-url https://example.com\na==${HOME}\n", tmp_path)
    assert read.pins == ()
    assert "/" not in repr(read.unpinned)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=examples(60))
@given(st.binary(max_size=200) | st.text("ab=<>;[]#\\\n-r @:/.1'\" ", max_size=60).map(str.encode))
def test_no_file_breaks_the_reading(tmp_path: Path, raw: bytes) -> None:
    read = read_requirements(raw, tmp_path)
    assert all(pin.line >= 1 for pin in read.pins)
