"""``docs/ci-template.yml``: YAML that GitLab reads, commands that we have, and jobs that do what they say."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml
from jsonschema import Draft202012Validator

from bot.cli.app import app
from tests.cli.conftest import WorkTree
from tests.e2e.samples import UNSAFE_LOAD

ROOT = Path(__file__).parents[2]
TEMPLATE = ROOT / "docs" / "ci-template.yml"
SCHEMA = ROOT / "tests" / "assets" / "schemas" / "gitlab-code-quality.json"
REPORT = "gl-code-quality-report.json"


def template() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(TEMPLATE.read_text(encoding="utf-8"))
    return loaded


def merged(below: Any, above: Any) -> Any:
    """As ``extends`` does it: hashes are merged at every depth, everything else is replaced."""
    if isinstance(below, dict) and isinstance(above, dict):
        return below | {name: merged(below.get(name), value) for name, value in above.items()}
    return above


def job(name: str) -> dict[str, Any]:
    whole = template()
    own = dict(whole[name])
    result: dict[str, Any] = merged(whole[own.pop("extends")], own)
    return result


JOBS = sorted(name for name, value in template().items() if name != "variables" and not name.startswith("."))


def commands() -> list[list[str]]:
    """Every call of ``mergewarden``, as a shell would split it."""
    lines = [line for name in JOBS for part in ("before_script", "script") for line in job(name)[part]]
    words = [word for line in lines for word in [*shlex.split(line.replace(";", " ; ").replace("||", " ; ")), ";"]]
    found: list[list[str]] = []
    for index, word in enumerate(words):
        if word == "mergewarden":
            found.append(words[index + 1 : words.index(";", index)])
    return found


def test_there_is_a_job_for_merge_requests_and_one_for_their_targets() -> None:
    assert JOBS == ["mergewarden", "mergewarden-baseline"]
    assert len(commands()) == 4


def parse(arguments: list[str]) -> str:
    """The command's name. Raises what the command line raises for a command or option that it does not have."""
    command: Any = typer.main.get_command(app)
    context = command.make_context("mergewarden", list(arguments))
    path = []
    while hasattr(command, "resolve_command"):
        name, command, rest = command.resolve_command(context, [*context._protected_args, *context.args])
        context = command.make_context(name, rest, parent=context)
        path.append(name)
    return " ".join(path)


@pytest.mark.parametrize("arguments", commands(), ids=lambda arguments: " ".join(arguments[:3]))
def test_every_command_and_option_is_one_of_ours(arguments: list[str]) -> None:
    assert parse(arguments) in ("scan", "advisories import")
    with pytest.raises(Exception, match="--no-such-option"):
        parse([*arguments, "--no-such-option"])


def test_what_gitlab_shows_is_what_the_scan_writes() -> None:
    for name in JOBS:
        told = job(name)
        assert told["artifacts"]["reports"]["codequality"] == REPORT
        assert told["artifacts"]["when"] == "always"
        assert any(REPORT in line for line in told["script"])
        for path in told["artifacts"]["paths"]:
            assert any(path in line for line in told["script"])


def test_the_jobs_know_the_whole_history_and_start_without_root() -> None:
    for name in JOBS:
        told = job(name)
        assert told["variables"]["GIT_DEPTH"] == "0"
        assert told["image"] == {"name": "$MERGEWARDEN_IMAGE", "entrypoint": [""]}
        assert told["cache"] == []
    assert "USER mergewarden" in (ROOT / "Dockerfile").read_text(encoding="utf-8")


