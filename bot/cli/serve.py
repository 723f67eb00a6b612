"""
``mergewarden serve`` and ``mergewarden worker``.

``serve`` is a supervisor with two children: the web process answers webhooks, the worker does the work. So a busy scan
does not delay an answer, and a scan that takes its process down does not take the webhook with it: a child that ends is
started again. The supervisor itself has no threads, so that forking is safe at any time.
"""

from __future__ import annotations

import gc
import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

import structlog

from bot.cli.common import open_services
from bot.cli.web_process import run_web
from bot.pipeline.outside import note_settings
from bot.pipeline.worker import WorkerProcess, prepare_store
from bot.services import PolicyUnread, Services

log = structlog.get_logger(__name__)

_LONGEST_PAUSE = 30.0
"""Seconds between two starts of a child that keeps ending."""
_STEADY = 60.0
"""A child that lived so long was well: the next pause is short again."""
_STOP_SECONDS = 10.0
"""How long a child may take to stop before it is killed; what a worker was doing is taken over later."""
_NICENESS = 5
"""Workers and scanners give way to the web process, whose answers GitLab waits for."""


def run_server(host: str, port: int, *, with_worker: bool, config: Path | None) -> int:
    """Serve until told to stop; returns the exit status. Raises ``ConfigurationError`` before anything is started."""
    services = _checked_services(config)
    services.settings.require_webhook()
    children = [Child("web", lambda: run_web(_own(config), host, port))]
    if with_worker:
        children.append(Child("worker", lambda: _work(config)))
    return supervise(children)


def run_worker(config: Path | None) -> int:
    """Work until told to stop; returns the exit status."""
    _checked_services(config)
    return supervise([Child("worker", lambda: _work(config))])


def _checked_services(config: Path | None) -> Services:
    services = open_services(config, quiet=False)
    services.settings.require_gitlab()
    with suppress(PolicyUnread):  # a worker reads it as soon as it runs
        services.policy()
    prepare_store(services)
    note_settings(services)
    # Connections must not be shared with children.
    services.close()
    return services


def _own(config: Path | None) -> Services:
    return open_services(config, quiet=False, shared_metrics=True)


def _work(config: Path | None) -> None:
    os.nice(_NICENESS)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    WorkerProcess(_own(config), stop).run()


@dataclass
class Child:
    """A process that the supervisor keeps alive."""

    name: str
    run: Callable[[], None]
    pid: int = 0
    started: float = 0.0
    pause: float = 0.5
    due: float = 0.0
    """When to start it (again), by the monotonic clock."""


def supervise(children: list[Child]) -> int:
    """Start the children, start again what ends, and end them all on SIGTERM or SIGINT. Returns the exit status."""
    stopping = False

    def stop(_number: int, _frame: FrameType | None) -> None:
        nonlocal stopping
        stopping = True

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    # What is here by now stays for good. Not looking at it again keeps its pages shared with the children, and spares
    # the web process pauses of a tenth of a second.
    gc.collect()
    gc.freeze()
    while not stopping:
        now = time.monotonic()
        for child in children:
            if child.pid == 0 and now >= child.due:
                _start(child)
        _reap(children)
        time.sleep(0.1)
    _end(children)
    return 0


def _start(child: Child) -> None:
    child.started = time.monotonic()
    sys.stdout.flush()
    sys.stderr.flush()
    pid = os.fork()
    if pid:
        child.pid = pid
        return
    status = 1
    try:
        _die_with_parent()
        child.run()
        status = 0
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        # Threads that are in the middle of a scan are not waited for: their jobs are taken over.
        os._exit(status)


def _die_with_parent() -> None:
    import ctypes

    # A supervisor that was killed must not leave children that answer on its port. prctl(2), PR_SET_PDEATHSIG.
    ctypes.CDLL(None).prctl(1, int(signal.SIGKILL), 0, 0, 0)


def _reap(children: list[Child]) -> None:
    while True:
        try:
            pid, raw = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            return
        for child in children:
            if child.pid == pid:
                lived = time.monotonic() - child.started
                child.pid = 0
                child.pause = 0.5 if lived > _STEADY else min(child.pause * 2, _LONGEST_PAUSE)
                child.due = time.monotonic() + child.pause
                log.error(
                    "process ended", process=child.name, status=os.waitstatus_to_exitcode(raw), again_in=child.pause
                )


def _end(children: list[Child]) -> None:
    for child in children:
        if child.pid:
            _signal(child.pid, signal.SIGTERM)
    deadline = time.monotonic() + _STOP_SECONDS
    for child in children:
        while child.pid:
            try:
                pid, _ = os.waitpid(child.pid, os.WNOHANG)
            except ChildProcessError:
                break
            if pid:
                break
            if time.monotonic() > deadline:
                _signal(child.pid, signal.SIGKILL)
            time.sleep(0.02)


def _signal(pid: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, number)
