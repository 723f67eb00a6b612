"""
What a token proves about itself: check sums, and structures that have to decode.

Each check takes the value and the text that it stands in, and says whether it holds. Nothing is asked of any server.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
import string
import zlib
from collections.abc import Callable, Mapping

from scanners.secrets.values import character_classes, entropy, is_placeholder, reads_as_code, reads_as_words

_BASE62 = string.digits + string.ascii_uppercase + string.ascii_lowercase
_BASE36 = string.digits + string.ascii_lowercase
_SHORTEST_KEY = 64
_LONGEST_KEY = 20_000
"""Characters of a private key that are looked at."""


def in_base(number: int, alphabet: str, width: int) -> str:
    """The number in the base that the alphabet makes, filled up on the left."""
    digits = ""
    while number:
        number, rest = divmod(number, len(alphabet))
        digits = alphabet[rest] + digits
    return digits.rjust(width, alphabet[0])


def crc32_base62(body: str) -> str:
    """Check sum of tokens of GitHub and npm: six characters at the end. https://github.blog/2021-04-05-behind-githubs-new-authentication-token-formats/"""
    return in_base(zlib.crc32(body.encode()), _BASE62, 6)


def crc32_base36(body: str) -> str:
    """Check sum of GitLab's routable tokens: seven characters at the end, over all that is before."""
    return in_base(zlib.crc32(body.encode()), _BASE36, 7)


def crc32_hex(body: str) -> str:
    """Check sum of Grafana's tokens: the four bytes in hexadecimal, the lowest first."""
    return zlib.crc32(body.encode()).to_bytes(4, "little").hex()


def _github(value: str, _text: str, _end: int) -> bool:
    body = value.partition("_")[2]
    return len(body) >= 36 and crc32_base62(body[:-6]) == body[-6:]


def _gitlab_routable(value: str, _text: str, _end: int) -> bool:
    # An instance's own prefix, as in ``acme-glpat-``, is part of what is summed up.
    start = value.find("gl")
    return any(crc32_base36(whole[:-7]) == whole[-7:] for whole in {value, value[max(0, start) :]})


def _grafana(value: str, _text: str, _end: int) -> bool:
    body, _, told = value.rpartition("_")
    return crc32_hex(body) == told.lower()


def decoded(value: str) -> bytes | None:
    """Base64 of either alphabet, with or without padding; None where it is none."""
    plain = value.replace("-", "+").replace("_", "/").rstrip("=")
    try:
        return base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)
    except (binascii.Error, ValueError):
        return None


def _json_of(value: str) -> dict[str, object] | None:
    raw = decoded(value)
    try:
        document = json.loads(raw) if raw is not None else None
    # RecursionError: a stranger wrote it.
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) else None


def _jwt(value: str, _text: str, _end: int) -> bool:
    header, _, rest = value.partition(".")
    payload = rest.partition(".")[0]
    head, claims = _json_of(header), _json_of(payload)
    if head is None or claims is None or not isinstance(head.get("alg"), str) or head["alg"] == "none":
        return False
    # The token that jwt.io shows, and what people make of it.
    return claims.get("name") != "John Doe" and claims.get("sub") != "1234567890"


def _aws(value: str, _text: str, _end: int) -> bool:
    """The account's number is in the key: forty bits of which a fifteenth could be none of twelve digits."""
    body = value[4:]
    number = 0
    for character in body:
        number = number * 32 + "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".find(character)
    account = (number >> (len(body) * 5 - 41)) & (2**40 - 1)
    return 0 < account < 10**12


def _discord(value: str, _text: str, _end: int) -> bool:
    raw = decoded(value.partition(".")[0])
    return raw is not None and re.fullmatch(rb"[0-9]{17,20}", raw) is not None


def _basic(value: str, _text: str, _end: int) -> bool:
    """``user:password`` in base64, as Docker and HTTP have it."""
    raw = decoded(value)
    if raw is None:
        return False
    try:
        user, colon, password = raw.decode("utf-8").partition(":")
    except UnicodeDecodeError:
        return False
    return bool(user and colon) and password.isprintable() and not is_placeholder(password)


