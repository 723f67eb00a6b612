"""What can go wrong with git, sorted by what a caller can do about it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import ClassVar

from bot.domain import failures
from bot.errors import MergewardenError

_SHOWN = 300
_USERINFO = re.compile(r"(?<=://)[^/@\s'\"]*@")
_UNPRINTABLE = re.compile(r"[^\x20-\x7e]+")


class GitError(MergewardenError):
    """Raised when git gave no answer that can be trusted. The text holds no secret and no control character."""

    retryable: ClassVar[bool] = False
    """Whether the same call may work later without anybody mending anything."""


class AccessDenied(GitError):
    """Raised when the server refuses our token."""


class RepositoryNotFound(GitError):
    """Raised when there is no such repository, or the token may not see it."""


class RefNotFound(GitError):
    """Raised when the server lacks a ref or a commit. GitLab writes merge request refs a moment after the event."""

    retryable = True


class CommitNotFound(GitError):
    """Raised when a commit or a ref is not in the repository that is read."""

    retryable = True


class ServerUnreachable(GitError):
    """Raised when the server does not answer, or breaks off."""

    retryable = True


class GitTimeout(GitError):
    """Raised when git took too long."""

    retryable = True


class GitTooOld(GitError):
    """Raised when the installed git cannot do what is asked."""


class GitCancelled(GitError):
    """Raised when the caller lost interest."""


class CorruptRepository(GitError):
    """Raised when stored objects cannot be read. A mirror is made afresh by its next fetch."""

    retryable = True


# Git's English wording (LC_ALL=C), checked from 2.30 to 2.39. First match wins.
_PATTERNS: tuple[tuple[type[GitError], str, re.Pattern[str]], ...] = (
    (
        CorruptRepository,
        "",
        re.compile(
            r"is corrupt|object file \S+ is empty|does not match index|bad pack|packfile \S+ cannot be"
            r"|file \S+ is too small|index file \S+ (?:is|corrupt)|inflate: |corrupt (?:loose|patch|delta)"
            r"|bad object refs/|broken ref|does not point to a valid object|unable to read tree|not a git repository"
            r"|unable to (?:read|unpack|parse) (?:[0-9a-f]{40}|\S+ header)|missing (?:blob|tree|commit) object"
            r"|failed to read (?:object|delta)|could not (?:read|parse) (?:object|commit|tree)|invalid object"
            r"|unable to resolve reference|non-monotonic index|hash mismatch|bad signature|bad tree object"
            r"|did not send all necessary objects|loose object \S+ .* is corrupt|unable to read [0-9a-f]{40}"
        ),
    ),
    (
        AccessDenied,
        "Check that the token is valid, has the scope read_repository or api, and may see the project.",
        re.compile(
            r"Authentication failed|could not read (?:Username|Password)|returned error: 40[13]\b"
            r"|HTTP Basic: Access denied|terminal prompts disabled"
        ),
    ),
    (
        RepositoryNotFound,
        "Check the project's address, and that the bot's user is a member of it.",
        re.compile(r"repository '[^']*' not found|returned error: 404\b|does not appear to be a git repository"),
    ),
    (
        RefNotFound,
        "The branch or merge request may be gone, or GitLab has not written its ref yet.",
        re.compile(r"couldn't find remote ref|not our ref|no such remote ref|unadvertised object"),
    ),
    (
        ServerUnreachable,
        "The server's certificate is not trusted here: give the file of its certificate authority.",
        re.compile(r"certificate"),
    ),
    (
        ServerUnreachable,
        "",
        re.compile(
            r"Could not resolve|Failed to connect|Couldn't connect|Connection (?:refused|reset|timed out)|timed out"
            r"|Operation too slow|returned error: (?:429|5\d\d)\b|early EOF|RPC failed|hung up|unexpected disconnect"
            r"|Empty reply|transfer closed|SSL|TLS|gnutls|invalid index-pack output|Recv failure"
        ),
    ),
)


def clean(text: str, secrets: Sequence[str] = ()) -> str:
    """One printable line of ``text`` without the given secrets and without user names or passwords in URLs."""
    for secret in secrets:
        if secret:
            text = text.replace(secret, "[hidden]")
    text = _UNPRINTABLE.sub(" ", _USERINFO.sub("", text)).strip()
    return text if len(text) <= _SHOWN else text[: _SHOWN - 3] + "..."


def from_stderr(what: str, stderr: str, secrets: Sequence[str] = ()) -> GitError:
    """
    The error that git's standard error speaks of.

    :param what: what we wanted, for example ``fetch``.
    :param stderr: untrusted text; lines that the server wrote (``remote:``) are not believed and not shown.
    """
    lines = [line for line in stderr.splitlines() if not line.startswith(("remote:", "warning:", "hint:"))]
    told = " ".join(lines)
    shown = next((line for line in lines if line.startswith(("fatal:", "error:"))), lines[-1] if lines else "")
    for kind, hint, pattern in _PATTERNS:
        found = pattern.search(told)
        if found:
            shown = next((line for line in lines if pattern.search(line)), shown)
            return kind(failures.GIT_SAID.format(command=what, text=clean(shown, secrets)), hint)
    told = clean(shown, secrets)
    template = failures.GIT_FAILED if told else failures.GIT_NO_REASON
    return GitError(template.format(command=what, text=told))
