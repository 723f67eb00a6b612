"""Bodies of webhooks, in the shape of GitLab's documentation."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from tests.standin import access
from tests.standin.model import Discussion, Json, MergeRequest, Note, Pipeline, Project, User

if TYPE_CHECKING:
    from tests.standin.world import World

_LEVEL = {"private": 0, "internal": 10, "public": 20}
_STATE = {"opened": 1, "closed": 2, "merged": 3, "locked": 4}


def time(value: datetime | None) -> str | None:
    """The older form, which is still what most servers send."""
    return None if value is None else value.strftime("%Y-%m-%d %H:%M:%S UTC")


def user(one: User) -> Json:
    return {"id": one.id, "name": one.name, "username": one.username, "avatar_url": None, "email": "[REDACTED]"}


def project(world: World, one: Project) -> Json:
    web = f"{world.url}/{one.path}"
    return {
        "id": one.id,
        "name": one.name,
        "description": "",
        "web_url": web,
        "avatar_url": None,
        "git_ssh_url": f"git@127.0.0.1:{one.path}.git",
        "git_http_url": f"{web}.git",
        "namespace": one.path.rsplit("/", 1)[0],
        "visibility_level": _LEVEL[one.visibility],
        "path_with_namespace": one.path,
        "default_branch": one.default_branch,
        "ci_config_path": None,
        "homepage": web,
        "url": f"{web}.git",
        "ssh_url": f"git@127.0.0.1:{one.path}.git",
        "http_url": f"{web}.git",
    }


def labels(names: list[str]) -> list[Json]:
    return [{"id": i + 1, "title": name} for i, name in enumerate(names)]


def _repository(world: World, one: Project) -> Json:
    web = f"{world.url}/{one.path}"
    return {"name": one.name, "url": f"{web}.git", "description": "", "homepage": web}


def _attributes(world: World, one: MergeRequest) -> Json:
    commit = one.project.repository.log(one.head_sha)
    head = world.head_pipeline(one)
    return {
        "id": one.id,
        "iid": one.iid,
        "author_id": one.author.id,
        "title": ("Draft: " if one.draft else "") + one.title,
        "description": one.description,
        "draft": one.draft,
        "work_in_progress": one.draft,
        "state": one.state,
        "state_id": _STATE[one.state],
        "source_branch": one.source_branch,
        "target_branch": one.target_branch,
        "target_branch_protected": bool(access.rules(one.project, one.target_branch)),
        "source_project_id": one.source_project.id,
        "target_project_id": one.project.id,
        "source": project(world, one.source_project),
        "target": project(world, one.project),
        "last_commit": {
            "id": commit["id"],
            "message": commit["message"],
            "title": commit["title"],
            "timestamp": commit["timestamp"],
            "url": f"{world.url}/{one.source_project.path}/-/commit/{commit['id']}",
            "author": {"name": commit["name"], "email": commit["email"]},
        },
        "head_pipeline_id": head.id if head else None,
        "merge_commit_sha": one.merge_commit_sha,
        "squash_commit_sha": one.squash_commit_sha,
        "merge_error": one.merge_error,
        "merge_user_id": one.merge_user.id if one.merge_user else None,
        "merge_when_pipeline_succeeds": one.auto_merge is not None,
        "merged_at": time(one.merged_at),
        "merge_status": "unchecked",
        "detailed_merge_status": world.merge_status(one),
        "blocking_discussions_resolved": one.discussions_resolved(),
        "prepared_at": time(one.prepared_at),
        "created_at": time(one.created_at),
        "updated_at": time(one.updated_at),
        "labels": labels(one.labels),
        "assignee_ids": [],
        "reviewer_ids": [],
        "system": False,
        "url": f"{world.url}/{one.project.path}/-/merge_requests/{one.iid}",
    }


def merge_request(
    world: World, one: MergeRequest, actor: User, action: str, *, oldrev: str | None = None, changes: Json | None = None
) -> Json:
    attributes = {**_attributes(world, one), "action": action, "actioned_at": time(one.updated_at)}
    if oldrev is not None:
        attributes["oldrev"] = oldrev
    return {
        "object_kind": "merge_request",
        "event_type": "merge_request",
        "user": user(actor),
        "project": project(world, one.project),
        "repository": _repository(world, one.project),
        "object_attributes": attributes,
        "labels": attributes["labels"],
        "changes": changes or {},
        "assignees": [],
        "reviewers": [],
    }


def note(world: World, one: Note, discussion: Discussion, request: MergeRequest, action: str) -> Json:
    merge = _attributes(world, request)
    return {
        "object_kind": "note",
        "event_type": "confidential_note" if one.internal else "note",
        # On an update this is still the author, not whoever edited.
        "user": user(one.author),
        "project_id": request.project.id,
        "project": project(world, request.project),
        "repository": _repository(world, request.project),
        "object_attributes": {
            "id": one.id,
            "note": one.body,
            "description": one.body,
            "noteable_type": "MergeRequest",
            "noteable_id": request.id,
            "author_id": one.author.id,
            "created_at": time(one.created_at),
            "updated_at": time(one.updated_at),
            "project_id": request.project.id,
            "attachment": None,
            "line_code": None,
            "commit_id": "",
            "system": False,
            "st_diff": None,
            "action": action,
            "type": one.type,
            "discussion_id": discussion.id,
            "internal": one.internal,
            "position": one.position,
            "original_position": one.original_position,
            "change_position": None,
            "resolved_at": time(one.resolved_at),
            "resolved_by_id": one.resolved_by.id if one.resolved_by else None,
            "resolved_by_push": one.resolved_by_push or None,
            "updated_by_id": one.updated_by.id if one.updated_by else None,
            "url": f"{merge['url']}#note_{one.id}",
        },
        "merge_request": merge,
    }


def pipeline(world: World, one: Pipeline) -> Json:
    owner = world.projects[one.project_id]
    request = owner.merge_requests.get(one.merge_request_iid or 0)
    commit = owner.repository.log(one.sha)
    return {
        "object_kind": "pipeline",
        "object_attributes": {
            "id": one.id,
            "iid": one.iid,
            "name": None,
            "ref": one.ref,
            "tag": False,
            "sha": one.sha,
            "before_sha": "0" * 40,
            "source": one.source,
            "status": one.status,
            "detailed_status": one.status,
            "stages": sorted({"external" if s.external else "test" for s in one.statuses}),
            "created_at": time(one.created_at),
            "finished_at": None,
            "duration": None,
            "queued_duration": None,
            "protected_ref": bool(access.rules(owner, one.ref)),
            "variables": [],
            "url": f"{world.url}/{owner.path}/-/pipelines/{one.id}",
        },
        "merge_request": None
        if request is None
        else {
            "id": request.id,
            "iid": request.iid,
            "title": request.title,
            "source_branch": request.source_branch,
            "source_project_id": request.source_project.id,
            "target_branch": request.target_branch,
            "target_project_id": owner.id,
            "state": request.state,
            "merge_status": "unchecked",
            "detailed_merge_status": world.merge_status(request),
            "url": f"{world.url}/{owner.path}/-/merge_requests/{request.iid}",
        },
        "user": user(one.user),
        "project": project(world, owner),
        "commit": {
            "id": commit["id"],
            "message": commit["message"],
            "title": commit["title"],
            "timestamp": commit["timestamp"],
            "url": f"{world.url}/{owner.path}/-/commit/{commit['id']}",
            "author": {"name": commit["name"], "email": commit["email"]},
        },
        "builds": [
            {
                "id": s.id,
                "stage": "external" if s.external else "test",
                "name": s.name,
                "status": s.state,
                "created_at": time(s.created_at),
                "started_at": time(s.started_at),
                "finished_at": time(s.finished_at),
                "failure_reason": None,
                "when": "on_success",
                "manual": False,
                "allow_failure": False,
                "user": user(s.author),
                "runner": None,
                "artifacts_file": {"filename": None, "size": None},
                "environment": None,
            }
            for s in one.statuses
            if not s.retried
        ],
    }


def push(world: World, one: Project, actor: User, ref: str, before: str, after: str) -> Json:
    gone = set(after) == {"0"}
    commits: list[Json] = []
    total = 0
    if not gone:
        span = after if set(before) == {"0"} else f"{before}..{after}"
        shas = one.repository.git("rev-list", "--max-count=1000", span, check=False).decode().split()
        total = len(shas)
        for sha in reversed(shas[:20] if set(before) != {"0"} else []):
            commit = one.repository.log(sha)
            commits.append(
                {
                    "id": sha,
                    "message": commit["message"],
                    "title": commit["title"],
                    "timestamp": commit["timestamp"],
                    "url": f"{world.url}/{one.path}/-/commit/{sha}",
                    "author": {"name": commit["name"], "email": commit["email"]},
                    "added": [],
                    "modified": [],
                    "removed": [],
                }
            )
    return {
        "object_kind": "push",
        "event_name": "push",
        "before": before,
        "after": after,
        "ref": ref,
        "ref_protected": bool(access.rules(one, ref.removeprefix("refs/heads/"))),
        "checkout_sha": None if gone else after,
        "message": None,
        "user_id": actor.id,
        "user_name": actor.name,
        "user_username": actor.username,
        "user_email": "",
        "user_avatar": None,
        "project_id": one.id,
        "project": project(world, one),
        "commits": commits,
        "total_commits_count": total,
        "push_options": {},
        "repository": {**_repository(world, one), "visibility_level": _LEVEL[one.visibility]},
    }
