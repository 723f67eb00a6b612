"""
Full-text search over findings: title, rule, path, message, package and the names of a vulnerability.

Both databases get the same words, made here: plain lower-case letters and digits, names and paths in their parts. So
the same search finds the same on both, and no text of a stranger ever reaches a database's query language as it is.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain, islice
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Select,
    Text,
    bindparam,
    cast,
    func,
    literal_column,
    select,
    text,
)
from sqlalchemy.orm import Session
from sqlalchemy.types import UserDefinedType

from bot.store.bulk import among, staged
from bot.store.statements import table
from bot.store.tables import FindingRecord

_FINDING = table(FindingRecord)

LONGEST_WORD = 40
"""Characters of a word; the rest of a longer one is not searched."""
MOST_WORDS = 400
"""Different words of one finding."""
MOST_WANTED = 12
"""Words of a search that count."""
_LONGEST_MESSAGE = 2_000
MOST_PROJECTS = 100
"""Projects that a search names; more are told apart by the rows that it finds."""

# A word ends where small letters turn into capital ones, at digits, and at everything else.
_PARTS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_RUNS = re.compile(r"[^\W_]+")
_SPACED = {code: " " for code in range(128) if not chr(code).isalnum()}
_IDEOGRAPHS = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff]")


def words(*texts: str) -> Iterator[str]:
    """
    The words of some texts, in order: of each run of letters and digits the run itself and its parts
    (``parseHTTPHeader2`` gives ``parsehttpheader2``, ``parse``, ``http``, ``header`` and ``2``), without accents.
    Where a script has no spaces each character is a word.
    """
    return chain.from_iterable(map(_words_of, texts))


# Findings of a scan share rules, titles and paths, and messages share most of their words.
@lru_cache(maxsize=8_192)
def _words_of(one: str) -> tuple[str, ...]:
    # Most texts are plain, and splitting them is a fraction of the work.
    runs = dict.fromkeys(one.translate(_SPACED).split() if one.isascii() else _RUNS.findall(_plain(one)))
    return tuple(dict.fromkeys(chain.from_iterable(map(_words_in, runs))))


@lru_cache(maxsize=65_536)
def _words_in(run: str) -> tuple[str, ...]:
    if not run.isascii():
        return tuple(_other_script(run))
    whole = run.lower()[:LONGEST_WORD]
    if run.islower() or run.isdigit():
        # Digits within a word are parts of their own as well.
        parts = _PARTS.findall(run) if not run.isalpha() else []
    else:
        parts = _PARTS.findall(run)
    return tuple(dict.fromkeys((whole, *(part.lower()[:LONGEST_WORD] for part in parts))))


def wanted_words(query: str) -> tuple[str, ...]:
    """The words that a search asks for; empty where it has none."""
    runs: list[str] = []
    for run in _RUNS.findall(_plain(query)):
        runs += [run.lower()[:LONGEST_WORD]] if run.isascii() else _other_script(run)
    return tuple(dict.fromkeys(runs))[:MOST_WANTED]


@dataclass(frozen=True, slots=True)
class Search:
    """Words that are looked for; each is one, or the beginning of one."""

    words: tuple[str, ...]
    """Of letters and digits only, one at least."""
    projects: tuple[int, ...] = ()
    """Where all that is looked for is in these projects; empty for anywhere."""

    def found(self, session: Session) -> Select[Any]:
        """The numbers of all findings that have all words, from the index of words; the column is ``finding_id``."""
        # Only letters and digits are left, so that nothing has to be escaped; quoted all the same.
        if session.get_bind().dialect.name == "postgresql":
            return _found("finding_id").where(_fits(self._ts_query(inside=True)))
        wanted = " AND ".join(f'"{word}" *' if len(word) > 1 else f'"{word}"' for word in self.words)
        if self.projects:
            wanted += " AND (" + " OR ".join(f'"{_project_word(number)}"' for number in self.projects) + ")"
        return _found("rowid").where(text("finding_search MATCH :wanted_words").bindparams(wanted_words=wanted))

    def has(self, session: Session, column: ColumnElement[Any]) -> ColumnElement[bool]:
        """
        The condition that the finding with this number has all words, asked of its own words: quick for some thousand
        rows, however many others have the words.
        """
        if session.get_bind().dialect.name == "postgresql":
            # As a value and not as a table that is joined, so that rows are asked in their order, and no more than
            # needed.
            own = select(_fits(self._ts_query(inside=False))).select_from(text("finding_search"))
            number = literal_column("finding_search.finding_id", BigInteger)
            return own.where(number == column).scalar_subquery().is_(True)
        # Not MATCH: for the beginning of a word SQLite would collect all findings for each of the rows.
        padded = literal_column("' ' || finding_search.words || ' '", Text)
        sought = [f" {word}" if len(word) > 1 else f" {word} " for word in self.words]
        each = [func.instr(padded, word) > literal_column("0") for word in sought]
        own = select(literal_column("1")).select_from(text("finding_search"))
        return own.where(literal_column("finding_search.rowid", BigInteger) == column, *each).exists()

    def _ts_query(self, *, inside: bool) -> str:
        wanted = " & ".join(f"'{word}':*" if len(word) > 1 else f"'{word}'" for word in self.words)
        if inside and self.projects:
            wanted += " & (" + " | ".join(f"'{_project_word(number)}'" for number in self.projects) + ")"
        return wanted


def search_of(query: str, projects: Collection[int] | None = None) -> Search | None:
    """What a query asks for in these projects (None for all); None where it has no word."""
    found = wanted_words(query)
    named = sorted(projects) if projects is not None and len(projects) <= MOST_PROJECTS else ()
    return Search(found, tuple(named)) if found else None


class _TsQuery(UserDefinedType[str]):
    """PostgreSQL's own: read as it stands, so that no parser of texts has ideas of what a word is."""

    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        return "tsquery"


