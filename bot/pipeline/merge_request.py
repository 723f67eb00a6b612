"""
A merge request goes in, a verdict comes out.

Three steps, each of which may run twice: ``announce`` says that a scan has begun, ``scan`` judges the head and stores
the verdict, ``publish`` makes the merge request show it. The commit status goes last, so that a green light always
means that everything before it is visible.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import PurePosixPath

import structlog
from sqlalchemy.orm import Session

from bot.domain import explanations, failures
from bot.domain.change import FileChange
from bot.domain.coverage import Coverage
from bot.domain.gate import not_assessed
from bot.domain.identity import Identity
from bot.domain.job import HandleNote, SyncReason
from bot.domain.lifecycle import Remembered
from bot.domain.maturity.change_effect import ChangeEffect
from bot.domain.policy import Policy
from bot.domain.verdict import (
    Outcome,
    Presence,
    Reason,
    ReasonCode,
    ScanReport,
    Subject,
    TrackedFinding,
)
from bot.errors import ConfigurationError, MergewardenError
from bot.gitlab.comments import CommentPlan, confirmations, plan_comments
from bot.gitlab.errors import NotFound
from bot.gitlab.model import Discussion, MergeRequest, Note, Project
from bot.gitlab.positions import position_for
from bot.gitlab.publish import publish_comments
from bot.gitlab.status import publish_status
from bot.pipeline import external_checks
from bot.pipeline.agreement import say_until_it_holds
from bot.pipeline.assess import Assessed, Tools, assess_tree
from bot.pipeline.clearing import settle, withdraw
from bot.pipeline.failing import explain
from bot.pipeline.git import Mirror, RefNotFound, branch_ref, branch_refspec, merge_request_refspec
from bot.pipeline.judgement import Circumstances, Judge, Judged
from bot.pipeline.maturity.standing import effect_of, project_url
from bot.pipeline.merge_queue import after_verdict
from bot.pipeline.merging import own_part
from bot.pipeline.mirrors import mirror_of
from bot.pipeline.notes import missed_commands
from bot.pipeline.past_secrets import with_past_secrets
from bot.pipeline.policies import project_policy
from bot.pipeline.projects import remember
from bot.pipeline.publication import conversation, failure
from bot.pipeline.receipts import issue, receipt_url
from bot.pipeline.signing import SigningKeyError
from bot.pipeline.superseded import Superseded, Watch
from bot.pipeline.tampering import note_tampering
from bot.pipeline.thread_words import confirmed_by
from bot.pipeline.tracking import Findings, Look, track
from bot.reports.notes import failure_description, running_description, status_description
from bot.services import Services
from bot.store import clearances, commands, decisions, enforcement, heads, noise, scans, tracking
from bot.store.decisions import DecisionInputs, StoredDecision
from bot.store.engine import session, write_session
from bot.store.tracking import OWN, Ref
from bot.texts import Language
from scanners.finding import Finding
from scanners.interface import ScannerRun

log = structlog.get_logger(__name__)


GITLAB_SIMILARITY = 30
"""Per cent of alike lines from which GitLab's diff takes a deleted and an added file for a rename (as Gitaly does)."""

_COMMANDS_COUNT = timedelta(days=3)
"""How long a command that nobody announced is still meant."""
_FAILED = ":failed"
"""Ends the id of the record of a scan that was given up; what comes before is the job's id."""
_EPOCH = datetime.fromtimestamp(0, UTC)


class NotReady(MergewardenError):
    """Raised when GitLab has not prepared the merge request yet; trying again a little later helps."""

    retryable = True


class PublicationIncomplete(MergewardenError):
    """Raised when part of the conversation could not be sent; what was sent stays, and trying again sends the rest."""

    retryable = True


@dataclass(frozen=True, slots=True)
class Announced:
    """What ``announce`` found; small enough for a check point."""

    head_sha: str
    start_sha: str
    target_branch: str
    labels: tuple[str, ...] = ()
    draft: bool = False


