"""A git server over HTTP that asks for a password: ``git http-backend`` behind the standard library's server."""

from __future__ import annotations

import base64
import os
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


class GitServer(ThreadingHTTPServer):
    """Serves the repositories below ``root``; counts requests, and can stop in the middle of a pack."""

    daemon_threads = True

    def __init__(self, root: Path, user: str, password: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.root = root
        self.expected = "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()
        self.requests: list[str] = []
        self.authorizations: list[str | None] = []
        self.stall = False
        """Whether to send half of the next pack and then wait for ``go_on``."""
        self.half_sent = threading.Event()
        self.go_on = threading.Event()
        self.answer_status: int | None = None
        """Answer every request with this status."""
        self.redirect_to: str | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that hangs up is what some tests are about."""


class _Handler(BaseHTTPRequestHandler):
    server: GitServer

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def log_message(self, format: str, *args: object) -> None:
        pass

    def _answer(self) -> None:
        server = self.server
        server.requests.append(f"{self.command} {self.path}")
        server.authorizations.append(self.headers["Authorization"])
        if server.redirect_to:
            self._plain(302, {"Location": server.redirect_to + self.path})
        elif server.answer_status:
            self._plain(server.answer_status, {})
        elif self.headers["Authorization"] != server.expected:
            self._plain(401, {"WWW-Authenticate": 'Basic realm="git"'})
        else:
            self._run_git()

    def _run_git(self) -> None:
        server = self.server
        path, _, query = self.path.partition("?")
        body = self.rfile.read(int(self.headers["Content-Length"] or 0))
        done = subprocess.run(
            ["git", "http-backend"],
            input=body,
            capture_output=True,
            check=False,
            env={
                "PATH": os.environ["PATH"],
                "GIT_PROJECT_ROOT": str(server.root),
                "GIT_HTTP_EXPORT_ALL": "1",
                "REQUEST_METHOD": self.command,
                "PATH_INFO": path,
                "QUERY_STRING": query,
                "CONTENT_TYPE": self.headers["Content-Type"] or "",
                "CONTENT_LENGTH": str(len(body)),
                "HTTP_CONTENT_ENCODING": self.headers["Content-Encoding"] or "",
                "GIT_PROTOCOL": self.headers["Git-Protocol"] or "",
            },
        )
        head, _, content = done.stdout.partition(b"\r\n\r\n")
        fields = dict(line.split(": ", 1) for line in head.decode("latin-1").split("\r\n") if ": " in line)
        self.send_response(int(fields.pop("Status", "200").split()[0]))
        for key, value in fields.items():
            self.send_header(key, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if server.stall and b"PACK" in content:
            self.wfile.write(content[: len(content) // 2])
            self.wfile.flush()
            server.half_sent.set()
            server.go_on.wait(60)
            content = content[len(content) // 2 :]
        self.wfile.write(content)

    def _plain(self, status: int, headers: dict[str, str]) -> None:
        self.send_response(status)
        for key, value in headers.items():
            self.send_header(key, value)
        self.send_header("Content-Length", "0")
        self.end_headers()


@contextmanager
def serve(root: Path, *, user: str = "oauth2", password: str = "secret") -> Iterator[GitServer]:
    """Run such a server in a thread."""
    server = GitServer(root, user, password)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.go_on.set()
        server.shutdown()
        server.server_close()
        thread.join()
