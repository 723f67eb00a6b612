"""
What makes two findings of one file the same: evidence, from strong to weak.

A pass names the keys that two findings must share and says how far apart two that share one are. No pass looks at a
tool's prose or at a bare line number: lines count only as git mapped them.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from bot.domain.linemap import Extent
from scanners.cwe import related
from scanners.finding import Dependency, Finding, FindingKind

_HUNKS_PER_FINDING = 32
"""A finding that spans more hunks than this is looked for in the first ones only."""


@dataclass(slots=True, eq=False)
class Spot:
    """A finding and what the change did to its lines."""

    finding: Finding
    extent: Extent
    expected: int
    """Where it starts in the head, or about where it would."""

    @property
    def tokens(self) -> tuple[tuple[str, str], ...]:
        """As ``tokens_of``."""
        return tokens_of(self.finding)

    @property
    def edited(self) -> bool:
        """Whether the change touched its lines."""
        return self.extent.edited


@dataclass(frozen=True, slots=True)
class Pass:
    """One sort of evidence."""

    keys: Callable[[Spot], Iterable[Hashable]]
    cost: Callable[[Spot, Spot], tuple[int, ...] | None]
    """How far apart two are that share a key, the nearest lowest; None when they are not the same after all."""


def tokens_of(finding: Finding) -> tuple[tuple[str, str], ...]:
    """Who saw it by which rule; the scanner whose words are shown comes first."""
    seen = [(finding.scanner, finding.rule_id), *((a.scanner, a.rule_id) for a in finding.attributions)]
    return tuple(dict.fromkeys(seen))


def _code_keys(spot: Spot) -> list[Hashable]:
    finding = spot.finding
    return [(finding.scanner, finding.rule_id, finding.match_hash)] if finding.match_hash else []


def _columns(finding: Finding) -> tuple[int | None, int | None]:
    return finding.location.start_column, finding.location.end_column


def _no_cost(_old: Spot, _new: Spot) -> tuple[int, ...]:
    return ()


def _near(old: Spot, new: Spot) -> tuple[int, ...]:
    return (abs(old.expected - new.expected),)


def _exact_keys(spot: Spot) -> list[Hashable]:
    finding = spot.finding
    return [(finding.scanner, finding.rule_id, spot.extent.survivors, _columns(finding), finding.match_hash)]


def _same_rule_keys(spot: Spot) -> list[Hashable]:
    return [(token, spot.extent.survivors) for token in spot.tokens]


def _same_rule_cost(old: Spot, new: Spot) -> tuple[int, ...] | None:
    # Columns of two scanners do not compare; columns of one that differ on an unedited line are two findings.
    if old.finding.scanner == new.finding.scanner:
        left, right = _columns(old.finding), _columns(new.finding)
        if None not in (left[0], right[0]) and left != right:
            return None
    return (int(old.finding.match_hash != new.finding.match_hash),)


def _same_weakness_keys(spot: Spot) -> list[Hashable]:
    return [(spot.finding.kind, spot.extent.survivors)] if spot.finding.cwes else []


def _same_weakness_cost(old: Spot, new: Spot) -> tuple[int, ...] | None:
    if old.finding.scanner == new.finding.scanner or not related(old.finding.cwes, new.finding.cwes):
        return None
    return (int(old.finding.cwes != new.finding.cwes),)


def _other_extent_keys(spot: Spot) -> Iterator[Hashable]:
    assert spot.extent.survivors is not None
    first, last = spot.extent.survivors
    for token in spot.tokens:
        yield token, "from", first
        yield token, "to", last


def _other_extent_cost(old: Spot, new: Spot) -> tuple[int, ...] | None:
    # Two scanners that both saw it may flag more or fewer lines of one statement; which of them speaks may change.
    return None if old.finding.scanner == new.finding.scanner else _near(old, new)


def _edited_keys(spot: Spot) -> Iterator[Hashable]:
    for token in spot.tokens:
        # Lines that were only put in or taken out at the edge leave the rest of the statement where it was.
        if spot.extent.survivors is not None:
            yield token, "lines", spot.extent.survivors
        for hunk in spot.extent.hunks[:_HUNKS_PER_FINDING]:
            yield token, "hunk", hunk


def _edited_code_keys(spot: Spot) -> list[Hashable]:
    code = spot.finding.match_hash
    return [(code, key) for key in _edited_keys(spot)] if code else []


def _moved_cost(old: Spot, new: Spot) -> tuple[int, ...] | None:
    return _near(old, new) if old.edited and new.edited else None


def _edited_cost(old: Spot, new: Spot) -> tuple[int, ...] | None:
    if not old.edited and not new.edited:
        return None
    return (int(old.tokens[0] != new.tokens[0]), abs(old.expected - new.expected))


def release_keys(finding: Finding) -> list[Hashable]:
    """What two findings about the same version of the same package share."""
    return [(key, dependency_of(finding).version) for key in package_keys(finding)]


def package_keys(finding: Finding) -> list[tuple[str, str, str]]:
    """Ecosystem, package and one name of the advisory, for each of its names."""
    about = dependency_of(finding)
    names = {name.casefold() for name in (finding.rule_id, *about.advisory_ids)}
    return [(about.ecosystem.casefold(), about.package, name) for name in sorted(names)]


def dependency_of(finding: Finding) -> Dependency:
    """The package of a finding of which ``is_package`` holds."""
    assert finding.dependency is not None
    return finding.dependency


def is_package(finding: Finding) -> bool:
    """Whether the finding is known by package and advisory, not by code."""
    return finding.kind is FindingKind.DEPENDENCY and finding.dependency is not None


INTACT = (
    Pass(_exact_keys, _no_cost),
    Pass(_same_rule_keys, _same_rule_cost),
    Pass(_same_weakness_keys, _same_weakness_cost),
    Pass(_other_extent_keys, _other_extent_cost),
)
"""For findings whose lines nobody edited."""

EDITED_IN_PLACE = Pass(_edited_code_keys, _edited_cost)
"""For findings of which one or both were edited, but not so that the code would read otherwise (other line ends)."""

EDITED = Pass(_edited_keys, _edited_cost)
"""For findings of which one or both were edited."""

MOVED = Pass(_code_keys, _moved_cost)
"""For code that was taken out in one place and put in elsewhere, of what is left after that."""

SAME_CODE = Pass(_code_keys, _no_cost)
"""For files without a line map."""

SAME_RELEASE = Pass(lambda spot: release_keys(spot.finding), _near)
SAME_PACKAGE = Pass(lambda spot: package_keys(spot.finding), _near)
"""For dependencies."""


def unambiguous(evidence: Pass, old: Sequence[Spot], new: Sequence[Spot]) -> Pass:
    """The pass without the keys of which the head has more than the base: which of them would be the new one?"""
    left: Counter[Hashable] = Counter(key for spot in old for key in evidence.keys(spot))
    left.subtract(key for spot in new for key in evidence.keys(spot))
    return Pass(lambda spot: [key for key in evidence.keys(spot) if left[key] >= 0], evidence.cost)


def order_of(finding: Finding) -> tuple[str | int, ...]:
    """A total order of distinct findings, so that the order of the input cannot matter."""
    where = finding.location
    about = finding.dependency
    return (
        str(where.path),
        where.start_line,
        where.end_line,
        where.start_column or 0,
        where.end_column or 0,
        finding.kind.value,
        finding.scanner,
        finding.rule_id,
        finding.match_hash,
        finding.fingerprint,
        *((about.ecosystem, about.package, about.version) if about is not None else ("", "", "")),
    )


def distinct(findings: Iterable[Finding]) -> list[Finding]:
    """In order, with findings that appear twice merged: the worst of both judgements, and everybody who saw it."""
    groups: defaultdict[tuple[str | int, ...], list[Finding]] = defaultdict(list)
    for finding in findings:
        groups[order_of(finding)].append(finding)
    return [_merged(groups[key]) for key in sorted(groups)]


def _merged(same: list[Finding]) -> Finding:
    if len(same) == 1:
        return same[0]
    first = min(same, key=lambda f: (-f.severity.rank, -f.confidence.rank, f.title, f.message, repr(f)))
    seen = {(a.scanner, a.version, a.rule_id): a for finding in same for a in finding.attributions}
    return replace(
        first,
        severity=max(f.severity for f in same),
        confidence=max(f.confidence for f in same),
        attributions=tuple(seen[key] for key in sorted(seen)),
    )
