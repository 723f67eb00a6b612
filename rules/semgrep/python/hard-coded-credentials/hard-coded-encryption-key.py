import os

from Crypto.Cipher import AES
from cryptography.fernet import Fernet
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY = b"kd83HqLm20vXzR7w"


def seal(nonce, data):
    # ruleid: python-hard-coded-encryption-key
    first = AES.new(KEY, AES.MODE_GCM, nonce=nonce).encrypt(data)
    # ruleid: python-hard-coded-encryption-key
    second = AESGCM(bytes.fromhex("00112233445566778899aabbccddeeff")).encrypt(nonce, data, None)
    # ruleid: python-hard-coded-encryption-key
    third = AES.new("kd83HqLm20vXzR7w".encode(), AES.MODE_GCM, nonce=nonce).encrypt(data)
    return first, second, third


def seal_well(key, nonce, data):
    # ok: python-hard-coded-encryption-key
    first = AES.new(key, AES.MODE_GCM, nonce=nonce).encrypt(data)
    # ok: python-hard-coded-encryption-key
    second = AESGCM(bytes.fromhex(os.environ["DATA_KEY"])).encrypt(nonce, data, None)
    # ok: python-hard-coded-encryption-key
    third = Fernet(Fernet.generate_key()).encrypt(data)
    return first, second, third
