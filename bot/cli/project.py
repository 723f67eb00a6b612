"""``mergewarden project``: how a project stands with the gate, from what is stored."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path

from bot.cli.common import open_services, project_of
from bot.cli.output import written_whole
from bot.domain.project_state import OpenMergeRequest, ProjectState
from bot.errors import MergewardenError
from bot.pipeline.project_states import project_state
from bot.reports.enforcement import render_enforcement_text, render_incidents_text
from bot.reports.project_page import render_project_html, render_project_json
from bot.reports.visible import one_line
from bot.texts import Language


def run_show(project: str, *, format: str, output: Path | None, language: str | None, config: Path | None) -> int:
    """Print the page in a format. Raises ``MergewardenError`` for a project that is not known."""
    services = open_services(config)
    now = datetime.now(UTC)
    state = project_state(services, project_of(services, project).id, now)
    if state is None:
        raise MergewardenError(f"nothing is known of {project} yet", "A push or a merge request makes it known.")
    spoken = Language(language) if language is not None else services.settings.language
    if format == "json":
        text = render_project_json(state)
    elif format == "html":
        text = render_project_html(state, spoken, now=now, gitlab_url=services.settings.gitlab_url)
    else:
        text = _as_text(state)
    services.close()
    if output is None:
        sys.stdout.buffer.write(text.encode())
        sys.stdout.buffer.flush()
        return 0
    with written_whole(output) as stream:
        stream.write(text.encode())
    return 0


def _as_text(state: ProjectState) -> str:
    if state.enforcement is None:
        head = f"{one_line(state.path, 200)}: nobody has looked at its settings yet (mergewarden enforce looks now)\n"
    else:
        head = render_enforcement_text(state.path, state.enforcement, checked_at=state.checked_at)
    parts = [head, f"\nopen incidents: {state.open_incidents}\n"]
    if state.incidents:
        parts.append(render_incidents_text(state.incidents))
    parts.append(f"\nopen merge requests: {state.open_merge_requests}\n")
    parts += [f"  {_merge_request(one)}\n" for one in state.merge_requests]
    if state.wishes:
        parts.append("\nwaiting to be merged:\n")
        parts += [
            f"  !{wish.iid} into {one_line(wish.target_branch, 100)}: {one_line(wish.reason, 300) or 'next'}\n"
            for wish in state.wishes
        ]
    if state.waiting or state.ending:
        parts.append(
            f"\nexceptions: {len(state.waiting)} wait for a second person, {len(state.ending)} end within two weeks "
            "(mergewarden suppressions report)\n"
        )
    return "".join(parts)


def _merge_request(one: OpenMergeRequest) -> str:
    if one.outcome is None:
        said = "no verdict yet"
    else:
        said = one.outcome.value.replace("_", " ") + ("" if one.is_current else ", about an earlier commit")
    return f"!{one.iid} into {one_line(one.target_branch, 100) or '?'}: {said}"
