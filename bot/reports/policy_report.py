"""
What is said about policies on the command line: what a file means, what it would have done, why a decision is what it
is. As text, and as JSON for programs.

What a file means and would have done is told in English; a decision is explained in the reader's language. Text of
strangers stands on one line, with nothing in it that a terminal would obey.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from bot.domain.policy import Policy, PolicyDocument, RefusedSetting, policy_to_json
from bot.domain.policy_rule import PolicyRule
from bot.domain.policy_trial import Cause, ConfirmedBy, ExplainedDecision, ProjectOutcome
from bot.domain.verdict import Effect, GateDecision, Outcome, TrackedFinding, Violation
from bot.reports.documents import dump, json_time
from bot.reports.policy_words import Condition, conditions, rule_of
from bot.reports.visible import one_line, shorten_path, visible
from bot.reports.wording import Wording, number_of, words_in
from bot.texts import Language

SCHEMA_VERSION = "1.0"
"""Of the JSON documents; a new field raises the minor, anything that could break a reader the major."""
MOST_FINDINGS = 50
"""Findings that are shown in one section of an explanation."""
_NAME = 120
_TEXT = 400


# --- check ------------------------------------------------------------------------------------------------------------


def render_policy(name: str, policy: Policy, document: PolicyDocument | None = None) -> str:
    """What an organisation's policy means, or a policy with a lower layer's file under it."""
    lines = [f"{one_line(name, _TEXT)} is good; digest {policy.digest}", ""]
    lines += _rules("blocks the merge", policy.block)
    lines += _rules("gets a discussion", policy.warn)
    lines += _rules("is only recorded", policy.monitor)
    for mode in policy.rule_modes:
        what = ", ".join((*mode.scanners, *mode.rules))
        word = "not capped" if mode.mode is Effect.BLOCK else f"at most {mode.mode.value}"
        lines.append(f"{word}: {one_line(what, _TEXT)} ({one_line(mode.reason, _TEXT)})")
    for ignored in policy.ignore_paths:
        lines.append(f"does not count: {one_line(ignored.pattern, _NAME)} ({one_line(ignored.reason, _TEXT)})")
    required = ", ".join(sorted(policy.required_scanners)) or "none"
    lines.append(f"needs an answer of: {required}")
    tolerated = policy.not_assessed.value == "allow"
    lines.append(f"what nobody could judge: {'is let through all the same' if tolerated else 'blocks the merge'}")
    for override in document.projects if document is not None else ():
        named = ", ".join(_named(override.settings)) or "nothing"
        lines.append(f"for {one_line(override.match, _NAME)} there is other: {named}")
    return "\n".join(lines) + "\n"


def render_refused(refused: Sequence[RefusedSetting], above: str) -> str:
    """What of a lower layer's file is not followed under the policy above it; empty when all is."""
    if not refused:
        return ""
    lines = [f"not followed, because it would weaken {one_line(above, _TEXT)}:"]
    lines += (
        f"  {one.setting}: wanted {one_line(one.wanted, _TEXT)}, kept {one_line(one.kept, _TEXT)}" for one in refused
    )
    return "\n".join(lines) + "\n"


def _rules(title: str, rules: Sequence[PolicyRule]) -> Iterator[str]:
    yield f"{title}: {'nothing' if not rules else ''}".rstrip()
    for rule in rules:
        asked = "; ".join(f"{one.key}: {one.asked}" for one in conditions(rule)) or "whatever a change brings"
        yield f"  {one_line(rule.name, _NAME)} ({asked})"


def _named(settings: object) -> Iterator[str]:
    for name in type(settings).__dataclass_fields__:  # type: ignore[attr-defined]
        if getattr(settings, name) is not None:
            yield name


# --- simulate ---------------------------------------------------------------------------------------------------------


def render_outcome(outcome: ProjectOutcome) -> str:
    """One project of a simulation."""
    name = one_line(outcome.project, _TEXT) or f"project {outcome.project_id}"
    if outcome.unjudged:
        return f"{name}: not judged, because {one_line(outcome.unjudged, _TEXT)}\n"
    lines = [
        f"{name}: {_count(outcome.scans, 'scan')} of {_count(outcome.merge_requests, 'merge request')}",
        f"  then  {_verdicts(outcome.before)}",
        f"  now   {_verdicts(outcome.after)}",
        f"  newly blocked: {_count(outcome.newly_blocked, 'scan')}{_requests(outcome.blocked_merge_requests)}",
        *_causes(outcome.blocking),
        f"  newly let through: {_count(outcome.newly_let_through, 'scan')}",
        *_causes(outcome.releasing),
    ]
    if outcome.monitored:
        lines += ["  only recorded:", *_causes(outcome.monitored)]
    return "\n".join(lines) + "\n"


