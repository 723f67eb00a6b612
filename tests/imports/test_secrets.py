"""A secret's value is nowhere in what is taken out of a report, however the report carries it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scanners.finding import FindingKind, Severity
from scanners.imports import ImportedFinding
from scanners.imports.common import masked_code, masked_prose
from tests.examples import examples
from tests.imports.record import PLANTED
from tests.imports.samples import entries, one, opened, result, sarif

SHORT = "hunter2"


def _with_snippet(text: str, **more: Any) -> dict[str, Any]:
    raw = result(**more)
    raw["locations"][0]["physicalLocation"]["region"]["snippet"] = {"text": text}
    return raw


def _gitlab(secret: str) -> dict[str, Any]:
    return {
        "version": "15.0.0",
        "scan": {"type": "secret_detection", "status": "success", "scanner": {"id": "x", "name": "x", "version": "1"}},
        "vulnerabilities": [
            {
                "id": "1",
                "name": secret,
                "description": secret,
                "severity": "High",
                "raw_source_code_extract": secret,
                "solution": secret,
                "location": {"file": "a.py", "start_line": 1},
                "identifiers": [{"type": "x_rule_id", "name": "A rule", "value": "rule"}],
                "flags": [],
            }
        ],
    }


def _gitleaks(secret: str, match: str) -> list[Any]:
    return [
        {"RuleID": "r", "Description": "d", "StartLine": 1, "EndLine": 1, "File": "a", "Secret": secret, "Match": match}
    ]


@pytest.mark.parametrize("secret", [PLANTED, SHORT])
@pytest.mark.parametrize("form", ["{}", "password = {}", "key: '{}'", "{} # token=abc", "the {} of mine", "a\n{}\nb"])
def test_the_snippet_of_a_secret_scanner_keeps_no_value(tmp_path: Path, secret: str, form: str) -> None:
    text = form.format(secret)
    told = {"message": {"text": f"found {secret}"}}
    rule = {"id": "R1", "shortDescription": {"text": "A key"}}
    documents: list[Any] = [
        sarif(_with_snippet(text, **told), name="gitleaks", rules=[rule]),
        sarif(_with_snippet(text, **told), rules=[{**rule, "properties": {"tags": ["secret"]}}]),
        _gitlab(secret),
        _gitleaks(secret, text),
        _gitleaks(text, secret),
    ]
    for document in documents:
        found = one(tmp_path, document)
        assert found.finding.kind is FindingKind.SECRET
        assert secret not in repr(found)


def test_a_bare_secret_leaves_no_hash_that_a_guess_could_be_compared_with(tmp_path: Path) -> None:
    for document in (sarif(_with_snippet(SHORT), name="gitleaks"), _gitlab(SHORT), _gitleaks(SHORT, SHORT)):
        hashes = {
            one(tmp_path, json.loads(json.dumps(document).replace(SHORT, s))).finding.match_hash
            for s in ("aaaa1", "bbbb2")
        }
        assert len(hashes) == 1


@pytest.mark.parametrize("tags", [["external/cwe/cwe-798"], ["CWE-259"], []])
def test_a_weakness_about_secrets_shows_no_literal_and_no_word_of_the_result(tmp_path: Path, tags: list[str]) -> None:
    rule = {"id": "hard-coded-password", "shortDescription": {"text": "A rule"}, "properties": {"tags": tags}}
    flow = {"relatedLocations": [{**result("b.py")["locations"][0], "message": {"text": f"here {SHORT}"}}]}
    raw = _with_snippet(f'login("{SHORT}")', ruleId="hard-coded-password", message={"text": f"it is {SHORT}"}, **flow)
    found = one(tmp_path, sarif(raw, rules=[rule]))
    assert SHORT not in repr(found)
    assert found.code == 'login("***")'


@pytest.mark.parametrize("verified", [True, False])
def test_a_secret_that_works_is_critical(tmp_path: Path, verified: bool) -> None:
    line = {"SourceMetadata": {"Data": {"Filesystem": {"file": "a"}}}, "DetectorName": "X", "Verified": verified}
    assert one(tmp_path, line).finding.severity is (Severity.CRITICAL if verified else Severity.MEDIUM)


@pytest.mark.parametrize(
    ("lines", "answered"),
    [
        ([], False),
        ([{"level": "info-0", "logger": "trufflehog", "msg": "running source"}], False),
        ([{"level": "info-0", "logger": "trufflehog", "msg": "finished scanning"}], True),
        (
            [{"level": "error", "logger": "trufflehog", "msg": "x"}, {"level": "info-0", "msg": "finished scanning"}],
            False,
        ),
    ],
)
def test_silence_of_trufflehog_is_an_answer_only_when_it_says_that_it_finished(
    tmp_path: Path, lines: list[Any], answered: bool
) -> None:
    raw = "".join(json.dumps(line) + "\n" for line in lines).encode()
    (tool,) = opened(tmp_path, raw, format="trufflehog").tools
    assert tool.answered is answered
    assert bool(tool.reason) is not answered


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("This doesn't matter; it's fine.", "This doesn't matter; it's fine."),
        ("Variable 'query' reaches `db.execute()`.", "Variable 'query' reaches `db.execute()`."),
        ("Found 'Tr0ub4dor' here", "Found '***' here"),
        ('Found "correct horse battery" here', 'Found "***" here'),
        ("token abcdefghij0123456789 leaks", "token *** leaks"),
        ("see src/module1/views2/file3.py", "see src/module1/views2/file3.py"),
        ("use sha256, not md5", "use sha256, not md5"),
    ],
)
def test_a_sentence_keeps_its_names_and_loses_what_could_be_a_secret(text: str, shown: str) -> None:
    assert masked_prose(text) == shown


@settings(deadline=None)
@given(st.text(alphabet=st.characters(codec="ascii", categories=("L", "N")), min_size=5, max_size=30), st.booleans())
def test_no_literal_of_code_is_kept(word: str, secret: bool) -> None:
    word = f"zq{word}"
    for code in (f'x = "{word}"', f"x = f('{word}')", f"x = '{word}", f'"""{word}"""'):
        assert word not in masked_code(code, secret=secret)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=examples(60))
@given(
    secret=st.from_regex(r"[A-Za-z0-9!$%&*+-]{6,30}", fullmatch=True).map(lambda text: f"zq{text}"),
    before=st.text(max_size=15),
    after=st.text(max_size=15),
)
def test_no_match_of_gitleaks_tells_its_secret(tmp_path: Path, secret: str, before: str, after: str) -> None:
    for document in (
        _gitleaks(secret, f"{before}{secret}{after}"),
        sarif(_with_snippet(f"{before}{secret}{after}"), name="Gitleaks"),
    ):
        for entry in entries(tmp_path, json.dumps(document, ensure_ascii=True).encode(), format=None):
            assert isinstance(entry, ImportedFinding)
            assert secret not in repr(entry)
