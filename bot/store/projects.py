"""
Projects that we have heard of: GitLab's, under GitLab's numbers, and local ones.

A local project is one that was named where no GitLab is configured, as on an air-gapped host that imports reports only.
GitLab's numbers are positive, so a local project gets a negative one of our own and the two never meet. A project of
GitLab's goes before a local one of the same path.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Row, delete, func, select
from sqlalchemy.orm import Session

from bot.errors import MergewardenError
from bot.store.clock import database_time
from bot.store.statements import chunks, insert_into, table
from bot.store.tables import CounterRecord, ProjectRecord

_PROJECT = table(ProjectRecord)
_COUNTER = table(CounterRecord)
_LOCAL = "local_project"
_LONGEST_PATH = 1000
# Namespaces and projects of GitLab, several joined by slashes. https://docs.gitlab.com/user/reserved_names/
_FULL_PATH = re.compile(r"[A-Za-z0-9_.][A-Za-z0-9_.-]*(?:/[A-Za-z0-9_.][A-Za-z0-9_.-]*)+")


class UnknownProject(MergewardenError):
    """Raised for a project that nobody has told us of."""


@dataclass(frozen=True, slots=True)
class Project:
    """A project as GitLab describes it, or a local one."""

    id: int
    """GitLab's number, which a rename does not change; below 0 for a local project."""
    path: str
    """Full path, for example ``shop/backend``."""
    web_url: str = ""
    http_url: str = ""
    """For git over HTTP, without credentials."""
    default_branch: str | None = None
    """None for an empty project."""


def upsert_projects(session: Session, projects: Sequence[Project]) -> None:
    """Insert, or bring up to date, in one statement per thousand; of two with one id the last counts."""
    newest = {project.id: project for project in projects}
    # Sorted, so that two writers lock rows in one order and never wait for each other in a circle.
    for chunk in chunks([newest[number] for number in sorted(newest)]):
        statement = insert_into(session, _PROJECT).values([_values(project) for project in chunk])
        new = statement.excluded
        names = ("path", "web_url", "http_url", "default_branch", "updated_at")
        session.execute(
            statement.on_conflict_do_update(index_elements=["id"], set_={name: new[name] for name in names})
        )


def get_project(session: Session, project_id: int) -> Project | None:
    """The project with this number, or None."""
    row = session.execute(select(_PROJECT).where(_PROJECT.c.id == project_id)).one_or_none()
    return None if row is None else _project(row)


def find_by_path(session: Session, path: str) -> Project | None:
    """
    The project with this full path, upper and lower case alike; None when we know none.

    Paths get renamed and taken again: of several, one of GitLab's goes before a local one, and then the one that was
    heard of last counts.
    """
    row = session.execute(
        select(_PROJECT)
        .where(func.lower(_PROJECT.c.path) == path.lower())
        .order_by((_PROJECT.c.id > 0).desc(), _PROJECT.c.updated_at.desc(), _PROJECT.c.id.desc())
        .limit(1)
    ).one_or_none()
    return None if row is None else _project(row)


def register_local(session: Session, path: str) -> Project:
    """
    The project with this full path, made under a number of our own where there is none.

    Raises ``UnknownProject`` for what can be no full path of a project.
    """
    if len(path) > _LONGEST_PATH or not _FULL_PATH.fullmatch(path) or {".", ".."} & set(path.split("/")):
        raise UnknownProject(
            "a project is named by its full path: group and project with a slash between, of letters, digits and . _ -",
            "For example shop/backend.",
        )
    known = find_by_path(session, path)
    if known is not None:
        return known
    # The counter's row is locked until the end of the transaction: who comes at the same moment waits, and then finds.
    statement = insert_into(session, _COUNTER).values(name=_LOCAL, value=1)
    number = session.execute(
        statement.on_conflict_do_update(index_elements=["name"], set_={"value": _COUNTER.c.value + 1}).returning(
            _COUNTER.c.value
        )
    ).scalar_one()
    known = find_by_path(session, path)
    if known is not None:
        return known
    made = Project(-int(number), path)
    upsert_projects(session, [made])
    return made


def projects_by_id(session: Session, project_ids: Collection[int]) -> Mapping[int, Project]:
    """Those of the projects that we know."""
    found: dict[int, Project] = {}
    for chunk in chunks(sorted(project_ids)):
        rows = session.execute(select(_PROJECT).where(_PROJECT.c.id.in_(chunk)))
        found |= {row.id: _project(row) for row in rows}
    return found


def all_projects(session: Session) -> tuple[Project, ...]:
    """Every project, by number."""
    return tuple(_project(row) for row in session.execute(select(_PROJECT).order_by(_PROJECT.c.id)))


def forget_project(session: Session, project_id: int) -> bool:
    """Delete the project's own row (its heads and scans have functions of their own); whether there was one."""
    removed = session.execute(delete(_PROJECT).where(_PROJECT.c.id == project_id).returning(_PROJECT.c.id))
    return removed.one_or_none() is not None


def _values(project: Project) -> dict[str, object]:
    return {
        "id": project.id,
        "path": project.path,
        "web_url": project.web_url,
        "http_url": project.http_url,
        "default_branch": project.default_branch,
        "updated_at": database_time(),
    }


def _project(row: Row[tuple[object, ...]]) -> Project:
    return Project(row.id, row.path, row.web_url, row.http_url, row.default_branch)
