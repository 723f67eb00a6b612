import logging
import traceback

from flask import Flask, jsonify

from shop import work

app = Flask(__name__)
log = logging.getLogger(__name__)


@app.get("/report")
def report():
    try:
        return work()
    except ValueError:
        # ruleid: python-stack-trace-sent
        return traceback.format_exc(), 500
    except KeyError:
        text = traceback.format_exc()
        # ruleid: python-stack-trace-sent
        return jsonify(error=text), 500


@app.get("/report/well")
def report_well():
    try:
        return work()
    except ValueError:
        log.error(traceback.format_exc())
        # ok: python-stack-trace-sent
        return "error", 500


def trace():
    # ok: python-stack-trace-sent
    return traceback.format_exc()
