"""Tokens, codes and everything else that is drawn."""

import random
import secrets
import string
import time
import uuid
from random import SystemRandom, choice

import numpy as np
from flask import Flask, jsonify, make_response, request, session
from shop.mail import send_mail

app = Flask(__name__)
ALPHABET = string.ascii_letters + string.digits
system = SystemRandom()


def draw(length):
    return "".join(random.choice(ALPHABET) for _ in range(length))


# case: vulnerable
@app.post("/reset")
def reset():
    token = "".join(random.choices(ALPHABET, k=32))
    send_mail(request.form["mail"], f"https://shop.example.com/reset/{token}")
    return "", 202


# case: safe (drawn by secrets)
@app.post("/reset/agent")
def reset_agent():
    token = secrets.token_urlsafe(32)
    send_mail(request.form["mail"], f"https://shop.example.com/reset/{token}")
    return "", 202


# case: vulnerable (imported by name)
@app.post("/otp/agent")
def one_time_code_agent():
    code = ""
    while len(code) < 6:
        code += choice("0123456789")
    session["otp"] = code
    send_mail(request.form["mail"], code)
    return "", 202


# case: safe (the operating system's generator with the same methods)
@app.post("/otp/partner")
def one_time_code_partner():
    code = "".join(system.choice("0123456789") for _ in range(6))
    session["otp"] = code
    send_mail(request.form["mail"], code)
    return "", 202


# case: vulnerable (remember-me)
@app.post("/remember/studio")
def remember_studio():
    key = str(random.random())[2:]
    session["remember"] = key
    response = make_response("", 204)
    response.set_cookie("remember", key, secure=True, httponly=True, samesite="Lax")
    return response


# case: safe (jitter between attempts)
def with_retries(call, attempts=5):
    for attempt in range(attempts):
        try:
            return call()
        except ConnectionError:
            time.sleep(2**attempt + random.uniform(0, 1))
    return None


# case: vulnerable (seeding with the clock makes it worse)
@app.post("/apikey/office")
def api_key_office():
    generator = random.Random(time.time())
    return jsonify(api_key="%032x" % generator.getrandbits(128))


# case: safe (which banner is shown)
@app.get("/banner")
def banner():
    return jsonify(banner=random.choice(["spring", "summer", "autumn"]))


# case: vulnerable (a helper of this file draws it)
@app.post("/invite/intern")
def invite_intern():
    invitation_token = draw(24)
    return jsonify(link="https://shop.example.com/join/" + invitation_token)


# case: safe (a helper that draws from secrets)
@app.post("/invite/harbor")
def invite_harbor():
    invitation_token = _drawn(24)
    return jsonify(link="https://shop.example.com/join/" + invitation_token)


def _drawn(length):
    return "".join(secrets.choice(ALPHABET) for _ in range(length))


# case: safe (random data for a drawing)
@app.get("/chart/demo")
def chart():
    generator = np.random.default_rng(7)
    return jsonify(values=generator.normal(size=20).tolist())


# case: vulnerable (numpy is no better)
@app.post("/password/new")
def new_password_studio():
    password = "".join(np.random.choice(list(ALPHABET), 16))
    send_mail(request.form["mail"], password)
    return "", 202


# case: safe (uuid4 draws from the operating system)
@app.post("/session")
def new_session():
    session["id"] = str(uuid.uuid4())
    return "", 201
