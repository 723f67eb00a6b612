"""GitLab projects that we have heard of."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Row, delete, select
from sqlalchemy.orm import Session

from bot.store.clock import database_time
from bot.store.statements import chunks, insert_into, table
from bot.store.tables import ProjectRecord

_PROJECT = table(ProjectRecord)


@dataclass(frozen=True, slots=True)
class Project:
    """A project as GitLab describes it."""

    id: int
    """GitLab's number, which a rename does not change."""
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
    """The project with GitLab's number, or None."""
    row = session.execute(select(_PROJECT).where(_PROJECT.c.id == project_id)).one_or_none()
    return None if row is None else _project(row)


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
