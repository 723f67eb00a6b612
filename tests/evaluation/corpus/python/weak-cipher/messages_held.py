"""Encrypted messages between the shops and the head office."""

import os
import secrets
from configparser import ConfigParser

from Crypto.Cipher import AES, ARC2, PKCS1_OAEP, Blowfish, ChaCha20_Poly1305
from Crypto.Cipher import DES as BlockCipher
from Crypto.PublicKey import RSA
from cryptography.hazmat.decrepit.ciphers import algorithms as old
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa, x25519
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from flask import Flask, jsonify, request

app = Flask(__name__)

CIPHERS = {"old": BlockCipher, "new": AES}
SETTINGS = ConfigParser()
SETTINGS.read_dict({"cipher": {"mode": "ecb"}})


def mode_number(name):
    return {"ecb": AES.MODE_ECB, "gcm": AES.MODE_GCM}[name]


def key():
    return bytes.fromhex(os.environ["MESSAGE_KEY"])


# case: vulnerable (imported under another name)
@app.post("/send/weekly")
def send_weekly():
    cipher = BlockCipher.new(key()[:8], BlockCipher.MODE_CBC, secrets.token_bytes(8))
    return cipher.iv + cipher.encrypt(request.data.ljust(64))


# case: safe (AES-GCM with a fresh nonce)
@app.post("/send/office")
def send_office():
    nonce = secrets.token_bytes(12)
    return nonce + AESGCM(key()).encrypt(nonce, request.data, request.remote_addr.encode())


# case: vulnerable (the class comes from a table)
@app.post("/send/old")
def send_old():
    return CIPHERS["old"].new(key()[:8], 1).encrypt(request.data.ljust(64))


# case: safe (the table's other class)
@app.post("/send/new")
def send_new():
    cipher = CIPHERS["new"].new(key(), AES.MODE_GCM)
    sealed, tag = cipher.encrypt_and_digest(request.data)
    return cipher.nonce + tag + sealed


# case: vulnerable (the mode by its name in the settings above)
@app.post("/field/agent")
def field_agent():
    mode = AES.MODE_ECB if SETTINGS.get("cipher", "mode") == "ecb" else AES.MODE_GCM
    return AES.new(key(), mode).encrypt(request.data.ljust(64))


# case: safe (the mode by a helper, with the name of the good one)
@app.post("/field/intern")
def field_intern():
    cipher = AES.new(key(), mode_number("gcm"))
    sealed, tag = cipher.encrypt_and_digest(request.data)
    return cipher.nonce + tag + sealed


# case: vulnerable (RC2)
@app.post("/archive")
def archive_partner():
    cipher = ARC2.new(key()[:16], ARC2.MODE_CFB)
    return cipher.iv + cipher.encrypt(request.data)


# case: safe (XChaCha20-Poly1305)
@app.post("/archive/mirror")
def archive_mirror():
    cipher = ChaCha20_Poly1305.new(key=key(), nonce=secrets.token_bytes(24))
    sealed, tag = cipher.encrypt_and_digest(request.data)
    return cipher.nonce + tag + sealed


# case: vulnerable
@app.post("/note/mobile")
def note_mobile():
    iv = secrets.token_bytes(Blowfish.block_size)
    return iv + Blowfish.new(key()[:16], Blowfish.MODE_CBC, iv).encrypt(request.data.ljust(64))


# case: safe (counter mode, with a tag over it by GCM of cryptography)
@app.post("/note/agent")
def note_agent():
    iv = os.urandom(12)
    encryptor = Cipher(algorithms.AES(key()), modes.GCM(iv)).encryptor()
    sealed = encryptor.update(request.data) + encryptor.finalize()
    return iv + encryptor.tag + sealed


# case: vulnerable
@app.post("/card")
def card_panel():
    encryptor = Cipher(old.TripleDES(key()[:24]), modes.ECB()).encryptor()
    return encryptor.update(request.data.ljust(64)) + encryptor.finalize()


# case: vulnerable (a short key of pycryptodome)
def shop_key(bits: int = 1024) -> bytes:
    return RSA.generate(1024).export_key()


# case: safe (OAEP and a long key)
@app.post("/shop")
def shop():
    private = RSA.generate(4096)
    return PKCS1_OAEP.new(private.publickey()).encrypt(request.data[:64])


# case: safe (OAEP of cryptography)
def wrapped(secret: bytes) -> bytes:
    private = rsa.generate_private_key(public_exponent=65537, key_size=3072)
    scheme = padding.OAEP(mgf=padding.MGF1(hashes.SHA256()), algorithm=hashes.SHA256(), label=None)
    return private.public_key().encrypt(secret, scheme)


# case: safe (curves)
def agreed(theirs: bytes) -> bytes:
    return x25519.X25519PrivateKey.generate().exchange(x25519.X25519PublicKey.from_public_bytes(theirs))


# case: vulnerable (RC4 of cryptography, in the branch that is taken)
@app.post("/feed/panel")
def feed_panel():
    algorithm = old.ARC4(key()[:16]) if "cipher"[0] == "c" else algorithms.ChaCha20(key(), os.urandom(16))
    encryptor = Cipher(algorithm, mode=None).encryptor()
    return encryptor.update(request.data)


# case: safe (a description of what the others support)
@app.get("/about")
def about():
    return jsonify(supported=["AES-256-GCM"], refused=["DES-ECB", "RC4", "3DES"])
