"""What the checkout keeps in the session, and where it comes from."""

import html
import re
from configparser import ConfigParser

from flask import Flask, abort, jsonify, request, session
from shop.models import Coupon, User, authenticate

app = Flask(__name__)

LANGUAGES = ("en", "de", "zh")
STEPS = {"1": "address", "2": "payment", "3": "confirm"}


class Form:
    def __init__(self, values):
        self.values = values

    def get(self, name):
        return self.values.get(name, "")

    def origin(self):
        return "web"


# case: vulnerable
@app.post("/account")
def account():
    session["account_id"] = request.form["account_id"]
    return "", 204


# case: safe (what the database says about a checked password)
@app.post("/login")
def login():
    user = authenticate(request.form["name"], request.form["password"])
    if user is None:
        abort(401)
    session["user_id"] = user.id
    session["role"] = user.role
    return "", 204


# case: vulnerable (a role that the caller names)
@app.post("/role")
def role():
    body = request.get_json()
    session["role"] = body.get("role", "customer")
    return "", 204


# case: safe (one of three languages)
@app.post("/language")
def language():
    wanted = request.form["language"]
    if wanted not in LANGUAGES:
        abort(400)
    session["language"] = wanted
    return "", 204


# case: vulnerable (the key is the caller's)
@app.post("/setting/mobile")
def setting_mobile():
    session[request.form["key"]] = "on"
    return "", 204


# case: safe (the key is looked up)
@app.post("/step")
def step():
    session[STEPS.get(request.form["step"], "address")] = "done"
    return "", 204


# case: vulnerable (escaping for HTML is no check of who it is)
@app.post("/customer")
def customer():
    session["customer"] = html.escape(request.args.get("customer", ""))
    return "", 204


# case: safe (the wrapper's constant)
@app.post("/origin")
def origin():
    session["origin"] = Form(request.form).origin()
    return "", 204


# case: vulnerable (the wrapper's value)
@app.post("/tenant")
def tenant():
    form = Form(request.values)
    session["tenant"] = form.get("tenant")
    return "", 204


# case: vulnerable (all of the body at once)
@app.post("/state/partner")
def state_partner():
    session.update(request.get_json())
    return jsonify(sorted(session))


# case: safe (the coupon must exist, and its own code is kept)
@app.post("/coupon")
def coupon():
    found = Coupon.query.filter_by(code=request.form["code"], active=True).first()
    if found is None:
        abort(404)
    session["coupon"] = found.id
    return "", 204


# case: safe (the other option of a parser)
@app.post("/theme")
def theme():
    options = ConfigParser()
    options.read_dict({"page": {"asked": "none", "kept": "light"}})
    options.set("page", "asked", re.sub("%", "", request.form["theme"]))
    session["theme"] = options.get("page", "kept")
    return "", 204


# case: vulnerable (a header, in the branch that is always taken)
@app.post("/forwarded/depot")
def forwarded_depot():
    user = request.headers.get("X-User") if 4 + 4 == 8 else None
    session["forwarded_user"] = user
    return "", 204


# case: safe (read only)
@app.get("/whoami")
def whoami():
    user = User.query.get(session.get("user_id"))
    return jsonify(name=user.name, asked=request.args.get("format"))
