import os
from pathlib import Path

from fastapi import FastAPI
from fastapi.responses import FileResponse
from flask import Flask, request, send_file, send_from_directory
from werkzeug.utils import secure_filename

app = Flask(__name__)
api = FastAPI()
BASE = Path("/srv/files")


@app.route("/read")
def read():
    name = request.args["name"]
    # ruleid: python-path-traversal-request
    with open("/srv/files/" + name) as handle:
        text = handle.read()
    # ruleid: python-path-traversal-request
    more = (BASE / name).read_text()
    # ruleid: python-path-traversal-request
    os.remove(os.path.join("/srv/files", name))
    # ruleid: python-path-traversal-request
    send_file(f"/srv/files/{name}")
    # ok: python-path-traversal-request
    send_from_directory("/srv/files", name)
    # ok: python-path-traversal-request
    with open(os.path.join("/srv/files", secure_filename(name))) as handle:
        text += handle.read()
    # ok: python-path-traversal-request
    with open("/srv/files/readme.txt") as handle:
        text += handle.read()
    return text + more


@app.route("/upload", methods=["POST"])
def upload():
    sent = request.files["file"]
    # ruleid: python-path-traversal-request
    sent.save(os.path.join("/srv/files", sent.filename))
    # ok: python-path-traversal-request
    sent.save(os.path.join("/srv/files", secure_filename(sent.filename)))
    return "saved"


@api.get("/file/{name}")
def file(name: str):
    # ruleid: python-path-traversal-request
    return FileResponse(f"/srv/files/{name}")


@api.get("/checked/{name}")
def checked(name: str, number: int):
    path = (BASE / name).resolve()
    if not path.is_relative_to(BASE):
        return None
    # ok: python-path-traversal-request
    numbered = FileResponse(f"/srv/files/{number}.txt")
    # ok: python-path-traversal-request
    return FileResponse(path), numbered
