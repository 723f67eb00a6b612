"""
Files that tell a scanner what to pass over, and settings that do: one entry for each line that says something.

Their format is understood line by line and not with a parser, because an entry needs its line, and because a broken
file must not hide what its tool may still read. Where it is not clear whether a line counts, it does.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cache
from typing import NamedTuple

from scanners.offline.comments import Syntax, line_spans, tokens
from scanners.offline.markers import MOST_IDS


class Entry(NamedTuple):
    """Something that takes files, rules or matches out of a tool's sight, from ``start`` to ``end`` (exclusive)."""

    tool: str
    start: int
    end: int
    wide: bool
    """Whether it takes out whole files or rules, and not just one match or one advisory."""
    ids: tuple[str, ...] | None
    """The advisories or rules that it names, where they can be told."""


Reader = Callable[[str], Iterator[Entry]]


class _Key(NamedTuple):
    """A setting that passes something over."""

    key: str
    """Expression for its name."""
    section: str = ""
    """Expression for the table or section that it stands in; empty for any."""
    value: str = ""
    """Expression that a line must hold to count; its group, if any, is the id. Empty: every line counts."""
    wide: bool = True


_HEADER = re.compile(r"\s*\[{1,2}\s*([^\[\]]{1,200})\]{1,2}\s*")
_PAIR = re.compile(r"(\s*(?:-\s)?)\s*(\"[^\"]{0,400}\"|'[^']{0,400}'|[\w.*/-]{1,400})\s*[:=]\s*(.*)")
_SAYS_NOTHING = re.compile(r"[\s\[\]{}(),\\|>\"'-]*")
_HASH = re.compile(r"(?:^|\s)#")
_XML = Syntax("", (("<!--", "-->"),))
_MOST_COLUMNS = 2_000
"""Characters of a line that are looked at."""


def _every_line(tool: str, *, named: str = "", skipped: str = "#") -> Reader:
    """Each line that is no comment. ``named`` finds the id where lines name advisories; without it they name files."""

    def read(text: str) -> Iterator[Entry]:
        for begin, line in _lines(text):
            code = line.strip()
            if not code or code[0] in skipped:
                continue
            hit = _compiled(named).match(code) if named else None
            start = begin + len(line) - len(line.lstrip())
            ids = (hit.group(1),) if hit is not None and hit.lastindex else None
            yield Entry(tool, start, start + len(code), not named, ids)

    return read


def _settings(tool: str, *keys: _Key) -> Reader:
    """Values of settings in TOML, INI, YAML or properties: on the line of the key, and on those that continue it."""

    def read(text: str) -> Iterator[Entry]:
        section, level = "", 0
        current: _Key | None = None
        for begin, whole in _lines(text):
            line = _uncommented(whole) if whole.strip() else ""
            if not line:
                continue
            header = _HEADER.fullmatch(line)
            if header is not None:
                section, current = header.group(1).strip().replace('"', ""), None
                continue
            start, pair = 0, _PAIR.match(line)
            if pair is not None and (current is None or len(pair.group(1)) <= level):
                # An item of a list is deeper than its key, even where YAML lets it begin in the same column.
                name, level, start = pair.group(2).strip("\"'"), len(line) - len(line.lstrip()), pair.start(3)
                current = next((key for key in keys if _is_about(key, section, name)), None)
            if current is None:
                continue
            hits = list(_compiled(current.value).finditer(line, start)) if current.value else []
            code = line[start:].strip()
            if (current.value and not hits) or _SAYS_NOTHING.fullmatch(code):
                continue
            start += begin + len(line[start:]) - len(line[start:].lstrip())
            ids = tuple(hit.group(1) for hit in hits[:MOST_IDS] if hit.lastindex) or None
            yield Entry(tool, start, start + len(code), current.wide, ids)

    return read


def _is_about(key: _Key, section: str, name: str) -> bool:
    return _compiled(key.key).fullmatch(name) is not None and (
        not key.section or _compiled(key.section).fullmatch(section) is not None
    )


def _places(tool: str, pattern: str, syntax: Syntax | None = None, *, wide: bool = False) -> Reader:
    """Each match of an expression outside comments; its group ``id``, where there is one, is the id."""

    def read(text: str) -> Iterator[Entry]:
        hidden = list(tokens(text, syntax)) if syntax is not None else []
        upcoming = 0
        for hit in _compiled(pattern).finditer(text):
            while upcoming < len(hidden) and hidden[upcoming].end <= hit.start():
                upcoming += 1
            if upcoming < len(hidden) and hidden[upcoming].start <= hit.start():
                continue
            name = hit.groupdict().get("id")
            yield Entry(tool, hit.start(), hit.end(), wide and not name, (name,) if name else None)

    return read


def _both(*readers: Reader) -> Reader:
    def read(text: str) -> Iterator[Entry]:
        for reader in readers:
            yield from reader(text)

    return read


def _lines(text: str) -> Iterator[tuple[int, str]]:
    """Where each line begins, and the line as far as it is looked at."""
    for start, end in line_spans(text):
        yield start, text[start : min(end, start + _MOST_COLUMNS)]


def _uncommented(line: str) -> str:
    """The line without its comment; a hash within quotes begins none."""
    if line.lstrip().startswith((";", "//")):
        return ""
    for hit in _HASH.finditer(line):
        before = line[: hit.start()]
        if before.count('"') % 2 == 0 and before.count("'") % 2 == 0:
            return before
    return line


