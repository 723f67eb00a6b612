"""
What we answer to commands in notes, and how we remind people of exceptions that end, as Markdown.

Every text begins with words of ours, so that nothing of a stranger's stands where GitLab looks for a quick action, and
mentions nobody: who asked is told by GitLab anyway.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from bot.domain.authority import Why
from bot.domain.command import DISMISSALS, Misread, Problem, Verb
from bot.domain.known import Dossier
from bot.domain.policy import People
from bot.domain.suppression import Scope, Suppression
from bot.domain.triage import TriageState
from bot.domain.verdict import Effect, GateDecision, Presence, ReasonCode, ScanReport, TrackedFinding
from bot.reports.markdown import code_span, plain_line, prose, prose_line
from bot.reports.visible import shorten, visible
from bot.reports.wording import SEVERITY_SYMBOLS, Lookup, Wording, words_in
from bot.texts import Language

LONGEST_ANSWER = 30_000
"""Characters of one note."""
_MOST_LISTED = 10
_MESSAGE = 1_500


@dataclass(frozen=True, slots=True)
class Approvers:
    """Who could say it at once: what people are told when their own word does not suffice."""

    people: People
    second_person: bool
    """Whether the policy asks for one; if not, any Developer without code in the merge request will do."""


@dataclass(frozen=True)
class Answers:
    """The sentences, in one language."""

    wording: Wording

    # -- what was done, or waits --------------------------------------------------------------------------------------

    def requested(self, finding: int, why: Why, approvers: Approvers) -> str:
        """A word that waits for a second person."""
        _ = self.wording.t.gettext
        match why:
            case Why.OWN_CODE:
                because = _("because you opened this merge request or have code in it")
            case Why.BOT:
                because = _("because a bot's word does not hold by itself")
            case _other:
                because = _("because the policy asks for one")
        return _(
            "{finding} waits for a second person, {because}. {who} can confirm it with {command}, here or anywhere in "
            "this merge request. Until then it counts as before."
        ).format(
            finding=_number(finding),
            because=because,
            who=self._who(approvers),
            command=code_span(f"/mw confirm #{finding}"),
        )

    def already_dismissed(self, finding: int, by: Suppression) -> str:
        """It is in force already."""
        return self.wording.t.gettext(
            "Nothing was changed: {finding} is dismissed until {date} ({justification}), by {person}."
        ).format(
            finding=_number(finding),
            date=_day(by),
            justification=self.wording.justification(by.justification),
            person=code_span(by.approved_by or by.created_by, 100),
        )

    def already_requested(self, finding: int, by: Suppression) -> str:
        """Somebody asked for it before, and it still waits."""
        return self.wording.t.gettext(
            "Nothing was changed: {finding} waits for a second person already. {person} asked for it ({justification})."
        ).format(
            finding=_number(finding),
            person=code_span(by.created_by, 100),
            justification=self.wording.justification(by.justification),
        )

    def already_confirmed(self, finding: int, by: str) -> str:
        """A changed finding whose new code somebody looked at."""
        return self.wording.t.gettext("Nothing was changed: {person} confirmed {finding} as it is now.").format(
            finding=_number(finding), person=code_span(by, 100)
        )

    def nothing_to_confirm(self, finding: int) -> str:
        """Neither asked for nor edited."""
        return self.wording.t.gettext(
            "Nothing was changed: {finding} neither waits for a second person nor was it edited, so there is nothing "
            "to confirm. If it need not be mended, say why: {command}"
        ).format(finding=_number(finding), command=code_span(f"/mw fp #{finding} {self._reason()}"))

    def nothing_to_take_back(self, finding: int) -> str:
        """Nobody dismissed it."""
        return self.wording.t.gettext("Nothing was changed: nobody has dismissed {finding}.").format(
            finding=_number(finding)
        )

    def no_merge_asked(self) -> str:
        """A wish that is not there cannot be taken back."""
        return self.wording.t.gettext("Nothing was changed: nobody asked for this merge, or it has happened.")

    # -- what was refused ---------------------------------------------------------------------------------------------

    def refused(self, verb: Verb, why: Why, approvers: Approvers) -> str:
        """He may not."""
        _ = self.wording.t.gettext
        who = self._who(approvers)
        match why:
            case Why.OWN_CODE if verb is Verb.CONFIRM:
                return _(
                    "You opened this merge request or have code in it, so you cannot confirm this yourself. {who} can."
                ).format(who=who)
            case Why.OWN_CODE:
                return _(
                    "You opened this merge request or have code in it, so this is not yours to decide. {who} can."
                ).format(who=who)
            case Why.OWN_REQUEST:
                return _("You asked for this yourself, so another person has to confirm it. {who} can.").format(who=who)
            case Why.BOT:
                return _(
                    "A bot decides nothing about findings, because whoever has its token would decide through it. "
                    "{who} can."
                ).format(who=who)
            case Why.SECOND_PERSON:
                return _("The policy does not leave this to one Developer. {who} can do it.").format(who=who)
            case _other:
                return _(
                    "This needs at least the role Developer in this project. {explain} and {help} are for every member."
                ).format(explain=code_span("/mw explain"), help=code_span("/mw help"))

    def cannot_tell(self, group: str) -> str:
        """GitLab does not say who is in the security group."""
        return self.wording.t.gettext(
            "Whether you may do this cannot be told, because the bot does not see who is in the group {group}. Ask "
            "whoever runs Mergewarden to make the bot a member of that group, then write the command again."
        ).format(group=code_span(group, 200))

    def edited(self) -> str:
        """The note is not as it was written."""
        return self.wording.t.gettext(
            "This note was changed after it was written, and edited commands are not obeyed: others than its author "
            "can edit a note. Please write the command again in a new note."
        )

    def stale(self, finding: int) -> str:
        """The code is not what he was looking at."""
        return self.wording.t.gettext(
            "The code of {finding} was edited since you looked at it, or just before. Look at it as it is now, and "
            "write the command again if you still mean it."
        ).format(finding=_number(finding))

    def request_is_stale(self, finding: int) -> str:
        """What waits is about code that is no longer there."""
        return self.wording.t.gettext(
            "The code of {finding} was edited after this was asked for, so there is nothing left to confirm. It has to "
            "be asked for anew."
        ).format(finding=_number(finding))

    def meanwhile(self, finding: int) -> str:
        """Somebody else was faster."""
        return self.wording.t.gettext(
            "Somebody else decided about {finding} at the same moment, and nothing was changed. {command} shows how it "
            "stands."
        ).format(finding=_number(finding), command=code_span(f"/mw explain #{finding}"))

    def not_open(self) -> str:
        """The merge request was merged or closed."""
        return self.wording.t.gettext("This merge request is not open any more, so there is nothing to decide here.")

    def not_scanned(self) -> str:
        """No verdict yet."""
        return self.wording.t.gettext(
            "There is no verdict on this merge request yet. It comes by itself when the scan has ended."
        )

    def which_finding(self, verb: Verb) -> str:
        """No number, and not in a finding's thread."""
        return self.wording.t.gettext(
            "Say which finding you mean: answer in its own thread, or write its number, for example {example}"
        ).format(example=self._example(verb))

    def not_here(self, finding: int) -> str:
        """Not on this merge request, whether or not it is anywhere else."""
        return self.wording.t.gettext(
            "{finding} is not a finding of this merge request. Its thread and the summary say the number."
        ).format(finding=_number(finding))

    def which_number(self, written: int, thread: int) -> str:
        """A bare number in the thread of another finding may be the first word of a reason."""
        return self.wording.t.gettext(
            "This is the thread of {thread}, and {written} may be another finding or a part of your reason. Write "
            "{finding} if you mean that finding, or {thread} before your reason."
        ).format(thread=_number(thread), written=code_span(str(written)), finding=_number(written))

    def end_has_passed(self, end: date) -> str:
        """An end that does not lie ahead."""
        return self.wording.t.gettext("{date} has passed. Give a day that lies ahead.").format(date=end.isoformat())

    def end_too_late(self, end: date, latest: date, days: int) -> str:
        """An end beyond what the policy allows."""
        return self.wording.t.ngettext(
            "The policy lets an exception last {n} day, so up to {latest}; {date} is later.",
            "The policy lets an exception last {n} days, so up to {latest}; {date} is later.",
            days,
        ).format(n=days, latest=latest.isoformat(), date=end.isoformat())

    def not_possible(self, said: str) -> str:
        """What nothing above says; ``said`` is English."""
        reason = plain_line(self.wording.said(said), 300)
        return f"{self.wording.t.gettext('This could not be done')}{self.wording.colon()}{reason}"

    def misread(self, misread: Misread) -> str:
        """Why a line is no command, with an example."""
        _ = self.wording.t.gettext
        word = code_span(misread.word, 60) or code_span("…")
        example = self._example(misread.verb or misread.suggestion or Verb.HELP)
        match misread.problem:
            case Problem.UNKNOWN_VERB if misread.suggestion is not None:
                return _("There is no command {word}. Did you mean {example}?").format(word=word, example=example)
            case Problem.UNKNOWN_VERB:
                return _("There is no command {word}. {example} lists them.").format(word=word, example=example)
            case Problem.NO_REASON:
                return _("This needs a reason: in a year, somebody will ask. For example {example}").format(
                    example=example
                )
            case Problem.TOO_LONG:
                return _("The reason is too long: give the gist and a link to the rest, in at most 2,000 characters.")
            case Problem.NOT_A_NUMBER:
                return _("{word} is not the number of a finding. For example {example}").format(
                    word=word, example=example
                )
            case Problem.NOT_A_DATE:
                ends = [f"/mw {(misread.verb or Verb.ACCEPT).value} #812 {end} …" for end in _ENDS]
                return _("{word} is not an end. Write {one} or {other}").format(
                    word=word, one=code_span(ends[0]), other=code_span(ends[1])
                )
            case Problem.NOT_UNDERSTOOD:
                return _(
                    "{word} after {command} is not understood, and nothing was done. Did you mean {other}?"
                ).format(word=word, command=code_span("/mw merge"), other=code_span("/mw merge cancel"))
            case Problem.BELOW_QUOTE:
                return _(
                    "This line stands directly below a quotation, so that it is shown as a part of it, and it was not "
                    "obeyed. Put an empty line between the two."
                )
            case Problem.TOO_MANY:
                return _("A note may hold ten commands; from this one on nothing was done.")

    # -- what was asked -----------------------------------------------------------------------------------------------

    def help(self) -> str:
        """Every command."""
        _ = self.wording.t.gettext
        reason = self._reason()
        rows = [
            (f"/mw fp #812 {reason}", _("the finding is wrong: a false positive")),
            (f"/mw accept #812 until 2027-01-31 {reason}", _("the risk is accepted, until that day")),
            (f"/mw mitigated #812 {reason}", _("something else keeps it from doing harm")),
            (f"/mw test #812 {reason}", _("the code runs in tests only")),
            (f"/mw na #812 {reason}", _("it does not apply here")),
            ("/mw confirm #812", _("a second person agrees: to what was asked for, or to code that was edited")),
            (f"/mw reopen #812 {reason}", _("takes such a word back")),
            ("/mw explain #812", _("why the finding counts, and what people said about it")),
            ("/mw rescan", _("scans the merge request again")),
            ("/mw merge", _("asks the bot to merge when nothing is in the way; {command} takes that back")),
        ]
        listed = [
            f"- {code_span(command)}{self.wording.colon()}{text.format(command=code_span('/mw merge cancel'))}"
            for command, text in rows
        ]
        return "\n\n".join(
            [
                f"**{_('Commands')}**",
                "\n".join(listed),
                _(
                    "A command begins its line. In the thread of a finding the number can be left out; {until} or "
                    "{days} after the number says when an exception ends. Edited notes are not obeyed."
                ).format(until=code_span("until 2027-01-31"), days=code_span("for 30d")),
            ]
        )

    def explained_verdict(self, report: ScanReport, numbers: Sequence[TrackedFinding]) -> str:
        """Why the merge request's verdict is what it is; ``numbers`` are the findings that block."""
        wording = self.wording
        _ = wording.t.gettext
        parts = [
            f"**{plain_line(wording.verdict(report))}**",
            wording.what_to_do(report),
            "\n".join(
                f"- {plain_line(wording.reason(reason), 240)}"
                for reason in report.decision.reasons[:_MOST_LISTED]
                if reason.code is not ReasonCode.FILE_NOT_READ
            ),
            "\n".join(self._blocking(tracked, report.decision) for tracked in numbers[:_MOST_LISTED]),
        ]
        if len(numbers) > _MOST_LISTED:
            more = len(numbers) - _MOST_LISTED
            parts.append(wording.t.ngettext("... and {n} more", "... and {n} more", more).format(n=more))
        if numbers:
            parts.append(_("{command} with a number explains one of them.").format(command=code_span("/mw explain")))
        return "\n\n".join(part for part in parts if part)

    def explained_finding(
        self,
        tracked: TrackedFinding,
        decision: GateDecision | None,
        dossier: Dossier,
        waiting: Sequence[Suppression],
        approvers: Approvers,
    ) -> str:
        """
        What is known of one finding. ``decision`` is the last one on the merge request; None where there is none.

        ``waiting`` are the exceptions that somebody asked for.
        """
        wording, finding = self.wording, tracked.finding
        _ = wording.t.gettext
        level = f"{SEVERITY_SYMBOLS[finding.severity]} {wording.severity(finding.severity)}"
        words = wording.words_of(finding)
        blocks = decision is not None and decision.blocks(finding.fingerprint)
        place = code_span(f"{visible(str(finding.location.path))}:{finding.location.start_line}", 300)
        facts = [
            f"{_('Where')}{wording.colon()}{place}",
            f"{_('Rule')}{wording.colon()}{code_span(f'{finding.scanner} {finding.rule_id}', 200)}",
            f"{_('On this merge request')}{wording.colon()}{wording.presence(tracked.presence)}"
            + (f" ({plain_line(wording.said(tracked.explanation), 200)})" if tracked.explanation else ""),
            self._effect(finding.fingerprint, decision),
            self._judged(dossier),
            *(self._waits(made, approvers) for made in waiting[:_MOST_LISTED]),
        ]
        parts = [
            f"**{level} · {prose_line(words.title, 200)}** · {_number(dossier.known.id)}",
            "\n".join(f"- {fact}" for fact in facts if fact),
            "" if words.quoted else prose(shorten(words.message, _MESSAGE)),
            f"**{_('How this clears')}**{wording.colon()}{wording.clears(tracked, blocks=blocks)}"
            if tracked.presence is not Presence.FIXED
            and (decision is None or not decision.excused(finding.fingerprint))
            else "",
        ]
        return "\n\n".join(part for part in parts if part)

    def _blocking(self, tracked: TrackedFinding, decision: GateDecision) -> str:
        title = prose_line(self.wording.words_of(tracked.finding).title, 160)
        number = f" · {_number(tracked.number)}" if tracked.number is not None else ""
        return f"- {title}{number} · {self._rules(tracked.finding.fingerprint, decision, Effect.BLOCK)}"

    def _effect(self, fingerprint: str, decision: GateDecision | None) -> str:
        _, colon = self.wording.t.gettext, self.wording.colon()
        if decision is None:
            return ""
        if (excused := decision.excused(fingerprint)) is not None:
            return f"{_('Does not count')}{colon}{plain_line(self.wording.said(excused.explanation), 500)}"
        effect = decision.effect_on(fingerprint)
        if effect is Effect.BLOCK:
            return f"{_('Blocks the merge')}{colon}{self._rules(fingerprint, decision, effect)}"
        if effect is Effect.COMMENT:
            return f"{_('Does not block')}{colon}{self._rules(fingerprint, decision, effect)}"
        return _("Does not block: no rule of the policy that counts looks at it.")

    def _rules(self, fingerprint: str, decision: GateDecision, effect: Effect) -> str:
        names = [v.rule for v in decision.violations if v.fingerprint == fingerprint and v.effect is effect]
        shown = self.wording.joined([code_span(name, 100) for name in names[:_MOST_LISTED]])
        return self.wording.t.ngettext("policy rule {rules}", "policy rules {rules}", len(names)).format(rules=shown)

    def _judged(self, dossier: Dossier) -> str:
        said = dossier.known.judgement
        if said.at is None or said.state is TriageState.DETECTED:
            return self.wording.t.gettext("Nobody has judged this finding yet.")
        what = self.wording.state(said.state)
        if said.justification is not None:
            what += f" ({self.wording.justification(said.justification)})"
        judged = self.wording.t.gettext("{what}, by {person} on {date}").format(
            what=what, person=code_span(said.actor, 100), date=said.at.date().isoformat()
        )
        return f"{judged}{self.wording.colon()}{plain_line(said.reason, 400)}" if said.reason else judged

    def _waits(self, made: Suppression, approvers: Approvers) -> str:
        return self.wording.t.gettext(
            "Waits for a second person: {person} asked for an exception until {date} ({justification}). {who} can "
            "confirm it."
        ).format(
            person=code_span(made.created_by, 100),
            date=_day(made),
            justification=self.wording.justification(made.justification),
            who=self._who(approvers),
        )

    # -- words --------------------------------------------------------------------------------------------------------

    def _who(self, approvers: Approvers) -> str:
        _ = self.wording.t.gettext
        if not approvers.second_person:
            return _("Anybody with the role Developer or more who has no code in this merge request")
        if approvers.people.security_group is not None:
            return _("A member of the group {group} who has no code in this merge request").format(
                group=code_span(approvers.people.security_group, 200)
            )
        return _("A Maintainer or Owner who has no code in this merge request")

    def _reason(self) -> str:
        # Translators: stands in examples of commands where a person writes his reason
        return self.wording.t.gettext("the reason")

    def _example(self, verb: Verb) -> str:
        if verb in DISMISSALS or verb is Verb.REOPEN:
            return code_span(f"/mw {verb.value} #812 {self._reason()}")
        if verb in (Verb.CONFIRM, Verb.EXPLAIN):
            return code_span(f"/mw {verb.value} #812")
        return code_span(f"/mw {verb.value}")


