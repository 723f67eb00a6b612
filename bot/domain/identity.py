"""
Which of the findings that we know is this one?

A finding of the store is looked for in pools, the most telling first: what the same branch had at its last scan, what
the branch that it came from has, what the project has ever had. Within a pool git's line map decides, as in
``bot.domain.delta``. Where there is none, or where it knows nothing more (code that went to another file), evidence
does, one to one and from strong to weak. Where the evidence is ambiguous the finding is new: a decision about one
finding must never reach another.

Everything here is a function of its arguments, and their order does not matter.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from bot.domain import explanations
from bot.domain.change import FileChange
from bot.domain.delta import compare
from bot.domain.evidence import is_package, order_of, package_keys, release_keys, tokens_of
from bot.domain.explanations import lines_of, shown
from bot.domain.matching import COMPARISONS, pair
from bot.domain.verdict import Presence
from scanners.cwe import related
from scanners.finding import Finding, FindingKind
from scanners.fingerprint import holds_secret


@dataclass(frozen=True, slots=True)
class Pool:
    """Findings among which to look."""

    known: Mapping[int, Finding]
    """By number, as they were last seen there."""
    changes: Sequence[FileChange] | None = None
    """What git says happened between there and here, by ``git diff -M --histogram``; None where git cannot be asked."""
    by_code_only: bool = False
    """Whether only strong evidence counts, and only in the same file: for findings that are not expected here."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Which finding it is, and why we think so."""

    number: int | None
    """None for one that we never saw."""
    presence: Presence
    """``NEW`` without a number; else whether its lines are as they were (``EXISTING``) or edited (``CHANGED``)."""
    explanation: str
    """English, one line, for example ``same as #812: line map: was 57, now 63``."""
    pool: int | None = None
    """Position of the pool in which it was found."""


NEW = Identity(None, Presence.NEW, explanations.FIRST_SEEN)


def identify(current: Sequence[Finding], pools: Sequence[Pool]) -> tuple[Identity, ...]:
    """
    The identity of each of the ``current`` findings, in their order.

    No two get the same number. A number that stands in several pools is taken at the first that knows it.
    """
    found: dict[int, Identity] = {}
    taken: set[int] = set()
    for position, pool in enumerate(pools):
        left = {index: finding for index, finding in enumerate(current) if index not in found}
        known = {number: finding for number, finding in pool.known.items() if number not in taken}
        if not left or not known:
            continue
        matcher = _Matcher(known, left, pool.changes)
        if pool.changes is not None:
            matcher.by_lines(pool.changes)
        if pool.by_code_only:
            matcher.by_evidence((*_STRONG, *_RETURNED))
        elif pool.changes is not None:
            matcher.by_evidence((*_STRONG, *_MOVED))
        else:
            matcher.by_evidence((*_STRONG, *_MOVED, *_WEAK))
        for index, (number, presence, why) in matcher.found.items():
            sentence = explanations.SAME_AS.format(count=number, sentence=why)
            found[index] = Identity(number, presence, sentence, position)
            taken.add(number)
    return tuple(found.get(index, NEW) for index in range(len(current)))


@dataclass(frozen=True, slots=True)
class Correlation:
    """A finding of another scanner that is the same weakness."""

    number: int
    explanation: str


def correlate_known(current: Sequence[Finding], known: Mapping[int, Finding]) -> dict[int, Correlation]:
    """
    For findings of another source: which of the known ones, in the same tree, is the same weakness?

    That is: lines that overlap and a related CWE, a secret on the same line, or the same advisory by any of its names
    for the same package in the same file. By position in ``current``; one to one, the nearest first.
    """
    by_path: defaultdict[str, list[tuple[int, Finding]]] = defaultdict(list)
    for number in sorted(known):
        by_path[str(known[number].location.path)].append((number, known[number]))
    found: dict[int, Correlation] = {}
    taken: set[int] = set()
    for index in sorted(range(len(current)), key=lambda i: order_of(current[i])):
        finding = current[index]
        rivals = []
        for number, other in by_path.get(str(finding.location.path), ()):
            why = "" if number in taken else _same_weakness(finding, other)
            if why:
                rivals.append((abs(finding.location.start_line - other.location.start_line), number, why))
        if rivals:
            _, number, why = min(rivals)
            taken.add(number)
            found[index] = Correlation(number, explanations.SAME_AS.format(count=number, sentence=why))
    return found


