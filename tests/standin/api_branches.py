"""REST routes for branches, their protection, and commits that are made through the API."""

from __future__ import annotations

import base64
import re
from typing import Any

from tests.standin import access, commits, serverhooks, views
from tests.standin.errors import ApiError
from tests.standin.model import ADMIN, DEVELOPER, MAINTAINER, NO_ONE, REPORTER, Json, Project, Protection
from tests.standin.repository import ZERO, Identity
from tests.standin.web import Call, route

Answer = tuple[int, Any]
_P = "projects/:id"
_LEVELS = (NO_ONE, DEVELOPER, MAINTAINER, ADMIN)


# -- protected branches: doc/api/protected_branches.md ----------------------------------------------------------------


@route("GET", _P + "/protected_branches")
def protected_branches(call: Call) -> Answer:
    rows = sorted(call.project(DEVELOPER).protected.items())
    wanted = call.query.get("search", "")
    shown = [views.protected_branch(call.world, name, p) for name, p in rows if wanted in name]
    return 200, call.paginate(shown)


def _protection(call: Call, found: Project) -> Protection:
    if call.arguments["name"] not in found.protected:
        raise ApiError(404, "404 Not found")
    return found.protected[call.arguments["name"]]


@route("GET", _P + "/protected_branches/:name")
def one_protected_branch(call: Call) -> Answer:
    found = call.project(DEVELOPER)
    return 200, views.protected_branch(call.world, call.arguments["name"], _protection(call, found))


def _level(call: Call, name: str) -> int:
    given = call.params.get(name)
    if given is None or given == "":
        return MAINTAINER
    if not str(given).isdigit() or int(given) not in _LEVELS:
        raise ApiError(400, {"error": f"{name} does not have a valid value"})
    return int(given)


def _licensed_levels(call: Call, rule: Protection) -> None:
    """``allowed_to_push`` and ``allowed_to_merge``: levels and single users, with Premium; else they are not read."""
    if not call.world.licensed.has("premium"):
        return
    for name in ("push", "merge"):
        given = call.params.get(f"allowed_to_{name}")
        for entry in given if isinstance(given, list) else []:
            users: list[int] = getattr(rule, f"{name}_users")
            if entry.get("user_id") is not None:
                number = int(entry["user_id"])
                if entry.get("_destroy"):
                    users[:] = [u for u in users if u != number]
                elif number not in users:
                    users.append(number)
            elif entry.get("access_level") is not None:
                setattr(rule, name, int(entry["access_level"]))


@route("POST", _P + "/protected_branches")
def protect(call: Call) -> Answer:
    found = call.project(MAINTAINER)
    name = str(call.required("name"))
    if name in found.protected:
        raise ApiError(409, f"Protected branch '{name}' already exists")
    rule = Protection(_level(call, "push_access_level"), _level(call, "merge_access_level"))
    rule.allow_force_push = bool(call.flag("allow_force_push"))
    rule.id = call.world.next_id()
    _licensed_levels(call, rule)
    found.protected[name] = rule
    return 201, views.protected_branch(call.world, name, rule)


@route("PATCH", _P + "/protected_branches/:name")
def edit_protection(call: Call) -> Answer:
    """On Free only forced pushes can be switched: another level needs a new protection."""
    found = call.project(MAINTAINER)
    rule = _protection(call, found)
    force = call.flag("allow_force_push")
    if force is not None:
        rule.allow_force_push = force
    _licensed_levels(call, rule)
    return 200, views.protected_branch(call.world, call.arguments["name"], rule)


@route("DELETE", _P + "/protected_branches/:name")
def unprotect(call: Call) -> Answer:
    found = call.project(MAINTAINER)
    _protection(call, found)
    del found.protected[call.arguments["name"]]
    return 204, None


# -- branches: doc/api/branches.md ------------------------------------------------------------------------------------


@route("GET", _P + "/repository/branches")
def branches(call: Call) -> Answer:
    found = call.project(REPORTER)
    # ``^x`` is a beginning and ``x$`` an end.
    wanted = call.query.get("search", "")
    expression = re.escape(wanted.removeprefix("^").removesuffix("$"))
    pattern = re.compile(("^" if wanted[:1] == "^" else "") + expression + ("$" if wanted[-1:] == "$" else ""))
    rows = sorted((n, s) for n, s in found.repository.branches().items() if pattern.search(n))
    return 200, [views.branch(call.world, found, call.user, n, s) for n, s in call.paginate(rows)]


