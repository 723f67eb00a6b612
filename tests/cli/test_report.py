"""``mergewarden report``: makes, lists and shows compliance summaries."""

from __future__ import annotations

import json
from datetime import date, timedelta

import pytest
from pydantic import SecretStr

from bot.observability.metrics import Metrics
from bot.services import Services
from bot.settings import Settings
from bot.store.engine import write_session
from bot.store.maturity import counting
from bot.store.projects import Project, upsert_projects
from tests.cli.conftest import CommandLine
from tests.domain.maturity.worlds import SCANNED

LAST = date.today().replace(day=1) - timedelta(days=1)  # noqa: DTZ011 - the command's own clock is meant
MONTH = f"{LAST:%Y-%m}"


@pytest.fixture(scope="module")
def line(tmp_path_factory: pytest.TempPathFactory) -> CommandLine:
    """A store in which one project was counted last month."""
    line = CommandLine(tmp_path_factory.mktemp("data"))
    settings = Settings(data_dir=line.data_dir, database_url=SecretStr(f"sqlite:///{line.data_dir}/mergewarden.db"))
    services = Services(settings, Metrics())
    with write_session(services.store) as writing:
        upsert_projects(writing, [Project(5, "shop/web", default_branch="main")])
        counting.keep_days(writing, {(5, LAST): SCANNED})
    services.close()
    done = line("report", "make", "--period", MONTH, "--format", "md,json,pdf", "--output", "out", "--by", "ann")
    assert done.returncode == 0, done.stderr
    return line


def test_files_of_every_format_that_was_asked_for_are_written(line: CommandLine) -> None:
    names = sorted(place.name for place in (line.data_dir / "out").iterdir())
    assert names == [f"mergewarden-organisation-{MONTH}-r1.en.{suffix}" for suffix in ("json", "md", "pdf")]
    read = json.loads((line.data_dir / "out" / names[0]).read_text())
    assert read["document"]["made_by"] == "ann"


def test_made_again_it_is_the_same_report_and_listed_once(line: CommandLine) -> None:
    done = line("report", "make", "--period", MONTH, "--organisation", "-f", "json", "-o", "again")
    assert done.stdout.startswith("report 1: organisation")
    listed = json.loads(line("report", "list", "-f", "json").stdout)["reports"]
    assert [(one["id"], one["made_by"], one["period"]["label"]) for one in listed] == [(1, "ann", MONTH)]
    entries = [json.loads(one) for one in line("audit", "export").stdout.splitlines()]
    made = [one for one in entries if one.get("action") == "report.made"]
    assert [(one["actor"], one["subject"]) for one in made] == [("ann", "report 1")]
    assert MONTH in line("report", "list").stdout
    assert line("report", "list", "--every", "week").stdout == "no reports\n"


def test_a_report_is_shown_in_another_language_and_format(line: CommandLine) -> None:
    assert "# Security compliance summary" in line("report", "show", "1").stdout
    assert "# 安全合规报告" in line("report", "show", "1", "--language", "zh-CN").stdout
    done = line("report", "show", "1", "--format", "xlsx", "-o", "r.xlsx")
    assert done.returncode == 0, done.stderr
    assert (line.data_dir / "r.xlsx").read_bytes().startswith(b"PK")


def test_a_project_is_named_by_its_path(line: CommandLine) -> None:
    done = line("report", "make", "--period", MONTH, "--project", "shop/web", "-f", "csv", "-o", "p")
    assert done.returncode == 0, done.stderr
    assert "report 2: project 5" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--period", "last month"), "is no period"),
        (("--period", MONTH, "--format", "docx"), "does not come as 'docx'"),
        (("--period", MONTH, "--project", "a/b", "--group", "a"), "one project, or about one group"),
        (("--period", MONTH, "--organisation", "--group", "a"), "about one thing"),
        (("--period", MONTH, "--group", "nobody"), "nothing of it was counted"),
        (("--period", "2999"), "is not over"),
        (("--period", "2015-01-01..2026-10-31"), "Begin on 2015-11-19 or later"),
    ],
)
def test_wrong_use_says_what_can_be_done(line: CommandLine, arguments: tuple[str, ...], said: str) -> None:
    done = line("report", "make", *arguments)
    assert done.returncode == 2
    assert said in done.stderr


def test_a_report_that_there_is_not_is_refused(line: CommandLine) -> None:
    done = line("report", "show", "99")
    assert done.returncode == 2
    assert "there is no report 99" in done.stderr