_ENDS = ("until 2027-01-31", "for 30d")


@dataclass(frozen=True, slots=True)
class Said:
    """The answer to one line of a note."""

    line: str
    """As it was written."""
    text: str
    """Empty where a reaction says it all."""


def answers_in(language: Language, lookup: Lookup | None = None) -> Answers:
    """The sentences of a language; rule texts come from the catalogue unless ``lookup`` says otherwise."""
    return Answers(words_in(language, lookup))


def compose(said: Sequence[Said], *, alone: bool) -> str:
    """
    One note out of the answers to the lines of another; empty when nothing has to be said.

    ``alone``: the note will stand by itself, and not in the thread of what it answers, so that it repeats what that is.
    """
    parts: list[str] = []
    budget = LONGEST_ANSWER
    for one in said:
        if not one.text:
            continue
        # Words of ours go first, as in every note.
        heading = f"→ {code_span(one.line, 160)}\n\n" if alone or len(said) > 1 else ""
        part = heading + one.text
        budget -= len(part) + 2
        if budget < 0:
            # Whole answers are left out: half a code span would set free what stands in it.
            parts.append("…")
            break
        parts.append(part)
    return "\n\n".join(parts)


# --- reminders --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Ending:
    """An exception that ends soon."""

    suppression: Suppression
    title: str = ""
    """Of the finding, where it is about a single one."""


