"""
Decides whether a merge request may merge.

A decision depends on nothing but the policy, the findings and the scanner runs, so it can be replayed years later from
what the store kept. Whatever gave no answer is named: silence never passes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import PurePosixPath
from types import MappingProxyType

from bot.domain import failures
from bot.domain.policy import OnChanged, Policy, PolicyRule, Unread
from bot.domain.verdict import (
    GateDecision,
    Outcome,
    Presence,
    Reason,
    ReasonCode,
    Suppressed,
    TrackedFinding,
    Violation,
)
from scanners.finding import Confidence, FindingKind, Severity
from scanners.interface import GapReason, ScannerRun

_COUNTING = frozenset({Presence.NEW, Presence.CHANGED})
_NONE: Mapping[str, Suppressed] = MappingProxyType({})


def evaluate(
    policy: Policy,
    tracked: Sequence[TrackedFinding],
    runs: Sequence[ScannerRun],
    *,
    confirmed: frozenset[str] = frozenset(),
    suppressed: Mapping[str, Suppressed] = _NONE,
) -> GateDecision:
    """
    The verdict on one scan.

    ``runs`` are the scanner runs over the head's version of the changed files (or the whole tree). ``confirmed`` holds
    fingerprints of *changed* findings that an authorised person other than the author confirmed; a *new* finding cannot
    be confirmed away. Existing and fixed findings never count.

    ``suppressed`` holds, by fingerprint, the findings that a suppression in force covers: they do not count, and the
    decision lists those that would have, or would have had a discussion of their own.

    A certain failure outweighs an uncertainty, so the outcome is the first that holds of failed, not assessed, warned,
    passed. Violations (in the order of ``tracked``) and reasons are always complete.
    """
    objections = _violations(policy, tracked, confirmed)
    excused = _excused(policy, tracked, {violation.fingerprint for violation in objections}, suppressed)
    violations = [violation for violation in objections if violation.fingerprint not in excused]
    reasons, doubts = _reasons(policy, runs)
    if any(violation.blocks for violation in violations):
        outcome = Outcome.FAILED
    elif Unread.NOT_ASSESSED in doubts:
        outcome = Outcome.NOT_ASSESSED
    elif violations or Unread.WARN in doubts:
        outcome = Outcome.WARNED
    else:
        outcome = Outcome.PASSED
    return GateDecision(outcome, tuple(violations), tuple(reasons), policy.digest, tuple(excused.values()))


def not_assessed(reason: str, *, policy_digest: str = "") -> GateDecision:
    """The verdict when the scan as a whole did not happen; ``reason`` is one line of English that is safe to show."""
    return GateDecision(
        Outcome.NOT_ASSESSED, reasons=(Reason(ReasonCode.SCAN_FAILED, detail=reason),), policy_digest=policy_digest
    )


def with_reasons(decision: GateDecision, reasons: Sequence[Reason]) -> GateDecision:
    """
    The decision with further reasons after its own.

    A project's policy that was ignored may have meant to block, so that a pass becomes a warning; a refused wish only
    informs.
    """
    outcome = decision.outcome
    if outcome is Outcome.PASSED and any(reason.code is ReasonCode.PROJECT_POLICY_IGNORED for reason in reasons):
        outcome = Outcome.WARNED
    return replace(decision, outcome=outcome, reasons=(*decision.reasons, *reasons))


def _violations(policy: Policy, tracked: Iterable[TrackedFinding], confirmed: frozenset[str]) -> list[Violation]:
    # Many findings share few kinds, severities, confidences and files, so each question is answered once.
    @cache
    def rules(
        kind: FindingKind, severity: Severity, confidence: Confidence, presence: Presence
    ) -> tuple[tuple[PolicyRule, bool, Callable[[PurePosixPath], bool]], ...]:
        return tuple(
            (rule, blocks, cache(rule.covers))
            for ruleset, blocks in ((policy.block, True), (policy.warn, False))
            for rule in ruleset
            if rule.concerns(kind, severity, confidence, presence)
        )

    ignored: Callable[[PurePosixPath], str | None] = cache(policy.ignored_because)
    violations = []
    for item in tracked:
        finding, presence = item.finding, item.presence
        if presence not in _COUNTING:
            continue
        if presence is Presence.CHANGED and _settled(policy, finding.fingerprint, confirmed):
            continue
        path = finding.location.path
        if ignored(path) is not None:
            continue
        for rule, blocks, covers in rules(finding.kind, finding.severity, finding.confidence, presence):
            if covers(path):
                stops = blocks and (presence is Presence.NEW or policy.changed is OnChanged.BLOCK)
                violations.append(Violation(finding.fingerprint, rule.name, stops))
                break
    return violations


def _excused(
    policy: Policy, tracked: Iterable[TrackedFinding], objected: set[str], suppressed: Mapping[str, Suppressed]
) -> dict[str, Suppressed]:
    """Those of the suppressed findings for which the suppression makes a difference, in the order of ``tracked``."""
    excused: dict[str, Suppressed] = {}
    for item in tracked if suppressed else ():
        mark = item.finding.fingerprint
        # A finding without an identity cannot be the one that somebody accepted.
        if mark == "" or mark not in suppressed or item.presence not in _COUNTING:
            continue
        if mark in objected or policy.wants_thread(item.finding):
            excused[mark] = suppressed[mark]
    return excused


def _settled(policy: Policy, fingerprint: str, confirmed: frozenset[str]) -> bool:
    # A finding without an identity cannot have been confirmed.
    return policy.changed is OnChanged.IGNORE or (fingerprint != "" and fingerprint in confirmed)


def _reasons(policy: Policy, runs: Sequence[ScannerRun]) -> tuple[list[Reason], set[Unread]]:
    """Everything that was not answered, and how badly the policy takes it."""
    reasons: list[Reason] = []
    doubts: set[Unread] = set()
    for scanner in sorted(policy.required_scanners - {run.scanner for run in runs}):
        reasons.append(Reason(ReasonCode.SCANNER_NOT_ASSESSED, scanner, failures.REQUIRED_AND_NOT_RUN))
        doubts.add(Unread.NOT_ASSESSED)
    for run in sorted(runs, key=lambda run: run.scanner):
        if not run.assessed:
            detail = run.reason or run.status.value.replace("_", " ")
            reasons.append(Reason(ReasonCode.SCANNER_NOT_ASSESSED, run.scanner, detail))
            doubts.add(Unread.NOT_ASSESSED if run.scanner in policy.required_scanners else Unread.WARN)

    gaps = {(gap.path, gap.reason) for run in runs for gap in run.gaps}
    for path, reason in sorted(gaps, key=lambda gap: (str(gap[0]), gap[1].value)):
        wanted = policy.unpinned if reason is GapReason.NOT_PINNED else policy.unread_files
        if wanted is not Unread.IGNORE and policy.ignored_because(path) is None:
            reasons.append(Reason(ReasonCode.FILE_NOT_READ, str(path), reason.value))
            doubts.add(wanted)
    return reasons, doubts
