"""Who may read the answers of the interface from another site."""

from flask import Flask, jsonify, make_response, request, session
from flask_cors import CORS, cross_origin

app = Flask(__name__)
FRONTENDS = {"https://shop.example.com", "https://office.example.com"}


# case: vulnerable (whoever asks is allowed, with cookies)
@app.get("/account")
def account_shift():
    response = make_response(jsonify(session.get("account")))
    response.headers["Access-Control-Allow-Origin"] = request.headers.get("Origin", "")
    response.headers["Access-Control-Allow-Credentials"] = "true"
    return response


# case: safe (the origin must be one of two)
@app.get("/orders")
def orders():
    response = make_response(jsonify(session.get("orders")))
    origin = request.headers.get("Origin", "")
    if origin in FRONTENDS:
        response.headers["Access-Control-Allow-Origin"] = origin
        response.headers["Access-Control-Allow-Credentials"] = "true"
        response.headers["Vary"] = "Origin"
    return response


# case: vulnerable (everybody, with cookies)
def open_all(application):
    CORS(application, origins="*", supports_credentials=True)


# case: safe (one origin)
def open_one(application):
    CORS(application, origins=["https://shop.example.com"], supports_credentials=True)


# case: vulnerable (an ending is compared: `https://evilexample.com`)
@app.get("/invoices")
def invoices():
    response = make_response(jsonify(session.get("invoices")))
    origin = request.headers.get("Origin", "")
    if origin.endswith("example.com"):
        response.headers["Access-Control-Allow-Origin"] = origin
        response.headers["Access-Control-Allow-Credentials"] = "true"
    return response


# case: safe (a decorator with one origin)
@app.get("/stock")
@cross_origin(origins="https://office.example.com", methods=["GET"])
def stock():
    return jsonify(pieces=3)
