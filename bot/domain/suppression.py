"""
Exceptions from the gate that a person made: by finding, by rule and path, or by advisory.

A suppression marks a finding and never removes it. It has a reason, an end, and where the policy asks for it a second
person; what is not in force has no effect at all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import Enum
from functools import cache
from pathlib import PurePosixPath

from packaging.utils import canonicalize_name

from bot.domain import suppression_texts
from bot.domain.globs import glob, problem_with
from bot.domain.policy import SuppressionRules
from bot.domain.triage import Justification, cleaned_actor, cleaned_reason, same_person
from bot.domain.verdict import Suppressed, TrackedFinding
from bot.errors import MergewardenError, clause, sentence
from bot.texts import N_
from scanners.finding import Dependency, Finding, Severity
from scanners.fingerprint import holds_secret

LONGEST_WORD = 300
"""Characters of a scanner's, rule's, advisory's or package's name."""


class Scope(Enum):
    """What a suppression is about."""

    FINDING = "finding"
    RULE = "rule"
    """A scanner's rule, on the paths that a pattern names."""
    ADVISORY = "advisory"
    """An advisory by any of its names, for one package or all."""


class Standing(Enum):
    """Whether a suppression has an effect."""

    WAITING = "waiting"
    """A second person has to approve it."""
    IN_FORCE = "in_force"
    EXPIRED = "expired"
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True)
class Suppression:
    """One exception."""

    id: int
    project_id: int | None
    """None for every project (never for a finding)."""
    scope: Scope
    justification: Justification
    reason: str
    created_by: str
    created_at: datetime
    """UTC."""
    expires_at: datetime
    """UTC; from then on it has no effect."""
    finding_id: int | None = None
    code: str = ""
    """The finding's ``match_hash`` when it was judged: other code has to be judged anew."""
    code_edited_at: datetime | None = None
    """When the lines that were judged had last been edited; of a secret, whose hash says nothing, all that tells it."""
    scanner: str = ""
    rule_id: str = ""
    path: str = ""
    """Pattern as in ``.gitignore``; empty for every path."""
    advisory: str = ""
    """Any name of it, such as ``CVE-2024-1234``."""
    package: str = ""
    """Normalised; empty for every package."""
    needs_approval: bool = False
    approved_by: str = ""
    approved_at: datetime | None = None
    revoked_by: str = ""
    revoked_at: datetime | None = None
    last_used_at: datetime | None = None
    """When it last marked a finding; None for never."""

    def standing(self, now: datetime) -> Standing:
        """Whether it has an effect at this moment."""
        if self.revoked_at is not None:
            return Standing.REVOKED
        if now >= self.expires_at:
            return Standing.EXPIRED
        if self.needs_approval and self.approved_at is None:
            return Standing.WAITING
        return Standing.IN_FORCE


class SuppressionError(MergewardenError):
    """Raised for an exception that may not be made, approved or ended like this."""


# --- making, approving and ending -------------------------------------------------------------------------------------


