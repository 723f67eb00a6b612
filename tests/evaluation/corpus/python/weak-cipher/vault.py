"""Encrypts fields, backups and messages."""

import os

from Crypto.Cipher import AES, ARC4, DES, DES3
from Crypto.Random import get_random_bytes
from Crypto.Util.Padding import pad
from cryptography.fernet import Fernet
from cryptography.hazmat.decrepit.ciphers.algorithms import Blowfish
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, ChaCha20Poly1305

MODE = AES.MODE_ECB
KEY_BITS = 1024


class Vault:
    cipher = "des"

    def __init__(self, key):
        self.key = key

    # case: vulnerable
    def seal_des(self, text):
        return DES.new(self.key[:8], DES.MODE_ECB).encrypt(pad(text, 8))

    # case: safe (AES-GCM with a fresh nonce)
    def seal_depot(self, text):
        cipher = AES.new(self.key, AES.MODE_GCM)
        sealed, tag = cipher.encrypt_and_digest(text)
        return cipher.nonce + tag + sealed

    # case: vulnerable (AES, but each block by itself)
    def seal_blocks(self, text):
        return AES.new(self.key, AES.MODE_ECB).encrypt(pad(text, AES.block_size))

    # case: vulnerable (the mode is a constant of the module)
    def seal_mode(self, text):
        return AES.new(self.key, MODE).encrypt(pad(text, AES.block_size))

    # case: safe (AES-EAX)
    def seal_eax(self, text):
        cipher = AES.new(self.key, AES.MODE_EAX, nonce=get_random_bytes(16))
        sealed, tag = cipher.encrypt_and_digest(text)
        return cipher.nonce, sealed, tag

    # case: vulnerable (RC4)
    def stream(self, text):
        return ARC4.new(self.key).encrypt(text)

    # case: safe (ChaCha20-Poly1305)
    def stream_batch(self, text):
        nonce = os.urandom(12)
        return nonce + ChaCha20Poly1305(self.key).encrypt(nonce, text, b"vault")

    # case: vulnerable (three times DES)
    def seal_triple(self, text):
        iv = get_random_bytes(8)
        return iv + DES3.new(DES3.adjust_key_parity(self.key[:24]), DES3.MODE_CBC, iv).encrypt(pad(text, 8))

    # case: safe (Fernet)
    def token(self, text):
        return Fernet(Fernet.generate_key()).encrypt(text)


# case: vulnerable (Blowfish of cryptography)
def old_backup_panel(key: bytes, data: bytes) -> bytes:
    iv = os.urandom(8)
    encryptor = Cipher(Blowfish(key), modes.CBC(iv)).encryptor()
    return iv + encryptor.update(data) + encryptor.finalize()


# case: safe (AES-GCM of cryptography)
def backup(key: bytes, data: bytes) -> bytes:
    nonce = os.urandom(12)
    return nonce + AESGCM(key).encrypt(nonce, data, None)


# case: vulnerable (ECB of cryptography)
def pages(key: bytes, data: bytes) -> bytes:
    encryptor = Cipher(algorithms.AES(key), modes.ECB()).encryptor()
    return encryptor.update(data) + encryptor.finalize()


# case: vulnerable (1024 bits)
def new_key():
    return rsa.generate_private_key(public_exponent=65537, key_size=KEY_BITS)


# case: safe (3072 bits)
def new_long_key():
    return rsa.generate_private_key(public_exponent=65537, key_size=3 * KEY_BITS)


# case: safe (names of ciphers that are only compared, to refuse them)
def accepted(name: str) -> bool:
    weak = {"DES", "DES3", "RC4", "ARC4", "BLOWFISH", "AES-ECB"}
    return name.upper() not in weak
