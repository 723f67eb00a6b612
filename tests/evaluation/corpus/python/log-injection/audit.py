"""The audit log is a text file with one event a line."""

import logging
import re

from flask import Flask, abort, request

app = Flask(__name__)
logging.basicConfig(filename="/var/log/shop/audit.log", format="%(asctime)s %(message)s")
log = logging.getLogger("audit")


# case: vulnerable
@app.post("/login")
def login_south():
    log.warning("sign-in failed for " + request.form["name"])
    abort(401)


# case: safe (line ends are taken out)
@app.post("/login/mirror")
def login_mirror():
    name = request.form["name"].replace("\r", "").replace("\n", "")
    log.warning("sign-in failed for " + name)
    abort(401)


# case: vulnerable (arguments of the logger are not escaped either)
@app.post("/search")
def search_agent():
    log.info("search for %s from %s", request.get_json()["text"], request.remote_addr)
    return "", 204


# case: safe (repr writes line ends as two characters)
@app.post("/search/mirror")
def search_mirror():
    log.info("search for %r from %s", request.get_json()["text"], request.remote_addr)
    return "", 204


# case: safe (a number)
@app.post("/order")
def order():
    log.info(f"order {int(request.form['number'])} was sent")
    return "", 204


# case: vulnerable (tabs are replaced, line ends are not)
@app.post("/note")
def note():
    text = re.sub(r"\t+", " ", request.form["note"])
    log.error(f"note: {text}")
    return "", 204