def _fits(wanted: str) -> ColumnElement[bool]:
    return literal_column("finding_search.words", _TsQuery).bool_op("@@")(cast(wanted, _TsQuery))


def _found(column: str) -> Select[Any]:
    number = literal_column(f"finding_search.{column}", BigInteger).label("finding_id")
    return select(number).select_from(text("finding_search"))


def _project_word(number: int) -> str:
    """A word that every finding of the project has, and that no query can ask for: it is no letter and no digit."""
    return f"\u00b6{number}"


_SEARCHED = ("id", "project_id", "title", "rule_id", "path", "scanner", "dependency", "details")


def index(session: Session, numbers: Collection[int]) -> None:
    """Keep the words of these findings as they are now, in place of what was kept. Few statements."""
    if not numbers:
        return
    columns = [_FINDING.c[name] for name in _SEARCHED]
    # By the position and through the driver's own rows: ten thousand of them with every scan.
    rows = session.execute(select(*columns).where(among(session, _FINDING.c.id, numbers)))
    if session.get_bind().dialect.name == "postgresql":
        kept: list[Column[Any]] = [Column("finding_id", BigInteger), Column("words", Text)]
        with staged(session, kept, ({"finding_id": row[0], "words": _document(row)} for row in rows)) as new:
            # Not to_tsvector: it has ideas of its own of what a word is, and positions are not asked for.
            session.execute(
                text(
                    "INSERT INTO finding_search (finding_id, words)"  # noqa: S608 - the name is our own
                    f" SELECT finding_id, array_to_tsvector(string_to_array(words, ' ')) FROM {new.name}"
                    " ON CONFLICT (finding_id) DO UPDATE SET words = excluded.words"
                )
            )
        return
    documents = [{"number": row[0], "words": _document(row)} for row in rows]
    forget(session, numbers)
    if documents:
        session.connection().execute(
            text("INSERT INTO finding_search (rowid, words) VALUES (:number, :words)"), documents
        )


def forget(session: Session, numbers: Collection[int]) -> None:
    """Drop the words of these findings; PostgreSQL drops them with the finding."""
    if numbers and session.get_bind().dialect.name != "postgresql":
        numbered = [{"number": number} for number in numbers]
        session.connection().execute(
            text("DELETE FROM finding_search WHERE rowid = :number").bindparams(bindparam("number")), numbered
        )


def _document(row: Any) -> str:
    _, project, title, rule_id, path, scanner, dependency, details = row
    about: Mapping[str, Any] = dependency or {}
    found = words(
        title,
        rule_id,
        path,
        scanner,
        about.get("ecosystem", ""),
        about.get("package", ""),
        *about.get("advisory_ids", ()),
        details.get("message", "")[:_LONGEST_MESSAGE],
    )
    return " ".join(chain((_project_word(project),), _first(found)))


def _first(found: Iterable[str]) -> Iterable[str]:
    return islice(dict.fromkeys(found), MOST_WORDS)


def _plain(one: str) -> str:
    if one.isascii():
        return one
    apart = unicodedata.normalize("NFKD", one)
    return unicodedata.normalize("NFC", "".join(c for c in apart if not unicodedata.combining(c)))


def _other_script(run: str) -> list[str]:
    """Words of plain letters for a run with others: their numbers. Beginnings of words stay beginnings."""
    found: list[str] = []
    for piece in _IDEOGRAPHS.sub(lambda match: f" {match[0]} ", run.lower()).split():
        if piece.isascii():
            found.append(piece[:LONGEST_WORD])
        else:
            found.append("".join(f"u{ord(c):04x}" for c in piece[: LONGEST_WORD // 5]))
    return found


__all__ = ["Search", "forget", "index", "search_of", "wanted_words", "words"]
