"""
Makes evidence packs, and checks them.

A pack is one zip: for each level of each item of a model a page and a table with what is behind it, the compliance
summary, policies, model, snapshot and audit log of the period, and a signed manifest of it all. The same store gives
the same bytes: nothing in it says when it was made. It is written file by file into a temporary file, so that no more
than one level of one item is in memory at once, beside the snapshot.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO, Final

import structlog
from sqlalchemy.orm import Session

from bot.domain.audit import Act, Action, AuditError, Checker, Entry, Head, Part, part_of, statement_of
from bot.domain.maturity import evidence_pack as packs
from bot.domain.maturity.attestation import FILE_TYPES, Attestation
from bot.domain.maturity.evidence_pack import Manifest, Names, PackedFile, PackError
from bot.domain.maturity.exported import LARGEST_FILE, Export, read_export, verify_export
from bot.domain.maturity.measures import MEASURES
from bot.domain.maturity.model import Attest, Demand, Item, Model
from bot.domain.maturity.model_file import model_to_json
from bot.domain.maturity.period import Period
from bot.domain.maturity.scope import Scope, ScopeKind
from bot.domain.maturity.scoring import Answer, Assessment, DemandResult
from bot.domain.maturity.snapshot import (
    Content,
    ModelRef,
    Snapshot,
    SnapshotError,
    attestation_digest,
    end_of,
)
from bot.domain.receipt import LARGEST, Envelope, InvalidReceipt, UnreadableReceipt, read_envelope
from bot.errors import MergewardenError
from bot.pipeline.maturity.summaries import SummaryMissing, draw, make_summary
from bot.pipeline.signing import PublicKey, checked, signer
from bot.reports.audit_log import read_lines, write_lines, write_statement
from bot.reports.documents import json_time
from bot.reports.json_report import tool_version
from bot.reports.maturity import verify_pack
from bot.reports.maturity.evidence_index import (
    LevelFiles,
    PolicyFile,
    address,
    render_index,
    render_policies,
    render_readme,
)
from bot.reports.maturity.evidence_item import (
    Behind,
    DemandEvidence,
    LevelEvidence,
    OfProject,
    Word,
    render_level_csv,
    render_level_html,
)
from bot.reports.maturity.summary_formats import FORMATS
from bot.reports.maturity.words import scope_words
from bot.reports.visible import one_line
from bot.reports.wording import words_in
from bot.services import Services
from bot.store import audit
from bot.store.engine import session, write_session
from bot.store.maturity import attestations, models, packing, snapshots
from bot.store.maturity.evidence import EvidenceRow, evidence_rows
from bot.store.maturity.summary_reads import moments
from bot.store.projects import projects_by_id
from bot.texts import Language

log = structlog.get_logger(__name__)

ROWS: Final = 100
"""Rows of evidence of a demand of one project."""
ROWS_OF_SEVERAL: Final = 10
"""The same for each of the projects that a group's pack tells of."""
TOLD_PROJECTS: Final = 10
"""Of so many projects a group's or the organisation's pack tells the rows, for each demand."""
_LONG_AGO: Final = (1980, 1, 1, 0, 0, 0)
"""The earliest date that a zip knows."""
_CHUNK: Final = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Packed:
    """What was made."""

    manifest: Manifest
    sha256: str
    """Of the manifest."""
    key: str
    """Id of the key that signed it."""
    report: int
    """Number of the compliance summary that it holds."""


