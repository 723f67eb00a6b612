"""
An evidence pack: how its files are called, what its manifest says, and whether a pack is as it was made. Pure.

The manifest names every file with its size and SHA-256. What is signed is an in-toto statement about the manifest's own
SHA-256, in a DSSE envelope, with the key of the receipts (``bot.domain.receipt``).
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from bot.domain.audit import canonical_json
from bot.domain.maturity.model import Item, Model
from bot.domain.maturity.period import Period, PeriodKind
from bot.domain.maturity.scope import Scope, ScopeKind
from bot.domain.maturity.snapshot import ModelRef
from bot.errors import MergewardenError
from bot.texts import Language

FORMAT: Final = "mergewarden-evidence/1"
PREDICATE_TYPE: Final = "https://mergewarden.invalid/evidence-pack/v1"
"""Resolves to nothing on purpose (RFC 2606)."""
_STATEMENT_TYPE: Final = "https://in-toto.io/Statement/v1"

MANIFEST: Final = "manifest.json"
ENVELOPE: Final = "manifest.dsse.json"
INDEX: Final = "index.html"
README: Final = "README.txt"
SCRIPT: Final = "verify.py"
MODEL: Final = "model.json"
SNAPSHOT: Final = "snapshot.json"
AUDIT: Final = "audit.jsonl"
POLICIES: Final = "policies.csv"

LARGEST_MANIFEST: Final = 64 * 1024 * 1024
"""Bytes."""
MOST_FILES: Final = 100_000
_LONGEST_NAME: Final = 150
"""Bytes in UTF-8 of a name without what makes it unique: ext4 takes 255, and programs add endings."""

_FOLDERS: Final[Mapping[Language, str]] = {Language.ENGLISH: "evidence", Language.CHINESE: "佐证材料"}
_POLICY_FOLDERS: Final[Mapping[Language, str]] = {Language.ENGLISH: "policies", Language.CHINESE: "策略"}
_SUMMARIES: Final[Mapping[Language, str]] = {Language.ENGLISH: "compliance-summary", Language.CHINESE: "安全合规报告"}

# Windows takes none of these in a name, nor a dot or a space at its end, nor the names of its devices.
# https://learn.microsoft.com/windows/win32/fileio/naming-a-file
_NOT_IN_A_NAME: Final = re.compile(r'[<>:"/\\|?*%]|\.{2,}')
_DEVICES: Final = re.compile(r"^(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$)(?=\.|$)", re.IGNORECASE)
_GAPS: Final = re.compile(r"[\s_]+")
_DIGEST: Final = re.compile(r"[0-9a-f]{64}", re.ASCII)
# Control, format (bidirectional overrides, zero-width), surrogate, private and unassigned characters.
_UNSEEN: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})


class PackError(MergewardenError):
    """Raised for a pack that cannot be made, or for what is none."""


# --- names ------------------------------------------------------------------------------------------------------------


def safe_name(text: str, otherwise: str) -> str:
    """
    A text as a name, or a part of one, that every file system takes, without an ending; ``otherwise`` where nothing is
    left of it.

    In Unicode's form C, because file systems differ in which form they keep.
    """
    # Cut before it is looked at: a text of any length must not cost any amount of work.
    plain = unicodedata.normalize("NFC", text[:1_000])
    plain = "".join("_" if unicodedata.category(one) in _UNSEEN else one for one in plain)
    plain = _GAPS.sub("_", _NOT_IN_A_NAME.sub("_", plain)).strip("._ -")
    while len(plain.encode("utf-8")) > _LONGEST_NAME:
        plain = plain[:-1]
    # A device is one with every ending.
    plain = _DEVICES.sub(lambda found: f"{found[0]}_", plain.strip("._ -"), count=1)
    return plain or otherwise


class Names:
    """Gives each file of a pack a name of its own; upper and lower case are alike, as Windows and macOS have it."""

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def unique(self, folder: str, stem: str, ending: str) -> str:
        """A path in the pack: ``folder/stem.ending``, or with a number after the stem where that is taken."""
        number = 1
        while True:
            more = "" if number == 1 else f"({number})"
            path = f"{folder}/{stem}{more}{ending}" if folder else f"{stem}{more}{ending}"
            if path.casefold() not in self._taken:
                self._taken.add(path.casefold())
                return path
            number += 1


def folder_of(language: Language) -> str:
    """The folder of the files of items and levels."""
    return _FOLDERS[language]


def policy_folder(language: Language) -> str:
    """The folder of the policies."""
    return _POLICY_FOLDERS[language]


def summary_stem(language: Language) -> str:
    """How the compliance summary is called, without its ending."""
    return _SUMMARIES[language]


def item_stem(model: Model, item: Item, language: Language) -> str:
    """
    How the names of an item's files begin: ``域-子域-项``, in English area and item.

    The Chinese one is what the model says; an item without is called by its number and title.
    """
    area = next(one for one in model.areas if item in one.items)
    if language is Language.CHINESE:
        return safe_name(item.evidence or f"{item.id}-{item.title.zh}", "项")
    return safe_name(f"{_part(area.title.en)}-{_part(item.title.en)}", "item")


def file_stem(stem: str, level: int, number: int) -> str:
    """``域-子域-项-级-序号``: 01 are the page and the table, what people attached follows."""
    return f"{stem}-{level}-{number:02}"


def _part(text: str) -> str:
    # A hyphen separates the parts of a name.
    return text.replace("-", "_")


# --- the manifest -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PackedFile:
    """A file of a pack."""

    path: str
    """In the pack, with slashes."""
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a pack is about, and what belongs to it."""

    scope: Scope
    path: str
    """Of the project; empty for others."""
    period: Period
    language: Language
    model: ModelRef
    snapshot: str
    """Digest of the snapshot."""
    content: str
    """Digest of what it says."""
    revision: int
    earlier: tuple[str, ...]
    """Digests of the revisions before it, the first one first."""
    summary: str
    """Digest of the compliance summary's document."""
    mergewarden: str
    """Version of the program."""
    files: tuple[PackedFile, ...]
    """By path; all but the manifest and its signature."""

    def about(self) -> dict[str, Any]:
        """All but the files, as JSON."""
        return {
            "format": FORMAT,
            "scope": {"kind": self.scope.kind.value, "key": self.scope.key, "path": self.path},
            "period": {
                "kind": self.period.kind.value,
                "first": self.period.first.isoformat(),
                "last": self.period.last.isoformat(),
            },
            "language": self.language.value,
            "model": {"id": self.model.id, "version": self.model.version, "digest": self.model.digest},
            "snapshot": {
                "digest": self.snapshot,
                "content": self.content,
                "revision": self.revision,
                "earlier": list(self.earlier),
            },
            "summary": self.summary,
            "mergewarden": self.mergewarden,
        }

    def to_bytes(self) -> bytes:
        """As it stands in the pack: JSON that people can read, one text for one manifest."""
        files = [{"path": one.path, "size": one.size, "sha256": one.sha256} for one in self.files]
        text = json.dumps({**self.about(), "files": files}, ensure_ascii=False, indent=1, sort_keys=True)
        return text.encode("utf-8") + b"\n"


