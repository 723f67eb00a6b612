"""What the REST API shows of each thing."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from tests.standin import access, merging
from tests.standin.model import (
    LICENSED,
    Discussion,
    Group,
    Hook,
    Issue,
    Json,
    MergeRequest,
    Note,
    Pipeline,
    Project,
    Protection,
    Release,
    Status,
    User,
    Version,
    now,
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
    return {**user(world, one), "bot": one.bot, "email": one.email, "is_admin": one.admin}


def member(world: World, one: User, level: int, place: Project | Group) -> Json:
    return {
        **user(world, one),
        "access_level": level,
        "expires_at": None,
        "membership_state": "active",
        "created_at": time(place.created_at),
        **access.details(world, place, one.id),
    }


def group(world: World, one: Group) -> Json:
    parent = max(access.ancestors(world, one), key=lambda g: len(g.path), default=None)
    return {
        "id": one.id,
        "web_url": f"{world.url}/groups/{one.path}",
        "name": one.name,
        "path": one.name,
        "description": "",
        "visibility": one.visibility,
        "full_name": one.path.replace("/", " / "),
        "full_path": one.path,
        "parent_id": parent.id if parent else None,
        "created_at": time(one.created_at),
    }


_LEVEL_NAMES = {0: "No one", 30: "Developers + Maintainers", 40: "Maintainers", 60: "Administrators"}


def protected_branch(world: World, name: str, one: Protection) -> Json:
    def levels(least: int, users: list[int]) -> list[Json]:
        rows: list[Json] = [{"id": one.id * 10, "access_level": least, "access_level_description": _LEVEL_NAMES[least]}]
        for number in users:
            person = world.users[number]
            rows.append(
                {
                    "id": one.id * 10 + len(rows),
                    "access_level": 40,
                    "access_level_description": person.name,
                    "user_id": number,
                }
            )
        licensed = {"user_id": None, "group_id": None} if world.licensed.has("premium") else {}
        return [{"deploy_key_id": None, **licensed, **row} for row in rows]

    return {
        "id": one.id,
        "name": name,
        "push_access_levels": levels(one.push, one.push_users),
        "merge_access_levels": levels(one.merge, one.merge_users),
        "allow_force_push": one.allow_force_push,
        "unprotect_access_levels": [],
        "code_owner_approval_required": False,
        "inherited": False,
    }


def commit(world: World, one: Project, sha: str) -> Json:
    fields = "%H%x00%B%x00%s%x00%aI%x00%an%x00%ae%x00%cI%x00%cn%x00%ce%x00%P"
    row = one.repository.text("log", "-1", f"--format={fields}", sha).split("\x00")
    return {
        "id": row[0],
        "short_id": row[0][:8],
        "created_at": row[6],
        "parent_ids": row[9].split(),
        "title": row[2],
        "message": row[1],
        "author_name": row[4],
        "author_email": row[5],
        "authored_date": row[3],
        "committer_name": row[7],
        "committer_email": row[8],
        "committed_date": row[6],
        "trailers": {},
        "extended_trailers": {},
        "web_url": f"{world.url}/{one.path}/-/commit/{row[0]}",
    }


def branch(world: World, one: Project, viewer: User, name: str, sha: str) -> Json:
    return {
        "name": name,
        "merged": False,
        "protected": bool(access.rules(one, name)),
        "default": name == one.default_branch,
        "developers_can_push": any(r.push == 30 for r in access.rules(one, name)),
        "developers_can_merge": any(r.merge == 30 for r in access.rules(one, name)),
        "can_push": access.can_push(world, one, viewer, name),
        "web_url": f"{world.url}/{one.path}/-/tree/{name}",
        "commit": commit(world, one, sha),
    }


def issue(world: World, one: Issue, owner: Project) -> Json:
    return {
        "id": one.id,
        "iid": one.iid,
        "project_id": owner.id,
        "title": one.title,
        "description": one.description,
        "state": one.state,
        "labels": one.labels,
        "author": user(world, one.author),
        "assignees": [],
        "confidential": one.confidential,
        "issue_type": one.issue_type,
        "created_at": time(one.created_at),
        "updated_at": time(one.updated_at),
        "web_url": f"{world.url}/{owner.path}/-/issues/{one.iid}",
        "references": {"short": f"#{one.iid}", "full": f"{owner.path}#{one.iid}"},
    }


def approvals(world: World, one: MergeRequest, viewer: User) -> Json:
    has = any(a.user is viewer for a in one.approvals)
    shown: Json = {
        "user_has_approved": has,
        "user_can_approve": not has and world.licensed.may_approve(one, viewer),
        # Without rules to count, one approval is an approval.
        "approved": world.licensed.approved(one) if world.licensed.rules(one.project) else bool(one.approvals),
        "approved_by": [{"user": user(world, a.user), "approved_at": time(a.approved_at)} for a in one.approvals],
    }
    if world.licensed.has("premium"):
        rules = world.licensed.rules(one.project)
        left = [r for r in rules if not world.licensed.rule_met(r, one)]
        shown |= {
            "id": one.id,
            "iid": one.iid,
            "project_id": one.project.id,
            "approvals_required": sum(r.approvals_required for r in rules),
            "approvals_left": sum(r.approvals_required for r in left),
        }
    return shown


def project(world: World, one: Project, *, level: int | None) -> Json:
    path = one.path.rsplit("/", 1)[0]
    owner = world.find_group(path)
    return {
        "id": one.id,
        "name": one.name,
        "path": one.name,
        "path_with_namespace": one.path,
        "namespace": {
            "id": owner.id if owner else one.id + 1_000_000,
            "name": path.rsplit("/", 1)[-1],
            "path": path.rsplit("/", 1)[-1],
            "kind": "group" if owner else "user",
            "full_path": path,
        },
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
        **{k: v for k, v in one.settings.items() if world.licensed.has(LICENSED.get(k, "free"))},
    }


def diff_refs(version: Version) -> Json:
    return {"base_sha": version.base_sha, "head_sha": version.head_sha, "start_sha": version.start_sha}


def merge_request(world: World, one: MergeRequest, viewer: User | None, *, full: bool, rebase: bool = False) -> Json:
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
        "squash_commit_sha": one.squash_commit_sha,
        "squash": one.squash,
        "squash_on_merge": merging.squashes(one),
        "should_remove_source_branch": one.remove_source_branch or None,
        "force_remove_source_branch": one.remove_source_branch,
        "merge_when_pipeline_succeeds": one.auto_merge is not None,
        "detailed_merge_status": status,
        "merge_status": "cannot_be_merged" if status == "conflict" else "can_be_merged",
        "has_conflicts": status == "conflict",
        "blocking_discussions_resolved": one.discussions_resolved(),
        "prepared_at": time(one.prepared_at),
        "created_at": time(one.created_at),
        "updated_at": time(one.updated_at),
        "merged_at": time(one.merged_at),
        "merge_user": _merger(world, one),
        "merged_by": user(world, one.merge_user) if one.merge_user else None,
        "web_url": f"{world.url}/{one.project.path}/-/merge_requests/{one.iid}",
        "references": {"short": f"!{one.iid}", "full": f"{one.project.path}!{one.iid}"},
    }
    if full:
        head = world.head_pipeline(one)
        shown |= {
            "diff_refs": diff_refs(one.version) if ready else None,
            "changes_count": str(world.changes_count(one)) if ready else None,
            "head_pipeline": pipeline(world, head) if head else None,
            "pipeline": pipeline(world, head) if head else None,
            "merge_error": one.merge_error,
            "user": {
                "can_merge": viewer is not None and access.can_update(world, one.project, viewer, one.target_branch)
            },
            "first_contribution": False,
        }
        if rebase:
            shown["rebase_in_progress"] = one.rebase_in_progress
    return shown


def _merger(world: World, one: MergeRequest) -> Json | None:
    """Who merged, or who set it to auto-merge."""
    who = one.merge_user or (one.auto_merge.user if one.auto_merge else None)
    return user(world, who) if who else None


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
        "updated_at": time(one.updated_at),
        "web_url": f"{world.url}/{path}/-/pipelines/{one.id}",
    }


def pipeline_details(world: World, one: Pipeline) -> Json:
    ended = one.status in ("success", "failed", "canceled", "skipped")
    finished = (one.finished_at or one.created_at) if ended else None
    return {
        **pipeline(world, one),
        "before_sha": "0" * 40,
        "tag": one.ref in tags(world.projects[one.project_id]),
        "yaml_errors": None,
        "user": user(world, one.user),
        "started_at": time(one.created_at),
        "finished_at": time(finished),
        "committed_at": None,
        "duration": one.duration,
        "queued_duration": None,
        # A text, as GitLab writes it.
        "coverage": None if one.coverage is None else f"{one.coverage:.2f}",
        "detailed_status": {"text": one.status, "label": one.status, "group": one.status},
        "name": None,
    }


def tags(one: Project) -> dict[str, tuple[str, str, str | None, str | None]]:
    """By name: target, commit, time of an annotated tag, and its message."""
    form = "%(refname:short)%00%(objectname)%00%(*objectname)%00%(taggerdate:iso-strict)%00%(contents:subject)"
    rows = one.repository.text("for-each-ref", f"--format={form}", "refs/tags/").splitlines()
    found = {}
    for name, target, commit, made, message in (row.split("\x00") for row in rows):
        found[name] = (target, commit or target, made or None, message if commit else None)
    return found


def tag(one: Project, name: str, known: dict[str, tuple[str, str, str | None, str | None]], shown: Json | None) -> Json:
    """``known``: what ``tags`` says, ``shown``: the tag's commit, where it has one."""
    target, _, made, message = known[name]
    page = one.releases.get(name)
    return {
        "name": name,
        "message": message,
        "target": target,
        "commit": shown,
        "release": {"tag_name": name, "description": ""} if page else None,
        "protected": False,
        "created_at": made,
    }


def release(world: World, one: Project, page: Release, *, with_code: bool) -> Json:
    known = tags(one)
    shown: Json = {
        "name": page.tag,
        "tag_name": page.tag,
        "description": "",
        "created_at": time(page.created_at),
        "released_at": time(page.released_at),
        "upcoming_release": page.released_at > now(),
        "assets": {"count": 0, "sources": [], "links": []},
        "evidences": [],
    }
    if with_code:
        shown["commit"] = commit(world, one, known[page.tag][1]) if page.tag in known else None
        shown["tag_path"] = f"/{one.path}/-/tags/{page.tag}"
    return shown


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
