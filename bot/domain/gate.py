"""
Decides whether a merge request may merge.

A decision depends on nothing but the policy, the findings and the scanner runs, so it can be replayed years later from
what the store kept. Whatever gave no answer is named: silence never passes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Final

from bot.domain import failures
from bot.domain.circumstances import UNKNOWN, Context
from bot.domain.policy import OnChanged, Policy, Unread, WhenNotAssessed
from bot.domain.rule_index import RuleIndex
from bot.domain.verdict import (
    Effect,
    GateDecision,
    Outcome,
    Presence,
    Reason,
    ReasonCode,
    Suppressed,
    TrackedFinding,
    Violation,
)
from scanners.finding import FindingKind
from scanners.interface import GapReason, ScannerRun, ScannerStatus

MOST_MONITORED: Final = 20
"""Rules that are recorded for one finding without an effect; a hostile project can write many."""

_NONE: Mapping[str, Suppressed] = MappingProxyType({})
_NOWHERE: Final = Context()


def evaluate(
    policy: Policy,
    tracked: Sequence[TrackedFinding],
    runs: Sequence[ScannerRun],
    *,
    confirmed: frozenset[str] = frozenset(),
    suppressed: Mapping[str, Suppressed] = _NONE,
    context: Context = _NOWHERE,
) -> GateDecision:
    """
    The verdict on one scan.

    ``runs`` are the scanner runs over the head's version of the changed files (or the whole tree). ``confirmed`` holds
    fingerprints of *changed* findings that an authorised person other than the author confirmed; a *new* finding cannot
    be confirmed away. Fixed findings never count, existing ones only for rules that name them.

    ``suppressed`` holds, by fingerprint, the findings that a suppression in force covers: they do not count, and the
    decision lists those that would have, or would have had a discussion of their own.

    ``context`` is what the merge request and other sources say. What they do not say never makes a rule match and is
    never passed over: the decision says that it was missing, with the consequence that the policy sets.

    A certain failure outweighs an uncertainty, so the outcome is the first that holds of failed, not assessed, warned,
    passed. Violations (in the order of ``tracked``; for one finding the strongest, then what is only monitored) and
    reasons are always complete.
    """
    judged = _judge(policy, tracked, confirmed, suppressed, context)
    reasons, doubts = _reasons(policy, runs, context)
    for subject in sorted(judged.missing):
        detail = failures.FACTS_UNKNOWN.format(count=judged.missing[subject])
        reasons.append(Reason(ReasonCode.FACTS_MISSING, subject, detail))
    doubts |= judged.doubts
    if any(violation.blocks for violation in judged.violations):
        outcome = Outcome.FAILED
    elif Unread.NOT_ASSESSED in doubts:
        outcome = Outcome.NOT_ASSESSED
    elif Unread.WARN in doubts or any(violation.effect is Effect.COMMENT for violation in judged.violations):
        outcome = Outcome.WARNED
    else:
        outcome = Outcome.PASSED
    return GateDecision(
        outcome,
        tuple(judged.violations),
        tuple(reasons),
        policy.digest,
        tuple(judged.excused.values()),
        tolerated=outcome is Outcome.NOT_ASSESSED and policy.not_assessed is WhenNotAssessed.ALLOW,
    )


_DOUBTFUL = frozenset({ReasonCode.PROJECT_POLICY_IGNORED, ReasonCode.POLICY_NOT_CURRENT})
"""Reasons because of which a stricter policy may be the one that was meant."""


def not_assessed(reason: str, *, policy_digest: str = "") -> GateDecision:
    """The verdict when the scan as a whole did not happen; ``reason`` is one line of English that is safe to show."""
    return GateDecision(
        Outcome.NOT_ASSESSED, reasons=(Reason(ReasonCode.SCAN_FAILED, detail=reason),), policy_digest=policy_digest
    )


def with_reasons(decision: GateDecision, reasons: Sequence[Reason]) -> GateDecision:
    """
    The decision with further reasons after its own.

    A project's policy that was ignored may have meant to block, and so may the newest version of a policy that is out
    of reach: a pass becomes a warning. A refused wish only informs.
    """
    outcome = decision.outcome
    if outcome is Outcome.PASSED and any(reason.code in _DOUBTFUL for reason in reasons):
        outcome = Outcome.WARNED
    return replace(decision, outcome=outcome, reasons=(*decision.reasons, *reasons))


@dataclass(slots=True)
class _Judged:
    """What the rules say about the findings."""

    violations: list[Violation] = field(default_factory=list)
    excused: dict[str, Suppressed] = field(default_factory=dict)
    """Those of the suppressed findings for which the suppression makes a difference, in the order of ``tracked``."""
    missing: Counter[str] = field(default_factory=Counter)
    """Of how many findings a rule could not say whether it means them, by what is missing."""
    doubts: set[Unread] = field(default_factory=set)


def _judge(
    policy: Policy,
    tracked: Iterable[TrackedFinding],
    confirmed: frozenset[str],
    suppressed: Mapping[str, Suppressed],
    context: Context,
) -> _Judged:
    judged = _Judged()
    index = RuleIndex(policy, context)
    facts = context.facts
    # The index gives one and the same tuple wherever the same rules match.
    known: dict[tuple[int, int], list[tuple[str, Effect]]] = {}
    for item in tracked:
        presence = item.presence
        if presence is Presence.FIXED:
            continue
        finding = item.finding
        # A finding without an identity can be neither the one that somebody accepted nor one that was confirmed.
        mark = finding.fingerprint
        effects: list[tuple[str, Effect]] = []
        covered = mark != "" and mark in suppressed
        if presence is not Presence.CHANGED or not (
            policy.changed is OnChanged.IGNORE or (mark != "" and mark in confirmed)
        ):
            match = index.match(finding, presence, facts.get(mark, UNKNOWN))
            if match is not None:
                cap = match.cap
                if presence is Presence.CHANGED and policy.changed is OnChanged.WARN and cap is Effect.BLOCK:
                    cap = Effect.COMMENT
                key = id(match.rules), id(cap)
                if key not in known:
                    known[key] = _effects(match.rules, cap)
                effects = known[key]
                if match.undecided is not None and not covered:
                    _note_missing(policy, judged, match.undecided, match.missing, cap)
        if not covered:
            judged.violations.extend([Violation(mark, name, effect) for name, effect in effects])
        elif any(effect is not Effect.MONITOR for _, effect in effects) or (
            presence is not Presence.EXISTING and policy.wants_thread(finding)
        ):
            judged.excused[mark] = suppressed[mark]
    return judged


def _effects(rules: Sequence[tuple[str, Effect]], cap: Effect) -> list[tuple[str, Effect]]:
    """What becomes of the rules that match one finding: the strongest, then those that are only monitored."""
    effects: list[tuple[str, Effect]] = []
    monitored = 0
    for name, effect in rules:
        lowered = effect if effect.rank <= cap.rank else cap
        if lowered is Effect.MONITOR:
            monitored += 1
            if monitored > MOST_MONITORED:
                break
        elif effects:
            # One objection is enough to say what has to be done.
            continue
        effects.append((name, lowered))
    return effects


def _note_missing(policy: Policy, judged: _Judged, undecided: Effect, missing: Iterable[str], cap: Effect) -> None:
    """A rule that could only have warned does no more by what is missing, and one that only monitors does nothing."""
    if policy.missing_facts is Unread.IGNORE:
        return
    effect = undecided if undecided.rank <= cap.rank else cap
    if effect is Effect.MONITOR:
        return
    judged.missing.update(missing)
    judged.doubts.add(policy.missing_facts if effect is Effect.BLOCK else Unread.WARN)


def _reasons(policy: Policy, runs: Sequence[ScannerRun], context: Context) -> tuple[list[Reason], set[Unread]]:
    """Everything that was not answered, and how badly the policy takes it."""
    reasons: list[Reason] = []
    doubts: set[Unread] = set()
    for scanner in sorted(policy.required_scanners - {run.scanner for run in runs}):
        reasons.append(Reason(ReasonCode.SCANNER_NOT_ASSESSED, scanner, failures.REQUIRED_AND_NOT_RUN))
        doubts.add(Unread.NOT_ASSESSED)
    for run in sorted(runs, key=lambda run: run.scanner):
        if not run.assessed:
            wanted = Unread.NOT_ASSESSED if run.scanner in policy.required_scanners else policy.failed_scanners
            if wanted is not Unread.IGNORE:
                detail = run.reason or run.status.value.replace("_", " ")
                reasons.append(Reason(ReasonCode.SCANNER_NOT_ASSESSED, run.scanner, detail))
                doubts.add(wanted)
        elif (age := _too_old(policy, run, context)) and policy.advisories.when_older is not Unread.IGNORE:
            reasons.append(Reason(ReasonCode.ADVISORIES_OLD, run.scanner, age))
            doubts.add(policy.advisories.when_older)

    gaps = {(gap.path, gap.reason) for run in runs for gap in run.gaps}
    for path, reason in sorted(gaps, key=lambda gap: (str(gap[0]), gap[1].value)):
        wanted = policy.unpinned if reason is GapReason.NOT_PINNED else policy.unread_files
        if wanted is not Unread.IGNORE and policy.ignored_because(path) is None:
            reasons.append(Reason(ReasonCode.FILE_NOT_READ, str(path), reason.value))
            doubts.add(wanted)
    return reasons, doubts


def _too_old(policy: Policy, run: ScannerRun, context: Context) -> str:
    """How old the advisories are that a scanner looked up, where that is too old; else empty."""
    limit = policy.advisories.oldest_days
    if limit is None or run.kind is not FindingKind.DEPENDENCY or run.status is not ScannerStatus.COMPLETED:
        return ""
    if run.data_date is None or context.today is None:
        return failures.ADVISORIES_UNDATED.format(size=limit)
    age = (context.today - run.data_date).days
    if age <= limit:
        return ""
    return failures.ADVISORIES_AGE.format(date=run.data_date.isoformat(), count=age, size=limit)
