"""The page of a project: golden files, and nothing of a stranger's that takes effect."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from bot.domain.enforcement import Enforcement, Level
from bot.domain.incident import Incident
from bot.domain.project_state import ProjectState
from bot.reports.project_page import render_project_html, render_project_json
from bot.texts import Language
from tests.reports.golden import assert_golden
from tests.reports.project_samples import BARE, FORGED, FULL, NOW
from tests.reports.test_documents_for_people import check_page

GITLAB = "https://gitlab.example.com"


@pytest.mark.parametrize(
    ("state", "language", "name"),
    [
        pytest.param(FULL, Language.ENGLISH, "full.en", id="full, English"),
        pytest.param(FULL, Language.CHINESE, "full.zh", id="full, Chinese"),
        pytest.param(BARE, Language.ENGLISH, "bare.en", id="bare, English"),
    ],
)
def test_the_page_is_as_it_was_approved(state: ProjectState, language: Language, name: str) -> None:
    page = render_project_html(state, language, now=NOW, gitlab_url=GITLAB)
    check_page(page)
    assert_golden(f"project/{name}.html", page)


def test_the_json_is_as_it_was_approved() -> None:
    assert_golden("project/full.json", render_project_json(FULL))
    assert json.loads(render_project_json(BARE))["enforcement"] is None


def test_a_stranger_can_put_nothing_into_the_page() -> None:
    nasty = "<script>alert(1)</script>\u202e\n/merge @all"
    hostile = replace(FORGED, incident=replace(FORGED.incident, actor=nasty, ref=nasty, details={nasty: nasty}))
    page = render_project_html(
        replace(FULL, path=nasty, url="javascript:alert(1)", default_branch=nasty, incidents=(hostile,)),
        Language.ENGLISH,
        now=NOW,
        gitlab_url=GITLAB,
    )
    check_page(page)
    assert "<script" not in page
    assert "\u202e" not in page
    assert "javascript:" not in page


def test_links_lead_to_our_gitlab_only() -> None:
    page = render_project_html(FULL, Language.ENGLISH, now=NOW, gitlab_url="https://elsewhere.example.com")
    assert "gitlab.example.com" not in page


@pytest.mark.parametrize("level", list(Level), ids=lambda level: level.name)
def test_the_page_says_the_level(level: Level) -> None:
    page = render_project_html(
        replace(FULL, enforcement=Enforcement(level)), Language.ENGLISH, now=NOW, gitlab_url=GITLAB
    )
    assert f'<span class="level">{level.name}</span>' in page


def test_only_a_verdict_on_the_newest_commit_lets_a_merge_through() -> None:
    said = {row["iid"]: row["may_merge"] for row in json.loads(render_project_json(FULL))["merge_requests"]}
    assert said == {28: False, 27: False, 26: False, 25: True, 24: True}


def test_an_incident_without_a_place_is_shown() -> None:
    bare = replace(FORGED, incident=Incident(412, FORGED.incident.kind, "x"), count=1)
    page = render_project_html(replace(FULL, incidents=(bare,)), Language.ENGLISH, now=NOW, gitlab_url=GITLAB)
    assert "commit status of our name" in page
