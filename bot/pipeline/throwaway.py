"""
Folders that live as long as one piece of work, and that the next process clears away when this one was killed.

A folder's owner holds a lock on the file beside it. The kernel drops the lock with the process, so that it tells the
dead from the living also across containers, where process numbers mean nothing.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_LOCK = ".lock"


@contextmanager
def throwaway_folder(root: Path | None) -> Iterator[Path]:
    """
    A fresh, empty folder that only we may enter (mode 0700), removed at the end.

    :param root: folder that holds such folders; created when missing. None takes the system's temporary folder.
    """
    if root is None:
        with tempfile.TemporaryDirectory(prefix="mergewarden-", ignore_cleanup_errors=True) as name:
            yield Path(name)
        return
    root.mkdir(mode=0o700, parents=True, exist_ok=True)
    sweep(root)
    lock, handle = _own_lock(root)
    folder = lock.with_name(lock.name.removesuffix(_LOCK))
    try:
        folder.mkdir(mode=0o700)
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    finally:
        with suppress(OSError):
            lock.unlink()
        os.close(handle)


def _own_lock(root: Path) -> tuple[Path, int]:
    while True:
        lock = root / f"{os.getpid()}-{secrets.token_hex(8)}{_LOCK}"
        handle = os.open(lock, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        fcntl.flock(handle, fcntl.LOCK_EX)
        # Somebody may have swept the file away between its creation and its lock; then nothing would tell that we live.
        with suppress(FileNotFoundError):
            if os.fstat(handle).st_ino == lock.stat().st_ino:
                return lock, handle
        os.close(handle)


def sweep(root: Path) -> int:
    """Remove the folders of dead processes below ``root``; returns how many."""
    removed = 0
    for lock in root.glob(f"*{_LOCK}"):
        try:
            handle = os.open(lock, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
        except OSError:
            continue
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            continue
        else:
            shutil.rmtree(lock.with_name(lock.name.removesuffix(_LOCK)), ignore_errors=True)
            with suppress(OSError):
                lock.unlink()
            removed += 1
        finally:
            os.close(handle)
    return removed
