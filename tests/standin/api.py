"""The REST routes: each reads a call, asks the world, and shows the answer."""

from __future__ import annotations

import io
import re
import zipfile
from datetime import datetime
from typing import Any

from tests.standin import access, diffs, payloads, views
from tests.standin.errors import ApiError
from tests.standin.model import (
    CHOICES,
    DEVELOPER,
    LICENSED,
    MAINTAINER,
    REPORTER,
    SETTINGS,
    Hook,
    Json,
    MergeRequest,
    Note,
    Pipeline,
    Project,
    now,
)
from tests.standin.web import Call, route

Answer = tuple[int, Any]
_MR = "projects/:id/merge_requests/:iid"


# -- the instance and the token ---------------------------------------------------------------------------------------


@route("GET", "user", scope="read_user")
def user(call: Call) -> Answer:
    return 200, views.current_user(call.world, call.user)


@route("GET", "version")
def version(call: Call) -> Answer:
    return 200, {"version": call.world.version, "revision": "0000000"}


@route("GET", "metadata")
def metadata(call: Call) -> Answer:
    return 200, {
        "version": call.world.version,
        "revision": "0000000",
        "enterprise": call.world.tier != "free",
        "kas": {"enabled": False},
    }


@route("GET", "personal_access_tokens/self", scope="any")
def token_self(call: Call) -> Answer:
    assert call.token is not None
    return 200, {
        "id": call.token.id,
        "name": "stand-in",
        "revoked": call.token.revoked,
        "created_at": views.time(now()),
        "scopes": list(call.token.scopes),
        "user_id": call.user.id,
        "last_used_at": views.time(now()),
        "active": True,
        "expires_at": call.token.expires_at,
    }


# -- projects ---------------------------------------------------------------------------------------------------------


@route("GET", "projects")
def projects(call: Call) -> Answer:
    rows = [
        p
        for p in call.world.projects.values()
        if call.user.id in access.levels(call.world, p)
        or (not call.flag("membership") and (p.visibility == "public" or call.user.admin))
    ]
    least = call.query.get("min_access_level")
    if least:
        rows = [p for p in rows if call.world.access_level(p, call.user) >= int(least)]
    if call.query.get("archived"):
        rows = [p for p in rows if p.archived == call.flag("archived")]
    if call.query.get("pagination") == "keyset":
        page = call.keyset(rows, lambda p: int(p.id))
    else:
        page = call.paginate(sorted(rows, key=lambda p: p.id, reverse=call.query.get("sort", "desc") == "desc"))
    return 200, [views.project(call.world, p, level=call.world.access_level(p, call.user)) for p in page]


@route("GET", "projects/:id")
def project(call: Call) -> Answer:
    found = call.project()
    return 200, views.project(call.world, found, level=call.world.access_level(found, call.user))


@route("PUT", "projects/:id")
def update_project(call: Call) -> Answer:
    found = call.project(MAINTAINER)
    for name in SETTINGS:
        given = call.params.get(name)
        # What the licence does not cover is taken without a word, and does nothing.
        if given is None or not call.world.licensed.has(LICENSED.get(name, "free")):
            continue
        if name in CHOICES and given not in CHOICES[name]:
            raise ApiError(400, {"error": f"{name} does not have a valid value"})
        found.settings[name] = given if name in CHOICES else call.flag(name)
    return 200, views.project(call.world, found, level=call.world.access_level(found, call.user))


@route("GET", "projects/:id/repository/commits/:sha/merge_requests")
def commit_merge_requests(call: Call) -> Answer:
    found = call.project(REPORTER)
    rows = [m for m in found.merge_requests.values() if m.head_sha == call.arguments["sha"]]
    return 200, [views.merge_request(call.world, m, call.user, full=False) for m in rows]


@route("GET", "projects/:id/repository/files/:path/raw")
def raw_file(call: Call) -> Answer:
    found = call.project(REPORTER)
    content = found.repository.blob(call.query.get("ref", "HEAD"), call.arguments["path"])
    if content is None:
        raise ApiError(404, "404 File Not Found")
    return 200, content


# -- merge requests ---------------------------------------------------------------------------------------------------


