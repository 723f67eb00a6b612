"""A stand-in for GitLab with a bot that serves it, and what a test says about a merge request there."""

from __future__ import annotations

import json
import time
import urllib.request
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from tests.bot_process import Bot
from tests.e2e.samples import ADVISORY, CLEAN
from tests.job_table import JobTable
from tests.standin import DEVELOPER, MAINTAINER, Discussion, MergeRequest, Note, Project, Standin, Status, User
from tests.standin.repository import Files

WAIT_SECONDS = 60.0
STATUS = "mergewarden"
HOOK = "/webhooks/gitlab"
FINAL = ("success", "failed")


@dataclass
class Stage:
    """One stand-in and one bot, shared by many tests, each with projects of its own."""

    gitlab: Standin
    bot: Bot
    user: User
    """Whose token the bot has."""
    ada: User
    """Writes merge requests."""
    grace: User
    """A Maintainer."""
    linus: User
    """Another Developer."""
    used: set[str] = field(default_factory=set)

    def story(self, path: str, files: Files | None = None, *, hook: bool = True, **settings: bool) -> Story:
        """A project of a test's own, blocking as it should, whose deliveries go to the bot."""
        name, number = path, 1
        while name in self.used:
            number += 1
            name = f"{path}-{number}"
        self.used.add(name)
        project = self.gitlab.create_project(
            name,
            files if files is not None else {"shop/orders.py": CLEAN},
            members={self.user: DEVELOPER, self.ada: DEVELOPER, self.linus: DEVELOPER, self.grace: MAINTAINER},
        )
        self.gitlab.settings(project, **{"only_allow_merge_if_pipeline_succeeds": True, **settings})
        if hook:
            self.gitlab.add_hook(project, f"{self.bot.url}{HOOK}", token=self.bot.secret)
        return Story(self, project)

    def settle(self, timeout: float = WAIT_SECONDS) -> None:
        """Until every delivery is answered and no job waits or runs."""
        self.gitlab.wait_for_deliveries(timeout)
        deadline = time.monotonic() + timeout
        quiet = 0
        while quiet < 2:
            quiet = 0 if self._busy() else quiet + 1
            if time.monotonic() > deadline:
                raise TimeoutError(f"jobs did not end:\n{self.bot.log.read_text()[-3000:]}")
            time.sleep(0.05)

    def _busy(self) -> bool:
        if "MERGEWARDEN_DATABASE_URL" not in self.bot.environment:
            return self.jobs.busy()
        with urllib.request.urlopen(f"{self.bot.url}/metrics", timeout=10) as answer:
            lines = answer.read().decode().splitlines()
        return any(float(line.split()[-1]) for line in lines if line.startswith("mergewarden_queue_depth{"))

    @cached_property
    def jobs(self) -> JobTable:
        """What a bot with a store on SQLite has to do."""
        return JobTable(Path(self.bot.environment["MERGEWARDEN_DATA_DIR"]) / "mergewarden.db")

    def log(self, request: MergeRequest | None = None, event: str | None = None) -> list[dict[str, object]]:
        """What the bot logged, for one merge request where given."""
        found: list[dict[str, object]] = []
        for line in self.bot.log.read_text().splitlines():
            if not line.startswith("{"):
                continue
            entry = json.loads(line)
            mine = request is None or (entry.get("project_id"), entry.get("iid")) == (request.project.id, request.iid)
            if mine and (event is None or entry.get("event") == event):
                found.append(entry)
        return found