def make_pack(
    services: Services,
    scope: Scope,
    period: Period,
    model_id: str,
    language: Language,
    stream: BinaryIO,
    *,
    made_by: str,
    now: datetime,
) -> Packed:
    """
    Write the pack of a period that is over.

    Makes the compliance summary where there is none yet, and notes in the audit log who took the pack. Raises
    ``SummaryMissing`` where nothing was counted, ``PackError`` for a model that did not rate, and ``SigningKeyError``.
    """
    # Before anything is written.
    key = signer(services.settings)
    summary = make_summary(services, scope, period, language, made_by=made_by, now=now)
    with session(services.store) as reading:
        snapshot = snapshots.get(reading, summary.row.snapshot_id)
        if snapshot is None:
            raise SummaryMissing(f"the snapshot {summary.row.snapshot_id} is not there", "Take it from a backup.")
        source = _source(reading, snapshot, model_id, language)
    with tempfile.TemporaryFile() as spool:
        archive = _Archive(spool)
        levels = list(_levels(services, source, archive))
        others = []
        for format in ("pdf", "html"):
            drawn = draw(summary.summary, language, FORMATS[format])
            name = f"{packs.summary_stem(language)}{FORMATS[format].suffix}"
            others.append(archive.add(name, [drawn]))
        others += _policies(services, source, archive)
        others.append(archive.add(packs.MODEL, _json(model_to_json(source.model))))
        with session(services.store) as reading:
            export = _export(reading, snapshot)
        others.append(archive.add(packs.SNAPSHOT, _json(export.document())))
        others.append(archive.add(packs.AUDIT, _audit(services, source, key.sign)))
        others.append(archive.add(packs.SCRIPT, [Path(verify_pack.__file__).read_bytes()]))
        others.append(packs.README)
        manifest = _manifest(source, [one.digest for one in export.earlier], summary.row.digest, archive)
        wording = words_in(language)
        archive.add(packs.README, [render_readme(manifest, source.model, wording)])
        archive.add(packs.INDEX, [render_index(manifest, source.model, source.result, levels, others, wording)])
        manifest = _manifest(source, [one.digest for one in export.earlier], summary.row.digest, archive)
        raw = manifest.to_bytes()
        sha256 = hashlib.sha256(raw).hexdigest()
        archive.add(packs.MANIFEST, [raw])
        archive.add(packs.ENVELOPE, _json(key.sign(packs.statement_of(manifest, sha256)).to_json()))
        archive.close()
        spool.seek(0)
        shutil.copyfileobj(spool, stream, _CHUNK)
    with write_session(services.store) as writing:
        details = {"period": period.label, "model": model_id, "language": language.value, "manifest": sha256}
        subject = f"evidence pack of {scope}"
        audit.append(writing, Act(made_by, None, Action.EXPORTED, subject, scope.project_id, details))
    log.info("evidence pack made", scope=str(scope), period=period.label, files=len(manifest.files))
    return Packed(manifest, sha256, key.public.id, summary.id)


# --- what it is made from ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Source:
    """What every file of a pack is about."""

    snapshot: Snapshot
    model: Model
    result: Assessment
    language: Language
    paths: Mapping[int, str]
    """Full paths by number, of the project or of the group's projects."""
    contents: Mapping[int, Content]
    """Of a group or the organisation: its projects' contents."""
    words: Mapping[int, Attestation]
    digests: Mapping[int, str]
    """Digest of each attestation as the snapshot names it."""

    @property
    def several(self) -> bool:
        return self.snapshot.scope.kind is not ScopeKind.PROJECT

    @property
    def period(self) -> Period:
        return self.snapshot.period


def _source(reading: Session, snapshot: Snapshot, model_id: str, language: Language) -> _Source:
    content = snapshot.content
    result = content.result(model_id)
    known = ", ".join(one.id for one in content.inputs.models)
    if result is None:
        raise PackError(
            f"the model {one_line(model_id, 100)!r} did not rate {snapshot.scope} in {snapshot.period.label}",
            f"Use one of: {known}.",
        )
    model = models.models_of(reading, {result.model_digest}).get(result.model_digest)
    if model is None:
        raise PackError(
            f"the model {result.model_digest[:12]} that rated is not there, or cannot be read",
            "Restore the table maturity_model.",
        )
    listed = content.inputs.projects
    numbers = [snapshot.scope.project_id or 0] if listed is None else [number for number, _ in listed]
    known_paths = {number: one.path for number, one in projects_by_id(reading, numbers).items()}
    paths = {number: one_line(known_paths.get(number, f"project {number}"), 300) for number in numbers}
    parts = snapshots.contents(reading, {digest for _, digest in listed or ()})
    contents = {number: parts[digest] for number, digest in listed or () if digest in parts}
    if listed is not None and len(contents) != len(listed):
        raise SnapshotError("the contents of some projects are not there", "Restore the table snapshot_content.")
    digests = {
        one.id: one.digest
        for each in (content, *contents.values())
        for one in each.inputs.attestations
        if one.model_id == model_id
    }
    return _Source(snapshot, model, result, language, paths, contents, attestations.several(reading, digests), digests)


# --- items and levels -------------------------------------------------------------------------------------------------


