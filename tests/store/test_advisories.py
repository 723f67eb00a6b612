"""Advisories: what is imported, what is refused, and what is found again."""

from __future__ import annotations

import io
import json
import struct
import threading
import zipfile
import zlib
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine, text

from bot.store.advisories import (
    AdvisoryImportError,
    ArchiveLimits,
    ImportReport,
    StoredAdvisories,
    import_archive,
)
from bot.store.engine import session
from bot.store.osv import RejectedAdvisoryError, read_advisory
from scanners.interface import AdvisorySource
from tests.store.counting import counted

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def advisory(number: int = 1, **changes: Any) -> dict[str, Any]:
    return {
        "id": f"TEST-2025-{number}",
        "modified": "2025-06-01T12:00:00Z",
        "published": "2025-05-01T12:00:00Z",
        "aliases": [f"CVE-2025-{number}"],
        "summary": "A sample is too simple",
        "details": "More words.",
        "affected": [
            {
                "package": {"ecosystem": "PyPI", "name": "Sample_Package"},
                "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "1.1"}]}],
                "versions": ["1.0"],
            }
        ],
        "references": [{"type": "WEB", "url": "https://example.org/1"}],
        **changes,
    }


def encoded(*documents: Mapping[str, Any]) -> dict[str, bytes]:
    return {f"{document['id']}.json": json.dumps(document).encode() for document in documents}


