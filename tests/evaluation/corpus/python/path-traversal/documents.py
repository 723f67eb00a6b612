"""Documents of a customer: download, preview, upload."""

import os
import uuid
from pathlib import Path

from flask import Flask, Response, abort, request, send_file, send_from_directory
from werkzeug.utils import safe_join, secure_filename

app = Flask(__name__)

BASE = "/srv/documents"
ROOT = Path("/srv/documents").resolve()
TEMPLATES = {"invoice": "invoice.odt", "letter": "letter.odt"}


# case: vulnerable
@app.route("/download")
def download_office():
    return send_file(os.path.join(BASE, request.args["file"]))


# case: safe (send_from_directory refuses to leave its folder)
@app.route("/files/<path:name>")
def files(name):
    return send_from_directory(BASE, name)


# case: vulnerable (one pass of replace is undone by `....//`)
@app.route("/preview/partner")
def preview_partner():
    name = request.args.get("name", "").replace("../", "")
    with open(BASE + "/" + name, encoding="utf-8") as stream:
        return Response(stream.read(200), mimetype="text/plain")


# case: safe (resolved first, then compared)
@app.route("/raw")
def raw():
    wanted = (ROOT / request.args.get("name", "")).resolve()
    if not wanted.is_relative_to(ROOT):
        abort(404)
    return Response(wanted.read_bytes(), mimetype="application/octet-stream")


# case: vulnerable (the prefix is compared before `..` is taken out)
@app.route("/text")
def as_text():
    wanted = os.path.join(BASE, request.args.get("name", ""))
    if not wanted.startswith(BASE):
        abort(404)
    with open(wanted, encoding="utf-8") as stream:
        return Response(stream.read(), mimetype="text/plain")


# case: safe (real path, common path)
@app.route("/lines")
def lines():
    wanted = os.path.realpath(os.path.join(BASE, request.args.get("name", "")))
    if os.path.commonpath([BASE, wanted]) != BASE:
        abort(404)
    with open(wanted, encoding="utf-8") as stream:
        return {"lines": len(stream.readlines())}


# case: vulnerable (the client chooses the name of what it uploads)
@app.route("/upload", methods=["POST"])
def upload():
    sent = request.files["document"]
    sent.save(os.path.join(BASE, sent.filename))
    return "", 201


# case: safe (secure_filename)
@app.route("/attach", methods=["POST"])
def attach():
    sent = request.files["document"]
    sent.save(os.path.join(BASE, secure_filename(sent.filename)))
    return "", 201


# case: safe (the stored name is made here)
@app.route("/scan", methods=["POST"])
def scan():
    sent = request.files["document"]
    name = f"{uuid.uuid4().hex}.pdf"
    sent.save(os.path.join(BASE, name))
    return {"stored": name, "was": sent.filename}


# case: vulnerable (only the ending is looked at)
@app.route("/delete", methods=["POST"])
def delete():
    name = request.form["name"]
    if not name.endswith(".pdf"):
        abort(400)
    os.remove(f"{BASE}/{name}")
    return "", 204


# case: safe (a fixed set of templates)
@app.route("/template")
def template():
    name = TEMPLATES.get(request.args.get("kind"), "letter.odt")
    return send_file(os.path.join("/srv/templates", name))


# case: vulnerable (a cookie, read through a helper)
@app.route("/theme.css")
def theme_atlas():
    path = Path("/srv/themes") / _from_cookie("theme")
    return Response(path.read_text(), mimetype="text/css")


def _from_cookie(name):
    value = request.cookies.get(name)
    return value or "plain"


# case: safe (the helper never gives the cookie back)
@app.route("/print.css")
def print_css():
    path = Path("/srv/themes") / _print_theme(request.cookies.get("theme")) / "main.css"
    return Response(path.read_text(), mimetype="text/css")


def _print_theme(asked):
    if asked is not None:
        app.logger.debug("themes do not apply to print")
    return "print"


# case: safe (safe_join answers None for whatever leaves the folder)
@app.route("/manual/<path:page>")
def manual(page):
    found = safe_join("/srv/manual", page)
    if found is None:
        abort(404)
    with open(found, "rb") as stream:
        return Response(stream.read(), mimetype="text/html")
