import html

from django.http import HttpResponse
from django.utils.safestring import mark_safe
from flask import Flask, jsonify, make_response, render_template, request
from markupsafe import Markup, escape

app = Flask(__name__)


@app.route("/a")
def first():
    # ruleid: python-xss-response-request
    return "<h1>Hello " + request.args.get("name", "") + "</h1>"


@app.route("/b")
def second():
    name = request.args["name"]
    # ruleid: python-xss-response-request
    return f"<p>{name}</p>"


@app.route("/c")
def third():
    name = request.args["name"]
    # ruleid: python-xss-response-request
    page = make_response("<p>" + name)
    # ruleid: python-xss-response-request
    page.data = Markup("<b>" + name + "</b>")
    # ok: python-xss-response-request
    page.data = Markup("<b>%s</b>") % name
    return page


@app.route("/d")
def fourth():
    name = request.args["name"]
    # ok: python-xss-response-request
    return f"<p>{escape(name)}</p>"


@app.route("/e")
def fifth():
    # ok: python-xss-response-request
    return render_template("page.html", name=request.args["name"])


@app.route("/f")
def sixth():
    # ok: python-xss-response-request
    return jsonify(name=request.args["name"])


def view(request):
    # ruleid: python-xss-response-request
    bad = HttpResponse("<p>" + request.GET["q"])
    # ruleid: python-xss-response-request
    worse = mark_safe(request.GET["q"])
    # ok: python-xss-response-request
    text = HttpResponse(request.GET["q"], content_type="text/plain")
    # ok: python-xss-response-request
    good = HttpResponse("<p>" + html.escape(request.GET["q"]))
    return bad, worse, text, good
