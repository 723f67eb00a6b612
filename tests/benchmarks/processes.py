"""Memory, processor time and family of running processes, as Linux tells them."""

from __future__ import annotations

import os
import time
from contextlib import suppress
from pathlib import Path

MEGABYTE = 1_000_000
_TICKS = os.sysconf("SC_CLK_TCK")


def children(pid: int) -> list[int]:
    """The direct children of a process."""
    found: list[int] = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        with suppress(OSError):
            found += [int(word) for word in (task / "children").read_text().split()]
    return found


def family(pid: int) -> list[int]:
    """A process and all that descend from it."""
    found = [pid]
    with suppress(OSError):
        for child in children(pid):
            found += family(child)
    return found


def memory(pid: int, name: str) -> int:
    """
    A line of ``/proc/PID/smaps_rollup`` or ``status`` in bytes; 0 when the process is gone.

    ``Pss`` counts a page that several processes share by its share, ``Rss`` in full; ``VmHWM`` is the highest RSS ever.
    """
    place = Path(f"/proc/{pid}") / ("status" if name.startswith("Vm") else "smaps_rollup")
    with suppress(OSError):
        for line in place.read_text().splitlines():
            if line.startswith(f"{name}:"):
                return int(line.split()[1]) * 1024
    return 0


def forget_peak(pid: int) -> None:
    """Let ``VmHWM`` begin anew. https://docs.kernel.org/filesystems/proc.html (clear_refs, 5)"""
    with suppress(OSError):
        Path(f"/proc/{pid}/clear_refs").write_text("5")


def busy_seconds() -> float:
    """Processor time that the whole machine has spent, of all processors together."""
    words = Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:]
    user, nice, system, _idle, _wait, irq, softirq, steal = (int(word) for word in words[:8])
    return (user + nice + system + irq + softirq + steal) / _TICKS


def spent_seconds(pid: int) -> float:
    """Processor time of a process, of what descends from it, and of what did and has ended."""
    total = 0
    for member in family(pid):
        with suppress(OSError):
            # The name may hold blanks; what follows it does not. proc_pid_stat(5): utime is the 14th, cstime the 17th.
            words = Path(f"/proc/{member}/stat").read_text().rpartition(")")[2].split()
            total += sum(int(word) for word in words[11:15])
    return total / _TICKS


class Others:
    """How busy programs that are none of ours kept the machine, since this was made."""

    def __init__(self) -> None:
        self._begun = time.monotonic()
        self._before = self._foreign()

    @staticmethod
    def _foreign() -> float:
        return busy_seconds() - spent_seconds(os.getpid())

    def share(self) -> float:
        """Of all processors, from 0 to 1."""
        seconds = (time.monotonic() - self._begun) * (os.cpu_count() or 1)
        return max(0.0, self._foreign() - self._before) / seconds
