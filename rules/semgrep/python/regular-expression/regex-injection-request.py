import re

from flask import Flask, request

app = Flask(__name__)
LINES = ["alpha", "beta"]


@app.get("/grep")
def grep():
    wanted = request.args.get("pattern", "")
    # ruleid: python-regex-injection-request
    first = [line for line in LINES if re.search(wanted, line)]
    # ruleid: python-regex-injection-request
    second = re.compile("^" + wanted, re.I)
    # ok: python-regex-injection-request
    third = re.compile(re.escape(wanted))
    # ok: python-regex-injection-request
    fourth = re.search("[a-z]+", wanted)
    # ok: python-regex-injection-request
    fifth = re.sub("a", wanted, "banana")
    return str([first, second, third, fourth, fifth])
