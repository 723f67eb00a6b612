"""
Decides whether a webhook delivery comes from the GitLab that we were told about.

Pure: headers and raw bytes in, a ``Verified`` or an ``Unverified`` out. Two proofs exist: the secret token that GitLab
repeats in ``X-Gitlab-Token``, and from GitLab 19.0 on a signature over id, time and body after Standard Webhooks
(https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md,
https://docs.gitlab.com/user/project/integrations/webhooks/).
"""

from __future__ import annotations

import base64
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from hashlib import sha256

from pydantic import SecretStr

from bot.errors import ConfigurationError, MergewardenError
from bot.settings import signing_key

TOKEN_HEADER = "x-gitlab-token"  # noqa: S105 - a header's name
ID_HEADER = "webhook-id"
TIMESTAMP_HEADER = "webhook-timestamp"
SIGNATURE_HEADER = "webhook-signature"
_SIGNATURE_VERSION = "v1"
_TIMESTAMP = re.compile(r"[0-9]{1,12}")


class Proof(Enum):
    """How a delivery proved where it comes from."""

    SECRET_TOKEN = "secret_token"  # noqa: S105 - a word for the logs
    SIGNATURE = "signature"


@dataclass(frozen=True, slots=True)
class Verified:
    """A delivery that comes from GitLab."""

    proof: Proof
    signed_id: str | None = None
    """The delivery's id where the signature covers it; other headers are not protected by a signature."""


class Unverified(MergewardenError):
    """Raised when a delivery does not prove that it comes from GitLab. Says why, and shows no secret."""


def verify(
    headers: Mapping[str, str],
    raw_body: bytes,
    *,
    secret: SecretStr | None,
    signing_token: SecretStr | None,
    require_signature: bool,
    now: float,
    max_age: int,
) -> Verified:
    """
    Check a delivery. A signature, once there, has to be right: the secret token does not make up for a wrong one.

    ``headers`` may have names in any case, ``raw_body`` is what was received, byte for byte. ``now`` is in seconds
    since 1970, ``max_age`` in seconds, in both directions. Raises ``Unverified``, or ``ConfigurationError`` when
    neither secret nor signing token is configured.
    """
    expect_proof(
        headers,
        secret=secret,
        signing_token=signing_token,
        require_signature=require_signature,
        now=now,
        max_age=max_age,
    )
    fields = _fold(headers)
    if SIGNATURE_HEADER not in fields:
        return Verified(Proof.SECRET_TOKEN)
    assert signing_token is not None
    delivery_id, timestamp = fields[ID_HEADER], fields[TIMESTAMP_HEADER]
    content = b".".join((_bytes(delivery_id), _bytes(timestamp), raw_body))
    mac = hmac.new(signing_key(signing_token), content, sha256).digest()
    expected = f"{_SIGNATURE_VERSION},{base64.b64encode(mac).decode()}".encode()
    # All entries are compared, so that the time taken says nothing about which one was close.
    matches = [hmac.compare_digest(_bytes(entry), expected) for entry in fields[SIGNATURE_HEADER].split(" ")]
    if not any(matches):
        raise Unverified(
            "the webhook-signature does not fit this body",
            "Set MERGEWARDEN_WEBHOOK_SIGNING_TOKEN to the signing token that GitLab showed when the webhook was made, "
            "and let no proxy change the body.",
        )
    return Verified(Proof.SIGNATURE, delivery_id)


def expect_proof(
    headers: Mapping[str, str],
    *,
    secret: SecretStr | None,
    signing_token: SecretStr | None,
    require_signature: bool,
    now: float,
    max_age: int,
) -> None:
    """
    Refuse, from the headers alone, a delivery that ``verify`` would refuse whatever its body is.

    So a stranger cannot make us hold megabytes. Arguments and errors are those of ``verify``.
    """
    if secret is None and signing_token is None:
        raise ConfigurationError(
            "neither a webhook secret nor a signing token is configured, so no delivery can be trusted",
            "Set MERGEWARDEN_WEBHOOK_SECRET or MERGEWARDEN_WEBHOOK_SIGNING_TOKEN.",
        )
    fields = _fold(headers)
    if SIGNATURE_HEADER in fields:
        _expect_signed_headers(fields, signing_token, now, max_age)
    elif require_signature or secret is None:
        raise Unverified(
            "the delivery carries no webhook-signature",
            "Give the webhook a signing token in GitLab 19.0 or later, or configure MERGEWARDEN_WEBHOOK_SECRET and "
            "leave MERGEWARDEN_REQUIRE_SIGNATURE off.",
        )
    elif TOKEN_HEADER not in fields:
        raise Unverified(
            "the delivery carries no X-Gitlab-Token",
            "Enter the value of MERGEWARDEN_WEBHOOK_SECRET as the secret token of the webhook in GitLab.",
        )
    elif not hmac.compare_digest(_bytes(fields[TOKEN_HEADER]), secret.get_secret_value().encode()):
        raise Unverified(
            "the X-Gitlab-Token is not the configured one",
            "Enter the value of MERGEWARDEN_WEBHOOK_SECRET as the secret token of the webhook in GitLab.",
        )


def _expect_signed_headers(
    fields: Mapping[str, str], signing_token: SecretStr | None, now: float, max_age: int
) -> None:
    if signing_token is None:
        raise Unverified(
            "the delivery is signed, and no signing token is configured to check it with",
            "Set MERGEWARDEN_WEBHOOK_SIGNING_TOKEN to the webhook's signing token.",
        )
    timestamp = fields.get(TIMESTAMP_HEADER, "")
    if not fields.get(ID_HEADER) or not _TIMESTAMP.fullmatch(timestamp):
        raise Unverified(
            "a signed delivery needs webhook-id, and webhook-timestamp in seconds", "Is a proxy in between?"
        )
    age = now - int(timestamp)
    if abs(age) > max_age:
        when = f"{age:.0f} seconds old" if age > 0 else f"{-age:.0f} seconds in the future"
        raise Unverified(
            f"the delivery is {when}, and at most {max_age} are allowed",
            "Compare the clocks of GitLab and of this host.",
        )


def _fold(headers: Mapping[str, str]) -> dict[str, str]:
    wanted = (TOKEN_HEADER, ID_HEADER, TIMESTAMP_HEADER, SIGNATURE_HEADER)
    folded: dict[str, str] = {}
    for name, value in headers.items():
        if (lower := name.lower()) in wanted:
            # A repeated header keeps its first value, here and in whatever looks it up later.
            folded.setdefault(lower, value)
    return folded


def _bytes(value: str) -> bytes:
    # Servers decode header values as Latin-1; only a caller of ours could pass anything else.
    return value.encode("latin-1", "backslashreplace")
