"""
The audit log: who did what and when, the newest first, and whether the log is whole as far as it was last checked.

The page never checks the log itself: that reads all of it. ``mergewarden audit verify`` does, and a worker once a day.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from starlette.responses import Response
from starlette.routing import Route

from bot.domain.audit import Action, Entry
from bot.domain.roles import Permission
from bot.reports.visible import one_line
from bot.reports.wording import Wording, words_in
from bot.store import audit
from bot.store.audit import AuditFilter
from bot.store.desk.finding_reads import Reading
from bot.store.engine import session
from bot.store.projects import Project, find_by_path, projects_by_id
from bot.texts import N_
from bot.web.contexts.audit import AuditPage, AuditRow, CheckRow, Choice, Fact
from bot.web.entry import Visit
from bot.web.pages.jobs import link

if TYPE_CHECKING:
    from bot.web.desk import Desk

_SHOWN = 50
_LONGEST = 200
_LONGEST_FACT = 300
_MOST_FACTS = 20

ACTIONS: Mapping[Action, str] = {
    Action.FINDING_DECIDED: N_("Finding judged"),
    Action.DECISION_UNDONE: N_("Judgement taken back"),
    Action.FINDING_CLAIMED: N_("Finding claimed"),
    Action.FINDING_ASSIGNED: N_("Finding assigned"),
    Action.FINDING_UNASSIGNED: N_("Assignment ended"),
    Action.FINDING_SNOOZED: N_("Finding put aside"),
    Action.FINDING_WOKEN: N_("Finding taken up again"),
    Action.FINDING_COMMENTED: N_("Finding commented on"),
    Action.ISSUE_MADE: N_("Issue made of a finding"),
    Action.CODE_CONFIRMED: N_("Edited code accepted"),
    Action.CODE_UNCONFIRMED: N_("Acceptance of edited code taken back"),
    Action.SUPPRESSION_MADE: N_("Exception made"),
    Action.SUPPRESSION_APPROVED: N_("Exception approved"),
    Action.SUPPRESSION_REFUSED: N_("Exception refused"),
    Action.SUPPRESSION_REVOKED: N_("Exception ended"),
    Action.EXPOSURE_SET: N_("Exposure of a project set"),
    Action.INCIDENT_CLOSED: N_("Incident closed"),
    Action.PROJECT_FORGOTTEN: N_("Project forgotten"),
    Action.ENFORCEMENT_APPLIED: N_("Enforcement applied"),
    Action.BREAK_GLASS: N_("Merged past the gate"),
    Action.MERGE_ASKED: N_("Merge asked for"),
    Action.MERGE_TAKEN_BACK: N_("Merge no longer asked for"),
    Action.POLICY_CHANGED: N_("Policy changed"),
    Action.RULES_SWITCHED: N_("Rules switched"),
    Action.SIGNED_IN: N_("Signed in"),
    Action.SIGN_IN_REFUSED: N_("Sign-in refused"),
    Action.SIGNED_OUT: N_("Signed out"),
    Action.SESSIONS_ENDED: N_("Sessions ended"),
    Action.ADMIN_MADE: N_("Administrator made"),
    Action.PASSWORD_CHANGED: N_("Password changed"),
    Action.PERSON_DISABLED: N_("Person shut out"),
    Action.PERSON_ENABLED: N_("Person let in again"),
    Action.GRANT_GIVEN: N_("Role granted"),
    Action.GRANT_REVOKED: N_("Role taken away"),
    Action.TOKEN_MADE: N_("Token made"),
    Action.TOKEN_REVOKED: N_("Token revoked"),
    Action.SETTING_CHANGED: N_("Setting changed"),
    Action.HOOK_MADE: N_("Outgoing webhook made"),
    Action.HOOK_CHANGED: N_("Outgoing webhook changed"),
    Action.HOOK_DELETED: N_("Outgoing webhook deleted"),
    Action.VIEW_SAVED: N_("View saved"),
    Action.VIEW_DELETED: N_("View deleted"),
    Action.EXPORTED: N_("Export made"),
    Action.ATTESTATION_MADE: N_("Attestation made"),
    Action.ATTESTATION_CONFIRMED: N_("Attestation confirmed"),
    Action.ATTESTATION_WITHDRAWN: N_("Attestation withdrawn"),
    Action.SNAPSHOTS_TAKEN: N_("Snapshots taken"),
    Action.SUBSCRIPTION_MADE: N_("Subscription made"),
    Action.SUBSCRIPTION_CHANGED: N_("Subscription changed"),
    Action.SUBSCRIPTION_DELETED: N_("Subscription deleted"),
    Action.REPORT_MADE: N_("Summary made"),
    Action.REPORT_SENT_AGAIN: N_("Summary sent again"),
    Action.REPORT_DELIVERED: N_("Summary delivered"),
    Action.REPORT_GIVEN_UP: N_("Summary not delivered"),
    Action.REPORT_ACKNOWLEDGED: N_("Summary acknowledged"),
    Action.JOB_RETRIED: N_("Job started again"),
}
"""Every act in people's words."""
_WORDS = {action.value: action for action in Action}


