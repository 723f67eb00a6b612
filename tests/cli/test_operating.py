"""``doctor``, ``migrate``, ``advisories``, ``--help``: what an operator meets."""

from __future__ import annotations

import gzip
import json
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bot.cli.doctor import git_diagnosis, run_doctor
from tests.cli.conftest import CommandLine
from tests.e2e.samples import ADVISORY
from tests.standin import DEVELOPER, REPORTER, Standin, User

SECRET = "0123456789abcdef0123456789abcdef"


@pytest.fixture(scope="module")
def gitlab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Standin]:
    with Standin(tmp_path_factory.mktemp("gitlab")) as made:
        yield made


@pytest.fixture(scope="module")
def user(gitlab: Standin) -> User:
    return gitlab.create_user("warden", bot=True)


@pytest.fixture
def configured(gitlab: Standin, user: User, tmp_path: Path) -> CommandLine:
    """Settings as they should be."""
    token = gitlab.create_token(user)
    return CommandLine(tmp_path, {"GITLAB_URL": gitlab.url, "GITLAB_TOKEN": token, "WEBHOOK_SECRET": SECRET})


@pytest.fixture(scope="module", autouse=True)
def good_project(gitlab: Standin, user: User) -> str:
    project = gitlab.create_project("good/shop", {"README.md": "Hello.\n"}, members={user: DEVELOPER})
    gitlab.settings(
        project,
        only_allow_merge_if_pipeline_succeeds=True,
        only_allow_merge_if_all_discussions_are_resolved=True,
    )
    return project.path


def flat(text: str) -> str:
    return " ".join(text.split())


Doctor = Callable[[CommandLine, str], tuple[int, str]]


@pytest.fixture
def doctor(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Doctor:
    """``mergewarden doctor --project``, in this process: to ask each scanner for its version takes seconds."""

    def ask(line: CommandLine, project: str) -> tuple[int, str]:
        settings = {"data_dir": str(line.data_dir)} | {name.lower(): value for name, value in line.settings.items()}
        config = tmp_path / "mergewarden.toml"
        config.write_text("".join(f"{name} = {json.dumps(value)}\n" for name, value in settings.items()))
        config.chmod(0o600)
        status = run_doctor([project], config)
        return status, flat(capsys.readouterr().out)

    return ask


def test_healthy_installation(configured: CommandLine) -> None:
    archive = configured.data_dir / "advisory.json"
    archive.write_text(json.dumps(ADVISORY))
    assert configured("migrate").returncode == 0
    assert configured("advisories", "import", archive).returncode == 0
    done = configured("doctor", "--project", "good/shop")
    assert (done.returncode, "problem " in done.stdout) == (0, False), done.stdout
    assert "a failed gate blocks the merge" in done.stdout


def test_doctor_changes_no_table(tmp_path: Path) -> None:
    line = CommandLine(tmp_path)
    assert "mergewarden migrate" in flat(line("doctor").stdout)
    assert "mergewarden migrate" in flat(line("doctor").stdout)
    assert line("migrate").stdout.startswith("applied ")


def test_doctor_names_each_missing_setting(tmp_path: Path) -> None:
    done = CommandLine(tmp_path)("doctor")
    assert done.returncode == 1
    for name in ("MERGEWARDEN_GITLAB_URL", "MERGEWARDEN_WEBHOOK_SECRET"):
        assert name in done.stdout
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"GITLAB_TOKEN": "wrong-token-of-somebody"}, "401"),
        ({"GITLAB_URL": "http://127.0.0.1:9"}, "whether this machine can reach it"),
        ({"GITLAB_URL": "not an address"}, "gitlab_url"),
        ({"WEBHOOK_SECRET": ""}, "webhook_secret"),
        ({"DATABASE_URL": "postgresql://nobody@127.0.0.1:9/none"}, "MERGEWARDEN_DATABASE_URL"),
    ],
)
def test_doctor_says_what_is_wrong(
    configured: CommandLine, doctor: Doctor, settings: dict[str, str], expected: str
) -> None:
    configured.settings |= settings
    status, output = doctor(configured, "good/shop")
    assert status == 1
    assert expected in output
    assert "wrong-token-of-somebody" not in output


