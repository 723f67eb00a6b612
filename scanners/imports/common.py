"""
What the readers of all formats share: careful looks into values that may be anything, names, secrets, and findings.

Secrets: nobody has looked at the file that a snippet comes from, so every literal in it could be one and is masked.
Of a secret scanner's result only an assignment with its value masked is kept, never its own words.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from functools import lru_cache
from math import isfinite
from pathlib import PurePosixPath
from typing import Any

from packageurl import PackageURL
from packaging.utils import canonicalize_name

from rules import catalog
from scanners.cwe import SECRETS
from scanners.evidence import code_between
from scanners.finding import Attribution, Dependency, Finding, FindingKind, Location, RelatedLocation
from scanners.fingerprint import digest, match_hash
from scanners.imports.model import ImportedFinding, Rejected, ReportedSuppression
from scanners.imports.paths import Refused
from scanners.interface import ScannerError
from scanners.normalize import ToolWords, clean_text, finding_of
from scanners.redact import MASK, mask_line, mask_literals

OUTDATED_COMPONENT = 1395  # CWE-1395: dependency on a vulnerable third-party component
OUTDATED_OWASP = ("A06:2021", "A03:2025")
HARD_CODED_CREDENTIALS = 798
NOT_LOGGED_IN = "requires login"
"""What semgrep writes in place of a fingerprint or of code where nobody is logged in."""
REVOKE = "Revoke the secret, and read the new one from the environment or a secret store."

_NAME_LIMIT = 100
_RULE_LIMIT = 200
_CODE_LINES = 40
_SNIPPET_LINES = 6
_LINE_WIDTH = 240
_LINE_LIMIT = 1000
_TEXT_LIMIT = 4000
_SECRET_TEXT_LIMIT = 500
"""Masking for secrets takes time that grows with the square of the length."""
_NO_FINGERPRINTS = frozenset(
    {"primaryLocationStartColumnFingerprint", "commitSha", "email", "author", "date", "commitMessage"}
)
_RELATED_LIMIT = 20
_FINGERPRINTS_LIMIT = 10

# One name for a tool that appears under several; for those that we run ourselves it is that of our texts.
_OUR_NAMES = {
    "bandit": "bandit",
    "semgrep": "semgrep",
    "semgrep oss": "semgrep",
    "semgrep pro": "semgrep",
    "semgrep code": "semgrep",
    "pip-audit": "pip-audit",
    "pip_audit": "pip-audit",
    "detect-secrets": "detect-secrets",
    "gitleaks": "gitleaks",
    "trufflehog": "trufflehog",
}
SECRET_TOOLS = frozenset(
    {
        "gitleaks",
        "trufflehog",
        "detect-secrets",
        "ggshield",
        "gitguardian",
        "secretlint",
        "noseyparker",
        "nosey parker",
        "kingfisher",
        "talisman",
        "whispers",
        "git-secrets",
        "betterleaks",
        "2ms",
    }
)
DEPENDENCY_TOOLS = frozenset(
    {
        "pip-audit",
        "grype",
        "osv-scanner",
        "dependency-check",
        "owasp dependency-check",
        "npm audit",
        "npm-audit",
        "cargo-audit",
        "govulncheck",
        "snyk open source",
        "gemnasium",
        "retire.js",
    }
)
_SECRET_WORDS = re.compile(
    r"password|passwd|passphrase|secret|credential|api[-_ ]?key|private[-_ ]?key|access[-_ ]?key|auth[-_ ]?token|"
    r"hard-?coded",
    re.IGNORECASE,
)
_ADVISORY = re.compile(
    r"(?:CVE-\d{4}-\d{4,}|GHSA(?:-[0-9a-z]{4}){3}|PYSEC-\d{4}-\d+|RUSTSEC-\d{4}-\d{4}|GO-\d{4}-\d{4,}|OSV-\d{4}-\d+)",
    re.IGNORECASE | re.ASCII,
)
_OWASP = re.compile(r"A(\d{1,2})[:_\- ]{1,3}(20\d\d)|(20\d\d)[:_\- /]{1,3}A(\d{1,2})(?!\d)", re.IGNORECASE | re.ASCII)

# OSV's names for the types of package URLs. https://ossf.github.io/osv-schema/#defined-ecosystems
_ECOSYSTEMS = {
    "pypi": "PyPI",
    "npm": "npm",
    "maven": "Maven",
    "golang": "Go",
    "cargo": "crates.io",
    "gem": "RubyGems",
    "nuget": "NuGet",
    "composer": "Packagist",
    "hex": "Hex",
    "pub": "Pub",
    "conan": "ConanCenter",
    "swift": "SwiftURL",
    "cran": "CRAN",
    "hackage": "Hackage",
    "deb": "Debian",
    "apk": "Alpine",
    "rpm": "Red Hat",
}
# One assignment whose value is masked, and nothing else.
_ASSIGNMENT = re.compile(
    r"""\s*(?:[A-Za-z_]+\s+){0,3}["'`]?[\w.\[\]*-]{1,80}["'`]?\s*(?:=>|:=|=|:)\s*[\w.]{0,20}\(?["'`]*\*\*\*["'`]*[\s,;)\]}]*"""
)
_QUOTE = re.compile(r"[\"'`]")
_DIGIT = re.compile(r"\d")
_QUOTED = re.compile(r"(?<![\w*])(?P<quote>[\"'`])(?P<body>[^\"'`\n]{1,200})(?P=quote)(?!\w)")
_NAME_LIKE = re.compile(r"(?:[^\W\d]|[/.$@%])[\w./:$@%\[\]()<>-]{0,79}")
# Possessive, and not before a file's suffix: a path with digits is no token.
_TOKEN = re.compile(
    r"(?<![\w/-])(?=[A-Za-z+/_=-]{0,100}\d)(?=[\d+/_=-]{0,100}[A-Za-z])[A-Za-z0-9+/_=-]{20,}+(?!\.\w{1,5}\b)", re.ASCII
)


def inner(value: Any, *keys: str | int) -> Any:
    """What lies along these keys, or None where anything is missing or of another kind."""
    for key in keys:
        if isinstance(key, str):
            if not isinstance(value, dict):
                return None
            value = value.get(key)
        else:
            if not isinstance(value, list) or not 0 <= key < len(value):
                return None
            value = value[key]
    return value


def listed(value: Any) -> list[Any]:
    """The list, or an empty one for anything else."""
    return value if isinstance(value, list) else []


def mapped(value: Any) -> dict[str, Any]:
    """The object, or an empty one for anything else."""
    return value if isinstance(value, dict) else {}


def word(value: Any, limit: int = _NAME_LIMIT) -> str:
    """One cleaned line; empty when it is no text."""
    if isinstance(value, str) and len(value) <= limit and value.isprintable():
        return value.strip()  # nothing to clean, which is quickly seen
    return clean_text(value, limit).replace("\n", " ")


def index_of(value: Any) -> int:
    """A list index, or -1."""
    return value if isinstance(value, int) and not isinstance(value, bool) else -1


def score_of(value: Any) -> float | None:
    """A score between 0 and 10 out of a number or its text."""
    if (
        isinstance(value, bool)
        or not isinstance(value, int | float | str)
        or (isinstance(value, str) and len(value) > 20)
    ):
        return None
    try:
        score = float(value)
    except (ValueError, OverflowError):
        return None
    return score if isfinite(score) and 0 <= score <= 10 else None


def span(start: Any, end: Any) -> tuple[int, int]:
    """First and last line; the first where no last is named. Raises ``Refused`` for what is no line."""
    first = _line(start)
    last = first if end is None else _line(end)
    if last < first:
        raise Refused(f"line {last} is before line {first}")
    return first, last


def _line(value: Any) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and 1 <= value < 2**31:
        return value
    raise Refused("line number is not between 1 and 2147483647")


def column(value: Any) -> int | None:
    """A column that counts from 1, or None."""
    return value if isinstance(value, int) and not isinstance(value, bool) and 1 <= value < 2**31 else None


def tool_name(value: Any, default: str) -> str:
    """The name under which a tool's findings are kept."""
    name = " ".join(word(value).split()) or default
    return _OUR_NAMES.get(name.lower(), name)


