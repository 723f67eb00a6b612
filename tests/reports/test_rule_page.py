"""The desk's pages about rules: what they say in both languages, and nothing of a stranger's that takes effect."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from urllib.parse import parse_qsl

import pytest

from bot.domain.noise import RuleNoise
from bot.domain.roles import Principal, Role
from bot.domain.rule_card import (
    ORGANISATION,
    MonthCount,
    RuleCard,
    RuleDossier,
    RuleFilter,
    RuleRecord,
    RuleShelf,
    RuleUse,
    UnknownRuleFilter,
)
from bot.domain.rule_sample import Sample, read_sample
from bot.domain.rule_version import KnownVersion, OwnRules, RuleOutcome, RuleSimulation, RuleSourceState, RuleSwitch
from bot.reports.rule_page import highlighted, list_page, render_rule_json, render_rules_json
from bot.reports.wording import words_in
from bot.texts import Language
from bot.web.operations import Operations
from bot.web.pages import rules
from rules.catalog import RuleText
from tests.reports.golden import assert_golden
from tests.reports.test_documents_for_people import Page
from tests.web.shown import AUDITOR, check_shown, content, shown
from tests.web.visitors import person

NOW = datetime(2026, 5, 4, 9, 30, tzinfo=UTC)
NASTY = "<script>alert(1)</script>\u202e"
SAMPLE = read_sample("a.py", "# ruleid: org-python-x\neval(a)  # <b>\n# ok: org-python-x\nlen(a)\n", "org-python-x")
WORDS = RuleText("Eval of what comes in", "A text becomes `code`. It must not.", "Call `literal_eval`.")
CARD = RuleCard(
    "semgrep",
    "org-python-x",
    WORDS,
    "critical",
    "high",
    "monitor",
    "python",
    "code-injection",
    cwes=(95,),
    owasp=("A03:2021",),
    references=("https://docs.python.org/3/library/ast.html", "javascript:alert(1)"),
    covers=("bandit: B307",),
    origin=ORGANISATION,
    mode_here="block",
)
USE = RuleUse("semgrep", "org-python-x", 12, 3, 7, 2, 1, 4)
NOISE = RuleNoise("semgrep", "org-python-x", 10, 3)
SHELL = RuleRecord(
    RuleCard("bandit", "B602", RuleText("A shell", "It may be.", "No shell."), "low", "low", "comment", "python"),
    RuleUse("bandit", "B602"),
    RuleNoise("bandit", "B602", 0, 0),
)
MONTHS = tuple(MonthCount(date(2026, month, 1), count) for month, count in ((3, 0), (4, 5), (5, 7)))
FOUND = RuleDossier(RuleRecord(CARD, USE, NOISE), (SAMPLE,), MONTHS)
TRIED = RuleSimulation("b" * 64, "a" * 64, NOW, 4, 900, 2.0, 1.0, (RuleOutcome("org-python-x", 5, 1, 2, ("a/b",), 1),))
OWN = OwnRules(
    RuleSourceState("security/rules", "1f", "a" * 64, "b" * 64, "python/a/b.yaml: org-python-b: id: it is wrong", NOW),
    KnownVersion("a" * 64, "security/rules@1f", NOW, 1, None),
    KnownVersion("b" * 64, "security/rules@2f", NOW, 1, TRIED),
    (RuleSwitch("", "a" * 64, "alice", "tried", NOW),),
)
SHELF = RuleShelf((SHELL, FOUND.record), OWN)
LANGUAGES = [pytest.param(Language.ENGLISH, "en", id="en"), pytest.param(Language.CHINESE, "zh", id="zh")]
ALL = slice(None)


def page(
    path: str,
    language: Language = Language.ENGLISH,
    *,
    shelf: RuleShelf = SHELF,
    found: RuleDossier = FOUND,
    who: Principal = AUDITOR,
) -> str:
    """The page at this address, at a desk that has these rules."""
    operations = Operations(
        jobs=lambda _: (), queues=(), silent=timedelta(), shelf=lambda *_: shelf, dossier=lambda *_: found
    )
    return shown(path, rules.routes, language, who=who, operations=operations)


@pytest.mark.parametrize(("language", "suffix"), LANGUAGES)
def test_a_rules_page_is_as_it_was_approved(language: Language, suffix: str) -> None:
    html = page("/rules/org-python-x", language, who=person(projects={5: Role.VIEWER}))
    check_shown(html)
    assert_golden(f"rule/rule.{suffix}.html", content(html))


@pytest.mark.parametrize(("language", "suffix"), LANGUAGES)
def test_the_list_is_as_it_was_approved(language: Language, suffix: str) -> None:
    html = page("/rules?language=python&sort=findings", language)
    check_shown(html)
    assert_golden(f"rule/rules.{suffix}.html", content(html))


def test_the_documents_are_as_they_were_approved() -> None:
    assert_golden("rule/rule.json", render_rule_json(FOUND))
    assert_golden("rule/rules.json", render_rules_json(SHELF, RuleFilter(), "rule"))


def test_a_filter_leaves_out_what_it_does_not_mean_and_keeps_the_others_in_its_links() -> None:
    html = page("/rules?scanner=bandit")
    assert re.findall(r'<code class="small">(.*?)</code>', html) == ["B602"]
    assert ">1 rule</span>" in html
    assert '<a href="?scanner=bandit&amp;sort=findings">' in html
    assert json.loads(render_rules_json(SHELF, RuleFilter(severity="low"), "rule"))["rules"][0]["id"] == "B602"


@pytest.mark.parametrize("chosen", [{}, {"scanner": "bandit"}, {"scanner": "semgrep", "severity": "critical"}])
def test_the_number_at_a_choice_is_how_many_rules_one_sees_after_the_click(chosen: dict[str, str]) -> None:
    wording = words_in(Language.ENGLISH)
    shown_now = list_page(SHELF, RuleFilter(**chosen), "rule", wording, ALL)
    choices = [choice for facet in shown_now.facets for choice in facet.choices if choice.count]
    assert choices
    for choice in choices:
        clicked = RuleFilter(**dict(parse_qsl(choice.url.lstrip("?"))))
        assert list_page(SHELF, clicked, "rule", wording, ALL).total == int(choice.count)


def test_an_unknown_filter_is_refused() -> None:
    with pytest.raises(UnknownRuleFilter):
        list_page(SHELF, RuleFilter(severity="grave"), "rule", words_in(Language.ENGLISH), ALL)


def test_nothing_of_a_strangers_takes_effect() -> None:
    words = RuleText(NASTY, NASTY, NASTY)
    card = replace(CARD, text=words, references=(f"https://a.example/{NASTY}",), covers=(NASTY,))
    sample = Sample(NASTY, tuple(replace(line, text=NASTY) for line in SAMPLE.lines))
    found = replace(FOUND, record=replace(FOUND.record, card=card), samples=(sample,))
    switch = RuleSwitch("", "", NASTY, "", NOW)
    own = replace(OWN, state=replace(OWN.state, source=NASTY, problem=NASTY), switches=(switch,))
    for path in ("/rules/org-python-x", "/rules"):
        html = page(path, shelf=RuleShelf((found.record,), own), found=found)
        assert "<script>alert(1)</script>" in check_shown(html).text
        assert "<script" not in content(html)


ENDS = ("py", "java", "ts", "tsx", "go", "tf", "sh", "yaml", "dockerfile", "xml", "vue", "odd", "")


@pytest.mark.parametrize("name", [f"a.{end}" for end in ENDS])
@pytest.mark.parametrize("lines", [["x = 1", "", "<b>"], ["'''", "</td><script>", "'''"], [], [""], ["\t", "  "]])
def test_every_line_of_a_sample_is_one_row_with_all_its_text_escaped(name: str, lines: list[str]) -> None:
    made = highlighted(name, lines)
    assert len(made) == len(lines)
    for code, line in zip(made, lines, strict=True):
        assert Page(f"<p>{code}</p>").text == line
        assert Page(f"<p>{code}</p>").tags <= {"p", "span"}


def test_a_rule_without_a_finding_and_without_a_sample_has_a_page() -> None:
    months = tuple(replace(one, findings=0) for one in MONTHS)
    bare = RuleDossier(SHELL, (), months)
    text = check_shown(page("/rules/B602", found=bare)).text
    assert "nothing can be said" in text
    assert "The numbers are those of all projects." in text
    assert "Examples" not in text
