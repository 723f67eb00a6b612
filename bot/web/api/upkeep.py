"""Jobs, the audit log, people, tokens, saved views and outgoing webhooks over the API, and who one is."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Response
from pydantic import Field

from bot.domain.access import DEFAULT_DAYS, MAX_DAYS, SCOPE_PERMISSIONS, ApiToken, Scope
from bot.domain.audit import Act, Action, Entry, Word
from bot.domain.job_board import MOST_COUNTED, JobState, SeenJob
from bot.domain.outgoing import Delivery, DeliveryState, EventType, Hook
from bot.domain.roles import Kind, Permission, Role, Target
from bot.domain.workflow import SavedView
from bot.errors import sentence
from bot.store import audit, outgoing, people, sessions, tokens
from bot.store.audit import AuditFilter
from bot.store.engine import session, write_session
from bot.store.people import Given, Person
from bot.store.secret_box import SecretBox
from bot.texts import N_
from bot.web.api.desk_api import DeskApi
from bot.web.api.guard import (
    CURSOR,
    LIMIT,
    Caller,
    DeskRoute,
    cursor_text,
    fields_parameter,
    needs,
    number_cursor,
)
from bot.web.api.models import MOST, In, Moment, NumberInPath, Out, Page
from bot.web.api.problems import Problem
from bot.web.entry import Visit, not_there

_SELECTED = [Depends(fields_parameter)]


class JobOut(Out):
    """A job of the engine."""

    id: str
    kind: str
    state: JobState
    queue: str | None
    project: int | None
    merge_request: int | None
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    attempts: int
    error: str | None

    @classmethod
    def of(cls, job: SeenJob) -> JobOut:
        """From the engine's."""
        return cls(
            id=job.id,
            kind=job.kind,
            state=job.state,
            queue=job.queue or None,
            project=job.project_id,
            merge_request=job.iid,
            created_at=job.created_at,
            started_at=job.started_at,
            ended_at=job.ended_at,
            attempts=job.attempts,
            error=job.error or None,
        )


class RetriedOut(Out):
    """A job that was started again."""

    id: str


class AuditOut(Out):
    """An entry of the audit log. Its digest covers the rest: docs/audit.md."""

    sequence: int
    at: datetime
    actor: str
    person_id: int | None
    action: str
    subject: str
    project_id: int | None
    details: dict[str, Any]
    address: str
    previous: str
    digest: str

    @classmethod
    def of(cls, entry: Entry) -> AuditOut:
        """From the store's."""
        return cls(**{**entry.document(), "at": entry.at, "details": dict(entry.details)})


class GrantOut(Out):
    """A role that an administrator gave somebody."""

    id: int
    person: int
    role: Role
    target: Target
    path: str
    granted_by: str
    granted_at: datetime

    @classmethod
    def of(cls, given: Given) -> GrantOut:
        """From the store's."""
        return cls(
            id=given.id,
            person=given.person_id,
            role=given.grant.role,
            target=given.grant.target,
            path=given.grant.path,
            granted_by=given.granted_by,
            granted_at=given.granted_at,
        )


class PersonOut(Out):
    """Somebody who signed in once, or a local administrator."""

    id: int
    username: str
    name: str
    issuer: str
    gitlab_user_id: int | None
    created_at: datetime
    signed_in_at: datetime | None
    seen_at: datetime | None
    disabled_at: datetime | None
    grants: list[GrantOut]

    @classmethod
    def of(cls, person: Person, given: Any) -> PersonOut:
        """From the store's."""
        return cls(
            id=person.id,
            username=person.username,
            name=person.name,
            issuer=person.issuer,
            gitlab_user_id=person.gitlab_user_id,
            created_at=person.created_at,
            signed_in_at=person.signed_in_at,
            seen_at=person.seen_at,
            disabled_at=person.disabled_at,
            grants=[GrantOut.of(one) for one in given],
        )


class GrantIn(In):
    """A role to give."""

    role: Role
    target: Target
    path: str = Field("", max_length=1_000)


