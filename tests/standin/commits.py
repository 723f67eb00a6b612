"""Commits that are made on the server: files, cherry-picks, reverts, suggestions. All run the server hooks."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

from tests.standin import access, merging, serverhooks
from tests.standin.errors import ApiError, HookRefused
from tests.standin.model import Json, Project, Suggestion, User, now
from tests.standin.repository import ZERO, Blob, FileValue, Identity, Repository

if TYPE_CHECKING:
    from tests.standin.world import World


def commit(
    world: World,
    project: Project,
    user: User,
    branch: str,
    files: dict[str, FileValue],
    message: str,
    *,
    start: str | None = None,
    force: bool = False,
    author: Identity | None = None,
    protocol: serverhooks.Protocol = "web",
) -> str:
    """
    One commit upon ``branch``, or upon ``start`` when the branch is new or forced. Rights are the hooks' business here.

    Raises ``ApiError`` 400 when the branch is there and ``start`` is given without ``force``, ``HookRefused``.
    """
    repository = project.repository
    head = repository.head(branch)
    if head is not None and start is not None and not force:
        raise ApiError(
            400, f"A branch called '{branch}' already exists. Switch to that branch in order to make changes"
        )
    parent = head if start is None else repository.resolve(start) or repository.head(start)
    if parent is None and repository.branches():
        if start is not None:
            raise ApiError(400, "Invalid start: there is no such branch or commit")
        parent = repository.head(project.default_branch)
    who = Identity(user.name, user.email)

    def build(inside: Repository) -> str:
        tree = inside.tree_with(parent, files)
        return inside.commit_tree(tree, [parent] if parent else [], message, author=author or who, committer=who)

    return serverhooks.update_branch(world, project, user, branch, build, protocol=protocol, old=head or ZERO)


def files_of(repository: Repository, start: str | None, actions: list[Json]) -> dict[str, FileValue]:
    """The ``actions`` of the commits API as files of a commit; raises ``ApiError`` 400 as GitLab does."""
    files: dict[str, FileValue] = {}

    def current(path: str) -> Blob | None:
        if path in files:
            held = files[path]
            return held if isinstance(held, Blob) else None
        mode = repository.mode(start, path) if start else None
        return Blob(repository.blob(start, path) or b"", mode) if start and mode else None

    def content(action: Json) -> bytes | None:
        given = action.get("content")
        if given is None:
            return None
        return base64.b64decode(given) if action.get("encoding") == "base64" else str(given).encode()

    for action in actions:
        kind, path = action.get("action"), str(action.get("file_path") or "")
        if kind not in ("create", "update", "delete", "move", "chmod"):
            raise ApiError(400, {"error": "actions[0][action] does not have a valid value"})
        if not path or ".." in path.split("/") or path.startswith("/"):
            raise ApiError(400, "Invalid path")
        old = current(path)
        if kind == "create":
            if old is not None:
                raise ApiError(400, "A file with this name already exists")
            files[path] = Blob(content(action) or b"")
            continue
        if kind == "move":
            previous = str(action.get("previous_path") or "")
            old = current(previous)
            if current(path) is not None:
                raise ApiError(400, "A file with this name already exists")
            files[previous] = None
        if old is None:
            raise ApiError(400, "A file with this name doesn't exist")
        if kind == "delete":
            files[path] = None
        elif kind == "chmod":
            files[path] = Blob(old.content, "100755" if action.get("execute_filemode") else "100644")
        else:
            given = content(action)
            files[path] = Blob(old.content if given is None else given, old.mode)
    return files


def cherry_pick(world: World, project: Project, user: User, sha: str, branch: str, message: str | None) -> str:
    """The change of a commit upon ``branch``, with its author; raises ``ApiError`` 400, ``HookRefused``."""
    repository = project.repository
    told = message or f"{repository.message(sha)}\n\n(cherry picked from commit {sha})"
    return _put(world, project, user, branch, "cherry-pick", sha, _first_parent(repository, sha), told, True)


def revert(world: World, project: Project, user: User, sha: str, branch: str) -> str:
    """The opposite of a commit upon ``branch``."""
    repository = project.repository
    told = f'Revert "{repository.log(sha)["title"]}"\n\nThis reverts commit {sha}'
    return _put(world, project, user, branch, "revert", _first_parent(repository, sha), sha, told, False)


def _first_parent(repository: Repository, sha: str) -> str:
    parents = repository.parents(sha)
    if not parents:
        raise ApiError(400, "The first commit of a repository cannot be picked or reverted here")
    return parents[0]


def _put(world: World, project: Project, user: User, branch: str, verb: str, to: str, base: str, *more: Any) -> str:
    message, keep_author = more
    head = project.repository.head(branch)
    if head is None:
        raise ApiError(404, "404 Branch Not Found")

    def build(inside: Repository) -> str:
        try:
            made = merging.pick(inside, to, base, head, message, user, keep_author=keep_author)
        except ApiError:
            raise _sorry(verb, "conflict") from None
        if made is None:
            raise _sorry(verb, "empty")
        return made

    return serverhooks.update_branch(world, project, user, branch, build, old=head)


def _sorry(verb: str, code: str) -> ApiError:
    text = f"Sorry, we cannot {verb} this commit automatically. There is a conflict, or the change is there already."
    return ApiError(400, {"message": text, "error_code": code})


def apply_suggestion(world: World, number: int, actor: User, message: str | None = None) -> Suggestion:
    """
    Commit a suggestion to the source branch: its author wrote it, whoever applies it commits.

    Raises ``ApiError``: 404 for an unknown one, 403 without the right to push, 400 when outdated or from a hook.
    """
    with world.lock:
        found = next(
            (
                (request, note, one)
                for project in world.projects.values()
                for request in project.merge_requests.values()
                for note in request.notes
                for one in note.suggestions
                if one.id == number
            ),
            None,
        )
        if found is None:
            raise ApiError(404, "404 Not Found")
        request, note, one = found
        source, head = request.source_project, request.head_sha
        if not access.can_push(world, source, actor, request.source_branch):
            raise ApiError(403, "403 Forbidden")
        assert note.position is not None
        path = note.position["new_path"]
        lines = (source.repository.blob(head, path) or b"").decode().splitlines(keepends=True)
        current = "".join(lines[one.from_line - 1 : one.to_line])
        if one.applied or current != one.from_content or request.state != "opened":
            raise ApiError(400, "Can't apply as the suggestion is outdated.")
        lines[one.from_line - 1 : one.to_line] = [one.to_content]

    def build(inside: Repository) -> str:
        blob = Blob("".join(lines).encode(), inside.mode(head, path) or "100644")
        return inside.commit_tree(
            inside.tree_with(head, {path: blob}),
            [head],
            message or "Apply 1 suggestion(s) to 1 file(s)",
            author=Identity(note.author.name, note.author.email),
            committer=Identity(actor.name, actor.email),
        )

    def finish(_: str) -> None:
        one.applied = note.resolved = True
        note.resolved_by, note.resolved_at = actor, now()

    try:
        serverhooks.update_branch(world, source, actor, request.source_branch, build, old=head, finish=finish)
    except HookRefused as refused:
        raise ApiError(400, refused.message) from refused
    return one
