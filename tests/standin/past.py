"""
The past of a project by the back door: what was merged, built and released, when and how long ago.

Neither rights nor protections nor server hooks are asked, and no webhook goes out: it is over.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Literal

from tests.standin.model import JobArtifact, MergeRequest, Pipeline, Project, Release, User, now
from tests.standin.repository import Files, Identity

if TYPE_CHECKING:
    from tests.standin.world import World

Way = Literal["merge", "squash", "ff"]


class Past:
    """A part of ``Standin``."""

    world: World

    def past_commit(
        self, project: Project, files: Files, *, at: datetime, author: User, branch: str | None = None
    ) -> str:
        """A commit upon a branch, by default the default one; returns its sha."""
        with self.world.lock:
            where = branch or project.default_branch
            start = project.repository.head(where) or project.repository.head(project.default_branch)
            return project.repository.commit(
                where, files, "Change", author.username, parent=start, seconds=int(at.timestamp())
            )

    def past_merge(
        self,
        project: Project,
        files: Files,
        *,
        author: User,
        opened_at: datetime,
        merged_at: datetime,
        way: Way = "merge",
        title: str = "Change",
    ) -> MergeRequest:
        """A merge request of one commit that came into the default branch."""
        with self._silent(), self.world.lock:
            iid = max(project.merge_requests, default=0) + 1
            branch = f"past-{iid}"
            self.past_commit(project, files, at=opened_at, author=author, branch=branch)
            request = self.world.open_merge_request(project, project, branch, project.default_branch, title, author)
            self._merge(request, merged_at, way)
            request.state, request.merge_user = "merged", author
            request.created_at, request.merged_at, request.updated_at = opened_at, merged_at, merged_at
            return request

    def _merge(self, request: MergeRequest, at: datetime, way: Way) -> None:
        repository, branch = request.project.repository, request.target_branch
        target = repository.head(branch)
        assert target is not None
        tip = request.head_sha
        if way != "ff":
            tree = repository.merged_tree(target, request.head_sha)
            assert tree is not None, "a past merge has no conflicts"
            who = Identity(request.author.name, request.author.email, f"@{int(at.timestamp())} +0000")
            parents = [target, request.head_sha] if way == "merge" else [target]
            tip = repository.commit_tree(tree, parents, request.title, author=who, committer=who)
            if way == "merge":
                request.merge_commit_sha = tip
            else:
                request.squash_commit_sha = tip
        repository.set_ref(f"refs/heads/{branch}", tip)

    def past_pipeline(
        self,
        project: Project,
        *,
        at: datetime,
        seconds: int = 60,
        jobs: Mapping[str, str] | None = None,
        coverage: float | None = None,
        sha: str | None = None,
        branch: str | None = None,
        artifacts: Mapping[str, Sequence[JobArtifact]] | None = None,
        author: User | None = None,
    ) -> Pipeline:
        """A pipeline that began ``at`` and ended after ``seconds``, by default of the default branch's head."""
        with self._silent(), self.world.lock:
            where = branch or project.default_branch
            commit = sha or project.repository.head(where)
            assert commit is not None
            states = dict(jobs or {"test": "success"})
            user = author or next(iter(self.world.users.values()))
            made = self.world.create_pipeline(project, commit, where, "push", user, jobs=states, artifacts=artifacts)
            made.created_at, made.coverage, made.duration = at, coverage, seconds
            made.finished_at = made.updated_at = at + timedelta(seconds=seconds)
            for job in made.statuses:
                job.created_at = job.started_at = at
                job.finished_at = made.finished_at
            return made

    def tag(
        self,
        project: Project,
        name: str,
        ref: str | None = None,
        *,
        message: str | None = None,
        at: datetime | None = None,
    ) -> None:
        """A tag on the default branch, a branch or a commit; with a message an annotated one, made ``at``."""
        with self.world.lock:
            target = project.repository.resolve(ref or project.default_branch)
            assert target is not None
            if message is None:
                project.repository.set_ref(f"refs/tags/{name}", target)
                return
            moment = int((at or now()).timestamp())
            who = {"GIT_COMMITTER_NAME": "root", "GIT_COMMITTER_EMAIL": "root@example.com"}
            project.repository.git(
                "tag",
                "--force",
                "--annotate",
                "-m",
                message,
                name,
                target,
                environment={**who, "GIT_COMMITTER_DATE": f"@{moment} +0000"},
            )

    def release(self, project: Project, tag: str, *, at: datetime | None = None) -> Release:
        """A release page for a tag; ``at`` may lie ahead."""
        made = Release(tag, at or now())
        project.releases[tag] = made
        return made

    def _silent(self) -> _Silence:
        return _Silence(self.world)


class _Silence:
    """No webhook goes out."""

    def __init__(self, world: World) -> None:
        self._world = world

    def __enter__(self) -> None:
        self._before = self._world.deliverer.paused
        self._world.deliverer.paused = True

    def __exit__(self, *_: object) -> None:
        self._world.deliverer.paused = self._before
