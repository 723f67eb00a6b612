"""Answers that are not a success."""

from __future__ import annotations

from html import escape
from typing import Any


class ApiError(Exception):
    """An answer that is not a success."""

    def __init__(self, status: int, body: dict[str, Any] | str, headers: dict[str, str] | None = None) -> None:
        super().__init__(f"{status}: {body}")
        self.status = status
        self.body: dict[str, Any] = {"message": body} if isinstance(body, str) else body
        self.headers = headers or {}


class HookRefused(Exception):
    """
    A server hook said no.

    What people see depends on the way in. A pusher sees everything. Through the API and in the browser only lines that
    begin with ``GL-HOOK-ERR:`` (or ``GitLab:``) are shown, and what the hook wrote to stdout counts only when it wrote
    nothing to stderr: lib/gitlab/git/pre_receive_error.rb and lib/gitlab/gitaly_client/operation_service.rb.
    """

    FALLBACK = "Prevented by server hooks"

    def __init__(self, stdout: str, stderr: str) -> None:
        self.stdout, self.stderr = stdout, stderr
        super().__init__(self.message)

    @property
    def output(self) -> str:
        """What a pusher sees."""
        return self.stdout + self.stderr

    @property
    def message(self) -> str:
        """What the API and the browser show, made fit for HTML."""
        told = self.stderr if self.stderr.strip() else self.stdout
        lines = []
        for line in told.splitlines():
            for prefix in ("GL-HOOK-ERR:", "GitLab:"):
                if line.startswith(prefix) and line.removeprefix(prefix).strip():
                    lines.append(escape(line.removeprefix(prefix).strip(), quote=False))
        return "<br>".join(lines) or self.FALLBACK
