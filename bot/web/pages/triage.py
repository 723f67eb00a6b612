"""
The triage list: ``GET /triage``, and the acts on what is chosen in it.

Acts answer with a redirect to where they came from and a message there, also when nothing of them was possible: a list
that is half decided is not thrown away for an error page.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING

from starlette.responses import Response
from starlette.routing import Route

from bot.domain.priority import Standing
from bot.domain.roles import Permission, Principal
from bot.domain.triage import Justification, TriageState
from bot.domain.triage_filter import FilterError, GroupBy, from_pairs
from bot.domain.workflow import Outcome, Result, WorkflowError
from bot.errors import MergewardenError, Sentence, Told, clause, sentence
from bot.reports.visible import one_line
from bot.reports.wording import words_in
from bot.store import desk as store
from bot.store import people, suppressions
from bot.store.desk import finding_reads
from bot.store.engine import session
from bot.texts import N_
from bot.web.api.problems import Problem
from bot.web.contexts.triage import PATH, Asked, Listed, Rights, triage_page
from bot.web.entry import Visit
from bot.web.frame import Message

if TYPE_CHECKING:
    from bot.web.desk import Desk

PAGE = 50
"""Findings on a page."""
_MOST_PEOPLE = 200
_LONGEST_QUERY = 4_000
_SAID = {
    "confirm": N_("Confirmed: {n}"),
    "dismiss": N_("Dismissed: {n}"),
    "resolve": N_("Said to be mended: {n}"),
    "reopen": N_("Open again: {n}"),
    "snooze": N_("Snoozed: {n}"),
    "wake": N_("Back in the list: {n}"),
    "claim": N_("Assigned to you: {n}"),
    "assign": N_("Assigned: {n}"),
    "release": N_("Assigned to nobody: {n}"),
}
_WAITS = N_("waits for a second person")
_STATES = {
    "confirm": TriageState.CONFIRMED,
    "dismiss": TriageState.DISMISSED,
    "resolve": TriageState.RESOLVED,
    "reopen": TriageState.DETECTED,
}


def routes(desk: Desk) -> Sequence[Route]:
    """The list and its acts."""

    def shown(visit: Visit) -> Response:
        return _shown(desk, visit)

    def acted(visit: Visit) -> Response:
        return act(desk, visit, _numbers(visit), _next(visit))

    def undone(visit: Visit) -> Response:
        def run() -> Message:
            outcome = desk.workflow.undo(visit.principal, field_of(visit, "batch", 200), address=visit.address)
            return said(N_("Taken back: {n}"), outcome)

        return tried(desk, visit, _next(visit), run)

    def approved(visit: Visit) -> Response:
        return _judged(desk, visit, approve=True)

    def refused(visit: Visit) -> Response:
        return _judged(desk, visit, approve=False)

    def saved(visit: Visit) -> Response:
        def run() -> Message:
            desk.workflow.save_view(
                visit.principal,
                field_of(visit, "name", 400),
                from_pairs(_pairs(field_of(visit, "query", _LONGEST_QUERY))).to_query(),
                shared=bool(visit.form.get("shared")),
                address=visit.address,
            )
            return Message(N_("The view is saved."))

        return tried(desk, visit, _next(visit), run)

    def forgotten(visit: Visit) -> Response:
        def run() -> Message:
            desk.workflow.delete_view(visit.principal, visit.number("view"), address=visit.address)
            return Message(N_("The view is gone."))

        return tried(desk, visit, _next(visit), run)

    entry = desk.entry
    return (
        Route(PATH, entry.page(shown), methods=["GET"], name="triage"),
        Route("/triage/act", entry.action(acted, permission=Permission.READ), methods=["POST"], name="triage_act"),
        Route("/triage/undo", entry.action(undone, permission=Permission.READ), methods=["POST"], name="triage_undo"),
        Route(
            "/triage/approve", entry.action(approved, permission=Permission.DECIDE), methods=["POST"], name="approve"
        ),
        Route("/triage/refuse", entry.action(refused, permission=Permission.DECIDE), methods=["POST"], name="refuse"),
        Route("/triage/views", entry.action(saved, permission=Permission.READ), methods=["POST"], name="save_view"),
        Route(
            "/triage/views/{view}/delete",
            entry.action(forgotten, permission=Permission.READ),
            methods=["POST"],
            name="delete_view",
        ),
    )


def rights_of(principal: Principal, project_id: int | None = None) -> Rights:
    """What somebody may do with findings, here or in any project."""
    return Rights(
        decide=principal.may(Permission.DECIDE, project_id),
        request=principal.may(Permission.REQUEST, project_id),
        export=principal.may(Permission.EXPORT, project_id),
        widely=principal.may(Permission.SUPPRESS_WIDELY, project_id),
    )


def _shown(desk: Desk, visit: Visit) -> Response:
    try:
        wanted = from_pairs(visit.query.multi_items())
    except FilterError as error:
        raise Problem(400, error.told, error.told_hint) from error
    by, after = _by(visit), _after(visit)
    principal, now = visit.principal, visit.now
    rights = rights_of(principal)
    with session(desk.services.store) as reading:
        person = people.get_person(reading, principal.person_id) if principal.person_id is not None else None
        last_visit = person.last_visit_at if person is not None else None
        exact = wanted.for_person(principal.person_id, last_visit)
        facets = store.facets(reading, exact, principal.sees, now=now)
        if by is None:
            part = store.page(reading, exact, principal.sees, now=now, after=after, limit=PAGE)
            asking = [item.finding_id for item in part.items if item.standing is Standing.REQUESTED]
            wide = wanted.standings == {Standing.REQUESTED} and after is None and rights.decide
            listed = Listed(
                items=part.items,
                following=str(part.next) if part.next is not None else "",
                facets=facets,
                waiting=finding_reads.waiting_for(reading, asking, now) if asking else {},
                wide=finding_reads.waiting_widely(reading, principal.sees, now) if wide else (),
                people=assignable(reading) if rights.decide else (),
                last_visit_at=last_visit,
            )
        else:
            groups = store.groups(reading, exact, principal.sees, by=by, now=now)
            listed = Listed(groups=groups.groups, more_groups=groups.more, facets=facets, last_visit_at=last_visit)
    views = desk.workflow.views(principal)
    asked = Asked(
        wanted=wanted,
        by=by,
        after=str(after) if after is not None else "",
        query=wanted.to_query(),
        person_id=principal.person_id,
        rights=rights,
        now=now,
    )
    page = triage_page(asked, replace(listed, views=views), words_in(visit.language))
    return desk.frame.page(visit, "triage.html", page, fragment="triage", section="triage")


def assignable(reading: finding_reads.Reading) -> list[tuple[str, str]]:
    """
    Some people to whom findings can be given, to choose from: what the field takes, and the whole name. Anybody else
    is named by his user name; see ``_person``.
    """
    found = [one for one in people.find_people(reading, limit=_MOST_PEOPLE) if one.disabled_at is None]
    times = Counter(one.username.lower() for one in found)
    return [
        (
            one_line(one.username, 80) if times[one.username.lower()] == 1 else f"#{one.id}",
            one_line(f"{one.name} ({one.username})" if one.name else one.username, 80),
        )
        for one in found
    ]


# --- acts -------------------------------------------------------------------------------------------------------------


def act(desk: Desk, visit: Visit, numbers: Collection[int], back: str) -> Response:
    """Do what the form says with these findings, and go back."""
    word = field_of(visit, "act", 20)

    def run() -> Message:
        if not numbers:
            return Message(N_("Nothing was chosen. Tick what it is about first."), kind="refused")
        with session(desk.services.store) as reading:
            projects = finding_reads.projects_of(reading, numbers)
        principal = visit.confirmed(sorted(set(projects.values())))
        return _done(desk, visit, principal, tuple(numbers), word)

    return tried(desk, visit, back, run)


def _done(desk: Desk, visit: Visit, principal: Principal, numbers: Sequence[int], word: str) -> Message:
    workflow, address = desk.workflow, visit.address
    if word in _STATES:
        state = _STATES[word]
        dismissing = state is TriageState.DISMISSED
        outcome = workflow.decide(
            principal,
            numbers,
            state=state,
            justification=_justification(visit) if dismissing else None,
            reason=field_of(visit, f"reason-{word}", 8_000) or field_of(visit, "reason", 8_000),
            expires_at=_end_of(field_of(visit, "until", 20)) if dismissing else None,
            request=bool(visit.form.get("request")),
            address=address,
        )
    elif word == "snooze":
        days = field_of(visit, "days", 4)
        if not days.isdecimal() or not days.isascii():
            raise Problem(422, N_("a snooze needs a number of days"), N_("Choose one."), field="days")
        outcome = workflow.snooze(principal, numbers, visit.now + timedelta(days=int(days)), address=address)
    elif word == "wake":
        outcome = workflow.snooze(principal, numbers, None, address=address)
    elif word == "claim":
        outcome = workflow.claim(principal, numbers, address=address)
    elif word == "release":
        outcome = workflow.assign(principal, numbers, None, address=address)
    elif word == "assign":
        outcome = workflow.assign(principal, numbers, _person(desk, visit), address=address)
    else:
        raise Problem(
            422, N_("there is no such act"), sentence(N_("There are: {names}."), names=", ".join(_SAID)), field="act"
        )
    return said(_SAID[word], outcome)


def _person(desk: Desk, visit: Visit) -> int:
    """Whom the form names: by his user name, or by his number as ``#7``. Raises ``Problem`` 422."""
    who = field_of(visit, "person", 200)
    if not who:
        raise Problem(422, N_("nobody was chosen to assign it to"), N_("Choose a person."), field="person")
    with session(desk.services.store) as reading:
        try:
            return people.meant(reading, who).id
        except people.PersonError as error:
            raise Problem(422, error.told, error.told_hint, field="person") from error


