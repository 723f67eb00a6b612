"""The web application on a port of this machine, with findings, people and a provider that they sign in with."""

from __future__ import annotations

import itertools
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path, PurePosixPath
from typing import Any

import uvicorn
from fastapi import FastAPI

from bot.cli.web_process import application
from bot.domain.incident import Incident, IncidentKind
from bot.domain.outgoing import SUBSCRIBABLE
from bot.domain.passwords import Passwords
from bot.domain.roles import Grant, Role, Target
from bot.observability.metrics import Metrics
from bot.pipeline.engine import JobQueue, migrate_engine
from bot.pipeline.receipts import issue
from bot.services import Services
from bot.settings import load_settings
from bot.store import desk as desk_store
from bot.store import incidents, memberships, outgoing, people
from bot.store.engine import write_session
from bot.store.migrate import migrate
from bot.store.secret_box import SecretBox
from bot.web.app import UVICORN_OPTIONS
from scanners.finding import Confidence, Location, Severity
from tests.standin.oidc import StandInProvider, serve
from tests.store.known import BANK, SHOP, add_finding, add_presence, add_projects, add_refs
from tests.store.samples import REPORT, SAST
from tests.web.fakes import FakeInbox
from tests.web.maturity_stage import Filled
from tests.web.maturity_stage import fill as fill_maturity
from tests.web.test_merge_request_page import fill as fill_merge_requests
from tests.web.test_operations_pages import fill as fill_operations

ADA, GRACE, VERA = "7", "8", "9"
"""Subjects at the provider. Ada and Grace are triagers in the shop, and Vera may only look."""
NAMES = {ADA: "ada", GRACE: "grace", VERA: "vera"}
ROOT, PASSWORD = "root", "correct horse battery staple"
POLICY = """\
version: 1
block: [{name: whatever is severe, severity: high}]
required_scanners: []
suppressions: {second_person: critical}
"""
_WEAKNESSES = (
    ("SQL built from input", "python.sql-injection", (89,)),
    ("Command built from input", "python.command-injection", (78,)),
    ("Deserialisation of untrusted data", "python.unsafe-load", (502,)),
    ("Password hashed with MD5", "python.weak-hash", (327,)),
    ("Path built from input", "python.path-traversal", (22,)),
)
_PER_TEST = 12
FIRST = 1_000_001
"""Number of the first of these findings; lower ones are of the other pages."""


@dataclass
class Site:
    """The running application, and what its people may."""

    url: str
    services: Services
    app: FastAPI
    provider: StandInProvider
    receipt: str
    """Of a scan of the shop."""
    webhook: int
    """An address with a message."""
    rated: Filled
    """Days, snapshots, a summary, subscriptions and attestations of the shop."""
    kept: dict[str, list[Any]] = field(default_factory=dict)
    """Cookies of people who have signed in."""
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(FIRST))
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def findings(self, count: int = _PER_TEST, *, severity: Severity = Severity.HIGH, title: str = "") -> list[int]:
        """New findings on the shop's default branch that nobody has judged; returns their numbers."""
        with self._lock:
            numbers = [next(self._numbers) for _ in range(count)]
        confidences = list(Confidence)
        with write_session(self.services.store) as writing:
            for number in numbers:
                name, rule, cwes = _WEAKNESSES[number % len(_WEAKNESSES)]
                made = replace(
                    SAST,
                    title=title or name,
                    rule_id=rule,
                    cwes=cwes,
                    severity=severity,
                    confidence=confidences[number % 3],
                    snippet='cursor.execute("SELECT * FROM orders WHERE id = " + given)',
                    location=Location(
                        PurePosixPath(f"shop/part{number % 7}/orders{number}.py"), 10 + number, 11 + number
                    ),
                    fingerprint=f"{number:064x}",
                    match_hash=f"{number:064x}",
                )
                add_finding(writing, number, made)
                add_presence(writing, number)
            desk_store.refresh(writing, numbers, seen=numbers)
        return numbers