_ADVISORY = r"((?:CVE|GHSA|AVD|DS|KSV|RUSTSEC|PYSEC|TEMP|OSV|GO|MAL)-?[\w-]{2,60}|[a-z]{2,12}(?:-[a-z0-9]+){1,10})?"
_S_CODE = r"[\"'](S\d{0,3})[\"']"
_S_WORD = r"\b(S\d{1,3})\b"
_PER_FILE = r"(?:extend-)?per-file-ignores"


def _bandit(section: str = "") -> Reader:
    keys = ("skips?", "exclude(?:_dirs)?", "tests?", "baseline")
    return _settings("bandit", *(_Key(key, section) for key in keys))


def _ruff(table: str) -> Reader:
    return _settings(
        "ruff",
        _Key(rf"(?:lint\.)?(?:(?:extend-)?ignore|{_PER_FILE})", rf"{table}(?:lint)?", _S_CODE),
        _Key(r".*", rf"{table}(?:lint\.)?{_PER_FILE}", _S_CODE),
    )


READERS: dict[str, Reader] = {
    "semgrepignore": _every_line("semgrep", skipped="#!"),
    "bandit": _bandit(),
    "gitleaksignore": _every_line("gitleaks", named=r"\S"),
    "gitleaks": _settings(
        "gitleaks",
        _Key(r"disabledRules", r"extend"),
        _Key(r"(?!(?:description|condition|regexTarget|id)$).*", r"(?:.*\.)?allowlists?"),
    ),
    "secretsbaseline": _places("detect-secrets", r"\"hashed_secret\"\s{0,20}:\s{0,20}\"[0-9a-fA-F]{8,128}\""),
    "trivyignore": _every_line("trivy", named=_ADVISORY),
    "trivyignoreyaml": _settings(
        "trivy",
        _Key(r"vulnerabilities|misconfigurations|secrets|licenses", "", r"\bid:\s*[\"']?([\w.:-]{1,100})", wide=False),
    ),
    "osvscanner": _settings(
        "osv-scanner",
        _Key(r"id", r"IgnoredVulns", r"[\"']([\w-]{1,100})[\"']", wide=False),
        _Key(r"(?:\w+\.)?ignore", r"PackageOverrides(?:\.\w+)?", r"\btrue\b"),
    ),
    "snyk": _settings(
        "snyk",
        _Key(r"ignore", "", r"^\s*[\"']?((?:SNYK|npm|snyk|CWE|[a-z]+/)[\w:./-]{1,200})[\"']?\s*:", wide=False),
        _Key(r"exclude", "", r"^\s*-\s*\S"),
    ),
    "dcignore": _every_line("snyk", skipped="#!"),
    "checkov": _settings(
        "checkov",
        _Key(r"skip-(?:check|path|framework|resources-without-violations|cve-package)|baseline"),
        _Key(r"soft-fail", "", r"(?i:\btrue\b)"),
    ),
    "tfsec": _both(
        _settings("tfsec", _Key(r"exclude|exclude_paths|severity_overrides|minimum_severity")),
        _places("tfsec", r"\"exclude\"\s{0,20}:\s{0,20}\[[^\]]{0,4000}\]", wide=True),
    ),
    "dependencycheck": _places(
        "dependency-check",
        r"<(?:cve|vulnerabilityName)\b[^<>\n]{0,200}>\s{0,20}(?P<id>[\w-]{1,100})\s{0,20}<"
        r"|<(?:cve|vulnerabilityName|cpe|cvssBelow|cwe)\b[^<>\n]{0,200}>[^<\n]{0,400}"
        r"|<\w{1,40}[^<>\n]{0,200}\bregex=\"true\"[^<>\n]{0,200}>[^<\n]{0,400}",
        _XML,
        wide=True,
    ),
    "nsprc": _places("npm-audit", r"\"(?P<id>\d{3,9}|(?:GHSA|CVE)-[\w-]{4,60})\"|\"https://[^\"\s]{1,200}\""),
    "auditci": _places("npm-audit", r"[\"'](?P<id>(?:GHSA|CVE)-[\w-]{4,60}|\d{4,9})(?:\|[^\"'\n]{0,400})?[\"']"),
    "spotbugs": _places(
        "spotbugs",
        r"<(?:Bug|Class|Package|Source|Method|Field|Local|Type|Rank|Priority|Confidence|Year|LastVersion)\b[^<>\n]{0,400}>",
        _XML,
        wide=True,
    ),
    "sonar": _settings("sonarqube", _Key(r"sonar\.(?:(?:global|security)\.)?exclusions|sonar\.issue\.ignore\..*")),
    "pyproject": _both(_bandit(r"tool\.bandit"), _ruff(r"tool\.ruff\.?")),
    "ruff": _ruff(""),
    "flake8": _both(
        _settings("flake8", _Key(r"(?:extend-)?(?:ignore|per-file-ignores)", "flake8", _S_WORD)), _bandit("bandit")
    ),
    "gitguardian": _settings(
        "gitguardian", _Key(r"ignored[-_](?:paths|matches|detectors)|paths[-_]ignore|matches[-_]ignore")
    ),
    "hadolint": _settings("hadolint", _Key(r"ignored")),
    "brakeman": _places("brakeman", r"\"fingerprint\"\s{0,20}:\s{0,20}\"[0-9a-f]{8,64}\""),
}
"""By the mark in a unit's suffix, see ``scanners.units.mark_of``."""


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)
