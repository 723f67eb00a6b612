"""Names from git trees, which may be any bytes, as paths that can be shown, stored and compared."""

from __future__ import annotations

from pathlib import PurePosixPath

# What a path must not be made of, and how it is shown instead. Git refuses such names only as a warning.
_IMPOSSIBLE = {"": "\\x00", ".": "\\x2e", "..": "\\x2e\\x2e"}


def decode_path(raw: bytes) -> PurePosixPath:
    """
    The path of a tree entry.

    Bytes that are not UTF-8 become ``\\xNN``. Parts that would leave the repository (``..``) or vanish (``.``, empty)
    are escaped the same way, so that the result is always relative and never climbs.
    """
    text = raw.decode("utf-8", "backslashreplace")
    parts = text.split("/")
    if any(part in _IMPOSSIBLE for part in parts):
        parts = [_IMPOSSIBLE.get(part, part) for part in parts]
    return PurePosixPath(*parts)


def encode_path(path: PurePosixPath) -> str | None:
    """The name in git that this path certainly stands for; None where it may have been escaped."""
    text = str(path)
    return None if "\\" in text else text
