"""Starts the server in several ways."""

import os

from flask import Flask
from werkzeug.debug import DebuggedApplication
from werkzeug.serving import run_simple

app = Flask(__name__)


# case: vulnerable
def serve():
    app.run(host="0.0.0.0", port=8000, debug=True)


# case: safe (off, and local only)
def serve_quietly():
    app.run(host="127.0.0.1", port=8000, debug=False)


# case: vulnerable (on, unless somebody switches it off)
def serve_by_environment():
    app.run(host="0.0.0.0", port=8000, debug=os.environ.get("APP_DEBUG", "1") == "1")


# case: safe (off, unless somebody switches it on)
def serve_by_choice():
    app.run(host="127.0.0.1", port=8000, debug=os.environ.get("APP_DEBUG") == "1")


# case: vulnerable (a console in the browser)
def serve_wrapped():
    run_simple("0.0.0.0", 8000, DebuggedApplication(app, evalex=True))


# case: safe (a log level is no debug mode)
def serve_with_log():
    app.logger.setLevel("DEBUG")
    app.run(host="127.0.0.1", port=8000)
