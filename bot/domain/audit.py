"""
The audit log: what an entry says, how entries hang together, and how a chain is checked. Pure.

Each entry has the number after the one before and repeats that one's digest, and its own digest covers everything that
it says. So no entry can be changed, taken out, put in or moved without a digest that no longer fits.

    digest = SHA-256 (hex) of the entry as canonical JSON, "previous" included and "digest" left out

Canonical JSON: one object, keys sorted by code point, no spaces, everything beyond ASCII as ``\\uXXXX`` in small
letters, no fractions. ``docs/audit.md`` shows how to check one by hand.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import Enum
from typing import Any, Union

from bot.errors import MergewardenError

FIRST = "0" * 64
"""What the first entry has for its predecessor's digest."""
LONGEST_TEXT = 2_000
"""Characters of one text of an entry; a longer one is cut and says so."""
LONGEST_ADDRESS = 64
"""Characters of an address that a request came from."""

Word = Union[str, int, bool, None, "Sequence[Word]", "Mapping[str, Word]"]
"""What details hold. No fractions: their text differs between programs."""


class Action(Enum):
    """What was done. Words are stored: none is ever given another meaning."""

    # Findings and exceptions.
    FINDING_DECIDED = "finding.decided"
    DECISION_UNDONE = "finding.decision_undone"
    FINDING_CLAIMED = "finding.claimed"
    FINDING_ASSIGNED = "finding.assigned"
    FINDING_UNASSIGNED = "finding.unassigned"
    FINDING_SNOOZED = "finding.snoozed"
    FINDING_WOKEN = "finding.woken"
    FINDING_COMMENTED = "finding.commented"
    ISSUE_MADE = "finding.issue_made"
    CODE_CONFIRMED = "finding.code_confirmed"
    """Edited code of a dismissed finding was accepted on a merge request."""
    CODE_UNCONFIRMED = "finding.code_unconfirmed"
    """That was taken back."""
    SUPPRESSION_MADE = "suppression.made"
    SUPPRESSION_APPROVED = "suppression.approved"
    SUPPRESSION_REFUSED = "suppression.refused"
    SUPPRESSION_REVOKED = "suppression.revoked"
    # Projects.
    EXPOSURE_SET = "project.exposure_set"
    INCIDENT_CLOSED = "project.incident_closed"
    PROJECT_FORGOTTEN = "project.forgotten"
    ENFORCEMENT_APPLIED = "enforcement.applied"
    BREAK_GLASS = "enforcement.break_glass"
    """Something was merged past the gate."""
    MERGE_ASKED = "merge.asked"
    """Somebody had the bot merge."""
    MERGE_TAKEN_BACK = "merge.taken_back"
    # Policies and rules.
    POLICY_CHANGED = "policy.changed"
    RULES_SWITCHED = "rules.switched"
    # People.
    SIGNED_IN = "person.signed_in"
    SIGN_IN_REFUSED = "person.sign_in_refused"
    SIGNED_OUT = "person.signed_out"
    SESSIONS_ENDED = "person.sessions_ended"
    ADMIN_MADE = "person.admin_made"
    PASSWORD_CHANGED = "person.password_changed"  # noqa: S105 - a word
    PERSON_DISABLED = "person.disabled"
    PERSON_ENABLED = "person.enabled"
    GRANT_GIVEN = "grant.given"
    GRANT_REVOKED = "grant.revoked"
    TOKEN_MADE = "token.made"  # noqa: S105 - a word
    TOKEN_REVOKED = "token.revoked"  # noqa: S105 - a word
    # The instance.
    SETTING_CHANGED = "setting.changed"
    """Found at a start, for settings are changed outside."""
    HOOK_MADE = "hook.made"
    HOOK_CHANGED = "hook.changed"
    HOOK_DELETED = "hook.deleted"
    VIEW_SAVED = "view.saved"
    VIEW_DELETED = "view.deleted"
    EXPORTED = "export.made"
    # Maturity.
    ATTESTATION_MADE = "attestation.made"
    ATTESTATION_CONFIRMED = "attestation.confirmed"
    ATTESTATION_WITHDRAWN = "attestation.withdrawn"
    SNAPSHOTS_TAKEN = "snapshots.taken"
    SUBSCRIPTION_MADE = "subscription.made"
    SUBSCRIPTION_CHANGED = "subscription.changed"
    SUBSCRIPTION_DELETED = "subscription.deleted"
    REPORT_MADE = "report.made"
    REPORT_SENT_AGAIN = "report.sent_again"
    """Somebody had a delivery that was given up tried once more."""
    REPORT_DELIVERED = "report.delivered"
    REPORT_GIVEN_UP = "report.given_up"
    """It did not arrive for days."""
    REPORT_ACKNOWLEDGED = "report.acknowledged"
    JOB_RETRIED = "job.retried"


