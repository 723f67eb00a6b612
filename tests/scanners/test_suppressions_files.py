"""Files that tell a scanner what to pass over: each line that says something is one entry."""

from __future__ import annotations

from pathlib import PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanners.offline.ignore_files import READERS
from scanners.offline.suppressions import suppressions
from scanners.units import IGNORE_FILE_MARKS, mark_of, plain_suffix, unit_name, unit_suffix

GITLEAKS = """\
title = "ours"
[extend]
useDefault = true
disabledRules = ["generic-api-key", # too loud
  "aws-access-token"]
[[rules]]
id = "own"
regex = '''x = "y"'''
[allowlist]
description = "samples"
paths = [
  '''tests/.* # all of them''',
  # '''not/this'''
]
[[rules.allowlists]]
stopwords = ["example"]
"""
BASELINE = """\
{"version": "1.5.0", "results": {"a.py": [
  {"type": "Secret Keyword",
   "hashed_secret": "0123456789abcdef0123456789abcdef01234567", "line_number": 3},
  {"hashed_secret": "1123456789abcdef0123456789abcdef01234567"}]}}
"""
SNYK = """\
version: v1.25.0
ignore:
  SNYK-JS-LODASH-567746:
    - '*':
        reason: not reached
        expires: 2030-01-01T00:00:00.000Z
  'npm:ms:20170412':
    - '*': {}
exclude:
  global:
    - vendor/**
patch: {}
"""
PYPROJECT = """\
[project]
name = "x"
[tool.bandit]
exclude_dirs = ["tests"]
skips = [
  "B101",
]
[tool.ruff.lint]
select = ["S"]
ignore = ["E501", "S603", "S607"]
[tool.ruff.lint.per-file-ignores]
"tests/**" = ["S", "D1"]
"docs/**" = ["D1"]
[tool.mypy]
exclude = ["S101"]
"""
DEPENDENCY_CHECK = """\
<suppressions>
  <!-- <cve>CVE-2000-0001</cve> -->
  <suppress until="2030-01-01Z">
    <packageUrl regex="true">^pkg:maven/org\\.x/.*$</packageUrl>
    <vulnerabilityName>CVE-2020-11022</vulnerabilityName>
    <cvssBelow>7</cvssBelow>
  </suppress>
</suppressions>
"""


