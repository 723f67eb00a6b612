"""
What a policy would have done, had it been in force: every stored scan of a merge request is judged anew by it.

Exact as far as the store knows: findings, scanners' answers, confirmations, exceptions, circumstances and facts are
those of the decision that was made then. Memory is bounded by the largest scan, and each batch of scans costs the same
number of queries.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import PurePosixPath

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from bot.domain.globs import glob
from bot.domain.policy import InCode, Policy, PolicyDocument
from bot.domain.policy_layers import LayeredPolicy
from bot.domain.policy_trial import Cause, ProjectOutcome
from bot.domain.verdict import (
    Effect,
    GateDecision,
    Outcome,
    Reason,
    ReasonCode,
    ScanReport,
    Suppressed,
    TrackedFinding,
)
from bot.errors import ConfigurationError
from bot.pipeline.judging import honoured
from bot.store import projects, scans
from bot.store.decisions import DecisionInputs, StoredDecision, judge, last_decisions
from bot.store.engine import session
from bot.store.scans import ScanPlace

BATCH_FINDINGS = 5_000
"""Findings that are held at a time; a single scan may have more."""
_PAGE = 200
MOST_SHOWN = 10
_OF_THE_OLD_POLICY = frozenset({ReasonCode.PROJECT_POLICY_REFUSED, ReasonCode.POLICY_NOT_CURRENT})


def simulate(
    store: Engine,
    organisation: PolicyDocument,
    present: PolicyDocument,
    *,
    since: datetime,
    pattern: str | None = None,
    batch_findings: int = BATCH_FINDINGS,
) -> Iterator[ProjectOutcome]:
    """
    Judge by ``organisation`` in the place of the organisation's policy, project by project.

    ``present`` is the policy in force: its groups stay. ``pattern`` is one for projects as in a policy's ``match``.
    """
    groups = present if isinstance(present, LayeredPolicy) else _plain(present)
    wanted = groups.under(organisation)
    with session(store) as reading:
        known = {project.id: project.path for project in projects.all_projects(reading)}
        chosen = None if pattern is None else {number for number, path in known.items() if _matches(pattern, path)}
        # One transaction for all, so that the figures are those of one moment.
        yield from _simulate(reading, wanted, groups, known, since, chosen, batch_findings)


def _simulate(
    reading: Session,
    wanted: LayeredPolicy,
    present: LayeredPolicy,
    known: Mapping[int, str],
    since: datetime,
    chosen: set[int] | None,
    batch_findings: int,
) -> Iterator[ProjectOutcome]:
    tally: _Tally | None = None
    for batch in _batches(_places(reading, since, chosen), batch_findings):
        ids = [place.id for place in batch]
        reports = scans.load_scans(reading, ids)
        decisions = last_decisions(reading, ids)
        for place in batch:
            report = reports.get(place.id)
            if report is None:
                continue
            if tally is None or tally.project_id != place.project_id:
                if tally is not None:
                    yield tally.outcome()
                path = known.get(place.project_id, report.subject.project)
                tally = _Tally(place.project_id, path, *_policies(wanted, present, path))
            tally.add(place, report, decisions.get(place.id))
    if tally is not None:
        yield tally.outcome()


def _policies(wanted: LayeredPolicy, present: LayeredPolicy, path: str) -> tuple[Policy | None, str, str]:
    """The policy to judge by, the digest of the one of now, and why there is none of the first."""
    try:
        digest = present.for_project(path).digest
    except ConfigurationError:
        digest = ""
    try:
        return wanted.for_project(path), digest, ""
    except ConfigurationError as error:
        return None, digest, str(error).splitlines()[0]


def _places(reading: Session, since: datetime, chosen: set[int] | None) -> Iterator[ScanPlace]:
    after: ScanPlace | None = None
    while page := scans.merge_request_scans(reading, since=since, project_ids=chosen, after=after, limit=_PAGE):
        yield from page
        after = page[-1]


def _batches(places: Iterable[ScanPlace], most: int) -> Iterator[list[ScanPlace]]:
    batch: list[ScanPlace] = []
    size = 0
    for place in places:
        if batch and (size + place.findings > most or len(batch) >= _PAGE):
            yield batch
            batch, size = [], 0
        batch.append(place)
        size += place.findings
    if batch:
        yield batch


@dataclass(slots=True)
class _Causes:
    """Counts causes; a finding counts once in a merge request, in however many scans it stands."""

    counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    examples: dict[tuple[str, str], str] = field(default_factory=dict)
    seen: set[tuple[str, str, str]] = field(default_factory=set)

    def add(self, rule: str, about: str, mark: str, example: str) -> None:
        if mark and (rule, about, mark) in self.seen:
            return
        self.seen.add((rule, about, mark))
        self.counts[rule, about] += 1
        self.examples.setdefault((rule, about), example)

    def next_merge_request(self) -> None:
        self.seen.clear()

    def top(self) -> tuple[Cause, ...]:
        worst = sorted(self.counts.items(), key=lambda item: (-item[1], item[0]))[:MOST_SHOWN]
        return tuple(Cause(rule, about, count, self.examples[rule, about]) for (rule, about), count in worst)


@dataclass(slots=True)
class _Tally:
    """One project's figures as they grow. Scans come by merge request, and by time within it."""

    project_id: int
    path: str
    policy: Policy | None
    present_digest: str
    unjudged: str
    scans: int = 0
    merge_requests: int = 0
    before: Counter[Outcome] = field(default_factory=Counter)
    after: Counter[Outcome] = field(default_factory=Counter)
    newly_blocked: int = 0
    newly_let_through: int = 0
    without_decision: int = 0
    other_policy: int = 0
    blocked: list[int] = field(default_factory=list)
    blocking: _Causes = field(default_factory=_Causes)
    releasing: _Causes = field(default_factory=_Causes)
    monitored: _Causes = field(default_factory=_Causes)
    _iid: int | None = None
    _last_is_blocked: bool = False

    def add(self, place: ScanPlace, report: ScanReport, stored: StoredDecision | None) -> None:
        if self.policy is None:
            return
        if place.iid != self._iid:
            self._end_merge_request()
            self._iid = place.iid
            self.merge_requests += 1
        before = report.decision if stored is None else stored.decision
        after = judge_anew(self.policy, report, None if stored is None else stored.inputs)
        self.scans += 1
        self.without_decision += stored is None
        self.other_policy += before.policy_digest != self.present_digest
        self.before[before.outcome] += 1
        self.after[after.outcome] += 1
        self._last_is_blocked = before.lets_through and not after.lets_through
        if self._last_is_blocked:
            self.newly_blocked += 1
            _explain(self.blocking, place, report, after, before)
        elif after.lets_through and not before.lets_through:
            self.newly_let_through += 1
            _explain(self.releasing, place, report, before, after)
        by_mark = _by_mark(report.tracked)
        for violation in after.violations:
            if violation.effect is Effect.MONITOR:
                finding = by_mark.get(violation.fingerprint)
                self.monitored.add(violation.rule, _about(finding), violation.fingerprint, _example(place.iid, finding))

    def _end_merge_request(self) -> None:
        if self._last_is_blocked and self._iid is not None and len(self.blocked) < MOST_SHOWN:
            self.blocked.append(self._iid)
        self._last_is_blocked = False
        for causes in (self.blocking, self.releasing, self.monitored):
            causes.next_merge_request()

    def outcome(self) -> ProjectOutcome:
        self._end_merge_request()
        return ProjectOutcome(
            project_id=self.project_id,
            project=self.path,
            scans=self.scans,
            merge_requests=self.merge_requests,
            before=dict(self.before),
            after=dict(self.after),
            newly_blocked=self.newly_blocked,
            newly_let_through=self.newly_let_through,
            blocked_merge_requests=tuple(self.blocked),
            blocking=self.blocking.top(),
            releasing=self.releasing.top(),
            monitored=self.monitored.top(),
            without_decision=self.without_decision,
            other_policy=self.other_policy,
            unjudged=self.unjudged,
        )


