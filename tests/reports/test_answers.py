"""Answers to commands and reminders: golden in both languages, and nothing of a stranger's that takes effect."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.authority import Why
from bot.domain.command import Misread, Problem, Verb, parse_commands
from bot.domain.known import Dossier, KnownFinding, Whereabouts
from bot.domain.policy import People
from bot.domain.suppression import Scope, Suppression
from bot.domain.triage import Judgement, Justification, TriageState
from bot.domain.verdict import GateDecision, Outcome, Presence, Suppressed, TrackedFinding
from bot.reports.answers import (
    LONGEST_ANSWER,
    Answers,
    Approvers,
    Ending,
    Said,
    answers_in,
    compose,
    reminder_title,
    render_reminder,
)
from bot.reports.wording import words_in
from bot.texts import Language
from tests.examples import examples
from tests.reports import samples
from tests.reports.gitlab_reading import problems
from tests.reports.golden import assert_golden
from tests.reports.hostile import nasty
from tests.reports.test_notes import HOSTS

LANGUAGES = [pytest.param(Language.ENGLISH, id="en"), pytest.param(Language.CHINESE, id="zh")]
SUFFIX = {Language.ENGLISH: "en", Language.CHINESE: "zh"}
NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
MADE = Suppression(
    id=12,
    project_id=5,
    scope=Scope.FINDING,
    justification=Justification.ACCEPTABLE_RISK,
    reason="Behind the firewall until the migration; see RISK-12.",
    created_by="ada",
    created_at=NOON,
    expires_at=NOON + timedelta(days=30),
    finding_id=812,
    approved_by="grace",
)
RULE = replace(MADE, id=13, scope=Scope.RULE, finding_id=None, scanner="bandit", rule_id="B101", path="tests/")
ADVISORY = replace(MADE, id=14, scope=Scope.ADVISORY, finding_id=None, advisory="CVE-2024-1234", package="requests")
ALONE = Approvers(People(), second_person=False)
KEEPERS = Approvers(People(), second_person=True)
GROUP = Approvers(People("security/appsec"), second_person=True)


def dossier(tracked: TrackedFinding, judgement: Judgement | None = None) -> Dossier:
    known = KnownFinding(812, 5, "shop/backend", tracked.finding, Whereabouts.ELSEWHERE, judgement or Judgement(), NOON)
    return Dossier(known, (), (), (), (), None)


def misreadings() -> Iterator[Misread]:
    for text in (
        "/mw fpp a constant",
        "/mw xyzzy",
        "/mw fp",
        "/mw confirm #0",
        "/mw explain it",
        "/mw accept until tomorrow because",
        "/mw merge now",
        "> quoted\n/mw fp a constant",
        f"/mw fp {'x' * 3000}",
        "\n".join(["/mw"] * 11),
    ):
        yield next(one for one in parse_commands(text) if isinstance(one, Misread))


def every_answer(answers: Answers) -> dict[str, str]:
    """One text for each thing that we say, by a name."""
    sql = TrackedFinding(samples.SQL, Presence.NEW, number=812)
    changed = TrackedFinding(samples.CHANGED, Presence.CHANGED, explanation=samples.EDITED, number=812)
    excused = GateDecision(
        Outcome.PASSED,
        suppressed=(
            Suppressed(samples.SQL.fingerprint, 12, "risk accepted by ada + grace until 2026-06-03: firewall"),
        ),
    )
    waiting = replace(MADE, needs_approval=True, approved_by="")
    dismissed = Judgement(TriageState.DISMISSED, Justification.ACCEPTABLE_RISK, MADE.reason, "ada", NOON)
    blocking = [t for t in samples.RICH.tracked if samples.RICH.decision.blocks(t.finding.fingerprint)]
    return {
        "asked for by its author": answers.requested(812, Why.OWN_CODE, ALONE),
        "asked for, policy of two": answers.requested(812, Why.SECOND_PERSON, KEEPERS),
        "asked for, security group": answers.requested(812, Why.OWN_CODE, GROUP),
        "dismissed already": answers.already_dismissed(812, MADE),
        "asked for already": answers.already_requested(812, waiting),
        "confirmed already": answers.already_confirmed(812, "grace"),
        "nothing to confirm": answers.nothing_to_confirm(812),
        "nothing to take back": answers.nothing_to_take_back(812),
        "no merge asked": answers.no_merge_asked(),
        **{
            f"refused {verb.value}: {why.value}": answers.refused(verb, why, GROUP)
            for verb, why in (
                (Verb.CONFIRM, Why.OWN_CODE),
                (Verb.CONFIRM, Why.OWN_REQUEST),
                (Verb.CONFIRM, Why.SECOND_PERSON),
                (Verb.REOPEN, Why.OWN_CODE),
                (Verb.MERGE, Why.BELOW_DEVELOPER),
            )
        },
        "cannot tell": answers.cannot_tell("security/appsec"),
        "edited": answers.edited(),
        "stale": answers.stale(812),
        "request is stale": answers.request_is_stale(812),
        "meanwhile": answers.meanwhile(812),
        "not open": answers.not_open(),
        "not scanned": answers.not_scanned(),
        "which finding": answers.which_finding(Verb.FALSE_POSITIVE),
        "not here": answers.not_here(812),
        "which number": answers.which_number(3, 812),
        "end has passed": answers.end_has_passed(date(2001, 1, 1)),
        "end too late": answers.end_too_late(date(2030, 1, 1), date(2027, 5, 4), 365),
        "not possible": answers.not_possible("nobody knows"),
        **{f"misread: {one.problem.value} {one.word}".strip(): answers.misread(one) for one in misreadings()},
        "help": answers.help(),
        "verdict explained": answers.explained_verdict(samples.RICH, blocking),
        "verdict explained, nothing blocks": answers.explained_verdict(samples.PASSED, []),
        "finding explained": answers.explained_finding(sql, samples.RICH.decision, dossier(sql), [], KEEPERS),
        "finding explained, waits": answers.explained_finding(
            changed, samples.RICH.decision, dossier(changed, dismissed), [waiting], GROUP
        ),
        "finding explained, excused": answers.explained_finding(sql, excused, dossier(sql, dismissed), [], ALONE),
        "finding explained, fixed": answers.explained_finding(
            replace(sql, presence=Presence.FIXED), None, dossier(sql), [], ALONE
        ),
    }


@pytest.mark.parametrize("language", LANGUAGES)
def test_answers_read_well(language: Language) -> None:
    texts = every_answer(answers_in(language, samples.lookup))
    for name, text in texts.items():
        assert problems(text, HOSTS) == [], name
        assert "{" not in text, name
    shown = "\n\n".join(f"---- {name}\n{text}" for name, text in texts.items())
    assert_golden(f"answers.{SUFFIX[language]}.md", shown + "\n")


@pytest.mark.parametrize("language", LANGUAGES)
def test_reminders_read_well(language: Language) -> None:
    one = [Ending(MADE, "SQL built from user input")]
    many = [*one, Ending(RULE), Ending(ADVISORY), Ending(replace(MADE, id=15, approved_by=""))]
    shown = []
    for endings in (one, many):
        text = render_reminder(endings, language)
        assert problems(text, HOSTS) == []
        shown += [reminder_title(language, len(endings), date(2026, 6, 3)), text]
    assert_golden(f"reminders.{SUFFIX[language]}.md", "\n\n".join(shown) + "\n")


def test_every_problem_has_words() -> None:
    assert {one.problem for one in misreadings()} == set(Problem)


@settings(max_examples=examples(150))
@given(nasty, nasty, st.sampled_from(list(Problem)), st.sampled_from([None, *Verb]), st.sampled_from(list(Language)))
def test_nothing_that_a_person_writes_takes_effect_in_an_answer(
    line: str, word: str, problem: Problem, verb: Verb | None, language: Language
) -> None:
    answers = answers_in(language, samples.lookup)
    hostile = replace(MADE, reason=word, created_by=word, approved_by=line, scanner=word, rule_id=line, path=word)
    tracked = TrackedFinding(samples.HOSTILE, Presence.NEW, explanation=word, number=812)
    judged = Judgement(TriageState.DISMISSED, Justification.FALSE_POSITIVE, word, line, NOON)
    group = Approvers(People(word), second_person=True)
    texts = [
        answers.misread(Misread(problem, line, verb, word, verb)),
        answers.requested(812, Why.OWN_CODE, group),
        answers.already_dismissed(812, hostile),
        answers.already_requested(812, hostile),
        answers.already_confirmed(812, word),
        answers.cannot_tell(word),
        answers.not_possible(word),
        answers.explained_finding(tracked, samples.RICH.decision, dossier(tracked, judged), [hostile], group),
        render_reminder([Ending(hostile, word), Ending(replace(hostile, scope=Scope.RULE)), Ending(hostile)], language),
    ]
    for text in texts:
        assert problems(text, HOSTS) == []
    assert problems(compose([Said(line, texts[0]), Said(word, texts[1])], alone=True), HOSTS) == []


def test_several_answers_name_what_they_answer_and_silent_ones_are_left_out() -> None:
    said = [Said("/mw fp a constant", ""), Said("/mw help", "words"), Said("/mw merge", "other words")]
    assert compose(said, alone=False) == "→ `/mw help`\n\nwords\n\n→ `/mw merge`\n\nother words"
    assert compose(said[1:2], alone=False) == "words"
    assert compose(said[1:2], alone=True) == "→ `/mw help`\n\nwords"
    assert compose(said[:1], alone=True) == ""
    assert compose([], alone=True) == ""


def test_a_long_answer_is_cut_between_answers() -> None:
    said = [Said(f"/mw explain #{n}", f"`{'x' * 5_000}`") for n in range(10)]
    text = compose(said, alone=False)
    assert len(text) <= LONGEST_ANSWER + 3
    assert text.endswith("`\n\n…")
    assert text.count("`") % 2 == 0


def test_the_sentences_are_those_of_the_language() -> None:
    assert answers_in(Language.CHINESE).wording == words_in(Language.CHINESE)