def _select(call: Call, rows: list[MergeRequest]) -> list[MergeRequest]:
    state = call.query.get("state", "all")
    chosen = [m for m in rows if state in ("all", m.state)]
    for name in ("target_branch", "source_branch"):
        if wanted := call.query.get(name):
            chosen = [m for m in chosen if getattr(m, name) == wanted]
    if since := call.query.get("updated_after"):
        chosen = [m for m in chosen if m.updated_at > datetime.fromisoformat(since)]
    if call.query.get("scope") in ("created_by_me", "created-by-me"):
        chosen = [m for m in chosen if m.author is call.user]
    by_update = call.query.get("order_by") == "updated_at"
    ascending = call.query.get("sort", "desc") == "asc"
    return sorted(chosen, key=lambda m: m.updated_at if by_update else m.created_at, reverse=not ascending)


@route("GET", "merge_requests")
def all_merge_requests(call: Call) -> Answer:
    call.query.setdefault("scope", "created_by_me")
    rows = [
        m
        for p in call.world.projects.values()
        if call.user.id in access.levels(call.world, p) or p.visibility == "public" or call.user.admin
        for m in p.merge_requests.values()
    ]
    page = call.paginate(_select(call, rows))
    return 200, [views.merge_request(call.world, m, call.user, full=False) for m in page]


@route("GET", "projects/:id/merge_requests")
def merge_requests(call: Call) -> Answer:
    page = call.paginate(_select(call, list(call.project().merge_requests.values())))
    return 200, [views.merge_request(call.world, m, call.user, full=False) for m in page]


@route("GET", _MR)
def merge_request(call: Call) -> Answer:
    rebase = bool(call.flag("include_rebase_in_progress"))
    return 200, views.merge_request(call.world, call.merge_request(), call.user, full=True, rebase=rebase)


@route("PUT", _MR)
def update_merge_request(call: Call) -> Answer:
    found = call.merge_request()
    if call.user is not found.author and call.world.access_level(found.project, call.user) < DEVELOPER:
        raise ApiError(403, "403 Forbidden")
    wanted: Json = {k: call.params.get(k) for k in ("title", "description", "target_branch")}
    if wanted["title"] is not None:
        draft = re.match(r"(?i)\s*(?:draft:|\[draft\]|\(draft\))\s*", str(wanted["title"]))
        wanted["title"] = str(wanted["title"])[draft.end() if draft else 0 :]
        wanted["draft"] = draft is not None
    labels = list(found.labels) if call.params.get("labels") is None else []
    labels += [n for n in _names(call.params.get("labels")) + _names(call.params.get("add_labels")) if n not in labels]
    gone = _names(call.params.get("remove_labels"))
    wanted["labels"] = [n for n in labels if n not in gone]
    wanted["squash"], wanted["remove_source_branch"] = call.flag("squash"), call.flag("remove_source_branch")
    call.world.edit_request(found, call.user, **wanted)
    event = call.params.get("state_event")
    if event in ("close", "reopen") and found.state in ("opened", "closed"):
        call.world.set_state(found, call.user, "closed" if event == "close" else "opened")
    return 200, views.merge_request(call.world, found, call.user, full=True)


def _names(given: Any) -> list[str]:
    """Labels come as a list, or as one text with commas."""
    parts = given if isinstance(given, list) else str(given or "").split(",")
    return list(dict.fromkeys(str(p).strip() for p in parts if str(p).strip()))


@route("GET", _MR + "/versions")
def versions(call: Call) -> Answer:
    found = call.merge_request(REPORTER)
    rows = list(reversed(found.versions)) if found.prepared_at else []
    return 200, call.paginate([views.version(v, found) for v in rows])


@route("GET", _MR + "/diffs")
def merge_request_diffs(call: Call) -> Answer:
    found = call.merge_request(REPORTER)
    repository, newest = found.project.repository, found.version
    page = call.paginate(diffs.diff_files(repository, newest.base_sha, newest.head_sha))
    shown = []
    for one in page:
        text = diffs.patch(repository, newest.base_sha, newest.head_sha, one)
        large = len(text) > 200_000
        head = f"--- a/{one.old_path}\n+++ b/{one.new_path}\n" if call.flag("unidiff") else ""
        shown.append(
            {
                "old_path": one.old_path,
                "new_path": one.new_path,
                "a_mode": one.old_mode,
                "b_mode": one.new_mode,
                "diff": "" if large else head + text.decode("utf-8", "replace"),
                "collapsed": large,
                "too_large": large,
                "new_file": one.status == "A",
                "renamed_file": one.status == "R",
                "deleted_file": one.status == "D",
                "generated_file": False,
            }
        )
    return 200, shown


