from bson import ObjectId
from flask import Flask, request
from pymongo import MongoClient

app = Flask(__name__)
db = MongoClient().shop


@app.route("/login", methods=["POST"])
def login():
    body = request.get_json()
    # ruleid: python-nosql-injection-request
    user = db.users.find_one({"name": body["name"], "password": body["password"]})
    # ruleid: python-nosql-injection-request
    db.users.delete_many(request.json)
    # ruleid: python-nosql-injection-request
    rows = db.users.find({"name": body["name"]})
    # ok: python-nosql-injection-request
    safe = db.users.find_one({"name": str(body["name"])})
    # ok: python-nosql-injection-request
    by_id = db.users.find_one({"_id": ObjectId(body["id"])})
    # ok: python-nosql-injection-request
    constant = db.users.find_one({"name": "admin"})
    # ok: python-nosql-injection-request
    position = body["text"].find(body["part"])
    return str([user, rows, safe, by_id, constant, position])