def zipped(path: Path, files: Mapping[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, raw in files.items():
            archive.writestr(name, raw)
    return path


def load(engine: Engine, folder: Path, files: Mapping[str, bytes]) -> ImportReport:
    return import_archive(engine, zipped(folder / "a.zip", files), now=NOW)


def count_rows(engine: Engine) -> dict[str, int]:
    with session(engine) as opened:
        return {
            name: int(opened.execute(text(f"SELECT count(*) FROM {name}")).scalar_one())
            for name in ("advisory", "advisory_package", "advisory_alias")
        }


def test_without_an_import_there_is_nothing(engine: Engine) -> None:
    source: AdvisorySource = StoredAdvisories(engine)
    assert (source.revision(), source.newest(), source.advisories_for("PyPI", ["x"])) == ("", None, [])
    assert StoredAdvisories(engine).count() == 0


def test_an_imported_document_is_found_by_its_normalised_name(engine: Engine, tmp_path: Path) -> None:
    document = advisory()
    assert load(engine, tmp_path, encoded(document)) == ImportReport(1, 0, 0, 0, ())
    source = StoredAdvisories(engine)
    for name in ("sample-package", "Sample.Package"):
        assert source.advisories_for("PyPI", [name]) == [document]
    assert source.advisories_for("npm", ["sample-package"]) == []
    assert source.newest() == date(2025, 6, 1)
    assert source.count() == 1


def test_many_packages_are_one_query_and_each_document_comes_once(engine: Engine, tmp_path: Path) -> None:
    two = [{"package": {"ecosystem": "PyPI", "name": name}} for name in ("aaa", "bbb", "aaa")]
    load(engine, tmp_path, encoded(advisory(1, affected=two), advisory(2), advisory(3, affected=[])))
    with counted(engine) as statements:
        found = StoredAdvisories(engine).advisories_for(
            "PyPI", ["bbb", "aaa", "sample-package", *map(str, range(3000))]
        )
    assert [document["id"] for document in found] == ["TEST-2025-1", "TEST-2025-2"]
    assert len(statements) == 1


def test_names_of_other_ecosystems_are_taken_as_they_are(engine: Engine, tmp_path: Path) -> None:
    affected = [{"package": {"ecosystem": "Maven", "name": "org.Example:a_b"}}]
    load(engine, tmp_path, encoded(advisory(affected=affected)))
    assert StoredAdvisories(engine).advisories_for("Maven", ["org.Example:a_b"])
    assert not StoredAdvisories(engine).advisories_for("Maven", ["org.example:a-b"])


def test_the_same_import_again_changes_nothing(engine: Engine, tmp_path: Path) -> None:
    files = encoded(*(advisory(n) for n in range(20)))
    load(engine, tmp_path, files)
    revision, rows = StoredAdvisories(engine).revision(), count_rows(engine)
    assert load(engine, tmp_path, files) == ImportReport(0, 0, 20, 0, ())
    assert (StoredAdvisories(engine).revision(), count_rows(engine)) == (revision, rows)


def test_the_revision_follows_the_content_and_nothing_else(engine: Engine, tmp_path: Path) -> None:
    source = StoredAdvisories(engine)
    seen = [source.revision()]
    for files in (encoded(advisory(1)), encoded(advisory(2)), encoded(advisory(1, summary="changed"))):
        load(engine, tmp_path, files)
        seen.append(source.revision())
    assert len(set(seen)) == 4
    # Back to what it was after the second import.
    load(engine, tmp_path, encoded(advisory(1)))
    assert source.revision() == seen[2]


def test_the_order_of_imports_does_not_matter(tmp_path: Path, engine: Engine) -> None:
    from bot.store.engine import open_engine
    from bot.store.migrate import migrate

    other = open_engine(f"sqlite:///{tmp_path / 'other.db'}")
    migrate(other)
    for target, order in ((engine, (1, 2, 3)), (other, (3, 1, 2))):
        for number in order:
            load(target, tmp_path, encoded(advisory(number)))
    assert StoredAdvisories(engine).revision() == StoredAdvisories(other).revision() != ""
    other.dispose()


def test_a_changed_document_replaces_its_packages_and_aliases(engine: Engine, tmp_path: Path) -> None:
    load(engine, tmp_path, encoded(advisory(1), advisory(2)))
    moved = advisory(
        1,
        modified="2025-07-01T00:00:00Z",
        aliases=["GHSA-1", "CVE-1"],
        affected=[{"package": {"ecosystem": "PyPI", "name": "renamed"}}],
    )
    assert load(engine, tmp_path, encoded(moved)) == ImportReport(0, 1, 0, 0, ())
    source = StoredAdvisories(engine)
    assert source.advisories_for("PyPI", ["renamed"]) == [moved]
    assert [d["id"] for d in source.advisories_for("PyPI", ["sample-package"])] == ["TEST-2025-2"]
    assert count_rows(engine) == {"advisory": 2, "advisory_package": 2, "advisory_alias": 3}


def test_an_older_document_does_not_replace_a_newer_one(engine: Engine, tmp_path: Path) -> None:
    newer = advisory(modified="2025-09-01T00:00:00Z")
    load(engine, tmp_path, encoded(newer))
    assert load(engine, tmp_path, encoded(advisory())) == ImportReport(0, 0, 1, 0, ())
    assert StoredAdvisories(engine).advisories_for("PyPI", ["sample-package"]) == [newer]


def test_of_one_id_twice_in_an_archive_the_newer_counts(engine: Engine, tmp_path: Path) -> None:
    newer = advisory(modified="2025-09-01T00:00:00Z")
    files = {"a.json": json.dumps(newer).encode(), "b.json": json.dumps(advisory()).encode()}
    assert load(engine, tmp_path, files) == ImportReport(1, 0, 1, 0, ())
    assert StoredAdvisories(engine).advisories_for("PyPI", ["sample-package"]) == [newer]


def test_a_withdrawn_document_is_kept_and_never_matched(engine: Engine, tmp_path: Path) -> None:
    load(engine, tmp_path, encoded(advisory()))
    withdrawn = advisory(modified="2025-08-01T00:00:00Z", withdrawn="2025-08-01T00:00:00Z")
    assert load(engine, tmp_path, encoded(withdrawn)) == ImportReport(0, 1, 0, 1, ())
    assert StoredAdvisories(engine).advisories_for("PyPI", ["sample-package"]) == []
    assert StoredAdvisories(engine).count() == 1


def test_real_time_formats_are_read(engine: Engine) -> None:
    for text_, expected in (
        ("2023-07-25 16:31:58.309647+00:00", datetime(2023, 7, 25, 16, 31, 58, 309647, UTC)),
        ("2023-07-25T16:31:58.309647123Z", datetime(2023, 7, 25, 16, 31, 58, 309647, UTC)),
        ("2023-07-25T18:31:58+02:00", datetime(2023, 7, 25, 16, 31, 58, 0, UTC)),
        ("2023-07-25T16:31:58", datetime(2023, 7, 25, 16, 31, 58, 0, UTC)),
    ):
        assert read_advisory(json.dumps(advisory(modified=text_)).encode(), now=NOW).modified == expected


def test_progress_tells_how_far_the_import_is(engine: Engine, tmp_path: Path) -> None:
    calls: list[tuple[int, int]] = []
    archive = zipped(tmp_path / "a.zip", encoded(*(advisory(n) for n in range(1201))))
    import_archive(engine, archive, progress=lambda done, total: calls.append((done, total)), now=NOW)
    assert calls == [(500, 1201), (1000, 1201), (1201, 1201)]


def test_statements_do_not_grow_with_the_documents(engine: Engine, tmp_path: Path) -> None:
    with counted(engine) as statements:
        load(engine, tmp_path, encoded(*(advisory(n) for n in range(500))))
    assert len(statements) < 15


def test_two_imports_at_once_store_everything_once(engine: Engine, tmp_path: Path) -> None:
    archives = [
        zipped(tmp_path / f"{n}.zip", encoded(*(advisory(i) for i in range(n * 400, n * 400 + 800)))) for n in range(2)
    ]
    reports: list[ImportReport] = []

    def work(path: Path) -> None:
        reports.append(import_archive(engine, path, now=NOW))

    threads = [threading.Thread(target=work, args=(path,)) for path in archives]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(report.new for report in reports) == 1200
    assert sum(report.unchanged for report in reports) == 400
    before = StoredAdvisories(engine).revision()
    assert StoredAdvisories(engine).count() == 1200
    for path in archives:
        work(path)
    assert StoredAdvisories(engine).revision() == before


# --- Hostile documents ------------------------------------------------------------------------------------------------


def wrong(**changes: Any) -> bytes:
    return json.dumps(advisory(**changes)).encode()


REJECTED: list[tuple[bytes, str]] = [
    (b"", "not JSON"),
    (b"{", "not JSON"),
    (b"[]", "not a JSON object"),
    (b'"words"', "not a JSON object"),
    (b"\xff\xfe", "not UTF-8"),
    (b'{"id": NaN}', "NaN is not JSON"),
    (b'{"x": ' + b"9" * 5000 + b"}", "not JSON"),
    (b'{"x": 1e999}', "too large"),
    (b"[" * 100_000, "nested too deeply"),
    (b'{"x": ' + b"[" * 100 + b"]" * 100 + b"}", "nested too deeply"),
    (b"{}", "id"),
    (wrong(id=""), "id"),
    (wrong(id="../../etc/passwd"), "id"),
    (wrong(id="x" * 200), "id"),
    (wrong(id="A\n"), "id"),
    (wrong(id=7), "id"),
    (wrong(modified=None), "modified"),
    (wrong(modified="yesterday"), "modified"),
    (wrong(modified=1_700_000_000), "modified"),
    (wrong(modified="0001-01-01T00:00:00+14:00"), "modified"),
    (wrong(modified="2099-01-01T00:00:00Z"), "in the future"),
    (wrong(withdrawn="maybe"), "withdrawn"),
    (wrong(aliases="CVE-1"), "aliases"),
    (wrong(aliases=[{}]), "aliases.0"),
    (wrong(affected={}), "affected"),
    (wrong(affected=[{"package": {"ecosystem": "PyPI"}}]), "affected.0.package.name"),
    (wrong(affected=[{"package": {"ecosystem": "PyPI", "name": "a\x00b"}}]), "affected.0.package.name"),
    (wrong(affected=[{"package": {"ecosystem": "PyPI", "name": "x" * 5000}}]), "affected.0.package.name"),
    (wrong(affected=[{"versions": [1.0]}]), "affected.0.versions.0"),
    (wrong(affected=[{"ranges": [{"type": "SEMVER", "events": "0"}]}]), "affected.0.ranges.0.events"),
    (wrong(affected=[{"ranges": [{"type": "SEMVER", "events": [{"introduced": 0}]}]}]), "events.0.introduced"),
    (wrong(references=[{"url": 1}]), "references.0"),
    (b'{"id": "A-1", "modified": "2025-01-01T00:00:00Z", "details": "\\ud800"}', "surrogate"),
]


@pytest.mark.parametrize(("raw", "why"), REJECTED, ids=range(len(REJECTED)))
def test_a_document_that_is_not_osv_is_rejected_with_its_reason(raw: bytes, why: str) -> None:
    with pytest.raises(RejectedAdvisoryError) as caught:
        read_advisory(raw, now=NOW)
    assert why in str(caught.value)
    assert str(caught.value).isprintable()


def test_rejected_documents_are_listed_and_the_others_stored_whole(engine: Engine, tmp_path: Path) -> None:
    files = {f"bad-{n}.json": raw for n, (raw, _) in enumerate(REJECTED)} | encoded(advisory(1), advisory(2))
    report = load(engine, tmp_path, files)
    assert report.new == 2
    assert [name for name, _ in report.rejected] == [f"bad-{n}.json" for n in range(len(REJECTED))]
    assert all(expected in why for (_, why), (_, expected) in zip(report.rejected, REJECTED, strict=True))
    assert count_rows(engine) == {"advisory": 2, "advisory_package": 2, "advisory_alias": 2}


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_reading_a_document_raises_nothing_but_a_rejection(raw: bytes) -> None:
    with pytest.raises(RejectedAdvisoryError):
        read_advisory(raw, now=NOW)


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["package", "name", "events", "x"]), inner)
    ),
    max_leaves=8,
)


