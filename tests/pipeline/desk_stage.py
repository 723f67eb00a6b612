"""A desk for tests of its acts: findings in two projects, people with roles, and a policy; no engine, no network."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, insert

from bot.domain.audit import Entry
from bot.domain.policy import Policy, PolicyDocument, SecondPerson, SuppressionRules
from bot.domain.roles import Kind, Principal, Role
from bot.domain.triage import Justification, TriageState
from bot.observability.metrics import Metrics
from bot.pipeline.workflow import DeskWorkflow
from bot.services import Services
from bot.settings import Settings
from bot.store import audit, desk, findings, people, triage
from bot.store.desk_tables import PersonRecord
from bot.store.engine import session, write_session
from bot.store.statements import table
from tests.store.known import BANK, SHOP, add_finding, add_presence, add_projects, add_refs

NOW = datetime.now(UTC).replace(microsecond=0)
SOON = NOW + timedelta(days=30)


class NoQueue:
    """Takes jobs and keeps their ids."""

    def __init__(self) -> None:
        self.jobs: list[Any] = []
        self.known: dict[str, Any] = {}
        """What ``find`` finds, by id."""

    def submit(self, _session: Any, job: Any) -> None:
        self.jobs.append(job)

    def find(self, job_id: str) -> Any:
        return self.known.get(job_id)


def person(name: str, *roles: Role, number: int | None = None, projects: Iterable[int] = (SHOP,), **more: Any) -> Any:
    """Somebody with these roles in projects; ``number`` is his in our and GitLab's lists."""
    values: dict[str, Any] = {"kind": Kind.SESSION, "person_id": number, "gitlab_user_id": number}
    given = {project: frozenset(roles) for project in projects}
    return Principal(**{**values, "actor": name, "project_roles": given, **more})


ADA = person("ada", Role.TRIAGER, number=1)
GRACE = person("grace", Role.TRIAGER, number=2)
DEV = person("dev", Role.DEVELOPER, number=3)
VIEWER = person("viewer", Role.VIEWER, number=4)
LEAD = person(
    "lead", Role.SECURITY_LEAD, number=5, projects=(SHOP, BANK), instance_roles=frozenset({Role.SECURITY_LEAD})
)
AUDITOR = person("auditor", number=6, instance_roles=frozenset({Role.AUDITOR}), everything=True, projects=())
STRANGER = person("stranger", Role.TRIAGER, number=7, projects=(BANK,))
ADMIN = person("root", number=8, instance_roles=frozenset({Role.ADMIN}), everything=True, projects=())
PEOPLE = (ADA, GRACE, DEV, VIEWER, LEAD, AUDITOR, STRANGER, ADMIN)


@dataclass
class Stage:
    """A desk and what it changed."""

    engine: Engine
    folder: Path
    second_person: SecondPerson = SecondPerson.NEVER
    queue: NoQueue = field(default_factory=NoQueue)
    clock: list[datetime] = field(default_factory=lambda: [NOW])

    def __post_init__(self) -> None:
        self.services = Services(Settings(data_dir=self.folder), Metrics())
        self.services.store = self.engine
        self.services.policy = self.policy  # type: ignore[method-assign, assignment]
        self.workflow = DeskWorkflow(self.services, lambda: self.queue, lambda: self.clock[0])  # type: ignore[arg-type, return-value]

    def policy(self) -> PolicyDocument:
        return PolicyDocument("test", Policy(suppressions=SuppressionRules(self.second_person)))

    def fill(self, count: int = 3) -> Stage:
        """Findings 1 to ``count`` in the shop, on its default branch."""
        with write_session(self.engine) as writing:
            add_projects(writing)
            add_refs(writing)
            for number in range(1, count + 1):
                add_finding(writing, number)
                add_presence(writing, number)
            add_finding(writing, 1001, project_id=BANK)
            writing.execute(
                insert(table(PersonRecord)),
                [
                    {"id": one.person_id, "key": one.actor, "issuer": "gitlab", "subject": one.actor, "name": one.actor}
                    | {"username": one.actor, "gitlab_user_id": one.gitlab_user_id, "password": "", "language": ""}
                    | {"created_at": NOW}
                    for one in PEOPLE
                ],
            )
            desk.refresh(writing, [*range(1, count + 1), 1001], seen=[*range(1, count + 1), 1001])
        return self

    def dismiss(self, who: Principal, *numbers: int, reason: str = "a constant", **more: Any) -> Any:
        values: dict[str, Any] = {
            "state": TriageState.DISMISSED,
            "justification": Justification.FALSE_POSITIVE,
            "expires_at": SOON,
        }
        return self.workflow.decide(who, numbers, reason=reason, **{**values, **more})

    def say(self, who: Principal, state: TriageState, *numbers: int, reason: str = "because") -> Any:
        return self.workflow.decide(who, numbers, state=state, reason=reason)

    def state(self, number: int = 1) -> TriageState:
        with session(self.engine) as reading:
            known = findings.get(reading, number)
        assert known is not None
        return known.judgement.state

    def suppressed(self) -> set[int]:
        with session(self.engine) as reading:
            return {known.id for known in findings.page(reading).findings if known.suppressed}

    def history(self, number: int = 1) -> Any:
        with session(self.engine) as reading:
            return triage.history(reading, number)

    def log(self) -> list[Entry]:
        with session(self.engine) as reading:
            return list(audit.stream(reading))

    def actions(self) -> list[str]:
        return [entry.action for entry in self.log()]

    def local_person(self) -> int:
        with write_session(self.engine) as writing:
            return people.create_local(writing, "local", "hash", NOW).id
