"""
``GET /projects/{project}/merge_requests/{iid}``: a merge request with its scans, the newest first; ``?scan=`` shows an
older one. What was not kept, such as when an event of long ago came in, is shown as not known.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import quote

from starlette.responses import Response
from starlette.routing import Route

from bot.domain.change_coverage import NO_ANSWER, ChangeCoverage, Content
from bot.domain.command import Result
from bot.domain.job import SyncReason
from bot.domain.roles import Permission
from bot.domain.verdict import Effect, Presence, TrackedFinding
from bot.errors import ConfigurationError
from bot.reports.markdown import host_of, safe_url
from bot.reports.visible import one_line, shorten_path, visible
from bot.reports.wording import Wording, words_in
from bot.store import projects
from bot.store.clearances import CLOSED, MERGED, REWRITTEN, SUPERSEDED, VERDICT
from bot.store.desk import merge_request_reads
from bot.store.desk.merge_request_reads import ChosenScan, Cleared, Command, Decided, MergeRequestDesk, ScanLine
from bot.store.engine import session
from bot.store.heads import HeadState
from bot.texts import N_
from bot.web.api.problems import Problem
from bot.web.contexts.merge_request import (
    ClearanceLine,
    CommandLine,
    CoverageFacts,
    DecisionLine,
    FindingLine,
    MergeRequestPage,
    PresenceGroup,
    ScanRow,
    Step,
)
from bot.web.contexts.spans import span
from bot.web.entry import Visit, not_there
from bot.web.pages.project import gap_lines, run_line, wish_line

if TYPE_CHECKING:
    from bot.web.desk import Desk

PAGE = 100
"""Findings on one page."""
MOST_GAPS = 30
MOST_UNREAD = 20
MOST_RULES = 20
_MOST_FIRST = 1_000_000
_ORDER = (Presence.NEW, Presence.CHANGED, Presence.EXISTING, Presence.FIXED)


def routes(desk: Desk) -> Sequence[Route]:
    """The page."""

    def shown(visit: Visit) -> Response:
        project_id, iid = visit.number("project"), visit.number("iid")
        visit.require(Permission.READ, project_id)
        return desk.frame.page(visit, "merge_request.html", _page(desk, visit, project_id, iid), section="projects")

    return (Route("/projects/{project}/merge_requests/{iid}", desk.entry.page(shown), name="merge_request"),)


def _page(desk: Desk, visit: Visit, project_id: int, iid: int) -> MergeRequestPage:
    wording = words_in(visit.language)
    first = _first(visit)
    with session(desk.services.store) as reading:
        project = projects.get_project(reading, project_id)
        found = merge_request_reads.merge_request_desk(reading, project_id, iid)
        if project is None or found is None:
            raise not_there()
        wanted = visit.query.get("scan", "") or (found.scans[0].id if found.scans else "")
        # Asked for even where there is none, so that the number of statements is always the same.
        details = merge_request_reads.chosen_scan(reading, project_id, iid, wanted, first=first, limit=PAGE)
    if details is None and visit.query.get("scan", ""):
        raise Problem(404, N_("there is no such scan"), N_("Scans are deleted in the end; the newest is always there."))
    line = next((one for one in found.scans if one.id == wanted), None)
    newest = found.scans[0] if found.scans else None
    host = host_of(desk.services.settings.gitlab_url or "")
    project_url = project.web_url if safe_url(project.web_url, host) else ""
    required = _required(desk, project.path)
    gaps, more_gaps = gap_lines(details.gaps if details is not None else {}, wording, most=MOST_GAPS)
    verdict, remark = _verdict(found, newest, wording)

    def address(scan: str, start: int = 0) -> str:
        usual = newest is not None and scan == newest.id
        return desk.frame.url(
            "merge_request", project=project_id, iid=iid, scan=None if usual else scan, first=start or None
        )

    rows = tuple(_row(one, address(one.id), one.id == wanted, wording) for one in found.scans)
    shown = len(details.findings) if details is not None else 0
    total = sum(line.counts.values()) if line is not None else first + shown
    _ = wording.t.gettext
    return MergeRequestPage(
        project_id=project_id,
        project=one_line(project.path, 300),
        project_url=desk.frame.url("project", project=project_id),
        iid=iid,
        web_url=f"{project_url}/-/merge_requests/{iid}" if project_url else "",
        state=_state(found.head.state, wording),
        is_open=found.head.state is HeadState.OPENED,
        target=one_line(found.head.target_branch or "", 200),
        head=(found.head.head_sha or "")[:12],
        outcome=newest.outcome if newest is not None else None,
        verdict=verdict,
        remark=remark,
        what_it_rests_on=tuple(one_line(wording.reason(reason), 400) for reason in details.reasons[:30])
        if details is not None
        else (),
        rules=_rules(details) if details is not None else (),
        scans=rows,
        more_scans=found.more_scans,
        chosen=next((row for row in rows if row.chosen), None),
        error=one_line(wording.said(line.error), 400) if line is not None else "",
        steps=_steps(line, details, found.decisions, wording) if line is not None and details is not None else (),
        runs=tuple(
            run_line(
                run,
                required is not None and run.scanner in required,
                len(details.gaps.get(run.scanner, ())) if details is not None else None,
                wording,
            )
            for run in line.runs
        )
        if line is not None
        else (),
        gaps=gaps,
        more_gaps=more_gaps,
        coverage=_coverage(details.coverage, wording) if details is not None and details.coverage is not None else None,
        groups=_groups(project_id, details, line.counts if line is not None else {}, wording)
        if details is not None
        else (),
        suppressed=details.suppressed if details is not None else 0,
        findings_first=address(wanted) if first else "",
        findings_next=address(wanted, first + shown) if shown == PAGE and first + shown < total else "",
        findings_shown=_("{first} to {last} of {total}").format(first=first + 1, last=first + shown, total=total)
        if shown and total > shown
        else "",
        receipts=tuple((f"/receipts/{quote(one.id)}.html", one.id[:16], one.issued_at) for one in line.receipts[:10])
        if line is not None
        else (),
        decisions=tuple(_decision(one, found.scans, wording) for one in found.decisions),
        commands=tuple(_command(one, project_url, iid, wording) for one in found.commands),
        wishes=tuple(wish_line(desk, one, wording) for one in found.wishes),
        clearances=tuple(_clearance(one, wording) for one in found.clearances),
    )


def _first(visit: Visit) -> int:
    text = visit.query.get("first", "")
    if not text:
        return 0
    if not (text.isascii() and text.isdecimal() and len(text) < 8) or int(text) > _MOST_FIRST:
        raise Problem(422, N_("first is a number of a finding, counted from 0"), N_("Follow a link."), field="first")
    return int(text)


def _required(desk: Desk, path: str) -> frozenset[str] | None:
    try:
        return desk.services.policy().for_project(path).required_scanners
    except ConfigurationError:
        return None


def _state(state: HeadState, wording: Wording) -> str:
    _ = wording.t.gettext
    return {
        HeadState.OPENED: _("open"),
        HeadState.CLOSED: _("closed"),
        HeadState.LOCKED: _("being merged"),
        HeadState.MERGED: _("merged"),
    }[state]


def _verdict(found: MergeRequestDesk, newest: ScanLine | None, wording: Wording) -> tuple[str, str]:
    _ = wording.t.gettext
    if newest is None:
        return _("No verdict yet"), ""
    if found.head.last_scan_id != newest.id or newest.head_sha != found.head.head_sha:
        return wording.outcome(newest.outcome), _("about an earlier commit")
    return wording.outcome(newest.outcome), _("let through by the policy") if newest.tolerated else ""


def _row(one: ScanLine, url: str, chosen: bool, wording: Wording) -> ScanRow:
    newest = one.receipts[0] if one.receipts else None
    return ScanRow(
        id=one.id,
        url=url,
        chosen=chosen,
        outcome=one.outcome,
        words=wording.outcome(one.outcome),
        commit=(one.head_sha or "")[:12],
        started_at=one.started_at,
        seconds=wording.seconds(one.seconds),
        counts=tuple((wording.presence(p), one.counts[p]) for p in _ORDER if one.counts.get(p)),
        receipt_url=f"/receipts/{quote(newest.id)}.html" if newest is not None else "",
    )


def _rules(details: ChosenScan) -> tuple[tuple[str, int, bool], ...]:
    """The strongest first, then those that matched most."""
    counted = Counter((one.rule, one.effect) for one in details.violations if one.effect is not Effect.MONITOR)
    order = sorted(counted, key=lambda pair: (-pair[1].rank, -counted[pair], pair[0]))
    return tuple((one_line(rule, 200), counted[rule, effect], effect is Effect.BLOCK) for rule, effect in order)[
        :MOST_RULES
    ]


def _steps(line: ScanLine, details: ChosenScan, decisions: Sequence[Decided], wording: Wording) -> tuple[Step, ...]:
    """What happened when. Times of the worker and of the database need not agree to the second."""
    _ = wording.t.gettext

    def since(start: datetime | None, end: datetime | None) -> str:
        if start is None or end is None:
            return ""
        return span((end - start).total_seconds(), wording)

    decided = min((one.at for one in decisions if one.scan_id == line.id), default=None)
    issued = min((one.issued_at for one in line.receipts), default=None)
    return (
        Step(_("GitLab told of it"), details.heard_at, ""),
        Step(_("A worker began"), line.started_at, since(details.heard_at, line.started_at)),
        Step(_("Scanned"), line.started_at + timedelta(seconds=line.seconds), wording.seconds(line.seconds)),
        Step(_("Written down"), line.recorded_at, since(line.started_at, line.recorded_at)),
        Step(_("Decision made"), decided, since(line.started_at, decided)),
        Step(_("Receipt signed, result published"), issued, since(line.started_at, issued)),
    )


def _coverage(found: ChangeCoverage, wording: Wording) -> CoverageFacts:
    unread = [file for file in found.files if file.incomplete]
    return CoverageFacts(
        files=len(found.files) + found.omitted,
        incomplete=len(unread) + found.omitted_incomplete,
        unread=tuple(
            (
                shorten_path(visible(str(file.path)), 200),
                _why(file.content, [(look.scanner, why) for look in file.looks for why in look.left_out], wording),
            )
            for file in unread[:MOST_UNREAD]
        ),
        more=max(0, len(unread) - MOST_UNREAD) + found.omitted_incomplete,
    )


def _why(content: Content, left_out: Sequence[tuple[str, str]], wording: Wording) -> str:
    _ = wording.t.gettext
    if content is Content.UNREAD and not left_out:
        return _("not read")
    words = [
        f"{one_line(scanner, 60)}{wording.colon()}{_('no answer') if why == NO_ANSWER else wording.gap(why)}"
        for scanner, why in left_out[:5]
    ]
    return wording.joined(words)


def _groups(
    project_id: int, details: ChosenScan, counts: Mapping[Presence, int], wording: Wording
) -> tuple[PresenceGroup, ...]:
    blocks = {one.fingerprint for one in details.violations if one.blocks}
    by_presence: dict[Presence, list[TrackedFinding]] = {}
    for tracked in details.findings:
        by_presence.setdefault(tracked.presence, []).append(tracked)
    return tuple(
        PresenceGroup(
            presence=presence,
            words=wording.presence(presence),
            total=counts.get(presence, len(by_presence[presence])),
            findings=tuple(_finding(project_id, one, blocks, wording) for one in by_presence[presence]),
        )
        for presence in _ORDER
        if presence in by_presence
    )


def _finding(project_id: int, tracked: TrackedFinding, blocks: set[str], wording: Wording) -> FindingLine:
    finding = tracked.finding
    gone = tracked.presence is Presence.FIXED
    return FindingLine(
        number=tracked.number,
        url=f"/projects/{project_id}/findings/{tracked.number}" if tracked.number is not None else "",
        title=one_line(wording.words_of(finding).title, 200),
        severity=finding.severity,
        confidence=finding.confidence,
        place=f"{shorten_path(visible(str(finding.location.path)), 160)}:{finding.location.start_line}",
        rule=one_line(f"{finding.scanner} {finding.rule_id}", 160),
        blocks=not gone and finding.fingerprint in blocks,
        suppressed=False,
    )


def _decision(one: Decided, scans: Sequence[ScanLine], wording: Wording) -> DecisionLine:
    commit = next(((line.head_sha or "")[:12] for line in scans if line.id == one.scan_id), "")
    return DecisionLine(
        id=one.id,
        at=one.at,
        because=_because(one.because, wording),
        outcome=one.outcome,
        words=wording.outcome(one.outcome),
        policy=one_line(one.policy_digest, 12),
        commit=commit,
    )


def _because(word: str, wording: Wording) -> str:
    _ = wording.t.gettext
    known = {
        "scan": _("it was scanned"),
        "failed": _("the scan could not be done"),
        SyncReason.THREADS_RESOLVED.value: _("threads were resolved"),
        SyncReason.PIPELINE_APPEARED.value: _("a new pipeline appeared"),
        SyncReason.PIPELINE_FINISHED.value: _("the pipeline ended"),
        SyncReason.REPORTS_ARRIVED.value: _("reports of other tools came in"),
        SyncReason.CIRCUMSTANCES.value: _("labels or draft state changed"),
        SyncReason.DECIDED.value: _("somebody decided about a finding"),
    }
    return known.get(word, one_line(word, 60))


def _command(one: Command, project_url: str, iid: int, wording: Wording) -> CommandLine:
    _ = wording.t.gettext
    results = {
        Result.IGNORED: _("ignored"),
        Result.UNCHANGED: _("it was so already"),
        Result.ANSWERED: _("answered"),
        Result.DONE: _("done"),
        Result.REQUESTED: _("waits for a second person"),
        Result.MISREAD: _("not understood"),
        Result.EDITED: _("edited afterwards"),
        Result.REFUSED: _("refused"),
    }
    return CommandLine(
        actor=one_line(one.actor, 120),
        verb=one_line(one.verb, 60),
        result=results[one.result] if one.result is not None else _("not known"),
        at=one.at,
        url=f"{project_url}/-/merge_requests/{iid}#note_{one.note_id}" if project_url else "",
    )


def _clearance(one: Cleared, wording: Wording) -> ClearanceLine:
    _ = wording.t.gettext
    why = {
        SUPERSEDED: _("another head, or another target, was judged since"),
        VERDICT: _("a later verdict does not let it through"),
        CLOSED: _("it was closed without a merge"),
        MERGED: _("it was merged"),
        REWRITTEN: _("the history of the target branch was rewritten"),
    }
    return ClearanceLine(
        commit=one.head_sha[:12],
        granted_at=one.granted_at,
        withdrawn_at=one.withdrawn_at,
        why=why.get(one.withdrawn_because, one_line(one.withdrawn_because, 60)),
    )
