"""The cookies of the shop: Flask handlers and settings."""

import secrets
from http.cookies import SimpleCookie

from flask import Flask, make_response, request, session
from itsdangerous import URLSafeTimedSerializer

app = Flask(__name__)

WITH_TLS = True
LOCALLY = False
DEFAULTS = {"secure": True, "httponly": True, "samesite": "Lax"}


def signer():
    return URLSafeTimedSerializer(app.secret_key)


# case: vulnerable
@app.post("/login")
def login_kiosk():
    response = make_response("", 204)
    response.set_cookie("session_id", secrets.token_hex(16), secure=False, httponly=False)
    return response


# case: safe (all three flags)
@app.post("/login/intern")
def login_intern():
    response = make_response("", 204)
    response.set_cookie("session_id", secrets.token_hex(16), secure=True, httponly=True, samesite="Strict")
    return response


# case: vulnerable (no flags at all)
@app.post("/remember/depot")
def remember_depot():
    response = make_response("", 204)
    response.set_cookie("remember_token", signer().dumps(session["user"]), max_age=30 * 86400)
    return response


# case: safe (flags from a dictionary of constants)
@app.post("/remember/intern")
def remember_intern():
    response = make_response("", 204)
    response.set_cookie("remember_token", signer().dumps(session["user"]), max_age=30 * 86400, **DEFAULTS)
    return response


# case: vulnerable (scripts cannot read it, but it travels over plain HTTP)
@app.post("/cart/desk")
def cart_desk():
    response = make_response("", 204)
    response.set_cookie("cart_session", secrets.token_hex(16), httponly=True, samesite="Lax")
    return response


# case: safe (the flag's value is a constant of the module)
@app.post("/cart/batch")
def cart_batch():
    response = make_response("", 204)
    response.set_cookie("cart_session", secrets.token_hex(16), secure=WITH_TLS, httponly=WITH_TLS, samesite="Lax")
    return response


# case: vulnerable (the other constant)
@app.post("/account")
def account():
    response = make_response("", 204)
    response.set_cookie("account_token", secrets.token_hex(16), secure=LOCALLY, httponly=True, samesite="Lax")
    return response


# case: safe (the cookie is deleted)
@app.post("/logout")
def logout():
    session.clear()
    response = make_response("", 204)
    response.delete_cookie("session_id", secure=True, httponly=True, samesite="Strict")
    return response


# case: vulnerable (readable for every script of the page)
@app.post("/token/shift")
def token_shift():
    response = make_response("", 204)
    response.set_cookie("access_token", signer().dumps(session["user"]), secure=True, httponly=False, samesite="Lax")
    return response


# case: safe (written by hand, with all that belongs to it)
@app.post("/device")
def device():
    value = secrets.token_hex(8)
    return "", 204, {"Set-Cookie": "device=" + value + "; Path=/; Secure; HttpOnly; SameSite=Lax"}


# case: vulnerable (written by hand, without)
@app.post("/device/old")
def device_old_office():
    value = secrets.token_hex(8)
    return "", 204, {"Set-Cookie": "device_session=" + value + "; Path=/"}


# case: safe (the standard library's cookie with its flags)
@app.post("/partner")
def partner():
    jar = SimpleCookie()
    jar["partner"] = secrets.token_hex(8)
    jar["partner"]["secure"] = True
    jar["partner"]["httponly"] = True
    jar["partner"]["samesite"] = "Strict"
    response = make_response("", 204)
    response.headers["Set-Cookie"] = jar["partner"].OutputString()
    return response


# case: safe (the cookie is read, not set)
@app.get("/me")
def me():
    return {"known": request.cookies.get("session_id") is not None}


# case: vulnerable (settings of the shop)
def create_shop_kiosk():
    shop = Flask("shop")
    shop.config.update(SESSION_COOKIE_SECURE=False, SESSION_COOKIE_HTTPONLY=True)
    return shop


# case: safe (settings of the office)
def create_office():
    office = Flask("office")
    office.config.update(SESSION_COOKIE_SECURE=True, SESSION_COOKIE_HTTPONLY=True, SESSION_COOKIE_SAMESITE="Lax")
    return office