@route("GET", _P + "/repository/branches/:branch")
def one_branch(call: Call) -> Answer:
    found = call.project(REPORTER)
    head = found.repository.head(call.arguments["branch"])
    if head is None:
        raise ApiError(404, "404 Branch Not Found")
    return 200, views.branch(call.world, found, call.user, call.arguments["branch"], head)


@route("POST", _P + "/repository/branches", locked=False)
def create_branch(call: Call) -> Answer:
    found = call.project(DEVELOPER)
    name, ref = str(call.required("branch")), str(call.required("ref"))
    call.may_push(found, name)
    start = found.repository.head(ref) or found.repository.resolve(ref)
    if start is None:
        raise ApiError(400, f"Invalid reference name: {ref}")
    if found.repository.head(name) is not None:
        raise ApiError(400, "Branch already exists")
    serverhooks.update_branch(call.world, found, call.user, name, lambda _: start, old=ZERO)
    return 201, views.branch(call.world, found, call.user, name, start)


@route("DELETE", _P + "/repository/branches/:branch", locked=False)
def delete_branch(call: Call) -> Answer:
    found = call.project(DEVELOPER)
    name = call.arguments["branch"]
    head = found.repository.head(name)
    if head is None:
        raise ApiError(404, "404 Branch Not Found")
    refused = access.refusal(call.world, found, call.user, (head, ZERO, f"refs/heads/{name}"), web=True)
    if refused:
        raise ApiError(403, refused)
    serverhooks.update_branch(call.world, found, call.user, name, lambda _: None, old=head)
    return 204, None


# -- commits: doc/api/commits.md --------------------------------------------------------------------------------------


def _sha(call: Call, found: Project) -> str:
    sha = found.repository.resolve(call.arguments["sha"])
    if sha is None:
        raise ApiError(404, "404 Commit Not Found")
    return sha


@route("GET", _P + "/repository/commits")
def list_commits(call: Call) -> Answer:
    found = call.project(REPORTER)
    ref = call.query.get("ref_name") or found.default_branch
    limits = [f"--{k}={call.query[k]}" for k in ("since", "until") if call.query.get(k)]
    first = ["--first-parent"] if call.flag("first_parent") else []
    listed = found.repository.git("rev-list", *limits, *first, ref, "--", check=False).decode().split()
    page = call.paginate(listed, totals=False)
    return 200, [views.commit(call.world, found, s) for s in page]


@route("GET", _P + "/repository/commits/:sha")
def one_commit(call: Call) -> Answer:
    found = call.project(REPORTER)
    sha = _sha(call, found)
    listing = found.repository.text("show", "--numstat", "--format=", "--first-parent", sha).splitlines()
    numbers = [[int(n) if n.isdigit() else 0 for n in line.split("\t")[:2]] for line in listing]
    added, removed = (sum(n[i] for n in numbers) for i in (0, 1))
    return 200, {
        **views.commit(call.world, found, sha),
        "stats": {"additions": added, "deletions": removed, "total": added + removed},
        "status": None,
        "project_id": found.id,
        "last_pipeline": None,
    }


@route("GET", _P + "/repository/commits/:sha/refs")
def commit_refs(call: Call) -> Answer:
    found = call.project(REPORTER)
    sha = _sha(call, found)
    listed = found.repository.text("for-each-ref", f"--contains={sha}", "--format=%(refname:short)", "refs/heads/")
    return 200, call.paginate([{"type": "branch", "name": n} for n in listed.splitlines()])


def _start(call: Call, branch: str) -> str | None:
    return call.params.get("start_sha") or call.params.get("start_branch") or None


def _author(call: Call) -> Identity | None:
    if not (call.params.get("author_name") or call.params.get("author_email")):
        return None
    return Identity(
        str(call.params.get("author_name") or call.user.name), str(call.params.get("author_email") or call.user.email)
    )


