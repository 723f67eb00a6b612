"""``mergewarden export``: what was imported goes out in every format."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from bot.cli.output import written_whole
from bot.errors import MergewardenError
from bot.reports.exports.registry import EXPORTS
from tests.cli.conftest import CommandLine
from tests.cli.test_import import WHERE, sarif

PROJECT = ("--project", "shop/backend")


@pytest.fixture(scope="module")
def line(tmp_path_factory: pytest.TempPathFactory) -> CommandLine:
    """A store with three findings, one of which is gone and one dismissed."""
    line = CommandLine(tmp_path_factory.mktemp("data"))
    (line.data_dir / "old.sarif").write_text(sarif(("src/a.js", 3), ("src/b.js", 5), ("src/gone.js", 7)))
    (line.data_dir / "new.sarif").write_text(sarif(("src/a.js", 3), ("src/b.js", 5)))
    for name in ("old.sarif", "new.sarif"):
        done = line("import", name, *WHERE)
        assert done.returncode == 0, done.stderr
    listed = json.loads(line("findings", "list", *PROJECT, "-f", "json").stdout)
    number = next(item["number"] for item in listed["findings"] if item["location"]["path"] == "src/b.js")
    until = (datetime.now(UTC) + timedelta(days=7)).date().isoformat()
    done = line(
        *("findings", "decide", str(number), "--state", "dismissed", "--as", "false_positive"),
        *("--reason", "=not so", "--by", "anna", "--until", until),
    )
    assert done.returncode == 0, done.stderr
    return line


@pytest.mark.parametrize("format", sorted(EXPORTS))
def test_every_format_is_written_to_a_file(line: CommandLine, format: str) -> None:
    done = line("export", *PROJECT, "--format", format, "-o", f"out.{format}")
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    assert f"out.{format} written, " in done.stderr
    raw = (line.data_dir / f"out.{format}").read_bytes()
    if format == "parquet":
        assert pq.read_table(line.data_dir / f"out.{format}").num_rows == 2
    elif format == "csv":
        rows = list(csv.DictReader(raw.decode("utf-8-sig").splitlines()))
        assert {row["path"]: row["state"] for row in rows} == {"src/a.js": "detected", "src/b.js": "dismissed"}
        # The second person's word may be wanted, so that the dismissal is there and without effect.
        assert {row["reason"] for row in rows} == {"", "'=not so"}
    elif format == "jsonl":
        assert len([json.loads(text) for text in raw.splitlines()]) == 2
    else:
        assert json.loads(raw)
    assert not list(line.data_dir.glob(".*.part"))


def test_all_has_also_what_is_gone(line: CommandLine) -> None:
    done = line("export", *PROJECT, "--format", "jsonl", "--all")
    rows = [json.loads(text) for text in done.stdout.splitlines()]
    assert {row["path"]: row["whereabouts"] for row in rows} == {
        "src/a.js": "default_branch",
        "src/b.js": "default_branch",
        "src/gone.js": "nowhere",
    }


def test_a_project_goes_by_its_number_too(line: CommandLine) -> None:
    number = json.loads(line("export", *PROJECT, "--format", "jsonl").stdout.splitlines()[0])["project_id"]
    done = line("export", "--project", str(number), "--format", "jsonl")
    assert (done.returncode, len(done.stdout.splitlines())) == (0, 2), done.stderr


def test_what_goes_out_as_sarif_comes_in_again(line: CommandLine) -> None:
    line("export", *PROJECT, "--format", "sarif", "-o", "again.sarif")
    done = line("import", "again.sarif", "--project", "shop/copy", "--ref", "main")
    assert (done.returncode, "2 new" in done.stdout) == (0, True), done.stdout + done.stderr
    rows = [json.loads(text) for text in line("export", "--project", "shop/copy", "-f", "jsonl").stdout.splitlines()]
    assert {(row["scanner"], row["path"], row["start_line"], row["severity"]) for row in rows} == {
        ("ESLint", "src/a.js", 3, "high"),
        ("ESLint", "src/b.js", 5, "high"),
    }


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ([*PROJECT, "-f", "xlsx"], "xlsx"),
        (["--project", "shop/unheard-of", "-f", "csv"], "shop/unheard-of"),
        ([*PROJECT, "-f", "csv", "-o", "."], "is a folder"),
        ([*PROJECT, "-f", "csv", "-o", "no/such/folder/x.csv"], "cannot be written"),
        ([*PROJECT, "-f", "csv", "-o", f"{'x' * 300}.csv"], "cannot be written"),
        (["-f", "csv"], "--project"),
    ],
)
def test_wrong_use_is_status_2_and_says_what_is_wrong(line: CommandLine, arguments: list[str], expected: str) -> None:
    done = line("export", *arguments)
    assert (done.returncode, "Traceback" in done.stderr) == (2, False), done.stderr
    assert expected in done.stderr


def test_a_reader_that_has_seen_enough_is_no_fault_of_ours(line: CommandLine) -> None:
    script = f"{sys.executable} -c 'from bot.cli import main; main()' export --project shop/backend -f jsonl | true"
    environment = {"MERGEWARDEN_DATA_DIR": str(line.data_dir), "PYTHONPATH": str(Path.cwd()), "PATH": "/usr/bin:/bin"}
    done = subprocess.run(["bash", "-c", script], env=environment, capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stderr
    assert "Error" not in done.stderr


# --- files, whole or not at all ---------------------------------------------------------------------------------------


def test_a_file_stays_as_it_was_when_writing_fails(tmp_path: Path) -> None:
    place = tmp_path / "out.json"
    place.write_text("before")
    with pytest.raises(LookupError), written_whole(place) as stream:  # noqa: PT012 - the error is in the block
        stream.write(b"half")
        raise LookupError
    assert place.read_text() == "before"
    assert [path.name for path in tmp_path.iterdir()] == ["out.json"]


def test_a_file_keeps_its_mode_and_a_link_its_target(tmp_path: Path) -> None:
    real, link = tmp_path / "real.json", tmp_path / "link.json"
    real.write_text("before")
    real.chmod(0o640)
    link.symlink_to(real)
    with written_whole(link) as stream:
        stream.write(b"after")
    assert (link.is_symlink(), real.read_text(), real.stat().st_mode & 0o777) == (True, "after", 0o640)


def test_a_device_is_written_and_not_replaced() -> None:
    with written_whole(Path("/dev/null")) as stream:
        stream.write(b"x")
    assert Path("/dev/null").is_char_device()


def test_a_folder_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(MergewardenError, match="is a folder"), written_whole(tmp_path):
        pass
