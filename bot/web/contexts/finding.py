"""What a finding's page shows. Pure: made from what the store read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import PurePosixPath
from urllib.parse import quote

from bot.domain.known import Dossier
from bot.domain.priority import Part
from bot.domain.rule_sample import Case, Sample
from bot.domain.suppression import Suppression
from bot.domain.triage import SYSTEM, Justification, TriageState
from bot.domain.verdict import Subject
from bot.reports.code_view import CodeLine, Span, code_view
from bot.reports.documents import web_references
from bot.reports.finding_page import FindingPage, finding_page
from bot.reports.markdown import host_of, safe_url
from bot.reports.markdown_parts import blob_url
from bot.reports.visible import one_line, shorten, shorten_path, visible
from bot.reports.wording import Wording
from bot.store.desk import Item
from bot.store.desk.finding_reads import NoteLine
from bot.web.contexts.triage import (
    Chip,
    Choice,
    Request,
    Rights,
    chips_of,
    factor_word,
    finding_url,
    part_word,
    request_of,
    snoozes,
    title_of,
)
from scanners.finding import FindingKind, Location, Severity

_MOST_LINES = 12


@dataclass(frozen=True, slots=True)
class Step:
    """One place of a data flow."""

    place: str
    url: str
    """In GitLab; empty for none."""
    said: str
    here: bool
    """Whether it is the place that was flagged."""


@dataclass(frozen=True, slots=True)
class Moment:
    """Something that happened."""

    at: datetime
    who: str
    what: str
    text: str
    url: str = ""
    sign: str = "note"


@dataclass(frozen=True, slots=True)
class Place:
    """A branch or merge request where it is or was."""

    ref: str
    url: str
    """Of the branch or merge request in GitLab; empty for none."""
    presence: str
    place: str
    place_url: str
    commit: str
    why: str
    """Why it is taken for the same as before."""
    first_seen_at: datetime
    edited_at: datetime | None
    gone_at: datetime | None


@dataclass(frozen=True, slots=True)
class Example:
    """Code of the rule's samples."""

    name: str
    lines: tuple[CodeLine, ...]
    safe: bool


@dataclass(frozen=True, slots=True)
class FactorRow:
    """One part of the priority."""

    name: str
    word: str
    points: int
    most: int
    """Of the largest part of this finding, in percent: the length of a bar."""


@dataclass(frozen=True, slots=True)
class Other:
    """Another finding of the same rule in the project."""

    number: int
    url: str
    severity: Severity
    title: str
    place: str


@dataclass(frozen=True, slots=True)
class FindingDeskPage:
    """Everything about one finding."""

    base: FindingPage
    """What the page of a report shows as well."""
    number: int
    project_id: int
    project: str
    project_url: str
    severity: Severity
    state: TriageState
    code: tuple[CodeLine, ...]
    url: str
    """The flagged lines in GitLab; empty outside."""
    steps: tuple[Step, ...]
    examples: tuple[Example, ...]
    rule_url: str
    history: tuple[Moment, ...]
    places: tuple[Place, ...]
    chips: tuple[Chip, ...]
    factors: tuple[FactorRow, ...]
    priority: int | None
    """None for what the list does not know yet."""
    assignee: str
    assigned_to_me: bool
    snoozed_until: datetime | None
    due_at: datetime | None
    request: Request | None
    others: tuple[Other, ...]
    others_url: str
    previous_url: str
    next_url: str
    list_url: str
    here: str
    rights: Rights
    may_comment: bool
    may_make_issue: bool
    issue_url: str
    """Of an issue that was made of it; empty for none."""
    people: tuple[Choice, ...]
    justifications: tuple[Choice, ...]
    snoozes: tuple[Choice, ...]
    until: date
    earliest: date
    latest: date


@dataclass(frozen=True, slots=True)
class Around:
    """What the store said besides the dossier."""

    item: Item | None = None
    notes: Sequence[NoteLine] = ()
    request: Suppression | None = None
    others: Sequence[Item] = ()
    previous: Item | None = None
    following: Item | None = None
    samples: Sequence[Sample] = ()
    people: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True, slots=True)
class Reader:
    """Who reads, and where he comes from."""

    rights: Rights
    now: datetime
    person_id: int | None = None
    may_comment: bool = False
    may_make_issue: bool = False
    gitlab_url: str | None = None
    list_query: str = ""
    """Of the list that he comes from; empty for none."""
    longest_days: int = 365