def commit_of(value: Any) -> str | None:
    """A git object id in lower case, or None."""
    return value.lower() if isinstance(value, str) and re.fullmatch(r"[0-9a-fA-F]{7,64}", value) else None


def kind_of_tool(name: str) -> FindingKind:
    """What a tool looks for, as far as its name tells."""
    lowered = name.lower()
    if lowered in SECRET_TOOLS:
        return FindingKind.SECRET
    return FindingKind.DEPENDENCY if lowered in DEPENDENCY_TOOLS else FindingKind.SAST


def our_rule_id(tool: str, rule_id: Any) -> str:
    """The rule's id, and for semgrep our own rule's where it is one. Raises ``Refused`` when there is none."""
    cleaned = word(rule_id, _RULE_LIMIT)
    if not cleaned:
        raise Refused("names no rule")
    if tool == "semgrep" and catalog.rule_info(tool, short := catalog.semgrep_rule_id(cleaned)) is not None:
        return short
    return cleaned


def is_advisory(rule_id: str) -> bool:
    """Whether a rule's id is a known vulnerability's."""
    return _ADVISORY.match(rule_id) is not None


def owasp_of(words: Iterable[Any]) -> tuple[str, ...]:
    """OWASP Top 10 categories such as ``A03:2021`` in words such as ``OWASP-A03:2021 - Injection``; sorted."""
    found = set()
    for text in words:
        if isinstance(text, str):
            for match in _OWASP.finditer(text[:200]):
                number, year = (match[1], match[2]) if match[1] else (match[4], match[3])
                if 1 <= int(number) <= 10:
                    found.add(f"A{int(number):02}:{year}")
    return tuple(sorted(found))


