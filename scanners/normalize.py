"""
Puts what a tool said into one form: paths, text, and the words of our own rule catalogue in place of the tool's.

A tool's message may quote the code that it read, so a stranger can write into it, and a secret can hide in it. Our own
texts have neither problem; the tool's text is only used for a rule that the catalogue does not know.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from rules import catalog
from scanners import reasons
from scanners.cwe import SECRETS
from scanners.finding import Confidence, Finding, FindingKind, Fix, Location, Severity
from scanners.interface import MalformedReport, ScannerError, ScanTarget
from scanners.redact import mask_literals
from scanners.severity import confidence_of_word, severity_of_word

_TEXT_LIMIT = 2000
# Control characters (not line feed), and the invisible ones that reorder or hide text (trojan source, CVE-2021-42574).
_UNWANTED = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff]")


def clean_text(text: object, limit: int = _TEXT_LIMIT) -> str:
    """Text without control and invisible characters, at most ``limit`` characters long. Not yet safe for markup."""
    cleaned = _UNWANTED.sub(" ", text if isinstance(text, str) else "").strip()
    return cleaned if len(cleaned) <= limit else cleaned[: limit - 1] + "…"


def unit_names(target: ScanTarget) -> frozenset[str]:
    """Names of the files that a tool was given."""
    return frozenset(unit.name for unit in target.units)


def unit_path(word: object, names: frozenset[str]) -> PurePosixPath:
    """The unit that a tool's path means, by its last part. Raises ``MalformedReport`` when it names none of ours."""
    name = word.rsplit("/", 1)[-1] if isinstance(word, str) else ""
    if name not in names:
        raise MalformedReport(reasons.UNKNOWN_FILE)
    return PurePosixPath(name)


def line_of(value: object, default: int | None = None) -> int:
    """A line or column number out of a report. Raises ``MalformedReport`` when it is none."""
    if isinstance(value, int) and not isinstance(value, bool) and 1 <= value < 2**31:
        return value
    if default is not None:
        return default
    raise MalformedReport(reasons.NO_LINE_NUMBER)


@dataclass(frozen=True, slots=True)
class ToolWords:
    """What the tool itself says of a rule; used where the catalogue is silent."""

    title: str
    message: str
    severity: Severity
    confidence: Confidence
    cwes: tuple[int, ...] = ()
    references: tuple[str, ...] = ()
    remediation: str = ""


def finding_of(
    scanner: str, rule_id: str, kind: FindingKind, location: Location, words: ToolWords, fix: Fix | None = None
) -> Finding | None:
    """
    A finding in the catalogue's words, and in the tool's own cleaned ones for a rule that it does not know.

    None for a rule that the catalogue has switched off.
    """
    info = catalog.rule_info(scanner, rule_id)
    if info is not None and not info.enabled:
        return None
    text = catalog.rule_text(scanner, rule_id, "en")
    cwes = tuple(info.cwes) if info is not None and info.cwes else words.cwes
    if text is not None:
        title, message, remediation = text.title, text.message, text.remediation
    elif kind is FindingKind.SECRET or not SECRETS.isdisjoint(cwes):
        title, message, remediation = rule_id, "", words.remediation
    elif kind is FindingKind.DEPENDENCY:  # an advisory's words, which never quote the scanned code
        title = clean_text(words.title, 200).replace("\n", " ")
        message, remediation = clean_text(words.message), clean_text(words.remediation)
    else:
        title = clean_text(mask_literals(words.title), 120).replace("\n", " ")
        message = clean_text(mask_literals(words.message))
        remediation = clean_text(words.remediation)
    return Finding(
        scanner=scanner,
        rule_id=rule_id,
        kind=kind,
        severity=severity_of_word(info.severity, words.severity) if info is not None else words.severity,
        confidence=_confidence(info, words),
        title=title or rule_id,
        message=message,
        location=location,
        cwes=cwes,
        owasp=tuple(info.owasp) if info is not None else (),
        remediation=remediation,
        references=web_addresses(info.references if info is not None and info.references else words.references),
        fix=fix,
    )


def _confidence(info: catalog.RuleInfo | None, words: ToolWords) -> Confidence:
    if info is None:
        return words.confidence
    ours = confidence_of_word(info.confidence, words.confidence)
    # Bandit rates each match, and the catalogue caps it; the other tools rate nothing themselves.
    return min(ours, words.confidence) if info.scanner == "bandit" else ours


def catalogue_digest() -> str:
    """Digest of all our rules and words: findings that hold them are cached. Raises ``ScannerError`` when not built."""
    try:
        return catalog.digest()
    except OSError as error:
        raise ScannerError(reasons.NO_CATALOGUE) from error


def web_addresses(words: Sequence[object], limit: int = 10) -> tuple[str, ...]:
    """The first few of the words that are plain web addresses."""
    found = (clean_text(word, 500) for word in words)
    return tuple(dict.fromkeys(w for w in found if re.fullmatch(r"https?://[^\s<>\"'`]+", w)))[:limit]