@dataclass
class Story:
    """One project, from the first commit to the merge."""

    stage: Stage
    project: Project

    @property
    def gitlab(self) -> Standin:
        return self.stage.gitlab

    def branch(self, files: Files, branch: str = "feature", *, start: str | None = None) -> str:
        return self.gitlab.commit(self.project, branch, files, author=self.stage.ada, start=start)

    push = branch

    def open(self, files: Files, branch: str = "feature", *, draft: bool = False) -> MergeRequest:
        """Ada opens a merge request that changes ``files``."""
        self.branch(files, branch)
        return self.gitlab.open_merge_request(self.project, branch, author=self.stage.ada, draft=draft)

    def verdict(self, request: MergeRequest, state: str | Iterable[str] = FINAL) -> Status:
        """Wait for a status of the present head, then for the job to end."""
        status = self.gitlab.wait_for_status(request, state, timeout=WAIT_SECONDS)
        self.stage.settle()
        return status

    def judged(self, files: Files, state: str = "failed", branch: str = "feature") -> MergeRequest:
        """Open a merge request and wait for its verdict, which must be ``state``."""
        request = self.open(files, branch)
        status = self.verdict(request)
        assert status.state == state, (status.description, self.summary(request))
        return request

    def mend(self, request: MergeRequest, files: Files, state: str = "success") -> None:
        """Push to the merge request and wait for the verdict on it, which must be ``state``."""
        self.push(files, request.source_branch)
        status = self.verdict(request)
        assert status.state == state, (status.description, self.summary(request))

    def state(self, request: MergeRequest) -> str:
        """The newest status of the present head, or ``none``."""
        statuses = self.gitlab.statuses(request, STATUS)
        return statuses[-1].state if statuses else "none"

    def threads(self, request: MergeRequest, *, resolved: bool | None = None) -> list[Discussion]:
        """The bot's discussions, without the summary."""
        return [
            discussion
            for discussion in self.gitlab.discussions(request, self.stage.user)
            if not discussion.individual and resolved in (None, discussion.resolved)
        ]

    def places(self, request: MergeRequest) -> list[tuple[str, int | None, int | None]]:
        """Path, old and new line of each of the bot's threads on the diff, in order."""
        found = [thread.notes[0].original_position for thread in self.threads(request)]
        return sorted(
            ((p["new_path"], p["old_line"], p["new_line"]) for p in found if p), key=lambda place: (place[0], place[2])
        )

    def summaries(self, request: MergeRequest) -> list[Note]:
        return [d.notes[0] for d in self.gitlab.discussions(request, self.stage.user) if d.individual]

    def summary(self, request: MergeRequest) -> str:
        """The text of the one summary."""
        (note,) = self.summaries(request)
        return note.body

    def texts(self, request: MergeRequest) -> str:
        """Everything that the bot wrote there."""
        return "\n".join(note.body for note in request.notes if note.author is self.stage.user)

    def harmless(self) -> None:
        """Nothing that the bot wrote was taken for a command, a mention, a reference or an image."""
        me = self.stage.user.username
        assert [e for e in self.gitlab.executed_quick_actions if e.user == me] == []
        assert [m for m in self.gitlab.mentions if m.by == me] == []
        assert [r for r in self.gitlab.references if r.by == me] == []
        assert self.gitlab.external_images == []


def start_stage(
    folder: Path,
    settings: Mapping[str, str] | None = None,
    *,
    advisories: bool = True,
    serve: Sequence[str] = (),
    ready: bool = True,
) -> Stage:
    """A stand-in and a bot, both running; ``stop_stage`` ends them. ``serve`` are options of the command."""
    gitlab = Standin(folder / "gitlab").start()
    user = gitlab.create_user("warden", bot=True)
    ada, grace, linus = (gitlab.create_user(name) for name in ("ada", "grace", "linus"))
    data = folder / "data"
    data.mkdir()
    bot = Bot(data, gitlab.url, gitlab.create_token(user), **(settings or {}))
    if advisories:
        archive = folder / "advisory.json"
        archive.write_text(json.dumps(ADVISORY))
        imported = bot.run("advisories", "import", str(archive))
        assert imported.returncode == 0, imported.stderr
    bot.start(*serve, wait=ready)
    return Stage(gitlab, bot, user, ada, grace, linus)


def stop_stage(stage: Stage) -> None:
    stage.bot.stop()
    stage.gitlab.stop()
    if "jobs" in vars(stage):
        stage.jobs.close()
