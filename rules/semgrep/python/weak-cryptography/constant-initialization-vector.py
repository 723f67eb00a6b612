import os

from Crypto.Cipher import AES
from Crypto.Random import get_random_bytes
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

FIXED = b"0123456789abcdef"


def seal(key, data):
    # ruleid: python-constant-initialization-vector
    first = AES.new(key, AES.MODE_CBC, FIXED).encrypt(data)
    # ruleid: python-constant-initialization-vector
    second = AES.new(key, AES.MODE_CBC, iv=b"\x00" * 16).encrypt(data)
    # ruleid: python-constant-initialization-vector
    third = Cipher(algorithms.AES(key), modes.CBC(b"0123456789abcdef")).encryptor()
    # ruleid: python-constant-initialization-vector
    fourth = AESGCM(key).encrypt(b"000000000000", data, None)
    # ruleid: python-constant-initialization-vector
    fifth = AES.new(key, AES.MODE_GCM, nonce=bytes(12)).encrypt(data)
    return first, second, third, fourth, fifth


def seal_well(key, data, iv):
    # ok: python-constant-initialization-vector
    first = AES.new(key, AES.MODE_CBC, get_random_bytes(16)).encrypt(data)
    # ok: python-constant-initialization-vector
    second = AES.new(key, AES.MODE_CBC, iv).encrypt(data)
    nonce = os.urandom(12)
    # ok: python-constant-initialization-vector
    third = AESGCM(key).encrypt(nonce, data, b"header")
    # ok: python-constant-initialization-vector
    fourth = Cipher(algorithms.AES(key), modes.CBC(os.urandom(16))).encryptor()
    # ok: python-constant-initialization-vector
    fifth = AES.new(key, AES.MODE_GCM, nonce=bytes(iv)).encrypt(data)
    return first, second, third, fourth, fifth
