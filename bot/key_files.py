"""
Files with a key that their owner alone may read: made whole or not at all, and refused when others could use them.
"""

from __future__ import annotations

import os
import secrets
import stat
from contextlib import suppress
from pathlib import Path

from bot.errors import ConfigurationError


def read_private(place: Path, most: int, *, named: str, instead: str, error: type[ConfigurationError]) -> bytes:
    """
    What the file holds, one byte more than ``most`` at most, so that a longer one shows.

    ``named`` is how messages call it; ``instead`` is the hint for what is no file. Raises ``error`` for what is no
    file, or what others could use, and ``OSError`` for what cannot be opened.
    """
    # Not followed by waiting: a pipe in this place must not stop the bot.
    descriptor = os.open(place, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    # As a bare descriptor first: a folder cannot be made a stream.
    found = os.fstat(descriptor)
    if not stat.S_ISREG(found.st_mode):
        os.close(descriptor)
        raise error(f"{named} {place} is not a file", instead)
    with os.fdopen(descriptor, "rb") as file:
        # The group may read it: that is how Kubernetes hands a secret to a user who is not root.
        if found.st_mode & 0o037:
            raise error(
                f"{named} {place} has the rights {stat.S_IMODE(found.st_mode):04o}: others could use it",
                f"Take them away: chmod 600 {place}",
            )
        return file.read(most + 1)


def make_private(place: Path, content: bytes) -> None:
    """
    Put a key there, whole or not at all; where somebody was faster, his stays, so that processes that start together
    agree. Raises ``OSError``.
    """
    place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = place.with_name(f".{place.name}.{secrets.token_hex(8)}.part")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        # Unlike a rename, a link never takes the place of what is there.
        with suppress(FileExistsError):
            os.link(draft, place)
    finally:
        draft.unlink(missing_ok=True)
    folder = os.open(place.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
