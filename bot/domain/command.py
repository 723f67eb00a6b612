"""
Commands that people write into a merge request's conversation, such as ``/mw fp #812 the value is a constant``. Pure.

One command stands on one line, which begins with ``/mw``; a note may hold several. What is quoted, or stands in code or
in a comment that nobody sees, is no command: it is somebody else's text, or an example. What begins like a command and
is none comes back as ``Misread``, so that whoever wrote it hears why nothing happened.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches
from enum import Enum
from types import MappingProxyType

from bot.domain.triage import Justification, TriageError, cleaned_reason
from scanners.normalize import clean_text

MOST_COMMANDS = 10
"""Commands that one note may hold."""
LONGEST_LINE = 10_000
"""Characters of a line that are looked at. A reason may have 2,000."""


class Verb(Enum):
    """What is asked for."""

    FALSE_POSITIVE = "fp"
    ACCEPT = "accept"
    MITIGATED = "mitigated"
    TEST = "test"
    NOT_APPLICABLE = "na"
    CONFIRM = "confirm"
    """A second person's word: for what somebody asked for, or for code that was edited."""
    REOPEN = "reopen"
    """Takes a word back."""
    RESCAN = "rescan"
    EXPLAIN = "explain"
    MERGE = "merge"
    CANCEL_MERGE = "merge cancel"
    HELP = "help"


JUSTIFICATIONS: Mapping[Verb, Justification] = MappingProxyType(
    {
        Verb.FALSE_POSITIVE: Justification.FALSE_POSITIVE,
        Verb.ACCEPT: Justification.ACCEPTABLE_RISK,
        Verb.MITIGATED: Justification.MITIGATING_CONTROL,
        Verb.TEST: Justification.USED_IN_TESTS,
        Verb.NOT_APPLICABLE: Justification.NOT_APPLICABLE,
    }
)
DISMISSALS = frozenset(JUSTIFICATIONS)
"""Words that a finding need not be mended. They need a reason, and may carry an end."""
ABOUT_FINDINGS = DISMISSALS | {Verb.CONFIRM, Verb.REOPEN, Verb.EXPLAIN}


class Result(Enum):
    """What came of a command, in a word. Of several in one note, the last of this list counts."""

    IGNORED = "ignored"
    """Nobody whom we know: no answer at all."""
    UNCHANGED = "unchanged"
    """It is so already."""
    ANSWERED = "answered"
    DONE = "done"
    REQUESTED = "requested"
    """Waits for a second person."""
    MISREAD = "misread"
    EDITED = "edited"
    """The note is not as it was written."""
    REFUSED = "refused"


class Problem(Enum):
    """Why a line that begins like a command is none."""

    UNKNOWN_VERB = "unknown_verb"
    """``word`` is what stands there, ``suggestion`` what may have been meant."""
    NO_REASON = "no_reason"
    TOO_LONG = "too_long"
    """The reason is."""
    NOT_A_NUMBER = "not_a_number"
    """``word`` stands where the number of a finding was expected."""
    NOT_A_DATE = "not_a_date"
    """What follows ``until`` or ``for`` is no end."""
    NOT_UNDERSTOOD = "not_understood"
    """Words after a command that takes none."""
    BELOW_QUOTE = "below_quote"
    """The line directly after a quotation, which GitLab shows as a part of it."""
    TOO_MANY = "too_many"


@dataclass(frozen=True, slots=True)
class Command:
    """One command."""

    verb: Verb
    line: str
    """As it was written, without what cannot be seen; for answers to several."""
    finding: int | None = None
    """The number of the finding; None for the one whose thread it is."""
    marked: bool = False
    """Whether the number was written with ``#``: a bare one may be the first word of a reason."""
    reason: str = ""
    until: date | None = None
    """The last day, for a dismissal."""
    days: int | None = None
    """The same as a number of days from now."""


@dataclass(frozen=True, slots=True)
class Misread:
    """A line that begins like a command and is none."""

    problem: Problem
    line: str
    verb: Verb | None = None
    """The command that was recognised, as far as that went."""
    word: str = ""
    suggestion: Verb | None = None


