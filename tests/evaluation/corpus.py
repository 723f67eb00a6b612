"""
The labelled cases, read from the comments in the code that they stand in.

A case begins at a comment line ``case: vulnerable`` or ``case: safe (why)`` and ends before the next one; its folder
names the weakness that the label is about. Files with ``held`` at the end of their name are held out: whoever writes
rules does not open them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

ROOT = Path(__file__).parent
CORPUS = ROOT / "corpus"
LANGUAGES = tuple(sorted(path.name for path in CORPUS.iterdir() if path.is_dir()))

_CASE = re.compile(r"^\s*(?:#|//|--|<!--)\s*case: (vulnerable|safe)(?: \((.+)\))?\s*(?:-->)?\s*$")
_HELD = re.compile(r"(_held|Held)$")


class CorpusError(Exception):
    """Raised when a file of the corpus does not say what it must; the text names the file and the line."""


@dataclass(frozen=True, slots=True)
class Case:
    """One piece of code whose truth is known."""

    path: Path
    weakness: str
    first_line: int
    last_line: int
    vulnerable: bool
    note: str
    """What makes it hard, or why it is safe; empty where that is plain."""
    held: bool

    @property
    def place(self) -> str:
        """Where it is, for a person: path below the corpus and line."""
        return f"{self.path.relative_to(CORPUS)}:{self.first_line}"


@cache
def cwes_of_weakness() -> dict[str, frozenset[int]]:
    """CWEs that a finding may name to count, by weakness."""
    document = yaml.safe_load((ROOT / "weaknesses.yaml").read_text(encoding="utf-8"))
    return {weakness: frozenset(cwes) for weakness, cwes in document.items()}


def files_of(language: str, weakness: str | None = None) -> list[Path]:
    """Files of a language's corpus (one weakness or all), in a stable order."""
    folder = CORPUS / language
    return sorted(path for path in folder.glob(f"{weakness or '*'}/*") if path.is_file())


def cases_of(path: Path) -> Iterator[Case]:
    """The cases of one file. Raises ``CorpusError``."""
    weakness = path.parent.name
    if weakness not in cwes_of_weakness():
        raise CorpusError(f"{path}: {weakness} is not in weaknesses.yaml")
    lines = path.read_text(encoding="utf-8").splitlines()
    marks = [(number, match) for number, line in enumerate(lines, start=1) if (match := _CASE.match(line))]
    for number, line in enumerate(lines, start=1):
        if re.search(r"\bcase: (vulnerable|safe)", line) and not _CASE.match(line):
            raise CorpusError(f"{path}:{number}: not a case mark: {line.strip()}")
    if not marks:
        raise CorpusError(f"{path}: no case")
    ends = [number - 1 for number, _ in marks[1:]] + [len(lines)]
    for (number, match), end in zip(marks, ends, strict=True):
        yield Case(path, weakness, number, end, match[1] == "vulnerable", match[2] or "", bool(_HELD.search(path.stem)))