def said(text: str, outcome: Outcome) -> Message:
    """What came of an act, for the next page."""
    waits = sum(one.result is Result.REQUESTED for one in outcome.done)
    changed = sum(one.result is Result.HOLDS for one in outcome.done)
    same = sum(one.result is Result.UNCHANGED for one in outcome.done)
    reasons = Counter(_with_hint(one.reason, one.hint) for one in outcome.refused)
    details = [_times(count, reason) for reason, count in reasons.most_common(4)]
    batch = outcome.batch or ""
    if changed:
        kind = "warned" if outcome.refused else "done"
        if waits:
            details.insert(0, _times(waits, Sentence(_WAITS)))
        return Message(text, changed, kind, tuple(details), batch)
    if waits:
        return Message(
            N_("Asked for, it waits for a second person: {n}"),
            waits,
            "warned" if outcome.refused else "done",
            tuple(details),
            batch,
        )
    if same and not outcome.refused:
        return Message(N_("It was so already: {n}"), same, "warned")
    return Message(N_("Nothing was changed; not possible: {n}"), len(outcome.refused), "refused", tuple(details))


def _nothing(error: MergewardenError) -> Message:
    details = tuple(one for one in (error.told, error.told_hint) if one)
    return Message(N_("Nothing was changed."), 0, "refused", details)


