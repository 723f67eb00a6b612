"""
Whether a merge request can be merged, and merging: merge commits, squash, fast forward, rebase, auto-merge.

lib/api/merge_requests.rb, app/models/merge_request.rb (order of the checks), app/services/merge_requests/.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from tests.standin import access, serverhooks
from tests.standin.errors import ApiError, HookRefused
from tests.standin.model import AutoMerge, MergeOptions, MergeRequest, User, now
from tests.standin.repository import Identity, Repository

if TYPE_CHECKING:
    from tests.standin.world import World

GIT_CHECKS = ("conflict", "need_rebase")
NOT_MERGED = "Branch cannot be merged"


def status(world: World, request: MergeRequest) -> str:
    """``detailed_merge_status``: the first check that fails."""
    settings = request.project.settings
    if request.state != "opened":
        return "not_open"
    if request.prepared_at is None:
        return "preparing"
    if request.draft:
        return "draft_status"
    if settings["only_allow_merge_if_all_discussions_are_resolved"] and not request.discussions_resolved():
        return "discussions_not_resolved"
    if settings["only_allow_merge_if_pipeline_succeeds"]:
        head = world.head_pipeline(request)
        state = head.status if head else "none"
        if state in ("created", "pending", "running"):
            return "ci_still_running"
        if state != "success" and not (state == "skipped" and settings["allow_merge_on_skipped_pipeline"]):
            return "ci_must_pass"
    if not world.licensed.checks_pass(request):
        return "status_checks_must_pass"
    if not world.licensed.approved(request):
        return "not_approved"
    if world.has_conflict(request):
        return "conflict"
    return "need_rebase" if _needs_rebase(request) else "mergeable"


def _needs_rebase(request: MergeRequest) -> bool:
    if request.project.settings["merge_method"] == "merge":
        return False
    target = request.project.repository.head(request.target_branch)
    return target is None or not request.project.repository.contains(target, request.head_sha)


def squashes(request: MergeRequest, wished: bool | None = None) -> bool:
    """Whether the commits become one: the project's option, then the wish, then the merge request's own setting."""
    option = request.project.settings["squash_option"]
    if option in ("always", "never"):
        return bool(option == "always")
    return request.squash if wished is None else wished


def wish(world: World, request: MergeRequest, actor: User, options: MergeOptions) -> None:
    """
    Merge now, or as soon as it can be, as ``PUT .../merge`` does it.

    Raises ``ApiError``: 401 without the right, 405 when a check is not met, 422 when git cannot, or a hook did not let
    it (then ``merge_error`` tells why), 409 when ``sha`` is not the head.
    """
    with world.lock:
        if not access.can_update(world, request.project, actor, request.target_branch):
            raise ApiError(401, "401 Unauthorized")
        state = status(world, request)
        waits = options.auto and request.state == "opened" and state != "mergeable"
        if not waits and state != "mergeable" and state not in GIT_CHECKS:
            raise ApiError(405, "405 Method Not Allowed")
        if not waits and state in GIT_CHECKS:
            raise ApiError(422, NOT_MERGED)
        if options.sha is not None and options.sha != request.head_sha:
            raise ApiError(409, f"SHA does not match HEAD of source branch: {request.head_sha}")
        if options.squash is not None:
            request.squash = options.squash
        if waits:
            request.auto_merge = AutoMerge(actor, options)
            world.waiting.append(request)
            world.hook_merge_request(request, actor, "update", changes=_auto_changes(True))
            return
    merge(world, request, actor, options)


def _auto_changes(on: bool) -> dict[str, object]:
    return {"merge_when_pipeline_succeeds": {"previous": not on, "current": on}}


def cancel(world: World, request: MergeRequest, actor: User) -> None:
    """Take back the wish for an auto-merge; GitLab does so itself when the source branch moves."""
    with world.lock:
        if request.auto_merge is None:
            return
        request.auto_merge = None
        if request in world.waiting:
            world.waiting.remove(request)
        world.hook_merge_request(request, actor, "update", changes=_auto_changes(False))


def settle(world: World) -> None:
    """Merge what waited and may be merged now: in the background, as Sidekiq does it."""
    for request in list(world.waiting):
        if status(world, request) == "mergeable":
            world.waiting.remove(request)
            threading.Thread(target=_auto, args=(world, request), name="standin-auto-merge", daemon=True).start()
        elif request.state not in ("opened", "locked"):
            world.waiting.remove(request)


def _auto(world: World, request: MergeRequest) -> None:
    wanted = request.auto_merge
    if wanted is None:
        return
    try:
        merge(world, request, wanted.user, wanted.options)
    except ApiError:
        # It is told in ``merge_error``; the wish is gone.
        with world.lock:
            request.auto_merge = None
            world.changed()


def merge(world: World, request: MergeRequest, actor: User, options: MergeOptions) -> None:
    """Do it. The request is locked meanwhile, as in GitLab. Raises ``ApiError`` 422, or 405 when a check is not met."""
    with world.lock:
        if status(world, request) != "mergeable":
            raise ApiError(405, "405 Method Not Allowed")
        if request.project.settings["squash_option"] == "never" and options.squash:
            request.merge_error = (
                "This project does not allow squashing commits when merge requests are accepted. "
                "Please use the Squash Commit Settings."
            )
            raise ApiError(422, NOT_MERGED)
        target = request.project.repository.head(request.target_branch)
        assert target is not None
        request.state, request.merge_error = "locked", None
        head = request.head_sha
        world.changed()
    made: dict[str, str] = {}

    def build(repository: Repository) -> str:
        source = head
        if squashes(request, options.squash):
            source = _squash(request, repository, head, actor, options)
            made["squash"] = source
        if request.project.settings["merge_method"] == "ff":
            return source
        tree = repository.merged_tree(target, source)
        if tree is None:
            raise ApiError(422, NOT_MERGED)
        who = Identity(actor.name, actor.email)
        made["merge"] = repository.commit_tree(tree, [target, source], options.message or _message(request), author=who)
        return made["merge"]

    def finish(_: str) -> None:
        request.merge_commit_sha, request.squash_commit_sha = made.get("merge"), made.get("squash")
        request.merged_at, request.merge_user, request.auto_merge = now(), actor, None
        world.set_state(request, actor, "merged")

    try:
        serverhooks.update_branch(
            world, request.project, actor, request.target_branch, build, merging=True, old=target, finish=finish
        )
    except HookRefused as refused:
        _unlock(world, request, f"Something went wrong during merge pre-receive hook. {refused.message}")
        raise ApiError(422, NOT_MERGED) from refused
    except ApiError:
        _unlock(world, request, "Merge failed. Please try again.")
        raise ApiError(422, NOT_MERGED) from None
    remove = request.remove_source_branch if options.remove_source_branch is None else options.remove_source_branch
    if remove:
        _remove_source(world, request, actor, head)


def _unlock(world: World, request: MergeRequest, error: str) -> None:
    with world.lock:
        request.state, request.merge_error, request.updated_at = "opened", error, now()
        world.catch_up(request)
        world.changed()


def _message(request: MergeRequest) -> str:
    return (
        f"Merge branch '{request.source_branch}' into '{request.target_branch}'\n\n{request.title}\n\n"
        f"See merge request {request.project.path}!{request.iid}"
    )


def _squash(request: MergeRequest, repository: Repository, head: str, actor: User, options: MergeOptions) -> str:
    """One commit with the change of all; a single commit that already says the same stays as it is."""
    base = request.version.base_sha
    message = options.squash_message or request.title
    commits = repository.text("rev-list", f"{base}..{head}").split()
    if len(commits) == 1 and repository.message(commits[0]) == message:
        return head
    tree = repository.text("rev-parse", f"{head}^{{tree}}")
    author = Identity(request.author.name, request.author.email)
    return repository.commit_tree(tree, [base], message, author=author, committer=Identity(actor.name, actor.email))


def _remove_source(world: World, request: MergeRequest, actor: User, head: str) -> None:
    project, branch = request.source_project, request.source_branch
    allowed = access.can_push(world, project, actor, branch) and not access.rules(project, branch)
    if branch == project.default_branch or not allowed or project.repository.head(branch) != head:
        return
    try:
        serverhooks.update_branch(world, project, actor, branch, lambda _: None, old=head)
    except (HookRefused, ApiError):
        return  # The branch stays, and nobody is told.


def rebase(world: World, request: MergeRequest, actor: User) -> None:
    """
    ``PUT .../rebase``: the source branch is put upon the target, in the background.

    Raises ``ApiError`` 403 without the right. How it ends is read from ``rebase_in_progress`` and ``merge_error``.
    """
    with world.lock:
        project, branch = request.source_project, request.source_branch
        if not access.can_push(world, project, actor, branch):
            raise ApiError(403, "Cannot push to source branch")
        if access.forbids_force(project, f"refs/heads/{branch}"):
            raise ApiError(403, "Source branch is protected from force push")
        if request.state != "opened":
            raise ApiError(403, "403 Forbidden")
        if request.rebase_in_progress:
            raise ApiError(409, "Failed to enqueue the rebase operation, possibly due to a long-lived transaction.")
        request.rebase_in_progress, request.merge_error = True, None
    threading.Thread(target=_rebase, args=(world, request, actor), name="standin-rebase", daemon=True).start()


def _rebase(world: World, request: MergeRequest, actor: User) -> None:
    if world.rebase_delay:
        threading.Event().wait(world.rebase_delay)
    error: str | None = None
    try:
        target = request.project.repository.head(request.target_branch) or ""
        old = request.head_sha

        def build(repository: Repository) -> str:
            if request.source_project is not request.project:
                repository.fetch_from(request.project.repository, f"refs/heads/{request.target_branch}")
            return replay(repository, old, target, actor)

        serverhooks.update_branch(world, request.source_project, actor, request.source_branch, build, old=old)
    except HookRefused as refused:
        error = f"The rebase pre-receive hook failed: {refused.message}."
    except ApiError:
        error = "Rebase failed: Rebase locally, resolve all conflicts, then push the branch."
    finally:
        with world.lock:
            request.rebase_in_progress = False
            if error is not None:
                request.merge_error = error
            world.changed()


def replay(repository: Repository, head: str, onto: str, actor: User) -> str:
    """The commits of ``head`` that ``onto`` does not have, one after the other; raises ``ApiError`` on a conflict."""
    listed = repository.text(
        "rev-list", "--reverse", "--topo-order", "--no-merges", "--cherry-pick", "--right-only", f"{onto}...{head}"
    )
    new = onto
    for commit in listed.split():
        new = pick(repository, commit, repository.parents(commit)[0], new, repository.message(commit), actor) or new
    return new


def pick(
    repository: Repository,
    commit: str,
    base: str,
    onto: str,
    message: str,
    actor: User,
    *,
    keep_author: bool = True,
) -> str | None:
    """The change from ``base`` to ``commit`` put upon ``onto``; None when it is there already; ``ApiError`` 400."""
    tree = repository.three_way_tree(base, onto, commit)
    if tree is None:
        raise ApiError(400, "conflict")
    if tree == repository.text("rev-parse", f"{onto}^{{tree}}"):
        return None
    who = Identity(actor.name, actor.email)
    author = repository.identity(commit) if keep_author else who
    return repository.commit_tree(tree, [onto], message, author=author, committer=who)
