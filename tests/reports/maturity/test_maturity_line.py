"""The line about the score in the summary of a merge request."""

from __future__ import annotations

import pytest

from bot.domain.maturity.change_effect import ChangeEffect, Standing
from bot.domain.maturity.model import Text
from bot.reports.notes import render_summary_note
from bot.texts import Language
from tests.reports import samples
from tests.reports.gitlab_reading import problems
from tests.reports.golden import assert_golden

FOUNDATION, COMPREHENSIVE = Text("Foundation", "基础级"), Text("Comprehensive", "全面级")
AS_IT_IS = Standing(73, 3, COMPREHENSIVE)
EFFECTS = {
    "not assessed": ChangeEffect(Standing(None, None), Standing(None, None), inferred=True),
    "no change": ChangeEffect(AS_IT_IS, AS_IT_IS, inferred=True),
    "worse": ChangeEffect(AS_IT_IS, Standing(69, 3, COMPREHENSIVE), inferred=True),
    "worse level": ChangeEffect(AS_IT_IS, Standing(61, 2, FOUNDATION), inferred=True),
    "better": ChangeEffect(AS_IT_IS, Standing(80, 3, COMPREHENSIVE), inferred=False),
    "change not assessed": ChangeEffect(AS_IT_IS, None, inferred=True),
    "no levels": ChangeEffect(Standing(100, None), Standing(95, None), inferred=False),
    "bottom": ChangeEffect(Standing(0, 0), Standing(0, 0), inferred=False),
}
HOSTS = frozenset({"warden.example", "gitlab.example"})


def line(effect: ChangeEffect, language: Language, url: str | None = "https://warden.example/projects/7") -> str:
    note = render_summary_note(
        samples.PASSED,
        language=language,
        threads_shown=frozenset(),
        max_rows=10,
        maturity=effect,
        project_url=url,
        lookup=samples.lookup,
    )
    assert problems(note, HOSTS) == []
    (found,) = [one for one in note.splitlines() if one.startswith(("**Maturity", "**成熟度", "**["))]
    return found


@pytest.mark.parametrize("language", list(Language), ids=["en", "zh"])
def test_the_line_is_as_it_was_approved(language: Language) -> None:
    shown = "".join(f"{name}\n    {line(effect, language)}\n" for name, effect in EFFECTS.items())
    assert_golden(f"maturity/line.{language.value}.txt", shown)


def test_what_is_not_assessed_has_no_number() -> None:
    for language in Language:
        assert not any(digit.isdigit() for digit in line(EFFECTS["not assessed"], language, None))


def test_without_an_address_of_ours_there_is_no_link() -> None:
    assert "](" in line(EFFECTS["worse"], Language.ENGLISH)
    assert "](" not in line(EFFECTS["worse"], Language.ENGLISH, None)
    assert "](" not in line(EFFECTS["worse"], Language.ENGLISH, "javascript:alert(1)")


def test_a_customers_name_for_a_level_is_only_words() -> None:
    attack = Standing(50, 2, Text(samples.ATTACK, samples.ATTACK))
    found = line(ChangeEffect(attack, attack, inferred=False), Language.ENGLISH)
    assert len(found) < 500


def test_nothing_is_said_where_nothing_is_known() -> None:
    for language in Language:
        note = render_summary_note(
            samples.PASSED, language=language, threads_shown=frozenset(), max_rows=10, lookup=samples.lookup
        )
        assert "Maturity" not in note
        assert "成熟度" not in note
