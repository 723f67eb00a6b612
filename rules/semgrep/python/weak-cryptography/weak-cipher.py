from Crypto.Cipher import AES, DES
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM


def encrypt(key, nonce, data):
    # ruleid: python-weak-cipher
    first = DES.new(key, DES.MODE_CBC, nonce)
    # ruleid: python-weak-cipher
    second = AES.new(key, AES.MODE_ECB)
    # ruleid: python-weak-cipher
    third = Cipher(algorithms.AES(key), modes.ECB())
    # ok: python-weak-cipher
    fourth = AES.new(key, AES.MODE_GCM, nonce=nonce)
    # ok: python-weak-cipher
    fifth = AESGCM(key).encrypt(nonce, data, None)
    # ok: python-weak-cipher
    sixth = Cipher(algorithms.AES(key), modes.GCM(nonce))
    return first, second, third, fourth, fifth, sixth
