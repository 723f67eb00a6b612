"""
Every address and method of the application, by every role and by a stranger.

The table below says who may. It is written by hand and not made from ``PERMISSIONS``: it is what we promise. An address
that the application has and the table has not fails, and so does one that is gone.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import httpx
import pytest
from fastapi import FastAPI
from starlette.routing import Route

from bot.cli.web_process import application
from bot.domain.incident import Incident, IncidentKind
from bot.domain.roles import Grant, Role, Target
from bot.domain.triage import TriageState
from bot.observability.metrics import Metrics
from bot.pipeline.engine import JobQueue, migrate_engine
from bot.services import Services
from bot.settings import load_settings
from bot.store import desk, findings, incidents, people, sessions
from bot.store.engine import session, write_session
from bot.store.migrate import migrate
from bot.web.doorman import StoredDoorman
from bot.web.entry import CSRF_HEADER, SESSION_COOKIE
from bot.web.keys import desk_key
from tests.store.known import SHOP, add_finding, add_presence, add_projects, add_refs
from tests.web.fakes import FakeInbox

ORIGIN = "http://127.0.0.1"
STRANGER, ELSEWHERE = "stranger", "elsewhere"
"""Somebody who is not signed in; and a security lead of another project, who does not see this one."""
ROLES = {role.value: role for role in Role}

EVERYBODY = frozenset({STRANGER, ELSEWHERE, *ROLES})
KNOWN = EVERYBODY - {STRANGER}
READERS = frozenset(ROLES)
COMMENTERS = READERS - {"viewer", "auditor"}
TRIAGERS = frozenset({"triager", "security_lead", "admin"})
LEADS = frozenset({"security_lead", "admin"})
EXPORTERS = TRIAGERS | {"auditor"}
OVERSEERS = LEADS | {"auditor"}
AUDITORS = frozenset({"auditor", "admin"})
ADMINS = frozenset({"admin"})
TOKEN_KEEPERS = KNOWN - {"auditor"}
ALSO = frozenset({ELSEWHERE})
"""A call that is about no project is good for whoever has the role in any; he sees his own projects there."""
NOBODY: frozenset[str] = frozenset()
"""Programs with a token or a secret of their own; no session opens it."""

PAGES: dict[str, frozenset[str]] = {
    "GET /healthz": EVERYBODY,
    "GET /readyz": EVERYBODY,
    "GET /metrics": EVERYBODY,
    "GET /static/{name}": EVERYBODY,
    "GET /sign-in": EVERYBODY,
    "POST /sign-in": NOBODY,
    "GET /sign-in/provider": EVERYBODY,
    "GET /sign-in/callback": NOBODY,
    "POST /webhooks/gitlab": NOBODY,
    "GET /": KNOWN,
    "POST /preferences": KNOWN,
    "POST /sign-out": KNOWN,
    "GET /me": KNOWN,
    "POST /me/language": KNOWN,
    "POST /me/sign-ins": KNOWN,
    "GET /tokens": KNOWN,
    "POST /tokens": TOKEN_KEEPERS,
    "POST /tokens/{number}/revoke": KNOWN,
    "GET /people": AUDITORS,
    "POST /people/{number}/grants": ADMINS,
    "POST /people/{number}/grants/{grant}/revoke": ADMINS,
    "POST /people/{number}/disable": ADMINS,
    "POST /people/{number}/enable": ADMINS,
    "GET /webhooks": ADMINS,
    "POST /webhooks": ADMINS,
    "GET /webhooks/{number:int}": ADMINS,
    "POST /webhooks/{number:int}/test": ADMINS,
    "POST /webhooks/{number:int}/enable": ADMINS,
    "POST /webhooks/{number:int}/disable": ADMINS,
    "POST /webhooks/{number:int}/delete": ADMINS,
    "POST /webhooks/deliveries/{delivery:int}/again": ADMINS,
    "GET /triage": READERS | ALSO,
    # These two say for each finding whether he might: see the tests at the end.
    "POST /triage/act": READERS | ALSO,
    "POST /triage/undo": READERS | ALSO,
    "POST /triage/approve": TRIAGERS | ALSO,
    "POST /triage/refuse": TRIAGERS | ALSO,
    "POST /triage/views": READERS | ALSO,
    "POST /triage/views/{view}/delete": READERS | ALSO,
    "GET /projects/{project}/findings/{number}": READERS,
    "POST /projects/{project}/findings/{number}/act": READERS,
    "POST /projects/{project}/findings/{number}/comment": COMMENTERS,
    "POST /projects/{project}/findings/{number}/issue": TRIAGERS,
    "GET /overview": READERS | ALSO,
    "GET /projects": READERS | ALSO,
    "GET /projects/{project}": READERS,
    "POST /projects/{project}/exposure": LEADS,
    "POST /projects/{project}/incidents/{incident}/close": LEADS,
    "GET /projects/{project}/merge_requests/{iid}": READERS,
    "GET /jobs": READERS | ALSO,
    "POST /jobs/retry": LEADS,
    "GET /policies": READERS | ALSO,
    "GET /policies/{project}": READERS,
    "GET /advisories": READERS | ALSO,
    "GET /advisories/{advisory}": READERS | ALSO,
    "GET /components": READERS | ALSO,
    "GET /components/{ecosystem}/{package:path}": READERS | ALSO,
    "GET /rules": READERS | ALSO,
    "GET /rules/{rule}": READERS | ALSO,
    "GET /receipts/{name}": READERS | ALSO,
    "GET /settings": AUDITORS,
    "GET /audit": AUDITORS,
    "GET /maturity": READERS | ALSO,
    # The rating of all projects is for those who see all of them: see the test at the end.
    "GET /maturity/{model}/{item}": NOBODY,
    "GET /projects/{project}/maturity": READERS,
    "GET /projects/{project}/maturity/{model}/{item}": READERS,
    "GET /badges/{project}/{signature}.svg": NOBODY,
    "GET /reports": READERS | ALSO,
    "POST /reports": EXPORTERS | ALSO,
    "GET /reports/{number:int}": READERS,
    "GET /reports/{number:int}/document": READERS,
    "GET /reports/{number:int}/files/{format}": EXPORTERS,
    "GET /acknowledge/{code}": EVERYBODY,
    "POST /acknowledge/{code}": NOBODY,
    "GET /subscriptions": ADMINS,
    "POST /subscriptions": ADMINS,
    "POST /subscriptions/{number:int}/enable": ADMINS,
    "POST /subscriptions/{number:int}/disable": ADMINS,
    "POST /subscriptions/{number:int}/delete": ADMINS,
    "POST /subscriptions/deliveries/{number:int}/again": ADMINS,
    "GET /attestations": READERS | ALSO,
    "POST /attestations": TRIAGERS,
    "GET /attestations/new": TRIAGERS,
    "GET /attestations/{number:int}/file": READERS,
    "POST /attestations/{number:int}/confirm": TRIAGERS,
    "POST /attestations/{number:int}/withdraw": TRIAGERS,
}
API: dict[str, frozenset[str]] = {
    "GET /api/v1/openapi.json": KNOWN,
    "GET /api/v1/me": KNOWN,
    "GET /api/v1/findings": READERS | ALSO,
    "GET /api/v1/findings/facets": READERS | ALSO,
    "GET /api/v1/findings/groups": READERS | ALSO,
    "GET /api/v1/findings/export": EXPORTERS | ALSO,
    "GET /api/v1/findings/{finding}": READERS,
    "GET /api/v1/findings/{finding}/history": READERS,
    "GET /api/v1/findings/{finding}/notes": READERS,
    "POST /api/v1/findings/{finding}/decision": COMMENTERS,
    "POST /api/v1/findings/{finding}/comments": COMMENTERS,
    "POST /api/v1/findings/{finding}/issue": TRIAGERS,
    "POST /api/v1/decisions": COMMENTERS | ALSO,
    "POST /api/v1/undo/{batch}": COMMENTERS | ALSO,
    "POST /api/v1/claims": TRIAGERS | ALSO,
    "POST /api/v1/assignments": TRIAGERS | ALSO,
    "POST /api/v1/snoozes": TRIAGERS | ALSO,
    "GET /api/v1/suppressions": READERS | ALSO,
    "GET /api/v1/suppressions/{suppression}": READERS | ALSO,
    "POST /api/v1/suppressions": LEADS | ALSO,
    "POST /api/v1/suppressions/{suppression}/approval": TRIAGERS | ALSO,
    "POST /api/v1/suppressions/{suppression}/refusal": TRIAGERS | ALSO,
    "POST /api/v1/suppressions/{suppression}/revocation": COMMENTERS | ALSO,
    "GET /api/v1/maturity/models": READERS | ALSO,
    # The rating of all projects is for those who see all of them, and nothing was counted here: it is not there.
    "GET /api/v1/maturity": READERS | ALSO,
    "GET /api/v1/projects/{project}/maturity": READERS,
    "GET /api/v1/projects/{project}/maturity/items/{item}": READERS,
    "GET /api/v1/projects/{project}/maturity/trend": READERS,
    "GET /api/v1/reports": READERS | ALSO,
    "GET /api/v1/reports/{report}": READERS | ALSO,
    "POST /api/v1/reports": EXPORTERS | ALSO,
    "GET /api/v1/reports/{report}/files/{format}": EXPORTERS | ALSO,
    "GET /api/v1/attestations": READERS | ALSO,
    "POST /api/v1/attestations": TRIAGERS | ALSO,
    "GET /api/v1/attestations/{attestation}/file": READERS | ALSO,
    "POST /api/v1/attestations/{attestation}/confirmation": TRIAGERS | ALSO,
    "POST /api/v1/attestations/{attestation}/withdrawal": TRIAGERS | ALSO,
    "GET /api/v1/subscriptions": ADMINS,
    "POST /api/v1/subscriptions": ADMINS,
    "PATCH /api/v1/subscriptions/{subscription}": ADMINS,
    "DELETE /api/v1/subscriptions/{subscription}": ADMINS,
    "GET /api/v1/report-deliveries": ADMINS,
    "POST /api/v1/report-deliveries/{delivery}/redelivery": ADMINS,
    "GET /api/v1/incidents": READERS | ALSO,
    "GET /api/v1/incidents/{incident}": READERS,
    "POST /api/v1/incidents/{incident}/closing": LEADS,
    "GET /api/v1/projects": READERS | ALSO,
    "GET /api/v1/projects/{project}": READERS,
    "GET /api/v1/projects/{project}/exposure": READERS,
    "PUT /api/v1/projects/{project}/exposure": LEADS,
    "GET /api/v1/projects/{project}/daily": READERS,
    "GET /api/v1/daily": READERS | ALSO,
    "GET /api/v1/projects/{project}/merge-requests": READERS,
    "GET /api/v1/projects/{project}/merge-requests/{iid}": READERS,
    "GET /api/v1/projects/{project}/merge-requests/{iid}/receipts": READERS,
    "GET /api/v1/projects/{project}/scans": READERS,
    "GET /api/v1/projects/{project}/state": READERS,
    # Reports are handed in and followed by programs with a token.
    "GET /api/v1/projects/{project}/imports": NOBODY,
    "GET /api/v1/projects/{project}/imports/{number}": NOBODY,
    "POST /api/v1/projects/{project}/imports": NOBODY,
    "GET /api/v1/rules": READERS | ALSO,
    "GET /api/v1/rules/{rule}": READERS | ALSO,
    "GET /api/v1/projects/{project}/policy": READERS,
    "GET /api/v1/policies": READERS | ALSO,
    "GET /api/v1/receipts/{receipt}": READERS | ALSO,
    "GET /api/v1/scans/{scan}": READERS | ALSO,
    "GET /api/v1/scans/{scan}/findings": READERS | ALSO,
    "GET /api/v1/advisories": READERS | ALSO,
    "GET /api/v1/advisories/{advisory}": READERS | ALSO,
    "GET /api/v1/components": READERS | ALSO,
    "GET /api/v1/components/users": READERS | ALSO,
    "GET /api/v1/jobs": OVERSEERS,
    "POST /api/v1/jobs/{job}/retry": LEADS,
    "GET /api/v1/audit": AUDITORS,
    "GET /api/v1/people": AUDITORS,
    "GET /api/v1/people/{person}": AUDITORS,
    "POST /api/v1/people/{person}/grants": ADMINS,
    "DELETE /api/v1/people/{person}/grants/{grant}": ADMINS,
    "PATCH /api/v1/people/{person}": ADMINS,
    "GET /api/v1/tokens": KNOWN,
    "POST /api/v1/tokens": TOKEN_KEEPERS,
    "DELETE /api/v1/tokens/{token}": KNOWN,
    "GET /api/v1/views": READERS | ALSO,
    "POST /api/v1/views": READERS | ALSO,
    "DELETE /api/v1/views/{view}": READERS | ALSO,
    "GET /api/v1/webhooks": ADMINS,
    "POST /api/v1/webhooks": ADMINS,
    "GET /api/v1/webhooks/{webhook}": ADMINS,
    "PATCH /api/v1/webhooks/{webhook}": ADMINS,
    "DELETE /api/v1/webhooks/{webhook}": ADMINS,
    "POST /api/v1/webhooks/{webhook}/test": ADMINS,
    "GET /api/v1/webhooks/{webhook}/deliveries": ADMINS,
    "POST /api/v1/deliveries/{delivery}/redelivery": ADMINS,
}
VALUES: dict[str, str] = {
    "project": str(SHOP),
    "number": "999",
    "finding": "1",
    "name": "desk.css",
    "iid": "7",
    "incident": "1",
}
"""For parameters of paths; ``number`` of a finding is 1. Others are 999, which there is not."""


@dataclass
class Gate:
    """The application, and somebody for each role."""

    app: FastAPI
    services: Services
    doorman: StoredDoorman
    people: dict[str, int]
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def signed_in(self, who: str) -> tuple[str, str]:
        """Cookie and CSRF token of a new sign-in."""
        token, cookie = self.doorman.new_session()
        family, now = f"family {next(self._numbers)}", datetime.now(UTC)
        with write_session(self.services.store) as writing:
            sessions.start(
                writing,
                token,
                self.people[who],
                family=family,
                now=now,
                lifetime=timedelta(hours=1),
                user_agent="a browser",
            )
        return cookie, self.doorman.csrf_of(family)

    def call(self, who: str, method: str, path: str, form: dict[str, str] | None = None) -> httpx.Response:
        """One request as this person's browser sends it, from a page of ours."""
        cookie, csrf = ("", "") if who == STRANGER else self.signed_in(who)
        headers = {"Origin": ORIGIN, "Sec-Fetch-Site": "same-origin", "Accept": "text/html"}
        if cookie:
            headers["Cookie"] = f"{SESSION_COOKIE}={cookie}"
        content: dict[str, Any] = {}
        if path.startswith("/api/"):
            headers |= {CSRF_HEADER: csrf, "Accept": "application/json"}
            content = {} if method in ("GET", "DELETE") else {"json": {}}
        elif method == "POST":
            content = {"data": {"csrf": csrf, **(form or {})}}

        async def ask() -> httpx.Response:
            transport = httpx.ASGITransport(app=self.app, raise_app_exceptions=False)
            async with httpx.AsyncClient(transport=transport, base_url=ORIGIN) as client:
                return await client.request(method, path, headers=headers, **content)

        return asyncio.run(ask())