def reminder_title(language: Language, count: int, first: date) -> str:
    """The title of an issue about exceptions that end, the first of them on this day."""
    return (
        words_in(language)
        .t.ngettext(
            "Mergewarden: {n} exception ends on {date}", "Mergewarden: {n} exceptions end, the first on {date}", count
        )
        .format(n=count, date=first.isoformat())
    )


def render_reminder(endings: Sequence[Ending], language: Language) -> str:
    """That exceptions end soon, and what then follows."""
    wording = words_in(language)
    intro = wording.t.ngettext(
        "This exception from the gate ends soon. From then on what it covers counts again, and blocks where the "
        "policy says so.",
        "These exceptions from the gate end soon. From then on what they cover counts again, and blocks where the "
        "policy says so.",
        len(endings),
    )
    after = wording.t.gettext(
        "Mend what is behind it, or ask for a new exception if it still has to be. Nothing is prolonged by itself."
    )
    return "\n\n".join([f"⏳ {intro}", "\n".join(_ending(one, wording) for one in endings), after])


def _ending(one: Ending, wording: Wording) -> str:
    made = one.suppression
    _ = wording.t.gettext
    people = wording.joined([code_span(name, 100) for name in (made.created_by, made.approved_by) if name])
    facts = [
        f"**{_day(made)}**",
        _about(one),
        wording.justification(made.justification),
        people,
        _("suppression {number}").format(number=made.id),
    ]
    reason = plain_line(made.reason, 400)
    return f"- {' · '.join(fact for fact in facts if fact)}{wording.colon()}{reason}"


def _about(one: Ending) -> str:
    made = one.suppression
    if made.scope is Scope.FINDING and made.finding_id is not None:
        title = prose_line(one.title, 160)
        return f"{title} {_number(made.finding_id)}" if title else _number(made.finding_id)
    if made.scope is Scope.RULE:
        return code_span(f"{made.scanner} {made.rule_id} {made.path}", 300)
    return code_span(f"{made.advisory} {made.package}", 300)


def _number(finding: int) -> str:
    # As code: outside it GitLab takes it for an issue's number.
    return code_span(f"#{finding}")


def _day(made: Suppression) -> str:
    return made.expires_at.date().isoformat()
