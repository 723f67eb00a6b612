"""The bot as ``mergewarden serve`` runs it, with a quick scanner: each line ``flag NAME`` is a finding."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import threading
from pathlib import Path

from bot.cli import main as command_line
from bot.cli.common import open_services
from bot.cli.serve import Child, supervise
from bot.cli.web_process import run_web
from bot.pipeline.worker import WorkerProcess, prepare_store
from tests.bot_process import Bot
from tests.pipeline.workshop import MarkScanner

ROOT = Path(__file__).parents[3]


class QuickBot(Bot):
    """Real processes, real queue, real store, real git; only the scanners are ours."""

    def __init__(self, data_dir: Path, gitlab_url: str, token: str, **settings: str) -> None:
        super().__init__(data_dir, gitlab_url, token, **settings)
        self.environment["PYTHONPATH"] = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-c", "from tests.e2e.bypasses.quick_bot import main; main()", *arguments]


def main() -> None:
    """``serve`` with the quick scanner; every other command is the bot's own."""
    if sys.argv[1:2] != ["serve"]:
        command_line()
        return
    parser = argparse.ArgumentParser()
    parser.add_argument("command")
    parser.add_argument("--port", type=int)
    port = parser.parse_args().port
    services = open_services(None, quiet=False)
    prepare_store(services)
    services.close()
    sys.exit(supervise([Child("web", lambda: _answer(port)), Child("worker", _work)]))


def _answer(port: int) -> None:
    run_web(open_services(None, quiet=False, shared_metrics=True), "127.0.0.1", port)


def _work() -> None:
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    services = open_services(None, quiet=False, shared_metrics=True)
    # What this attribute would be made into at its first use, only quicker.
    services.scanners = (MarkScanner(),)
    WorkerProcess(services, stop).run()