@route("GET", _MR + "/pipelines")
def merge_request_pipelines(call: Call) -> Answer:
    found = call.merge_request(REPORTER)
    shas = {v.head_sha for v in found.versions}
    rows = [p for p in found.project.pipelines if p.sha in shas or p.merge_request_iid == found.iid]
    return 200, call.paginate([views.pipeline(call.world, p) for p in reversed(rows)])


# -- discussions and notes --------------------------------------------------------------------------------------------


@route("GET", _MR + "/discussions")
def discussions(call: Call) -> Answer:
    found = call.merge_request()
    return 200, [views.discussion(call.world, d, found) for d in call.paginate(found.discussions)]


@route("POST", _MR + "/discussions")
def create_discussion(call: Call) -> Answer:
    found = call.merge_request()
    position = call.params.get("position")
    made, _ = call.world.create_note(found, call.user, str(call.required("body")), position=position)
    return 201, views.discussion(call.world, made, found)


@route("GET", _MR + "/discussions/:discussion")
def discussion(call: Call) -> Answer:
    request, found = call.discussion()
    return 200, views.discussion(call.world, found, request)


@route("PUT", _MR + "/discussions/:discussion")
def resolve_discussion(call: Call) -> Answer:
    request, found = call.discussion()
    resolved = call.flag("resolved")
    if resolved is None:
        raise ApiError(400, {"error": "resolved is missing"})
    call.world.resolve(request, found.notes, call.user, resolved)
    return 200, views.discussion(call.world, found, request)


@route("POST", _MR + "/discussions/:discussion/notes")
def reply(call: Call) -> Answer:
    request, found = call.discussion()
    _, made = call.world.create_note(request, call.user, str(call.required("body")), discussion=found)
    return 201, views.note(call.world, made, request, iid=request.iid)


@route("GET", _MR + "/discussions/:discussion/notes/:note")
def discussion_note(call: Call) -> Answer:
    request, _, found = call.note()
    return 200, views.note(call.world, found, request, iid=request.iid)


@route("PUT", _MR + "/discussions/:discussion/notes/:note")
def edit_discussion_note(call: Call) -> Answer:
    request, where, found = call.note()
    given = [k for k in ("body", "resolved") if call.params.get(k) is not None]
    if len(given) != 1:
        wrong = "exactly one parameter must be provided" if not given else "are mutually exclusive"
        raise ApiError(400, {"error": f"body, resolved {wrong}"})
    if given == ["resolved"]:
        call.world.resolve(request, [found], call.user, bool(call.flag("resolved")))
    else:
        call.world.edit_note(request, where, found, call.user, str(call.params["body"]))
    return 200, views.note(call.world, found, request, iid=request.iid)


def _delete(call: Call) -> Answer:
    request, where, found = call.note()
    if found.author is not call.user and call.world.access_level(request.project, call.user) < MAINTAINER:
        raise ApiError(403, "403 Forbidden")
    call.world.delete_note(request, where, found)
    return 204, None


route("DELETE", _MR + "/discussions/:discussion/notes/:note")(_delete)
route("DELETE", _MR + "/notes/:note")(_delete)


@route("GET", _MR + "/notes")
def notes(call: Call) -> Answer:
    found = call.merge_request()
    rows: list[Note] = sorted(found.notes, key=lambda n: n.id, reverse=call.query.get("sort", "desc") == "desc")
    return 200, [views.note(call.world, n, found, iid=found.iid) for n in call.paginate(rows)]


@route("POST", _MR + "/notes")
def create_note(call: Call) -> Answer:
    found = call.merge_request()
    _, made = call.world.create_note(
        found, call.user, str(call.required("body")), individual=True, internal=bool(call.flag("internal"))
    )
    return 201, views.note(call.world, made, found, iid=found.iid)


