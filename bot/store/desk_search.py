"""
Full-text search over findings: title, rule, path, message, package and the names of a vulnerability.

Both databases get the same words, made here: plain lower-case letters and digits, names and paths in their parts. So
the same search finds the same on both, and no text of a stranger ever reaches a database's query language as it is.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import lru_cache
from itertools import chain, islice
from typing import Any

from sqlalchemy import BigInteger, Column, ColumnElement, Text, bindparam, literal_column, select, text
from sqlalchemy.orm import Session

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
MANY = 100_000
"""From so many findings on that have the words, they are looked for otherwise on SQLite."""

# A word ends where small letters turn into capital ones, at digits, and at everything else.
_PARTS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_RUNS = re.compile(r"[^\W_]+")
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
    runs = dict.fromkeys(_RUNS.findall(one if one.isascii() else _plain(one)))
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


def matching(
    session: Session, query: str, column: ColumnElement[Any], *, many: int = MANY
) -> ColumnElement[bool] | None:
    """
    The condition that the finding with this number has all words of the search, or words that begin so; None where
    nothing is searched. One statement on SQLite.
    """
    found = wanted_words(query)
    if not found:
        return None
    # Only letters and digits are left, so that nothing has to be escaped; quoted all the same.
    if session.get_bind().dialect.name == "postgresql":
        wanted = " & ".join(f"'{word}':*" if len(word) > 1 else f"'{word}'" for word in found)
        return column.in_(
            select(literal_column("finding_search.finding_id", BigInteger))
            .select_from(text("finding_search"))
            .where(text("finding_search.words @@ to_tsquery('simple', :wanted_words)").bindparams(wanted_words=wanted))
        )
    wanted = " AND ".join(f'"{word}" *' if len(word) > 1 else f'"{word}"' for word in found)
    # SQLite's planner does not know how many there are. Few are looked up in the list; of many each row of the list
    # asks for its own, as nearly every one of them will do.
    there = session.scalar(
        text("SELECT count(*) FROM (SELECT 1 FROM finding_search WHERE finding_search MATCH :words LIMIT :many)"),
        {"words": wanted, "many": min(many, MANY)},
    )
    if there == many:
        own = text("finding_search MATCH :wanted_words").bindparams(wanted_words=wanted)
        number = literal_column("finding_search.rowid", BigInteger)
        return select(literal_column("1")).select_from(text("finding_search")).where(number == column, own).exists()
    return column.in_(
        select(literal_column("finding_search.rowid", BigInteger))
        .select_from(text("finding_search"))
        .where(text("finding_search MATCH :wanted_words").bindparams(wanted_words=wanted))
    )


def index(session: Session, numbers: Collection[int]) -> None:
    """Keep the words of these findings as they are now, in place of what was kept. Few statements."""
    if not numbers:
        return
    columns = [_FINDING.c[name] for name in ("id", "title", "rule_id", "path", "scanner", "dependency", "details")]
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
    _, title, rule_id, path, scanner, dependency, details = row
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
    return " ".join(_first(found))


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


__all__ = ["forget", "index", "matching", "wanted_words", "words"]