def _levels(services: Services, source: _Source, archive: _Archive) -> Iterator[LevelFiles]:
    """Writes the files of each level of each item, one after the other."""
    wording = words_in(source.language)
    folder = packs.folder_of(source.language)
    with session(services.store) as reading:
        teller = _Teller(reading, source)
        for item in source.model.items:
            stem = packs.item_stem(source.model, item, source.language)
            for level in sorted({demand.level for demand in item.demands}):
                asked = [demand for demand in item.demands if demand.level == level]
                first = archive.names.unique(folder, packs.file_stem(stem, level, 1), ".html")
                base = first.removesuffix(".html")
                files, attached = _attached(reading, source, asked, archive, folder, base)
                evidence = LevelEvidence(
                    model=source.model,
                    item=item,
                    level=level,
                    rating=source.result.item(item.id),
                    subject=scope_words(source.snapshot.scope, _path(source), wording),
                    period=source.period,
                    snapshot=source.snapshot.row.digest,
                    demands=tuple(teller.tell(item, demand, files) for demand in asked),
                )
                archive.add(
                    first, [render_level_html(evidence, wording, lambda path: address(path.rpartition("/")[2]))]
                )
                archive.add(f"{base}.csv", [render_level_csv(evidence, wording)])
                met = sum(one.result.answer is Answer.MET for one in evidence.demands)
                yield LevelFiles(item.id, level, first, f"{base}.csv", tuple(attached), met, len(asked))


def _attached(
    reading: Session, source: _Source, asked: Sequence[Demand], archive: _Archive, folder: str, base: str
) -> tuple[Mapping[str, str], Sequence[str]]:
    """Writes the files of the attestations that answer these demands; paths by digest, and in order."""
    demands = {demand.id for demand in asked}
    stem = base.rpartition("/")[2]
    # The number at the end is that of page and table.
    head, _, tail = stem.rpartition("-01")
    by_digest: dict[str, str] = {}
    for number in sorted(source.words):
        word = source.words[number]
        if word.demand_id not in demands or not word.file_digest or word.file_digest in by_digest:
            continue
        content = attestations.content_of(reading, word.file_digest)
        if content is None:
            continue
        ending = FILE_TYPES.get(word.file_type, ".bin")
        name = f"{head}-{len(by_digest) + 2:02}{tail}"
        by_digest[word.file_digest] = archive.add(archive.names.unique(folder, name, ending), [content])
    return by_digest, list(by_digest.values())


class _Teller:
    """Tells what is behind demands."""

    def __init__(self, reading: Session, source: _Source) -> None:
        self.reading, self.source = reading, source
        self._results: dict[str, list[tuple[int, DemandResult]]] = {}
        for number, content in source.contents.items():
            rated = content.result(source.model.id)
            for item in rated.items if rated is not None else ():
                for one in item.demands:
                    self._results.setdefault(one.demand_id, []).append((number, one))

    def tell(self, item: Item, demand: Demand, files: Mapping[str, str]) -> DemandEvidence:
        source = self.source
        result = next(one for one in source.result.item(item.id).demands if one.demand_id == demand.id)
        answers = self._sorted(demand)
        rows: list[Behind] = []
        told: Sequence[int] = ()
        if not isinstance(demand.asks, Attest):
            whole = source.snapshot.scope.project_id
            told = [whole] if whole is not None else [number for number, _ in answers[:TOLD_PROJECTS]]
            for number in told:
                rows += self._rows(number, demand.asks.measure)
        numbers = {result.attestation_id} | {one.attestation_id for _, one in answers}
        mine = sorted(number for number in numbers if number is not None)
        return DemandEvidence(
            demand=demand,
            result=result,
            counters=self._counters(demand, source.snapshot.content),
            projects=tuple(
                OfProject(source.paths[number], one, self._counters(demand, source.contents[number]))
                for number, one in answers
            ),
            rows=tuple(rows),
            rows_of=len(told),
            words=tuple(self._word(source.words[number], files) for number in mine if number in source.words),
            words_lost=sum(number not in source.words for number in mine),
        )

    def _sorted(self, demand: Demand) -> list[tuple[int, DemandResult]]:
        """What speaks against it first, then what is not known."""
        order = {Answer.UNMET: 0, Answer.UNKNOWN: 1, Answer.MET: 2}
        found = self._results.get(demand.id, [])
        return sorted(found, key=lambda one: (order[one[1].answer], self.source.paths[one[0]], one[0]))

    def _rows(self, number: int, measure: str) -> Iterator[Behind]:
        limit = ROWS_OF_SEVERAL if self.source.several else ROWS
        for row in evidence_rows(self.reading, number, measure, self.source.period, limit):
            yield Behind(row.kind, row.what, row.at, row.value, self.source.paths[number], _reference(row))

    def _counters(self, demand: Demand, content: Content) -> Mapping[str, int]:
        if isinstance(demand.asks, Attest):
            return {}
        measure = MEASURES[demand.asks.measure]
        there = content.inputs.shared if measure.shared else content.inputs.counters
        return {name: there[name] for name in measure.uses if name in there}

    def _word(self, word: Attestation, files: Mapping[str, str]) -> Word:
        wording = words_in(self.source.language)
        path = self.source.paths.get(word.scope.project_id or 0, "")
        return Word(
            attestation=word,
            about=scope_words(word.scope, path, wording),
            file=files.get(word.file_digest, ""),
            as_rated=attestation_digest(word, end_of(self.source.period)) == self.source.digests[word.id],
        )


