"""``mergewarden scan``: exit statuses, formats, and errors that help."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from tests.cli.conftest import CommandLine, WorkTree
from tests.e2e.samples import UNSAFE_LOAD


def test_new_weakness_fails_and_old_one_passes(mergewarden: CommandLine, work_tree: WorkTree) -> None:
    failed = mergewarden("scan", work_tree.path, "--base", "main")
    assert (failed.returncode, failed.stderr) == (1, "")
    assert "sub/load.py\n  5:12" in failed.stdout
    work_tree.commit({"README.md": "More.\n"})
    assert mergewarden("scan", work_tree.path, "--base", "feature~1").returncode == 0
    assert mergewarden("scan", work_tree.path, "--base", "main", "--head", "main").returncode == 0


def test_files_as_they_are_are_scanned_without_a_commit(mergewarden: CommandLine, work_tree: WorkTree) -> None:
    work_tree.git("checkout", "--quiet", "main")
    assert mergewarden("scan", cwd=work_tree.path).returncode == 0
    (work_tree.path / "uncommitted.py").write_text(UNSAFE_LOAD)
    done = mergewarden("scan", cwd=work_tree.path)
    assert (done.returncode, "uncommitted.py\n  5:12" in done.stdout) == (1, True)
    assert work_tree.git("status", "--porcelain") == "?? uncommitted.py"


def test_plain_folder(mergewarden: CommandLine, tmp_path: Path) -> None:
    (tmp_path / "load.py").write_text(UNSAFE_LOAD)
    done = mergewarden("scan", tmp_path)
    assert (done.returncode, "load.py\n  5:12" in done.stdout) == (1, True)
    wrong = mergewarden("scan", tmp_path, "--base", "main")
    assert (wrong.returncode, "not a git repository" in wrong.stderr) == (2, True)


def test_sub_folder_is_all_that_is_looked_at(mergewarden: CommandLine, work_tree: WorkTree) -> None:
    work_tree.commit({"other/load.py": UNSAFE_LOAD + "# other\n"})
    done = mergewarden("scan", work_tree.path / "other", "--base", "main")
    assert done.returncode == 1
    assert "other/load.py" in done.stdout
    assert "sub/load.py" not in done.stdout


def test_requirements_without_advisories_are_not_assessed(mergewarden: CommandLine, tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("requests==2.19.0\n")
    done = mergewarden("scan", tmp_path)
    assert done.returncode == 3
    assert "advisories import" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--base", "nowhere"], "no such revision"),
        (["--base", "--output=/x"], "not a revision"),
        (["--base", "main", "--head", "nowhere"], "no such revision"),
        (["--policy", "missing.yaml"], "missing.yaml"),
        (["--policy", "policy.yaml"], "policy.yaml:2:"),
        (["--output", "no/such/folder/report.txt"], "cannot be written"),
        (["--format", "pdf"], "pdf"),
        (["--config", "missing.toml"], "missing.toml"),
    ],
)
def test_wrong_use_is_status_2_and_says_what_is_wrong(
    mergewarden: CommandLine, work_tree: WorkTree, arguments: list[str], expected: str
) -> None:
    (work_tree.path / "policy.yaml").write_text("version: 1\nblok: []\n")
    done = mergewarden("scan", *arguments, cwd=work_tree.path)
    assert done.returncode == 2, done.stdout + done.stderr
    assert expected in done.stderr
    assert "Traceback" not in done.stderr


def test_missing_path(mergewarden: CommandLine, tmp_path: Path) -> None:
    done = mergewarden("scan", tmp_path / "nothing")
    assert (done.returncode, "Traceback" in done.stderr) == (2, False)
    assert "nothing" in done.stderr


def test_histories_without_a_common_ancestor(mergewarden: CommandLine, work_tree: WorkTree) -> None:
    work_tree.git("checkout", "--quiet", "--orphan", "alone")
    work_tree.commit({"alone.txt": "Alone.\n"})
    done = mergewarden("scan", work_tree.path, "--base", "main")
    assert (done.returncode, "no common ancestor" in done.stderr) == (2, True)


def test_shallow_clone_says_to_fetch_more(mergewarden: CommandLine, work_tree: WorkTree, tmp_path: Path) -> None:
    work_tree.git("clone", "--quiet", "--depth=1", "--no-single-branch", f"file://{work_tree.path}", f"{tmp_path}/s")
    done = mergewarden("scan", tmp_path / "s", "--base", "origin/main")
    assert done.returncode == 2
    assert "fetch" in done.stderr


@pytest.mark.parametrize("format", ["json", "sarif", "gitlab-sast", "code-quality", "markdown", "html", "text"])
def test_report_is_written_in_every_format(mergewarden: CommandLine, work_tree: WorkTree, format: str) -> None:
    place = work_tree.path.parent / f"report.{format}"
    done = mergewarden("scan", work_tree.path, "--base", "main", "--format", format, "--output", place)
    assert (done.returncode, done.stdout) == (1, "")
    text = place.read_text(encoding="utf-8")
    assert "sub/load.py" in text
    if format in ("json", "sarif", "gitlab-sast", "code-quality"):
        assert json.loads(text)
    piped = mergewarden("scan", work_tree.path, "--base", "main", "--format", format)
    assert (piped.returncode, "sub/load.py" in piped.stdout) == (1, True)


def test_one_scan_writes_several_reports(mergewarden: CommandLine, work_tree: WorkTree, tmp_path: Path) -> None:
    names = {"sarif": tmp_path / "a.sarif", "code-quality": tmp_path / "b=c.json", "text": tmp_path / "d.txt"}
    also = [word for format, place in names.items() for word in ("--also", f"{format}={place}")]
    done = mergewarden("scan", work_tree.path, "--base", "main", "-f", "markdown", *also)
    assert done.returncode == 1
    assert done.stdout.startswith("#")
    assert all("sub/load.py" in place.read_text() for place in names.values())
    assert all(f"{place} written" in done.stderr for place in names.values())
    assert json.loads(names["code-quality"].read_text())


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--also", "pdf=x.pdf"], "no report format 'pdf'"),
        (["--also", "sarif"], "names no file"),
        (["--also", "sarif="], "names no file"),
        (["--also", "sarif=x.json", "-o", "./x.json"], "two reports"),
        (["--also", "sarif=x.json", "--also", "json=x.json"], "two reports"),
        (["--also", "sarif=."], "is a folder"),
    ],
)
def test_further_reports_that_cannot_be_are_refused(
    mergewarden: CommandLine, work_tree: WorkTree, arguments: list[str], expected: str
) -> None:
    done = mergewarden("scan", ".", *arguments, cwd=work_tree.path)
    assert (done.returncode, "Traceback" in done.stderr) == (2, False)
    assert expected in done.stderr


def test_explain_says_why_a_finding_is_taken_for_known(mergewarden: CommandLine, work_tree: WorkTree) -> None:
    work_tree.commit({"sub/load.py": "# One line more.\n" + UNSAFE_LOAD})
    plain = mergewarden("scan", work_tree.path, "--base", "feature~1")
    assert (plain.returncode, "line map" in plain.stdout) == (0, False)
    done = mergewarden("scan", work_tree.path, "--base", "feature~1", "--explain")
    assert done.returncode == 0
    assert "sub/load.py:6" in done.stdout
    assert "↳ line map: was 5, now 6" in done.stdout
    chinese = mergewarden("scan", work_tree.path, "--base", "feature~1", "--explain", "--language", "zh-CN")
    assert "↳ 行号对应：原为第 5 行，现为第 6 行" in chinese.stdout


def test_sarif_names_the_weakness(mergewarden: CommandLine, work_tree: WorkTree) -> None:
    done = mergewarden("scan", work_tree.path, "--base", "main", "--format", "sarif")
    run = json.loads(done.stdout)["runs"][0]
    assert "external/cwe/cwe-502" in json.dumps(run["tool"]["driver"]["rules"])
    assert run["taxonomies"][0]["name"] == "CWE"


def test_settings_in_the_scanned_repository_do_not_count(mergewarden: CommandLine, work_tree: WorkTree) -> None:
    lenient = "version: 1\nblock: []\nrequired_scanners: []\n"
    work_tree.commit({".mergewarden.yml": lenient, "mergewarden.toml": 'policy_file = "lenient.yaml"\n'})
    assert mergewarden("scan", "--base", "main", cwd=work_tree.path).returncode == 1


def test_own_policy_decides(mergewarden: CommandLine, work_tree: WorkTree) -> None:
    policy = work_tree.path.parent / "policy.yaml"
    policy.write_text("version: 1\nblock: []\nrequired_scanners: []\n")
    assert mergewarden("scan", work_tree.path, "--base", "main", "--policy", policy).returncode == 0


def test_chinese_report(mergewarden: CommandLine, work_tree: WorkTree) -> None:
    done = mergewarden("scan", work_tree.path, "--base", "main", "--language", "zh-CN")
    assert (done.returncode, "使用可创建任意" in done.stdout) == (1, True)


def test_unwritable_data_directory(work_tree: WorkTree, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    line = CommandLine(tmp_path)
    line.settings["DATA_DIR"] = str(tmp_path / "file")
    done = line("scan", work_tree.path)
    assert (done.returncode, "Traceback" in done.stderr) == (2, False), done.stderr


def test_project_name_chooses_the_policy(mergewarden: CommandLine, work_tree: WorkTree, tmp_path: Path) -> None:
    policy = tmp_path / "policy.yaml"
    policy.write_text(
        "version: 1\nblock:\n  - {name: severe, severity: high}\nrequired_scanners: []\n"
        "projects:\n  - match: lab/*\n    block: []\n"
    )
    work_tree.commit({"load.py": UNSAFE_LOAD})
    assert mergewarden("scan", work_tree.path, "--policy", policy).returncode == 1
    assert mergewarden("scan", work_tree.path, "--policy", policy, "--project", "shop/web").returncode == 1
    assert mergewarden("scan", work_tree.path, "--policy", policy, "--project", "lab/web").returncode == 0


def test_version_is_printed(mergewarden: CommandLine) -> None:
    answer = mergewarden("--version")
    assert answer.returncode == 0
    assert answer.stdout == f"mergewarden {version('mergewarden')}\n"


def through_shell(line: CommandLine, script: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """A script in which ``mergewarden`` is a command, and ``$@`` are these arguments."""
    command = f"""mergewarden() {{ "$0" -c 'from bot.cli import main; main()' "$@"; }}; {script}"""
    return subprocess.run(
        ["bash", "-c", command, sys.executable, *map(str, arguments)],
        env=os.environ | {"MERGEWARDEN_DATA_DIR": str(line.data_dir), "PYTHONPATH": str(Path.cwd())},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_the_verdict_stands_when_nobody_reads_to_the_end(mergewarden: CommandLine, tmp_path: Path) -> None:
    (tmp_path / "fine.py").write_text("print(1)\n")
    script = 'mergewarden "$@" > >(exec true); echo "status $?"'
    passed = through_shell(mergewarden, script, "scan", tmp_path, "--format", "html")
    assert (passed.stdout, passed.stderr) == ("status 0\n", "")
    (tmp_path / "load.py").write_text(UNSAFE_LOAD)
    failed = through_shell(mergewarden, script, "scan", tmp_path, "--format", "html")
    assert (failed.stdout, failed.stderr) == ("status 1\n", "")
    closed = through_shell(mergewarden, 'mergewarden "$@" >&-', "scan", tmp_path)
    assert (closed.returncode, closed.stderr) == (1, "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device of Linux")
def test_a_full_disk_is_said_and_is_no_verdict(mergewarden: CommandLine, tmp_path: Path) -> None:
    (tmp_path / "fine.py").write_text("print(1)\n")
    done = through_shell(mergewarden, 'mergewarden "$@" >/dev/full', "scan", tmp_path)
    assert done.returncode == 3
    assert "no space left" in done.stderr
    assert "Traceback" not in done.stderr
