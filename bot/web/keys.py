"""
The key of this installation's desk: it signs what browsers keep for us.

It is made at first use, in one step, so that processes that start together agree on one. Web processes that share
sessions have to share the data directory, or at least this file.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from dataclasses import dataclass, field
from pathlib import Path

from bot.errors import ConfigurationError
from bot.key_files import make_private, read_private

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
            make_private(place, secrets.token_bytes(KEY_BYTES))
        return DeskKey(_read(place))
    except OSError as error:
        raise ConfigurationError(
            f"the key {place} cannot be used: {error.strerror or error}",
            "Give the folder to the user that runs Mergewarden.",
        ) from None


def _read(place: Path) -> bytes:
    raw = read_private(
        place, KEY_BYTES, named="the key", instead="Remove it: a new one is made.", error=ConfigurationError
    )
    if len(raw) != KEY_BYTES:
        raise ConfigurationError(
            f"the key {place} does not hold {KEY_BYTES} bytes", "Remove it: a new one is made, and all sign in again."
        )
    return raw
