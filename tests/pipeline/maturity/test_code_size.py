"""How much code there is, and how much of it every static scanner read."""

from __future__ import annotations

from datetime import timedelta
from pathlib import PurePosixPath
from typing import ClassVar

import pytest

from bot.pipeline.assess import tools_of
from bot.pipeline.branch import scan_branch
from bot.pipeline.git.command import BIG_FILE
from bot.pipeline.git.repository import TreeEntry
from bot.pipeline.maturity.code_size import count_code, count_files, sum_up
from bot.store.engine import session
from bot.store.maturity import collected
from bot.store.maturity.collected import CODE_SIZE, CodeSize
from bot.store.tracking import OWN, Ref, StreamState
from scanners.finding import FindingKind
from scanners.interface import ScannerAbsent, Unit
from tests.pipeline.maturity.stage import NOW, Stage
from tests.scanners.fakes import FakeScanner
from tests.standin import Blob


class Python(FakeScanner):
    name: ClassVar[str] = "python"


class Both(FakeScanner):
    """A second static scanner."""

    name: ClassVar[str] = "both"

    def applies_to(self, unit: Unit) -> bool:
        return unit.name.endswith((".py", ".js"))


class Gone(Both):
    def version(self) -> str:
        raise ScannerAbsent("not installed")


class Secrets(FakeScanner):
    name: ClassVar[str] = "secrets"
    kind: ClassVar[FindingKind] = FindingKind.SECRET

    def applies_to(self, unit: Unit) -> bool:
        return True


@pytest.fixture(autouse=True)
def scanners(stage: Stage) -> None:
    stage.services.scanners = (Python(), Both(), Secrets())


def scan(stage: Stage, job: str = "one") -> str:
    """The default branch is scanned."""
    number = stage.project.id
    return scan_branch(stage.services, tools_of(stage.services), f"{number}-{job}", number, "main", None)


def counted(stage: Stage) -> tuple[int, int, int]:
    """Lines, lines that are read by somebody, lines that were read."""
    stage.collect()
    with session(stage.services.store) as reading:
        found = collected.code_size(reading, stage.project.id)
    assert found is not None
    assert found[0].commit == stage.project.repository.head("main")
    return found[0].lines, found[0].scannable_lines, found[0].read_lines


def test_lines_are_those_of_text_and_scannable_those_of_static_scanners(stage: Stage) -> None:
    files: dict[str, str | bytes | Blob | None] = {
        "README.md": "one\ntwo\nthree",
        "app.py": "a\nb\nc\n",
        "web/app.js": "a\nb\n",
        "empty.py": "",
        "picture.png": b"\x89PNG\x00\x00\n\n\n",
        "copy.py": "a\nb\nc\n",
        "run": "#!/usr/bin/env python3\nx\n",
        "wide.py": "a\nb\nc\nd\n".encode("utf-16"),
    }
    stage.commit(files, days=9)
    assert scan(stage) == "done"
    # README 3; app, copy and run by their kind, wide by its letters, app.js.
    assert counted(stage) == (3 + 3 + 3 + 2 + 4 + 2, 3 + 3 + 2 + 4 + 2, 3 + 3 + 2 + 4 + 2)


def test_what_a_scanner_left_out_is_not_read(stage: Stage) -> None:
    stage.commit({"good.py": "a\nb\n", "odd.py": "odd\nb\nc\n", "x.js": "odd\n"}, days=9)
    scan(stage)
    assert counted(stage) == (2 + 3 + 1 + 1, 2 + 3 + 1, 2)


def test_a_push_has_only_what_it_changes_read_again(stage: Stage) -> None:
    stage.commit({"good.py": "a\nb\n", "odd.py": "odd\nb\nc\n", "other.py": "odd\n"}, days=9)
    scan(stage)
    assert counted(stage) == (1 + 6, 6, 2)
    # Of these two the one is put right, and the other is as it was: nobody read it again.
    stage.commit({"odd.py": "fine\nb\nc\n"}, days=8)
    assert scan(stage, "two") == "done"
    assert counted(stage) == (1 + 6, 6, 5)


def test_a_file_at_which_a_scanner_breaks_is_not_read(stage: Stage) -> None:
    stage.commit({"good.py": "a\nb\n", "bad.js": "crash\n"}, days=9)
    scan(stage)
    assert counted(stage) == (1 + 3, 3, 2)


def test_without_an_answer_nothing_is_read(stage: Stage) -> None:
    stage.services.scanners = (Python(), Gone(), Secrets())
    stage.commit({"good.py": "a\nb\n", "x.js": "a\n"}, days=9)
    scan(stage)
    # One of the two that read Python is not there.
    assert counted(stage) == (1 + 3, 3, 0)


def test_it_is_counted_when_it_was_read_and_not_else(stage: Stage) -> None:
    stage.commit({"good.py": "a\nb\n"}, days=9)
    scan(stage)
    first = counted(stage)
    mirror = stage.scanned()
    later = NOW + timedelta(days=400)
    args = stage.services, mirror, stage.project.id, "main"
    # The stage's scans are of this very day, which lies before or after its night.
    assert count_code(*args, later) in ("counted", "unchanged")
    assert count_code(*args, later + timedelta(days=1)) == "unchanged"
    stage.commit({"good.py": "a\nb\nc\n"}, days=8)
    assert count_code(*args, later) == "unchanged"  # a push that nobody scanned yet
    scan(stage, "two")
    assert count_code(*args, later) == "counted"
    with session(stage.services.store) as reading:
        known = collected.code_size(reading, stage.project.id)
    assert known is not None
    assert known[0].lines == first[0] + 1


def test_a_branch_that_was_never_read_has_no_size(stage: Stage) -> None:
    mirror = stage.scanned()
    assert count_code(stage.services, mirror, stage.project.id, "main", NOW) == "never_read"
    stage.collect()
    assert stage.progress(CODE_SIZE).collected_at is None


def test_too_much_to_read_is_not_a_little(stage: Stage) -> None:
    mirror = stage.scanned()
    huge = [
        TreeEntry(PurePosixPath(f"{n}.py"), b"x", 0o100644, f"{n:040x}", BIG_FILE)
        for n in range(4_000_000_000 // BIG_FILE + 1)
    ]
    assert count_files(mirror, huge, [Python()]) is None
    larger = TreeEntry(PurePosixPath("x.py"), b"x", 0o100644, "a" * 40, BIG_FILE + 1)
    assert count_files(mirror, [larger], [Python()]) == []


def test_where_gaps_may_be_missing_nothing_counts_as_read(stage: Stage) -> None:
    stage.commit({"good.py": "a\nb\n"}, days=9)
    mirror = stage.scanned()
    files = count_files(mirror, mirror.tree(mirror.resolve(stage.project.repository.head("main") or "")), [Python()])
    assert files is not None
    state = StreamState(Ref(7, "main"), OWN, looked_with={"python": "1 d"})
    assert sum_up("a" * 40, files, state, set()) == CodeSize("a" * 40, 3, 2, 2)
    assert sum_up("a" * 40, files, state, None) == CodeSize("a" * 40, 3, 2, 0)
    silent = StreamState(Ref(7, "main"), OWN, looked_with={"python": ""})
    assert sum_up("a" * 40, files, silent, set()) == CodeSize("a" * 40, 3, 2, 0)