@route("GET", _MR + "/notes/:note")
def note(call: Call) -> Answer:
    request, _, found = call.note()
    return 200, views.note(call.world, found, request, iid=request.iid)


@route("PUT", _MR + "/notes/:note")
def edit_note(call: Call) -> Answer:
    request, where, found = call.note()
    call.world.edit_note(request, where, found, call.user, str(call.required("body")))
    return 200, views.note(call.world, found, request, iid=request.iid)


@route("PUT", "suggestions/:suggestion/apply", locked=False)
def apply_suggestion(call: Call) -> Answer:
    one = call.world.apply_suggestion(
        int(call.arguments["suggestion"]), call.user, call.params.get("commit_message") or None
    )
    return 200, {
        "id": one.id,
        "from_line": one.from_line,
        "to_line": one.to_line,
        "appliable": False,
        "applied": True,
        "from_content": one.from_content,
        "to_content": one.to_content,
    }


def _emoji_of(call: Call) -> list[tuple[int, str, Any]]:
    return call.note()[2].emoji if "note" in call.arguments else call.merge_request().emoji


def _award(call: Call) -> Answer:
    rows = _emoji_of(call)
    name = str(call.required("name"))
    if any(e[1] == name and e[2] is call.user for e in rows):
        raise ApiError(404, "404 Award Emoji Name has already been taken Not Found")
    rows.append((call.world.next_id(), name, call.user))
    return 201, {"id": rows[-1][0], "name": name, "user": views.user(call.world, call.user)}


def _awards(call: Call) -> Answer:
    return 200, call.paginate([{"id": i, "name": n, "user": views.user(call.world, u)} for i, n, u in _emoji_of(call)])


def _unaward(call: Call) -> Answer:
    rows = _emoji_of(call)
    if any(str(e[0]) == call.arguments["emoji"] and e[2] is not call.user and not call.user.admin for e in rows):
        raise ApiError(401, "401 Unauthorized")
    rows[:] = [e for e in rows if str(e[0]) != call.arguments["emoji"]]
    return 204, None


for _where in (_MR, _MR + "/notes/:note"):
    route("POST", _where + "/award_emoji")(_award)
    route("GET", _where + "/award_emoji")(_awards)
    route("DELETE", _where + "/award_emoji/:emoji")(_unaward)


# -- commit statuses and pipelines ------------------------------------------------------------------------------------


@route("POST", "projects/:id/statuses/:sha")
def post_status(call: Call) -> Answer:
    found = call.project()
    status, pipeline = call.world.post_status(found, call.user, call.arguments["sha"], call.params)
    return 201, views.status(call.world, status, pipeline)


@route("GET", "projects/:id/repository/commits/:sha/statuses")
def statuses(call: Call) -> Answer:
    found = call.project(REPORTER)
    rows = [
        views.status(call.world, s, p)
        for p in found.pipelines
        if p.sha == call.arguments["sha"] and call.query.get("pipeline_id", str(p.id)) == str(p.id)
        for s in p.statuses
        if call.query.get("name", s.name) == s.name
        and call.query.get("ref", s.ref) == s.ref
        and (call.flag("all") or not s.retried)
    ]
    if call.query.get("sort") == "desc":
        rows.sort(key=lambda row: int(row["id"]), reverse=True)
    return 200, call.paginate(rows, totals=False)


def _with_ci(call: Call) -> Project:
    found = call.project(REPORTER)
    if not found.ci_enabled:
        raise ApiError(403, "403 Forbidden")
    return found


@route("GET", "projects/:id/pipelines")
def pipelines(call: Call) -> Answer:
    found = _with_ci(call)
    rows = [
        p
        for p in reversed(found.pipelines)
        if call.query.get("sha", p.sha) == p.sha
        and call.query.get("ref", p.ref) == p.ref
        and call.query.get("status", p.status) == p.status
        # Children are shown to those only who ask for them.
        and (p.source == "parent_pipeline") == (call.query.get("source") == "parent_pipeline")
    ]
    if since := call.query.get("updated_after"):
        rows = [p for p in rows if p.updated_at > datetime.fromisoformat(since)]
    if call.query.get("order_by") == "updated_at":
        rows.sort(key=lambda p: (p.updated_at, p.id), reverse=call.query.get("sort", "desc") == "desc")
    return 200, [views.pipeline(call.world, p) for p in call.paginate(rows)]


