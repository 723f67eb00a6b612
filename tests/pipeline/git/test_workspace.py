from __future__ import annotations

import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from bot.pipeline.git import CorruptRepository, Repository, TreeEntry
from bot.pipeline.workspace import Limits, clear_leftovers, materialise, scan_folder
from tests.pipeline.git.builder import Builder, Link, Submodule, git


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "units"
    place.mkdir()
    return place


def test_each_content_is_written_once_under_a_neutral_name(
    builder: Builder, repository: Repository, folder: Path
) -> None:
    base = builder.commit({"a.py": "same\n", "b/évil name.py": "same\n", "c.js": "same\n", ".semgrepignore": "*\n"})
    head = builder.commit({"a.py": "other\n"})
    result = materialise(repository, {"head": repository.tree(head), "base": repository.tree(base)}, folder)
    assert sorted(place.name for place in folder.iterdir()) == sorted(unit.name for unit in result.units)
    assert len(result.units) == 4
    assert all(place.name.split(".")[0].isdigit() for place in folder.iterdir())
    assert all(stat.S_IMODE(place.stat().st_mode) == 0o600 for place in folder.iterdir())
    units = {(name, str(file.path)): file.unit for name, files in result.files.items() for file in files}
    assert units["base", "a.py"] == units["base", "b/évil name.py"] == units["head", "b/évil name.py"]
    assert units["base", "c.js"] != units["base", "a.py"]
    other = units["head", "a.py"]
    assert other is not None
    assert (folder / other.name).read_bytes() == b"other\n"
    assert other.size == 6


def test_links_submodules_and_binaries_are_left_out(builder: Builder, repository: Repository, folder: Path) -> None:
    head = builder.commit(
        {
            "link": Link(b"/etc/passwd"),
            "module": Submodule("1" * 40),
            "a.png": b"\x89PNG\0",
            "a.py": "1\n",
            "e.py": "",
        }
    )
    result = materialise(repository, {"head": repository.tree(head)}, folder)
    assert [str(file.path) for file in result.files["head"]] == ["a.py", "e.py"]
    assert sorted(place.read_bytes() for place in folder.iterdir()) == [b"", b"1\n"]


def test_link_that_makes_a_program_of_a_text_is_not_passed_over(
    builder: Builder, repository: Repository, folder: Path
) -> None:
    """Python follows the link and runs ``notes.txt``, which no scanner of Python reads."""
    head = builder.commit(
        {
            "plugin.py": Link(b"notes.txt"),
            "long.py": Link(b"x" * 5000),
            "fine.py": Link(b"real.py"),
            "real.py": "eval(x)\n",
            "notes.txt": "eval(x)\n",
        }
    )
    result = materialise(repository, {"head": repository.tree(head)}, folder)
    unread = {str(file.path): file.unread for file in result.files["head"] if file.unit is None}
    assert unread == {"plugin.py": "unsupported", "long.py": "unsupported"}


def test_what_is_beyond_a_limit_is_reported(builder: Builder, repository: Repository, folder: Path) -> None:
    head = builder.commit({"a.py": "1\n", "b.py": "22\n", "c.py": "3" * 100, "d.py": "44\n", "p.png": b"\0" * 200})
    trees = {"head": repository.tree(head)}
    few = materialise(repository, trees, folder, Limits(max_file_bytes=50, max_files=2))
    assert [(str(file.path), file.unread) for file in few.files["head"]] == [
        ("a.py", None),
        ("b.py", None),
        ("c.py", "too_large"),
        ("d.py", "too_many_files"),
    ]
    assert len(list(folder.iterdir())) == 2
    other = folder.parent / "other"
    other.mkdir()
    small = materialise(repository, trees, other, Limits(max_total_bytes=5))
    assert [file.unread for file in small.files["head"]] == [
        None,
        None,
        "too_many_files",
        "too_many_files",
        "too_many_files",
    ]


def test_existing_file_or_link_is_never_written_through(builder: Builder, repository: Repository, folder: Path) -> None:
    head = builder.commit({"a.py": "1\n"})
    victim = folder.parent / "victim"
    victim.write_text("mine")
    (folder / "000001.py").symlink_to(victim)
    with pytest.raises(FileExistsError):
        materialise(repository, {"head": repository.tree(head)}, folder)
    assert victim.read_text() == "mine"


def test_blob_that_cannot_be_read_is_an_error(builder: Builder, repository: Repository, folder: Path) -> None:
    head = builder.commit({"a.py": "1\n"})
    (entry,) = repository.tree(head)
    gone = TreeEntry(entry.path, entry.raw_path, entry.mode, "a" * 40, 2)
    with pytest.raises(CorruptRepository):
        materialise(repository, {"head": [gone]}, folder)


def test_scan_folder_is_private_and_goes_away(tmp_path: Path) -> None:
    with scan_folder(tmp_path) as first, scan_folder(tmp_path) as second:
        (first / "x").write_text("x")
        assert first != second
        assert stat.S_IMODE(first.stat().st_mode) == 0o700
        assert clear_leftovers(tmp_path) == 0
        assert first.exists()
    assert list((tmp_path / "scans").iterdir()) == []


def test_folder_of_a_killed_process_is_cleared_away(tmp_path: Path) -> None:
    script = (
        "import os, sys; from pathlib import Path; from bot.pipeline.workspace import scan_folder\n"
        "with scan_folder(Path(sys.argv[1])) as folder:\n"
        "    (folder / 'x').write_text('x'); os.kill(os.getpid(), 9)"
    )
    assert subprocess.run([sys.executable, "-c", script, str(tmp_path)], check=False).returncode == -9
    assert len(list((tmp_path / "scans").glob("*/x"))) == 1
    assert clear_leftovers(tmp_path) == 1
    assert list((tmp_path / "scans").iterdir()) == []


def test_two_gigabyte_blob_is_never_held_in_memory(builder: Builder, tmp_path: Path) -> None:
    """Fetched, compared and listed in a process of its own, so that its children's memory can be measured."""
    builder.commit({"a.py": "1\n"})
    builder.commit(
        {"a.py": None, "b.py": "1\n2\n", "big.py": builder.huge_blob(b"x = 1 #\n" * 2**17, 2048)},
        ref="refs/heads/side",
        parents=[git(builder.path, "rev-parse", "main")],
    )
    script = """
import resource, sys, tempfile
from pathlib import Path
from bot.pipeline.git import Mirror, branch_refspec, branch_ref
from bot.pipeline.workspace import materialise
mirror = Mirror(Path(sys.argv[2]), sys.argv[1], allow_file=True)
mirror.fetch([branch_refspec("main"), branch_refspec("side")])
base, head = mirror.resolve(branch_ref("main")), mirror.resolve(branch_ref("side"))
changes = {str(c.new_path or c.old_path): c for c in mirror.changes(base, head)}
assert changes["big.py"].binary, changes
with tempfile.TemporaryDirectory() as folder:
    files = materialise(mirror, {"head": mirror.tree(head)}, Path(folder)).files["head"]
assert [(str(f.path), f.unread) for f in files] == [("b.py", None), ("big.py", "too_large")], files
most = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_CHILDREN, resource.RUSAGE_SELF))
print(most)
"""
    started = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", script, str(builder.path), str(tmp_path / "mirror.git")],
        check=True,
        capture_output=True,
        text=True,
    )
    assert time.monotonic() - started < 40
    assert int(done.stdout) < 800_000  # KiB; git maps up to 512 MiB of a pack, which the kernel may take back