def read_manifest(raw: bytes) -> Manifest:
    """A manifest, whoever wrote it. Raises ``PackError`` that says where it is wrong."""
    top = _record(_json(raw, MANIFEST), MANIFEST)
    if top.get("format") != FORMAT:
        raise PackError(f"{MANIFEST} is of the format {str(top.get('format'))[:40]!r}", f"This program reads {FORMAT}.")
    scope, period = _record(top.get("scope"), "scope"), _record(top.get("period"), "period")
    model, snapshot = _record(top.get("model"), "model"), _record(top.get("snapshot"), "snapshot")
    listed, earlier = top.get("files"), snapshot.get("earlier")
    if not isinstance(listed, list) or len(listed) > MOST_FILES:
        raise _wrong("files", f"has to be a list of at most {MOST_FILES}")
    if not isinstance(earlier, list) or len(earlier) > MOST_FILES:
        raise _wrong("snapshot.earlier", "has to be a list")
    try:
        about = Scope(ScopeKind(scope.get("kind")), _text(scope.get("key"), "scope.key"))
        days = Period(
            PeriodKind(period.get("kind")),
            date.fromisoformat(_text(period.get("first"), "period.first")),
            date.fromisoformat(_text(period.get("last"), "period.last")),
        )
        language = Language(top.get("language"))
    except ValueError as error:
        raise PackError(f"{MANIFEST} does not say what it is about: {str(error)[:200]}", _CHANGED) from None
    return Manifest(
        scope=about,
        path=_text(scope.get("path"), "scope.path"),
        period=days,
        language=language,
        model=ModelRef(
            _text(model.get("id"), "model.id"),
            _text(model.get("version"), "model.version"),
            _digest(model.get("digest"), "model.digest"),
        ),
        snapshot=_digest(snapshot.get("digest"), "snapshot.digest"),
        content=_digest(snapshot.get("content"), "snapshot.content"),
        revision=_number(snapshot.get("revision"), "snapshot.revision"),
        earlier=tuple(_digest(one, "snapshot.earlier") for one in earlier),
        summary=_digest(top.get("summary"), "summary"),
        mergewarden=_text(top.get("mergewarden"), "mergewarden"),
        files=tuple(_file(one, f"files[{place}]") for place, one in enumerate(listed)),
    )


