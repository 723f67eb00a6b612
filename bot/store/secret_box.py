"""
Secrets that have to be read again (those of outgoing webhooks): encrypted with a key that is not in the database.

A copy of the database alone shows none of them. The key is a file in the data directory that its owner alone may read;
every host that sends needs the same one. Without it, secrets are made anew.
"""

from __future__ import annotations

import os
import secrets
import stat
from contextlib import suppress
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken

from bot.errors import ConfigurationError

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

    def _fernet(self, *, make: bool) -> Fernet:
        try:
            return self._read()
        except FileNotFoundError:
            if not make:
                raise SecretKeyError(
                    f"there is no key {self._place}",
                    "Hosts that share a database share this file too; bring it from the host that made it.",
                ) from None
        try:
            self._make()
            return self._read()
        except OSError as error:
            raise SecretKeyError(
                f"no key can be made at {self._place}: {error.strerror or error}",
                "Give the folder to the user that runs Mergewarden.",
            ) from None

    def _read(self) -> Fernet:
        try:
            descriptor = os.open(self._place, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        except FileNotFoundError:
            raise
        except OSError as error:
            raise SecretKeyError(
                f"the key {self._place} cannot be read: {error.strerror}", "Give it to the user that runs Mergewarden."
            ) from None
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            os.close(descriptor)
            raise SecretKeyError(f"the key {self._place} is not a file", "Move it away.")
        with os.fdopen(descriptor, "rb") as file:
            # The group may read it: that is how Kubernetes hands a secret to a user who is not root.
            if found.st_mode & 0o037:
                raise SecretKeyError(
                    f"the key {self._place} has the rights {stat.S_IMODE(found.st_mode):04o}: others could use it",
                    f"Take them away: chmod 600 {self._place}",
                )
            raw = file.read(_KEY_BYTES + 2).strip()
        try:
            return Fernet(raw)
        except ValueError:
            raise SecretKeyError(f"{self._place} holds no key", "Bring it back from a backup.") from None

    def _make(self) -> None:
        self._place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = self._place.with_name(f".{self._place.name}.{secrets.token_hex(8)}.part")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(Fernet.generate_key())
                file.flush()
                os.fsync(file.fileno())
            # Unlike a rename, a link never takes the place of what is there: processes that start together agree.
            with suppress(FileExistsError):
                os.link(draft, self._place)
        finally:
            draft.unlink(missing_ok=True)
