"""
The only module that starts child processes.

A child gets an argument list (never a shell), an environment that holds nothing of ours, a home of its own, limits, and
a process group that is killed as a whole: when it takes too long, when nobody wants its work any more, when it is done.
"""

from __future__ import annotations

import os
import resource
import select
import shutil
import signal
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import BinaryIO

MEBIBYTE = 1024 * 1024
_POLL_SECONDS = 0.05
_STDERR_TAIL = 8 * 1024
_LAUNCHER = Path(__file__).with_name("isolation.py")
_PACKAGE_ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, slots=True)
class Completed:
    """How a child process ended."""

    exit_code: int
    """Negative: killed by that signal."""
    stdout: bytes
    """Empty when standard output went to a file."""
    stderr_tail: str
    """The last 8 KiB, undecodable bytes replaced. Written by the tool, so perhaps by a stranger: never show it raw."""
    seconds: float
    timed_out: bool = False
    cancelled: bool = False
    overflowed: bool = False
    """Killed because standard output outgrew its limit."""
    network_denied: bool = False
    """Whether the child really had no network. False where the platform could not."""

    @property
    def ended_by_itself(self) -> bool:
        """Whether nobody killed it for time, size or lack of interest."""
        return not (self.timed_out or self.cancelled or self.overflowed)


def run(
    argv: Sequence[str],
    *,
    cwd: Path,
    timeout: float,
    env: Mapping[str, str] | None = None,
    stdin: bytes | Path | None = None,
    stdout_to: Path | None = None,
    stdout_limit: int = 64 * MEBIBYTE,
    memory_bytes: int | None = None,
    address_space_bytes: int | None = None,
    cpu_seconds: int | None = None,
    niceness: int = 0,
    file_bytes: int | None = None,
    network: bool = False,
    cancelled: Callable[[], bool] | None = None,
) -> Completed:
    """
    Run one program to its end and say how it ended. Whatever it started is dead when this returns.

    :param argv: program and arguments; the program is looked up in the child's own ``PATH``.
    :param timeout: seconds of wall time, after which the whole process group is killed.
    :param env: added to the minimal environment (and wins over it).
    :param stdin: bytes, or a file to read from; nothing by default.
    :param stdout_to: file that gets standard output (created or emptied); without it the bytes are returned.
    :param stdout_limit: bytes; a child that writes more is killed and marked ``overflowed``.
    :param memory_bytes: limit of private memory (``RLIMIT_DATA``), for each process of the child.
    :param address_space_bytes: limit of address space (``RLIMIT_AS``).
    :param cpu_seconds: limit of processor time for each process of the child.
    :param niceness: how far the child gives way to others (``nice``, from 0 to 19); not for children with the network.
    :param file_bytes: no file that it writes may grow beyond this.
    :param network: True leaves the host's network to it (git). False takes it away where the platform can, see
        ``Completed.network_denied``; also all processes then die with the first, wherever they hide.
    :param cancelled: asked about every 50 ms; True kills the child.
    :raises FileNotFoundError: the program is not there.
    :raises OSError: it could not be started.
    """
    with ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="mergewarden-", ignore_cleanup_errors=True)))
        environment = _environment(home) | dict(env or {})
        program = shutil.which(argv[0], path=environment["PATH"])
        if program is None:
            raise FileNotFoundError(f"{argv[0]}: no such program")

        source = _input(stack, stdin)
        output: BinaryIO = (
            stack.enter_context(stdout_to.open("w+b")) if stdout_to else stack.enter_context(tempfile.TemporaryFile())
        )
        errors = stack.enter_context(tempfile.TemporaryFile())
        status_in, status_out = os.pipe()
        stack.callback(os.close, status_in)
        limits = {
            "memory": memory_bytes,
            "address_space": address_space_bytes,
            "cpu": cpu_seconds,
            "nice": niceness or None,
            "file": file_bytes,
        }
        prefix = _light_prefix() if network else _launcher(status_out, limits)
        started = time.monotonic()
        try:
            child = subprocess.Popen(
                [*prefix, program, *argv[1:]],
                cwd=cwd,
                env=environment,
                stdin=source,
                stdout=output,
                stderr=errors,
                pass_fds=() if network else (status_out,),
                start_new_session=True,
            )
        finally:
            os.close(status_out)
        try:
            if network:
                _limit_from_outside(child.pid, limits)
            verdict = _watch(child, started + timeout, output, stdout_limit, cancelled)
        finally:
            _kill_group(child)
        walls = os.read(status_in, 256).decode("ascii", "replace").split()
        # SIGXCPU is how RLIMIT_CPU speaks: the same answer as the wall clock.
        timed_out = verdict == "timed_out" or child.returncode == -signal.SIGXCPU
        return Completed(
            exit_code=child.returncode,
            stdout=b"" if stdout_to else _head(output, stdout_limit),
            stderr_tail=_tail(errors),
            seconds=time.monotonic() - started,
            timed_out=timed_out,
            cancelled=verdict == "cancelled",
            overflowed=verdict == "overflowed",
            network_denied="network" in walls,
        )


