"""
Secrets that have to be read again (those of outgoing webhooks): encrypted with a key that is not in the database.

A copy of the database alone shows none of them. The key is a file in the data directory that its owner alone may read;
every host that sends needs the same one. Without it, secrets are made anew.
"""

from __future__ import annotations

import hmac
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken

from bot.errors import ConfigurationError
from bot.key_files import make_private, read_private

_KEY_BYTES = 44
"""Of a key as base64."""


class SecretKeyError(ConfigurationError):
    """Raised when there is no key, or not the one that a secret was encrypted with. Shows neither."""


class SecretBox:
    """Encrypts and decrypts with the key below this data directory; it is made when it is first needed."""

    def __init__(self, data_dir: Path) -> None:
        self._place = data_dir / "keys" / "outgoing.key"

    def __repr__(self) -> str:
        return f"SecretBox({str(self._place)!r})"

    def close(self, text: str) -> bytes:
        """The text encrypted. Raises ``SecretKeyError``."""
        return self._fernet(make=True).encrypt(text.encode())

    def open(self, closed: bytes) -> str:
        """The inverse of ``close``. Raises ``SecretKeyError``."""
        try:
            return self._fernet(make=False).decrypt(closed).decode()
        except InvalidToken:
            raise SecretKeyError(
                f"the secret was encrypted with another key than the one in {self._place}",
                "Bring the key file back from a backup, or remove the webhook and add it again.",
            ) from None

    def mark(self, text: str) -> str:
        """
        A mark of this text that nobody can make who does not have the key: HMAC-SHA-256 in hexadecimal digits, with a
        key that is derived from the file's and used for nothing else. Raises ``SecretKeyError``.
        """
        key = hmac.digest(self._key(make=True), b"mergewarden: marks", "sha256")
        return hmac.digest(key, text.encode(), "sha256").hex()

    def _fernet(self, *, make: bool) -> Fernet:
        return Fernet(self._key(make=make))

    def _key(self, *, make: bool) -> bytes:
        try:
            return self._read()
        except FileNotFoundError:
            if not make:
                raise SecretKeyError(
                    f"there is no key {self._place}",
                    "Hosts that share a database share this file too; bring it from the host that made it.",
                ) from None
        try:
            make_private(self._place, Fernet.generate_key())
            return self._read()
        except OSError as error:
            raise SecretKeyError(
                f"no key can be made at {self._place}: {error.strerror or error}",
                "Give the folder to the user that runs Mergewarden.",
            ) from None

    def _read(self) -> bytes:
        try:
            raw = read_private(
                self._place, _KEY_BYTES + 1, named="the key", instead="Move it away.", error=SecretKeyError
            )
        except FileNotFoundError:
            raise
        except OSError as error:
            raise SecretKeyError(
                f"the key {self._place} cannot be read: {error.strerror}", "Give it to the user that runs Mergewarden."
            ) from None
        try:
            Fernet(raw.strip())
        except ValueError:
            raise SecretKeyError(f"{self._place} holds no key", "Bring it back from a backup.") from None
        return raw.strip()