def _same_weakness(left: Finding, right: Finding) -> str:
    """Why two scanners mean one weakness; empty when they do not."""
    if is_package(left) or is_package(right):
        if not (is_package(left) and is_package(right)) or not set(package_keys(left)) & set(package_keys(right)):
            return ""
        shared = sorted({key[2] for key in package_keys(left)} & {key[2] for key in package_keys(right)})
        return explanations.SAME_ADVISORY.format(key=_word(shared[0].upper()), scanner=_word(right.scanner))
    first, second = left.location, right.location
    if FindingKind.SUPPRESSION in (left.kind, right.kind):
        return ""
    if first.start_line > second.end_line or second.start_line > first.end_line:
        return ""
    if left.kind is FindingKind.SECRET and right.kind is FindingKind.SECRET:
        return explanations.SAME_SECRET.format(lines=lines_of(right), scanner=_word(right.scanner))
    if not related(left.cwes, right.cwes):
        return ""
    number = min((set(left.cwes) & set(right.cwes)) or set(right.cwes))
    return explanations.SAME_WEAKNESS.format(lines=lines_of(right), count=number, scanner=_word(right.scanner))


def _word(text: str) -> str:
    """A tool's name as one word, as the templates want it."""
    return "".join(c if c.isascii() and (c.isalnum() or c in "_.+-") else "-" for c in text).strip("-.+_")[:80] or "?"


_Found = tuple[int, Presence, str]


@dataclass(eq=False, slots=True)
class _Item:
    """A finding with the key by which it is spoken of: a number, or a position."""

    key: int
    finding: Finding


@dataclass(frozen=True, slots=True)
class _Evidence:
    """One pass of the cascade."""

    keys: Callable[[Finding], Iterable[Hashable]]
    told: str
    elsewhere: str
    presence: Presence = Presence.EXISTING
    single: bool = False
    """Whether a key counts only where each side has exactly one: else it would be a guess."""
    concerns: Callable[[Finding], bool] = lambda finding: not is_package(finding)


