import base64
import json
import pickle

import yaml
from flask import Flask, request

app = Flask(__name__)


@app.route("/load", methods=["POST"])
def load():
    # ruleid: python-unsafe-deserialization-request
    first = pickle.loads(request.data)
    # ruleid: python-unsafe-deserialization-request
    second = pickle.loads(base64.b64decode(request.cookies["state"]))
    # ruleid: python-unsafe-deserialization-request
    third = yaml.load(request.data, Loader=yaml.Loader)
    # ok: python-unsafe-deserialization-request
    fourth = json.loads(request.data)
    # ok: python-unsafe-deserialization-request
    fifth = yaml.safe_load(request.data)
    with open("model.bin", "rb") as handle:
        # ok: python-unsafe-deserialization-request
        sixth = pickle.load(handle)
    return str([first, second, third, fourth, fifth, sixth])


def receive(sock):
    # ruleid: python-unsafe-deserialization-request
    return pickle.loads(sock.recv(4096))
