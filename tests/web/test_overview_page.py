"""The overview over all projects: what nobody knows is no zero, and nothing of a project that is not seen counts."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from bot.domain.enforcement import Level
from bot.domain.known import Whereabouts
from bot.domain.priority import Standing
from bot.domain.roles import Role
from bot.store.engine import write_session
from scanners.finding import Severity
from tests.store.counting import counted
from tests.store.standing import (
    TODAY,
    add_baseline,
    add_day,
    add_incident,
    add_level,
    add_project,
    add_scan,
    add_tally,
    ago,
)
from tests.web.overview_stage import Stage
from tests.web.visitors import person

SHOP, BANK, NEW, QUIET, HIDDEN = 5, 6, 7, 8, 9


@pytest.fixture
def stage(engine: Engine, tmp_path: Path) -> Stage:
    with write_session(engine) as writing:
        for number, path in ((SHOP, "shop/backend"), (BANK, "bank/core"), (NEW, "new/thing"), (QUIET, "quiet/one")):
            add_project(writing, number, path)
        add_project(writing, HIDDEN, "secret/plan")
        add_baseline(writing, SHOP)
        add_baseline(writing, BANK, at=ago(40), looked_with={"semgrep": "1", "osv": ""})
        add_baseline(writing, HIDDEN)
        add_scan(writing, "mr", QUIET, iid=3)
        add_tally(writing, SHOP, Severity.CRITICAL, 4, known_exploited=True)
        add_tally(writing, SHOP, Severity.LOW, 20, standing=Standing.CONFIRMED)
        add_tally(writing, SHOP, Severity.HIGH, 99, standing=Standing.CLOSED)
        add_tally(writing, SHOP, Severity.HIGH, 77, whereabouts=Whereabouts.ELSEWHERE)
        add_tally(writing, BANK, Severity.CRITICAL, 31)
        add_tally(writing, HIDDEN, Severity.CRITICAL, 5555)
        add_day(writing, SHOP, critical=4, low=20, overdue=3, due_soon=2)
        add_day(writing, SHOP, TODAY - timedelta(days=7), critical=9)
        add_day(writing, HIDDEN, critical=5555, overdue=5555, due_soon=5555)
        add_level(writing, SHOP, Level.L2)
        add_level(writing, HIDDEN, Level.L3)
        add_incident(writing, SHOP)
        add_incident(writing, HIDDEN)
    roles = dict.fromkeys((SHOP, BANK, NEW, QUIET), Role.TRIAGER)
    return Stage(
        tmp_path,
        engine,
        {"ada": person(projects=roles), "root": person(Role.ADMIN), "zoe": person(Role.VIEWER, projects={})},
    )


def order_of(html: str) -> list[str]:
    names = ("shop/backend", "bank/core", "new/thing", "quiet/one", "secret/plan")
    table = html[html.index('<table class="table heat">') :].partition("</table>")[0]
    return sorted((name for name in names if f">{name}<" in table), key=lambda name: table.index(f">{name}<"))


def test_the_worst_project_comes_first_and_each_cell_has_its_number(stage: Stage) -> None:
    html = stage.get("/overview").text
    assert order_of(html)[:2] == ["bank/core", "shop/backend"]
    assert ">31</a>" in html
    assert "severity=critical&amp;where=default_branch&amp;project=6" in html


def test_what_was_never_scanned_shows_as_unknown_and_not_as_zero(stage: Stage) -> None:
    html = stage.get("/overview?q=new/").text
    assert order_of(html) == ["new/thing"]
    assert html.count('<span class="hidden">not known</span>') == 5
    assert "never scanned" in html


def test_nothing_of_a_project_that_somebody_does_not_see_is_in_it(stage: Stage) -> None:
    html = stage.get("/overview").text
    assert "secret/plan" not in html
    assert "5555" not in html
    assert "5\u202f555" not in html
    assert "5610" not in html
    everything = stage.get("/overview", "root").text
    assert "secret/plan" in everything
    assert "5\u202f610" in everything


def test_somebody_who_sees_no_project_reads_that_there_is_none(stage: Stage) -> None:
    html = stage.get("/overview", "zoe").text
    assert "You see no project yet" in html
    assert "shop/backend" not in html


def test_holes_are_counted_and_filter_the_list(stage: Stage) -> None:
    assert order_of(stage.get("/overview?hole=never_scanned").text) == ["new/thing"]
    assert order_of(stage.get("/overview?hole=no_baseline").text) == ["quiet/one"]
    assert order_of(stage.get("/overview?hole=stale").text) == ["bank/core"]


def test_a_word_that_is_no_filter_is_refused_with_those_that_are(stage: Stage) -> None:
    answer = stage.get("/overview?order=colour")
    assert answer.status_code == 422
    assert "urgency, overdue, path" in answer.text


def test_the_list_goes_on_behind_the_last_project_of_a_page(stage: Stage, engine: Engine) -> None:
    with write_session(engine) as writing:
        for number in range(100, 160):
            add_project(writing, number, f"many/p{number}")
    first = stage.get("/projects?q=many/", "root").text
    assert "many/p149" in first
    assert "many/p150" not in first
    assert "after=149" in first
    second = stage.get("/projects?q=many/&after=149", "root").text
    assert "many/p150" in second
    assert "many/p149<" not in second
    assert "many/p100" in stage.get("/projects?q=many/&after=99999", "root").text


@pytest.mark.parametrize("path", ["/overview", "/projects"])
def test_the_number_of_statements_does_not_depend_on_the_number_of_projects(
    stage: Stage, engine: Engine, path: str
) -> None:
    with counted(engine) as few:
        stage.get(path, "root")
    with write_session(engine) as writing:
        for number in range(1000, 1080):
            add_project(writing, number, f"many/p{number}")
            add_baseline(writing, number)
            add_tally(writing, number, Severity.HIGH, number)
            add_day(writing, number, high=number)
    with counted(engine) as many:
        stage.get(path, "root")
    assert len(many) == len(few) == {"/overview": 6, "/projects": 5}[path]


def test_an_evil_path_is_text(stage: Stage, engine: Engine) -> None:
    with write_session(engine) as writing:
        add_project(writing, 66, "x/<script>alert(1)</script>")
    html = stage.get("/overview", "root").text
    assert "<script>alert" not in html
    assert 'style="' not in html


def test_before_the_first_count_of_a_day_lines_end_at_the_day_before(stage: Stage) -> None:
    stage.now += timedelta(days=1)
    html = stage.get("/overview").text
    assert "24 open findings on 2026-03-01, 9 on 2026-02-22." in html
    stage.now += timedelta(days=1)
    later = stage.get("/overview").text
    assert "nobody has counted lately" in later
