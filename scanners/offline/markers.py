"""
The comments (and a few annotations) by which code asks a scanner to look away, each as its tool reads it.

A tool's own reading decides: ``# nosecurity`` is a ``# nosec`` for bandit, so it is one here. What is about style only
(``# noqa: E501``, ``eslint-disable no-console``) is left out, and so are tools whose marker says nothing about security
(``NOPMD``, ``# type: ignore``).
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from functools import cache
from itertools import islice
from typing import NamedTuple

from scanners.offline.comments import Syntax, tokens

LINE = "line"
NEXT_LINE = "next_line"
DECLARATION = "declaration"
FILE = "file"
PROJECT = "project"

MOST_IDS = 20
"""Rules of one marker that are passed on."""

_MOST_MATCHES = 5_000
"""Matches of one marker that are looked at."""


class Marker(NamedTuple):
    """One tool's marker."""

    rule: str
    tool: str
    keyword: str
    """In every text that has the marker, in small letters: a look that is cheaper than the expression."""
    pattern: str
    """
    Its groups: ``ids`` (the rules it names), ``file`` and ``next`` (there when it reaches further than its line), and
    ``mark`` (the marker itself, where the expression needs more to know it).
    """
    one: str = ""
    """Expression of an id that counts, as a whole (without groups) or its only group."""
    only: bool = False
    """Whether a marker that names ids, and none that counts, is about something else."""
    reach: str = LINE
    suffixes: frozenset[str] | None = None
    """Units of these suffixes only; None for all."""
    code: bool = False
    """Whether it is no comment: it must stand outside comments and strings."""
    alone_next: bool = False
    """Whether a comment that has its line to itself is about the next one."""
    every: frozenset[str] = frozenset()
    """Words that stand for all rules where ids are expected."""
    bare: bool = True
    """Whether nothing that counts behind the marker means all rules; else it means none that we can read."""


class Found(NamedTuple):
    """A marker in a text."""

    rule: str
    tool: str
    start: int
    end: int
    reach: str
    ids: tuple[str, ...] | None
    """The rules that it names; None for all."""


_PYTHON = frozenset({".py", ".pyi", ".ipynb"})
_GO = frozenset({".go"})
_JAVA = frozenset({".java", ".kt", ".scala", ".slashes.txt"})
_SCRIPT = frozenset({".js", ".jsx", ".ts", ".tsx", ".vue", ".html"})
_CSHARP = frozenset({".cs"})
_ALL = frozenset({"all"})

_WORDS = r"[^\r\n]{1,400}"
_ID = r"[A-Za-z0-9_@](?:[\w@/.-]*\w)?"
_QUOTED = r"[\"'](?:java:|squid:|kotlin:|scala:)?(S\d{2,5}|all)[\"']"
_ESLINT_SECURITY = (
    r"(?:@?(?:[\w-]+/)?(?:eslint-plugin-)?(?:security|security-node|no-unsanitized|no-secrets|xss|scanjs-rules|sdl|"
    r"anti-trojan-source)/[\w/-]+|(?:@typescript-eslint/)?no-(?:eval|implied-eval|new-func|script-url)|"
    r"react/(?:no-danger|no-danger-with-children|jsx-no-target-blank|jsx-no-script-url|iframe-missing-sandbox)|"
    r"vue/no-v-html|vue/no-v-text-v-html-on-component|svelte/no-at-html-tags|no-buffer-constructor)(?![\w/-])"
)
# Ids of tests, and their names: a word with underscores, or one of the few without.
_BANDIT = (
    r"\b(?:B\d{3}|[a-z][a-z0-9]*(?:_[a-z0-9]+)+|ciphers|eval|ftplib|marshal|md5|pickle|random|telnetlib|trojansource|"
    r"xml_bad_c?ElementTree)\b"
)
_CODES = r"[A-Z]+[0-9]+(?:[,\s]+[A-Z]+[0-9]+)*"
_FLAKE8_SECURITY = r"(?:S|DUO)\d{3}"
# Roslyn's rules of the category Security, and those of Security Code Scan.
_ROSLYN_SECURITY = r"(?:CA2100|CA2109|CA2119|CA2153|CA23\d\d|CA30\d\d|CA31\d\d|CA53\d\d|CA54\d\d|SCS\d{4})"

