"""
Turns files of a tree into the neutral units that scanners read.

A hostile repository decides nothing here but the content of a unit: not its name, not its place, and not how much of
our disk it takes.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bot.pipeline.git.repository import Repository, TreeEntry
from bot.pipeline.throwaway import sweep, throwaway_folder
from scanners.interface import GapReason, ScanFile, Unit
from scanners.units import BINARY_PROBE_BYTES, as_utf8, has_lone_cr, link_hides_kind, unit_name, unit_suffix

_MEGABYTE = 1_000_000
_SCANS = "scans"
_PROBES = 50
"""Large files whose first bytes we look at, at some 50 ms each."""
_LONGEST_LINK = 4096
"""Bytes of a path that Linux follows."""
_MOST_BINARY = 5
"""How many contents we read for each one that may become a unit; the others turn out to be binary."""

_Key = tuple[int, str, bytes]


@dataclass(frozen=True, slots=True)
class Limits:
    """How much of one scan is read; what is beyond is reported as not read."""

    max_file_bytes: int = 5 * _MEGABYTE
    max_files: int = 20_000
    """Units, that is different contents, of all trees together."""
    max_total_bytes: int = 300 * _MEGABYTE


@dataclass(frozen=True, slots=True)
class Materialised:
    """Units on disk, and which file of which tree each of them is."""

    units: tuple[Unit, ...]
    files: dict[str, tuple[ScanFile, ...]]
    """By the tree's name as given, in its order. Binary files, symbolic links and submodules are left out, except for
    links whose name says another kind than their target's, which count as not read."""
    lone_cr: frozenset[str] = frozenset()
    """Blobs in which a carriage return stands alone, so that scanners and git may number their lines differently."""


@contextmanager
def scan_folder(data_dir: Path) -> Iterator[Path]:
    """A fresh folder for one scan, removed at the end; also removes what killed processes left behind."""
    with throwaway_folder(data_dir / _SCANS) as folder:
        yield folder


def clear_leftovers(data_dir: Path) -> int:
    """Remove the scan folders of dead processes, for a process that starts; returns how many there were."""
    return sweep(data_dir / _SCANS)


def materialise(
    repository: Repository,
    trees: Mapping[str, Sequence[TreeEntry]],
    folder: Path,
    limits: Limits | None = None,
) -> Materialised:
    """
    Write each different content once, under a number and a suffix for its kind.

    :param trees: the files to read of each tree (for example base and head). Put the one that matters most first: when
        a limit is reached, the rest stays unread.
    :param folder: empty folder for the units; nothing else is put there.
    :raises GitError: contents cannot be read.
    :raises OSError: the disk is full.
    """
    limits = limits or Limits()
    known: dict[_Key, ScanFile | None] = {}
    """What became of each file, None for a binary one. The same file in two trees has one answer."""
    wanted: dict[str, list[TreeEntry]] = {}
    sizes: dict[str, int] = {}
    total = 0
    probes = _PROBES
    for entry in (entry for entries in trees.values() for entry in entries if entry.is_file):
        if _key(entry) in known:
            continue
        if entry.blob in sizes:
            wanted[entry.blob].append(entry)
        elif entry.size > limits.max_file_bytes:
            # A large picture is no gap in the scan, a large program is. When in doubt it is one.
            probe = repository.first_bytes(entry.blob, BINARY_PROBE_BYTES) if probes > 0 else b""
            probes -= 1
            binary = unit_suffix(entry.path, probe) is None
            known[_key(entry)] = None if binary else _unread(entry, GapReason.TOO_LARGE)
            continue
        elif total + entry.size > limits.max_total_bytes or len(sizes) >= _MOST_BINARY * limits.max_files:
            known[_key(entry)] = _unread(entry, GapReason.TOO_MANY_FILES)
            continue
        else:
            sizes[entry.blob] = entry.size
            wanted[entry.blob] = [entry]
            total += entry.size
        known[_key(entry)] = None

    links = _named_links(trees, known)
    units: dict[tuple[str, str], Unit] = {}
    lone_cr: set[str] = set()
    for blob, content in repository.read_blobs(sizes | {blob: size for blob, (size, _) in links.items()}):
        for entry in links[blob][1] if blob in links else ():
            if link_hides_kind(entry.path, content.decode("utf-8", "replace")):
                known[_key(entry)] = _unread(entry, GapReason.UNSUPPORTED)
        if has_lone_cr(content):
            lone_cr.add(blob)
        for entry in wanted.get(blob, ()):
            suffix = unit_suffix(entry.path, content)
            if suffix is None:
                continue
            unit = units.get((suffix, blob))
            if unit is None and len(units) < limits.max_files:
                text = as_utf8(suffix, content)
                unit = Unit(unit_name(len(units) + 1, suffix), blob, len(text))
                _write(folder / unit.name, text)
                units[suffix, blob] = unit
            known[_key(entry)] = (
                ScanFile(entry.path, unit) if unit is not None else _unread(entry, GapReason.TOO_MANY_FILES)
            )
    files = {
        name: tuple(file for entry in entries if (file := known.get(_key(entry))) is not None)
        for name, entries in trees.items()
    }
    return Materialised(units=tuple(units.values()), files=files, lone_cr=frozenset(lone_cr))


def _named_links(
    trees: Mapping[str, Sequence[TreeEntry]], known: dict[_Key, ScanFile | None]
) -> dict[str, tuple[int, list[TreeEntry]]]:
    """Size and links by the blob that says where they lead; those that are too long to be read are noted at once."""
    links: dict[str, tuple[int, list[TreeEntry]]] = {}
    for entry in (entry for entries in trees.values() for entry in entries if entry.is_link):
        if entry.size > _LONGEST_LINK:
            known[_key(entry)] = _unread(entry, GapReason.UNSUPPORTED)
        else:
            links.setdefault(entry.blob, (entry.size, []))[1].append(entry)
    return links


def _key(entry: TreeEntry) -> _Key:
    return entry.mode & 0o170000, entry.blob, entry.raw_path


def _unread(entry: TreeEntry, reason: GapReason) -> ScanFile:
    return ScanFile(entry.path, None, reason.value)


def _write(place: Path, content: bytes) -> None:
    handle = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