def finding_desk_page(dossier: Dossier, around: Around, reader: Reader, wording: Wording) -> FindingDeskPage:
    """The page's content in one language."""
    known, finding, item = dossier.known, dossier.known.finding, around.item
    base = finding_page(dossier, wording, reader.now)
    project_url = _project_url(known.project, reader.gitlab_url)
    living = [seen for seen in dossier.sightings if seen.gone_at is None] or list(dossier.sightings)
    commit = living[0].commit if living else None
    url = _blob(finding.location, known.project, project_url, commit)
    today = reader.now.date()
    latest = today + timedelta(days=max(reader.longest_days, 1))
    most = max((part.points for part in item.factors), default=0) if item is not None else 0
    rule = quote(finding.rule_id, safe="")
    flagged = finding.location
    secret = finding.kind is FindingKind.SECRET
    issues = [note.issue_url for note in around.notes if _is_web(note.issue_url)]
    return FindingDeskPage(
        base=base,
        number=known.id,
        project_id=known.project_id,
        project=one_line(known.project, 200) or str(known.project_id),
        project_url=f"/projects/{known.project_id}",
        severity=finding.severity,
        state=known.judgement.state,
        code=code_view(finding.snippet, flagged.path, flagged.start_line, _span(flagged, secret=secret)),
        url=url,
        steps=_steps(dossier, project_url, commit, wording),
        examples=_examples(around.samples),
        rule_url=f"/rules/{rule}?scanner={quote(finding.scanner, safe='')}",
        history=_history(dossier, around.notes, wording),
        places=_places(dossier, base, project_url),
        chips=chips_of(item, reader.now, wording) if item is not None else (),
        factors=tuple(_factor(part, most, wording) for part in item.factors) if item is not None else (),
        priority=item.priority if item is not None else None,
        assignee=one_line(item.assignee, 80) if item is not None else "",
        assigned_to_me=item is not None and item.assignee_id is not None and item.assignee_id == reader.person_id,
        snoozed_until=_ahead(item.snoozed_until, reader.now) if item is not None else None,
        due_at=item.due_at if item is not None else None,
        request=request_of(around.request, wording) if around.request is not None else None,
        others=tuple(_other(one, wording) for one in around.others),
        others_url=f"/triage?standing=any&project={known.project_id}"
        f"&rule={quote(f'{finding.scanner}:{finding.rule_id}', safe='')}",
        previous_url=_url(around.previous, reader.list_query),
        next_url=_url(around.following, reader.list_query),
        list_url=_list_url(reader.list_query),
        here=finding_url(known.project_id, known.id, reader.list_query),
        rights=reader.rights,
        may_comment=reader.may_comment,
        may_make_issue=reader.may_make_issue,
        issue_url=issues[-1] if issues else "",
        people=tuple(Choice(value, name) for value, name in around.people),
        justifications=tuple(Choice(one.value, wording.justification(one)) for one in Justification),
        snoozes=snoozes(wording),
        until=min(today + timedelta(days=90), latest),
        earliest=today + timedelta(days=1),
        latest=latest,
    )


def _span(flagged: Location, *, secret: bool) -> Span:
    """What to mark: columns within one line, and none of a secret, since what was taken out of it moves them."""
    if secret or flagged.end_line != flagged.start_line:
        return Span(flagged.start_line, flagged.end_line)
    return Span(flagged.start_line, flagged.end_line, flagged.start_column, flagged.end_column)


def _project_url(path: str, gitlab_url: str | None) -> str:
    return f"{gitlab_url.rstrip('/')}/{quote(path, safe='/')}" if gitlab_url and path else ""


def _blob(location: Location, project: str, project_url: str, commit: str | None) -> str:
    url = blob_url(location, Subject(project, project_url=project_url, head_sha=commit))
    return url if url and safe_url(url, host_of(project_url)) else ""


def _steps(dossier: Dossier, project_url: str, commit: str | None, wording: Wording) -> tuple[Step, ...]:
    finding = dossier.known.finding
    if not finding.related:
        return ()
    project = dossier.known.project
    steps = [
        Step(
            place=_place(one.location),
            url=_blob(one.location, project, project_url, commit),
            said=one_line(wording.said(one.message), 300),
            here=False,
        )
        for one in finding.related[:50]
    ]
    here = Step(
        place=_place(finding.location),
        url=_blob(finding.location, project, project_url, commit),
        said=wording.t.gettext("where it was flagged"),
        here=True,
    )
    return (*steps, here)


def _place(location: Location) -> str:
    return f"{shorten_path(visible(str(location.path)), 200)}:{location.start_line}"


