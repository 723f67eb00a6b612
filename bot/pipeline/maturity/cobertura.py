"""
Reads Cobertura coverage reports: which lines of which files a test ran.

The file is a stranger's. It is read as a stream and never held in memory; document types are passed over and never
fetched, and a report that declares an entity is refused. Only lines that somebody asked about are kept.
https://github.com/cobertura/web/blob/master/htdocs/xml/coverage-04.dtd
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Container, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path, PurePosixPath
from xml.parsers import expat

from bot.errors import MergewardenError

Resolve = Callable[[str, tuple[str, ...]], PurePosixPath | None]
"""From a file's name in the report and the report's source folders to its path; None where nobody asks about it."""

_CHUNK = 1024 * 1024
_LAG = 4 * _CHUNK
"""
A tag or comment of more bytes than this is none of a coverage tool. The parser reads an unfinished one from its begin
with every piece that comes, and that costs the square of its length.
"""
_MOST_LINES = 10_000_000
_MOST_SOURCES = 50
_MOST_NAMES = 200_000
"""Different files; each has to be looked for."""
_MOST_PARTS = 100
"""Folders of a name. The way to a file of somebody's machine has a dozen."""
_LONGEST_NAME = 4096
_LARGEST_LINE = 10_000_000


class NotCobertura(MergewardenError):
    """Raised for a report that cannot be read, or must not be; ``str`` says why."""


@dataclass
class LineHits:
    """Lines that a report speaks of, by path: whether a test ran them."""

    files: dict[PurePosixPath, dict[int, bool]] = field(default_factory=dict)

    def note(self, path: PurePosixPath, line: int, ran: bool) -> None:
        """One line. It ran when any report, or any class of the file, says so."""
        lines = self.files.setdefault(path, {})
        lines[line] = lines.get(line, False) or ran

    def counts(self) -> tuple[int, int]:
        """Lines that ran, and lines that are spoken of."""
        return (
            sum(ran for lines in self.files.values() for ran in lines.values()),
            sum(len(lines) for lines in self.files.values()),
        )


def read_cobertura(
    place: Path, resolve: Resolve, wanted: Mapping[PurePosixPath, Container[int]], into: LineHits
) -> None:
    """
    Note what a report says of the ``wanted`` lines (by path; counted from 1).

    Raises ``NotCobertura`` and ``OSError``; then ``into`` may hold a part of it.
    """
    _Reader(resolve, wanted, into).read(place)


