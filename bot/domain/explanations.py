"""
Why a finding is new, kept, changed or fixed, as templates: the English sentences of ``TrackedFinding.explanation``.

A sentence is made with ``format``. Whoever shows it in another language finds its template again in ``ALL``, where the
first that fits counts. A field's name says what may stand in it, see ``bot.reports.sentences``; a ``sentence`` is one
that was made from another template.
"""

from __future__ import annotations

import re

from bot.texts import N_
from scanners.finding import Finding

# What may follow any of the sentences below comes first, or it would be taken for the end of a path.
SAME_AS = N_("same as #{count}: {sentence}")
REOPENED = N_("{sentence}; it had gone and is back")
MOVED_HERE = N_("{sentence}; the same code went away from {path}, {lines}")
COPIED_LINE = N_("{sentence}, where line {line} has the same finding")
HURRIED = N_(
    "{sentence}; too many alike to compare them all (more than {count} comparisons), so taken in order",
)
SECRET_MAY_DIFFER = N_("{sentence}, but the secret may be another")

KEPT = N_("line map: was {was}, now {now}")
KEPT_ELSEWHERE = N_("line map: was {was} of {path}, now {now}")
EDITED = N_("flagged lines were edited: was {was}, now {now}")
EDITED_ELSEWHERE = N_("flagged lines were edited: was {was} of {path}, now {now}")
MOVED = N_("same code moved within the file: was {was}, now {now}")
MOVED_ELSEWHERE = N_("same code moved within the file: was {was} of {path}, now {now}")
SAME_CODE = N_("binary change, no line map: same code was {was}, now {now}")
SAME_CODE_ELSEWHERE = N_("binary change, no line map: same code was {was} of {path}, now {now}")
SAME_RELEASE = N_("{release} is the version in the base, was {was}")
SAME_RELEASE_ELSEWHERE = N_("{release} is the version in the base, was {was} of {path}")
OTHER_RELEASE = N_("{before} became {release}, with the same advisory")

LEFT_IN_HISTORY = N_(
    "in commit {commit}, removed since: rotate it; rewriting the branch's history does not un-leak it",
)
WHOLE_TREE = N_("whole tree scanned, no base")
NEW_FILE = N_("new file")
COPIED_FILE = N_("new file, copied from {path}")
OTHER_TYPE = N_("file of another type than in the base")
UNKNOWN_FILE = N_("file that the base does not have")
NO_COUNTERPART = N_("binary change, no line map, and no single counterpart in the base")
UNKNOWN_PACKAGE = N_("package or advisory that the base does not have")
ADDED_LINE = N_("on an added or edited line")
FLAGGED_NOW = N_("on an unedited line, but flagged only now")

FILE_DELETED = N_("file deleted: was {was}")
TYPE_CHANGED = N_("file is of another type now: was {was}")
LINES_REMOVED = N_("flagged lines were edited or removed: was {was}")
NOT_FLAGGED = N_("no longer flagged: was {was}")

FIRST_SEEN = N_("never seen before in this project")
SAME_CONTEXT = N_("same code between the same lines: was {was}, now {now}")
SAME_CONTEXT_ELSEWHERE = N_("same code between the same lines, in another file: was {was} of {path}, now {now}")
CODE_FOUND = N_("same code in the same file: was {was}, now {now}")
TOOL_FINGERPRINT = N_("same fingerprint of the scanner: was {was}, now {now}")
TOOL_FINGERPRINT_ELSEWHERE = N_("same fingerprint of the scanner, in another file: was {was} of {path}, now {now}")
PACKAGE_FOUND = N_("same version with the same advisory: was {was}, now {now}")
PACKAGE_CHANGED = N_("another version with the same advisory: was {was}, now {now}")
IN_CODE = N_("the code itself asks to pass over it, on line {line}: {key}")
NOT_TOUCHED = N_("no word of this scanner on the target branch, and not on a line that this merge request touches")
SAME_PLACE = N_("same rule in the same place, no code to compare: {now}")
ONLY_ONE = N_("only one of this rule in this file, no code to compare: was {was}, now {now}")
SAME_WEAKNESS = N_("{scanner} reports a related weakness (CWE-{count}) on lines that overlap: {lines}")
SAME_SECRET = N_("{scanner} reports a secret on the same line: {lines}")
SAME_ADVISORY = N_("{scanner} reports the same advisory, {key}, for the same package")

_LEFT_IN_HISTORY = re.compile(re.escape(LEFT_IN_HISTORY).replace(r"\{commit\}", "([0-9a-f]{7,64})"))

ALL = tuple(value for name, value in list(globals().items()) if name.isupper() and isinstance(value, str))
"""Every template of this module, in the order in which they are tried."""


def commit_left_in(explanation: str) -> str:
    """The commit that an explanation of what is only in the history names; empty for any other explanation."""
    found = _LEFT_IN_HISTORY.search(explanation)
    return found[1] if found else ""


def lines_of(finding: Finding) -> str:
    """The lines of a finding as a sentence has them: ``57`` or ``57-63``."""
    where = finding.location
    return f"{where.start_line}" if where.start_line == where.end_line else f"{where.start_line}-{where.end_line}"


def shown(text: object) -> str:
    """A stranger's word in one line of printable characters, at most 200 of them."""
    whole = "".join(c if c.isprintable() else "?" for c in str(text))
    return whole if len(whole) <= 200 else whole[:199] + "…"
