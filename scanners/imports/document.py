"""
Reads a JSON file of any size in bounded memory, twice: once to trust it, once to take its results out.

The first pass (``survey``) sees every byte. It checks encoding, syntax, depth, sizes and counts, hands small parts such
as rules to the format's reader, and builds nothing of the results. Only then are results built, one at a time.

Two habits of ijson's C backend shape this (3.6.0, both found by trying):

- An integer of more than 4,300 digits crashes the process. With ``use_float`` numbers are C's own, and one that does
  not fit into 64 bits is an error.
- Its prefixes are joined texts, so that 100,000 nested lists take gigabytes. The first pass uses events without
  prefixes and refuses depth and long names before anything with prefixes sees the file.
"""

from __future__ import annotations

import codecs
import hashlib
import json
import os
import stat
from abc import ABC, abstractmethod
from array import array
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO, ClassVar, Literal, NoReturn, Protocol

import ijson  # type: ignore[import-untyped]

from scanners.fingerprint import digest
from scanners.imports.model import Entry, ImportedTool, ImportLimits, ReportError
from scanners.normalize import clean_text

_CHUNK = 64 * 1024
_LONG_NAME = 64
_NAMES_LIMIT = 5_000
"""Characters of all long names on the way to one value."""
_EVENT_COST = 50
"""Bytes that a value in memory takes at least."""
_BEGIN_COST = 1000
"""Bytes that a reader may keep for something that begins."""
_BROKEN = (ijson.JSONError, ValueError, ArithmeticError, MemoryError)

Shape = Literal["list", "object", "text"]
_STARTS = {"start_map": "object", "start_array": "list"}
_NAMED = {"object": "an object", "list": "a list", "text": "a text"}
_MARKS = (
    (codecs.BOM_UTF32_LE, "UTF-32"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "UTF-32"),
    (codecs.BOM_UTF16_LE, "UTF-16"),
    (codecs.BOM_UTF16_BE, "UTF-16"),
)
_CONTAINERS = ((b"\x1f\x8b", "gzip"), (b"PK\x03\x04", "zip"), (b"\x28\xb5\x2f\xfd", "zstd"), (b"BZh", "bzip2"))


class _Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Place:
    """One kind of value that the first pass looks out for, by ijson's prefix (``runs.item.results.item``)."""

    part: bool = False
    """Built whole and handed to ``Reader.part``."""
    begins: bool = False
    """``Reader.begin`` is told that one starts."""
    counts: bool = False
    """Each is one more finding."""
    names_rule: bool = False
    """Its text or number names the rule of the result around it."""
    shape: Shape | None = None
    required: bool = False
    """The file is refused without it, and when it is null."""
    missing: str = ""
    """How to mend a file without it, where there is more to say than that it may be the wrong file."""


class Reader(ABC):
    """
    One format: what to look out for in the first pass, and how to read a result in the second.

    Whatever the values are, nothing is raised but ``ReportError``; ``part`` and ``begin`` see them in document order.
    """

    name: ClassVar[str]
    places: ClassVar[Mapping[str, Place]]
    results: ClassVar[str]
    """Prefix of the results."""

    def __init__(self, limits: ImportLimits, strip_prefix: PurePosixPath | None) -> None:
        self.limits = limits
        self.strip_prefix = strip_prefix

    def part(self, prefix: str, value: Any) -> None:  # noqa: B027 - most formats need some of the three only
        """Take a part over that the first pass met."""

    def begin(self, prefix: str) -> None:  # noqa: B027
        """Learn that such a value starts."""

    def finish(self) -> None:  # noqa: B027
        """The first pass is over. Raises ``ReportError`` (with a message that names no file) if something is amiss."""

    @abstractmethod
    def tools(self) -> tuple[ImportedTool, ...]:
        """Who speaks in this report; known after the first pass."""

    @abstractmethod
    def entries(self, values: Iterator[Any]) -> Iterator[Entry]:
        """The second pass: one or more entries for each result. Called anew for each pass; keeps nothing in self."""


