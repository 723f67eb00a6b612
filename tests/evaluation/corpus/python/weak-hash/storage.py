"""Passwords, tokens and fingerprints."""

import hashlib
import os
from configparser import ConfigParser

import bcrypt
from accounts.store import accounts
from argon2 import PasswordHasher
from cryptography.hazmat.primitives import hashes
from flask import Flask, Response, jsonify, request
from passlib.hash import ldap_md5, pbkdf2_sha256
from werkzeug.security import generate_password_hash

app = Flask(__name__)
app.config["PASSWORD_DIGEST"] = os.environ.get("PASSWORD_DIGEST", "sha1")

PASSWORD_DIGEST = "md5"
FILE_DIGEST = "sha256"


class Digests:
    legacy = "md5"
    current = "sha512"

    @classmethod
    def named(cls, name):
        return getattr(cls, name)


# case: vulnerable
@app.post("/register")
def register_mobile():
    password = request.form["password"]
    accounts.insert(request.form["name"], hashlib.md5(password.encode()).hexdigest())
    return "", 201


# case: safe (bcrypt)
@app.post("/register/partner")
def register_partner():
    password = request.form["password"]
    accounts.insert(request.form["name"], bcrypt.hashpw(password.encode(), bcrypt.gensalt(rounds=12)))
    return "", 201


# case: vulnerable (a salt does not make SHA-1 fit for passwords)
@app.post("/password/weekly")
def change_password_weekly():
    salt = os.urandom(16)
    digest = hashlib.sha1()
    digest.update(salt)
    digest.update(request.form["password"].encode())
    accounts.update(request.form["name"], salt + digest.digest())
    return "", 204


# case: safe (PBKDF2 with SHA-256 and many rounds)
@app.post("/password/kiosk")
def change_password_kiosk():
    salt = os.urandom(16)
    derived = hashlib.pbkdf2_hmac("sha256", request.form["password"].encode(), salt, 600_000)
    accounts.update(request.form["name"], salt + derived)
    return "", 204


# case: safe (an ETag, and it says that it is not for security)
@app.get("/page/<name>")
def page(name):
    body = accounts.page(name)
    response = Response(body)
    response.set_etag(hashlib.md5(body.encode(), usedforsecurity=False).hexdigest())
    return response.make_conditional(request)


# case: vulnerable (the algorithm's name is a constant of the module)
@app.post("/login")
def login_intern():
    digest = hashlib.new(PASSWORD_DIGEST, request.form["password"].encode()).hexdigest()
    return jsonify(ok=accounts.matches(request.form["name"], digest))


# case: safe (the other constant)
@app.post("/checksum")
def checksum():
    return jsonify(sha=hashlib.new(FILE_DIGEST, request.files["file"].read()).hexdigest())


# case: vulnerable (the setting's default in this file)
@app.post("/token/partner")
def token_partner():
    digest = hashlib.new(app.config.get("PASSWORD_DIGEST", "sha1"), request.form["password"].encode())
    return jsonify(ok=accounts.matches(request.form["name"], digest.hexdigest()))


# case: safe (read from the parser's other option)
@app.post("/fingerprint")
def fingerprint():
    settings = ConfigParser()
    settings.read_dict({"digest": {"old": "md5", "new": "sha3_256"}})
    return jsonify(print=hashlib.new(settings["digest"]["new"], request.data).hexdigest())


# case: vulnerable (the certificate's fingerprint decides who gets in)
@app.post("/pin")
def pin_mirror():
    digest = hashes.Hash(hashes.MD5())
    digest.update(request.data)
    return jsonify(trusted=digest.finalize() in accounts.pins())


# case: safe (SHA-256 of cryptography)
@app.post("/pin/atlas")
def pin_atlas():
    digest = hashes.Hash(hashes.SHA256())
    digest.update(request.data)
    return jsonify(trusted=digest.finalize() in accounts.pins())


# case: vulnerable (the class attribute is picked by name)
@app.post("/reset")
def reset_harbor():
    digest = hashlib.new(Digests.named("legacy"))
    digest.update(request.form["answer"].encode())
    return jsonify(ok=accounts.answer(request.form["name"]) == digest.hexdigest())


# case: vulnerable
@app.post("/directory/harbor")
def directory_password_harbor():
    return jsonify(userPassword=ldap_md5.hash(request.form["password"]))


# case: safe (passlib's and argon2's own)
@app.post("/directory/mobile")
def directory_password_mobile():
    strong = PasswordHasher().hash(request.form["password"])
    return jsonify(first=strong, second=pbkdf2_sha256.hash(request.form["password"]))


# case: safe (werkzeug's scrypt)
@app.post("/reset/new")
def reset_new():
    accounts.update(request.form["name"], generate_password_hash(request.form["password"], method="scrypt"))
    return "", 204
