"""The finding's page and the lists: golden files, and nothing of a stranger's that takes effect."""

from __future__ import annotations

import io
import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import PurePosixPath
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console

from bot.domain import explanations
from bot.domain.known import Dossier, KnownFinding, Sighting, Whereabouts, Witness, edited_at
from bot.domain.suppression import Match, Scope, Suppression, SuppressionReview, explanation_of
from bot.domain.triage import SYSTEM, Judgement, Justification, TriageEvent, TriageState
from bot.domain.verdict import Presence
from bot.reports.finding_list import (
    print_findings,
    print_review,
    print_suppressions,
    render_findings_json,
    render_review_json,
    render_suppressions_json,
)
from bot.reports.finding_page import render_finding_html, render_finding_json, render_finding_text
from bot.texts import Language
from scanners.finding import Location
from tests.examples import examples
from tests.reports import samples
from tests.reports.golden import assert_golden
from tests.reports.hostile import nasty
from tests.reports.strategies import findings
from tests.reports.test_documents_for_people import check_page

LANGUAGES = [pytest.param(Language.ENGLISH, id="en"), pytest.param(Language.CHINESE, id="zh")]
SUFFIX = {Language.ENGLISH: "en", Language.CHINESE: "zh"}
NOW = datetime(2026, 5, 4, 9, 30, tzinfo=UTC)
DAY = timedelta(days=1)
CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\u200b\u2028]")

DISMISSAL = TriageEvent(
    finding_id=812,
    at=NOW - 3 * DAY,
    actor="alice",
    before=TriageState.DETECTED,
    after=TriageState.DISMISSED,
    justification=Justification.MITIGATING_CONTROL,
    reason="Only reachable from the batch network; see RISK-12.",
    source="cli",
    suppression_id=7,
)
HISTORY = (
    TriageEvent(812, NOW - 40 * DAY, "carol", TriageState.DETECTED, TriageState.CONFIRMED, None, "", "merge_request"),
    TriageEvent(
        812, NOW - 30 * DAY, "carol", TriageState.CONFIRMED, TriageState.RESOLVED, None, "Mended in !41.", "cli"
    ),
    TriageEvent(
        812,
        NOW - 20 * DAY,
        SYSTEM,
        TriageState.RESOLVED,
        TriageState.DETECTED,
        None,
        explanations.KEPT.format(was=14, now=14),
        "scan",
    ),
    DISMISSAL,
)
ACCEPTED = Suppression(
    id=7,
    project_id=5,
    scope=Scope.FINDING,
    justification=Justification.MITIGATING_CONTROL,
    reason=DISMISSAL.reason,
    created_by="alice",
    created_at=DISMISSAL.at,
    expires_at=datetime(2026, 12, 31, 23, 59, 59, tzinfo=UTC),
    finding_id=812,
    code=samples.SQL.match_hash,
    needs_approval=True,
    approved_by="bob",
    approved_at=NOW - 2 * DAY,
    last_used_at=NOW - DAY,
)
EARLIER = replace(ACCEPTED, id=3, reason="Not now.", approved_by="", approved_at=None, expires_at=NOW - 10 * DAY)
BY_RULE = replace(
    ACCEPTED,
    id=9,
    project_id=None,
    scope=Scope.RULE,
    finding_id=None,
    justification=Justification.USED_IN_TESTS,
    reason="Samples that are vulnerable on purpose.",
    scanner="sample-sast",
    rule_id="sql-from-input",
    path="tests/samples/",
    last_used_at=None,
)
BY_ADVISORY = replace(
    BY_RULE, id=10, project_id=5, scope=Scope.ADVISORY, advisory="CVE-2023-36053", package="django", approved_at=None
)
KNOWN = KnownFinding(
    id=812,
    project_id=5,
    project="shop/payments",
    finding=samples.SQL,
    whereabouts=Whereabouts.DEFAULT_BRANCH,
    judgement=DISMISSAL.judgement,
    first_seen_at=NOW - 90 * DAY,
    suppressed=True,
)
RICH = Dossier(
    known=KNOWN,
    history=HISTORY,
    sightings=(
        Sighting(
            "main",
            Presence.EXISTING,
            samples.SQL.location,
            explanations.KEPT.format(was=57, now=63),
            "2f" * 20,
            NOW - 90 * DAY,
            None,
            NOW - 60 * DAY,
        ),
        Sighting(
            "!42",
            Presence.FIXED,
            Location(PurePosixPath("app/数据库.py"), 9, 9),
            explanations.NOT_FLAGGED.format(was=9),
            "3e" * 20,
            NOW - 95 * DAY,
            NOW - 80 * DAY,
            None,
        ),
    ),
    witnesses=(
        Witness("main", "scan", "sample-sast", "1.4.0", "sql-from-input", NOW - 90 * DAY, NOW, None),
        Witness(
            "main",
            "import:CodeQL",
            "CodeQL",
            "2.20.1",
            "py/sql-injection",
            NOW - 50 * DAY,
            NOW - 10 * DAY,
            NOW - 5 * DAY,
            explanations.SAME_WEAKNESS.format(scanner="CodeQL", count=89, lines="14"),
        ),
    ),
    suppressions=(EARLIER, ACCEPTED),
    match=Match(ACCEPTED, explanation_of(ACCEPTED)),
)
BARE = Dossier(
    known=replace(
        KNOWN,
        id=9,
        project="",
        finding=samples.UNFIXED_DEPENDENCY,
        whereabouts=Whereabouts.NOWHERE,
        judgement=Judgement(),
        suppressed=False,
    ),
    history=(),
    sightings=(),
    witnesses=(),
    suppressions=(),
    match=None,
)
HOSTILE = Dossier(
    known=replace(
        KNOWN,
        project=samples.ATTACK,
        finding=samples.HOSTILE,
        judgement=replace(DISMISSAL.judgement, reason=samples.ATTACK, actor=samples.ATTACK),
    ),
    history=(replace(DISMISSAL, reason=samples.ATTACK, actor=samples.ATTACK),),
    sightings=(replace(RICH.sightings[0], ref=samples.ATTACK, explanation=samples.ATTACK, commit=samples.ATTACK),),
    witnesses=(
        replace(
            RICH.witnesses[1], ref=samples.ATTACK, scanner=samples.ATTACK, source=samples.ATTACK, version="\x1b[31m"
        ),
    ),
    suppressions=(replace(ACCEPTED, reason=samples.ATTACK, created_by=samples.ATTACK),),
    match=Match(replace(BY_RULE, rule_id=samples.ATTACK), samples.ATTACK),
)
ALL = {"rich": RICH, "bare": BARE, "hostile": HOSTILE}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", ["rich", "bare"])
def test_the_page_reads_well(name: str, language: Language) -> None:
    page = render_finding_html(ALL[name], language, now=NOW, lookup=samples.lookup)
    page = re.sub(r"<footer>Mergewarden \S+", "<footer>Mergewarden VERSION", page)
    assert_golden(f"finding_{name}.{SUFFIX[language]}.html", page)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", ["rich", "bare"])