@lru_cache(4096)
def dependency_of(purl: str) -> tuple[str, str, str] | None:
    """OSV's ecosystem, normalised name and version of a package URL; None when it is none."""
    if len(purl) > 1000:
        return None
    try:
        parsed = PackageURL.from_string(purl)
    except (ValueError, UnicodeError):
        return None
    separator = ":" if parsed.type == "maven" else "/"
    name = f"{parsed.namespace}{separator}{parsed.name}" if parsed.namespace else parsed.name
    if parsed.type in ("deb", "apk", "rpm"):
        name = parsed.name
    if parsed.type == "pypi":
        name = str(canonicalize_name(parsed.name))
    return _ECOSYSTEMS.get(parsed.type, word(parsed.type)), word(name, 200), word(parsed.version)


def dependency(purl_or_parts: tuple[str, str, str], ids: Sequence[str], fixed: Sequence[str] = ()) -> Dependency:
    """The package of a finding. Raises ``Refused`` without a name or an advisory."""
    ecosystem, name, version = purl_or_parts
    if not name or not ids:
        raise Refused("names no package or no advisory")
    return Dependency(ecosystem, name, version, tuple(dict.fromkeys(ids))[:20], tuple(fixed)[:20])


def tool_fingerprints(named: Iterable[tuple[str, Any]]) -> tuple[str, ...]:
    """
    Each named value hashed together with its name; sorted.

    Left out is what identifies nothing: GitHub's start column, what gitleaks tells of the commit, values of a few
    characters, and semgrep's notice to people who are not logged in, which stands in place of every fingerprint.
    """
    found = [
        digest(name[:200], value)
        for name, value in named
        if isinstance(value, str)
        and 8 <= len(value) <= 2000
        and value != NOT_LOGGED_IN
        and name not in _NO_FINGERPRINTS
    ]
    return tuple(sorted(set(found))[:_FINGERPRINTS_LIMIT]) if len(found) > 1 else tuple(found)


