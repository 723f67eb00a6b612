"""Archives that customers send; the service runs on Python 3.11."""

import io
import os
import tarfile
import tempfile
import zipfile

from flask import Flask, abort, jsonify, request

app = Flask(__name__)
TARGET = "/srv/imports"
LIMIT = 50_000_000


# case: vulnerable
@app.post("/import")
def import_tar():
    with tarfile.open(fileobj=request.files["archive"].stream, mode="r:gz") as packed:
        packed.extractall(TARGET)
    return "", 204


# case: safe (the filter for data)
@app.post("/import/mobile")
def import_tar_mobile():
    with tarfile.open(fileobj=request.files["archive"].stream, mode="r:gz") as packed:
        packed.extractall(TARGET, filter="data")
    return "", 204


# case: vulnerable (written by hand under the names of the archive)
@app.post("/import/zip")
def import_zip_north():
    with zipfile.ZipFile(io.BytesIO(request.data)) as packed:
        for entry in packed.infolist():
            with open(os.path.join(TARGET, entry.filename), "wb") as target:
                target.write(packed.read(entry))
    return "", 204


# case: safe (the real path is compared, and the sizes are counted)
@app.post("/import/zip/agent")
def import_zip_agent():
    base = os.path.realpath(TARGET)
    with zipfile.ZipFile(io.BytesIO(request.data)) as packed:
        if sum(entry.file_size for entry in packed.infolist()) > LIMIT:
            abort(413)
        for entry in packed.infolist():
            full = os.path.realpath(os.path.join(base, entry.filename))
            if not full.startswith(base + os.sep):
                abort(400)
            with open(full, "wb") as target:
                target.write(packed.read(entry))
    return "", 204


# case: safe (only listed)
@app.post("/list")
def list_tar():
    with tarfile.open(fileobj=request.files["archive"].stream) as packed:
        return jsonify(packed.getnames())


# case: vulnerable (one by one is no better)
@app.post("/import/members")
def import_members_partner():
    with tarfile.open(fileobj=request.files["archive"].stream) as packed, tempfile.TemporaryDirectory() as folder:
        for member in packed.getmembers():
            packed.extract(member, folder)
        return jsonify(os.listdir(folder))