def _file(value: object, at: str) -> PackedFile:
    one = _record(value, at)
    return PackedFile(
        _text(one.get("path"), f"{at}.path"),
        _number(one.get("size"), f"{at}.size"),
        _digest(one.get("sha256"), f"{at}.sha256"),
    )


def statement_of(manifest: Manifest, sha256: str) -> bytes:
    """What is signed: an in-toto statement about the manifest with this SHA-256."""
    return canonical_json(
        {
            "_type": _STATEMENT_TYPE,
            "subject": [{"name": MANIFEST, "digest": {"sha256": sha256}}],
            "predicateType": PREDICATE_TYPE,
            "predicate": {**manifest.about(), "files": len(manifest.files)},
        }
    )


def signed_digest(payload: bytes) -> str:
    """SHA-256 of the manifest that a statement is about. Raises ``PackError`` for a statement of another kind."""
    top = _record(_json(payload, ENVELOPE), "statement")
    subject = top.get("subject")
    if top.get("_type") != _STATEMENT_TYPE or top.get("predicateType") != PREDICATE_TYPE:
        raise PackError("what was signed is another kind of statement, not one about an evidence pack", _CHANGED)
    if not isinstance(subject, list) or len(subject) != 1:
        raise PackError("what was signed is about several things", _CHANGED)
    digests = _record(_record(subject[0], "subject").get("digest"), "subject.digest")
    return _digest(digests.get("sha256"), "subject.digest.sha256")


def differences(manifest: Manifest, seen: Iterable[PackedFile]) -> tuple[str, ...]:
    """
    What is there and not as the manifest says, one line for each file. ``seen``: every file of the pack but the
    manifest and its signature, as often as it is there.
    """
    wanted = {one.path: one for one in manifest.files}
    found: list[str] = []
    if len(wanted) != len(manifest.files):
        found.append(f"{MANIFEST} names a file twice")
    met: set[str] = set()
    for one in seen:
        known = wanted.get(one.path)
        if one.path in met:
            found.append(f"{one.path} is there twice")
        elif known is None:
            found.append(f"{one.path} was added: the manifest does not name it")
        elif (one.size, one.sha256) != (known.size, known.sha256):
            found.append(f"{one.path} was changed: it is not what the manifest says")
        met.add(one.path)
    found += [f"{path} is missing" for path in wanted if path not in met]
    return tuple(found)


_CHANGED: Final = "It is no pack of ours, or it was changed."


def _json(raw: bytes, name: str) -> object:
    try:
        return json.loads(raw.decode("utf-8"))
    except (ValueError, RecursionError):
        raise PackError(f"{name} is not JSON", _CHANGED) from None


def _wrong(at: str, what: str) -> PackError:
    return PackError(f"{MANIFEST}: {at} {what}", _CHANGED)


def _record(value: object, at: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise _wrong(at, "has to be an object")
    return value


def _text(value: object, at: str) -> str:
    if not isinstance(value, str) or len(value) > 2_000:
        raise _wrong(at, "has to be a text")
    return value


def _number(value: object, at: str) -> int:
    if type(value) is not int or not 0 <= value < 2**63:
        raise _wrong(at, "has to be a whole number")
    return value


def _digest(value: object, at: str) -> str:
    if not isinstance(value, str) or not _DIGEST.fullmatch(value):
        raise _wrong(at, "has to be 64 hexadecimal digits")
    return value