def _reference(row: EvidenceRow) -> str:
    for name, value in (
        ("finding", row.finding_id),
        ("incident", row.incident_id),
        ("suppression", row.suppression_id),
        ("merge request", row.iid),
        ("scan", row.scan_id),
    ):
        if value is not None:
            return f"{name} {value}"
    return ""


def _path(source: _Source) -> str:
    number = source.snapshot.scope.project_id
    return "" if number is None else source.paths[number]


# --- policies, snapshot, audit log ------------------------------------------------------------------------------------


def _policies(services: Services, source: _Source, archive: _Archive) -> Iterator[str]:
    since, until = moments(source.period)
    whole = source.snapshot.scope.kind is ScopeKind.ORGANISATION
    listed = []
    with session(services.store) as reading:
        for one in packing.policies_in_force(reading, since, until, None if whole else source.paths.keys()):
            path = ""
            if one.kept:
                path = f"{packs.policy_folder(source.language)}/{packs.safe_name(one.digest, 'policy')}.json"
                yield archive.add(path, _json(packing.policy_document(reading, one.digest)))
            first, last = json_time(one.first_at) or "", json_time(one.last_at) or ""
            listed.append(PolicyFile(one.digest, first, last, one.scans, one.decisions, path))
    yield archive.add(packs.POLICIES, [render_policies(listed, words_in(source.language))])


def _export(reading: Session, snapshot: Snapshot) -> Export:
    row = snapshot.row
    earlier = tuple(one for one in snapshots.revisions(reading, row.scope, row.period) if one.revision < row.revision)
    inputs = snapshot.content.inputs
    # As they were stored: whoever checks them says what is wrong with them.
    content = snapshots.documents(reading, [row.content]).get(row.content, {})
    used = models.documents_of(reading, {one.digest for one in inputs.models})
    parts = snapshots.documents(reading, {digest for _, digest in inputs.projects or ()})
    return Export(row, earlier, content, dict(sorted(used.items())), dict(sorted(parts.items())))


def _audit(services: Services, source: _Source, sign: Callable[[bytes], Envelope]) -> Iterator[bytes]:
    """The organisation's log of the period with a signed statement; of others the entries that concern them."""
    since, until = moments(source.period)
    with session(services.store) as reading:
        if source.snapshot.scope.kind is not ScopeKind.ORGANISATION:
            for line in write_lines(packing.entries_about(reading, since, until, source.paths.keys()), "jsonl"):
                yield line.encode("utf-8", "surrogatepass")
            return
        # How the log stood when the period was over, whenever the pack is made.
        head = packing.head_at(reading, until)
        first, last = audit.bounds(reading, since, until)
        start, count = head, 0
        for entry in audit.stream(reading, first, last):
            if not count:
                start = Head(entry.sequence - 1, entry.previous)
            count += 1
            yield from (line.encode("utf-8", "surrogatepass") for line in write_lines([entry], "jsonl"))
        part = Part(start, head, count, head, until)
        yield write_statement(sign(statement_of(part)).to_json(), "jsonl").encode("ascii")


