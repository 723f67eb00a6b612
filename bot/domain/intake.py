"""
How a report of another tool is handed in: what is asked of whoever brings one, and the ports that the API needs.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Protocol

from bot.errors import MergewardenError

_SHA = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_LONGEST_REF = 1000
_LONGEST_PREFIX = 4096
_LONGEST_FORMAT = 40
_LARGEST_IID = 2**63 - 1


class WrongIntake(MergewardenError):
    """Raised when it is not clear where a report belongs. ``field`` names what is wrong."""

    def __init__(self, field: str, message: str, hint: str = "") -> None:
        super().__init__(message, hint)
        self.field = field


class ReportRefused(MergewardenError):
    """Raised for a report that cannot be trusted as a whole; ``str`` says where and what, ``hint`` how to mend it."""


@dataclass(frozen=True, slots=True)
class Intake:
    """What comes with a report."""

    ref: str
    """The branch, or the target branch of a merge request; empty where only the merge request was named."""
    commit: str | None = None
    merge_request_iid: int | None = None
    format: str | None = None
    """None to tell by the content."""
    strip_prefix: PurePosixPath | None = None
    """Folder that the tool's paths begin with, and ours do not."""


def intake_of(
    *,
    ref: str | None,
    sha: str | None,
    merge_request: str | int | None,
    format: str | None,
    strip_prefix: str | None,
) -> Intake:
    """
    What a person or a script said about a report, checked; empty texts count as not said.

    Raises ``WrongIntake`` that names the field.
    """
    branch = (ref or "").removeprefix("refs/heads/")
    if len(branch) > _LONGEST_REF or not branch.isprintable() or branch != branch.strip():
        raise WrongIntake("ref", "the ref is no name of a branch", "For example main.")
    if branch.startswith("refs/"):
        raise WrongIntake("ref", "the ref is not a branch", "Name a branch; merge requests have a field of their own.")
    iid = _iid(merge_request)
    if not branch and iid is None:
        raise WrongIntake("ref", "neither a branch nor a merge request is named", "Say which one the report is about.")
    commit = (sha or "").lower() or None
    if commit is not None and not _SHA.fullmatch(commit):
        raise WrongIntake("sha", "the commit is not a full id of 40 or 64 hexadecimal digits", "In CI: $CI_COMMIT_SHA.")
    if format is not None and (len(format) > _LONGEST_FORMAT or not format.isprintable()):
        raise WrongIntake("format", "there is no such format", "Leave it out to have it told by the content.")
    prefix = strip_prefix or None
    if prefix is not None and (len(prefix) > _LONGEST_PREFIX or not prefix.isprintable()):
        raise WrongIntake("strip_prefix", "the folder to take off is no path", "In CI: $CI_PROJECT_DIR.")
    return Intake(branch, commit, iid, format or None, PurePosixPath(prefix) if prefix is not None else None)


def _iid(value: str | int | None) -> int | None:
    if value is None or value == "":
        return None
    text = str(value)
    if not (text.isascii() and text.isdecimal() and len(text) < 20 and 0 < int(text) <= _LARGEST_IID):
        raise WrongIntake(
            "merge_request", "the merge request is not a positive number", "In CI: $CI_MERGE_REQUEST_IID."
        )
    return int(text)


class RejectedResult(Protocol):
    """A result that was not taken over."""

    @property
    def where(self) -> str:
        """Place in the report."""
        ...

    @property
    def why(self) -> str:
        """One safe line."""
        ...


class TakenIn(Protocol):
    """What became of a report."""

    @property
    def import_id(self) -> int:
        """Its number."""
        ...

    @property
    def format(self) -> str:
        """As it was given, or told by the content."""
        ...

    @property
    def digest(self) -> str:
        """SHA-256 of the file."""
        ...

    @property
    def tools(self) -> tuple[str, ...]:
        """Who speaks in it."""
        ...

    @property
    def counts(self) -> Mapping[str, int]:
        """New, known, changed, returned, gone, rejected, statements."""
        ...

    @property
    def rejected(self) -> Sequence[RejectedResult]:
        """The first of them."""
        ...

    @property
    def repeated(self) -> bool:
        """The identical report again: nothing changed."""
        ...


class TakeIn(Protocol):
    """Takes a report in, all of it or nothing. Slow: for a thread of its own."""

    def __call__(self, path: Path, project_id: int, intake: Intake, *, actor: str) -> TakenIn:
        """Raises ``ReportRefused``, and ``MergewardenError`` for what else can be mended; nothing is stored then."""
        ...
