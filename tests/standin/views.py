"""What the REST API shows of each thing."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from tests.standin.model import (
    DEVELOPER,
    Discussion,
    Hook,
    Json,
    MergeRequest,
    Note,
    Pipeline,
    Project,
    Status,
    User,
    Version,
)

if TYPE_CHECKING:
    from tests.standin.world import World

HOOK_EVENTS = (
    "push_events",
    "merge_requests_events",
    "note_events",
    "confidential_note_events",
    "pipeline_events",
    "job_events",
    "tag_push_events",
    "issues_events",
    "confidential_issues_events",
    "repository_update_events",
)


def time(value: datetime | None) -> str | None:
    return None if value is None else value.strftime("%Y-%m-%dT%H:%M:%S.") + f"{value.microsecond // 1000:03d}Z"


def user(world: World, one: User) -> Json:
    return {
        "id": one.id,
        "username": one.username,
        "name": one.name,
        "state": one.state,
        "locked": False,
        "avatar_url": None,
        "web_url": f"{world.url}/{one.username}",
    }


def current_user(world: World, one: User) -> Json:
    return {**user(world, one), "bot": one.bot, "email": f"{one.username}@example.com", "is_admin": one.admin}


def project(world: World, one: Project, *, level: int | None) -> Json:
    return {
        "id": one.id,
        "name": one.name,
        "path": one.name,
        "path_with_namespace": one.path,
        "default_branch": one.default_branch,
        "visibility": one.visibility,
        "archived": one.archived,
        "web_url": f"{world.url}/{one.path}",
        "http_url_to_repo": f"{world.url}/{one.path}.git",
        "ssh_url_to_repo": f"git@127.0.0.1:{one.path}.git",
        "created_at": time(one.created_at),
        "last_activity_at": time(one.created_at),
        "empty_repo": not one.repository.branches(),
        "forked_from_project": {"id": one.forked_from.id} if one.forked_from else None,
        "permissions": {"project_access": {"access_level": level} if level else None, "group_access": None},
        **one.settings,
    }


def diff_refs(version: Version) -> Json:
    return {"base_sha": version.base_sha, "head_sha": version.head_sha, "start_sha": version.start_sha}


def merge_request(world: World, one: MergeRequest, viewer: User | None, *, full: bool) -> Json:
    ready = one.prepared_at is not None
    status = world.merge_status(one)
    shown: Json = {
        "id": one.id,
        "iid": one.iid,
        "project_id": one.project.id,
        "title": ("Draft: " if one.draft else "") + one.title,
        "description": one.description,
        "state": one.state,
        "draft": one.draft,
        "work_in_progress": one.draft,
        "source_branch": one.source_branch,
        "target_branch": one.target_branch,
        "source_project_id": one.source_project.id,
        "target_project_id": one.project.id,
        "author": user(world, one.author),
        "assignees": [],
        "reviewers": [],
        "labels": one.labels,
        "sha": one.head_sha,
        "merge_commit_sha": one.merge_commit_sha,
        "squash_commit_sha": None,
        "detailed_merge_status": status,
        "merge_status": "cannot_be_merged" if status == "conflict" else "can_be_merged",
        "has_conflicts": status == "conflict",
        "blocking_discussions_resolved": one.discussions_resolved(),
        "prepared_at": time(one.prepared_at),
        "created_at": time(one.created_at),
        "updated_at": time(one.updated_at),
        "merged_at": time(one.merged_at),
        "merge_user": user(world, one.merge_user) if one.merge_user else None,
        "web_url": f"{world.url}/{one.project.path}/-/merge_requests/{one.iid}",
        "references": {"short": f"!{one.iid}", "full": f"{one.project.path}!{one.iid}"},
    }
    if full:
        head = world.head_pipeline(one)
        level = world.access_level(one.project, viewer) if viewer else 0
        shown |= {
            "diff_refs": diff_refs(one.version) if ready else None,
            "changes_count": str(world.changes_count(one)) if ready else None,
            "head_pipeline": pipeline(world, head) if head else None,
            "pipeline": pipeline(world, head) if head else None,
            "user": {"can_merge": level >= DEVELOPER},
            "first_contribution": False,
        }
    return shown


def version(one: Version, request: MergeRequest) -> Json:
    return {
        "id": one.id,
        "head_commit_sha": one.head_sha,
        "base_commit_sha": one.base_sha,
        "start_commit_sha": one.start_sha,
        "created_at": time(one.created_at),
        "merge_request_id": request.id,
        "state": "collected",
        "real_size": "1",
        "patch_id_sha": None,
    }


def note(world: World, one: Note, request: MergeRequest, *, iid: int | None = None) -> Json:
    shown: Json = {
        "id": one.id,
        "type": one.type,
        "body": one.body,
        "attachment": None,
        "author": user(world, one.author),
        "created_at": time(one.created_at),
        "updated_at": time(one.updated_at),
        "system": one.system,
        "noteable_id": request.id,
        "noteable_type": "MergeRequest",
        "noteable_iid": iid,
        "project_id": request.project.id,
        "resolvable": one.resolvable,
        "confidential": one.internal,
        "internal": one.internal,
        "imported": False,
        "imported_from": "none",
        "commands_changes": {},
    }
    if one.type == "DiffNote":
        shown |= {"commit_id": None, "position": one.position}
        shown["suggestions"] = [
            {
                "id": s.id,
                "from_line": s.from_line,
                "to_line": s.to_line,
                "appliable": not s.applied and s.from_content != s.to_content and request.state == "opened",
                "applied": s.applied,
                "from_content": s.from_content,
                "to_content": s.to_content,
            }
            for s in one.suggestions
        ]
    if one.resolvable:
        shown |= {
            "resolved": one.resolved,
            "resolved_by": user(world, one.resolved_by) if one.resolved_by else None,
            "resolved_at": time(one.resolved_at),
        }
    return shown


def discussion(world: World, one: Discussion, request: MergeRequest) -> Json:
    return {
        "id": one.id,
        "individual_note": one.individual,
        "notes": [note(world, n, request) for n in one.notes],
    }


def pipeline(world: World, one: Pipeline) -> Json:
    path = world.projects[one.project_id].path
    return {
        "id": one.id,
        "iid": one.iid,
        "project_id": one.project_id,
        "sha": one.sha,
        "ref": one.ref,
        "status": one.status,
        "source": one.source,
        "created_at": time(one.created_at),
        "updated_at": time(one.created_at),
        "web_url": f"{world.url}/{path}/-/pipelines/{one.id}",
    }


def job(world: World, one: Status, owner: Pipeline) -> Json:
    entries = [
        {"file_type": a.file_type, "size": len(a.content), "filename": a.filename, "file_format": "raw"}
        for a in one.artifacts
        if a.file_type != "archive"
    ]
    if one.archive is not None or any(a.archived_as for a in one.artifacts):
        entries.insert(0, {"file_type": "archive", "size": 1000, "filename": "artifacts.zip", "file_format": "zip"})
    return {
        "id": one.id,
        "status": one.state,
        "stage": "test",
        "name": one.name,
        "ref": one.ref,
        "tag": False,
        "allow_failure": False,
        "created_at": time(one.created_at),
        "started_at": time(one.started_at),
        "finished_at": time(one.finished_at),
        "erased_at": None,
        "user": user(world, one.author),
        "commit": {"id": one.sha},
        "pipeline": pipeline(world, owner),
        "failure_reason": None,
        "artifacts": entries,
        "artifacts_expire_at": None,
        "archived": False,
        "tag_list": [],
        "runner": None,
    }


def bridge(world: World, owner: Pipeline, downstream: Pipeline) -> Json:
    return {
        "id": downstream.id * 1000,
        "name": f"trigger-{downstream.id}",
        "status": "success",
        "ref": owner.ref,
        "pipeline": pipeline(world, owner),
        "downstream_pipeline": pipeline(world, downstream),
    }


def status(world: World, one: Status, owner: Pipeline) -> Json:
    return {
        "id": one.id,
        "sha": one.sha,
        "ref": one.ref,
        "status": one.state,
        "name": one.name,
        "target_url": one.target_url,
        "description": one.description,
        "created_at": time(one.created_at),
        "started_at": time(one.started_at),
        "finished_at": time(one.finished_at),
        "allow_failure": False,
        "coverage": one.coverage,
        "author": user(world, one.author),
        "pipeline_id": owner.id,
    }


def hook(one: Hook) -> Json:
    shown: Json = {
        "id": one.id,
        "url": one.url,
        "name": one.name,
        "description": one.description,
        "push_events_branch_filter": "",
        "branch_filter_strategy": "wildcard",
        "enable_ssl_verification": one.enable_ssl_verification,
        "alert_status": one.alert_status,
        "disabled_until": None,
        "url_variables": [],
        "created_at": time(one.created_at),
        "custom_webhook_template": None,
        "custom_headers": [{"key": h["key"]} for h in one.custom_headers],
        "token_present": one.token is not None,
        "signing_token_present": one.signing_token is not None,
        **{e: one.events.get(e, False) for e in HOOK_EVENTS},
    }
    if one.project_id is not None:
        shown["project_id"] = one.project_id
    return shown
