"""
The page of a project: how strongly its gate holds, what happened around it, and how its merge requests stand.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.domain.enforcement import Enforcement, Level
from bot.domain.incident import KnownIncident
from bot.domain.merging import Wish
from bot.domain.project_state import OpenMergeRequest, ProjectState
from bot.domain.verdict import Outcome
from bot.reports.documents import dump, json_time, moment
from bot.reports.enforcement import incident_to_json, incident_words, level_words, limit_words, missing_words
from bot.reports.finding_page import SuppressionRow, suppression_row
from bot.reports.html import rendered
from bot.reports.markdown import host_of, safe_url
from bot.reports.visible import one_line
from bot.reports.wording import SYMBOLS, Lookup, Wording, words_in
from bot.texts import Language

SCHEMA_VERSION = "1.0"
"""Of the JSON; a new field raises the minor, anything that could break a reader the major."""

_TONES = {Level.L0: "failed", Level.L1: "warned", Level.L2: "passed", Level.L3: "passed"}


@dataclass(frozen=True, slots=True)
class MissingRow:
    """Something that a level lacks."""

    level: str
    words: str


@dataclass(frozen=True, slots=True)
class IncidentRow:
    """One incident."""

    number: int
    severity: str
    severity_word: str
    what: str
    who: str
    where: str
    when: str
    times: str
    """Empty for once."""


@dataclass(frozen=True, slots=True)
class MergeRequestRow:
    """One open merge request."""

    number: str
    url: str
    tone: str
    stale: bool
    """Whether its newest head has no verdict."""
    verdict: str
    remark: str
    target: str
    commit: str
    when: str


@dataclass(frozen=True, slots=True)
class WishRow:
    """One merge request that waits for the merge bot."""

    number: str
    target: str
    who: str
    when: str
    why: str


@dataclass(frozen=True, slots=True)
class ProjectPage:
    """What the page shows; every value is text that the template escapes."""

    project: str
    url: str
    tone: str
    level: str
    level_words: str
    level_limits: tuple[str, ...]
    tiles: tuple[tuple[str, str], ...]
    facts: tuple[tuple[str, str], ...]
    missing: tuple[MissingRow, ...]
    incidents: tuple[IncidentRow, ...]
    more_incidents: str
    merge_requests: tuple[MergeRequestRow, ...]
    more_merge_requests: str
    wishes: tuple[WishRow, ...]
    exceptions: tuple[SuppressionRow, ...]


def render_project_html(
    state: ProjectState, language: Language, *, now: datetime, gitlab_url: str | None, lookup: Lookup | None = None
) -> str:
    """
    The page as HTML, one file that needs nothing else. ``gitlab_url`` is the only place that links may lead to.
    """
    wording = words_in(language, lookup)
    page = project_page(state, wording, now, gitlab_url)
    return rendered("project.html", wording, printed_at=moment(now), page=page)


def render_project_json(state: ProjectState) -> str:
    """The same for programs; words are English."""
    enforcement = state.enforcement
    document: dict[str, Any] = {
        "schema_version": SCHEMA_VERSION,
        "project": {"id": state.project_id, "path": state.path, "url": state.url, "branch": state.default_branch},
        "enforcement": enforcement.to_json() if enforcement is not None else None,
        "checked_at": json_time(state.checked_at),
        "hook_seen_at": json_time(state.hook_seen_at),
        "baseline": {"commit": state.baseline_commit, "at": json_time(state.baseline_at)},
        "open_merge_requests": state.open_merge_requests,
        "merge_requests": [
            {
                "iid": one.iid,
                "target_branch": one.target_branch,
                "head": one.head_sha,
                "outcome": one.outcome.value if one.outcome is not None else None,
                "current": one.is_current,
                "may_merge": one.may_merge,
                "judged_at": json_time(one.judged_at),
            }
            for one in state.merge_requests
        ],
        "open_incidents": state.open_incidents,
        "incidents": [incident_to_json(one) for one in state.incidents],
        "waiting_to_be_merged": [
            {
                "iid": one.iid,
                "target_branch": one.target_branch,
                "asked_by": one.asked_by,
                "asked_how": one.asked_how.value,
                "asked_at": json_time(one.asked_at),
                "state": one.state.value,
                "reason": one.reason,
            }
            for one in state.wishes
        ],
        "suppressions_waiting": [made.id for made in state.waiting],
        "suppressions_ending": [made.id for made in state.ending],
    }
    return dump(document)


def project_page(state: ProjectState, wording: Wording, now: datetime, gitlab_url: str | None) -> ProjectPage:
    """The page's content in one language; ``now`` decides which exceptions are in force."""
    _ = wording.t.gettext
    url = state.url if safe_url(state.url, host_of(gitlab_url or "")) else ""
    facts = (
        (_("Settings read"), moment(state.checked_at)),
        (_("Server hook last asked"), moment(state.hook_seen_at)),
        (_("Default branch"), one_line(state.default_branch or "", 200)),
        (_("Default branch read"), moment(state.baseline_at)),
        (_("Commit"), (state.baseline_commit or "")[:12]),
    )
    may_merge = sum(1 for one in state.merge_requests if one.may_merge)
    tiles = (
        (_("Open incidents"), str(state.open_incidents)),
        (_("Open merge requests"), str(state.open_merge_requests)),
        (_("May be merged"), str(may_merge)),
        (_("Waiting to be merged"), str(len(state.wishes))),
        (_("Exceptions to decide about"), str(len(state.waiting) + len(state.ending))),
    )
    return ProjectPage(
        project=one_line(state.path, 200),
        url=url,
        **_enforcement(state.enforcement, wording),
        tiles=tiles,
        facts=tuple((name, value) for name, value in facts if value),
        incidents=tuple(_incident(one, wording) for one in state.incidents),
        more_incidents=_more(wording, len(state.incidents), state.open_incidents),
        merge_requests=tuple(_merge_request(one, url, wording) for one in state.merge_requests),
        more_merge_requests=_more(wording, len(state.merge_requests), state.open_merge_requests),
        wishes=tuple(_wish(one, wording) for one in state.wishes),
        exceptions=tuple(suppression_row(made, wording, now) for made in (*state.waiting, *state.ending)),
    )