class Runner:
    """Runs a job of the template in a fresh clone, as GitLab Runner would."""

    def __init__(self, work_tree: WorkTree, folder: Path) -> None:
        self.work_tree, self.folder = work_tree, folder
        self.clone = folder / "builds" / "shop"
        tools = folder / "bin"
        tools.mkdir()
        program = tools / "mergewarden"
        program.write_text(f"#!{sys.executable}\nfrom bot.cli import main\nmain()\n")
        program.chmod(0o755)
        self.path = f"{tools}:{os.environ['PATH']}"

    def __call__(self, name: str, commit: str, **variables: str) -> subprocess.CompletedProcess[str]:
        if not self.clone.exists():
            self.clone.mkdir(parents=True)
            self.git("init", "--quiet")
            self.git("remote", "add", "origin", f"file://{self.work_tree.path}")
        # No branch of the target: a runner fetches the pipeline's own commit.
        self.git("fetch", "--quiet", "origin", "+refs/heads/*:refs/pipelines/*")
        self.git("checkout", "--quiet", "--force", "--detach", commit)
        told = job(name)
        environment = {"PATH": self.path, "HOME": str(self.folder), "PYTHONPATH": str(ROOT), "LANG": "C.UTF-8"}
        environment |= template()["variables"] | told["variables"]
        environment |= {
            "CI_PROJECT_DIR": str(self.clone),
            "CI_PROJECT_PATH": "shop/backend",
            "CI_COMMIT_SHA": commit,
            "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "main",
            "MERGEWARDEN_DATA_DIR": str(self.folder / "data"),
        }
        script = "\n".join([*told["before_script"], *told["script"]])
        return subprocess.run(
            ["sh", "-e", "-c", script],
            cwd=self.clone,
            env=environment | variables,
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )

    def git(self, *arguments: str) -> None:
        subprocess.run(["git", *arguments], cwd=self.clone, check=True, capture_output=True)

    def report(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = json.loads((self.clone / REPORT).read_text(encoding="utf-8"))
        schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
        assert [error.message for error in Draft202012Validator(schema).iter_errors(found)] == []
        return found


@pytest.fixture
def runner(work_tree: WorkTree, tmp_path: Path) -> Runner:
    return Runner(work_tree, tmp_path)


def test_a_merge_request_fails_on_what_it_brings_and_shows_only_that(work_tree: WorkTree, runner: Runner) -> None:
    """One weakness is on the target branch in the same file, one comes with the branch."""
    work_tree.git("checkout", "--quiet", "main")
    work_tree.commit({"app.py": UNSAFE_LOAD})
    work_tree.git("checkout", "--quiet", "-B", "feature")
    second = UNSAFE_LOAD + "\n\ndef again(stream):\n    return yaml.unsafe_load(stream.read())\n"
    commit = work_tree.commit({"app.py": second})
    done = runner("mergewarden", commit)
    assert done.returncode == 1, done.stdout + done.stderr
    entries = [entry for entry in runner.report() if not entry["check_name"].startswith("mergewarden/")]
    begins = {entry["location"]["lines"]["begin"] for entry in entries}
    first = UNSAFE_LOAD.count("\n")
    assert begins
    assert min(begins) > first, entries
    assert "app.py" in done.stdout
    assert json.loads((runner.clone / "mergewarden.sarif").read_text())["runs"]
    assert (runner.clone / "mergewarden.html").read_text().startswith("<!DOCTYPE html>")


def test_a_target_branch_brings_nothing(work_tree: WorkTree, runner: Runner) -> None:
    done = runner("mergewarden-baseline", work_tree.git("rev-parse", "feature"))
    assert done.returncode == 0, done.stdout + done.stderr
    assert runner.report() == []


def test_requirements_are_judged_by_the_mounted_advisories(work_tree: WorkTree, runner: Runner) -> None:
    advisory = {
        "id": "PYSEC-2099-1",
        "modified": "2026-01-01T00:00:00Z",
        "published": "2026-01-01T00:00:00Z",
        "summary": "Bad.",
        "affected": [
            {
                "package": {"ecosystem": "PyPI", "name": "requests"},
                "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "2.20.0"}]}],
            }
        ],
    }
    archive = runner.folder / "all.zip"
    with zipfile.ZipFile(archive, "w") as packed:
        packed.writestr("PYSEC-2099-1.json", json.dumps(advisory))
        packed.writestr("broken.json", "{")
    work_tree.git("checkout", "--quiet", "main")
    work_tree.git("checkout", "--quiet", "-B", "feature")
    commit = work_tree.commit({"requirements.txt": "requests==2.19.0\n"})
    without = runner("mergewarden", commit)
    assert without.returncode == 3, without.stdout + without.stderr
    assert "mergewarden/not-assessed" in {entry["check_name"] for entry in runner.report()}
    done = runner("mergewarden", commit, MERGEWARDEN_ADVISORIES=str(archive))
    assert done.returncode in (0, 1), done.stdout + done.stderr
    assert "pip-audit/PYSEC-2099-1" in {entry["check_name"] for entry in runner.report()}
    wrong = runner("mergewarden", commit, MERGEWARDEN_ADVISORIES="/nowhere/all.zip")
    assert (wrong.returncode, "does not exist" in wrong.stderr) == (2, True), wrong.stdout + wrong.stderr
