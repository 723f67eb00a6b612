"""Findings over the API: the list with its filters, one of them, and everything that people do with them."""

from __future__ import annotations

from collections.abc import Collection
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Response

from bot.domain.known import Dossier
from bot.domain.roles import Permission, Principal
from bot.domain.triage_filter import KEYS, Filter, GroupBy, from_pairs
from bot.domain.workflow import Outcome
from bot.errors import sentence
from bot.store import desk, people
from bot.store.desk import Place, finding_reads
from bot.store.engine import session
from bot.texts import N_
from bot.web.api.conditional import tag_of
from bot.web.api.desk_api import DeskApi
from bot.web.api.guard import (
    CURSOR,
    LIMIT,
    Caller,
    DeskRoute,
    bad_cursor,
    cursor_of,
    cursor_text,
    expect_tag,
    fields_parameter,
    needs,
    told_in,
)
from bot.web.api.models import (
    MOST,
    AssignIn,
    Chosen,
    CommentIn,
    DecideIn,
    DecideManyIn,
    FacetsOut,
    FindingOut,
    FindingRow,
    HistoryEvent,
    IssueOut,
    NoteOut,
    Out,
    OutcomeOut,
    Page,
    SnoozeIn,
    words,
)
from bot.web.api.problems import Problem
from bot.web.entry import Visit, not_there

_Many = list[str] | None
_FindingId = Annotated[int, Path(ge=1, le=MOST, description="The finding's number")]
_OWN = frozenset({"limit", "cursor", "fields", "format", "by"})


def filter_parameters(
    standing: Annotated[_Many, Query(description="undecided, requested, confirmed, snoozed, closed; or any")] = None,
    severity: Annotated[_Many, Query(description="critical, high, medium, low, info")] = None,
    confidence: Annotated[_Many, Query(description="high, medium, low")] = None,
    kind: Annotated[_Many, Query(description="sast, dependency, secret, suppression, ...")] = None,
    where: Annotated[_Many, Query(description="default_branch, elsewhere, nowhere")] = None,
    project: Annotated[_Many, Query(description="Numbers of projects")] = None,
    group: Annotated[str | None, Query(description="Full path of a group or project")] = None,
    kev: Annotated[str | None, Query(description="Known to be exploited: yes or no")] = None,
    fix: Annotated[str | None, Query(description="A fix is available: yes or no")] = None,
    epss: Annotated[str | None, Query(description="At least this probability, 0 to 1")] = None,
    due: Annotated[str | None, Query(description="overdue or soon")] = None,
    rule: Annotated[str | None, Query(description="scanner:rule")] = None,
    package: Annotated[str | None, Query(description="ecosystem:package")] = None,
    assignee: Annotated[str | None, Query(description="me, nobody, or a person's number")] = None,
    new: Annotated[str | None, Query(description="First seen since: last_visit, or a day or moment")] = None,
    q: Annotated[str | None, Query(description="Words that have to occur")] = None,
) -> None:
    """Declares the filter of the triage list; ``wanted`` reads it, as the list does."""


_FILTERED = [Depends(filter_parameters)]
_SELECTED = [Depends(fields_parameter)]


class GroupOut(Out):
    """Findings of one rule, package or project."""

    key: str
    first: str
    second: str
    count: int
    projects: int
    by_severity: dict[str, int]


class GroupsOut(Out):
    """Groups of a list."""

    items: list[GroupOut]
    more: bool
    exact: bool


def wanted(api: DeskApi, caller: Visit) -> Filter:
    """The filter of a request. Raises ``Problem`` 422 for a parameter that is none, ``FilterError`` for a value."""
    pairs = caller.query.multi_items()
    strange = [name for name, _ in pairs if name not in KEYS and name not in _OWN]
    if strange:
        raise Problem(
            422,
            N_("there is no such parameter"),
            sentence(N_("There are {names}."), names=", ".join(sorted(KEYS))),
            field=strange[0][:100],
        )
    person_id = caller.principal.person_id
    last_visit = None
    if person_id is not None and any(name == "new" for name, _ in pairs):
        with session(api.services.store) as reading:
            person = people.get_person(reading, person_id)
        last_visit = person.last_visit_at if person is not None else None
    return from_pairs(pairs).for_person(person_id, last_visit)