def _manifest(source: _Source, earlier: Iterable[str], summary: str, archive: _Archive) -> Manifest:
    row = source.snapshot.row
    return Manifest(
        scope=row.scope,
        path=_path(source),
        period=row.period,
        language=source.language,
        model=ModelRef(source.model.id, source.model.version, source.model.digest),
        snapshot=row.digest,
        content=row.content,
        revision=row.revision,
        earlier=tuple(earlier),
        summary=summary,
        mergewarden=tool_version(),
        files=tuple(sorted(archive.files, key=lambda one: one.path)),
    )


# --- the zip ----------------------------------------------------------------------------------------------------------


class _Archive:
    """A zip whose bytes depend on nothing but names and contents of its files, and on their order."""

    def __init__(self, stream: BinaryIO) -> None:
        self.names = Names()
        self.files: list[PackedFile] = []
        self._zip = zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED, compresslevel=6)

    def add(self, path: str, chunks: Iterable[bytes]) -> str:
        """Write a file; returns its path."""
        info = zipfile.ZipInfo(path, _LONG_AGO)
        info.compress_type = zipfile.ZIP_DEFLATED
        # Not the system that it runs on: a regular file that everybody may read.
        info.create_system = 3
        info.external_attr = 0o100644 << 16
        size, digest = 0, hashlib.sha256()
        with self._zip.open(info, "w", force_zip64=True) as target:
            for chunk in chunks:
                target.write(chunk)
                digest.update(chunk)
                size += len(chunk)
        self.files.append(PackedFile(path, size, digest.hexdigest()))
        return path

    def close(self) -> None:
        self._zip.close()


def _json(document: Any) -> Iterator[bytes]:
    """As it is written piece by piece: a snapshot of thousands of projects is large."""
    encoder = json.JSONEncoder(ensure_ascii=True, separators=(",", ":"), allow_nan=False, sort_keys=True)
    pieces: list[str] = []
    held = 0
    for piece in encoder.iterencode(document):
        pieces.append(piece)
        held += len(piece)
        if held >= _CHUNK:
            yield "".join(pieces).encode("ascii")
            pieces, held = [], 0
    yield ("".join(pieces) + "\n").encode("ascii")


# --- checking ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PackChecked:
    """What a check found."""

    manifest: Manifest | None
    """None where it cannot be read."""
    key: str
    """Id of the key that signed it; empty where nobody gave one."""
    wrong: tuple[str, ...]
    """One line for each thing, in English; not cleaned."""


def check_pack(place: Path, keys: Sequence[PublicKey]) -> PackChecked:
    """
    Check a pack whoever made it: its signature (where there are ``keys``), every file, its snapshot and its audit log.

    Never reads more of a file than the manifest says that it has. Raises ``PackError`` for what is no pack at all.
    """
    try:
        with zipfile.ZipFile(place) as archive:
            return _checked(archive, keys)
    except OSError as error:
        raise PackError(f"{place} cannot be read: {error.strerror or error}", "Name a pack.") from error
    except (zipfile.BadZipFile, NotImplementedError, ValueError) as error:
        raise PackError(f"{place} is no zip that can be read: {error}", "Name a pack.") from error


def _checked(archive: zipfile.ZipFile, keys: Sequence[PublicKey]) -> PackChecked:
    infos = archive.infolist()
    if len(infos) > packs.MOST_FILES + 2:
        raise PackError(f"it has more than {packs.MOST_FILES} files", "Name a pack.")
    by_name: dict[str, list[zipfile.ZipInfo]] = {}
    for info in infos:
        by_name.setdefault(info.filename, []).append(info)
    if packs.MANIFEST not in by_name:
        raise PackError(f"there is no {packs.MANIFEST} in it", "Name a pack.")
    wrong = [f"{name} is there twice" for name in (packs.MANIFEST, packs.ENVELOPE) if len(by_name.get(name, ())) > 1]
    raw = _small(archive, by_name[packs.MANIFEST][0], packs.LARGEST_MANIFEST)
    sha256 = hashlib.sha256(raw).hexdigest()
    key, signed = "", False
    try:
        if packs.ENVELOPE not in by_name:
            raise PackError(f"{packs.ENVELOPE} is missing")
        envelope = read_envelope(_small(archive, by_name[packs.ENVELOPE][0], LARGEST))
        if keys:
            key = checked(envelope, keys).id
        if packs.signed_digest(envelope.payload) != sha256:
            wrong.append(f"{packs.MANIFEST} was changed: it is not the one that was signed")
        else:
            signed = bool(key)
    except (PackError, UnreadableReceipt, InvalidReceipt) as error:
        wrong.append(f"the signature does not hold: {str(error).splitlines()[0]}")
    try:
        manifest = packs.read_manifest(raw)
    except PackError as error:
        return PackChecked(None, key, (*wrong, str(error).splitlines()[0]))
    wanted = {one.path: one for one in manifest.files}
    seen = []
    for info in infos:
        if info.filename in (packs.MANIFEST, packs.ENVELOPE):
            continue
        known = wanted.get(info.filename)
        seen.append(_look(archive, info, known.size if known is not None else 0))
    wrong += packs.differences(manifest, seen)
    # Only what somebody whom we know signed is read as a whole, and what was changed says nothing more.
    whole = {one.path for one in seen if wanted.get(one.path) == one} if signed else set()
    if packs.SNAPSHOT in whole:
        wrong += _check_snapshot(archive, by_name[packs.SNAPSHOT][0], manifest)
    if packs.AUDIT in whole:
        wrong += _check_audit(archive, by_name[packs.AUDIT][0], manifest, keys)
    return PackChecked(manifest, key, tuple(wrong))


