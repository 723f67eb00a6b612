"""``mergewarden rules list|show|test|read|simulate|versions|switch-on``."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Engine, text
from typer.testing import Result

from bot.cli.doctor import Health, own_rules_diagnoses
from bot.domain.verdict import Presence, TrackedFinding
from bot.errors import MergewardenError
from bot.observability.metrics import Metrics
from bot.pipeline.engine import migrate_engine
from bot.services import Services
from bot.settings import load_settings
from bot.store import heads, noise
from bot.store.engine import session, write_session
from bot.store.locks import only_one
from rules import catalog
from rules.build import ROOT
from tests.cli.within import invoke
from tests.pipeline.own_rules import PLACE, RULE, SAMPLE, SOURCE, write
from tests.store.known import SHOP, add_finding, add_projects
from tests.store.samples import SAST
from tests.stores import new_store

SQL = "python-sql-injection-request"


class Desk:
    """A data directory, a folder of rules, and the commands in this process."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.source = folder, folder / "rules"
        self.config = folder / "mergewarden.toml"
        self.settings()
        self.engine: Engine = new_store(folder / "mergewarden.db")
        with write_session(self.engine) as writing:
            add_projects(writing)

    def settings(self, *lines: str) -> None:
        told = (f"data_dir = {json.dumps(str(self.folder))}", f"rules_folder = {json.dumps(str(self.source))}", *lines)
        self.config.write_text("\n".join(told) + "\n")
        self.config.chmod(0o600)

    def run(self, *arguments: str | Path, config: bool = True) -> Result:
        more = ["--config", str(self.config)] if config else []
        return invoke(["rules", *map(str, arguments), *more], env={"COLUMNS": "100"})

    def ok(self, *arguments: str | Path, status: int = 0, config: bool = True) -> str:
        done = self.run(*arguments, config=config)
        assert done.exit_code == status, (done.output, done.exception)
        return done.output

    def refused(self, *arguments: str | Path, config: bool = True) -> str:
        done = self.run(*arguments, config=config)
        assert isinstance(done.exception, MergewardenError), (done.output, done.exception)
        return f"{done.exception} {done.exception.hint}"

    def versions(self) -> dict[str, object]:
        return dict(json.loads(self.ok("versions", "--format", "json")))


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path)
    yield made
    made.engine.dispose()
    catalog.lay_over({})


# --- list and show ----------------------------------------------------------------------------------------------------


def test_every_rule_of_every_scanner_is_listed(desk: Desk) -> None:
    listed = json.loads(desk.ok("list", "--format", "json"))["rules"]
    expected = {(scanner, rule) for scanner in catalog.scanners() for rule in catalog.rule_ids(scanner)}
    assert {(rule["scanner"], rule["id"]) for rule in listed} == expected
    assert all(rule["title"] and rule["message"] and rule["remediation"] for rule in listed)
    assert all(rule["weakness"] and rule["language"] for rule in listed if rule["scanner"] == "semgrep")


def test_filters_choose(desk: Desk) -> None:
    chosen = json.loads(
        desk.ok("list", "--language", "python", "--weakness", "sql-injection", "--scanner", "semgrep", "-f", "json")
    )["rules"]
    assert SQL in {rule["id"] for rule in chosen}
    assert {(rule["language"], rule["weakness"], rule["scanner"]) for rule in chosen} == {
        ("python", "sql-injection", "semgrep")
    }
    text = desk.ok("list", "--mode", "block", "--severity", "critical", "--language", "java")
    assert "java-sql-injection-request" in text
    assert "medium" not in text


def test_a_filter_that_no_rule_has_is_refused(desk: Desk) -> None:
    assert "there are" in desk.refused("list", "--weakness", "sqli")


def test_a_rule_is_shown_with_its_samples_and_how_it_did_here(desk: Desk) -> None:
    with write_session(desk.engine) as writing:
        for number in (1, 2, 3):
            finding = replace(SAST, rule_id=SQL, fingerprint=f"{number:064x}")
            add_finding(writing, number, finding)
            noise.note_commented(writing, SHOP, 7, [TrackedFinding(finding, Presence.NEW, number=number)])
    text = desk.ok("show", SQL)
    assert "SQL statement built from a web request" in text
    assert "here: 3 findings in 1 projects, 3 of them still there" in text
    assert "false-positive rate: 0 % of 3 findings with a discussion" in text
    assert "CWE-89" in text
    assert "\n  ! " in text
    assert "\n ok " in text
    document = json.loads(desk.ok("show", SQL, "--format", "json", "--language", "zh-CN"))
    assert re.search(r"[\u4e00-\u9fff]", document["title"])
    assert {line["case"] for sample in document["samples"] for line in sample["lines"]} >= {"true", "false"}