@dataclass
class MergeRequestScan:
    """One job for one merge request. Made anew wherever the job goes on after a crash."""

    services: Services
    tools: Tools
    watch: Watch
    job_id: str
    project_id: int
    iid: int
    sequence: int
    sleep: Callable[[float], None] = time.sleep
    """How to wait for GitLab; argument in seconds."""
    target_branch: str | None = field(default=None, init=False)
    """For which a verdict was published."""
    merge_due: bool = field(default=False, init=False)
    """Whether, after publishing, the merge bot has something to do for the target branch."""
    ended: str | None = field(default=None, init=False)
    """``closed`` or ``merged``, where GitLab says so of what was to be looked at."""
    unheard: tuple[HandleNote, ...] = field(default=(), init=False)
    """Commands that no event announced, found while publishing."""
    _known_project: Project | None = field(default=None, init=False, repr=False)
    """Read once in each job, for which it stays as it was."""

    # -- steps --------------------------------------------------------------------------------------------------------

    def announce(self) -> Announced | None:
        """Set the status to running on the head; None when there is nothing to scan any more."""
        request = self._merge_request()
        if not request.is_open:
            return None
        if request.diff_refs is None or not request.diff_refs.base_sha:
            raise NotReady(failures.NOT_READY)
        project = self._project()
        policy = self.services.policy().for_project(project.path)
        if not self._judged(request):
            external_checks.take_back(self.services, request)
            self._set_status(request, "running", running_description(policy.language))
        return Announced(
            head_sha=request.diff_refs.head_sha,
            start_sha=request.diff_refs.start_sha,
            target_branch=request.target_branch,
            labels=request.labels,
            draft=request.draft,
        )

    def scan(self, announced: Announced) -> str:
        """Judge the head, store the verdict, and return its id: this job's, or an earlier one's that says the same."""
        started_at, started = datetime.now(UTC), time.monotonic()
        project = self._project()
        mirror = mirror_of(self.services, project, self.watch.cancelled)
        target_ref = branch_ref(announced.target_branch)
        self._fetch(mirror, announced)
        target = mirror.resolve(target_ref)
        base = mirror.merge_base(target, announced.head_sha)
        policy, reasons = project_policy(self.services.policy(), project.path, mirror, target)
        assessed = assess_tree(
            mirror, base=base, head=announced.head_sha, tools=self.tools, cancelled=self.watch.cancelled
        )
        assessed = with_past_secrets(
            mirror,
            assessed,
            landed=target,
            base=base,
            head=announced.head_sha,
            tools=self.tools,
            cancelled=self.watch.cancelled,
        )
        self.watch.check()
        self._measure(assessed.runs)
        own = self._track(mirror, announced, assessed, started_at)
        judged = self._judge(project, announced, policy, reasons, own, assessed.runs)
        decision = judged.decision
        report = ScanReport(
            subject=Subject(
                project=project.path,
                project_url=project.url,
                merge_request_iid=self.iid,
                ref=announced.target_branch,
                base_sha=base,
                head_sha=announced.head_sha,
            ),
            tracked=judged.tracked,
            runs=judged.runs,
            decision=decision,
            started_at=started_at,
            seconds=time.monotonic() - started,
            files_changed=assessed.files_changed,
            files_read=assessed.files_read,
            coverage=assessed.coverage,
        )
        log.info(
            "scanned", outcome=decision.outcome.value, seconds=round(report.seconds, 3), findings=len(report.tracked)
        )
        last_id, last = self._last()
        if last_id is not None and last is not None and _without_times(last) == _without_times(report):
            # Nothing that a person could want to know is new, so the merge request stays as it is.
            self._note_circumstances(last_id, judged, "scan")
            return last_id
        with write_session(self.services.store) as writing:
            scans.record_scan(writing, report, project_id=self.project_id, scan_id=self.job_id)
            self._record(writing, self.job_id, judged, "scan")
        return self.job_id

    def publish(self, scan_id: str) -> str:
        """Make the merge request show the stored verdict; returns the outcome's word."""
        return self._publish(scan_id, self._merge_request())

    def _publish(self, scan_id: str, request: MergeRequest) -> str:
        report = self._stored(scan_id)
        assert report.subject.head_sha is not None
        if not request.is_open or not _is_about(report, request):
            # A push or another target meanwhile; its own event brings its own job.
            raise Superseded
        project = self._project()
        mirror = self._mirror(project, report)
        policy, _ = self._policy_at(mirror, project, report)
        with session(self.services.store) as reading:
            decided = decisions.decision_about(reading, self.project_id, self.iid, scan_id)
        level = self._level()
        receipt = self._receipt(report, scan_id, decided, level)
        problems = self._publish_conversation(request, report, policy, mirror, receipt, level, decided)
        if problems:
            raise PublicationIncomplete(failures.NOT_SENT.format(sentence=problems[0]))
        outcome, lets_through = report.decision.outcome, report.decision.lets_through
        # A draft when the verdict was made, even if it is none any more.
        was_draft = decided is not None and decided.inputs.context.draft
        self._settle(mirror, report, scan_id, draft=request.draft or was_draft)
        self._set_status(request, *self._state(request, report, policy.language))
        with write_session(self.services.store) as writing:
            heads.mark_scanned(
                writing,
                self.project_id,
                self.iid,
                sequence=self.sequence,
                scan_id=scan_id,
                head_sha=report.subject.head_sha,
                base_sha=report.subject.base_sha,
                target_branch=request.target_branch,
            )
        if self._companions(request):
            # One of them may have been judged at the same moment, before it could know of this verdict, or this of its.
            say_until_it_holds(
                partial(self._state, request, report, policy.language), lambda said: self._set_status(request, *said)
            )
        external_checks.answer(self.services, request, lets_through)
        self.target_branch = request.target_branch
        self.merge_due = after_verdict(self.services, request, policy, lets_through)
        return outcome.value

    def sync(self, because: str = "") -> str:
        """
        Judge the last scan again, as people may have decided about findings, and bring the merge request in line.

        ``because`` is the word of why; it is kept with the decision.
        """
        scan_id, report = self._last()
        if scan_id is None or report is None:
            return "never_scanned"
        if (reason := _failure_of(report)) is not None:
            return self._repeat_failure(report, reason)
        project = self._project()
        mirror = self._mirror(project, report)
        if because != SyncReason.DECIDED.value:
            # The policy is the one of now; a person who waits for an answer is not kept for it, and gets that of then.
            with suppress(RefNotFound):
                mirror.fetch([branch_refspec(report.subject.ref)])
        policy, reasons = self._policy_at(mirror, project, report)
        assert report.subject.head_sha is not None
        request = self._merge_request()
        announced = Announced(
            report.subject.head_sha, report.subject.head_sha, report.subject.ref, request.labels, request.draft
        )
        with session(self.services.store) as reading:
            seen = tracking.numbers_of(reading, self._ref(announced.target_branch), OWN)
        judged = self._judge(project, announced, policy, reasons, *own_part(report.tracked, report.runs, seen))
        if (judged.tracked, judged.runs) != (report.tracked, report.runs):
            # Reports of other tools came in since: another scan, as far as anybody can see.
            scan_id = self.job_id
            report = replace(report, tracked=judged.tracked, runs=judged.runs, decision=judged.decision)
            with write_session(self.services.store) as writing:
                scans.record_scan(writing, report, project_id=self.project_id, scan_id=scan_id)
                self._record(writing, scan_id, judged, because)
        elif judged.decision != report.decision:
            with write_session(self.services.store) as writing:
                scans.record_decision(writing, scan_id, judged.decision)
                self._record(writing, scan_id, judged, because)
        else:
            self._note_circumstances(scan_id, judged, because)
        return self._publish(scan_id, request)

    def give_up(self, error: BaseException) -> str:
        """Say on the merge request that nobody could judge it; as much of that as still can be said."""
        reason = explain(error)
        log.error("scan given up", reason=reason, exc_info=error)
        request = self._merge_request()
        if not request.is_open:
            return request.state
        project = self._project()
        policy = self._policy_or_none(project)
        language = policy.language if policy is not None else self.services.settings.language
        report = ScanReport(
            subject=Subject(project.path, project.url, self.iid, request.target_branch, None, request.sha),
            tracked=(),
            runs=(),
            decision=not_assessed(reason, policy_digest=policy.digest if policy is not None else ""),
            started_at=datetime.now(UTC),
            seconds=0.0,
            files_changed=0,
            files_read=0,
        )
        scan_id, last = self._last()
        if scan_id is None or last is None or _without_times(last) != _without_times(report):
            scan_id = f"{self.job_id}{_FAILED}"
            with write_session(self.services.store) as writing:
                scans.record_scan(writing, report, project_id=self.project_id, scan_id=scan_id)
                if policy is not None:
                    inputs = DecisionInputs(extra_reasons=report.decision.reasons)
                    self._record(writing, scan_id, Judged((), (), report.decision, policy, inputs), "failed")
        withdraw(self.services, self.project_id, self.iid, clearances.VERDICT)
        # The status first, for once: it is red, and it is what stops the merge.
        said = "failed", failure_description(language, reason=reason)
        self._set_status(request, *said)
        external_checks.answer(self.services, request, lets_through=False)
        with write_session(self.services.store) as writing:
            heads.mark_failed(writing, self.project_id, self.iid, sequence=self.sequence, scan_id=scan_id)
        if self._companions(request):
            # One of them may have gone by our last verdict meanwhile.
            self._set_status(request, *said)
        wanted = failure(reason, language, request.sha, scan_id.removesuffix(_FAILED))
        plan = plan_comments(
            wanted,
            self._discussions(),
            bot_id=self.services.bot_user.id,
            positions={},
            language=language,
        )
        self._send(request, plan)
        return Outcome.NOT_ASSESSED.value

    # -- parts --------------------------------------------------------------------------------------------------------

    def _ref(self, target_branch: str) -> Ref:
        return Ref(self.project_id, f"!{self.iid}", self.iid, target_branch)

    def _track(
        self, mirror: Mirror, announced: Announced, assessed: Assessed, at: datetime
    ) -> tuple[TrackedFinding, ...]:
        """The findings with their numbers; where they are is written down."""
        present = [item for item in assessed.tracked if item.presence is not Presence.FIXED]
        coverage = Coverage(assessed.runs)
        changed = {change.new_path for change in assessed.changes}

        def looked(scanner: str, finding: Finding, path: PurePosixPath | None) -> bool:
            # A file that is as in the target branch again is none of the merge request's.
            return coverage.looked_by(scanner, finding, path if path in changed else None)

        def verdict(index: int, identity: Identity, _before: Remembered | None) -> tuple[Presence, str]:
            return present[index].presence, _explained(present[index], identity.number)

        look = Look(
            self._ref(announced.target_branch),
            OWN,
            announced.head_sha,
            at,
            looked=looked,
            scan_id=self.job_id,
            version=self.tools.recipes[-1].version,
            verdict=verdict,
            correlate=True,
            old_paths={change.old_path for change in assessed.changes if change.old_path is not None},
            blind={change.new_path for change in assessed.changes if change.binary and change.new_path is not None},
        )
        plan = track(self.services.store, mirror, look, Findings([item.finding for item in present])).plan
        numbered = [
            replace(item, number=number, explanation=_explained(item, number))
            for item, number in zip(present, plan.numbers, strict=True)
        ]
        return (*numbered, *(item for item in assessed.tracked if item.presence is Presence.FIXED))

    def _judge(
        self,
        project: Project,
        announced: Announced,
        policy: Policy,
        reasons: tuple[Reason, ...],
        own: Sequence[TrackedFinding],
        own_runs: Sequence[ScannerRun],
    ) -> Judged:
        """The verdict on what our scan and other tools' reports about the same commit say."""
        circumstances = Circumstances(frozenset(announced.labels), announced.draft)
        ref = self._ref(announced.target_branch)
        judge = Judge(self.services, self.project_id, ref, policy, reasons, circumstances)
        return judge.judge(
            own,
            own_runs,
            announced.head_sha,
            partial(self._confirmed_in_threads, project, announced, policy),
            datetime.now(UTC),
        )

    def _record(self, writing: Session, scan_id: str, judged: Judged, because: str) -> None:
        """Keep a decision with what it followed from, so that it can be made again."""
        decisions.record_decision(
            writing,
            scan_id=scan_id,
            project_id=self.project_id,
            iid=self.iid,
            at=datetime.now(UTC),
            because=because,
            policy=judged.policy,
            inputs=judged.inputs,
            decision=judged.decision,
        )

    def _settle(self, mirror: Mirror, report: ScanReport, scan_id: str, *, draft: bool) -> None:
        """
        Say what may go into the target branch now; before the green light, which lets people try.

        The verdict on a draft clears nothing: a policy may judge drafts more mildly, and GitLab lets nobody merge one.
        """
        assert report.subject.head_sha is not None
        settle(
            self.services,
            mirror,
            project_id=self.project_id,
            iid=self.iid,
            sequence=self.sequence,
            target_branch=report.subject.ref,
            base_sha=report.subject.base_sha,
            head_sha=report.subject.head_sha,
            scan_id=scan_id,
            lets_through=report.decision.lets_through and not draft,
            at=datetime.now(UTC),
        )

    def _note_circumstances(self, scan_id: str, judged: Judged, because: str) -> None:
        """Keep that the same was decided under other circumstances: what the next verdict needs is not what it was."""
        with session(self.services.store) as reading:
            last = decisions.last_decision(reading, self.project_id, self.iid)
        now = judged.inputs.context
        if last is None or (last.inputs.context.draft, last.inputs.context.labels) != (now.draft, now.labels):
            with write_session(self.services.store) as writing:
                self._record(writing, scan_id, judged, because)

    def _last(self) -> tuple[str | None, ScanReport | None]:
        """Id and report of the last verdict that was published, or of the last scan that was given up."""
        return self._last_of(self.iid)

    def _last_of(self, iid: int) -> tuple[str | None, ScanReport | None]:
        with session(self.services.store) as reading:
            head = heads.get_head(reading, self.project_id, iid)
            if head is None or head.last_scan_id is None:
                return None, None
            return head.last_scan_id, scans.load_scan(reading, head.last_scan_id)

    def _judged(self, request: MergeRequest) -> bool:
        """Whether the merge request as it is shows a verdict, which then stands until there is another."""
        _, report = self._last()
        return report is not None and _is_about(report, request)

    def _repeat_failure(self, report: ScanReport, reason: str) -> str:
        """Put the status of a scan that was given up on a pipeline that began since."""
        request = self._merge_request()
        if not request.is_open or not _is_about(report, request):
            raise Superseded
        language = self.services.language_for(self._project().path)
        self._set_status(request, "failed", failure_description(language, reason=reason))
        return Outcome.NOT_ASSESSED.value

    def _state(self, request: MergeRequest, report: ScanReport, language: Language) -> tuple[str, str]:
        """
        What the status of the head has to say, and in which words.

        A status belongs to the commit and not to the merge request. So one that is clean against its own target must
        not turn another of the same commit green, whose target lacks what this one's has.
        """
        if not report.decision.lets_through:
            return "failed", status_description(report, language)
        waiting = False
        for head in self._companions(request):
            # Our own notes of it may be old: the event that closed or retargeted it may have got lost, or come later.
            try:
                current = self.services.gitlab.merge_request(self.project_id, head.iid)
            except NotFound:
                continue
            if not current.is_open or current.sha != request.sha:
                continue
            _, other = self._last_of(head.iid)
            if other is None or not _is_about(other, current):
                waiting = True
            elif not other.decision.lets_through:
                return "failed", f"!{head.iid}: {status_description(other, language)}"
        if waiting:
            return "running", running_description(language)
        return "success", status_description(report, language)

    def _companions(self, request: MergeRequest) -> list[heads.MergeRequestHead]:
        """Other open merge requests with the same status: of the same commit, without pipelines of their own."""
        pipeline = request.head_pipeline
        if pipeline is not None and pipeline.source == "merge_request_event":
            return []
        return self._of_the_same_commit(request)

    def _of_the_same_commit(self, request: MergeRequest) -> list[heads.MergeRequestHead]:
        if request.sha is None:
            return []
        with session(self.services.store) as reading:
            found = heads.open_heads_at(reading, request.sha)
        return [head for head in found if head.project_id == self.project_id and head.iid != self.iid]

    def _mirror(self, project: Project, report: ScanReport) -> Mirror:
        """The project's mirror with the commits of ``report``, which another host may have scanned."""
        mirror = mirror_of(self.services, project, self.watch.cancelled)
        commits = [sha for sha in (report.subject.base_sha, report.subject.head_sha) if sha is not None]
        refspecs = [branch_refspec(report.subject.ref)] if report.subject.ref else []
        mirror.ensure(commits, [*refspecs, merge_request_refspec(self.iid)])
        return mirror

    def _fetch(self, mirror: Mirror, announced: Announced) -> None:
        # The target branch is fetched also when its commit of then is here: the policy is the one of now.
        target, head = branch_refspec(announced.target_branch), merge_request_refspec(self.iid)
        if not mirror.has_commit(announced.head_sha):
            with suppress(RefNotFound):  # one of the two may be late or gone: then each on its own, below
                mirror.fetch([target, head])
                mirror.ensure([announced.head_sha])
                return
        mirror.fetch([target])
        mirror.ensure([announced.head_sha], [head])

    def _merge_request(self) -> MergeRequest:
        self.watch.check()
        request = self.services.gitlab.merge_request(self.project_id, self.iid)
        self.ended = request.state if request.state in ("closed", "merged") else None
        return request

    def _project(self) -> Project:
        if self._known_project is not None:
            return self._known_project
        project = self._known_project = self.services.gitlab.project(self.project_id)
        with write_session(self.services.store) as writing:
            remember(writing, project)
        return project

    def _discussions(self) -> Sequence[Discussion]:
        return self.services.gitlab.discussions(self.project_id, self.iid)

    def _confirmed_in_threads(
        self, project: Project, announced: Announced, policy: Policy, tracked: Sequence[TrackedFinding]
    ) -> frozenset[str]:
        if all(finding.presence is not Presence.CHANGED for finding in tracked):
            return frozenset()  # nothing else can be confirmed, so GitLab need not be asked
        request = self._merge_request()
        resolved = self._resolved(project, request, self._discussions())
        return confirmed_by(self.services, request, self._ref(announced.target_branch), policy, tracked, resolved)

    def _confirmed_since(
        self, request: MergeRequest, report: ScanReport, policy: Policy, existing: Sequence[Discussion]
    ) -> frozenset[str]:
        """What was confirmed between the verdict and its publication: those threads are not opened again."""
        blocking = [item for item in report.tracked if report.decision.blocks(item.finding.fingerprint)]
        resolved = self._resolved(self._project(), request, existing)
        return confirmed_by(self.services, request, self._ref(report.subject.ref), policy, blocking, resolved)

    def _resolved(self, project: Project, request: MergeRequest, existing: Sequence[Discussion]) -> dict[str, Note]:
        return confirmations(
            existing,
            bot_id=self.services.bot_user.id,
            author_id=request.author_id,
            # Where GitLab resolves threads of edited lines by itself, it does so in the name of whoever pushed.
            head_sha=request.sha if project.resolves_outdated_threads else None,
        )

    def _stored(self, scan_id: str) -> ScanReport:
        with session(self.services.store) as reading:
            report = scans.load_scan(reading, scan_id)
        if report is None:
            raise MergewardenError(failures.NOT_STORED.format(scan=scan_id), "Push again, or ask for a new scan.")
        return report

    def _policy_at(self, mirror: Mirror, project: Project, report: ScanReport) -> tuple[Policy, tuple[Reason, ...]]:
        """The policy that the scan was judged by: the target branch as it was fetched for it."""
        target = mirror.resolve(branch_ref(report.subject.ref)) if report.subject.ref else None
        return project_policy(self.services.policy(), project.path, mirror, target)

    def _publish_conversation(
        self,
        request: MergeRequest,
        report: ScanReport,
        policy: Policy,
        mirror: Mirror,
        receipt: str | None,
        level: str | None,
        decided: StoredDecision | None,
    ) -> list[str]:
        refs = request.diff_refs
        # GitLab draws its diff with git's default algorithm, and accepts a comment only on a line of that diff.
        changes: Sequence[FileChange] = ()
        if refs is not None and mirror.has_commit(refs.base_sha) and mirror.has_commit(refs.head_sha):
            changes = mirror.changes(refs.base_sha, refs.head_sha, algorithm="myers", similarity=GITLAB_SIMILARITY)
        by_path = {change.new_path: change for change in changes if change.new_path is not None}
        existing, bot_id = self._discussions(), self.services.bot_user.id
        note_tampering(
            self.services,
            request,
            report.decision,
            existing,
            resolves_outdated=self._project().resolves_outdated_threads,
        )
        now = datetime.now(UTC)
        missed = missed_commands(
            existing, self._heard(), bot_id, now - _COMMANDS_COUNT, project_id=self.project_id, iid=self.iid
        )
        # Once a day: the first job of the note may be under way, or have been given up.
        self.unheard = tuple(replace(job, again=now.date().isoformat()) for job in missed)
        wanted = conversation(
            report,
            policy,
            changes,
            policy.language,
            existing=existing,
            bot_id=bot_id,
            receipt_id=receipt or "",
            receipt_url=receipt_url(self.services.settings, receipt) if receipt else None,
            enforcement=level,
            maturity=self._maturity(request, report, decided),
            project_url=project_url(self.services.settings, self.project_id),
        )
        # What is only in the history stands on no line of the head.
        past = {t.finding.fingerprint for t in report.tracked if explanations.commit_left_in(t.explanation)}
        positions = {
            thread.fingerprint: position_for(by_path.get(thread.location.path), thread.location)
            for thread in wanted.threads
            if thread.fingerprint not in past
        }
        plan = plan_comments(
            wanted,
            existing,
            bot_id=bot_id,
            positions=positions,
            language=policy.language,
            confirmed=self._confirmed_since(request, report, policy, existing),
        )
        problems = self._send(request, plan)
        shown = {thread.fingerprint for thread in wanted.threads}
        if shown:
            with write_session(self.services.store) as writing:
                commented = [item for item in report.tracked if item.finding.fingerprint in shown]
                noise.note_commented(writing, self.project_id, self.iid, commented)
        return problems

    def _maturity(
        self, request: MergeRequest, report: ScanReport, decided: StoredDecision | None
    ) -> ChangeEffect | None:
        """What the change does to the project's score; None for one that goes elsewhere than to the default branch."""
        project = self._project()
        if request.target_branch != project.default_branch:
            return None
        suppressed = decided.inputs.suppressed.values() if decided is not None else ()
        return effect_of(self.services, self.project_id, project.path, report, datetime.now(UTC), suppressed=suppressed)

    def _level(self) -> str | None:
        """How the verdict is enforced, for people; None while nobody has looked."""
        with session(self.services.store) as reading:
            known = enforcement.stored(reading, self.project_id)
        return f"L{int(known.level)}" if known is not None and known.checked_at is not None else None

    def _receipt(
        self, report: ScanReport, scan_id: str, decided: StoredDecision | None, level: str | None
    ) -> str | None:
        """Id of the signed receipt of this verdict; None where it cannot be signed: a verdict does not wait for it."""
        try:
            return issue(
                self.services,
                report,
                project_id=self.project_id,
                scan_id=scan_id,
                at=decided.at if decided is not None else report.started_at,
                decision_id=decided.id if decided is not None else None,
                confirmed=decided.inputs.confirmed if decided is not None else frozenset(),
                enforcement=level,
            )
        except SigningKeyError as error:
            log.error("no receipt could be signed", reason=str(error), hint=error.hint)
            return None

    def _heard(self) -> frozenset[int]:
        with session(self.services.store) as reading:
            return commands.known_notes(reading, self.project_id, self.iid)

    def _policy_or_none(self, project: Project) -> Policy | None:
        """The organisation's policy; None where it cannot be read, which is then why nobody could judge."""
        try:
            return self.services.policy().for_project(project.path)
        except ConfigurationError:
            return None

    def _send(self, request: MergeRequest, plan: CommentPlan) -> list[str]:
        result = publish_comments(
            self.services.gitlab,
            request,
            plan,
            still_current=lambda: not self.watch.cancelled(),
            sleep=self.sleep,
        )
        self.watch.check()
        for failed in result.failed:
            log.warning("not posted", what=failed.what, error=str(failed.error))
        for what in result.altered:
            log.error("GitLab changed a note of ours", what=what)
        return [str(failed.error) for failed in result.failed]

    def _set_status(self, request: MergeRequest, state: str, description: str) -> None:
        self.watch.check()
        result = publish_status(
            self.services.gitlab,
            request,
            state,
            bot_id=self.services.bot_user.id,
            name=self.services.settings.status_name,
            description=description,
            target_url=request.web_url,
            shared=bool(self._of_the_same_commit(request)),
            sleep=self.sleep,
        )
        if result.error is not None and result.error.retryable:
            raise result.error
        if not result.ok or not result.decides:
            # The verdict stands in the comments all the same; `mergewarden doctor` says what blocking needs.
            log.warning("status does not block", state=state, error=str(result.error or ""), hint=result.hint)

    def _measure(self, runs: Sequence[ScannerRun]) -> None:
        for run in runs:
            self.services.metrics.scanner_seconds.labels(run.scanner, run.status.value).observe(run.seconds)


def _explained(item: TrackedFinding, number: int | None) -> str:
    """Why it is what it is, with the number of what it is the same as."""
    if number is None or item.presence not in (Presence.EXISTING, Presence.CHANGED):
        return item.explanation
    return explanations.SAME_AS.format(count=number, sentence=item.explanation)


def _is_about(report: ScanReport, request: MergeRequest) -> bool:
    """Whether a verdict is one on the merge request as it is now."""
    return (report.subject.head_sha, report.subject.ref) == (request.sha, request.target_branch)


def _failure_of(report: ScanReport) -> str | None:
    """Why the scan was given up; None when it was not."""
    return next((r.detail for r in report.decision.reasons if r.code is ReasonCode.SCAN_FAILED), None)


def _without_times(report: ScanReport) -> ScanReport:
    """The report without what differs from one run to the next although nothing else does."""
    runs = tuple(replace(run, seconds=0.0, cached_files=0) for run in report.runs)
    return replace(report, runs=runs, started_at=_EPOCH, seconds=0.0)
