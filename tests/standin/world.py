"""
How the stand-in behaves: what a push, a note, a status or a merge does to everything else.

The REST API and the Python driver both come through here. All methods may be called from any thread.
"""

from __future__ import annotations

import itertools
import secrets
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.standin import access, commits, diffs, merging, payloads, serverhooks, text
from tests.standin.delivery import Deliverer
from tests.standin.errors import ApiError as ApiError
from tests.standin.licensed import Licensed
from tests.standin.model import (
    ADMIN,
    DEVELOPER,
    MAINTAINER,
    Delivery,
    Discussion,
    Executed,
    Group,
    Hook,
    Issue,
    JobArtifact,
    Json,
    Mention,
    MergeOptions,
    MergeRequest,
    Note,
    Pipeline,
    Project,
    Reference,
    RequestRecord,
    Status,
    Suggestion,
    Tier,
    Token,
    User,
    Version,
    now,
)
from tests.standin.repository import ZERO, Repository

STATES = ("pending", "running", "success", "failed", "canceled", "skipped")
FINISHED = ("success", "failed", "canceled", "skipped")
_EVENT = {
    "pending": "enqueue",
    "running": "run",
    "success": "success",
    "failed": "drop",
    "canceled": "cancel",
    "skipped": "skip",
}
LINE_CODE_MESSAGE = '400 Bad request - Note {:line_code=>["can\'t be blank", "must be a valid line code"]}'


