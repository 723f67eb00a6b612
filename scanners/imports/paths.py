"""
Where in the repository a report's path lies, or why it lies nowhere in it.

Reports name files as URIs or as paths, absolute or not, of the machine that the tool ran on. Only what is certain is
taken: a path is relative to the repository root, or lies under a folder that the report or the caller names as it.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping
from functools import lru_cache
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import unquote

from scanners.imports.model import PROJECT

_LENGTH_LIMIT = 4096
_REMEMBERED = 32_768
_REMEMBERED_LENGTH = 200
# Control characters, surrogates, and the invisible characters that reorder text.
_UNWANTED = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+):(?=/)")  # two letters or more: "C:" is a drive
_DRIVE = re.compile(r"/?([A-Za-z]):(?=/)")
# What is already as it shall be; most paths are.
_SIMPLE = re.compile(r"(?:[A-Za-z0-9_@+-][\w@+.-]*/)*[A-Za-z0-9_@+-][\w@+.-]*", re.ASCII)
_ROOTS = ("%SRCROOT%", "SRCROOT", "PROJECTROOT", "%PROJECTROOT%", "REPOROOT", "ROOTPATH", "SOURCE_ROOT", "GITROOT")
_STRIP = "name the folder of the sources with --strip-prefix"


class Refused(Exception):
    """Raised when one result cannot be taken over; the text says why. Never leaves the package."""


class Paths:
    """Resolves the paths of one run. Remembers those it met last, since most files have several findings."""

    def __init__(
        self,
        strip_prefix: PurePosixPath | None = None,
        bases: Mapping[str, Any] | None = None,
        root_base: str = "",
    ) -> None:
        """
        :param strip_prefix: folder that is the repository root, whatever the report says.
        :param bases: SARIF's ``originalUriBaseIds``.
        :param root_base: the one of them that the report calls the repository root.
        """
        self._bases = {name: base for name, base in (bases or {}).items() if isinstance(base, dict)}
        self._root = self._find_root(strip_prefix, root_base)
        self._remembered = lru_cache(_REMEMBERED)(self._resolve)

    def of_path(self, path: str) -> PurePosixPath:
        """The file that a plain path means. Raises ``Refused``."""
        return self._inside(_plain(path))

    def of_uri(self, uri: str, base: str = "") -> PurePosixPath:
        """The file that a URI means, relative to a base by name. Raises ``Refused``."""
        return (self._remembered if len(uri) <= _REMEMBERED_LENGTH else self._resolve)(uri, base)

    def _resolve(self, uri: str, base: str) -> PurePosixPath:
        if base not in self._bases and len(uri) <= _LENGTH_LIMIT and _SIMPLE.fullmatch(uri):
            return PurePosixPath(uri)
        path = _decoded(uri)
        if not path.startswith("/") and base in self._bases:
            path = posixpath.join(self._folder(base), path)
        return self._inside(path)

    def _find_root(self, strip_prefix: PurePosixPath | None, root_base: str) -> str:
        if strip_prefix is not None:
            return _normal(_plain(str(strip_prefix)))
        absolute = []
        for name in self._bases:
            try:
                folder = self._folder(name)
            except Refused:
                continue
            if folder.startswith("/"):
                absolute.append((name, _normal(folder)))
        for wanted in (root_base, *_ROOTS):
            for name, folder in absolute:
                if name == wanted:
                    return folder
        return absolute[0][1] if len(absolute) == 1 else ""

    def _folder(self, name: str) -> str:
        """The folder of a base, through the bases that it is relative to itself."""
        path = ""
        for _ in range(10):  # a chain of bases that ends nowhere is a circle
            base = self._bases.get(name)
            if base is None:
                return path
            uri = base.get("uri")
            path = posixpath.join(_decoded(uri), path) if isinstance(uri, str) else path
            if path.startswith("/"):
                return path
            parent = base.get("uriBaseId")
            name = parent if isinstance(parent, str) else ""
        raise Refused("uriBaseId leads in a circle")

    def _inside(self, path: str) -> PurePosixPath:
        normal = _normal(path)
        if normal.startswith("/"):
            if not self._root:
                raise Refused(f"absolute path, and the report does not say where the repository was; {_STRIP}")
            if normal != self._root and not normal.startswith(self._root.rstrip("/") + "/"):
                raise Refused(f"path outside the repository; {_STRIP}")
            normal = posixpath.relpath(normal, self._root)
        if normal == ".." or normal.startswith("../"):
            raise Refused("path leaves the repository")
        return PurePosixPath(normal) if normal != "." else PROJECT


def _normal(path: str) -> str:
    normal = posixpath.normpath(path)
    return "/" + normal.lstrip("/") if normal.startswith("/") else normal


def _plain(path: str) -> str:
    """A path with forward slashes; a Windows drive becomes the first folder. Raises ``Refused``."""
    if len(path) > _LENGTH_LIMIT:
        raise Refused(f"path of more than {_LENGTH_LIMIT} characters")
    if _UNWANTED.search(path):
        raise Refused("path with control characters")
    path = path.replace("\\", "/")
    return _DRIVE.sub(lambda match: f"/{match[1].upper()}:", path, count=1) if _DRIVE.match(path) else path


def _decoded(uri: str) -> str:
    """The path of a relative reference or a file URI. Raises ``Refused``."""
    if len(uri) > 3 * _LENGTH_LIMIT:
        raise Refused(f"path of more than {_LENGTH_LIMIT} characters")
    path = uri
    if match := _SCHEME.match(uri):
        if match[1].lower() != "file":
            raise Refused(f"a {match[1][:20]} address is not a file of the repository")
        path = uri[match.end() :]
        if path.startswith("//"):
            host, slash, rest = path[2:].partition("/")
            if host not in ("", "localhost"):
                raise Refused("a file on another machine")
            path = slash + rest
    try:
        path = unquote(path, errors="strict")
    except UnicodeDecodeError:
        raise Refused("path is not UTF-8") from None
    return _plain(path)
