"""
What people do, and what an administrator sets up: roles, protections, server hooks, merges, approvals, reactions.

All of it is checked as GitLab checks it: rights, protected branches, server hooks. (``Standin.commit``, ``force_push``
and ``delete_branch`` are the back door: they only prepare a scene.)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx

from tests.standin import access, commits, merging, serverhooks
from tests.standin.clone import Clone, GitAnswer
from tests.standin.errors import ApiError, HookRefused
from tests.standin.model import (
    DEVELOPER,
    MAINTAINER,
    Group,
    Issue,
    MergeOptions,
    MergeRequest,
    Note,
    Pipeline,
    Project,
    Protection,
    Status,
    StatusCheck,
    Suggestion,
    Tier,
    User,
)
from tests.standin.repository import Files, FileValue

if TYPE_CHECKING:
    from tests.standin.world import World


class Actions:
    """A part of ``Standin``."""

    world: World
    directory: Path
    _tokens: dict[int, str]
    _clones: int

    # -- people -----------------------------------------------------------------------------------------------------

    def create_group(
        self, path: str, *, members: Mapping[User, int] | None = None, visibility: str = "private"
    ) -> Group:
        """A group; projects and groups whose path is below it inherit its members, whenever they were made."""
        group = self.world.create_group(path, visibility)
        group.members.update({u.id: level for u, level in (members or {}).items()})
        return group

    def add_member(
        self,
        place: Project | Group,
        user: User,
        level: int = DEVELOPER,
        *,
        expires_at: str | None = None,
        membership_state: str = "active",
    ) -> None:
        """Give ``user`` a role. A membership that is ``awaiting`` gives no access."""
        with self.world.lock:
            place.members[user.id] = level
            place.member_details[user.id] = {"expires_at": expires_at, "membership_state": membership_state}

    def add_person(self, username: str, roles: Mapping[Project | Group, int] | None = None) -> User:
        """A new user with roles: ``add_person("grace", {project: MAINTAINER, security: DEVELOPER})``."""
        user = self.world.create_user(username, None)
        for place, level in (roles or {}).items():
            self.add_member(place, user, level)
        return user

    def remove_member(self, place: Project | Group, user: User) -> None:
        with self.world.lock:
            place.members.pop(user.id, None)
            place.member_details.pop(user.id, None)

    def share(self, project: Project, group: Group, level: int = DEVELOPER) -> None:
        """Invite a group: its members get their level there, at most ``level``."""
        project.shared_with[group.id] = level

    def block(self, user: User, blocked: bool = True) -> None:
        user.state = "blocked" if blocked else "active"

    def level_of(self, project: Project, user: User) -> int:
        with self.world.lock:
            return self.world.access_level(project, user)

    def token_of(self, user: User) -> str:
        """A token with scope ``api`` of this user, the same every time."""
        if user.id not in self._tokens:
            self._tokens[user.id] = self.world.create_token(user, ("api",))
        return self._tokens[user.id]

    def client(self, user: User) -> httpx.Client:
        """The REST API as this user: ``with gitlab.client(ada) as api: api.get("/user")``."""
        return httpx.Client(
            base_url=f"{self.world.url}/api/v4",
            headers={"PRIVATE-TOKEN": self.token_of(user)},
            timeout=60,
            trust_env=False,
        )

    def call(
        self, user: User, method: str, path: str | Project | MergeRequest, tail: str = "", **params: Any
    ) -> httpx.Response:
        """
        One request as this user; does not raise. A project or merge request stands for its path:
        ``call(ada, "PUT", request, "/merge", sha=request.head_sha)``, ``call(ada, "GET", "/user")``.
        """
        if isinstance(path, Project):
            path = f"/projects/{path.id}"
        elif isinstance(path, MergeRequest):
            path = f"/projects/{path.project.id}/merge_requests/{path.iid}"
        with self.client(user) as client:
            if method in ("GET", "DELETE"):
                return client.request(method, path + tail, params=params)
            return client.request(method, path + tail, json=params)

    def licence(self, tier: Tier) -> None:
        """Free is what it starts with."""
        self.world.tier = tier

    # -- protection and server hooks --------------------------------------------------------------------------------

    def protect(
        self,
        project: Project,
        branch: str,
        push: int = MAINTAINER,
        merge: int = MAINTAINER,
        *,
        allow_force_push: bool = False,
        push_users: Iterable[User] = (),
        merge_users: Iterable[User] = (),
    ) -> Protection:
        """Protect a branch or wildcard. 0 is nobody. Single users need Premium, as in GitLab."""
        people = [[u.id for u in users] for users in (push_users, merge_users)]
        if any(people) and not self.world.licensed.has("premium"):
            raise ValueError("single users may push or merge from Premium on: say licence('premium') first")
        rule = Protection(push, merge, allow_force_push, people[0], people[1], self.world.next_id())
        project.protected[branch] = rule
        return rule

    def unprotect(self, project: Project, branch: str) -> None:
        project.protected.pop(branch, None)

    def install_hook(self, project: Project | None, script: str | bytes | Path, *, name: str | None = None) -> Path:
        """
        Install a ``pre-receive`` hook where Gitaly looks for it, and return its place.

        ``<repository>.git/custom_hooks/pre-receive``, or with a name ``custom_hooks/pre-receive.d/<name>``; without a
        project it holds for every repository. It runs on git pushes, merges, commits, suggestions and rebases, and the
        stand-in does not hold its lock meanwhile, so a hook may ask the bot and the bot may ask GitLab.
        """
        content = script.read_bytes() if isinstance(script, Path) else script
        return serverhooks.install(self.world, project, content, name)

    # -- commits ----------------------------------------------------------------------------------------------------

    def push(
        self,
        project: Project,
        branch: str,
        files: Files,
        message: str = "Change",
        *,
        author: User,
        start: str | None = None,
        force: bool = False,
        protocol: serverhooks.Protocol = "http",
    ) -> str:
        """
        Commit and push as a person does. Raises ``HookRefused`` (``.output`` is what the pusher reads) for protected
        branches, missing rights and server hooks. ``start`` with ``force`` rewrites a branch. Returns the sha.
        """
        given: dict[str, FileValue] = {(k.decode() if isinstance(k, bytes) else k): v for k, v in files.items()}
        return commits.commit(
            self.world, project, author, branch, given, message, start=start, force=force, protocol=protocol
        )

    def push_commit(
        self, project: Project, branch: str, sha: str, *, author: User, protocol: serverhooks.Protocol = "http"
    ) -> None:
        """Push a commit that is there already to ``branch``, with force if need be; raises ``HookRefused``."""
        serverhooks.update_branch(self.world, project, author, branch, lambda _: sha, protocol=protocol)

    def web_commit(
        self,
        project: Project,
        branch: str,
        files: Files,
        message: str = "Change",
        *,
        by: User,
        start: str | None = None,
    ) -> str:
        """Commit in the browser or by the commits API. Raises ``ApiError`` 403 without the right, 400 from a hook."""
        self._must_push(project, branch, by)
        given: dict[str, FileValue] = {(k.decode() if isinstance(k, bytes) else k): v for k, v in files.items()}
        try:
            return commits.commit(self.world, project, by, branch, given, message, start=start)
        except HookRefused as refused:
            raise ApiError(400, refused.message) from refused

    def create_branch(self, project: Project, branch: str, ref: str, *, by: User) -> str:
        """As the branches page does it; returns the sha. Raises ``ApiError`` 403 or 400."""
        self._must_push(project, branch, by)
        sha = project.repository.head(ref) or project.repository.resolve(ref)
        if sha is None:
            raise ApiError(400, f"Invalid reference name: {ref}")
        try:
            return serverhooks.update_branch(self.world, project, by, branch, lambda _: sha, old="0" * 40)
        except HookRefused as refused:
            raise ApiError(400, refused.message) from refused

    def cherry_pick(self, project: Project, sha: str, branch: str, *, by: User) -> str:
        """The button "Cherry-pick". Raises ``ApiError`` 403, or 400 for a conflict or from a hook."""
        self._must_push(project, branch, by)
        try:
            return commits.cherry_pick(self.world, project, by, sha, branch, None)
        except HookRefused as refused:
            raise ApiError(400, refused.message) from refused

    def revert(self, project: Project, sha: str, branch: str, *, by: User) -> str:
        """The button "Revert". Raises as ``cherry_pick``."""
        self._must_push(project, branch, by)
        try:
            return commits.revert(self.world, project, by, sha, branch)
        except HookRefused as refused:
            raise ApiError(400, refused.message) from refused

    def apply_suggestion(self, suggestion: Suggestion, *, by: User) -> Suggestion:
        """The button "Apply suggestion". Raises ``ApiError`` 403, or 400 when outdated or from a hook."""
        return self.world.apply_suggestion(suggestion.id, by)

    def _must_push(self, project: Project, branch: str, user: User) -> None:
        with self.world.lock:
            if not access.can_push(self.world, project, user, branch):
                raise ApiError(403, "You are not allowed to push into this branch")

    def clone(self, project: Project, user: User, folder: Path | None = None) -> Clone:
        """A clone of one's own, for real git over HTTP."""
        self._clones += 1
        place = folder or self.directory / "clones" / str(self._clones)
        place.parent.mkdir(parents=True, exist_ok=True)
        secret = f"http://oauth2:{self.token_of(user)}@"
        return Clone(self.world.url.replace("http://", secret) + f"/{project.path}.git", place, user)

    def git_push(
        self,
        project: Project,
        branch: str,
        files: Files,
        message: str = "Change",
        *,
        author: User,
        start: str | None = None,
        force: bool = False,
        options: Iterable[str] = (),
    ) -> GitAnswer:
        """
        Clone, commit upon ``branch`` (or upon ``start``, a branch or sha) and push with the real git; does not raise.
        """
        clone = self.clone(project, author)
        there = project.repository.head(branch) is not None
        base = start or (branch if there else project.default_branch)
        known = project.repository.head(base)
        clone.checkout(branch, f"origin/{base}" if known else base)
        clone.commit(files, message)
        flags = [*(["--force"] if force else []), *(f"--push-option={o}" for o in options)]
        return clone.push(*flags, f"HEAD:refs/heads/{branch}")

    # -- merge requests ---------------------------------------------------------------------------------------------

    def merge(
        self,
        request: MergeRequest,
        *,
        by: User,
        sha: str | None = None,
        squash: bool | None = None,
        remove_source_branch: bool | None = None,
        message: str | None = None,
        auto: bool = False,
    ) -> None:
        """
        Merge as the button does; raises ``ApiError`` when GitLab refuses.

        When a server hook refuses it is 422 ``Branch cannot be merged``, and ``request.merge_error`` tells why.
        ``auto`` merges as soon as nothing is in the way, in the background.
        """
        options = MergeOptions(sha, squash, remove_source_branch, message, None, auto)
        merging.wish(self.world, request, by, options)

    def rebase(self, request: MergeRequest, *, by: User, timeout: float = 10) -> None:
        """``/rebase``, until it ended; then ``request.merge_error`` is None or tells why. Raises ``ApiError`` 403."""
        merging.rebase(self.world, request, by)
        if not self.world.wait(lambda: not request.rebase_in_progress, timeout):
            raise TimeoutError("the rebase did not end")

    def edit_request(self, request: MergeRequest, *, by: User, **changes: Any) -> None:
        """Change ``title``, ``description``, ``draft``, ``labels``, ``target_branch``, ``squash``; one hook for all."""
        self.world.edit_request(request, by, **changes)

    def label(self, request: MergeRequest, *add: str, by: User, remove: Iterable[str] = ()) -> None:
        """Add and remove labels; the hook carries ``changes.labels``."""
        gone = set(remove)
        kept = [n for n in request.labels if n not in gone]
        self.world.edit_request(request, by, labels=[*kept, *(n for n in add if n not in kept)])

    def approve(self, request: MergeRequest, *, by: User, sha: str | None = None) -> None:
        with self.world.lock:
            self.world.licensed.approve(request, by, sha)

    def unapprove(self, request: MergeRequest, *, by: User) -> None:
        with self.world.lock:
            self.world.licensed.unapprove(request, by)

    def post_status(
        self,
        request: MergeRequest,
        state: str,
        *,
        by: User,
        name: str = "mergewarden",
        sha: str | None = None,
        **params: Any,
    ) -> tuple[Status, Pipeline]:
        """A commit status of any Developer, by default under our name; raises ``ApiError``."""
        wanted = {"state": state, "name": name, "ref": request.source_branch, **params}
        return self.world.post_status(request.source_project, by, sha or request.head_sha, wanted)

    def add_status_check(self, project: Project, name: str, url: str, *, secret: str | None = None) -> StatusCheck:
        """An external status check for all branches; it works while the licence is Ultimate."""
        check = StatusCheck(self.world.next_id(), name, url, secret)
        project.status_checks.append(check)
        return check

    # -- notes and issues -------------------------------------------------------------------------------------------

    def edit_note(self, request: MergeRequest, note: Note, body: str, *, by: User) -> None:
        """By its author or a Maintainer, else ``ApiError`` 403; the hook still names the author as ``user``."""
        where = next(d for d in request.discussions if note in d.notes)
        self.world.edit_note(request, where, note, by, body)

    def delete_note(self, request: MergeRequest, note: Note, *, by: User) -> None:
        if note.author is not by and self.level_of(request.project, by) < MAINTAINER:
            raise ApiError(403, "403 Forbidden")
        self.world.delete_note(request, next(d for d in request.discussions if note in d.notes), note)

    def react(self, note: Note, emoji: str, *, by: User) -> None:
        with self.world.lock:
            note.emoji.append((self.world.next_id(), emoji, by))
            self.world.changed()

    def reactions(self, note: Note, by: User | None = None) -> list[str]:
        """Names of the emoji on a note."""
        with self.world.lock:
            return [name for _, name, user in note.emoji if by is None or user is by]

    def issues(self, project: Project) -> list[Issue]:
        with self.world.lock:
            return list(project.issues)