@route("GET", "projects/:id/pipelines/:pipeline")
def pipeline(call: Call) -> Answer:
    return 200, views.pipeline_details(call.world, _pipeline(call))


def _pipeline(call: Call) -> Pipeline:
    for one in _with_ci(call).pipelines:
        if str(one.id) == call.arguments["pipeline"]:
            return one
    raise ApiError(404, "404 Not found")


@route("GET", "projects/:id/pipelines/:pipeline/jobs")
def pipeline_jobs(call: Call) -> Answer:
    found = _pipeline(call)
    rows = [s for s in found.statuses if not s.external and (call.flag("include_retried") or not s.retried)]
    return 200, [views.job(call.world, s, found) for s in call.paginate(rows)]


@route("GET", "projects/:id/pipelines/:pipeline/bridges")
def pipeline_bridges(call: Call) -> Answer:
    found = _pipeline(call)
    rows = [p for owner in call.world.projects.values() for p in owner.pipelines if p.parent_id == found.id]
    return 200, [views.bridge(call.world, found, p) for p in call.paginate(rows)]


def _archive_of(call: Call) -> bytes:
    for pipeline in call.project(REPORTER).pipelines:
        for job in pipeline.statuses:
            if str(job.id) != call.arguments["job"] or job.external:
                continue
            if job.artifacts_access == "none":
                raise ApiError(403, "403 Forbidden")
            kept = [a for a in job.artifacts if a.archived_as is not None]
            if job.archive is None and not kept:
                raise ApiError(404, "404 Not Found")
            if job.archive is not None:
                return job.archive
            made = io.BytesIO()
            with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
                for artifact in kept:
                    archive.writestr(str(artifact.archived_as), artifact.content)
            return made.getvalue()
    raise ApiError(404, "404 Not Found")


def _handed_out(call: Call, content: bytes) -> Answer:
    if not call.world.artifacts_elsewhere:
        return 200, content
    key = f"{len(call.world.storage) + 1}"
    call.world.storage[key] = content
    # Another host to HTTP clients, and the same machine.
    call.headers_out["location"] = call.world.url.replace("127.0.0.1", "localhost") + f"/storage/{key}"
    return 302, {}


@route("GET", "projects/:id/jobs/:job/artifacts")
def artifacts(call: Call) -> Answer:
    return _handed_out(call, _archive_of(call))


@route("GET", "projects/:id/jobs/:job/artifacts/*path")
def artifact_file(call: Call) -> Answer:
    try:
        with zipfile.ZipFile(io.BytesIO(_archive_of(call))) as archive:
            return _handed_out(call, archive.read(call.arguments["path"]))
    except (KeyError, zipfile.BadZipFile, NotImplementedError, RuntimeError):
        raise ApiError(404, "404 Not Found") from None


# -- hooks ------------------------------------------------------------------------------------------------------------


def _fill_hook(call: Call, hook: Hook) -> Hook:
    for name in ("url", "name", "description", "token"):
        if call.params.get(name) is not None:
            setattr(hook, name, call.params[name])
    if call.world.supports_signing and call.params.get("signing_token"):
        hook.signing_token = call.params["signing_token"]
    if not str(hook.url).startswith(("http://", "https://")):
        raise ApiError(422, {"error": "Invalid url given"})
    if not call.world.local_hooks_allowed:
        raise ApiError(422, {"error": "Url is blocked: Requests to the local network are not allowed"})
    for name in views.HOOK_EVENTS:
        value = call.flag(name)
        if value is not None:
            hook.events[name] = value
    if call.flag("enable_ssl_verification") is not None:
        hook.enable_ssl_verification = bool(call.flag("enable_ssl_verification"))
    if isinstance(call.params.get("custom_headers"), list):
        hook.custom_headers = call.params["custom_headers"]
    return hook


