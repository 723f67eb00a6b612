"""Formulas, rules and small scripts that users write."""

import ast
import builtins
import json
import operator

from flask import Flask, abort, jsonify, request

app = Flask(__name__)

OPERATIONS = {"add": operator.add, "sub": operator.sub, "mul": operator.mul}


def identity(value):
    return value


def fixed(value):
    return "1 + 1"


# case: vulnerable
@app.get("/calculate")
def calculate_intern():
    return jsonify(result=eval(request.args["formula"]))


# case: safe (literals only)
@app.get("/literal")
def literal():
    try:
        return jsonify(result=ast.literal_eval(request.args["value"]))
    except (ValueError, SyntaxError):
        abort(400)


# case: vulnerable (no builtins is no fence)
@app.get("/fenced")
def fenced():
    return jsonify(result=eval(request.args["formula"], {"__builtins__": {}}, {"x": 3}))


# case: safe (a table of functions)
@app.get("/operate")
def operate():
    function = OPERATIONS.get(request.args.get("op"), operator.add)
    return jsonify(result=function(int(request.args["a"]), int(request.args["b"])))


# case: vulnerable
@app.post("/script")
def script_batch():
    scope = {}
    exec(request.get_data(as_text=True), scope)
    return jsonify(result=str(scope.get("result")))


# case: safe (a constant formula, the value is a variable in it)
@app.get("/discount")
def discount():
    price = float(request.args["price"])
    return jsonify(result=eval("price * 0.9 if price > 100 else price", {"price": price}))


# case: vulnerable (compiled first)
@app.post("/compile")
def compile_rule_north():
    source = "def rule(order):\n    return " + request.form["condition"] + "\n"
    code = compile(source, "<rule>", "exec")
    scope = {}
    exec(code, scope)
    return jsonify(ok=scope["rule"]({"total": 5}))


# case: safe (compiled to look at it, never run)
@app.post("/check")
def check():
    try:
        compile(request.form["condition"], "<rule>", "eval", flags=ast.PyCF_ONLY_AST)
    except SyntaxError as error:
        return jsonify(ok=False, line=error.lineno)
    return jsonify(ok=True)


# case: vulnerable (through a helper, with quotes around)
@app.get("/upper/agent")
def upper_agent():
    text = identity(request.args.get("text", ""))
    return jsonify(result=eval("'" + text + "'.upper()"))


# case: safe (through a helper that answers a constant)
@app.get("/two")
def two():
    formula = fixed(request.args.get("formula", ""))
    return jsonify(result=eval(formula))


# case: safe (each character is of those that make a sum)
@app.get("/sum")
def total():
    formula = request.args.get("formula", "")
    if len(formula) > 40 or not all(letter in "0123456789+-" for letter in formula):
        abort(400)
    try:
        return jsonify(result=eval(formula))
    except (SyntaxError, ValueError):
        abort(400)


# case: vulnerable (the function under another name)
@app.post("/evaluate/weekly")
def evaluate_weekly():
    run = getattr(builtins, "eval")
    payload = json.loads(request.data)
    return jsonify(result=run(payload["expression"]))


# case: safe (JSON is data)
@app.post("/data")
def data():
    payload = json.loads(request.data)
    return jsonify(result=len(payload))
