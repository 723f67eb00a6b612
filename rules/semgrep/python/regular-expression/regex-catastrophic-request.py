import re

from flask import Flask, request

app = Flask(__name__)
WORDS = re.compile(r"^(\w+\s?)*$")
SLUG = re.compile(r"^[a-z0-9]+(-[a-z0-9]+)*$")


@app.get("/check")
def check():
    text = request.args.get("text", "")
    # ruleid: python-regex-catastrophic-request
    first = re.match(r"^([a-zA-Z]+)+$", text)
    # ruleid: python-regex-catastrophic-request
    second = WORDS.match(text)
    # ok: python-regex-catastrophic-request
    third = SLUG.fullmatch(text)
    # ok: python-regex-catastrophic-request
    fourth = re.match(r"^([a-zA-Z]+)+$", "constant")
    # ok: python-regex-catastrophic-request
    fifth = re.match(r"^[a-z]+$", text)
    return str([first, second, third, fourth, fifth])


@app.get("/short")
def short():
    text = request.args.get("text", "")
    if len(text) > 20:
        return "too long", 400
    # ok: python-regex-catastrophic-request
    match = WORDS.match(text)
    return "yes" if match else "no"
