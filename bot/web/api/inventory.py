"""Projects, merge requests, scans, policies, advisories and components over the API."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query

from bot.domain.policy import policy_to_json
from bot.domain.priority import Exposure
from bot.domain.roles import Permission
from bot.domain.verdict import Effect, Outcome, Presence
from bot.reports.documents import scalar_text
from bot.store import api_lists, components, project_overview, receipts, scans
from bot.store.api_lists import MergeRequestLine, ProjectLine, ScanRow
from bot.store.desk import advisory_reads, policy_reads
from bot.store.desk.advisory_reads import Hit
from bot.store.engine import session
from bot.store.exploits import ExploitFact
from bot.store.heads import HeadState
from bot.store.project_overview import SEVERITIES, Burden, Run
from bot.texts import N_
from bot.web.api.desk_api import DeskApi
from bot.web.api.guard import (
    CURSOR,
    LIMIT,
    Caller,
    DeskRoute,
    bad_cursor,
    cursor_of,
    cursor_text,
    fields_parameter,
    needs,
    number_cursor,
)
from bot.web.api.models import MOST, In, Out, Page, ProjectRef, words
from bot.web.api.problems import Problem
from bot.web.entry import Visit, not_there
from scanners.finding import Severity
from scanners.interface import ScannerStatus

_SELECTED = [Depends(fields_parameter)]
_Project = Annotated[int, Path(ge=-MOST, le=MOST, description="The project's number")]
_Iid = Annotated[int, Path(ge=1, le=MOST, description="The merge request's number within its project")]
_ScanId = Annotated[str, Path(max_length=200)]
_Text = Annotated[str, Query(max_length=200, description="A part of the name")]


class ProjectOut(Out):
    """A project, and how many findings wait."""

    id: int
    path: str
    web_url: str
    default_branch: str | None
    exposure: Exposure
    open: int
    undecided: int
    known_exploited: int
    by_severity: dict[str, int]

    @classmethod
    def of(cls, line: ProjectLine, burden: Burden | None) -> ProjectOut:
        """A project without findings has no burden: that is 0, for what was read of it."""
        known = burden or Burden()
        return cls(
            id=line.id,
            path=line.path,
            web_url=line.web_url,
            default_branch=line.default_branch,
            exposure=line.exposure,
            open=known.total,
            undecided=known.undecided,
            known_exploited=known.exploited,
            by_severity=words(dict(zip(SEVERITIES, known.counts, strict=True))),
        )


class ExposureIn(In):
    """Who can reach what a project runs."""

    exposure: Exposure


class ProfileOut(Out):
    """What people said about a project."""

    exposure: Exposure
    changed_by: str | None
    changed_at: datetime | None


class DayOut(Out):
    """How projects stood at the end of a day (UTC)."""

    day: date
    projects: int
    by_severity: dict[str, int]
    undecided: int
    overdue: int


class MergeRequestOut(Out):
    """A merge request, and what the gate said last."""

    project: int
    iid: int
    state: str
    target_branch: str | None
    head: str | None
    scan: str | None
    outcome: Outcome | None
    tolerated: bool
    judged_at: datetime | None
    is_current: bool
    updated_at: datetime

    @classmethod
    def of(cls, line: MergeRequestLine) -> MergeRequestOut:
        """From the store's."""
        return cls(
            project=line.project_id,
            iid=line.iid,
            state=line.state,
            target_branch=line.target_branch,
            head=line.head_sha,
            scan=line.scan_id,
            outcome=line.outcome,
            tolerated=line.tolerated,
            judged_at=line.judged_at,
            is_current=line.is_current,
            updated_at=line.updated_at,
        )


class ScanOut(Out):
    """A scan without its findings."""

    id: str
    project: int
    merge_request: int | None
    ref: str
    base: str | None
    head: str | None
    outcome: Outcome
    tolerated: bool
    policy: str
    started_at: datetime
    seconds: float
    files_changed: int
    files_read: int
    error: str | None