# Chinese input methods write full-width forms of everything, and other marks for comma and full stop. One character for
# one, so that places in the folded line are places in the line.
_FOLD: dict[int, str] = {0xFF01 + n: chr(0x21 + n) for n in range(94)}
_FOLD |= {0x3001: ",", 0x3002: ".", 0x2026: "."}
_BLANKS = (0x00A0, 0x1680, *range(0x2000, 0x200B), 0x202F, 0x205F, 0x3000, 0x0B, 0x0C)
_FOLD |= dict.fromkeys(_BLANKS, " ")

_WORD = "/mw"
_INDENT = 3
"""Columns before a command: from four on a line is code."""
_FIRST_WORD = re.compile(r" {0,3}/mw(?=[\s:,.]|$)", re.IGNORECASE)
_SOMEWHERE = re.compile(
    rf"(?:^|[\r\n])[ {''.join(map(chr, _BLANKS))}]{{0,{_INDENT}}}[/\uff0f][mM\uff4d\uff2d][wW\uff57\uff37]"
    # What folds to the marks that may follow.
    r"(?=[\s:,.\uff1a\uff0c\uff0e\u3001\u3002\u2026]|$)"
)
_SEPARATOR = re.compile(r"[\s:,.;]*")
_VERB = re.compile(r"[^\s:,;]+")
_MARKED_NUMBER = re.compile(r"#\s?([0-9]{1,18})(?![A-Za-z0-9_])", re.ASCII)
# A bare number is followed by a space or by punctuation that no number holds: "3.5 seconds" is no finding.
_BARE_NUMBER = re.compile(r"([0-9]{1,18})(?![0-9A-Za-z_])", re.ASCII)
_AFTER_BARE = re.compile(r"\s|$|[:,;.](?:\s|$)", re.ASCII)
_UNTIL = re.compile(r"until(?![A-Za-z])[\s:]*", re.IGNORECASE)
_DATE = re.compile(r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})(?![0-9A-Za-z-])", re.ASCII)
_FOR = re.compile(r"for\s+(?=[0-9])", re.IGNORECASE | re.ASCII)
_DAYS = re.compile(r"([0-9]{1,5})\s?(?:d|day|days|天)(?![A-Za-z0-9])", re.IGNORECASE | re.ASCII)

_WORDS: dict[str, Verb] = {verb.value: verb for verb in Verb if " " not in verb.value}
# Never obeyed, only suggested: what people may think the word is.
_MEANT: dict[str, Verb] = {
    **_WORDS,
    "false": Verb.FALSE_POSITIVE,
    "falsepositive": Verb.FALSE_POSITIVE,
    "false-positive": Verb.FALSE_POSITIVE,
    "dismiss": Verb.FALSE_POSITIVE,
    "ignore": Verb.FALSE_POSITIVE,
    "误报": Verb.FALSE_POSITIVE,
    "risk": Verb.ACCEPT,
    "accepted": Verb.ACCEPT,
    "wontfix": Verb.ACCEPT,
    "接受": Verb.ACCEPT,
    "mitigate": Verb.MITIGATED,
    "缓解": Verb.MITIGATED,
    "tests": Verb.TEST,
    "测试": Verb.TEST,
    "n/a": Verb.NOT_APPLICABLE,
    "not-applicable": Verb.NOT_APPLICABLE,
    "不适用": Verb.NOT_APPLICABLE,
    "approve": Verb.CONFIRM,
    "ok": Verb.CONFIRM,
    "确认": Verb.CONFIRM,
    "批准": Verb.CONFIRM,
    "undo": Verb.REOPEN,
    "revoke": Verb.REOPEN,
    "重开": Verb.REOPEN,
    "scan": Verb.RESCAN,
    "retry": Verb.RESCAN,
    "重扫": Verb.RESCAN,
    "why": Verb.EXPLAIN,
    "解释": Verb.EXPLAIN,
    "合并": Verb.MERGE,
    "cancel": Verb.CANCEL_MERGE,
    "取消": Verb.CANCEL_MERGE,
    "?": Verb.HELP,
    "帮助": Verb.HELP,
}


