"""``mergewarden receipt`` and ``mergewarden verify-receipt``: what an auditor meets."""

from __future__ import annotations

import base64
import json
import os
import re
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from typer.testing import Result

from bot.domain.receipt import LARGEST
from bot.domain.verdict import GateDecision, Outcome, ScanReport, Subject
from bot.errors import MergewardenError
from bot.observability.metrics import Metrics
from bot.pipeline.assess import Tools, assess_tree
from bot.pipeline.git import Repository
from bot.pipeline.receipts import issue
from bot.pipeline.signing import key_file, signer
from bot.pipeline.workspace import Limits
from bot.services import Services
from bot.settings import Settings
from bot.store.engine import write_session
from bot.store.projects import Project, upsert_projects
from scanners.runner import Limits as ScannerLimits
from tests.cli.conftest import CommandLine
from tests.cli.within import invoke
from tests.pipeline.git.builder import Builder
from tests.scanners.fakes import FakeCache, FakeScanner
from tests.stores import place_store

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
CLI_GOLDEN = Path(__file__).parents[1] / "assets" / "golden" / "cli"


class Desk:
    """A data directory with one receipt, and the commands on it within this process."""

    base: str
    head: str
    other: str
    id: str
    services: Services

    def __init__(self, folder: Path, like: Desk | None = None) -> None:
        """With ``like`` a copy of another: making a receipt takes longer than looking at it."""
        self.folder = folder
        self.config = folder / "mergewarden.toml"
        self.repository, self.file, self.key = (folder / name for name in ("shop.git", "receipt.json", "public.pem"))
        if like is not None:
            like.services.store.dispose()
            shutil.copytree(like.folder, folder, dirs_exist_ok=True)
            self.base, self.head, self.other, self.id = like.base, like.head, like.other, like.id
        self.config.write_text(f"data_dir = {json.dumps(str(folder / 'data'))}\n")
        place_store(folder / "data" / "mergewarden.db")
        self.services = Services(Settings(data_dir=folder / "data"), Metrics())
        if like is None:
            self._fill()

    def _fill(self) -> None:
        builder = Builder(self.repository)
        self.base = builder.commit({"app.py": "one\n", "same.py": "x\n"})
        self.head = builder.commit({"app.py": "one\ntwo\n", "logo.png": b"\x89PNG\0\0"}, ref="refs/heads/feature")
        self.other = builder.commit({"more.py": "x\n"}, ref="refs/heads/feature")
        with write_session(self.services.store) as writing:
            upsert_projects(writing, [Project(5, "shop/backend")])
        self.id = issue(self.services, self._report(), project_id=5, scan_id="mr.5.7.1", at=AT, decision_id=3)
        self.ok("receipt", "show", "shop/backend!7", "--out", self.file)
        self.key.write_text(self.ok("receipt", "key"))

    def _report(self) -> ScanReport:
        tools = Tools((FakeScanner(),), FakeCache(), self.folder / "data", Limits(), ScannerLimits(seconds=60))
        repository = Repository(self.repository, scratch_root=self.folder / "scratch")
        found = assess_tree(repository, base=self.base, head=self.head, tools=tools)
        return ScanReport(
            subject=Subject("shop/backend", "", 7, "main", self.base, self.head),
            tracked=found.tracked,
            runs=found.runs,
            decision=GateDecision(Outcome.PASSED, policy_digest="ab" * 32),
            started_at=AT,
            seconds=1.0,
            files_changed=found.files_changed,
            files_read=found.files_read,
            coverage=found.coverage,
        )

    def run(self, *arguments: str | Path) -> Result:
        configured = [] if arguments[0] == "verify-receipt" else ["--config", str(self.config)]
        return invoke([*map(str, arguments), *configured], env={"COLUMNS": "120"})

    def ok(self, *arguments: str | Path) -> str:
        done = self.run(*arguments)
        assert (done.exit_code, done.exception) == (0, None), (done.output, done.exception)
        return done.stdout

    def refused(self, *arguments: str | Path) -> str:
        """What is wrong, with the hint; the entry point turns it into exit status 2."""
        done = self.run(*arguments)
        assert isinstance(done.exception, MergewardenError), (done.output, done.exception)
        assert done.exception.hint
        return f"{done.exception} {done.exception.hint}"

    def verify(self, *arguments: str | Path) -> str:
        return self.ok("verify-receipt", self.file, "--key", self.key, *arguments)

    def invalid(self, *arguments: str | Path) -> str:
        done = self.run("verify-receipt", self.file, "--key", self.key, *arguments)
        assert done.exit_code == 1, (done.output, done.exception)
        assert done.output.startswith("not valid: ")
        return done.output

    def rewrite(self, **more: Any) -> None:
        self.file.write_text(json.dumps(json.loads(self.file.read_text()) | more))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    return Desk(tmp_path_factory.mktemp("desk"))


