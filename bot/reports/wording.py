"""
The words of every report: verdicts, levels, statuses and reasons, in the reader's language. No markup.

Rules have their texts in ``rules.catalog``. What an advisory says is somebody else's English and is shown as a
quotation within our own sentences.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from gettext import NullTranslations
from typing import Protocol

from bot.domain.explanations import commit_left_in
from bot.domain.known import Whereabouts
from bot.domain.suppression import Standing
from bot.domain.triage import Justification, TriageState
from bot.domain.verdict import Effect, Outcome, Presence, Reason, ReasonCode, ScanReport, TrackedFinding
from bot.reports.sentences import translate
from bot.reports.visible import one_line
from bot.texts import Language, translations
from rules.catalog import rule_text
from scanners.finding import Confidence, Finding, FindingKind, Severity
from scanners.interface import GapReason, ScannerRun, ScannerStatus

SYMBOLS = {Outcome.PASSED: "✅", Outcome.WARNED: "⚠️", Outcome.FAILED: "❌", Outcome.NOT_ASSESSED: "❔"}
SEVERITY_SYMBOLS = {
    Severity.CRITICAL: "🟣",
    Severity.HIGH: "🔴",
    Severity.MEDIUM: "🟠",
    Severity.LOW: "🟡",
    Severity.INFO: "🔵",
}
"""Never shown without the word."""


class RuleTexts(Protocol):
    """What the rule catalogue says about a rule."""

    @property
    def title(self) -> str:
        """One line."""
        ...

    @property
    def message(self) -> str:
        """What is wrong and why it matters."""
        ...

    @property
    def remediation(self) -> str:
        """How to fix it."""
        ...


Lookup = Callable[[str, str, str], RuleTexts | None]
"""Scanner, rule id and language (``en`` or ``zh-CN``) to texts; None when the catalogue does not know the rule."""


@dataclass(frozen=True, slots=True)
class FindingWords:
    """What a finding says to its reader. One-line title; message and remediation may have several lines."""

    title: str
    message: str
    remediation: str
    quoted: bool = False
    """Whether ``message`` is an advisory's own English."""