def about_secrets(kind: FindingKind, cwes: Iterable[int], *words: str) -> bool:
    """Whether a rule may flag code that is, or holds, a secret."""
    return kind is FindingKind.SECRET or not SECRETS.isdisjoint(cwes) or any(_SECRET_WORDS.search(w) for w in words)


def masked_prose(text: str) -> str:
    """
    A tool's sentence without quoted code and without anything that looks like a token.

    Names in quotes stay, and so do apostrophes, which ``mask_literals`` would take for the begin of a literal.
    """
    if _QUOTE.search(text):
        text = _QUOTED.sub(_unless_a_name, text)
    return _TOKEN.sub(MASK, text) if _DIGIT.search(text) else text


def _unless_a_name(match: re.Match[str]) -> str:
    body = match["body"]
    # A name of the code may stay; a word with digits and nothing that makes it a path or a call could be a password.
    guessable = len(body) >= 7 and body.isalnum() and _DIGIT.search(body)
    return match[0] if not guessable and _NAME_LIKE.fullmatch(body) else f"{match['quote']}{MASK}{match['quote']}"


@lru_cache(2048)
def masked_message(text: str) -> str:
    """A message of a few lines, masked and cleaned. Tools say the same of many results."""
    return clean_text(masked_prose(text))


@lru_cache(2048)
def masked_words(text: str, limit: int) -> str:
    """One line, masked and cleaned."""
    return word(masked_prose(text), limit)


def masked_code(code: str, *, secret: bool) -> str:
    """Code as it may be kept: every literal masked; of a secret scanner's only masked assignments."""
    kept = []
    for line in code.split("\n")[:_CODE_LINES]:
        # A longer line is left out as a whole: masking takes long, and half of it could begin inside a secret.
        shown = line.rstrip("\r") if len(line) <= _LINE_LIMIT else ""
        if secret:
            shown = mask_line(shown)
            if shown.strip() and not _ASSIGNMENT.fullmatch(shown):
                shown = ""
        else:
            shown = mask_literals(shown) if _QUOTE.search(shown) else shown
        if len(shown) <= _LINE_WIDTH and shown.isprintable():
            kept.append(shown.rstrip())
            continue
        indent = shown[: len(shown) - len(shown.lstrip(" \t"))][:_LINE_WIDTH]
        kept.append(indent + clean_text(shown, _LINE_WIDTH))
    text = "\n".join(kept)
    return text if text.strip() else ""


@dataclass(frozen=True, slots=True)
class Judged:
    """A rule as its findings are shown: everything that is the same in all of them."""

    pattern: Finding
    """Location and message are the finding's own."""
    ours: bool
    """Whether the words are our catalogue's."""
    secret: bool
    """Whether what it flags may be a secret: then a result's own words are not used."""
    fields: dict[str, Any]
    """Those of the pattern, by name."""


def judged(tool: str, rule_id: str, kind: FindingKind, words: ToolWords, owasp: tuple[str, ...] = ()) -> Judged | None:
    """A rule in our catalogue's words, else in the report's. None for a rule that our catalogue has switched off."""
    limit = _SECRET_TEXT_LIMIT if kind is FindingKind.SECRET else _TEXT_LIMIT
    words = replace(
        words, message=words.message[:limit], title=words.title[:500], remediation=words.remediation[:limit]
    )
    pattern = finding_of(tool, rule_id, kind, Location(PurePosixPath(".")), words)
    if pattern is None:
        return None
    ours = catalog.rule_text(tool, rule_id, "en") is not None
    secret = about_secrets(kind, pattern.cwes, rule_id, words.title)
    if not ours and kind is not FindingKind.DEPENDENCY:
        hide = mask_line if kind is FindingKind.SECRET else masked_prose
        pattern = replace(
            pattern,
            title=word(hide(words.title), 120) or rule_id,
            message=clean_text("\n".join(hide(line) for line in words.message.split("\n"))),
            remediation=clean_text(words.remediation),
        )
    return judged_as(replace(pattern, owasp=pattern.owasp or owasp), ours=ours, secret=secret)


