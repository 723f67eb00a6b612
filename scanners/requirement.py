"""Which exact versions a requirements file asks for, and on which line."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from scanners.units import decode

_LINE_LIMIT = 10_000
_LINES_LIMIT = 20_000


@dataclass(frozen=True, slots=True)
class Pin:
    """One package at one exact version."""

    line: int
    name: str
    """Normalised (PEP 503)."""
    version: str
    """Normalised (PEP 440)."""


@dataclass(frozen=True, slots=True)
class Unpinned:
    """A line that asks for something that no advisory can be compared with."""

    line: int
    name: str
    """Normalised; empty when the line does not say."""


@dataclass(frozen=True, slots=True)
class Requirements:
    """What a file asks for. Includes (``-r``, ``-c``) are left alone: what they name is a file of its own."""

    pins: tuple[Pin, ...]
    unpinned: tuple[Unpinned, ...]
    invalid_lines: tuple[int, ...]
    """Numbers of the lines that pip could not read either."""


def read_requirements(raw: bytes, scratch: Path) -> Requirements:
    """
    Parse a requirements file the way pip does, without following, expanding or fetching anything.

    :param scratch: an existing folder for a moment's file; the parser reads only files.
    """
    # Slow to import, and only needed where there is a requirements file.
    from pip_requirements_parser import InstallRequirement, RequirementsFile  # type: ignore[import-untyped]

    text = decode(raw)
    lines = text.splitlines()
    if len(lines) > _LINES_LIMIT or any(len(line) > _LINE_LIMIT for line in lines):
        return Requirements((), (), (1,))
    copy = scratch / "requirements.parse.txt"
    copy.write_text(text, encoding="utf-8", errors="replace")
    pins: list[Pin] = []
    unpinned: list[Unpinned] = []
    try:
        parsed = RequirementsFile.from_file(str(copy), include_nested=False)
        invalid = [int(line.line_number or 1) for line in parsed.invalid_lines]
        for entry in parsed.requirements:
            number = max(1, int(entry.line_number or 1))
            name = canonicalize_name(entry.name) if entry.name else ""
            version = _exact_version(entry) if isinstance(entry, InstallRequirement) else None
            if version is None or not name:
                unpinned.append(Unpinned(number, name))
            else:
                pins.append(Pin(number, name, version))
    except Exception:
        return Requirements((), (), (1,))
    finally:
        copy.unlink(missing_ok=True)
    return Requirements(tuple(pins), tuple(unpinned), tuple(max(1, line) for line in invalid))


def _exact_version(entry: object) -> str | None:
    """The version of ``==`` or ``===`` without a wildcard. A marker is ignored: the pin counts wherever it applies."""
    if getattr(entry, "is_editable", False) or getattr(entry, "link", None) is not None:
        return None
    specifiers = list(getattr(entry, "specifier", None) or ())
    exact = [s for s in specifiers if s.operator in ("==", "===") and not s.version.endswith(".*")]
    if len(exact) != 1:
        return None
    try:
        return str(Version(exact[0].version))
    except InvalidVersion:
        return None
