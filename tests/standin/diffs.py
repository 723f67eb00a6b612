"""
Where a comment may stand, decided with git's own diff of base and head.

As GitLab does it: a pair (old line, new line) must be exactly one that the diff shows, or a right pair outside the
hunks of a modified text file. Renames are found from 30% similarity on, which is what Gitaly asks git for.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from tests.standin.model import Json
from tests.standin.repository import Repository

_HUNK = re.compile(rb"^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")


@dataclass(frozen=True)
class DiffFile:
    status: str
    """A, D, M, R, C or T."""
    old_path: str
    new_path: str
    old_mode: str
    new_mode: str


def diff_files(repository: Repository, base: str, head: str) -> list[DiffFile]:
    raw = repository.git("diff", "--raw", "-z", "--find-renames=30%", "--no-abbrev", base, head).split(b"\x00")
    files = []
    position = 0
    while position < len(raw) and raw[position].startswith(b":"):
        old_mode, new_mode, _, _, status = raw[position][1:].decode().split(" ")
        two = status[0] in "RC"
        names = [raw[position + 1 + i].decode("utf-8", "replace") for i in range(2 if two else 1)]
        files.append(DiffFile(status[0], names[0], names[-1], old_mode, new_mode))
        position += 3 if two else 2
    return files


def patch(repository: Repository, base: str, head: str, file: DiffFile) -> bytes:
    """The hunks of one file, without the header lines."""
    paths = [f":(literal){p}" for p in dict.fromkeys((file.old_path, file.new_path))]
    text = repository.git("diff", "--find-renames=30%", "-U3", base, head, "--", *paths)
    start = text.find(b"\n@@ ")
    return text[start + 1 :] if start >= 0 else b""


def shown_pairs(hunks: bytes) -> tuple[set[tuple[int | None, int | None]], list[tuple[int, int, int, int]]]:
    """Every (old, new) pair that the diff shows, and the hunks as (old start, count, new start, count)."""
    pairs: set[tuple[int | None, int | None]] = set()
    ranges = []
    old = new = 0
    for line in hunks.split(b"\n"):
        if header := _HUNK.match(line):
            numbers = [int(x) if x is not None else 1 for x in header.groups()]
            ranges.append((numbers[0], numbers[1], numbers[2], numbers[3]))
            old, new = numbers[0], numbers[2]
        elif line.startswith(b"+"):
            pairs.add((None, new))
            new += 1
        elif line.startswith(b"-"):
            pairs.add((old, None))
            old += 1
        elif line.startswith(b" "):
            pairs.add((old, new))
            old, new = old + 1, new + 1
    return pairs, ranges


def valid_line(repository: Repository, base: str, head: str, position: Json) -> bool:
    """Whether this text position stands on a line that GitLab can show."""
    file = find_file(repository, base, head, position)
    if file is None:
        return False
    hunks = patch(repository, base, head, file)
    pairs, ranges = shown_pairs(hunks)
    old, new = position.get("old_line"), position.get("new_line")
    if (old, new) in pairs:
        return True
    if old is None or new is None or file.status in "AD" or not ranges:
        return False
    delta = 0
    for old_start, old_count, new_start, new_count in ranges:
        if new >= new_start + new_count:
            delta += new_count - old_count
        elif new >= new_start or old >= old_start:
            return False
    return bool(old == new - delta and 1 <= old <= repository.line_count(base, file.old_path))


def find_file(repository: Repository, base: str, head: str, position: Json) -> DiffFile | None:
    wanted = (position.get("old_path"), position.get("new_path"))
    return next((f for f in diff_files(repository, base, head) if (f.old_path, f.new_path) == wanted), None)


def trace(repository: Repository, old_head: str, new_base: str, new_head: str, position: Json) -> Json | None:
    """Where a position on the new side stands after a push; None when its line was edited or is gone."""
    line = position.get("new_line")
    if position.get("position_type") != "text" or line is None:
        return None
    path = position["new_path"]
    moved = next((f for f in diff_files(repository, old_head, new_head) if f.old_path == path), None)
    if moved is not None:
        if moved.status == "D":
            return None
        text = repository.git(
            "diff",
            "--find-renames=30%",
            "-U0",
            old_head,
            new_head,
            "--",
            f":(literal){moved.old_path}",
            f":(literal){moved.new_path}",
        )
        _, ranges = shown_pairs(text)
        shift = 0
        for old_start, old_count, _, new_count in ranges:
            first = old_start if old_count else old_start + 1
            if line < first:
                break
            if line < first + old_count:
                return None
            shift += new_count - old_count
        line, path = line + shift, moved.new_path
    file = next((f for f in diff_files(repository, new_base, new_head) if f.new_path == path and f.status != "D"), None)
    if file is None:
        return None
    pairs, ranges = shown_pairs(patch(repository, new_base, new_head, file))
    old: int | None = next((o for o, n in pairs if n == line), -1)
    if old == -1:
        old = line - sum(nc - oc for _, oc, ns, nc in ranges if line >= ns + nc)
    return {**position, "old_path": file.old_path, "new_path": file.new_path, "old_line": old, "new_line": line}
