"""The pipeline in this process: the real engine, store and git, the stand-in, and a quick scanner of our own."""

from __future__ import annotations

import itertools
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from dbos import DBOS
from pydantic import SecretStr

from bot.domain.job import JobRequest, ScanMergeRequest, ScanReason, SyncMergeRequest, SyncReason
from bot.gitlab.client import GitLabClient
from bot.observability.logs import configure_logging
from bot.observability.metrics import Metrics
from bot.pipeline.assess import tools_of
from bot.pipeline.engine import JobQueue, Worker, migrate_engine
from bot.pipeline.jobs import Jobs
from bot.pipeline.submission import submit
from bot.services import Services
from bot.settings import load_settings
from bot.store.engine import write_session
from scanners.finding import Finding
from scanners.interface import MalformedReport, Scanner, ScannerReport, ScanTarget
from tests.job_table import JobTable
from tests.scanners.fakes import FakeScanner, sast
from tests.standin import DEVELOPER, MAINTAINER, Discussion, MergeRequest, Note, Project, Standin
from tests.standin.repository import Files
from tests.stores import place_store

POLICY = """\
version: 1
block:
  - name: whatever the fake says
    severity: low
required_scanners: [fake]
"""


class MarkScanner(FakeScanner):
    """Each line ``flag NAME ...`` is a finding of the rule NAME; ``burst`` at a line's begin makes it fail."""

    name: ClassVar[str] = "mark"
    program: ClassVar[str] = """
import os
found = []
for name in sorted(os.listdir()):
    for number, line in enumerate(open(name, encoding='utf-8').read().split('\\n'), 1):
        if line.startswith('burst'): os.abort()
        if line.startswith('flag '): found.append(f'{name} {number} {line.split()[1]}')
print('\\n'.join(found) + '\\nend')
"""

    def parse(self, raw: bytes, target: ScanTarget) -> ScannerReport:
        self.parsed.append(len(target.units))
        *lines, end = raw.decode().strip("\n").split("\n")
        if end != "end":
            raise MalformedReport("mark wrote half a report")
        found: list[Finding] = []
        for line in filter(None, lines):
            name, number, rule = line.split(" ")
            found.append(sast(name, int(number), scanner=self.name, rule_id=rule))
        return ScannerReport(tuple(found))


@dataclass
class Workshop:
    """One stand-in and one worker, for many tests with projects of their own."""

    folder: Path
    gitlab: Standin = field(init=False)
    services: Services = field(init=False)
    queue: JobQueue = field(init=False)
    table: JobTable = field(init=False)
    _numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    def start(self, scanners: Sequence[Scanner] = ()) -> None:
        self.gitlab = Standin(self.folder / "gitlab").start()
        self.user = self.gitlab.create_user("warden", bot=True)
        self.ada, self.grace = self.gitlab.create_user("ada"), self.gitlab.create_user("grace")
        policy = self.folder / "policy.yaml"
        policy.write_text(POLICY)
        environment: Mapping[str, str] = {
            "MERGEWARDEN_GITLAB_URL": self.gitlab.url,
            "MERGEWARDEN_GITLAB_TOKEN": self.gitlab.create_token(self.user),
            "MERGEWARDEN_WEBHOOK_SECRET": "0123456789abcdef0123456789abcdef",
            "MERGEWARDEN_DATA_DIR": str(self.folder / "data"),
            "MERGEWARDEN_POLICY_FILE": str(policy),
        }
        place_store(self.folder / "data" / "mergewarden.db")
        self.services = Services(load_settings(environment), Metrics())
        # What these attributes would be made into at their first use, only quicker.
        self.services.scanners = tuple(scanners) or (FakeScanner(), MarkScanner())
        token = SecretStr(environment["MERGEWARDEN_GITLAB_TOKEN"])
        self.services.gitlab = GitLabClient(self.gitlab.url, token, timeout=1.0, sleep=lambda _: None)
        configure_logging("json", "CRITICAL", self.services.settings.secrets())
        _ = self.services.store
        database = self.services.settings.database().get_secret_value()
        migrate_engine(database)
        self.queue = JobQueue(database)
        self.table = JobTable(self.folder / "data" / "mergewarden.db")
        self.worker = Worker(database)
        self.jobs = Jobs(self.services, tools_of(self.services), self.queue, pause=0.01, sleep=lambda _: None)
        self.worker.start(self.jobs)

    def stop(self) -> None:
        self.worker.stop()
        self.queue.close()
        self.table.close()
        self.services.close()
        self.gitlab.stop()

    def project(self, files: Files | None = None) -> Project:
        """A project whose deliveries go nowhere: the tests submit jobs themselves."""
        return self.gitlab.create_project(
            f"workshop/{next(self._numbers)}",
            files if files is not None else {"README.md": "Hello.\n"},
            members={self.user: DEVELOPER, self.ada: DEVELOPER, self.grace: MAINTAINER},
        )

    def trust(self, project: Project, group: str) -> None:
        """The organisation's policy names the security group of this project from now on."""
        policy = self.services.settings.policy_file
        assert policy is not None
        text = policy.read_text()
        text += "" if "\nprojects:" in text else "projects:\n"
        policy.write_text(f"{text}  - match: {project.path}\n    people: {{security_group: {group}}}\n")

    def open(self, files: Files, project: Project | None = None) -> MergeRequest:
        chosen = project or self.project()
        self.gitlab.commit(chosen, "feature", files, author=self.ada)
        return self.gitlab.open_merge_request(chosen, "feature", author=self.ada)

    def submit(self, job: JobRequest) -> list[str]:
        with write_session(self.services.store) as session:
            return list(submit(session, self.queue, job, token=f"t{next(self._numbers)}"))

    def outcome(self, job_ids: Sequence[str]) -> str:
        """What the one job returned, or the name of what it raised."""
        (job_id,) = job_ids
        self.table.wait_for(job_id)
        try:
            return str(DBOS.retrieve_workflow(job_id).get_result())
        except Exception as error:
            return type(error).__name__

    def scan(self, request: MergeRequest, reason: ScanReason = ScanReason.REQUESTED) -> str:
        """Submit a scan, wait for its end, and return its outcome."""
        job = ScanMergeRequest(request.project.id, request.iid, request.head_sha, reason)
        return self.outcome(self.submit(job))

    def settle(self) -> None:
        """Wait until nothing is left to do, also of what jobs led to."""
        deadline = time.monotonic() + 30
        while self.table.busy():
            assert time.monotonic() < deadline, "jobs did not end"
            time.sleep(0.005)

    def sync(self, request: MergeRequest) -> str:
        job = SyncMergeRequest(request.project.id, request.iid, SyncReason.PIPELINE_APPEARED)
        return self.outcome(self.submit(job))

    def state(self, request: MergeRequest) -> str:
        statuses = self.gitlab.statuses(request, "mergewarden")
        return statuses[-1].state if statuses else "none"

    def threads(self, request: MergeRequest) -> list[Discussion]:
        return [d for d in self.gitlab.discussions(request, self.user) if not d.individual]

    def summaries(self, request: MergeRequest) -> list[Note]:
        return [d.notes[0] for d in self.gitlab.discussions(request, self.user) if d.individual]

    def shown(self, request: MergeRequest) -> tuple[str, int, int, int]:
        """State, threads, open threads, summaries."""
        threads = self.threads(request)
        return (
            self.state(request),
            len(threads),
            sum(not thread.resolved for thread in threads),
            len(self.summaries(request)),
        )
