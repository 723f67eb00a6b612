"""What the desk's API takes and gives, as the document says it. Input with a name that is not known is refused."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Generic, TypeVar

from fastapi import Path
from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from bot.domain.known import Dossier, Sighting, Whereabouts, Witness
from bot.domain.priority import Exposure, Standing
from bot.domain.suppression import Scope, Suppression
from bot.domain.suppression import Standing as ExceptionStanding
from bot.domain.triage import Justification, TriageEvent, TriageState
from bot.domain.verdict import Outcome as GateOutcome
from bot.domain.verdict import Presence
from bot.domain.workflow import Fault, Outcome, Reason, Result
from bot.errors import translated
from bot.reports.documents import scalar_text
from bot.store.desk import Item
from bot.texts import Language, translations
from scanners.finding import Confidence, Finding, FindingKind, Severity

T = TypeVar("T")

MOST = 2**53 - 1
"""The largest number that every JSON reader takes exactly."""
Number = Annotated[int, Field(ge=1, le=MOST)]
NumberInPath = Annotated[int, Path(ge=1, le=MOST)]
SCOPE_WORDS = "`organisation`, `group:shop/web` or `project:42`"
ScopeText = Annotated[str, Field(max_length=600, description=SCOPE_WORDS)]
ProjectNumber = Annotated[int, Field(ge=-MOST, le=MOST)]
"""GitLab's are positive, those of local projects negative."""


def _this_age(at: datetime) -> datetime:
    if not 2000 <= at.year <= 2200:
        raise ValueError("the year has to be between 2000 and 2200")
    return at


Moment = Annotated[AwareDatetime, AfterValidator(_this_age)]
"""RFC 3339 with its zone."""


class In(BaseModel):
    """Input."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)


class Out(BaseModel):
    """Output. A stranger's text may hold what no JSON can: it is replaced."""

    @model_validator(mode="before")
    @classmethod
    def _clean(cls, values: Any) -> Any:
        return _cleaned(values) if isinstance(values, dict) else values


def _cleaned(value: Any) -> Any:
    if isinstance(value, str):
        return value if value.isascii() else scalar_text(value)
    if isinstance(value, dict):
        return {_cleaned(name): _cleaned(one) for name, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_cleaned(one) for one in value]
    return value


class Page(Out, Generic[T]):
    """Part of a list."""

    items: list[T]
    next: str | None = Field(default=None, description="Address of the next page; null on the last one.")


class Fault_(Out):  # noqa: N801 - the document calls it by its title
    """One fault of the input."""

    model_config = ConfigDict(title="Fault")

    in_: str = Field(serialization_alias="in", description="body, query, path or header")
    name: str
    detail: str


class ProblemDocument(Out):
    """A refusal: https://www.rfc-editor.org/rfc/rfc9457"""

    type: str
    title: str
    status: int
    detail: str
    hint: str | None = None
    field: str | None = None
    errors: list[Fault_] | None = None


# --- findings ---------------------------------------------------------------------------------------------------------


class ProjectRef(Out):
    """A project by number and full path."""

    id: int
    path: str


class Factor(Out):
    """What one factor adds to the priority."""

    factor: str
    points: int
    word: str


class PackageRef(Out):
    """A package in use."""

    ecosystem: str
    package: str
    version: str


class Assignee(Out):
    """Who took a finding."""

    id: int
    name: str


class FindingRow(Out):
    """A finding as the triage list has it."""

    id: int
    project: ProjectRef
    title: str
    scanner: str
    rule: str
    kind: FindingKind
    severity: Severity
    confidence: Confidence
    path: str
    line: int
    where: Whereabouts
    state: TriageState
    standing: Standing
    priority: int
    factors: list[Factor]
    first_seen_at: datetime
    due_at: datetime | None
    known_exploited: bool | None = Field(description="null where nobody can say")
    epss: float | None
    fix_available: bool
    exposure: Exposure
    package: PackageRef | None
    advisories: list[str]
    assignee: Assignee | None
    claimed_at: datetime | None
    snoozed_until: datetime | None

    @classmethod
    def of(cls, item: Item) -> FindingRow:
        """From a row of the list."""
        return cls(
            id=item.finding_id,
            project=ProjectRef(id=item.project_id, path=item.project),
            title=item.title,
            scanner=item.scanner,
            rule=item.rule_id,
            kind=item.kind,
            severity=item.severity,
            confidence=item.confidence,
            path=str(item.path),
            line=item.start_line,
            where=item.whereabouts,
            state=item.state,
            standing=item.standing,
            priority=item.priority,
            factors=[Factor(factor=part.factor.value, points=part.points, word=part.word) for part in item.factors],
            first_seen_at=item.first_seen_at,
            due_at=item.due_at,
            known_exploited=item.known_exploited,
            epss=item.epss,
            fix_available=item.fix_available,
            exposure=item.exposure,
            package=None
            if item.package is None
            else PackageRef(ecosystem=item.package[0], package=item.package[1], version=item.package[2]),
            advisories=list(item.advisories),
            assignee=None if item.assignee_id is None else Assignee(id=item.assignee_id, name=item.assignee),
            claimed_at=item.claimed_at,
            snoozed_until=item.snoozed_until,
        )


