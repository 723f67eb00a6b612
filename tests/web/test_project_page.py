"""A project's page: what is known of it, and that nobody has looked where nobody has."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from bot.domain.enforcement import Level
from bot.domain.merging import Asked
from bot.domain.priority import Exposure
from bot.domain.roles import Role
from bot.domain.suppression import Scope, Suppression
from bot.domain.triage import Justification
from bot.domain.verdict import Outcome
from bot.store import heads, incidents, suppressions, wishes
from bot.store.engine import session, write_session
from bot.store.licences import record as record_licences
from bot.texts import Language
from scanners.finding import Severity
from scanners.imports.model import PackageLicences
from scanners.interface import ScannerStatus
from tests.store.counting import counted
from tests.store.samples import NOON
from tests.store.standing import (
    TODAY,
    add_baseline,
    add_day,
    add_group,
    add_incident,
    add_level,
    add_project,
    add_run,
    add_scan,
    add_tally,
)
from tests.web.overview_stage import Stage
from tests.web.visitors import person

SHOP, BARE = 5, 6
EXCEPTION = Suppression(
    0,
    SHOP,
    Scope.RULE,
    Justification.FALSE_POSITIVE,
    "only in tests <b>",
    "ada",
    NOON,
    NOON + timedelta(days=30),
    scanner="semgrep",
    rule_id="python.md5",
)


def fill(engine: Engine, *, times: int = 1) -> None:
    with write_session(engine) as writing:
        add_project(writing, SHOP, "shop/backend")
        add_project(writing, BARE, "bare/one")
        scan_id = add_baseline(writing, SHOP, looked_with={"semgrep": "1", "bandit": ""})
        for n in range(times):
            add_run(writing, scan_id, 2 * n, f"semgrep{n}", gaps=[["src/a.py", "parse_error", "", 3]])
            add_run(writing, scan_id, 2 * n + 1, f"bandit{n}", status=ScannerStatus.TIMED_OUT, reason="too long")
            add_group(writing, SHOP, n, ("semgrep", f"rule{n}"), Severity.HIGH, 3)
            add_group(writing, SHOP, n, ("PyPI", f"Lib{n}"), Severity.LOW, 1, kind="package")
            add_day(writing, SHOP, TODAY - timedelta(days=n), high=3 + n, overdue=2)
            add_incident(writing, SHOP, f"{n}")
            heads.raise_sequence(writing, SHOP, n + 1, head_sha="c" * 40, target_branch="main")
            add_scan(writing, f"request{n}", SHOP, iid=n + 1, outcome=Outcome.FAILED)
            heads.mark_scanned(
                writing, SHOP, n + 1, sequence=1, scan_id=f"request{n}", head_sha="c" * 40, base_sha=None
            )
            suppressions.create(writing, EXCEPTION)
            suppressions.create(writing, replace(EXCEPTION, needs_approval=True, rule_id=f"asked{n}"))
            wishes.ask(
                writing,
                project_id=SHOP,
                iid=n + 1,
                target_branch="main",
                asked_by="bob",
                asked_by_id=2,
                how=Asked.COMMAND,
                at=NOON,
            )
        record_licences(writing, SHOP, [PackageLicences("PyPI", f"lib{n}", "1", ("MIT",)) for n in range(times)])
        add_tally(writing, SHOP, Severity.HIGH, 3)
        add_level(writing, SHOP, Level.L1)


@pytest.fixture
def stage(engine: Engine, tmp_path: Path) -> Stage:
    return Stage(
        tmp_path,
        engine,
        {
            "ada": person(projects={SHOP: Role.SECURITY_LEAD, BARE: Role.VIEWER}),
            "vic": person(projects={SHOP: Role.VIEWER}),
            "zoe": person(projects={BARE: Role.ADMIN}),
            "root": person(Role.ADMIN),
        },
    )


def test_the_page_shows_what_is_known(stage: Stage, engine: Engine) -> None:
    fill(engine)
    html = stage.get(f"/projects/{SHOP}").text
    for words in (
        "shop/backend",
        "Commit status and threads; a developer with bad intent could get around them.",
        "For L2 it lacks",
        "main has to be a protected branch",
        "Somebody posted a commit status of our name",
        "timed out",
        "src/a.py:3",
        "No answer about the default branch from: bandit.",
        "semgrep rule0",
        "Lib0",
        "MIT",
        "waits for a second person",
        f'href="/projects/{SHOP}/merge_requests/1"',
        "rule=semgrep%3Arule0",
    ):
        assert words in html, words
    assert "only in tests &lt;b&gt;" in html
    assert 'style="' not in html


def test_a_project_that_nobody_has_looked_at_says_so(stage: Stage, engine: Engine) -> None:
    fill(engine)
    html = stage.get(f"/projects/{BARE}").text
    assert "Nobody has looked at the project&#39;s settings yet." in html
    assert "The default branch was never scanned, so nobody knows what it has." in html
    assert '<span class="stat-value">?</span>' in html
    assert '<span class="stat-value">0</span>' in html, "it has no merge request that we know of"


@pytest.mark.parametrize("path", [f"/projects/{SHOP}", f"/projects/{SHOP}/merge_requests/1"])
def test_a_project_that_is_not_seen_is_not_there_as_one_that_does_not_exist(
    stage: Stage, engine: Engine, path: str
) -> None:
    fill(engine)
    hidden, missing = stage.get(path, "zoe"), stage.get(path.replace("5", "999", 1), "zoe")
    assert hidden.status_code == missing.status_code == 404
    assert hidden.text == missing.text
    assert stage.get("/projects/999", "root").status_code == 404
    assert stage.get("/projects/shop", "root").status_code == 404


def test_whoever_keeps_the_project_says_how_exposed_it_is(stage: Stage, engine: Engine) -> None:
    fill(engine)
    address = f"/projects/{SHOP}/exposure"
    answer = stage.post(address, exposure="internet")
    assert (answer.status_code, answer.headers["location"]) == (303, f"/projects/{SHOP}#exposure")
    assert stage.workflow.exposures == [(SHOP, Exposure.INTERNET)]
    assert stage.post(address, exposure="moon").status_code == 422
    assert stage.post(address, "vic", exposure="internal").status_code == 403
    assert stage.post(address, "zoe", exposure="internal").status_code == 404
    assert stage.post(address, exposure="internal", csrf="wrong").status_code == 403
    assert len(stage.workflow.exposures) == 1


def test_who_may_not_say_it_has_no_form_for_it(stage: Stage, engine: Engine) -> None:
    fill(engine)
    assert f'action="/projects/{SHOP}/exposure"' in stage.get(f"/projects/{SHOP}").text
    assert f'action="/projects/{SHOP}/exposure"' not in stage.get(f"/projects/{SHOP}", "vic").text


def test_whoever_keeps_the_project_closes_its_incidents(stage: Stage, engine: Engine) -> None:
    fill(engine)
    with session(engine) as reading:
        (known, *_) = incidents.page(reading, project_id=SHOP, limit=10)
    address = f"/projects/{SHOP}/incidents/{known.id}/close"
    assert f'action="{address}"' in stage.get(f"/projects/{SHOP}").text
    assert "/incidents/" not in stage.get(f"/projects/{SHOP}", "vic").text
    answer = stage.post(address, reason="a test of ours")
    assert (answer.status_code, answer.headers["location"]) == (303, f"/projects/{SHOP}#incidents")
    assert stage.workflow.closed == [(known.id, "a test of ours")]
    assert stage.post(address).status_code == 303, "and says there that nothing was changed"
    assert stage.post(address, "vic", reason="x").status_code == 403
    assert stage.post(address, "zoe", reason="x").status_code == 404
    assert stage.post(f"/projects/{BARE}/incidents/{known.id}/close", "root", reason="x").status_code == 404
    assert stage.post(f"/projects/{SHOP}/incidents/999/close", reason="x").status_code == 404
    assert stage.post(address, reason="x", csrf="wrong").status_code == 403
    assert len(stage.workflow.closed) == 1


def test_the_number_of_statements_depends_on_nothing(stage: Stage, engine: Engine) -> None:
    fill(engine, times=40)
    with counted(engine) as many:
        assert stage.get(f"/projects/{SHOP}").status_code == 200
    with counted(engine) as few:
        assert stage.get(f"/projects/{BARE}").status_code == 200
    assert len(many) == len(few) == 20


def test_it_speaks_chinese(engine: Engine, tmp_path: Path) -> None:
    fill(engine)
    stage = Stage(tmp_path, engine, {"ada": person(Role.ADMIN)}, language=Language.CHINESE)
    html = stage.get(f"/projects/{SHOP}").text
    assert '<html lang="zh-CN"' in html
    assert "严重" in html
