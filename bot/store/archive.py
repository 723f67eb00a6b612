"""
Reads JSON files out of an archive, a folder or a file that a stranger may have made. No database here.

Nothing is ever unpacked to disk, so names in an archive are words to show and nothing more.
"""

from __future__ import annotations

import os
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bot.errors import MergewardenError


class AdvisoryImportError(MergewardenError):
    """Raised when a file as a whole cannot be read, or is larger than we are willing to read; nothing was stored."""


@dataclass(frozen=True, slots=True)
class ArchiveLimits:
    """How much is read at most."""

    documents: int = 500_000
    document_bytes: int = 8 * 1024 * 1024
    """Of one file, unpacked."""
    total_bytes: int = 16 * 1024 * 1024 * 1024
    """Of all files, unpacked."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One file of an archive: its content, or why it was not read."""

    name: str
    """Made safe to print."""
    raw: bytes = b""
    refused: str = ""


def open_archive(path: Path, limits: ArchiveLimits) -> tuple[int, Iterator[Entry]]:
    """
    The number of entries and the entries, read one by one as they are asked for.

    ``path`` is a zip, one ``.json`` file, or a folder (read with its subfolders; symbolic links are not followed).
    Raises ``AdvisoryImportError`` before the first entry, and for a folder also while reading when limits are exceeded.
    """
    try:
        if path.is_dir():
            files = _files_below(path, limits)
            return len(files), _read_files(files, path, limits)
        if path.suffix.lower() == ".json":
            path.stat()
            return 1, _read_files([path], path.parent, limits)
        return _open_zip(path, limits)
    except FileNotFoundError:
        raise AdvisoryImportError(f"there is no file {path}") from None
    except OSError as error:
        raise AdvisoryImportError(f"{path} cannot be read: {error.strerror or error}") from error


def _files_below(folder: Path, limits: ArchiveLimits) -> list[Path]:
    found: list[Path] = []
    total = 0
    for parent, _, names in os.walk(folder, followlinks=False):
        for name in sorted(names):
            file = Path(parent, name)
            if file.suffix.lower() != ".json" or file.is_symlink() or not file.is_file():
                continue
            found.append(file)
            total += file.stat().st_size
            if len(found) > limits.documents or total > limits.total_bytes:
                raise AdvisoryImportError(f"{folder} holds more than {_amount(limits)}")
    return sorted(found)


def _read_files(files: list[Path], folder: Path, limits: ArchiveLimits) -> Iterator[Entry]:
    for file in files:
        name = printable(str(file.relative_to(folder)))
        try:
            with file.open("rb") as opened:
                raw = opened.read(limits.document_bytes + 1)
        except OSError as error:
            yield Entry(name, refused=f"cannot be read: {error.strerror}")
            continue
        yield Entry(name, refused=_too_large(limits)) if len(raw) > limits.document_bytes else Entry(name, raw)


def _open_zip(path: Path, limits: ArchiveLimits) -> tuple[int, Iterator[Entry]]:
    check_directory_size(path, limits)
    try:
        archive = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, ValueError, NotImplementedError, struct.error) as error:
        raise AdvisoryImportError(f"{path} is not a zip archive: {printable(str(error))}") from error
    entries = [entry for entry in archive.infolist() if not entry.is_dir()]
    # The reader never gives more than an entry declares, so the sum of what is declared is a true limit, also where
    # entries share their compressed bytes.
    if len(entries) > limits.documents or sum(entry.file_size for entry in entries) > limits.total_bytes:
        archive.close()
        raise AdvisoryImportError(f"{path} holds more than {_amount(limits)}")
    return len(entries), _read_zip(archive, entries, limits)


def _read_zip(archive: zipfile.ZipFile, entries: list[zipfile.ZipInfo], limits: ArchiveLimits) -> Iterator[Entry]:
    with archive:
        for entry in entries:
            name = printable(entry.filename)
            refused = _refused(entry, limits)
            if refused:
                yield Entry(name, refused=refused)
                continue
            try:
                with archive.open(entry) as opened:
                    raw = opened.read(limits.document_bytes + 1)
            except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, RuntimeError, struct.error) as error:
                yield Entry(name, refused=f"damaged: {printable(str(error)) or type(error).__name__}")
                continue
            yield Entry(name, raw)


def _refused(entry: zipfile.ZipInfo, limits: ArchiveLimits) -> str:
    if not entry.filename.lower().endswith(".json"):
        return "not a .json file"
    if entry.flag_bits & 0x1:
        return "encrypted"
    # The other methods may ask for gigabytes of memory before the first byte comes out.
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        return "compressed by a method other than deflate"
    if entry.file_size > limits.document_bytes:
        return _too_large(limits)
    return ""


# Sizes and layout: PKWARE's APPNOTE 6.3.10, sections 4.3.14 to 4.3.16.
_END = struct.Struct("<4s4H2LH")
_END64_LOCATOR = struct.Struct("<4sLQL")
_END64 = struct.Struct("<4sQ2H2L4Q")
_LONGEST_COMMENT = 65_535
_BYTES_PER_ENTRY = 120
"""Of a directory entry with a generous name; only to bound what is read at once."""


def check_directory_size(path: Path, limits: ArchiveLimits) -> None:
    """Refuse a directory that would fill memory: Python's reader takes it in whole before anyone can count."""
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        tail_start = max(0, size - _END.size - _LONGEST_COMMENT - _END64_LOCATOR.size - _END64.size)
        file.seek(tail_start)
        tail = file.read()
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or at + _END.size > len(tail):
        raise AdvisoryImportError(f"{path} is not a zip archive")
    directory_bytes = _END.unpack_from(tail, at)[5]
    locator = at - _END64_LOCATOR.size
    if locator >= 0 and tail[locator : locator + 4] == b"PK\x06\x07" and locator >= _END64.size:
        end64 = locator - _END64.size
        if tail[end64 : end64 + 4] == b"PK\x06\x06":
            directory_bytes = _END64.unpack_from(tail, end64)[8]
    if directory_bytes > limits.documents * _BYTES_PER_ENTRY:
        raise AdvisoryImportError(f"{path} holds more than {_amount(limits)}")


def _amount(limits: ArchiveLimits) -> str:
    return f"{limits.documents} files or {limits.total_bytes} bytes"


def _too_large(limits: ArchiveLimits) -> str:
    return f"larger than {limits.document_bytes} bytes"


def printable(text: str) -> str:
    """A stranger's text as one short printable line."""
    return "".join(character if character.isprintable() else "?" for character in text)[:200]