def test_doctor_names_a_maturity_model_that_is_left_out_and_half_a_mail_server(
    configured: CommandLine, doctor: Doctor, tmp_path: Path
) -> None:
    folder = tmp_path / "models"
    folder.mkdir()
    (folder / "mine.yaml").write_text("model: 1\nid: Mine\n")
    configured.settings |= {"MATURITY_FOLDER": str(folder), "SMTP_URL": "smtp+plain://mail.example.com"}
    status, output = doctor(configured, "good/shop")
    assert (status, "mine.yaml" in output, "mail_from" in output.lower()) == (1, True, True)
    configured.settings |= {"MAIL_FROM": "mergewarden@example.com"}
    status, output = doctor(configured, "good/shop")
    assert (status, "mail.example.com gets it without encryption" in output) == (0, True)


def test_doctor_says_that_receipts_cannot_be_signed_and_makes_no_key(configured: CommandLine, doctor: Doctor) -> None:
    place = configured.data_dir / "keys" / "receipts.pem"
    _, output = doctor(configured, "good/shop")
    assert "a key is made for the first one" in output
    assert not place.exists()
    assert configured("receipt", "key").returncode == 0
    assert "signed with key" in doctor(configured, "good/shop")[1]
    place.chmod(0o644)
    status, output = doctor(configured, "good/shop")
    place.chmod(0o600)
    assert (status, "verdicts come without a receipt" in output) == (1, True)


def test_doctor_sees_a_token_without_the_scope(
    gitlab: Standin, user: User, configured: CommandLine, doctor: Doctor
) -> None:
    configured.settings["GITLAB_TOKEN"] = gitlab.create_token(user, ["read_api"])
    status, output = doctor(configured, "good/shop")
    assert (status, "with the scope api" in output) == (1, True)


@pytest.mark.parametrize(
    ("level", "settings", "expected"),
    [
        (DEVELOPER, {"only_allow_merge_if_pipeline_succeeds": False}, "Pipelines must succeed"),
        (DEVELOPER, {"allow_merge_on_skipped_pipeline": True}, "Skipped pipelines are considered successful"),
        (DEVELOPER, {"ci_skip_branch_pipelines_for_mrs": True}, "Skip branch pipelines"),
        (REPORTER, {}, "role Developer"),
    ],
)
def test_doctor_sees_settings_that_do_not_block(
    gitlab: Standin,
    user: User,
    configured: CommandLine,
    doctor: Doctor,
    level: int,
    settings: dict[str, bool],
    expected: str,
) -> None:
    path = f"bad/shop-{expected.replace(' ', '-').lower()}"
    project = gitlab.create_project(path, {"README.md": "Hello.\n"}, members={user: level})
    gitlab.settings(project, **{"only_allow_merge_if_pipeline_succeeds": True, **settings})
    status, output = doctor(configured, path)
    assert status == 1
    assert expected in output


def test_doctor_of_an_unknown_project(configured: CommandLine, doctor: Doctor) -> None:
    status, output = doctor(configured, "no/such")
    assert (status, "404" in output) == (1, True)


def test_migrate_twice(tmp_path: Path) -> None:
    line = CommandLine(tmp_path)
    first, second = line("migrate"), line("migrate")
    assert (first.returncode, second.returncode) == (0, 0)
    assert "applied" in first.stdout
    assert second.stdout == "the store is up to date\n"


def test_advisories(tmp_path: Path) -> None:
    line = CommandLine(tmp_path)
    none = line("advisories", "status")
    assert (none.returncode, "advisories import" in none.stdout) == (1, True)
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
        archive.writestr("PYSEC-2018-28.json", json.dumps(ADVISORY))
        archive.writestr("broken.json", "{")
    first = line("advisories", "import", tmp_path / "all.zip")
    assert first.returncode == 1
    assert first.stdout.startswith("1 new, 0 changed")
    assert "broken.json" in first.stderr
    assert line("advisories", "import", tmp_path / "all.zip").stdout.startswith("0 new, 0 changed, 1 unchanged")
    status = line("advisories", "status")
    assert (status.returncode, status.stdout.startswith("1 advisories")) == (0, True)