def requested(
    *,
    project_id: int | None,
    scope: Scope,
    justification: Justification,
    reason: str,
    actor: str,
    now: datetime,
    expires_at: datetime | None,
    rules: SuppressionRules,
    severity: Severity | None = None,
    finding_id: int | None = None,
    code: str = "",
    code_edited_at: datetime | None = None,
    scanner: str = "",
    rule_id: str = "",
    path: str = "",
    advisory: str = "",
    package: str = "",
    needs_approval: bool | None = None,
) -> Suppression:
    """
    A new exception, with 0 for its number until it is stored.

    ``severity`` is that of the finding, for an exception for one finding; any other covers whatever may come, and is
    taken for the worst. Where the policy's ``rules`` ask for a second person it waits for one, unless
    ``needs_approval`` says what is known of the person: see ``bot.domain.authority``. Raises ``SuppressionError``, and
    ``TriageError`` for reason and name.
    """
    said, who = cleaned_reason(reason), cleaned_actor(actor)
    if not said:
        raise SuppressionError(N_("a suppression needs a reason"), N_("Say why: in a year, somebody will ask."))
    if expires_at is None:
        raise SuppressionError(
            N_("a suppression needs an end"),
            sentence(
                N_("Give a date, at most {days} days from now: {day}."),
                days=rules.longest_days,
                day=_latest(now, rules).date().isoformat(),
            ),
        )
    if expires_at <= now:
        raise SuppressionError(
            sentence(N_("the suppression would have ended already: {day}"), day=_moment(expires_at)),
            N_("Give a date that lies ahead."),
        )
    # By days, so that the last one can be used up to its end.
    if expires_at.astimezone(UTC).date() > _latest(now, rules).date():
        raise SuppressionError(
            sentence(
                N_("a suppression may last {days} days, this one would end {day}"),
                days=rules.longest_days,
                day=_moment(expires_at),
            ),
            sentence(
                N_("Give a date up to {day}, or change suppressions.longest_days in the policy."),
                day=_latest(now, rules).date().isoformat(),
            ),
        )
    made = Suppression(
        id=0,
        project_id=project_id,
        scope=scope,
        justification=justification,
        reason=said,
        created_by=who,
        created_at=now,
        expires_at=expires_at,
        finding_id=finding_id,
        code=code,
        code_edited_at=code_edited_at,
        scanner=_word(N_("scanner"), scanner),
        rule_id=_word(N_("rule"), rule_id),
        path=path,
        advisory=_word(N_("advisory"), advisory),
        package=_word(N_("package"), package),
        needs_approval=rules.second_person.wanted_for(severity) if needs_approval is None else needs_approval,
    )
    _validate_subject(made)
    return made


def approve(suppression: Suppression, *, actor: str, now: datetime) -> Suppression:
    """
    The exception with a second person's word for it. Raises ``SuppressionError`` when nobody asked for one, when it has
    ended or was approved already, and when the second person is the first.
    """
    who = cleaned_actor(actor)
    _still_stands(suppression, now)
    if not suppression.needs_approval:
        raise SuppressionError(
            sentence(N_("suppression {number} needs no approval"), number=suppression.id), N_("It is in force.")
        )
    if suppression.approved_at is not None:
        raise SuppressionError(
            sentence(
                N_("suppression {number} was approved already, by {approved_by}"),
                number=suppression.id,
                approved_by=suppression.approved_by,
            ),
            N_("Nothing was changed."),
        )
    if same_person(who, suppression.created_by):
        raise SuppressionError(
            sentence(
                N_("suppression {number} was asked for by {created_by}, who cannot approve it as well"),
                number=suppression.id,
                created_by=suppression.created_by,
            ),
            N_("Another person has to."),
        )
    return replace(suppression, approved_by=who, approved_at=now)


def revoke(suppression: Suppression, *, actor: str, now: datetime) -> Suppression:
    """The exception, ended before its time. Raises ``SuppressionError`` when it has ended already."""
    who = cleaned_actor(actor)
    _still_stands(suppression, now)
    return replace(suppression, revoked_by=who, revoked_at=now)


def _still_stands(suppression: Suppression, now: datetime) -> None:
    standing = suppression.standing(now)
    if standing is Standing.REVOKED:
        by = suppression.revoked_by
        raise SuppressionError(
            sentence(N_("suppression {number} was revoked by {by}"), number=suppression.id, by=by),
            N_("Make a new one where needed."),
        )
    if standing is Standing.EXPIRED:
        ended = _moment(suppression.expires_at)
        raise SuppressionError(
            sentence(N_("suppression {number} ended {ended}"), number=suppression.id, ended=ended),
            N_("Make a new one where needed."),
        )


def _validate_subject(made: Suppression) -> None:
    match made.scope:
        case Scope.FINDING:
            fits = made.finding_id is not None and made.project_id is not None
            needed = N_("a suppression by finding names a finding of a project")
        case Scope.RULE:
            fits = made.scanner != "" and made.rule_id != ""
            needed = N_("a suppression by rule names a scanner and its rule")
            if made.path and (problem := problem_with(made.path)):
                raise SuppressionError(
                    sentence(N_("the path cannot be used: {problem}"), problem=clause(problem)),
                    N_('Give a pattern as in .gitignore, for example "tests/".'),
                )
        case Scope.ADVISORY:
            fits = made.advisory != ""
            needed = N_("a suppression by advisory names an advisory, such as CVE-2024-1234")
    if not fits:
        raise SuppressionError(needed, N_("Say what it is about."))