@given(st.sampled_from(sorted(advisory())), _json)
def test_a_document_with_any_field_replaced_is_read_or_rejected(name: str, value: object) -> None:
    raw = json.dumps({**advisory(), name: value}).encode()
    try:
        checked = read_advisory(raw, now=NOW)
    except RejectedAdvisoryError:
        return
    assert checked.document == json.loads(raw)


# --- Hostile archives -------------------------------------------------------------------------------------------------


def test_names_in_an_archive_touch_nothing_and_print_safely(engine: Engine, tmp_path: Path) -> None:
    folder = tmp_path / "only"
    folder.mkdir()
    files = {"../../escaped.json": wrong(), "/etc/abs.json": b"{", "li\nne\x1b[31m.json": b"{"}
    report = import_archive(engine, zipped(folder / "a.zip", files), now=NOW)
    assert report.new == 1
    assert all(name.isprintable() for name, _ in report.rejected)
    assert sorted(path.name for path in folder.iterdir()) == ["a.zip"]
    assert not list(tmp_path.glob("**/escaped.json"))


def test_a_bomb_is_rejected_without_being_unpacked(engine: Engine, tmp_path: Path) -> None:
    files = {"bomb.json": b" " * 50_000_000, **encoded(advisory())}
    report = load(engine, tmp_path, files)
    assert report.new == 1
    assert report.rejected == (("bomb.json", "larger than 8388608 bytes"),)