class AuditError(MergewardenError):
    """Raised for an exported log that cannot be read at all."""


@dataclass(frozen=True, slots=True)
class Act:
    """
    What somebody did, before it has a place in the log.

    Never put a secret or somebody's personal data in it. ``details`` are words: ``before`` and ``after`` where
    something was changed.
    """

    actor: str
    """As ``Principal.actor``; on a command line the name that was given."""
    person_id: int | None
    action: Action
    subject: str
    """What it was done to: ``finding 812``, ``token 7``."""
    project_id: int | None = None
    details: Mapping[str, Word] = field(default_factory=dict)
    address: str = ""
    """Where the request came from; empty for commands."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the log."""

    sequence: int
    at: datetime
    """UTC."""
    actor: str
    person_id: int | None
    action: str
    """A word of ``Action``; of a newer release's log perhaps one that this one does not know."""
    subject: str
    project_id: int | None
    details: Mapping[str, Any]
    address: str
    previous: str
    digest: str = ""

    def canonical(self) -> bytes:
        """What its digest covers."""
        return canonical_json({name: value for name, value in self.document().items() if name != "digest"})

    def computed_digest(self) -> str:
        """What its digest has to be."""
        return hashlib.sha256(self.canonical()).hexdigest()

    def document(self) -> dict[str, Any]:
        """As it is exported: the fields in the order in which people read them."""
        return {
            "sequence": self.sequence,
            "at": moment(self.at),
            "actor": self.actor,
            "person_id": self.person_id,
            "action": self.action,
            "subject": self.subject,
            "project_id": self.project_id,
            "details": self.details,
            "address": self.address,
            "previous": self.previous,
            "digest": self.digest,
        }


@dataclass(frozen=True, slots=True)
class Head:
    """The last entry of a log. Whoever keeps one elsewhere notices when the log is rewritten as a whole."""

    sequence: int = 0
    digest: str = FIRST

    def __str__(self) -> str:
        return f"{self.sequence}:{self.digest}"

    @classmethod
    def parse(cls, text: str) -> Head:
        """The inverse of ``str``. Raises ``AuditError`` for any other text."""
        found = _HEAD.fullmatch(text.strip())
        if found is None:
            raise AuditError(
                f"{text[:100]!r} is not the head of an audit log",
                "Write it as it was printed: the number of the last entry, a colon, and its 64 digits.",
            )
        return cls(int(found[1]), found[2])


_HEAD = re.compile(r"([0-9]{1,18}):([0-9a-f]{64})", re.ASCII)


def canonical_json(value: Any) -> bytes:
    """A value as the one JSON text that stands for it. Raises ``TypeError`` for fractions and other values."""
    _check(value, 0)
    return json.dumps(value, ensure_ascii=True, separators=(",", ":"), sort_keys=True, allow_nan=False).encode("ascii")


def moment(at: datetime) -> str:
    """A moment as the log writes it: UTC, to the microsecond, always 27 characters."""
    if at.tzinfo is None:
        raise ValueError("a time without its zone says nothing")
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def chained(acts: Iterable[Act], head: Head, at: datetime) -> tuple[Entry, ...]:
    """The acts as the entries that follow ``head``. Texts that are too long are cut."""
    entries: list[Entry] = []
    for act in acts:
        bare = Entry(
            sequence=head.sequence + 1,
            at=at.astimezone(UTC),
            actor=_cut(act.actor),
            person_id=act.person_id,
            action=act.action.value,
            subject=_cut(act.subject),
            project_id=act.project_id,
            details={str(name): _plain(word) for name, word in act.details.items()},
            address=act.address[:LONGEST_ADDRESS],
            previous=head.digest,
        )
        entry = Entry(**{**_fields(bare), "digest": bare.computed_digest()})
        entries.append(entry)
        head = Head(entry.sequence, entry.digest)
    return tuple(entries)