@pytest.fixture
def desk(made: Desk, tmp_path: Path) -> Desk:
    return Desk(tmp_path, like=made)


def same_each_time(text: str, desk: Desk) -> str:
    """Keys and ids differ from run to run."""
    key = signer(desk.services.settings).public.id
    for old, new in ((desk.id, "RECEIPT"), (key, "KEY"), (desk.head, "HEAD"), (desk.base, "BASE")):
        text = text.replace(old, new)
    text = "\n".join(line.rstrip() for line in text.split("\n"))
    return re.sub(r"^(Mergewarden +)\S+$", r"\1VERSION", text, flags=re.MULTILINE)


def assert_golden(name: str, text: str) -> None:
    place = CLI_GOLDEN / name
    if os.environ.get("MERGEWARDEN_UPDATE_GOLDEN") == "1":
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, encoding="utf-8", newline="\n")
    assert text == place.read_text(encoding="utf-8")


# --- show and key -----------------------------------------------------------------------------------------------------


def test_a_receipt_is_shown_as_agreed(desk: Desk) -> None:
    assert_golden("receipt_show.txt", same_each_time(desk.ok("receipt", "show", "shop/backend!7"), desk))
    assert "回执" in desk.ok("receipt", "show", "5!7", "--language", "zh-CN")


def test_the_document_comes_as_a_file_or_on_standard_output(desk: Desk) -> None:
    text = desk.ok("receipt", "show", "shop/backend!7", "--format", "json")
    assert text == desk.file.read_text()
    assert json.loads(text)["payloadType"] == "application/vnd.in-toto+json"


@pytest.mark.parametrize("name", ["shop/backend", "!7", "shop/backend!", "shop/backend!x", "shop/backend!7!"])
def test_a_merge_request_has_one_way_to_be_named(desk: Desk, name: str) -> None:
    assert "names no merge request" in desk.refused("receipt", "show", name)


def test_a_merge_request_without_a_receipt_is_said_to_have_none(desk: Desk) -> None:
    assert "there is no receipt of shop/backend!8" in desk.refused("receipt", "show", "shop/backend!8")
    assert "no project" in desk.refused("receipt", "show", "shop/other!7")


def test_the_public_key_stands_alone_on_standard_output(desk: Desk) -> None:
    done = desk.run("receipt", "key")
    assert done.stdout == signer(desk.services.settings).public.pem
    assert done.stderr == f"key {signer(desk.services.settings).public.id}\n"


def test_a_key_that_others_can_read_is_not_used(desk: Desk) -> None:
    key_file(desk.services.settings).chmod(0o644)
    assert "chmod 600" in desk.refused("receipt", "key")


# --- verify -----------------------------------------------------------------------------------------------------------


def test_a_valid_receipt_is_told_with_what_was_checked(desk: Desk) -> None:
    whole = desk.verify("--commit", desk.head, "--repository", desk.repository)
    assert_golden("verify_receipt.txt", same_each_time(whole, desk))
    part = desk.verify()
    assert "checked: signature\n" in part
    assert "not checked: commit (--commit), files (--repository)" in part


def test_the_commit_may_be_named_where_a_repository_knows_it(desk: Desk) -> None:
    desk.verify("--commit", desk.head.upper())
    desk.verify("--commit", "feature~1", "--repository", desk.repository)
    assert "is not the full id of a commit" in desk.refused(
        *("verify-receipt", desk.file, "--key", desk.key, "--commit", desk.head[:12])
    )


def test_another_commit_is_not_covered(desk: Desk) -> None:
    assert f"about commit {desk.head} and not about {desk.other}" in desk.invalid("--commit", desk.other)
    desk.invalid("--commit", "feature", "--repository", desk.repository)


def test_a_change_of_the_signed_text_is_noticed(desk: Desk) -> None:
    payload = base64.b64decode(json.loads(desk.file.read_text())["payload"])
    forged = payload.replace(b'"letsThrough":true', b'"letsThrough":false')
    assert forged != payload
    desk.rewrite(payload=base64.b64encode(forged).decode())
    assert "no signature on it fits the key" in desk.invalid()


def test_another_payload_type_is_noticed(desk: Desk) -> None:
    desk.rewrite(payloadType="application/vnd.in-toto.other+json")
    desk.invalid()


def test_a_receipt_of_another_installation_is_not_valid(desk: Desk, tmp_path: Path) -> None:
    elsewhere = Settings(data_dir=tmp_path / "elsewhere")
    desk.key.write_text(signer(elsewhere).public.pem)
    desk.invalid()
    own = tmp_path / "own.pem"
    own.write_text(signer(desk.services.settings).public.pem)
    desk.verify("--key", own)


