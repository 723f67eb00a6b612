from flask import Flask, jsonify, render_template, request
from markupsafe import escape

from shop import answers, store

app = Flask(__name__)


@app.route("/echo")
def echo():
    # ruleid: python-xss-returned-text
    return request.args.get("text", "")


@app.get("/greet")
def greet():
    page = "Hello, "
    page += request.args["name"]
    if page.endswith("!"):
        # ruleid: python-xss-returned-text
        return page, 400
    # ruleid: python-xss-returned-text
    return page


@app.get("/safe")
def safe():
    name = request.args["name"]
    if name == "json":
        # ok: python-xss-returned-text
        return jsonify(name=name)
    if name == "page":
        # ok: python-xss-returned-text
        return render_template("page.html", name=name)
    if name == "rows":
        # ok: python-xss-returned-text
        return store.find_by_name(name)
    if name == "dictionary":
        # ok: python-xss-returned-text
        return {"name": name}
    # ok: python-xss-returned-text
    return "Hello, " + escape(name)


def helper():
    # ok: python-xss-returned-text
    return request.args["name"]


@app.post("/plain")
def plain():
    # ok: python-xss-returned-text
    return request.get_data(), 200, {"Content-Type": "text/plain"}


@app.post("/model")
def model():
    # ok: python-xss-returned-text
    return answers.AnswerSchema().dump(request.get_json())