@dataclass(frozen=True)
class Wording:
    """The words in one language."""

    language: Language
    lookup: Lookup = rule_text

    @cached_property
    def t(self) -> NullTranslations:
        """The catalogue, for sentences that only one document needs."""
        return translations(self.language)

    def severity(self, severity: Severity) -> str:
        """One word or two."""
        _ = self.t.gettext
        return {
            Severity.CRITICAL: _("Critical"),
            Severity.HIGH: _("High"),
            Severity.MEDIUM: _("Medium"),
            Severity.LOW: _("Low"),
            Severity.INFO: _("Info"),
        }[severity]

    def severity_phrase(self, severity: Severity) -> str:
        """With the noun, to stand in a list of facts."""
        _ = self.t.gettext
        return {
            Severity.CRITICAL: _("Critical severity"),
            Severity.HIGH: _("High severity"),
            Severity.MEDIUM: _("Medium severity"),
            Severity.LOW: _("Low severity"),
            Severity.INFO: _("For information"),
        }[severity]

    def confidence_phrase(self, confidence: Confidence) -> str:
        """With the noun, to stand in a list of facts."""
        _ = self.t.gettext
        return {
            Confidence.HIGH: _("high confidence"),
            Confidence.MEDIUM: _("medium confidence"),
            Confidence.LOW: _("low confidence"),
        }[confidence]

    def presence(self, presence: Presence) -> str:
        """What the change did to a finding."""
        _ = self.t.gettext
        return {
            Presence.NEW: _("New"),
            Presence.CHANGED: _("Changed"),
            Presence.FIXED: _("Fixed"),
            Presence.EXISTING: _("Existing"),
        }[presence]

    def kind(self, kind: FindingKind) -> str:
        """What sort of thing was looked at."""
        _ = self.t.gettext
        return {
            FindingKind.SAST: _("Code"),
            FindingKind.DEPENDENCY: _("Dependency"),
            FindingKind.SECRET: _("Secret"),
            FindingKind.SUPPRESSION: _("Suppression"),
        }[kind]

    def state(self, state: TriageState) -> str:
        """What people think of a finding."""
        _ = self.t.gettext
        return {
            TriageState.DETECTED: _("Not judged"),
            TriageState.CONFIRMED: _("Confirmed"),
            TriageState.DISMISSED: _("Dismissed"),
            TriageState.RESOLVED: _("Said to be mended"),
        }[state]

    def justification(self, justification: Justification) -> str:
        """Why a finding need not be mended."""
        _ = self.t.gettext
        return {
            Justification.ACCEPTABLE_RISK: _("acceptable risk"),
            Justification.FALSE_POSITIVE: _("false positive"),
            Justification.MITIGATING_CONTROL: _("mitigating control"),
            Justification.USED_IN_TESTS: _("used in tests"),
            Justification.NOT_APPLICABLE: _("not applicable"),
        }[justification]

    def whereabouts(self, whereabouts: Whereabouts) -> str:
        """Where the last scans see a finding."""
        _ = self.t.gettext
        return {
            Whereabouts.NOWHERE: _("no longer seen"),
            Whereabouts.ELSEWHERE: _("on another branch or merge request"),
            Whereabouts.DEFAULT_BRANCH: _("on the default branch"),
        }[whereabouts]

    def standing(self, standing: Standing) -> str:
        """Whether a suppression has an effect."""
        _ = self.t.gettext
        return {
            Standing.WAITING: _("waits for a second person"),
            Standing.IN_FORCE: _("in force"),
            Standing.EXPIRED: _("expired"),
            Standing.REVOKED: _("revoked"),
        }[standing]

    def outcome(self, outcome: Outcome) -> str:
        """The verdict in a word or two."""
        _ = self.t.gettext
        return {
            Outcome.PASSED: _("Passed"),
            Outcome.WARNED: _("Passed with warnings"),
            Outcome.FAILED: _("Failed"),
            Outcome.NOT_ASSESSED: _("Not assessed"),
        }[outcome]

    def status(self, status: ScannerStatus) -> str:
        """How a scanner run ended."""
        _ = self.t.gettext
        return {
            ScannerStatus.COMPLETED: _("completed"),
            ScannerStatus.FAILED: _("failed"),
            ScannerStatus.TIMED_OUT: _("timed out"),
            ScannerStatus.ABSENT: _("not installed"),
            ScannerStatus.CANCELLED: _("cancelled"),
            ScannerStatus.NOT_APPLICABLE: _("nothing to read"),
        }[status]

    def gap(self, reason: GapReason | str) -> str:
        """Why a file was not read; a value we do not know comes back as it is."""
        _ = self.t.gettext
        known = {
            GapReason.TOO_LARGE.value: _("too large"),
            GapReason.TOO_MANY_FILES.value: _("too many files"),
            GapReason.PARSE_ERROR.value: _("could not be parsed"),
            GapReason.SCANNER_ERROR.value: _("the scanner failed on it"),
            GapReason.NOT_PINNED.value: _("no exact version"),
            GapReason.UNSUPPORTED.value: _("not supported"),
        }
        value = reason.value if isinstance(reason, GapReason) else reason
        return known.get(value, value)

    def marked(self, text: str) -> str:
        """A text of a table that ``N_`` marked, in this language."""
        look_up = self.t.gettext
        return look_up(text)

    def said(self, sentence: str) -> str:
        """An explanation, a reason or a gap's detail, all put down in English; as it is when it is none of ours."""
        return translate(sentence, self.t.gettext)

    def any_said(self, sentence: str) -> str:
        """A marked text, or else whatever ``said`` knows."""
        known = self.marked(sentence)
        return known if known != sentence else self.said(sentence)

    def run_time(self, run: ScannerRun) -> str:
        """Wall time of a scanner's process; empty when none was started."""
        return self.seconds(run.seconds) if run.seconds > 0 else ""

    def seconds(self, seconds: float) -> str:
        """A duration that is easy to read: tenths below ten seconds, minutes from one minute on."""
        if seconds < 10:
            return self.t.gettext("{seconds} s").format(seconds=f"{max(seconds, 0.0):.1f}")
        whole = round(seconds)
        if whole < 60:
            return self.t.gettext("{seconds} s").format(seconds=whole)
        return self.t.gettext("{minutes} min {seconds} s").format(minutes=whole // 60, seconds=whole % 60)

    def findings(self, n: int) -> str:
        """A number of findings."""
        return self.t.ngettext("{n} finding", "{n} findings", n).format(n=n)

    def colon(self) -> str:
        """What stands between a word and what it introduces, white space included."""
        # Translators: the colon with the space after it, as in "Failed: 2 findings"
        return self.t.gettext(": ")

    def joined(self, parts: list[str]) -> str:
        """A list of things in one line."""
        # Translators: what stands between the members of a list
        return self.t.gettext(", ").join(parts)

    def sentence(self, half: str) -> str:
        """Half a sentence as a whole one: first letter and full stop."""
        # Translators: makes a sentence of a clause; in languages without capitals only the full stop counts
        return self.t.gettext("{clause}.").format(clause=half[:1].upper() + half[1:])

    def clauses(self, parts: list[str]) -> str:
        """Half sentences put together, the empty ones left out."""
        whole, *rest = [part for part in parts if part] or [""]
        for part in rest:
            # Translators: joins two clauses
            whole = self.t.gettext("{first}, {second}").format(first=whole, second=part)
        return whole

    def verdict(self, report: ScanReport) -> str:
        """The verdict on one line: symbol, word and what it rests on."""
        outcome = report.decision.outcome
        return f"{SYMBOLS[outcome]} {self.outcome(outcome)}{self.colon()}{self.verdict_reason(report)}"

    def verdict_reason(self, report: ScanReport) -> str:
        """What the verdict rests on, as half a sentence without a full stop."""
        match report.decision.outcome:
            case Outcome.FAILED:
                return self._failed(report)
            case Outcome.WARNED:
                return self._warned(report)
            case Outcome.PASSED:
                return self._passed(report)
            case Outcome.NOT_ASSESSED:
                why = self._unanswered(report) or self.t.gettext("the scan gave no full answer")
                if report.decision.tolerated:
                    return self.clauses([why, self.t.gettext("the policy lets it through all the same")])
                return why

    def _failed(self, report: ScanReport) -> str:
        n = blocking_count(report)
        if report.subject.merge_request_iid is not None:
            blocked = self.t.ngettext(
                "{n} finding blocks this merge request", "{n} findings block this merge request", n
            )
        else:
            blocked = self.t.ngettext("{n} finding violates the policy", "{n} findings violate the policy", n)
        return self.clauses([blocked.format(n=n), self._unanswered(report)])

    def _warned(self, report: ScanReport) -> str:
        n = warning_count(report)
        if not n:
            return self._unanswered(report) or self.t.gettext("nothing blocks")
        return self.t.ngettext(
            "{n} finding deserves a look, nothing blocks", "{n} findings deserve a look, nothing blocks", n
        ).format(n=n)

    def _passed(self, report: ScanReport) -> str:
        if nothing_to_read(report):
            return self.t.gettext("there was nothing that a scanner reads")
        if report.subject.base_sha is None:
            n = len(report.with_presence(Presence.NEW, Presence.CHANGED, Presence.EXISTING))
            if not n:
                return self.t.gettext("no findings")
            return self.t.ngettext("{n} finding, nothing blocks", "{n} findings, nothing blocks", n).format(n=n)
        n = len(report.with_presence(Presence.NEW, Presence.CHANGED))
        if not n:
            return self.t.gettext("no new findings")
        return self.t.ngettext(
            "{n} new or changed finding, nothing blocks", "{n} new or changed findings, nothing blocks", n
        ).format(n=n)

    def _unanswered(self, report: ScanReport) -> str:
        reasons = report.decision.reasons
        if any(reason.code is ReasonCode.SCAN_FAILED for reason in reasons):
            return self.t.gettext("the scan could not be done")
        scanners = sorted({one_line(r.subject, 40) for r in reasons if r.code is ReasonCode.SCANNER_NOT_ASSESSED})
        files = {r.subject for r in reasons if r.code is ReasonCode.FILE_NOT_READ}
        parts: list[str] = []
        if len(scanners) > 3:
            n = len(scanners)
            parts.append(self.t.ngettext("{n} scanner gave no answer", "{n} scanners gave no answer", n).format(n=n))
        elif scanners:
            parts.append(self.t.gettext("no answer from {scanners}").format(scanners=self.joined(scanners)))
        if files:
            n = len(files)
            parts.append(self.t.ngettext("{n} file could not be read", "{n} files could not be read", n).format(n=n))
        if old := sorted({one_line(r.subject, 40) for r in reasons if r.code is ReasonCode.ADVISORIES_OLD}):
            parts.append(self.t.gettext("the advisories of {scanners} are old").format(scanners=self.joined(old)))
        if any(reason.code is ReasonCode.FACTS_MISSING for reason in reasons):
            parts.append(self.t.gettext("not all is known that the policy asks for"))
        if policy_ignored(report):
            parts.append(self.t.gettext("the project's own policy does not count"))
        if policy_outdated(report):
            parts.append(self.t.gettext("the policy is not the newest"))
        return self.clauses(parts)

    def what_to_do(self, report: ScanReport) -> str:
        """One or two whole sentences."""
        match report.decision.outcome:
            case Outcome.FAILED:
                return self.t.gettext(
                    "Fix what blocks and push. The next scan checks again by itself; nothing has to be restarted."
                )
            case Outcome.WARNED:
                if policy_ignored(report) and not warning_count(report):
                    return self.t.gettext(
                        "Nothing has to be done before the merge, but the project's own policy on the target branch "
                        "has to be mended before it counts."
                    )
                if policy_outdated(report) and not warning_count(report):
                    return self.t.gettext(
                        "Nothing has to be done before the merge, but whoever keeps the policy has to mend the policy "
                        "project before its newest version counts."
                    )
                return self.t.gettext("Nothing has to be done before the merge, but the findings below deserve a look.")
            case Outcome.PASSED:
                return self.t.gettext("Nothing has to be done.")
            case Outcome.NOT_ASSESSED if report.decision.tolerated:
                return self.t.gettext(
                    "The policy lets this through although nobody could judge it. The reasons are below; scan again "
                    "when they are mended."
                )
            case Outcome.NOT_ASSESSED:
                return self.t.gettext(
                    "No answer is not a good answer, so this does not count as passed. The reasons are below; scan "
                    "again when they are mended."
                )

    def reason(self, reason: Reason) -> str:
        """Why a decision is what it is, on one line. Subject and detail are somebody else's text."""
        match reason.code:
            case ReasonCode.SCANNER_NOT_ASSESSED:
                sentence = self.t.gettext("{scanner} gave no answer").format(scanner=reason.subject)
                detail = self._why_unanswered(reason.detail)
            case ReasonCode.FILE_NOT_READ:
                sentence = self.t.gettext("{path} was not read").format(path=reason.subject)
                detail = self.gap(reason.detail)
            case ReasonCode.ADVISORIES_OLD:
                sentence = self.t.gettext("The advisories of {scanner} are old").format(scanner=reason.subject)
                detail = self.said(reason.detail)
            case ReasonCode.FACTS_MISSING:
                sentence = self.t.gettext("{fact} is missing").format(fact=self._fact(reason.subject))
                detail = self.said(reason.detail)
            case ReasonCode.SCAN_FAILED:
                sentence = self.t.gettext("The scan could not be done")
                detail = self.said(reason.detail)
            case ReasonCode.PROJECT_POLICY_IGNORED:
                sentence = self.t.gettext(
                    "{file} on the target branch is wrong, so only the organisation's policy counts"
                ).format(file=reason.subject)
                detail = self.said(reason.detail)
            case ReasonCode.PROJECT_POLICY_REFUSED if ": " in reason.subject:
                file, _, setting = reason.subject.partition(": ")
                sentence = self.t.gettext("{setting} in {file} would weaken the policy above it").format(
                    setting=setting, file=file
                )
                detail = self.said(reason.detail)
            case ReasonCode.PROJECT_POLICY_REFUSED:
                sentence = self.t.gettext(
                    "{setting} of the project's own policy would weaken the organisation's"
                ).format(setting=reason.subject)
                detail = self.said(reason.detail)
            case ReasonCode.POLICY_NOT_CURRENT:
                sentence = self.t.gettext(
                    "{file} of the policy project cannot be used as it is now, so its last good version counts"
                ).format(file=reason.subject)
                detail = self.said(reason.detail)
        return f"{sentence}{self.colon()}{detail}" if detail else sentence

    def _fact(self, subject: str) -> str:
        """What a rule asks for besides the finding itself, as a reader knows it."""
        names = {
            "epss": self.t.gettext("EPSS (how likely it is exploited)"),
            "kev": self.t.gettext("KEV (whether it is known to be exploited)"),
            "licence": self.t.gettext("the licence"),
            "age": self.t.gettext("the age"),
        }
        return names.get(subject, subject)

    def _why_unanswered(self, detail: str) -> str:
        """A scanner's own reason; the gate puts down how it ended where it gave none."""
        statuses = {status.value.replace("_", " "): status for status in ScannerStatus}
        return self.status(statuses[detail]) if detail in statuses else self.said(detail)

    def reason_label(self, reason: Reason) -> tuple[str, str]:
        """Symbol and word or two that go before a reason in a list."""
        if reason.code in (ReasonCode.PROJECT_POLICY_IGNORED, ReasonCode.POLICY_NOT_CURRENT):
            return SYMBOLS[Outcome.WARNED], self.t.gettext("Policy")
        if reason.code is ReasonCode.PROJECT_POLICY_REFUSED:
            return "ℹ️", self.t.gettext("Policy")
        return SYMBOLS[Outcome.NOT_ASSESSED], self.outcome(Outcome.NOT_ASSESSED)

    def scanner_result(self, run: ScannerRun) -> str:
        """What came of a scanner run, for a table."""
        if run.status is ScannerStatus.COMPLETED:
            return self.findings(len(run.findings))
        if run.status is ScannerStatus.NOT_APPLICABLE:
            return self.status(run.status)
        return f"{self.outcome(Outcome.NOT_ASSESSED)}{self.colon()}{self.status(run.status)}"

    def words_of(self, finding: Finding) -> FindingWords:
        """Title, message and remediation of a finding: from the catalogue, else what the scanner said."""
        texts = self.lookup(finding.scanner, finding.rule_id, self.language.value)
        if finding.dependency is not None:
            return FindingWords(
                title=self.t.gettext("Known vulnerability in {package} {version}").format(
                    package=finding.dependency.package, version=finding.dependency.version
                ),
                message=texts.message if texts else finding.message,
                remediation=self._upgrade(finding),
                quoted=texts is None,
            )
        remediation = (texts.remediation if texts else "") or finding.remediation
        if not remediation and finding.kind is FindingKind.SECRET:
            remediation = self.t.gettext(
                "Whoever can read the repository can read this secret, also after it is deleted from the file. Revoke "
                "it first, then take the new one from a secret store."
            )
        return FindingWords(
            title=self._title(finding, texts.title if texts else ""),
            message=self._with_names((texts.message if texts else "") or finding.message, finding),
            remediation=remediation,
        )

    def _with_names(self, message: str, finding: Finding) -> str:
        """The message, and which rules a suppression names."""
        ids = (finding.silences.rule_ids if finding.silences else None) or ()
        if not ids:
            return message
        names = self.t.gettext("It names {rules}.").format(rules=self.joined([f"`{name}`" for name in ids]))
        return f"{message}\n{names}" if message else names

    def _title(self, finding: Finding, known: str) -> str:
        """Never empty, whatever a scanner left out."""
        candidates = (known, finding.title, finding.rule_id, self.kind(finding.kind))
        return next(title for title in candidates if one_line(title))

    def _upgrade(self, finding: Finding) -> str:
        dependency = finding.dependency
        assert dependency is not None
        if not dependency.fixed_versions:
            return self.t.gettext(
                "No version with a fix is known. Check whether your code reaches the vulnerable part, and look for a "
                "replacement."
            )
        return self.t.gettext("Upgrade {package} from {version} to a version with the fix: {fixed}.").format(
            package=f"`{dependency.package}`",
            version=f"`{dependency.version}`",
            fixed=self.joined([f"`{version}`" for version in dependency.fixed_versions]),
        )

    def changed_note(self) -> str:
        """What a changed finding means and who may close it."""
        return self.t.gettext(
            "The flagged line was edited and is still flagged. If it was accepted before, that decision was about the "
            "old line: somebody other than the author confirms it with `/mw confirm`, or by resolving this thread."
        )

    def clears(self, tracked: TrackedFinding, *, blocks: bool) -> str:
        """How a finding goes away, in whole sentences."""
        if tracked.presence is Presence.CHANGED:
            return self.changed_note()
        if commit_left_in(tracked.explanation):
            return self._history_clears(blocks=blocks)
        if blocks:
            return self.t.gettext(
                "This blocks the merge until a push removes it. Resolving the thread does not unblock; it closes by "
                "itself when the finding is gone, unless somebody wrote in it. Wrong, or to be accepted? Answer with "
                "`/mw fp` or `/mw accept` and the reason; `/mw help` says more."
            )
        return self.t.gettext(
            "This does not block the merge. The thread closes by itself when the finding is gone, unless somebody "
            "wrote in it."
        )

    def _history_clears(self, *, blocks: bool) -> str:
        if blocks:
            return self.t.gettext(
                "This blocks the merge, although the head does not have it any more. Rotate the secret first. Then "
                "either rewrite the branch so that none of its commits has it, or answer with `/mw accept` and the "
                "reason, for example that it is rotated; `/mw help` says more."
            )
        return self.t.gettext(
            "This does not block the merge. Rotate the secret; the thread closes by itself when no commit of the "
            "branch has it, unless somebody wrote in it."
        )

    def advisories(self, finding: Finding) -> list[str]:
        """Ids of the advisories of a dependency finding, the advisory's own first."""
        return list(finding.dependency.advisory_ids) if finding.dependency else []


def words_in(language: Language, lookup: Lookup | None = None) -> Wording:
    """The words of a language; rule texts come from the catalogue unless ``lookup`` says otherwise."""
    return Wording(language, lookup or rule_text)


def blocking_count(report: ScanReport) -> int:
    """How many findings block."""
    return len({violation.fingerprint for violation in report.decision.violations if violation.blocks})


def warning_count(report: ScanReport) -> int:
    """How many findings a policy rule objects to without blocking; what is only monitored is no objection."""
    objected = {violation.fingerprint for violation in report.decision.violations}
    return len({mark for mark in objected if report.decision.effect_on(mark) is Effect.COMMENT})


def counting(report: ScanReport) -> tuple[TrackedFinding, ...]:
    """What a change is judged by: what it brings, and what was there before where a rule objects to that."""
    return tuple(
        tracked
        for tracked in report.with_presence(Presence.NEW, Presence.CHANGED, Presence.EXISTING)
        if tracked.presence is not Presence.EXISTING or report.decision.objects_to(tracked.finding.fingerprint)
    )


def policy_ignored(report: ScanReport) -> bool:
    """Whether the project's own policy was wrong and did not count."""
    return any(reason.code is ReasonCode.PROJECT_POLICY_IGNORED for reason in report.decision.reasons)


def nothing_to_read(report: ScanReport) -> bool:
    """Whether no scanner had anything to read, so that there is a verdict but no statement about code."""
    return all(run.status is ScannerStatus.NOT_APPLICABLE for run in report.runs)


def something_assessed(report: ScanReport) -> bool:
    """Whether counting findings means anything: zero of an unread tree is not a result."""
    return bool(report.tracked) or any(run.status is ScannerStatus.COMPLETED for run in report.runs)


def counted_presences(report: ScanReport) -> list[Presence]:
    """Which counts a reader is shown, in this order; none when nothing was assessed."""
    if not something_assessed(report):
        return []
    if report.subject.base_sha is None:
        return [Presence.NEW, Presence.EXISTING]
    return [Presence.NEW, Presence.CHANGED, Presence.FIXED, Presence.EXISTING]


def number_of(tracked: TrackedFinding) -> str:
    """The finding's number as people write it; empty where it has none. GitLab takes it for an issue's outside code."""
    return "" if tracked.number is None else f"#{tracked.number}"


def scanners_of(finding: Finding) -> list[str]:
    """Names of all scanners that saw the finding, sorted."""
    return sorted({attribution.scanner for attribution in finding.attributions} | {finding.scanner})


def policy_outdated(report: ScanReport) -> bool:
    """Whether the policy project's newest version did not count."""
    return any(reason.code is ReasonCode.POLICY_NOT_CURRENT for reason in report.decision.reasons)
