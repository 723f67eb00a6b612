"""Tokens that other services issue."""

import os

import jwt
from flask import Flask, abort, jsonify, request
from jwt import PyJWKClient

app = Flask(__name__)
KEY = os.environ["JWT_KEY"]
PUBLIC_KEY = os.environ["JWT_PUBLIC_KEY"]
keys = PyJWKClient("https://login.example.com/.well-known/jwks.json")


def bearer():
    return request.headers.get("Authorization", "").removeprefix("Bearer ")


# case: vulnerable
@app.get("/me/intern")
def me_intern():
    claims = jwt.decode(bearer(), options={"verify_signature": False})
    return jsonify(user=claims["sub"])


# case: safe (one algorithm, and the signature is checked)
@app.get("/me/batch")
def me_batch():
    claims = jwt.decode(bearer(), KEY, algorithms=["HS256"])
    return jsonify(user=claims["sub"])


# case: vulnerable (whoever writes the token chooses whether it is checked)
@app.get("/orders/partner")
def orders_partner():
    wanted = jwt.get_unverified_header(bearer())["alg"] != "none"
    claims = jwt.decode(bearer(), KEY, algorithms=["HS256", "none"], options={"verify_signature": wanted})
    return jsonify(user=claims["sub"])


# case: safe (the header only says which of the issuer's keys it was)
@app.get("/orders/agent")
def orders_agent():
    key = keys.get_signing_key_from_jwt(bearer())
    claims = jwt.decode(bearer(), key.key, algorithms=["RS256"], audience="orders")
    return jsonify(user=claims["sub"])


# case: vulnerable (with an empty key everybody can sign)
@app.get("/report/partner")
def report_partner():
    claims = jwt.decode(bearer(), key="", algorithms=["HS256", "none"])
    return jsonify(user=claims["sub"])


# case: safe (read without a check to route it, then checked)
@app.get("/route")
def route():
    issuer = jwt.get_unverified_header(bearer()).get("kid")
    if issuer not in ("shop", "office"):
        abort(401)
    claims = jwt.decode(bearer(), PUBLIC_KEY, algorithms=["ES256"], options={"require": ["exp", "sub"]})
    return jsonify(user=claims["sub"])