class World:
    """One GitLab instance in memory, with real repositories in ``directory``."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.url = "http://127.0.0.1"
        self.version = "19.4.1"
        self.lock = threading.RLock()
        self._news = threading.Condition(self.lock)
        self._ids = itertools.count(1)
        self._first_ids = itertools.count(101)
        self.users: dict[int, User] = {}
        self.tokens: dict[str, Token] = {}
        self.groups: dict[int, Group] = {}
        self.projects: dict[int, Project] = {}
        self.system_hooks: list[Hook] = []
        self.deliveries: list[Delivery] = []
        self.requests: list[RequestRecord] = []
        self.executed_quick_actions: list[Executed] = []
        self.mentions: list[Mention] = []
        self.references: list[Reference] = []
        self.external_images: list[str] = []
        self.deliverer = Deliverer(self)
        self.prepare_delay = 0.0
        """Seconds for which a new merge request has no diff refs yet."""
        self.ref_delay = 0.0
        """Seconds by which ``refs/merge-requests/N/head`` comes late."""
        self.rebase_delay = 0.0
        """Seconds for which a rebase is in progress."""
        self.tier: Tier = "free"
        self.licensed = Licensed(self)
        self.waiting: list[MergeRequest] = []
        """Merge requests that somebody set to auto-merge."""
        self.custom_hooks = directory / "custom_hooks"
        """Gitaly's ``custom_hooks_dir``: hooks for all repositories."""
        self.local_hooks_allowed = True
        self.supports_signing = True
        self.artifacts_elsewhere = False
        """Whether artifacts are in an object storage of another host, to which GitLab redirects."""
        self.storage: dict[str, bytes] = {}
        self._conflicts: dict[tuple[int, str, str], bool] = {}
        self._counts: dict[tuple[int, str, str], int] = {}

    # -- small things -----------------------------------------------------------------------------------------------

    def next_id(self) -> int:
        return next(self._ids)

    def changed(self) -> None:
        """Wake up whoever waits for something to happen."""
        with self._news:
            if self.waiting:
                merging.settle(self)
            self._news.notify_all()

    def wait(self, condition: Callable[[], bool], timeout: float) -> bool:
        with self._news:
            return self._news.wait_for(condition, timeout)

    def access_level(self, project: Project, user: User | None) -> int:
        if user is None or user.state != "active":
            return 0
        if user.admin:
            return ADMIN
        level = access.levels(self, project).get(user.id, 0)
        state = access.details(self, project, user.id).get("membership_state", "active")
        return level if state == "active" else 0

    def create_user(self, username: str, name: str | None, *, bot: bool = False, admin: bool = False) -> User:
        with self.lock:
            user = User(next(self._first_ids), username, name or username.title(), bot, admin)
            self.users[user.id] = user
            return user

    def create_token(self, user: User, scopes: Iterable[str]) -> str:
        with self.lock:
            # Not GitLab's own prefix, so that no secret scanner takes the stand-in's tokens for real ones.
            value = "standin-" + secrets.token_urlsafe(18)
            self.tokens[value] = Token(self.next_id(), value, user, tuple(scopes))
            return value

    def create_project(self, path: str, visibility: str, default_branch: str, forked_from: Project | None) -> Project:
        with self.lock:
            number = next(self._first_ids)
            directory = self.directory / "repositories" / f"{number}.git"
            repository = Repository.create(directory, default_branch)
            serverhooks.equip(repository)
            project = Project(number, path, repository, visibility, default_branch, forked_from=forked_from)
            self.projects[number] = project
            if forked_from is not None:
                repository.git("fetch", "--quiet", str(forked_from.repository.directory), "refs/heads/*:refs/heads/*")
            return project

    def create_group(self, path: str, visibility: str = "private") -> Group:
        with self.lock:
            group = Group(next(self._first_ids), path, visibility=visibility)
            self.groups[group.id] = group
            return group

    def find_group(self, key: str) -> Group | None:
        return next((g for g in self.groups.values() if key in (str(g.id), g.path)), None)

    def find_project(self, key: str) -> tuple[Project | None, bool]:
        """The project by number or path, and whether it was asked for by an old path."""
        if key.isdigit():
            return self.projects.get(int(key)), False
        for project in self.projects.values():
            if project.path == key:
                return project, False
            if key in project.old_paths:
                return project, True
        return None, False

    # -- merge requests ---------------------------------------------------------------------------------------------

    def open_merge_request(
        self,
        project: Project,
        source: Project,
        source_branch: str,
        target_branch: str,
        title: str,
        author: User,
        *,
        description: str = "",
        draft: bool = False,
        labels: Iterable[str] = (),
        squash: bool | None = None,
        remove_source_branch: bool = False,
    ) -> MergeRequest:
        with self.lock:
            iid = max(project.merge_requests, default=0) + 1
            clean, commands = text.quick_actions(description)
            self._record_text(author, clean, commands)
            request = MergeRequest(
                self.next_id(), iid, project, source, source_branch, target_branch, title, author, clean, draft
            )
            request.labels = list(labels)
            by_default = project.settings["squash_option"] in ("always", "default_on")
            request.squash = by_default if squash is None else squash
            request.remove_source_branch = remove_source_branch
            self._add_version(request)
            project.merge_requests[iid] = request
        if self.prepare_delay:
            threading.Timer(self.prepare_delay, self._prepared, [request]).start()
        else:
            self._prepared(request)
        return request

    def _prepared(self, request: MergeRequest) -> None:
        with self.lock:
            request.prepared_at = now()
            self.licensed.opened(request)
            self.hook_merge_request(request, request.author, "open")

    def _add_version(self, request: MergeRequest) -> Version:
        repository = request.project.repository
        head = request.source_project.repository.head(request.source_branch)
        if head is None:
            raise ApiError(409, f"source branch {request.source_branch} does not exist")
        if request.source_project is not request.project:
            repository.fetch_from(request.source_project.repository, f"refs/heads/{request.source_branch}")
        start = repository.head(request.target_branch)
        if start is None:
            raise ApiError(409, f"target branch {request.target_branch} does not exist")
        base = repository.merge_base(start, head) or start
        version = Version(self.next_id(), base, start, head)
        request.versions.append(version)
        request.head_sha = head
        request.updated_at = now()
        if self.ref_delay:
            threading.Timer(self.ref_delay, repository.set_ref, [request.head_ref, head]).start()
        else:
            repository.set_ref(request.head_ref, head)
        return version

    def pushed(self, project: Project, actor: User, before: dict[str, str], after: dict[str, str]) -> None:
        """Do what follows a push: new versions, traced notes, hooks. Arguments map branches to commits."""
        with self.lock:
            names = [n for n in sorted({*before, *after}) if before.get(n) != after.get(n)]
            if len(names) <= 3:
                for name in names:
                    self._hook_push(project, actor, name, before.get(name, ZERO), after.get(name, ZERO))
            for target in self.projects.values():
                for request in list(target.merge_requests.values()):
                    if request.state != "opened":
                        continue
                    if request.source_project is project and request.source_branch in names:
                        self._source_moved(request, actor, before.get(request.source_branch))
                    elif target is project and request.target_branch in names:
                        self._target_moved(request, actor)
            self.changed()

    def _source_moved(self, request: MergeRequest, actor: User, oldrev: str | None) -> None:
        if request.source_project.repository.head(request.source_branch) is None:
            self.set_state(request, actor, "closed")
            return
        old = request.version
        new = self._add_version(request)
        self.licensed.source_moved(request)
        if request.auto_merge is not None:
            merging.cancel(self, request, actor)
        for discussion in request.discussions:
            for note in discussion.notes:
                if note.type == "DiffNote" and note.position:
                    self._trace(request, note, old, new, actor)
        changes = {"updated_at": {"previous": payloads.time(old.created_at), "current": payloads.time(now())}}
        self.hook_merge_request(request, actor, "update", oldrev=oldrev, changes=changes)
        self._resolution_changed(request, actor)

    def _trace(self, request: MergeRequest, note: Note, old: Version, new: Version, actor: User) -> None:
        assert note.position is not None
        if note.position["head_sha"] != old.head_sha:
            return
        moved = diffs.trace(request.project.repository, old.head_sha, new.base_sha, new.head_sha, note.position)
        if moved is not None:
            note.position = moved | {
                "base_sha": new.base_sha,
                "start_sha": new.start_sha,
                "head_sha": new.head_sha,
            }
        elif request.project.settings["resolve_outdated_diff_discussions"] and not note.resolved:
            note.resolved, note.resolved_by, note.resolved_at, note.resolved_by_push = True, actor, now(), True

    def _target_moved(self, request: MergeRequest, actor: User) -> None:
        target = request.project.repository.head(request.target_branch)
        if target is not None and request.project.repository.contains(request.head_sha, target):
            request.merged_at, request.merge_user = now(), actor
            self.set_state(request, actor, "merged")

    def catch_up(self, request: MergeRequest) -> None:
        """Take in a push that came while the merge request was locked."""
        head = request.source_project.repository.head(request.source_branch)
        if head is not None and head != request.head_sha:
            self._add_version(request)

    def recompute(self, request: MergeRequest) -> Version:
        """New diff refs without a push, as GitLab makes them some time after the target branch moved."""
        with self.lock:
            return self._add_version(request)

    def retarget(self, request: MergeRequest, actor: User, branch: str) -> None:
        self.edit_request(request, actor, target_branch=branch)

    def set_draft(self, request: MergeRequest, actor: User, draft: bool) -> None:
        self.edit_request(request, actor, draft=draft)

    def edit_request(self, request: MergeRequest, actor: User, **wanted: Any) -> None:
        """
        Change attributes (title, description, draft, labels, target_branch, squash, remove_source_branch): one hook
        with all that really changed. Raises ``ApiError`` for a target branch that is not there.
        """
        with self.lock:
            changes: Json = {}
            for name, value in wanted.items():
                previous = getattr(request, name)
                if value is None or value == previous:
                    continue
                if name == "target_branch" and request.project.repository.head(value) is None:
                    raise ApiError(409, f"target branch {value} does not exist")
                if name == "labels":
                    shown = [payloads.labels(v) for v in (previous, value)]
                    changes[name] = {"previous": shown[0], "current": shown[1]}
                else:
                    changes[name] = {"previous": previous, "current": value}
                setattr(request, name, value)
            if not changes:
                return
            request.updated_at = now()
            if "target_branch" in changes:
                self._add_version(request)
                if request.auto_merge is not None:
                    merging.cancel(self, request, actor)
            self.hook_merge_request(request, actor, "update", changes=changes)

    def set_state(self, request: MergeRequest, actor: User, state: str) -> None:
        with self.lock:
            if request.state == state:
                return
            if state == "opened" and request.source_project.repository.head(request.source_branch) != request.head_sha:
                self._add_version(request)
            request.state, request.updated_at = state, now()
            action = {"closed": "close", "merged": "merge", "opened": "reopen"}[state]
            self.hook_merge_request(request, actor, action)

    def head_pipeline(self, request: MergeRequest) -> Pipeline | None:
        """Merge request pipelines first, then branch and external ones of the source project; newest first."""
        head = request.head_sha
        own = [
            p
            for p in request.project.pipelines
            if p.source == "merge_request_event"
            and p.merge_request_iid == request.iid
            and head in (p.sha, p.source_sha)
        ]
        if own:
            return max(own, key=lambda p: p.id)
        if request.project.settings["ci_skip_branch_pipelines_for_mrs"]:
            return None
        branch = [
            p
            for p in request.source_project.pipelines
            if p.ref == request.source_branch and p.sha == head and p.source != "merge_request_event"
        ]
        return max(branch, key=lambda p: p.id, default=None)

    def changes_count(self, request: MergeRequest) -> int:
        version = request.version
        key = (request.project.id, version.base_sha, version.head_sha)
        if key not in self._counts:
            self._counts[key] = len(diffs.diff_files(request.project.repository, version.base_sha, version.head_sha))
        return self._counts[key]

    def merge_status(self, request: MergeRequest) -> str:
        """``detailed_merge_status``: the first check that fails."""
        return merging.status(self, request)

    def has_conflict(self, request: MergeRequest) -> bool:
        target = request.project.repository.head(request.target_branch)
        if target is None:
            return True
        key = (request.project.id, target, request.head_sha)
        if key not in self._conflicts:
            self._conflicts[key] = request.project.repository.merged_tree(target, request.head_sha) is None
        return self._conflicts[key]

    def merge(self, request: MergeRequest, actor: User, sha: str | None = None) -> None:
        merging.wish(self, request, actor, MergeOptions(sha=sha))

    # -- discussions and notes --------------------------------------------------------------------------------------

    def create_note(
        self,
        request: MergeRequest,
        author: User,
        body: str,
        *,
        discussion: Discussion | None = None,
        individual: bool = False,
        position: Json | None = None,
        internal: bool = False,
        system: bool = False,
    ) -> tuple[Discussion, Note]:
        """
        A new thread, a reply, or a single note. Raises ``ApiError``: 400 for a bad place, 202 for nothing but commands.
        """
        with self.lock:
            if request.project.archived:
                raise ApiError(403, "403 Forbidden")
            clean = body if system else self._clean_body(author, body, request)
            if position is not None:
                position = self._checked_position(request, position)
            kind = None if individual or system else "DiffNote" if position else "DiscussionNote"
            if discussion is not None:
                first = discussion.notes[0]
                if discussion.individual:
                    discussion.individual = False
                    first.type = "DiscussionNote"
                kind = first.type
                position = first.position if kind == "DiffNote" else None
            note = Note(self.next_id(), author, clean, kind, system, internal, position, position)
            note.suggestions = self._suggestions(request, clean, position)
            if discussion is None:
                discussion = Discussion(secrets.token_hex(20), individual or system)
                request.discussions.append(discussion)
            elif discussion.resolved:
                # A reply to a resolved thread is born resolved, by whoever wrote it.
                note.resolved, note.resolved_by, note.resolved_at = True, author, now()
            discussion.notes.append(note)
            request.updated_at = now()
            if not system:
                trigger = "confidential_note_events" if internal else "note_events"
                where = discussion
                self._hook(request.project, trigger, lambda: payloads.note(self, note, where, request, "create"))
                self._ask_services(request, author, "update")
                self._resolution_changed(request, author)
            self.changed()
            return discussion, note

    def edit_note(self, request: MergeRequest, discussion: Discussion, note: Note, editor: User, body: str) -> None:
        with self.lock:
            if editor is not note.author and self.access_level(request.project, editor) < MAINTAINER:
                raise ApiError(403, "403 Forbidden")
            try:
                clean = self._clean_body(editor, body, request)
            except ApiError as error:
                if error.status == 202:
                    self.delete_note(request, discussion, note)
                raise
            if clean != note.body:
                note.body, note.updated_at, note.updated_by = clean, now(), editor
                note.suggestions = self._suggestions(request, clean, note.position)
                trigger = "confidential_note_events" if note.internal else "note_events"
                self._hook(request.project, trigger, lambda: payloads.note(self, note, discussion, request, "update"))
            self.changed()

    def delete_note(self, request: MergeRequest, discussion: Discussion, note: Note) -> None:
        with self.lock:
            discussion.notes.remove(note)
            if not discussion.notes:
                request.discussions.remove(discussion)
            self.changed()

    def resolve(self, request: MergeRequest, notes: Iterable[Note], actor: User, resolved: bool) -> None:
        with self.lock:
            chosen = [n for n in notes if n.resolvable]
            allowed = actor is request.author or self.access_level(request.project, actor) >= DEVELOPER
            if not chosen or not allowed or request.project.archived:
                raise ApiError(403, "403 Forbidden")
            for note in chosen:
                if note.resolved != resolved:
                    note.resolved, note.resolved_by_push = resolved, False
                    note.resolved_by, note.resolved_at = (actor, now()) if resolved else (None, None)
            self._resolution_changed(request, actor)
            self.changed()

    def _resolution_changed(self, request: MergeRequest, actor: User) -> None:
        # GitLab tells about this switch only, never about a single thread.
        current = request.discussions_resolved()
        if current != request.all_resolved:
            request.all_resolved = current
            changes = {"blocking_discussions_resolved": {"previous": not current, "current": current}}
            self.hook_merge_request(request, actor, "update", changes=changes)

    def _clean_body(self, author: User, body: str, request: MergeRequest) -> str:
        if not body.strip():
            raise ApiError(400, '400 Bad request - Note {:note=>["can\'t be blank"]}')
        if len(body) > 1_000_000:
            raise ApiError(400, '400 Bad request - Note {:note=>["is too long (maximum is 1000000 characters)"]}')
        clean, commands = text.quick_actions(body)
        self._record_text(author, clean, commands)
        for command in commands:
            if command.name in ("close", "reopen"):
                self.set_state(request, author, "closed" if command.name == "close" else "opened")
        if commands and not clean.strip():
            summary = [f"Applied /{c.name}." for c in commands]
            raise ApiError(202, {"commands_changes": {c.name: True for c in commands}, "summary": summary})
        return clean

    def _record_text(self, author: User, body: str, commands: list[text.Command]) -> None:
        self.executed_quick_actions += [Executed(author.username, c.name, c.arguments) for c in commands]
        self.mentions += [Mention(author.username, name) for name in text.mentions(body)]
        self.references += [Reference(author.username, found) for found in text.references(body, self.url)]
        self.external_images += text.external_images(body)

    def _checked_position(self, request: MergeRequest, position: Json) -> Json:
        names = ("base_sha", "start_sha", "head_sha")
        missing = [f"position[{n}] is missing" for n in names if not position.get(n)]
        if missing:
            raise ApiError(400, {"error": ", ".join(missing)})
        kind = position.get("position_type", "text")
        if kind not in ("text", "file", "image"):
            raise ApiError(400, {"error": "position[position_type] does not have a valid value"})
        if request.prepared_at is None:
            message = "Noteable doesn't support new-style diff notes"
            raise ApiError(400, f'400 Bad request - Note {{:noteable=>["{message}"]}}')
        old, new = (int(x) if x is not None else None for x in (position.get("old_line"), position.get("new_line")))
        paths = position.get("old_path") and position.get("new_path")
        if not paths or (kind == "text" and old is None and new is None):
            raise ApiError(400, '400 Bad request - Note {:position=>["is incomplete"]}')
        full: Json = {
            **{n: position[n] for n in names},
            "old_path": position["old_path"],
            "new_path": position["new_path"],
            "position_type": kind,
            "old_line": old if kind == "text" else None,
            "new_line": new if kind == "text" else None,
            "line_range": position.get("line_range"),
        }
        known = [v for v in request.versions if all(full[n] == getattr(v, n) for n in names)]
        if not known:
            raise ApiError(400, LINE_CODE_MESSAGE)
        repository, version = request.project.repository, known[-1]
        if kind == "text" and not diffs.valid_line(repository, version.base_sha, version.head_sha, full):
            raise ApiError(400, LINE_CODE_MESSAGE)
        if kind != "text" and diffs.find_file(repository, version.base_sha, version.head_sha, full) is None:
            raise ApiError(400, LINE_CODE_MESSAGE)
        return full

    def _suggestions(self, request: MergeRequest, body: str, position: Json | None) -> list[Suggestion]:
        line = position.get("new_line") if position else None
        if not position or not line:
            return []
        content = request.project.repository.blob(position["head_sha"], position["new_path"]) or b""
        lines = content.decode("utf-8", "replace").splitlines(keepends=True)
        found = []
        for above, below, replacement in text.suggestions(body):
            first, last = max(1, line - above), min(len(lines), line + below)
            found.append(Suggestion(self.next_id(), first, last, "".join(lines[first - 1 : last]), replacement))
        return found

    def apply_suggestion(self, number: int, actor: User, message: str | None = None) -> Suggestion:
        """Commit it to the source branch; raises ``ApiError`` 403, 400, 404."""
        return commits.apply_suggestion(self, number, actor, message)

    # -- issues -----------------------------------------------------------------------------------------------------

    def create_issue(self, project: Project, author: User, title: str, description: str, **more: Any) -> Issue:
        with self.lock:
            clean, commands = text.quick_actions(description)
            self._record_text(author, clean, commands)
            iid = max((i.iid for i in project.issues), default=0) + 1
            issue = Issue(self.next_id(), iid, title, clean, author, **more)
            project.issues.append(issue)
            self.changed()
            return issue

    # -- pipelines and commit statuses ------------------------------------------------------------------------------

    def create_pipeline(
        self,
        project: Project,
        sha: str,
        ref: str,
        source: str,
        user: User,
        *,
        request: MergeRequest | None = None,
        source_sha: str | None = None,
        jobs: dict[str, str] | None = None,
        artifacts: Mapping[str, Sequence[JobArtifact]] | None = None,
        parent: Pipeline | None = None,
    ) -> Pipeline:
        with self.lock:
            iid = len(project.pipelines) + 1
            pipeline = Pipeline(self.next_id(), iid, project.id, sha, ref, source, user)
            pipeline.merge_request_iid = request.iid if request else None
            pipeline.source_sha = source_sha
            pipeline.parent_id = parent.id if parent else None
            for name, state in (jobs or {}).items():
                job = Status(self.next_id(), name, sha, ref, user, state, external=False)
                job.artifacts = tuple((artifacts or {}).get(name, ()))
                pipeline.statuses.append(job)
            project.pipelines.append(pipeline)
            if jobs:
                self.hook_pipeline(pipeline)
            return pipeline

    def post_status(self, project: Project, user: User, sha: str, params: Json) -> tuple[Status, Pipeline]:
        """Section 8 of the API as it is written in GitLab's source; raises ``ApiError``."""
        with self.lock:
            state, name, ref = (
                params.get("state"),
                params.get("name") or params.get("context") or "default",
                params.get("ref"),
            )
            if state is None:
                raise ApiError(400, {"error": "state is missing"})
            if state not in STATES:
                raise ApiError(400, {"error": "state does not have a valid value"})
            if self.access_level(project, user) < DEVELOPER:
                raise ApiError(403, "403 Forbidden")
            if len(sha) != 40 or not project.repository.has_commit(sha):
                raise ApiError(404, "404 Commit Not Found")
            pipeline = self._pipeline_for(project, user, sha, ref, params.get("pipeline_id"))
            if access.rules(project, pipeline.ref) and not access.can_update(self, project, user, pipeline.ref):
                raise ApiError(403, "403 Forbidden")
            self._check_status_fields(params)
            new_pipeline = pipeline not in project.pipelines
            current = next(
                (
                    s
                    for s in reversed(pipeline.statuses)
                    if s.external and s.name == name and s.author is user and s.state not in FINISHED and not s.retried
                ),
                None,
            )
            if current is None:
                if project.job_limit is not None and len(pipeline.statuses) >= project.job_limit:
                    raise ApiError(422, "The number of jobs has exceeded the limit")
                current = Status(self.next_id(), name, sha, pipeline.ref, user, "created")
            self._transition(current, state)
            if current not in pipeline.statuses:
                for older in pipeline.statuses:
                    if older.name == name:
                        older.retried = True
                pipeline.statuses.append(current)
            if new_pipeline:
                project.pipelines.append(pipeline)
            pipeline.updated_at = now()
            for key in ("description", "target_url", "coverage"):
                if params.get(key) is not None:
                    setattr(current, key, params[key])
            self.hook_pipeline(pipeline)
            self.changed()
            return current, pipeline

    def _pipeline_for(self, project: Project, user: User, sha: str, ref: str | None, number: Any) -> Pipeline:
        matching = [p for p in project.pipelines if p.sha == sha and (ref is None or p.ref == ref)]
        if number is not None:
            chosen = [p for p in matching if p.id == int(number)]
            if not chosen:
                raise ApiError(404, "404 Pipeline for pipeline_id, sha and ref Not Found")
            return chosen[0]
        if matching:
            return max(matching, key=lambda p: p.id)
        where = ref or project.repository.branch_containing(sha)
        if where is None:
            raise ApiError(404, "404 References for commit Not Found")
        return Pipeline(self.next_id(), len(project.pipelines) + 1, project.id, sha, where, "external", user)

    def _check_status_fields(self, params: Json) -> None:
        wrong: Json = {}
        for key in ("description", "target_url", "ref"):
            if params.get(key) is not None and len(str(params[key])) > 255:
                wrong[key] = ["is too long (maximum is 255 characters)"]
        address = params.get("target_url")
        if address is not None and not str(address).startswith(("http://", "https://")):
            wrong["target_url"] = ["is blocked: Only allowed schemes are http, https"]
        if wrong:
            raise ApiError(400, {"message": wrong})

    def _transition(self, status: Status, state: str) -> None:
        refused = status.state == state or (status.state == "running" and state == "pending")
        if refused:
            event = _EVENT[state]
            raise ApiError(
                400,
                f"Cannot transition status via :{event} from :{status.state} "
                f'(Reason(s): Status cannot transition via "{event}")',
            )
        status.state = state
        if state == "running":
            status.started_at = now()
        if state in FINISHED:
            status.finished_at = now()

    # -- hooks ------------------------------------------------------------------------------------------------------

    def hook_merge_request(
        self, request: MergeRequest, actor: User, action: str, *, oldrev: str | None = None, changes: Json | None = None
    ) -> None:
        self._hook(
            request.project,
            "merge_requests_events",
            lambda: payloads.merge_request(self, request, actor, action, oldrev=oldrev, changes=changes),
        )
        self._ask_services(request, actor, action, oldrev=oldrev, changes=changes)
        self.changed()

    def _ask_services(self, request: MergeRequest, actor: User, action: str, **more: Any) -> None:
        if self.licensed.checks(request) and not self.deliverer.paused:
            self.licensed.tell(request, payloads.merge_request(self, request, actor, action, **more))

    def hook_pipeline(self, pipeline: Pipeline) -> None:
        self._hook(self.projects[pipeline.project_id], "pipeline_events", lambda: payloads.pipeline(self, pipeline))

    def _hook_push(self, project: Project, actor: User, branch: str, before: str, after: str) -> None:
        ref = f"refs/heads/{branch}"
        self._hook(project, "push_events", lambda: payloads.push(self, project, actor, ref, before, after))

    def _hook(self, project: Project, trigger: str, payload: Callable[[], Json]) -> None:
        system = self.system_hooks if trigger in ("merge_requests_events", "push_events") else []
        chosen = [(h, False) for h in project.hooks if h.events.get(trigger)]
        chosen += [(h, True) for h in system if h.events.get(trigger)]
        if chosen:
            body = payload()
            for hook, is_system in chosen:
                self.deliverer.send(hook, trigger, body, system=is_system)
