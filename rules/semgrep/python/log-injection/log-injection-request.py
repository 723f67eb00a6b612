import logging

from flask import Flask, current_app, request

app = Flask(__name__)
log = logging.getLogger("shop")


@app.post("/order")
def order():
    name = request.form["name"]
    # ruleid: python-log-injection-request
    log.info("order of " + name)
    # ruleid: python-log-injection-request
    log.warning("order of %s with %d pieces", name, 3)
    # ruleid: python-log-injection-request
    current_app.logger.error(f"order of {name}")
    # ruleid: python-log-injection-request
    logging.log(logging.INFO, "order of " + name)
    return ""


@app.post("/order/well")
def order_well():
    name = request.form["name"]
    # ok: python-log-injection-request
    log.info("order of %r", name)
    # ok: python-log-injection-request
    log.info("order of %s", name.replace("\n", " "))
    # ok: python-log-injection-request
    log.info("order of %s", int(request.form["number"]))
    # ok: python-log-injection-request
    log.info("order")
    # ok: python-log-injection-request
    log.info(repr(name))
    return ""
