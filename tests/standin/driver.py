"""The Python side of the stand-in: start it, fill it, push to it, look at what happened."""

from __future__ import annotations

import socket
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

import uvicorn

from tests.standin import api, api_branches, api_merging, api_people, api_releases  # they register the routes
from tests.standin.actions import Actions
from tests.standin.faults import Faults
from tests.standin.model import (
    MAINTAINER,
    Delivery,
    Discussion,
    Executed,
    Hook,
    JobArtifact,
    Json,
    Mention,
    MergeRequest,
    Note,
    Pipeline,
    Project,
    Reference,
    RequestRecord,
    Status,
    User,
)
from tests.standin.past import Past
from tests.standin.repository import Files
from tests.standin.web import Server
from tests.standin.world import World

_ROUTES = (api, api_branches, api_merging, api_people, api_releases)

PipelineKind = Literal["push", "merge_request", "merged_result"]


class Standin(Actions, Past):
    """
    A GitLab on 127.0.0.1. Use it as a context manager, or call ``start`` and ``stop``.

    ``world`` is everything it remembers; take ``world.lock`` to look at several things at one moment.
    """

    def __init__(self, directory: Path | None = None, *, port: int = 0) -> None:
        self._temporary = tempfile.TemporaryDirectory(prefix="standin-") if directory is None else None
        self.directory = Path(self._temporary.name) if self._temporary else Path(directory or ".")
        self.directory.mkdir(parents=True, exist_ok=True)
        self.world = World(self.directory)
        self.faults = Faults()
        self._tokens: dict[int, str] = {}
        self._clones = 0
        self._port = port
        self._server: uvicorn.Server | None = None
        self._thread: threading.Thread | None = None
        self._socket: socket.socket | None = None

    # -- life -------------------------------------------------------------------------------------------------------

    @property
    def url(self) -> str:
        """Address without a final slash."""
        return self.world.url

    def start(self) -> Self:
        """Listen; returns when requests are answered."""
        # asyncio switches Nagle's algorithm off only where the protocol is named: otherwise each answer takes 40 ms.
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._socket.bind(("127.0.0.1", self._port))
        self.world.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        app = Server(self.world, self.faults)
        config = uvicorn.Config(
            app, http=app.protocol(), log_level="error", access_log=False, lifespan="off", loop="asyncio"
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(
            target=self._server.run, kwargs={"sockets": [self._socket]}, name="standin", daemon=True
        )
        self._thread.start()
        self.world.deliverer.start()
        deadline = time.monotonic() + 10
        while not self._server.started:
            if time.monotonic() > deadline:
                raise RuntimeError("the stand-in did not start")
            time.sleep(0.005)
        return self

    def stop(self) -> None:
        """Stop at once, whatever is still going on."""
        self.world.deliverer.paused = True
        if self._server is not None and self._thread is not None:
            self._server.should_exit = self._server.force_exit = True
            self._thread.join(timeout=10)
        if self._socket is not None:
            self._socket.close()
        self.world.deliverer.stop()
        if self._temporary is not None:
            self._temporary.cleanup()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    # -- people, tokens, projects -----------------------------------------------------------------------------------

    def create_user(self, username: str, name: str | None = None, *, bot: bool = False, admin: bool = False) -> User:
        return self.world.create_user(username, name, bot=bot, admin=admin)

    def create_token(self, user: User, scopes: Iterable[str] = ("api",)) -> str:
        """A personal access token; returns its value."""
        return self.world.create_token(user, scopes)

    def revoke(self, token: str) -> None:
        self.world.tokens[token].revoked = True

    def create_project(
        self,
        path: str,
        files: Files | None = None,
        *,
        members: Mapping[User, int] | None = None,
        visibility: str = "private",
        default_branch: str = "main",
    ) -> Project:
        """A project with one commit of ``files`` on its default branch; ``members`` maps users to access levels."""
        project = self.world.create_project(path, visibility, default_branch, None)
        project.members.update({u.id: level for u, level in (members or {}).items()})
        if files is not None:
            project.repository.commit(default_branch, files, "Initial commit", "root")
        return project

    def fork(self, project: Project, path: str, owner: User) -> Project:
        """A copy with a repository of its own, of which ``owner`` is the only member."""
        fork = self.world.create_project(path, project.visibility, project.default_branch, project)
        fork.members[owner.id] = MAINTAINER
        return fork

    def rename(self, project: Project, path: str) -> None:
        """Move a project; the old path redirects reads and refuses writes."""
        project.old_paths.add(project.path)
        project.path = path

    def settings(self, project: Project, **changes: bool | str) -> None:
        """Booleans as in ``PUT /projects/:id``, ``merge_method`` and ``squash_option``."""
        project.settings.update(changes)

    # -- git --------------------------------------------------------------------------------------------------------

    def commit(
        self,
        project: Project,
        branch: str,
        files: Files,
        message: str = "Change",
        *,
        author: User | None = None,
        start: str | None = None,
        announce: bool = True,
    ) -> str:
        """
        Put a commit on ``branch`` by the back door: merge requests move, webhooks go out, but neither rights nor
        protections nor server hooks are asked (``push`` asks them). Returns the sha.

        A new branch starts at the default branch, or at the branch or commit ``start``; for an existing branch,
        ``start`` makes it a force push. A file value of None deletes the file. ``announce=False`` only changes the
        repository.
        """
        actor = author or self._anybody(project)
        with self.world.lock:
            before = project.repository.branches()
            parent = before.get(start, start) if start else None
            if parent is None and branch not in before:
                parent = before.get(project.default_branch)
            sha = project.repository.commit(branch, files, message, actor.username, parent=parent)
            if announce:
                self.world.pushed(project, actor, before, project.repository.branches())
        return sha

    def force_push(self, project: Project, branch: str, sha: str, *, author: User | None = None) -> None:
        """Point ``branch`` at ``sha``, by the back door."""
        with self.world.lock:
            before = project.repository.branches()
            project.repository.set_ref(f"refs/heads/{branch}", sha)
            self.world.pushed(project, author or self._anybody(project), before, project.repository.branches())

    def delete_branch(self, project: Project, branch: str, *, author: User | None = None) -> None:
        """By the back door."""
        with self.world.lock:
            before = project.repository.branches()
            project.repository.set_ref(f"refs/heads/{branch}", None)
            self.world.pushed(project, author or self._anybody(project), before, project.repository.branches())

    # -- merge requests ---------------------------------------------------------------------------------------------

    def open_merge_request(
        self,
        project: Project,
        source_branch: str,
        *,
        author: User,
        target_branch: str | None = None,
        title: str = "Change",
        description: str = "",
        source_project: Project | None = None,
        draft: bool = False,
    ) -> MergeRequest:
        return self.world.open_merge_request(
            project,
            source_project or project,
            source_branch,
            target_branch or project.default_branch,
            title,
            author,
            description=description,
            draft=draft,
        )

    def merge_requests(self, project: Project) -> list[MergeRequest]:
        return list(project.merge_requests.values())

    def close(self, request: MergeRequest, *, by: User | None = None) -> None:
        self.world.set_state(request, by or request.author, "closed")

    def reopen(self, request: MergeRequest, *, by: User | None = None) -> None:
        self.world.set_state(request, by or request.author, "opened")

    def retarget(self, request: MergeRequest, branch: str, *, by: User | None = None) -> None:
        self.world.retarget(request, by or request.author, branch)

    def set_draft(self, request: MergeRequest, draft: bool, *, by: User | None = None) -> None:
        self.world.set_draft(request, by or request.author, draft)

    def merge_status(self, request: MergeRequest) -> str:
        """``detailed_merge_status``; ``mergeable`` when nothing is in the way."""
        with self.world.lock:
            return self.world.merge_status(request)

    def page_url(self, request: MergeRequest) -> str:
        return f"{self.url}/{request.project.path}/-/merge_requests/{request.iid}"

    # -- threads ----------------------------------------------------------------------------------------------------

    def comment(
        self,
        request: MergeRequest,
        author: User,
        body: str,
        *,
        discussion: Discussion | None = None,
        thread: bool = False,
    ) -> Note:
        """A person writes: a plain note, a new thread with ``thread=True``, or a reply in ``discussion``."""
        single = discussion is None and not thread
        _, note = self.world.create_note(request, author, body, discussion=discussion, individual=single)
        return note

    def system_note(self, request: MergeRequest, author: User, body: str) -> Note:
        return self.world.create_note(request, author, body, system=True)[1]

    def resolve(self, request: MergeRequest, discussion: Discussion, *, by: User, resolved: bool = True) -> None:
        self.world.resolve(request, discussion.notes, by, resolved)

    def discussions(self, request: MergeRequest, author: User | None = None) -> list[Discussion]:
        """Threads and single notes, oldest first; only those begun by ``author`` when given."""
        with self.world.lock:
            return [d for d in request.discussions if author is None or d.notes[0].author is author]

    # -- pipelines --------------------------------------------------------------------------------------------------

    def run_pipeline(
        self,
        request: MergeRequest,
        kind: PipelineKind = "push",
        *,
        jobs: Mapping[str, str] | None = None,
        artifacts: Mapping[str, Sequence[JobArtifact]] | None = None,
    ) -> Pipeline:
        """
        The project's own CI: ``jobs`` maps names to states (default one successful job), ``artifacts`` names to files.

        ``push`` is a branch pipeline in the source project, ``merge_request`` a detached one in the target,
        ``merged_result`` one on a temporary merge commit in the target.
        """
        states = dict(jobs or {"test": "success"})
        with self.world.lock:
            if kind == "push":
                return self.world.create_pipeline(
                    request.source_project,
                    request.head_sha,
                    request.source_branch,
                    "push",
                    request.author,
                    jobs=states,
                    artifacts=artifacts,
                )
            sha, ref, source_sha = request.head_sha, request.head_ref, None
            if kind == "merged_result":
                repository = request.project.repository
                target = repository.head(request.target_branch) or ""
                tree = repository.merged_tree(target, request.head_sha) or ""
                sha = repository.commit_tree(tree, [target, request.head_sha], "Merge result")
                ref, source_sha = f"refs/merge-requests/{request.iid}/merge", request.head_sha
                repository.set_ref(ref, sha)
            return self.world.create_pipeline(
                request.project,
                sha,
                ref,
                "merge_request_event",
                request.author,
                request=request,
                source_sha=source_sha,
                jobs=states,
                artifacts=artifacts,
            )

    def run_branch_pipeline(
        self,
        project: Project,
        branch: str,
        *,
        jobs: Mapping[str, str] | None = None,
        artifacts: Mapping[str, Sequence[JobArtifact]] | None = None,
        parent: Pipeline | None = None,
    ) -> Pipeline:
        """A pipeline of a branch; with ``parent`` one that a bridge of that pipeline started."""
        with self.world.lock:
            return self.world.create_pipeline(
                project,
                project.repository.branches()[branch],
                branch,
                "push" if parent is None else "parent_pipeline",
                self._anybody(project),
                jobs=dict(jobs or {"test": "success"}),
                artifacts=artifacts,
                parent=parent,
            )

    def head_pipeline(self, request: MergeRequest) -> Pipeline | None:
        with self.world.lock:
            return self.world.head_pipeline(request)

    def statuses(self, request: MergeRequest, name: str | None = None, *, retried: bool = False) -> list[Status]:
        """Commit statuses from outside, on every pipeline of the merge request's head, oldest first."""
        with self.world.lock:
            return [
                s
                for p in request.project.pipelines
                if request.head_sha in (p.sha, p.source_sha)
                for s in p.statuses
                if s.external and (name is None or s.name == name) and (retried or not s.retried)
            ]

    # -- hooks ------------------------------------------------------------------------------------------------------

    def add_hook(
        self, project: Project, url: str, *, token: str | None = None, signing_token: str | None = None, **events: bool
    ) -> Hook:
        """Register a hook for merge requests, pushes, notes and pipelines; ``push_events=False`` switches one off."""
        wanted = {"merge_requests_events": True, "push_events": True, "note_events": True, "pipeline_events": True}
        hook = Hook(self.world.next_id(), url, project.id, token, signing_token, events=wanted | events)
        project.hooks.append(hook)
        return hook

    def deliver(self, hook: Hook, trigger: str, payload: Json) -> Delivery | None:
        """Send a body of your own with the headers of a real delivery."""
        return self.world.deliverer.send(hook, trigger, payload)

    def resend(self, delivery: Delivery) -> Delivery:
        return self.world.deliverer.resend(delivery)

    def lose_deliveries(self, lost: bool = True) -> None:
        """From now on no delivery goes out, and none is kept for later."""
        self.world.deliverer.paused = lost

    @property
    def deliveries(self) -> list[Delivery]:
        with self.world.lock:
            return list(self.world.deliveries)

    def wait_for_deliveries(self, timeout: float = 10) -> None:
        """Until every queued delivery was answered or given up."""
        self.wait_for(lambda: all(d.done for d in self.world.deliveries), timeout, "deliveries to end")

    # -- what happened ----------------------------------------------------------------------------------------------

    def wait_for(self, condition: Callable[[], bool], timeout: float = 10, what: str = "the condition") -> None:
        """Wait until ``condition()`` (looked at whenever something changes); raises ``TimeoutError``."""
        if not self.world.wait(condition, timeout):
            raise TimeoutError(f"waited {timeout:g} s for {what}")

    def wait_for_status(
        self, request: MergeRequest, states: str | Iterable[str], *, name: str = "mergewarden", timeout: float = 30
    ) -> Status:
        """Wait until the newest status of ``name`` on the current head is one of ``states``."""
        wanted = {states} if isinstance(states, str) else set(states)

        def newest() -> Status | None:
            found = self.statuses(request, name)
            return found[-1] if found and found[-1].state in wanted else None

        self.wait_for(lambda: newest() is not None, timeout, f"status {name} to be {sorted(wanted)}")
        found = newest()
        assert found is not None
        return found

    @property
    def request_log(self) -> list[RequestRecord]:
        """Every request so far; status 0 means that it was never answered."""
        with self.world.lock:
            return list(self.world.requests)

    def clear_log(self) -> None:
        with self.world.lock:
            self.world.requests.clear()

    def writes(self) -> list[RequestRecord]:
        """Requests of the API that change something: none, when a second run has nothing to do."""
        return [r for r in self.request_log if r.writes and r.path.startswith("/api/")]

    @property
    def executed_quick_actions(self) -> list[Executed]:
        return list(self.world.executed_quick_actions)

    @property
    def mentions(self) -> list[Mention]:
        return list(self.world.mentions)

    @property
    def references(self) -> list[Reference]:
        return list(self.world.references)

    @property
    def external_images(self) -> list[str]:
        return list(self.world.external_images)

    def _anybody(self, project: Project) -> User:
        for number in project.members:
            if not self.world.users[number].bot:
                return self.world.users[number]
        return User(0, "root", "Administrator", admin=True)