def _word(what: str, text: str) -> str:
    line = text.strip()
    if not line.isprintable() or len(line) > LONGEST_WORD:
        raise SuppressionError(
            sentence(
                N_("the {what} is not one line of at most {most} readable characters"),
                what=clause(what),
                most=LONGEST_WORD,
            ),
            N_("Write it as reports show it."),
        )
    return line


def _latest(now: datetime, rules: SuppressionRules) -> datetime:
    return now.astimezone(UTC) + timedelta(days=rules.longest_days)


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")


# --- matching ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Match:
    """Why a finding does not count."""

    suppression: Suppression
    explanation: str
    """English, one line, made from ``bot.domain.suppression_texts``."""

    def suppressed(self, fingerprint: str) -> Suppressed:
        """What the gate is told of the finding with this fingerprint."""
        return Suppressed(fingerprint, self.suppression.id, self.explanation)


class Suppressions:
    """
    The exceptions of one project that are in force, ready to be asked about many findings.

    ``items`` are the project's own and those for every project; what is not in force at ``now`` is left out.
    """

    __slots__ = ("_by_advisory", "_by_finding", "_by_rule")

    def __init__(self, items: Iterable[Suppression], now: datetime) -> None:
        self._by_finding: dict[int, list[Suppression]] = {}
        self._by_rule: dict[tuple[str, str], list[_RuleSuppression]] = {}
        self._by_advisory: dict[str, list[Suppression]] = {}
        # The one that wins comes first, so that the first that fits is the answer.
        for item in sorted((i for i in items if i.standing(now) is Standing.IN_FORCE), key=_precedence):
            if item.scope is Scope.FINDING and item.finding_id is not None:
                self._by_finding.setdefault(item.finding_id, []).append(item)
            elif item.scope is Scope.RULE:
                pattern = _pattern(item.path)
                if pattern is not None:
                    self._by_rule.setdefault((item.scanner, item.rule_id), []).append(_RuleSuppression(item, pattern))
            elif item.scope is Scope.ADVISORY:
                self._by_advisory.setdefault(item.advisory.casefold(), []).append(item)

    def match(self, tracked: TrackedFinding, *, changed_at: datetime | None) -> Match | None:
        """
        The exception that the finding falls under; of several the most specific, then the one that lasts longest.

        ``changed_at`` is when the finding's flagged lines were last edited; None for never. An exception for a single
        finding does not cover what was edited after it.
        """
        fitting = [*self._of_finding(tracked, changed_at), *self._of_rule(tracked), *self._of_advisory(tracked)]
        if not fitting:
            return None
        best = min(fitting, key=_precedence)
        return Match(best, explanation_of(best))

    def _of_finding(self, tracked: TrackedFinding, changed_at: datetime | None) -> Iterator[Suppression]:
        for item in self._by_finding.get(tracked.number, ()) if tracked.number is not None else ():
            if not _is_same_code(tracked.finding, item.code):
                continue
            if holds_secret(tracked.finding):
                # Its hash leaves the secret out, so that only the very edit that was judged will do.
                covered = changed_at == item.code_edited_at
            else:
                covered = changed_at is None or changed_at <= item.created_at
            if covered:
                yield item
                return

    def _of_rule(self, tracked: TrackedFinding) -> Iterator[Suppression]:
        finding = tracked.finding
        if not self._by_rule:
            return
        seen = {(finding.scanner, finding.rule_id), *((a.scanner, a.rule_id) for a in finding.attributions)}
        found: list[Suppression] = []
        for key in seen:
            item = next((item for item in self._by_rule.get(key, ()) if item.covers(finding.location.path)), None)
            if item is None:
                # Somebody else saw it as well, whose word alone would have been enough. Otherwise a report that is
                # imported could put a finding of ours under an exception for a rule of its own.
                return
            found.append(item.suppression)
        yield from found

    def _of_advisory(self, tracked: TrackedFinding) -> Iterator[Suppression]:
        dependency = tracked.finding.dependency
        if dependency is None or not self._by_advisory:
            return
        for name in {name.casefold() for name in (*dependency.advisory_ids, tracked.finding.rule_id)}:
            for item in self._by_advisory.get(name, ()):
                if not item.package or _is_same_package(item.package, dependency):
                    yield item
                    break