class RunOut(Out):
    """One scanner within a scan."""

    scanner: str
    kind: str
    version: str
    status: ScannerStatus
    assessed: bool
    reason: str | None
    files: int
    seconds: float
    data_date: date | None
    has_gaps: bool

    @classmethod
    def of(cls, run: Run) -> RunOut:
        """From the store's."""
        return cls(
            scanner=run.scanner,
            kind=run.kind.value,
            version=run.version,
            status=run.status,
            assessed=run.assessed,
            reason=run.reason or None,
            files=run.files,
            seconds=run.seconds,
            data_date=run.data_date,
            has_gaps=run.has_gaps,
        )


class ViolationOut(Out):
    """A finding that a rule of the policy counts."""

    fingerprint: str
    rule: str
    effect: Effect


class GateReasonOut(Out):
    """Why the gate said so."""

    code: str
    subject: str
    detail: str


class ScanWholeOut(ScanOut):
    """A scan with its scanners and what its decision followed from."""

    runs: list[RunOut]
    violations: list[ViolationOut]
    reasons: list[GateReasonOut]


class ScanFindingOut(Out):
    """A finding of one scan."""

    finding: int | None
    fingerprint: str
    presence: Presence
    title: str
    scanner: str
    rule: str
    severity: Severity
    path: str
    line: int


class ReceiptOut(Out):
    """A signed receipt; `/receipts/{id}` has what it says."""

    id: str
    merge_request: int | None
    scan: str
    issued_at: datetime


class PolicyOut(Out):
    """The policy that is in force for a project."""

    digest: str
    document: dict[str, Any]


class UsedPolicyOut(Out):
    """A policy as decisions refer to it."""

    digest: str
    first_used_at: datetime | None
    last_used_at: datetime
    decisions: int
    projects: int


class FactOut(Out):
    """What EPSS and CISA's catalogue say."""

    epss: float | None
    percentile: float | None
    known_exploited_since: date | None

    @classmethod
    def of(cls, fact: ExploitFact | None) -> FactOut | None:
        """From the store's."""
        if fact is None:
            return None
        return cls(epss=fact.epss, percentile=fact.percentile, known_exploited_since=fact.kev_added)


class AdvisoryHitOut(Out):
    """An advisory that findings here are about."""

    name: str
    scanner: str
    advisory: str | None
    summary: str
    aliases: list[str]
    open: int
    projects: int
    worst: Severity
    fact: FactOut | None

    @classmethod
    def of(cls, hit: Hit) -> AdvisoryHitOut:
        """From the store's."""
        return cls(
            name=hit.name,
            scanner=hit.scanner,
            advisory=hit.advisory_id or None,
            summary=hit.summary,
            aliases=list(hit.aliases),
            open=hit.open,
            projects=hit.projects,
            worst=hit.worst,
            fact=FactOut.of(hit.fact),
        )


class AffectedOut(Out):
    """A project with findings about an advisory."""

    project: ProjectRef
    open: int


class AdvisoryOut(Out):
    """An imported advisory, and where it matters here."""

    id: str
    modified: datetime
    published: datetime | None
    withdrawn: datetime | None
    aliases: list[str]
    cve: str | None
    fact: FactOut | None
    affected: list[AffectedOut]
    document: dict[str, Any]


class ComponentOut(Out):
    """A package over the projects that one sees."""

    ecosystem: str
    package: str
    projects: int
    versions: list[str]
    licences: list[str]
    open: int
    worst: Severity | None
    affected: int


class ComponentUseOut(Out):
    """A project that has a package."""

    project: ProjectRef
    versions: list[str]
    licences: list[str]
    open: int


