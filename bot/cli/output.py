"""Files that commands write: whole or not at all."""

from __future__ import annotations

import os
import secrets
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from bot.errors import MergewardenError


@contextmanager
def written_whole(place: Path, hint: str = "Choose another --output.") -> Iterator[BinaryIO]:
    """
    A stream that becomes the file when the block ends well; until then, and otherwise, the file stays as it was.

    A pipe or a device is written directly. Raises ``MergewardenError`` for what cannot be written, a folder above all.
    """
    try:
        target = place.resolve()
        known = target.stat() if target.exists() else None
        if known is not None and stat.S_ISDIR(known.st_mode):
            raise MergewardenError(f"{place} is a folder", "Name a file in it.")
        if known is not None and not stat.S_ISREG(known.st_mode):
            with target.open("wb") as direct:
                yield direct
            return
        # Beside the file, because a rename does not cross file systems.
        draft = target.with_name(f".{target.name[:100]}.{secrets.token_hex(6)}.part")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
        try:
            with os.fdopen(descriptor, "wb") as stream:
                yield stream
                stream.flush()
                os.fsync(stream.fileno())
            if known is not None:
                draft.chmod(stat.S_IMODE(known.st_mode))
            draft.replace(target)
        except BaseException:
            with suppress(OSError):
                draft.unlink()
            raise
    except OSError as error:
        raise MergewardenError(f"{place} cannot be written: {error.strerror or error}", hint) from error


def drop_output() -> None:
    """Let go of standard output that nobody takes: what is left in its buffer would fail once more at the end."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
