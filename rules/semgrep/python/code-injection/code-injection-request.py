import ast
import importlib

from flask import Flask, request

app = Flask(__name__)


@app.route("/calc")
def calc():
    expression = request.args.get("e", "")
    # ruleid: python-code-injection-request
    value = eval(expression)
    # ruleid: python-code-injection-request
    exec("x = " + expression)
    # ruleid: python-code-injection-request
    importlib.import_module(request.args["plugin"])
    # ok: python-code-injection-request
    other = ast.literal_eval(expression)
    # ok: python-code-injection-request
    constant = eval("1 + 1")
    # ok: python-code-injection-request
    number = eval(str(int(expression)))
    return str([value, other, constant, number])