def _fields(entry: Entry) -> dict[str, Any]:
    return {name: getattr(entry, name) for name in Entry.__slots__}


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST_TEXT else text[: LONGEST_TEXT - 1] + "…"


def _plain(word: Word) -> Any:
    """A word as JSON gives it back, so that what is read is what was digested."""
    if isinstance(word, str):
        return _cut(word)
    if word is None or isinstance(word, (bool, int)):
        return word
    if isinstance(word, Mapping):
        return {str(name): _plain(one) for name, one in word.items()}
    if isinstance(word, Sequence):
        return [_plain(one) for one in word]
    raise TypeError(f"{type(word).__name__} is no word of an audit entry")


_DEEPEST = 8


def _check(value: Any, depth: int) -> None:
    if value is None or isinstance(value, (str, bool, int)):
        return
    if depth > _DEEPEST:
        raise TypeError("an audit entry is not that deep")
    if isinstance(value, Mapping):
        for name, one in value.items():
            if not isinstance(name, str):
                raise TypeError("names in an audit entry are texts")
            _check(one, depth + 1)
    elif isinstance(value, (list, tuple)):
        for one in value:
            _check(one, depth + 1)
    else:
        raise TypeError(f"{type(value).__name__} has no place in an audit entry")


# --- checking ---------------------------------------------------------------------------------------------------------


class Damage(Enum):
    """What is wrong with an entry."""

    CHANGED = "changed"
    """Its digest does not fit what it says."""
    MISSING = "missing"
    MISPLACED = "misplaced"
    """It stands in another place than its number says."""
    TWICE = "twice"
    UNLINKED = "unlinked"
    """It names another predecessor than the one that is there: this entry or that one was replaced."""
    CUT = "cut"
    """It was there once: the head says so."""
    REWRITTEN = "rewritten"
    """It is not the one whose digest somebody kept."""
    UNREADABLE = "unreadable"
    """What stands in its place is no entry."""
    UNCHECKED = "unchecked"
    """Somebody wanted to know of it, and it is not in this part of the log."""


@dataclass(frozen=True, slots=True)
class Break:
    """A place where the chain does not hold."""

    damage: Damage
    first: int
    """Number of the entry."""
    last: int | None = None
    """Of several, the last one's."""

    def __str__(self) -> str:
        several = self.last is not None and self.last > self.first
        who = f"entries {self.first} to {self.last}" if several else f"entry {self.first}"
        match self.damage:
            case Damage.CHANGED:
                return f"{who} was changed: its digest does not fit what it says"
            case Damage.MISSING:
                return f"{who} {'are' if several else 'is'} missing"
            case Damage.MISPLACED:
                return f"{who} is out of its place"
            case Damage.TWICE:
                return f"{who} is there twice"
            case Damage.UNLINKED:
                return f"{who} does not follow entry {self.first - 1} as it is here: one of the two was replaced"
            case Damage.CUT:
                return f"{who} {'are' if several else 'is'} missing: the log was cut at its end"
            case Damage.REWRITTEN:
                return f"{who} is not the one that it was: the log was rewritten at or before it"
            case Damage.UNREADABLE:
                return f"{who} cannot be read: what stands in its place is no entry"
            case Damage.UNCHECKED:
                return f"{who} is not in this part of the log"


MOST_BREAKS = 1_000
"""So many are named; all are counted."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a check of a chain found."""

    count: int
    """Entries that were read."""
    start: Head
    """What the first entry follows."""
    head: Head
    """The last entry that was read."""
    breaks: tuple[Break, ...]
    """At most ``MOST_BREAKS``, in the order of their numbers."""
    broken: int
    """How many there are."""

    @property
    def whole(self) -> bool:
        """Whether nothing is wrong."""
        return self.broken == 0


