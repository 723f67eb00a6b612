import html

from django.shortcuts import redirect
from flask import Flask, request, session

from shop import accounts

app = Flask(__name__)
THEMES = {"d": "dark", "l": "light"}


@app.post("/choose")
def choose():
    # ruleid: python-session-request
    session["tenant"] = request.form["tenant"]
    # ruleid: python-session-request
    session[request.form["name"]] = "1"
    # ruleid: python-session-request
    session["owner"] = html.escape(request.args["owner"])
    # ruleid: python-session-request
    session.update(request.get_json())
    # ruleid: python-session-request
    session.setdefault("group", request.headers.get("X-Group"))
    return ""


@app.post("/checked")
def checked():
    # ok: python-session-request
    session["page"] = int(request.form["page"])
    # ok: python-session-request
    session["theme"] = THEMES.get(request.form["theme"], "light")
    user = accounts.authenticate(request.form["name"], request.form["password"])
    # ok: python-session-request
    session["user"] = user.id
    language = request.form["language"]
    if language not in ("en", "zh"):
        return "unknown", 400
    # ok: python-session-request
    session["language"] = language
    # ok: python-session-request
    session["visited"] = True
    return ""


def remember(request):
    # ruleid: python-session-request
    request.session["basket"] = request.POST["basket"]
    # ok: python-session-request
    request.session["seen"] = len(request.POST["basket"])
    return redirect("/")