def render_total(outcomes: Totals) -> str:
    """All projects together, and what could not be taken into account."""
    lines = [
        f"together: {_count(outcomes.projects, 'project')}, {_count(outcomes.scans, 'scan')} of "
        f"{_count(outcomes.merge_requests, 'merge request')}; "
        f"newly blocked {outcomes.newly_blocked}, newly let through {outcomes.newly_let_through}",
        "",
        "not taken into account:",
        *(f"  - {line}" for line in outcomes.left_out()),
    ]
    return "\n".join(lines) + "\n"


class Totals:
    """Adds up projects as they come, so that nobody holds them all."""

    def __init__(self) -> None:
        self.projects = self.scans = self.merge_requests = 0
        self.newly_blocked = self.newly_let_through = 0
        self.without_decision = self.other_policy = self.unjudged = 0

    def add(self, outcome: ProjectOutcome) -> None:
        """One more project."""
        self.projects += 1
        self.unjudged += bool(outcome.unjudged)
        for name in (
            "scans",
            "merge_requests",
            "newly_blocked",
            "newly_let_through",
            "without_decision",
            "other_policy",
        ):
            setattr(self, name, getattr(self, name) + getattr(outcome, name))

    def left_out(self) -> list[str]:
        """What the figures do not say, each in a sentence."""
        lines = [
            "Projects' own files (.mergewarden.yml) are not stored; they can only make a policy stricter. "
            f"{_count(self.other_policy, 'scan was', 'scans were')} judged by another policy than organisation and "
            "groups have now.",
            "Exceptions, confirmations, labels and facts (EPSS, KEV, licences, ages) are those of the decision then.",
            "Scanners are not run again: what they did not look for then is not found now.",
        ]
        if self.without_decision:
            lines.append(
                f"{_count(self.without_decision, 'scan has', 'scans have')} no stored decision: judged without "
                "confirmations, circumstances and facts."
            )
        if self.unjudged:
            lines.append(f"{_count(self.unjudged, 'project')} could not be judged at all.")
        return lines


def outcome_document(outcome: ProjectOutcome) -> dict[str, Any]:
    """One project of a simulation as plain values."""
    return {
        "project": {"id": outcome.project_id, "path": outcome.project},
        "scans": outcome.scans,
        "merge_requests": outcome.merge_requests,
        "then": {one.value: outcome.before.get(one, 0) for one in Outcome},
        "now": {one.value: outcome.after.get(one, 0) for one in Outcome},
        "newly_blocked": outcome.newly_blocked,
        "newly_let_through": outcome.newly_let_through,
        "blocked_merge_requests": list(outcome.blocked_merge_requests),
        "blocking": [_cause_document(cause) for cause in outcome.blocking],
        "releasing": [_cause_document(cause) for cause in outcome.releasing],
        "monitored": [_cause_document(cause) for cause in outcome.monitored],
        "without_decision": outcome.without_decision,
        "other_policy": outcome.other_policy,
        "unjudged": outcome.unjudged or None,
    }


def render_simulation_json(
    outcomes: Iterable[ProjectOutcome], *, name: str, policy: Policy, since: datetime, at: datetime
) -> str:
    """The whole simulation as one document."""
    totals, documents = Totals(), []
    for outcome in outcomes:
        totals.add(outcome)
        documents.append(outcome_document(outcome))
    return dump(
        {
            "schema_version": SCHEMA_VERSION,
            "policy": {"file": name, "digest": policy.digest},
            "since": json_time(since),
            "at": json_time(at),
            "projects": documents,
            "total": {
                "projects": totals.projects,
                "scans": totals.scans,
                "merge_requests": totals.merge_requests,
                "newly_blocked": totals.newly_blocked,
                "newly_let_through": totals.newly_let_through,
            },
            "not_taken_into_account": totals.left_out(),
        }
    )


def _verdicts(counts: Any) -> str:
    return ", ".join(f"{one.value.replace('_', ' ')} {counts.get(one, 0)}" for one in Outcome)


def _requests(numbers: Sequence[int]) -> str:
    return f"; still so in {', '.join(f'!{number}' for number in numbers)}" if numbers else ""


def _causes(causes: Sequence[Cause]) -> Iterator[str]:
    for cause in causes:
        about = one_line(cause.about, _NAME)
        yield (
            f"    {cause.count:>4}  {one_line(cause.rule, _NAME)}{f' - {about}' if about else ''}"
            f"  (first {one_line(cause.example, _TEXT)})"
        )


