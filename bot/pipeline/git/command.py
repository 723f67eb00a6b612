"""
How git is started: the same closed world for every command.

Nothing but this file configures git: no system, user or repository settings, no prompts, no hooks, no helpers, no
protocol that was not asked for.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import SecretStr

from bot.domain import failures
from bot.pipeline.git.errors import GitCancelled, GitError, GitTimeout, from_stderr
from scanners.process import MEBIBYTE, Completed, run

BIG_FILE = 16 * MEBIBYTE
"""Blobs above this many bytes are streamed by git, never held in memory, and count as binary in a diff."""

_MEMORY = 1024 * MEBIBYTE
_OLDEST = (2, 30)

_CONFIG: Mapping[str, str] = {
    "core.hooksPath": "/dev/null",
    "core.attributesFile": "/dev/null",
    "core.excludesFile": "/dev/null",
    "core.fsmonitor": "false",
    "core.untrackedCache": "false",
    "core.askPass": "",
    "core.logAllRefUpdates": "false",
    "core.bigFileThreshold": str(BIG_FILE),
    # Windows into packs are mapped, and the defaults (1 GiB each) would fill whatever the process may have.
    "core.packedGitWindowSize": "32m",
    "core.packedGitLimit": "512m",
    "credential.helper": "",
    "gc.auto": "0",
    "maintenance.auto": "false",
    "submodule.recurse": "false",
    "fetch.recurseSubmodules": "false",
    # A pack appears with all its objects at once. Loose objects would appear one by one, so that a fetch killed half
    # way could leave a commit without its tree, and "is the commit there?" would lie.
    "fetch.unpackLimit": "1",
    # Off on purpose: it refuses old but honest repositories (dates, zero-padded modes) that GitLab itself holds, it
    # doubles the work of a first fetch, and what it finds only hurts a checkout, which never happens here. Object ids
    # are verified in any case, and names such as ".." are made harmless where trees are read.
    "transfer.fsckObjects": "false",
    # A redirect to another host would carry our Authorization header along.
    "http.followRedirects": "false",
    "http.lowSpeedLimit": "1000",
    "http.lowSpeedTime": "60",
    "pack.threads": "2",
    "pack.windowMemory": "128m",
}

_ENVIRONMENT: Mapping[str, str] = {
    "LC_ALL": "C",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_ATTR_NOSYSTEM": "1",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_ASKPASS": "",
    "GIT_LFS_SKIP_SMUDGE": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_LITERAL_PATHSPECS": "1",
    "GIT_ADVICE": "0",
}


@dataclass(frozen=True, slots=True)
class Credential:
    """What the server asks for over HTTP. For GitLab any user name does, ``oauth2`` by custom."""

    username: str
    password: SecretStr

    def header(self) -> str:
        """The HTTP header line; secret."""
        pair = f"{self.username}:{self.password.get_secret_value()}".encode()
        return "Authorization: Basic " + base64.b64encode(pair).decode("ascii")

    def secrets(self) -> tuple[str, ...]:
        """Every text that must not be shown."""
        return (self.header().rpartition(" ")[2], self.password.get_secret_value())


@cache
def git_version() -> tuple[int, ...]:
    """
    Version of the installed git, for example ``(2, 39, 5)``.

    :raises GitError: git is absent or older than 2.30.
    """
    try:
        answer = run(["git", "version"], cwd=Path("/"), timeout=20, network=True)
    except OSError as error:
        raise GitError(failures.GIT_ABSENT, "Install git 2.30 or newer.") from error
    found = re.search(rb"(\d+)\.(\d+)(?:\.(\d+))?", answer.stdout)
    version = tuple(int(part) for part in found.groups(b"0")) if found else (0,)
    if version < _OLDEST:
        raise GitError(failures.GIT_TOO_OLD.format(version=".".join(map(str, version))), "Install git 2.30 or newer.")
    return version


def secret_config(url: str, credential: Credential, version: tuple[int, ...]) -> dict[str, str]:
    """
    Environment that makes git send the credential, to this server only.

    Version 2.31 brought ``GIT_CONFIG_COUNT``. Before, the variable behind ``git -c`` has to do; later versions still
    read its old form.
    """
    parts = urlsplit(url)
    key = f"http.{parts.scheme}://{parts.netloc}/.extraHeader"
    if version >= (2, 31):
        return {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": key, "GIT_CONFIG_VALUE_0": credential.header()}
    return {"GIT_CONFIG_PARAMETERS": f"'{key}={credential.header()}'"}


@dataclass(frozen=True, slots=True)
class Git:
    """Runs git commands on one repository."""

    git_dir: Path
    cancelled: Callable[[], bool] | None = None
    timeout: float = 300.0
    """Seconds for one command."""
    secrets: tuple[str, ...] = field(default=(), repr=False)

    def run(
        self,
        *arguments: str,
        stdin: bytes | Path | None = None,
        stdout_to: Path | None = None,
        stdout_limit: int = 512 * MEBIBYTE,
        cut: bool = False,
        ok: Collection[int] = (0,),
        config: Mapping[str, str] | None = None,
        env: Mapping[str, str] | None = None,
        protocols: Sequence[str] = (),
        work_tree: Path | None = None,
        timeout: float | None = None,
        memory_bytes: int = _MEMORY,
    ) -> Completed:
        """
        Run ``git <arguments>`` and return how it ended.

        :param cut: whether the first ``stdout_limit`` bytes are enough; otherwise more is an error.
        :param ok: exit codes that are answers.
        :param protocols: transports that this command may use; none by default, so nothing is ever fetched by accident.
        :raises GitError: any other ending, see ``bot.pipeline.git.errors``.
        """
        git_version()
        settings = {**_CONFIG, **(config or {})}
        argv = ["git", "--no-pager", f"--git-dir={self.git_dir}"]
        if work_tree is not None:
            argv.append(f"--work-tree={work_tree}")
        for key, value in settings.items():
            argv += ["-c", f"{key}={value}"]
        environment = {**_ENVIRONMENT, "GIT_ALLOW_PROTOCOL": ":".join(protocols), **(env or {})}
        try:
            # The network stays open also for commands that need none: closing it costs 30 ms for each of some twenty
            # commands, and git opens no connection without a protocol.
            answer = run(
                [*argv, *arguments],
                cwd=work_tree or self.git_dir,
                env=environment,
                stdin=stdin,
                stdout_to=stdout_to,
                stdout_limit=stdout_limit,
                timeout=timeout or self.timeout,
                memory_bytes=memory_bytes,
                network=True,
                cancelled=self.cancelled,
            )
        except FileNotFoundError as error:
            raise GitError(failures.GIT_NO_REPOSITORY.format(command=arguments[0])) from error
        except OSError as error:
            raise GitError(failures.GIT_NOT_STARTED.format(command=arguments[0], text=error.strerror)) from error
        if answer.cancelled:
            raise GitCancelled(failures.GIT_CANCELLED.format(command=arguments[0]))
        if answer.timed_out:
            raise GitTimeout(
                failures.GIT_TIMEOUT.format(command=arguments[0], seconds=f"{timeout or self.timeout:.0f}")
            )
        if answer.overflowed:
            if cut:
                return answer
            raise GitError(failures.GIT_LARGE.format(command=arguments[0], count=stdout_limit))
        if answer.exit_code not in ok:
            raise from_stderr(arguments[0], answer.stderr_tail, self.secrets)
        return answer
