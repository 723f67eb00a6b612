"""
Which neutral suffix stands for a file's kind, so that scanners read it without ever seeing its name.

A unit's suffix is the only thing that a scanner learns about a file besides its content.
"""

from __future__ import annotations

import codecs
import posixpath
import re
from pathlib import PurePosixPath

BINARY_PROBE_BYTES = 8192
"""Git's own rule: a NUL among the first 8,000 bytes means binary. We round up."""

REQUIREMENTS = ".requirements.txt"
LOCK = ".lock"
TEXT = ".txt"

_ALIASES = {
    ".pyw": ".py",
    ".wsgi": ".py",
    ".mjs": ".js",
    ".cjs": ".js",
    ".es6": ".js",
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
# Files that tell a scanner what to pass over. Their name is their meaning, so a mark of our own says it.
_MARKED_NAMES = {
    ".semgrepignore": "semgrepignore",
    ".bandit": "bandit",
    "bandit.yaml": "bandit",
    "bandit.yml": "bandit",
    ".bandit.yaml": "bandit",
    ".bandit.yml": "bandit",
    "bandit.toml": "bandit",
    ".gitleaksignore": "gitleaksignore",
    ".gitleaks.toml": "gitleaks",
    "gitleaks.toml": "gitleaks",
    ".secrets.baseline": "secretsbaseline",
    ".trivyignore": "trivyignore",
    ".trivyignore.yaml": "trivyignoreyaml",
    ".trivyignore.yml": "trivyignoreyaml",
    "osv-scanner.toml": "osvscanner",
    ".snyk": "snyk",
    ".dcignore": "dcignore",
    ".checkov.yaml": "checkov",
    ".checkov.yml": "checkov",
    "dependency-check-suppression.xml": "dependencycheck",
    "dependency-check-suppressions.xml": "dependencycheck",
    "dependencycheck-suppression.xml": "dependencycheck",
    "dependencycheck-suppressions.xml": "dependencycheck",
    "owasp-suppression.xml": "dependencycheck",
    "owasp-suppressions.xml": "dependencycheck",
    ".nsprc": "nsprc",
    "audit-ci.json": "auditci",
    "audit-ci.jsonc": "auditci",
    "audit-ci.json5": "auditci",
    ".spotbugs-exclude.xml": "spotbugs",
    "spotbugs-exclude.xml": "spotbugs",
    "spotbugs-security-exclude.xml": "spotbugs",
    "findbugs-exclude.xml": "spotbugs",
    "sonar-project.properties": "sonar",
    ".sonarcloud.properties": "sonar",
    "pyproject.toml": "pyproject",
    "ruff.toml": "ruff",
    ".ruff.toml": "ruff",
    ".flake8": "flake8",
    "setup.cfg": "flake8",
    "tox.ini": "flake8",
    ".gitguardian.yaml": "gitguardian",
    ".gitguardian.yml": "gitguardian",
    ".hadolint.yaml": "hadolint",
    ".hadolint.yml": "hadolint",
    "brakeman.ignore": "brakeman",
}
IGNORE_FILE_MARKS = frozenset({*_MARKED_NAMES.values(), "tfsec"})
"""First part of the suffix of a unit that is such a file; ``scanners.offline.ignore_files`` reads each of them."""
_MARKS = frozenset({*IGNORE_FILE_MARKS, "hashes", "slashes"})
# Code in languages that no scanner of ours knows is plain text to them; how it writes comments tells it from prose.
_COMMENTS_OF_NAMES = {
    **dict.fromkeys(
        ("makefile", "gnumakefile", "cmakelists.txt", "justfile", "tiltfile", "build", "workspace"), "hashes"
    ),
    **dict.fromkeys((".gitignore", ".dockerignore", ".npmrc", ".netrc"), "hashes"),
    "jenkinsfile": "slashes",
}
_WITH_HASHES = ".mk .cmake .bzl .bazel .ex .exs .jl .nim .nix .r .tcl .cr .pyx .pxd .coffee .awk .fish"
_WITH_SLASHES = ".groovy .gradle .dart .bicep .proto .sol .zig .d .m .mm .scss .less .jsonc .json5 .thrift .cue"
_COMMENTS_OF_SUFFIXES = dict.fromkeys(_WITH_HASHES.split(), "hashes") | dict.fromkeys(_WITH_SLASHES.split(), "slashes")
# requirements.txt, requirements-dev.txt, dev_requirements.txt, constraints.txt; requirements/base.txt is seen below
_REQUIREMENTS_NAME = re.compile(r"(?:.*[-_.])?(?:requirements|constraints)(?:[-_.].*)?\.txt", re.ASCII)
# The words of env: options and variables come before the program.
_SHEBANG = re.compile(
    rb"#![ \t]*[^\s]*/(?:env[ \t]+(?:(?:-[^\sS]\S*|--\S+|-S|\w+=\S*)[ \t]+)*(?:-S)?(?:[^\s/]*/)*)?"
    rb"(python|pypy|nodejs|node|bun|deno|bash|dash|zsh|ksh|sh|ruby|perl|php)[\d.]*(?=\s|$)"
)
_SHEBANG_SUFFIX = {
    b"python": ".py",
    b"pypy": ".py",
    b"node": ".js",
    b"nodejs": ".js",
    b"bun": ".ts",
    b"deno": ".ts",
    b"ruby": ".rb",
    b"perl": ".pl",
    b"php": ".php",
}
_DATA = frozenset({LOCK, TEXT, ".ini", ".yaml", ".json", ".toml", ".properties", ".env"})
"""Suffixes that tell little: pip, for one, reads requirements out of a file of any name."""
_REQUIREMENT_START = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*[ \t]*(?:$|={2,3}|[\[(<>!~;@#\\,]|--)|#|-{1,2}[A-Za-z]")
_PIN = re.compile(r"(?=[A-Za-z0-9])[^#\n]*[^=!<>~#\n]={2,3}[ \t]*[0-9v]")
_CONTINUED = re.compile(r"\\\r?\n")
_BELIEVES_THE_MARK = frozenset({".js", ".jsx", ".ts", ".tsx", ".java", ".html", ".cs", ".ps1"})
_BOMS_16 = (b"\xff\xfe", b"\xfe\xff")
_CODING = re.compile(rb"[ \t\f]*#[^\r\n]*?coding[:=][ \t]*([-\w.]+)")
# Of these an ASCII byte is always that ASCII character, and nothing else is.
_PLAIN_CODINGS = frozenset({"utf-8", "ascii", "iso8859-1", "iso8859-15", "cp1252"})
_JAVA_ESCAPED_SYNTAX = re.compile(rb"(?<!\\)(?:\\\\)*\\u+00(?:0[aAdD]|22|2[aAfF]|5[cC])")


def unit_suffix(path: PurePosixPath, first_bytes: bytes) -> str | None:
    """
    The neutral suffix for a file, or None when it is binary and there is nothing to read.

    A NUL does not make a program binary: interpreters and compilers read on behind it, so a scanner has to.

    :param path: path in the repository; anything a stranger can think of.
    :param first_bytes: the beginning of the content, ``BINARY_PROBE_BYTES`` of it or more.
    """
    suffix = _suffix_of_name(path)
    probe = first_bytes[:BINARY_PROBE_BYTES]
    # UTF-16 text is full of NULs, but says what it is.
    if b"\0" in probe and not probe.startswith(_BOMS_16) and (suffix is None or suffix in _DATA):
        return None
    if suffix is None:
        shebang = _SHEBANG.match(probe[:256])
        suffix = _SHEBANG_SUFFIX.get(shebang.group(1), ".sh") if shebang else TEXT
    if suffix in _DATA and _lists_requirements(first_bytes):
        suffix = REQUIREMENTS
    return _marked(path, suffix)


def _marked(path: PurePosixPath, suffix: str) -> str:
    """The suffix behind the mark of what the file's name means to scanners that are not ours."""
    name = path.name.lower()
    mark = _MARKED_NAMES.get(name)
    if mark is None and path.parent.name.lower() == ".tfsec" and name.startswith("config."):
        mark = "tfsec"
    if mark is None and suffix == TEXT:
        mark = _COMMENTS_OF_NAMES.get(name) or _COMMENTS_OF_SUFFIXES.get(path.suffix.lower())
    return suffix if mark is None else f".{mark}{suffix}"


def mark_of(name: str) -> tuple[str, str]:
    """Which tool's ignore file or settings a unit is (empty: none), and its suffix without that mark."""
    suffix = suffix_of(name)
    mark, dot, rest = suffix[1:].partition(".")
    return (mark, dot + rest) if dot and mark in IGNORE_FILE_MARKS else ("", suffix)


def plain_suffix(name: str) -> str:
    """A unit's suffix without any mark: all that matters to who does not care what its file is to another tool."""
    suffix = suffix_of(name)
    mark, dot, rest = suffix[1:].partition(".")
    return dot + rest if dot and mark in _MARKS else suffix


def _suffix_of_name(path: PurePosixPath) -> str | None:
    """What the name alone says; None when it says nothing."""
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
    return suffix if suffix in _KEPT else None


def _lists_requirements(raw: bytes) -> bool:
    """Whether pip could read all of it as requirements, and an exact version is among them."""
    # The first line answers for nearly every file.
    if b"==" not in raw:
        return False
    pinned = False
    for line in _CONTINUED.sub(" ", decode(raw)).splitlines():
        stripped = line.strip()
        if stripped and not _REQUIREMENT_START.match(stripped):
            return False
        pinned = pinned or _PIN.match(stripped) is not None
    return pinned


def link_hides_kind(link: PurePosixPath, target: str) -> bool:
    """
    Whether a symbolic link gives a file a kind that its own name does not have, so that scanners would not read it as
    what it is used for: ``plugin.py`` that points to ``notes.txt``.
    """
    wanted = _suffix_of_name(link)
    own = _suffix_of_name(PurePosixPath(posixpath.normpath(posixpath.join(link.parent, target))))
    return wanted is not None and wanted not in _DATA and own != wanted


def as_utf8(suffix: str, raw: bytes) -> bytes:
    """
    A content as scanners are given it: as it is, or as UTF-8 where it begins like UTF-16.

    The mark alone proves nothing. Shells and parsers of settings skip those two bytes and read on, so text in which
    hardly any byte is NUL is not UTF-16; except where compilers and browsers believe the mark.
    """
    if not raw.startswith(_BOMS_16):
        return raw
    wide = suffix in _BELIEVES_THE_MARK or 10 * raw.count(0) >= len(raw)
    return (decode(raw) if wide else raw.decode("latin-1")).encode("utf-8")


def has_lone_cr(raw: bytes) -> bool:
    """Whether a carriage return stands alone: some scanners count a line there, git does not."""
    return raw.count(b"\r") != raw.count(b"\r\n")


def reads_otherwise(suffix: str, raw: bytes) -> bool:
    """
    Whether the language reads other code in this content than one sees who reads its bytes as text.

    That is a Python file in an encoding where ASCII bytes mean something else (PEP 263; UTF-7, ``unicode_escape``), and
    a Java file that spells line ends, quotes, comment ends or backslashes as ``\\u`` escapes (JLS 3.3), which the
    compiler turns into those before it looks for comments and strings.
    """
    if suffix == ".java":
        return _JAVA_ESCAPED_SYNTAX.search(raw) is not None
    if suffix != ".py":
        return False
    for line in re.split(rb"\r\n?|\n", raw[:2000])[:2]:
        found = _CODING.match(line.removeprefix(b"\xef\xbb\xbf"))
        if found is None:
            continue
        try:
            if codecs.lookup(found[1].decode("ascii")).name in _PLAIN_CODINGS:
                return False
            text = raw.decode(found[1].decode("ascii"), "replace")
        # Python does not read the file at all, or we cannot tell how.
        except Exception:
            return True
        return text.encode("ascii", "ignore") != raw.translate(None, bytes(range(128, 256)))
    return False


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
    if raw.startswith(_BOMS_16):
        return raw.decode("utf-16", "replace")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def split_lines(text: str) -> list[str]:
    """Lines as compilers and git count them: only CR LF, LF and CR end one (``str.splitlines`` knows eight more)."""
    return re.split(r"\r\n|\n|\r", text)