def inventory_router(api: DeskApi) -> APIRouter:
    """The routes."""
    router = APIRouter(route_class=DeskRoute)
    store = api.services

    def known(caller: Visit, number: int) -> ProjectLine:
        """A project that the caller sees. Raises ``Problem`` 404."""
        if not caller.principal.may(Permission.READ, number):
            raise not_there()
        with session(store.store) as reading:
            rows = api_lists.projects(reading, None, number=number, limit=1)
        if not rows:
            raise not_there()
        return rows[0]

    # -- projects -----------------------------------------------------------------------------------------------------

    @router.get("/projects", tags=["Projects"], dependencies=_SELECTED, **needs(Permission.READ))
    def list_projects(caller: Caller, q: _Text = "", limit: LIMIT = 50, cursor: CURSOR = None) -> Page[ProjectOut]:
        """Projects by number, with how many findings wait in them."""
        after, sees = number_cursor(cursor), caller.principal.sees
        with session(store.store) as reading:
            rows = api_lists.projects(reading, sees, text=q, after=after, limit=limit + 1)
            burdens = project_overview.burdens(reading, frozenset(row.id for row in rows))
        return Page(
            items=[ProjectOut.of(row, burdens.get(row.id)) for row in rows[:limit]],
            next=cursor_text(rows[limit - 1].id) if len(rows) > limit else None,
        )

    @router.get("/projects/{project}", tags=["Projects"], dependencies=_SELECTED, **needs(Permission.READ))
    def one_project(caller: Caller, project: _Project) -> ProjectOut:
        """One project."""
        line = known(caller, project)
        with session(store.store) as reading:
            burden = project_overview.burdens(reading, frozenset({project})).get(project)
        return ProjectOut.of(line, burden)

    @router.get("/projects/{project}/exposure", tags=["Projects"], **needs(Permission.READ))
    def exposure(caller: Caller, project: _Project) -> ProfileOut:
        """Who can reach what it runs."""
        known(caller, project)
        with session(store.store) as reading:
            said = project_overview.profile(reading, project)
        return ProfileOut(exposure=said.exposure, changed_by=said.changed_by or None, changed_at=said.changed_at)

    @router.put("/projects/{project}/exposure", tags=["Projects"], **needs(Permission.KEEP_PROJECT))
    def set_exposure(caller: Caller, project: _Project, said: ExposureIn) -> ProfileOut:
        """Say who can reach what it runs."""
        known(caller, project)
        principal = caller.require(Permission.KEEP_PROJECT, project)
        made = api.workflow.set_exposure(principal, project, said.exposure, address=caller.address)
        return ProfileOut(exposure=made.exposure, changed_by=made.changed_by or None, changed_at=made.changed_at)

    @router.get("/projects/{project}/daily", tags=["Projects"], **needs(Permission.READ))
    def daily(caller: Caller, project: _Project, days: Annotated[int, Query(ge=1, le=366)] = 90) -> Page[DayOut]:
        """How it stood at the end of each day that was counted, the oldest first."""
        known(caller, project)
        return _days(caller, frozenset({project}), days)

    @router.get("/daily", tags=["Projects"], **needs(Permission.READ))
    def daily_of_all(caller: Caller, days: Annotated[int, Query(ge=1, le=366)] = 90) -> Page[DayOut]:
        """The same over all projects that one sees."""
        return _days(caller, caller.principal.sees, days)

    def _days(caller: Visit, sees: frozenset[int] | None, days: int) -> Page[DayOut]:
        today = caller.now.date()
        with session(store.store) as reading:
            found = project_overview.trend(reading, sees, [today - timedelta(days=back) for back in range(days)])
        return Page(
            items=[
                DayOut(
                    day=one.day,
                    projects=one.projects,
                    by_severity=words(one.by_severity),
                    undecided=one.undecided,
                    overdue=one.overdue,
                )
                for one in found
            ]
        )

    # -- merge requests and scans -------------------------------------------------------------------------------------

    @router.get(
        "/projects/{project}/merge-requests",
        tags=["Merge requests and scans"],
        dependencies=_SELECTED,
        **needs(Permission.READ),
    )
    def list_merge_requests(
        caller: Caller,
        project: _Project,
        state: Annotated[HeadState | None, Query()] = None,
        limit: LIMIT = 50,
        cursor: CURSOR = None,
    ) -> Page[MergeRequestOut]:
        """Merge requests of a project, the highest number first."""
        known(caller, project)
        before = number_cursor(cursor)
        with session(store.store) as reading:
            rows = api_lists.merge_requests(reading, project, state=state, before=before, limit=limit + 1)
        return Page(
            items=[MergeRequestOut.of(row) for row in rows[:limit]],
            next=cursor_text(rows[limit - 1].iid) if len(rows) > limit else None,
        )

    @router.get(
        "/projects/{project}/merge-requests/{iid}",
        tags=["Merge requests and scans"],
        dependencies=_SELECTED,
        **needs(Permission.READ),
    )
    def one_merge_request(caller: Caller, project: _Project, iid: _Iid) -> MergeRequestOut:
        """One merge request, and what the gate said last."""
        known(caller, project)
        with session(store.store) as reading:
            rows = api_lists.merge_requests(reading, project, iid=iid, limit=1)
        if not rows:
            raise not_there()
        return MergeRequestOut.of(rows[0])

    @router.get(
        "/projects/{project}/merge-requests/{iid}/receipts",
        tags=["Merge requests and scans"],
        dependencies=_SELECTED,
        **needs(Permission.READ),
    )
    def list_receipts(
        caller: Caller, project: _Project, iid: _Iid, limit: LIMIT = 50, cursor: CURSOR = None
    ) -> Page[ReceiptOut]:
        """Signed receipts, the newest first."""
        known(caller, project)
        with session(store.store) as reading:
            rows = api_lists.receipts(reading, project, iid=iid, after=_moment_cursor(cursor), limit=limit + 1)
        return Page(
            items=[
                ReceiptOut(id=row.id, merge_request=row.iid, scan=row.scan_id, issued_at=row.issued_at)
                for row in rows[:limit]
            ],
            next=_moment_text(rows[limit - 1].issued_at, rows[limit - 1].id) if len(rows) > limit else None,
        )

    @router.get("/receipts/{receipt}", tags=["Merge requests and scans"], **needs(Permission.READ))
    def receipt(caller: Caller, receipt: _ScanId) -> dict[str, Any]:
        """A signed receipt: a DSSE envelope, as it was issued."""
        with session(store.store) as reading:
            stored = receipts.get(reading, receipt)
        if stored is None or not caller.principal.may(Permission.READ, stored.project_id):
            raise not_there()
        return dict(stored.envelope)

    @router.get(
        "/projects/{project}/scans",
        tags=["Merge requests and scans"],
        dependencies=_SELECTED,
        **needs(Permission.READ),
    )
    def list_scans(
        caller: Caller,
        project: _Project,
        merge_request: Annotated[int | None, Query(ge=1, le=MOST)] = None,
        limit: LIMIT = 50,
        cursor: CURSOR = None,
    ) -> Page[ScanOut]:
        """Scans of a project, the newest first."""
        known(caller, project)
        after = _moment_cursor(cursor)
        with session(store.store) as reading:
            rows = api_lists.scans(reading, project, iid=merge_request, after=after, limit=limit + 1)
        return Page(
            items=[ScanOut(**_scan(row)) for row in rows[:limit]],
            next=_moment_text(rows[limit - 1].started_at, rows[limit - 1].id) if len(rows) > limit else None,
        )

    @router.get("/scans/{scan}", tags=["Merge requests and scans"], dependencies=_SELECTED, **needs(Permission.READ))
    def one_scan(caller: Caller, scan: _ScanId) -> ScanWholeOut:
        """A scan with its scanners and what its decision followed from."""
        with session(store.store) as reading:
            found = api_lists.scan(reading, scan)
            runs = project_overview.runs_of(reading, [scan]).get(scan, ())
        if found is None or not caller.principal.may(Permission.READ, found[0].project_id):
            raise not_there()
        row, violations, reasons = found
        return ScanWholeOut(
            **_scan(row),
            runs=[RunOut.of(run) for run in runs],
            violations=[
                ViolationOut(fingerprint=one.fingerprint, rule=one.rule, effect=one.effect) for one in violations
            ],
            reasons=[GateReasonOut(code=one.code.value, subject=one.subject, detail=one.detail) for one in reasons],
        )

    @router.get(
        "/scans/{scan}/findings",
        tags=["Merge requests and scans"],
        dependencies=_SELECTED,
        **needs(Permission.READ),
    )
    def scan_findings(caller: Caller, scan: _ScanId, limit: LIMIT = 50, cursor: CURSOR = None) -> Page[ScanFindingOut]:
        """Findings of a scan, the worst first."""
        first = max(0, number_cursor(cursor) or 0)
        with session(store.store) as reading:
            stored = scans.get_scan(reading, scan)
            if stored is None or not caller.principal.may(Permission.READ, stored.project_id):
                raise not_there()
            rows = scans.page_of_findings(reading, scan, first=min(first, 2**31 - 1), limit=limit + 1)
        return Page(
            items=[
                ScanFindingOut(
                    finding=row.number,
                    fingerprint=row.finding.fingerprint,
                    presence=row.presence,
                    title=row.finding.title,
                    scanner=row.finding.scanner,
                    rule=row.finding.rule_id,
                    severity=row.finding.severity,
                    path=str(row.finding.location.path),
                    line=row.finding.location.start_line,
                )
                for row in rows[:limit]
            ],
            next=cursor_text(first + limit) if len(rows) > limit else None,
        )

    # -- policies -----------------------------------------------------------------------------------------------------

    @router.get("/policies", tags=["Policies"], dependencies=_SELECTED, **needs(Permission.READ))
    def list_policies(
        caller: Caller, days: Annotated[int, Query(ge=1, le=366)] = 30, limit: LIMIT = 50
    ) -> Page[UsedPolicyOut]:
        """The policies that decisions of the last days followed, the last used first."""
        since = caller.now - timedelta(days=days)
        with session(store.store) as reading:
            rows = policy_reads.used(reading, caller.principal.sees, since=since, limit=limit)
        return Page(
            items=[
                UsedPolicyOut(
                    digest=row.digest,
                    first_used_at=row.first_used_at,
                    last_used_at=row.last_used_at,
                    decisions=row.decisions,
                    projects=row.projects,
                )
                for row in rows
            ]
        )

    @router.get("/projects/{project}/policy", tags=["Policies"], dependencies=_SELECTED, **needs(Permission.READ))
    def policy(caller: Caller, project: _Project) -> PolicyOut:
        """The policy that is in force for a project."""
        made = store.policy().for_project(known(caller, project).path)
        return PolicyOut(digest=made.digest, document=policy_to_json(made))

    # -- advisories and components ------------------------------------------------------------------------------------

    @router.get("/advisories", tags=["Advisories and components"], dependencies=_SELECTED, **needs(Permission.READ))
    def list_advisories(caller: Caller, limit: LIMIT = 50, cursor: CURSOR = None) -> Page[AdvisoryHitOut]:
        """Advisories that findings here are about, the most urgent first."""
        after = cursor_of(cursor) or ""
        with session(store.store) as reading:
            page = advisory_reads.hits(reading, caller.principal.sees, after=after, limit=limit)
        return Page(
            items=[AdvisoryHitOut.of(hit) for hit in page.hits],
            next=cursor_text(page.next) if page.next else None,
        )

    @router.get("/advisories/{advisory}", tags=["Advisories and components"], **needs(Permission.READ))
    def one_advisory(
        caller: Caller, advisory: Annotated[str, Path(max_length=200, description="Its id or another name of it")]
    ) -> AdvisoryOut:
        """One imported advisory, and where it matters here."""
        with session(store.store) as reading:
            found = advisory_reads.dossier(reading, advisory, caller.principal.sees)
        if found is None:
            raise Problem(
                404, N_("no imported advisory has this name"), N_("mergewarden advisories import brings them in.")
            )
        return AdvisoryOut(
            id=found.id,
            modified=found.modified,
            published=found.published,
            withdrawn=found.withdrawn,
            aliases=list(found.aliases),
            cve=found.cve or None,
            fact=FactOut.of(found.fact),
            affected=[
                AffectedOut(project=ProjectRef(id=number, path=path), open=count)
                for number, path, count in found.projects
            ],
            document=dict(found.document),
        )

    @router.get("/components", tags=["Advisories and components"], dependencies=_SELECTED, **needs(Permission.READ))
    def list_components(
        caller: Caller,
        q: _Text = "",
        ecosystem: Annotated[str, Query(max_length=100)] = "",
        limit: LIMIT = 50,
        cursor: CURSOR = None,
    ) -> Page[ComponentOut]:
        """Packages by ecosystem and name."""
        after = _pair(cursor)
        with session(store.store) as reading:
            page = components.page(
                reading, caller.principal.sees, ecosystem=ecosystem, text=q, after=after, limit=limit
            )
        return Page(
            items=[
                ComponentOut(
                    ecosystem=one.ecosystem,
                    package=one.package,
                    projects=one.projects,
                    versions=list(one.versions),
                    licences=list(one.licences),
                    open=one.open,
                    worst=one.worst,
                    affected=one.affected,
                )
                for one in page.components
            ],
            next=None if page.next is None else cursor_text("\n".join(page.next)),
        )

    @router.get(
        "/components/users", tags=["Advisories and components"], dependencies=_SELECTED, **needs(Permission.READ)
    )
    def component_users(
        caller: Caller,
        ecosystem: Annotated[str, Query(min_length=1, max_length=100)],
        package: Annotated[str, Query(min_length=1, max_length=300)],
        limit: LIMIT = 50,
        cursor: CURSOR = None,
    ) -> Page[ComponentUseOut]:
        """Projects that have a package."""
        after = number_cursor(cursor)
        with session(store.store) as reading:
            rows, following = components.users(
                reading, (ecosystem, package), caller.principal.sees, after=after, limit=limit
            )
        return Page(
            items=[
                ComponentUseOut(
                    project=ProjectRef(id=one.project_id, path=one.path),
                    versions=list(one.versions),
                    licences=list(one.licences),
                    open=one.open,
                )
                for one in rows
            ],
            next=None if following is None else cursor_text(following),
        )

    return router


