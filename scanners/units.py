"""
Which neutral suffix stands for a file's kind, so that scanners read it without ever seeing its name.

A unit's suffix is the only thing that a scanner learns about a file besides its content.
"""

from __future__ import annotations

import re
from pathlib import PurePosixPath

BINARY_PROBE_BYTES = 8192
"""Git's own rule: a NUL among the first 8,000 bytes means binary. We round up."""

REQUIREMENTS = ".requirements.txt"
LOCK = ".lock"
TEXT = ".txt"

_ALIASES = {
    ".pyw": ".py",
    ".mjs": ".js",
    ".cjs": ".js",
    ".mts": ".ts",
    ".cts": ".ts",
    ".yml": ".yaml",
    ".htm": ".html",
    ".cc": ".cpp",
    ".cxx": ".cpp",
    ".hh": ".hpp",
    ".hxx": ".hpp",
    ".kts": ".kt",
    ".bash": ".sh",
    ".zsh": ".sh",
    ".ksh": ".sh",
    ".phtml": ".php",
    ".php5": ".php",
    ".hcl": ".tf",
    ".conf": ".ini",
    ".cfg": ".ini",
    ".sum": LOCK,
}
_KEPT_WORDS = """
    .py .pyi .js .jsx .ts .tsx .vue .java .kt .scala .go .rb .php .c .h .cpp .hpp .cs .swift .rs .sh .ps1 .pl .lua
    .yaml .json .toml .xml .html .ini .properties .env .sql .tf .dockerfile .ipynb .ejs .jsp .erb .lock
"""
_KEPT = frozenset(_KEPT_WORDS.split())
_NAMES = {
    "dockerfile": ".dockerfile",
    "containerfile": ".dockerfile",
    "jenkinsfile": ".txt",
    "rakefile": ".rb",
    "gemfile": ".rb",
    "vagrantfile": ".rb",
    "package-lock.json": LOCK,
    "npm-shrinkwrap.json": LOCK,
    "pnpm-lock.yaml": LOCK,
    "packages.lock.json": LOCK,
    "package.resolved": LOCK,
    ".env": ".env",
    ".bashrc": ".sh",
    ".profile": ".sh",
}
# requirements.txt, requirements-dev.txt, dev_requirements.txt, constraints.txt; requirements/base.txt is seen below
_REQUIREMENTS_NAME = re.compile(r"(?:.*[-_.])?(?:requirements|constraints)(?:[-_.].*)?\.txt", re.ASCII)
_SHEBANG = re.compile(
    rb"#![ \t]*[^\s]*/(?:env[ \t]+(?:-S[ \t]*)?(?:[^\s/]*/)*)?"
    rb"(python|node|deno|bash|dash|zsh|ksh|sh|ruby|perl|php)[\d.]*(?=\s|$)"
)
_SHEBANG_SUFFIX = {
    b"python": ".py",
    b"node": ".js",
    b"deno": ".ts",
    b"ruby": ".rb",
    b"perl": ".pl",
    b"php": ".php",
}


def unit_suffix(path: PurePosixPath, first_bytes: bytes) -> str | None:
    """
    The neutral suffix for a file, or None when it is binary and there is nothing to read.

    :param path: path in the repository; anything a stranger can think of.
    :param first_bytes: the beginning of the content, ``BINARY_PROBE_BYTES`` of it or all.
    """
    probe = first_bytes[:BINARY_PROBE_BYTES]
    # UTF-16 text is full of NULs, but says what it is.
    if b"\0" in probe and not probe.startswith((b"\xff\xfe", b"\xfe\xff")):
        return None
    name = path.name.lower()
    if name in _NAMES:
        return _NAMES[name]
    if _REQUIREMENTS_NAME.fullmatch(name) or (name.endswith(".txt") and path.parent.name.lower() == "requirements"):
        return REQUIREMENTS
    if name.startswith(("dockerfile.", "containerfile.")):
        return ".dockerfile"
    if name.startswith(".env."):
        return ".env"
    suffix = path.suffix.lower()
    suffix = _ALIASES.get(suffix, suffix)
    if suffix in _KEPT:
        return suffix
    shebang = _SHEBANG.match(probe[:256])
    if shebang and not suffix:
        return _SHEBANG_SUFFIX.get(shebang.group(1), ".sh")
    return TEXT


def unit_name(index: int, suffix: str) -> str:
    """File name of the unit number ``index``, for example ``000012.py``."""
    return f"{index:06d}{suffix}"


def suffix_of(name: str) -> str:
    """The suffix of a unit's name: all from the first dot on."""
    _, dot, rest = name.partition(".")
    return dot + rest


def decode(raw: bytes) -> str:
    """
    A unit's text, whatever its encoding: UTF-8, UTF-16 with its mark, and Latin-1 for the rest, which never fails.

    A scanner that ignores what is not UTF-8 would let one stray byte hide a whole file.
    """
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        return raw.decode("utf-16", "replace")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def split_lines(text: str) -> list[str]:
    """Lines as compilers and git count them: only CR LF, LF and CR end one (``str.splitlines`` knows eight more)."""
    return re.split(r"\r\n|\n|\r", text)