class SuppressionOut(Out):
    """An exception from the gate."""

    id: int
    standing: ExceptionStanding
    project: int | None = Field(description="null for every project")
    scope: Scope
    finding: int | None
    scanner: str
    rule: str
    path: str
    advisory: str
    package: str
    justification: Justification
    reason: str
    created_by: str
    created_at: datetime
    expires_at: datetime
    needs_approval: bool
    approved_by: str | None
    approved_at: datetime | None
    revoked_by: str | None
    revoked_at: datetime | None
    last_used_at: datetime | None

    @classmethod
    def of(cls, made: Suppression, now: datetime) -> SuppressionOut:
        """As it stands now."""
        return cls(
            id=made.id,
            standing=made.standing(now),
            project=made.project_id,
            scope=made.scope,
            finding=made.finding_id,
            scanner=made.scanner,
            rule=made.rule_id,
            path=made.path,
            advisory=made.advisory,
            package=made.package,
            justification=made.justification,
            reason=made.reason,
            created_by=made.created_by,
            created_at=made.created_at,
            expires_at=made.expires_at,
            needs_approval=made.needs_approval,
            approved_by=made.approved_by or None,
            approved_at=made.approved_at,
            revoked_by=made.revoked_by or None,
            revoked_at=made.revoked_at,
            last_used_at=made.last_used_at,
        )


class Judged(Out):
    """What people say about a finding."""

    state: TriageState
    justification: Justification | None
    reason: str
    by: str | None
    at: datetime | None


class HistoryEvent(Out):
    """One change of a judgement."""

    at: datetime
    by: str
    before: TriageState
    after: TriageState
    justification: Justification | None
    reason: str
    source: str
    suppression: int | None

    @classmethod
    def of(cls, event: TriageEvent) -> HistoryEvent:
        """From the store's."""
        return cls(
            at=event.at,
            by=event.actor,
            before=event.before,
            after=event.after,
            justification=event.justification,
            reason=event.reason,
            source=event.source,
            suppression=event.suppression_id,
        )


class NoteOut(Out):
    """What somebody wrote beneath a finding, or an issue that he made of it."""

    at: datetime
    by: str
    text: str
    issue: str | None


class SeenAt(Out):
    """Where a finding is, or was."""

    ref: str
    presence: Presence
    path: str
    start_line: int
    end_line: int
    commit: str | None
    explanation: str
    first_seen_at: datetime
    gone_at: datetime | None

    @classmethod
    def of(cls, seen: Sighting) -> SeenAt:
        """From the store's."""
        return cls(
            ref=seen.ref,
            presence=seen.presence,
            path=str(seen.location.path),
            start_line=seen.location.start_line,
            end_line=seen.location.end_line,
            commit=seen.commit,
            explanation=seen.explanation,
            first_seen_at=seen.first_seen_at,
            gone_at=seen.gone_at,
        )


class SeenBy(Out):
    """One scanner's word for a finding."""

    ref: str
    source: str
    scanner: str
    version: str
    rule: str
    first_seen_at: datetime
    last_seen_at: datetime
    gone_at: datetime | None

    @classmethod
    def of(cls, word: Witness) -> SeenBy:
        """From the store's."""
        return cls(
            ref=word.ref,
            source=word.source,
            scanner=word.scanner,
            version=word.version,
            rule=word.rule_id,
            first_seen_at=word.first_seen_at,
            last_seen_at=word.last_seen_at,
            gone_at=word.gone_at,
        )


