"""
A GitLab issue of a finding: confidential, once, and made of nothing that GitLab would obey.
"""

from __future__ import annotations

from urllib.parse import quote, urlsplit

from bot.domain.audit import Act, Action
from bot.domain.known import Dossier
from bot.domain.roles import Permission, Principal
from bot.domain.workflow import Fault, Issue, WorkflowError
from bot.errors import ConfigurationError, clause, sentence
from bot.gitlab.errors import GitLabError
from bot.gitlab.markers import Marker, MarkerKind, parse, with_marker
from bot.pipeline.acts import finding
from bot.pipeline.decisions import dossier
from bot.pipeline.desk_decisions import actor_of
from bot.pipeline.desk_work import NO_GITLAB, NOT_THERE, NOT_THERE_HINT, Tools, forbidden, unreadable, working
from bot.reports.issue import issue_text, issue_title
from bot.services import Services
from bot.store import audit, finding_notes
from bot.store.engine import session as reading_session
from bot.store.locks import only_one
from bot.store.projects import get_project
from bot.texts import N_


def make_issue(tools: Tools, principal: Principal, finding_id: int, *, address: str = "") -> Issue:
    """See ``Workflow.make_issue``."""
    actor, services = actor_of(principal), tools.services
    with reading_session(services.store) as reading:
        found = dossier(reading, finding_id, tools.now())
        project = get_project(reading, found.known.project_id) if found is not None else None
    if found is None or project is None or not principal.sees_project(found.known.project_id):
        raise WorkflowError(Fault.NOT_FOUND, NOT_THERE, NOT_THERE_HINT)
    if not principal.may(Permission.MAKE_ISSUE, found.known.project_id):
        raise forbidden(Permission.MAKE_ISSUE)
    if project.id <= 0:
        raise WorkflowError(Fault.INVALID, N_("this project is none of GitLab's"), N_("Only those have issues."))
    with only_one(services.store, f"issue-{finding_id}") as alone:
        with reading_session(services.store) as reading:
            kept = finding_notes.issue_of(reading, finding_id)
        if kept is not None:
            return Issue(kept.issue_url, kept.text, made=False)
        if not alone:
            raise WorkflowError(
                Fault.CONFLICT, N_("an issue is being made of this finding"), N_("Look again in a moment.")
            )
        try:
            url, title, made = _on_gitlab(services, found, project.id)
        except GitLabError as error:
            raise WorkflowError(
                Fault.UNAVAILABLE, sentence(N_("GitLab made no issue: {error}"), error=clause(error.told)), error.hint
            ) from error
        except ConfigurationError as error:
            raise unreadable(error, NO_GITLAB) from error
        with working(tools) as work:
            finding_notes.add(work.session, finding_id, actor=actor, text=title, at=work.now, issue_url=url)
            audit.append(
                work.session,
                Act(
                    actor,
                    principal.person_id,
                    Action.ISSUE_MADE,
                    finding(finding_id),
                    found.known.project_id,
                    {"issue": url},
                    address,
                ),
            )
    return Issue(url, title, made)


def _on_gitlab(services: Services, found: Dossier, project_id: int) -> tuple[str, str, bool]:
    """Address, title, and whether it was made just now: an earlier attempt's may be there that we do not know of."""
    language = services.language_for(found.known.project)
    title = issue_title(found, language)
    marker = Marker(MarkerKind.FINDING, f"issue.{found.known.id}")
    bot_id = services.bot_user.id
    for issue in services.gitlab.issues_by(project_id, bot_id):
        told = parse(issue.description)[1]
        if (
            issue.author_id == bot_id
            and told is not None
            and (told.kind, told.fingerprint)
            == (
                marker.kind,
                marker.fingerprint,
            )
        ):
            return issue.url, title, False
    link = _page_of(services, found.known.id)
    text = issue_text(found, language, page=link)
    made = services.gitlab.create_issue(project_id, title, with_marker(text, marker), confidential=True)
    return made.url, title, True


def _page_of(services: Services, finding_id: int) -> str:
    base = services.settings.public_url or ""
    if not base or urlsplit(base).scheme not in ("http", "https"):
        return ""
    return f"{base}/findings/{quote(str(finding_id))}"