def judge_anew(policy: Policy, report: ScanReport, inputs: DecisionInputs | None) -> GateDecision:
    """
    The verdict of another policy on a stored scan, from what was known then.

    ``inputs`` None: none are stored, so that only the scan's own exceptions are known.
    """
    if inputs is None:
        failed = tuple(r for r in report.decision.reasons if r.code is ReasonCode.SCAN_FAILED)
        inputs = DecisionInputs(
            suppressed={item.fingerprint: item for item in report.decision.suppressed}, extra_reasons=failed
        )
    # What a comment in the code excuses is for the policy to say; other exceptions stand whatever it says.
    suppressed: dict[str, Suppressed] = {
        mark: item for mark, item in inputs.suppressed.items() if item.suppression_id is not None
    }
    if policy.in_code is InCode.HONOUR:
        suppressed = {**honoured(report.tracked), **suppressed}
    reasons = tuple(reason for reason in inputs.extra_reasons if reason.code not in _OF_THE_OLD_POLICY)
    return judge(policy, report, replace(inputs, suppressed=suppressed, extra_reasons=reasons))


def _explain(
    causes: _Causes, place: ScanPlace, report: ScanReport, stopped: GateDecision, passed: GateDecision
) -> None:
    """Count why ``stopped`` does not let through what ``passed`` does."""
    by_mark = _by_mark(report.tracked)
    if stopped.outcome is Outcome.FAILED:
        for violation in stopped.violations:
            if violation.blocks and not passed.blocks(violation.fingerprint):
                finding = by_mark.get(violation.fingerprint)
                causes.add(violation.rule, _about(finding), violation.fingerprint, _example(place.iid, finding))
        return
    known: set[Reason] = set() if passed.tolerated else set(passed.reasons)
    fresh = [reason for reason in stopped.reasons if reason not in known]
    # Where the reasons are the same, the policy takes them otherwise.
    for reason in fresh or stopped.reasons:
        causes.add(reason.code.value, reason.subject, "", f"!{place.iid}")


def _by_mark(tracked: Sequence[TrackedFinding]) -> Mapping[str, TrackedFinding]:
    return {item.finding.fingerprint: item for item in tracked}


def _about(item: TrackedFinding | None) -> str:
    return "" if item is None else f"{item.finding.scanner}: {item.finding.rule_id}"


def _example(iid: int, item: TrackedFinding | None) -> str:
    return f"!{iid}" if item is None else f"!{iid} {item.finding.location.path}:{item.finding.location.start_line}"


def _matches(pattern: str, path: str) -> bool:
    return glob(pattern.casefold(), from_start=True).matches(PurePosixPath(path.casefold()))


def _plain(document: PolicyDocument) -> LayeredPolicy:
    return LayeredPolicy(document.source_name, document.policy, document.projects)
