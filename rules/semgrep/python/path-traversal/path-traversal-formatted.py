import os
from pathlib import Path

from flask import Flask, send_file
from werkzeug.utils import secure_filename

app = Flask(__name__)
ROOT = Path("/srv/files")


def send(filename):
    # ruleid: python-path-traversal-formatted
    return send_file(os.path.join("/srv/files", filename))


def load(document):
    place = ROOT / document
    # ruleid: python-path-traversal-formatted
    return place.read_text()


def load_well(document):
    place = (ROOT / document).resolve()
    if not place.is_relative_to(ROOT):
        raise ValueError("outside")
    # ok: python-path-traversal-formatted
    return place.read_text()


def store(filename, data):
    # ok: python-path-traversal-formatted
    with open(os.path.join("/srv/files", secure_filename(filename)), "wb") as target:
        target.write(data)


def read(path):
    # ok: python-path-traversal-formatted
    with open(path) as source:
        return source.read()