def _cause_document(cause: Cause) -> dict[str, Any]:
    return {"rule": cause.rule, "about": cause.about, "count": cause.count, "example": cause.example}


def _count(number: int, one: str, many: str = "") -> str:
    return f"{number} {one if number == 1 else many or one + 's'}"


# --- explain ----------------------------------------------------------------------------------------------------------


def render_explanation(found: ExplainedDecision, language: Language) -> str:
    """Why a merge request's last decision is what it is."""
    wording = words_in(language)
    return "\n".join(_explanation(found, wording)) + "\n"


def _explanation(found: ExplainedDecision, wording: Wording) -> Iterator[str]:
    _ = wording.t.gettext
    decision = found.decision
    yield f"{one_line(found.project, _TEXT)}!{found.iid}{wording.colon()}{wording.outcome(decision.outcome)}"
    yield _("This lets the merge through.") if decision.lets_through else _("This does not let the merge through.")
    yield _("Decided {time} UTC because of {word}, about commit {sha}").format(
        time=found.at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S"),
        word=one_line(found.because, 40),
        sha=found.head_sha,
    )
    yield _("Policy {digest}, made of").format(digest=decision.policy_digest)
    for layer in found.layers:
        yield f"  {one_line(layer, _TEXT)}"
    for title, effect in (
        (_("Blocks"), Effect.BLOCK),
        (_("Gets a discussion"), Effect.COMMENT),
        (_("Only recorded"), Effect.MONITOR),
    ):
        chosen = [violation for violation in decision.violations if violation.effect is effect]
        yield from _section(title, (list(_violation(v, found, wording)) for v in chosen), len(chosen), wording)
    suppressed = decision.suppressed
    yield from _section(
        _("Suppressed"),
        ([_headline(s.fingerprint, found), f"  {one_line(wording.said(s.explanation), _TEXT)}"] for s in suppressed),
        len(suppressed),
        wording,
    )
    confirmed = found.confirmed
    yield from _section(
        _("Confirmed by a second person"),
        ([_finding(c.finding), f"  {_by(c, wording)}"] for c in confirmed),
        len(confirmed),
        wording,
    )
    yield from _section(
        _("Reasons"),
        ([one_line(wording.reason(reason), _TEXT)] for reason in decision.reasons),
        len(decision.reasons),
        wording,
    )
    yield ""
    yield _replayed(found, wording)


def _section(title: str, entries: Iterable[Sequence[str]], count: int, wording: Wording) -> Iterator[str]:
    if not count:
        return
    yield ""
    yield f"{title} ({count})"
    for number, lines in enumerate(entries):
        if number == MOST_FINDINGS:
            n = count - number
            yield "  " + wording.t.ngettext("{n} more row is not shown.", "{n} more rows are not shown.", n).format(n=n)
            return
        for line in lines:
            yield f"  {line}"


def _violation(violation: Violation, found: ExplainedDecision, wording: Wording) -> Iterator[str]:
    _ = wording.t.gettext
    yield _headline(violation.fingerprint, found)
    name = one_line(violation.rule, _NAME)
    known = None if found.policy is None else rule_of(found.policy, violation.rule, violation.effect)
    if known is None:
        yield f"  {name}"
        return
    rule, meant = known
    held = conditions(rule, found.findings.get(violation.fingerprint), found.context)
    asked = "; ".join(_held(condition) for condition in held) or _("whatever a change brings")
    yield f"  {name}{wording.colon()}{asked}"
    if meant is not violation.effect:
        said = _("a rule of {key}, held down by the scanner rule's mode or by the setting changed")
        yield f"  {said.format(key=_LISTS[meant])}"


_LISTS = {Effect.BLOCK: "block", Effect.COMMENT: "warn", Effect.MONITOR: "monitor"}


def _held(condition: Condition) -> str:
    return (
        f"{condition.key}: {condition.asked} ({condition.found})"
        if condition.found
        else (f"{condition.key}: {condition.asked}")
    )


def _headline(mark: str, found: ExplainedDecision) -> str:
    item = found.findings.get(mark)
    return one_line(mark, 20) if item is None else _finding(item)


def _finding(item: TrackedFinding) -> str:
    finding = item.finding
    place = f"{shorten_path(one_line(visible(str(finding.location.path))), _NAME)}:{finding.location.start_line}"
    rule = one_line(f"{finding.scanner}: {finding.rule_id}", _NAME)
    return " ".join(filter(None, (number_of(item), f"{rule}, {place}")))