def test_the_text_reads_well(name: str, language: Language) -> None:
    text = render_finding_text(ALL[name], language, now=NOW, lookup=samples.lookup, width=120)
    assert_golden(f"finding_{name}.{SUFFIX[language]}.txt", text)


def test_the_page_says_why_it_is_the_same_finding() -> None:
    page = check_page(render_finding_html(RICH, Language.ENGLISH, now=NOW, lookup=samples.lookup))
    assert "same as #812: line map: was 57, now 63" in page.text
    chinese = check_page(render_finding_html(RICH, Language.CHINESE, now=NOW, lookup=samples.lookup))
    assert "与 #812 相同：行号对应：原为第 57 行，现为第 63 行" in chinese.text


@pytest.mark.parametrize("name", sorted(ALL))
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_shows_hostile_text_as_text(name: str, language: Language) -> None:
    check_page(render_finding_html(ALL[name], language, now=NOW, lookup=samples.lookup))


@given(findings(), nasty, nasty)
@settings(max_examples=examples(60))
def test_nothing_of_a_stranger_takes_effect(finding: Any, word: str, other: str) -> None:
    dossier = replace(
        RICH,
        known=replace(KNOWN, finding=finding, project=word),
        history=(replace(DISMISSAL, reason=word, actor=other),),
        sightings=(replace(RICH.sightings[0], ref=word, explanation=other),),
        suppressions=(replace(ACCEPTED, reason=other),),
    )
    check_page(render_finding_html(dossier, Language.ENGLISH, now=NOW))
    assert not CONTROLS.search(render_finding_text(dossier, Language.ENGLISH, now=NOW))
    document = json.loads(render_finding_json(dossier, Language.ENGLISH, now=NOW))
    assert document["finding"]["number"] == 812