def _hook(call: Call, rows: list[Hook]) -> Hook:
    for one in rows:
        if str(one.id) == call.arguments["hook"]:
            return one
    raise ApiError(404, "404 Not found")


@route("GET", "projects/:id/hooks")
def hooks(call: Call) -> Answer:
    return 200, call.paginate([views.hook(h) for h in call.project(MAINTAINER).hooks])


@route("POST", "projects/:id/hooks")
def create_hook(call: Call) -> Answer:
    found = call.project(MAINTAINER)
    # Push events are on unless they are switched off.
    hook = Hook(call.world.next_id(), str(call.required("url")), found.id, events={"push_events": True})
    found.hooks.append(_fill_hook(call, hook))
    return 201, views.hook(hook)


@route("GET", "projects/:id/hooks/:hook")
def one_hook(call: Call) -> Answer:
    return 200, views.hook(_hook(call, call.project(MAINTAINER).hooks))


@route("PUT", "projects/:id/hooks/:hook")
def edit_hook(call: Call) -> Answer:
    return 200, views.hook(_fill_hook(call, _hook(call, call.project(MAINTAINER).hooks)))


@route("DELETE", "projects/:id/hooks/:hook")
def delete_hook(call: Call) -> Answer:
    rows = call.project(MAINTAINER).hooks
    rows.remove(_hook(call, rows))
    return 204, None


@route("GET", "projects/:id/hooks/:hook/events")
def hook_events(call: Call) -> Answer:
    hook = _hook(call, call.project(MAINTAINER).hooks)
    rows = [
        {
            "id": d.id,
            "url": hook.url,
            "trigger": d.trigger,
            "request_headers": {k: v for k, v in d.headers.items() if k != "X-Gitlab-Token"},
            "response_status": str(d.status) if d.status else "internal error",
            "execution_duration": d.seconds,
        }
        for d in reversed(call.world.deliveries)
        if d.hook is hook and d.done
    ]
    return 200, call.paginate(rows)


@route("POST", "projects/:id/hooks/:hook/events/:event/resend")
def resend(call: Call) -> Answer:
    hook = _hook(call, call.project(MAINTAINER).hooks)
    for one in call.world.deliveries:
        if one.hook is hook and str(one.id) == call.arguments["event"]:
            call.world.deliverer.resend(one)
            return 201, {"response_status": 200}
    raise ApiError(404, "404 Not found")


@route("POST", "projects/:id/hooks/:hook/test/:trigger")
def test_hook(call: Call) -> Answer:
    found = call.project(MAINTAINER)
    hook = _hook(call, found.hooks)
    trigger = call.arguments["trigger"]
    payload: Json
    if trigger == "merge_requests_events":
        if not found.merge_requests:
            raise ApiError(422, "Ensure the project has merge requests.")
        newest = found.merge_requests[max(found.merge_requests)]
        payload = payloads.merge_request(call.world, newest, call.user, "open")
    elif trigger == "push_events":
        head = found.repository.head(found.default_branch)
        if head is None:
            raise ApiError(422, "Ensure the project has at least one commit.")
        payload = payloads.push(call.world, found, call.user, f"refs/heads/{found.default_branch}", "0" * 40, head)
    else:
        raise ApiError(422, f"Ensure the project has {trigger}.")
    delivery = call.world.deliverer.send(hook, trigger, payload)
    if delivery is None or not call.world.wait(lambda: delivery.done, 12):
        raise ApiError(422, "execution expired")
    if delivery.status is None or not 200 <= delivery.status < 300:
        raise ApiError(422, delivery.error or delivery.response)
    return 201, {"message": "201 Created"}


@route("GET", "hooks")
def system_hooks(call: Call) -> Answer:
    if not call.user.admin:
        raise ApiError(403, "403 Forbidden")
    return 200, call.paginate([views.hook(h) for h in call.world.system_hooks])


@route("POST", "hooks")
def create_system_hook(call: Call) -> Answer:
    if not call.user.admin:
        raise ApiError(403, "403 Forbidden")
    hook = Hook(call.world.next_id(), str(call.required("url")), None, events={})
    call.world.system_hooks.append(_fill_hook(call, hook))
    return 201, views.hook(hook)
