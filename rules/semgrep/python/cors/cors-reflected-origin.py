from flask import Flask, jsonify, make_response, request

app = Flask(__name__)
FRONTENDS = {"https://shop.example.com"}


@app.get("/account")
def account():
    response = make_response(jsonify(a=1))
    # ruleid: python-cors-reflected-origin
    response.headers["Access-Control-Allow-Origin"] = request.headers.get("Origin", "*")
    origin = request.headers.get("Origin", "")
    if origin.endswith("example.com"):
        # ruleid: python-cors-reflected-origin
        response.headers["Access-Control-Allow-Origin"] = origin
    return response


@app.get("/orders")
def orders():
    response = make_response(jsonify(a=1))
    origin = request.headers.get("Origin", "")
    if origin in FRONTENDS:
        # ok: python-cors-reflected-origin
        response.headers["Access-Control-Allow-Origin"] = origin
    # ok: python-cors-reflected-origin
    response.headers["Access-Control-Allow-Origin"] = "https://shop.example.com"
    return response


@app.get("/stock")
def stock():
    response = make_response(jsonify(a=1))
    origin = request.headers.get("Origin", "")
    if origin not in FRONTENDS:
        return response
    # ok: python-cors-reflected-origin
    response.headers["Access-Control-Allow-Origin"] = origin
    return response
