"""A project at a level of enforcement, and what an attacker can do there: everything through GitLab's front door."""

from __future__ import annotations

import copy
import itertools
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import httpx
from sqlalchemy import Engine

from bot.domain.enforcement import Level
from bot.domain.incident import IncidentKind, KnownIncident
from bot.domain.job import CheckProject
from bot.pipeline.engine import BRANCHES, QUEUES, JobQueue
from bot.pipeline.submission import submit
from bot.store import incidents
from bot.store.enforcement import StoredEnforcement, stored
from bot.store.engine import session, write_session
from tests.e2e.bypasses.catalogue import Bypass
from tests.e2e.bypasses.quick_bot import ROOT
from tests.e2e.stage import HOOK, Stage
from tests.standin import DEVELOPER, MAINTAINER, NO_ONE, Discussion, MergeRequest, Note, Project, Standin, User
from tests.standin.clone import Clone
from tests.standin.repository import Files

HOOK_SECRET = "a-secret-that-hook-and-bot-share-0123"
HOOK_SCRIPT = ROOT / "deploy" / "gitlab" / "pre-receive"
WAIT_SECONDS = 60.0

GATE = {
    "only_allow_merge_if_pipeline_succeeds": True,
    "allow_merge_on_skipped_pipeline": False,
    "only_allow_merge_if_all_discussions_are_resolved": True,
    "resolve_outdated_diff_discussions": False,
}
"""Settings of level 1."""

_numbers = itertools.count(1)


@dataclass
class Bench:
    """What all scenes share: GitLab, the bot, its store and its queue, and a project for each level."""

    stage: Stage
    store: Engine
    queue: JobQueue
    projects: dict[Level, Project] = field(default_factory=dict)
    clients: dict[int, httpx.Client] = field(default_factory=dict)

    def client(self, user: User) -> httpx.Client:
        """GitLab's API with this person's own token."""
        if user.id not in self.clients:
            self.clients[user.id] = self.stage.gitlab.client(user)
        return self.clients[user.id]

    def close(self) -> None:
        for client in self.clients.values():
            client.close()

    def settle(self, *, branches: bool = True) -> None:
        """Until every delivery is answered and no job waits or runs; with or without those about branches."""
        deadline = time.monotonic() + WAIT_SECONDS
        quiet = 0
        while quiet < 2:  # what GitLab tells, it tells a moment later
            busy = self._busy(branches) or self._under_way() or self._busy(branches)
            quiet = 0 if busy else quiet + 1
            if time.monotonic() > deadline:
                raise TimeoutError(f"jobs did not end:\n{self.stage.bot.log.read_text()[-3000:]}")
            time.sleep(0.05 if busy else 0.02)

    def _under_way(self) -> bool:
        return any(not delivery.done for delivery in self.stage.gitlab.deliveries)

    def _busy(self, branches: bool) -> bool:
        return self.stage.jobs.busy([queue for queue in QUEUES if branches or queue != BRANCHES])


