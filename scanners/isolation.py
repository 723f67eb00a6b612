"""
Runs as a program of its own, between us and a scanner: takes rights away, then becomes the scanner.

``process.py`` starts it by path: ``python -I -S isolation.py STATUS_FD PARENT_PID KEY=VALUE ... -- PROGRAM ARGUMENT``.
It is a program and not a ``preexec_fn`` because the worker has many threads, and Python code between fork and exec of a
threaded process can deadlock. It imports little, since its start is paid for by every scanner (about 15 ms).

Keys: ``memory``, ``address_space``, ``file`` (bytes), ``cpu`` (seconds), ``nice`` (0 to 19), ``network`` (``deny``).
To STATUS_FD it writes one word per line for each wall that stands: ``network``, ``processes``.
"""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import sys
from contextlib import suppress

_PR_SET_PDEATHSIG = 1
_PR_SET_NO_NEW_PRIVS = 38
_CLONE_NEWUSER = 0x10000000
_CLONE_NEWPID = 0x20000000
_CLONE_NEWNET = 0x40000000
_SIOCSIFFLAGS = 0x8914
_IFF_UP = 1

_LIMITS = {
    # DATA counts private writable memory (Linux 4.7 and later), which is what a leak eats. Address space alone would
    # punish runtimes that reserve much and use little, such as OCaml 5 in semgrep-core.
    "memory": resource.RLIMIT_DATA,
    "address_space": resource.RLIMIT_AS,
    "file": resource.RLIMIT_FSIZE,
    "cpu": resource.RLIMIT_CPU,
}


def main(arguments: list[str]) -> int:
    """Take rights away as the arguments say, then run the program. Returns only when that was impossible."""
    status, parent = int(arguments[0]), int(arguments[1])
    split = arguments.index("--")
    wanted = dict(pair.split("=", 1) for pair in arguments[2:split])
    program = arguments[split + 1 :]

    os.set_inheritable(status, False)
    libc = ctypes.CDLL(None, use_errno=True)
    _die_with_parent(libc)
    if os.getppid() != parent:  # it died before we asked to be told
        return 1
    with suppress(OSError), open("/proc/self/oom_score_adj", "w") as score:  # noqa: PTH123 - pathlib is slow to import
        score.write("600")  # when memory runs out, a scanner goes before the worker
    for key, what in _LIMITS.items():
        if key in wanted:
            _lower(what, int(wanted[key]))
    _lower(resource.RLIMIT_CORE, 0)
    if "nice" in wanted:
        os.nice(int(wanted["nice"]))
    libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)

    if wanted.get("network") == "deny":
        walls = _unshare(libc)
        os.write(status, "".join(f"{wall}\n" for wall in walls).encode())
        if "processes" in walls:
            return _supervise(libc, program)
    os.execvp(program[0], program)  # noqa: S606 - no shell is the point
    return 127


def _die_with_parent(libc: ctypes.CDLL) -> None:
    libc.prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)


def _lower(what: int, value: int) -> None:
    _, hard = resource.getrlimit(what)
    if hard != resource.RLIM_INFINITY:
        value = min(value, hard)
    resource.setrlimit(what, (value, value))


def _unshare(libc: ctypes.CDLL) -> list[str]:
    """Leave the network and the process table of the host where the kernel lets us; says which of them it left."""
    uid, gid = os.getuid(), os.getgid()
    if libc.unshare(_CLONE_NEWUSER | _CLONE_NEWNET | _CLONE_NEWPID) == 0:
        walls = ["network", "processes"]
    elif libc.unshare(_CLONE_NEWUSER | _CLONE_NEWNET) == 0:
        walls = ["network"]
    else:
        return []
    # The same user inside and outside, so that files keep their owner. user_namespaces(7): setgroups goes first.
    for name, text in (("setgroups", "deny"), ("uid_map", f"{uid} {uid} 1"), ("gid_map", f"{gid} {gid} 1")):
        with suppress(OSError), open(f"/proc/self/{name}", "w") as file:  # noqa: PTH123
            file.write(text)
    _raise_loopback()
    return walls


def _raise_loopback() -> None:
    """Switch on the new network's own loopback, over which pip-audit talks to its own advisory server."""
    import _socket
    import fcntl
    import struct

    with suppress(OSError):
        control = _socket.socket(_socket.AF_INET, _socket.SOCK_DGRAM)
        fcntl.ioctl(control.fileno(), _SIOCSIFFLAGS, struct.pack("16sH14x", b"lo", _IFF_UP))
        control.close()


def _supervise(libc: ctypes.CDLL, program: list[str]) -> int:
    """
    Run the program in a process table of its own, and end the way it ended.

    When the first process of a table dies, the kernel kills all the others, even those that left the process group. The
    first one is ours and not the program, because the kernel hides ordinary signals from the first (pid_namespaces(7)).
    """
    first = os.fork()
    if first == 0:
        _die_with_parent(libc)
        os._exit(_first_process(program))
    _, raw = os.waitpid(first, 0)
    code = os.waitstatus_to_exitcode(raw)
    number = -code if code < 0 else code - 128
    if 0 < number < signal.NSIG:
        with suppress(OSError, ValueError):
            signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)
    return code


def _first_process(program: list[str]) -> int:
    """Start the program, reap whatever is orphaned, and return its exit code, or 128 plus the signal as shells do."""
    child = os.fork()
    if child == 0:
        try:
            os.execvp(program[0], program)  # noqa: S606 - no shell is the point
        except OSError as error:
            os.write(2, f"{program[0]}: {error.strerror}\n".encode())
        os._exit(127)
    while True:
        ended, raw = os.wait()
        if ended == child:
            code = os.waitstatus_to_exitcode(raw)
            return code if code >= 0 else 128 - code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
