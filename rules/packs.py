"""
Which pack of semgrep rules reads which kind of file.

A pack is a folder of ``rules/semgrep`` and one file of ``rules/compiled``. A suffix is a unit's neutral one.
"""

from __future__ import annotations

SUFFIXES: dict[str, tuple[str, ...]] = {
    "dockerfile": (".dockerfile",),
    "gitlab-ci": (".yaml",),
    "go": (".go",),
    "java": (".java",),
    "java-xml": (".xml",),
    "javascript": (".js", ".jsx", ".ts", ".tsx"),
    "kubernetes": (".yaml",),
    "markup": (".html", ".jsp", ".vue", ".ejs", ".erb"),
    "python": (".py",),
    "shell": (".sh",),
    "terraform": (".tf",),
}
"""Suffixes by pack. ``javascript`` holds TypeScript as well, ``java-xml`` what sets Java programs up."""

PACKS: tuple[str, ...] = tuple(sorted(SUFFIXES))

PACKS_OF_SUFFIX: dict[str, tuple[str, ...]] = {
    suffix: tuple(pack for pack in PACKS if suffix in SUFFIXES[pack])
    for suffix in sorted({suffix for suffixes in SUFFIXES.values() for suffix in suffixes})
}
"""Packs, sorted, by suffix."""