def test_a_bomb_that_lies_about_its_size_is_rejected(engine: Engine, tmp_path: Path) -> None:
    archive = zipped(tmp_path / "a.zip", {"bomb.json": b" " * 50_000_000})
    raw = bytearray(archive.read_bytes())
    size = struct.pack("<L", 50_000_000)
    assert raw.count(size) == 2
    archive.write_bytes(bytes(raw).replace(size, struct.pack("<L", 100)))
    report = import_archive(engine, archive, now=NOW)
    assert report.new == 0
    assert [name for name, _ in report.rejected] == ["bomb.json"]


@pytest.mark.parametrize(
    "limits",
    [ArchiveLimits(documents=3), ArchiveLimits(total_bytes=1000), ArchiveLimits(documents=0)],
    ids=["count", "bytes", "none"],
)
def test_an_archive_with_too_much_in_it_is_refused_before_anything_is_stored(
    engine: Engine, tmp_path: Path, limits: ArchiveLimits
) -> None:
    files = encoded(*(advisory(n) for n in range(4)))
    folder = tmp_path / "folder"
    folder.mkdir()
    for name, raw in files.items():
        (folder / name).write_bytes(raw)
    for path in (zipped(tmp_path / "a.zip", files), folder):
        with pytest.raises(AdvisoryImportError, match="more than"):
            import_archive(engine, path, limits=limits, now=NOW)
    assert count_rows(engine)["advisory"] == 0