@pytest.mark.parametrize(
    ("path", "text", "expected"),
    [
        (
            ".semgrepignore",
            "# ours\n\n:include .gitignore\ntests/\n!tests/keep\n",
            [(3, "ignore-file-semgrep-wide", ":include .gitignore"), (4, "ignore-file-semgrep-wide", "tests/")],
        ),
        (
            "app/.bandit",
            "[bandit]\nexclude = tests,\n  docs\n; skips = B1\nskips: B101,B602\nlevel = LOW\n",
            [
                (2, "ignore-file-bandit-wide", "tests,"),
                (3, "ignore-file-bandit-wide", "docs"),
                (5, "ignore-file-bandit-wide", "B101,B602"),
            ],
        ),
        (
            "bandit.yml",
            "exclude_dirs:\n- tests\nskips: [B101]  # loud\nassert_used:\n  skips:\n    - '*_test.py'\ntests: []\n",
            [
                (2, "ignore-file-bandit-wide", "- tests"),
                (3, "ignore-file-bandit-wide", "[B101]"),
                (6, "ignore-file-bandit-wide", "- '*_test.py'"),
            ],
        ),
        (
            ".gitleaksignore",
            "# old\n0123abc:src/a.py:generic-api-key:7\n",
            [(2, "ignore-file-gitleaks", "0123abc:src/a.py:generic-api-key:7")],
        ),
        (
            ".gitleaks.toml",
            GITLEAKS,
            [
                (4, "ignore-file-gitleaks-wide", '["generic-api-key",'),
                (5, "ignore-file-gitleaks-wide", '"aws-access-token"]'),
                (12, "ignore-file-gitleaks-wide", "'''tests/.* # all of them''',"),
                (16, "ignore-file-gitleaks-wide", '["example"]'),
            ],
        ),
        (
            ".secrets.baseline",
            BASELINE,
            [
                (3, "ignore-file-detect-secrets", '"hashed_secret": "0123456789abcdef0123456789abcdef01234567"'),
                (4, "ignore-file-detect-secrets", '"hashed_secret": "1123456789abcdef0123456789abcdef01234567"'),
            ],
        ),
        (
            ".trivyignore",
            "# why\nCVE-2022-40897 exp:2030-01-01\naws-s3-enable-logging\n",
            [
                (2, "ignore-file-trivy", "CVE-2022-40897 exp:2030-01-01"),
                (3, "ignore-file-trivy", "aws-s3-enable-logging"),
            ],
        ),
        (
            ".trivyignore.yaml",
            "vulnerabilities:\n- id: CVE-2022-40897\n  paths:\n    - a/b\nmisconfigurations:\n  - id: AVD-DS-0001\n",
            [(2, "ignore-file-trivy", "- id: CVE-2022-40897"), (6, "ignore-file-trivy", "- id: AVD-DS-0001")],
        ),
        (
            "osv-scanner.toml",
            '[[IgnoredVulns]]\nid = "GO-2022-0968"\nreason = "no"\n[[PackageOverrides]]\nname = "x"\nignore = true\n',
            [(2, "ignore-file-osv-scanner", '"GO-2022-0968"'), (6, "ignore-file-osv-scanner-wide", "true")],
        ),
        (
            ".snyk",
            SNYK,
            [
                (3, "ignore-file-snyk", "SNYK-JS-LODASH-567746:"),
                (7, "ignore-file-snyk", "'npm:ms:20170412':"),
                (11, "ignore-file-snyk-wide", "- vendor/**"),
            ],
        ),
        (".dcignore", "vendor/\n", [(1, "ignore-file-snyk-wide", "vendor/")]),
        (
            ".checkov.yml",
            "skip-check:\n  - CKV_AWS_20\nframework: all\nsoft-fail: true\ncheck:\n  - CKV_AWS_1\n",
            [(2, "ignore-file-checkov-wide", "- CKV_AWS_20"), (4, "ignore-file-checkov-wide", "true")],
        ),
        (
            ".tfsec/config.yml",
            "minimum_severity: HIGH\nexclude:\n  - aws-s3-enable-logging\n",
            [(1, "ignore-file-tfsec-wide", "HIGH"), (3, "ignore-file-tfsec-wide", "- aws-s3-enable-logging")],
        ),
        (
            "dependency-check-suppressions.xml",
            DEPENDENCY_CHECK,
            [
                (4, "ignore-file-dependency-check-wide", '<packageUrl regex="true">^pkg:maven/org\\.x/.*$'),
                (5, "ignore-file-dependency-check", "<vulnerabilityName>CVE-2020-11022<"),
                (6, "ignore-file-dependency-check-wide", "<cvssBelow>7"),
            ],
        ),
        (
            ".nsprc",
            '{\n  "1179": {"active": true, "notes": "old"},\n  "GHSA-vh95-rmgr-6w4m": "x"\n}\n',
            [(2, "ignore-file-npm-audit", '"1179"'), (3, "ignore-file-npm-audit", '"GHSA-vh95-rmgr-6w4m"')],
        ),
        (
            "audit-ci.jsonc",
            '{"allowlist": [\n  "GHSA-vh95-rmgr-6w4m|a>b" // why\n]}\n',
            [(2, "ignore-file-npm-audit", '"GHSA-vh95-rmgr-6w4m|a>b"')],
        ),
        (
            "spotbugs-exclude.xml",
            '<FindBugsFilter>\n <Match>\n  <Class name="a.B"/>\n  <Bug pattern="X"/>\n </Match>\n</FindBugsFilter>\n',
            [
                (3, "ignore-file-spotbugs-wide", '<Class name="a.B"/>'),
                (4, "ignore-file-spotbugs-wide", '<Bug pattern="X"/>'),
            ],
        ),
        (
            "sonar-project.properties",
            "sonar=a\nsonar.exclusions=a/**,\\\n  b/**\n# sonar.exclusions=c\nsonar.issue.ignore.multicriteria=e1\n",
            [
                (2, "ignore-file-sonarqube-wide", "a/**,\\"),
                (3, "ignore-file-sonarqube-wide", "b/**"),
                (5, "ignore-file-sonarqube-wide", "e1"),
            ],
        ),
        (
            "pyproject.toml",
            PYPROJECT,
            [
                (4, "ignore-file-bandit-wide", '["tests"]'),
                (6, "ignore-file-bandit-wide", '"B101",'),
                (10, "ignore-file-ruff-wide", '["E501", "S603", "S607"]'),
                (12, "ignore-file-ruff-wide", '["S", "D1"]'),
            ],
        ),
        (
            "ruff.toml",
            '[lint]\nextend-ignore = ["S101"]\n[lint.per-file-ignores]\n"a.py" = ["S602"]\n',
            [(2, "ignore-file-ruff-wide", '["S101"]'), (4, "ignore-file-ruff-wide", '["S602"]')],
        ),
        (
            "tox.ini",
            "[flake8]\nextend-ignore = E501, S101\nper-file-ignores =\n  a.py: S602\n  b: E\n[bandit]\nskips = B101\n",
            [
                (2, "ignore-file-flake8-wide", "E501, S101"),
                (4, "ignore-file-flake8-wide", "a.py: S602"),
                (7, "ignore-file-bandit-wide", "B101"),
            ],
        ),
        (
            ".gitguardian.yaml",
            "version: 2\nsecret:\n  ignored_paths:\n    - docs/**\n",
            [(4, "ignore-file-gitguardian-wide", "- docs/**")],
        ),
        (".hadolint.yaml", "ignored:\n  - DL3008\n", [(2, "ignore-file-hadolint-wide", "- DL3008")]),
        (
            "config/brakeman.ignore",
            '{"ignored_warnings": [\n {"fingerprint": "0123456789abcdef"}\n]}\n',
            [(2, "ignore-file-brakeman", '"fingerprint": "0123456789abcdef"')],
        ),
    ],
)
def test_each_entry_of_an_ignore_file_is_found_at_its_line(
    path: str, text: str, expected: list[tuple[int, str, str]]
) -> None:
    for ending in ("\n", "\r\n"):
        content = text.replace("\n", ending)
        suffix = unit_suffix(PurePosixPath(path), content.encode())
        assert suffix is not None
        read = [
            (content[: item.start].count("\n") + 1, item.rule, content[item.start : item.end])
            for item in suppressions(unit_name(1, suffix), content)
            if item.reach == "project"
        ]
        assert read == expected


