"""JSON text that any reader accepts, and small conversions that several machine-readable formats share."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import PurePosixPath
from urllib.parse import quote

from bot.domain.verdict import ScanReport
from scanners.finding import Severity

INFORMATION_URI = "https://cwe.mitre.org/data/definitions/{number}.html"

SECURITY_SEVERITY: Mapping[Severity, str] = {
    Severity.CRITICAL: "9.5",
    Severity.HIGH: "8.0",
    Severity.MEDIUM: "5.5",
    Severity.LOW: "2.5",
    Severity.INFO: "0.0",
}
"""
A number within the range that GitHub shows as this level (above 9 critical, from 7 high, from 4 medium, above 0 low).
https://docs.github.com/en/code-security/code-scanning/integrating-with-code-scanning/sarif-support-for-code-scanning
"""

_URL_CHAR = r"(?:[A-Za-z0-9._~!$&'()*+,;=:@/-]|%[0-9A-Fa-f]{2})"
_WEB_URL = re.compile(
    rf"https?://[A-Za-z0-9.-]+(?::\d{{1,5}})?(?:/{_URL_CHAR}*)?(?:\?(?:{_URL_CHAR}|\?)*)?(?:#(?:{_URL_CHAR}|\?)*)?"
)
_SURROGATE = re.compile("[\ud800-\udfff]")


def dump(document: object) -> str:
    """
    Indented JSON with a final newline.

    A path that is no UTF-8 reaches us with lone surrogates, which many JSON readers refuse: they become U+FFFD.
    """
    return scalar_text(json.dumps(document, ensure_ascii=False, indent=2)) + "\n"


def scalar_text(text: str) -> str:
    """The text with U+FFFD for everything that cannot be written as UTF-8."""
    return _SURROGATE.sub("\ufffd", text)


def relative_uri(path: PurePosixPath) -> str:
    """A repository path as a relative URI reference; the bytes of the name are kept, whatever they are."""
    encoded = quote(str(path).encode("utf-8", "surrogateescape"), safe="/")
    # "a:b" would be read as a scheme. https://www.rfc-editor.org/rfc/rfc3986#section-4.2
    return encoded.replace(":", "%3A")


def web_references(references: tuple[str, ...]) -> list[str]:
    """Those references that are absolute http or https URLs as RFC 3986 writes them."""
    return [url for url in references if _WEB_URL.fullmatch(url)]


def ended_at(report: ScanReport) -> datetime:
    """When the scan ended, in UTC."""
    return report.started_at.astimezone(UTC) + timedelta(seconds=max(0.0, report.seconds))


def readable_time(report: ScanReport) -> str:
    """When the scan started, for people: to the minute, in UTC."""
    return moment(report.started_at)


def moment(at: datetime | None) -> str:
    """A moment as people read it, in UTC; empty for none."""
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC") if at is not None else ""


def json_time(at: datetime | None) -> str | None:
    """A moment as programs read it (ISO 8601, in UTC, to the second); None for none."""
    return at.astimezone(UTC).isoformat(timespec="seconds") if at is not None else None


def cwe_url(number: int) -> str:
    """MITRE's page about a weakness."""
    return INFORMATION_URI.format(number=number)