@route("POST", _P + "/repository/commits", locked=False)
def create_commit(call: Call) -> Answer:
    found = call.project(DEVELOPER)
    branch, message = str(call.required("branch")), str(call.required("commit_message"))
    actions = call.params.get("actions")
    if not isinstance(actions, list):
        raise ApiError(400, {"error": "actions is missing"})
    call.may_push(found, branch)
    start = _start(call, branch)
    base = start or (branch if found.repository.head(branch) else found.default_branch)
    known = found.repository.head(base) or found.repository.resolve(base)
    files = commits.files_of(found.repository, known, actions)
    made = commits.commit(
        call.world,
        found,
        call.user,
        branch,
        files,
        message,
        start=start,
        force=bool(call.flag("force")),
        author=_author(call),
    )
    return 201, views.commit(call.world, found, made)


def _file(call: Call, action: str) -> Answer:
    found = call.project(DEVELOPER)
    branch, message = str(call.required("branch")), str(call.required("commit_message"))
    call.may_push(found, branch)
    path = call.arguments["path"]
    known = found.repository.head(_start(call, branch) or branch)
    step: Json = {**call.params, "action": action, "file_path": path}
    files = commits.files_of(found.repository, known, [step])
    commits.commit(
        call.world, found, call.user, branch, files, message, start=_start(call, branch), author=_author(call)
    )
    return (
        (204, None) if action == "delete" else ({"create": 201}.get(action, 200), {"file_path": path, "branch": branch})
    )


route("POST", _P + "/repository/files/:path", locked=False)(lambda call: _file(call, "create"))
route("PUT", _P + "/repository/files/:path", locked=False)(lambda call: _file(call, "update"))
route("DELETE", _P + "/repository/files/:path", locked=False)(lambda call: _file(call, "delete"))


@route("GET", _P + "/repository/files/:path")
def read_file(call: Call) -> Answer:
    found = call.project(REPORTER)
    ref = found.repository.resolve(str(call.required("ref")))
    content = found.repository.blob(ref, call.arguments["path"]) if ref else None
    if ref is None or content is None:
        raise ApiError(404, "404 File Not Found")
    path = call.arguments["path"]
    return 200, {
        "file_name": path.rsplit("/", 1)[-1],
        "file_path": path,
        "size": len(content),
        "encoding": "base64",
        "content": base64.b64encode(content).decode(),
        "ref": call.params["ref"],
        "blob_id": found.repository.text("rev-parse", f"{ref}:{path}"),
        "commit_id": ref,
        "last_commit_id": found.repository.text("log", "-1", "--format=%H", ref, "--", path),
        "execute_filemode": found.repository.mode(ref, path) == "100755",
    }


@route("GET", _P + "/repository/tree")
def tree(call: Call) -> Answer:
    found = call.project(REPORTER)
    ref = found.repository.resolve(call.query.get("ref") or found.default_branch)
    if ref is None:
        raise ApiError(404, "404 Tree Not Found")
    deep = ["-r", "-t"] if call.flag("recursive") else []
    below = [f"{call.query['path'].rstrip('/')}/"] if call.query.get("path") else []
    rows = []
    for line in found.repository.git("ls-tree", "-z", *deep, ref, "--", *below).decode("utf-8", "replace").split("\0"):
        if line:
            head, _, path = line.partition("\t")
            mode, kind, sha = head.split(" ")
            rows.append({"id": sha, "name": path.rsplit("/", 1)[-1], "type": kind, "path": path, "mode": mode})
    return 200, call.paginate(rows)


@route("POST", _P + "/repository/commits/:sha/cherry_pick", locked=False)
def cherry_pick(call: Call) -> Answer:
    found = call.project(DEVELOPER)
    sha, branch = _sha(call, found), str(call.required("branch"))
    call.may_push(found, branch)
    made = commits.cherry_pick(call.world, found, call.user, sha, branch, call.params.get("message"))
    return 201, views.commit(call.world, found, made)


@route("POST", _P + "/repository/commits/:sha/revert", locked=False)
def revert(call: Call) -> Answer:
    found = call.project(DEVELOPER)
    sha, branch = _sha(call, found), str(call.required("branch"))
    call.may_push(found, branch)
    made = commits.revert(call.world, found, call.user, sha, branch)
    return 201, views.commit(call.world, found, made)
