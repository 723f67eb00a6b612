"""Members and their posts in MongoDB."""

import json

from bson import ObjectId
from flask import Flask, abort, jsonify, request
from pymongo import MongoClient

app = Flask(__name__)
db = MongoClient("mongodb://db.internal").club


# case: vulnerable (JSON can hold `{"$ne": null}` instead of a text)
@app.post("/login/atlas")
def login_atlas():
    body = request.get_json()
    found = db.members.find_one({"name": body["name"], "password": body["password"]})
    return jsonify(ok=found is not None)


# case: safe (made a text first)
@app.post("/login/text")
def login_text():
    body = request.get_json()
    found = db.members.find_one({"name": str(body["name"]), "code": str(body["code"])})
    return jsonify(ok=found is not None)


# case: vulnerable (a piece of JavaScript on the server)
@app.get("/members")
def members_branch():
    found = db.members.find({"$where": "this.city == '" + request.args["city"] + "'"})
    return jsonify([item["name"] for item in found])


# case: safe (a parameter of the query string is always a text, and it is compared)
@app.get("/members/city")
def members_city():
    found = db.members.find({"city": {"$eq": request.args["city"]}})
    return jsonify([item["name"] for item in found])


# case: safe (an ObjectId is nothing else)
@app.get("/members/<number>")
def member(number):
    found = db.members.find_one({"_id": ObjectId(number)})
    if found is None:
        abort(404)
    return jsonify(name=found["name"])


# case: vulnerable (the whole filter as text)
@app.get("/search")
def search():
    wanted = json.loads(request.args.get("filter", "{}"))
    return jsonify([item["name"] for item in db.posts.find(wanted).limit(20)])


# case: safe (the type is checked, whatever else ends the request)
@app.post("/posts/by")
def posts_by():
    author = request.get_json().get("author")
    if not isinstance(author, str):
        abort(400)
    return jsonify(db.posts.count_documents({"author": author}))
