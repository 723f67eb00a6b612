"""The key that signs, and signatures that do not hold."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa, x25519
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.receipt import PAYLOAD_TYPE, Envelope, InvalidReceipt, Signature, pre_authentication_encoding
from bot.pipeline.signing import (
    PublicKey,
    PublicKeyError,
    Signer,
    SigningKeyError,
    checked,
    existing_signer,
    key_file,
    load_public_key,
    signer,
)
from bot.settings import Settings

MINE, OTHER = (Ed25519PrivateKey.from_private_bytes(bytes([n]) * 32) for n in (1, 2))
SIGNER = Signer(MINE)
KEY, WRONG_KEY = PublicKey(MINE.public_key()), PublicKey(OTHER.public_key())
ENVELOPE = SIGNER.sign(b'{"a":1}')


def private_pem(key: Ed25519PrivateKey, password: bytes | None = None) -> bytes:
    protection = BestAvailableEncryption(password) if password else NoEncryption()
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, protection)


# --- signatures -------------------------------------------------------------------------------------------------------


def test_a_signature_holds_and_is_the_same_each_time() -> None:
    assert checked(ENVELOPE, [KEY]) == KEY
    assert SIGNER.sign(b'{"a":1}') == ENVELOPE
    assert ENVELOPE.signatures[0].key_id == KEY.id


@given(st.binary(min_size=1, max_size=60), st.data())
def test_any_changed_byte_of_the_payload_is_noticed(payload: bytes, data: st.DataObject) -> None:
    envelope = SIGNER.sign(payload)
    place = data.draw(st.integers(0, len(payload) - 1))
    other = bytearray(payload)
    other[place] ^= data.draw(st.integers(1, 255))
    with pytest.raises(InvalidReceipt, match="no signature"):
        checked(replace(envelope, payload=bytes(other)), [KEY])


@given(st.integers(0, 63), st.integers(1, 255))
def test_any_changed_byte_of_the_signature_is_noticed(place: int, change: int) -> None:
    value = bytearray(ENVELOPE.signatures[0].value)
    value[place] ^= change
    with pytest.raises(InvalidReceipt, match="no signature"):
        checked(replace(ENVELOPE, signatures=(Signature(bytes(value)),)), [KEY])


@given(st.binary(max_size=40), st.binary(max_size=40))
def test_bytes_cannot_move_between_type_and_payload(one: bytes, other: bytes) -> None:
    kinds = [one.decode("latin-1"), (one + other).decode("latin-1")]
    if kinds[0] != kinds[1]:
        assert pre_authentication_encoding(kinds[0], other) != pre_authentication_encoding(kinds[1], b"")


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"\0" * 64, id="zeros"),
        pytest.param(b"\xff" * 64, id="ones"),
        pytest.param(ENVELOPE.signatures[0].value + b"\0", id="longer"),
        pytest.param(ENVELOPE.signatures[0].value[:-1], id="shorter"),
        pytest.param(MINE.sign(b'{"a":1}'), id="over the payload alone"),
        pytest.param(MINE.sign(pre_authentication_encoding("text/plain", b'{"a":1}')), id="over another type"),
        pytest.param(OTHER.sign(ENVELOPE.signed_bytes), id="of another key"),
    ],
)
def test_a_signature_that_is_none_counts_for_nothing(value: bytes) -> None:
    forged = replace(ENVELOPE, signatures=(Signature(value, KEY.id),))
    with pytest.raises(InvalidReceipt, match="no signature on it fits the key"):
        checked(forged, [KEY])


def test_the_same_number_written_otherwise_is_no_second_signature() -> None:
    """S plus the order of the group: RFC 8032 wants it refused, and old libraries took it."""
    order = 2**252 + 27742317777372353535851937790883648493
    value = ENVELOPE.signatures[0].value
    number = int.from_bytes(value[32:], "little") + order
    forged = replace(ENVELOPE, signatures=(Signature(value[:32] + number.to_bytes(32, "little")),))
    with pytest.raises(InvalidReceipt):
        checked(forged, [KEY])


def test_a_well_signed_payload_of_another_type_is_refused() -> None:
    kind = "application/vnd.in-toto+json; charset=utf-8"
    value = MINE.sign(pre_authentication_encoding(kind, b"{}"))
    with pytest.raises(InvalidReceipt, match="not of the type"):
        checked(Envelope(b"{}", kind, (Signature(value),)), [KEY])


def test_one_good_signature_among_others_is_enough_whatever_its_hint_says() -> None:
    good = ENVELOPE.signatures[0].value
    several = (Signature(b"x"), Signature(OTHER.sign(ENVELOPE.signed_bytes), KEY.id), Signature(good, WRONG_KEY.id))
    assert checked(replace(ENVELOPE, signatures=several), [KEY]) == KEY


def test_a_hint_alone_makes_no_key_fit() -> None:
    with pytest.raises(InvalidReceipt):
        checked(replace(ENVELOPE, signatures=(Signature(b"x" * 64, KEY.id),)), [KEY])


def test_after_a_change_of_keys_either_fits() -> None:
    assert checked(ENVELOPE, [WRONG_KEY, KEY]) == KEY
    with pytest.raises(InvalidReceipt, match="any of the 2 keys"):
        checked(ENVELOPE, [WRONG_KEY, WRONG_KEY])


def test_openssl_comes_to_the_same_result(tmp_path: Path) -> None:
    (tmp_path / "message").write_bytes(
        b"DSSEv1 %d %s %d %s" % (len(PAYLOAD_TYPE), PAYLOAD_TYPE.encode(), len(ENVELOPE.payload), ENVELOPE.payload)
    )
    (tmp_path / "signature").write_bytes(ENVELOPE.signatures[0].value)
    (tmp_path / "public.pem").write_text(KEY.pem)
    command = "openssl pkeyutl -verify -pubin -inkey public.pem -rawin -in message -sigfile signature"
    done = subprocess.run(command.split(), cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, "Success" in done.stdout) == (0, True), done
    convert = "openssl pkey -pubin -in public.pem -outform DER -out public.der"
    subprocess.run(convert.split(), cwd=tmp_path, check=True)
    digest = subprocess.run(["sha256sum", "public.der"], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert digest.stdout.split()[0] == KEY.id


# --- the key file -----------------------------------------------------------------------------------------------------


def test_a_key_is_made_on_first_use_and_stays(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "data")
    assert existing_signer(settings) is None
    assert not key_file(settings).exists()
    first = signer(settings)
    assert signer(settings).public == first.public
    assert key_file(settings).stat().st_mode & 0o777 == 0o600
    assert key_file(settings).parent.stat().st_mode & 0o777 == 0o700
    assert [place.name for place in key_file(settings).parent.iterdir()] == ["receipts.pem"]


_MAKE = """
import sys
from pathlib import Path
from bot.pipeline.signing import signer
from bot.settings import Settings
settings = Settings(data_dir=Path(sys.argv[1]))
print("ready", flush=True)
sys.stdin.readline()
print(signer(settings).public.id, flush=True)
"""


def test_processes_that_start_at_once_agree_on_one_key(tmp_path: Path) -> None:
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", _MAKE, str(tmp_path / "data")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[2],
        )
        for _ in range(4)
    ]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    ids = {process.communicate(timeout=60)[0] for process in processes}
    assert len(ids) == 1
    assert [place.name for place in (tmp_path / "data" / "keys").iterdir()] == ["receipts.pem"]


def refused(settings: Settings) -> str:
    with pytest.raises(SigningKeyError) as caught:
        signer(settings)
    assert caught.value.hint
    return str(caught.value)


def given_key(folder: Path, content: bytes, mode: int = 0o600) -> Settings:
    place = folder / "key.pem"
    place.write_bytes(content)
    place.chmod(mode)
    return Settings(data_dir=folder, signing_key_file=place)


def test_a_key_that_is_given_is_used(tmp_path: Path) -> None:
    assert signer(given_key(tmp_path, private_pem(MINE))).public == KEY
    assert signer(given_key(tmp_path, private_pem(MINE), 0o440)).public == KEY


def test_a_key_that_is_named_and_not_there_is_not_made(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, signing_key_file=tmp_path / "nope.pem")
    assert "there is no signing key" in refused(settings)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("mode", [0o604, 0o644, 0o620, 0o660, 0o601, 0o610])
def test_a_key_that_others_can_use_is_refused(tmp_path: Path, mode: int) -> None:
    said = refused(given_key(tmp_path, private_pem(MINE), mode))
    assert f"has the rights {mode:04o}" in said


RSA = rsa.generate_private_key(65537, 2048)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        pytest.param(b"", "no private key", id="empty"),
        pytest.param(b"\xff" * 100, "no private key", id="rubbish"),
        pytest.param(KEY.pem.encode(), "no private key", id="public"),
        pytest.param(private_pem(MINE)[:-40], "no private key", id="cut off"),
        pytest.param(private_pem(MINE) + b"x" * 20_000, "no private key", id="long"),
        pytest.param(private_pem(MINE, b"topsecret"), "encrypted", id="encrypted"),
        pytest.param(RSA.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()), "another kind", id="RSA"),
        pytest.param(
            x25519.X25519PrivateKey.from_private_bytes(b"\1" * 32).private_bytes(
                Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
            ),
            "another kind",
            id="X25519",
        ),
    ],
)
def test_a_file_that_holds_no_key_is_refused_and_never_shown(tmp_path: Path, content: bytes, said: str) -> None:
    found = refused(given_key(tmp_path, content))
    assert said in found
    body = content.decode("latin-1").splitlines()
    assert len(body) < 2 or body[1][:20] not in found


@pytest.mark.parametrize("kind", ["folder", "pipe"])
def test_what_is_no_file_is_refused_at_once(tmp_path: Path, kind: str) -> None:
    place = tmp_path / "key.pem"
    if kind == "folder":
        place.mkdir(0o700)
    else:
        os.mkfifo(place, 0o600)
    assert "is not a file" in refused(Settings(data_dir=tmp_path, signing_key_file=place))


def test_a_link_to_a_key_is_followed(tmp_path: Path) -> None:
    """Kubernetes mounts secrets as links."""
    settings = given_key(tmp_path, private_pem(MINE))
    link = tmp_path / "link.pem"
    link.symlink_to("key.pem")
    assert signer(settings.model_copy(update={"signing_key_file": link})).public == KEY


def test_where_no_key_can_be_made_it_is_said(tmp_path: Path) -> None:
    (tmp_path / "keys").touch()
    assert "cannot be read: Not a directory" in refused(Settings(data_dir=tmp_path))
    (tmp_path / "data").touch()
    assert "cannot be read" in refused(Settings(data_dir=tmp_path / "data"))


def test_a_signer_shows_its_public_half_only() -> None:
    raw = MINE.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption())
    for shown in (repr(SIGNER), str(SIGNER), json.dumps(ENVELOPE.to_json())):
        assert raw.hex() not in shown
    assert KEY.id in repr(SIGNER)


# --- public keys ------------------------------------------------------------------------------------------------------


def test_a_public_key_comes_back(tmp_path: Path) -> None:
    place = tmp_path / "public.pem"
    place.write_text(KEY.pem)
    assert load_public_key(place) == KEY


@pytest.mark.parametrize(
    ("content", "said"),
    [
        pytest.param(None, "cannot be read", id="nothing there"),
        pytest.param(b"", "no public key", id="empty"),
        pytest.param(b"x" * 20_000, "no public key", id="long"),
        pytest.param(private_pem(MINE), "private key", id="private"),
        pytest.param(
            RSA.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo), "another kind", id="RSA"
        ),
        pytest.param(
            ec.generate_private_key(ec.SECP256R1())
            .public_key()
            .public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
            "another kind",
            id="P-256",
        ),
    ],
)
def test_a_file_without_a_fitting_public_key_is_refused(tmp_path: Path, content: bytes | None, said: str) -> None:
    place = tmp_path / "public.pem"
    if content is not None:
        place.write_bytes(content)
    with pytest.raises(PublicKeyError, match=said) as caught:
        load_public_key(place)
    assert caught.value.hint