@contextmanager
def running(folder: Path) -> Iterator[Site]:
    """The application until the end of the block."""
    provider = StandInProvider(people=_known())
    with serve(provider) as issuer, socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        url = f"http://localhost:{listening.getsockname()[1]}"
        services = Services(load_settings(_settings(folder, url, issuer)), Metrics())
        database = services.settings.database().get_secret_value()
        migrate(services.store)
        migrate_engine(database)
        queue = JobQueue(database)
        _people(services)
        receipt = issue(services, REPORT, project_id=SHOP, scan_id="of-the-receipt", at=datetime.now(UTC))
        webhook = _told(services)
        app = application(services, queue, FakeInbox(), lambda: None)
        rated = fill_maturity(services, datetime.now(UTC), nights=3)
        server = uvicorn.Server(uvicorn.Config(app, **{**UVICORN_OPTIONS, "timeout_graceful_shutdown": 1}))
        thread = threading.Thread(target=server.run, args=([listening],), daemon=True)
        thread.start()
        try:
            yield Site(url, services, app, provider, receipt, webhook, rated)
        finally:
            server.should_exit = True
            thread.join(10)
            queue.close()
            services.close()


def _people(services: Services) -> None:
    """Projects, a local administrator, and what everybody is in GitLab."""
    now = datetime.now(UTC)
    # As if they had been listed just now, however long the tests take: nobody is there to be asked again.
    listed = now + timedelta(days=1)
    levels = {(SHOP, int(ADA)): 40, (SHOP, int(GRACE)): 40, (SHOP, int(VERA)): 20, (BANK, int(GRACE)): 40}
    with write_session(services.store) as writing:
        add_projects(writing)
        add_refs(writing)
    # What the pages about merge requests, rules, advisories and components show.
    fill_operations(services.store)
    fill_merge_requests(services.store)
    with write_session(services.store) as writing:
        for place in (SHOP, BANK):
            memberships.set_members(
                writing, place, {u: level for (p, u), level in levels.items() if p == place}, listed
            )
        root = people.create_local(writing, ROOT, Passwords().hash(PASSWORD), now)
        people.give(writing, root.id, Grant(Role.ADMIN, Target.INSTANCE, ""), by="test", now=now)


def _told(services: Services) -> int:
    """An address that is told something, and an incident; the address's number."""
    now = datetime.now(UTC)
    with write_session(services.store) as writing:
        box = SecretBox(services.settings.data_dir)
        _, hook = outgoing.add_hook(
            writing, box, url="https://hooks.example/in", events=SUBSCRIBABLE, created_by=ROOT, now=now
        )
        outgoing.send_test(writing, hook.id, now, actor=ROOT)
        incidents.report(writing, Incident(SHOP, IncidentKind.FORGED_STATUS, "a status", actor="mallory"), now)
    return hook.id


def _known() -> dict[str, dict[str, str]]:
    return {subject: {"preferred_username": name, "name": name.capitalize()} for subject, name in NAMES.items()}


def _settings(folder: Path, url: str, issuer: str) -> Mapping[str, str]:
    policy = folder / "policy.yaml"
    policy.write_text(POLICY, encoding="utf-8")
    return {
        "HOME": str(folder),
        "MERGEWARDEN_GITLAB_URL": issuer,
        "MERGEWARDEN_GITLAB_TOKEN": "glpat-0123456789abcdef",
        "MERGEWARDEN_WEBHOOK_SECRET": "0123456789abcdef0123456789abcdef",
        "MERGEWARDEN_DATA_DIR": str(folder),
        "MERGEWARDEN_POLICY_FILE": str(policy),
        "MERGEWARDEN_PUBLIC_URL": url,
        "MERGEWARDEN_OIDC_ISSUER": issuer,
        "MERGEWARDEN_OIDC_CLIENT_ID": "the-application",
        "MERGEWARDEN_OIDC_CLIENT_SECRET": "the-secret-of-the-application",
    }