MARKERS: tuple[Marker, ...] = (
    # bandit searches a comment for this, and takes every known id and name of a test in the rest of it.
    Marker("in-code-nosec", "bandit", "nosec", r"#[ \t]*nosec:?(?P<ids>[^#\r\n]{1,400})?", _BANDIT, suffixes=_PYTHON),
    Marker("in-code-gosec", "gosec", "nosec", rf"#[ \t]*nosec\b(?P<ids>{_WORDS})?", r"G\d{3}", suffixes=_GO),
    Marker("in-code-gosec", "gosec", "gosec:disable", rf"//gosec:disable\b(?P<ids>{_WORDS})?", r"G\d{3}", suffixes=_GO),
    Marker(
        "in-code-nolint",
        "gosec",
        "nolint",
        r"//[ \t]*nolint(?!\w)(?::[ \t]*(?P<ids>[\w-]+(?:[ \t]*,[ \t]*[\w-]+)*))?",
        r"\b(?:gosec|all)\b",
        only=True,
        every=frozenset({"gosec", "all"}),
        suffixes=_GO,
    ),
    Marker(
        "in-code-nosemgrep",
        "semgrep",
        "nosem",
        r"(?i:(?<![\w.-])nosem(?:grep)?)(?:[:=][ \t]?(?P<ids>[^\r\n]{1,400}))?",
        rf"(?:^|,)[ \t]*[\"'`]?({_ID})",
        alone_next=True,
        bare=False,
    ),
    Marker(
        "in-code-allowlist-secret",
        "detect-secrets",
        "pragma:",
        # Only right behind what begins the comment, as detect-secrets has it.
        r"(?:#|//|/\*|--|<!--|;)[ \t]*(?P<mark>pragma: ?(?:allow|white)list(?P<next>[ -]nextline)?[ -]secret)",
    ),
    Marker(
        "in-code-noqa",
        "ruff",
        "noqa",
        rf"(?i:#[ \t]*noqa):[ \t]?(?P<ids>{_CODES})",
        _FLAKE8_SECURITY,
        only=True,
        suffixes=_PYTHON,
    ),
    Marker(
        "in-code-noqa",
        "ruff",
        "noqa",
        rf"(?i:#[ \t]*(?P<file>(?:ruff|flake8))[:=][ \t]*noqa)(?::[ \t]?(?P<ids>{_CODES}))?",
        _FLAKE8_SECURITY,
        only=True,
        suffixes=_PYTHON,
    ),
    Marker(
        "in-code-noqa",
        "ruff",
        "ruff:",
        r"#[ \t]*(?P<file>ruff):[ \t]*(?:disable|file-ignore)\[(?P<ids>[^\]\r\n]{1,400})\]",
        _FLAKE8_SECURITY,
        only=True,
        suffixes=_PYTHON,
    ),
    Marker("in-code-gitleaks-allow", "gitleaks", "gitleaks:allow", r"gitleaks:allow"),
    Marker("in-code-trufflehog-ignore", "trufflehog", "trufflehog:ignore", r"trufflehog:ignore"),
    Marker("in-code-ggignore", "gitguardian", "ggignore", r"\bggignore(?:-start)?\b"),
    Marker(
        "in-code-nosonar",
        "sonarqube",
        "nosonar",
        r"\bNOSONAR\b(?:[ \t]*\((?P<ids>[^)\r\n]{1,400})\))?",
        r"(?:[a-z]+:)?S\d{2,5}",
    ),
    Marker(
        "in-code-suppress-warnings",
        "sonarqube",
        "@suppress",
        r"@Suppress(?:Warnings)?[ \t]*\((?P<ids>[^()]{1,1000})\)",
        _QUOTED,
        only=True,
        every=_ALL,
        reach=DECLARATION,
        suffixes=_JAVA,
        code=True,
    ),
    Marker(
        "in-code-suppress-fb-warnings",
        "spotbugs",
        "@suppress",
        r"@SuppressFBWarnings\b(?:[ \t]*\((?P<ids>(?:\"[^\"\r\n]*\"|[^()\"]){1,1000})\))?",
        r"\"([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)\"",
        reach=DECLARATION,
        suffixes=_JAVA,
        code=True,
    ),
    Marker(
        "in-code-eslint-disable",
        "eslint",
        "lint-disable",
        r"\b(?:es|ox)lint-disable(?:(?P<next>-next-line)|-line|(?P<file>))(?![\w-])"
        r"(?P<ids>(?:(?!--|\*/)[\s\S]){1,2000})?",
        _ESLINT_SECURITY,
        only=True,
        suffixes=_SCRIPT,
    ),
    Marker(
        "in-code-biome-ignore",
        "biome",
        "biome-ignore",
        r"\bbiome-ignore(?P<file>-all|-start)?[ \t]+(?P<ids>lint(?:/[\w/-]+)?)",
        r"^lint/security/\w+|^lint/security$|^lint$",
        only=True,
        every=frozenset({"lint", "lint/security"}),
        reach=NEXT_LINE,
        suffixes=_SCRIPT,
    ),
    Marker(
        "in-code-checkov-skip",
        "checkov",
        ":skip=",
        r"\b(?:checkov|bridgecrew|cortex):skip=(?P<ids>[\w,*-]{1,400})",
        r"\w+",
        reach=DECLARATION,
        bare=False,
    ),
    Marker(
        "in-code-checkov-skip",
        "checkov",
        "checkov.io/skip",
        r"\bcheckov\.io/skip\d*[\"']?[ \t]*:[ \t]*[\"']?(?P<ids>\w{1,100})",
        r"\w+",
        reach=DECLARATION,
        suffixes=frozenset({".yaml"}),
        code=True,
        bare=False,
    ),
    *(
        Marker(
            f"in-code-{tool}-ignore",
            tool,
            f"{tool}:ignore",
            rf"\b{tool}:ignore:(?P<ids>[\w*.-]{{1,200}})",
            r"[\w.-]*\w|\*",
            every=frozenset({"*"}),
            alone_next=True,
            bare=False,
        )
        for tool in ("tfsec", "trivy")
    ),
    Marker(
        "in-code-kics-ignore",
        "kics",
        "kics-scan",
        r"\bkics-scan[ \t]+(?:(?P<next>ignore-line|ignore-block)|"
        r"(?P<file>ignore|disable=(?P<ids>[0-9a-fA-F,-]{1,800})))",
        r"[0-9a-fA-F-]{8,36}",
        bare=False,
    ),
    Marker(
        "in-code-hadolint-ignore",
        "hadolint",
        "hadolint",
        r"\bhadolint[ \t]+(?P<file>global[ \t]+)?ignore[ \t]*=[ \t]*(?P<ids>[\w, \t]{1,400})",
        r"\b(?:DL|SC)\d{4}\b",
        reach=NEXT_LINE,
        suffixes=frozenset({".dockerfile"}),
        bare=False,
    ),
    Marker(
        "in-code-deepcode-ignore",
        "snyk",
        "deepcode",
        rf"\b(?P<file>file[ \t]+)?deepcode[ \t]+ignore[ \t]+(?P<ids>{_ID})",
        _ID,
        reach=NEXT_LINE,
        bare=False,
    ),
    *(
        Marker(
            f"in-code-{tool}",
            tool,
            word,
            rf"\b{word}[ \t]*\[(?P<ids>[^\]\r\n]{{1,400}})\]",
            r"[A-Za-z0-9](?:[\w/-]*\w)?",
            alone_next=True,
            bare=False,
        )
        for tool, word in (("codeql", "codeql"), ("codeql", "lgtm"), ("coverity", "coverity"))
    ),
    Marker(
        "in-code-pragma-warning",
        "roslyn",
        "#pragma",
        r"#pragma[ \t]+warning[ \t]+disable\b(?:[ \t]+(?P<ids>[\w, \t]{1,400}))?",
        rf"\b{_ROSLYN_SECURITY}\b",
        only=True,
        reach=FILE,
        suffixes=_CSHARP,
        code=True,
    ),
    Marker(
        "in-code-suppress-message",
        "roslyn",
        "suppressmessage",
        r"\bSuppressMessage(?:Attribute)?[ \t]*\((?P<ids>[^()]{1,1000})\)",
        rf"[\"']({_ROSLYN_SECURITY})\b",
        only=True,
        reach=DECLARATION,
        suffixes=_CSHARP,
        code=True,
    ),
    Marker(
        "in-code-rubocop-disable",
        "rubocop",
        "rubocop:",
        r"\brubocop:(?:disable|todo)[ \t]+(?P<ids>[\w/, \t]{1,400})",
        r"\bSecurity/\w+|\bSecurity\b|\ball\b",
        only=True,
        every=frozenset({"Security", "all"}),
        suffixes=frozenset({".rb", ".erb"}),
    ),
    Marker(
        "in-code-psalm-suppress",
        "psalm",
        "psalm-suppress",
        r"@psalm-suppress[ \t]+(?P<ids>[\w, \t]{1,400})",
        r"\bTainted\w+|\ball\b",
        only=True,
        every=_ALL,
        reach=DECLARATION,
        suffixes=frozenset({".php"}),
    ),
    Marker(
        "in-code-bearer-disable",
        "bearer",
        "bearer:disable",
        rf"\bbearer:disable\b(?P<ids>{_WORDS})?",
        r"\b[a-z]+_[\w]+",
        reach=NEXT_LINE,
    ),
    Marker(
        "in-code-devskim-ignore",
        "devskim",
        "devskim:",
        rf"(?i:\bDevSkim:[ \t]*ignore\b)(?P<ids>{_WORDS})?",
        r"\bDS\d{6}\b|\ball\b",
        every=_ALL,
    ),
    Marker(
        "in-code-flawfinder-ignore",
        "flawfinder",
        "ignore",
        r"(?i:\b(?:Flawfinder|ITS4|RATS):[ \t]*ignore\b)",
        suffixes=frozenset({".c", ".h", ".cpp", ".hpp"}),
        alone_next=True,
    ),
    Marker(
        "in-code-njsscan-ignore",
        "njsscan",
        "-ignore",
        rf"\b(?:njsscan|mobsf)-ignore\b(?::(?P<ids>{_WORDS}))?",
        r"\b[a-z]\w*_\w+",
    ),
)