def test_every_kind_of_file_that_gets_a_mark_is_read() -> None:
    assert set(READERS) == IGNORE_FILE_MARKS


def test_what_an_entry_names_is_told() -> None:
    (entry,) = suppressions("1.trivyignore.txt", "CVE-2022-40897 exp:2030-01-01\n")
    assert entry.ids == ("CVE-2022-40897",)
    (ruff,) = suppressions("1.ruff.toml", 'ignore = ["S603", "E1", "S607"]\n')
    assert ruff.ids == ("S603", "S607")


def test_a_list_of_requirements_under_the_name_of_an_ignore_file_is_still_read_as_one() -> None:
    suffix = unit_suffix(PurePosixPath(".trivyignore"), b"CVE-2022-40897\ndjango==3.2.0\n")
    assert suffix == ".trivyignore.requirements.txt"
    assert mark_of("1" + suffix) == ("trivyignore", ".requirements.txt")


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("1.gitleaks.toml", ".toml"),
        ("1.hashes.txt", ".txt"),
        ("1.slashes.txt", ".txt"),
        ("1.requirements.txt", ".requirements.txt"),
        ("1.trivyignore.requirements.txt", ".requirements.txt"),
        ("1.py", ".py"),
        ("1", ""),
    ],
)
def test_without_its_mark_a_suffix_is_what_it_was(name: str, plain: str) -> None:
    assert plain_suffix(name) == plain


_LINES = st.lists(
    st.sampled_from(
        [
            "[",
            "]",
            "skips",
            "ignore:",
            " = ",
            ": ",
            "- ",
            '"S1"',
            "'",
            '"',
            "# x",
            "[tool.bandit]",
            "[[allowlist]]",
            "\n",
            "\n  ",
            "exclude",
            "<cve>",
            "</cve>",
            "<!--",
            "-->",
            '"hashed_secret": "01234567"',
            "CVE-2020-1",
            "é",
            "\r",
            "sonar.exclusions=",
        ]
    ),
    max_size=40,
).map("".join)


@given(_LINES, st.sampled_from(sorted(READERS)), st.sampled_from([".txt", ".toml", ".yaml", ".ini", ".xml"]))
def test_every_text_under_every_name_yields_entries_within_it(text: str, mark: str, suffix: str) -> None:
    for item in suppressions(f"000001.{mark}{suffix}", text):
        assert 0 <= item.start < item.end <= len(text)
        assert text[item.start : item.end].strip()