class TokenOut(Out):
    """A token without the token itself."""

    id: int
    name: str
    scopes: list[Scope]
    projects: str
    person: int | None
    created_by: str
    created_at: datetime
    expires_at: datetime
    last_used_at: datetime | None
    revoked_at: datetime | None

    @classmethod
    def of(cls, token: ApiToken) -> TokenOut:
        """From the store's."""
        return cls(**_token(token))


class NewTokenOut(TokenOut):
    """A token that was made just now; `token` is shown this once."""

    token: str


class TokenIn(In):
    """A token to make for oneself."""

    name: str = Field(min_length=1, max_length=100)
    scopes: list[Scope] = Field(min_length=1, max_length=10)
    projects: str = Field("**", max_length=500, description="Pattern of full paths")
    days: int = Field(DEFAULT_DAYS, ge=1, le=MAX_DAYS)


class ViewOut(Out):
    """A filter of the triage list under a name."""

    id: int
    name: str
    query: str
    shared: bool
    mine: bool
    created_at: datetime

    @classmethod
    def of(cls, view: SavedView, person_id: int | None) -> ViewOut:
        """From the workflow's."""
        return cls(
            id=view.id,
            name=view.name,
            query=view.query,
            shared=view.shared,
            mine=view.person_id == person_id,
            created_at=view.created_at,
        )


class ViewIn(In):
    """A view to keep; one of the same name of one's own is replaced."""

    name: str = Field(min_length=1, max_length=100)
    query: str = Field(max_length=4_000)
    shared: bool = False


class HookOut(Out):
    """An address that is told what happens, without its secret."""

    id: int
    url: str
    events: list[EventType]
    projects: str
    created_by: str
    created_at: datetime
    disabled_at: datetime | None

    @classmethod
    def of(cls, hook: Hook) -> HookOut:
        """From the store's."""
        return cls(**_hook(hook))


class NewHookOut(HookOut):
    """A webhook that was made just now; `secret` is shown this once."""

    secret: str


class HookIn(In):
    """An address to tell."""

    url: str = Field(max_length=2_000)
    events: list[EventType] = Field(min_length=1, max_length=20)
    projects: str = Field("**", max_length=500, description="Pattern of full paths")


class EnabledIn(In):
    """Whether somebody may come in, or a webhook is told anything."""

    enabled: bool


class DeliveryOut(Out):
    """One message, and what became of it."""

    id: int
    webhook: int
    message: str
    event: str
    state: DeliveryState
    attempts: int
    status: int | None
    problem: str | None
    created_at: datetime
    next_at: datetime | None
    done_at: datetime | None

    @classmethod
    def of(cls, delivery: Delivery) -> DeliveryOut:
        """From the store's."""
        return cls(
            id=delivery.id,
            webhook=delivery.hook_id,
            message=delivery.message_id,
            event=delivery.event,
            state=delivery.state,
            attempts=delivery.attempts,
            status=delivery.status,
            problem=delivery.problem or None,
            created_at=delivery.created_at,
            next_at=delivery.next_at if delivery.done_at is None else None,
            done_at=delivery.done_at,
        )


class MeOut(Out):
    """Who one is, and what one may."""

    kind: Kind
    actor: str
    name: str
    person: int | None
    token: int | None
    roles: list[Role]
    permissions: list[Permission]
    everything: bool
    projects: int | None = Field(description="How many projects one sees; null for all")