def test_lists_of_exploits(tmp_path: Path) -> None:
    """Recognised by what they hold, whatever they are called."""
    line = CommandLine(tmp_path)
    scores, catalogue = tmp_path / "scores", tmp_path / "catalogue.json"
    scores.write_bytes(
        gzip.compress(
            b"#model_version:v2025.03.14,score_date:2026-01-02T12:00:00Z\ncve,epss,percentile\nCVE-2021-44228,0.94,0.99\n"
        )
    )
    entries = [{"cveID": "CVE-2021-44228", "dateAdded": "2021-12-10"}]
    released = {"title": "x", "dateReleased": "2026-01-03T00:00:00Z", "vulnerabilities": entries}
    catalogue.write_text(json.dumps(released), encoding="utf-8")
    assert "no EPSS scores imported" in line("advisories", "status").stdout
    assert line("advisories", "import", scores).stdout == "1 EPSS scores of 2026-01-02, 0 rejected\n"
    done = line("advisories", "import", catalogue)
    assert (done.returncode, done.stdout) == (
        0,
        "1 known exploited vulnerabilities (KEV) of 2026-01-03, 0 rejected\n",
    )
    status = line("advisories", "status").stdout.splitlines()
    assert status[1].startswith("1 EPSS scores of 2026-01-02 (")
    assert status[2].startswith("1 known exploited vulnerabilities (KEV) of 2026-01-03 (")
    scores.write_bytes(b"#model_version:v1,score_date:2026-01-02T12:00:00Z\nbroken\n")
    refused = line("advisories", "import", scores)
    assert refused.returncode == 2
    assert "scores: its second line is not: cve,epss,percentile" in refused.stderr


def test_import_of_what_is_no_archive(tmp_path: Path) -> None:
    line = CommandLine(tmp_path)
    (tmp_path / "all.zip").write_bytes(b"not a zip")
    for name in ("all.zip", "missing.zip"):
        done = line("advisories", "import", tmp_path / name)
        assert (done.returncode, "Traceback" in done.stderr) == (2, False)
        assert name in done.stderr


@pytest.mark.parametrize("command", ["serve", "worker"])
def test_server_without_settings_says_which_and_stops(tmp_path: Path, command: str) -> None:
    done = CommandLine(tmp_path)(command)
    assert (done.returncode, "Traceback" in done.stderr) == (2, False)
    assert "MERGEWARDEN_GITLAB_URL" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ([], "mergewarden scan"),
        (["scan"], "not assessed"),
        (["serve"], "/webhooks/gitlab"),
        (["worker"], "PostgreSQL"),
        (["migrate"], "tables"),
        (["doctor"], "how to mend"),
        (["advisories", "import"], "OSV"),
    ],
)
def test_help_teaches(tmp_path: Path, arguments: list[str], expected: str) -> None:
    done = CommandLine(tmp_path)(*arguments, "--help")
    assert done.returncode == 0
    assert expected in flat(done.stdout)


@pytest.mark.parametrize("arguments", [["migrate"], ["advisories", "status"], ["scan", "."], ["worker"]])
def test_database_that_does_not_answer_is_said(configured: CommandLine, arguments: list[str]) -> None:
    configured.settings["DATABASE_URL"] = "postgresql://nobody:hidden-word@127.0.0.1:9/none"
    done = configured(*arguments)
    assert (done.returncode, "Traceback" in done.stderr) == (2, False), done.stderr
    assert "MERGEWARDEN_DATABASE_URL" in done.stderr
    assert "hidden-word" not in done.stderr


@pytest.mark.parametrize(("version", "health"), [((2, 38, 9), "problem"), ((2, 39), "ok"), ((3, 0, 0), "ok")])
def test_a_git_that_sees_no_patch_ids_is_named(version: tuple[int, ...], health: str) -> None:
    found = git_diagnosis(version)
    assert found.health.value == health
    assert ("2.39" in found.mend) == (health == "problem")