def _watch(
    child: subprocess.Popen[bytes],
    deadline: float,
    output: BinaryIO,
    stdout_limit: int,
    cancelled: Callable[[], bool] | None,
) -> str:
    """Wait until the child ended, without reaping it, or until it must be killed; says which."""
    with ExitStack() as stack:
        poller = select.poll()
        with suppress(OSError, AttributeError):  # pidfd: Linux 5.3 and later
            handle = os.pidfd_open(child.pid)
            stack.callback(os.close, handle)
            poller.register(handle, select.POLLIN)
        while True:
            if os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None:
                return "overflowed" if os.fstat(output.fileno()).st_size > stdout_limit else "ended"
            left = deadline - time.monotonic()
            if left <= 0:
                return "timed_out"
            if cancelled is not None and cancelled():
                return "cancelled"
            if os.fstat(output.fileno()).st_size > stdout_limit:
                return "overflowed"
            poller.poll(min(left, _POLL_SECONDS) * 1000)


def _kill_group(child: subprocess.Popen[bytes]) -> None:
    # The leader is not reaped yet, so nobody else can own its number. Also after a good end: nothing may stay behind.
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, signal.SIGKILL)
    child.wait()


def _environment(home: Path) -> dict[str, str]:
    """Everything that a child may know of us: no variable of ours is passed on."""
    scripts = sysconfig.get_path("scripts")
    return {
        "PATH": os.pathsep.join([scripts, "/usr/local/bin", "/usr/bin", "/bin"]),
        "HOME": str(home),
        "TMPDIR": str(home),
        "XDG_CONFIG_HOME": str(home / "config"),
        "XDG_CACHE_HOME": str(home / "cache"),
        "XDG_DATA_HOME": str(home / "data"),
        "LANG": "C.UTF-8",
        "LC_ALL": "C.UTF-8",
        "PYTHONPATH": str(_PACKAGE_ROOT),
        "PYTHONSAFEPATH": "1",  # a module in the working folder is not imported
        "PYTHONNOUSERSITE": "1",
        "PYTHONUTF8": "1",
        "NO_COLOR": "1",
    }


def _input(stack: ExitStack, stdin: bytes | Path | None) -> BinaryIO | int:
    if stdin is None:
        return subprocess.DEVNULL
    if isinstance(stdin, Path):
        return stack.enter_context(stdin.open("rb"))
    # A file and not a pipe: nothing can deadlock, and no thread is needed to feed it.
    file: BinaryIO = stack.enter_context(tempfile.TemporaryFile())  # noqa: SIM115 - the stack closes it
    file.write(stdin)
    file.seek(0)
    return file


def _launcher(status: int, limits: Mapping[str, int | None]) -> list[str]:
    pairs = [f"{key}={value}" for key, value in limits.items() if value is not None]
    return [sys.executable, "-I", "-S", str(_LAUNCHER), str(status), str(os.getpid()), *pairs, "network=deny", "--"]


@cache
def _light_prefix() -> tuple[str, ...]:
    """For programs that keep the network: die with the worker, where util-linux is there to arrange it (1 ms)."""
    setpriv = shutil.which("setpriv", path="/usr/bin:/bin")
    if setpriv is None:
        return ()
    probe = [setpriv, "--pdeathsig", "KILL", "true"]
    answer = subprocess.run(probe, check=False, capture_output=True, env={"PATH": "/usr/bin:/bin"})
    return (setpriv, "--pdeathsig", "KILL") if answer.returncode == 0 else ()


def _limit_from_outside(pid: int, limits: Mapping[str, int | None]) -> None:
    """For programs without the launcher. The limits arrive a moment late, which a trusted program does not abuse."""
    names = {
        "memory": resource.RLIMIT_DATA,
        "address_space": resource.RLIMIT_AS,
        "cpu": resource.RLIMIT_CPU,
        "file": resource.RLIMIT_FSIZE,
    }
    with suppress(OSError, ValueError, AttributeError):
        resource.prlimit(pid, resource.RLIMIT_CORE, (0, 0))
        for key, what in names.items():
            value = limits[key]
            if value is not None:
                resource.prlimit(pid, what, (value, value))


def _head(file: BinaryIO, limit: int) -> bytes:
    file.seek(0)
    return file.read(limit)


def _tail(file: BinaryIO) -> str:
    size = os.fstat(file.fileno()).st_size
    file.seek(max(0, size - _STDERR_TAIL))
    return file.read(_STDERR_TAIL).decode("utf-8", "replace")