def upkeep_router(api: DeskApi) -> APIRouter:
    """The routes."""
    router = APIRouter(route_class=DeskRoute)
    store = api.services

    def act(caller: Visit, action: Action, subject: str, details: dict[str, Word]) -> Act:
        principal = caller.principal
        return Act(principal.actor, principal.person_id, action, subject, details=details, address=caller.address)

    # -- me -----------------------------------------------------------------------------------------------------------

    @router.get("/me", tags=["Me"], **needs(None))
    def me(caller: Caller) -> MeOut:
        """Who one is, and what one may in any project."""
        principal = caller.principal
        return MeOut(
            kind=principal.kind,
            actor=principal.actor,
            name=principal.name,
            person=principal.person_id,
            token=principal.token_id,
            roles=sorted(principal.instance_roles, key=lambda role: role.value),
            permissions=[one for one in Permission if principal.may(one)],
            everything=principal.everything,
            projects=None if principal.sees is None else len(principal.sees),
        )

    # -- jobs ---------------------------------------------------------------------------------------------------------

    jobs = api.jobs
    if jobs is not None:

        @router.get("/jobs", tags=["Jobs"], dependencies=_SELECTED, **needs(Permission.READ_JOBS))
        def list_jobs(
            state: Annotated[list[JobState], Query()] = [JobState.WAITING, JobState.RUNNING],  # noqa: B006
            limit: LIMIT = 50,
            cursor: CURSOR = None,
        ) -> Page[JobOut]:
            """Jobs in some states: those under way the oldest first, else the newest first; at most 2,000."""
            first = max(0, number_cursor(cursor) or 0)
            assert jobs is not None
            found = jobs(list(dict.fromkeys(state)), MOST_COUNTED)[first : first + limit + 1]
            return Page(
                items=[JobOut.of(job) for job in found[:limit]],
                next=cursor_text(first + limit) if len(found) > limit else None,
            )

        @router.post("/jobs/{job}/retry", tags=["Jobs"], **needs(Permission.RETRY))
        def retry(caller: Caller, job: Annotated[str, Path(max_length=200)]) -> RetriedOut:
            """Start a job that failed once more."""
            return RetriedOut(id=api.workflow.retry_job(caller.principal, job, address=caller.address))

    # -- audit --------------------------------------------------------------------------------------------------------

    @router.get("/audit", tags=["Audit log"], dependencies=_SELECTED, **needs(Permission.READ_AUDIT))
    def list_audit(
        caller: Caller,
        actor: Annotated[str, Query(max_length=300)] = "",
        action: Annotated[str, Query(max_length=60)] = "",
        project: Annotated[int | None, Query(ge=-MOST, le=MOST)] = None,
        since: Annotated[Moment | None, Query()] = None,
        until: Annotated[Moment | None, Query()] = None,
        limit: LIMIT = 50,
        cursor: CURSOR = None,
    ) -> Page[AuditOut]:
        """What was done, the newest first."""
        wanted = AuditFilter(actor, action, project, since, until)
        before = number_cursor(cursor)
        with session(store.store) as reading:
            page = audit.page(reading, wanted, before=before, limit=limit, projects=caller.principal.sees)
        return Page(
            items=[AuditOut.of(entry) for entry in page.entries],
            next=None if page.next is None else cursor_text(page.next),
        )

    # -- people -------------------------------------------------------------------------------------------------------

    @router.get("/people", tags=["People"], dependencies=_SELECTED, **needs(Permission.READ_PEOPLE))
    def list_people(
        q: Annotated[str, Query(max_length=200)] = "", limit: LIMIT = 50, cursor: CURSOR = None
    ) -> Page[PersonOut]:
        """People by number, with the roles that they were granted."""
        after = number_cursor(cursor) or 0
        with session(store.store) as reading:
            found = people.find_people(reading, text=q, after=after, limit=limit + 1)
            given = people.grants_of(reading, [person.id for person in found])
        return Page(
            items=[PersonOut.of(person, given.get(person.id, ())) for person in found[:limit]],
            next=cursor_text(found[limit - 1].id) if len(found) > limit else None,
        )

    @router.get("/people/{person}", tags=["People"], dependencies=_SELECTED, **needs(Permission.READ_PEOPLE))
    def one_person(person: NumberInPath) -> PersonOut:
        """One of them."""
        with session(store.store) as reading:
            found = people.get_person(reading, person)
            given = people.grants_of(reading, [person]).get(person, ())
        if found is None:
            raise not_there()
        return PersonOut.of(found, given)

    @router.post("/people/{person}/grants", tags=["People"], status_code=201, **needs(Permission.ADMINISTER))
    def grant(caller: Caller, person: NumberInPath, wanted: GrantIn) -> GrantOut:
        """Give a role; one that he has stays as it is."""
        checked = people.checked_grant(wanted.role.value, wanted.target.value, wanted.path)
        with write_session(store.store) as writing:
            if people.get_person(writing, person) is None:
                raise not_there()
            given = people.give(writing, person, checked, by=caller.principal.actor, now=caller.now)
            details: dict[str, Word] = {
                "role": checked.role.value,
                "target": checked.target.value,
                "path": checked.path,
            }
            audit.append(writing, act(caller, Action.GRANT_GIVEN, f"person {person}", details))
        return GrantOut.of(given)

    @router.delete("/people/{person}/grants/{grant}", tags=["People"], status_code=204, **needs(Permission.ADMINISTER))
    def take(caller: Caller, person: NumberInPath, grant: NumberInPath) -> Response:
        """Take a role back."""
        with write_session(store.store) as writing:
            held = [one for one in people.grants_of(writing, [person]).get(person, ()) if one.id == grant]
            if not held:
                raise not_there()
            of_instance = held[0].grant.role is Role.ADMIN and held[0].grant.target is Target.INSTANCE
            if of_instance and person == caller.principal.person_id:
                raise Problem(422, N_("nobody takes his own administration away"), N_("Another administrator can."))
            people.take(writing, grant, by=caller.principal.actor, now=caller.now)
            details: dict[str, Word] = {
                "role": held[0].grant.role.value,
                "target": held[0].grant.target.value,
                "path": held[0].grant.path,
            }
            audit.append(writing, act(caller, Action.GRANT_REVOKED, f"person {person}", details))
        return Response(status_code=204)

    @router.patch("/people/{person}", tags=["People"], **needs(Permission.ADMINISTER))
    def shut_out(caller: Caller, person: NumberInPath, wanted: EnabledIn) -> PersonOut:
        """Shut somebody out, which ends his sign-ins and tokens, or let him in again."""
        if person == caller.principal.person_id and not wanted.enabled:
            raise Problem(422, N_("nobody shuts himself out"), N_("Another administrator can."))
        with write_session(store.store) as writing:
            found = people.set_disabled(writing, person, None if wanted.enabled else caller.now)
            if found is None:
                raise not_there()
            details: dict[str, Word] = {}
            if not wanted.enabled:
                details["sessions_ended"] = sessions.end_all(writing, person)
            given = people.grants_of(writing, [person]).get(person, ())
            action = Action.PERSON_ENABLED if wanted.enabled else Action.PERSON_DISABLED
            audit.append(writing, act(caller, action, f"person {person}", details))
        return PersonOut.of(found, given)

    # -- tokens -------------------------------------------------------------------------------------------------------

    @router.get("/tokens", tags=["Tokens"], dependencies=_SELECTED, **needs(None))
    def list_tokens(caller: Caller) -> Page[TokenOut]:
        """One's own tokens; everybody's for those who may see people."""
        principal = caller.principal
        with session(store.store) as reading:
            if principal.may(Permission.READ_PEOPLE):
                found = tokens.all_tokens(reading)
            else:
                found = () if principal.person_id is None else tokens.tokens_of(reading, principal.person_id)
        return Page(items=[TokenOut.of(token) for token in found])

    @router.post("/tokens", tags=["Tokens"], status_code=201, **needs(Permission.KEEP_TOKENS, shown_once=True))
    def make_token(caller: Caller, wanted: TokenIn) -> NewTokenOut:
        """Make a token for oneself. Only a person who is signed in may: no token makes another."""
        principal = caller.principal
        if principal.kind is not Kind.SESSION or principal.person_id is None:
            raise Problem(403, N_("a token cannot make another one"), N_("Sign in, or use: mergewarden token create"))
        for scope in wanted.scopes:
            needed = SCOPE_PERMISSIONS[scope] - {Permission.KEEP_TOKENS} or {Permission.DECIDE}
            if not any(principal.may(one) for one in needed):
                raise Problem(
                    403,
                    sentence(N_("you may not do yourself what the scope {scope} is for"), scope=scope.value),
                    N_("Leave it out."),
                )
        with write_session(store.store) as writing:
            text, made = tokens.create_token(
                writing,
                name=wanted.name,
                scopes=wanted.scopes,
                project=wanted.projects,
                lifetime=timedelta(days=wanted.days),
                created_by=principal.actor,
                now=caller.now,
                person_id=principal.person_id,
            )
            audit.append(writing, act(caller, Action.TOKEN_MADE, f"token {made.id}", _token_words(made)))
        return NewTokenOut(**_token(made), token=text)

    @router.delete("/tokens/{token}", tags=["Tokens"], status_code=204, **needs(None))
    def revoke_token(caller: Caller, token: NumberInPath) -> Response:
        """Make a token of one's own useless; anybody's for an administrator."""
        principal = caller.principal
        with write_session(store.store) as writing:
            found = tokens.get_token(writing, token)
            mine = (
                found is not None
                and principal.person_id is not None
                and found.person_id == principal.person_id
                and principal.may(Permission.KEEP_TOKENS)
            )
            if found is None or not (mine or principal.may(Permission.ADMINISTER)):
                raise not_there()
            if found.revoked_at is None:
                tokens.revoke_token(writing, token, caller.now)
                audit.append(writing, act(caller, Action.TOKEN_REVOKED, f"token {token}", _token_words(found)))
        return Response(status_code=204)

    # -- saved views --------------------------------------------------------------------------------------------------

    @router.get("/views", tags=["Saved views"], dependencies=_SELECTED, **needs(Permission.READ))
    def list_views(caller: Caller) -> Page[ViewOut]:
        """One's saved views and those that others share."""
        found = api.workflow.views(caller.principal)
        return Page(items=[ViewOut.of(view, caller.principal.person_id) for view in found])

    @router.post("/views", tags=["Saved views"], status_code=201, **needs(Permission.READ))
    def save_view(caller: Caller, view: ViewIn) -> ViewOut:
        """Keep a filter under a name."""
        made = api.workflow.save_view(
            caller.principal, view.name, view.query, shared=view.shared, address=caller.address
        )
        return ViewOut.of(made, caller.principal.person_id)

    @router.delete("/views/{view}", tags=["Saved views"], status_code=204, **needs(Permission.READ))
    def delete_view(caller: Caller, view: NumberInPath) -> Response:
        """Forget it."""
        api.workflow.delete_view(caller.principal, view, address=caller.address)
        return Response(status_code=204)

    # -- webhooks -----------------------------------------------------------------------------------------------------

    def hook_of(reading: Any, number: int) -> Hook:
        found = outgoing.get_hook(reading, number)
        if found is None:
            raise not_there()
        return found

    @router.get("/webhooks", tags=["Outgoing webhooks"], dependencies=_SELECTED, **needs(Permission.ADMINISTER))
    def list_hooks() -> Page[HookOut]:
        """Addresses that are told what happens."""
        with session(store.store) as reading:
            return Page(items=[HookOut.of(hook) for hook in outgoing.all_hooks(reading)])

    @router.post(
        "/webhooks", tags=["Outgoing webhooks"], status_code=201, **needs(Permission.ADMINISTER, shown_once=True)
    )
    def add_hook(caller: Caller, wanted: HookIn) -> NewHookOut:
        """Tell an address from now on."""
        with write_session(store.store) as writing:
            secret, hook = outgoing.add_hook(
                writing,
                SecretBox(store.settings.data_dir),
                url=wanted.url,
                events=wanted.events,
                projects=wanted.projects,
                created_by=caller.principal.actor,
                now=caller.now,
            )
            audit.append(writing, act(caller, Action.HOOK_MADE, f"webhook {hook.id}", hook_words(hook)))
        return NewHookOut(**_hook(hook), secret=secret)

    @router.get(
        "/webhooks/{webhook}", tags=["Outgoing webhooks"], dependencies=_SELECTED, **needs(Permission.ADMINISTER)
    )
    def one_hook(webhook: NumberInPath) -> HookOut:
        """One of them."""
        with session(store.store) as reading:
            return HookOut.of(hook_of(reading, webhook))

    @router.patch("/webhooks/{webhook}", tags=["Outgoing webhooks"], **needs(Permission.ADMINISTER))
    def enable(caller: Caller, webhook: NumberInPath, wanted: EnabledIn) -> HookOut:
        """Tell it, or no more."""
        with write_session(store.store) as writing:
            before = hook_of(writing, webhook)
            hook = outgoing.set_enabled(writing, webhook, wanted.enabled, caller.now)
            if (before.disabled_at is None) != wanted.enabled:
                details: dict[str, Word] = {"after": "enabled" if wanted.enabled else "disabled"}
                audit.append(writing, act(caller, Action.HOOK_CHANGED, f"webhook {webhook}", details))
        return HookOut.of(hook)

    @router.delete("/webhooks/{webhook}", tags=["Outgoing webhooks"], status_code=204, **needs(Permission.ADMINISTER))
    def delete_hook(caller: Caller, webhook: NumberInPath) -> Response:
        """Forget it, with all messages to it."""
        with write_session(store.store) as writing:
            hook_of(writing, webhook)
            gone = outgoing.delete_hook(writing, webhook)
            audit.append(writing, act(caller, Action.HOOK_DELETED, f"webhook {webhook}", hook_words(gone)))
        return Response(status_code=204)

    @router.post(
        "/webhooks/{webhook}/test", tags=["Outgoing webhooks"], status_code=202, **needs(Permission.ADMINISTER)
    )
    def test(caller: Caller, webhook: NumberInPath) -> DeliveryOut:
        """Send it a message that says nothing."""
        with write_session(store.store) as writing:
            hook_of(writing, webhook)
            return DeliveryOut.of(outgoing.send_test(writing, webhook, caller.now, actor=caller.principal.actor))

    @router.get(
        "/webhooks/{webhook}/deliveries",
        tags=["Outgoing webhooks"],
        dependencies=_SELECTED,
        **needs(Permission.ADMINISTER),
    )
    def list_deliveries(webhook: NumberInPath, limit: LIMIT = 50, cursor: CURSOR = None) -> Page[DeliveryOut]:
        """Messages to it, the newest first; they are kept for 30 days."""
        before = number_cursor(cursor)
        with session(store.store) as reading:
            hook_of(reading, webhook)
            rows = outgoing.deliveries(reading, webhook, before=before, limit=limit + 1)
        return Page(
            items=[DeliveryOut.of(row) for row in rows[:limit]],
            next=cursor_text(rows[limit - 1].id) if len(rows) > limit else None,
        )

    @router.post(
        "/deliveries/{delivery}/redelivery",
        tags=["Outgoing webhooks"],
        status_code=202,
        **needs(Permission.ADMINISTER),
    )
    def redeliver(caller: Caller, delivery: NumberInPath) -> DeliveryOut:
        """Send a message once more, under its own id."""
        with write_session(store.store) as writing:
            if outgoing.get_delivery(writing, delivery) is None:
                raise not_there()
            return DeliveryOut.of(outgoing.redeliver(writing, delivery, caller.now))

    return router


