import hashlib

import bcrypt
from passlib.hash import argon2, ldap_md5, md5_crypt
from werkzeug.security import generate_password_hash

ROUNDS = 1_000


def store(password, salt):
    # ruleid: python-weak-password-scheme
    first = md5_crypt.hash(password)
    # ruleid: python-weak-password-scheme
    second = ldap_md5.hash(password)
    # ruleid: python-weak-password-scheme
    third = generate_password_hash(password, method="sha1")
    # ruleid: python-weak-password-scheme
    fourth = hashlib.pbkdf2_hmac("sha256", password, salt, 1000)
    # ruleid: python-weak-password-scheme
    fifth = hashlib.pbkdf2_hmac("sha256", password, salt, ROUNDS)
    # ruleid: python-weak-password-scheme
    sixth = bcrypt.hashpw(password, bcrypt.gensalt(rounds=4))
    return first, second, third, fourth, fifth, sixth


def store_well(password, salt, rounds):
    # ok: python-weak-password-scheme
    first = argon2.hash(password)
    # ok: python-weak-password-scheme
    second = generate_password_hash(password, method="scrypt")
    # ok: python-weak-password-scheme
    third = hashlib.pbkdf2_hmac("sha256", password, salt, 600_000)
    # ok: python-weak-password-scheme
    fourth = bcrypt.hashpw(password, bcrypt.gensalt())
    # ok: python-weak-password-scheme
    fifth = hashlib.scrypt(password, salt=salt, n=16384, r=8, p=1)
    # ok: python-weak-password-scheme
    sixth = hashlib.pbkdf2_hmac("sha256", password, salt, rounds)
    return first, second, third, fourth, fifth, sixth
