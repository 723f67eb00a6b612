"""A developer's clone, driven by the real git over HTTP: a push that is refused looks as it does to a person."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.standin.model import User
from tests.standin.repository import Blob, Files, git_environment


@dataclass(frozen=True)
class GitAnswer:
    """What git said."""

    code: int
    output: str
    """stdout and stderr; lines of the server begin with ``remote:``."""

    @property
    def ok(self) -> bool:
        return self.code == 0


class Clone:
    """A working copy of ``address`` in ``folder`` that belongs to ``user``."""

    def __init__(self, address: str, folder: Path, user: User) -> None:
        self.folder = folder
        self._who = ["-c", f"user.name={user.name}", "-c", f"user.email={user.email}"]
        made = subprocess.run(
            ["git", "clone", "--quiet", address, str(folder)], capture_output=True, env=git_environment(), check=False
        )
        if made.returncode:
            raise RuntimeError(made.stderr.decode("utf-8", "replace"))

    def git(self, *arguments: str) -> GitAnswer:
        """Any git command; does not raise."""
        done = subprocess.run(
            ["git", "-C", str(self.folder), *self._who, *arguments],
            capture_output=True,
            env=git_environment(),
            check=False,
        )
        return GitAnswer(done.returncode, (done.stdout + done.stderr).decode("utf-8", "replace"))

    def text(self, *arguments: str) -> str:
        """Output of a git command that has to succeed; raises ``RuntimeError``."""
        answer = self.git(*arguments)
        if not answer.ok:
            raise RuntimeError(answer.output)
        return answer.output.strip()

    def checkout(self, branch: str, start: str | None = None) -> None:
        """Switch to ``branch`` of the server, or make it anew at ``start``."""
        self.text("fetch", "--quiet", "origin")
        self.text("checkout", "--quiet", "-B", branch, start or f"origin/{branch}")

    def commit(self, files: Files, message: str = "Change") -> str:
        """Write ``files`` (None deletes one) and commit them on the current branch; returns the sha."""
        for path, value in files.items():
            name = path.decode() if isinstance(path, bytes) else path
            place = self.folder / name
            if value is None:
                place.unlink()
                continue
            content = value.content if isinstance(value, Blob) else value
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content.encode() if isinstance(content, str) else content)
        self.text("add", "--all")
        self.text("commit", "--quiet", "--allow-empty", "-m", message)
        return self.text("rev-parse", "HEAD")

    def push(self, *arguments: str) -> GitAnswer:
        """``push("HEAD:main")``, ``push("--force", "HEAD:main")``, ``push("origin", ":gone")``; does not raise."""
        named = arguments if "origin" in arguments else ("origin", *arguments)
        return self.git("push", *named)