def judged_as(pattern: Finding, *, ours: bool, secret: bool) -> Judged:
    """A rule as this finding shows it."""
    return Judged(pattern, ours, secret, {name.name: getattr(pattern, name.name) for name in fields(pattern)})


def imported(
    tool: int,
    version: str,
    rule: Judged,
    location: Location,
    *,
    message: str = "",
    code: str = "",
    whole_lines: bool = False,
    about: Dependency | None = None,
    fingerprints: tuple[str, ...] = (),
    related: Sequence[RelatedLocation] = (),
    suppressed: Sequence[ReportedSuppression] = (),
    changes: Mapping[str, Any] | None = None,
) -> ImportedFinding:
    """
    One finding of a rule.

    :param message: the result's own words; used when the words are not ours and no secret can be in them.
    :param code: the flagged lines out of the report, not yet masked.
    :param whole_lines: whether ``code`` is whole lines although the location has columns.
    :param changes: further fields of the finding that differ from the rule's.
    """
    pattern, changes = rule.pattern, dict(changes or {})
    if message and not rule.ours and not rule.secret:
        changes["message"] = masked_message(message[:_TEXT_LIMIT])
    cwes = changes.get("cwes", pattern.cwes)
    secret = rule.secret or not SECRETS.isdisjoint(cwes)
    code = code.strip("\r\n")
    shown = hashed = ""
    if code.strip() and pattern.kind is not FindingKind.DEPENDENCY:
        shown = masked_code(code, secret=pattern.kind is FindingKind.SECRET)
        if pattern.kind is FindingKind.SECRET:
            # Only of what could be masked: the hash of a bare secret would tell who guesses it right.
            hashed = match_hash(pattern, shown) if shown else ""
        else:
            exact = code_between(code.split("\n")[:_CODE_LINES], location, pattern.kind) if whole_lines else code
            hashed = match_hash(pattern, mask_literals(exact) if secret else exact)
    # Like ``dataclasses.replace``, which takes half of the time of an import.
    finding = Finding(
        **{
            **rule.fields,
            "location": location,
            "dependency": about,
            "attributions": _attributions(pattern.scanner, version, pattern.rule_id),
            "tool_fingerprints": fingerprints,
            "related": _shown(related, secret=secret),
            "snippet": "\n".join(shown.split("\n")[:_SNIPPET_LINES]) if "\n" in shown else shown,
            "match_hash": hashed,
            **changes,
        }
    )
    return ImportedFinding(tool, finding, shown, tuple(suppressed))


@lru_cache(2048)
def _attributions(scanner: str, version: str, rule_id: str) -> tuple[Attribution, ...]:
    return (Attribution(scanner, version, rule_id),)


def _shown(related: Sequence[RelatedLocation], *, secret: bool) -> tuple[RelatedLocation, ...]:
    kept = tuple(dict.fromkeys(related))[:_RELATED_LIMIT] if len(related) > 1 else tuple(related)
    return tuple(RelatedLocation(entry.location) for entry in kept) if secret else kept


def rejected(where: str, error: Refused | ScannerError, tool: int | None = None) -> Rejected:
    """The entry for a result that was refused."""
    return Rejected(where, word(str(error), 300), tool=tool)


def text_or_markdown(message: Any) -> str:
    """The words of a SARIF ``multiformatMessageString`` or message."""
    if not isinstance(message, dict):
        return ""
    text, markdown = message.get("text"), message.get("markdown")
    return text if isinstance(text, str) and text else markdown if isinstance(markdown, str) else ""


def first_line(text: Any) -> str:
    """The first line that is not empty; empty for what is no text."""
    return next((line for line in text.splitlines() if line.strip()), "") if isinstance(text, str) else ""


def strings(values: Any) -> list[str]:
    """The texts of a list, or the text itself as a list."""
    return (
        [v for v in values if isinstance(v, str)]
        if isinstance(values, list)
        else [values]
        if isinstance(values, str)
        else []
    )