def find(text: str, suffix: str, syntax: Syntax) -> Iterator[Found]:
    """Every marker of a text, marker by marker, in the order in which each stands there."""
    small = text.lower()
    wanted = [m for m in MARKERS if m.keyword in small and (m.suffixes is None or suffix in m.suffixes)]
    found = [
        (marker, match)
        for marker in wanted
        for match in islice(_compiled(marker.pattern).finditer(text), _MOST_MATCHES)
    ]
    if not found:
        return
    # Only now is it worth knowing where the comments are.
    spans = list(tokens(text, syntax))
    starts = [token.start for token in spans]
    for marker, match in found:
        index = bisect_right(starts, match.start()) - 1
        token = spans[index] if index >= 0 and match.start() < spans[index].end else None
        if marker.code if token is None else token.comment and not marker.code:
            end = match.end() if token is None else min(match.end(), token.end)
            reading = _read(marker, match, end, text)
            if reading is not None:
                yield reading


def _read(marker: Marker, match: re.Match[str], end: int, text: str) -> Found | None:
    groups = match.groupdict()
    reach = marker.reach
    if groups.get("file") is not None:
        reach = FILE
    elif groups.get("next") is not None or (marker.alone_next and _alone(text, match.start())):
        reach = NEXT_LINE
    ids: tuple[str, ...] | None = None
    raw = text[match.start("ids") : min(match.end("ids"), end)] if groups.get("ids") is not None else ""
    stop = match.start("ids") if groups.get("ids") is not None else end
    if raw.strip():
        hits = list(_compiled(marker.one).finditer(raw))[:MOST_IDS]
        if not hits and marker.only:
            return None
        words = [hit.group(hit.lastindex or 0) for hit in hits]
        ids = tuple(dict.fromkeys(words))
        if not marker.every.isdisjoint(words) or (not ids and marker.bare):
            ids = None
        if hits:
            stop = match.start("ids") + hits[-1].end()
    start = match.start("mark") if "mark" in groups else match.start()
    return Found(marker.rule, marker.tool, start, min(max(stop, start + 1), end), reach, ids)


def _alone(text: str, at: int) -> bool:
    """Whether no letter and no digit stands before this place on its line."""
    begin = max(text.rfind("\n", 0, at), text.rfind("\r", 0, at)) + 1
    return len(text[begin:at]) < 200 and not any(character.isalnum() for character in text[begin:at])


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)
