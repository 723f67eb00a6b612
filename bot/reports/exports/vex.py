"""
What a project says about the vulnerabilities of its dependencies, before it is put into one of the VEX formats.

A statement is about one vulnerability and one version of a package: readers of VEX know nothing of the files in which
we find it. Where several findings are behind a statement, the gravest status counts, so that a dismissal in a test's
requirements never hides what is shipped.

| what we know | status |
|---|---|
| no scan sees it any more, or somebody says it is resolved | fixed |
| confirmed | affected |
| an exception in force: acceptable risk | affected, with the reason |
| an exception in force: anything else | not affected, with the justification |
| dismissed, and that waits for a second person or has ended | under investigation |
| detected | under investigation |

An exception is a dismissal, or a suppression of the advisory or rule.

Statements grow with the pairs of vulnerability and package version, not with the findings.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import IntEnum
from typing import Any, TypeVar

from bot.domain.known import KnownFinding, Whereabouts
from bot.domain.triage import Judgement, Justification, TriageState
from bot.reports.documents import web_references
from bot.reports.exports.judged import exception_of
from bot.reports.exports.purl import purl_of
from bot.reports.exports.subject import ExportSubject
from bot.reports.visible import one_line, shorten, visible
from bot.reports.wording import FindingWords
from scanners.finding import Dependency, Severity

MOST_NUMBERS = 20
"""Findings that a statement names."""
UNKNOWN = "unknown"
"""Name of a vulnerability that has none."""

_MOST_REFERENCES = 20
_LONGEST = 20_000
_T = TypeVar("_T")


class Status(IntEnum):
    """How a project relates to a vulnerability; the higher one counts."""

    FIXED = 0
    NOT_AFFECTED = 1
    UNDER_INVESTIGATION = 2
    AFFECTED = 3


@dataclass(frozen=True, slots=True)
class Statement:
    """One vulnerability in one version of a package."""

    purl: str
    package: str
    version: str
    names: tuple[str, ...]
    """Ids of the vulnerability, the one that most readers know first. Never empty."""
    status: Status
    judgement: Judgement
    """Behind the status; an exception in force is a dismissal."""
    gone: bool
    """Whether no scan sees that finding any more."""
    severity: Severity
    description: str
    remediation: str
    fixed: bool
    """Whether a version with a fix is known."""
    cwes: tuple[int, ...]
    references: tuple[str, ...]
    numbers: tuple[int, ...]
    """Of the findings behind it, the first few."""
    findings: int
    """How many there are."""

    @property
    def notes(self) -> str:
        """Who said what, in English."""
        judgement = self.judgement
        shown = ", ".join(f"#{number}" for number in self.numbers)
        more = self.findings - len(self.numbers)
        said = f"Mergewarden finding {shown}" + (f" and {more} more" if more else "")
        if self.gone:
            return f"{said}: no scan sees it any more"
        if judgement.state is TriageState.DETECTED:
            return f"{said}: not judged yet"
        word = f" as {judgement.justification.value}" if judgement.justification else ""
        by = f" by {judgement.actor}" if judgement.actor else ""
        at = f" on {judgement.at.date().isoformat()}" if judgement.at else ""
        ended = judgement.state is TriageState.DISMISSED and self.status is Status.UNDER_INVESTIGATION
        return f"{said}: {judgement.state.value}{word}{by}{at}" + (", which is not in force" if ended else "")


def statements(subject: ExportSubject, findings: Iterable[KnownFinding]) -> Iterator[Statement]:
    """The statements about the dependencies among the findings, in the order in which packages and ids first appear."""
    wording = subject.wording()
    packages: dict[str, dict[str, Statement]] = {}
    shared = _Shared()
    for known in findings:
        dependency = known.finding.dependency
        if dependency is None:
            continue
        made = _statement(known, dependency, wording.words_of(known.finding), shared)
        by_name = packages.setdefault(made.purl, {})
        # Two tools may call one vulnerability by different names: any name in common makes it the same.
        same = {id(other): other for name in made.names if (other := by_name.get(name)) is not None}
        for other in same.values():
            made = _joined(other, made)
        for name in made.names:
            by_name[name] = made
    for by_name in packages.values():
        yield from {id(statement): statement for statement in by_name.values()}.values()


def judged(known: KnownFinding) -> tuple[Status, Judgement]:
    """The status that one finding stands for, and whose word that is."""
    judgement = known.judgement
    if known.whereabouts is Whereabouts.NOWHERE or judgement.state is TriageState.RESOLVED:
        return Status.FIXED, judgement
    if judgement.state is TriageState.CONFIRMED:
        return Status.AFFECTED, judgement
    exception = exception_of(known)
    # Without a justification, nothing says why it should not matter.
    if exception is None or exception.justification is None:
        return Status.UNDER_INVESTIGATION, judgement
    accepted = exception.justification is Justification.ACCEPTABLE_RISK
    return (Status.AFFECTED if accepted else Status.NOT_AFFECTED), exception


class _Shared:
    """One copy of equal values: thousands of findings have the text of one advisory."""

    def __init__(self) -> None:
        self._known: dict[Any, Any] = {}

    def __call__(self, value: _T) -> _T:
        kept: _T = self._known.setdefault(value, value)
        return kept


def _statement(known: KnownFinding, dependency: Dependency, words: FindingWords, shared: _Shared) -> Statement:
    finding = known.finding
    status, judgement = judged(known)
    ids = [one_line(name, 200) for name in (*dependency.advisory_ids, finding.rule_id)]
    return Statement(
        purl=shared(purl_of(dependency)),
        package=shared(one_line(dependency.package, 300)),
        version=shared(one_line(dependency.version, 300)),
        names=shared(_ordered(ids) or (UNKNOWN,)),
        status=status,
        judgement=replace(judgement, reason=one_line(judgement.reason), actor=one_line(judgement.actor)),
        gone=known.whereabouts is Whereabouts.NOWHERE,
        severity=finding.severity,
        description=shared(shorten(visible(words.message), _LONGEST)),
        remediation=shared(shorten(visible(words.remediation), _LONGEST)),
        fixed=bool(dependency.fixed_versions),
        cwes=shared(tuple(number for number in finding.cwes if number > 0)),
        references=shared(tuple(web_references(finding.references)[:_MOST_REFERENCES])),
        numbers=(known.id,),
        findings=1,
    )


def _ordered(names: Iterable[str]) -> tuple[str, ...]:
    """Each once; CVE ids first, because every reader knows them."""
    return tuple(sorted(dict.fromkeys(filter(None, names)), key=lambda name: not name.upper().startswith("CVE-")))


def _joined(one: Statement, other: Statement) -> Statement:
    grave, light = (one, other) if _gravity(one) >= _gravity(other) else (other, one)
    return replace(
        grave,
        names=_ordered((*one.names, *other.names)),
        severity=max(one.severity, other.severity),
        description=grave.description or light.description,
        remediation=grave.remediation or light.remediation,
        fixed=one.fixed or other.fixed,
        cwes=tuple(dict.fromkeys((*one.cwes, *other.cwes))),
        references=tuple(dict.fromkeys((*one.references, *other.references)))[:_MOST_REFERENCES],
        numbers=tuple(sorted((*one.numbers, *other.numbers)))[:MOST_NUMBERS],
        findings=one.findings + other.findings,
    )


def _gravity(statement: Statement) -> tuple[Status, datetime]:
    """Of two with one status, what was said last counts."""
    return statement.status, statement.judgement.at or datetime.min.replace(tzinfo=UTC)
