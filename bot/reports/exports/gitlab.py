"""
A project's findings as GitLab's own reports: security report and Code Quality.

What such a report lists is there: findings that no scan sees any more are left out, whatever was asked for. Dismissed
and suppressed ones stay in, with the reason in their text, as in the reports of a scan.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, BinaryIO

from bot.domain.known import KnownFinding, Whereabouts
from bot.reports.code_quality import code_quality_entry, distinct_fingerprint
from bot.reports.exports.encoding import write_items, write_members
from bot.reports.exports.judged import excuse_of
from bot.reports.exports.subject import ExportSubject
from bot.reports.gitlab_sast import SCHEMA_VERSION, distinct_id, gitlab_scan, gitlab_vulnerability


def write_code_quality(stream: BinaryIO, subject: ExportSubject, findings: Iterable[KnownFinding], /) -> int:
    """https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format"""
    wording = subject.wording()
    entries = (
        (known, code_quality_entry(known.finding, wording, excuse=excuse_of(known))) for known in _present(findings)
    )
    count = write_items(stream, _distinct(entries, "fingerprint", distinct_fingerprint))
    stream.write(b"\n")
    return count


def write_gitlab_sast(stream: BinaryIO, subject: ExportSubject, findings: Iterable[KnownFinding], /) -> int:
    """https://gitlab.com/gitlab-org/security-products/security-report-schemas"""
    wording = subject.wording()
    now = subject.generated_at
    stream.write(b"{\n")
    scan = gitlab_scan(now, now, [], assessed=True)
    write_members(stream, [("version", SCHEMA_VERSION), ("scan", scan)], first=True)
    stream.write(b',\n"vulnerabilities":')
    entries = (
        (known, gitlab_vulnerability(known.finding, wording, excuse=_sentence(excuse_of(known))))
        for known in _present(findings)
    )
    count = write_items(stream, _distinct(entries, "id", distinct_id))
    stream.write(b"\n}\n")
    return count


def _present(findings: Iterable[KnownFinding]) -> Iterator[KnownFinding]:
    return (known for known in findings if known.whereabouts is not Whereabouts.NOWHERE)


def _sentence(clause: str) -> str:
    return f"{clause[:1].upper()}{clause[1:]}" if clause else ""


def _distinct(
    entries: Iterable[tuple[KnownFinding, dict[str, Any]]], name: str, other: Callable[[str, int], str]
) -> Iterator[dict[str, Any]]:
    """Entries whose identity nobody else has: GitLab drops one of two that share it."""
    # Hashes of what was seen are small, and one that is seen by mistake only gets an identity of its own.
    seen: set[int] = set()
    for known, entry in entries:
        if hash(entry[name]) in seen:
            entry[name] = other(entry[name], known.id)
        seen.add(hash(entry[name]))
        yield entry
