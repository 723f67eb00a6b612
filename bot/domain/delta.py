"""
Tells new findings from old ones.

Git's line map decides. A finding on lines that nobody edited, flagged before and flagged now, is *existing*. One whose
lines were edited and that is still flagged in the edited lines (or that moved within its file) is *changed*. Everything
else in the head is *new*, and what is left of the base is *fixed*. Evidence only pairs one to one, and where it is
ambiguous the finding counts as new, because a false question costs a developer a minute and a missed weakness more.

Everything here is a function of its arguments, and their order does not matter.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from bot.domain import explanations
from bot.domain.change import ChangeKind, FileChange
from bot.domain.coverage import Coverage
from bot.domain.evidence import (
    EDITED,
    EDITED_IN_PLACE,
    INTACT,
    MOVED,
    SAME_CODE,
    SAME_PACKAGE,
    SAME_RELEASE,
    Pass,
    Spot,
    dependency_of,
    distinct,
    is_package,
    order_of,
    tokens_of,
    unambiguous,
)
from bot.domain.explanations import lines_of, shown
from bot.domain.linemap import LineMap
from bot.domain.matching import COMPARISONS, pair
from bot.domain.verdict import Presence, TrackedFinding
from scanners.finding import Finding, FindingKind
from scanners.fingerprint import holds_secret
from scanners.interface import ScannerRun

_UNEDITED = LineMap()

# A type change turns a file into a link or the like, so nothing of the old content is in the new.
_WITHOUT_BASE = frozenset({ChangeKind.ADDED, ChangeKind.COPIED, ChangeKind.TYPE_CHANGED})


def all_new(head: Sequence[Finding]) -> tuple[TrackedFinding, ...]:
    """The findings of a whole tree without a base: each counts as new."""
    return tuple(
        TrackedFinding(finding, Presence.NEW, explanation=explanations.WHOLE_TREE) for finding in distinct(head)
    )


def compare(
    base: Sequence[Finding],
    head: Sequence[Finding],
    changes: Sequence[FileChange],
    *,
    runs: Sequence[ScannerRun] = (),
) -> tuple[TrackedFinding, ...]:
    """
    What a change did to the findings.

    ``base`` are the findings in the old versions of the changed files (under their old paths), ``head`` those in the
    new versions, ``changes`` come from ``git diff -M --histogram``. Files that ``changes`` does not name are taken as
    unedited. A finding that appears twice in one list is merged first.

    ``runs`` are the scanner runs over the head. When they are given, a finding of the base is called fixed only where
    every scanner that saw it has looked again (or the file is gone); otherwise it is left out, for nothing is known.

    Returns each finding of the head exactly once, ordered by place, then the fixed ones.
    """
    moves = _Moves(changes)
    old_files = _by_path(distinct(base))
    new_files = _by_path(distinct(head))
    tracked: list[TrackedFinding] = []
    fresh: list[_Fresh] = []
    gone: list[Finding] = []
    for path in sorted(new_files):
        origin = moves.origin(path)
        before = old_files.pop(origin, []) if origin is not None else []
        change = moves.by_new.get(path)
        file = _File(origin, path, change, moves.lines(change))
        file.match(before, new_files[path])
        tracked += file.tracked
        fresh += file.fresh
        gone += file.gone
    for path in sorted(old_files):
        # The file was copied from and is otherwise as it was: nobody scanned it again, so nothing is gone.
        if path in moves.by_old or path not in moves.copied:
            gone += old_files[path]

    hints = _Hints(base, gone, moves)
    tracked += [item.tracked(hints) for item in fresh]
    tracked.sort(key=lambda item: order_of(item.finding))
    coverage = Coverage(runs)
    fixed = [
        _fixed(finding, moves)
        for finding in sorted(gone, key=order_of)
        if not runs or coverage.looked(finding, moves.destination(finding.location.path))
    ]
    return (*tracked, *fixed)


class _Moves:
    """Which file of the head continues which file of the base."""

    def __init__(self, changes: Sequence[FileChange]) -> None:
        self.by_new: dict[PurePosixPath, FileChange] = {}
        self.by_old: dict[PurePosixPath, FileChange] = {}
        self.copied: set[PurePosixPath] = set()
        self._maps: dict[tuple[PurePosixPath | None, PurePosixPath | None], LineMap] = {}
        ordered = sorted(changes, key=lambda c: (str(c.new_path), str(c.old_path), c.kind.value))
        for change in _with_nearest_as_renamed(ordered):
            if change.new_path is not None:
                self.by_new.setdefault(change.new_path, change)
            if change.old_path is None:
                continue
            if change.kind is ChangeKind.COPIED:
                self.copied.add(change.old_path)
            else:
                self.by_old.setdefault(change.old_path, change)

    def origin(self, new_path: PurePosixPath) -> PurePosixPath | None:
        change = self.by_new.get(new_path)
        if change is None:
            # Not named, so unedited; unless what stood there went away, when nothing can be said about it.
            return None if new_path in self.by_old else new_path
        return None if change.kind in _WITHOUT_BASE else change.old_path

    def destination(self, old_path: PurePosixPath) -> PurePosixPath | None:
        """Where the file is in the head; None when it was deleted."""
        change = self.by_old.get(old_path)
        return old_path if change is None else change.new_path

    def lines(self, change: FileChange | None) -> LineMap:
        """The line map of a file, built once."""
        if change is None:
            return _UNEDITED
        key = (change.old_path, change.new_path)
        if key not in self._maps:
            self._maps[key] = LineMap(change.hunks)
        return self._maps[key]


def _with_nearest_as_renamed(changes: Sequence[FileChange]) -> list[FileChange]:
    """
    The changes, but of several files made of one that is gone, the one that was edited least is what became of it.

    Git calls the last one by name the renamed one and the others copies, however much or little was edited in them.
    """
    heirs: defaultdict[PurePosixPath, list[FileChange]] = defaultdict(list)
    for change in changes:
        if change.old_path is not None and change.kind in (ChangeKind.RENAMED, ChangeKind.COPIED):
            heirs[change.old_path].append(change)
    kinds: dict[int, ChangeKind] = {}
    for group in heirs.values():
        renamed = [change for change in group if change.kind is ChangeKind.RENAMED]
        if len(renamed) == 1 and len(group) > 1:
            nearest = min(group, key=_edited_lines)
            if _edited_lines(nearest) < _edited_lines(renamed[0]):
                kinds |= {id(renamed[0]): ChangeKind.COPIED, id(nearest): ChangeKind.RENAMED}
    return [replace(change, kind=kinds[id(change)]) if id(change) in kinds else change for change in changes]


def _edited_lines(change: FileChange) -> tuple[bool, int]:
    """How much was edited; where nothing is known about lines, more than anything."""
    return change.binary, sum(hunk.old_count + hunk.new_count for hunk in change.hunks)


@dataclass(frozen=True, slots=True)
class _Fresh:
    """A new finding whose explanation waits for what the other files have to say."""

    finding: Finding
    why: str
    change: FileChange | None
    edited: bool

    def tracked(self, hints: _Hints) -> TrackedFinding:
        why = hints.added_to(self.why, self) if self.edited else self.why
        return TrackedFinding(self.finding, Presence.NEW, explanation=why)


class _File:
    """Matches the findings of one file with those of the file that it continues."""

    def __init__(
        self, old_path: PurePosixPath | None, new_path: PurePosixPath, change: FileChange | None, lines: LineMap
    ) -> None:
        self._old_path = old_path
        self._new_path = new_path
        self._change = change
        self._lines = lines
        self._blind = change is not None and change.binary
        self._hurried: set[int] = set()
        self.tracked: list[TrackedFinding] = []
        self.fresh: list[_Fresh] = []
        self.gone: list[Finding] = []

    def match(self, before: Sequence[Finding], after: Sequence[Finding]) -> None:
        """Fill ``tracked``, ``fresh`` and ``gone``; both lists are in their final order."""
        old = [self._old_spot(finding) for finding in before]
        new = [self._new_spot(finding) for finding in after]
        old_packages, old_code = _split(old)
        new_packages, new_code = _split(new)
        code = self._match_blind if self._blind else self._match_by_lines
        for left, right in (self._match_dependencies(old_packages, new_packages), code(old_code, new_code)):
            self.gone += [spot.finding for spot in left]
            self.fresh += [self._fresh(spot) for spot in right]

    def _old_spot(self, finding: Finding) -> Spot:
        where = finding.location
        extent = self._lines.of_base(where.start_line, where.end_line)
        return Spot(finding, extent, self._lines.expected(where.start_line))

    def _new_spot(self, finding: Finding) -> Spot:
        where = finding.location
        return Spot(finding, self._lines.of_head(where.start_line, where.end_line), where.start_line)

    def _match_by_lines(self, old: list[Spot], new: list[Spot]) -> tuple[list[Spot], list[Spot]]:
        intact_old, edited_old = [s for s in old if not s.edited], [s for s in old if s.edited]
        intact_new, edited_new = [s for s in new if not s.edited], [s for s in new if s.edited]
        for evidence in INTACT:
            intact_old, intact_new = self._pass(intact_old, intact_new, evidence, self._existing)
        old = sorted(edited_old + intact_old, key=lambda s: order_of(s.finding))
        new = sorted(edited_new + intact_new, key=lambda s: order_of(s.finding))
        old, new = self._pass(old, new, EDITED_IN_PLACE, self._changed)
        # Git shows code that moved within its file as taken out here and put in there. It is no other weakness than
        # before, but it may stand where it matters more: not new, and not simply kept.
        old, new = self._pass(old, new, unambiguous(MOVED, old, new), self._moved)
        return self._pass(old, new, EDITED, self._changed)

    def _match_blind(self, old: list[Spot], new: list[Spot]) -> tuple[list[Spot], list[Spot]]:
        """Without a line map the flagged code itself is the evidence."""
        return self._pass(old, new, unambiguous(SAME_CODE, old, new), self._same_code)

    def _match_dependencies(self, old: list[Spot], new: list[Spot]) -> tuple[list[Spot], list[Spot]]:
        old, new = self._pass(old, new, SAME_RELEASE, self._same_release)
        return self._pass(old, new, SAME_PACKAGE, self._other_release)

    def _pass(
        self,
        old: list[Spot],
        new: list[Spot],
        evidence: Pass,
        accept: Callable[[Finding, Finding], tuple[Presence, str]],
    ) -> tuple[list[Spot], list[Spot]]:
        """Run one pass, keep its pairs, and return what is left of both sides."""
        pairing = pair(old, new, evidence.keys, evidence.cost)
        self._hurried |= pairing.hurried
        for before, after in pairing.pairs:
            presence, why = accept(before.finding, after.finding)
            self.tracked.append(TrackedFinding(after.finding, presence, before.finding, self._capped(why, after)))
        return pairing.bases, pairing.heads

    def _existing(self, before: Finding, after: Finding) -> tuple[Presence, str]:
        return Presence.EXISTING, self._told(explanations.KEPT, explanations.KEPT_ELSEWHERE, before, after)

    def _changed(self, before: Finding, after: Finding) -> tuple[Presence, str]:
        return Presence.CHANGED, self._told(explanations.EDITED, explanations.EDITED_ELSEWHERE, before, after)

    def _moved(self, before: Finding, after: Finding) -> tuple[Presence, str]:
        return Presence.CHANGED, self._told(explanations.MOVED, explanations.MOVED_ELSEWHERE, before, after)

    def _same_code(self, before: Finding, after: Finding) -> tuple[Presence, str]:
        why = self._told(explanations.SAME_CODE, explanations.SAME_CODE_ELSEWHERE, before, after)
        if holds_secret(before) or holds_secret(after):
            # The hash leaves the secret out, so another secret would look the same.
            return Presence.CHANGED, explanations.SECRET_MAY_DIFFER.format(sentence=why)
        return Presence.EXISTING, why

    def _same_release(self, before: Finding, after: Finding) -> tuple[Presence, str]:
        same, elsewhere = explanations.SAME_RELEASE, explanations.SAME_RELEASE_ELSEWHERE
        return Presence.EXISTING, self._told(same, elsewhere, before, after, release=_release(after))

    def _other_release(self, before: Finding, after: Finding) -> tuple[Presence, str]:
        return Presence.CHANGED, explanations.OTHER_RELEASE.format(before=_release(before), release=_release(after))

    def _told(self, here: str, elsewhere: str, before: Finding, after: Finding, **more: str) -> str:
        """The template for a file that kept its name, or the one that says where the finding was, filled."""
        moved = self._old_path is not None and self._old_path != self._new_path
        template = elsewhere if moved else here
        return template.format(was=lines_of(before), now=lines_of(after), path=shown(self._old_path), **more)

    def _capped(self, why: str, spot: Spot) -> str:
        """``why`` and, where it was so, that not everything was compared."""
        if id(spot) not in self._hurried:
            return why
        return explanations.HURRIED.format(sentence=why, count=COMPARISONS)

    def _fresh(self, spot: Spot) -> _Fresh:
        change = self._change
        edited = True
        if change is not None and change.kind in _WITHOUT_BASE:
            why = {
                ChangeKind.ADDED: explanations.NEW_FILE,
                ChangeKind.COPIED: explanations.COPIED_FILE.format(path=shown(change.old_path)),
                ChangeKind.TYPE_CHANGED: explanations.OTHER_TYPE,
            }[change.kind]
        elif self._old_path is None:
            why = explanations.UNKNOWN_FILE
        elif self._blind:
            why = explanations.NO_COUNTERPART
        elif spot.finding.kind is FindingKind.DEPENDENCY:
            why = explanations.UNKNOWN_PACKAGE
        elif spot.edited:
            why = explanations.ADDED_LINE
        else:
            why, edited = explanations.FLAGGED_NOW, False
        return _Fresh(spot.finding, self._capped(why, spot), change, edited)


def _split(spots: list[Spot]) -> tuple[list[Spot], list[Spot]]:
    """Dependencies, and everything that is known by its code."""
    return [s for s in spots if is_package(s.finding)], [s for s in spots if not is_package(s.finding)]


def _by_path(findings: Iterable[Finding]) -> dict[PurePosixPath, list[Finding]]:
    files: defaultdict[PurePosixPath, list[Finding]] = defaultdict(list)
    for finding in findings:
        files[finding.location.path].append(finding)
    return dict(files)


class _Hints:
    """Where the code of a new finding may have come from: said, never decided by."""

    def __init__(self, base: Sequence[Finding], gone: Sequence[Finding], moves: _Moves) -> None:
        self._moves = moves
        self._at = {
            (finding.location.path, finding.location.start_line, token)
            for finding in base
            for token in tokens_of(finding)
        }
        self._moved: dict[Hashable, Finding] = {}
        for finding in sorted(gone, key=order_of):
            if finding.match_hash:
                self._moved.setdefault((finding.scanner, finding.rule_id, finding.match_hash), finding)

    def added_to(self, why: str, fresh: _Fresh) -> str:
        """``why`` and, where something is known, where the code may have come from."""
        finding, change = fresh.finding, fresh.change
        if change is not None and change.kind is ChangeKind.COPIED and change.old_path is not None:
            line = None if change.binary else self._moves.lines(change).base_line(finding.location.start_line)
            if line is not None and any((change.old_path, line, token) in self._at for token in tokens_of(finding)):
                return explanations.COPIED_LINE.format(sentence=why, line=line)
        source = self._moved.get((finding.scanner, finding.rule_id, finding.match_hash))
        if source is not None:
            path = shown(source.location.path)
            return explanations.MOVED_HERE.format(sentence=why, path=path, lines=lines_of(source))
        return why


def _fixed(finding: Finding, moves: _Moves) -> TrackedFinding:
    change = moves.by_old.get(finding.location.path)
    if change is not None and change.new_path is None:
        why = explanations.FILE_DELETED
    elif change is not None and change.kind is ChangeKind.TYPE_CHANGED:
        why = explanations.TYPE_CHANGED
    elif (
        change is not None
        and not change.binary
        and moves.lines(change).of_base(finding.location.start_line, finding.location.end_line).edited
    ):
        why = explanations.LINES_REMOVED
    else:
        why = explanations.NOT_FLAGGED
    return TrackedFinding(finding, Presence.FIXED, explanation=why.format(was=lines_of(finding)))


def _release(finding: Finding) -> str:
    about = dependency_of(finding)
    return f"{shown(about.package)} {shown(about.version)}"