@pytest.mark.parametrize("width", [40, 80, 120])
@pytest.mark.parametrize("name", sorted(ALL))
def test_the_text_keeps_to_its_width(name: str, width: int) -> None:
    text = render_finding_text(ALL[name], Language.CHINESE, now=NOW, lookup=samples.lookup, width=width)
    assert max(cell_len(line) for line in text.split("\n")) <= width
    assert not CONTROLS.search(text)


def test_the_json_has_everything_in_names_that_stay() -> None:
    text = render_finding_json(RICH, Language.ENGLISH, now=NOW, lookup=samples.lookup)
    text = re.sub(r'"version": "[^"]+"\n  },\n  "language"', '"version": "VERSION"\n  },\n  "language"', text)
    assert_golden("finding.json", text)


# --- lists ------------------------------------------------------------------------------------------------------------


def printed(print_it: Any, *arguments: Any, width: int = 150, **more: Any) -> str:
    out = io.StringIO()
    print_it(*arguments, Console(file=out, width=width), Language.ENGLISH, **more)
    return "\n".join(line.rstrip() for line in out.getvalue().split("\n"))


LISTED = (KNOWN, HOSTILE.known, BARE.known)
REVIEW = SuppressionReview(waiting=(BY_ADVISORY,), expiring=(ACCEPTED,), expired=(EARLIER,), unused=())


def test_a_list_of_findings_reads_well() -> None:
    text = printed(print_findings, LISTED, with_project=True, lookup=samples.lookup)
    assert not CONTROLS.search(text)
    assert_golden("findings_list.txt", text)
    assert "shop/payments" not in printed(print_findings, LISTED, with_project=False)
    assert printed(print_findings, (), with_project=True) == "no findings\n"


def test_a_list_of_findings_as_json_says_where_to_go_on() -> None:
    document = json.loads(render_findings_json(LISTED, Language.ENGLISH, next_cursor="high-low-9"))
    assert [entry["number"] for entry in document["findings"]] == [812, 812, 9]
    assert document["findings"][0]["justification"] == "mitigating_control"
    assert document["findings"][0]["suppressed"] is True
    assert document["next"] == "high-low-9"


def test_a_list_of_suppressions_reads_well() -> None:
    listed = (ACCEPTED, EARLIER, BY_RULE, BY_ADVISORY, replace(BY_RULE, id=11, reason=samples.ATTACK))
    text = printed(print_suppressions, listed, {5: "shop/payments"}, now=NOW)
    assert not CONTROLS.search(text)
    assert_golden("suppressions_list.txt", text)
    assert printed(print_suppressions, (), {}, now=NOW) == "no suppressions\n"
    document = json.loads(render_suppressions_json(listed, NOW))
    assert [made["standing"] for made in document["suppressions"]] == [
        "in_force",
        "expired",
        "in_force",
        "waiting",
        "in_force",
    ]


def test_a_review_names_every_section_also_the_empty_ones() -> None:
    text = printed(print_review, REVIEW, {5: "shop/payments"}, now=NOW)
    assert_golden("suppressions_report.txt", text)
    document = json.loads(render_review_json(REVIEW, NOW))
    assert {name: len(found) for name, found in document.items() if isinstance(found, list)} == {
        "waiting": 1,
        "expiring": 1,
        "expired": 1,
        "unused": 0,
    }


# --- when it was edited -----------------------------------------------------------------------------------------------


@given(st.lists(st.tuples(st.none() | st.integers(0, 9), st.booleans()), max_size=4))
def test_edits_elsewhere_do_not_matter_while_it_is_on_the_default_branch(edits: list[tuple[int | None, bool]]) -> None:
    first = RICH.sightings[0]
    others = tuple(
        replace(
            first,
            ref=f"!{n}",
            changed_at=None if edited is None else NOW + edited * DAY,
            gone_at=NOW if gone else None,
        )
        for n, (edited, gone) in enumerate(edits)
    )
    assert edited_at(KNOWN, (first, *others)) == first.changed_at
    elsewhere = replace(KNOWN, whereabouts=Whereabouts.ELSEWHERE)
    living = [seen.changed_at for seen in others if seen.gone_at is None and seen.changed_at is not None]
    if any(seen.gone_at is None for seen in others):
        assert edited_at(elsewhere, others) == max(living, default=None)
