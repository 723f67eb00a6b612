"""REST routes for tags and releases."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from tests.standin import views
from tests.standin.errors import ApiError
from tests.standin.model import GUEST, REPORTER, Json, Release
from tests.standin.web import Call, route

Answer = tuple[int, Any]


# -- tags: doc/api/tags.md --------------------------------------------------------------------------------------------


def _updated(row: Json) -> datetime:
    told = row["created_at"] or (row["commit"] or {}).get("committed_date")
    return datetime.fromisoformat(told) if told else datetime.fromtimestamp(0, UTC)


@route("GET", "projects/:id/repository/tags")
def tags(call: Call) -> Answer:
    found = call.project(REPORTER)
    known = views.tags(found)
    # A tag of a file or tree has no commit to show.
    of_commits = {sha for _, sha, _, _ in known.values() if found.repository.has_commit(sha)}
    commits = {sha: views.commit(call.world, found, sha) for sha in of_commits}
    rows = [views.tag(found, name, known, commits.get(known[name][1])) for name in sorted(known)]
    if call.query.get("order_by", "updated") == "updated":
        # A lightweight tag is as old as its commit.
        rows.sort(key=_updated)
    if call.query.get("sort", "desc") == "desc":
        rows.reverse()
    return 200, call.paginate(rows, totals=False)


@route("GET", "projects/:id/repository/tags/:tag")
def one_tag(call: Call) -> Answer:
    found, name = call.project(REPORTER), call.arguments["tag"]
    known = views.tags(found)
    if name not in known:
        raise ApiError(404, "404 Tag Not Found")
    return 200, views.tag(found, name, known, views.commit(call.world, found, known[name][1]))


# -- releases: doc/api/releases/ --------------------------------------------------------------------------------------


@route("GET", "projects/:id/releases")
def releases(call: Call) -> Answer:
    found = call.project()
    if not found.releases_enabled:
        raise ApiError(403, "403 Forbidden")
    rows: list[Release] = list(found.releases.values())
    by_creation = call.query.get("order_by") == "created_at"
    rows.sort(key=lambda r: r.created_at if by_creation else r.released_at)
    if call.query.get("sort", "desc") == "desc":
        rows.reverse()
    with_code = call.world.access_level(found, call.user) > GUEST or found.visibility != "private"
    return 200, [views.release(call.world, found, r, with_code=with_code) for r in call.paginate(rows)]