def _history(dossier: Dossier, notes: Sequence[NoteLine], wording: Wording) -> tuple[Moment, ...]:
    t = wording.t
    found = [Moment(dossier.known.first_seen_at, "Mergewarden", t.gettext("First seen"), "", sign="scans")]
    for event in dossier.history[-500:]:
        what = wording.state(event.after)
        if event.justification is not None:
            what = f"{what} ({wording.justification(event.justification)})"
        sign = {"confirmed": "check", "dismissed": "cross", "resolved": "wrench"}.get(event.after.value, "undo")
        found.append(Moment(event.at, _who(event.actor), what, one_line(wording.said(event.reason), 2_000), sign=sign))
    for note in notes:
        if note.issue_url:
            issue = note.issue_url if _is_web(note.issue_url) else ""
            what = t.gettext("made an issue")
            found.append(Moment(note.at, _who(note.actor), what, one_line(note.text, 300), issue, "link"))
        else:
            text = shorten(visible(note.text), 4_000)
            found.append(Moment(note.at, _who(note.actor), t.gettext("commented"), text))
    for made in dossier.suppressions[-200:]:
        name = t.gettext("suppression {number}").format(number=made.id)
        if made.approved_at is not None:
            found.append(
                Moment(
                    made.approved_at, _who(made.approved_by), t.gettext("approved the exception"), name, sign="check"
                )
            )
        if made.revoked_at is not None:
            what = t.gettext("ended the exception")
            found.append(Moment(made.revoked_at, _who(made.revoked_by), what, name, sign="undo"))
    return tuple(sorted(found, key=lambda one: one.at))


def _who(actor: str) -> str:
    return "Mergewarden" if actor == SYSTEM else one_line(actor, 120)


def _places(dossier: Dossier, base: FindingPage, project_url: str) -> tuple[Place, ...]:
    found: list[Place] = []
    for seen, row in zip(dossier.sightings, base.sightings, strict=False):
        ref = seen.ref
        if not project_url:
            url = ""
        elif ref.startswith("!") and ref[1:].isdecimal():
            url = f"{project_url}/-/merge_requests/{ref[1:]}"
        else:
            url = f"{project_url}/-/tree/{quote(ref, safe='/')}"
        found.append(
            Place(
                ref=row.ref,
                url=url,
                presence=row.presence,
                place=row.place,
                place_url=_blob(seen.location, dossier.known.project, project_url, seen.commit),
                commit=row.commit,
                why=row.explanation,
                first_seen_at=seen.first_seen_at,
                edited_at=seen.changed_at,
                gone_at=seen.gone_at,
            )
        )
    return tuple(found)


def _examples(samples: Sequence[Sample]) -> tuple[Example, ...]:
    """The first code that has the weakness and the first that has not, of the first sample that shows both."""
    for sample in sorted(samples, key=lambda one: not (one.count(Case.TRUE) and one.count(Case.FALSE))):
        found = [
            Example(one_line(sample.name, 100), lines, safe)
            for case, safe in ((Case.TRUE, False), (Case.FALSE, True))
            if (lines := _excerpt(sample, case))
        ]
        if found:
            return tuple(found)
    return ()


def _excerpt(sample: Sample, case: Case) -> tuple[CodeLine, ...]:
    lines = sample.lines
    at = next((index for index, line in enumerate(lines) if line.case is case), None)
    if at is None:
        return ()
    # Back to where the paragraph begins, on to where it ends, but not into what is another case.
    start = at
    while start > 0 and at - start < 5 and lines[start - 1].text.strip() and lines[start - 1].case is Case.NONE:
        start -= 1
    end = at + 1
    while end < len(lines) and end - start < _MOST_LINES and lines[end].text.strip() and lines[end].case is Case.NONE:
        end += 1
    number = lines[start].number
    span = Span(number + at - start, number + at - start)
    return code_view("\n".join(line.text for line in lines[start:end]), PurePosixPath(sample.name), number, span)


def _factor(part: Part, most: int, wording: Wording) -> FactorRow:
    share = round(100 * part.points / most) if most else 0
    return FactorRow(factor_word(part.factor, wording), part_word(part, wording), part.points, share)


def _other(item: Item, wording: Wording) -> Other:
    return Other(
        number=item.finding_id,
        url=finding_url(item.project_id, item.finding_id),
        severity=item.severity,
        title=one_line(title_of(item, wording), 160),
        place=f"{shorten_path(visible(str(item.path)), 120)}:{item.start_line}",
    )


def _url(item: Item | None, query: str) -> str:
    return finding_url(item.project_id, item.finding_id, query) if item is not None else ""


def _list_url(query: str) -> str:
    if not query:
        return "/triage"
    return "/triage" if query == "all" else f"/triage?{query}"


def _is_web(url: str) -> bool:
    return bool(url) and bool(web_references((url,)))


def _ahead(at: datetime | None, now: datetime) -> datetime | None:
    return at if at is not None and at > now else None