class FindingOut(Out):
    """Everything that is known about a finding. Its ETag is what ``If-Match`` of a decision takes."""

    id: int
    project: ProjectRef
    title: str
    message: str
    remediation: str
    scanner: str
    rule: str
    kind: FindingKind
    severity: Severity
    confidence: Confidence
    path: str
    start_line: int
    end_line: int
    snippet: str = Field(description="The flagged lines, secrets taken out")
    cwes: list[int]
    owasp: list[str]
    references: list[str]
    package: PackageRef | None
    advisories: list[str]
    fixed_versions: list[str]
    fingerprint: str
    where: Whereabouts
    first_seen_at: datetime
    judgement: Judged
    suppressed_by: int | None = Field(description="Number of the exception that is in force for it")
    history: list[HistoryEvent]
    seen_at: list[SeenAt]
    seen_by: list[SeenBy]
    suppressions: list[SuppressionOut]

    @classmethod
    def of(cls, dossier: Dossier, now: datetime) -> FindingOut:
        """From everything that is known."""
        known = dossier.known
        found: Finding = known.finding
        dependency, judgement = found.dependency, known.judgement
        return cls(
            id=known.id,
            project=ProjectRef(id=known.project_id, path=known.project),
            title=found.title,
            message=found.message,
            remediation=found.remediation,
            scanner=found.scanner,
            rule=found.rule_id,
            kind=found.kind,
            severity=found.severity,
            confidence=found.confidence,
            path=str(found.location.path),
            start_line=found.location.start_line,
            end_line=found.location.end_line,
            snippet=found.snippet,
            cwes=list(found.cwes),
            owasp=list(found.owasp),
            references=list(found.references),
            package=None
            if dependency is None
            else PackageRef(
                ecosystem=dependency.ecosystem, package=dependency.package, version=dependency.version or ""
            ),
            advisories=[] if dependency is None else list(dependency.advisory_ids),
            fixed_versions=[] if dependency is None else list(dependency.fixed_versions),
            fingerprint=found.fingerprint,
            where=known.whereabouts,
            first_seen_at=known.first_seen_at,
            judgement=Judged(
                state=judgement.state,
                justification=judgement.justification,
                reason=judgement.reason,
                by=judgement.actor or None,
                at=judgement.at,
            ),
            suppressed_by=dossier.match.suppression.id if dossier.match else None,
            history=[HistoryEvent.of(event) for event in dossier.history],
            seen_at=[SeenAt.of(seen) for seen in dossier.sightings],
            seen_by=[SeenBy.of(word) for word in dossier.witnesses],
            suppressions=[SuppressionOut.of(made, now) for made in dossier.suppressions],
        )


class DecideIn(In):
    """A judgement."""

    state: TriageState
    justification: Justification | None = Field(None, description="For `dismissed` only")
    reason: str = Field("", max_length=2_000)
    expires_at: Moment | None = Field(None, description="When a dismissal ends")
    request: bool = Field(False, description="Only ask: it holds when a second person approves it")


class Chosen(In):
    """Findings of an act."""

    findings: list[Number] = Field(min_length=1, max_length=1_000)


class DecideManyIn(DecideIn, Chosen):
    """A judgement of several findings."""


class AssignIn(Chosen):
    """Whose findings these are."""

    person: Number | None = Field(description="Number of the person; null for nobody")


class SnoozeIn(Chosen):
    """Until when findings are left out of the list."""

    until: Moment | None = Field(description="null to bring them back")


class CommentIn(In):
    """What to write beneath a finding."""

    text: str = Field(min_length=1, max_length=4_000)


class DoneOut(Out):
    """An act on one finding that was possible."""

    finding: int
    result: Result
    suppression: int | None
    why: Reason | None


class RefusedOut(Out):
    """A finding that the act was not possible for."""

    finding: int
    fault: Fault
    reason: str
    hint: str


class OutcomeOut(Out):
    """What came of an act."""

    done: list[DoneOut]
    refused: list[RefusedOut]
    batch: str | None = Field(description="What takes it back: POST /undo/{batch}")
    judged_again: int

    @classmethod
    def of(cls, outcome: Outcome, language: Language) -> OutcomeOut:
        """From the workflow's; reasons are told in this language."""
        look_up = translations(language).gettext
        return cls(
            done=[
                DoneOut(finding=one.finding_id, result=one.result, suppression=one.suppression_id, why=one.why)
                for one in outcome.done
            ],
            refused=[
                RefusedOut(
                    finding=one.finding_id,
                    fault=one.fault,
                    reason=translated(one.reason, look_up),
                    hint=translated(one.hint, look_up),
                )
                for one in outcome.refused
            ],
            batch=outcome.batch,
            judged_again=outcome.judged_again,
        )


class IssueOut(Out):
    """A GitLab issue about a finding."""

    url: str
    title: str
    made: bool


class FacetsOut(Out):
    """How many findings there are by each value."""

    total: int
    exact: bool = Field(description="false where the numbers are lower bounds")
    standing: dict[str, int]
    severity: dict[str, int]
    confidence: dict[str, int]
    kind: dict[str, int]
    where: dict[str, int]
    known_exploited: dict[str, int]
    fix_available: dict[str, int]


class SuppressIn(In):
    """An exception for a rule or an advisory."""

    project: ProjectNumber | None = Field(description="null for every project")
    scanner: str = Field("", max_length=300)
    rule: str = Field("", max_length=300)
    path: str = Field("", max_length=500)
    advisory: str = Field("", max_length=300)
    package: str = Field("", max_length=300)
    justification: Justification
    reason: str = Field(min_length=1, max_length=2_000)
    expires_at: Moment


class ReasonIn(In):
    """Why."""

    reason: str = Field("", max_length=2_000)


class Verdict(Out):
    """What the gate said."""

    outcome: GateOutcome
    tolerated: bool


def words(counts: Mapping[Any, int]) -> dict[str, int]:
    """Counts by the words of an enum, or by true and false."""
    return {
        ("true" if key else "false") if isinstance(key, bool) else str(key.value): number
        for key, number in counts.items()
    }