class Checker:
    """
    Checks a chain entry by entry, in the order in which they stand; holds none of them.

    ``whole_log``: whether the chain has to begin with the first entry; a part of the log begins anywhere. ``expected``
    is a head that somebody kept.
    """

    def __init__(self, *, whole_log: bool, expected: Head | None = None) -> None:
        self._whole_log = whole_log
        self._expected = expected
        self._met = expected is None or expected == Head()
        self._start: Head | None = Head() if whole_log else None
        self._last = Head()
        self._next = 1
        self._linked = True
        """Whether the entry before the next one was seen as it was written."""
        self._gaps: list[tuple[int, int]] = []
        self._early: set[int] = set()
        """Numbers below that of the first entry that was read."""
        self._breaks: list[Break] = []
        self._broken = 0
        self._count = 0

    def feed(self, entry: Entry) -> None:
        """The next entry."""
        self._count += 1
        number = entry.sequence
        if self._start is None:
            self._start = Head(number - 1, entry.previous)
            self._next, self._last = number, self._start
        try:
            sound = entry.computed_digest() == entry.digest
        except (TypeError, ValueError, RecursionError):
            # It holds what no entry of ours ever did.
            sound = False
        if not sound:
            self._found(Break(Damage.CHANGED, number))
        if number < self._next:
            self._out_of_order(number)
            return
        if number > self._next:
            self._gaps.append((self._next, number - 1))
            self._linked = False
        if self._linked and entry.previous != self._last.digest:
            self._found(Break(Damage.UNLINKED, number))
        self._meet(Head(number - 1, entry.previous))
        self._meet(Head(number, entry.digest))
        self._last = Head(number, entry.digest)
        self._next = number + 1
        self._linked = True

    def unreadable(self) -> None:
        """What stands in the place of the next entry is none."""
        self._found(Break(Damage.UNREADABLE, self._next))
        self._count += 1
        if self._start is None:
            self._start = Head()
        self._last = Head(self._next, "")
        self._next += 1
        self._linked = False

    def finish(self, head: Head | None, start: Head | None = None) -> Verdict:
        """
        The verdict. ``head`` is what is kept of the last entry beside the chain, ``start`` of what the first one
        follows; None where nothing is.
        """
        self._check_start(start)
        for first, end in self._gaps:
            self._found(Break(Damage.MISSING, first, end if end > first else None))
        for kept in (head, self._expected):
            if kept is None or kept.sequence < self._next:
                continue
            last = kept.sequence if kept.sequence > self._next else None
            cut = Break(Damage.CUT, self._next, last)
            if cut not in self._breaks:
                self._found(cut)
            if kept is self._expected:
                self._met = True
        if head is not None and head.sequence == self._last.sequence and head.digest != self._last.digest:
            self._found(Break(Damage.REWRITTEN, head.sequence))
        if head is not None and head.sequence < self._last.sequence and self._whole_log:
            self._found(Break(Damage.UNLINKED, head.sequence + 1))
        if not self._met and self._expected is not None:
            self._found(Break(Damage.UNCHECKED, self._expected.sequence))
        return Verdict(
            count=self._count,
            start=self._start or Head(),
            head=self._last,
            breaks=tuple(sorted(self._breaks, key=lambda one: (one.first, one.damage.value))),
            broken=self._broken,
        )

    def _check_start(self, start: Head | None) -> None:
        if start is None:
            return
        if self._start is None:
            self._start = self._last = start
            self._next = start.sequence + 1
            self._meet(start)
        elif start.sequence < self._start.sequence:
            wanted = range(start.sequence + 1, self._start.sequence + 1)
            self._gaps = [*_runs(wanted, self._early), *self._gaps]
        elif start != self._start:
            self._found(Break(Damage.REWRITTEN, self._start.sequence + 1))

    def _meet(self, seen: Head) -> None:
        if self._met or self._expected is None or seen.sequence != self._expected.sequence:
            return
        self._met = True
        if seen.digest != self._expected.digest:
            self._found(Break(Damage.REWRITTEN, max(seen.sequence, 1)))

    def _out_of_order(self, number: int) -> None:
        for place, (first, last) in enumerate(self._gaps):
            if first <= number <= last:
                rest = [(first, number - 1), (number + 1, last)]
                self._gaps[place : place + 1] = [gap for gap in rest if gap[0] <= gap[1]]
                self._found(Break(Damage.MISPLACED, number))
                return
        start = self._start or Head()
        if number > start.sequence or number in self._early:
            self._found(Break(Damage.TWICE, number))
            return
        if len(self._early) < MOST_BREAKS:
            self._early.add(number)
        self._found(Break(Damage.MISPLACED, number))

    def _found(self, one: Break) -> None:
        self._broken += 1
        if len(self._breaks) < MOST_BREAKS:
            self._breaks.append(one)


