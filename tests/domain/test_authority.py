"""Who may do what: every combination of role, authorship, group, policy and verb."""

from __future__ import annotations

import itertools

import pytest

from bot.domain.authority import Answer, Person, Request, Why, ruling
from bot.domain.command import DISMISSALS, Verb
from bot.domain.policy import SecondPerson, SuppressionRules
from scanners.finding import Severity

LEVELS = (None, 5, 10, 15, 20, 25, 30, 40, 50, 60)
ALONE = SuppressionRules()
BY_TWO = SuppressionRules(SecondPerson.ALWAYS)
HIGH_BY_TWO = SuppressionRules(SecondPerson.HIGH)
MINE = Request("ada", 7)
OTHERS = Request("bob", 8)


def person(
    level: int | None = 30,
    *,
    active: bool = True,
    group: bool | None = None,
    author: bool = False,
    contributor: bool = False,
    bot: bool = False,
) -> Person:
    return Person(7, "ada", level, active, group, author, contributor, bot)


def every_person() -> list[Person]:
    flags = (False, True)
    return [
        person(level, active=active, group=group, author=author, contributor=contributor)
        for level, active, group, author, contributor in itertools.product(
            LEVELS, flags, (None, False, True), flags, flags
        )
    ]


# Role, in the group, wrote it, two wanted: what a dismissal is worth.
DISMISSING = [
    ("developer", None, False, False, Answer.ALLOW, Why.ALLOWED),
    ("developer", None, False, True, Answer.REQUEST, Why.SECOND_PERSON),
    ("developer", None, True, False, Answer.REQUEST, Why.OWN_CODE),
    ("developer", None, True, True, Answer.REQUEST, Why.OWN_CODE),
    ("developer", True, False, True, Answer.ALLOW, Why.ALLOWED),
    ("developer", True, True, False, Answer.REQUEST, Why.OWN_CODE),
    ("developer", False, False, True, Answer.REQUEST, Why.SECOND_PERSON),
    ("maintainer", None, False, True, Answer.ALLOW, Why.ALLOWED),
    ("maintainer", None, True, False, Answer.REQUEST, Why.OWN_CODE),
    ("maintainer", False, False, True, Answer.REQUEST, Why.SECOND_PERSON),
    ("maintainer", False, False, False, Answer.ALLOW, Why.ALLOWED),
    ("owner", None, False, True, Answer.ALLOW, Why.ALLOWED),
    ("owner", False, False, True, Answer.REQUEST, Why.SECOND_PERSON),
    ("owner", True, True, True, Answer.REQUEST, Why.OWN_CODE),
]
ROLES = {"developer": 30, "maintainer": 40, "owner": 50}


@pytest.mark.parametrize("verb", [verb for verb in Verb if verb in DISMISSALS])
@pytest.mark.parametrize("how", ["author", "contributor"])
@pytest.mark.parametrize(("role", "group", "wrote", "two", "answer", "why"), DISMISSING)
def test_a_dismissal_is_worth_what_the_person_is(
    role: str, group: bool | None, wrote: bool, two: bool, answer: Answer, why: Why, how: str, verb: Verb
) -> None:
    who = person(ROLES[role], group=group, author=wrote and how == "author", contributor=wrote and how == "contributor")
    told = ruling(who, verb, BY_TWO if two else ALONE, severity=Severity.LOW)
    assert (told.answer, told.why) == (answer, why)


@pytest.mark.parametrize("verb", [verb for verb in Verb if verb in DISMISSALS | {Verb.CONFIRM, Verb.REOPEN}])
@pytest.mark.parametrize("rules", [ALONE, BY_TWO], ids=["alone", "by two"])
def test_nobody_lets_a_bot_speak_for_him(verb: Verb, rules: SuppressionRules) -> None:
    told = ruling(person(50, group=True, bot=True), verb, rules, severity=Severity.LOW)
    assert told.why is Why.BOT
    assert told.answer is (Answer.REQUEST if verb in DISMISSALS else Answer.REFUSE)


@pytest.mark.parametrize(("role", "group", "wrote", "two", "answer", "why"), DISMISSING)
def test_who_could_say_it_alone_confirms_it_for_others_and_never_for_himself(
    role: str, group: bool | None, wrote: bool, two: bool, answer: Answer, why: Why
) -> None:
    who, rules = person(ROLES[role], group=group, author=wrote), BY_TWO if two else ALONE
    told = ruling(who, Verb.CONFIRM, rules, severity=Severity.LOW, request=OTHERS)
    assert told.allowed is (answer is Answer.ALLOW)
    if not told.allowed:
        assert (told.answer, told.why) == (Answer.REFUSE, why)
    for own in (MINE, Request("ADA", None), Request("renamed", 7), Request("Ada", 9)):
        assert ruling(who, Verb.CONFIRM, rules, severity=Severity.LOW, request=own).answer is Answer.REFUSE
        # His own wish he may take back.
        assert ruling(who, Verb.REOPEN, rules, severity=Severity.LOW, request=own).allowed
    assert ruling(who, Verb.REOPEN, rules, severity=Severity.LOW).allowed is (answer is Answer.ALLOW)


def test_the_severity_decides_where_the_policy_says_so_and_an_unknown_one_is_the_worst() -> None:
    for severity, wanted in ((Severity.MEDIUM, False), (Severity.HIGH, True), (Severity.CRITICAL, True), (None, True)):
        told = ruling(person(), Verb.ACCEPT, HIGH_BY_TWO, severity=severity)
        assert told.answer is (Answer.REQUEST if wanted else Answer.ALLOW)


@pytest.mark.parametrize("verb", list(Verb))
def test_strangers_are_not_answered(verb: Verb) -> None:
    for who in every_person():
        if who.access_level is None or not who.active:
            for request in (None, MINE, OTHERS):
                told = ruling(who, verb, ALONE, severity=Severity.LOW, request=request)
                assert (told.answer, told.why) == (Answer.IGNORE, Why.STRANGER)


@pytest.mark.parametrize("verb", list(Verb))
def test_members_below_developer_hear_explanations_and_nothing_else(verb: Verb) -> None:
    # 60 is no role in a project: an administrator who is a member has one of the others.
    for who in every_person():
        if who.is_member and who.access_level not in (30, 40, 50):
            told = ruling(who, verb, ALONE, severity=Severity.LOW, request=MINE)
            if verb in (Verb.HELP, Verb.EXPLAIN):
                assert told.allowed
            else:
                assert (told.answer, told.why) == (Answer.REFUSE, Why.BELOW_DEVELOPER)


@pytest.mark.parametrize("verb", [Verb.RESCAN, Verb.MERGE, Verb.CANCEL_MERGE])
def test_every_developer_may_ask_for_a_scan_or_a_merge(verb: Verb) -> None:
    for who in every_person():
        assert ruling(who, verb, BY_TWO).allowed is who.may_write


@pytest.mark.parametrize("rules", [ALONE, BY_TWO, HIGH_BY_TWO], ids=["alone", "two", "two for high"])
def test_nobody_decides_about_his_own_code_or_request_and_nobody_below_developer_decides(
    rules: SuppressionRules,
) -> None:
    cases = itertools.product(every_person(), DISMISSALS | {Verb.CONFIRM}, [None, *Severity], [None, MINE, OTHERS])
    for who, verb, severity, request in cases:
        told = ruling(who, verb, rules, severity=severity, request=request)
        if told.allowed:
            assert who.may_write
            assert not who.wrote_it
            assert verb is not Verb.CONFIRM or request != MINE
            assert who.is_trusted or not rules.second_person.wanted_for(severity)
