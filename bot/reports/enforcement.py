"""
How strongly a gate holds, in words: for the summary note, the project's page and the command line. No markup.

Names of branches and people are strangers' text: they come out on one line, with what cannot be seen spelt out.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import datetime

from bot.domain.enforcement import LIMITS, NEEDS, UNKNOWN, Enforcement, Level, Limit, Missing
from bot.domain.incident import IncidentKind, KnownIncident
from bot.reports.visible import one_line
from bot.texts import Language, translations

_LONGEST_NAME = 200
_LONGEST_DETAIL = 300


def level_words(level: Level, language: Language) -> str:
    """What a level means, without its name."""
    _ = translations(language).gettext
    return {
        Level.L0: _("advice only: comments and reports, nothing keeps the merge request from being merged"),
        Level.L1: _("commit status and threads; a developer with bad intent could get around them"),
        Level.L2: _("only the merge bot may merge into the protected branch"),
        Level.L3: _("the server refuses commits that were not cleared"),
    }[level]


def missing_words(missing: Missing, language: Language) -> str:
    """One thing that a level lacks, as a sentence without its full stop."""
    translated = translations(language).gettext
    subject = one_line(missing.subject, _LONGEST_NAME)
    sentence = translated(NEEDS[missing.need]).format(branch=subject, people=subject)
    return translated(UNKNOWN).format(sentence=sentence) if missing.unknown else sentence


def limit_words(limit: Limit, language: Language) -> str:
    """One way past the gate that the level in force leaves open."""
    translated = translations(language).gettext
    return translated(LIMITS[limit])


def incident_words(kind: IncidentKind, language: Language) -> str:
    """What an incident of this kind is, as a heading."""
    _ = translations(language).gettext
    return {
        IncidentKind.UNCLEARED_COMMIT: _("A commit that no verdict covers is on a protected branch"),
        IncidentKind.HISTORY_REWRITTEN: _("A protected branch was rewritten"),
        IncidentKind.BREAK_GLASS_MERGE: _("A break-glass person merged past the merge bot"),
        IncidentKind.MERGED_AROUND: _("Somebody merged past the merge bot"),
        IncidentKind.MERGED_UNCLEARED: _("A merge request was merged that the gate had not let through"),
        IncidentKind.FORGED_STATUS: _("Somebody posted a commit status of our name"),
        IncidentKind.THREAD_RESOLVED: _("Somebody resolved the thread of a finding that blocks"),
        IncidentKind.SETTINGS_WEAKENED: _("The settings of the project enforce less than before"),
    }[kind]


def render_enforcement_text(project: str, enforcement: Enforcement, *, checked_at: datetime | None = None) -> str:
    """A level with what it leaves open and what the others need, as lines for a terminal; English."""
    english = Language.ENGLISH
    lines = [f"{one_line(project, _LONGEST_NAME)}: {enforcement.level.name}, {level_words(enforcement.level, english)}"]
    if checked_at is not None:
        lines.append(f"as of {checked_at:%Y-%m-%d %H:%M} UTC")
    lines += ["", "left open:", *(f"  - {limit_words(limit, english)}" for limit in enforcement.limits)]
    for level in (Level.L1, Level.L2, Level.L3):
        missing = enforcement.missing_for(level)
        if not missing:
            lines += ["", f"{level.name} holds"]
        else:
            lines += ["", f"{level.name} needs:", *(f"  - {missing_words(one, english)}" for one in missing)]
    return "\n".join(lines) + "\n"


def render_enforcement_json(project: str, enforcement: Enforcement, **more: object) -> str:
    """The same for programs."""
    return json.dumps({"project": project, **enforcement.to_json(), **more}, indent=2, ensure_ascii=False) + "\n"


def render_incidents_text(known: Sequence[KnownIncident]) -> str:
    """Incidents, the newest first, for a terminal; English."""
    if not known:
        return "no incidents\n"
    return "\n".join(_listed(one) for one in known) + "\n"


def _listed(known: KnownIncident) -> str:
    incident = known.incident
    where = known.project or f"project {incident.project_id}"
    if incident.merge_request_iid is not None:
        where += f"!{incident.merge_request_iid}"
    facts = [where, incident.severity.value]
    if incident.actor:
        facts.append(f"@{incident.actor}")
    if known.count > 1:
        facts.append(f"{known.count} times")
    state = "" if known.is_open else " (closed)"
    lines = [
        f"{known.id}  {incident_words(incident.kind, Language.ENGLISH)}{state}",
        f"    {one_line(', '.join(facts), _LONGEST_DETAIL)}, {known.last_at:%Y-%m-%d %H:%M} UTC",
    ]
    return "\n".join(lines)


def render_incident_text(known: KnownIncident) -> str:
    """Everything about one incident, for a terminal; English. What people wrote is on one line each."""
    incident = known.incident
    rows = [
        ("kind", incident.kind.value),
        ("severity", incident.severity.value),
        ("project", known.project or str(incident.project_id)),
        ("merge request", f"!{incident.merge_request_iid}" if incident.merge_request_iid is not None else ""),
        ("branch or ref", incident.ref),
        ("commit", incident.sha or ""),
        ("by", incident.actor),
        ("about", incident.subject),
        *((name, text) for name, text in sorted(incident.details.items())),
        ("first seen", f"{known.first_at:%Y-%m-%d %H:%M} UTC"),
        ("last seen", f"{known.last_at:%Y-%m-%d %H:%M} UTC" + (f", {known.count} times" if known.count > 1 else "")),
    ]
    if known.closed_at is not None:
        rows += [("closed", f"{known.closed_at:%Y-%m-%d %H:%M} UTC by {known.closed_by}"), ("why", known.closed_reason)]
    shown = [f"  {one_line(name, 40):<15} {one_line(text, _LONGEST_DETAIL)}" for name, text in rows if text]
    return "\n".join([f"{known.id}  {incident_words(incident.kind, Language.ENGLISH)}", *shown]) + "\n"


def render_incidents_json(known: Iterable[KnownIncident]) -> str:
    """Incidents for programs."""
    return json.dumps([incident_to_json(one) for one in known], indent=2, ensure_ascii=False) + "\n"


def incident_to_json(known: KnownIncident) -> dict[str, object]:
    """One incident as plain JSON values."""
    incident = known.incident
    return {
        "id": known.id,
        "kind": incident.kind.value,
        "severity": incident.severity.value,
        "project_id": incident.project_id,
        "project": known.project,
        "merge_request": incident.merge_request_iid,
        "ref": incident.ref,
        "commit": incident.sha,
        "actor": incident.actor,
        "subject": incident.subject,
        "details": dict(incident.details),
        "first_at": known.first_at.isoformat(),
        "last_at": known.last_at.isoformat(),
        "count": known.count,
        "open": known.is_open,
        "closed_at": known.closed_at.isoformat() if known.closed_at is not None else None,
        "closed_by": known.closed_by,
        "closed_reason": known.closed_reason,
    }
