"""Code with known weaknesses, and what mends it. Secrets are made up at run time, so that no scanner finds any."""

from __future__ import annotations

import secrets

CLEAN = '''\
"""Orders of the shop."""

import sqlite3

from flask import Flask, request

app = Flask(__name__)


def connection():
    return sqlite3.connect("shop.db")


@app.get("/orders")
def orders():
    return connection().execute("SELECT * FROM orders WHERE id = ?", (request.args["id"],)).fetchall()
'''

UNSAFE_LOAD = """\
import yaml


def load(text):
    return yaml.load(text, Loader=yaml.Loader)
"""
"""One finding, on line 5, with a fix."""

SAFE_LOAD = UNSAFE_LOAD.replace("yaml.load(text, Loader=yaml.Loader)", "yaml.safe_load(text)")

ADVISORY: dict[str, object] = {
    "schema_version": "1.6.0",
    "id": "PYSEC-2018-28",
    "aliases": ["CVE-2018-18074"],
    "modified": "2021-07-15T02:22:17Z",
    "published": "2018-10-09T17:29:00Z",
    "summary": "requests keeps the Authorization header when a redirect leads from https to http",
    "affected": [
        {
            "package": {"ecosystem": "PyPI", "name": "requests"},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "2.20.0"}]}],
        }
    ],
}
# Facts of a published advisory, in the format of https://ossf.github.io/osv-schema/.


def access_key() -> str:
    """Looks like the access key of a cloud account, and is new each time."""
    # The account's number is in it, and has twelve digits at the most.
    return "AKIAB" + "".join(secrets.choice("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567") for _ in range(15))


def with_key(key: str) -> str:
    """A module that holds an access key, on its only line."""
    return f'ACCESS_KEY = "{key}"\n'
