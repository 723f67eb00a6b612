"""
A git history made of published releases, for measuring on code that people wrote where no repository can be cloned.

Takes a folder of wheels of one package (``pip download --no-deps --only-binary :all: NAME==VERSION``). A wheel is a zip
file: it is only read, nothing of it is ever installed or executed. What differs between two releases comes in commits
of a few files and a few hunks of each, as merge requests do, and after each of them a program that could be parsed
still can.
"""

from __future__ import annotations

import ast
import warnings
import zipfile
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from packaging.utils import parse_wheel_filename

from bot.domain.change import FileChange
from bot.pipeline.git import Repository
from tests.pipeline.git.builder import Blob, Builder, Content

FILES_PER_COMMIT = 3
HUNKS_PER_COMMIT = 5
_LARGEST = 1_000_000


def history_of(wheels: Path, path: Path) -> Path:
    """
    Make a bare repository at ``path``, which must not exist, out of the wheels of a folder, oldest version first.

    Raises ``ValueError`` when a file's name is not a wheel's, or there are fewer than two.
    """
    releases = sorted(wheels.glob("*.whl"), key=lambda wheel: parse_wheel_filename(wheel.name)[1])
    if len(releases) < 2:
        raise ValueError(f"{wheels} does not hold two wheels or more")
    builder = Builder(path)
    repository = Repository(path)
    contents = _contents(releases[0])
    head = builder.commit(contents)
    for release in releases[1:]:
        after = _contents(release)
        gone: dict[str | bytes, Content] = {name: None for name in contents if name not in after}
        # The whole release first, only to see what git says was renamed.
        whole = builder.commit({**after, **gone}, ref="refs/heads/whole", parents=[head])
        blobs = {entry.path: entry.blob for entry in repository.tree(whole)}
        changes = repository.changes(head, whole)
        for start in range(0, len(changes), FILES_PER_COMMIT):
            group = [
                (change, _stages(change, contents, after, blobs))
                for change in changes[start : start + FILES_PER_COMMIT]
            ]
            for number in range(max(len(stages) for _, stages in group)):
                files: dict[str | bytes, Content] = {}
                for change, stages in group:
                    if number >= len(stages):
                        continue
                    # The source of a copy stays; of a renamed file the old name goes, unless another file takes it.
                    if number == 0 and change.old_path is not None and change.old_path not in blobs:
                        files[str(change.old_path)] = None
                    if change.new_path is not None:
                        files[str(change.new_path)] = stages[number]
                head = builder.commit(files)
        contents = after
    return path


def _stages(
    change: FileChange,
    before: Mapping[str | bytes, Content],
    after: Mapping[str | bytes, Content],
    blobs: Mapping[PurePosixPath, str],
) -> list[Content]:
    """What the file looks like after each few hunks; at the end as in the release."""
    if change.new_path is None:
        return [None]
    last = Blob(blobs[change.new_path])
    old, new = before.get(str(change.old_path)), after[str(change.new_path)]
    if not isinstance(old, bytes) or not isinstance(new, bytes) or not (_parses(old) and _parses(new)):
        return [last]
    old_lines, new_lines = old.splitlines(keepends=True), new.splitlines(keepends=True)
    stages: list[Content] = []
    for number in range(HUNKS_PER_COMMIT, len(change.hunks), HUNKS_PER_COMMIT):
        hunk = change.hunks[number - 1]
        old_end = hunk.old_start + max(hunk.old_count - 1, 0)
        new_end = hunk.new_start + max(hunk.new_count - 1, 0)
        stage = b"".join(new_lines[:new_end] + old_lines[old_end:])
        if _parses(stage):
            stages.append(stage)
    return [*stages, last]


def _parses(text: bytes) -> bool:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


def _contents(wheel: Path) -> dict[str | bytes, Content]:
    """The package's files; those that only the installer reads, and very large ones, are left out."""
    with zipfile.ZipFile(wheel) as archive:
        return {
            info.filename: archive.read(info)
            for info in archive.infolist()
            if not info.is_dir() and info.file_size <= _LARGEST and ".dist-info/" not in info.filename
        }