def _with_hint(reason: Told, hint: Told) -> Sentence:
    first = clause(reason)
    return sentence(N_("{a}. {b}"), a=first, b=clause(hint)) if hint else first


def _times(count: int, what: Sentence) -> Sentence:
    return sentence(N_("{n} × {a}"), n=count, a=what) if count > 1 else what


def tried(desk: Desk, visit: Visit, back: str, run: Callable[[], Message]) -> Response:
    """Run an act, and say on the next page what came of it. Faults of ours, and 503, are errors still."""
    try:
        message = run()
    except (WorkflowError, FilterError) as error:
        message = _nothing(error)
    except Problem as error:
        if error.status in (403, 404, 503):
            raise
        message = _nothing(error)
    return desk.frame.back(visit, back, message)


def _judged(desk: Desk, visit: Visit, *, approve: bool) -> Response:
    text = field_of(visit, "suppression", 20)
    number = int(text) if text.isdecimal() and text.isascii() else 0
    reason = field_of(visit, f"reason-{number}", 8_000) or field_of(visit, "reason", 8_000)

    def run() -> Message:
        with session(desk.services.store) as reading:
            made = suppressions.get(reading, number)
        concerned = [made.project_id] if made is not None and made.project_id is not None else []
        principal = visit.confirmed(concerned)
        if approve:
            desk.workflow.approve(principal, number, reason=reason, address=visit.address)
            return Message(N_("Approved. The exception is in force."))
        desk.workflow.refuse(principal, number, reason=reason, address=visit.address)
        return Message(N_("Refused. What it was for is open again."))

    return tried(desk, visit, _next(visit), run)


# --- what came with the request ---------------------------------------------------------------------------------------


def _by(visit: Visit) -> GroupBy | None:
    word = visit.query.get("by", "")
    if not word:
        return None
    try:
        return GroupBy(word)
    except ValueError:
        raise Problem(
            400, N_("findings cannot be grouped by that"), N_("There are: rule, package, project."), field="by"
        ) from None


def _after(visit: Visit) -> store.Place | None:
    text = visit.query.get("after", "")
    try:
        return store.Place.parse(text) if text else None
    except MergewardenError as error:
        raise Problem(400, error.told, error.told_hint, field="after") from error


def _pairs(query: str) -> list[tuple[str, str]]:
    from urllib.parse import parse_qsl

    return parse_qsl(query, max_num_fields=500)


def field_of(visit: Visit, name: str, longest: int) -> str:
    """A field of the form, without white space around it; empty for none. Raises ``Problem`` 422 for a long one."""
    value = visit.form.get(name, "")
    text = value.strip() if isinstance(value, str) else ""
    if len(text) > longest:
        raise Problem(
            422,
            sentence(N_("{key} is too long ({count} characters)"), key=name, count=len(text)),
            sentence(N_("At most {most}."), most=longest),
            field=name,
        )
    return text


def _next(visit: Visit) -> str:
    value = visit.form.get("next", "")
    return value if isinstance(value, str) and value else PATH


def _numbers(visit: Visit) -> tuple[int, ...]:
    given = [value for value in visit.form.getlist("finding") if isinstance(value, str)]
    return tuple(dict.fromkeys(int(v) for v in given if v.isdecimal() and v.isascii() and len(v) <= 18))


def _justification(visit: Visit) -> Justification:
    try:
        return Justification(field_of(visit, "justification", 40))
    except ValueError:
        raise Problem(
            422,
            N_("dismissing needs one of the reasons of the list"),
            sentence(N_("There are: {names}."), names=", ".join(one.value for one in Justification)),
            field="justification",
        ) from None


def _end_of(text: str) -> datetime | None:
    """The last second of a day, in UTC; None where there is none."""
    if not text:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise Problem(
            422, sentence(N_("{text} is no day"), text=repr(text[:20])), N_("Write it as 2026-03-31."), field="until"
        ) from None
    return datetime.combine(day, time(23, 59, 59), UTC)
