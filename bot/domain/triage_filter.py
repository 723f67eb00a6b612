"""
What a triage list shows: a filter, and the query of an address that says the same. Pure.

A query is written by people and kept in links and saved views, so reading it is strict: a word that is not known is an
error that names it, never a filter that quietly lets everything through.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from enum import Enum
from typing import Any, TypeVar
from urllib.parse import parse_qsl, urlencode

from bot.domain.known import Whereabouts
from bot.domain.priority import Standing
from bot.errors import MergewardenError, sentence
from bot.texts import N_
from scanners.finding import Confidence, FindingKind, Severity

LONGEST_TEXT = 200
"""Characters that are searched for."""
LONGEST_QUERY = 4_000
"""Characters of a whole query."""
SOON = timedelta(days=7)
"""What is due within this time is due soon."""
DEFAULT_STANDINGS = frozenset({Standing.UNDECIDED, Standing.REQUESTED})
"""What a list shows that does not name any: what waits for somebody."""


class FilterError(MergewardenError):
    """Raised for a query that is no filter; the message names the key and the value."""


class Due(Enum):
    """When a finding should be mended."""

    OVERDUE = "overdue"
    """The day has passed."""
    SOON = "soon"
    """Within ``SOON``, and not yet overdue."""


class Assignee(Enum):
    """Whose a finding is, where no number says so."""

    ME = "me"
    NOBODY = "nobody"


class NewSince(Enum):
    """A moment that follows from who asks."""

    LAST_VISIT = "last_visit"


class GroupBy(Enum):
    """What a list can be grouped by."""

    RULE = "rule"
    PACKAGE = "package"
    PROJECT = "project"


@dataclass(frozen=True, slots=True)
class Filter:
    """Which findings a list shows; every part that is set has to fit. An empty set or None means any."""

    standings: frozenset[Standing] = DEFAULT_STANDINGS
    """Empty for any. ``SNOOZED`` is how snoozed findings are shown."""
    severities: frozenset[Severity] = frozenset()
    confidences: frozenset[Confidence] = frozenset()
    kinds: frozenset[FindingKind] = frozenset()
    whereabouts: frozenset[Whereabouts] = frozenset()
    known_exploited: bool | None = None
    fix_available: bool | None = None
    epss_least: float | None = None
    """0 to 1."""
    due: Due | None = None
    projects: frozenset[int] = frozenset()
    """Numbers of projects."""
    group: str = ""
    """Full path of a group or project: everything at and below it."""
    rule: tuple[str, str] | None = None
    """Scanner and rule id."""
    package: tuple[str, str] | None = None
    """Ecosystem and package."""
    assignee: Assignee | int | None = None
    """A number is a person's."""
    new_since: datetime | NewSince | None = None
    """First seen at this moment or later."""
    text: str = ""
    """Words that have to occur."""

    def for_person(self, person_id: int | None, last_visit: datetime | None) -> Filter:
        """
        The filter with "me" and "my last visit" replaced by what they mean for this person.

        Somebody without a number has nothing assigned (number 0 is nobody's); without an earlier visit all is new.
        """
        changed = self
        if self.assignee is Assignee.ME:
            changed = replace(changed, assignee=0 if person_id is None else person_id)
        if isinstance(self.new_since, NewSince):
            changed = replace(changed, new_since=last_visit)
        return changed

    @property
    def active(self) -> tuple[str, ...]:
        """Keys of the parts that narrow the list, as in the query."""
        return tuple(dict.fromkeys(key for key, _ in _pairs(self)))

    def without(self, key: str) -> Filter:
        """The filter with everything under this key of the query taken out; for the standing: any."""
        pairs = [pair for pair in _pairs(self) if pair[0] != key]
        return from_pairs([*pairs, ("standing", "any")] if key == "standing" else pairs)

    def toggled(self, key: str, value: str) -> Filter:
        """The filter with this value of the query taken out where it is in, and put in where it is not."""
        pairs = _pairs(self)
        if key == "standing":
            pairs = [*(p for p in pairs if p[0] != key), *((key, s.value) for s in _in_order(self.standings, Standing))]
        if (key, value) in pairs:
            pairs = [pair for pair in pairs if pair != (key, value)]
        else:
            pairs = [pair for pair in pairs if pair[0] != key or key in _MANY] + [(key, value)]
        if key == "standing" and not any(name == key for name, _ in pairs):
            pairs.append((key, "any"))
        return from_pairs(pairs)

    def to_query(self) -> str:
        """As in an address, after the question mark; empty for what a list shows by itself. ``parse`` reads it."""
        return urlencode(_pairs(self))


