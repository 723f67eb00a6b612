"""
What a scan or a report changes about the findings that are known on a branch or merge request. Pure.

Presence follows the scans and nothing else: a finding leaves when every scanner that saw it looked again and did not
see it. What people judged about it is untouched by that.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import PurePosixPath
from typing import TypeAlias

from bot.domain.evidence import tokens_of
from bot.domain.identity import Correlation, Identity
from bot.domain.known import Whereabouts
from bot.domain.triage import TriageState
from bot.domain.verdict import Presence
from scanners.finding import Finding


@dataclass(frozen=True, slots=True)
class Remembered:
    """A known finding, with as much of it as its identity is told by."""

    number: int
    finding: Finding
    """Without the texts; its attributions are those of the stream that are not gone."""
    content: bytes
    """Digest of all that was shown of it; empty where it is not known from this source, or its lines are not."""
    version: str
    """Of its hashes."""
    whereabouts: Whereabouts
    state: TriageState
    presence: Presence | None = None
    """As the ref has it; None where it has never been on the ref."""
    changed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Write:
    """What is to be written about one finding that a scan or report sees."""

    number: int
    is_new: bool
    """Whether nothing has been written under this number before."""
    index: int
    """Its position among the findings of the scan or report."""
    content: bytes
    presence: Presence
    explanation: str
    changed_at: datetime | None = None
    """None for "as it was"."""
    correlated: str = ""
    """Why it is the same as another source's finding; empty where it is not taken for one."""


@dataclass(frozen=True, slots=True)
class Gone:
    """One scanner's rule that looked for a finding and did not see it any more."""

    number: int
    scanner: str
    rule_id: str


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that a scan or report changes, and what it says about each finding."""

    writes: tuple[Write, ...]
    """Nothing about findings that are as they were."""
    gone: tuple[Gone, ...]
    stale: tuple[Gone, ...]
    """Words that stand, as nobody looked again, although their files were edited: their lines say nothing any more."""
    numbers: tuple[int, ...]
    """Of each finding of the scan or report, in its order."""
    changed_at: tuple[datetime | None, ...]
    """When the lines of each were last edited on this ref."""
    explanations: tuple[str, ...]
    """Why each is taken for what it is."""
    counts: Mapping[str, int] = field(default_factory=dict)
    """Findings that are ``new`` to the project, ``known``, ``changed``, and ``gone`` from the source."""


@dataclass(frozen=True, slots=True)
class Observation:
    """What one source says about one ref, and everything that has to be known to understand it."""

    findings: Sequence[Finding]
    contents: Sequence[bytes]
    identities: Sequence[Identity]
    correlations: Mapping[int, Correlation]
    """By position: findings without an identity that another source has."""
    remembered: Mapping[int, Remembered]
    """What the source saw last time, where it has looked again."""
    elsewhere: Mapping[int, Remembered]
    """Other findings that identities or correlations name."""
    looked: Callable[[str, Finding], bool]
    """Whether a scanner looked again where it saw a finding that it does not report now."""
    version: str
    """Of the findings' hashes."""
    touched: Callable[[PurePosixPath], bool] = lambda _path: False
    """Whether a file, by its old name, is or may be another than the source saw last time."""
    settled: Mapping[int, datetime | None] = field(default_factory=dict)
    """Findings that stand here as they stand on a merge request: when they were last edited there."""
    verdict: Verdict | None = None
    """What a merge request's own delta says of each, where there is one."""


Verdict: TypeAlias = Callable[[int, Identity, Remembered | None], tuple[Presence, str]]
"""By position, identity, and what the source remembers of it on the ref: presence and explanation."""


def plan(seen: Observation, *, at: datetime, first_number: int) -> Plan:
    """
    What is to be written.

    New findings get the numbers from ``first_number`` on, in their order; see ``unknown`` for how many those are.
    """
    writes: list[Write] = []
    numbers: list[int] = []
    edited: list[datetime | None] = []
    told: list[str] = []
    counts: Counter[str] = Counter()
    next_number = first_number
    reported: dict[int, set[tuple[str, str]]] = {}
    for index, (finding, identity) in enumerate(zip(seen.findings, seen.identities, strict=True)):
        correlation = seen.correlations.get(index) if identity.number is None else None
        number = identity.number if correlation is None else correlation.number
        is_new = number is None
        if number is None:
            number, next_number = next_number, next_number + 1
        known = seen.remembered.get(number)
        before = known or seen.elsewhere.get(number)
        presence, explanation = identity.presence, identity.explanation
        if correlation is not None:
            presence, explanation = Presence.EXISTING, correlation.explanation
        changed_at = _changed_at(seen, identity, before, number, at)
        if identity.presence is Presence.CHANGED and changed_at != at:
            presence = Presence.EXISTING
        if seen.verdict is not None:
            said, explanation = seen.verdict(index, identity, known)
        else:
            said = presence
        counts["new" if is_new else "changed" if presence is Presence.CHANGED else "known"] += 1
        numbers.append(number)
        edited.append(changed_at if changed_at is not None or before is None else before.changed_at)
        told.append(explanation)
        reported[number] = set(tokens_of(finding))
        as_it_was = (
            known is not None
            and known.content == seen.contents[index]
            and known.version == seen.version
            and known.presence not in (None, Presence.FIXED)
            and (seen.verdict is None or known.presence is said)
        )
        if as_it_was and presence is Presence.EXISTING:
            continue
        writes.append(
            Write(
                number=number,
                is_new=is_new,
                index=index,
                content=seen.contents[index],
                presence=said,
                explanation=explanation,
                changed_at=changed_at,
                correlated=correlation.explanation if correlation is not None else "",
            )
        )
    gone, stale = _unreported(seen, reported)
    counts["gone"] = len({item.number for item in gone} - set(reported))
    return Plan(tuple(writes), gone, stale, tuple(numbers), tuple(edited), tuple(told), counts)


def unknown(identities: Iterable[Identity], correlations: Collection[int]) -> int:
    """How many numbers ``plan`` will give out."""
    return sum(1 for index, identity in enumerate(identities) if identity.number is None and index not in correlations)


def _changed_at(
    seen: Observation, identity: Identity, before: Remembered | None, number: int, at: datetime
) -> datetime | None:
    if identity.presence is not Presence.CHANGED:
        # Found by way of another ref: what is unconfirmed there is unconfirmed here.
        return before.changed_at if before is not None and number not in seen.remembered else None
    if number in seen.settled:
        # The edit came with a merge request, and whoever judged it there judged what stands here now.
        return seen.settled[number]
    return at


def _unreported(
    seen: Observation, reported: Mapping[int, set[tuple[str, str]]]
) -> tuple[tuple[Gone, ...], tuple[Gone, ...]]:
    """What is gone, and what nobody can say that of."""
    gone: list[Gone] = []
    stale: list[Gone] = []
    for number in sorted(seen.remembered):
        before = seen.remembered[number]
        known = before.finding
        for scanner, rule_id in tokens_of(known):
            if (scanner, rule_id) in reported.get(number, ()):
                continue
            if seen.looked(scanner, known):
                gone.append(Gone(number, scanner, rule_id))
            elif before.content and seen.touched(known.location.path):
                stale.append(Gone(number, scanner, rule_id))
    return tuple(gone), tuple(stale)