def test_a_well_signed_lie_about_the_files_is_noticed(desk: Desk) -> None:
    """Whoever has the key can still not change the repository."""
    payload = json.loads(base64.b64decode(json.loads(desk.file.read_text())["payload"]))
    payload["predicate"]["change"]["files"][0]["path"] = "nowhere.py"
    envelope = signer(desk.services.settings).sign(json.dumps(payload).encode())
    desk.file.write_text(json.dumps(envelope.to_json()))
    desk.verify("--commit", desk.head)
    assert "'nowhere.py' is in the receipt, and the change does not touch it" in desk.invalid(
        "--repository", desk.repository
    )


def test_another_statement_signed_with_our_key_is_no_receipt(desk: Desk) -> None:
    envelope = signer(desk.services.settings).sign(b'{"_type":"https://in-toto.io/Statement/v1"}')
    desk.file.write_text(json.dumps(envelope.to_json()))
    assert "another kind of statement" in desk.invalid()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        pytest.param(b"", "not JSON", id="empty"),
        pytest.param(b"\x89PNG", "not UTF-8", id="a picture"),
        pytest.param(b"{}", "no envelope", id="another document"),
        pytest.param(b'{"payload":"","payload":""}', "twice", id="doubled name"),
        pytest.param(b" " * (LARGEST + 1), "larger", id="huge"),
    ],
)
def test_a_file_that_is_no_receipt_cannot_be_read(desk: Desk, content: bytes, said: str) -> None:
    desk.file.write_bytes(content)
    assert said in desk.refused("verify-receipt", desk.file, "--key", desk.key)


def test_a_receipt_that_is_cut_off_cannot_be_read(desk: Desk) -> None:
    whole = desk.file.read_text()
    desk.file.write_text(whole[:-20])
    assert "not JSON" in desk.refused("verify-receipt", desk.file, "--key", desk.key)
    desk.file.write_text(whole)
    desk.rewrite(payload=json.loads(whole)["payload"][:-3])
    assert "cut off" in desk.refused("verify-receipt", desk.file, "--key", desk.key)


def test_what_is_not_there_is_said(desk: Desk, tmp_path: Path) -> None:
    nothing = tmp_path / "nothing"
    assert "cannot be read" in desk.refused("verify-receipt", nothing, "--key", desk.key)
    assert "cannot be read" in desk.refused("verify-receipt", desk.file, "--key", nothing)
    assert "is not a folder" in desk.refused(*("verify-receipt", desk.file, "--key", desk.key, "--repository", nothing))
    (tmp_path / "plain").mkdir()
    assert "is not a git repository" in desk.refused(
        *("verify-receipt", desk.file, "--key", desk.key, "--repository", tmp_path / "plain")
    )


def test_a_repository_without_the_commit_says_nothing_either_way(desk: Desk, tmp_path: Path) -> None:
    other = Builder(tmp_path / "other.git")
    other.commit({"a": "b"})
    assert "git fetch origin" in desk.refused(
        *("verify-receipt", desk.file, "--key", desk.key, "--repository", other.path)
    )


def test_the_exit_status_tells_the_three_apart(desk: Desk, tmp_path: Path) -> None:
    """As a process, without settings, a data directory or a network."""
    line = CommandLine(tmp_path, {"DATA_DIR": "/proc/nowhere", "GITLAB_URL": "rubbish"})
    verify = ("verify-receipt", desk.file, "--key", desk.key)
    assert line(*verify, "--repository", desk.repository).returncode == 0
    assert line(*verify, "--commit", "0" * 40).returncode == 1
    assert line("verify-receipt", desk.key, "--key", desk.key).returncode == 2


def test_the_steps_of_the_manual_verify_it_without_mergewarden(desk: Desk, tmp_path: Path) -> None:
    """The shell commands of docs/receipts.md, with Python in the place of jq."""
    envelope = json.loads(desk.file.read_text())
    (tmp_path / "payload.json").write_bytes(base64.b64decode(envelope["payload"]))
    (tmp_path / "signature.bin").write_bytes(base64.b64decode(envelope["signatures"][0]["sig"]))
    script = """
{ printf 'DSSEv1 28 application/vnd.in-toto+json %d ' "$(wc -c < payload.json)"; cat payload.json; } > message.bin
openssl pkeyutl -verify -pubin -inkey public.pem -rawin -in message.bin -sigfile signature.bin
sha256sum payload.json
"""
    done = subprocess.run(["sh", "-e", "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "Signature Verified Successfully" in done.stdout
    assert desk.id in done.stdout
    manual = (Path(__file__).parents[2] / "docs" / "receipts.md").read_text()
    for step in script.strip().split("\n"):
        assert step in manual