class _Matcher:
    """Matches what is left of the current findings with one pool."""

    def __init__(
        self, known: Mapping[int, Finding], current: Mapping[int, Finding], changes: Sequence[FileChange] | None
    ) -> None:
        self.found: dict[int, _Found] = {}
        self._with_git = changes is not None
        known, current = self._as_they_stood(known, current, changes)
        self._known = [_Item(number, known[number]) for number in sorted(known, key=lambda n: (order_of(known[n]), n))]
        self._current = [
            _Item(index, current[index]) for index in sorted(current, key=lambda i: (order_of(current[i]), i))
        ]

    def _as_they_stood(
        self, known: Mapping[int, Finding], current: Mapping[int, Finding], changes: Sequence[FileChange] | None
    ) -> tuple[dict[int, Finding], dict[int, Finding]]:
        """
        Match what stands where it stood, with the same code, in a file that nobody touched; returns what is left.

        A large report that comes again is this and nothing else, so it is no more than a look into a table.
        """
        touched = {change.new_path for change in changes or ()} | {change.old_path for change in changes or ()}
        there: defaultdict[Hashable, list[int]] = defaultdict(list)
        for number in sorted(known, reverse=True):
            if known[number].location.path not in touched:
                there[_standing(known[number])].append(number)
        taken = set()
        for index, finding in current.items():
            numbers = there.get(_standing(finding))
            # Without git nobody knows whether a secret is still the same one, nor whether code is that no one showed.
            if numbers and (changes is not None or (finding.match_hash and not holds_secret(finding))):
                number = numbers.pop()
                taken.add(number)
                line = lines_of(finding)
                template = explanations.KEPT if changes is not None else explanations.CODE_FOUND
                self.found[index] = (number, Presence.EXISTING, template.format(was=line, now=line))
        if not taken:
            return dict(known), dict(current)
        return (
            {number: finding for number, finding in known.items() if number not in taken},
            {index: finding for index, finding in current.items() if index not in self.found},
        )

    def by_lines(self, changes: Sequence[FileChange]) -> None:
        """Let git's line map decide."""
        if not self._known or not self._current:
            return
        # ``compare`` knows findings, not numbers: for its time each carries its own in the place of its fingerprint.
        base = [replace(item.finding, fingerprint=f"#{item.key}") for item in self._known]
        head = [replace(item.finding, fingerprint=f"#{item.key}") for item in self._current]
        for tracked in compare(base, head, changes):
            if tracked.previous is not None:
                number, index = int(tracked.previous.fingerprint[1:]), int(tracked.finding.fingerprint[1:])
                self.found[index] = (number, tracked.presence, tracked.explanation)
        self._forget(number for number, _, _ in self.found.values())

    def by_evidence(self, cascade: Sequence[_Evidence]) -> None:
        """Let the cascade decide."""
        for evidence in cascade:
            self._pass(evidence)

    def _pass(self, evidence: _Evidence) -> None:
        known = [item for item in self._known if evidence.concerns(item.finding)]
        current = [item for item in self._current if evidence.concerns(item.finding)]
        if not known or not current:
            return
        allowed: Callable[[Hashable], bool] = lambda _key: True  # noqa: E731 - one of two
        if evidence.single:
            left = Counter(key for item in known for key in set(evidence.keys(item.finding)))
            right = Counter(key for item in current for key in set(evidence.keys(item.finding)))
            allowed = lambda key: left[key] == 1 and right[key] == 1  # noqa: E731
        pairing = pair(
            known,
            current,
            lambda item: [key for key in evidence.keys(item.finding) if allowed(key)],
            lambda old, new: (_distance(old.finding, new.finding),),
        )
        for old, new in pairing.pairs:
            self.found[new.key] = (old.key, *self._told(evidence, old.finding, new, pairing.hurried))
        self._forget(old.key for old, _ in pairing.pairs)

    def _told(self, evidence: _Evidence, old: Finding, new: _Item, hurried: set[int]) -> tuple[Presence, str]:
        finding = new.finding
        template = evidence.told if old.location.path == finding.location.path else evidence.elsewhere
        why = template.format(was=lines_of(old), now=lines_of(finding), path=shown(old.location.path))
        presence = evidence.presence
        if presence is Presence.EXISTING and holds_secret(finding) and evidence in _BY_CODE:
            # The hash leaves the secret out, so another secret would look the same.
            presence, why = Presence.CHANGED, explanations.SECRET_MAY_DIFFER.format(sentence=why)
        elif self._with_git and evidence is _TOOL and _other_code(old, finding):
            # Some tools' marks are places (GitLab's is a function and a number of lines). Without git the code of
            # either may only be what a report showed of it.
            presence = Presence.CHANGED
        if id(new) in hurried:
            why = explanations.HURRIED.format(sentence=why, count=COMPARISONS)
        return presence, why

    def _forget(self, numbers: Iterable[int]) -> None:
        gone = set(numbers)
        self._known = [item for item in self._known if item.key not in gone]
        self._current = [item for item in self._current if item.key not in self.found]


def _standing(finding: Finding) -> Hashable:
    where = finding.location
    return (
        where.path,
        where.start_line,
        where.end_line,
        where.start_column,
        where.end_column,
        finding.scanner,
        finding.rule_id,
        finding.match_hash,
        finding.dependency,
    )


def _distance(old: Finding, new: Finding) -> int:
    return abs(old.location.start_line - new.location.start_line)


