"""
Puts generated values where a sample of a secret rule has ``{{...}}``, so that no secret is in the repository.

``{{aZ9:20}}`` is twenty characters of an alphabet; ``{{fill:x}}`` is ``x``, and keeps a text apart that others would
take for a secret; the rest are whole values whose check sums and structures are right.
"""

from __future__ import annotations

import base64
import json
import random
import re
import string
import uuid
from collections.abc import Callable

from scanners.secrets.checks import crc32_base36, crc32_base62, crc32_hex

_DIGITS, _SMALL, _CAPITAL = string.digits, string.ascii_lowercase, string.ascii_uppercase
ALPHABETS = {
    "aZ9": _SMALL + _CAPITAL + _DIGITS,
    "aZ": _SMALL + _CAPITAL,
    "a9": _SMALL + _DIGITS,
    "Z9": _CAPITAL + _DIGITS,
    "hex": "0123456789abcdef",
    "HEX": "0123456789ABCDEF",
    "d": _DIGITS,
    "b64": _SMALL + _CAPITAL + _DIGITS + "+/",
    "b64u": _SMALL + _CAPITAL + _DIGITS + "-_",
    "B32": _CAPITAL + "234567",
}
_SLOT = re.compile(r"\{\{([\w-]+)(?::([^{}]*))?\}\}")


class Maker:
    """Makes values; the same seed makes the same ones."""

    def __init__(self, seed: str) -> None:
        self.random = random.Random(seed)

    def text(self, template: str) -> str:
        """The template with every slot filled."""
        return _SLOT.sub(lambda match: self.value(match[1], match[2] or ""), template)

    def chars(self, alphabet: str, count: int) -> str:
        """So many characters; the ends are letters or digits, as a delimiter must follow."""
        letters = ALPHABETS[alphabet]
        plain = [c for c in letters if c.isalnum()]
        inside = [self.random.choice(letters) for _ in range(max(0, count - 2))]
        ends = [self.random.choice(plain) for _ in range(min(2, count))]
        return "".join([*ends[:1], *inside, *ends[1:]])

    def value(self, kind: str, argument: str = "") -> str:
        """One slot's value."""
        if kind in ALPHABETS:
            return self.chars(kind, int(argument))
        if kind == "fill":
            return argument
        made: dict[str, Callable[[], str]] = {
            "aws": self._aws,
            "discord": self._discord,
            "github": lambda: self._summed(argument or "ghp"),
            "npm": lambda: self._summed("npm"),
            "glroutable": lambda: self._routable(argument),
            "grafana": self._grafana,
            "jwt": lambda: self._jwt({"sub": self.chars("a9", 12), "exp": 1900000000}),
            "jwt-io": lambda: self._jwt({"sub": "1234567890", "name": "John Doe", "iat": 1516239022}),
            "pem": lambda: self._lines(b"\x30\x82" + self.random.randbytes(600)),
            "openssh": lambda: self._lines(b"openssh-key-v1\0" + self.random.randbytes(500)),
            "kubekey": lambda: _base64(
                "-----BEGIN RSA PRIVATE "
                + f"KEY-----\n{self._lines(self.random.randbytes(600))}\n-----END RSA PRIVATE KEY-----\n"
            ),
            "basic": lambda: _base64(f"ci-user:{self.password()}"),
            "dockerconfig": lambda: _base64(
                json.dumps({"auths": {"registry.corp.net": {"auth": _base64(f"ci:{self.password()}")}}})
            ),
            "pw": self.password,
            "pw64": lambda: _base64(self.password()),
            "uuid": lambda: str(uuid.UUID(int=self.random.getrandbits(128), version=4)),
        }
        return made[kind]()

    def password(self) -> str:
        """As people and their tools choose them."""
        makers: list[Callable[[], str]] = [
            lambda: self.chars("aZ9", self.random.randint(12, 20)) + str(self.random.randint(1, 9)),
            lambda: self.chars("aZ", 4).capitalize() + self.chars("d", 3) + "!" + self.chars("a9", 4),
            lambda: self.chars("a9", 10) + "-" + self.chars("aZ9", 5) + "7x",
        ]
        return self.random.choice(makers)()

    def _aws(self) -> str:
        # The first bit decides whether the account's number has twelve digits.
        return "AKIA" + self.random.choice("ABCDEFGH") + self.chars("B32", 15)

    def _discord(self) -> str:
        number = str(self.random.randint(10**17, 7 * 10**17))
        return f"{_base64(number).rstrip('=')}.{self.chars('aZ9', 6)}.{self.chars('aZ9', 38)}"

    def _summed(self, prefix: str) -> str:
        body = self.chars("aZ9", 30)
        return f"{prefix}_{body}{crc32_base62(body)}"

    def _routable(self, prefix: str) -> str:
        payload = base64.urlsafe_b64encode(b"o:1\nu:2b" + self.random.randbytes(16) + b"\x10").decode().rstrip("=")
        whole = f"{prefix}-{payload}.01.{'0' if len(payload) < 36 else '1'}{_base36(len(payload) % 36)}"
        return whole + crc32_base36(whole)

    def _grafana(self) -> str:
        body = f"glsa_{self.chars('aZ9', 32)}"
        return f"{body}_{crc32_hex(body)}"

    def _jwt(self, claims: dict[str, object]) -> str:
        parts = [json.dumps({"alg": "HS256", "typ": "JWT"}), json.dumps(claims)]
        return ".".join(
            [*(_base64(p).rstrip("=").replace("+", "-").replace("/", "_") for p in parts), self.chars("b64u", 43)]
        )

    @staticmethod
    def _lines(raw: bytes) -> str:
        whole = base64.b64encode(raw).decode()
        return "\n".join(whole[start : start + 64] for start in range(0, len(whole), 64))


def _base36(number: int) -> str:
    return (string.digits + string.ascii_lowercase)[number]


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()
