"""
Why there is no answer, as templates: the English sentences of ``ScannerRun.reason`` and ``Gap.detail``.

A sentence is made with ``format``. Whoever shows it in another language finds its template again in ``ALL``, where the
first that fits counts. A field's name says what may stand in it, see ``bot.reports.sentences``.
"""

from __future__ import annotations


def N_(template: str) -> str:  # noqa: N802 - gettext's own name for it
    """Mark a text for translation; returns it as it is."""
    return template


NOT_INSTALLED = N_("{scanner} is not installed; run: pip install {scanner}")
NO_ADVISORIES = N_("no advisories imported; run: mergewarden advisories import FILE.zip")
NO_RULE_PACKS = N_("{scanner}'s rule packs are missing; run: python -m rules.build")
NO_CATALOGUE = N_("the rule catalogue is missing; run: python -m rules.build")

NOT_STARTED = N_("{scanner} could not be started: {text}")
NOT_WANTED = N_("{scanner} was stopped because its answer is no longer wanted")
TOO_SLOW = N_("{scanner} took more than {seconds} seconds")
KILLED = N_("{scanner} was killed by {signal}")
EXIT_CODE = N_("{scanner} ended with exit code {count}")
REPORTED_ERROR = N_("{scanner} reported an error: {text}")

EMPTY_REPORT = N_("{scanner} wrote an empty report")
LARGE_REPORT = N_("{scanner} wrote a report of more than {count} MiB")
NOT_JSON = N_("{scanner} wrote a report that is not JSON")
NOT_AN_OBJECT = N_("{scanner} wrote a report that is not a JSON object")
NO_LIST = N_("{scanner} wrote a report without a list of {key}")
UNKNOWN_FILE = N_("the report names a file that was not scanned")
NO_LINE_NUMBER = N_("the report has a line number that is none")
FILES_NOT_NAMED = N_("{scanner} did not say which files it read")
NO_NAME_OR_VERSION = N_("{scanner} wrote a dependency without name or version")
PACKAGE_LEFT_OUT = N_("{scanner} left out a package that it was asked about")
NO_ADVISORY_ID = N_("{scanner} wrote a vulnerability without an id")
FILE_WENT_AWAY = N_("a requirements file went away while it was scanned")

READS_UP_TO = N_("{scanner} reads up to {count} bytes")
CRASHES = N_("{scanner} crashes on this file")
TOO_MANY_FINDINGS = N_("more than {count} findings of {scanner}")
DID_NOT_READ = N_("{scanner} did not read this file")
FAILED_ON_FILE = N_("{scanner} failed on this file")
FAILED_WITH = N_("{scanner} failed on this file: {text}")
NOT_PYTHON = N_("not valid Python 3")
NOT_A_REQUIREMENT = N_("not a requirement that pip can read")
NO_EXACT_VERSION = N_("no exact version")
UNKNOWN_SYNTAX = N_("part of the file has a syntax that {scanner} does not know")

ALL = tuple(value for name, value in list(globals().items()) if name.isupper() and isinstance(value, str))
"""Every template of this module, in the order in which they are tried."""
