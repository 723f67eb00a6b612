"""The bot as an operator starts it: ``mergewarden serve`` in a process of its own."""

from __future__ import annotations

import os
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

START_SECONDS = 60.0


class Bot:
    """``mergewarden serve`` in a process of its own, as an operator starts it."""

    def __init__(self, data_dir: Path, gitlab_url: str, token: str, **settings: str) -> None:
        """``settings`` are more variables, without their prefix: ``LANGUAGE="zh-CN"``."""
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.secret = secrets.token_hex(16)
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = data_dir / "bot.log"
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("MERGEWARDEN_")},
            "MERGEWARDEN_GITLAB_URL": gitlab_url,
            "MERGEWARDEN_GITLAB_TOKEN": token,
            "MERGEWARDEN_WEBHOOK_SECRET": self.secret,
            "MERGEWARDEN_DATA_DIR": str(data_dir),
            **{f"MERGEWARDEN_{name}": value for name, value in settings.items()},
        }
        self._process: subprocess.Popen[bytes] | None = None

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-c", "from bot.cli import main; main()", *arguments]

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """One command to its end."""
        return subprocess.run(
            self.command(*arguments), env=self.environment, capture_output=True, text=True, check=False, timeout=120
        )

    def start(self, *options: str, wait: bool = True) -> None:
        """``options`` are those of ``serve``. Without a worker the bot is not ready, so do not ``wait`` then."""
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self.command("serve", "--port", str(self.port), *options),
                env=self.environment,
                stdout=log,
                stderr=log,
            )
        if wait:
            self.wait_until_ready()

    def wait_until_ready(self) -> None:
        assert self._process is not None
        deadline = time.monotonic() + START_SECONDS
        while not self._ready():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"the bot did not start:\n{self.log.read_text()[-4000:]}")
            time.sleep(0.1)

    def _ready(self) -> bool:
        with suppress(OSError), urllib.request.urlopen(f"{self.url}/readyz", timeout=2) as answer:
            return bool(answer.status == 200)
        return False

    @property
    def pid(self) -> int:
        """Of the supervisor; its children are the web process and the worker."""
        assert self._process is not None
        return self._process.pid

    def kill(self) -> None:
        """``kill -9`` for the supervisor; the kernel takes its children along."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(20)
            self._process.kill()