def _hashes(finding: Finding) -> tuple[str, ...]:
    """The code's hash by each recipe that is known for it; a stored finding has one, a fresh one has all."""
    return tuple(code for code in (finding.match_hash, *(code for _, code in finding.earlier_hashes)) if code)


def _other_code(old: Finding, new: Finding) -> bool:
    before, now = _hashes(old), _hashes(new)
    return bool(before and now) and set(before).isdisjoint(now)


def _tool_keys(finding: Finding) -> list[Hashable]:
    path = finding.location.path
    return [(path, finding.scanner, finding.rule_id, print_) for print_ in finding.tool_fingerprints]


def _moved_tool_keys(finding: Finding) -> list[Hashable]:
    return [(finding.scanner, finding.rule_id, print_) for print_ in finding.tool_fingerprints]


def _context_keys(finding: Finding) -> list[Hashable]:
    return [(finding.location.path, key) for key in _moved_keys(finding)]


def _code_keys(finding: Finding) -> list[Hashable]:
    path = finding.location.path
    return [(path, token, code) for token in tokens_of(finding) for code in _hashes(finding)]


def _moved_keys(finding: Finding) -> list[Hashable]:
    # The context leaves literals out, so that it says nothing without the code.
    if not finding.context_hash:
        return []
    return [(token, finding.context_hash, code) for token in tokens_of(finding) for code in _hashes(finding)]


def _without_code(finding: Finding) -> bool:
    return not is_package(finding) and not finding.match_hash


def _place_keys(finding: Finding) -> list[Hashable]:
    return [(finding.location.path, finding.location.start_line, token) for token in tokens_of(finding)]


def _file_keys(finding: Finding) -> list[Hashable]:
    return [(finding.location.path, token) for token in tokens_of(finding)]


def _release_keys(finding: Finding) -> list[Hashable]:
    return [(finding.location.path, key) for key in release_keys(finding)]


def _package_keys(finding: Finding) -> list[Hashable]:
    return [(finding.location.path, key) for key in package_keys(finding)]


_TOOL = _Evidence(_tool_keys, explanations.TOOL_FINGERPRINT, explanations.TOOL_FINGERPRINT)
_SAME_CONTEXT = _Evidence(_context_keys, explanations.SAME_CONTEXT, explanations.SAME_CONTEXT)
_SAME_CODE = _Evidence(_code_keys, explanations.CODE_FOUND, explanations.CODE_FOUND)

_STRONG = (
    _TOOL,
    _SAME_CONTEXT,
    _SAME_CODE,
    _Evidence(_release_keys, explanations.PACKAGE_FOUND, explanations.PACKAGE_FOUND, concerns=is_package),
    _Evidence(
        _package_keys, explanations.PACKAGE_CHANGED, explanations.PACKAGE_CHANGED, Presence.CHANGED, concerns=is_package
    ),
)
"""In the same file."""

_MOVED = (
    _Evidence(
        _moved_tool_keys, explanations.TOOL_FINGERPRINT, explanations.TOOL_FINGERPRINT_ELSEWHERE, Presence.CHANGED, True
    ),
    # It is the same weakness, but it may stand where it matters more: an acceptance has to be confirmed.
    _Evidence(_moved_keys, explanations.SAME_CONTEXT, explanations.SAME_CONTEXT_ELSEWHERE, Presence.CHANGED, True),
)
"""In another file, where nothing else can be meant."""

_WEAK = (
    _Evidence(_place_keys, explanations.SAME_PLACE, explanations.SAME_PLACE, concerns=_without_code),
    _Evidence(
        _file_keys, explanations.ONLY_ONE, explanations.ONLY_ONE, Presence.CHANGED, single=True, concerns=_without_code
    ),
)
"""For reports that show no code."""

_RETURNED = (
    _Evidence(
        _place_keys, explanations.SAME_PLACE, explanations.SAME_PLACE, Presence.CHANGED, True, concerns=_without_code
    ),
)
"""The same, where the finding was not expected: nobody can say that it is the code that was judged."""

_BY_CODE = (_SAME_CONTEXT, _SAME_CODE)