_E = TypeVar("_E", bound=Enum)

_MANY = frozenset({"standing", "severity", "confidence", "kind", "where", "project"})
"""Keys that may come several times; any of their values fits."""

KEYS = _MANY | {"kev", "fix", "epss", "due", "group", "rule", "package", "assignee", "new", "q"}
"""All keys of a query; a page has others of its own beside them, such as ``after``."""


def parse(query: str) -> Filter:
    """The filter that a query says; keys that are not a filter's are left alone. Raises ``FilterError``."""
    if len(query) > LONGEST_QUERY:
        raise FilterError(
            sentence(
                N_("the query has {count} characters, at most {most} are read"),
                count=len(query),
                most=LONGEST_QUERY,
            ),
            N_("Take some out."),
        )
    try:
        pairs = parse_qsl(query, keep_blank_values=True, max_num_fields=500, errors="replace")
    except ValueError:
        raise FilterError(N_("the query has too many parts"), N_("Take some out.")) from None
    return from_pairs(pairs)


def from_pairs(pairs: Iterable[tuple[str, str]]) -> Filter:
    """The same from keys and values, as ``request.query_params.multi_items()`` gives them. Raises ``FilterError``."""
    given: dict[str, list[str]] = {}
    for key, value in pairs:
        # An empty field of a form says nothing.
        if key in KEYS and value.strip():
            given.setdefault(key, []).append(value.strip())

    def single(key: str) -> str | None:
        values = given.get(key, [])
        if len(set(values)) > 1:
            raise FilterError(
                sentence(
                    N_("{key} is given more than once: {values}, {second}"),
                    key=key,
                    values=_shown(values[0]),
                    second=_shown(values[1]),
                ),
                N_("Give one."),
            )
        return values[0] if values else None

    standings = given.get("standing")
    if standings is None:
        wanted = DEFAULT_STANDINGS
    elif "any" in standings:
        wanted = frozenset()
    else:
        wanted = _members("standing", standings, Standing)
    kev, fix, epss, due = single("kev"), single("fix"), single("epss"), single("due")
    rule, package, whose, new, text = (single(key) for key in ("rule", "package", "assignee", "new", "q"))
    group = single("group") or ""
    return Filter(
        standings=wanted,
        severities=_members("severity", given.get("severity", ()), Severity),
        confidences=_members("confidence", given.get("confidence", ()), Confidence),
        kinds=_members("kind", given.get("kind", ()), FindingKind),
        whereabouts=_members("where", given.get("where", ()), Whereabouts),
        known_exploited=None if kev is None else _flag("kev", kev),
        fix_available=None if fix is None else _flag("fix", fix),
        epss_least=None if epss is None else _share(epss),
        due=None if due is None else _member("due", due, Due),
        projects=frozenset(_number("project", value) for value in given.get("project", ())),
        group=_text("group", group).strip("/"),
        rule=None if rule is None else _pair("rule", rule, "semgrep:python.sql-injection"),
        package=None if package is None else _pair("package", package, "PyPI:django"),
        assignee=None if whose is None else _whose(whose),
        new_since=None if new is None else _moment(new),
        text=_text("q", text or ""),
    )


def _pairs(wanted: Filter) -> list[tuple[str, str]]:
    pairs: list[tuple[str, str]] = []
    if wanted.standings != DEFAULT_STANDINGS:
        words = [one.value for one in _in_order(wanted.standings, Standing)] or ["any"]
        pairs += [("standing", word) for word in words]
    sets: Sequence[tuple[str, frozenset[Any], type[Enum]]] = (
        ("severity", wanted.severities, Severity),
        ("confidence", wanted.confidences, Confidence),
        ("kind", wanted.kinds, FindingKind),
        ("where", wanted.whereabouts, Whereabouts),
    )
    for key, members, enum in sets:
        pairs += [(key, str(one.value)) for one in _in_order(members, enum)]
    pairs += [("project", str(number)) for number in sorted(wanted.projects)]
    if wanted.known_exploited is not None:
        pairs.append(("kev", "yes" if wanted.known_exploited else "no"))
    if wanted.fix_available is not None:
        pairs.append(("fix", "yes" if wanted.fix_available else "no"))
    if wanted.epss_least is not None:
        pairs.append(("epss", f"{wanted.epss_least:.6f}".rstrip("0").rstrip(".")))
    if wanted.due is not None:
        pairs.append(("due", wanted.due.value))
    if wanted.group:
        pairs.append(("group", wanted.group))
    for key, pair in (("rule", wanted.rule), ("package", wanted.package)):
        if pair is not None:
            pairs.append((key, ":".join(pair)))
    if wanted.assignee is not None:
        whose = wanted.assignee
        pairs.append(("assignee", whose.value if isinstance(whose, Assignee) else str(whose)))
    if wanted.new_since is not None:
        since = wanted.new_since
        moment = since.value if isinstance(since, NewSince) else since.astimezone(UTC).isoformat()
        pairs.append(("new", moment.replace("+00:00", "Z")))
    if wanted.text:
        pairs.append(("q", wanted.text))
    return pairs


