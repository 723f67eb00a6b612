"""REST routes for opening, merging and rebasing merge requests, approvals, external status checks, issues, forks."""

from __future__ import annotations

import re
from typing import Any

from tests.standin import access, merging, payloads, views
from tests.standin.errors import ApiError
from tests.standin.model import (
    DEVELOPER,
    GUEST,
    MAINTAINER,
    OWNER,
    REPORTER,
    ApprovalRule,
    Issue,
    Json,
    MergeOptions,
    Project,
    StatusCheck,
)
from tests.standin.web import Call, route

Answer = tuple[int, Any]
_P = "projects/:id"
_MR = "projects/:id/merge_requests/:iid"


# -- merge requests: doc/api/merge_requests.md ------------------------------------------------------------------------


@route("POST", _P + "/merge_requests")
def open_merge_request(call: Call) -> Answer:
    source = call.project()
    target = source
    if call.params.get("target_project_id") is not None:
        found = call.world.projects.get(int(call.params["target_project_id"]))
        if found is None or (found.visibility == "private" and call.world.access_level(found, call.user) < GUEST):
            raise ApiError(404, "404 Project Not Found")
        target = found
    if call.world.access_level(source, call.user) < DEVELOPER:
        raise ApiError(403, "403 Forbidden")
    source_branch, target_branch = str(call.required("source_branch")), str(call.required("target_branch"))
    for request in target.merge_requests.values():
        same = (request.source_project, request.source_branch, request.target_branch)
        if request.state == "opened" and same == (source, source_branch, target_branch):
            message = f"Another open merge request already exists for this source branch: !{request.iid}"
            raise ApiError(409, {"message": [message]})
    title = str(call.required("title"))
    draft = re.match(r"(?i)\s*draft:\s*", title)
    made = call.world.open_merge_request(
        target,
        source,
        source_branch,
        target_branch,
        title[draft.end() if draft else 0 :],
        call.user,
        description=str(call.params.get("description") or ""),
        draft=draft is not None,
        labels=[x.strip() for x in str(call.params.get("labels") or "").split(",") if x.strip()],
        squash=call.flag("squash"),
        remove_source_branch=bool(call.flag("remove_source_branch")),
    )
    return 201, views.merge_request(call.world, made, call.user, full=True)


@route("PUT", _MR + "/merge", locked=False)
def merge(call: Call) -> Answer:
    with call.world.lock:
        found = call.merge_request()
    options = MergeOptions(
        sha=call.params.get("sha"),
        squash=call.flag("squash"),
        remove_source_branch=call.flag("should_remove_source_branch"),
        message=call.params.get("merge_commit_message"),
        squash_message=call.params.get("squash_commit_message"),
        auto=bool(call.flag("auto_merge") or call.flag("merge_when_pipeline_succeeds")),
    )
    merging.wish(call.world, found, call.user, options)
    with call.world.lock:
        return 200, views.merge_request(call.world, found, call.user, full=True)


@route("POST", _MR + "/cancel_merge_when_pipeline_succeeds")
def cancel_auto_merge(call: Call) -> Answer:
    found = call.merge_request()
    if not access.can_update(call.world, found.project, call.user, found.target_branch):
        raise ApiError(401, "401 Unauthorized")
    if found.auto_merge is None:
        raise ApiError(406, "Can't cancel the automatic merge")
    merging.cancel(call.world, found, call.user)
    return 201, views.merge_request(call.world, found, call.user, full=True)


@route("PUT", _MR + "/rebase")
def rebase(call: Call) -> Answer:
    found = call.merge_request()
    merging.rebase(call.world, found, call.user)
    return 202, {"rebase_in_progress": found.rebase_in_progress}


@route("GET", _MR + "/merge_ref")
def merge_ref(call: Call) -> Answer:
    found = call.merge_request(REPORTER)
    repository = found.project.repository
    target = repository.head(found.target_branch) or ""
    tree = repository.merged_tree(target, found.head_sha) if target else None
    if tree is None:
        raise ApiError(400, "Merge request is not mergeable")
    sha = repository.commit_tree(tree, [target, found.head_sha], "Merge result")
    repository.set_ref(f"refs/merge-requests/{found.iid}/merge", sha)
    return 200, {"commit_id": sha}