def test_a_directory_that_would_fill_memory_is_refused_before_it_is_read(engine: Engine, tmp_path: Path) -> None:
    for zip64 in (False, True):
        archive = tmp_path / "a.zip"
        end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 0xFFFF, 0xFFFF, 0xF0000000, 0, 0)
        if zip64:
            start = struct.pack("<4sQ2H2L4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, 2**40, 2**40, 2**50, 0)
            end = start + struct.pack("<4sLQL", b"PK\x06\x07", 0, 0, 1) + end
        archive.write_bytes(end)
        with pytest.raises(AdvisoryImportError, match="more than"):
            import_archive(engine, archive, now=NOW)


def test_damaged_encrypted_and_exotic_entries_are_rejected_and_the_rest_stored(engine: Engine, tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("damaged.json", wrong(id="DAMAGED-1"), zipfile.ZIP_STORED)
        archive.writestr("lzma.json", wrong(id="LZMA-1"), zipfile.ZIP_LZMA)
        archive.writestr("README.md", b"hello")
        archive.writestr("folder/", b"")
        archive.writestr("encrypted.json", wrong(id="ENCRYPTED-1"))
        archive.writestr("good.json", wrong())
    raw = path.read_bytes().replace(b"DAMAGED-1", b"DAMAGED-2")
    at = raw.index(b"encrypted.json", raw.index(b"PK\x01\x02"))
    raw = raw[: at - 38] + b"\x01" + raw[at - 37 :]
    path.write_bytes(raw)
    report = import_archive(engine, path, now=NOW)
    assert report.new == 1
    reasons = dict(report.rejected)
    assert set(reasons) == {"damaged.json", "lzma.json", "README.md", "encrypted.json"}
    assert "damaged" in reasons["damaged.json"]
    assert reasons["encrypted.json"] == "encrypted"


@pytest.mark.parametrize("raw", [b"", b"not a zip", b"PK\x05\x06", b"PK\x03\x04" * 100, zlib.compress(b"x")])
def test_what_is_no_archive_is_refused(engine: Engine, tmp_path: Path, raw: bytes) -> None:
    (tmp_path / "a.zip").write_bytes(raw)
    with pytest.raises(AdvisoryImportError, match="not a zip"):
        import_archive(engine, tmp_path / "a.zip", now=NOW)


def test_a_missing_file_is_named(engine: Engine, tmp_path: Path) -> None:
    for name in ("none.zip", "none.json", "none"):
        with pytest.raises(AdvisoryImportError, match=name):
            import_archive(engine, tmp_path / name, now=NOW)


@given(st.data())
def test_an_archive_with_flipped_bytes_raises_nothing_else(data: st.DataObject) -> None:
    from bot.store.archive import open_archive

    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.json", wrong())
        archive.writestr("b.json", wrong(id="B-1"))
    raw = bytearray(buffer.getvalue())
    for _ in range(data.draw(st.integers(1, 4))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    path = _SCRATCH / "flipped.zip"
    path.write_bytes(raw)
    try:
        _, entries = open_archive(path, ArchiveLimits())
        for entry in entries:
            assert entry.name.isprintable()
            assert not entry.refused or not entry.raw
    except AdvisoryImportError:
        pass


@pytest.fixture(autouse=True, scope="module")
def _scratch(tmp_path_factory: pytest.TempPathFactory) -> None:
    global _SCRATCH
    _SCRATCH = tmp_path_factory.mktemp("archives")


_SCRATCH = Path()


def test_a_folder_and_a_single_file_are_read_like_an_archive(engine: Engine, tmp_path: Path) -> None:
    folder = tmp_path / "advisories"
    (folder / "deep").mkdir(parents=True)
    (folder / "a.json").write_bytes(wrong())
    (folder / "deep" / "b.json").write_bytes(wrong(id="B-1"))
    (folder / "notes.txt").write_text("no")
    secret = tmp_path / "secret.json"
    secret.write_bytes(wrong(id="SECRET-1"))
    (folder / "link.json").symlink_to(secret)
    assert import_archive(engine, folder, now=NOW) == ImportReport(2, 0, 0, 0, ())
    assert import_archive(engine, secret, now=NOW) == ImportReport(1, 0, 0, 0, ())
    assert import_archive(engine, folder / "a.json", now=NOW + timedelta(days=1)) == ImportReport(0, 0, 1, 0, ())
