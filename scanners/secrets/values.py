"""
Tells a value that could be somebody's secret from one that says itself that it is none.
"""

from __future__ import annotations

import hashlib
import math
import re
from collections import Counter
from collections.abc import Set as AbstractSet

# A value that is made of nothing but such words, separators and a few digits is somebody's example.
_PLACEHOLDER_WORDS = """
    a an the my me your our some any here is this that in of to for and or it example examples sample dummy fake mock
    placeholder changeme change changethis replace replaceme insert enter fill put set todo tbd fixme xxx xxxx redacted
    hidden masked removed secret secrets password passwd passphrase pass pwd pw token key keys api apikey access auth
    client private public user username id name value values string test tests testing tester foo bar baz qux foobar
    none null nil undefined true false default empty unknown invalid wrong bad correct new old env var variable
    scott tiger config settings com org net localhost host db database letmein admin root guest qwerty abc abcd abcdef
    abcdefg abcdefgh xyz hello world welcome demo hunter please must required optional hash encrypted decrypted type
    field label text input form page reset confirm login signin signup register error message url uri path file code
    bearer basic oauth jwt session cookie header body query param params long random generated super strong very
    mypassword yourpassword mysecret supersecret supersecretpassword topsecret passw passwort mysql postgres postgresql
    redis mongo mongodb rabbitmq elastic elasticsearch minio grafana keycloak service app application server prod dev
    staging local internal deploy deployer ci runner build bot do not use only development production insecure
"""
_PLACEHOLDERS = frozenset(_PLACEHOLDER_WORDS.split())
_WORDS = re.compile(r"[^\W\d_]+")
_RUNS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|[0-9]+|[^A-Za-z0-9]+")
_VOWELS = frozenset("aeiouAEIOU")
_PARTS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_REFERENCE = re.compile(
    r"""^(?: \$[A-Za-z_({] | \$\{ | \{\{ | \{ | <[^>]*>?$ | %\( | %[A-Za-z_]+%$ | \[ | @ | os\.environ | process\.env
        | (?:self|this|settings|config|conf|env|vault|secrets|params|var|local|data|module)\. | !(?:Ref|Sub|vault)
        | ENC\( | \$\( | \#\{ | arn:aws: | (?:https?|file|op|vault|projects|ssm)[:/]/ ) """,
    re.VERBOSE,
)
_SAYS_SO = re.compile(
    r"example|x{4}|changeme|change_me|change-me|placeholder|dummy|redacted|your|not[_-]?a[_-]?real|\*{3}|\.{3}|notreal"
    r"|insert[_-]|replace[_-]?(?:me|this|with)|sample[_-]|fake|deadbeef|foobar|0{8}|AAECAwQF|<[a-z_ -]+>|\$\{|\{\{",
    re.IGNORECASE,
)
_LONGEST_RUN = 6
"""Characters in a row, all alike or each the next one: chance makes none in a token."""
_REPEATED = re.compile(r"(.{2,12}?)\1{3,}", re.DOTALL)


def is_placeholder(value: str) -> bool:
    """Whether the value says itself that it is none: ``changeme``, ``<your-token>``, ``${VAR}``, ``xxxx``, ``****``."""
    stripped = value.strip().strip("\"'`,;")
    if len(stripped) < 4 or len(set(stripped.lower())) <= 2 or _REFERENCE.match(stripped):
        return True
    if sum(character.isdigit() for character in stripped) > 4:
        return False
    words = [word.lower() for word in _WORDS.findall(stripped)]
    return bool(words) and all(word in _PLACEHOLDERS or len(set(word)) == 1 for word in words)


def is_invented(value: str, examples: AbstractSet[str] = frozenset()) -> bool:
    """
    Whether a text in the form of a provider's token was made up by a person, or is one that a documentation shows.

    ``examples`` are SHA-256 digests of values that providers publish.
    """
    if _SAYS_SO.search(value) or _has_run(value) or _REPEATED.search(value[:400]):
        return True
    if len(value) >= 16 and len(set(value)) <= 6:
        return True
    return bool(examples) and hashlib.sha256(value.encode("utf-8", "replace")).hexdigest() in examples


def _has_run(value: str) -> bool:
    """Six characters in a row that are all alike, or that count up or down."""
    before, step, length = -1000, 0, 1
    for character in value[:2000].lower():
        code = ord(character)
        new_step = code - before
        if new_step in (-1, 0, 1) and character.isalnum():
            length = length + 1 if new_step == step else 2
            step = new_step
            if length >= _LONGEST_RUN:
                return True
        else:
            length, step = 1, 1000
        before = code
    return False


def entropy(value: str) -> float:
    """Shannon entropy in bits per character."""
    total = len(value)
    return -sum(count / total * math.log2(count / total) for count in Counter(value).values()) if total else 0.0


def character_classes(value: str) -> int:
    """How many of small letters, capital letters, digits and other characters it has."""
    return sum(
        (
            any(c.islower() for c in value),
            any(c.isupper() for c in value),
            any(c.isdigit() for c in value),
            any(not c.isalnum() for c in value),
        )
    )


def reads_as_words(value: str) -> bool:
    """Whether it is an identifier or a few words, as people name things: ``access_token``, ``getPassword``."""
    pieces = re.split(r"[_\-. /]", value)
    if len(pieces) >= 3 and all(piece.isalpha() or (piece.isdigit() and len(piece) <= 3) for piece in pieces):
        return sum(map(len, pieces)) / len(pieces) >= 3
    if any(c.isdigit() for c in value) and not re.fullmatch(r"[A-Za-z_.-]+[0-9]{1,2}", value):
        return False
    if re.search(r"[^\w.\-:/ \\]", value):
        return False
    parts = _PARTS.findall(value)
    return bool(parts) and sum(map(len, parts)) / len(parts) >= 3 and len(parts) <= max(2, len(value) // 4)


def reads_as_prose(value: str) -> bool:
    """
    Whether a text in the form of a token is made of words, as a name or a heading is: ``glpat-rotation-of-keys``.

    Chance gives a token digits, few vowels, and hardly ever three small letters after three others.
    """
    if sum(character.isdigit() for character in value) > max(1, len(value) // 20):
        return False
    words = [run for run in _RUNS.findall(value) if run.isalpha()]
    letters = sum(map(len, words))
    if letters < 0.75 * len(value) or letters < 3.4 * len(words):
        return False
    return 0.3 * letters <= sum(character in _VOWELS for character in value) <= 0.6 * letters


def reads_as_code(value: str) -> bool:
    """Whether names joined by dots are meant: at least one of them is made of whole words."""
    pieces = [piece for piece in value.split(".") if piece]
    return any(sum(len(p) for p in _PARTS.findall(piece) if len(p) >= 3) >= 0.5 * len(piece) for piece in pieces)