def _by(confirmed: ConfirmedBy, wording: Wording) -> str:
    _ = wording.t.gettext
    if not confirmed.actor or confirmed.at is None:
        return _("by resolving the discussion on GitLab, which has the name")
    said = _("by {name}, {time} UTC").format(
        name=one_line(confirmed.actor, _NAME), time=confirmed.at.astimezone(UTC).strftime("%Y-%m-%d %H:%M")
    )
    return f"{said}{wording.colon()}{one_line(confirmed.reason, _TEXT)}" if confirmed.reason else said


def _replayed(found: ExplainedDecision, wording: Wording) -> str:
    _ = wording.t.gettext
    if found.replayed is None:
        problem = one_line(found.problem, _TEXT)
        return _("⚠ It cannot be made again today: {problem}").format(problem=problem)
    if found.same:
        return _("Made again today from the store, it is the same decision.")
    changes = wording.joined(differences(found.decision, found.replayed)) or "?"
    return _(
        "⚠ MADE AGAIN TODAY FROM THE STORE, IT IS ANOTHER DECISION ({changes}). Either this release judges otherwise "
        "than the one that made it, or somebody altered the store."
    ).format(changes=changes)


def differences(then: GateDecision, now: GateDecision) -> list[str]:
    """In what two decisions differ, in short: minus what only the first has, plus what only the second has."""
    found: list[str] = []
    for key in ("outcome", "tolerated", "policy_digest"):
        before, after = getattr(then, key), getattr(now, key)
        if before != after:
            found.append(f"{key}: {getattr(before, 'value', before)} -> {getattr(after, 'value', after)}")
    for key in ("violations", "reasons", "suppressed"):
        before, after = Counter(getattr(then, key)), Counter(getattr(now, key))
        lost, gained = (before - after).total(), (after - before).total()
        if lost or gained:
            found.append(f"{key}: -{lost} +{gained}")
        elif getattr(then, key) != getattr(now, key):
            found.append(f"{key}: order")
    return found


def render_explanation_json(found: ExplainedDecision, language: Language) -> str:
    """The same as one document."""
    wording = words_in(language)
    decision = found.decision
    return dump(
        {
            "schema_version": SCHEMA_VERSION,
            "language": language.value,
            "project": found.project,
            "merge_request": found.iid,
            "scan": found.scan_id,
            "commit": found.head_sha,
            "at": json_time(found.at),
            "because": found.because,
            "outcome": decision.outcome.value,
            "lets_through": decision.lets_through,
            "tolerated": decision.tolerated,
            "policy": {
                "digest": decision.policy_digest,
                "layers": list(found.layers),
                "settings": None if found.policy is None else policy_to_json(found.policy),
            },
            "violations": [_violation_document(violation, found) for violation in decision.violations],
            "suppressed": [
                {
                    "finding": _finding_document(item.fingerprint, found),
                    "suppression": item.suppression_id,
                    "explanation": wording.said(item.explanation),
                }
                for item in decision.suppressed
            ],
            "confirmed": [
                {
                    "finding": _finding_document(one.finding.finding.fingerprint, found),
                    "by": one.actor or None,
                    "at": json_time(one.at),
                    "reason": one.reason,
                }
                for one in found.confirmed
            ],
            "reasons": [
                {
                    "code": reason.code.value,
                    "subject": reason.subject,
                    "detail": reason.detail,
                    "text": wording.reason(reason),
                }
                for reason in decision.reasons
            ],
            "context": found.context.to_json(),
            "replay": {
                "same": None if found.replayed is None else found.same,
                "differences": [] if found.replayed is None else differences(decision, found.replayed),
                "problem": found.problem or None,
            },
        }
    )


def _violation_document(violation: Violation, found: ExplainedDecision) -> dict[str, Any]:
    known = None if found.policy is None else rule_of(found.policy, violation.rule, violation.effect)
    held = () if known is None else conditions(known[0], found.findings.get(violation.fingerprint), found.context)
    return {
        "finding": _finding_document(violation.fingerprint, found),
        "rule": violation.rule,
        "effect": violation.effect.value,
        "list": None if known is None else _LISTS[known[1]],
        "conditions": [{"key": one.key, "asked": one.asked, "found": one.found} for one in held],
    }


def _finding_document(mark: str, found: ExplainedDecision) -> dict[str, Any]:
    item = found.findings.get(mark)
    if item is None:
        return {"fingerprint": mark}
    finding = item.finding
    return {
        "fingerprint": mark,
        "number": item.number,
        "scanner": finding.scanner,
        "rule": finding.rule_id,
        "path": str(finding.location.path),
        "line": finding.location.start_line,
        "presence": item.presence.value,
    }