@pytest.fixture(scope="module")
def gate(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gate]:
    folder = tmp_path_factory.mktemp("matrix")
    settings = {
        "HOME": str(folder),
        "MERGEWARDEN_DATA_DIR": str(folder),
        "MERGEWARDEN_WEBHOOK_SECRET": "0123456789" * 4,
    }
    services = Services(load_settings(settings), Metrics())
    database = services.settings.database().get_secret_value()
    migrate(services.store)
    migrate_engine(database)
    now = datetime.now(UTC)
    with write_session(services.store) as writing:
        add_projects(writing)
        add_refs(writing)
        add_finding(writing, 1)
        add_presence(writing, 1)
        incidents.report(writing, Incident(SHOP, IncidentKind.FORGED_STATUS, "a status"), now)
        desk.refresh(writing, [1], seen=[1])
        known = {name: people.create_local(writing, name.replace("_", "-"), "", now).id for name in (*ROLES, ELSEWHERE)}
        for name, role in ROLES.items():
            people.give(writing, known[name], Grant(role, Target.INSTANCE), by="test", now=now)
        away = Grant(Role.SECURITY_LEAD, Target.PROJECT, "bank/core")
        people.give(writing, known[ELSEWHERE], away, by="test", now=now)
    queue = JobQueue(database)
    app = application(services, queue, cast(Any, FakeInbox()), lambda: None)
    yield Gate(app, services, StoredDoorman(services, desk_key(folder), lambda one, _: one), known)
    queue.close()
    services.close()