def _in_order(members: frozenset[_E], enum: type[_E]) -> list[_E]:
    return [one for one in enum if one in members]


def _members(key: str, values: Iterable[str], enum: type[_E]) -> frozenset[_E]:
    return frozenset(_member(key, value, enum) for value in values)


def _member(key: str, value: str, enum: type[_E]) -> _E:
    try:
        return enum(value)
    except ValueError:
        words = ", ".join(str(one.value) for one in enum)
        raise FilterError(
            sentence(N_("{key} cannot be {value}"), key=key, value=_shown(value)),
            sentence(N_("Give one of: {names}."), names=words),
        ) from None


def _flag(key: str, value: str) -> bool:
    if value not in ("yes", "no"):
        raise FilterError(sentence(N_("{key} cannot be {value}"), key=key, value=_shown(value)), N_("Give yes or no."))
    return value == "yes"


def _share(value: str) -> float:
    # Not float() alone, which takes "nan" and "1_0".
    if not re.fullmatch(r"[0-9]{1,3}(?:\.[0-9]{1,9})?", value, re.ASCII) or float(value) > 1:
        raise FilterError(
            sentence(N_("{key} cannot be {value}"), key="epss", value=_shown(value)),
            N_("Give a probability from 0 to 1, for example 0.1."),
        )
    return round(float(value), 6)


def _number(key: str, value: str) -> int:
    if not re.fullmatch("[0-9]{1,18}", value, re.ASCII):
        raise FilterError(sentence(N_("{key} cannot be {value}"), key=key, value=_shown(value)), N_("Give a number."))
    return int(value)


def _pair(key: str, value: str, example: str) -> tuple[str, str]:
    first, colon, second = _text(key, value).partition(":")
    if not colon or not first or not second:
        raise FilterError(
            sentence(N_("{key} cannot be {value}"), key=key, value=_shown(value)),
            sentence(N_("Give two names with a colon between: {example}."), example=example),
        )
    return first, second


def _whose(value: str) -> Assignee | int:
    if value in (Assignee.ME.value, Assignee.NOBODY.value):
        return Assignee(value)
    if not re.fullmatch("[0-9]{1,18}", value, re.ASCII):
        raise FilterError(
            sentence(N_("{key} cannot be {value}"), key="assignee", value=_shown(value)),
            N_("Give me, nobody, or a person's number."),
        )
    return int(value)


def _moment(value: str) -> datetime | NewSince:
    if value == NewSince.LAST_VISIT.value:
        return NewSince.LAST_VISIT
    try:
        if re.fullmatch("[0-9]{4}-[0-9]{2}-[0-9]{2}", value, re.ASCII):
            day = date.fromisoformat(value)
            return datetime(day.year, day.month, day.day, tzinfo=UTC)
        moment = datetime.fromisoformat(value)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise FilterError(
            sentence(N_("{key} cannot be {value}"), key="new", value=_shown(value)),
            N_("Give last_visit, or a day or moment: 2026-03-01, 2026-03-01T08:00:00Z."),
        ) from None


def _text(key: str, value: str) -> str:
    if len(value) > (LONGEST_TEXT if key == "q" else 1_000):
        raise FilterError(
            sentence(N_("{key} is too long ({count} characters)"), key=key, count=len(value)), N_("Give fewer words.")
        )
    return value


def _shown(value: str) -> str:
    return repr("".join(c if c.isprintable() else "?" for c in value[:80]))


__all__ = [
    "DEFAULT_STANDINGS",
    "KEYS",
    "LONGEST_QUERY",
    "LONGEST_TEXT",
    "SOON",
    "Assignee",
    "Due",
    "Filter",
    "FilterError",
    "GroupBy",
    "NewSince",
    "from_pairs",
    "parse",
]
