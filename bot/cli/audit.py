"""``mergewarden audit``: the log of what was done, taken away as a file and checked, without a server."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import BinaryIO

from bot.cli.common import open_services, user_name
from bot.cli.output import written_whole
from bot.domain.audit import (
    Act,
    Action,
    AuditError,
    Checker,
    Entry,
    Head,
    Part,
    Verdict,
    part_of,
    statement_of,
)
from bot.domain.receipt import Envelope, InvalidReceipt, UnreadableReceipt
from bot.errors import MergewardenError
from bot.pipeline.signing import PublicKey, checked, existing_signer, load_public_key, signer
from bot.reports.audit_log import FORMATS, read_lines, write_lines, write_statement
from bot.reports.visible import one_line
from bot.store import audit
from bot.store.engine import session, write_session

BROKEN = 1
UNREAD = 2
_MOST_SHOWN = 50


def run_export(
    *, since: str | None, until: str | None, format: str, output: Path | None, by: str | None, config: Path | None
) -> int:
    """
    Write the entries of a time with a signed statement at the end. ``until`` is the last day.

    Raises ``MergewardenError`` for wrong use, and where nothing can be signed or written.
    """
    if format not in FORMATS:
        raise MergewardenError(f"{one_line(format, 40)!r} is no format", f"Use one of: {', '.join(FORMATS)}.")
    after, before = _day(since), _day(until)
    services = open_services(config)
    # Before anything is written: a file without its end would look cut.
    key = signer(services.settings)
    who = user_name(by)
    with write_session(services.store) as writing:
        audit.append(
            writing,
            Act(
                actor=who,
                person_id=None,
                action=Action.EXPORTED,
                subject="audit log",
                details={"since": since, "until": until, "format": format},
            ),
        )
    with session(services.store) as reading:
        head = audit.head(reading)
        first, last = audit.bounds(reading, after, before + timedelta(days=1) if before is not None else None)
        seen = _Seen()
        with _opened(output) as stream:
            for line in write_lines(seen.passing(audit.stream(reading, first, last)), format):
                stream.write(line.encode("utf-8", "surrogatepass"))
            part = seen.part(head, datetime.now(UTC))
            envelope = key.sign(statement_of(part)).to_json()
            stream.write(write_statement(envelope, format).encode("ascii"))
    services.close()
    print(f"{part.count} entries, up to {part.end}", file=sys.stderr)
    print(f"signed with key {key.public.id}; the log's head is {part.head}", file=sys.stderr)
    return 0


class _Seen:
    """Remembers how entries that pass by begin and end."""

    def __init__(self) -> None:
        self.start: Head | None = None
        self.end = Head()
        self.count = 0

    def passing(self, entries: Iterable[Entry]) -> Iterator[Entry]:
        for entry in entries:
            if self.start is None:
                self.start = Head(entry.sequence - 1, entry.previous)
            self.end = Head(entry.sequence, entry.digest)
            self.count += 1
            yield entry

    def part(self, head: Head, at: datetime) -> Part:
        start = self.start if self.start is not None else head
        return Part(start, self.end if self.count else start, self.count, head, at)


def run_verify(file: Path | None, *, head: str | None, keys: Sequence[Path], config: Path | None) -> int:
    """
    Check the log of the store, or an exported part of it. Returns 0 for a whole one and ``BROKEN`` with what is wrong.

    Raises ``MergewardenError`` (exit status ``UNREAD``) for what cannot be read at all.
    """
    expected = Head.parse(head) if head is not None else None
    trusted = [load_public_key(place) for place in keys]
    if file is None:
        services = open_services(config)
        verdict = audit.verify(services.store, expected=expected, keep=True)
        services.close()
        return _say(verdict, [])
    if not trusted:
        trusted = _own_key(config)
    return _verify_file(file, expected, trusted)


def _own_key(config: Path | None) -> list[PublicKey]:
    """Our own, where this is the machine that signs; elsewhere none, and that is said."""
    try:
        services = open_services(config)
        found = existing_signer(services.settings)
    except MergewardenError:
        return []
    return [found.public] if found is not None else []


def _verify_file(file: Path, expected: Head | None, keys: Sequence[PublicKey]) -> int:
    checker = Checker(whole_log=False, expected=expected)
    statement: dict[str, object] | None = None
    notes: list[str] = []
    problems: list[str] = []
    try:
        # Line ends as they are: a field of CSV may hold some.
        with file.open(encoding="utf-8", errors="surrogatepass", newline="") as stream:
            for line in read_lines(stream):
                if statement is not None:
                    problems.append("something stands after the signed statement at the end")
                    break
                if isinstance(line, Entry):
                    checker.feed(line)
                elif line is None:
                    checker.unreadable()
                else:
                    statement = line
    except OSError as error:
        raise AuditError(f"{file} cannot be read: {error.strerror or error}", "Name an exported file.") from error
    except UnicodeDecodeError as error:
        raise AuditError(f"{file} is no text", "Name an exported file.") from error
    part = None
    if statement is None:
        problems.append("the signed statement at its end is missing: the file was cut")
    else:
        try:
            envelope = Envelope.from_json(statement)
            part = part_of(envelope.payload)
            if keys:
                key = checked(envelope, keys)
                notes.append(f"signed with key {key.id} on {part.at:%Y-%m-%d %H:%M} UTC")
            else:
                notes.append("the signature was not checked: give the public key with --key")
        except (UnreadableReceipt, InvalidReceipt, AuditError) as error:
            problems.append(f"the statement at its end does not hold: {error}")
    verdict = checker.finish(part.end if part is not None else None, part.start if part is not None else None)
    if part is not None and verdict.whole:
        notes.append(f"the log's head was {part.head} then")
    return _say(verdict, notes, problems)


def _say(verdict: Verdict, notes: Sequence[str], problems: Sequence[str] = ()) -> int:
    for problem in problems:
        print(problem)
    for one in verdict.breaks[:_MOST_SHOWN]:
        print(one)
    if verdict.broken > _MOST_SHOWN:
        print(f"and {verdict.broken - _MOST_SHOWN} more")
    if verdict.broken or problems:
        print(f"broken: {verdict.count} entries were read, {verdict.broken + len(problems)} things are wrong")
        return BROKEN
    print(f"whole: {verdict.count} entries, up to {verdict.head}")
    for note in notes:
        print(f"  {note}")
    return 0


def _day(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        return datetime.combine(date.fromisoformat(text), time(), UTC)
    except ValueError:
        raise MergewardenError(f"{one_line(text, 40)!r} is not a date", "Write it as 2026-12-31.") from None


@contextmanager
def _opened(output: Path | None) -> Iterator[BinaryIO]:
    if output is None:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    with written_whole(output) as stream:
        yield stream