@route("GET", _MR + "/commits")
def merge_request_commits(call: Call) -> Answer:
    found = call.merge_request(REPORTER)
    version = found.version
    listed = found.project.repository.text("rev-list", f"{version.base_sha}..{version.head_sha}").split()
    return 200, [views.commit(call.world, found.project, s) for s in call.paginate(listed, totals=False)]


# -- approvals: doc/api/merge_request_approvals.md --------------------------------------------------------------------


@route("GET", _MR + "/approvals")
def approvals(call: Call) -> Answer:
    return 200, views.approvals(call.world, call.merge_request(), call.user)


@route("POST", _MR + "/approve")
def approve(call: Call) -> Answer:
    found = call.merge_request()
    call.world.licensed.approve(found, call.user, call.params.get("sha"))
    return 201, views.approvals(call.world, found, call.user)


@route("POST", _MR + "/unapprove")
def unapprove(call: Call) -> Answer:
    found = call.merge_request()
    call.world.licensed.unapprove(found, call.user)
    return 201, views.approvals(call.world, found, call.user)


def _needs(call: Call, tier: str, status: int, body: str) -> None:
    if not call.world.licensed.has(tier):
        raise ApiError(status, body)


@route("GET", _MR + "/approval_state")
def approval_state(call: Call) -> Answer:
    found = call.merge_request()
    _needs(call, "premium", 404, "404 Not Found")
    rows = [
        {
            **_rule(call, rule),
            "approved": call.world.licensed.rule_met(rule, found),
            "approved_by": [views.user(call.world, a.user) for a in found.approvals if a.user.id in rule.user_ids],
        }
        for rule in call.world.licensed.rules(found.project)
    ]
    return 200, {"approval_rules_overwritten": False, "rules": rows}


def _rule(call: Call, rule: ApprovalRule) -> Json:
    people = [views.user(call.world, call.world.users[n]) for n in rule.user_ids]
    return {
        "id": rule.id,
        "name": rule.name,
        "rule_type": "regular" if rule.user_ids else "any_approver",
        "approvals_required": rule.approvals_required,
        "eligible_approvers": people,
        "users": people,
        "groups": [],
    }


@route("GET", _P + "/approval_rules")
def approval_rules(call: Call) -> Answer:
    found = call.project()
    _needs(call, "premium", 404, "404 Not Found")
    return 200, call.paginate([_rule(call, r) for r in found.approval_rules])


@route("POST", _P + "/approval_rules")
def create_approval_rule(call: Call) -> Answer:
    found = call.project(MAINTAINER)
    _needs(call, "premium", 404, "404 Not Found")
    rule = ApprovalRule(
        call.world.next_id(),
        str(call.required("name")),
        int(call.required("approvals_required")),
        [int(n) for n in call.params.get("user_ids") or []],
    )
    found.approval_rules.append(rule)
    return 201, _rule(call, rule)


@route("GET", _P + "/approvals")
def approval_settings(call: Call) -> Answer:
    found = call.project()
    _needs(call, "premium", 404, "404 Not Found")
    return 200, _approval_settings(found)


@route("POST", _P + "/approvals")
def change_approval_settings(call: Call) -> Answer:
    found = call.project(MAINTAINER)
    _needs(call, "premium", 404, "404 Not Found")
    reset, author = call.flag("reset_approvals_on_push"), call.flag("merge_requests_author_approval")
    found.reset_approvals_on_push = found.reset_approvals_on_push if reset is None else reset
    found.author_approval = found.author_approval if author is None else author
    return 201, _approval_settings(found)


def _approval_settings(found: Project) -> Json:
    return {
        "reset_approvals_on_push": found.reset_approvals_on_push,
        "merge_requests_author_approval": found.author_approval,
        "disable_overriding_approvers_per_merge_request": False,
        "merge_requests_disable_committers_approval": False,
    }


# -- external status checks: doc/api/status_checks.md, lib/api/status_checks.rb (EE) ----------------------------------


def _check_view(check: StatusCheck) -> Json:
    return {"id": check.id, "name": check.name, "external_url": check.external_url}


def _check_service(call: Call, found: Project, check: StatusCheck) -> Json:
    branches = [
        views.protected_branch(call.world, name, p)
        for name, p in found.protected.items()
        if p.id in check.protected_branch_ids
    ]
    return {
        **_check_view(check),
        "project_id": found.id,
        "hmac": bool(check.shared_secret),
        "protected_branches": branches,
    }


def _licensed_project(call: Call, least: int) -> Project:
    call.project()
    # Not 403 and not 404: without the licence it looks like a bad token.
    _needs(call, "ultimate", 401, "401 Unauthorized")
    return call.project(least)