def explanation_of(suppression: Suppression) -> str:
    """Whose exception it is, why, and until when: one line of English that can be translated."""
    # Both persons, where there are two.
    actor = " + ".join(filter(None, (suppression.created_by, suppression.approved_by)))
    return _TEMPLATES[suppression.justification].format(
        actor=_shortened(actor, 160),
        date=suppression.expires_at.astimezone(UTC).date().isoformat(),
        reason=_shortened(suppression.reason, 400),
    )


_TEMPLATES = {
    Justification.ACCEPTABLE_RISK: suppression_texts.ACCEPTABLE_RISK,
    Justification.FALSE_POSITIVE: suppression_texts.FALSE_POSITIVE,
    Justification.MITIGATING_CONTROL: suppression_texts.MITIGATING_CONTROL,
    Justification.USED_IN_TESTS: suppression_texts.USED_IN_TESTS,
    Justification.NOT_APPLICABLE: suppression_texts.NOT_APPLICABLE,
}


class _RuleSuppression:
    __slots__ = ("covers", "suppression")

    def __init__(self, suppression: Suppression, pattern: Callable[[PurePosixPath], bool]) -> None:
        self.suppression = suppression
        # Many findings share few files.
        self.covers = cache(pattern)


def _pattern(path: str) -> Callable[[PurePosixPath], bool] | None:
    if not path:
        return lambda _: True
    # A pattern that an older release took and this one does not must not cover everything.
    return None if problem_with(path) else glob(path).matches


def _is_same_code(finding: Finding, code: str) -> bool:
    return code == finding.match_hash or (code != "" and any(code == value for _, value in finding.earlier_hashes))


def _is_same_package(wanted: str, dependency: Dependency) -> bool:
    if wanted.casefold() == dependency.package.casefold():
        return True
    # Only PyPI takes "a_b" and "a.b" for one. https://peps.python.org/pep-0503/#normalized-names
    return dependency.ecosystem == "PyPI" and canonicalize_name(wanted) == canonicalize_name(dependency.package)


def _precedence(item: Suppression) -> tuple[int, bool, float, int]:
    narrowed = item.path if item.scope is Scope.RULE else item.package
    specific = 2 if item.scope is Scope.FINDING else int(bool(narrowed))
    # Negated, because the smallest wins; of what lasts equally long, the older one.
    return -specific, item.project_id is None, -item.expires_at.timestamp(), item.id


def _shortened(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"


# --- looking back -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SuppressionReview:
    """The exceptions that somebody should look at."""

    waiting: tuple[Suppression, ...]
    """For a second person; the oldest first."""
    expiring: tuple[Suppression, ...]
    """In force, and soon not; the next first."""
    expired: tuple[Suppression, ...]
    """Ended by themselves; the latest first."""
    unused: tuple[Suppression, ...]
    """In force, and nothing was marked for long; the longest unused first."""


def review(items: Iterable[Suppression], now: datetime, *, soon: timedelta, unused_for: timedelta) -> SuppressionReview:
    """
    Sort out what waits, ends within ``soon``, has ended, or has marked nothing since ``unused_for`` before now.

    One can be expiring and unused at once. What was revoked is in none of them.
    """
    by_standing: dict[Standing, list[Suppression]] = {standing: [] for standing in Standing}
    for item in items:
        by_standing[item.standing(now)].append(item)
    living = by_standing[Standing.IN_FORCE]
    return SuppressionReview(
        waiting=tuple(sorted(by_standing[Standing.WAITING], key=lambda item: (item.created_at, item.id))),
        expiring=tuple(
            sorted((i for i in living if i.expires_at <= now + soon), key=lambda item: (item.expires_at, item.id))
        ),
        expired=tuple(sorted(by_standing[Standing.EXPIRED], key=lambda item: (item.expires_at, item.id), reverse=True)),
        unused=tuple(
            sorted((i for i in living if _idle_since(i) <= now - unused_for), key=lambda i: (_idle_since(i), i.id))
        ),
    )


def _idle_since(item: Suppression) -> datetime:
    """When it last did something: marked a finding, or came into force."""
    return max(filter(None, (item.created_at, item.approved_at, item.last_used_at)))
