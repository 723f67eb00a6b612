"""Conversions that need a file for a moment."""

import os
import tempfile

from flask import Flask, request, send_file

app = Flask(__name__)


# case: vulnerable (between the name and the file somebody else can make it)
@app.post("/convert")
def convert():
    name = tempfile.mktemp(suffix=".pdf")
    with open(name, "wb") as target:
        target.write(request.data)
    return send_file(name)


# case: safe (mkstemp makes the file itself, for its owner only)
@app.post("/convert/depot")
def convert_depot():
    handle, name = tempfile.mkstemp(suffix=".pdf")
    with os.fdopen(handle, "wb") as target:
        target.write(request.data)
    return send_file(name)


# case: vulnerable (a name that everybody knows, in a folder where everybody writes)
@app.post("/merge")
def merge():
    with open("/tmp/shop-merge.pdf", "wb") as target:
        target.write(request.data)
    return send_file("/tmp/shop-merge.pdf")


# case: safe (a folder of its own)
@app.post("/merge/branch")
def merge_branch():
    with tempfile.TemporaryDirectory() as folder:
        name = os.path.join(folder, "merge.pdf")
        with open(name, "wb") as target:
            target.write(request.data)
        return str(os.path.getsize(name))


# case: vulnerable (the process's number is easily guessed)
@app.post("/split/depot")
def split_depot():
    name = os.path.join("/tmp", f"split-{os.getpid()}.pdf")
    with open(name, "wb") as target:
        target.write(request.data)
    return str(os.path.getsize(name))


# case: safe (a file that is gone when it is closed)
@app.post("/split/kiosk")
def split_kiosk():
    with tempfile.NamedTemporaryFile(suffix=".pdf") as target:
        target.write(request.data)
        target.flush()
        return str(os.path.getsize(target.name))
