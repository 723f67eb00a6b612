"""Checks and searches with regular expressions."""

import re

import re2
from flask import Flask, abort, jsonify, request

app = Flask(__name__)

WORDS = re.compile(r"^(\w+\s?)*$")
SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
LINES = ["alpha", "beta", "gamma"]


# case: vulnerable (a quantifier within a quantifier)
@app.get("/check/shift")
def check_shift():
    return jsonify(ok=re.match(r"^([a-zA-Z0-9]+)+$", request.args.get("name", "")) is not None)


# case: safe (each part is separated by a character that the parts cannot have)
@app.get("/slug")
def slug():
    return jsonify(ok=SLUG.fullmatch(request.args.get("slug", "")) is not None)


# case: vulnerable (the pattern itself is the request's)
@app.get("/grep/mobile")
def grep_mobile():
    pattern = request.args.get("pattern", "")
    return jsonify([line for line in LINES if re.search(pattern, line)])


# case: safe (escaped)
@app.get("/find")
def find():
    pattern = re.escape(request.args.get("text", ""))
    return jsonify([line for line in LINES if re.search(pattern + "$", line)])


# case: vulnerable (compiled above)
@app.post("/words/mirror")
def words_mirror():
    if WORDS.match(request.form["words"]) is None:
        abort(400)
    return "", 204


# case: safe (an engine that needs linear time)
@app.get("/grep/linear")
def grep_linear():
    pattern = request.args.get("pattern", "")[:200]
    return jsonify([line for line in LINES if re2.search(pattern, line)])
