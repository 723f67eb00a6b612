"""A finding: ``GET /projects/{project}/findings/{number}``, and what people do there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from starlette.responses import Response
from starlette.routing import Route

from bot.domain.known import Dossier
from bot.domain.priority import Standing
from bot.domain.roles import Kind, Permission
from bot.domain.triage_filter import Filter, FilterError, parse
from bot.errors import ConfigurationError, MergewardenError
from bot.reports.wording import words_in
from bot.store import desk as store
from bot.store import people
from bot.store.desk import finding_reads
from bot.store.engine import session
from bot.texts import N_
from bot.web.contexts.finding import Around, Reader, finding_desk_page
from bot.web.contexts.triage import finding_url
from bot.web.entry import Visit, not_there
from bot.web.frame import Message
from bot.web.pages.triage import PAGE, act, assignable, field_of, rights_of, tried

if TYPE_CHECKING:
    from bot.web.desk import Desk

PATH = "/projects/{project}/findings/{number}"
_OTHERS = 6
_LONGEST_QUERY = 4_000
_LONGEST_DAYS = 365
"""Of an exception, where no policy can be read; whoever decides checks again."""


def routes(desk: Desk) -> Sequence[Route]:
    """The page and its acts."""

    def shown(visit: Visit) -> Response:
        return _shown(desk, visit)

    def acted(visit: Visit) -> Response:
        project_id, number = _known(desk, visit, Permission.READ)
        return act(desk, visit, (number,), _back(visit, project_id, number))

    def commented(visit: Visit) -> Response:
        project_id, number = _known(desk, visit, Permission.COMMENT)

        def run() -> Message:
            desk.workflow.comment(visit.principal, number, field_of(visit, "text", 8_000), address=visit.address)
            return Message(N_("The comment is there."))

        return tried(desk, visit, _back(visit, project_id, number), run)

    def issued(visit: Visit) -> Response:
        project_id, number = _known(desk, visit, Permission.MAKE_ISSUE)

        def run() -> Message:
            issue = desk.workflow.make_issue(visit.principal, number, address=visit.address)
            text = N_("The issue is made.") if issue.made else N_("There was an issue already.")
            return Message(text, details=(issue.url,))

        return tried(desk, visit, _back(visit, project_id, number), run)

    entry = desk.entry
    post = ("POST",)
    return (
        Route(PATH, entry.page(shown), methods=["GET"], name="finding"),
        Route(f"{PATH}/act", entry.action(acted, permission=Permission.READ), name="finding_act", methods=post),
        Route(f"{PATH}/comment", entry.action(commented, permission=Permission.COMMENT), name="comment", methods=post),
        Route(f"{PATH}/issue", entry.action(issued, permission=Permission.MAKE_ISSUE), name="make_issue", methods=post),
    )


def _shown(desk: Desk, visit: Visit) -> Response:
    project_id, number = visit.number("project"), visit.number("number")
    visit.require(Permission.READ, project_id)
    principal, now = visit.principal, visit.now
    rights = rights_of(principal, project_id)
    # Only a browser that is signed in can send a form.
    person = principal.kind is Kind.SESSION
    query = visit.query.get("list", "")[:_LONGEST_QUERY]
    # Words of rules that were switched on since we started.
    desk.services.organisation_rules()
    with session(desk.services.store) as reading:
        dossier = desk.dossier(reading, number, now)
        if dossier is None or dossier.known.project_id != project_id:
            raise not_there()
        around = _around(desk, visit, reading, dossier, query)
    reader = Reader(
        rights=rights if person else type(rights)(False, False, rights.export),
        now=now,
        person_id=principal.person_id,
        may_comment=person and principal.may(Permission.COMMENT, project_id),
        may_make_issue=person and principal.may(Permission.MAKE_ISSUE, project_id),
        gitlab_url=desk.services.settings.gitlab_url,
        list_query=query,
        longest_days=_longest_days(desk, dossier.known.project),
    )
    page = finding_desk_page(dossier, around, reader, words_in(visit.language))
    return desk.frame.page(visit, "finding.html", page, section="triage")


def _around(desk: Desk, visit: Visit, reading: finding_reads.Reading, dossier: Dossier, query: str) -> Around:
    """What stands around the finding: a fixed number of statements, whatever list one comes from."""
    principal, now, known = visit.principal, visit.now, dossier.known
    item = store.one(reading, known.id, principal.sees, now=now)
    alike = Filter(
        standings=frozenset(),
        projects=frozenset({known.project_id}),
        rule=(known.finding.scanner, known.finding.rule_id),
    )
    others = store.page(reading, alike, principal.sees, now=now, limit=_OTHERS + 1).items
    waits = item is not None and item.standing is Standing.REQUESTED
    previous, following = _neighbours(visit, reading, item, query) if query and item is not None else (None, None)
    decides = principal.may(Permission.DECIDE, known.project_id)
    return Around(
        item=item,
        notes=finding_reads.notes_of(reading, known.id),
        request=finding_reads.waiting_for(reading, (known.id,), now).get(known.id) if waits else None,
        others=[one for one in others if one.finding_id != known.id][:_OTHERS],
        previous=previous,
        following=following,
        samples=desk.samples(known.finding.scanner, known.finding.rule_id) if desk.samples is not None else (),
        people=assignable(reading) if decides else (),
    )


def _neighbours(
    visit: Visit, reading: finding_reads.Reading, item: store.Item, query: str
) -> tuple[store.Item | None, store.Item | None]:
    """What stands before and after it in the list; None at its ends, and where the list is none."""
    principal = visit.principal
    try:
        wanted = parse("" if query == "all" else query)
        pairs = dict(part.partition("=")[::2] for part in query.split("&"))
        after = store.Place.parse(pairs["after"]) if pairs.get("after") else None
    except (FilterError, MergewardenError):
        return None, None
    person = people.get_person(reading, principal.person_id) if principal.person_id is not None else None
    exact = wanted.for_person(principal.person_id, person.last_visit_at if person is not None else None)
    part = store.page(reading, exact, principal.sees, now=visit.now, after=after, limit=PAGE).items
    at = next((index for index, one in enumerate(part) if one.finding_id == item.finding_id), None)
    previous = part[at - 1] if at else None
    following = store.page(reading, exact, principal.sees, now=visit.now, after=item.place, limit=1).items
    return previous, following[0] if following else None


def _known(desk: Desk, visit: Visit, permission: Permission) -> tuple[int, int]:
    """Project and number of a finding that somebody wants to change. Raises ``Problem``."""
    project_id, number = visit.number("project"), visit.number("number")
    visit.require(permission, project_id)
    with session(desk.services.store) as reading:
        if finding_reads.projects_of(reading, (number,)).get(number) != project_id:
            raise not_there()
    return project_id, number


def _back(visit: Visit, project_id: int, number: int) -> str:
    value = visit.form.get("next", "")
    return value if isinstance(value, str) and value else finding_url(project_id, number)


def _longest_days(desk: Desk, project: str) -> int:
    try:
        return desk.services.policy().for_project(project).suppressions.longest_days
    except ConfigurationError:
        return _LONGEST_DAYS