def hook_words(hook: Hook) -> dict[str, Word]:
    """A webhook as the audit log tells it. Its address may have a key in its query: host and path are enough."""
    return {
        "url": hook.url.partition("?")[0],
        "events": sorted(event.value for event in hook.events),
        "projects": hook.projects,
    }


def _hook(hook: Hook) -> dict[str, Any]:
    return {
        "id": hook.id,
        "url": hook.url,
        "events": sorted(hook.events, key=lambda event: event.value),
        "projects": hook.projects,
        "created_by": hook.created_by,
        "created_at": hook.created_at,
        "disabled_at": hook.disabled_at,
    }


def _token(token: ApiToken) -> dict[str, Any]:
    return {
        "id": token.id,
        "name": token.name,
        "scopes": sorted(token.scopes, key=lambda scope: scope.value),
        "projects": token.project,
        "person": token.person_id,
        "created_by": token.created_by,
        "created_at": token.created_at,
        "expires_at": token.expires_at,
        "last_used_at": token.last_used_at,
        "revoked_at": token.revoked_at,
    }


def _token_words(token: ApiToken) -> dict[str, Word]:
    return {
        "name": token.name,
        "scopes": sorted(scope.value for scope in token.scopes),
        "projects": token.project,
        "until": token.expires_at.date().isoformat(),
        "of_person": token.person_id,
    }
