"""Files as a whole: what they are, and the refusals with their place and the way out."""

from __future__ import annotations

import json
import os
import time
import tracemalloc
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from scanners.imports import FORMATS, ImportLimits, ReportError, open_report
from scanners.interface import ScannerError
from tests.imports.record import ASSETS, samples
from tests.imports.samples import SMALL, entries, opened, result, sarif

JSON_SAMPLES = [path for path in samples() if path.suffix != ".jsonl"]


def _refusal(folder: Path, document: Any, **options: Any) -> ReportError:
    with pytest.raises(ReportError) as caught:
        opened(folder, document, **options)
    error = caught.value
    assert error.message.startswith("report: ")
    assert str(error) == (f"{error.message}; {error.hint}" if error.hint else error.message)
    return error


def test_the_refusal_is_one_that_scanners_raise() -> None:
    assert issubclass(ReportError, ScannerError)


@pytest.mark.parametrize(
    ("raw", "told"),
    [
        (b"", "is empty"),
        (b"  \n ", "ends in the middle"),
        (b"\xff\xfe{\0}\0", "is UTF-16"),
        ('{"runs": []}'.encode("utf-16-be"), "is UTF-16"),
        ('{"runs": []}'.encode("utf-16"), "is UTF-16"),
        ('{"runs": []}'.encode("utf-32"), "is UTF-32"),
        (b"\x1f\x8b\x08\0", "is a gzip file"),
        (b"PK\x03\x04", "is a zip file"),
        (b"<?xml version='1.0'?><bom/>", "is XML or HTML"),
        (b"Traceback (most recent call last):", "is not JSON"),
        (b"{}", "of no format that is read"),
        (b"[]", "of no format that is read"),
        (b"null", "of no format that is read"),
        (b'{"version": "2.1.0", "runs": []}{}', "something follows"),
        (b'{"runs": [{"a": "\xe9"}]}', "is not UTF-8"),
        (b'{"version": "2.1.0", "runs": [{"a": "\\udc00"}]}', "half of a surrogate pair"),
        (b'{"version": "2.1.0", "runs": [{"a": NaN}]}', "is not JSON"),
        (b'{"version": "2.1.0", "runs": [{"a": 1,}]}', "is not JSON"),
        (b'{"version": "2.1.0", "runs": [1]}', "an object is expected"),
        (b'{"version": "2.1.0", "runs": {"item": {}}}', "a list is expected"),
        (b'{"version": "2.1.0", "runs": []}', "has no runs"),
        (b'{"version": "2.0.0", "runs": [{}]}', "SARIF version 2.0.0"),
        (b'{"runs": [{}]}', "has no version"),
        (b'{"version": "2.1.0", "runs": [{"results": []}]}', "has no name"),
        (b'{"version": "14.0.0", "scan": {"type": "sast"}, "vulnerabilities": []}', "version 14.0.0"),
        (b'{"version": "15.0.0", "scan": {"type": "dast"}, "vulnerabilities": []}', "type dast"),
        (b'{"version": "15.0.0", "scan": {"type": "sast"}}', "has no vulnerabilities"),
        (b'{"bomFormat": "CycloneDX", "specVersion": "1.6", "components": []}', "has no vulnerabilities"),
        (b'{"bomFormat": "CycloneDX", "specVersion": "1.3", "vulnerabilities": []}', "version 1.3"),
        (b'{"@context": "https://openvex.dev/ns/v0.0.1", "author": "a", "statements": []}', "context"),
        (b'{"generated_at": "now", "results": []}', "has no errors"),
        (b'{"SourceMetadata": {}}\nTraceback', "line 2"),
    ],
)
def test_a_file_that_is_no_report_is_refused_with_the_reason(tmp_path: Path, raw: bytes, told: str) -> None:
    assert told in _refusal(tmp_path, raw).message


def test_a_byte_order_mark_of_utf_8_is_no_fault(tmp_path: Path) -> None:
    document = sarif(result())
    plain = entries(tmp_path, document)
    assert entries(tmp_path, b"\xef\xbb\xbf" + json.dumps(document).encode()) == plain
    assert len(plain) == 1