def addresses(gate: Gate) -> set[str]:
    """Method and path of everything that answers; what has moved to the desk's API is looked up in its document."""
    found = {
        f"{method} {route.path}"
        for route in gate.app.routes
        if isinstance(route, Route) and not route.path.startswith("/api")
        for method in (route.methods or ())
        if method != "HEAD"
    }
    document = gate.call("admin", "GET", "/api/v1/openapi.json").json()
    return found | {
        f"{method.upper()} {path if path.startswith('/api') else f'/api/v1{path}'}"
        for path, methods in document["paths"].items()
        for method in methods
        if method in ("get", "post", "put", "patch", "delete")
    }


def path_of(address: str) -> str:
    """The path with an example for each parameter."""
    path = address.partition(" ")[2]
    if "/findings/{number" in path:
        path = path.replace("{number:int}", "1").replace("{number}", "1")
    parts = [part.strip("{}").partition(":")[0] if part.startswith("{") else None for part in path.split("/")]
    return "/".join(
        VALUES.get(name, "999") if name is not None else part for name, part in zip(parts, path.split("/"), strict=True)
    )


def test_every_address_is_in_the_table_and_nothing_else(gate: Gate) -> None:
    known, there = {*PAGES, *API, "GET /api/v1/openapi.json"}, {*addresses(gate), "GET /api/v1/openapi.json"}
    assert (sorted(there - known), sorted(known - there)) == ([], [])


