"""A throw-away PostgreSQL from the installed binaries: no service, no network, nothing left behind."""

from __future__ import annotations

import ctypes
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg
from psycopg import sql

_START_SECONDS = 30.0
_ROOM = 2 * 1024**3
"""Bytes that have to be free in memory."""


class NoPostgresError(Exception):
    """Raised when there is no PostgreSQL to start; the text says what was looked for."""


def find_binaries() -> Path:
    """The folder with ``initdb`` and ``postgres``, the newest where there are several."""
    on_path = shutil.which("postgres")
    candidates = [Path(on_path).resolve().parent] if on_path else []
    for root in (Path("/usr/lib/postgresql"), Path("/opt/homebrew/opt"), Path("/usr/local/opt")):
        candidates += sorted(root.glob("*/bin"), key=lambda path: path.parent.name, reverse=True)
    candidates += sorted(Path("/usr").glob("pgsql-*/bin"), reverse=True)
    for folder in candidates:
        if (folder / "initdb").exists() and (folder / "postgres").exists():
            return folder
    raise NoPostgresError("no PostgreSQL server is installed (neither on PATH nor in /usr/lib/postgresql)")


class Postgres:
    """One server with its own data folder, reached by a Unix socket only. Use it as a context manager."""

    def __init__(self) -> None:
        self._bin = find_binaries()
        # Short and not below pytest's folder: a socket's path has room for about 100 characters.
        self._folder = Path(tempfile.mkdtemp(prefix="mwpg", dir=_in_memory()))
        self._data = self._folder / "data"
        self._server: subprocess.Popen[bytes] | None = None
        self._databases = 0

    def __enter__(self) -> Postgres:
        try:
            self._start()
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._stop()

    def url(self, database: str) -> str:
        """SQLAlchemy URL of one of its databases."""
        return f"postgresql+psycopg://mergewarden@/{database}?host={quote(str(self._folder), safe='')}"

    def create_database(self, template: str | None = None) -> str:
        """Make a database, a copy of ``template`` where given, and return its name."""
        self._databases += 1
        name = f"test_{self._databases}"
        statement = sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name))
        if template is not None:
            # Files are copied as they are: half the work of writing every page to the log first.
            statement += sql.SQL(" TEMPLATE {}").format(sql.Identifier(template))
        with self._connect() as connection:
            if template is not None and connection.info.server_version >= 150_000:
                statement += sql.SQL(" STRATEGY FILE_COPY")
            connection.execute(statement)
        return name

    def drop_database(self, name: str) -> None:
        """Remove a database, whoever is still connected."""
        with self._connect() as connection:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))

    def _connect(self) -> psycopg.Connection[Any]:
        return psycopg.connect(host=str(self._folder), user="mergewarden", dbname="postgres", autocommit=True)

    def _start(self) -> None:
        identity = _unprivileged()
        if identity:
            shutil.chown(self._folder, identity["user"], identity["group"])
        command = [str(self._bin / "initdb"), "-D", str(self._data), "-U", "mergewarden", "-A", "trust"]
        subprocess.run(
            [*command, "-E", "UTF8", "--locale=C", "--no-sync"],
            check=True,
            capture_output=True,
            cwd=self._folder,
            env={"PATH": os.environ.get("PATH", ""), "LC_ALL": "C"},
            **identity,
        )
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": str(self._folder),
            "fsync": "off",
            "synchronous_commit": "off",
            "full_page_writes": "off",
            "shared_buffers": "32MB",
            "max_connections": "60",
        }
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        with (self._folder / "log").open("wb") as log:
            self._server = subprocess.Popen(
                [self._bin / "postgres", "-D", self._data, *options],
                stdout=log,
                stderr=log,
                cwd=self._folder,
                env={"PATH": os.environ.get("PATH", ""), "LC_ALL": "C"},
                preexec_fn=_die_with_parent,
                **identity,
            )
        self._wait()

    def _wait(self) -> None:
        deadline = time.monotonic() + _START_SECONDS
        while True:
            try:
                self._connect().close()
            except psycopg.OperationalError:
                assert self._server is not None
                if self._server.poll() is not None or time.monotonic() > deadline:
                    log = (self._folder / "log").read_text(errors="replace")
                    raise RuntimeError(f"PostgreSQL did not start:\n{log[-2000:]}") from None
                time.sleep(0.05)
            else:
                return

    def _stop(self) -> None:
        if self._server is not None and self._server.poll() is None:
            self._server.send_signal(signal.SIGINT)  # "fast": ends the sessions, then the server
            try:
                self._server.wait(20)
            except subprocess.TimeoutExpired:
                self._server.send_signal(signal.SIGQUIT)
                self._server.wait(10)
        shutil.rmtree(self._folder, ignore_errors=True)


def _in_memory() -> Path | None:
    """
    Where files are in memory, if there is room for them; None for the usual place.

    Each test has a database of its own, of some hundred files; on a disk it takes several times as long to make them.
    """
    place = Path("/dev/shm")
    try:
        roomy = shutil.disk_usage(place).free >= _ROOM
    except OSError:
        return None
    return place if roomy and os.access(place, os.W_OK | os.X_OK) else None


def _unprivileged() -> dict[str, Any]:
    """As whom to run: PostgreSQL refuses to be root."""
    if os.geteuid() != 0:
        return {}
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
    raise NoPostgresError("PostgreSQL does not run as root, and there is neither a user postgres nor nobody")


def _die_with_parent() -> None:
    # So that a test run that is killed leaves no server behind. 1 is PR_SET_PDEATHSIG; only Linux has it.
    try:
        ctypes.CDLL(None).prctl(1, signal.SIGQUIT)
    except (AttributeError, OSError):
        return
