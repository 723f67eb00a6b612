"""A merge request's page: its scans, why the verdict is what it is, and how long everything took."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path, PurePosixPath

import pytest
from sqlalchemy import Engine, insert

from bot.domain.change import ChangeKind
from bot.domain.change_coverage import ChangeCoverage, Content, CoveredFile, Look
from bot.domain.command import Result
from bot.domain.merging import Asked
from bot.domain.policy import Policy
from bot.domain.roles import Role
from bot.domain.verdict import Presence, TrackedFinding
from bot.store import commands, decisions, heads, receipts, scans, wishes
from bot.store.commands import HandledNote
from bot.store.decisions import DecisionInputs
from bot.store.engine import write_session
from bot.store.receipts import StoredReceipt
from bot.store.statements import table
from bot.store.tables import DeliveryRecord
from tests.store.counting import counted
from tests.store.samples import NOON, REPORT, SAST
from tests.store.standing import add_project
from tests.web.overview_stage import Stage
from tests.web.visitors import person

SHOP, BANK = 5, 6
PAGE = f"/projects/{SHOP}/merge_requests/7"
COVERAGE = ChangeCoverage(
    (
        CoveredFile(PurePosixPath("src/a.py"), None, ChangeKind.MODIFIED, Content.TEXT),
        CoveredFile(
            PurePosixPath("big.js"), None, ChangeKind.ADDED, Content.TEXT, looks=(Look("semgrep", ("too_large",)),)
        ),
    )
)


def fill(engine: Engine, *, times: int = 1) -> None:
    with write_session(engine) as writing:
        add_project(writing, SHOP, "shop/backend")
        add_project(writing, BANK, "bank/core")
        heads.raise_sequence(writing, SHOP, 7, head_sha="b" * 40, target_branch="main")
        heads.raise_sequence(writing, SHOP, 8, head_sha="b" * 40, target_branch="main")
        for n in range(times):
            began = NOON - timedelta(hours=n)
            scan_id = f"scan{n}"
            report = replace(REPORT, started_at=began, seconds=4.5, coverage=COVERAGE)
            scans.record_scan(writing, report, project_id=SHOP, scan_id=scan_id)
            decisions.record_decision(
                writing,
                scan_id=scan_id,
                project_id=SHOP,
                iid=7,
                at=began + timedelta(seconds=6),
                because="scan",
                policy=Policy(),
                inputs=DecisionInputs(),
                decision=replace(REPORT.decision, policy_digest=Policy().digest),
            )
            receipts.record(writing, StoredReceipt(f"{n:064x}", SHOP, 7, scan_id, {}, began + timedelta(seconds=9)))
            commands.record(writing, HandledNote(SHOP, 7, n, "d", 4, "bob", "fp <i>", Result.REQUESTED, "", True, NOON))
            writing.execute(
                insert(table(DeliveryRecord)).values(
                    key=f"k{n}",
                    received_at=began - timedelta(seconds=2),
                    event="push",
                    project_id=SHOP,
                    iid=7,
                    job_id=scan_id,
                    result="accepted",
                )
            )
        wishes.ask(
            writing,
            project_id=SHOP,
            iid=7,
            target_branch="main",
            asked_by="carol",
            asked_by_id=2,
            how=Asked.COMMAND,
            at=NOON,
        )
        heads.mark_scanned(writing, SHOP, 7, sequence=1, scan_id="scan0", head_sha="b" * 40, base_sha="a" * 40)


@pytest.fixture
def stage(engine: Engine, tmp_path: Path) -> Stage:
    return Stage(
        tmp_path,
        engine,
        {
            "ada": person(projects={SHOP: Role.VIEWER}),
            "zoe": person(projects={BANK: Role.ADMIN}),
            "root": person(Role.ADMIN),
        },
    )


def test_the_page_shows_the_newest_scan_and_why_it_is_judged_so(stage: Stage, engine: Engine) -> None:
    fill(engine, times=2)
    html = stage.get(PAGE).text
    for words in (
        "Merge request !7",
        "Not assessed",
        "<code>block-high</code>",
        "bandit gave no answer: took longer",
        "Known vulnerability in sample 1.0",
        "timed out",
        "big.js",
        "semgrep: too large",
        "carol",
        "fp &lt;i&gt;",
        "waits for a second person",
        f'href="/receipts/{0:064x}.html"',
        "it was scanned",
        "scan=scan1",
    ):
        assert words in html, words
    assert html.count('aria-current="true"') == 1
    assert 'style="' not in html


def test_each_step_has_its_time_and_what_was_not_kept_is_not_known(stage: Stage, engine: Engine) -> None:
    fill(engine)
    html = stage.get(PAGE).text
    steps = html[html.index('<ol class="scan-steps">') :].partition("</ol>")[0]
    for took in ("2.0 s", "4.5 s", "6.0 s", "9.0 s"):
        assert f'<span class="took">{took}</span>' in steps
    assert 'class="unknown"' not in steps
    with write_session(engine) as writing:
        writing.execute(table(DeliveryRecord).delete())
    assert stage.get(PAGE).text.count('<li class="unknown">') == 1


def test_an_older_scan_can_be_looked_at_and_one_of_another_request_cannot(stage: Stage, engine: Engine) -> None:
    fill(engine, times=2)
    with write_session(engine) as writing:
        other = replace(REPORT, subject=replace(REPORT.subject, merge_request_iid=8))
        scans.record_scan(writing, other, project_id=SHOP, scan_id="other")
        scans.record_scan(writing, REPORT, project_id=BANK, scan_id="foreign")
    assert "0000000000000001" in stage.get(f"{PAGE}?scan=scan1").text
    for scan in ("other", "foreign", "gone"):
        assert stage.get(f"{PAGE}?scan={scan}").status_code == 404


def test_findings_come_in_pages(stage: Stage, engine: Engine) -> None:
    fill(engine)
    with write_session(engine) as writing:
        many = tuple(
            TrackedFinding(replace(SAST, fingerprint=f"{n:064x}"), Presence.NEW, number=n + 1) for n in range(130)
        )
        report = replace(REPORT, tracked=many, runs=(), started_at=NOON + timedelta(hours=1))
        scans.record_scan(writing, report, project_id=SHOP, scan_id="many")
    first = stage.get(PAGE).text
    assert "1 to 100 of 130" in first
    assert "first=100" in first
    second = stage.get(f"{PAGE}?first=100").text
    assert "101 to 130 of 130" in second
    assert f'href="/projects/{SHOP}/findings/' in second
    assert stage.get(f"{PAGE}?first=x").status_code == 422


def test_a_request_without_a_scan_has_no_verdict(stage: Stage, engine: Engine) -> None:
    fill(engine)
    html = stage.get(f"/projects/{SHOP}/merge_requests/8").text
    assert "No verdict yet" in html
    assert "There is no scan yet" in html


def test_nobody_learns_of_a_request_in_a_project_that_he_does_not_see(stage: Stage, engine: Engine) -> None:
    fill(engine)
    assert stage.get(PAGE, "zoe").status_code == 404
    assert stage.get(f"/projects/{SHOP}/merge_requests/999").status_code == 404
    assert stage.get("/projects/999/merge_requests/7", "root").status_code == 404
    assert stage.get(f"/projects/{SHOP}/merge_requests/x").status_code == 404


def test_the_number_of_statements_does_not_depend_on_the_number_of_scans(stage: Stage, engine: Engine) -> None:
    fill(engine, times=25)
    with counted(engine) as many:
        html = stage.get(PAGE).text
    with counted(engine) as few:
        stage.get(f"/projects/{SHOP}/merge_requests/8")
    assert "20+" in html, "older scans are said to be there"
    assert (len(many), len(few)) == (14, 11), "three are about the scan that is shown"
