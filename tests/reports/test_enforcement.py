"""What is said of a gate's strength, of incidents and by the merge bot, in words that a stranger cannot bend."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain import merge_texts
from bot.domain.enforcement import Enforcement, Facts, Grant, Keyholder, Level, Limit, Missing, Need, Protection, assess
from bot.domain.incident import Incident, IncidentKind, KnownIncident
from bot.domain.merging import WishState
from bot.reports.enforcement import (
    incident_words,
    level_words,
    limit_words,
    missing_words,
    render_enforcement_json,
    render_enforcement_text,
    render_incident_text,
    render_incidents_json,
    render_incidents_text,
)
from bot.reports.merge_answers import merge_reason, render_merge_note
from bot.reports.sentences import fields_of
from bot.texts import Language, translations
from tests.reports.gitlab_reading import problems
from tests.reports.golden import assert_golden
from tests.reports.hostile import nasty

NOON = datetime(2026, 11, 20, 12, 30, tzinfo=UTC)
FACTS = Facts(
    bot_id=1,
    bot_role=40,
    default_branch="main",
    pipelines_must_succeed=True,
    skipped_suffices=False,
    threads_must_be_resolved=True,
    resolves_outdated_threads=False,
    ignores_branch_pipelines=False,
    protections=(
        Protection("main", (Grant(30),), (Grant(40),), force_push=True),
        Protection("release/* \u202e\n@all", (Grant(0),), (Grant(30),), force_push=False),
    ),
    keyholders=(Keyholder(7, "grace"), Keyholder(8, "root\n@all")),
    checked_at=NOON,
)


def test_a_level_is_shown_with_what_it_lacks_and_leaves_open() -> None:
    assert_golden("enforcement.txt", render_enforcement_text("shop/backend", assess(FACTS), checked_at=NOON))


@pytest.mark.parametrize("language", list(Language))
def test_the_same_is_said_in_both_languages(language: Language) -> None:
    found = assess(FACTS)
    lines = [
        level_words(found.level, language),
        *(limit_words(limit, language) for limit in Limit),
        *(missing_words(one, language) for one in found.missing),
        *(missing_words(Missing(need, "main", unknown=True), language) for need in Need),
        *(incident_words(kind, language) for kind in IncidentKind),
    ]
    assert_golden(f"enforcement_words.{language.value}.txt", "\n".join(lines) + "\n")


def test_programs_can_read_it() -> None:
    document = json.loads(render_enforcement_json("shop/backend", assess(FACTS), wanted=2))
    assert (document["project"], document["level"], document["wanted"]) == ("shop/backend", 1, 2)
    assert {one["need"] for one in document["missing"]} >= {"no_force", "no_keyholders"}


@pytest.mark.parametrize("language", list(Language))
def test_everything_has_words(language: Language) -> None:
    for kind in IncidentKind:
        assert incident_words(kind, language)
    for level in Level:
        assert level_words(level, language)
    for limit in Limit:
        assert limit_words(limit, language)
    for need in Need:
        assert missing_words(Missing(need, "main", unknown=True), language)


@given(st.text(max_size=60), st.sampled_from(Need))
def test_a_strangers_name_stays_on_its_line(name: str, need: Need) -> None:
    shown = missing_words(Missing(need, name), Language.ENGLISH)
    assert "\n" not in shown
    assert all(char.isprintable() for char in shown)


# --- incidents --------------------------------------------------------------------------------------------------------

FORGED = KnownIncident(
    12,
    Incident(
        5,
        IncidentKind.FORGED_STATUS,
        "aaaa by user 7",
        merge_request_iid=3,
        ref="feature",
        sha="a" * 40,
        actor="mallory",
        details={"state": "success", "said": "all\nclear \x1b[31m"},
    ),
    NOON,
    NOON + timedelta(hours=1),
    count=2,
    project="shop/backend",
)
CLOSED = replace(
    FORGED,
    id=9,
    incident=Incident(5, IncidentKind.SETTINGS_WEAKENED, "protected main", details={"missing": "main ..."}),
    count=1,
    project="",
    closed_at=NOON + timedelta(days=1),
    closed_by="boss",
    closed_reason="it was a test",
)


def test_incidents_are_listed_and_shown() -> None:
    text = render_incidents_text([FORGED, CLOSED])
    assert_golden("incidents.txt", "\n".join([text, render_incident_text(FORGED), render_incident_text(CLOSED)]))
    assert render_incidents_text([]) == "no incidents\n"


def test_incidents_can_be_read_by_programs() -> None:
    first, second = json.loads(render_incidents_json([FORGED, CLOSED]))
    assert (first["kind"], first["severity"], first["count"], first["open"]) == ("forged_status", "high", 2, True)
    assert (second["open"], second["closed_by"]) == (False, "boss")


# --- the merge bot ----------------------------------------------------------------------------------------------------

_STATES = [WishState.WAITING, WishState.REFUSED, WishState.CANCELLED, WishState.MERGED]


@pytest.mark.parametrize("language", list(Language))
def test_the_merge_bot_says_what_it_waits_for(language: Language) -> None:
    reasons = [reason.format(count=7, word="not_approved", text="no way") for reason in merge_texts.ALL]
    notes = [render_merge_note(state, reason, language) for state in _STATES for reason in reasons[:1]]
    lines = [merge_reason(reason, language) for reason in reasons]
    assert_golden(f"merge-bot.{language.value}.md", "\n\n".join(notes) + "\n\n" + "\n".join(lines) + "\n")


def test_every_reason_of_the_merge_bot_has_its_translation() -> None:
    chinese = translations(Language.CHINESE).gettext
    for reason in merge_texts.ALL:
        assert chinese(reason) != reason
        assert sorted(fields_of(chinese(reason))) == sorted(fields_of(reason))


@given(nasty, st.sampled_from(_STATES), st.sampled_from(Language))
def test_what_gitlab_or_a_hook_says_does_nothing_in_a_note(text: str, state: WishState, language: Language) -> None:
    note = render_merge_note(state, merge_texts.REFUSED.format(text=text), language)
    assert problems(note, frozenset()) == []
    assert note.startswith("**")


def test_an_enforcement_without_a_record_reads_well() -> None:
    assert "nothing keeps anybody from merging" in render_enforcement_text(
        "a/b", Enforcement(Level.L0, (), (Limit.ADVICE,))
    )
