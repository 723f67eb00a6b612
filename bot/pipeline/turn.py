"""
Carries out one command after another of a note, within the note's transaction. Nothing here talks to GitLab.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta

import structlog
from sqlalchemy.orm import Session

from bot.domain.audit import Act, Action, Word
from bot.domain.authority import Answer, Person, Request, Ruling, ruling
from bot.domain.command import DISMISSALS, JUSTIFICATIONS, Command, Misread, Result, Verb
from bot.domain.job import JobRequest, RunMergeQueue, ScanMergeRequest, ScanReason
from bot.domain.known import KnownFinding, Sighting
from bot.domain.policy import Policy
from bot.domain.suppression import Standing, Suppression, SuppressionError, Suppressions
from bot.domain.triage import TriageError, TriageState
from bot.domain.verdict import Presence, TrackedFinding
from bot.gitlab.markers import MarkerKind, key_of, marker_of
from bot.gitlab.model import Discussion, MergeRequest, Note
from bot.pipeline.acts import decided_act, finding, said, suppression_act
from bot.pipeline.decisions import (
    affected_merge_requests,
    approve_suppression,
    decide,
    dossier,
    revoke_suppression,
)
from bot.pipeline.merge_queue import ask_to_merge, take_back
from bot.pipeline.people import CannotTell, seen_from_finding
from bot.reports.answers import Answers, Approvers
from bot.services import Services
from bot.store import commands, confirmations, findings, heads, judging, requests, scans, suppressions
from bot.store.commands import ScanTimes
from bot.store.confirmations import Confirmation
from bot.store.judging import Asker
from bot.store.requests import ExceptionRequest

log = structlog.get_logger(__name__)

ACCEPT_DAYS = 90
"""How long a risk is accepted that no end was named for; other words last as long as the policy lets them."""


@dataclass(frozen=True, slots=True)
class Place:
    """A note in its discussion."""

    discussion: Discussion
    note: Note


@dataclass(frozen=True, slots=True)
class Reply:
    """What came of one line."""

    result: Result
    text: str = ""


@dataclass(frozen=True, slots=True)
class _Subject:
    """A finding as it stands on the merge request."""

    known: KnownFinding
    sighting: Sighting
    code: str
    living: tuple[Suppression, ...]
    """Its own exceptions that wait or are in force, for whatever code."""
    asked: dict[int, Asker]
    """Who asked for them, at the desk or in a merge request."""
    judge: Person
    """Who gave the command. Whoever wrote it on any open merge request would judge his own work on this one as well."""

    @property
    def number(self) -> int:
        return self.known.id

    def covers(self, made: Suppression, now: datetime) -> bool:
        """Whether an exception would cover the finding as it stands here, were it approved."""
        approved = replace(made, needs_approval=False)
        finding = replace(self.known.finding, match_hash=self.code, earlier_hashes=())
        tracked = TrackedFinding(finding, Presence.EXISTING, number=self.number)
        return Suppressions([approved], now).match(tracked, changed_at=self.sighting.changed_at) is not None

    def request(self, made: Suppression) -> Request:
        asked = self.asked.get(made.id)
        return Request(made.created_by, None if asked is None else asked.gitlab_user_id)


class _Refusal(Exception):
    """Raised within a command when nothing can be done; carries the reply."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(reply.result.value)
        self.reply = reply


