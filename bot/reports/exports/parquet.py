"""
Parquet with the columns of ``bot.reports.exports.columns``, for a data lake.

Row groups of 10,000, zstd, words dictionary-encoded, times in UTC. The file's metadata has ``mergewarden.schema`` (the
number of the newest column), ``mergewarden.version``, ``mergewarden.project`` and ``mergewarden.language``.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from bot.domain.known import KnownFinding
from bot.reports.documents import scalar_text
from bot.reports.exports.columns import COLUMNS, SCHEMA, ColumnType, values_of
from bot.reports.exports.subject import ExportSubject

ROW_GROUP = 10_000

_TYPES: dict[ColumnType, Any] = {
    ColumnType.TEXT: pa.string(),
    ColumnType.WORD: pa.dictionary(pa.int32(), pa.string()),
    ColumnType.INTEGER: pa.int64(),
    ColumnType.FLAG: pa.bool_(),
    ColumnType.MOMENT: pa.timestamp("us", tz="UTC"),
    ColumnType.TEXTS: pa.list_(pa.string()),
    ColumnType.INTEGERS: pa.list_(pa.int64()),
}


def write_parquet(stream: BinaryIO, subject: ExportSubject, findings: Iterable[KnownFinding], /) -> int:
    """One file, also where there are no findings."""
    wording = subject.wording()
    schema = _schema(subject)
    count = 0
    rows = (values_of(known, subject, wording) for known in findings)
    # A Python stream is not closed with the writer: it is not the writer's.
    with pq.ParquetWriter(
        stream,
        schema,
        compression="zstd",
        use_dictionary=[column.name for column in COLUMNS if column.type is ColumnType.WORD],
        store_schema=True,
    ) as writer:
        while group := list(islice(rows, ROW_GROUP)):
            writer.write_table(pa.Table.from_pylist(group, schema=schema), row_group_size=ROW_GROUP)
            count += len(group)
    return count


def _schema(subject: ExportSubject) -> Any:
    fields = [pa.field(column.name, _TYPES[column.type]) for column in COLUMNS]
    return pa.schema(
        fields,
        metadata={
            "mergewarden.schema": str(SCHEMA),
            "mergewarden.version": subject.tool_version,
            "mergewarden.project": scalar_text(subject.project),
            "mergewarden.language": subject.language.value,
        },
    )