class LineReader(Reader):
    """A format in which each line of the file is a document of its own."""

    places: ClassVar[Mapping[str, Place]] = {}
    results: ClassVar[str] = ""

    @abstractmethod
    def meet(self, value: Mapping[str, Any]) -> str | None:
        """See one line in the first pass; the rule's name when it is a result, None when it is something else."""


@dataclass(slots=True)
class _Node:
    """A place in the tree of prefixes, and how far the walk has come there."""

    prefix: str
    place: Place = Place()
    children: dict[str | None, _Node] = field(default_factory=dict)
    """By name in an object; None for the elements of a list."""
    index: int = -1
    seen: bool = False


def _tree(places: Mapping[str, Place]) -> _Node:
    root = _Node("")
    for prefix, place in places.items():
        node = root
        if prefix:
            at = ""
            for word in prefix.split("."):
                at = f"{at}.{word}" if at else word
                node = node.children.setdefault(None if word == "item" else word, _Node(at))
        node.place = place
    return root


class Source:
    """The file, opened afresh for each pass; the second refuses another file than the first."""

    def __init__(self, path: Path, limits: ImportLimits) -> None:
        self.path = path
        # The folder may be one of ours, and is nothing to whoever sent the file.
        self.label = clean_text(path.name or str(path), 300).replace("\n", " ")
        self.limits = limits
        self._identity: tuple[int, ...] | None = None
        self.size = 0

    def fail(self, what: str, hint: str = "", at: str = "") -> NoReturn:
        """Raise ``ReportError`` for this file."""
        raise ReportError(f"{self.label}: {at + ': ' if at else ''}{what}", hint)

    def open(self) -> BinaryIO:
        """The file at its start. Raises ``ReportError`` when it is not a file, too large, or changed meanwhile."""
        try:
            # Not blocking: a pipe without a writer would wait for ever. O_NONBLOCK means nothing to a regular file.
            handle = os.fdopen(os.open(self.path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb", buffering=0)
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or "not a usable path"
            raise ReportError(f"{self.label}: cannot be opened: {reason}") from error
        try:
            about = os.fstat(handle.fileno())
            if not stat.S_ISREG(about.st_mode):
                self.fail("is not a regular file", "write the report to a file first")
            identity = (about.st_dev, about.st_ino, about.st_size, about.st_mtime_ns)
            if self._identity not in (None, identity):
                self.fail("was changed while it was read", "import it again once the tool has finished")
            if about.st_size > self.limits.max_bytes:
                self.fail(
                    f"has {about.st_size} bytes, more than the {self.limits.max_bytes} that are read",
                    "split the analysis, or raise MERGEWARDEN_MAX_REPORT_BYTES",
                )
        except BaseException:
            handle.close()
            raise
        self._identity, self.size = identity, about.st_size
        return handle

    def chunks(self, handle: _Readable) -> Iterator[bytes]:
        """The bytes behind a byte order mark, checked to be UTF-8."""
        decoder = codecs.getincrementaldecoder("utf-8")()
        offset, line, first = 0, 1, True
        while True:
            try:
                chunk = handle.read(_CHUNK)
            except OSError as error:
                self.fail(f"cannot be read: {error.strerror}")
            if first:
                self._check_start(chunk)
            try:
                # What the decoder held back of a character that was cut in two counts towards the next offset.
                held = len(decoder.getstate()[0])
                decoder.decode(chunk, final=not chunk)
            except UnicodeDecodeError as error:
                where = offset - held + error.start
                line += chunk[: max(0, error.start - held)].count(b"\n")
                self.fail("is not UTF-8", "export the report as UTF-8", at=f"line {line}, byte {where}")
            if not chunk:
                return
            offset += len(chunk)
            line += chunk.count(b"\n")
            yield chunk[3:] if first and chunk.startswith(codecs.BOM_UTF8) else chunk
            first = False

    def _check_start(self, chunk: bytes) -> None:
        for mark, name in _MARKS:
            if chunk.startswith(mark):
                self.fail(f"is {name} and not UTF-8", f"convert it: iconv -f {name} -t UTF-8")
        for mark, name in _CONTAINERS:
            if chunk.startswith(mark):
                self.fail(f"is a {name} file and not JSON", "unpack it first")
        head = chunk.removeprefix(codecs.BOM_UTF8).lstrip()
        if head.startswith(b"<"):
            self.fail("is XML or HTML and not JSON", "let the tool write JSON")
        # Without a mark: JSON begins with an ASCII character, whose other bytes are zero.
        if b"\0" in chunk[:4]:
            self.fail(f"is {'UTF-32' if chunk[:4].count(0) > 2 else 'UTF-16'} and not UTF-8", "convert it to UTF-8")


@dataclass(frozen=True, slots=True)
class Survey:
    """What the first pass learnt of the file as such."""

    digest: str
    size: int


class Counts:
    """How many findings there are, and of which rule. Rules are kept as hashes, so that long ids cost nothing."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._limits = source.limits
        self._rules: Counter[int] = Counter()
        self.findings = 0

    def finding(self, at: str) -> None:
        """One more."""
        self.findings += 1
        if self.findings > self._limits.max_findings:
            self._source.fail(
                f"more than {self._limits.max_findings} results",
                "narrow the tool's rules, or import several reports under a category each",
                at,
            )

    def rule(self, name: str, at: str) -> None:
        """One more result of this rule."""
        key = hash(name)
        self._rules[key] += 1
        if self._rules[key] > self._limits.max_per_rule:
            shown = clean_text(name, 100).replace("\n", " ")
            self._source.fail(
                f"more than {self._limits.max_per_rule} results of one rule ({shown})", "switch the rule off", at
            )
        if len(self._rules) > self._limits.max_rules:
            self._source.fail(f"results of more than {self._limits.max_rules} rules", "", at)


class _Walk:
    """The first pass over one document."""

    def __init__(self, source: Source, reader: Reader) -> None:
        self.source, self.reader, self.limits = source, reader, source.limits
        self.root = _tree(reader.places)
        self.counts = Counts(source)
        self.nodes: list[_Node] = []  # containers from the root on that the tree knows
        self.depth = 0
        self.here = 0  # depth of the innermost of them
        self.key: str | None = None
        self.builder: ijson.ObjectBuilder | None = None
        self.built: _Node | None = None
        self.built_depth = 0
        self.kept = 0
        self.open_since: int | None = None  # byte where the current result or part began
        self.open_depth = 0
        self.rule: str | None = None
        self.long_names: dict[int, int] = {}

    def place(self) -> str:
        """Where the walk is, such as ``runs[0].results[17]``."""
        text = ""
        for node in self.nodes:
            word = node.prefix.rpartition(".")[2]
            text += f"[{node.index}]" if word == "item" else f".{word}" if text else word
        return clean_text(text, 200) or "top level"

    def events(self, events: list[tuple[str, Any]], offset: int) -> None:
        """Follow some events; ``offset`` is how far the file had been read before them."""
        for event, value in events:
            if event == "map_key":
                if self.depth == self.here:
                    self.key = value
                    if not value or "." in value:
                        self._check_path(value)
                if len(value) > _LONG_NAME:
                    self._check_name(len(value))
                if self.builder is not None:
                    self._build(event, value)
            elif event == "start_map" or event == "start_array":
                if self.depth == self.here:
                    self._enter(event, value, offset)
                self.depth += 1
                if self.depth > self.limits.max_depth:
                    self.source.fail(
                        f"objects and lists more than {self.limits.max_depth} deep inside each other",
                        "no tool writes that; look at the file",
                        self.place(),
                    )
                if self.builder is not None:
                    self._build(event, value)
            elif event == "end_map" or event == "end_array":
                if self.builder is not None:
                    self._build(event, value)
                if self.depth == self.here:
                    self._leave()
                self.depth -= 1
            else:
                if self.depth == self.here:
                    self._scalar(event, value, offset)
                if self.builder is not None:
                    self._build(event, value)

    def _child(self) -> _Node | None:
        if not self.nodes:
            return self.root if self.depth == 0 else None
        return self.nodes[-1].children.get(self.key)

    def _enter(self, event: str, value: Any, offset: int) -> None:
        node = self._child()
        if node is None:
            return
        self._meet(node, _STARTS[event], offset)
        self.nodes.append(node)
        self.here = self.depth + 1
        self.key = None
        if (element := node.children.get(None)) is not None:
            element.index = -1
        if node.place.part:
            self.builder, self.built, self.built_depth = ijson.ObjectBuilder(), node, self.depth
        if (node.place.counts or node.place.part) and self.open_since is None:
            self.open_since, self.open_depth = offset, self.depth

    def _leave(self) -> None:
        node = self.nodes.pop()
        self.here = self.depth - 1
        self.key = None
        if node.place.counts:
            self._end_of_result()
        if self.open_since is not None and self.depth - 1 == self.open_depth:
            self.open_since = None

    def _scalar(self, event: str, value: Any, offset: int) -> None:
        node = self._child()
        if node is None:
            return
        if node.place.names_rule:
            if event in ("string", "number"):
                self.rule = f"{value}" if event == "string" else f"{node.prefix}:{value}"
            return
        self._meet(node, "text" if event == "string" else event, offset)
        if node.place.part:
            self.kept += _EVENT_COST + (len(value) if event == "string" else 0)
            self.reader.part(node.prefix, value)
        if node.place.counts:
            self._end_of_result()

    def _meet(self, node: _Node, found: str, offset: int) -> None:
        node.index += 1
        place = node.place
        if place.shape is not None and found != place.shape and (place.required or found != "null"):
            self.source.fail(f"{_NAMED[place.shape]} is expected here", _HINT, self._at(node))
        node.seen = True
        if place.counts:
            self.counts.finding(self._at(node))
        if place.begins:
            self.kept += 0 if place.counts else _BEGIN_COST
            self.reader.begin(node.prefix)

    def _at(self, node: _Node) -> str:
        self.nodes.append(node)
        try:
            return self.place()
        finally:
            self.nodes.pop()

    def _end_of_result(self) -> None:
        if self.rule is not None:
            rule, self.rule = self.rule, None
            self.counts.rule(rule, self.place())

    def _build(self, event: str, value: Any) -> None:
        assert self.builder is not None
        self.builder.event(event, value)
        self.kept += _EVENT_COST + (len(value) if isinstance(value, str) else 0)
        if event in ("end_map", "end_array") and self.depth == self.built_depth + 1:
            node, built = self.built, self.builder.value
            self.builder = self.built = None
            assert node is not None
            self.reader.part(node.prefix, built)

    def _check_path(self, name: str) -> None:
        # ijson joins names with dots, so that the second pass would take {"runs.item": ...} for an element of runs.
        prefix = self.nodes[-1].prefix
        if self.reader.results.startswith(f"{prefix}.{name}" if prefix else name):
            self.source.fail("a name that could be taken for a path", "no tool writes that", self.place())

    def _check_name(self, length: int) -> None:
        for depth in [depth for depth in self.long_names if depth > self.depth]:
            del self.long_names[depth]
        self.long_names[self.depth] = length
        if sum(self.long_names.values()) > _NAMES_LIMIT:
            self.source.fail("a name is too long", "no tool writes that; look at the file", self.place())

    def check_sizes(self, offset: int, silent: int) -> None:
        """Refuse values that would have to be held in memory at once."""
        limit = self.limits.max_value_bytes
        if silent > limit or (self.open_since is not None and offset - self.open_since > limit + 2 * _CHUNK):
            self.source.fail(
                f"a single value is larger than {limit} bytes", "let the tool leave file contents out", self.place()
            )
        if self.kept > self.limits.max_header_bytes:
            self.source.fail(
                f"more than {self.limits.max_header_bytes} bytes besides the results",
                "let the tool leave out rules and files without results",
                self.place(),
            )

    def end(self) -> None:
        """Refuse a file that lacks something required."""
        waiting = [self.root]
        while waiting:
            node = waiting.pop()
            if node.place.required and not node.seen:
                self.source.fail(f"has no {node.prefix}", node.place.missing or _HINT)
            waiting.extend(node.children.values())


_HINT = "check that the file is the report, and name its format with --format"


def survey(source: Source, reader: Reader) -> Survey:
    """The first pass. Raises ``ReportError``."""
    state = hashlib.sha256()
    walk = _Walk(source, reader)
    events: list[tuple[str, Any]] = ijson.sendable_list()
    parser = ijson.basic_parse_coro(events, use_float=True)
    offset = silent = 0
    with source.open() as handle:
        for chunk in source.chunks(_Hashing(handle, state)):
            try:
                parser.send(chunk)
            except _BROKEN as error:
                walk.events(events, offset)
                _refuse_syntax(source, walk, error, offset, len(chunk))
            walk.events(events, offset)
            offset += len(chunk)
            silent = 0 if events else silent + len(chunk)
            events.clear()
            walk.check_sizes(offset, silent)
    if offset == 0:
        source.fail("is empty", "the tool may have failed: look at its output")
    try:
        parser.close()
    except _BROKEN as error:
        walk.events(events, offset)
        _refuse_syntax(source, walk, error, offset, 0)
    walk.events(events, offset)
    walk.end()
    return Survey(state.hexdigest(), source.size)


def results(source: Source, prefix: str, wanted: str) -> Iterator[Any]:
    """
    The second pass: the values under a prefix, one at a time, at C speed.

    :param wanted: digest of the first pass; a file that changed since is refused at the end at the latest.
    """
    state = hashlib.sha256()
    with source.open() as handle:
        stream = _Hashing(handle, state)
        start = handle.read(3)
        state.update(start)
        if start != codecs.BOM_UTF8:
            handle.seek(0)
            state = stream.state = hashlib.sha256()
        values = ijson.items(stream, prefix, buf_size=_CHUNK, use_float=True)
        while True:
            try:
                value = next(values)
            except StopIteration:
                break
            except _BROKEN + (OSError,):  # noqa: RUF005
                source.fail("was changed while it was read", "import it again once the tool has finished")
            yield value
    if state.hexdigest() != wanted:
        source.fail("was changed while it was read", "import it again once the tool has finished")


def survey_lines(source: Source, reader: LineReader) -> Survey:
    """The first pass over JSON lines. Raises ``ReportError``. A file without any line is left to the reader."""
    state = hashlib.sha256()
    counts = Counts(source)
    for number, value in _lines(source, state):
        rule = reader.meet(value)
        if rule is not None:
            counts.finding(f"line {number}")
            counts.rule(rule, f"line {number}")
    return Survey(state.hexdigest(), source.size)


def results_of_lines(source: Source, wanted: str) -> Iterator[Any]:
    """The second pass over JSON lines: (number, object) of each line that is not empty. See ``results``."""
    state = hashlib.sha256()
    yield from _lines(source, state)
    if state.hexdigest() != wanted:
        source.fail("was changed while it was read", "import it again once the tool has finished")


def _lines(source: Source, state: Any) -> Iterator[tuple[int, dict[str, Any]]]:
    for number, line in _raw_lines(source, state):
        if not line.strip():
            continue
        at = f"line {number}"
        try:
            value = json.loads(line, parse_constant=_no_constant)
            deep = _deeper_than(value, source.limits.max_depth)
        except RecursionError:
            deep, value = True, None
        except ValueError:
            source.fail("is not JSON", "it was cut off, or something else was written into the file", at)
        if deep:
            source.fail(f"objects and lists more than {source.limits.max_depth} deep inside each other", "", at)
        if not isinstance(value, dict):
            source.fail("is not an object", _HINT, at)
        yield number, value


def _no_constant(word: str) -> NoReturn:
    raise ValueError(word)  # NaN and Infinity, which are not JSON


def _deeper_than(value: object, limit: int) -> bool:
    layer = [value]
    for _ in range(limit + 1):
        layer = [
            inner
            for outer in layer
            if isinstance(outer, dict | list)
            for inner in (outer.values() if isinstance(outer, dict) else outer)
        ]
        if not layer:
            return False
    return any(isinstance(value, dict | list) for value in layer)


def _raw_lines(source: Source, state: Any) -> Iterator[tuple[int, bytes]]:
    rest, number, limit = b"", 1, source.limits.max_value_bytes
    with source.open() as handle:
        for chunk in source.chunks(_Hashing(handle, state)):
            *whole, rest = (rest + chunk).split(b"\n")
            for line in whole:
                yield number, line
                number += 1
            if len(rest) > limit:
                source.fail(f"is longer than {limit} bytes", _HINT, f"line {number}")
    yield number, rest


class _Hashing:
    """A file whose bytes are hashed as they are read."""

    def __init__(self, handle: BinaryIO, state: Any) -> None:
        self._handle = handle
        self.state = state

    def read(self, size: int = -1, /) -> bytes:
        """See ``io.RawIOBase``."""
        chunk = self._handle.read(size)
        self.state.update(chunk)
        return chunk


def _refuse_syntax(source: Source, walk: _Walk, error: BaseException, offset: int, length: int) -> NoReturn:
    # The parser quotes the file in its message, and a secret may stand there: only its first words are understood.
    told = str(error)
    where = walk.place()
    if "premature EOF" in told or length == 0:
        source.fail(
            "the file ends in the middle of the document",
            "it was cut off: let the tool write it again",
            f"{where}, byte {offset}",
        )
    at = _syntax_error(source, offset)
    if "overflow" in told:
        source.fail("a number does not fit into 64 bits", "write it as a text", f"{where}, {at}")
    if isinstance(error, UnicodeDecodeError):
        source.fail("an escape is half of a surrogate pair", "let the tool write real characters", f"{where}, {at}")
    if "trailing garbage" in told:
        source.fail("something follows the end of the document", "keep one document per file", at)
    source.fail("is not JSON", "check that the file is the report and nothing else", f"{where}, {at}")


def _syntax_error(source: Source, offset: int) -> str:
    """Line and byte of the first error, which lies in the chunk at ``offset``; the parser does not tell."""
    parser = ijson.basic_parse_coro(_Nowhere(), use_float=True)
    line, position = 1, 0
    with source.open() as handle:
        for chunk in source.chunks(handle):
            if position < offset:
                parser.send(chunk)
                line += chunk.count(b"\n")
                position += len(chunk)
                continue
            for index in range(len(chunk)):
                byte = chunk[index : index + 1]
                try:
                    parser.send(byte)
                except _BROKEN:
                    return f"line {line}, byte {position + index}"
                line += byte == b"\n"
            break
    return f"after byte {offset}"


class _Nowhere:
    """Takes events and forgets them."""

    def send(self, event: object) -> None:
        """Forget it."""

    def close(self) -> None:
        """Nothing is open."""


class FirstUse:
    """
    Which owner named a key first, for hundreds of thousands of keys in a few megabytes.

    A table of 64-bit hashes with linear probing: a dictionary of the same would take ten times as much.
    """

    def __init__(self) -> None:
        self._size = 1 << 10
        self._used = 0
        self._keys = array("Q", bytes(8 * self._size))
        self._owners = array("Q", bytes(8 * self._size))

    def claim(self, key: str, owner: str) -> bool:
        """Whether this key is free or already this owner's."""
        if 2 * self._used >= self._size:
            self._grow()
        return self._put(_short(key), _short(owner))

    def _put(self, key: int, owner: int) -> bool:
        mask = self._size - 1
        slot = key & mask
        while self._keys[slot]:
            if self._keys[slot] == key:
                return self._owners[slot] == owner
            slot = (slot + 1) & mask
        self._keys[slot], self._owners[slot] = key, owner
        self._used += 1
        return True

    def _grow(self) -> None:
        keys, owners = self._keys, self._owners
        self._size *= 2
        self._used = 0
        self._keys, self._owners = array("Q", bytes(8 * self._size)), array("Q", bytes(8 * self._size))
        for key, owner in zip(keys, owners, strict=True):
            if key:
                self._put(key, owner)


def _short(text: str) -> int:
    return int(digest(text)[:16], 16) | 1