class Turn:
    """Carries out the commands of one note, within its transaction."""

    def __init__(
        self,
        services: Services,
        request: MergeRequest,
        place: Place,
        policy: Policy,
        answers: Answers,
        person: Person,
        hidden: CannotTell | None,
        now: datetime,
    ) -> None:
        self.affected: set[tuple[int, int]] = set()
        """Merge requests to judge again."""
        self.jobs: list[JobRequest] = []
        self.acts: list[Act] = []
        """What goes into the audit log."""
        self._services = services
        self._request = request
        self._place = place
        self._policy = policy
        self._rules = policy.suppressions
        self._answers = answers
        self._person = person
        self._hidden = hidden
        self._now = now
        self._project_id, self._iid = request.project_id, request.iid

    def do(self, writing: Session, command: Command | Misread) -> Reply:
        """What came of one line; what did not work left nothing behind."""
        if not self._person.is_member:
            return Reply(Result.IGNORED)
        if isinstance(command, Misread):
            if not self._person.may_write:
                return self._refused(Verb.HELP, ruling(self._person, Verb.RESCAN, self._rules))
            return Reply(Result.MISREAD, self._answers.misread(command))
        affected, jobs, acts = set(self.affected), list(self.jobs), list(self.acts)
        try:
            with writing.begin_nested():
                return self._do(writing, command)
        except _Refusal as refusal:
            reply = refusal.reply
        except (TriageError, SuppressionError) as error:
            log.info("command was not possible", verb=command.verb.value, error=str(error))
            reply = Reply(Result.REFUSED, self._answers.not_possible(str(error)))
        self.affected, self.jobs, self.acts = affected, jobs, acts
        return reply

    def _do(self, writing: Session, command: Command) -> Reply:
        verb = command.verb
        if verb is Verb.HELP:
            return Reply(Result.ANSWERED, self._answers.help())
        if verb is Verb.EXPLAIN:
            return self._explain(writing, command)
        # Before anything is said about a finding: who may not ask learns nothing.
        self._permitted(verb)
        if not self._request.is_open:
            raise _Refusal(Reply(Result.REFUSED, self._answers.not_open()))
        if verb is Verb.RESCAN:
            self.jobs.append(ScanMergeRequest(self._project_id, self._iid, self._request.sha, ScanReason.REQUESTED))
            return Reply(Result.DONE)
        if verb is Verb.MERGE:
            ask_to_merge(
                writing,
                project_id=self._project_id,
                iid=self._iid,
                target_branch=self._request.target_branch,
                asked_by=self._person.username,
                asked_by_id=self._person.user_id,
            )
            self.jobs.append(RunMergeQueue(self._project_id, self._request.target_branch))
            self._did(Action.MERGE_ASKED, f"merge request {self._iid}", {"branch": self._request.target_branch})
            return Reply(Result.REQUESTED)
        if verb is Verb.CANCEL_MERGE:
            if not take_back(writing, project_id=self._project_id, iid=self._iid, by=self._person.username):
                return Reply(Result.UNCHANGED, self._answers.no_merge_asked())
            self._did(Action.MERGE_TAKEN_BACK, f"merge request {self._iid}", {"branch": self._request.target_branch})
            self.jobs.append(RunMergeQueue(self._project_id, self._request.target_branch))
            return Reply(Result.DONE)
        if self._hidden is not None:
            raise _Refusal(Reply(Result.REFUSED, self._answers.cannot_tell(self._hidden.group)))
        subject = self._subject(writing, command)
        if verb in DISMISSALS:
            return self._dismiss(writing, command, subject)
        if verb is Verb.CONFIRM:
            return self._confirm(writing, command, subject)
        return self._reopen(writing, command, subject)

    def _permitted(self, verb: Verb) -> None:
        """Raise for people who may not push to the project, whatever it is about."""
        if not self._person.may_write:
            raise _Refusal(self._refused(verb, ruling(self._person, verb, self._rules)))

    # -- dismissing ---------------------------------------------------------------------------------------------------

    def _dismiss(self, writing: Session, command: Command, subject: _Subject) -> Reply:
        known, now = subject.known, self._now
        told = ruling(subject.judge, command.verb, self._rules, severity=known.finding.severity)
        if told.answer not in (Answer.ALLOW, Answer.REQUEST):
            return self._refused(command.verb, told, subject)
        expires_at = self._end(command)
        justification = JUSTIFICATIONS[command.verb]
        here = [made for made in subject.living if made.code == subject.code and subject.covers(made, now)]
        in_force = next((made for made in here if made.standing(now) is Standing.IN_FORCE), None)
        waiting = next((made for made in here if made.standing(now) is Standing.WAITING), None)

        def says_the_same(made: Suppression) -> bool:
            no_end = command.until is None and command.days is None
            same_end = no_end or made.expires_at.date() == expires_at.date()
            return made.justification is justification and made.reason == command.reason and same_end

        if in_force is not None and (not told.allowed or says_the_same(in_force)):
            return Reply(Result.UNCHANGED, self._answers.already_dismissed(known.id, in_force))
        # Somebody else's wish is not to be overwritten by one that has no more weight.
        stands = waiting is not None and (not subject.request(waiting).is_by(self._person) or says_the_same(waiting))
        if waiting is not None and stands and not told.allowed:
            return Reply(Result.UNCHANGED, self._answers.already_requested(known.id, waiting))
        made = self._decide(
            writing,
            subject,
            command.verb,
            reason=command.reason,
            expires_at=expires_at,
            needs_approval=not told.allowed,
        )
        if told.allowed:
            return Reply(Result.DONE)
        assert made.standing(now) is Standing.WAITING
        return Reply(Result.REQUESTED, self._answers.requested(known.id, told.why, self._approvers(subject)))

    def _decide(
        self,
        writing: Session,
        subject: _Subject,
        verb: Verb | Suppression,
        *,
        reason: str,
        expires_at: datetime,
        needs_approval: bool,
    ) -> Suppression:
        justification = verb.justification if isinstance(verb, Suppression) else JUSTIFICATIONS[verb]
        decided = decide(
            writing,
            subject.number,
            state=TriageState.DISMISSED,
            justification=justification,
            reason=reason,
            actor=self._person.username,
            now=self._now,
            rules=self._rules,
            expires_at=expires_at,
            source="merge_request",
            on=f"!{self._iid}",
            needs_approval=needs_approval,
            # That it is so already was answered before.
            again=True,
        )
        assert decided.suppression is not None
        self.acts.append(decided_act(decided, self._project_id, where=f"!{self._iid}"))
        requests.add_request(
            writing,
            ExceptionRequest(
                decided.suppression.id,
                self._project_id,
                self._iid,
                self._place.discussion.id,
                self._person.user_id,
            ),
        )
        self._decided(writing, subject)
        return decided.suppression

    def _end(self, command: Command) -> datetime:
        """The end of the last day. Raises for one that the policy does not allow."""
        today = self._now.astimezone(UTC).date()
        longest = self._rules.longest_days
        latest = today + timedelta(days=longest)
        if command.until is not None:
            last = command.until
        elif command.days is not None:
            last = today + timedelta(days=min(command.days, 99_999))
        elif command.verb is Verb.ACCEPT:
            last = min(latest, today + timedelta(days=ACCEPT_DAYS))
        else:
            last = latest
        end = datetime.combine(last, time(23, 59, 59), UTC)
        if end <= self._now:
            raise _Refusal(Reply(Result.MISREAD, self._answers.end_has_passed(last)))
        if last > latest:
            raise _Refusal(Reply(Result.MISREAD, self._answers.end_too_late(last, latest, longest)))
        return end

    # -- confirming ---------------------------------------------------------------------------------------------------

    def _confirm(self, writing: Session, command: Command, subject: _Subject) -> Reply:
        now, severity = self._now, subject.known.finding.severity
        waiting = [made for made in subject.living if made.standing(now) is Standing.WAITING]
        here = [made for made in waiting if made.code == subject.code]
        if here:
            fitting = [made for made in here if subject.covers(made, now)]
            if not fitting:
                return Reply(Result.REFUSED, self._answers.request_is_stale(subject.number))
            made = fitting[-1]
            told = ruling(subject.judge, Verb.CONFIRM, self._rules, severity=severity, request=subject.request(made))
            if not told.allowed:
                return self._refused(Verb.CONFIRM, told, subject)
            try:
                approved = approve_suppression(writing, made.id, actor=self._person.username, now=now)
            except SuppressionError:
                raise _Refusal(Reply(Result.UNCHANGED, self._answers.meanwhile(subject.number))) from None
            self.acts.append(self._about(Action.SUPPRESSION_APPROVED, approved))
            self._decided(writing, subject)
            return Reply(Result.DONE)
        in_force = [made for made in subject.living if made.standing(now) is Standing.IN_FORCE]
        covering = next((made for made in in_force if subject.covers(made, now)), None)
        if covering is not None:
            return Reply(Result.UNCHANGED, self._answers.already_dismissed(subject.number, covering))
        told = ruling(subject.judge, Verb.CONFIRM, self._rules, severity=severity)
        if not told.allowed:
            return self._refused(Verb.CONFIRM, told, subject)
        if subject.sighting.presence is not Presence.CHANGED:
            return Reply(Result.UNCHANGED, self._answers.nothing_to_confirm(subject.number))
        return self._confirm_code(writing, command, subject, in_force)

    def _confirm_code(
        self, writing: Session, command: Command, subject: _Subject, in_force: Sequence[Suppression]
    ) -> Reply:
        """The edited code may stay as it is: on this merge request, and wherever an earlier dismissal is renewed."""
        edited = subject.sighting.changed_at
        before = confirmations.confirmed_on(writing, self._project_id, self._iid).get(subject.number)
        if before is not None and before.fits(subject.code, edited):
            return Reply(Result.UNCHANGED, self._answers.already_confirmed(subject.number, before.actor))
        confirmations.confirm(
            writing,
            self._project_id,
            self._iid,
            Confirmation(
                finding_id=subject.number,
                code=subject.code,
                code_edited_at=edited,
                actor=self._person.username,
                actor_id=self._person.user_id,
                reason=command.reason,
                at=self._now,
            ),
        )
        self._did(Action.CODE_CONFIRMED, finding(subject.number), {"reason": said(command.reason)})
        self._decided(writing, subject)
        if in_force:
            earlier = in_force[-1]
            latest = self._now.astimezone(UTC) + timedelta(days=self._rules.longest_days)
            self._decide(
                writing,
                subject,
                earlier,
                reason=command.reason or earlier.reason,
                expires_at=min(earlier.expires_at, latest),
                needs_approval=False,
            )
        return Reply(Result.DONE)

    # -- taking back --------------------------------------------------------------------------------------------------

    def _reopen(self, writing: Session, command: Command, subject: _Subject) -> Reply:
        known, now = subject.known, self._now
        own = [
            made
            for made in subject.living
            if made.standing(now) is Standing.WAITING and subject.request(made).is_by(self._person)
        ]
        told = ruling(subject.judge, Verb.REOPEN, self._rules, severity=known.finding.severity)
        if not told.allowed:
            if not own:
                return self._refused(Verb.REOPEN, told, subject)
            if len(own) < len(subject.living):
                # Other people's words about the finding stand.
                for made in own:
                    ended = revoke_suppression(writing, made.id, actor=self._person.username, now=now)
                    self.acts.append(self._about(Action.SUPPRESSION_REVOKED, ended))
                self._decided(writing, subject)
                return Reply(Result.DONE)
        withdrawn = confirmations.withdraw(writing, self._project_id, self._iid, known.id) if told.allowed else 0
        if withdrawn:
            self._did(Action.CODE_UNCONFIRMED, finding(subject.number), {"reason": said(command.reason)})
        if known.judgement.state is TriageState.DETECTED and not subject.living:
            if not withdrawn:
                return Reply(Result.UNCHANGED, self._answers.nothing_to_take_back(known.id))
            self._decided(writing, subject)
            return Reply(Result.DONE)
        decided = decide(
            writing,
            known.id,
            state=TriageState.DETECTED,
            reason=command.reason,
            actor=self._person.username,
            now=now,
            rules=self._rules,
            source="merge_request",
            again=True,
        )
        self.acts.append(decided_act(decided, self._project_id, where=f"!{self._iid}"))
        self._decided(writing, subject)
        return Reply(Result.DONE)

    def _did(self, action: Action, subject: str, details: Mapping[str, Word]) -> None:
        where: Mapping[str, Word] = {"where": f"!{self._iid}", **details}
        self.acts.append(Act(self._person.username, None, action, subject, self._project_id, where))

    def _about(self, action: Action, made: Suppression) -> Act:
        return suppression_act(action, made, actor=self._person.username, more={"where": f"!{self._iid}"})

    def _decided(self, writing: Session, subject: _Subject) -> None:
        self.affected.add((self._project_id, self._iid))
        self.affected.update(affected_merge_requests(writing, subject.number))

    # -- explaining ---------------------------------------------------------------------------------------------------

    def _explain(self, writing: Session, command: Command) -> Reply:
        head = heads.get_head(writing, self._project_id, self._iid)
        report = scans.load_scan(writing, head.last_scan_id) if head is not None and head.last_scan_id else None
        if report is None:
            return Reply(Result.ANSWERED, self._answers.not_scanned())
        number = command.finding if command.finding is not None else self._finding_of_thread(writing)
        if number is None:
            blocking = [
                tracked
                for tracked in report.with_presence(*Presence)
                if report.decision.blocks(tracked.finding.fingerprint)
            ]
            return Reply(Result.ANSWERED, self._answers.explained_verdict(report, blocking))
        found = dossier(writing, number, self._now)
        here = f"!{self._iid}"
        if found is None or found.known.project_id != self._project_id:
            raise _Refusal(Reply(Result.ANSWERED, self._answers.not_here(number)))
        tracked = next((tracked for tracked in report.tracked if tracked.number == number), None)
        if tracked is None:
            sighting = next((seen for seen in found.sightings if seen.ref == here), None)
            if sighting is None:
                raise _Refusal(Reply(Result.ANSWERED, self._answers.not_here(number)))
            presence = sighting.presence if sighting.gone_at is None else Presence.FIXED
            finding = replace(found.known.finding, location=sighting.location)
            tracked = TrackedFinding(finding, presence, explanation=sighting.explanation, number=number)
        waiting = [made for made in found.suppressions if made.standing(self._now) is Standing.WAITING]
        needed = self._rules.second_person.wanted_for(found.known.finding.severity)
        text = self._answers.explained_finding(
            tracked, report.decision, found, waiting, Approvers(self._policy.people, needed)
        )
        return Reply(Result.ANSWERED, text)

    # -- what it is about ---------------------------------------------------------------------------------------------

    def _finding_of_thread(self, writing: Session) -> int | None:
        """The finding whose thread this is, by a marker in a note of ours: anybody can copy one into a note of his."""
        for note in self._place.discussion.notes:
            marker = marker_of(note, self._services.bot_user.id)
            if marker is not None and marker.kind is MarkerKind.FINDING:
                key = marker.fingerprint
                return commands.finding_of_thread(writing, self._project_id, self._iid, key, key_of)
        return None

    def _subject(self, writing: Session, command: Command) -> _Subject:
        """The finding that is meant, as it stands here; nobody else judges it until the end of the transaction."""
        thread = self._finding_of_thread(writing)
        number = command.finding if command.finding is not None else thread
        if number is None:
            raise _Refusal(Reply(Result.MISREAD, self._answers.which_finding(command.verb)))
        if command.finding is not None and not command.marked and thread not in (None, command.finding):
            raise _Refusal(Reply(Result.MISREAD, self._answers.which_number(command.finding, thread or 0)))
        elsewhere = _Refusal(Reply(Result.MISREAD, self._answers.not_here(number)))
        # The lock comes first: what is read after it holds until the end.
        findings.judgement_for_update(writing, number)
        known = findings.get(writing, number)
        if known is None or known.project_id != self._project_id:
            raise elsewhere
        here = f"!{self._iid}"
        seen = findings.sightings(writing, number)
        sighting = next((one for one in seen if one.ref == here and one.gone_at is None), None)
        code = findings.code_on(writing, number, here)
        if sighting is None or code is None:
            raise elsewhere
        self._looked_at(writing, number, sighting)
        living = tuple(
            made
            for made in suppressions.of_finding(writing, number)
            if made.standing(self._now) in (Standing.WAITING, Standing.IN_FORCE)
        )
        asked = judging.askers_of(writing, [made.id for made in living])
        return _Subject(known, sighting, code, living, asked, seen_from_finding(writing, self._person, number))

    def _looked_at(self, writing: Session, number: int, sighting: Sighting) -> None:
        """Raise where the code was edited after the person could have looked at it."""
        times = commands.last_scan_times(writing, self._project_id, self._iid)
        if times is None:
            raise _Refusal(Reply(Result.REFUSED, self._answers.not_scanned()))
        if not was_shown(sighting.changed_at, times, self._place.note.created_at):
            raise _Refusal(Reply(Result.REFUSED, self._answers.stale(number)))

    # -- refusing -----------------------------------------------------------------------------------------------------

    def _approvers(self, subject: _Subject | None) -> Approvers:
        severity = None if subject is None else subject.known.finding.severity
        return Approvers(self._policy.people, self._rules.second_person.wanted_for(severity))

    def _refused(self, verb: Verb, told: Ruling, subject: _Subject | None = None) -> Reply:
        return Reply(Result.REFUSED, self._answers.refused(verb, told.why, self._approvers(subject)))


def was_shown(edited: datetime | None, last: ScanTimes, written: datetime | None) -> bool:
    """
    Whether whoever wrote at this time could have seen code that was edited last at ``edited`` (by our clock). Pure.

    An edit is shown once the scan that saw it is recorded. So a push that comes while somebody writes "confirm" is not
    confirmed with what he had looked at.
    """
    if edited is None:
        return True
    if written is None or edited > last.recorded_at:
        return False
    return written >= (last.recorded_at if edited >= last.started_at else edited)