def _check(found: Project, number: Any) -> StatusCheck:
    for check in found.status_checks:
        if str(check.id) == str(number):
            return check
    raise ApiError(404, "404 Not found")


@route("GET", _P + "/external_status_checks")
def status_check_services(call: Call) -> Answer:
    found = _licensed_project(call, MAINTAINER)
    return 200, call.paginate([_check_service(call, found, c) for c in found.status_checks])


def _unique(found: Project, name: str, url: str, without: StatusCheck | None = None) -> None:
    for check in found.status_checks:
        if check is not without and name == check.name:
            raise ApiError(400, {"message": {"name": ["has already been taken"]}})
        if check is not without and url == check.external_url:
            raise ApiError(400, {"message": {"external_url": ["has already been taken"]}})


@route("POST", _P + "/external_status_checks")
def create_status_check(call: Call) -> Answer:
    found = _licensed_project(call, MAINTAINER)
    name, url = str(call.required("name")), str(call.required("external_url"))
    _unique(found, name, url)
    ids = [int(n) for n in call.params.get("protected_branch_ids") or []]
    check = StatusCheck(call.world.next_id(), name, url, call.params.get("shared_secret"), ids)
    found.status_checks.append(check)
    return 201, _check_service(call, found, check)


@route("PUT", _P + "/external_status_checks/:check")
def edit_status_check(call: Call) -> Answer:
    found = _licensed_project(call, MAINTAINER)
    check = _check(found, call.arguments["check"])
    name, url = str(call.params.get("name") or check.name), str(call.params.get("external_url") or check.external_url)
    _unique(found, name, url, check)
    check.name, check.external_url = name, url
    check.shared_secret = call.params.get("shared_secret") or check.shared_secret
    return 200, _check_service(call, found, check)


@route("DELETE", _P + "/external_status_checks/:check")
def delete_status_check(call: Call) -> Answer:
    found = _licensed_project(call, MAINTAINER)
    found.status_checks.remove(_check(found, call.arguments["check"]))
    return 204, None


@route("GET", _MR + "/status_checks")
def merge_request_status_checks(call: Call) -> Answer:
    _licensed_project(call, GUEST)
    found = call.merge_request()
    level = call.world.access_level(found.project, call.user)
    rows = []
    for check in call.world.licensed.checks(found):
        address = check.external_url if level >= MAINTAINER else check.external_url.partition("?")[0]
        state = call.world.licensed.state(check, found)
        shown = {"external_url": address if level >= DEVELOPER else "", "status": state}
        rows.append({**_check_view(check), **shown})
    return 200, call.paginate(rows)


@route("POST", _MR + "/status_check_responses")
def respond_to_status_check(call: Call) -> Answer:
    _licensed_project(call, GUEST)
    found = call.merge_request()
    if call.params.get("status") not in ("passed", "failed", "pending"):
        raise ApiError(400, {"error": "status is missing, status does not have a valid value"})
    sha, number = str(call.required("sha")), call.required("external_status_check_id")
    if not call.world.licensed.may_approve(found, call.user):
        raise ApiError(403, "403 Forbidden")
    check = _check(found.project, number)
    call.world.licensed.respond(found, check, sha, call.params["status"], call.user)
    return 201, {
        "id": call.world.next_id(),
        "merge_request": views.merge_request(call.world, found, call.user, full=False),
        "external_status_check": _check_view(check),
    }


@route("POST", _MR + "/status_checks/:check/retry")
def retry_status_check(call: Call) -> Answer:
    _licensed_project(call, DEVELOPER)
    found = call.merge_request()
    check = _check(found.project, call.arguments["check"])
    if call.world.licensed.state(check, found) != "failed":
        raise ApiError(422, "External status check must be failed")
    call.world.licensed.respond(found, check, found.head_sha, "pending", None)
    body = payloads.merge_request(call.world, found, call.user, "update")
    call.world.licensed.tell(found, body, check)
    return 202, {"message": "202 Accepted"}


# -- wikis: doc/api/wikis.md ------------------------------------------------------------------------------------------


def _wiki(call: Call) -> Project:
    found = call.project()
    if not found.wiki_enabled:
        raise ApiError(404, "404 Not found")
    if call.world.access_level(found, call.user) < DEVELOPER:
        raise ApiError(403, "403 Forbidden")
    return found