def holds_command(text: str) -> bool:
    """
    Whether a note is worth reading: some line of it begins with our word.

    Quick, for every note that comes in; ``parse_commands`` finds nothing in what this says no to.
    """
    return _SOMEWHERE.search(text) is not None


def only_commands(text: str) -> bool:
    """Whether a note says nothing but commands, so that it is no conversation between people."""
    return holds_command(text) and all(_starts_command(line) for line in _lines(text) if line.strip())


def text_digest(text: str) -> str:
    """SHA-256 (hex) of a note's text, to see whether it was edited since; line ends do not count."""
    plain = text.replace("\r\n", "\n").replace("\r", "\n").strip()
    return hashlib.sha256(plain.encode("utf-8", "surrogatepass")).hexdigest()


def parse_commands(text: str) -> tuple[Command | Misread, ...]:
    """The commands of a note in their order, at most ``MOST_COMMANDS``; never raises."""
    found: list[Command | Misread] = []
    if not holds_command(text):
        return ()
    for line, below_quote in _own_lines(text):
        if not _starts_command(line):
            continue
        # First of all, so that nothing that cannot be seen decides how the rest is read.
        shown = clean_text(line[: 2 * LONGEST_LINE], LONGEST_LINE)
        if len(found) == MOST_COMMANDS:
            found.append(Misread(Problem.TOO_MANY, shown))
            break
        found.append(Misread(Problem.BELOW_QUOTE, shown) if below_quote else _parse_line(shown))
    return tuple(found)


# --- lines ------------------------------------------------------------------------------------------------------------

_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})(.*)")
_LITERAL = re.compile(r" {0,3}<(pre|blockquote|code|script|style|textarea)(?=[\s>])", re.IGNORECASE)


def _lines(text: str) -> list[str]:
    # Not splitlines(): that also ends lines at characters at which no browser does.
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


def _starts_command(line: str) -> bool:
    return _FIRST_WORD.match(line[:8].translate(_FOLD)) is not None


def _own_lines(text: str) -> Iterator[tuple[str, bool]]:
    """
    The lines that are the writer's own words, each with whether it follows a quotation without an empty line.

    NOTE: in doubt a line is left out. A command that is overlooked can be written again; one that was a quotation
    cannot be taken back before it was seen.
    """
    fence = ""
    quoting = commented = below_quote = False
    literal = ""
    for line in _lines(text):
        if fence:
            if _closes(fence, line):
                fence = ""
            continue
        if commented:
            commented = "-->" not in line
            continue
        if literal:
            literal = "" if f"</{literal}" in line.lower() else literal
            continue
        opened = _FENCE.fullmatch(line)
        if opened and not (opened[1][0] == "`" and "`" in opened[2]):
            fence, below_quote = opened[1], False
            continue
        stripped = line.translate(_FOLD).strip()
        # GitLab's own quotation: everything between two lines of three signs.
        # https://docs.gitlab.com/user/markdown/#multiline-blockquote
        if re.fullmatch(">{3,}", stripped):
            quoting = not quoting
            below_quote = not quoting
            continue
        if quoting:
            continue
        if stripped.startswith(">"):
            below_quote = True
            continue
        if not stripped:
            below_quote = False
            continue
        if "<!--" in line:
            commented = "-->" not in line.rpartition("<!--")[2]
        if tag := _LITERAL.match(line):
            name = tag[1].lower()
            literal = "" if f"</{name}" in line[tag.end() :].lower() else name
        yield line, below_quote


def _closes(fence: str, line: str) -> bool:
    bare = line.strip()
    indent = len(line) - len(line.lstrip(" "))
    return indent <= _INDENT and len(bare) >= len(fence) and bare == fence[0] * len(bare)