def _enforcement(enforcement: Enforcement | None, wording: Wording) -> dict[str, Any]:
    if enforcement is None:
        return {
            "tone": "not_assessed",
            "level": "?",
            "level_words": wording.t.gettext("nobody has looked at the project's settings yet"),
            "level_limits": (),
            "missing": (),
        }
    language = wording.language
    return {
        "tone": _TONES[enforcement.level],
        "level": enforcement.level.name,
        "level_words": wording.sentence(level_words(enforcement.level, language)),
        "level_limits": tuple(limit_words(limit, language) for limit in enforcement.limits),
        "missing": tuple(
            MissingRow(one.level.name, missing_words(one, language))
            for one in enforcement.missing
            if one.level > enforcement.level
        ),
    }


def _incident(known: KnownIncident, wording: Wording) -> IncidentRow:
    incident = known.incident
    where = [f"!{incident.merge_request_iid}"] if incident.merge_request_iid is not None else []
    where += [one_line(incident.ref, 120)] if incident.ref else []
    where += [incident.sha[:12]] if incident.sha else []
    times = wording.t.ngettext("{n} time", "{n} times", known.count).format(n=known.count)
    return IncidentRow(
        number=known.id,
        severity=incident.severity.value,
        severity_word=wording.severity(incident.severity),
        what=incident_words(incident.kind, wording.language),
        who=one_line(incident.actor, 120),
        where=" ".join(where),
        when=moment(known.last_at),
        times=times if known.count > 1 else "",
    )


def _merge_request(one: OpenMergeRequest, project_url: str, wording: Wording) -> MergeRequestRow:
    _ = wording.t.gettext
    if one.outcome is None:
        verdict, remark, tone = "", _("no verdict yet"), Outcome.NOT_ASSESSED.value
    else:
        verdict, tone = f"{SYMBOLS[one.outcome]} {wording.outcome(one.outcome)}", one.outcome.value
        remark = "" if one.is_current else _("about an earlier commit")
        if one.is_current and one.tolerated:
            remark = _("let through by the policy")
    return MergeRequestRow(
        number=f"!{one.iid}",
        url=f"{project_url}/-/merge_requests/{one.iid}" if project_url else "",
        tone=tone,
        stale=not one.is_current,
        verdict=verdict,
        remark=remark,
        target=one_line(one.target_branch, 120),
        commit=(one.head_sha or "")[:12],
        when=moment(one.judged_at),
    )


def _wish(wish: Wish, wording: Wording) -> WishRow:
    return WishRow(
        number=f"!{wish.iid}",
        target=one_line(wish.target_branch, 120),
        who=one_line(wish.asked_by, 120),
        when=moment(wish.asked_at),
        why=one_line(wording.said(wish.reason), 400),
    )


def _more(wording: Wording, shown: int, there: int) -> str:
    hidden = there - shown
    if hidden <= 0:
        return ""
    return wording.t.ngettext("{n} more is not shown.", "{n} more are not shown.", hidden).format(n=hidden)
