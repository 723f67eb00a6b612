"""``mergewarden audit``: taken away with a signature, and checked offline; what was done to it is named."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from sqlalchemy import text

from bot.domain.audit import Act, Action
from bot.store import audit
from bot.store.engine import open_engine, write_session
from bot.store.migrate import migrate
from tests.cli.conftest import CommandLine
from tests.store.known import SHOP, add_finding, add_presence, add_projects, add_refs


@pytest.fixture(scope="module")
def mergewarden(tmp_path_factory: pytest.TempPathFactory) -> CommandLine:
    """With findings of a shop, and five entries in its log."""
    made = CommandLine(tmp_path_factory.mktemp("data"))
    engine = open_engine(f"sqlite:///{made.data_dir / 'mergewarden.db'}")
    migrate(engine)
    with write_session(engine) as writing:
        add_projects(writing)
        add_refs(writing)
        add_finding(writing, 1)
        add_presence(writing, 1)
        audit.append_many(writing, [Act("ada", 1, Action.SIGNED_IN, f"person {n}") for n in range(1, 6)])
    engine.dispose()
    return made


def run(mergewarden: CommandLine, statement: str) -> None:
    engine = open_engine(f"sqlite:///{mergewarden.data_dir / 'mergewarden.db'}")
    with write_session(engine) as writing:
        writing.execute(text(statement))
    engine.dispose()


def exported(mergewarden: CommandLine, folder: Path, *options: str) -> Path:
    place = folder / "audit.log"
    done = mergewarden("audit", "export", "-o", place, "--by", "eve", *options)
    assert done.returncode == 0, done.stderr
    return place


@pytest.mark.parametrize("format", ["jsonl", "csv"])
def test_an_export_is_whole_and_signed(mergewarden: CommandLine, tmp_path: Path, format: str) -> None:
    place = exported(mergewarden, tmp_path, "--format", format)
    done = mergewarden("audit", "verify", place)
    assert done.returncode == 0, done.stdout
    assert done.stdout.startswith("whole: ")
    assert "signed with key" in done.stdout
    assert "export.made" in place.read_text()


def test_whoever_has_the_public_key_needs_nothing_else(mergewarden: CommandLine, tmp_path: Path) -> None:
    place, key = exported(mergewarden, tmp_path), tmp_path / "key.pem"
    key.write_text(mergewarden("receipt", "key").stdout)
    elsewhere = CommandLine(tmp_path)
    assert "signed with key" in elsewhere("audit", "verify", place, "--key", key).stdout
    assert "the signature was not checked" in elsewhere("audit", "verify", place).stdout
    other = tmp_path / "other.pem"
    other.write_text(CommandLine(tmp_path)("receipt", "key").stdout)
    done = elsewhere("audit", "verify", place, "--key", other)
    assert (done.returncode, "no signature on it fits the key" in done.stdout) == (1, True)


def test_what_was_done_to_a_file_is_named(mergewarden: CommandLine, tmp_path: Path) -> None:
    place = exported(mergewarden, tmp_path)
    lines = place.read_text().splitlines(keepends=True)
    entry = json.loads(lines[1])
    changed = json.dumps(entry | {"actor": "mallory"}) + "\n"
    for made, said in (
        ([lines[0], changed, *lines[2:]], "entry 2 was changed"),
        ([lines[0], *lines[2:]], "entry 2 is missing"),
        ([lines[1], lines[0], *lines[2:]], "entry 1 is out of its place"),
        (lines[:-1], "the signed statement at its end is missing"),
        ([*lines[:-2], lines[-1]], f"entry {len(lines) - 1} is missing: the log was cut at its end"),
        (lines[1:], "entry 1 is missing"),
        ([*lines, lines[0]], "something stands after the signed statement"),
        ([lines[0], "{}\n", *lines[2:]], "entry 2 cannot be read"),
    ):
        place.write_text("".join(made))
        done = mergewarden("audit", "verify", place)
        assert (done.returncode, said in done.stdout) == (1, True), done.stdout


@pytest.mark.parametrize("content", [b"", b"hello", b"\xff\xfe\x00", None])
def test_what_is_no_export_could_not_be_read(mergewarden: CommandLine, tmp_path: Path, content: bytes | None) -> None:
    place = tmp_path / "x"
    if content is not None:
        place.write_bytes(content)
    done = mergewarden("audit", "verify", place)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 2


def test_a_part_by_time_is_checked_as_well(mergewarden: CommandLine, tmp_path: Path) -> None:
    nothing = exported(mergewarden, tmp_path, "--until", "2000-01-01")
    assert mergewarden("audit", "verify", nothing).stdout.startswith("whole: 0 entries")
    wrong = mergewarden("audit", "export", "--since", "yesterday")
    assert (wrong.returncode, "is not a date" in wrong.stderr) == (2, True)
    assert mergewarden("audit", "export", "--format", "xml").returncode == 2


def test_decisions_on_the_command_line_are_in_the_log(mergewarden: CommandLine) -> None:
    done = mergewarden("findings", "decide", "1", "--state", "confirmed", "--reason", "true", "--by", "ada")
    assert done.returncode == 0, done.stderr
    entry = json.loads(mergewarden("audit", "export").stdout.splitlines()[-3])
    assert (entry["actor"], entry["action"], entry["subject"]) == ("ada", "finding.decided", "finding 1")
    assert entry["project_id"] == SHOP
    assert entry["details"]["after"] == "confirmed"


def test_the_log_of_the_store_is_checked_and_a_rewritten_one_found(mergewarden: CommandLine) -> None:
    whole = mergewarden("audit", "verify")
    assert whole.returncode == 0
    head = whole.stdout.splitlines()[0].rpartition(" ")[2]
    assert mergewarden("audit", "verify", "--head", head).returncode == 0
    number = head.partition(":")[0]
    other = mergewarden("audit", "verify", "--head", f"{number}:{'0' * 64}")
    assert (other.returncode, "the log was rewritten" in other.stdout) == (1, True)
    assert mergewarden("audit", "verify", "--head", "x").returncode == 2
    run(mergewarden, "DROP TRIGGER audit_entry_not_changed")
    run(mergewarden, "UPDATE audit_entry SET actor = 'mallory' WHERE sequence = 4")
    broken = mergewarden("audit", "verify")
    assert broken.returncode == 1
    assert broken.stdout.splitlines()[0] == "entry 4 was changed: its digest does not fit what it says"