def _pem(_value: str, text: str, end: int) -> bool:
    """Whether what follows the first line of a private key is one: base64 of the right kind and length."""
    stop = text.find("-----", end, end + _LONGEST_KEY)
    body = text[end : stop if stop >= 0 else end + _LONGEST_KEY]
    if len(body) < _SHORTEST_KEY:
        return False
    body = re.sub(r"(?:Comment|Version|Proc-Type|DEK-Info|Charset|Hash): [^\n\\\"]{0,80}", "", body)
    # As one string with escaped line ends, as in JSON, or in pieces that code puts together.
    body = re.sub(r"\\[nr]|[\"'+,;\s\\]|^[#/*> ]{1,20}", "", body, flags=re.MULTILINE)
    found = re.match(r"[A-Za-z0-9+/]{64,}", body)
    if found is None or entropy(found[0][:2000]) < 4.2:
        return False
    raw = decoded(found[0][: len(found[0]) // 4 * 4])
    if "ENCRYPTED" in text[max(0, end - 40) : end + 60]:
        return raw is not None
    # DER begins with a sequence, OpenSSH's own format with its name, OpenPGP with a packet's bit.
    return raw is not None and (raw[:1] == b"\x30" or raw.startswith(b"openssh-key-v1") or raw[0] & 0x80 != 0)


def _pem_in_base64(value: str, _text: str, _end: int) -> bool:
    raw = decoded(value[: len(value) // 4 * 4])
    return raw is not None and b"PRIVATE KEY-----" in raw[:60]


def _secret_data(value: str, text: str, end: int) -> bool:
    """A value of a Kubernetes secret: base64 of something that is neither empty, a placeholder, nor an identifier."""
    raw = decoded(value)
    if raw is None or len(raw) < 6:
        return False
    try:
        plain = raw.decode("utf-8").strip()
    except UnicodeDecodeError:
        return len(raw) >= 12
    if re.match(r"-----BEGIN CERTIFICATE", plain):
        return False
    return plain.isprintable() and _password(plain, text, end)


def _token(value: str, _text: str, _end: int) -> bool:
    """Random as a token is: no identifier, no words, no path, no version, no date."""
    if len(value) < 16 or reads_as_words(value) or is_placeholder(value):
        return False
    if re.search(
        r"\.(?:com|org|net|io|cn|py|js|json|ya?ml|txt|html|png|svg|pem|key|crt)\b|^[./~]|[()\[\]{}<>$\s]|::|//", value
    ):
        return False
    # A member of a module: ``ed25519.Ed25519PrivateKey``, ``hotp._key``.
    if re.fullmatch(r"[A-Za-z_]\w{0,40}(?:\.[A-Za-z_]\w{0,60}){1,6}", value) and max(map(len, value.split("."))) < 40:
        return not reads_as_code(value)
    # Most that are random have digits.
    if not any(c.isdigit() for c in value) or sum(c.isdigit() for c in value) < 2:
        return False
    hexadecimal = re.fullmatch(r"[0-9a-fA-F-]+", value) is not None
    return entropy(value) >= (2.9 if hexadecimal else 3.3)


def _password(value: str, _text: str, _end: int) -> bool:
    """As people choose passwords: of two kinds of characters and more, and no name of a thing."""
    if not 7 <= len(value) <= 100 or is_placeholder(value) or reads_as_words(value):
        return False
    if re.search(r"^[./~$%#@<({\[]|[()\[\]{}<>]|\s|://|^\d+(?:\.\d+)*$|^[\w.-]+@[\w-]+\.\w+$|\\[wds]|%[sd]|^--", value):
        return False
    words = re.findall(r"[a-z]{3,}", value.lower())
    digits = sum(c.isdigit() for c in value)
    if digits == 0 and len(words) >= 1 and character_classes(value) < 3:
        return False
    return character_classes(value) >= 2 and entropy(value) >= 2.5


CHECKS: Mapping[str, Callable[[str, str, int], bool]] = {
    "github": _github,
    "gitlab-routable": _gitlab_routable,
    "grafana": _grafana,
    "jwt": _jwt,
    "aws": _aws,
    "discord": _discord,
    "basic": _basic,
    "pem": _pem,
    "pem-in-base64": _pem_in_base64,
    "secret-data": _secret_data,
    "token": _token,
    "password": _password,
}
"""By the name that a rule uses; arguments are the value, the whole text, and where the match ends in it."""