def _page(slug: str, content: str) -> dict[str, object]:
    return {
        "content": content,
        "format": "markdown",
        "slug": slug,
        "title": slug.rpartition("/")[2],
        "encoding": "UTF-8",
    }


@route("POST", _P + "/wikis")
def create_wiki_page(call: Call) -> Answer:
    found = _wiki(call)
    slug = str(call.required("title")).replace(" ", "-")
    if slug in found.wiki:
        raise ApiError(400, "400 Bad request - Duplicate page: A page with that title already exists")
    found.wiki[slug] = str(call.required("content"))
    return 201, _page(slug, found.wiki[slug])


@route("PUT", _P + "/wikis/:slug")
def edit_wiki_page(call: Call) -> Answer:
    found = _wiki(call)
    slug = call.arguments["slug"]
    if slug not in found.wiki:
        raise ApiError(404, "404 Wiki Page Not Found")
    found.wiki[slug] = str(call.params.get("content") or found.wiki[slug])
    return 200, _page(slug, found.wiki[slug])


# -- issues: doc/api/issues.md ----------------------------------------------------------------------------------------


@route("POST", _P + "/issues")
def create_issue(call: Call) -> Answer:
    found = call.project()
    title = str(call.required("title"))
    if len(title) > 255:
        raise ApiError(400, {"message": {"title": ["is too long (maximum is 255 characters)"]}})
    labels = call.params.get("labels") or ""
    made = call.world.create_issue(
        found,
        call.user,
        title,
        str(call.params.get("description") or ""),
        labels=[x.strip() for x in (labels if isinstance(labels, list) else str(labels).split(",")) if x.strip()],
        confidential=bool(call.flag("confidential")),
        issue_type=str(call.params.get("issue_type") or "issue"),
    )
    return 201, views.issue(call.world, made, found)


def _visible(call: Call, found: Project) -> list[Issue]:
    level = call.world.access_level(found, call.user)
    return [i for i in found.issues if not i.confidential or level >= REPORTER or i.author is call.user]


@route("GET", _P + "/issues")
def issues(call: Call) -> Answer:
    found = call.project()
    wanted = {x for x in call.query.get("labels", "").split(",") if x}
    state = call.query.get("state", "all")
    author = call.query.get("author_id")
    rows = [
        i
        for i in reversed(_visible(call, found))
        if state in ("all", i.state)
        and wanted <= set(i.labels)
        and (author is None or str(i.author.id) == author)
        and call.query.get("search", "").casefold() in f"{i.title}\n{i.description}".casefold()
    ]
    return 200, [views.issue(call.world, i, found) for i in call.paginate(rows)]


def _issue(call: Call, found: Project) -> Issue:
    for one in _visible(call, found):
        if str(one.iid) == call.arguments["issue"]:
            return one
    raise ApiError(404, "404 Issue Not Found")


@route("GET", _P + "/issues/:issue")
def one_issue(call: Call) -> Answer:
    found = call.project()
    return 200, views.issue(call.world, _issue(call, found), found)


@route("PUT", _P + "/issues/:issue")
def edit_issue(call: Call) -> Answer:
    found = call.project()
    one = _issue(call, found)
    if one.author is not call.user and call.world.access_level(found, call.user) < REPORTER:
        raise ApiError(403, "403 Forbidden")
    event = call.params.get("state_event")
    one.state = {"close": "closed", "reopen": "opened"}.get(str(event), one.state)
    one.title = str(call.params.get("title") or one.title)
    one.description = str(call.params.get("description") or one.description)
    for name in str(call.params.get("add_labels") or "").split(","):
        if name.strip() and name.strip() not in one.labels:
            one.labels.append(name.strip())
    gone = {n.strip() for n in str(call.params.get("remove_labels") or "").split(",")}
    one.labels = [n for n in one.labels if n not in gone]
    return 200, views.issue(call.world, one, found)


# -- forks ------------------------------------------------------------------------------------------------------------


@route("POST", _P + "/fork")
def fork(call: Call) -> Answer:
    found = call.project(REPORTER)
    path = f"{call.params.get('namespace_path') or call.user.username}/{call.params.get('path') or found.name}"
    if call.world.find_project(path)[0] is not None:
        raise ApiError(409, {"message": ["Path has already been taken"]})
    made = call.world.create_project(path, found.visibility, found.default_branch, found)
    made.members[call.user.id] = OWNER
    return 201, views.project(call.world, made, level=OWNER)