@dataclass
class Scene:
    """
    A project at a level. Its people: ``ada`` writes the code, ``linus`` is another Developer, ``grace`` is whom the
    policy lets merge past the bot.

    Developers may merge into ``main`` and Maintainers push to it, which is how many projects are set up; grace is their
    Maintainer. Each level has what makes it and nothing of the others, so that what is stopped is stopped by it alone:
    level 1 the settings, level 2 a ``main`` that is the bot's alone, and level 3 the hook.
    """

    bench: Bench
    level: Level
    claim: Bypass

    def __post_init__(self) -> None:
        self.number = next(_numbers)
        self.branch, self.file, self.evil = f"feature{self.number}", f"f{self.number}.py", f"flag smuggled{self.number}"
        self.good = {self.file: f"fine = {self.number}\n"}
        self.bad = {self.file: f"{self.evil}\n"}
        if self.level not in self.bench.projects:
            self.bench.projects[self.level] = self._make()
        self.project = self.bench.projects[self.level]
        project, repository = self.project, self.project.repository
        self._kept = copy.deepcopy((project.settings, project.protected, project.members)), list(project.hooks)
        self._commits = set(repository.text("rev-list", "--all").split())
        self._requests = set(project.merge_requests)
        self._incidents = {known.id for known in self._every_incident()}

    def _make(self) -> Project:
        """A project that the bot has looked at."""
        stage, only_bot = self.bench.stage, self.level is Level.L2
        self.project = self.gitlab.create_project(
            f"shop/{self.level.name.lower()}",
            {"README.md": "Hello.\n"},
            members={
                stage.user: MAINTAINER if only_bot else DEVELOPER,
                stage.ada: DEVELOPER,
                stage.linus: DEVELOPER,
                stage.grace: DEVELOPER if only_bot else MAINTAINER,
            },
        )
        self.protect("main")
        self.protect("release/*")
        if self.level is Level.L1:
            self.gitlab.settings(self.project, **GATE)
        if self.level is Level.L3:
            self.install_hook()
        self.gitlab.add_hook(self.project, f"{stage.bot.url}{HOOK}", token=stage.bot.secret)
        self.look()
        self.is_as_claimed()
        return self.project

    def leave(self) -> None:
        """Put everything back, and close what is open, so that nobody has to do with it any more."""
        self.gitlab.lose_deliveries(False)
        project = self.project
        (settings, protected, members), hooks = self._kept
        for now, before in ((project.settings, settings), (project.protected, protected), (project.members, members)):
            now.clear()
            now.update(before)  # type: ignore[arg-type]
        project.hooks[:] = hooks
        if self.level is Level.L3:
            self.install_hook()
        for request in self.requests():
            if request.state == "opened":
                self.gitlab.close(request)
        if not self._as_claimed():
            self.look()

    def requests(self) -> list[MergeRequest]:
        """The merge requests of this scene."""
        return [one for one in self.gitlab.merge_requests(self.project) if one.iid not in self._requests]

    # -- the place ----------------------------------------------------------------------------------------------------

    @property
    def gitlab(self) -> Standin:
        return self.bench.stage.gitlab

    @property
    def ada(self) -> User:
        return self.bench.stage.ada

    @property
    def linus(self) -> User:
        return self.bench.stage.linus

    @property
    def grace(self) -> User:
        return self.bench.stage.grace

    def stranger(self) -> User:
        """Somebody who is no member of anything."""
        return self.gitlab.create_user(f"mallory{next(_numbers)}")

    def protect(self, branch: str, *, allow_force_push: bool = False) -> None:
        """As the level has it."""
        if self.level is Level.L2:
            self.gitlab.protect(self.project, branch, NO_ONE, MAINTAINER)
        else:
            self.gitlab.protect(self.project, branch, MAINTAINER, DEVELOPER, allow_force_push=allow_force_push)

    def install_hook(self, url: str | None = None) -> None:
        """As docs/pre-receive.md says."""
        place = self.gitlab.install_hook(self.project, HOOK_SCRIPT)
        secret = place.parent / "secret"
        secret.write_text(HOOK_SECRET)
        secret.chmod(0o600)
        settings = {
            "url": url or self.bench.stage.bot.url,
            "secret_file": str(secret),
            "cache_folder": str(place.parent / "cache"),
        }
        (place.parent / "mergewarden-hook.json").write_text(json.dumps(settings))

    def settle(self) -> None:
        """Until the bot has done all that there is to do about merge requests."""
        self.bench.settle(branches=False)

    def look(self) -> None:
        """What the bot does every hour; it finds what nobody told it of."""
        with write_session(self.bench.store) as writing:
            submit(writing, self.bench.queue, CheckProject(self.project.id), token=f"t{next(_numbers)}")
        self.bench.settle()

    @contextmanager
    def unheard(self) -> Iterator[None]:
        """While the bot hears of nothing: what it would do a moment later comes too late."""
        self.gitlab.lose_deliveries()
        try:
            yield
        finally:
            self.gitlab.lose_deliveries(False)

    # -- what people do -----------------------------------------------------------------------------------------------

    def ask(
        self, who: User, method: str, where: Project | MergeRequest | str, tail: str = "", **params: object
    ) -> httpx.Response:
        """One request to GitLab's API with a person's own token."""
        path = where
        if isinstance(where, Project):
            path = f"/projects/{where.id}"
        elif isinstance(where, MergeRequest):
            path = f"/projects/{where.project.id}/merge_requests/{where.iid}"
        client = self.bench.client(who)
        if method in ("GET", "DELETE"):
            return client.request(method, f"{path}{tail}")
        return client.request(method, f"{path}{tail}", json=params)

    def call(
        self, who: User, method: str, where: Project | MergeRequest | str, tail: str = "", **params: object
    ) -> bool:
        """The same; whether GitLab did it."""
        return self.ask(who, method, where, tail, **params).is_success

    def clone(self, who: User) -> Clone:
        """For real git, with this person's token."""
        return self.gitlab.clone(self.project, who)

    def push(
        self, files: Files, branch: str | None = None, *, start: str | None = None, who: User | None = None
    ) -> str:
        """An ordinary push to a branch that nobody protects; with ``start`` it begins there, by force if need be."""
        return self.gitlab.push(
            self.project, branch or self.branch, files, author=who or self.ada, start=start, force=start is not None
        )

    def open(
        self, files: Files, branch: str | None = None, target: str = "main", *, draft: bool = False
    ) -> MergeRequest:
        """Ada opens a merge request."""
        self.push(files, branch)
        return self.gitlab.open_merge_request(
            self.project, branch or self.branch, author=self.ada, target_branch=target, draft=draft
        )

    def lax_branch(self) -> str:
        """A branch that nobody protects and that has what is bad already, so that a merge request does not bring it."""
        name = f"old{self.number}"
        self.push(self.bad, name)
        return name

    def verdict(self, request: MergeRequest) -> str:
        """The state of our own status on the head, once the bot has nothing left to do."""
        self.settle()
        found = [s for s in self.gitlab.statuses(request, "mergewarden") if s.author is self.bench.stage.user]
        return found[-1].state if found else "none"

    def state(self, request: MergeRequest) -> str:
        """The newest status of our name on the head, whoever posted it."""
        found = self.gitlab.statuses(request, "mergewarden")
        return found[-1].state if found else "none"

    def judged(
        self, files: Files, state: str, branch: str | None = None, target: str = "main", *, draft: bool = False
    ) -> MergeRequest:
        """A merge request with a verdict, in a project of which the bot says what the level is."""
        request = self.open(files, branch, target, draft=draft)
        assert self.verdict(request) == state
        self.is_as_claimed()
        return request

    def is_as_claimed(self) -> None:
        """The bot itself has to say that this is the level; of the hook it hears only when somebody pushes."""
        assert self._as_claimed(), self.enforcement()

    def _as_claimed(self) -> bool:
        known = self.enforcement()
        least = Level.L0 if self.level is Level.L3 else self.level
        return known is not None and least <= known.level <= self.level

    def merge(self, request: MergeRequest, who: User | None = None, **params: object) -> bool:
        """The merge button; whether GitLab merged, or said that it will."""
        return self.call(who or self.linus, "PUT", request, "/merge", **params)

    def try_to_merge(self, request: MergeRequest, who: User | None = None, *, status: str = "mergeable") -> None:
        """
        What a Developer can do to get it merged: the API, which the button is too, and the merge bot.

        ``status`` is what GitLab itself says at level 1; at levels 2 and 3 it sees nothing in the way.
        """
        person = who or self.linus
        if self.level is not Level.L0:
            assert self.gitlab.merge_status(request) == (status if self.level is Level.L1 else "mergeable")
        if not self.merge(request, person) and self.level is Level.L2:
            self.say(request, person, "/mw merge")
            self.settle()

    def bring(self, files: Files) -> MergeRequest:
        """Something that the gate lets through, on its way into main and there."""
        request = self.open(files, f"good{next(_numbers)}")
        assert self.verdict(request) == "success"
        self.try_to_merge(request)
        assert request.state == "merged"
        return request

    def say(self, request: MergeRequest, who: User, body: str, thread: Discussion | None = None) -> Note:
        """A note, or a reply in a thread."""
        tail = f"/discussions/{thread.id}/notes" if thread is not None else "/notes"
        answer = self.ask(who, "POST", request, tail, body=body)
        assert answer.is_success, answer.text
        number = answer.json()["id"]
        return next(note for note in request.notes if note.id == number)

    def forge(self, request: MergeRequest, who: User, state: str = "success") -> None:
        """A commit status of our name."""
        tail = f"/statuses/{request.head_sha}"
        place, ref = request.source_project, request.source_branch
        assert self.call(who, "POST", place, tail, state=state, name="mergewarden", ref=ref)

    def threads(self, request: MergeRequest) -> list[Discussion]:
        """The bot's threads on findings."""
        return [d for d in self.gitlab.discussions(request, self.bench.stage.user) if not d.individual]

    def resolve_all(self, request: MergeRequest, who: User) -> None:
        """Every thread of the bot's; it has to be possible."""
        for thread in self.threads(request):
            self.resolve(request, thread.id, who)

    def resolve(self, request: MergeRequest, discussion_id: str, who: User | None = None) -> None:
        """One thread; it has to be possible."""
        answer = self.ask(who or self.ada, "PUT", request, f"/discussions/{discussion_id}", resolved=True)
        assert answer.is_success, answer.text

    # -- what came of it ----------------------------------------------------------------------------------------------

    def on(self, branch: str = "main", text: str | None = None) -> bool:
        """Whether some file of a branch has a line that is this text, by default what has no business there."""
        lines = self.project.repository.text("grep", "--text", "-h", "-e", "", f"refs/heads/{branch}")
        return (text or self.evil) in lines.splitlines()

    def incidents(self) -> list[KnownIncident]:
        """Those about this scene's merge requests and commits."""
        mine = {request.iid for request in self.requests()}
        return [
            known
            for known in self._every_incident()
            if known.id not in self._incidents
            and (
                known.incident.merge_request_iid in mine
                or known.incident.kind is IncidentKind.SETTINGS_WEAKENED
                or (known.incident.sha is not None and known.incident.sha not in self._commits)
            )
        ]

    def _every_incident(self) -> tuple[KnownIncident, ...]:
        with session(self.bench.store) as reading:
            return incidents.page(reading, project_id=self.project.id, limit=1_000)

    def kinds(self) -> frozenset[IncidentKind]:
        """Kinds of the new incidents."""
        return frozenset(known.incident.kind for known in self.incidents())

    def enforcement(self) -> StoredEnforcement | None:
        """What the bot knows of the project's level."""
        with session(self.bench.store) as reading:
            return stored(reading, self.project.id)

    def ends(self, got_in: bool, *, seen_by_looking: bool = False) -> None:
        """
        It got in where the claim says so, and those who have to know do; elsewhere it did not.

        ``seen_by_looking``: no event tells of it, and the hourly look does.
        """
        assert got_in == (self.level in self.claim.open_at)
        if not got_in:
            return
        if not self.claim.noticed:
            self.bench.settle()
            assert not self.kinds()
            return
        if seen_by_looking:
            self.look()
        assert self._told(), self.kinds()

    def _told(self) -> bool:
        """Whether those who have to know are told, if need be after a while."""
        deadline = time.monotonic() + WAIT_SECONDS / 2
        while not self.claim.noticed <= self.kinds():
            if time.monotonic() > deadline:
                return False
            time.sleep(0.05)
        return True