# --- one line ---------------------------------------------------------------------------------------------------------


def _parse_line(line: str) -> Command | Misread:
    folded = line.translate(_FOLD)
    place = _past(_SEPARATOR, folded, len(_WORD))
    written = _VERB.match(folded, place)
    if written is None:
        return Command(Verb.HELP, line)
    word = written.group().rstrip(".").casefold()
    verb = _WORDS.get(word)
    if verb is None:
        near = get_close_matches(word[:40], _MEANT, n=1, cutoff=0.6)
        meant = _MEANT[near[0]] if near else None
        return Misread(Problem.UNKNOWN_VERB, line, word=word[:40], suggestion=meant)
    place = _past(_SEPARATOR, folded, written.end())
    if verb in (Verb.HELP, Verb.RESCAN):
        # "/mw rescan please" harms nobody.
        return Command(verb, line)
    if verb is Verb.MERGE:
        return _merge(line, folded[place:])
    return _about_finding(verb, line, folded, place)


def _merge(line: str, rest: str) -> Command | Misread:
    # Nothing is merged because somebody mistyped "cancel".
    words = rest.casefold().strip(" .")
    if words == "cancel":
        return Command(Verb.CANCEL_MERGE, line)
    if words:
        return Misread(Problem.NOT_UNDERSTOOD, line, Verb.MERGE, words[:40], Verb.CANCEL_MERGE)
    return Command(Verb.MERGE, line)


def _about_finding(verb: Verb, line: str, folded: str, place: int) -> Command | Misread:
    finding, marked = None, False
    if folded.startswith("#", place):
        number = _MARKED_NUMBER.match(folded, place)
        if number is None or int(number[1]) == 0:
            return Misread(Problem.NOT_A_NUMBER, line, verb, folded[place : place + 40].split(" ")[0])
        finding, marked, place = int(number[1]), True, number.end()
    elif (number := _BARE_NUMBER.match(folded, place)) is not None and int(number[1]) > 0:
        # A full-width mark is no part of a number: "812：常量", but not "3.5 seconds".
        wide = number.end() < len(line) and not line[number.end()].isascii() and folded[number.end()].isascii()
        if wide or _AFTER_BARE.match(folded, number.end()):
            finding, place = int(number[1]), number.end()
    place = _past(_SEPARATOR, folded, place)
    if verb is Verb.EXPLAIN and finding is None and place < len(folded):
        return Misread(Problem.NOT_A_NUMBER, line, verb, folded[place : place + 40].split(" ")[0])
    until, days = None, None
    if verb in DISMISSALS:
        if (said := _UNTIL.match(folded, place)) is not None:
            until, place = _end(folded, said.end())
            if until is None:
                return Misread(Problem.NOT_A_DATE, line, verb, folded[place : place + 40].split(" ")[0])
        elif (said := _FOR.match(folded, place)) is not None:
            span = _DAYS.match(folded, said.end())
            if span is None or int(span[1]) == 0:
                return Misread(Problem.NOT_A_DATE, line, verb, folded[said.end() : said.end() + 40].split(" ")[0])
            days, place = int(span[1]), span.end()
        place = _past(_SEPARATOR, folded, place)
    try:
        # As it was written: only what leads to it is read as if it were ASCII.
        reason = cleaned_reason(line[place:])
    except TriageError:
        return Misread(Problem.TOO_LONG, line, verb)
    if not reason and verb in DISMISSALS | {Verb.REOPEN}:
        return Misread(Problem.NO_REASON, line, verb)
    return Command(verb, line, finding, marked, "" if verb is Verb.EXPLAIN else reason, until, days)


def _end(folded: str, place: int) -> tuple[date | None, int]:
    found = _DATE.match(folded, place)
    if found is None:
        return None, place
    try:
        return date(int(found[1]), int(found[2]), int(found[3])), found.end()
    except ValueError:
        return None, place


def _past(pattern: re.Pattern[str], text: str, place: int) -> int:
    found = pattern.match(text, place)
    return place if found is None else found.end()