def _scan(row: ScanRow) -> dict[str, Any]:
    return {
        "id": row.id,
        "project": row.project_id,
        "merge_request": row.iid,
        "ref": row.ref,
        "base": row.base_sha,
        "head": row.head_sha,
        "outcome": row.outcome,
        "tolerated": row.tolerated,
        "policy": row.policy_digest,
        "started_at": row.started_at,
        "seconds": row.seconds,
        "files_changed": row.files_changed,
        "files_read": row.files_read,
        "error": row.error or None,
    }


def _moment_text(at: datetime, number: str) -> str:
    return cursor_text(f"{at.isoformat()}\n{number}")


def _moment_cursor(text: str | None) -> tuple[datetime, str] | None:
    pair = _pair(text)
    if pair is None:
        return None
    try:
        at = datetime.fromisoformat(pair[0])
    except ValueError:
        raise bad_cursor() from None
    if at.tzinfo is None or not 1970 <= at.year <= 2200:
        raise bad_cursor()
    return at, pair[1]


def _pair(text: str | None) -> tuple[str, str] | None:
    place = cursor_of(text)
    if place is None:
        return None
    first, separator, second = place.partition("\n")
    if not separator or "\x00" in place:
        raise bad_cursor()
    return scalar_text(first), scalar_text(second)
