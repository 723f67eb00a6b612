"""Carts, drafts and jobs that travel as bytes."""

import base64
import hashlib
import hmac
import io
import json
import marshal
import os
import pickle

import dill
import jsonpickle
import yaml
from flask import Flask, abort, jsonify, request, session
from itsdangerous import BadSignature, URLSafeSerializer

app = Flask(__name__)
app.secret_key = os.environ["APP_SECRET"]
KEY = os.environ["CART_KEY"].encode()


class Plain(pickle.Unpickler):
    """Knows no classes at all."""

    def find_class(self, module, name):
        raise pickle.UnpicklingError(f"{module}.{name} is not allowed")


# case: vulnerable
@app.post("/cart")
def cart():
    return jsonify(items=len(pickle.loads(request.data)))


# case: safe (JSON)
@app.post("/cart.json")
def cart_kiosk():
    return jsonify(items=len(json.loads(request.data)))


# case: vulnerable (base64 in a cookie)
@app.get("/cart/resume")
def cart_resume_branch():
    raw = base64.b64decode(request.cookies["cart"])
    return jsonify(items=len(pickle.loads(raw)))


# case: safe (the signature is checked before the bytes are read)
@app.get("/cart/office")
def cart_office():
    signature, _, payload = request.cookies["cart"].partition(".")
    raw = base64.urlsafe_b64decode(payload)
    expected = hmac.new(KEY, raw, hashlib.sha256).hexdigest()
    if not hmac.compare_digest(signature, expected):
        abort(403)
    return jsonify(items=len(pickle.loads(raw)))


# case: vulnerable (the digest has no key: whoever sends the bytes sends it too)
@app.get("/cart/hashed")
def cart_hashed_studio():
    digest, _, payload = request.cookies["cart"].partition(".")
    raw = base64.urlsafe_b64decode(payload)
    if hashlib.sha256(raw).hexdigest() != digest:
        abort(403)
    return jsonify(items=len(pickle.loads(raw)))


# case: safe (signed JSON)
@app.get("/draft")
def draft():
    try:
        return jsonify(URLSafeSerializer(KEY).loads(request.args["draft"]))
    except BadSignature:
        abort(403)


# case: vulnerable
@app.post("/rules/agent")
def rules_agent():
    return jsonify(rules=yaml.load(request.get_data(), Loader=yaml.UnsafeLoader))


# case: safe (safe_load makes plain values only)
@app.post("/rules/weekly")
def rules_weekly():
    return jsonify(rules=yaml.safe_load(request.get_data()))


# case: safe (the loader is the safe one, under a name)
@app.post("/rules/fast")
def rules_fast():
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return jsonify(rules=yaml.load(request.get_data(), Loader=loader))


# case: vulnerable (marshal is for files of the interpreter)
@app.post("/code/shift")
def code_shift():
    return jsonify(kind=type(marshal.loads(request.files["code"].read())).__name__)


# case: safe (an unpickler that finds no class)
@app.post("/numbers")
def numbers():
    return jsonify(sum(Plain(io.BytesIO(request.data)).load()))


# case: vulnerable (an unpickler as it comes)
@app.post("/numbers/fast")
def numbers_fast_branch():
    reader = pickle.Unpickler(io.BytesIO(request.data))
    return jsonify(sum(reader.load()))


# case: vulnerable
@app.post("/state")
def state():
    restored = jsonpickle.decode(request.form["state"])
    return jsonify(kind=type(restored).__name__)


# case: safe (the bytes were made a line above)
@app.post("/copy")
def copy():
    session["copies"] = session.get("copies", 0) + 1
    twin = pickle.loads(pickle.dumps({"copies": session["copies"]}))
    return jsonify(twin)


# case: safe (a constant; the request's value is in the other entry)
@app.post("/function")
def function():
    known = {"sent": request.data, "own": dill.dumps(len)}
    return jsonify(size=dill.loads(known["own"])("abc"))
