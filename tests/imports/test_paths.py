"""Which file of the repository a report's path means, and which paths mean none."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanners.finding import Location
from scanners.imports import PROJECT, ImportedFinding
from scanners.imports.paths import Paths, Refused
from tests.imports.samples import entries, one, result, sarif, why

ROOT = {"%SRCROOT%": {"uri": "file:///home/dev/shop/"}}
WINDOWS = {"SRCROOT": {"uri": "file:///C:/dev/shop/"}}


@pytest.mark.parametrize(
    ("uri", "base", "bases", "path"),
    [
        ("src/a.py", "", {}, "src/a.py"),
        ("./src//a.py", "", {}, "src/a.py"),
        ("src/../lib/a.py", "", {}, "lib/a.py"),
        ("src/a%20b%23.py", "", {}, "src/a b#.py"),
        ("src/%C3%A9.py", "", {}, "src/é.py"),
        ("src/%252e%252e/a.py", "", {}, "src/%2e%2e/a.py"),
        ("src\\win\\a.py", "", {}, "src/win/a.py"),
        ("src/a.py", "%SRCROOT%", {}, "src/a.py"),
        ("src/a.py", "%SRCROOT%", ROOT, "src/a.py"),
        ("../shop/src/a.py", "%SRCROOT%", ROOT, "src/a.py"),
        ("file:///home/dev/shop/src/a.py", "", ROOT, "src/a.py"),
        ("file://localhost/home/dev/shop/src/a.py", "", ROOT, "src/a.py"),
        ("file:/home/dev/shop/src/a.py", "", ROOT, "src/a.py"),
        ("/home/dev/shop/src/a.py", "", ROOT, "src/a.py"),
        ("//home/dev/shop/src/a.py", "", ROOT, "src/a.py"),
        ("file:///c:/dev/shop/src/a.py", "", WINDOWS, "src/a.py"),
        ("C:\\dev\\shop\\src\\a.py", "", WINDOWS, "src/a.py"),
        ("a.py", "LIB", {**ROOT, "LIB": {"uri": "lib/", "uriBaseId": "%SRCROOT%"}}, "lib/a.py"),
        ("../src/a.py", "LIB", {**ROOT, "LIB": {"uri": "lib/", "uriBaseId": "%SRCROOT%"}}, "src/a.py"),
        ("a.py", "LIB", {"LIB": {"uri": "lib/"}}, "lib/a.py"),
        ("a.py", "BIN", {**ROOT, "BIN": {"uri": "file:///home/dev/shop/bin/"}}, "bin/a.py"),
        ("a.py", "ONLY", {"ONLY": {"uri": "file:///somewhere/"}}, "a.py"),
        ("", "", {}, "."),
        ("file:///home/dev/shop", "", ROOT, "."),
        ("...", "", {}, "..."),
        ("..foo/a.py", "", {}, "..foo/a.py"),
    ],
)
def test_a_path_inside_the_repository_is_found(uri: str, base: str, bases: dict[str, Any], path: str) -> None:
    assert Paths(None, bases).of_uri(uri, base) == PurePosixPath(path)


@pytest.mark.parametrize(
    ("uri", "base", "bases", "told"),
    [
        ("../../etc/passwd", "", {}, "leaves the repository"),
        ("src/../../etc/passwd", "", {}, "leaves the repository"),
        ("%2e%2e/etc/passwd", "", {}, "leaves the repository"),
        ("..\\..\\etc\\passwd", "", {}, "leaves the repository"),
        ("..%5c..%5cetc", "", {}, "leaves the repository"),
        ("..", "", {}, "leaves the repository"),
        ("../../etc/passwd", "%SRCROOT%", ROOT, "outside the repository"),
        ("/etc/passwd", "", {}, "--strip-prefix"),
        ("/etc/passwd", "", ROOT, "--strip-prefix"),
        ("file:///home/dev/shopping/a.py", "", ROOT, "outside the repository"),
        ("file:///home/dev/shop/../other/a.py", "", ROOT, "outside the repository"),
        ("file://server/share/a.py", "", ROOT, "another machine"),
        ("https://example.com/a.py", "", ROOT, "https address"),
        ("C:\\dev\\shop\\a.py", "", {}, "--strip-prefix"),
        ("a\0b.py", "", {}, "control characters"),
        ("a%00b.py", "", {}, "control characters"),
        ("a%0Ab.py", "", {}, "control characters"),
        ("a\u202eb.py", "", {}, "control characters"),
        ("a\ud800.py", "", {}, "control characters"),
        ("a%FF.py", "", {}, "not UTF-8"),
        ("a/" * 3000, "", {}, "more than 4096"),
        ("a" * 20_000, "", {}, "more than 4096"),
        ("a.py", "A", {"A": {"uri": "a/", "uriBaseId": "B"}, "B": {"uri": "b/", "uriBaseId": "A"}}, "circle"),
        ("a.py", "X", {"X": {"uri": "file:///x/"}, "Y": {"uri": "file:///y/"}}, "does not say where"),
    ],
)
def test_a_path_outside_the_repository_is_refused(uri: str, base: str, bases: dict[str, Any], told: str) -> None:
    with pytest.raises(Refused, match=told):
        Paths(None, bases).of_uri(uri, base)


def test_a_prefix_that_the_caller_names_goes_before_what_the_report_says() -> None:
    paths = Paths(PurePosixPath("/builds/shop"), ROOT)
    assert paths.of_uri("file:///builds/shop/a.py") == PurePosixPath("a.py")
    assert paths.of_path("/builds/shop/b.py") == PurePosixPath("b.py")
    with pytest.raises(Refused):
        paths.of_uri("file:///home/dev/shop/a.py")


def test_a_plain_path_is_not_percent_decoded() -> None:
    assert Paths().of_path("src/100%25.py") == PurePosixPath("src/100%25.py")


def test_the_folder_that_the_report_maps_the_repository_to_is_its_root(tmp_path: Path) -> None:
    bases = {"%SRCROOT%": {"uri": "file:///home/dev/"}, "CHECKOUT": {"uri": "file:///home/dev/shop/"}}
    provenance = [{"repositoryUri": "https://example.com/shop", "mappedTo": {"uriBaseId": "CHECKOUT"}}]
    document = sarif(
        result("file:///home/dev/shop/src/a.py"), originalUriBaseIds=bases, versionControlProvenance=provenance
    )
    assert one(tmp_path, document).finding.location.path == PurePosixPath("src/a.py")


def test_the_option_helps_every_format_with_absolute_paths(tmp_path: Path) -> None:
    bandit = {"errors": [], "generated_at": "", "metrics": {}, "results": [
        {"filename": "/builds/shop/a.py", "test_id": "B307", "line_number": 1, "issue_severity": "MEDIUM"},
    ]}  # fmt: skip
    assert "--strip-prefix" in why(tmp_path, bandit)
    assert one(tmp_path, bandit, prefix="/builds/shop").finding.location.path == PurePosixPath("a.py")


def test_an_index_into_artifacts_stands_for_the_path(tmp_path: Path) -> None:
    known, unknown = result(line=2), result()
    for entry, index in ((known, 1), (unknown, 7)):
        entry["locations"][0]["physicalLocation"]["artifactLocation"] = {"index": index}
    document = sarif(known, unknown, artifacts=[{"location": {"uri": "a.py"}}, {"location": {"uri": "b.py"}}])
    found, rejected = entries(tmp_path, document)
    assert isinstance(found, ImportedFinding)
    assert found.finding.location == Location(PurePosixPath("b.py"), 2, 2)
    assert "names no file" in repr(rejected)


@given(st.text(max_size=60) | st.from_regex(r"(file:/{0,3}|[A-Z]:|/|\\)?([a-z%.\\/]|%2e|\.\.){0,20}"))
def test_no_path_ever_leaves_the_repository(text: str) -> None:
    for paths in (Paths(), Paths(None, ROOT), Paths(PurePosixPath("/"))):
        for find in (paths.of_path, paths.of_uri):
            try:
                found = find(text)
            except Refused:
                continue
            assert found == PROJECT or (not found.is_absolute() and ".." not in found.parts and "\0" not in str(found))