def _runs(numbers: range, without: set[int]) -> list[tuple[int, int]]:
    """The numbers that are left, as first and last of each run."""
    runs: list[tuple[int, int]] = []
    begin = numbers.start
    for number in [*sorted(number for number in without if number in numbers), numbers.stop]:
        if begin < number:
            runs.append((begin, number - 1))
        begin = number + 1
    return runs


# --- as a file --------------------------------------------------------------------------------------------------------

COLUMNS = (
    "sequence",
    "at",
    "actor",
    "person_id",
    "action",
    "subject",
    "project_id",
    "details",
    "address",
    "previous",
    "digest",
)
STATEMENT = "statement"
"""What the last line of an export has: the signed head, in a DSSE envelope."""
PREDICATE_TYPE = "https://mergewarden.invalid/audit-head/v1"
"""Resolves to nothing on purpose (RFC 2606)."""
_STATEMENT_TYPE = "https://in-toto.io/Statement/v1"


@dataclass(frozen=True, slots=True)
class Part:
    """Which part of a log an export holds, and what the whole log's head was meanwhile."""

    start: Head
    """What its first entry follows."""
    end: Head
    """Its last entry; the start where it holds none."""
    count: int
    head: Head
    """The log's last entry."""
    at: datetime


def statement_of(part: Part) -> bytes:
    """The statement to sign: an in-toto statement about the part's last entry."""
    return canonical_json(
        {
            "_type": _STATEMENT_TYPE,
            "subject": [{"name": f"audit entry {part.end.sequence}", "digest": {"sha256": part.end.digest}}],
            "predicateType": PREDICATE_TYPE,
            "predicate": {
                "start": str(part.start),
                "end": str(part.end),
                "count": part.count,
                "head": str(part.head),
                "at": moment(part.at),
            },
        }
    )


def part_of(payload: bytes) -> Part:
    """The inverse of ``statement_of``. Raises ``AuditError`` for anything else."""
    try:
        document = json.loads(payload)
        predicate = document["predicate"]
        if document["_type"] != _STATEMENT_TYPE or document["predicateType"] != PREDICATE_TYPE:
            raise ValueError("another statement")
        count = predicate["count"]
        if type(count) is not int:
            raise ValueError("count")
        return Part(
            start=Head.parse(predicate["start"]),
            end=Head.parse(predicate["end"]),
            count=count,
            head=Head.parse(predicate["head"]),
            at=_moment_of(predicate["at"]),
        )
    except (ValueError, KeyError, TypeError, AttributeError, AuditError, RecursionError):
        raise AuditError("the statement at the end of the file is none about an audit log") from None


def entry_of(document: object) -> Entry:
    """The inverse of ``Entry.document``. Raises ``AuditError`` for anything else."""
    try:
        if not isinstance(document, dict) or set(document) != set(COLUMNS):
            raise ValueError("other fields")
        texts = {name: _text(document[name]) for name in ("actor", "action", "subject", "address")}
        if not isinstance(document["details"], dict):
            raise ValueError("details")
        _check(document["details"], 0)
        sequence = _number(document["sequence"]) or 0
        if sequence < 1:
            raise ValueError("sequence")
        return Entry(
            sequence=sequence,
            at=_moment_of(document["at"]),
            person_id=_number(document["person_id"]),
            project_id=_number(document["project_id"]),
            details=document["details"],
            previous=_digest(document["previous"]),
            digest=_digest(document["digest"]),
            **texts,
        )
    except (ValueError, TypeError, KeyError):
        raise AuditError("this is no entry of an audit log") from None


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError("no text")
    return value


def _number(value: object) -> int | None:
    if value is not None and type(value) is not int:
        raise ValueError("no number")
    return value


def _digest(value: object) -> str:
    if not isinstance(value, str) or not _DIGEST.fullmatch(value):
        raise ValueError("no digest")
    return value


def _moment_of(value: object) -> datetime:
    if not isinstance(value, str) or not _MOMENT.fullmatch(value):
        raise ValueError("no moment")
    return datetime.strptime(value, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC)


_DIGEST = re.compile("[0-9a-f]{64}", re.ASCII)
_MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}Z", re.ASCII)
