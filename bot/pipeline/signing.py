"""
The key that signs receipts, and the keys that they are checked with: Ed25519 (RFC 8032) in PEM files.

Where no file is configured a key is made on first use, in one step, so that processes that start together agree on one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from bot.domain.receipt import PAYLOAD_TYPE, Envelope, InvalidReceipt, Signature, pre_authentication_encoding
from bot.errors import ConfigurationError, MergewardenError
from bot.key_files import make_private, read_private
from bot.settings import Settings

_LARGEST = 16 * 1024
"""Bytes of a key file; an Ed25519 key has some hundred."""
_MAKE_ONE = "Make one: openssl genpkey -algorithm ed25519 -out receipts.pem && chmod 600 receipts.pem"


class SigningKeyError(ConfigurationError):
    """Raised when there is no key to sign with. Never shows what the file holds."""


class PublicKeyError(MergewardenError):
    """Raised for a file that holds no key to check signatures with."""


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A key to check signatures with."""

    key: Ed25519PublicKey

    @property
    def id(self) -> str:
        """SHA-256 (hex) of its SubjectPublicKeyInfo (RFC 8410, DER)."""
        info = self.key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return hashlib.sha256(info).hexdigest()

    @property
    def pem(self) -> str:
        """As people pass it on."""
        return self.key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode("ascii")

    def fits(self, signature: bytes, message: bytes) -> bool:
        """Whether its owner signed this message."""
        try:
            self.key.verify(signature, message)
        except InvalidSignature:
            return False
        return True


@dataclass(frozen=True, slots=True)
class Signer:
    """The key that signs. Has no readable form, so that no log and no traceback can show it."""

    _key: Ed25519PrivateKey

    def __repr__(self) -> str:
        return f"Signer({self.public.id})"

    @property
    def public(self) -> PublicKey:
        """Its public half."""
        return PublicKey(self._key.public_key())

    def sign(self, payload: bytes) -> Envelope:
        """An envelope around a statement; the same for the same payload, as Ed25519 needs no chance."""
        signature = self._key.sign(pre_authentication_encoding(PAYLOAD_TYPE, payload))
        return Envelope(payload, PAYLOAD_TYPE, (Signature(signature, self.public.id),))


def key_file(settings: Settings) -> Path:
    """Where the signing key is, or would be."""
    return settings.signing_key_file or settings.data_dir / "keys" / "receipts.pem"


def existing_signer(settings: Settings) -> Signer | None:
    """
    The signing key; None where none is configured and none was made yet. Changes nothing.

    Raises ``SigningKeyError`` for a file that cannot be used, or that is configured and not there.
    """
    place = key_file(settings)
    try:
        return _read(place)
    except FileNotFoundError:
        if settings.signing_key_file is None:
            return None
        raise SigningKeyError(f"there is no signing key {place}", _MAKE_ONE) from None


def signer(settings: Settings) -> Signer:
    """
    The signing key, made where none is configured and none was made yet. Read afresh, so that a new one counts at once.

    Raises ``SigningKeyError``.
    """
    known = existing_signer(settings)
    if known is not None:
        return known
    place = key_file(settings)
    try:
        _make(place)
        return _read(place)
    except OSError as error:
        raise SigningKeyError(
            f"no signing key can be made at {place}: {error.strerror or error}",
            "Give the folder to the user that runs Mergewarden, or set MERGEWARDEN_SIGNING_KEY_FILE.",
        ) from None


def load_public_key(place: Path) -> PublicKey:
    """The public key in a PEM file. Raises ``PublicKeyError``."""
    hint = "Take what this prints: mergewarden receipt key"
    try:
        with place.open("rb") as file:
            raw = file.read(_LARGEST + 1)
    except OSError as error:
        raise PublicKeyError(f"{place} cannot be read: {error.strerror or error}", hint) from None
    if b"PRIVATE KEY" in raw:
        raise PublicKeyError(f"{place} holds a private key: it is for signing, and should not be passed on", hint)
    try:
        if len(raw) > _LARGEST:
            raise ValueError("too long")
        key = load_pem_public_key(raw)
    except (ValueError, UnsupportedAlgorithm):
        raise PublicKeyError(f"{place} holds no public key in PEM form", hint) from None
    if not isinstance(key, Ed25519PublicKey):
        raise PublicKeyError(f"{place} holds a key of another kind: receipts are signed with Ed25519", hint)
    return PublicKey(key)


def checked(envelope: Envelope, keys: Sequence[PublicKey]) -> PublicKey:
    """
    The key of these that signed the envelope; one good signature is enough, and the hint in it counts for nothing.

    Raises ``InvalidReceipt`` where none did, and for a payload of another type than ours.
    """
    message = envelope.signed_bytes
    for key in keys:
        if any(key.fits(signature.value, message) for signature in envelope.signatures):
            break
    else:
        raise InvalidReceipt(
            "no signature on it fits " + ("the key" if len(keys) == 1 else f"any of the {len(keys)} keys"),
            "It was changed, or signed with another key.",
        )
    if envelope.payload_type != PAYLOAD_TYPE:
        raise InvalidReceipt(f"what was signed is not of the type {PAYLOAD_TYPE}")
    return key


def _read(place: Path) -> Signer:
    """Raises ``FileNotFoundError`` where there is none, and ``SigningKeyError``."""
    try:
        raw = read_private(place, _LARGEST, named="the signing key", instead=_MAKE_ONE, error=SigningKeyError)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise SigningKeyError(
            f"the signing key {place} cannot be read: {error.strerror}", "Give it to the user that runs Mergewarden."
        ) from None
    try:
        if len(raw) > _LARGEST:
            raise ValueError("too long")
        key = load_pem_private_key(raw, password=None)
    except TypeError:
        raise SigningKeyError(
            f"the signing key {place} is encrypted, and nobody is there to give its password", _MAKE_ONE
        ) from None
    except (ValueError, UnsupportedAlgorithm):
        raise SigningKeyError(f"{place} holds no private key in PEM form", _MAKE_ONE) from None
    if not isinstance(key, Ed25519PrivateKey):
        raise SigningKeyError(f"{place} holds a key of another kind: receipts are signed with Ed25519", _MAKE_ONE)
    return Signer(key)


def _make(place: Path) -> None:
    """Make a key there; where somebody was faster, his stays. Raises ``OSError``."""
    make_private(place, Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