@pytest.mark.parametrize("address", [*PAGES, *API])
def test_who_may_and_who_may_not(gate: Gate, address: str) -> None:
    method, _, _ = address.partition(" ")
    path, may, said = path_of(address), {**PAGES, **API}[address], {}
    for who in sorted(EVERYBODY):
        answer = gate.call(who, method, path)
        to_sign_in = answer.status_code == 303 and answer.headers["location"].startswith("/sign-in")
        said[who] = (answer.status_code, to_sign_in)
        # There is no worker, and no GitLab.
        away = answer.status_code in (502, 503) and path.endswith(("/readyz", "/issue"))
        assert answer.status_code < 500 or away, (who, answer.text[:300])
    for who, (status, to_sign_in) in said.items():
        if who in may:
            assert status not in (401, 403), said
            assert not to_sign_in or address in ("POST /sign-out", "GET /sign-in/provider"), said
        elif who == STRANGER:
            assert to_sign_in or status in (400, 401, 403, 404), said
        elif who == ELSEWHERE:
            # What is not of his projects is not there. A body that makes no sense is refused before anything is read.
            assert status in (401, 403, 404) or (method != "GET" and path.startswith("/api/") and status == 422), said
        else:
            assert status in (400, 401, 403, 404), said


HIDDEN = [one for one, may in {**PAGES, **API}.items() if "{project}" in one and one[:4] == "GET " and may == READERS]