def routes(desk: Desk) -> Sequence[Route]:
    """``GET /audit``."""
    return (Route("/audit", desk.entry.page(partial(_page, desk), permission=Permission.READ_AUDIT), name="audit"),)


def _page(desk: Desk, visit: Visit) -> Response:
    visit.require(Permission.READ_AUDIT)
    wording, query = words_in(visit.language), visit.query
    actor, action, path = (query.get(name, "").strip()[:_LONGEST] for name in ("actor", "action", "project"))
    since, until = query.get("since", "").strip()[:10], query.get("until", "").strip()[:10]
    before = _number(query.get("before", ""))
    problems: list[str] = []
    after, end = _day(since, problems, wording), _day(until, problems, wording)
    with session(desk.services.store) as reading:
        project = _project(reading, path)
        if path and project is None:
            problems.append(wording.t.gettext("There is no such project."))
        wanted = AuditFilter(
            actor=actor,
            action=action,
            project_id=project.id if project is not None else None,
            since=after,
            until=end + timedelta(days=1) if end is not None else None,
        )
        found = audit.page(reading, wanted, before=before, limit=_SHOWN, projects=visit.principal.sees)
        head, check = audit.head(reading), audit.last_check(reading)
        owners = projects_by_id(reading, {e.project_id for e in found.entries if e.project_id is not None})
    given = {"actor": actor, "action": action, "project": path, "since": since, "until": until}
    kept = {name: value for name, value in given.items() if value}
    context = AuditPage(
        rows=() if problems else tuple(_row(desk, entry, owners, wording) for entry in found.entries),
        actor=actor,
        actions=_choices(action, wording),
        project=path,
        since=since,
        until=until,
        problem=" ".join(problems),
        filtered=bool(kept),
        head_sequence=head.sequence,
        head_digest=head.digest,
        check=None
        if check is None
        else CheckRow(
            check.at,
            check.head.sequence,
            max(0, head.sequence - check.head.sequence),
            check.broken,
            one_line(check.first_break, _LONGEST_FACT),
        ),
        everything=desk.frame.url("audit"),
        first=desk.frame.url("audit", **kept) if before is not None else "",
        next=desk.frame.url("audit", **kept, before=found.next) if found.next is not None and not problems else "",
    )
    return desk.frame.page(visit, "audit.html", context, section="audit")


def _row(desk: Desk, entry: Entry, owners: Mapping[int, Project], wording: Wording) -> AuditRow:
    action = _WORDS.get(entry.action)
    owner = owners.get(entry.project_id) if entry.project_id is not None else None
    return AuditRow(
        sequence=entry.sequence,
        at=entry.at,
        actor=one_line(entry.actor, _LONGEST),
        action=wording.marked(ACTIONS[action]) if action is not None else one_line(entry.action, 60),
        word=entry.action,
        subject=one_line(entry.subject, _LONGEST_FACT),
        subject_url=_subject_url(desk, entry.subject, entry.project_id),
        project=one_line(owner.path, _LONGEST_FACT) if owner is not None else "",
        project_id=entry.project_id,
        address=one_line(entry.address, 64),
        facts=tuple(_facts(entry.details)),
        digest=entry.digest,
    )


def _facts(details: Mapping[str, Any]) -> list[Fact]:
    return [
        Fact(one_line(str(name), 60), one_line(_said(value), _LONGEST_FACT))
        for name, value in list(details.items())[:_MOST_FACTS]
    ]


def _said(value: Any) -> str:
    if isinstance(value, (list, tuple)):
        return ", ".join(_said(one) for one in value)
    if isinstance(value, Mapping):
        return ", ".join(f"{name}: {_said(one)}" for name, one in value.items())
    return "–" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def _subject_url(desk: Desk, subject: str, project_id: int | None) -> str:
    kind, _, number = subject.partition(" ")
    if kind not in ("finding", "project") or not number.isascii() or not number.isdigit() or len(number) > 18:
        return ""
    if kind == "project":
        return link(desk, kind, project=number)
    return link(desk, kind, project=project_id, number=number) if project_id is not None else ""


def _choices(chosen: str, wording: Wording) -> tuple[Choice, ...]:
    return tuple(
        Choice(action.value, wording.marked(ACTIONS[action]), action.value == chosen)
        for action in sorted(Action, key=lambda one: wording.marked(ACTIONS[one]))
    )


def _project(reading: Reading, text: str) -> Project | None:
    if not text:
        return None
    if text.lstrip("-").isdigit() and text.isascii() and len(text) <= 18:
        number = int(text)
        return projects_by_id(reading, [number]).get(number)
    return find_by_path(reading, text)


def _day(text: str, problems: list[str], wording: Wording) -> datetime | None:
    if not text:
        return None
    try:
        return datetime.combine(date.fromisoformat(text), time(), UTC)
    except ValueError:
        problems.append(wording.t.gettext("{text} is not a date. Write it as 2026-12-31.").format(text=one_line(text)))
        return None


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else None