class _Reader:
    def __init__(self, resolve: Resolve, wanted: Mapping[PurePosixPath, Container[int]], into: LineHits) -> None:
        self._resolve = resolve
        self._wanted = wanted
        self._into = into
        self._sources: list[str] = []
        self._source: list[str] | None = None
        self._paths: dict[str, PurePosixPath | None] = {}
        self._path: PurePosixPath | None = None
        self._depth = 0
        self._in_class = 0
        """Depth of the class that is read; 0 outside of one."""
        self._left = _MOST_LINES
        self._root = ""

    def read(self, place: Path) -> None:
        parser = expat.ParserCreate()
        parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)
        parser.StartDoctypeDeclHandler = self._doctype
        parser.EntityDeclHandler = self._entity
        parser.SkippedEntityHandler = self._entity
        parser.ExternalEntityRefHandler = self._external
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text
        fed = 0
        try:
            with place.open("rb") as file:
                while chunk := file.read(_CHUNK):
                    fed += len(chunk)
                    parser.Parse(chunk, False)
                    if fed - parser.CurrentByteIndex > _LAG:
                        raise NotCobertura(f"the coverage report has a tag of more than {_LAG} bytes")
                parser.Parse(b"", True)
        except (expat.ExpatError, LookupError, ValueError) as error:  # a lookup is that of a named encoding
            # A text of the parser's own; the number tells what is wrong, and nothing of the file is in it.
            why = expat.ErrorString(error.code) if isinstance(error, expat.ExpatError) else "wrong values"
            raise NotCobertura(f"the coverage report is not XML that can be read: {why}") from error
        if self._root != "coverage":
            raise NotCobertura("the coverage report is not a Cobertura report")

    def _doctype(self, _name: str, _system: str | None, _public: str | None, has_internal_subset: bool) -> None:
        # Cobertura itself names its document type, and nobody needs it to read the report.
        if has_internal_subset:
            raise NotCobertura("the coverage report declares a document type of its own")

    def _entity(self, *_: object) -> None:
        raise NotCobertura("the coverage report has entities of its own")

    def _external(self, *_: object) -> int:
        raise NotCobertura("the coverage report refers to something outside of it")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        if self._depth > 50:
            raise NotCobertura("the coverage report is nested too deeply")
        if self._depth == 1:
            self._root = name
        elif name == "class":
            self._in_class = self._depth
            self._path = self._path_of(attributes.get("filename", ""))
        elif name == "line":
            # Methods list their lines, and their class lists them again.
            self._line(attributes)
        elif name == "source":
            self._source = []

    def _end(self, name: str) -> None:
        if self._depth == self._in_class:
            self._in_class, self._path = 0, None
        if name == "source" and self._source is not None:
            text = "".join(self._source).strip()
            if text and len(text) <= _LONGEST_NAME and len(self._sources) < _MOST_SOURCES:
                self._sources.append(text)
            self._source = None
        self._depth -= 1

    def _text(self, text: str) -> None:
        if self._source is not None and sum(map(len, self._source)) <= _LONGEST_NAME:
            self._source.append(text)

    def _line(self, attributes: dict[str, str]) -> None:
        self._left -= 1
        if self._left < 0:
            raise NotCobertura(f"the coverage report speaks of more than {_MOST_LINES} lines")
        if self._path is None:
            return
        number, hits = _whole(attributes.get("number")), _whole(attributes.get("hits"))
        if number is None or hits is None:
            raise NotCobertura("the coverage report has lines without a number or without hits")
        if number in self._wanted[self._path]:
            self._into.note(self._path, number, hits > 0)

    def _path_of(self, name: str) -> PurePosixPath | None:
        if not name or len(name) > _LONGEST_NAME or "\0" in name:
            return None
        if name not in self._paths:
            if len(self._paths) >= _MOST_NAMES:
                raise NotCobertura(f"the coverage report speaks of more than {_MOST_NAMES} files")
            found = self._resolve(name, tuple(self._sources))
            self._paths[name] = found if found is not None and found in self._wanted else None
        return self._paths[name]


def _whole(text: str | None) -> int | None:
    """A number of lines or hits; None for nonsense. Hits may be any number of digits, and count as some."""
    if text is None or not text.isascii() or not text.isdigit():
        return None
    return int(text) if len(text) <= 8 else _LARGEST_LINE


def resolver(tree: Collection[PurePosixPath]) -> Resolve:
    """
    Finds a report's files in a repository.

    A report names a file from one of its source folders, which are folders of the machine that ran the tests. So it is
    the longest end of folder and name that is a file of the ``tree`` and has the whole name in it. Go's tools name a
    file by its module, of which the repository is the end; libraries beside the code are none of it.
    """
    files = {str(path): path for path in tree}
    names = {path.name for path in tree}
    deepest = max((len(path.parts) for path in tree), default=0)

    def longest_end(parts: list[str], least: int) -> PurePosixPath | None:
        """The longest end of at least so many parts that is a file."""
        foreign = next((number for number, part in enumerate(parts) if part in _FOREIGN), len(parts))
        for start in range(max(0, len(parts) - deepest), min(foreign, len(parts) - least) + 1):
            path = files.get("/".join(parts[start:]))
            if path is not None:
                return path
        return None

    folders = lru_cache(maxsize=_MOST_SOURCES)(_parts)

    def resolve(name: str, sources: tuple[str, ...]) -> PurePosixPath | None:
        plain = _parts(name)
        if not plain or plain[-1] not in names:
            return None
        if name.startswith(("/", "\\")) or name[1:2] == ":" or ("." in plain[0] and len(plain) > _MODULE_PARTS):
            return longest_end(plain, 1)
        for source in sources:
            found = longest_end([*folders(source), *plain], len(plain))
            if found is not None:
                return found
        return longest_end(plain, len(plain))

    return resolve


_MODULE_PARTS = 3
"""``github.com/acme/shop`` is a module, and what follows is a path in it."""
_FOREIGN = frozenset({"site-packages", "dist-packages", "node_modules", "vendor", ".venv", "venv"})
"""Folders of libraries. A file in one of them is no file of the repository unless the repository has the folder."""


def _parts(name: str) -> list[str]:
    """Folders and file; none for what leads out of its folder, or has more of them than anybody's files."""
    parts = [part for part in name.replace("\\", "/").split("/") if part not in ("", ".")]
    return [] if ".." in parts or len(parts) > _MOST_PARTS else parts
