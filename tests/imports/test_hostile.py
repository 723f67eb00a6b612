"""Nothing but ``ReportError`` is raised, whatever the bytes are, and nothing that comes out is unsafe."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scanners.imports import FORMATS, ImportedFinding, Rejected, ReportError
from scanners.imports.document import FirstUse
from tests.examples import examples
from tests.imports.record import samples
from tests.imports.samples import SMALL, opened

_QUIET = settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=examples(120)
)
_WORDS = ["../../etc/passwd", "/etc/passwd", "file:///x", "CVE-2099-0001", "pkg:npm/a@1", "2.1.0", "requires login"]
_anything: st.SearchStrategy[Any] = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20)
    | st.sampled_from([[], {}, [[]], [{}], {"": {}}, 2**31, -1, 0, *_WORDS])
)


def _read(folder: Path, raw: bytes, name: str | None = None) -> None:
    try:
        report = opened(folder, raw, format=name, limits=SMALL)
        found = list(report.entries())
    except ReportError:
        return
    for tool in report.tools:
        assert 1 <= len(tool.name) <= 100
        assert tool.answered is not bool(tool.reason)
    for entry in found:
        if isinstance(entry, Rejected):
            assert entry.where
            assert entry.why
            assert "\n" not in entry.why
        if isinstance(entry, ImportedFinding):
            assert 0 <= entry.tool < len(report.tools)
            assert 1 <= len(entry.finding.rule_id) <= 200
            assert entry.finding.title
            assert entry.finding.fingerprint == ""
            assert [a.scanner for a in entry.finding.attributions] == [report.tools[entry.tool].name]
            json.dumps(repr(entry)).encode()


@_QUIET
@given(raw=st.binary(max_size=80), name=st.sampled_from([None, *FORMATS]))
def test_noise_is_refused(tmp_path: Path, raw: bytes, name: str | None) -> None:
    _read(tmp_path, raw, name)


@_QUIET
@given(
    value=st.recursive(
        _anything, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    name=st.sampled_from(FORMATS),
)
def test_json_of_any_shape_is_refused_or_read(tmp_path: Path, value: Any, name: str) -> None:
    _read(tmp_path, json.dumps(value).encode(), name)


def _values(document: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    items = (
        document.items() if isinstance(document, dict) else enumerate(document) if isinstance(document, list) else ()
    )
    for key, value in items:
        yield from _values(value, (*path, key))


def _replace(document: Any, place: tuple[Any, ...], value: Any) -> None:
    """Put a value there; nothing where an earlier replacement took the place away."""
    try:
        for key in place[:-1]:
            document = document[key]
        document[place[-1]] = copy.deepcopy(value)  # a value may be drawn twice, and be put into itself
    except (LookupError, TypeError):
        pass


@pytest.mark.parametrize("path", samples(), ids=lambda path: path.name)
@_QUIET
@given(data=st.data())
def test_a_real_report_with_values_replaced_is_refused_or_read(tmp_path: Path, path: Path, data: st.DataObject) -> None:
    text = path.read_text(encoding="utf-8")
    lined = path.suffix == ".jsonl"
    document = [json.loads(line) for line in text.splitlines()] if lined else json.loads(text)
    places = [place for place in _values(document) if place]
    for place in data.draw(st.lists(st.sampled_from(places), min_size=1, max_size=3)):
        _replace(document, place, data.draw(_anything))
    _read(tmp_path, ("\n".join(map(json.dumps, document)) if lined else json.dumps(document)).encode())


@_QUIET
@given(data=st.data(), path=st.sampled_from(samples()))
def test_a_real_report_with_bytes_replaced_is_refused_or_read(tmp_path: Path, path: Path, data: st.DataObject) -> None:
    raw = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(raw) - 1))
        raw[at : at + data.draw(st.integers(0, 4))] = data.draw(st.binary(max_size=4))
    _read(tmp_path, bytes(raw))


@given(st.lists(st.tuples(st.integers(0, 5000), st.integers(0, 2)), max_size=3000))
def test_the_first_owner_of_a_key_keeps_it(claims: list[tuple[int, int]]) -> None:
    first: dict[int, int] = {}
    uses = FirstUse()
    for key, owner in claims:
        assert uses.claim(str(key), str(owner)) is (first.setdefault(key, owner) == owner)
