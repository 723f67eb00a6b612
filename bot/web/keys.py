"""
The key of this installation's desk: it signs what browsers keep for us.

It is made at first use, in one step, so that processes that start together agree on one. Web processes that share
sessions have to share the data directory, or at least this file.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import secrets
import stat
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from bot.errors import ConfigurationError

KEY_BYTES = 32


@dataclass(frozen=True, slots=True)
class DeskKey:
    """The key. Has no readable form."""

    _key: bytes = field(repr=False)

    def sign(self, purpose: str, text: str) -> str:
        """What proves that we wrote ``text`` for this purpose: 43 characters of base64url."""
        mac = hmac.new(self.derived(purpose), text.encode("utf-8", "surrogatepass"), hashlib.sha256).digest()
        return base64.urlsafe_b64encode(mac).rstrip(b"=").decode()

    def is_signed(self, purpose: str, text: str, signature: str) -> bool:
        """Whether it is our signature of ``text``; takes as long for a wrong one as for a right one."""
        return hmac.compare_digest(self.sign(purpose, text).encode(), signature.encode("utf-8", "surrogatepass"))

    def derived(self, purpose: str) -> bytes:
        """A key for one purpose, of which the others cannot be found."""
        return hmac.new(self._key, f"mergewarden desk\0{purpose}".encode(), hashlib.sha256).digest()


def key_place(data_dir: Path) -> Path:
    """Where the key is, or would be."""
    return data_dir / "keys" / "desk.key"


def desk_key(data_dir: Path) -> DeskKey:
    """The key, made where there is none. Raises ``ConfigurationError`` for one that cannot be made, read or trusted."""
    place = key_place(data_dir)
    try:
        if not place.exists():
            _make(place)
        return DeskKey(_read(place))
    except OSError as error:
        raise ConfigurationError(
            f"the key {place} cannot be used: {error.strerror or error}",
            "Give the folder to the user that runs Mergewarden.",
        ) from None


def _read(place: Path) -> bytes:
    descriptor = os.open(place, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    found = os.fstat(descriptor)
    if not stat.S_ISREG(found.st_mode):
        os.close(descriptor)
        raise ConfigurationError(f"the key {place} is not a file", "Remove it: a new one is made.")
    with os.fdopen(descriptor, "rb") as file:
        # The group may read it: that is how Kubernetes hands a secret to a user who is not root.
        if found.st_mode & 0o037:
            raise ConfigurationError(
                f"the key {place} has the rights {stat.S_IMODE(found.st_mode):04o}: others could use it",
                f"Take them away: chmod 600 {place}",
            )
        raw = file.read(KEY_BYTES + 1)
    if len(raw) != KEY_BYTES:
        raise ConfigurationError(
            f"the key {place} does not hold {KEY_BYTES} bytes", "Remove it: a new one is made, and all sign in again."
        )
    return raw


def _make(place: Path) -> None:
    place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = place.with_name(f".{place.name}.{secrets.token_hex(8)}.part")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(secrets.token_bytes(KEY_BYTES))
            file.flush()
            os.fsync(file.fileno())
        # Unlike a rename, a link never takes the place of what is there.
        with suppress(FileExistsError):
            os.link(draft, place)
    finally:
        draft.unlink(missing_ok=True)
