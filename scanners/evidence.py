"""
What of the code may be shown beside a finding: snippets with every known secret taken out.

Snippets are made after all scanners have spoken and are never cached, because only then is it known where secrets are.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from scanners.finding import Finding, FindingKind, Location
from scanners.fingerprint import holds_secret
from scanners.normalize import clean_text
from scanners.redact import MASK, mask_line, mask_literals, mask_values, private_key_lines

_SNIPPET_LINES = 6
_SNIPPET_WIDTH = 240
_CODE_LINES = 40
"""Lines of a match that go into its hash."""


@dataclass(frozen=True, slots=True)
class Secrets:
    """What is known about the secrets of one file."""

    known: bool
    """False when the secret scanner gave no answer for this file: then every literal could be one."""
    lines: frozenset[int]
    """Numbers of the lines that hold one."""
    values: frozenset[str]
    """The secrets themselves; must not leave the runner."""


def secrets_of(lines: Sequence[str], findings: Iterable[Finding], *, known: bool) -> Secrets:
    """Collect the secrets of a file from the secret scanner's findings in it."""
    flagged = private_key_lines(lines)
    values = set()
    for finding in findings:
        where = finding.location
        flagged.add(where.start_line)
        if where.start_column and where.end_column and where.start_line <= len(lines):
            values.add(lines[where.start_line - 1][where.start_column - 1 : where.end_column - 1])
    return Secrets(known, frozenset(flagged), frozenset(values))


def flagged_code(finding: Finding, lines: Sequence[str]) -> str:
    """The code of a match, exactly, or its lines where the tool gave no columns; without secrets only after hashing."""
    where = finding.location
    last = min(where.end_line, where.start_line + _CODE_LINES - 1)
    return code_between(lines[where.start_line - 1 : last], where, finding.kind)


def code_between(touched: Sequence[str], where: Location, kind: FindingKind) -> str:
    """The code of a match out of the lines that it touches."""
    touched = list(touched)
    # For a secret the whole line: what is left of it once the value is masked would be nothing.
    if touched and where.start_column and where.end_column and kind is not FindingKind.SECRET:
        touched[-1] = touched[-1][: max(0, where.end_column - 1)]
        touched[0] = touched[0][where.start_column - 1 :]
    return "\n".join(touched)


def with_snippet(finding: Finding, lines: Sequence[str], secrets: Secrets) -> Finding:
    """The finding with its lines, and with no known secret in any of its texts."""
    where = finding.location
    last = min(where.end_line, where.start_line + _SNIPPET_LINES - 1, len(lines))
    shown = "\n".join(_shown(number, lines, finding, secrets) for number in range(where.start_line, last + 1))
    return replace(scrubbed(finding, secrets), snippet=shown)


def scrubbed(finding: Finding, secrets: Secrets) -> Finding:
    """The finding without a fix that would repeat a secret, and without known secrets in its words."""
    fix = finding.fix
    if fix is not None and (
        not secrets.lines.isdisjoint(range(fix.start_line, fix.end_line + 1))
        or mask_values(fix.replacement, secrets.values) != fix.replacement
        or (not secrets.known and mask_literals(fix.replacement) != fix.replacement)
    ):
        fix = None
    return replace(
        finding,
        title=mask_values(finding.title, secrets.values),
        message=mask_values(finding.message, secrets.values),
        fix=fix,
    )


def _shown(number: int, lines: Sequence[str], finding: Finding, secrets: Secrets) -> str:
    line = lines[number - 1]
    # Before anything is cut, so that no half of a secret stays.
    line = mask_values(line, secrets.values)
    if number in secrets.lines:
        line = mask_line(line) if finding.kind is not FindingKind.DEPENDENCY else MASK
    elif not secrets.known or holds_secret(finding):
        line = mask_literals(line)
    # The indentation stays, so that columns still mean what they say; a tab inside becomes one space.
    code = line.lstrip(" \t")
    indent = line[: len(line) - len(code)][:_SNIPPET_WIDTH]
    return indent + clean_text(code.replace("\n", " "), _SNIPPET_WIDTH) if code.strip() else ""
