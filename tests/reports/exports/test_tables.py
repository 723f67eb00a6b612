"""CSV, JSON Lines and Parquet: one table in three files, and the page that documents it."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.domain.known import KnownFinding
from bot.reports.exports.columns import COLUMNS, SCHEMA, ColumnType
from bot.reports.exports.parquet import ROW_GROUP
from bot.reports.exports.spool import Spool
from bot.reports.exports.subject import ExportSubject
from bot.reports.exports.tables import disarmed
from bot.reports.visible import visible
from scanners.finding import Location
from tests.examples import examples
from tests.reports.exports.samples import BY_ADVISORY, NOW, RICH, SQL, SUBJECT, anything, export, known, subjects
from tests.reports.hostile import nasty

PAGE = Path(__file__).parents[3] / "docs" / "exports.md"
FEW = settings(max_examples=examples(40), deadline=None, suppress_health_check=[HealthCheck.too_slow])


def csv_rows(raw: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(raw.decode("utf-8-sig"), newline=""), strict=True))


def jsonl_rows(raw: bytes) -> list[dict[str, Any]]:
    return [json.loads(line) for line in raw.decode().splitlines()]


def parquet(raw: bytes) -> Any:
    return pq.ParquetFile(io.BytesIO(raw))


# --- the documented schema --------------------------------------------------------------------------------------------


def documented() -> str:
    lines = ["| column | type in Parquet | meaning | since |", "|---|---|---|---|"]
    lines += [f"| `{c.name}` | `{c.type.value}` | {c.meaning} | {c.since} |" for c in COLUMNS]
    return "\n".join(lines) + "\n"


def test_the_page_documents_the_columns_as_they_are() -> None:
    """``MERGEWARDEN_UPDATE_GOLDEN=1`` writes the table anew."""
    text = PAGE.read_text(encoding="utf-8")
    before, rest = text.split("<!-- columns: made by the tests -->\n")
    table, after = rest.split("<!-- end of columns -->\n")
    if os.environ.get("MERGEWARDEN_UPDATE_GOLDEN") == "1":
        marks = "<!-- columns: made by the tests -->\n", "<!-- end of columns -->\n"
        PAGE.write_text(before + marks[0] + documented() + marks[1] + after, encoding="utf-8")
        return
    assert table == documented()
    assert f"`mergewarden.schema` is {SCHEMA}" in text


def test_columns_are_only_ever_added() -> None:
    """What schema 1 promised. A new column goes behind these, with a new number; nobody edits this list."""
    first = [
        "schema",
        "exported_at",
        "project_id",
        "project",
        "number",
        "whereabouts",
        "state",
        "justification",
        "reason",
        "judged_by",
        "judged_at",
        "suppressed",
        "suppression",
        "suppressed_as",
        "suppressed_because",
        "suppressed_until",
        "first_seen_at",
        "kind",
        "severity",
        "severity_rank",
        "confidence",
        "scanner",
        "rule_id",
        "seen_by",
        "title",
        "message",
        "remediation",
        "path",
        "start_line",
        "end_line",
        "start_column",
        "end_column",
        "snippet",
        "cwes",
        "owasp",
        "references",
        "ecosystem",
        "package",
        "package_version",
        "purl",
        "advisory_ids",
        "fixed_versions",
        "fingerprint",
    ]
    assert [column.name for column in COLUMNS if column.since == 1] == first
    assert [column.since for column in COLUMNS] == sorted(column.since for column in COLUMNS)
    assert max(column.since for column in COLUMNS) == SCHEMA


# --- the same in all three --------------------------------------------------------------------------------------------


@given(found=anything, subject=subjects)
@FEW
def test_parquet_and_json_lines_say_the_same(found: list[KnownFinding], subject: ExportSubject) -> None:
    rows = parquet(export("parquet", found, subject)).read().to_pylist()
    for row in rows:
        for name, value in row.items():
            if isinstance(value, datetime):
                row[name] = value.isoformat().replace("+00:00", "Z")
    assert rows == jsonl_rows(export("jsonl", found, subject))


@given(found=anything, subject=subjects)
@FEW
def test_csv_has_every_row_and_cell(found: list[KnownFinding], subject: ExportSubject) -> None:
    rows = csv_rows(export("csv", found, subject))
    assert [int(row["number"]) for row in rows] == [item.id for item in found]
    assert all(list(row) == [column.name for column in COLUMNS] for row in rows)


@given(found=anything)
@FEW
def test_a_line_is_an_object_whoever_splits_the_lines(found: list[KnownFinding]) -> None:
    raw = export("jsonl", found)
    assert raw.decode().splitlines() == raw.decode().split("\n")[:-1]


def test_a_row_says_what_is_known() -> None:
    row = jsonl_rows(export("jsonl", RICH))[3]
    assert {name: row[name] for name in ("schema", "project", "number", "whereabouts", "state", "severity_rank")} == {
        "schema": SCHEMA,
        "project": "shop/payments",
        "number": 815,
        "whereabouts": "default_branch",
        "state": "detected",
        "severity_rank": 3,
    }
    assert row["exported_at"] == "2026-05-04T09:30:00Z"
    assert row["first_seen_at"] == "2026-04-01T08:00:00.250000Z"
    assert row["purl"] == "pkg:pypi/django@3.2.1"
    assert row["advisory_ids"] == ["GHSA-2hrw-hx67-34x6", "CVE-2023-36053"]
    assert (row["cwes"], row["justification"], row["suppressed"]) == ([1333], None, False)


def test_a_row_names_the_suppression_in_force() -> None:
    (row,) = jsonl_rows(export("jsonl", [known(SQL, 1, suppression=BY_ADVISORY)]))
    assert [row[name] for name in ("suppressed", "suppression", "suppressed_as", "suppressed_until")] == [
        True,
        3,
        "not_applicable",
        "2027-05-04T09:30:00Z",
    ]


def test_csv_reads_well_in_a_spreadsheet() -> None:
    raw = export("csv", RICH)
    assert raw.startswith(b"\xef\xbb\xbfschema,exported_at,")
    assert raw.endswith(b"\r\n")
    row = csv_rows(raw)[3]
    assert row["advisory_ids"] == "GHSA-2hrw-hx67-34x6|CVE-2023-36053"
    assert (row["suppressed"], row["cwes"], row["justification"]) == ("false", "1333", "")


# --- formulas ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", " =", "＝", "＠"])
def test_what_a_spreadsheet_would_calculate_is_disarmed(start: str) -> None:
    title = f"{start}HYPERLINK(A1)"
    path = PurePosixPath("a;" + title.replace("\r", ""))
    finding = replace(SQL, scanner="other", rule_id=title, snippet=f"x;{title}", location=Location(path, 1))
    raw = export("csv", [known(finding, 1)]).decode("utf-8-sig")
    # As one reads who separates at commas, and as one does who separates at semicolons or tabs.
    for delimiter in ",;\t":
        cells = [cell for row in csv.reader(io.StringIO(raw, newline=""), delimiter=delimiter) for cell in row]
        assert [cell for cell in cells if re.match(r"\s*[=+\-@＝＋－＠]", cell)] == []


@given(nasty | st.text("=+-@;\t\r\n a'\"", max_size=12))
def test_disarming_only_adds_apostrophes(text: str) -> None:
    armed = visible(text)
    safe = disarmed(armed)
    assert re.sub("'", "", safe) == re.sub("'", "", armed)
    assert not re.match(r"\s*[=+\-@＝＋－＠]", safe)
    assert not re.search(r"[;\t\n]\s*[=+\-@＝＋－＠]", safe)


def test_text_without_formulas_is_as_it_was() -> None:
    message = "One. Two = three.\n\nA paragraph; and more - or less.\n"
    assert disarmed(message) == message


# --- Parquet ----------------------------------------------------------------------------------------------------------


def test_parquet_has_types_and_metadata() -> None:
    file = parquet(export("parquet", RICH))
    schema = file.schema_arrow
    metadata = {key.decode(): value.decode() for key, value in schema.metadata.items()}
    assert metadata["mergewarden.schema"] == str(SCHEMA)
    assert metadata["mergewarden.project"] == "shop/payments"
    assert schema.field("first_seen_at").type == pa.timestamp("us", tz="UTC")
    assert schema.field("cwes").type == pa.list_(schema.field("cwes").type.value_field)
    assert pa.types.is_dictionary(schema.field("severity").type)
    column = file.metadata.row_group(0).column(file.schema_arrow.names.index("severity"))
    assert column.compression == "ZSTD"
    assert "RLE_DICTIONARY" in column.encodings


def test_parquet_without_findings_has_the_columns_all_the_same() -> None:
    table = parquet(export("parquet", ())).read()
    assert (table.num_rows, table.column_names) == (0, [column.name for column in COLUMNS])


def test_parquet_is_written_in_groups() -> None:
    file = parquet(export("parquet", (known(SQL, number) for number in range(1, ROW_GROUP + 3))))
    assert [file.metadata.row_group(i).num_rows for i in range(file.num_row_groups)] == [ROW_GROUP, 2]


def test_nobody_waits_for_a_library_that_another_format_needs() -> None:
    code = (
        "import sys, bot.cli.app, bot.reports.exports.registry\n"
        "print([name for name in ('pyarrow', 'cyclonedx') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_every_type_of_column_is_used() -> None:
    assert {column.type for column in COLUMNS} == set(ColumnType)


# --- the spool --------------------------------------------------------------------------------------------------------


@given(st.lists(st.tuples(st.sampled_from(["a", "b", "ü/../x"]), st.binary(max_size=40)), max_size=60))
@settings(max_examples=examples(60), deadline=None)
def test_a_spool_gives_each_stream_back_in_order(pieces: list[tuple[str, bytes]]) -> None:
    with Spool(held=64) as spool:
        for name, piece in pieces:
            spool.add(name, piece)
        for wanted in ("a", "b", "ü/../x", "never"):
            whole = b"".join(piece for name, piece in pieces if name == wanted)
            assert b"".join(spool.pieces(wanted)) == whole


def test_generated_at_is_part_of_every_row() -> None:
    assert {row["exported_at"] for row in jsonl_rows(export("jsonl", RICH, replace(SUBJECT, generated_at=NOW)))} == {
        "2026-05-04T09:30:00Z"
    }