@pytest.mark.parametrize("path", samples(), ids=lambda path: path.name)
def test_a_truncated_file_is_refused(path: Path, tmp_path: Path) -> None:
    raw = path.read_bytes().rstrip()
    report = open_report(path)
    for length in range(1, len(raw), max(1, len(raw) // 40)):
        if path.suffix == ".jsonl" and raw[length - 1 : length + 1].endswith((b"}", b"\n", b"}\n")):
            continue  # between two lines, where nothing shows
        _refusal(tmp_path, raw[:length], format=report.format)


def test_a_truncated_file_is_refused_with_its_place(tmp_path: Path) -> None:
    raw = json.dumps(sarif(*[result()] * 20)).encode()
    cut = raw[: raw.rindex(b"startLine")]
    error = _refusal(tmp_path, cut)
    assert f"runs[0].results[19], byte {len(cut)}" in error.message
    assert "cut off" in error.hint


def test_a_syntax_error_is_refused_with_its_line_and_byte(tmp_path: Path) -> None:
    raw = json.dumps(sarif(*[result()] * 600), indent=1).encode()
    at = raw.index(b'"startLine"', 150_000)
    broken = raw[:at] + b"?" + raw[at:]
    error = _refusal(tmp_path, broken)
    assert f"line {broken[:at].count(10) + 1}, byte {at}" in error.message
    assert "runs[0].results[" in error.message


def test_bytes_that_are_no_utf_8_are_refused_with_their_line_and_byte(tmp_path: Path) -> None:
    raw = json.dumps(sarif(*[result(message={"text": "é"})] * 600), indent=1, ensure_ascii=False).encode()
    at = raw.index("é".encode(), 100_000)
    error = _refusal(tmp_path, raw[: at + 1] + raw[at + 2 :])
    assert f"line {raw[:at].count(10) + 1}, byte {at}:" in error.message


def test_a_secret_beside_a_syntax_error_is_not_told(tmp_path: Path) -> None:
    error = _refusal(tmp_path, b'{"version": "2.1.0", "runs": [{"Zebra": "Zebra" "Zebra"}]}')
    assert "Zebra" not in str(error)


@pytest.mark.parametrize(
    ("limits", "document", "told"),
    [
        ({"max_bytes": 100}, sarif(result()), "more than the 100 that are read"),
        ({"max_depth": 6}, sarif(result()), "more than 6 deep"),
        ({"max_findings": 2}, sarif(*[result()] * 3), "more than 2 results"),
        ({"max_per_rule": 2}, sarif(*[result()] * 3), "more than 2 results of one rule (R1)"),
        ({"max_rules": 2}, sarif(*[result(ruleId=f"R{n}") for n in range(3)]), "more than 2 rules"),
        ({"max_value_bytes": 1000}, sarif(result(message={"text": "x" * 400_000})), "larger than 1000 bytes"),
        ({"max_value_bytes": 1000}, sarif(result(properties={"x": ["y"] * 100_000})), "larger than 1000 bytes"),
        ({"max_header_bytes": 5000}, {"version": "2.1.0", "runs": [{}] * 100}, "besides the results"),
        ({}, {"version": "2.1.0", "runs": [{}] * 1001}, "more than 1000 runs"),
        ({"max_header_bytes": 5000}, sarif(rules=[{"id": f"R{n}"} for n in range(100)]), "besides the results"),
    ],
)
def test_every_limit_refuses_with_what_was_too_much(
    tmp_path: Path, limits: dict[str, int], document: Any, told: str
) -> None:
    assert told in _refusal(tmp_path, document, limits=replace(ImportLimits(), **limits)).message


def test_masking_takes_no_longer_for_a_hostile_line(tmp_path: Path) -> None:
    """Quadratic in the length of a line, so that long lines must not get there."""
    long = "+" * 300_000
    raw = result(message={"text": long})
    raw["locations"][0]["physicalLocation"]["region"]["snippet"] = {"text": long}
    leak = {"RuleID": "r", "StartLine": 1, "File": "a", "Secret": "+++", "Match": long, "Description": long}
    started = time.process_time()
    for document in (sarif(*[raw] * 20), sarif(*[raw] * 20, name="gitleaks"), [leak] * 20):
        assert len(entries(tmp_path, document)) == 20
    assert time.process_time() - started < 5


def test_exactly_at_a_limit_is_read(tmp_path: Path) -> None:
    document = sarif(*[result(ruleId="R1") for _ in range(30)], *[result(ruleId=f"S{n}") for n in range(20)])
    assert len(entries(tmp_path, document, limits=SMALL)) == 50
    raw = json.dumps(document).encode()
    assert len(entries(tmp_path, raw, limits=replace(SMALL, max_bytes=len(raw)))) == 50


def test_limits_hold_over_several_runs(tmp_path: Path) -> None:
    run = sarif(*[result()] * 20)["runs"][0]
    assert (
        "more than 30 results of one rule"
        in _refusal(tmp_path, {"version": "2.1.0", "runs": [run, run]}, limits=SMALL).message
    )


@pytest.mark.parametrize("bracket", [b"[", b'{"a":', b'[{"":'])
def test_a_million_brackets_are_refused_in_little_memory(tmp_path: Path, bracket: bytes) -> None:
    """ijson's prefixes would take gigabytes for this."""
    tracemalloc.start()
    try:
        error = _refusal(tmp_path, b'{"version": "2.1.0", "runs": [{"x":' + bracket * 300_000)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert "more than 64 deep" in error.message
    assert peak < 30_000_000


@pytest.mark.parametrize(
    "number", [b"9" * 5000, b"1e400", b"-" + b"9" * 30, b"1e" + b"9" * 30, b"18446744073709551616"]
)
def test_a_number_beyond_64_bits_is_refused(tmp_path: Path, number: bytes) -> None:
    """The first of them crashes a process that reads it with ijson's default settings."""
    raw = b'{"version": "2.1.0", "runs": [{"x": ' + number + b"}]}"
    assert "does not fit into 64 bits" in _refusal(tmp_path, raw).message


def test_a_name_that_ijson_would_take_for_a_path_is_refused(tmp_path: Path) -> None:
    document = {**sarif(result()), "runs.item.results": [result(ruleId="smuggled")]}
    assert "taken for a path" in _refusal(tmp_path, document).message
    assert "taken for a path" in _refusal(tmp_path, {"": sarif(result()), **sarif(result())}).message


def test_long_names_inside_each_other_are_refused(tmp_path: Path) -> None:
    document: Any = 1
    for number in range(20):
        document = {f"{number}" * 1000: document}
    assert "a name is too long" in _refusal(tmp_path, {**sarif(), "properties": document}).message


def test_long_names_beside_each_other_are_read(tmp_path: Path) -> None:
    names = {f"{'src/' * 200}{number}.py": {"loc": 1} for number in range(100)}
    assert len(entries(tmp_path, {**sarif(result()), "properties": names})) == 1


@pytest.mark.parametrize("make", [os.mkfifo, Path.mkdir, lambda path: None, lambda path: path.symlink_to("/dev/zero")])
def test_what_is_no_regular_file_is_refused(tmp_path: Path, make: Callable[[Path], None]) -> None:
    path = tmp_path / "report"
    make(path)
    with pytest.raises(ReportError, match=r"cannot be opened|not a regular file"):
        open_report(path)


@pytest.mark.parametrize("path", [Path("a\0b"), Path("\ud800"), Path("x" * 5000)])
def test_a_path_that_cannot_be_is_refused(path: Path) -> None:
    with pytest.raises(ReportError):
        open_report(path)


def test_a_format_that_does_not_exist_is_refused_with_those_that_do(tmp_path: Path) -> None:
    with pytest.raises(ReportError, match="junit") as caught:
        opened(tmp_path, sarif(result()), format="junit")
    assert all(name in caught.value.hint for name in FORMATS)


def test_the_name_of_a_file_does_not_decide(tmp_path: Path) -> None:
    path = tmp_path / "bandit.json"
    path.write_text(json.dumps(sarif(result())))
    assert open_report(path).format == "sarif"


def test_a_format_that_is_named_must_fit(tmp_path: Path) -> None:
    with pytest.raises(ReportError, match="has no"):
        opened(tmp_path, sarif(result()), format="bandit")


def test_an_empty_list_of_gitleaks_is_an_answer_when_it_is_named(tmp_path: Path) -> None:
    report = opened(tmp_path, b"[]\n", format="gitleaks")
    assert report.tools[0].answered
    assert list(report.entries()) == []


def test_digest_and_size_are_those_of_the_file() -> None:
    path = ASSETS / "gitleaks" / "gitleaks.json"
    import hashlib

    report = open_report(path)
    assert (report.digest, report.size) == (hashlib.sha256(path.read_bytes()).hexdigest(), path.stat().st_size)


def test_a_file_that_changes_meanwhile_is_refused(tmp_path: Path) -> None:
    report = opened(tmp_path, sarif(result()))
    (tmp_path / "report").write_text(json.dumps(sarif(result(), result())))
    with pytest.raises(ReportError, match="was changed"):
        list(report.entries())


def test_a_file_that_changes_in_the_midst_of_reading_is_refused(tmp_path: Path) -> None:
    raw = json.dumps(sarif(*[result()] * 3000)).encode()
    report = opened(tmp_path, raw)
    reading = report.entries()
    next(reading)
    with (tmp_path / "report").open("r+b") as handle:
        handle.seek(len(raw) - 200)
        handle.write(b" " * 100)
    with pytest.raises(ReportError, match="was changed"):
        list(reading)


def test_memory_does_not_grow_with_the_number_of_results(tmp_path: Path) -> None:
    def peak(count: int) -> int:
        path = tmp_path / f"{count}"
        path.write_text(json.dumps(sarif(*[result(f"src/{n % 50}.py", n + 1) for n in range(count)])))
        tracemalloc.start()
        try:
            assert sum(1 for _ in open_report(path).entries()) == count
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    peak(100)  # imports and caches
    assert peak(2500) < peak(500) + 500_000