def test_a_rule_of_another_scanner_is_shown_too(desk: Desk) -> None:
    text = desk.ok("show", "B608")
    assert "covered by: " in text
    assert "python-sql-injection" in text
    assert "samples:" not in text


def test_a_rule_that_there_is_not_is_told_with_the_next_best(desk: Desk) -> None:
    assert "Did you mean" in desk.refused("show", "sql-injection")
    assert "mergewarden rules list" in desk.refused("show", "nonsense-nonsense")


# --- test -------------------------------------------------------------------------------------------------------------


def test_our_own_rules_of_a_weakness_pass(desk: Desk) -> None:
    text = desk.ok("test", ROOT / "semgrep" / "python" / "deserialization", config=False)
    assert "0 failed" in text
    assert not text.startswith("0 rules")


def test_a_rules_file_or_sample_can_be_named(desk: Desk) -> None:
    place = ROOT / "semgrep" / "python" / "deserialization" / "yaml-unsafe-load"
    for suffix in (".yaml", ".py"):
        assert desk.ok("test", place.with_suffix(suffix), config=False).startswith("1 rules tried")


def test_a_folder_of_rules_is_tested_whole_or_in_part(desk: Desk) -> None:
    write(desk.source, SOURCE)
    for place in (desk.source, desk.source / "python", desk.source / "python/billing", desk.source / f"{PLACE}.yaml"):
        text = desk.ok("test", place, config=False)
        assert text == "1 rules tried over 1 true and 1 false cases; 0 failed\n"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({f"{PLACE}.py": ""}, "true case"),
        ({f"{PLACE}.py": SAMPLE.replace("ledger.write(1)", "ledger.read(1)")}, "misses line 5 of raw-ledger.py"),
        ({f"{PLACE}.yaml": RULE.replace("title:", "titel:")}, "metadata.title: it is missing"),
        ({f"{PLACE}.yaml": RULE.replace("    metadata:", "    other:")}, "metadata: it is missing"),
    ],
)
def test_what_is_wrong_is_told_and_the_exit_status_is_1(desk: Desk, change: dict[str, str], said: str) -> None:
    write(desk.source, SOURCE | change)
    assert said in desk.ok("test", desk.source, status=1, config=False)
    document = json.loads(desk.run("test", desk.source, "--format", "json", config=False).stdout)
    assert document["problems"]


def test_a_path_that_is_no_folder_of_rules_is_refused(desk: Desk) -> None:
    assert "there is no" in desk.refused("test", desk.folder / "nowhere", config=False)
    stray = desk.folder / "stray.txt"
    stray.write_text("x")
    assert "not in the folder of a pack" in desk.refused("test", stray, config=False)


# --- rules of one's own -----------------------------------------------------------------------------------------------


def test_from_reading_to_switching_on(desk: Desk) -> None:
    write(desk.source, SOURCE)
    assert "in force: none, waiting: " in desk.ok("read")
    waiting = str(desk.versions()["waiting"])
    assert "org-python-raw-ledger: 0 added, 0 removed, 0 as before" in desk.ok("simulate")
    assert "org-python" not in desk.ok("list", "--scanner", "semgrep")
    assert "is in force from the next scan on" in desk.ok(
        "switch-on", waiting[:12], "--by", "alice", "--reason", "good"
    )
    assert "is in force already" in desk.ok("switch-on", waiting[:12])
    listed = json.loads(desk.ok("list", "--origin", "organisation", "-f", "json"))["rules"]
    assert [(rule["id"], rule["mode"], rule["mode_here"]) for rule in listed] == [
        ("org-python-raw-ledger", "monitor", "monitor")
    ]
    assert "Ledger written past" in desk.ok("show", "org-python-raw-ledger")
    told = desk.ok("versions")
    assert f"{waiting[:12]}  " in told
    assert "in force" in told
    assert f"alice put {waiting[:12]} in the place of none: good" in told
    assert "none is in force" in desk.ok("switch-on", "none", "--by", "alice")