@pytest.mark.parametrize("address", HIDDEN)
def test_a_project_that_somebody_does_not_see_is_answered_like_one_that_there_is_not(gate: Gate, address: str) -> None:
    hidden, missing = path_of(address), path_of(address.replace("{project}", "{other}"))
    answers = [gate.call(ELSEWHERE, "GET", path) for path in (hidden, missing)]
    assert answers[0].status_code == answers[1].status_code, [answer.text[:300] for answer in answers]


@pytest.mark.parametrize("who", sorted(EVERYBODY))
@pytest.mark.parametrize("path", ["/triage/act", f"/projects/{SHOP}/findings/1/act"])
def test_only_who_may_decide_changes_a_finding(gate: Gate, who: str, path: str) -> None:
    gate.call("admin", "POST", "/triage/act", {"finding": "1", "act": "reopen", "reason": "for the test"})
    gate.call(who, "POST", path, {"finding": "1", "act": "confirm", "reason": "for the test"})
    with session(gate.services.store) as reading:
        known = findings.get(reading, 1)
    assert known is not None
    assert (known.judgement.state is TriageState.CONFIRMED) == (who in TRIAGERS)


@pytest.mark.parametrize("address", [one for one in PAGES if one.startswith("POST ") and PAGES[one]])
def test_a_form_of_another_site_changes_nothing_for_anybody(gate: Gate, address: str) -> None:
    cookie, _ = gate.signed_in("admin")

    async def ask(headers: dict[str, str], csrf: str) -> int:
        transport = httpx.ASGITransport(app=gate.app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url=ORIGIN) as client:
            sent = {"Cookie": f"{SESSION_COOKIE}={cookie}", **headers}
            return (await client.post(path_of(address), headers=sent, data={"csrf": csrf})).status_code

    assert asyncio.run(ask({"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}, "x")) == 403
    assert asyncio.run(ask({"Origin": ORIGIN, "Sec-Fetch-Site": "same-origin"}, "guessed")) == 403
    assert asyncio.run(ask({"Origin": ORIGIN, "Sec-Fetch-Site": "same-origin"}, "")) == 403


def test_the_folder_of_the_tests_is_no_part_of_an_answer(gate: Gate, tmp_path: Path) -> None:
    for address, may in PAGES.items():
        if address.startswith("GET ") and "admin" in may and address != "GET /settings":
            assert str(tmp_path.parent) not in gate.call("admin", "GET", path_of(address)).text, address
