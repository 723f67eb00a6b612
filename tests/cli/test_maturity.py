"""``mergewarden maturity`` and ``mergewarden score``, as people use them."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.domain.maturity.model_schema import schema_text
from bot.model_files import shipped_models
from bot.observability.metrics import Metrics
from bot.pipeline.maturity.snapshots import take_night
from bot.services import Services
from bot.settings import Settings
from bot.store.engine import write_session
from bot.store.maturity import counting
from bot.store.projects import Project, upsert_projects
from scanners.finding import Severity
from tests.cli.conftest import CommandLine
from tests.domain.maturity.projects import SCANNERS
from tests.domain.maturity.test_change_effect import FINE
from tests.domain.maturity.test_model_file import SMALL
from tests.store.known import add_finding
from tests.store.samples import SAST

NOW = datetime.now(UTC)
GOOD = FINE.tally() | {"open.critical": 2}
SILENT = FINE.without(SCANNERS[0]).tally()


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> CommandLine:
    """Three projects: one good, one with a scanner that is silent, one that was never counted."""
    folder = tmp_path_factory.mktemp("firm")
    services = Services(Settings(data_dir=folder), Metrics())
    paths = {7: "shop/web", 8: "shop/core", 9: "bank/core"}
    with write_session(services.store) as writing:
        upsert_projects(writing, [Project(number, path, default_branch="main") for number, path in paths.items()])
        yesterday = NOW.date() - timedelta(days=1)
        add_finding(writing, 1, replace(SAST, severity=Severity.CRITICAL, title="Wrong \x1b[2J\u202e"), project_id=7)
        counting.keep_days(writing, {(7, yesterday): GOOD, (8, yesterday): SILENT})
    take_night(services, NOW)
    services.close()
    return CommandLine(folder)


# --- models -----------------------------------------------------------------------------------------------------------


def test_the_shipped_models_are_listed(stage: CommandLine) -> None:
    listed = stage("maturity", "list")
    assert listed.returncode == 0
    for model in shipped_models():
        assert model.id in listed.stdout
        assert model.digest[:12] in listed.stdout
    document = json.loads(stage("maturity", "list", "--format", "json").stdout)
    assert [one["digest"] for one in document["models"]] == [model.digest for model in shipped_models()]


def test_a_broken_model_of_ones_own_is_told_and_the_others_count(tmp_path: Path) -> None:
    folder = tmp_path / "models"
    folder.mkdir()
    (folder / "ours.yaml").write_text(SMALL, encoding="utf-8")
    (folder / "broken.yaml").write_text(SMALL.replace("measure: sast", "measure: sats"), encoding="utf-8")
    stage = CommandLine(tmp_path, {"MATURITY_FOLDER": str(folder)})
    listed = stage("maturity", "list")
    assert listed.returncode == 2
    assert "ours 1" in listed.stdout
    assert "engineering" in listed.stdout
    assert "broken.yaml:28: areas[1].items[1].demands[1].probe.measure: there is no figure 'sats'" in listed.stderr
    assert "did you mean sast?" in listed.stderr
    shown = stage("maturity", "show", "ours", "--language", "zh-CN")
    assert "扫描。" in shown.stdout


@pytest.mark.parametrize("language", ["en", "zh-CN"])
def test_a_model_is_shown_with_what_it_asks(stage: CommandLine, language: str) -> None:
    shown = stage("maturity", "show", "caict-ydt3763-6", "--language", language)
    assert shown.returncode == 0
    assert {"en": "no official rating", "zh-CN": "并非官方评级"}[language] in shown.stdout
    assert "above level 2 only people can answer" in shown.stdout
    for _, demand in shipped_models()[0].demands:
        assert demand.id in shown.stdout
    document = json.loads(stage("maturity", "show", "dsomm", "--format", "json").stdout)
    assert document["id"] == "dsomm"


def test_a_model_that_is_not_there_is_named_with_those_that_are(stage: CommandLine) -> None:
    for arguments in (
        ("maturity", "show", "iso"),
        ("score", "--model", "iso"),
        ("score", "shop/web", "--model", "iso"),
    ):
        refused = stage(*arguments)
        assert refused.returncode == 2
        assert "there is no model 'iso'" in refused.stderr
        assert "engineering" in refused.stderr


def test_files_are_checked_without_a_server(tmp_path: Path) -> None:
    nothing_set = CommandLine(tmp_path / "never made")
    good, bad = tmp_path / "good.yaml", tmp_path / "bad.yaml"
    good.write_text(SMALL, encoding="utf-8")
    bad.write_text(SMALL.replace("threshold: 1}", "threshold: 80}").replace("level: 2", "level: 9"), encoding="utf-8")
    checked = nothing_set("maturity", "check", good, cwd=tmp_path)
    assert checked.returncode == 0
    assert "good.yaml: good: ours 1, 1 item, 2 demands" in checked.stdout
    checked = nothing_set("maturity", "check", good, bad, tmp_path / "missing.yaml", cwd=tmp_path)
    assert checked.returncode == 2
    lines = checked.stderr.splitlines()
    assert len(lines) == 3
    assert "bad.yaml:28: demand a.1-1: sast is a share from 0 to 1, 80 is not on that scale" in lines[0]
    assert "threshold: 0.8 for 80 %" in lines[0]
    assert "there is no level 9" in lines[1]
    assert "missing.yaml:1: it cannot be read" in lines[2]
    assert not (tmp_path / "never made").exists()


def test_figures_and_schema_are_printed(stage: CommandLine) -> None:
    listed = stage("maturity", "measures", "--language", "zh-CN")
    assert listed.returncode == 0
    assert "escape_rate" in listed.stdout
    measures = json.loads(stage("maturity", "measures", "--format", "json").stdout)["measures"]
    assert {one["unit"] for one in measures} >= {"share", "seconds", "count"}
    assert stage("maturity", "schema").stdout == schema_text()


# --- ratings ----------------------------------------------------------------------------------------------------------


def test_a_rating_is_explained_with_what_raises_it_next(stage: CommandLine) -> None:
    explained = stage("maturity", "explain", "shop/web")
    assert explained.returncode == 0
    assert "project shop/web" in explained.stdout
    assert "snapshot " in explained.stdout
    assert "what raises it next, the cheapest first" in explained.stdout
    steps = [line for line in explained.stdout.splitlines() if line.lstrip().startswith("●")]
    assert steps
    assert [line.count("●") for line in steps] == sorted(line.count("●") for line in steps)


def test_an_item_is_explained_with_values_thresholds_and_counters(stage: CommandLine) -> None:
    explained = stage("maturity", "explain", "7", "8.3")
    assert explained.returncode == 0
    assert "8.3 Testing" in explained.stdout
    assert "8.3-3-06  level 3  not met  No critical finding is open." in explained.stdout
    assert "asks: Open critical findings 0" in explained.stdout
    assert "is:   2" in explained.stdout
    assert "from: open.critical = 2" in explained.stdout
    assert "to do: Fix the critical findings" in explained.stdout
    evidence = [line for line in explained.stdout.splitlines() if "finding #1" in line]
    # A title is a stranger's text.
    assert evidence
    assert all("Wrong {U+001B}[2J{U+202E}" in line and line.endswith(": critical") for line in evidence)


def test_a_silent_scanner_explains_why_nothing_is_known(stage: CommandLine) -> None:
    explained = stage("maturity", "explain", "shop/core", "findings")
    assert "not known (it counts only where scanners answered: projects.assessed is 0)" in explained.stdout


def test_explanations_are_there_for_programs(stage: CommandLine) -> None:
    document = json.loads(stage("maturity", "explain", "shop/web", "8.3", "--format", "json").stdout)
    assert document["scope"] == {"kind": "project", "key": "7", "path": "shop/web"}
    assert document["rating"]["model"]["id"] == "caict-ydt3763-6"
    (item,) = [one for one in document["rating"]["items"] if one["id"] == "8.3"]
    assert {one["answer"] for one in item["demands"]} == {"met", "unmet", "unknown"}
    assert document["snapshot"]["id"] >= 1
    (row,) = document["evidence"]["8.3-3-06"]
    assert (row["kind"], row["finding_id"], row["value"]) == ("finding", 1, "critical")
    assert set(document["evidence"]) == {one["id"] for one in item["demands"] if one["measure"]}


def test_an_unknown_item_is_named_with_those_that_are(stage: CommandLine) -> None:
    refused = stage("maturity", "explain", "shop/web", "99")
    assert refused.returncode == 2
    assert "engineering has no item '99'" in refused.stderr
    assert "scanning, gate" in refused.stderr


def test_what_was_never_counted_is_not_assessed(stage: CommandLine) -> None:
    for arguments in (("maturity", "explain", "bank/core"), ("score", "bank/core")):
        answered = stage(*arguments)
        assert answered.returncode == 3
        assert "not assessed" in answered.stdout


def test_every_project_has_a_line(stage: CommandLine) -> None:
    listed = stage("score")
    assert listed.returncode == 0
    rows = {line.split()[0]: line.split()[1:] for line in listed.stdout.splitlines() if "/" in line}
    assert list(rows) == ["bank/core", "shop/core", "shop/web"]
    assert rows["bank/core"][-2:] == ["never", "counted"]
    assert int(rows["shop/web"][0]) > int(rows["shop/core"][0])
    document = json.loads(stage("score", "--format", "json").stdout)
    assert [one["score"] is None for one in document["projects"]] == [True, False, False]


def test_a_group_and_the_organisation_have_scores_of_their_own(stage: CommandLine) -> None:
    for arguments, kind in ((("--group", "shop"), "group shop"), (("--organisation",), "the whole organisation")):
        shown = stage("score", *arguments)
        assert shown.returncode == 0
        assert kind in shown.stdout
        for model in shipped_models():
            assert model.id in shown.stdout
    document = json.loads(stage("score", "--group", "shop", "--model", "engineering", "--format", "json").stdout)
    (rating,) = document["ratings"]
    assert rating["items"][0]["demands"][0]["projects"]["of"] == 2


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("score", "--group", "nowhere"), "no project of a group 'nowhere' is known"),
        (("score", "--group", "/"), "no project of a group '/' is known"),
        (("score", "shop/web", "--organisation"), "exclude each other"),
        (("score", "no/such"), "no/such"),
        (("maturity", "explain", "no/such"), "no/such"),
    ],
)
def test_wrong_use_is_refused(stage: CommandLine, arguments: tuple[str, ...], said: str) -> None:
    refused = stage(*arguments)
    assert refused.returncode == 2
    assert said in refused.stderr
