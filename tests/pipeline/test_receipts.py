"""From a scan to a receipt that can be checked against the repository."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, update

from bot.domain import change_coverage
from bot.domain.change import ChangeKind
from bot.domain.change_coverage import NO_ANSWER
from bot.domain.receipt import Envelope, Receipt, read_statement, receipt_of, statement_bytes
from bot.domain.verdict import GateDecision, Outcome, ScanReport, Subject
from bot.observability.metrics import Metrics
from bot.pipeline.assess import Assessed, Tools, assess_tree
from bot.pipeline.git import Repository
from bot.pipeline.receipts import differences, issue, receipt_in, receipt_url
from bot.pipeline.signing import SigningKeyError, checked, signer
from bot.pipeline.workspace import Limits
from bot.services import Services
from bot.settings import Settings
from bot.store import receipts, scans
from bot.store.engine import session, write_session
from bot.store.statements import table
from bot.store.tables import ReceiptRecord
from scanners.interface import Scanner
from scanners.runner import Limits as ScannerLimits
from tests.pipeline.git.builder import Builder, Content, Link, Submodule
from tests.scanners.fakes import FakeCache, FakeScanner
from tests.store.samples import REPORT

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def builder(tmp_path: Path) -> Builder:
    return Builder(tmp_path / "server" / "group" / "project.git")


@pytest.fixture
def repository(builder: Builder, tmp_path: Path) -> Repository:
    return Repository(builder.path, scratch_root=tmp_path / "scratch")


@pytest.fixture
def services(engine: Engine, tmp_path: Path) -> Services:
    made = Services(Settings(data_dir=tmp_path / "data"), Metrics())
    made.store = engine
    return made


def stored(services: Services, receipt_id: str) -> receipts.StoredReceipt:
    with session(services.store) as reading:
        found = receipts.get(reading, receipt_id)
    assert found is not None
    return found


# --- issuing ----------------------------------------------------------------------------------------------------------


def test_what_is_issued_is_kept_and_signed(services: Services) -> None:
    made = issue(services, REPORT, project_id=5, scan_id="s1", at=AT, decision_id=3)
    kept = stored(services, made)
    assert (kept.project_id, kept.merge_request_iid, kept.scan_id, kept.issued_at) == (5, 7, "s1", AT)
    checked(Envelope.from_json(kept.envelope), [signer(services.settings).public])
    assert receipt_in(kept).decision.id == 3


def test_the_same_decision_again_has_the_same_receipt(services: Services) -> None:
    first = issue(services, REPORT, project_id=5, scan_id="s1", at=AT, decision_id=3)
    again = issue(services, REPORT, project_id=5, scan_id="s1", at=AT + timedelta(hours=1), decision_id=4)
    assert again == first
    other = issue(services, REPORT, project_id=5, scan_id="s1", at=AT + timedelta(hours=2), enforcement="L1")
    assert other != first
    # Back to the first: it was decided again, so it is another receipt, which says when.
    back = issue(services, REPORT, project_id=5, scan_id="s1", at=AT + timedelta(hours=3), decision_id=5)
    assert back not in (first, other)


def test_a_changed_decision_has_another_receipt(services: Services) -> None:
    first = issue(services, REPORT, project_id=5, scan_id="s1", at=AT)
    passed = replace(REPORT, decision=GateDecision(Outcome.PASSED))
    assert issue(services, passed, project_id=5, scan_id="s1", at=AT) != first


def test_a_damaged_receipt_is_replaced_and_not_trusted(services: Services) -> None:
    first = issue(services, REPORT, project_id=5, scan_id="s1", at=AT)
    row = table(ReceiptRecord)
    with write_session(services.store) as writing:
        writing.execute(update(row).where(row.c.id == first).values(envelope={"payload": 1}))
    assert issue(services, REPORT, project_id=5, scan_id="s1", at=AT + timedelta(hours=1)) != first


def test_without_a_key_nothing_is_kept(services: Services, tmp_path: Path) -> None:
    services.settings = services.settings.model_copy(update={"signing_key_file": tmp_path / "nope.pem"})
    with pytest.raises(SigningKeyError):
        issue(services, REPORT, project_id=5, scan_id="s1", at=AT)
    with session(services.store) as reading:
        assert receipts.latest(reading, 5, 7) is None


def test_the_address_of_its_page(services: Services) -> None:
    assert receipt_url(services.settings, "ab") is None
    settings = services.settings.model_copy(update={"public_url": "https://gate.example.org/mw"})
    assert receipt_url(settings, "ab") == "https://gate.example.org/mw/receipts/ab.html"


# --- what was read of a real change -----------------------------------------------------------------------------------

BASE: dict[str | bytes, Content] = {
    "app.py": "one\ntwo\nthree\n",
    "old.py": "some\nlines\nthat\nstay\nas\nthey\nare\n",
    "gone.py": "x\n",
    "same.py": "y\n",
}


def head_of(builder: Builder, base: str, **more: object) -> str:
    return builder.commit(
        {
            "app.py": "one\n2\nthree\nfour\n",
            "old.py": None,
            "new.py": "some\nlines\nthat\nstay\nas\nthey\nare!\n",
            "gone.py": None,
            "logo.png": b"\x89PNG\0\0\0",
            "notes.md": "# Words\n",
            "link.txt": Link(b"app.py"),
            "sub": Submodule("9" * 40),
            "big.py": b"# " + b"x" * 20_000 + b"\n",
            **more,  # type: ignore[dict-item]
        },
        ref="refs/heads/feature",
        parents=[base],
    )


def assessed(repository: Repository, base: str, head: str, folder: Path, *scanners: Scanner) -> Assessed:
    tools = Tools(
        scanners=scanners or (FakeScanner(),),
        cache=FakeCache(),
        data_dir=folder,
        limits=Limits(max_file_bytes=10_000),
        scanner_limits=ScannerLimits(seconds=60),
    )
    return assess_tree(repository, base=base, head=head, tools=tools)


def receipt_for(found: Assessed, base: str, head: str) -> Receipt:
    report = ScanReport(
        subject=Subject("shop/backend", "", 7, "main", base, head),
        tracked=found.tracked,
        runs=found.runs,
        decision=GateDecision(Outcome.PASSED),
        started_at=AT,
        seconds=1.0,
        files_changed=found.files_changed,
        files_read=found.files_read,
        coverage=found.coverage,
    )
    return receipt_of(report, project_id=5, scan_id="s", at=AT, version="1")


def test_a_receipt_says_of_each_file_who_read_it(builder: Builder, repository: Repository, tmp_path: Path) -> None:
    base = builder.commit(BASE)
    head = head_of(builder, base)
    found = assessed(repository, base, head, tmp_path / "data")
    assert found.coverage is not None
    files = {str(file.path): file for file in found.coverage.files}
    assert set(files) == {
        *("app.py", "new.py", "gone.py", "logo.png", "notes.md", "link.txt", "sub", "big.py"),
    }
    read = {name: [(look.scanner, look.left_out) for look in file.looks] for name, file in files.items()}
    assert read["app.py"] == [("fake", ())]
    assert (files["app.py"].lines, files["app.py"].ranges) == (2, 2)
    assert read["big.py"] == [("fake", ("too_large",))]
    assert files["big.py"].content is change_coverage.Content.UNREAD
    assert read["notes.md"] == []
    assert {name: files[name].content for name in ("logo.png", "link.txt", "sub", "gone.py")} == {
        "logo.png": change_coverage.Content.BINARY,
        "link.txt": change_coverage.Content.LINK,
        "sub": change_coverage.Content.SUBMODULE,
        "gone.py": change_coverage.Content.GONE,
    }
    assert (files["new.py"].kind, str(files["new.py"].previous)) == (ChangeKind.RENAMED, "old.py")
    assert sum(file.incomplete for file in files.values()) == 1


class BrokenScanner(FakeScanner):
    """Ends badly whatever it reads."""

    name = "broken"
    program = "import os; os.abort()"


def test_a_scanner_that_failed_read_nothing(builder: Builder, repository: Repository, tmp_path: Path) -> None:
    base = builder.commit(BASE)
    head = head_of(builder, base)
    found = assessed(repository, base, head, tmp_path / "data", FakeScanner(), BrokenScanner())
    receipt = receipt_for(found, base, head)
    (app,) = (file for file in receipt.change.files if file.path == "app.py")
    assert app.read_by == ("fake",)
    assert [(gap.scanner, gap.reasons) for gap in app.gaps] == [("broken", (NO_ANSWER,))]
    assert {row.name: row.assessed for row in receipt.scanners} == {"fake": True, "broken": False}


def test_the_coverage_is_stored_with_the_scan(
    engine: Engine, builder: Builder, repository: Repository, tmp_path: Path
) -> None:
    base = builder.commit(BASE)
    found = assessed(repository, base, head_of(builder, base), tmp_path / "data")
    report = replace(REPORT, coverage=found.coverage)
    with write_session(engine) as writing:
        scans.record_scan(writing, report, project_id=5, scan_id="s1")
    with session(engine) as reading:
        assert scans.load_scan(reading, "s1") == report


def test_a_whole_tree_has_no_coverage_of_a_change(builder: Builder, repository: Repository, tmp_path: Path) -> None:
    base = builder.commit(BASE)
    tools = Tools((FakeScanner(),), FakeCache(), tmp_path / "data", Limits(), ScannerLimits(seconds=60))
    assert assess_tree(repository, base=None, head=base, tools=tools).coverage is None


# --- against the repository -------------------------------------------------------------------------------------------


@pytest.fixture
def true_one(builder: Builder, repository: Repository, tmp_path: Path) -> Receipt:
    base = builder.commit(BASE)
    head = head_of(builder, base, **{"a\\b\n\u202e.py": "z\n", b"\xff.py".decode("latin-1"): "z\n"})
    return receipt_for(assessed(repository, base, head, tmp_path / "data"), base, head)


def with_files(receipt: Receipt, files: Sequence[object], **more: object) -> Receipt:
    change = receipt.change.model_copy(update={"files": tuple(files), **more})
    return receipt.model_copy(update={"change": change})


def test_a_true_receipt_agrees_with_the_repository(true_one: Receipt, repository: Repository) -> None:
    assert differences(repository, true_one) == ()


def test_a_receipt_that_lacks_a_file_does_not(true_one: Receipt, repository: Repository) -> None:
    files = [file for file in true_one.change.files if file.path != "app.py"]
    assert "'app.py' is in the change, and not in the receipt" in differences(repository, with_files(true_one, files))
    counted = with_files(true_one, files, files_changed=len(files))
    assert differences(repository, counted) == ("'app.py' is in the change, and not in the receipt",)


def test_a_receipt_with_a_file_too_many_does_not(true_one: Receipt, repository: Repository) -> None:
    more = true_one.change.files[0].model_copy(update={"path": "same.py"})
    found = with_files(true_one, [*true_one.change.files, more], files_changed=len(true_one.change.files) + 1)
    assert differences(repository, found) == ("'same.py' is in the receipt, and the change does not touch it",)


def test_a_receipt_about_another_content_does_not(true_one: Receipt, repository: Repository) -> None:
    files = [
        file.model_copy(update={"blob": "0" * 40}) if file.path == "app.py" else file for file in true_one.change.files
    ]
    assert differences(repository, with_files(true_one, files)) == (
        "'app.py' has another content in the commit than in the receipt",
    )


def test_a_file_that_is_said_to_be_gone_and_is_not_is_noticed(true_one: Receipt, repository: Repository) -> None:
    files = [
        file.model_copy(update={"content": change_coverage.Content.GONE, "blob": None})
        if file.path == "app.py"
        else file
        for file in true_one.change.files
    ]
    assert len(differences(repository, with_files(true_one, files))) == 1


def test_files_beyond_the_list_have_to_be_there_as_well(true_one: Receipt, repository: Repository) -> None:
    files = true_one.change.files
    assert differences(repository, with_files(true_one, files[:-2], omitted=2)) == ()
    assert differences(repository, with_files(true_one, files[:-4], omitted=1)) != ()
    assert "another number" in differences(repository, with_files(true_one, files[:-2], omitted=7))[0]


def test_a_receipt_without_a_list_proves_nothing_about_files(true_one: Receipt, repository: Repository) -> None:
    assert differences(repository, with_files(true_one, (), listed=False)) != ()
    assert differences(repository, true_one.model_copy(update={"base": None})) != ()


def test_a_receipt_survives_its_bytes_and_still_agrees(
    true_one: Receipt, repository: Repository, services: Services
) -> None:
    envelope = signer(services.settings).sign(statement_bytes(true_one))
    assert differences(repository, read_statement(envelope.payload)) == ()