def _look(archive: zipfile.ZipFile, info: zipfile.ZipInfo, most: int) -> PackedFile:
    """Size and digest of a file; no more is read than ``most`` and one byte."""
    size, digest = 0, hashlib.sha256()
    try:
        with archive.open(info) as stream:
            while size <= most and (chunk := stream.read(min(_CHUNK, most + 1 - size))):
                size += len(chunk)
                digest.update(chunk)
    except _UNREADABLE:
        return PackedFile(info.filename, size, "")
    return PackedFile(info.filename, size, digest.hexdigest())


_UNREADABLE: Final = (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError, ValueError)
"""What a zip that somebody changed makes of reading it."""


def _small(archive: zipfile.ZipFile, info: zipfile.ZipInfo, most: int) -> bytes:
    try:
        with archive.open(info) as stream:
            raw = stream.read(most + 1)
    except _UNREADABLE as error:
        raise PackError(
            f"{info.filename} in it cannot be read: {error}", "Take the pack from where it was kept."
        ) from None
    if len(raw) > most:
        raise PackError(f"{info.filename} in it is larger than {most} bytes", "It is no pack of ours.")
    return raw


def _check_snapshot(archive: zipfile.ZipFile, info: zipfile.ZipInfo, manifest: Manifest) -> Iterator[str]:
    try:
        export = read_export(json.loads(_small(archive, info, LARGEST_FILE)))
    except (ValueError, RecursionError, MergewardenError) as error:
        yield f"{packs.SNAPSHOT} is no exported snapshot: {str(error).splitlines()[0]}"
        return
    row = export.row
    if (row.digest, row.content, row.revision) != (manifest.snapshot, manifest.content, manifest.revision):
        yield f"{packs.SNAPSHOT} is another snapshot than the manifest says"
    for defect in verify_export(export):
        yield f"{packs.SNAPSHOT}: {defect.text}"


def _check_audit(
    archive: zipfile.ZipFile, info: zipfile.ZipInfo, manifest: Manifest, keys: Sequence[PublicKey]
) -> Iterator[str]:
    whole = manifest.scope.kind is ScopeKind.ORGANISATION
    checker = Checker(whole_log=False)
    part: Part | None = None
    try:
        with archive.open(info) as stream:
            lines = (line.decode("utf-8", "surrogatepass") for line in stream)
            for line in read_lines(lines) if whole or info.file_size else ():
                if isinstance(line, Entry):
                    checker.feed(line)
                    if not whole and line.computed_digest() != line.digest:
                        yield f"{packs.AUDIT}: entry {line.sequence} was changed: its digest does not fit what it says"
                elif line is None:
                    yield f"{packs.AUDIT} has a line that is no entry"
                else:
                    envelope = Envelope.from_json(line)
                    if keys:
                        checked(envelope, keys)
                    part = part_of(envelope.payload)
    except (AuditError, UnreadableReceipt, InvalidReceipt, *_UNREADABLE) as error:
        yield f"{packs.AUDIT} does not hold: {str(error).splitlines()[0]}"
        return
    if whole:
        if part is None:
            yield f"{packs.AUDIT} has no signed statement at its end"
        else:
            yield from (f"{packs.AUDIT}: {one}" for one in checker.finish(part.end, part.start).breaks)
