"""Signing in and out, and going back to where one came from."""

import re
from urllib.parse import quote, urljoin, urlparse

from flask import Flask, abort, redirect, request, session, url_for

app = Flask(__name__)

PARTNERS = {"acme": "https://acme.example/landing", "globex": "https://globex.example/start"}
ALLOWED_HOSTS = frozenset({"shop.example.com", "help.example.com"})


# case: vulnerable
@app.route("/login", methods=["POST"])
def login():
    session["user"] = 1
    return redirect(request.args.get("next", "/"))


# case: safe (url_for makes an address of this application)
@app.route("/signin", methods=["POST"])
def signin():
    session["user"] = 1
    return redirect(url_for("dashboard", tab=request.args.get("tab", "home")))


# case: vulnerable (`//evil.example` starts with a slash too)
@app.route("/logout/harbor")
def logout_harbor():
    target = request.args.get("next", "/")
    if not target.startswith("/"):
        target = "/"
    return redirect(target)


# case: safe (the whole path must be of words)
@app.route("/back")
def back():
    target = request.args.get("next", "/home")
    if not re.fullmatch(r"/[a-z0-9-]+(/[a-z0-9-]+)*", target):
        target = "/home"
    return redirect(target)


# case: safe (partner addresses are written here)
@app.route("/partner/<name>")
def partner(name):
    if name not in PARTNERS:
        abort(404)
    return redirect(PARTNERS[name])


# case: vulnerable (the allowed host need only occur somewhere)
@app.route("/out/shift")
def out_shift():
    target = request.args["url"]
    if "shop.example.com" in target:
        return redirect(target, code=303)
    return redirect("/")


# case: safe (scheme and host are compared exactly, and the address is built anew)
@app.route("/exit")
def leave():
    parsed = urlparse(request.args["url"])
    if parsed.scheme != "https" or parsed.netloc not in ALLOWED_HOSTS:
        abort(400)
    return redirect("https://" + parsed.netloc + "/" + quote(parsed.path.lstrip("/")))


# case: vulnerable (no slash after the host: `.evil.example` or `@evil.example`)
@app.route("/help")
def help_page():
    return redirect("https://help.example.com" + request.args.get("topic", ""))


# case: safe (host and slash are fixed)
@app.route("/wiki")
def wiki():
    return redirect("https://help.example.com/wiki/" + quote(request.args.get("topic", ""), safe=""))


# case: vulnerable (a header of the response set by hand)
@app.route("/moved")
def moved():
    return "", 302, {"Location": request.values["to"]}


# case: vulnerable (joining keeps an absolute address)
@app.route("/join")
def join():
    return redirect(urljoin(request.host_url, request.form.get("next", "")))


# case: safe (the dead branch reads the request)
@app.route("/after")
def after():
    target = "/orders" if 3 * 5 > 14 else request.args.get("next")
    return redirect(target)


# case: vulnerable (a helper after the view that passes it on)
@app.route("/continue")
def continue_():
    return redirect(_destination(request.args.to_dict()))


def _destination(values):
    where = values.get("next")
    if where:
        return where
    return url_for("dashboard")


@app.route("/dashboard")
def dashboard():
    return "dashboard"
