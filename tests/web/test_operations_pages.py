"""Jobs, policies, advisories, components, rules and settings: nothing of a project that one does not see is shown."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import Engine, insert, update

from bot.domain.job_board import JobState
from bot.domain.roles import Role
from bot.domain.verdict import Outcome
from bot.domain.workflow import Fault
from bot.pipeline.receipts import issue
from bot.settings import load_settings
from bot.store.deliveries import StoredDelivery, record_deliveries
from bot.store.engine import open_engine, write_session
from bot.store.executors import Executor, beat
from bot.store.policies import keep_snapshot, replace_texts
from bot.store.statements import table
from bot.store.tables import DecisionRecord, ScanRecord
from bot.texts import Language
from scanners.finding import Severity
from scanners.interface import ScannerStatus
from tests.store.counting import counted
from tests.store.operations import (
    BANK,
    HIDDEN,
    SHOP,
    add_advisory,
    add_fact,
    add_licence,
    add_package_findings,
    add_rule_findings,
    add_use,
    count_advisories,
)
from tests.store.samples import NOON, REPORT
from tests.store.standing import add_project, add_run, add_scan
from tests.web.operations_stage import Stage, job
from tests.web.visitors import person

HOSTILE = "<script>alert(1)</script>"
PAGES = (
    "/jobs",
    "/jobs?tab=failures",
    "/jobs?tab=scanners",
    "/jobs?tab=deliveries",
    "/policies",
    f"/policies/{SHOP}",
    "/advisories",
    "/advisories?q=flask",
    "/advisories/PYSEC-2026-1",
    "/components",
    "/components/PyPI/flask",
    "/rules",
    "/rules/python.sql-injection",
    "/settings",
)
JOBS = (
    job("mr:5!7:run", JobState.RUNNING, started_at=NOON - timedelta(seconds=90)),
    job("mr:5!7:wait", JobState.WAITING),
    job("mr:9!7:hidden", JobState.WAITING, HIDDEN),
    job("mr:5!7:bad", JobState.FAILED, error=f"RuntimeError: {HOSTILE} glpat-abcdefghijklmnop"),
    job("mr:9!7:bad", JobState.FAILED, HIDDEN, error="of another"),
    job("mr:5!7:up", JobState.GIVEN_UP),
    job("mr:5!7:old", JobState.GIVEN_UP, carried_over=True),
    job("odd", JobState.FAILED, None, error="whose is it"),
)


def fill(engine: Engine) -> None:
    with write_session(engine) as writing:
        for number, path in ((SHOP, "shop/backend"), (BANK, "bank/core"), (HIDDEN, "secret/plan")):
            add_project(writing, number, path)
        for number, path in ((SHOP, "shop"), (HIDDEN, "secret")):
            add_scan(writing, f"scan-{number}", number, iid=7, at=NOON - timedelta(hours=1))
            add_run(writing, f"scan-{number}", 0, f"{path}-scanner", seconds=4.0, data_date=date(2026, 1, 1))
            add_run(writing, f"scan-{number}", 1, "bandit", status=ScannerStatus.FAILED, reason=HOSTILE)
            writing.execute(
                update(table(ScanRecord)).where(table(ScanRecord).c.id == f"scan-{number}").values(error=f"why {path}")
            )
        record_deliveries(
            writing,
            [
                StoredDelivery("a", NOON, "merge_request", SHOP, 7, None, "queued"),
                StoredDelivery("b", NOON, HOSTILE, HIDDEN, 8, None, "queued"),
            ],
        )
        beat(writing, Executor("one", "worker-host", 7, "0.1"))
        add_licence(writing, SHOP, "flask", "2.0", "BSD-3-Clause")
        add_licence(writing, HIDDEN, "secret-package", "1", "MIT")
        add_package_findings(writing, SHOP, 1, "flask", 3, Severity.CRITICAL)
        add_advisory(
            writing,
            "PYSEC-2026-1",
            "CVE-2026-1000",
            details=f"First.\n\n{HOSTILE}",
            references=[{"url": "https://example.org/a"}, {"url": "javascript:alert(1)"}],
        )
        count_advisories(writing, 1)
        add_fact(writing, "CVE-2026-1000", epss=0.5, kev=date(2026, 2, 1))
        add_rule_findings(writing, SHOP, 11, ("pip-audit", "PYSEC-2026-1"), 2)
        add_rule_findings(writing, HIDDEN, 11, ("pip-audit", "PYSEC-2026-1"), 4000)
        add_rule_findings(writing, HIDDEN, 13, ("pip-audit", "PYSEC-2026-77"), 1)
        add_rule_findings(writing, SHOP, 12, ("semgrep", "python.sql-injection"), 6)
        add_use(writing, SHOP, 12, 8, open=6, false_positives=2)
        add_use(writing, HIDDEN, 12, 4000, open=4000)


PEOPLE = {
    "ada": person(projects={SHOP: Role.TRIAGER, BANK: Role.TRIAGER}),
    "lead": person(Role.SECURITY_LEAD, projects={SHOP: Role.TRIAGER}, name="lead"),
    "auditor": person(Role.AUDITOR, name="auditor"),
    "admin": person(Role.ADMIN, name="admin"),
    "nobody": person(name="nobody", projects={BANK: Role.VIEWER}),
}


@pytest.fixture(scope="module")
def filled(migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with everything in it, to copy."""
    path = tmp_path_factory.mktemp("filled") / "filled.db"
    shutil.copyfile(migrated_sqlite, path)
    engine = open_engine(f"sqlite:///{path}")
    fill(engine)
    # With its last connection SQLite puts everything into the one file.
    engine.dispose()
    return path