def findings_router(api: DeskApi) -> APIRouter:
    """The routes."""
    router = APIRouter(route_class=DeskRoute, tags=["Findings"])
    store, workflow = api.services, api.workflow

    def found(caller: Visit, number: int) -> Dossier:
        """One that the caller sees. Raises ``Problem`` 404."""
        with session(store.store) as reading:
            dossier = api.dossier(reading, number, caller.now)
        if dossier is None or not caller.principal.may(Permission.READ, dossier.known.project_id):
            raise not_there()
        return dossier

    def now_allowed(caller: Visit, numbers: Collection[int]) -> Principal:
        """The caller as GitLab has him now, in the projects of these findings that he sees."""
        with session(store.store) as reading:
            projects = set(finding_reads.projects_of(reading, numbers).values())
        return caller.confirmed(sorted(one for one in projects if caller.principal.sees_project(one)))

    def single(caller: Visit, outcome: Outcome) -> OutcomeOut:
        """Of an act on one finding a refusal is the answer's status."""
        if outcome.refused and not outcome.done:
            refusal = outcome.refused[0]
            raise Problem(STATUS[refusal.fault.value], refusal.reason, refusal.hint)
        return OutcomeOut.of(outcome, told_in(caller.request))

    # -- reading ------------------------------------------------------------------------------------------------------

    @router.get("/findings", dependencies=[*_FILTERED, *_SELECTED], **needs(Permission.READ))
    def list_findings(caller: Caller, limit: LIMIT = 50, cursor: CURSOR = None) -> Page[FindingRow]:
        """What waits for a decision, the most urgent first, with the filters of the triage list."""
        place = cursor_of(cursor)
        try:
            after = None if place is None else Place.parse(place)
        except Exception:
            raise bad_cursor() from None
        chosen = wanted(api, caller)
        with session(store.store) as reading:
            page = desk.page(reading, chosen, caller.principal.sees, now=caller.now, after=after, limit=limit)
        return Page(
            items=[FindingRow.of(item) for item in page.items],
            next=None if page.next is None else cursor_text(page.next),
        )

    @router.get("/findings/facets", dependencies=_FILTERED, **needs(Permission.READ))
    def facets(caller: Caller) -> FacetsOut:
        """How many findings there are by each value of a filter."""
        chosen = wanted(api, caller)
        with session(store.store) as reading:
            counted = desk.facets(reading, chosen, caller.principal.sees, now=caller.now)
        return FacetsOut(
            total=counted.total,
            exact=counted.exact,
            standing=words(counted.standing),
            severity=words(counted.severity),
            confidence=words(counted.confidence),
            kind=words(counted.kind),
            where=words(counted.whereabouts),
            known_exploited=words(counted.known_exploited),
            fix_available=words(counted.fix_available),
        )

    @router.get("/findings/groups", dependencies=_FILTERED, **needs(Permission.READ))
    def groups(caller: Caller, by: GroupBy, limit: LIMIT = 100) -> GroupsOut:
        """The rules, packages or projects that findings are of."""
        chosen = wanted(api, caller)
        with session(store.store) as reading:
            made = desk.groups(reading, chosen, caller.principal.sees, by=by, now=caller.now, limit=limit)
        return GroupsOut(
            items=[
                GroupOut(
                    key=one.key,
                    first=one.first,
                    second=one.second,
                    count=one.count,
                    projects=one.projects,
                    by_severity=words(one.by_severity),
                )
                for one in made.groups
            ],
            more=made.more,
            exact=made.exact,
        )

    @router.get("/findings/{finding}", dependencies=_SELECTED, **needs(Permission.READ))
    def one_finding(caller: Caller, finding: _FindingId, response: Response) -> FindingOut:
        """Everything that is known about a finding."""
        made = FindingOut.of(found(caller, finding), caller.now)
        response.headers["ETag"] = _tag(made)
        return made

    @router.get("/findings/{finding}/history", dependencies=_SELECTED, **needs(Permission.READ))
    def history(caller: Caller, finding: _FindingId) -> Page[HistoryEvent]:
        """What people said about it, the first first."""
        return Page(items=[HistoryEvent.of(event) for event in found(caller, finding).history])

    @router.get("/findings/{finding}/notes", dependencies=_SELECTED, **needs(Permission.READ))
    def notes(caller: Caller, finding: _FindingId) -> Page[NoteOut]:
        """Comments and issues, the first first."""
        found(caller, finding)
        with session(store.store) as reading:
            written = finding_reads.notes_of(reading, finding)
        return Page(
            items=[NoteOut(at=one.at, by=one.actor, text=one.text, issue=one.issue_url or None) for one in written]
        )

    # -- acts ---------------------------------------------------------------------------------------------------------

    @router.post("/findings/{finding}/decision", **needs(Permission.REQUEST))
    def decide(caller: Caller, finding: _FindingId, judgement: DecideIn) -> OutcomeOut:
        """Judge one finding; with `If-Match` only as it was read."""
        found(caller, finding)

        def still(reading: object) -> None:
            assert isinstance(reading, finding_reads.Reading)
            dossier = api.dossier(reading, finding, caller.now)
            if dossier is None:
                raise not_there()
            expect_tag(caller.headers, _tag(FindingOut.of(dossier, caller.now)))

        outcome = workflow.decide(
            now_allowed(caller, [finding]),
            [finding],
            state=judgement.state,
            justification=judgement.justification,
            reason=judgement.reason,
            expires_at=judgement.expires_at,
            request=judgement.request,
            still=still if "if-match" in caller.headers else None,
            address=caller.address,
        )
        return single(caller, outcome)

    @router.post("/decisions", **needs(Permission.REQUEST))
    def decide_many(caller: Caller, judgement: DecideManyIn) -> OutcomeOut:
        """Judge several findings; what was not possible is in `refused`."""
        outcome = workflow.decide(
            now_allowed(caller, judgement.findings),
            judgement.findings,
            state=judgement.state,
            justification=judgement.justification,
            reason=judgement.reason,
            expires_at=judgement.expires_at,
            request=judgement.request,
            address=caller.address,
        )
        return OutcomeOut.of(outcome, told_in(caller.request))

    @router.post("/undo/{batch}", **needs(Permission.REQUEST))
    def undo(caller: Caller, batch: Annotated[str, Path(max_length=40)]) -> OutcomeOut:
        """Take back what one decided together, within a day, where it is still the last word."""
        outcome = workflow.undo(caller.principal, batch, address=caller.address)
        return OutcomeOut.of(outcome, told_in(caller.request))

    @router.post("/claims", **needs(Permission.DECIDE))
    def claim(caller: Caller, chosen: Chosen) -> OutcomeOut:
        """Take findings that nobody has; of several who try one wins."""
        outcome = workflow.claim(now_allowed(caller, chosen.findings), chosen.findings, address=caller.address)
        return OutcomeOut.of(outcome, told_in(caller.request))

    @router.post("/assignments", **needs(Permission.DECIDE))
    def assign(caller: Caller, chosen: AssignIn) -> OutcomeOut:
        """Give findings to a person, or to nobody."""
        principal = now_allowed(caller, chosen.findings)
        outcome = workflow.assign(principal, chosen.findings, chosen.person, address=caller.address)
        return OutcomeOut.of(outcome, told_in(caller.request))

    @router.post("/snoozes", **needs(Permission.DECIDE))
    def snooze(caller: Caller, chosen: SnoozeIn) -> OutcomeOut:
        """Leave findings out of the list for a while."""
        principal = now_allowed(caller, chosen.findings)
        outcome = workflow.snooze(principal, chosen.findings, chosen.until, address=caller.address)
        return OutcomeOut.of(outcome, told_in(caller.request))

    @router.post("/findings/{finding}/comments", status_code=201, **needs(Permission.COMMENT))
    def comment(caller: Caller, finding: _FindingId, said: CommentIn) -> NoteOut:
        """Write beneath a finding."""
        note = workflow.comment(now_allowed(caller, [finding]), finding, said.text, address=caller.address)
        return NoteOut(at=note.at, by=note.actor, text=note.text, issue=note.issue_url or None)

    @router.post("/findings/{finding}/issue", **needs(Permission.MAKE_ISSUE))
    def issue(caller: Caller, finding: _FindingId) -> IssueOut:
        """Make a GitLab issue of it; the one that is there, where there is one."""
        made = workflow.make_issue(now_allowed(caller, [finding]), finding, address=caller.address)
        return IssueOut(url=made.url, title=made.title, made=made.made)

    return router


STATUS = {"not_found": 404, "forbidden": 403, "conflict": 409, "invalid": 422, "unavailable": 502}


def _tag(made: FindingOut) -> str:
    # Whether an exception has ended follows from the clock alone, and so does nothing else in it.
    return tag_of(made.model_dump_json().encode())


def readable(principal: Principal, permission: Permission) -> frozenset[int] | None:
    """The projects in which the principal may do this; None for all."""
    if principal.everything and principal.may(permission, 0):
        return None
    return frozenset(number for number in principal.project_roles if principal.may(permission, number))


__all__ = ["filter_parameters", "findings_router", "readable", "wanted"]
