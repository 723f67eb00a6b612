"""``mergewarden evidence``: makes a pack and checks it, here and elsewhere."""

from __future__ import annotations

import zipfile
from datetime import date, timedelta
from pathlib import Path

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
    """A store in which one project was counted last month, and a pack of it."""
    line = CommandLine(tmp_path_factory.mktemp("data"))
    settings = Settings(data_dir=line.data_dir, database_url=SecretStr(f"sqlite:///{line.data_dir}/mergewarden.db"))
    services = Services(settings, Metrics())
    with write_session(services.store) as writing:
        upsert_projects(writing, [Project(5, "shop/web", default_branch="main")])
        counting.keep_days(writing, {(5, LAST): SCANNED})
    services.close()
    done = line(
        *("evidence", "pack", "--model", "caict-ydt3763-6", "--project", "shop/web", "--period", MONTH),
        *("--language", "zh-CN", "--output", "pack.zip"),
    )
    assert done.returncode == 0, done.stderr
    return line


def test_a_pack_is_checked_where_it_was_made(line: CommandLine) -> None:
    with zipfile.ZipFile(line.data_dir / "pack.zip") as archive:
        assert "佐证材料/安全及风险管理-交付过程-配置管理-3-01.html" in archive.namelist()
    done = line("evidence", "verify", "pack.zip")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("whole: ")
    assert f"about project 5 shop/web, {MONTH}" in done.stdout


def test_elsewhere_it_needs_the_public_key(line: CommandLine, tmp_path: Path) -> None:
    elsewhere = CommandLine(tmp_path)
    pack = line.data_dir / "pack.zip"
    done = elsewhere("evidence", "verify", pack)
    assert done.returncode == 2
    assert "its signature was not checked" in done.stderr
    key = tmp_path / "key.pem"
    key.write_text(line("receipt", "key").stdout)
    assert elsewhere("evidence", "verify", pack, "--key", key).returncode == 0


def test_a_changed_file_is_named(line: CommandLine) -> None:
    place = line.data_dir / "changed.zip"
    with zipfile.ZipFile(line.data_dir / "pack.zip") as archive, zipfile.ZipFile(place, "w") as copy:
        for name in archive.namelist():
            copy.writestr(name, archive.read(name) + (b" " if name == "index.html" else b""))
    done = line("evidence", "verify", "changed.zip")
    assert done.returncode == 1
    assert "index.html was changed: it is not what the manifest says\nbroken: 1 things are wrong\n" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("pack", "--period", "last month", "-o", "x.zip"), "is no period"),
        (("pack", "--period", MONTH, "--model", "none", "-o", "x.zip"), "did not rate organisation"),
        (("pack", "--period", MONTH, "--project", "a/b", "--group", "a", "-o", "x.zip"), "about one thing"),
        (("pack", "--period", MONTH, "--group", "/", "-o", "x.zip"), "a group has a name"),
        (("pack", "--period", "2999", "-o", "x.zip"), "is not over"),
        (("verify", "nothing.zip"), "cannot be read"),
        (("verify", "mergewarden.db"), "is no zip that can be read"),
    ],
)
def test_wrong_use_says_what_can_be_done_and_leaves_no_file(
    line: CommandLine, arguments: tuple[str, ...], said: str
) -> None:
    done = line("evidence", *arguments)
    assert done.returncode == 2
    assert said in done.stderr
    assert not (line.data_dir / "x.zip").exists()
