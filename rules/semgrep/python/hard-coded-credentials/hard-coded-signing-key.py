import os

import jwt
from flask import Flask

app = Flask(__name__)
# ruleid: python-hard-coded-signing-key
app.secret_key = "s8d7f6g5h4j3k2l1"
# ruleid: python-hard-coded-signing-key
app.config["SECRET_KEY"] = "s8d7f6g5h4j3k2l1"
# ruleid: python-hard-coded-signing-key
SECRET_KEY = "q9w8e7r6t5y4u3i2"
# ok: python-hard-coded-signing-key
app.secret_key = os.environ["SECRET_KEY"]
# ok: python-hard-coded-signing-key
app.config["SECRET_KEY"] = "change-me"


def issue(payload, key):
    # ruleid: python-hard-coded-signing-key
    first = jwt.encode(payload, "s8d7f6g5h4j3k2l1", algorithm="HS256")
    # ok: python-hard-coded-signing-key
    second = jwt.encode(payload, key, algorithm="HS256")
    return first, second
