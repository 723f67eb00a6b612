"""REST routes for users, groups and who is a member of what: doc/api/members.md, doc/api/groups.md."""

from __future__ import annotations

from typing import Any

from tests.standin import access, views
from tests.standin.errors import ApiError
from tests.standin.model import Group, Project
from tests.standin.web import Call, route

Answer = tuple[int, Any]


@route("GET", "users", scope="read_user")
def users(call: Call) -> Answer:
    wanted = call.query.get("username")
    rows = [u for u in call.world.users.values() if wanted is None or u.username.casefold() == wanted.casefold()]
    return 200, [views.user(call.world, u) for u in call.paginate(rows)]


@route("GET", "users/:user", scope="read_user")
def one_user(call: Call) -> Answer:
    found = call.world.users.get(_number(call.arguments["user"]))
    if found is None:
        raise ApiError(404, "404 User Not Found")
    return 200, {**views.user(call.world, found), "bot": found.bot}


def _number(text: str) -> int:
    if not text.isdigit():
        raise ApiError(400, {"error": "id is invalid"})
    return int(text)


def _place(call: Call) -> Project | Group:
    return call.project() if call.path.startswith("/api/v4/projects/") else call.group()


def _list(call: Call, *, inherited: bool) -> Answer:
    place = _place(call)
    found = access.levels(call.world, place) if inherited else place.members
    wanted = call.query.get("query", "").casefold()
    people = [call.world.users[n] for n in sorted(found)]
    chosen = [p for p in people if wanted in p.username.casefold() or wanted in p.name.casefold()]
    return 200, [views.member(call.world, p, found[p.id], place) for p in call.paginate(chosen)]


def _one(call: Call, *, inherited: bool) -> Answer:
    place = _place(call)
    found = access.levels(call.world, place) if inherited else place.members
    number = _number(call.arguments["user"])
    if number not in found:
        raise ApiError(404, "404 Not found")
    return 200, views.member(call.world, call.world.users[number], found[number], place)


for _kind in ("projects", "groups"):
    route("GET", f"{_kind}/:id/members")(lambda call: _list(call, inherited=False))
    route("GET", f"{_kind}/:id/members/all")(lambda call: _list(call, inherited=True))
    route("GET", f"{_kind}/:id/members/:user")(lambda call: _one(call, inherited=False))
    route("GET", f"{_kind}/:id/members/all/:user")(lambda call: _one(call, inherited=True))


@route("GET", "groups")
def groups(call: Call) -> Answer:
    rows = [
        g
        for g in call.world.groups.values()
        if call.user.admin or g.visibility != "private" or call.user.id in access.levels(call.world, g)
    ]
    return 200, [views.group(call.world, g) for g in call.paginate(rows)]


@route("GET", "groups/:id")
def group(call: Call) -> Answer:
    return 200, views.group(call.world, call.group())


@route("GET", "groups/:id/projects")
def group_projects(call: Call) -> Answer:
    found = call.group()
    below = bool(call.flag("include_subgroups"))
    rows = [
        p
        for p in call.world.projects.values()
        if p.path.startswith(found.path + "/")
        and (below or "/" not in p.path[len(found.path) + 1 :])
        and (p.visibility != "private" or call.world.access_level(p, call.user))
    ]
    page = call.paginate(sorted(rows, key=lambda p: p.id, reverse=True))
    return 200, [views.project(call.world, p, level=call.world.access_level(p, call.user)) for p in page]
