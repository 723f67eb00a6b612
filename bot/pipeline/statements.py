"""
What a VEX document says, turned into what we know: exceptions by advisory, and judgements.

``not_affected`` becomes a suppression by advisory and package, which ends when the policy says and, where the policy
asks for it, waits for a second person. ``affected`` confirms the findings that nobody has judged. ``fixed`` and
``under_investigation`` change nothing: whether a finding is gone is for the scanners to say.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from packageurl import PackageURL
from sqlalchemy.orm import Session

from bot.domain.audit import Act, Action
from bot.domain.policy import SecondPerson, SuppressionRules
from bot.domain.suppression import LONGEST_WORD, Scope, Standing, Suppression, requested, revoke
from bot.domain.triage import Justification, TriageState, judge
from bot.pipeline.acts import decided_act, suppression_act
from bot.pipeline.decisions import Decided
from bot.store import findings, suppressions, triage
from scanners.imports.model import Statement, VexStatus
from scanners.normalize import clean_text

SOURCE = "import"
_WHERE = {"where": SOURCE}


def apply_statements(
    writing: Session,
    project_id: int,
    statements: Sequence[Statement],
    *,
    rules: SuppressionRules,
    now: datetime,
    by_hand: bool = True,
) -> tuple[Act, ...]:
    """
    Take the statements over, in the caller's transaction; the same ones again change nothing. Returns what goes into
    the audit log, which the caller writes last.

    What nobody brought ``by_hand``, as whoever opens a merge request can make its pipeline say anything, and use the
    tokens in its variables, waits for a second person whatever the policy says.
    """
    if not by_hand:
        rules = replace(rules, second_person=SecondPerson.ALWAYS)
    said = [
        made
        for made in suppressions.all_for(writing, project_id)
        # What a person ended must not begin anew with the next report.
        if made.scope is Scope.ADVISORY and made.standing(now) is not Standing.EXPIRED
    ]
    acts: list[Act] = []
    known = {(made.advisory.casefold(), made.package, made.created_by) for made in said}
    confirmed: list[tuple[Statement, str]] = []
    for statement in statements:
        if not statement.advisory_ids:
            continue
        for package in _packages(statement):
            if statement.status is VexStatus.AFFECTED:
                confirmed.append((statement, package))
                acts += _take_back(writing, said, statement, package, now)
            if statement.status is not VexStatus.NOT_AFFECTED:
                continue
            made = _exception(project_id, statement, package, rules, now)
            key = (made.advisory.casefold(), made.package, made.created_by)
            if key not in known:
                known.add(key)
                made = suppressions.create(writing, made)
                acts.append(suppression_act(Action.SUPPRESSION_MADE, made, actor=made.created_by, more=_WHERE))
    if confirmed:
        acts += _confirm(writing, project_id, confirmed, now)
    return tuple(acts)


def _take_back(
    writing: Session, said: Sequence[Suppression], statement: Statement, package: str, now: datetime
) -> list[Act]:
    """Who says now that a package is affected no longer means what he said before."""
    acts = []
    names = {name.casefold() for name in statement.advisory_ids}
    for made in said:
        same = made.package == package and made.advisory.casefold() in names and made.created_by == _author(statement)
        if same and made.standing(now) in (Standing.WAITING, Standing.IN_FORCE):
            suppressions.revoke(writing, revoke(made, actor=_author(statement), now=now))
            acts.append(suppression_act(Action.SUPPRESSION_REVOKED, made, actor=_author(statement), more=_WHERE))
    return acts


def _packages(statement: Statement) -> list[str]:
    """Names of the packages that the statement is about; one empty name where it is about all."""
    names = []
    for product in statement.products:
        try:
            purl = PackageURL.from_string(product)
        except ValueError:
            continue
        names.append(f"{purl.namespace}/{purl.name}" if purl.namespace else purl.name)
    # A statement about products of which none can be read is not one about everything.
    return list(dict.fromkeys(names)) if statement.products else [""]


def _exception(
    project_id: int, statement: Statement, package: str, rules: SuppressionRules, now: datetime
) -> Suppression:
    words = [f"VEX: {statement.justification or 'not affected'}", statement.text]
    return requested(
        project_id=project_id,
        scope=Scope.ADVISORY,
        justification=Justification.NOT_APPLICABLE,
        reason=clean_text(". ".join(word for word in words if word), 1_000),
        actor=_author(statement),
        now=now,
        expires_at=now + timedelta(days=rules.longest_days),
        rules=rules,
        advisory=clean_text(statement.advisory_ids[0], LONGEST_WORD).replace("\n", " "),
        package=clean_text(package, LONGEST_WORD).replace("\n", " "),
    )


def _author(statement: Statement) -> str:
    return clean_text(statement.author, 80).replace("\n", " ").strip() or "VEX document"


def _confirm(writing: Session, project_id: int, said: Sequence[tuple[Statement, str]], now: datetime) -> list[Act]:
    by_name: dict[str, list[tuple[Statement, str]]] = {}
    for statement, package in said:
        for name in statement.advisory_ids:
            by_name.setdefault(name.casefold(), []).append((statement, package))
    events = []
    for known in findings.dependencies(writing, project_id):
        about = known.finding.dependency
        if about is None or known.judgement.state is not TriageState.DETECTED:
            continue
        names = {name.casefold() for name in (*about.advisory_ids, known.finding.rule_id)}
        for statement, package in (pair for name in sorted(names) for pair in by_name.get(name, ())):
            if package in ("", about.package):
                events.append(
                    judge(
                        known.judgement,
                        state=TriageState.CONFIRMED,
                        justification=None,
                        reason=clean_text(f"VEX: affected. {statement.text}", 1_000),
                        actor=_author(statement),
                        at=now,
                        finding_id=known.id,
                        source=SOURCE,
                    )
                )
                break
    triage.record_many(writing, events)
    return [decided_act(Decided(event), project_id) for event in events]