@contextmanager
def opened(filled: Path, folder: Path) -> Iterator[Engine]:
    shutil.copyfile(filled, folder / "pages.db")
    engine = open_engine(f"sqlite:///{folder / 'pages.db'}")
    yield engine
    engine.dispose()


@pytest.fixture(scope="module")
def shared(filled: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    folder = tmp_path_factory.mktemp("stage")
    with opened(filled, folder) as engine:
        yield Stage(folder, engine, PEOPLE, JOBS)


@pytest.fixture
def stage(shared: Stage) -> Stage:
    """One store for all tests that only look."""
    shared.workflow.retried.clear()
    shared.workflow.fault = None
    return shared


def text_of(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


# --- all pages --------------------------------------------------------------------------------------------------------


def test_no_page_shows_anything_of_a_project_that_one_does_not_see(stage: Stage) -> None:
    for path in PAGES[:-1]:
        answer = stage.get(path)
        if answer.status_code == 404 and path.startswith("/rules/"):
            continue
        assert answer.status_code == 200, (path, answer.text)
        for word in ("secret/plan", "secret-package", "secret-scanner", "PYSEC-2026-77", "4000", "4\u202f000", "!8"):
            assert word not in answer.text, (path, word)


def test_what_strangers_wrote_is_text(stage: Stage) -> None:
    for path in PAGES:
        html = stage.get(path, "admin").text
        assert HOSTILE not in html, path
        assert "javascript:" not in html, path


def test_every_page_is_there_in_chinese_too(stage: Stage) -> None:
    chinese = Stage(stage.folder, stage.engine, stage.people, JOBS, language=Language.CHINESE)
    for path in PAGES:
        assert chinese.get(path, "admin").status_code in (200, 404), path


def test_the_number_of_statements_is_fixed(filled: Path, tmp_path: Path) -> None:
    """Twice as much of everything asks for nothing more."""
    with opened(filled, tmp_path) as engine:
        stage = Stage(tmp_path, engine, PEOPLE, JOBS)
        _compare(stage)


def _compare(stage: Stage) -> None:
    before = {path: statements(stage, path) for path in PAGES}
    with write_session(stage.engine) as writing:
        for number in range(100, 130):
            add_project(writing, number, f"more/project-{number}")
            add_scan(writing, f"more-{number}", number, iid=1, at=NOON - timedelta(hours=2))
            add_run(writing, f"more-{number}", 0, f"scanner-{number}")
            add_licence(writing, number, "flask", "2.0", "MIT")
            add_licence(writing, number, f"package-{number}", "2.0", "MIT")
            add_package_findings(writing, number, 1, "flask")
            add_advisory(writing, f"PYSEC-2026-2{number}", f"CVE-2026-9{number}")
            add_rule_findings(writing, number, 1000 + number, ("pip-audit", f"PYSEC-2026-2{number}"))
            add_use(writing, number, 12, 3)
    stage.jobs = (*JOBS, *(job(f"mr:{n}!1:x", state, n) for n in range(100, 130) for state in JobState))
    assert {path: statements(stage, path) for path in PAGES} == before
    assert max(before.values()) <= 9, before


def statements(stage: Stage, path: str) -> int:
    with counted(stage.engine) as sent:
        stage.get(path, "auditor")
    return len(sent)


# --- jobs -------------------------------------------------------------------------------------------------------------


def test_whoever_may_not_see_jobs_sees_those_of_his_projects_and_no_worker(stage: Stage) -> None:
    mine = stage.get("/jobs").text
    assert "shop/backend!7" in mine
    assert "worker-host" not in mine
    everything = text_of(stage.get("/jobs", "lead").text)
    assert "worker-host" in everything
    assert "secret/plan!7" in everything


def test_the_queue_says_what_waits_and_for_how_long(stage: Stage) -> None:
    text = text_of(stage.get("/jobs").text)
    assert "Waiting 1 the oldest for 20 min" in text
    assert "Running 1" in text
    assert "2 min" in text or "90 s" in text


def test_failures_are_shown_without_secrets_and_carried_over_jobs_are_none(stage: Stage) -> None:
    text = text_of(stage.get("/jobs?tab=failures").text)
    assert "RuntimeError" in text
    assert "glpat-" not in text
    assert "why shop" in text
    assert "whose is it" not in text
    assert text.count("Scan a merge request") == 2
    assert "whose is it" in stage.get("/jobs?tab=failures", "auditor").text


def test_only_who_may_start_jobs_again_has_the_button_and_the_act(stage: Stage) -> None:
    assert "Start again" not in stage.get("/jobs?tab=failures", "auditor").text
    assert "Start again" in stage.get("/jobs?tab=failures", "lead").text
    assert stage.post("/jobs/retry", "auditor", job="mr:5!7:bad").status_code == 403
    assert stage.post("/jobs/retry", "ada", job="mr:5!7:bad").status_code == 403
    answer = stage.post("/jobs/retry", "lead", job="mr:5!7:bad")
    assert (answer.status_code, answer.headers["location"]) == (303, "/jobs?tab=failures")
    assert stage.workflow.retried == ["mr:5!7:bad"]
    assert stage.post("/jobs/retry", "lead").status_code == 422


@pytest.mark.parametrize(("fault", "status"), [(Fault.NOT_FOUND, 404), (Fault.CONFLICT, 409), (Fault.UNAVAILABLE, 502)])
def test_a_job_that_cannot_be_started_again_is_said_so(stage: Stage, fault: Fault, status: int) -> None:
    stage.workflow.fault = fault
    assert stage.post("/jobs/retry", "lead", job="x").status_code == status


def test_scanners_show_failures_times_and_old_data(stage: Stage) -> None:
    text = text_of(stage.get("/jobs?tab=scanners").text)
    assert "shop-scanner" in text
    assert "4.0 s" in text
    assert "2026-01-01" in text
    assert "59 days" in text


def test_without_an_engine_nothing_is_claimed_of_jobs(stage: Stage, tmp_path: Path) -> None:
    bare = Stage(tmp_path, stage.engine, stage.people, JOBS, without_operations=True)
    assert "nothing is known of its jobs" in bare.get("/jobs", "lead").text
    assert "Nothing failed" not in bare.get("/jobs?tab=failures", "lead").text
    assert bare.get("/rules", "lead").status_code == 200


def test_an_unknown_part_is_refused(stage: Stage) -> None:
    assert stage.get("/jobs?tab=other").status_code == 400


# --- advisories and components ----------------------------------------------------------------------------------------


def test_advisories_with_findings_here_are_listed_with_what_is_known_of_exploits(stage: Stage) -> None:
    text = text_of(stage.get("/advisories").text)
    assert "PYSEC-2026-1" in text
    assert "KEV" in text
    assert "50%" in text
    assert "not imported" in text  # EPSS and KEV have no edition
    assert "2 days old" in text


def test_one_advisory_shows_ranges_fixes_and_the_projects_that_one_sees(stage: Stage) -> None:
    html = stage.get("/advisories/CVE-2026-1000").text
    text = text_of(html)
    assert "shop/backend" in text
    assert "≥ 0, &lt; 2.1" in html
    assert "First." in text
    assert 'href="https://example.org/a"' in html
    assert "/triage?" in html
    assert stage.get("/advisories/CVE-1-1").status_code == 404


def test_nobody_sees_projects_of_an_advisory_that_he_does_not_see(stage: Stage) -> None:
    text = text_of(stage.get("/advisories/PYSEC-2026-1", "nobody").text)
    assert "No project that you see has an open finding of it." in text


def test_components_show_versions_licences_and_findings(stage: Stage) -> None:
    html = stage.get("/components").text
    assert "BSD-3-Clause" in html
    assert "package=PyPI%3Aflask" in html or "package=" in html
    assert "No packages are known" in stage.get("/components", "nobody").text
    assert stage.get("/components/PyPI/secret-package").status_code == 404
    assert stage.get("/components/PyPI/secret-package", "auditor").status_code == 200


@pytest.mark.parametrize("path", ["/components?after=x", "/components/PyPI/flask?after=x"])
def test_an_end_of_a_page_that_is_none_is_refused(stage: Stage, path: str) -> None:
    assert stage.get(path).status_code == 400


# --- policies ---------------------------------------------------------------------------------------------------------

ORGANISATION = """\
version: 1
required_scanners: []
block:
  - name: severe
    severity: high
sla:
  critical: 3
people:
  break_glass: [mallory]
projects:
  - match: secret/**
    max_threads: 9
  - match: shop/**
    max_threads: 5
"""
GROUP = "version: 1\nblock:\n  - name: our own\n    severity: medium\n"


@pytest.fixture(scope="module")
def governed(filled: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    folder = tmp_path_factory.mktemp("governed")
    texts = {"organisation": ORGANISATION, "group:shop": GROUP, "group:secret": GROUP}
    environment = {"MERGEWARDEN_POLICY_PROJECT": "security/policies", "MERGEWARDEN_DATA_DIR": str(folder)}
    with opened(filled, folder) as engine:
        with write_session(engine) as writing:
            replace_texts(writing, texts, project="security/policies", commit="abcdef0123456789", at=NOON)
        yield Stage(folder, engine, PEOPLE, JOBS, settings=load_settings(environment))


def test_the_files_of_a_policy_are_shown_with_commit_and_the_projects_they_hold_for(governed: Stage) -> None:
    text = text_of(governed.get("/policies", "auditor").text)
    assert "abcdef012345" in text
    assert "groups/secret.yml" in text
    assert "secret/**" in text


def test_whoever_sees_no_project_of_a_group_does_not_learn_of_it(governed: Stage) -> None:
    text = text_of(governed.get("/policies").text)
    assert "groups/shop.yml" in text
    assert "secret" not in text
    assert "mallory" not in text
    assert "mallory" in text_of(governed.get("/policies", "auditor").text)


def test_each_setting_of_a_project_says_which_layer_it_comes_from(governed: Stage) -> None:
    html = governed.get(f"/policies/{SHOP}").text
    rows = {text_of(row).strip() for row in re.findall(r"<tr>.*?</tr>", html, re.S)}
    assert any(row.startswith("max_threads 5 ") and "shop/**" in row for row in rows)
    assert any(row.startswith("sla.critical 3 organisation") for row in rows)
    assert any("our own" in row and "groups/shop.yml" in row for row in rows)
    assert any("severe" in row and row.endswith("organisation") for row in rows)


def test_the_policy_of_a_project_that_one_does_not_see_is_not_there(governed: Stage) -> None:
    assert governed.get(f"/policies/{HIDDEN}").status_code == 404
    assert governed.get("/policies/77").status_code == 404
    found = governed.get("/policies?project=SHOP/backend")
    assert (found.status_code, found.headers["location"]) == (303, f"/policies/{SHOP}")
    assert "You see no project secret/plan." in text_of(governed.get("/policies?project=secret/plan").text)


def test_a_policy_that_was_never_read_is_said_so_and_not_shown_as_a_mild_one(stage: Stage, tmp_path: Path) -> None:
    environment = {"MERGEWARDEN_POLICY_PROJECT": "security/policies", "MERGEWARDEN_DATA_DIR": str(tmp_path)}
    unread = Stage(tmp_path, stage.engine, stage.people, settings=load_settings(environment))
    assert "nothing can be judged" in unread.get("/policies").text
    assert "Nothing of this project can be judged" in unread.get(f"/policies/{SHOP}").text


# --- rules ------------------------------------------------------------------------------------------------------------


def test_rules_have_the_numbers_of_the_projects_that_one_sees(stage: Stage) -> None:
    listed = stage.get("/rules?scanner=semgrep").text
    assert "The numbers are those of the projects that you see." in listed
    assert stage.get("/rules?scanner=odd").status_code == 400
    assert stage.get("/rules?odd=1").status_code == 400
    assert stage.get("/rules/no-such-rule").status_code == 404


def test_a_rule_shows_its_examples_and_leads_to_its_findings(stage: Stage) -> None:
    name = re.findall(r'href="(/rules/[^"]+)"', stage.get("/rules?scanner=semgrep").text)[0]
    html = stage.get(name.replace("&amp;", "&")).text
    assert "How it did here" in html
    assert "Examples" in html
    assert "/triage?" in html


# --- settings ---------------------------------------------------------------------------------------------------------


def test_settings_are_for_those_who_may_see_people(stage: Stage) -> None:
    assert stage.get("/settings").status_code == 403
    assert stage.get("/settings", "lead").status_code == 403
    assert stage.get("/settings", "auditor").status_code == 200


def test_no_secret_is_shown_and_each_setting_has_its_origin(stage: Stage, tmp_path: Path) -> None:
    environment = {
        "MERGEWARDEN_GITLAB_TOKEN": "glpat-abcdefghijklmnop",
        "MERGEWARDEN_DATABASE_URL": "postgresql://me:hunter2hunter2@db/mw",
        "MERGEWARDEN_WORKERS": "7",
        "MERGEWARDEN_DATA_DIR": str(tmp_path),
    }
    html = (
        Stage(tmp_path, stage.engine, stage.people, settings=load_settings(environment)).get("/settings", "admin").text
    )
    text = text_of(html)
    assert "MERGEWARDEN_WORKERS" in text
    assert "hunter2" not in html
    assert "glpat-abcdef" not in html
    assert "@db" not in html
    assert "MERGEWARDEN_GITLAB_TOKEN" in text
    assert "SQLite" in text
    assert "up to date" in text
    assert "no worker is alive" in text
    assert "failed with RuntimeError" in text


def test_a_setting_without_a_value_is_not_shown_as_one() -> None:
    from bot.web.pages.settings import setting_rows

    rows = {row.name: row for row in setting_rows(load_settings({"HOME": "/tmp"}))}
    assert not rows["gitlab_token"].there
    assert rows["workers"].value == "2"
    assert rows["workers"].origin == ""
    secret = load_settings({"HOME": "/tmp", "MERGEWARDEN_WEBHOOK_SECRET": "long-enough-secret"})
    assert isinstance(secret.webhook_secret, SecretStr)
    (row,) = (row for row in setting_rows(secret) if row.name == "webhook_secret")
    assert (row.there, row.value, row.origin) == (True, "", "MERGEWARDEN_WEBHOOK_SECRET")


# --- receipts ---------------------------------------------------------------------------------------------------------


def test_a_receipt_is_a_page_for_a_browser_and_a_document_for_a_program(stage: Stage) -> None:
    receipt = issue(stage.services, REPORT, project_id=SHOP, scan_id="s1", at=NOON)
    page = stage.get(f"/receipts/{receipt}")
    assert page.headers["content-type"].startswith("text/html")
    assert receipt in page.text
    assert "took longer than 600 s" in page.text
    document = stage.get(f"/receipts/{receipt}", Accept="*/*")
    assert document.json()["payloadType"]
    assert document.headers["vary"] == "Accept"
    assert stage.get(f"/receipts/{receipt}.json").json() == document.json()
    assert stage.get("/settings", "auditor").text.count("made with the first receipt") == 0


def test_whoever_does_not_see_the_project_does_not_see_its_receipt(stage: Stage) -> None:
    receipt = issue(stage.services, REPORT, project_id=HIDDEN, scan_id="s2", at=NOON)
    assert stage.get(f"/receipts/{receipt}").status_code == 404
    assert stage.get(f"/receipts/{receipt}.json").status_code == 404
    assert stage.get(f"/receipts/{receipt}", "auditor").status_code == 200
    assert stage.get(f"/receipts/{'0' * 64}").status_code == 404


def test_the_policy_of_a_project_says_what_its_own_file_added_in_the_last_decision(governed: Stage) -> None:
    above = governed.services.policy().for_project("bank/core")
    own = replace(above, max_threads=33, layers=(*above.layers, ".mergewarden.yml@abc"))
    with write_session(governed.engine) as writing:
        add_scan(writing, "own", BANK, iid=3)
        keep_snapshot(writing, own, NOON)
        writing.execute(
            insert(table(DecisionRecord)).values(
                scan_id="own",
                project_id=BANK,
                iid=3,
                at=NOON,
                because="scan",
                outcome=Outcome.FAILED,
                policy_digest=own.digest,
                inputs={"layers": list(own.layers)},
                result={},
            )
        )
    html = governed.get(f"/policies/{BANK}").text
    rows = {text_of(row).strip() for row in re.findall(r"<tr>.*?</tr>", html, re.S)}
    assert any(row.startswith("max_threads 33") and row.endswith(".mergewarden.yml@abc") for row in rows)
    assert "own file is as the last decision had it" in text_of(html)
    assert f"/projects/{BANK}/merge_requests/3" in html
    assert own.digest[:12] in html