def test_open_merge_requests_are_judged_again_when_other_rules_are_in_force(desk: Desk) -> None:
    """A rule's mode may be another one, so that a green light of before is none any more."""
    migrate_engine(f"sqlite:///{desk.folder / 'mergewarden.db'}")
    with write_session(desk.engine) as writing:
        for iid in (7, 8, 9):
            heads.raise_sequence(writing, SHOP, iid)
        heads.close_head(writing, SHOP, 9, heads.HeadState.MERGED)
        heads.mark_scanned(
            writing, SHOP, 7, sequence=1, scan_id="s", head_sha="1" * 40, base_sha=None, target_branch="main"
        )
    write(desk.source, SOURCE)
    desk.ok("read")
    waiting = str(desk.versions()["waiting"])
    for digest in (waiting, waiting, "none"):
        desk.ok("switch-on", digest)
    with session(desk.engine) as reading:
        jobs = reading.execute(text("SELECT workflow_uuid FROM workflow_status")).scalars().all()
    # The eighth is in its first scan, which may have begun under other rules; what was in force changes nothing.
    assert sorted(job.rpartition(":")[0] for job in jobs) == [f"sync:{SHOP}!{iid}:1" for iid in (7, 7, 8, 8)]


def test_a_look_that_did_not_happen_is_not_told_as_one(desk: Desk) -> None:
    write(desk.source, SOURCE)
    desk.ok("read")
    with only_one(desk.engine, "rules") as mine:
        assert mine
        assert "was not read" in desk.refused("read")
    assert "in force: none" in desk.ok("read")


def test_rules_that_are_wrong_are_told_and_change_nothing(desk: Desk) -> None:
    write(desk.source, SOURCE)
    desk.ok("read")
    desk.ok("switch-on", str(desk.versions()["waiting"]))
    write(desk.source, SOURCE | {f"{PLACE}.yaml": RULE.replace("high", "grave")})
    text = desk.ok("read", status=1)
    assert f"{PLACE}.yaml: org-python-raw-ledger: metadata.severity" in text
    assert "metadata.severity" in desk.ok("simulate", desk.source, status=1)
    assert "not used: " in desk.ok("versions")
    assert desk.versions()["active"]


def test_a_folder_is_simulated_before_it_is_anybodys_source(desk: Desk) -> None:
    write(desk.folder / "draft", SOURCE)
    text = desk.ok("simulate", desk.folder / "draft")
    assert "in the place of none" in text
    assert "shop/backend: no code of it is stored" in text
    assert desk.versions()["versions"] == []
    done = json.loads(desk.ok("simulate", desk.folder / "draft", "--project", "bank/**", "--format", "json"))
    assert done["left_out"] == ["bank/core: no code of it is stored"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("simulate",), "no version waits"),
        (("simulate", "nowhere"), "is no folder"),
        (("simulate", "abcdef"), "no version begins with abcdef"),
        (("simulate", "--project", "!x"), "--project !x"),
        (("switch-on", "abcdef"), "no version begins with abcdef"),
        (("switch-on", "latest"), "is no digest"),
        (("switch-on", "none"), "no source was ever read"),
    ],
)
def test_wrong_use_is_told(desk: Desk, arguments: tuple[str, ...], said: str) -> None:
    assert said in desk.refused(*arguments)


def test_without_a_source_there_is_nothing_to_read(desk: Desk) -> None:
    desk.config.write_text(f"data_dir = {json.dumps(str(desk.folder))}\n")
    assert "MERGEWARDEN_RULES_FOLDER" in desk.refused("read")
    assert "ever read" in desk.ok("versions")


def test_the_doctor_says_how_they_stand(desk: Desk) -> None:
    def asked() -> list[tuple[Health, str]]:
        services = Services(load_settings({}, config_file=desk.config), Metrics())
        found = [(one.health, one.finding) for one in own_rules_diagnoses(services)]
        services.close()
        return found

    assert asked() == [(Health.WARNING, "nobody has read them yet")]
    write(desk.source, SOURCE)
    desk.ok("read")
    waiting = str(desk.versions()["waiting"])[:12]
    assert asked() == [(Health.WARNING, f"version {waiting} waits"), (Health.OK, "none is in force")]
    desk.ok("switch-on", waiting)
    shutil.rmtree(desk.source)
    desk.ok("read", status=1)
    problem, state = asked()
    assert problem[0] is Health.WARNING
    assert "no such folder" in problem[1]
    assert state == (Health.OK, f"version {waiting} is in force")
