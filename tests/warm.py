"""``mergewarden`` from a process that has its modules loaded already: a command takes what it does, and no second more.

Each command is still a process of its own, with its own arguments, environment, folder, output and exit status. It is
forked from one that waits instead of started anew: most tests of commands spent their time on ``import``. What is about
the start itself (how much is loaded, what a signal does) starts a process of its own.
"""

from __future__ import annotations

import atexit
import gc
import importlib
import json
import os
import pkgutil
import signal
import subprocess
import sys
import tempfile
import threading
import traceback
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

ROOT = Path(__file__).parent.parent


class Warm:
    """The waiting process. It starts with the first command and ends with ``stop`` or with the tests."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None
        self._lock = threading.Lock()

    def run(
        self, arguments: Sequence[str], *, env: Mapping[str, str], cwd: Path, timeout: float
    ) -> subprocess.CompletedProcess[str]:
        """Run one command to its end, as ``subprocess.run`` does; raises ``TimeoutExpired`` as that does."""
        with self._lock, tempfile.TemporaryDirectory(prefix="mwrun") as folder:
            out, err = Path(folder) / "out", Path(folder) / "err"
            asked = {"arguments": list(arguments), "env": dict(env), "cwd": str(cwd), "timeout": timeout}
            status = self._ask(asked | {"out": str(out), "err": str(err)})
            if status is None:
                raise subprocess.TimeoutExpired(list(arguments), timeout)
            texts = [path.read_text(encoding="utf-8") for path in (out, err)]
        return subprocess.CompletedProcess(list(arguments), status, *texts)

    def stop(self) -> None:
        """End the waiting process."""
        if self._process is not None:
            self._process.communicate()
            self._process = None

    def _ask(self, asked: dict[str, Any]) -> int | None:
        if self._process is None:
            # The width of a terminal is read when a console is made, which some modules do while they are loaded.
            env = {name: value for name, value in os.environ.items() if not name.startswith("MERGEWARDEN_")}
            self._process = subprocess.Popen(
                [sys.executable, "-c", "from tests.warm import wait; wait()"],
                env=env | {"PYTHONPATH": str(ROOT), "COLUMNS": "200"},
                cwd=ROOT,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(asked) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        if not answer:
            raise RuntimeError("the process that commands are forked from has ended")
        status: int | None = json.loads(answer)
        return status


def wait() -> None:
    """Load everything, then fork a process for each line of the standard input and write its exit status."""
    _load()
    for line in sys.stdin:
        asked = json.loads(line)
        child = os.fork()
        if child == 0:
            _end(_become(asked))
        print(json.dumps(_status(child, asked["timeout"])), flush=True)


def _load() -> None:
    import bot.cli

    for found in pkgutil.iter_modules(bot.cli.__path__, "bot.cli."):
        importlib.import_module(found.name)
    if threading.active_count() > 1:
        raise RuntimeError("a module starts a thread while it is loaded: no process can be forked from this one")
    gc.collect()
    gc.freeze()  # or every command copies the memory of all modules when it looks for garbage


def _become(asked: dict[str, Any]) -> int:
    """Be the command; returns its exit status."""
    sys.stdin = Path(os.devnull).open(encoding="utf-8")  # noqa: SIM115 - open as long as the process
    os.dup2(sys.stdin.fileno(), 0)
    for number, path in ((1, asked["out"]), (2, asked["err"])):
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.dup2(file, number)
        os.close(file)
    os.environ.clear()
    os.environ.update(asked["env"])
    os.chdir(asked["cwd"])
    sys.argv = ["-c", *asked["arguments"]]
    sys.path[0] = ""
    from bot.cli import main

    try:
        main()
    except SystemExit as end:
        if isinstance(end.code, int | None):
            return end.code or 0
        print(end.code, file=sys.stderr)
        return 1
    except BaseException:
        traceback.print_exc()
        return 1
    return 0


def _end(status: int) -> NoReturn:
    """End as the interpreter does, but for taking two thousand modules apart, which takes half a second."""
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


def _status(child: int, timeout: float) -> int | None:
    """The exit status as ``subprocess`` gives it, or None where the command had to be killed."""
    timer = threading.Timer(timeout, os.kill, (child, signal.SIGKILL))
    timer.daemon = True
    timer.start()
    _, status = os.waitpid(child, 0)
    late = not timer.is_alive()
    timer.cancel()
    timer.join()
    return None if late else os.waitstatus_to_exitcode(status)
