"""Which project somebody means, by number or by full path, and remembering what GitLab says of one."""

from __future__ import annotations

from sqlalchemy.orm import Session

from bot.errors import ConfigurationError
from bot.gitlab import model as gitlab
from bot.gitlab.errors import NotFound
from bot.services import Services
from bot.store import projects
from bot.store.engine import session, write_session
from bot.store.projects import Project, UnknownProject


def project_named(services: Services, name: str, *, register: bool) -> Project:
    """
    The project with this number or full path.

    One that the store does not know is looked up in GitLab, where that is configured. Where it is not, ``register``
    makes a local project of the path; a number always has to be known. Raises ``UnknownProject`` and ``GitLabError``.
    """
    number = int(name) if name.removeprefix("-").isdecimal() and name.isascii() and len(name) < 19 else None
    with session(services.store) as reading:
        known = projects.find_by_path(reading, name) if number is None else projects.get_project(reading, number)
    try:
        services.settings.require_gitlab()
    except ConfigurationError:
        connected = False
    else:
        connected = True
    if known is not None and (known.id > 0 or not connected):
        return known
    if connected and (number is None or number > 0):
        try:
            found = services.gitlab.project(name if number is None else number)
        except NotFound as error:
            raise UnknownProject(
                f"GitLab knows no project {name} that the bot may see",
                "Check the path, and that the bot is a member of the project.",
            ) from error
        with write_session(services.store) as writing:
            return remember(writing, found)
    if number is None and register:
        with write_session(services.store) as writing:
            return projects.register_local(writing, name)
    raise UnknownProject(f"there is no project {name}", "Name it by its full path, for example shop/backend.")


def remember(writing: Session, found: gitlab.Project) -> Project:
    """Write down what GitLab says of a project, and return it as the store has it."""
    known = Project(found.id, found.path, found.url, found.clone_url, found.default_branch)
    projects.upsert_projects(writing, [known])
    return known
